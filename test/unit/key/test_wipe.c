/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * After a key file has been read and its provider destroyed, no writable memory of the process has the passphrase or SK_d, neither
 * as text nor as octets: not in our buffers, not in what libyaml gave back to the heap.
 *
 * The needles stand masked in this program, so that it does not find its own constants.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "config/yaml_tree.h"
#include "key/key_provider.h"
#include "memory_search.h"
#include "unit.h"

#define SECRET_SIZE 64u

/** Fills text with hexadecimal digits that no other text has. */
static void write_secret(char *text, unsigned seed)
{
	for (unsigned i = 0; i < SECRET_SIZE; i++) {
		seed = seed * 1103515245u + 12345u;
		text[i] = "0123456789abcdef"[seed >> 16 & 15];
	}
}

/** Writes a key file with a fresh secret; only the masked needles (its text, and its octets) stay behind. */
static void make_file(char path[32], const char *before, unsigned seed, uint8_t *masked_text,
                      uint8_t *masked_octets)
{
	char text[512];
	size_t length = strlen(before);

	(void)snprintf(path, 32, "key-wipe-test.XXXXXX");
	int descriptor = mkstemp(path);
	CU_ASSERT_FATAL(descriptor >= 0);
	memcpy(text, before, length);
	write_secret(text + length, seed);
	mask(masked_text, text + length);
	for (unsigned i = 0; i < NEEDLE_SIZE; i++) {
		unsigned octet;
		(void)sscanf(text + length + (size_t)2 * i, "%2x", &octet);
		masked_octets[i] = (uint8_t)(octet ^ MASK);
	}
	text[length + SECRET_SIZE] = '\n';
	CU_ASSERT_EQUAL(write(descriptor, text, length + SECRET_SIZE + 1),
	                (ssize_t)(length + SECRET_SIZE + 1));
	secret_wipe(text, sizeof(text));
	(void)close(descriptor);
}

static void search_finds_what_is_there(void)
{
	uint8_t masked[NEEDLE_SIZE];
	char *secret = malloc(SECRET_SIZE);

	CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
	write_secret(secret, 1);
	mask(masked, secret);
	int found = search_memory(masked);
	CU_ASSERT(found == 1 || found == -1);
	secret_wipe(secret, SECRET_SIZE);
	CU_ASSERT(search_memory(masked) <= 0);
	free(secret);
}

static void sk_d_is_gone_once_read(void)
{
	uint8_t text[NEEDLE_SIZE], octets[NEEDLE_SIZE];
	struct key_provider *provider;
	struct error error = {""};
	char path[32];

	make_file(path,
	          "security-associations:\n- spi-i: 0102030405060708\n"
	          "  spi-r: 1112131415161718\n  prf: hmac-sha2-256\n  sk-d: ",
	          2, text, octets);
	CU_ASSERT_EQUAL_FATAL(sa_file_load(path, geteuid(), &provider, &error), 0);
	CU_ASSERT(search_memory(text) <= 0);
	CU_ASSERT(search_memory(octets) <= 0);
	key_provider_destroy(provider);
	(void)unlink(path);
}

static void passphrase_is_kept_once_then_gone(void)
{
	uint8_t text[NEEDLE_SIZE], octets[NEEDLE_SIZE];
	struct key_provider *provider;
	struct error error = {""};
	char path[32];

	make_file(path, "keys:\n- key-id: wipe\n  secret-key: ", 3, text, octets);
	CU_ASSERT_EQUAL_FATAL(psk_file_load(path, geteuid(), &provider, &error), 0);
	int found = search_memory(text);
	CU_ASSERT(found == 1 || found == -1);
	key_provider_destroy(provider);
	CU_ASSERT(search_memory(text) <= 0);
	(void)unlink(path);
}

static void refused_file_leaves_nothing(void)
{
	uint8_t text[NEEDLE_SIZE], octets[NEEDLE_SIZE];
	struct key_provider *provider;
	struct error error = {""};
	char path[32];

	make_file(path, "keys:\n- key-id: wipe\n  wrong: a\n  secret-key: \"", 4, text, octets);
	CU_ASSERT_EQUAL(psk_file_load(path, geteuid(), &provider, &error), ERROR_FORMAT);
	CU_ASSERT(search_memory(text) <= 0);
	(void)unlink(path);
}

static bool all_zero(const struct yaml_tree_node *node)
{
	for (size_t i = 0; i < node->length; i++) {
		if (node->text[i] != '\0')
			return false;
	}
	for (const struct yaml_tree_node *child = node->first; child != NULL; child = child->next) {
		if (child->key != NULL && child->key[0] != '\0')
			return false;
		if (!all_zero(child))
			return false;
	}
	return true;
}

static void tree_wipes_every_scalar(void)
{
	static const char text[] = "a: [b, 'c', {d: e}]\nf: g\n";
	struct yaml_tree *tree;
	struct error error;

	CU_ASSERT_EQUAL_FATAL(yaml_tree_parse("t", text, sizeof(text) - 1, &tree, &error), 0);
	CU_ASSERT(!all_zero(tree->root));
	yaml_tree_wipe(tree);
	CU_ASSERT(all_zero(tree->root));
	yaml_tree_free(tree);
	yaml_tree_free(NULL);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"search finds what is there", search_finds_what_is_there},
	        {"SK_d is gone once read", sk_d_is_gone_once_read},
	        {"passphrase is kept once, then gone", passphrase_is_kept_once_then_gone},
	        {"refused file leaves nothing", refused_file_leaves_nothing},
	        {"tree wipes every scalar", tree_wipes_every_scalar},
	        CU_TEST_INFO_NULL};
	return unit_run("key-wipe", tests);
}
