/* SPDX-License-Identifier: BSD-3-Clause */
/** Look-ups of the charon provider against a daemon that behaves: cache, questions, events, cancelling, bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_daemon.h"
#include "vectors.h"

static void snapshot_is_answered_from_memory(void)
{
	struct fake_daemon fake;
	struct ike_key_message request;
	struct answer answer;

	fake_start(&fake, 3);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 3);
	for (unsigned sa = 1; sa <= 3; sa++) {
		fake_ask(&fake, sa, &answer);
		CU_ASSERT(is_secret_of(&answer, sa));
	}
	CU_ASSERT_FALSE(fake_request(&fake, &request));
	CU_ASSERT_EQUAL(fake_logged(&fake, " info ike-daemon-connected: "), 1);
	fake_stop(&fake);
}

static void thousand_sas(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_start(&fake, 1000);
	for (unsigned sa = 1; sa <= 1000; sa++) {
		fake_ask(&fake, sa, &answer);
		CU_ASSERT(is_secret_of(&answer, sa));
	}
	for (unsigned sa = 2; sa <= 1000; sa += 2)
		fake_say_gone(&fake, sa);
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 500);
	for (unsigned sa = 1; sa <= 1000; sa++) {
		fake_ask(&fake, sa, &answer);
		CU_ASSERT(sa % 2 != 0 ? is_secret_of(&answer, sa) : answer.lookup != NULL);
		if (answer.lookup != NULL)
			key_provider_cancel(fake.provider, answer.lookup);
	}
	CU_ASSERT_EQUAL(fake.gone, 500);
	fake_stop(&fake);
}

static void only_ike_sas_are_looked_up(void)
{
	struct key_query query = fake_query(1);
	struct fake_daemon fake;
	struct answer answer = {0};
	struct key_lookup *lookup;

	fake_start(&fake, 1);
	query.kind = KEY_QUERY_KEY_ID;
	CU_ASSERT_EQUAL(key_provider_ask(fake.provider, &query, fake_take_answer, &answer, &lookup),
	                0);
	CU_ASSERT(is_failure(&answer, ERROR_NOT_FOUND, NULL));
	CU_ASSERT_PTR_NULL(lookup);
	fake_stop(&fake);
}

/** Asked before the loop has turned, during the snapshot, and just after: nobody is told "not found" too early. */
static void early_look_ups_wait_for_the_snapshot(void)
{
	struct fake_daemon fake;
	struct answer first, second, unknown;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 2, &first);
	fake_accept_subscription(&fake);
	fake_say_sa(&fake, IKE_KEY_SA, fake.subscription, 1);
	fake_say_sa(&fake, IKE_KEY_SA, fake.subscription, 2);
	fake_turn(&fake);
	fake_ask(&fake, 1, &second);
	fake_ask(&fake, 9, &unknown);
	fake_turn(&fake);
	CU_ASSERT_EQUAL(first.count + second.count + unknown.count, 0);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 0);
	fake_say_end(&fake, 2);
	FAKE_UNTIL(&fake, first.count + second.count == 2);
	CU_ASSERT(is_secret_of(&first, 2));
	CU_ASSERT(is_secret_of(&second, 1));
	fake_say_error(&fake, fake_expect_question(&fake, 9), IKE_KEY_ERROR_NOT_FOUND, "");
	FAKE_UNTIL(&fake, unknown.count == 1);
	CU_ASSERT(is_failure(&unknown, ERROR_NOT_FOUND, NULL));
	fake_stop(&fake);
}

static void unknown_sa_is_asked_for_once(void)
{
	struct fake_daemon fake;
	struct ike_key_message request;
	struct answer answer;

	fake_start(&fake, 1);
	fake_ask(&fake, 2, &answer);
	CU_ASSERT_EQUAL(answer.count, 0);
	fake_say_sa(&fake, IKE_KEY_SA, fake_expect_question(&fake, 2), 2);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_secret_of(&answer, 2));
	fake_ask(&fake, 2, &answer);
	CU_ASSERT(is_secret_of(&answer, 2));
	CU_ASSERT_FALSE(fake_request(&fake, &request));
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 2);
	fake_stop(&fake);
}

