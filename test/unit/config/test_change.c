/* SPDX-License-Identifier: BSD-3-Clause */
/** What a changed file means for a program that runs by it: every key is noticed, and only those of a reload are taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_schema.h"
#include "config/schema_change.h"
#include "unit.h"

#define TOLD_SIZE 1024u

struct told {
	char reload[TOLD_SIZE];
	char restart[TOLD_SIZE];
};

static void on_changed(void *context, const char *path, bool reload)
{
	struct told *told = context;
	char *text = reload ? told->reload : told->restart;
	size_t used = strlen(text);

	(void)snprintf(text + used, TOLD_SIZE - used, "%s%s", used > 0 ? " " : "", path);
}

#define BASE                                                                                       \
	"eal: {lcores: {main: 0, workers: [0]}}\n"                                                 \
	"drivers-config: " SOURCE_ROOT "/drivers-config\n"

static struct config *parse(const char *text)
{
	struct config *config = NULL;
	struct error error = {.text = ""};

	CU_ASSERT_EQUAL(config_parse("test.yaml", text, strlen(text), &config, &error), 0);
	if (config == NULL) {
		(void)fprintf(stderr, "%s\n", error.text);
		CU_FAIL_FATAL("not parsed");
	}
	return config;
}

static struct told compare(const char *one, const char *other)
{
	struct told told = {.reload = "", .restart = ""};
	struct config *running = parse(one);
	struct config *next = parse(other);

	config_compare(running, next, on_changed, &told);
	/* What a reload takes differs no more; what needs a restart is as it was. */
	struct told again = {.reload = "", .restart = ""};
	config_take(running, next);
	config_compare(running, next, on_changed, &again);
	CU_ASSERT_STRING_EQUAL(again.reload, "");
	CU_ASSERT_STRING_EQUAL(again.restart, told.restart);
	config_free(running);
	config_free(next);
	return told;
}

#define PORT(more)                                                                                 \
	"ports: [{name: a, device: \"net_af_packet0,iface=x\", addresses: [192.0.2.1/24]" more     \
	"}]\n"

static void check(const char *one, const char *other, const char *reload, const char *restart)
{
	struct told told = compare(one, other);

	CU_ASSERT_STRING_EQUAL(told.reload, reload);
	CU_ASSERT_STRING_EQUAL(told.restart, restart);
}

static void nothing_has_changed(void)
{
	check(BASE PORT(""), BASE PORT(""), "", "");
	check(BASE PORT("") "control: {servwait: 900}\n", BASE PORT(""), "", "");
}

static void a_reload_takes(void)
{
	check(BASE PORT(""),
	      BASE PORT("") "control: {servwait: 60, limits: {keyed: {sessions: 7}}, "
	                    "sender-addresses: [198.51.100.0/24]}\n",
	      "control.servwait control.limits.keyed.sessions control.sender-addresses", "");
	check(BASE PORT("") "control: {sender-addresses: [198.51.100.0/24]}\n",
	      BASE PORT("") "control: {sender-addresses: [198.51.101.0/24]}\n",
	      "control.sender-addresses", "");
	check(BASE PORT(""), BASE PORT("") "control: {modes: [unauthenticated]}\n", "control.modes",
	      "");
	check(BASE PORT(""),
	      BASE PORT("") "ikev2: {provider: charon, allowed-identities: [a.example]}\n",
	      "control.modes ikev2.provider ikev2.allowed-identities", "");
	check(BASE PORT(""),
	      BASE PORT("") "operation: {drain-deadline: 5, stuck-after: 6}\nlog: {level: debug}\n",
	      "operation.drain-deadline operation.stuck-after log.level", "");
	check(BASE PORT("") "operation: {http: {hosts: [a]}}\n",
	      BASE PORT("") "operation: {http: {hosts: [a, b.example.net]}}\n",
	      "operation.http.hosts", "");
	check(BASE PORT(""), BASE PORT("") "test: {timeout-maximum: 5}\n", "test.timeout-maximum",
	      "");
}

static void needs_a_restart(void)
{
	check(BASE PORT(""), BASE PORT(", mtu: 1400"), "", "ports[0].mtu");
	check(BASE PORT(""), BASE PORT(", vlans: [{id: 7, addresses: [192.0.2.9/24]}]"), "",
	      "ports[0].vlans control.listen");
	check(BASE PORT(""), BASE PORT("") "control: {listen: [{address: 192.0.2.1, port: 7}]}\n",
	      "", "control.listen[0].port");
	check(BASE PORT(""), BASE PORT("") "operation: {socket: other.sock, http: {}}\n", "",
	      "operation.socket operation.http");
	check(BASE PORT(""),
	      BASE PORT("") "test: {ports: {lower: 18000}, padding: zero, ahead: 5}\n", "",
	      "test.ports.lower test.padding test.ahead");
	check(BASE PORT(""), BASE PORT("") "operation: {user: nobody, stuck-after: 9}\n",
	      "operation.stuck-after", "operation.user");
}

static void a_driver_profile_is_of_its_port(void)
{
	struct told told = {.reload = "", .restart = ""};
	struct config *running = parse(BASE PORT(""));
	struct config *next = parse(BASE PORT(""));

	next->ports[0].driver.rx_descriptors /= 2;
	config_compare(running, next, on_changed, &told);
	CU_ASSERT_STRING_EQUAL(told.restart, "ports[0].driver.rx-descriptors");
	CU_ASSERT_STRING_EQUAL(told.reload, "");
	config_free(running);
	config_free(next);
}

struct walk {
	struct config *one, *other;
	unsigned leaves;
};

/** Each leaf of the table, changed alone, is told alone, by its name. */
static void change_each(struct walk *walk, const struct schema_field *fields, size_t base)
{
	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		size_t at = base + field->offset;
		struct told told = {.reload = "", .restart = ""};

		if (field->type == SCHEMA_MAPPING) {
			change_each(walk, field->fields, at);
			continue;
		}
		if (field->type == SCHEMA_LIST)
			at = base + field->count_offset;
		uint8_t *octets = (uint8_t *)walk->other;
		octets[at] ^= 1;
		config_compare(walk->one, walk->other, on_changed, &told);
		const char *text = told.reload[0] != '\0' ? told.reload : told.restart;
		CU_ASSERT(told.reload[0] == '\0' || told.restart[0] == '\0');
		CU_ASSERT_PTR_NULL(strchr(text, ' '));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, field->key));
		octets[at] ^= 1;
		walk->leaves++;
	}
}

static void every_key_is_noticed(void)
{
	struct walk walk = {.one = calloc(1, sizeof(*walk.one)),
	                    .other = calloc(1, sizeof(*walk.other))};

	if (walk.one == NULL || walk.other == NULL)
		abort();
	change_each(&walk, config_schema(), 0);
	CU_ASSERT(walk.leaves > 40);
	free(walk.one);
	free(walk.other);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"nothing has changed", nothing_has_changed},
	        {"a reload takes", a_reload_takes},
	        {"needs a restart", needs_a_restart},
	        {"a driver profile is of its port", a_driver_profile_is_of_its_port},
	        {"every key is noticed", every_key_is_noticed},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("config-change", tests);
}
