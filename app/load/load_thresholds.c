/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_thresholds.h"

#include <stddef.h>
#include <stdio.h>

#include "load_value.h"

#define PATH_SIZE 96u

enum judged { OF_TRIALS, OF_SEARCH, OF_BURSTS };

#define LIMIT(member) offsetof(struct load_thresholds, member)
static const struct {
	const char *key;
	size_t offset;
	enum judged judged;
} limits[] = {
        {"loss", LIMIT(loss_maximum), OF_TRIALS},
        {"rtt-p50", LIMIT(rtt_p50_maximum), OF_TRIALS},
        {"rtt-p99", LIMIT(rtt_p99_maximum), OF_TRIALS},
        {"rtt-p999", LIMIT(rtt_p999_maximum), OF_TRIALS},
        {"rtt-maximum", LIMIT(rtt_maximum), OF_TRIALS},
        {"turnaround-p99", LIMIT(turnaround_p99_maximum), OF_TRIALS},
        {"reordered", LIMIT(reordered_maximum), OF_TRIALS},
        {"duplicates", LIMIT(duplicates_maximum), OF_TRIALS},
        {"ndr", LIMIT(ndr_minimum), OF_SEARCH},
        {"pdr", LIMIT(pdr_minimum), OF_SEARCH},
        {"burst-rate", LIMIT(burst_rate_minimum), OF_BURSTS},
};
#define LIMIT_COUNT (sizeof(limits) / sizeof(limits[0]))

static bool is_given(const struct load_thresholds *thresholds, size_t i)
{
	return *(const uint64_t *)(const void *)((const char *)thresholds + limits[i].offset) !=
	       LOAD_VALUE_LIMIT_NONE;
}

/** Why there is no figure for it; NULL: there is. */
static const char *why_not(const struct load_config *config, enum judged judged)
{
	switch (judged) {
	case OF_TRIALS:
		return config->run == LOAD_RUN_SEARCH && !config->latency
		               ? "run.search.latency is false, so no trial follows the search"
		               : NULL;
	case OF_SEARCH:
		return config->run != LOAD_RUN_SEARCH ? "run.mode is not search" : NULL;
	case OF_BURSTS:
		return config->run != LOAD_RUN_BURST ? "run.mode is not burst" : NULL;
	}
	return NULL;
}

int load_thresholds_check(const struct yaml_tree *tree, const struct load_config *config,
                          struct error *error)
{
	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		const char *why = why_not(config, limits[i].judged);
		char path[PATH_SIZE];

		if (why == NULL || !is_given(&config->thresholds, i))
			continue;
		(void)snprintf(path, sizeof(path), "thresholds.%s", limits[i].key);
		return yaml_tree_path_error(tree, path, error, ERROR_ARGUMENT,
		                            "nothing would be judged by it: %s; allowed: none",
		                            why);
	}
	return 0;
}

bool load_thresholds_of_trials(const struct load_thresholds *thresholds)
{
	bool given = false;

	for (size_t i = 0; i < LIMIT_COUNT; i++)
		given = given || (limits[i].judged == OF_TRIALS && is_given(thresholds, i));
	return given;
}
