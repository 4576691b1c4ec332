/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The stages of reflect_burst, in the order in which it runs them; the bench runs them one by one to say what each costs.
 * Each takes the packets that the one before it left, and drops or hands on.
 */
#ifndef SPECULAR_REFLECT_STAGES_H
#define SPECULAR_REFLECT_STAGES_H

#include "reflect/packet.h"

/** What every stage works on: the packets that are still to be answered, in the order of arrival. */
struct burst {
	struct reflector *reflector;
	const struct reflect_arrival *arrival;
	const struct reflect_frame *frames; /**< all, as they came */
	unsigned count;
	unsigned keyed; /**< packets of authenticated and encrypted sessions at stage_lookup */
	bool has_ptp;   /**< some of the replies that stage_build made have PTP timestamps */
	/** With has_ptp and without offloads: the receive timestamp in PTP format, in network order. */
	uint64_t ptp_receive;
	struct packet packets[REFLECT_BURST_MAX];
	/* Of the packets, from stage_parse to stage_lookup. */
	struct flow_key flows[REFLECT_BURST_MAX];
	uint64_t hashes[REFLECT_BURST_MAX]; /**< core_table_hash of the flows */
};

/** Headers, flows; the caller has set burst->reflector and burst->arrival. */
void stage_parse(struct burst *burst, struct reflect_frame *frames, unsigned count);
/** Flow to session: started, not stopped, packet long enough; plans the reply. */
void stage_lookup(struct burst *burst);
/** Decrypts and verifies. */
void stage_open(struct burst *burst);
/** Takes sequence numbers and builds the replies. */
void stage_build(struct burst *burst);
/** Authenticates and encrypts. */
void stage_seal(struct burst *burst);
/** Checksums and transmit timestamps. */
void stage_stamp(struct burst *burst);

/** For the stages: when the packet was received. */
static inline const struct clock_timestamp *burst_receive_time(const struct burst *burst,
                                                               const struct packet *packet)
{
	const struct reflect_arrival *arrival = burst->arrival;

	return arrival->offloads == NULL
	               ? &arrival->receive_time
	               : &arrival->offloads[packet->frame - burst->frames].receive_time;
}

/** For the stages: the frame is not answered, and counted. */
void burst_drop(struct burst *burst, struct reflect_frame *frame, enum datapath_counter reason);
/** For the stages: the frame is the kernel's. */
void burst_leave_to_kernel(struct reflect_frame *frame);

/** For the stages: removes the packets whose frame is NULL. */
void burst_compact(struct burst *burst);

/** For the stages: keeps packet i as the next one, number *kept. */
static inline void burst_keep(struct burst *burst, unsigned i, unsigned *kept)
{
	if (*kept != i)
		burst->packets[*kept] = burst->packets[i];
	++*kept;
}

#endif
