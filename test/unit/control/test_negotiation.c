/* SPDX-License-Identifier: BSD-3-Clause */
/** Request to parameters, without a connection: RFC 5357 section 3.5, RFC 6038 section 4.2, RFC 4656 section 6.2. */
#include "control/negotiation.h"

#include <string.h>

#include "harness.h"
#include "unit.h"

static struct harness harness;
static struct negotiation_terms terms;
static struct request_tw_session request;
static struct negotiation result;

static struct address address(const char *text)
{
	struct address parsed;

	if (address_parse(text, &parsed) != 0)
		CU_FAIL_FATAL("address");
	return parsed;
}

/** An IPv4 or IPv6 control connection in a mode, and a request that is accepted. */
static void begin(uint8_t ip_version, uint32_t mode)
{
	harness_open(&harness);
	memset(&terms, 0, sizeof(terms));
	terms.config = harness.config;
	terms.mode = mode;
	terms.client.address = address(ip_version == 4 ? CLIENT_IPV4 : CLIENT_IPV6);
	terms.local.address = address(ip_version == 4 ? OUR_IPV4 : OUR_IPV6);
	request = client_request_template(ip_version);
}

static void end(void)
{
	harness_close(&harness);
}

static enum accept outcome(void)
{
	negotiate(&terms, &request, &result);
	return result.accept;
}

static void zero_addresses_are_the_connections(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_TRUE(address_equal(&result.sender.address, &terms.client.address));
	CU_ASSERT_TRUE(address_equal(&result.reflector.address, &terms.local.address));
	CU_ASSERT_EQUAL(result.sender.port, SENDER_PORT);
	end();
	begin(6, MODE_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_TRUE(address_equal(&result.sender.address, &terms.client.address));
	CU_ASSERT_TRUE(address_equal(&result.reflector.address, &terms.local.address));
	end();
}

static void fields_that_must_be_zero(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	request.conf_sender = 1;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	request = client_request_template(4);
	request.conf_receiver = 255;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	request = client_request_template(4);
	request.schedule_slots = 1;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	request = client_request_template(4);
	request.packets = 1;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	request = client_request_template(4);
	request.sender.port = 0;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_FALSE(result.foreign_address);
	end();
}

static void ip_version_must_fit_the_addresses(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	request.ip_version = 0;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	/* Zero addresses mean the connection's, which are IPv4. */
	request = client_request_template(6);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	/* Both given, and both allowed: the test may be of the other family. */
	harness.config->control.sender_addresses[0].address = address("2001:db8:1::");
	harness.config->control.sender_addresses[0].length = 47;
	request.sender.address = address("2001:db8:0:9::1");
	request.receiver.address = address(OUR_IPV6);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	request.sender.address = address("2001:db8:2::1");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	end();
}

static void receiver_address_must_be_ours(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	request.receiver.address = address("192.0.2.3");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_TRUE(result.foreign_address);
	/* Control on a management address that is not of the test ports. */
	request = client_request_template(4);
	terms.local.address = address("10.0.0.1");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_TRUE(result.foreign_address);
	request.receiver.address = address(OUR_IPV4);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	end();
}

static void vlan_of_the_receiver_address_is_taken(void)
{
	struct config_vlan *vlan;

	begin(4, MODE_UNAUTHENTICATED);
	vlan = &harness.config->ports[0].vlans[0];
	harness.config->ports[0].vlan_count = 1;
	vlan->id = 100;
	vlan->outer_id = 200;
	vlan->addresses[0].address = address("203.0.113.1");
	vlan->addresses[0].length = 24;
	vlan->address_count = 1;
	request.receiver.address = address("203.0.113.1");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	negotiate_port(harness.config, harness.sessions, &result);
	CU_ASSERT_EQUAL(result.parameters.flow.vlan, 100);
	CU_ASSERT_EQUAL(result.parameters.flow.outer_vlan, 200);
	end();
}

static void sender_address_must_be_the_clients_or_allowed(void)
{
	static const char *const refused[] = {
	        "192.0.2.99", "224.0.0.1",   "255.255.255.255", "192.0.2.255",
	        OUR_IPV4,     "198.51.99.1", "198.51.101.1",
	};

	begin(4, MODE_UNAUTHENTICATED);
	request.sender.address = address("198.51.100.7");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		request.sender.address = address(refused[i]);
		CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
		CU_ASSERT_TRUE(result.foreign_address);
	}
	/* Even where the configuration allows everything. */
	harness.config->control.sender_addresses[0].length = 0;
	request.sender.address = address("192.0.2.99");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	for (size_t i = 1; i < 5; i++) {
		request.sender.address = address(refused[i]);
		CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	}
	end();
	begin(6, MODE_UNAUTHENTICATED);
	harness.config->control.sender_addresses[0].address = address("::");
	harness.config->control.sender_addresses[0].length = 0;
	request.sender.address = address("ff02::1");
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	end();
}

