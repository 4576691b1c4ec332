/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * How long a look-up of a cached SA takes through key_provider_ask: the charon provider with 1,000 and with 100,000 SAs, against the static
 * table with 1,000, which looks at every entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "key/fake_daemon.h"
#include "record.h"

#define QUERIES      4096u
#define REPEATS      3u
#define ROUNDS       3u
#define TABLE_SAS    1000u
#define SA_TEXT_SIZE 256u

static unsigned wrong;

static void count_wrong(void *context, int status, const struct shared_secret *secret,
                        const char *reason)
{
	(void)context;
	(void)reason;
	wrong += status != 0 || secret->size != FAKE_SECRET_SIZE;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/** Nanoseconds a look-up, the best of some runs: of SAs 1 to count in an order that caches can't guess. */
static double measure(struct key_provider *provider, unsigned count, unsigned rounds)
{
	struct key_query *queries = calloc(QUERIES, sizeof(*queries));
	uint64_t best = UINT64_MAX;
	struct key_lookup *lookup;
	uint32_t state = 1;

	CU_ASSERT_PTR_NOT_NULL_FATAL(queries);
	for (unsigned i = 0; i < QUERIES; i++) {
		state = state * 1664525u + 1013904223u;
		queries[i] = fake_query(1 + (state >> 8) % count);
	}
	wrong = 0;
	for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
		uint64_t begin = now_ns();
		for (unsigned i = 0; i < rounds * QUERIES; i++)
			(void)key_provider_ask(provider, &queries[i % QUERIES], count_wrong, NULL,
			                       &lookup);
		uint64_t took = now_ns() - begin;
		best = took < best ? took : best;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(queries);
	return (double)best / rounds / QUERIES;
}

static double measure_table(void)
{
	static const char sk_d[] =
	        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	char *text = malloc(TABLE_SAS * SA_TEXT_SIZE);
	struct key_provider *provider;
	uint8_t spis[IKE_SPIS_SIZE];
	char name[KEY_NAME_SIZE];
	struct error error = {""};

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	size_t size = (size_t)sprintf(text, "security-associations:\n");
	for (unsigned sa = 1; sa <= TABLE_SAS; sa++) {
		fake_spis(sa, spis);
		ike_sa_name(spis, name);
		size += (size_t)sprintf(text + size,
		                        "- {spi-i: \"%.16s\", spi-r: \"%.16s\", prf: "
		                        "hmac-sha2-256, sk-d: \"%s\"}\n",
		                        name, name + 17, sk_d);
	}
	CU_ASSERT_EQUAL_FATAL(sa_file_parse("bench.yaml", text, size, &provider, &error), 0);
	free(text);
	double ns = measure(provider, TABLE_SAS, 1);
	key_provider_destroy(provider);
	return ns;
}

static double measure_charon(unsigned count)
{
	struct fake_daemon fake;

	fake_init(&fake);
	fake.settings.timeout_ms = 60000;
	fake_create(&fake);
	fake_snapshot(&fake, count);
	double ns = measure(fake.provider, count, 50);
	fake_stop(&fake);
	return ns;
}

static void look_ups(void)
{
	static const unsigned counts[] = {1000, 100000};
	struct record table, daemon[2];

	record_init(&table, "key-lookup", "ns/look-up");
	record_text(&table, "provider", "static");
	record_number(&table, "sas", TABLE_SAS);
	for (unsigned i = 0; i < 2; i++) {
		record_init(&daemon[i], "key-lookup", "ns/look-up");
		record_text(&daemon[i], "provider", "charon");
		record_number(&daemon[i], "sas", counts[i]);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		record_round(&table, measure_table());
		for (unsigned i = 0; i < 2; i++)
			record_round(&daemon[i], measure_charon(counts[i]));
	}
	record_print(&table, stdout);
	record_print(&daemon[0], stdout);
	record_print(&daemon[1], stdout);
}

/* In CUnit's frame: the fake daemon asserts. */
int main(void)
{
	CU_TestInfo tests[] = {{"look-ups", look_ups}, CU_TEST_INFO_NULL};

	return unit_run("bench-key-lookup", tests);
}
