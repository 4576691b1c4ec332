/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "unit.h"

static const uint8_t sender_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
const uint8_t world_reflector_mac[6] = {0x02, 0, 0, 0, 0, 0x02};

static struct address parse(const char *text)
{
	struct address address;

	CU_ASSERT_EQUAL_FATAL(address_parse(text, &address), 0);
	return address;
}

static void add_address(struct reflector_settings *settings, const char *text, uint16_t vlan,
                        uint16_t outer)
{
	struct reflect_address *own = &settings->addresses[settings->address_count++];
	struct address address = parse(text);

	if (address.family == 4)
		flow_address_from_ipv4(own->octets, address.octets);
	else
		memcpy(own->octets, address.octets, sizeof(own->octets));
	own->vlan = vlan;
	own->outer_vlan = outer;
}

bool world_has_avx512(void)
{
	struct suite *suite = NULL;
	struct error error;
	int result = suite_create(SUITE_AVX512, &suite, &error);

	suite_destroy(suite);
	if (result == ERROR_UNAVAILABLE)
		(void)printf("skipped: %s\n", error.text);
	return result != ERROR_UNAVAILABLE;
}

void world_set_up(struct world *world)
{
	const char *name = getenv("SPECULAR_TEST_SUITE");
	bool avx512 = name != NULL && strcmp(name, "avx512") == 0 && world_has_avx512();

	world_set_up_suite(world, avx512 ? SUITE_AVX512 : SUITE_IPSEC_MB);
}

void world_set_up_suite(struct world *world, enum suite_kind kind)
{
	static const uint16_t vlans[][2] = {{0, 0}, {100, 0}, {100, 200}};
	struct error error;

	memset(world, 0, sizeof(*world));
	for (unsigned i = 0; i < 3; i++) {
		add_address(&world->settings, "192.0.2.2", vlans[i][0], vlans[i][1]);
		add_address(&world->settings, "2001:db8::2", vlans[i][0], vlans[i][1]);
	}
	world->mtu = UINT16_MAX;
	world->station = world_reflector_mac;
	world->settings.port_lower = 20000;
	world->settings.port_upper = 20100;
	world->clock.slots[0].base_ntp = WORLD_TRANSMIT_NTP;
	world->clock.slots[0].error_estimate = WORLD_ERROR;
	world->clock.tai_offset = WORLD_TAI_OFFSET;
	CU_ASSERT_EQUAL_FATAL(suite_create(kind, &world->suite, &error), 0);
	CU_ASSERT_EQUAL_FATAL(suite_create(SUITE_OPENSSL, &world->openssl, &error), 0);
	CU_ASSERT_EQUAL_FATAL(
	        session_registry_create(1, 4096, world->suite, &world->registry, &error), 0);
	world->reflector = (struct reflector){.settings = &world->settings,
	                                      .clock = &world->clock,
	                                      .table = session_registry_table(world->registry, 0),
	                                      .suite = world->suite,
	                                      .counters = &world->counters};
}

void world_tear_down(struct world *world)
{
	session_registry_destroy(world->registry);
	suite_destroy(world->suite);
	suite_destroy(world->openssl);
}

void request_init(struct request *request, uint8_t family, enum test_mode mode, uint16_t number)
{
	struct endpoint sender = {.port = (uint16_t)(30000 + number)};
	struct endpoint reflector = {.port = WORLD_PORT};

	memset(request, 0, sizeof(*request));
	sender.address = parse(family == 4 ? "192.0.2.1" : "2001:db8::1");
	reflector.address = parse(family == 4 ? "192.0.2.2" : "2001:db8::2");
	flow_key_make(&request->parameters.flow, &sender, &reflector, 0, 0);
	request->parameters.mode = mode;
	request->parameters.dscp = 46;
	for (unsigned i = 0; i < sizeof(request->parameters.keys.aes); i++)
		request->parameters.keys.aes[i] = (uint8_t)(number + 3 * i);
	for (unsigned i = 0; i < sizeof(request->parameters.keys.hmac); i++)
		request->parameters.keys.hmac[i] = (uint8_t)(number ^ (7 * i));
	request->sequence = 0x01020304u + number;
	request->timestamp = UINT64_C(0xe8e7e6e4f1f2f3f4);
	request->error_estimate = 0x8a0b;
	request->ttl = 61;
	request->identification = 0x4321;
}

