/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/doctor-checks.h"
#include "daemon/kernel.h"
#include "daemon/util.h"

/* The kernel's own number for "not supported", which libc has no name for. */
#define ENOTSUPP 524

#define LSM_LIST_MAX 512

static bool is_capable(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[capability / 32].effective & (1u << capability % 32);
}

void check_root(struct doctor_finding *finding)
{
	if (geteuid() != 0)
		doctor_say(finding, DOCTOR_FAIL,
			   "run this as root: with sudo, or as a system service",
			   "not root: BPF-LSM programs cannot be loaded");
	else if (!is_capable(CAP_SYS_ADMIN) && !(is_capable(CAP_BPF) && is_capable(CAP_PERFMON)))
		doctor_say(
			finding, DOCTOR_FAIL,
			"give the service or container CAP_BPF and CAP_PERFMON, or in Kubernetes "
			"\"privileged: true\"",
			"root without the capabilities that BPF-LSM programs need");
	else
		doctor_say(finding, DOCTOR_OK, NULL, "root, with the capabilities that are needed");
}

/*
 * The stable release: Debian's own name for a kernel (6.1.0-18) does not have it, but its version
 * (#1 SMP ... Debian 6.1.76-1) does.
 */
static bool parse_version(const struct utsname *name, unsigned version[static 3])
{
	const char *debian = strstr(name->version, "Debian ");

	if (debian && sscanf(debian, "Debian %u.%u.%u", &version[0], &version[1], &version[2]) == 3)
		return true;
	version[2] = 0;
	return sscanf(name->release, "%u.%u.%u", &version[0], &version[1], &version[2]) >= 2;
}

static bool is_older(const unsigned a[static 3], const unsigned b[static 3])
{
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/*
 * Information only: distributions carry fixes back, and whether programs load is tried. But before
 * 6.1.54 (and 6.2) the kernel left out an LSM program while another task was inside it on the same
 * processor, which is an access that nobody decided on, and nothing can be tried there.
 */
void check_kernel(struct doctor_finding *finding)
{
	static const unsigned floor[] = {6, 1, 54}, floor_arm64[] = {6, 4, 0};
	unsigned version[3] = {};
	struct utsname name;
	bool arm64;

	if (uname(&name) < 0 || !parse_version(&name, version)) {
		doctor_say(finding, DOCTOR_WARN, "compare what \"uname -r\" says with 6.1.54",
			   "its version cannot be told");
		return;
	}
	arm64 = strcmp(name.machine, "aarch64") == 0;
	if (arm64 && is_older(version, floor_arm64))
		doctor_say(finding, DOCTOR_WARN, "use Linux 6.4 or newer",
			   "Linux %s on arm64, which has no LSM programs before 6.4", name.release);
	else if (is_older(version, floor))
		doctor_say(
			finding, DOCTOR_WARN,
			"use Linux 6.1.54 or newer, unless your distribution has carried this back",
			"Linux %s: before 6.1.54 a kernel may leave out a decision when two "
			"processes share a CPU",
			name.release);
	else
		doctor_say(finding, DOCTOR_OK, NULL, "Linux %s (%u.%u.%u), and 6.1.54 is needed",
			   name.release, version[0], version[1], version[2]);
}

void check_types(struct doctor_finding *finding)
{
	int r = kernel_has_hooks_of_paths();

	if (r < 0)
		doctor_say(finding, DOCTOR_FAIL,
			   "use a kernel that was built with CONFIG_DEBUG_INFO_BTF=y",
			   "the kernel does not describe its types (" DOCTOR_BTF "): %s",
			   strerror(-r));
	else if (!r)
		doctor_say(finding, DOCTOR_WARN,
			   "use a kernel that was built with CONFIG_SECURITY_PATH=y (any with "
			   "AppArmor, Landlock or TOMOYO)",
			   "BTF is there (" DOCTOR_BTF "); no hook for names: policies with "
			   "denials in [exec] or [file] are refused");
	else
		doctor_say(finding, DOCTOR_OK, NULL, "BTF is there (" DOCTOR_BTF ")");
}

static bool list_has(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

/*
 * Needed beside the trial: where "bpf" is not in the list, programs load, attach, and are never
 * called.
 */
void check_lsm(struct doctor_finding *finding)
{
	char list[LSM_LIST_MAX], mend[LSM_LIST_MAX + 256];
	int r = doctor_read(DOCTOR_LSM, list, sizeof(list));

	if (r <= 0) {
		doctor_say(finding, DOCTOR_WARN,
			   "mount it, then look again: mount -t securityfs securityfs "
			   "/sys/kernel/security",
			   "cannot be told: " DOCTOR_LSM " cannot be read");
		return;
	}
	if (list_has(list, "bpf")) {
		doctor_say(finding, DOCTOR_OK, NULL, "%s", list);
		return;
	}
	snprintf(mend, sizeof(mend),
		 "add to the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub, then "
		 "update-grub or grub2-mkconfig) and start again: lsm=%s,bpf",
		 list);
	doctor_say(finding, DOCTOR_FAIL, mend,
		   "\"bpf\" is not in the list (%s): programs would load and never be asked", list);
}

void check_lockdown(struct doctor_finding *finding)
{
	char modes[128];

	if (doctor_read("/sys/kernel/security/lockdown", modes, sizeof(modes)) <= 0)
		doctor_say(finding, DOCTOR_OK, NULL, "not in use");
	else if (strstr(modes, "[confidentiality]"))
		doctor_say(finding, DOCTOR_FAIL,
			   "take lockdown=confidentiality off the kernel's command line; "
			   "lockdown=integrity is no obstacle",
			   "mode confidentiality: programs may not read the kernel's memory");
	else
		doctor_say(finding, DOCTOR_OK, NULL, "%s", modes);
}

static const char *explain_probe(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return "run it as root, outside of sandboxes (seccomp, a container without "
		       "CAP_BPF); where root itself is refused, the machine's maker has switched "
		       "LSM programs off, as in some virtual machines: use another kernel";
	case EINVAL:
	case ENOTSUPP:
	case EOPNOTSUPP:
	case ENOENT:
	case ESRCH:
	case ENOSYS:
		return "use a kernel with CONFIG_BPF_LSM=y, CONFIG_BPF_JIT=y and "
		       "CONFIG_DEBUG_INFO_BTF=y (on arm64 6.4 or newer)";
	case E2BIG:
		return "other programs fill the hook (38 fit): stop another BPF-LSM agent";
	case ENOMEM:
		return "free memory, or raise the memory limit of the service";
	default:
		return "see the kernel's log: dmesg";
	}
}

void check_programs(struct doctor_finding *finding)
{
	int r = kernel_probe();

	r = r < 0 ? -r : r;
	if (r == 0)
		doctor_say(finding, DOCTOR_OK, NULL,
			   "one was loaded and attached, and removed again");
	else
		doctor_say(finding, DOCTOR_FAIL, explain_probe(r),
			   "the kernel refuses to load or attach one: %s",
			   r == ENOTSUPP ? "not supported" : strerror(r));
}

void check_membarrier(struct doctor_finding *finding)
{
	long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	if (commands >= 0 && (commands & MEMBARRIER_CMD_GLOBAL))
		doctor_say(finding, DOCTOR_OK, NULL, "there");
	else
		doctor_say(finding, DOCTOR_WARN,
			   "take nohz_full= off the kernel's command line, if that matters",
			   "not there (nohz_full?): each reload takes a tenth of a second longer");
}
