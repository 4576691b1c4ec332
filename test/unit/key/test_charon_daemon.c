/* SPDX-License-Identifier: BSD-3-Clause */
/** The charon provider and a daemon that is absent, slow, gone, restarted, hostile, or does not want us. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_daemon.h"
#include "key/charon_message.h"

/** A daemon that is to be given up is so soon; one that answers has time, on a busy machine too. */
#define SHORT_MS 100u
#define LONG_MS  20000u

/** A look-up may connect at once again. */
static void let_time_pass(struct fake_daemon *fake)
{
	fake_charon(fake)->earliest_ms = 0;
}

/** Unless it has by itself, its pause being over. */
static void connect_soon(struct fake_daemon *fake)
{
	if (fake_charon(fake)->state == CHARON_DOWN)
		charon_daemon_connect_soon(fake_charon(fake));
}

static void no_daemon(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_stop_listening(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, fake.settings.socket));
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "No such file or directory"));
	/* Not again within 100 ms: answered at once. */
	fake_charon(&fake)->earliest_ms = charon_now_ms() + 1000;
	fake_ask(&fake, 1, &answer);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "No such file or directory"));
	for (unsigned i = 0; i < 5; i++) {
		let_time_pass(&fake);
		fake_ask(&fake, 1, &answer);
		CU_ASSERT_EQUAL(answer.count, 0);
		FAKE_UNTIL(&fake, answer.count == 1);
	}
	CU_ASSERT_EQUAL(fake_logged(&fake, " warning ike-daemon-unreachable: "), 1);
	CU_ASSERT_EQUAL(fake_logged(&fake, "has it loaded the plugin ippm-keys"), 1);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 0);

	/* It comes up: the next look-up finds it. */
	fake_listen(&fake);
	let_time_pass(&fake);
	fake_ask(&fake, 1, &answer);
	fake_snapshot(&fake, 1);
	CU_ASSERT(is_secret_of(&answer, 1));
	fake_stop(&fake);
}

/** A daemon that hangs leaves those who connect in a queue, which gets full: nothing of ours waits for it. */
static void daemon_takes_nobody(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fake_daemon fake;
	struct answer answer;
	int others[8], count = 0;

	fake_init(&fake);
	CU_ASSERT_EQUAL_FATAL(listen(fake.listener, 0), 0);
	memcpy(address.sun_path, fake.settings.socket, strlen(fake.settings.socket));
	do {
		CU_ASSERT_FATAL(count < (int)(sizeof(others) / sizeof(others[0])));
		others[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		CU_ASSERT_FATAL(others[count] >= 0);
	} while (connect(others[count++], (struct sockaddr *)&address, sizeof(address)) == 0);
	CU_ASSERT_EQUAL_FATAL(errno, EAGAIN);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "accepts no connections"));
	while (count-- > 0)
		(void)close(others[count]);
	fake_stop(&fake);
}

static void socket_that_nobody_serves(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	(void)close(fake.listener);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "Connection refused"));
	(void)unlink(fake.settings.socket);
	fake_listen(&fake);
	/* Nobody asks: it tries by itself. */
	fake_snapshot(&fake, 1);
	fake_stop(&fake);
}

static void path_too_long_for_a_socket(void)
{
	struct config_ikev2 settings = {.provider = PROVIDER_CHARON};
	struct key_provider *provider = NULL;
	struct error error = {""};

	memset(settings.socket, 'x', 108);
	CU_ASSERT_EQUAL(charon_provider_create(NULL, &settings, &provider, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NULL(provider);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "ikev2.socket"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "107"));
}

