/* SPDX-License-Identifier: BSD-3-Clause */
/** Set-up with keys of an IKE daemon: RFC 7717 section 5.1, against a scripted server and a scripted daemon. */
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ike_daemon_fixture.h"
#include "server_fixture.h"
#include "swanctl_fixture.h"
#include "unit.h"

#define ARGUMENTS_MAXIMUM 16
#define LINE_SIZE         512u
#define LOOPBACK          "127.0.0.1"
#define IKEV2_ENCRYPTED   (MODE_ENCRYPTED | MODE_IKEV2_DERIVED)

static const char keys_text[] = "keys:\n  - {key-id: lab, secret-key: " SERVER_PASSPHRASE "}\n";

/** A probe, the server and the daemon that it talks to, and how it ended. */
struct scene {
	struct server server;
	struct ike_daemon daemon;
	struct options options;
	struct run run;
	struct error error;
	int interrupt_fd;
	int result;
	char line[LINE_SIZE];
	char keys[DAEMON_PATH_SIZE];
};

/** With a swanctl that does what lines say. */
static void scene_init_swanctl(struct scene *scene, const char *lines)
{
	memset(scene, 0, sizeof(*scene));
	swanctl_make(&scene->daemon, lines);
	scene->interrupt_fd = eventfd(0, EFD_CLOEXEC);
	CU_ASSERT_FATAL(scene->interrupt_fd >= 0);
}

/** With one that must not be run. */
static void scene_init(struct scene *scene)
{
	scene_init_swanctl(scene, "echo \"$*\" >\"$0.log\"; exit 1");
}

static void write_keys(struct scene *scene)
{
	FILE *file;

	(void)snprintf(scene->keys, sizeof(scene->keys), "%s/keys", scene->daemon.folder);
	file = fopen(scene->keys, "w");
	CU_ASSERT_FATAL(file != NULL);
	CU_ASSERT(fchmod(fileno(file), S_IRUSR | S_IWUSR) == 0);
	CU_ASSERT(fputs(keys_text, file) >= 0);
	CU_ASSERT(fclose(file) == 0);
}

