/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "drift.bpf.h"
#include "mapped.bpf.h"

/* Code that runs without execve(): what maps a file executable, and memory that is made so. */

/* @file is there: the caller has seen to it. */
static __always_inline int decide_map(struct subject *subject, struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = file->f_inode;
	struct object object;

	if (!drift_used(subject)) {
		if (!decide_used(subject, VERB(MAP)))
			return 0;
		if (subject->label && mapped_is(subject->label, inode, mapped_serial(subject)))
			return 0;
	}
	/* the program itself, which exec has decided on; its interpreter is another file */
	if (inode == task->mm->exe_file->f_inode)
		return 0;
	object = object_of(&file->f_path);
	return decide(subject, VERB(MAP), &object);
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
	/* a file without a name (memfd, O_TMPFILE, deleted) is memory that is mapped twice */
	if (!r && (prot & PROT_WRITE || (inode && !BPF_CORE_READ(inode, i_nlink))))
		r = decide_process(&subject, BAILIFF_PROCESS_WX);
	return r;
}

SEC("lsm/file_mprotect")
int BPF_PROG(bailiff_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
	     unsigned long prot, int ret)
{
	struct subject subject;
	struct file *file;
	int r = 0;

	if (ret)
		return ret;
	if (!(prot & PROT_EXEC) || vma->vm_flags & VM_EXEC || !subject_current(&subject))
		return 0;
	file = vma->vm_file;
	if (file)
		r = decide_map(&subject, file);
	/* anonymous memory, or a private copy that was written to */
	if (!r && (!file || vma->anon_vma))
		r = decide_process(&subject, BAILIFF_PROCESS_WX);
	return r;
}
