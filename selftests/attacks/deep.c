/* SPDX-License-Identifier: Apache-2.0 */

/*
 * deep BASE LENGTH NAME: makes folders below BASE so that the file NAME in the last one has a path
 * of LENGTH bytes, and opens it by its bare name. Exits as act does: 0 it worked, 1 denied with
 * EACCES, 2 it could not be tried, 3 something else.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char name[256];
	long length = argc == 4 ? atol(argv[2]) : 0, here;
	int fd;

	if (length == 0 || chdir(argv[1]) < 0)
		return 2;
	here = (long)strlen(argv[1]);
	length -= 1 + (long)strlen(argv[3]);
	while (here < length) {
		/* as long as can be, but never so that a single '/' would be left */
		long n = length - here - 1 > 255 ? 200 : length - here - 1;

		memset(name, 'd', (size_t)n);
		name[n] = '\0';
		if ((mkdir(name, 0755) < 0 && errno != EEXIST) || chdir(name) < 0)
			return 2;
		here += 1 + n;
	}
	fd = open(argv[3], O_RDWR | O_CREAT, 0644);
	if (fd < 0)
		fprintf(stderr, "%s\n", strerror(errno));
	return fd >= 0 ? 0 : errno == EACCES ? 1 : errno == EPERM ? 3 : 2;
}
