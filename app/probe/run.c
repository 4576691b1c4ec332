/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "clock/timestamp.h"
#include "crypto/key_derivation.h"
#include "resolve.h"
#include "set_up.h"

void run_init(struct run *run, const struct options *options, int interrupt_fd)
{
	*run = (struct run){.options = options, .interrupt_fd = interrupt_fd};
	run->client.channel.socket = -1;
}

const struct server_sa *run_server_sa(const struct run *run)
{
	bool used = (run->mode & MODE_IKEV2_DERIVED) && run->credentials.sa.known;

	return used ? &run->credentials.sa : NULL;
}

static int addresses_resolve(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	struct endpoint source;
	uint8_t family = options->family;
	unsigned one;
	int result;

	if (options->source != NULL) {
		result = resolve(options->source, 0, family, &source, 1, &one, error);
		if (result != 0)
			return result;
		run->source = source.address;
		family = run->source.family;
	}
	return resolve(options->host, options->port, family, run->servers, SERVER_ADDRESSES,
	               &run->server_count, error);
}

/** The reflector is where the server is unless told; it has the control connection's family. */
static int reflector_resolve(const struct run *run, struct address *reflector, struct error *error)
{
	struct endpoint endpoint = run->server;
	unsigned one;
	int result = 0;

	if (run->options->reflector != NULL)
		result = resolve(run->options->reflector, 0, run->server.address.family, &endpoint,
		                 1, &one, error);
	*reflector = endpoint.address;
	return result;
}

static enum test_mode test_mode_of(uint32_t mode)
{
	return mode & MODE_ENCRYPTED       ? TEST_ENCRYPTED
	       : mode & MODE_AUTHENTICATED ? TEST_AUTHENTICATED
	                                   : TEST_UNAUTHENTICATED;
}

static void format_set(struct run *run)
{
	const struct options *options = run->options;

	run->format = (struct packet_format){
	        .mode = test_mode_of(run->mode),
	        .symmetrical = options->symmetrical,
	        .monitoring = options->monitoring,
	        .ptp = options->ptp,
	        .tai_offset = options->tai_offset != TAI_OFFSET_KERNEL ? options->tai_offset
	                                                               : run->clock.tai_offset,
	        .ecn = options->ecn,
	        .zero_padding = options->zero_padding,
	        .reflect_octets = options->reflect_octets,
	        .padding = options->padding,
	};
	if (options->padding == PADDING_AUTOMATIC)
		run->format.padding = packet_format_equal_padding(&run->format);
}

static void request_make(const struct run *run, const struct test_session *session,
                         const struct endpoint *reflector, struct request_tw_session *request)
{
	const struct options *options = run->options;
	struct timespec now;
	uint8_t octets[2] = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	*request = (struct request_tw_session){
	        .ip_version = session->socket.local.address.family,
	        .sender = session->socket.local,
	        .receiver = *reflector,
	        .padding_length = run->format.padding,
	        .start_time = ntp_from_timespec(&now),
	        .timeout = ntp_duration_from_ns((uint64_t)options->timeout_ns),
	        .type_p = type_p_from_dscp(options->dscp),
	        .padding_to_reflect_length = run->format.reflect_octets,
	};
	if (options->reflect_octets != 0) {
		(void)random_octets(octets, sizeof(octets));
		request->octets_to_reflect = load_be16(octets);
	}
	if (options->zero_addresses) {
		memset(request->sender.address.octets, 0, sizeof(request->sender.address.octets));
		memset(request->receiver.address.octets, 0,
		       sizeof(request->receiver.address.octets));
	}
}

static int session_request(struct run *run, const struct address *reflector_address,
                           struct error *error)
{
	const struct options *options = run->options;
	struct test_session *session = &run->sessions[run->session_count];
	struct request_tw_session request;
	struct accept_session accept;
	struct endpoint reflector = {.address = *reflector_address};
	int result = test_session_open(session, &run->format, &run->client.channel.local.address,
	                               options->port_low, options->port_high, options->dscp,
	                               options->packets, options->timeout_ns, error);

