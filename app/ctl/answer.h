/* SPDX-License-Identifier: BSD-3-Clause */
/** Reads an answer of the appliance: any octets, of which nothing is believed. */
#ifndef SPECULAR_CTL_ANSWER_H
#define SPECULAR_CTL_ANSWER_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

#define ANSWER_SCHEMA "specular-status/1"

/** What the appliance sent. Zero-initialised; answer_clear() frees it. */
struct answer {
	char *text;
	size_t size;
	json_t *document; /**< an object of our schema; NULL: none */
};

/**
 * Reads text into document. ERROR_FORMAT: no such document. What the appliance itself has refused is an error too, with the
 * document kept: ERROR_ARGUMENT wrong-parameter, ERROR_NOT_FOUND not-found and unknown-command, ERROR_PERMISSION refused,
 * ERROR_UNAVAILABLE busy, ERROR_SYSTEM any other.
 */
int answer_read(struct answer *answer, struct error *error);

void answer_clear(struct answer *answer);

#endif
