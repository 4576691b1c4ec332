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

static void keep_answer(void *context, int status, const struct shared_secret *secret,
                        const char *reason)
{
	struct answer *answer = context;

	(void)reason;
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
	(void)snprintf(path, 64, "key-files-test.XXXXXX");
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
	CU_ASSERT_EQUAL_FATAL(psk_file_load(path, geteuid(), &provider, &error), 0);
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
	CU_ASSERT_EQUAL_FATAL(sa_file_load(path, geteuid(), &provider, &error), 0);
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

static void readable_by_others_is_refused(void)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0777};
	char path[64], expected[256];
	struct key_provider *provider;
	struct error error;

	copy_file(LAB_KEYS, 0600, path);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		CU_ASSERT_EQUAL(chmod(path, modes[i]), 0);
		CU_ASSERT_EQUAL(psk_file_load(path, geteuid(), &provider, &error),
		                ERROR_PERMISSION);
		CU_ASSERT_PTR_NULL(provider);
		(void)snprintf(expected, sizeof(expected),
		               "%s: its mode %04o lets group or others in; allowed: 0600 or 0400 "
		               "(chmod 600 %s)",
		               path, (unsigned)modes[i], path);
		CU_ASSERT_STRING_EQUAL(error.text, expected);
		CU_ASSERT_EQUAL(sa_file_load(path, geteuid(), &provider, &error), ERROR_PERMISSION);
		CU_ASSERT_PTR_NULL(provider);
	}
	CU_ASSERT_EQUAL(chmod(path, 0400), 0);
	CU_ASSERT_EQUAL(psk_file_load(path, geteuid(), &provider, &error), 0);
	key_provider_destroy(provider);
	(void)unlink(path);
}

static void other_owner_is_refused(void)
{
	char path[64];
	struct key_provider *provider;
	struct error error;

	copy_file(LAB_KEYS, 0600, path);
	/* Only root can give a file away. */
	if (chown(path, 65534, 65534) == 0) {
		CU_ASSERT_EQUAL(psk_file_load(path, geteuid(), &provider, &error),
		                ERROR_PERMISSION);
		CU_ASSERT(strstr(error.text, "owned by user 65534; allowed: root, user ") != NULL);
		/* Unless it is the user that the process is going to be. */
		CU_ASSERT_EQUAL(psk_file_load(path, 65534, &provider, &error), 0);
		key_provider_destroy(provider);
	}
	(void)unlink(path);
}

/** As /etc/specular is, which root's --check must be able to judge. */
static void owner_of_the_folder_is_taken(void)
{
	static const char folder[] = "key-files-test.folder", path[] = "key-files-test.folder/keys";
	char copy[64];
	struct key_provider *provider;
	struct error error;

	copy_file(LAB_KEYS, 0600, copy);
	CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0700), 0);
	CU_ASSERT_EQUAL_FATAL(rename(copy, path), 0);
	if (chown(path, 65534, 65534) == 0 && chown(folder, 65534, 65534) == 0) {
		CU_ASSERT_EQUAL(psk_file_load(path, geteuid(), &provider, &error), 0);
		key_provider_destroy(provider);
	}
	(void)unlink(path);
	(void)rmdir(folder);
}

static void what_is_no_file_is_refused(void)
{
	static const char fifo[] = "key-files-test.fifo";
	struct key_provider *provider;
	struct error error;

	CU_ASSERT_EQUAL(psk_file_load("/", geteuid(), &provider, &error), ERROR_PERMISSION);
	CU_ASSERT_STRING_EQUAL(error.text,
	                       "/: not a regular file; allowed: a file that only its owner reads");
	(void)unlink(fifo);
	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	CU_ASSERT_EQUAL(psk_file_load(fifo, geteuid(), &provider, &error), ERROR_PERMISSION);
	(void)unlink(fifo);
	CU_ASSERT_EQUAL(psk_file_load("/nonexistent", geteuid(), &provider, &error),
	                ERROR_NOT_FOUND);
	CU_ASSERT_STRING_EQUAL(error.text, "/nonexistent: No such file or directory");
	CU_ASSERT_EQUAL(sa_file_load("/nonexistent", geteuid(), &provider, &error),
	                ERROR_NOT_FOUND);
}

struct wrong {
	const char *text;
	const char *error;
};

typedef int (*parse_function)(const char *name, const char *text, size_t size,
                              struct key_provider **provider, struct error *error);

static void refuse_all(parse_function parse, const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct key_provider *provider;
		struct error error = {""};
		CU_ASSERT_NOT_EQUAL(
		        parse("k.yaml", cases[i].text, strlen(cases[i].text), &provider, &error),
		        0);
		CU_ASSERT_PTR_NULL(provider);
		CU_ASSERT_STRING_EQUAL(error.text, cases[i].error);
		if (strcmp(error.text, cases[i].error) != 0)
			(void)fprintf(stderr, "%s\n", error.text);
		/* Every wrong value below has this word in it. */
		CU_ASSERT_PTR_NULL(strstr(error.text, "hush"));
	}
}

