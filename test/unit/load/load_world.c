/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "unit.h"

#define VLAN       100u
#define OUTER_VLAN 200u
/** Traffic classes without ECN: the world's requests', and of DSCP 46. */
#define SENT_CLASS  0x28u
#define REPLY_CLASS 0xb8u

void load_world_set_up(struct load_world *world, enum suite_kind kind)
{
	size_t sessions = LOAD_WORLD_SESSIONS_MAX * sizeof(struct load_session);
	size_t flights = (size_t)LOAD_WORLD_SESSIONS_MAX * LOAD_WORLD_FLIGHTS;

	memset(world, 0, sizeof(*world));
	world_set_up_suite(&world->world, kind);
	world->sessions.sessions = aligned_alloc(_Alignof(struct load_session), sessions);
	world->flights = calloc(flights, sizeof(struct load_flight));
	world->keys = aligned_alloc(SUITE_KEYS_ALIGN,
	                            LOAD_WORLD_SESSIONS_MAX * suite_keys_size(world->world.suite));
	CU_ASSERT_PTR_NOT_NULL_FATAL(world->sessions.sessions);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world->flights);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world->keys);
	memset(world->sessions.sessions, 0, sessions);
}

/** The sum of the words in memory order, the plain way, of octets that begin at an offset. */
static uint64_t memory_sum(const uint8_t *octets, size_t size, size_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += (uint64_t)octets[i] << ((i + offset) % 2 == 0 ? 0 : 8);
	return sum;
}

static uint16_t reply_payload(const struct load_world *world, const struct request *request)
{
	uint8_t frame[WORLD_FRAME_MAX];

	return (uint16_t)(reply_expect(&world->world, request, 0, frame) -
	                  reply_udp_offset(request) - UDP_HEADER_SIZE);
}

static void set_sizes(const struct load_world *world, struct load_group_format *format,
                      struct request *request, const struct load_world_group *group)
{
	uint8_t frame[WORLD_FRAME_MAX];
	uint16_t largest = 0;

	for (unsigned i = 0; i < group->size_count; i++) {
		struct load_size *size = &format->sizes[i];

		size->payload = group->sizes[i];
		request->padding = size->payload - (size_t)format->sender_header_size;
		const uint8_t *end = frame + request_build(&world->world, request, frame);
		size->padding_sum = memory_sum(end - request->padding, request->padding,
		                               format->sender_header_size);
		size->reply = reply_payload(world, request);
		if (group->peer == LOAD_PEER_SWAP)
			size->reply = size->payload;
		if (size->payload > largest)
			largest = size->payload;
	}
	request->padding = largest - (size_t)format->sender_header_size;
	const uint8_t *end = frame + request_build(&world->world, request, frame);
	format->padding = malloc(request->padding > 0 ? request->padding : 1);
	memcpy(format->padding, end - request->padding, request->padding);
}

/** The headers of a request, without what depends on its length or sequence number. */
static void set_headers(const struct load_world *world, struct load_session *session,
                        const struct request *request)
{
	uint8_t frame[WORLD_FRAME_MAX];
	size_t network = request_ip_offset(request), udp = request_udp_offset(request);

	(void)request_build(&world->world, request, frame);
	session->network_offset = (uint8_t)network;
	session->headers_size = (uint8_t)(udp + UDP_HEADER_SIZE);
	session->ipv6 = frame[network] >> 4 == 6;
	if (session->ipv6) {
		store_be16(frame + network + 4, 0);
		session->udp_sum = memory_sum(frame + network + 8, 32, 0);
	} else {
		store_be16(frame + network + 2, 0);
		store_be16(frame + network + 4, 0);
		store_be16(frame + network + 10, 0);
		session->network_sum = memory_sum(frame + network, 20, 0);
		session->udp_sum = memory_sum(frame + network + 12, 8, 0);
	}
	session->udp_sum += memory_sum(frame + udp, 4, 0) + (17 << 8);
	store_be16(frame + udp + 4, 0);
	store_be16(frame + udp + 6, 0);
	memcpy(session->headers, frame, session->headers_size);
}

static void set_flow(struct flow_key *replies, const struct flow_key *requests)
{
	memcpy(replies->source, requests->destination, sizeof(replies->source));
	memcpy(replies->destination, requests->source, sizeof(replies->destination));
	replies->source_port = requests->destination_port;
	replies->destination_port = requests->source_port;
	replies->vlan = requests->vlan;
	replies->outer_vlan = requests->outer_vlan;
}

