/* SPDX-License-Identifier: BSD-3-Clause */
/** What came of a trial, from what each lcore has of it. Main thread, lcores at rest. */
#ifndef SPECULAR_LOAD_OUTCOME_H
#define SPECULAR_LOAD_OUTCOME_H

#include "lcore.h"

/** What the device says, as differences over the trial. */
struct outcome_device {
	uint64_t missed;    /**< received frames that nobody took in time */
	uint64_t no_buffer; /**< received frames that there was no buffer for */
	uint64_t link_down_ns;
};

/** result->interrupted is the caller's. */
void outcome_collect(struct lcore *const lcores[], unsigned count, const struct trial_order *order,
                     const struct outcome_device *device, struct trial_result *result);

#endif
