/* SPDX-License-Identifier: BSD-3-Clause */
/* Any octets as specularctl's answer: what is shown of it cannot control a terminal, and JSON that is passed on reads the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "show.h"
#include "terminal_text.h"
#include "top_view.h"

#define DELETE  0x7f
#define C1_LEAD 0xc2u
#define C1_LAST 0x9fu

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void require_harmless(const char *text, size_t size, int is_document)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char octet = (unsigned char)text[i];
		require(octet >= ' ' || octet == '\n' ||
		        (is_document && (octet == '\t' || octet == '\r')));
		require(octet != DELETE);
		require(octet != C1_LEAD || (unsigned char)text[i + 1] > C1_LAST);
	}
}

static void show(const struct answer *answer)
{
	for (unsigned command = 0; command < CTL_COMMAND_COUNT; command++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		require(out != NULL);
		require(show_of((enum ctl_command)command)(answer->document, true, out) == 0);
		(void)fclose(out);
		require_harmless(text, size, 0);
		free(text);
	}
}

static void pass(const struct answer *answer)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	require(out != NULL);
	terminal_document(answer->text, answer->size, out);
	(void)fclose(out);
	require_harmless(text, size, 1);
	json_t *again = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	require(again != NULL && json_equal(again, answer->document));
	json_decref(again);
	free(text);
}

/** The same document for everything that the view asks. */
static void view(const struct answer *answer)
{
	static struct top_view view;
	struct top_sample now = {2, *answer, *answer, *answer, *answer};
	struct top_sample before = {1, *answer, *answer, *answer, *answer};

	view.lines = 24;
	view.columns = 80;
	top_view_render(&view, &now, &before);
	require(view.count <= view.lines);
	for (unsigned i = 0; i < view.count; i++)
		require_harmless(view.line[i].text, strlen(view.line[i].text), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answer = {.text = malloc(size + (size == 0)), .size = size};
	struct error error = {""};

	if (answer.text == NULL)
		return 0;
	memcpy(answer.text, data, size);
	int status = answer_read(&answer, &error);
	require(status == 0 || error.text[0] != '\0');
	require(status != 0 || answer.document != NULL);
	if (answer.document != NULL) {
		show(&answer);
		pass(&answer);
		view(&answer);
	}
	answer_clear(&answer);
	return 0;
}
