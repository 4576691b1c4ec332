/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key_log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define LINE_SIZE 512

static bool may_write(struct key_log *log)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (log->minute != now.tv_sec / 60) {
		unsigned left_out = log->left_out;
		char line[LINE_SIZE];

		log->minute = now.tv_sec / 60;
		log->written = log->left_out = 0;
		if (left_out > 0) {
			snprintf(line, sizeof(line), "%u more lines were left out", left_out);
			log->write(log->context, line);
		}
	}
	if (log->written < KEY_LOG_LINES_PER_MINUTE) {
		log->written++;
		return true;
	}
	log->left_out++;
	return false;
}

void key_log_line(struct key_log *log, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	if (!log->write || !may_write(log))
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *character = line; *character; character++)
		if (*character < ' ' || *character > '~')
			*character = '?';
	log->write(log->context, line);
}
