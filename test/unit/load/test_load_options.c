/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_options.h"

#include <string.h>

#include "unit.h"

static struct load_options options;
static struct error error;

static int parse(const char *const *words)
{
	char storage[8][64];
	char *argv[9] = {storage[0]};
	int argc = 1;

	strcpy(storage[0], "specular-load");
	for (; words[argc - 1] != NULL; argc++) {
		strcpy(storage[argc], words[argc - 1]);
		argv[argc] = storage[argc];
	}
	argv[argc] = NULL;
	error.text[0] = '\0';
	return load_options_parse(argc, argv, &options, &error);
}

static void everything_is_read(void)
{
	CU_ASSERT_EQUAL(parse((const char *const[]){"-c", "a.yaml", "--check", "--quiet",
	                                            "--output=out", "-l", "debug", NULL}),
	                0);
	CU_ASSERT_TRUE(options.check);
	CU_ASSERT_TRUE(options.quiet);
	CU_ASSERT_EQUAL(options.log_level, LOG_LEVEL_DEBUG);
	CU_ASSERT_PTR_NOT_NULL(options.config);
	CU_ASSERT_PTR_NOT_NULL(options.output);
	CU_ASSERT_EQUAL(parse((const char *const[]){"--version", NULL}), 0);
	CU_ASSERT_TRUE(options.version);
	CU_ASSERT_EQUAL(parse((const char *const[]){"-h", NULL}), 0);
	CU_ASSERT_TRUE(options.help);
}

static void wrong_words_are_named(void)
{
	static const struct {
		const char *words[4];
		const char *named;
	} wrong[] = {
	        {{NULL}, "--config FILE is missing"},
	        {{"--config", NULL}, "--config needs a value"},
	        {{"-c", "a", "--nonsense", NULL}, "unknown option --nonsense"},
	        {{"-c", "a", "-x", NULL}, "unknown option -x"},
	        {{"-c", "a", "more", NULL}, "unexpected word more"},
	        {{"-c", "a", "-lloud", NULL}, "--log-level loud"},
	        {{"-c", "a", "--output=", NULL}, "--output"},
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(parse(wrong[i].words), ERROR_ARGUMENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, wrong[i].named));
	}
}

int main(void)
{
	static CU_TestInfo tests[] = {
	        {"everything_is_read", everything_is_read},
	        {"wrong_words_are_named", wrong_words_are_named},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("load-options", tests);
}
