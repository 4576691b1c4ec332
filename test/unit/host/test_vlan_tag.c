/* SPDX-License-Identifier: BSD-3-Clause */
#include "vlan_tag.h"

#include <string.h>

#include "unit.h"

#define FRAME_SIZE     60u
#define ETHERTYPE_IPV4 0x0800u

static uint8_t frame[FRAME_SIZE];
static struct vlan_tags tags;

/* Types and tag control words, alternating, from behind the MAC addresses on. */
static void fill(const uint16_t *words, size_t count)
{
	memset(frame, 0, sizeof(frame));
	for (size_t i = 0; i < count; i++)
		store_be16(frame + VLAN_MAC_SIZE + 2 * i, words[i]);
}

static void check(uint16_t id, uint16_t outer_id, uint16_t size)
{
	CU_ASSERT(vlan_tags_read(frame, sizeof(frame), &tags));
	CU_ASSERT_EQUAL(tags.id, id);
	CU_ASSERT_EQUAL(tags.outer_id, outer_id);
	CU_ASSERT_EQUAL(tags.size, size);
}

static void tags_are_read(void)
{
	fill((uint16_t[]){ETHERTYPE_IPV4}, 1);
	check(0, 0, 0);
	fill((uint16_t[]){ETHERTYPE_CUSTOMER, 0xe064, ETHERTYPE_IPV4}, 3);
	check(100, 0, 4);
	fill((uint16_t[]){ETHERTYPE_SERVICE, 200, ETHERTYPE_CUSTOMER, 7, ETHERTYPE_IPV4}, 5);
	check(7, 200, 8);
	CU_ASSERT_EQUAL(tags.outer_type, ETHERTYPE_SERVICE);
	fill((uint16_t[]){ETHERTYPE_CUSTOMER, 0xe000, ETHERTYPE_IPV4}, 3);
	check(0, 0, 4);
}

static void a_third_tag_is_payload(void)
{
	fill((uint16_t[]){ETHERTYPE_SERVICE, 1, ETHERTYPE_CUSTOMER, 2, ETHERTYPE_CUSTOMER, 3,
	                  ETHERTYPE_IPV4},
	     7);
	check(2, 1, 8);
}

static void short_frames_are_refused(void)
{
	fill((uint16_t[]){ETHERTYPE_SERVICE, 200, ETHERTYPE_CUSTOMER, 7, ETHERTYPE_IPV4}, 5);
	for (size_t length = 0; length < VLAN_MAC_SIZE + 2 * VLAN_TAG_SIZE + 2; length++)
		CU_ASSERT_FALSE(vlan_tags_read(frame, length, &tags));
	CU_ASSERT(vlan_tags_read(frame, VLAN_MAC_SIZE + 2 * VLAN_TAG_SIZE + 2, &tags));
}

static void written_tags_are_read_back(void)
{
	struct vlan_tags two = {
	        .id = 7, .outer_id = 200, .outer_type = ETHERTYPE_SERVICE, .size = 8};
	struct vlan_tags one = {.id = 4094, .size = 4};

	fill((uint16_t[]){0, 0, 0, 0, ETHERTYPE_IPV4}, 5);
	vlan_tags_write(frame, &two);
	check(7, 200, 8);
	fill((uint16_t[]){0, 0, ETHERTYPE_IPV4}, 3);
	vlan_tags_write(frame, &one);
	check(4094, 0, 4);
}

int main(void)
{
	CU_TestInfo tests[] = {{"tags are read", tags_are_read},
	                       {"a third tag is payload", a_third_tag_is_payload},
	                       {"short frames are refused", short_frames_are_refused},
	                       {"written tags are read back", written_tags_are_read_back},
	                       CU_TEST_INFO_NULL};
	return unit_run("host-vlan-tag", tests);
}
