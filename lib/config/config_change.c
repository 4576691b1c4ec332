/* SPDX-License-Identifier: BSD-3-Clause */
/** What a changed file means for a program that runs by it. */
#include <stdio.h>

#include "config/config.h"
#include "config/config_schema.h"
#include "config/schema_change.h"

#define HTTP_KEY "operation.http"

struct telling {
	config_changed changed;
	void *context;
};

static void tell(void *context, const char *path, enum schema_change change)
{
	const struct telling *telling = context;

	telling->changed(telling->context, path, change == SCHEMA_RELOAD);
}

/** A port keeps what its driver's profile said when it was opened. */
static void compare_drivers(const struct schema_comparison *comparison,
                            const struct config *running, const struct config *next)
{
	struct schema_comparison port = *comparison;
	char path[SCHEMA_PATH_SIZE];

	if (running->port_count != next->port_count)
		return;
	port.prefix = path;
	for (unsigned i = 0; i < running->port_count; i++) {
		(void)snprintf(path, sizeof(path), "ports[%u].driver.", i);
		schema_compare(&port, driver_profile_schema(), &running->ports[i].driver,
		               &next->ports[i].driver);
	}
}

void config_compare(const struct config *running, const struct config *next, config_changed changed,
                    void *context)
{
	struct telling telling = {.changed = changed, .context = context};
	const struct schema_comparison comparison = {
	        .prefix = "", .change = SCHEMA_RESTART, .changed = tell, .context = &telling};

	schema_compare(&comparison, config_schema(), running, next);
	compare_drivers(&comparison, running, next);
	if (running->operation.http.enabled != next->operation.http.enabled)
		changed(context, HTTP_KEY, false);
}

void config_take(struct config *running, const struct config *next)
{
	schema_take(config_schema(), SCHEMA_RESTART, running, next);
}
