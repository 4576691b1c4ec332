/* SPDX-License-Identifier: BSD-3-Clause */
/* specular-load: throughput and correctness of any TWAMP reflector. The only place that ends the process. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/complaint.h"
#include "base/log.h"
#include "base/standard_files.h"
#include "environment.h"
#include "findings.h"
#include "load.h"
#include "load_options.h"
#include "reports.h"

enum exit_code { EXIT_MET = 0, EXIT_COULD_NOT_RUN = 2 };

static int refuse(const char *text)
{
	complain("specular-load", text);
	return EXIT_COULD_NOT_RUN;
}

/* The run's own failure comes first; what was found out is told in any case. */
static int report(const struct run_result *result)
{
	struct error error;

	report_text(stdout, result);
	(void)fflush(stdout);
	if (result->failure[0] != '\0')
		(void)refuse(result->failure);
	if (result->config->report_folder[0] != '\0' && reports_write(result, &error) != 0)
		return refuse(error.text);
	return run_exit_code(result);
}

static int run(const struct load_config *config, bool quiet)
{
	static struct load load; /* too large for a stack */
	struct run_result *result = calloc(1, sizeof(*result));
	struct error error;

	if (result == NULL)
		return refuse("out of memory");
	/* Hours of a soak shall not end with nowhere to write to. */
	if (config->report_folder[0] != '\0' &&
	    findings_begin(config->report_folder, &error) != 0) {
		free(result);
		return refuse(error.text);
	}
	result->config = config;
	environment_begin(&result->environment, config);
	load.config = config;
	load.result = result;
	progress_init(&load.progress, stderr, quiet || !config->progress);
	if (load_run(&load, &error) != 0)
		(void)snprintf(result->failure, sizeof(result->failure), "%s", error.text);
	int code = report(result);
	run_result_free(result);
	free(result);
	return code;
}

static int set_output(struct load_config *config, const char *folder)
{
	if (folder == NULL)
		return 0;
	if (strlen(folder) >= sizeof(config->report_folder))
		return refuse("--output: the folder's name is too long");
	(void)snprintf(config->report_folder, sizeof(config->report_folder), "%s", folder);
	return 0;
}

int main(int argc, char **argv)
{
	struct load_options options;
	struct load_config *config;
	struct error error;

	if (standard_files_open() != 0)
		return EXIT_COULD_NOT_RUN;
	if (load_options_parse(argc, argv, &options, &error) != 0) {
		(void)refuse(error.text);
		(void)fputs(load_usage, stderr);
		return EXIT_COULD_NOT_RUN;
	}
	if (options.help || options.version) {
		(void)fputs(options.help ? load_usage : "specular-load " SPECULAR_VERSION "\n",
		            stdout);
		return EXIT_MET;
	}
	log_set_level(options.log_level);
	(void)signal(SIGPIPE, SIG_IGN); /* a server that went away is an error of its socket */
	if (load_config_load(options.config, &config, &error) != 0)
		return refuse(error.text);
	int code = set_output(config, options.output);
	if (code == 0 && options.check)
		(void)printf("%s: ok\n", options.config);
	else if (code == 0)
		code = run(config, options.quiet);
	load_config_free(config);
	return code;
}
