/* SPDX-License-Identifier: BSD-3-Clause */
/** A document of specular-status/1 without its nesting: each scalar with the names on its way, joined by '/'. */
#ifndef SPECULAR_OPERATION_TELEMETRY_FLAT_H
#define SPECULAR_OPERATION_TELEMETRY_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** text: a string's, or a number's as it stands; false ends. */
typedef bool (*telemetry_member)(void *context, const char *name, const char *text, bool is_string);

/** Of a document that operation_answer made, not of any other JSON. null is left out. */
void telemetry_flatten(const char *document, telemetry_member member, void *context);

/** What an answer of telemetry has room for. */
struct telemetry_room {
	unsigned members;
	size_t octets; /**< of JSON, about */
};

/**
 * The same as far as there is room, and no more than whole elements of a list ("sessions/3"), but for a list's first one. Returns how
 * many members are left out. A member that returns false ends, and counts as one that fits.
 */
unsigned telemetry_flatten_within(const char *document, const struct telemetry_room *room,
                                  telemetry_member member, void *context);

#endif
