/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_session.h"

#include "probe_reflector.h"

#define DSCP 46

static const struct session_keys control_keys = {.aes = {1, 2, 3}, .hmac = {4, 5, 6}};
static const uint8_t sid[SID_SIZE] = {7, 8, 9};

/** A session and its reflector. */
struct pair {
	struct test_session session;
	struct reflector reflector;
	struct local_clock clock;
	struct suite *suite;
};

static void pair_open(struct pair *pair, struct packet_format format, uint16_t server_octets)
{
	struct address local = address_make(4, "\x7f\0\0\1");
	struct error error;

	local_clock_init(&pair->clock);
	reflector_open(&pair->reflector, format.mode, &control_keys, sid);
	pair->reflector.reflect_octets = format.reflect_octets;
	pair->reflector.symmetrical = format.symmetrical;
	pair->reflector.monitoring = format.monitoring;
	pair->reflector.ptp = format.ptp;
	CU_ASSERT_FATAL(suite_create(SUITE_OPENSSL, &pair->suite, NULL) == 0);
	format.padding = packet_format_equal_padding(&format);
	CU_ASSERT_FATAL(test_session_open(&pair->session, &format, &local, 0, 0, DSCP, 10,
	                                  1000000000, &error) == 0);
	CU_ASSERT_FATAL(test_session_accept(&pair->session, sid, &pair->reflector.endpoint,
	                                    server_octets, pair->suite, &control_keys,
	                                    &error) == 0);
}

static void pair_close(struct pair *pair)
{
	test_session_close(&pair->session);
	reflector_close(&pair->reflector);
	suite_destroy(pair->suite);
}

static void send_one(struct pair *pair)
{
	CU_ASSERT(test_session_send(&pair->session, &pair->clock) == 0);
	CU_ASSERT_FATAL(reflector_receive(&pair->reflector) == 1);
	reflector_build(&pair->reflector);
}

/** Sends the reply and tells how the session judged it. */
static enum reply_verdict verdict_of(struct pair *pair)
{
	struct pollfd wait = {.fd = pair->session.socket.fd, .events = POLLIN};
	enum reply_verdict verdict = REPLY_VERDICT_COUNT;
	uint32_t sequence;
	unsigned tries;

	reflector_send(&pair->reflector);
	/* A transmit timestamp also wakes poll. */
	for (tries = 0; tries < 100 && verdict == REPLY_VERDICT_COUNT; tries++) {
		CU_ASSERT_FATAL(poll(&wait, 1, REFLECTOR_WAIT_MS) == 1);
		test_session_transmit_timestamps(&pair->session, &pair->clock);
		(void)test_session_receive(&pair->session, &pair->clock, &verdict, &sequence);
	}
	return verdict;
}

static void answers_in(enum test_mode mode, bool symmetrical)
{
	struct pair pair;
	const struct packet_record *packet;

	pair_open(&pair, (struct packet_format){.mode = mode, .symmetrical = symmetrical}, 0);
	for (uint32_t i = 0; i < 3; i++) {
		send_one(&pair);
		CU_ASSERT(load_be32(pair.reflector.received) == i);
		CU_ASSERT(pair.reflector.size == pair.session.payload_size);
		reflector_seal(&pair.reflector);
		CU_ASSERT(verdict_of(&pair) == REPLY_ANSWER);
	}
	CU_ASSERT(pair.session.record.answered == 3);
	packet = &pair.session.record.packets[2];
	CU_ASSERT(packet->sender_ttl == REFLECTOR_TTL && packet->reflector_sequence == 2);
	CU_ASSERT(packet->reply_ttl_known && packet->reply_dscp_known && packet->reply_dscp == 0);
	CU_ASSERT(packet->received_ns >= packet->sent_ns);
	CU_ASSERT(pair.session.record.reply_octets_maximum == reflector_header_size(mode, false));
	pair_close(&pair);
}

static void every_mode_is_answered(void)
{
	for (int mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		answers_in((enum test_mode)mode, false);
		answers_in((enum test_mode)mode, true);
	}
}

