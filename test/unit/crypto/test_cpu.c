/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs that lack one thing each: a hypervisor may mask any, and a kernel may save no large registers. */
#include <stdbool.h>
#include <string.h>

#include "crypto/cpu_avx512.h"
#include "unit.h"

enum { EAX, EBX, ECX, EDX };

/** One that has just what is needed. */
static const struct cpu_facts enough = {
        .cpuid = {[CPUID_LEAF_1] = {[ECX] = 1u << 9 | 1u << 19 | 1u << 25 | 1u << 27},
                  [CPUID_LEAF_7] = {[EBX] = 1u << 16 | 1u << 17 | 1u << 29 | 1u << 30 | 1u << 31,
                                    [ECX] = 1u << 9}},
        .xcr0 = 0xe6,
};

static const struct {
	const char *name;
	enum cpuid_leaf leaf;
	unsigned bit_register, bit;
} bits[] = {
        {"SSSE3", CPUID_LEAF_1, ECX, 9},     {"SSE4.1", CPUID_LEAF_1, ECX, 19},
        {"AES", CPUID_LEAF_1, ECX, 25},      {"OSXSAVE", CPUID_LEAF_1, ECX, 27},
        {"AVX512F", CPUID_LEAF_7, EBX, 16},  {"AVX512DQ", CPUID_LEAF_7, EBX, 17},
        {"SHA", CPUID_LEAF_7, EBX, 29},      {"AVX512BW", CPUID_LEAF_7, EBX, 30},
        {"AVX512VL", CPUID_LEAF_7, EBX, 31}, {"VAES", CPUID_LEAF_7, ECX, 9},
};

static void what_is_there_is_enough(void)
{
	struct cpu_facts all;

	CU_ASSERT_PTR_NULL(cpu_facts_missing(&enough));
	memset(&all, 0xff, sizeof(all));
	CU_ASSERT_PTR_NULL(cpu_facts_missing(&all));
}

static void a_missing_bit_is_named(void)
{
	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct cpu_facts facts;

		memset(&facts, 0xff, sizeof(facts));
		facts.cpuid[bits[i].leaf][bits[i].bit_register] &= ~(1u << bits[i].bit);
		const char *missing = cpu_facts_missing(&facts);
		CU_ASSERT_PTR_NOT_NULL_FATAL(missing);
		CU_ASSERT_STRING_EQUAL(missing, bits[i].name);
	}
}

static void unsaved_registers_are_not_used(void)
{
	static const unsigned parts[] = {1, 2, 5, 6, 7};

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct cpu_facts facts = enough;

		facts.xcr0 = UINT64_MAX & ~(UINT64_C(1) << parts[i]);
		const char *missing = cpu_facts_missing(&facts);
		CU_ASSERT_PTR_NOT_NULL_FATAL(missing);
		CU_ASSERT_PTR_NOT_NULL(strstr(missing, "the kernel does not save"));
	}
}

/** The compiler's own look at the features whose names it knows. */
static void this_cpu_is_read_right(void)
{
	bool old = !__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
	           !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl");
	const char *missing = cpu_avx512_missing();

	if (old)
		CU_ASSERT_PTR_NOT_NULL(missing);
	if (missing == NULL)
		return;
	CU_ASSERT(old || strcmp(missing, "VAES") == 0 || strcmp(missing, "SHA") == 0);
}

int main(void)
{
	CU_TestInfo tests[] = {{"what is there is enough", what_is_there_is_enough},
	                       {"a missing bit is named", a_missing_bit_is_named},
	                       {"unsaved registers are not used", unsaved_registers_are_not_used},
	                       {"this CPU is read right", this_cpu_is_read_right},
	                       CU_TEST_INFO_NULL};
	return unit_run("crypto-cpu", tests);
}