static void parse(struct scene *scene, const char *arguments)
{
	char *argv[ARGUMENTS_MAXIMUM + 1] = {NULL}, *save = NULL, *word;
	int argc = 0;

	(void)snprintf(scene->line, sizeof(scene->line), "probe --ike %s -k %s -u lab %s %s:%u",
	               scene->daemon.path, scene->keys, arguments, LOOPBACK,
	               scene->server.endpoint.port);
	for (word = strtok_r(scene->line, " ", &save); word != NULL && argc < ARGUMENTS_MAXIMUM;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	CU_ASSERT_FATAL(options_parse(argc, argv, &scene->options, &scene->error) == OPTIONS_RUN);
}

/**
 * Runs the probe with --ike and a pre-shared key. The server declines each session, so a right set-up ends with ERROR_PERMISSION and "Accept
 * 3". What the probe used can be looked at afterwards; scene_end follows.
 */
static void play(struct scene *scene, struct script script, const char *arguments)
{
	struct sender_observer observer = {0};

	script.session_accept = ACCEPT_NOT_SUPPORTED;
	write_keys(scene);
	if (scene->daemon.answer_count > 0)
		daemon_start(&scene->daemon);
	server_start_thread(&scene->server, script);
	parse(scene, arguments);
	run_init(&scene->run, &scene->options, scene->interrupt_fd);
	scene->result = run_measure(&scene->run, &observer, &scene->error);
	control_client_close(&scene->run.client);
	server_stop(&scene->server);
}

static void scene_end(struct scene *scene)
{
	run_close(&scene->run);
	(void)unlink(scene->keys);
	swanctl_remove(&scene->daemon);
	(void)close(scene->interrupt_fd);
}

static bool set_up_done(const struct scene *scene)
{
	return scene->result == ERROR_PERMISSION && strstr(scene->error.text, "Accept 3") != NULL;
}

static bool says(const struct scene *scene, const char *part)
{
	if (strstr(scene->error.text, part) != NULL)
		return true;
	(void)fprintf(stderr, "no \"%s\" in: %s\n", part, scene->error.text);
	return false;
}

/** The connection's Set-Up-Response had this SA's SPIs in an ikev2 mode; RFC 7717 section 5.3. */
static bool asked_under(const struct scene *scene, unsigned connection, unsigned number)
{
	const struct set_up_response *response = &scene->server.responses[connection];

	return (response->mode & MODE_IKEV2_DERIVED) &&
	       memcmp(response->key_id, daemon_spis[number], sizeof(daemon_spis[number])) == 0;
}

/** The connection was set up with the pre-shared key and the same protection. */
static bool fell_back(const struct scene *scene, unsigned connection)
{
	return set_up_done(scene) && scene->server.connections == connection + 1 &&
	       scene->server.responses[connection].mode == MODE_ENCRYPTED &&
	       memcmp(scene->server.responses[connection].key_id, "lab", sizeof("lab")) == 0 &&
	       scene->run.mode == MODE_ENCRYPTED && run_server_sa(&scene->run) == NULL;
}

static void the_servers_sa_is_used(void)
{
	static const uint8_t zero[IKE_KEY_SECRET_SIZE_MAXIMUM];
	const struct server_sa *sa;
	struct scene scene;
	struct address peer;

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, server_fair, "--no-fallback");
	CU_ASSERT(set_up_done(&scene));
	CU_ASSERT(scene.server.connections == 1 && asked_under(&scene, 0, 0));
	CU_ASSERT(scene.daemon.asked == 1 && scene.daemon.question.type == IKE_KEY_GET_BY_PEER);
	CU_ASSERT(address_parse(LOOPBACK, &peer) == 0);
	CU_ASSERT(address_equal(&scene.daemon.question.peer_address, &peer));
	CU_ASSERT(scene.daemon.question.want == IKE_KEY_WANT_SECRET);
	sa = run_server_sa(&scene.run);
	CU_ASSERT_FATAL(sa != NULL);
	CU_ASSERT(sa->prf == IKE_PRF_HMAC_SHA2_256 && address_equal(&sa->peer, &peer));
	CU_ASSERT_STRING_EQUAL(sa->peer_identity, "CN=reflector");
	CU_ASSERT_STRING_EQUAL(sa->local_identity, "CN=probe");
	CU_ASSERT(sa->secret_size == 0 && memcmp(sa->secret, zero, sizeof(zero)) == 0);
	scene_end(&scene);
}

static void another_peer_can_be_meant(void)
{
	struct scene scene;
	struct address peer;

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, "192.0.2.9");
	play(&scene, server_fair, "--ike-peer 192.0.2.9 --no-fallback");
	CU_ASSERT(set_up_done(&scene) && asked_under(&scene, 0, 0));
	CU_ASSERT(address_parse("192.0.2.9", &peer) == 0);
	CU_ASSERT(address_equal(&scene.daemon.question.peer_address, &peer));
	scene_end(&scene);
}

/** A daemon that the probe does not ask: no ikev2 mode would come of it. */
static void the_daemon_is_asked_only_when_needed(void)
{
	struct script script = server_fair;
	struct scene scene;

	script.modes &= ~(uint32_t)MODE_IKEV2_DERIVED;
	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, script, "");
	CU_ASSERT(fell_back(&scene, 0) && scene.daemon.asked == 0);
	scene_end(&scene);

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, server_fair, "--mode mixed,ikev2-mixed");
	CU_ASSERT(set_up_done(&scene) && scene.daemon.asked == 0);
	scene_end(&scene);
}

static void without_an_sa_the_key_is_used(void)
{
	static const uint16_t errors[] = {IKE_KEY_ERROR_NOT_FOUND, IKE_KEY_ERROR_NOT_PERMITTED,
	                                  IKE_KEY_ERROR_BUSY, IKE_KEY_ERROR_BAD_REQUEST};
	struct scene scene;

	for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		scene_init(&scene);
		daemon_answer_error(&scene.daemon, errors[i]);
		play(&scene, server_fair, "");
		CU_ASSERT(fell_back(&scene, 0) && scene.daemon.asked == 1);
		scene_end(&scene);
	}
	scene_init(&scene); /* nobody listens */
	play(&scene, server_fair, "");
	CU_ASSERT(fell_back(&scene, 0));
	scene_end(&scene);
}