static void pauses_double_up_to_ten_seconds(void)
{
	static const unsigned pauses[] = {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
	struct fake_daemon fake;

	fake_init(&fake);
	fake_stop_listening(&fake);
	fake_create(&fake);
	for (unsigned i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		uint64_t since = fake_charon(&fake)->since_ms;

		CU_ASSERT_EQUAL(fake_charon(&fake)->pause_ms, pauses[i]);
		charon_daemon_connect_soon(fake_charon(&fake));
		/* One at a time: when a busy machine lets us run late, the next try is due as well. */
		while (fake_charon(&fake)->since_ms == since)
			(void)event_base_loop(fake.base, EVLOOP_NONBLOCK);
		(void)usleep(2000); /* so that the next try has another time */
	}
	/* A connection that held begins anew. */
	fake_listen(&fake);
	connect_soon(&fake);
	fake_snapshot(&fake, 1);
	fake_charon(&fake)->since_ms -= 10000;
	fake_hang_up(&fake);
	while (fake_charon(&fake)->state == CHARON_READY)
		(void)event_base_loop(fake.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(fake_charon(&fake)->pause_ms, 200);
	fake_stop(&fake);
}

static void restarted_daemon_has_other_sas(void)
{
	struct fake_daemon fake;
	struct answer asked, answer;

	fake_start(&fake, 3);
	fake_ask(&fake, 9, &asked);
	(void)fake_expect_question(&fake, 9);
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake, asked.count == 1);
	CU_ASSERT(is_failure(&asked, ERROR_UNAVAILABLE, "closed the connection"));
	CU_ASSERT_EQUAL(fake.gone, 3);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 0);
	CU_ASSERT_EQUAL(fake_logged(&fake, " warning ike-daemon-lost: "), 1);
	CU_ASSERT_EQUAL(fake_logged(&fake, "the keys of 3 SAs are forgotten"), 1);
	fake_snapshot(&fake, 1);
	fake_ask(&fake, 1, &answer);
	CU_ASSERT(is_secret_of(&answer, 1));
	fake_ask(&fake, 2, &answer);
	fake_say_error(&fake, fake_expect_question(&fake, 2), IKE_KEY_ERROR_NOT_FOUND, "");
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_NOT_FOUND, NULL));
	CU_ASSERT_EQUAL(fake_logged(&fake, " info ike-daemon-connected: "), 2);
	fake_stop(&fake);
}

/** Nothing of a snapshot that was never completed is used. */
static void hangs_up_in_the_middle(void)
{
	struct ike_key_message sa;
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	fake_accept_subscription(&fake);
	fake_say_sa(&fake, IKE_KEY_SA, fake.subscription, 1);
	sa = fake_sa(IKE_KEY_SA, fake.subscription, 2);
	size_t size = ike_key_message_write(&sa, octets, sizeof(octets));
	fake_octets(&fake, octets, size / 2);
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "closed the connection"));
	CU_ASSERT_EQUAL(fake_charon(&fake)->cache.count, 0);
	fake_snapshot(&fake, 2);
	fake_stop(&fake);
}

/** However a message is cut on its way. */
static void octet_by_octet(void)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	struct fake_daemon fake;
	struct answer answer;

	fake_start(&fake, 0);
	for (unsigned sa = 1; sa <= 2; sa++) {
		struct ike_key_message up = fake_sa(IKE_KEY_EVENT_UP, 0, sa);
		size_t size = ike_key_message_write(&up, octets, sizeof(octets));

		for (size_t i = 0; i < size; i++) {
			fake_octets(&fake, octets + i, 1);
			(void)event_base_loop(fake.base, EVLOOP_NONBLOCK);
		}
	}
	FAKE_UNTIL(&fake, charon_provider_count(fake.provider) == 2);
	fake_ask(&fake, 2, &answer);
	CU_ASSERT(is_secret_of(&answer, 2));
	fake_stop(&fake);
}

static void accepts_and_never_answers(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake.settings.timeout_ms = SHORT_MS;
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	fake_accept(&fake);
	fake_say_sa(&fake, IKE_KEY_SA, CHARON_SUBSCRIPTION, 1);
	fake_expect_hang_up(&fake);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "within 100 ms (ikev2.timeout)"));
	fake.settings.timeout_ms = LONG_MS;
	fake_snapshot(&fake, 1);
	fake_stop(&fake);
}

