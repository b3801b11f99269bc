// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <string.h>

#include "policy/learn_parts.h"

/* What of a name is of this run alone: numbers of processes, chance, digests, versions. */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c);
}

static size_t span_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/*
 * A byte as a pattern has it. What has a meaning in patterns or in lines, and what is not of every
 * character set, is "?": any one byte.
 */
static char *put(char *to, char c)
{
	*to = is_letter_or_digit(c) || (c && strchr("._-+@:=~%!$&()<>^|", c)) ? c : '?';
	return to + 1;
}

static char *put_all(char *to, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to = put(to, text[i]);
	return to;
}

/* One star for all that stand side by side. */
static char *put_star(char *to, const char *begin)
{
	if (to > begin && to[-1] == '*')
		return to;
	*to = '*';
	return to + 1;
}

void learn_name_exact(const char *name, char *pattern)
{
	*put_all(pattern, name, strlen(name)) = '\0';
}

/* "550e8400-e29b-41d4-a716-446655440000": RFC 9562. Returns its length, or 0. */
static size_t span_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
			return 0;
	return sizeof(form) - 1;
}

/* "1.22.1": two dots, or more. One dot is a version that stays ("python3.11"). */
static size_t span_version(const char *text)
{
	size_t n = span_digits(text), dots = 0;

	while (n && text[n] == '.' && is_digit(text[n + 1])) {
		n += 1 + span_digits(text + n + 1);
		dots++;
	}
	return dots >= 2 ? n : 0;
}

enum letter_class {
	NONE,
	LOWER,
	UPPER,
	DIGIT,
};

static enum letter_class class_of(char c)
{
	return is_lower(c) ? LOWER : is_upper(c) ? UPPER : is_digit(c) ? DIGIT : NONE;
}

/* "3f9a0c11d2e4": twelve digits of a digest, or more, with numbers among them. */
static bool is_digest(const char *token, size_t n)
{
	bool any_digit = false;

	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)token[i]))
			return false;
		any_digit = any_digit || is_digit(token[i]);
	}
	return n >= 12 && any_digit;
}

/* How often small letters, capitals and digits follow on each other: chance mixes them. */
static unsigned count_changes(const char *token, size_t n)
{
	unsigned changes = 0;

	for (size_t i = 1; i < n; i++)
		changes += class_of(token[i]) != class_of(token[i - 1]);
	return changes;
}

/* A name that somebody makes for a while says so, mostly. */
static bool is_temporary(const char *name)
{
	return strcasestr(name, "tmp") || strcasestr(name, "temp");
}

/*
 * What mkstemp() and its like put in: six letters and digits, or some more. In a name that says
 * that it is temporary less will do; "PostgreSQL" and "tmp1234" are words.
 */
static bool is_chance(const char *token, size_t n, bool last, bool temporary)
{
	unsigned changes = count_changes(token, n);

	if (n < 6 || n > 32)
		return false;
	if (changes >= 3 || (changes == 2 && (temporary || (last && n == 6))))
		return true;
	return changes == 1 && temporary && last && strncasecmp(token, "tmp", 3) != 0 &&
	       strncasecmp(token, "temp", 4) != 0;
}

struct how {
	const char *name;
	bool written, temporary;
	unsigned pid;
};

/* Whether a number in a name is another one the next time. */
static bool is_passing(const struct how *how, const char *digits, size_t n)
{
	unsigned long long value = 0;

	for (size_t i = 0; i < n && i < 18; i++)
		value = value * 10 + (unsigned)(digits[i] - '0');
	return n >= 5 || (how->pid && value == how->pid) ||
	       (how->written && how->temporary && n >= 2);
}

/* A token without what is special as a whole: numbers in it may be. */
static char *put_token(char *to, const char *begin, const struct how *how, const char *token,
		       size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t digits = span_digits(token + i);

		if (digits && is_passing(how, token + i, digits))
			to = put_star(to, begin);
		else if (digits)
			to = put_all(to, token + i, digits);
		else
			to = put(to, token[i]);
		i += digits ? digits : 1;
	}
	return to;
}

/* "tmpk3v9x_2a": as Python makes them, eight behind "tmp". */
static bool is_python_temporary(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n == 11 && strncmp(text, "tmp", 3) == 0;
}

/* Writes @n bytes of a name. */
static char *put_part(char *to, const char *begin, const struct how *how, const char *text,
		      size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t token = 0, whole = span_uuid(text + i);
		bool starts = i == 0 || !is_letter_or_digit(text[i - 1]);

		if (!whole && (i == 0 || !is_digit(text[i - 1])))
			whole = span_version(text + i);
		while (i + token < n && is_letter_or_digit(text[i + token]))
			token++;
		if (whole && i + whole <= n) {
			to = put_star(to, begin);
			i += whole;
		} else if (starts && how->written && n - i >= 11 && is_python_temporary(text + i)) {
			to = put_star(put_all(to, text + i, 3), begin);
			i += 11;
		} else if (token && (is_digest(text + i, token) ||
				     (how->written && is_chance(text + i, token, i + token == n,
								how->temporary)))) {
			to = put_star(to, begin);
			i += token;
		} else if (token) {
			/* a version may begin within: "foo1.2.3" */
			size_t letters = strcspn(text + i, "0123456789");

			if (letters && letters < token && span_version(text + i + letters))
				token = letters;
			to = put_token(to, begin, how, text + i, token);
			i += token;
		} else {
			to = put(to, text[i++]);
		}
	}
	return to;
}

/* Where the version of a library's name begins, behind ".so"; or NULL. */
static const char *library_end(const char *name)
{
	for (const char *at = strstr(name, ".so"); at; at = strstr(at + 1, ".so"))
		if (!at[3] || (at[3] == '.' && strspn(at + 3, ".0123456789") == strlen(at + 3)))
			return at + 3;
	return NULL;
}

bool learn_name_is_library(const char *pattern)
{
	const char *at = strstr(pattern, ".so");

	return at && (!at[3] || (at[3] == '.' && at[4] == '*' && !at[5]));
}

void learn_name(const char *name, bool written, unsigned pid, char *pattern)
{
	struct how how = {name, written, is_temporary(name), pid};
	const char *version = library_end(name);
	size_t n = version ? (size_t)(version - name) : strlen(name);
	char *to = put_part(pattern, pattern, &how, name, n);

	if (version && *version) {
		*to++ = '.';
		*to++ = '*';
	}
	*to = '\0';
}

bool learn_name_series(const char *pattern, char *series)
{
	char *to = series;
	bool any = false;

	for (size_t i = 0; pattern[i];) {
		size_t digits = span_digits(pattern + i);

		if (digits || pattern[i] == '*') {
			to = put_star(to, series);
			any = true;
			i += digits ? digits : 1;
		} else {
			*to++ = pattern[i++];
		}
	}
	*to = '\0';
	return any;
}
