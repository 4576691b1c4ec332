/* SPDX-License-Identifier: BSD-3-Clause */
/** With a folder as argument it writes the reports of every sample there, FOLDER/NAME/report.html and so on, and tests nothing. */
#include "reports.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "findings.h"
#include "report_samples.h"
#include "report_words.h"
#include "unit.h"

#define LINE_MAXIMUM 110u

typedef void (*report_writer)(FILE *out, const struct run_result *result);

/** The caller frees it. */
static char *write_report(report_writer report, enum report_sample sample)
{
	struct run_result *result = report_sample_make(sample, "");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_FATAL(out != NULL);
	report(out, result);
	CU_ASSERT_EQUAL(fclose(out), 0);
	report_sample_free(result);
	return text;
}

/** A NULL ends the texts. */
static void expect(report_writer report, enum report_sample sample, const char *const texts[])
{
	char *text = write_report(report, sample);

	for (unsigned i = 0; texts[i] != NULL; i++) {
		bool there = strstr(text, texts[i]) != NULL;
		if (!there)
			(void)fprintf(stderr, "%s lacks: %s\n", report_sample_names[sample],
			              texts[i]);
		CU_ASSERT(there);
	}
	free(text);
}

static unsigned characters(const char *line, size_t length)
{
	unsigned count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)line[i] & 0xc0u) != 0x80u;
	return count;
}

static void text_fits_its_lines(void)
{
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		char *text = write_report(report_text, (enum report_sample)sample);
		for (const char *line = text; *line != '\0';) {
			size_t length = strcspn(line, "\n");
			if (sample != SAMPLE_HUGE)
				CU_ASSERT(characters(line, length) <= LINE_MAXIMUM);
			CU_ASSERT(length == 0 || line[length - 1] != ' ');
			for (size_t i = 0; i < length; i++)
				CU_ASSERT((unsigned char)line[i] >= ' ');
			line += length + 1;
		}
		free(text);
	}
}

static void ends_with(enum report_sample sample, const char *end)
{
	char *text = write_report(report_text, sample);
	size_t length = strlen(text), expected = strlen(end);

	CU_ASSERT_FATAL(length >= expected);
	CU_ASSERT_STRING_EQUAL(text + length - expected, end);
	free(text);
}

static void the_last_line_is_the_verdict(void)
{
	ends_with(SAMPLE_SOAK, "\nPASSED\n");
	ends_with(SAMPLE_RATE, "\nMISSED 1 of 5 thresholds\n");
	ends_with(SAMPLE_FAILED,
	          "\nCOULD NOT RUN: control 192.0.2.2:862: connection refused <\"&'>\n");
}

static void an_interrupted_run_says_so(void)
{
	struct run_result *result = report_sample_make(SAMPLE_SOAK, "");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_FATAL(out != NULL);
	result->interrupted = true;
	report_text(out, result);
	(void)fclose(out);
	CU_ASSERT(strstr(text, "\nINTERRUPTED, no threshold missed so far\n") != NULL);
	free(text);
	out = open_memstream(&text, &size);
	CU_ASSERT_FATAL(out != NULL);
	report_junit(out, result);
	(void)fclose(out);
	CU_ASSERT(strstr(text, "failures=\"1\" errors=\"0\"") != NULL);
	CU_ASSERT(strstr(text, "<failure type=\"interrupted\"") != NULL);
	free(text);
	report_sample_free(result);
}

static void text_tells_the_throughput(void)
{
	static const char *const found[] = {
	        "NDR           0 %   9,840,000",
	        "9,900,000        yes",
	        "PDR         0.5 %  10,210,000",
	        "10,300,000         no",
	        "NDR: 9,840,000 packets/s; 9,900,000 lost more than allowed.",
	        NULL};
	static const char *const limited[] = {
	        ">= 3,000,000", "NDR: at least 3,000,000 packets/s: the load, not the reflector,",
	        "were too slow), no buffers left (the pool is too small).", "MISSED: the load",
	        NULL};

	expect(report_text, SAMPLE_SEARCH, found);
	expect(report_text, SAMPLE_LIMITED, limited);
}

static void a_full_ring_is_told_by_its_link(void)
{
	struct search_bound bound = {
	        .found = true, .rate = 3e6, .load_limited = true, .limits = TRIAL_LIMIT_TRANSMIT};

	CU_ASSERT_STRING_EQUAL(words_bound(&bound).text,
	                       "at least 3,000,000 packets/s: more could not be offered - full "
	                       "transmit ring (the device took less than was due, and the load had "
	                       "time left)");
	bound.load_limited = false;
	bound.back_pressure = true;
	struct words words = words_bound(&bound);
	CU_ASSERT(strstr(words.text, "3,000,000 packets/s, by back-pressure: ") == words.text);
}

