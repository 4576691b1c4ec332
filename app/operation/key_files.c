/* SPDX-License-Identifier: BSD-3-Clause */
#include "key_files.h"

/** A key file that can't be read: says which key of the configuration named it. What is wrong inside has its own place. */
static int name_key(const struct config *config, const char *key, int status, struct error *error)
{
	const struct error inner = *error;

	if (status != ERROR_NOT_FOUND && status != ERROR_SYSTEM && status != ERROR_PERMISSION)
		return status;
	return error_set(error, status, "%s: %s: %s", config->path, key, inner.text);
}

int key_files_load(const struct config *config, struct key_provider **psk,
                   struct key_provider **ike, struct error *error)
{
	int status = 0;

	*psk = NULL;
	*ike = NULL;
	if (config->keys.psk_file[0] != '\0')
		status = psk_file_load(config->keys.psk_file, psk, error);
	if (status != 0)
		return name_key(config, "keys.psk-file", status, error);
	switch (config->ikev2.provider) {
	case PROVIDER_NONE:
	case PROVIDER_CHARON: /* a daemon, not a file */
		break;
	case PROVIDER_STATIC:
		status = sa_file_load(config->ikev2.sa_file, ike, error);
		status = name_key(config, "ikev2.sa-file", status, error);
		break;
	}
	if (status != 0) {
		key_provider_destroy(*psk);
		*psk = NULL;
	}
	return status;
}
