/* SPDX-License-Identifier: BSD-3-Clause */
/** Errors: negative domain codes with a text that reaches the caller; only main() ends the process. */
#ifndef SPECULAR_BASE_ERROR_H
#define SPECULAR_BASE_ERROR_H

#define ERROR_TEXT_SIZE 512

/** Every fallible function returns 0 or one of these. */
enum error_code {
	ERROR_ARGUMENT = -1,    /**< the caller's value is not allowed */
	ERROR_MEMORY = -2,      /**< allocation failed */
	ERROR_SYSTEM = -3,      /**< the operating system refused; the text has strerror */
	ERROR_FORMAT = -4,      /**< bytes or text from outside are malformed */
	ERROR_LIMIT = -5,       /**< a configured or built-in limit is reached */
	ERROR_CRYPTO = -6,      /**< a cipher, hash or self-test failed */
	ERROR_NOT_FOUND = -7,   /**< no such key, SA, session or file */
	ERROR_PERMISSION = -8,  /**< file mode or credentials forbid it */
	ERROR_UNAVAILABLE = -9, /**< temporarily not possible: busy, unreachable */
	ERROR_EXISTS = -10,     /**< already there: a port or a flow in use */
};

/** A text for the person who reads it; never holds key bytes. Owned by the caller, usually on its stack. */
struct error {
	char text[ERROR_TEXT_SIZE];
};

/** Formats the text (cut at ERROR_TEXT_SIZE) and returns code, so that `return error_set(...)` works. error may be NULL. */
int error_set(struct error *error, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/** A short name for a code, e.g. "not found"; never NULL. */
const char *error_name(int code);

#endif
