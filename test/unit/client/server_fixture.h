/* SPDX-License-Identifier: BSD-3-Clause */
/** A scripted TWAMP server on loopback, which does right or wrong as each test says; keys: a passphrase, or SK_d 00 01 ... 1f. */
#ifndef SPECULAR_TEST_SERVER_FIXTURE_H
#define SPECULAR_TEST_SERVER_FIXTURE_H

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "control_client.h"
#include "unit.h"

#define SERVER_PASSPHRASE       "specular lab"
#define SERVER_COUNT            1024u
#define SERVER_PORT_GRANTED     20000u
#define SERVER_SESSIONS         2u
#define SERVER_MESSAGE_LIMIT    256u
#define SERVER_CONNECTIONS_KEPT 4u

/** What the server does. */
struct script {
	uint32_t modes;
	uint32_t count;
	uint8_t set_up_accept;
	unsigned no_sa_times; /**< that many set-ups in an ikev2 mode are answered with Accept 6 */
	uint8_t session_accept;
	uint16_t suggested_port; /**< not 0: the first request is answered with Accept 1 and this */
	uint8_t start_accept;
	unsigned
	        answers_after; /**< the first so many requests are answered once they are all there */
	uint16_t reflected_octets_change;
	bool close_before_greeting;
	bool other_key;     /**< the server's passphrase is another one */
	bool flip_hmac;     /**< of each Accept-Session */
	bool foreign_sid;   /**< in the Acks */
	bool split_acks;    /**< one Ack a SID */
	bool too_many_acks; /**< an Ack that claims more SIDs than were asked */
};

struct server {
	struct script script;
	int listener;
	int socket;
	struct endpoint endpoint;
	pthread_t thread;
	struct control_stream *stream;
	struct set_up_response response; /**< the newest */
	struct set_up_response responses[SERVER_CONNECTIONS_KEPT];
	unsigned connections; /**< that came as far as Set-Up-Response */
	unsigned accepted;    /**< that came at all */
	struct request_tw_session requests[SERVER_SESSIONS + 1];
	unsigned request_count;
	uint8_t held[(SERVER_SESSIONS + 1) * ACCEPT_SESSION_SIZE]; /**< answers */
	size_t held_size;
	uint32_t stopped; /**< Number of Sessions in the Stop command */
};

static inline bool read_all(int fd, uint8_t *octets, size_t size)
{
	return recv(fd, octets, size, MSG_WAITALL) == (ssize_t)size;
}

