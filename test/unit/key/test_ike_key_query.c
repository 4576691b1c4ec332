/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread plays the IKE daemon on a unix socket: for each case it takes one connection and does what the case says. */
#include "key/ike_key_query.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

/** Far longer than any answer takes; the cases that wait for the end of the time have SHORT_MS. */
#define LONG_MS  60000
#define SHORT_MS 50
#define REQUEST  1

enum manner {
	ANSWERS,        /**< the octets at once */
	ANSWERS_SLOWLY, /**< the octets one by one */
	STAYS_SILENT,   /**< the octets, then nothing until the client has gone */
	HANGS_UP_EARLY, /**< the octets and the end, without reading the question */
};

struct daemon {
	int listener;
	enum manner manner;
	int guests; /**< connections taken and closed before */
	uint8_t octets[2 * IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t size;
	struct ike_key_message question; /**< what came */
	pthread_t thread;
};

static char folder[] = "ike-key-query-XXXXXX";
static char path[64];

static const struct ike_key_message by_spis = {
        .type = IKE_KEY_GET_BY_SPIS,
        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R),
        .spi_i = {1, 2, 3, 4, 5, 6, 7, 8},
        .spi_r = {11, 12, 13, 14, 15, 16, 17, 18},
};
static const struct ike_key_message by_peer = {
        .type = IKE_KEY_GET_BY_PEER,
        .attributes = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
        .peer_address = {4, {192, 0, 2, 1}},
};
static const struct ike_key_message sa = {
        .type = IKE_KEY_SA,
        .request = REQUEST,
        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
                      IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET) |
                      IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) | IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) |
                      IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY),
        .spi_i = {1, 2, 3, 4, 5, 6, 7, 8},
        .spi_r = {11, 12, 13, 14, 15, 16, 17, 18},
        .prf = 5,
        .secret = {0x5e, 0xc2, 0xe7},
        .secret_size = 3,
        .local_address = {4, {192, 0, 2, 2}},
        .peer_address = {4, {192, 0, 2, 1}},
        .peer_identity = "CN=sender",
};

static int listener_open(int type, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, type, 0);

	memcpy(address.sun_path, path, strlen(path));
	(void)unlink(path);
	CU_ASSERT_FATAL(listener >= 0);
	CU_ASSERT_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	if (type == SOCK_STREAM)
		CU_ASSERT_FATAL(listen(listener, backlog) == 0);
	return listener;
}

static void take_question(struct daemon *daemon, int client)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t size = 0;
	size_t length = sizeof(octets);

	while (size < length) {
		ssize_t count = recv(client, octets + size, length - size, 0);
		if (count <= 0)
			return;
		size += (size_t)count;
		(void)ike_key_message_length(octets, size, &length);
	}
	(void)ike_key_message_read(octets, size, &daemon->question);
}

static void *daemon_run(void *context)
{
	struct daemon *daemon = context;
	uint8_t octet;

	for (; daemon->guests > 0; daemon->guests--)
		(void)close(accept(daemon->listener, NULL, NULL));
	int client = accept(daemon->listener, NULL, NULL);
	if (daemon->manner != HANGS_UP_EARLY)
		take_question(daemon, client);
	size_t step = daemon->manner == ANSWERS_SLOWLY ? 1 : daemon->size;
	for (size_t sent = 0; sent < daemon->size; sent += step)
		if (send(client, daemon->octets + sent, step, MSG_NOSIGNAL) < 0)
			break;
	if (daemon->manner == STAYS_SILENT)
		while (recv(client, &octet, 1, 0) > 0)
			;
	(void)close(client);
	return NULL;
}

static void daemon_start(struct daemon *daemon, enum manner manner, int backlog)
{
	daemon->manner = manner;
	daemon->listener = listener_open(SOCK_STREAM, backlog);
	CU_ASSERT_FATAL(pthread_create(&daemon->thread, NULL, daemon_run, daemon) == 0);
}

static void daemon_end(struct daemon *daemon)
{
	(void)pthread_join(daemon->thread, NULL);
	(void)close(daemon->listener);
	(void)unlink(path);
}

static bool all_zero(const struct ike_key_message *message)
{
	static const struct ike_key_message zero;

	return memcmp(message, &zero, sizeof(zero)) == 0;
}

/** Asks the daemon with its manner; a failure names the path in its text and leaves no octet in the answer. */
static int asked(struct daemon *daemon, enum manner manner, const struct ike_key_message *question,
                 int timeout_ms, struct ike_key_message *answer, struct error *error)
{
	memset(answer, 0xee, sizeof(*answer));
	memset(error, 0, sizeof(*error));
	daemon_start(daemon, manner, 8);
	int status = ike_key_query(path, question, timeout_ms, -1, answer, error);
	daemon_end(daemon);
	CU_ASSERT(status == 0 || (all_zero(answer) && strstr(error->text, path) != NULL));
	return status;
}

