/* SPDX-License-Identifier: BSD-3-Clause */
/** The unix socket: who may be there, and how a request goes. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "operation_world.h"
#include "socket_path.h"
#include "socket_server.h"
#include "unit.h"

#define TURNS 200

static struct operation_world world;
static struct config_operation config;
static struct socket_server *server;
static struct error error;
static char folder[64];
static pthread_barrier_t beside;

static void start(void)
{
	operation_world_open(&world);
	memset(&config, 0, sizeof(config));
	(void)snprintf(folder, sizeof(folder), "/tmp/operation-socket-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	(void)snprintf(config.socket, sizeof(config.socket), "%s/s", folder);
}

static void stop(void)
{
	(void)unlink(config.socket);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
	operation_world_close(&world);
}

static void start_server(void)
{
	CU_ASSERT_EQUAL_FATAL(socket_server_create(world.operation, &config, &server, &error), 0);
}

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, config.socket, sizeof(address.sun_path) - 1);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/** Sends, then reads until the server closes; the octets read, or -1 when it does not close. */
static ssize_t exchange(int fd, const char *line, char *answer, size_t size)
{
	size_t have = 0;

	CU_ASSERT_EQUAL(send(fd, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
	for (int turn = 0; turn < TURNS; turn++) {
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
		ssize_t got = recv(fd, answer + have, size - 1 - have, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET)) {
			answer[have] = '\0';
			return (ssize_t)have;
		}
		have += got > 0 ? (size_t)got : 0;
	}
	return -1;
}

static void expect(const char *line, const char *text)
{
	char answer[16384] = "";
	int fd = connect_client();

	CU_ASSERT(exchange(fd, line, answer, sizeof(answer)) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer, text));
	(void)close(fd);
}

static void a_request_gets_its_document(void)
{
	char line[OPERATION_REQUEST_SIZE + 8];

	start();
	start_server();
	expect("status\n", "\"state\": \"running\"");
	expect("status\nmore", "\"state\": \"running\"");
	expect("\n", "\"code\": \"wrong-parameter\"");
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	expect(line, "too long");
	line[OPERATION_REQUEST_SIZE - 1] = '\n';
	line[OPERATION_REQUEST_SIZE] = '\0';
	expect(line, "unknown-command");
	socket_server_destroy(server);
	CU_ASSERT_EQUAL(access(config.socket, F_OK), -1);
	stop();
}

static void many_ask_at_once(void)
{
	int clients[SOCKET_CLIENTS_MAX + 8];
	char answer[16384];
	unsigned count = sizeof(clients) / sizeof(clients[0]);

	start();
	start_server();
	for (unsigned i = 0; i < count; i++) {
		clients[i] = connect_client();
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
	}
	/* Silent ones hold all places; the others wait until they go. */
	for (int turn = 0; turn < TURNS; turn++)
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(exchange(clients[count - 1], "status\n", answer, sizeof(answer)), -1);
	for (unsigned i = 0; i + 1 < count; i++)
		(void)close(clients[i]);
	CU_ASSERT(exchange(clients[count - 1], "", answer, sizeof(answer)) > 0);
	(void)close(clients[count - 1]);
	expect("status\n", "running");
	/* Who goes away in the middle harms nobody. */
	int fd = connect_client();
	CU_ASSERT_EQUAL(send(fd, "status\n", 7, MSG_NOSIGNAL), 7);
	(void)close(fd);
	expect("status\n", "running");
	socket_server_destroy(server);
	stop();
}

struct timers {
	struct timeval now;
	unsigned count;
};

/** Counts timers that are due within a client's time. */
static int count_timer(const struct event_base *base, const struct event *event, void *context)
{
	struct timers *timers = context;
	struct timeval at, left;

	(void)base;
	if (event_get_fd(event) >= 0 || !event_pending(event, EV_TIMEOUT, &at))
		return 0;
	timersub(&at, &timers->now, &left);
	timers->count += left.tv_sec <= SOCKET_CLIENT_SECONDS;
	return 0;
}

static unsigned count_deadlines(void)
{
	struct timers timers = {.count = 0};

	(void)gettimeofday(&timers.now, NULL);
	(void)event_base_foreach_event(world.harness.base, count_timer, &timers);
	return timers.count;
}

