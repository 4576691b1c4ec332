/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/headers.h"
#include "reflect/plan.h"
#include "session/reservation.h"

#define SENDER_TTL            64u
#define SENDER_ERROR          0x8001u
#define SENDER_NTP            UINT64_C(0xe8e7e6e4f1f2f3f4)
#define PADDING_OCTET         0x5a
#define IPV6_CLASS_LABEL_WORD 0x60000000u

static const uint8_t sender_station[6] = {0x02, 0, 0, 0, 0, 0x01};

static size_t sequences_size(const struct world *world)
{
	return world->settings.sessions * sizeof(uint32_t);
}

static int traffic_fill(struct traffic *traffic, unsigned core, struct error *error)
{
	const struct world *world = traffic->world;

	traffic->random = UINT64_C(0x2545f4914f6cdd1d) + core;
	int result = suite_create(world->settings.kind, &traffic->suite, error);
	if (result != 0)
		return result;
	traffic->counters = aligned_alloc(64, sizeof(*traffic->counters));
	traffic->buffers = aligned_alloc(64, (size_t)REFLECT_BURST_MAX * TRAFFIC_BUFFER_SIZE);
	/* In huge pages, as the sessions are: a network has no such table, whose page walks would cost the burst its own. */
	traffic->sequences = reservation_create(sequences_size(world), RESERVATION_FULL, 0);
	traffic->keys = aligned_alloc(SUITE_KEYS_ALIGN,
	                              TRAFFIC_SEAL_BURST * suite_keys_size(traffic->suite));
	if (traffic->counters == NULL || traffic->buffers == NULL || traffic->sequences == NULL ||
	    traffic->keys == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for traffic");
	memset(traffic->counters, 0, sizeof(*traffic->counters));
	memset(traffic->buffers, 0, (size_t)REFLECT_BURST_MAX * TRAFFIC_BUFFER_SIZE);
	traffic->reflector = (struct reflector){
	        .settings = &world->reflector,
	        .clock = &world->clock,
	        .table = session_registry_table(world->registry, core),
	        .suite = traffic->suite,
	        .counters = traffic->counters,
	};
	return 0;
}

int traffic_create(struct world *world, unsigned core, struct traffic **traffic,
                   struct error *error)
{
	struct traffic *made = calloc(1, sizeof(*made));

	*traffic = NULL;
	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for traffic");
	made->world = world;
	made->core = core;
	int result = traffic_fill(made, core, error);
	if (result != 0) {
		traffic_destroy(made);
		return result;
	}
	*traffic = made;
	return 0;
}

void traffic_destroy(struct traffic *traffic)
{
	if (traffic == NULL)
		return;
	suite_destroy(traffic->suite);
	free(traffic->counters);
	free(traffic->buffers);
	reservation_destroy(traffic->sequences, sequences_size(traffic->world));
	free(traffic->keys);
	free(traffic);
}

/** Ones' complement sum of size octets in memory order; an odd one's partner is zero. Not the datapath's own, so that it can check it. */
static uint64_t plain_sum(const uint8_t *octets, size_t size)
{
	uint64_t sum = 0;
	uint32_t word;

	for (; size >= sizeof(word); size -= sizeof(word), octets += sizeof(word)) {
		memcpy(&word, octets, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, octets, size);
	return sum + word;
}

static uint16_t plain_fold(uint64_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/** Of the UDP datagram with its pseudo-header: 0xffff when its checksum is right, the complement of the checksum when that is zero. */
static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp)
{
	uint16_t length = load_be16(udp + UDP_LENGTH);
	uint64_t pseudo = ip[0] >> 4 == 4 ? plain_sum(ip + IPV4_SOURCE, 2 * IPV4_ADDRESS_SIZE)
	                                  : plain_sum(ip + IPV6_SOURCE, 2 * IPV6_ADDRESS_SIZE);

	pseudo += __builtin_bswap16((uint16_t)NEXT_HEADER_UDP);
	pseudo += __builtin_bswap16(length);
	return plain_fold(pseudo + plain_sum(udp, length));
}

static void udp_checksum_write(const uint8_t *ip, uint8_t *udp)
{
	uint16_t checksum = (uint16_t)~udp_sum(ip, udp);

	checksum = checksum == 0 ? 0xffff : checksum;
	memcpy(udp + UDP_CHECKSUM, &checksum, sizeof(checksum));
}

static void ip_write(uint8_t *ip, const struct flow_key *flow, unsigned family, uint16_t udp_length)
{
	if (family == 4) {
		memset(ip, 0, IPV4_HEADER_SIZE);
		ip[0] = IPV4_NO_OPTIONS;
		store_be16(ip + IPV4_TOTAL_LENGTH, (uint16_t)(IPV4_HEADER_SIZE + udp_length));
		store_be16(ip + IPV4_FRAGMENT, IPV4_DONT_FRAGMENT);
		ip[IPV4_TTL] = SENDER_TTL;
		ip[IPV4_PROTOCOL] = NEXT_HEADER_UDP;
		memcpy(ip + IPV4_SOURCE, flow->source + 12, IPV4_ADDRESS_SIZE);
		memcpy(ip + IPV4_DESTINATION, flow->destination + 12, IPV4_ADDRESS_SIZE);
		uint16_t checksum = (uint16_t)~plain_fold(plain_sum(ip, IPV4_HEADER_SIZE));
		memcpy(ip + IPV4_CHECKSUM, &checksum, sizeof(checksum));
	} else {
		store_be32(ip + IPV6_VERSION_CLASS_LABEL, IPV6_CLASS_LABEL_WORD);
		store_be16(ip + IPV6_PAYLOAD_LENGTH, udp_length);
		ip[IPV6_NEXT_HEADER] = NEXT_HEADER_UDP;
		ip[IPV6_HOP_LIMIT] = SENDER_TTL;
		memcpy(ip + IPV6_SOURCE, flow->source, IPV6_ADDRESS_SIZE);
		memcpy(ip + IPV6_DESTINATION, flow->destination, IPV6_ADDRESS_SIZE);
	}
}

static size_t ip_size(unsigned family)
{
	return family == 4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE;
}

/** Everything but the seal and the UDP checksum; frame->octets is set. */
static void request_write(struct traffic *traffic, unsigned i,
                          const struct session_parameters *parameters)
{
	unsigned family = traffic->world->settings.family;
	uint8_t *octets = traffic->frames[i].octets;
	uint8_t *ip = octets + ETHERNET_HEADER_SIZE;
	uint8_t *udp = ip + ip_size(family);
	uint8_t *payload = udp + UDP_HEADER_SIZE;
	bool monitoring = parameters->monitoring;
	uint16_t header = sender_header_size(parameters->mode, false, monitoring);
	const struct sender_packet packet = {.sequence = traffic->sent[i],
	                                     .timestamp = SENDER_NTP + traffic->sent[i],
	                                     .error_estimate = SENDER_ERROR};

	memcpy(octets + ETHERNET_DESTINATION, world_station, ETHERNET_ADDRESS_SIZE);
	memcpy(octets + ETHERNET_SOURCE, sender_station, ETHERNET_ADDRESS_SIZE);
	store_be16(octets + ETHERNET_TYPE,
	           family == 4 ? ETHERTYPE_IPV4_VALUE : ETHERTYPE_IPV6_VALUE);
	ip_write(ip, &parameters->flow, family, (uint16_t)(UDP_HEADER_SIZE + traffic->payload));
	memcpy(udp + UDP_SOURCE_PORT, &parameters->flow.source_port, 2);
	memcpy(udp + UDP_DESTINATION_PORT, &parameters->flow.destination_port, 2);
	store_be16(udp + UDP_LENGTH, (uint16_t)(UDP_HEADER_SIZE + traffic->payload));
	store_be16(udp + UDP_CHECKSUM, 0);
	memset(payload + header, PADDING_OCTET, (size_t)traffic->payload - header);
	sender_packet_write(payload, parameters->mode, false, monitoring, &packet);
}

static uint8_t *payload_of(const struct traffic *traffic, unsigned i)
{
	return traffic->frames[i].octets + ETHERNET_HEADER_SIZE +
	       ip_size(traffic->world->settings.family) + UDP_HEADER_SIZE;
}

static void seal(struct traffic *traffic, unsigned first, unsigned count,
                 const struct session_parameters *parameters)
{
	enum test_mode mode = traffic->world->settings.mode;
	size_t size = suite_keys_size(traffic->suite);
	struct suite_job jobs[TRAFFIC_SEAL_BURST];

	for (unsigned i = 0; i < count; i++) {
		uint8_t *keys = traffic->keys + i * size;
		uint8_t *payload = payload_of(traffic, first + i);

		if (suite_keys_expand(traffic->suite, &parameters[i].keys, keys) != 0)
			abort();
		jobs[i] = (struct suite_job){
		        .keys = keys,
		        .data = payload,
		        .hmac = payload + SECURE_SENDER_HMAC,
		        .protected_size = sender_protected_size(mode),
		        .cipher = mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
		};
	}
	suite_seal_burst(traffic->suite, jobs, count);
	for (unsigned i = 0; i < count; i++)
		suite_keys_wipe(traffic->suite, traffic->keys + i * size);
}

/** The frames first .. first + count, with count at most TRAFFIC_SEAL_BURST: few keys at once, for the nearest cache's sake. */
static void prepare_some(struct traffic *traffic, unsigned first, unsigned count)
{
	const struct world_settings *settings = &traffic->world->settings;
	struct session_parameters parameters[TRAFFIC_SEAL_BURST];
	size_t length = ETHERNET_HEADER_SIZE + ip_size(settings->family) + UDP_HEADER_SIZE +
	                traffic->payload;

	for (unsigned i = 0; i < count; i++) {
		unsigned index = traffic->indexes[first + i];

		world_parameters(settings, index, &parameters[i]);
		traffic->sent[first + i] = traffic->sequences[index]++;
		traffic->frames[first + i] = (struct reflect_frame){
		        .octets = traffic->buffers + (size_t)(first + i) * TRAFFIC_BUFFER_SIZE +
		                  TRAFFIC_HEADROOM,
		        .length = (uint16_t)length,
		        .capacity = TRAFFIC_BUFFER_SIZE - TRAFFIC_HEADROOM,
		};
		request_write(traffic, first + i, &parameters[i]);
	}
	if (settings->mode != TEST_UNAUTHENTICATED)
		seal(traffic, first, count, parameters);
	for (unsigned i = first; i < first + count; i++) {
		uint8_t *ip = traffic->frames[i].octets + ETHERNET_HEADER_SIZE;

		udp_checksum_write(ip, ip + ip_size(settings->family));
	}
}

static void prepare(struct traffic *traffic, unsigned count, uint16_t payload)
{
	traffic->count = count;
	traffic->payload = payload;
	for (unsigned first = 0; first < count; first += TRAFFIC_SEAL_BURST)
		prepare_some(traffic, first,
		             count - first < TRAFFIC_SEAL_BURST ? count - first
		                                                : TRAFFIC_SEAL_BURST);
	uint64_t tsc = tsc_now();
	traffic->arrival = (struct reflect_arrival){
	        .receive_tsc = tsc,
	        .receive_time = tsc_clock_read(&traffic->world->clock, tsc),
	        .station = world_station,
	        .mtu = WORLD_MTU,
	};
}

void traffic_prepare(struct traffic *traffic, unsigned count, uint16_t payload)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t high = traffic_random(traffic) >> 32;

		traffic->indexes[i] = (unsigned)(high * traffic->world->settings.sessions >> 32);
	}
	prepare(traffic, count, payload);
}

