/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/stamp.h"

#include <endian.h>

#include "reflect/checksum.h"
#include "reflect/headers.h"

#define ESTIMATE_SYNCHRONIZED 0x8000u /**< S, RFC 4656 section 4.1.2 */

static uint16_t worse_error_estimate(uint16_t left, uint16_t right)
{
	if (left == right)
		return left;
	bool left_is_worse = error_estimate_to_ns(left) >= error_estimate_to_ns(right);
	uint16_t worse = left_is_worse ? left : right;

	if (error_estimate_synchronized(left) && error_estimate_synchronized(right))
		return worse;
	return worse & (uint16_t)~ESTIMATE_SYNCHRONIZED;
}

void stamp_adapt(struct stamp *stamp, uint16_t receive_error)
{
	stamp->receive_error = receive_error;
	stamp->error_estimate =
	        htobe16(worse_error_estimate(stamp->transmit.error_estimate, receive_error) |
	                stamp->format);
	stamp->negative =
	        ~(uint64_t)checksum_fold(checksum_add(stamp->timestamp, stamp->error_estimate));
}

struct stamp stamp_now(const struct burst *burst)
{
	struct stamp stamp = {.transmit = tsc_clock_read(burst->reflector->clock, tsc_now())};

	stamp.timestamp = htobe64(stamp.transmit.ntp);
	stamp_adapt(&stamp, burst_receive_time(burst, &burst->packets[0])->error_estimate);
	return stamp;
}

struct stamp stamp_ptp(const struct burst *burst, const struct stamp *stamp)
{
	struct stamp ptp = *stamp;

	ptp.format = ERROR_ESTIMATE_PTP;
	ptp.timestamp = htobe64(
	        ptp_from_ntp(stamp->transmit.ntp, tsc_clock_tai_offset(burst->reflector->clock)));
	stamp_adapt(&ptp, stamp->receive_error);
	return ptp;
}

/**
 * RFC 768: a checksum of 0 means none and is sent as 0xffff, which is the same number modulo 65535. No sum is 0 here: what is
 * subtracted last is added as its complement, and a sum of which a part is not 0 is not 0.
 */
static inline void write_checksum(const struct packet *packet, uint64_t sum)
{
	if (packet->has_checksum)
		checksum_store(packet_udp(packet) + UDP_CHECKSUM, checksum_fold(sum));
}

/** sum: what the checksum is but for the stamp. */
static inline void stamp_clear(const struct packet *packet, const struct stamp *stamp,
                               uint32_t offset, uint64_t sum)
{
	uint8_t *to = packet->payload + offset;
	uint16_t error_estimate = (uint16_t)stamp->error_estimate;

	memcpy(to, &stamp->timestamp, sizeof(stamp->timestamp));
	memcpy(to + sizeof(stamp->timestamp), &error_estimate, sizeof(error_estimate));
	write_checksum(packet, checksum_add(sum, stamp->negative));
}
_Static_assert(REFLECTOR_TIMESTAMP + sizeof(uint64_t) == REFLECTOR_ERROR_ESTIMATE, "stamp");
_Static_assert(REFLECTOR_TIMESTAMP % 2 == 0 && SECURE_REFLECTOR_TIMESTAMP % 2 == 0,
               "a stamp's sum is not turned");

/** Of an authenticated reply, once sealed; build.c has subtracted what stays clear. */
static inline void stamp_authenticated(const struct packet *packet, const struct stamp *stamp)
{
	const uint8_t *payload = packet->payload;
	uint64_t sealed = checksum_sum_constant(payload, REFLECTOR_PROTECTED_AUTHENTICATED);

	sealed = checksum_add_octets(sealed, payload + SECURE_REFLECTOR_HMAC, TEST_HMAC_SIZE);
	stamp_clear(packet, stamp, SECURE_REFLECTOR_TIMESTAMP,
	            checksum_subtract(packet->checksum, sealed));
}

/** Of an encrypted reply, whose stamp was sealed. The request's sum had its checksum in it, which was not 0. */
static inline void sum_encrypted(const struct packet *packet)
{
	uint64_t sealed = checksum_sum_constant(packet->payload, SECURE_REFLECTOR_HEADER_SIZE);

	write_checksum(packet, checksum_add(packet->checksum, ~sealed));
}

HOT void stamp_one(const struct burst *burst, const struct packet *packet, struct stamp *stamp)
{
	enum test_mode mode = packet->core->mode;

	stamp_for(stamp, burst, packet);
	if (mode == TEST_UNAUTHENTICATED)
		stamp_clear(packet, stamp, REFLECTOR_TIMESTAMP, packet->checksum);
	else if (mode == TEST_AUTHENTICATED)
		stamp_authenticated(packet, stamp);
	else
		sum_encrypted(packet);
}

static void stamp_each(const struct burst *burst, struct stamp *stamp)
{
	for (unsigned i = 0; i < burst->count; i++)
		stamp_one(burst, &burst->packets[i], stamp);
}

/** In one format or the other. */
static __attribute__((noinline)) void stamp_each_its_own(const struct burst *burst,
                                                         struct stamp *stamp)
{
	struct stamp ptp = stamp_ptp(burst, stamp);

	for (unsigned i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];

		stamp_one(burst, packet, packet_has(packet, SESSION_PTP) ? &ptp : stamp);
	}
}

void stage_stamp(struct burst *burst)
{
	const struct packet *end = burst->packets + burst->count;

	if (burst->count == 0)
		return;
	struct stamp stamp = stamp_now(burst);
	if (burst->has_ptp) {
		stamp_each_its_own(burst, &stamp);
		return;
	}
	if (burst->keyed != 0 || burst->arrival->offloads != NULL) {
		stamp_each(burst, &stamp);
		return;
	}
	for (const struct packet *packet = burst->packets; packet < end; packet++)
		stamp_clear(packet, &stamp, REFLECTOR_TIMESTAMP, packet->checksum);
}
