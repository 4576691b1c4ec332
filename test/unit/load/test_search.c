/* SPDX-License-Identifier: BSD-3-Clause */
/** The search against a simulated device whose throughput is known. */
#include "search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define MILLION 1e6

/** Answers up to capacity packets a second, and what it can no more is lost. */
struct device {
	double capacity;
	double residual;                      /**< share of packets that is lost at any rate */
	double load_limit;                    /**< what the load can send; 0: all */
	double load_jitter;                   /**< a share of that which it may fall below it */
	unsigned limited_from, limited_until; /**< trials; 0: always */
	double ring;          /**< what the device takes of its sender, without loss; 0: all */
	unsigned spurious;    /**< every so many trials lose one packet for no reason; 0: none */
	double long_capacity; /**< from a second on it does not hold more than this; 0: the same */
	unsigned trials;
	unsigned interrupt_at, fail_at; /**< 0: never */
};

static int run(void *context, const struct trial_order *order, struct trial_result *result,
               struct error *error)
{
	struct device *device = context;
	double rate = order->rate, seconds = (double)order->duration_ns / 1e9;
	double capacity = device->capacity;

	device->trials++;
	if (device->trials == device->fail_at)
		return error_set(error, ERROR_UNAVAILABLE, "gone");
	memset(result, 0, sizeof(*result));
	double load_limit = device->load_limit * (1 - device->load_jitter * (rand() % 100) / 100);
	bool limited = device->trials >= device->limited_from &&
	               (device->limited_until == 0 || device->trials < device->limited_until);
	if (load_limit > 0 && limited && rate > load_limit) {
		rate = load_limit;
		result->limits = TRIAL_LIMIT_SCHEDULE;
	}
	if (device->ring > 0 && limited && rate > device->ring) {
		rate = device->ring;
		result->limits = TRIAL_LIMIT_TRANSMIT;
	}
	if (device->long_capacity > 0 && seconds >= 1)
		capacity = device->long_capacity;
	result->order = *order;
	result->sent = (uint64_t)(rate * seconds);
	result->sent_rate = result->sent > 0 ? rate : 0;
	double answered = fmin(rate, capacity) * (1 - device->residual);
	result->lost = result->sent - (uint64_t)(answered * seconds);
	if (rate <= capacity && device->residual == 0)
		result->lost = 0;
	if (device->spurious > 0 && device->trials % device->spurious == 0)
		result->lost += 1;
	result->answered_rate = answered;
	result->interrupted = device->trials == device->interrupt_at;
	return 0;
}

static const struct search_settings ordinary = {.rate_maximum = 10 * MILLION,
                                                .rate_minimum = 1000,
                                                .ndr_loss = 0,
                                                .pdr_loss = 5000,
                                                .precision = 10000,
                                                .retries = 1,
                                                .duration_ns = 500000000};

static void search(struct device *device, const struct search_settings *settings,
                   struct search_result *result)
{
	struct error error;

	CU_ASSERT_EQUAL(search_throughput(settings, run, device, NULL, result, &error), 0);
	CU_ASSERT(result->trial_count <= SEARCH_TRIALS_MAX);
}

static void finds_any_throughput(void)
{
	for (double capacity = 2000; capacity < 9.9 * MILLION; capacity *= 1.37) {
		struct device device = {.capacity = capacity};
		struct search_result result;

		search(&device, &ordinary, &result);
		CU_ASSERT(result.ndr.found && result.pdr.found);
		/* Half a second can't tell less than two packets a second. */
		CU_ASSERT(result.ndr.rate <= capacity + 2 && result.ndr.rate >= capacity * 0.985);
		CU_ASSERT(result.ndr.upper > capacity);
		/* What it drops of a rate r is 1 - capacity / r. */
		CU_ASSERT(result.pdr.rate <= capacity / 0.995 * 1.0001);
		CU_ASSERT(result.pdr.rate >= capacity / 0.995 * 0.985);
		CU_ASSERT(result.pdr.rate >= result.ndr.rate);
		CU_ASSERT(!result.ndr.load_limited && !result.ndr.maximum_reached);
		/* Each trial halves what is not known. */
		CU_ASSERT(result.trial_count <= 16);
	}
}

