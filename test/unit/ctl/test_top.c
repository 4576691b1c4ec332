/* SPDX-License-Identifier: BSD-3-Clause */
/** The live view's lines, from fixed samples. */
#include <stdlib.h>
#include <string.h>

#include "top_view.h"
#include "unit.h"

static struct top_view view;
static struct top_sample now, before;

static json_t *load(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	return json;
}

static void make(struct top_sample *sample, double when, int packets)
{
	char text[2048];

	*sample = (struct top_sample){.when = when};
	(void)snprintf(
	        text, sizeof(text),
	        "{\"version\": \"9\", \"state\": \"running\", \"uptime_seconds\": 61, \"packets\":"
	        "{\"received\": %d, \"reflected\": %d, \"exception\": 0, \"dropped\": %d}}",
	        packets, packets - packets / 10, packets / 10);
	sample->status.document = load(text);
	(void)snprintf(text, sizeof(text),
	               "{\"datapath\": {\"received\": %d, \"drop_hmac\": %d, \"drop_old\": 3,"
	               "\"drop_never\": 0}}",
	               packets, packets / 10);
	sample->counters.document = load(text);
	(void)snprintf(text, sizeof(text),
	               "{\"tsc_hz\": 1000, \"cores\": [{\"core\": 0, \"cpu\": 1, \"received\": %d,"
	               "\"reflected\": %d, \"busy_cycles\": %d, \"busy_share\": 0.9},"
	               "{\"core\": 1, \"cpu\": 2, \"stuck\": true}]}",
	               packets, packets, packets / 2);
	sample->cores.document = load(text);
	(void)snprintf(
	        text, sizeof(text),
	        "{\"sessions\": [{\"sid\": \"aa\", \"state\": \"started\", \"mode\": \"encrypted\","
	        "\"sender\": {\"address\": \"192.0.2.1\", \"port\": 7}, \"reflected\": %d,"
	        "\"last_received_age_seconds\": 0.1}, {\"sid\": \"new\"}]}",
	        packets);
	sample->sessions.document = load(text);
}

static void render(unsigned lines, unsigned columns)
{
	view.lines = lines;
	view.columns = columns;
	top_view_render(&view, &now, &before);
	CU_ASSERT(view.count <= lines);
	for (unsigned i = 0; i < view.count; i++)
		CU_ASSERT(strlen(view.line[i].text) <= columns);
}

static bool has(const char *text)
{
	for (unsigned i = 0; i < view.count; i++) {
		if (strstr(view.line[i].text, text) != NULL)
			return true;
	}
	(void)printf("missing: %s\n", text);
	for (unsigned i = 0; i < view.count; i++)
		(void)printf("|%s\n", view.line[i].text);
	return false;
}

static void rates_are_differences(void)
{
	make(&before, 10, 0);
	make(&now, 12, 1000);
	render(24, 80);
	CU_ASSERT(has("specular 9  running  up 0:01:01"));
	CU_ASSERT(has("received 500/s  reflected 450/s  to kernel 0/s  dropped 50/s"));
	/* 500 busy cycles of 2 seconds of 1000: a fourth of the bar. */
	CU_ASSERT(has("   0    1  [||||            ]  25.0%        500         500"));
	CU_ASSERT(has("   1    2  [STUCK           ]"));
	CU_ASSERT(has("hmac                                100         50"));
	CU_ASSERT(has("old                                   3          0"));
	CU_ASSERT(has(
	        "192.0.2.1:7             started  encrypted             1000     500   0.10 s"));
	CU_ASSERT(has(
	        "-                       -        -                        0       -        -"));
	top_sample_clear(&before);
	top_sample_clear(&now);
}

static void an_appliance_that_began_anew_has_no_rate(void)
{
	json_t *first = json_pack("{s:i}", "n", 100), *second = json_pack("{s:i}", "n", 130);

	CU_ASSERT_EQUAL(top_rate(second, first, "n", 2), 15);
	CU_ASSERT_EQUAL(top_rate(first, first, "n", 2), 0);
	CU_ASSERT_EQUAL(top_rate(first, second, "n", 2), -1);
	CU_ASSERT_EQUAL(top_rate(second, first, "n", 0), -1);
	CU_ASSERT_EQUAL(top_rate(second, first, "m", 2), -1);
	json_decref(first);
	json_decref(second);
}

static void the_first_look_has_no_rates(void)
{
	make(&now, 12, 1000);
	render(24, 80);
	CU_ASSERT(has("received -/s"));
	CU_ASSERT(has("   0    1  [||||||||||||||  ]  90.0%          -           -"));
	/* An appliance that began anew counts from zero. */
	make(&before, 10, 2000);
	render(24, 80);
	CU_ASSERT(has("received -/s"));
	top_sample_clear(&before);
	top_sample_clear(&now);
}

static void any_size_has_room(void)
{
	make(&before, 10, 0);
	make(&now, 12, 1000);
	for (unsigned lines = 1; lines < 40; lines++) {
		for (unsigned columns = 1; columns < 130; columns += 7)
			render(lines, columns);
	}
	render(1000, 1000 > TOP_COLUMNS_MAX ? TOP_COLUMNS_MAX : 1000);
	top_sample_clear(&before);
	top_sample_clear(&now);
}

static void many_cores_leave_room_for_sessions(void)
{
	make(&now, 12, 1000);
	json_t *cores = json_object_get(now.cores.document, "cores");

	for (int core = 2; core < 64; core++)
		(void)json_array_append_new(cores, json_pack("{s:i}", "core", core));
	render(24, 80);
	CU_ASSERT(has("     and 59 more"));
	CU_ASSERT(has("SENDER, by"));
	CU_ASSERT(has("192.0.2.1:7"));
	top_sample_clear(&now);
}

static void trouble_is_told(void)
{
	make(&now, 12, 1000);
	view.trouble = "nobody\x1b[2J listens";
	view.paused = true;
	view.order = TOP_STARTED;
	render(24, 80);
	CU_ASSERT(has("nobody?[2J listens"));
	CU_ASSERT_EQUAL(view.line[1].style, TOP_ALARM);
	CU_ASSERT(has("PAUSED"));
	CU_ASSERT(has("SENDER, by started"));
	view.trouble = NULL;
	top_sample_clear(&now);
	/* Without any document too. */
	render(24, 80);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"rates are differences", rates_are_differences},
	        {"an appliance that began anew has no rate",
	         an_appliance_that_began_anew_has_no_rate},
	        {"the first look has no rates", the_first_look_has_no_rates},
	        {"any size has room", any_size_has_room},
	        {"many cores leave room for sessions", many_cores_leave_room_for_sessions},
	        {"trouble is told", trouble_is_told},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("ctl top", tests);
}
