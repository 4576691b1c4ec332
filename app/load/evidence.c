/* SPDX-License-Identifier: BSD-3-Clause */
#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "evidence_slots.h"

struct evidence *evidence_create(unsigned per_fault, uint16_t frame_size)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));
	size_t slots = (size_t)per_fault * LOAD_FAULT_COUNT;

	if (evidence == NULL)
		return NULL;
	evidence->per_fault = per_fault;
	evidence->frame_size = frame_size;
	evidence->slots = calloc(slots + 1, sizeof(*evidence->slots));
	evidence->frames = calloc(slots + 1, frame_size + 1u);
	if (evidence->slots == NULL || evidence->frames == NULL) {
		evidence_destroy(evidence);
		return NULL;
	}
	return evidence;
}

void evidence_destroy(struct evidence *evidence)
{
	if (evidence == NULL)
		return;
	free(evidence->frames);
	free(evidence->slots);
	free(evidence);
}

void evidence_keep(struct evidence *evidence, enum load_fault fault, const uint8_t *frame,
                   uint16_t length, uint64_t received_ntp, uint32_t session, uint32_t sequence,
                   uint64_t detail)
{
	uint32_t place;

	/* The look first: a reflector may err in every packet for hours. */
	if (evidence == NULL || fault >= LOAD_FAULT_COUNT ||
	    __atomic_load_n(&evidence->taken[fault], __ATOMIC_RELAXED) >= evidence->per_fault)
		return;
	place = __atomic_fetch_add(&evidence->taken[fault], 1, __ATOMIC_RELAXED);
	if (place >= evidence->per_fault)
		return;
	unsigned slot = (unsigned)fault * evidence->per_fault + place;
	uint16_t kept = length < evidence->frame_size ? length : evidence->frame_size;
	evidence->slots[slot] = (struct evidence_slot){.received_ntp = received_ntp,
	                                               .detail = detail,
	                                               .session = session,
	                                               .sequence = sequence,
	                                               .length = length,
	                                               .kept = kept,
	                                               .used = true};
	memcpy(evidence->frames + (size_t)slot * evidence->frame_size, frame, kept);
}

static unsigned slot_count(const struct evidence *evidence)
{
	return evidence->per_fault * LOAD_FAULT_COUNT;
}

unsigned evidence_count(const struct evidence *evidence)
{
	unsigned count = 0;

	for (unsigned slot = 0; slot < slot_count(evidence); slot++)
		count += evidence->slots[slot].used;
	return count;
}

/** Slots that arrived before this one; of those at the same time, the first. */
static unsigned rank_of(const struct evidence *evidence, unsigned slot)
{
	uint64_t at = evidence->slots[slot].received_ntp;
	unsigned rank = 0;

	for (unsigned i = 0; i < slot_count(evidence); i++) {
		int64_t after = (int64_t)(evidence->slots[i].received_ntp - at);
		rank += evidence->slots[i].used && (after < 0 || (after == 0 && i < slot));
	}
	return rank;
}

unsigned evidence_slot_at(const struct evidence *evidence, unsigned index)
{
	for (unsigned slot = 0; slot < slot_count(evidence); slot++) {
		if (evidence->slots[slot].used && rank_of(evidence, slot) == index)
			return slot;
	}
	return 0;
}

struct evidence_entry evidence_get(const struct evidence *evidence, unsigned index)
{
	unsigned place = evidence_slot_at(evidence, index);
	const struct evidence_slot *slot = &evidence->slots[place];

	return (struct evidence_entry){
	        .fault = (enum load_fault)(place / evidence->per_fault),
	        .received_ntp = slot->received_ntp,
	        .session = slot->session,
	        .sequence = slot->sequence,
	        .detail = slot->detail,
	        .frame = evidence->frames + (size_t)place * evidence->frame_size,
	        .length = slot->kept,
	};
}
