/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TWAMP-Test packets as octets: RFC 4656 section 4.1.2 (sender), RFC 5357 section 4.2.1 (reflector), RFC 6038 section 5, RFC 7750
 * section 2.2 (DSCP and ECN Monitoring, `monitoring` below).
 * Offsets are from the first octet of the UDP payload; multi-octet fields are in network byte order.
 */
#ifndef SPECULAR_WIRE_TEST_PACKET_H
#define SPECULAR_WIRE_TEST_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The format and protection of test packets; mixed mode (RFC 5618) uses TEST_UNAUTHENTICATED. */
enum test_mode { TEST_UNAUTHENTICATED, TEST_AUTHENTICATED, TEST_ENCRYPTED };

#define TEST_HMAC_SIZE 16u
#define TEST_BLOCK     16u

/** Session-Sender, unauthenticated. */
#define SENDER_SEQUENCE       0u
#define SENDER_TIMESTAMP      4u
#define SENDER_ERROR_ESTIMATE 12u
#define SENDER_HEADER_SIZE    14u
/** With Symmetrical Size (RFC 6038 section 5.1.4) 27 octets MBZ follow. */
#define SENDER_SYMMETRICAL_MBZ         27u
#define SENDER_SYMMETRICAL_HEADER_SIZE 41u
/** With DSCP and ECN Monitoring beside it 28 (RFC 7750 figure 4): two octets less than the reflector's header then is longer. */
#define SENDER_MONITORING_MBZ         28u
#define SENDER_MONITORING_HEADER_SIZE 42u

/** Session-Sender, authenticated and encrypted. */
#define SECURE_SENDER_SEQUENCE       0u
#define SECURE_SENDER_TIMESTAMP      16u
#define SECURE_SENDER_ERROR_ESTIMATE 24u
#define SECURE_SENDER_HMAC           32u
#define SECURE_SENDER_HEADER_SIZE    48u
/**
 * With Symmetrical Size MBZ octets follow so that the header is as long as the reflector's. RFC 6038 section 5.1.5 counts 56 by
 * a 104-octet reflector header; the header is 112 octets (erratum 5045), so 64.
 */
#define SECURE_SENDER_SYMMETRICAL_MBZ         64u
#define SECURE_SENDER_SYMMETRICAL_HEADER_SIZE 112u

/** Session-Reflector, unauthenticated. */
#define REFLECTOR_SEQUENCE              0u
#define REFLECTOR_TIMESTAMP             4u
#define REFLECTOR_ERROR_ESTIMATE        12u
#define REFLECTOR_MBZ_1                 14u
#define REFLECTOR_RECEIVE_TIMESTAMP     16u
#define REFLECTOR_SENDER_SEQUENCE       24u
#define REFLECTOR_SENDER_TIMESTAMP      28u
#define REFLECTOR_SENDER_ERROR_ESTIMATE 36u
#define REFLECTOR_MBZ_2                 38u
#define REFLECTOR_SENDER_TTL            40u
#define REFLECTOR_HEADER_SIZE           41u
/** With DSCP and ECN Monitoring (RFC 7750 figure 2) the field and two octets MBZ follow. */
#define REFLECTOR_SENDER_DSCP_ECN        41u
#define REFLECTOR_MBZ_3                  42u
#define REFLECTOR_MONITORING_HEADER_SIZE 44u

/** Session-Reflector, authenticated and encrypted. */
#define SECURE_REFLECTOR_SEQUENCE              0u
#define SECURE_REFLECTOR_TIMESTAMP             16u
#define SECURE_REFLECTOR_ERROR_ESTIMATE        24u
#define SECURE_REFLECTOR_RECEIVE_TIMESTAMP     32u
#define SECURE_REFLECTOR_SENDER_SEQUENCE       48u
#define SECURE_REFLECTOR_SENDER_TIMESTAMP      64u
#define SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE 72u
#define SECURE_REFLECTOR_SENDER_TTL            80u
#define SECURE_REFLECTOR_SENDER_DSCP_ECN       81u /**< RFC 7750 figure 3; else MBZ */
#define SECURE_REFLECTOR_HMAC                  96u
#define SECURE_REFLECTOR_HEADER_SIZE           112u

