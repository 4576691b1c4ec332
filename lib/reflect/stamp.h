/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The reply's timestamp and its Error Estimate, in NTP or PTP format (RFC 8186 section 2.3). There is one estimate for both timestamps (RFC 5357 section 4.2.1): the worse of
 * the two, synchronized only if both are.
 */
#ifndef SPECULAR_REFLECT_STAMP_H
#define SPECULAR_REFLECT_STAMP_H

#include "reflect/stages.h"

/** What a reply gets, made once for all packets of a burst that have the same error of the receive timestamp. */
struct stamp {
	struct clock_timestamp transmit;
	uint16_t format;         /**< host order: ERROR_ESTIMATE_PTP or 0 */
	uint16_t receive_error;  /**< host order */
	uint64_t timestamp;      /**< network order */
	uint64_t error_estimate; /**< network order, six octets MBZ behind it */
	uint64_t negative; /**< the complement of the sum of both, as checksum.h has it; not 0 */
};

/** For packets whose receive timestamp has the error of the first one; see stamp_for. */
struct stamp stamp_now(const struct burst *burst);

/** The same moment in PTP format. */
struct stamp stamp_ptp(const struct burst *burst, const struct stamp *stamp);

void stamp_adapt(struct stamp *stamp, uint16_t receive_error);

/** Makes the stamp fit the packet. */
static inline void stamp_for(struct stamp *stamp, const struct burst *burst,
                             const struct packet *packet)
{
	uint16_t receive_error = burst_receive_time(burst, packet)->error_estimate;

	if (receive_error != stamp->receive_error)
		stamp_adapt(stamp, receive_error);
}

/** Before it is sealed: the stamp of a reply in encrypted mode. */
static inline void stamp_write_secure(const struct packet *packet, const struct stamp *stamp)
{
	uint8_t *to = packet->payload + SECURE_REFLECTOR_TIMESTAMP;

	memcpy(to, &stamp->timestamp, sizeof(stamp->timestamp));
	memcpy(to + sizeof(stamp->timestamp), &stamp->error_estimate,
	       sizeof(stamp->error_estimate));
}
_Static_assert(SECURE_REFLECTOR_TIMESTAMP + sizeof(uint64_t) == SECURE_REFLECTOR_ERROR_ESTIMATE &&
                       SECURE_REFLECTOR_ERROR_ESTIMATE + sizeof(uint64_t) ==
                               SECURE_REFLECTOR_RECEIVE_TIMESTAMP,
               "timestamp, error estimate and MBZ are two words");

#endif
