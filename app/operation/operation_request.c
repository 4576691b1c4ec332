/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation_request.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz-"
#define ALLOWED_SIZE    256u

static int hexadecimal(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

static bool is_control(int octet)
{
	return octet < ' ' || octet == 0x7f;
}

/** In place. False: a % without two hexadecimal digits, or a control character. */
static bool decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		int octet = (unsigned char)*from;
		if (*from == '%') {
			int high = hexadecimal(from[1]);
			int low = high < 0 ? -1 : hexadecimal(from[2]);
			if (low < 0)
				return false;
			octet = high * 16 + low;
			from += 2;
		}
		if (is_control(octet))
			return false;
		*to++ = (char)octet;
	}
	*to = '\0';
	return true;
}

static bool is_name(const char *text)
{
	return text[0] != '\0' && text[strspn(text, NAME_CHARACTERS)] == '\0';
}

static int add_parameter(struct operation_request *request, char *word, struct error *error)
{
	char *equals = strchr(word, '=');

	if (equals != NULL)
		*equals = '\0';
	if (equals == NULL || !is_name(word))
		return error_set(error, ERROR_FORMAT,
		                 "a word that is no parameter; allowed: NAME=VALUE");
	if (!decode(equals + 1))
		return error_set(error, ERROR_FORMAT,
		                 "%s: the value has a wrong %% or a control character; allowed: "
		                 "text, with %%XX for blanks and %%",
		                 word);
	if (operation_parameter(request, word) != NULL)
		return error_set(error, ERROR_FORMAT, "%s is given twice; allowed: once", word);
	if (request->count == OPERATION_PARAMETERS_MAX)
		return error_set(error, ERROR_LIMIT, "too many parameters; allowed: %u",
		                 OPERATION_PARAMETERS_MAX);
	request->parameters[request->count].name = word;
	request->parameters[request->count++].value = equals + 1;
	return 0;
}

int operation_request_read(const char *line, size_t size, struct operation_request *request,
                           struct error *error)
{
	char *rest = NULL;
	int status = 0;

	request->command = "";
	request->count = 0;
	if (size >= sizeof(request->text))
		return error_set(error, ERROR_LIMIT, "the request is too long; allowed: %u octets",
		                 OPERATION_REQUEST_SIZE);
	if (memchr(line, '\0', size) != NULL)
		return error_set(error, ERROR_FORMAT, "a NUL in the request; allowed: text");
	memcpy(request->text, line, size);
	request->text[size] = '\0';
	char *word = strtok_r(request->text, " ", &rest);
	if (word == NULL || !is_name(word))
		return error_set(error, ERROR_FORMAT,
		                 "no command; allowed: COMMAND [NAME=VALUE]...");
	request->command = word;
	while (status == 0 && (word = strtok_r(NULL, " ", &rest)) != NULL)
		status = add_parameter(request, word, error);
	return status;
}

const char *operation_parameter(const struct operation_request *request, const char *name)
{
	for (unsigned i = 0; i < request->count; i++) {
		if (strcmp(request->parameters[i].name, name) == 0)
			return request->parameters[i].value;
	}
	return NULL;
}

int operation_unsigned(const struct operation_request *request, const char *name, uint64_t minimum,
                       uint64_t maximum, uint64_t *value, struct error *error)
{
	const char *text = operation_parameter(request, name);
	uint64_t number = 0;
	bool wrong;

	if (text == NULL)
		return 0;
	wrong = text[0] == '\0' || text[strspn(text, "0123456789")] != '\0';
	for (const char *digit = text; *digit != '\0' && !wrong; digit++) {
		wrong |= __builtin_mul_overflow(number, 10u, &number);
		wrong |= __builtin_add_overflow(number, (uint64_t)(*digit - '0'), &number);
	}
	if (wrong || number < minimum || number > maximum)
		return error_set(error, ERROR_ARGUMENT,
		                 "%s: \"%.32s\" is not allowed; allowed: an integer from %llu to "
		                 "%llu",
		                 name, text, (unsigned long long)minimum,
		                 (unsigned long long)maximum);
	*value = number;
	return 0;
}

int operation_choice(const struct operation_request *request, const char *name,
                     const char *const *names, int *index, struct error *error)
{
	const char *text = operation_parameter(request, name);
	char allowed[ALLOWED_SIZE] = "";
	size_t used = 0;

	if (text == NULL)
		return 0;
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], text) == 0) {
			*index = i;
			return 0;
		}
		if (used < sizeof(allowed))
			used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s",
			                         i == 0 ? "" : ", ", names[i]);
	}
	return error_set(error, ERROR_ARGUMENT, "%s: \"%.32s\" is not known; allowed: %s", name,
	                 text, allowed);
}

int operation_sid(const struct operation_request *request, const char *name, uint8_t sid[SID_SIZE],
                  struct error *error)
{
	const char *text = operation_parameter(request, name);
	unsigned octet;

	if (text == NULL || strlen(text) != 2 * SID_SIZE ||
	    strspn(text, "0123456789abcdefABCDEF") != 2 * SID_SIZE)
		return error_set(error, ERROR_ARGUMENT, "%s: %s; allowed: 32 hexadecimal digits",
		                 name, text == NULL ? "missing" : "not a SID");
	for (unsigned i = 0; i < SID_SIZE; i++) {
		(void)sscanf(text + 2 * i, "%2x", &octet);
		sid[i] = (uint8_t)octet;
	}
	return 0;
}
