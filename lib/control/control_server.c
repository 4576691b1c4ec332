/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_server.h"

#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "control/audit.h"
#include "control/connection.h"
#include "control/key_agreement.h"
#include "control/listener.h"
#include "control/server.h"
#include "control/set_up.h"
#include "crypto/key_derivation.h"

/** Token keys kept per Salt. */
#define TOKEN_KEYS_CAPACITY 4096u

/** Old Salts serve set-ups that began before them: for the deadline and a little more. */
#define SALT_OVERLAP_MARGIN_S 5u

/** Iterations of PBKDF2 in one turn of the event loop: about half a millisecond. */
#define DERIVATION_SLICE 1024u

#define EXPIRY_INTERVAL_MS  1000u
#define FLUSH_MS            5000u
#define UNKNOWN_SECRET_SIZE 32u

#define SID_ADDRESS_SIZE 4u

uint64_t server_now(const struct control_server *server)
{
	return tsc_clock_read(server->environment.clock, tsc_now()).ntp;
}

uint64_t server_monotonic_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

int server_random_u64(uint64_t *value)
{
	uint8_t octets[sizeof(*value)];
	int status = random_octets(octets, sizeof(octets));

	*value = load_be64(octets);
	return status;
}

int server_make_sid(struct control_server *server, const struct address *local,
                    uint8_t sid[SID_SIZE])
{
	const struct address *own = server->sid_address.family != 0 ? &server->sid_address : local;
	size_t skipped = own->family == 6 ? sizeof(own->octets) - SID_ADDRESS_SIZE : 0;
	uint64_t now = server_now(server);

	/* The clock may be set back, or not have moved since the last one. */
	if (now <= server->last_sid_time)
		now = server->last_sid_time + 1;
	server->last_sid_time = now;
	memcpy(sid, own->octets + skipped, SID_ADDRESS_SIZE);
	store_be64(sid + SID_TIME, now);
	return random_octets(sid + SID_RANDOM, SID_SIZE - SID_RANDOM);
}

static struct address first_ipv4_of(const struct config_prefix *addresses, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (addresses[i].address.family == 4)
			return addresses[i].address;
	}
	return (struct address){.family = 0};
}

/** RFC 4656 section 3.5: if the machine has an IPv4 address, SIDs SHOULD be made of it, even when all communication is IPv6. */
static struct address choose_sid_address(const struct config *config)
{
	struct address found = {.family = 0};

	for (unsigned i = 0; i < config->port_count && found.family == 0; i++) {
		const struct config_port *port = &config->ports[i];

		found = first_ipv4_of(port->addresses, port->address_count);
		for (unsigned v = 0; v < port->vlan_count && found.family == 0; v++)
			found = first_ipv4_of(port->vlans[v].addresses,
			                      port->vlans[v].address_count);
	}
	return found;
}

static void on_expiry(evutil_socket_t fd, short what, void *context)
{
	struct control_server *server = context;

	(void)fd;
	(void)what;
	token_key_cache_expire(server->token_keys, server_monotonic_s());
	control_log_tell(&server->log);
	timer_arm(server->expiry, EXPIRY_INTERVAL_MS);
}

/** One slice; other events have their turn before the next one. */
static void on_derivation(evutil_socket_t fd, short what, void *context)
{
	struct control_server *server = context;
	bool ended = token_key_cache_go_on(server->token_keys, DERIVATION_SLICE);

	(void)fd;
	(void)what;
	if (ended)
		server_count(server, CONTROL_KEY_DERIVATIONS);
	if (ended || server->secrets_went) {
		server->secrets_went = false;
		key_agreement_go_on(server);
	}
	if (token_key_cache_is_busy(server->token_keys))
		timer_arm_soon(server->derivation);
}

/** key_gone */
static void on_secret_gone(void *context, const struct shared_secret *secret)
{
	key_agreement_secret_gone(context, secret);
}

