/* SPDX-License-Identifier: BSD-3-Clause */
/** The configuration file read again by a running Server, and draining. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "audit.h"
#include "base/log.h"
#include "drain.h"
#include "harness.h"
#include "manager.h"
#include "reload.h"
#include "unit.h"

#define PORTS(mtu)                                                                                 \
	"eal: {lcores: {main: 0, workers: [0]}}\n"                                                 \
	"drivers-config: " SOURCE_ROOT "/drivers-config\n"                                         \
	"ports: [{name: a, device: \"net_af_packet0,iface=x\", addresses: [192.0.2.2/24], "        \
	"mtu: " #mtu "}]\n"
#define KEYS "keys: {psk-file: psk.yaml}\n"

struct world {
	struct harness harness;
	char folder[32];
	char path[64];
	struct key_provider *psk, *ike;
	struct audit *audit;
	struct reload_target target;
	struct reload_outcome outcome;
	struct error error;
	char logged[4096]; /**< by the last reload */
};

static void write_file(const struct world *world, const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", world->folder, name);
	FILE *file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	(void)fputs(text, file);
	(void)fclose(file);
	CU_ASSERT_EQUAL(chmod(path, 0600), 0);
}

static void world_open(struct world *world, const char *text)
{
	memset(world, 0, sizeof(*world));
	(void)snprintf(world->folder, sizeof(world->folder), "/tmp/specular-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(world->folder));
	(void)snprintf(world->path, sizeof(world->path), "%s/a.yaml", world->folder);
	write_file(world, "a.yaml", text);
	write_file(world, "psk.yaml", "keys: [{key-id: key, secret-key: a passphrase}]\n");
	harness_open(&world->harness);
	config_free(world->harness.config);
	CU_ASSERT_EQUAL_FATAL(config_load(world->path, &world->harness.config, &world->error), 0);
	world->psk = &world->harness.psk.base;
	harness_start_with(&world->harness, NULL);
	world->target = (struct reload_target){.base = world->harness.base,
	                                       .config = world->harness.config,
	                                       .psk_provider = &world->psk,
	                                       .ike_provider = &world->ike,
	                                       .audit = &world->audit,
	                                       .control = world->harness.server,
	                                       .counters = &world->harness.counters,
	                                       .sessions_most = 4096 + 16384};
}

static void world_close(struct world *world)
{
	static const char *const names[] = {"a.yaml", "psk.yaml", "audit.json"};
	char path[64];

	harness_close(&world->harness);
	key_provider_destroy(world->psk);
	key_provider_destroy(world->ike);
	audit_destroy(world->audit);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", world->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(world->folder);
}

static int reload(struct world *world, const char *text)
{
	FILE *saved = stderr;
	int status;

	write_file(world, "a.yaml", text);
	stderr = fmemopen(world->logged, sizeof(world->logged), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(stderr);
	status = reload_run(&world->target, &world->outcome, &world->error);
	(void)fclose(stderr);
	stderr = saved;
	return status;
}

static void what_can_be_is_taken_and_the_rest_named(void)
{
	struct world world;
	const struct config *config;

	world_open(&world, PORTS(1500) KEYS);
	config = world.harness.config;
	CU_ASSERT_EQUAL(reload(&world, PORTS(1400) KEYS "control: {servwait: 7}\n"
	                                                "log: {level: warning}\n"),
	                0);
	CU_ASSERT_STRING_EQUAL(world.outcome.taken, "control.servwait log.level keys.psk-file");
	CU_ASSERT_STRING_EQUAL(world.outcome.needs_restart, "ports[0].mtu");
	CU_ASSERT_EQUAL(world.outcome.psk.added, 1);
	CU_ASSERT_EQUAL(config->control.servwait, 7);
	CU_ASSERT_EQUAL(config->ports[0].mtu, 1500);
	CU_ASSERT_EQUAL(world.harness.server->timing.servwait, 7000);
	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_WARNING);
	/* The same once more. */
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) KEYS "control: {servwait: 7}\n"
	                                                "log: {level: warning}\n"),
	                0);
	CU_ASSERT_STRING_EQUAL(world.outcome.taken, "");
	CU_ASSERT_STRING_EQUAL(world.outcome.needs_restart, "");
	/* Other contents of the same file. */
	write_file(&world, "psk.yaml",
	           "keys: [{key-id: key, secret-key: changed}, {key-id: new, secret-key: b}]\n");
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) KEYS "control: {servwait: 7}\n"), 0);
	CU_ASSERT_STRING_EQUAL(world.outcome.taken, "log.level keys.psk-file");
	CU_ASSERT_EQUAL(world.outcome.psk.added, 2);
	CU_ASSERT_EQUAL(world.outcome.psk.gone, 1);
	/* No file any more. */
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500)), 0);
	CU_ASSERT_EQUAL(world.outcome.psk.gone, 2);
	CU_ASSERT_PTR_NULL(world.psk);
	world_close(&world);
}