static void answers_no_question_any_more(void)
{
	struct fake_daemon fake;
	struct answer first, second;

	fake_start(&fake, 1);
	/* Answered: no reason to hang up, then or when the question's time is up. */
	fake.settings.timeout_ms = SHORT_MS;
	fake_ask(&fake, 2, &first);
	fake.settings.timeout_ms = LONG_MS;
	fake_say_sa(&fake, IKE_KEY_SA, fake_expect_question(&fake, 2), 2);
	FAKE_UNTIL(&fake, first.count == 1);
	for (uint64_t end = charon_now_ms() + 2 * SHORT_MS; charon_now_ms() < end;)
		fake_turn(&fake);
	CU_ASSERT_EQUAL_FATAL(fake_charon(&fake)->state, CHARON_READY);
	fake.settings.timeout_ms = SHORT_MS;
	fake_ask(&fake, 3, &first);
	key_provider_cancel(fake.provider, first.lookup);
	fake_ask(&fake, 4, &second);
	fake_expect_hang_up(&fake);
	FAKE_UNTIL(&fake, second.count == 1);
	CU_ASSERT(is_failure(&second, ERROR_UNAVAILABLE, "within 100 ms (ikev2.timeout)"));
	CU_ASSERT_EQUAL(first.count, 0);
	CU_ASSERT_EQUAL(fake.gone, 2);
	fake_stop(&fake);
}

/** The daemon says no; text: the remedy in the log and in the look-up's reason. */
static void expect_refusal(struct fake_daemon *fake, struct answer *answer, const char *text)
{
	FAKE_UNTIL(fake, answer->count == 1);
	CU_ASSERT(is_failure(answer, ERROR_UNAVAILABLE, text));
	CU_ASSERT_EQUAL(fake_logged(fake, " error ike-daemon-refused: "), 1);
	CU_ASSERT_EQUAL(fake_logged(fake, text), 1);
	fake_expect_hang_up(fake);
	/* Look-ups do not storm a daemon that has said no. */
	CU_ASSERT(fake_charon(fake)->earliest_ms > charon_now_ms() + 5000);
	fake_ask(fake, 1, answer);
	CU_ASSERT(is_failure(answer, ERROR_UNAVAILABLE, text));
	/* Somebody changes the configuration. */
	let_time_pass(fake);
	fake_ask(fake, 1, answer);
	fake_snapshot(fake, 1);
	fake_stop(fake);
}

static void does_not_permit_us(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	fake_accept(&fake);
	fake_say_error(&fake, 0, IKE_KEY_ERROR_NOT_PERMITTED, "uid 1000");
	expect_refusal(&fake, &answer, "uids or gids in ippm-keys.conf");
}

/** It hung up before our question was on its way. */
static void does_not_permit_us_and_has_gone(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	(void)event_base_loop(fake.base, EVLOOP_ONCE);
	fake_accept(&fake);
	fake_say_error(&fake, 0, IKE_KEY_ERROR_NOT_PERMITTED, "uid 1000");
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "uids or gids in ippm-keys.conf"));
	fake_stop(&fake);
}

static void does_not_expose_sk_d(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake.settings.derive = DERIVE_APPLIANCE;
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	fake_accept_subscription(&fake);
	fake.settings.derive = DERIVE_DAEMON; /* what it is for the rest of the test */
	fake_say_error(&fake, fake.subscription, IKE_KEY_ERROR_NOT_EXPOSED, "");
	expect_refusal(&fake, &answer, "set expose_sk_d = yes in ippm-keys.conf");
}

static void speaks_another_version(void)
{
	static const uint8_t octets[] = {0,  0, 0, 18, 2, IKE_KEY_ERROR, 0, 0, 0, 0, 0, 1, 0,
	                                 14, 0, 2, 0,  4};
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	fake_accept_subscription(&fake);
	fake_octets(&fake, octets, sizeof(octets));
	expect_refusal(&fake, &answer, "speaks version 2 of the key protocol instead of 1");
}

