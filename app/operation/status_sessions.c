/* SPDX-License-Identifier: BSD-3-Clause */
/** The commands sessions and session: test sessions, some of many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_status.h"
#include "status_commands.h"
#include "status_text.h"

#define LIMIT_DEFAULT 100
/** A portion of some 500 KB: it is made at one go, and waits in memory until it was fetched. */
#define LIMIT_MAX 1000
/** Sessions that one request looks at: some milliseconds of the slow path. */
#define LOOKED_AT_MAX 16384u
#define SID_TEXT_SIZE (2 * SID_SIZE + 1)
#define NS_PER_SECOND 1e9

enum order { ORDER_NONE, ORDER_REFLECTED, ORDER_RECEIVED, ORDER_STARTED, ORDER_SID };

static const char *const order_names[] = {"none", "reflected", "received", "started", "sid", NULL};
static const char *const state_names[] = {"accepted", "started", "stopped", NULL};
static const char *const mode_names[] = {"unauthenticated", "authenticated", "encrypted", NULL};

/** What is asked for, and what was found of it. */
struct selection {
	int state;           /**< -1: any */
	int mode;            /**< -1: any */
	struct address peer; /**< family 0: any */
	int order;
	size_t limit;
	uint32_t look; /**< so many are looked at */
	uint64_t matched;
	bool more;           /**< one that matched is not in found */
	const uint8_t *last; /**< SID of the last that was looked at */
	size_t count;
	struct control_session_status *found; /**< with an order a heap, the first to go on top */
};

static const char *format_sid(const uint8_t sid[SID_SIZE], char text[SID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < SID_SIZE; i++) {
		text[2 * i] = digits[sid[i] >> 4];
		text[2 * i + 1] = digits[sid[i] & 0xf];
	}
	text[2 * SID_SIZE] = '\0';
	return text;
}

static void write_age(struct json_writer *json, const char *name, uint64_t tsc,
                      const struct status_source *source)
{
	uint64_t now = tsc_now();

	if (tsc == 0)
		json_null(json, name);
	else /* A core's TSC may be read a little before ours. */
		status_seconds(json, name, now > tsc ? now - tsc : 0, source->tsc_hz);
}

static void write_session(const struct status_source *source,
                          const struct control_session_status *session, struct json_writer *json)
{
	const struct core_session *agreed = session->agreed;
	struct endpoint sender, reflector;
	char sid[SID_TEXT_SIZE], key[KEY_NAME_SIZE];

	flow_key_endpoints(&agreed->flow, &sender, &reflector);
	control_key_of(session->owner, key);
	json_string(json, "sid", format_sid(session->sid, sid));
	json_string(json, "state", state_names[session->state]);
	json_string(json, "mode", mode_names[agreed->mode]);
	json_string(json, "key", key[0] != '\0' ? key : NULL);
	json_unsigned(json, "connection", session->connection);
	status_endpoint(json, "sender", &sender);
	status_endpoint(json, "reflector", &reflector);
	json_unsigned(json, "vlan", agreed->flow.vlan);
	json_unsigned(json, "outer_vlan", agreed->flow.outer_vlan);
	json_unsigned(json, "dscp", agreed->traffic_class >> 2);
	json_unsigned(json, "sender_header_octets", agreed->sender_header_size);
	json_unsigned(json, "padding_to_reflect_octets", agreed->padding_to_reflect_length);
	status_time(json, "accepted", session->accepted);
	status_time(json, "started", session->started);
	status_time(json, "stopped", session->stopped);
	json_double(json, "timeout_seconds",
	            (double)ntp_duration_to_ns(session->timeout) / NS_PER_SECOND);
	json_unsigned(json, "received", session->totals.received);
	json_unsigned(json, "reflected", session->totals.reflected);
	write_age(json, "last_received_age_seconds", session->totals.last_received_tsc, source);
}

/** Above 0 when left comes before right in the answer. */
static int compare(int order, const struct control_session_status *left,
                   const struct control_session_status *right)
{
	uint64_t a = left->totals.reflected, b = right->totals.reflected;

	if (order == ORDER_SID)
		return memcmp(right->sid, left->sid, SID_SIZE);
	if (order == ORDER_RECEIVED) {
		a = left->totals.received;
		b = right->totals.received;
	} else if (order == ORDER_STARTED) {
		a = left->started;
		b = right->started;
	}
	/* In a stable order where they are equal. */
	return a != b ? (a > b ? 1 : -1) : memcmp(right->sid, left->sid, SID_SIZE);
}

static void swap(struct control_session_status *left, struct control_session_status *right)
{
	struct control_session_status kept = *left;

	*left = *right;
	*right = kept;
}

/** The top is the last of the answer: the first that gives way. */
static void sift_down(const struct selection *selection, size_t at, size_t count)
{
	struct control_session_status *heap = selection->found;

	for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count &&
		    compare(selection->order, &heap[child + 1], &heap[child]) < 0)
			child++;
		if (compare(selection->order, &heap[child], &heap[at]) >= 0)
			return;
		swap(&heap[child], &heap[at]);
		at = child;
	}
}

