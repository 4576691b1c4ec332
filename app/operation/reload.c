/* SPDX-License-Identifier: BSD-3-Clause */
#include "reload.h"

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "base/log.h"
#include "control/control_operator.h"
#include "key/charon_provider.h"
#include "key/secret_table.h"
#include "key_files.h"
#include "service_manager.h"
#include "watchdog.h"

#define MORE                     " ..."
#define SESSIONS_KEYED           "control.limits.keyed.sessions"
#define SESSIONS_UNAUTHENTICATED "control.limits.unauthenticated.sessions"

/** What has been read and made, before anything changes. */
struct reading {
	const struct reload_target *target;
	struct reload_outcome *outcome;
	struct config *next;
	struct key_provider *psk;
	struct key_provider *ike; /**< the running one, where it stays */
	struct audit *audit;      /**< of a changed log.audit */
	bool audit_changes;
	bool too_many_sessions; /**< for what was reserved at the start */
};

static void append(char names[RELOAD_NAMES_SIZE], const char *name)
{
	size_t used = strlen(names);
	size_t room = RELOAD_NAMES_SIZE - used;

	if (strlen(name) + sizeof(MORE) + 1 < room)
		(void)snprintf(names + used, room, "%s%s", used > 0 ? " " : "", name);
	else if (used < sizeof(MORE) || strcmp(names + used - strlen(MORE), MORE) != 0)
		(void)snprintf(names + used, room, MORE);
}

static bool is_pool_size(const char *path)
{
	return strcmp(path, SESSIONS_KEYED) == 0 || strcmp(path, SESSIONS_UNAUTHENTICATED) == 0;
}

static void on_changed(void *context, const char *path, bool reload)
{
	struct reading *reading = context;

	if (reload && reading->too_many_sessions && is_pool_size(path))
		reload = false;
	append(reload ? reading->outcome->taken : reading->outcome->needs_restart, path);
}

/** A daemon's connection outlives the reload unless it has to be another one. */
static bool keeps_daemon(const struct config_ikev2 *running, const struct config_ikev2 *next)
{
	return running->provider == PROVIDER_CHARON && next->provider == PROVIDER_CHARON &&
	       running->derive == next->derive && strcmp(running->socket, next->socket) == 0;
}

static int prepare_ike(struct reading *reading, struct error *error)
{
	const struct config_ikev2 *next = &reading->next->ikev2;
	const struct reload_target *target = reading->target;

	if (next->provider != PROVIDER_CHARON)
		return 0;
	if (!keeps_daemon(&target->config->ikev2, next))
		return charon_provider_create(target->base, next, &reading->ike, error);
	reading->ike = *target->ike_provider;
	return 0;
}

static int prepare_audit(struct reading *reading, struct error *error)
{
	const struct reload_target *target = reading->target;

	reading->audit_changes = strcmp(target->config->log.audit, reading->next->log.audit) != 0;
	if (!reading->audit_changes)
		return 0;
	return audit_create(reading->next, target->counters, &reading->audit, error);
}

static int prepare(struct reading *reading, struct error *error)
{
	const struct reload_target *target = reading->target;
	const struct config_control *control;
	int status = config_load(target->config->path, &reading->next, error);

	if (status != 0)
		return status;
	control = &reading->next->control;
	reading->too_many_sessions =
	        control->unauthenticated.sessions + control->keyed.sessions > target->sessions_most;
	status = key_files_load(reading->next, &reading->psk, &reading->ike, error);
	if (status == 0)
		status = prepare_ike(reading, error);
	return status == 0 ? prepare_audit(reading, error) : status;
}

static void abandon(struct reading *reading)
{
	key_provider_destroy(reading->psk);
	if (reading->ike != *reading->target->ike_provider)
		key_provider_destroy(reading->ike);
	config_free(reading->next);
}

static unsigned count_gone(const struct secret_table *old, const struct secret_table *next)
{
	int count = old != NULL ? secret_table_compare(old, next, NULL, NULL) : 0;

	return count > 0 ? (unsigned)count : 0;
}

