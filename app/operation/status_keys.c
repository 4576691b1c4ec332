/* SPDX-License-Identifier: BSD-3-Clause */
/** The command keys: names of keys, SPIs and users; never an octet of a key. */
#include <stdio.h>
#include <string.h>

#include "key/charon_provider.h"
#include "status_commands.h"

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX     10000
#define SPI_DIGITS    (2 * (int)IKE_SPI_SIZE)

struct listing {
	struct json_writer *json;
	uint64_t left;
};

static bool write_key_id(void *context, const struct key_status *key)
{
	struct listing *listing = context;

	if (listing->left == 0)
		return false;
	listing->left--;
	json_open(listing->json, NULL, '{');
	json_string(listing->json, "key_id", key->name);
	json_close(listing->json, '}');
	return true;
}

/** An SA's name is "spi-i/spi-r". */
static bool write_sa(void *context, const struct key_status *key)
{
	struct listing *listing = context;
	struct json_writer *json = listing->json;
	char initiator[SPI_DIGITS + 1], peer[ADDRESS_TEXT_SIZE];

	if (listing->left == 0)
		return false;
	listing->left--;
	(void)snprintf(initiator, sizeof(initiator), "%.*s", SPI_DIGITS, key->name);
	const char *responder = strchr(key->name, '/');
	json_open(json, NULL, '{');
	json_string(json, "spi_i", initiator);
	json_string(json, "spi_r", responder != NULL ? responder + 1 : NULL);
	json_string(json, "peer", key->peer != NULL ? address_format(key->peer, peer) : NULL);
	json_string(json, "identity",
	            key->identity != NULL && key->identity[0] != '\0' ? key->identity : NULL);
	json_close(json, '}');
	return true;
}

static bool count_key(void *context, const struct key_status *key)
{
	uint64_t *count = context;

	(void)key;
	++*count;
	return true;
}

static uint64_t count_keys(const struct key_provider *provider)
{
	uint64_t count = 0;

	key_provider_visit(provider, count_key, &count);
	return count;
}

static void write_ike(const struct status_source *source, uint64_t limit, struct json_writer *json)
{
	static const char *const names[] = {[PROVIDER_NONE] = "none",
	                                    [PROVIDER_STATIC] = "static",
	                                    [PROVIDER_CHARON] = "charon"};
	const struct key_provider *provider = source->ike_provider;
	enum config_provider kind = source->config->ikev2.provider;
	struct listing listing = {.json = json, .left = limit};
	bool charon = kind == PROVIDER_CHARON && provider != NULL;

	json_open(json, "ike", '{');
	json_string(json, "provider", names[kind]);
	json_bool(json, "connected",
	          charon ? charon_provider_is_connected(provider) : provider != NULL);
	json_unsigned(json, "total",
	              charon ? charon_provider_count(provider) : count_keys(provider));
	json_open(json, "sas", '[');
	key_provider_visit(provider, write_sa, &listing);
	json_close(json, ']');
	json_close(json, '}');
}

int status_keys(struct operation *operation, const struct operation_request *request,
                struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);
	uint64_t limit = LIMIT_DEFAULT;
	int status = operation_unsigned(request, "limit", 1, LIMIT_MAX, &limit, error);
	struct listing listing = {.json = json, .left = limit};

	if (status != 0)
		return status;
	json_unsigned(json, "psk_total", count_keys(source->psk_provider));
	json_open(json, "psk", '[');
	key_provider_visit(source->psk_provider, write_key_id, &listing);
	json_close(json, ']');
	write_ike(source, limit, json);
	return 0;
}
