/* SPDX-License-Identifier: BSD-3-Clause */
#include "privilege_drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "every_thread.h"

#define CAPABILITY_BIT(capability) (1u << (capability))
#define USER_ENTRY_SIZE            4096u

/* A user's entry, and the texts that it points to. */
struct user {
	struct passwd entry;
	char texts[USER_ENTRY_SIZE];
};

/* What is left to the main thread and, nothing, to the others. All lie in the first 32. */
struct capabilities {
	pid_t main_thread;
	uint32_t kept;
};

static int look_up(const char *name, struct user *user, struct error *error)
{
	struct passwd *found = NULL;
	int failure = getpwnam_r(name, &user->entry, user->texts, sizeof(user->texts), &found);

	if (found != NULL)
		return 0;
	return error_set(error, ERROR_NOT_FOUND,
	                 "operation.user: there is no user %s%s%s; create it (adduser --system "
	                 "--group %s) or leave the key out",
	                 name, failure != 0 ? ": " : "", failure != 0 ? strerror(failure) : "",
	                 name);
}

static bool is_user(const struct user *user)
{
	return getuid() == user->entry.pw_uid && geteuid() == user->entry.pw_uid;
}

static uint32_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, data) == 0 ? data[0].effective : 0;
}

int privilege_drop_prepare(const struct config *config, struct error *error)
{
	const struct rlimit no_core = {0, 0};
	const uint32_t needed = CAPABILITY_BIT(CAP_SETUID) | CAPABILITY_BIT(CAP_SETGID);
	const char *name = config->operation.user;
	struct user user;
	int status;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(error, ERROR_SYSTEM, "no_new_privs: %s", strerror(errno));
	/* Memory has keys in it: no file shall. */
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		return error_set(error, ERROR_SYSTEM, "no core dumps: %s", strerror(errno));
	if (name[0] == '\0')
		return 0;
	if ((status = look_up(name, &user, error)) != 0 || is_user(&user))
		return status;
	if ((effective_capabilities() & needed) != needed)
		return error_set(error, ERROR_PERMISSION,
		                 "operation.user: becoming %s needs CAP_SETUID and CAP_SETGID; "
		                 "start as root or as %s, or leave the key out",
		                 name, name);
	return 0;
}

/* libxdp takes its program off the interface at the end; every other port's end is the end of its files. */
static uint32_t kept_capabilities(const struct config *config)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		if (strncmp(config->ports[i].device, "net_af_xdp", strlen("net_af_xdp")) == 0)
			return CAPABILITY_BIT(CAP_NET_ADMIN);
	}
	return 0;
}

/* The C library has every thread follow; those without PR_SET_KEEPCAPS lose all capabilities with it. */
static int become(const char *name, struct error *error)
{
	struct user user;
	int status = look_up(name, &user, error);

	if (status != 0 || is_user(&user))
		return status;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(name, user.entry.pw_gid) != 0 ||
	    setresgid(user.entry.pw_gid, user.entry.pw_gid, user.entry.pw_gid) != 0 ||
	    setresuid(user.entry.pw_uid, user.entry.pw_uid, user.entry.pw_uid) != 0)
		return error_set(error, ERROR_SYSTEM, "operation.user: becoming %s: %s", name,
		                 strerror(errno));
	return 0;
}

static int limit_this_thread(const void *context)
{
	const struct capabilities *capabilities = context;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	bool main = syscall(SYS_gettid) == capabilities->main_thread;

	if (syscall(SYS_capget, &header, data) != 0)
		return errno;
	uint32_t left = main ? data[0].permitted & capabilities->kept : 0;
	data[0] = (struct __user_cap_data_struct){.effective = left, .permitted = left};
	data[1] = (struct __user_cap_data_struct){0};
	return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

int privilege_drop(const struct config *config, struct error *error)
{
	struct capabilities capabilities = {.main_thread = (pid_t)syscall(SYS_gettid),
	                                    .kept = kept_capabilities(config)};
	struct error reason;
	int status = 0;

	if (config->operation.user[0] != '\0')
		status = become(config->operation.user, error);
	if (status != 0)
		return status;
	status = every_thread_run(limit_this_thread, &capabilities, &reason);
	if (status != 0)
		return error_set(error, status, "dropping capabilities: %.400s", reason.text);
	/*
	 * Nor by way of a program that the kernel gives cores to, nor for other processes of the user by ptrace or /proc/PID/mem. Not
	 * earlier: EAL names its threads through /proc, which is root's from now on.
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_set(error, ERROR_SYSTEM, "no core dumps: %s", strerror(errno));
	log_event(LOG_LEVEL_INFO, "privileges", "goes on as user %u, group %u, with %s", getuid(),
	          getgid(), effective_capabilities() != 0 ? "CAP_NET_ADMIN" : "no capability");
	return 0;
}
