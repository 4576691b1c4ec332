/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/key_derivation.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>

#include "base/secret.h"
#include "crypto/aes128.h"

int test_keys_derive(const struct session_keys *control, const uint8_t sid[DERIVE_SID_SIZE],
                     struct session_keys *test)
{
	/* The SID is the key and TWAMP-Control's keys are the text: one block, and two blocks in CBC with an IV of zero. */
	int result = aes128_cbc_encrypt(sid, control->aes, sizeof(control->aes), test->aes);
	if (result == 0)
		result = aes128_cbc_encrypt(sid, control->hmac, sizeof(control->hmac), test->hmac);
	if (result != 0)
		secret_wipe(test, sizeof(*test));
	return result;
}

int random_octets(uint8_t *out, size_t size)
{
	if (size > INT_MAX)
		return ERROR_ARGUMENT;
	while (size > 0) {
		ssize_t given = getrandom(out, size, 0);

		if (given < 0 && errno != EINTR)
			return ERROR_CRYPTO;
		if (given > 0) {
			out += given;
			size -= (size_t)given;
		}
	}
	return 0;
}