static void a_bound_that_is_not_found_says_why(void)
{
	struct search_bound bound = {0};

	CU_ASSERT_STRING_EQUAL(words_bound(&bound).text, "not found: no trial came to its end");
	bound.unreached = 1000;
	bound.limits = TRIAL_LIMIT_TRANSMIT;
	CU_ASSERT_STRING_EQUAL(words_bound(&bound).text,
	                       "not found: nothing could be sent - full transmit ring (the device "
	                       "took less than was due, and the load had time left)");
	bound.upper = 2000;
	CU_ASSERT_STRING_EQUAL(
	        words_bound(&bound).text,
	        "not found: the lowest rate that could be sent lost more than allowed");
}

static void text_tells_what_was_wrong(void)
{
	static const char *const hostile[] = {
	        "hmac",
	        "reflector_sequence",
	        "no answer",
	        "an answer",
	        "session 2 (198.51.100.1:20003",
	        "<script>alert('\"&\xef\xbf\xbd[31m')</script>\xef\xbf\xbd \xef\xbf\xbd ]]>",
	        "not to be trusted",
	        NULL};
	static const char *const silent[] = {"no reply to measure", "10,000,000", "100 %", NULL};
	static const char *const fine[] = {"None: every packet received was right.",
	                                   "No duplicate, and every reply in order.", NULL};

	expect(report_text, SAMPLE_HOSTILE, hostile);
	expect(report_text, SAMPLE_SILENT, silent);
	expect(report_text, SAMPLE_SEARCH, fine);
}

static void text_tells_of_bursts(void)
{
	static const char *const texts[] = {
	        "By the reflector's clock, median of 12 bursts without loss: 10,080,000 packets/s",
	        "12 of 4,096 frames back to back", "rate of bursts", "4,096", NULL};

	expect(report_text, SAMPLE_BURST, texts);
}

static void text_holds_the_largest_numbers(void)
{
	static const char *const texts[] = {"18,446,744,073,709,551,615", "9999-12-31T23:59:59.",
	                                    NULL};

	expect(report_text, SAMPLE_HUGE, texts);
}

static void junit_counts_and_escapes(void)
{
	static const char *const rate[] = {
	        "tests=\"6\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"42.500\"",
	        "timestamp=\"2026-09-21T14:13:20.250Z\" hostname=\"bench-7\"",
	        "<testcase classname=\"specular-load.rate\" name=\"RTT p99, rate\" "
	        "time=\"0.000\"/>",
	        "name=\"run\" time=\"42.500\"/>",
	        "<failure type=\"threshold\" message=\"limit: at most 0 %; measured: ",
	        NULL};
	static const char *const limited[] = {
	        "type=\"load-limited\"",
	        "; the load, not the reflector, was the limit\">limit: ", NULL};
	static const char *const failed[] = {
	        "tests=\"1\" failures=\"0\" errors=\"1\"",
	        "<error type=\"could-not-run\" message=\"control 192.0.2.2:862: connection "
	        "refused &lt;&quot;&amp;&#39;&gt;\">control 192.0.2.2:862: connection refused "
	        "&lt;&quot;&amp;&#39;&gt;</error>",
	        NULL};

	expect(report_junit, SAMPLE_RATE, rate);
	expect(report_junit, SAMPLE_LIMITED, limited);
	expect(report_junit, SAMPLE_FAILED, failed);
}

static void json_is_exact(void)
{
	static const char *const huge[] = {
	        "\"sent\": 18446744073709551615,",   "\"sent_rate\": null,",
	        "\"answered_rate\": null,",          "\"max\": 1099511627775,",
	        "[1095216660480, 1099511627775, 1]", NULL};
	static const char *const search[] = {"\"schema\": \"specular-load/1\",",
	                                     "\"rate\": 9840000,", "\"limits\": [\"transmit\"]",
	                                     "\"sizes\": [112, 548, 1472],", NULL};

	expect(report_json, SAMPLE_HUGE, huge);
	expect(report_json, SAMPLE_SEARCH, search);
}

static void html_needs_nothing_and_escapes(void)
{
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		char *text = write_report(report_html, (enum report_sample)sample);
		CU_ASSERT(strstr(text, "<script") == NULL);
		CU_ASSERT(strstr(text, "http") == NULL);
		CU_ASSERT(strstr(text, "src=") == NULL);
		CU_ASSERT(strstr(text, "nan") == NULL && strstr(text, "inf ") == NULL);
		free(text);
	}
}

static unsigned entries(const char *folder)
{
	DIR *directory = opendir(folder);
	unsigned count = 0;

	CU_ASSERT_FATAL(directory != NULL);
	while (readdir(directory) != NULL)
		count++;
	(void)closedir(directory);
	return count - 2; /* . and .. */
}

