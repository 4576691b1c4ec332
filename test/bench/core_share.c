/* SPDX-License-Identifier: BSD-3-Clause */
#include "core_share.h"

#include <stdint.h>

#include "cycles.h"

#define TRIES        3u
#define REPEATS      250u
#define ADDITIONS    8u /**< a repeat and chain */
#define CHAINS       4u
#define WHOLE_ENOUGH 0.9
/** What a core of this many adders surely reaches alone: a process that never had one must not take its share for the whole. */
#define WHOLE_AT_LEAST 3.2

#define EIGHT(text) text text text text text text text text

/** Additions that wait for the one before; not of a constant, which some cores do without an adder. */
static uint64_t chained(void)
{
	uint64_t begin = cycles_now();

	for (unsigned i = 0; i < REPEATS; i++)
		__asm__ volatile(EIGHT("add %%rcx, %%rax\n\t")::: "rax", "cc");
	return cycles_now() - begin;
}

static uint64_t side_by_side(void)
{
	uint64_t begin = cycles_now();

	for (unsigned i = 0; i < REPEATS; i++)
		__asm__ volatile(EIGHT("add %%rcx, %%rax\n\t"
		                       "add %%rcx, %%rdx\n\t"
		                       "add %%rcx, %%rsi\n\t"
		                       "add %%rcx, %%rdi\n\t")::
		                         : "rax", "rdx", "rsi", "rdi", "cc");
	return cycles_now() - begin;
}

double core_share_additions(void)
{
	uint64_t chain = UINT64_MAX, side = UINT64_MAX;

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t took = chained();

		chain = took < chain ? took : chain;
		took = side_by_side();
		side = took < side ? took : side;
	}
	return (double)(CHAINS * chain) / (double)side;
}

bool core_share_is_whole(void)
{
	static double most = WHOLE_AT_LEAST;
	double now = core_share_additions();

	most = now > most ? now : most;
	return now >= WHOLE_ENOUGH * most;
}
