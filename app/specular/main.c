/* SPDX-License-Identifier: BSD-3-Clause */
/* specular: a DPDK TWAMP reflector. The only place that ends the process. */
#include <signal.h>
#include <stdio.h>

#include "appliance.h"
#include "base/complaint.h"
#include "base/log.h"
#include "base/standard_files.h"
#include "options.h"

enum exit_code { EXIT_OK = 0, EXIT_RUN_TIME = 1, EXIT_CONFIGURATION = 2 };

static int refuse(const char *text, enum exit_code code)
{
	complain("specular", text);
	return (int)code;
}

static int run(struct config *config, const struct options *options)
{
	static struct appliance appliance; /* too large for a stack */
	struct error error;
	int status = appliance_load_keys(&appliance, config, &error);

	appliance.log_level_given = options->log_level_given;
	if (status != 0)
		return refuse(error.text, EXIT_CONFIGURATION);
	status = appliance_run(&appliance, &error);
	appliance_forget_keys(&appliance);
	if (status != 0) {
		log_event(LOG_LEVEL_ERROR, "not-started", "%s", error.text);
		return EXIT_RUN_TIME;
	}
	return EXIT_OK;
}

static int check(struct config *config)
{
	struct appliance appliance = {0};
	struct error error;

	if (appliance_load_keys(&appliance, config, &error) != 0)
		return refuse(error.text, EXIT_CONFIGURATION);
	appliance_forget_keys(&appliance);
	(void)printf("%s: ok\n", config->path);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options options;
	struct config *config;
	struct error error;

	if (standard_files_open() != 0)
		return EXIT_RUN_TIME;
	if (options_parse(argc, argv, &options, &error) != 0) {
		(void)refuse(error.text, EXIT_CONFIGURATION);
		(void)fputs(options_usage, stderr);
		return EXIT_CONFIGURATION;
	}
	if (options.help || options.version) {
		(void)fputs(options.help ? options_usage : "specular " SPECULAR_VERSION "\n",
		            stdout);
		return EXIT_OK;
	}
	log_set_level(options.log_level);
	(void)signal(SIGHUP, SIG_IGN);  /* until a reload can be done */
	(void)signal(SIGPIPE, SIG_IGN); /* a client that went away is an error of its socket */
	if (config_load(options.config, &config, &error) != 0)
		return refuse(error.text, EXIT_CONFIGURATION);
	if (!options.log_level_given)
		log_set_level(config->log.level);
	log_set_format(config->log.format);
	int code = options.check ? check(config) : run(config, &options);
	config_free(config);
	return code;
}
