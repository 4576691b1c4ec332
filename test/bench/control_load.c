/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/control_stream.h"
#include "crypto/key_derivation.h"
#include "wire/control_message.h"

#define WAIT_LIMIT_MS     20000
#define ANSWER_SIZE_MAX   GREETING_SIZE
#define FIRST_SENDER_PORT 1024u
#define SENDER_PORTS      60000u
#define ADDRESSES         65000u

enum step { AWAIT_GREETING, AWAIT_SERVER_START, AWAIT_ACCEPT_SESSION, AWAIT_START_ACK, ENDED };

/** One connection. */
struct client {
	int fd;
	unsigned number;
	enum step step;
	size_t have;
	uint8_t answer[ANSWER_SIZE_MAX];
	unsigned requested;
	struct control_stream *cipher;
};

struct run {
	const struct control_load *load;
	int epoll;
	unsigned begun;
	unsigned ended;
	struct session_keys keys; /**< every client's session keys */
	uint8_t iv[IV_SIZE];
	/** The last token key, and what it was derived from. */
	uint8_t salt[SALT_SIZE];
	struct shared_secret secret;
	uint8_t token_key[TOKEN_KEY_SIZE];
	struct client clients[CONTROL_LOAD_PARALLEL];
	struct error *error;
};

static int fail(struct run *run, const struct client *client, const char *what)
{
	return error_set(run->error, ERROR_FORMAT, "connection %u, step %d: %s", client->number,
	                 (int)client->step, what);
}

static int fail_system(struct run *run, const struct client *client, const char *what)
{
	return error_set(run->error, ERROR_SYSTEM, "connection %u, step %d: %s: %s", client->number,
	                 (int)client->step, what, strerror(errno));
}

/** An address of 127.0.0.0/8 that the next connections don't have, or their ports would run out. */
static struct endpoint own_endpoint(const struct run *run, const struct client *client)
{
	unsigned number = 2 + (run->load->first_address + client->number) % ADDRESSES;
	const uint8_t octets[4] = {127, 0, (uint8_t)(number >> 8), (uint8_t)number};

	return (struct endpoint){.address = address_make(4, octets)};
}

static int client_connect(struct run *run, struct client *client)
{
	const struct endpoint own = own_endpoint(run, client);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&own, &address);
	int one = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return fail_system(run, client, "socket");
	(void)setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	(void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(client->fd, (struct sockaddr *)&address, size) != 0)
		return fail_system(run, client, "bind");
	size = endpoint_to_sockaddr(&run->load->server, &address);
	if (connect(client->fd, (struct sockaddr *)&address, size) != 0 && errno != EINPROGRESS)
		return fail_system(run, client, "connect");
	if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, client->fd, &event) != 0)
		return fail_system(run, client, "epoll");
	return 0;
}

static int client_begin(struct run *run, struct client *client)
{
	memset(client, 0, sizeof(*client));
	client->number = run->begun++;
	client->step = AWAIT_GREETING;
	return client_connect(run, client);
}

static int send_octets(struct run *run, const struct client *client, const void *octets,
                       size_t size)
{
	/* Nothing is ever on its way but this: it fits. */
	return send(client->fd, octets, size, MSG_NOSIGNAL) == (ssize_t)size
	               ? 0
	               : fail_system(run, client, "send");
}

static int send_command(struct run *run, const struct client *client, uint8_t *octets, size_t size)
{
	if (control_stream_send_with_hmac(client->cipher, octets, size) != 0)
		return fail(run, client, "encryption failed");
	return send_octets(run, client, octets, size);
}

/** Derives unless the last connection had the same Salt and secret. */
static int make_token_key(struct run *run, const uint8_t salt[SALT_SIZE], uint32_t count,
                          const struct shared_secret *secret)
{
	if (run->secret.size == secret->size && memcmp(run->salt, salt, SALT_SIZE) == 0 &&
	    memcmp(run->secret.octets, secret->octets, secret->size) == 0)
		return 0;
	memcpy(run->salt, salt, SALT_SIZE);
	run->secret = *secret;
	return token_key_derive(secret->octets, secret->size, salt, count, run->token_key);
}

static int on_greeting(struct run *run, struct client *client)
{
	struct set_up_response response = {.mode = run->load->mode};
	uint8_t octets[SET_UP_RESPONSE_SIZE];
	struct server_greeting greeting;
	struct shared_secret secret;

	server_greeting_read(client->answer, &greeting);
	if ((greeting.modes & run->load->mode) != run->load->mode)
		return fail(run, client, "the mode is not offered");
	if ((run->load->mode & MODE_KEYED_MASK) != 0) {
		run->load->key(run->load->key_context, client->number, response.key_id, &secret);
		memcpy(response.client_iv, run->iv, sizeof(response.client_iv));
		if (make_token_key(run, greeting.salt, greeting.count, &secret) != 0 ||
		    token_seal(run->token_key, greeting.challenge, &run->keys, response.token) != 0)
			return fail(run, client, "no Token");
	}
	set_up_response_write(octets, &response);
	client->step = AWAIT_SERVER_START;
	return send_octets(run, client, octets, sizeof(octets));
}

static int send_request(struct run *run, struct client *client)
{
	const struct control_load *load = run->load;
	struct request_tw_session request = {.ip_version = 4, .timeout = load->timeout};
	uint8_t octets[REQUEST_TW_SESSION_SIZE] = {0};

	request.sender.address.family = 4;
	request.sender.port =
	        (uint16_t)(FIRST_SENDER_PORT + (client->number + client->requested) % SENDER_PORTS);
	request.receiver.address = load->receiver;
	request.receiver.port = load->receiver_port;
	request_tw_session_write(octets, &request);
	client->requested++;
	client->step = AWAIT_ACCEPT_SESSION;
	return send_command(run, client, octets, sizeof(octets));
}