static void answers_may_come_in_any_order(void)
{
	struct fake_daemon fake;
	struct answer answers[3];
	uint32_t requests[3];

	fake_start(&fake, 0);
	for (unsigned i = 0; i < 3; i++)
		fake_ask(&fake, i + 1, &answers[i]);
	for (unsigned i = 0; i < 3; i++)
		requests[i] = fake_expect_question(&fake, i + 1);
	fake_say_sa(&fake, IKE_KEY_SA, requests[2], 3);
	fake_say_error(&fake, requests[0], IKE_KEY_ERROR_NOT_FOUND, "");
	fake_say_sa(&fake, IKE_KEY_SA, requests[1], 2);
	FAKE_UNTIL(&fake, answers[0].count + answers[1].count + answers[2].count == 3);
	CU_ASSERT(is_failure(&answers[0], ERROR_NOT_FOUND, NULL));
	CU_ASSERT(is_secret_of(&answers[1], 2));
	CU_ASSERT(is_secret_of(&answers[2], 3));
	fake_stop(&fake);
}

static void other_errors_are_no_missing_sa(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_start(&fake, 1);
	fake_ask(&fake, 2, &answer);
	fake_say_error(&fake, fake_expect_question(&fake, 2), IKE_KEY_ERROR_BUSY, "later please");
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "later please"));
	fake_ask(&fake, 1, &answer);
	CU_ASSERT(is_secret_of(&answer, 1));
	fake_stop(&fake);
}

static void events_keep_the_cache_true(void)
{
	struct fake_daemon fake;
	struct answer answer;
	uint8_t secret[FAKE_SECRET_SIZE];

	fake_start(&fake, 1);
	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 2);
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 2);
	fake_ask(&fake, 2, &answer);
	CU_ASSERT(is_secret_of(&answer, 2));
	CU_ASSERT_EQUAL(fake.gone, 0);
	fake_say_gone(&fake, 1);
	fake_say_gone(&fake, 77); /* never known: nothing */
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 1);
	CU_ASSERT_EQUAL(fake.gone, 1);
	fake_secret(1, secret);
	CU_ASSERT(memcmp(fake.gone_last.octets, secret, sizeof(secret)) == 0);
	fake_ask(&fake, 1, &answer);
	CU_ASSERT_EQUAL(answer.count, 0);
	fake_say_error(&fake, fake_expect_question(&fake, 1), IKE_KEY_ERROR_NOT_FOUND, "");
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_NOT_FOUND, NULL));
	fake_stop(&fake);
}

/** MOBIKE moves an SA's peer. */
static void sa_comes_up_again_with_another_peer(void)
{
	struct ike_key_message moved = fake_sa(IKE_KEY_EVENT_UP, 0, 1);
	struct fake_daemon fake;
	struct answer answer;

	fake_start(&fake, 2);
	moved.peer_address.octets[3] = 99;
	fake_say(&fake, &moved);
	fake_say_gone(&fake, 2);
	FAKE_UNTIL(&fake, fake.gone > 0);
	CU_ASSERT_EQUAL(fake.gone, 1); /* of SA 2: SA 1's secret is good */
	fake_ask(&fake, 1, &answer);
	CU_ASSERT(is_failure(&answer, ERROR_PERMISSION, "the SA's peer is 192.0.2.99"));
	fake_stop(&fake);
}

static void sa_comes_up_again_with_another_secret(void)
{
	struct ike_key_message other = fake_sa(IKE_KEY_EVENT_UP, 0, 1);
	struct fake_daemon fake;
	struct answer answer;
	uint8_t secret[FAKE_SECRET_SIZE];

	fake_start(&fake, 1);
	fake_secret(5, other.secret);
	fake_say(&fake, &other);
	FAKE_UNTIL(&fake, fake.gone == 1);
	fake_secret(1, secret);
	CU_ASSERT(memcmp(fake.gone_last.octets, secret, sizeof(secret)) == 0);
	fake_ask(&fake, 1, &answer);
	CU_ASSERT_EQUAL(answer.status, 0);
	CU_ASSERT(memcmp(answer.secret.octets, other.secret, FAKE_SECRET_SIZE) == 0);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 1);
	fake_stop(&fake);
}