static void tell(struct daemon *daemon, const struct ike_key_message *message)
{
	daemon->size += ike_key_message_write(message, daemon->octets + daemon->size,
	                                      sizeof(daemon->octets) - daemon->size);
}

static bool is_sa(const struct ike_key_message *answer)
{
	return answer->attributes == sa.attributes && answer->secret_size == sa.secret_size &&
	       memcmp(answer->secret, sa.secret, sizeof(sa.secret)) == 0 &&
	       memcmp(answer->spi_i, sa.spi_i, sizeof(sa.spi_i)) == 0 &&
	       strcmp(answer->peer_identity, sa.peer_identity) == 0;
}

static void right_answers(void)
{
	static const enum manner manners[] = {ANSWERS, ANSWERS_SLOWLY, STAYS_SILENT};
	struct ike_key_message answer;
	struct error error;

	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		struct daemon daemon = {0};
		tell(&daemon, &sa);
		CU_ASSERT_EQUAL(asked(&daemon, manners[i], &by_spis, LONG_MS, &answer, &error), 0);
		CU_ASSERT(is_sa(&answer));
		CU_ASSERT_EQUAL(daemon.question.type, IKE_KEY_GET_BY_SPIS);
		CU_ASSERT_EQUAL(daemon.question.attributes, by_spis.attributes);
		CU_ASSERT(memcmp(daemon.question.spi_r, by_spis.spi_r, IKE_KEY_SPI_SIZE) == 0);
		CU_ASSERT(daemon.question.request != 0);
	}
	struct daemon daemon = {0};
	tell(&daemon, &sa);
	CU_ASSERT_EQUAL(asked(&daemon, ANSWERS, &by_peer, LONG_MS, &answer, &error), 0);
	CU_ASSERT(is_sa(&answer));
	CU_ASSERT(address_equal(&daemon.question.peer_address, &by_peer.peer_address));
}

static void keys_wanted(void)
{
	struct ike_key_message question = by_peer;
	struct ike_key_message told = sa;
	struct ike_key_message answer;
	struct error error;
	struct daemon without = {0};
	struct daemon with = {0};
	struct daemon bare = {0};

	question.attributes |= IKE_KEY_HAS(IKE_KEY_WANT);
	question.want = IKE_KEY_WANT_SK_D;
	tell(&without, &told);
	CU_ASSERT_EQUAL(asked(&without, ANSWERS, &question, LONG_MS, &answer, &error),
	                ERROR_FORMAT);
	CU_ASSERT_EQUAL(without.question.want, IKE_KEY_WANT_SK_D);
	told.attributes |= IKE_KEY_HAS(IKE_KEY_SK_D);
	told.sk_d_size = 64;
	memset(told.sk_d, 0xd5, 64);
	tell(&with, &told);
	CU_ASSERT_EQUAL(asked(&with, ANSWERS, &question, LONG_MS, &answer, &error), 0);
	CU_ASSERT(answer.sk_d_size == 64 && memcmp(answer.sk_d, told.sk_d, 64) == 0);
	told.attributes &= ~(IKE_KEY_HAS(IKE_KEY_SK_D) | IKE_KEY_HAS(IKE_KEY_SECRET));
	tell(&bare, &told);
	question.want = IKE_KEY_WANT_NONE;
	CU_ASSERT_EQUAL(asked(&bare, ANSWERS, &question, LONG_MS, &answer, &error), 0);
	CU_ASSERT_EQUAL(answer.secret_size, 0);
	CU_ASSERT_EQUAL(asked(&bare, ANSWERS, &by_peer, LONG_MS, &answer, &error), ERROR_FORMAT);
}

