/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel.bpf.h"

/* As kernel.bpf.h: the kernel's types of what an event tells of its process. */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_namespace {
	int level; /* 0: the machine's own */
	struct ns_common ns;
};

/* A set of capabilities is two words up to 6.2, and one of 64 bits since. */
struct cred {
	struct {
		__u64 bits;
	} cap_effective;
	struct user_namespace *user_ns;
};

struct mm_struct___args {
	unsigned long arg_start, arg_end;
};

/* Is there with CONFIG_AUDIT alone. */
struct task_struct___login {
	struct {
		__u32 val;
	} loginuid;
};

struct task_struct___comm {
	char comm[16];
};

struct pt_regs___args {
#if defined(__TARGET_ARCH_x86)
	unsigned long si, dx;
#else
	unsigned long regs[31];
#endif
};

#pragma clang attribute pop
