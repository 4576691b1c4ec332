/* SPDX-License-Identifier: BSD-3-Clause */
#include "credentials.h"

#include <string.h>
#include <unistd.h>

#include "base/secret.h"

_Static_assert(KEY_PROVIDER_ID_SIZE == KEY_ID_SIZE, "the same KeyID field");

/** Copies the answer; the providers of files answer before key_provider_ask returns. */
struct answer {
	int status;
	struct shared_secret secret;
};

static void take_answer(void *context, int status, const struct shared_secret *secret,
                        const char *reason)
{
	struct answer *answer = context;

	(void)reason;
	answer->status = status;
	if (status == 0)
		answer->secret = *secret;
}

static void query_make(const struct credentials *credentials, bool ike, struct key_query *query)
{
	memset(query, 0, sizeof(*query));
	query->kind = ike ? KEY_QUERY_IKE_SA : KEY_QUERY_KEY_ID;
	if (ike) {
		memcpy(query->key_id, credentials->sa.spi_i, IKE_SPI_SIZE);
		memcpy(query->key_id + IKE_SPI_SIZE, credentials->sa.spi_r, IKE_SPI_SIZE);
	} else {
		memcpy(query->key_id, credentials->key_id, strlen(credentials->key_id));
	}
}

/** The caller wipes *answer. */
static int look_up(const struct credentials *credentials, const struct key_query *query,
                   struct answer *answer)
{
	struct key_provider *provider =
	        query->kind == KEY_QUERY_IKE_SA ? credentials->sas : credentials->keys;
	struct key_lookup *lookup = NULL;
	int result;

	answer->status = ERROR_UNAVAILABLE;
	if (query->kind == KEY_QUERY_IKE_SA && credentials->sa.secret_size != 0) {
		memcpy(answer->secret.octets, credentials->sa.secret, credentials->sa.secret_size);
		answer->secret.size = credentials->sa.secret_size;
		return 0;
	}
	if (provider == NULL)
		return ERROR_NOT_FOUND;
	result = key_provider_ask(provider, query, take_answer, answer, &lookup);
	if (result != 0)
		return result;
	if (lookup != NULL)
		key_provider_cancel(provider, lookup);
	return answer->status;
}

int credentials_load(struct credentials *credentials, const char *key_file, const char *key_id,
                     const char *sa_file, bool ike_token_direct, struct error *error)
{
	int result = 0;

	*credentials = (struct credentials){.key_id = key_id, .ike_token_direct = ike_token_direct};
	if (key_file != NULL) {
		struct key_query query;
		struct answer answer;
		result = psk_file_load(key_file, geteuid(), &credentials->keys, error);
		if (result != 0)
			goto fail;
		query_make(credentials, false, &query);
		result = look_up(credentials, &query, &answer);
		secret_wipe(&answer, sizeof(answer));
		if (result != 0) {
			(void)error_set(error, result, "%s has no key with the key-id \"%s\"",
			                key_file, key_id);
			goto fail;
		}
	}
	if (sa_file != NULL) {
		result = sa_file_load(sa_file, geteuid(), &credentials->sas, error);
		if (result != 0)
			goto fail;
		credentials->sa.known = sa_file_spis(credentials->sas, 0, credentials->sa.spi_i,
		                                     credentials->sa.spi_r) == 0;
	}
	return 0;
fail:
	credentials_free(credentials);
	return result;
}

void credentials_free(struct credentials *credentials)
{
	key_provider_destroy(credentials->keys);
	key_provider_destroy(credentials->sas);
	credentials->keys = NULL;
	credentials->sas = NULL;
	server_sa_wipe_secret(&credentials->sa);
}

int credentials_token_key(const struct credentials *credentials, uint32_t mode,
                          const struct server_greeting *greeting, uint8_t key_id[KEY_ID_SIZE],
                          uint8_t token_key[TOKEN_KEY_SIZE], struct error *error)
{
	bool ike = mode & MODE_IKEV2_DERIVED;
	struct key_query query;
	struct answer answer;
	int result;

	query_make(credentials, ike, &query);
	result = look_up(credentials, &query, &answer);
	if (result != 0) {
		(void)error_set(error, result, "no shared secret: %s", error_name(result));
	} else if (ike && credentials->ike_token_direct) {
		if (answer.secret.size < TOKEN_KEY_SIZE)
			result = error_set(
			        error, ERROR_CRYPTO,
			        "the SA's secret is too short for --ike-token-key direct");
		else
			memcpy(token_key, answer.secret.octets, TOKEN_KEY_SIZE);
	} else {
		result = token_key_derive(answer.secret.octets, answer.secret.size, greeting->salt,
		                          greeting->count, token_key);
		if (result != 0)
			(void)error_set(error, result, "PBKDF2 failed");
	}
	memcpy(key_id, query.key_id, KEY_ID_SIZE);
	secret_wipe(&answer, sizeof(answer));
	return result;
}
