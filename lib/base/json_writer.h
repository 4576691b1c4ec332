/* SPDX-License-Identifier: BSD-3-Clause */
/** Writes one JSON document to a stream: commas, indentation and escapes. Names and strings are borrowed for the call. */
#ifndef SPECULAR_BASE_JSON_WRITER_H
#define SPECULAR_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** Zero-initialised but for out. */
struct json_writer {
	FILE *out;
	unsigned depth;
	bool behind_value; /**< the next value needs a comma before it */
	unsigned flat;     /**< what is so deep or deeper stands in one line; 0: nothing */
};

/** name NULL: an element of an array, or the document itself. */
void json_open(struct json_writer *json, const char *name, char bracket);
void json_close(struct json_writer *json, char bracket);
/** value NULL is written as null. */
void json_string(struct json_writer *json, const char *name, const char *value);
void json_unsigned(struct json_writer *json, const char *name, uint64_t value);
/** Of any size: more than most readers hold. */
void json_unsigned_wide(struct json_writer *json, const char *name, unsigned __int128 value);
void json_signed(struct json_writer *json, const char *name, int64_t value);
/** The shortest decimal that reads back as value; null when it is not finite. */
void json_double(struct json_writer *json, const char *name, double value);
void json_bool(struct json_writer *json, const char *name, bool value);
void json_null(struct json_writer *json, const char *name);

#endif
