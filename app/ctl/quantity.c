/* SPDX-License-Identifier: BSD-3-Clause */
#include "quantity.h"

#include <stdio.h>

#define MINUTE 60u
#define HOUR   3600u
#define DAY    86400u
#define LARGE  1e12 /* seconds: more is no duration */

/** Three digits of what is below 1000. */
static int decimals(double value)
{
	if (value >= 99.95)
		return 0;
	return value >= 9.995 ? 1 : 2;
}

const char *quantity_scaled(double value, char text[QUANTITY_SIZE])
{
	static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
	unsigned unit = 0;

	if (value < 9999.5) {
		(void)snprintf(text, QUANTITY_SIZE, "%.0f", value);
		return text;
	}
	value /= 1000;
	while (value >= 999.5 && unit + 1 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	(void)snprintf(text, QUANTITY_SIZE, "%.*f%c", decimals(value), value, units[unit]);
	return text;
}

const char *quantity_octets(double value, char text[QUANTITY_SIZE])
{
	static const char units[] = {'K', 'M', 'G', 'T', 'P', 'E'};
	unsigned unit = 0;

	if (value < 1024) {
		(void)snprintf(text, QUANTITY_SIZE, "%.0f B", value);
		return text;
	}
	value /= 1024;
	while (value >= 1023.5 && unit + 1 < sizeof(units)) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(text, QUANTITY_SIZE, "%.*f %ciB", decimals(value), value, units[unit]);
	return text;
}

const char *quantity_duration(double value, char text[QUANTITY_SIZE])
{
	if (!(value >= 0 && value < LARGE)) {
		(void)snprintf(text, QUANTITY_SIZE, "-");
	} else if (value < MINUTE) {
		(void)snprintf(text, QUANTITY_SIZE, "%.*f s", decimals(value), value);
	} else {
		unsigned long long seconds = (unsigned long long)value;
		unsigned long long days = seconds / DAY;
		unsigned hours = (unsigned)(seconds % DAY / HOUR);
		unsigned minutes = (unsigned)(seconds % HOUR / MINUTE);
		unsigned rest = (unsigned)(seconds % MINUTE);
		if (days > 0)
			(void)snprintf(text, QUANTITY_SIZE, "%llud %02u:%02u:%02u", days, hours,
			               minutes, rest);
		else
			(void)snprintf(text, QUANTITY_SIZE, "%u:%02u:%02u", hours, minutes, rest);
	}
	return text;
}

const char *quantity_nanoseconds(double value, char text[QUANTITY_SIZE])
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	unsigned unit = 0;

	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	(void)snprintf(text, QUANTITY_SIZE, "%.*f %s", unit == 0 ? 0 : decimals(value), value,
	               units[unit]);
	return text;
}

const char *quantity_percent(double value, char text[QUANTITY_SIZE])
{
	(void)snprintf(text, QUANTITY_SIZE, "%.1f%%", value * 100);
	return text;
}
