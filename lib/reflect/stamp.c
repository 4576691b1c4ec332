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
	        htobe16(worse_error_estimate(stamp->transmit.error_estimate, receive_error));
	stamp->sum = checksum_fold(checksum_add(stamp->timestamp, stamp->error_estimate));
}

struct stamp stamp_now(const struct burst *burst)
{
	struct stamp stamp = {.transmit = tsc_clock_read(burst->reflector->clock, tsc_now())};

	stamp.timestamp = htobe64(stamp.transmit.ntp);
	stamp_adapt(&stamp, burst->packets[0].frame->receive_time.error_estimate);
	return stamp;
}

/** RFC 768: a checksum of 0 means none and is sent as 0xffff, which is the same number modulo 65535. */
static inline void write_checksum(const struct packet *packet, uint16_t checksum)
{
	if (packet->has_checksum)
		checksum_store(packet_udp(packet) + UDP_CHECKSUM,
		               checksum != 0 ? checksum : 0xffff);
}

/** Keyed replies are summed when they are sealed. An encrypted one has its timestamp already. */
static void sum_keyed(struct burst *burst)
{
	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = &burst->packets[i];

		if (packet->core->mode != TEST_UNAUTHENTICATED && packet->has_checksum)
			packet->checksum = checksum_fold(checksum_subtract(
			        packet->checksum,
			        checksum_sum_constant(packet->payload,
			                              SECURE_REFLECTOR_HEADER_SIZE)));
	}
}

static inline void stamp_clear(const struct packet *packet, const struct stamp *stamp,
                               uint32_t offset)
{
	uint8_t *to = packet->payload + offset;
	uint16_t error_estimate = (uint16_t)stamp->error_estimate;

	memcpy(to, &stamp->timestamp, sizeof(stamp->timestamp));
	memcpy(to + sizeof(stamp->timestamp), &error_estimate, sizeof(error_estimate));
	write_checksum(packet, checksum_fold((uint32_t)packet->checksum + (uint16_t)~stamp->sum));
}
_Static_assert(REFLECTOR_TIMESTAMP + sizeof(uint64_t) == REFLECTOR_ERROR_ESTIMATE, "stamp");
_Static_assert(REFLECTOR_TIMESTAMP % 2 == 0 && SECURE_REFLECTOR_TIMESTAMP % 2 == 0,
               "a stamp's sum is not shifted");

void stage_stamp(struct burst *burst)
{
	if (burst->count == 0)
		return;
	if (burst->keyed > 0)
		sum_keyed(burst);
	struct stamp stamp = stamp_now(burst);
	for (unsigned i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];

		stamp_for(&stamp, packet);
		if (packet->core->mode == TEST_UNAUTHENTICATED)
			stamp_clear(packet, &stamp, REFLECTOR_TIMESTAMP);
		else if (packet->core->mode == TEST_AUTHENTICATED)
			stamp_clear(packet, &stamp, SECURE_REFLECTOR_TIMESTAMP);
		else
			write_checksum(packet, packet->checksum);
	}
}
