/* SPDX-License-Identifier: BSD-3-Clause */
#include "alternate.h"

#include <stdlib.h>

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

static double measure_alone(struct patience *patience, const struct measurement *one)
{
	double value;

	do {
		patience_before(patience);
		value = one->measure(one->context);
	} while (!patience_after(patience));
	return value;
}

void alternation_run(struct alternation *alternation, unsigned rounds)
{
	unsigned count = alternation->count;

	for (unsigned round = 0; round < rounds && patience_for_round(round); round++) {
		for (unsigned i = 0; i < count; i++) {
			struct measurement *one =
			        &alternation->measurements[(round * 7 + i) % count];

			record_round(&one->record, measure_alone(&alternation->patience, one));
		}
	}
}

void alternation_print(const struct alternation *alternation)
{
	for (unsigned i = 0; i < alternation->count; i++)
		record_print(&alternation->measurements[i].record, stdout);
}
