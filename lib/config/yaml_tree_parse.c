/* SPDX-License-Identifier: BSD-3-Clause */
/** From libyaml's events to a tree. */
#include "config/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/yaml_memory.h"

/** What building a tree from libyaml's events carries along. */
struct builder {
	yaml_parser_t parser;
	struct yaml_tree *tree;
	struct error *error;
};

static int error_at_mark(const struct builder *builder, yaml_mark_t mark, int code,
                         const char *text)
{
	return error_set(builder->error, code, "%s:%zu:%zu: %s",
	                 yaml_tree_file_name(builder->tree->name), mark.line + 1, mark.column + 1,
	                 text);
}

/** What libyaml says of a tab at the start of a line. */
#define TAB_PROBLEM "found character that cannot start any token"

/** The next event; the caller deletes it. */
static int next_event(struct builder *builder, yaml_event_t *event)
{
	const yaml_parser_t *parser = &builder->parser;

	if (yaml_parser_parse(&builder->parser, event))
		return 0;
	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(builder->error, ERROR_MEMORY, "%s: out of memory",
		                 yaml_tree_file_name(builder->tree->name));
	yaml_mark_t mark = parser->error == YAML_READER_ERROR ? parser->mark : parser->problem_mark;
	bool tab = parser->problem != NULL && strcmp(parser->problem, TAB_PROBLEM) == 0;
	return error_set(builder->error, ERROR_FORMAT, "%s:%zu:%zu: YAML syntax: %s%s%s%s",
	                 yaml_tree_file_name(builder->tree->name), mark.line + 1, mark.column + 1,
	                 parser->problem != NULL ? parser->problem : "malformed",
	                 parser->context != NULL ? " " : "",
	                 parser->context != NULL ? parser->context : "",
	                 tab ? "; a tab? indent with spaces" : "");
}

static int refuse_anchor_and_tag(const struct builder *builder, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (event->type == YAML_ALIAS_EVENT || anchor != NULL)
		return error_at_mark(builder, event->start_mark, ERROR_FORMAT,
		                     "an anchor or alias; allowed: values written out");
	if (tag != NULL)
		return error_at_mark(builder, event->start_mark, ERROR_FORMAT,
		                     "a tag; allowed: values without a tag");
	return 0;
}

static char *copy_scalar(const yaml_event_t *event)
{
	size_t length = event->data.scalar.length;
	char *text = malloc(length + 1);

	if (text != NULL) {
		memcpy(text, event->data.scalar.value, length);
		text[length] = '\0';
	}
	return text;
}

static struct yaml_tree_node *new_node(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_tree_node *node = calloc(1, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	node->kind = event->type == YAML_SEQUENCE_START_EVENT  ? YAML_TREE_SEQUENCE
	             : event->type == YAML_MAPPING_START_EVENT ? YAML_TREE_MAPPING
	                                                       : YAML_TREE_SCALAR;
	if (node->kind == YAML_TREE_SCALAR) {
		node->text = copy_scalar(event);
		if (node->text == NULL) {
			free(node);
			return NULL;
		}
		node->length = event->data.scalar.length;
		node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	}
	builder->tree->nodes++;
	return node;
}

static void append_child(struct yaml_tree_node *parent, struct yaml_tree_node *last,
                         struct yaml_tree_node *child)
{
	child->parent = parent;
	child->index = parent->count++;
	if (last == NULL)
		parent->first = child;
	else
		last->next = child;
}

static int build_value(struct builder *builder, yaml_event_t *event, const yaml_event_t *key,
                       unsigned depth, struct yaml_tree_node *parent, struct yaml_tree_node *last,
                       struct yaml_tree_node **node);

static int check_key(struct builder *builder, const yaml_event_t *event,
                     const struct yaml_tree_node *mapping)
{
	if (event->type != YAML_SCALAR_EVENT)
		return error_at_mark(builder, event->start_mark, ERROR_FORMAT,
		                     "a key that is not a scalar; allowed: names");
	if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
		return error_at_mark(builder, event->start_mark, ERROR_FORMAT,
		                     "a NUL in a key; allowed: names");
	if (mapping->count == YAML_TREE_KEYS_MAXIMUM)
		return error_at_mark(builder, event->start_mark, ERROR_LIMIT,
		                     "too many keys in one mapping; allowed: up to 128");
	return refuse_anchor_and_tag(builder, event);
}

/** Gives a mapping's child its key; refuses one that an earlier child has. */
static int set_key(struct builder *builder, const yaml_event_t *event, struct yaml_tree_node *child)
{
	child->key = copy_scalar(event);
	child->key_line = (unsigned)event->start_mark.line + 1;
	child->key_column = (unsigned)event->start_mark.column + 1;
	if (child->key == NULL)
		return error_set(builder->error, ERROR_MEMORY, "out of memory");
	const struct yaml_tree_node *same = yaml_tree_get(child->parent, child->key);
	if (same != child)
		return yaml_tree_key_error(
		        builder->tree, child, builder->error, ERROR_FORMAT,
		        "duplicate key, first on line %u; allowed: each key once", same->key_line);
	return 0;
}

static int build_children(struct builder *builder, unsigned depth, struct yaml_tree_node *node)
{
	struct yaml_tree_node *last = NULL;

	for (;;) {
		yaml_event_t key, value;
		struct yaml_tree_node *child = NULL;
		int status = next_event(builder, &key);
		if (status != 0)
			return status;
		if (key.type == YAML_SEQUENCE_END_EVENT || key.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&key);
			return 0;
		}
		if (node->kind == YAML_TREE_SEQUENCE) {
			status = build_value(builder, &key, NULL, depth + 1, node, last, &child);
		} else {
			status = check_key(builder, &key, node);
			if (status == 0)
				status = next_event(builder, &value);
			if (status == 0) {
				status = build_value(builder, &value, &key, depth + 1, node, last,
				                     &child);
				yaml_event_delete(&value);
			}
		}
		yaml_event_delete(&key);
		if (status != 0)
			return status;
		last = child;
	}
}

