/* SPDX-License-Identifier: BSD-3-Clause */
/** Bringing a connection up, with scripts in swanctl's place. */
#include "ike_initiate.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ike_daemon_fixture.h"
#include "server_sa.h"
#include "swanctl_fixture.h"
#include "unit.h"

#define TIMEOUT_S    5u
#define NO_INTERRUPT (-1)

static struct ike_daemon daemon_;
static struct error error;

static int initiate(const char *vici_uri, unsigned timeout_s, int interrupt_fd)
{
	struct ike_options options = {
	        .socket = daemon_.path, .connection = "lab; true", .vici_uri = vici_uri};

	return ike_initiate(&options, timeout_s, false, interrupt_fd, &error);
}

static bool says(const char *part)
{
	if (strstr(error.text, part) != NULL)
		return true;
	(void)fprintf(stderr, "no \"%s\" in: %s\n", part, error.text);
	return false;
}

/** One argument a line: a name with a blank is one word, and no shell reads it. */
static void swanctl_gets_its_words(void)
{
	char text[SWANCTL_LOG_SIZE];

	swanctl_make(&daemon_, "printf '%s\\n' \"$@\" >\"$0.log\"; cat; echo up");
	CU_ASSERT(initiate(NULL, TIMEOUT_S, NO_INTERRUPT) == 0);
	swanctl_read_log(&daemon_, text);
	CU_ASSERT_STRING_EQUAL(text, "--initiate\n--ike\nlab; true\n--timeout\n5\n");
	CU_ASSERT(initiate("unix:///x", TIMEOUT_S, NO_INTERRUPT) == 0);
	swanctl_read_log(&daemon_, text);
	CU_ASSERT_STRING_EQUAL(text,
	                       "--initiate\n--ike\nlab; true\n--timeout\n5\n--uri\nunix:///x\n");
	swanctl_remove(&daemon_);
}

static void a_failure_is_told_in_its_words(void)
{
	swanctl_make(&daemon_,
	             "echo 'initiate failed: peer said no\033[1m' >&2; echo; echo '[IKE] later'; "
	             "exit 3");
	CU_ASSERT(initiate(NULL, TIMEOUT_S, NO_INTERRUPT) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("lab; true (exit code 3): initiate failed: peer said no?[1m"));
	swanctl_remove(&daemon_);

	swanctl_make(&daemon_, "printf 'without a newline'; exit 1");
	CU_ASSERT(initiate(NULL, TIMEOUT_S, NO_INTERRUPT) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("(exit code 1): without a newline"));
	swanctl_remove(&daemon_);

	swanctl_make(&daemon_, "kill -KILL $$");
	CU_ASSERT(initiate(NULL, TIMEOUT_S, NO_INTERRUPT) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("(signal 9): it said nothing"));
	swanctl_remove(&daemon_);
}

/** More than a pipe holds, in one line: the child is not held up. */
static void much_output_is_read(void)
{
	swanctl_make(&daemon_,
	             "head -c 300000 /dev/zero | tr '\\0' x; echo; echo it failed; exit 1");
	CU_ASSERT(initiate(NULL, TIMEOUT_S, NO_INTERRUPT) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("it failed"));
	swanctl_remove(&daemon_);
}

static bool child_is_gone(void)
{
	char text[SWANCTL_LOG_SIZE];

	swanctl_read_log(&daemon_, text);
	return kill((pid_t)strtol(text, NULL, 10), 0) != 0 && errno == ESRCH;
}

static void a_hanging_one_is_ended(void)
{
	swanctl_make(&daemon_, "echo $$ >\"$0.log\"; exec sleep 60");
	CU_ASSERT(initiate(NULL, 1, NO_INTERRUPT) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("did not end in time"));
	CU_ASSERT(child_is_gone());
	swanctl_remove(&daemon_);
}

struct interrupter {
	int fd;
	char log[DAEMON_PATH_SIZE];
};

/** Waits until the script has told its number. */
static void *interrupt(void *context)
{
	const struct interrupter *interrupter = context;
	struct stat status;

	while (stat(interrupter->log, &status) != 0 || status.st_size == 0)
		(void)usleep(1000);
	(void)eventfd_write(interrupter->fd, 1);
	return NULL;
}

