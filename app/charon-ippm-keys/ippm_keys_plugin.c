/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ippm_keys_plugin.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon_version.h"
#include "ippm_keys_listener.h"
#include "key_server.h"
#include "key_settings.h"

struct ippm_keys_plugin {
	plugin_t plugin; /* stays first: charon hands it back */
	struct key_settings settings;
	struct sa_store *store;
	struct key_server *server;
	thread_t *thread;
	struct ippm_keys_listener listener;
};

static char *get_name(plugin_t *plugin)
{
	(void)plugin;
	return "ippm-keys";
}

static void write_log(void *context, const char *line)
{
	(void)context;
	DBG1(DBG_CFG, "ippm-keys: %s", line);
}

static void *serve(void *server)
{
	key_server_run(server);
	return NULL;
}

/* Signals are for charon's own threads. */
static thread_t *start_thread(struct key_server *server)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	thread_t *thread = thread_create(serve, server);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread;
}

static void stop(struct ippm_keys_plugin *this)
{
	if (this->thread) {
		key_server_end(this->server);
		this->thread->join(this->thread);
	}
	key_server_destroy(this->server);
	sa_store_destroy(this->store);
	this->thread = NULL;
	this->server = NULL;
	this->store = NULL;
}

static bool start(struct ippm_keys_plugin *this)
{
	struct error error = {.text = "no memory"};

	if (sa_store_create(&this->store) == 0 &&
	    key_server_create(&this->settings, NULL, this->store, write_log, NULL, &this->server,
	                      &error) == 0)
		this->thread = start_thread(this->server);
	if (!this->thread) {
		DBG1(DBG_CFG, "ippm-keys: %s", error.text);
		stop(this);
		return FALSE;
	}
	ippm_keys_listener_init(&this->listener, this->store, this->settings.expose_sk_d);
	charon->bus->add_listener(charon->bus, &this->listener.listener);
	DBG1(DBG_CFG, "ippm-keys: serving keys of IKEv2 SAs at %s%s", this->settings.socket_path,
	     this->settings.expose_sk_d ? ", SK_d among them" : "");
	return TRUE;
}

static bool start_or_stop(plugin_t *plugin, plugin_feature_t *feature, bool starts, void *data)
{
	struct ippm_keys_plugin *this = (struct ippm_keys_plugin *)plugin;

	(void)feature;
	(void)data;
	if (starts)
		return start(this);
	charon->bus->remove_listener(charon->bus, &this->listener.listener);
	stop(this);
	return TRUE;
}

static int get_features(plugin_t *plugin, plugin_feature_t *features[])
{
	static plugin_feature_t provided[] = {
	        PLUGIN_CALLBACK(start_or_stop, NULL),
	        PLUGIN_PROVIDE(CUSTOM, "ippm-keys"),
	};

	(void)plugin;
	*features = provided;
	return countof(provided);
}

static bool reload(plugin_t *plugin)
{
	(void)plugin;
	return FALSE;
}

static void destroy(plugin_t *plugin)
{
	struct ippm_keys_plugin *this = (struct ippm_keys_plugin *)plugin;

	key_settings_clear(&this->settings);
	free(this);
}

static const char *look_up(void *context, const char *key, const char *text)
{
	const char *set = lib->settings->get_str(lib->settings, "%s.plugins.ippm-keys.%s", NULL,
	                                         lib->ns, key);

	(void)context;
	return set ? set : text;
}

static int check_daemon(struct error *error)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		return error_set(error, ERROR_SYSTEM, "/proc/self/exe can't be read");
	path[length] = '\0';
	return daemon_version_check(path, STRONGSWAN_VERSION, error);
}

__attribute__((visibility("default"))) plugin_t *ippm_keys_plugin_create(void)
{
	struct error error;

	if (check_daemon(&error) < 0) {
		DBG1(DBG_CFG, "ippm-keys: %s", error.text);
		return NULL;
	}
	struct ippm_keys_plugin *this = calloc(1, sizeof(*this));
	if (!this)
		return NULL;
	this->plugin = (plugin_t){.get_name = get_name,
	                          .get_features = get_features,
	                          .reload = reload,
	                          .destroy = destroy};
	if (key_settings_read(look_up, NULL, &this->settings, &error) < 0) {
		DBG1(DBG_CFG, "ippm-keys: %s.plugins.ippm-keys.%s", lib->ns, error.text);
		destroy(&this->plugin);
		return NULL;
	}
	return &this->plugin;
}
