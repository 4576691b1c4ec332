/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * All that a run found out: what every report (text, JSON, JUnit XML, HTML) is written from. Filled by the conductor, read by the
 * reports. Owned by the main thread.
 */
#ifndef SPECULAR_LOAD_RESULT_H
#define SPECULAR_LOAD_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "load_config.h"
#include "search.h"
#include "trial.h"

#define RESULT_TEXT_SIZE 256u
#define CHECK_NAME_SIZE  (RESULT_TEXT_SIZE + 32u)

/** On what it ran. */
struct run_environment {
	char version[RESULT_TEXT_SIZE]; /**< "specular-load 0.1.0" */
	char host[RESULT_TEXT_SIZE];    /**< node name */
	char kernel[RESULT_TEXT_SIZE];  /**< "Linux 6.1.0 x86_64" */
	char cpu[RESULT_TEXT_SIZE];     /**< model name of /proc/cpuinfo */
	unsigned cpus;                  /**< online */
	uint64_t tsc_hz;
	char dpdk[RESULT_TEXT_SIZE];   /**< rte_version() */
	char driver[RESULT_TEXT_SIZE]; /**< of the port: "net_memif" */
	char device[RESULT_TEXT_SIZE];
	char crypto[RESULT_TEXT_SIZE]; /**< suite_name */
	char timestamps
	        [RESULT_TEXT_SIZE]; /**< "TSC disciplined to CLOCK_REALTIME, synchronized, error 12 us" */
	bool hugepages;
	bool lossless_link; /**< the driver holds a sender back while the other side's ring is full: memif, rings */
	uint64_t link_rate; /**< bits a second, 0: unknown */
	char config_path[CONFIG_PATH_SIZE];
	char config_sha256[65];           /**< of the file's octets, hexadecimal */
	char reflector[RESULT_TEXT_SIZE]; /**< "192.0.2.2, control 192.0.2.2:862" */
	struct timespec started, ended;   /**< CLOCK_REALTIME */
};

/** A trial that stands in the reports under a name: "rate", "latency at 10% of PDR", "ramp 1000 sessions", "burst 3". */
struct named_trial {
	char name[RESULT_TEXT_SIZE];
	struct trial_result result;
	struct trial_second *seconds; /**< owned; NULL for none */
	unsigned second_count;
};

/** One kept packet. */
struct run_evidence {
	enum load_fault fault;
	uint64_t received_ntp;
	unsigned session; /**< index; UINT32_MAX: none */
	char what
	        [RESULT_TEXT_SIZE]; /**< "session 3 (198.51.100.1:20003 to 192.0.2.2:20003), sender sequence 41: HMAC ..." */
};
#define RUN_EVIDENCE_MAX (16u * LOAD_FAULT_COUNT)

struct burst_summary {
	bool valid;
	unsigned rounds; /**< without loss and fault */
	/** Frames a second by the reflector's clock (by arrival with LOAD_PEER_SWAP), nearest rank over the rounds. */
	double rate_median, rate_p10, rate_p90, rate_best;
	uint64_t lost; /**< of all rounds */
	double *each; /**< rate of every round in its order, 0: it does not count. Owned; NULL for none */
	unsigned each_count;
	bool out_of_time; /**< run.burst.time-limit was used up before all rounds */
};

struct run_result {
	const struct load_config *config;
	struct run_environment environment;
	unsigned sessions; /**< set up */
	bool searched;
	struct search_result search;
	uint64_t
	        search_wrong; /**< replies that broke a rule in the search's own trials, which have no named_trial */
	uint64_t search_received; /**< replies in them, right or wrong */
	struct burst_summary burst;
	struct named_trial *trials; /**< owned, in order */
	unsigned trial_count;
	struct run_evidence evidence[RUN_EVIDENCE_MAX];
	unsigned evidence_count;
	char evidence_path[CONFIG_PATH_SIZE]; /**< the pcap; "" for none */
	uint64_t link_down_ns;                /**< while it measured; in steps of about 100 ms */
	bool interrupted;
	char failure[ERROR_TEXT_SIZE]; /**< why it could not run (to its end); "" for nothing */
	/* Memory of the process at each trial's end would tell a leak: soak. KiB of /proc/self/status VmRSS. */
	uint64_t resident_first_kib, resident_last_kib;
};

/** One threshold judged. */
struct run_check {
	char name[CHECK_NAME_SIZE];   /**< "loss of rate", "NDR" */
	char limit[RESULT_TEXT_SIZE]; /**< "at most 0 ppm" */
	char value[RESULT_TEXT_SIZE]; /**< "12 ppm" */
	bool met;
	/**
	 * Not the reflector's fault: the load gave out. met is false then, and the text says so. A full transmit queue does not count: of
	 * memif and rings it is the reflector's own.
	 */
	bool load_limited;
};
#define RUN_CHECKS_MAX 256u

/** Judges every threshold of the configuration; returns how many checks were written. What has no room is judged by the last one. */
unsigned run_judge(const struct run_result *result, struct run_check checks[RUN_CHECKS_MAX]);

/** 0 thresholds met, 1 missed (or interrupted), 2 could not run. */
int run_exit_code(const struct run_result *result);

void run_result_free(struct run_result *result);

#endif
