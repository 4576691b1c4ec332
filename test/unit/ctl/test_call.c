/* SPDX-License-Identifier: BSD-3-Clause */
/** Against a server of the test's own: one that answers, one that hangs, and none. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "call.h"
#include "document.h"
#include "paging.h"
#include "session_pages.h"
#include "unit.h"

#define PAGE(next, sid)                                                                            \
	"{\"schema\": \"specular-status/1\", \"command\": \"sessions\", \"total\": 3, "            \
	"\"matched\": 3, \"complete\": false, \"next\": " next ", \"sessions\": [{\"sid\": \"" sid \
	"\"}]}\n"

static char folder[64], path[96];
static struct error error;
static int listener;

struct served {
	const char *const *answers;  /**< one a client; ends with NULL */
	char lines[8][REQUEST_SIZE]; /**< what they asked */
};

static void start(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(folder, sizeof(folder), "/tmp/ctl-call-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/s", folder);
	memcpy(address.sun_path, path, strlen(path) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
}

static void stop(void)
{
	(void)close(listener);
	(void)unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void *serve(void *context)
{
	struct served *served = context;

	for (unsigned i = 0; served->answers[i] != NULL; i++) {
		int fd = accept(listener, NULL, NULL);
		size_t used = 0;
		while (used == 0 || served->lines[i][used - 1] != '\n') {
			ssize_t got = recv(fd, served->lines[i] + used, REQUEST_SIZE - 1 - used, 0);
			if (got <= 0)
				break;
			used += (size_t)got;
		}
		(void)send(fd, served->answers[i], strlen(served->answers[i]), MSG_NOSIGNAL);
		(void)close(fd);
	}
	return NULL;
}

static void a_question_is_answered(void)
{
	const char *const answers[] = {
	        "{\"schema\": \"specular-status/1\", \"state\": \"running\"}\n", "", NULL};
	struct served served = {.answers = answers};
	struct call call = {.socket = path, .wait_ms = 10000};
	struct request request = {.command = "status"};
	struct answer answer;
	pthread_t thread;

	start();
	(void)pthread_create(&thread, NULL, serve, &served);
	CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), 0);
	CU_ASSERT_STRING_EQUAL(document_text(answer.document, "state", ""), "running");
	answer_clear(&answer);
	CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), ERROR_FORMAT);
	answer_clear(&answer);
	(void)pthread_join(thread, NULL);
	CU_ASSERT_STRING_EQUAL(served.lines[0], "status\n");
	stop();
}

static void pages_become_one_answer(void)
{
	const char *const answers[] = {PAGE("\"aa\"", "aa"), PAGE("\"bb\"", "bb"),
	                               PAGE("null", "cc"), NULL};
	struct served served = {.answers = answers};
	struct call call = {.socket = path, .wait_ms = 10000};
	struct request request = {.command = "sessions"};
	struct answer answer;
	pthread_t thread;

	start();
	(void)pthread_create(&thread, NULL, serve, &served);
	request_set(&request, "state", "started");
	CU_ASSERT_EQUAL(paging_call(&call, &request, &answer, &error), 0);
	(void)pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(json_array_size(document_at(answer.document, "sessions")), 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer.text, "\"cc\""));
	CU_ASSERT_EQUAL(strlen(answer.text), answer.size);
	CU_ASSERT(json_is_null(document_at(answer.document, "next")));
	CU_ASSERT_STRING_EQUAL(served.lines[0], "sessions state=started limit=1000\n");
	CU_ASSERT_STRING_EQUAL(served.lines[2], "sessions state=started limit=1000 after=bb\n");
	answer_clear(&answer);
	stop();
}

#define PART(next, complete, sessions)                                                             \
	"{\"schema\": \"specular-status/1\", \"total\": 9, \"matched\": 2, "                       \
	"\"complete\": " complete ", \"next\": " next ", \"sessions\": [" sessions "]}\n"
#define SESSION(sid, reflected) "{\"sid\": \"" sid "\", \"reflected\": " reflected "}"

/** Asks with one parameter and limit=3; the SIDs in the answer's order are `sids`. */
static void ask_in_parts(const char *const *answers, const char *name, const char *value,
                         const char *sids, struct served *served, struct answer *answer)
{
	struct call call = {.socket = path, .wait_ms = 10000};
	struct request request = {.command = "sessions"};
	char found[64] = "";
	const json_t *session;
	pthread_t thread;
	size_t index;

	*served = (struct served){.answers = answers};
	request_set(&request, name, value);
	request_set(&request, "limit", "3");
	(void)pthread_create(&thread, NULL, serve, served);
	CU_ASSERT_EQUAL(session_pages_call(&call, &request, answer, &error), 0);
	(void)pthread_join(thread, NULL);
	json_array_foreach (document_at(answer->document, "sessions"), index, session)
		strcat(found, document_text(session, "sid", "?"));
	CU_ASSERT_STRING_EQUAL(found, sids);
}

