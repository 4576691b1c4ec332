/* SPDX-License-Identifier: BSD-3-Clause */
#include "reply_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "group_format.h"
#include "reflect/headers.h"

#define TSC_HZ         1000000000u
#define TABLE_SEED     0x1234567u
#define REFLECTOR_PORT 862u
#define BEGIN_TSC      1000000u
#define ARRIVES_AFTER  100u
#define RETURNS_AFTER  50u

static const uint8_t addresses[2][2][16] = {
        {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}, {[10] = 0xff, [11] = 0xff, 192, 0, 2, 2}},
        {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, {0x20, 0x01, 0x0d, 0xb8, [15] = 2}},
};

static void need(bool condition)
{
	if (!condition)
		abort();
}

static void make_format(struct load_group_format *format, enum test_mode mode, enum load_peer peer)
{
	static const uint32_t modes[] = {MODE_UNAUTHENTICATED, MODE_AUTHENTICATED, MODE_ENCRYPTED};
	struct load_group group = {.name = "g",
	                           .mode = modes[mode],
	                           .dscp = REPLY_WORLD_DSCP,
	                           .sizes = {150, 60},
	                           .size_count = REPLY_WORLD_SIZES};

	need(group_format_make(&group, peer, format, NULL) == 0);
}

static void make_session(struct reply_world *world, unsigned index)
{
	struct load_session *session = &world->array[index];
	bool swap = index >= REPLY_WORLD_SWAP;
	enum test_mode mode = swap ? TEST_UNAUTHENTICATED : (enum test_mode)(index / 2);
	struct flow_key *flow = &session->core.flow;

	session->ipv6 = index % 2 != 0;
	memcpy(flow->source, addresses[session->ipv6][1], sizeof(flow->source));
	memcpy(flow->destination, addresses[session->ipv6][0], sizeof(flow->destination));
	store_be16(&flow->source_port, REFLECTOR_PORT);
	store_be16(&flow->destination_port, (uint16_t)(REPLY_WORLD_PORT + index));
	session->format = swap ? &world->swap : &world->sessions.formats[mode];
	session->core.mode = (uint8_t)mode;
	session->core.keys = mode == TEST_UNAUTHENTICATED ? NULL : world->keys;
	session->ttl = REPLY_WORLD_TTL;
	session->flights = world->flights[index];
	session->flight_mask = REPLY_WORLD_FLIGHTS - 1;
	need(core_table_insert(world->table, &session->core) == 0);
	receive_begin(session);
}

static void make_table(struct reply_world *world)
{
	const struct core_table_area areas[CORE_TABLE_AREAS] = {
	        {.first = &world->array[0].core,
	         .stride = sizeof(struct load_session),
	         .count = REPLY_WORLD_SESSIONS},
	};

	world->table = core_table_create(REPLY_WORLD_SESSIONS, TABLE_SEED, areas);
	need(world->table != NULL);
}

static void make_settings(struct reflector_settings *settings)
{
	for (unsigned i = 0; i < 2; i++)
		memcpy(settings->addresses[i].octets, addresses[i][0], sizeof(addresses[i][0]));
	settings->address_count = 2;
	settings->port_lower = REPLY_WORLD_PORT;
	settings->port_upper = REPLY_WORLD_PORT + 99;
}

void reply_world_set_up(struct reply_world *world)
{
	const struct clock_sample sample = {.tsc = BEGIN_TSC,
	                                    .realtime_ntp = UINT64_C(0xe8e7e6e500000000),
	                                    .synchronized = true};
	const struct session_keys raw = {.aes = {1, 2, 3}, .hmac = {4, 5, 6}};

	memset(world, 0, sizeof(*world));
	tsc_clock_init(&world->clock, TSC_HZ, &sample);
	need(suite_create(SUITE_IPSEC_MB, &world->suite, NULL) == 0);
	world->keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(world->suite));
	need(world->keys != NULL && suite_keys_expand(world->suite, &raw, world->keys) == 0);
	for (enum test_mode mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++)
		make_format(&world->sessions.formats[mode], mode, LOAD_PEER_TWAMP);
	make_format(&world->swap, TEST_UNAUTHENTICATED, LOAD_PEER_SWAP);
	make_table(world);
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++)
		make_session(world, i);
	world->sessions.sessions = world->array;
	world->sessions.count = REPLY_WORLD_SESSIONS;
	world->sessions.table = world->table;
	world->receiver = (struct receiver){.sessions = &world->sessions,
	                                    .suite = world->suite,
	                                    .clock = &world->clock,
	                                    .measures = &world->measures,
	                                    .ns_per_tsc = 1,
	                                    .timeout_tsc = REPLY_WORLD_TIMEOUT};
	make_settings(&world->receiver.settings);
	world->now = BEGIN_TSC;
}

