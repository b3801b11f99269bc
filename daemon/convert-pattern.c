/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <string.h>

#include "daemon/util.h"
#include "policy/automaton_alias.h"
#include "policy/glob.h"

/* Whether a path is one that the kernel knows files by. */
static bool check_path(struct convert *c, const struct node *text, const char *what)
{
	static const char *const never[] = {"//", "/./", "/../"};
	const char *path = text->text;
	size_t n = strlen(path);

	if (path[0] != '/') {
		convert_error(c, text, "%s \"%s\" does not begin with \"/\"", what, path);
		return false;
	}
	for (size_t i = 0; i < ELEMENTS(never); i++)
		if (strstr(path, never[i])) {
			convert_error(c, text, "%s \"%s\" can never match: no path has \"%s\"",
				      what, path, never[i]);
			return false;
		}
	for (const char *b = path; *b; b++)
		if ((unsigned char)*b < ' ' || *b == 0x7f) {
			convert_error(c, text, "byte 0x%02x in a %s cannot be written in a policy",
				      (unsigned char)*b, what);
			return false;
		}
	if (path[n - 1] == ' ') {
		convert_error(c, text, "%s \"%s\" ends with a blank, which a policy cannot say",
			      what, path);
		return false;
	}
	return true;
}

static void put(FILE *stream, const char *bytes, size_t n)
{
	fwrite(bytes, 1, n, stream);
}

/*
 * A byte that means itself. A ";" behind white space would begin a comment, a backslash or not, and
 * a "," at a pattern's end is warned about.
 */
static void put_literal(FILE *stream, char byte)
{
	if (strchr(";,", byte)) {
		fprintf(stream, "[%c]", byte);
	} else {
		if (strchr(" \\*?[]{}", byte))
			fputc('\\', stream);
		fputc(byte, stream);
	}
}

static void put_text(FILE *stream, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_literal(stream, text[i]);
}

/* What comes before, the text literally, what comes behind. */
static char *compose(struct convert *c, const char *before, const char *text, size_t n,
		     const char *behind)
{
	char *pattern = NULL;
	size_t size;
	FILE *stream = open_memstream(&pattern, &size);

	if (!stream) {
		c->r = -ENOMEM;
		return NULL;
	}
	fputs(before, stream);
	put_text(stream, text, n);
	fputs(behind, stream);
	if (fclose(stream) != 0)
		c->r = -ENOMEM;
	return pattern;
}

char *pattern_of_path(struct convert *c, const struct node *text)
{
	const char *path = text->text;
	size_t n = strlen(path);

	if (!check_path(c, text, "path"))
		return NULL;
	if (path[n - 1] == '/') {
		convert_error(c, text, "path \"%s\" is a folder; write it into matchDirectories",
			      path);
		return NULL;
	}
	if (strpbrk(path, "*?{")) {
		convert_error(c, text,
			      "path \"%s\" has a wildcard, which means itself here; write it into "
			      "matchPatterns",
			      path);
		return NULL;
	}
	return compose(c, "", path, n, "");
}

char *pattern_of_directory(struct convert *c, const struct node *text, const char *wildcard)
{
	const char *path = text->text;
	size_t n = strlen(path);

	if (!check_path(c, text, "directory"))
		return NULL;
	if (path[n - 1] != '/') {
		convert_error(c, text, "directory \"%s\" does not end with \"/\"; write \"%s/\"",
			      path, path);
		return NULL;
	}
	if (strpbrk(path, "*?{")) {
		convert_error(c, text,
			      "directory \"%s\" has a wildcard, which means itself here; write it "
			      "into matchPatterns",
			      path);
		return NULL;
	}
	return compose(c, "", path, wildcard ? n : n - 1, wildcard ? wildcard : "");
}

char *pattern_of_name(struct convert *c, const struct node *text)
{
	const char *name = text->text;

	if (!name[0] || strpbrk(name, "/*?{") || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0) {
		convert_error(c, text, "execname \"%s\" is no name of a file", name);
		return NULL;
	}
	for (const char *b = name; *b; b++)
		if ((unsigned char)*b < ' ' || *b == 0x7f || (*b == ' ' && !b[1])) {
			convert_error(c, text,
				      "byte 0x%02x in an execname cannot be written in a policy",
				      (unsigned char)*b);
			return NULL;
		}
	return compose(c, "/**/", name, strlen(name), "");
}

