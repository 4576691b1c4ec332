/* SPDX-License-Identifier: BSD-3-Clause */
#include "sender.h"

#include <endian.h>
#include <immintrin.h>
#include <string.h>

#include "reflect/checksum.h"
#include "reflect/headers.h"

/** Sessions and flights are fetched so many packets ahead. */
#define FETCH_AHEAD 4u

/** A burst on its way through the stages. */
struct packet {
	uint8_t *payload;
	uint8_t *udp;
	const struct load_size *size;
	struct load_flight *flight;
	uint32_t sequence;
	uint8_t size_number; /**< of the format's */
};

struct burst {
	const struct send_slot *slots;
	struct packet packets[SEND_BURST_MAX];
	struct suite_job jobs[SEND_BURST_MAX];
	unsigned count;
	unsigned job_count;
	bool encrypted; /**< at least one is */
	bool clear;     /**< at least one has its timestamp in the clear */
};

/** One reading of the clock. */
struct stamp {
	uint64_t tsc;
	struct clock_timestamp time;
	uint64_t timestamp; /**< as on the wire */
	uint16_t error_estimate;
};

uint32_t send_frame_size(const struct load_group_format *format, unsigned headers_size)
{
	uint16_t largest = 0;

	for (unsigned i = 0; i < format->size_count; i++) {
		if (format->sizes[i].payload > largest)
			largest = format->sizes[i].payload;
	}
	return headers_size + largest;
}

/** Whole blocks, the last of which overlaps the one before. */
static inline void copy_headers(uint8_t *to, const uint8_t *from, unsigned size)
{
	const unsigned block = sizeof(__m128i);

	for (unsigned at = 0; at + block < size; at += block)
		_mm_storeu_si128((__m128i *)(to + at),
		                 _mm_loadu_si128((const __m128i *)(from + at)));
	_mm_storeu_si128((__m128i *)(to + size - block),
	                 _mm_loadu_si128((const __m128i *)(from + size - block)));
}
_Static_assert(ETHERNET_HEADER_SIZE + IPV4_HEADER_SIZE + UDP_HEADER_SIZE > sizeof(__m128i),
               "more than a block");

static inline void write_lengths(const struct load_session *session, uint8_t *network, uint8_t *udp,
                                 uint16_t payload_length, uint32_t sequence)
{
	uint16_t udp_length = htobe16((uint16_t)(UDP_HEADER_SIZE + payload_length));

	checksum_store(udp + UDP_LENGTH, udp_length);
	if (session->ipv6) {
		checksum_store(network + IPV6_PAYLOAD_LENGTH, udp_length);
		return;
	}
	uint16_t length = htobe16((uint16_t)(IPV4_HEADER_SIZE + UDP_HEADER_SIZE + payload_length));
	uint16_t identification = htobe16((uint16_t)sequence);
	uint64_t sum = checksum_add(session->network_sum, (uint64_t)length + identification);
	checksum_store(network + IPV4_TOTAL_LENGTH, length);
	checksum_store(network + IPV4_IDENTIFICATION, identification);
	checksum_store(network + IPV4_CHECKSUM, (uint16_t)~checksum_fold(sum));
}

/** All but timestamp, HMAC and UDP checksum. */
static void build(struct burst *burst, struct send_slot *slot, struct packet *packet)
{
	struct load_session *session = slot->session;
	const struct load_group_format *format = session->format;
	const struct load_size *size = &format->sizes[session->next_size];
	const uint16_t header_size = format->sender_header_size;
	uint32_t be_sequence;

	packet->sequence = (uint32_t)session->next_sequence++;
	packet->size = size;
	packet->size_number = (uint8_t)session->next_size;
	if (++session->next_size == format->size_count)
		session->next_size = 0;
	packet->flight = &session->flights[packet->sequence & session->flight_mask];
	slot->flight = packet->flight;
	__builtin_prefetch(packet->flight, 1);
	packet->payload = slot->octets + session->headers_size;
	packet->udp = packet->payload - UDP_HEADER_SIZE;
	slot->length = (uint16_t)(session->headers_size + size->payload);
	copy_headers(slot->octets, session->headers, session->headers_size);
	write_lengths(session, slot->octets + session->network_offset, packet->udp, size->payload,
	              packet->sequence);
	if (size->payload > header_size)
		memcpy(packet->payload + header_size, format->padding,
		       (size_t)(size->payload - header_size));
	/* The smallest header is written in full: by the sequence number here and by the stamp. */
	if (header_size != SENDER_HEADER_SIZE)
		memset(packet->payload, 0, header_size);
	be_sequence = htobe32(packet->sequence);
	memcpy(packet->payload, &be_sequence, sizeof(be_sequence));
	burst->encrypted |= format->mode == TEST_ENCRYPTED;
	burst->clear |= format->mode != TEST_ENCRYPTED;
}
_Static_assert(SENDER_SEQUENCE == 0 && SECURE_SENDER_SEQUENCE == 0, "first in every mode");

