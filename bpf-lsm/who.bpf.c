/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "who.bpf.h"

#include "call.bpf.h"
#include "kernel-who.bpf.h"

#define ARGS_MASK (2 * BAILIFF_ARGS_MAX - 1)

__hidden void who_credentials(struct bailiff_event *event, struct task_struct *task)
{
	struct task_struct___login *login = (void *)task;
	const struct cred *cred = task->cred;
	__u64 ids = bpf_get_current_uid_gid();

	event->uid = ids;
	event->gid = ids >> 32;
	event->login = BAILIFF_NO_LOGIN;
	if (bpf_core_field_exists(login->loginuid))
		event->login = BPF_CORE_READ(login, loginuid.val);
	event->capabilities = 0;
	bpf_core_read(&event->capabilities, sizeof(event->capabilities), &cred->cap_effective);
	event->user_ns = 0;
	if (BPF_CORE_READ(cred, user_ns, level))
		event->user_ns = BPF_CORE_READ(cred, user_ns, ns.inum);
}

/* The list of arguments that an exec was called with, in the caller's memory; NULL: not known. */
static __always_inline const char *const *argv_of_call(struct task_struct *task)
{
	struct pt_regs___args *regs = (void *)bpf_task_pt_regs(task);
	struct call call = call_of(task);

	if (call.is_32bit)
		return NULL;
#if defined(__TARGET_ARCH_x86)
	if (call.number == 59)
		return (void *)BPF_CORE_READ(regs, si);
	return call.number == 322 ? (void *)BPF_CORE_READ(regs, dx) : NULL;
#else
	if (call.number == 221)
		return (void *)BPF_CORE_READ(regs, regs[1]);
	return call.number == 281 ? (void *)BPF_CORE_READ(regs, regs[2]) : NULL;
#endif
}

/* Gathers the arguments of an exec. Returns how many bytes; *@all: whether these are all. */
static __always_inline __u32 args_of_call(struct scratch *scratch, bool *all)
{
	const char *const *argv = argv_of_call(bpf_get_current_task_btf());
	const char *arg = NULL;
	__u32 n = 0;
	long r;

	for (int i = 0; argv && i <= BAILIFF_ARGS_N; i++) {
		if (bpf_probe_read_user(&arg, sizeof(arg), argv + i))
			break;
		*all = !arg;
		if (!arg || i == BAILIFF_ARGS_N || n >= BAILIFF_ARGS_MAX)
			break;
		r = bpf_probe_read_user_str(&scratch->args[n & (BAILIFF_ARGS_MAX - 1)],
					    BAILIFF_ARGS_MAX, arg);
		*all = false;
		if (r < 0)
			break;
		/* an empty text is told to have no bytes, not even its NUL */
		n += r ? r & ARGS_MASK : 1;
		if (r == BAILIFF_ARGS_MAX)
			break;
	}
	return n;
}

/* The same of what the process itself was called with. */
static __always_inline __u32 args_of_process(struct scratch *scratch, bool *all)
{
	struct mm_struct___args *mm = (void *)bpf_get_current_task_btf()->mm;
	__u64 start = BPF_CORE_READ(mm, arg_start), n = BPF_CORE_READ(mm, arg_end) - start;

	*all = n <= BAILIFF_ARGS_MAX;
	if (!*all)
		n = BAILIFF_ARGS_MAX;
	barrier_var(n);
	return bpf_probe_read_user(scratch->args, n & ARGS_MASK, (void *)start) ? 0 : n;
}

int who_args(__u32 number, __u32 at)
{
	struct scratch *scratch = scratch_of(number);
	bool all = true;
	__u32 n = 0;
	__u8 verb;

	if (!scratch || at > TEXT_ARGS)
		return at;
	verb = scratch->event.verb;
	if (verb == BAILIFF_VERB_EXEC || verb == BAILIFF_VERB_INVOKED)
		n = args_of_call(scratch, &all);
	if (!n)
		n = args_of_process(scratch, &all);
	/* the last string ended where there was no more room for another byte */
	if (n > BAILIFF_ARGS_MAX) {
		n = BAILIFF_ARGS_MAX;
		all = false;
	}
	/* as the verifier is told: of the line above it sees another register */
	barrier_var(n);
	if (n > BAILIFF_ARGS_MAX || bpf_probe_read_kernel(&scratch->text[at], n, scratch->args))
		return at;
	scratch->event.n_args = n;
	if (!all)
		scratch->event.cut |= BAILIFF_CUT_ARGS;
	return at + n;
}

int who_ancestors(__u32 number, __u32 at)
{
	struct task_struct *task = bpf_get_current_task_btf(), *parent;
	struct scratch *scratch = scratch_of(number);
	__u32 n = 0;

	if (!scratch || at > TEXT_ARGS + BAILIFF_ARGS_MAX)
		return at;
	for (int i = 0; i < BAILIFF_ANCESTORS; i++) {
		struct bailiff_ancestor *ancestor = &scratch->ancestors[i];

		/* a thread made it: its process is who it descends from */
		parent = BPF_CORE_READ(task, real_parent, group_leader);
		ancestor->pid = BPF_CORE_READ(parent, tgid);
		if (!ancestor->pid || parent == task)
			break;
		BPF_CORE_READ_STR_INTO(&ancestor->comm, (struct task_struct___comm *)parent, comm);
		task = parent;
		n++;
	}
	scratch->event.n_ancestors = n;
	n *= sizeof(struct bailiff_ancestor);
	if (n > sizeof(scratch->ancestors) ||
	    bpf_probe_read_kernel(&scratch->text[at], n, scratch->ancestors)) {
		scratch->event.n_ancestors = 0;
		return at;
	}
	return at + n;
}
