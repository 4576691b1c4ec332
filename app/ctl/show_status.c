/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "document.h"
#include "show.h"
#include "table.h"

static void add_clock(struct table *table, const json_t *document)
{
	char error[QUANTITY_SIZE];
	double error_ns;
	bool known = document_number(document, "clock.error_ns", &error_ns);

	table_cell(table, "clock");
	table_cell(table, "%s, error %s, source %s",
	           json_is_true(document_at(document, "clock.synchronized")) ? "synchronized"
	                                                                     : "not synchronized",
	           known ? quantity_nanoseconds(error_ns, error) : "-",
	           document_text(document, "clock.source", "-"));
}

static void add_process(struct table *table, const json_t *document)
{
	char duration[QUANTITY_SIZE];
	double uptime;

	(void)document_number(document, "uptime_seconds", &uptime);
	table_cell(table, "version");
	table_cell(table, "%s, process %" PRIu64, document_text(document, "version", "-"),
	           document_count(document, "pid"));
	table_cell(table, "state");
	table_member(table, document, "state");
	table_cell(table, "started");
	table_cell(table, "%s, %s ago", document_text(document, "started", "-"),
	           quantity_duration(uptime, duration));
	table_cell(table, "configuration");
	table_cell(table, "%s, read %s", document_text(document, "configuration.path", "-"),
	           document_text(document, "configuration.loaded", "-"));
	table_cell(table, "crypto suite");
	table_member(table, document, "suite");
	table_cell(table, "hugepages");
	table_member(table, document, "hugepages");
	add_clock(table, document);
	table_cell(table, "modes");
	table_list(table, document, "modes");
}

static void add_stuck(struct table *table, const json_t *document)
{
	const json_t *core;
	size_t index;

	json_array_foreach (document_at(document, "stuck"), index, core) {
		table_cell(table, "stuck");
		table_cell(table, "polling lcore %" JSON_INTEGER_FORMAT, json_integer_value(core));
	}
}

int show_status(const json_t *document, bool all, FILE *out)
{
	struct table *table = table_create(". .");

	(void)all;
	add_process(table, document);
	table_cell(table, "sessions");
	table_cell(table,
	           "%" PRIu64 " of at most %" PRIu64 "; %" PRIu64 " started, %" PRIu64 " stopped",
	           document_count(document, "sessions.installed"),
	           document_count(document, "sessions.limit"),
	           document_count(document, "sessions.started"),
	           document_count(document, "sessions.stopped"));
	table_cell(table, "connections");
	table_cell(table, "%" PRIu64 " open, %" PRIu64 " being set up",
	           document_count(document, "connections.open"),
	           document_count(document, "connections.half_open"));
	table_cell(table, "packets");
	table_cell(table,
	           "%" PRIu64 " received: %" PRIu64 " reflected, %" PRIu64
	           " to the kernel, %" PRIu64 " dropped",
	           document_count(document, "packets.received"),
	           document_count(document, "packets.reflected"),
	           document_count(document, "packets.exception"),
	           document_count(document, "packets.dropped"));
	table_cell(table, "polling lcores");
	table_cell(table, "%" PRIu64 ", %" PRIu64 " stuck", document_count(document, "cores.count"),
	           document_count(document, "cores.stuck"));
	add_stuck(table, document);
	return table_end(table, out);
}
