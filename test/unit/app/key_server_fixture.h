/* SPDX-License-Identifier: BSD-3-Clause */
/** A key server in a thread and a folder of its own, and clients of it. One server at a time. */
#ifndef SPECULAR_TEST_KEY_SERVER_FIXTURE_H
#define SPECULAR_TEST_KEY_SERVER_FIXTURE_H

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "key_server.h"
#include "unit.h"

#define PATIENCE_MS 20000 /* for what must come */

struct fixture {
	char folder[64];
	struct key_settings settings;
	struct key_server_limits limits;
	struct sa_store *store;
	struct key_server *server;
	pthread_t thread;
	unsigned lines; /* of the log; read after the end */
	char last_line[512];
};

static inline void fixture_log(void *context, const char *line)
{
	struct fixture *fixture = context;

	fixture->lines++;
	snprintf(fixture->last_line, sizeof(fixture->last_line), "%s", line);
}

static inline void *fixture_serve(void *server)
{
	key_server_run(server);
	return NULL;
}

/* Makes the folder and settings in which this process may ask. */
static inline void fixture_prepare(struct fixture *fixture)
{
	char uid[16];

	*fixture = (struct fixture){.settings = {.clients = 8}};
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/test-ippm-keys-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(fixture->folder));
	snprintf(fixture->settings.socket_path, sizeof(fixture->settings.socket_path), "%s/socket",
	         fixture->folder);
	snprintf(uid, sizeof(uid), "%u", (unsigned)getuid());
	CU_ASSERT_EQUAL_FATAL(peer_permission_parse(uid, "", &fixture->settings.permission, NULL),
	                      0);
	CU_ASSERT_EQUAL_FATAL(sa_store_create(&fixture->store), 0);
}

static inline void fixture_start(struct fixture *fixture)
{
	struct error error = {{0}};

	CU_ASSERT_EQUAL_FATAL(key_server_create(&fixture->settings, &fixture->limits,
	                                        fixture->store, fixture_log, fixture,
	                                        &fixture->server, &error),
	                      0);
	CU_ASSERT_EQUAL_FATAL(
	        pthread_create(&fixture->thread, NULL, fixture_serve, fixture->server), 0);
}

static inline void fixture_stop(struct fixture *fixture)
{
	if (fixture->server) {
		key_server_end(fixture->server);
		pthread_join(fixture->thread, NULL);
		key_server_destroy(fixture->server);
		fixture->server = NULL;
	}
}

static inline void fixture_clean(struct fixture *fixture)
{
	fixture_stop(fixture);
	CU_ASSERT_EQUAL(access(fixture->settings.socket_path, F_OK), -1);
	sa_store_destroy(fixture->store);
	key_settings_clear(&fixture->settings);
	CU_ASSERT_EQUAL(rmdir(fixture->folder), 0);
}

/* SA number n: SPIs, secret and peer tell it apart. */
static inline struct ike_key_message make_sa(uint32_t number)
{
	struct ike_key_message sa = {
	        .type = IKE_KEY_SA,
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET) |
	                      IKE_KEY_HAS(IKE_KEY_SK_D) | IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY),
	        .prf = 5,
	        .secret_size = 32,
	        .sk_d_size = 32};

	store_be32(sa.spi_i, number);
	store_be32(sa.spi_r, ~number);
	memset(sa.secret, (int)(number & 0x7f) + 1, 32);
	memset(sa.sk_d, (int)(number & 0x7f) + 2, 32);
	sa.local_address = address_make(4, (const uint8_t[]){192, 0, 2, 1});
	sa.peer_address =
	        address_make(4, (const uint8_t[]){10, (uint8_t)(number >> 16),
	                                          (uint8_t)(number >> 8), (uint8_t)number});
	snprintf(sa.peer_identity, sizeof(sa.peer_identity), "peer%u.example", number);
	return sa;
}

static inline uint32_t sa_number(const struct ike_key_message *message)
{
	return load_be32(message->spi_i);
}

static inline void put(struct fixture *fixture, uint32_t number)
{
	struct ike_key_message sa = make_sa(number);

	CU_ASSERT_EQUAL(sa_store_put(fixture->store, &sa), 0);
}

