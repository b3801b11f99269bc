/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Races for a denied file: one process opens and executes it as fast as it can, a partner changes
 * what names mean in the meantime, half of the time on the same processor. What counts is what is
 * reached: the denied file's content, or the denied program, which then runs.
 *
 *	race lay		makes the tree in /race
 *	race clear
 *	race N CGROUP FREE [GAME...]	N acts of each game, by processes in CGROUP; FREE is another
 *				cgroup, under no policy
 *
 * Prints a line a game: "GAME: N acts, N denied, N elsewhere, N failed, N REACHED; N flips, N
 * refused". Elsewhere is another file than the denied one. Exits with 0 if nothing was reached, 1
 * if something was, 2 if it could not be tried.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RACE "/race"
#define RAN 42 /* the denied program's exit status */

#define CHANGE_NAMES "/race/names/"
#define KEPT "/race/kept/"
#define KEPT_ALSO "/race/kept-also"
#define LONG_NAME "a-name-that-has-no-room-in-the-entry-itself-and-lies-elsewhere"

struct counts {
	volatile long acts, denied, elsewhere, failed, reached, flips, refused;
	volatile int attacker;	 /* who */
	volatile long phases[2]; /* odd: what is moved is where it is denied, and stays there */
};

static struct counts *counts;
static char procs[2][256]; /* of the cgroup under policy, and of the free one */
static int free_cgroup;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "race: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static void put_copy(const char *path)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char bytes[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		die(path);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			die(path);
	close(in);
	close(out);
}

/* A folder with the two files: those that are denied, or others of the same names. */
static void lay_pair(const char *folder, bool denied)
{
	char path[256];

	mkdir(folder, 0755);
	snprintf(path, sizeof(path), "%s/secret", folder);
	put(path, denied ? "SECRET" : "public");
	snprintf(path, sizeof(path), "%s/tool", folder);
	if (denied)
		put_copy(path);
	else
		put(path, "text\n");
}

static void lay(void)
{
	mkdir(RACE, 0755);
	if (mount("tmpfs", RACE, "tmpfs", 0, "mode=0755") < 0)
		die(RACE);
	lay_pair(RACE "/denied", true);
	lay_pair(RACE "/allowed", false);
	lay_pair(RACE "/one", false);
	mkdir(RACE "/moving", 0755);
	mkdir(RACE "/moving/aa", 0755);
	mkdir(RACE "/moving/bb", 0755);
	lay_pair(RACE "/moving/aa/in", true);
	mkdir(RACE "/names", 0755);
	lay_pair(CHANGE_NAMES "short", true);
	lay_pair(CHANGE_NAMES "p", true);
	mkdir(CHANGE_NAMES "q", 0755);
	put(CHANGE_NAMES "shadow", "SECRET");
	put(CHANGE_NAMES "shadow-" LONG_NAME, "SECRET");
	mkdir(KEPT, 0755);
	mkdir(KEPT "open", 0755);
	mkdir(KEPT "shut", 0755);
	mkdir(KEPT "open/in", 0755);
	put(KEPT "open/in/page", "SECRET");
	mkdir(KEPT "open/disk", 0755);
	mkdir(KEPT "shut/disk", 0755);
	mkdir(KEPT_ALSO, 0755);
	/* mountpoints, and the root of what is moved, that are used elsewhere already: otherwise
	 * the kernel counts a move as a rename too */
	if (mount(NULL, RACE, NULL, MS_PRIVATE, NULL) < 0 ||
	    mount(KEPT, KEPT_ALSO, NULL, MS_BIND, NULL) < 0 ||
	    mount("tmpfs", KEPT_ALSO "/open/disk", "tmpfs", 0, NULL) < 0 ||
	    mount("tmpfs", KEPT_ALSO "/shut/disk", "tmpfs", 0, NULL) < 0 ||
	    mount("tmpfs", KEPT "open/disk", "tmpfs", 0, "mode=0755") < 0 ||
	    mount(KEPT "open/disk", KEPT_ALSO, NULL, MS_BIND, NULL) < 0 ||
	    mount("tmpfs", KEPT_ALSO, "tmpfs", 0, NULL) < 0)
		die(KEPT);
	put(KEPT "open/disk/page", "SECRET");
	if (symlink("denied", RACE "/two") < 0 || symlink("allowed/secret", RACE "/link") < 0 ||
	    symlink("allowed/tool", RACE "/link-tool") < 0)
		die(RACE);
}

