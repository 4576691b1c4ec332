/* SPDX-License-Identifier: BSD-3-Clause */
/** The metrics' text in both forms, and what HTTP has at its paths. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "http_pages.h"
#include "metrics.h"
#include "operation_world.h"
#include "unit.h"

#define FAMILIES_MAX 200u
#define NAME_SIZE    96u

static struct operation_world world;

static char *written;
static size_t written_size;

static struct metric_writer open_writer(bool open_metrics)
{
	struct metric_writer writer = {.out = open_memstream(&written, &written_size),
	                               .open_metrics = open_metrics};

	CU_ASSERT_PTR_NOT_NULL_FATAL(writer.out);
	return writer;
}

static void expect_written(struct metric_writer *writer, const char *text)
{
	metric_end(writer);
	(void)fclose(writer->out);
	CU_ASSERT_STRING_EQUAL(written, text);
	free(written);
}

static void a_counter_in_both_forms(void)
{
	const struct metric_label labels[] = {{"core", "3"}, {"reason", "hmac"}, {NULL, NULL}};
	struct metric_writer writer = open_writer(true);

	metric_family(&writer, METRIC_COUNTER, "x_packets", "packets", "frames");
	metric_unsigned(&writer, labels, UINT64_MAX);
	expect_written(&writer, "# TYPE x_packets counter\n# UNIT x_packets packets\n"
	                        "# HELP x_packets frames\n"
	                        "x_packets_total{core=\"3\",reason=\"hmac\"} "
	                        "18446744073709551615\n# EOF\n");
	writer = open_writer(false);
	metric_family(&writer, METRIC_COUNTER, "x_packets", "packets", "frames");
	metric_double(&writer, NULL, 0.25);
	expect_written(&writer, "# TYPE x_packets_total counter\n# HELP x_packets_total frames\n"
	                        "x_packets_total 0.25\n");
}

static void texts_are_escaped(void)
{
	const struct metric_label labels[] = {{"suite", "a\"b\\c\nd\xff\xc3\xa4"}, {NULL, NULL}};
	struct metric_writer writer = open_writer(true);

	metric_family(&writer, METRIC_INFO, "x", "", "a\"b\\c\nd");
	metric_info(&writer, labels);
	expect_written(&writer, "# TYPE x info\n# HELP x a\\\"b\\\\c\\nd\n"
	                        "x_info{suite=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa4\"} 1\n# EOF\n");
	writer = open_writer(false);
	metric_family(&writer, METRIC_INFO, "x", "", "a\"b\\c\nd");
	metric_info(&writer, NULL);
	expect_written(&writer, "# TYPE x_info gauge\n# HELP x_info a\"b\\\\c\\nd\nx_info 1\n");
}

static void a_histogram_adds_up(void)
{
	static const double bounds[] = {1e-6, 0.5, 2};
	static const uint64_t counts[] = {1, 0, 2, 4};
	struct metric_writer writer = open_writer(true);

	metric_family(&writer, METRIC_HISTOGRAM, "x", "", "h");
	metric_histogram(&writer, bounds, counts, 3, 17);
	expect_written(&writer,
	               "# TYPE x histogram\n# HELP x h\nx_bucket{le=\"1e-06\"} 1\n"
	               "x_bucket{le=\"0.5\"} 1\nx_bucket{le=\"2.0\"} 3\nx_bucket{le=\"+Inf\"} 7\n"
	               "x_sum 17.0\nx_count 7\n# EOF\n");
}

/** What is known of the text so far. */
struct reading {
	bool open_metrics;
	unsigned count;
	char families[FAMILIES_MAX][NAME_SIZE];
	char type[NAME_SIZE];
	bool has_help;
};

static void read_comment(struct reading *reading, const char *line)
{
	char kind[8], name[NAME_SIZE], rest[NAME_SIZE];

	CU_ASSERT_EQUAL_FATAL(sscanf(line, "# %7s %95s %95[^\n]", kind, name, rest), 3);
	if (strcmp(kind, "TYPE") == 0) {
		for (unsigned i = 0; i < reading->count; i++)
			CU_ASSERT_STRING_NOT_EQUAL(reading->families[i], name);
		CU_ASSERT_FATAL(reading->count < FAMILIES_MAX);
		(void)strcpy(reading->families[reading->count++], name);
		(void)strcpy(reading->type, rest);
		reading->has_help = false;
		return;
	}
	CU_ASSERT_STRING_EQUAL(reading->families[reading->count - 1], name);
	if (strcmp(kind, "UNIT") == 0) {
		CU_ASSERT(reading->open_metrics);
		CU_ASSERT_STRING_EQUAL(name + strlen(name) - strlen(rest), rest);
	} else {
		CU_ASSERT_STRING_EQUAL(kind, "HELP");
		reading->has_help = true;
	}
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words != NULL && strcmp(text, *words) != 0)
		words++;
	return *words != NULL;
}

