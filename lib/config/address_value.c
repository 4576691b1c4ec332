/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/address_value.h"

#include <stdio.h>
#include <string.h>

#define IPV4_BITS 32u
#define IPV6_BITS 128u

static int refuse(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                  struct error *error, const char *what, const char *allowed)
{
	char quote[YAML_TREE_QUOTE_SIZE];

	return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT, "%s %s; allowed: %s",
	                       yaml_tree_quote(scalar, quote), what, allowed);
}

static uint8_t family_bits(const struct address *address)
{
	return address->family == 4 ? IPV4_BITS : IPV6_BITS;
}

/** "ADDRESS" or "ADDRESS/LENGTH"; false when neither. A missing length is the family's. */
static bool parse_prefix(const char *text, struct config_prefix *prefix, bool *has_length)
{
	char address[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned bits = 0;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (address_parse(address, &prefix->address) != 0)
		return false;
	*has_length = slash != NULL;
	prefix->length = family_bits(&prefix->address);
	if (slash == NULL)
		return true;
	length = strlen(slash + 1);
	if (length < 1 || length > 3 || strspn(slash + 1, "0123456789") != length)
		return false;
	for (const char *digit = slash + 1; *digit != '\0'; digit++)
		bits = bits * 10 + (unsigned)(*digit - '0');
	if (bits > prefix->length)
		return false;
	prefix->length = (uint8_t)bits;
	return true;
}

/** Why an address can't be one of the appliance's own, or NULL. */
static const char *not_own(const struct address *address)
{
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *octets = address->octets;

	if (address_is_unspecified(address))
		return "is the unspecified address";
	if (address->family == 4) {
		return octets[0] == 127    ? "is a loopback address"
		       : octets[0] >= 0xe0 ? "is not a unicast address"
		       : octets[0] == 0    ? "is not a host's address"
		                           : NULL;
	}
	return memcmp(octets, loopback, sizeof(loopback)) == 0   ? "is a loopback address"
	       : memcmp(octets, mapped, sizeof(mapped)) == 0     ? "is an IPv4-mapped address"
	       : octets[0] == 0xff                               ? "is a multicast address"
	       : octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80 ? "is a link-local address"
	                                                         : NULL;
}

/** Why an address can't be a host's in its network, or NULL. RFC 3021 and RFC 6164: networks of two have hosts only. */
static const char *not_host(const struct config_prefix *prefix)
{
	unsigned bits = family_bits(&prefix->address);
	bool all_zero = true, all_one = true;

	if (prefix->length + 2u > bits)
		return NULL;
	for (unsigned bit = prefix->length; bit < bits; bit++) {
		bool set = (prefix->address.octets[bit / 8] & 0x80u >> (bit % 8)) != 0;
		all_zero &= !set;
		all_one &= set;
	}
	return all_zero                                 ? "is the network, not a host in it"
	       : all_one && prefix->address.family == 4 ? "is the network's broadcast address"
	                                                : NULL;
}

int address_value_read_own(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                           void *destination, struct error *error)
{
	struct config_prefix prefix;
	bool has_length;

	if (!parse_prefix(scalar->text, &prefix, &has_length))
		return refuse(tree, scalar, error, "is not an address with a prefix length",
		              ADDRESS_VALUE_OWN);
	if (!has_length || prefix.length == 0)
		return refuse(tree, scalar, error, "has no prefix length", ADDRESS_VALUE_OWN);
	const char *why = not_own(&prefix.address);
	if (why == NULL)
		why = not_host(&prefix);
	if (why != NULL)
		return refuse(tree, scalar, error, why, ADDRESS_VALUE_OWN);
	memcpy(destination, &prefix, sizeof(prefix));
	return 0;
}

int address_value_read_address(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                               void *destination, struct error *error)
{
	struct address address;

	if (address_parse(scalar->text, &address) != 0)
		return refuse(tree, scalar, error, "is not an address", ADDRESS_VALUE_ADDRESS);
	memcpy(destination, &address, sizeof(address));
	return 0;
}

/** Clears what is behind the prefix; true when something was set there. */
static bool clear_host_bits(struct config_prefix *prefix)
{
	bool was_set = false;

	for (unsigned bit = prefix->length; bit < family_bits(&prefix->address); bit++) {
		uint8_t mask = (uint8_t)(0x80u >> (bit % 8));
		uint8_t *octet = &prefix->address.octets[bit / 8];
		was_set |= (*octet & mask) != 0;
		*octet = (uint8_t)(*octet & ~mask);
	}
	return was_set;
}

int address_value_read_prefix(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                              void *destination, struct error *error)
{
	char network[ADDRESS_TEXT_SIZE];
	char allowed[ADDRESS_TEXT_SIZE + sizeof("/128")];
	struct config_prefix prefix;
	bool has_length;

	if (!parse_prefix(scalar->text, &prefix, &has_length))
		return refuse(tree, scalar, error, "is not a prefix", ADDRESS_VALUE_PREFIX);
	if (clear_host_bits(&prefix)) {
		(void)snprintf(allowed, sizeof(allowed), "%s/%u",
		               address_format(&prefix.address, network), (unsigned)prefix.length);
		return refuse(tree, scalar, error, "has host bits set", allowed);
	}
	memcpy(destination, &prefix, sizeof(prefix));
	return 0;
}
