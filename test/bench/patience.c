/* SPDX-License-Identifier: BSD-3-Clause */
#include "patience.h"

#include "core_share.h"

#define PAUSE_NS 5000000
#define NS       1e-9

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

void patience_before(struct patience *patience)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &patience->begin);
	patience->whole_before = is_whole(patience);
}

bool patience_after(struct patience *patience)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	bool whole = patience->whole_before && is_whole(patience);

	if (!whole && patience->seconds > 0) {
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
