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
	char last[DPDK_LOG_LINE_SIZE];
} dpdk_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t take(void *cookie, const char *text, size_t size)
{
	size_t length = size;

	(void)cookie;
	while (length > 0 && text[length - 1] == '\n')
		length--;
	if (length == 0)
		return (ssize_t)size;
	if (length >= DPDK_LOG_LINE_SIZE)
		length = DPDK_LOG_LINE_SIZE - 1;
	(void)pthread_mutex_lock(&dpdk_log.lock);
	memcpy(dpdk_log.last, text, length);
	dpdk_log.last[length] = '\0';
	log_event(LOG_LEVEL_DEBUG, "dpdk", "%s", dpdk_log.last);
	(void)pthread_mutex_unlock(&dpdk_log.lock);
	return (ssize_t)size;
}

int dpdk_log_start(struct error *error)
{
	dpdk_log.stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = take});
	if (dpdk_log.stream == NULL)
		return error_set(error, ERROR_SYSTEM, "fopencookie: %s", strerror(errno));
	(void)setvbuf(dpdk_log.stream, NULL, _IOLBF, 0);
	dpdk_log.last[0] = '\0';
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

const char *dpdk_log_last(char line[DPDK_LOG_LINE_SIZE])
{
	(void)pthread_mutex_lock(&dpdk_log.lock);
	(void)snprintf(line, DPDK_LOG_LINE_SIZE, "%s",
	               dpdk_log.last[0] != '\0' ? dpdk_log.last : "nothing");
	(void)pthread_mutex_unlock(&dpdk_log.lock);
	return line;
}
