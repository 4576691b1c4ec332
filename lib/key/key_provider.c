/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/key_provider.h"

int key_provider_ask(struct key_provider *provider, const struct key_query *query,
                     key_answer answer, void *context, struct key_lookup **lookup)
{
	*lookup = NULL;
	return provider->operations->ask(provider, query, answer, context, lookup);
}

void key_provider_cancel(struct key_provider *provider, struct key_lookup *lookup)
{
	if (lookup != NULL)
		provider->operations->cancel(provider, lookup);
}

void key_provider_watch(struct key_provider *provider, key_gone gone, void *context)
{
	provider->gone = gone;
	provider->gone_context = context;
}

void key_provider_destroy(struct key_provider *provider)
{
	if (provider != NULL)
		provider->operations->destroy(provider);
}

void key_provider_visit(const struct key_provider *provider, key_visit visit, void *context)
{
	if (provider != NULL && provider->operations->visit != NULL)
		provider->operations->visit(provider, visit, context);
}
