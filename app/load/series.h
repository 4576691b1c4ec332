/* SPDX-License-Identifier: BSD-3-Clause */
/** The series of seconds of a trial: differences of looks at its sums. A long trial has longer steps instead of more points. Main thread. */
#ifndef SPECULAR_LOAD_SERIES_H
#define SPECULAR_LOAD_SERIES_H

#include <stdint.h>

#include "trial.h"

#define SERIES_POINTS_MAX 600u

struct series;

/** NULL when memory fails. */
struct series *series_create(void);
void series_destroy(struct series *series);

/** A trial of duration_ns begins. */
void series_begin(struct series *series, uint64_t duration_ns);
/** Nanoseconds between two points: a second, or more so that SERIES_POINTS_MAX hold the trial. */
uint64_t series_step(const struct series *series);
/** Sums at a time since the trial's first counted packet: true when a point was due. Called at least once a step. */
bool series_look(struct series *series, uint64_t at_ns, const struct load_measures *sums);
/** The rest since the last point, if anything happened since. */
void series_end(struct series *series, uint64_t at_ns, const struct load_measures *sums);

/** The points so far; the caller frees them. NULL with *count 0. */
struct trial_second *series_take(struct series *series, unsigned *count);

/** What happened between two looks. */
void series_difference(const struct load_measures *earlier, const struct load_measures *later,
                       struct trial_second *second);

#endif
