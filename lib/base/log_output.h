/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * How a line of the log gets to standard error: at once or not at all. Who reads a pipe or socket may stop, and the slow path shall not
 * wait for him. Files and terminals are written to as ever. Any thread.
 */
#ifndef SPECULAR_BASE_LOG_OUTPUT_H
#define SPECULAR_BASE_LOG_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** No line is longer: a pipe that has any room has room for so many octets (pipe(7)), and takes them in one piece. */
#define LOG_LINE_SIZE PIPE_BUF

/** False: it could not be written at once, and is counted as lost. size: at most LOG_LINE_SIZE. */
bool log_output(const char *line, size_t size);

/** How many lines were lost, and forgets them; 0 as long as a line that tells of them would be lost as well. */
uint64_t log_output_take_lost(void);

/** Counts lines as lost: those that could not be told of after all. */
void log_output_add_lost(uint64_t lines);

#endif
