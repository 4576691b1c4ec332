/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include <inttypes.h>
#include <unistd.h>

#define NS_PER_SECOND    UINT64_C(1000000000)
#define LINE_INTERVAL_NS (10 * NS_PER_SECOND)
#define ERASE_BELOW      "\x1b[J"
/** A line that is longer than the terminal is wide shall not become two: the next screen is drawn over so many lines. */
#define CUT_LINES        "\x1b[?7l"
#define WRAP_LINES       "\x1b[?7h"
#define MICROSECONDS(ns) ((double)(ns) / 1000.0)
#define FAULTS_SHOWN     4u

void progress_init(struct progress *progress, FILE *out, bool quiet)
{
	bool terminal = isatty(fileno(out)) == 1;

	*progress = (struct progress){.out = out};
	progress->style = quiet ? PROGRESS_NONE : terminal ? PROGRESS_SCREEN : PROGRESS_LINES;
}

void progress_begin(struct progress *progress, const char *name, const struct trial_order *order)
{
	progress->name = name;
	progress->rate = order->kind == TRIAL_PACED ? order->rate : 0;
	progress->total_ns =
	        order->kind == TRIAL_PACED ? order->warm_up_ns + order->duration_ns : 0;
	progress->next_line_ns = LINE_INTERVAL_NS;
}

void progress_search(struct progress *progress, const struct search_result *search)
{
	progress->search = search;
}

void progress_leave(struct progress *progress)
{
	progress->drawn = 0;
}

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SECOND;
}

static double per_second(uint64_t count, uint64_t length_ns)
{
	return length_ns == 0 ? 0 : (double)count / seconds(length_ns);
}

static uint64_t lost(const struct load_measures *sums)
{
	return sums->sent > sums->answered ? sums->sent - sums->answered : 0;
}

static void write_faults(FILE *out, const struct load_measures *sums)
{
	unsigned shown = 0;

	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++) {
		if (sums->faults[i] == 0)
			continue;
		if (shown < FAULTS_SHOWN)
			(void)fprintf(out, "%s%s %" PRIu64, shown == 0 ? "" : ", ",
			              load_fault_descriptions[i].name, sums->faults[i]);
		shown++;
	}
	if (shown == 0)
		(void)fputs("none", out);
	else if (shown > FAULTS_SHOWN)
		(void)fprintf(out, " and %u kinds more", shown - FAULTS_SHOWN);
}

static void write_bound(FILE *out, const char *name, const struct search_bound *bound)
{
	if (bound->found)
		(void)fprintf(out, "%s at least %.0f/s", name, bound->rate);
	else
		(void)fprintf(out, "%s not found yet", name);
	if (bound->upper > 0)
		(void)fprintf(out, ", below %.0f/s", bound->upper);
}

static unsigned draw_search(const struct progress *progress)
{
	FILE *out = progress->out;

	if (progress->search == NULL)
		return 0;
	(void)fprintf(out, "  search      %u trials; ", progress->search->trial_count);
	write_bound(out, "NDR", &progress->search->ndr);
	(void)fputs("; ", out);
	write_bound(out, "PDR", &progress->search->pdr);
	(void)fputs("\n", out);
	return 1;
}

static void draw_screen(struct progress *progress, uint64_t elapsed_ns,
                        const struct load_measures *sums, const struct trial_second *last)
{
	const struct histogram *rtt = &sums->distributions[LOAD_RTT];
	FILE *out = progress->out;

	if (progress->drawn > 0)
		(void)fprintf(out, "\x1b[%uA\r" ERASE_BELOW, progress->drawn);
	(void)fputs(CUT_LINES, out);
	(void)fprintf(out, "specular-load: %s, %.0f s", progress->name, seconds(elapsed_ns));
	if (progress->total_ns > 0)
		(void)fprintf(out, " of %.0f s", seconds(progress->total_ns));
	if (progress->rate > 0)
		(void)fprintf(out, ", %.0f packets/s ordered", progress->rate);
	(void)fprintf(out,
	              "\n  last second %.0f packets/s sent, %.0f/s answered; RTT p50 %.1f p99 %.1f "
	              "maximum %.1f us\n",
	              per_second(last->sent, last->length_ns),
	              per_second(last->answered, last->length_ns), MICROSECONDS(last->rtt_p50),
	              MICROSECONDS(last->rtt_p99), MICROSECONDS(last->rtt_maximum));
	(void)fprintf(out,
	              "  so far      %" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64
	              " lost or on their way\n",
	              sums->sent, sums->answered, lost(sums));
	(void)fprintf(out, "  RTT         p50 %.1f p90 %.1f p99 %.1f p99.9 %.1f maximum %.1f us\n",
	              MICROSECONDS(histogram_percentile(rtt, 500000)),
	              MICROSECONDS(histogram_percentile(rtt, 900000)),
	              MICROSECONDS(histogram_percentile(rtt, 990000)),
	              MICROSECONDS(histogram_percentile(rtt, 999000)),
	              MICROSECONDS(rtt->count > 0 ? rtt->maximum : 0));
	(void)fprintf(out, "  order       %" PRIu64 " duplicates, %" PRIu64 " reordered\n",
	              sums->duplicates, sums->reordered);
	(void)fputs("  faults      ", out);
	write_faults(out, sums);
	(void)fprintf(out,
	              "\n  this load   %" PRIu64 " missed slots, %" PRIu64
	              " times a full transmit queue, %" PRIu64 " times no buffers\n",
	              sums->missed, sums->transmit_full, sums->no_buffer);
	progress->drawn = 7 + draw_search(progress);
	(void)fputs(WRAP_LINES, out);
	(void)fflush(out);
}

static void write_line(struct progress *progress, uint64_t elapsed_ns,
                       const struct load_measures *sums, const struct trial_second *last)
{
	FILE *out = progress->out;

	if (elapsed_ns < progress->next_line_ns)
		return;
	progress->next_line_ns = elapsed_ns - elapsed_ns % LINE_INTERVAL_NS + LINE_INTERVAL_NS;
	(void)fprintf(out,
	              "%s: %.0f s: %.0f packets/s sent, %.0f/s answered, %" PRIu64
	              " lost or on their way, RTT p50 %.1f p99 %.1f us, faults ",
	              progress->name, seconds(elapsed_ns), per_second(last->sent, last->length_ns),
	              per_second(last->answered, last->length_ns), lost(sums),
	              MICROSECONDS(last->rtt_p50), MICROSECONDS(last->rtt_p99));
	write_faults(out, sums);
	(void)fprintf(out, ", missed slots %" PRIu64 "\n", sums->missed);
	(void)fflush(out);
}

void progress_show(struct progress *progress, uint64_t elapsed_ns, const struct load_measures *sums,
                   const struct trial_second *last)
{
	if (progress->style == PROGRESS_SCREEN)
		draw_screen(progress, elapsed_ns, sums, last);
	else if (progress->style == PROGRESS_LINES)
		write_line(progress, elapsed_ns, sums, last);
}