struct session *request_session(struct world *world, const struct request *request)
{
	struct session *session;
	struct error error;

	CU_ASSERT_EQUAL_FATAL(
	        session_publish(world->registry, &request->parameters, &session, &error), 0);
	session_start(world->registry, session);
	return session;
}

static bool is_ipv6(const struct request *request)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(request->parameters.flow.source, mapped, sizeof(mapped)) != 0;
}

size_t request_ip_offset(const struct request *request)
{
	return 14u + 4u * request->tags;
}

size_t reply_udp_offset(const struct request *request)
{
	return request_ip_offset(request) + (is_ipv6(request) ? 40u : 20u);
}

size_t request_udp_offset(const struct request *request)
{
	return reply_udp_offset(request) + request->extensions_size;
}

static uint32_t plain_sum(const uint8_t *octets, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)octets[i] << 8 : octets[i];
	return sum;
}

static uint16_t plain_fold(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t udp_sum(const uint8_t *frame, size_t ip_offset, size_t udp_offset)
{
	const uint8_t *ip = frame + ip_offset, *udp = frame + udp_offset;
	uint16_t length = load_be16(udp + 4);
	uint32_t sum = ip[0] >> 4 == 6 ? plain_sum(ip + 8, 32) : plain_sum(ip + 12, 8);

	return plain_fold(sum + 17 + length + plain_sum(udp, length));
}

bool udp_checksum_is_right(const uint8_t *frame, size_t ip_offset, size_t udp_offset)
{
	return udp_sum(frame, ip_offset, udp_offset) == 0xffff;
}

void udp_checksum_write(uint8_t *frame, size_t ip_offset, size_t udp_offset)
{
	store_be16(frame + udp_offset + 6, 0);
	uint16_t checksum = (uint16_t)~udp_sum(frame, ip_offset, udp_offset);
	store_be16(frame + udp_offset + 6, checksum != 0 ? checksum : 0xffff);
}

void ipv4_checksum_write(uint8_t *ip)
{
	store_be16(ip + 10, 0);
	store_be16(ip + 10, (uint16_t)~plain_fold(plain_sum(ip, (size_t)(ip[0] & 15) * 4)));
}

/** Ethernet, VLANs, IP and the UDP header but for checksums; either direction. */
static void write_headers(const struct request *request, uint8_t *frame, bool reply,
                          size_t payload_size)
{
	const struct flow_key *flow = &request->parameters.flow;
	size_t extensions = reply ? 0 : request->extensions_size;
	uint8_t *ip = frame + request_ip_offset(request);
	uint8_t *udp;
	uint16_t type = is_ipv6(request) ? 0x86dd : 0x0800;
	const uint8_t *source = reply ? flow->destination : flow->source;
	const uint8_t *destination = reply ? flow->source : flow->destination;

	memcpy(frame, reply ? sender_mac : world_reflector_mac, 6);
	memcpy(frame + 6, reply ? world_reflector_mac : sender_mac, 6);
	store_be16(frame + 12, type);
	if (request->tags == 1) {
		store_be16(frame + 12, 0x8100);
		store_be16(frame + 14, (uint16_t)(0xa000 | flow->vlan)); /* with a priority */
		store_be16(frame + 16, type);
	} else if (request->tags == 2) {
		store_be16(frame + 12, 0x88a8);
		store_be16(frame + 14, flow->outer_vlan);
		store_be16(frame + 16, 0x8100);
		store_be16(frame + 18, flow->vlan);
		store_be16(frame + 20, type);
	}
	size_t behind = extensions + 8 + payload_size + (reply ? 0 : request->udp_surplus);
	uint32_t traffic_class = reply ? (uint32_t)request->parameters.dscp << 2 : WORLD_CLASS;
	if (is_ipv6(request)) {
		store_be32(ip, 0x60054321u | traffic_class << 20);
		store_be16(ip + 4, (uint16_t)behind);
		ip[6] = extensions > 0 ? request->extension_type : 17;
		ip[7] = reply ? 255 : request->ttl;
		memcpy(ip + 8, source, 16);
		memcpy(ip + 24, destination, 16);
		udp = ip + 40 + extensions;
		if (extensions > 0)
			memcpy(ip + 40, request->extensions, extensions);
	} else {
		ip[0] = (uint8_t)(0x40 + 5 + extensions / 4);
		ip[1] = (uint8_t)traffic_class;
		store_be16(ip + 2, (uint16_t)(20 + behind));
		store_be16(ip + 4, reply && request->dont_fragment ? 0 : request->identification);
		store_be16(ip + 6, request->dont_fragment ? 0x4000 : 0);
		ip[8] = reply ? 255 : request->ttl;
		ip[9] = 17;
		memcpy(ip + 12, source + 12, 4);
		memcpy(ip + 16, destination + 12, 4);
		udp = ip + 20 + extensions;
		if (extensions > 0)
			memcpy(ip + 20, request->extensions, extensions);
		ipv4_checksum_write(ip);
	}
	memcpy(udp, reply ? &flow->destination_port : &flow->source_port, 2);
	memcpy(udp + 2, reply ? &flow->source_port : &flow->destination_port, 2);
	store_be16(udp + 4, (uint16_t)(8 + payload_size));
	store_be16(udp + 6, 0);
}

static void seal(const struct world *world, const struct request *request, uint8_t *payload,
                 uint16_t protected_size, size_t hmac)
{
	void *keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(world->openssl));
	struct suite_job job = {.keys = keys,
	                        .data = payload,
	                        .hmac = payload + hmac,
	                        .protected_size = protected_size,
	                        .cipher = request->parameters.mode == TEST_ENCRYPTED
	                                          ? SUITE_AES_CBC
	                                          : SUITE_AES_ECB};

	CU_ASSERT_EQUAL_FATAL(suite_keys_expand(world->openssl, &request->parameters.keys, keys),
	                      0);
	suite_seal_burst(world->openssl, &job, 1);
	suite_keys_wipe(world->openssl, keys);
	free(keys);
}

