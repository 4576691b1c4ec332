/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/flow.h"

#include "unit.h"

static void check(const char *sender_text, const char *reflector_text)
{
	struct endpoint sender = {.port = 30000}, reflector = {.port = 862};
	struct endpoint sender_again, reflector_again;
	struct flow_key key;

	CU_ASSERT_EQUAL_FATAL(address_parse(sender_text, &sender.address), 0);
	CU_ASSERT_EQUAL_FATAL(address_parse(reflector_text, &reflector.address), 0);
	flow_key_make(&key, &sender, &reflector, 5, 6);
	flow_key_endpoints(&key, &sender_again, &reflector_again);
	CU_ASSERT_TRUE(address_equal(&sender.address, &sender_again.address));
	CU_ASSERT_TRUE(address_equal(&reflector.address, &reflector_again.address));
	CU_ASSERT_EQUAL(sender_again.port, 30000);
	CU_ASSERT_EQUAL(reflector_again.port, 862);
}

static void a_key_gives_its_endpoints_back(void)
{
	check("192.0.2.1", "203.0.113.255");
	check("2001:db8::1", "::1");
	check("::ffff:0:0:1", "fe80::1");
}

int main(void)
{
	CU_TestInfo tests[] = {{"a key gives its endpoints back", a_key_gives_its_endpoints_back},
	                       CU_TEST_INFO_NULL};
	return unit_run("session-flow", tests);
}
