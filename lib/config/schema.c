/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema.h"

#include <stdio.h>
#include <string.h>

#include "config/schema_description.h"
#include "config/suggestion.h"

#define DECIMAL_BASE 10u

/** What a reader of one value needs. */
struct reading {
	const struct yaml_tree *tree;
	const struct yaml_tree_node *node;
	const struct schema_field *field;
	struct error *error;
};

static void write_unsigned(void *destination, size_t size, uint64_t value)
{
	uint8_t octet = (uint8_t)value;
	uint16_t pair = (uint16_t)value;
	uint32_t quad = (uint32_t)value;
	const void *from = size == sizeof(octet)  ? &octet
	                   : size == sizeof(pair) ? &pair
	                   : size == sizeof(quad) ? &quad
	                                          : (const void *)&value;

	memcpy(destination, from, size);
}

/** A default is read as if it stood in the file; it is right, or a unit test of the table's owner fails. */
static void default_custom(const struct schema_field *field, void *destination)
{
	char text[SCHEMA_DESCRIPTION_SIZE];
	const struct yaml_tree_node scalar = {.kind = YAML_TREE_SCALAR,
	                                      .text = text,
	                                      .length = strlen(field->text),
	                                      .plain = true};
	struct yaml_tree tree = {.name = text};

	(void)snprintf(text, sizeof(text), "%s", field->text);
	(void)field->read(&tree, &scalar, destination, NULL);
}

static void default_field(const struct schema_field *field, uint8_t *base)
{
	switch (field->type) {
	case SCHEMA_INTEGER:
	case SCHEMA_BOOLEAN:
	case SCHEMA_CHOICE:
		write_unsigned(base + field->offset, field->size, field->fallback);
		break;
	case SCHEMA_FLAGS:
		write_unsigned(base + field->offset, sizeof(uint32_t), 0);
		break;
	case SCHEMA_TEXT:
		(void)snprintf((char *)base + field->offset, field->size, "%s",
		               field->text != NULL ? field->text : "");
		break;
	case SCHEMA_CUSTOM:
		memset(base + field->offset, 0, field->size);
		if (field->text != NULL)
			default_custom(field, base + field->offset);
		break;
	case SCHEMA_MAPPING:
		schema_default(field->fields, base + field->offset);
		break;
	case SCHEMA_LIST:
		write_unsigned(base + field->count_offset, sizeof(unsigned), 0);
		break;
	}
}

void schema_default(const struct schema_field *fields, void *destination)
{
	for (const struct schema_field *field = fields; field->key != NULL; field++)
		default_field(field, destination);
}

/** "WHAT; allowed: ..." at the value. */
static int refuse(const struct reading *reading, int code, const char *what)
{
	char description[SCHEMA_DESCRIPTION_SIZE];

	return yaml_tree_error(reading->tree, reading->node, reading->error, code,
	                       "%s; allowed: %s", what,
	                       schema_describe(reading->field, description));
}

static int expect_kind(const struct reading *reading, enum yaml_tree_kind kind)
{
	char what[64];

	if (reading->node->kind == kind)
		return 0;
	(void)snprintf(what, sizeof(what), "%s where %s is expected",
	               yaml_tree_kind_name(reading->node->kind), yaml_tree_kind_name(kind));
	return refuse(reading, ERROR_FORMAT, what);
}

static int refuse_scalar(const struct reading *reading, int code, const char *what)
{
	char quote[YAML_TREE_QUOTE_SIZE];
	char text[YAML_TREE_QUOTE_SIZE + 64];

	(void)snprintf(text, sizeof(text), "%s %s", yaml_tree_quote(reading->node, quote), what);
	return refuse(reading, code, text);
}

static int read_integer(const struct reading *reading, void *destination)
{
	const char *text = reading->node->text;
	const char *digits = text[0] == '-' ? text + 1 : text;
	uint64_t value = 0;
	bool too_large = false;

	if (!reading->node->plain || digits[0] == '\0' ||
	    strspn(digits, "0123456789") != strlen(digits))
		return refuse_scalar(reading, ERROR_FORMAT, "is not an integer");
	for (const char *digit = digits; *digit != '\0'; digit++) {
		too_large |= __builtin_mul_overflow(value, DECIMAL_BASE, &value);
		too_large |= __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value);
	}
	if (text[0] == '-' || too_large || value < reading->field->minimum ||
	    value > reading->field->maximum)
		return refuse_scalar(reading, ERROR_ARGUMENT, "is out of range");
	if (reading->field->power_of_two && (value & (value - 1)) != 0)
		return refuse_scalar(reading, ERROR_ARGUMENT, "is not a power of two");
	write_unsigned(destination, reading->field->size, value);
	return 0;
}

