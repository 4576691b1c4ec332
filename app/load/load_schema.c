/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_schema.h"

#include "config/address_value.h"
#include "config/config_schema.h"
#include "config/device_value.h"
#include "config/schema_table.h"
#include "load_config.h"
#include "load_value.h"
#include "wire/control_message.h"
#include "wire/ike_key_message.h"

#define CUSTOM(type_, member, key_, read_, allowed_, default_)                                     \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_CUSTOM, .offset = offsetof(type_, member),           \
		.size = SIZE_OF(type_, member), .read = (read_), .allowed = (allowed_),            \
		.text = (default_)                                                                 \
	}
#define DURATION(member, key_, default_)                                                           \
	CUSTOM(struct load_config, member, key_, load_value_read_duration, LOAD_VALUE_DURATION,    \
	       default_)
#define RATIO(member, key_, default_)                                                              \
	CUSTOM(struct load_config, member, key_, load_value_read_ratio, LOAD_VALUE_RATIO, default_)
#define LIMIT_DURATION(member, key_)                                                               \
	CUSTOM(struct load_thresholds, member, key_, load_value_read_limit_duration,               \
	       LOAD_VALUE_DURATION LOAD_VALUE_NONE, "none")
#define LIMIT_RATIO(member, key_)                                                                  \
	CUSTOM(struct load_thresholds, member, key_, load_value_read_limit_ratio,                  \
	       LOAD_VALUE_RATIO LOAD_VALUE_NONE, "none")
#define LIMIT_PACKETS(member, key_, default_)                                                      \
	CUSTOM(struct load_thresholds, member, key_, load_value_read_limit_packets,                \
	       LOAD_VALUE_PACKETS LOAD_VALUE_NONE, default_)

/* reflector */

static const struct schema_choice peers[] = {
        {"twamp", LOAD_PEER_TWAMP}, {"swap", LOAD_PEER_SWAP}, {NULL, 0}};

static const struct schema_field reflector_fields[] = {
        CHOICE(struct load_config, peer, "kind", peers, LOAD_PEER_TWAMP),
        {.key = "mac",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct load_config, peer_mac),
         .size = sizeof(struct load_mac),
         .read = load_value_read_mac,
         .allowed = LOAD_VALUE_MAC,
         .preset = "asked of the kernel"},
        {.key = "link-rate",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct load_config, link_rate),
         .size = sizeof(uint64_t),
         .read = load_value_read_link,
         .allowed = LOAD_VALUE_LINK,
         .preset = "the port's"},
        END};

/* control */

static const struct schema_choice token_keys[] = {{"pbkdf2", 0}, {"direct", 1}, {NULL, 0}};

static const struct schema_field control_fields[] = {
        {.key = "server",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct load_control, server.address),
         .size = sizeof(struct address),
         .read = address_value_read_address,
         .allowed = ADDRESS_VALUE_ADDRESS,
         .preset = "the first group's reflector"},
        INTEGER(struct load_control, server.port, "port", 1, UINT16_MAX, TWAMP_CONTROL_PORT),
        INTEGER(struct load_control, connections, "connections", 1, 4096, 1),
        INTEGER(struct load_control, requests, "requests", 1, 1024, 32),
        TEXT(struct load_control, key_file, "key-file"),
        TEXT(struct load_control, key_id, "key-id"),
        TEXT(struct load_control, sa_file, "sa-file"),
        {.key = "ike-socket",
         .type = SCHEMA_TEXT,
         .offset = offsetof(struct load_control, ike_socket),
         .size = CONFIG_PATH_SIZE,
         .minimum = 1,
         .maximum = CONFIG_PATH_SIZE - 1,
         .text = IKE_KEY_SOCKET_DEFAULT},
        CHOICE(struct load_control, token_key_direct, "token-key", token_keys, 0),
        INTEGER(struct load_control, allow_count, "allow-count", 1024, 16777216, 32768),
        INTEGER(struct load_control, timeout, "timeout", 1, 3600, 2),
        END};

/* sessions */

static const struct schema_choice modes[] = {
        {"unauthenticated", MODE_UNAUTHENTICATED},
        {"authenticated", MODE_AUTHENTICATED},
        {"encrypted", MODE_ENCRYPTED},
        {"mixed", MODE_MIXED},
        {"ikev2-authenticated", MODE_AUTHENTICATED | MODE_IKEV2_DERIVED},
        {"ikev2-encrypted", MODE_ENCRYPTED | MODE_IKEV2_DERIVED},
        {"ikev2-mixed", MODE_MIXED | MODE_IKEV2_DERIVED},
        {NULL, 0}};
