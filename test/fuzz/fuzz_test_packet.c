/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A frame from outside into the datapath, with a session of every mode installed. The input is one frame; its first octet
 * chooses settings and room for the reply. HMACs and checksums would never be right by chance, so the target writes them itself when it
 * is asked to: the octets under the seal stay the fuzzer's.
 *
 * It arrives twice in one burst, so that the second is answered by the plan that was made for the first. A reply's UDP checksum must
 * be right just when the request's was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/reflector.h"
#include "session/session_registry.h"

#define PORT_LOWER   20000u
#define PORT_OF_MODE 100u /**< ports of the sessions: lower + mode * this + variant */
#define VARIANTS                                                                                   \
	16u /**< symmetrical size, reflect octets, DSCP and ECN Monitoring, PTP timestamps */
#define ROOM           128u
#define ZERO_PADDING   0x01u
#define DISCARD        0x02u
#define SEAL           0x04u
#define OFFLOADS       0x08u
#define IPV4_IP        14u /**< offsets in a plain IPv4 frame */
#define IPV4_UDP       34u
#define COPIES         2u
#define LENGTH_MAXIMUM 2048u

static struct {
	struct reflector_settings settings;
	struct tsc_clock clock;
	struct datapath_counters counters;
	struct suite *suite;
	struct session_registry *registry;
	struct reflector reflector;
	struct session *sessions[3][VARIANTS];
	struct core_session *views[2 * 3 * VARIANTS]; /**< of all sessions, of either family */
	unsigned view_count;
} world;

/** One copy of the frame. */
struct arrived {
	uint8_t *octets; /**< its buffer */
	uint8_t *before; /**< as it came */
	size_t length;
	size_t capacity;
	struct reflect_frame frame;
};

static void publish(uint8_t family, enum test_mode mode, unsigned variant)
{
	struct session_parameters parameters = {.mode = mode, .dscp = 10};
	struct endpoint sender = {.port = 7}, reflector = {.port = 0};
	struct session *session;
	struct error error;

	(void)address_parse(family == 4 ? "192.0.2.1" : "2001:db8::1", &sender.address);
	(void)address_parse(family == 4 ? "192.0.2.2" : "2001:db8::2", &reflector.address);
	reflector.port = (uint16_t)(PORT_LOWER + (unsigned)mode * PORT_OF_MODE + variant);
	flow_key_make(&parameters.flow, &sender, &reflector, 0, 0);
	parameters.symmetrical_size = (variant & 1) != 0;
	parameters.reflect_octets = (variant & 2) != 0;
	parameters.monitoring = (variant & 4) != 0;
	parameters.ptp_timestamps = (variant & 8) != 0;
	parameters.padding_to_reflect_length = 10;
	if (session_publish(world.registry, &parameters, &session, &error) != 0)
		abort();
	session_start(world.registry, session);
	world.views[world.view_count++] = &session->cores[0];
	if (family == 4)
		world.sessions[mode][variant] = session;
}

static void set_up(void)
{
	static const uint8_t own[2][16] = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 2},
	                                   {0x20, 0x01, 0x0d, 0xb8, [15] = 2}};
	struct error error;

	memcpy(world.settings.addresses[0].octets, own[0], sizeof(own[0]));
	memcpy(world.settings.addresses[1].octets, own[1], sizeof(own[1]));
	world.settings.address_count = 2;
	world.settings.port_lower = PORT_LOWER;
	world.settings.port_upper = PORT_LOWER + 999;
	if (suite_create(SUITE_IPSEC_MB, &world.suite, &error) != 0 ||
	    session_registry_create(1, 128, world.suite, &world.registry, &error) != 0)
		abort();
	world.reflector = (struct reflector){.settings = &world.settings,
	                                     .clock = &world.clock,
	                                     .table = session_registry_table(world.registry, 0),
	                                     .suite = world.suite,
	                                     .counters = &world.counters};
	for (unsigned mode = 0; mode < 3; mode++) {
		for (unsigned variant = 0; variant < VARIANTS; variant++) {
			publish(4, (enum test_mode)mode, variant);
			publish(6, (enum test_mode)mode, variant);
		}
	}
}

/** Seals what the frame has where a plain IPv4 frame has its test packet, for the session of its destination port. */
static void seal(uint8_t *frame, size_t size)
{
	uint8_t *payload = frame + IPV4_UDP + 8;

	if (size < IPV4_UDP + 8 + SECURE_SENDER_HEADER_SIZE)
		return;
	unsigned port = (unsigned)load_be16(frame + IPV4_UDP + 2) - PORT_LOWER;
	unsigned mode = port / PORT_OF_MODE, variant = port % PORT_OF_MODE;
	if (mode < TEST_AUTHENTICATED || mode > TEST_ENCRYPTED || variant >= VARIANTS)
		return;
	struct suite_job job = {.keys = world.sessions[mode][variant]->cores[0].keys,
	                        .data = payload,
	                        .hmac = payload + SECURE_SENDER_HMAC,
	                        .protected_size = sender_protected_size((enum test_mode)mode),
	                        .cipher = mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB};
	suite_seal_burst(world.suite, &job, 1);
}