static void on_changed(void *context, const char *path, bool unused)
{
	(void)context;
	(void)unused;
	CU_FAIL("a value has changed");
	(void)fprintf(stderr, "%s\n", path);
}

static void refused(struct world *world, const char *text, const char *said)
{
	struct config *before = malloc(sizeof(*before));
	struct key_provider *psk = world->psk, *ike = world->ike;

	if (before == NULL)
		abort();
	memcpy(before, world->harness.config, sizeof(*before));
	CU_ASSERT_NOT_EQUAL(reload(world, text), 0);
	if (strstr(world->error.text, said) == NULL) {
		(void)fprintf(stderr, "%s\n", world->error.text);
		CU_FAIL("another error");
	}
	config_compare(before, world->harness.config, on_changed, NULL);
	CU_ASSERT_PTR_EQUAL(world->psk, psk);
	CU_ASSERT_PTR_EQUAL(world->ike, ike);
	CU_ASSERT_PTR_NULL(world->audit);
	free(before);
}

static void what_is_wrong_refuses_all(void)
{
	struct world world;

	world_open(&world, PORTS(1500) KEYS);
	refused(&world, PORTS(1500) KEYS "control: {servwait: 7, refwait: often}\n",
	        "a.yaml:5:33: control.refwait: ");
	refused(&world, "{", "YAML");
	refused(&world, PORTS(1500) "keys: {psk-file: nowhere.yaml}\n", "keys.psk-file: ");
	refused(&world, PORTS(1500) KEYS "ikev2: {sa-file: nowhere.yaml}\n", "ikev2.sa-file: ");
	refused(&world, PORTS(1500) KEYS "log: {audit: /nonexistent/audit}\n", "log.audit: ");
	write_file(&world, "psk.yaml", "keys: [{key-id: key}]\n");
	refused(&world, PORTS(1500) KEYS "ikev2: {provider: charon}\n", "psk.yaml:1:8: ");
	world_close(&world);
}

static void sessions_stay_within_what_was_reserved(void)
{
	struct world world;

	world_open(&world, PORTS(1500) KEYS);
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) KEYS
	                       "control: {limits: {keyed: {sessions: 17000, connections: 5}}}\n"),
	                0);
	CU_ASSERT_STRING_EQUAL(world.outcome.needs_restart, "control.limits.keyed.sessions");
	CU_ASSERT_EQUAL(world.harness.config->control.keyed.sessions, 16384);
	CU_ASSERT_EQUAL(world.harness.config->control.keyed.connections, 5);
	CU_ASSERT_EQUAL(reload(&world,
	                       PORTS(1500) KEYS "control: {limits: {keyed: {sessions: 17000}, "
	                                        "unauthenticated: {sessions: 96}}}\n"),
	                0);
	CU_ASSERT_STRING_EQUAL(world.outcome.needs_restart, "");
	CU_ASSERT_EQUAL(world.harness.config->control.keyed.sessions, 17000);
	world_close(&world);
}

static void the_audit_trail_and_a_daemon_come_and_go(void)
{
	struct world world;
	struct key_provider *daemon;

	world_open(&world, PORTS(1500) KEYS);
	CU_ASSERT_EQUAL(reload(&world,
	                       PORTS(1500) KEYS "ikev2: {provider: charon, socket: nowhere.sock}\n"
	                                        "log: {audit: audit.json}\n"),
	                0);
	CU_ASSERT_STRING_EQUAL(world.outcome.taken, "control.modes ikev2.provider ikev2.socket "
	                                            "log.audit keys.psk-file");
	CU_ASSERT_PTR_NOT_NULL(world.audit);
	CU_ASSERT_PTR_EQUAL(world.harness.server->environment.audit, audit_observer(world.audit));
	daemon = world.ike;
	CU_ASSERT_PTR_NOT_NULL(daemon);
	/* What needs no other connection leaves it. */
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) KEYS
	                       "ikev2: {provider: charon, socket: nowhere.sock, timeout: 500}\n"
	                       "log: {audit: audit.json}\n"),
	                0);
	CU_ASSERT_STRING_EQUAL(world.outcome.taken, "ikev2.timeout");
	CU_ASSERT_PTR_EQUAL(world.ike, daemon);
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) KEYS), 0);
	CU_ASSERT_PTR_NULL(world.ike);
	CU_ASSERT_PTR_NULL(world.audit);
	world_close(&world);
}

static void the_log_is_as_it_is_told(void)
{
	struct world world;

	world_open(&world, PORTS(1500));
	log_set_level(LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) "log: {format: json, level: debug}\n"), 0);
	CU_ASSERT_EQUAL(memcmp(world.logged, "{\"time\": ", strlen("{\"time\": ")), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(world.logged, "\"event\": \"reload-done\""));
	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_DEBUG);
	/* --log-level wins. */
	world.target.log_level_given = true;
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) "log: {format: text, level: error}\n"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(world.logged, " info reload-done: "));
	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_DEBUG);
	log_set_level(LOG_LEVEL_INFO);
	world_close(&world);
}