static const struct schema_choice reply_paddings[] = {{"reused", 0}, {"any", 1}, {NULL, 0}};

static const struct schema_field payload = {
        .type = SCHEMA_INTEGER, .size = sizeof(uint16_t), .minimum = 14, .maximum = 9552};

static const struct schema_field group_fields[] = {
        {.key = "name",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct load_group, name),
         .size = CONFIG_NAME_SIZE,
         .read = device_value_read_name,
         .allowed = DEVICE_VALUE_NAME,
         .preset = "group and its index"},
        INTEGER(struct load_group, count, "count", 1, LOAD_SESSIONS_MAX, 1),
        {.key = "mode",
         .type = SCHEMA_CHOICE,
         .offset = offsetof(struct load_group, mode),
         .size = sizeof(uint32_t),
         .noun = "mode",
         .choices = modes,
         .fallback = MODE_UNAUTHENTICATED},
        {.key = "reflector",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct load_group, reflector),
         .size = sizeof(struct address),
         .read = address_value_read_address,
         .allowed = ADDRESS_VALUE_ADDRESS},
        {.key = "source",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct load_group, source),
         .size = sizeof(struct address),
         .read = address_value_read_address,
         .allowed = ADDRESS_VALUE_ADDRESS,
         .preset = "the port's first of that family"},
        INTEGER(struct load_group, source_port, "source-port", 1, UINT16_MAX, 20000),
        INTEGER(struct load_group, reflector_port, "reflector-port", 1, UINT16_MAX, 18760),
        INTEGER(struct load_group, vlan, "vlan", 0, 4094, 0),
        INTEGER(struct load_group, outer_vlan, "outer-vlan", 0, 4094, 0),
        INTEGER(struct load_group, dscp, "dscp", 0, 63, 0),
        INTEGER(struct load_group, ttl, "ttl", 1, 255, 255),
        BOOLEAN(struct load_group, symmetrical, "symmetrical-size", false),
        BOOLEAN(struct load_group, zero_padding, "zero-padding", false),
        CHOICE(struct load_group, reply_padding_any, "reply-padding", reply_paddings, 0),
        {.key = "sizes",
         .type = SCHEMA_LIST,
         .offset = offsetof(struct load_group, sizes),
         .size = sizeof(uint16_t),
         .count_offset = offsetof(struct load_group, size_count),
         .element = &payload,
         .minimum = 1,
         .maximum = LOAD_SIZES_MAX,
         .preset = "[112]"},
        BOOLEAN(struct load_group, imix, "imix", false),
        INTEGER(struct load_group, share, "share", 1, 1000, 1),
        END};
static const struct schema_field group = {
        .type = SCHEMA_MAPPING, .size = sizeof(struct load_group), .fields = group_fields};

/* run */

static const struct schema_choice runs[] = {{"rate", LOAD_RUN_RATE},   {"search", LOAD_RUN_SEARCH},
                                            {"soak", LOAD_RUN_SOAK},   {"ramp", LOAD_RUN_RAMP},
                                            {"burst", LOAD_RUN_BURST}, {NULL, 0}};

static const struct schema_field search_fields[] = {
        RATIO(ndr_loss, "ndr-loss", "0"),
        RATIO(pdr_loss, "pdr-loss", "0.5%"),
        RATIO(precision, "precision", "1%"),
        DURATION(confirm_ns, "confirm", "0"),
        INTEGER(struct load_config, search_retries, "retries", 0, 10, 1),
        DURATION(search_limit_ns, "time-limit", "1h"),
        BOOLEAN(struct load_config, latency, "latency", true),
        END};
static const struct schema_field ramp_fields[] = {
        INTEGER(struct load_config, ramp_from, "from", 1, LOAD_SESSIONS_MAX, 1),
        {.key = "to",
         .type = SCHEMA_INTEGER,
         .offset = offsetof(struct load_config, ramp_to),
         .size = sizeof(uint32_t),
         .maximum = LOAD_SESSIONS_MAX,
         .preset = "all sessions"},
        {.key = "step",
         .type = SCHEMA_INTEGER,
         .offset = offsetof(struct load_config, ramp_step),
         .size = sizeof(uint32_t),
         .maximum = LOAD_SESSIONS_MAX,
         .preset = "a tenth of the way"},
        END};
