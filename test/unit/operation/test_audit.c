/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "clock/timestamp.h"
#include "unit.h"

#define FILE_SIZE 16384

static struct config config;
static struct control_counters counters;
static char folder[64];

/** A fresh folder and a configuration with the audit trail in it. */
static void prepare(void)
{
	memset(&config, 0, sizeof(config));
	memset(&counters, 0, sizeof(counters));
	(void)snprintf(folder, sizeof(folder), "/tmp/audit-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	(void)snprintf(config.log.audit, sizeof(config.log.audit), "%s/audit.json", folder);
	config.control.log_per_minute = 2;
}

static void clean_up(void)
{
	char path[96];

	(void)unlink(config.log.audit);
	(void)snprintf(path, sizeof(path), "%s/old.json", folder);
	(void)unlink(path);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static unsigned read_file(const char *path, char text[FILE_SIZE])
{
	FILE *file = fopen(path, "r");
	unsigned lines = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	text[fread(text, 1, FILE_SIZE - 1, file)] = '\0';
	(void)fclose(file);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	return lines;
}

static unsigned count(const char *text, const char *part)
{
	unsigned found = 0;

	for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
		found++;
	return found;
}

static struct audit *make(void)
{
	struct audit *audit;
	struct error error = {""};

	CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	return audit;
}

static struct control_audit_connection make_connection(const char *key, const char *identity)
{
	static const struct endpoint client = {{6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, 40000};
	static const struct endpoint local = {{4, {192, 0, 2, 2}}, 862};

	return (struct control_audit_connection){.id = 7,
	                                         .client = &client,
	                                         .local = &local,
	                                         .mode = MODE_ENCRYPTED | MODE_IKEV2_DERIVED,
	                                         .key_kind = CONTROL_KEY_IKE_SA,
	                                         .key = key,
	                                         .identity = identity,
	                                         .sessions = 3};
}

static void every_entry(void)
{
	struct control_audit_connection connection =
	        make_connection("aa/bb", "C=DE, CN=\"K\xc3\xb6ln\"\n\xff");
	const struct control_audit_session session = {
	        .connection = 7,
	        .sid = {0xc0, 0, 2, 2, [15] = 0xff},
	        .mode = TEST_ENCRYPTED,
	        .sender = {{4, {192, 0, 2, 1}}, 30000},
	        .reflector = {{4, {192, 0, 2, 2}}, 20000},
	        .vlan = 5,
	        .accepted = (uint64_t)NTP_UNIX_EPOCH_OFFSET << 32,
	        .ended = ((uint64_t)NTP_UNIX_EPOCH_OFFSET + 1) << 32 | 0x80000000u,
	        .totals = {.received = 9, .reflected = 8},
	};
	const struct operation_peer who = {.pid = 11, .uid = 12, .gid = 13};
	char text[FILE_SIZE];
	struct stat status;

	prepare();
	struct audit *audit = make();
	const struct control_audit *observer = audit_observer(audit);
	observer->opened(observer->context, &connection);
	observer->session_started(observer->context, &session);
	observer->closed(observer->context, &connection, CONTROL_END_SERVWAIT);
	observer->session_ended(observer->context, &session, CONTROL_END_REFWAIT);
	observer->refused(observer->context, &connection, CONTROL_END_TOKEN_WRONG, "");
	audit_operator(audit, &who, "close", "connection 7", true);
	audit_operator(audit, NULL, "reload", "", false);
	audit_destroy(audit);
	CU_ASSERT_EQUAL(stat(config.log.audit, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
	CU_ASSERT_EQUAL(read_file(config.log.audit, text), 9);
	CU_ASSERT_EQUAL(count(text, "{\"time\": \"20"), 9);
	CU_ASSERT_EQUAL(count(text, "Z\", \"entry\": \""), 9);
	CU_ASSERT_EQUAL(
	        count(text, "\"entry\": \"started\", \"version\": \"" SPECULAR_VERSION "\""), 1);
	CU_ASSERT_EQUAL(
	        count(text,
	              "\"entry\": \"connection-opened\", \"connection\": 7, \"peer\": "
	              "\"[2001:db8::1]:40000\", \"local\": \"192.0.2.2:862\", \"mode\": 132, "
	              "\"security\": \"encrypted\", \"key_kind\": \"ike-sa\", \"key\": \"aa/bb\", "
	              "\"identity\": \"C=DE, CN=\\\"K\xc3\xb6ln\\\"\\u000a\\ufffd\"}\n"),
	        1);
	CU_ASSERT_EQUAL(
	        count(text, "\"entry\": \"session-started\", \"connection\": 7, \"sid\": "
	                    "\"c00002020000000000000000000000ff\", \"test_mode\": \"encrypted\", "
	                    "\"sender\": \"192.0.2.1:30000\", \"reflector\": \"192.0.2.2:20000\", "
	                    "\"vlan\": 5, \"outer_vlan\": 0, \"accepted\": "
	                    "\"1970-01-01T00:00:00.000000Z\", \"started\": null}\n"),
	        1);
	CU_ASSERT_EQUAL(count(text, ", \"sessions\": 3, \"reason\": \"servwait\"}\n"), 1);
	CU_ASSERT_EQUAL(
	        count(text, "\"ended\": \"1970-01-01T00:00:01.500000Z\", \"reason\": \"refwait\", "
	                    "\"received\": 9, \"reflected\": 8}\n"),
	        1);
	CU_ASSERT_EQUAL(count(text, "\"reason\": \"token-wrong\", \"detail\": null}\n"), 1);
	CU_ASSERT_EQUAL(
	        count(text,
	              "\"action\": \"close\", \"detail\": \"connection 7\", \"result\": \"done\", "
	              "\"by\": \"socket\", \"pid\": 11, \"uid\": 12, \"gid\": 13}\n"),
	        1);
	CU_ASSERT_EQUAL(count(text, "\"result\": \"refused\", \"by\": \"signal\"}\n"), 1);
	CU_ASSERT_EQUAL(count(text, "\"entry\": \"stopped\""), 1);
	clean_up();
}

static void refusals_are_bounded(void)
{
	struct control_audit_connection connection = make_connection("", "");
	char text[FILE_SIZE];

	prepare();
	config.control.log_per_minute = 3;
	struct audit *audit = make();
	const struct control_audit *observer = audit_observer(audit);
	for (unsigned i = 0; i < 1000; i++)
		observer->refused(observer->context, &connection, CONTROL_END_LIMIT, "full");
	audit_destroy(audit);
	(void)read_file(config.log.audit, text);
	/* Six when a minute ended among them. */
	unsigned written = count(text, "\"reason\": \"limit\", \"detail\": \"full\"}\n");
	CU_ASSERT(written == 3 || written == 6);
	CU_ASSERT_EQUAL(count(text, "\"entry\": \"refusals-suppressed\""), written / 3);
	clean_up();
}

static void rotated_file_is_left(void)
{
	char text[FILE_SIZE];
	char old[96];
	struct error error;

	prepare();
	struct audit *audit = make();
	(void)snprintf(old, sizeof(old), "%s/old.json", folder);
	CU_ASSERT_EQUAL(rename(config.log.audit, old), 0);
	audit_operator(audit, NULL, "before", "", true);
	CU_ASSERT_EQUAL(audit_reopen(audit, &error), 0);
	audit_operator(audit, NULL, "after", "", true);
	/* What can't be opened leaves the old one in use. */
	(void)unlink(config.log.audit);
	CU_ASSERT_EQUAL(mkdir(config.log.audit, 0700), 0);
	log_set_level(LOG_LEVEL_ERROR);
	CU_ASSERT_NOT_EQUAL(audit_reopen(audit, &error), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "audit.json"));
	audit_operator(audit, NULL, "unseen", "", true);
	CU_ASSERT_EQUAL(counter_read(&counters.values[CONTROL_AUDIT_LOST]), 0);
	CU_ASSERT_EQUAL(rmdir(config.log.audit), 0);
	audit_destroy(audit);
	CU_ASSERT_EQUAL(read_file(old, text), 2);
	CU_ASSERT_EQUAL(count(text, "\"action\": \"before\""), 1);
	clean_up();
}

/** A limit of the file's size stands for a full disk: a write is cut, the next one fails. */
static void full_disk_is_told_and_leaves_whole_lines(void)
{
	struct rlimit old, limit;
	char text[FILE_SIZE];

	prepare();
	(void)signal(SIGXFSZ, SIG_IGN);
	struct audit *audit = make();
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 150;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned i = 0; i < 3; i++)
		audit_operator(audit, NULL, "lost", "", true);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
	CU_ASSERT_EQUAL(counter_read(&counters.values[CONTROL_AUDIT_LOST]), 3);
	CU_ASSERT_EQUAL(read_file(config.log.audit, text), 1);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], '\n');
	audit_operator(audit, NULL, "written", "", true);
	CU_ASSERT_EQUAL(read_file(config.log.audit, text), 3);
	CU_ASSERT_EQUAL(count(text, "\"entry\": \"entries-lost\", \"entries\": 3}\n"), 1);
	CU_ASSERT_EQUAL(count(text, "\"action\": \"written\""), 1);
	audit_destroy(audit);
	clean_up();
}

static void no_trail_and_no_file(void)
{
	struct audit *audit = NULL;
	struct error error;
	char *slash;

	prepare();
	config.log.audit[0] = '\0';
	CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), 0);
	CU_ASSERT_PTR_NULL(audit);
	CU_ASSERT_PTR_NULL(audit_observer(audit));
	audit_operator(audit, NULL, "reload", "", true);
	CU_ASSERT_EQUAL(audit_reopen(audit, &error), 0);
	audit_destroy(audit);

	/* Neither a symbolic link nor a FIFO. */
	(void)snprintf(config.log.audit, sizeof(config.log.audit), "%s/audit.json", folder);
	CU_ASSERT_EQUAL(symlink("/dev/null", config.log.audit), 0);
	CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), ERROR_SYSTEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "log.audit: "));
	(void)unlink(config.log.audit);
	CU_ASSERT_EQUAL(mkfifo(config.log.audit, 0600), 0);
	CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), ERROR_SYSTEM);
	(void)unlink(config.log.audit);
	/* What others could have written, or still can. */
	int fd = open(config.log.audit, O_CREAT | O_WRONLY, 0600);
	CU_ASSERT_EQUAL(fchmod(fd, 0622), 0);
	CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), ERROR_PERMISSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "may write to it"));
	CU_ASSERT_EQUAL(fchmod(fd, 0640), 0);
	if (fchown(fd, 65534, 65534) == 0) {
		CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), ERROR_PERMISSION);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "owned by user 65534"));
		CU_ASSERT_EQUAL(fchown(fd, geteuid(), getegid()), 0);
	}
	(void)close(fd);
	audit_destroy(make());
	(void)unlink(config.log.audit);
	slash = strrchr(config.log.audit, '/');
	(void)strcpy(slash, "/missing/audit.json");
	CU_ASSERT_EQUAL(audit_create(&config, &counters, &audit, &error), ERROR_SYSTEM);
	CU_ASSERT_PTR_NULL(audit);
	clean_up();
}

