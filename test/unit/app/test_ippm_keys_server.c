/* SPDX-License-Identifier: BSD-3-Clause */
#include "key_server_fixture.h"

static void answers_by_spis(void)
{
	struct fixture fixture;
	struct ike_key_message sa = make_sa(7),
	                       request = {.type = IKE_KEY_GET_BY_SPIS, .request = 41}, answer;

	fixture_prepare(&fixture);
	put(&fixture, 7);
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	request.attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R);
	memcpy(request.spi_i, sa.spi_i, IKE_KEY_SPI_SIZE);
	memcpy(request.spi_r, sa.spi_r, IKE_KEY_SPI_SIZE);
	client_send(fd, &request);
	CU_ASSERT_FATAL(client_receive(fd, &answer));
	CU_ASSERT_EQUAL(answer.type, IKE_KEY_SA);
	CU_ASSERT_EQUAL(answer.request, 41);
	CU_ASSERT_EQUAL(answer.attributes, sa.attributes & ~IKE_KEY_HAS(IKE_KEY_SK_D));
	CU_ASSERT_EQUAL(memcmp(answer.secret, sa.secret, 32), 0);
	CU_ASSERT_STRING_EQUAL(answer.peer_identity, "peer7.example");
	/* Without keys, when none is wanted. */
	request.attributes |= IKE_KEY_HAS(IKE_KEY_WANT);
	request.want = IKE_KEY_WANT_NONE;
	client_send(fd, &request);
	CU_ASSERT_FATAL(client_receive(fd, &answer));
	CU_ASSERT(!(answer.attributes & IKE_KEY_HAS(IKE_KEY_SECRET)));
	/* SK_d stays, and the connection too; so it does when there is no such SA. */
	request.want = IKE_KEY_WANT_SK_D;
	client_send(fd, &request);
	client_expect_error(fd, 41, IKE_KEY_ERROR_NOT_EXPOSED, false);
	request.want = IKE_KEY_WANT_SECRET;
	request.spi_r[7] ^= 1;
	client_send(fd, &request);
	client_expect_error(fd, 41, IKE_KEY_ERROR_NOT_FOUND, false);
	request.want = 3;
	client_send(fd, &request);
	client_expect_error(fd, 41, IKE_KEY_ERROR_BAD_REQUEST, true);
	close(fd);
	fixture_clean(&fixture);
}

static void answers_by_peer_and_exposes_sk_d(void)
{
	struct fixture fixture;
	struct ike_key_message sa = make_sa(9), answer,
	                       request = {.type = IKE_KEY_GET_BY_PEER,
	                                  .request = 1,
	                                  .want = IKE_KEY_WANT_SK_D,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) |
	                                                IKE_KEY_HAS(IKE_KEY_WANT)};

	fixture_prepare(&fixture);
	fixture.settings.expose_sk_d = true;
	put(&fixture, 9);
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	request.peer_address = sa.peer_address;
	client_send(fd, &request);
	CU_ASSERT_FATAL(client_receive(fd, &answer));
	CU_ASSERT_EQUAL(answer.attributes, sa.attributes & ~IKE_KEY_HAS(IKE_KEY_SECRET));
	CU_ASSERT_EQUAL(memcmp(answer.sk_d, sa.sk_d, 32), 0);
	request.peer_address = sa.local_address;
	client_send(fd, &request);
	client_expect_error(fd, 1, IKE_KEY_ERROR_NOT_FOUND, false);
	close(fd);
	fixture_clean(&fixture);
}

static void lists_a_thousand(void)
{
	struct fixture fixture;

	fixture_prepare(&fixture);
	for (uint32_t number = 1; number <= 1000; number++)
		put(&fixture, number);
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	/* Requests that come at once are answered one after the other. */
	for (uint32_t request = 1; request <= 20; request++)
		client_ask(fd, IKE_KEY_LIST, request, 0);
	for (uint32_t request = 1; request <= 20; request++)
		CU_ASSERT_EQUAL(client_read_all(fd, request, false), 1000);
	close(fd);
	fixture_clean(&fixture);
}

/* The last request of a client that sends no more is answered still. */
static void answers_after_half_a_close(void)
{
	struct fixture fixture;
	struct ike_key_message message;

	fixture_prepare(&fixture);
	put(&fixture, 1);
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	client_ask(fd, IKE_KEY_LIST, 5, 0);
	shutdown(fd, SHUT_WR);
	CU_ASSERT_EQUAL(client_read_all(fd, 5, false), 1);
	CU_ASSERT(!client_receive(fd, &message));
	close(fd);
	fixture_clean(&fixture);
}

