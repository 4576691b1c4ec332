/* SPDX-License-Identifier: BSD-3-Clause */
#include "sa_store.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "key_server_fixture.h"

static struct sa_store *make_store(uint32_t count)
{
	struct sa_store *store = NULL;

	CU_ASSERT_EQUAL_FATAL(sa_store_create(&store), 0);
	for (uint32_t number = 1; number <= count; number++) {
		struct ike_key_message sa = make_sa(number);
		CU_ASSERT_EQUAL(sa_store_put(store, &sa), 0);
	}
	return store;
}

static void expect_change(struct sa_store *store, uint8_t type, uint32_t number)
{
	struct ike_key_message event;

	CU_ASSERT_EQUAL_FATAL(sa_store_take_change(store, &event), 0);
	CU_ASSERT_EQUAL(event.type, type);
	CU_ASSERT_EQUAL(sa_number(&event), number);
}

static void expect_no_change(struct sa_store *store)
{
	struct ike_key_message event;
	struct pollfd watched = {.fd = sa_store_changed_fd(store), .events = POLLIN};

	CU_ASSERT_EQUAL(sa_store_take_change(store, &event), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(poll(&watched, 1, 0), 0);
}

static void put_get_and_remove(void)
{
	struct sa_store *store = make_store(3);
	struct ike_key_message sa = make_sa(2), found;

	CU_ASSERT_EQUAL(sa_store_count(store), 3);
	CU_ASSERT_EQUAL(sa_store_get(store, sa.spi_i, sa.spi_r, &found), 0);
	CU_ASSERT_EQUAL(found.prf, 5);
	CU_ASSERT_EQUAL(found.secret_size, 32);
	CU_ASSERT_EQUAL(memcmp(found.secret, sa.secret, 32), 0);
	CU_ASSERT_EQUAL(memcmp(found.sk_d, sa.sk_d, 32), 0);
	CU_ASSERT_STRING_EQUAL(found.peer_identity, "peer2.example");
	CU_ASSERT(address_equal(&found.peer_address, &sa.peer_address));
	/* The pair counts: neither SPI alone, nor the two the other way round. */
	CU_ASSERT_EQUAL(sa_store_get(store, sa.spi_r, sa.spi_i, &found), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_store_get(store, sa.spi_i, sa.spi_i, &found), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_store_remove(store, sa.spi_i, sa.spi_r), 0);
	CU_ASSERT_EQUAL(sa_store_remove(store, sa.spi_i, sa.spi_r), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_store_get(store, sa.spi_i, sa.spi_r, &found), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, &sa.peer_address, &found), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_store_count(store), 2);
	sa_store_destroy(store);
	sa_store_destroy(NULL);
}

static void changes_come_in_order_and_once(void)
{
	struct sa_store *store = make_store(2);
	struct ike_key_message sa = make_sa(1);

	/* What is not new is no change. */
	CU_ASSERT_EQUAL(sa_store_put(store, &sa), 0);
	CU_ASSERT_EQUAL(sa_store_count(store), 2);
	CU_ASSERT_EQUAL(sa_store_remove(store, sa.spi_i, sa.spi_r), 0);
	CU_ASSERT_EQUAL(sa_store_put(store, &sa), 0);
	expect_change(store, IKE_KEY_EVENT_UP, 1);
	expect_change(store, IKE_KEY_EVENT_UP, 2);
	expect_change(store, IKE_KEY_EVENT_GONE, 1);
	expect_change(store, IKE_KEY_EVENT_UP, 1);
	expect_no_change(store);
	sa_store_destroy(store);
}

static void rekeyed_needs_both(void)
{
	struct sa_store *store = make_store(2);
	struct ike_key_message old = make_sa(1), rekeyed = make_sa(2), event;

	rekeyed.attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                     IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R);
	memcpy(rekeyed.old_spi_i, old.spi_i, IKE_KEY_SPI_SIZE);
	memcpy(rekeyed.old_spi_r, old.spi_r, IKE_KEY_SPI_SIZE);
	sa_store_rekeyed(store, &rekeyed);
	CU_ASSERT_EQUAL(sa_store_remove(store, old.spi_i, old.spi_r), 0);
	sa_store_rekeyed(store, &rekeyed);
	expect_change(store, IKE_KEY_EVENT_UP, 1);
	expect_change(store, IKE_KEY_EVENT_UP, 2);
	CU_ASSERT_EQUAL_FATAL(sa_store_take_change(store, &event), 0);
	CU_ASSERT_EQUAL(event.type, IKE_KEY_EVENT_REKEYED);
	CU_ASSERT_EQUAL(memcmp(event.old_spi_i, old.spi_i, IKE_KEY_SPI_SIZE), 0);
	expect_change(store, IKE_KEY_EVENT_GONE, 1);
	expect_no_change(store);
	sa_store_destroy(store);
}

