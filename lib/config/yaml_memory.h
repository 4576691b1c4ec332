/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * libyaml's heap, wiped. libyaml copies a file's text through buffers of its own and frees them as they are; a passphrase or SK_d
 * would stay behind in the heap. Its allocator is two exported functions, yaml_realloc and yaml_free; defined here, they
 * come before the shared library's, and wipe what they give back.
 */
#ifndef SPECULAR_CONFIG_YAML_MEMORY_H
#define SPECULAR_CONFIG_YAML_MEMORY_H

#include <yaml.h>

/** As yaml_parser_initialize; calling it brings the wiping allocator into the program. Returns 0 when memory is short. */
int yaml_memory_parser_initialize(yaml_parser_t *parser);

/** libyaml's names: not for our own code. */
void *yaml_realloc(void *memory, size_t size);
void yaml_free(void *memory);

#endif
