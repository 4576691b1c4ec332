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

/** What JSON has around a member's name and value. */
#define MEMBER_OCTETS 8u

struct fitting {
	const struct telemetry_room *room;
	char element[NAME_SIZE]; /**< that the last member belongs to */
	unsigned count;
	size_t octets;
	unsigned fit; /**< members that are kept: the whole elements so far */
	unsigned at;
	telemetry_member member;
	void *context;
};

/** Octets of the name that tell which element of a list a member belongs to: "sessions/3" of "sessions/3/sender/port". */
static size_t element_length(const char *name)
{
	size_t length = strlen(name);
	bool is_first = true;

	for (const char *at = strchr(name, '/'); at != NULL && is_first; at = strchr(at + 1, '/')) {
		size_t digits = strspn(at + 1, "0123456789");

		if (digits == 0 || (at[1 + digits] != '/' && at[1 + digits] != '\0'))
			continue;
		length = (size_t)(at - name) + 1 + digits;
		/* What the first one has is better than nothing: its own lists are cut. */
		is_first = digits == 1 && at[1] == '0';
	}
	return length;
}

static bool measure(void *context, const char *name, const char *text, bool is_string)
{
	struct fitting *fitting = context;
	size_t length = element_length(name);

	(void)is_string;
	if (strlen(fitting->element) != length || memcmp(fitting->element, name, length) != 0) {
		if (fitting->count <= fitting->room->members &&
		    fitting->octets <= fitting->room->octets)
			fitting->fit = fitting->count;
		(void)snprintf(fitting->element, sizeof(fitting->element), "%.*s", (int)length,
		               name);
	}
	fitting->count++;
	fitting->octets += strlen(name) + strlen(text) + MEMBER_OCTETS;
	return true;
}

static bool pass_on(void *context, const char *name, const char *text, bool is_string)
{
	struct fitting *fitting = context;

	return fitting->at++ < fitting->fit &&
	       fitting->member(fitting->context, name, text, is_string);
}

unsigned telemetry_flatten_within(const char *document, const struct telemetry_room *room,
                                  telemetry_member member, void *context)
{
	struct fitting fitting = {.room = room, .member = member, .context = context};

	telemetry_flatten(document, measure, &fitting);
	if (fitting.count <= room->members && fitting.octets <= room->octets)
		fitting.fit = fitting.count;
	telemetry_flatten(document, pass_on, &fitting);
	return fitting.count - fitting.fit;
}
