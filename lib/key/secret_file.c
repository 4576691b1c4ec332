/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Whoever owns the folder may put another file in the file's place anyway. */
static bool owns_folder(uid_t user, const char *path)
{
	char copy[PATH_MAX];
	struct stat folder;
	int length = snprintf(copy, sizeof(copy), "%s", path);

	return length > 0 && (size_t)length < sizeof(copy) && stat(dirname(copy), &folder) == 0 &&
	       folder.st_uid == user;
}

static int check_file(const char *path, uid_t owner, const struct stat *status, struct error *error)
{
	if (!S_ISREG(status->st_mode))
		return error_set(
		        error, ERROR_PERMISSION,
		        "%s: not a regular file; allowed: a file that only its owner reads", path);
	if (status->st_uid != 0 && status->st_uid != geteuid() && status->st_uid != owner &&
	    !owns_folder(status->st_uid, path))
		return error_set(error, ERROR_PERMISSION,
		                 "%s: owned by user %u; allowed: root, user %u, or who owns its "
		                 "folder (chown)",
		                 path, (unsigned)status->st_uid, (unsigned)owner);
	if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return error_set(error, ERROR_PERMISSION,
		                 "%s: its mode %04o lets group or others in; allowed: 0600 or 0400 "
		                 "(chmod 600 %s)",
		                 path, (unsigned)(status->st_mode & 07777), path);
	return 0;
}

int secret_file_load(const char *path, uid_t owner, struct yaml_tree **tree, struct error *error)
{
	struct stat file;
	/* Without O_NONBLOCK opening a FIFO would wait for its writer. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status;

	*tree = NULL;
	if (descriptor < 0)
		return error_set(error,
		                 errno == ENOENT   ? ERROR_NOT_FOUND
		                 : errno == EACCES ? ERROR_PERMISSION
		                                   : ERROR_SYSTEM,
		                 "%s: %s", path, strerror(errno));
	if (fstat(descriptor, &file) != 0)
		status = error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
	else
		status = check_file(path, owner, &file, error);
	if (status == 0)
		status = yaml_tree_load_descriptor(path, descriptor, tree, error);
	(void)close(descriptor);
	return status;
}
