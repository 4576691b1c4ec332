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

/* Where a frame without VLAN tags has what its plain test packet is known by: sixteen octets at once. */
_Static_assert(ETHERNET_DESTINATION == 0 && ETHERNET_SOURCE == 6 && ETHERNET_TYPE == 12,
               "sixteen octets from the frame's beginning");
#define IPV4_COMPARED 2u /**< sixteen octets of the IPv4 header, from here on */
_Static_assert(IPV4_FRAGMENT == IPV4_COMPARED + 4 && IPV4_PROTOCOL == IPV4_COMPARED + 7,
               "within these");

#define NO_PORT (-1)

/** What a burst's packets are compared with. */
struct plain {
	const uint8_t *station; /**< the port's; NULL: it has none */
	__m128i link; /**< the link header of IPv4 to the station, where link_mask is set */
	__m128i link_mask;
	__m128i ip; /**< as link, of the IPv4 header from IPV4_COMPARED on */
	__m128i ip_mask;
	uint16_t lower; /**< of the test ports */
	int span;       /**< upper - lower, or NO_PORT: frames to a group are not plain */
};

static struct plain plain_make(const struct reflector_settings *settings, const uint8_t *station)
{
	uint8_t link[16] = {[ETHERNET_TYPE] = ETHERTYPE_IPV4_VALUE >> 8};
	uint8_t link_mask[16] = {[ETHERNET_DESTINATION] = ETHERNET_GROUP_BIT,
	                         [ETHERNET_SOURCE] = ETHERNET_GROUP_BIT,
	                         [ETHERNET_TYPE] = 0xff,
	                         [ETHERNET_TYPE + 1] = 0xff};
	const __m128i ip =
	        _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, NEXT_HEADER_UDP, 0, 0, 0, 0, 0, 0, 0, 0);
	/* More Fragments and the offset; the protocol. */
	const __m128i ip_mask = _mm_setr_epi8(0, 0, 0, 0, 0x3f, -1, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0);
	struct plain plain = {.station = station,
	                      .ip = ip,
	                      .ip_mask = ip_mask,
	                      .lower = settings->port_lower,
	                      .span = settings->port_upper - settings->port_lower};

	if (station != NULL) {
		memcpy(link + ETHERNET_DESTINATION, station, ETHERNET_ADDRESS_SIZE);
		memset(link_mask + ETHERNET_DESTINATION, 0xff, ETHERNET_ADDRESS_SIZE);
		if ((station[0] & ETHERNET_GROUP_BIT) != 0)
			plain.span = NO_PORT;
	}
	plain.link = _mm_loadu_si128((const __m128i *)link);
	plain.link_mask = _mm_loadu_si128((const __m128i *)link_mask);
	return plain;
}

/** True when the sixteen octets are those wanted, where mask is set. */
HOT bool equal_where(const uint8_t *octets, __m128i wanted, __m128i mask)
{
	__m128i is = _mm_loadu_si128((const __m128i *)octets);

	return _mm_testz_si128(_mm_xor_si128(is, wanted), mask) != 0;
}

/** Of a plain IPv4 header: true when its sum, which is not 0, is a multiple of 65535. One multiplication says so for all 64 bits. */
HOT bool ipv4_checksum_is_right(const uint8_t *ip)
{
	const uint64_t multiples = UINT64_MAX / 0xffff; /**< so many of 65535, beside 0 */
	const uint64_t inverse = -multiples;            /**< 65535 * inverse is 1 modulo 2^64 */
	uint64_t sum = load_be32(ip + IPV4_DESTINATION);

	sum = checksum_add(checksum_load_eight(ip + IPV4_TTL), __builtin_bswap32((uint32_t)sum));
	sum = checksum_add(sum, checksum_load_eight(ip));
	return sum * inverse <= multiples;
}
_Static_assert(IPV4_TTL == 8 && IPV4_DESTINATION == 16, "three words");

/** UDP of a plain test packet: a whole datagram to a test port, within size octets of IP, which may be negative. */
HOT bool udp_is_plain(const uint8_t *udp, const struct plain *plain, int length, int size)
{
	uint16_t port = load_be16(udp + UDP_DESTINATION_PORT);

	return (uint16_t)(port - plain->lower) <= plain->span && length >= (int)UDP_HEADER_SIZE &&
	       length <= size;
}