static void test_mode_follows_the_security_mode(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.parameters.mode, TEST_UNAUTHENTICATED);
	terms.mode = MODE_MIXED | MODE_IKEV2_DERIVED;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.parameters.mode, TEST_UNAUTHENTICATED);
	terms.mode = MODE_AUTHENTICATED | MODE_SYMMETRICAL_SIZE;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.parameters.mode, TEST_AUTHENTICATED);
	CU_ASSERT_TRUE(result.parameters.symmetrical_size);
	CU_ASSERT_FALSE(result.parameters.reflect_octets);
	terms.mode = MODE_ENCRYPTED;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.parameters.mode, TEST_ENCRYPTED);
	end();
}

static void features_follow_the_mode(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_FALSE(result.parameters.monitoring || result.parameters.ptp_timestamps);
	terms.mode = MODE_ENCRYPTED | MODE_DSCP_ECN_MONITORING;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_TRUE(result.parameters.monitoring);
	CU_ASSERT_FALSE(result.parameters.ptp_timestamps);
	terms.mode = MODE_MIXED | MODE_PTP_TIMESTAMPS;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_FALSE(result.parameters.monitoring);
	CU_ASSERT_TRUE(result.parameters.ptp_timestamps);
	end();
}

static void type_p_is_a_dscp_or_refused(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	request.type_p = type_p_from_dscp(34);
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.parameters.dscp, 34);
	request.type_p = 0x40000000; /* PHB ID */
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	end();
}

static void timeout_has_a_maximum(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	request.timeout = 60ULL << 32;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.timeout, 60ULL << 32);
	request.timeout++;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	request.timeout = UINT64_MAX;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	end();
}

/** Accepts exactly from minimum octets of padding on. */
static void expect_minimum_padding(uint32_t mode, uint16_t reflected, uint32_t minimum)
{
	terms.mode = mode;
	request.padding_to_reflect_length = reflected;
	request.padding_length = minimum;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	CU_ASSERT_EQUAL(result.parameters.padding_to_reflect_length,
	                (mode & MODE_REFLECT_OCTETS) != 0 ? reflected : 0);
	if (minimum == 0)
		return;
	request.padding_length = minimum - 1;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
}

static void reflected_padding_needs_enough_padding(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	expect_minimum_padding(MODE_UNAUTHENTICATED, 100, 0);
	expect_minimum_padding(MODE_UNAUTHENTICATED | MODE_REFLECT_OCTETS, 0, 27);
	expect_minimum_padding(MODE_UNAUTHENTICATED | MODE_REFLECT_OCTETS, 10, 37);
	expect_minimum_padding(MODE_MIXED | MODE_REFLECT_OCTETS, 10, 37);
	expect_minimum_padding(MODE_AUTHENTICATED | MODE_REFLECT_OCTETS, 10, 74);
	expect_minimum_padding(MODE_ENCRYPTED | MODE_REFLECT_OCTETS, 10, 74);
	expect_minimum_padding(MODE_UNAUTHENTICATED | MODE_REFLECT_OCTETS | MODE_SYMMETRICAL_SIZE,
	                       10, 11);
	expect_minimum_padding(MODE_ENCRYPTED | MODE_REFLECT_OCTETS | MODE_SYMMETRICAL_SIZE, 10,
	                       11);
	expect_minimum_padding(MODE_ENCRYPTED | MODE_REFLECT_OCTETS | MODE_SYMMETRICAL_SIZE, 0, 0);
	/* RFC 7750: the reply's header has three octets more, or one and two with Symmetrical Size; secured ones are as long as ever. */
	expect_minimum_padding(
	        MODE_UNAUTHENTICATED | MODE_REFLECT_OCTETS | MODE_DSCP_ECN_MONITORING, 10, 40);
	expect_minimum_padding(MODE_MIXED | MODE_REFLECT_OCTETS | MODE_SYMMETRICAL_SIZE |
	                               MODE_DSCP_ECN_MONITORING,
	                       10, 12);
	expect_minimum_padding(MODE_ENCRYPTED | MODE_REFLECT_OCTETS | MODE_DSCP_ECN_MONITORING, 10,
	                       74);
	end();
}

