/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema_description.h"

#include <stdio.h>
#include <string.h>

static void append(char *text, size_t size, const char *more)
{
	size_t length = strlen(text);

	(void)snprintf(text + length, size - length, "%s", more);
}

void schema_append_choices(char *text, size_t size, const struct schema_choice *choices)
{
	for (const struct schema_choice *choice = choices; choice->name != NULL; choice++) {
		append(text, size, choice == choices ? "" : ", ");
		append(text, size, choice->name);
	}
}

void schema_append_keys(char *text, size_t size, const struct schema_field *fields)
{
	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		append(text, size, field == fields ? "" : ", ");
		append(text, size, field->key);
	}
}

const char *schema_describe(const struct schema_field *field,
                            char description[SCHEMA_DESCRIPTION_SIZE])
{
	const size_t size = SCHEMA_DESCRIPTION_SIZE;
	unsigned long long minimum = field->minimum, maximum = field->maximum;
	char element[SCHEMA_DESCRIPTION_SIZE];

	description[0] = '\0';
	switch (field->type) {
	case SCHEMA_INTEGER:
		(void)snprintf(description, size, "%s from %llu to %llu",
		               field->power_of_two ? "a power of two" : "an integer", minimum,
		               maximum);
		break;
	case SCHEMA_BOOLEAN:
		append(description, size, "true, false");
		break;
	case SCHEMA_CHOICE:
		schema_append_choices(description, size, field->choices);
		break;
	case SCHEMA_FLAGS:
		append(description, size, "a list of ");
		schema_append_choices(description, size, field->choices);
		break;
	case SCHEMA_TEXT:
		(void)snprintf(description, size, "%llu to %llu printable ASCII characters",
		               minimum, maximum);
		break;
	case SCHEMA_CUSTOM:
		append(description, size, field->allowed);
		break;
	case SCHEMA_MAPPING:
		append(description, size, "a mapping of ");
		schema_append_keys(description, size, field->fields);
		break;
	case SCHEMA_LIST:
		(void)snprintf(description, size, "a list of %llu to %llu: ", minimum, maximum);
		append(description, size, schema_describe(field->element, element));
		break;
	}
	return description;
}
