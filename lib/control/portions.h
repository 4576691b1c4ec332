/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What is done to very many test sessions at once is done in portions, so that the event loop serves others between them: a command that
 * starts or stops sessions, the end of a connection, an operator's end of all. What fits in what is left of a turn's portion is done
 * at once; the rest in later turns. Slow path only.
 *
 * - A command that is not finished holds back the next ones of its connection, and its answer comes when all is done. That the
 *   connection ends, or its client, is looked at then.
 * - A connection that has ended is nobody's any more; its memory, and its sessions' places in the limits, stay until the last session
 *   is withdrawn.
 * - Whoever is to be closed with all others is not listened to any more.
 */
#ifndef SPECULAR_CONTROL_PORTIONS_H
#define SPECULAR_CONTROL_PORTIONS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Sessions that one turn starts, stops or ends: some tenths of a millisecond, and some milliseconds with an audit trail. When others end
 * in it, a command that goes on has as many again, and so have deadlines that pass.
 */
#define PORTION_SESSIONS 256u

struct connection;
struct control_server;

enum step_outcome { STEP_MORE, STEP_DONE, STEP_FAILED };
/**
 * Does a part of a command, to as many sessions as *left says or, when these are all, fewer; *left is what remains then. STEP_FAILED: the
 * connection is to be closed.
 */
typedef enum step_outcome (*portion_step)(struct connection *connection, unsigned *left);

/** ERROR_MEMORY. */
int portions_create(struct control_server *server);
/** All that is left is done at once. */
void portions_destroy(struct control_server *server);

/** From a command's handler: does the command, or begins it. False: the connection is to be closed. */
bool portions_run(struct connection *connection, portion_step step);
/** The command is not gone on with. */
void portions_cancel(struct connection *connection);

/** Ends the sessions of a connection that has ended, and frees it. */
void portions_end(struct connection *connection);

/** Closes every connection that there is, and ends all sessions, those that were stopped too: CONTROL_END_OPERATOR. */
void portions_close_all(struct control_server *server);
/** It is one of those that portions_close_all has yet to close. */
bool portions_is_doomed(const struct connection *connection);

#endif