/** An answer that crossed with the end of its SA: what was told last counts. */
static void sa_that_goes_while_it_is_asked_for(void)
{
	struct fake_daemon fake;
	struct answer first, second;

	fake_start(&fake, 0);
	fake_ask(&fake, 1, &first);
	uint32_t request = fake_expect_question(&fake, 1);
	fake_say_gone(&fake, 1);
	FAKE_UNTIL(&fake, first.count == 1);
	CU_ASSERT(is_failure(&first, ERROR_NOT_FOUND, NULL));
	fake_say_sa(&fake, IKE_KEY_SA, request, 1);
	fake_turn(&fake);
	CU_ASSERT_EQUAL(first.count, 1);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 0);
	fake_ask(&fake, 1, &second);
	CU_ASSERT_EQUAL(second.count, 0);
	(void)fake_expect_question(&fake, 1);
	fake_stop(&fake);
}

static void rekeying_is_logged(void)
{
	struct ike_key_message rekeyed = fake_sa(IKE_KEY_EVENT_REKEYED, 0, 2);
	uint8_t old_spis[IKE_SPIS_SIZE], spis[IKE_SPIS_SIZE];
	char old_name[KEY_NAME_SIZE], name[KEY_NAME_SIZE], line[2 * KEY_NAME_SIZE + 64];
	struct fake_daemon fake;

	fake_spis(1, old_spis);
	fake_spis(2, spis);
	ike_sa_name(old_spis, old_name);
	ike_sa_name(spis, name);
	memcpy(rekeyed.old_spi_i, old_spis, IKE_SPI_SIZE);
	memcpy(rekeyed.old_spi_r, old_spis + IKE_SPI_SIZE, IKE_SPI_SIZE);
	rekeyed.attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                     IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R);
	fake_start(&fake, 1);
	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 2);
	fake_say(&fake, &rekeyed);
	fake_say_gone(&fake, 1);
	FAKE_UNTIL(&fake, fake.gone == 1);
	(void)snprintf(line, sizeof(line), " info ike-sa-rekeyed: SA %s is now %s\n", old_name,
	               name);
	CU_ASSERT_EQUAL(fake_logged(&fake, line), 1);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 1);
	fake_stop(&fake);
}

/** Says an SA with the vector's SK_d, and looks whether the secret is the vector's. */
static void compare_derived(struct fake_daemon *fake, unsigned number,
                            const struct secret_vector *vector)
{
	struct ike_key_message sa = fake_sa(IKE_KEY_EVENT_UP, 0, number);
	unsigned before = charon_provider_count(fake->provider);
	struct answer answer;

	sa.attributes &= ~IKE_KEY_HAS(IKE_KEY_SECRET);
	sa.attributes |= IKE_KEY_HAS(IKE_KEY_SK_D);
	sa.prf = (uint16_t)vector->prf;
	sa.sk_d_size = (uint8_t)vector->sk_d_size;
	memcpy(sa.sk_d, vector->sk_d, vector->sk_d_size);
	fake_say(fake, &sa);
	FAKE_UNTIL(fake, charon_provider_count(fake->provider) == before + 1);
	fake_ask(fake, number, &answer);
	CU_ASSERT_EQUAL(answer.status, 0);
	CU_ASSERT_EQUAL(answer.secret.size, vector->size);
	CU_ASSERT(memcmp(answer.secret.octets, vector->out, vector->size) == 0);
}

static void appliance_derives_from_sk_d(void)
{
	struct fake_daemon fake;
	unsigned compared = 0;

	fake_init(&fake);
	fake.settings.derive = DERIVE_APPLIANCE;
	fake_create(&fake);
	fake_snapshot(&fake, 0);
	for (unsigned i = 0; i < sizeof(secret_vectors) / sizeof(secret_vectors[0]); i++) {
		if (secret_vectors[i].sk_d_size < ike_prf_size(secret_vectors[i].prf))
			continue;
		compare_derived(&fake, i + 1, &secret_vectors[i]);
		compared++;
	}
	CU_ASSERT(compared >= 7);
	fake_stop(&fake);
}

