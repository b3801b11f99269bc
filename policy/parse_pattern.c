// SPDX-License-Identifier: Apache-2.0
#include "policy/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/nearest.h"

/* Each adds an error and sets *ret_bad, or leaves both. @text is the pattern as a string. */
typedef int (*check)(struct parser *p, const char *text, unsigned column, bool *ret_bad);

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

int parse_foreign(struct parser *p, const struct span *word, bool *ret_bad)
{
	char first = word->text[0];

	*ret_bad = word_is_foreign(word);
	if (first == '#' || first == ';')
		return parse_error(
			p, word->column,
			"a comment after a value begins with white space and \";\", and \"#\" "
			"begins one only at the start of a line");
	if (first == '"' || first == '\'')
		return parse_error(p, word->column,
				   "patterns have no quotes; write a space in one as \"\\ \"");
	return 0;
}

/* A backslash that has nothing after it: inih took the white space or the comment away. */
static int check_end(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	size_t n = strlen(text), n_slashes = 0;

	while (n_slashes < n && text[n - 1 - n_slashes] == '\\')
		n_slashes++;
	if (n_slashes % 2 == 0)
		return 0;
	*ret_bad = true;
	return parse_error_bytes(
		p, column + n - 1, 1,
		"\"\\\" at the end of a value stands for nothing: white space at the end of a "
		"line and a comment after it are taken away; write \"\\\\\" for the byte itself");
}

/* Writes a path without empty components, "." and ".." to @out, which has room for strlen + 2. */
static void path_normalise(const char *path, char *out)
{
	size_t n = 0;

	while (*path) {
		size_t n_slashes = strspn(path, "/");
		const char *name = path + n_slashes;
		size_t n_name = strcspn(name, "/");

		if (n_name == 1 && name[0] == '.') {
			n_name = 0;
		} else if (n_name == 2 && name[0] == '.' && name[1] == '.') {
			while (n > 0 && out[--n] != '/')
				;
			n_name = 0;
		}
		if (n_name > 0) {
			if (n_slashes > 0)
				out[n++] = '/';
			memcpy(out + n, name, n_name);
			n += n_name;
		}
		path = name + strcspn(name, "/");
	}
	out[n] = '\0';
}

/* Components that no path has. Those within {} or [] are not looked at. */
static int check_components(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	_cleanup_(free_charp) char *right = NULL;
	const char *name = text, *what;
	size_t n = 0, n_text = strlen(text);
	unsigned at;

	for (; *name; name += n) {
		name += *name == '/';
		n = strcspn(name, "/");
		if ((n == 0 && *name) || (n == 1 && name[0] == '.') ||
		    (n == 2 && name[0] == '.' && name[1] == '.'))
			break;
	}
	if (!*name)
		return 0;
	*ret_bad = true;
	at = column + (name - text);
	what = n == 0 ? "\"//\"" : n == 1 ? "\"/./\"" : "\"/../\"";
	right = malloc(n_text + 2);
	if (!right)
		return -ENOMEM;
	path_normalise(text, right);
	if (text[n_text - 1] == '/' || right[0] == '\0')
		memcpy(right + strlen(right), "/", 2);
	/* Braces make other components than the text has; ".." after a wildcard leads anywhere. */
	if (strpbrk(text, n == 2 ? "*?[{" : "{"))
		return parse_error_bytes(p, at, n ? n : 1,
					 "pattern \"%s\" can never match: a path has no %s in it",
					 text, what);
	return parse_error_bytes(
		p, at, n ? n : 1,
		"pattern \"%s\" can never match: a path has no %s in it; write \"%s\"", text, what,
		right);
}

static int check_path(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	if (text[0] == '/')
		return check_components(p, text, column, ret_bad);
	*ret_bad = true;
	if (begins(text, "**"))
		return parse_error(
			p, column,
			"pattern \"%s\" does not begin with \"/\"; did you mean \"/%s\"?", text,
			text);
	if (text[strspn(text, plain)] == '\0' && text[0] != '.')
		return parse_error(
			p, column,
			"pattern \"%s\" does not begin with \"/\"; did you mean \"/**/%s\"?", text,
			text);
	return parse_error(p, column,
			   "pattern \"%s\" does not begin with \"/\"; write the whole path", text);
}

static int check_file(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	if (!begins(text, "memfd:"))
		return check_path(p, text, column, ret_bad);
	*ret_bad = true;
	return parse_error(p, column,
			   "\"%s\" names executables without a path; it is for [exec] only", text);
}

static int check_exec(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	static const char *const verbs[] = {"exec", "execute", "read", "write", NULL};
	struct span word = {text, strlen(text), column};

	if (begins(text, "memfd:"))
		return 0;
	if (span_find(&word, verbs) < 0)
		return check_path(p, text, column, ret_bad);
	*ret_bad = true;
	return parse_error(p, column,
			   "[exec] has no verbs; take \"%s\" out, or write the rule in [file]",
			   text);
}

static int check_cgroup(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	static const char mounted[] = "/sys/fs/cgroup";

	/* the root of cgroups is not where they are mounted */
	if (begins(text, mounted) && strchr("/", text[sizeof(mounted) - 1])) {
		*ret_bad = true;
		return parse_error(p, column, "a cgroup's path begins below %s: write \"%s\"",
				   mounted,
				   text[sizeof(mounted) - 1] ? text + sizeof(mounted) - 1 : "/**");
	}
	if (text[0] == '/' || begins(text, "**"))
		return check_components(p, text, column, ret_bad);
	*ret_bad = true;
	return parse_error(
		p, column,
		"cgroup \"%s\" does not begin with \"/\" or \"**\"; did you mean \"**/%s\"?", text,
		text);
}

