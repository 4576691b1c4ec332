/* SPDX-License-Identifier: BSD-3-Clause */
/** Times as text: RFC 3339 in UTC, "2026-01-02T03:04:05.678901Z". */
#ifndef SPECULAR_BASE_TIME_TEXT_H
#define SPECULAR_BASE_TIME_TEXT_H

#include <time.h>

#define TIME_TEXT_SIZE 40 /**< also for years of more than four digits */

/** The fraction is cut to so many digits, 0 to 9. Returns text. */
const char *time_text(const struct timespec *time, unsigned digits, char text[TIME_TEXT_SIZE]);

/** CLOCK_REALTIME now. */
const char *time_text_now(unsigned digits, char text[TIME_TEXT_SIZE]);

#endif
