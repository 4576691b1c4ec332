/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/charon_message.h"

#include <string.h>

#include "base/secret.h"

static void join(const uint8_t *spi_i, const uint8_t *spi_r, uint8_t spis[IKE_SPIS_SIZE])
{
	memcpy(spis, spi_i, IKE_SPI_SIZE);
	memcpy(spis + IKE_SPI_SIZE, spi_r, IKE_SPI_SIZE);
}

static void tell_gone(struct charon_provider *charon, const struct ike_sa *sa)
{
	struct shared_secret secret;

	if (charon->provider.gone == NULL)
		return;
	ike_sa_secret(sa, &secret);
	charon->provider.gone(charon->provider.gone_context, &secret);
	secret_wipe(&secret, sizeof(secret));
}

void charon_forget_sa(struct charon_provider *charon, struct ike_sa *sa)
{
	/* First out of the cache: the call-back may ask for it. */
	ike_sa_cache_remove(&charon->cache, sa);
	tell_gone(charon, sa);
	ike_sa_destroy(sa);
}

static bool same_secret(const struct ike_sa *left, const struct ike_sa *right)
{
	return left->secret_size == right->secret_size &&
	       secret_equal(left->secret, right->secret, left->secret_size);
}

/** Puts a new SA, or what has changed of one, into the cache. Not 0: the connection is of no use any more. */
static int keep(struct charon_provider *charon, struct ike_sa *sa, struct error *error)
{
	struct ike_sa *old = ike_sa_cache_find(&charon->cache, sa->spis);

	if (old != NULL)
		ike_sa_cache_remove(&charon->cache, old);
	int status = ike_sa_cache_add(&charon->cache, sa);
	if (status == ERROR_LIMIT)
		(void)error_set(error, status, "the IKE daemon has more than %u SAs",
		                charon->cache.capacity);
	else if (status != 0)
		(void)error_set(error, status, "no memory for another SA");
	if (old != NULL && (status != 0 || !same_secret(old, sa)))
		tell_gone(charon, old);
	ike_sa_destroy(old);
	if (status != 0)
		ike_sa_destroy(sa);
	return status;
}

/**
 * Takes the SA of a message into the cache. *sa is NULL, and *unusable says why, when it has no key for us: nothing is
 * known of it then. Not 0: the connection is of no use any more.
 */
static int take_sa(struct charon_provider *charon, const struct ike_key_message *message,
                   struct ike_sa **sa, struct error *unusable, struct error *error)
{
	uint8_t spis[IKE_SPIS_SIZE];
	char name[KEY_NAME_SIZE];

	int status = ike_sa_read(message, charon->settings->derive, sa, unusable);
	if (status == 0)
		return keep(charon, *sa, error);
	if (status != ERROR_ARGUMENT)
		return error_set(error, status, "%s", unusable->text);
	join(message->spi_i, message->spi_r, spis);
	ike_sa_name(spis, name);
	log_event_limited(&charon->limiters[CHARON_LOG_UNUSABLE], LOG_LEVEL_WARNING,
	                  "ike-sa-unusable", "SA %s gives no key: %s", name, unusable->text);
	struct ike_sa *old = ike_sa_cache_find(&charon->cache, spis);
	if (old != NULL)
		charon_forget_sa(charon, old);
	return 0;
}

static int unexpected(const struct ike_key_message *message, struct error *error)
{
	return error_set(error, ERROR_FORMAT,
	                 "the IKE daemon sent a message out of place: type %u, request %u",
	                 (unsigned)message->type, (unsigned)message->request);
}

static int take_answer_sa(struct charon_provider *charon, const struct ike_key_message *message,
                          struct error *error)
{
	/* Call-backs remove no question that has been asked. */
	struct key_lookup *lookup = charon_lookup_find(charon, message->request);
	struct error unusable = {""};
	uint8_t spis[IKE_SPIS_SIZE];
	struct ike_sa *sa;

	if (lookup == NULL)
		return unexpected(message, error);
	join(message->spi_i, message->spi_r, spis);
	if (memcmp(spis, lookup->query.key_id, IKE_SPIS_SIZE) != 0)
		return error_set(error, ERROR_FORMAT,
		                 "the IKE daemon answered with an SA that was not asked for");
	if (lookup->answer == NULL) {
		/* Cancelled, or gone since: not worth keeping. */
		charon_lookup_finish(charon, lookup, ERROR_NOT_FOUND, NULL, NULL);
		return 0;
	}
	int status = take_sa(charon, message, &sa, &unusable, error);
	if (status != 0)
		return status;
	charon_lookup_finish(charon, lookup, sa != NULL ? 0 : ERROR_UNAVAILABLE, sa, unusable.text);
	return 0;
}

static int take_sa_message(struct charon_provider *charon, const struct ike_key_message *message,
                           struct error *error)
{
	struct error unusable = {""};
	struct ike_sa *sa;

	if (charon->state == CHARON_READY)
		return take_answer_sa(charon, message, error);
	if (message->request != CHARON_SUBSCRIPTION)
		return unexpected(message, error);
	charon->snapshot_count++;
	return take_sa(charon, message, &sa, &unusable, error);
}

