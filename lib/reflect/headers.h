/* SPDX-License-Identifier: BSD-3-Clause */
/** Offsets, sizes and values of the headers below a test packet: Ethernet (IEEE 802.1Q), IPv4, IPv6, UDP. Network byte order. */
#ifndef SPECULAR_REFLECT_HEADERS_H
#define SPECULAR_REFLECT_HEADERS_H

#define ETHERNET_DESTINATION  0u
#define ETHERNET_SOURCE       6u
#define ETHERNET_TYPE         12u
#define ETHERNET_HEADER_SIZE  14u
#define ETHERNET_ADDRESS_SIZE 6u
#define ETHERNET_GROUP_BIT    0x01u /**< in an address' first octet: multicast or broadcast */

#define ETHERTYPE_IPV4_VALUE  0x0800u
#define ETHERTYPE_IPV6_VALUE  0x86ddu
#define ETHERTYPE_C_TAG_VALUE 0x8100u
#define ETHERTYPE_S_TAG_VALUE 0x88a8u
#define VLAN_TAG_SIZE         4u
#define VLAN_TAGS_MAX         2u
#define VLAN_ID_MASK          0x0fffu

#define IPV4_VERSION_IHL         0u
#define IPV4_TYPE_OF_SERVICE     1u
#define IPV4_TOTAL_LENGTH        2u
#define IPV4_IDENTIFICATION      4u
#define IPV4_FRAGMENT            6u
#define IPV4_TTL                 8u
#define IPV4_PROTOCOL            9u
#define IPV4_CHECKSUM            10u
#define IPV4_SOURCE              12u
#define IPV4_DESTINATION         16u
#define IPV4_HEADER_SIZE         20u
#define IPV4_ADDRESS_SIZE        4u
#define IPV4_NO_OPTIONS          0x45u
#define IPV4_DONT_FRAGMENT       0x4000u
#define IPV4_MORE_FRAGMENTS      0x2000u
#define IPV4_OFFSET_MASK         0x1fffu
#define IPV4_OPTION_END          0u
#define IPV4_OPTION_NOP          1u
#define IPV4_OPTION_LOOSE_ROUTE  131u
#define IPV4_OPTION_STRICT_ROUTE 137u

#define IPV6_VERSION_CLASS_LABEL  0u
#define IPV6_PAYLOAD_LENGTH       4u
#define IPV6_NEXT_HEADER          6u
#define IPV6_HOP_LIMIT            7u
#define IPV6_SOURCE               8u
#define IPV6_DESTINATION          24u
#define IPV6_HEADER_SIZE          40u
#define IPV6_ADDRESS_SIZE         16u
#define IPV6_FLOW_LABEL_MASK      0x000fffffu
#define IPV6_VERSION_SHIFT        28u
#define IPV6_TRAFFIC_CLASS_SHIFT  20u
#define IPV6_EXTENSION_UNIT       8u /**< extension headers are multiples of it */
#define IPV6_EXTENSION_LENGTH     1u /**< in units, without the first */
#define IPV6_ROUTING_SEGMENTS     3u /**< Segments Left */
#define IPV6_FRAGMENT_OFFSET      2u
#define IPV6_FRAGMENT_OFFSET_MASK 0xfff8u
/** More extension headers than anybody sends are left to the kernel. */
#define IPV6_EXTENSIONS_MAX 8u

#define NEXT_HEADER_HOP_BY_HOP  0u
#define NEXT_HEADER_UDP         17u
#define NEXT_HEADER_ROUTING     43u
#define NEXT_HEADER_FRAGMENT    44u
#define NEXT_HEADER_DESTINATION 60u

#define UDP_SOURCE_PORT      0u
#define UDP_DESTINATION_PORT 2u
#define UDP_PORTS_SIZE       4u
#define UDP_LENGTH           4u
#define UDP_CHECKSUM         6u
#define UDP_HEADER_SIZE      8u

#define TTL_OF_REPLIES 255u /**< RFC 5357 section 4.2.1 */

#endif
