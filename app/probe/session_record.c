/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_record.h"

#include <stdlib.h>

#include "clock/timestamp.h"

/** Room for duplicates beyond one reply a packet; more of them are counted but their order is not kept. */
#define ARRIVALS_SPARE 1024u

const char *reply_verdict_name(enum reply_verdict verdict)
{
	static const char *const names[REPLY_VERDICT_COUNT] = {
	        [REPLY_ANSWER] = "answer",
	        [REPLY_DUPLICATE] = "duplicate",
	        [REPLY_LATE] = "late",
	        [REPLY_UNKNOWN_SEQUENCE] = "unknown_sequence",
	        [REPLY_NOT_COPIED] = "not_copied",
	        [REPLY_ZERO_MULTIPLIER] = "zero_multiplier",
	        [REPLY_TOO_SHORT] = "too_short",
	        [REPLY_BAD_HMAC] = "bad_hmac",
	        [REPLY_BAD_PADDING] = "bad_padding",
	        [REPLY_FOREIGN] = "foreign",
	};
	return verdict < REPLY_VERDICT_COUNT ? names[verdict] : "unknown";
}

int session_record_init(struct session_record *record, uint32_t capacity, int64_t timeout_ns,
                        uint8_t dscp)
{
	*record = (struct session_record){.capacity = capacity,
	                                  .arrival_capacity = (size_t)capacity * 2 + ARRIVALS_SPARE,
	                                  .timeout_ns = timeout_ns,
	                                  .dscp = dscp,
	                                  .reply_octets_minimum = UINT16_MAX};
	record->packets = calloc(capacity, sizeof(*record->packets));
	record->arrivals = calloc(record->arrival_capacity, sizeof(*record->arrivals));
	if (record->packets == NULL || record->arrivals == NULL) {
		session_record_free(record);
		return ERROR_MEMORY;
	}
	return 0;
}

void session_record_free(struct session_record *record)
{
	free(record->packets);
	free(record->arrivals);
	record->packets = NULL;
	record->arrivals = NULL;
}

struct packet_record *session_record_send(struct session_record *record)
{
	struct packet_record *packet;

	if (record->sent == record->capacity)
		return NULL;
	packet = &record->packets[record->sent++];
	*packet = (struct packet_record){.state = PACKET_SENT};
	return packet;
}

void session_record_refuse(struct session_record *record, enum reply_verdict verdict)
{
	record->verdicts[verdict]++;
}

static enum reply_verdict judge(const struct session_record *record, const struct reply *reply)
{
	const struct reflector_packet *packet = &reply->packet;
	const struct packet_record *sent;

	if (packet->sender_sequence >= record->sent)
		return REPLY_UNKNOWN_SEQUENCE;
	sent = &record->packets[packet->sender_sequence];
	if (packet->sender_timestamp != sent->timestamp ||
	    packet->sender_error_estimate != sent->error_estimate)
		return REPLY_NOT_COPIED;
	if (error_estimate_is_corrupt(packet->error_estimate))
		return REPLY_ZERO_MULTIPLIER;
	if (sent->state != PACKET_SENT)
		return REPLY_DUPLICATE;
	if (reply->received_ns - sent->sent_ns > record->timeout_ns)
		return REPLY_LATE;
	return REPLY_ANSWER;
}

static void keep_first(struct session_record *record, const struct reply *reply, bool late)
{
	struct packet_record *packet = &record->packets[reply->packet.sender_sequence];

	packet->state = late ? PACKET_LATE : PACKET_ANSWERED;
	packet->received_ns = reply->received_ns;
	packet->arrival = reply->arrival;
	packet->receive_timestamp = reply->packet.receive_timestamp;
	packet->reflect_timestamp = reply->packet.timestamp;
	packet->reflector_error_estimate = reply->packet.error_estimate;
	packet->reflector_sequence = reply->packet.sequence;
	packet->sender_ttl = reply->packet.sender_ttl;
	packet->sender_dscp_ecn = reply->packet.sender_dscp_ecn;
	packet->ptp = reply->ptp;
	packet->reply_ttl = reply->ttl;
	packet->reply_ttl_known = reply->ttl_known;
	packet->reply_dscp = reply->dscp;
	packet->reply_dscp_known = reply->dscp_known;
	if (!late)
		record->answered++;
	record->kernel_arrivals += !late && reply->arrival_kernel;
}

enum reply_verdict session_record_reply(struct session_record *record, const struct reply *reply)
{
	enum reply_verdict verdict = judge(record, reply);
	bool first = verdict == REPLY_ANSWER || verdict == REPLY_LATE;

	record->verdicts[verdict]++;
	if (!first && verdict != REPLY_DUPLICATE)
		return verdict;
	if (first)
		keep_first(record, reply, verdict == REPLY_LATE);
	if (reply->octets < record->reply_octets_minimum)
		record->reply_octets_minimum = reply->octets;
	if (reply->octets > record->reply_octets_maximum)
		record->reply_octets_maximum = reply->octets;
	if (record->arrival_count < record->arrival_capacity)
		record->arrivals[record->arrival_count++] = (struct arrival){
		        .sequence = reply->packet.sender_sequence,
		        .reflector_sequence = reply->packet.sequence,
		        .first = first,
		        .late = verdict == REPLY_LATE,
		};
	return verdict;
}

void session_record_departure(struct session_record *record, uint32_t sequence, int64_t sent_ns,
                              uint64_t departure)
{
	struct packet_record *packet;

	if (sequence >= record->sent)
		return;
	packet = &record->packets[sequence];
	if (sent_ns < packet->sent_ns)
		return;
	if (packet->state != PACKET_SENT && sent_ns > packet->received_ns)
		return;
	packet->sent_ns = sent_ns;
	packet->departure = departure;
	record->kernel_departures++;
}
