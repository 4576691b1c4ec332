/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/secret.h"

#define LOG_SIZE 65536

void fake_init(struct fake_daemon *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->listener = -1;
	fake->peer = -1;
	(void)snprintf(fake->folder, sizeof(fake->folder), "fake-daemon.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(fake->folder));
	(void)snprintf(fake->settings.socket, sizeof(fake->settings.socket), "%s/socket",
	               fake->folder);
	fake->settings.provider = PROVIDER_CHARON;
	fake->settings.timeout_ms = 20000;
	fake->settings.require_peer_address_match = true;
	fake->base = event_base_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(fake->base);
	fake->log = memfd_create("log", MFD_CLOEXEC);
	(void)fflush(stderr);
	fake->standard_error = dup(STDERR_FILENO);
	CU_ASSERT_FATAL(fake->log >= 0 && fake->standard_error >= 0);
	(void)dup2(fake->log, STDERR_FILENO);
	fake_listen(fake);
}

static void take_gone(void *context, const struct shared_secret *secret)
{
	struct fake_daemon *fake = context;

	fake->gone++;
	fake->gone_last.size = secret->size;
	memcpy(fake->gone_last.octets, secret->octets, secret->size);
	(void)strcpy(fake->gone_last.name, secret->name);
}

void fake_create(struct fake_daemon *fake)
{
	struct error error = {""};

	CU_ASSERT_EQUAL_FATAL(
	        charon_provider_create(fake->base, &fake->settings, &fake->provider, &error), 0);
	key_provider_watch(fake->provider, take_gone, fake);
}

void fake_start(struct fake_daemon *fake, unsigned count)
{
	fake_init(fake);
	fake_create(fake);
	fake_snapshot(fake, count);
}

void fake_stop(struct fake_daemon *fake)
{
	key_provider_destroy(fake->provider);
	fake_hang_up(fake);
	fake_stop_listening(fake);
	(void)rmdir(fake->folder);
	event_base_free(fake->base);
	(void)fflush(stderr);
	(void)dup2(fake->standard_error, STDERR_FILENO);
	(void)close(fake->standard_error);
	(void)close(fake->log);
	secret_wipe(&fake->gone_last, sizeof(fake->gone_last));
}

void fake_listen(struct fake_daemon *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(fake->listener >= 0);
	memcpy(address.sun_path, fake->settings.socket, strlen(fake->settings.socket));
	CU_ASSERT_EQUAL_FATAL(bind(fake->listener, (struct sockaddr *)&address, sizeof(address)),
	                      0);
	CU_ASSERT_EQUAL_FATAL(listen(fake->listener, 8), 0);
}

void fake_stop_listening(struct fake_daemon *fake)
{
	if (fake->listener < 0)
		return;
	(void)close(fake->listener);
	(void)unlink(fake->settings.socket);
	fake->listener = -1;
}

void fake_turn(struct fake_daemon *fake)
{
	for (unsigned i = 0; i < 4; i++)
		(void)event_base_loop(fake->base, EVLOOP_NONBLOCK);
	(void)usleep(500);
}

void fake_accept(struct fake_daemon *fake)
{
	fake_hang_up(fake);
	FAKE_UNTIL(fake, (fake->peer = accept4(fake->listener, NULL, NULL,
	                                       SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0);
}

void fake_accept_subscription(struct fake_daemon *fake)
{
	struct ike_key_message request;

	fake_accept(fake);
	CU_ASSERT_FATAL(fake_request(fake, &request));
	CU_ASSERT_EQUAL(request.type, IKE_KEY_SUBSCRIBE);
	CU_ASSERT_EQUAL(request.want, fake->settings.derive == DERIVE_APPLIANCE
	                                      ? IKE_KEY_WANT_SK_D
	                                      : IKE_KEY_WANT_SECRET);
	fake->subscription = request.request;
}

void fake_snapshot(struct fake_daemon *fake, unsigned count)
{
	fake_accept_subscription(fake);
	for (unsigned sa = 1; sa <= count; sa++)
		fake_say_sa(fake, IKE_KEY_SA, fake->subscription, sa);
	fake_say_end(fake, count);
	FAKE_UNTIL(fake, fake_charon(fake)->state == CHARON_READY);
	CU_ASSERT_EQUAL(charon_provider_count(fake->provider), count);
}

void fake_hang_up(struct fake_daemon *fake)
{
	if (fake->peer >= 0)
		(void)close(fake->peer);
	fake->peer = -1;
}

static bool has_hung_up(struct fake_daemon *fake)
{
	uint8_t octets[4096];
	ssize_t got;

	do
		got = recv(fake->peer, octets, sizeof(octets), 0);
	while (got > 0);
	return got == 0 || errno == ECONNRESET;
}

void fake_expect_hang_up(struct fake_daemon *fake)
{
	FAKE_UNTIL(fake, has_hung_up(fake));
	fake_hang_up(fake);
}

bool fake_request(struct fake_daemon *fake, struct ike_key_message *request)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t length;

	for (unsigned turns = 0; turns < 100; turns++) {
		ssize_t got = recv(fake->peer, octets, sizeof(octets), MSG_PEEK);
		if (got > 0 && ike_key_message_length(octets, (size_t)got, &length) == 0 &&
		    length <= (size_t)got) {
			CU_ASSERT_EQUAL(recv(fake->peer, octets, length, 0), (ssize_t)length);
			CU_ASSERT_EQUAL_FATAL(ike_key_message_read(octets, length, request), 0);
			return true;
		}
		fake_turn(fake);
	}
	return false;
}

uint32_t fake_expect_question(struct fake_daemon *fake, unsigned sa)
{
	struct ike_key_message request = {0};
	uint8_t spis[IKE_SPIS_SIZE];

	CU_ASSERT_FATAL(fake_request(fake, &request));
	fake_spis(sa, spis);
	CU_ASSERT_EQUAL(request.type, IKE_KEY_GET_BY_SPIS);
	CU_ASSERT(memcmp(request.spi_i, spis, IKE_SPI_SIZE) == 0);
	CU_ASSERT(memcmp(request.spi_r, spis + IKE_SPI_SIZE, IKE_SPI_SIZE) == 0);
	CU_ASSERT_EQUAL(request.want, fake->settings.derive == DERIVE_APPLIANCE
	                                      ? IKE_KEY_WANT_SK_D
	                                      : IKE_KEY_WANT_SECRET);
	return request.request;
}

void fake_octets(struct fake_daemon *fake, const void *octets, size_t size)
{
	const uint8_t *from = octets;

	while (size > 0) {
		ssize_t sent = send(fake->peer, from, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			(void)event_base_loop(fake->base, EVLOOP_NONBLOCK);
			continue;
		}
		if (sent < 0)
			return; /* hung up: the test looks */
		from += sent;
		size -= (size_t)sent;
	}
}

void fake_say(struct fake_daemon *fake, const struct ike_key_message *message)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	size_t size = ike_key_message_write(message, octets, sizeof(octets));

	CU_ASSERT_FATAL(size > 0);
	fake_octets(fake, octets, size);
	secret_wipe(octets, sizeof(octets));
}

void fake_say_sa(struct fake_daemon *fake, uint8_t type, uint32_t request, unsigned sa)
{
	struct ike_key_message message;

	fake_fill_sa(&message, type, request, sa);
	fake_say(fake, &message);
	secret_wipe(&message, sizeof(message));
}

void fake_say_end(struct fake_daemon *fake, uint32_t count)
{
	struct ike_key_message message = {.type = IKE_KEY_END,
	                                  .request = fake->subscription,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_COUNT),
	                                  .count = count};

	fake_say(fake, &message);
}