/** SIGTERM is blocked here as it is in the probe; the child must not inherit that. */
static void an_interrupt_ends_it(void)
{
	struct interrupter interrupter = {.fd = eventfd(0, EFD_CLOEXEC)};
	sigset_t signals, old;
	pthread_t thread;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &signals, &old);
	swanctl_make(&daemon_, "trap 'kill $!; echo $$ ended >\"$0.log\"; exit' TERM; sleep 60 & "
	                       "echo $$ >\"$0.log\"; wait");
	swanctl_file(&daemon_, "swanctl.log", interrupter.log);
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, interrupt, &interrupter) == 0);
	CU_ASSERT(initiate(NULL, 60, interrupter.fd) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("interrupted"));
	CU_ASSERT(child_is_gone());
	CU_ASSERT(pthread_join(thread, NULL) == 0);
	{
		char text[SWANCTL_LOG_SIZE];
		swanctl_read_log(&daemon_, text);
		CU_ASSERT(strstr(text, "ended") != NULL);
	}
	swanctl_remove(&daemon_);
	(void)close(interrupter.fd);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void a_missing_one_names_the_package(void)
{
	swanctl_make(&daemon_, "");
	CU_ASSERT(setenv("PATH", "/nonexistent", 1) == 0);
	CU_ASSERT(initiate(NULL, TIMEOUT_S, NO_INTERRUPT) == ERROR_UNAVAILABLE);
	CU_ASSERT(says("strongswan-swanctl"));
	swanctl_remove(&daemon_);
}

/** Has the SA with 192.0.2.2 brought up. */
static int bring_up(struct server_sa *sa)
{
	struct ike_options options = {.socket = daemon_.path, .connection = "lab"};
	struct address peer;

	CU_ASSERT_FATAL(address_parse("192.0.2.2", &peer) == 0);
	return server_sa_bring_up(&options, &peer, true, NO_INTERRUPT, sa, &error);
}

static void an_sa_is_brought_up(void)
{
	struct server_sa sa;

	swanctl_make(&daemon_, "echo initiating");
	daemon_answer_sa(&daemon_, 1, "192.0.2.2");
	daemon_start(&daemon_);
	CU_ASSERT(bring_up(&sa) == 0 && sa.known && sa.secret_size == 32);
	CU_ASSERT(memcmp(sa.spi_i, daemon_spis[1], IKE_SPI_SIZE) == 0);
	CU_ASSERT(memcmp(sa.spi_r, daemon_spis[1] + IKE_SPI_SIZE, IKE_SPI_SIZE) == 0);
	server_sa_wipe_secret(&sa);
	swanctl_remove(&daemon_);
}

static void in_vain_is_told(void)
{
	struct server_sa sa;

	swanctl_make(&daemon_, "echo 'initiate failed: no answer' >&2; exit 1");
	daemon_answer_error(&daemon_, IKE_KEY_ERROR_NOT_FOUND);
	daemon_start(&daemon_);
	CU_ASSERT(bring_up(&sa) == ERROR_NOT_FOUND && !sa.known);
	CU_ASSERT(says("initiate failed: no answer") && daemon_.asked == 0);
	swanctl_remove(&daemon_);

	swanctl_make(&daemon_, "exit 0");
	daemon_answer_error(&daemon_, IKE_KEY_ERROR_NOT_FOUND);
	daemon_start(&daemon_);
	CU_ASSERT(bring_up(&sa) == ERROR_NOT_FOUND && daemon_.asked == 1);
	CU_ASSERT(says("lab is up, but") && says("192.0.2.2"));
	swanctl_remove(&daemon_);
}

int main(void)
{
	CU_TestInfo tests[] = {{"swanctl gets its words", swanctl_gets_its_words},
	                       {"a failure is told in its words", a_failure_is_told_in_its_words},
	                       {"much output is read", much_output_is_read},
	                       {"a hanging one is ended", a_hanging_one_is_ended},
	                       {"an interrupt ends it", an_interrupt_ends_it},
	                       {"a missing one names the package", a_missing_one_names_the_package},
	                       {"an SA is brought up", an_sa_is_brought_up},
	                       {"in vain is told", in_vain_is_told},
	                       CU_TEST_INFO_NULL};
	return unit_run("client-initiate", tests);
}
