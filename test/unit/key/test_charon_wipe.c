/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Where the charon provider has a secret in memory, and that it is nowhere once the SA is gone, the connection is lost, or the provider is
 * destroyed: not in the connection's buffer, not in what was freed, not on the stack.
 */
#include <string.h>

#include "base/secret.h"
#include "crypto/key_derivation.h"
#include "fake_daemon.h"
#include "memory_search.h"

/** Needles of an SA's secret, of its use as SK_d, and of what is derived from that. */
static void make_needles(unsigned sa, uint8_t *masked, uint8_t *masked_derived)
{
	uint8_t secret[FAKE_SECRET_SIZE];
	uint8_t derived[IKE_SECRET_SIZE_MAXIMUM];
	size_t size;

	fake_secret(sa, secret);
	mask(masked, secret);
	CU_ASSERT_EQUAL(
	        ike_shared_secret(IKE_PRF_HMAC_SHA2_256, secret, sizeof(secret), derived, &size),
	        0);
	mask(masked_derived, derived);
	secret_wipe(secret, sizeof(secret));
	secret_wipe(derived, sizeof(derived));
}

static void take_answer(void *context, int status, const struct shared_secret *secret,
                        const char *reason)
{
	(void)secret;
	(void)reason;
	*(int *)context = status;
}

/** Asks and keeps nothing. */
static int ask(struct fake_daemon *fake, unsigned sa)
{
	struct key_query query = fake_query(sa);
	struct key_lookup *lookup;
	int status = 1;

	CU_ASSERT_EQUAL(key_provider_ask(fake->provider, &query, take_answer, &status, &lookup), 0);
	return status;
}

static bool there_once(const uint8_t *masked)
{
	int found = search_memory(masked);

	return found == 1 || found == -1;
}

static bool nowhere(const uint8_t *masked)
{
	return search_memory(masked) <= 0;
}

static void take_gone(void *context, const struct shared_secret *secret)
{
	(void)secret;
	*(unsigned *)context += 1;
}

static void secret_is_kept_once_then_gone(void)
{
	unsigned gone = 0;
	uint8_t masked[3][NEEDLE_SIZE], derived[NEEDLE_SIZE];
	struct fake_daemon fake;

	for (unsigned sa = 0; sa < 3; sa++)
		make_needles(sa + 1, masked[sa], derived);
	fake_start(&fake, 3);
	key_provider_watch(fake.provider, take_gone, &gone);
	for (unsigned sa = 0; sa < 3; sa++) {
		CU_ASSERT_EQUAL(ask(&fake, sa + 1), 0);
		CU_ASSERT(there_once(masked[sa]));
	}
	fake_say_gone(&fake, 1);
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 2);
	CU_ASSERT(nowhere(masked[0]));
	CU_ASSERT(there_once(masked[1]));
	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 2);
	fake_turn(&fake);
	CU_ASSERT(there_once(masked[1]));
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake,
	           fake_charon(&fake)->state != CHARON_READY); /* it may be connecting anew */
	CU_ASSERT(nowhere(masked[1]));
	CU_ASSERT(nowhere(masked[2]));
	CU_ASSERT_EQUAL(gone, 3);
	fake_snapshot(&fake, 3);
	CU_ASSERT(there_once(masked[2]));
	fake_stop(&fake);
	CU_ASSERT(nowhere(masked[2]));
}

/** Half a message has come, with the secret in it, when the provider is destroyed. */
static void unfinished_message_is_wiped(void)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	uint8_t masked[NEEDLE_SIZE], derived[NEEDLE_SIZE];
	struct fake_daemon fake;

	make_needles(7, masked, derived);
	fake_start(&fake, 0);
	struct ike_key_message up;
	fake_fill_sa(&up, IKE_KEY_EVENT_UP, 0, 7);
	size_t size = ike_key_message_write(&up, octets, sizeof(octets));
	fake_octets(&fake, octets, size - 1);
	secret_wipe(octets, sizeof(octets));
	secret_wipe(&up, sizeof(up));
	fake_turn(&fake);
	CU_ASSERT(there_once(masked));
	fake_stop(&fake);
	CU_ASSERT(nowhere(masked));
}

static void sk_d_is_gone_once_derived(void)
{
	uint8_t masked[NEEDLE_SIZE], derived[NEEDLE_SIZE];
	struct fake_daemon fake;

	make_needles(9, masked, derived);
	fake_init(&fake);
	fake.settings.derive = DERIVE_APPLIANCE;
	fake_create(&fake);
	fake_snapshot(&fake, 0);
	struct ike_key_message up;
	fake_fill_sa(&up, IKE_KEY_EVENT_UP, 0, 9);
	up.attributes ^= IKE_KEY_HAS(IKE_KEY_SECRET) | IKE_KEY_HAS(IKE_KEY_SK_D);
	up.sk_d_size = up.secret_size;
	memcpy(up.sk_d, up.secret, up.sk_d_size);
	fake_say(&fake, &up);
	secret_wipe(&up, sizeof(up));
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 1);
	CU_ASSERT(nowhere(masked));
	CU_ASSERT_EQUAL(ask(&fake, 9), 0);
	CU_ASSERT(there_once(derived));
	fake_stop(&fake);
	CU_ASSERT(nowhere(derived));
}

/** An SA that is of no use is not kept, nor is one that answers a cancelled look-up. */
static void what_is_not_used_is_wiped(void)
{
	uint8_t short_one[NEEDLE_SIZE], cancelled[NEEDLE_SIZE], derived[NEEDLE_SIZE];
	struct fake_daemon fake;
	struct answer answer;

	make_needles(11, short_one, derived);
	make_needles(12, cancelled, derived);
	fake_start(&fake, 0);
	struct ike_key_message up;
	fake_fill_sa(&up, IKE_KEY_EVENT_UP, 0, 11);
	up.secret_size--;
	fake_say(&fake, &up);
	secret_wipe(&up, sizeof(up));
	FAKE_UNTIL(&fake, fake_logged(&fake, "ike-sa-unusable") == 1);
	CU_ASSERT(nowhere(short_one));
	fake_ask(&fake, 12, &answer);
	uint32_t request = fake_expect_question(&fake, 12);
	key_provider_cancel(fake.provider, answer.lookup);
	fake_say_sa(&fake, IKE_KEY_SA, request, 12);
	FAKE_UNTIL(&fake, fake_charon(&fake)->lookup_count == 0);
	CU_ASSERT(nowhere(cancelled));
	fake_stop(&fake);
}

int main(void)
{
	CU_TestInfo tests[] = {{"secret is kept once, then gone", secret_is_kept_once_then_gone},
	                       {"unfinished message is wiped", unfinished_message_is_wiped},
	                       {"SK_d is gone once derived", sk_d_is_gone_once_derived},
	                       {"what is not used is wiped", what_is_not_used_is_wiped},
	                       CU_TEST_INFO_NULL};
	return unit_run("key-charon-wipe", tests);
}
