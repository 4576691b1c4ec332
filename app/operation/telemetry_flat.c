/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry_flat.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE   128u
#define TEXT_SIZE   128u
#define DEPTH_MAX   8u
#define NO_INDEX    (-1)
#define WHITE_SPACE " \n\t\r,:"

struct flattening {
	const char *at;
	char name[NAME_SIZE];
	size_t lengths[DEPTH_MAX]; /**< of the name, before each level */
	int indices[DEPTH_MAX];    /**< of an array's next element; NO_INDEX in an object */
	unsigned depth;
};

/** A string to text, cut where there is no room; escapes as json_writer makes them. */
static void take_string(struct flattening *flat, char text[TEXT_SIZE])
{
	size_t used = 0;

	for (flat->at++; *flat->at != '"' && *flat->at != '\0'; flat->at++) {
		char character = *flat->at;
		if (character == '\\' && flat->at[1] != '\0') {
			character = *++flat->at;
			if (character == 'u') {
				character = '?';
				flat->at += strnlen(flat->at, 5) == 5 ? 4 : 0;
			}
		}
		if (used + 1 < TEXT_SIZE)
			text[used++] = character;
	}
	text[used] = '\0';
	flat->at += *flat->at == '"' ? 1 : 0;
}

static void take_word(struct flattening *flat, char text[TEXT_SIZE])
{
	size_t length = strcspn(flat->at, WHITE_SPACE "]}");

	(void)snprintf(text, TEXT_SIZE, "%.*s", (int)length, flat->at);
	flat->at += length;
}

static void append_name(struct flattening *flat, const char *name)
{
	size_t length = flat->depth > 0 ? flat->lengths[flat->depth - 1] : 0;

	(void)snprintf(flat->name + length, NAME_SIZE - length, "%s%s", length > 0 ? "/" : "",
	               name);
}

/** The name of what comes next: an element's number, or the member's. */
static void take_name(struct flattening *flat)
{
	char name[TEXT_SIZE];

	if (flat->depth == 0)
		return;
	int *index = &flat->indices[flat->depth - 1];
	if (*index != NO_INDEX)
		(void)snprintf(name, sizeof(name), "%d", (*index)++);
	else
		take_string(flat, name);
	append_name(flat, name);
	flat->at += strspn(flat->at, WHITE_SPACE);
}

void telemetry_flatten(const char *document, telemetry_member member, void *context)
{
	struct flattening flat = {.at = document};
	char text[TEXT_SIZE];

	for (flat.at += strspn(flat.at, WHITE_SPACE); *flat.at != '\0';
	     flat.at += strspn(flat.at, WHITE_SPACE)) {
		if (*flat.at == '}' || *flat.at == ']') {
			flat.at++;
			if (--flat.depth == 0)
				return;
			continue;
		}
		take_name(&flat);
		if (*flat.at == '{' || *flat.at == '[') {
			if (flat.depth == DEPTH_MAX)
				return;
			flat.lengths[flat.depth] = strlen(flat.name);
			flat.indices[flat.depth++] = *flat.at++ == '[' ? 0 : NO_INDEX;
			continue;
		}
		bool is_string = *flat.at == '"';
		if (is_string)
			take_string(&flat, text);
		else
			take_word(&flat, text);
		if ((is_string || strcmp(text, "null") != 0) &&
		    !member(context, flat.name, text, is_string))
			return;
	}
}
