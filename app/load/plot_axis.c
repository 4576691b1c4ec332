/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_axis.h"

#include <math.h>
#include <stdio.h>

#define TICKS_WANTED   6.0
#define DECADES_MANY   7
#define ROUNDING_SLACK 1e-9
#define SECONDS_MINUTE 60.0
#define SECONDS_HOUR   3600.0

bool plot_axis_holds(const struct plot_axis *axis, double value)
{
	return isfinite(value) && (axis->scale == PLOT_LOGARITHMIC ? value > 0 : value >= 0);
}

void plot_axis_include(struct plot_axis *axis, double value)
{
	if (!plot_axis_holds(axis, value))
		return;
	if (!axis->any || value < axis->low)
		axis->low = value;
	if (!axis->any || value > axis->high)
		axis->high = value;
	axis->any = true;
}

/** 1, 2 or 5 times a power of ten. */
static double nice_step(double range)
{
	double power = pow(10, floor(log10(range / TICKS_WANTED)));
	double factor = range / TICKS_WANTED / power;

	return power * (factor <= 1 ? 1 : (factor <= 2 ? 2 : (factor <= 5 ? 5 : 10)));
}

static double elapsed_step(double range)
{
	static const double steps[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
	                               600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400};

	if (range <= TICKS_WANTED)
		return nice_step(range);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (range / steps[i] <= TICKS_WANTED)
			return steps[i];
	}
	return steps[sizeof(steps) / sizeof(steps[0]) - 1];
}

static double step_of(const struct plot_axis *axis)
{
	if (axis->scale == PLOT_NINES)
		return 1;
	if (axis->scale == PLOT_NEAR)
		return nice_step(axis->high - axis->low);
	return axis->unit == PLOT_ELAPSED ? elapsed_step(axis->high) : nice_step(axis->high);
}

void plot_axis_round(struct plot_axis *axis)
{
	if (!axis->any) {
		axis->low = axis->high = 1;
		axis->any = true;
	}
	if (axis->scale == PLOT_LOGARITHMIC) {
		axis->low = pow(10, floor(log10(axis->low) + ROUNDING_SLACK));
		axis->high = pow(10, ceil(log10(axis->high) - ROUNDING_SLACK));
		if (axis->high <= axis->low)
			axis->high = axis->low * 10;
		return;
	}
	if (axis->scale == PLOT_NEAR && axis->high > axis->low) {
		double step = step_of(axis);
		axis->low = floor(axis->low / step) * step;
		axis->high = ceil(axis->high / step) * step;
		return;
	}
	axis->low = 0;
	if (axis->high <= 0)
		axis->high = 1;
	/* Time ends where it ends: no empty room behind it. */
	if (axis->unit != PLOT_ELAPSED)
		axis->high = ceil(axis->high / step_of(axis) - ROUNDING_SLACK) * step_of(axis);
}

double plot_axis_place(const struct plot_axis *axis, double value)
{
	if (axis->scale == PLOT_LOGARITHMIC)
		return log10(value / axis->low) / log10(axis->high / axis->low);
	return (value - axis->low) / (axis->high - axis->low);
}

static unsigned decade_ticks(const struct plot_axis *axis, double ticks[PLOT_TICKS_MAX])
{
	static const double within[] = {1, 2, 5};
	int first = (int)lround(log10(axis->low)), last = (int)lround(log10(axis->high));
	int step = (last - first) / DECADES_MANY + 1;
	unsigned count = 0, parts = last - first <= 2 ? 3 : 1;

	for (int decade = first; decade <= last; decade += step) {
		for (unsigned i = 0; i < parts && count < PLOT_TICKS_MAX; i++) {
			double tick = within[i] * pow(10, decade);
			if (tick <= axis->high * (1 + ROUNDING_SLACK))
				ticks[count++] = tick;
		}
	}
	return count;
}

unsigned plot_axis_ticks(const struct plot_axis *axis, double ticks[PLOT_TICKS_MAX])
{
	double step;
	unsigned count = 0;

	if (axis->scale == PLOT_LOGARITHMIC)
		return decade_ticks(axis, ticks);
	step = step_of(axis);
	while (count < PLOT_TICKS_MAX &&
	       axis->low + step * count <= axis->high * (1 + ROUNDING_SLACK)) {
		ticks[count] = axis->low + step * count;
		count++;
	}
	return count;
}

struct unit_name {
	double size;
	const char *name;
};

/** units from the largest on; the last one is for what is smaller too. */
static void label_in(const struct unit_name *units, unsigned count, double value,
                     char text[PLOT_LABEL_SIZE])
{
	unsigned i = 0;

	while (i + 1 < count && fabs(value) < units[i].size * (1 - ROUNDING_SLACK))
		i++;
	(void)snprintf(text, PLOT_LABEL_SIZE, "%.6g%s", value / units[i].size,
	               value == 0 ? "" : units[i].name);
}

static void nines_label(double value, char text[PLOT_LABEL_SIZE])
{
	int nines = (int)lround(value);

	if (nines == 0)
		(void)snprintf(text, PLOT_LABEL_SIZE, "0 %%");
	else
		(void)snprintf(text, PLOT_LABEL_SIZE, "%.*f %%", nines > 2 ? nines - 2 : 0,
		               100 * (1 - pow(10, -nines)));
}

static void elapsed_label(double value, char text[PLOT_LABEL_SIZE])
{
	unsigned long seconds = (unsigned long)lround(value);

	if (value < SECONDS_MINUTE)
		(void)snprintf(text, PLOT_LABEL_SIZE, "%.3g s", value);
	else if (value < SECONDS_HOUR)
		(void)snprintf(text, PLOT_LABEL_SIZE, "%lu:%02lu min", seconds / 60, seconds % 60);
	else
		(void)snprintf(text, PLOT_LABEL_SIZE, "%lu:%02lu h", seconds / 3600,
		               seconds / 60 % 60);
}

static void percent_label(double value, char text[PLOT_LABEL_SIZE])
{
	int decimals = value > 0 ? (int)fmax(0, -floor(log10(value) + ROUNDING_SLACK)) : 0;

	(void)snprintf(text, PLOT_LABEL_SIZE, "%.*f %%", decimals > 9 ? 9 : decimals, value);
}

void plot_axis_label(const struct plot_axis *axis, double value, char text[PLOT_LABEL_SIZE])
{
	static const struct unit_name times[] = {
	        {1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}};
	static const struct unit_name numbers[] = {
	        {1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}};

	if (axis->scale == PLOT_NINES)
		nines_label(value, text);
	else if (axis->unit == PLOT_TIME)
		label_in(times, sizeof(times) / sizeof(times[0]), value, text);
	else if (axis->unit == PLOT_ELAPSED)
		elapsed_label(value, text);
	else if (axis->unit == PLOT_PERCENT)
		percent_label(value, text);
	else
		label_in(numbers, sizeof(numbers) / sizeof(numbers[0]), value, text);
}
