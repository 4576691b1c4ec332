/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_requests.h"

#include <stdlib.h>
#include <time.h>

#include "clock/timestamp.h"
#include "group_format.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/** Sent in one call. */
#define BATCH 32u

struct session_request {
	struct request_tw_session request;
	struct frame_way way;
	unsigned number; /* in its group */
	bool suggested;  /* the server wanted another port, which is asked for now */
};

void session_way_make(const struct opening_settings *settings, unsigned group_index,
                      unsigned number, struct frame_way *way)
{
	const struct load_group *group = &settings->config->groups[group_index];

	*way = (struct frame_way){
	        .station = settings->station,
	        .next_hop = settings->next_hops[group_index],
	        .sender = {.address = group->source,
	                   .port = (uint16_t)(group->source_port + number)},
	        .reflector = {.address = group->reflector,
	                      .port = (uint16_t)(group->reflector_port + number)},
	        .vlan = group->vlan,
	        .outer_vlan = group->outer_vlan,
	        .dscp = group->dscp,
	        .ttl = group->ttl,
	};
	/* A request must name a port: after the last one it goes on with the first that is not well known. */
	if (group->reflector_port + number > UINT16_MAX)
		way->reflector.port = (uint16_t)(way->reflector.port + 1024);
}

static void make_request(const struct session_requests *requests, const struct frame_way *way,
                         struct request_tw_session *request)
{
	const struct load_config *config = requests->settings->config;
	const struct load_group *group = &config->groups[requests->group];
	enum test_mode mode = group_test_mode(group, LOAD_PEER_TWAMP);
	uint16_t largest = 0;
	struct timespec now;

	for (unsigned i = 0; i < group->size_count; i++)
		largest = group->sizes[i] > largest ? group->sizes[i] : largest;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*request = (struct request_tw_session){
	        .ip_version = group->source.family,
	        .sender = way->sender,
	        .receiver = way->reflector,
	        .padding_length =
	                (uint32_t)largest - sender_header_size(mode, group->symmetrical, false),
	        .start_time = ntp_from_timespec(&now),
	        .timeout = ntp_duration_from_ns(config->control.timeout * NS_PER_SECOND),
	        .type_p = type_p_from_dscp(group->dscp),
	};
}

int session_requests_make(struct session_requests *requests, struct error *error)
{
	uint32_t allowed = requests->settings->config->control.requests;

	requests->size = allowed < requests->count ? allowed : requests->count;
	requests->waiting = calloc(requests->size, sizeof(*requests->waiting));
	return requests->waiting != NULL ? 0 : error_set(error, ERROR_MEMORY, "out of memory");
}

void session_requests_free(struct session_requests *requests)
{
	free(requests->waiting);
	requests->waiting = NULL;
}

bool session_requests_done(const struct session_requests *requests)
{
	return requests->accepted == requests->count;
}

static struct session_request *place(const struct session_requests *requests, unsigned behind)
{
	return &requests->waiting[(requests->oldest + behind) % requests->size];
}

/* The ring is filled; what is new in it is sent. */
static int ask(struct session_requests *requests, struct error *error)
{
	struct request_tw_session batch[BATCH];
	int status = 0;

	while (status == 0 && requests->asked < requests->size &&
	       requests->begun < requests->count) {
		unsigned count = 0;
		for (; count < BATCH && requests->asked < requests->size &&
		       requests->begun < requests->count;
		     count++) {
			struct session_request *request = place(requests, requests->asked++);
			*request = (struct session_request){.number = requests->first +
			                                              requests->begun++};
			session_way_make(requests->settings, requests->group, request->number,
			                 &request->way);
			make_request(requests, &request->way, &request->request);
			batch[count] = request->request;
		}
		status = control_client_send_requests(requests->client, batch, count, error);
	}
	return status;
}

/* The oldest is answered. A suggested port is asked for in a request that is the newest. */
static int take_answer(struct session_requests *requests, struct session_request *request,
                       struct load_sessions *sessions, struct error *error)
{
	struct accepted_session accepted = {.group = requests->group, .way = request->way};
	struct accept_session accept;
	int status = control_client_receive_accept(requests->client, &request->request,
	                                           &request->suggested, &accept, error);

	requests->oldest = (requests->oldest + 1) % requests->size;
	requests->asked--;
	if (status == 0 && request->suggested) {
		struct session_request *again = place(requests, requests->asked++);
		struct session_request same = *request;
		*again = same;
		return control_client_send_requests(requests->client, &again->request, 1, error);
	}
	if (status != 0)
		return status;
	accepted.way.reflector.port = accept.port;
	accepted.sid = accept.sid;
	accepted.keys = &requests->client->keys;
	status = load_sessions_add(sessions, requests->settings->suite, &accepted, error);
	if (status == 0)
		requests->accepted++;
	return status;
}

static int name_session(const struct session_requests *requests,
                        const struct session_request *request, int status,
                        const struct error *reason, struct error *error)
{
	char from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE];

	return error_set(error, status, "session %u of %u (%s to %s): %.300s", request->number + 1,
	                 requests->settings->config->groups[requests->group].count,
	                 endpoint_format(&request->way.sender, from),
	                 endpoint_format(&request->way.reflector, to), reason->text);
}

int session_requests_step(struct session_requests *requests, struct load_sessions *sessions,
                          struct error *error)
{
	struct error reason;
	int status = ask(requests, error);

	for (unsigned answers = (requests->asked + 1) / 2; answers > 0 && status == 0; answers--) {
		struct session_request request = *place(requests, 0);
		status = take_answer(requests, place(requests, 0), sessions, &reason);
		if (status != 0)
			return name_session(requests, &request, status, &reason, error);
	}
	return status;
}