void server_configure(struct control_server *server)
{
	const struct config *config = server->environment.config;
	const struct config_control *control = &config->control;

	server->timing = (struct control_timing){
	        .set_up_deadline = (uint64_t)control->set_up_deadline * 1000,
	        .servwait = (uint64_t)control->servwait * 1000,
	        .refwait = (uint64_t)control->refwait * 1000,
	        .ike_answer = config->ikev2.timeout_ms,
	        .flush = FLUSH_MS,
	};
	server->modes = control->modes & MODE_KNOWN_MASK & ~(uint32_t)MODE_IKEV2_DERIVED;
	if (server->environment.ike_provider != NULL) {
		server->modes |= MODE_IKEV2_DERIVED;
		key_provider_watch(server->environment.ike_provider, on_secret_gone, server);
	}
	control_log_set_rate(&server->log, control->log_per_minute);
	limits_configure(server->limits, control);
	token_key_cache_configure(server->token_keys, control->count, control->salt_lifetime,
	                          control->set_up_deadline + SALT_OVERLAP_MARGIN_S,
	                          server_monotonic_s());
}

/** As many buckets as there may be sessions. */
static bool make_sid_table(struct control_server *server)
{
	const struct config_control *control = &server->environment.config->control;
	uint32_t sessions = control->unauthenticated.sessions + control->keyed.sessions;
	uint32_t buckets = 1;

	while (buckets < sessions)
		buckets *= 2;
	server->by_sid_mask = buckets - 1;
	server->by_sid = calloc(buckets, sizeof(*server->by_sid));
	return server->by_sid != NULL;
}

/** What needs memory, entropy or the event loop. */
static int prepare(struct control_server *server, struct error *error)
{
	const struct config_control *control = &server->environment.config->control;
	uint64_t seed;

	server->unknown_secret.size = UNKNOWN_SECRET_SIZE;
	if (server_random_u64(&seed) != 0 ||
	    random_octets(server->unknown_secret.octets, UNKNOWN_SECRET_SIZE) != 0)
		return error_set(error, ERROR_CRYPTO, "no random numbers for the control server");
	server->token_keys = token_key_cache_create(
	        control->count, control->salt_lifetime,
	        control->set_up_deadline + SALT_OVERLAP_MARGIN_S, TOKEN_KEYS_CAPACITY);
	server->limits = limits_create(control, seed);
	server->expiry = evtimer_new(server->environment.base, on_expiry, server);
	server->derivation = evtimer_new(server->environment.base, on_derivation, server);
	server->deadlines =
	        deadlines_create(server->environment.base, test_session_deadline, &server->portion);
	if (server->token_keys == NULL || server->limits == NULL || server->expiry == NULL ||
	    server->deadlines == NULL || !make_sid_table(server) || server->derivation == NULL ||
	    portions_create(server) != 0)
		return error_set(error, ERROR_MEMORY, "no memory for the control server");
	timer_arm(server->expiry, EXPIRY_INTERVAL_MS);
	return 0;
}

int control_server_create(const struct control_environment *environment,
                          struct control_server **created, struct error *error)
{
	struct control_server *server = calloc(1, sizeof(*server));
	int status;

	if (server == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the control server");
	server->environment = *environment;
	server->start_time = server_now(server);
	server->sid_address = choose_sid_address(environment->config);
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->half_open);
	TAILQ_INIT(&server->stopped);
	TAILQ_INIT(&server->ending);
	TAILQ_INIT(&server->working);
	status = prepare(server, error);
	if (status != 0) {
		control_server_destroy(server);
		return status;
	}
	server_configure(server);
	*created = server;
	return 0;
}

int control_server_listen(struct control_server *server, struct error *error)
{
	const struct config_control *control = &server->environment.config->control;

	while (server->listener_count < control->listen_count) {
		int status = listener_open(server, &control->listen[server->listener_count],
		                           &server->listeners[server->listener_count], error);

		if (status != 0)
			return status;
		server->listener_count++;
	}
	return 0;
}

