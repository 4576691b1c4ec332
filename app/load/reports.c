/* SPDX-License-Identifier: BSD-3-Clause */
#include "reports.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"

#define PATH_SIZE (CONFIG_PATH_SIZE + 32u)

/** What fclose forgets: whether all was written. */
static int close_whole(FILE *out)
{
	int failed = ferror(out) ? EIO : 0;

	if (fflush(out) != 0 || fsync(fileno(out)) != 0)
		failed = errno;
	if (fclose(out) != 0 && failed == 0)
		failed = errno;
	return failed;
}

static int write_one(const char *folder, const char *name,
                     void (*report)(FILE *out, const struct run_result *result),
                     const struct run_result *result, struct error *error)
{
	char path[PATH_SIZE], temporary[PATH_SIZE];
	FILE *out;
	int failed;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)snprintf(temporary, sizeof(temporary), "%s/.%s.new", folder, name);
	out = fopen(temporary, "we");
	if (out == NULL)
		return error_set(error, ERROR_SYSTEM, "%s: %s", temporary, strerror(errno));
	report(out, result);
	failed = close_whole(out);
	if (failed == 0 && rename(temporary, path) != 0)
		failed = errno;
	if (failed == 0)
		return 0;
	(void)unlink(temporary);
	return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(failed));
}

int reports_write(const struct run_result *result, struct error *error)
{
	static const struct {
		const char *name;
		void (*report)(FILE *out, const struct run_result *result);
	} all[] = {{"report.txt", report_text},
	           {"report.json", report_json},
	           {"junit.xml", report_junit},
	           {"report.html", report_html}};
	const char *folder = result->config->report_folder;
	int status = 0;

	if (folder[0] == '\0')
		return 0;
	status = findings_make_folder(folder, error);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && status == 0; i++)
		status = write_one(folder, all[i].name, all[i].report, result, error);
	return status;
}
