/* SPDX-License-Identifier: BSD-3-Clause */
/** Who may use an SA that the charon provider knows: its peer's address, and the identities that are allowed. */
#include <stdio.h>
#include <string.h>

#include "fake_daemon.h"

static void peer_address_must_match(void)
{
	struct key_query query = fake_query(1);
	struct fake_daemon fake;
	struct answer answer;
	struct key_lookup *lookup;

	fake_start(&fake, 1);
	query.peer.octets[3] = 200;
	memset(&answer, 0, sizeof(answer));
	CU_ASSERT_EQUAL(key_provider_ask(fake.provider, &query, fake_take_answer, &answer, &lookup),
	                0);
	CU_ASSERT(is_failure(&answer, ERROR_PERMISSION, "the SA's peer is 192.0.2.1"));
	fake.settings.require_peer_address_match = false;
	memset(&answer, 0, sizeof(answer));
	CU_ASSERT_EQUAL(key_provider_ask(fake.provider, &query, fake_take_answer, &answer, &lookup),
	                0);
	CU_ASSERT(is_secret_of(&answer, 1));
	fake_stop(&fake);
}

/** The daemon's word on an SA that is not in the cache changes nothing of who may use it. */
static void peer_address_must_match_in_answers(void)
{
	struct key_query query = fake_query(1);
	struct fake_daemon fake;
	struct answer answer = {0};
	struct key_lookup *lookup;

	fake_start(&fake, 0);
	query.peer.octets[3] = 200;
	CU_ASSERT_EQUAL(key_provider_ask(fake.provider, &query, fake_take_answer, &answer, &lookup),
	                0);
	fake_say_sa(&fake, IKE_KEY_SA, fake_expect_question(&fake, 1), 1);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_PERMISSION, "192.0.2.1"));
	fake_stop(&fake);
}

static int permit(const char *pattern, const char *identity)
{
	struct ike_key_message message = fake_sa(IKE_KEY_SA, 1, 1);
	struct config_ikev2 settings = {.allowed_identity_count = 2,
	                                .allowed_identities = {"nobody"}};
	struct error error = {""};
	struct ike_sa *sa;

	(void)snprintf(settings.allowed_identities[1], CONFIG_IDENTITY_SIZE, "%s", pattern);
	(void)snprintf(message.peer_identity, sizeof(message.peer_identity), "%s", identity);
	CU_ASSERT_EQUAL_FATAL(ike_sa_read(&message, DERIVE_DAEMON, &sa, &error), 0);
	int status = ike_sa_permit(sa, &settings, &message.peer_address, &error);
	ike_sa_destroy(sa);
	return status;
}

/** A wildcard stands for a part of an identity, not for its kind. */
static void identity_must_be_of_the_patterns_kind(void)
{
	CU_ASSERT_EQUAL(permit("*.example", "CN=client.example"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("*.example", "somebody@client.example"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("*.example", "keyid:client.example"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("*.example", "eap:client.example"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("*@example", "CN=a, E=b@example"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("*@example", "eap:a@example"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("C=CH, *", "fqdn:C=CH, CN=client"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("keyid:*", "eap:client"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("keyid:*", "keyid:client"), 0);
	CU_ASSERT_EQUAL(permit("eap:*@example", "eap:a@example"), 0);
	CU_ASSERT_EQUAL(permit("*@example", "a@example"), 0);
	CU_ASSERT_EQUAL(permit("2001:db8:*", "2001:db8::1"), 0);
	CU_ASSERT_EQUAL(permit("192.0.2.*", "192.0.2.1"), 0);
	CU_ASSERT_EQUAL(permit("*", "keyid:#0102"), 0);
	CU_ASSERT_EQUAL(permit("*", "CN=client"), 0);
}

static void identity_must_match_one_pattern(void)
{
	struct fake_daemon fake;
	struct answer answer;

	CU_ASSERT_EQUAL(permit("client.example", "client.example"), 0);
	CU_ASSERT_EQUAL(permit("*.example", "client.example"), 0);
	CU_ASSERT_EQUAL(permit("client.example", "client.example.net"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("client-?", "client-7"), 0);
	CU_ASSERT_EQUAL(permit("client-[0-4]", "client-7"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("C=CH, O=Lab, *", "C=CH, O=Lab, CN=client"), 0);
	CU_ASSERT_EQUAL(permit("*", "a/b"), 0);
	CU_ASSERT_EQUAL(permit("*", ".hidden"), 0);
	CU_ASSERT_EQUAL(permit("a\\*", "a*"), 0);
	CU_ASSERT_EQUAL(permit("a\\*", "ab"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("CLIENT", "client"), ERROR_PERMISSION);
	CU_ASSERT_EQUAL(permit("?*", ""), ERROR_PERMISSION);

	fake_start(&fake, 2);
	fake.settings.allowed_identity_count = 1;
	(void)strcpy(fake.settings.allowed_identities[0], "peer-1.*");
	fake_ask(&fake, 1, &answer);
	CU_ASSERT(is_secret_of(&answer, 1));
	fake_ask(&fake, 2, &answer);
	CU_ASSERT(is_failure(&answer, ERROR_PERMISSION, "\"peer-2.example\""));
	fake_stop(&fake);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"peer address must match", peer_address_must_match},
	        {"peer address must match in answers", peer_address_must_match_in_answers},
	        {"identity must match one pattern", identity_must_match_one_pattern},
	        {"identity must be of the pattern's kind", identity_must_be_of_the_patterns_kind},
	        CU_TEST_INFO_NULL};
	return unit_run("key-charon-permission", tests);
}
