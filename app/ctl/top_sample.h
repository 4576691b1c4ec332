/* SPDX-License-Identifier: BSD-3-Clause */
/** What the live view has seen at one moment, and how fast something grew since the one before. */
#ifndef SPECULAR_CTL_TOP_SAMPLE_H
#define SPECULAR_CTL_TOP_SAMPLE_H

#include "call.h"

/** Sessions that the view asks for: more than a screen has lines. */
#define TOP_SESSIONS_MAX 200

enum top_order { TOP_REFLECTED, TOP_RECEIVED, TOP_STARTED, TOP_ORDER_COUNT };
extern const char *const top_order_names[TOP_ORDER_COUNT];

/** Zero-initialised; top_sample_clear() frees it. */
struct top_sample {
	double when; /**< seconds of any beginning */
	struct answer status;
	struct answer counters;
	struct answer cores;
	struct answer sessions;
};

/** Asks the appliance; nothing is kept on an error. Errors of call_appliance. */
int top_sample_take(const struct call *call, enum top_order order, struct top_sample *sample,
                    struct error *error);
void top_sample_clear(struct top_sample *sample);

/** A second, of members at path of two documents, seconds apart; below 0: not known (the first time, or it began anew). */
double top_rate(const json_t *now, const json_t *before, const char *path, double seconds);

/** The element of an array whose member has the same text or integer as that of like; NULL: none. */
const json_t *top_same(const json_t *array, const json_t *like, const char *member);

#endif
