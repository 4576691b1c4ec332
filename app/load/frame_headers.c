/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_headers.h"

#include <endian.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"

#define DSCP_SHIFT 2u

static uint8_t *put_tag(uint8_t *at, uint16_t type, uint16_t vlan)
{
	store_be16(at, type);
	store_be16(at + 2, vlan);
	return at + VLAN_TAG_SIZE;
}

/* Returns where the IP header begins. */
static uint8_t *put_ethernet(uint8_t *at, const struct frame_way *way, bool ipv6)
{
	memcpy(at + ETHERNET_DESTINATION, way->next_hop, FRAME_MAC_SIZE);
	memcpy(at + ETHERNET_SOURCE, way->station, FRAME_MAC_SIZE);
	at += ETHERNET_TYPE;
	if (way->outer_vlan != 0)
		at = put_tag(at, ETHERTYPE_S_TAG_VALUE, way->outer_vlan);
	if (way->vlan != 0)
		at = put_tag(at, ETHERTYPE_C_TAG_VALUE, way->vlan);
	store_be16(at, ipv6 ? ETHERTYPE_IPV6_VALUE : ETHERTYPE_IPV4_VALUE);
	return at + 2;
}

/* Not fragmented, so the identification may be anything: RFC 6864 section 4.1. */
static void put_ipv4(uint8_t *ip, const struct frame_way *way)
{
	ip[IPV4_VERSION_IHL] = IPV4_NO_OPTIONS;
	ip[IPV4_TYPE_OF_SERVICE] = (uint8_t)(way->dscp << DSCP_SHIFT);
	store_be16(ip + IPV4_FRAGMENT, IPV4_DONT_FRAGMENT);
	ip[IPV4_TTL] = way->ttl;
	ip[IPV4_PROTOCOL] = NEXT_HEADER_UDP;
	memcpy(ip + IPV4_SOURCE, way->sender.address.octets, IPV4_ADDRESS_SIZE);
	memcpy(ip + IPV4_DESTINATION, way->reflector.address.octets, IPV4_ADDRESS_SIZE);
}

static void put_ipv6(uint8_t *ip, const struct frame_way *way)
{
	uint32_t traffic_class = (uint32_t)way->dscp << DSCP_SHIFT;

	store_be32(ip + IPV6_VERSION_CLASS_LABEL,
	           6u << IPV6_VERSION_SHIFT | traffic_class << IPV6_TRAFFIC_CLASS_SHIFT);
	ip[IPV6_NEXT_HEADER] = NEXT_HEADER_UDP;
	ip[IPV6_HOP_LIMIT] = way->ttl;
	memcpy(ip + IPV6_SOURCE, way->sender.address.octets, IPV6_ADDRESS_SIZE);
	memcpy(ip + IPV6_DESTINATION, way->reflector.address.octets, IPV6_ADDRESS_SIZE);
}

void frame_headers_make(struct load_session *session, const struct frame_way *way)
{
	bool ipv6 = way->sender.address.family == 6;

	memset(session->headers, 0, sizeof(session->headers));
	uint8_t *ip = put_ethernet(session->headers, way, ipv6);
	uint8_t *addresses = ip + (ipv6 ? IPV6_SOURCE : IPV4_SOURCE);
	uint8_t *udp = ip + (ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE);

	if (ipv6)
		put_ipv6(ip, way);
	else
		put_ipv4(ip, way);
	store_be16(udp + UDP_SOURCE_PORT, way->sender.port);
	store_be16(udp + UDP_DESTINATION_PORT, way->reflector.port);
	session->ipv6 = ipv6;
	session->ttl = way->ttl;
	session->network_offset = (uint8_t)(ip - session->headers);
	session->headers_size = (uint8_t)(udp + UDP_HEADER_SIZE - session->headers);
	session->network_sum = ipv6 ? 0 : checksum_sum(ip, IPV4_HEADER_SIZE);
	/* Addresses stand right before UDP in both versions: source, destination. */
	session->udp_sum = checksum_add(checksum_sum(addresses, (size_t)(udp - addresses)),
	                                checksum_sum(udp, UDP_PORTS_SIZE));
	session->udp_sum = checksum_add(session->udp_sum, htobe16(NEXT_HEADER_UDP));
}
