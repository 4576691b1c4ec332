/* SPDX-License-Identifier: BSD-3-Clause */
#include "resident.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_SIZE 256u

uint64_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[LINE_SIZE];
	uint64_t kib = 0;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1)
			break;
	}
	(void)fclose(file);
	return kib;
}
