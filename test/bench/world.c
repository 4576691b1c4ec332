/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

#define PORT_LOWER 20000u
#define PORT_UPPER 20999u
/** More than any suite's session takes, with the tables' share. */
#define OCTETS_PER_SESSION UINT64_C(1024)
#define SPARE_OCTETS       (UINT64_C(256) << 20)

const uint8_t world_station[6] = {0x02, 0, 0, 0, 0, 0x02};

static const uint8_t own_ipv4[4] = {192, 0, 2, 2};
static const uint8_t own_ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};

/** splitmix64: octets without a pattern from a number. */
static uint64_t mix(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static void fill(uint8_t *to, size_t size, uint64_t *state)
{
	for (size_t at = 0; at < size; at += sizeof(uint64_t))
		store_be64(to + at, mix(state));
}

void world_parameters(const struct world_settings *settings, unsigned index,
                      struct session_parameters *parameters)
{
	struct flow_key *flow = &parameters->flow;
	uint64_t state = index;

	memset(parameters, 0, sizeof(*parameters));
	parameters->mode = settings->mode;
	parameters->dscp = 46;
	parameters->ptp_timestamps = settings->ptp_timestamps;
	parameters->monitoring = settings->monitoring;
	fill(parameters->keys.aes, sizeof(parameters->keys.aes), &state);
	fill(parameters->keys.hmac, sizeof(parameters->keys.hmac), &state);
	fill(parameters->sid, sizeof(parameters->sid), &state);
	if (settings->family == 4) {
		uint8_t sender[4];

		store_be32(sender, 0x0a000000u + index);
		flow_address_from_ipv4(flow->source, sender);
		flow_address_from_ipv4(flow->destination, own_ipv4);
	} else {
		memcpy(flow->source, own_ipv6, sizeof(flow->source));
		store_be32(flow->source + 8, 1 + index);
		memcpy(flow->destination, own_ipv6, sizeof(flow->destination));
	}
	store_be16(&flow->source_port, (uint16_t)(30000u + index % 30000u));
	store_be16(&flow->destination_port,
	           (uint16_t)(PORT_LOWER + index % (PORT_UPPER - PORT_LOWER + 1)));
}

static void reflector_settings_fill(struct reflector_settings *settings)
{
	flow_address_from_ipv4(settings->addresses[0].octets, own_ipv4);
	memcpy(settings->addresses[1].octets, own_ipv6, sizeof(own_ipv6));
	settings->address_count = 2;
	settings->port_lower = PORT_LOWER;
	settings->port_upper = PORT_UPPER;
}

int world_publish(struct world *world, unsigned index, struct error *error)
{
	struct session_parameters parameters;

	world_parameters(&world->settings, index, &parameters);
	int result = session_publish(world->registry, &parameters, &world->sessions[index], error);
	if (result == 0)
		session_start(world->registry, world->sessions[index]);
	return result;
}

void world_withdraw(struct world *world, unsigned index)
{
	session_withdraw(world->registry, world->sessions[index]);
	world->sessions[index] = NULL;
}

static int world_fill(struct world *world, struct error *error)
{
	const struct world_settings *settings = &world->settings;
	struct clock_sample sample = clock_sample_take();
	unsigned capacity = settings->sessions + settings->room;

	if (settings->sessions == 0 || capacity > WORLD_SESSIONS_MAX)
		return error_set(error, ERROR_ARGUMENT, "sessions: from 1 to %u",
		                 WORLD_SESSIONS_MAX);
	reflector_settings_fill(&world->reflector);
	tsc_clock_init(&world->clock, tsc_frequency_hz(), &sample);
	world->sessions = calloc(capacity, sizeof(struct session *));
	if (world->sessions == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %u sessions",
		                 settings->sessions);
	int result = suite_create(settings->kind, &world->suite, error);
	if (result == 0)
		result = session_registry_create(settings->cores, capacity, world->suite,
		                                 &world->registry, error);
	for (unsigned index = 0; result == 0 && index < settings->sessions; index++)
		result = world_publish(world, index, error);
	return result;
}

int world_create(const struct world_settings *settings, struct world **world, struct error *error)
{
	struct world *made = aligned_alloc(_Alignof(struct world), sizeof(*made));

	*world = NULL;
	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a world");
	memset(made, 0, sizeof(*made));
	made->settings = *settings;
	int result = world_fill(made, error);
	if (result != 0) {
		world_destroy(made);
		return result;
	}
	*world = made;
	return 0;
}

void world_destroy(struct world *world)
{
	if (world == NULL)
		return;
	session_registry_destroy(world->registry);
	suite_destroy(world->suite);
	free(world->sessions);
	free(world);
}

bool world_fits(unsigned sessions)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t available = 0;
	char line[128];

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &available) == 1)
			break;
	}
	(void)fclose(file);
	return available * 1024 >= sessions * OCTETS_PER_SESSION + SPARE_OCTETS;
}
