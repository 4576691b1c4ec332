/* SPDX-License-Identifier: BSD-3-Clause */
/** HMAC-SHA1, cut to 16 octets, of many packets at once. Any thread; the CPU must have what TARGET_AVX512 names. */
#ifndef SPECULAR_CRYPTO_SHA1_AVX512_H
#define SPECULAR_CRYPTO_SHA1_AVX512_H

#include "crypto/avx512.h"

/** Eight packets in registers of 256 bits take three fifths of the time of sixteen in those of 512. */
#define SHA1_HALF_LANES 8u

/** Writes each packet's HMAC, over its plain data, where lanes->hmac says. */
void hmac_sha1_avx512_write(const struct lanes *lanes);

/** Bit i is set when packet i (of lanes->count) has the right HMAC over its plain data. Compares in constant time. */
uint32_t hmac_sha1_avx512_verify(const struct lanes *lanes);

#endif
