/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/counters.h"

#include <stdbool.h>
#include <string.h>

#include "unit.h"

/** Lower case letters, digits and single underscores, a letter first. */
static bool is_snake_case(const char *name)
{
	if (*name < 'a' || *name > 'z')
		return false;
	for (; *name != '\0'; name++) {
		bool word = (*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9');
		if (!word && (*name != '_' || name[1] == '_' || name[1] == '\0'))
			return false;
	}
	return true;
}

static void check(const struct counter_description *descriptions, unsigned number)
{
	for (unsigned i = 0; i < number; i++) {
		const struct counter_description *one = &descriptions[i];
		CU_ASSERT_FATAL(one->name != NULL && one->unit != NULL && one->meaning != NULL);
		CU_ASSERT(is_snake_case(one->name));
		CU_ASSERT(is_snake_case(one->unit));
		CU_ASSERT_EQUAL(one->unit[strlen(one->unit) - 1], 's'); /* plural */
		CU_ASSERT(strlen(one->meaning) > 0);
		CU_ASSERT_PTR_NULL(strchr(one->meaning, '\n'));
		for (unsigned j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(one->name, descriptions[j].name);
	}
}

static void descriptions_are_whole(void)
{
	check(datapath_counter_descriptions, DATAPATH_COUNTER_COUNT);
	check(control_counter_descriptions, CONTROL_COUNTER_COUNT);
}

static void names_are_unique_over_both_tables(void)
{
	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++) {
		for (unsigned j = 0; j < CONTROL_COUNTER_COUNT; j++)
			CU_ASSERT_STRING_NOT_EQUAL(datapath_counter_descriptions[i].name,
			                           control_counter_descriptions[j].name);
	}
}

static void index_is_the_enum(void)
{
	CU_ASSERT_STRING_EQUAL(datapath_counter_descriptions[DATAPATH_RECEIVED].name, "received");
	CU_ASSERT_STRING_EQUAL(datapath_counter_descriptions[DATAPATH_DROP_HMAC].name, "drop_hmac");
	CU_ASSERT_STRING_EQUAL(control_counter_descriptions[CONTROL_KEY_DERIVATIONS].name,
	                       "key_derivations");
}

static void adds_and_reads(void)
{
	struct datapath_counters counters = {0};

	counter_add(&counters.values[DATAPATH_REFLECTED], 1);
	counter_add(&counters.values[DATAPATH_REFLECTED], 31);
	CU_ASSERT_EQUAL(counter_read(&counters.values[DATAPATH_REFLECTED]), 32);
	CU_ASSERT_EQUAL(counter_read(&counters.values[DATAPATH_RECEIVED]), 0);
	CU_ASSERT_EQUAL(sizeof(counters) % 64, 0); /* no core shares a line with another */
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"descriptions are whole", descriptions_are_whole},
	        {"names are unique over both tables", names_are_unique_over_both_tables},
	        {"index is the enum", index_is_the_enum},
	        {"adds and reads", adds_and_reads},
	        CU_TEST_INFO_NULL};
	return unit_run("stats-counters", tests);
}
