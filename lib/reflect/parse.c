/* SPDX-License-Identifier: BSD-3-Clause */
/* The link header, and the short way for plain test packets: IPv4 without options, IPv6 without extension headers. */
#include "reflect/parse.h"

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/stages.h"

/** Frames that the memory system brings in while an earlier one is parsed. */
#define PREFETCH_AHEAD 4u
#define CACHE_LINE     64u

/* The IPv4 header's first eight octets as a number: what a plain test packet has there. */
#define IPV4_PLAIN_MASK (UINT64_C(0xff) << 56 | (uint64_t)(IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK))
#define IPV4_PLAIN      ((uint64_t)IPV4_NO_OPTIONS << 56)
_Static_assert(IPV4_VERSION_IHL == 0 && IPV4_FRAGMENT == 6, "within the first eight octets");

/** The ports and lengths of a plain test packet: a whole UDP datagram to a test port, within size octets of IP. */
static inline bool udp_is_plain(const struct reflector_settings *settings, uint64_t header,
                                size_t size)
{
	uint16_t port = (uint16_t)(header >> 32);
	uint16_t length = (uint16_t)(header >> 16);

	return port >= settings->port_lower && port <= settings->port_upper &&
	       length >= UDP_HEADER_SIZE && length <= size;
}

static inline void take_udp(struct packet *packet, struct flow_key *flow, uint8_t *udp,
                            uint64_t header)
{
	memcpy(&flow->source_port, udp + UDP_SOURCE_PORT, UDP_PORTS_SIZE);
	packet->udp = udp;
	packet->payload = udp + UDP_HEADER_SIZE;
	packet->payload_length = (uint16_t)((uint16_t)(header >> 16) - UDP_HEADER_SIZE);
}
_Static_assert(offsetof(struct flow_key, destination_port) ==
                       offsetof(struct flow_key, source_port) + sizeof(uint16_t),
               "copied in one piece");

/** False unless it is a plain test packet; then the long way tells what it is. */
static inline bool parse_plain_ipv4(const struct reflector_settings *settings, size_t available,
                                    struct packet *packet, struct flow_key *flow)
{
	uint8_t *ip = packet->network;

	if (available < IPV4_HEADER_SIZE + UDP_HEADER_SIZE)
		return false;
	uint64_t first = load_be64(ip), second = load_be64(ip + IPV4_TTL);
	uint32_t destination = load_be32(ip + IPV4_DESTINATION);
	uint64_t udp = load_be64(ip + IPV4_HEADER_SIZE);
	size_t total_length = (uint16_t)(first >> 32);
	if ((first & IPV4_PLAIN_MASK) != IPV4_PLAIN || (uint8_t)(second >> 48) != NEXT_HEADER_UDP ||
	    total_length > available || total_length < IPV4_HEADER_SIZE + UDP_HEADER_SIZE ||
	    !udp_is_plain(settings, udp, total_length - IPV4_HEADER_SIZE))
		return false;
	if (packet->frame->ip_checksum == CHECKSUM_UNKNOWN
	            ? checksum_fold((checksum_words)first + second + destination) != 0xffff
	            : packet->frame->ip_checksum != CHECKSUM_GOOD)
		return false;
	flow_address_from_ipv4(flow->source, ip + IPV4_SOURCE);
	flow_address_from_ipv4(flow->destination, ip + IPV4_DESTINATION);
	packet->ipv6 = false;
	packet->ttl = (uint8_t)(second >> 56);
	take_udp(packet, flow, ip + IPV4_HEADER_SIZE, udp);
	return true;
}

/** As parse_plain_ipv4. An address of IPv4 in v4-mapped form, which is never on a wire, goes the long way. */
static inline bool parse_plain_ipv6(const struct reflector_settings *settings, size_t available,
                                    struct packet *packet, struct flow_key *flow)
{
	uint8_t *ip = packet->network;

	if (available < IPV6_HEADER_SIZE + UDP_HEADER_SIZE)
		return false;
	uint64_t first = load_be64(ip);
	uint64_t udp = load_be64(ip + IPV6_HEADER_SIZE);
	size_t length = (uint16_t)(first >> 16);
	if (first >> 60 != 6 || (uint8_t)(first >> 8) != NEXT_HEADER_UDP ||
	    length > available - IPV6_HEADER_SIZE || !udp_is_plain(settings, udp, length) ||
	    (uint16_t)udp == 0 || load_be64(ip + IPV6_DESTINATION) == 0)
		return false;
	memcpy(flow->source, ip + IPV6_SOURCE, IPV6_ADDRESS_SIZE);
	memcpy(flow->destination, ip + IPV6_DESTINATION, IPV6_ADDRESS_SIZE);
	packet->ipv6 = true;
	packet->ttl = (uint8_t)first;
	take_udp(packet, flow, ip + IPV6_HEADER_SIZE, udp);
	return true;
}
_Static_assert(IPV6_PAYLOAD_LENGTH == 4 && IPV6_NEXT_HEADER == 6 && IPV6_HOP_LIMIT == 7,
               "within the first eight octets");

