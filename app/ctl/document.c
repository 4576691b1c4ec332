/* SPDX-License-Identifier: BSD-3-Clause */
#include "document.h"

#include <string.h>

#define NAME_SIZE 64

json_t *document_at(const json_t *json, const char *path)
{
	json_t *found = NULL;
	char name[NAME_SIZE];

	do {
		size_t size = strcspn(path, ".");
		if (size >= sizeof(name))
			return NULL;
		memcpy(name, path, size);
		name[size] = '\0';
		json = found = json_object_get(json, name);
		path += size + (path[size] == '.');
	} while (found != NULL && *path != '\0');
	return found;
}

bool document_number(const json_t *json, const char *path, double *value)
{
	const json_t *number = document_at(json, path);

	*value = json_number_value(number);
	return json_is_number(number);
}

uint64_t document_count(const json_t *json, const char *path)
{
	json_int_t value = json_integer_value(document_at(json, path));

	return value > 0 ? (uint64_t)value : 0;
}

const char *document_text(const json_t *json, const char *path, const char *otherwise)
{
	const char *text = json_string_value(document_at(json, path));

	return text != NULL ? text : otherwise;
}
