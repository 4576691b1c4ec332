/* SPDX-License-Identifier: BSD-3-Clause */
/** Look-ups of the charon provider, from question to answer. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "key/charon.h"

static const char reads_nothing[] = "the IKE daemon reads nothing";

static void enlist(struct key_lookup *lookup, struct charon_lookup_list *list)
{
	lookup->list = list;
	TAILQ_INSERT_TAIL(list, lookup, link);
}

/** It is in no list any more. */
static void forget(struct charon_provider *charon, struct key_lookup *lookup)
{
	free(lookup);
	charon->lookup_count--;
}

/** Answers with an SA's secret, if this client may have it. */
static void answer_with(const struct charon_provider *charon, const struct key_query *query,
                        const struct ike_sa *sa, key_answer answer, void *context)
{
	struct shared_secret secret;
	struct error error;
	int status = ike_sa_permit(sa, charon->settings, &query->peer, &error);

	if (status != 0) {
		answer(context, status, NULL, error.text);
		return;
	}
	ike_sa_secret(sa, &secret);
	answer(context, 0, &secret, NULL);
	secret_wipe(&secret, sizeof(secret));
}

/** Why no answer can be expected; NULL when one can. */
static const char *refusal(const struct charon_provider *charon)
{
	if (charon->lookup_count >= CHARON_LOOKUPS_MAXIMUM)
		return "too many look-ups wait for the IKE daemon";
	if (charon->state == CHARON_DOWN && charon_now_ms() < charon->earliest_ms)
		return charon->failure.text;
	return NULL;
}

/** Waits for the daemon's answer, or for the connection. ERROR_LIMIT: neither. */
static int wait_for_daemon(struct charon_provider *charon, struct key_lookup *lookup)
{
	if (charon->state == CHARON_READY) {
		int status = charon_daemon_ask(charon, lookup);
		if (status == 0)
			enlist(lookup, &charon->asked);
		return status;
	}
	enlist(lookup, &charon->waiting);
	if (charon->state == CHARON_DOWN)
		charon_daemon_connect_soon(charon);
	return 0;
}

/** What is not answered from memory. */
static int begin(struct charon_provider *charon, const struct key_query *query, key_answer answer,
                 void *context, struct key_lookup **lookup)
{
	const char *reason = refusal(charon);

	if (reason != NULL) {
		answer(context, ERROR_UNAVAILABLE, NULL, reason);
		return 0;
	}
	struct key_lookup *begun = calloc(1, sizeof(*begun));
	if (begun == NULL)
		return ERROR_MEMORY;
	begun->query = *query;
	begun->answer = answer;
	begun->context = context;
	if (wait_for_daemon(charon, begun) != 0) {
		free(begun);
		answer(context, ERROR_UNAVAILABLE, NULL, reads_nothing);
		return 0;
	}
	charon->lookup_count++;
	*lookup = begun;
	return 0;
}

int charon_lookup_ask(struct key_provider *provider, const struct key_query *query,
                      key_answer answer, void *context, struct key_lookup **lookup)
{
	struct charon_provider *charon = (struct charon_provider *)(void *)provider;
	const struct ike_sa *sa = NULL;

	*lookup = NULL;
	if (query->kind != KEY_QUERY_IKE_SA) {
		answer(context, ERROR_NOT_FOUND, NULL, NULL);
		return 0;
	}
	if (charon->state == CHARON_READY)
		sa = ike_sa_cache_find(&charon->cache, query->key_id);
	if (sa == NULL)
		return begin(charon, query, answer, context, lookup);
	answer_with(charon, query, sa, answer, context);
	return 0;
}

void charon_lookup_cancel(struct key_provider *provider, struct key_lookup *lookup)
{
	struct charon_provider *charon = (struct charon_provider *)(void *)provider;

	if (lookup->list == &charon->asked) {
		lookup->answer = NULL;
		return;
	}
	TAILQ_REMOVE(lookup->list, lookup, link);
	forget(charon, lookup);
}

struct key_lookup *charon_lookup_find(const struct charon_provider *charon, uint32_t request)
{
	struct key_lookup *lookup;

	/* Daemons answer in the order of asking: it is the first one. */
	TAILQ_FOREACH(lookup, &charon->asked, link)
	if (lookup->request == request)
		return lookup;
	return NULL;
}

/** Ends a look-up that is in no list any more; first it, then its answer, which may call back. */
static void conclude(struct charon_provider *charon, struct key_lookup *lookup, int status,
                     const struct ike_sa *sa, const char *reason)
{
	struct key_lookup ended = *lookup;

	forget(charon, lookup);
	if (ended.answer == NULL)
		return;
	if (status == 0)
		answer_with(charon, &ended.query, sa, ended.answer, ended.context);
	else
		ended.answer(ended.context, status, NULL, reason);
}

void charon_lookup_finish(struct charon_provider *charon, struct key_lookup *lookup, int status,
                          const struct ike_sa *sa, const char *reason)
{
	TAILQ_REMOVE(&charon->asked, lookup, link);
	conclude(charon, lookup, status, sa, reason);
}

void charon_lookup_resume(struct charon_provider *charon)
{
	struct key_lookup *lookup;

	while ((lookup = TAILQ_FIRST(&charon->waiting)) != NULL) {
		const struct ike_sa *sa = ike_sa_cache_find(&charon->cache, lookup->query.key_id);

		TAILQ_REMOVE(&charon->waiting, lookup, link);
		if (sa != NULL)
			conclude(charon, lookup, 0, sa, NULL);
		else if (charon_daemon_ask(charon, lookup) == 0)
			enlist(lookup, &charon->asked);
		else
			conclude(charon, lookup, ERROR_UNAVAILABLE, NULL, reads_nothing);
	}
}

void charon_lookup_gone(struct charon_provider *charon, const uint8_t spis[IKE_SPIS_SIZE])
{
	/* Call-backs add behind the last one, and remove none: who asks anew is not for us. */
	struct key_lookup *last = TAILQ_LAST(&charon->asked, charon_lookup_list);
	struct key_lookup *lookup;

	TAILQ_FOREACH(lookup, &charon->asked, link)
	{
		key_answer answer = lookup->answer;

		if (answer != NULL && memcmp(lookup->query.key_id, spis, IKE_SPIS_SIZE) == 0) {
			lookup->answer = NULL;
			answer(lookup->context, ERROR_NOT_FOUND, NULL, NULL);
		}
		if (lookup == last)
			break;
	}
}

void charon_lookup_set_aside(struct charon_provider *charon)
{
	struct key_lookup *lookup;

	TAILQ_CONCAT(&charon->failed, &charon->asked, link);
	TAILQ_CONCAT(&charon->failed, &charon->waiting, link);
	TAILQ_FOREACH(lookup, &charon->failed, link)
	lookup->list = &charon->failed;
}

void charon_lookup_fail(struct charon_provider *charon, const char *reason)
{
	struct key_lookup *lookup;

	while ((lookup = TAILQ_FIRST(&charon->failed)) != NULL) {
		TAILQ_REMOVE(&charon->failed, lookup, link);
		conclude(charon, lookup, ERROR_UNAVAILABLE, NULL, reason);
	}
}

void charon_lookup_clear(struct charon_provider *charon)
{
	struct key_lookup *lookup;

	charon_lookup_set_aside(charon);
	while ((lookup = TAILQ_FIRST(&charon->failed)) != NULL) {
		TAILQ_REMOVE(&charon->failed, lookup, link);
		forget(charon, lookup);
	}
}
