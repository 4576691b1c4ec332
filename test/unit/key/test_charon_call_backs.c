/* SPDX-License-Identifier: BSD-3-Clause */
/** Call-backs of the charon provider's user that ask and cancel from within: answers, an SA that goes, a daemon that is lost. */
#include "fake_daemon.h"

/** A call-back that asks again, and cancels another look-up. */
struct busy {
	struct fake_daemon *fake;
	struct answer again;
	struct answer *cancels;
	unsigned asks_for;
	unsigned count;
};

static void keep_busy(struct busy *busy)
{
	if (busy->count++ == 0 || busy->again.count == 1)
		fake_ask(busy->fake, busy->asks_for, &busy->again);
	if (busy->cancels != NULL && busy->cancels->lookup != NULL) {
		key_provider_cancel(busy->fake->provider, busy->cancels->lookup);
		busy->cancels->lookup = NULL;
	}
}

static void answer_keeps_busy(void *context, int status, const struct shared_secret *secret,
                              const char *reason)
{
	(void)status;
	(void)secret;
	(void)reason;
	keep_busy(context);
}

static void gone_keeps_busy(void *context, const struct shared_secret *secret)
{
	(void)secret;
	keep_busy(context);
}

static void ask_busily(struct fake_daemon *fake, unsigned sa, struct busy *busy)
{
	struct key_query query = fake_query(sa);
	struct key_lookup *lookup;

	CU_ASSERT_EQUAL_FATAL(
	        key_provider_ask(fake->provider, &query, answer_keeps_busy, busy, &lookup), 0);
}

static void answers_call_back_into_the_provider(void)
{
	struct fake_daemon fake;
	struct answer other;
	struct busy busy = {.fake = &fake, .cancels = &other, .asks_for = 3};

	fake_start(&fake, 1);
	/* From within asking. */
	ask_busily(&fake, 1, &busy);
	CU_ASSERT_EQUAL(busy.count, 1);
	/* From within the daemon's answer, with the other's question and the new one under way. */
	ask_busily(&fake, 2, &busy);
	fake_ask(&fake, 4, &other);
	uint32_t three = fake_expect_question(&fake, 3);
	uint32_t two = fake_expect_question(&fake, 2);
	uint32_t four = fake_expect_question(&fake, 4);
	fake_say_sa(&fake, IKE_KEY_SA, three, 3);
	FAKE_UNTIL(&fake, busy.again.count == 1);
	fake_say_error(&fake, two, IKE_KEY_ERROR_NOT_FOUND, "");
	fake_say_sa(&fake, IKE_KEY_SA, four, 4);
	FAKE_UNTIL(&fake, fake_charon(&fake)->lookup_count == 0);
	CU_ASSERT_EQUAL(busy.count, 2);
	CU_ASSERT(is_secret_of(&busy.again, 3));
	CU_ASSERT_EQUAL(other.count, 0);
	fake_stop(&fake);
}

static void gone_calls_back_into_the_provider(void)
{
	struct fake_daemon fake;
	struct answer other;
	struct busy busy = {.fake = &fake, .cancels = &other, .asks_for = 1};

	fake_start(&fake, 2);
	key_provider_watch(fake.provider, gone_keeps_busy, &busy);
	fake_ask(&fake, 1000, &other);
	(void)fake_expect_question(&fake, 1000);
	fake_say_gone(&fake, 1);
	FAKE_UNTIL(&fake, busy.count == 1);
	/* It asked for the one that goes, which is not in memory any more. */
	FAKE_UNTIL(&fake, busy.again.count == 1);
	CU_ASSERT(is_failure(&busy.again, ERROR_NOT_FOUND, NULL));
	CU_ASSERT_EQUAL(other.count, 0);
	fake_stop(&fake);
}