/** vlans: both, as the flow has them. */
HOT void take_udp(struct packet *packet, struct flow_key *flow, uint8_t *udp, int length,
                  uint32_t vlans)
{
	uint32_t ports;
	uint64_t word;

	memcpy(&ports, udp + UDP_SOURCE_PORT, sizeof(ports));
	word = (uint64_t)vlans << 32 | ports;
	memcpy(&flow->source_port, &word, sizeof(word));
	packet->payload = udp + UDP_HEADER_SIZE;
	packet->payload_length = (uint16_t)(length - (int)UDP_HEADER_SIZE);
	packet->has_checksum = checksum_load(udp + UDP_CHECKSUM) != 0;
}
_Static_assert(offsetof(struct flow_key, destination_port) ==
                               offsetof(struct flow_key, source_port) + 2 &&
                       offsetof(struct flow_key, vlan) ==
                               offsetof(struct flow_key, source_port) + UDP_PORTS_SIZE &&
                       sizeof(struct flow_key) == offsetof(struct flow_key, source_port) + 8,
               "ports and VLANs are one word");

/** An address in v4-mapped form, in the two words that the hash will load. */
HOT void take_ipv4_address(uint8_t to[16], uint32_t address)
{
	const uint64_t words[2] = {0, (uint64_t)address << 32 | 0xffff0000};

	memcpy(to, &words[0], sizeof(words[0]));
	memcpy(to + sizeof(words[0]), &words[1], sizeof(words[1]));
}

/** False unless it is a plain test packet; then the long way tells what it is. */
HOT bool parse_plain_ipv4(const struct plain *plain, struct reflect_frame *frame,
                          enum reflect_checksum ip_checksum, uint8_t *ip, uint32_t vlans,
                          struct packet *packet, struct flow_key *flow)
{
	int available = frame->length - (int)(ip - frame->octets);
	uint8_t *udp = ip + IPV4_HEADER_SIZE;

	if (available < (int)(IPV4_HEADER_SIZE + UDP_HEADER_SIZE) || *ip != IPV4_NO_OPTIONS ||
	    !equal_where(ip + IPV4_COMPARED, plain->ip, plain->ip_mask))
		return false;
	int total_length = load_be16(ip + IPV4_TOTAL_LENGTH);
	int length = load_be16(udp + UDP_LENGTH);
	if (total_length > available ||
	    !udp_is_plain(udp, plain, length, total_length - (int)IPV4_HEADER_SIZE))
		return false;
	if (ip_checksum == CHECKSUM_UNKNOWN ? !ipv4_checksum_is_right(ip)
	                                    : ip_checksum != CHECKSUM_GOOD)
		return false;
	uint64_t addresses = checksum_load_eight(ip + IPV4_SOURCE);
	take_ipv4_address(flow->source, (uint32_t)addresses);
	take_ipv4_address(flow->destination, (uint32_t)(addresses >> 32));
	take_udp(packet, flow, udp, length, vlans);
	packet->frame = frame;
	packet->network = ip;
	packet->ipv6 = false;
	packet->ttl = ip[IPV4_TTL];
	return true;
}
_Static_assert(IPV4_VERSION_IHL == 0 && IPV4_DESTINATION == IPV4_SOURCE + IPV4_ADDRESS_SIZE,
               "addresses are one word");

