/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_log.h>

#include "base/log.h"

/* rte_openlog_stream takes one stream for the whole process, without a context: hence one static here. */
static struct {
	FILE *stream;
	pthread_mutex_t lock; /* DPDK's control threads log too */
	char lines[DPDK_LOG_LINES][DPDK_LOG_LINE_SIZE];
	unsigned taken; /* lines so far; the newest is at (taken - 1) % DPDK_LOG_LINES */
} dpdk_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t take(void *cookie, const char *text, size_t size)
{
	size_t length = size;

	(void)cookie;
	while (length > 0 && text[length - 1] == '\n')
		length--;
	if (length == 0)
		return (ssize_t)size;
	(void)pthread_mutex_lock(&dpdk_log.lock);
	(void)snprintf(dpdk_log.lines[dpdk_log.taken++ % DPDK_LOG_LINES], DPDK_LOG_LINE_SIZE,
	               "%.*s", (int)length, text);
	log_event(LOG_LEVEL_DEBUG, "dpdk", "%.*s", (int)length, text);
	(void)pthread_mutex_unlock(&dpdk_log.lock);
	return (ssize_t)size;
}

int dpdk_log_start(struct error *error)
{
	dpdk_log.stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take});
	if (dpdk_log.stream == NULL)
		return error_set(error, ERROR_SYSTEM, "fopencookie: %s", strerror(errno));
	(void)setvbuf(dpdk_log.stream, NULL, _IOLBF, 0);
	dpdk_log.taken = 0;
	(void)rte_openlog_stream(dpdk_log.stream);
	return 0;
}

void dpdk_log_stop(void)
{
	if (dpdk_log.stream == NULL)
		return;
	(void)rte_openlog_stream(NULL);
	(void)fclose(dpdk_log.stream);
	dpdk_log.stream = NULL;
}

const char *dpdk_log_recent(char text[DPDK_LOG_TEXT_SIZE])
{
	size_t used = 0;

	(void)snprintf(text, DPDK_LOG_TEXT_SIZE, "nothing");
	(void)pthread_mutex_lock(&dpdk_log.lock);
	unsigned first = dpdk_log.taken > DPDK_LOG_LINES ? dpdk_log.taken - DPDK_LOG_LINES : 0;
	for (unsigned i = first; i < dpdk_log.taken; i++)
		used += (size_t)snprintf(text + used, DPDK_LOG_TEXT_SIZE - used, "%s%s",
		                         i > first ? "; " : "", dpdk_log.lines[i % DPDK_LOG_LINES]);
	(void)pthread_mutex_unlock(&dpdk_log.lock);
	return text;
}
