/* SPDX-License-Identifier: BSD-3-Clause */
/** specular-probe: measures the way to a TWAMP reflector and back. doc/probe.md. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/complaint.h"
#include "base/standard_files.h"
#include "crypto/key_derivation.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "statistics.h"

#define EXIT_COULD_NOT_RUN 2
#define NS_PER_MS          1e6

static int fail(const struct error *error)
{
	complain("specular-probe", error->text);
	return EXIT_COULD_NOT_RUN;
}

/** SIGINT and SIGTERM become readable; the run then ends in order. */
static int interrupt_open(struct error *error)
{
	sigset_t signals;
	int fd;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd >= 0 ? fd : error_set(error, ERROR_SYSTEM, "signalfd: %s", strerror(errno));
}

static void show_progress(void *context, const struct test_session *sessions, unsigned number)
{
	uint64_t sent = 0, answered = 0, all = 0;

	(void)context;
	for (unsigned i = 0; i < number; i++) {
		sent += sessions[i].record.sent;
		answered += sessions[i].record.answered;
		all += sessions[i].record.capacity;
	}
	(void)fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " sent, %" PRIu64 " answered ", sent, all,
	              answered);
	(void)fflush(stderr);
}

static void show_reply(void *context, unsigned session, const struct session_record *record,
                       uint32_t sequence, enum reply_verdict verdict)
{
	const struct packet_record *packet;

	(void)context;
	if (verdict != REPLY_ANSWER) {
		(void)printf("session %u: %s\n", session + 1, reply_verdict_name(verdict));
		return;
	}
	packet = &record->packets[sequence];
	(void)printf("session %u: seq %u ttl %u reflected as %u, %.4f ms with turnaround\n",
	             session + 1, sequence, packet->sender_ttl, packet->reflector_sequence,
	             (double)(packet->received_ns - packet->sent_ns) / NS_PER_MS);
}

static struct sender_observer observer_make(const struct options *options)
{
	bool terminal = isatty(STDERR_FILENO) && !options->quiet && !options->verbose;
	bool progress = options->progress == 1 || (options->progress == -1 && terminal);

	return (struct sender_observer){
	        .progress = progress ? show_progress : NULL,
	        .received = options->verbose && !options->json ? show_reply : NULL,
	};
}

/** Statistics over all and for each session; the caller frees *each. */
static int statistics_make(const struct run *run, struct statistics *total,
                           struct statistics **each, struct error *error)
{
	const struct session_record *records[SESSIONS_MAXIMUM];
	int result = 0;

	*each = calloc(run->session_count, sizeof(**each));
	if (*each == NULL)
		result = ERROR_MEMORY;
	for (unsigned i = 0; i < run->session_count && result == 0; i++) {
		records[i] = &run->sessions[i].record;
		result = statistics_compute(&records[i], 1, &(*each)[i]);
	}
	if (result == 0)
		result = statistics_compute(records, run->session_count, total);
	if (result == 0)
		return 0;
	free(*each);
	*each = NULL;
	return error_set(error, result, "out of memory for the statistics");
}

static int run_and_report(struct run *run, struct error *error)
{
	const struct options *options = run->options;
	struct sender_observer observer = observer_make(options);
	struct statistics total, *each = NULL;
	struct report report = {.run = run};
	int result = run_measure(run, &observer, error), statistics_result;

	if (observer.progress != NULL && run->measured)
		(void)fputc('\n', stderr);
	if (run->measured) {
		statistics_result = statistics_make(run, &total, &each, error);
		if (statistics_result == 0) {
			report.total = &total;
			report.sessions = each;
		} else {
			result = statistics_result;
		}
	}
	report.error = result < 0 ? error->text : NULL;
	if (options->json)
		report_json(stdout, &report);
	else if (!options->quiet)
		report_text(stdout, &report);
	free(each);
	if (fflush(stdout) != 0 && result == 0)
		result = error_set(error, ERROR_SYSTEM, "can't write the report: %s",
		                   strerror(errno));
	return result < 0 ? fail(error) : statistics_exit_code(&total);
}

/** A wrong command line; who asked for JSON gets it. */
static int refuse(const struct options *options, const struct error *error)
{
	struct run run;
	struct report report = {.run = &run, .error = error->text};

	run_init(&run, options, -1);
	if (options->json)
		report_json(stdout, &report);
	return fail(error);
}

int main(int argc, char *argv[])
{
	struct options options;
	struct error error;
	struct run run;
	int result, interrupt_fd;

	if (standard_files_open() != 0)
		return EXIT_COULD_NOT_RUN;
	result = options_parse(argc, argv, &options, &error);
	if (result < 0)
		return refuse(&options, &error);
	if (result == OPTIONS_HELP) {
		options_usage(stdout);
		return 0;
	}
	if (result == OPTIONS_VERSION) {
		(void)printf("specular-probe %s\n", SPECULAR_VERSION);
		return 0;
	}
	if (key_derivation_self_test(&error) != 0)
		return fail(&error);
	interrupt_fd = interrupt_open(&error);
	if (interrupt_fd < 0)
		return fail(&error);
	run_init(&run, &options, interrupt_fd);
	if (options.verbose) /* live, into a pipe too */
		(void)setvbuf(stdout, NULL, _IOLBF, 0);
	result = run_and_report(&run, &error);
	run_close(&run);
	(void)close(interrupt_fd);
	return result;
}
