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

static int write_one(const char *path, const char *temporary,
                     void (*report)(FILE *out, const struct run_result *result),
                     const struct run_result *result, struct error *error)
{
	FILE *out = fopen(temporary, "we");
	int failed = out == NULL ? errno : 0;

	if (out != NULL) {
		report(out, result);
		failed = close_whole(out);
	}
	if (failed == 0 && rename(temporary, path) != 0)
		failed = errno;
	if (failed == 0)
		return 0;
	(void)unlink(temporary);
	/* An earlier run's is not this one's. */
	(void)unlink(path);
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

	if (folder[0] == '\0')
		return 0;
	int status = findings_make_folder(folder, error);
	/* A disk too full for one of them may hold the others. */
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char path[PATH_SIZE], temporary[PATH_SIZE];
		struct error reason;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, all[i].name);
		(void)snprintf(temporary, sizeof(temporary), "%s/.%s.new", folder, all[i].name);
		int written = write_one(path, temporary, all[i].report, result, &reason);
		if (written != 0 && status == 0)
			status = error_set(error, written, "%s", reason.text);
	}
	return status;
}
