/* SPDX-License-Identifier: BSD-3-Clause */
/** The HTTP listener: by which names it may be called, and what its connections may take. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_clients.h"
#include "http_host.h"
#include "http_server.h"
#include "operation_world.h"
#include "unit.h"

#define TURNS  400
#define SECOND UINT64_C(1000000)

static struct operation_world world;
static struct config_http config;
static struct http_server *server;
static struct error error;

static void names_are_known(void)
{
	static const struct config_http named = {.hosts = {"a.example.net", "b"}, .host_count = 2};
	static const char *const ours[] = {"127.0.0.1",
	                                   "127.0.0.1:9862",
	                                   "192.0.2.1:1",
	                                   "[::1]",
	                                   "[2001:db8::1]:80",
	                                   "localhost",
	                                   "LocalHost.:9862",
	                                   "localhost:",
	                                   "a.example.net",
	                                   "A.Example.Net.:8080",
	                                   "b"};
	static const char *const foreign[] = {"",
	                                      ":",
	                                      ":80",
	                                      "evil.example",
	                                      "evil.example:9862",
	                                      "127.0.0.1.evil.example",
	                                      "localhost.evil.example",
	                                      "evil.example#localhost",
	                                      "localhost:80:80",
	                                      "localhost:x",
	                                      "a@localhost",
	                                      "localhost/",
	                                      "[::1",
	                                      "[::1]x",
	                                      "[::1]:8o",
	                                      "[127.0.0.1]",
	                                      "[localhost]",
	                                      "[]",
	                                      "::1",
	                                      "127.0.0.1 ",
	                                      "127.1",
	                                      "a.example.net..",
	                                      "a.example",
	                                      "xa.example.net",
	                                      "c"};
	char large[600];

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		CU_ASSERT(http_host_is_ours(ours[i], &named));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		CU_ASSERT(!http_host_is_ours(foreign[i], &named));
	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	CU_ASSERT(!http_host_is_ours(large, &named));
	large[0] = '[';
	CU_ASSERT(!http_host_is_ours(large, &named));
}

/** True when the other end sees that the connection was shut down. */
static bool has_ended(int fd)
{
	char octet;

	return recv(fd, &octet, 1, MSG_DONTWAIT) == 0;
}

static void a_slow_request_ends(void)
{
	struct http_clients clients;
	struct http_client *slow, *quick;
	int ends[2][2];

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
	http_clients_init(&clients, 0);
	slow = http_clients_add(&clients, ends[0][0], 5 * SECOND);
	quick = http_clients_add(&clients, ends[1][0], 5 * SECOND);
	http_clients_completed(&clients, quick, 6 * SECOND);
	http_clients_expire(&clients, 15 * SECOND - 1, HTTP_REQUEST_SECONDS);
	CU_ASSERT(!has_ended(ends[0][1]));
	http_clients_expire(&clients, 15 * SECOND, HTTP_REQUEST_SECONDS);
	CU_ASSERT(has_ended(ends[0][1]));
	CU_ASSERT(!has_ended(ends[1][1]));
	http_clients_expire(&clients, 16 * SECOND, HTTP_REQUEST_SECONDS);
	CU_ASSERT(has_ended(ends[1][1]));
	http_clients_remove(&clients, slow);
	http_clients_remove(&clients, quick);
	CU_ASSERT(LIST_EMPTY(&clients.list));
	for (int i = 0; i < 4; i++)
		(void)close(ends[i / 2][i % 2]);
}

static void memory_has_an_end(void)
{
	struct http_clients clients;
	struct http_client *one, *other;

	http_clients_init(&clients, 0);
	one = http_clients_add(&clients, -1, 0);
	other = http_clients_add(&clients, -1, 0);
	http_clients_answered(&clients, one, HTTP_PENDING_MAX / 2, 0);
	http_clients_answered(&clients, other, HTTP_PENDING_MAX / 2, 0);
	CU_ASSERT(!http_clients_admit(&clients, 1));
	http_clients_completed(&clients, one, 1);
	CU_ASSERT(http_clients_admit(&clients, 1));
	http_clients_answered(&clients, one, HTTP_PENDING_MAX / 2, 0);
	CU_ASSERT(!http_clients_admit(&clients, 1));
	http_clients_remove(&clients, other);
	CU_ASSERT(http_clients_admit(&clients, 1));
	http_clients_remove(&clients, one);
	CU_ASSERT_EQUAL(clients.pending, 0);
}

