/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "harness.h"

struct key_lookup {
	struct fake_provider *provider;
};

static struct key_lookup the_lookup;

static int fake_ask(struct key_provider *base, const struct key_query *query, key_answer answer,
                    void *context, struct key_lookup **lookup)
{
	struct fake_provider *provider = (struct fake_provider *)base;

	provider->asked++;
	provider->query = *query;
	provider->answer = answer;
	provider->context = context;
	*lookup = NULL;
	switch (provider->how) {
	case FAKE_IMMEDIATE:
		fake_provider_answer(provider, 0);
		return 0;
	case FAKE_UNAVAILABLE:
		fake_provider_answer(provider, ERROR_UNAVAILABLE);
		return 0;
	case FAKE_FORBIDDEN:
		fake_provider_answer(provider, ERROR_PERMISSION);
		return 0;
	case FAKE_NO_MEMORY:
		provider->answer = NULL;
		return ERROR_MEMORY;
	case FAKE_LATER:
	default:
		the_lookup.provider = provider;
		*lookup = &the_lookup;
		return 0;
	}
}

static void fake_cancel(struct key_provider *base, struct key_lookup *lookup)
{
	struct fake_provider *provider = (struct fake_provider *)base;

	(void)lookup;
	provider->cancelled++;
	provider->answer = NULL;
}

static void fake_destroy(struct key_provider *base)
{
	(void)base;
}

static const struct key_provider_operations fake_operations = {
        .ask = fake_ask, .cancel = fake_cancel, .destroy = fake_destroy};

void fake_provider_answer(struct fake_provider *provider, int status)
{
	key_answer answer = provider->answer;
	bool known = memcmp(provider->query.key_id, provider->key_id, provider->significant) == 0;

	if (answer == NULL)
		return;
	provider->answer = NULL;
	if (status == 0 && (!known || provider->is_gone))
		status = ERROR_NOT_FOUND;
	answer(provider->context, status, status == 0 ? &provider->secret : NULL,
	       status == 0 ? NULL : provider->reason);
}

void fake_provider_lose(struct fake_provider *provider)
{
	provider->is_gone = true;
	if (provider->base.gone != NULL)
		provider->base.gone(provider->base.gone_context, &provider->secret);
}

void fake_provider_init(struct fake_provider *provider, const char *key_id, size_t significant,
                        const char *secret)
{
	memset(provider, 0, sizeof(*provider));
	provider->base.operations = &fake_operations;
	provider->significant = significant;
	memcpy(provider->key_id, key_id, strlen(key_id));
	provider->secret.size = strlen(secret);
	memcpy(provider->secret.octets, secret, strlen(secret));
	(void)snprintf(provider->secret.name, sizeof(provider->secret.name), "%s", key_id);
}
