/* SPDX-License-Identifier: BSD-3-Clause */
#include "judge.h"

#include <string.h>

#include "base/bytes.h"
#include "clock/timestamp.h"
#include "reflect/headers.h"

#define ECN_BITS         0x03u
#define TTL_WHEN_UNKNOWN 255u /**< RFC 5357 section 4.2 */

static const struct judgement right = {.fault = LOAD_FAULT_COUNT};

static struct judgement wrong(enum load_fault fault, uint64_t detail)
{
	return (struct judgement){.fault = fault, .detail = detail};
}

struct judgement judge_length(const struct load_session *session, uint16_t length)
{
	const struct load_group_format *format = session->format;
	uint16_t least = format->peer == LOAD_PEER_SWAP
	                         ? SENDER_HEADER_SIZE
	                         : reflector_header_size(format->mode, false);

	return length < least ? wrong(LOAD_FAULT_TRUNCATED, least) : right;
}

static void read_own(const uint8_t *payload, struct reflector_packet *fields)
{
	memset(fields, 0, sizeof(*fields));
	fields->sender_sequence = load_be32(payload + SENDER_SEQUENCE);
	fields->sender_timestamp = load_be64(payload + SENDER_TIMESTAMP);
	fields->sender_error_estimate = load_be16(payload + SENDER_ERROR_ESTIMATE);
}

void judge_read(const struct load_session *session, struct judge_reply *reply)
{
	if (session->format->peer == LOAD_PEER_SWAP)
		read_own(reply->payload, &reply->fields);
	else
		(void)reflector_packet_read(reply->payload, reply->length, session->format->mode,
		                            false, &reply->fields);
}

struct load_flight *judge_flight(const struct load_session *session, uint32_t sequence)
{
	struct load_flight *flight = &session->flights[sequence & session->flight_mask];

	return flight->state != FLIGHT_NONE && flight->sequence == sequence ? flight : NULL;
}

struct judgement judge_answer(const struct load_session *session, const struct judge_reply *reply,
                              const struct load_flight *flight)
{
	const struct reflector_packet *fields = &reply->fields;

	if (session->format->peer != LOAD_PEER_SWAP &&
	    error_estimate_is_corrupt(fields->error_estimate))
		return wrong(LOAD_FAULT_ZERO_MULTIPLIER, 0);
	if (flight == NULL)
		return wrong(LOAD_FAULT_UNKNOWN_SEQUENCE, (uint32_t)session->next_sequence);
	if (fields->sender_timestamp != flight->timestamp ||
	    fields->sender_error_estimate != flight->error_estimate)
		return wrong(LOAD_FAULT_NOT_COPIED, flight->timestamp);
	return right;
}

static bool is_zero(const uint8_t *octets, size_t size)
{
	return size == 0 || (octets[0] == 0 && memcmp(octets, octets + 1, size - 1) == 0);
}

/** Where the padding is neither the sender's nor zero. */
static struct judgement judge_padding(const struct load_group_format *format,
                                      const struct judge_reply *reply, const struct load_size *size)
{
	size_t header = format->peer == LOAD_PEER_SWAP ? format->sender_header_size
	                                               : format->reflector_header_size;
	size_t length = reply->length > header ? reply->length - header : 0;
	size_t sent = (size_t)(size->payload - format->sender_header_size);
	const uint8_t *padding = reply->payload + header;
	size_t at = 0;

	/* What is more than the sender's is judged as to its length. */
	if (length > sent)
		length = sent;
	if (memcmp(padding, format->padding, length) == 0 || is_zero(padding, length))
		return right;
	while (padding[at] == format->padding[at])
		at++;
	return wrong(LOAD_FAULT_PADDING, header + at);
}

/** Octets that must be zero, a piece each. */
struct piece {
	uint8_t at;
	uint8_t size;
};

static const struct piece clear_mbz[] = {
        {REFLECTOR_MBZ_1, REFLECTOR_RECEIVE_TIMESTAMP - REFLECTOR_MBZ_1},
        {REFLECTOR_MBZ_2, REFLECTOR_SENDER_TTL - REFLECTOR_MBZ_2},
};
static const struct piece secure_mbz[] = {
        {SECURE_REFLECTOR_SEQUENCE + 4, 12},
        {SECURE_REFLECTOR_ERROR_ESTIMATE + 2, 6},
        {SECURE_REFLECTOR_RECEIVE_TIMESTAMP + 8, 8},
        {SECURE_REFLECTOR_SENDER_SEQUENCE + 4, 12},
        {SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE + 2, 6},
        {SECURE_REFLECTOR_SENDER_TTL + 1, 15},
};
#define PIECES(list) (sizeof(list) / sizeof((list)[0]))

