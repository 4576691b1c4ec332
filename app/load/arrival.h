/* SPDX-License-Identifier: BSD-3-Clause */
/** What a judged reply does to the counts: of its session, of the lcore, and of the evidence. The lcore. */
#ifndef SPECULAR_LOAD_ARRIVAL_H
#define SPECULAR_LOAD_ARRIVAL_H

#include "judge.h"
#include "receiver.h"

struct arrival {
	const struct received_frame *frame;
	struct load_session *session; /**< NULL: none is known */
	uint8_t *payload;             /**< of UDP; with a session only, as are the following */
	uint16_t length;
	/** What was at payload before it was decrypted, REFLECTOR_PROTECTED_ENCRYPTED octets; NULL: it was not. */
	const uint8_t *sealed;
};

/** Counts it and keeps the frame as it was on the wire, for which the payload is encrypted again. */
void arrival_fault(struct receiver *receiver, const struct arrival *arrival, enum load_fault fault,
                   uint64_t detail);

/** Counts an opened reply as what it is; at most RECEIVE_BURST_MAX between two arrival_end_burst. */
void arrival_judge(struct receiver *receiver, const struct arrival *arrival,
                   const struct judge_reply *reply);

/** Durations of the burst are counted. */
void arrival_end_burst(struct receiver *receiver);

#endif
