/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A frame from outside into the datapath, with a session of every mode installed. The input is one frame; its first octet
 * chooses settings and room for the reply. HMACs would never be right by chance, so the target seals a keyed test packet itself
 * when it is asked to: the octets under the seal stay the fuzzer's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/reflector.h"
#include "session/session_registry.h"

#define PORT_LOWER     20000u
#define PORT_OF_MODE   100u /**< ports of the sessions: lower + mode * this + variant */
#define VARIANTS       4u   /**< symmetrical size, reflect octets */
#define ROOM           128u
#define ZERO_PADDING   0x01u
#define DISCARD        0x02u
#define SEAL           0x04u
#define IPV4_UDP       34u /**< offset of UDP in a plain IPv4 frame */
#define LENGTH_MAXIMUM 2048u

static struct {
	struct reflector_settings settings;
	struct tsc_clock clock;
	struct datapath_counters counters;
	struct suite *suite;
	struct session_registry *registry;
	struct reflector reflector;
	struct session *sessions[3][VARIANTS];
} world;

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
	parameters.padding_to_reflect_length = 10;
	if (session_publish(world.registry, &parameters, &session, &error) != 0)
		abort();
	session_start(world.registry, session);
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
	    session_registry_create(1, 64, world.suite, &world.registry, &error) != 0)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (world.suite == NULL)
		set_up();
	if (size == 0 || size > LENGTH_MAXIMUM)
		return 0;
	uint8_t choice = data[0];
	size_t length = size - 1;
	size_t capacity = length + (size_t)(choice >> 4) * (ROOM / 16);
	uint8_t *octets = malloc(capacity > 0 ? capacity : 1);
	uint8_t *before = malloc(length > 0 ? length : 1);
	if (octets == NULL || before == NULL)
		abort();
	memcpy(octets, data + 1, length);
	if ((choice & SEAL) != 0)
		seal(octets, length);
	memcpy(before, octets, length);
	world.settings.zero_padding = (choice & ZERO_PADDING) != 0;
	world.settings.discard_zero_multiplier = (choice & DISCARD) != 0;
	struct reflect_frame frame = {
	        .octets = octets, .length = (uint16_t)length, .capacity = (uint16_t)capacity};
	const struct reflect_offload good = {.ip_checksum = CHECKSUM_GOOD};
	const struct reflect_arrival arrival = {.offloads = (choice & 8) != 0 ? &good : NULL,
	                                        .mtu = 1500};
	reflect_burst(&world.reflector, &arrival, &frame, 1);
	if (frame.verdict > VERDICT_DROP ||
	    (size_t)(frame.octets - octets) + frame.length > capacity ||
	    (frame.verdict == VERDICT_EXCEPTION && memcmp(before, octets, length) != 0))
		abort();
	free(before);
	free(octets);
	return 0;
}