/* What of a glob is no glob of AppArmor, or means something else there; NULL: nothing. */
static const char *glob_refusal(const char *glob, const char *at, unsigned braces)
{
	bool begins = at == glob || strchr("/{,", at[-1]);

	switch (*at) {
	case '^':
	case '$':
	case '(':
	case ')':
	case '|':
	case '+':
		return "it looks like a regular expression; KubeArmor hands it to AppArmor, whose "
		       "wildcards are * ** ? [a-z] {a,b}";
	case '\\':
		return "\"\\\" is not converted";
	case '.':
		return at[1] == '*' ? "\".*\" may be meant as a regular expression; for names that "
				      "begin with a dot write \"[.]*\""
				    : NULL;
	case '@':
		return at[1] == '{' ? "variables of AppArmor are not known here" : NULL;
	case '*':
		if (at[1] != '*')
			return NULL;
		if (at[2] == '*')
			return "\"***\" is no wildcard";
		return braces && begins && strchr(",}", at[2])
			       ? "\"**\" as a whole part of braces is not converted"
			       : NULL;
	}
	return NULL;
}

/* Bytes of the set that begins at @at; 0: it means something else in bailiff than in AppArmor. */
static size_t set_length(const char *at)
{
	size_t n = strcspn(at, "]");

	if (!at[n] || n < 2 || at[1] == '^' || at[1] == '!')
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (strchr("/\\[ ,{};", at[i]))
			return 0;
		/* a range that has "/" in it */
		if (at[i] == '-' && i > 1 && i + 1 < n && at[i - 1] <= '/' && at[i + 1] >= '/')
			return 0;
	}
	return n + 1;
}

/* A component is never empty in AppArmor: not that between two slashes, nor what the root has. */
static size_t put_stars(FILE *stream, const char *glob, const char *at)
{
	bool begins = at > glob && at[-1] == '/';
	size_t n = at[1] == '*' ? 2 : 1;

	if (at == glob + 1 && !at[n])
		put(stream, "?", 1);
	else if (begins && n == 2 && at[n] == '/')
		put(stream, "*/", 2);
	put(stream, at, n);
	return n;
}

/* Writes one piece of a glob. Returns its bytes, 0 where it is wrong, with the error told. */
static size_t glob_piece(struct convert *c, const struct node *text, const char *at,
			 unsigned *braces, FILE *stream)
{
	const char *glob = text->text, *refusal = glob_refusal(glob, at, *braces);
	size_t n = 1;

	if (refusal) {
		convert_error(c, text, "pattern \"%s\": %s", glob, refusal);
		return 0;
	}
	if (*at == '[') {
		n = set_length(at);
		if (n == 0)
			convert_error(c, text,
				      "pattern \"%s\": a set is [abc] or [a-z], without \"/\"; one "
				      "of what is not in it has no counterpart",
				      glob);
		put(stream, at, n);
	} else if (*at == '*') {
		n = put_stars(stream, glob, at);
	} else if (strchr("?{}", *at) || (*at == ',' && *braces)) {
		*braces += *at == '{';
		*braces -= *at == '}' && *braces;
		put(stream, at, 1);
	} else {
		put_literal(stream, *at);
	}
	return n;
}

char *pattern_of_glob(struct convert *c, const struct node *text)
{
	_cleanup_(freep) char *pattern = NULL;
	const char *at = text->text;
	struct glob_error error = {};
	struct glob *glob = NULL;
	unsigned braces = 0;
	size_t size, n = 1;
	FILE *stream;
	int r;

	if (!check_path(c, text, "pattern"))
		return NULL;
	if (at[strlen(at) - 1] == '/') {
		convert_error(c, text, "pattern \"%s\" ends with \"/\", as no path does", at);
		return NULL;
	}
	stream = open_memstream(&pattern, &size);
	if (!stream) {
		c->r = -ENOMEM;
		return NULL;
	}
	for (; *at && n; at += n)
		n = glob_piece(c, text, at, &braces, stream);
	if (fclose(stream) != 0)
		c->r = -ENOMEM;
	if (!n || c->r < 0)
		return NULL;
	r = glob_parse(pattern, 0, &glob, &error);
	glob_free(glob);
	if (r == -ENOMEM)
		c->r = r;
	else if (r < 0)
		convert_error(c, text, "pattern \"%s\": %s", text->text, error.reason);
	return r < 0 ? NULL : TAKE_PTR(pattern);
}

char *pattern_canonical(const char *pattern)
{
	char *whole;

	for (unsigned i = 0; i < n_alias_groups; i++)
		for (unsigned k = 0; k < ALIAS_GROUP_SIZE; k++) {
			size_t n = strlen(alias_groups[i][k]);

			if (strncmp(pattern, alias_groups[i][k], n) != 0 ||
			    (pattern[n] && pattern[n] != '/'))
				continue;
			if (asprintf(&whole, "%s%s", alias_groups[i][0], pattern + n) < 0)
				return NULL;
			return whole;
		}
	return strdup(pattern);
}
