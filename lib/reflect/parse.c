/* SPDX-License-Identifier: BSD-3-Clause */
/* The link header, and the short way for plain test packets: IPv4 without options, IPv6 without extension headers. */
#include "reflect/parse.h"

#include <smmintrin.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/stages.h"

/** Frames that the memory system brings in while an earlier one is parsed. */
#define PREFETCH_AHEAD 4
#define CACHE_LINE     64u

/* The IPv4 header's first eight octets as a number: what a plain test packet has there. */
#define IPV4_PLAIN_MASK (UINT64_C(0xff) << 56 | (uint64_t)(IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK))
#define IPV4_PLAIN      ((uint64_t)IPV4_NO_OPTIONS << 56)
_Static_assert(IPV4_VERSION_IHL == 0 && IPV4_FRAGMENT == 6, "within the first eight octets");

/** What a burst's packets are compared with. */
struct test_ports {
	uint16_t lower;
	uint16_t span; /**< upper - lower */
};

/** UDP of a plain test packet: a whole datagram to a test port, within size octets of IP, which may be negative. */
HOT bool udp_is_plain(uint64_t header, const struct test_ports *ports, int size)
{
	uint16_t port = (uint16_t)(header >> 32);
	int length = (uint16_t)(header >> 16);

	return (uint16_t)(port - ports->lower) <= ports->span && length >= (int)UDP_HEADER_SIZE &&
	       length <= size;
}

HOT void take_udp(struct packet *packet, struct flow_key *flow, uint8_t *udp, uint64_t header)
{
	memcpy(&flow->source_port, udp + UDP_SOURCE_PORT, UDP_PORTS_SIZE);
	packet->payload = udp + UDP_HEADER_SIZE;
	packet->payload_length = (uint16_t)((header >> 16) - UDP_HEADER_SIZE);
	packet->has_checksum = (uint16_t)header != 0;
}
_Static_assert(offsetof(struct flow_key, destination_port) ==
                       offsetof(struct flow_key, source_port) + sizeof(uint16_t),
               "copied in one piece");

/** An address in v4-mapped form, in one store: the hash will load it in other pieces. */
HOT void take_ipv4_address(uint8_t to[16], const uint8_t from[4])
{
	const __m128i prefix = _mm_setr_epi32(0, 0, (int)0xffff0000, 0);
	int address;

	memcpy(&address, from, sizeof(address));
	_mm_storeu_si128((__m128i *)to, _mm_insert_epi32(prefix, address, 3));
}

/** False unless it is a plain test packet; then the long way tells what it is. */
HOT bool parse_plain_ipv4(const struct test_ports *ports, struct reflect_frame *frame, uint8_t *ip,
                          struct packet *packet, struct flow_key *flow)
{
	long available = frame->octets + frame->length - ip;

	if (available < (long)(IPV4_HEADER_SIZE + UDP_HEADER_SIZE))
		return false;
	uint64_t first = load_be64(ip), second = load_be64(ip + IPV4_TTL);
	uint32_t destination = load_be32(ip + IPV4_DESTINATION);
	uint64_t udp = load_be64(ip + IPV4_HEADER_SIZE);
	int total_length = (uint16_t)(first >> 32);
	if ((first & IPV4_PLAIN_MASK) != IPV4_PLAIN || (uint8_t)(second >> 48) != NEXT_HEADER_UDP ||
	    total_length > available ||
	    !udp_is_plain(udp, ports, total_length - (int)IPV4_HEADER_SIZE))
		return false;
	if (frame->ip_checksum == CHECKSUM_UNKNOWN
	            ? checksum_fold(checksum_add(checksum_add(first, second), destination)) !=
	                      0xffff
	            : frame->ip_checksum != CHECKSUM_GOOD)
		return false;
	take_ipv4_address(flow->source, ip + IPV4_SOURCE);
	take_ipv4_address(flow->destination, ip + IPV4_DESTINATION);
	take_udp(packet, flow, ip + IPV4_HEADER_SIZE, udp);
	packet->frame = frame;
	packet->network = ip;
	packet->ipv6 = false;
	packet->ttl = ip[IPV4_TTL];
	return true;
}

/** As parse_plain_ipv4. An address of IPv4 in v4-mapped form, which is never on a wire, goes the long way. */
HOT bool parse_plain_ipv6(const struct test_ports *ports, struct reflect_frame *frame, uint8_t *ip,
                          struct packet *packet, struct flow_key *flow)
{
	long available = frame->octets + frame->length - ip;

