/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "measures.h"
#include "unit.h"

static const size_t maxima[] = {
        offsetof(struct load_measures, lag_maximum_ns),
        offsetof(struct load_measures, nap_maximum_ns),
        offsetof(struct load_measures, reordering_extent),
        offsetof(struct load_measures, error_maximum_ns),
};

static bool is_maximum(size_t offset)
{
	for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
		if (maxima[i] == offset)
			return true;
	}
	return false;
}

static bool is_distribution(size_t offset)
{
	size_t first = offsetof(struct load_measures, distributions);

	return offset >= first &&
	       offset < first + sizeof(((struct load_measures *)NULL)->distributions);
}

/** Every number of the struct takes part, also one that is added to it later: a field is eight octets. */
static void every_field_is_merged(void)
{
	struct load_measures *to = calloc(1, sizeof(*to)), *from = calloc(1, sizeof(*from));

	CU_ASSERT_FATAL(to != NULL && from != NULL);
	for (size_t at = 0; at < sizeof(*to); at += sizeof(uint64_t)) {
		if (is_distribution(at))
			continue;
		*(uint64_t *)(void *)((uint8_t *)from + at) = 1000 + at;
		*(uint64_t *)(void *)((uint8_t *)to + at) = 7;
	}
	load_measures_merge(to, from);
	for (size_t at = 0; at < sizeof(*to); at += sizeof(uint64_t)) {
		uint64_t value = *(uint64_t *)(void *)((uint8_t *)to + at);
		if (!is_distribution(at))
			CU_ASSERT_EQUAL(value, 1000 + at + (is_maximum(at) ? 0 : 7));
	}
	memset(from, 0, sizeof(*from));
	uint64_t lag = to->lag_maximum_ns;
	load_measures_merge(to, from);
	CU_ASSERT_EQUAL(to->lag_maximum_ns, lag);
	free(to);
	free(from);
}

static void distributions_are_merged(void)
{
	struct load_measures *to = calloc(1, sizeof(*to)), *from = calloc(1, sizeof(*from));

	CU_ASSERT_FATAL(to != NULL && from != NULL);
	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++) {
		histogram_add(&from->distributions[i], 100 + (int64_t)i);
		histogram_add(&to->distributions[i], 5);
	}
	load_measures_merge(to, from);
	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++) {
		CU_ASSERT_EQUAL(to->distributions[i].count, 2);
		CU_ASSERT_EQUAL(to->distributions[i].minimum, 5);
		CU_ASSERT_EQUAL(to->distributions[i].maximum, 100 + i);
		CU_ASSERT_EQUAL(to->distributions[i].sum, 105 + i);
	}
	free(to);
	free(from);
}

static void wrong_leaves_out_what_is_foreign(void)
{
	struct load_measures *measures = calloc(1, sizeof(*measures));

	CU_ASSERT_PTR_NOT_NULL_FATAL(measures);
	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++)
		measures->faults[i] = 1;
	CU_ASSERT_EQUAL(load_measures_wrong(measures), LOAD_FAULT_COUNT - 1);
	uint64_t refused = 0;
	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++)
		refused += load_fault_refuses((enum load_fault)i);
	CU_ASSERT_EQUAL(load_measures_refused(measures), refused);
	CU_ASSERT(load_fault_refuses(LOAD_FAULT_HMAC) && !load_fault_refuses(LOAD_FAULT_DSCP));
	free(measures);
}

static void every_fault_has_its_own_name(void)
{
	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++) {
		CU_ASSERT_FATAL(load_fault_descriptions[i].name != NULL);
		CU_ASSERT(strlen(load_fault_descriptions[i].meaning) > 0);
		for (unsigned k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(load_fault_descriptions[i].name,
			                           load_fault_descriptions[k].name);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every_field_is_merged", every_field_is_merged},
	        {"distributions_are_merged", distributions_are_merged},
	        {"wrong_leaves_out_what_is_foreign", wrong_leaves_out_what_is_foreign},
	        {"every_fault_has_its_own_name", every_fault_has_its_own_name},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/measures", tests);
}
