/* SPDX-License-Identifier: BSD-3-Clause */
#include "ike_initiate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "local_clock.h"

#define SWANCTL           "swanctl"
#define LINE_SIZE         256u
#define READ_SIZE         1024u
#define NUMBER_TEXT_SIZE  12u
#define ARGUMENTS_MAXIMUM 9u
#define GRACE_MS          1000
#define MS_PER_S          1000
#define NS_PER_MS         1000000

struct child {
	pid_t pid;
	int pid_fd; /**< readable when it has ended */
	int output; /**< its standard output and error; -1 once closed */
};

/** What the child says, line by line; reason is the line that tells most. */
struct transcript {
	bool verbose;
	bool failure_seen; /**< reason tells of a failure */
	size_t length;
	char line[LINE_SIZE];
	char reason[LINE_SIZE];
};

static void line_end(struct transcript *transcript)
{
	bool failure;

	transcript->line[transcript->length] = '\0';
	if (transcript->length == 0)
		return;
	transcript->length = 0;
	if (transcript->verbose)
		log_event(LOG_LEVEL_INFO, SWANCTL, "%s", transcript->line);
	failure = strstr(transcript->line, "failed") != NULL;
	if (transcript->failure_seen && !failure)
		return;
	transcript->failure_seen = failure;
	memcpy(transcript->reason, transcript->line, sizeof(transcript->reason));
}

static void transcript_add(struct transcript *transcript, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			line_end(transcript);
		else if (transcript->length < LINE_SIZE - 1)
			transcript->line[transcript->length++] =
			        text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	}
}

static void read_output(struct child *child, struct transcript *transcript)
{
	char text[READ_SIZE];
	ssize_t size = read(child->output, text, sizeof(text));

	if (size > 0) {
		transcript_add(transcript, text, (size_t)size);
	} else if (size == 0 || errno != EINTR) {
		(void)close(child->output);
		child->output = -1;
	}
}

/** The signals that this process blocks for its signalfd are the child's again. */
static int spawn_with(char *const arguments[], int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int result;

	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	result = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (result == 0)
		result = posix_spawnp(pid, SWANCTL, &actions, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return result;
}

static int spawn(const struct ike_options *options, unsigned timeout_s, struct child *child,
                 struct error *error)
{
	char seconds[NUMBER_TEXT_SIZE];
	const char *words[ARGUMENTS_MAXIMUM] = {
	        SWANCTL, "--initiate", "--ike", options->connection, "--timeout", seconds};
	char *arguments[ARGUMENTS_MAXIMUM];
	int ends[2], result;

	(void)snprintf(seconds, sizeof(seconds), "%u", timeout_s);
	if (options->vici_uri != NULL) {
		words[6] = "--uri";
		words[7] = options->vici_uri;
	}
	memcpy(arguments, words, sizeof(arguments));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(error, ERROR_UNAVAILABLE, "pipe: %s", strerror(errno));
	child->output = ends[0];
	result = spawn_with(arguments, ends[1], &child->pid);
	(void)close(ends[1]);
	if (result == 0) {
		child->pid_fd = pidfd_open(child->pid, 0);
		if (child->pid_fd >= 0)
			return 0;
		result = errno;
		(void)kill(child->pid, SIGKILL);
		(void)waitpid(child->pid, NULL, 0);
	}
	(void)close(ends[0]);
	if (result == ENOENT)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "--ike-initiate: there is no " SWANCTL " in PATH: install the "
		                 "package strongswan-swanctl (it is in /usr/sbin)");
	return error_set(error, ERROR_UNAVAILABLE, "--ike-initiate: can't run " SWANCTL ": %s",
	                 strerror(result));
}

/** Until the child has ended and its output is read. */
static int follow(struct child *child, int64_t deadline_ns, int interrupt_fd,
                  struct transcript *transcript, struct error *error)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = child->output, .events = POLLIN},
		                       {.fd = child->pid_fd, .events = POLLIN},
		                       {.fd = interrupt_fd, .events = POLLIN}};
		int64_t left_ms = (deadline_ns - monotonic_now_ns()) / NS_PER_MS;
		int ready = poll(fds, sizeof(fds) / sizeof(fds[0]), left_ms < 0 ? 0 : (int)left_ms);

		if (ready < 0 && errno != EINTR)
			return error_set(error, ERROR_UNAVAILABLE, "poll: %s", strerror(errno));
		if (ready > 0 && fds[2].revents != 0)
			return error_set(error, ERROR_UNAVAILABLE,
			                 "interrupted while waiting for " SWANCTL);
		if (ready > 0 && fds[0].revents != 0)
			read_output(child, transcript);
		else if (ready > 0 && fds[1].revents != 0)
			return 0;
		if (left_ms <= 0)
			return error_set(error, ERROR_UNAVAILABLE,
			                 SWANCTL " did not end in time: does charon answer?");
	}
}

/** Returns what waitpid tells. */
static int reap(struct child *child, bool terminate)
{
	struct pollfd ended = {.fd = child->pid_fd, .events = POLLIN};
	int status = 0;

	if (terminate) {
		(void)kill(child->pid, SIGTERM);
		if (poll(&ended, 1, GRACE_MS) != 1)
			(void)kill(child->pid, SIGKILL);
	}
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)close(child->pid_fd);
	if (child->output >= 0)
		(void)close(child->output);
	return status;
}

int ike_initiate(const struct ike_options *options, unsigned timeout_s, bool verbose,
                 int interrupt_fd, struct error *error)
{
	int64_t limit_ms = (int64_t)timeout_s * MS_PER_S + GRACE_MS;
	int64_t deadline = monotonic_now_ns() + limit_ms * NS_PER_MS;
	struct transcript transcript = {.verbose = verbose};
	struct child child = {.pid_fd = -1, .output = -1};
	int result = spawn(options, timeout_s, &child, error), status;

	if (result != 0)
		return result;
	result = follow(&child, deadline, interrupt_fd, &transcript, error);
	status = reap(&child, result != 0);
	line_end(&transcript);
	if (result != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return result;
	return error_set(error, ERROR_UNAVAILABLE, SWANCTL " could not bring up %.100s (%s %d): %s",
	                 options->connection, WIFEXITED(status) ? "exit code" : "signal",
	                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
	                 transcript.reason[0] != '\0' ? transcript.reason : "it said nothing");
}
