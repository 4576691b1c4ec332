/* SPDX-License-Identifier: BSD-3-Clause */
/** An IKE daemon that answers the key protocol with what a test put in, one question a connection, in a folder of its own. */
#ifndef SPECULAR_TEST_IKE_DAEMON_FIXTURE_H
#define SPECULAR_TEST_IKE_DAEMON_FIXTURE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/key_derivation.h"
#include "unit.h"
#include "wire/ike_key_message.h"

#define DAEMON_ANSWERS     3u
#define DAEMON_PATH_SIZE   96u
#define DAEMON_FOLDER_SIZE 64u
#define DAEMON_SK_D_SIZE   32u

struct ike_daemon {
	char folder[DAEMON_FOLDER_SIZE];
	char path[DAEMON_PATH_SIZE];
	int listener;
	pthread_t thread;
	struct ike_key_message
	        answers[DAEMON_ANSWERS]; /**< type 0: none is sent; the last one stays */
	unsigned answer_count;
	int interrupt_fd; /**< an eventfd that counts questions which get no answer; 0: none */
	unsigned asked;
	struct ike_key_message question; /**< the newest */
};

static const uint8_t daemon_spis[][2 * IKE_KEY_SPI_SIZE] = {
        {1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18},
        {0x21, 2, 3, 4, 5, 6, 7, 8, 0x31, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18}};

static inline void daemon_folder(struct ike_daemon *daemon)
{
	(void)snprintf(daemon->folder, sizeof(daemon->folder), "%s/ike-daemon.XXXXXX", P_tmpdir);
	CU_ASSERT_FATAL(mkdtemp(daemon->folder) != NULL);
	(void)snprintf(daemon->path, sizeof(daemon->path), "%s/socket", daemon->folder);
}

/** Zeroed, with its folder; answers follow. */
static inline void daemon_init(struct ike_daemon *daemon)
{
	*daemon = (struct ike_daemon){.listener = -1};
	daemon_folder(daemon);
}

static inline void daemon_answer(struct ike_daemon *daemon, struct ike_key_message answer)
{
	CU_ASSERT_FATAL(daemon->answer_count < DAEMON_ANSWERS);
	daemon->answers[daemon->answer_count++] = answer;
}

static inline void daemon_answer_error(struct ike_daemon *daemon, uint16_t code)
{
	daemon_answer(daemon,
	              (struct ike_key_message){.type = IKE_KEY_ERROR,
	                                       .attributes = IKE_KEY_HAS(IKE_KEY_ERROR_CODE),
	                                       .error = code});
}

/** The SA with daemon_spis[number], under the SK_d that the fake server has. */
static inline void daemon_answer_sa(struct ike_daemon *daemon, unsigned number, const char *peer)
{
	struct ike_key_message sa = {
	        .type = IKE_KEY_SA,
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET) |
	                      IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_LOCAL_IDENTITY) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY) | IKE_KEY_HAS(IKE_KEY_CONNECTION),
	        .prf = IKE_PRF_HMAC_SHA2_256,
	        .local_identity = "CN=probe",
	        .peer_identity = "CN=reflector",
	        .connection = "lab"};
	uint8_t sk_d[DAEMON_SK_D_SIZE];
	size_t size;

	memcpy(sa.spi_i, daemon_spis[number], IKE_KEY_SPI_SIZE);
	memcpy(sa.spi_r, daemon_spis[number] + IKE_KEY_SPI_SIZE, IKE_KEY_SPI_SIZE);
	CU_ASSERT_FATAL(address_parse(peer, &sa.peer_address) == 0);
	CU_ASSERT_FATAL(address_parse("127.0.0.1", &sa.local_address) == 0);
	for (uint8_t i = 0; i < sizeof(sk_d); i++)
		sk_d[i] = i;
	CU_ASSERT_FATAL(ike_shared_secret(IKE_PRF_HMAC_SHA2_256, sk_d, sizeof(sk_d), sa.secret,
	                                  &size) == 0);
	sa.secret_size = (uint8_t)size;
	daemon_answer(daemon, sa);
}

static inline void daemon_serve_one(struct ike_daemon *daemon, int fd)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t size = 0, length = 0;
	const struct ike_key_message *scripted;
	struct ike_key_message answer;

	while (ike_key_message_length(octets, size, &length) != 0 || size < length) {
		ssize_t got = recv(fd, octets + size, sizeof(octets) - size, 0);
		if (got <= 0)
			return;
		size += (size_t)got;
	}
	if (ike_key_message_read(octets, length, &daemon->question) != 0)
		return;
	scripted =
	        &daemon->answers[daemon->asked < daemon->answer_count ? daemon->asked
	                                                              : daemon->answer_count - 1];
	daemon->asked++;
	if (scripted->type == 0) {
		if (daemon->interrupt_fd > 0)
			(void)eventfd_write(daemon->interrupt_fd, 1);
		(void)recv(fd, octets, sizeof(octets), 0); /* until the client goes */
		return;
	}
	answer = *scripted;
	answer.request = daemon->question.request;
	size = ike_key_message_write(&answer, octets, sizeof(octets));
	(void)send(fd, octets, size, MSG_NOSIGNAL);
}

static inline void *daemon_serve(void *context)
{
	struct ike_daemon *daemon = context;
	int fd;

	while ((fd = accept(daemon->listener, NULL, NULL)) >= 0) {
		daemon_serve_one(daemon, fd);
		(void)close(fd);
	}
	return NULL;
}

static inline void daemon_start(struct ike_daemon *daemon)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	memcpy(name.sun_path, daemon->path, strlen(daemon->path) + 1);
	daemon->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(bind(daemon->listener, (struct sockaddr *)&name, sizeof(name)) == 0);
	CU_ASSERT_FATAL(listen(daemon->listener, 4) == 0);
	CU_ASSERT_FATAL(pthread_create(&daemon->thread, NULL, daemon_serve, daemon) == 0);
}

/** One that was never started too. The folder must hold nothing else any more. */
static inline void daemon_stop(struct ike_daemon *daemon)
{
	if (daemon->listener >= 0) {
		(void)shutdown(daemon->listener, SHUT_RDWR);
		CU_ASSERT(pthread_join(daemon->thread, NULL) == 0);
		(void)close(daemon->listener);
		(void)unlink(daemon->path);
	}
	CU_ASSERT(rmdir(daemon->folder) == 0);
}

#endif
