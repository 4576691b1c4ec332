/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/standard_files.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/** In a child that lacks the files of missing: true when all are open then and the next one is number 3. */
static bool mended(const int *missing, unsigned count)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		for (int file = 3; file < 16; file++)
			(void)close(file);
		for (unsigned i = 0; i < count; i++)
			(void)close(missing[i]);
		bool right = standard_files_open() == 0 && fcntl(STDIN_FILENO, F_GETFD) >= 0 &&
		             fcntl(STDOUT_FILENO, F_GETFD) >= 0 &&
		             fcntl(STDERR_FILENO, F_GETFD) >= 0 && dup(STDERR_FILENO) == 3;
		_exit(right ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void closed_ones_are_opened(void)
{
	CU_ASSERT(mended(NULL, 0));
	CU_ASSERT(mended((const int[]){STDOUT_FILENO}, 1));
	CU_ASSERT(mended((const int[]){STDIN_FILENO, STDERR_FILENO}, 2));
	CU_ASSERT(mended((const int[]){STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, 3));
}

int main(void)
{
	CU_TestInfo tests[] = {{"closed ones are opened", closed_ones_are_opened},
	                       CU_TEST_INFO_NULL};
	return unit_run("standard-files", tests);
}
