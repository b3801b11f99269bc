/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * What the commands of bailiff have in common: how a command is described, its options, its
 * answers, and what it shows of texts that others chose.
 */

/* What a command ends with. */
enum cli_status {
	CLI_OK,
	CLI_NO,	    /* the answer is no, or errors were found */
	CLI_USAGE,  /* bailiff was called wrongly */
	CLI_FAILED, /* it could not be done */
};

struct cli_command {
	const char *name;
	const char *help; /* fits a terminal of 80 x 24 */
	const char *letters;
	const struct option *options; /* CLI_COMMON_OPTIONS among them */
	enum cli_status (*run)(int argc, char **argv);
};

extern const struct cli_command cmd_apply;
extern const struct cli_command cmd_check;
extern const struct cli_command cmd_container_hook;
extern const struct cli_command cmd_convert;
extern const struct cli_command cmd_diff;
extern const struct cli_command cmd_doctor;
extern const struct cli_command cmd_events;
extern const struct cli_command cmd_learn;
extern const struct cli_command cmd_metrics;
extern const struct cli_command cmd_release;
extern const struct cli_command cmd_status;
extern const struct cli_command cmd_try;
extern const struct cli_command cmd_why;

/* Answers of cli_option() besides the options' own. */
#define CLI_END (-1)
#define CLI_HELPED 'h'	/* the help is printed */
#define CLI_UNKNOWN '?' /* the error is printed */

#define CLI_COMMON_OPTIONS                                                                         \
	{"help", no_argument, NULL, 'h'},                                                          \
	{                                                                                          \
		"json", no_argument, NULL, 'j'                                                     \
	}

/* The next option of a command's line. Arguments may stand between options. */
int cli_option(const struct cli_command *command, int argc, char **argv);

/* Prints "bailiff: MESSAGE" on standard error and answers @status. */
enum cli_status cli_error(enum cli_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints that @given is no @what, and which of @names (NULL-terminated) may be meant. */
enum cli_status cli_unknown(const char *what, const char *given, const char *const *names);

/* What colours mean. Empty strings where standard output is no terminal, or NO_COLOR is set. */
enum cli_colour {
	CLI_PLAIN,
	CLI_GOOD,
	CLI_DOUBTFUL,
	CLI_BAD,
	CLI_FAINT,
};

const char *cli_colour(enum cli_colour colour);

/* Writes a text whose bytes may be anybody's: what steers a terminal comes as \xNN. */
void cli_print(FILE *file, const char *text);

/* Whether bailiffd runs: it holds a lock as long as it does. */
#define CLI_LOCK "/run/bailiff/lock"

enum cli_daemon {
	CLI_DAEMON_RUNS,
	CLI_DAEMON_STOPPED,
	CLI_DAEMON_UNKNOWN, /* who asks may not look */
};

enum cli_daemon cli_daemon(void);

/*
 * The point in time that a text means, in microseconds since 1970: "10m" (ago; s m h d w), "today",
 * "yesterday", "HH:MM[:SS]", "YYYY-MM-DD[ HH:MM[:SS]]" (a T may stand for the blank) or "@SECONDS".
 * @now is in microseconds too. Returns 0 or -EINVAL.
 */
int cli_time_parse(const char *text, unsigned long long now, unsigned long long *ret_time);

/*
 * A line of a policy with a mark below one of its columns (bytes, from 1), or as far as to before
 * the column @end, cut to @width columns around it; both lines end with a newline and begin with
 * blanks. The caller frees it. NULL without memory.
 */
char *cli_caret_range(const char *source, unsigned column, unsigned end, unsigned width);
char *cli_caret(const char *source, unsigned column, unsigned width);

/* Columns of the terminal; 80 where standard output is none. */
unsigned cli_width(void);
