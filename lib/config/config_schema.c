/* SPDX-License-Identifier: BSD-3-Clause */
/** The table of every key: the same as doc/configuration.md has, which a test compares. Needs a restart what doesn't say SCHEMA_RELOAD. */
#include "config/config_schema.h"

#include "config/address_value.h"
#include "config/config.h"
#include "config/device_value.h"
#include "config/schema_table.h"
#include "wire/control_message.h"
#include "wire/ike_key_message.h"

/* eal */

static const struct schema_choice hugepages[] = {{"auto", HUGEPAGES_AUTO},
                                                 {"required", HUGEPAGES_REQUIRED},
                                                 {"none", HUGEPAGES_NONE},
                                                 {NULL, 0}};
static const struct schema_choice idle[] = {
        {"spin", IDLE_SPIN}, {"pause", IDLE_PAUSE}, {"sleep", IDLE_SLEEP}, {NULL, 0}};

static const struct schema_field worker = {
        .type = SCHEMA_INTEGER, .size = sizeof(uint16_t), .maximum = 1023};

static const struct schema_field lcores_fields[] = {
        REQUIRED_INTEGER(struct config_eal, main_cpu, "main", 0, 1023),
        {.key = "workers",
         .type = SCHEMA_LIST,
         .required = true,
         .offset = offsetof(struct config_eal, worker_cpus),
         .size = sizeof(uint16_t),
         .count_offset = offsetof(struct config_eal, worker_count),
         .element = &worker,
         .minimum = 1,
         .maximum = CONFIG_LCORES_MAX},
        END};

const struct schema_field config_eal_fields[] = {
        {.key = "lcores", .type = SCHEMA_MAPPING, .required = true, .fields = lcores_fields},
        CHOICE(struct config_eal, hugepages, "hugepages", hugepages, HUGEPAGES_AUTO),
        INTEGER(struct config_eal, memory_mib, "memory", 64, 1048576, 256),
        CHOICE(struct config_eal, idle, "idle", idle, IDLE_SLEEP),
        INTEGER(struct config_eal, idle_sleep_us, "idle-sleep", 1, 10000, 50),
        END};

/* ports */

static const struct schema_field own_address = {.type = SCHEMA_CUSTOM,
                                                .size = sizeof(struct config_prefix),
                                                .read = address_value_read_own,
                                                .allowed = ADDRESS_VALUE_OWN};

static const struct schema_field vlan_fields[] = {
        REQUIRED_INTEGER(struct config_vlan, id, "id", 1, 4094),
        INTEGER(struct config_vlan, outer_id, "outer-id", 0, 4094, 0),
        LIST(struct config_vlan, addresses, address_count, "addresses", &own_address,
             CONFIG_ADDRESSES_MAX),
        END};
static const struct schema_field vlan = {
        .type = SCHEMA_MAPPING, .size = sizeof(struct config_vlan), .fields = vlan_fields};

static const struct schema_choice exception[] = {{"tap", EXCEPTION_TAP},
                                                 {"bifurcated", EXCEPTION_BIFURCATED},
                                                 {"management", EXCEPTION_MANAGEMENT},
                                                 {NULL, 0}};

