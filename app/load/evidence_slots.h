/* SPDX-License-Identifier: BSD-3-Clause */
/** The slots of evidence: slot i is of fault i / per_fault. For evidence.c, and who writes them out. */
#ifndef SPECULAR_LOAD_EVIDENCE_SLOTS_H
#define SPECULAR_LOAD_EVIDENCE_SLOTS_H

#include <stdbool.h>

#include "evidence.h"

struct evidence_slot {
	uint64_t received_ntp;
	uint64_t detail;
	uint32_t session;
	uint32_t sequence;
	uint16_t length; /**< on the wire */
	uint16_t kept;
	bool used;
};

struct evidence {
	unsigned per_fault;
	uint16_t frame_size;
	uint32_t taken[LOAD_FAULT_COUNT]; /**< atomic */
	struct evidence_slot *slots;
	uint8_t *frames; /**< frame_size octets a slot */
};

/** The slot of evidence_get's index. */
unsigned evidence_slot_at(const struct evidence *evidence, unsigned index);

#endif
