/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/cli-json.h"
#include "daemon/event-text.h"
#include "daemon/learn.h"
#include "daemon/util.h"
#include "policy/image.h"
#include "policy/policy.h"

/* From what was seen to a file that "bailiff check" has nothing against. */

#define NAMED_MAX 20 /* of what is not allowed, for people; more are counted */

/* Adds a text to a list. */
static int add_text(char ***texts, size_t *n, char *text)
{
	char **more = text ? reallocarray(*texts, *n + 1, sizeof(*more)) : NULL;

	if (!more) {
		free(text);
		return -ENOMEM;
	}
	*texts = more;
	more[(*n)++] = text;
	return 0;
}

static char *describe(const struct learn_fact *fact)
{
	_cleanup_(freep) char *what = text_printable((struct text){fact->what, strlen(fact->what)});
	_cleanup_(freep) char *exe = text_printable((struct text){fact->exe, strlen(fact->exe)});
	char *text;

	if (!what || !exe ||
	    asprintf(&text, "%s %s by %s", learn_action(fact->kind), what, exe) < 0)
		return NULL;
	return text;
}

static enum cli_status out_of_memory(void)
{
	return cli_error(CLI_FAILED, "learn: out of memory");
}

static void print_diag(const struct diag *diag, size_t from)
{
	for (size_t i = from; i < diag->n_items; i++) {
		_cleanup_(freep) char *text = NULL;

		if (diag_item_format(&diag->items[i], &text) == 0)
			(void)cli_error(CLI_FAILED, "learn: %s", text);
	}
}

/* Parses and compiles a text. Returns as policy_parse_text() does. */
static int compile(const char *file, const char *text, size_t n, struct diag *diag,
		   struct image **ret_image)
{
	struct policy *policy = NULL;
	int r = policy_parse_text(file, text, n, diag, &policy);

	if (r == 0)
		r = image_compile((const struct policy *const *)&policy, 1, 1, diag, ret_image);
	policy_free(policy);
	return r;
}

/* Where the result goes; a name for it where that is standard output. */
static const char *target(const struct learning *l)
{
	return l->output ? l->output : l->merge;
}

static const char *target_name(const struct learning *l)
{
	return strcmp(target(l), "-") == 0 ? "learnt.ini" : target(l);
}

enum cli_status learn_result_prepare(struct learning *l)
{
	static const char empty[] = "[select]\nunit = a.service\n";
	bool itself = !l->output || (l->merge && strcmp(l->output, l->merge) == 0);
	struct image *image = NULL;
	struct diag diag = {};
	int r;

	if (l->merge) {
		r = policy_read_file(l->merge, &l->merge_text, &l->n_merge_text);
		if (r < 0)
			return cli_error(CLI_FAILED, "learn: cannot read %s: %s", l->merge,
					 strerror(-r));
		r = compile(l->merge, l->merge_text, l->n_merge_text, &diag, &image);
		l->n_merge_items = diag.n_items;
	} else {
		/* that the name is good for a policy is said now, and not in ten minutes */
		r = compile(target_name(l), empty, sizeof(empty) - 1, &diag, &image);
	}
	image_free(image);
	if (r > 0)
		print_diag(&diag, 0);
	diag_clear(&diag);
	if (r != 0)
		return r < 0 ? out_of_memory() : CLI_FAILED;
	if (!itself && !l->force && strcmp(l->output, "-") != 0 && access(l->output, F_OK) == 0)
		return cli_error(CLI_FAILED,
				 "learn: %s is there already; --merge=%s adds to it, --force "
				 "replaces it",
				 l->output, l->output);
	return CLI_OK;
}

/* Whether the rule of a decision is what a line "KEY = VALUE" with that key says. */
static bool is_default(const struct image *image, __u32 decision, const char *text)
{
	const struct bailiff_image *header = image_header(image->cells);
	const struct bailiff_rule *rules = (const void *)(image->cells + header->rules);
	__u32 line = rules[BAILIFF_RULE(decision)].line;

	for (__u32 i = 1; text && i < line; i++) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return text && strncmp(text, "default", 7) == 0;
}

struct cover {
	struct learning *l;
	const struct image *image;
	int r;
};

/* What the policy allows already, and what a line of it denies, is not learnt. */
static bool is_settled(void *userdata, const struct learn_fact *fact)
{
	struct cover *cover = userdata;
	struct learning *l = cover->l;
	__u32 decision = learn_decide(cover->image->cells, fact);
	const struct bailiff_rule *rules;

	if (BAILIFF_VERDICT(decision) <= BAILIFF_AUDIT) {
		l->n_covered++;
		return true;
	}
	if (!BAILIFF_RULE(decision) || is_default(cover->image, decision, l->merge_text))
		return false;
	rules = (const void *)(cover->image->cells + image_header(cover->image->cells)->rules);
	if (l->n_conflicts < NAMED_MAX) {
		_cleanup_(freep) char *what = describe(fact);
		char *text = NULL;

		if (!what || asprintf(&text, "%s: line %u denies it", what,
				      rules[BAILIFF_RULE(decision)].line) < 0)
			text = NULL;
		if (add_text(&l->conflicts, &l->n_conflicts, text) < 0)
			cover->r = -ENOMEM;
	}
	return true;
}

