/* SPDX-License-Identifier: BSD-3-Clause */
/** Whether this CPU, and the operating system on it, can run the functions marked TARGET_AVX512. */
#ifndef SPECULAR_CRYPTO_CPU_AVX512_H
#define SPECULAR_CRYPTO_CPU_AVX512_H

/** The name of the first instruction set that is missing ("VAES"), or NULL when nothing is. Any thread. */
const char *cpu_avx512_missing(void);

#endif
