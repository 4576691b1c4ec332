/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intel's Software Developer's Manual, volume 2, CPUID, and volume 1 section 13.3: an instruction set is usable when CPUID names it
 * and XCR0 says that the operating system saves its registers. __builtin_cpu_supports does not know all of these by name in every
 * compiler.
 */
#include "crypto/cpu_avx512.h"

#include <cpuid.h>
#include <stddef.h>

enum { EAX, EBX, ECX, EDX };

/* Bits of XCR0: xmm, ymm, the mask registers, the upper halves of zmm0 to 15, and zmm16 to 31. */
#define XCR0_AVX512 UINT64_C(0xe6)

#define OSXSAVE_BIT 27u /**< of leaf 1, ECX: XGETBV may be executed */

static const struct feature {
	const char *name;
	enum cpuid_leaf leaf;
	unsigned bit_register;
	unsigned bit;
} features[] = {
        {"SSSE3", CPUID_LEAF_1, ECX, 9},     {"SSE4.1", CPUID_LEAF_1, ECX, 19},
        {"AES", CPUID_LEAF_1, ECX, 25},      {"OSXSAVE", CPUID_LEAF_1, ECX, OSXSAVE_BIT},
        {"AVX512F", CPUID_LEAF_7, EBX, 16},  {"AVX512DQ", CPUID_LEAF_7, EBX, 17},
        {"SHA", CPUID_LEAF_7, EBX, 29},      {"AVX512BW", CPUID_LEAF_7, EBX, 30},
        {"AVX512VL", CPUID_LEAF_7, EBX, 31}, {"VAES", CPUID_LEAF_7, ECX, 9},
};

const char *cpu_facts_missing(const struct cpu_facts *facts)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		const struct feature *feature = &features[i];

		if ((facts->cpuid[feature->leaf][feature->bit_register] >> feature->bit & 1) == 0)
			return feature->name;
	}
	return (facts->xcr0 & XCR0_AVX512) == XCR0_AVX512
	               ? NULL
	               : "AVX-512 registers, as the kernel does not save them";
}

static uint64_t xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

const char *cpu_avx512_missing(void)
{
	struct cpu_facts facts = {{{0}}, 0};
	uint32_t *one = facts.cpuid[CPUID_LEAF_1], *seven = facts.cpuid[CPUID_LEAF_7];

	(void)__get_cpuid(1, &one[EAX], &one[EBX], &one[ECX], &one[EDX]);
	(void)__get_cpuid_count(7, 0, &seven[EAX], &seven[EBX], &seven[ECX], &seven[EDX]);
	if ((one[ECX] >> OSXSAVE_BIT & 1) != 0)
		facts.xcr0 = xcr0();
	return cpu_facts_missing(&facts);
}
