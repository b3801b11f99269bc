/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "cache.bpf.h"
#include "drift.bpf.h"
#include "other.bpf.h"

/*
 * The other names of a thing: those that it has through other mounts of its file system, in the
 * task's mount namespace, and those that its inode is known to have. They can only add to what the
 * name says that it was asked for by, and of their answers only what a pattern says counts
 * (BAILIFF_VERB_OTHER): what no line names need not be named twice.
 */

struct taking {
	struct decision *best;
	void *base;
	__u32 words, own; /* cells: of the other name, and of the thing's own (0: not known) */
	__u32 image, verbs;
};

static long take_other(__u32 i, struct taking *t)
{
	__u32 verb = i & 3, place = BAILIFF_VERB_OTHER + verb;
	__u32 word = arena_word_at(t->base, t->words, place);
	__u32 own = t->own ? arena_word_at(t->base, t->own, place) : 0;

	if (BAILIFF_VERDICT(word) == BAILIFF_ALLOW || is_exception(own, word))
		return 0;
	if (verb == BAILIFF_VERB_EXEC && t->verbs & VERB(MAP))
		verb = BAILIFF_VERB_MAP;
	if (t->verbs & (1u << verb))
		take_stricter(t->best, word, t->image, verb, BAILIFF_REASON_OTHER_NAME);
	return 0;
}

int ask_other(struct subject *subject, __u32 number, __u32 verbs, __u32 reason,
	      struct decision *best)
{
	void *base = arena_base();

	if (!base || !subject || !best)
		return 0;
	for (int i = 0; i < SUBJECT_IMAGES; i++) {
		__u32 image = subject->images[i];
		struct taking taking = {
			.best = best,
			.base = base,
			.image = image,
			.own = subject->words[i],
			.verbs = verbs,
		};

		if (!image || !(image_word(base, image, used) & other_verbs(verbs)))
			continue;
		taking.words =
			reason ? strictest_words(image)
			       : match_words(base, image, match(number, image, subject->starts[i]));
		bpf_loop(BAILIFF_N_VERBS, take_other, &taking, 0);
	}
	return 0;
}

static __always_inline bool may_be_stricter(struct subject *subject, __u32 verbs,
					    struct decision *best)
{
	return BAILIFF_VERDICT(best->word) != BAILIFF_DENY &&
	       decide_used(subject, other_verbs(verbs));
}

struct others {
	struct subject *subject;
	struct scratch *scratch;
	struct decision *best;
	__u32 verbs;
};

static long other_step(__u32 index, struct others *others)
{
	struct mount *mount;
	long end = mounts_next(&others->scratch->mounts, &mount);
	int reason;

	if (!mount)
		return end;
	others->scratch->off = PATH_END;
	reason = path_build_on(others->scratch, mount, others->scratch->mounts.dentry,
			       others->scratch->mounts.mount_ns);
	others->scratch->mounts.alone = false;
	if (!is_no_name(reason))
		ask_other(others->subject, scratch_number(others->scratch), others->verbs, reason,
			  others->best);
	return 0;
}

#define NULL_DEVICE (1u << 20 | 3)

/*
 * /dev/null is mounted over what a container runtime hides (/proc/kcore and others): it is none of
 * these.
 */
static __always_inline bool is_null_device(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFCHR &&
	       BPF_CORE_READ(inode, i_rdev) == NULL_DEVICE;
}

/*
 * Whether there are none on other mounts. If that may be remembered, cache_keep() has to follow. A
 * function of its own to the verifier, for the sake of the stack.
 */
int names_are_alone(__u32 number, struct object *object)
{
	struct scratch *scratch = scratch_of(number);
	struct dentry *dentry;

	if (!scratch || !object)
		return 0;
	dentry = object->dentry;
	return !mounts_begin(&scratch->mounts, object) || is_null_device(dentry) ||
	       cache_find_alone(BPF_CORE_READ(dentry, d_sb), &scratch->alone);
}

/* Whether some file has names that only its inode tells. */
static __always_inline bool names_are_known(void)
{
	__u32 zero = 0;
	struct bailiff_control *state = bpf_map_lookup_elem(&control, &zero);

	return state && state->known;
}

struct knowing {
	struct subject *subject;
	struct scratch *scratch;
	struct decision *best;
	__u32 verbs;
};

static long known_step(__u32 place, struct knowing *knowing)
{
	struct scratch *scratch = knowing->scratch;
	struct bailiff_known *name;

	scratch->key.place = place;
	name = bpf_map_lookup_elem(&known, &scratch->key);
	if (!name)
		return 1;
	scratch->off = PATH_END;
	if (!path_prepend(scratch, name->path, name->n_path))
		ask_other(knowing->subject, scratch_number(scratch), knowing->verbs, 0,
			  knowing->best);
	return 0;
}

/* The key of the first name of a file that may have several. */
static __always_inline bool key_find(struct object *object, struct bailiff_known_key *key)
{
	struct dentry *dentry = object->dentry;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct super_block *sb = BPF_CORE_READ(dentry, d_sb);

	/* an overlay's inodes say that they have one name, whatever those of its layers have */
	if (!inode || (BPF_CORE_READ(inode, i_nlink) < 2 &&
		       BPF_CORE_READ(sb, s_magic) != OVERLAYFS_SUPER_MAGIC))
		return false;
	key->inode = BPF_CORE_READ(inode, i_ino);
	key->device = BPF_CORE_READ(sb, s_dev);
	key->place = 0;
	return true;
}

int inode_is_known(struct object *object)
{
	struct bailiff_known_key key;

	return object && names_are_known() && key_find(object, &key) &&
	       bpf_map_lookup_elem(&known, &key);
}

int ask_known(struct subject *subject, __u32 number, __u32 verbs, struct object *object,
	      struct decision *best)
{
	struct scratch *scratch = scratch_of(number);
	struct knowing knowing = {
		.subject = subject,
		.scratch = scratch,
		.best = best,
		.verbs = verbs | verbs >> BAILIFF_VERB_OTHER,
	};

	if (!names_are_known() || !subject || !scratch || !object || !best ||
	    !may_be_stricter(subject, verbs, best) || !key_find(object, &scratch->key))
		return 0;
	best->named = false;
	bpf_loop(BAILIFF_KNOWN_PLACES, known_step, &knowing, 0);
	return 0;
}

int ask_others(struct subject *subject, __u32 number, __u32 verbs, struct object *object,
	       struct decision *best)
{
	struct scratch *scratch = scratch_of(number);
	struct others others = {
		.subject = subject,
		.scratch = scratch,
		.best = best,
		.verbs = verbs | verbs >> BAILIFF_VERB_OTHER,
	};

	if (!subject || !scratch || !object || !best || !may_be_stricter(subject, verbs, best))
		return 0;
	if (names_are_alone(number, object))
		return 0;
	best->named = false;
	bpf_loop(MOUNTS_MAX, other_step, &others, 0);
	cache_keep(&scratch->alone, scratch->mounts.finished && scratch->mounts.alone);
	if (scratch->mounts.finished)
		return 0;
	ask_other(subject, number, verbs, BAILIFF_REASON_UNREADABLE, best);
	stat_add(BAILIFF_REASON_UNREADABLE);
	return 0;
}
