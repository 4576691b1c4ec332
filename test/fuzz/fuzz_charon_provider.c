/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Any octets as what an IKE daemon says to the charon provider, over a real unix socket, with look-ups in between. The first octet's bits:
 *   0: the appliance derives; 1: the peer's address must match; 2: a good snapshot comes first; 3: the daemon hangs up at the end;
 *   4 to 7: how long the pieces are in which the rest comes (0: in one).
 * Look-up number n, from 1, is for the SA whose SPIs are 16 octets n; its question to the daemon is request n + 1. After each piece there is
 * one more, and every third is cancelled.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "key/charon.h"

#define LOOKUPS_MAXIMUM 64u
#define PIECE           16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { DERIVE = 1, MATCH = 2, SNAPSHOT = 4, HANG_UP = 8 };

static struct event_base *base;
static struct config_ikev2 settings;
static char folder[] = "fuzz-charon-provider.XXXXXX";
static int listener;

/** One look-up's fate. */
static struct fate {
	struct key_lookup *lookup;
	unsigned answers;
	bool cancelled;
} fates[LOOKUPS_MAXIMUM];
static unsigned asked;

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void clean_up(void)
{
	(void)unlink(settings.socket);
	(void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)argc;
	(void)argv;
	need(mkdtemp(folder) != NULL);
	(void)strcat(strcpy(settings.socket, folder), "/socket");
	(void)strcpy(address.sun_path, settings.socket);
	(void)atexit(clean_up);
	settings.provider = PROVIDER_CHARON;
	settings.timeout_ms = 60000;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	need(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	need(listen(listener, 8) == 0);
	base = event_base_new();
	return 0;
}

static void run(void)
{
	for (unsigned i = 0; i < 3; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static void take_answer(void *context, int status, const struct shared_secret *secret,
                        const char *reason)
{
	struct fate *fate = context;

	need(!fate->cancelled && fate->answers++ == 0);
	need((status == 0) == (secret != NULL));
	need(status == 0 || status == ERROR_NOT_FOUND || status == ERROR_PERMISSION ||
	     status == ERROR_UNAVAILABLE);
	need(status == 0 || status == ERROR_NOT_FOUND || reason != NULL);
	need(secret == NULL || (secret->size >= 16 && secret->size <= 64));
	fate->lookup = NULL;
}

static void take_gone(void *context, const struct shared_secret *secret)
{
	(void)context;
	need(secret->size >= 16 && secret->size <= 64);
}

static void ask(struct key_provider *provider)
{
	struct key_query query = {.kind = KEY_QUERY_IKE_SA,
	                          .peer = {.family = 4, .octets = {192, 0, 2, 1}}};
	struct fate *fate = &fates[asked % LOOKUPS_MAXIMUM];
	struct key_lookup *lookup;

	if (asked >= LOOKUPS_MAXIMUM)
		return;
	asked++;
	memset(query.key_id, (int)asked, IKE_SPIS_SIZE);
	need(key_provider_ask(provider, &query, take_answer, fate, &lookup) == 0);
	need((lookup == NULL) == (fate->answers == 1));
	fate->lookup = lookup;
	if (asked % 3 == 0 && lookup != NULL) {
		fate->cancelled = true;
		key_provider_cancel(provider, lookup);
	}
}

static void say(int peer, const void *octets, size_t size)
{
	/* A peer that has hung up, or more than the socket takes: what is lost doesn't matter. */
	(void)send(peer, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	run();
}

/** Two SAs: one with the SPIs of the first look-up, one with others. */
static void say_snapshot(int peer)
{
	struct ike_key_message message = {
	        .type = IKE_KEY_SA,
	        .request = 1,
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET) |
	                      IKE_KEY_HAS(IKE_KEY_SK_D) | IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
	        .prf = 5,
	        .secret_size = 32,
	        .sk_d_size = 32,
	        .local_address = {.family = 4, .octets = {192, 0, 2, 2}},
	        .peer_address = {.family = 4, .octets = {192, 0, 2, 1}}};
	struct ike_key_message end = {.type = IKE_KEY_END,
	                              .request = 1,
	                              .attributes = IKE_KEY_HAS(IKE_KEY_COUNT),
	                              .count = 2};
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];

	for (int spi = 1; spi <= 2; spi++) {
		memset(message.spi_i, spi == 1 ? 1 : 0xff, IKE_KEY_SPI_SIZE);
		memset(message.spi_r, spi == 1 ? 1 : 0xff, IKE_KEY_SPI_SIZE);
		say(peer, octets, ike_key_message_write(&message, octets, sizeof(octets)));
	}
	say(peer, octets, ike_key_message_write(&end, octets, sizeof(octets)));
}

static void converse(struct key_provider *provider, int peer, const uint8_t *data, size_t size)
{
	size_t piece = (size_t)(data[0] >> 4) * PIECE;

	ask(provider);
	if ((data[0] & SNAPSHOT) != 0)
		say_snapshot(peer);
	data++;
	size--;
	while (size > 0) {
		size_t length = piece == 0 || piece > size ? size : piece;

		ask(provider);
		run();
		say(peer, data, length);
		data += length;
		size -= length;
	}
	ask(provider);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_provider *provider;

	if (size == 0)
		return 0;
	settings.derive = (data[0] & DERIVE) != 0 ? DERIVE_APPLIANCE : DERIVE_DAEMON;
	settings.require_peer_address_match = (data[0] & MATCH) != 0;
	memset(fates, 0, sizeof(fates));
	asked = 0;
	need(charon_provider_create(base, &settings, &provider, NULL) == 0);
	struct charon_provider *charon = (struct charon_provider *)(void *)provider;
	for (unsigned i = 0; i < CHARON_LOG_COUNT; i++)
		charon->limiters[i].per_minute = 0;
	key_provider_watch(provider, take_gone, NULL);
	run();
	int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	need(peer >= 0);
	converse(provider, peer, data, size);
	if ((data[0] & HANG_UP) != 0) {
		(void)close(peer);
		run();
		for (unsigned i = 0; i < asked; i++)
			need(fates[i].cancelled || fates[i].answers == 1 ||
			     charon->state != CHARON_READY);
	}
	key_provider_destroy(provider);
	if ((data[0] & HANG_UP) == 0)
		(void)close(peer);
	/* It may have tried once more. */
	while ((peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		(void)close(peer);
	return 0;
}
