/* SPDX-License-Identifier: BSD-3-Clause */
#include "measures.h"

#include "stats/counters.h"

#define LOAD_FAULT_DESCRIPTION_(name, text, meaning) {text, meaning},
const struct load_fault_description load_fault_descriptions[LOAD_FAULT_COUNT] = {
        LOAD_FAULTS(LOAD_FAULT_DESCRIPTION_)};

bool load_fault_refuses(enum load_fault fault)
{
	switch (fault) {
	case LOAD_FAULT_TRUNCATED:
	case LOAD_FAULT_UDP_CHECKSUM:
	case LOAD_FAULT_HMAC:
	case LOAD_FAULT_UNKNOWN_SEQUENCE:
	case LOAD_FAULT_NOT_COPIED:
	case LOAD_FAULT_ZERO_MULTIPLIER:
	case LOAD_FAULT_FOREIGN:
		return true;
	case LOAD_FAULT_SENDER_TTL:
	case LOAD_FAULT_TTL:
	case LOAD_FAULT_DSCP:
	case LOAD_FAULT_LENGTH:
	case LOAD_FAULT_PADDING:
	case LOAD_FAULT_MBZ:
	case LOAD_FAULT_REFLECTOR_SEQUENCE:
	case LOAD_FAULT_TURNAROUND:
	case LOAD_FAULT_COUNT:
		break;
	}
	return false;
}

uint64_t load_measures_refused(const struct load_measures *measures)
{
	uint64_t refused = 0;

	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++) {
		if (load_fault_refuses((enum load_fault)i))
			refused += measures->faults[i];
	}
	return refused;
}

uint64_t load_measures_wrong(const struct load_measures *measures)
{
	uint64_t wrong = 0;

	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++) {
		if (i != LOAD_FAULT_FOREIGN)
			wrong += measures->faults[i];
	}
	return wrong;
}

static void add(uint64_t *to, const uint64_t *from)
{
	*to += counter_read(from);
}

static void keep_maximum(uint64_t *to, const uint64_t *from)
{
	uint64_t value = counter_read(from);

	if (value > *to)
		*to = value;
}

static void merge_sender(struct load_measures *to, const struct load_measures *from)
{
	add(&to->scheduled, &from->scheduled);
	add(&to->missed, &from->missed);
	add(&to->sent, &from->sent);
	add(&to->transmit_full, &from->transmit_full);
	add(&to->held_back_ns, &from->held_back_ns);
	add(&to->no_buffer, &from->no_buffer);
	keep_maximum(&to->lag_maximum_ns, &from->lag_maximum_ns);
	keep_maximum(&to->nap_maximum_ns, &from->nap_maximum_ns);
	add(&to->busy_polls, &from->busy_polls);
	add(&to->polls, &from->polls);
}

static void merge_receiver(struct load_measures *to, const struct load_measures *from)
{
	add(&to->received, &from->received);
	add(&to->answered, &from->answered);
	add(&to->late, &from->late);
	add(&to->duplicates, &from->duplicates);
	add(&to->duplicates_forward, &from->duplicates_forward);
	add(&to->reordered, &from->reordered);
	add(&to->reordered_forward, &from->reordered_forward);
	keep_maximum(&to->reordering_extent, &from->reordering_extent);
	add(&to->stale, &from->stale);
	add(&to->warm_up, &from->warm_up);
	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++)
		add(&to->faults[i], &from->faults[i]);
	add(&to->handed_over, &from->handed_over);
	add(&to->other, &from->other);
	keep_maximum(&to->error_maximum_ns, &from->error_maximum_ns);
	add(&to->unsynchronized, &from->unsynchronized);
}

void load_measures_merge(struct load_measures *to, const struct load_measures *from)
{
	merge_sender(to, from);
	merge_receiver(to, from);
	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++)
		histogram_merge(&to->distributions[i], &from->distributions[i]);
}
