/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "unit.h"

static union {
	struct nlmsghdr header;
	uint8_t octets[256];
} message;

static void begin(uint16_t type, const void *family_header, size_t size)
{
	memset(&message, 0, sizeof(message));
	message.header.nlmsg_type = type;
	message.header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&message.header), family_header, size);
}

static void add(uint16_t type, const void *data, size_t size)
{
	struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(size)};
	size_t at = NLMSG_ALIGN(message.header.nlmsg_len);

	memcpy(message.octets + at, &attribute, sizeof(attribute));
	memcpy(message.octets + at + RTA_LENGTH(0), data, size);
	message.header.nlmsg_len = (uint32_t)(at + attribute.rta_len);
}

static void gateways_are_read(void)
{
	struct rtmsg route = {.rtm_family = AF_INET};
	static const uint8_t gateway[4] = {192, 0, 2, 254};
	uint32_t table = 254;
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	begin(RTM_NEWROUTE, &route, sizeof(route));
	add(RTA_TABLE, &table, sizeof(table));
	CU_ASSERT_TRUE(neighbour_read_route(&message, message.header.nlmsg_len, &address));
	CU_ASSERT_EQUAL(address.family, 0);
	add(RTA_GATEWAY, gateway, sizeof(gateway));
	CU_ASSERT_TRUE(neighbour_read_route(&message, message.header.nlmsg_len, &address));
	CU_ASSERT_STRING_EQUAL(address_format(&address, text), "192.0.2.254");
	message.header.nlmsg_type = NLMSG_ERROR;
	CU_ASSERT_FALSE(neighbour_read_route(&message, message.header.nlmsg_len, &address));
}

static void ipv6_gateways_are_read(void)
{
	struct rtmsg route = {.rtm_family = AF_INET6};
	static const uint8_t gateway[16] = {0xfe, 0x80, [15] = 1};
	struct address address;

	begin(RTM_NEWROUTE, &route, sizeof(route));
	add(RTA_GATEWAY, gateway, sizeof(gateway));
	CU_ASSERT_TRUE(neighbour_read_route(&message, message.header.nlmsg_len, &address));
	CU_ASSERT_EQUAL(address.family, 6);
	CU_ASSERT_EQUAL(memcmp(address.octets, gateway, sizeof(gateway)), 0);
}

static void only_valid_entries_are_taken(void)
{
	static const uint8_t expected[FRAME_MAC_SIZE] = {2, 0, 0, 0, 0, 7};
	static const uint8_t address[4] = {192, 0, 2, 2};
	static const uint16_t bad[] = {NUD_INCOMPLETE, NUD_FAILED, NUD_NONE};
	static const uint16_t good[] = {NUD_REACHABLE, NUD_STALE, NUD_PERMANENT, NUD_DELAY};
	uint8_t mac[FRAME_MAC_SIZE] = {0};
	struct ndmsg entry = {.ndm_family = AF_INET};

	for (unsigned i = 0; i < 3; i++) {
		entry.ndm_state = bad[i];
		begin(RTM_NEWNEIGH, &entry, sizeof(entry));
		add(NDA_DST, address, sizeof(address));
		add(NDA_LLADDR, expected, sizeof(expected));
		CU_ASSERT_FALSE(neighbour_read_entry(&message, message.header.nlmsg_len, mac));
	}
	for (unsigned i = 0; i < 4; i++) {
		entry.ndm_state = good[i];
		begin(RTM_NEWNEIGH, &entry, sizeof(entry));
		add(NDA_DST, address, sizeof(address));
		CU_ASSERT_FALSE(neighbour_read_entry(&message, message.header.nlmsg_len, mac));
		add(NDA_LLADDR, expected, sizeof(expected));
		CU_ASSERT_TRUE(neighbour_read_entry(&message, message.header.nlmsg_len, mac));
		CU_ASSERT_EQUAL(memcmp(mac, expected, sizeof(mac)), 0);
	}
}

static void cut_messages_are_refused(void)
{
	static const uint8_t expected[FRAME_MAC_SIZE] = {2, 0, 0, 0, 0, 7};
	struct ndmsg entry = {.ndm_family = AF_INET, .ndm_state = NUD_REACHABLE};
	uint8_t mac[FRAME_MAC_SIZE];

	begin(RTM_NEWNEIGH, &entry, sizeof(entry));
	add(NDA_LLADDR, expected, sizeof(expected));
	for (size_t size = 0; size < message.header.nlmsg_len; size++)
		CU_ASSERT_FALSE(neighbour_read_entry(&message, size, mac));
	struct rtattr *attribute =
	        (struct rtattr *)(void *)(message.octets + NLMSG_LENGTH(sizeof(entry)));
	attribute->rta_len = 200;
	CU_ASSERT_FALSE(neighbour_read_entry(&message, message.header.nlmsg_len, mac));
	attribute->rta_len = 0;
	CU_ASSERT_FALSE(neighbour_read_entry(&message, message.header.nlmsg_len, mac));
}

