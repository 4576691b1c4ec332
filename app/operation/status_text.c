/* SPDX-License-Identifier: BSD-3-Clause */
#include "status_text.h"

#include <stdio.h>
#include <time.h>

#include "clock/timestamp.h"
#include "config/config_schema.h"
#include "wire/control_message.h"

#define NS_PER_MICROSECOND      1000
#define MICROSECONDS_PER_SECOND 1000000u

void status_time(struct json_writer *json, const char *name, uint64_t ntp)
{
	struct timespec time = ntp_to_timespec(ntp);
	char date[32], text[64];
	struct tm parts;

	if (ntp == 0 || gmtime_r(&time.tv_sec, &parts) == NULL) {
		json_null(json, name);
		return;
	}
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(text, sizeof(text), "%s.%06ldZ", date, time.tv_nsec / NS_PER_MICROSECOND);
	json_string(json, name, text);
}

void status_seconds(struct json_writer *json, const char *name, uint64_t ticks, uint64_t tsc_hz)
{
	uint64_t microseconds =
	        (uint64_t)((unsigned __int128)ticks * MICROSECONDS_PER_SECOND / tsc_hz);

	json_double(json, name, (double)microseconds / MICROSECONDS_PER_SECOND);
}

void status_modes(struct json_writer *json, const char *name, uint32_t modes)
{
	json_open(json, name, '[');
	for (const struct schema_choice *mode = config_modes; mode->name != NULL; mode++) {
		if ((modes & mode->value) != 0)
			json_string(json, NULL, mode->name);
	}
	/* Not of the configuration: it follows from the key provider. */
	if ((modes & MODE_IKEV2_DERIVED) != 0)
		json_string(json, NULL, "ikev2-derived");
	json_close(json, ']');
}

void status_endpoint(struct json_writer *json, const char *name, const struct endpoint *endpoint)
{
	char text[ADDRESS_TEXT_SIZE];

	json_open(json, name, '{');
	json_string(json, "address", address_format(&endpoint->address, text));
	json_unsigned(json, "port", endpoint->port);
	json_close(json, '}');
}
