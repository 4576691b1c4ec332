/* SPDX-License-Identifier: BSD-3-Clause */
#include "dscp.h"

#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include "base/error.h"

#define DSCP_MAXIMUM   63u
#define ECN_CODEPOINTS 4u

static const struct {
	const char *name;
	uint8_t value;
} dscp_names[] = {
        {"default", 0}, {"df", 0},    {"none", 0},  {"cs0", 0},   {"le", 1},    {"cs1", 8},
        {"af11", 10},   {"af12", 12}, {"af13", 14}, {"cs2", 16},  {"af21", 18}, {"af22", 20},
        {"af23", 22},   {"cs3", 24},  {"af31", 26}, {"af32", 28}, {"af33", 30}, {"cs4", 32},
        {"af41", 34},   {"af42", 36}, {"af43", 38}, {"cs5", 40},  {"va", 44},   {"ef", 46},
        {"cs6", 48},    {"cs7", 56},
};

int dscp_parse(const char *text, uint8_t *dscp)
{
	char *end;
	unsigned long number;

	for (size_t i = 0; i < sizeof(dscp_names) / sizeof(dscp_names[0]); i++) {
		if (strcasecmp(text, dscp_names[i].name) == 0) {
			*dscp = dscp_names[i].value;
			return 0;
		}
	}
	if (text[0] < '0' || text[0] > '9')
		return ERROR_FORMAT;
	number = strtoul(text, &end, 0);
	if (*end != '\0' || number > DSCP_MAXIMUM)
		return ERROR_FORMAT;
	*dscp = (uint8_t)number;
	return 0;
}

int ecn_parse(const char *text, uint8_t *ecn)
{
	static const char *const words[] = {"not-ect", "ect1", "ect0", "ce"};

	for (uint8_t i = 0; i < ECN_CODEPOINTS; i++) {
		if (strcasecmp(text, words[i]) == 0 || (text[0] == '0' + i && text[1] == '\0')) {
			*ecn = i;
			return 0;
		}
	}
	return ERROR_FORMAT;
}

const char *ecn_name(unsigned ecn)
{
	static const char *const names[] = {"Not-ECT", "ECT(1)", "ECT(0)", "CE"};

	return names[ecn % ECN_CODEPOINTS];
}
