/* SPDX-License-Identifier: BSD-3-Clause */
/** Results of every way of running, with plausible values: what reports are tried on. */
#ifndef SPECULAR_TEST_REPORT_SAMPLES_H
#define SPECULAR_TEST_REPORT_SAMPLES_H

#include "result.h"

enum report_sample {
	SAMPLE_RATE,
	SAMPLE_SEARCH,
	SAMPLE_LIMITED, /**< a search that the load ended */
	SAMPLE_SOAK,
	SAMPLE_RAMP,
	SAMPLE_BURST,
	SAMPLE_HOSTILE, /**< texts that try to break out, a reflector that errs */
	SAMPLE_SILENT,  /**< no reply at all */
	SAMPLE_FAILED,  /**< could not run: no trial */
	SAMPLE_HUGE,    /**< the largest numbers */
	SAMPLE_COUNT,
};
extern const char *const report_sample_names[SAMPLE_COUNT];

/** folder: the configuration's report_folder. Never NULL: ends the test when memory fails. */
struct run_result *report_sample_make(enum report_sample sample, const char *folder);
void report_sample_free(struct run_result *result);

#endif
