/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The memory of sessions of one kind: with keys or without. An object holds the cores' views and then the expanded keys that they
 * share, in one piece; beside it, in an array of its own, stands the slow path's struct session. No object has a header. What was
 * given back is used again first; memory goes back to the system with the slab. Slow path.
 */
#ifndef SPECULAR_SESSION_SESSION_SLAB_H
#define SPECULAR_SESSION_SESSION_SLAB_H

#include "session/core_table.h"
#include "session/session.h"

struct session_slab {
	unsigned core_count;
	unsigned capacity;
	unsigned touched;   /**< objects that were ever in use: the first ones */
	size_t object_size; /**< a multiple of 64 */
	uint8_t *objects;
	struct session *sessions; /**< object i's is the i-th */
	size_t objects_usable;    /**< octets from its beginning on that have memory */
	size_t sessions_usable;
	struct session *free; /**< in use before, by next */
};

/** keys_size: octets, a multiple of SUITE_KEYS_ALIGN, or 0. ERROR_MEMORY. */
int session_slab_create(struct session_slab *slab, unsigned core_count, size_t keys_size,
                        unsigned capacity);
/** No session may be in use any more. */
void session_slab_destroy(struct session_slab *slab);

/** A session with zeroed views and no meaning of its keys' octets; NULL when all are in use or there is no memory for one more. */
struct session *session_slab_take(struct session_slab *slab);
/** No core may know it any more; its keys are wiped. ASan reports whoever touches it afterwards. */
void session_slab_give_back(struct session_slab *slab, struct session *session);
/** Where the expanded keys lie; only in a slab that has some. */
void *session_slab_keys(const struct session_slab *slab, const struct session *session);
/** Any one that is in use; NULL for none. For taking down: each call goes on behind the one before, *position being 0 first. */
struct session *session_slab_next(struct session_slab *slab, unsigned *position);
/** One core's views, for its table. */
struct core_table_area session_slab_area(const struct session_slab *slab, unsigned core);

#endif