void reply_world_tear_down(struct reply_world *world)
{
	if (world->receiver.evidence != NULL)
		evidence_destroy(world->receiver.evidence);
	core_table_destroy(world->table);
	suite_keys_wipe(world->suite, world->keys);
	free(world->keys);
	suite_destroy(world->suite);
	for (unsigned i = 0; i < REPLY_WORLD_MODES; i++)
		group_format_free(&world->sessions.formats[i]);
	group_format_free(&world->swap);
}

uint64_t reply_world_counted(const struct reply_world *world)
{
	const struct load_measures *measures = &world->measures;

	return measures->answered + measures->late + measures->duplicates + measures->stale +
	       measures->warm_up + load_measures_refused(measures);
}

uint32_t reply_world_send(struct reply_world *world, struct load_session *session)
{
	uint32_t sequence = (uint32_t)session->next_sequence++;
	struct load_flight *flight = &session->flights[sequence & session->flight_mask];

	*flight = (struct load_flight){
	        .scheduled_tsc = world->now - 10,
	        .sent_tsc = world->now,
	        .timestamp = tsc_clock_read(&world->clock, world->now).ntp,
	        .sequence = sequence,
	        .error_estimate = REPLY_WORLD_ESTIMATE,
	        .state = FLIGHT_SENT,
	        .size = (uint8_t)session->next_size,
	};
	session->next_size = (session->next_size + 1) % REPLY_WORLD_SIZES;
	return sequence;
}

struct answer answer_make(struct reply_world *world, struct load_session *session,
                          uint32_t sequence, uint32_t number)
{
	const struct load_flight *flight = &session->flights[sequence & session->flight_mask];
	uint64_t sent = flight->sent_tsc;

	return (struct answer){
	        .session = session,
	        .fields = {.sequence = number,
	                   .timestamp = tsc_clock_read(&world->clock,
	                                               sent + ARRIVES_AFTER + RETURNS_AFTER)
	                                        .ntp,
	                   .error_estimate = 0x8203,
	                   .receive_timestamp =
	                           tsc_clock_read(&world->clock, sent + ARRIVES_AFTER).ntp,
	                   .sender_sequence = sequence,
	                   .sender_timestamp = flight->timestamp,
	                   .sender_error_estimate = flight->error_estimate,
	                   .sender_ttl = REPLY_WORLD_TTL},
	        .ttl = TTL_OF_REPLIES,
	        .traffic_class = REPLY_WORLD_DSCP << 2,
	        .length = session->format->sizes[flight->size].reply,
	};
}

/* Payloads. */

static void write_clear(uint8_t *payload, const struct reflector_packet *fields)
{
	store_be32(payload, fields->sequence);
	store_be64(payload + 4, fields->timestamp);
	store_be16(payload + 12, fields->error_estimate);
	store_be64(payload + 16, fields->receive_timestamp);
	store_be32(payload + 24, fields->sender_sequence);
	store_be64(payload + 28, fields->sender_timestamp);
	store_be16(payload + 36, fields->sender_error_estimate);
	payload[40] = fields->sender_ttl;
}

static void write_secure(uint8_t *payload, const struct reflector_packet *fields)
{
	store_be32(payload, fields->sequence);
	store_be64(payload + 16, fields->timestamp);
	store_be16(payload + 24, fields->error_estimate);
	store_be64(payload + 32, fields->receive_timestamp);
	store_be32(payload + 48, fields->sender_sequence);
	store_be64(payload + 64, fields->sender_timestamp);
	store_be16(payload + 72, fields->sender_error_estimate);
	payload[80] = fields->sender_ttl;
}

static void write_own(uint8_t *payload, const struct reflector_packet *fields)
{
	store_be32(payload, fields->sender_sequence);
	store_be64(payload + 4, fields->sender_timestamp);
	store_be16(payload + 12, fields->sender_error_estimate);
}

