/* SPDX-License-Identifier: BSD-3-Clause */
#include "key_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon_version.h"
#include "unit.h"

/* One setting that somebody has made; the others keep their defaults. */
struct setting {
	const char *key;
	const char *text;
};

static const char *look_up(void *context, const char *key, const char *text)
{
	const struct setting *setting = context;

	return setting && strcmp(setting->key, key) == 0 ? setting->text : text;
}

static int read_one(const char *key, const char *text, struct key_settings *settings,
                    struct error *error)
{
	struct setting setting = {key, text};

	return key_settings_read(look_up, &setting, settings, error);
}

static void defaults(void)
{
	struct key_settings settings;
	struct error error;

	CU_ASSERT_EQUAL(key_settings_read(look_up, NULL, &settings, &error), 0);
	CU_ASSERT_STRING_EQUAL(settings.socket_path, "/run/charon.ippm-keys");
	CU_ASSERT_EQUAL(settings.permission.uid_count, 1);
	CU_ASSERT_EQUAL(settings.permission.uids[0], 0);
	CU_ASSERT_EQUAL(settings.permission.gid_count, 0);
	CU_ASSERT(peer_permission_is_private(&settings.permission));
	CU_ASSERT_EQUAL(settings.clients, 64);
	CU_ASSERT(!settings.expose_sk_d);
	key_settings_clear(&settings);
}

static void values(void)
{
	struct key_settings settings;

	CU_ASSERT_EQUAL(read_one("socket", "unix:///run/x", &settings, NULL), 0);
	CU_ASSERT_STRING_EQUAL(settings.socket_path, "/run/x");
	key_settings_clear(&settings);
	CU_ASSERT_EQUAL(read_one("uids", "root, 1000  4294967294", &settings, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(settings.permission.uid_count, 3);
	CU_ASSERT_EQUAL(settings.permission.uids[0], 0);
	CU_ASSERT_EQUAL(settings.permission.uids[1], 1000);
	CU_ASSERT_EQUAL(settings.permission.uids[2], 4294967294u);
	CU_ASSERT(!peer_permission_is_private(&settings.permission));
	key_settings_clear(&settings);
	CU_ASSERT_EQUAL(read_one("gids", "root,7", &settings, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(settings.permission.gid_count, 2);
	CU_ASSERT_EQUAL(settings.permission.gids[1], 7);
	CU_ASSERT(!peer_permission_is_private(&settings.permission));
	key_settings_clear(&settings);
	CU_ASSERT_EQUAL(read_one("uids", "", &settings, NULL), 0);
	CU_ASSERT_EQUAL(settings.permission.uid_count, 0);
	key_settings_clear(&settings);
	CU_ASSERT_EQUAL(read_one("expose_sk_d", "Yes", &settings, NULL), 0);
	CU_ASSERT(settings.expose_sk_d);
	key_settings_clear(&settings);
	CU_ASSERT_EQUAL(read_one("clients", "4096", &settings, NULL), 0);
	CU_ASSERT_EQUAL(settings.clients, 4096);
	key_settings_clear(&settings);
}

static void what_cannot_be_understood(void)
{
	static const struct setting wrong[] = {
	        {"socket", "run/x"},      {"socket", "tcp://127.0.0.1:1"},
	        {"socket", ""},           {"uids", "no-such-user-here"},
	        {"uids", "4294967295"},   {"uids", "99999999999999999999"},
	        {"uids", "-1"},           {"gids", "0 no-such-group-here"},
	        {"expose_sk_d", "maybe"}, {"expose_sk_d", ""},
	        {"clients", "0"},         {"clients", "4097"},
	        {"clients", "-1"},        {"clients", "6x"},
	        {"clients", ""},
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct key_settings settings;
		struct error error = {{0}};
		CU_ASSERT_EQUAL(read_one(wrong[i].key, wrong[i].text, &settings, &error),
		                ERROR_FORMAT);
		CU_ASSERT_EQUAL(strncmp(error.text, wrong[i].key, strlen(wrong[i].key)), 0);
		key_settings_clear(&settings);
	}
}

static void a_path_that_is_too_long(void)
{
	struct key_settings settings;
	char path[sizeof(settings.socket_path) + 1];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	CU_ASSERT_EQUAL(read_one("socket", path, &settings, NULL), ERROR_FORMAT);
	key_settings_clear(&settings);
	path[sizeof(path) - 2] = '\0';
	CU_ASSERT_EQUAL(read_one("socket", path, &settings, NULL), 0);
	key_settings_clear(&settings);
}

static int check_version_in(const char *octets, size_t size, struct error *error)
{
	char path[] = "/tmp/test-ippm-keys-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, octets, size), (ssize_t)size);
	close(fd);
	int result = daemon_version_check(path, "5.9.8", error);
	unlink(path);
	return result;
}

static void the_daemons_version(void)
{
	struct error error;

	CU_ASSERT_EQUAL(check_version_in("a\0"
	                                 "5.9.8\0b",
	                                 9, &error),
	                0);
	CU_ASSERT_EQUAL(check_version_in("15.9.8\0"
	                                 "5.9.8\0",
	                                 13, &error),
	                0);
	CU_ASSERT_EQUAL(check_version_in("\0"
	                                 "5.9.80\0",
	                                 8, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(check_version_in("\0"
	                                 "15.9.8\0",
	                                 8, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(check_version_in("\0"
	                                 "5.9.8",
	                                 6, &error),
	                ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(check_version_in("5.9.8\0", 6, &error), ERROR_UNAVAILABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "5.9.8"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/tmp/test-ippm-keys-"));
	CU_ASSERT_EQUAL(check_version_in("", 0, &error), ERROR_SYSTEM);
	CU_ASSERT_EQUAL(daemon_version_check("/nonexistent/charon", "5.9.8", &error), ERROR_SYSTEM);
}

int main(void)
{
	CU_TestInfo tests[] = {{"defaults", defaults},
	                       {"values", values},
	                       {"what can't be understood", what_cannot_be_understood},
	                       {"a path that is too long", a_path_that_is_too_long},
	                       {"the daemon's version", the_daemons_version},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-ippm-keys-settings", tests);
}