/** Timestamps are converted by Z, DSCP and ECN kept as the reflector saw them. */
static void features_are_understood(void)
{
	for (int mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		for (unsigned symmetrical = 0; symmetrical < 2; symmetrical++) {
			struct pair pair;
			const struct packet_record *packet;

			pair_open(&pair,
			          (struct packet_format){.mode = (enum test_mode)mode,
			                                 .symmetrical = symmetrical != 0,
			                                 .monitoring = true,
			                                 .ptp = true,
			                                 .tai_offset = 37,
			                                 .ecn = 1},
			          0);
			for (unsigned i = 0; i < 2; i++) {
				pair.reflector.ptp = i == 0;
				send_one(&pair);
				reflector_seal(&pair.reflector);
				CU_ASSERT(verdict_of(&pair) == REPLY_ANSWER);
				packet = &pair.session.record.packets[i];
				CU_ASSERT(packet->ptp == (i == 0));
				CU_ASSERT(packet->sender_dscp_ecn == REFLECTOR_CLASS);
				CU_ASSERT(llabs(ntp_difference_ns(packet->receive_timestamp,
				                                  packet->timestamp)) <= 1);
				CU_ASSERT(packet->reflect_timestamp > packet->receive_timestamp);
			}
			CU_ASSERT(pair.session.record.monitoring);
			CU_ASSERT(pair.session.record.reply_octets_maximum ==
			          pair.session.payload_size);
			pair_close(&pair);
		}
	}
}

/** RFC 4656 section 4.1.2: Z is to be ignored by who has not asked for PTP. */
static void z_is_ignored_without_the_mode(void)
{
	struct pair pair;

	pair_open(&pair, (struct packet_format){.mode = TEST_UNAUTHENTICATED}, 0);
	send_one(&pair);
	store_be16(pair.reflector.reply + REFLECTOR_ERROR_ESTIMATE,
	           REFLECTOR_ESTIMATE | ERROR_ESTIMATE_PTP);
	CU_ASSERT(verdict_of(&pair) == REPLY_ANSWER);
	CU_ASSERT(pair.session.record.packets[0].receive_timestamp ==
	          pair.session.record.packets[0].timestamp);
	CU_ASSERT(!pair.session.record.packets[0].ptp);
	pair_close(&pair);
}

static void wrong_hmac_is_refused(void)
{
	for (int mode = TEST_AUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct pair pair;
		pair_open(&pair, (struct packet_format){.mode = (enum test_mode)mode}, 0);
		send_one(&pair);
		reflector_seal(&pair.reflector);
		pair.reflector.reply[SECURE_REFLECTOR_HMAC + 3] ^= 1;
		CU_ASSERT(verdict_of(&pair) == REPLY_BAD_HMAC);
		pair.reflector.reply[SECURE_REFLECTOR_HMAC + 3] ^= 1;
		pair.reflector.reply[3] ^= 1;
		CU_ASSERT(verdict_of(&pair) == REPLY_BAD_HMAC);
		pair.reflector.reply[3] ^= 1;
		CU_ASSERT(verdict_of(&pair) == REPLY_ANSWER);
		CU_ASSERT(pair.session.record.verdicts[REPLY_BAD_HMAC] == 2);
		pair_close(&pair);
	}
}

static void short_and_corrupt_replies_are_refused(void)
{
	struct pair pair;

	pair_open(&pair, (struct packet_format){.mode = TEST_UNAUTHENTICATED}, 0);
	send_one(&pair);
	pair.reflector.size = REFLECTOR_HEADER_SIZE - 1;
	CU_ASSERT(verdict_of(&pair) == REPLY_TOO_SHORT);
	pair.reflector.size = 0;
	CU_ASSERT(verdict_of(&pair) == REPLY_TOO_SHORT);
	pair.reflector.size = REFLECTOR_HEADER_SIZE;
	pair.reflector.reply[REFLECTOR_SENDER_TIMESTAMP + 7] ^= 1;
	CU_ASSERT(verdict_of(&pair) == REPLY_NOT_COPIED);
	pair.reflector.reply[REFLECTOR_SENDER_TIMESTAMP + 7] ^= 1;
	pair.reflector.reply[REFLECTOR_ERROR_ESTIMATE + 1] = 0;
	CU_ASSERT(verdict_of(&pair) == REPLY_ZERO_MULTIPLIER);
	CU_ASSERT(pair.session.record.answered == 0);
	pair_close(&pair);
}