static void read_sample(const struct reading *reading, const char *line)
{
	static const char *const ends[] = {"_bucket", "_sum", "_count", NULL};
	char name[NAME_SIZE];
	const char *family = reading->families[reading->count - 1];
	char *end;

	CU_ASSERT_EQUAL_FATAL(sscanf(line, "%95[a-z_0-9]", name), 1);
	CU_ASSERT_FATAL(strncmp(name, family, strlen(family)) == 0);
	CU_ASSERT(reading->has_help);
	const char *suffix = name + strlen(family);
	const char *expected = "";
	if (reading->open_metrics && strcmp(reading->type, "counter") == 0)
		expected = "_total";
	else if (strcmp(reading->type, "info") == 0)
		expected = "_info";
	else if (strcmp(reading->type, "histogram") == 0 && is_one_of(suffix, ends))
		expected = suffix;
	CU_ASSERT_STRING_EQUAL(suffix, expected);
	const char *value = strrchr(line, ' ');
	CU_ASSERT_PTR_NOT_NULL_FATAL(value);
	(void)strtod(value + 1, &end);
	CU_ASSERT(end != value + 1 && *end == '\0');
}

static void the_whole_text_is_well_formed(void)
{
	for (int open_metrics = 0; open_metrics < 2; open_metrics++) {
		struct reading reading = {.open_metrics = open_metrics != 0};
		bool ended = false;
		size_t size;
		char *text = metrics_text(&world.source, open_metrics != 0, &size), *rest = text;

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_EQUAL(size, strlen(text));
		CU_ASSERT_EQUAL(text[size - 1], '\n');
		for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
			CU_ASSERT(!ended);
			if (strcmp(line, "# EOF") == 0)
				ended = true;
			else if (line[0] == '#')
				read_comment(&reading, line);
			else
				read_sample(&reading, line);
		}
		CU_ASSERT_EQUAL(ended, open_metrics != 0);
		CU_ASSERT(reading.count > CONTROL_COUNTER_COUNT);
		free(text);
	}
}

static bool text_has(const char *line)
{
	size_t size;
	char *text = metrics_text(&world.source, true, &size);
	bool has = text != NULL && strstr(text, line) != NULL;

	if (!has)
		(void)fprintf(stderr, "no %s in:\n%s\n", line, text);
	free(text);
	return has;
}

static void values_are_the_appliances(void)
{
	struct worker_statistics *statistics = &world.worker.statistics;

	world.counters.values[DATAPATH_RECEIVED] = 12;
	world.counters.values[DATAPATH_DROP_HMAC] = 5;
	world.harness.counters.values[CONTROL_SETUPS_UNKNOWN_SA] = 4;
	statistics->busy_ticks = 3 * world.source.tsc_hz / 2;
	statistics->burst_sizes[1] = 2;
	statistics->burst_sizes[32] = 3;
	/* 2 GHz: 3,000 ticks are 1.5 µs. */
	statistics->turnaround[turnaround_bucket(3000)] = 7;
	statistics->turnaround[TURNAROUND_BUCKETS - 1] = 1;
	CU_ASSERT(text_has("\nspecular_received_packets_total{core=\"0\"} 12\n"));
	CU_ASSERT(text_has("\nspecular_dropped_packets_total{core=\"0\",reason=\"hmac\"} 5\n"));
	CU_ASSERT(text_has("\nspecular_setups_unknown_sa_total 4\n"));
	CU_ASSERT(text_has("\nspecular_core_busy_seconds_total{core=\"0\",cpu=\"0\"} 1.5\n"));
	CU_ASSERT(text_has("\nspecular_burst_size_bucket{le=\"1.0\"} 2\n"));
	CU_ASSERT(text_has("\nspecular_burst_size_sum 98.0\nspecular_burst_size_count 5\n"));
	CU_ASSERT(text_has("\nspecular_turnaround_seconds_bucket{le=\"1e-06\"} 0\n"));
	CU_ASSERT(text_has("\nspecular_turnaround_seconds_bucket{le=\"2e-06\"} 7\n"));
	CU_ASSERT(text_has("\nspecular_turnaround_seconds_bucket{le=\"0.1\"} 7\n"));
	CU_ASSERT(text_has("\nspecular_turnaround_seconds_count 8\n"));
	CU_ASSERT(text_has("\nspecular_start_time_seconds 1691011200.0\n"));
	CU_ASSERT(text_has("\nspecular_state{state=\"running\"} 1\n"));
	CU_ASSERT(text_has("\nspecular_sessions{state=\"started\"} 0\n"));
	CU_ASSERT(text_has("suite=\"a suite\""));
}

