/* SPDX-License-Identifier: BSD-3-Clause */
#include "patience.h"

#include <stdlib.h>

#include "core_share.h"

#define PAUSE_NS 5000000
#define NS       1e-9
/** Of fewer nobody could say what they vary by. */
#define ROUNDS_LEAST 2u

/** When patience_limit was called, and what it said; 0: never. */
static struct timespec limit_begin;
static double limit_seconds;

static bool is_whole(const struct patience *patience)
{
	return patience->whole != NULL ? patience->whole() : core_share_is_whole();
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + NS * (double)(now.tv_nsec - begin->tv_nsec);
}

void patience_limit(double seconds)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &limit_begin);
	limit_seconds = seconds;
}

bool patience_limit_read(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(seconds > 0))
		return false;
	patience_limit(seconds);
	return true;
}

bool patience_has_time(void)
{
	return limit_seconds <= 0 || seconds_since(&limit_begin) < limit_seconds;
}

bool patience_for_round(unsigned number)
{
	return number < ROUNDS_LEAST || patience_has_time();
}

void patience_before(struct patience *patience)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &patience->begin);
	patience->whole_before = is_whole(patience);
}

bool patience_after(struct patience *patience)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	bool whole = patience->whole_before && is_whole(patience);

	if (!whole && patience->seconds > 0 && patience_has_time()) {
		(void)nanosleep(&pause, NULL);
		patience->seconds -= seconds_since(&patience->begin);
		return false;
	}
	patience->measured++;
	patience->disturbed += whole ? 0 : 1;
	return true;
}

void patience_record(const struct patience *patience, const char *of, struct record *record)
{
	record_init(record, "quiet", "share");
	record_text(record, "of", of);
	record_round(record, patience->measured == 0
	                             ? 1
	                             : 1 - (double)patience->disturbed / patience->measured);
}
