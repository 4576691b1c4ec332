/* SPDX-License-Identifier: BSD-3-Clause */
/* Linked with --wrap=key_derivation_self_test: a machine that computes wrongly, which production code can't be told to be. */
#include <string.h>

#include "appliance.h"
#include "base/log.h"
#include "unit.h"

#define TEXT                                                                                       \
	"eal: {lcores: {main: 0, workers: [0]}}\n"                                                 \
	"drivers-config: " SOURCE_ROOT "/drivers-config\n"                                         \
	"ports: [{name: a, device: net_ring0, addresses: [192.0.2.2/24]}]\n"                       \
	"ikev2: {provider: charon, socket: /nonexistent/socket}\n"

int __wrap_key_derivation_self_test(struct error *error);

static unsigned self_tests;

int __wrap_key_derivation_self_test(struct error *error)
{
	self_tests++;
	return error_set(error, ERROR_CRYPTO, "PBKDF2 computes wrongly");
}

static struct config *parse(void)
{
	struct config *config = NULL;

	CU_ASSERT_EQUAL_FATAL(config_parse("t.yaml", TEXT, strlen(TEXT), &config, NULL), 0);
	return config;
}

static void nothing_starts_when_key_derivation_is_wrong(void)
{
	static struct appliance appliance; /* too large for a stack */
	struct config *config = parse();
	struct error error = {""};

	log_set_level(LOG_LEVEL_ERROR);
	CU_ASSERT_EQUAL_FATAL(appliance_load_keys(&appliance, config, &error), 0);
	CU_ASSERT_EQUAL(appliance_run(&appliance, &error), ERROR_CRYPTO);
	CU_ASSERT_STRING_EQUAL(error.text, "PBKDF2 computes wrongly");
	CU_ASSERT_EQUAL(self_tests, 1);
	CU_ASSERT_PTR_NULL(appliance.suite);
	CU_ASSERT_PTR_NULL(appliance.base);
	appliance_forget_keys(&appliance);
	config_free(config);
}

static void keys_of_a_daemon_are_not_loaded(void)
{
	static struct appliance appliance;
	struct config *config = parse();
	struct error error = {""};

	/* What --check does: nobody is there, and nobody is asked. */
	CU_ASSERT_EQUAL(appliance_load_keys(&appliance, config, &error), 0);
	CU_ASSERT_PTR_NULL(appliance.ike_provider);
	CU_ASSERT_PTR_NULL(appliance.psk_provider);
	appliance_forget_keys(&appliance);
	config_free(config);
}

int main(void)
{
	CU_TestInfo tests[] = {{"nothing starts when key derivation is wrong",
	                        nothing_starts_when_key_derivation_is_wrong},
	                       {"keys of a daemon are not loaded", keys_of_a_daemon_are_not_loaded},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-appliance", tests);
}
