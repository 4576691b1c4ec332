/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_clients.h"

#include <stdlib.h>
#include <sys/socket.h>

#define US_PER_SECOND 1000000u

void http_clients_init(struct http_clients *clients, uint64_t now_us)
{
	*clients = (struct http_clients){.work_us = HTTP_WORK_BURST_US, .look_us = now_us};
	LIST_INIT(&clients->list);
}

struct http_client *http_clients_add(struct http_clients *clients, int fd, uint64_t now_us)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	client->fd = fd;
	client->since_us = now_us;
	LIST_INSERT_HEAD(&clients->list, client, link);
	return client;
}

void http_clients_remove(struct http_clients *clients, struct http_client *client)
{
	clients->pending -= client->pending;
	LIST_REMOVE(client, link);
	free(client);
}

bool http_clients_admit(struct http_clients *clients, uint64_t now_us)
{
	uint64_t earned = (now_us - clients->look_us) / HTTP_WORK_SHARE;

	clients->look_us = now_us;
	if (earned > HTTP_WORK_BURST_US)
		earned = HTTP_WORK_BURST_US;
	clients->work_us += (int64_t)earned;
	if (clients->work_us > HTTP_WORK_BURST_US)
		clients->work_us = HTTP_WORK_BURST_US;
	return clients->work_us > 0 && clients->pending < HTTP_PENDING_MAX;
}

void http_clients_answered(struct http_clients *clients, struct http_client *client, size_t octets,
                           uint64_t work_us)
{
	clients->work_us -= (int64_t)work_us;
	clients->pending += octets;
	client->pending += octets;
}

void http_clients_completed(struct http_clients *clients, struct http_client *client,
                            uint64_t now_us)
{
	clients->pending -= client->pending;
	client->pending = 0;
	client->since_us = now_us;
}

void http_clients_expire(struct http_clients *clients, uint64_t now_us, unsigned seconds)
{
	struct http_client *client;

	LIST_FOREACH(client, &clients->list, link)
	{
		if (now_us - client->since_us >= (uint64_t)seconds * US_PER_SECOND)
			(void)shutdown(client->fd, SHUT_RDWR);
	}
}