void traffic_prepare_from(struct traffic *traffic, const unsigned *indexes, unsigned count,
                          uint16_t payload)
{
	memcpy(traffic->indexes, indexes, count * sizeof(*indexes));
	prepare(traffic, count, payload);
}

void traffic_plan(struct traffic *traffic, uint16_t payload)
{
	const struct world *world = traffic->world;
	const struct packet packet = {.payload_length = payload,
	                              .ipv6 = world->settings.family == 6};

	if (traffic->planned == payload)
		return;
	for (unsigned i = 0; i < world->settings.sessions; i++)
		(void)plan_for(&world->sessions[i]->cores[traffic->core], &packet,
		               world->reflector.zero_padding);
	traffic->planned = payload;
}

unsigned traffic_reflected(const struct traffic *traffic)
{
	unsigned reflected = 0;

	for (unsigned i = 0; i < traffic->count; i++)
		reflected += traffic->frames[i].verdict == VERDICT_REFLECT;
	return reflected;
}

/** What is wrong with a reply's headers, or NULL. */
static const char *headers_fault(const struct traffic *traffic, unsigned i, uint16_t reply_payload,
                                 const struct flow_key *flow)
{
	unsigned family = traffic->world->settings.family;
	const struct reflect_frame *frame = &traffic->frames[i];
	const uint8_t *ip = frame->octets + ETHERNET_HEADER_SIZE;
	const uint8_t *udp = ip + ip_size(family);
	size_t address = family == 4 ? IPV4_ADDRESS_SIZE : IPV6_ADDRESS_SIZE;
	const uint8_t *from = ip + (family == 4 ? IPV4_SOURCE : IPV6_SOURCE);

	if (frame->length != udp + UDP_HEADER_SIZE + reply_payload - frame->octets ||
	    load_be16(udp + UDP_LENGTH) != UDP_HEADER_SIZE + reply_payload)
		return "its length";
	if (memcmp(frame->octets + ETHERNET_DESTINATION, sender_station, 6) != 0 ||
	    memcmp(frame->octets + ETHERNET_SOURCE, world_station, 6) != 0)
		return "its Ethernet addresses";
	if (memcmp(from, flow->destination + 16 - address, address) != 0 ||
	    memcmp(from + address, flow->source + 16 - address, address) != 0)
		return "its IP addresses";
	if (memcmp(udp + UDP_SOURCE_PORT, &flow->destination_port, 2) != 0 ||
	    memcmp(udp + UDP_DESTINATION_PORT, &flow->source_port, 2) != 0)
		return "its ports";
	if (family == 4 && plain_fold(plain_sum(ip, IPV4_HEADER_SIZE)) != 0xffff)
		return "its IPv4 header checksum";
	if (udp_sum(ip, udp) != 0xffff)
		return "its UDP checksum";
	return NULL;
}