static void interfaces_are_named_as_the_exception_path_does(void)
{
	struct config_port port = {.kernel_interface = "load0"};
	struct load_group group = {0};
	char name[CONFIG_INTERFACE_SIZE];

	CU_ASSERT_TRUE(neighbour_interface(&port, &group, name));
	CU_ASSERT_STRING_EQUAL(name, "load0");
	group.vlan = 20;
	CU_ASSERT_TRUE(neighbour_interface(&port, &group, name));
	CU_ASSERT_STRING_EQUAL(name, "load0.20");
	group.outer_vlan = 30;
	CU_ASSERT_TRUE(neighbour_interface(&port, &group, name));
	CU_ASSERT_STRING_EQUAL(name, "load0.30.20");
	strcpy(port.kernel_interface, "long-name-12345");
	CU_ASSERT_FALSE(neighbour_interface(&port, &group, name));
}

static void networks_of_the_port_are_on_link(void)
{
	static struct config_port port;
	struct load_group group = {0};
	static const struct {
		const char *network;
		uint8_t length;
		const char *reflector;
		bool on_link;
	} cases[] = {
	        {"192.0.2.1", 24, "192.0.2.200", true},
	        {"192.0.2.1", 25, "192.0.2.200", false},
	        {"192.0.2.1", 0, "198.51.100.1", true},
	        {"192.0.2.1", 32, "192.0.2.2", false},
	        {"2001:db8::1", 64, "2001:db8::7", true},
	        {"2001:db8::1", 127, "2001:db8::7", false},
	        {"2001:db8::1", 128, "2001:db8::1", true},
	        {"192.0.2.1", 24, "2001:db8::7", false},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		port.address_count = 1;
		port.addresses[0].length = cases[i].length;
		CU_ASSERT_EQUAL(address_parse(cases[i].network, &port.addresses[0].address), 0);
		CU_ASSERT_EQUAL(address_parse(cases[i].reflector, &group.reflector), 0);
		CU_ASSERT_EQUAL(neighbour_on_link(&port, &group), cases[i].on_link);
	}
	port.vlan_count = 1;
	port.vlans[0] = (struct config_vlan){.id = 7, .address_count = 1};
	port.vlans[0].addresses[0].length = 24;
	CU_ASSERT_EQUAL(address_parse("198.51.100.1", &port.vlans[0].addresses[0].address), 0);
	CU_ASSERT_EQUAL(address_parse("198.51.100.9", &group.reflector), 0);
	CU_ASSERT_FALSE(neighbour_on_link(&port, &group));
	group.vlan = 7;
	CU_ASSERT_TRUE(neighbour_on_link(&port, &group));
}

static void the_configuration_comes_first(void)
{
	static struct load_config config;
	struct load_group group = {.name = "g"};
	uint8_t mac[FRAME_MAC_SIZE] = {0};
	struct error error;

	config.host.ports[0].exception = EXCEPTION_MANAGEMENT;
	CU_ASSERT_EQUAL(neighbour_find(&config, &group, -1, mac, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "reflector.mac"));
	config.peer_mac = (struct load_mac){.known = true, .octets = {2, 0, 0, 0, 0, 9}};
	CU_ASSERT_EQUAL(neighbour_find(&config, &group, -1, mac, &error), 0);
	CU_ASSERT_EQUAL(mac[5], 9);
}

int main(void)
{
	static CU_TestInfo tests[] = {
	        {"gateways_are_read", gateways_are_read},
	        {"ipv6_gateways_are_read", ipv6_gateways_are_read},
	        {"only_valid_entries_are_taken", only_valid_entries_are_taken},
	        {"cut_messages_are_refused", cut_messages_are_refused},
	        {"interfaces_are_named_as_the_exception_path_does",
	         interfaces_are_named_as_the_exception_path_does},
	        {"networks_of_the_port_are_on_link", networks_of_the_port_are_on_link},
	        {"the_configuration_comes_first", the_configuration_comes_first},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("load-neighbour", tests);
}
