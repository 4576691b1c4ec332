/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

void secret_wipe(void *secret, size_t size)
{
	if (size > 0)
		explicit_bzero(secret, size);
}

bool secret_equal(const void *left, const void *right, size_t size)
{
	const volatile uint8_t *a = left;
	const volatile uint8_t *b = right;
	uint8_t difference = 0;

	for (size_t i = 0; i < size; i++)
		difference = (uint8_t)(difference | (a[i] ^ b[i]));
	return difference == 0;
}
