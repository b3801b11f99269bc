/* SPDX-License-Identifier: Apache-2.0 */

/*
 * To be preloaded into bailiffd: the n-th allocation from now on fails, or the n-th call of bpf(2)
 * does, each as where there is no memory. Two numbers of 32 bits in a file say which: what is
 * counted down there, and 0 does nothing.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_OF_COUNTS "/run/bailiff/no-memory"

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t n);

static uint32_t none[2], *counts = none;
static long (*next_syscall)(long number, ...);

static void __attribute__((constructor)) begin(void)
{
	int fd = open(FILE_OF_COUNTS, O_RDWR | O_CLOEXEC);
	void *memory = MAP_FAILED;

	next_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (fd >= 0)
		memory = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED)
		counts = memory;
	if (fd >= 0)
		close(fd);
}

static bool fails(int which)
{
	if (!counts[which] || --counts[which])
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return fails(0) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails(0) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t n)
{
	return fails(0) ? NULL : __libc_realloc(memory, n);
}

void *reallocarray(void *memory, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

/* libbpf's way to bpf(2). Six arguments are as many as any call takes. */
long syscall(long number, ...)
{
	long a[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && fails(1))
		return -1;
	return next_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
