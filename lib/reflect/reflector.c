/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/reflector.h"

#include "base/bytes.h"
#include "reflect/build.h"
#include "reflect/parse.h"
#include "reflect/stages.h"

/** Frames that the memory system brings in while an earlier one is parsed. */
#define PREFETCH_AHEAD 4u
#define CACHE_LINE     64u

_Static_assert(REFLECT_BURST_MAX <= SUITE_BURST_MAX, "a burst is one call of the suite");

static void drop(struct burst *burst, struct reflect_frame *frame, enum datapath_counter reason)
{
	frame->verdict = VERDICT_DROP;
	frame->counter = (uint8_t)reason;
	counter_add(&burst->reflector->counters->values[reason], 1);
}

static void leave_to_kernel(struct reflect_frame *frame)
{
	frame->verdict = VERDICT_EXCEPTION;
	frame->counter = DATAPATH_EXCEPTION;
}

static bool parse_one(struct burst *burst, struct reflect_frame *frame, struct packet *packet)
{
	switch (parse_frame(burst->reflector->settings, frame, packet)) {
	case PARSE_TEST_PORT:
		return true;
	case PARSE_EXCEPTION:
		leave_to_kernel(frame);
		break;
	case PARSE_OTHER_STATION:
		drop(burst, frame, DATAPATH_DROP_OTHER_STATION);
		break;
	case PARSE_TRUNCATED:
		drop(burst, frame, DATAPATH_DROP_TRUNCATED);
		break;
	case PARSE_CHECKSUM:
		drop(burst, frame, DATAPATH_DROP_CHECKSUM);
		break;
	case PARSE_FRAGMENT:
		drop(burst, frame, DATAPATH_DROP_FRAGMENT);
		break;
	}
	return false;
}

void stage_parse(struct burst *burst, struct reflect_frame *frames, unsigned count)
{
	burst->count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct packet *packet = &burst->packets[burst->count];

		if (i + PREFETCH_AHEAD < count) {
			__builtin_prefetch(frames[i + PREFETCH_AHEAD].octets, 1);
			__builtin_prefetch(frames[i + PREFETCH_AHEAD].octets + CACHE_LINE, 1);
		}
		if (parse_one(burst, &frames[i], packet))
			burst->live[burst->count++] = packet;
	}
}

/** Each loop leaves the memory system the time that the next one would wait for it: buckets, entries, sessions. */
void stage_lookup(struct burst *burst)
{
	const struct reflector *reflector = burst->reflector;
	uint64_t seed = core_table_seed(reflector->table);
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		burst->live[i]->hash = flow_key_hash(&burst->live[i]->flow, seed);
		core_table_prefetch(reflector->table, burst->live[i]->hash);
	}
	for (unsigned i = 0; i < burst->count; i++)
		core_table_prefetch_session(reflector->table, burst->live[i]->hash);
	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = burst->live[i];

		packet->core = core_table_find(reflector->table, &packet->flow, packet->hash);
		if (packet->core != NULL) {
			__builtin_prefetch(packet->core->keys);
			burst->live[kept++] = packet;
		} else if (parse_is_own_address(reflector->settings, &packet->flow)) {
			drop(burst, packet->frame, DATAPATH_DROP_UNKNOWN_FLOW);
		} else {
			leave_to_kernel(packet->frame);
		}
	}
	burst->count = kept;
}

/** Start, Stop and Timeout (RFC 5357 section 4.2) and the length that the session's format needs. */
static bool admit(struct burst *burst, struct packet *packet)
{
	const struct core_session *session = packet->core;
	uint64_t until = __atomic_load_n(&session->reflect_until_tsc, __ATOMIC_RELAXED);

	if (until == REFLECT_NOT_STARTED)
		drop(burst, packet->frame, DATAPATH_DROP_BEFORE_START);
	else if (packet->frame->receive_tsc >= until)
		drop(burst, packet->frame, DATAPATH_DROP_AFTER_STOP);
	else if (packet->payload_length <
	         (uint32_t)session->sender_header_size + session->padding_to_reflect_length)
		drop(burst, packet->frame, DATAPATH_DROP_TOO_SHORT);
	else
		return true;
	return false;
}

void stage_admit(struct burst *burst)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = burst->live[i];

		if (admit(burst, packet)) {
			reply_plan(packet, burst->reflector->settings->zero_padding);
			burst->live[kept++] = packet;
		}
	}
	burst->count = kept;
}

static void make_job(struct suite_job *job, const struct packet *packet, uint16_t protected_size,
                     uint32_t hmac)
{
	const struct core_session *session = packet->core;

	job->keys = session->keys;
	job->data = packet->payload;
	job->hmac = packet->payload + hmac;
	job->protected_size = protected_size;
	job->cipher = session->mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB;
	job->verified = false;
}

