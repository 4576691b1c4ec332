/* SPDX-License-Identifier: BSD-3-Clause */
#include "every_thread.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TASKS           "/proc/self/task"
#define POLL_NS         50000
#define PATIENCE_POLLS  200000u /* ten seconds: a machine may be busy */
#define THREADS_PER_ADD 64u

/* Handed to the thread with its signal; done is written last. */
struct call {
	every_thread_function function;
	const void *context;
	int status;
	bool done;
};

struct threads {
	pid_t *ids;
	size_t count;
};

static void on_signal(int number, siginfo_t *information, void *unused)
{
	int saved = errno;
	struct call *call = information->si_value.sival_ptr;

	(void)number;
	(void)unused;
	/* Anybody else's signal carries no call of ours. */
	if (information->si_code == SI_QUEUE && information->si_pid == getpid()) {
		call->status = call->function(call->context);
		__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	}
	errno = saved;
}

static int send_call(pid_t thread, int number, struct call *call)
{
	siginfo_t information = {.si_signo = number, .si_code = SI_QUEUE};

	information.si_pid = getpid();
	information.si_uid = getuid();
	information.si_value.sival_ptr = call;
	return syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, number, &information) == 0 ? 0
	                                                                                   : errno;
}

static bool is_done(const struct call *call)
{
	struct timespec pause = {.tv_nsec = POLL_NS};

	for (unsigned i = 0; i < PATIENCE_POLLS; i++) {
		if (__atomic_load_n(&call->done, __ATOMIC_ACQUIRE))
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/* A call that was not taken stays allocated: its signal may still come. */
static int run_in(pid_t thread, int number, const struct call *model, struct error *error)
{
	struct call *call = malloc(sizeof(*call));
	int status = 0;

	if (call == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a call");
	*call = *model;
	int failure = send_call(thread, number, call);
	if (failure == 0 && !is_done(call))
		return syscall(SYS_tgkill, getpid(), thread, 0) != 0
		               ? 0
		               : error_set(error, ERROR_SYSTEM,
		                           "thread %d does not take its signal", thread);
	if (failure == 0)
		failure = call->status;
	else if (failure == ESRCH) /* it has ended */
		failure = 0;
	if (failure != 0)
		status = error_set(error, ERROR_SYSTEM, "thread %d: %s", thread, strerror(failure));
	free(call);
	return status;
}

static bool knows(const struct threads *threads, pid_t thread)
{
	for (size_t i = 0; i < threads->count; i++) {
		if (threads->ids[i] == thread)
			return true;
	}
	return false;
}

static int add(struct threads *threads, pid_t thread, struct error *error)
{
	if (threads->count % THREADS_PER_ADD == 0) {
		pid_t *grown = realloc(threads->ids, (threads->count + THREADS_PER_ADD) *
		                                             sizeof(threads->ids[0]));
		if (grown == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for the threads' list");
		threads->ids = grown;
	}
	threads->ids[threads->count++] = thread;
	return 0;
}

/* Every thread that is there and not in the list; then it is. */
static int run_in_new_ones(struct threads *threads, int number, const struct call *model,
                           struct error *error)
{
	DIR *folder = opendir(TASKS);
	struct dirent *entry;
	int status = 0;

	if (folder == NULL)
		return error_set(error, ERROR_SYSTEM, TASKS ": %s", strerror(errno));
	while (status == 0 && (entry = readdir(folder)) != NULL) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		if (thread == 0 || knows(threads, thread))
			continue;
		status = run_in(thread, number, model, error);
		if (status == 0)
			status = add(threads, thread, error);
	}
	(void)closedir(folder);
	return status;
}

int every_thread_run(every_thread_function function, const void *context, struct error *error)
{
	const struct call model = {.function = function, .context = context};
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct threads threads = {0};
	struct sigaction before;
	size_t known;
	int number = SIGRTMIN;
	int status;

	(void)sigfillset(&action.sa_mask);
	if (sigaction(number, &action, &before) != 0)
		return error_set(error, ERROR_SYSTEM, "sigaction: %s", strerror(errno));
	/* A thread that had not had its turn may have started another meanwhile. */
	do {
		known = threads.count;
		status = run_in_new_ones(&threads, number, &model, error);
	} while (status == 0 && threads.count > known);
	(void)sigaction(number, &before, NULL);
	free(threads.ids);
	return status;
}