void fake_say_error(struct fake_daemon *fake, uint32_t request, uint16_t code, const char *text)
{
	struct ike_key_message message = {.type = IKE_KEY_ERROR,
	                                  .request = request,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_ERROR_CODE) |
	                                                IKE_KEY_HAS(IKE_KEY_TEXT),
	                                  .error = code};

	(void)snprintf(message.text, sizeof(message.text), "%s", text);
	fake_say(fake, &message);
}

void fake_say_gone(struct fake_daemon *fake, unsigned sa)
{
	struct ike_key_message message = fake_sa(IKE_KEY_EVENT_GONE, 0, sa);

	message.attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R);
	fake_say(fake, &message);
	secret_wipe(&message, sizeof(message));
}

void fake_spis(unsigned sa, uint8_t spis[IKE_SPIS_SIZE])
{
	for (unsigned i = 0; i < IKE_SPIS_SIZE; i++)
		spis[i] = (uint8_t)(sa >> 8 * (i % 4) ^ 0x11 * i ^ 0xa0);
}

void fake_secret(unsigned sa, uint8_t secret[FAKE_SECRET_SIZE])
{
	for (unsigned i = 0; i < FAKE_SECRET_SIZE; i++) {
		sa = sa * 1103515245u + 12345u;
		secret[i] = (uint8_t)(sa >> 16);
	}
}

