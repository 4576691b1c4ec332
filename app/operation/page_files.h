/* SPDX-License-Identifier: BSD-3-Clause */
/** The files of the status page, as page/embed has put them into the program. */
#ifndef SPECULAR_OPERATION_PAGE_FILES_H
#define SPECULAR_OPERATION_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *path; /**< "/page.js"; NULL: the table ends here */
	const char *type; /**< Content-Type */
	const char *text;
	size_t size;
};

extern const struct page_file page_files[];

#endif
