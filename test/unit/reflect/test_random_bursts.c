/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Random bursts against expected replies, octet by octet: all modes, encapsulations and lengths beside each other, several packets of a
 * session in a burst, of one length or another, so that plans of replies are used and made anew; frames among them that are not
 * answered; NICs with receive times and without. Counters add up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "unit.h"
#include "world.h"

#define BURSTS      500u
#define SAMPLES     40u /**< sessions */
#define MTU         9600u
#define PADDING_MAX 9300u
#define ROOM        128u /**< in buffers, behind frames: for what replies are longer */

/* NOP, router alert, record route with room for two addresses, end. */
static const uint8_t options[] = {1, 148, 4, 0, 0, 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
/* Hop-by-hop with PadN, destination options of 16 octets, routing header with Segments Left 0. */
static const uint8_t extensions[] = {60, 0, 1, 4, 0, 0, 0, 0, 43, 1, 1, 12, 0, 0, 0, 0,
                                     0,  0, 0, 0, 0, 0, 0, 0, 17, 0, 4, 0,  0, 0, 0, 0};

/** A session, its next request, and what is known to have become of those before. */
struct sample {
	struct request request;
	struct session *session;
	uint32_t reflected;
	uint32_t received;
};

/** What a frame must become. */
enum fate {
	REPLIED,
	DAMAGED,     /**< as REPLIED, with a checksum as wrong as the request's */
	TOO_LONG,    /**< dropped: a reply longer than its buffer */
	NOT_WHOLE,   /**< dropped: the frame ends within the UDP datagram */
	OF_A_KERNEL, /**< no test traffic */
	FATES
};

struct sent {
	struct request request;
	struct sample *sample;
	enum fate fate;
	uint8_t *buffer;
	size_t capacity; /**< of the buffer */
};

/** A burst on its way. */
struct bursting {
	struct sent sent[REFLECT_BURST_MAX];
	struct reflect_frame frames[REFLECT_BURST_MAX];
	struct reflect_offload offloads[REFLECT_BURST_MAX];
	unsigned count;
};

static struct world world;
static struct sample samples[SAMPLES];
static uint64_t fates[FATES];

static unsigned random_below(unsigned limit)
{
	return (unsigned)random() % limit;
}

static bool one_in(unsigned chance)
{
	return random_below(chance) == 0;
}

static size_t random_padding(const struct request *request)
{
	size_t least = request->parameters.reflect_octets
	                       ? request->parameters.padding_to_reflect_length
	                       : 0;

	return least + random_below(one_in(16) ? PADDING_MAX : one_in(2) ? 300 : 70);
}

/** Each with a session of its own, of any mode and encapsulation; every fourth has options or extension headers. */
static void make_samples(void)
{
	for (uint16_t i = 0; i < SAMPLES; i++) {
		struct request *request = &samples[i].request;
		uint8_t family = i % 2 == 0 ? 4 : 6;

		request_init(request, family, (enum test_mode)(i % 3), i);
		request->tags = random_below(3);
		request->parameters.flow.vlan = request->tags > 0 ? 100 : 0;
		request->parameters.flow.outer_vlan = request->tags > 1 ? 200 : 0;
		request->parameters.symmetrical_size = one_in(3);
		request->parameters.monitoring = one_in(4);
		request->parameters.ptp_timestamps = one_in(4);
		request->parameters.reflect_octets = one_in(3);
		request->parameters.padding_to_reflect_length = (uint16_t)random_below(130);
		request->dont_fragment = one_in(2);
		request->no_checksum = family == 4 && one_in(4);
		if (i % 4 < 1 || i % 8 == 5) {
			request->extensions = family == 4 ? options : extensions;
			request->extensions_size =
			        family == 4 ? sizeof(options) : sizeof(extensions);
		}
		request->padding = random_padding(request);
		samples[i].session = request_session(&world, request);
		samples[i].reflected = 0;
		samples[i].received = 0;
	}
}

static enum fate random_fate(const struct request *request)
{
	if (!one_in(6))
		return REPLIED;
	enum fate fate = (enum fate)(DAMAGED + random_below(FATES - DAMAGED));
	return fate == DAMAGED && request->no_checksum ? REPLIED : fate;
}

/** The request of a session in the next frame of the burst. */
static void send_request(struct bursting *burst, struct sample *sample)
{
	uint8_t octets[WORLD_FRAME_MAX];
	struct sent *sent = &burst->sent[burst->count];
	struct request *request = &sample->request;

	if (one_in(2))
		request->padding = random_padding(request);
	request->sequence++;
	request->timestamp = (uint64_t)random() << 32 | (uint64_t)random();
	request->ttl = (uint8_t)random();
	request->identification = (uint16_t)random();
	request->symmetrical_mbz = (uint8_t)random();
	request->receive_ntp = WORLD_RECEIVE_NTP + random_below(1000);
	/* 1000 of 2^32 parts of a second are 233 ns. */
	request->receive_ptp =
	        WORLD_RECEIVE_PTP +
	        (((request->receive_ntp - WORLD_RECEIVE_NTP) * 1000000000 + (UINT64_C(1) << 31)) >>
	         32);
	*sent = (struct sent){.request = *request, .sample = sample, .fate = random_fate(request)};
	size_t length = request_build(&world, request, octets), udp = request_udp_offset(request);
	size_t room = ROOM;
	if (sent->fate == DAMAGED)
		octets[udp + 6] ^= 0x40;
	else if (sent->fate == TOO_LONG)
		room = 0;
	else if (sent->fate == NOT_WHOLE)
		length = udp + random_below(8);
	else if (sent->fate == OF_A_KERNEL)
		octets[0] |= 1;
	sent->capacity = length + room;
	sent->buffer = malloc(sent->capacity);
	memcpy(sent->buffer, octets, length);
	burst->frames[burst->count] = (struct reflect_frame){.octets = sent->buffer,
	                                                     .length = (uint16_t)length,
	                                                     .capacity = (uint16_t)sent->capacity};
	burst->offloads[burst->count++] = (struct reflect_offload){
	        .receive_time = {.ntp = request->receive_ntp, .error_estimate = WORLD_ERROR},
	        .ip_checksum = one_in(2) ? CHECKSUM_GOOD : CHECKSUM_UNKNOWN};
}

static void check_frame(struct sent *sent, const struct reflect_frame *frame)
{
	static const enum reflect_verdict verdicts[] = {
	        VERDICT_REFLECT, VERDICT_REFLECT, VERDICT_DROP, VERDICT_DROP, VERDICT_EXCEPTION};
	uint8_t expected[WORLD_FRAME_MAX];
	struct sample *sample = sent->sample;
	size_t length = reply_expect(&world, &sent->request, sample->reflected, expected);
	size_t udp = reply_udp_offset(&sent->request);

	/* Without room for more there is room for one that does not grow, on top of what goes away. */
	if (sent->fate == TOO_LONG && length + sent->request.extensions_size <= sent->capacity)
		sent->fate = REPLIED;
	fates[sent->fate]++;
	CU_ASSERT_EQUAL(frame->verdict, verdicts[sent->fate]);
	sample->received += sent->fate <= TOO_LONG;
	if (sent->fate > DAMAGED)
		return;
	sample->reflected++;
	CU_ASSERT_EQUAL_FATAL(frame->length, length);
	CU_ASSERT_PTR_EQUAL(frame->octets + frame->capacity, sent->buffer + sent->capacity);
	if (sent->fate == DAMAGED) {
		CU_ASSERT(!udp_checksum_is_right(frame->octets, request_ip_offset(&sent->request),
		                                 udp));
		memcpy(expected + udp + 6, frame->octets + udp + 6, 2);
	}
	CU_ASSERT(memcmp(frame->octets, expected, length) == 0);
}

static void check_totals(void)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		struct session_totals totals = session_totals(world.registry, samples[i].session);

		CU_ASSERT_EQUAL(totals.reflected, samples[i].reflected);
		CU_ASSERT_EQUAL(totals.received, samples[i].received);
		CU_ASSERT_EQUAL(totals.last_received_tsc,
		                samples[i].received > 0 ? WORLD_RECEIVE_TSC : 0);
	}
	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++) {
		uint64_t wanted = i == DATAPATH_DROP_REPLY_TOO_LONG ? fates[TOO_LONG]
		                  : i == DATAPATH_DROP_TRUNCATED    ? fates[NOT_WHOLE]
		                                                    : 0;

		CU_ASSERT_EQUAL(world.counters.values[i], wanted);
	}
	for (unsigned i = 0; i < FATES; i++)
		CU_ASSERT(fates[i] > 0);
}

