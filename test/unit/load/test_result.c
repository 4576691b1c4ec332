/* SPDX-License-Identifier: BSD-3-Clause */
/** What is judged, and the exit code. */
#include "result.h"

#include <stdlib.h>
#include <string.h>

#include "load_value.h"
#include "unit.h"

static struct load_config config;
static struct run_result result;
static struct named_trial trial;

/** A trial that went as ordered, and no threshold. */
static void begin(void)
{
	memset(&config, 0, sizeof(config));
	memset(&config.thresholds, 0xff, sizeof(config.thresholds));
	config.thresholds.wrong_maximum = 0;
	memset(&result, 0, sizeof(result));
	memset(&trial, 0, sizeof(trial));
	(void)snprintf(trial.name, sizeof(trial.name), "rate");
	trial.result.order.rate = 1000;
	trial.result.sent_rate = 1000;
	trial.result.sent = 10000;
	trial.result.measures.sent = 10000;
	trial.result.measures.received = 10000;
	result.config = &config;
	result.trials = &trial;
	result.trial_count = 1;
}

static const struct run_check *find_check(const char *name)
{
	static struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(&result, checks);

	for (unsigned i = 0; i < count; i++) {
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	}
	return NULL;
}

static struct run_check check_named(const char *name)
{
	const struct run_check *check = find_check(name);

	if (check != NULL)
		return *check;
	CU_FAIL("no such check");
	return (struct run_check){.met = false};
}

static void a_right_run_passes(void)
{
	begin();
	CU_ASSERT(check_named("offered, rate").met && check_named("wrong replies, rate").met);
	CU_ASSERT_EQUAL(run_exit_code(&result), 0);
}

static void what_was_not_offered_did_not_pass(void)
{
	begin();
	trial.result.sent_rate = 51;
	struct run_check check = check_named("offered, rate");
	CU_ASSERT(!check.met && check.load_limited);
	CU_ASSERT_STRING_EQUAL(check.limit, "99 % of 1000 packets/s");
	CU_ASSERT_STRING_EQUAL(check.value, "51 packets/s");
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
}

static void loss_is_judged(void)
{
	begin();
	config.thresholds.loss_maximum = 1000;
	trial.result.lost = 10;
	CU_ASSERT(check_named("loss, rate").met);
	trial.result.lost = 11;
	CU_ASSERT(!check_named("loss, rate").met && !check_named("loss, rate").load_limited);
	trial.result.limits = TRIAL_LIMIT_SCHEDULE;
	CU_ASSERT(check_named("loss, rate").load_limited);
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
}

static void a_delay_needs_replies(void)
{
	begin();
	config.thresholds.rtt_p99_maximum = 50000;
	CU_ASSERT(!check_named("RTT p99, rate").met);
	histogram_add(&trial.result.measures.distributions[LOAD_RTT], 40000);
	CU_ASSERT(check_named("RTT p99, rate").met);
	histogram_add(&trial.result.measures.distributions[LOAD_RTT], 60000);
	CU_ASSERT(!check_named("RTT p99, rate").met);
}

static void rates_of_a_search(void)
{
	begin();
	config.thresholds.ndr_minimum = 1000000;
	result.searched = true;
	CU_ASSERT(!check_named("NDR").met);
	result.search.ndr = (struct search_bound){.found = true,
	                                          .rate = 900000,
	                                          .load_limited = true,
	                                          .limits = TRIAL_LIMIT_SCHEDULE};
	CU_ASSERT(!check_named("NDR").met && check_named("NDR").load_limited);
	CU_ASSERT_STRING_EQUAL(check_named("NDR").value, "at least 900000 packets/s");
	result.search.ndr.rate = 1000000;
	CU_ASSERT(check_named("NDR").met);
}

static void a_search_that_sent_nothing_is_missed(void)
{
	begin();
	result.trial_count = 0;
	result.searched = true;
	result.search.ndr =
	        (struct search_bound){.unreached = 1000, .limits = TRIAL_LIMIT_SCHEDULE};
	result.search.pdr = result.search.ndr;
	CU_ASSERT(!check_named("offered, search").met);
	CU_ASSERT(check_named("offered, search").load_limited);
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
	result.search.ndr.limits = TRIAL_LIMIT_TRANSMIT;
	CU_ASSERT_FALSE(check_named("offered, search").load_limited);
	/* It is the user's threshold that says whether loss at all rates is a fault. */
	result.search.ndr.upper = 1000;
	CU_ASSERT_EQUAL(run_exit_code(&result), 0);
}

/** A dead reflector does not pass, whatever is allowed to be lost. */
static void where_nothing_comes_back_nothing_passes(void)
{
	begin();
	trial.result.lost = trial.result.sent;
	trial.result.limits = TRIAL_LIMIT_SCHEDULE;
	CU_ASSERT_PTR_NULL(find_check("answered, rate"));
	trial.result.measures.received = 0;
	CU_ASSERT(!check_named("answered, rate").met);
	CU_ASSERT(!check_named("answered, rate").load_limited);
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
	/* Its replies may have been on their way. */
	trial.result.interrupted = true;
	CU_ASSERT_PTR_NULL(find_check("answered, rate"));
	/* Nothing was sent: that is another check's. */
	trial.result.interrupted = false;
	trial.result.sent = 0;
	CU_ASSERT_PTR_NULL(find_check("answered, rate"));
}

