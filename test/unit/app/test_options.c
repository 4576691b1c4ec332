/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <string.h>

#include "unit.h"

#define WORDS_MAX 8

static struct options options;
static struct error error;

/* words end with NULL. */
static int parse(const char *const *words)
{
	static char text[WORDS_MAX][32];
	char *vector[WORDS_MAX + 1] = {NULL};
	int count = 0;

	for (; words[count] != NULL; count++) {
		(void)snprintf(text[count], sizeof(text[count]), "%s", words[count]);
		vector[count] = text[count];
	}
	return options_parse(count, vector, &options, &error);
}

static void a_configuration_is_enough(void)
{
	CU_ASSERT_EQUAL(parse((const char *[]){"specular", "--config", "x.yaml", NULL}), 0);
	CU_ASSERT_STRING_EQUAL(options.config, "x.yaml");
	CU_ASSERT_EQUAL(options.log_level, LOG_LEVEL_INFO);
	CU_ASSERT(!options.check && !options.help && !options.version);
	CU_ASSERT_EQUAL(
	        parse((const char *[]){"specular", "-c", "y", "--check", "-l", "debug", NULL}), 0);
	CU_ASSERT(options.check);
	CU_ASSERT_EQUAL(options.log_level, LOG_LEVEL_DEBUG);
}

static void help_and_version_need_none(void)
{
	CU_ASSERT_EQUAL(parse((const char *[]){"specular", "--help", NULL}), 0);
	CU_ASSERT(options.help);
	CU_ASSERT_EQUAL(parse((const char *[]){"specular", "--version", NULL}), 0);
	CU_ASSERT(options.version);
}

static void refused(const char *const *words, const char *named)
{
	CU_ASSERT_EQUAL(parse(words), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, named));
}

static void wrong_words_are_named(void)
{
	refused((const char *[]){"specular", NULL}, "--config");
	refused((const char *[]){"specular", "--nonsense", NULL}, "--nonsense");
	refused((const char *[]){"specular", "--check=yes", NULL}, "--check=yes");
	refused((const char *[]){"specular", "-x", NULL}, "-x");
	refused((const char *[]){"specular", "-xh", NULL}, "-x");
	refused((const char *[]){"specular", "--config", NULL}, "--config");
	refused((const char *[]){"specular", "-c", "x", "more", NULL}, "more");
	refused((const char *[]){"specular", "-c", "x", "-l", "loud", NULL}, "loud");
}

int main(void)
{
	CU_TestInfo tests[] = {{"a configuration is enough", a_configuration_is_enough},
	                       {"help and version need none", help_and_version_need_none},
	                       {"wrong words are named", wrong_words_are_named},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-options", tests);
}
