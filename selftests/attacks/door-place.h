/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Techniques in a place of its own kind, a service or a container, which is confined from its first
 * instruction on. The program runs twice: the supervisor outside (door-X attack-in|try-in BASE),
 * which prepares, keeps the helper and looks whether things are as they were; and inside (door-X
 * inside BASE), where the supervisor's words come in by a pipe: "try NAME" or "attack NAME". BASE
 * is the same folder, as either sees it. The command that starts the inside is $DOOR_PLACE, and
 * $DOOR_PLACE_OTHER for techniques that are under another policy, whose folder is $DOOR_BASE_OTHER.
 *
 * What has to be arranged before the policy is there, in the technique's own mount namespace, is
 * not tried so: the namespace is made inside.
 */

#ifndef DOOR_PLACE_H
#define DOOR_PLACE_H

#include <stdio.h>

static const struct technique *find_technique(const char *name)
{
	for (const struct technique *one = family.techniques; one->name; one++)
		if (strcmp(name, one->name) == 0)
			return one;
	return NULL;
}

static void run_inside(const struct technique *one, const char *base, int attack)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, one->name);
	/* a policy that denies the capability denies the namespace, and then every mount in it too
	 */
	if (chdir(path) < 0 || (unshare(CLONE_NEWNS) < 0 && !(one->flags & OTHER_CGROUP))) {
		printf("%s 2 2 2 2 the folder, or a mount namespace: %s\n", one->name,
		       strerror(errno));
		return;
	}
	/* a policy may deny this; the place has a mount namespace of its own already */
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (attack)
		attack_thrice(one);
	else
		printf("%s %d ", one->name, run_limited(one->run));
	printf("%s\n", door_said);
}

static int inside(const char *base)
{
	char word[16], name[64];

	while (scanf("%15s %63s", word, name) == 2) {
		const struct technique *one = find_technique(name);
		pid_t child = one ? fork() : -1;

		door_said[0] = '\0';
		if (child == 0) {
			run_inside(one, base, strcmp(word, "attack") == 0);
			fflush(stdout);
			_exit(0);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child)
			return UNTRIED;
		/* so that one that was killed is told too, by a line of nothing */
		printf("%s .\n", name);
		fflush(stdout);
	}
	return 0;
}

struct place {
	FILE *to, *from;
};

/* Starts the command that runs this program inside; once. */
static int place_enter(struct place *place, const char *command)
{
	int in[2], out[2];
	pid_t child;

	if (place->to)
		return 0;
	if (!command || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	place->to = fdopen(in[1], "w");
	place->from = fdopen(out[0], "r");
	return child < 0 || !place->to || !place->from ? -1 : 0;
}

/* Has one run inside; prints what is said of it without the end of the line. */
static int place_run(struct place *place, const char *word, const char *name, char *ret_step,
		     size_t size)
{
	char line[512], *rest;
	int told = 0;

	fprintf(place->to, "%s %s\n", word, name);
	fflush(place->to);
	ret_step[0] = '\0';
	while (fgets(line, sizeof(line), place->from)) {
		size_t n = strlen(name);

		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, name, n) != 0 || line[n] != ' ')
			continue;
		if (strcmp(line + n, " .") == 0)
			return told ? 0 : -1;
		rest = line + n + 1;
		/* numbers first, then the step */
		told = (int)strspn(rest, "0123456789 ");
		printf("%s %.*s", name, told, rest);
		snprintf(ret_step, size, "%s", rest + told);
	}
	return -1;
}

static void run_in_place(const struct technique *one, struct place *place, const char *base,
			 int attack)
{
	static char before[4096], after[4096];
	const char *state = "intact";
	char step[256];
	pid_t helper;

	before[0] = after[0] = '\0';
	if (enter_folder(base, one->name) < 0)
		return;
	helper = fork();
	if (helper == 0)
		_exit(helper_serve());
	for (int i = 0; i < 1000 && access("helper", F_OK) < 0; i++)
		usleep(1000);
	look_at_all(before, sizeof(before));
	if (place_run(place, attack ? "attack" : "try", one->name, step, sizeof(step)) < 0)
		printf("%s %s", one->name, attack ? "0 2 2 2 " : "2 ");
	kill(helper, SIGKILL);
	waitpid(helper, NULL, 0);
	look_at_all(after, sizeof(after));
	if (!(one->flags & STATE_ASIDE) && strcmp(before, after) != 0)
		state = "CHANGED";
	printf("%s%s%s\n", attack ? state : "", attack ? " " : "", step);
	fflush(stdout);
}

static int run_all_in_place(const char *base, int attack)
{
	struct place places[2] = {};
	const char *commands[] = {getenv("DOOR_PLACE"), getenv("DOOR_PLACE_OTHER")};
	const char *bases[] = {base, getenv("DOOR_BASE_OTHER") ?: base};

	for (const struct technique *one = family.techniques; one->name; one++) {
		int other = one->flags & OTHER_CGROUP ? 1 : 0;

		if (!selected(one->name) || one->arrange)
			continue;
		if (place_enter(&places[other], commands[other]) < 0) {
			printf("# %s: no place to run it in\n", one->name);
			return UNTRIED;
		}
		run_in_place(one, &places[other], bases[other], attack);
	}
	return 0;
}

#endif
