/* SPDX-License-Identifier: BSD-3-Clause */
/** Any octets as a configuration file. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config;
	struct error error = {""};
	int status = config_parse("fuzz.yaml", (const char *)data, size, &config, &error);

	/* An error has its text, which is terminated; a success has what the callers rely on. */
	if (status != 0 && (error.text[0] == '\0' || config != NULL))
		abort();
	if (status == 0 && (config->port_count == 0 || config->eal.worker_count == 0 ||
	                    config->control.listen_count == 0 || config->control.modes == 0))
		abort();
	if (status == 0)
		(void)config_owns_address(config, &config->control.listen[0].address, NULL, NULL);
	config_free(config);
	return 0;
}
