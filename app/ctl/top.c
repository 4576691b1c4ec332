/* SPDX-License-Identifier: BSD-3-Clause */
#include "top.h"

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "top_view.h"

#define MS_PER_SECOND 1000
/** How long a key waits at most for the signal that ends it. */
#define LOOK_MS 100
/** Rates come soon after the start. */
#define FIRST_MS 500

struct top {
	struct call call;
	int64_t interval_ms;
	struct top_sample now;
	struct top_sample before;
	struct error trouble;
	struct top_view view;
};

/** Signals may come at any moment; set once. */
static volatile int ended;

static void on_signal(int number)
{
	ended = number;
}

static void catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaction(numbers[i], &action, NULL);
}

static void draw(struct top *top)
{
	static const attr_t styles[] = {[TOP_PLAIN] = A_NORMAL,
	                                [TOP_BOLD] = A_BOLD,
	                                [TOP_HEADING] = A_REVERSE,
	                                [TOP_ALARM] = A_BOLD | A_STANDOUT};
	struct top_view *view = &top->view;

	view->lines = (unsigned)LINES;
	view->columns = (unsigned)COLS;
	view->trouble = top->trouble.text[0] != '\0' ? top->trouble.text : NULL;
	top_view_render(view, &top->now, &top->before);
	(void)erase();
	for (unsigned i = 0; i < view->count; i++) {
		const struct top_line *line = &view->line[i];
		(void)attrset((int)styles[line->style]);
		if (line->style == TOP_HEADING)
			(void)mvhline((int)i, 0, ' ', COLS);
		(void)mvaddstr((int)i, 0, line->text);
	}
	(void)attrset(A_NORMAL);
	(void)refresh();
}

/** Rates need two samples; one that failed changes nothing but the line that says so. */
static int look(struct top *top)
{
	struct top_sample sample;
	struct error error;
	int status = top_sample_take(&top->call, top->view.order, &sample, &error);

	if (status != 0) {
		top->trouble = error;
		return status;
	}
	top->trouble.text[0] = '\0';
	top_sample_clear(&top->before);
	top->before = top->now;
	top->now = sample;
	return 0;
}

/** Draws again on keys and new sizes until it is time to look again. False: the end. */
static bool wait_for_keys(struct top *top)
{
	bool first = top->before.status.document == NULL;
	int64_t left = first && top->interval_ms > FIRST_MS ? FIRST_MS : top->interval_ms;

	while (ended == 0 && (left > 0 || top->view.paused)) {
		int step = top->view.paused || left > LOOK_MS ? LOOK_MS : (int)left;
		timeout(step);
		int key = getch();
		left -= step;
		if (key == ERR)
			continue;
		if (key == 'q' || key == 'Q')
			return false;
		if (key == 'p' || key == ' ')
			top->view.paused = !top->view.paused;
		if (key == 's') {
			top->view.order = (enum top_order)((top->view.order + 1) % TOP_ORDER_COUNT);
			left = 0;
		}
		draw(top);
	}
	return ended == 0;
}

static int run(struct top *top, struct error *error)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);

	if (screen == NULL)
		return error_set(error, ERROR_ARGUMENT,
		                 "top: ncurses does not know the terminal %.40s; set TERM, for "
		                 "example to xterm",
		                 getenv("TERM") != NULL ? getenv("TERM") : "(TERM is not set)");
	(void)cbreak();
	(void)noecho();
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	catch_signals();
	do {
		draw(top);
	} while (wait_for_keys(top) && (look(top), true));
	(void)endwin();
	delscreen(screen);
	return 0;
}

int top_run(const struct ctl_options *options, struct error *error)
{
	struct top *top;
	int status;

	if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
		return error_set(error, ERROR_ARGUMENT,
		                 "top needs a terminal; for files and pipes there are status, "
		                 "counters and --json");
	(void)setlocale(LC_CTYPE, "");
	top = calloc(1, sizeof(*top));
	if (top == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the view");
	top->call = (struct call){
	        .socket = options->socket, .wait_ms = options->wait_ms, .ended = &ended};
	top->interval_ms = options->interval_ms;
	/* The first look says it in the ordinary way when nobody is there. */
	status = look(top);
	if (status == 0)
		status = run(top, error);
	else
		*error = top->trouble;
	top_sample_clear(&top->now);
	top_sample_clear(&top->before);
	free(top);
	return status;
}
