/* SPDX-License-Identifier: BSD-3-Clause */
/** What several lcores reach together: threads on CPUs of their own, each with its own reflector, table and suite. */
#ifndef SPECULAR_BENCH_LCORES_H
#define SPECULAR_BENCH_LCORES_H

#include "options.h"

#define LCORES_MAX 16u

/** Measures 1, 2, 4... lcores, as many as CPUs may be used, alternately; prints group scale, "lcores" in its case, packets a second. */
void lcores_measure(const struct options *options, enum test_mode mode);

#endif
