/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/doctor-checks.h"
#include "daemon/util.h"

static const struct {
	const char *name;
	bool required; /* without it nothing can be enforced */
	void (*run)(struct doctor_finding *finding);
} checks[] = {
	{"root", true, check_root},
	{"kernel", false, check_kernel},
	{"kernel types", true, check_types},
	{"security modules", true, check_lsm},
	{"lockdown", true, check_lockdown},
	{"LSM programs", true, check_programs},
	{"cgroups", true, check_cgroups},
	{"bpf file system", true, check_bpffs},
	{"membarrier", false, check_membarrier},
	{"memory", false, check_memory},
	{"journal", false, check_journal},
	{"policies", false, check_policies},
	{"unknown", false, check_unknown},
	{"command line", false, check_boot},
	{"pins", false, check_pins},
	{"bailiffd", false, check_daemon},
};

void doctor_say(struct doctor_finding *finding, enum doctor_level level, const char *mend,
		const char *format, ...)
{
	va_list arguments;
	int n;

	finding->level = level;
	va_start(arguments, format);
	n = vasprintf(&finding->text, format, arguments);
	va_end(arguments);
	if (n < 0)
		finding->text = NULL; /* vasprintf leaves it undefined */
	finding->mend = mend ? strdup(mend) : NULL;
}

int doctor_read(const char *file, char *buffer, size_t size)
{
	_cleanup_(close_fdp) int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read_full(fd, buffer, size - 1);
	if (n < 0)
		return (int)n;
	buffer[n] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return (int)strlen(buffer);
}

void doctor_free(struct doctor_finding *findings, size_t n)
{
	for (size_t i = 0; findings && i < n; i++) {
		free(findings[i].text);
		free(findings[i].mend);
	}
	free(findings);
}

int doctor_examine(struct doctor_finding **ret_findings, size_t *ret_n)
{
	struct doctor_finding *findings = calloc(ELEMENTS(checks), sizeof(*findings));

	if (!findings)
		return -ENOMEM;
	for (size_t i = 0; i < ELEMENTS(checks); i++) {
		findings[i].name = checks[i].name;
		checks[i].run(&findings[i]);
		if (!findings[i].text) {
			doctor_free(findings, ELEMENTS(checks));
			return -ENOMEM;
		}
	}
	*ret_findings = findings;
	*ret_n = ELEMENTS(checks);
	return 0;
}

static int add_fault(char **text, const struct doctor_finding *finding)
{
	char *longer;

	if (!finding->text ||
	    asprintf(&longer, "%s%s%s: %s%s%s", *text ? *text : "", *text ? "\n" : "",
		     finding->name, finding->text, finding->mend ? "; " : "",
		     finding->mend ? finding->mend : "") < 0)
		return -ENOMEM;
	free(*text);
	*text = longer;
	return 0;
}

int doctor_require(char **ret_text)
{
	_cleanup_(freep) char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(checks) && r >= 0; i++) {
		struct doctor_finding finding = {.name = checks[i].name};

		if (!checks[i].required)
			continue;
		checks[i].run(&finding);
		if (finding.level == DOCTOR_FAIL || !finding.text)
			r = add_fault(&text, &finding);
		free(finding.text);
		free(finding.mend);
		/* the others would only fail for the same reason */
		if (text && checks[i].run == check_root)
			break;
	}
	if (r < 0 || !text)
		return r;
	*ret_text = TAKE_PTR(text);
	return 1;
}