/** Changes an SA so that it gives no key, and looks that nobody gets one; text: what the log says of it. */
static void expect_unusable(struct fake_daemon *fake, const struct ike_key_message *sa,
                            const char *text)
{
	struct ike_key_message answered = *sa;
	unsigned logged = fake_logged(fake, text);
	unsigned gone = fake->gone;
	struct answer answer;

	/* As an event for an SA that had a key; then as an answer. */
	fake_say(fake, sa);
	FAKE_UNTIL(fake, fake_logged(fake, text) == logged + 1);
	CU_ASSERT_EQUAL(fake->gone, gone + 1);
	CU_ASSERT_EQUAL(charon_provider_count(fake->provider), 0);
	fake_ask(fake, 1, &answer);
	answered.type = IKE_KEY_SA;
	answered.request = fake_expect_question(fake, 1);
	fake_say(fake, &answered);
	FAKE_UNTIL(fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, text));
	CU_ASSERT_EQUAL(charon_provider_count(fake->provider), 0);
}

static void sa_without_its_secret_is_not_used(void)
{
	struct ike_key_message sa = fake_sa(IKE_KEY_EVENT_UP, 0, 1);
	struct fake_daemon fake;

	fake_start(&fake, 1);
	sa.attributes &= ~IKE_KEY_HAS(IKE_KEY_SECRET);
	expect_unusable(&fake, &sa, "it came without its secret");

	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 1);
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 1);
	sa = fake_sa(IKE_KEY_EVENT_UP, 0, 1);
	sa.secret_size = 31;
	expect_unusable(&fake, &sa, "its secret has 31 octets instead of 32");

	/* A PRF that only the daemon has. */
	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 1);
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 1);
	sa.prf = 1000;
	sa.secret_size = 15;
	expect_unusable(&fake, &sa, "its secret has 15 octets instead of 16");
	sa.secret_size = 16;
	fake_say(&fake, &sa);
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 1);
	fake_stop(&fake);
}

static void sa_without_its_sk_d_is_not_used(void)
{
	struct ike_key_message good = fake_sa(IKE_KEY_EVENT_UP, 0, 1);
	struct ike_key_message sa;
	struct fake_daemon fake;

	good.attributes |= IKE_KEY_HAS(IKE_KEY_SK_D);
	good.sk_d_size = 32;
	fake_init(&fake);
	fake.settings.derive = DERIVE_APPLIANCE;
	fake_create(&fake);
	fake_snapshot(&fake, 0);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const texts[] = {"its PRF 1000 is unknown here",
		                                    "it came without its SK_d",
		                                    "its SK_d has 31 octets instead of 32"};

		fake_say(&fake, &good);
		FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 1);
		sa = good;
		if (i == 0)
			sa.prf = 1000;
		else if (i == 1)
			sa.attributes &= ~IKE_KEY_HAS(IKE_KEY_SK_D);
		else
			sa.sk_d_size = 31;
		expect_unusable(&fake, &sa, texts[i]);
	}
	fake_stop(&fake);
}

static void cancelled_while_it_waits_or_is_asked(void)
{
	struct fake_daemon fake;
	struct answer waiting, asked;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &waiting);
	key_provider_cancel(fake.provider, waiting.lookup);
	fake_snapshot(&fake, 1);
	CU_ASSERT_EQUAL(waiting.count, 0);
	fake_ask(&fake, 2, &asked);
	uint32_t request = fake_expect_question(&fake, 2);
	key_provider_cancel(fake.provider, asked.lookup);
	fake_say_sa(&fake, IKE_KEY_SA, request, 2);
	FAKE_UNTIL(&fake, fake_charon(&fake)->lookup_count == 0);
	CU_ASSERT_EQUAL(asked.count, 0);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 1);
	key_provider_cancel(fake.provider, NULL);
	fake_stop(&fake);
}

/** Under the address sanitizer: nothing leaks. */
static void destroyed_with_look_ups_under_way(void)
{
	struct fake_daemon fake;
	struct answer waiting[2], asked[2];

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &waiting[0]);
	fake_accept_subscription(&fake);
	fake_ask(&fake, 2, &waiting[1]);
	fake_say_sa(&fake, IKE_KEY_SA, fake.subscription, 1);
	fake_turn(&fake);
	fake_stop(&fake);
	CU_ASSERT_EQUAL(waiting[0].count + waiting[1].count, 0);

	fake_start(&fake, 2);
	fake_ask(&fake, 8, &asked[0]);
	fake_ask(&fake, 9, &asked[1]);
	key_provider_cancel(fake.provider, asked[1].lookup);
	fake_stop(&fake);
	CU_ASSERT_EQUAL(asked[0].count + asked[1].count, 0);
	CU_ASSERT_EQUAL(fake.gone, 0);

	fake_init(&fake);
	fake_create(&fake);
	fake_stop(&fake);
	key_provider_destroy(NULL);
}

