/* SPDX-License-Identifier: BSD-3-Clause */
/** Any octets as a PSK file, then a look-up. */
#include <stdlib.h>
#include <string.h>

#include "key/key_provider.h"

static void take_answer(void *context, int status, const struct shared_secret *secret,
                        const char *reason)
{
	(void)reason;
	if (status == 0 && (secret->size == 0 || secret->size > sizeof(secret->octets)))
		abort();
	*(unsigned *)context += 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_query query = {.kind = KEY_QUERY_KEY_ID};
	struct key_provider *provider;
	struct key_lookup *lookup;
	struct error error = {""};
	unsigned answers = 0;
	int status = psk_file_parse("fuzz.yaml", (const char *)data, size, &provider, &error);

	if (status != 0) {
		if (error.text[0] == '\0' || provider != NULL)
			abort();
		return 0;
	}
	memcpy(query.key_id, "lab", 3);
	if (key_provider_ask(provider, &query, take_answer, &answers, &lookup) != 0 || answers != 1)
		abort();
	key_provider_destroy(provider);
	return 0;
}
