/* SPDX-License-Identifier: BSD-3-Clause */
/** The command log: the level of the log, now and until the next start or reload. */
#include "audit.h"
#include "base/log.h"
#include "status_commands.h"

int log_command(struct operation *operation, const struct operation_request *request,
                struct json_writer *json, struct error *error)
{
	const char *text = operation_parameter(request, "level");
	enum log_level level = log_get_level();

	if (text != NULL && log_level_parse(text, &level) != 0)
		return error_set(error, ERROR_ARGUMENT,
		                 "level %s; allowed: error, warning, info, debug", text);
	if (text != NULL) {
		log_set_level(level);
		audit_operator(operation_source(operation)->audit, &request->peer, "log", text,
		               true);
	}
	json_string(json, "level", log_level_name(level));
	return 0;
}
