/* SPDX-License-Identifier: BSD-3-Clause */
/* IP and UDP of any shape, and what is wrong with them. */
#include "reflect/parse.h"

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"

static const uint8_t ipv4_mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool parse_is_own_address(const struct reflector_settings *settings, const struct flow_key *flow)
{
	for (unsigned i = 0; i < settings->address_count; i++) {
		const struct reflect_address *address = &settings->addresses[i];

		if (memcmp(address->octets, flow->destination, sizeof(address->octets)) == 0 &&
		    address->vlan == flow->vlan && address->outer_vlan == flow->outer_vlan)
			return true;
	}
	return false;
}

/** A finding that drops test traffic; what isn't addressed to us is left to the kernel all the same. */
static enum parse_result when_own(const struct reflector_settings *settings,
                                  const struct flow_key *flow, enum parse_result result)
{
	return parse_is_own_address(settings, flow) ? result : PARSE_EXCEPTION;
}

/** UDP header in size octets that IP has given. fragmented: the first fragment of a longer datagram. */
static enum parse_result parse_udp(const struct reflector_settings *settings, bool fragmented,
                                   size_t size, struct packet *packet, struct flow_key *flow)
{
	const uint8_t *udp = packet_udp(packet);

	if (size < UDP_HEADER_SIZE)
		return fragmented ? PARSE_EXCEPTION : PARSE_TRUNCATED;
	uint16_t port = load_be16(udp + UDP_DESTINATION_PORT);
	if (port < settings->port_lower || port > settings->port_upper)
		return PARSE_EXCEPTION;
	if (fragmented)
		return when_own(settings, flow, PARSE_FRAGMENT);
	uint16_t length = load_be16(udp + UDP_LENGTH);
	if (length < UDP_HEADER_SIZE || length > size)
		return when_own(settings, flow, PARSE_TRUNCATED);
	memcpy(&flow->source_port, udp + UDP_SOURCE_PORT, sizeof(uint16_t));
	memcpy(&flow->destination_port, udp + UDP_DESTINATION_PORT, sizeof(uint16_t));
	packet->payload_length = (uint16_t)(length - UDP_HEADER_SIZE);
	packet->has_checksum = checksum_load(udp + UDP_CHECKSUM) != 0;
	return PARSE_TEST_PORT;
}

/** False for malformed options and for source routes, which may have the packet go further: the kernel has its policy for both. */
static bool options_are_harmless(const uint8_t *options, size_t size)
{
	for (size_t at = 0; at < size && options[at] != IPV4_OPTION_END;) {
		if (options[at] == IPV4_OPTION_NOP) {
			at++;
			continue;
		}
		if (options[at] == IPV4_OPTION_LOOSE_ROUTE ||
		    options[at] == IPV4_OPTION_STRICT_ROUTE || at + 1 >= size ||
		    options[at + 1] < 2 || options[at + 1] > size - at)
			return false;
		at += options[at + 1];
	}
	return true;
}

/** In software unless the NIC has done it. */
static bool ipv4_checksum_is_right(const uint8_t *ip, size_t header_length,
                                   enum reflect_checksum checksum)
{
	if (checksum == CHECKSUM_UNKNOWN)
		return checksum_fold(checksum_sum(ip, header_length)) == 0xffff;
	return checksum == CHECKSUM_GOOD;
}

enum parse_result parse_ipv4(const struct reflector_settings *settings, struct reflect_frame *frame,
                             enum reflect_checksum ip_checksum, uint8_t *network,
                             struct packet *packet, struct flow_key *flow)
{
	const uint8_t *ip = network;
	size_t available = frame->length - (size_t)(network - frame->octets);

	packet->frame = frame;
	packet->network = network;

	if (available < IPV4_HEADER_SIZE)
		return PARSE_TRUNCATED;
	uint16_t header_length = (uint16_t)((ip[IPV4_VERSION_IHL] & 0x0f) * 4);
	uint16_t total_length = load_be16(ip + IPV4_TOTAL_LENGTH);
	uint16_t fragment = load_be16(ip + IPV4_FRAGMENT);
	if (ip[IPV4_VERSION_IHL] >> 4 != 4 || header_length < IPV4_HEADER_SIZE)
		return PARSE_EXCEPTION;
	if (total_length < header_length || total_length > available)
		return PARSE_TRUNCATED;
	if (ip[IPV4_PROTOCOL] != NEXT_HEADER_UDP || (fragment & IPV4_OFFSET_MASK) != 0)
		return PARSE_EXCEPTION;
	if (header_length > IPV4_HEADER_SIZE &&
	    !options_are_harmless(ip + IPV4_HEADER_SIZE, header_length - IPV4_HEADER_SIZE))
		return PARSE_EXCEPTION;
	flow_address_from_ipv4(flow->source, ip + IPV4_SOURCE);
	flow_address_from_ipv4(flow->destination, ip + IPV4_DESTINATION);
	packet->ipv6 = false;
	packet->ttl = ip[IPV4_TTL];
	packet->payload = packet->network + header_length + UDP_HEADER_SIZE;
	enum parse_result result = parse_udp(settings, (fragment & IPV4_MORE_FRAGMENTS) != 0,
	                                     (size_t)(total_length - header_length), packet, flow);
	if (result == PARSE_TEST_PORT && !ipv4_checksum_is_right(ip, header_length, ip_checksum))
		return when_own(settings, flow, PARSE_CHECKSUM);
	return result;
}