/* The newest is the one entered last, whatever happens to the others. */
static void newest_of_a_peer(void)
{
	struct sa_store *store = make_store(0);
	struct ike_key_message sas[4], found;
	struct address elsewhere = address_make(4, (const uint8_t[]){10, 9, 9, 9});

	for (uint32_t i = 0; i < 4; i++) {
		sas[i] = make_sa(i + 1);
		sas[i].peer_address = address_make(4, (const uint8_t[]){10, 1, 1, 1});
		CU_ASSERT_EQUAL(sa_store_put(store, &sas[i]), 0);
	}
	const struct address *peer = &sas[0].peer_address, *local = &sas[0].local_address;
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, peer, &found), 0);
	CU_ASSERT_EQUAL(sa_number(&found), 4);
	CU_ASSERT_EQUAL(sa_store_remove(store, sas[3].spi_i, sas[3].spi_r), 0);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, peer, &found), 0);
	CU_ASSERT_EQUAL(sa_number(&found), 3);
	/* One that moves away and back is as old as before. */
	CU_ASSERT_EQUAL(sa_store_move(store, sas[1].spi_i, sas[1].spi_r, local, &elsewhere), 0);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, &elsewhere, &found), 0);
	CU_ASSERT_EQUAL(sa_number(&found), 2);
	CU_ASSERT(address_equal(&found.peer_address, &elsewhere));
	CU_ASSERT_EQUAL(found.secret_size, 32);
	CU_ASSERT_EQUAL(sa_store_move(store, sas[1].spi_i, sas[1].spi_r, local, peer), 0);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, &elsewhere, &found), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, peer, &found), 0);
	CU_ASSERT_EQUAL(sa_number(&found), 3);
	CU_ASSERT_EQUAL(sa_store_remove(store, sas[2].spi_i, sas[2].spi_r), 0);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, peer, &found), 0);
	CU_ASSERT_EQUAL(sa_number(&found), 2);
	CU_ASSERT_EQUAL(sa_store_move(store, sas[3].spi_i, sas[3].spi_r, local, peer),
	                ERROR_NOT_FOUND);
	sa_store_destroy(store);
}

/* Nothing is kept that no client could read. */
static void what_is_no_sa_is_refused(void)
{
	static const enum ike_key_attribute needed[] = {IKE_KEY_SPI_I, IKE_KEY_SPI_R, IKE_KEY_PRF,
	                                                IKE_KEY_LOCAL_ADDRESS,
	                                                IKE_KEY_PEER_ADDRESS};
	struct sa_store *store = make_store(0);
	struct ike_key_message sa;
	struct address none = {0};

	for (unsigned i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		sa = make_sa(1);
		sa.attributes &= ~IKE_KEY_HAS(needed[i]);
		CU_ASSERT_EQUAL(sa_store_put(store, &sa), ERROR_ARGUMENT);
	}
	sa = make_sa(1);
	sa.secret_size = IKE_KEY_SECRET_SIZE_MAXIMUM + 1;
	CU_ASSERT_EQUAL(sa_store_put(store, &sa), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(sa_store_count(store), 0);
	expect_no_change(store);
	/* One that is kept stays as it is. */
	sa = make_sa(1);
	CU_ASSERT_EQUAL(sa_store_put(store, &sa), 0);
	CU_ASSERT_EQUAL(sa_store_move(store, sa.spi_i, sa.spi_r, &sa.local_address, &none),
	                ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(sa_store_get_by_peer(store, &sa.peer_address, &sa), 0);
	expect_change(store, IKE_KEY_EVENT_UP, 1);
	expect_no_change(store);
	sa_store_destroy(store);
}

static void cursors_stay_valid(void)
{
	struct sa_store *store = make_store(5);
	struct sa_cursor first, second;
	struct ike_key_message sa = make_sa(2), found, late = make_sa(6);

	sa_cursor_open(store, &first);
	sa_cursor_open(store, &second);
	CU_ASSERT(sa_cursor_next(store, &first, &found));
	CU_ASSERT_EQUAL(sa_number(&found), 1);
	/* The one that comes next goes, and one comes that was not there at the beginning. */
	CU_ASSERT_EQUAL(sa_store_remove(store, sa.spi_i, sa.spi_r), 0);
	CU_ASSERT_EQUAL(sa_store_put(store, &late), 0);
	for (uint32_t number = 3; number <= 5; number++) {
		CU_ASSERT(sa_cursor_next(store, &first, &found));
		CU_ASSERT_EQUAL(sa_number(&found), number);
	}
	CU_ASSERT(!sa_cursor_next(store, &first, &found));
	sa_cursor_close(store, &first);
	CU_ASSERT(sa_cursor_next(store, &second, &found));
	CU_ASSERT_EQUAL(sa_number(&found), 1);
	for (uint32_t number = 3; number <= 5; number++) {
		sa = make_sa(number);
		CU_ASSERT_EQUAL(sa_store_remove(store, sa.spi_i, sa.spi_r), 0);
	}
	CU_ASSERT(!sa_cursor_next(store, &second, &found));
	sa_cursor_close(store, &second);
	sa_store_destroy(store);
}

static void thousands(void)
{
	struct sa_store *store = make_store(5000);
	struct ike_key_message found;

	for (uint32_t number = 1; number <= 5000; number++) {
		struct ike_key_message sa = make_sa(number);
		CU_ASSERT_EQUAL(sa_store_get_by_peer(store, &sa.peer_address, &found), 0);
		CU_ASSERT_EQUAL(sa_number(&found), number);
		if (number % 2)
			CU_ASSERT_EQUAL(sa_store_remove(store, sa.spi_i, sa.spi_r), 0);
	}
	CU_ASSERT_EQUAL(sa_store_count(store), 2500);
	sa_store_destroy(store);
}

int main(void)
{
	CU_TestInfo tests[] = {{"put, get and remove", put_get_and_remove},
	                       {"changes come in order and once", changes_come_in_order_and_once},
	                       {"rekeyed needs both", rekeyed_needs_both},
	                       {"newest of a peer", newest_of_a_peer},
	                       {"what is no SA is refused", what_is_no_sa_is_refused},
	                       {"cursors stay valid", cursors_stay_valid},
	                       {"thousands", thousands},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-ippm-keys-store", tests);
}