static void into_the_log(void)
{
	char text[FILE_SIZE];
	char path[96];

	prepare();
	(void)snprintf(path, sizeof(path), "%s/old.json", folder);
	(void)strcpy(config.log.audit, CONFIG_AUDIT_LOG);
	int file = open(path, O_WRONLY | O_CREAT, 0600);
	int standard_error = dup(STDERR_FILENO);
	CU_ASSERT_FATAL(file >= 0 && standard_error >= 0);
	(void)fflush(stderr);
	(void)dup2(file, STDERR_FILENO);
	/* Whatever the level. */
	log_set_level(LOG_LEVEL_ERROR);
	struct audit *audit = make();
	audit_operator(audit, NULL, "close", "session 1", true);
	audit_operator(audit, NULL, "a\"_by=nobody", "b\" by=\"root\\", true);
	log_set_format(LOG_FORMAT_JSON);
	audit_operator(audit, NULL, "drain", "", true);
	log_set_format(LOG_FORMAT_TEXT);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	(void)close(file);
	CU_ASSERT_EQUAL(read_file(path, text), 4);
	/* Nobody who chooses a text adds members to the line. */
	CU_ASSERT_EQUAL(count(text, " action=\"a\\\"_by=nobody\" detail=\"b\\\" by=\\\"root\\\\\" "
	                            "result=done by=signal\n"),
	                1);
	CU_ASSERT_EQUAL(count(text, " info audit: operator action=close detail=\"session 1\" "
	                            "result=done by=signal\n"),
	                1);
	CU_ASSERT_EQUAL(count(text,
	                      "\"event\": \"audit\", \"text\": \"operator action=drain result=done "
	                      "by=signal\", \"entry\": \"operator\", \"action\": \"drain\""),
	                1);
	(void)unlink(path);
	(void)freopen("/dev/null", "w", stderr);
	audit_destroy(audit);
	(void)snprintf(config.log.audit, sizeof(config.log.audit), "%s/none", folder);
	clean_up();
}