/** That passes by itself: the ordinary pause. */
static void is_busy(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_create(&fake);
	fake_ask(&fake, 1, &answer);
	fake_accept(&fake);
	fake_say_error(&fake, 0, IKE_KEY_ERROR_BUSY, "64 clients");
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "64 clients"));
	fake_snapshot(&fake, 1);
	/* Later on, too, it may say why it hangs up. */
	fake_ask(&fake, 2, &answer);
	(void)fake_expect_question(&fake, 2);
	fake_say_error(&fake, 0, IKE_KEY_ERROR_BUSY, "you don't read");
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "you don't read"));
	fake_stop(&fake);
}

static void say_type(struct fake_daemon *fake, uint8_t type, uint32_t request)
{
	struct ike_key_message message = fake_sa(type, request, 1);

	fake_say(fake, &message);
}

static void say_raw(struct fake_daemon *fake, uint32_t length)
{
	const uint8_t octets[16] = {(uint8_t)(length >> 24),
	                            (uint8_t)(length >> 16),
	                            (uint8_t)(length >> 8),
	                            (uint8_t)length,
	                            1,
	                            IKE_KEY_SA};

	fake_octets(fake, octets, sizeof(octets));
}

#define LIES 13

/** Something that no daemon says, in the snapshot or after it; numbers below LIES. */
static void lie(struct fake_daemon *fake, bool ready, unsigned number)
{
	switch (number) {
	case 0:
		fake_octets(fake, "HTTP/1.1 400 Bad Request\r\n", 26);
		break;
	case 1:
		say_raw(fake, 0);
		break;
	case 2:
		say_raw(fake, UINT32_MAX);
		break;
	case 3:
		say_raw(fake, IKE_KEY_MESSAGE_SIZE_MAXIMUM + 1);
		break;
	case 4: /* an attribute of length 0 and type 0 is not known; an SA has no SPIs then */
		say_raw(fake, 16);
		break;
	case 5: /* a request */
		say_type(fake, IKE_KEY_GET_BY_SPIS, fake->subscription);
		break;
	case 6: /* of no kind */
		say_type(fake, 200, 0);
		break;
	case 7: /* answers to no question */
		fake_say_sa(fake, IKE_KEY_SA, 4711, 1);
		break;
	case 8:
		if (!ready)
			fake_say_end(fake, 1); /* of none */
		else
			fake_say_end(fake, 0); /* once more */
		break;
	case 9:
		fake->subscription += 7;
		fake_say_end(fake, 0);
		break;
	case 10:
		fake_say_sa(fake, IKE_KEY_EVENT_UP, ready ? 3 : 0, 1);
		break;
	case 11:
		fake_say_error(fake, 4711, IKE_KEY_ERROR_NOT_FOUND, "");
		break;
	case LIES - 1:
		fake_say_sa(fake, IKE_KEY_SA, 0, 1);
		break;
	default:
		CU_FAIL("no such lie");
	}
}

static void lies_end_the_connection(void)
{
	for (unsigned number = 0; number < 2 * LIES; number++) {
		bool ready = number >= LIES;
		struct fake_daemon fake;
		struct answer answer;

		fake_init(&fake);
		fake.settings.timeout_ms = 60000; /* the lie ends it, not time */
		fake_create(&fake);
		if (ready)
			fake_snapshot(&fake, 0);
		else
			fake_accept_subscription(&fake);
		fake_ask(&fake, 1, &answer);
		fake_turn(&fake);
		lie(&fake, ready, number % LIES);
		fake_expect_hang_up(&fake);
		FAKE_UNTIL(&fake, answer.count == 1);
		CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "the IKE daemon "));
		CU_ASSERT_EQUAL(fake_logged(&fake, ready ? "ike-daemon-lost: "
		                                         : "ike-daemon-unreachable: "),
		                1);
		CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 0);
		/* And an honest one is believed after it. */
		connect_soon(&fake);
		fake_snapshot(&fake, 1);
		fake_stop(&fake);
	}
}

static void answers_with_another_sa(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_start(&fake, 0);
	fake_ask(&fake, 1, &answer);
	fake_say_sa(&fake, IKE_KEY_SA, fake_expect_question(&fake, 1), 2);
	fake_expect_hang_up(&fake);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "was not asked for"));
	CU_ASSERT_EQUAL(fake_charon(&fake)->cache.count, 0);
	fake_stop(&fake);
}

