// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/learn_parts.h"

/* The text of a policy: a section after the other, what one program did side by side. */

/* Of these, by 1 << index; the last bit stands for all further ones. */
#define EXES_MAX 64

#define COLUMNS 96 /* of lines with more than one pattern; inih holds 199 bytes */

struct writer {
	const struct learn *learn;
	const struct learn_text *how;
	FILE *out;
	const char *exes[EXES_MAX];
	size_t n_exes;
	uint64_t *masks; /* of each fact: who */
	bool *own;	 /* of each fact: it is allowed to the executable that did it alone */
	const char **written;
	size_t n_written;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Who did what, and which paths are written to. */
static int begin(struct writer *w)
{
	size_t n = w->learn->n_facts;

	w->masks = calloc(n + 1, sizeof(*w->masks));
	w->written = calloc(n + 1, sizeof(*w->written));
	w->own = calloc(n + 1, sizeof(*w->own));
	if (!w->masks || !w->written || !w->own)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct learn_fact *fact = &w->learn->facts[i];
		size_t exe = 0;

		while (exe < w->n_exes && strcmp(w->exes[exe], fact->exe) != 0)
			exe++;
		if (exe == w->n_exes && exe < EXES_MAX - 1)
			w->exes[w->n_exes++] = fact->exe;
		w->masks[i] = (uint64_t)1 << exe;
		if (fact->kind == LEARN_WRITE || fact->kind == LEARN_MOVE)
			w->written[w->n_written++] = fact->what;
	}
	if (w->n_written)
		qsort(w->written, w->n_written, sizeof(*w->written), compare_texts);
	return 0;
}

static bool is_shell(const char *path)
{
	static const char *const names[] = {"sh",    "bash", "dash", "ash", "busybox",
					    "ksh93", "mksh", "zsh",  "fish"};
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name + 1, names[i]) == 0)
			return true;
	return false;
}

/*
 * Whether a program was under the policy: it was executed, or did anything but execute another.
 * What starts services and containers does that alone.
 */
static bool was_confined(const struct learn *learn, const char *path)
{
	for (size_t i = 0; i < learn->n_facts; i++) {
		const struct learn_fact *fact = &learn->facts[i];
		bool executes = fact->kind == LEARN_EXEC;

		if (strcmp(executes ? fact->what : fact->exe, path) == 0)
			return true;
	}
	return false;
}

