/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket_path.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG       32
#define OWNER_MODE    0600
#define GROUP_MODE    0660
#define FOLDER_MODE   0755
#define NOT_OWNER     0177
#define KEEP_OWNER    ((uid_t)-1)
#define KEEP_GROUP    ((gid_t)-1)
#define SOCKET_NAMING "operation.socket"
/** Another appliance that starts has the folder for so long at most; whoever else holds its lock is not waited for. */
#define LOCK_TRIES    100
#define LOCK_PAUSE_NS 10000000

static int fail(struct error *error, const char *path, const char *what)
{
	return error_set(error, ERROR_SYSTEM, SOCKET_NAMING ": %s: %s: %s", path, what,
	                 strerror(errno));
}

static int find_owner(const struct config_operation *config, uid_t *uid, gid_t *gid,
                      struct error *error)
{
	const struct group *group;
	const struct passwd *user;

	*uid = KEEP_OWNER;
	*gid = KEEP_GROUP;
	if (config->socket_group[0] != '\0') {
		group = getgrnam(config->socket_group);
		if (group == NULL)
			return error_set(error, ERROR_NOT_FOUND,
			                 "operation.socket-group: there is no group %s; make it "
			                 "(groupadd --system %s)",
			                 config->socket_group, config->socket_group);
		*gid = group->gr_gid;
	}
	if (config->user[0] != '\0') {
		user = getpwnam(config->user);
		if (user == NULL)
			return error_set(error, ERROR_NOT_FOUND,
			                 "operation.user: there is no user %s; make it (adduser "
			                 "--system %s)",
			                 config->user, config->user);
		*uid = user->pw_uid;
	}
	return 0;
}

/** In a folder that everybody may write to, somebody could put a socket of his own in its place. */
static int check_folder(const char *folder, struct error *error)
{
	struct stat status;

	if (stat(folder, &status) != 0)
		return fail(error, folder, "the socket's folder");
	if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
		return error_set(error, ERROR_PERMISSION,
		                 SOCKET_NAMING ": anybody may write to %s; allowed: a folder where "
		                               "others can't (chmod o-w)",
		                 folder);
	return 0;
}

/** Two that start at once would each take the other's socket, not listening yet, for a dead process's. -1: go on without. */
static int lock_folder(const char *folder)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
		(void)nanosleep(&pause, NULL);
	return fd;
}

/** 0: nothing is at the path now. */
static int clear_path(const struct sockaddr_un *address, struct error *error)
{
	const char *path = address->sun_path;
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ? 0 : fail(error, path, "stat");
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, ERROR_EXISTS,
		                 SOCKET_NAMING ": %s is there, and is no socket; allowed: another "
		                               "path",
		                 path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(error, path, "socket");
	/* Nobody listens where it is refused; a full backlog is somebody's. */
	bool dead = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
	            errno == ECONNREFUSED;
	(void)close(fd);
	if (!dead)
		return error_set(error, ERROR_EXISTS,
		                 SOCKET_NAMING ": another process listens at %s; give each "
		                               "appliance a path of its own, or stop that one",
		                 path);
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(error, path, "removing what a dead process has left");
	return 0;
}

/** Nobody else gets in between bind and chmod. */
static int bind_for_owner(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(NOT_OWNER);
	int status = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int reason = errno;

	(void)umask(before);
	errno = reason;
	return status;
}

static int open_at(int fd, const struct config_operation *config, const struct sockaddr_un *address,
                   struct stat *made, struct error *error)
{
	mode_t mode = config->socket_group[0] != '\0' ? GROUP_MODE : OWNER_MODE;
	const char *path = address->sun_path;
	uid_t uid;
	gid_t gid;
	int status = find_owner(config, &uid, &gid, error);

	if (status != 0)
		return status;
	if (bind_for_owner(fd, address) != 0)
		return fail(error, path, "bind");
	if (lstat(path, made) != 0)
		return fail(error, path, "stat");
	if ((uid != KEEP_OWNER || gid != KEEP_GROUP) && lchown(path, uid, gid) != 0)
		status =
		        fail(error, path,
		             "giving it to operation.user and operation.socket-group, of which the "
		             "process's user must be a member");
	else if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) != 0)
		status = fail(error, path, "chmod");
	else if (listen(fd, BACKLOG) != 0)
		status = fail(error, path, "listen");
	if (status != 0)
		socket_path_remove(path, made);
	return status;
}

static int make(const struct config_operation *config, int *fd, struct stat *made,
                struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int status;

	/* The configuration has checked that it fits. */
	memcpy(address.sun_path, config->socket,
	       strnlen(config->socket, sizeof(address.sun_path) - 1));
	if ((status = clear_path(&address, error)) != 0)
		return status;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return fail(error, config->socket, "socket");
	status = open_at(*fd, config, &address, made, error);
	if (status != 0)
		(void)close(*fd);
	return status;
}

int socket_path_listen(const struct config_operation *config, int *fd, struct stat *made,
                       struct error *error)
{
	char folder[CONFIG_PATH_SIZE];
	char *slash;
	int status, lock;

	(void)snprintf(folder, sizeof(folder), "%s", config->socket);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		(void)snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder] = '\0';
	/* The folder of the preset path is ours; another one is its owner's to make. */
	if (config->socket_preset)
		(void)mkdir(folder, FOLDER_MODE);
	if ((status = check_folder(folder, error)) != 0)
		return status;
	lock = lock_folder(folder);
	status = make(config, fd, made, error);
	if (lock >= 0)
		(void)close(lock);
	return status;
}

void socket_path_remove(const char *path, const struct stat *made)
{
	struct stat status;

	if (lstat(path, &status) == 0 && status.st_dev == made->st_dev &&
	    status.st_ino == made->st_ino)
		(void)unlink(path);
}
