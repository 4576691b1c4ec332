/* SPDX-License-Identifier: BSD-3-Clause */
/** Whether this CPU, and the operating system on it, can run the functions marked TARGET_AVX512. */
#ifndef SPECULAR_CRYPTO_CPU_AVX512_H
#define SPECULAR_CRYPTO_CPU_AVX512_H

#include <stdint.h>

enum cpuid_leaf { CPUID_LEAF_1, CPUID_LEAF_7, CPUID_LEAVES };

/** What a CPU and its operating system say of themselves. */
struct cpu_facts {
	/** EAX, EBX, ECX, EDX; of leaf 7 its subleaf 0. Zeros when there is no such leaf. */
	uint32_t cpuid[CPUID_LEAVES][4];
	uint64_t xcr0; /**< 0 without OSXSAVE */
};

/** What is missing there: as below. */
const char *cpu_facts_missing(const struct cpu_facts *facts);

/** The name of the first instruction set that is missing ("VAES"), or NULL when nothing is. Any thread. */
const char *cpu_avx512_missing(void);

#endif
