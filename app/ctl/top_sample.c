/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_sample.h"

#include <stdio.h>
#include <time.h>

#include "document.h"
#include "session_pages.h"

#define NS_PER_SECOND 1e9
#define NUMBER_SIZE   16

const char *const top_order_names[TOP_ORDER_COUNT] = {"reflected", "received", "started"};

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / NS_PER_SECOND;
}

int top_sample_take(const struct call *call, enum top_order order, struct top_sample *sample,
                    struct error *error)
{
	struct request status_request = {.command = "status"};
	struct request counters_request = {.command = "counters"};
	struct request cores_request = {.command = "cores"};
	struct request sessions_request = {.command = "sessions"};
	char limit[NUMBER_SIZE];
	int status;

	*sample = (struct top_sample){.when = now()};
	(void)snprintf(limit, sizeof(limit), "%d", TOP_SESSIONS_MAX);
	request_set(&sessions_request, "limit", limit);
	request_set(&sessions_request, "sort", top_order_names[order]);
	status = call_appliance(call, &status_request, &sample->status, error);
	if (status == 0)
		status = call_appliance(call, &counters_request, &sample->counters, error);
	if (status == 0)
		status = call_appliance(call, &cores_request, &sample->cores, error);
	if (status == 0)
		status = session_pages_call(call, &sessions_request, &sample->sessions, error);
	if (status != 0)
		top_sample_clear(sample);
	return status;
}

void top_sample_clear(struct top_sample *sample)
{
	answer_clear(&sample->status);
	answer_clear(&sample->counters);
	answer_clear(&sample->cores);
	answer_clear(&sample->sessions);
}

double top_rate(const json_t *now_document, const json_t *before, const char *path, double seconds)
{
	double value, last;

	if (!document_number(now_document, path, &value) || !document_number(before, path, &last) ||
	    value < last || seconds <= 0)
		return -1;
	return (value - last) / seconds;
}

const json_t *top_same(const json_t *array, const json_t *like, const char *member)
{
	const json_t *wanted = json_object_get(like, member), *element;
	size_t index;

	json_array_foreach (array, index, element) {
		const json_t *found = json_object_get(element, member);
		if (found != NULL && json_equal(found, wanted))
			return element;
	}
	return NULL;
}