/** With log.audit: log, the log's losses are the trail's. */
static void a_log_without_a_reader_loses_entries(void)
{
	int ends[2], standard_error = dup(STDERR_FILENO);

	(void)signal(SIGPIPE, SIG_IGN); /* as the program does */
	prepare();
	(void)strcpy(config.log.audit, CONFIG_AUDIT_LOG);
	struct audit *audit = make();
	CU_ASSERT_FATAL(standard_error >= 0 && pipe(ends) == 0);
	(void)dup2(ends[1], STDERR_FILENO);
	(void)close(ends[1]);
	audit_operator(audit, NULL, "reload", "", true);
	CU_ASSERT_EQUAL(counters.values[CONTROL_AUDIT_LOST], 0);
	(void)close(ends[0]);
	audit_operator(audit, NULL, "reload", "", true);
	CU_ASSERT_EQUAL(counters.values[CONTROL_AUDIT_LOST], 1);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	audit_destroy(audit);
	(void)snprintf(config.log.audit, sizeof(config.log.audit), "%s/none", folder);
	clean_up();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every entry", every_entry},
	        {"refusals are bounded", refusals_are_bounded},
	        {"a rotated file is left", rotated_file_is_left},
	        {"a full disk is told, and leaves whole lines",
	         full_disk_is_told_and_leaves_whole_lines},
	        {"no trail, and no file", no_trail_and_no_file},
	        {"a log without a reader loses entries", a_log_without_a_reader_loses_entries},
	        {"into the log", into_the_log},
	        CU_TEST_INFO_NULL};
	return unit_run("operation-audit", tests);
}