/* One act of the attacker: what did it lead to? */
static void tell(int result, int error)
{
	counts->acts++;
	if (result > 0)
		counts->reached++;
	else if (result == 0)
		counts->elsewhere++;
	else if (error == EACCES)
		counts->denied++;
	else
		counts->failed++;
}

static void read_at(int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC), error = errno;
	char text[7] = "";

	if (fd < 0) {
		tell(-1, error);
		return;
	}
	if (read(fd, text, 6) < 0)
		text[0] = '\0';
	close(fd);
	tell(strcmp(text, "SECRET") == 0, 0);
}

static void read_by(const char *path)
{
	read_at(AT_FDCWD, path);
}

/* The text that stands for an allowed program is none, so it comes back; the denied one does not.
 */
static void run_by(const char *path)
{
	char *argv[] = {(char *)"denied-tool", NULL}, *environment[] = {NULL};

	execve(path, argv, environment);
	tell(errno == ENOEXEC ? 0 : -1, errno);
}

/* Opens once more what a descriptor without any right is of: no name is looked up. */
static void read_again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_by(path);
}

/* A descriptor that gives no right, of what has one of two names at present. */
static int hold(const char *path, const char *or_path)
{
	for (unsigned tries = 0; tries < 1000000; tries++) {
		int fd = open(tries & 1 ? or_path : path, O_PATH | O_CLOEXEC | O_NOFOLLOW);

		if (fd >= 0)
			return fd;
	}
	die(path);
}

static void flipped(int result)
{
	counts->flips++;
	counts->refused += result < 0;
}

static void flip_link(const char *name, const char *target)
{
	(void)unlink(RACE "/next");
	if (symlink(target, RACE "/next") < 0)
		flipped(-1);
	else
		flipped(rename(RACE "/next", name));
}

static void symlink_flip(long i)
{
	flip_link(RACE "/link", i & 1 ? RACE "/denied/secret" : RACE "/allowed/secret");
	flip_link(RACE "/link-tool", i & 1 ? RACE "/denied/tool" : RACE "/allowed/tool");
}

static void symlink_act(long i)
{
	if (i & 1)
		read_by(RACE "/link");
	else
		run_by(RACE "/link-tool");
}

static void exchange_flip(long i)
{
	flipped((int)syscall(SYS_renameat2, AT_FDCWD, RACE "/one", AT_FDCWD, RACE "/two", 2));
}

static void exchange_act(long i)
{
	if (i & 1)
		read_by(RACE "/one/secret");
	else
		run_by(RACE "/one/tool");
}

/* Its new name is denied as its old one is. */
static void folder_flip(long i)
{
	flipped(i & 1 ? rename(RACE "/moving/bb/in", RACE "/moving/aa/in")
		      : rename(RACE "/moving/aa/in", RACE "/moving/bb/in"));
}

static void folder_act(long i)
{
	switch (i & 3) {
	case 0:
		read_by(RACE "/moving/aa/in/secret");
		break;
	case 1:
		read_by(RACE "/moving/bb/in/secret");
		break;
	case 2:
		run_by(RACE "/moving/aa/in/tool");
		break;
	default:
		run_by(RACE "/moving/bb/in/tool");
	}
}

/*
 * Names, both of them denied, of which one is a part of the other, or that have another folder as
 * well: is there a moment when the kernel's entry says neither?
 */
static int held[5];

static void names_begin(void)
{
	held[0] = hold(CHANGE_NAMES "shadow", CHANGE_NAMES "gshadow");
	held[1] = hold(CHANGE_NAMES "shadow-" LONG_NAME, CHANGE_NAMES "gshadow-" LONG_NAME);
	held[2] = hold(CHANGE_NAMES "short/secret", CHANGE_NAMES "a-longer-name/secret");
	held[3] = hold(CHANGE_NAMES "p/secret", CHANGE_NAMES "q/rest/secret");
	held[4] = hold(CHANGE_NAMES "p/tool", CHANGE_NAMES "q/rest/tool");
}

