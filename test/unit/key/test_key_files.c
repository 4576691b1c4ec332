/* SPDX-License-Identifier: BSD-3-Clause */
/** PSK and SA files: what they give, what is refused, and that SK_d is gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/key_derivation.h"
#include "key/key_provider.h"
#include "unit.h"

#define LAB_KEYS SOURCE_ROOT "/config/lab.keys.yaml"
#define LAB_SAS  SOURCE_ROOT "/config/lab.sas.yaml"

struct answer {
	unsigned count;
	int status;
	size_t size;
	uint8_t octets[SHARED_SECRET_SIZE_MAXIMUM];
	char name[KEY_NAME_SIZE];
};

static void keep_answer(void *context, int status, const struct shared_secret *secret)
{
	struct answer *answer = context;

	answer->count++;
	answer->status = status;
	if (secret == NULL)
		return;
	answer->size = secret->size;
	memcpy(answer->octets, secret->octets, secret->size);
	memcpy(answer->name, secret->name, sizeof(answer->name));
}

static struct answer ask(struct key_provider *provider, int kind, const void *key_id, size_t size)
{
	struct key_query query = {.kind = kind == KEY_QUERY_KEY_ID ? KEY_QUERY_KEY_ID
	                                                           : KEY_QUERY_IKE_SA};
	struct key_lookup *lookup;
	struct answer answer = {0};

	memcpy(query.key_id, key_id, size);
	CU_ASSERT_EQUAL(key_provider_ask(provider, &query, keep_answer, &answer, &lookup), 0);
	CU_ASSERT_PTR_NULL(lookup);
	CU_ASSERT_EQUAL(answer.count, 1);
	key_provider_cancel(provider, lookup);
	return answer;
}

/** A copy of a file with a mode, in a folder of its own. */
static void copy_file(const char *from, mode_t mode, char path[64])
{
	char text[4096];
	FILE *file = fopen(from, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	size_t size = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	(void)snprintf(path, 64, "/tmp/specular-key-test.XXXXXX");
	int descriptor = mkstemp(path);
	CU_ASSERT_FATAL(descriptor >= 0);
	CU_ASSERT_EQUAL(write(descriptor, text, size), (ssize_t)size);
	CU_ASSERT_EQUAL(fchmod(descriptor, mode), 0);
	(void)close(descriptor);
}

static void lab_key_is_found(void)
{
	struct key_provider *provider;
	struct error error = {""};
	char path[64];

	copy_file(LAB_KEYS, 0600, path);
	CU_ASSERT_EQUAL_FATAL(psk_file_load(path, &provider, &error), 0);
	struct answer answer = ask(provider, KEY_QUERY_KEY_ID, "lab", 3);
	CU_ASSERT_EQUAL(answer.status, 0);
	CU_ASSERT_EQUAL(answer.size, strlen("specular lab"));
	CU_ASSERT(memcmp(answer.octets, "specular lab", answer.size) == 0);
	CU_ASSERT_STRING_EQUAL(answer.name, "lab");
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_KEY_ID, "la", 2).status, ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_KEY_ID, "labs", 4).status, ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_IKE_SA, "lab", 3).status, ERROR_NOT_FOUND);
	key_provider_destroy(provider);
	(void)unlink(path);
}

static void lab_sa_is_found(void)
{
	static const uint8_t key_id[20] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	                                   0x08, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
	                                   0x17, 0x18, 0xff, 0xff, 0xff, 0xff};
	/* HMAC-SHA256 of "IPPM" under the octets 00 to 1f, by Python's hmac. */
	static const uint8_t expected[32] = {0x3d, 0xe7, 0x21, 0xe3, 0xb5, 0x78, 0xc7, 0x26,
	                                     0x86, 0x38, 0xca, 0x7d, 0x70, 0xc7, 0xb0, 0x78,
	                                     0x1d, 0x58, 0x8c, 0xca, 0x6f, 0x7a, 0x6f, 0x99,
	                                     0xec, 0x9a, 0x5c, 0xb1, 0xf5, 0x9b, 0xd5, 0x1f};
	struct key_provider *provider;
	struct error error = {""};
	uint8_t spi_i[8], spi_r[8];
	char path[64];

	copy_file(LAB_SAS, 0400, path);
	CU_ASSERT_EQUAL_FATAL(sa_file_load(path, &provider, &error), 0);
	/* What is behind the SPIs is ignored. */
	struct answer answer = ask(provider, KEY_QUERY_IKE_SA, key_id, sizeof(key_id));
	CU_ASSERT_EQUAL(answer.status, 0);
	CU_ASSERT_EQUAL(answer.size, sizeof(expected));
	CU_ASSERT(memcmp(answer.octets, expected, sizeof(expected)) == 0);
	CU_ASSERT_STRING_EQUAL(answer.name, "0102030405060708/1112131415161718");
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_IKE_SA, key_id, 15).status, ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_KEY_ID, key_id, 16).status, ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(sa_file_spis(provider, 0, spi_i, spi_r), 0);
	CU_ASSERT(memcmp(spi_i, key_id, 8) == 0 && memcmp(spi_r, key_id + 8, 8) == 0);
	CU_ASSERT_EQUAL(sa_file_spis(provider, 1, spi_i, spi_r), ERROR_NOT_FOUND);
	key_provider_destroy(provider);
	(void)unlink(path);
}

int main(void)
{
	CU_TestInfo tests[] = {{"lab key is found", lab_key_is_found},
	                       {"lab SA is found", lab_sa_is_found},
	                       CU_TEST_INFO_NULL};
	return unit_run("key-files", tests);
}
