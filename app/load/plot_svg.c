/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_svg.h"

#include "markup.h"

/* Of the drawing, in its own units; the page scales it. */
#define WIDTH      820.0
#define HEIGHT     340.0
#define LEFT       96.0
#define RIGHT      40.0
#define TOP        16.0
#define BOTTOM     54.0
#define LANE       38.0 /* the zero lane's height */
#define TICK_GAP   18.0
#define LABEL_LIFT 4.0
#define LABEL_LINE 20.0
#define DOT_RADIUS 4.5
#define LABEL_ROOM 180.0
#define RULE_GAP   4.0

static double floor_of(const struct plot *plot)
{
	return HEIGHT - BOTTOM - (plot->y.zero_lane ? LANE : 0);
}

static double place_x(const struct plot *plot, double value)
{
	return LEFT + plot_axis_place(&plot->x, value) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct plot *plot, double value)
{
	double bottom = floor_of(plot);

	if (plot->y.zero_lane && value <= 0)
		return HEIGHT - BOTTOM - LANE / 2;
	return bottom - plot_axis_place(&plot->y, value) * (bottom - TOP);
}

static bool has_place(const struct plot *plot, double x, double y)
{
	return plot_axis_holds(&plot->x, x) &&
	       (plot_axis_holds(&plot->y, y) || (plot->y.zero_lane && y == 0));
}

static void line(const struct plot *plot, const char *style, double x1, double y1, double x2,
                 double y2)
{
	(void)fprintf(plot->out,
	              "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
	              style, x1, y1, x2, y2);
}

static void text(const struct plot *plot, const char *attributes, double x, double y,
                 const char *content)
{
	(void)fprintf(plot->out, "<text %s x=\"%.1f\" y=\"%.1f\">", attributes, x, y);
	markup_text(plot->out, content);
	(void)fputs("</text>\n", plot->out);
}

static void draw_x_axis(const struct plot *plot)
{
	double ticks[PLOT_TICKS_MAX];
	unsigned count = plot_axis_ticks(&plot->x, ticks);
	char label[PLOT_LABEL_SIZE];

	for (unsigned i = 0; i < count; i++) {
		double x = place_x(plot, ticks[i]);
		line(plot, "grid", x, TOP, x, HEIGHT - BOTTOM);
		plot_axis_label(&plot->x, ticks[i], label);
		text(plot, "text-anchor=\"middle\"", x, HEIGHT - BOTTOM + TICK_GAP, label);
	}
	text(plot, "class=\"axis\" text-anchor=\"middle\"", LEFT + (WIDTH - LEFT - RIGHT) / 2,
	     HEIGHT - LABEL_LIFT * 2, plot->x.title);
}

static void draw_y_axis(const struct plot *plot)
{
	double ticks[PLOT_TICKS_MAX], middle = TOP + (HEIGHT - BOTTOM - TOP) / 2;
	unsigned count = plot_axis_ticks(&plot->y, ticks);
	char label[PLOT_LABEL_SIZE];

	for (unsigned i = 0; i < count; i++) {
		double y = place_y(plot, ticks[i]);
		line(plot, "grid", LEFT, y, WIDTH - RIGHT, y);
		plot_axis_label(&plot->y, ticks[i], label);
		text(plot, "text-anchor=\"end\"", LEFT - LABEL_LIFT * 2, y + LABEL_LIFT, label);
	}
	if (plot->y.zero_lane) {
		(void)fprintf(plot->out,
		              "<rect class=\"lane\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		              "height=\"%.1f\"/>\n",
		              LEFT, floor_of(plot), WIDTH - LEFT - RIGHT, LANE);
		text(plot, "text-anchor=\"end\"", LEFT - LABEL_LIFT * 2,
		     place_y(plot, 0) + LABEL_LIFT, "none");
	}
	(void)fprintf(plot->out,
	              "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(16 %.1f) "
	              "rotate(-90)\">",
	              middle);
	markup_text(plot->out, plot->y.title);
	(void)fputs("</text>\n", plot->out);
}