static inline bool send_all(int fd, const uint8_t *octets, size_t size)
{
	return send(fd, octets, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static inline bool server_key(const struct server *server, uint8_t key[TOKEN_KEY_SIZE])
{
	static const uint8_t salt[SALT_SIZE] = {0x5a};
	const char *passphrase = server->script.other_key ? "another" : SERVER_PASSPHRASE;
	uint8_t sk_d[32], secret[IKE_SECRET_SIZE_MAXIMUM];
	size_t size;

	if (!(server->response.mode & MODE_IKEV2_DERIVED))
		return token_key_derive((const uint8_t *)passphrase, strlen(passphrase), salt,
		                        server->script.count, key) == 0;
	for (uint8_t i = 0; i < sizeof(sk_d); i++)
		sk_d[i] = i;
	return ike_shared_secret(IKE_PRF_HMAC_SHA2_256, sk_d, sizeof(sk_d), secret, &size) == 0 &&
	       token_key_derive(secret, size, salt, server->script.count, key) == 0;
}

static inline bool server_set_up(struct server *server)
{
	struct server_greeting greeting = {.modes = server->script.modes,
	                                   .challenge = {1},
	                                   .salt = {0x5a},
	                                   .count = server->script.count};
	struct server_start start = {.accept = server->script.set_up_accept, .server_iv = {9}};
	uint8_t octets[SET_UP_RESPONSE_SIZE], key[TOKEN_KEY_SIZE];
	struct session_keys keys;
	bool keyed;

	server_greeting_write(octets, &greeting);
	if (!send_all(server->socket, octets, GREETING_SIZE) ||
	    !read_all(server->socket, octets, SET_UP_RESPONSE_SIZE))
		return false;
	set_up_response_read(octets, &server->response);
	if (server->connections < SERVER_CONNECTIONS_KEPT)
		server->responses[server->connections] = server->response;
	server->connections++;
	keyed = server->response.mode & MODE_KEYED_MASK;
	if (keyed && (!server_key(server, key) ||
	              token_open(key, server->response.token, greeting.challenge, &keys) != 0))
		start.accept = ACCEPT_FAILURE;
	if ((server->response.mode & MODE_IKEV2_DERIVED) && server->script.no_sa_times > 0) {
		server->script.no_sa_times--;
		start.accept = ACCEPT_NO_IKE_SA;
	}
	server_start_write(octets, &start);
	if (start.accept != ACCEPT_OK)
		return send_all(server->socket, octets, SERVER_START_SIZE) && false;
	server->stream = control_stream_create(keyed ? &keys : NULL, start.server_iv,
	                                       server->response.client_iv);
	return server->stream != NULL &&
	       control_stream_send(server->stream, octets + SERVER_START_CLEAR_SIZE,
	                           SERVER_START_SIZE - SERVER_START_CLEAR_SIZE) == 0 &&
	       send_all(server->socket, octets, SERVER_START_SIZE);
}

/** The blocks of a message behind its first one, and its HMAC. */
static inline bool read_rest(struct server *server, uint8_t *octets, size_t size)
{
	uint8_t hmac[CONTROL_STREAM_HMAC_SIZE];

	return read_all(server->socket, octets + CONTROL_BLOCK,
	                size - CONTROL_BLOCK - sizeof(hmac)) &&
	       control_stream_receive(server->stream, octets + CONTROL_BLOCK,
	                              size - CONTROL_BLOCK - sizeof(hmac)) == 0 &&
	       read_all(server->socket, hmac, sizeof(hmac)) &&
	       control_stream_receive_hmac(server->stream, hmac);
}

static inline bool answer(struct server *server, uint8_t *octets, size_t size)
{
	return control_stream_send_with_hmac(server->stream, octets, size) == 0 &&
	       send_all(server->socket, octets, size);
}

static inline bool serve_request(struct server *server, uint8_t *octets)
{
	struct accept_session accept = {.accept = server->script.session_accept,
	                                .port = SERVER_PORT_GRANTED,
	                                .sid = {0x51, (uint8_t)server->request_count}};
	struct request_tw_session *request = &server->requests[server->request_count];
	uint8_t message[ACCEPT_SESSION_SIZE] = {0};

	if (server->request_count > SERVER_SESSIONS ||
	    !read_rest(server, octets, REQUEST_TW_SESSION_SIZE) ||
	    request_tw_session_read(octets, request) != 0)
		return false;
	accept.reflected_octets =
	        request->octets_to_reflect ^ server->script.reflected_octets_change;
	if (server->script.suggested_port != 0 && server->request_count == 0) {
		accept.accept = ACCEPT_FAILURE;
		accept.port = server->script.suggested_port;
	} else if (accept.accept != ACCEPT_OK) {
		accept.port = 0;
	}
	server->request_count++;
	accept_session_write(message, &accept);
	if (control_stream_send_with_hmac(server->stream, message, sizeof(message)) != 0)
		return false;
	message[sizeof(message) - 1] ^= server->script.flip_hmac;
	memcpy(server->held + server->held_size, message, sizeof(message));
	server->held_size += sizeof(message);
	if (server->request_count < server->script.answers_after)
		return true;
	size_t size = server->held_size;
	server->held_size = 0;
	return send_all(server->socket, server->held, size);
}

static inline bool serve_list(struct server *server, uint8_t *octets, uint8_t ack)
{
	uint8_t message[SESSION_LIST_SIZE(SERVER_SESSIONS)] = {0};
	uint8_t *sids = octets + SESSION_LIST_HEADER_SIZE;
	struct session_list list, reply = {.command = ack, .accept = server->script.start_accept};
	uint32_t each;

	session_list_read(octets, &list);
	if (list.sessions != SERVER_SESSIONS ||
	    !read_rest(server, octets, SESSION_LIST_SIZE(SERVER_SESSIONS)))
		return false;
	if (server->script.foreign_sid)
		sids[SID_SIZE + 5] ^= 1;
	each = server->script.split_acks ? 1 : SERVER_SESSIONS;
	server->stopped = ack == COMMAND_STOP_N_ACK ? list.sessions : 0;
	for (uint32_t done = 0; done < SERVER_SESSIONS; done += each) {
		reply.sessions = server->script.too_many_acks ? SERVER_SESSIONS + 1 : each;
		session_list_write(message, &reply);
		memcpy(message + SESSION_LIST_HEADER_SIZE, sids + (size_t)done * SID_SIZE,
		       (size_t)each * SID_SIZE);
		if (!answer(server, message, SESSION_LIST_SIZE(each)))
			return false;
	}
	return true;
}

static inline bool serve_command(struct server *server)
{
	uint8_t octets[SERVER_MESSAGE_LIMIT], message[START_ACK_SIZE] = {0};
	struct stop_sessions stop;

	if (!read_all(server->socket, octets, CONTROL_BLOCK) ||
	    control_stream_receive(server->stream, octets, CONTROL_BLOCK) != 0)
		return false;
	switch (octets[0]) {
	case COMMAND_REQUEST_TW_SESSION:
		return serve_request(server, octets);
	case COMMAND_START_SESSIONS:
		start_ack_write(message, server->script.start_accept);
		return read_rest(server, octets, START_SESSIONS_SIZE) &&
		       answer(server, message, sizeof(message));
	case COMMAND_STOP_SESSIONS:
		stop_sessions_read(octets, &stop);
		server->stopped = stop.sessions;
		return read_rest(server, octets, STOP_SESSIONS_SIZE);
	case COMMAND_START_N_SESSIONS:
		return serve_list(server, octets, COMMAND_START_N_ACK);
	case COMMAND_STOP_N_SESSIONS:
		return serve_list(server, octets, COMMAND_STOP_N_ACK);
	default:
		return false;
	}
}

/** One connection after the other until the listener is shut down. */
static inline void *serve(void *context)
{
	struct server *server = context;

	while ((server->socket = accept(server->listener, NULL, NULL)) >= 0) {
		server->accepted++;
		if (!server->script.close_before_greeting && server_set_up(server))
			while (serve_command(server))
				;
		control_stream_destroy(server->stream);
		server->stream = NULL;
		(void)close(server->socket);
	}
	return NULL;
}

static inline void server_start_thread(struct server *server, struct script script)
{
	struct endpoint any = {.address = address_make(4, "\x7f\0\0\1")};
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(&any, &storage);

	*server = (struct server){.script = script};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(bind(server->listener, (struct sockaddr *)&storage, size) == 0);
	CU_ASSERT_FATAL(listen(server->listener, 1) == 0);
	size = sizeof(storage);
	CU_ASSERT_FATAL(getsockname(server->listener, (struct sockaddr *)&storage, &size) == 0);
	CU_ASSERT_FATAL(endpoint_from_sockaddr((struct sockaddr *)&storage, &server->endpoint) ==
	                0);
	CU_ASSERT_FATAL(pthread_create(&server->thread, NULL, serve, server) == 0);
}

static inline void server_stop(struct server *server)
{
	(void)shutdown(server->listener, SHUT_RDWR);
	CU_ASSERT(pthread_join(server->thread, NULL) == 0);
	(void)close(server->listener);
}

static const struct script server_fair = {.modes = 0xff, .count = SERVER_COUNT};

#endif