/** What the confirmation could not offer is not confirmed. */
static void a_confirmation_that_falls_short_is_none(void)
{
	struct device device = {
	        .capacity = 50 * MILLION, .load_limit = 3 * MILLION, .limited_from = 2};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.retries = 0;
	settings.confirm_ns = 600000000;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.found && result.ndr.rate == 10 * MILLION);
	CU_ASSERT_FALSE(result.ndr.confirmed);
	device = (struct device){.capacity = 50 * MILLION};
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.confirmed && result.pdr.confirmed);
}

/** A loss that PDR allows is no reason to repeat a trial of its, or not to confirm it. */
static void pdr_is_confirmed_by_its_own_loss(void)
{
	struct device device = {.capacity = 50 * MILLION, .residual = 0.002};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.confirm_ns = 600000000;
	search(&device, &settings, &result);
	CU_ASSERT_FALSE(result.ndr.found);
	CU_ASSERT(result.pdr.confirmed && result.pdr.rate == 10 * MILLION);
	CU_ASSERT_EQUAL(result.trials[result.trial_count - 1].duration_ns, settings.confirm_ns);
}

/** The first one falls short without loss, its repetition loses a packet. */
static void of_repeated_trials_the_best_is_kept(void)
{
	struct device device = {.capacity = 50 * MILLION,
	                        .load_limit = 3 * MILLION,
	                        .limited_until = 2,
	                        .spurious = 2};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT(result.trials[0].loss == 0 && result.trials[0].offered == 3 * MILLION);
}

/** Nothing comes back: steps of a quarter at most, so that what answers slowly only is found. */
static void steps_down_are_not_too_long(void)
{
	struct device device = {.capacity = 50 * MILLION, .residual = 1};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT(!result.ndr.found && result.trial_count > 5);
	for (unsigned i = 1; i < result.trial_count; i++)
		CU_ASSERT(result.trials[i].rate >= result.trials[i - 1].rate * 0.25 - 1);
	CU_ASSERT_EQUAL(result.trials[result.trial_count - 1].rate, ordinary.rate_minimum);
}

static void tells_that_the_maximum_passed(void)
{
	struct device device = {.capacity = 50 * MILLION};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT(result.ndr.maximum_reached && result.pdr.maximum_reached);
	CU_ASSERT_EQUAL(result.ndr.rate, 10 * MILLION);
	CU_ASSERT_EQUAL(result.trial_count, 1);
}

static void tells_that_the_load_gave_out(void)
{
	struct device device = {.capacity = 50 * MILLION, .load_limit = 3 * MILLION};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT(result.ndr.found && result.ndr.load_limited && !result.ndr.maximum_reached);
	CU_ASSERT_EQUAL(result.ndr.rate, 3 * MILLION);
	/* A reflector that is slower than the load is measured all the same. */
	device = (struct device){.capacity = 2 * MILLION, .load_limit = 3 * MILLION};
	search(&device, &ordinary, &result);
	CU_ASSERT(result.ndr.found && !result.ndr.load_limited);
	CU_ASSERT(result.ndr.rate <= 2 * MILLION && result.ndr.rate > 1.97 * MILLION);
}

