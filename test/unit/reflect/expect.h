/* SPDX-License-Identifier: BSD-3-Clause */
/** One frame into a world's reflector, and what must come of it. */
#ifndef SPECULAR_TEST_REFLECT_EXPECT_H
#define SPECULAR_TEST_REFLECT_EXPECT_H

#include "world.h"

/** Room for any reply. */
#define EXPECT_CAPACITY 2000u

/** A request of session 1 with 100 octets of padding. */
struct request plain_request(uint8_t family, enum test_mode mode);

/** The reason given, once, and nothing else counted; a frame for the kernel is untouched. */
void expect_verdict(struct world *world, const uint8_t *frame, size_t length, size_t capacity,
                    enum reflect_verdict verdict, enum datapath_counter counter);

/** The same with room for any reply; reply, of WORLD_FRAME_MAX octets, takes it. */
void expect_drop(struct world *world, const uint8_t *frame, size_t length,
                 enum datapath_counter counter);
void expect_exception(struct world *world, const uint8_t *frame, size_t length);
void expect_reply(struct world *world, const uint8_t *frame, size_t length, uint8_t *reply);

#endif
