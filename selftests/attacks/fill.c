/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fill MAP fill|clear: fills the pinned map of bindings with ids that no cgroup has, to its edge,
 * or takes them away again. Prints how many there were.
 */

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST (1ull << 60)

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	union bpf_attr attr = {};
	unsigned value = 1;
	int fd, fill = argc == 3 && strcmp(argv[2], "fill") == 0;
	unsigned long long n = 0;

	if (argc != 3)
		return 2;
	attr.pathname = (unsigned long)argv[1];
	fd = bpf(BPF_OBJ_GET, &attr);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	for (n = 0;; n++) {
		unsigned long long key = FIRST + n;

		memset(&attr, 0, sizeof(attr));
		attr.map_fd = (unsigned)fd;
		attr.key = (unsigned long)&key;
		attr.value = fill ? (unsigned long)&value : 0;
		if (bpf(fill ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr) < 0)
			break;
	}
	printf("%llu entries: %s\n", n, strerror(errno));
	return n == 0;
}
