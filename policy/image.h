/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <linux/types.h>
#include <stddef.h>

#include "bpf-lsm/abi.h"

/*
 * Compiled policies: the very bytes that the kernel's arena holds (abi.h), and the matcher that
 * answers from them in user space as the kernel's does.
 */

struct diag;
struct policy;

struct image {
	struct bailiff_cell *cells; /* begins with struct bailiff_image */
	size_t n_cells;
};

/*
 * Compiles policies that hold together for one container into one image: each is decided on its
 * own, the strictest answer stands. Rules' counters are left 0. Rule 0 is none, so that a decision
 * of 0 is an allow that no rule made; then come the policies' rules in order, then what stands for
 * their lines "default =". @serial is greater than that of any image before. Returns 0 and the
 * image (the caller frees it), 1 and an error in @diag where the policies exceed a limit (the
 * automaton grows too large), or -ENOMEM.
 */
int image_compile(const struct policy *const *policies, size_t n_policies, __u64 serial,
		  struct diag *diag, struct image **ret_image);
struct image *image_free(struct image *image);

static inline const struct bailiff_image *image_header(const struct bailiff_cell *cells)
{
	return (const struct bailiff_image *)cells;
}

/* Runs the automaton over @n bytes, from a start. Returns the label, an index into the label table.
 */
__u32 image_match(const struct bailiff_cell *cells, __u32 start, const char *path, size_t n);

/* A word of the label of a path: the decision for a verb of one who is of no subject. */
__u32 image_decide(const struct bailiff_cell *cells, unsigned word, const char *path, size_t n);

/* The same of one who has that start: header.start, .unknown, or a class's. */
__u32 image_decide_from(const struct bailiff_cell *cells, __u32 start, unsigned word,
			const char *path, size_t n);

/* The start of one who is of these subjects; header.unknown where there is no such class. */
__u32 image_start(const struct bailiff_cell *cells, __u32 subjects);

/*
 * Checks that @n_cells cells hold a whole image whose every index stays inside it: what is read
 * back from a pinned map is not trusted. Returns 0 or -EBADMSG.
 */
int image_verify(const struct bailiff_cell *cells, size_t n_cells);

/*
 * Which policies hold for which cgroup. A set is a list of indexes into the policies, ascending;
 * set 0 is empty. The image's label words [0] are set numbers until selector_assign().
 */
struct selector_set {
	size_t *policies;
	size_t n_policies;
};

struct selector {
	struct image *image;
	struct selector_set *sets;
	size_t n_sets;
};

/*
 * Compiles the [select] sections of all policies into one automaton over cgroup paths. Lines of one
 * key are alternatives, different keys must all match. The host's own (the root cgroup, init.scope,
 * the runtimes, kubelet, sshd, bailiffd) is left out for policies without host = yes.
 * Returns as image_compile() does.
 */
int selector_compile(const struct policy *const *policies, size_t n_policies, struct diag *diag,
		     struct selector **ret_selector);

/*
 * The same where something is known of containers, for lines that are about them:
 * selector_compile() knows of none, so that these match nothing.
 */
struct containers;
int selector_compile_known(const struct policy *const *policies, size_t n_policies,
			   const struct containers *known, struct diag *diag,
			   struct selector **ret_selector);
struct selector *selector_free(struct selector *selector);

/* Replaces set numbers by slots in the image's labels: slots[set], with slots[0] = 0. */
void selector_assign(struct selector *selector, const __u32 *slots);
