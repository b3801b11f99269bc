/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes events as fast as it can.
 *
 *	flood new FOLDER SECONDS	opens ever new files for reading, and removes them, for so
 *					long, or until FOLDER/stop is there
 *	flood same FILE N		opens one file N times
 *	flood threads FILE N		... in 8 threads at once, N times each
 *
 * Prints "N tried, N opened, N denied, N failed otherwise, N ns of processor time each". Exits with
 * 0 unless something failed otherwise.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define N_THREADS 8

struct counts {
	const char *path;
	long wanted, n, opened, denied, other;
};

static void try(struct counts *counts, const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	counts->n++;
	if (fd >= 0) {
		counts->opened++;
		close(fd);
	} else if (errno == EACCES) {
		counts->denied++;
	} else {
		counts->other++;
	}
}

static void open_new(struct counts *counts, const char *folder, long seconds)
{
	char path[512], stop[512];
	struct timespec begin, now;

	snprintf(stop, sizeof(stop), "%s/stop", folder);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		for (int i = 0; i < 100; i++) {
			snprintf(path, sizeof(path), "%s/%d-%ld", folder, getpid(), counts->n);
			try(counts, path, O_RDONLY | O_CREAT);
			unlink(path);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < seconds && access(stop, F_OK) != 0);
}

static void *open_same(void *argument)
{
	struct counts *counts = argument;

	for (long i = 0; i < counts->wanted; i++)
		try(counts, counts->path, O_RDONLY);
	return NULL;
}

static void open_in_threads(struct counts *counts, const char *path, long n)
{
	struct counts each[N_THREADS];
	pthread_t threads[N_THREADS];

	for (int i = 0; i < N_THREADS; i++) {
		each[i] = (struct counts){.path = path, .wanted = n};
		if (pthread_create(&threads[i], NULL, open_same, &each[i]) != 0)
			exit(3);
	}
	for (int i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		counts->n += each[i].n;
		counts->opened += each[i].opened;
		counts->denied += each[i].denied;
		counts->other += each[i].other;
	}
}

int main(int argc, char **argv)
{
	long n = argc == 4 ? atol(argv[3]) : 0;
	struct counts counts = {};
	struct timespec used;

	if (n <= 0)
		return 2;
	if (strcmp(argv[1], "new") == 0) {
		open_new(&counts, argv[2], n);
	} else if (strcmp(argv[1], "same") == 0) {
		counts = (struct counts){.path = argv[2], .wanted = n};
		open_same(&counts);
	} else if (strcmp(argv[1], "threads") == 0) {
		open_in_threads(&counts, argv[2], n);
	} else {
		return 2;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	printf("%ld tried, %ld opened, %ld denied, %ld failed otherwise, %ld ns of processor time "
	       "each\n",
	       counts.n, counts.opened, counts.denied, counts.other,
	       (used.tv_sec * 1000000000 + used.tv_nsec) / counts.n);
	return counts.other != 0;
}
