/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * For the tests of tools/ci-bench alone: with meson's -Dtest_slowdown=true each busy poll takes TEST_SLOWDOWN_PERCENT longer than it
 * would. Nothing at all in an ordinary build.
 */
#ifndef SPECULAR_REFLECT_SLOWDOWN_H
#define SPECULAR_REFLECT_SLOWDOWN_H

#ifdef TEST_SLOWDOWN_PERCENT
#include "clock/tsc_clock.h"

#define SLOWDOWN_BEGIN() uint64_t slowdown_begin = tsc_now()

/** Waits when frames were found since SLOWDOWN_BEGIN. */
#define SLOWDOWN_END(frames) slowdown_wait(slowdown_begin, frames)

static inline void slowdown_wait(uint64_t begin, unsigned frames)
{
	uint64_t end = tsc_now();

	end += frames > 0 ? (end - begin) * TEST_SLOWDOWN_PERCENT / 100 : 0;
	while (tsc_now() < end)
		;
}
#else
#define SLOWDOWN_BEGIN()     (void)0
#define SLOWDOWN_END(frames) (void)0
#endif

#endif
