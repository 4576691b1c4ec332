/* SPDX-License-Identifier: BSD-3-Clause */
/** specularctl: asks the running appliance, and tells it what to do. doc/operations.md. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/complaint.h"
#include "base/standard_files.h"
#include "call.h"
#include "ctl_options.h"
#include "paging.h"
#include "session_pages.h"
#include "show.h"
#include "terminal_text.h"
#include "top.h"

enum exit_code { EXIT_ANSWERED, EXIT_REFUSED, EXIT_WRONG_USE };

static int fail(int status, const struct error *error)
{
	char text[ERROR_TEXT_SIZE];

	(void)terminal_text(error->text, text, sizeof(text));
	complain("specularctl", text);
	return status == ERROR_ARGUMENT ? EXIT_WRONG_USE : EXIT_REFUSED;
}

static int show(const struct ctl_options *options, const struct answer *answer, int status,
                struct error *error)
{
	int shown = 0;

	if (options->json && answer->document != NULL) {
		terminal_document(answer->text, answer->size, stdout);
		if (answer->text[answer->size - 1] != '\n')
			(void)fputc('\n', stdout);
	} else if (status == 0) {
		shown = show_of(options->command)(answer->document, options->all, stdout);
	}
	if (status == 0 && shown != 0)
		status = error_set(error, shown, "no memory for the table");
	if (fflush(stdout) != 0 && status == 0)
		status = error_set(error, ERROR_SYSTEM, "can't write the answer: %s",
		                   strerror(errno));
	return status;
}

static int ask(struct ctl_options *options, struct error *error)
{
	struct call call = {.socket = options->socket, .wait_ms = options->wait_ms};
	struct answer answer;
	int status;

	if (options->command == CTL_COUNTERS)
		request_set(&options->request, "describe", "yes");
	bool whole = options->command == CTL_CONNECTIONS ||
	             (options->command == CTL_SESSIONS && options->all);
	if (whole)
		status = paging_call(&call, &options->request, &answer, error);
	else if (options->command == CTL_SESSIONS)
		status = session_pages_call(&call, &options->request, &answer, error);
	else
		status = call_appliance(&call, &options->request, &answer, error);
	status = show(options, &answer, status, error);
	answer_clear(&answer);
	return status;
}

int main(int argc, char *argv[])
{
	struct ctl_options options;
	struct error error;
	int status;

	if (standard_files_open() != 0)
		return EXIT_REFUSED;
	status = ctl_options_parse(argc, argv, &options, &error);
	if (status != 0)
		return fail(status, &error);
	if (options.help) {
		ctl_options_usage(options.command, stdout);
		return EXIT_ANSWERED;
	}
	if (options.version) {
		(void)printf("specularctl %s\n", SPECULAR_VERSION);
		return EXIT_ANSWERED;
	}
	status = options.command == CTL_TOP ? top_run(&options, &error) : ask(&options, &error);
	return status == 0 ? EXIT_ANSWERED : fail(status, &error);
}
