/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/json_line.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/json_writer.h"

/** False: it does not fit, or there is no memory. */
static bool write_members(const struct json_member *members, unsigned count, char *line,
                          size_t room, size_t *size)
{
	struct json_writer json = {.flat = 1};
	bool failed;
	long end;

	json.out = fmemopen(line, room, "w");
	if (json.out == NULL)
		return false;
	json_open(&json, NULL, '{');
	for (unsigned i = 0; i < count; i++) {
		if (members[i].kind == JSON_MEMBER_NUMBER)
			json_unsigned(&json, members[i].name, members[i].number);
		else
			json_string(&json, members[i].name, members[i].text);
	}
	json_close(&json, '}');
	failed = fflush(json.out) != 0 || ferror(json.out) != 0;
	end = ftell(json.out);
	(void)fclose(json.out);
	if (failed || end <= 0 || (size_t)end >= room)
		return false;
	*size = (size_t)end;
	return true;
}

size_t json_line(const struct json_member *members, unsigned count, char *line, size_t room)
{
	size_t size = 0;

	while (!write_members(members, count, line, room, &size) && count > 0)
		count--;
	return size;
}
