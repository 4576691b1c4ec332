/* SPDX-License-Identifier: BSD-3-Clause */
/** Each key's default, and for each integer the ends of its range and what lies just beyond. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_schema.h"
#include "unit.h"
#include "wire/control_message.h"

#define TEXT_SIZE 1024u
#define REQUIRED                                                                                   \
	"eal: {lcores: {main: 0, workers: [0]}}\n"                                                 \
	"drivers-config: " SOURCE_ROOT "/drivers-config\n"                                         \
	"ports: [{name: a, device: net_ring0, addresses: [192.0.2.2/24]}]\n"

static void defaults_are_these(void)
{
	static const char text[] = REQUIRED;
	struct config *config;
	struct error error = {""};

	CU_ASSERT_EQUAL_FATAL(config_parse("t.yaml", text, sizeof(text) - 1, &config, &error), 0);
	CU_ASSERT_EQUAL(config->eal.hugepages, HUGEPAGES_AUTO);
	CU_ASSERT_EQUAL(config->eal.memory_mib, 256);
	CU_ASSERT_EQUAL(config->eal.idle, IDLE_SLEEP);
	CU_ASSERT_EQUAL(config->eal.idle_sleep_us, 50);
	const struct config_port *port = &config->ports[0];
	CU_ASSERT_STRING_EQUAL(port->driver.name, "ring");
	CU_ASSERT_EQUAL(port->vlan_count, 0);
	CU_ASSERT_EQUAL(port->queues, 1);
	CU_ASSERT_EQUAL(port->mtu, 1500);
	CU_ASSERT_EQUAL(port->exception, EXCEPTION_TAP);
	CU_ASSERT_STRING_EQUAL(port->kernel_interface, "spec0");
	CU_ASSERT_EQUAL(port->exception_rate, 20000);
	const struct config_control *control = &config->control;
	CU_ASSERT_EQUAL(control->listen_count, 1);
	CU_ASSERT(address_equal(&control->listen[0].address, &port->addresses[0].address));
	CU_ASSERT_EQUAL(control->listen[0].port, TWAMP_CONTROL_PORT);
	CU_ASSERT_EQUAL(control->modes, MODE_UNAUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL |
	                                        MODE_REFLECT_OCTETS | MODE_SYMMETRICAL_SIZE |
	                                        MODE_DSCP_ECN_MONITORING | MODE_PTP_TIMESTAMPS);
	CU_ASSERT_EQUAL(control->servwait, 900);
	CU_ASSERT_EQUAL(control->refwait, 900);
	CU_ASSERT_EQUAL(control->count, 32768);
	CU_ASSERT_EQUAL(control->salt_lifetime, 3600);
	CU_ASSERT_EQUAL(control->set_up_deadline, 10);
	CU_ASSERT_EQUAL(control->half_open, 256);
	CU_ASSERT_EQUAL(control->unauthenticated.connections, 512);
	CU_ASSERT_EQUAL(control->unauthenticated.connections_per_address, 64);
	CU_ASSERT_EQUAL(control->unauthenticated.sessions, 4096);
	CU_ASSERT_EQUAL(control->unauthenticated.sessions_per_connection, 256);
	CU_ASSERT_EQUAL(control->unauthenticated.sessions_per_address, 1024);
	CU_ASSERT_EQUAL(control->keyed.connections, 1024);
	CU_ASSERT_EQUAL(control->keyed.connections_per_address, 256);
	CU_ASSERT_EQUAL(control->keyed.sessions, 16384);
	CU_ASSERT_EQUAL(control->keyed.sessions_per_connection, 1024);
	CU_ASSERT_EQUAL(control->keyed.sessions_per_address, 4096);
	CU_ASSERT_EQUAL(control->sender_address_count, 0);
	CU_ASSERT_EQUAL(control->log_per_minute, 60);
	CU_ASSERT_STRING_EQUAL(config->keys.psk_file, "");
	CU_ASSERT_EQUAL(config->ikev2.provider, PROVIDER_NONE);
	CU_ASSERT_EQUAL(config->ikev2.token_key, TOKEN_KEY_PBKDF2);
	CU_ASSERT_STRING_EQUAL(config->ikev2.sa_file, "");
	CU_ASSERT_STRING_EQUAL(config->ikev2.socket, "/run/charon.ippm-keys");
	CU_ASSERT_EQUAL(config->ikev2.derive, DERIVE_DAEMON);
	CU_ASSERT_TRUE(config->ikev2.require_peer_address_match);
	CU_ASSERT_EQUAL(config->ikev2.allowed_identity_count, 0);
	CU_ASSERT_EQUAL(config->ikev2.timeout_ms, 2000);
	CU_ASSERT_EQUAL(config->test.port_lower, 18760);
	CU_ASSERT_EQUAL(config->test.port_upper, 19960);
	CU_ASSERT_EQUAL(config->test.padding, PADDING_REUSE);
	CU_ASSERT_EQUAL(config->test.crypto, CRYPTO_AUTO);
	CU_ASSERT(config->test.discard_zero_multiplier);
	CU_ASSERT_EQUAL(config->test.timeout_maximum, 600);
	CU_ASSERT_EQUAL(config->test.ahead, 1024);
	const struct config_operation *operation = &config->operation;
	CU_ASSERT_STRING_EQUAL(operation->socket, "/run/specular/specular.sock");
	CU_ASSERT(operation->socket_preset);
	CU_ASSERT_STRING_EQUAL(operation->socket_group, "");
	CU_ASSERT(!operation->http.enabled);
	CU_ASSERT_EQUAL(operation->drain_deadline, 0);
	CU_ASSERT_EQUAL(operation->stuck_after, 5);
	CU_ASSERT_STRING_EQUAL(operation->user, "");
	CU_ASSERT_EQUAL(config->log.level, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(config->log.format, LOG_FORMAT_AUTO);
	CU_ASSERT_STRING_EQUAL(config->log.audit, "");
	config_free(config);
}

/** Reads "KEY: VALUE" by one field of a table into what has room for any integer. */
static int read_alone(const struct schema_field *field, uint64_t value, uint64_t *got)
{
	struct schema_field fields[2] = {*field, {.key = NULL}};
	char text[TEXT_SIZE];
	struct yaml_tree *tree;
	struct error error;

	fields[0].offset = 0;
	*got = 0;
	(void)snprintf(text, sizeof(text), "%s: %" PRIu64 "\n", field->key, value);
	CU_ASSERT_EQUAL_FATAL(yaml_tree_parse("t.yaml", text, strlen(text), &tree, &error), 0);
	int status = schema_read_mapping(tree, tree->root, fields, got, &error);
	yaml_tree_free(tree);
	return status;
}

