/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/methods.h"

#include <stdbool.h>
#include <stddef.h>

/** Keeps what a thread has fetched, unless another one was faster; true when it did. */
#define KEEP(kept, fetched, none)                                                                  \
	__atomic_compare_exchange_n(kept, none, fetched, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

EVP_CIPHER *method_aes128_cbc(void)
{
	static EVP_CIPHER *kept;
	EVP_CIPHER *cipher = __atomic_load_n(&kept, __ATOMIC_ACQUIRE);

	if (cipher != NULL)
		return cipher;
	EVP_CIPHER *fetched = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	if (KEEP(&kept, fetched, &cipher))
		return fetched;
	EVP_CIPHER_free(fetched);
	return cipher;
}

EVP_MAC *method_hmac(void)
{
	static EVP_MAC *kept;
	EVP_MAC *mac = __atomic_load_n(&kept, __ATOMIC_ACQUIRE);

	if (mac != NULL)
		return mac;
	EVP_MAC *fetched = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (KEEP(&kept, fetched, &mac))
		return fetched;
	EVP_MAC_free(fetched);
	return mac;
}
