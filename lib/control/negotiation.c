/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/negotiation.h"

#include <string.h>

#include "wire/test_packet.h"

#define IPV4_HEADER_SIZE 20u
#define IPV6_HEADER_SIZE 40u
#define UDP_HEADER_SIZE  8u

#define IPV4_MULTICAST_FIRST 224u /**< from 224/4 on: multicast, reserved, limited broadcast */
#define IPV6_MULTICAST_FIRST 0xffu

static bool prefix_contains(const struct config_prefix *prefix, const struct address *address)
{
	unsigned whole = prefix->length / 8u;
	unsigned rest = prefix->length % 8u;

	if (prefix->address.family != address->family || whole > sizeof(address->octets))
		return false;
	if (memcmp(prefix->address.octets, address->octets, whole) != 0)
		return false;
	return rest == 0 ||
	       ((prefix->address.octets[whole] ^ address->octets[whole]) >> (8u - rest)) == 0;
}

/** The last address of an IPv4 prefix that has a broadcast address. */
static bool is_broadcast_of(const struct config_prefix *prefix, const struct address *address)
{
	if (prefix->address.family != 4 || prefix->length > 30 || !prefix_contains(prefix, address))
		return false;
	for (unsigned bit = prefix->length; bit < 32; bit++) {
		if ((address->octets[bit / 8] & (0x80u >> (bit % 8))) == 0)
			return false;
	}
	return true;
}

static bool is_own_broadcast(const struct config *config, const struct address *address)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];

		for (unsigned j = 0; j < port->address_count; j++) {
			if (is_broadcast_of(&port->addresses[j], address))
				return true;
		}
		for (unsigned v = 0; v < port->vlan_count; v++) {
			for (unsigned j = 0; j < port->vlans[v].address_count; j++) {
				if (is_broadcast_of(&port->vlans[v].addresses[j], address))
					return true;
			}
		}
	}
	return false;
}

static bool is_multicast(const struct address *address)
{
	return address->octets[0] >=
	       (address->family == 4 ? IPV4_MULTICAST_FIRST : IPV6_MULTICAST_FIRST);
}

static bool port_has_address(const struct config_port *port, const struct address *address)
{
	for (unsigned j = 0; j < port->address_count; j++) {
		if (address_equal(&port->addresses[j].address, address))
			return true;
	}
	for (unsigned v = 0; v < port->vlan_count; v++) {
		for (unsigned j = 0; j < port->vlans[v].address_count; j++) {
			if (address_equal(&port->vlans[v].addresses[j].address, address))
				return true;
		}
	}
	return false;
}

/** MTU of the port that has an address of ours; UINT16_MAX when it is not set. */
static uint16_t mtu_of(const struct config *config, const struct address *address)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		if (port_has_address(&config->ports[i], address) && config->ports[i].mtu != 0)
			return config->ports[i].mtu;
	}
	return UINT16_MAX;
}

static void refuse(struct negotiation *result, enum accept accept, const char *reason)
{
	result->accept = accept;
	result->reason = reason;
}

/** The form of the command: RFC 5357 section 3.5. */
static const char *form_error(const struct request_tw_session *request)
{
	if (request->ip_version != 4 && request->ip_version != 6)
		return "IPVN is neither 4 nor 6";
	if (request->conf_sender != 0 || request->conf_receiver != 0)
		return "Conf-Sender or Conf-Receiver is not zero";
	if (request->schedule_slots != 0 || request->packets != 0)
		return "Number of Schedule Slots or Number of Packets is not zero";
	if (request->sender.port == 0)
		return "Sender Port is zero";
	return NULL;
}

/** Zero octets mean the connection's own address. */
static struct address resolve(const struct address *asked, const struct address *connection)
{
	return address_is_unspecified(asked) ? *connection : *asked;
}

static bool sender_is_allowed(const struct negotiation_terms *terms, const struct address *sender)
{
	const struct config_control *control = &terms->config->control;

	if (address_equal(sender, &terms->client.address))
		return true;
	for (unsigned i = 0; i < control->sender_address_count; i++) {
		if (prefix_contains(&control->sender_addresses[i], sender))
			return true;
	}
	return false;
}

/**
 * RFC 4656 section 6.2: test packets go to no one who has not asked for them, and from no address that is not ours. A sender with an
 * address of ours would let two of our ports answer each other.
 */
static const char *address_error(const struct negotiation_terms *terms, struct negotiation *result)
{
	const struct address *sender = &result->sender.address;
	uint16_t vlan;
	uint16_t outer_vlan;

	if (!config_owns_address(terms->config, &result->reflector.address, &result->vlan,
	                         &result->outer_vlan))
		return "Receiver Address is not of the test ports";
	if (address_is_unspecified(sender) || is_multicast(sender) ||
	    is_own_broadcast(terms->config, sender))
		return "Sender Address is no unicast address";
	if (!sender_is_allowed(terms, sender))
		return "Sender Address is not the client's";
	if (config_owns_address(terms->config, sender, &vlan, &outer_vlan))
		return "Sender Address is of the test ports";
	return NULL;
}

