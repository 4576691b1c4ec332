/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/connection.h"

#include <event2/buffer.h>
#include <stdlib.h>

#include "base/secret.h"
#include "control/audit.h"
#include "control/commands.h"
#include "control/individual_control.h"
#include "control/key_agreement.h"
#include "control/set_up.h"

#define INPUT_HIGH_WATER  4096u
#define OUTPUT_HIGH_WATER 16384u

/** Room for every message but long session lists. */
#define MESSAGE_CAPACITY 176u
_Static_assert(MESSAGE_CAPACITY >= SET_UP_RESPONSE_SIZE, "Set-Up-Response fits");
_Static_assert(MESSAGE_CAPACITY >= REQUEST_TW_SESSION_SIZE, "Request-TW-Session fits");

static void expect(struct connection *connection, size_t size)
{
	connection->have = 0;
	connection->need = size;
}

/** Makes room for a message of size octets; the octets that are there stay. */
static bool reserve(struct connection *connection, size_t size)
{
	uint8_t *larger;

	if (size <= connection->message_capacity)
		return true;
	larger = realloc(connection->message, size);
	if (larger == NULL)
		return false;
	connection->message = larger;
	connection->message_capacity = size;
	return true;
}

/** Gives back what a long message took. */
static void shrink(struct connection *connection)
{
	uint8_t *smaller;

	if (connection->message_capacity <= MESSAGE_CAPACITY)
		return;
	smaller = realloc(connection->message, MESSAGE_CAPACITY);
	if (smaller == NULL)
		return;
	connection->message = smaller;
	connection->message_capacity = MESSAGE_CAPACITY;
}

/** Moves input into the message; true when it is complete. */
static bool receive(struct connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);
	int taken = evbuffer_remove(input, connection->message + connection->have,
	                            connection->need - connection->have);

	if (taken > 0)
		connection->have += (size_t)taken;
	return connection->have == connection->need;
}

/** The first block of a command is there: decrypts it and learns the length. */
static bool begin_command(struct connection *connection)
{
	size_t size;

	if (control_stream_receive(connection->cipher, connection->message, CONTROL_BLOCK) != 0)
		return false;
	size = command_size(connection, connection->message);
	if (size == 0 || !reserve(connection, size))
		return false;
	connection->need = size;
	return true;
}

static void end_command(struct connection *connection)
{
	expect(connection, CONTROL_BLOCK);
	shrink(connection);
	connection_watch_activity(connection);
}

/** The whole command is there: its HMAC is checked before anything of it is used (RFC 4656 section 3.2). */
static bool finish_command(struct connection *connection)
{
	struct control_server *server = connection->server;
	uint8_t *rest = connection->message + CONTROL_BLOCK;
	uint8_t *hmac = connection->message + connection->need - CONTROL_HMAC_SIZE;
	size_t rest_size = (size_t)(hmac - rest);
	char client[ENDPOINT_TEXT_SIZE];
	bool go_on;

	if (rest_size > 0 && control_stream_receive(connection->cipher, rest, rest_size) != 0)
		return false;
	if (!control_stream_receive_hmac(connection->cipher, hmac)) {
		server_count(server, CONTROL_CONTROL_HMAC_FAILURES);
		control_log_event(&server->log, EVENT_HMAC_WRONG,
		                  "%s: control message with a wrong HMAC, connection closed",
		                  endpoint_format(&connection->client, client));
		return false;
	}
	go_on = command_handle(connection, connection->message);
	if (connection->state != CONNECTION_WORKING)
		end_command(connection);
	return go_on;
}

/** What connection->message holds is complete. False: close. */
static bool handle_message(struct connection *connection)
{
	if (connection->state == CONNECTION_GREETED) {
		expect(connection, CONTROL_BLOCK);
		return set_up_response_handle(connection, connection->message);
	}
	return connection->have == CONTROL_BLOCK ? begin_command(connection)
	                                         : finish_command(connection);
}

static bool output_is_empty(const struct connection *connection)
{
	return evbuffer_get_length(bufferevent_get_output(connection->stream)) == 0;
}

static bool output_is_full(const struct connection *connection)
{
	return evbuffer_get_length(bufferevent_get_output(connection->stream)) >= OUTPUT_HIGH_WATER;
}

/**
 * Sends the answers that have been collected: at once what the socket takes, which is all but for a slow client. Until then, and while
 * there is nothing to send, writing is disabled, so that the event loop doesn't poll for it.
 */