static int read_boolean(const struct reading *reading, void *destination)
{
	bool is_true = strcmp(reading->node->text, "true") == 0;

	if (!reading->node->plain || (!is_true && strcmp(reading->node->text, "false") != 0))
		return refuse_scalar(reading, ERROR_FORMAT, "is not a boolean");
	memcpy(destination, &is_true, sizeof(is_true));
	return 0;
}

static int find_choice(const struct reading *reading, uint32_t *value)
{
	const struct schema_field *field = reading->field;
	char allowed[SCHEMA_DESCRIPTION_SIZE] = "";
	char quote[YAML_TREE_QUOTE_SIZE];

	for (const struct schema_choice *choice = field->choices; choice->name != NULL; choice++) {
		if (strcmp(choice->name, reading->node->text) == 0) {
			*value = choice->value;
			return 0;
		}
	}
	schema_append_choices(allowed, sizeof(allowed), field->choices);
	return yaml_tree_error(reading->tree, reading->node, reading->error, ERROR_ARGUMENT,
	                       "unknown %s %s; allowed: %s",
	                       field->noun != NULL ? field->noun : "value",
	                       yaml_tree_quote(reading->node, quote), allowed);
}

static int read_choice(const struct reading *reading, void *destination)
{
	uint32_t value = 0;
	int status = find_choice(reading, &value);

	if (status == 0)
		write_unsigned(destination, reading->field->size, value);
	return status;
}

static int read_flags(const struct reading *reading, void *destination)
{
	struct reading element = *reading;
	uint32_t flags = 0, flag = 0;

	for (const struct yaml_tree_node *node = reading->node->first; node != NULL;
	     node = node->next) {
		element.node = node;
		int status = expect_kind(&element, YAML_TREE_SCALAR);
		if (status == 0)
			status = find_choice(&element, &flag);
		if (status != 0)
			return status;
		if ((flags & flag) != 0)
			return refuse_scalar(&element, ERROR_ARGUMENT, "is listed twice");
		flags |= flag;
	}
	memcpy(destination, &flags, sizeof(flags));
	return 0;
}

static int read_text(const struct reading *reading, void *destination)
{
	const struct yaml_tree_node *node = reading->node;

	if (node->length < reading->field->minimum)
		return refuse(reading, ERROR_ARGUMENT, node->length == 0 ? "empty" : "too short");
	if (node->length > reading->field->maximum || node->length >= reading->field->size)
		return refuse(reading, ERROR_ARGUMENT, "too long");
	for (size_t i = 0; i < node->length; i++) {
		if (node->text[i] < ' ' || node->text[i] > '~')
			return refuse(reading, ERROR_ARGUMENT, "not printable ASCII");
	}
	memcpy(destination, node->text, node->length + 1);
	return 0;
}

static int read_value(const struct reading *reading, void *destination);

static int read_list(const struct reading *reading, uint8_t *elements, unsigned *count)
{
	const struct schema_field *field = reading->field;
	struct reading element = *reading;

	element.field = field->element;
	if (reading->node->count < field->minimum)
		return refuse(reading, ERROR_ARGUMENT, "too few elements");
	if (reading->node->count > field->maximum)
		return refuse(reading, ERROR_LIMIT, "too many elements");
	for (const struct yaml_tree_node *node = reading->node->first; node != NULL;
	     node = node->next) {
		element.node = node;
		int status = read_value(&element, elements + node->index * field->size);
		if (status != 0)
			return status;
	}
	*count = reading->node->count;
	return 0;
}

