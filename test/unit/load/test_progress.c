/* SPDX-License-Identifier: BSD-3-Clause */
/** What a person sees while a run goes on. */
#include "progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define SECOND UINT64_C(1000000000)

static char *shown;
static size_t shown_size;
static struct progress progress;
static struct load_measures sums;
static const struct trial_second second = {
        .length_ns = SECOND / 2, .sent = 500, .answered = 490, .rtt_p50 = 1500, .rtt_p99 = 2500};

static void begin(enum progress_style style, const struct trial_order *order)
{
	FILE *out = open_memstream(&shown, &shown_size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	progress_init(&progress, out, false);
	progress.style = style;
	progress_begin(&progress, "some trial", order);
	memset(&sums, 0, sizeof(sums));
	sums.sent = 1000;
	sums.answered = 900;
}

static void end(void)
{
	(void)fclose(progress.out);
	free(shown);
}

/** What was drawn since `from`. */
static const char *draw(size_t *from, uint64_t elapsed_ns)
{
	size_t before = *from;

	progress_show(&progress, elapsed_ns, &sums, &second);
	(void)fflush(progress.out);
	*from = shown_size;
	return shown + before;
}

static unsigned lines(const char *text)
{
	unsigned count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/** Lines that it goes up before it draws; 0: none. */
static unsigned up(const char *text)
{
	unsigned count = 0;

	return sscanf(text, "\x1b[%uA", &count) == 1 ? count : 0;
}

static void says(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		(void)fprintf(stderr, "lacks %s:\n%s\n", wanted, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, wanted));
}

static void a_screen_is_drawn_over_the_one_before(void)
{
	const struct trial_order order = {
	        .rate = 1000, .warm_up_ns = SECOND, .duration_ns = 9 * SECOND};
	const struct search_result search = {.trial_count = 3,
	                                     .ndr = {.found = true, .rate = 700, .upper = 800},
	                                     .pdr = {.upper = 900}};
	size_t at = 0;

	begin(PROGRESS_SCREEN, &order);
	const char *first = draw(&at, 2 * SECOND);
	unsigned plain = lines(first);
	CU_ASSERT_EQUAL(up(first), 0);
	progress_search(&progress, &search);
	const char *next = draw(&at, 3 * SECOND);
	CU_ASSERT_EQUAL(up(next), plain);
	CU_ASSERT_EQUAL(lines(next), plain + 1);
	says(next, "3 trials; NDR at least 700/s, below 800/s; PDR not found yet, below 900/s\n");
	progress_search(&progress, NULL);
	next = draw(&at, 4 * SECOND);
	CU_ASSERT(up(next) == plain + 1 && lines(next) == plain);
	/* Somebody else has written. */
	progress_leave(&progress);
	CU_ASSERT_EQUAL(up(draw(&at, 5 * SECOND)), 0);
	end();
}

static void a_screen_says_how_it_goes(void)
{
	const struct trial_order order = {
	        .rate = 1000, .warm_up_ns = SECOND, .duration_ns = 9 * SECOND};
	size_t at = 0;

	begin(PROGRESS_SCREEN, &order);
	says(draw(&at, 2 * SECOND), "faults      none\n");
	for (unsigned i = 0; i < 6; i++)
		sums.faults[i] = i + 1;
	sums.missed = 17;
	sums.duplicates = 3;
	sums.reordered = 4;
	histogram_add(&sums.distributions[LOAD_RTT], 64000);
	const char *text = draw(&at, 2 * SECOND);
	says(text, "specular-load: some trial, 2 s of 10 s, 1000 packets/s ordered\n");
	says(text, "last second 1000 packets/s sent, 980/s answered; RTT p50 1.5 p99 2.5 ");
	says(text, "1000 sent, 900 answered, 100 lost or on their way\n");
	says(text, "p50 64.0 p90 64.0 p99 64.0 p99.9 64.0 maximum 64.0 us\n");
	says(text, "3 duplicates, 4 reordered\n");
	says(text, "truncated 1, udp_checksum 2, hmac 3, unknown_sequence 4 and 2 kinds more\n");
	says(text, "17 missed slots");
	end();
}

/** Of a burst nobody knows how long it takes. */
static void a_burst_has_no_rate(void)
{
	const struct trial_order order = {.kind = TRIAL_BURST, .rate = 5, .frames = 100};
	size_t at = 0;

	begin(PROGRESS_SCREEN, &order);
	says(draw(&at, 2 * SECOND), "specular-load: some trial, 2 s\n");
	end();
}

static void elsewhere_there_is_a_line_now_and_then(void)
{
	const struct trial_order order = {.rate = 1000, .duration_ns = 60 * SECOND};
	size_t at = 0;

	begin(PROGRESS_LINES, &order);
	CU_ASSERT_STRING_EQUAL(draw(&at, 9 * SECOND), "");
	CU_ASSERT_STRING_EQUAL(draw(&at, 12 * SECOND),
	                       "some trial: 12 s: 1000 packets/s sent, 980/s answered, 100 lost or "
	                       "on their way, RTT p50 1.5 p99 2.5 us, faults none, missed slots "
	                       "0\n");
	CU_ASSERT_STRING_EQUAL(draw(&at, 19 * SECOND), "");
	CU_ASSERT_EQUAL(lines(draw(&at, 20 * SECOND)), 1);
	/* The next trial's time begins anew. */
	progress_begin(&progress, "another", &order);
	CU_ASSERT_STRING_EQUAL(draw(&at, 9 * SECOND), "");
	end();
}

static void quiet_is_quiet(void)
{
	const struct trial_order order = {.rate = 1000, .duration_ns = 60 * SECOND};
	size_t at = 0;

	begin(PROGRESS_NONE, &order);
	CU_ASSERT_STRING_EQUAL(draw(&at, 100 * SECOND), "");
	end();
}

static void a_terminal_is_known(void)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	FILE *out = terminal >= 0 ? fdopen(terminal, "w") : NULL, *file = tmpfile();

	CU_ASSERT_FATAL(out != NULL && file != NULL);
	progress_init(&progress, file, false);
	CU_ASSERT_EQUAL(progress.style, PROGRESS_LINES);
	progress_init(&progress, out, false);
	CU_ASSERT_EQUAL(progress.style, PROGRESS_SCREEN);
	progress_init(&progress, out, true);
	CU_ASSERT_EQUAL(progress.style, PROGRESS_NONE);
	(void)fclose(out);
	(void)fclose(file);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a screen is drawn over the one before", a_screen_is_drawn_over_the_one_before},
	        {"a screen says how it goes", a_screen_says_how_it_goes},
	        {"a burst has no rate", a_burst_has_no_rate},
	        {"elsewhere a line now and then", elsewhere_there_is_a_line_now_and_then},
	        {"quiet is quiet", quiet_is_quiet},
	        {"a terminal is known", a_terminal_is_known},
	        CU_TEST_INFO_NULL};

	return unit_run("load-progress", tests);
}
