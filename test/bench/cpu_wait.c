/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu_wait.h"

#include <stdio.h>

double cpu_waited_us(pid_t thread)
{
	char path[64];
	unsigned long ran, waited = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", (int)thread);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	int read = fscanf(file, "%lu %lu", &ran, &waited);
	(void)fclose(file);
	return read == 2 ? (double)waited / 1000 : 0;
}
