/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/complaint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define TEXT_SIZE 256

/** JOURNAL_STREAM: what is added to device and inode of the file that is standard error, and what stands between and behind them. */
struct stream {
	unsigned device;
	unsigned inode;
	const char *between;
	const char *behind;
};

static void set_stream(const struct stream *stream, int fd)
{
	char text[64];
	struct stat status;

	CU_ASSERT_EQUAL_FATAL(fstat(fd, &status), 0);
	(void)snprintf(text, sizeof(text), "%ju%s%ju%s", (uintmax_t)status.st_dev + stream->device,
	               stream->between, (uintmax_t)status.st_ino + stream->inode, stream->behind);
	(void)setenv("JOURNAL_STREAM", text, 1);
}

/** What complain writes to a file. stream NULL: there is no variable. */
static const char *complained(const struct stream *stream, char text[TEXT_SIZE])
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);

	CU_ASSERT_FATAL(file != NULL && before >= 0);
	(void)unsetenv("JOURNAL_STREAM");
	if (stream != NULL)
		set_stream(stream, fileno(file));
	(void)dup2(fileno(file), STDERR_FILENO);
	complain("program", "FILE:1:2: key");
	(void)dup2(before, STDERR_FILENO);
	(void)close(before);
	rewind(file);
	text[fread(text, 1, TEXT_SIZE - 1, file)] = '\0';
	(void)fclose(file);
	(void)unsetenv("JOURNAL_STREAM");
	return text;
}

static void the_journal_is_told_the_priority(void)
{
	const struct stream journal = {0, 0, ":", ""};
	char text[TEXT_SIZE];

	CU_ASSERT_STRING_EQUAL(complained(&journal, text), "<3>program: FILE:1:2: key\n");
}

static void others_are_not(void)
{
	/* The first two: standard error has been led elsewhere. */
	static const struct stream others[] = {{1, 0, ":", ""},
	                                       {0, 1, ":", ""},
	                                       {0, 0, ":", " "},
	                                       {0, 0, "-", ""},
	                                       {0, 0, "", ""}};
	char text[TEXT_SIZE];

	CU_ASSERT_STRING_EQUAL(complained(NULL, text), "program: FILE:1:2: key\n");
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT_STRING_EQUAL(complained(&others[i], text), "program: FILE:1:2: key\n");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the journal is told the priority", the_journal_is_told_the_priority},
	        {"others are not", others_are_not},
	        CU_TEST_INFO_NULL};
	return unit_run("base-complaint", tests);
}
