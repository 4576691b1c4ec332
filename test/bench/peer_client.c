/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Asks a TWAMP server for as much as it can, for bench_peers.py: test packets of several sessions, or set-ups one after the other.
 * Says "begin" when the server's CPU time shall be read first, waits for a line, runs, says "end" with what was counted, waits again.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peer_flow.h"

#define FLOWS_MAX     64u
#define NS_PER_SECOND UINT64_C(1000000000)
#define USAGE                                                                                      \
	"usage: %s --address ADDRESS --port PORT --mode "                                          \
	"unauthenticated|authenticated|encrypted\n"                                                \
	"          [--key-file FILE --key-id ID] [--flows N] [--window N] [--seconds N] "          \
	"[--set-ups]\n"

struct client {
	struct peer_settings settings;
	struct credentials credentials;
	const char *key_file;
	const char *key_id;
	unsigned flows;
	double seconds;
	bool set_ups;
};

static void give_up(const char *text)
{
	(void)fprintf(stderr, "peer_client: %s\n", text);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/** The other side reads clocks between a line of ours and one of its. */
static void say(const char *what, uint64_t answered, uint64_t lost, uint64_t wrong)
{
	char line[16];

	(void)printf("%s %llu %llu %llu\n", what, (unsigned long long)answered,
	             (unsigned long long)lost, (unsigned long long)wrong);
	(void)fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(1);
}

static void run_packets(const struct client *client)
{
	static struct peer_flow flows[FLOWS_MAX];
	uint64_t answered = 0, lost = 0, wrong = 0;
	struct error error;

	for (unsigned i = 0; i < client->flows; i++) {
		if (peer_flow_open(&flows[i], &client->settings, &error) != 0)
			give_up(error.text);
	}
	say("begin", 0, 0, 0);
	uint64_t now = now_ns();
	uint64_t until = now + (uint64_t)(client->seconds * (double)NS_PER_SECOND);
	while (now < until) {
		for (unsigned i = 0; i < client->flows; i++) {
			if (peer_flow_poll(&flows[i], now, &error) != 0)
				give_up(error.text);
		}
		now = now_ns();
	}
	for (unsigned i = 0; i < client->flows; i++) {
		answered += flows[i].answered;
		lost += flows[i].lost;
		wrong += flows[i].wrong;
	}
	say("end", answered, lost, wrong);
	for (unsigned i = 0; i < client->flows; i++)
		peer_flow_close(&flows[i]);
}

static void run_set_ups(const struct client *client)
{
	static struct peer_flow flow;
	struct error error;
	uint64_t count = 0;

	say("begin", 0, 0, 0);
	uint64_t until = now_ns() + (uint64_t)(client->seconds * (double)NS_PER_SECOND);
	for (; now_ns() < until; count++) {
		if (peer_flow_open(&flow, &client->settings, &error) != 0)
			give_up(error.text);
		peer_flow_close(&flow);
	}
	say("end", count, 0, 0);
}

static uint32_t mode_of(const char *name)
{
	return strcmp(name, "unauthenticated") == 0 ? MODE_UNAUTHENTICATED
	       : strcmp(name, "authenticated") == 0 ? MODE_AUTHENTICATED
	       : strcmp(name, "encrypted") == 0     ? MODE_ENCRYPTED
	                                            : 0u;
}

static bool option_read(struct client *client, int option, const char *text)
{
	switch (option) {
	case 'a':
		return address_parse(text, &client->settings.server.address) == 0;
	case 'p':
		client->settings.server.port = (uint16_t)strtoul(text, NULL, 10);
		return client->settings.server.port != 0;
	case 'm':
		client->settings.mode = mode_of(text);
		return client->settings.mode != 0;
	case 'k':
		client->key_file = text;
		return true;
	case 'i':
		client->key_id = text;
		return true;
	case 'f':
		client->flows = (unsigned)strtoul(text, NULL, 10);
		return client->flows > 0 && client->flows <= FLOWS_MAX;
	case 'w':
		client->settings.window = (unsigned)strtoul(text, NULL, 10);
		return client->settings.window >= PEER_BURST;
	case 's':
		client->seconds = strtod(text, NULL);
		return client->seconds > 0;
	case 'u':
		client->set_ups = true;
		return true;
	default:
		return false;
	}
}

static bool options_read(struct client *client, int argc, char **argv)
{
	static const struct option names[] = {
	        {"address", required_argument, NULL, 'a'},
	        {"port", required_argument, NULL, 'p'},
	        {"mode", required_argument, NULL, 'm'},
	        {"key-file", required_argument, NULL, 'k'},
	        {"key-id", required_argument, NULL, 'i'},
	        {"flows", required_argument, NULL, 'f'},
	        {"window", required_argument, NULL, 'w'},
	        {"seconds", required_argument, NULL, 's'},
	        {"set-ups", no_argument, NULL, 'u'},
	        {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (!option_read(client, option, optarg))
			return false;
	}
	return optind == argc && client->settings.server.port != 0 && client->settings.mode != 0 &&
	       (client->settings.mode == MODE_UNAUTHENTICATED ||
	        (client->key_file != NULL && client->key_id != NULL));
}

int main(int argc, char **argv)
{
	static struct client client = {.flows = 4, .seconds = 1, .settings = {.window = 64}};
	struct error error;

	if (!options_read(&client, argc, argv)) {
		(void)fprintf(stderr, USAGE, argv[0]);
		return 2;
	}
	if (credentials_load(&client.credentials, client.key_file, client.key_id, NULL, false,
	                     &error) != 0)
		give_up(error.text);
	client.settings.credentials = &client.credentials;
	if (client.set_ups)
		run_set_ups(&client);
	else
		run_packets(&client);
	credentials_free(&client.credentials);
	return 0;
}
