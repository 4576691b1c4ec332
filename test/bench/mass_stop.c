/* SPDX-License-Identifier: BSD-3-Clause */
#include "mass_stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control_load.h"
#include "wire/control_message.h"

#define CONNECTIONS_MAX 16u
#define USUAL_PROBES    50u
/** Of probing: all sessions are gone, and their memory, long before. */
#define PROBE_SECONDS 1.0
#define PROBE_GAP_US  500u

const char *const mass_stop_names[MASS_STOP_WAYS] = {
        [MASS_STOP_STOP_SESSIONS] = "Stop-Sessions",
        [MASS_STOP_CONNECTION_END] = "connection end",
};

static double now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/** Microseconds from connect to the Greeting; negative with an error. */
static double probe(const struct endpoint *control, struct error *error)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(control, &address);
	uint8_t greeting[GREETING_SIZE];
	double begin = now_us();
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, size) == 0 &&
	    recv(fd, greeting, sizeof(greeting), MSG_WAITALL) == (ssize_t)sizeof(greeting)) {
		double took = now_us() - begin;

		(void)close(fd);
		return took;
	}
	(void)error_set(error, ERROR_SYSTEM, "no Greeting: %s", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static int ascending(const void *left, const void *right)
{
	double difference = *(const double *)left - *(const double *)right;

	return (difference > 0) - (difference < 0);
}

static int probe_usual(const struct endpoint *control, double *median, struct error *error)
{
	double took[USUAL_PROBES];

	for (unsigned i = 0; i < USUAL_PROBES; i++) {
		took[i] = probe(control, error);
		if (took[i] < 0)
			return ERROR_SYSTEM;
		(void)usleep(PROBE_GAP_US);
	}
	qsort(took, USUAL_PROBES, sizeof(took[0]), ascending);
	*median = took[USUAL_PROBES / 2];
	return 0;
}

static int probe_longest(const struct endpoint *control, double *longest, struct error *error)
{
	double until = now_us() + PROBE_SECONDS * 1e6;

	*longest = 0;
	while (now_us() < until) {
		double took = probe(control, error);

		if (took < 0)
			return ERROR_SYSTEM;
		*longest = took > *longest ? took : *longest;
		(void)usleep(PROBE_GAP_US);
	}
	return 0;
}

static int end_all(const int *held, unsigned connections, unsigned sessions, enum mass_stop_how how,
                   struct error *error)
{
	const struct stop_sessions stop = {.accept = ACCEPT_OK, .sessions = sessions};
	uint8_t octets[STOP_SESSIONS_SIZE] = {0};

	if (how == MASS_STOP_CONNECTION_END)
		return 0; /* by who closes them */
	stop_sessions_write(octets, &stop);
	for (unsigned i = 0; i < connections; i++) {
		if (send(held[i], octets, sizeof(octets), MSG_NOSIGNAL) != (ssize_t)sizeof(octets))
			return error_set(error, ERROR_SYSTEM, "Stop-Sessions: %s", strerror(errno));
	}
	return 0;
}

static void close_all(int *held, unsigned connections)
{
	for (unsigned i = 0; i < connections; i++) {
		if (held[i] > 0)
			(void)close(held[i]);
		held[i] = 0;
	}
}

int mass_stop_measure(const struct appliance_process *appliance, enum mass_stop_how how,
                      unsigned connections, unsigned sessions, unsigned first_address,
                      struct mass_stop_times *times, struct error *error)
{
	int held[CONNECTIONS_MAX] = {0};
	struct control_load load = {
	        .server = appliance->control,
	        .receiver_port = APPLIANCE_PORT_LOWER,
	        .mode = MODE_UNAUTHENTICATED,
	        .connections = connections,
	        .sessions = sessions,
	        .first_address = first_address,
	        .held = held,
	};

	if (connections > CONNECTIONS_MAX)
		return error_set(error, ERROR_ARGUMENT, "no more than %u connections",
		                 CONNECTIONS_MAX);
	(void)address_parse(APPLIANCE_ADDRESS, &load.receiver);
	int status = control_load_run(&load, error);
	if (status == 0)
		status = probe_usual(&appliance->control, &times->usual_us, error);
	if (status == 0)
		status = end_all(held, connections, sessions, how, error);
	if (how == MASS_STOP_CONNECTION_END)
		close_all(held, connections);
	if (status == 0)
		status = probe_longest(&appliance->control, &times->stall_us, error);
	close_all(held, connections);
	return status;
}