/** Whatever is counted on another lcore, and every reason of a drop. */
static void every_core_counts(void)
{
	static struct datapath_counters counters;
	static struct worker second = {.reflector = {.counters = &counters}};
	static struct worker *const workers[] = {&world.worker, &second};
	char line[128];
	uint64_t dropped = 0;

	world.source.workers = workers;
	world.source.worker_count = 2;
	counters.values[DATAPATH_RECEIVED] = 1000;
	world.counters.values[DATAPATH_RECEIVED] = 2000;
	for (unsigned i = DATAPATH_DROP_SEGMENTED; i <= DATAPATH_DROP_EXCEPTION_OFF; i++) {
		counters.values[i] = UINT64_C(1) << (2 * i);
		world.counters.values[i] = UINT64_C(2) << (2 * i);
		dropped += counters.values[i] + world.counters.values[i];
	}
	second.statistics.burst_sizes[1] = 4;
	second.statistics.turnaround[turnaround_bucket(3000)] = 5;
	world.worker.statistics.burst_sizes[1] = 2;
	world.worker.statistics.turnaround[turnaround_bucket(3000)] = 1;
	(void)snprintf(line, sizeof(line), "\"received\": 3000,\n    \"reflected\": 0");
	CU_ASSERT(operation_world_says(&world, "status", line));
	(void)snprintf(line, sizeof(line), "\"dropped\": %" PRIu64, dropped);
	CU_ASSERT(operation_world_says(&world, "status", line));
	CU_ASSERT(text_has("\nspecular_received_packets_total{core=\"1\"} 1000\n"));
	for (unsigned i = DATAPATH_DROP_SEGMENTED; i <= DATAPATH_DROP_EXCEPTION_OFF; i++) {
		(void)snprintf(line, sizeof(line),
		               "\nspecular_dropped_packets_total{core=\"1\",reason=\"%s\"} %" PRIu64
		               "\n",
		               datapath_counter_descriptions[i].name + strlen("drop_"),
		               counters.values[i]);
		CU_ASSERT(text_has(line));
	}
	CU_ASSERT(text_has("\nspecular_burst_size_count 6\n"));
	CU_ASSERT(text_has("\nspecular_turnaround_seconds_count 6\n"));
}

static struct http_answer ask(const char *path, const char *accept, const char *name,
                              const char *value)
{
	struct http_request request = {.path = path, .accept = accept};
	struct http_answer answer;

	if (name != NULL)
		request.parameters[request.count++] = (struct http_parameter){name, value};
	http_pages_answer(world.operation, &request, &answer);
	return answer;
}

static bool is_answer(struct http_answer answer, unsigned status, const char *type,
                      const char *text)
{
	const char *body = answer.page != NULL ? answer.page : answer.text;
	bool is = answer.status == status && strcmp(answer.type, type) == 0 && body != NULL &&
	          memmem(body, answer.size, text, strlen(text)) != NULL;

	if (!is)
		(void)fprintf(stderr, "status %u, %s: %.*s\n", answer.status, answer.type,
		              (int)answer.size, body);
	free(answer.text);
	return is;
}

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"

static void metrics_are_what_was_asked_for(void)
{
	static const char *const prometheus =
	        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2,*/*;q=0.1";

	CU_ASSERT(is_answer(ask("/metrics", prometheus, NULL, NULL), 200,
	                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
	                    "# EOF\n"));
	CU_ASSERT(is_answer(ask("/metrics", "*/*", NULL, NULL), 200,
	                    "text/plain; version=0.0.4; charset=utf-8", "specular_build_info{"));
	CU_ASSERT(is_answer(ask("/metrics", NULL, NULL, NULL), 200,
	                    "text/plain; version=0.0.4; charset=utf-8", "_total 0\n"));
}