/** Opens the reply in place with OpenSSL. */
static int open_reply(struct suite *openssl, const struct session_parameters *parameters,
                      uint8_t *payload, struct error *error)
{
	void *keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(openssl));
	struct suite_job job = {
	        .keys = keys,
	        .data = payload,
	        .hmac = payload + SECURE_REFLECTOR_HMAC,
	        .protected_size = reflector_protected_size(parameters->mode),
	        .cipher = parameters->mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
	};

	if (keys == NULL || suite_keys_expand(openssl, &parameters->keys, keys) != 0) {
		free(keys);
		return error_set(error, ERROR_MEMORY, "a reply's keys");
	}
	suite_open_burst(openssl, &job, 1);
	suite_keys_wipe(openssl, keys);
	free(keys);
	return job.verified ? 0 : error_set(error, ERROR_FORMAT, "a reply's HMAC is wrong");
}

static const char *content_fault(const struct traffic *traffic, unsigned i,
                                 const struct reflector_packet *reply)
{
	const struct world *world = traffic->world;
	uint32_t sent = traffic->sent[i];
	uint64_t received = traffic->arrival.receive_time.ntp;
	uint64_t transmitted = reply->timestamp;

	if (world->settings.ptp_timestamps) {
		int32_t tai_offset = tsc_clock_tai_offset(&world->clock);

		received = ptp_from_ntp(received, tai_offset);
		transmitted = ntp_from_ptp(transmitted, tai_offset);
	}
	if (reply->sender_sequence != sent || reply->sender_timestamp != SENDER_NTP + sent ||
	    reply->sender_error_estimate != SENDER_ERROR || reply->sender_ttl != SENDER_TTL)
		return "what it says of the request";
	if (reply->sequence != sent)
		return "its sequence number";
	/* A PTP timestamp is cut to nanoseconds. */
	if (reply->receive_timestamp != received ||
	    ntp_difference_ns(transmitted, traffic->arrival.receive_time.ntp) < -1)
		return "its timestamps";
	return NULL;
}