static unsigned check_integers(const struct schema_field *fields)
{
	unsigned checked = 0;

	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		const struct schema_field *nested = field->fields;
		uint64_t got;
		if (field->type == SCHEMA_LIST)
			nested = field->element->fields;
		if (nested != NULL)
			checked += check_integers(nested);
		if (field->type != SCHEMA_INTEGER)
			continue;
		CU_ASSERT_EQUAL(read_alone(field, field->minimum, &got), 0);
		CU_ASSERT_EQUAL(got, field->minimum);
		CU_ASSERT_EQUAL(read_alone(field, field->maximum, &got), 0);
		CU_ASSERT_EQUAL(got, field->maximum);
		CU_ASSERT_EQUAL(read_alone(field, field->maximum + 1, &got), ERROR_ARGUMENT);
		if (field->minimum > 0)
			CU_ASSERT_EQUAL(read_alone(field, field->minimum - 1, &got),
			                ERROR_ARGUMENT);
		/* The destination holds the range, the range the default. */
		CU_ASSERT(field->size == sizeof(uint64_t) ||
		          field->maximum >> (8 * field->size) == 0);
		if (!field->required)
			CU_ASSERT(field->fallback >= field->minimum &&
			          field->fallback <= field->maximum);
		checked++;
	}
	return checked;
}

static void integers_keep_their_range(void)
{
	CU_ASSERT(check_integers(config_schema()) >= 29);
	CU_ASSERT_EQUAL(check_integers(driver_profile_schema()), 3);
}

