/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, int code, const char *format, ...)
{
	if (error != NULL) {
		va_list arguments;
		va_start(arguments, format);
		(void)vsnprintf(error->text, sizeof(error->text), format, arguments);
		va_end(arguments);
	}
	return code;
}

const char *error_name(int code)
{
	switch (code) {
	case 0:
		return "success";
	case ERROR_ARGUMENT:
		return "value not allowed";
	case ERROR_MEMORY:
		return "out of memory";
	case ERROR_SYSTEM:
		return "system error";
	case ERROR_FORMAT:
		return "malformed";
	case ERROR_LIMIT:
		return "limit reached";
	case ERROR_CRYPTO:
		return "cryptographic failure";
	case ERROR_NOT_FOUND:
		return "not found";
	case ERROR_PERMISSION:
		return "permission denied";
	case ERROR_UNAVAILABLE:
		return "unavailable";
	case ERROR_EXISTS:
		return "in use";
	default:
		return "unknown error";
	}
}
