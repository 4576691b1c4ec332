/* SPDX-License-Identifier: BSD-3-Clause */
/* A client's octets, in pieces, into charon's plugin: what comes back is a stream of messages, and never a key that must stay. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "key_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static struct sa_store *make_store(void)
{
	struct sa_store *store = NULL;

	require(sa_store_create(&store) == 0);
	for (uint32_t number = 1; number <= 3; number++) {
		struct ike_key_message sa = {
		        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
		                      IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET) |
		                      IKE_KEY_HAS(IKE_KEY_SK_D) |
		                      IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |
		                      IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
		        .prf = 5,
		        .secret_size = 32,
		        .sk_d_size = 32,
		        .local_address = address_make(4, "\x0a\0\0\2"),
		        .peer_address = address_make(4, "\x0a\0\0\1")};
		store_be32(sa.spi_i, number);
		store_be32(sa.spi_r, number);
		require(sa_store_put(store, &sa) == 0);
	}
	return store;
}

/* Everything that has come back; whole messages. */
static void read_answers(int fd, uint8_t *octets, size_t room, size_t *size)
{
	ssize_t received;

	while ((received = recv(fd, octets + *size, room - *size, MSG_DONTWAIT)) > 0) {
		*size += (size_t)received;
		size_t length = 0;
		while (ike_key_message_length(octets, *size, &length) == 0 && length <= *size) {
			struct ike_key_message answer;
			require(ike_key_message_read(octets, length, &answer) == 0);
			require(answer.type >= IKE_KEY_SA);
			require(!(answer.attributes & IKE_KEY_HAS(IKE_KEY_SK_D)));
			*size -= length;
			memmove(octets, octets + length, *size);
		}
	}
}

/* The first octet of a piece says how long it is. */
static void play(struct key_client *client, int fd, const uint8_t *data, size_t size)
{
	static uint8_t answers[65536];
	size_t answers_size = 0;
	struct ike_key_message event;
	bool open = true;

	for (int64_t now = 1; open && size > 0 && now < 10000; now++) {
		size_t piece = data[0] + 1u;
		piece = piece < size - 1 ? piece : size - 1;
		(void)!send(fd, data + 1, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
		data += piece + 1;
		size -= piece + 1;
		while (sa_store_take_change(client->rules->store, &event) == 0)
			key_client_tell(client, &event, now);
		for (unsigned turns = 0; open && turns < 4; turns++) {
			struct pollfd watched = {.fd = client->fd,
			                         .events = key_client_poll_events(client)};
			require(poll(&watched, 1, 0) >= 0);
			open = key_client_serve(client, watched.revents, now);
			read_answers(fd, answers, sizeof(answers), &answers_size);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct key_client_rules rules = {.store = make_store(),
	                                       .half_message_ms = 20,
	                                       .leave_ms = 5,
	                                       .unsent_maximum = 65536};
	const struct peer_credentials who = {0};
	int fds[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	struct key_client *client = key_client_create(&rules, fds[0], &who);
	require(client != NULL);
	play(client, fds[1], data, size);
	key_client_destroy(client);
	close(fds[1]);
	sa_store_destroy(rules.store);
	return 0;
}
