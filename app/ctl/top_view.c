/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "quantity.h"
#include "show.h"
#include "terminal_text.h"

#define BAR_WIDTH   16
#define RATE_SIZE   (QUANTITY_SIZE + 4)
#define DROPS_MAX   32u
#define CORES_LEAST 3u /* that have room before sessions */
#define RESERVED    2u /* a block's heading and the blank line before it */
#define KEYS        "q quit  p pause  s sort"

static void add(struct top_view *view, enum top_style style, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/** Octets of the first so many characters. */
static size_t clip(const char *text, unsigned characters)
{
	size_t size = 0;

	while (text[size] != '\0' && characters > 0) {
		size++;
		while ((text[size] & 0xc0) == 0x80)
			size++;
		characters--;
	}
	return size;
}

static void add(struct top_view *view, enum top_style style, const char *format, ...)
{
	char text[TOP_LINE_SIZE];
	struct top_line *line;
	va_list arguments;

	if (view->count >= view->lines || view->count == TOP_LINES_MAX)
		return;
	line = &view->line[view->count++];
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)terminal_text(text, line->text, sizeof(line->text));
	line->text[clip(line->text, view->columns)] = '\0';
	line->style = style;
}

static unsigned left(const struct top_view *view)
{
	return view->lines > view->count ? view->lines - view->count : 0;
}

static const char *format_rate(double rate, char text[RATE_SIZE])
{
	char number[QUANTITY_SIZE];

	(void)snprintf(text, RATE_SIZE, "%s", rate < 0 ? "-" : quantity_scaled(rate, number));
	return text;
}

static const char *duration_of(const json_t *json, const char *path, char text[QUANTITY_SIZE])
{
	double seconds;

	if (!document_number(json, path, &seconds))
		return "-";
	return quantity_duration(seconds, text);
}

/** What stands left and what right of one line. */
static void add_ends(struct top_view *view, enum top_style style, const char *near, const char *far)
{
	size_t width = strlen(near) + strlen(far);
	int gap = width < view->columns ? (int)(view->columns - width) : 1;

	add(view, style, "%s%*s%s", near, gap, "", far);
}

static void add_head(struct top_view *view, const struct top_sample *now)
{
	const json_t *status = now->status.document;
	char text[TOP_LINE_SIZE], far[TOP_LINE_SIZE], duration[QUANTITY_SIZE];
	double error_ns;
	bool known = document_number(status, "clock.error_ns", &error_ns);

	(void)snprintf(text, sizeof(text), "specular %.40s  %.20s  up %s",
	               document_text(status, "version", "-"), document_text(status, "state", "-"),
	               duration_of(status, "uptime_seconds", duration));
	(void)snprintf(far, sizeof(far), "%s%s", view->paused ? "PAUSED  " : "", KEYS);
	add_ends(view, TOP_HEADING, text, far);
	if (view->trouble != NULL)
		add(view, TOP_ALARM, "%s", view->trouble);
	add(view, TOP_PLAIN, "suite %.40s  hugepages %s  clock %s, error %s",
	    document_text(status, "suite", "-"),
	    json_is_true(document_at(status, "hugepages")) ? "yes" : "no",
	    json_is_true(document_at(status, "clock.synchronized")) ? "synchronized"
	                                                            : "not synchronized",
	    known ? quantity_nanoseconds(error_ns, duration) : "-");
	add(view, TOP_PLAIN,
	    "sessions %" PRIu64 " of %" PRIu64 ", started %" PRIu64 "  connections %" PRIu64
	    " + %" PRIu64 " half open",
	    document_count(status, "sessions.installed"), document_count(status, "sessions.limit"),
	    document_count(status, "sessions.started"), document_count(status, "connections.open"),
	    document_count(status, "connections.half_open"));
}

