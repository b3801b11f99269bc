/* SPDX-License-Identifier: Apache-2.0 */

#include <stdbool.h>
#include <string.h>

#include "daemon/event-text.h"
#include "daemon/util.h"

/*
 * What a cgroup's path tells. Whoever was given a subtree (a container with a writable cgroup, a
 * user's own service manager) names what is in it: so the first match from the root stands, and
 * nothing below it is believed.
 */

/* Takes the next component off @path. Answers false where there is none. */
static bool next_component(struct text *path, struct text *ret_component)
{
	const char *end;

	while (path->n > 0 && path->bytes[0] == '/') {
		path->bytes++;
		path->n--;
	}
	if (path->n == 0)
		return false;
	end = memchr(path->bytes, '/', path->n);
	*ret_component = (struct text){path->bytes, end ? (size_t)(end - path->bytes) : path->n};
	path->bytes += ret_component->n;
	path->n -= ret_component->n;
	return true;
}

static bool cut_suffix(struct text *text, const char *suffix)
{
	size_t n = strlen(suffix);

	if (text->n <= n || memcmp(text->bytes + text->n - n, suffix, n) != 0)
		return false;
	text->n -= n;
	return true;
}

static bool cut_prefix(struct text *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (text->n <= n || memcmp(text->bytes, prefix, n) != 0)
		return false;
	text->bytes += n;
	text->n -= n;
	return true;
}

static bool is(struct text text, const char *string)
{
	return text.n == strlen(string) && memcmp(text.bytes, string, text.n) == 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

struct text cgroup_unit(struct text cgroup)
{
	/* the types of units that have a cgroup */
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};
	struct text component, slice = {};

	while (next_component(&cgroup, &component)) {
		struct text name;

		/* systemd's escape for a name that the kernel could take for its own */
		(void)(component.n > 1 && component.bytes[0] == '_' && cut_prefix(&component, "_"));
		name = component;
		for (size_t i = 0; i < ELEMENTS(suffixes); i++)
			if (cut_suffix(&name, suffixes[i]))
				return component;
		if (!cut_suffix(&name, ".slice"))
			break;
		slice = component;
	}
	return slice;
}

/* An id as the runtimes make them; not "conmon-ID", which is the monitor's own cgroup. */
static bool is_id(struct text text)
{
	if (text.n < 12 || text.n > 64)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!is_hex(text.bytes[i]))
			return false;
	return true;
}

/*
 * A pod's UID at the end of its cgroup's name: pod<UID> (cgroupfs), or
 * kubepods-<qos>-pod<UID>.slice (systemd, with '_' for '-'). A pod from a file has a digest of 32
 * digits for it. n == 0 for none.
 */
static struct text pod_uid(struct text component)
{
	struct text uid, front;
	bool slice = cut_suffix(&component, ".slice");

	for (size_t n = 32; n <= 36; n += 4) {
		if (component.n < n + strlen("pod"))
			continue;
		uid = (struct text){component.bytes + component.n - n, n};
		front = (struct text){component.bytes, component.n - n};
		for (size_t i = 0; i < n; i++)
			if (!is_hex(uid.bytes[i]) && uid.bytes[i] != '_' && uid.bytes[i] != '-')
				uid.n = 0;
		if (uid.n &&
		    (is(front, "pod") || (slice && memmem(front.bytes, front.n, "kubepods", 8) &&
					  cut_suffix(&front, "-pod"))))
			return uid;
	}
	return (struct text){};
}

/* The container's id in one component, where the one before it is @parent. n == 0 for none. */
static struct text container_of(struct text component, struct text parent)
{
	static const char *const runtimes[] = {"libpod-", "docker-", "cri-containerd-", "crio-",
					       "nerdctl-"};
	struct text id = component;
	bool scope = cut_suffix(&id, ".scope");

	for (size_t i = 0; i < ELEMENTS(runtimes); i++) {
		struct text rest = id;

		if (cut_prefix(&rest, runtimes[i]) && is_id(rest))
			return rest;
	}
	/* the cgroupfs drivers name the cgroup by the id alone: what is above it says whose it is
	 */
	if (!scope && is_id(component) && (is(parent, "docker") || pod_uid(parent).n))
		return component;
	return (struct text){};
}

struct text cgroup_container(struct text cgroup)
{
	struct text component, parent = {};

	while (next_component(&cgroup, &component)) {
		struct text id = container_of(component, parent);

		if (id.n)
			return id;
		parent = component;
	}
	return (struct text){};
}

size_t cgroup_pod(struct text cgroup, char pod[static CGROUP_POD_MAX])
{
	struct text component, parent = {};
	bool kubepods = false;

	while (next_component(&cgroup, &component) && !container_of(component, parent).n) {
		struct text uid = pod_uid(component);

		kubepods = kubepods || memmem(component.bytes, component.n, "kubepods", 8);
		if (kubepods && uid.n) {
			for (size_t i = 0; i < uid.n; i++)
				pod[i] = uid.bytes[i] == '_' ? '-' : uid.bytes[i];
			pod[uid.n] = '\0';
			return uid.n;
		}
		parent = component;
	}
	return 0;
}
