/* SPDX-License-Identifier: BSD-3-Clause */
/** A script in swanctl's place, in the fake daemon's folder, which stands first in PATH. */
#ifndef SPECULAR_TEST_SWANCTL_FIXTURE_H
#define SPECULAR_TEST_SWANCTL_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ike_daemon_fixture.h"
#include "unit.h"

#define SWANCTL_LOG_SIZE    256u
#define SWANCTL_SEARCH_SIZE 4096u

static char swanctl_old_path[SWANCTL_SEARCH_SIZE];

static inline void swanctl_file(const struct ike_daemon *daemon, const char *name,
                                char path[DAEMON_PATH_SIZE])
{
	(void)snprintf(path, DAEMON_PATH_SIZE, "%s/%s", daemon->folder, name);
}

/** Initialises the daemon too. lines are the script's; it may write into "$0.log". */
static inline void swanctl_make(struct ike_daemon *daemon, const char *lines)
{
	char path[DAEMON_PATH_SIZE], search[SWANCTL_SEARCH_SIZE + DAEMON_FOLDER_SIZE];
	FILE *file;

	daemon_init(daemon);
	(void)snprintf(swanctl_old_path, sizeof(swanctl_old_path), "%s", getenv("PATH"));
	(void)snprintf(search, sizeof(search), "%s:%s", daemon->folder, swanctl_old_path);
	CU_ASSERT(setenv("PATH", search, 1) == 0);
	swanctl_file(daemon, "swanctl", path);
	file = fopen(path, "w");
	CU_ASSERT_FATAL(file != NULL);
	CU_ASSERT(fprintf(file, "#!/bin/sh\n%s\n", lines) > 0);
	CU_ASSERT(fchmod(fileno(file), S_IRWXU) == 0);
	CU_ASSERT(fclose(file) == 0);
}

/** Stops the daemon too. */
static inline void swanctl_remove(struct ike_daemon *daemon)
{
	static const char *const names[] = {"swanctl", "swanctl.log"};
	char path[DAEMON_PATH_SIZE];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		swanctl_file(daemon, names[i], path);
		(void)unlink(path);
	}
	daemon_stop(daemon);
	CU_ASSERT(setenv("PATH", swanctl_old_path, 1) == 0);
}

static inline bool swanctl_has_log(const struct ike_daemon *daemon)
{
	char path[DAEMON_PATH_SIZE];

	swanctl_file(daemon, "swanctl.log", path);
	return access(path, F_OK) == 0;
}

static inline void swanctl_read_log(const struct ike_daemon *daemon, char text[SWANCTL_LOG_SIZE])
{
	char path[DAEMON_PATH_SIZE];
	FILE *file;

	text[0] = '\0';
	swanctl_file(daemon, "swanctl.log", path);
	file = fopen(path, "r");
	CU_ASSERT_FATAL(file != NULL);
	text[fread(text, 1, SWANCTL_LOG_SIZE - 1, file)] = '\0';
	(void)fclose(file);
}

#endif
