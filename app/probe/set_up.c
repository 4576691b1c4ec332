/* SPDX-License-Identifier: BSD-3-Clause */
#include "set_up.h"

#include <poll.h>
#include <stdio.h>

#include "base/log.h"

/** An IKE SA, the SA that took its place, and a mode without. */
#define ATTEMPTS 3u
#define FALL_BACK_REMEDY                                                                           \
	"-k and -u, without --no-fallback, allow the same protection by a pre-shared key"

/** To run->server. */
static int connect_one(struct run *run, struct error *error)
{
	const struct address *source = run->source.family != 0 ? &run->source : NULL;

	return control_client_connect(&run->client, &run->server, source,
	                              run->options->control_dscp, run->interrupt_fd, error);
}

/** Tries the host's addresses until one takes the connection. */
static int connect_any(struct run *run, struct error *error)
{
	int result = ERROR_UNAVAILABLE;

	for (unsigned i = 0; i < run->server_count; i++) {
		run->server = run->servers[i];
		result = connect_one(run, error);
		if (result == 0 || run->client.channel.socket >= 0)
			break;
	}
	return result;
}

static uint32_t features_asked(const struct options *options)
{
	return (options->individual ? (uint32_t)MODE_INDIVIDUAL_SESSION_CONTROL : 0) |
	       (options->reflect_octets ? (uint32_t)MODE_REFLECT_OCTETS : 0) |
	       (options->symmetrical ? (uint32_t)MODE_SYMMETRICAL_SIZE : 0) |
	       (options->monitoring ? (uint32_t)MODE_DSCP_ECN_MONITORING : 0) |
	       (options->ptp ? (uint32_t)MODE_PTP_TIMESTAMPS : 0);
}

/** Nothing was offered that was asked. */
static int no_mode(const struct run *run, struct error *error)
{
	const struct mode_list *asked = &run->options->modes;
	char asked_text[MODE_LIST_TEXT_SIZE], offered_text[MODE_LIST_TEXT_SIZE];

	if (run->without_ike)
		return error_set(error, ERROR_UNAVAILABLE, "no IKE SA: %.360s; " FALL_BACK_REMEDY,
		                 run->ike_refusal.text);
	return error_set(error, ERROR_NOT_FOUND, "asked was %.100s; the server offers %.200s: %s",
	                 mode_list_describe(asked, asked_text),
	                 modes_describe(run->client.greeting.modes, offered_text),
	                 mode_list_needs_sa(asked) ? FALL_BACK_REMEDY : "see --mode");
}

/** Takes a mode from the offer; says when it is not the one that was asked first. */
static int mode_choose(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	uint32_t offered = run->client.greeting.modes, features = features_asked(options), mode;
	char asked_text[MODE_LIST_TEXT_SIZE], offered_text[MODE_LIST_TEXT_SIZE];

	if ((offered & features) != features)
		return error_set(error, ERROR_NOT_FOUND, "the server lacks %s; it offers %.200s",
		                 modes_describe(features & ~offered, asked_text),
		                 modes_describe(offered, offered_text));
	mode = mode_list_choose(&options->modes, offered, run->without_ike);
	if (mode == 0)
		return no_mode(run, error);
	if ((run->mode_asked & MODE_IKEV2_DERIVED) && !(mode & MODE_IKEV2_DERIVED))
		log_event(LOG_LEVEL_WARNING, "ikev2-fall-back",
		          "%s: going on with mode %s in place of %s",
		          run->without_ike               ? "no IKE SA"
		          : offered & MODE_IKEV2_DERIVED ? "mode not offered"
		                                         : "the server lacks IKEv2Derived",
		          probe_mode_name(mode), probe_mode_name(run->mode_asked));
	run->mode = mode | features;
	return 0;
}

static void go_without_ike(struct run *run, const char *event, const char *reason)
{
	log_event(LOG_LEVEL_WARNING, event, "%s", reason);
	(void)error_set(&run->ike_refusal, 0, "%s", reason);
	run->without_ike = true;
}

static bool interrupted(const struct run *run)
{
	struct pollfd interrupt = {.fd = run->interrupt_fd, .events = POLLIN};

	return poll(&interrupt, 1, 0) > 0;
}

