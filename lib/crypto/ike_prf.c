/* SPDX-License-Identifier: BSD-3-Clause */
#include <openssl/evp.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/aes128.h"
#include "crypto/key_derivation.h"

/** What OpenSSL calls a PRF: a MAC and its digest or cipher. XCBC is not among OpenSSL's MACs. */
struct prf {
	const char *name;
	const char *mac;
	const char *algorithm;
	enum ike_prf id;
	uint8_t size;
};

static const struct prf prfs[] = {
        {"hmac-md5", "HMAC", "MD5", IKE_PRF_HMAC_MD5, 16},
        {"hmac-sha1", "HMAC", "SHA1", IKE_PRF_HMAC_SHA1, 20},
        {"aes128-xcbc", NULL, NULL, IKE_PRF_AES128_XCBC, 16},
        {"hmac-sha2-256", "HMAC", "SHA256", IKE_PRF_HMAC_SHA2_256, 32},
        {"hmac-sha2-384", "HMAC", "SHA384", IKE_PRF_HMAC_SHA2_384, 48},
        {"hmac-sha2-512", "HMAC", "SHA512", IKE_PRF_HMAC_SHA2_512, 64},
        {"aes128-cmac", "CMAC", "AES-128-CBC", IKE_PRF_AES128_CMAC, 16},
};

static const struct prf *find(enum ike_prf id)
{
	for (size_t i = 0; i < sizeof(prfs) / sizeof(prfs[0]); i++)
		if (prfs[i].id == id)
			return &prfs[i];
	return NULL;
}

int ike_prf_parse(const char *name, enum ike_prf *prf)
{
	for (size_t i = 0; i < sizeof(prfs) / sizeof(prfs[0]); i++) {
		if (strcmp(prfs[i].name, name) == 0) {
			*prf = prfs[i].id;
			return 0;
		}
	}
	return ERROR_ARGUMENT;
}

const char *ike_prf_name(enum ike_prf prf)
{
	const struct prf *found = find(prf);
	return found != NULL ? found->name : "unknown";
}

size_t ike_prf_size(enum ike_prf prf)
{
	const struct prf *found = find(prf);
	return found != NULL ? found->size : 0;
}

/** One of OpenSSL's MACs. An empty key or message needs no pointer of the caller's, but OpenSSL reads NULL as "none set". */
static int mac_compute(const struct prf *prf, const uint8_t *key, size_t key_size,
                       const uint8_t *data, size_t data_size, uint8_t *out)
{
	static const uint8_t empty[1];
	size_t written = 0;

	if (EVP_Q_mac(NULL, prf->mac, NULL, prf->algorithm, NULL, key_size > 0 ? key : empty,
	              key_size, data_size > 0 ? data : empty, data_size, out, prf->size,
	              &written) == NULL)
		return ERROR_CRYPTO;
	return written == prf->size ? 0 : ERROR_CRYPTO;
}

/** RFC 4615 section 3: a key that is not 16 octets is replaced by AES-CMAC(0^128, key). */
static int cmac_compute(const struct prf *prf, const uint8_t *key, size_t key_size,
                        const uint8_t *data, size_t data_size, uint8_t *out)
{
	static const uint8_t zero_key[AES128_KEY_SIZE];
	uint8_t fixed[AES128_KEY_SIZE];

	if (key_size == sizeof(fixed))
		return mac_compute(prf, key, key_size, data, data_size, out);
	int result = mac_compute(prf, zero_key, sizeof(zero_key), key, key_size, fixed);
	if (result == 0)
		result = mac_compute(prf, fixed, sizeof(fixed), data, data_size, out);
	secret_wipe(fixed, sizeof(fixed));
	return result;
}

static void xor_into(uint8_t *block, const uint8_t *other, size_t size)
{
	for (size_t i = 0; i < size; i++)
		block[i] ^= other[i];
}

/** AES-XCBC-MAC of RFC 3566 section 4, not truncated, under a key of 16 octets. */
static int xcbc_mac(const uint8_t key[AES128_KEY_SIZE], const uint8_t *data, size_t size,
                    uint8_t out[AES128_BLOCK_SIZE])
{
	enum { CHAIN, WHOLE, PADDED, SUBKEYS };
	uint8_t subkeys[SUBKEYS][AES128_BLOCK_SIZE];
	uint8_t block[AES128_BLOCK_SIZE] = {0};
	int result = 0;

	/* K1, K2 and K3 are the key's encryptions of the octets 01, 02 and 03, sixteen times each. */
	for (unsigned i = 0; i < SUBKEYS && result == 0; i++) {
		memset(subkeys[i], (int)i + 1, sizeof(subkeys[i]));
		result = aes128_cbc_encrypt(key, subkeys[i], sizeof(subkeys[i]), subkeys[i]);
	}
	for (; size > sizeof(block) && result == 0; data += sizeof(block), size -= sizeof(block)) {
		xor_into(block, data, sizeof(block));
		result = aes128_cbc_encrypt(subkeys[CHAIN], block, sizeof(block), block);
	}
	if (result == 0) {
		xor_into(block, data, size);
		if (size < sizeof(block))
			block[size] ^= 0x80;
		xor_into(block, subkeys[size < sizeof(block) ? PADDED : WHOLE], sizeof(block));
		result = aes128_cbc_encrypt(subkeys[CHAIN], block, sizeof(block), out);
	}
	secret_wipe(subkeys, sizeof(subkeys));
	secret_wipe(block, sizeof(block));
	return result;
}

/** RFC 4434 section 2: a shorter key is padded with zeros, a longer one replaced by its PRF under a key of zeros. */
static int xcbc_compute(const uint8_t *key, size_t key_size, const uint8_t *data, size_t data_size,
                        uint8_t *out)
{
	static const uint8_t zero_key[AES128_KEY_SIZE];
	uint8_t fixed[AES128_KEY_SIZE] = {0};
	int result = 0;

	if (key_size > sizeof(fixed))
		result = xcbc_mac(zero_key, key, key_size, fixed);
	else if (key_size > 0)
		memcpy(fixed, key, key_size);
	if (result == 0)
		result = xcbc_mac(fixed, data, data_size, out);
	secret_wipe(fixed, sizeof(fixed));
	return result;
}

int ike_prf_compute(enum ike_prf prf, const uint8_t *key, size_t key_size, const uint8_t *data,
                    size_t data_size, uint8_t *out)
{
	const struct prf *found = find(prf);

	if (found == NULL)
		return ERROR_ARGUMENT;
	switch (prf) {
	case IKE_PRF_AES128_XCBC:
		return xcbc_compute(key, key_size, data, data_size, out);
	case IKE_PRF_AES128_CMAC:
		return cmac_compute(found, key, key_size, data, data_size, out);
	default:
		return mac_compute(found, key, key_size, data, data_size, out);
	}
}

int ike_shared_secret(enum ike_prf prf, const uint8_t *sk_d, size_t sk_d_size,
                      uint8_t secret[IKE_SECRET_SIZE_MAXIMUM], size_t *secret_size)
{
	static const uint8_t label[] = {'I', 'P', 'P', 'M'};

	*secret_size = 0;
	int result = ike_prf_compute(prf, sk_d, sk_d_size, label, sizeof(label), secret);
	if (result == 0)
		*secret_size = ike_prf_size(prf);
	return result;
}