static int take_end(struct charon_provider *charon, const struct ike_key_message *message,
                    struct error *error)
{
	if (charon->state == CHARON_READY || message->request != CHARON_SUBSCRIPTION)
		return unexpected(message, error);
	if (message->count != charon->snapshot_count)
		return error_set(error, ERROR_FORMAT,
		                 "the IKE daemon sent %u SAs and says it were %u",
		                 (unsigned)charon->snapshot_count, (unsigned)message->count);
	charon_daemon_ready(charon);
	return 0;
}

/** The daemon doesn't want us, or not as we ask. */
static int refused(const struct ike_key_message *message, struct error *error)
{
	switch (message->error) {
	case IKE_KEY_ERROR_NOT_PERMITTED:
		return error_set(error, ERROR_PERMISSION,
		                 "the IKE daemon refuses this user (%s): add its user or group to "
		                 "uids or gids in ippm-keys.conf",
		                 message->text);
	case IKE_KEY_ERROR_NOT_EXPOSED:
		return error_set(error, ERROR_PERMISSION,
		                 "the IKE daemon does not hand out SK_d (%s): set expose_sk_d = "
		                 "yes in ippm-keys.conf, or ikev2.derive: daemon here",
		                 message->text);
	case IKE_KEY_ERROR_VERSION:
		return error_set(error, ERROR_PERMISSION,
		                 "the IKE daemon does not speak version %u of the key protocol "
		                 "(%s): install its plugin and specular of one release",
		                 IKE_KEY_VERSION, message->text);
	default:
		return error_set(error, ERROR_UNAVAILABLE, "the IKE daemon says \"%s\": %s",
		                 ike_key_error_name(message->error), message->text);
	}
}

static int take_error(struct charon_provider *charon, const struct ike_key_message *message,
                      struct error *error)
{
	struct key_lookup *lookup = charon_lookup_find(charon, message->request);
	struct error reason;

	if (lookup == NULL) {
		if (message->request == 0 || charon->state == CHARON_SNAPSHOT)
			return refused(message, error);
		return unexpected(message, error);
	}
	if (message->error == IKE_KEY_ERROR_NOT_FOUND) {
		charon_lookup_finish(charon, lookup, ERROR_NOT_FOUND, NULL, NULL);
		return 0;
	}
	(void)refused(message, &reason);
	charon_lookup_finish(charon, lookup, ERROR_UNAVAILABLE, NULL, reason.text);
	return 0;
}

static void take_rekeyed(struct charon_provider *charon, const struct ike_key_message *message)
{
	char old_name[KEY_NAME_SIZE], new_name[KEY_NAME_SIZE];
	uint8_t spis[IKE_SPIS_SIZE];

	join(message->old_spi_i, message->old_spi_r, spis);
	ike_sa_name(spis, old_name);
	join(message->spi_i, message->spi_r, spis);
	ike_sa_name(spis, new_name);
	log_event_limited(&charon->limiters[CHARON_LOG_REKEYED], LOG_LEVEL_INFO, "ike-sa-rekeyed",
	                  "SA %s is now %s", old_name, new_name);
}

static void take_gone(struct charon_provider *charon, const struct ike_key_message *message)
{
	uint8_t spis[IKE_SPIS_SIZE];

	join(message->spi_i, message->spi_r, spis);
	struct ike_sa *sa = ike_sa_cache_find(&charon->cache, spis);
	if (sa != NULL)
		charon_forget_sa(charon, sa);
	charon_lookup_gone(charon, spis);
}

/** Events come once the snapshot is complete. */
static int take_event(struct charon_provider *charon, const struct ike_key_message *message,
                      struct error *error)
{
	struct error unusable = {""};
	struct ike_sa *sa;

	if (charon->state != CHARON_READY || message->request != 0)
		return unexpected(message, error);
	if (message->type == IKE_KEY_EVENT_UP)
		return take_sa(charon, message, &sa, &unusable, error);
	if (message->type == IKE_KEY_EVENT_GONE)
		take_gone(charon, message);
	else
		take_rekeyed(charon, message);
	return 0;
}

uint16_t charon_want(const struct charon_provider *charon)
{
	return charon->settings->derive == DERIVE_APPLIANCE ? IKE_KEY_WANT_SK_D
	                                                    : IKE_KEY_WANT_SECRET;
}

int charon_take_message(void *context, const struct ike_key_message *message, struct error *error)
{
	struct charon_provider *charon = context;

	switch (message->type) {
	case IKE_KEY_SA:
		return take_sa_message(charon, message, error);
	case IKE_KEY_END:
		return take_end(charon, message, error);
	case IKE_KEY_ERROR:
		return take_error(charon, message, error);
	case IKE_KEY_EVENT_UP:
	case IKE_KEY_EVENT_REKEYED:
	case IKE_KEY_EVENT_GONE:
		return take_event(charon, message, error);
	default:
		return unexpected(message, error);
	}
}