/** Tells of a key file whose contents have changed under the same name. */
static struct reload_keys compare_keys(const struct key_provider *old,
                                       const struct key_provider *next, int kind, char *taken,
                                       const char *key)
{
	const struct secret_table *before = old != NULL ? secret_table_of(old, kind) : NULL;
	const struct secret_table *after = next != NULL ? secret_table_of(next, kind) : NULL;
	const struct reload_keys keys = {.added = count_gone(after, before),
	                                 .gone = count_gone(before, after)};

	if (keys.added + keys.gone > 0 && strstr(taken, key) == NULL)
		append(taken, key);
	return keys;
}

static void compare(struct reading *reading)
{
	const struct reload_target *target = reading->target;
	struct reload_outcome *outcome = reading->outcome;

	config_compare(target->config, reading->next, on_changed, reading);
	outcome->psk = compare_keys(*target->psk_provider, reading->psk, KEY_QUERY_KEY_ID,
	                            outcome->taken, "keys.psk-file");
	outcome->sas = compare_keys(*target->ike_provider, reading->ike, KEY_QUERY_IKE_SA,
	                            outcome->taken, "ikev2.sa-file");
	if (!reading->too_many_sessions)
		return;
	reading->next->control.keyed.sessions = target->config->control.keyed.sessions;
	reading->next->control.unauthenticated.sessions =
	        target->config->control.unauthenticated.sessions;
}

static void replace_keys(struct reading *reading)
{
	const struct reload_target *target = reading->target;
	struct key_provider *psk = *target->psk_provider;
	struct key_provider *ike = *target->ike_provider;

	if (target->config->ikev2.provider == PROVIDER_CHARON)
		charon_provider_set_settings(reading->ike, &target->config->ikev2);
	control_server_reconfigure(target->control, target->config, reading->psk, reading->ike);
	*target->psk_provider = reading->psk;
	*target->ike_provider = reading->ike;
	key_provider_destroy(psk);
	if (ike != reading->ike)
		key_provider_destroy(ike);
}

static void replace_log(struct reading *reading)
{
	const struct reload_target *target = reading->target;
	const struct config_log *log = &target->config->log;

	if (!target->log_level_given)
		log_set_level(log->level);
	log_set_format(log->format);
	if (reading->audit_changes) {
		control_server_observe(target->control, audit_observer(reading->audit));
		audit_destroy(*target->audit);
		*target->audit = reading->audit;
	}
	audit_configure(*target->audit, target->config);
}

/** Nothing here fails. */
static void commit(struct reading *reading)
{
	const struct reload_target *target = reading->target;

	config_take(target->config, reading->next);
	replace_keys(reading);
	replace_log(reading);
	if (target->watchdog != NULL)
		watchdog_configure(target->watchdog);
	config_free(reading->next);
}

static void tell(const struct reload_target *target, const struct reload_outcome *outcome)
{
	const char *path = target->config->path;

	if (outcome->needs_restart[0] != '\0')
		log_event(LOG_LEVEL_WARNING, "reload-needs-restart",
		          "%s: these stay as they are until a restart: %s", path,
		          outcome->needs_restart);
	log_event(LOG_LEVEL_INFO, "reload-done",
	          "%s: pre-shared keys: %u new, %u gone; SAs: %u new, %u gone; taken: %s", path,
	          outcome->psk.added, outcome->psk.gone, outcome->sas.added, outcome->sas.gone,
	          outcome->taken[0] != '\0' ? outcome->taken : "nothing");
}

int reload_run(const struct reload_target *target, struct reload_outcome *outcome,
               struct error *error)
{
	struct reading reading = {.target = target, .outcome = outcome};
	int status;

	memset(outcome, 0, sizeof(*outcome));
	service_manager_reloading();
	status = prepare(&reading, error);
	if (status == 0) {
		compare(&reading);
		commit(&reading);
		tell(target, outcome);
	} else {
		log_event(LOG_LEVEL_ERROR, "reload-refused", "%s; all stays as it was",
		          error->text);
		abandon(&reading);
	}
	service_manager_ready();
	return status;
}