static void write_payload(const struct reply_world *world, const struct answer *answer,
                          uint8_t *payload)
{
	const struct load_group_format *format = answer->session->format;
	bool swap = format->peer == LOAD_PEER_SWAP;
	size_t header = swap ? 14 : format->mode == TEST_UNAUTHENTICATED ? 41 : 112;

	memset(payload, 0, header > answer->length ? header : answer->length);
	if (swap)
		write_own(payload, &answer->fields);
	else if (format->mode == TEST_UNAUTHENTICATED)
		write_clear(payload, &answer->fields);
	else
		write_secure(payload, &answer->fields);
	size_t padding = answer->length > header ? answer->length - header : 0;
	size_t sent = (size_t)(format->sizes[0].payload - format->sender_header_size);
	if (!answer->zero_padding)
		memcpy(payload + header, format->padding, padding < sent ? padding : sent);
	memcpy(payload, answer->plain, answer->plain_size);
	if (answer->poke_plain != 0)
		payload[answer->poke_plain] ^= 0x10;
	if (format->mode != TEST_UNAUTHENTICATED) {
		struct suite_job job = {.keys = world->keys,
		                        .data = payload,
		                        .hmac = payload + 96,
		                        .protected_size = format->mode == TEST_ENCRYPTED ? 96 : 16,
		                        .cipher = format->mode == TEST_ENCRYPTED ? SUITE_AES_CBC
		                                                                 : SUITE_AES_ECB};
		suite_seal_burst(world->suite, &job, 1);
	}
	if (answer->poke_sealed != 0)
		payload[answer->poke_sealed] ^= 0x10;
}

/* Headers. */

static uint32_t sum_words(const uint8_t *octets, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += (uint32_t)octets[i] << (i % 2 == 0 ? 8 : 0);
	return sum;
}

static uint16_t finish(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t write_ip(const struct answer *answer, uint8_t *ip)
{
	const struct flow_key *flow = &answer->session->core.flow;
	uint16_t udp_length = (uint16_t)(answer->length + UDP_HEADER_SIZE);

	if (answer->session->ipv6) {
		store_be32(ip, 6u << 28 | (uint32_t)answer->traffic_class << 20);
		store_be16(ip + 4, udp_length);
		ip[6] = 17;
		ip[7] = answer->ttl;
		memcpy(ip + 8, flow->source, 16);
		memcpy(ip + 24, flow->destination, 16);
		return 40;
	}
	ip[0] = 0x45;
	ip[1] = answer->traffic_class;
	store_be16(ip + 2, (uint16_t)(udp_length + 20));
	ip[8] = answer->ttl;
	ip[9] = 17;
	memcpy(ip + 12, flow->source + 12, 4);
	memcpy(ip + 16, flow->destination + 12, 4);
	store_be16(ip + 10, finish(sum_words(ip, 20)));
	return 20;
}

static void write_checksum(const struct answer *answer, const uint8_t *ip, uint8_t *udp)
{
	uint16_t length = load_be16(udp + 4);
	uint32_t sum = 17u + length + sum_words(udp, length);

	sum += answer->session->ipv6 ? sum_words(ip + 8, 32) : sum_words(ip + 12, 8);
	uint16_t checksum = finish(sum);
	store_be16(udp + 6, checksum != 0 ? checksum : 0xffff);
}

uint16_t answer_build(const struct reply_world *world, const struct answer *answer,
                      uint8_t frame[REPLY_WORLD_FRAME_MAX])
{
	const struct flow_key *flow = &answer->session->core.flow;
	uint8_t *ip = frame + 14;

	memset(frame, 0, REPLY_WORLD_FRAME_MAX);
	store_be16(frame + 12, answer->session->ipv6 ? 0x86dd : 0x0800);
	uint8_t *udp = ip + write_ip(answer, ip);
	memcpy(udp, &flow->source_port, 2);
	memcpy(udp + 2, &flow->destination_port, 2);
	store_be16(udp + 4, (uint16_t)(answer->length + UDP_HEADER_SIZE));
	write_payload(world, answer, udp + UDP_HEADER_SIZE);
	if (!answer->no_checksum)
		write_checksum(answer, ip, udp);
	if (answer->poke_summed != 0)
		frame[answer->poke_summed] ^= 0x10;
	return (uint16_t)(udp + UDP_HEADER_SIZE + answer->length - frame + answer->length_change);
}

struct answer answer_next(struct reply_world *world, struct load_session *session)
{
	uint32_t sequence = reply_world_send(world, session);

	world->now += REPLY_WORLD_ROUND_TRIP;
	return answer_make(world, session, sequence, (uint32_t)session->reflector_next);
}

enum received_as answer_receive(struct reply_world *world, const struct answer *answer)
{
	uint8_t built[REPLY_WORLD_FRAME_MAX];
	uint16_t length = answer_build(world, answer, built);
	uint8_t *exact = malloc(length);

	need(exact != NULL);
	memcpy(exact, built, length);
	struct received_frame frame = {
	        .octets = exact, .length = length, .arrival_tsc = world->now};
	receive_burst(&world->receiver, &frame, 1);
	free(exact);
	return (enum received_as)frame.as;
}