static void packets_must_fit_the_mtu(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	request.padding_length = 1500 - 20 - 8 - 14;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	request.padding_length++;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	request.padding_length = UINT32_MAX;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	end();
	begin(6, MODE_ENCRYPTED);
	request.padding_length = 1500 - 40 - 8 - 48;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	request.padding_length++;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_NOT_SUPPORTED);
	end();
}

/** The port that a request for asked gets; the flow is published when take. 0: refused. */
static uint16_t port_for(uint16_t asked, bool take)
{
	struct session *session;

	request.receiver.port = asked;
	CU_ASSERT_EQUAL(outcome(), ACCEPT_OK);
	negotiate_port(harness.config, harness.sessions, &result);
	if (result.accept != ACCEPT_OK) {
		CU_ASSERT_EQUAL(result.accept, ACCEPT_TEMPORARY_LIMIT);
		return 0;
	}
	if (take)
		CU_ASSERT_EQUAL(
		        session_publish(harness.sessions, &result.parameters, &session, NULL), 0);
	return result.reflector.port;
}

static void port_is_the_one_asked_for_or_the_next_free_one(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(port_for(20005, true), 20005);
	CU_ASSERT_EQUAL(port_for(20005, true), 20006);
	CU_ASSERT_EQUAL(port_for(0, false), 20000);
	CU_ASSERT_EQUAL(port_for(19999, false), 20000);
	CU_ASSERT_EQUAL(port_for(20010, false), 20000);
	CU_ASSERT_EQUAL(port_for(20009, true), 20009);
	CU_ASSERT_EQUAL(port_for(20009, false), 20000);
	for (unsigned i = 0; i < 7; i++)
		CU_ASSERT_NOT_EQUAL(port_for(20000, true), 0);
	CU_ASSERT_EQUAL(port_for(20000, true), 0);
	/* Another sender has flows of its own. */
	request.sender.port++;
	CU_ASSERT_EQUAL(port_for(20000, true), 20000);
	end();
}

static void the_whole_range_of_ports_is_fine(void)
{
	begin(4, MODE_UNAUTHENTICATED);
	harness.config->test.port_lower = 1;
	harness.config->test.port_upper = 65535;
	CU_ASSERT_EQUAL(port_for(65535, true), 65535);
	CU_ASSERT_EQUAL(port_for(65535, true), 1);
	end();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"zero addresses are the connection's", zero_addresses_are_the_connections},
	        {"fields that must be zero", fields_that_must_be_zero},
	        {"IP version must fit the addresses", ip_version_must_fit_the_addresses},
	        {"Receiver Address must be ours", receiver_address_must_be_ours},
	        {"VLAN of the Receiver Address is taken", vlan_of_the_receiver_address_is_taken},
	        {"Sender Address must be the client's or allowed",
	         sender_address_must_be_the_clients_or_allowed},
	        {"test mode follows the security mode", test_mode_follows_the_security_mode},
	        {"features follow the mode", features_follow_the_mode},
	        {"Type-P is a DSCP or refused", type_p_is_a_dscp_or_refused},
	        {"Timeout has a maximum", timeout_has_a_maximum},
	        {"reflected padding needs enough padding", reflected_padding_needs_enough_padding},
	        {"packets must fit the MTU", packets_must_fit_the_mtu},
	        {"port is the one asked for or the next free one",
	         port_is_the_one_asked_for_or_the_next_free_one},
	        {"the whole range of ports is fine", the_whole_range_of_ports_is_fine},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-negotiation", tests);
}
