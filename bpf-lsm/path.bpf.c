/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "told.bpf.h"

struct walk {
	struct scratch *scratch;
	struct dentry *dentry;
	struct dentry *root; /* of the mount that we are on */
	struct mount *mount;
	int status;
};

/* bpf_loop() ran out before the walk came to an end. */
#define WALK_UNFINISHED (-1)
#define WALK_TOP (-2)
#define WALK_DISCONNECTED (-3)

static __always_inline int path_prepend_slash(struct scratch *scratch)
{
	return path_prepend_byte(scratch, '/');
}

/*
 * What a rename changes of a dentry, and how often it has been changed: while the count is odd, the
 * rest may be of both names at once. (A walk as a whole needs no such care: a component that is
 * renamed before or after it was looked at has an answer of its own, and a rename that would loosen
 * what may be beneath is refused.)
 */
struct dentry_head {
	struct dentry *parent;
	__u64 hash_len;
	const void *name;
};

/* The kernel's order: the count's place is before the others, so one copy reads it first. */
struct dentry_block {
	__u32 flags, sequence;
	__u64 hash[2];
	struct dentry_head head;
};

_Static_assert(sizeof(struct dentry_block) == sizeof(((struct scratch *)NULL)->dentry),
	       "it has its room there");

#define DENTRY_OFFSET(field) bpf_core_field_offset(struct dentry, field)

static __always_inline long dentry_sequence(struct dentry *dentry, __u32 *sequence)
{
	return bpf_core_read(sequence, sizeof(*sequence), &dentry->d_seq);
}

static __always_inline long dentry_read(struct scratch *scratch, struct dentry *dentry,
					struct dentry_block *block)
{
#ifdef __TARGET_ARCH_x86
	if (DENTRY_OFFSET(d_flags) == __builtin_offsetof(struct dentry_block, flags) &&
	    DENTRY_OFFSET(d_seq) == __builtin_offsetof(struct dentry_block, sequence) &&
	    DENTRY_OFFSET(d_parent) == __builtin_offsetof(struct dentry_block, head.parent) &&
	    DENTRY_OFFSET(d_name) == __builtin_offsetof(struct dentry_block, head.hash_len))
		return bpf_probe_read_kernel(block, sizeof(*block), dentry);
#endif
	if (dentry_sequence(dentry, &block->sequence))
		return -1;
	read_barrier(&scratch->claimed);
	return bpf_core_read(&block->flags, sizeof(__u32), &dentry->d_flags) ||
	       bpf_core_read(&block->head.parent, sizeof(void *), &dentry->d_parent) ||
	       bpf_core_read(&block->head.hash_len, sizeof(struct qstr), &dentry->d_name);
}

/* Whether a rename has met what was read of a dentry since its count was @sequence. */
static __always_inline bool dentry_changed(struct scratch *scratch, struct dentry *dentry,
					   __u32 sequence)
{
	__u32 now;

	read_barrier(&scratch->claimed);
	return dentry_sequence(dentry, &now) || sequence & 1 || now != sequence;
}

/*
 * Whether a file system takes other spellings of a dentry's name for the same: then the name is one
 * of many. /proc/sys compares by a rule of its own as well, and bytes in the end; where directories
 * can be of either kind, each says so.
 */
static __always_inline bool has_spellings(struct dentry *dentry, __u32 flags)
{
	__u32 magic;

	if (!(flags & (DCACHE_OP_HASH | DCACHE_OP_COMPARE)))
		return false;
	magic = BPF_CORE_READ(dentry, d_sb, s_magic);
	if (magic == EXT4_SUPER_MAGIC || magic == F2FS_SUPER_MAGIC || magic == TMPFS_MAGIC)
		return BPF_CORE_READ(dentry, d_parent, d_inode, i_flags) & S_CASEFOLD;
	return magic != PROC_SUPER_MAGIC;
}

