/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli.h"
#include "daemon/cli-policies.h"
#include "daemon/convert.h"
#include "daemon/util.h"
#include "policy/policy.h"

static const char help[] =
	"usage: bailiff convert kubearmor [OPTION]... FILE|-...\n"
	"\n"
	"Writes policies of bailiff from KubeArmorPolicy, KubeArmorClusterPolicy and\n"
	"KubeArmorHostPolicy objects in YAML. What has no counterpart is an error with\n"
	"its line and column, and its object gets no policy.\n"
	"\n"
	"  -o, --output=FOLDER   a file NAMESPACE_NAME.ini there for each object, instead\n"
	"                        of one object on standard output\n"
	"  -f, --force           overwrite files\n"
	"      --select=LINE     whom the policies hold for, instead of the objects'\n"
	"                        selector: a line of [select], as 'unit = nginx.service';\n"
	"                        may be given several times\n"
	"      --posture=WORD    KubeArmor's default posture where Allow rules are: audit\n"
	"                        (its own default) or block\n"
	"  -h, --help            this\n"
	"\n"
	"Exit status: 0 all is converted, 1 errors, 2 wrong usage, 3 not readable or not\n"
	"writable.\n"
	"docs/kubearmor.md says what becomes of each field.\n";

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'}, {"force", no_argument, NULL, 'f'},
	{"select", required_argument, NULL, 's'}, {"posture", required_argument, NULL, 'p'},
	{"help", no_argument, NULL, 'h'},	  {},
};

struct conversion {
	const char *folder;
	bool force;
	const char **selects;
	struct convert_options options;
	struct diag diag;
	struct convert_result result; /* of all files */
};

static void conversion_clear(struct conversion *v)
{
	free(v->selects);
	diag_clear(&v->diag);
	convert_result_clear(&v->result);
}

static enum cli_status take_posture(struct conversion *v, const char *word)
{
	static const char *const words[] = {"audit", "block", NULL};

	if (strcmp(word, "audit") != 0 && strcmp(word, "block") != 0)
		return cli_unknown("posture", word, words);
	v->options.posture = word[0] == 'b' ? CONVERT_POSTURE_BLOCK : CONVERT_POSTURE_AUDIT;
	return CLI_OK;
}

/* Answers CLI_NO where there is more to do. */
static enum cli_status take_options(struct conversion *v, int argc, char **argv)
{
	enum cli_status status = CLI_OK;
	int option;

	v->selects = calloc((size_t)argc + 1, sizeof(*v->selects));
	if (!v->selects)
		return cli_error(CLI_FAILED, "out of memory");
	v->options.selects = v->selects;
	while (status == CLI_OK && (option = cli_option(&cmd_convert, argc, argv)) != CLI_END) {
		if (option == 'o')
			v->folder = optarg;
		else if (option == 'f')
			v->force = true;
		else if (option == 's')
			v->selects[v->options.n_selects++] = optarg;
		else if (option == 'p')
			status = take_posture(v, optarg);
		else
			return option == CLI_HELPED ? CLI_OK : CLI_USAGE;
	}
	if (status != CLI_OK)
		return status;
	if (optind == argc || strcmp(argv[optind], "kubearmor") != 0) {
		static const char *const names[] = {"kubearmor", NULL};

		if (optind < argc)
			return cli_unknown("kind of policies", argv[optind], names);
		return cli_error(CLI_USAGE, "convert: say from what: \"kubearmor\"");
	}
	if (++optind == argc)
		return cli_error(CLI_USAGE, "convert: which file? \"-\" is standard input");
	return CLI_NO;
}

static enum cli_status check_selects(struct conversion *v)
{
	for (size_t i = 0; i < v->options.n_selects; i++)
		if (convert_check_select(v->selects[i], &v->diag) < 0)
			return cli_error(CLI_FAILED, "out of memory");
	if (cli_diag_print(stderr, &v->diag) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	return v->diag.n_items ? CLI_USAGE : CLI_OK;
}

static int read_stdin(char **ret_text, size_t *ret_n)
{
	_cleanup_(freep) char *text = malloc(CONVERT_TEXT_MAX + 1);

	if (!text)
		return -ENOMEM;
	/* one byte more than may be, so that what is too long shows as that */
	*ret_n = fread(text, 1, CONVERT_TEXT_MAX + 1, stdin);
	if (ferror(stdin))
		return -EIO;
	*ret_text = TAKE_PTR(text);
	return 0;
}

/* Moves what one file gave behind what the others did. */
static int take_result(struct convert_result *all, struct convert_result *one)
{
	size_t n = all->n_policies + one->n_policies;
	struct convert_policy *policies = reallocarray(all->policies, n + 1, sizeof(*policies));

	if (!policies)
		return -ENOMEM;
	all->policies = policies;
	for (size_t i = 0; i < one->n_policies; i++)
		policies[all->n_policies++] = one->policies[i];
	all->n_objects += one->n_objects;
	free(one->policies);
	*one = (struct convert_result){};
	return 0;
}

static enum cli_status convert_file(struct conversion *v, const char *file)
{
	_cleanup_(convert_result_clear) struct convert_result result = {};
	_cleanup_(freep) char *text = NULL;
	bool standard = strcmp(file, "-") == 0;
	size_t n = 0;
	int r = standard ? read_stdin(&text, &n) : policy_read_file(file, &text, &n);