static void names_flip(long i)
{
	static const char *const names[][2] = {
		{CHANGE_NAMES "shadow", CHANGE_NAMES "gshadow"},
		{CHANGE_NAMES "shadow-" LONG_NAME, CHANGE_NAMES "gshadow-" LONG_NAME},
		{CHANGE_NAMES "short", CHANGE_NAMES "a-longer-name"},
		{CHANGE_NAMES "p", CHANGE_NAMES "q/rest"},
	};
	const char *const *pair = names[i / 2 % 4];

	flipped(rename(pair[i & 1], pair[!(i & 1)]));
}

static void names_act(long i)
{
	char path[64];

	if (i % 5 < 4) {
		read_again(held[i % 5]);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", held[4]);
	run_by(path);
}

/* By somebody on the host: over the denied folder comes another one, and goes. */
static void mount_flip(long i)
{
	if (i & 1)
		flipped(umount2(RACE "/denied", MNT_DETACH));
	else
		flipped(mount(i & 2 ? RACE "/allowed" : "tmpfs", RACE "/denied",
			      i & 2 ? NULL : "tmpfs", i & 2 ? MS_BIND : 0, NULL));
}

static void mount_end(void)
{
	while (umount2(RACE "/denied", MNT_DETACH) == 0)
		;
}

static void mount_begin(void)
{
	mount_end();
	held[0] = hold(RACE "/denied", RACE "/denied");
	held[1] = hold(RACE "/denied/secret", RACE "/denied/secret");
}

static void mount_act(long i)
{
	switch (i & 3) {
	case 0:
		read_by(RACE "/denied/secret");
		break;
	case 1:
		read_at(held[0], "secret");
		break;
	case 2:
		read_again(held[1]);
		break;
	default:
		run_by(RACE "/denied/tool");
	}
}

/*
 * A folder and a mount that somebody on the host moves from where all may be done with them to
 * where nothing may, and back: what was decided before a move must not be what counts after it.
 * What is reached is reached between the end of one move and the beginning of the next.
 */
static void kept_flip(long i)
{
	int which =
		i / 64 & 1; /* for a while the one alone: each makes all that is known outdated */
	bool back = i & 1;

	if (back)
		counts->phases[which]++;
	if (which == 0)
		flipped(rename(back ? KEPT "shut/in" : KEPT "open/in",
			       back ? KEPT "open/in" : KEPT "shut/in"));
	else
		flipped(mount(back ? KEPT "shut/disk" : KEPT "open/disk",
			      back ? KEPT "open/disk" : KEPT "shut/disk", NULL, MS_MOVE, NULL));
	if (!back)
		counts->phases[which]++;
}

/* Where the partner was ended in the midst of it. */
static void kept_end(void)
{
	(void)rename(KEPT "shut/in", KEPT "open/in");
	if (access(KEPT "shut/disk/page", F_OK) == 0)
		(void)mount(KEPT "shut/disk", KEPT "open/disk", NULL, MS_MOVE, NULL);
	counts->phases[0] = counts->phases[1] = 0;
}

static void kept_begin(void)
{
	held[0] = hold(KEPT "open/in/page", KEPT "shut/in/page");
	held[1] = hold(KEPT "open/disk/page", KEPT "shut/disk/page");
	held[2] = hold(KEPT "open/in", KEPT "shut/in");
	held[3] = hold(KEPT "open/disk", KEPT "shut/disk");
}

static int kept_try(long i)
{
	char path[64], *argv[] = {(char *)"page", NULL}, *environment[] = {NULL};
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", held[i & 1]);
	if (i % 6 < 2) {
		execve(path, argv, environment);
		return errno == ENOEXEC ? 0 : -1;
	}
	fd = i % 6 < 4 ? open(path, O_RDONLY | O_CLOEXEC)
		       : openat(held[2 + (i & 1)], "page", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static void kept_act(long i)
{
	long phase = counts->phases[i & 1];
	int r = kept_try(i), error = errno;

	tell(r < 0 ? -1 : phase & 1 && counts->phases[i & 1] == phase, error);
}

/* A thread that has its root directory in common with the attacker. */
static void root_flip(long i)
{
	if (i & 1)
		flipped(chroot(RACE "/denied"));
	else
		flipped(fchdir(held[0]) < 0 ? -1 : chroot("."));
}

static int __attribute__((noreturn)) root_run(void *parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != *(pid_t *)parent)
		_exit(0); /* which became the denied program, and has ended already */
	for (long i = 0;; i++) {
		root_flip(i);
		if (i % 16 == 0)
			usleep(1);
	}
}

static void root_begin(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	pid_t self = getpid();

	held[0] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (held[0] < 0 || clone(root_run, stack + sizeof(stack), CLONE_FS | SIGCHLD, &self) < 0)
		die("clone");
}

static void root_act(long i)
{
	switch (i & 3) {
	case 0:
		read_by("/secret");
		break;
	case 1:
		read_by(RACE "/denied/secret");
		break;
	case 2:
		run_by("/tool");
		break;
	default:
		run_by(RACE "/denied/tool");
	}
}

static void plain_act(long i)
{
	if (i & 1)
		read_by(RACE "/denied/secret");
	else
		run_by(RACE "/denied/tool");
}

static int move_to(const char *cgroup, pid_t pid)
{
	int fd = open(cgroup, O_WRONLY | O_CLOEXEC), r = fd < 0 ? -1 : dprintf(fd, "%d\n", pid);

	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return r < 0 ? -1 : 0;
}

static void cgroup_flip(long i)
{
	int r = counts->attacker ? move_to(procs[!(i & 1)], counts->attacker) : -1;

	/* it may have ended, and nobody has been told yet */
	if (r == 0 || (counts->attacker && errno != ESRCH))
		flipped(r);
}

/* Children that are born in the free cgroup, some of which go on to another one. */
static void born_act(long i)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)free_cgroup,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	int status;

	if (pid < 0)
		die("clone3");
	if (pid == 0) {
		for (long k = 1; k < 20; k++)
			plain_act(i + k);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == RAN)
		tell(1, 0);
}

