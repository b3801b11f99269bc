/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "daemon/event-text.h"
#include "daemon/util.h"
#include "policy/nearest.h"

#define OPTIONS_MAX 32

enum cli_status cli_error(enum cli_status status, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (n < 0)
		text = NULL; /* vasprintf leaves it undefined */
	fflush(stdout);
	fputs("bailiff: ", stderr);
	cli_print(stderr, text ? text : format);
	fputc('\n', stderr);
	return status;
}

enum cli_status cli_unknown(const char *what, const char *given, const char *const *names)
{
	const char *near = nearest(given, strlen(given), names);

	if (near)
		return cli_error(CLI_USAGE, "unknown %s \"%s\"; did you mean \"%s\"?", what, given,
				 near);
	return cli_error(CLI_USAGE, "unknown %s \"%s\"; see \"bailiff --help\"", what, given);
}

/* Says what is wrong with the option that getopt_long() refused. */
static void option_error(const struct cli_command *command, const char *given, bool missing)
{
	_cleanup_(freep) char *name = NULL;
	const char *names[OPTIONS_MAX] = {}, *near;
	size_t n;

	if (missing) {
		cli_error(CLI_USAGE, "%s: %s needs a value", command->name, given);
		return;
	}
	if (strncmp(given, "--", 2) != 0) {
		cli_error(CLI_USAGE, "%s: unknown option \"-%c\"; see \"bailiff %s --help\"",
			  command->name, optopt, command->name);
		return;
	}
	n = strcspn(given + 2, "=");
	name = strndup(given + 2, n);
	for (size_t i = 0; i < OPTIONS_MAX - 1 && command->options[i].name; i++)
		names[i] = command->options[i].name;
	near = name ? nearest(name, n, names) : NULL;
	if (near && strcmp(near, name) == 0)
		cli_error(CLI_USAGE, "%s: --%s takes no value", command->name, name);
	else if (near)
		cli_error(CLI_USAGE, "%s: unknown option \"--%s\"; did you mean \"--%s\"?",
			  command->name, name, near);
	else
		cli_error(CLI_USAGE, "%s: unknown option \"%s\"; see \"bailiff %s --help\"",
			  command->name, given, command->name);
}

int cli_option(const struct cli_command *command, int argc, char **argv)
{
	char letters[32];
	int option;

	/* ':': getopt_long() tells a missing value from an unknown option, and prints nothing */
	snprintf(letters, sizeof(letters), ":h%s", command->letters);
	option = getopt_long(argc, argv, letters, command->options, NULL);
	if (option == 'h')
		fputs(command->help, stdout);
	if (option == '?' || option == ':') {
		option_error(command, argv[optind - 1], option == ':');
		return CLI_UNKNOWN;
	}
	return option;
}

const char *cli_colour(enum cli_colour colour)
{
	static const char *const codes[] = {
		[CLI_PLAIN] = "\033[0m",  [CLI_GOOD] = "\033[32m", [CLI_DOUBTFUL] = "\033[33m",
		[CLI_BAD] = "\033[1;31m", [CLI_FAINT] = "\033[2m",
	};
	static int coloured = -1;

	if (coloured < 0) {
		const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

		coloured = isatty(STDOUT_FILENO) && !(no && *no) && terminal &&
			   strcmp(terminal, "dumb") != 0;
	}
	return coloured ? codes[colour] : "";
}

void cli_print(FILE *file, const char *text)
{
	struct text rest = {text, strlen(text)};

	while (rest.n > 0) {
		unsigned point = 0;
		size_t n = text_character(rest, &point);

		if (n && (!text_deceives(point) || point == '\t'))
			fwrite(rest.bytes, 1, n, file);
		for (size_t i = 0; i < (n ? n : 1); i++)
			if (!n || (text_deceives(point) && point != '\t'))
				fprintf(file, "\\x%02x", (unsigned char)rest.bytes[i]);
		rest.bytes += n ? n : 1;
		rest.n -= n ? n : 1;
	}
}

enum cli_daemon cli_daemon(void)
{
	_cleanup_(close_fdp) int fd = open(CLI_LOCK, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? CLI_DAEMON_STOPPED : CLI_DAEMON_UNKNOWN;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return CLI_DAEMON_STOPPED;
	return errno == EWOULDBLOCK ? CLI_DAEMON_RUNS : CLI_DAEMON_UNKNOWN;
}

unsigned cli_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= 40)
		return size.ws_col;
	return 80;
}
