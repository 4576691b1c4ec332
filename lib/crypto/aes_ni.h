/* SPDX-License-Identifier: BSD-3-Clause */
/** One AES-128 block of many packets, for suite_imb.c: intel-ipsec-mb's bursts know no ECB. Any thread; the CPU must have AES-NI. */
#ifndef SPECULAR_CRYPTO_AES_NI_H
#define SPECULAR_CRYPTO_AES_NI_H

#include <stdint.h>

/** A block, changed in place, and its round keys in the order of use: those of decrypting as AES-NI's equivalent cipher has them. */
struct aes_ni_block {
	uint8_t *data;
	const uint8_t *schedule;
};

void aes_ni_encrypt(const struct aes_ni_block *blocks, unsigned count);
void aes_ni_decrypt(const struct aes_ni_block *blocks, unsigned count);

#endif
