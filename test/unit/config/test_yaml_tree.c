/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggestion.h"
#include "unit.h"

static struct yaml_tree *parse(const char *text)
{
	struct yaml_tree *tree;
	struct error error = {""};

	CU_ASSERT_EQUAL(yaml_tree_parse("t", text, strlen(text), &tree, &error), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	return tree;
}

static void nodes_know_their_place(void)
{
	struct yaml_tree *tree = parse("a: 1\nbé:\n  - x\n  - 'y'\n  - {d: \"e\"}\n");
	const struct yaml_tree_node *list = yaml_tree_get(tree->root, "bé");

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_EQUAL(tree->nodes, 7);
	CU_ASSERT_EQUAL(list->kind, YAML_TREE_SEQUENCE);
	CU_ASSERT_EQUAL(list->count, 3);
	CU_ASSERT_EQUAL(list->key_line, 2);
	CU_ASSERT_EQUAL(list->key_column, 1);
	CU_ASSERT(list->first->plain);
	CU_ASSERT(!list->first->next->plain);
	const struct yaml_tree_node *mapping = list->first->next->next;
	CU_ASSERT_EQUAL(mapping->index, 2);
	const struct yaml_tree_node *scalar = yaml_tree_get(mapping, "d");
	CU_ASSERT_PTR_NOT_NULL_FATAL(scalar);
	CU_ASSERT_STRING_EQUAL(scalar->text, "e");
	CU_ASSERT_EQUAL(scalar->length, 1);
	CU_ASSERT_EQUAL(scalar->line, 5);
	CU_ASSERT_EQUAL(scalar->column, 9);
	CU_ASSERT_PTR_EQUAL(scalar->parent, mapping);
	CU_ASSERT_PTR_NULL(yaml_tree_get(tree->root, "b"));
	CU_ASSERT_PTR_NULL(yaml_tree_get(list, "b"));
	yaml_tree_free(tree);
}

static void path_error_stops_where_the_file_does(void)
{
	static const struct {
		const char *path, *text;
	} cases[] = {{"a", "t:1:4: a: x"},
	             {"b[1].c.d", "t:3:5: b[1].c.d: x"},
	             {"b[1].e", "t:2:11: b[1].e: x"},
	             {"b[7].e", "t:2:4: b[7].e: x"},
	             {"f.g", "t:1:1: f.g: x"},
	             {"", "t:1:1: x"}};
	struct yaml_tree *tree = parse("a: 1\nb: [z,    {c: {d:\n    4}}]\n");
	struct error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(
		        yaml_tree_path_error(tree, cases[i].path, &error, ERROR_FORMAT, "x"),
		        ERROR_FORMAT);
		CU_ASSERT_STRING_EQUAL(error.text, cases[i].text);
	}
	yaml_tree_free(tree);
}

static void long_and_odd_texts_are_cut_in_errors(void)
{
	char text[YAML_TREE_QUOTE_SIZE];
	struct yaml_tree *tree =
	        parse("a: \"b\\nc\"\nd: é\ne: "
	              "0123456789012345678901234567890123456789012345678901234567890\n");

	CU_ASSERT_STRING_EQUAL(yaml_tree_quote(yaml_tree_get(tree->root, "a"), text), "\"b?c\"");
	CU_ASSERT_STRING_EQUAL(yaml_tree_quote(yaml_tree_get(tree->root, "d"), text), "\"??\"");
	CU_ASSERT_STRING_EQUAL(yaml_tree_quote(yaml_tree_get(tree->root, "e"), text),
	                       "\"012345678901234567890123456789012345678901...\"");
	yaml_tree_free(tree);
}

/** "[a,a,...]" with count elements, or with keys "{0: a,1: a,...}". */
static int parse_many(unsigned count, bool keys)
{
	size_t room = 16 * (size_t)count + 16, length = 1;
	char *text = malloc(room);
	struct yaml_tree *tree;
	struct error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	text[0] = keys ? '{' : '[';
	for (unsigned i = 0; i < count; i++)
		length += (size_t)(keys ? snprintf(text + length, room - length, "%u: a,", i)
		                        : snprintf(text + length, room - length, "a,"));
	text[length++] = keys ? '}' : ']';
	int status = yaml_tree_parse("t", text, length, &tree, &error);
	yaml_tree_free(tree);
	free(text);
	return status;
}

static void limits_hold(void)
{
	struct yaml_tree *tree;
	struct error error;
	char *text = calloc(1, YAML_TREE_SIZE_MAXIMUM + 1);

	CU_ASSERT_EQUAL(parse_many(YAML_TREE_KEYS_MAXIMUM, true), 0);
	CU_ASSERT_EQUAL(parse_many(YAML_TREE_KEYS_MAXIMUM + 1, true), ERROR_LIMIT);
	CU_ASSERT_EQUAL(parse_many(YAML_TREE_NODES_MAXIMUM - 1, false), 0);
	CU_ASSERT_EQUAL(parse_many(YAML_TREE_NODES_MAXIMUM, false), ERROR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, '#', YAML_TREE_SIZE_MAXIMUM + 1);
	text[0] = 'a';
	text[1] = ' ';
	CU_ASSERT_EQUAL(yaml_tree_parse("t", text, YAML_TREE_SIZE_MAXIMUM, &tree, &error), 0);
	yaml_tree_free(tree);
	CU_ASSERT_EQUAL(yaml_tree_parse("t", text, YAML_TREE_SIZE_MAXIMUM + 1, &tree, &error),
	                ERROR_LIMIT);
	CU_ASSERT_STRING_EQUAL(error.text, "t: too large; allowed: up to 1048576 octets");
	free(text);
}

static void near_words_are_near(void)
{
	CU_ASSERT_EQUAL(suggestion_distance("servwait", "servwait"), 0);
	CU_ASSERT_EQUAL(suggestion_distance("servwiat", "servwait"), 2);
	CU_ASSERT_EQUAL(suggestion_distance("mode", "modes"), 1);
	CU_ASSERT(suggestion_distance("mtu", "rss") > SUGGESTION_DISTANCE_MAXIMUM);
	CU_ASSERT(suggestion_distance("", "mtu") > SUGGESTION_DISTANCE_MAXIMUM);
	CU_ASSERT(suggestion_distance("a-key-that-is-longer-than-any-known-key-could-be", "mtu") >
	          SUGGESTION_DISTANCE_MAXIMUM);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"nodes know their place", nodes_know_their_place},
	        {"path error stops where the file does", path_error_stops_where_the_file_does},
	        {"long and odd texts are cut in errors", long_and_odd_texts_are_cut_in_errors},
	        {"limits hold", limits_hold},
	        {"near words are near", near_words_are_near},
	        CU_TEST_INFO_NULL};
	return unit_run("config-yaml-tree", tests);
}
