/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the appliance counts as metrics for Prometheus. Their number is bounded by cores, ports and reasons: there are none of a
 * test session, of which there are too many and ever new ones. Slow path; reading disturbs no core.
 */
#ifndef SPECULAR_OPERATION_METRICS_H
#define SPECULAR_OPERATION_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "metric_writer.h"
#include "status_source.h"

/** The whole text, which the caller frees; NULL: no memory. */
char *metrics_text(const struct status_source *source, bool open_metrics, size_t *size);

/** Parts of it: the polling lcores, the ports. */
void metrics_cores(struct metric_writer *writer, const struct status_source *source);
void metrics_ports(struct metric_writer *writer, const struct status_source *source);

#endif
