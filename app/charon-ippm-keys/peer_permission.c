/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer_permission.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEPARATORS       " ,\t"
#define NAME_BUFFER_SIZE 65536 /* a group's entry holds all its members */

/* A number below the highest, which means "none" to the kernel; false when it is no number. */
static bool parse_number(const char *word, uint32_t *number)
{
	char *end;

	if (strspn(word, "0123456789") != strlen(word))
		return false;
	errno = 0;
	unsigned long value = strtoul(word, &end, 10);
	*number = (uint32_t)value;
	return errno == 0 && *end == '\0' && value < UINT32_MAX;
}

static int find_uid(const char *word, uint32_t *uid)
{
	struct passwd entry, *found = NULL;
	char *buffer = malloc(NAME_BUFFER_SIZE);

	if (!buffer)
		return ERROR_MEMORY;
	if (getpwnam_r(word, &entry, buffer, NAME_BUFFER_SIZE, &found) == 0 && found)
		*uid = entry.pw_uid;
	free(buffer);
	return found ? 0 : ERROR_NOT_FOUND;
}

static int find_gid(const char *word, uint32_t *gid)
{
	struct group entry, *found = NULL;
	char *buffer = malloc(NAME_BUFFER_SIZE);

	if (!buffer)
		return ERROR_MEMORY;
	if (getgrnam_r(word, &entry, buffer, NAME_BUFFER_SIZE, &found) == 0 && found)
		*gid = entry.gr_gid;
	free(buffer);
	return found ? 0 : ERROR_NOT_FOUND;
}

/* Takes words apart; the list has room for all of them. */
static int parse_words(char *words, const char *kind, int (*find)(const char *, uint32_t *),
                       uint32_t *list, size_t *count, struct error *error)
{
	char *rest = NULL;

	for (char *word = strtok_r(words, SEPARATORS, &rest); word;
	     word = strtok_r(NULL, SEPARATORS, &rest)) {
		if (!parse_number(word, &list[*count]) && find(word, &list[*count]) < 0)
			return error_set(
			        error, ERROR_FORMAT,
			        "%ss: no %s is called '%s': name one that exists, or a number",
			        kind, kind, word);
		(*count)++;
	}
	return 0;
}

static int parse_list(const char *text, const char *kind, int (*find)(const char *, uint32_t *),
                      uint32_t **list, size_t *count, struct error *error)
{
	char *words = strdup(text);
	int result = ERROR_MEMORY;

	/* A word takes two characters, the last one its own. */
	*list = calloc(strlen(text) / 2 + 1, sizeof(**list));
	if (words && *list)
		result = parse_words(words, kind, find, *list, count, error);
	else
		error_set(error, ERROR_MEMORY, "no memory for the list of %ss", kind);
	free(words);
	return result;
}

int peer_permission_parse(const char *uids, const char *gids, struct peer_permission *permission,
                          struct error *error)
{
	*permission = (struct peer_permission){0};
	int result =
	        parse_list(uids, "uid", find_uid, &permission->uids, &permission->uid_count, error);
	if (result == 0)
		result = parse_list(gids, "gid", find_gid, &permission->gids,
		                    &permission->gid_count, error);
	return result;
}

void peer_permission_clear(struct peer_permission *permission)
{
	free(permission->uids);
	free(permission->gids);
	*permission = (struct peer_permission){0};
}

bool peer_permission_is_private(const struct peer_permission *permission)
{
	for (size_t i = 0; i < permission->uid_count; i++)
		if (permission->uids[i] != 0 && permission->uids[i] != geteuid())
			return false;
	return permission->gid_count == 0;
}

static bool has_gid(const struct peer_permission *permission, gid_t gid)
{
	for (size_t i = 0; i < permission->gid_count; i++)
		if (permission->gids[i] == gid)
			return true;
	return false;
}

static bool has_supplementary_gid(const struct peer_permission *permission, int connection)
{
	socklen_t size = 0;
	bool found = false;

	/* The first call tells how much room they need; a process can't change them after it has connected. */
	if (getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
		return false;
	gid_t *groups = malloc(size);
	if (groups && getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
		for (size_t i = 0; i < size / sizeof(*groups) && !found; i++)
			found = has_gid(permission, groups[i]);
	free(groups);
	return found;
}

int peer_permission_check(const struct peer_permission *permission, int connection,
                          struct peer_credentials *who)
{
	struct ucred credentials = {0};
	socklen_t size = sizeof(credentials);

	*who = (struct peer_credentials){0};
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return ERROR_SYSTEM;
	*who = (struct peer_credentials){credentials.pid, credentials.uid, credentials.gid};
	for (size_t i = 0; i < permission->uid_count; i++)
		if (permission->uids[i] == credentials.uid)
			return 0;
	if (permission->gid_count > 0 &&
	    (has_gid(permission, credentials.gid) || has_supplementary_gid(permission, connection)))
		return 0;
	return ERROR_PERMISSION;
}