static inline void drop(struct fixture *fixture, uint32_t number)
{
	struct ike_key_message sa = make_sa(number);

	CU_ASSERT_EQUAL(sa_store_remove(fixture->store, sa.spi_i, sa.spi_r), 0);
}

static inline int client_open(const struct fixture *fixture)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", fixture->settings.socket_path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static inline void client_send_octets(int fd, const void *octets, size_t size)
{
	CU_ASSERT_EQUAL(send(fd, octets, size, MSG_NOSIGNAL), (ssize_t)size);
}

static inline void client_send(int fd, const struct ike_key_message *request)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t size = ike_key_message_write(request, octets, sizeof(octets));

	CU_ASSERT_FATAL(size > 0);
	client_send_octets(fd, octets, size);
}

/* A request with no more attributes than WANT. */
static inline void client_ask(int fd, uint8_t type, uint32_t number, uint16_t want)
{
	const struct ike_key_message request = {.type = type,
	                                        .request = number,
	                                        .want = want,
	                                        .attributes = IKE_KEY_HAS(IKE_KEY_WANT)};
	client_send(fd, &request);
}

/* False at the end of the stream. */
static inline bool client_receive_octets(int fd, uint8_t *octets, size_t size)
{
	for (size_t got = 0; got < size;) {
		struct pollfd watched = {.fd = fd, .events = POLLIN};
		CU_ASSERT_EQUAL_FATAL(poll(&watched, 1, PATIENCE_MS), 1);
		ssize_t received = recv(fd, octets + got, size - got, 0);
		if (received <= 0)
			return false;
		got += (size_t)received;
	}
	return true;
}

static inline bool client_receive(int fd, struct ike_key_message *message)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t length = 0;

	memset(message, 0, sizeof(*message));
	if (!client_receive_octets(fd, octets, IKE_KEY_HEADER_SIZE))
		return false;
	CU_ASSERT_EQUAL_FATAL(ike_key_message_length(octets, IKE_KEY_HEADER_SIZE, &length), 0);
	CU_ASSERT_FATAL(client_receive_octets(fd, octets + IKE_KEY_HEADER_SIZE,
	                                      length - IKE_KEY_HEADER_SIZE));
	CU_ASSERT_EQUAL_FATAL(ike_key_message_read(octets, length, message), 0);
	return true;
}

/* The next message is an error, after which the server has hung up or not. */
static inline void client_expect_error(int fd, uint32_t request, uint16_t error, bool ends)
{
	struct ike_key_message message;

	CU_ASSERT_FATAL(client_receive(fd, &message));
	CU_ASSERT_EQUAL(message.type, IKE_KEY_ERROR);
	CU_ASSERT_EQUAL(message.request, request);
	CU_ASSERT_EQUAL(message.error, error);
	CU_ASSERT(message.text[0] != '\0');
	if (ends)
		CU_ASSERT(!client_receive(fd, &message));
}

/* Reads SAs until END; returns how many, which END says too. */
static inline uint32_t client_read_all(int fd, uint32_t request, bool secrets)
{
	struct ike_key_message message;
	uint32_t count = 0;

	while (client_receive(fd, &message) && message.type == IKE_KEY_SA) {
		CU_ASSERT_EQUAL(message.request, request);
		CU_ASSERT_EQUAL((message.attributes & IKE_KEY_HAS(IKE_KEY_SECRET)) != 0, secrets);
		CU_ASSERT(!(message.attributes & IKE_KEY_HAS(IKE_KEY_SK_D)));
		count++;
	}
	CU_ASSERT_EQUAL(message.type, IKE_KEY_END);
	CU_ASSERT_EQUAL(message.request, request);
	CU_ASSERT_EQUAL(message.count, count);
	return count;
}

/* The server still answers others. */
static inline void expect_service(const struct fixture *fixture)
{
	int fd = client_open(fixture);

	client_ask(fd, IKE_KEY_LIST, 99, 0);
	(void)client_read_all(fd, 99, false);
	close(fd);
}

#endif
