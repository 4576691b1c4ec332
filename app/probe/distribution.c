/* SPDX-License-Identifier: BSD-3-Clause */
#include "distribution.h"

#include <stdlib.h>

static int compare_int64(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
	return a < b ? -1 : a > b;
}

static int64_t nearest_rank(const int64_t *sorted, size_t count, unsigned percent)
{
	size_t rank = (count * percent + 99) / 100;
	return sorted[rank == 0 ? 0 : rank - 1];
}

struct distribution distribution_of(int64_t *values, size_t count)
{
	struct distribution result = {.count = count};
	double sum = 0;

	if (count == 0)
		return result;
	qsort(values, count, sizeof(*values), compare_int64);
	for (size_t i = 0; i < count; i++)
		sum += (double)values[i];
	result.minimum = values[0];
	result.mean = (int64_t)(sum / (double)count);
	result.median = nearest_rank(values, count, 50);
	result.p95 = nearest_rank(values, count, 95);
	result.p99 = nearest_rank(values, count, 99);
	result.maximum = values[count - 1];
	return result;
}