static void nobody_stays_for_ever(void)
{
	start();
	start_server();
	unsigned before = count_deadlines();
	int fd = connect_client();
	(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(count_deadlines(), before + 1);
	(void)close(fd);
	socket_server_destroy(server);
	stop();
}

/** Of a large answer, nothing of which is ever read. */
static int write_much(struct operation *operation, const struct operation_request *request,
                      struct json_writer *json, struct error *reason)
{
	static char text[1 << 20];

	(void)operation;
	(void)request;
	(void)reason;
	memset(text, 'a', sizeof(text) - 1);
	for (int i = 0; i < 6; i++)
		json_string(json, "much", text);
	return 0;
}

static void answers_that_nobody_fetches(void)
{
	static const struct operation_command much[] = {{.name = "much", .run = write_much},
	                                                {.name = NULL}};
	int clients[3];

	start();
	CU_ASSERT_EQUAL(operation_register(world.operation, much), 0);
	start_server();
	for (unsigned i = 0; i < 3; i++) {
		clients[i] = connect_client();
		CU_ASSERT_EQUAL(send(clients[i], "much\n", 5, MSG_NOSIGNAL), 5);
		for (int turn = 0; turn < TURNS; turn++)
			(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
	}
	expect("status\n", "\"code\": \"busy\"");
	(void)close(clients[0]);
	expect("status\n", "\"state\": \"running\"");
	(void)close(clients[1]);
	(void)close(clients[2]);
	socket_server_destroy(server);
	stop();
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	CU_ASSERT_EQUAL(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void only_the_owner_gets_in(void)
{
	struct stat made;
	int fd;

	start();
	/* From the beginning on, whatever the process's umask. */
	mode_t before = umask(0);
	CU_ASSERT_EQUAL(socket_path_listen(&config, &fd, &made, &error), 0);
	(void)umask(before);
	CU_ASSERT_EQUAL(made.st_mode & 0777, 0600);
	(void)close(fd);
	start_server();
	CU_ASSERT_EQUAL(mode_of(config.socket), 0600);
	socket_server_destroy(server);
	(void)snprintf(config.socket_group, sizeof(config.socket_group), "no-such-group");
	CU_ASSERT_EQUAL(socket_server_create(world.operation, &config, &server, &error),
	                ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(access(config.socket, F_OK), -1);
	(void)snprintf(config.socket_group, sizeof(config.socket_group), "root");
	if (geteuid() == 0) {
		start_server();
		CU_ASSERT_EQUAL(mode_of(config.socket), 0660);
		socket_server_destroy(server);
	}
	stop();
}

static void what_is_there_is_looked_at(void)
{
	struct socket_server *second;

	start();
	start_server();
	CU_ASSERT_EQUAL(socket_server_create(world.operation, &config, &second, &error),
	                ERROR_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another process listens at"));
	expect("status\n", "running");
	socket_server_destroy(server);
	/* A dead process's. */
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, config.socket, sizeof(address.sun_path) - 1);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	start_server();
	expect("status\n", "running");
	/* Not ours any more: it stays. */
	CU_ASSERT_EQUAL(unlink(config.socket), 0);
	fd = open(config.socket, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	socket_server_destroy(server);
	CU_ASSERT_EQUAL(access(config.socket, F_OK), 0);
	CU_ASSERT_EQUAL(socket_server_create(world.operation, &config, &server, &error),
	                ERROR_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "is no socket"));
	stop();
}

static void a_folder_of_everybody(void)
{
	start();
	CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
	CU_ASSERT_EQUAL(socket_server_create(world.operation, &config, &server, &error),
	                ERROR_PERMISSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "anybody may write to"));
	/* As /tmp is: only the owner replaces what is his. */
	CU_ASSERT_EQUAL(chmod(folder, 01777), 0);
	start_server();
	socket_server_destroy(server);
	CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
	stop();
}

/** Another appliance that starts: it has cleared the path, and listens a moment later. */
static void *start_beside(void *listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int lock = open(folder, O_RDONLY | O_DIRECTORY);

	memcpy(address.sun_path, config.socket, sizeof(address.sun_path) - 1);
	CU_ASSERT_EQUAL(flock(lock, LOCK_EX), 0);
	*(int *)listener = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(bind(*(int *)listener, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)pthread_barrier_wait(&beside);
	(void)usleep(50000);
	CU_ASSERT_EQUAL(listen(*(int *)listener, 1), 0);
	(void)close(lock);
	return NULL;
}

static void two_start_at_once(void)
{
	pthread_t thread;
	int listener;

	start();
	CU_ASSERT_EQUAL(pthread_barrier_init(&beside, NULL, 2), 0);
	CU_ASSERT_EQUAL(pthread_create(&thread, NULL, start_beside, &listener), 0);
	(void)pthread_barrier_wait(&beside);
	CU_ASSERT_EQUAL(socket_server_create(world.operation, &config, &server, &error),
	                ERROR_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another process listens at"));
	CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
	(void)close(listener);
	(void)pthread_barrier_destroy(&beside);
	stop();
}

int main(void)
{
	CU_TestInfo tests[] = {{"a request gets its document", a_request_gets_its_document},
	                       {"many ask at once", many_ask_at_once},
	                       {"nobody stays for ever", nobody_stays_for_ever},
	                       {"answers that nobody fetches", answers_that_nobody_fetches},
	                       {"only the owner gets in", only_the_owner_gets_in},
	                       {"what is there is looked at", what_is_there_is_looked_at},
	                       {"a folder of everybody", a_folder_of_everybody},
	                       {"two start at once", two_start_at_once},
	                       CU_TEST_INFO_NULL};
	(void)signal(SIGPIPE, SIG_IGN); /* as the program does */
	return unit_run("operation-socket", tests);
}