static void add_session(struct load_world *world, const struct load_world_group *group)
{
	unsigned index = world->sessions.count++;
	struct load_session *session = &world->sessions.sessions[index];
	struct load_group_format *format =
	        &world->sessions.formats[world->sessions.format_count - 1];
	struct request *request = &world->requests[index];
	struct session_parameters *parameters = &request->parameters;

	request_init(request, group->family, group->mode, (uint16_t)index);
	request->tags = group->tags;
	request->dont_fragment = true;
	parameters->flow.vlan = group->tags >= 1 ? VLAN : 0;
	parameters->flow.outer_vlan = group->tags == 2 ? OUTER_VLAN : 0;
	parameters->symmetrical_size = group->symmetrical;
	if (!group->unknown)
		(void)request_session(&world->world, request);
	if (format->padding == NULL)
		set_sizes(world, format, request, group);
	request->timestamp = WORLD_TRANSMIT_NTP;
	request->error_estimate = WORLD_ERROR;
	request->padding = 0;
	set_headers(world, session, request);
	set_flow(&session->core.flow, &parameters->flow);
	session->core.mode = (uint8_t)group->mode;
	session->core.sender_header_size = (uint8_t)format->sender_header_size;
	session->format = format;
	session->group = (uint16_t)(world->sessions.format_count - 1);
	session->ttl = request->ttl;
	session->flights = &world->flights[(size_t)index * LOAD_WORLD_FLIGHTS];
	session->flight_mask = LOAD_WORLD_FLIGHTS - 1;
	session->last_rtt_ns = -1;
	if (group->mode == TEST_UNAUTHENTICATED)
		return;
	uint8_t *keys = world->keys + index * suite_keys_size(world->world.suite);
	CU_ASSERT_EQUAL_FATAL(suite_keys_expand(world->world.suite, &parameters->keys, keys), 0);
	session->core.keys = keys;
}

void load_world_add(struct load_world *world, const struct load_world_group *group)
{
	CU_ASSERT_FATAL(world->sessions.format_count < LOAD_GROUPS_MAX);
	struct load_group_format *format = &world->sessions.formats[world->sessions.format_count++];

	*format = (struct load_group_format){
	        .mode = group->mode,
	        .peer = group->peer,
	        .symmetrical = group->symmetrical,
	        .reply_traffic_class = group->peer == LOAD_PEER_SWAP ? SENT_CLASS : REPLY_CLASS,
	        .sender_header_size = sender_header_size(group->mode, group->symmetrical, false),
	        .reflector_header_size = reflector_header_size(group->mode, false),
	        .protected_size = sender_protected_size(group->mode),
	        .size_count = group->size_count,
	};
	for (unsigned i = 0; i < group->count; i++)
		add_session(world, group);
}

void load_world_complete(struct load_world *world)
{
	struct load_sessions *sessions = &world->sessions;
	const struct core_table_area areas[CORE_TABLE_AREAS] = {
	        {.first = &sessions->sessions[0].core,
	         .stride = sizeof(sessions->sessions[0]),
	         .count = sessions->count}};

	sessions->table = core_table_create(sessions->count, 12345, areas);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sessions->table);
	for (unsigned i = 0; i < sessions->count; i++)
		CU_ASSERT_EQUAL_FATAL(
		        core_table_insert(sessions->table, &sessions->sessions[i].core), 0);
}

void load_world_tear_down(struct load_world *world)
{
	for (unsigned i = 0; i < world->sessions.count; i++) {
		if (world->sessions.sessions[i].core.keys != NULL)
			suite_keys_wipe(world->world.suite,
			                world->keys + i * suite_keys_size(world->world.suite));
	}
	for (unsigned i = 0; i < world->sessions.format_count; i++)
		free(world->sessions.formats[i].padding);
	if (world->sessions.table != NULL)
		core_table_destroy(world->sessions.table);
	free(world->sessions.sessions);
	free(world->flights);
	free(world->keys);
	world_tear_down(&world->world);
}

size_t load_world_expect(struct load_world *world, const struct load_session *session,
                         uint32_t sequence, unsigned size, uint8_t frame[WORLD_FRAME_MAX])
{
	struct request *request = &world->requests[session - world->sessions.sessions];

	request->sequence = sequence;
	request->identification = (uint16_t)sequence;
	request->padding =
	        session->format->sizes[size].payload - (size_t)session->format->sender_header_size;
	return request_build(&world->world, request, frame);
}
