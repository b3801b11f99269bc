/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "daemon/cli-json.h"
#include "daemon/cli-policies.h"
#include "daemon/cli.h"
#include "daemon/containers.h"
#include "daemon/try-show.h"
#include "daemon/util.h"
#include "policy/try.h"

static const char help[] =
	"usage: bailiff try FILE|FOLDER|-... QUESTION... [OPTION]...\n"
	"\n"
	"What policies answer to an act, and which line says so: as the kernel would,\n"
	"without asking it. Questions, any number:\n"
	"  --exec, --read, --write, --map PATH    map: as a library is\n"
	"  --connect, --listen, --bind, --accept ADDRESS  udp:10.0.0.1:53, [fd00::1]:443\n"
	"                      (tcp), icmp:10.0.0.1, /run/x.sock, @name; port *: any\n"
	"  --socket PROTOCOL   make a socket\n"
	"  --capability NAME   use it         --process NAME   ptrace, mount and so on\n"
	"  --questions=FILE    one a line, such as \"read /etc/shadow\"; -: standard input\n"
	"Options:\n"
	"  --as=EXECUTABLE     who asks; several: each was executed by the one before\n"
	"  --in=CGROUP         only the policies that select this cgroup\n"
	"  --drift, --no-drift the file was not, or was, in the container's image; not\n"
	"                      said: the stricter answer\n"
	"  --json              a list of objects\n"
	"  -h, --help          this\n"
	"\n"
	"The first word is allow, audit or deny. Exit status: 0 allow or audit, 1 a\n"
	"deny, 2 wrong usage, 3 a policy has errors or cannot be read.\n";

enum {
	OPTION_KIND = 256, /* and the kinds of questions behind it */
	OPTION_QUESTIONS = OPTION_KIND + QUESTION_N_KINDS,
	OPTION_AS,
	OPTION_IN,
	OPTION_DRIFT,
	OPTION_NO_DRIFT,
};

#define QUESTION_OPTION(name, kind)                                                                \
	{                                                                                          \
		name, required_argument, NULL, OPTION_KIND + (kind)                                \
	}

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	QUESTION_OPTION("exec", QUESTION_EXEC),
	QUESTION_OPTION("read", QUESTION_READ),
	QUESTION_OPTION("write", QUESTION_WRITE),
	QUESTION_OPTION("map", QUESTION_MAP),
	QUESTION_OPTION("socket", QUESTION_SOCKET),
	QUESTION_OPTION("connect", QUESTION_CONNECT),
	QUESTION_OPTION("listen", QUESTION_LISTEN),
	QUESTION_OPTION("bind", QUESTION_BIND),
	QUESTION_OPTION("accept", QUESTION_ACCEPT),
	QUESTION_OPTION("capability", QUESTION_CAPABILITY),
	QUESTION_OPTION("process", QUESTION_PROCESS),
	{"questions", required_argument, NULL, OPTION_QUESTIONS},
	{"as", required_argument, NULL, OPTION_AS},
	{"in", required_argument, NULL, OPTION_IN},
	{"drift", no_argument, NULL, OPTION_DRIFT},
	{"no-drift", no_argument, NULL, OPTION_NO_DRIFT},
	{},
};

struct asked {
	struct cli_policies given;
	struct question *questions;
	size_t n_questions;
	const char **executables;
	const char *cgroup;
	struct containers known; /* where --in is about them */
	struct asker asker;
	bool json;
	/* what takes part */
	const struct policy **policies;
	size_t *chosen, n_chosen;
	struct trial trial;
	struct answer *each;
};

static void asked_clear(struct asked *asked)
{
	trial_release(&asked->trial);
	cli_policies_clear(&asked->given);
	containers_release(&asked->known);
	free(asked->questions);
	free(asked->executables);
	free(asked->policies);
	free(asked->chosen);
	free(asked->each);
}

static enum cli_status out_of_memory(void)
{
	return cli_error(CLI_FAILED, "out of memory");
}

