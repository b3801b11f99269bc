/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/boot-audit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/types.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/util.h"

#define PROC_ROOT_INO 1
#define LINE_MAX_BYTES 65536 /* no architecture's is longer */

bool boot_audit_in(const char *line)
{
	static const char blanks[] = " \t\n";

	while (*(line += strspn(line, blanks))) {
		const char *word = line;
		bool quoted = false;

		for (; *line && (quoted || !strchr(blanks, *line)); line++)
			if (*line == '"')
				quoted = !quoted;
		if (line - word == 2 && strncmp(word, "--", 2) == 0)
			return false;
		if ((size_t)(line - word) == strlen(BOOT_AUDIT) &&
		    strncmp(word, BOOT_AUDIT, strlen(BOOT_AUDIT)) == 0)
			return true;
	}
	return false;
}

/* Which mount a descriptor is on; 0 where that cannot be told. */
static __u64 mount_of(int fd)
{
	struct statx st = {};

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

/*
 * The kernel's own /proc/cmdline, and nothing that is mounted over it. (openat2() would say so by
 * itself, but RestrictSUIDSGID=yes in the unit refuses it.)
 */
static int open_line(void)
{
	_cleanup_(close_fdp) int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;
	int line, r;

	if (proc < 0 || fstatfs(proc, &fs) < 0 || fstat(proc, &st) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return -EXDEV;
	line = openat(proc, "cmdline", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (line < 0)
		return -errno;
	r = mount_of(line) && mount_of(line) == mount_of(proc) ? 0 : -EXDEV;
	if (r < 0)
		close(line);
	return r < 0 ? r : line;
}

int boot_audit(void)
{
	_cleanup_(close_fdp) int fd = open_line();
	_cleanup_(freep) char *line = malloc(LINE_MAX_BYTES + 1);
	ssize_t n;

	if (fd < 0)
		return fd;
	if (!line)
		return -ENOMEM;
	n = read_full(fd, line, LINE_MAX_BYTES);
	if (n < 0)
		return (int)n;
	line[n] = '\0';
	return boot_audit_in(line);
}
