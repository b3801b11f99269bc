/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "act.bpf.h"
#include "drift.bpf.h"
#include "opened.bpf.h"

/* Code that runs without execve(): what maps a file executable, and memory that is made so. */

/*
 * Whether the kernel maps the program that it is about to start: exec has decided on that one. Only
 * then; prctl() can make a task say that it runs another file.
 */
static __always_inline bool is_being_executed(struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD(task, in_execve) &&
	       file->f_inode == task->mm->exe_file->f_inode;
}

/* @file is there: the caller has seen to it. */
static __always_inline int decide_map(struct subject *subject, struct file *file)
{
	bool drift = drift_used(subject);

	if ((!drift && !decide_used(subject, VERB(MAP))) || is_being_executed(file))
		return 0;
	return decide_opened(subject, VERB(MAP), file, !drift, false) ? -EACCES : 0;
}

/*
 * @file is NULL for anonymous memory, which the verifier of 6.12 does not believe: a test of it is
 * taken out, and a read of it faults. So it is read through the helper, and what that gives is
 * tested.
 */
SEC("lsm/mmap_file")
int BPF_PROG(bailiff_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags, int ret)
{
	struct subject subject;
	struct inode *inode;
	int r = 0;

	if (ret)
		return ret;
	if (!(prot & PROT_EXEC) || !subject_current(&subject))
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (inode)
		r = decide_map(&subject, file);
	/*
	 * Memory that is no file's is of use only if it is written, by mprotect() or
	 * /proc/self/mem; a file without a name (memfd, O_TMPFILE, deleted) is memory that is
	 * mapped twice.
	 */
	if (!r && (prot & PROT_WRITE || !inode || !BPF_CORE_READ(inode, i_nlink)))
		r = decide_process(&subject, BAILIFF_PROCESS_WX);
	return r;
}

/* Whether what is to become executable was written to, or can be. */
static __always_inline bool is_written(struct vm_area_struct *vma, struct file *file)
{
	unsigned long shared = VM_SHARED | VM_MAYWRITE;

	/* no file; a private copy of its pages; shared with whoever writes; without a name */
	return !file || vma->anon_vma || (vma->vm_flags & shared) == shared ||
	       !BPF_CORE_READ(file, f_inode, i_nlink);
}

SEC("lsm/file_mprotect")
int BPF_PROG(bailiff_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
	     unsigned long prot, int ret)
{
	bool executable = vma->vm_flags & VM_EXEC;
	struct subject subject;
	struct file *file;
	int r = 0;

	if (ret)
		return ret;
	if (!(prot & PROT_EXEC) || (executable && !(prot & PROT_WRITE)) ||
	    !subject_current(&subject))
		return 0;
	file = vma->vm_file;
	if (file && !executable)
		r = decide_map(&subject, file);
	if (!r && (prot & PROT_WRITE || is_written(vma, file)))
		r = decide_process(&subject, BAILIFF_PROCESS_WX);
	return r;
}