static void look_ups_under_way_are_bounded(void)
{
	struct answer *answers = calloc(CHARON_LOOKUPS_MAXIMUM, sizeof(*answers));
	struct fake_daemon fake;
	struct answer one_more;

	CU_ASSERT_PTR_NOT_NULL_FATAL(answers);
	fake_start(&fake, 1);
	for (unsigned i = 0; i < CHARON_LOOKUPS_MAXIMUM; i++) {
		fake_ask(&fake, 1000 + i, &answers[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(answers[i].lookup);
	}
	fake_ask(&fake, 5000, &one_more);
	CU_ASSERT(is_failure(&one_more, ERROR_UNAVAILABLE, "too many look-ups"));
	/* Cancelling frees no place: the daemon still works on it. */
	key_provider_cancel(fake.provider, answers[0].lookup);
	fake_ask(&fake, 5000, &one_more);
	CU_ASSERT(is_failure(&one_more, ERROR_UNAVAILABLE, "too many look-ups"));
	fake_ask(&fake, 1, &one_more);
	CU_ASSERT(is_secret_of(&one_more, 1));
	for (unsigned i = 0; i < CHARON_LOOKUPS_MAXIMUM; i++)
		fake_say_error(&fake, fake_expect_question(&fake, 1000 + i),
		               IKE_KEY_ERROR_NOT_FOUND, "");
	FAKE_UNTIL(&fake, fake_charon(&fake)->lookup_count == 0);
	for (unsigned i = 1; i < CHARON_LOOKUPS_MAXIMUM; i++)
		CU_ASSERT(is_failure(&answers[i], ERROR_NOT_FOUND, NULL));
	fake_ask(&fake, 5000, &one_more);
	CU_ASSERT_PTR_NOT_NULL(one_more.lookup);
	fake_stop(&fake);
	free(answers);
}

/** After 2^32 questions: none has the number of events. */
static void numbers_of_questions_wrap(void)
{
	struct fake_daemon fake;
	struct answer answers[3];

	fake_start(&fake, 0);
	fake_charon(&fake)->request = UINT32_MAX - 1;
	for (unsigned i = 0; i < 3; i++)
		fake_ask(&fake, i + 1, &answers[i]);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t request = fake_expect_question(&fake, i + 1);
		CU_ASSERT_NOT_EQUAL(request, 0);
		fake_say_sa(&fake, IKE_KEY_SA, request, i + 1);
		FAKE_UNTIL(&fake, answers[i].count == 1);
		CU_ASSERT(is_secret_of(&answers[i], i + 1));
	}
	fake_stop(&fake);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"snapshot is answered from memory", snapshot_is_answered_from_memory},
	        {"1,000 SAs", thousand_sas},
	        {"only IKE SAs are looked up", only_ike_sas_are_looked_up},
	        {"early look-ups wait for the snapshot", early_look_ups_wait_for_the_snapshot},
	        {"unknown SA is asked for once", unknown_sa_is_asked_for_once},
	        {"answers may come in any order", answers_may_come_in_any_order},
	        {"other errors are no missing SA", other_errors_are_no_missing_sa},
	        {"events keep the cache true", events_keep_the_cache_true},
	        {"SA comes up again with another peer", sa_comes_up_again_with_another_peer},
	        {"SA comes up again with another secret", sa_comes_up_again_with_another_secret},
	        {"SA that goes while it is asked for", sa_that_goes_while_it_is_asked_for},
	        {"rekeying is logged", rekeying_is_logged},
	        {"appliance derives from SK_d", appliance_derives_from_sk_d},
	        {"SA without its secret is not used", sa_without_its_secret_is_not_used},
	        {"SA without its SK_d is not used", sa_without_its_sk_d_is_not_used},
	        {"cancelled while it waits or is asked", cancelled_while_it_waits_or_is_asked},
	        {"destroyed with look-ups under way", destroyed_with_look_ups_under_way},
	        {"look-ups under way are bounded", look_ups_under_way_are_bounded},
	        {"numbers of questions wrap", numbers_of_questions_wrap},
	        CU_TEST_INFO_NULL};
	return unit_run("key-charon-lookup", tests);
}