static enum cli_status leave_out_settled(struct learning *l)
{
	struct cover cover = {.l = l};
	struct image *image = NULL;
	struct diag diag = {};
	int r = compile(l->merge, l->merge_text, l->n_merge_text, &diag, &image);

	diag_clear(&diag);
	if (r != 0)
		return cli_error(CLI_FAILED, "learn: %s cannot be compiled any more", l->merge);
	cover.image = image;
	learn_filter(&l->learn, is_settled, &cover);
	image_free(image);
	return cover.r < 0 ? out_of_memory() : CLI_OK;
}

static void put_note(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A comment of one line, cut to what a line of a policy holds. */
static void put_note(FILE *out, const char *format, ...)
{
	char text[180];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(out, "; %s\n", text);
}

static bool is_complete(const struct learning *l)
{
	return !l->n_dropped && !l->n_missing && !l->n_untold && !l->too_many && !l->n_uncovered;
}

static void put_gaps(const struct learning *l, FILE *out)
{
	if (!is_complete(l))
		put_note(out, "INCOMPLETE: it did more than this policy allows.");
	if (l->n_dropped)
		put_note(out,
			 "- %llu events were lost, as they came too fast. Learn again with "
			 "--merge.",
			 l->n_dropped);
	if (l->n_missing)
		put_note(out,
			 "- %llu events did not come into the journal. Learn again with "
			 "--merge.",
			 l->n_missing);
	if (l->too_many)
		put_note(out, "- more than %u different things were done.", LEARN_FACTS_MAX);
	if (l->n_untold)
		put_note(out, "- %llu were of something whose path cannot be told: %s", l->n_untold,
			 l->untold ? l->untold : "");
	for (size_t i = 0; i < l->n_uncovered; i++)
		put_note(out, "- no line can allow this alone: %s", l->uncovered[i]);
	for (size_t i = 0; i < l->n_conflicts; i++)
		put_note(out, "Not added: %s.", l->conflicts[i]);
}

/* The first lines: where the policy is from, and what it lacks. */
static char *make_head(const struct learning *l)
{
	char *text = NULL, date[32] = "";
	time_t seconds = time(NULL);
	struct tm tm;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	if (localtime_r(&seconds, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	put_note(out, "Learnt by \"bailiff learn %s\" on %s, in %llu s: %llu events.", l->argument,
		 date, l->took, l->n_events);
	if (!l->restart)
		put_note(out,
			 "Without --restart: what it does at its start and stop was not seen.");
	if (l->narrowed)
		put_note(out, "Events came fast: what was known was not counted any more.");
	put_gaps(l, out);
	if (!l->merge) {
		put_note(out, "Read it. \"mode = audit\" blocks nothing: \"enforce\" does, once");
		put_note(out, "\"bailiff events\" has nothing more to tell of it.");
		fputc('\n', out);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The whole text, which the caller frees; NULL without memory. */
static char *make_text(const struct learning *l)
{
	const char *before = l->merge_text ? l->merge_text : "";
	size_t n = l->merge_text ? l->n_merge_text : 0;
	_cleanup_(freep) char *head = make_head(l), *learnt = NULL;
	struct learn_text how = {.select = l->merge ? NULL : l->select, .head = head};
	char *text = NULL;

	if (!head || learn_write(&l->learn, &how, &learnt) < 0)
		return NULL;
	if (asprintf(&text, "%.*s%s%s%s", (int)n, before, n && before[n - 1] != '\n' ? "\n" : "",
		     l->merge ? "\n" : "", learnt) < 0)
		return NULL;
	return text;
}

/* What was seen and is not allowed all the same. */
static int find_uncovered(struct learning *l, const struct image *image)
{
	for (size_t i = 0; i < l->learn.n_facts; i++) {
		const struct learn_fact *fact = &l->learn.facts[i];
		bool wx = fact->kind == LEARN_PROCESS && strcmp(fact->what, "wx") == 0;

		if (wx || BAILIFF_VERDICT(learn_decide(image->cells, fact)) <= BAILIFF_AUDIT)
			continue;
		if (l->n_uncovered < NAMED_MAX &&
		    add_text(&l->uncovered, &l->n_uncovered, describe(fact)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Whether "bailiff check" has nothing against the text; and what of it that was seen it denies. */
static enum cli_status prove(struct learning *l, const char *text)
{
	const char *file = l->merge ? l->merge : target_name(l);
	struct image *image = NULL;
	struct diag diag = {};
	int r = compile(file, text, strlen(text), &diag, &image);

	if (r == 0 && diag.n_items == l->n_merge_items)
		r = find_uncovered(l, image);
	else if (r >= 0)
		r = 1;
	image_free(image);
	if (r > 0) {
		print_diag(&diag, 0);
		(void)cli_error(CLI_FAILED, "learn: what was learnt makes no policy; nothing is "
					    "written");
	}
	diag_clear(&diag);
	return r < 0 ? out_of_memory() : r > 0 ? CLI_FAILED : CLI_OK;
}

/* Writes a file in one step; the one that is there keeps its owner and mode. */
static int write_file(const char *file, const char *text, bool replace)
{
	_cleanup_(freep) char *part = NULL;
	struct stat st = {.st_mode = 0644};
	bool there = stat(file, &st) == 0;
	int fd, r = 0;

	if (asprintf(&part, "%s.%d.new", file, getpid()) < 0) {
		part = NULL;
		return -ENOMEM;
	}
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
	if (fd < 0)
		return -errno;
	if (there && (fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, st.st_mode & 0777) != 0))
		r = -errno;
	if (r == 0)
		r = write_full(fd, text, strlen(text));
	if (r == 0 && fsync(fd) != 0)
		r = -errno;
	if (close(fd) != 0 && r == 0)
		r = -errno;
	/* a file that came meanwhile is somebody's, too */
	if (r == 0 &&
	    renameat2(AT_FDCWD, part, AT_FDCWD, file, replace ? 0 : RENAME_NOREPLACE) != 0)
		r = -errno;
	if (r < 0)
		unlink(part);
	return r;
}

static void add_list(struct json_object *object, const char *key, char *const *texts, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, json_text(texts[i], strlen(texts[i])));
	json_object_object_add(object, key, list);
}

static enum cli_status print_json(const struct learning *l, bool written, enum cli_status status)
{
	_cleanup_(json_freep) struct json_object *object = json_object_new_object();

	json_add_text(object, "selector", l->select);
	json_add_text(object, "file", target(l));
	json_add_bool(object, "written", written);
	json_add_bool(object, "complete", is_complete(l));
	json_add_bool(object, "restarted", l->restart);
	json_add_number(object, "seconds", l->took);
	json_add_number(object, "events", l->n_events);
	json_add_number(object, "different", l->learn.n_facts + l->n_covered);
	json_add_number(object, "covered", l->n_covered);
	json_add_number(object, "dropped", l->n_dropped);
	json_add_number(object, "missing", l->n_missing);
	json_add_number(object, "untold", l->n_untold);
	add_list(object, "uncovered", l->uncovered, l->n_uncovered);
	add_list(object, "conflicts", l->conflicts, l->n_conflicts);
	return json_print(object, status);
}

static void print_summary(const struct learning *l, bool written)
{
	FILE *out = strcmp(target(l), "-") == 0 ? stderr : stdout;

	if (written)
		cli_print(out, target(l));
	else
		fputs("nothing to add", out);
	fprintf(out, ": %llu events in %llu s, %zu different", l->n_events, l->took,
		l->learn.n_facts + l->n_covered);
	if (l->merge)
		fprintf(out, ", %zu of them allowed already", l->n_covered);
	fputc('\n', out);
	if (!l->restart)
		fputs("Its start and stop were not seen: learn with --restart for these.\n", out);
	fflush(out);
	put_gaps(l, stderr);
}

static enum cli_status put_file(struct learning *l, bool *ret_written)
{
	_cleanup_(freep) char *text = make_text(l);
	enum cli_status status;
	bool replace = l->force || !l->output || (l->merge && strcmp(l->output, l->merge) == 0);
	int r;

	if (!text)
		return out_of_memory();
	status = prove(l, text);
	if (status != CLI_OK)
		return status;
	if (l->n_uncovered) {
		free(TAKE_PTR(text));
		text = make_text(l);
		if (!text)
			return out_of_memory();
	}
	*ret_written = true;
	if (strcmp(target(l), "-") == 0)
		return fputs(text, stdout) < 0 ? CLI_FAILED : CLI_OK;
	r = write_file(target(l), text, replace);
	if (r < 0)
		return cli_error(CLI_FAILED, "learn: cannot write %s: %s", target(l), strerror(-r));
	return CLI_OK;
}

enum cli_status learn_result_write(struct learning *l)
{
	enum cli_status status = CLI_OK;
	bool written = false;

	if (l->n_events == 0)
		return cli_error(CLI_FAILED,
				 "learn: nothing was seen: does %s run, and do anything? A policy "
				 "holds for no launcher, and not for sshd without host = yes",
				 l->argument);
	if (l->merge)
		status = leave_out_settled(l);
	/* a file of its own is wanted even where nothing is to be added */
	if (status == CLI_OK && (l->learn.n_facts || l->output))
		status = put_file(l, &written);
	if (status != CLI_OK)
		return status;
	status = is_complete(l) ? CLI_OK : CLI_FAILED;
	if (l->json)
		return print_json(l, written, status);
	print_summary(l, written);
	return status;
}