static int on_server_start(struct run *run, struct client *client)
{
	bool keyed = (run->load->mode & MODE_KEYED_MASK) != 0;
	struct server_start start;

	server_start_read(client->answer, &start);
	if (start.accept != ACCEPT_OK)
		return fail(run, client, accept_name(start.accept));
	client->cipher = control_stream_create(keyed ? &run->keys : NULL, run->iv, start.server_iv);
	if (client->cipher == NULL ||
	    control_stream_receive(client->cipher, client->answer + SERVER_START_CLEAR_SIZE,
	                           SERVER_START_SIZE - SERVER_START_CLEAR_SIZE) != 0)
		return fail(run, client, "decryption failed");
	return send_request(run, client);
}

/** Decrypts a command's answer and checks its HMAC. */
static int open_answer(struct run *run, struct client *client, size_t size)
{
	size_t covered = size - CONTROL_HMAC_SIZE;

	if (control_stream_receive(client->cipher, client->answer, covered) != 0 ||
	    !control_stream_receive_hmac(client->cipher, client->answer + covered))
		return fail(run, client, "wrong HMAC");
	return 0;
}

static int on_accept_session(struct run *run, struct client *client)
{
	uint8_t octets[START_SESSIONS_SIZE] = {0};
	struct accept_session answer;
	int status = open_answer(run, client, ACCEPT_SESSION_SIZE);

	if (status != 0)
		return status;
	accept_session_read(client->answer, &answer);
	if (answer.accept != ACCEPT_OK)
		return fail(run, client, accept_name(answer.accept));
	if (client->requested < run->load->sessions)
		return send_request(run, client);
	start_sessions_write(octets);
	client->step = AWAIT_START_ACK;
	return send_command(run, client, octets, sizeof(octets));
}

static int client_end(struct run *run, struct client *client)
{
	control_stream_destroy(client->cipher);
	client->cipher = NULL;
	client->step = ENDED;
	run->ended++;
	if (run->load->held != NULL) {
		run->load->held[client->number] = client->fd;
		return epoll_ctl(run->epoll, EPOLL_CTL_DEL, client->fd, NULL) == 0
		               ? 0
		               : fail_system(run, client, "epoll");
	}
	return close(client->fd) == 0 ? 0 : fail_system(run, client, "close");
}

static int on_start_ack(struct run *run, struct client *client)
{
	const struct stop_sessions stop = {.accept = ACCEPT_OK, .sessions = run->load->sessions};
	uint8_t octets[STOP_SESSIONS_SIZE] = {0};
	int status = open_answer(run, client, START_ACK_SIZE);

	if (status == 0 && start_ack_read(client->answer) != ACCEPT_OK)
		status = fail(run, client, "Start-Ack refuses");
	if (status == 0 && run->load->held == NULL) {
		stop_sessions_write(octets, &stop);
		status = send_command(run, client, octets, sizeof(octets));
	}
	return status != 0 ? status : client_end(run, client);
}

static const struct {
	size_t size;
	int (*handle)(struct run *run, struct client *client);
} steps[] = {
        [AWAIT_GREETING] = {GREETING_SIZE, on_greeting},
        [AWAIT_SERVER_START] = {SERVER_START_SIZE, on_server_start},
        [AWAIT_ACCEPT_SESSION] = {ACCEPT_SESSION_SIZE, on_accept_session},
        [AWAIT_START_ACK] = {START_ACK_SIZE, on_start_ack},
};

static int on_readable(struct run *run, struct client *client)
{
	size_t size = steps[client->step].size;
	ssize_t taken = recv(client->fd, client->answer + client->have, size - client->have, 0);

	if (taken < 0 && errno == EAGAIN)
		return 0;
	if (taken < 0)
		return fail_system(run, client, "recv");
	if (taken == 0)
		return fail(run, client, "the server closed");
	client->have += (size_t)taken;
	if (client->have < size)
		return 0;
	client->have = 0;
	int status = steps[client->step].handle(run, client);
	if (status == 0 && client->step == ENDED && run->begun < run->load->connections)
		status = client_begin(run, client);
	return status;
}

static int run_all(struct run *run)
{
	struct epoll_event events[CONTROL_LOAD_PARALLEL];
	int status = 0;

	for (unsigned i = 0; i < CONTROL_LOAD_PARALLEL && run->begun < run->load->connections;
	     i++) {
		status = client_begin(run, &run->clients[i]);
		if (status != 0)
			return status;
	}
	while (run->ended < run->load->connections && status == 0) {
		int count = epoll_wait(run->epoll, events, CONTROL_LOAD_PARALLEL, WAIT_LIMIT_MS);

		if (count <= 0 && errno != EINTR)
			return error_set(run->error, ERROR_SYSTEM, "no answer within %d ms",
			                 WAIT_LIMIT_MS);
		for (int i = 0; i < count && status == 0; i++)
			status = on_readable(run, events[i].data.ptr);
	}
	return status;
}

int control_load_run(const struct control_load *load, struct error *error)
{
	struct run run = {.load = load, .error = error};
	int status;

	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (run.epoll < 0)
		return error_set(error, ERROR_SYSTEM, "epoll: %s", strerror(errno));
	status = random_octets((uint8_t *)&run.keys, sizeof(run.keys));
	if (status == 0)
		status = random_octets(run.iv, sizeof(run.iv));
	if (status == 0)
		status = run_all(&run);
	(void)close(run.epoll);
	return status;
}
