/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_axis.h"

#include <math.h>
#include <string.h>

#include "unit.h"

static void include_all(struct plot_axis *axis, const double values[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		plot_axis_include(axis, values[i]);
	plot_axis_round(axis);
}

/** Joined by blanks. */
static void expect_ticks(const struct plot_axis *axis, const char *expected)
{
	double ticks[PLOT_TICKS_MAX];
	unsigned count = plot_axis_ticks(axis, ticks);
	char text[512] = "", label[PLOT_LABEL_SIZE];

	for (unsigned i = 0; i < count; i++) {
		double place = plot_axis_place(axis, ticks[i]);
		CU_ASSERT(place > -1e-6 && place < 1 + 1e-6);
		plot_axis_label(axis, ticks[i], label);
		(void)strncat(text, i > 0 ? "|" : "", sizeof(text) - strlen(text) - 1);
		(void)strncat(text, label, sizeof(text) - strlen(text) - 1);
	}
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void linear_begins_at_zero(void)
{
	struct plot_axis axis = {.unit = PLOT_NUMBER};

	include_all(&axis, (const double[]){1.1e6, 2.3e6}, 2);
	CU_ASSERT_DOUBLE_EQUAL(axis.low, 0, 0);
	expect_ticks(&axis, "0|500 k|1 M|1.5 M|2 M|2.5 M");
}

static void near_stays_around_the_values(void)
{
	struct plot_axis axis = {.scale = PLOT_NEAR};

	include_all(&axis, (const double[]){8.1e6, 12.9e6}, 2);
	expect_ticks(&axis, "8 M|9 M|10 M|11 M|12 M|13 M");
	/* A single value has no range: from zero. */
	axis = (struct plot_axis){.scale = PLOT_NEAR};
	include_all(&axis, (const double[]){3e6}, 1);
	CU_ASSERT_DOUBLE_EQUAL(axis.low, 0, 0);
	CU_ASSERT(plot_axis_place(&axis, 3e6) <= 1);
}

static void logarithmic_has_whole_decades(void)
{
	struct plot_axis axis = {.scale = PLOT_LOGARITHMIC, .unit = PLOT_TIME};

	include_all(&axis, (const double[]){14200, 602000, 0, -1, NAN, INFINITY}, 6);
	expect_ticks(&axis, "10 us|20 us|50 us|100 us|200 us|500 us|1 ms");
	CU_ASSERT(!plot_axis_holds(&axis, 0) && !plot_axis_holds(&axis, NAN));
	CU_ASSERT_DOUBLE_EQUAL(plot_axis_place(&axis, 1e5), 0.5, 1e-9);
	/* A power of ten alone, and the widest range. */
	axis = (struct plot_axis){.scale = PLOT_LOGARITHMIC, .unit = PLOT_TIME};
	include_all(&axis, (const double[]){1000}, 1);
	expect_ticks(&axis, "1 us|2 us|5 us|10 us");
	axis = (struct plot_axis){.scale = PLOT_LOGARITHMIC, .unit = PLOT_PERCENT};
	include_all(&axis, (const double[]){1e-6, 100}, 2);
	expect_ticks(&axis, "0.000001 %|0.0001 %|0.01 %|1 %|100 %");
}

static void nines_are_percentiles(void)
{
	struct plot_axis axis = {.scale = PLOT_NINES};

	include_all(&axis, (const double[]){0, log10(60000)}, 2);
	expect_ticks(&axis, "0 %|90 %|99 %|99.9 %|99.99 %|99.999 %");
}

static void elapsed_time_has_times_as_ticks(void)
{
	struct plot_axis axis = {.unit = PLOT_ELAPSED};

	include_all(&axis, (const double[]){5400}, 1);
	expect_ticks(&axis, "0 s|15:00 min|30:00 min|45:00 min|1:00 h|1:15 h|1:30 h");
	axis = (struct plot_axis){.unit = PLOT_ELAPSED};
	include_all(&axis, (const double[]){2.5}, 1);
	expect_ticks(&axis, "0 s|0.5 s|1 s|1.5 s|2 s|2.5 s");
	axis = (struct plot_axis){.unit = PLOT_ELAPSED};
	include_all(&axis, (const double[]){604800}, 1);
	expect_ticks(&axis, "0 s|24:00 h|48:00 h|72:00 h|96:00 h|120:00 h|144:00 h|168:00 h");
}

static void no_value_is_a_range_too(void)
{
	for (int scale = PLOT_LINEAR; scale <= PLOT_NINES; scale++) {
		struct plot_axis axis = {.scale = (enum plot_scale)scale};
		double ticks[PLOT_TICKS_MAX];
		plot_axis_round(&axis);
		CU_ASSERT(axis.high > axis.low);
		CU_ASSERT(plot_axis_ticks(&axis, ticks) >= 2);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"linear begins at zero", linear_begins_at_zero},
	                       {"near stays around the values", near_stays_around_the_values},
	                       {"logarithmic has whole decades", logarithmic_has_whole_decades},
	                       {"nines are percentiles", nines_are_percentiles},
	                       {"elapsed time has times as ticks", elapsed_time_has_times_as_ticks},
	                       {"no value is a range too", no_value_is_a_range_too},
	                       CU_TEST_INFO_NULL};

	return unit_run("load-plot-axis", tests);
}
