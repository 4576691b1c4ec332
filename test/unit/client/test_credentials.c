/* SPDX-License-Identifier: BSD-3-Clause */
#include "credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/self_test_vectors.h"
#include "unit.h"

#define PATH_SIZE 64u

static const char keys_text[] = "keys:\n  - {key-id: lab, secret-key: " VECTOR_PASSPHRASE "}\n";
static const char sas_text[] =
        "security-associations:\n"
        "  - {spi-i: '0102030405060708', spi-r: '1112131415161718', prf: hmac-sha2-256,\n"
        "     sk-d: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'}\n";
static const uint8_t spis[2 * IKE_SPI_SIZE] = {1,    2,    3,    4,    5,    6,    7,    8,
                                               0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};

static struct error error;

/** A file that its owner alone can read. */
static void make_file(char path[PATH_SIZE], const char *text)
{
	(void)snprintf(path, PATH_SIZE, "probe-credentials-test.XXXXXX");
	int descriptor = mkstemp(path);
	CU_ASSERT_FATAL(descriptor >= 0);
	CU_ASSERT(write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(descriptor);
}

/** Checks KeyID field and Token key that these credentials give for a mode. */
static void check_token_key(const struct credentials *credentials, uint32_t mode, const void *name,
                            size_t name_size, const uint8_t *expected)
{
	struct server_greeting greeting = {.count = VECTOR_COUNT};
	uint8_t key_id[KEY_ID_SIZE], token_key[TOKEN_KEY_SIZE];

	memcpy(greeting.salt, vector_salt, sizeof(greeting.salt));
	memset(key_id, 0xff, sizeof(key_id));
	CU_ASSERT(credentials_token_key(credentials, mode, &greeting, key_id, token_key, &error) ==
	          0);
	CU_ASSERT(memcmp(key_id, name, name_size) == 0);
	for (size_t i = name_size; i < sizeof(key_id); i++)
		CU_ASSERT(key_id[i] == 0);
	CU_ASSERT(memcmp(token_key, expected, sizeof(token_key)) == 0);
}

static void files_give_the_token_keys(void)
{
	struct credentials credentials;
	char keys[PATH_SIZE], sas[PATH_SIZE];

	make_file(keys, keys_text);
	make_file(sas, sas_text);
	CU_ASSERT_FATAL(credentials_load(&credentials, keys, "lab", sas, false, &error) == 0);
	CU_ASSERT(credentials.sa.known);
	check_token_key(&credentials, MODE_ENCRYPTED, "lab", strlen("lab"), vector_token_key);
	check_token_key(&credentials, MODE_ENCRYPTED | MODE_IKEV2_DERIVED, spis, sizeof(spis),
	                vector_ike_token_key);
	credentials.ike_token_direct = true;
	check_token_key(&credentials, MODE_MIXED | MODE_IKEV2_DERIVED, spis, sizeof(spis),
	                vector_ike_secret);
	/* A pre-shared key is no SA's secret: it is always derived. */
	check_token_key(&credentials, MODE_MIXED, "lab", strlen("lab"), vector_token_key);
	credentials_free(&credentials);
	credentials_free(&credentials);
	(void)unlink(keys);
	(void)unlink(sas);
}

static void what_is_missing_is_told(void)
{
	struct server_greeting greeting = {.count = VECTOR_COUNT};
	uint8_t key_id[KEY_ID_SIZE], token_key[TOKEN_KEY_SIZE];
	struct credentials credentials;
	char keys[PATH_SIZE], sas[PATH_SIZE];

	make_file(keys, keys_text);
	make_file(sas, "security-associations: []\n");
	CU_ASSERT(credentials_load(&credentials, keys, "other", NULL, false, &error) ==
	          ERROR_NOT_FOUND);
	CU_ASSERT(strstr(error.text, "has no key with the key-id \"other\"") != NULL);
	CU_ASSERT(strstr(error.text, VECTOR_PASSPHRASE) == NULL);
	CU_ASSERT(credentials.keys == NULL);

	CU_ASSERT(credentials_load(&credentials, NULL, NULL, "there-is-none.yaml", false, &error) !=
	          0);
	CU_ASSERT(strstr(error.text, "there-is-none.yaml") != NULL);

	CU_ASSERT_FATAL(credentials_load(&credentials, NULL, NULL, sas, false, &error) == 0);
	CU_ASSERT(!credentials.sa.known);
	CU_ASSERT(credentials_token_key(&credentials, MODE_ENCRYPTED | MODE_IKEV2_DERIVED,
	                                &greeting, key_id, token_key, &error) == ERROR_NOT_FOUND);
	CU_ASSERT(strstr(error.text, "no shared secret") != NULL);
	credentials_free(&credentials);

	CU_ASSERT(chmod(keys, 0644) == 0);
	CU_ASSERT(credentials_load(&credentials, keys, "lab", NULL, false, &error) ==
	          ERROR_PERMISSION);
	(void)unlink(keys);
	(void)unlink(sas);
}

int main(void)
{
	CU_TestInfo tests[] = {{"files give the Token keys", files_give_the_token_keys},
	                       {"what is missing is told", what_is_missing_is_told},
	                       CU_TEST_INFO_NULL};
	return unit_run("client-credentials", tests);
}