static void an_sa_of_another_peer_is_not_taken(void)
{
	struct scene scene;

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, "192.0.2.9");
	play(&scene, server_fair, "");
	CU_ASSERT(fell_back(&scene, 0));
	scene_end(&scene);

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	scene.daemon.answers[0].secret_size--; /* not prf-hmac-sha2-256's */
	play(&scene, server_fair, "");
	CU_ASSERT(fell_back(&scene, 0));
	scene_end(&scene);
}

static void no_fallback_ends_with_the_remedy(void)
{
	struct scene scene;

	scene_init(&scene);
	daemon_answer_error(&scene.daemon, IKE_KEY_ERROR_NOT_FOUND);
	play(&scene, server_fair, "--no-fallback");
	CU_ASSERT(scene.result == ERROR_UNAVAILABLE && scene.server.connections == 0);
	CU_ASSERT(says(&scene, "has no SA with " LOOPBACK));
	CU_ASSERT(says(&scene, "--ike-initiate NAME"));
	CU_ASSERT(says(&scene, "by a pre-shared key"));
	scene_end(&scene);

	scene_init(&scene);
	play(&scene, server_fair, "--no-fallback");
	CU_ASSERT(scene.result == ERROR_UNAVAILABLE && scene.server.connections == 0);
	CU_ASSERT(says(&scene, scene.daemon.path));
	scene_end(&scene);
}

/** The SA was rekeyed after we had asked for it. */
static void a_renewed_sa_is_tried_once_more(void)
{
	struct script script = server_fair;
	struct scene scene;

	script.no_sa_times = 1;
	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	daemon_answer_sa(&scene.daemon, 1, LOOPBACK);
	play(&scene, script, "--no-fallback");
	CU_ASSERT(set_up_done(&scene) && scene.server.connections == 2);
	CU_ASSERT(asked_under(&scene, 0, 0) && asked_under(&scene, 1, 1));
	CU_ASSERT(scene.run.mode == IKEV2_ENCRYPTED && scene.daemon.asked == 2);
	scene_end(&scene);
}

static void the_same_sa_is_not_tried_again(void)
{
	struct script script = server_fair;
	struct scene scene;

	script.no_sa_times = 1;
	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, script, "");
	CU_ASSERT(fell_back(&scene, 1) && asked_under(&scene, 0, 0) && scene.daemon.asked == 2);
	scene_end(&scene);

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, script, "--no-fallback");
	CU_ASSERT(scene.result == ERROR_NOT_FOUND && says(&scene, "Accept 6"));
	CU_ASSERT(says(&scene, "by a pre-shared key") && scene.server.connections == 1);
	scene_end(&scene);

	script.no_sa_times = 2;
	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	daemon_answer_sa(&scene.daemon, 1, LOOPBACK);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, script, "");
	CU_ASSERT(fell_back(&scene, 2) && asked_under(&scene, 1, 1) && scene.daemon.asked == 2);
	scene_end(&scene);
}

/** The server is not kept waiting: a connection is made to ask by its address, another one for the set-up. */
static void a_missing_sa_is_brought_up(void)
{
	char log[SWANCTL_LOG_SIZE];
	struct scene scene;

	scene_init_swanctl(&scene, "echo \"$*\" >\"$0.log\"");
	daemon_answer_error(&scene.daemon, IKE_KEY_ERROR_NOT_FOUND);
	daemon_answer_sa(&scene.daemon, 1, LOOPBACK);
	play(&scene, server_fair, "--ike-initiate lab --no-fallback");
	CU_ASSERT(set_up_done(&scene) && asked_under(&scene, 0, 1));
	CU_ASSERT(scene.server.connections == 1 && scene.server.accepted == 2);
	swanctl_read_log(&scene.daemon, log);
	CU_ASSERT_STRING_EQUAL(log, "--initiate --ike lab --timeout 10\n");
	scene_end(&scene);

	scene_init_swanctl(&scene, "echo initiate failed: no answer; exit 1");
	daemon_answer_error(&scene.daemon, IKE_KEY_ERROR_NOT_FOUND);
	play(&scene, server_fair, "--ike-initiate lab");
	CU_ASSERT(fell_back(&scene, 0) && scene.daemon.asked == 1);
	scene_end(&scene);

	scene_init_swanctl(&scene, "echo initiate failed: no answer; exit 1");
	daemon_answer_error(&scene.daemon, IKE_KEY_ERROR_NOT_FOUND);
	play(&scene, server_fair, "--ike-initiate lab --no-fallback");
	CU_ASSERT(scene.result == ERROR_UNAVAILABLE && says(&scene, "initiate failed: no answer"));
	scene_end(&scene);
}

