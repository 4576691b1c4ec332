/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_value.h"

#include <string.h>

#include "load_config.h"
#include "unit.h"

static int read_text(schema_read read, const char *text, void *destination, struct error *error)
{
	char copy[64];
	struct yaml_tree tree = {.name = copy};
	struct yaml_tree_node scalar = {.kind = YAML_TREE_SCALAR, .line = 1, .column = 1};

	(void)snprintf(copy, sizeof(copy), "%s", text);
	scalar.text = copy;
	scalar.length = strlen(copy);
	return read(&tree, &scalar, destination, error);
}

static void numbers(schema_read read, const char *const texts[], const uint64_t values[],
                    unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t value = 1234567;
		CU_ASSERT_EQUAL(read_text(read, texts[i], &value, NULL), 0);
		CU_ASSERT_EQUAL(value, values[i]);
	}
}

static void refused(schema_read read, const char *const texts[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t value[32] = {0};
		struct error error;
		CU_ASSERT_EQUAL(read_text(read, texts[i], value, &error), ERROR_ARGUMENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "allowed: "));
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void durations_have_units(void)
{
	static const char *const texts[] = {"0",  "1ns",    "250us", "1.5s",
	                                    "2h", "0.25us", "3min",  "168h"};
	static const uint64_t values[] = {
	        0, 1, 250000, 1500000000, 7200000000000, 250, 180000000000, 604800000000000};
	static const char *const wrong[] = {"5",   "1.5ns", "-1s",   "1 s",
	                                    "1.s", ".5s",   "1..5s", "169h",
	                                    "s",   "",      "1e3s",  "1000000000000000000s"};

	numbers(load_value_read_duration, texts, values, COUNT(texts));
	refused(load_value_read_duration, wrong, COUNT(wrong));
}

static void ratios_are_parts_a_million(void)
{
	static const char *const texts[] = {"0", "0%", "0.5%", "20ppm", "100%", "0.0001%"};
	static const uint64_t values[] = {0, 0, 5000, 20, 1000000, 1};
	static const char *const wrong[] = {"1", "100.1%", "0.00001%", "0.5", "%", "1ppb"};

	numbers(load_value_read_ratio, texts, values, COUNT(texts));
	refused(load_value_read_ratio, wrong, COUNT(wrong));
}

static void rates_are_packets_or_shares(void)
{
	struct load_rate rate;
	static const char *const wrong[] = {"0", "0%", "101%", "1.5", "10 k", "2G", "-5", "1kk"};

	CU_ASSERT_EQUAL(read_text(load_value_read_rate, "1.5M", &rate, NULL), 0);
	CU_ASSERT(rate.packets == 1500000 && rate.parts == 0);
	CU_ASSERT_EQUAL(read_text(load_value_read_rate, "40%", &rate, NULL), 0);
	CU_ASSERT(rate.packets == 0 && rate.parts == 400000);
	refused(load_value_read_rate, wrong, COUNT(wrong));
}

static void limits_may_be_none(void)
{
	uint64_t value;

	CU_ASSERT_EQUAL(read_text(load_value_read_limit_duration, "none", &value, NULL), 0);
	CU_ASSERT_EQUAL(value, LOAD_VALUE_LIMIT_NONE);
	CU_ASSERT_EQUAL(read_text(load_value_read_limit_ratio, "0.1%", &value, NULL), 0);
	CU_ASSERT_EQUAL(value, 1000);
	CU_ASSERT_EQUAL(read_text(load_value_read_limit_packets, "2M", &value, NULL), 0);
	CU_ASSERT_EQUAL(value, 2000000);
	CU_ASSERT_EQUAL(read_text(load_value_read_limit_packets, "0", &value, NULL), 0);
	CU_ASSERT_EQUAL(value, 0);
	CU_ASSERT_EQUAL(read_text(load_value_read_limit_packets, "nothing", &value, NULL),
	                ERROR_ARGUMENT);
}

static void addresses_are_unicast(void)
{
	static const char *const wrong[] = {"01:00:5e:00:53:01", "00:00:00:00:00:00",
	                                    "02:00:5e:00:53",    "02:00:5e:00:53:0g",
	                                    "02-00-5e-00-53-01", "2:0:5e:0:53:1"};
	static const uint8_t octets[6] = {0x02, 0, 0x5e, 0, 0x53, 0xAb};
	struct load_mac mac;

	CU_ASSERT_EQUAL(read_text(load_value_read_mac, "02:00:5e:00:53:aB", &mac, NULL), 0);
	CU_ASSERT(mac.known && memcmp(mac.octets, octets, sizeof(octets)) == 0);
	refused(load_value_read_mac, wrong, COUNT(wrong));
}

static void link_rates_are_bits(void)
{
	static const char *const texts[] = {"25G", "100M"};
	static const uint64_t values[] = {25000000000, 100000000};
	static const char *const wrong[] = {"0", "25Gbit"};

	numbers(load_value_read_link, texts, values, COUNT(texts));
	refused(load_value_read_link, wrong, COUNT(wrong));
}

int main(void)
{
	CU_TestInfo tests[] = {{"durations", durations_have_units},
	                       {"ratios", ratios_are_parts_a_million},
	                       {"rates", rates_are_packets_or_shares},
	                       {"limits", limits_may_be_none},
	                       {"Ethernet addresses", addresses_are_unicast},
	                       {"link rates", link_rates_are_bits},
	                       CU_TEST_INFO_NULL};

	return unit_run("load-load_value", tests);
}
