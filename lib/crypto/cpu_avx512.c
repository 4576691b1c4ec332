/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intel's Software Developer's Manual, volume 2, CPUID, and volume 1 section 13.3: an instruction set is usable when CPUID names it
 * and XCR0 says that the operating system saves its registers. __builtin_cpu_supports does not know all of these by name in every
 * compiler.
 */
#include "crypto/cpu_avx512.h"

#include <cpuid.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EAX, EBX, ECX, EDX };

#define LEAVES 2u

/* Bits of XCR0: xmm, ymm, the mask registers, the upper halves of zmm0 to 15, and zmm16 to 31. */
#define XCR0_AVX512 UINT64_C(0xe6)

static const struct feature {
	const char *name;
	unsigned leaf; /**< 0: CPUID leaf 1; 1: leaf 7 */
	unsigned bit_register;
	unsigned bit;
} features[] = {
        {"SSSE3", 0, ECX, 9},    {"SSE4.1", 0, ECX, 19},   {"AES", 0, ECX, 25},
        {"OSXSAVE", 0, ECX, 27}, {"AVX512F", 1, EBX, 16},  {"AVX512DQ", 1, EBX, 17},
        {"SHA", 1, EBX, 29},     {"AVX512BW", 1, EBX, 30}, {"AVX512VL", 1, EBX, 31},
        {"VAES", 1, ECX, 9},
};

static uint64_t xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

const char *cpu_avx512_missing(void)
{
	unsigned leaves[LEAVES][4] = {{0}};

	(void)__get_cpuid(1, &leaves[0][EAX], &leaves[0][EBX], &leaves[0][ECX], &leaves[0][EDX]);
	(void)__get_cpuid_count(7, 0, &leaves[1][EAX], &leaves[1][EBX], &leaves[1][ECX],
	                        &leaves[1][EDX]);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if ((leaves[features[i].leaf][features[i].bit_register] >> features[i].bit & 1) ==
		    0)
			return features[i].name;
	return (xcr0() & XCR0_AVX512) == XCR0_AVX512
	               ? NULL
	               : "AVX-512 registers, as the kernel does not save them";
}