static void reload_flip(long i)
{
	static const char *const versions[] = {
		"[select]\ncgroup = /race\n[file]\ndeny = read /race/denied/secret\n"
		"[exec]\ndeny = /race/denied/tool\n",
		"[select]\ncgroup = /race\n[file]\ndeny = read /**/secret /race/{a,b,c}/**\n"
		"allow = read /race/allowed/**\n[exec]\ndeny = /race/*/tool\n",
		"[select]\ncgroup = /race*\n[file]\ndefault = deny\nallow = read write /proc/** "
		"/dev/**\n[exec]\ndefault = deny\n",
		"[select]\ncgroup = /race\n[file]\naudit = read /race/**\n"
		"deny = read /race/denied/*\n[exec]\naudit = /**\ndeny = /race/denied/tool\n",
	};
	static const char folder[] = "/etc/bailiff/policies.d";
	char new[128], name[128];

	snprintf(new, sizeof(new), "%s/.race.new", folder);
	snprintf(name, sizeof(name), "%s/race-also.ini", folder);
	if (i % 3 == 0) { /* another policy that comes and goes: other sets, other slots */
		put(new, versions[i / 3 % 2]);
		flipped(rename(new, name));
	} else if (i % 3 == 1) {
		flipped(unlink(name));
	}
	snprintf(name, sizeof(name), "%s/race.ini", folder);
	put(new, versions[i % 4]);
	flipped(rename(new, name));
	usleep(100000);
}

static const struct game {
	const char *name;
	void (*act)(long i);  /* the attacker's */
	void (*flip)(long i); /* the partner's; NULL: there is none */
	void (*begin)(void);  /* the attacker's, under the policy */
	void (*end)(void);    /* at last, under none */
	bool on_the_host;     /* the partner is under no policy */
	long least;	      /* flips */
} games[] = {
	{.name = "symlink", .act = symlink_act, .flip = symlink_flip},
	{.name = "exchange", .act = exchange_act, .flip = exchange_flip},
	{.name = "folder", .act = folder_act, .flip = folder_flip},
	{.name = "names", .act = names_act, .flip = names_flip, .begin = names_begin},
	{.name = "mount",
	 .act = mount_act,
	 .flip = mount_flip,
	 .begin = mount_begin,
	 .end = mount_end,
	 .on_the_host = true},
	{.name = "kept",
	 .act = kept_act,
	 .flip = kept_flip,
	 .begin = kept_begin,
	 .end = kept_end,
	 .on_the_host = true},
	{.name = "chroot", .act = root_act, .begin = root_begin},
	{.name = "cgroup", .act = plain_act, .flip = cgroup_flip},
	{.name = "born", .act = born_act},
	{.name = "reload", .act = plain_act, .flip = reload_flip, .on_the_host = true, .least = 20},
};