/** Of the pseudo-header and the datagram with its checksum; 0xffff when that is right. */
static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp)
{
	bool ipv6 = ip[0] >> 4 == 6;
	const uint8_t *addresses = ip + (ipv6 ? 8 : 12);
	size_t addresses_size = ipv6 ? 32 : 8, length = load_be16(udp + 4);
	uint32_t sum = 17 + (uint32_t)length;

	for (size_t i = 0; i < addresses_size; i += 2)
		sum += load_be16(addresses + i);
	for (size_t i = 0; i < length; i++)
		sum += i % 2 == 0 ? (uint32_t)udp[i] << 8 : udp[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/** The right UDP checksum where a plain IPv4 frame has it. */
static void write_checksum(uint8_t *frame, size_t size)
{
	uint8_t *ip = frame + IPV4_IP, *udp = frame + IPV4_UDP;

	if (size < IPV4_UDP + 8 || ip[0] >> 4 != 4 || load_be16(udp + 4) > size - IPV4_UDP)
		return;
	store_be16(udp + 6, 0);
	store_be16(udp + 6, (uint16_t)~udp_sum(ip, udp));
}

/** Between link header and payload a reply has an IP header of fixed size, and a request perhaps what the frame lost at its front. */
static void check_reply(const struct arrived *arrived)
{
	const uint8_t *reply = arrived->frame.octets;
	size_t surplus = (size_t)(reply - arrived->octets), at = 12;

	while (load_be16(reply + at) == 0x8100 || load_be16(reply + at) == 0x88a8)
		at += 4;
	const uint8_t *ip = reply + at + 2, *udp = ip + (ip[0] >> 4 == 6 ? 40 : 20);
	const uint8_t *request_ip = arrived->before + at + 2;
	const uint8_t *request_udp = arrived->before + surplus + (udp - reply);

	if (load_be16(request_udp + 6) == 0) {
		if (load_be16(udp + 6) != 0)
			abort();
	} else if (load_be16(udp + 6) == 0 ||
	           (udp_sum(ip, udp) == 0xffff) != (udp_sum(request_ip, request_udp) == 0xffff)) {
		abort();
	}
}

static void check(const struct arrived *arrived)
{
	const struct reflect_frame *frame = &arrived->frame;

	if (frame->verdict > VERDICT_DROP ||
	    (size_t)(frame->octets - arrived->octets) + frame->length > arrived->capacity ||
	    (frame->verdict == VERDICT_EXCEPTION &&
	     memcmp(arrived->before, arrived->octets, arrived->length) != 0))
		abort();
	if (frame->verdict == VERDICT_REFLECT)
		check_reply(arrived);
}

/** The frame in a buffer of its own, so that ASan sees every octet too many. */
static void arrive(struct arrived *arrived, uint8_t choice, const uint8_t *data, size_t length)
{
	arrived->length = length;
	arrived->capacity = length + (size_t)(choice >> 4) * (ROOM / 16);
	arrived->octets = malloc(arrived->capacity > 0 ? arrived->capacity : 1);
	arrived->before = malloc(length > 0 ? length : 1);
	if (arrived->octets == NULL || arrived->before == NULL)
		abort();
	memcpy(arrived->octets, data, length);
	if ((choice & SEAL) != 0) {
		seal(arrived->octets, length);
		write_checksum(arrived->octets, length);
	}
	memcpy(arrived->before, arrived->octets, length);
	arrived->frame = (struct reflect_frame){.octets = arrived->octets,
	                                        .length = (uint16_t)length,
	                                        .capacity = (uint16_t)arrived->capacity};
}

/** Nothing of an input is known to the next one: a finding is found again by itself, and a plan is for one kind of padding. */
static void forget_plans(void)
{
	for (unsigned i = 0; i < world.view_count; i++)
		world.views[i]->plan = (struct reply_plan){0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arrived arrived[COPIES];
	struct reflect_frame frames[COPIES];

	if (world.suite == NULL)
		set_up();
	if (size == 0 || size > LENGTH_MAXIMUM)
		return 0;
	uint8_t choice = data[0];
	forget_plans();
	world.settings.zero_padding = (choice & ZERO_PADDING) != 0;
	world.settings.discard_zero_multiplier = (choice & DISCARD) != 0;
	for (unsigned i = 0; i < COPIES; i++) {
		arrive(&arrived[i], choice, data + 1, size - 1);
		frames[i] = arrived[i].frame;
	}
	const struct reflect_offload good[COPIES] = {{.ip_checksum = CHECKSUM_GOOD},
	                                             {.ip_checksum = CHECKSUM_GOOD}};
	const struct reflect_arrival arrival = {.offloads = (choice & OFFLOADS) != 0 ? good : NULL,
	                                        .mtu = 1500};
	reflect_burst(&world.reflector, &arrival, frames, COPIES);
	for (unsigned i = 0; i < COPIES; i++) {
		arrived[i].frame = frames[i];
		check(&arrived[i]);
		free(arrived[i].before);
		free(arrived[i].octets);
	}
	if (frames[0].verdict != frames[1].verdict || frames[0].length != frames[1].length ||
	    frames[0].counter != frames[1].counter)
		abort();
	return 0;
}
