/* SPDX-License-Identifier: BSD-3-Clause */
#include "receiver.h"

#include "arrival.h"
#include "base/bytes.h"
#include "judge.h"
#include "reflect/checksum.h"
#include "reflect/parse.h"
#include "stats/counters.h"

#define CACHE_LINE 64u

_Static_assert(RECEIVE_BURST_MAX <= SUITE_BURST_MAX, "a burst is one call of the suite");

/** A reply on its way through receive_burst. */
struct reply {
	struct received_frame *frame;
	struct load_session *session;
	struct packet packet;
	uint8_t *sealed; /**< the protected octets as they came; NULL: nothing was decrypted */
};

struct reception {
	struct receiver *receiver;
	unsigned count;
	struct reply replies[RECEIVE_BURST_MAX];
	struct reflect_frame parsed[RECEIVE_BURST_MAX];
	struct flow_key flows[RECEIVE_BURST_MAX];
	uint64_t hashes[RECEIVE_BURST_MAX];
	uint8_t sealed[RECEIVE_BURST_MAX][REFLECTOR_PROTECTED_ENCRYPTED];
};

static void count_other(struct receiver *receiver, struct received_frame *frame,
                        enum received_as as)
{
	frame->as = (uint8_t)as;
	counter_add(&receiver->measures->other, 1);
}

/** A frame that no session is known of. */
static void count_stray(struct receiver *receiver, struct received_frame *frame,
                        enum load_fault fault)
{
	struct arrival arrival = {.frame = frame, .session = NULL};

	frame->as = RECEIVED_TEST;
	counter_add(&receiver->measures->received, 1);
	arrival_fault(receiver, &arrival, fault, 0);
}

static void count_unparsed(struct receiver *receiver, struct received_frame *frame,
                           enum parse_result result)
{
	switch (result) {
	case PARSE_TEST_PORT:
		break;
	case PARSE_EXCEPTION:
		count_other(receiver, frame, RECEIVED_OTHER);
		break;
	case PARSE_OTHER_STATION:
		/* The kernel would pass over it. */
		count_other(receiver, frame, RECEIVED_TEST);
		break;
	case PARSE_CHECKSUM:
		count_stray(receiver, frame, LOAD_FAULT_UDP_CHECKSUM);
		break;
	case PARSE_TRUNCATED:
	case PARSE_FRAGMENT:
		count_stray(receiver, frame, LOAD_FAULT_TRUNCATED);
		break;
	}
}

static void parse_all(struct reception *reception, struct received_frame frames[], unsigned count)
{
	/* cppcheck-suppress ctuuninitvar ; the caller has set it */
	struct receiver *receiver = reception->receiver;
	const struct core_table_reader table = core_table_reader(receiver->sessions->table);

	reception->count = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned at = reception->count;
		struct reply *reply = &reception->replies[at];
		struct reflect_frame *parsed = &reception->parsed[at];

		*parsed = (struct reflect_frame){.octets = frames[i].octets,
		                                 .length = frames[i].length,
		                                 .capacity = frames[i].length};
		enum parse_result result =
		        parse_frame(&receiver->settings, receiver->station, parsed,
		                    CHECKSUM_UNKNOWN, &reply->packet, &reception->flows[at]);
		if (result != PARSE_TEST_PORT) {
			count_unparsed(receiver, &frames[i], result);
			continue;
		}
		reception->hashes[at] = core_table_hash(&table, &reception->flows[at]);
		reply->frame = &frames[i];
		reply->sealed = NULL;
		reception->count++;
	}
}

/** All lines that judging will write. */
static inline void fetch_session(const struct load_session *session)
{
	const uint8_t *at = (const uint8_t *)&session->next_sequence;
	const uint8_t *end = (const uint8_t *)&session->sid;

	for (; at < end; at += CACHE_LINE)
		__builtin_prefetch(at, 1);
}

/** False unless it is a reply for this lcore. */
static bool take_session(struct reception *reception, unsigned i, struct core_session *found)
{
	struct receiver *receiver = reception->receiver;
	struct reply *reply = &reception->replies[i];

	if (found == NULL) {
		if (parse_is_own_address(&receiver->settings, &reception->flows[i]))
			count_stray(receiver, reply->frame, LOAD_FAULT_FOREIGN);
		else
			count_other(receiver, reply->frame, RECEIVED_OTHER);
		return false;
	}
	reply->session = (struct load_session *)(void *)found;
	if (reply->session->owner != receiver->core) {
		reply->frame->as = RECEIVED_ELSEWHERE;
		reply->frame->owner = reply->session->owner;
		counter_add(&receiver->measures->handed_over, 1);
		return false;
	}
	reply->frame->as = RECEIVED_TEST;
	counter_add(&receiver->measures->received, 1);
	fetch_session(reply->session);
	return true;
}
_Static_assert(offsetof(struct load_session, core) == 0, "what the table finds is the session");

static void keep(struct reception *reception, unsigned i, unsigned *kept)
{
	if (*kept != i)
		reception->replies[*kept] = reception->replies[i];
	++*kept;
}

static void find_sessions(struct reception *reception)
{
	const struct core_table *table = reception->receiver->sessions->table;
	const struct core_table_reader reader = core_table_reader(table);
	struct core_session *candidates[RECEIVE_BURST_MAX];
	unsigned kept = 0;

	for (unsigned i = 0; i < reception->count; i++)
		candidates[i] = core_table_candidate(&reader, reception->hashes[i]);
	for (unsigned i = 0; i < reception->count; i++) {
		struct core_session *found = core_table_confirm(
		        table, candidates[i], &reception->flows[i], reception->hashes[i]);

		if (take_session(reception, i, found))
			keep(reception, i, &kept);
	}
	reception->count = kept;
}

