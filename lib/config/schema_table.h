/* SPDX-License-Identifier: BSD-3-Clause */
/** For the files that hold tables of keys: a line a key. What follows the arguments are more members, e.g. .change = SCHEMA_RELOAD. */
#ifndef SPECULAR_CONFIG_SCHEMA_TABLE_H
#define SPECULAR_CONFIG_SCHEMA_TABLE_H

#include "config/schema.h"

#define SIZE_OF(type, member) sizeof(((type *)NULL)->member)
#define END                                                                                        \
	{                                                                                          \
		.key = NULL                                                                        \
	}

#define INTEGER(type_, member, key_, from, to, default_, ...)                                      \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_INTEGER, .offset = offsetof(type_, member),          \
		.size = SIZE_OF(type_, member), .minimum = (from), .maximum = (to),                \
		.fallback = (default_), __VA_ARGS__                                                \
	}
#define REQUIRED_INTEGER(type_, member, key_, from, to)                                            \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_INTEGER, .required = true,                           \
		.offset = offsetof(type_, member), .size = SIZE_OF(type_, member),                 \
		.minimum = (from), .maximum = (to)                                                 \
	}
#define BOOLEAN(type_, member, key_, default_)                                                     \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_BOOLEAN, .offset = offsetof(type_, member),          \
		.size = SIZE_OF(type_, member), .fallback = (default_)                             \
	}
#define CHOICE(type_, member, key_, choices_, default_)                                            \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_CHOICE, .offset = offsetof(type_, member),           \
		.size = SIZE_OF(type_, member), .choices = (choices_), .fallback = (default_)      \
	}
#define TEXT(type_, member, key_)                                                                  \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_TEXT, .offset = offsetof(type_, member),             \
		.size = SIZE_OF(type_, member), .minimum = 1,                                      \
		.maximum = SIZE_OF(type_, member) - 1                                              \
	}
#define LIST(type_, member, count, key_, element_, most)                                           \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_LIST, .offset = offsetof(type_, member),             \
		.size = SIZE_OF(type_, member[0]), .count_offset = offsetof(type_, count),         \
		.element = (element_), .maximum = (most)                                           \
	}
/** A mapping whose keys fill a struct that is a member, or (member left out) the same struct as its parent. */
#define MAPPING(type_, member, key_, fields_, ...)                                                 \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_MAPPING, .offset = offsetof(type_, member),          \
		.size = SIZE_OF(type_, member), .fields = (fields_), __VA_ARGS__                   \
	}
#define GROUP(key_, fields_)                                                                       \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_MAPPING, .offset = 0, .fields = (fields_)            \
	}

#endif