static int check_one(const struct traffic *traffic, unsigned i, struct suite *openssl,
                     struct error *error)
{
	const struct world_settings *settings = &traffic->world->settings;
	uint8_t copy[SECURE_REFLECTOR_HEADER_SIZE];
	struct session_parameters parameters;
	struct reflector_packet reply;
	uint16_t header = reflector_header_size(settings->mode, settings->monitoring);
	uint16_t reply_payload = traffic->payload < header ? header : traffic->payload;

	world_parameters(settings, traffic->indexes[i], &parameters);
	const char *fault = headers_fault(traffic, i, reply_payload, &parameters.flow);
	if (fault != NULL)
		return error_set(error, ERROR_FORMAT, "a reply is wrong: %s", fault);
	memcpy(copy, payload_of(traffic, i), header);
	int result = 0;
	if (settings->mode != TEST_UNAUTHENTICATED)
		result = open_reply(openssl, &parameters, copy, error);
	if (result == 0)
		result = reflector_packet_read(copy, header, settings->mode, settings->monitoring,
		                               &reply);
	if (result != 0)
		return result;
	fault = content_fault(traffic, i, &reply);
	return fault == NULL ? 0 : error_set(error, ERROR_FORMAT, "a reply is wrong: %s", fault);
}

int traffic_check(const struct traffic *traffic, struct error *error)
{
	struct suite *openssl;

	int result = suite_create(SUITE_OPENSSL, &openssl, error);
	if (result != 0)
		return result;
	for (unsigned i = 0; result == 0 && i < traffic->count; i++)
		result = traffic->frames[i].verdict == VERDICT_REFLECT
		                 ? check_one(traffic, i, openssl, error)
		                 : error_set(error, ERROR_FORMAT, "a request was not reflected");
	suite_destroy(openssl);
	return result;
}
