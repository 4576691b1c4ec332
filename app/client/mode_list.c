/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const struct {
	const char *name;
	uint32_t mode;
} mode_names[] = {
        {"unauthenticated", MODE_UNAUTHENTICATED},
        {"authenticated", MODE_AUTHENTICATED},
        {"encrypted", MODE_ENCRYPTED},
        {"mixed", MODE_MIXED},
        {"ikev2-authenticated", MODE_AUTHENTICATED | MODE_IKEV2_DERIVED},
        {"ikev2-encrypted", MODE_ENCRYPTED | MODE_IKEV2_DERIVED},
        {"ikev2-mixed", MODE_MIXED | MODE_IKEV2_DERIVED},
};
#define MODE_NAMES (sizeof(mode_names) / sizeof(mode_names[0]))

static const struct {
	const char *name;
	uint32_t mode;
} feature_names[] = {
        {"individual-session-control", MODE_INDIVIDUAL_SESSION_CONTROL},
        {"reflect-octets", MODE_REFLECT_OCTETS},
        {"symmetrical-size", MODE_SYMMETRICAL_SIZE},
        {"dscp-ecn-monitoring", MODE_DSCP_ECN_MONITORING},
        {"ptp-timestamps", MODE_PTP_TIMESTAMPS},
};
#define FEATURE_NAMES (sizeof(feature_names) / sizeof(feature_names[0]))

int mode_list_add(struct mode_list *list, uint32_t mode)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->modes[i] == mode)
			return 0;
	if (list->count == MODE_LIST_CAPACITY)
		return ERROR_LIMIT;
	list->modes[list->count++] = mode;
	return 0;
}

static int add_named(const char *name, size_t length, struct mode_list *list)
{
	for (size_t i = 0; i < MODE_NAMES; i++)
		if (strlen(mode_names[i].name) == length &&
		    memcmp(mode_names[i].name, name, length) == 0)
			return mode_list_add(list, mode_names[i].mode);
	return ERROR_FORMAT;
}

int mode_list_parse(const char *names, struct mode_list *list)
{
	for (;;) {
		size_t length = strcspn(names, ",");
		int result = add_named(names, length, list);
		if (result != 0)
			return result;
		if (names[length] == '\0')
			return 0;
		names += length + 1;
	}
}

int mode_list_parse_letters(const char *letters, struct mode_list *list)
{
	int result = *letters == '\0' ? ERROR_FORMAT : 0;

	for (; *letters != '\0' && result == 0; letters++) {
		switch (toupper((unsigned char)*letters)) {
		case 'O':
			result = mode_list_add(list, MODE_UNAUTHENTICATED);
			break;
		case 'A':
			result = mode_list_add(list, MODE_AUTHENTICATED);
			break;
		case 'E':
			result = mode_list_add(list, MODE_ENCRYPTED);
			break;
		case 'M':
			result = mode_list_add(list, MODE_MIXED);
			break;
		default:
			result = ERROR_FORMAT;
		}
	}
	return result;
}

void mode_list_add_fallbacks(struct mode_list *list)
{
	struct mode_list asked = *list;

	list->count = 0;
	for (unsigned i = 0; i < asked.count; i++) {
		(void)mode_list_add(list, asked.modes[i]);
		if (asked.modes[i] & MODE_IKEV2_DERIVED)
			(void)mode_list_add(list, asked.modes[i] & MODE_SECURITY_MASK);
	}
}

bool mode_list_needs_key(const struct mode_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if ((list->modes[i] & MODE_KEYED_MASK) && !(list->modes[i] & MODE_IKEV2_DERIVED))
			return true;
	return false;
}

bool mode_list_needs_sa(const struct mode_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->modes[i] & MODE_IKEV2_DERIVED)
			return true;
	return false;
}

uint32_t mode_list_choose(const struct mode_list *list, uint32_t offered, bool without_ike)
{
	for (unsigned i = 0; i < list->count; i++) {
		uint32_t mode = list->modes[i];
		if (without_ike && (mode & MODE_IKEV2_DERIVED))
			continue;
		if ((mode & offered) == mode)
			return mode;
	}
	return 0;
}

const char *probe_mode_name(uint32_t mode)
{
	uint32_t security = mode & (MODE_SECURITY_MASK | MODE_IKEV2_DERIVED);

	for (size_t i = 0; i < MODE_NAMES; i++)
		if (mode_names[i].mode == security)
			return mode_names[i].name;
	return "unknown";
}

static void append(char text[MODE_LIST_TEXT_SIZE], const char *name)
{
	size_t used = strlen(text);

	(void)snprintf(text + used, MODE_LIST_TEXT_SIZE - used, "%s%s", used ? ", " : "", name);
}

const char *modes_describe(uint32_t modes, char text[MODE_LIST_TEXT_SIZE])
{
	text[0] = '\0';
	for (size_t i = 0; i < MODE_NAMES; i++)
		if ((modes & mode_names[i].mode) == mode_names[i].mode)
			append(text, mode_names[i].name);
	for (size_t i = 0; i < FEATURE_NAMES; i++)
		if (modes & feature_names[i].mode)
			append(text, feature_names[i].name);
	if (text[0] == '\0')
		append(text, "nothing");
	return text;
}

const char *mode_list_describe(const struct mode_list *list, char text[MODE_LIST_TEXT_SIZE])
{
	text[0] = '\0';
	for (unsigned i = 0; i < list->count; i++)
		append(text, probe_mode_name(list->modes[i]));
	return text;
}