static int check_unit(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	static const char *const suffixes[] = {".service", ".scope", ".slice", ".socket",
					       ".mount",   ".swap",  NULL};
	static const char *const without[] = {".timer",	 ".path",      ".target",
					      ".device", ".automount", NULL};
	const char *slash = strchr(text, '/'), *dot = strrchr(text, '.'), *near = NULL;
	size_t n = strlen(text);
	struct span suffix;
	int n_stem = n;

	*ret_bad = true;
	if (slash)
		return parse_error_bytes(
			p, column + (slash - text), 1,
			"\"/\" in unit \"%s\"; a unit is one name: for a path write cgroup = **/%s",
			text, text[0] == '/' ? text + 1 : text);
	if (strcmp(text, "-.slice") == 0)
		return parse_error(p, column,
				   "\"-.slice\" is the root of all cgroups, which has no name "
				   "there: for the whole machine write cgroup = /**");
	suffix = dot ? (struct span){dot, n - (dot - text), 0} : (struct span){"", 0, 0};
	*ret_bad = span_find(&suffix, suffixes) < 0 && !strchr("*?]}", text[n - 1]);
	if (!*ret_bad)
		return 0;
	/* Without processes of their own; most of them start the service of the same name. */
	if (span_find(&suffix, without) >= 0)
		near = suffixes[0];
	else
		near = nearest(suffix.text, suffix.n, suffixes);
	if (near)
		n_stem = dot - text;
	return parse_error(
		p, column,
		"unit \"%s\" does not end with .service, .scope, .slice, .socket, .mount, .swap "
		"or a wildcard; did you mean \"%.*s%s\"?",
		text, n_stem, text, near ? near : suffixes[0]);
}

static int check_container(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	const char *slash = strchr(text, '/');

	*ret_bad = slash;
	return slash ? parse_error_bytes(p, column + (slash - text), 1,
					 "\"/\" in container \"%s\"; a container's name and its id "
					 "have none: take it out, or write image = for its image",
					 text)
		     : 0;
}

static int check_image(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	static const char hex[] = "0123456789abcdef";
	const char *name = strrchr(text, '/');

	*ret_bad = text[0] == '/' || strstr(text, "//");
	if (*ret_bad)
		return parse_error(p, column,
				   "image \"%s\" can never match: no image's name has an empty "
				   "component; names are as docker.io/library/nginx:1.25",
				   text);
	name = name ? name + 1 : text;
	/* what names neither tag nor digest, and is no id */
	if (strpbrk(name, ":@*?[{") || text[strspn(text, hex)] == '\0')
		return 0;
	return parse_report(p, DIAG_WARNING, &(struct place){p->line, column}, 0, NULL,
			    "image \"%s\" has no tag, and images' names have one, as "
			    "docker.io/library/nginx:1.25 has; did you mean \"%s%s:*\"?",
			    text, strchr(text, '/') ? "" : "**/", text);
}

static int check_socket(struct parser *p, const char *text, unsigned column, bool *ret_bad)
{
	if (text[0] == '/')
		return check_components(p, text, column, ret_bad);
	if (text[0] == '@')
		return 0;
	*ret_bad = true;
	return parse_error(
		p, column,
		"\"%s\" is no unix socket: write a path, which begins with \"/\", or an abstract "
		"name, which begins with \"@\"",
		text);
}

static const struct {
	unsigned flags;
	check check;
} kinds[] = {
	[PATTERN_EXEC] = {0, check_exec},
	[PATTERN_FILE] = {0, check_file},
	[PATTERN_UNIT] = {GLOB_UNIT | GLOB_BENEATH | GLOB_BACKSLASH_PLAIN | GLOB_SLASH_PLAIN,
			  check_unit},
	[PATTERN_CGROUP] = {GLOB_BENEATH, check_cgroup},
	[PATTERN_CONTAINER] = {GLOB_SLASH_PLAIN, check_container},
	[PATTERN_IMAGE] = {GLOB_SLASH_PLAIN, check_image},
	[PATTERN_SOCKET] = {0, check_socket},
};

bool pattern_backslash_is_plain(enum pattern_kind kind)
{
	return kinds[kind].flags & GLOB_BACKSLASH_PLAIN;
}

static int check_all(struct parser *p, enum pattern_kind kind, const char *text, unsigned column,
		     bool *ret_bad)
{
	size_t n = strlen(text);
	int r = parse_foreign(p, &(struct span){text, n, column}, ret_bad);

	if (r == 0 && !*ret_bad)
		r = kinds[kind].check(p, text, column, ret_bad);
	if (r == 0 && !*ret_bad && !pattern_backslash_is_plain(kind))
		r = check_end(p, text, column, ret_bad);
	if (r == 0 && !*ret_bad && text[n - 1] == ',')
		r = parse_report(
			p, DIAG_WARNING, &(struct place){p->line, column + n - 1}, 1, NULL,
			"the \",\" is part of the pattern \"%s\"; white space alone separates "
			"patterns",
			text);
	return r;
}

int parse_pattern(struct parser *p, enum pattern_kind kind, const struct span *word,
		  struct glob **ret_glob, char **ret_text)
{
	_cleanup_(free_charp) char *text = span_copy(word);
	struct glob_error error = {};
	bool bad = false;
	int r;

	if (!text)
		return -ENOMEM;
	r = check_all(p, kind, text, word->column, &bad);
	if (r < 0 || bad)
		return r < 0 ? r : 1;
	r = glob_parse(text, kinds[kind].flags, ret_glob, &error);
	if (r == -EINVAL) {
		r = parse_error_bytes(p, word->column + error.offset, 1, "pattern \"%s\": %s", text,
				      error.reason);
		return r < 0 ? r : 1;
	}
	if (r < 0)
		return r;
	if (ret_text) {
		*ret_text = text;
		text = NULL;
	}
	return 0;
}
