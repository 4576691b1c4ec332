/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_file.h"
#include "base/json_line.h"
#include "base/log.h"
#include "base/time_text.h"
#include "clock/timestamp.h"

#define MEMBERS_MAX       24u
#define TEXT_SIZE         1024
#define TIME_DIGITS       6
#define SID_TEXT_SIZE     (2 * SID_SIZE + 1)
#define FAILURES_A_MINUTE 1u

struct audit {
	struct control_audit observer;
	int fd; /**< -1: entries go to the log */
	const struct config *config;
	struct control_counters *counters;
	struct log_limiter failures;
	uint64_t lost;               /**< since the last entry that was written */
	struct log_limiter refusals; /**< suppressed: told by an entry */
};

/** What an entry says, in this order; texts are borrowed. */
struct entry {
	struct json_member members[MEMBERS_MAX];
	unsigned count;
};

static void add_text(struct entry *entry, const char *name, const char *text)
{
	entry->members[entry->count++] = JSON_TEXT(name, text);
}

static void add_number(struct entry *entry, const char *name, uint64_t number)
{
	entry->members[entry->count++] = JSON_NUMBER(name, number);
}

/** Behind what is used of text; what does not fit is cut. */
static size_t append_quoted(char text[TEXT_SIZE], size_t used, const char *value)
{
	size_t room = TEXT_SIZE - 2; /* for a quote behind it, and the end */

	text[used++] = '"';
	for (; *value != '\0' && used + 1 < room; value++) {
		if (*value == '"' || *value == '\\')
			text[used++] = '\\';
		text[used++] = *value;
	}
	text[used++] = '"';
	text[used] = '\0';
	return used;
}

/**
 * "session-started connection=7 sid=...": what a line of the log shows. Clients choose names of keys: a text that could be taken for more
 * than one stands in quotes, with those that it has itself behind a backslash.
 */
static void make_text(const struct entry *entry, char text[TEXT_SIZE])
{
	size_t used = 0;

	for (unsigned i = 0; i < entry->count && used < TEXT_SIZE; i++) {
		const struct json_member *member = &entry->members[i];
		size_t room = TEXT_SIZE - used;

		if (member->kind == JSON_MEMBER_NUMBER) {
			used += (size_t)snprintf(text + used, room, " %s=%" PRIu64, member->name,
			                         member->number);
		} else if (i == 0) {
			used += (size_t)snprintf(text + used, room, "%s", member->text);
		} else if (member->text != NULL) {
			bool quoted = member->text[strcspn(member->text, " \"\\=")] != '\0';
			used += (size_t)snprintf(text + used, room, " %s=%s", member->name,
			                         quoted ? "" : member->text);
			if (quoted && used < TEXT_SIZE - 3)
				used = append_quoted(text, used, member->text);
		}
	}
}

static int append(const struct audit *audit, const struct entry *entry, struct error *error)
{
	char line[JSON_LINE_SIZE];
	char when[TIME_TEXT_SIZE];
	struct json_member members[MEMBERS_MAX + 1];
	size_t size;

	members[0] = JSON_TEXT("time", time_text_now(TIME_DIGITS, when));
	memcpy(members + 1, entry->members, entry->count * sizeof(entry->members[0]));
	size = json_line(members, entry->count + 1, line, sizeof(line));
	if (size == 0)
		return error_set(error, ERROR_MEMORY, "no memory");
	return audit_file_append(audit->fd, line, size, error);
}

/** A gap in the trail is told in the trail. */
static void tell_gap(struct audit *audit)
{
	struct entry gap = {.count = 0};
	struct error error;

	add_text(&gap, "entry", "entries-lost");
	add_number(&gap, "entries", audit->lost);
	if (append(audit, &gap, &error) != 0)
		return;
	log_event(LOG_LEVEL_WARNING, "audit-resumed", "%s: %" PRIu64 " entries were lost",
	          audit->config->log.audit, audit->lost);
	audit->lost = 0;
}

static void write_entry(struct audit *audit, const struct entry *entry)
{
	char text[TEXT_SIZE] = "";
	struct error error;

	if (audit->fd < 0) {
		make_text(entry, text);
		/* The log tells of lines that it lost. */
		if (!log_write(LOG_LEVEL_INFO, "audit", entry->members, entry->count, text))
			counter_add(&audit->counters->values[CONTROL_AUDIT_LOST], 1);
		return;
	}
	if (audit->lost > 0)
		tell_gap(audit);
	if (append(audit, entry, &error) == 0)
		return;
	audit->lost++;
	counter_add(&audit->counters->values[CONTROL_AUDIT_LOST], 1);
	log_event_limited(&audit->failures, LOG_LEVEL_ERROR, "audit-failed",
	                  "%s: %s; entries are lost until it can be written again",
	                  audit->config->log.audit, error.text);
}

