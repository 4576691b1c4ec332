/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"

/* Above this much unsent the client's requests wait, and all SAs stay in the store. */
#define OUT_ENOUGH 65536u

#define KEYS (IKE_KEY_HAS(IKE_KEY_SECRET) | IKE_KEY_HAS(IKE_KEY_SK_D))

struct key_client *key_client_create(const struct key_client_rules *rules, int fd,
                                     const struct peer_credentials *who)
{
	struct key_client *client = calloc(1, sizeof(*client));

	if (client) {
		client->rules = rules;
		client->fd = fd;
		client->who = *who;
	}
	return client;
}

static void reading_end(struct key_client *client)
{
	if (client->reading.active)
		sa_cursor_close(client->rules->store, &client->reading.cursor);
	client->reading.active = false;
}

void key_client_destroy(struct key_client *client)
{
	reading_end(client);
	octet_queue_clear(&client->out);
	octet_queue_clear(&client->changes);
	close(client->fd);
	free(client);
}

static int add_message(struct octet_queue *queue, const struct ike_key_message *message)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];

	size_t size = ike_key_message_write(message, octets, sizeof(octets));
	int result = size > 0 ? octet_queue_add(queue, octets, size) : ERROR_ARGUMENT;
	secret_wipe(octets, sizeof(octets));
	return result;
}

static int add_error(struct key_client *client, uint32_t request, uint16_t error, const char *text)
{
	struct ike_key_message message = {.type = IKE_KEY_ERROR,
	                                  .request = request,
	                                  .error = error,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_ERROR_CODE) |
	                                                IKE_KEY_HAS(IKE_KEY_TEXT)};

	snprintf(message.text, sizeof(message.text), "%s", text);
	return add_message(&client->out, &message);
}

static void leave(struct key_client *client, uint32_t request, enum ike_key_error error,
                  const char *text, int64_t now)
{
	reading_end(client);
	octet_queue_clear(&client->changes);
	(void)add_error(client, request, (uint16_t)error, text);
	client->leaving = true;
	client->subscribed = false;
	client->complaint = text;
	client->in_size = 0;
	client->deadline = now + client->rules->leave_ms;
}

void key_client_dismiss(struct key_client *client, enum ike_key_error error, const char *text,
                        int64_t now)
{
	leave(client, 0, error, text, now);
}

/* An SA as answer or event: with the keys that were asked for and no others. */
static int add_sa(struct octet_queue *queue, struct ike_key_message *sa, uint8_t type,
                  uint32_t request, uint16_t want)
{
	sa->type = type;
	sa->request = request;
	if (want != IKE_KEY_WANT_SECRET)
		sa->attributes &= ~IKE_KEY_HAS(IKE_KEY_SECRET);
	if (want != IKE_KEY_WANT_SK_D)
		sa->attributes &= ~IKE_KEY_HAS(IKE_KEY_SK_D);
	return add_message(queue, sa);
}

static int add_end(struct key_client *client)
{
	const struct ike_key_message message = {.type = IKE_KEY_END,
	                                        .request = client->reading.request,
	                                        .count = client->reading.count,
	                                        .attributes = IKE_KEY_HAS(IKE_KEY_COUNT)};
	return add_message(&client->out, &message);
}

/* Writes as many SAs as the client takes now; after the last one what has changed since. */
static int reading_continue(struct key_client *client)
{
	struct key_client_reading *reading = &client->reading;
	struct ike_key_message sa;
	int result = 0;

	while (result == 0 && reading->active && octet_queue_size(&client->out) < OUT_ENOUGH) {
		if (sa_cursor_next(client->rules->store, &reading->cursor, &sa)) {
			result = add_sa(&client->out, &sa, IKE_KEY_SA, reading->request,
			                reading->want);
			reading->count++;
			continue;
		}
		reading_end(client);
		result = add_end(client);
		size_t waiting = octet_queue_size(&client->changes);
		if (result == 0 && waiting > 0)
			result = octet_queue_add(&client->out,
			                         client->changes.octets + client->changes.begin,
			                         waiting);
		octet_queue_clear(&client->changes);
	}
	secret_wipe(&sa, sizeof(sa));
	return result;
}

static void reading_begin(struct key_client *client, uint32_t request, uint16_t want)
{
	client->reading =
	        (struct key_client_reading){.active = true, .request = request, .want = want};
	sa_cursor_open(client->rules->store, &client->reading.cursor);
}

static int answer_get(struct key_client *client, const struct ike_key_message *request,
                      uint16_t want)
{
	struct ike_key_message sa;
	int result =
	        request->type == IKE_KEY_GET_BY_SPIS
	                ? sa_store_get(client->rules->store, request->spi_i, request->spi_r, &sa)
	                : sa_store_get_by_peer(client->rules->store, &request->peer_address, &sa);
	if (result == ERROR_NOT_FOUND)
		return add_error(client, request->request, IKE_KEY_ERROR_NOT_FOUND,
		                 request->type == IKE_KEY_GET_BY_SPIS
		                         ? "no established IKEv2 SA has these SPIs"
		                         : "no established IKEv2 SA has this peer address");
	result = add_sa(&client->out, &sa, IKE_KEY_SA, request->request, want);
	secret_wipe(&sa, sizeof(sa));
	return result;
}