static void add_packets(struct top_view *view, const struct top_sample *now,
                        const struct top_sample *before)
{
	static const char *const names[] = {"received", "reflected", "exception", "dropped"};
	static const char *const labels[] = {"received", "reflected", "to kernel", "dropped"};
	double seconds = now->when - before->when;
	char line[TOP_LINE_SIZE] = "", path[64], rate[RATE_SIZE];
	size_t used = 0;

	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "packets.%s", names[i]);
		(void)format_rate(
		        top_rate(now->status.document, before->status.document, path, seconds),
		        rate);
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %s/s",
		                         i > 0 ? "  " : "", labels[i], rate);
	}
	add(view, TOP_BOLD, "%s", line);
}

/** Below 0: not known. Of two answers where both tell the cycles, else what the appliance says. */
static double busy_share(const json_t *core, const json_t *earlier, double seconds, double tsc_hz)
{
	double cycles = top_rate(core, earlier, "busy_cycles", seconds), share;

	if (cycles >= 0 && tsc_hz > 0)
		return cycles / tsc_hz > 1 ? 1 : cycles / tsc_hz;
	return document_number(core, "busy_share", &share) && share <= 1 ? share : -1;
}

static void add_core(struct top_view *view, const json_t *core, const json_t *earlier,
                     double seconds, double tsc_hz)
{
	static const char bar[BAR_WIDTH + 1] = "||||||||||||||||";
	double share = busy_share(core, earlier, seconds, tsc_hz);
	bool stuck = json_is_true(document_at(core, "stuck"));
	char percent[QUANTITY_SIZE] = "-", received[RATE_SIZE], reflected[RATE_SIZE],
	     cycles[QUANTITY_SIZE] = "-", p99[QUANTITY_SIZE] = "-";
	double value;

	if (share >= 0)
		(void)quantity_percent(share, percent);
	if (document_number(core, "cycles_per_packet", &value))
		(void)quantity_scaled(value, cycles);
	if (document_number(core, "turnaround_ns.p99", &value))
		(void)quantity_nanoseconds(value, p99);
	add(view, stuck ? TOP_ALARM : TOP_PLAIN,
	    "%4" PRIu64 " %4" PRIu64 "  [%-*.*s]%7s %10s %11s %8s %8s",
	    document_count(core, "core"), document_count(core, "cpu"), BAR_WIDTH,
	    stuck       ? BAR_WIDTH
	    : share > 0 ? (int)(share * BAR_WIDTH + 0.5)
	                : 0,
	    stuck ? "STUCK" : bar, percent,
	    format_rate(top_rate(core, earlier, "received", seconds), received),
	    format_rate(top_rate(core, earlier, "reflected", seconds), reflected), cycles, p99);
}

static void add_cores(struct top_view *view, const struct top_sample *now,
                      const struct top_sample *before)
{
	const json_t *cores = document_at(now->cores.document, "cores"), *core;
	const json_t *earlier = document_at(before->cores.document, "cores");
	unsigned room = left(view) / 3 > CORES_LEAST ? left(view) / 3 : CORES_LEAST;
	double tsc_hz;
	size_t index;

	(void)document_number(now->cores.document, "tsc_hz", &tsc_hz);
	add(view, TOP_PLAIN, "%s", "");
	add(view, TOP_HEADING, "%4s %4s  %-*s%7s %10s %11s %8s %8s", "CORE", "CPU", BAR_WIDTH + 2,
	    "BUSY", "", "RECEIVED/s", "REFLECTED/s", "CYCLES", "P99");
	json_array_foreach (cores, index, core) {
		if (index + 1 >= room && json_array_size(cores) > room) {
			add(view, TOP_PLAIN, "     and %zu more", json_array_size(cores) - index);
			return;
		}
		add_core(view, core, top_same(earlier, core, "core"),
		         now->cores.document != NULL ? now->when - before->when : 0, tsc_hz);
	}
}

struct drop {
	const char *name;
	uint64_t count;
	double rate;
};

