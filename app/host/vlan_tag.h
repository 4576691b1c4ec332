/* SPDX-License-Identifier: BSD-3-Clause */
/** VLAN tags at the front of an Ethernet frame: IEEE 802.1Q and 802.1ad (QinQ). */
#ifndef SPECULAR_HOST_VLAN_TAG_H
#define SPECULAR_HOST_VLAN_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define VLAN_MAC_SIZE      12u /**< destination and source, before the tags */
#define VLAN_TAG_SIZE      4u
#define VLAN_TAGS_MAX      2u
#define VLAN_ID_MASK       0x0fffu
#define ETHERTYPE_CUSTOMER 0x8100u /**< 802.1Q */
#define ETHERTYPE_SERVICE  0x88a8u /**< 802.1ad */

/** VLAN IDs in the configuration's terms: id is the inner or only one, 0 for none. */
struct vlan_tags {
	uint16_t id;
	uint16_t outer_id;
	uint16_t outer_type; /**< EtherType of the outer tag, 0 without */
	uint16_t size;       /**< octets that the tags take: 0, 4 or 8 */
};

static inline bool vlan_is_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_CUSTOMER || ethertype == ETHERTYPE_SERVICE;
}

/** Reads up to two tags; a tag with ID 0 only carries priority and counts as none. False when the frame is cut short. */
static inline bool vlan_tags_read(const uint8_t *frame, size_t length, struct vlan_tags *tags)
{
	*tags = (struct vlan_tags){0};
	for (unsigned i = 0; i <= VLAN_TAGS_MAX; i++) {
		size_t at = VLAN_MAC_SIZE + tags->size;
		if (length < at + sizeof(uint16_t))
			return false;
		uint16_t type = load_be16(frame + at);
		if (i == VLAN_TAGS_MAX || !vlan_is_tag(type))
			break;
		if (length < at + VLAN_TAG_SIZE + sizeof(uint16_t))
			return false;
		if (tags->id != 0) {
			tags->outer_id = tags->id;
			tags->outer_type = load_be16(frame + VLAN_MAC_SIZE);
		}
		tags->id = load_be16(frame + at + sizeof(uint16_t)) & VLAN_ID_MASK;
		tags->size = (uint16_t)(tags->size + VLAN_TAG_SIZE);
	}
	return true;
}

/** Writes the tags (tags->size octets) behind the MAC addresses. */
static inline void vlan_tags_write(uint8_t *frame, const struct vlan_tags *tags)
{
	uint8_t *at = frame + VLAN_MAC_SIZE;

	if (tags->outer_id != 0) {
		store_be16(at, tags->outer_type);
		store_be16(at + sizeof(uint16_t), tags->outer_id);
		at += VLAN_TAG_SIZE;
	}
	if (tags->id != 0) {
		store_be16(at, ETHERTYPE_CUSTOMER);
		store_be16(at + sizeof(uint16_t), tags->id);
	}
}

#endif
