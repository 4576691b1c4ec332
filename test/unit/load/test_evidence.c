/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock/timestamp.h"
#include "evidence.h"
#include "unit.h"

#define SIZE 64u

static const uint8_t frame[100] = {1, 2, 3, [63] = 4, [64] = 5};

static void keep(struct evidence *evidence, enum load_fault fault, uint64_t when)
{
	evidence_keep(evidence, fault, frame, sizeof(frame), when << 32, 7, (uint32_t)when, 9);
}

static void the_first_ones_are_kept_in_order(void)
{
	struct evidence *evidence = evidence_create(2, SIZE);

	CU_ASSERT_PTR_NOT_NULL_FATAL(evidence);
	CU_ASSERT_EQUAL(evidence_count(evidence), 0);
	keep(evidence, LOAD_FAULT_TURNAROUND, 10);
	keep(evidence, LOAD_FAULT_HMAC, 20);
	keep(evidence, LOAD_FAULT_HMAC, 5);
	keep(evidence, LOAD_FAULT_HMAC, 30);
	CU_ASSERT_EQUAL_FATAL(evidence_count(evidence), 3);
	static const uint32_t order[] = {5, 10, 20};
	for (unsigned i = 0; i < 3; i++) {
		struct evidence_entry entry = evidence_get(evidence, i);

		CU_ASSERT_EQUAL(entry.sequence, order[i]);
		CU_ASSERT_EQUAL(entry.fault, i == 1 ? LOAD_FAULT_TURNAROUND : LOAD_FAULT_HMAC);
		CU_ASSERT(entry.session == 7 && entry.detail == 9 && entry.length == SIZE);
		CU_ASSERT_EQUAL(memcmp(entry.frame, frame, SIZE), 0);
	}
	evidence_destroy(evidence);
}

static void none_may_be_wanted(void)
{
	struct evidence *evidence = evidence_create(0, SIZE);

	CU_ASSERT_PTR_NOT_NULL_FATAL(evidence);
	keep(evidence, LOAD_FAULT_HMAC, 1);
	CU_ASSERT_EQUAL(evidence_count(evidence), 0);
	evidence_destroy(evidence);
	keep(NULL, LOAD_FAULT_HMAC, 1);
	evidence_destroy(NULL);
}

#define THREADS 4u
#define TRIES   1000u
#define PLACES  16u

static void *keep_many(void *context)
{
	for (unsigned i = 0; i < TRIES; i++)
		keep(context, (enum load_fault)(i % LOAD_FAULT_COUNT), i);
	return NULL;
}

static void lcores_share_it(void)
{
	struct evidence *evidence = evidence_create(PLACES, SIZE);
	pthread_t threads[THREADS];

	CU_ASSERT_PTR_NOT_NULL_FATAL(evidence);
	for (unsigned i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, keep_many, evidence), 0);
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(evidence_count(evidence), PLACES * LOAD_FAULT_COUNT);
	evidence_destroy(evidence);
}

static uint32_t word(const uint8_t *octets)
{
	uint32_t value;

	memcpy(&value, octets, sizeof(value));
	return value;
}

static void a_pcap_has_nanoseconds(void)
{
	char path[] = "/tmp/test-evidence-XXXXXX";
	const struct timespec time = {.tv_sec = 1700000000, .tv_nsec = 123456789};
	struct evidence *evidence = evidence_create(1, SIZE);
	uint8_t file_octets[24 + 16 + SIZE + 1];
	struct error error = {0};
	int file = mkstemp(path);

	CU_ASSERT_FATAL(evidence != NULL && file >= 0);
	(void)close(file);
	evidence_keep(evidence, LOAD_FAULT_MBZ, frame, sizeof(frame), ntp_from_timespec(&time), 0,
	              0, 0);
	CU_ASSERT_EQUAL(evidence_write_pcap(evidence, path, &error), 0);
	FILE *written = fopen(path, "rbe");
	CU_ASSERT_PTR_NOT_NULL_FATAL(written);
	CU_ASSERT_EQUAL(fread(file_octets, 1, sizeof(file_octets), written), 24 + 16 + SIZE);
	(void)fclose(written);
	CU_ASSERT_EQUAL(word(file_octets), 0xa1b23c4d);
	CU_ASSERT_EQUAL(word(file_octets + 4), 2 | 4 << 16);
	CU_ASSERT_EQUAL(word(file_octets + 20), 1);
	CU_ASSERT_EQUAL(word(file_octets + 24), 1700000000);
	CU_ASSERT(word(file_octets + 28) >= 123456788 && word(file_octets + 28) <= 123456790);
	CU_ASSERT(word(file_octets + 32) == SIZE && word(file_octets + 36) == sizeof(frame));
	CU_ASSERT_EQUAL(memcmp(file_octets + 40, frame, SIZE), 0);
	(void)unlink(path);
	evidence_destroy(evidence);
}

static void a_pcap_that_cannot_be_written_is_told(void)
{
	struct evidence *evidence = evidence_create(1, SIZE);
	struct error error = {0};

	CU_ASSERT_PTR_NOT_NULL_FATAL(evidence);
	CU_ASSERT_EQUAL(evidence_write_pcap(evidence, "/nowhere/at/all.pcap", &error),
	                ERROR_SYSTEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/nowhere/at/all.pcap"));
	CU_ASSERT_EQUAL(evidence_write_pcap(evidence, "/dev/full", &error), ERROR_SYSTEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/dev/full"));
	evidence_destroy(evidence);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the_first_ones_are_kept_in_order", the_first_ones_are_kept_in_order},
	        {"none_may_be_wanted", none_may_be_wanted},
	        {"lcores_share_it", lcores_share_it},
	        {"a_pcap_has_nanoseconds", a_pcap_has_nanoseconds},
	        {"a_pcap_that_cannot_be_written_is_told", a_pcap_that_cannot_be_written_is_told},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/evidence", tests);
}
