/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema_change.h"

#include <stdio.h>
#include <string.h>

static enum schema_change change_of(const struct schema_field *field, enum schema_change around)
{
	return field->change != SCHEMA_AS_AROUND ? field->change : around;
}

static unsigned count_of(const struct schema_field *list, const uint8_t *base)
{
	unsigned count;

	memcpy(&count, base + list->count_offset, sizeof(count));
	return count;
}

/** Of any field but mappings and lists. */
static bool differs(const struct schema_field *field, const void *one, const void *other)
{
	if (field->type == SCHEMA_TEXT)
		return strcmp(one, other) != 0;
	return memcmp(one, other, field->type == SCHEMA_FLAGS ? sizeof(uint32_t) : field->size) !=
	       0;
}

static void tell(const struct schema_comparison *comparison)
{
	comparison->changed(comparison->context, comparison->prefix, comparison->change);
}

static void compare_list(const struct schema_comparison *comparison,
                         const struct schema_field *field, const uint8_t *one, const uint8_t *other)
{
	unsigned count = count_of(field, one);
	struct schema_comparison element = *comparison;
	char path[SCHEMA_PATH_SIZE];

	if (count != count_of(field, other)) {
		tell(comparison);
		return;
	}
	element.prefix = path;
	for (unsigned i = 0; i < count; i++) {
		size_t offset = field->offset + i * field->size;
		if (field->element->type == SCHEMA_MAPPING) {
			(void)snprintf(path, sizeof(path), "%s[%u].", comparison->prefix, i);
			schema_compare(&element, field->element->fields, one + offset,
			               other + offset);
		} else if (differs(field->element, one + offset, other + offset)) {
			tell(comparison);
			return;
		}
	}
}

void schema_compare(const struct schema_comparison *comparison, const struct schema_field *fields,
                    const void *one, const void *other)
{
	struct schema_comparison inner = *comparison;
	char path[SCHEMA_PATH_SIZE];

	inner.prefix = path;
	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		const uint8_t *left = one, *right = other;
		inner.change = change_of(field, comparison->change);
		(void)snprintf(path, sizeof(path), "%s%s%s", comparison->prefix, field->key,
		               field->type == SCHEMA_MAPPING ? "." : "");
		if (field->type == SCHEMA_MAPPING)
			schema_compare(&inner, field->fields, left + field->offset,
			               right + field->offset);
		else if (field->type == SCHEMA_LIST)
			compare_list(&inner, field, left, right);
		else if (differs(field, left + field->offset, right + field->offset))
			tell(&inner);
	}
}

void schema_take(const struct schema_field *fields, enum schema_change change, void *destination,
                 const void *source)
{
	uint8_t *to = destination;
	const uint8_t *from = source;

	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		enum schema_change own = change_of(field, change);
		size_t size = field->type == SCHEMA_FLAGS ? sizeof(uint32_t) : field->size;

		if (field->type == SCHEMA_MAPPING) {
			schema_take(field->fields, own, to + field->offset, from + field->offset);
			continue;
		}
		if (own != SCHEMA_RELOAD)
			continue;
		if (field->type == SCHEMA_LIST) {
			size *= field->maximum;
			memcpy(to + field->count_offset, from + field->count_offset,
			       sizeof(unsigned));
		}
		memcpy(to + field->offset, from + field->offset, size);
	}
}