/** Who asks anew for an SA that went while it was asked for gets the daemon's next answer, not this one again. */
static void gone_while_asked_for_calls_back_into_the_provider(void)
{
	struct fake_daemon fake;
	struct busy busy = {.fake = &fake, .asks_for = 2};

	fake_start(&fake, 1);
	ask_busily(&fake, 2, &busy);
	uint32_t first = fake_expect_question(&fake, 2);
	fake_say_gone(&fake, 2);
	FAKE_UNTIL(&fake, busy.count == 1);
	uint32_t second = fake_expect_question(&fake, 2);
	CU_ASSERT_EQUAL(busy.again.count, 0);
	fake_say_sa(&fake, IKE_KEY_SA, first, 2);
	fake_say_sa(&fake, IKE_KEY_SA, second, 2);
	FAKE_UNTIL(&fake, busy.again.count == 1);
	CU_ASSERT(is_secret_of(&busy.again, 2));
	CU_ASSERT_EQUAL(busy.count, 1);
	fake_stop(&fake);
}

/** Losing the daemon answers what was asked before, each once; what call-backs ask then waits for the next connection. */
static void loss_calls_back_into_the_provider(void)
{
	struct fake_daemon fake;
	struct answer first, second;
	struct busy busy[2] = {{.fake = &fake, .cancels = &second, .asks_for = 2},
	                       {.fake = &fake, .asks_for = 3}};

	fake_start(&fake, 3);
	fake_charon(&fake)->earliest_ms = 0; /* it has been up for long */
	key_provider_watch(fake.provider, gone_keeps_busy, &busy[1]);
	fake_ask(&fake, 1000, &first);
	ask_busily(&fake, 1001, &busy[0]);
	fake_ask(&fake, 1002, &second);
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake, busy[0].count == 1);
	CU_ASSERT(is_failure(&first, ERROR_UNAVAILABLE, "closed the connection"));
	CU_ASSERT_EQUAL(second.count, 0);
	CU_ASSERT_EQUAL(busy[1].count, 3);
	CU_ASSERT_EQUAL(busy[0].again.count, 0);
	key_provider_watch(fake.provider, NULL, NULL);
	fake_snapshot(&fake, 3);
	FAKE_UNTIL(&fake, busy[0].again.count == 1);
	CU_ASSERT(is_secret_of(&busy[0].again, 2));
	CU_ASSERT(is_secret_of(&busy[1].again, 3));
	fake_stop(&fake);
}

/** The same of look-ups that had not been asked yet. */
static void loss_of_the_snapshot_calls_back_into_the_provider(void)
{
	struct fake_daemon fake;
	struct answer last, later;
	struct busy busy = {.fake = &fake, .cancels = &last, .asks_for = 2};

	fake_init(&fake);
	fake_create(&fake);
	fake_accept_subscription(&fake);
	fake_charon(&fake)->earliest_ms = 0;
	ask_busily(&fake, 1, &busy);
	fake_ask(&fake, 3, &last);
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake, busy.count == 1);
	CU_ASSERT_EQUAL(last.count, 0);
	fake_ask(&fake, 1, &later);
	CU_ASSERT_EQUAL(fake_charon(&fake)->lookup_count, 2);
	fake_snapshot(&fake, 3);
	CU_ASSERT(is_secret_of(&busy.again, 2));
	CU_ASSERT(is_secret_of(&later, 1));
	CU_ASSERT_EQUAL(last.count, 0);
	fake_stop(&fake);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"answers call back into the provider", answers_call_back_into_the_provider},
	        {"gone calls back into the provider", gone_calls_back_into_the_provider},
	        {"gone while asked for calls back into the provider",
	         gone_while_asked_for_calls_back_into_the_provider},
	        {"loss calls back into the provider", loss_calls_back_into_the_provider},
	        {"loss of the snapshot calls back into the provider",
	         loss_of_the_snapshot_calls_back_into_the_provider},
	        CU_TEST_INFO_NULL};
	return unit_run("key-charon-call-backs", tests);
}