	if (available < (long)(IPV6_HEADER_SIZE + UDP_HEADER_SIZE))
		return false;
	uint64_t first = load_be64(ip), udp = load_be64(ip + IPV6_HEADER_SIZE);
	int length = (uint16_t)(first >> 16);
	if (first >> 60 != 6 || (uint8_t)(first >> 8) != NEXT_HEADER_UDP ||
	    length > available - (long)IPV6_HEADER_SIZE || !udp_is_plain(udp, ports, length) ||
	    (uint16_t)udp == 0 || checksum_load_eight(ip + IPV6_DESTINATION) == 0)
		return false;
	memcpy(flow->source, ip + IPV6_SOURCE, IPV6_ADDRESS_SIZE);
	memcpy(flow->destination, ip + IPV6_DESTINATION, IPV6_ADDRESS_SIZE);
	take_udp(packet, flow, ip + IPV6_HEADER_SIZE, udp);
	packet->frame = frame;
	packet->network = ip;
	packet->ipv6 = true;
	packet->ttl = ip[IPV6_HOP_LIMIT];
	return true;
}
_Static_assert(IPV6_PAYLOAD_LENGTH == 4 && IPV6_NEXT_HEADER == 6 && IPV6_HOP_LIMIT == 7,
               "within the first eight octets");

static bool is_vlan_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_C_TAG_VALUE || ethertype == ETHERTYPE_S_TAG_VALUE;
}

/** Takes the VLANs; returns what the link header takes, 0 when the frame ends before. */
static size_t parse_tags(const struct reflect_frame *frame, struct flow_key *flow,
                         uint16_t *ethertype)
{
	const uint8_t *octets = frame->octets;
	size_t at = ETHERNET_HEADER_SIZE;

	for (unsigned tags = 0; tags < VLAN_TAGS_MAX && is_vlan_tag(*ethertype); tags++) {
		if (frame->length < at + VLAN_TAG_SIZE)
			return 0;
		flow->outer_vlan = flow->vlan;
		flow->vlan = load_be16(octets + at) & VLAN_ID_MASK;
		*ethertype = load_be16(octets + at + sizeof(uint16_t));
		at += VLAN_TAG_SIZE;
	}
	return at;
}

/** PARSE_TEST_PORT when there is an IP header to be looked at, at *network. */
HOT enum parse_result parse_link(const struct reflect_frame *frame, struct flow_key *flow,
                                 uint8_t **network, uint16_t *ethertype)
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
	*ethertype = load_be16(octets + ETHERNET_TYPE);
	flow->vlan = 0;
	flow->outer_vlan = 0;
	if (*ethertype != ETHERTYPE_IPV4_VALUE && *ethertype != ETHERTYPE_IPV6_VALUE) {
		at = parse_tags(frame, flow, ethertype);
		if (at == 0)
			return PARSE_TRUNCATED;
		if (*ethertype != ETHERTYPE_IPV4_VALUE && *ethertype != ETHERTYPE_IPV6_VALUE)
			return PARSE_EXCEPTION;
	}
	*network = frame->octets + at;
	return PARSE_TEST_PORT;
}

HOT enum parse_result parse(const struct reflector_settings *settings,
                            const struct test_ports *ports, struct reflect_frame *frame,
                            struct packet *packet, struct flow_key *flow)
{
	uint8_t *network;
	uint16_t ethertype;
	enum parse_result result = parse_link(frame, flow, &network, &ethertype);

	if (result != PARSE_TEST_PORT)
		return result;
	if (ethertype == ETHERTYPE_IPV4_VALUE) {
		if (parse_plain_ipv4(ports, frame, network, packet, flow))
			return PARSE_TEST_PORT;
		return parse_ipv4(settings, frame, network, packet, flow);
	}
	if (parse_plain_ipv6(ports, frame, network, packet, flow))
		return PARSE_TEST_PORT;
	return parse_ipv6(settings, frame, network, packet, flow);
}

static struct test_ports test_ports(const struct reflector_settings *settings)
{
	return (struct test_ports){.lower = settings->port_lower,
	                           .span = (uint16_t)(settings->port_upper - settings->port_lower)};
}

enum parse_result parse_frame(const struct reflector_settings *settings,
                              struct reflect_frame *frame, struct packet *packet,
                              struct flow_key *flow)
{
	const struct test_ports ports = test_ports(settings);

	return parse(settings, &ports, frame, packet, flow);
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
	const struct test_ports ports = test_ports(settings);
	struct reflect_frame *end = frames + count;
	struct packet *packet = burst->packets;
	struct flow_key *flow = burst->flows;

	for (struct reflect_frame *frame = frames; frame < end; frame++) {
		if (end - frame > PREFETCH_AHEAD) {
			__builtin_prefetch(frame[PREFETCH_AHEAD].octets, 1);
			__builtin_prefetch(frame[PREFETCH_AHEAD].octets + CACHE_LINE, 1);
		}
		enum parse_result result = parse(settings, &ports, frame, packet, flow);
		if (result == PARSE_TEST_PORT) {
			packet++;
			flow++;
		} else {
			refuse(burst, frame, result);
		}
	}
	burst->count = (unsigned)(packet - burst->packets);
}