static const struct schema_field port_fields[] = {
        {.key = "name",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct config_port, name),
         .size = CONFIG_NAME_SIZE,
         .read = device_value_read_name,
         .allowed = DEVICE_VALUE_NAME},
        {.key = "device",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct config_port, device),
         .size = CONFIG_DEVARGS_SIZE,
         .read = device_value_read_device,
         .allowed = DEVICE_VALUE_DEVICE},
        {.key = "driver",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct config_port, driver.name),
         .size = CONFIG_NAME_SIZE,
         .read = device_value_read_name,
         .allowed = DEVICE_VALUE_NAME,
         .preset = "from the device"},
        LIST(struct config_port, addresses, address_count, "addresses", &own_address,
             CONFIG_ADDRESSES_MAX),
        LIST(struct config_port, vlans, vlan_count, "vlans", &vlan, CONFIG_VLANS_MAX),
        INTEGER(struct config_port, queues, "queues", 1, CONFIG_LCORES_MAX, 1),
        INTEGER(struct config_port, mtu, "mtu", 1280, 9600, 1500),
        CHOICE(struct config_port, exception, "exception", exception, EXCEPTION_TAP),
        {.key = "kernel-interface",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct config_port, kernel_interface),
         .size = CONFIG_INTERFACE_SIZE,
         .read = device_value_read_interface,
         .allowed = DEVICE_VALUE_INTERFACE,
         .preset = "spec and the port's index"},
        INTEGER(struct config_port, exception_rate, "exception-rate", 100, 10000000, 20000),
        END};
const struct schema_field config_port_element = {
        .type = SCHEMA_MAPPING, .size = sizeof(struct config_port), .fields = port_fields};

/* control */

static const struct schema_field listen_fields[] = {
        {.key = "address",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct config_listen, address),
         .size = sizeof(struct address),
         .read = address_value_read_address,
         .allowed = ADDRESS_VALUE_ADDRESS},
        INTEGER(struct config_listen, port, "port", 1, UINT16_MAX, TWAMP_CONTROL_PORT),
        END};
static const struct schema_field listen_endpoint = {
        .type = SCHEMA_MAPPING, .size = sizeof(struct config_listen), .fields = listen_fields};

const struct schema_choice config_modes[] = {
        {"unauthenticated", MODE_UNAUTHENTICATED},
        {"authenticated", MODE_AUTHENTICATED},
        {"encrypted", MODE_ENCRYPTED},
        {"mixed", MODE_MIXED},
        {"individual-session-control", MODE_INDIVIDUAL_SESSION_CONTROL},
        {"reflect-octets", MODE_REFLECT_OCTETS},
        {"symmetrical-size", MODE_SYMMETRICAL_SIZE},
        {"dscp-ecn-monitoring", MODE_DSCP_ECN_MONITORING},
        {"ptp-timestamps", MODE_PTP_TIMESTAMPS},
        {NULL, 0}};

/** Both pools have the same keys; their defaults differ. */
#define LIMITS(connections_, connections_per_address_, sessions_, per_connection, per_address)     \
	{                                                                                          \
		INTEGER(struct config_limits, connections, "connections", 1, 65535, connections_), \
		        INTEGER(struct config_limits, connections_per_address,                     \
		                "connections-per-address", 1, 65535, connections_per_address_),    \
		        INTEGER(struct config_limits, sessions, "sessions", 1, 1048576,            \
		                sessions_),                                                        \
		        INTEGER(struct config_limits, sessions_per_connection,                     \
		                "sessions-per-connection", 1, 65535, per_connection),              \
		        INTEGER(struct config_limits, sessions_per_address,                        \
		                "sessions-per-address", 1, 1048576, per_address),                  \
		        END                                                                        \
	}

static const struct schema_field unauthenticated_fields[] = LIMITS(512, 64, 4096, 256, 1024);
static const struct schema_field keyed_fields[] = LIMITS(1024, 256, 16384, 1024, 4096);

static const struct schema_field limits_fields[] = {
        MAPPING(struct config_control, unauthenticated, "unauthenticated", unauthenticated_fields),
        MAPPING(struct config_control, keyed, "keyed", keyed_fields), END};

static const struct schema_field sender_prefix = {.type = SCHEMA_CUSTOM,
                                                  .size = sizeof(struct config_prefix),
                                                  .read = address_value_read_prefix,
                                                  .allowed = ADDRESS_VALUE_PREFIX};

