/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_value.h"

#include <stdio.h>
#include <string.h>

#include "load_config.h"

#define NS_PER_SECOND   1000000000u
#define DIGITS_MAX      15u
#define PARTS_A_PERCENT 10000u
#define MAC_TEXT_LENGTH 17u

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {{"ns", 1},
                                        {"us", 1000},
                                        {"ms", 1000000},
                                        {"s", NS_PER_SECOND},
                                        {"min", UINT64_C(60) * NS_PER_SECOND},
                                        {"h", UINT64_C(3600) * NS_PER_SECOND},
                                        {NULL, 0}};
static const struct unit counts[] = {
        {"", 1}, {"k", 1000}, {"M", 1000000}, {"G", NS_PER_SECOND}, {NULL, 0}};
static const struct unit ratios[] = {{"%", PARTS_A_PERCENT}, {"ppm", 1}, {NULL, 0}};

static int refuse(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                  struct error *error, const char *allowed, bool none)
{
	char quote[YAML_TREE_QUOTE_SIZE];

	return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
	                       "%s is none of these; allowed: %s%s", yaml_tree_quote(scalar, quote),
	                       allowed, none ? LOAD_VALUE_NONE : "");
}

/**
 * "12.5ms": decimal digits, at most one point with digits around it, a unit. Exact, without floating point; false when the value
 * is no multiple of the smallest unit or above maximum.
 */
static bool read_quantity(const char *text, const struct unit *units, uint64_t maximum,
                          uint64_t *value)
{
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	const char *name = text + whole + (part > 0 ? part + 1 : 0);
	uint64_t digits = 0, divisor = 1;

	if (whole == 0 || whole + part > DIGITS_MAX || *name == '.')
		return false;
	for (const char *at = text; at < name; at++) {
		if (*at == '.')
			continue;
		digits = digits * 10 + (uint64_t)(*at - '0');
		divisor *= at > text + whole ? 10 : 1;
	}
	for (const struct unit *unit = units; unit->name != NULL; unit++) {
		if (strcmp(unit->name, name) != 0)
			continue;
		unsigned __int128 product = (unsigned __int128)digits * unit->factor;
		if (product % divisor != 0 || product / divisor > maximum)
			return false;
		*value = (uint64_t)(product / divisor);
		return true;
	}
	return false;
}

static bool read_ratio(const char *text, uint64_t *value)
{
	if (strcmp(text, "0") == 0) {
		*value = 0;
		return true;
	}
	return read_quantity(text, ratios, LOAD_PERCENTAGE_MAX, value);
}

int load_value_read_duration(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                             void *destination, struct error *error)
{
	const uint64_t maximum = (uint64_t)LOAD_SECONDS_MAX * NS_PER_SECOND;
	uint64_t value = 0;

	if (strcmp(scalar->text, "0") != 0 &&
	    !read_quantity(scalar->text, durations, maximum, &value))
		return refuse(tree, scalar, error, LOAD_VALUE_DURATION, false);
	memcpy(destination, &value, sizeof(value));
	return 0;
}

int load_value_read_ratio(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                          void *destination, struct error *error)
{
	uint64_t value;

	if (!read_ratio(scalar->text, &value))
		return refuse(tree, scalar, error, LOAD_VALUE_RATIO, false);
	memcpy(destination, &value, sizeof(value));
	return 0;
}

int load_value_read_rate(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                         void *destination, struct error *error)
{
	struct load_rate rate = {0};
	uint64_t parts = 0;

	if (strchr(scalar->text, '%') != NULL) {
		if (!read_quantity(scalar->text, ratios, LOAD_PERCENTAGE_MAX, &parts))
			return refuse(tree, scalar, error, LOAD_VALUE_RATE, false);
		rate.parts = (uint32_t)parts;
	} else if (!read_quantity(scalar->text, counts, NS_PER_SECOND, &rate.packets)) {
		return refuse(tree, scalar, error, LOAD_VALUE_RATE, false);
	}
	if (rate.parts == 0 && rate.packets == 0)
		return refuse(tree, scalar, error, LOAD_VALUE_RATE, false);
	memcpy(destination, &rate, sizeof(rate));
	return 0;
}

int load_value_read_link(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                         void *destination, struct error *error)
{
	const uint64_t maximum = UINT64_C(10000) * NS_PER_SECOND;
	uint64_t value;

	if (!read_quantity(scalar->text, counts, maximum, &value) || value == 0)
		return refuse(tree, scalar, error, LOAD_VALUE_LINK, false);
	memcpy(destination, &value, sizeof(value));
	return 0;
}

static int hexadecimal(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit != '\0' ? strchr(digits, digit | 0x20) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

int load_value_read_mac(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                        void *destination, struct error *error)
{
	struct load_mac mac = {.known = strlen(scalar->text) == MAC_TEXT_LENGTH};
	uint8_t any = 0;

	for (unsigned i = 0; mac.known && i < sizeof(mac.octets); i++) {
		const char *at = scalar->text + (size_t)i * 3;
		int high = hexadecimal(at[0]), low = hexadecimal(at[1]);

		mac.known =
		        high >= 0 && low >= 0 && at[2] == (i + 1 < sizeof(mac.octets) ? ':' : '\0');
		mac.octets[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
		any |= mac.octets[i];
	}
	if (!mac.known || any == 0 || (mac.octets[0] & 1) != 0)
		return refuse(tree, scalar, error, LOAD_VALUE_MAC, false);
	memcpy(destination, &mac, sizeof(mac));
	return 0;
}

static int store_limit(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                       bool right, uint64_t value, const char *allowed, void *destination,
                       struct error *error)
{
	if (strcmp(scalar->text, "none") == 0)
		value = LOAD_VALUE_LIMIT_NONE;
	else if (!right)
		return refuse(tree, scalar, error, allowed, true);
	memcpy(destination, &value, sizeof(value));
	return 0;
}

int load_value_read_limit_duration(const struct yaml_tree *tree,
                                   const struct yaml_tree_node *scalar, void *destination,
                                   struct error *error)
{
	const uint64_t maximum = (uint64_t)LOAD_SECONDS_MAX * NS_PER_SECOND;
	uint64_t value = 0;
	bool right = read_quantity(scalar->text, durations, maximum, &value);

	return store_limit(tree, scalar, right, value, LOAD_VALUE_DURATION, destination, error);
}

int load_value_read_limit_ratio(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                                void *destination, struct error *error)
{
	uint64_t value = 0;
	bool right = read_ratio(scalar->text, &value);

	return store_limit(tree, scalar, right, value, LOAD_VALUE_RATIO, destination, error);
}

int load_value_read_limit_packets(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                                  void *destination, struct error *error)
{
	uint64_t value = 0;
	bool right = read_quantity(scalar->text, counts, INT64_MAX, &value);

	return store_limit(tree, scalar, right, value, LOAD_VALUE_PACKETS, destination, error);
}