#define N_GAMES (sizeof(games) / sizeof(games[0]))

static void use_cpu(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static pid_t start_partner(const struct game *game, int cpu)
{
	pid_t pid = game->flip ? fork() : 0;

	if (!game->flip || pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	use_cpu(cpu);
	prctl(PR_SET_TIMERSLACK, 1);
	if (!game->on_the_host && move_to(procs[0], getpid()) < 0)
		die(procs[0]);
	for (long i = 0;; i++) {
		game->flip(i);
		/* who wakes up preempts the other, in the middle of a decision too, where it can be
		 */
		if (cpu == 0)
			nanosleep(&(struct timespec){.tv_nsec = 1000 + i * 7919 % 50000}, NULL);
	}
}

static bool is_on(const struct game *game, long until)
{
	return counts->acts < until || counts->flips < game->least;
}

static pid_t start_attacker(const struct game *game, long until)
{
	pid_t pid = fork();

	if (pid) {
		counts->attacker = pid;
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	use_cpu(0);
	if (move_to(procs[0], getpid()) < 0)
		die(procs[0]);
	/* the label is given by then at the latest */
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	if (game->begin)
		game->begin();
	for (long i = counts->acts; is_on(game, until); i++)
		game->act(i);
	_exit(0);
}

/* Half of the acts: with the partner on the same processor, or on another. */
static bool play_half(const struct game *game, long until, int cpu)
{
	pid_t partner, attacker = 0;
	int status = 0;

	partner = start_partner(game, cpu);
	while (is_on(game, until) && counts->reached < 100) {
		attacker = start_attacker(game, until);
		if (waitpid(attacker, &status, 0) != attacker)
			die("waitpid");
		if (WIFEXITED(status) && WEXITSTATUS(status) == RAN) {
			counts->acts++;
			counts->reached++;
		} else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			printf("not ok - %s: the attacker ended with %#x\n", game->name, status);
			break;
		}
	}
	counts->attacker = 0;
	if (partner) {
		kill(partner, SIGKILL);
		waitpid(partner, NULL, 0);
	}
	if (game->end)
		game->end();
	return counts->acts >= until;
}

/* Returns 0, 1 where something was reached, 2 where it was not as it should. */
static int play(const struct game *game, long n)
{
	bool done;

	memset(counts, 0, sizeof(*counts));
	done = play_half(game, n / 2, 0) && play_half(game, n, 1);
	printf("%s: %ld acts, %ld denied, %ld elsewhere, %ld failed, %ld REACHED; %ld flips, %ld "
	       "refused\n",
	       game->name, counts->acts, counts->denied, counts->elsewhere, counts->failed,
	       counts->reached, counts->flips, counts->refused);
	fflush(stdout);
	return counts->reached ? 1 : done ? 0 : 2;
}

static bool is_wanted(const char *name, char **wanted)
{
	if (!*wanted)
		return true;
	for (; *wanted; wanted++)
		if (strcmp(*wanted, name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int result = 0;

	if (argc == 1 && strcmp(argv[0], "denied-tool") == 0)
		return RAN;
	if (argc == 2 && strcmp(argv[1], "lay") == 0) {
		lay();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "clear") == 0)
		return umount2(RACE, MNT_DETACH) < 0 || rmdir(RACE) < 0;
	if (argc < 4 || atol(argv[1]) <= 0)
		return 2;
	for (int i = 0; i < 2; i++)
		snprintf(procs[i], sizeof(procs[i]), "%s/cgroup.procs", argv[2 + i]);
	free_cgroup = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (free_cgroup < 0 || counts == MAP_FAILED)
		die(argv[3]);
	for (size_t i = 0; i < N_GAMES; i++) {
		int r = is_wanted(games[i].name, argv + 4) ? play(&games[i], atol(argv[1])) : 0;

		result = r > result ? r : result;
	}
	return result;
}
