/* SPDX-License-Identifier: BSD-3-Clause */
#include "key_files.h"

#include <pwd.h>
#include <unistd.h>

/** A key file that can't be read: says which key of the configuration named it. What is wrong inside has its own place. */
static int name_key(const struct config *config, const char *key, int status, struct error *error)
{
	const struct error inner = *error;

	if (status != ERROR_NOT_FOUND && status != ERROR_SYSTEM && status != ERROR_PERMISSION)
		return status;
	return error_set(error, status, "%s: %s: %s", config->path, key, inner.text);
}

/** Whom the process becomes after the start, and as whom it reads the files again: they may be his from the beginning. */
static uid_t file_owner(const struct config *config)
{
	const struct passwd *user = NULL;

	if (geteuid() == 0 && config->operation.user[0] != '\0')
		user = getpwnam(config->operation.user);
	return user != NULL ? user->pw_uid : geteuid();
}

int key_files_load(const struct config *config, struct key_provider **psk,
                   struct key_provider **ike, struct error *error)
{
	uid_t owner = file_owner(config);
	int status = 0;

	*psk = NULL;
	*ike = NULL;
	if (config->keys.psk_file[0] != '\0')
		status = psk_file_load(config->keys.psk_file, owner, psk, error);
	if (status != 0)
		return name_key(config, "keys.psk-file", status, error);
	switch (config->ikev2.provider) {
	case PROVIDER_NONE:
	case PROVIDER_CHARON: /* a daemon, not a file */
		break;
	case PROVIDER_STATIC:
		status = sa_file_load(config->ikev2.sa_file, owner, ike, error);
		status = name_key(config, "ikev2.sa-file", status, error);
		break;
	}
	if (status != 0) {
		key_provider_destroy(*psk);
		*psk = NULL;
	}
	return status;
}
