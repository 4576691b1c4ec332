/* SPDX-License-Identifier: BSD-3-Clause */
/** UTF-8 of texts from outside, which reports must not pass on broken. */
#ifndef SPECULAR_BASE_UTF8_H
#define SPECULAR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** U+FFFD, that stands for what is no character. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/** Octets of the character that text begins with; 0 when it is none (RFC 3629 section 4). A terminator is one of one octet. */
size_t utf8_character_size(const char *text);

/** The number of a character that has so many octets (1 to 4). */
uint32_t utf8_code_point(const char *character, size_t size);

/** True for what moves a cursor: U+0000 to U+001F, U+007F to U+009F. */
bool utf8_is_control(uint32_t code);

/** True for what makes a text look like another: marks and overrides of direction, what has no width, line and paragraph separators, tags. */
bool utf8_misleads(uint32_t code);

#endif