static enum cli_status add_question(struct asked *asked, enum question_kind kind, const char *text)
{
	char error[QUESTION_ERROR_MAX];
	size_t n = asked->n_questions;
	struct question *questions = reallocarray(asked->questions, n + 1, sizeof(*questions));

	if (!questions)
		return out_of_memory();
	asked->questions = questions;
	if (question_parse(kind, text, &questions[n], error) < 0)
		return cli_error(CLI_USAGE, "try: %s: %s", question_kinds[kind], error);
	asked->n_questions++;
	return CLI_OK;
}

/* A line of a file of questions: the kind, and what would stand behind the option. */
static enum cli_status add_line(struct asked *asked, char *line)
{
	size_t n = strcspn(line, " \t"), skip = n + strspn(line + n, " \t");
	const char *text = line + skip;

	line[strcspn(line, "\r\n")] = '\0';
	if (!*line)
		return CLI_OK;
	line[n] = '\0';
	for (unsigned kind = 0; kind < QUESTION_N_KINDS; kind++)
		if (strcmp(line, question_kinds[kind]) == 0)
			return add_question(asked, kind, text);
	return cli_unknown("question", line, question_kinds);
}

static enum cli_status add_file(struct asked *asked, const char *name)
{
	bool standard = strcmp(name, "-") == 0;
	_cleanup_(fclosep) FILE *opened = standard ? NULL : fopen(name, "re");
	_cleanup_(freep) char *line = NULL;
	FILE *file = standard ? stdin : opened;
	enum cli_status status = CLI_OK;
	size_t size = 0;
	ssize_t n;

	if (!file)
		return cli_error(CLI_FAILED, "cannot read %s: %s", name, strerror(errno));
	while (status == CLI_OK && (n = getline(&line, &size, file)) >= 0)
		status = strlen(line) == (size_t)n
				 ? add_line(asked, line)
				 : cli_error(CLI_USAGE, "%s: a line has a NUL byte", name);
	if (status == CLI_OK && ferror(file))
		return cli_error(CLI_FAILED, "cannot read %s: %s", name, strerror(errno));
	return status;
}

static enum cli_status add_executable(struct asked *asked, const char *path)
{
	size_t n = asked->asker.n_executables;
	const char **list = reallocarray(asked->executables, n + 1, sizeof(*list));
	char error[QUESTION_ERROR_MAX];

	if (!list)
		return out_of_memory();
	asked->executables = list;
	if (question_path_check(path, true, error) < 0)
		return cli_error(CLI_USAGE, "try: --as: %s", error);
	list[n] = path;
	asked->asker.executables = list;
	asked->asker.n_executables = n + 1;
	return CLI_OK;
}

static enum cli_status take_cgroup(struct asked *asked, const char *cgroup)
{
	char error[QUESTION_ERROR_MAX];

	if (question_path_check(cgroup, false, error) < 0)
		return cli_error(CLI_USAGE, "try: --in: %s", error);
	asked->cgroup = cgroup;
	return CLI_OK;
}

static enum cli_status take_option(struct asked *asked, int option)
{
	switch (option) {
	case 'j':
		asked->json = true;
		return CLI_OK;
	case OPTION_QUESTIONS:
		return add_file(asked, optarg);
	case OPTION_AS:
		return add_executable(asked, optarg);
	case OPTION_IN:
		return take_cgroup(asked, optarg);
	case OPTION_DRIFT:
		asked->asker.drift = TRY_DRIFT_YES;
		return CLI_OK;
	case OPTION_NO_DRIFT:
		asked->asker.drift = TRY_DRIFT_NO;
		return CLI_OK;
	default:
		return add_question(asked, option - OPTION_KIND, optarg);
	}
}