static void random_bursts(bool zero_padding)
{
	static struct bursting burst;

	srandom(6038);
	world_set_up(&world);
	world.settings.zero_padding = zero_padding;
	world.mtu = MTU;
	memset(fates, 0, sizeof(fates));
	make_samples();
	for (unsigned i = 0; i < BURSTS; i++) {
		unsigned count = 1 + random_below(REFLECT_BURST_MAX);
		/* Few sessions, many packets of each. */
		unsigned begin = random_below(SAMPLES), used = 1 + random_below(SAMPLES);
		struct reflect_arrival arrival = world_arrival(&world);

		burst.count = 0;
		while (burst.count < count)
			send_request(&burst, &samples[(begin + random_below(used)) % SAMPLES]);
		if (one_in(2)) {
			arrival.offloads = burst.offloads;
		} else {
			for (unsigned frame = 0; frame < count; frame++)
				burst.sent[frame].request.receive_ntp =
				        burst.sent[frame].request.receive_ptp = 0;
		}
		reflect_burst(&world.reflector, &arrival, burst.frames, count);
		for (unsigned frame = 0; frame < count; frame++) {
			check_frame(&burst.sent[frame], &burst.frames[frame]);
			free(burst.sent[frame].buffer);
		}
	}
	check_totals();
	world_tear_down(&world);
}

static void with_padding_reused(void)
{
	random_bursts(false);
}

static void with_padding_of_zeros(void)
{
	random_bursts(true);
}

int main(void)
{
	CU_TestInfo tests[] = {{"with padding reused", with_padding_reused},
	                       {"with padding of zeros", with_padding_of_zeros},
	                       CU_TEST_INFO_NULL};
	return unit_run("reflect-random-bursts", tests);
}
