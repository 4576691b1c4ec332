/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Writes metrics as text, in the two forms that Prometheus reads: OpenMetrics 1.0 and the older "text/plain; version=0.0.4", which
 * has no units, no end and names a counter with its _total. Families one after the other, each with its samples behind it.
 */
#ifndef SPECULAR_OPERATION_METRIC_WRITER_H
#define SPECULAR_OPERATION_METRIC_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

/** Zero-initialised but for out and open_metrics. */
struct metric_writer {
	FILE *out;
	bool open_metrics;
	const char *family; /**< of the samples that come */
	enum metric_type type;
};

/** Of a sample: some, then one whose name is NULL; or NULL instead of all. */
struct metric_label {
	const char *name;
	const char *value; /**< any octets: what is no UTF-8 becomes U+FFFD */
};

/** name: without _total or _info; it ends with its unit. unit "": none. help: any text. */
void metric_family(struct metric_writer *writer, enum metric_type type, const char *name,
                   const char *unit, const char *help);

/** A sample of a counter or a gauge. */
void metric_unsigned(struct metric_writer *writer, const struct metric_label *labels,
                     uint64_t value);
void metric_double(struct metric_writer *writer, const struct metric_label *labels, double value);

/** The one sample of an information: 1. */
void metric_info(struct metric_writer *writer, const struct metric_label *labels);

/**
 * A histogram: counts[i] are those above bounds[i - 1] and not above bounds[i]; counts[size] are those above all bounds. sum: of all
 * values.
 */
void metric_histogram(struct metric_writer *writer, const double *bounds, const uint64_t *counts,
                      unsigned size, double sum);

/** Nothing may follow. */
void metric_end(struct metric_writer *writer);

#endif
