/* SPDX-License-Identifier: BSD-3-Clause */
/** A reflector of a few lines on a loopback socket, by the offsets of RFC 5357 section 4.2.1; it can be told to misbehave. */
#ifndef SPECULAR_TEST_PROBE_REFLECTOR_H
#define SPECULAR_TEST_PROBE_REFLECTOR_H

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "clock/timestamp.h"
#include "crypto/key_derivation.h"
#include "crypto/suite.h"
#include "test_session.h"
#include "unit.h"
#include "wire/test_packet.h"

#define REFLECTOR_BUFFER       4096
#define REFLECTOR_WAIT_MS      2000
#define REFLECTOR_TTL          251
#define REFLECTOR_ESTIMATE     0x8001
#define REFLECTOR_CLASS        0xb9                /**< EF, ECT(1): of packets as it saw them */
#define REFLECTOR_TURNAROUND   ((uint64_t)1 << 12) /**< about a microsecond */
#define REFLECTOR_NOTHING_CAME (-1)

struct reflector {
	int fd;
	struct endpoint endpoint;
	enum test_mode mode;
	uint16_t reflect_octets;
	bool symmetrical;
	bool monitoring;
	bool ptp; /**< its timestamps are PTP's, 37 s ahead of ours */
	struct suite *suite;
	void *keys;
	uint32_t sequence;
	uint8_t received[REFLECTOR_BUFFER]; /**< the newest packet, opened */
	uint8_t reply[REFLECTOR_BUFFER];
	size_t size; /**< of both */
	struct sockaddr_storage peer;
	socklen_t peer_size;
};

static inline void reflector_open(struct reflector *reflector, enum test_mode mode,
                                  const struct session_keys *control_keys, const uint8_t *sid)
{
	struct endpoint any = {.address = address_make(4, "\x7f\0\0\1")};
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(&any, &storage);
	struct session_keys keys;

	memset(reflector, 0, sizeof(*reflector));
	reflector->mode = mode;
	reflector->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(bind(reflector->fd, (struct sockaddr *)&storage, size) == 0);
	size = sizeof(storage);
	CU_ASSERT_FATAL(getsockname(reflector->fd, (struct sockaddr *)&storage, &size) == 0);
	CU_ASSERT_FATAL(endpoint_from_sockaddr((struct sockaddr *)&storage, &reflector->endpoint) ==
	                0);
	if (mode == TEST_UNAUTHENTICATED)
		return;
	CU_ASSERT_FATAL(suite_create(SUITE_OPENSSL, &reflector->suite, NULL) == 0);
	reflector->keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(reflector->suite));
	CU_ASSERT_FATAL(test_keys_derive(control_keys, sid, &keys) == 0);
	CU_ASSERT_FATAL(suite_keys_expand(reflector->suite, &keys, reflector->keys) == 0);
}

static inline void reflector_close(struct reflector *reflector)
{
	if (reflector->suite != NULL)
		suite_keys_wipe(reflector->suite, reflector->keys);
	free(reflector->keys);
	suite_destroy(reflector->suite);
	(void)close(reflector->fd);
}

static inline struct suite_job reflector_job(const struct reflector *reflector, uint8_t *octets,
                                             uint16_t hmac, uint16_t protected_size)
{
	return (struct suite_job){.keys = reflector->keys,
	                          .data = octets,
	                          .hmac = octets + hmac,
	                          .protected_size = protected_size,
	                          .cipher = reflector->mode == TEST_ENCRYPTED ? SUITE_AES_CBC
	                                                                      : SUITE_AES_ECB};
}