static void answers_twice(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_start(&fake, 0);
	fake_ask(&fake, 1, &answer);
	uint32_t request = fake_expect_question(&fake, 1);
	fake_say_sa(&fake, IKE_KEY_SA, request, 1);
	fake_say_sa(&fake, IKE_KEY_SA, request, 1);
	fake_expect_hang_up(&fake);
	CU_ASSERT(is_secret_of(&answer, 1));
	fake_stop(&fake);
}

static void sas_without_end(void)
{
	struct fake_daemon fake;
	struct answer answer;

	fake_init(&fake);
	fake_create(&fake);
	CU_ASSERT_EQUAL(fake_charon(&fake)->cache.capacity, CHARON_SAS_MAXIMUM);
	fake_charon(&fake)->cache.capacity = 100;
	fake_ask(&fake, 1, &answer);
	fake_accept_subscription(&fake);
	for (unsigned sa = 1; sa <= 101; sa++)
		fake_say_sa(&fake, IKE_KEY_SA, fake.subscription, sa);
	fake_expect_hang_up(&fake);
	FAKE_UNTIL(&fake, answer.count == 1);
	CU_ASSERT(is_failure(&answer, ERROR_UNAVAILABLE, "more than 100 SAs"));
	CU_ASSERT_EQUAL(fake_charon(&fake)->cache.count, 0);
	/* As many as there may be: the same one again is no more. */
	fake_snapshot(&fake, 100);
	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 100);
	fake_turn(&fake);
	CU_ASSERT_EQUAL(charon_provider_count(fake.provider), 100);
	fake_say_sa(&fake, IKE_KEY_EVENT_UP, 0, 101);
	fake_expect_hang_up(&fake);
	fake_stop(&fake);
}

/** More questions than a socket takes, to a daemon that reads none. */
static void reads_nothing(void)
{
	struct answer *answers = calloc(CHARON_LOOKUPS_MAXIMUM, sizeof(*answers));
	struct fake_daemon fake;
	int small = 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(answers);
	fake_start(&fake, 1);
	(void)setsockopt(fake.peer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (unsigned i = 0; i < CHARON_LOOKUPS_MAXIMUM; i++) {
		fake_ask(&fake, 100 + i, &answers[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(answers[i].lookup);
		(void)event_base_loop(fake.base, EVLOOP_NONBLOCK);
	}
	fake_hang_up(&fake);
	FAKE_UNTIL(&fake, fake_charon(&fake)->lookup_count == 0);
	for (unsigned i = 0; i < CHARON_LOOKUPS_MAXIMUM; i++)
		CU_ASSERT_EQUAL(answers[i].status, ERROR_UNAVAILABLE);
	fake_stop(&fake);
	free(answers);
}

int main(void)
{
	CU_TestInfo tests[] = {{"no daemon", no_daemon},
	                       {"daemon takes nobody", daemon_takes_nobody},
	                       {"socket that nobody serves", socket_that_nobody_serves},
	                       {"path too long for a socket", path_too_long_for_a_socket},
	                       {"pauses double up to ten seconds", pauses_double_up_to_ten_seconds},
	                       {"restarted daemon has other SAs", restarted_daemon_has_other_sas},
	                       {"hangs up in the middle", hangs_up_in_the_middle},
	                       {"octet by octet", octet_by_octet},
	                       {"accepts and never answers", accepts_and_never_answers},
	                       {"answers no question any more", answers_no_question_any_more},
	                       {"does not permit us", does_not_permit_us},
	                       {"does not permit us and has gone", does_not_permit_us_and_has_gone},
	                       {"does not expose SK_d", does_not_expose_sk_d},
	                       {"speaks another version", speaks_another_version},
	                       {"is busy", is_busy},
	                       {"lies end the connection", lies_end_the_connection},
	                       {"answers with another SA", answers_with_another_sa},
	                       {"answers twice", answers_twice},
	                       {"SAs without end", sas_without_end},
	                       {"reads nothing", reads_nothing},
	                       CU_TEST_INFO_NULL};
	return unit_run("key-charon-daemon", tests);
}
