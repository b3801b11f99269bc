/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/diag.h"
#include "policy/lines.h"
#include "policy/policy.h"

/*
 * Inside the parser, for policy/parse*.c alone.
 *
 *	parse.c		lines to sections and keys, with inih
 *	parse_keys.c	which sections and keys there are, and those of one value
 *	parse_rule.c	the keys that hold verbs and patterns of paths
 *	parse_act.c	[capability], [process], and what else is about acts
 *	parse_network.c	[network]
 *	parse_address.c	addresses and ports to patterns
 *	parse_subject.c	sections of some executables alone
 *	parse_pattern.c	what a pattern must look like before glob.c sees it
 *	parse_check.c	what can only be told at the end of the file
 *	parse_file.c	reading a file
 *
 * Functions that return int answer 0 or -ENOMEM; a mistake in the policy goes to diag and is no
 * failure.
 */

/* A piece of the current line. */
struct span {
	const char *text; /* not terminated */
	size_t n;
	unsigned column; /* from 1 */
};

struct place {
	struct line line;
	unsigned column;
};

struct parser;

struct key {
	const char *name;
	/* Takes the value of one line. NULL: a key of the language that is not enforced yet. */
	int (*parse)(struct parser *p, const struct span *value);
	const char *item; /* what a list holds; NULL: the key has one value and stands once */
	int value;	  /* which verdict or selector the key stands for */
	bool for_all;	  /* it stands in no section of one executable */
	/* Takes the end of the key and all its lines; NULL: nothing to do. */
	int (*end)(struct parser *p);
};

struct section {
	const char *name;
	const struct key *keys; /* ends with a key without name */
	unsigned verbs;		/* that its default and rules are about: 1 << enum bailiff_verb */
	enum policy_section rules; /* what its rules are of; nothing where there are no verbs */
	const char *refusal;	   /* the section is of the language, and this stands against it */
};

enum parse_section {
	SECTION_POLICY,
	SECTION_SELECT,
	SECTION_EXEC,
	SECTION_FILE,
	SECTION_NETWORK,
	SECTION_CAPABILITY,
	SECTION_PROCESS,
	SECTION_DAEMON,
	N_SECTIONS,
};

#define KEYS_MAX 16 /* of a section, its end included */

#define SUBJECT_WRONG SIZE_MAX /* an executable that has its error already */

#define PROTOCOLS_MAX 16

/* What a key of [network] has said so far. */
struct network {
	unsigned verbs;	    /* 1 << index */
	unsigned protocols; /* 1 << index */
	struct place places[PROTOCOLS_MAX];
	bool any_address; /* wrong ones too */
};

extern const struct section parse_sections[N_SECTIONS];

struct parser {
	struct diag *diag;
	struct policy *policy;
	struct lines lines;
	size_t n_errors_before, n_items_before; /* of diag: what other files left there */
	int r;					/* -ENOMEM: nothing more is read */

	/* the line that inih has */
	struct line line;
	bool handled; /* inih found a key or a continuation in it */
	bool broken;  /* it has its error already */

	/* where the file is */
	bool any_section;
	const struct section *section; /* NULL: one that has its error already */
	size_t subject;		       /* that the section is for, as in struct policy_rule */
	bool continues;		       /* inih takes an indented line for more of the last key */
	const struct key *key;	       /* NULL: one that has its error already */
	struct place key_place;
	unsigned verbs;	 /* said so far for this key */
	size_t n_items;	 /* patterns or other items so far, wrong ones too */
	bool verbs_told; /* that they are missing or misplaced */
	struct network network;

	/* what the end of the file asks about */
	unsigned first_line[N_SECTIONS][KEYS_MAX]; /* of a key that stands once */
	struct place scripts_place;
	struct place first_allow[N_SECTIONS];
	struct place first_select; /* the section's header */
	bool select_tried;
	bool rules_told, selects_told, tags_told; /* that a limit is reached */
	struct place process_default;		  /* where it is more than allow */
	enum bailiff_verdict process_verdict;
	bool helpers_named; /* [process] has usermode-helper */

	unsigned creates; /* protocols of which [network] allows to make sockets: 1 << index */
	size_t creates_subject; /* ... for whom */
};

/*
 * Adds an item to any place of the text: to @n bytes from @column on, or where @n is 0, to the word
 * that begins there. @near is the name that was probably meant, or NULL.
 */
