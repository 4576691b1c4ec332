/* SPDX-License-Identifier: BSD-3-Clause */
/** How far a misspelt word is from a known one. */
#ifndef SPECULAR_CONFIG_SUGGESTION_H
#define SPECULAR_CONFIG_SUGGESTION_H

/** From here on two words are too different to be offered for each other. */
#define SUGGESTION_DISTANCE_MAXIMUM 3u

/**
 * Letters to insert, delete or replace (Levenshtein) to get from one word to the other; above SUGGESTION_DISTANCE_MAXIMUM when the
 * words are long beyond any key, or when more than half of the shorter one would change.
 */
unsigned suggestion_distance(const char *left, const char *right);

#endif
