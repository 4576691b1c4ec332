/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/complaint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIORITY_ERROR "<3>"

/** The variable has device and inode of the stream that leads to the journal; standard error may have been led elsewhere since. */
bool complaint_goes_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	uintmax_t device, inode;
	int end = -1;

	return stream != NULL && sscanf(stream, "%ju:%ju%n", &device, &inode, &end) == 2 &&
	       stream[end] == '\0' && fstat(STDERR_FILENO, &status) == 0 &&
	       status.st_dev == device && status.st_ino == inode;
}

void complain(const char *program, const char *text)
{
	(void)fprintf(stderr, "%s%s: %s\n", complaint_goes_to_journal() ? PRIORITY_ERROR : "",
	              program, text);
}
