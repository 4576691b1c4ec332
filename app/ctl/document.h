/* SPDX-License-Identifier: BSD-3-Clause */
/** Looks into an answer of the appliance, whatever is in it. */
#ifndef SPECULAR_CTL_DOCUMENT_H
#define SPECULAR_CTL_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/** path: names with dots between them; NULL when one of them is not there. Borrowed from the document. */
json_t *document_at(const json_t *json, const char *path);

/** False, and 0: there is no number. */
bool document_number(const json_t *json, const char *path, double *value);

/** 0: there is no such integer, or it is below. */
uint64_t document_count(const json_t *json, const char *path);

/** otherwise: there is no such text. Borrowed from the document. */
const char *document_text(const json_t *json, const char *path, const char *otherwise);

#endif
