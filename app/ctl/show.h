/* SPDX-License-Identifier: BSD-3-Clause */
/** An answer as tables for people. What an answer lacks, or has in another type, is shown as "-". */
#ifndef SPECULAR_CTL_SHOW_H
#define SPECULAR_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl_options.h"

/** 0 or ERROR_MEMORY. all: counters of zero too. */
typedef int show_answer(const json_t *document, bool all, FILE *out);

show_answer show_status;
show_answer show_sessions;
show_answer show_session;
show_answer show_connections;
show_answer show_counters;
show_answer show_cores;
show_answer show_ports;
show_answer show_keys;
/** Of what tells the appliance to do something: what it says of it. */
show_answer show_outcome;

/** The one for a command's answer. */
show_answer *show_of(enum ctl_command command);

#define SHOW_ENDPOINT_SIZE 80
/** ADDRESS:PORT, [ADDRESS]:PORT, or "-": of a member with address and port. */
const char *show_endpoint(const json_t *json, const char *path, char text[SHOW_ENDPOINT_SIZE]);

#endif