/* What keys and passwords are in. */
static bool is_secret(const char *path)
{
	static const char *const patterns[] = {"/etc/shadow*",
					       "/etc/gshadow*",
					       "/etc/ssl/private/*",
					       "/etc/ssh/ssh_host_*_key",
					       "/etc/security/opasswd*",
					       "/etc/krb5.keytab",
					       "/etc/letsencrypt/*privkey*",
					       "/home/*/.ssh/*",
					       "/root/*"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (fnmatch(patterns[i], path, 0) == 0)
			return true;
	return false;
}

#define OWN_MAX 8 /* executables; a process has room for 32 with rules of their own */

/*
 * A shell does whatever it is told, and a key is worth more than what it was read for. So they are
 * allowed to the programs that need them, and not to who breaks into another one. A shell that
 * systemd itself starts is for all: systemd is under no policy.
 */
static void find_own(struct writer *w)
{
	const struct learn_fact *facts = w->learn->facts;
	uint64_t exes = 0;

	for (size_t i = 0; i < w->learn->n_facts && !w->how->exact; i++) {
		w->own[i] = facts[i].kind == LEARN_EXEC
				    ? is_shell(facts[i].what)
				    : facts[i].kind <= LEARN_WRITE && is_secret(facts[i].what);
		if (w->own[i])
			exes |= w->masks[i];
	}
	for (size_t i = 0; i < w->learn->n_facts; i++) {
		if (!w->own[i] ||
		    (__builtin_popcountll(exes) <= OWN_MAX && was_confined(w->learn, facts[i].exe)))
			continue;
		for (size_t k = 0; k < w->learn->n_facts; k++)
			if (facts[k].kind == facts[i].kind &&
			    strcmp(facts[k].what, facts[i].what) == 0)
				w->own[k] = false;
	}
}

/* Whether a path, or a folder above it, is one that is written. Answers a negative errno, too. */
static int is_written(const struct writer *w, const char *path)
{
	_cleanup_(free_text) char *copy = strdup(path);
	const char *key = copy;
	char *slash;

	if (!copy)
		return -ENOMEM;
	while (w->n_written) {
		if (bsearch(&key, w->written, w->n_written, sizeof(key), compare_texts))
			return 1;
		slash = strrchr(copy, '/');
		if (!slash || slash == copy)
			return 0;
		*slash = '\0';
	}
	return 0;
}

static void put_tally(struct tally *tally, const struct writer *w, size_t fact)
{
	tally_add(tally, &(struct tally){w->learn->facts[fact].count, w->masks[fact]});
}

/* Adds what was seen of files, or of programs, to a tree. */
static int grow(const struct writer *w, bool programs, struct node *root)
{
	for (size_t i = 0; i < w->learn->n_facts; i++) {
		const struct learn_fact *fact = &w->learn->facts[i];
		bool full = fact->kind == LEARN_WRITE || fact->kind == LEARN_MOVE ||
			    fact->kind == LEARN_EXEC;
		struct node *node;
		int written = 0;

		if (w->own[i])
			continue;
		if (fact->kind >= LEARN_NETWORK ||
		    programs != (fact->kind == LEARN_EXEC || fact->kind == LEARN_MAP))
			continue;
		if (!programs)
			written = is_written(w, fact->what);
		if (written < 0)
			return written;
		node = node_at(root, fact->what, written, fact->pid, w->how->exact);
		if (!node)
			return -ENOMEM;
		put_tally(&node->self[full ? LEARN_FULL : LEARN_LOOK], w, i);
		if (fact->kind == LEARN_MOVE)
			put_tally(&node->tree[LEARN_FULL], w, i);
	}
	return 0;
}

static int list_paths(const struct writer *w, bool programs, struct items *items)
{
	struct node *root = calloc(1, sizeof(*root));
	int r = root ? grow(w, programs, root) : -ENOMEM;

	if (r == 0 && !w->how->exact)
		r = learn_fold(root, programs);
	if (r == 0)
		r = learn_list(root, items);
	node_free(root);
	return r;
}

/* Names of capabilities, or of acts of [process]; wx is none of them. */
static int list_names(const struct writer *w, enum learn_kind kind, struct items *items)
{
	int r = 0;

	for (size_t i = 0; i < w->learn->n_facts && r == 0; i++) {
		const struct learn_fact *fact = &w->learn->facts[i];

		if (fact->kind == kind && strcmp(fact->what, "wx") != 0 &&
		    strcmp(fact->what, "unknown") != 0)
			r = items_add(items, fact->what, LEARN_LOOK,
				      &(struct tally){fact->count, w->masks[i]});
	}
	return r;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->class != y->class)
		return x->class > y->class ? -1 : 1;
	if (x->tally.exes != y->tally.exes)
		return x->tally.exes < y->tally.exes ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* The end of an executable's path, as a comment can have it. */
#define EXE_SHOWN 64
static void put_exe(const struct writer *w, size_t exe)
{
	const char *path = w->exes[exe];
	size_t n = strlen(path);

	for (path += n > EXE_SHOWN ? n - EXE_SHOWN : 0; *path; path++)
		fputc(*path > ' ' && *path < 0x7f ? *path : '?', w->out);
}

/* "; /usr/sbin/nginx, /usr/bin/perl and 2 others: 23 times" */
static void put_who(const struct writer *w, const struct tally *tally)
{
	unsigned n = 0, others = 0;

	fputs("; ", w->out);
	for (size_t exe = 0; exe < EXES_MAX; exe++) {
		if (!(tally->exes >> exe & 1))
			continue;
		if (n == 2 || exe == EXES_MAX - 1) {
			others++;
			continue;
		}
		fputs(n++ ? ", " : "", w->out);
		put_exe(w, exe);
	}
	if (others)
		fprintf(w->out, "%s%s", n ? " and " : "", others > 1 ? "others" : "another");
	fprintf(w->out, tally->count == 1 ? ": once\n" : ": %llu times\n", tally->count);
}

#define INDENT "            " /* what stands before values: a continued line begins so */

/* Items of one class and one "who", from @from to @to: side by side, as far as lines go. */
static void put_group(const struct writer *w, const struct items *items, const char *verbs,
		      bool each_line, size_t from, size_t to)
{
	size_t column = COLUMNS;
	struct tally all = {0, items->items[from].tally.exes};

	for (size_t i = from; i < to; i++)
		all.count += items->items[i].tally.count;
	if (!w->how->exact)
		put_who(w, &all);
	for (size_t i = from; i < to; i++) {
		const char *text = items->items[i].text;
		size_t n;

		/* an executable that lies in memory only has no '/' */
		text += strncmp(text, "/memfd:", 7) == 0;
		n = strlen(text);
		if (i == from || each_line) {
			column = (size_t)fprintf(w->out, "%sallow     = %s%s",
						 i == from ? "" : "\n", verbs, text);
		} else if (column + 1 + n > COLUMNS) {
			column = (size_t)fprintf(w->out, "\n" INDENT "%s", text) - 1;
		} else {
			column += (size_t)fprintf(w->out, " %s", text);
		}
	}
	fputc('\n', w->out);
}

static void put_items(const struct writer *w, struct items *items, const char *const *verbs,
		      bool each_line)
{
	size_t from = 0;

	if (items->n)
		qsort(items->items, items->n, sizeof(*items->items), compare_items);
	for (size_t i = 1; i <= items->n; i++) {
		if (i < items->n && items->items[i].class == items->items[from].class &&
		    items->items[i].tally.exes == items->items[from].tally.exes)
			continue;
		put_group(w, items, verbs[items->items[from].class], each_line, from, i);
		from = i;
	}
}

/* A section's head, with its default; nothing where it would add nothing. */
static bool put_head(const struct writer *w, const char *section, const struct items *items,
		     const char *rest)
{
	if (!w->how->select && items->n == 0)
		return false;
	fprintf(w->out, "\n[%s]\n", section);
	if (w->how->select)
		fputs(rest, w->out);
	return true;
}

static bool saw(const struct writer *w, enum learn_kind kind, const char *what)
{
	for (size_t i = 0; i < w->learn->n_facts; i++)
		if (w->learn->facts[i].kind == kind && strcmp(w->learn->facts[i].what, what) == 0)
			return true;
	return false;
}

static const char *const no_verbs[] = {"", ""};
static const char *const file_verbs[] = {[LEARN_LOOK] = "read ", [LEARN_FULL] = "read write "};

#define DENY "default   = deny\n"

static int put_exec(const struct writer *w, struct items *items)
{
	bool wx = saw(w, LEARN_PROCESS, "wx");
	int r = list_paths(w, true, items);

	if (r < 0 || !put_head(w, "exec", items, DENY "libraries = yes\n"))
		return r;
	if (w->how->select)
		fputs(wx ? "; memory was written and then executed: no \"wx = deny\"\n"
			 : "wx        = deny\n",
		      w->out);
	put_items(w, items, no_verbs, false);
	return 0;
}

static int put_own_line(const struct writer *w, const char *verbs, const struct learn_fact *fact)
{
	_cleanup_(free_text) char *text = learn_pattern(fact->what, false, 0, false);

	if (!text)
		return -ENOMEM;
	fprintf(w->out, "allow     = %s%s\n", verbs, text);
	return 0;
}

/* Lines of [exec "EXE"] or [file "EXE"], of the executable of fact  and of those behind it. */
static int put_own_section(const struct writer *w, size_t first, bool programs)
{
	const struct learn_fact *facts = w->learn->facts;
	_cleanup_(free_text) char *exe = learn_pattern(facts[first].exe, false, 0, false);
	struct tally all = {};
	int r = exe ? 0 : -ENOMEM;

	for (size_t i = first; i < w->learn->n_facts; i++)
		if (w->own[i] && programs == (facts[i].kind == LEARN_EXEC) &&
		    strcmp(facts[i].exe, facts[first].exe) == 0)
			put_tally(&all, w, i);
	if (r == 0)
		fprintf(w->out, "\n[%s \"%s\"]\n", programs ? "exec" : "file", exe);
	if (r == 0)
		put_who(w, &all);
	for (size_t i = first; i < w->learn->n_facts && r == 0; i++)
		if (w->own[i] && programs == (facts[i].kind == LEARN_EXEC) &&
		    strcmp(facts[i].exe, facts[first].exe) == 0)
			r = put_own_line(w,
					 programs			? ""
					 : facts[i].kind == LEARN_WRITE ? "read write "
									: "read ",
					 &facts[i]);
	return r;
}

/* A section for each executable that has some. */
static int put_own(const struct writer *w, bool programs)
{
	const struct learn_fact *facts = w->learn->facts;
	int r = 0;

	for (size_t i = 0; i < w->learn->n_facts && r == 0; i++) {
		bool first = w->own[i] && programs == (facts[i].kind == LEARN_EXEC);

		for (size_t k = 0; k < i && first; k++)
			first = !w->own[k] || programs != (facts[k].kind == LEARN_EXEC) ||
				strcmp(facts[k].exe, facts[i].exe) != 0;
		if (first)
			r = put_own_section(w, i, programs);
	}
	return r;
}

static int put_own_programs(const struct writer *w, struct items *items)
{
	(void)items;
	return put_own(w, true);
}

static int put_own_files(const struct writer *w, struct items *items)
{
	(void)items;
	return put_own(w, false);
}

static int put_file(const struct writer *w, struct items *items)
{
	int r = list_paths(w, false, items);

	/* writing is the stricter one, so that of an opening for both it is writing that is told */
	if (r == 0 &&
	    put_head(w, "file", items, w->how->exact ? DENY "audit     = read /**\n" : DENY))
		put_items(w, items, file_verbs, false);
	return r;
}

static int put_network(const struct writer *w, struct items *items)
{
	bool other;
	int r = learn_network(w->learn, w->how->exact, w->masks, items, &other);

	/* the default is all that holds for protocols that have no name */
	if (r == 0 &&
	    put_head(w, "network", items,
		     other && !w->how->exact
			     ? "; a protocol without a name here is used: it has the default\n"
			       "deny      = tcp udp icmp sctp raw unix netlink packet vsock\n"
			     : DENY))
		put_items(w, items, no_verbs, true);
	return r;
}

static int put_capability(const struct writer *w, struct items *items)
{
	int r = list_names(w, LEARN_CAPABILITY, items);

	if (r == 0 && put_head(w, "capability", items, DENY))
		put_items(w, items, no_verbs, false);
	return r;
}

static int put_process(const struct writer *w, struct items *items)
{
	int r = list_names(w, LEARN_PROCESS, items);

	if (r == 0 && put_head(w, "process", items, DENY))
		put_items(w, items, no_verbs, false);
	return r;
}

static int put_sections(const struct writer *w)
{
	static int (*const sections[])(const struct writer *, struct items *) = {
		put_exec,    put_own_programs, put_file,   put_own_files,
		put_network, put_capability,   put_process};
	int r = 0;

	if (w->how->head)
		fputs(w->how->head, w->out);
	if (w->how->select)
		fprintf(w->out, "[policy]\nmode      = audit\n\n[select]\n%s\n", w->how->select);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && r == 0; i++) {
		struct items items = {};

		r = sections[i](w, &items);
		items_clear(&items);
	}
	return r;
}

int learn_write(const struct learn *learn, const struct learn_text *how, char **ret_text)
{
	struct writer w = {.learn = learn, .how = how};
	char *text = NULL;
	size_t n = 0;
	int r = begin(&w);

	if (r == 0) {
		find_own(&w);
		w.out = open_memstream(&text, &n);
		r = w.out ? put_sections(&w) : -ENOMEM;
	}
	if (w.out && fclose(w.out) != 0)
		r = -ENOMEM;
	free(w.masks);
	free(w.written);
	free(w.own);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	return 0;
}
