/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Octets on their way to a client: written at the end, sent from the front; wiped as they go. Zero-initialised is empty. */
#ifndef CHARON_IPPM_KEYS_OCTET_QUEUE_H
#define CHARON_IPPM_KEYS_OCTET_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct octet_queue {
	uint8_t *octets;
	size_t room;
	size_t begin;
	size_t end;
};

/** How many wait. */
static inline size_t octet_queue_size(const struct octet_queue *queue)
{
	return queue->end - queue->begin;
}

/** ERROR_MEMORY: nothing was added. */
int octet_queue_add(struct octet_queue *queue, const uint8_t *octets, size_t size);

/** Sends what a non-blocking socket takes. 0, also when it takes nothing now; ERROR_SYSTEM: the other side is gone. */
int octet_queue_send(struct octet_queue *queue, int fd);

/** Wipes and frees. */
void octet_queue_clear(struct octet_queue *queue);

#endif
