/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon_version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A string of its own, not a part of one: with the terminators of the one before it and of its own. */
static bool has_string(const char *octets, size_t size, const char *string)
{
	const char *at = octets, *end = octets + size;
	size_t length = strlen(string) + 1;

	while ((at = memmem(at, (size_t)(end - at), string, length))) {
		if (at > octets && at[-1] == '\0')
			return true;
		at++;
	}
	return false;
}

int daemon_version_check(const char *executable, const char *version, struct error *error)
{
	struct stat status = {0};
	char *octets = MAP_FAILED;
	int fd = open(executable, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0)
		octets = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	int failure = errno;
	if (fd >= 0)
		close(fd);
	if (octets == MAP_FAILED)
		return error_set(error, ERROR_SYSTEM, "can't read %s to see its version: %s",
		                 executable, strerror(failure));
	bool found = has_string(octets, (size_t)status.st_size, version);
	munmap(octets, (size_t)status.st_size);
	if (!found)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "made for strongSwan %s, but %s is of another version: build the "
		                 "plugin against the source of the daemon's version (meson setup "
		                 "-Dstrongswan_source=FOLDER)",
		                 version, executable);
	return 0;
}
