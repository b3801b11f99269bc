/* SPDX-License-Identifier: Apache-2.0 */

/*
 * forge EXECUTABLE [PATH]: makes /proc/self/exe say EXECUTABLE, then opens PATH to read it (answers
 * as act does), or, without one, waits for standard input to end and does as much for the path that
 * it reads there. prctl() allows that once nothing of the real executable is mapped any more: so
 * all of it is replaced by copies.
 *
 * forge EXECUTABLE map|protect: the same, and then maps EXECUTABLE so that it can be executed, at
 * once or by mprotect().
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MAPPINGS_MAX 32

struct mapping {
	unsigned long begin, end;
	int protection;
};

static int mappings_find(struct mapping *found)
{
	char line[512], self[256] = "", permissions[8], path[256];
	FILE *maps = fopen("/proc/self/maps", "re");
	int n = 0;

	if (!maps || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return -1;
	while (n < MAPPINGS_MAX && fgets(line, sizeof(line), maps)) {
		struct mapping *m = &found[n];

		path[0] = '\0';
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %255s", &m->begin, &m->end, permissions,
			   path) < 3 ||
		    strcmp(path, self) != 0)
			continue;
		m->protection = PROT_READ | (permissions[1] == 'w' ? PROT_WRITE : 0) |
				(permissions[2] == 'x' ? PROT_EXEC : 0);
		n++;
	}
	fclose(maps);
	return n;
}

/* Puts a copy of the memory in its place. The code that does it is in it. */
static int mapping_replace(const struct mapping *m)
{
	size_t size = m->end - m->begin;
	char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return -1;
	memcpy(copy, (void *)m->begin, size);
	if (mprotect(copy, size, m->protection) < 0)
		return -1;
	return mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)m->begin) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}

static int forge(const char *executable)
{
	struct mapping mappings[MAPPINGS_MAX];
	int n = mappings_find(mappings), fd = open(executable, O_RDONLY | O_CLOEXEC);

	if (n < 0 || fd < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (mapping_replace(&mappings[i]) < 0)
			return -1;
	return prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0);
}

static int map_executable(const char *path, bool at_once)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), protection = PROT_READ | PROT_EXEC;
	void *code = mmap(NULL, 4096, at_once ? protection : PROT_READ, MAP_PRIVATE, fd, 0);

	if (code == MAP_FAILED)
		return -1;
	return at_once ? 0 : mprotect(code, 4096, protection);
}

int main(int argc, char **argv)
{
	char path[4096] = "";
	int fd;

	/* so that it can be there before a policy */
	while (argc > 3 && access(argv[3], F_OK) < 0)
		usleep(100000);
	if (argc < 2 || forge(argv[1]) < 0) {
		perror("forge");
		return 2;
	}
	if (argc > 2) {
		strncpy(path, argv[2], sizeof(path) - 1);
	} else if (scanf("%4095s", path) != 1) {
		return 2;
	}
	if (strcmp(path, "map") == 0 || strcmp(path, "protect") == 0)
		fd = map_executable(argv[1], strcmp(path, "map") == 0);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	return errno == EACCES ? 1 : errno == EPERM ? 3 : 2;
}