static const struct schema_field control_fields[] = {
        {.key = "listen",
         .type = SCHEMA_LIST,
         .change = SCHEMA_RESTART,
         .offset = offsetof(struct config_control, listen),
         .size = sizeof(struct config_listen),
         .count_offset = offsetof(struct config_control, listen_count),
         .element = &listen_endpoint,
         .minimum = 1,
         .maximum = CONFIG_LISTEN_MAX,
         .preset = "port 862 of every own address"},
        {.key = "modes",
         .type = SCHEMA_FLAGS,
         .offset = offsetof(struct config_control, modes),
         .size = sizeof(uint32_t),
         .noun = "mode",
         .choices = config_modes,
         .preset = "all that the keys allow"},
        INTEGER(struct config_control, servwait, "servwait", 1, 604800, 900),
        INTEGER(struct config_control, refwait, "refwait", 1, 604800, 900),
        {.key = "count",
         .type = SCHEMA_INTEGER,
         .power_of_two = true,
         .offset = offsetof(struct config_control, count),
         .size = sizeof(uint32_t),
         .minimum = 1024,
         .maximum = 16777216,
         .fallback = 32768},
        INTEGER(struct config_control, salt_lifetime, "salt-lifetime", 60, 86400, 3600),
        INTEGER(struct config_control, set_up_deadline, "set-up-deadline", 1, 300, 10),
        INTEGER(struct config_control, half_open, "half-open", 1, 65535, 256),
        GROUP("limits", limits_fields),
        LIST(struct config_control, sender_addresses, sender_address_count, "sender-addresses",
             &sender_prefix, CONFIG_SENDER_PREFIXES_MAX),
        INTEGER(struct config_control, log_per_minute, "log-per-minute", 1, 60000, 60),
        END};

/* keys, ikev2, test */

static const struct schema_field keys_fields[] = {TEXT(struct config_keys, psk_file, "psk-file"),
                                                  END};

static const struct schema_choice providers[] = {{"none", PROVIDER_NONE},
                                                 {"static", PROVIDER_STATIC},
                                                 {"charon", PROVIDER_CHARON},
                                                 {NULL, 0}};
static const struct schema_choice token_keys[] = {
        {"pbkdf2", TOKEN_KEY_PBKDF2}, {"direct", TOKEN_KEY_DIRECT}, {NULL, 0}};

static const struct schema_choice derives[] = {
        {"daemon", DERIVE_DAEMON}, {"appliance", DERIVE_APPLIANCE}, {NULL, 0}};
static const struct schema_field identity = {.type = SCHEMA_TEXT,
                                             .size = CONFIG_IDENTITY_SIZE,
                                             .minimum = 1,
                                             .maximum = CONFIG_IDENTITY_SIZE - 1};

static const struct schema_field ikev2_fields[] = {
        {.key = "provider",
         .type = SCHEMA_CHOICE,
         .offset = offsetof(struct config_ikev2, provider),
         .size = SIZE_OF(struct config_ikev2, provider),
         .choices = providers,
         .fallback = PROVIDER_NONE,
         .preset = "static with `sa-file`, else none"},
        TEXT(struct config_ikev2, sa_file, "sa-file"),
        CHOICE(struct config_ikev2, token_key, "token-key", token_keys, TOKEN_KEY_PBKDF2),
        {.key = "socket",
         .type = SCHEMA_TEXT,
         .offset = offsetof(struct config_ikev2, socket),
         .size = CONFIG_PATH_SIZE,
         .minimum = 1,
         .maximum = CONFIG_PATH_SIZE - 1,
         .text = IKE_KEY_SOCKET_DEFAULT},
        INTEGER(struct config_ikev2, timeout_ms, "timeout", 100, 60000, 2000),
        CHOICE(struct config_ikev2, derive, "derive", derives, DERIVE_DAEMON),
        BOOLEAN(struct config_ikev2, require_peer_address_match, "require-peer-address-match",
                true),
        LIST(struct config_ikev2, allowed_identities, allowed_identity_count, "allowed-identities",
             &identity, CONFIG_IDENTITIES_MAX),
        END};

static const struct schema_choice paddings[] = {
        {"reuse", PADDING_REUSE}, {"zero", PADDING_ZERO}, {NULL, 0}};
