/* SPDX-License-Identifier: BSD-3-Clause */
/** Text in XML and HTML. */
#ifndef SPECULAR_LOAD_MARKUP_H
#define SPECULAR_LOAD_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/** Escaped for content and for attributes in double quotes; what XML 1.0 has no characters for becomes U+FFFD. */
void markup_text(FILE *out, const char *text);

/** In place: broken UTF-8 and control characters become U+FFFD, as far as size octets hold them. */
void markup_clean(char *text, size_t size);

#endif