static void errors_told(void)
{
	static const struct {
		uint16_t code;
		int status;
		const char *says;
	} cases[] = {
	        {IKE_KEY_ERROR_NOT_FOUND, ERROR_NOT_FOUND, "192.0.2.1"},
	        {IKE_KEY_ERROR_NOT_PERMITTED, ERROR_PERMISSION, "ippm-keys.conf"},
	        {IKE_KEY_ERROR_BAD_REQUEST, ERROR_FORMAT, "bad request: as told"},
	        {IKE_KEY_ERROR_VERSION, ERROR_FORMAT, "version"},
	        {IKE_KEY_ERROR_NOT_EXPOSED, ERROR_PERMISSION, "expose_sk_d"},
	        {IKE_KEY_ERROR_BUSY, ERROR_UNAVAILABLE, "try again"},
	        {999, ERROR_FORMAT, "unknown error"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* 0: the daemon refuses the connection, before or without a question. */
		for (uint32_t request = 0; request <= REQUEST; request++) {
			struct ike_key_message told = {
			        .type = IKE_KEY_ERROR,
			        .request = request,
			        .attributes =
			                IKE_KEY_HAS(IKE_KEY_ERROR_CODE) | IKE_KEY_HAS(IKE_KEY_TEXT),
			        .error = cases[i].code,
			        .text = "as told",
			};
			struct ike_key_message answer;
			struct daemon daemon = {0};
			struct error error;
			tell(&daemon, &told);
			CU_ASSERT_EQUAL(asked(&daemon, request == 0 ? HANGS_UP_EARLY : ANSWERS,
			                      &by_peer, LONG_MS, &answer, &error),
			                cases[i].status);
			CU_ASSERT(strstr(error.text, cases[i].says) != NULL);
		}
	}
}

static void late(void)
{
	struct ike_key_message answer;
	struct error error;
	struct daemon silent = {0};
	struct daemon cut = {0};

	CU_ASSERT_EQUAL(asked(&silent, STAYS_SILENT, &by_spis, SHORT_MS, &answer, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT(strstr(error.text, "within 50 ms") != NULL);
	tell(&cut, &sa);
	cut.size--;
	CU_ASSERT_EQUAL(asked(&cut, STAYS_SILENT, &by_spis, SHORT_MS, &answer, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(asked(&cut, STAYS_SILENT, &by_spis, 0, &answer, &error), ERROR_UNAVAILABLE);
}

static void hang_ups(void)
{
	static const enum manner manners[] = {ANSWERS, HANGS_UP_EARLY};
	struct ike_key_message answer;
	struct error error;

	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		struct daemon whole = {0};
		tell(&whole, &sa);
		for (size_t size = 0; size < whole.size; size++) {
			struct daemon daemon = whole;
			daemon.size = size;
			CU_ASSERT_EQUAL(
			        asked(&daemon, manners[i], &by_spis, LONG_MS, &answer, &error),
			        ERROR_UNAVAILABLE);
			CU_ASSERT(strstr(error.text, "hung up") != NULL);
		}
	}
}

/** Told by another voice: the octets as they are. */
static void refuse(const uint8_t *octets, size_t size, const char *says)
{
	struct ike_key_message answer;
	struct daemon daemon = {.size = size};
	struct error error;

	memcpy(daemon.octets, octets, size);
	CU_ASSERT_EQUAL(asked(&daemon, ANSWERS, &by_spis, LONG_MS, &answer, &error), ERROR_FORMAT);
	CU_ASSERT(strstr(error.text, says) != NULL);
}

static void other_voices(void)
{
	static const uint8_t http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	struct ike_key_message other = sa;

	refuse(http, sizeof(http), "does not speak");
	size_t size = ike_key_message_write(&sa, octets, sizeof(octets));
	octets[4] = 9;
	refuse(octets, size, "version 9");
	octets[4] = IKE_KEY_VERSION;
	octets[6] = 1;
	refuse(octets, size, "malformed");
	other.request = REQUEST + 1;
	refuse(octets, ike_key_message_write(&other, octets, sizeof(octets)), "not asked");
	other = sa;
	other.request = 0;
	refuse(octets, ike_key_message_write(&other, octets, sizeof(octets)), "not asked");
	other = sa;
	other.type = IKE_KEY_EVENT_UP;
	refuse(octets, ike_key_message_write(&other, octets, sizeof(octets)), "not the SA");
	other = sa;
	other.spi_i[7] ^= 1;
	refuse(octets, ike_key_message_write(&other, octets, sizeof(octets)), "not the SA");
	other = sa;
	other.spi_r[0] ^= 1;
	refuse(octets, ike_key_message_write(&other, octets, sizeof(octets)), "not the SA");
}

static void another_peer(void)
{
	struct ike_key_message other = sa;
	struct ike_key_message answer;
	struct daemon daemon = {0};
	struct error error;

	other.peer_address.octets[3] = 9;
	tell(&daemon, &other);
	CU_ASSERT_EQUAL(asked(&daemon, ANSWERS, &by_peer, LONG_MS, &answer, &error), ERROR_FORMAT);
}

static void nobody_there(void)
{
	struct ike_key_message answer;
	struct error error;
	char below[80];

	(void)unlink(path);
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, -1, &answer, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT(strstr(error.text, "no IKE daemon listens at ike-key-query-") == error.text);
	CU_ASSERT(strstr(error.text, "is charon running") != NULL);
	CU_ASSERT(all_zero(&answer));
	/* A socket whose daemon has died, and a path below it. */
	(void)close(listener_open(SOCK_STREAM, 1));
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, -1, &answer, &error),
	                ERROR_UNAVAILABLE);
	(void)snprintf(below, sizeof(below), "%s/below", path);
	CU_ASSERT_EQUAL(ike_key_query(below, &by_spis, LONG_MS, -1, &answer, &error),
	                ERROR_UNAVAILABLE);
	/* Without a place for the text. */
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, -1, &answer, NULL),
	                ERROR_UNAVAILABLE);
	(void)unlink(path);
}