static void write_bare(struct audit *audit, const char *what)
{
	struct entry entry = {.count = 0};

	add_text(&entry, "entry", what);
	add_text(&entry, "version", SPECULAR_VERSION);
	add_number(&entry, "pid", (uint64_t)getpid());
	write_entry(audit, &entry);
}

static const char *security_name(uint32_t mode)
{
	if ((mode & MODE_AUTHENTICATED) != 0)
		return "authenticated";
	if ((mode & MODE_ENCRYPTED) != 0)
		return "encrypted";
	if ((mode & MODE_MIXED) != 0)
		return "mixed";
	return (mode & MODE_UNAUTHENTICATED) != 0 ? "unauthenticated" : NULL;
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/** Texts of an entry that have to be made. */
struct connection_texts {
	char peer[ENDPOINT_TEXT_SIZE];
	char local[ENDPOINT_TEXT_SIZE];
};

static void add_connection(struct entry *entry, const struct control_audit_connection *connection,
                           struct connection_texts *texts)
{
	static const char *const kinds[] = {"none", "key-id", "ike-sa"};

	if (connection->id != 0)
		add_number(entry, "connection", connection->id);
	add_text(entry, "peer", endpoint_format(connection->client, texts->peer));
	add_text(entry, "local", endpoint_format(connection->local, texts->local));
	add_number(entry, "mode", connection->mode);
	add_text(entry, "security", security_name(connection->mode));
	add_text(entry, "key_kind", kinds[connection->key_kind]);
	add_text(entry, "key", or_null(connection->key));
	add_text(entry, "identity", or_null(connection->identity));
}

static void tell_suppressed(struct audit *audit, uint32_t suppressed)
{
	struct entry entry = {.count = 0};

	if (suppressed == 0)
		return;
	add_text(&entry, "entry", "refusals-suppressed");
	add_number(&entry, "entries", suppressed);
	write_entry(audit, &entry);
}

/** True when the entry is to be written; a new minute begins with how many of the last one's were not. */
static bool admits_refusal(struct audit *audit)
{
	uint64_t minute = audit->refusals.minute;
	uint32_t suppressed = audit->refusals.suppressed;
	bool admits;

	/* Here the limiter tells nothing itself. */
	audit->refusals.suppressed = 0;
	admits = log_limiter_admits(&audit->refusals, LOG_LEVEL_ERROR, "audit");
	if (audit->refusals.minute == minute) {
		audit->refusals.suppressed += suppressed;
		return admits;
	}
	tell_suppressed(audit, suppressed);
	return admits;
}

static void on_refused(void *context, const struct control_audit_connection *connection,
                       enum control_end end, const char *detail)
{
	struct audit *audit = context;
	struct entry entry = {.count = 0};
	struct connection_texts texts;

	if (!admits_refusal(audit))
		return;
	add_text(&entry, "entry", "connection-refused");
	add_connection(&entry, connection, &texts);
	add_text(&entry, "reason", control_end_name(end));
	add_text(&entry, "detail", or_null(detail));
	write_entry(audit, &entry);
}

static void on_opened(void *context, const struct control_audit_connection *connection)
{
	struct entry entry = {.count = 0};
	struct connection_texts texts;

	add_text(&entry, "entry", "connection-opened");
	add_connection(&entry, connection, &texts);
	write_entry(context, &entry);
}

static void on_closed(void *context, const struct control_audit_connection *connection,
                      enum control_end end)
{
	struct entry entry = {.count = 0};
	struct connection_texts texts;

	add_text(&entry, "entry", "connection-closed");
	add_connection(&entry, connection, &texts);
	add_number(&entry, "sessions", connection->sessions);
	add_text(&entry, "reason", control_end_name(end));
	write_entry(context, &entry);
}

struct session_texts {
	char sid[SID_TEXT_SIZE];
	char sender[ENDPOINT_TEXT_SIZE];
	char reflector[ENDPOINT_TEXT_SIZE];
	char accepted[TIME_TEXT_SIZE];
	char started[TIME_TEXT_SIZE];
	char ended[TIME_TEXT_SIZE];
};

/** NULL for a time that never was. */
static const char *ntp_text(uint64_t ntp, char text[TIME_TEXT_SIZE])
{
	struct timespec time = ntp_to_timespec(ntp);

	return ntp != 0 ? time_text(&time, TIME_DIGITS, text) : NULL;
}

static void add_session(struct entry *entry, const struct control_audit_session *session,
                        struct session_texts *texts)
{
	static const char *const modes[] = {[TEST_UNAUTHENTICATED] = "unauthenticated",
	                                    [TEST_AUTHENTICATED] = "authenticated",
	                                    [TEST_ENCRYPTED] = "encrypted"};

	for (unsigned i = 0; i < SID_SIZE; i++)
		(void)snprintf(texts->sid + 2 * i, 3, "%02x", session->sid[i]);
	add_number(entry, "connection", session->connection);
	add_text(entry, "sid", texts->sid);
	add_text(entry, "test_mode", modes[session->mode]);
	add_text(entry, "sender", endpoint_format(&session->sender, texts->sender));
	add_text(entry, "reflector", endpoint_format(&session->reflector, texts->reflector));
	add_number(entry, "vlan", session->vlan);
	add_number(entry, "outer_vlan", session->outer_vlan);
	add_text(entry, "accepted", ntp_text(session->accepted, texts->accepted));
	add_text(entry, "started", ntp_text(session->started, texts->started));
}

static void on_session_started(void *context, const struct control_audit_session *session)
{
	struct entry entry = {.count = 0};
	struct session_texts texts;

	add_text(&entry, "entry", "session-started");
	add_session(&entry, session, &texts);
	write_entry(context, &entry);
}

static void on_session_ended(void *context, const struct control_audit_session *session,
                             enum control_end end)
{
	struct entry entry = {.count = 0};
	struct session_texts texts;

	add_text(&entry, "entry", "session-ended");
	add_session(&entry, session, &texts);
	add_text(&entry, "ended", ntp_text(session->ended, texts.ended));
	add_text(&entry, "reason", control_end_name(end));
	add_number(&entry, "received", session->totals.received);
	add_number(&entry, "reflected", session->totals.reflected);
	write_entry(context, &entry);
}

void audit_operator(struct audit *audit, const struct operation_peer *who, const char *action,
                    const char *detail, bool accepted)
{
	struct entry entry = {.count = 0};

	if (audit == NULL)
		return;
	add_text(&entry, "entry", "operator");
	add_text(&entry, "action", action);
	add_text(&entry, "detail", or_null(detail));
	add_text(&entry, "result", accepted ? "done" : "refused");
	add_text(&entry, "by", who != NULL ? "socket" : "signal");
	if (who != NULL) {
		add_number(&entry, "pid", (uint64_t)who->pid);
		add_number(&entry, "uid", who->uid);
		add_number(&entry, "gid", who->gid);
	}
	write_entry(audit, &entry);
}

const struct control_audit *audit_observer(const struct audit *audit)
{
	return audit != NULL ? &audit->observer : NULL;
}

static bool is_file(const struct config *config)
{
	return strcmp(config->log.audit, CONFIG_AUDIT_LOG) != 0;
}

int audit_reopen(struct audit *audit, struct error *error)
{
	int fd;

	if (audit == NULL || audit->fd < 0)
		return 0;
	int status = audit_file_open(audit->config->log.audit, audit->config->operation.user, &fd,
	                             error);
	if (status != 0) {
		log_event(LOG_LEVEL_ERROR, "audit-failed", "%s; the old file is written on",
		          error->text);
		return status;
	}
	(void)close(audit->fd);
	audit->fd = fd;
	return 0;
}

void audit_configure(struct audit *audit, const struct config *config)
{
	if (audit == NULL)
		return;
	audit->config = config;
	audit->refusals.per_minute = config->control.log_per_minute;
}

int audit_create(const struct config *config, struct control_counters *counters,
                 struct audit **created, struct error *error)
{
	struct audit *audit;
	int status = 0;

	*created = NULL;
	if (config->log.audit[0] == '\0')
		return 0;
	audit = calloc(1, sizeof(*audit));
	if (audit == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the audit trail");
	audit->fd = -1;
	if (is_file(config))
		status = audit_file_open(config->log.audit, config->operation.user, &audit->fd,
		                         error);
	if (status != 0) {
		free(audit);
		return status;
	}
	audit_configure(audit, config);
	audit->counters = counters;
	audit->failures.per_minute = FAILURES_A_MINUTE;
	audit->observer = (struct control_audit){.context = audit,
	                                         .refused = on_refused,
	                                         .opened = on_opened,
	                                         .closed = on_closed,
	                                         .session_started = on_session_started,
	                                         .session_ended = on_session_ended};
	write_bare(audit, "started");
	*created = audit;
	return 0;
}

void audit_destroy(struct audit *audit)
{
	if (audit == NULL)
		return;
	tell_suppressed(audit, audit->refusals.suppressed);
	write_bare(audit, "stopped");
	if (audit->fd >= 0)
		(void)close(audit->fd);
	free(audit);
}
