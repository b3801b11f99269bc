/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "event.bpf.h"

#include "call.bpf.h"
#include "fold.bpf.h"
#include "match.bpf.h"
#include "who.bpf.h"

#define TEXT_MASK (PATH_END - 1)

_Static_assert(sizeof(struct object) <= sizeof(((struct scratch *)NULL)->object),
	       "it has its room");

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

static __always_inline void event_who(struct bailiff_event *event)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call call = call_of(task);

	event->time = bpf_ktime_get_boot_ns();
	event->tgid = task->tgid;
	event->pid = task->pid;
	event->ppid = task->real_parent->tgid;
	event->syscall = call.number;
	event->is_32bit = call.is_32bit;
	who_credentials(event, task);
	event->repeats = 0;
	event->n_exe = event->n_cgroup = event->n_path = 0;
	event->n_cwd = event->n_parent = event->n_args = event->n_ancestors = event->cut = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

static __always_inline struct bailiff_rule *rule_find(void *base, struct decision *decision)
{
	__u32 cell = decision->image + image_word(base, decision->image, rules) +
		     BAILIFF_RULE(decision->word) * (sizeof(struct bailiff_rule) / 8);

	return base + (__u64)(cell & arena_mask) * sizeof(struct bailiff_cell);
}

/*
 * Fills in the rule and its policy. Returns the rule's counter. Not inline: below event_emit() are
 * the walks along paths, and above it a rename's, so that it has no room on the stack to spare.
 */
static __noinline __u32 event_rule(struct scratch *scratch, void *base, struct decision *decision)
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

/* Has the path of what was asked for in the scratch space. */
static __always_inline void event_path(struct scratch *scratch, struct object *object, bool named)
{
	/* what was decided on last need not be the object's own name */
	if (object && !named) {
		scratch->off = PATH_END;
		path_build(scratch_number(scratch), object, false);
	}
}

/* The same where there is less room: of a long path its end, which is then flagged by @cut. */
static __always_inline __u32 text_add_short(struct scratch *scratch, __u32 at, __u8 cut)
{
	__u32 off = scratch->off, n = PATH_END - off;

	if (off > PATH_END || at > 3 * PATH_END + BAILIFF_SHORT_MAX)
		return 0;
	if (n >= BAILIFF_SHORT_MAX) {
		n = BAILIFF_SHORT_MAX - 1;
		scratch->event.cut |= cut;
	}
	if (bpf_probe_read_kernel(&scratch->text[at], n & (BAILIFF_SHORT_MAX - 1),
				  &scratch->path[(PATH_END - n) & TEXT_MASK]))
		return 0;
	return n;
}

/* Has the path of what is not what was asked for in the scratch space. */
static __always_inline void path_of(struct scratch *scratch, struct vfsmount *mnt,
				    struct dentry *dentry)
{
	struct object *object = (void *)scratch->object;

	object->mnt = mnt;
	object->dentry = dentry;
	path_build(scratch_number(scratch), object, false);
}

static __always_inline void path_of_file(struct scratch *scratch, struct file *file)
{
	path_of(scratch, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
}

/* The texts: that path, by which executable, in which cgroup. Returns their length. */
static __always_inline __u32 event_texts(struct scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bailiff_event *event = &scratch->event;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	__u32 n;

	event->n_path = n = text_add(scratch, 0);
	if (exe) {
		path_of_file(scratch, exe);
		event->n_exe = text_add(scratch, n);
		n += event->n_exe;
	}
	path_build_cgroup(scratch, BPF_CORE_READ(task, cgroups, dfl_cgrp));
	event->n_cgroup = text_add(scratch, n);
	return n + event->n_cgroup;
}

/*
 * The executable of the parent, which nothing holds: it can end, and another can get its memory.
 * Returns whether it was the same before and after it was looked at.
 */
static __always_inline bool parent_path(struct scratch *scratch)
{
	struct task_struct *task = bpf_get_current_task_btf(), *parent = task->real_parent;
	struct mm_struct *mm = BPF_CORE_READ(parent, mm);
	struct file *exe = BPF_CORE_READ(mm, exe_file);

	if (!exe)
		return false;
	path_of_file(scratch, exe);
	read_barrier(&scratch->claimed);
	return task->real_parent == parent && BPF_CORE_READ(parent, mm) == mm &&
	       BPF_CORE_READ(mm, exe_file) == exe;
}

/* What explains it, behind the first @n bytes. Returns the length of all texts. */
static __always_inline __u32 event_story(struct scratch *scratch, __u32 n)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bailiff_event *event = &scratch->event;
	__u32 number = scratch_number(scratch);

	path_of(scratch, BPF_CORE_READ(task, fs, pwd.mnt), BPF_CORE_READ(task, fs, pwd.dentry));
	event->n_cwd = text_add_short(scratch, n, BAILIFF_CUT_CWD);
	n += event->n_cwd;
	if (parent_path(scratch)) {
		event->n_parent = text_add_short(scratch, n, BAILIFF_CUT_PARENT);
		n += event->n_parent;
	}
	n = who_args(number, n);
	return who_ancestors(number, n);
}

static __always_inline enum outcome event_write(struct scratch *scratch, __u32 n)
{
	struct bailiff_event *event = &scratch->event;
	long failed;

	if (n > sizeof(scratch->text))
		return OUTCOME_DROPPED;
	if (event->verdict == BAILIFF_DENY)
		failed = bpf_ringbuf_output(&events, event, sizeof(*event) + n, 0);
	else
		failed = bpf_ringbuf_output(&audits, event, sizeof(*event) + n, 0);
	return failed ? OUTCOME_DROPPED : OUTCOME_LOGGED;
}

/* Folds the event in the scratch space, or writes it. */
static __always_inline enum outcome event_tell(struct subject *subject, struct decision *decision,
					       struct scratch *scratch, struct object *object)
{
	__u32 outcome, n;
	int taken;

	event_who(&scratch->event);
	scratch->event.cgroup = subject->cgroup;
	event_path(scratch, object, decision->named);
	taken = fold_take(scratch_number(scratch));
	if (taken == FOLD_ADDED)
		return OUTCOME_FOLDED;
	n = event_texts(scratch);
	n = event_story(scratch, n);
	outcome = event_write(scratch, n);
	return taken == FOLD_NONE ? outcome : fold_end(scratch_number(scratch), taken, outcome);
}

int event_emit(struct subject *subject, struct decision *decision, __u32 number,
	       struct object *object)
{
	struct scratch *scratch = scratch_of(number);
	enum outcome outcome = OUTCOME_DROPPED;
	struct bailiff_count *count;
	void *base = arena_base();
	__u32 counter;

	if (!base || !subject || !decision)
		return 0;
	counter = event_rule(scratch, base, decision);
	if (scratch)
		outcome = event_tell(subject, decision, scratch, object);
	if (outcome == OUTCOME_DROPPED)
		stat_add(BAILIFF_STAT_DROPPED);
	count = bpf_map_lookup_elem(&counters, &counter);
	if (!count)
		return 0;
	/* atomic, although a processor's own: a preempting task may be in the middle of the same */
	__sync_fetch_and_add(outcome == OUTCOME_LOGGED	 ? &count->logged
			     : outcome == OUTCOME_FOLDED ? &count->folded
							 : &count->dropped,
			     1);
	return 0;
}