static void sift_up(const struct selection *selection, size_t at)
{
	struct control_session_status *heap = selection->found;

	while (at > 0 && compare(selection->order, &heap[at], &heap[(at - 1) / 2]) < 0) {
		swap(&heap[at], &heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

/** First of the answer first. */
static void unheap(const struct selection *selection)
{
	for (size_t left = selection->count; left > 1; left--) {
		swap(&selection->found[0], &selection->found[left - 1]);
		sift_down(selection, 0, left - 1);
	}
}

static bool matches(const struct selection *selection, const struct control_session_status *session)
{
	struct endpoint sender, reflector;

	if ((selection->state >= 0 && (int)session->state != selection->state) ||
	    (selection->mode >= 0 && session->agreed->mode != selection->mode))
		return false;
	if (selection->peer.family == 0)
		return true;
	flow_key_endpoints(&session->agreed->flow, &sender, &reflector);
	return address_equal(&sender.address, &selection->peer);
}

static bool is_filtered(const struct selection *selection)
{
	return selection->state >= 0 || selection->mode >= 0 || selection->peer.family != 0;
}

static bool select_session(void *context, const struct control_session_status *session)
{
	struct selection *selection = context;
	bool ordered = selection->order != ORDER_NONE;

	if (!selection->more || ordered)
		selection->last = session->sid;
	if (!matches(selection, session))
		return true;
	selection->matched++;
	if (selection->count < selection->limit) {
		selection->found[selection->count++] = *session;
		if (ordered)
			sift_up(selection, selection->count - 1);
		return true;
	}
	selection->more = true;
	if (ordered && compare(selection->order, session, &selection->found[0]) > 0) {
		selection->found[0] = *session;
		sift_down(selection, 0, selection->count);
	}
	/* Who asks for some of all does not wait for the rest to be counted. */
	return ordered || is_filtered(selection);
}

static int read_selection(const struct operation_request *request, struct selection *selection,
                          struct error *error)
{
	const char *peer = operation_parameter(request, "peer");
	uint64_t limit = LIMIT_DEFAULT, look = LOOKED_AT_MAX;
	int status;

	*selection = (struct selection){.state = -1, .mode = -1};
	if ((status = operation_choice(request, "state", state_names, &selection->state, error)) !=
	            0 ||
	    (status = operation_choice(request, "mode", mode_names, &selection->mode, error)) !=
	            0 ||
	    (status = operation_choice(request, "sort", order_names, &selection->order, error)) !=
	            0 ||
	    (status = operation_unsigned(request, "limit", 1, LIMIT_MAX, &limit, error)) != 0 ||
	    (status = operation_unsigned(request, "look", 1, LOOKED_AT_MAX, &look, error)) != 0)
		return status;
	selection->limit = (size_t)limit;
	selection->look = (uint32_t)look;
	if (peer != NULL && address_parse(peer, &selection->peer) != 0)
		return error_set(error, ERROR_ARGUMENT,
		                 "peer: not an address; allowed: the "
		                 "Session-Sender's IPv4 or IPv6 address");
	selection->found = calloc(selection->limit, sizeof(*selection->found));
	return selection->found != NULL ? 0 : error_set(error, ERROR_MEMORY, "no memory");
}

static void write_selection(const struct status_source *source, const struct selection *selection,
                            bool all, struct json_writer *json)
{
	unsigned total = session_registry_count(source->sessions);
	bool ordered = selection->order != ORDER_NONE;
	bool goes_on = !all || (selection->more && !ordered);
	const uint8_t *next = selection->more && !ordered
	                              ? selection->found[selection->count - 1].sid
	                              : selection->last;
	char sid[SID_TEXT_SIZE];

	json_unsigned(json, "total", total);
	json_unsigned(json, "matched", is_filtered(selection) ? selection->matched : total);
	json_bool(json, "complete", all || !(ordered || is_filtered(selection)));
	json_string(json, "next", goes_on && next != NULL ? format_sid(next, sid) : NULL);
	json_open(json, "sessions", '[');
	for (size_t i = 0; i < selection->count; i++) {
		json_open(json, NULL, '{');
		write_session(source, &selection->found[i], json);
		json_close(json, '}');
	}
	json_close(json, ']');
}

int status_sessions(struct operation *operation, const struct operation_request *request,
                    struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);
	bool from_one = operation_parameter(request, "after") != NULL;
	struct selection selection;
	uint8_t after[SID_SIZE];
	int status = from_one ? operation_sid(request, "after", after, error) : 0;

	if (status == 0)
		status = read_selection(request, &selection, error);
	if (status != 0)
		return status;
	bool all = control_visit_sessions(source->control, from_one ? after : NULL, selection.look,
	                                  select_session, &selection);
	if (selection.order != ORDER_NONE)
		unheap(&selection);
	write_selection(source, &selection, all, json);
	free(selection.found);
	return 0;
}

struct one_session {
	const struct status_source *source;
	struct json_writer *json;
};

static bool write_one(void *context, const struct control_session_status *session)
{
	const struct one_session *one = context;

	write_session(one->source, session, one->json);
	return false;
}

int status_session(struct operation *operation, const struct operation_request *request,
                   struct json_writer *json, struct error *error)
{
	struct one_session one = {.source = operation_source(operation), .json = json};
	uint8_t sid[SID_SIZE];
	int status = operation_sid(request, "sid", sid, error);

	if (status != 0)
		return status;
	status = control_find_session(one.source->control, sid, write_one, &one);
	return status == 0 ? 0
	                   : error_set(error, status, "there is no session %s",
	                               operation_parameter(request, "sid"));
}
