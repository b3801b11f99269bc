// SPDX-License-Identifier: Apache-2.0
#include "selftests/compare/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "selftests/unit/policy/oracle.h"

/*
 *	compare [-s SEED] [-n ACTS] [-r ACTS-A-ROUND] [-v]
 *
 * Each act is done under the policies first. What was refused is done again by this process, which
 * is under none: so it is known what the kernel makes of it by itself, and the tree moves on.
 *
 *	under the policies	foretold	right if
 *	it works		denied		never
 *	it works		allowed		always
 *	EACCES			denied		nothing has changed
 *	EACCES			allowed		it is EACCES without policies as well; or the
 *						thing has several names (hard links), which
 *						bailiffd may have told the kernel by then
 *	another error		either		it is the same without policies
 *
 * Exits with 0 where nothing was wrong, and every kind of act was seen to be allowed and denied.
 */

static struct {
	unsigned long seed, n, a_round;
	bool verbose;
} options = {.seed = 1, .n = 10000, .a_round = 500};

static unsigned long worked[N_KINDS], denied[N_KINDS], failed[N_KINDS], wrong, beneath, linked;

void die(const char *what)
{
	fprintf(stderr, "compare: %s: %s\n", what, strerror(errno));
	exit(2);
}

struct trace {
	struct stat st[2];
	int found[2];
};

static void trace_take(const struct act *act, struct trace *trace)
{
	memset(trace, 0, sizeof(*trace));
	trace->found[0] = lstat(act->path, &trace->st[0]);
	trace->found[1] = act->other[0] ? lstat(act->other, &trace->st[1]) : 0;
}

static bool trace_differs(const struct trace *before, const struct trace *after)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct stat *a = &before->st[i], *b = &after->st[i];

		if (before->found[i] != after->found[i] || a->st_ino != b->st_ino ||
		    a->st_mode != b->st_mode || a->st_size != b->st_size ||
		    a->st_nlink != b->st_nlink || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
		    a->st_mtim.tv_nsec != b->st_mtim.tv_nsec ||
		    a->st_ctim.tv_sec != b->st_ctim.tv_sec ||
		    a->st_ctim.tv_nsec != b->st_ctim.tv_nsec)
			return true;
	}
	return false;
}

/* Whether the act is about a thing with several names, of which the matcher knows one. */
static bool has_other_names(const struct trace *trace)
{
	for (unsigned i = 0; i < 2; i++)
		if (trace->found[i] == 0 && !S_ISDIR(trace->st[i].st_mode) &&
		    trace->st[i].st_nlink > 1)
			return true;
	return false;
}

static const char *judge(const struct foretold *f, int got, int plain, bool changed)
{
	if (got == 0)
		return f->deny ? "IT WORKS, AND IS TO BE DENIED" : NULL;
	if (got == EACCES && f->deny)
		return f->deny_changes && changed ? "it is denied, and has changed something"
						  : NULL;
	if (got == EACCES)
		return plain == EACCES ? NULL : "it is denied, and is to be allowed";
	return got == plain ? NULL : "it fails otherwise than without policies";
}

/* Returns whether all is right. */
static bool try_one(struct probe *probe, struct verdicts *verdicts)
{
	struct trace before, after;
	struct foretold f;
	int got, plain = 0;
	struct act act;
	const char *what;

	act_random(&act);
	act_foretell(&act, verdicts, &f);
	trace_take(&act, &before);
	got = probe_do(probe, &act);
	trace_take(&act, &after);
	if (got)
		plain = act_do(&act);
	if (!got)
		worked[act.kind]++;
	else if (plain)
		failed[act.kind]++;
	else
		denied[act.kind]++;
	beneath += got == EACCES && !plain && f.beneath;
	what = judge(&f, got, plain, trace_differs(&before, &after));
	if (what && got == EACCES && !f.deny && has_other_names(&before)) {
		linked++;
		what = NULL;
	}
	if (!what && !options.verbose)
		return true;
	act_print(&act);
	printf("\tforetold: %s %s; answer: %s; without policies: %s\n", f.deny ? "deny" : "allow",
	       f.why, strerror(got), strerror(plain));
	if (!what)
		return true;
	printf("not right: %s\n", what);
	wrong++;
	return false;
}

static void one_round(unsigned long seed, unsigned long n)
{
	bool cgroups[N_CGROUPS] = {true};
	struct verdicts *verdicts;
	struct policies policies;
	struct probe *probe;
	bool right = true;
	time_t begin = time(NULL), ready;

	random_seed(seed);
	policies_random(&policies);
	cgroups[1] = random_below(3) == 0; /* it comes from the first one, and is in the second */
	verdicts = verdicts_new(&policies, cgroups);
	tree_make();
	policies_write(&policies);
	if (!force_wait(seed)) {
		policies_print(&policies);
		die("the policies do not come into force");
	}
	ready = time(NULL);
	probe = probe_start("cmp0", cgroups[1] ? "cmp1" : NULL);
	for (unsigned long i = 0; i < n && right; i++) {
		if (i % 2 == 0)
			tree_grow();
		right = try_one(probe, verdicts);
	}
	printf("in force after %ld s, %lu acts in %ld s\n", (long)(ready - begin), n,
	       (long)(time(NULL) - ready));
	if (!right) {
		policies_print(&policies);
		printf("again: compare -s %lu -n %lu -r %lu -v\n", seed, n, n);
	}
	probe_stop(probe);
	verdicts_free(verdicts);
	policies_release(&policies);
	tree_remove();
}

/* Whether every kind was denied and allowed: else too little was proven. */
static bool report(void)
{
	unsigned long all = 0;
	bool enough = true;

	printf("%-12s %8s %8s %8s\n", "act", "worked", "denied", "failed");
	for (unsigned kind = 0; kind < N_KINDS; kind++) {
		printf("%-12s %8lu %8lu %8lu\n", act_name(kind), worked[kind], denied[kind],
		       failed[kind]);
		all += worked[kind] + denied[kind] + failed[kind];
		enough = enough && worked[kind] && denied[kind];
	}
	printf("%lu acts, %lu wrong, %lu of them denied for what is beneath, %lu perhaps for "
	       "another name\n",
	       all, wrong, beneath, linked);
	return enough && beneath && all == options.n;
}

int main(int argc, char **argv)
{
	unsigned long done = 0, round = 0;
	int option;

	while ((option = getopt(argc, argv, "s:n:r:v")) != -1) {
		if (option == 's')
			options.seed = strtoul(optarg, NULL, 0);
		else if (option == 'n')
			options.n = strtoul(optarg, NULL, 0);
		else if (option == 'r')
			options.a_round = strtoul(optarg, NULL, 0);
		else if (option == 'v')
			options.verbose = true;
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(0);
	force_start();
	for (; done < options.n && wrong < 5; round++) {
		unsigned long n = options.n - done;

		n = n < options.a_round ? n : options.a_round;
		one_round(options.seed + round, n);
		done += n;
	}
	force_stop();
	return report() && !wrong ? 0 : 1;
}