static void nothing_is_brought_up_in_vain(void)
{
	struct scene scene;

	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, server_fair, "--ike-initiate lab");
	CU_ASSERT(set_up_done(&scene) && asked_under(&scene, 0, 0));
	CU_ASSERT(scene.server.accepted == 1 && !swanctl_has_log(&scene.daemon));
	scene_end(&scene);

	scene_init(&scene); /* no daemon */
	play(&scene, server_fair, "--ike-initiate lab");
	CU_ASSERT(fell_back(&scene, 0) && !swanctl_has_log(&scene.daemon));
	scene_end(&scene);
}

/** Who is interrupted does not go on with less. */
static void an_interrupt_ends_the_search(void)
{
	struct scene scene;

	scene_init(&scene);
	daemon_answer(&scene.daemon, (struct ike_key_message){0});
	scene.daemon.interrupt_fd = scene.interrupt_fd;
	play(&scene, server_fair, "");
	CU_ASSERT(scene.daemon.asked == 1 && scene.server.connections == 0);
	CU_ASSERT(scene.result == ERROR_UNAVAILABLE && says(&scene, "interrupted"));
	scene_end(&scene);
}

static void a_costly_count_is_refused(void)
{
	struct script script = server_fair;
	struct scene scene;

	script.count = 2 * ALLOW_COUNT_DEFAULT;
	scene_init(&scene);
	daemon_answer_sa(&scene.daemon, 0, LOOPBACK);
	play(&scene, script, "");
	CU_ASSERT(scene.result == ERROR_LIMIT && says(&scene, "--allow-count"));
	CU_ASSERT_EQUAL(scene.server.connections, 0);
	scene_end(&scene);
}

/** It makes no sense, and is tried once only. */
static void accept_6_without_ike_is_an_error(void)
{
	struct script script = server_fair;
	struct scene scene;

	script.set_up_accept = ACCEPT_NO_IKE_SA;
	scene_init(&scene);
	play(&scene, script, "--mode encrypted");
	CU_ASSERT(scene.result == ERROR_NOT_FOUND && says(&scene, "Accept 6"));
	CU_ASSERT(scene.server.connections == 1 && scene.daemon.asked == 0);
	scene_end(&scene);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the server's SA is used", the_servers_sa_is_used},
	        {"another peer can be meant", another_peer_can_be_meant},
	        {"the daemon is asked only when needed", the_daemon_is_asked_only_when_needed},
	        {"without an SA the key is used", without_an_sa_the_key_is_used},
	        {"an SA of another peer is not taken", an_sa_of_another_peer_is_not_taken},
	        {"no fallback ends with the remedy", no_fallback_ends_with_the_remedy},
	        {"a renewed SA is tried once more", a_renewed_sa_is_tried_once_more},
	        {"the same SA is not tried again", the_same_sa_is_not_tried_again},
	        {"a missing SA is brought up", a_missing_sa_is_brought_up},
	        {"nothing is brought up in vain", nothing_is_brought_up_in_vain},
	        {"an interrupt ends the search", an_interrupt_ends_the_search},
	        {"a costly count is refused", a_costly_count_is_refused},
	        {"Accept 6 without IKE is an error", accept_6_without_ike_is_an_error},
	        CU_TEST_INFO_NULL};
	return unit_run("app-probe-ike", tests);
}
