/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "clock/timestamp.h"
#include "crypto/key_derivation.h"

/** Replies are read up to here: header and padding to compare; the rest is only counted. */
#define REPLY_BUFFER_SIZE 65536u
#define DSCP_SHIFT        2

uint32_t packet_format_equal_padding(const struct packet_format *format)
{
	uint32_t reflector = reflector_header_size(format->mode, format->monitoring);
	uint32_t sender = sender_header_size(format->mode, format->symmetrical, format->monitoring);
	uint32_t padding = reflector - sender + format->reflect_octets;

	/* RFC 7750 section 2.2.2: two would do. */
	if (format->mode == TEST_UNAUTHENTICATED && format->monitoring &&
	    padding < SENDER_MONITORING_MBZ)
		return SENDER_MONITORING_MBZ;
	/* RFC 6038 section 4.2: longer than what is reflected. */
	return format->reflect_octets != 0 && padding == format->reflect_octets ? padding + 1
	                                                                        : padding;
}

int test_session_open(struct test_session *session, const struct packet_format *format,
                      const struct address *local, uint16_t port_low, uint16_t port_high,
                      uint8_t dscp, uint32_t packets, int64_t timeout_ns, struct error *error)
{
	size_t header = sender_header_size(format->mode, format->symmetrical, format->monitoring);
	int result;

	*session = (struct test_session){.format = *format, .socket = {.fd = -1}};
	session->payload_size = header + format->padding;
	session->payload = calloc(1, session->payload_size);
	session->padding = calloc(1, (size_t)format->padding + 1);
	if (session->payload == NULL || session->padding == NULL ||
	    session_record_init(&session->record, packets, timeout_ns, dscp) != 0) {
		result = error_set(error, ERROR_MEMORY, "out of memory for %u packets", packets);
	} else if (!format->zero_padding && random_octets(session->padding, format->padding) != 0) {
		result = error_set(error, ERROR_CRYPTO, "no random octets for the padding");
	} else {
		result = test_socket_open(&session->socket, local, port_low, port_high,
		                          (uint8_t)(dscp << DSCP_SHIFT | format->ecn), error);
	}
	session->record.monitoring = format->monitoring;
	session->record.ecn = format->ecn;
	if (result != 0)
		test_session_close(session);
	return result;
}

static int keys_make(struct test_session *session, const struct session_keys *control_keys)
{
	struct session_keys keys;
	int result;

	session->keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(session->suite));
	if (session->keys == NULL)
		return ERROR_MEMORY;
	memset(session->keys, 0, suite_keys_size(session->suite));
	result = test_keys_derive(control_keys, session->sid, &keys);
	if (result == 0)
		result = suite_keys_expand(session->suite, &keys, session->keys);
	secret_wipe(&keys, sizeof(keys));
	if (result != 0) {
		free(session->keys);
		session->keys = NULL;
	}
	return result;
}

int test_session_accept(struct test_session *session, const uint8_t sid[SID_SIZE],
                        const struct endpoint *reflector, uint16_t server_octets,
                        struct suite *suite, const struct session_keys *control_keys,
                        struct error *error)
{
	const struct packet_format *format = &session->format;

	memcpy(session->sid, sid, SID_SIZE);
	if (format->mode != TEST_UNAUTHENTICATED) {
		session->suite = suite;
		if (keys_make(session, control_keys) != 0)
			return error_set(error, ERROR_CRYPTO, "making the test keys failed");
	}
	/* RFC 6038 section 5.1.2: the Server octets come first in the padding to be reflected. */
	if (format->reflect_octets >= sizeof(server_octets) && server_octets != 0)
		store_be16(session->padding, server_octets);
	memcpy(session->payload + (session->payload_size - format->padding), session->padding,
	       format->padding);
	return test_socket_connect(&session->socket, reflector, error);
}

static void seal(struct test_session *session)
{
	struct suite_job job = {
	        .keys = session->keys,
	        .data = session->payload,
	        .hmac = session->payload + SECURE_SENDER_HMAC,
	        .protected_size = sender_protected_size(session->format.mode),
	        .cipher = session->format.mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
	};
	suite_seal_burst(session->suite, &job, 1);
}

/**
 * In encrypted mode the timestamp is sealed with the rest; in the others it is clear, so it is written last (RFC 4656 section
 * 4.1.2).
 */
static struct local_time build(struct test_session *session, struct local_clock *clock,
                               uint32_t sequence)
{
	struct sender_packet packet = {.sequence = sequence};
	enum test_mode mode = session->format.mode;
	bool secure = mode != TEST_UNAUTHENTICATED;
	struct local_time now = {0};

	if (mode == TEST_ENCRYPTED) {
		now = local_clock_now(clock);
		packet.timestamp = now.ntp;
		packet.error_estimate = clock->error_estimate;
	}
	sender_packet_write(session->payload, mode, session->format.symmetrical,
	                    session->format.monitoring, &packet);
	if (secure)
		seal(session);
	if (mode != TEST_ENCRYPTED) {
		now = local_clock_now(clock);
		store_be64(session->payload + (secure ? SECURE_SENDER_TIMESTAMP : SENDER_TIMESTAMP),
		           now.ntp);
		store_be16(session->payload +
		                   (secure ? SECURE_SENDER_ERROR_ESTIMATE : SENDER_ERROR_ESTIMATE),
		           clock->error_estimate);
	}
	return now;
}

