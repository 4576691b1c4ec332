/* SPDX-License-Identifier: BSD-3-Clause */
/* The format that CI systems read: a testcase for the run itself, and one for each threshold. */
#include "markup.h"
#include "report_words.h"
#include "reports.h"

#define NS_A_SECOND  1e9
#define MESSAGE_SIZE (2u * RESULT_TEXT_SIZE + 64u)

static void attribute(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, " %s=\"", name);
	markup_text(out, value);
	(void)fputc('"', out);
}

static void property(FILE *out, const char *name, const char *value)
{
	(void)fputs("    <property", out);
	attribute(out, "name", name);
	attribute(out, "value", value);
	(void)fputs("/>\n", out);
}

static void properties(FILE *out, const struct run_result *result)
{
	const struct run_environment *environment = &result->environment;

	(void)fputs("  <properties>\n", out);
	property(out, "version", environment->version);
	property(out, "run", words_run(result->config->run));
	property(out, "reflector", environment->reflector);
	property(out, "kernel", environment->kernel);
	property(out, "cpu", environment->cpu);
	property(out, "dpdk", environment->dpdk);
	property(out, "driver", environment->driver);
	property(out, "device", environment->device);
	property(out, "crypto", environment->crypto);
	property(out, "timestamps", environment->timestamps);
	property(out, "config", environment->config_path);
	property(out, "config_sha256", environment->config_sha256);
	(void)fputs("  </properties>\n", out);
}

/** Of the run; the clock may have been set meanwhile. */
static double seconds_of(const struct run_environment *environment)
{
	const struct timespec *from = &environment->started, *to = &environment->ended;
	double seconds = (double)(to->tv_sec - from->tv_sec) +
	                 (double)(to->tv_nsec - from->tv_nsec) / NS_A_SECOND;

	return seconds > 0 ? seconds : 0;
}

/** element NULL: passed. The message is the element's text as well: some readers show the one, some the other. */
static void testcase(FILE *out, const struct run_result *result, const char *name, double seconds,
                     const char *element, const char *type, const char *message)
{
	(void)fputs("  <testcase classname=\"specular-load.", out);
	(void)fprintf(out, "%s\"", words_run(result->config->run));
	attribute(out, "name", name);
	(void)fprintf(out, " time=\"%.3f\"", seconds);
	if (element == NULL) {
		(void)fputs("/>\n", out);
		return;
	}
	(void)fprintf(out, ">\n    <%s", element);
	attribute(out, "type", type);
	attribute(out, "message", message);
	(void)fputc('>', out);
	markup_text(out, message);
	(void)fprintf(out, "</%s>\n  </testcase>\n", element);
}

static void run_case(FILE *out, const struct run_result *result)
{
	double seconds = seconds_of(&result->environment);

	if (result->failure[0] != '\0')
		testcase(out, result, "run", seconds, "error", "could-not-run", result->failure);
	else if (result->interrupted)
		testcase(out, result, "run", seconds, "failure", "interrupted",
		         "interrupted before its end");
	else
		testcase(out, result, "run", seconds, NULL, NULL, NULL);
}

static void check_case(FILE *out, const struct run_result *result, const struct run_check *check)
{
	char message[MESSAGE_SIZE];

	if (check->met) {
		testcase(out, result, check->name, 0, NULL, NULL, NULL);
		return;
	}
	(void)snprintf(message, sizeof(message), "limit: %s; measured: %s%s", check->limit,
	               check->value,
	               check->load_limited ? "; the load, not the reflector, was the limit" : "");
	testcase(out, result, check->name, 0, "failure",
	         check->load_limited ? "load-limited" : "threshold", message);
}

static void suite(FILE *out, const struct run_result *result, const struct run_check *checks,
                  unsigned count)
{
	const struct run_environment *environment = &result->environment;
	bool failed = result->failure[0] != '\0';
	unsigned missed = !failed && result->interrupted;

	for (unsigned i = 0; i < count; i++)
		missed += !checks[i].met;
	(void)fprintf(out,
	              "<testsuite name=\"specular-load\" tests=\"%u\" failures=\"%u\" "
	              "errors=\"%u\" skipped=\"0\" time=\"%.3f\"",
	              count + 1, missed, failed ? 1u : 0u, seconds_of(environment));
	attribute(out, "timestamp", words_time(&environment->started).text);
	attribute(out, "hostname", environment->host);
	(void)fputs(">\n", out);
}

void report_junit(FILE *out, const struct run_result *result)
{
	struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(result, checks);

	(void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	suite(out, result, checks, count);
	properties(out, result);
	run_case(out, result);
	for (unsigned i = 0; i < count; i++)
		check_case(out, result, &checks[i]);
	(void)fputs("</testsuite>\n", out);
}
