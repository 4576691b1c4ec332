/* SPDX-License-Identifier: BSD-3-Clause */
#include "metric_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/** Digits that tell every double from its neighbours. */
#define DOUBLE_DIGITS    17
#define DOUBLE_SHORT     15
#define DOUBLE_TEXT_SIZE 40u

static const char *const type_names[] = {[METRIC_COUNTER] = "counter",
                                         [METRIC_GAUGE] = "gauge",
                                         [METRIC_HISTOGRAM] = "histogram",
                                         [METRIC_INFO] = "info"};

/** quotes: of a label's value, or of OpenMetrics' help. */
static void write_escaped(FILE *out, const char *text, bool quotes)
{
	for (const char *at = text; *at != '\0';) {
		size_t size = utf8_character_size(at);
		if (size == 0)
			(void)fputs(UTF8_REPLACEMENT, out);
		else if (*at == '\n')
			(void)fputs("\\n", out);
		else if (*at == '\\' || (*at == '"' && quotes))
			(void)fprintf(out, "\\%c", *at);
		else
			(void)fwrite(at, 1, size, out);
		at += size == 0 ? 1 : size;
	}
}

static const char *suffix(const struct metric_writer *writer)
{
	switch (writer->type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	default:
		return "";
	}
}

/** The shortest decimal that reads back as value, as OpenMetrics likes it: with a point or an exponent. */
static const char *format_double(double value, char text[DOUBLE_TEXT_SIZE])
{
	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value > 0 ? "+Inf" : "-Inf";
	for (int digits = DOUBLE_SHORT; digits <= DOUBLE_DIGITS; digits++) {
		(void)snprintf(text, DOUBLE_TEXT_SIZE, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (strpbrk(text, ".e") == NULL)
		(void)strcat(text, ".0");
	return text;
}

void metric_family(struct metric_writer *writer, enum metric_type type, const char *name,
                   const char *unit, const char *help)
{
	FILE *out = writer->out;

	writer->family = name;
	writer->type = type;
	/* The older form knows no information, and its families are called as their samples. */
	const char *end = writer->open_metrics ? "" : suffix(writer);
	const char *kind = type == METRIC_INFO && !writer->open_metrics ? type_names[METRIC_GAUGE]
	                                                                : type_names[type];
	(void)fprintf(out, "# TYPE %s%s %s\n", name, end, kind);
	if (writer->open_metrics && unit[0] != '\0')
		(void)fprintf(out, "# UNIT %s %s\n", name, unit);
	(void)fprintf(out, "# HELP %s%s ", name, end);
	write_escaped(out, help, writer->open_metrics);
	(void)fputc('\n', out);
}

/** The sample up to its value; le NULL: it is none of a bucket. */
static void begin_sample(struct metric_writer *writer, const char *end,
                         const struct metric_label *labels, const char *le)
{
	FILE *out = writer->out;
	const char *between = "{";

	(void)fprintf(out, "%s%s", writer->family, end);
	for (; labels != NULL && labels->name != NULL; labels++) {
		(void)fprintf(out, "%s%s=\"", between, labels->name);
		write_escaped(out, labels->value, true);
		(void)fputc('"', out);
		between = ",";
	}
	if (le != NULL) {
		(void)fprintf(out, "%sle=\"%s\"", between, le);
		between = ",";
	}
	(void)fputs(between[0] == ',' ? "} " : " ", out);
}

static void write_unsigned(struct metric_writer *writer, const char *end,
                           const struct metric_label *labels, const char *le, uint64_t value)
{
	begin_sample(writer, end, labels, le);
	(void)fprintf(writer->out, "%" PRIu64 "\n", value);
}

static void write_double(struct metric_writer *writer, const char *end,
                         const struct metric_label *labels, double value)
{
	char text[DOUBLE_TEXT_SIZE];

	begin_sample(writer, end, labels, NULL);
	(void)fprintf(writer->out, "%s\n", format_double(value, text));
}

void metric_unsigned(struct metric_writer *writer, const struct metric_label *labels,
                     uint64_t value)
{
	write_unsigned(writer, suffix(writer), labels, NULL, value);
}

void metric_double(struct metric_writer *writer, const struct metric_label *labels, double value)
{
	write_double(writer, suffix(writer), labels, value);
}

void metric_info(struct metric_writer *writer, const struct metric_label *labels)
{
	write_unsigned(writer, suffix(writer), labels, NULL, 1);
}

void metric_histogram(struct metric_writer *writer, const double *bounds, const uint64_t *counts,
                      unsigned size, double sum)
{
	char text[DOUBLE_TEXT_SIZE];
	uint64_t seen = 0;

	for (unsigned i = 0; i <= size; i++) {
		seen += counts[i];
		write_unsigned(writer, "_bucket", NULL,
		               format_double(i < size ? bounds[i] : INFINITY, text), seen);
	}
	write_double(writer, "_sum", NULL, sum);
	write_unsigned(writer, "_count", NULL, NULL, seen);
}

void metric_end(struct metric_writer *writer)
{
	if (writer->open_metrics)
		(void)fputs("# EOF\n", writer->out);
}