int test_session_send(struct test_session *session, struct local_clock *clock)
{
	uint32_t sequence = session->record.sent;
	struct packet_record *packet = session_record_send(&session->record);
	struct local_time now;
	int result;

	if (packet == NULL)
		return -ENOSPC;
	now = build(session, clock, sequence);
	packet->timestamp = now.ntp;
	packet->departure = now.ntp;
	packet->sent_ns = now.monotonic_ns;
	packet->error_estimate = clock->error_estimate;
	result = test_socket_send(&session->socket, session->payload, session->payload_size);
	if (result == -ECONNREFUSED) {
		/* That was an ICMP error for an earlier packet; this one has not gone yet. */
		session->unreachable++;
		session->last_error = ECONNREFUSED;
		result =
		        test_socket_send(&session->socket, session->payload, session->payload_size);
	}
	if (result != 0) {
		session->send_errors++;
		session->last_error = -result;
		/* The kernel's numbering of datagrams is no longer ours. */
		session->socket.transmit_timestamps = false;
	}
	return result;
}

/** Decrypts and verifies a reply in place; RFC 5357 section 4.2.1. */
static bool open_reply(struct test_session *session, uint8_t *payload)
{
	struct suite_job job = {
	        .keys = session->keys,
	        .data = payload,
	        .hmac = payload + SECURE_REFLECTOR_HMAC,
	        .protected_size = reflector_protected_size(session->format.mode),
	        .cipher = session->format.mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
	};
	suite_open_burst(session->suite, &job, 1);
	return job.verified;
}

static enum reply_verdict reply_read(struct test_session *session, uint8_t *payload,
                                     const struct datagram *datagram, struct reply *reply)
{
	const struct packet_format *format = &session->format;
	size_t header = reflector_header_size(format->mode, format->monitoring);

	if (datagram->foreign)
		return REPLY_FOREIGN;
	if (datagram->octets < header + format->reflect_octets)
		return REPLY_TOO_SHORT;
	if (format->mode != TEST_UNAUTHENTICATED && !open_reply(session, payload))
		return REPLY_BAD_HMAC;
	if (reflector_packet_read(payload, datagram->octets, format->mode, format->monitoring,
	                          &reply->packet) != 0)
		return REPLY_TOO_SHORT;
	if (memcmp(payload + header, session->padding, format->reflect_octets) != 0)
		return REPLY_BAD_PADDING;
	return REPLY_ANSWER;
}

/**
 * RFC 8186 section 2.3: Z tells the format. Only when PTP timestamps were asked for: else the bit is to be ignored (RFC 4656 section
 * 4.1.2).
 */
static void timestamps_convert(const struct packet_format *format, struct reply *reply)
{
	struct reflector_packet *packet = &reply->packet;

	reply->ptp = format->ptp && (packet->error_estimate & ERROR_ESTIMATE_PTP) != 0;
	if (!reply->ptp)
		return;
	packet->timestamp = ntp_from_ptp(packet->timestamp, format->tai_offset);
	packet->receive_timestamp = ntp_from_ptp(packet->receive_timestamp, format->tai_offset);
}

/** The kernel's arrival time when it lies between sending and now, else the reading in user space. */
static void arrival_set(const struct test_session *session, const struct local_clock *clock,
                        const struct datagram *datagram, const struct local_time *now,
                        struct reply *reply)
{
	uint32_t sequence = reply->packet.sender_sequence;
	int64_t arrival;

	reply->received_ns = now->monotonic_ns;
	reply->arrival = now->ntp;
	if (!datagram->timestamp_known || sequence >= session->record.sent)
		return;
	arrival = local_clock_monotonic(clock, &datagram->timestamp);
	if (arrival > now->monotonic_ns || arrival < session->record.packets[sequence].sent_ns)
		return;
	reply->arrival_kernel = true;
	reply->received_ns = arrival;
	reply->arrival = ntp_from_timespec(&datagram->timestamp);
}

bool test_session_receive(struct test_session *session, struct local_clock *clock,
                          enum reply_verdict *verdict, uint32_t *sequence)
{
	uint8_t payload[REPLY_BUFFER_SIZE];
	struct datagram datagram;
	struct reply reply = {0};
	struct local_time now;
	int result = test_socket_receive(&session->socket, payload, sizeof(payload), &datagram);

	if (result < 0) {
		session->unreachable++;
		session->last_error = -result;
	}
	if (result <= 0)
		return false;
	now = local_clock_now(clock);
	*verdict = reply_read(session, payload, &datagram, &reply);
	*sequence = reply.packet.sender_sequence;
	if (*verdict != REPLY_ANSWER) {
		session_record_refuse(&session->record, *verdict);
		return true;
	}
	timestamps_convert(&session->format, &reply);
	arrival_set(session, clock, &datagram, &now, &reply);
	reply.octets = datagram.octets;
	reply.ttl = datagram.ttl;
	reply.ttl_known = datagram.ttl_known;
	reply.dscp = datagram.dscp;
	reply.dscp_known = datagram.dscp_known;
	*verdict = session_record_reply(&session->record, &reply);
	return true;
}

void test_session_transmit_timestamps(struct test_session *session, struct local_clock *clock)
{
	struct timespec timestamp;
	uint32_t number;

	while (test_socket_transmit_timestamp(&session->socket, &number, &timestamp) == 1)
		session_record_departure(&session->record, number,
		                         local_clock_monotonic(clock, &timestamp),
		                         ntp_from_timespec(&timestamp));
}

void test_session_close(struct test_session *session)
{
	if (session->keys != NULL) {
		suite_keys_wipe(session->suite, session->keys);
		free(session->keys);
		session->keys = NULL;
	}
	free(session->payload);
	free(session->padding);
	session->payload = NULL;
	session->padding = NULL;
	session_record_free(&session->record);
	test_socket_close(&session->socket);
}