/** Receives a packet and opens it; REFLECTOR_NOTHING_CAME, 0 for a wrong HMAC, 1. */
static inline int reflector_receive(struct reflector *reflector)
{
	struct pollfd wait = {.fd = reflector->fd, .events = POLLIN};
	struct suite_job job;
	ssize_t size;

	if (poll(&wait, 1, REFLECTOR_WAIT_MS) != 1)
		return REFLECTOR_NOTHING_CAME;
	reflector->peer_size = sizeof(reflector->peer);
	size = recvfrom(reflector->fd, reflector->received, REFLECTOR_BUFFER, 0,
	                (struct sockaddr *)&reflector->peer, &reflector->peer_size);
	reflector->size = size < 0 ? 0 : (size_t)size;
	if (reflector->mode == TEST_UNAUTHENTICATED)
		return 1;
	job = reflector_job(reflector, reflector->received, SECURE_SENDER_HMAC,
	                    sender_protected_size(reflector->mode));
	suite_open_burst(reflector->suite, &job, 1);
	return job.verified;
}

/** Builds the reply to received in reply, plaintext. */
static inline void reflector_build(struct reflector *reflector)
{
	bool secure = reflector->mode != TEST_UNAUTHENTICATED;
	const uint8_t *from = reflector->received;
	uint8_t *to = reflector->reply;
	size_t header = reflector_header_size(reflector->mode, reflector->monitoring);
	uint64_t received = load_be64(from + (secure ? SECURE_SENDER_TIMESTAMP : SENDER_TIMESTAMP));

	memset(to, 0, REFLECTOR_BUFFER);
	if (reflector->size < header)
		reflector->size = header;
	store_be32(to, reflector->sequence++);
	uint64_t sent = received + REFLECTOR_TURNAROUND;

	store_be64(to + (secure ? SECURE_REFLECTOR_TIMESTAMP : REFLECTOR_TIMESTAMP),
	           reflector->ptp ? ptp_from_ntp(sent, 37) : sent);
	store_be16(to + (secure ? SECURE_REFLECTOR_ERROR_ESTIMATE : REFLECTOR_ERROR_ESTIMATE),
	           REFLECTOR_ESTIMATE | (reflector->ptp ? ERROR_ESTIMATE_PTP : 0));
	store_be64(to + (secure ? SECURE_REFLECTOR_RECEIVE_TIMESTAMP : REFLECTOR_RECEIVE_TIMESTAMP),
	           reflector->ptp ? ptp_from_ntp(received, 37) : received);
	memcpy(to + (secure ? SECURE_REFLECTOR_SENDER_SEQUENCE : REFLECTOR_SENDER_SEQUENCE), from,
	       4);
	memcpy(to + (secure ? SECURE_REFLECTOR_SENDER_TIMESTAMP : REFLECTOR_SENDER_TIMESTAMP),
	       from + (secure ? SECURE_SENDER_TIMESTAMP : SENDER_TIMESTAMP), 8);
	memcpy(to + (secure ? SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE
	                    : REFLECTOR_SENDER_ERROR_ESTIMATE),
	       from + (secure ? SECURE_SENDER_ERROR_ESTIMATE : SENDER_ERROR_ESTIMATE), 2);
	to[secure ? SECURE_REFLECTOR_SENDER_TTL : REFLECTOR_SENDER_TTL] = REFLECTOR_TTL;
	if (reflector->monitoring)
		to[secure ? SECURE_REFLECTOR_SENDER_DSCP_ECN : REFLECTOR_SENDER_DSCP_ECN] =
		        REFLECTOR_CLASS;
	memcpy(to + header,
	       from + sender_header_size(reflector->mode, reflector->symmetrical,
	                                 reflector->monitoring),
	       reflector->reflect_octets);
}

static inline void reflector_seal(struct reflector *reflector)
{
	struct suite_job job = reflector_job(reflector, reflector->reply, SECURE_REFLECTOR_HMAC,
	                                     reflector_protected_size(reflector->mode));

	if (reflector->mode != TEST_UNAUTHENTICATED)
		suite_seal_burst(reflector->suite, &job, 1);
}

static inline void reflector_send(struct reflector *reflector)
{
	(void)sendto(reflector->fd, reflector->reply, reflector->size, 0,
	             (struct sockaddr *)&reflector->peer, reflector->peer_size);
}

#endif
