/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/time_text.h"

#include <stdio.h>

#define NANOSECOND_DIGITS 9

const char *time_text(const struct timespec *time, unsigned digits, char text[TIME_TEXT_SIZE])
{
	char fraction[NANOSECOND_DIGITS + 1];
	struct tm utc;
	size_t used = 0;

	if (gmtime_r(&time->tv_sec, &utc) != NULL)
		used = strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(fraction, sizeof(fraction), "%09u", (unsigned)(time->tv_nsec % 1000000000));
	(void)snprintf(text + used, TIME_TEXT_SIZE - used, "%s%.*sZ", digits > 0 ? "." : "",
	               (int)digits, fraction);
	return text;
}

const char *time_text_now(unsigned digits, char text[TIME_TEXT_SIZE])
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return time_text(&now, digits, text);
}
