/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/limits.h"

#include <stdlib.h>
#include <string.h>

#include "session/flow.h"

#define BUCKETS 4096u

struct address_usage {
	struct address address;
	unsigned open; /**< connections, half-open ones too */
	unsigned half_open;
	unsigned connections[POOL_COUNT];
	unsigned sessions[POOL_COUNT];
	struct address_usage *next;
};

struct limits {
	const struct config_limits *pools[POOL_COUNT];
	uint64_t connections_maximum;
	uint64_t connections_per_address_maximum;
	uint32_t half_open_maximum;
	uint64_t seed;
	unsigned open;
	unsigned half_open;
	unsigned connections[POOL_COUNT];
	unsigned sessions[POOL_COUNT];
	unsigned addresses;
	struct address_usage *buckets[BUCKETS];
};

struct limits *limits_create(const struct config_control *control, uint64_t seed)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (limits == NULL)
		return NULL;
	limits->seed = seed;
	limits_configure(limits, control);
	return limits;
}

void limits_configure(struct limits *limits, const struct config_control *control)
{
	limits->pools[POOL_UNAUTHENTICATED] = &control->unauthenticated;
	limits->pools[POOL_KEYED] = &control->keyed;
	limits->connections_maximum =
	        (uint64_t)control->unauthenticated.connections + control->keyed.connections;
	limits->connections_per_address_maximum =
	        (uint64_t)control->unauthenticated.connections_per_address +
	        control->keyed.connections_per_address;
	limits->half_open_maximum = control->half_open;
}

void limits_destroy(struct limits *limits)
{
	if (limits == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct address_usage *usage = limits->buckets[i];

		while (usage != NULL) {
			struct address_usage *next = usage->next;

			free(usage);
			usage = next;
		}
	}
	free(limits);
}

static struct address_usage **bucket_of(struct limits *limits, const struct address *address)
{
	struct flow_key key = {.vlan = address->family};

	memcpy(key.source, address->octets, address->family == 4 ? 4 : sizeof(key.source));
	return &limits->buckets[flow_key_hash(&key, limits->seed) % BUCKETS];
}

static struct address_usage *find(struct address_usage *usage, const struct address *address)
{
	while (usage != NULL && !address_equal(&usage->address, address))
		usage = usage->next;
	return usage;
}

/** Frees the entry of an address that holds nothing any more. */
static void forget_if_unused(struct limits *limits, struct address_usage *usage)
{
	if (usage->open > 0 || usage->sessions[POOL_UNAUTHENTICATED] > 0 ||
	    usage->sessions[POOL_KEYED] > 0)
		return;
	struct address_usage **link = bucket_of(limits, &usage->address);

	while (*link != usage)
		link = &(*link)->next;
	*link = usage->next;
	limits->addresses--;
	free(usage);
}

struct address_usage *limits_take_connection(struct limits *limits, const struct address *client,
                                             const char **reason)
{
	struct address_usage **bucket = bucket_of(limits, client);
	struct address_usage *usage = find(*bucket, client);

	if (limits->open >= limits->connections_maximum) {
		*reason = "too many connections in all";
		return NULL;
	}
	if (limits->half_open >= limits->half_open_maximum) {
		*reason = "too many half-open set-ups";
		return NULL;
	}
	if (usage != NULL && usage->open >= limits->connections_per_address_maximum) {
		*reason = "too many connections of this address";
		return NULL;
	}
	if (usage == NULL) {
		usage = calloc(1, sizeof(*usage));
		if (usage == NULL) {
			*reason = "no memory";
			return NULL;
		}
		usage->address = *client;
		usage->next = *bucket;
		*bucket = usage;
		limits->addresses++;
	}
	usage->open++;
	usage->half_open++;
	limits->open++;
	limits->half_open++;
	return usage;
}

bool limits_address_is_full(struct limits *limits, const struct address *client)
{
	const struct address_usage *usage = find(*bucket_of(limits, client), client);

	return usage != NULL && usage->open >= limits->connections_per_address_maximum;
}

unsigned limits_half_open_of(const struct address_usage *usage)
{
	return usage->half_open;
}

bool limits_pool_has_room(const struct limits *limits, const struct address_usage *usage,
                          enum limit_pool pool)
{
	return limits->connections[pool] < limits->pools[pool]->connections &&
	       usage->connections[pool] < limits->pools[pool]->connections_per_address;
}

bool limits_enter_pool(struct limits *limits, struct address_usage *usage, enum limit_pool pool)
{
	if (!limits_pool_has_room(limits, usage, pool))
		return false;
	limits->half_open--;
	usage->half_open--;
	limits->connections[pool]++;
	usage->connections[pool]++;
	return true;
}

void limits_release_connection(struct limits *limits, struct address_usage *usage,
                               enum limit_pool pool)
{
	if (pool == POOL_NONE) {
		limits->half_open--;
		usage->half_open--;
	} else {
		limits->connections[pool]--;
		usage->connections[pool]--;
	}
	limits->open--;
	usage->open--;
	forget_if_unused(limits, usage);
}

enum accept limits_take_session(struct limits *limits, struct address_usage *usage,
                                enum limit_pool pool, unsigned on_connection, const char **reason)
{
	const struct config_limits *maximum = limits->pools[pool];

	if (on_connection >= maximum->sessions_per_connection) {
		*reason = "sessions of this connection";
		return ACCEPT_PERMANENT_LIMIT;
	}
	if (limits->sessions[pool] >= maximum->sessions) {
		*reason = "sessions in all";
		return ACCEPT_TEMPORARY_LIMIT;
	}
	if (usage->sessions[pool] >= maximum->sessions_per_address) {
		*reason = "sessions of this address";
		return ACCEPT_TEMPORARY_LIMIT;
	}
	limits->sessions[pool]++;
	usage->sessions[pool]++;
	return ACCEPT_OK;
}

void limits_release_session(struct limits *limits, struct address_usage *usage,
                            enum limit_pool pool)
{
	limits->sessions[pool]--;
	usage->sessions[pool]--;
	forget_if_unused(limits, usage);
}

unsigned limits_half_open(const struct limits *limits)
{
	return limits->half_open;
}

unsigned limits_addresses(const struct limits *limits)
{
	return limits->addresses;
}
