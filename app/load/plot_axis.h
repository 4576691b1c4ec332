/* SPDX-License-Identifier: BSD-3-Clause */
/** An axis of a plot: its range, ticks and their labels. */
#ifndef SPECULAR_LOAD_PLOT_AXIS_H
#define SPECULAR_LOAD_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#define PLOT_TICKS_MAX  32u
#define PLOT_LABEL_SIZE 32u

enum plot_scale {
	PLOT_LINEAR,      /**< from zero, */
	PLOT_NEAR,        /**< or only around the values */
	PLOT_LOGARITHMIC, /**< whole decades of what is above zero */
	PLOT_NINES, /**< values are log10(1 / (1 - p)): one more nine of a percentile a step, as HdrHistogram plots them */
};

enum plot_unit {
	PLOT_NUMBER,  /**< 1,500,000: "1.5 M" */
	PLOT_TIME,    /**< of nanoseconds */
	PLOT_ELAPSED, /**< of seconds: since a start */
	PLOT_PERCENT,
};

struct plot_axis {
	const char *title; /**< with the unit, if the labels don't have it */
	enum plot_scale scale;
	enum plot_unit unit;
	bool zero_lane; /**< PLOT_LOGARITHMIC: zeros are drawn, in a lane of their own below */
	/* Zero-initialised; plot_axis_include and plot_axis_round fill them. */
	bool any;
	double low, high;
};

/** The range is to hold the value; what a scale can't place is passed over. */
void plot_axis_include(struct plot_axis *axis, double value);
/** When all is included: to whole ticks. An axis without any value gets a range all the same. */
void plot_axis_round(struct plot_axis *axis);
/** From 0 (low) to 1 (high). */
double plot_axis_place(const struct plot_axis *axis, double value);
/** True when the value has a place on the scale; a zero of a zero lane has none. */
bool plot_axis_holds(const struct plot_axis *axis, double value);
/** Returns their number. */
unsigned plot_axis_ticks(const struct plot_axis *axis, double ticks[PLOT_TICKS_MAX]);
void plot_axis_label(const struct plot_axis *axis, double value, char text[PLOT_LABEL_SIZE]);

#endif
