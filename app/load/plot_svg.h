/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A plot as inline SVG in an HTML figure. Colours are classes of the page's style: a series is s0 to s5. First include every value in
 * the axes, then plot_begin, then draw.
 */
#ifndef SPECULAR_LOAD_PLOT_SVG_H
#define SPECULAR_LOAD_PLOT_SVG_H

#include <stdio.h>

#include "plot_axis.h"

#define PLOT_SERIES_MAX 6u

struct plot {
	FILE *out;
	const char *title;
	struct plot_axis x, y;
	bool dense; /**< so many points that dashes could not be seen */
	/* Its own. */
	unsigned series_count;
	const char *series[PLOT_SERIES_MAX]; /**< names, borrowed until plot_end */
	bool dots[PLOT_SERIES_MAX];
	bool pen_down;
};

/** Opens the figure: rounds the axes, writes the title, grid, ticks and axis titles. */
void plot_begin(struct plot *plot);
/** Legend and end of the figure. note: a sentence below, or NULL. */
void plot_end(struct plot *plot, const char *note);

/** A line, with its name in the legend. Points that have no place break it. */
void plot_line_begin(struct plot *plot, const char *name);
void plot_point(struct plot *plot, double x, double y);
void plot_line_end(struct plot *plot);

/** A series of dots, with its name in the legend: returns its number. */
unsigned plot_dots(struct plot *plot, const char *name);
/** hollow ones are doubtful. hover: what a pointer over it reads. */
void plot_dot(struct plot *plot, unsigned series, double x, double y, bool hollow,
              const char *hover);

/** A line across the whole plot, with a label: at an x, on its left or right and in one of two lines; at a y. */
void plot_rule_x(struct plot *plot, double x, const char *label, bool left);
void plot_rule_y(struct plot *plot, double y, const char *label);

#endif
