/* SPDX-License-Identifier: BSD-3-Clause */
/** One JSON object in one line, as logs and audit trails want it: never longer than said, and always whole. */
#ifndef SPECULAR_BASE_JSON_LINE_H
#define SPECULAR_BASE_JSON_LINE_H

#include <stddef.h>
#include <stdint.h>

/** Room for a line with a few texts, also when every octet of them is escaped. */
#define JSON_LINE_SIZE 16384

/** One member; name and text are borrowed. */
struct json_member {
	const char *name;
	enum { JSON_MEMBER_TEXT, JSON_MEMBER_NUMBER } kind;
	const char *text; /**< NULL: null */
	uint64_t number;
};

#define JSON_TEXT(name_, text_)                                                                    \
	((struct json_member){.name = (name_), .kind = JSON_MEMBER_TEXT, .text = (text_)})
#define JSON_NUMBER(name_, number_)                                                                \
	((struct json_member){.name = (name_), .kind = JSON_MEMBER_NUMBER, .number = (number_)})

/**
 * Writes {...} and a newline, of at most room - 1 octets, without a terminator; returns its size. Members that find no room are left
 * out, the last ones first; 0: there is no memory.
 */
size_t json_line(const struct json_member *members, unsigned count, char *line, size_t room);

#endif