static uint8_t padding_octet(size_t i)
{
	return (uint8_t)(0x80 + 37 * i + (i >> 7));
}

static size_t request_header_size(const struct request *request)
{
	static const size_t sizes[2][2] = {{14, 41}, {48, 112}};

	if (request->parameters.mode == TEST_UNAUTHENTICATED && request->parameters.monitoring)
		return request->parameters.symmetrical_size ? 42 : 14;
	return sizes[request->parameters.mode != TEST_UNAUTHENTICATED]
	            [request->parameters.symmetrical_size];
}

size_t request_build(const struct world *world, const struct request *request,
                     uint8_t frame[WORLD_FRAME_MAX])
{
	size_t header = request_header_size(request);
	size_t size = header + request->padding;
	size_t udp = request_udp_offset(request);
	uint8_t *payload = frame + udp + 8;

	write_headers(request, frame, false, size);
	memset(payload, 0, header);
	if (request->parameters.symmetrical_size) {
		size_t plain = request->parameters.mode == TEST_UNAUTHENTICATED ? 14 : 48;
		memset(payload + plain, request->symmetrical_mbz, header - plain);
	}
	for (size_t i = 0; i < request->padding; i++)
		payload[header + i] = padding_octet(i);
	store_be32(payload, request->sequence);
	if (request->parameters.mode == TEST_UNAUTHENTICATED) {
		store_be64(payload + 4, request->timestamp);
		store_be16(payload + 12, request->error_estimate);
	} else {
		store_be64(payload + 16, request->timestamp);
		store_be16(payload + 24, request->error_estimate);
		seal(world, request, payload, request->parameters.mode == TEST_ENCRYPTED ? 32 : 16,
		     32);
	}
	if (!request->no_checksum)
		udp_checksum_write(frame, request_ip_offset(request), udp);
	memset(payload + size, 0x5e, request->udp_surplus + request->trailer);
	return udp + 8 + size + request->udp_surplus + request->trailer;
}

