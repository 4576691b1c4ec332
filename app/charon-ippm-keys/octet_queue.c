/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "octet_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/secret.h"

#define ROOM_MINIMUM 4096u

/* Moves what waits to the front of new room: realloc() would leave a copy of secrets behind. */
static int grow(struct octet_queue *queue, size_t size)
{
	size_t waiting = octet_queue_size(queue);
	size_t room = queue->room ? queue->room : ROOM_MINIMUM;

	while (room < waiting + size)
		room *= 2;
	uint8_t *octets = malloc(room);
	if (!octets)
		return ERROR_MEMORY;
	if (waiting > 0)
		memcpy(octets, queue->octets + queue->begin, waiting);
	octet_queue_clear(queue);
	*queue = (struct octet_queue){.octets = octets, .room = room, .end = waiting};
	return 0;
}

int octet_queue_add(struct octet_queue *queue, const uint8_t *octets, size_t size)
{
	if (queue->room - queue->end < size && grow(queue, size) < 0)
		return ERROR_MEMORY;
	memcpy(queue->octets + queue->end, octets, size);
	queue->end += size;
	return 0;
}

int octet_queue_send(struct octet_queue *queue, int fd)
{
	while (octet_queue_size(queue) > 0) {
		uint8_t *from = queue->octets + queue->begin;
		ssize_t sent = send(fd, from, octet_queue_size(queue), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : ERROR_SYSTEM;
		secret_wipe(from, (size_t)sent);
		queue->begin += (size_t)sent;
	}
	octet_queue_clear(queue);
	return 0;
}

void octet_queue_clear(struct octet_queue *queue)
{
	if (octet_queue_size(queue) > 0)
		secret_wipe(queue->octets + queue->begin, octet_queue_size(queue));
	free(queue->octets);
	*queue = (struct octet_queue){0};
}