/** Opens the keyed packets of the burst in one call; unauthenticated ones pass. */
void stage_open(struct burst *burst)
{
	struct suite_job jobs[REFLECT_BURST_MAX];
	unsigned job_count = 0, job = 0, kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		enum test_mode mode = burst->live[i]->core->mode;

		if (mode != TEST_UNAUTHENTICATED)
			make_job(&jobs[job_count++], burst->live[i], sender_protected_size(mode),
			         SECURE_SENDER_HMAC);
	}
	if (job_count == 0)
		return;
	suite_open_burst(burst->reflector->suite, jobs, job_count);
	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = burst->live[i];

		if (packet->core->mode == TEST_UNAUTHENTICATED || jobs[job++].verified)
			burst->live[kept++] = packet;
		else
			drop(burst, packet->frame, DATAPATH_DROP_HMAC);
	}
	burst->count = kept;
}

static bool has_zero_multiplier(const struct packet *packet)
{
	uint32_t offset = packet->core->mode == TEST_UNAUTHENTICATED ? SENDER_ERROR_ESTIMATE
	                                                             : SECURE_SENDER_ERROR_ESTIMATE;

	return error_estimate_is_corrupt(load_be16(packet->payload + offset));
}

/** A genuine packet: the session remembers it. True when it is to be answered. */
static bool accept_packet(struct burst *burst, struct packet *packet)
{
	struct reflect_frame *frame = packet->frame;
	/* While it is built the reply lies where the request is, behind headers that go away afterwards. */
	uint32_t end_of_reply =
	        (uint32_t)(packet->payload - frame->octets) + packet->reply_payload_length;
	uint32_t ip_length = packet->reply_length - packet->link_length;

	counter_add(&packet->core->received, 1);
	__atomic_store_n(&packet->core->last_received_tsc, frame->receive_tsc, __ATOMIC_RELAXED);
	if (burst->reflector->settings->discard_zero_multiplier && has_zero_multiplier(packet)) {
		drop(burst, frame, DATAPATH_DROP_ERROR_ESTIMATE);
		return false;
	}
	if (end_of_reply > frame->capacity || ip_length > frame->mtu) {
		drop(burst, frame, DATAPATH_DROP_REPLY_TOO_LONG);
		return false;
	}
	return true;
}

/** Sequence numbers are taken here, in the order of arrival, for packets that nothing stops any more. */
void stage_build(struct burst *burst)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = burst->live[i];

		if (!accept_packet(burst, packet))
			continue;
		reply_build(packet, (uint32_t)packet->core->reflected);
		counter_add(&packet->core->reflected, 1);
		packet->frame->verdict = VERDICT_REFLECT;
		packet->frame->counter = DATAPATH_REFLECTED;
		burst->live[kept++] = packet;
	}
	burst->count = kept;
}

/** Encrypted packets get their timestamp under the cipher, the others after it (RFC 5357 section 4.2.1). */
void stage_seal(struct burst *burst)
{
	struct suite_job jobs[REFLECT_BURST_MAX];
	unsigned job_count = 0;
	bool stamped = false;
	struct clock_timestamp now = {0};

	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = burst->live[i];
		enum test_mode mode = packet->core->mode;

		if (mode == TEST_UNAUTHENTICATED)
			continue;
		if (mode == TEST_ENCRYPTED) {
			if (!stamped)
				now = tsc_clock_read(burst->reflector->clock, tsc_now());
			stamped = true;
			reply_stamp(packet, &now);
		}
		make_job(&jobs[job_count++], packet, reflector_protected_size(mode),
		         SECURE_REFLECTOR_HMAC);
	}
	if (job_count > 0)
		suite_seal_burst(burst->reflector->suite, jobs, job_count);
}

void stage_stamp(struct burst *burst)
{
	if (burst->count == 0)
		return;
	for (unsigned i = 0; i < burst->count; i++)
		reply_sum(burst->live[i]);
	struct clock_timestamp now = tsc_clock_read(burst->reflector->clock, tsc_now());
	for (unsigned i = 0; i < burst->count; i++) {
		if (burst->live[i]->core->mode != TEST_ENCRYPTED)
			reply_stamp_last(burst->live[i], &now);
	}
}

void reflect_burst(struct reflector *reflector, struct reflect_frame *frames, unsigned count)
{
	struct burst burst;

	burst.reflector = reflector;
	stage_parse(&burst, frames, count);
	stage_lookup(&burst);
	stage_admit(&burst);
	stage_open(&burst);
	stage_build(&burst);
	stage_seal(&burst);
	stage_stamp(&burst);
}