static void not_a_stream(void)
{
	struct ike_key_message answer;
	struct error error;
	int listener = listener_open(SOCK_DGRAM, 0);

	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, -1, &answer, &error), ERROR_FORMAT);
	CU_ASSERT(strstr(error.text, "not a stream socket") != NULL);
	(void)close(listener);
	(void)unlink(path);
}

/** Nobody takes the connections, and there is no room for ours; then one goes and there is. */
static void crowded(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ike_key_message answer;
	struct error error;
	struct daemon daemon = {.guests = 1};

	daemon.listener = listener_open(SOCK_STREAM, 0);
	memcpy(address.sun_path, path, strlen(path));
	int guest = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(connect(guest, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, SHORT_MS, -1, &answer, &error),
	                ERROR_UNAVAILABLE);
	tell(&daemon, &sa);
	CU_ASSERT_FATAL(pthread_create(&daemon.thread, NULL, daemon_run, &daemon) == 0);
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, -1, &answer, &error), 0);
	CU_ASSERT(is_sa(&answer));
	daemon_end(&daemon);
	(void)close(guest);
}

static void not_allowed(void)
{
	struct ike_key_message answer;
	struct error error;

	if (geteuid() == 0)
		return; /* no mode keeps root out */
	int listener = listener_open(SOCK_STREAM, 1);
	CU_ASSERT_EQUAL(chmod(path, 0), 0);
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, -1, &answer, &error),
	                ERROR_PERMISSION);
	CU_ASSERT(strstr(error.text, path) == error.text);
	(void)close(listener);
	(void)unlink(path);
}

static void wrong_arguments(void)
{
	struct ike_key_message question = {.type = IKE_KEY_LIST};
	struct ike_key_message answer;
	struct error error;
	char endless[200];

	memset(endless, 'p', sizeof(endless));
	endless[107] = '\0';
	CU_ASSERT_EQUAL(ike_key_query(endless, &by_spis, LONG_MS, -1, &answer, &error),
	                ERROR_UNAVAILABLE);
	endless[107] = 'p';
	endless[108] = '\0';
	CU_ASSERT_EQUAL(ike_key_query(endless, &by_spis, LONG_MS, -1, &answer, &error),
	                ERROR_ARGUMENT);
	CU_ASSERT(strstr(error.text, "at most 107 characters") != NULL);
	CU_ASSERT_EQUAL(ike_key_query(path, &question, LONG_MS, -1, &answer, &error),
	                ERROR_ARGUMENT);
	question = by_peer;
	question.peer_address.family = 0;
	CU_ASSERT_EQUAL(ike_key_query(path, &question, LONG_MS, -1, &answer, &error),
	                ERROR_ARGUMENT);
}

static void interrupted(void)
{
	struct ike_key_message answer;
	struct daemon daemon = {0};
	struct error error;
	int ends[2];

	CU_ASSERT_FATAL(pipe(ends) == 0);
	CU_ASSERT_EQUAL(write(ends[1], "x", 1), 1);
	daemon_start(&daemon, STAYS_SILENT, 8);
	CU_ASSERT_EQUAL(ike_key_query(path, &by_spis, LONG_MS, ends[0], &answer, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT(strstr(error.text, "interrupted") != NULL);
	CU_ASSERT(all_zero(&answer));
	daemon_end(&daemon);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"right answers, however they come", right_answers},
	        {"the key that was wanted", keys_wanted},
	        {"errors of each code", errors_told},
	        {"silence", late},
	        {"hang-up after every octet", hang_ups},
	        {"garbage, other versions, other answers", other_voices},
	        {"an SA of another peer", another_peer},
	        {"nobody there", nobody_there},
	        {"a datagram socket", not_a_stream},
	        {"a full backlog", crowded},
	        {"a file mode that forbids it", not_allowed},
	        {"wrong arguments", wrong_arguments},
	        {"interrupted", interrupted},
	        CU_TEST_INFO_NULL,
	};

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/keys", folder);
	int status = unit_run("key-ike-key-query", tests);
	(void)unlink(path);
	(void)rmdir(folder);
	return status;
}
