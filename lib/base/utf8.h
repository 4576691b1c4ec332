/* SPDX-License-Identifier: BSD-3-Clause */
/** UTF-8 of texts from outside, which reports must not pass on broken. */
#ifndef SPECULAR_BASE_UTF8_H
#define SPECULAR_BASE_UTF8_H

#include <stddef.h>

/** U+FFFD, that stands for what is no character. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/** Octets of the character that text begins with; 0 when it is none (RFC 3629 section 4). A terminator is one of one octet. */
size_t utf8_character_size(const char *text);

#endif