/* One component, or one mount crossed. Returns 1 at the end. */
static long walk_step(__u32 index, struct walk *walk)
{
	struct mount *mount = walk->mount, *below;
	struct dentry *dentry = walk->dentry;
	struct dentry_block *block = (void *)walk->scratch->dentry;
	__u32 off;

	if (dentry == walk->root) {
		below = BPF_CORE_READ(mount, mnt_parent);
		if (below == mount) {
			walk->status = WALK_TOP;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->root = BPF_CORE_READ(below, mnt.mnt_root);
		walk->mount = below;
		return 0;
	}

	off = walk->scratch->off;
	if (dentry_read(walk->scratch, dentry, block)) {
		walk->status = BAILIFF_REASON_UNREADABLE;
		return 1;
	}
	walk->status = path_prepend(walk->scratch, block->head.name, block->head.hash_len >> 32);
	if (dentry_changed(walk->scratch, dentry, block->sequence)) {
		/* once more, as long as the loop lasts */
		walk->scratch->off = off;
		walk->status = BAILIFF_REASON_UNREADABLE;
		return 0;
	}
	if (walk->status)
		return 1;
	if (has_spellings(dentry, block->flags)) {
		walk->status = BAILIFF_REASON_SPELLING;
		return 1;
	}
	if (block->head.parent == dentry) {
		walk->status = WALK_DISCONNECTED;
		return 1;
	}
	walk->status = path_prepend_slash(walk->scratch);
	if (walk->status)
		return 1;
	walk->status = WALK_UNFINISHED;
	walk->dentry = block->head.parent;
	return 0;
}

int path_build(__u32 number, struct object *object, __u32 append)
{
	struct scratch *scratch = scratch_of(number);
	int reason;

	if (!scratch || !object || !object->mnt)
		return BAILIFF_REASON_UNREADABLE;
	if (!append)
		scratch->off = PATH_END;
	reason = path_build_on(scratch, mount_of(object->mnt), object->dentry, current_mount_ns());
	return reason == PATH_ELSEWHERE ? BAILIFF_REASON_NO_NAMESPACE : reason;
}

__hidden int path_build_on(struct scratch *scratch, struct mount *mount, struct dentry *dentry,
			   struct mnt_namespace *mount_ns)
{
	struct walk walk = {
		.scratch = scratch,
		.dentry = dentry,
		.root = BPF_CORE_READ(mount, mnt.mnt_root),
		.mount = mount,
		.status = WALK_UNFINISHED,
	};
	struct mnt_namespace *ns;
	struct mount *top;

	bpf_loop(BAILIFF_DEPTH_MAX, walk_step, &walk, 0);

	if (walk.status == WALK_UNFINISHED)
		return BAILIFF_REASON_TOO_LONG;
	if (walk.status >= 0)
		return walk.status;
	top = walk.mount;
	ns = BPF_CORE_READ(top, mnt_ns);
	if (walk.status == WALK_DISCONNECTED)
		return (long)ns == MNT_NS_INTERNAL ? PATH_KERNEL_OBJECT : PATH_ELSEWHERE;
	if ((long)ns == MNT_NS_INTERNAL)
		return PATH_KERNEL_TREE;
	if (!ns)
		return BAILIFF_REASON_NO_NAMESPACE;
	if (ns != mount_ns)
		return BAILIFF_REASON_OTHER_NAMESPACE;
	return scratch->off == PATH_END ? path_prepend_slash(scratch) : 0;
}

/* How many bytes of a relative name say nothing: "./", once or more. At most 8 are looked at. */
static __always_inline __u32 skip_dots(const char *name)
{
	__u32 skip = 0;

	for (int i = 0; i < 8; i += 2) {
		if (name[i] != '.' || name[i + 1] != '/')
			break;
		skip = i + 2;
	}
	return skip;
}

__hidden int path_build_invoked(struct scratch *scratch, struct linux_binprm *bprm,
				struct task_struct *task)
{
	/* the event's room is free until there is a verdict */
	long n = bpf_probe_read_kernel_str(scratch->text, PATH_END, BPF_CORE_READ(bprm, interp));
	__u32 skip = skip_dots(scratch->text), len = n - 1 - skip;
	struct object directory = {};

	if (n < 2)
		return BAILIFF_REASON_UNREADABLE;
	if (len == 0 || len > BAILIFF_PATH_MAX - 1)
		return BAILIFF_REASON_TOO_LONG;
	scratch->off = PATH_END - len;
	for (int done = 0; done < PATH_END; done += NAME_MAX + 1) {
		/* in pieces: the buffer has room for NAME_MAX bytes behind PATH_END, no more */
		__u32 piece = len - done;

		if (done >= len)
			break;
		if (piece > NAME_MAX + 1)
			piece = NAME_MAX + 1;
		bpf_probe_read_kernel(&scratch->path[(scratch->off + done) & (PATH_END - 1)], piece,
				      &scratch->text[done + skip]);
	}
	if (scratch->text[0] == '/')
		return 0;
	if (path_prepend_slash(scratch))
		return BAILIFF_REASON_TOO_LONG;
	directory.mnt = BPF_CORE_READ(task, fs, pwd.mnt);
	directory.dentry = BPF_CORE_READ(task, fs, pwd.dentry);
	return path_build(scratch_number(scratch), &directory, true);
}
