/* SPDX-License-Identifier: BSD-3-Clause */
#include "alternate.h"

#include <stdlib.h>
#include <time.h>

#include "core_share.h"

#define PAUSE_NS 5000000
#define NS       1e-9

struct measurement *alternation_add(struct alternation *alternation,
                                    double (*measure)(void *context), void *context)
{
	if (alternation->count == ALTERNATE_MAX)
		abort();
	struct measurement *added = &alternation->measurements[alternation->count++];
	added->measure = measure;
	added->context = context;
	return added;
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + NS * (double)(now.tv_nsec - begin->tv_nsec);
}

static double measure_alone(struct alternation *alternation, const struct measurement *one)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct timespec begin;

	alternation->measured++;
	for (;;) {
		bool whole = core_share_is_whole();
		double value = one->measure(one->context);

		(void)clock_gettime(CLOCK_MONOTONIC, &begin);
		if (whole && core_share_is_whole())
			return value;
		if (alternation->patience <= 0) {
			alternation->disturbed++;
			return value;
		}
		(void)nanosleep(&pause, NULL);
		alternation->patience -= seconds_since(&begin);
	}
}

void alternation_run(struct alternation *alternation, unsigned rounds)
{
	unsigned count = alternation->count;

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < count; i++) {
			struct measurement *one =
			        &alternation->measurements[(round * 7 + i) % count];

			record_round(&one->record, measure_alone(alternation, one));
		}
	}
}

void alternation_print(const struct alternation *alternation)
{
	for (unsigned i = 0; i < alternation->count; i++)
		record_print(&alternation->measurements[i].record, stdout);
}
