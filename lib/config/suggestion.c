/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/suggestion.h"

#include <string.h>

#define WORD_SIZE_MAXIMUM 40u

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

unsigned suggestion_distance(const char *left, const char *right)
{
	unsigned row[WORD_SIZE_MAXIMUM + 1];
	size_t left_length = strlen(left), right_length = strlen(right);
	size_t shorter = left_length < right_length ? left_length : right_length;

	if (left_length > WORD_SIZE_MAXIMUM || right_length > WORD_SIZE_MAXIMUM)
		return SUGGESTION_DISTANCE_MAXIMUM + 1;
	for (unsigned j = 0; j <= right_length; j++)
		row[j] = j;
	for (unsigned i = 1; i <= left_length; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= right_length; j++) {
			unsigned replaced = diagonal + (left[i - 1] != right[j - 1]);
			diagonal = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
		}
	}
	return row[right_length] * 2 > shorter ? SUGGESTION_DISTANCE_MAXIMUM + 1
	                                       : row[right_length];
}