static struct stamp stamp_now(const struct sender *sender)
{
	uint64_t tsc = tsc_now();
	struct clock_timestamp time = tsc_clock_read(sender->clock, tsc);

	return (struct stamp){.tsc = tsc,
	                      .time = time,
	                      .timestamp = htobe64(time.ntp),
	                      .error_estimate = htobe16(time.error_estimate)};
}

/** Writes the timestamp, and notes the packet as sent then. */
static inline void stamp_packet(const struct packet *packet, const struct stamp *stamp,
                                uint64_t scheduled_tsc, uint32_t offset)
{
	uint8_t *to = packet->payload + offset;

	memcpy(to, &stamp->timestamp, sizeof(stamp->timestamp));
	memcpy(to + sizeof(stamp->timestamp), &stamp->error_estimate,
	       sizeof(stamp->error_estimate));
	*packet->flight = (struct load_flight){.scheduled_tsc = scheduled_tsc,
	                                       .sent_tsc = stamp->tsc,
	                                       .timestamp = stamp->time.ntp,
	                                       .sequence = packet->sequence,
	                                       .error_estimate = stamp->time.error_estimate,
	                                       .state = FLIGHT_SENT,
	                                       .size = packet->size_number};
}
_Static_assert(SENDER_TIMESTAMP + sizeof(uint64_t) == SENDER_ERROR_ESTIMATE &&
                       SECURE_SENDER_TIMESTAMP + sizeof(uint64_t) == SECURE_SENDER_ERROR_ESTIMATE,
               "one behind the other");

static void stamp_burst(const struct burst *burst, const struct stamp *stamp, bool encrypted)
{
	for (unsigned i = 0; i < burst->count; i++) {
		const struct send_slot *slot = &burst->slots[i];
		enum test_mode mode = slot->session->format->mode;

		if ((mode == TEST_ENCRYPTED) == encrypted)
			stamp_packet(&burst->packets[i], stamp, slot->scheduled_tsc,
			             mode == TEST_UNAUTHENTICATED ? SENDER_TIMESTAMP
			                                          : SECURE_SENDER_TIMESTAMP);
	}
}

static void seal(struct sender *sender, struct burst *burst)
{
	for (unsigned i = 0; i < burst->count; i++) {
		const struct load_session *session = burst->slots[i].session;
		uint8_t *payload = burst->packets[i].payload;

		if (session->format->mode == TEST_UNAUTHENTICATED)
			continue;
		burst->jobs[burst->job_count++] = (struct suite_job){
		        .keys = session->core.keys,
		        .data = payload,
		        .hmac = payload + SECURE_SENDER_HMAC,
		        .protected_size = session->format->protected_size,
		        .cipher = session->format->mode == TEST_ENCRYPTED ? SUITE_AES_CBC
		                                                          : SUITE_AES_ECB,
		};
	}
	if (burst->job_count > 0)
		suite_seal_burst(sender->suite, burst->jobs, burst->job_count);
}

/** RFC 768: a checksum of 0 means none and is sent as 0xffff, which is the same number modulo 65535. */
static void write_checksum(const struct load_session *session, const struct packet *packet)
{
	const uint8_t *payload = packet->payload;
	uint64_t header = session->format->mode == TEST_UNAUTHENTICATED
	                          ? checksum_sum_constant(payload, SENDER_HEADER_SIZE)
	                          : checksum_sum_constant(payload, SECURE_SENDER_HEADER_SIZE);
	uint64_t sum = checksum_add(header, packet->size->padding_sum);

	sum = checksum_add(sum, session->udp_sum);
	sum = checksum_add(sum, checksum_length(packet->size->payload));
	uint16_t checksum = (uint16_t)~checksum_fold(sum);
	checksum_store(packet->udp + UDP_CHECKSUM, checksum != 0 ? checksum : 0xffff);
}

static inline void fetch_session(const struct load_session *session)
{
	__builtin_prefetch(session->headers);
	__builtin_prefetch(&session->network_sum);
	__builtin_prefetch(&session->next_sequence, 1);
}

void send_build(struct sender *sender, struct send_slot slots[], unsigned count)
{
	struct burst burst;
	struct stamp stamp;

	burst.slots = slots;
	burst.count = count;
	burst.job_count = 0;
	burst.encrypted = burst.clear = false;
	for (unsigned i = 0; i < count && i < FETCH_AHEAD; i++)
		fetch_session(slots[i].session);
	for (unsigned i = 0; i < count; i++) {
		if (i + FETCH_AHEAD < count)
			fetch_session(slots[i + FETCH_AHEAD].session);
		build(&burst, &slots[i], &burst.packets[i]);
	}
	if (burst.encrypted) {
		stamp = stamp_now(sender);
		stamp_burst(&burst, &stamp, true);
	}
	seal(sender, &burst);
	if (burst.clear) {
		stamp = stamp_now(sender);
		stamp_burst(&burst, &stamp, false);
	}
	for (unsigned i = 0; i < count; i++)
		write_checksum(slots[i].session, &burst.packets[i]);
}