static void a_load_that_gives_out_between_the_bounds_ends_the_search(void)
{
	/* The first trials lose at 10 M and pass at 2.5 M; what is between can't be offered. */
	for (unsigned i = 0; i < 200; i++) {
		struct device device = {.capacity = 6 * MILLION,
		                        .load_limit = (2 + i % 20 / 5.0) * MILLION,
		                        .load_jitter = i % 3 * 0.1,
		                        .limited_from = 2 + i % 5};
		struct search_settings settings = ordinary;
		struct search_result result;

		settings.retries = i % 2;
		search(&device, &settings, &result);
		CU_ASSERT(result.trial_count <= 40);
		CU_ASSERT_FATAL(result.ndr.found);
		CU_ASSERT(result.ndr.rate <= 6 * MILLION);
		if (result.ndr.load_limited && result.ndr.upper > 0) {
			CU_ASSERT(result.ndr.upper > 6 * MILLION);
			CU_ASSERT_EQUAL(result.ndr.limits, TRIAL_LIMIT_SCHEDULE);
			CU_ASSERT(result.ndr.unreached > result.ndr.rate);
			CU_ASSERT(result.ndr.unreached <= result.ndr.rate / 0.99 + 1);
		} else if (!result.ndr.load_limited) {
			CU_ASSERT(result.ndr.rate >= 6 * MILLION * 0.985);
		}
	}
	struct device device = {
	        .capacity = 6 * MILLION, .load_limit = 3 * MILLION, .limited_from = 3};
	struct search_result result;
	search(&device, &ordinary, &result);
	CU_ASSERT(result.ndr.load_limited && result.ndr.upper > 6 * MILLION);
	/* What is a hundredth short counts as offered. */
	CU_ASSERT_DOUBLE_EQUAL(result.ndr.rate, 3 * MILLION, 0.03 * MILLION);
	CU_ASSERT(!result.ndr.back_pressure && !result.ndr.maximum_reached);
	CU_ASSERT(result.trial_count <= 16);
}

static void a_load_that_was_late_once_is_tried_again(void)
{
	struct device device = {.capacity = 50 * MILLION,
	                        .load_limit = 3 * MILLION,
	                        .limited_from = 1,
	                        .limited_until = 2};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT(result.ndr.maximum_reached && !result.ndr.load_limited);
	CU_ASSERT_EQUAL(result.ndr.rate, 10 * MILLION);
}

static void back_pressure_of_a_lossless_link_is_throughput(void)
{
	struct device device = {.capacity = 50 * MILLION, .ring = 4 * MILLION};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.lossless_link = true;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.found && result.ndr.back_pressure && !result.ndr.load_limited);
	CU_ASSERT_EQUAL(result.ndr.rate, 4 * MILLION);
	CU_ASSERT_EQUAL(result.ndr.upper, 0);
	CU_ASSERT(result.pdr.back_pressure);
	CU_ASSERT_EQUAL(result.trial_count, 1);
	/* Of a link that loses it says that the link, not the reflector, gave out. */
	settings.lossless_link = false;
	device.trials = 0;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.load_limited && !result.ndr.back_pressure);
	CU_ASSERT_EQUAL(result.ndr.limits, TRIAL_LIMIT_TRANSMIT);
	/* A load that is slower than the reflector is no measure of it. */
	settings.lossless_link = true;
	device = (struct device){
	        .capacity = 50 * MILLION, .ring = 4 * MILLION, .load_limit = 3 * MILLION};
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.load_limited && !result.ndr.back_pressure);
}

static void back_pressure_below_a_loss_is_found(void)
{
	/* At first replies are lost, as the way back is full; then the ring holds the sender back. */
	struct device device = {.capacity = 8 * MILLION, .ring = 4 * MILLION, .limited_from = 3};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.lossless_link = true;
	settings.confirm_ns = 1000000000;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.back_pressure && result.ndr.confirmed);
	CU_ASSERT_DOUBLE_EQUAL(result.ndr.rate, 4 * MILLION, 0.04 * MILLION);
	CU_ASSERT(result.ndr.upper > 8 * MILLION);
}

static void residual_loss_leaves_only_pdr(void)
{
	struct device device = {.capacity = 4 * MILLION, .residual = 0.001};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT(!result.ndr.found);
	CU_ASSERT(result.ndr.upper <= 1000);
	CU_ASSERT(result.pdr.found && result.pdr.rate > 3.9 * MILLION);
}