static void health_says_why(void)
{
	CU_ASSERT(is_answer(ask("/healthz", NULL, NULL, NULL), 200, TEXT, "ok\n"));
	/* There is no such device, and so no link. */
	world.ports[0].started = true;
	CU_ASSERT(is_answer(ask("/healthz", NULL, NULL, NULL), 503, TEXT, "no link"));
	world.source.state = APPLIANCE_DRAINING;
	CU_ASSERT(is_answer(ask("/healthz", NULL, NULL, NULL), 503, TEXT, "draining"));
}

static void commands_are_asked_by_query(void)
{
	char longest[OPERATION_REQUEST_SIZE + 1];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT(is_answer(ask("/status.json", NULL, NULL, NULL), 200, JSON, "\"status\""));
	CU_ASSERT(is_answer(ask("/status.json", NULL, "command", "counters"), 200, JSON,
	                    "drop_hmac"));
	CU_ASSERT(is_answer(ask("/status.json", NULL, "command", "sing"), 404, JSON,
	                    "unknown-command"));
	CU_ASSERT(is_answer(ask("/status.json", NULL, "colour", "a b%\"<"), 400, JSON,
	                    "status has no parameter colour"));
	CU_ASSERT(is_answer(ask("/status.json", NULL, "command", "status\ncounters"), 400, JSON,
	                    "wrong-parameter"));
	CU_ASSERT(is_answer(ask("/status.json", NULL, "command", NULL), 400, JSON,
	                    "wrong-parameter"));
	CU_ASSERT(
	        is_answer(ask("/status.json", NULL, "a=b c", NULL), 400, JSON, "wrong-parameter"));
	CU_ASSERT(
	        is_answer(ask("/status.json", NULL, "x", longest), 400, JSON, "query is too long"));
	struct http_request request = {.path = "/status.json",
	                               .count = OPERATION_PARAMETERS_MAX + 1};
	struct http_answer answer;
	for (unsigned i = 0; i < OPERATION_PARAMETERS_MAX; i++)
		request.parameters[i] = (struct http_parameter){"x", "y"};
	http_pages_answer(world.operation, &request, &answer);
	CU_ASSERT(is_answer(answer, 400, JSON, "query is too long"));
}

static void the_page_is_in_the_program(void)
{
	CU_ASSERT(is_answer(ask("/", NULL, NULL, NULL), 200, "text/html; charset=utf-8",
	                    "<script src=\"page.js\""));
	CU_ASSERT(is_answer(ask("/page.js", NULL, NULL, NULL), 200,
	                    "text/javascript; charset=utf-8", "status.json"));
	CU_ASSERT(is_answer(ask("/page.css", NULL, NULL, NULL), 200, "text/css; charset=utf-8",
	                    "prefers-color-scheme: dark"));
	CU_ASSERT(is_answer(ask("/page.j", NULL, NULL, NULL), 404, TEXT, "nothing is here"));
	CU_ASSERT(is_answer(ask("", NULL, NULL, NULL), 404, TEXT, "nothing is here"));
}

#define WITH_WORLD(name)                                                                           \
	static void in_world_##name(void)                                                          \
	{                                                                                          \
		operation_world_open(&world);                                                      \
		name();                                                                            \
		operation_world_close(&world);                                                     \
	}
WITH_WORLD(the_whole_text_is_well_formed)
WITH_WORLD(values_are_the_appliances)
WITH_WORLD(every_core_counts)
WITH_WORLD(metrics_are_what_was_asked_for)
WITH_WORLD(health_says_why)
WITH_WORLD(commands_are_asked_by_query)
WITH_WORLD(the_page_is_in_the_program)

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a counter in both forms", a_counter_in_both_forms},
	        {"texts are escaped", texts_are_escaped},
	        {"a histogram adds up", a_histogram_adds_up},
	        {"the whole text is well formed", in_world_the_whole_text_is_well_formed},
	        {"values are the appliance's", in_world_values_are_the_appliances},
	        {"every core counts", in_world_every_core_counts},
	        {"metrics are what was asked for", in_world_metrics_are_what_was_asked_for},
	        {"health says why", in_world_health_says_why},
	        {"commands are asked by query", in_world_commands_are_asked_by_query},
	        {"the page is in the program", in_world_the_page_is_in_the_program},
	        CU_TEST_INFO_NULL};
	return unit_run("operation-metrics", tests);
}