static void refuse(struct reception *reception, const struct reply *reply, enum load_fault fault,
                   uint64_t detail)
{
	struct arrival arrival = {.frame = reply->frame,
	                          .session = reply->session,
	                          .payload = reply->packet.payload,
	                          .length = reply->packet.payload_length,
	                          .sealed = reply->sealed};

	arrival_fault(reception->receiver, &arrival, fault, detail);
}

/** The pseudo-header, UDP and its payload sum up to a multiple of 65535. */
static bool checksum_is_right(const struct packet *packet)
{
	const uint8_t *udp = packet_udp(packet);
	uint64_t sum = checksum_load(udp + UDP_LENGTH) + (uint64_t)(NEXT_HEADER_UDP << 8);

	if (!packet->has_checksum)
		return true;
	if (packet->ipv6)
		sum = checksum_add_octets(sum, packet->network + IPV6_SOURCE,
		                          2 * IPV6_ADDRESS_SIZE);
	else
		sum = checksum_add_octets(sum, packet->network + IPV4_SOURCE,
		                          2 * IPV4_ADDRESS_SIZE);
	sum = checksum_add(sum, checksum_sum(udp, UDP_HEADER_SIZE + packet->payload_length));
	return checksum_fold(sum) == 0xffff;
}

/** Long enough, and undamaged. */
static void check_packets(struct reception *reception)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < reception->count; i++) {
		const struct reply *reply = &reception->replies[i];
		struct judgement judgement =
		        judge_length(reply->session, reply->packet.payload_length);

		if (judgement.fault != LOAD_FAULT_COUNT)
			refuse(reception, reply, judgement.fault, judgement.detail);
		else if (!checksum_is_right(&reply->packet))
			refuse(reception, reply, LOAD_FAULT_UDP_CHECKSUM, 0);
		else
			keep(reception, i, &kept);
	}
	reception->count = kept;
}

/** Decrypts in place; what is to be kept as evidence must be what was on the wire. */
static unsigned make_jobs(struct reception *reception, struct suite_job jobs[])
{
	bool evidence = reception->receiver->evidence != NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < reception->count; i++) {
		struct reply *reply = &reception->replies[i];
		enum test_mode mode = reply->session->format->mode;

		if (mode == TEST_UNAUTHENTICATED)
			continue;
		if (evidence) {
			reply->sealed = reception->sealed[i];
			memcpy(reply->sealed, reply->packet.payload, sizeof(reception->sealed[i]));
		}
		jobs[count++] = (struct suite_job){
		        .keys = reply->session->core.keys,
		        .data = reply->packet.payload,
		        .hmac = reply->packet.payload + SECURE_REFLECTOR_HMAC,
		        .protected_size = reflector_protected_size(mode),
		        .cipher = mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
		};
	}
	return count;
}

static void open_keyed(struct reception *reception)
{
	struct suite_job jobs[RECEIVE_BURST_MAX];
	unsigned count = make_jobs(reception, jobs), job = 0, kept = 0;

	if (count == 0)
		return;
	suite_open_burst(reception->receiver->suite, jobs, count);
	for (unsigned i = 0; i < reception->count; i++) {
		const struct reply *reply = &reception->replies[i];

		if (job < count && jobs[job].data == reply->packet.payload && !jobs[job++].verified)
			refuse(reception, reply, LOAD_FAULT_HMAC, 0);
		else
			keep(reception, i, &kept);
	}
	reception->count = kept;
}

static uint8_t traffic_class(const struct packet *packet)
{
	const uint8_t *network = packet->network;

	return packet->ipv6 ? (uint8_t)(load_be16(network) >> 4) : network[IPV4_TYPE_OF_SERVICE];
}

/** What they answer is fetched for all of them before the first is judged. */
static void read_all(const struct reception *reception, struct judge_reply read[])
{
	for (unsigned i = 0; i < reception->count; i++) {
		const struct load_session *session = reception->replies[i].session;
		const struct packet *packet = &reception->replies[i].packet;

		read[i].payload = packet->payload;
		read[i].length = packet->payload_length;
		read[i].ttl = packet->ttl;
		read[i].traffic_class = traffic_class(packet);
		judge_read(session, &read[i]);
		__builtin_prefetch(
		        &session->flights[read[i].fields.sender_sequence & session->flight_mask],
		        1);
	}
}

static void judge_all(struct reception *reception)
{
	struct judge_reply read[RECEIVE_BURST_MAX];

	read_all(reception, read);
	for (unsigned i = 0; i < reception->count; i++) {
		const struct reply *reply = &reception->replies[i];
		struct arrival arrival = {.frame = reply->frame,
		                          .session = reply->session,
		                          .payload = reply->packet.payload,
		                          .length = reply->packet.payload_length,
		                          .sealed = reply->sealed};

		arrival_judge(reception->receiver, &arrival, &read[i]);
	}
	arrival_end_burst(reception->receiver);
}

void receive_burst(struct receiver *receiver, struct received_frame frames[], unsigned count)
{
	struct reception reception;

	reception.receiver = receiver;
	parse_all(&reception, frames, count);
	find_sessions(&reception);
	check_packets(&reception);
	open_keyed(&reception);
	judge_all(&reception);
}