static void half_of_the_time_is_left(void)
{
	struct http_clients clients;
	struct http_client *client;
	unsigned answered = 0;

	http_clients_init(&clients, 0);
	client = http_clients_add(&clients, -1, 0);
	/* Somebody asks without end what takes a tenth of a second. */
	for (uint64_t now = 0; now < 100 * SECOND; now += SECOND / 10) {
		if (!http_clients_admit(&clients, now))
			continue;
		http_clients_answered(&clients, client, 0, SECOND / 10);
		answered++;
	}
	CU_ASSERT(answered > 500 && answered < 520);
	/* Rest is not saved without end either. */
	CU_ASSERT(http_clients_admit(&clients, UINT64_MAX / 2));
	CU_ASSERT(clients.work_us <= HTTP_WORK_BURST_US);
	http_clients_remove(&clients, client);
}

static void start(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* A port that nobody has. */
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&name, &size), 0);
	(void)close(fd);
	operation_world_open(&world);
	memset(&config, 0, sizeof(config));
	config.listen.address = address_make(4, &name.sin_addr);
	config.listen.port = ntohs(name.sin_port);
	CU_ASSERT_EQUAL_FATAL(http_server_create(world.operation, &config, &server, &error), 0);
}

static void stop(void)
{
	http_server_destroy(server);
	operation_world_close(&world);
}

static int connect_client(void)
{
	const struct endpoint where = {config.listen.address, config.listen.port};
	struct sockaddr_storage name;
	socklen_t size = endpoint_to_sockaddr(&where, &name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&name, size), 0);
	return fd;
}

