/* SPDX-License-Identifier: BSD-3-Clause */
/** How times, durations and modes are written in a document. */
#ifndef SPECULAR_OPERATION_STATUS_TEXT_H
#define SPECULAR_OPERATION_STATUS_TEXT_H

#include <stdint.h>

#include "base/address.h"
#include "base/json_writer.h"

/** An NTP time as RFC 3339, UTC with microseconds; 0 is null. */
void status_time(struct json_writer *json, const char *name, uint64_t ntp);

/** TSC ticks as seconds with microseconds. */
void status_seconds(struct json_writer *json, const char *name, uint64_t ticks, uint64_t tsc_hz);

/** {"address": ..., "port": ...} */
void status_endpoint(struct json_writer *json, const char *name, const struct endpoint *endpoint);

/** An array of the names of bits of enum twamp_mode. */
void status_modes(struct json_writer *json, const char *name, uint32_t modes);

#endif