static void where_nothing_comes_back_no_search_passes(void)
{
	begin();
	result.trial_count = 0;
	result.searched = true;
	result.search.trial_count = 3;
	result.search.ndr = (struct search_bound){.upper = 1000};
	result.search.pdr = result.search.ndr;
	CU_ASSERT(!check_named("answered, search").met);
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
	result.search_received = 1;
	CU_ASSERT_PTR_NULL(find_check("answered, search"));
	CU_ASSERT_EQUAL(run_exit_code(&result), 0);
	result.search_received = 0;
	result.interrupted = true;
	CU_ASSERT_PTR_NULL(find_check("answered, search"));
}

/** Without a PDR there are no trials at shares of it, and their thresholds are not met. */
static void thresholds_that_no_trial_was_made_for_are_missed(void)
{
	begin();
	result.trial_count = 0;
	result.searched = true;
	result.search_received = 1;
	CU_ASSERT_PTR_NULL(find_check("latency at shares of PDR"));
	config.thresholds.rtt_p99_maximum = 50000;
	CU_ASSERT(!check_named("latency at shares of PDR").met);
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
	result.interrupted = true;
	CU_ASSERT_PTR_NULL(find_check("latency at shares of PDR"));
	result.interrupted = false;
	result.search.pdr.found = true;
	CU_ASSERT_PTR_NULL(find_check("latency at shares of PDR"));
}

static void a_full_queue_is_not_the_loads(void)
{
	begin();
	trial.result.sent_rate = 51;
	trial.result.limits = TRIAL_LIMIT_SCHEDULE | TRIAL_LIMIT_TRANSMIT;
	CU_ASSERT(!check_named("offered, rate").met && !check_named("offered, rate").load_limited);
}

static void without_its_link_nothing_is_measured(void)
{
	begin();
	(void)snprintf(config.host.ports[0].name, sizeof(config.host.ports[0].name), "load");
	config.thresholds.loss_maximum = 0;
	trial.result.lost = 10;
	trial.result.limits = TRIAL_LIMIT_LINK;
	result.link_down_ns = 1230000000;
	CU_ASSERT(!check_named("link of load").met);
	CU_ASSERT_STRING_EQUAL(check_named("link of load").value, "was down for 1.2 s");
	/* Nobody knows who took it down. */
	CU_ASSERT(!check_named("loss, rate").met && !check_named("loss, rate").load_limited);
	trial.result.lost = 0;
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
	result.link_down_ns = 0;
	CU_ASSERT_EQUAL(run_exit_code(&result), 0);
}

static void wrong_replies_of_a_search_count(void)
{
	begin();
	result.searched = true;
	CU_ASSERT(check_named("wrong replies, search").met);
	result.search_wrong = 1;
	CU_ASSERT(!check_named("wrong replies, search").met);
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
}

static void no_check_is_lost(void)
{
	static struct named_trial many[300];

	begin();
	for (unsigned i = 0; i < 300; i++)
		many[i] = trial;
	result.trials = many;
	result.trial_count = 300;
	CU_ASSERT(check_named("345 more").met);
	CU_ASSERT_EQUAL(run_exit_code(&result), 0);
	many[299].result.sent_rate = 1;
	CU_ASSERT_STRING_EQUAL(check_named("345 more").value, "1 missed");
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
}

static void failure_and_interruption(void)
{
	begin();
	result.interrupted = true;
	CU_ASSERT_EQUAL(run_exit_code(&result), 1);
	(void)snprintf(result.failure, sizeof(result.failure), "no server");
	CU_ASSERT_EQUAL(run_exit_code(&result), 2);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a right run passes", a_right_run_passes},
	        {"what was not offered did not pass", what_was_not_offered_did_not_pass},
	        {"loss", loss_is_judged},
	        {"a delay needs replies", a_delay_needs_replies},
	        {"rates of a search", rates_of_a_search},
	        {"a search that sent nothing is missed", a_search_that_sent_nothing_is_missed},
	        {"where nothing comes back nothing passes",
	         where_nothing_comes_back_nothing_passes},
	        {"where nothing comes back no search passes",
	         where_nothing_comes_back_no_search_passes},
	        {"thresholds that no trial was made for",
	         thresholds_that_no_trial_was_made_for_are_missed},
	        {"a full queue is not the load's", a_full_queue_is_not_the_loads},
	        {"without its link nothing is measured", without_its_link_nothing_is_measured},
	        {"wrong replies of a search count", wrong_replies_of_a_search_count},
	        {"no check is lost", no_check_is_lost},
	        {"failure and interruption", failure_and_interruption},
	        CU_TEST_INFO_NULL};

	return unit_run("load-result", tests);
}
