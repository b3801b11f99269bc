/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "maps.bpf.h"

/* Notes what a task runs that was there before its label. */
static __always_inline void label_executed(struct bailiff_label *label, struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);

	label->inode = BPF_CORE_READ(exe, f_inode, i_ino);
	label->device = BPF_CORE_READ(exe, f_inode, i_sb, s_dev);
}