const struct schema_choice config_cryptos[] = {
        {"auto", CRYPTO_AUTO}, {"avx512", CRYPTO_AVX512}, {"ipsec-mb", CRYPTO_IPSEC_MB}, {NULL, 0}};

static const struct schema_field test_ports_fields[] = {
        INTEGER(struct config_test, port_lower, "lower", 1, UINT16_MAX, 18760),
        INTEGER(struct config_test, port_upper, "upper", 1, UINT16_MAX, 19960), END};

static const struct schema_field test_fields[] = {
        GROUP("ports", test_ports_fields),
        CHOICE(struct config_test, padding, "padding", paddings, PADDING_REUSE),
        CHOICE(struct config_test, crypto, "crypto", config_cryptos, CRYPTO_AUTO),
        BOOLEAN(struct config_test, discard_zero_multiplier, "discard-zero-multiplier", true),
        INTEGER(struct config_test, timeout_maximum, "timeout-maximum", 1, 86400, 600,
                .change = SCHEMA_RELOAD),
        INTEGER(struct config_test, ahead, "ahead", 0, 65536, 1024),
        END};

/* the file */

static const struct schema_field config_fields[] = {
        {.key = "eal",
         .type = SCHEMA_MAPPING,
         .required = true,
         .offset = offsetof(struct config, eal),
         .fields = config_eal_fields},
        {.key = "drivers-config",
         .type = SCHEMA_TEXT,
         .offset = offsetof(struct config, drivers_config),
         .size = CONFIG_PATH_SIZE,
         .minimum = 1,
         .maximum = CONFIG_PATH_SIZE - 1,
         .preset = "searched for"},
        {.key = "ports",
         .type = SCHEMA_LIST,
         .required = true,
         .offset = offsetof(struct config, ports),
         .size = sizeof(struct config_port),
         .count_offset = offsetof(struct config, port_count),
         .element = &config_port_element,
         .minimum = 1,
         .maximum = CONFIG_PORTS_MAX},
        MAPPING(struct config, control, "control", control_fields, .change = SCHEMA_RELOAD),
        MAPPING(struct config, keys, "keys", keys_fields, .change = SCHEMA_RELOAD),
        MAPPING(struct config, ikev2, "ikev2", ikev2_fields, .change = SCHEMA_RELOAD),
        MAPPING(struct config, test, "test", test_fields),
        MAPPING(struct config, operation, "operation", config_operation_fields),
        MAPPING(struct config, log, "log", config_log_fields, .change = SCHEMA_RELOAD),
        END};

/* driver profile */

static const struct schema_choice timestamps[] = {{"auto", CONFIG_TIMESTAMP_AUTO},
                                                  {"tsc", CONFIG_TIMESTAMP_TSC},
                                                  {"nic", CONFIG_TIMESTAMP_NIC},
                                                  {NULL, 0}};

static const struct schema_field driver_fields[] = {
        INTEGER(struct config_driver, rx_descriptors, "rx-descriptors", 64, 32768, 1024),
        INTEGER(struct config_driver, tx_descriptors, "tx-descriptors", 64, 32768, 1024),
        INTEGER(struct config_driver, max_queues, "max-queues", 1, 1024, 1),
        BOOLEAN(struct config_driver, rss, "rss", true),
        BOOLEAN(struct config_driver, checksum_offload, "checksum-offload", true),
        CHOICE(struct config_driver, timestamps, "timestamps", timestamps, CONFIG_TIMESTAMP_AUTO),
        BOOLEAN(struct config_driver, promiscuous, "promiscuous", false),
        TEXT(struct config_driver, devargs, "devargs"),
        TEXT(struct config_driver, kernel_module, "kernel-module"),
        END};

const struct schema_field *config_schema(void)
{
	return config_fields;
}

const struct schema_field *driver_profile_schema(void)
{
	return driver_fields;
}
