/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/yaml_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

int yaml_memory_parser_initialize(yaml_parser_t *parser)
{
	return yaml_parser_initialize(parser);
}

void yaml_free(void *memory)
{
	if (memory == NULL)
		return;
	secret_wipe(memory, malloc_usable_size(memory));
	free(memory);
}

void *yaml_realloc(void *memory, size_t size)
{
	void *moved = malloc(size > 0 ? size : 1);

	if (moved == NULL || memory == NULL)
		return moved;
	size_t old_size = malloc_usable_size(memory);
	memcpy(moved, memory, old_size < size ? old_size : size);
	yaml_free(memory);
	return moved;
}