/** As parse_plain_ipv4. An address of IPv4 in v4-mapped form, which is never on a wire, goes the long way. */
HOT bool parse_plain_ipv6(const struct plain *plain, struct reflect_frame *frame, uint8_t *ip,
                          uint32_t vlans, struct packet *packet, struct flow_key *flow)
{
	int available = frame->length - (int)(ip - frame->octets);
	uint8_t *udp = ip + IPV6_HEADER_SIZE;

	if (available < (int)(IPV6_HEADER_SIZE + UDP_HEADER_SIZE))
		return false;
	uint64_t first = load_be64(ip);
	int size = (uint16_t)(first >> 16), length = load_be16(udp + UDP_LENGTH);
	if (first >> 60 != 6 || (uint8_t)(first >> 8) != NEXT_HEADER_UDP ||
	    size > available - (int)IPV6_HEADER_SIZE || !udp_is_plain(udp, plain, length, size) ||
	    checksum_load(udp + UDP_CHECKSUM) == 0 ||
	    checksum_load_eight(ip + IPV6_DESTINATION) == 0)
		return false;
	memcpy(flow->source, ip + IPV6_SOURCE, IPV6_ADDRESS_SIZE);
	memcpy(flow->destination, ip + IPV6_DESTINATION, IPV6_ADDRESS_SIZE);
	take_udp(packet, flow, udp, length, vlans);
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
HOT enum parse_result parse_link(const struct reflect_frame *frame, const uint8_t *station,
                                 struct flow_key *flow, uint8_t **network, uint16_t *ethertype)
{
	const uint8_t *octets = frame->octets;
	size_t at = ETHERNET_HEADER_SIZE;

	if (frame->length < at)
		return PARSE_TRUNCATED;
	/* RFC 1122 section 3.3.6: nothing that came by link broadcast is answered; nor is anything sent to a group of stations. */
	if (((octets[ETHERNET_DESTINATION] | octets[ETHERNET_SOURCE]) & ETHERNET_GROUP_BIT) != 0)
		return PARSE_EXCEPTION;
	if (station != NULL &&
	    memcmp(octets + ETHERNET_DESTINATION, station, ETHERNET_ADDRESS_SIZE) != 0)
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

/** All but a plain test packet over IPv4 without VLAN tags. */
static __attribute__((noinline)) enum parse_result
parse_any(const struct reflector_settings *settings, const struct plain *plain,
          struct reflect_frame *frame, enum reflect_checksum ip_checksum, struct packet *packet,
          struct flow_key *flow)
{
	uint8_t *network;
	uint16_t ethertype;
	enum parse_result result = parse_link(frame, plain->station, flow, &network, &ethertype);

	if (result != PARSE_TEST_PORT)
		return result;
	uint32_t vlans = (uint32_t)flow->outer_vlan << 16 | flow->vlan;
	if (ethertype == ETHERTYPE_IPV4_VALUE) {
		if (parse_plain_ipv4(plain, frame, ip_checksum, network, vlans, packet, flow))
			return PARSE_TEST_PORT;
		return parse_ipv4(settings, frame, ip_checksum, network, packet, flow);
	}
	if (parse_plain_ipv6(plain, frame, network, vlans, packet, flow))
		return PARSE_TEST_PORT;
	return parse_ipv6(settings, frame, network, packet, flow);
}

/** True for a plain test packet over IPv4 without VLAN tags, which is all that most are. */
HOT bool parse_plainest(const struct plain *plain, struct reflect_frame *frame,
                        enum reflect_checksum ip_checksum, struct packet *packet,
                        struct flow_key *flow)
{
	return frame->length >= ETHERNET_HEADER_SIZE + IPV4_HEADER_SIZE + UDP_HEADER_SIZE &&
	       equal_where(frame->octets, plain->link, plain->link_mask) &&
	       parse_plain_ipv4(plain, frame, ip_checksum, frame->octets + ETHERNET_HEADER_SIZE, 0,
	                        packet, flow);
}

enum parse_result parse_frame(const struct reflector_settings *settings, const uint8_t *station,
                              struct reflect_frame *frame, enum reflect_checksum ip_checksum,
                              struct packet *packet, struct flow_key *flow)
{
	const struct plain plain = plain_make(settings, station);

	return parse_plainest(&plain, frame, ip_checksum, packet, flow)
	               ? PARSE_TEST_PORT
	               : parse_any(settings, &plain, frame, ip_checksum, packet, flow);
}

static __attribute__((noinline)) void refuse(struct burst *burst, struct reflect_frame *frame,
                                             enum parse_result result)
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
	/* cppcheck-suppress ctuuninitvar ; the caller has set both */
	const struct reflector_settings *settings = burst->reflector->settings;
	const struct reflect_arrival *arrival = burst->arrival;
	const struct plain plain = plain_make(settings, arrival->station);
	const struct core_table_reader table = core_table_reader(burst->reflector->table);
	struct reflect_frame *end = frames + count;
	struct packet *packet = burst->packets;
	struct flow_key *flow = burst->flows;
	uint64_t *hash = burst->hashes;

	burst->frames = frames;
	for (struct reflect_frame *frame = frames; frame < end; frame++) {
		if (end - frame > PREFETCH_AHEAD) {
			__builtin_prefetch(frame[PREFETCH_AHEAD].octets, 1);
			__builtin_prefetch(frame[PREFETCH_AHEAD].octets + CACHE_LINE, 1);
		}
		enum reflect_checksum ip_checksum =
		        arrival->offloads == NULL ? CHECKSUM_UNKNOWN
		                                  : arrival->offloads[frame - frames].ip_checksum;
		/* Here the hash takes the flow from registers. */
		if (parse_plainest(&plain, frame, ip_checksum, packet, flow)) {
			*hash++ = core_table_hash(&table, flow++);
			packet++;
		} else {
			enum parse_result result =
			        parse_any(settings, &plain, frame, ip_checksum, packet, flow);
			if (result != PARSE_TEST_PORT) {
				refuse(burst, frame, result);
				continue;
			}
			*hash++ = core_table_hash(&table, flow++);
			packet++;
		}
	}
	burst->count = (unsigned)(packet - burst->packets);
	/* Only now, when the buckets have come: with many sessions each is in the third level cache. */
	for (unsigned i = 0; i < burst->count; i++)
		burst->packets[i].core = core_table_candidate(&table, burst->hashes[i]);
}