/** True when the answer to a request begins with one text and has the other. */
static bool answers(const char *request, const char *begin, const char *has)
{
	char answer[65536];
	size_t have = 0;
	int fd = connect_client();

	CU_ASSERT_EQUAL(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	answer[0] = '\0';
	for (int turn = 0; turn < TURNS && strstr(answer, has) == NULL; turn++) {
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
		ssize_t got = recv(fd, answer + have, sizeof(answer) - 1 - have, MSG_DONTWAIT);
		have += got > 0 ? (size_t)got : 0;
		answer[have] = '\0';
		if (got < 0)
			(void)usleep(500);
	}
	(void)close(fd);
	bool well = strncmp(answer, begin, strlen(begin)) == 0 && strstr(answer, has) != NULL;
	if (!well)
		(void)fprintf(stderr, "%s: %s\n", request, answer);
	return well;
}

#define HEALTH(host) "GET /healthz HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define FOREIGN      "HTTP/1.1 421 "

static void only_by_its_names(void)
{
	start();
	CU_ASSERT(answers(HEALTH("127.0.0.1:9862"), "HTTP/1.1 200 ", "ok\n"));
	CU_ASSERT(answers(HEALTH("localhost"), "HTTP/1.1 200 ", "ok\n"));
	CU_ASSERT(answers(HEALTH("evil.example:9862"), FOREIGN, "operation.http.hosts"));
	CU_ASSERT(answers("GET /status.json HTTP/1.1\r\nHost: evil.example\r\n\r\n", FOREIGN,
	                  "none of the appliance's"));
	CU_ASSERT(answers("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
	                  "HTTP/1.1 4", "\r\n\r\n"));
	CU_ASSERT(answers("GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n",
	                  "HTTP/1.1 4", "\r\n\r\n"));
	CU_ASSERT(answers("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
	                  "HTTP/1.1 404 ", "nothing is here"));
	/* No browser speaks it. */
	CU_ASSERT(answers("GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.", "ok\n"));
	(void)snprintf(config.hosts[0], sizeof(config.hosts[0]), "evil.example");
	config.host_count = 1; /* as a reload does */
	CU_ASSERT(answers(HEALTH("Evil.Example:9862"), "HTTP/1.1 200 ", "ok\n"));
	stop();
}

/** Of a large answer, which nobody reads. */
static int write_much(struct operation *operation, const struct operation_request *request,
                      struct json_writer *json, struct error *reason)
{
	static char text[HTTP_PENDING_MAX];

	(void)operation;
	(void)request;
	(void)reason;
	memset(text, 'a', sizeof(text) - 1);
	json_string(json, "much", text);
	return 0;
}

static void health_is_told_whatever_others_ask(void)
{
	static const struct operation_command much[] = {{.name = "much", .run = write_much},
	                                                {.name = NULL}};
	static const char ask[] =
	        "GET /status.json?command=much HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static const char small[] = "GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char octet;

	start();
	CU_ASSERT_EQUAL(operation_register(world.operation, much), 0);
	int fd = connect_client();
	CU_ASSERT_EQUAL(send(fd, ask, strlen(ask), MSG_NOSIGNAL), (ssize_t)strlen(ask));
	for (int turn = 0; turn < TURNS; turn++) {
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
		if (recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
			break;
		(void)usleep(500);
	}
	CU_ASSERT(answers(small, "HTTP/1.1 503 ", "ask again\n"));
	CU_ASSERT(answers(HEALTH("localhost"), "HTTP/1.1 200 ", "ok\n"));
	(void)close(fd);
	stop();
}

static void a_page_is_not_lent(void)
{
	static const char *const headers[] = {"X-Content-Type-Options: nosniff\r\n",
	                                      "Referrer-Policy: no-referrer\r\n",
	                                      "X-Frame-Options: DENY\r\n",
	                                      "Cross-Origin-Resource-Policy: same-origin\r\n",
	                                      "Cache-Control: no-store\r\n",
	                                      "frame-ancestors 'none'\r\n"};

	start();
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		CU_ASSERT(answers("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 ",
		                  headers[i]));
	stop();
}

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

/** How often the loop wakes up within a tenth of a second. */
static unsigned count_turns(void)
{
	const struct timeval tenth = {.tv_usec = 100000};
	uint64_t end = now_us() + SECOND / 10;
	unsigned turns = 0;

	for (; now_us() < end; turns++) {
		(void)event_base_loopexit(world.harness.base, &tenth);
		(void)event_base_loop(world.harness.base, EVLOOP_ONCE);
	}
	return turns;
}

/** Silent ones that hold every place give way to who waits. */
static void a_crowd_gives_way(void)
{
	int crowd[HTTP_CLIENTS_MAX];
	uint64_t begun = now_us();

	start();
	for (unsigned i = 0; i < HTTP_CLIENTS_MAX; i++) {
		crowd[i] = connect_client();
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
	}
	int late = connect_client();
	CU_ASSERT_EQUAL(send(late, HEALTH("localhost"), strlen(HEALTH("localhost")), MSG_NOSIGNAL),
	                (ssize_t)strlen(HEALTH("localhost")));
	char answer[1024];
	ssize_t got = -1;
	while (got < 0 && now_us() - begun < 8 * SECOND) {
		(void)event_base_loop(world.harness.base, EVLOOP_NONBLOCK);
		got = recv(late, answer, sizeof(answer), MSG_DONTWAIT);
		(void)usleep(1000);
	}
	CU_ASSERT(got > 0);
	(void)close(late);
	for (unsigned i = 0; i < HTTP_CLIENTS_MAX; i++)
		(void)close(crowd[i]);
	stop();
}

static void no_file_for_a_client(void)
{
	struct rlimit before, few;
	int files[64], count = 0;

	start();
	int fd = connect_client();
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (count < 64 && (files[count] = dup(STDERR_FILENO)) >= 0)
		count++;
	unsigned turns = count_turns();
	CU_ASSERT(turns < 20);
	while (count > 0)
		(void)close(files[--count]);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
	CU_ASSERT(answers(HEALTH("localhost"), "HTTP/1.1 200 ", "ok\n"));
	(void)close(fd);
	stop();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"names are known", names_are_known},
	        {"a slow request ends", a_slow_request_ends},
	        {"memory has an end", memory_has_an_end},
	        {"half of the time is left", half_of_the_time_is_left},
	        {"only by its names", only_by_its_names},
	        {"health is told whatever others ask", health_is_told_whatever_others_ask},
	        {"a page is not lent", a_page_is_not_lent},
	        {"a crowd gives way", a_crowd_gives_way},
	        {"no file for a client", no_file_for_a_client},
	        CU_TEST_INFO_NULL};
	(void)signal(SIGPIPE, SIG_IGN); /* as the program does */
	return unit_run("operation-http", tests);
}