	if (result != 0)
		return result;
	run->session_count++;
	/* The sender's port number is most likely free there as well; the server may suggest another. */
	reflector.port = session->socket.local.port;
	request_make(run, session, &reflector, &request);
	result = control_client_request_session(&run->client, &request, &accept, error);
	if (result != 0)
		return result;
	reflector.port = accept.port;
	return test_session_accept(session, accept.sid, &reflector, accept.server_octets,
	                           run->suite, &run->client.keys, error);
}

static int sessions_request(struct run *run, struct error *error)
{
	struct address reflector;
	int result = reflector_resolve(run, &reflector, error);

	format_set(run);
	if (result == 0 && run->format.mode != TEST_UNAUTHENTICATED)
		result = suite_create(SUITE_OPENSSL, &run->suite, error);
	if (result != 0)
		return result;
	run->sessions = calloc(run->options->sessions, sizeof(*run->sessions));
	if (run->sessions == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	for (uint32_t i = 0; i < run->options->sessions && result == 0; i++)
		result = session_request(run, &reflector, error);
	return result;
}

/** The kernel refused to send: that is a failure to run unless some packets did go. */
static int send_errors_check(const struct run *run, struct error *error)
{
	for (unsigned i = 0; i < run->session_count; i++) {
		const struct test_session *session = &run->sessions[i];
		if (session->send_errors == 0 || session->record.answered != 0)
			continue;
		if (session->last_error == EMSGSIZE)
			return error_set(
			        error, ERROR_SYSTEM,
			        "packets of %zu octets are larger than the MTU of the path: "
			        "choose less --padding",
			        session->payload_size);
		return error_set(error, ERROR_SYSTEM, "sending failed: %s",
		                 strerror(session->last_error));
	}
	return 0;
}

static int send_and_stop(struct run *run, const struct sender_observer *observer,
                         struct error *error)
{
	const struct options *options = run->options;
	struct sender_settings settings = {.interval_ns = options->interval_ns,
	                                   .exponential = options->exponential,
	                                   .timeout_ns = options->timeout_ns,
	                                   .interrupt_fd = run->interrupt_fd,
	                                   .control_fd = run->client.channel.socket,
	                                   .observer = *observer};
	uint8_t sids[SESSIONS_MAXIMUM][SID_SIZE];
	struct timespec now;
	int64_t start;
	int result;

	for (unsigned i = 0; i < run->session_count; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there are sessions when there is a count */
		memcpy(sids[i], run->sessions[i].sid, SID_SIZE);
	result = control_client_start(&run->client, (const uint8_t(*)[SID_SIZE])sids,
	                              run->session_count, error);
	if (result != 0)
		return result;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	run->started_unix_ns = timespec_to_ns(&now);
	start = monotonic_now_ns();
	result = session_sender_run(run->sessions, run->session_count, &run->clock, &settings,
	                            error);
	run->duration_ns = monotonic_now_ns() - start;
	if (result < 0)
		return result;
	run->end = (enum sender_end)result;
	run->measured = true;
	if (run->end == SENDER_CONTROL_CLOSED)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "the server closed the control connection while the test ran: the "
		                 "results may be invalid");
	result = control_client_stop(&run->client, (const uint8_t(*)[SID_SIZE])sids,
	                             run->session_count, error);
	return result != 0 ? result : send_errors_check(run, error);
}

int run_measure(struct run *run, const struct sender_observer *observer, struct error *error)
{
	const struct options *options = run->options;
	int result = addresses_resolve(run, error);

	if (result == 0)
		result = credentials_load(&run->credentials, options->key_file, options->key_id,
		                          options->sa_file, options->ike_token_direct, error);
	if (result != 0)
		return result;
	local_clock_init(&run->clock);
	result = set_up(run, error);
	if (result == 0)
		result = sessions_request(run, error);
	return result != 0 ? result : send_and_stop(run, observer, error);
}

void run_close(struct run *run)
{
	for (unsigned i = 0; i < run->session_count; i++)
		test_session_close(&run->sessions[i]);
	free(run->sessions);
	run->sessions = NULL;
	run->session_count = 0;
	suite_destroy(run->suite);
	run->suite = NULL;
	control_client_close(&run->client);
	credentials_free(&run->credentials);
}