static int most_first(const void *left_drop, const void *right_drop)
{
	const struct drop *a = left_drop, *b = right_drop;

	if (a->rate != b->rate)
		return a->rate < b->rate ? 1 : -1;
	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

static unsigned find_drops(const struct top_sample *now, const struct top_sample *before,
                           struct drop drops[DROPS_MAX])
{
	json_t *datapath = document_at(now->counters.document, "datapath"), *value;
	const json_t *earlier = document_at(before->counters.document, "datapath");
	unsigned count = 0;
	const char *name;

	json_object_foreach (datapath, name, value) {
		if (strncmp(name, "drop_", 5) != 0 || !json_is_integer(value) ||
		    json_integer_value(value) <= 0 || count == DROPS_MAX)
			continue;
		drops[count] = (struct drop){
		        .name = name + 5,
		        .count = (uint64_t)json_integer_value(value),
		        .rate = top_rate(datapath, earlier, name, now->when - before->when)};
		count++;
	}
	qsort(drops, count, sizeof(drops[0]), most_first);
	return count;
}

static void add_drops(struct top_view *view, const struct top_sample *now,
                      const struct top_sample *before)
{
	struct drop drops[DROPS_MAX];
	unsigned count = find_drops(now, before, drops);
	unsigned room = left(view) > 2 * RESERVED ? (left(view) - 2 * RESERVED) / 2 : 0;
	char rate[RATE_SIZE];

	if (count == 0 || room == 0)
		return;
	add(view, TOP_PLAIN, "%s", "");
	add(view, TOP_HEADING, "%-24s %14s %10s", "DROPPED", "ALL", "NOW/s");
	for (unsigned i = 0; i < count && i < room; i++)
		add(view, drops[i].rate > 0 ? TOP_BOLD : TOP_PLAIN, "%-24.24s %14" PRIu64 " %10s",
		    drops[i].name, drops[i].count, format_rate(drops[i].rate, rate));
}

static void add_sessions(struct top_view *view, const struct top_sample *now,
                         const struct top_sample *before)
{
	const json_t *sessions = document_at(now->sessions.document, "sessions"), *session;
	const json_t *earlier = document_at(before->sessions.document, "sessions");
	double seconds = now->when - before->when;
	char sender[SHOW_ENDPOINT_SIZE], rate[RATE_SIZE], age[QUANTITY_SIZE];
	/* An IPv6 address with its port has room where the terminal has. */
	int width = view->columns >= 104 ? 47 : 23;
	size_t index;

	if (left(view) <= RESERVED)
		return;
	add(view, TOP_PLAIN, "%s", "");
	(void)snprintf(sender, sizeof(sender), "SENDER, by %s", top_order_names[view->order]);
	add(view, TOP_HEADING, "%-*s %-8s %-15s %10s %7s %8s", width, sender, "STATE", "MODE",
	    "REFLECTED", "NOW/s", "LAST");
	json_array_foreach (sessions, index, session) {
		const json_t *last = left(view) > 0 ? top_same(earlier, session, "sid") : NULL;
		add(view, TOP_PLAIN, "%-*.*s %-8.8s %-15.15s %10" PRIu64 " %7s %8s", width, width,
		    show_endpoint(session, "sender", sender), document_text(session, "state", "-"),
		    document_text(session, "mode", "-"), document_count(session, "reflected"),
		    format_rate(top_rate(session, last, "reflected", seconds), rate),
		    duration_of(session, "last_received_age_seconds", age));
	}
}

void top_view_render(struct top_view *view, const struct top_sample *now,
                     const struct top_sample *before)
{
	view->count = 0;
	if (view->columns > TOP_COLUMNS_MAX)
		view->columns = TOP_COLUMNS_MAX;
	if (view->lines < TOP_LINES_LEAST || view->columns < TOP_COLUMNS_LEAST) {
		add(view, TOP_PLAIN, "too small: %dx%d", TOP_COLUMNS_LEAST, TOP_LINES_LEAST);
		return;
	}
	add_head(view, now);
	add_packets(view, now, before);
	add_cores(view, now, before);
	add_drops(view, now, before);
	add_sessions(view, now, before);
}
