/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** What others could write is no evidence; in a folder such as /tmp they may have made it before us. */
static int check_file(const char *path, const char *user, const struct stat *status,
                      struct error *error)
{
	bool own = status->st_uid == 0 || status->st_uid == geteuid();

	if (!S_ISREG(status->st_mode))
		return error_set(error, ERROR_ARGUMENT, "log.audit: %s: is no regular file", path);
	if (!own && user[0] != '\0') {
		const struct passwd *entry = getpwnam(user);
		own = entry != NULL && status->st_uid == entry->pw_uid;
	}
	if (!own)
		return error_set(error, ERROR_PERMISSION,
		                 "log.audit: %s: owned by user %u; allowed: root or the "
		                 "appliance's user",
		                 path, (unsigned)status->st_uid);
	if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(error, ERROR_PERMISSION,
		                 "log.audit: %s: group or others may write to it (chmod go-w)",
		                 path);
	return 0;
}

/** One that root has just made: the process becomes that user and has to open it again when the file is rotated. */
static void give_away(int fd, const struct stat *status, const char *user)
{
	const struct passwd *entry;

	if (user[0] == '\0' || geteuid() != 0 || status->st_uid != 0 || status->st_size > 0)
		return;
	entry = getpwnam(user);
	if (entry != NULL && fchown(fd, entry->pw_uid, entry->pw_gid) != 0)
		return; /* opening it again tells */
}

int audit_file_open(const char *path, const char *user, int *fd, struct error *error)
{
	struct stat status;
	/* O_NONBLOCK: a FIFO without a reader would be waited for. */
	int opened =
	        open(path,
	             O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
	             S_IRUSR | S_IWUSR);

	if (opened < 0)
		return error_set(error, ERROR_SYSTEM, "log.audit: %s: %s", path, strerror(errno));
	int result =
	        fstat(opened, &status) != 0
	                ? error_set(error, ERROR_SYSTEM, "log.audit: %s: %s", path, strerror(errno))
	                : check_file(path, user, &status, error);
	if (result != 0) {
		(void)close(opened);
		return result;
	}
	give_away(opened, &status, user);
	*fd = opened;
	return 0;
}

int audit_file_append(int fd, const char *line, size_t size, struct error *error)
{
	ssize_t written = write(fd, line, size);
	off_t end;

	if (written == (ssize_t)size)
		return 0;
	(void)error_set(error, ERROR_SYSTEM, "%s",
	                written < 0 ? strerror(errno) : strerror(ENOSPC));
	if (written > 0) {
		end = lseek(fd, 0, SEEK_END);
		if (end < written || ftruncate(fd, end - written) != 0)
			(void)error_set(error, ERROR_SYSTEM, "a line was written in part");
	}
	return ERROR_SYSTEM;
}
