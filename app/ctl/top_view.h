/* SPDX-License-Identifier: BSD-3-Clause */
/** The lines of the live view: from two samples to texts, whatever the terminal. */
#ifndef SPECULAR_CTL_TOP_VIEW_H
#define SPECULAR_CTL_TOP_VIEW_H

#include <stdbool.h>

#include "top_sample.h"

#define TOP_LINES_MAX     300
#define TOP_LINE_SIZE     1024 /* octets; of at most 250 columns */
#define TOP_COLUMNS_MAX   250
#define TOP_LINES_LEAST   10
#define TOP_COLUMNS_LEAST 40

enum top_style { TOP_PLAIN, TOP_BOLD, TOP_HEADING, TOP_ALARM };

struct top_line {
	enum top_style style;
	char text[TOP_LINE_SIZE]; /**< fit for a terminal, UTF-8 */
};

struct top_view {
	unsigned lines;   /**< of the terminal */
	unsigned columns; /**< of the terminal */
	enum top_order order;
	bool paused;
	const char *trouble; /**< why there is nothing newer; NULL: there is */
	unsigned count;      /**< of line; what follows is rendered */
	struct top_line line[TOP_LINES_MAX];
};

/** Of now; before has no documents the first time. What has no room is left out; there are never more lines than the terminal's. */
void top_view_render(struct top_view *view, const struct top_sample *now,
                     const struct top_sample *before);

#endif