static void flush(const struct connection *connection)
{
	struct evbuffer *output = bufferevent_get_output(connection->stream);
	evutil_socket_t fd = bufferevent_getfd(connection->stream);

	if (output_is_empty(connection))
		return;
	if (fd >= 0) {
		/* The bufferevent keeps others from its front. An error it will meet itself. */
		(void)evbuffer_unfreeze(output, 1);
		(void)evbuffer_write(output, fd);
		(void)evbuffer_freeze(output, 1);
	}
	if (!output_is_empty(connection))
		(void)bufferevent_enable(connection->stream, EV_WRITE);
}

/** Handles messages until there are no more; false: close. */
static bool handle_input(struct connection *connection)
{
	while ((connection->state == CONNECTION_GREETED || connection->state == CONNECTION_OPEN) &&
	       !portions_is_doomed(connection)) {
		if (output_is_full(connection))
			flush(connection);
		if (output_is_full(connection)) {
			connection->paused = true;
			(void)bufferevent_disable(connection->stream, EV_READ);
			return true;
		}
		if (!receive(connection))
			return true;
		if (!handle_message(connection))
			return false;
	}
	return true;
}

/** A client that has sent its last still gets the answers to what it sent. */
static void hang_up(struct connection *connection)
{
	if (output_is_empty(connection))
		connection_close(connection, CONTROL_END_CONNECTION_CLOSED);
	else
		connection_finish(connection, CONTROL_END_CONNECTION_CLOSED);
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	bool go_on = handle_input(connection);

	(void)stream;
	if (go_on)
		flush(connection);
	if (!go_on || (connection->state == CONNECTION_FLUSHING && output_is_empty(connection)))
		connection_close(connection, CONTROL_END_PROTOCOL_ERROR);
	else if (connection->hung_up && connection->state == CONNECTION_OPEN && !connection->paused)
		hang_up(connection);
}

/** The output is empty. */
static void on_write(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	if (!output_is_empty(connection))
		return;
	if (connection->state == CONNECTION_FLUSHING) {
		connection_close(connection, connection->end);
		return;
	}
	(void)bufferevent_disable(stream, EV_WRITE);
	if (connection->paused) {
		connection->paused = false;
		(void)bufferevent_enable(stream, EV_READ);
		connection_resume(connection);
	}
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct connection *connection = context;

	(void)stream;
	if ((what & (BEV_EVENT_ERROR | BEV_EVENT_EOF)) == 0)
		return;
	/* What it asked for before is done first. */
	if (connection->state == CONNECTION_WORKING)
		connection->hung_up = true;
	else if ((what & BEV_EVENT_ERROR) != 0)
		connection_close(connection, CONTROL_END_CONNECTION_CLOSED);
	else
		hang_up(connection);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;
	struct control_server *server = connection->server;
	enum control_end end = CONTROL_END_SET_UP_EXPIRED;
	char client[ENDPOINT_TEXT_SIZE];

	(void)fd;
	(void)what;
	if (connection->state == CONNECTION_OPEN) {
		end = CONTROL_END_SERVWAIT;
		server_count(server, CONTROL_CONNECTIONS_SERVWAIT);
		control_log_event(&server->log, EVENT_SERVWAIT_EXPIRED,
		                  "%s: nothing received for SERVWAIT, connection closed",
		                  endpoint_format(&connection->client, client));
	} else if (connection->state != CONNECTION_FLUSHING) {
		server_count(server, CONTROL_SETUPS_EXPIRED);
		control_log_event(&server->log, EVENT_SET_UP_EXPIRED,
		                  "%s: set-up not complete in time, connection closed",
		                  endpoint_format(&connection->client, client));
	}
	connection_close(connection, end);
}

void connection_free(struct connection *connection)
{
	if (connection->timer != NULL)
		event_free(connection->timer);
	control_stream_destroy(connection->cipher);
	sid_list_free(connection->sids);
	free(connection->message);
	free(connection->identity);
	secret_wipe(connection, sizeof(*connection));
	free(connection);
}

