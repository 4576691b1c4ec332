/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

int standard_files_open(void)
{
	for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) {
		/* The lowest free number is the one that is missing. */
		if (fcntl(file, F_GETFD) < 0 && open("/dev/null", O_RDWR) != file)
			return ERROR_SYSTEM;
	}
	return 0;
}
