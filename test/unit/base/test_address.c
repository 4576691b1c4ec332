/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/address.h"

#include <netinet/in.h>
#include <string.h>

#include "base/error.h"
#include "unit.h"

static struct address parsed(const char *text)
{
	struct address address;

	CU_ASSERT_EQUAL(address_parse(text, &address), 0);
	return address;
}

static void texts_round_trip(void)
{
	static const char *const texts[] = {"192.0.2.1",
	                                    "0.0.0.0",
	                                    "255.255.255.255",
	                                    "2001:db8::1",
	                                    "::",
	                                    "fe80::1:2:3:4",
	                                    "2001:db8:1111:2222:3333:4444:5555:6666"};
	char text[ADDRESS_TEXT_SIZE];

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct address address = parsed(texts[i]);
		CU_ASSERT_EQUAL(address.family, strchr(texts[i], ':') == NULL ? 4 : 6);
		CU_ASSERT_STRING_EQUAL(address_format(&address, text), texts[i]);
	}
}

static void malformed_texts_are_refused(void)
{
	static const char *const texts[] = {"",           "192.0.2",     "192.0.2.256",
	                                    "192.0.2.1 ", "host.lab",    "2001:db8::g",
	                                    "[::1]",      "1.2.3.4:862", "fe80::1%eth0"};
	struct address address;

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_EQUAL(address_parse(texts[i], &address), ERROR_FORMAT);
		CU_ASSERT_EQUAL(address.family, 0);
	}
}

static void octets_are_in_network_order(void)
{
	static const uint8_t ipv4[4] = {192, 0, 2, 1};
	struct address address = parsed("192.0.2.1");
	struct address made = address_make(4, ipv4);

	CU_ASSERT(memcmp(address.octets, ipv4, sizeof(ipv4)) == 0);
	for (unsigned i = 4; i < sizeof(address.octets); i++)
		CU_ASSERT_EQUAL(address.octets[i], 0);
	CU_ASSERT(address_equal(&address, &made));
}

static void families_are_not_equal(void)
{
	struct address ipv4 = parsed("0.0.0.0");
	struct address ipv6 = parsed("::");
	struct address none = {0};
	struct address other = parsed("0.0.0.1");
	char text[ADDRESS_TEXT_SIZE];

	CU_ASSERT(!address_equal(&ipv4, &ipv6));
	CU_ASSERT(!address_equal(&ipv4, &none));
	CU_ASSERT(!address_equal(&ipv4, &other));
	CU_ASSERT(address_is_unspecified(&ipv4));
	CU_ASSERT(address_is_unspecified(&ipv6));
	CU_ASSERT(address_is_unspecified(&none));
	CU_ASSERT(!address_is_unspecified(&other));
	CU_ASSERT_STRING_EQUAL(address_format(&none, text), "none");
}

static void endpoint_texts(void)
{
	struct endpoint ipv4 = {parsed("192.0.2.1"), 862};
	struct endpoint ipv6 = {parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 65535};
	char text[ENDPOINT_TEXT_SIZE];

	CU_ASSERT_STRING_EQUAL(endpoint_format(&ipv4, text), "192.0.2.1:862");
	CU_ASSERT_STRING_EQUAL(endpoint_format(&ipv6, text),
	                       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void sockaddr_round_trip(void)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};

	for (unsigned i = 0; i < 2; i++) {
		struct endpoint endpoint = {parsed(texts[i]), 20001};
		struct endpoint back;
		struct sockaddr_storage storage;
		socklen_t length = endpoint_to_sockaddr(&endpoint, &storage);
		CU_ASSERT_EQUAL(length,
		                i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		CU_ASSERT_EQUAL(storage.ss_family, i == 0 ? AF_INET : AF_INET6);
		CU_ASSERT_EQUAL(endpoint_from_sockaddr((struct sockaddr *)&storage, &back), 0);
		CU_ASSERT(address_equal(&back.address, &endpoint.address));
		CU_ASSERT_EQUAL(back.port, 20001);
	}
}

static void v4_mapped_becomes_ipv4(void)
{
	struct endpoint mapped = {parsed("::ffff:192.0.2.1"), 862};
	struct address expected = parsed("192.0.2.1");
	struct endpoint back;
	struct sockaddr_storage storage;

	CU_ASSERT_EQUAL(mapped.address.family, 6);
	(void)endpoint_to_sockaddr(&mapped, &storage);
	CU_ASSERT_EQUAL(endpoint_from_sockaddr((struct sockaddr *)&storage, &back), 0);
	CU_ASSERT(address_equal(&back.address, &expected));
	CU_ASSERT_EQUAL(back.port, 862);
}

static void other_families_are_refused(void)
{
	struct sockaddr_storage storage = {.ss_family = AF_UNIX};
	struct endpoint endpoint;

	CU_ASSERT_EQUAL(endpoint_from_sockaddr((struct sockaddr *)&storage, &endpoint),
	                ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(endpoint.address.family, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {{"texts round trip", texts_round_trip},
	                       {"malformed texts are refused", malformed_texts_are_refused},
	                       {"octets are in network order", octets_are_in_network_order},
	                       {"families are not equal", families_are_not_equal},
	                       {"endpoint texts", endpoint_texts},
	                       {"sockaddr round trip", sockaddr_round_trip},
	                       {"v4-mapped becomes IPv4", v4_mapped_becomes_ipv4},
	                       {"other families are refused", other_families_are_refused},
	                       CU_TEST_INFO_NULL};
	return unit_run("base-address", tests);
}
