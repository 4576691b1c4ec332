/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/charon_provider.h"

#include <stdlib.h>

#include "key/charon.h"

static void destroy(struct key_provider *provider)
{
	struct charon_provider *charon = (struct charon_provider *)(void *)provider;

	charon_daemon_destroy(charon);
	charon_lookup_clear(charon);
	ike_sa_cache_clear(&charon->cache);
	free(charon);
}

static void visit_sas(const struct key_provider *provider, key_visit visit, void *context)
{
	const struct charon_provider *charon =
	        (const struct charon_provider *)(const void *)provider;
	const struct ike_sa *sa;
	char name[KEY_NAME_SIZE];

	if (charon->state != CHARON_READY)
		return;
	LIST_FOREACH(sa, &charon->cache.sas, link)
	{
		const struct key_status status = {
		        .name = name, .peer = &sa->peer, .identity = sa->peer_identity};

		ike_sa_name(sa->spis, name);
		if (!visit(context, &status))
			return;
	}
}

static const struct key_provider_operations operations = {.ask = charon_lookup_ask,
                                                          .cancel = charon_lookup_cancel,
                                                          .destroy = destroy,
                                                          .visit = visit_sas};

int charon_provider_create(struct event_base *base, const struct config_ikev2 *settings,
                           struct key_provider **provider, struct error *error)
{
	static const uint32_t per_minute[CHARON_LOG_COUNT] = {
	        [CHARON_LOG_CONNECTED] = 10,  [CHARON_LOG_LOST] = 10,
	        [CHARON_LOG_UNREACHABLE] = 1, [CHARON_LOG_REFUSED] = 1,
	        [CHARON_LOG_UNUSABLE] = 10,   [CHARON_LOG_REKEYED] = 60};
	int status = charon_connection_check_path(settings->socket, error);

	*provider = NULL;
	if (status != 0)
		return status;
	struct charon_provider *charon = calloc(1, sizeof(*charon));
	if (charon == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	charon->provider.operations = &operations;
	charon->base = base;
	charon->settings = settings;
	charon->cache.capacity = CHARON_SAS_MAXIMUM;
	for (unsigned i = 0; i < CHARON_LOG_COUNT; i++)
		charon->limiters[i].per_minute = per_minute[i];
	TAILQ_INIT(&charon->waiting);
	TAILQ_INIT(&charon->asked);
	TAILQ_INIT(&charon->failed);
	if (charon_daemon_init(charon) != 0) {
		destroy(&charon->provider);
		return error_set(error, ERROR_MEMORY, "out of memory");
	}
	charon_daemon_connect_soon(charon);
	*provider = &charon->provider;
	return 0;
}

bool charon_provider_is_connected(const struct key_provider *provider)
{
	const struct charon_provider *charon =
	        (const struct charon_provider *)(const void *)provider;

	return charon->state == CHARON_READY;
}

void charon_provider_set_settings(struct key_provider *provider,
                                  const struct config_ikev2 *settings)
{
	((struct charon_provider *)(void *)provider)->settings = settings;
}

unsigned charon_provider_count(const struct key_provider *provider)
{
	const struct charon_provider *charon =
	        (const struct charon_provider *)(const void *)provider;

	return charon->state == CHARON_READY ? charon->cache.count : 0;
}