/* Which of the policies take part: all, or those that select the cgroup. */
static int choose(struct asked *asked)
{
	size_t n = asked->given.n_policies;
	struct selector *selector = NULL;
	const struct selector_set *set;
	int r;

	asked->policies = calloc(n + 1, sizeof(*asked->policies));
	asked->chosen = calloc(n + 1, sizeof(*asked->chosen));
	asked->each = calloc(n + 1, sizeof(*asked->each));
	if (!asked->policies || !asked->chosen || !asked->each)
		return -ENOMEM;
	for (size_t i = 0; !asked->cgroup && i < n; i++)
		asked->chosen[asked->n_chosen++] = i;
	if (asked->cgroup) {
		r = selector_compile_known(cli_policies_list(&asked->given), n, &asked->known,
					   &asked->given.diag, &selector);
		if (r)
			return r;
		set = &selector->sets[image_decide(selector->image->cells, 0, asked->cgroup,
						   strlen(asked->cgroup))];
		for (size_t i = 0; i < set->n_policies; i++)
			asked->chosen[asked->n_chosen++] = set->policies[i];
		selector_free(selector);
	}
	for (size_t i = 0; i < asked->n_chosen; i++)
		asked->policies[i] = asked->given.policies[asked->chosen[i]];
	return 0;
}

static enum cli_status compile(struct asked *asked)
{
	int r = asked->given.diag.n_errors ? 1 : choose(asked);

	if (r == 0)
		r = trial_compile(asked->policies, asked->n_chosen, &asked->given.diag,
				  &asked->trial);
	if (r == 0)
		return CLI_OK;
	if (r < 0 || cli_diag_print(stderr, &asked->given.diag) < 0)
		return out_of_memory();
	return CLI_FAILED;
}

/* Names and images of containers stand in no cgroup's path: those of this machine are taken. */
static enum cli_status read_containers(struct asked *asked)
{
	bool needed = false;
	int r = 0;

	for (size_t i = 0; asked->cgroup && i < asked->given.n_policies; i++)
		needed |= policy_selects_containers(asked->given.policies[i]);
	if (needed)
		r = containers_read(&asked->known);
	return r < 0 ? cli_error(CLI_FAILED,
				 "try: --in: cannot read the names of containers "
				 "from " CONTAINERS_FOLDER ": %s",
				 strerror(-r))
		     : CLI_OK;
}

/* The worst of all answers. */
static enum cli_status answer(struct asked *asked)
{
	_cleanup_(json_freep) struct json_object *list =
		asked->json ? json_object_new_array() : NULL;
	enum cli_status status = CLI_OK;

	for (size_t i = 0; i < asked->n_questions; i++) {
		struct answer whole;
		struct try_shown shown = {
			.policies = &asked->given,
			.chosen = asked->chosen,
			.trial = &asked->trial,
			.cgroup = asked->cgroup,
			.asker = &asked->asker,
			.question = &asked->questions[i],
			.each = asked->each,
			.whole = &whole,
		};

		trial_ask(&asked->trial, shown.asker, shown.question, asked->each, &whole);
		if (whole.verdict == BAILIFF_DENY)
			status = CLI_NO;
		if (asked->json)
			json_object_array_add(list, try_object(&shown));
		else if (try_show(&shown) < 0)
			return out_of_memory();
	}
	return asked->json ? json_print(list, status) : status;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(asked_clear) struct asked asked = {};
	enum cli_status status = CLI_OK;
	int option;

	while ((option = cli_option(&cmd_try, argc, argv)) != CLI_END) {
		if (option == CLI_HELPED || option == CLI_UNKNOWN)
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
		status = take_option(&asked, option);
		if (status != CLI_OK)
			return status;
	}
	if (optind == argc)
		return cli_error(CLI_USAGE, "try: which policy? See \"bailiff try --help\"");
	if (!asked.n_questions)
		return cli_error(CLI_USAGE,
				 "try: what is the question? See \"bailiff try --help\"");
	for (int i = optind; i < argc; i++)
		if (cli_policies_add(&asked.given, argv[i]) < 0)
			return CLI_FAILED;
	if (!asked.given.n_files)
		return cli_error(CLI_FAILED, "try: there is no policy (*.ini) in that folder");
	status = read_containers(&asked);
	if (status == CLI_OK)
		status = compile(&asked);
	return status == CLI_OK ? answer(&asked) : status;
}

const struct cli_command cmd_try = {"try", help, "", options, run};