static enum test_mode test_mode_of(uint32_t mode)
{
	if ((mode & MODE_AUTHENTICATED) != 0)
		return TEST_AUTHENTICATED;
	return (mode & MODE_ENCRYPTED) != 0 ? TEST_ENCRYPTED : TEST_UNAUTHENTICATED;
}

/**
 * RFC 6038 sections 4.2 and 4.3: with Reflect Octets the padding must exceed what is reflected and make up for the reflector's
 * longer header (27 octets, 30 with DSCP and ECN Monitoring, or 64 by the header of 112 octets), unless Symmetrical Size has made
 * both headers equal. With both of these features, and no key, two octets are missing still: RFC 7750 figures 2 and 4.
 */
static const char *padding_error(const struct request_tw_session *request,
                                 const struct session_parameters *parameters, uint16_t mtu)
{
	uint16_t header = sender_header_size(parameters->mode, parameters->symmetrical_size,
	                                     parameters->monitoring);
	uint16_t reply_header = reflector_header_size(parameters->mode, parameters->monitoring);
	uint32_t reflected = parameters->padding_to_reflect_length;
	uint32_t ip_header = request->ip_version == 4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE;
	uint64_t packet = (uint64_t)ip_header + UDP_HEADER_SIZE + header + request->padding_length;

	if (packet > mtu)
		return "Padding Length makes packets larger than the MTU";
	if (!parameters->reflect_octets)
		return NULL;
	if (reflected > 0 && request->padding_length <= reflected)
		return "Padding Length does not exceed Length of padding to reflect";
	if (header + request->padding_length < reply_header + reflected)
		return "Padding Length is too short for replies of equal size";
	return NULL;
}

void negotiate(const struct negotiation_terms *terms, const struct request_tw_session *request,
               struct negotiation *result)
{
	struct session_parameters *parameters = &result->parameters;
	const char *error;

	memset(result, 0, sizeof(*result));
	error = form_error(request);
	if (error != NULL) {
		refuse(result, ACCEPT_NOT_SUPPORTED, error);
		return;
	}
	result->sender = request->sender;
	result->sender.address = resolve(&request->sender.address, &terms->client.address);
	result->reflector = request->receiver;
	result->reflector.address = resolve(&request->receiver.address, &terms->local.address);
	if (result->sender.address.family != request->ip_version ||
	    result->reflector.address.family != request->ip_version) {
		refuse(result, ACCEPT_NOT_SUPPORTED, "IPVN is not that of the addresses");
		return;
	}
	error = address_error(terms, result);
	if (error != NULL) {
		result->foreign_address = true;
		refuse(result, ACCEPT_NOT_SUPPORTED, error);
		return;
	}
	parameters->mode = test_mode_of(terms->mode);
	parameters->symmetrical_size = (terms->mode & MODE_SYMMETRICAL_SIZE) != 0;
	parameters->reflect_octets = (terms->mode & MODE_REFLECT_OCTETS) != 0;
	parameters->monitoring = (terms->mode & MODE_DSCP_ECN_MONITORING) != 0;
	parameters->ptp_timestamps = (terms->mode & MODE_PTP_TIMESTAMPS) != 0;
	if (parameters->reflect_octets)
		parameters->padding_to_reflect_length = request->padding_to_reflect_length;
	if (type_p_to_dscp(request->type_p, &parameters->dscp) != 0) {
		refuse(result, ACCEPT_NOT_SUPPORTED, "Type-P Descriptor is no DSCP");
		return;
	}
	if (request->timeout > (uint64_t)terms->config->test.timeout_maximum << 32) {
		refuse(result, ACCEPT_NOT_SUPPORTED, "Timeout is longer than timeout-maximum");
		return;
	}
	result->timeout = request->timeout;
	error = padding_error(request, parameters,
	                      mtu_of(terms->config, &result->reflector.address));
	if (error != NULL)
		refuse(result, ACCEPT_NOT_SUPPORTED, error);
}

void negotiate_port(const struct config *config, const struct session_registry *sessions,
                    struct negotiation *result)
{
	uint32_t lower = config->test.port_lower;
	uint32_t count = (uint32_t)config->test.port_upper - lower + 1;
	uint32_t asked = result->reflector.port;
	uint32_t first = asked >= lower && asked - lower < count ? asked - lower : 0;

	for (uint32_t i = 0; i < count; i++) {
		result->reflector.port = (uint16_t)(lower + (first + i) % count);
		memset(&result->parameters.flow, 0, sizeof(result->parameters.flow));
		flow_key_make(&result->parameters.flow, &result->sender, &result->reflector,
		              result->vlan, result->outer_vlan);
		if (session_registry_flow_free(sessions, &result->parameters.flow))
			return;
	}
	refuse(result, ACCEPT_TEMPORARY_LIMIT, "no free Receiver Port");
}
