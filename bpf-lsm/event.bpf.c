/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "event.bpf.h"

#include "call.bpf.h"
#include "match.bpf.h"

#define TEXT_MASK (PATH_END - 1)

/* Moves the path in @scratch behind the first @at bytes of the event's text. Returns its length. */
static __always_inline __u32 text_add(struct scratch *scratch, __u32 at)
{
	__u32 off = scratch->off, n = PATH_END - off;

	if (off > PATH_END || n >= PATH_END || at > 2 * PATH_END)
		return 0;
	if (bpf_probe_read_kernel(&scratch->text[at], n & TEXT_MASK,
				  &scratch->path[off & TEXT_MASK]))
		return 0;
	return n;
}

static __always_inline void event_who(struct bailiff_event *event, struct task_struct *task)
{
	__u64 ids = bpf_get_current_uid_gid();
	struct call call = call_of(task);

	event->time = bpf_ktime_get_boot_ns();
	event->tgid = BPF_CORE_READ(task, tgid);
	event->pid = BPF_CORE_READ(task, pid);
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->uid = ids;
	event->gid = ids >> 32;
	event->syscall = call.is_32bit ? -1 : (__s32)call.number;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

static __always_inline struct bailiff_rule *rule_find(void *base, struct decision *decision)
{
	__u32 cell = decision->image + image_word(base, decision->image, rules) +
		     BAILIFF_RULE(decision->word) * (sizeof(struct bailiff_rule) / 8);

	return base + (__u64)(cell & arena_mask) * sizeof(struct bailiff_cell);
}

/* Fills in the rule and its policy. Returns the rule's counter. */
static __always_inline __u32 event_rule(struct scratch *scratch, void *base,
					struct decision *decision)
{
	struct bailiff_policy *policy;
	struct bailiff_event *event;
	struct bailiff_rule rule = {};
	__u32 cell;

	bpf_probe_read_kernel(&rule, sizeof(rule), rule_find(base, decision));
	cell = decision->image + image_word(base, decision->image, policies) +
	       rule.policy * (sizeof(struct bailiff_policy) / 8);
	policy = base + (__u64)(cell & arena_mask) * sizeof(struct bailiff_cell);

	if (!scratch)
		return rule.counter;
	event = &scratch->event;
	bpf_probe_read_kernel(event->policy, sizeof(event->policy), policy->name);
	bpf_probe_read_kernel(&event->severity, sizeof(event->severity), &policy->severity);
	event->line = rule.line;
	event->column = rule.column;
	event->counter = rule.counter;
	event->verb = decision->verb;
	event->verdict = BAILIFF_VERDICT(decision->word);
	event->reason = decision->reason;
	event->audit = event->verdict == BAILIFF_WOULD_DENY;
	return rule.counter;
}

/* The texts: what was asked for, by which executable, in which cgroup. Returns their length. */
static __always_inline __u32 event_texts(struct scratch *scratch, struct object *object, bool named,
					 struct task_struct *task)
{
	struct bailiff_event *event = &scratch->event;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct object executable = {};
	__u32 n;

	/* what was decided on last need not be the object's own name */
	if (object && !named) {
		scratch->off = PATH_END;
		path_build(scratch_number(scratch), object, false);
	}
	event->n_path = n = text_add(scratch, 0);
	event->n_exe = event->n_cgroup = 0;
	if (exe) {
		executable.mnt = BPF_CORE_READ(exe, f_path.mnt);
		executable.dentry = BPF_CORE_READ(exe, f_path.dentry);
		path_build(scratch_number(scratch), &executable, false);
		event->n_exe = text_add(scratch, n);
		n += event->n_exe;
	}
	path_build_cgroup(scratch, BPF_CORE_READ(task, cgroups, dfl_cgrp));
	event->n_cgroup = text_add(scratch, n);
	return n + event->n_cgroup;
}

int event_emit(struct subject *subject, struct decision *decision, __u32 number,
	       struct object *object)
{
	struct scratch *scratch = scratch_of(number);
	struct task_struct *task = bpf_get_current_task_btf();
	struct bailiff_count *count;
	void *base = arena_base();
	bool logged = false;
	__u32 counter, n;

	if (!base || !subject || !decision)
		return 0;
	counter = event_rule(scratch, base, decision);
	if (scratch) {
		event_who(&scratch->event, task);
		scratch->event.cgroup = subject->cgroup;
		n = event_texts(scratch, object, decision->named, task);
		if (n <= sizeof(scratch->text))
			logged = !bpf_ringbuf_output(&events, &scratch->event,
						     sizeof(scratch->event) + n, 0);
	}
	if (!logged)
		stat_add(BAILIFF_STAT_DROPPED);
	count = bpf_map_lookup_elem(&counters, &counter);
	if (!count)
		return 0;
	/* atomic, although a processor's own: a preempting task may be in the middle of the same */
	__sync_fetch_and_add(&count->decided, 1);
	__sync_fetch_and_add(logged ? &count->logged : &count->dropped, 1);
	return 0;
}
