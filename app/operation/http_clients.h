/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the HTTP listener's connections take of the appliance: how long each has been at its request, octets of answers that were not
 * taken yet, and the slow path's time. Pure but for shutdown() of a connection. Slow path only.
 */
#ifndef SPECULAR_OPERATION_HTTP_CLIENTS_H
#define SPECULAR_OPERATION_HTTP_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/** Answers that wait to be read, of all connections together: beyond it the next request is refused. */
#define HTTP_PENDING_MAX (8u << 20)
/** The slow path's time that answers may take: half of all, and so much at one go after a rest. */
#define HTTP_WORK_SHARE    2
#define HTTP_WORK_BURST_US 1000000
/** From connecting, or from the end of the last answer, to the end of the next one. */
#define HTTP_REQUEST_SECONDS 10u
/** The same while all places are taken, and others wait for one. */
#define HTTP_CROWDED_SECONDS 2u

struct http_client {
	int fd;
	uint64_t since_us; /**< it is at its request since then */
	size_t pending;    /**< octets of its answer */
	LIST_ENTRY(http_client) link;
};

LIST_HEAD(http_client_list, http_client);

struct http_clients {
	struct http_client_list list;
	size_t pending;   /**< of all of them */
	int64_t work_us;  /**< that answers may take now; below 0: none */
	uint64_t look_us; /**< when work_us grew last */
};

/** Times are of a clock that only grows, in microseconds. */
void http_clients_init(struct http_clients *clients, uint64_t now_us);
/** NULL: no memory. */
struct http_client *http_clients_add(struct http_clients *clients, int fd, uint64_t now_us);
void http_clients_remove(struct http_clients *clients, struct http_client *client);

/** True when there is memory and time for another answer. */
bool http_clients_admit(struct http_clients *clients, uint64_t now_us);
/** An answer of so many octets was made, which took so long. */
void http_clients_answered(struct http_clients *clients, struct http_client *client, size_t octets,
                           uint64_t work_us);
/** The answer has been taken, or can't be any more: the next request's time begins. */
void http_clients_completed(struct http_clients *clients, struct http_client *client,
                            uint64_t now_us);
/** Shuts the connections down whose request takes longer than so many seconds; their owner sees that they have ended. */
void http_clients_expire(struct http_clients *clients, uint64_t now_us, unsigned seconds);

#endif