static bool is_vlan_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_C_TAG_VALUE || ethertype == ETHERTYPE_S_TAG_VALUE;
}

static inline enum parse_result parse_link(const struct reflector_settings *settings,
                                           struct reflect_frame *frame, struct packet *packet,
                                           struct flow_key *flow)
{
	const uint8_t *octets = frame->octets;
	size_t at = ETHERNET_HEADER_SIZE;

	if (frame->length < at)
		return PARSE_TRUNCATED;
	/* RFC 1122 section 3.3.6: nothing that came by link broadcast is answered; nor is anything sent to a group of stations. */
	if (((octets[ETHERNET_DESTINATION] | octets[ETHERNET_SOURCE]) & ETHERNET_GROUP_BIT) != 0)
		return PARSE_EXCEPTION;
	if (frame->station != NULL &&
	    memcmp(octets + ETHERNET_DESTINATION, frame->station, ETHERNET_ADDRESS_SIZE) != 0)
		return PARSE_OTHER_STATION;
	uint16_t ethertype = load_be16(octets + ETHERNET_TYPE);
	flow->vlan = 0;
	flow->outer_vlan = 0;
	for (unsigned tags = 0; tags < VLAN_TAGS_MAX && is_vlan_tag(ethertype); tags++) {
		if (frame->length < at + VLAN_TAG_SIZE)
			return PARSE_TRUNCATED;
		flow->outer_vlan = flow->vlan;
		flow->vlan = load_be16(octets + at) & VLAN_ID_MASK;
		ethertype = load_be16(octets + at + sizeof(uint16_t));
		at += VLAN_TAG_SIZE;
	}
	packet->frame = frame;
	packet->network = frame->octets + at;
	if (ethertype == ETHERTYPE_IPV4_VALUE)
		return parse_plain_ipv4(settings, frame->length - at, packet, flow)
		               ? PARSE_TEST_PORT
		               : parse_ipv4(settings, packet, flow);
	if (ethertype == ETHERTYPE_IPV6_VALUE)
		return parse_plain_ipv6(settings, frame->length - at, packet, flow)
		               ? PARSE_TEST_PORT
		               : parse_ipv6(settings, packet, flow);
	return PARSE_EXCEPTION;
}

enum parse_result parse_frame(const struct reflector_settings *settings,
                              struct reflect_frame *frame, struct packet *packet,
                              struct flow_key *flow)
{
	return parse_link(settings, frame, packet, flow);
}

static void refuse(struct burst *burst, struct reflect_frame *frame, enum parse_result result)
{
	switch (result) {
	case PARSE_TEST_PORT:
		break;
	case PARSE_EXCEPTION:
		burst_leave_to_kernel(frame);
		break;
	case PARSE_OTHER_STATION:
		burst_drop(burst, frame, DATAPATH_DROP_OTHER_STATION);
		break;
	case PARSE_TRUNCATED:
		burst_drop(burst, frame, DATAPATH_DROP_TRUNCATED);
		break;
	case PARSE_CHECKSUM:
		burst_drop(burst, frame, DATAPATH_DROP_CHECKSUM);
		break;
	case PARSE_FRAGMENT:
		burst_drop(burst, frame, DATAPATH_DROP_FRAGMENT);
		break;
	}
}

void stage_parse(struct burst *burst, struct reflect_frame *frames, unsigned count)
{
	/* cppcheck-suppress ctuuninitvar ; the caller has set this alone */
	const struct reflector_settings *settings = burst->reflector->settings;
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (i + PREFETCH_AHEAD < count) {
			__builtin_prefetch(frames[i + PREFETCH_AHEAD].octets, 1);
			__builtin_prefetch(frames[i + PREFETCH_AHEAD].octets + CACHE_LINE, 1);
		}
		enum parse_result result = parse_link(settings, &frames[i], &burst->packets[kept],
		                                      &burst->flows[kept]);
		if (result == PARSE_TEST_PORT)
			kept++;
		else
			refuse(burst, &frames[i], result);
	}
	burst->count = kept;
}