static unsigned count_refusals(const struct world *world)
{
	char path[64], line[1024];
	unsigned count = 0;

	(void)snprintf(path, sizeof(path), "%s/audit.json", world->folder);
	FILE *file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file) != NULL)
		count += strstr(line, "connection-refused") != NULL;
	(void)fclose(file);
	return count;
}

static void the_audit_trail_has_the_new_bound(void)
{
	static const struct endpoint nowhere;
	static const struct control_audit_connection connection = {
	        .client = &nowhere, .local = &nowhere, .key = "", .identity = ""};
	struct world world;

	world_open(&world, PORTS(1500));
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) "log: {audit: audit.json}\n"), 0);
	CU_ASSERT_EQUAL(reload(&world, PORTS(1500) "log: {audit: audit.json}\n"
	                                           "control: {log-per-minute: 1}\n"),
	                0);
	const struct control_audit *observer = audit_observer(world.audit);
	for (unsigned i = 0; i < 10; i++)
		observer->refused(observer->context, &connection, CONTROL_END_LIMIT, "");
	/* One a minute; another one may have begun. */
	CU_ASSERT(count_refusals(&world) <= 2);
	world_close(&world);
}

static void the_manager_is_told(void)
{
	struct world world;
	struct manager manager = {.socket = -1};
	struct drain *drain = NULL;
	char message[256];

	world_open(&world, PORTS(1500));
	CU_ASSERT_EQUAL_FATAL(drain_create(world.harness.base, world.harness.sessions,
	                                   world.harness.server, &drain, &world.error),
	                      0);
	manager_open(&manager);
	for (unsigned i = 0; i < 2; i++) { /* refused, it is ready as well */
		CU_ASSERT_EQUAL(reload(&world, i == 0 ? PORTS(1500) : "{") == 0, i == 0);
		CU_ASSERT_EQUAL(strncmp(manager_hears(&manager, message),
		                        "RELOADING=1\nMONOTONIC_USEC=", 27),
		                0);
		CU_ASSERT_STRING_EQUAL(manager_hears(&manager, message), "READY=1");
	}
	drain_begin(drain, 600);
	CU_ASSERT_STRING_EQUAL(manager_hears(&manager, message), "STOPPING=1");
	/* And half a minute to take all down. */
	CU_ASSERT_STRING_EQUAL(manager_hears(&manager, message), "EXTEND_TIMEOUT_USEC=630000000");
	manager_close(&manager);
	drain_destroy(drain);
	world_close(&world);
}

/** The harness ends the loop by itself at times; only a drain breaks it. */
static void run_until_broken(struct event_base *base)
{
	do
		(void)event_base_dispatch(base);
	while (!event_base_got_break(base));
}

static bool breaks_within(struct event_base *base, long milliseconds)
{
	const struct timeval wait = {.tv_usec = milliseconds * 1000};

	(void)event_base_loopexit(base, &wait);
	while (!event_base_got_exit(base) && !event_base_got_break(base))
		(void)event_base_loop(base, EVLOOP_ONCE);
	return event_base_got_break(base);
}

static void draining_ends_the_loop(void)
{
	struct world world;
	struct client client;
	struct drain *drain = NULL;

	world_open(&world, PORTS(1500) "test: {ports: {lower: 20000, upper: 20009}}\n");
	CU_ASSERT_EQUAL_FATAL(drain_create(world.harness.base, world.harness.sessions,
	                                   world.harness.server, &drain, &world.error),
	                      0);
	CU_ASSERT_FALSE(drain_has_begun(drain));
	CU_ASSERT_TRUE(client_open(&client, &world.harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	drain_begin(drain, 600);
	CU_ASSERT_TRUE(drain_has_begun(drain));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_TEMPORARY_LIMIT);
	/* With a session the deadline ends it, without one nothing is waited for. */
	CU_ASSERT_FALSE(breaks_within(world.harness.base, 120));
	drain_begin(drain, 0);
	run_until_broken(world.harness.base);
	CU_ASSERT_EQUAL(session_registry_count(world.harness.sessions), 1);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_sessions(&world.harness, 0));
	drain_begin(drain, 600);
	run_until_broken(world.harness.base);
	drain_destroy(drain);
	world_close(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"what can be is taken and the rest named",
	         what_can_be_is_taken_and_the_rest_named},
	        {"what is wrong refuses all", what_is_wrong_refuses_all},
	        {"sessions stay within what was reserved", sessions_stay_within_what_was_reserved},
	        {"the audit trail and a daemon come and go",
	         the_audit_trail_and_a_daemon_come_and_go},
	        {"the log is as it is told", the_log_is_as_it_is_told},
	        {"the audit trail has the new bound", the_audit_trail_has_the_new_bound},
	        {"the manager is told", the_manager_is_told},
	        {"draining ends the loop", draining_ends_the_loop},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("operation-reload", tests);
}