#define A10  "aaaaaaaaaa"
#define A80  A10 A10 A10 A10 A10 A10 A10 A10
#define A400 A80 A80 A80 A80 A80

static void wrong_psk_files_are_refused(void)
{
	static const struct wrong cases[] = {
	        {"[]",
	         "k.yaml:1:1: a list where a mapping is expected; allowed: a mapping of keys"},
	        {"{}", "k.yaml:1:1: keys: missing; allowed: a list"},
	        {"keys: []", "k.yaml:1:7: keys: 0 elements; allowed: 1 to 4096"},
	        {"keys: hush",
	         "k.yaml:1:7: keys: a scalar where a list is expected; allowed: a list"},
	        {"keys: [hush]",
	         "k.yaml:1:8: keys[0]: a scalar where a mapping is expected; allowed: a "
	         "mapping of key-id, secret-key"},
	        {"key: []", "k.yaml:1:1: key: unknown key; allowed: keys"},
	        {"keys: [{key-id: a}]",
	         "k.yaml:1:8: keys[0].secret-key: missing; allowed: 1 to 1024 "
	         "printable ASCII characters"},
	        {"keys: [{key-id: a, secret: hush}]",
	         "k.yaml:1:20: keys[0].secret: unknown key; allowed: key-id, secret-key"},
	        {"keys: [{key-id: a, secret-key: [hush]}]",
	         "k.yaml:1:32: keys[0].secret-key: a list where a scalar is expected; allowed: 1 "
	         "to "
	         "1024 printable ASCII characters"},
	        {"keys: [{key-id: a, secret-key: \"\"}]",
	         "k.yaml:1:32: keys[0].secret-key: empty; allowed: 1 to 1024 printable ASCII "
	         "characters"},
	        {"keys: [{key-id: a, secret-key: \"hush\\nhush\"}]",
	         "k.yaml:1:32: keys[0].secret-key: has a character that is not printable ASCII; "
	         "allowed: 1 to 1024 printable ASCII characters"},
	        {"keys: [{key-id: a, secret-key: hushé}]",
	         "k.yaml:1:32: keys[0].secret-key: has a character that is not printable ASCII; "
	         "allowed: 1 to 1024 printable ASCII characters"},
	        {"keys: [{key-id: a, secret-key: hush" A400 A400 A400 "}]",
	         "k.yaml:1:32: keys[0].secret-key: too long; allowed: 1 to 1024 printable ASCII "
	         "characters"},
	        {"keys: [{key-id: a" A80 ", secret-key: hush}]",
	         "k.yaml:1:17: keys[0].key-id: too long; allowed: 1 to 80 octets of UTF-8 without "
	         "control characters"},
	        {"keys: [{key-id: \"a\\tb\", secret-key: hush}]",
	         "k.yaml:1:17: keys[0].key-id: has a control character; allowed: 1 to 80 octets of "
	         "UTF-8 without control characters"},
	        {"keys: [{key-id: a, secret-key: hush}, {key-id: a, secret-key: hush}]",
	         "k.yaml:1:48: keys[1].key-id: given twice; allowed: each KeyID once"},
	        {"keys: [{key-id: a, secret-key: 'hush}]",
	         "k.yaml:1:39: YAML syntax: found unexpected end of stream while scanning a quoted "
	         "scalar"},
	};

	refuse_all(psk_file_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

#define SPIS "spi-i: 0102030405060708, spi-r: 1112131415161718"
#define HEX8 "0011223344556677"

static void wrong_sa_files_are_refused(void)
{
	static const struct wrong cases[] = {
	        {"{}", "k.yaml:1:1: security-associations: missing; allowed: a list"},
	        {"security-associations: [{" SPIS ", prf: md5, sk-d: hush}]",
	         "k.yaml:1:81: security-associations[0].prf: unknown prf \"md5\"; allowed: "
	         "hmac-md5, "
	         "hmac-sha1, aes128-xcbc, hmac-sha2-256, hmac-sha2-384, hmac-sha2-512, "
	         "aes128-cmac"},
	        {"security-associations: [{" SPIS ", prf: hmac-md5, sk-d: hush}]",
	         "k.yaml:1:97: security-associations[0].sk-d: not a key; allowed: hexadecimal "
	         "digits, "
	         "two an octet of the PRF's output"},
	        {"security-associations: [{" SPIS ", prf: hmac-md5, sk-d: " HEX8 "}]",
	         "k.yaml:1:97: security-associations[0].sk-d: 8 octets; allowed: the 16 of "
	         "hmac-md5"},
	        {"security-associations: [{" SPIS ", prf: hmac-md5, sk-d: " HEX8 HEX8 "0}]",
	         "k.yaml:1:97: security-associations[0].sk-d: not a key; allowed: hexadecimal "
	         "digits, "
	         "two an octet of the PRF's output"},
	        {"security-associations: [{spi-i: 010203040506070, spi-r: 1112131415161718, prf: "
	         "hmac-md5, sk-d: " HEX8 HEX8 "}]",
	         "k.yaml:1:33: security-associations[0].spi-i: not an SPI; allowed: 16 hexadecimal "
	         "digits, not all zero"},
	        {"security-associations: [{spi-i: 0102030405060708, spi-r: 0000000000000000, prf: "
	         "hmac-md5, sk-d: " HEX8 HEX8 "}]",
	         "k.yaml:1:58: security-associations[0].spi-r: not an SPI; allowed: 16 hexadecimal "
	         "digits, not all zero"},
	        {"security-associations:\n- {" SPIS ", prf: hmac-md5, sk-d: " HEX8 HEX8
	         "}\n- {" SPIS ", prf: hmac-sha1, sk-d: " HEX8 HEX8 "00112233}\n",
	         "k.yaml:3:3: security-associations[1]: the SPIs are given twice; allowed: each "
	         "pair "
	         "once"},
	};

	refuse_all(sa_file_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void key_ids_of_every_length_are_found(void)
{
	static const char text[] = "keys:\n- {key-id: " A80 ", secret-key: long}\n"
	                           "- {key-id: \"\xc3\xa9t\xc3\xa9\", secret-key: \"~ !\"}\n";
	struct key_provider *provider;
	struct error error;

	CU_ASSERT_EQUAL_FATAL(psk_file_parse("k", text, sizeof(text) - 1, &provider, &error), 0);
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_KEY_ID, A80, 80).status, 0);
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_KEY_ID, A80, 79).status, ERROR_NOT_FOUND);
	struct answer answer = ask(provider, KEY_QUERY_KEY_ID, "\xc3\xa9t\xc3\xa9", 5);
	CU_ASSERT_EQUAL(answer.status, 0);
	CU_ASSERT_EQUAL(answer.size, 3);
	CU_ASSERT_EQUAL(ask(provider, KEY_QUERY_KEY_ID, "", 0).status, ERROR_NOT_FOUND);
	key_provider_destroy(provider);
	key_provider_destroy(NULL);
}

