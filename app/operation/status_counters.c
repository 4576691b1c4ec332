/* SPDX-License-Identifier: BSD-3-Clause */
/** The command counters: every counter, of the cores and of the slow path. */
#include "status_commands.h"

static void write_cores(const struct status_source *source, unsigned first, unsigned end,
                        struct json_writer *json)
{
	json_open(json, "cores", '[');
	for (unsigned core = first; core < end; core++) {
		const uint64_t *values = source->workers[core]->reflector.counters->values;

		json_open(json, NULL, '{');
		json_unsigned(json, "core", core);
		for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++)
			json_unsigned(json, datapath_counter_descriptions[i].name,
			              counter_read(&values[i]));
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void describe(const char *name, const struct counter_description *descriptions,
                     unsigned count, struct json_writer *json)
{
	json_open(json, name, '[');
	for (unsigned i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", descriptions[i].name);
		json_string(json, "unit", descriptions[i].unit);
		json_string(json, "meaning", descriptions[i].meaning);
		json_close(json, '}');
	}
	json_close(json, ']');
}

int status_counters(struct operation *operation, const struct operation_request *request,
                    struct json_writer *json, struct error *error)
{
	static const char *const answers[] = {"no", "yes", NULL};
	const struct status_source *source = operation_source(operation);
	unsigned first, end;
	int described = 0;
	int status = operation_choice(request, "describe", answers, &described, error);

	if (status == 0)
		status = status_core_range(source, request, &first, &end, error);
	if (status != 0)
		return status;
	json_open(json, "datapath", '{');
	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++)
		json_unsigned(json, datapath_counter_descriptions[i].name,
		              status_datapath(source, (enum datapath_counter)i));
	json_close(json, '}');
	json_open(json, "control", '{');
	for (unsigned i = 0; i < CONTROL_COUNTER_COUNT; i++)
		json_unsigned(json, control_counter_descriptions[i].name,
		              counter_read(&source->counters->values[i]));
	json_close(json, '}');
	write_cores(source, first, end, json);
	if (described == 0)
		return 0;
	json_open(json, "descriptions", '{');
	describe("datapath", datapath_counter_descriptions, DATAPATH_COUNTER_COUNT, json);
	describe("control", control_counter_descriptions, CONTROL_COUNTER_COUNT, json);
	json_close(json, '}');
	return 0;
}