static const struct schema_field burst_fields[] = {
        INTEGER(struct load_config, burst_frames, "frames", 2, 16384, 4096),
        INTEGER(struct load_config, burst_rounds, "rounds", 1, 10000, 50),
        DURATION(burst_limit_ns, "time-limit", "1h"), END};

static const struct schema_field run_fields[] = {
        CHOICE(struct load_config, run, "mode", runs, LOAD_RUN_RATE),
        CUSTOM(struct load_config, rate, "rate", load_value_read_rate, LOAD_VALUE_RATE, "1000"),
        DURATION(duration_ns, "duration", "10s"),
        DURATION(warm_up_ns, "warm-up", "100ms"),
        DURATION(timeout_ns, "timeout", "1s"),
        DURATION(late_slot_ns, "late-slot", "1ms"),
        INTEGER(struct load_config, send_burst, "send-burst", 1, 64, 32),
        DURATION(clock_error_ns, "clock-error", "0"),
        GROUP("search", search_fields),
        GROUP("ramp", ramp_fields),
        GROUP("burst", burst_fields),
        END};

/* thresholds, report */

static const struct schema_field threshold_fields[] = {
        LIMIT_RATIO(loss_maximum, "loss"),
        LIMIT_DURATION(rtt_p50_maximum, "rtt-p50"),
        LIMIT_DURATION(rtt_p99_maximum, "rtt-p99"),
        LIMIT_DURATION(rtt_p999_maximum, "rtt-p999"),
        LIMIT_DURATION(rtt_maximum, "rtt-maximum"),
        LIMIT_DURATION(turnaround_p99_maximum, "turnaround-p99"),
        LIMIT_PACKETS(reordered_maximum, "reordered", "none"),
        LIMIT_PACKETS(duplicates_maximum, "duplicates", "none"),
        LIMIT_PACKETS(wrong_maximum, "wrong", "0"),
        LIMIT_PACKETS(ndr_minimum, "ndr", "none"),
        LIMIT_PACKETS(pdr_minimum, "pdr", "none"),
        LIMIT_PACKETS(burst_rate_minimum, "burst-rate", "none"),
        END};

static const struct schema_field report_fields[] = {
        TEXT(struct load_config, report_folder, "folder"),
        BOOLEAN(struct load_config, progress, "progress", true),
        INTEGER(struct load_config, evidence, "evidence", 0, 16, 3), END};

static const struct schema_field test_fields[] = {
        CHOICE(struct load_config, host.test.crypto, "crypto", config_cryptos, CRYPTO_AUTO), END};

/* the file */

static const struct schema_field load_fields[] = {
        {.key = "eal",
         .type = SCHEMA_MAPPING,
         .required = true,
         .offset = offsetof(struct load_config, host.eal),
         .fields = config_eal_fields},
        {.key = "drivers-config",
         .type = SCHEMA_TEXT,
         .offset = offsetof(struct load_config, host.drivers_config),
         .size = CONFIG_PATH_SIZE,
         .minimum = 1,
         .maximum = CONFIG_PATH_SIZE - 1,
         .preset = "searched for"},
        {.key = "ports",
         .type = SCHEMA_LIST,
         .required = true,
         .offset = offsetof(struct load_config, host.ports),
         .size = sizeof(struct config_port),
         .count_offset = offsetof(struct load_config, host.port_count),
         .element = &config_port_element,
         .minimum = 1,
         .maximum = 1},
        GROUP("reflector", reflector_fields),
        MAPPING(struct load_config, control, "control", control_fields),
        {.key = "sessions",
         .type = SCHEMA_LIST,
         .required = true,
         .offset = offsetof(struct load_config, groups),
         .size = sizeof(struct load_group),
         .count_offset = offsetof(struct load_config, group_count),
         .element = &group,
         .minimum = 1,
         .maximum = LOAD_GROUPS_MAX},
        GROUP("run", run_fields),
        MAPPING(struct load_config, thresholds, "thresholds", threshold_fields),
        GROUP("report", report_fields),
        GROUP("test", test_fields),
        END};

const struct schema_field *load_schema(void)
{
	return load_fields;
}