static void parts_become_one_answer(void)
{
	const char *const sorted[] = {
	        PART("\"k\"", "false", SESSION("a", "5") "," SESSION("b", "3")),
	        PART("\"z\"", "false", SESSION("c", "9") "," SESSION("d", "4")),
	        PART("null", "true", SESSION("0", "5")), NULL};
	const char *const filtered[] = {
	        PART("\"k\"", "false", SESSION("a", "5")), PART("\"z\"", "false", ""),
	        PART("\"c\"", "false", SESSION("b", "3") "," SESSION("c", "4")), NULL};
	const char *const one[] = {
	        PART("\"c\"", "true",
	             SESSION("b", "3") "," SESSION("a", "3") "," SESSION("c", "4")),
	        NULL};
	struct answer answer;
	struct served served;

	start();
	ask_in_parts(sorted, "sort", "reflected", "c0a", &served, &answer);
	CU_ASSERT_STRING_EQUAL(served.lines[1], "sessions sort=reflected limit=3 after=k\n");
	CU_ASSERT_EQUAL(document_count(answer.document, "matched"), 2);
	CU_ASSERT(json_is_true(document_at(answer.document, "complete")));
	CU_ASSERT_EQUAL(strlen(answer.text), answer.size);
	answer_clear(&answer);
	ask_in_parts(filtered, "state", "started", "abc", &served, &answer);
	CU_ASSERT_STRING_EQUAL(served.lines[2], "sessions state=started limit=2 after=z\n");
	CU_ASSERT_EQUAL(document_count(answer.document, "matched"), 6);
	CU_ASSERT(json_is_false(document_at(answer.document, "complete")));
	CU_ASSERT_STRING_EQUAL(document_text(answer.document, "next", ""), "c");
	answer_clear(&answer);
	/* Enough at once: the answer as it is. */
	ask_in_parts(one, "mode", "encrypted", "bac", &served, &answer);
	CU_ASSERT_EQUAL_FATAL(answer.size, strlen(one[0]));
	CU_ASSERT_EQUAL(memcmp(answer.text, one[0], answer.size), 0);
	answer_clear(&answer);
	stop();
}

#define CONNECTIONS(next, id)                                                                      \
	"{\"schema\": \"specular-status/1\", \"total\": 2, \"connections\": [{\"id\": " id         \
	"}], \"next\": " next "}\n"

static void connections_come_in_pages_too(void)
{
	const char *const answers[] = {CONNECTIONS("\"7\"", "7"), CONNECTIONS("null", "3"), NULL};
	struct served served = {.answers = answers};
	struct call call = {.socket = path, .wait_ms = 10000};
	struct request request = {.command = "connections"};
	struct answer answer;
	pthread_t thread;

	start();
	(void)pthread_create(&thread, NULL, serve, &served);
	CU_ASSERT_EQUAL(paging_call(&call, &request, &answer, &error), 0);
	(void)pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(json_array_size(document_at(answer.document, "connections")), 2);
	CU_ASSERT_PTR_NULL(document_at(answer.document, "matched"));
	CU_ASSERT_STRING_EQUAL(served.lines[1], "connections limit=1000 after=7\n");
	answer_clear(&answer);
	stop();
}

static void nobody_there_is_explained(void)
{
	struct call call = {.socket = "/nowhere/at/all.sock", .wait_ms = 1000};
	struct request request = {.command = "status"};
	struct answer answer;
	char longer[256];

	CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), ERROR_NOT_FOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/nowhere/at/all.sock: no such socket"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "--socket"));
	start();
	(void)close(listener);
	call.socket = path;
	CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), ERROR_NOT_FOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "nobody listens"));
	stop();
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	call.socket = longer;
	CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), ERROR_ARGUMENT);
}

static void a_silent_appliance_is_not_waited_for(void)
{
	struct call call = {.wait_ms = 50};
	struct request request = {.command = "status"};
	struct answer answer;
	int ended = 1;

	start();
	call.socket = path;
	/* Those behind the first find the backlog full. */
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error),
		                ERROR_UNAVAILABLE);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "did not answer within"));
		answer_clear(&answer);
	}
	call.ended = &ended;
	CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), ERROR_UNAVAILABLE);
	CU_ASSERT_STRING_EQUAL(error.text, "interrupted");
	answer_clear(&answer);
	stop();
}

/** Sends until nobody wants more. */
static void *flow(void *context)
{
	static const char much[1 << 16];
	int fd = accept(listener, NULL, NULL);

	(void)context;
	while (send(fd, much, sizeof(much), MSG_NOSIGNAL) > 0)
		;
	(void)close(fd);
	return NULL;
}

static void an_answer_without_end_ends(void)
{
	static const struct {
		int wait_ms;
		int status;
	} cases[] = {{600000, ERROR_LIMIT}, {1, ERROR_UNAVAILABLE}};
	struct request request = {.command = "status"};
	struct answer answer;
	pthread_t thread;

	start();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call = {.socket = path, .wait_ms = cases[i].wait_ms};
		(void)pthread_create(&thread, NULL, flow, NULL);
		CU_ASSERT_EQUAL(call_appliance(&call, &request, &answer, &error), cases[i].status);
		answer_clear(&answer);
		(void)pthread_join(thread, NULL);
	}
	stop();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a question is answered", a_question_is_answered},
	        {"pages become one answer", pages_become_one_answer},
	        {"parts become one answer", parts_become_one_answer},
	        {"connections come in pages too", connections_come_in_pages_too},
	        {"nobody there is explained", nobody_there_is_explained},
	        {"a silent appliance is not waited for", a_silent_appliance_is_not_waited_for},
	        {"an answer without end ends", an_answer_without_end_ends},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("ctl call", tests);
}
