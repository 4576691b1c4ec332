/* SPDX-License-Identifier: BSD-3-Clause */
#include "expect.h"

#include <string.h>

#include "unit.h"

struct request plain_request(uint8_t family, enum test_mode mode)
{
	struct request request;

	request_init(&request, family, mode, 1);
	request.padding = 100;
	return request;
}

static void expect(struct world *world, const uint8_t *frame, size_t length, size_t capacity,
                   enum reflect_verdict verdict, enum datapath_counter counter, uint8_t *reply)
{
	struct datapath_counters before = world->counters;
	struct reflect_frame run = world_reflect(world, frame, length, capacity, reply);

	CU_ASSERT_EQUAL(run.verdict, verdict);
	CU_ASSERT_EQUAL(run.counter, counter);
	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++) {
		bool counted = verdict == VERDICT_DROP && i == counter;
		CU_ASSERT_EQUAL(world->counters.values[i], before.values[i] + counted);
	}
	if (verdict == VERDICT_EXCEPTION)
		CU_ASSERT(run.length == length && memcmp(reply, frame, length) == 0);
}

void expect_verdict(struct world *world, const uint8_t *frame, size_t length, size_t capacity,
                    enum reflect_verdict verdict, enum datapath_counter counter)
{
	uint8_t reply[WORLD_FRAME_MAX];

	expect(world, frame, length, capacity, verdict, counter, reply);
}

void expect_drop(struct world *world, const uint8_t *frame, size_t length,
                 enum datapath_counter counter)
{
	expect_verdict(world, frame, length, EXPECT_CAPACITY, VERDICT_DROP, counter);
}

void expect_exception(struct world *world, const uint8_t *frame, size_t length)
{
	expect_verdict(world, frame, length, EXPECT_CAPACITY, VERDICT_EXCEPTION,
	               DATAPATH_EXCEPTION);
}

void expect_reply(struct world *world, const uint8_t *frame, size_t length, uint8_t *reply)
{
	expect(world, frame, length, EXPECT_CAPACITY, VERDICT_REFLECT, DATAPATH_REFLECTED, reply);
}
