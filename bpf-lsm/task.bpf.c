/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "subject.bpf.h"

/*
 * A label goes to every child and thread, wherever it is put (CLONE_INTO_CGROUP too). A parent that
 * is under policy gets its own label here at the latest.
 */
SEC("lsm/task_alloc")
int BPF_PROG(bailiff_task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct bailiff_label *label, *copy;
	struct subject subject;

	if (ret)
		return ret;
	if (subject_is_free())
		return 0;
	subject_find(&subject);
	label = subject.label;
	if (!label)
		/* none, or none could be had (counted): the cgroup's binding holds all the same */
		return 0;
	copy = bpf_task_storage_get(&labels, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!copy) {
		stat_add(BAILIFF_STAT_LABEL_FAILED);
		return -EAGAIN;
	}
	*copy = *label;
	return 0;
}