static void subscriber_hears_in_order(void)
{
	struct fixture fixture;
	struct ike_key_message event, rekeyed = make_sa(2), old = make_sa(1);

	fixture_prepare(&fixture);
	put(&fixture, 1);
	fixture_start(&fixture);
	/* A round trip, so that the change before it is not told again. */
	expect_service(&fixture);
	int fd = client_open(&fixture), second = client_open(&fixture);
	client_ask(fd, IKE_KEY_SUBSCRIBE, 3, IKE_KEY_WANT_SECRET);
	CU_ASSERT_EQUAL(client_read_all(fd, 3, true), 1);
	client_ask(second, IKE_KEY_SUBSCRIBE, 4, IKE_KEY_WANT_NONE);
	CU_ASSERT_EQUAL(client_read_all(second, 4, false), 1);
	put(&fixture, 2);
	rekeyed.attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                     IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R);
	memcpy(rekeyed.old_spi_i, old.spi_i, IKE_KEY_SPI_SIZE);
	memcpy(rekeyed.old_spi_r, old.spi_r, IKE_KEY_SPI_SIZE);
	sa_store_rekeyed(fixture.store, &rekeyed);
	drop(&fixture, 1);
	static const struct {
		uint8_t type;
		uint32_t number;
	} expected[] = {{IKE_KEY_EVENT_UP, 2}, {IKE_KEY_EVENT_REKEYED, 2}, {IKE_KEY_EVENT_GONE, 1}};
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(client_receive(fd, &event));
		CU_ASSERT_EQUAL(event.type, expected[i].type);
		CU_ASSERT_EQUAL(event.request, 0);
		CU_ASSERT_EQUAL(sa_number(&event), expected[i].number);
		CU_ASSERT_EQUAL((event.attributes & IKE_KEY_HAS(IKE_KEY_SECRET)) != 0, i == 0);
		CU_ASSERT(!(event.attributes & IKE_KEY_HAS(IKE_KEY_SK_D)));
		CU_ASSERT_FATAL(client_receive(second, &event));
		CU_ASSERT_EQUAL(event.type, expected[i].type);
		CU_ASSERT(!(event.attributes & IKE_KEY_HAS(IKE_KEY_SECRET)));
	}
	/* A subscriber may ask as well. */
	client_ask(fd, IKE_KEY_LIST, 6, 0);
	CU_ASSERT_EQUAL(client_read_all(fd, 6, false), 1);
	close(second);
	close(fd);
	fixture_clean(&fixture);
}

#define COMING_AND_GOING 2000u

static void *come_and_go(void *context)
{
	struct fixture *fixture = context;

	for (uint32_t number = 1; number <= COMING_AND_GOING; number++) {
		put(fixture, number);
		if (number % 3 != 0)
			drop(fixture, number);
	}
	return NULL;
}

/* Takes in what the subscriber is told, until a message of the type about the SA number. */
static void follow(int fd, bool here[COMING_AND_GOING + 2], uint8_t type, uint32_t number)
{
	struct ike_key_message message;

	do {
		CU_ASSERT_FATAL(client_receive(fd, &message));
		CU_ASSERT_FATAL(sa_number(&message) <= COMING_AND_GOING + 1);
		if (message.type != IKE_KEY_END)
			here[sa_number(&message)] = message.type != IKE_KEY_EVENT_GONE;
	} while (message.type != type || sa_number(&message) != number);
}

/* What a subscriber is told adds up to what is there, whenever it comes. */
static void subscribers_while_sas_come_and_go(void)
{
	struct fixture fixture;
	pthread_t thread;
	int fds[4];
	bool here[4][COMING_AND_GOING + 2] = {{false}};

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, come_and_go, &fixture), 0);
	for (unsigned i = 0; i < 4; i++) {
		fds[i] = client_open(&fixture);
		client_ask(fds[i], IKE_KEY_SUBSCRIBE, 1, IKE_KEY_WANT_SECRET);
		follow(fds[i], here[i], IKE_KEY_END, 0);
	}
	pthread_join(thread, NULL);
	put(&fixture, COMING_AND_GOING + 1);
	for (unsigned i = 0; i < 4; i++) {
		follow(fds[i], here[i], IKE_KEY_EVENT_UP, COMING_AND_GOING + 1);
		for (uint32_t number = 1; number <= COMING_AND_GOING; number++)
			CU_ASSERT_EQUAL(here[i][number], number % 3 == 0);
		close(fds[i]);
	}
	fixture_clean(&fixture);
}

static void ends_promptly_with_clients(void)
{
	struct fixture fixture;
	struct ike_key_message message;
	int fds[4];

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 4; i++)
		fds[i] = client_open(&fixture);
	client_ask(fds[0], IKE_KEY_SUBSCRIBE, 1, IKE_KEY_WANT_SECRET);
	CU_ASSERT_EQUAL(client_read_all(fds[0], 1, true), 0);
	client_send_octets(fds[1], "\0\0", 2);
	/* What has changed before the end is told before the end. */
	put(&fixture, 1);
	fixture_stop(&fixture);
	CU_ASSERT_FATAL(client_receive(fds[0], &message));
	CU_ASSERT_EQUAL(message.type, IKE_KEY_EVENT_UP);
	for (unsigned i = 0; i < 4; i++) {
		CU_ASSERT(!client_receive(fds[i], &message));
		close(fds[i]);
	}
	fixture_clean(&fixture);
}

/* An end that comes before the beginning counts. */
static void ends_before_it_runs(void)
{
	struct fixture fixture;

	fixture_prepare(&fixture);
	CU_ASSERT_EQUAL_FATAL(key_server_create(&fixture.settings, NULL, fixture.store, NULL, NULL,
	                                        &fixture.server, NULL),
	                      0);
	key_server_end(fixture.server);
	key_server_run(fixture.server);
	key_server_destroy(fixture.server);
	fixture.server = NULL;
	key_server_destroy(NULL);
	fixture_clean(&fixture);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"answers by SPIs", answers_by_spis},
	        {"answers by peer and exposes SK_d", answers_by_peer_and_exposes_sk_d},
	        {"lists a thousand", lists_a_thousand},
	        {"answers after half a close", answers_after_half_a_close},
	        {"subscriber hears in order", subscriber_hears_in_order},
	        {"subscribers while SAs come and go", subscribers_while_sas_come_and_go},
	        {"ends promptly with clients", ends_promptly_with_clients},
	        {"ends before it runs", ends_before_it_runs},
	        CU_TEST_INFO_NULL};
	return unit_run("app-ippm-keys-server", tests);
}