/** Reads any field but a list, whose count has a place of its own. */
static int read_value(const struct reading *reading, void *destination)
{
	const struct schema_field *field = reading->field;
	int status;

	if (field->type == SCHEMA_MAPPING)
		status = expect_kind(reading, YAML_TREE_MAPPING);
	else if (field->type == SCHEMA_FLAGS)
		status = expect_kind(reading, YAML_TREE_SEQUENCE);
	else
		status = expect_kind(reading, YAML_TREE_SCALAR);
	if (status != 0)
		return status;
	switch (field->type) {
	case SCHEMA_INTEGER:
		return read_integer(reading, destination);
	case SCHEMA_BOOLEAN:
		return read_boolean(reading, destination);
	case SCHEMA_CHOICE:
		return read_choice(reading, destination);
	case SCHEMA_FLAGS:
		return read_flags(reading, destination);
	case SCHEMA_TEXT:
		return read_text(reading, destination);
	case SCHEMA_CUSTOM:
		return field->read(reading->tree, reading->node, destination, reading->error);
	case SCHEMA_MAPPING:
		return schema_read_mapping(reading->tree, reading->node, field->fields, destination,
		                           reading->error);
	default:
		return refuse(reading, ERROR_FORMAT, "a list in a list");
	}
}

static int read_field(const struct reading *reading, uint8_t *base)
{
	const struct schema_field *field = reading->field;

	if (field->type != SCHEMA_LIST)
		return read_value(reading, base + field->offset);
	unsigned count = 0;
	int status = expect_kind(reading, YAML_TREE_SEQUENCE);
	if (status == 0)
		status = read_list(reading, base + field->offset, &count);
	memcpy(base + field->count_offset, &count, sizeof(count));
	return status;
}

static int refuse_key(const struct yaml_tree *tree, const struct yaml_tree_node *child,
                      const struct schema_field *fields, struct error *error)
{
	char allowed[SCHEMA_DESCRIPTION_SIZE] = "";
	const char *nearest = NULL;
	unsigned nearest_distance = SUGGESTION_DISTANCE_MAXIMUM + 1;

	schema_append_keys(allowed, sizeof(allowed), fields);
	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		unsigned distance = suggestion_distance(child->key, field->key);
		if (distance < nearest_distance) {
			nearest = field->key;
			nearest_distance = distance;
		}
	}
	if (nearest != NULL)
		return yaml_tree_key_error(tree, child, error, ERROR_ARGUMENT,
		                           "unknown key, did you mean \"%s\"?; allowed: %s",
		                           nearest, allowed);
	return yaml_tree_key_error(tree, child, error, ERROR_ARGUMENT, "unknown key; allowed: %s",
	                           allowed);
}

static const struct schema_field *find_field(const struct schema_field *fields, const char *key)
{
	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		if (strcmp(field->key, key) == 0)
			return field;
	}
	return NULL;
}

static int check_required(const struct yaml_tree *tree, const struct yaml_tree_node *node,
                          const struct schema_field *fields, struct error *error)
{
	char description[SCHEMA_DESCRIPTION_SIZE];

	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		if (field->required && yaml_tree_get(node, field->key) == NULL)
			return yaml_tree_missing_error(tree, node, field->key, error,
			                               ERROR_ARGUMENT, "missing; allowed: %s",
			                               schema_describe(field, description));
	}
	return 0;
}

int schema_read_mapping(const struct yaml_tree *tree, const struct yaml_tree_node *node,
                        const struct schema_field *fields, void *destination, struct error *error)
{
	const struct schema_field root = {.type = SCHEMA_MAPPING, .fields = fields};
	struct reading reading = {.tree = tree, .node = node, .field = &root, .error = error};
	int status = expect_kind(&reading, YAML_TREE_MAPPING);

	schema_default(fields, destination);
	/* Unknown keys first: a misspelt key is told as such, not as the missing one. */
	for (const struct yaml_tree_node *child = node->first; status == 0 && child != NULL;
	     child = child->next) {
		if (find_field(fields, child->key) == NULL)
			status = refuse_key(tree, child, fields, error);
	}
	if (status == 0)
		status = check_required(tree, node, fields, error);
	for (const struct yaml_tree_node *child = node->first; status == 0 && child != NULL;
	     child = child->next) {
		reading.node = child;
		reading.field = find_field(fields, child->key);
		status = read_field(&reading, destination);
	}
	return status;
}
