/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A frame from outside into the load's receiver, with sessions of every mode that have packets on their way. The first octets choose the session, and
 * what the target itself makes of the rest: the frame as it is, or the payload of a reply to this session, sealed when it is keyed. Nothing may
 * crash, all is counted once, and no frame may count as the answer that has not a packet's timestamp in it.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/load/reply_world.h"
#include "base/bytes.h"

#define CHOICES        3u
#define PACKETS        4u /**< on their way in each session */
#define LENGTH_MAXIMUM 2048u
#define TIMESTAMP_LOW  0x5a17u /**< arbitrary: what no frame has by chance */

/** What the target makes of the input. */
enum { AS_IT_IS, PAYLOAD, FIELDS, KINDS };

static struct reply_world world;

static void set_up(void)
{
	reply_world_set_up(&world);
	world.receiver.evidence = evidence_create(1, 128);
	if (world.receiver.evidence == NULL)
		abort();
}

/** Every input finds the same sessions. */
static void begin(void)
{
	memset(&world.measures, 0, sizeof(world.measures));
	memset(world.flights, 0, sizeof(world.flights));
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++) {
		struct load_session *session = &world.array[i];

		session->next_sequence = session->next_size = 0;
		session->highest_answered = session->reflector_next = 0;
		session->reflector_window = session->arrivals = 0;
		receive_begin(session);
		for (unsigned k = 0; k < PACKETS; k++) {
			uint32_t sequence = reply_world_send(&world, session);
			session->flights[sequence].timestamp ^= TIMESTAMP_LOW << (k + i);
			if (k == 0)
				receive_count_from_here(session);
		}
	}
}

static bool has_a_timestamp(const uint8_t *octets, size_t size, const struct load_session *session)
{
	for (unsigned k = 0; k < PACKETS; k++) {
		uint8_t timestamp[8];

		store_be64(timestamp, session->flights[k].timestamp);
		if (memmem(octets, size, timestamp, sizeof(timestamp)) != NULL)
			return true;
	}
	return false;
}

static uint64_t answers(void)
{
	const struct load_measures *measures = &world.measures;

	return measures->answered + measures->late + measures->duplicates + measures->stale +
	       measures->warm_up;
}

static void receive(const uint8_t *octets, size_t size)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);

	if (exact == NULL)
		abort();
	if (size > 0)
		memcpy(exact, octets, size);
	struct received_frame frame = {
	        .octets = exact, .length = (uint16_t)size, .arrival_tsc = world.now};
	receive_burst(&world.receiver, &frame, 1);
	if (frame.as > RECEIVED_ELSEWHERE ||
	    world.measures.received != answers() + load_measures_refused(&world.measures) ||
	    world.measures.received + world.measures.other != 1)
		abort();
	free(exact);
}

/** The input as the payload, or as the fields, of a reply. */
static void receive_built(struct load_session *session, unsigned kind, const uint8_t *data,
                          size_t size)
{
	static uint8_t frame[REPLY_WORLD_FRAME_MAX];
	struct answer answer = answer_make(&world, session, data[0] % PACKETS, data[0] / PACKETS);

	if (size > sizeof(answer.plain))
		size = sizeof(answer.plain);
	if (kind == FIELDS) {
		memcpy(&answer.fields, data,
		       size < sizeof(answer.fields) ? size : sizeof(answer.fields));
	} else {
		answer.length = answer.plain_size = (uint16_t)size;
		memcpy(answer.plain, data, size);
	}
	uint16_t length = answer_build(&world, &answer, frame);
	receive(frame, length);
	if (kind == PAYLOAD && answers() > 0 && !has_a_timestamp(data, size, session))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (world.suite == NULL)
		set_up();
	if (size <= CHOICES || size > LENGTH_MAXIMUM)
		return 0;
	struct load_session *session = &world.array[data[0] % REPLY_WORLD_SESSIONS];
	unsigned kind = data[1] % KINDS;
	begin();
	world.now += data[2] == 255 ? 2 * REPLY_WORLD_TIMEOUT : data[2];
	data += CHOICES;
	size -= CHOICES;
	if (kind != AS_IT_IS) {
		receive_built(session, kind, data, size);
		return 0;
	}
	receive(data, size);
	bool known = false;
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++)
		known = known || has_a_timestamp(data, size, &world.array[i]);
	if (answers() > 0 && !known)
		abort();
	return 0;
}
