/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One test session of the Session-Sender: its socket, keys, packet format and record. Builds test packets (RFC 4656 section
 * 4.1.2, RFC 6038 section 5.1) and opens replies (RFC 5357 section 4.2.1). One thread.
 */
#ifndef SPECULAR_PROBE_TEST_SESSION_H
#define SPECULAR_PROBE_TEST_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/suite.h"
#include "local_clock.h"
#include "session_record.h"
#include "test_socket.h"
#include "wire/control_message.h"

/** What the test packets of a run look like. */
struct packet_format {
	enum test_mode mode;
	bool symmetrical;
	bool monitoring;    /**< of DSCP and ECN, RFC 7750 */
	bool ptp;           /**< the reflector's timestamps may be PTP's, RFC 8186 */
	int32_t tai_offset; /**< the reflector's TAI - UTC in seconds; with ptp */
	uint8_t ecn;        /**< of the packets sent */
	bool zero_padding;
	uint16_t reflect_octets; /**< first of the padding, which come back; 0: not asked */
	uint32_t padding;        /**< octets behind the header */
};

struct test_session {
	uint8_t sid[SID_SIZE];
	struct test_socket socket;
	struct packet_format format;
	struct suite *suite; /**< borrowed; NULL in unauthenticated test mode */
	void *keys;          /**< expanded test keys; a secret */
	uint8_t *payload;    /**< the packet to send: header and padding */
	size_t payload_size;
	uint8_t *padding; /**< as sent, to compare what comes back */
	struct session_record record;
	/* The sender's schedule. */
	int64_t next_ns;      /**< monotonic: when the next packet is due */
	uint64_t send_errors; /**< sends that the kernel refused */
	uint64_t unreachable; /**< ICMP errors that came back */
	int last_error;       /**< the newest errno of both, positive; 0: none */
};

/** Padding octets that make a reply as long as the packet: RFC 5357 section 4.1.2, RFC 6038 section 5.1.3, RFC 7750 section 2.2.2. */
uint32_t packet_format_equal_padding(const struct packet_format *format);

/** Binds the socket and makes the record; keys follow by test_session_accept. The caller calls test_session_close. */
int test_session_open(struct test_session *session, const struct packet_format *format,
                      const struct address *local, uint16_t port_low, uint16_t port_high,
                      uint8_t dscp, uint32_t packets, int64_t timeout_ns, struct error *error);

/** After Accept-Session: SID, the reflector's endpoint, RFC 6038's Server octets, and test keys from control_keys and SID. */
int test_session_accept(struct test_session *session, const uint8_t sid[SID_SIZE],
                        const struct endpoint *reflector, uint16_t server_octets,
                        struct suite *suite, const struct session_keys *control_keys,
                        struct error *error);

/** Builds and sends the next packet. 0, or a negative errno: the packet counts as sent (and lost) all the same. */
int test_session_send(struct test_session *session, struct local_clock *clock);

/** Reads one datagram and judges it: false when none waits. */
bool test_session_receive(struct test_session *session, struct local_clock *clock,
                          enum reply_verdict *verdict, uint32_t *sequence);

/** Takes the kernel's transmit timestamps that wait. */
void test_session_transmit_timestamps(struct test_session *session, struct local_clock *clock);

/** Wipes the keys. Safe on a zeroed session whose socket.fd is -1. */
void test_session_close(struct test_session *session);

#endif
