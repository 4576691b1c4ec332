/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/test_packet.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

#define SEQUENCE_SIZE       4u
#define TIMESTAMP_SIZE      8u
#define ERROR_ESTIMATE_SIZE 2u
#define MBZ_2_SIZE          2u
#define TTL_SIZE            1u

static_assert(SENDER_SEQUENCE + SEQUENCE_SIZE == SENDER_TIMESTAMP, "sender sequence");
static_assert(SENDER_TIMESTAMP + TIMESTAMP_SIZE == SENDER_ERROR_ESTIMATE, "sender timestamp");
static_assert(SENDER_ERROR_ESTIMATE + ERROR_ESTIMATE_SIZE == SENDER_HEADER_SIZE, "sender header");

static_assert(SECURE_SENDER_TIMESTAMP == TEST_BLOCK, "the second block starts with the timestamp");
static_assert(SECURE_SENDER_TIMESTAMP + TIMESTAMP_SIZE == SECURE_SENDER_ERROR_ESTIMATE,
              "secure sender timestamp");
static_assert(SECURE_SENDER_HMAC == SENDER_PROTECTED_ENCRYPTED, "the HMAC follows what it covers");
static_assert(SECURE_SENDER_HEADER_SIZE + SECURE_SENDER_SYMMETRICAL_MBZ ==
                      SECURE_REFLECTOR_HEADER_SIZE,
              "secure symmetrical layout");

static_assert(REFLECTOR_SEQUENCE + SEQUENCE_SIZE == REFLECTOR_TIMESTAMP, "sequence");
static_assert(REFLECTOR_TIMESTAMP + TIMESTAMP_SIZE == REFLECTOR_ERROR_ESTIMATE, "timestamp");
static_assert(REFLECTOR_ERROR_ESTIMATE + ERROR_ESTIMATE_SIZE == REFLECTOR_MBZ_1, "error estimate");
static_assert(REFLECTOR_RECEIVE_TIMESTAMP + TIMESTAMP_SIZE == REFLECTOR_SENDER_SEQUENCE,
              "receive timestamp");
static_assert(REFLECTOR_SENDER_SEQUENCE + SEQUENCE_SIZE == REFLECTOR_SENDER_TIMESTAMP,
              "sender sequence");
static_assert(REFLECTOR_SENDER_TIMESTAMP + TIMESTAMP_SIZE == REFLECTOR_SENDER_ERROR_ESTIMATE,
              "sender timestamp");
static_assert(REFLECTOR_SENDER_ERROR_ESTIMATE + ERROR_ESTIMATE_SIZE == REFLECTOR_MBZ_2,
              "sender error estimate");
static_assert(REFLECTOR_MBZ_2 + MBZ_2_SIZE == REFLECTOR_SENDER_TTL, "sender TTL");
static_assert(REFLECTOR_SENDER_TTL + TTL_SIZE == REFLECTOR_HEADER_SIZE, "reflector header");
static_assert(SECURE_REFLECTOR_SENDER_TTL + TTL_SIZE == SECURE_REFLECTOR_SENDER_DSCP_ECN,
              "sender DSCP and ECN");

static_assert(SECURE_REFLECTOR_TIMESTAMP == TEST_BLOCK &&
                      SECURE_REFLECTOR_RECEIVE_TIMESTAMP == 2 * TEST_BLOCK &&
                      SECURE_REFLECTOR_SENDER_SEQUENCE == 3 * TEST_BLOCK &&
                      SECURE_REFLECTOR_SENDER_TIMESTAMP == 4 * TEST_BLOCK &&
                      SECURE_REFLECTOR_SENDER_TTL == 5 * TEST_BLOCK,
              "each group of fields starts a block");
static_assert(SECURE_REFLECTOR_HMAC == REFLECTOR_PROTECTED_ENCRYPTED,
              "the HMAC follows what it covers");

void sender_packet_write(uint8_t *payload, enum test_mode mode, bool symmetrical, bool monitoring,
                         const struct sender_packet *packet)
{
	if (mode == TEST_UNAUTHENTICATED) {
		store_be32(payload + SENDER_SEQUENCE, packet->sequence);
		store_be64(payload + SENDER_TIMESTAMP, packet->timestamp);
		store_be16(payload + SENDER_ERROR_ESTIMATE, packet->error_estimate);
		if (symmetrical)
			memset(payload + SENDER_HEADER_SIZE, 0,
			       monitoring ? SENDER_MONITORING_MBZ : SENDER_SYMMETRICAL_MBZ);
		return;
	}
	memset(payload, 0, SECURE_SENDER_HMAC);
	store_be32(payload + SECURE_SENDER_SEQUENCE, packet->sequence);
	store_be64(payload + SECURE_SENDER_TIMESTAMP, packet->timestamp);
	store_be16(payload + SECURE_SENDER_ERROR_ESTIMATE, packet->error_estimate);
	if (symmetrical)
		memset(payload + SECURE_SENDER_HEADER_SIZE, 0, SECURE_SENDER_SYMMETRICAL_MBZ);
}

static void read_unauthenticated(const uint8_t *payload, struct reflector_packet *packet)
{
	packet->sequence = load_be32(payload + REFLECTOR_SEQUENCE);
	packet->timestamp = load_be64(payload + REFLECTOR_TIMESTAMP);
	packet->error_estimate = load_be16(payload + REFLECTOR_ERROR_ESTIMATE);
	packet->receive_timestamp = load_be64(payload + REFLECTOR_RECEIVE_TIMESTAMP);
	packet->sender_sequence = load_be32(payload + REFLECTOR_SENDER_SEQUENCE);
	packet->sender_timestamp = load_be64(payload + REFLECTOR_SENDER_TIMESTAMP);
	packet->sender_error_estimate = load_be16(payload + REFLECTOR_SENDER_ERROR_ESTIMATE);
	packet->sender_ttl = payload[REFLECTOR_SENDER_TTL];
}

static void read_secure(const uint8_t *payload, struct reflector_packet *packet)
{
	packet->sequence = load_be32(payload + SECURE_REFLECTOR_SEQUENCE);
	packet->timestamp = load_be64(payload + SECURE_REFLECTOR_TIMESTAMP);
	packet->error_estimate = load_be16(payload + SECURE_REFLECTOR_ERROR_ESTIMATE);
	packet->receive_timestamp = load_be64(payload + SECURE_REFLECTOR_RECEIVE_TIMESTAMP);
	packet->sender_sequence = load_be32(payload + SECURE_REFLECTOR_SENDER_SEQUENCE);
	packet->sender_timestamp = load_be64(payload + SECURE_REFLECTOR_SENDER_TIMESTAMP);
	packet->sender_error_estimate = load_be16(payload + SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE);
	packet->sender_ttl = payload[SECURE_REFLECTOR_SENDER_TTL];
}

int reflector_packet_read(const uint8_t *payload, size_t size, enum test_mode mode, bool monitoring,
                          struct reflector_packet *packet)
{
	bool secure = mode != TEST_UNAUTHENTICATED;

	if (size < reflector_header_size(mode, monitoring))
		return ERROR_FORMAT;
	if (secure)
		read_secure(payload, packet);
	else
		read_unauthenticated(payload, packet);
	packet->sender_dscp_ecn = 0;
	if (monitoring)
		packet->sender_dscp_ecn = payload[secure ? SECURE_REFLECTOR_SENDER_DSCP_ECN
		                                         : REFLECTOR_SENDER_DSCP_ECN];
	return 0;
}
