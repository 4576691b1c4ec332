/* SPDX-License-Identifier: BSD-3-Clause */
/* Linked with --wrap=secret_wipe: what the Server wipes is seen before it is gone. */
#include <string.h>

#include "base/secret.h"
#include "harness.h"
#include "unit.h"

void __real_secret_wipe(void *secret, size_t size);
void __wrap_secret_wipe(void *secret, size_t size);

/** Octets that are looked for in what is wiped. */
static const void *wanted;
static size_t wanted_size;
static unsigned wiped;
/** The last pair of keys that was wiped as such: its SID, and so what to look for, is known only later. */
static struct session_keys last_keys;

void __wrap_secret_wipe(void *secret, size_t size)
{
	if (wanted != NULL && memmem(secret, size, wanted, wanted_size) != NULL)
		wiped++;
	if (size == sizeof(last_keys))
		memcpy(&last_keys, secret, size);
	__real_secret_wipe(secret, size);
}

static void look_for(const void *octets, size_t size)
{
	wanted = octets;
	wanted_size = size;
	wiped = 0;
}

static void keys_are_wiped_where_they_end(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session request = client_request_template(4);
	struct accept_session answer;
	struct session_keys test;

	harness_open(&harness);
	harness_start(&harness);
	client_connect(&client, &harness, CLIENT_IPV4);
	/* A copy of the passphrase waits for PBKDF2, and goes with its end. */
	look_for(PASSPHRASE, strlen(PASSPHRASE));
	CU_ASSERT_EQUAL(client_set_up(&client, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_TRUE(wiped > 0);

	/* The raw test keys, once they are expanded. */
	CU_ASSERT_TRUE(client_request(&client, &request, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(test_keys_derive(&client.keys, answer.sid, &test), 0);
	CU_ASSERT_EQUAL(memcmp(&last_keys, &test, sizeof(test)), 0);

	/* The control connection's keys, with the connection. */
	look_for(client.keys.aes, sizeof(client.keys.aes));
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_TRUE(wiped > 0);
	look_for(NULL, 0);
	harness_close(&harness);
}

static void sa_that_is_gone_leaves_nothing(void)
{
	struct harness harness;
	struct client client;
	const struct shared_secret *secret;
	uint8_t token_key[TOKEN_KEY_SIZE];

	harness_open(&harness);
	harness.config->control.count = 1u << 17;
	harness_start(&harness);
	secret = &harness.ike.secret;
	/* The token key that is kept for the next connection. */
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_EQUAL(client_set_up(&client, MODE_ENCRYPTED | MODE_IKEV2_DERIVED), ACCEPT_OK);
	CU_ASSERT_EQUAL(token_key_derive(secret->octets, secret->size, client.greeting.salt,
	                                 client.greeting.count, token_key),
	                0);
	look_for(token_key, sizeof(token_key));
	fake_provider_lose(&harness.ike);
	CU_ASSERT_EQUAL(wiped, 1);
	look_for(client.keys.aes, sizeof(client.keys.aes));
	harness_run(&harness, 5);
	CU_ASSERT_EQUAL(wiped, 0);
	client_close(&client);

	/* The secret that waits for its token key. */
	harness.ike.is_gone = false;
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_ENCRYPTED | MODE_IKEV2_DERIVED, NULL, secret->octets,
	                   secret->size);
	harness_run(&harness, 5);
	CU_ASSERT_TRUE(token_key_cache_is_busy(harness.server->token_keys));
	look_for(secret->octets, secret->size);
	fake_provider_lose(&harness.ike);
	CU_ASSERT_EQUAL(wiped, 1);
	look_for(NULL, 0);
	client_close(&client);
	harness_close(&harness);
}

static void client_that_leaves_leaves_nothing(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.count = 1u << 17;
	harness_start(&harness);
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_ENCRYPTED | MODE_IKEV2_DERIVED, NULL,
	                   harness.ike.secret.octets, harness.ike.secret.size);
	harness_run(&harness, 5);
	CU_ASSERT_TRUE(token_key_cache_is_busy(harness.server->token_keys));
	look_for(harness.ike.secret.octets, harness.ike.secret.size);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(wiped, 1);
	look_for(NULL, 0);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"keys are wiped where they end", keys_are_wiped_where_they_end},
	        {"SA that is gone leaves nothing", sa_that_is_gone_leaves_nothing},
	        {"client that leaves leaves nothing", client_that_leaves_leaves_nothing},
	        CU_TEST_INFO_NULL};
	return unit_run("control-wipe", tests);
}