size_t reply_expect(const struct world *world, const struct request *request, uint32_t sequence,
                    uint8_t frame[WORLD_FRAME_MAX])
{
	bool secure = request->parameters.mode != TEST_UNAUTHENTICATED;
	bool monitoring = request->parameters.monitoring, ptp = request->parameters.ptp_timestamps;
	size_t header = secure ? 112 : monitoring ? 44 : 41;
	size_t growth = header - request_header_size(request);
	size_t reflect = request->parameters.reflect_octets
	                         ? request->parameters.padding_to_reflect_length
	                         : 0;
	size_t padding = request->padding > growth ? request->padding - growth : 0;
	size_t udp = reply_udp_offset(request);
	uint8_t *payload = frame + udp + 8;

	if (padding < reflect)
		padding = reflect;
	write_headers(request, frame, true, header + padding);
	memset(payload, 0, header);
	store_be32(payload, sequence);
	uint64_t receive = request->receive_ntp != 0 ? request->receive_ntp : WORLD_RECEIVE_NTP;
	if (ptp)
		receive = request->receive_ptp != 0 ? request->receive_ptp : WORLD_RECEIVE_PTP;
	store_be64(payload + (secure ? 16 : 4), ptp ? WORLD_TRANSMIT_PTP : WORLD_TRANSMIT_NTP);
	uint16_t error = request->told_error != 0 ? request->told_error : WORLD_ERROR;
	store_be16(payload + (secure ? 24 : 12), ptp ? error | 0x4000 : error);
	store_be64(payload + (secure ? 32 : 16), receive);
	store_be32(payload + (secure ? 48 : 24), request->sequence);
	store_be64(payload + (secure ? 64 : 28), request->timestamp);
	store_be16(payload + (secure ? 72 : 36), request->error_estimate);
	payload[secure ? 80 : 40] = request->ttl;
	if (monitoring)
		payload[secure ? 81 : 41] = WORLD_CLASS;
	for (size_t i = 0; i < padding; i++)
		payload[header + i] =
		        i < reflect || !world->settings.zero_padding ? padding_octet(i) : 0;
	if (secure)
		seal(world, request, payload, request->parameters.mode == TEST_ENCRYPTED ? 96 : 16,
		     96);
	if (!request->no_checksum)
		udp_checksum_write(frame, request_ip_offset(request), udp);
	return udp + 8 + header + padding;
}

struct reflect_arrival world_arrival(const struct world *world)
{
	return (struct reflect_arrival){
	        .receive_tsc = WORLD_RECEIVE_TSC,
	        .receive_time = {.ntp = WORLD_RECEIVE_NTP, .error_estimate = WORLD_ERROR},
	        .station = world->station,
	        .mtu = world->mtu};
}

struct reflect_frame world_reflect(struct world *world, const uint8_t *frame, size_t length,
                                   size_t capacity, uint8_t reply[WORLD_FRAME_MAX])
{
	/* The buffer has the exact size, so that ASan sees every octet too many. */
	uint8_t *buffer = malloc(capacity > 0 ? capacity : 1);
	struct reflect_frame run = {
	        .octets = buffer, .length = (uint16_t)length, .capacity = (uint16_t)capacity};
	struct reflect_arrival arrival = world_arrival(world);

	memcpy(buffer, frame, length);
	reflect_burst(&world->reflector, &arrival, &run, 1);
	memcpy(reply, run.octets, run.length);
	free(buffer);
	run.octets = reply;
	return run;
}