/**
 * The oldest half-open connection of the address when it has all it may have, else the oldest of the address that has most. So a flood
 * of half-open connections mostly turns on itself. NULL: there is none.
 */
static struct connection *choose_half_open(struct control_server *server,
                                           const struct address *client)
{
	bool own = client != NULL && limits_address_is_full(server->limits, client);
	struct connection *connection;
	struct connection *chosen = NULL;
	unsigned most = 0;

	TAILQ_FOREACH(connection, &server->half_open, half_open_link)
	{
		unsigned half_open = limits_half_open_of(connection->usage);

		if (half_open <= most ||
		    (own && !address_equal(&connection->client.address, client)))
			continue;
		chosen = connection;
		most = half_open;
	}
	return chosen;
}

bool server_displace_half_open(struct control_server *server, const struct address *client,
                               const char *reason)
{
	struct connection *oldest = choose_half_open(server, client);
	char text[ENDPOINT_TEXT_SIZE];

	if (oldest == NULL)
		return false;
	server_count(server, CONTROL_SETUPS_DISPLACED);
	control_log_event(&server->log, EVENT_SET_UP_DISPLACED,
	                  "%s: set-up not complete, gives way to a newer connection: %s",
	                  endpoint_format(&oldest->client, text), reason);
	connection_close(oldest, CONTROL_END_LIMIT);
	return true;
}

/** Counts a new connection in, at the cost of a half-open one when a limit is reached; NULL and a reason when there is none. */
static struct address_usage *take_connection(struct control_server *server,
                                             const struct address *client, const char **reason)
{
	struct address_usage *usage = limits_take_connection(server->limits, client, reason);

	if (usage == NULL && server_displace_half_open(server, client, *reason))
		usage = limits_take_connection(server->limits, client, reason);
	return usage;
}

int control_server_adopt(struct control_server *server, struct bufferevent *stream,
                         const struct endpoint *client, const struct endpoint *local)
{
	const char *reason = "";
	struct address_usage *usage = NULL;
	char text[ENDPOINT_TEXT_SIZE];
	int status;

	if (server->draining)
		reason = "draining: no new connection is taken";
	else
		usage = take_connection(server, &client->address, &reason);
	server_count(server, CONTROL_CONNECTIONS_ACCEPTED);
	if (usage == NULL) {
		server_count(server, CONTROL_CONNECTIONS_REFUSED);
		control_log_event(&server->log, EVENT_CONNECTION_REFUSED, "%s: %s",
		                  endpoint_format(client, text), reason);
		audit_refused(server, client, local,
		              server->draining ? CONTROL_END_SHUT_DOWN : CONTROL_END_LIMIT, reason);
		set_up_refuse(stream);
		bufferevent_free(stream);
		return ERROR_LIMIT;
	}
	status = connection_create(server, stream, client, local, usage);
	if (status != 0)
		limits_release_connection(server->limits, usage, POOL_NONE);
	return status;
}

void control_server_destroy(struct control_server *server)
{
	if (server == NULL)
		return;
	if (server->environment.ike_provider != NULL)
		key_provider_watch(server->environment.ike_provider, NULL, NULL);
	for (unsigned i = 0; i < server->listener_count; i++)
		listener_close(server->listeners[i]);
	portions_destroy(server);
	while (!TAILQ_EMPTY(&server->connections))
		connection_close(TAILQ_FIRST(&server->connections), CONTROL_END_SHUT_DOWN);
	while (!TAILQ_EMPTY(&server->stopped))
		test_session_end(TAILQ_FIRST(&server->stopped), CONTROL_END_STOPPED);
	deadlines_destroy(server->deadlines);
	if (server->expiry != NULL)
		event_free(server->expiry);
	if (server->derivation != NULL)
		event_free(server->derivation);
	limits_destroy(server->limits);
	free(server->by_sid);
	token_key_cache_destroy(server->token_keys);
	secret_wipe(&server->unknown_secret, sizeof(server->unknown_secret));
	free(server);
}

unsigned control_server_connections(const struct control_server *server)
{
	return server->connection_count;
}