static unsigned check_choices(const struct schema_field *fields)
{
	unsigned checked = 0;
	char text[TEXT_SIZE];

	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		const struct schema_field *nested =
		        field->type == SCHEMA_LIST ? field->element->fields : field->fields;
		if (nested != NULL)
			checked += check_choices(nested);
		if (field->type != SCHEMA_CHOICE)
			continue;
		for (const struct schema_choice *choice = field->choices; choice->name != NULL;
		     choice++) {
			struct schema_field alone[2] = {*field, {.key = NULL}};
			struct yaml_tree *tree;
			struct error error;
			uint32_t got;
			alone[0].offset = 0;
			(void)snprintf(text, sizeof(text), "%s: %s\n", field->key, choice->name);
			CU_ASSERT_EQUAL_FATAL(
			        yaml_tree_parse("t.yaml", text, strlen(text), &tree, &error), 0);
			CU_ASSERT_EQUAL(schema_read_mapping(tree, tree->root, alone, &got, &error),
			                0);
			CU_ASSERT_EQUAL(got, choice->value);
			yaml_tree_free(tree);
			checked++;
		}
	}
	return checked;
}

static void choices_are_read(void)
{
	CU_ASSERT_EQUAL(check_choices(config_schema()), 3 + 3 + 3 + 3 + 2 + 2 + 2 + 3 + 4 + 4);
	CU_ASSERT_EQUAL(check_choices(driver_profile_schema()), 3);
}

static void lists_end_at_their_maximum(void)
{
	char text[8192] = "eal: {lcores: {main: 0, workers: [0]}}\n"
	                  "drivers-config: " SOURCE_ROOT "/drivers-config\n"
	                  "ports: [{name: a, device: net_ring0, vlans: [{id: 1}], addresses: [";
	struct config *config;
	struct error error;
	size_t length = strlen(text);

	for (unsigned i = 0; i < CONFIG_ADDRESSES_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "192.0.2.%u/24,",
		                           i + 1);
	(void)snprintf(text + length, sizeof(text) - length,
	               "]}]\ncontrol: {listen: [{address: 0.0.0.0}]}\n");
	CU_ASSERT_EQUAL_FATAL(config_parse("t.yaml", text, strlen(text), &config, &error), 0);
	CU_ASSERT_EQUAL(config->ports[0].address_count, CONFIG_ADDRESSES_MAX);
	config_free(config);
	(void)snprintf(text + length, sizeof(text) - length,
	               "192.0.2.100/24]}]\ncontrol: {listen: [{address: 0.0.0.0}]}\n");
	CU_ASSERT_EQUAL(config_parse("t.yaml", text, strlen(text), &config, &error), ERROR_LIMIT);
	/* Without a list of its own, listening on 32 addresses is more than there is room for. */
	(void)snprintf(text + length, sizeof(text) - length, "]}]\n");
	CU_ASSERT_EQUAL(config_parse("t.yaml", text, strlen(text), &config, &error), ERROR_LIMIT);
}

/** An SA table says by itself where keys come from, unless the provider is named. */
static void an_sa_table_is_used_unless_another_provider_is_named(void)
{
	static const struct {
		const char *text;
		enum config_provider provider;
	} cases[] = {{"ikev2: {sa-file: s}\n", PROVIDER_STATIC},
	             {"ikev2: {provider: none, sa-file: s}\n", PROVIDER_NONE},
	             {"ikev2: {provider: charon, sa-file: s}\n", PROVIDER_CHARON},
	             {"ikev2: {timeout: 500}\n", PROVIDER_NONE}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *config = NULL;
		struct error error;
		char text[512];

		(void)snprintf(text, sizeof(text), "%s%s", REQUIRED, cases[i].text);
		CU_ASSERT_EQUAL_FATAL(config_parse("t.yaml", text, strlen(text), &config, &error),
		                      0);
		CU_ASSERT_EQUAL(config->ikev2.provider, cases[i].provider);
		CU_ASSERT_EQUAL((config->control.modes & MODE_IKEV2_DERIVED) != 0,
		                cases[i].provider != PROVIDER_NONE);
		config_free(config);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"defaults are these", defaults_are_these},
	                       {"integers keep their range", integers_keep_their_range},
	                       {"choices are read", choices_are_read},
	                       {"lists end at their maximum", lists_end_at_their_maximum},
	                       {"an SA table is used unless another provider is named",
	                        an_sa_table_is_used_unless_another_provider_is_named},
	                       CU_TEST_INFO_NULL};
	return unit_run("config-bounds", tests);
}
