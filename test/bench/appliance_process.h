/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The appliance as a child process, with a configuration of its own in a temporary folder: control on loopback, a test port that is
 * a ring within the process, both kinds of keys.
 */
#ifndef SPECULAR_BENCH_APPLIANCE_PROCESS_H
#define SPECULAR_BENCH_APPLIANCE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"
#include "key/key_provider.h"

#define APPLIANCE_ADDRESS       "192.0.2.2" /**< of its test port */
#define APPLIANCE_PORT_LOWER    18760u      /**< UDP */
#define APPLIANCE_PBKDF2_COUNT  1024u
#define APPLIANCE_CLIENTS_MAX   64u /**< connections at once, of all addresses */
#define APPLIANCE_FOLDER_LENGTH 64u

struct appliance_process {
	pid_t pid;
	struct endpoint control;
	char folder[APPLIANCE_FOLDER_LENGTH];
};

/**
 * Starts PROGRAM and waits until it takes connections. key_count KeyIDs "bench-0" and so on have the passphrases of appliance_psk; the
 * IKE SA is that of appliance_sa. sessions: as many as it has room for. ERROR_SYSTEM with the end of its log.
 */
int appliance_process_start(struct appliance_process *process, const char *program,
                            unsigned key_count, unsigned sessions, struct error *error);

/** Ends it in order; ERROR_SYSTEM when it did not end well. Removes the folder. */
int appliance_process_stop(struct appliance_process *process, struct error *error);

/** Nanoseconds that its main thread, the slow path's, has run. */
uint64_t appliance_process_cpu_ns(const struct appliance_process *process);

/** CPUs of its slow path and of its polling lcore: different ones, if this process may use two. */
void appliance_cpus(unsigned *main_cpu, unsigned *worker_cpu);

/** Key number of the PSK file. */
void appliance_psk(unsigned number, uint8_t key_id[KEY_PROVIDER_ID_SIZE],
                   struct shared_secret *secret);
/** The SA of the SA file: its SPIs as KeyID, prf(SK_d, "IPPM"). */
int appliance_sa(uint8_t key_id[KEY_PROVIDER_ID_SIZE], struct shared_secret *secret);

#endif