/** No server is kept waiting while an SA is brought up: the control connection is closed then. */
static int sa_find(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	const struct address *server = &run->server.address;
	struct server_sa *sa = &run->credentials.sa;
	int result = server_sa_find(&options->ike, server, run->interrupt_fd, sa, error);

	run->ike_server = *server;
	if (result != ERROR_NOT_FOUND || options->ike.connection == NULL)
		return result;
	control_client_close(&run->client);
	return server_sa_bring_up(&options->ike, server, options->verbose, run->interrupt_fd, sa,
	                          error);
}

static const char *find_event(int result)
{
	switch (result) {
	case ERROR_NOT_FOUND:
		return "ike-sa-not-found";
	case ERROR_UNAVAILABLE:
		return "ike-daemon-unreachable";
	case ERROR_PERMISSION:
		return "ike-daemon-refused";
	default:
		return "ike-daemon-failed";
	}
}

/**
 * RFC 7717 section 5.1: the Control-Client looks the SA up by the server's address, which is known now. Only when an ikev2 mode would be
 * chosen. Without an SA the run goes on without IKE; an error: interrupted, or no connection any more.
 */
static int sa_look_up(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	uint32_t mode =
	        mode_list_choose(&options->modes, run->client.greeting.modes, run->without_ike);
	int result;

	if (options->ike.socket == NULL || !(mode & MODE_IKEV2_DERIVED) ||
	    (run->credentials.sa.secret_size != 0 &&
	     address_equal(&run->ike_server, &run->server.address)))
		return 0;
	result = sa_find(run, error);
	if (result != 0 && interrupted(run))
		return error_set(error, ERROR_UNAVAILABLE,
		                 "interrupted while looking for an IKE SA");
	if (result != 0)
		go_without_ike(run, find_event(result), error->text);
	return run->client.channel.socket >= 0 ? 0 : connect_one(run, error);
}

static int set_up_once(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	int result = connect_any(run, error);

	if (result == 0)
		result = sa_look_up(run, error);
	if (result == 0)
		result = mode_choose(run, error);
	if (result == 0 && (run->mode & MODE_KEYED_MASK))
		result = control_client_check_count(run->client.greeting.count,
		                                    options->allow_count, error);
	if (result != 0)
		return result == ERROR_NOT_FOUND ? ERROR_ARGUMENT : result;
	return control_client_set_up(&run->client, run->mode, &run->credentials, error);
}

/**
 * Accept 6, which *error tells of. The SA may have been rekeyed between our question and the server's: when the daemon has another one
 * now, that is tried, once. Else the modes without IKE are left, and ERROR_NOT_FOUND when there is none of these.
 */
static int sa_refused(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	struct server_sa old = run->credentials.sa;
	struct error refusal = *error, ignored;

	if (options->ike.socket != NULL && !run->ike_asked_again) {
		run->ike_asked_again = true;
		if (sa_find(run, &ignored) == 0 && !server_sa_same(&old, &run->credentials.sa)) {
			log_event(LOG_LEVEL_WARNING, "ike-sa-renewed",
			          "%s, and the IKE daemon has another SA now: trying that",
			          refusal.text);
			return 0;
		}
		server_sa_wipe_secret(&run->credentials.sa);
	}
	go_without_ike(run, "ike-sa-not-found", refusal.text);
	if (interrupted(run))
		return error_set(error, ERROR_UNAVAILABLE,
		                 "interrupted while looking for an IKE SA");
	if (mode_list_choose(&options->modes, run->client.greeting.modes, true) == 0)
		return error_set(
		        error, ERROR_NOT_FOUND,
		        "%.200s, or not for this client: compare both ends' SAs (swanctl "
		        "--list-sas, --terminate), and see the server's log; " FALL_BACK_REMEDY,
		        refusal.text);
	return 0;
}

int set_up(struct run *run, struct error *error)
{
	int result = ERROR_UNAVAILABLE;

	run->mode_asked = run->options->modes.modes[0];
	if (mode_list_needs_sa(&run->options->modes) && run->options->sa_file != NULL &&
	    !run->credentials.sa.known) {
		(void)error_set(error, 0, "%s has no SA", run->options->sa_file);
		go_without_ike(run, "ike-sa-not-found", error->text);
	}
	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		result = set_up_once(run, error);
		server_sa_wipe_secret(&run->credentials.sa);
		if (result != ERROR_NOT_FOUND || !(run->mode & MODE_IKEV2_DERIVED))
			return result;
		/* The server ends the set-up after Accept 6, so going on takes a new connection. */
		control_client_close(&run->client);
		result = sa_refused(run, error);
		if (result != 0)
			return result;
	}
	return result;
}