int parse_report(struct parser *p, enum diag_level level, const struct place *place, size_t n,
		 const char *near, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Adds an error to a word of the current line; to @n bytes of it; with the name that was meant. */
#define parse_error(p, column, ...) parse_error_near(p, column, NULL, __VA_ARGS__)
#define parse_error_bytes(p, column, n, ...)                                                       \
	parse_report(p, DIAG_ERROR, &(struct place){(p)->line, column}, n, NULL, __VA_ARGS__)
#define parse_error_near(p, column, near, ...)                                                     \
	parse_report(p, DIAG_ERROR, &(struct place){(p)->line, column}, 0, near, __VA_ARGS__)

/*
 * Adds the error that @name is no @what (as in "unknown verb"), with the nearest of @names, or all
 * of them. @quotes stand around a name: "\"\"" or "[]"; @where follows (as in " in [file]").
 */
int parse_unknown(struct parser *p, const char *what, const struct span *name, const char *quotes,
		  const char *where, const char *const *names);

/*
 * Takes the next word off @rest: what white space ends. With @escapes a backslash takes the byte
 * after it into the word. Answers false where there is none.
 */
bool parse_word(struct span *rest, bool escapes, struct span *ret_word);

bool span_is(const struct span *span, const char *text);

/* A new string with the span's text, which the caller frees; or NULL. */
char *span_copy(const struct span *span);

/* Index of the name that @span is, or -1. */
int span_find(const struct span *span, const char *const *names);

/* The section or key of that name, or NULL. */
const struct section *parse_section_find(const struct span *name);
const struct key *parse_key_find(const struct section *section, const struct span *name);

/*
 * Adds the error that there is no such section, or no such key in the current section.
 */
int parse_section_unknown(struct parser *p, const struct span *name);
int parse_key_unknown(struct parser *p, const struct span *name);

/* The only word of a value; or its error, and false. */
bool parse_single_word(struct parser *p, const struct span *value, struct span *ret_word, int *ret);

/* Index of the only word of a value in @names; or its error as an unknown @what, and -1. */
int parse_single_name(struct parser *p, const struct span *value, const char *what,
		      const char *const *names, int *ret);

/* The value of a key that is yes or no, or its error: 1, 0 or -1. */
int parse_answer(struct parser *p, const struct span *value, int *ret);

/* The value of "default =" and the like: allow, audit or deny; or its error, and -1. */
int parse_verdict(struct parser *p, const struct span *value, int *ret);

/*
 * A comment or a quote of another language, which has its error: what follows is no news.
 * parse_foreign() adds that error and says so in *@ret_bad, or leaves it.
 */
bool word_is_foreign(const struct span *word);
int parse_foreign(struct parser *p, const struct span *word, bool *ret_bad);

/* Lines of [select] and of rules. */
int parse_select(struct parser *p, const struct span *value);
int parse_rule(struct parser *p, const struct span *value);

/* Lines about acts. */
int parse_act_default(struct parser *p, const struct span *value);
int parse_drift(struct parser *p, const struct span *word);
/* The rule that goes with it where interpreters are asked: for the subject that is current. */
int parse_drift_read(struct parser *p, const struct place *place, enum bailiff_verdict verdict);
int parse_wx(struct parser *p, const struct span *value);
int parse_capability(struct parser *p, const struct span *value);
int parse_process(struct parser *p, const struct span *value);
int parse_network(struct parser *p, const struct span *value);
int parse_network_end(struct parser *p);

/* What a "default =" of [process] says about what its lines do not name: at the file's end. */
int parse_process_end(struct parser *p);

/* Whether there is room for one more rule; where not, that is an error once. */
bool parse_rule_room(struct parser *p, const struct place *place, int *ret);

/*
 * Adds a rule: @rule with a place of its own, and the section and verbs that are given in it. Takes
 * its pattern and glob over, also on failure; a NULL there is -ENOMEM.
 */
int parse_rule_add(struct parser *p, const struct place *place, const struct policy_rule *rule);

/*
 * Adds a rule of the current section over names of acts: @text is a glob over these, with
 * enum glob_flags, and @pattern what people read.
 */
int parse_act_add(struct parser *p, const struct place *place, enum bailiff_verdict verdict,
		  const char *pattern, const char *text, unsigned flags);

/*
 * Writes a word that is addresses and ports as a glob over what follows the protocol in an act's
 * name. @portless is a protocol of the line that has no ports, or NULL. With @served, they are what
 * is served, and stand for 0.0.0.0 and :: too, by which they can be. Returns 0, 1 where the word is
 * wrong, with the error added, or -ENOMEM.
 */
#define ADDRESS_TEXT_MAX 512
int parse_address(struct parser *p, const struct span *word, const char *portless, bool served,
		  char text[static ADDRESS_TEXT_MAX]);

enum pattern_kind {
	PATTERN_EXEC,
	PATTERN_FILE,
	PATTERN_UNIT,
	PATTERN_CGROUP,
	PATTERN_CONTAINER,
	PATTERN_IMAGE,
	PATTERN_SOCKET,
};

/*
 * Parses a pattern. Returns 0, and the pattern in *@ret_glob and its text in *@ret_text (NULL: not
 * asked for), both the caller's; 1 where the pattern is wrong, with the error added; or -ENOMEM.
 */
int parse_pattern(struct parser *p, enum pattern_kind kind, const struct span *word,
		  struct glob **ret_glob, char **ret_text);

/* Whether the backslash is an ordinary byte in patterns of that kind. */
bool pattern_backslash_is_plain(enum pattern_kind kind);

/* Checks the whole policy, and brings what was found into the order of the file. */
int parse_check(struct parser *p);

/* Room for element @n of an array that grows one by one: the array, moved, or NULL. */
void *parse_grow(void *array, size_t n, size_t size);

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void free_charp(char **text)
{
	free(*text);
}