static int answer(struct key_client *client, const struct ike_key_message *request, int64_t now)
{
	uint16_t want = request->attributes & IKE_KEY_HAS(IKE_KEY_WANT)
	                        ? request->want
	                        : (uint16_t)IKE_KEY_WANT_SECRET;

	if (request->type == IKE_KEY_LIST) {
		reading_begin(client, request->request, IKE_KEY_WANT_NONE);
		return 0;
	}
	if (want > IKE_KEY_WANT_SK_D) {
		leave(client, request->request, IKE_KEY_ERROR_BAD_REQUEST,
		      "what is wanted is not known here", now);
		return 0;
	}
	if (want == IKE_KEY_WANT_SK_D && !client->rules->expose_sk_d)
		return add_error(client, request->request, IKE_KEY_ERROR_NOT_EXPOSED,
		                 "SK_d stays here unless expose_sk_d = yes in ippm-keys.conf");
	switch (request->type) {
	case IKE_KEY_GET_BY_SPIS:
	case IKE_KEY_GET_BY_PEER:
		return answer_get(client, request, want);
	case IKE_KEY_SUBSCRIBE:
		client->subscribed = true;
		client->want = want;
		reading_begin(client, request->request, want);
		return 0;
	default:
		leave(client, request->request, IKE_KEY_ERROR_BAD_REQUEST, "no such request", now);
		return 0;
	}
}

static bool is_full(const struct key_client *client)
{
	return client->reading.active || octet_queue_size(&client->out) >= OUT_ENOUGH;
}

static int handle_message(struct key_client *client, size_t length, int64_t now)
{
	struct ike_key_message request;
	int result = ike_key_message_read(client->in, length, &request);

	client->in_size -= length;
	memmove(client->in, client->in + length, client->in_size);
	if (result == 0)
		return answer(client, &request, now);
	if (result == ERROR_UNAVAILABLE)
		leave(client, request.request, IKE_KEY_ERROR_VERSION,
		      "only version 1 of the protocol is spoken here", now);
	else
		leave(client, 0, IKE_KEY_ERROR_BAD_REQUEST, "the message is malformed", now);
	return 0;
}

/* Answers all whole messages, unless their answers don't find room; the clock runs for one that has only begun. */
static int handle_input(struct key_client *client, int64_t now)
{
	int result = 0;

	client->held = false;
	while (result == 0 && !client->leaving && !is_full(client)) {
		size_t length;
		int known = ike_key_message_length(client->in, client->in_size, &length);
		if (known == ERROR_FORMAT) {
			leave(client, 0, IKE_KEY_ERROR_BAD_REQUEST,
			      "the message has a length that none can have", now);
			return 0;
		}
		if (known < 0 || client->in_size < length) {
			if (client->in_size == 0)
				client->deadline = 0;
			else if (client->deadline == 0)
				client->deadline = now + client->rules->half_message_ms;
			return 0;
		}
		client->deadline = 0;
		result = handle_message(client, length, now);
		if (result == 0)
			result = reading_continue(client);
	}
	client->held = client->in_size > 0;
	return result;
}

/* False: the connection is over, at once. */
static bool receive(struct key_client *client)
{
	uint8_t *to = client->in + client->in_size;
	ssize_t received = recv(client->fd, to, sizeof(client->in) - client->in_size, MSG_DONTWAIT);

	if (received < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	if (received == 0)
		client->ended = true;
	else if (!client->leaving)
		client->in_size += (size_t)received;
	return true;
}

short key_client_poll_events(const struct key_client *client)
{
	short events = 0;

	if (!client->ended && (client->leaving || !is_full(client)))
		events |= POLLIN;
	if (client->reading.active || client->held || octet_queue_size(&client->out) > 0)
		events |= POLLOUT;
	return events;
}

/* One turn, of bounded length so that no client keeps the others waiting. */
static bool take_turn(struct key_client *client, int64_t now)
{
	if (octet_queue_send(&client->out, client->fd) < 0)
		return false;
	if (octet_queue_size(&client->out) >= OUT_ENOUGH)
		return true;
	if (reading_continue(client) < 0 || handle_input(client, now) < 0)
		return false;
	return octet_queue_send(&client->out, client->fd) == 0;
}

bool key_client_serve(struct key_client *client, short poll_events, int64_t now)
{
	if (poll_events & (POLLERR | POLLNVAL))
		return false;
	if (poll_events & POLLIN) {
		if (!receive(client))
			return false;
	} else if (poll_events & POLLHUP) {
		return false;
	}
	if (!take_turn(client, now))
		return false;
	if (client->deadline != 0 && now >= client->deadline) {
		if (client->leaving)
			return false;
		leave(client, 0, IKE_KEY_ERROR_BAD_REQUEST, "a message began and did not end", now);
		if (octet_queue_send(&client->out, client->fd) < 0)
			return false;
	}
	if (client->reading.active || client->held || octet_queue_size(&client->out) > 0)
		return true;
	if (client->leaving)
		shutdown(client->fd, SHUT_WR);
	return !client->ended;
}

void key_client_tell(struct key_client *client, const struct ike_key_message *event, int64_t now)
{
	if (!client->subscribed)
		return;
	struct octet_queue *queue = client->reading.active ? &client->changes : &client->out;
	struct ike_key_message told = *event;
	int result = add_sa(queue, &told, event->type, 0, client->want);
	secret_wipe(&told, sizeof(told));
	size_t unsent = octet_queue_size(&client->out) + octet_queue_size(&client->changes);
	if (result < 0 || unsent > client->rules->unsent_maximum)
		leave(client, 0, IKE_KEY_ERROR_BUSY, "too many changes were left unread", now);
}