int connection_create(struct control_server *server, struct bufferevent *stream,
                      const struct endpoint *client, const struct endpoint *local,
                      struct address_usage *usage)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int status;

	if (connection == NULL) {
		bufferevent_free(stream);
		return ERROR_MEMORY;
	}
	(void)bufferevent_disable(stream, EV_WRITE);
	connection->server = server;
	connection->id = ++server->last_connection_id;
	connection->since = server_now(server);
	connection->stream = stream;
	connection->client = *client;
	connection->local = *local;
	connection->usage = usage;
	connection->pool = POOL_NONE;
	TAILQ_INIT(&connection->accepted);
	TAILQ_INIT(&connection->started);
	connection->message = malloc(MESSAGE_CAPACITY);
	connection->message_capacity = MESSAGE_CAPACITY;
	connection->timer = evtimer_new(server->environment.base, on_timer, connection);
	status = connection->message == NULL || connection->timer == NULL
	                 ? ERROR_MEMORY
	                 : set_up_greet(connection);
	if (status != 0) {
		bufferevent_free(stream);
		connection_free(connection);
		return status;
	}
	expect(connection, SET_UP_RESPONSE_SIZE);
	bufferevent_setcb(stream, on_read, on_write, on_event, connection);
	bufferevent_setwatermark(stream, EV_READ, 0, INPUT_HIGH_WATER);
	(void)bufferevent_enable(stream, EV_READ);
	flush(connection);
	timer_arm_common(connection->timer, server->timing.set_up_deadline);
	TAILQ_INSERT_HEAD(&server->connections, connection, link);
	TAILQ_INSERT_TAIL(&server->half_open, connection, half_open_link);
	server->connection_count++;
	return 0;
}

uint32_t connection_session_limit(const struct connection *connection)
{
	const struct config_control *control = &connection->server->environment.config->control;

	return connection->pool == POOL_KEYED ? control->keyed.sessions_per_connection
	                                      : control->unauthenticated.sessions_per_connection;
}

bool connection_enter_pool(struct connection *connection, enum limit_pool pool)
{
	struct control_server *server = connection->server;

	if (!limits_enter_pool(server->limits, connection->usage, pool))
		return false;
	connection->pool = pool;
	connection->sessions_most = connection_session_limit(connection);
	TAILQ_REMOVE(&server->half_open, connection, half_open_link);
	return true;
}

void connection_close(struct connection *connection, enum control_end end)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];

	control_log_event(&server->log, EVENT_CONNECTION_CLOSED, "%s: %u sessions withdrawn",
	                  endpoint_format(&connection->client, client), connection->session_count);
	key_agreement_cancel(connection);
	if (connection->end == CONTROL_END_STOPPED)
		connection->end = end;
	audit_closed(connection);
	portions_cancel(connection);
	if (connection->pool == POOL_NONE)
		TAILQ_REMOVE(&server->half_open, connection, half_open_link);
	limits_release_connection(server->limits, connection->usage, connection->pool);
	TAILQ_REMOVE(&server->connections, connection, link);
	server->connection_count--;
	server_count(server, CONTROL_CONNECTIONS_CLOSED);
	connection->state = CONNECTION_ENDED;
	(void)evtimer_del(connection->timer);
	bufferevent_free(connection->stream);
	connection->stream = NULL;
	control_stream_destroy(connection->cipher);
	connection->cipher = NULL;
	secret_wipe(&connection->keys, sizeof(connection->keys));
	portions_end(connection);
}

struct test_session *connection_any_session(const struct connection *connection)
{
	struct test_session *test = TAILQ_FIRST(&connection->started);

	return test != NULL ? test : TAILQ_FIRST(&connection->accepted);
}

void connection_command_goes_on(struct connection *connection, portion_step step)
{
	connection->step = step;
	connection->state = CONNECTION_WORKING;
	/* SERVWAIT is counted from the command's end. */
	(void)evtimer_del(connection->timer);
}

void connection_command_done(struct connection *connection, bool well)
{
	connection->step = NULL;
	connection->state = CONNECTION_OPEN;
	if (!well) {
		connection_close(connection, CONTROL_END_PROTOCOL_ERROR);
		return;
	}
	end_command(connection);
	connection_resume(connection);
}

void connection_write(struct connection *connection, const void *octets, size_t size)
{
	(void)bufferevent_write(connection->stream, octets, size);
}

bool connection_send(struct connection *connection, uint8_t *octets, size_t size)
{
	if (control_stream_send_with_hmac(connection->cipher, octets, size) != 0)
		return false;
	connection_write(connection, octets, size);
	return true;
}

void connection_finish(struct connection *connection, enum control_end end)
{
	connection->end = end;
	connection->state = CONNECTION_FLUSHING;
	(void)bufferevent_disable(connection->stream, EV_READ);
	timer_arm(connection->timer, connection->server->timing.flush);
}

void connection_resume(struct connection *connection)
{
	bufferevent_trigger(connection->stream, EV_READ,
	                    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

void connection_watch_activity(struct connection *connection)
{
	if (connection->state != CONNECTION_OPEN)
		return;
	if (connection->server->timing.servwait == 0 || connection_is_measuring(connection))
		(void)evtimer_del(connection->timer);
	else
		timer_arm_common(connection->timer, connection->server->timing.servwait);
}