static inline uint64_t word(const uint8_t *octets)
{
	uint64_t value;

	memcpy(&value, octets, sizeof(value));
	return value;
}

static inline uint64_t half_word(const uint8_t *octets)
{
	uint32_t value;

	memcpy(&value, octets, sizeof(value));
	return value;
}

/** The same pieces at once. Words end where a piece does; what is a field in front of it is shifted out. */
static bool mbz_is_zero(const uint8_t *p, enum test_mode mode)
{
	if (mode == TEST_UNAUTHENTICATED)
		return (half_word(p + REFLECTOR_RECEIVE_TIMESTAMP - 4) >> 16 |
		        half_word(p + REFLECTOR_SENDER_TTL - 4) >> 16) == 0;
	return (half_word(p + SECURE_REFLECTOR_SEQUENCE + 4) |
	        word(p + SECURE_REFLECTOR_SEQUENCE + 8) |
	        word(p + SECURE_REFLECTOR_ERROR_ESTIMATE) >> 16 |
	        word(p + SECURE_REFLECTOR_RECEIVE_TIMESTAMP + 8) |
	        half_word(p + SECURE_REFLECTOR_SENDER_SEQUENCE + 4) |
	        word(p + SECURE_REFLECTOR_SENDER_SEQUENCE + 8) |
	        word(p + SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE) >> 16 |
	        word(p + SECURE_REFLECTOR_SENDER_TTL) >> 8 |
	        word(p + SECURE_REFLECTOR_SENDER_TTL + 8)) == 0;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "what comes first is lowest");
_Static_assert(REFLECTOR_RECEIVE_TIMESTAMP - REFLECTOR_MBZ_1 == 2 &&
                       REFLECTOR_SENDER_TTL - REFLECTOR_MBZ_2 == 2,
               "half of a half word");

static struct judgement judge_mbz(const uint8_t *payload, enum test_mode mode)
{
	if (__builtin_expect(mbz_is_zero(payload, mode), 1))
		return right;
	const struct piece *pieces = mode == TEST_UNAUTHENTICATED ? clear_mbz : secure_mbz;
	size_t count = mode == TEST_UNAUTHENTICATED ? PIECES(clear_mbz) : PIECES(secure_mbz);

	for (size_t i = 0; i < count; i++) {
		if (!is_zero(payload + pieces[i].at, pieces[i].size))
			return wrong(LOAD_FAULT_MBZ, pieces[i].at);
	}
	return right;
}

/** What only a reflector's packet has. */
static struct judgement judge_reflector(const struct load_session *session,
                                        const struct judge_reply *reply)
{
	uint8_t sender_ttl = reply->fields.sender_ttl;

	if (sender_ttl > session->ttl && sender_ttl != TTL_WHEN_UNKNOWN)
		return wrong(LOAD_FAULT_SENDER_TTL, session->ttl);
	if (reply->ttl < TTL_OF_REPLIES - JUDGE_HOPS_MAX)
		return wrong(LOAD_FAULT_TTL, TTL_OF_REPLIES - JUDGE_HOPS_MAX);
	return right;
}

struct judgement judge_form(const struct load_session *session, const struct judge_reply *reply,
                            const struct load_flight *flight)
{
	const struct load_group_format *format = session->format;
	const struct load_size *size = &format->sizes[flight->size];
	struct judgement judgement = right;

	if (reply->length != size->reply)
		return wrong(LOAD_FAULT_LENGTH, size->reply);
	if (format->peer != LOAD_PEER_SWAP)
		judgement = judge_reflector(session, reply);
	if (judgement.fault == LOAD_FAULT_COUNT &&
	    ((reply->traffic_class ^ format->reply_traffic_class) & ~ECN_BITS) != 0)
		judgement = wrong(LOAD_FAULT_DSCP, format->reply_traffic_class >> 2);
	if (judgement.fault == LOAD_FAULT_COUNT && !format->reply_padding_any)
		judgement = judge_padding(format, reply, size);
	if (judgement.fault == LOAD_FAULT_COUNT && format->peer != LOAD_PEER_SWAP)
		judgement = judge_mbz(reply->payload, format->mode);
	return judgement;
}

struct judgement judge_turnaround(int64_t turnaround_ns, int64_t round_trip_ns)
{
	int64_t slack = JUDGE_TURNAROUND_SLACK_NS + round_trip_ns / JUDGE_TURNAROUND_PARTS;

	if (turnaround_ns < 0 || turnaround_ns > round_trip_ns + slack)
		return wrong(LOAD_FAULT_TURNAROUND, (uint64_t)round_trip_ns);
	return right;
}