/** RFC 6038: Server octets first in the padding to be reflected, which has to come back as it was. */
static void padding_is_reflected(void)
{
	struct pair pair;

	pair_open(&pair, (struct packet_format){.mode = TEST_UNAUTHENTICATED, .reflect_octets = 20},
	          0xbeef);
	send_one(&pair);
	CU_ASSERT(pair.session.payload_size == REFLECTOR_HEADER_SIZE + 20u);
	CU_ASSERT(load_be16(pair.reflector.received + SENDER_HEADER_SIZE) == 0xbeef);
	CU_ASSERT(verdict_of(&pair) == REPLY_ANSWER);
	send_one(&pair);
	pair.reflector.reply[REFLECTOR_HEADER_SIZE + 19] ^= 1;
	CU_ASSERT(verdict_of(&pair) == REPLY_BAD_PADDING);
	pair.reflector.size = REFLECTOR_HEADER_SIZE + 19;
	CU_ASSERT(verdict_of(&pair) == REPLY_TOO_SHORT);
	pair_close(&pair);
}

static void foreign_sources_are_ignored(void)
{
	struct pair pair;
	struct reflector other;
	struct pollfd wait;

	pair_open(&pair, (struct packet_format){.mode = TEST_UNAUTHENTICATED}, 0);
	reflector_open(&other, TEST_UNAUTHENTICATED, NULL, NULL);
	send_one(&pair);
	(void)sendto(other.fd, pair.reflector.reply, pair.reflector.size, 0,
	             (struct sockaddr *)&pair.reflector.peer, pair.reflector.peer_size);
	CU_ASSERT(verdict_of(&pair) == REPLY_ANSWER);
	wait = (struct pollfd){.fd = pair.session.socket.fd, .events = POLLIN};
	CU_ASSERT(poll(&wait, 1, 20) == 0 || (wait.revents & POLLIN) == 0);
	CU_ASSERT(pair.session.record.verdicts[REPLY_DUPLICATE] == 0);
	reflector_close(&other);
	pair_close(&pair);
}

static void zero_padding_is_zero(void)
{
	static const uint8_t zeros[REFLECTOR_HEADER_SIZE - SENDER_HEADER_SIZE];
	struct pair pair;

	pair_open(&pair, (struct packet_format){.mode = TEST_UNAUTHENTICATED, .zero_padding = true},
	          0);
	send_one(&pair);
	CU_ASSERT(memcmp(pair.reflector.received + SENDER_HEADER_SIZE, zeros, sizeof(zeros)) == 0);
	pair_close(&pair);
	pair_open(&pair, (struct packet_format){.mode = TEST_UNAUTHENTICATED}, 0);
	send_one(&pair);
	CU_ASSERT(memcmp(pair.reflector.received + SENDER_HEADER_SIZE, zeros, sizeof(zeros)) != 0);
	pair_close(&pair);
}

static void equal_padding_by_format(void)
{
	struct packet_format format = {.mode = TEST_UNAUTHENTICATED};

	CU_ASSERT(packet_format_equal_padding(&format) == 27);
	format.reflect_octets = 4;
	CU_ASSERT(packet_format_equal_padding(&format) == 31);
	format.symmetrical = true;
	CU_ASSERT(packet_format_equal_padding(&format) == 5);
	format.reflect_octets = 0;
	CU_ASSERT(packet_format_equal_padding(&format) == 0);
	format.mode = TEST_ENCRYPTED;
	CU_ASSERT(packet_format_equal_padding(&format) == 0);
	format.symmetrical = false;
	CU_ASSERT(packet_format_equal_padding(&format) == 64);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every mode is answered", every_mode_is_answered},
	        {"wrong HMAC is refused", wrong_hmac_is_refused},
	        {"features are understood", features_are_understood},
	        {"Z is ignored without the mode", z_is_ignored_without_the_mode},
	        {"short and corrupt replies are refused", short_and_corrupt_replies_are_refused},
	        {"padding is reflected", padding_is_reflected},
	        {"foreign sources are ignored", foreign_sources_are_ignored},
	        {"zero padding is zero", zero_padding_is_zero},
	        {"equal padding by format", equal_padding_by_format},
	        CU_TEST_INFO_NULL};
	return unit_run("app-probe-session", tests);
}