/**
 * Makes the node that an event begins, appends it to its parent after last (so that the tree owns it even when this fails), and
 * fills it. key is NULL but for a mapping's child.
 */
static int build_value(struct builder *builder, yaml_event_t *event, const yaml_event_t *key,
                       unsigned depth, struct yaml_tree_node *parent, struct yaml_tree_node *last,
                       struct yaml_tree_node **node)
{
	int status = refuse_anchor_and_tag(builder, event);

	if (status != 0)
		return status;
	if (depth > YAML_TREE_DEPTH_MAXIMUM)
		return error_at_mark(builder, event->start_mark, ERROR_LIMIT,
		                     "nested too deep; allowed: 16 levels");
	if (builder->tree->nodes == YAML_TREE_NODES_MAXIMUM)
		return error_at_mark(builder, event->start_mark, ERROR_LIMIT,
		                     "too many values; allowed: 65536");
	if (event->type == YAML_SCALAR_EVENT &&
	    strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
		return error_at_mark(builder, event->start_mark, ERROR_FORMAT,
		                     "a NUL in a text; allowed: text");
	*node = new_node(builder, event);
	if (*node == NULL)
		return error_set(builder->error, ERROR_MEMORY, "out of memory");
	if (parent == NULL)
		builder->tree->root = *node;
	else
		append_child(parent, last, *node);
	if (key != NULL)
		status = set_key(builder, key, *node);
	if (status == 0 && (*node)->kind != YAML_TREE_SCALAR)
		status = build_children(builder, depth, *node);
	return status;
}

/** stream-start, then document-start, one value, document-end, stream-end. */
static int build_document(struct builder *builder)
{
	static const yaml_event_type_t before[] = {YAML_STREAM_START_EVENT,
	                                           YAML_DOCUMENT_START_EVENT};
	struct yaml_tree_node *root;
	yaml_event_t event;
	int status;

	for (unsigned i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		status = next_event(builder, &event);
		if (status != 0)
			return status;
		if (event.type != before[i])
			status = error_at_mark(builder, event.start_mark, ERROR_FORMAT,
			                       "an empty file; allowed: a mapping");
		yaml_event_delete(&event);
		if (status != 0)
			return status;
	}
	status = next_event(builder, &event);
	if (status != 0)
		return status;
	status = build_value(builder, &event, NULL, 1, NULL, NULL, &root);
	yaml_event_delete(&event);
	if (status != 0)
		return status;
	status = next_event(builder, &event);
	if (status != 0)
		return status;
	yaml_event_delete(&event);
	status = next_event(builder, &event);
	if (status != 0)
		return status;
	if (event.type != YAML_STREAM_END_EVENT)
		status = error_at_mark(builder, event.start_mark, ERROR_FORMAT,
		                       "a second document; allowed: one");
	yaml_event_delete(&event);
	return status;
}

int yaml_tree_parse(const char *name, const char *text, size_t size, struct yaml_tree **tree,
                    struct error *error)
{
	struct builder builder = {.error = error};

	*tree = NULL;
	if (size > YAML_TREE_SIZE_MAXIMUM)
		return error_set(error, ERROR_LIMIT, "%s: too large; allowed: up to %u octets",
		                 yaml_tree_file_name(name), YAML_TREE_SIZE_MAXIMUM);
	builder.tree = calloc(1, sizeof(*builder.tree));
	if (builder.tree == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	builder.tree->name = strdup(name);
	if (builder.tree->name == NULL || !yaml_memory_parser_initialize(&builder.parser)) {
		yaml_tree_free(builder.tree);
		return error_set(error, ERROR_MEMORY, "out of memory");
	}
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, size);
	int status = build_document(&builder);
	yaml_parser_delete(&builder.parser);
	if (status != 0) {
		yaml_tree_free(builder.tree);
		return status;
	}
	*tree = builder.tree;
	return 0;
}