static void spurious_loss_is_tried_again(void)
{
	struct device device = {.capacity = 4 * MILLION, .spurious = 3};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.retries = 2;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.found && result.ndr.rate > 3.94 * MILLION);
}

static void a_bound_that_does_not_hold_is_lowered(void)
{
	struct device device = {.capacity = 4 * MILLION, .long_capacity = 3.5 * MILLION};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.confirm_ns = 2000000000;
	settings.retries = 0;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.found && result.ndr.confirmed);
	CU_ASSERT(result.ndr.rate <= 3.5 * MILLION && result.ndr.rate > 3 * MILLION);
	CU_ASSERT(result.trial_count < SEARCH_TRIALS_MAX);
}

static void stops_when_told_or_failed(void)
{
	struct device device = {.capacity = 4 * MILLION, .interrupt_at = 3};
	struct search_result result;
	struct error error = {""};

	search(&device, &ordinary, &result);
	CU_ASSERT(result.interrupted);
	CU_ASSERT_EQUAL(device.trials, 3);
	device = (struct device){.capacity = 4 * MILLION, .fail_at = 2};
	CU_ASSERT_EQUAL(search_throughput(&ordinary, run, &device, NULL, &result, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT_STRING_EQUAL(error.text, "gone");
}

static void random_devices_end_and_bounds_are_true(void)
{
	srand(1);
	for (unsigned i = 0; i < 500; i++) {
		struct device device = {.capacity = 500 + rand() % 12000000,
		                        .spurious = rand() % 2 == 0 ? 0 : 2 + (unsigned)rand() % 9,
		                        .load_limit =
		                                rand() % 3 == 0 ? 1000 + rand() % 12000000 : 0};
		struct search_settings settings = ordinary;
		struct search_result result;

		settings.retries = (uint32_t)rand() % 3;
		settings.precision = 1000 + (uint64_t)rand() % 50000;
		search(&device, &settings, &result);
		/* No bound is above what the device can, whatever the noise. */
		if (result.ndr.found)
			CU_ASSERT(result.ndr.rate <= device.capacity * 1.0001);
		if (result.pdr.found)
			CU_ASSERT(result.pdr.rate <= device.capacity / 0.995 * 1.0001);
		if (result.ndr.found && result.ndr.upper > 0)
			CU_ASSERT(result.ndr.upper > result.ndr.rate);
	}
}

static void a_trial_that_sent_nothing_is_the_last(void)
{
	struct device device = {.capacity = 1};
	struct search_settings settings = ordinary;
	struct search_result result;

	/* Slots are further apart than a trial is long. */
	settings.rate_minimum = 1;
	settings.rate_maximum = 400;
	search(&device, &settings, &result);
	CU_ASSERT_FALSE(result.ndr.found || result.pdr.found);
	CU_ASSERT(result.trial_count < 20);
}

static void a_device_that_takes_nothing_has_no_throughput(void)
{
	/* So little that no trial sees a packet. */
	struct device device = {.capacity = MILLION, .ring = 0.5};
	struct search_result result;

	search(&device, &ordinary, &result);
	CU_ASSERT_TRUE(search_bound_is_unsent(&result.ndr) && search_bound_is_unsent(&result.pdr));
	CU_ASSERT_EQUAL(result.ndr.limits, TRIAL_LIMIT_TRANSMIT);
	CU_ASSERT_EQUAL(result.trial_count, 1);
	device = (struct device){.capacity = 4 * MILLION, .residual = 0.5};
	search(&device, &ordinary, &result);
	CU_ASSERT_FALSE(result.pdr.found || search_bound_is_unsent(&result.pdr));
	device = (struct device){.capacity = 4 * MILLION, .interrupt_at = 1};
	search(&device, &ordinary, &result);
	CU_ASSERT_FALSE(result.ndr.found || search_bound_is_unsent(&result.ndr));
}

/** Half a second a trial. */
static uint64_t simulated_now_ns(void *context)
{
	const struct device *device = context;

	return 7000000000 + device->trials * ordinary.duration_ns;
}

static void time_that_is_used_up_ends_it(void)
{
	struct device device = {.capacity = 3 * MILLION};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.now_ns = simulated_now_ns;
	settings.limit_ns = 4 * ordinary.duration_ns;
	search(&device, &settings, &result);
	CU_ASSERT_EQUAL(device.trials, 4);
	CU_ASSERT_EQUAL(result.cut, SEARCH_OUT_OF_TIME);
	CU_ASSERT_FALSE(result.interrupted);
	/* Time for all: not a word of it, also when it is used up to the last trial. */
	settings.limit_ns = 1000 * ordinary.duration_ns;
	device.trials = 0;
	search(&device, &settings, &result);
	CU_ASSERT(result.ndr.found && result.cut == SEARCH_WHOLE);
	settings.limit_ns = device.trials * ordinary.duration_ns;
	device.trials = 0;
	search(&device, &settings, &result);
	CU_ASSERT_EQUAL(device.trials * ordinary.duration_ns, settings.limit_ns);
	CU_ASSERT_EQUAL(result.cut, SEARCH_WHOLE);
	/* Retries count as well. */
	settings.retries = 10;
	settings.limit_ns = ordinary.duration_ns;
	device.trials = 0;
	search(&device, &settings, &result);
	CU_ASSERT_EQUAL(device.trials, 1);
	CU_ASSERT(result.cut == SEARCH_OUT_OF_TIME && !result.ndr.found);
}

/** Whatever is found does not hold. */
static void trials_that_are_used_up_end_it(void)
{
	struct device device = {.capacity = 5 * MILLION, .long_capacity = 2000};
	struct search_settings settings = ordinary;
	struct search_result result;

	settings.confirm_ns = 1000000000;
	settings.precision = 1;
	search(&device, &settings, &result);
	CU_ASSERT_EQUAL(result.trial_count, SEARCH_TRIALS_MAX);
	CU_ASSERT_EQUAL(result.cut, SEARCH_OUT_OF_TRIALS);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a confirmation that falls short", a_confirmation_that_falls_short_is_none},
	        {"PDR is confirmed by its own loss", pdr_is_confirmed_by_its_own_loss},
	        {"of repeated trials the best is kept", of_repeated_trials_the_best_is_kept},
	        {"steps down are not too long", steps_down_are_not_too_long},
	        {"finds any throughput", finds_any_throughput},
	        {"tells that the maximum passed", tells_that_the_maximum_passed},
	        {"tells that the load gave out", tells_that_the_load_gave_out},
	        {"a load that gives out between the bounds",
	         a_load_that_gives_out_between_the_bounds_ends_the_search},
	        {"a load that was late once", a_load_that_was_late_once_is_tried_again},
	        {"back-pressure is throughput", back_pressure_of_a_lossless_link_is_throughput},
	        {"back-pressure below a loss", back_pressure_below_a_loss_is_found},
	        {"residual loss leaves only PDR", residual_loss_leaves_only_pdr},
	        {"spurious loss is tried again", spurious_loss_is_tried_again},
	        {"a bound that does not hold is lowered", a_bound_that_does_not_hold_is_lowered},
	        {"stops when told or failed", stops_when_told_or_failed},
	        {"random devices", random_devices_end_and_bounds_are_true},
	        {"a device that takes nothing", a_device_that_takes_nothing_has_no_throughput},
	        {"a trial that sent nothing is the last", a_trial_that_sent_nothing_is_the_last},
	        {"time that is used up ends it", time_that_is_used_up_ends_it},
	        {"trials that are used up end it", trials_that_are_used_up_end_it},
	        CU_TEST_INFO_NULL};

	return unit_run("load-search", tests);
}
