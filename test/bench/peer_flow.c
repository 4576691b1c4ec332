/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "clock/timestamp.h"
#include "crypto/key_derivation.h"

#define SESSION_TIMEOUT_NS  UINT64_C(1000000000)
#define SOCKET_BUFFER       (4 << 20)
#define SENDER_ERROR        0x8001u
#define FIRST_RECEIVER_PORT 20000u

static int open_socket(struct peer_flow *flow, struct endpoint *local, struct error *error)
{
	struct sockaddr_storage address;
	socklen_t length;
	const int size = SOCKET_BUFFER;

	*local = flow->control.channel.local;
	local->port = 0;
	length = endpoint_to_sockaddr(local, &address);
	flow->socket = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (flow->socket < 0 || bind(flow->socket, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(flow->socket, (struct sockaddr *)&address, &length) != 0 ||
	    setsockopt(flow->socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) != 0)
		return error_set(error, ERROR_SYSTEM, "UDP socket: %s", strerror(errno));
	return endpoint_from_sockaddr((struct sockaddr *)&address, local);
}

static int make_keys(struct peer_flow *flow, const uint8_t sid[SID_SIZE], struct error *error)
{
	struct session_keys keys;

	if (flow->mode == TEST_UNAUTHENTICATED)
		return 0;
	int status = suite_create(SUITE_IPSEC_MB, &flow->suite, error);
	if (status != 0)
		return status;
	flow->keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(flow->suite));
	if (flow->keys == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for keys");
	status = test_keys_derive(&flow->control.keys, sid, &keys);
	if (status == 0)
		status = suite_keys_expand(flow->suite, &keys, flow->keys);
	secret_wipe(&keys, sizeof(keys));
	return status == 0 ? 0 : error_set(error, ERROR_CRYPTO, "making the test keys failed");
}

static int request_session(struct peer_flow *flow, const struct endpoint *local,
                           struct error *error)
{
	struct request_tw_session request = {
	        .ip_version = local->address.family,
	        .sender = *local,
	        .receiver = flow->control.channel.peer,
	        .padding_length = flow->size - sender_header_size(flow->mode, false, false),
	        .timeout = ntp_duration_from_ns(SESSION_TIMEOUT_NS),
	};
	struct accept_session accept;
	struct sockaddr_storage address;

	request.receiver.port = FIRST_RECEIVER_PORT;
	int status = control_client_request_session(&flow->control, &request, &accept, error);
	if (status == 0)
		status = make_keys(flow, accept.sid, error);
	if (status == 0)
		status = control_client_start(&flow->control, &accept.sid, 1, error);
	if (status != 0)
		return status;
	request.receiver.port = accept.port;
	socklen_t length = endpoint_to_sockaddr(&request.receiver, &address);
	if (connect(flow->socket, (struct sockaddr *)&address, length) != 0)
		return error_set(error, ERROR_SYSTEM, "UDP: %s", strerror(errno));
	return 0;
}

static enum test_mode test_mode_of(uint32_t mode)
{
	return mode == MODE_AUTHENTICATED ? TEST_AUTHENTICATED
	       : mode == MODE_ENCRYPTED   ? TEST_ENCRYPTED
	                                  : TEST_UNAUTHENTICATED;
}

int peer_flow_open(struct peer_flow *flow, const struct peer_settings *settings,
                   struct error *error)
{
	struct endpoint local;

	memset(flow, 0, sizeof(*flow));
	flow->socket = flow->control.channel.socket = -1;
	flow->mode = test_mode_of(settings->mode);
	flow->size = reflector_header_size(flow->mode, false);
	flow->window = settings->window;
	for (unsigned i = 0; i < PEER_BURST; i++) {
		flow->vectors[i].iov_base = flow->payloads[i];
		flow->vectors[i].iov_len = flow->size;
		flow->messages[i].msg_hdr.msg_iov = &flow->vectors[i];
		flow->messages[i].msg_hdr.msg_iovlen = 1;
	}
	int status = control_client_connect(&flow->control, &settings->server, NULL, 0, -1, error);
	if (status == 0 && (flow->control.greeting.modes & settings->mode) == 0)
		return error_set(error, ERROR_UNAVAILABLE, "the server does not offer this mode");
	if (status == 0 && (settings->mode & MODE_KEYED_MASK) != 0)
		status = control_client_check_count(flow->control.greeting.count, PEER_PBKDF2_COUNT,
		                                    error);
	if (status == 0)
		status = control_client_set_up(&flow->control, settings->mode,
		                               settings->credentials, error);
	if (status == 0)
		status = open_socket(flow, &local, error);
	return status == 0 ? request_session(flow, &local, error) : status;
}

void peer_flow_close(struct peer_flow *flow)
{
	struct error ignored;

	if (flow->socket >= 0) {
		(void)control_client_stop(&flow->control, NULL, 1, &ignored);
		(void)close(flow->socket);
	}
	flow->socket = -1;
	if (flow->keys != NULL)
		suite_keys_wipe(flow->suite, flow->keys);
	free(flow->keys);
	flow->keys = NULL;
	suite_destroy(flow->suite);
	flow->suite = NULL;
	control_client_close(&flow->control);
}

static void fill_jobs(struct peer_flow *flow, unsigned count, uint16_t hmac, uint16_t protected,
                      struct suite_job jobs[PEER_BURST])
{
	for (unsigned i = 0; i < count; i++)
		jobs[i] = (struct suite_job){
		        .keys = flow->keys,
		        .data = flow->payloads[i],
		        .hmac = flow->payloads[i] + hmac,
		        .protected_size = protected,
		        .cipher = flow->mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
		};
}

static void write_packets(struct peer_flow *flow, unsigned count)
{
	struct suite_job jobs[PEER_BURST];
	struct sender_packet packet = {.error_estimate = SENDER_ERROR};

	for (unsigned i = 0; i < count; i++) {
		packet.sequence = flow->sequence + i;
		memset(flow->payloads[i], 0, flow->size);
		sender_packet_write(flow->payloads[i], flow->mode, false, false, &packet);
	}
	if (flow->mode == TEST_UNAUTHENTICATED)
		return;
	fill_jobs(flow, count, SECURE_SENDER_HMAC, sender_protected_size(flow->mode), jobs);
	suite_seal_burst(flow->suite, jobs, count);
}

static int send_burst(struct peer_flow *flow, unsigned count, struct error *error)
{
	write_packets(flow, count);
	for (unsigned i = 0; i < count; i++)
		flow->vectors[i].iov_len = flow->size;
	int sent = sendmmsg(flow->socket, flow->messages, count, 0);
	if (sent < 0 && errno != EAGAIN && errno != ENOBUFS)
		return error_set(error, ERROR_SYSTEM, "sending test packets: %s", strerror(errno));
	flow->sequence += sent > 0 ? (unsigned)sent : 0;
	flow->on_the_way += sent > 0 ? (unsigned)sent : 0;
	return 0;
}

/** Counts replies of the right size that verify. */
static void judge(struct peer_flow *flow, unsigned count)
{
	struct suite_job jobs[PEER_BURST];
	unsigned right = 0;

	for (unsigned i = 0; i < count; i++)
		jobs[i].verified = true;
	if (flow->mode != TEST_UNAUTHENTICATED) {
		fill_jobs(flow, count, SECURE_REFLECTOR_HMAC, reflector_protected_size(flow->mode),
		          jobs);
		suite_open_burst(flow->suite, jobs, count);
	}
	for (unsigned i = 0; i < count; i++)
		right += jobs[i].verified && flow->messages[i].msg_len == flow->size;
	flow->answered += right;
	flow->wrong += count - right;
	flow->on_the_way -= count < flow->on_the_way ? count : flow->on_the_way;
}

/** How many came, or ERROR_SYSTEM. */
static int receive_burst(struct peer_flow *flow, uint64_t now_ns, struct error *error)
{
	for (unsigned i = 0; i < PEER_BURST; i++)
		flow->vectors[i].iov_len = PEER_PAYLOAD_MAX;
	int count = recvmmsg(flow->socket, flow->messages, PEER_BURST, 0, NULL);
	if (count < 0)
		return errno == EAGAIN ? 0
		                       : error_set(error, ERROR_SYSTEM,
		                                   "receiving test packets: %s", strerror(errno));
	flow->last_ns = now_ns;
	judge(flow, (unsigned)count);
	return count;
}

int peer_flow_poll(struct peer_flow *flow, uint64_t now_ns, struct error *error)
{
	unsigned bursts = flow->window / PEER_BURST + 1;
	int came = (int)PEER_BURST;

	for (unsigned i = 0; i < bursts && came == (int)PEER_BURST; i++)
		came = receive_burst(flow, now_ns, error);
	if (came < 0)
		return came;
	if (flow->last_ns == 0)
		flow->last_ns = now_ns;
	if (flow->on_the_way > 0 && now_ns - flow->last_ns > PEER_TIMEOUT_NS) {
		flow->lost += flow->on_the_way;
		flow->on_the_way = 0;
		flow->last_ns = now_ns;
	}
	/* In bursts: a packet each time one came back would be a system call a packet. */
	int status = 0;
	while (status == 0 && flow->window - flow->on_the_way >= PEER_BURST) {
		unsigned before = flow->on_the_way;

		status = send_burst(flow, PEER_BURST, error);
		if (flow->on_the_way == before)
			break;
	}
	return status;
}