_Static_assert(SECURE_SENDER_HMAC + TEST_HMAC_SIZE == SECURE_SENDER_HEADER_SIZE, "sender layout");
_Static_assert(SECURE_REFLECTOR_HMAC + TEST_HMAC_SIZE == SECURE_REFLECTOR_HEADER_SIZE,
               "reflector layout");
_Static_assert(SENDER_HEADER_SIZE + SENDER_SYMMETRICAL_MBZ == REFLECTOR_HEADER_SIZE,
               "symmetrical layout");
_Static_assert(SENDER_HEADER_SIZE + SENDER_MONITORING_MBZ == SENDER_MONITORING_HEADER_SIZE,
               "RFC 7750 figure 4");
_Static_assert(REFLECTOR_HEADER_SIZE == REFLECTOR_SENDER_DSCP_ECN &&
                       REFLECTOR_MBZ_3 + 2 == REFLECTOR_MONITORING_HEADER_SIZE,
               "RFC 7750 figure 2");

/** Octets that AES and HMAC protect: 0 unauthenticated; 16 authenticated; encrypted 32 from the sender, 96 from the reflector. */
#define SENDER_PROTECTED_AUTHENTICATED    16u
#define SENDER_PROTECTED_ENCRYPTED        32u
#define REFLECTOR_PROTECTED_AUTHENTICATED 16u
#define REFLECTOR_PROTECTED_ENCRYPTED     96u

static inline uint16_t sender_protected_size(enum test_mode mode)
{
	return mode == TEST_ENCRYPTED       ? SENDER_PROTECTED_ENCRYPTED
	       : mode == TEST_AUTHENTICATED ? SENDER_PROTECTED_AUTHENTICATED
	                                    : 0;
}

static inline uint16_t reflector_protected_size(enum test_mode mode)
{
	return mode == TEST_ENCRYPTED       ? REFLECTOR_PROTECTED_ENCRYPTED
	       : mode == TEST_AUTHENTICATED ? REFLECTOR_PROTECTED_AUTHENTICATED
	                                    : 0;
}

/** Header before any padding (or padding to be reflected). */
static inline uint16_t sender_header_size(enum test_mode mode, bool symmetrical, bool monitoring)
{
	if (mode == TEST_UNAUTHENTICATED && symmetrical)
		return monitoring ? SENDER_MONITORING_HEADER_SIZE : SENDER_SYMMETRICAL_HEADER_SIZE;
	if (mode == TEST_UNAUTHENTICATED)
		return SENDER_HEADER_SIZE;
	return symmetrical ? SECURE_SENDER_SYMMETRICAL_HEADER_SIZE : SECURE_SENDER_HEADER_SIZE;
}

static inline uint16_t reflector_header_size(enum test_mode mode, bool monitoring)
{
	if (mode != TEST_UNAUTHENTICATED)
		return SECURE_REFLECTOR_HEADER_SIZE;
	return monitoring ? REFLECTOR_MONITORING_HEADER_SIZE : REFLECTOR_HEADER_SIZE;
}

/** A timestamp's format is told by Z of the Error Estimate: NTP 32.32, or PTPv2 truncated (clock/timestamp.h). */

/** A sender's test packet, plaintext. */
struct sender_packet {
	uint32_t sequence;
	uint64_t timestamp;
	uint16_t error_estimate;
};

/** A reflector's test packet, plaintext. */
struct reflector_packet {
	uint32_t sequence;
	uint64_t timestamp;
	uint16_t error_estimate;
	uint64_t receive_timestamp;
	uint32_t sender_sequence;
	uint64_t sender_timestamp;
	uint16_t sender_error_estimate;
	uint8_t sender_ttl;
	uint8_t sender_dscp_ecn; /**< DSCP << 2 | ECN as the request had them; 0 without monitoring */
};

/**
 * Writes the header, MBZ octets zeroed, the HMAC field left alone; the caller seals. size must be at least sender_header_size.
 * For the Session-Sender; the datapath builds in place by the offsets above.
 */
void sender_packet_write(uint8_t *payload, enum test_mode mode, bool symmetrical, bool monitoring,
                         const struct sender_packet *packet);

/** Reads an opened (decrypted, verified) reply of size octets; 0 or ERROR_FORMAT when it is too short. */
int reflector_packet_read(const uint8_t *payload, size_t size, enum test_mode mode, bool monitoring,
                          struct reflector_packet *packet);

#endif