/** Each PRF of IKEv2 with an SK_d of its size gives what crypto says. */
static void each_prf_is_read(void)
{
	static const char *const names[] = {"hmac-md5",      "hmac-sha1",     "aes128-xcbc",
	                                    "hmac-sha2-256", "hmac-sha2-384", "hmac-sha2-512",
	                                    "aes128-cmac"};
	static const uint8_t key_id[16] = {1,    2,    3,    4,    5,    6,    7,    8,
	                                   0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
	uint8_t sk_d[SK_D_SIZE_MAXIMUM], secret[IKE_SECRET_SIZE_MAXIMUM];

	memset(sk_d, 0xcd, sizeof(sk_d));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct key_provider *provider;
		struct error error = {""};
		char text[512];
		enum ike_prf prf;
		size_t size;
		CU_ASSERT_EQUAL_FATAL(ike_prf_parse(names[i], &prf), 0);
		int length =
		        snprintf(text, sizeof(text),
		                 "security-associations: [{" SPIS ", prf: %s, sk-d: ", names[i]);
		for (size_t j = 0; j < ike_prf_size(prf); j++)
			length += snprintf(text + length, sizeof(text) - (size_t)length, "Cd");
		(void)snprintf(text + length, sizeof(text) - (size_t)length, "}]");
		CU_ASSERT_EQUAL_FATAL(sa_file_parse("k", text, strlen(text), &provider, &error), 0);
		CU_ASSERT_EQUAL(ike_shared_secret(prf, sk_d, ike_prf_size(prf), secret, &size), 0);
		struct answer answer = ask(provider, KEY_QUERY_IKE_SA, key_id, sizeof(key_id));
		CU_ASSERT_EQUAL(answer.size, size);
		CU_ASSERT(memcmp(answer.octets, secret, size) == 0);
		key_provider_destroy(provider);
	}
}

static void an_empty_sa_file_knows_no_sa(void)
{
	static const char text[] = "security-associations: []";
	uint8_t spi_i[IKE_SPI_SIZE], spi_r[IKE_SPI_SIZE];
	struct key_provider *provider;
	struct error error = {""};

	CU_ASSERT_EQUAL_FATAL(sa_file_parse("k", text, strlen(text), &provider, &error), 0);
	CU_ASSERT_EQUAL(sa_file_spis(provider, 0, spi_i, spi_r), ERROR_NOT_FOUND);
	key_provider_destroy(provider);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"lab key is found", lab_key_is_found},
	        {"lab SA is found", lab_sa_is_found},
	        {"readable by others is refused", readable_by_others_is_refused},
	        {"other owner is refused", other_owner_is_refused},
	        {"owner of the folder is taken", owner_of_the_folder_is_taken},
	        {"what is no file is refused", what_is_no_file_is_refused},
	        {"wrong PSK files are refused", wrong_psk_files_are_refused},
	        {"wrong SA files are refused", wrong_sa_files_are_refused},
	        {"KeyIDs of every length are found", key_ids_of_every_length_are_found},
	        {"each PRF is read", each_prf_is_read},
	        {"an empty SA file knows no SA", an_empty_sa_file_knows_no_sa},
	        CU_TEST_INFO_NULL};
	return unit_run("key-files", tests);
}
