/* SPDX-License-Identifier: BSD-3-Clause */
/** Texts of the appliance, of which some come from its peers, made fit for a terminal. */
#ifndef SPECULAR_CTL_TERMINAL_TEXT_H
#define SPECULAR_CTL_TERMINAL_TEXT_H

#include <stddef.h>
#include <stdio.h>

/**
 * Copies text, cut after whole characters where it does not fit into size (at least 1). Control characters, those that turn the
 * direction of writing, line separators and what is no UTF-8 become '?'. Returns the characters that are in out.
 */
size_t terminal_text(const char *text, char *out, size_t size);

/**
 * Writes a JSON document that was read well: what could control a terminal stands inside of strings there, and is written as
 * its escape; nothing else changes.
 */
void terminal_document(const char *text, size_t size, FILE *out);

#endif
