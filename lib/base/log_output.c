/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log_output.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the one standard error that a process has. The lock: between looking for room and writing no other thread writes. */
static struct {
	pthread_mutex_t lock;
	uint64_t lost;
} output = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool takes_a_line(void)
{
	struct pollfd file = {.fd = STDERR_FILENO, .events = POLLOUT};
	struct stat status;

	if (fstat(STDERR_FILENO, &status) == 0 && !S_ISFIFO(status.st_mode) &&
	    !S_ISSOCK(status.st_mode))
		return true;
	/* Without a reader it is ready too: writing fails then. */
	return poll(&file, 1, 0) > 0;
}

bool log_output(const char *line, size_t size)
{
	bool written;

	(void)pthread_mutex_lock(&output.lock);
	written = takes_a_line() && fwrite(line, 1, size, stderr) == size;
	output.lost += !written;
	(void)pthread_mutex_unlock(&output.lock);
	return written;
}

uint64_t log_output_take_lost(void)
{
	uint64_t lost = 0;

	(void)pthread_mutex_lock(&output.lock);
	if (output.lost > 0 && takes_a_line()) {
		lost = output.lost;
		output.lost = 0;
	}
	(void)pthread_mutex_unlock(&output.lock);
	return lost;
}

void log_output_add_lost(uint64_t lines)
{
	(void)pthread_mutex_lock(&output.lock);
	output.lost += lines;
	(void)pthread_mutex_unlock(&output.lock);
}
