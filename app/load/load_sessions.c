/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_sessions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/secret.h"
#include "crypto/key_derivation.h"
#include "group_format.h"

#define CACHE_LINE     64u
#define HUGE_PAGE_SIZE ((size_t)2 << 20)

/* Zeroed. Large arrays get large pages where the kernel has some: an lcore walks through all of it. */
static void *make_array(size_t count, size_t size)
{
	size_t octets = count * size;
	size_t align = octets >= HUGE_PAGE_SIZE ? HUGE_PAGE_SIZE : CACHE_LINE;
	size_t rounded = (octets + align - 1) / align * align;
	void *memory = aligned_alloc(align, rounded);

	if (memory == NULL)
		return NULL;
	if (align == HUGE_PAGE_SIZE)
		(void)madvise(memory, rounded, MADV_HUGEPAGE);
	memset(memory, 0, rounded);
	return memory;
}

static unsigned count_sessions(const struct load_config *config, unsigned *keyed)
{
	unsigned count = 0;

	*keyed = 0;
	for (unsigned i = 0; i < config->group_count; i++) {
		count += config->groups[i].count;
		if (group_test_mode(&config->groups[i], config->peer) != TEST_UNAUTHENTICATED)
			*keyed += config->groups[i].count;
	}
	return count;
}

static int make_formats(const struct load_config *config, struct load_sessions *sessions,
                        struct error *error)
{
	int status = 0;

	for (unsigned i = 0; i < config->group_count && status == 0; i++) {
		status = group_format_make(&config->groups[i], config->peer, &sessions->formats[i],
		                           error);
		if (status == 0)
			sessions->format_count = i + 1;
	}
	return status;
}

static int make_table(struct load_sessions *sessions)
{
	struct core_table_area areas[CORE_TABLE_AREAS] = {{.first = &sessions->sessions[0].core,
	                                                   .stride = sizeof(struct load_session),
	                                                   .count = sessions->capacity}};
	uint64_t seed;

	if (random_octets((uint8_t *)&seed, sizeof(seed)) != 0)
		return ERROR_CRYPTO;
	sessions->table = core_table_create(sessions->capacity, seed, areas);
	return sessions->table != NULL ? 0 : ERROR_MEMORY;
}

int load_sessions_make(const struct load_config *config, const struct suite *suite,
                       struct load_sessions *sessions, struct error *error)
{
	unsigned keyed;
	int status;

	memset(sessions, 0, sizeof(*sessions));
	sessions->capacity = count_sessions(config, &keyed);
	sessions->sessions = make_array(sessions->capacity, sizeof(struct load_session));
	if (keyed > 0) {
		sessions->keys_size = suite_keys_size(suite);
		sessions->keys = make_array(keyed, sessions->keys_size);
	}
	if (sessions->sessions == NULL || (keyed > 0 && sessions->keys == NULL))
		status = ERROR_MEMORY;
	else
		status = make_table(sessions);
	if (status != 0)
		status = error_set(error, status, "no memory for %u sessions", sessions->capacity);
	else
		status = make_formats(config, sessions, error);
	if (status != 0)
		load_sessions_free(sessions, suite);
	return status;
}

/* Test keys from the control connection's and the SID: RFC 4656 section 4.1.2. */
static int expand_keys(struct load_sessions *sessions, const struct suite *suite,
                       const struct accepted_session *accepted, struct load_session *session)
{
	uint8_t *expanded = sessions->keys + sessions->keys_count * sessions->keys_size;
	struct session_keys keys;
	int status = test_keys_derive(accepted->keys, accepted->sid, &keys);

	if (status == 0)
		status = suite_keys_expand(suite, &keys, expanded);
	secret_wipe(&keys, sizeof(keys));
	if (status == 0) {
		sessions->keys_count++;
		session->core.keys = expanded;
	}
	return status;
}

static void fill_session(struct load_session *session, const struct accepted_session *accepted,
                         const struct load_group_format *format)
{
	const struct frame_way *way = &accepted->way;

	/* A reply's flow: it comes from the reflector. */
	flow_key_make(&session->core.flow, &way->reflector, &way->sender, way->vlan,
	              way->outer_vlan);
	session->core.reflect_until_tsc = REFLECT_NO_DEADLINE;
	session->core.mode = (uint8_t)format->mode;
	session->core.traffic_class = format->reply_traffic_class;
	session->core.sender_header_size = (uint8_t)format->sender_header_size;
	session->format = format;
	session->group = (uint16_t)accepted->group;
	session->last_rtt_ns = -1;
	if (accepted->sid != NULL)
		memcpy(session->sid, accepted->sid, SID_SIZE);
	frame_headers_make(session, way);
}

int load_sessions_add(struct load_sessions *sessions, const struct suite *suite,
                      const struct accepted_session *accepted, struct error *error)
{
	const struct load_group_format *format = &sessions->formats[accepted->group];
	struct load_session *session = &sessions->sessions[sessions->count];
	int status = 0;

	fill_session(session, accepted, format);
	if (format->mode != TEST_UNAUTHENTICATED)
		status = expand_keys(sessions, suite, accepted, session);
	if (status != 0)
		return error_set(error, ERROR_CRYPTO, "making the test keys failed");
	status = core_table_insert(sessions->table, &session->core);
	if (status == ERROR_EXISTS)
		return error_set(
		        error, status,
		        "another session has the same addresses and ports: give the groups "
		        "source-ports that are apart");
	if (status != 0)
		return error_set(error, status, "no room for the session: %s", error_name(status));
	sessions->count++;
	return 0;
}

void load_sessions_free(struct load_sessions *sessions, const struct suite *suite)
{
	for (unsigned i = 0; i < sessions->keys_count; i++)
		suite_keys_wipe(suite, sessions->keys + i * sessions->keys_size);
	core_table_destroy(sessions->table);
	for (unsigned i = 0; i < sessions->format_count; i++)
		group_format_free(&sessions->formats[i]);
	free(sessions->keys);
	free(sessions->sessions);
	memset(sessions, 0, sizeof(*sessions));
}