void fake_fill_sa(struct ike_key_message *message, uint8_t type, uint32_t request, unsigned sa)
{
	*message = (struct ike_key_message){
	        .type = type,
	        .request = request,
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET) |
	                      IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY),
	        .prf = FAKE_PRF,
	        .secret_size = FAKE_SECRET_SIZE,
	        .local_address = {.family = 4, .octets = {192, 0, 2, 254}},
	        .peer_address = {.family = 4, .octets = {192, 0, 2, (uint8_t)sa}}};
	uint8_t spis[IKE_SPIS_SIZE];

	fake_spis(sa, spis);
	memcpy(message->spi_i, spis, IKE_SPI_SIZE);
	memcpy(message->spi_r, spis + IKE_SPI_SIZE, IKE_SPI_SIZE);
	fake_secret(sa, message->secret);
	(void)snprintf(message->peer_identity, sizeof(message->peer_identity), "peer-%u.example",
	               sa);
}

struct ike_key_message fake_sa(uint8_t type, uint32_t request, unsigned sa)
{
	struct ike_key_message message;

	fake_fill_sa(&message, type, request, sa);
	return message;
}

struct key_query fake_query(unsigned sa)
{
	struct key_query query = {.kind = KEY_QUERY_IKE_SA,
	                          .peer = {.family = 4, .octets = {192, 0, 2, (uint8_t)sa}}};

	fake_spis(sa, query.key_id);
	return query;
}

void fake_take_answer(void *context, int status, const struct shared_secret *secret,
                      const char *reason)
{
	struct answer *answer = context;

	answer->count++;
	answer->status = status;
	answer->lookup = NULL;
	answer->secret.size = 0;
	if (secret != NULL) {
		answer->secret.size = secret->size;
		memcpy(answer->secret.octets, secret->octets, secret->size);
		(void)strcpy(answer->secret.name, secret->name);
	}
	(void)snprintf(answer->reason, sizeof(answer->reason), "%s", reason != NULL ? reason : "");
}

void fake_ask(struct fake_daemon *fake, unsigned sa, struct answer *answer)
{
	struct key_query query = fake_query(sa);
	struct key_lookup *lookup;

	memset(answer, 0, sizeof(*answer));
	CU_ASSERT_EQUAL_FATAL(
	        key_provider_ask(fake->provider, &query, fake_take_answer, answer, &lookup), 0);
	CU_ASSERT_EQUAL(lookup == NULL, answer->count == 1);
	answer->lookup = lookup;
}

bool is_secret_of(const struct answer *answer, unsigned sa)
{
	uint8_t secret[FAKE_SECRET_SIZE];
	uint8_t spis[IKE_SPIS_SIZE];
	char name[KEY_NAME_SIZE];

	fake_secret(sa, secret);
	fake_spis(sa, spis);
	ike_sa_name(spis, name);
	return answer->count == 1 && answer->status == 0 && answer->secret.size == sizeof(secret) &&
	       memcmp(answer->secret.octets, secret, sizeof(secret)) == 0 &&
	       strcmp(answer->secret.name, name) == 0;
}

bool is_failure(const struct answer *answer, int status, const char *part)
{
	return answer->count == 1 && answer->status == status && answer->secret.size == 0 &&
	       (part != NULL ? strstr(answer->reason, part) != NULL : answer->reason[0] == '\0');
}

unsigned fake_logged(struct fake_daemon *fake, const char *text)
{
	static char log[LOG_SIZE];
	unsigned found = 0;

	(void)fflush(stderr);
	ssize_t got = pread(fake->log, log, sizeof(log) - 1, 0);
	log[got > 0 ? got : 0] = '\0';
	for (const char *at = strstr(log, text); at != NULL; at = strstr(at + 1, text))
		found++;
	return found;
}

struct charon_provider *fake_charon(struct fake_daemon *fake)
{
	return (struct charon_provider *)(void *)fake->provider;
}
