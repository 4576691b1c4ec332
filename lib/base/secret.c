/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

void secret_wipe(void *secret, size_t size)
{
	if (size > 0)
		explicit_bzero(secret, size);
}

bool secret_equal(const void *left, const void *right, size_t size)
{
	const uint8_t *a = left;
	const uint8_t *b = right;
	uint64_t difference = 0;
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
		difference |= load_be64(a + i) ^ load_be64(b + i);
		SECRET_HIDE(difference);
	}
	for (; i < size; i++) {
		difference |= (uint64_t)(a[i] ^ b[i]);
		SECRET_HIDE(difference);
	}
	return difference == 0;
}
