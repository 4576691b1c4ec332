/* SPDX-License-Identifier: BSD-3-Clause */
/* Linked with --wrap=key_derivation_self_test and of the suites' functions: machines that compute wrongly, or lack what others have. */
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
enum suite_kind __wrap_suite_kind_fastest(struct error *error);
int __wrap_suite_cross_check(enum suite_kind kind, struct error *error);
int __wrap_suite_create(enum suite_kind kind, struct suite **suite, struct error *error);

static unsigned self_tests;
static bool derives_right;

int __wrap_key_derivation_self_test(struct error *error)
{
	self_tests++;
	return derives_right ? 0 : error_set(error, ERROR_CRYPTO, "PBKDF2 computes wrongly");
}

/** Whether the machine can run the avx512 suite. */
static bool has_avx512;
static unsigned cross_checks;

enum suite_kind __wrap_suite_kind_fastest(struct error *error)
{
	error->text[0] = '\0';
	return __wrap_suite_cross_check(SUITE_AVX512, error) == 0 ? SUITE_AVX512 : SUITE_IPSEC_MB;
}

int __wrap_suite_cross_check(enum suite_kind kind, struct error *error)
{
	CU_ASSERT_EQUAL(kind, SUITE_AVX512);
	cross_checks++;
	return has_avx512 ? 0 : error_set(error, ERROR_UNAVAILABLE, "this CPU lacks VAES");
}

/** The start ends here: nothing after it has a part in these tests. */
int __wrap_suite_create(enum suite_kind kind, struct suite **suite, struct error *error)
{
	static const char *const names[] = {[SUITE_IPSEC_MB] = "ipsec-mb",
	                                    [SUITE_OPENSSL] = "openssl",
	                                    [SUITE_AVX512] = "avx512"};

	*suite = NULL;
	return error_set(error, ERROR_CRYPTO, "made: %s", names[kind]);
}

static struct config *parse_text(const char *text)
{
	struct config *config = NULL;

	CU_ASSERT_EQUAL_FATAL(config_parse("t.yaml", text, strlen(text), &config, NULL), 0);
	return config;
}

static struct config *parse(void)
{
	return parse_text(TEXT);
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

static void the_suite_is_that_of_the_setting(void)
{
	static const struct {
		const char *text;
		bool has_avx512;
		unsigned cross_checks;
		int status;
		const char *says;
	} cases[] = {
	        {TEXT, true, 1, ERROR_CRYPTO, "made: avx512"},
	        {TEXT, false, 1, ERROR_CRYPTO, "made: ipsec-mb"},
	        {TEXT "test: {crypto: auto}\n", true, 1, ERROR_CRYPTO, "made: avx512"},
	        {TEXT "test: {crypto: ipsec-mb}\n", true, 0, ERROR_CRYPTO, "made: ipsec-mb"},
	        {TEXT "test: {crypto: avx512}\n", true, 1, ERROR_CRYPTO, "made: avx512"},
	        {TEXT "test: {crypto: avx512}\n", false, 1, ERROR_UNAVAILABLE,
	         "t.yaml: test.crypto: this CPU lacks VAES; use auto or ipsec-mb"},
	};

	log_set_level(LOG_LEVEL_ERROR);
	derives_right = true;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct appliance appliance;
		struct config *config = parse_text(cases[i].text);
		struct error error = {""};

		has_avx512 = cases[i].has_avx512;
		cross_checks = 0;
		CU_ASSERT_EQUAL_FATAL(appliance_load_keys(&appliance, config, &error), 0);
		CU_ASSERT_EQUAL(appliance_run(&appliance, &error), cases[i].status);
		CU_ASSERT_STRING_EQUAL(error.text, cases[i].says);
		CU_ASSERT_EQUAL(cross_checks, cases[i].cross_checks);
		CU_ASSERT_PTR_NULL(appliance.suite);
		appliance_forget_keys(&appliance);
		config_free(config);
	}
	derives_right = false;
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

static void counters_are_those_of_all_lcores(void)
{
	static struct datapath_counters counters[3];
	static struct worker workers[3];
	struct worker_set set = {.count = 3};

	for (unsigned i = 0; i < set.count; i++) {
		workers[i].reflector.counters = &counters[i];
		counters[i].values[DATAPATH_RECEIVED] = 1u << i;
		set.workers[i] = &workers[i];
	}
	CU_ASSERT_EQUAL(worker_set_counter(&set, DATAPATH_RECEIVED), 7);
	CU_ASSERT_EQUAL(worker_set_counter(&set, DATAPATH_REFLECTED), 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"nothing starts when key derivation is wrong",
	         nothing_starts_when_key_derivation_is_wrong},
	        {"the suite is that of the setting", the_suite_is_that_of_the_setting},
	        {"keys of a daemon are not loaded", keys_of_a_daemon_are_not_loaded},
	        {"counters are those of all lcores", counters_are_those_of_all_lcores},
	        CU_TEST_INFO_NULL};
	return unit_run("app-appliance", tests);
}