void plot_begin(struct plot *plot)
{
	plot_axis_round(&plot->x);
	plot_axis_round(&plot->y);
	(void)fputs("<figure><figcaption>", plot->out);
	markup_text(plot->out, plot->title);
	(void)fprintf(plot->out,
	              "</figcaption><div class=\"scroll\"><svg viewBox=\"0 0 %.0f %.0f\" "
	              "role=\"img\" aria-label=\"",
	              WIDTH, HEIGHT);
	markup_text(plot->out, plot->title);
	(void)fputs("\">\n", plot->out);
	draw_x_axis(plot);
	draw_y_axis(plot);
	line(plot, "frame", LEFT, TOP, LEFT, HEIGHT - BOTTOM);
	line(plot, "frame", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
}

static void legend_key(const struct plot *plot, unsigned series)
{
	(void)fputs("<li><svg class=\"key\" viewBox=\"0 0 30 10\" aria-hidden=\"true\">",
	            plot->out);
	if (plot->dots[series])
		(void)fprintf(plot->out, "<circle class=\"s%u dot\" cx=\"15\" cy=\"5\" r=\"4.5\"/>",
		              series);
	else
		(void)fprintf(plot->out, "<path class=\"line s%u%s\" d=\"M0 5L30 5\"/>", series,
		              plot->dense ? " dense" : "");
	(void)fputs("</svg>", plot->out);
}

void plot_end(struct plot *plot, const char *note)
{
	(void)fputs("</svg></div>\n", plot->out);
	if (plot->series_count > 0)
		(void)fputs("<ul class=\"legend\">", plot->out);
	for (unsigned i = 0; i < plot->series_count; i++) {
		legend_key(plot, i);
		markup_text(plot->out, plot->series[i]);
		(void)fputs("</li>", plot->out);
	}
	if (plot->series_count > 0)
		(void)fputs("</ul>\n", plot->out);
	if (note != NULL) {
		(void)fputs("<p class=\"note\">", plot->out);
		markup_text(plot->out, note);
		(void)fputs("</p>\n", plot->out);
	}
	(void)fputs("</figure>\n", plot->out);
}

static unsigned add_series(struct plot *plot, const char *name, bool dots)
{
	unsigned series = plot->series_count;

	if (series == PLOT_SERIES_MAX)
		return series - 1;
	plot->series[series] = name;
	plot->dots[series] = dots;
	plot->series_count++;
	return series;
}

unsigned plot_dots(struct plot *plot, const char *name)
{
	return add_series(plot, name, true);
}

void plot_line_begin(struct plot *plot, const char *name)
{
	(void)fprintf(plot->out, "<path class=\"line s%u%s\" d=\"", add_series(plot, name, false),
	              plot->dense ? " dense" : "");
	plot->pen_down = false;
}

void plot_point(struct plot *plot, double x, double y)
{
	if (!has_place(plot, x, y)) {
		plot->pen_down = false;
		return;
	}
	(void)fprintf(plot->out, "%c%.1f %.1f", plot->pen_down ? 'L' : 'M', place_x(plot, x),
	              place_y(plot, y));
	plot->pen_down = true;
}

void plot_line_end(struct plot *plot)
{
	(void)fputs("\"/>\n", plot->out);
}

void plot_dot(struct plot *plot, unsigned series, double x, double y, bool hollow,
              const char *hover)
{
	if (!has_place(plot, x, y))
		return;
	(void)fprintf(plot->out,
	              "<g><title>"); /* a pointer over the dot shows it; no script is needed */
	markup_text(plot->out, hover);
	(void)fprintf(plot->out,
	              "</title><circle class=\"s%u %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/></g>\n",
	              series, hollow ? "hollow" : "dot", place_x(plot, x), place_y(plot, y),
	              DOT_RADIUS);
}

void plot_rule_x(struct plot *plot, double x, const char *label, bool left)
{
	double at = place_x(plot, x), line_height = left ? LABEL_LINE : 2 * LABEL_LINE;

	if (!plot_axis_holds(&plot->x, x))
		return;
	/* Where there is no room it changes sides. */
	if (at < LEFT + LABEL_ROOM)
		left = false;
	if (at > WIDTH - RIGHT - LABEL_ROOM)
		left = true;
	line(plot, "rule", at, TOP, at, HEIGHT - BOTTOM);
	text(plot, left ? "class=\"label\" text-anchor=\"end\"" : "class=\"label\"",
	     at + (left ? -RULE_GAP : RULE_GAP), TOP + line_height, label);
}

void plot_rule_y(struct plot *plot, double y, const char *label)
{
	double at = place_y(plot, y);

	if (!plot_axis_holds(&plot->y, y))
		return;
	line(plot, "rule", LEFT, at, WIDTH - RIGHT, at);
	text(plot, "class=\"label\"", LEFT + RULE_GAP, at - LABEL_LIFT, label);
}