	if (r < 0)
		return cli_error(CLI_FAILED, "cannot read %s: %s", file,
				 r == -EBADFD ? "not a regular file" : strerror(-r));
	r = convert_kubearmor(standard ? "stdin" : file, text ? text : "", n, &v->options, &v->diag,
			      &result);
	if (r < 0 || take_result(&v->result, &result) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	return CLI_OK;
}

/* Writes a file whole or not at all. Returns 0 or a negative errno. */
static int write_file(const struct conversion *v, const struct convert_policy *policy)
{
	char path[PATH_MAX], part[PATH_MAX];
	_cleanup_(fclosep) FILE *stream = NULL;
	int fd, r = 0;

	if (snprintf(path, sizeof(path), "%s/%s.ini", v->folder, policy->name) >=
		    (int)sizeof(path) ||
	    snprintf(part, sizeof(part), "%s/.%s.XXXXXX", v->folder, policy->name) >=
		    (int)sizeof(part))
		return -ENAMETOOLONG;
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stream = fdopen(fd, "w");
	if (!stream) {
		r = -errno;
		close(fd);
	} else if (fputs(policy->text, stream) < 0 || fflush(stream) != 0 || fchmod(fd, 0644) < 0 ||
		   fsync(fd) < 0) {
		r = -errno;
	}
	if (r == 0 &&
	    renameat2(AT_FDCWD, part, AT_FDCWD, path, v->force ? 0 : RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0)
		unlink(part);
	return r;
}

static enum cli_status write_files(const struct conversion *v)
{
	enum cli_status status = CLI_OK;

	for (size_t i = 0; i < v->result.n_policies; i++) {
		const struct convert_policy *policy = &v->result.policies[i];
		int r;

		for (size_t k = 0; k < i; k++)
			if (strcmp(v->result.policies[k].name, policy->name) == 0)
				return cli_error(CLI_FAILED, "two objects are named %s",
						 policy->name);
		r = write_file(v, policy);
		if (r == -EEXIST)
			status = cli_error(CLI_FAILED,
					   "%s/%s.ini is there already; --force overwrites it",
					   v->folder, policy->name);
		else if (r < 0)
			status = cli_error(CLI_FAILED, "cannot write %s/%s.ini: %s", v->folder,
					   policy->name, strerror(-r));
	}
	return status;
}

static enum cli_status write_result(const struct conversion *v)
{
	if (v->folder)
		return write_files(v);
	if (v->result.n_objects > 1)
		return cli_error(
			CLI_USAGE,
			"there are %zu objects; say with -o FOLDER where their policies go",
			v->result.n_objects);
	if (v->result.n_policies)
		fputs(v->result.policies[0].text, stdout);
	return CLI_OK;
}

static enum cli_status run(int argc, char **argv)
{
	_cleanup_(conversion_clear) struct conversion v = {};
	enum cli_status status = take_options(&v, argc, argv), written;
	char host[HOST_NAME_MAX + 1] = "";

	if (status != CLI_NO)
		return status;
	status = check_selects(&v);
	if (status != CLI_OK)
		return status;
	if (gethostname(host, sizeof(host) - 1) == 0)
		v.options.host = host;
	for (int i = optind; i < argc && status == CLI_OK; i++)
		status = convert_file(&v, argv[i]);
	if (cli_diag_print(stderr, &v.diag) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	if (status != CLI_OK)
		return status;
	written = write_result(&v);
	return written != CLI_OK ? written : v.diag.n_errors ? CLI_NO : CLI_OK;
}

const struct cli_command cmd_convert = {"convert", help, "o:f", options, run};