/** Where the walk over IPv6 extension headers stands. */
struct extension_walk {
	size_t at;  /**< offset from the IPv6 header */
	size_t end; /**< of the IPv6 payload */
	uint8_t next_header;
	bool fragmented;
};

/** One extension header; PARSE_TEST_PORT means: go on. */
static enum parse_result skip_extension(const uint8_t *ip, struct extension_walk *walk)
{
	const uint8_t *extension = ip + walk->at;

	if (walk->end - walk->at < IPV6_EXTENSION_UNIT)
		return PARSE_TRUNCATED;
	size_t size = (extension[IPV6_EXTENSION_LENGTH] + 1u) * IPV6_EXTENSION_UNIT;
	switch (walk->next_header) {
	case NEXT_HEADER_HOP_BY_HOP:
		if (walk->at != IPV6_HEADER_SIZE) /* RFC 8200 section 4.1: only as the first */
			return PARSE_EXCEPTION;
		break;
	case NEXT_HEADER_DESTINATION:
		break;
	case NEXT_HEADER_ROUTING:
		if (extension[IPV6_ROUTING_SEGMENTS] != 0) /* meant to go further */
			return PARSE_EXCEPTION;
		break;
	case NEXT_HEADER_FRAGMENT:
		if ((load_be16(extension + IPV6_FRAGMENT_OFFSET) & IPV6_FRAGMENT_OFFSET_MASK) != 0)
			return PARSE_EXCEPTION;
		walk->fragmented = true;
		size = IPV6_EXTENSION_UNIT;
		break;
	default:
		return PARSE_EXCEPTION;
	}
	if (size > walk->end - walk->at)
		return walk->fragmented ? PARSE_EXCEPTION : PARSE_TRUNCATED;
	walk->next_header = extension[0];
	walk->at += size;
	return PARSE_TEST_PORT;
}

enum parse_result parse_ipv6(const struct reflector_settings *settings, struct reflect_frame *frame,
                             uint8_t *network, struct packet *packet, struct flow_key *flow)
{
	const uint8_t *ip = network;
	size_t available = frame->length - (size_t)(network - frame->octets);

	packet->frame = frame;
	packet->network = network;

	if (available < IPV6_HEADER_SIZE)
		return PARSE_TRUNCATED;
	if (ip[IPV6_VERSION_CLASS_LABEL] >> 4 != 6)
		return PARSE_EXCEPTION;
	struct extension_walk walk = {.at = IPV6_HEADER_SIZE,
	                              .end = (size_t)IPV6_HEADER_SIZE +
	                                     load_be16(ip + IPV6_PAYLOAD_LENGTH),
	                              .next_header = ip[IPV6_NEXT_HEADER]};
	if (walk.end > available)
		return PARSE_TRUNCATED;
	for (unsigned i = 0; walk.next_header != NEXT_HEADER_UDP; i++) {
		enum parse_result result =
		        i < IPV6_EXTENSIONS_MAX ? skip_extension(ip, &walk) : PARSE_EXCEPTION;

		if (result != PARSE_TEST_PORT)
			return result;
	}
	/* Never on a wire (RFC 4038 section 4.2); here it would look like a flow of IPv4. */
	if (memcmp(ip + IPV6_DESTINATION, ipv4_mapped, sizeof(ipv4_mapped)) == 0)
		return PARSE_EXCEPTION;
	memcpy(flow->source, ip + IPV6_SOURCE, IPV6_ADDRESS_SIZE);
	memcpy(flow->destination, ip + IPV6_DESTINATION, IPV6_ADDRESS_SIZE);
	packet->ipv6 = true;
	packet->ttl = ip[IPV6_HOP_LIMIT];
	packet->payload = packet->network + walk.at + UDP_HEADER_SIZE;
	enum parse_result result =
	        parse_udp(settings, walk.fragmented, walk.end - walk.at, packet, flow);
	if (result == PARSE_TEST_PORT && !packet->has_checksum)
		return when_own(settings, flow, PARSE_CHECKSUM);
	return result;
}
