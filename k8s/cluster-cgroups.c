/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "k8s/cleanup.h"
#include "k8s/cluster.h"

/*
 * Where the kubelet makes a pod's cgroup: below its root, "kubepods", the class of quality of
 * service (a guaranteed pod has none), and pod<UID>. systemd's driver makes each of these a slice,
 * whose name has the names of those above before its own, with '_' for the '-' in one (kubelet's
 * CgroupName.ToSystemd, and ExpandSlice of the library that makes slices).
 *
 * The class is not looked at: whoever may write a pod's status could say another one.
 */

void lines_list_clear(struct lines_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->lines[i]);
	free(list->lines);
	*list = (struct lines_list){};
}

/* Takes the line over; NULL is -ENOMEM. */
static int add_line(struct lines_list *list, char *line)
{
	char **lines = line ? reallocarray(list->lines, list->n + 2, sizeof(*lines)) : NULL;

	if (!lines) {
		free(line);
		return -ENOMEM;
	}
	list->lines = lines;
	lines[list->n++] = line;
	lines[list->n] = NULL;
	return 0;
}

/* Writes @n bytes of a name with '_' for '-'. */
static void write_escaped(FILE *stream, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fputc(name[i] == '-' ? '_' : name[i], stream);
}

/* The first @n names of a path, as the name of a slice has them: "a-b", and @end behind them. */
static void write_front(FILE *stream, const char *root, size_t n, const char *end)
{
	for (size_t i = 0; i < n; i++) {
		size_t length;

		root += strspn(root, "/");
		length = strcspn(root, "/");
		write_escaped(stream, root, length);
		fputs(i + 1 < n ? "-" : end, stream);
		root += length;
	}
}

static size_t count_names(const char *root)
{
	size_t n = 0;

	while (*(root += strspn(root, "/"))) {
		root += strcspn(root, "/");
		n++;
	}
	return n;
}

static void write_systemd(FILE *stream, const char *root, const char *uid)
{
	static const char *const classes[] = {"besteffort", "burstable"};
	size_t n = count_names(root);

	for (size_t i = 1; i <= n; i++) {
		fputc('/', stream);
		write_front(stream, root, i, "");
		fputs(".slice", stream);
	}
	fputc('/', stream);
	write_front(stream, root, n, "-");
	fputs("kubepods.slice/", stream);
	write_front(stream, root, n, "-");
	fputs("kubepods{", stream);
	for (size_t i = 0; i < ELEMENTS(classes); i++) {
		fprintf(stream, ",-%s.slice/", classes[i]);
		write_front(stream, root, n, "-");
		fprintf(stream, "kubepods-%s", classes[i]);
	}
	fputs("}-pod", stream);
	write_escaped(stream, uid, strlen(uid));
	fputs(".slice", stream);
}

static void write_cgroupfs(FILE *stream, const char *root, const char *uid)
{
	while (*(root += strspn(root, "/"))) {
		size_t n = strcspn(root, "/");

		fprintf(stream, "/%.*s", (int)n, root);
		root += n;
	}
	fprintf(stream, "/kubepods/{,besteffort/,burstable/}pod%s", uid);
}

/* "cgroup = PATTERN" by one of the drivers; NULL: no memory. */
static char *make_line(void (*write)(FILE *stream, const char *root, const char *uid),
		       const char *root, const char *uid)
{
	char *line = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&line, &n);
	bool failed;

	if (!stream)
		return NULL;
	fputs("cgroup = ", stream);
	write(stream, root ? root : "/", uid);
	failed = ferror(stream);
	if (fclose(stream) == 0 && !failed)
		return line;
	free(line);
	return NULL;
}

int cluster_select(const struct cluster *cluster, const struct choice *choice,
		   struct lines_list *ret_list, size_t *ret_n)
{
	struct lines_list list = {};
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < cluster->n_pods && r == 0; i++) {
		const struct pod *pod = &cluster->pods[i];

		if (!cluster_chooses(cluster, choice, pod))
			continue;
		n++;
		r = add_line(&list, make_line(write_systemd, cluster->cgroup_root, pod->cgroup));
		if (r == 0)
			r = add_line(&list,
				     make_line(write_cgroupfs, cluster->cgroup_root, pod->cgroup));
	}
	if (r < 0) {
		lines_list_clear(&list);
		return r;
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}
