/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Frees the name from the file of a daemon that has died, and from nothing else. */
static int remove_stale(const char *path, const struct sockaddr_un *name, struct error *error)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0
		                       : error_set(error, ERROR_SYSTEM, "socket: %s: %s", path,
		                                   strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return error_set(
		        error, ERROR_EXISTS,
		        "socket: %s is there and is no socket: remove it or choose another path",
		        path);
	int probe = open_socket();
	if (probe < 0)
		return error_set(error, ERROR_SYSTEM, "socket: %s", strerror(errno));
	int failure = connect(probe, (const struct sockaddr *)name, sizeof(*name)) < 0 ? errno : 0;
	close(probe);
	if (failure != ECONNREFUSED)
		return error_set(
		        error, ERROR_EXISTS,
		        "socket: another process listens at %s: end it or choose another path",
		        path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set(error, ERROR_SYSTEM, "socket: can't remove the stale %s: %s", path,
		                 strerror(errno));
	return 0;
}

/* By the file itself: who may write to the folder could put a link to another file in its place meanwhile. */
static int set_mode(const char *path, mode_t mode, struct stat *status)
{
	char itself[32];
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", fd);
	int result = fstat(fd, status);
	if (result == 0 && !S_ISSOCK(status->st_mode)) {
		errno = EEXIST;
		result = -1;
	}
	if (result == 0)
		result = chmod(itself, mode);
	int failure = errno;
	close(fd);
	errno = failure;
	return result;
}

static int bind_and_listen(struct server_socket *listener, const struct sockaddr_un *name,
                           mode_t mode, int backlog, struct error *error)
{
	struct stat status;

	/* The file takes its first mode from the socket. Before listen(), a connect() is refused whatever the mode. */
	(void)!fchmod(listener->fd, S_IRUSR | S_IWUSR);
	if (bind(listener->fd, (const struct sockaddr *)name, sizeof(*name)) < 0)
		return error_set(error, ERROR_SYSTEM, "socket: can't make %s: %s", listener->path,
		                 strerror(errno));
	if (set_mode(listener->path, mode, &status) < 0 || listen(listener->fd, backlog) < 0) {
		int result = error_set(error, ERROR_SYSTEM, "socket: %s: %s", listener->path,
		                       strerror(errno));
		unlink(listener->path);
		return result;
	}
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	return 0;
}

int server_socket_open(struct server_socket *listener, const char *path, mode_t mode, int backlog,
                       struct error *error)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	*listener = (struct server_socket){.fd = -1, .path = path};
	if (strlen(path) >= sizeof(name.sun_path))
		return error_set(error, ERROR_ARGUMENT,
		                 "socket: the path has more than %zu characters",
		                 sizeof(name.sun_path) - 1);
	memcpy(name.sun_path, path, strlen(path));
	int result = remove_stale(path, &name, error);
	if (result < 0)
		return result;
	listener->fd = open_socket();
	if (listener->fd < 0)
		return error_set(error, ERROR_SYSTEM, "socket: %s", strerror(errno));
	result = bind_and_listen(listener, &name, mode, backlog, error);
	if (result < 0) {
		close(listener->fd);
		listener->fd = -1;
	}
	return result;
}

void server_socket_close(struct server_socket *listener)
{
	struct stat status;

	if (listener->fd < 0)
		return;
	if (lstat(listener->path, &status) == 0 && status.st_dev == listener->device &&
	    status.st_ino == listener->inode)
		unlink(listener->path);
	close(listener->fd);
	listener->fd = -1;
}