static void writes_whole_files_into_a_new_folder(void)
{
	static const char *const names[] = {"report.txt", "report.json", "junit.xml",
	                                    "report.html"};
	char folder[] = "/tmp/reports-XXXXXX", below[64], path[96];
	struct error error = {""};

	CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
	(void)snprintf(below, sizeof(below), "%s/new", folder);
	struct run_result *result = report_sample_make(SAMPLE_RATE, below);
	CU_ASSERT_EQUAL(reports_write(result, &error), 0);
	CU_ASSERT_EQUAL(reports_write(result, &error), 0); /* over the old ones */
	CU_ASSERT_EQUAL(entries(below), 4);
	/* A file that can't be replaced leaves no remains. */
	(void)snprintf(path, sizeof(path), "%s/report.txt", below);
	CU_ASSERT_EQUAL(unlink(path) | mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(reports_write(result, &error), ERROR_SYSTEM);
	CU_ASSERT(strstr(error.text, "/new/report.txt: ") != NULL);
	CU_ASSERT_EQUAL(entries(below), 4);
	CU_ASSERT_EQUAL(rmdir(path), 0);
	for (unsigned i = 1; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", below, names[i]);
		CU_ASSERT_EQUAL(unlink(path), 0);
	}
	CU_ASSERT_EQUAL(rmdir(below) | rmdir(folder), 0);
	report_sample_free(result);
}

static void write_text(const char *folder, const char *name, const char *text)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *out = fopen(path, "w");
	CU_ASSERT_FATAL(out != NULL);
	(void)fputs(text, out);
	CU_ASSERT_EQUAL(fclose(out), 0);
}

/** What can't be written leaves nothing of an earlier run that would be taken for it, and does not keep others from being written. */
static void a_report_that_fails_is_not_an_earlier_one(void)
{
	char folder[] = "/tmp/reports-XXXXXX", path[96];
	struct error error = {""};

	CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
	write_text(folder, "report.json", "an earlier run's");
	(void)snprintf(path, sizeof(path), "%s/.report.json.new", folder);
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0); /* in the way */
	struct run_result *result = report_sample_make(SAMPLE_RATE, folder);
	CU_ASSERT_EQUAL(reports_write(result, &error), ERROR_SYSTEM);
	CU_ASSERT(strstr(error.text, "/report.json: Is a directory") != NULL);
	CU_ASSERT_EQUAL(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/report.json", folder);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(entries(folder), 3);
	CU_ASSERT_EQUAL(reports_write(result, &error), 0);
	CU_ASSERT_EQUAL(entries(folder), 4);
	/* And a pcap goes before a run begins. */
	write_text(folder, FINDINGS_FILE, "an earlier run's");
	CU_ASSERT_EQUAL(findings_begin(folder, &error), 0);
	CU_ASSERT_EQUAL(findings_begin(folder, &error), 0);
	CU_ASSERT_EQUAL(entries(folder), 4);
	static const char *const names[] = {"report.txt", "report.json", "junit.xml",
	                                    "report.html"};
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		CU_ASSERT_EQUAL(unlink(path), 0);
	}
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	report_sample_free(result);
}

static void a_folder_that_cannot_be_made_is_named(void)
{
	struct run_result *result = report_sample_make(SAMPLE_RATE, "/dev/null/reports");
	struct error error = {""};

	CU_ASSERT_EQUAL(reports_write(result, &error), ERROR_SYSTEM);
	CU_ASSERT(strstr(error.text, "/dev/null/reports: ") != NULL);
	report_sample_free(result);
}

static int write_samples(const char *folder)
{
	for (unsigned sample = 0; sample < SAMPLE_COUNT; sample++) {
		char below[CONFIG_PATH_SIZE];
		struct error error = {""};
		(void)snprintf(below, sizeof(below), "%s/%s", folder, report_sample_names[sample]);
		struct run_result *result = report_sample_make((enum report_sample)sample, below);
		int status = reports_write(result, &error);
		report_sample_free(result);
		if (status != 0) {
			(void)fprintf(stderr, "%s\n", error.text);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	CU_TestInfo tests[] = {
	        {"text fits its lines", text_fits_its_lines},
	        {"the last line is the verdict", the_last_line_is_the_verdict},
	        {"an interrupted run says so", an_interrupted_run_says_so},
	        {"text tells the throughput", text_tells_the_throughput},
	        {"a full ring is told by its link", a_full_ring_is_told_by_its_link},
	        {"a bound that is not found", a_bound_that_is_not_found_says_why},
	        {"text tells what was wrong", text_tells_what_was_wrong},
	        {"text tells of bursts", text_tells_of_bursts},
	        {"text holds the largest numbers", text_holds_the_largest_numbers},
	        {"JUnit counts and escapes", junit_counts_and_escapes},
	        {"JSON is exact", json_is_exact},
	        {"HTML needs nothing and escapes", html_needs_nothing_and_escapes},
	        {"writes whole files into a new folder", writes_whole_files_into_a_new_folder},
	        {"a report that fails is not an earlier one",
	         a_report_that_fails_is_not_an_earlier_one},
	        {"a folder that can't be made is named", a_folder_that_cannot_be_made_is_named},
	        CU_TEST_INFO_NULL};

	if (argc > 1)
		return write_samples(argv[1]);
	return unit_run("load-reports", tests);
}
