/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/types.h>

#include "daemon/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-id128.h>

#include "daemon/event-id.h"
#include "daemon/event-text.h"
#include "daemon/event-who.h"
#include "daemon/sinks.h"
#include "daemon/util.h"
#include "policy/containers.h"

/*
 * Each field is a vector of its own with its length: that form of the journal's protocol takes any
 * bytes, so that a name with a newline in it begins no other field.
 */
#define FIELDS_MAX 64

struct fields {
	struct iovec vectors[FIELDS_MAX];
	size_t n;
	int r; /* the first failure */
};

static void fields_clear(struct fields *fields)
{
	for (size_t i = 0; i < fields->n; i++)
		free(fields->vectors[i].iov_base);
	fields->n = 0;
}

/* Adds a field, unless its value is empty. */
static void add(struct fields *fields, const char *name, struct text value)
{
	size_t n_name = strlen(name);
	char *field;

	if (fields->r < 0 || value.n == 0)
		return;
	if (fields->n == FIELDS_MAX) {
		fields->r = -E2BIG;
		return;
	}
	field = malloc(n_name + 1 + value.n);
	if (!field) {
		fields->r = -ENOMEM;
		return;
	}
	memcpy(field, name, n_name);
	field[n_name] = '=';
	memcpy(field + n_name + 1, value.bytes, value.n);
	fields->vectors[fields->n].iov_base = field;
	fields->vectors[fields->n].iov_len = n_name + 1 + value.n;
	fields->n++;
}

static void add_string(struct fields *fields, const char *name, const char *value)
{
	if (value)
		add(fields, name, (struct text){value, strlen(value)});
}

static void add_number(struct fields *fields, const char *name, __u64 value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, (uint64_t)value);
	add_string(fields, name, digits);
}

__attribute__((format(printf, 3, 4))) static void
add_format(struct fields *fields, const char *name, const char *format, ...)
{
	_cleanup_(freep) char *value = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (n < 0) {
		value = NULL; /* vasprintf leaves it undefined */
		fields->r = -ENOMEM;
	}
	add_string(fields, name, value);
}

static const char *message_id(const struct bailiff_event *event)
{
	return event->verdict == BAILIFF_DENY	      ? JOURNAL_ID_DENIED
	       : event->verdict == BAILIFF_WOULD_DENY ? JOURNAL_ID_WOULD_DENY
						      : JOURNAL_ID_AUDITED;
}

/* Without a boot's id an event has no name, and is told all the same. */
static void add_id(struct fields *fields, const struct bailiff_event *event)
{
	char id[EVENT_ID_SIZE];
	sd_id128_t boot;

	if (sd_id128_get_boot(&boot) < 0)
		return;
	event_id(event, boot, id);
	add_string(fields, "BAILIFF_ID", id);
}

static void add_what(struct fields *fields, const struct bailiff_event *event)
{
	_cleanup_(freep) char *sentence = event_sentence(event);

	if (!sentence)
		fields->r = -ENOMEM;
	add_string(fields, "MESSAGE", sentence);
	add_string(fields, "MESSAGE_ID", message_id(event));
	add_string(fields, "SYSLOG_IDENTIFIER", "bailiffd");
	add_number(fields, "PRIORITY", event->verdict == BAILIFF_DENY ? LOG_WARNING : LOG_NOTICE);
	add_id(fields, event);
	add_string(fields, "BAILIFF_ACTION", event_action(event));
	add_string(fields, "BAILIFF_VERDICT", event_verdict(event));
	add_string(fields, "BAILIFF_REASON", event_reason(event));
	add_number(fields, "BAILIFF_TIME", event->time);
	add_number(fields, "BAILIFF_COUNT", event->repeats ? event->repeats : 1);
	if (event->repeats)
		add_number(fields, "BAILIFF_REPEATS", event->repeats);
}

static void add_policy(struct fields *fields, const struct bailiff_event *event,
		       const struct event_texts *texts, const struct journal_policy *policy)
{
	add_string(fields, "BAILIFF_MODE", event->audit ? "audit" : "enforce");
	add(fields, "BAILIFF_POLICY", texts->policy);
	add_number(fields, "BAILIFF_SEVERITY", event->severity);
	if (policy && policy->file)
		add_format(fields, "BAILIFF_RULE", "%s:%u", policy->file, event->line);
	else
		add_format(fields, "BAILIFF_RULE", "%.*s.ini:%u", (int)texts->policy.n,
			   texts->policy.bytes, event->line);
	add_number(fields, "BAILIFF_LINE", event->line);
	add_number(fields, "BAILIFF_COLUMN", event->column);
	if (!policy)
		return;
	add_string(fields, "BAILIFF_MESSAGE", policy->message);
	if (policy->n_tags) {
		_cleanup_(freep) char *tags = NULL;
		size_t n = 0;

		for (size_t i = 0; i < policy->n_tags; i++)
			n += strlen(policy->tags[i]) + 1;
		tags = malloc(n);
		if (!tags) {
			fields->r = -ENOMEM;
			return;
		}
		n = 0;
		for (size_t i = 0; i < policy->n_tags; i++)
			n += (size_t)sprintf(tags + n, "%s%s", i ? " " : "", policy->tags[i]);
		add_string(fields, "BAILIFF_TAGS", tags);
	}
}

static void add_who(struct fields *fields, const struct bailiff_event *event,
		    const struct event_texts *texts)
{
	_cleanup_(freep) char *syscall = NULL;

	if (event_syscall(event, &syscall) < 0)
		fields->r = -ENOMEM;
	add(fields, "BAILIFF_PATH", texts->path);
	add(fields, "BAILIFF_EXE", texts->exe);
	add(fields, "BAILIFF_COMM", texts->comm);
	add_number(fields, "BAILIFF_PID", event->tgid);
	add_number(fields, "BAILIFF_TID", event->pid);
	add_number(fields, "BAILIFF_PPID", event->ppid);
	add_string(fields, "BAILIFF_SYSCALL", syscall);
}

/* A text that is ours to free; NULL: there is none, or, with errno, no memory for it. */
static void add_made(struct fields *fields, const char *name, char *made)
{
	_cleanup_(freep) char *value = made;

	if (!value && errno)
		fields->r = -errno;
	add_string(fields, name, value);
}

/* Not in what tells of repeats: these need not have been the same each time. */
static void add_story(struct fields *fields, const struct bailiff_event *event,
		      const struct event_texts *texts)
{
	add_made(fields, "BAILIFF_ARGS", event_args(event, texts));
	add_made(fields, "BAILIFF_CWD", event_short(texts->cwd, event->cut & BAILIFF_CUT_CWD));
	add_made(fields, "BAILIFF_PARENT_EXE",
		 event_short(texts->parent, event->cut & BAILIFF_CUT_PARENT));
	add_made(fields, "BAILIFF_ANCESTORS", event_ancestors(event, texts));
}

static void add_credentials(struct fields *fields, const struct bailiff_event *event)
{
	add_number(fields, "BAILIFF_UID", event->uid);
	add_number(fields, "BAILIFF_GID", event->gid);
	if (event->login != BAILIFF_NO_LOGIN)
		add_number(fields, "BAILIFF_LOGIN_UID", event->login);
	add_made(fields, "BAILIFF_CAPABILITIES", event_capabilities(event));
	if (event->user_ns)
		add_number(fields, "BAILIFF_USER_NS", event->user_ns);
}

/* The image by the first of its names. */
static void add_container(struct fields *fields, const struct container *container)
{
	add_string(fields, "BAILIFF_CONTAINER_NAME", container->name);
	if (container->n_images)
		add_string(fields, "BAILIFF_IMAGE", container->images[0]);
}

static void add_where(struct fields *fields, const struct bailiff_event *event,
		      const struct event_texts *texts)
{
	char pod[CGROUP_POD_MAX];

	add(fields, "BAILIFF_CGROUP", texts->cgroup);
	add_number(fields, "BAILIFF_CGROUP_ID", event->cgroup);
	add(fields, "BAILIFF_UNIT", cgroup_unit(texts->cgroup));
	add(fields, "BAILIFF_CONTAINER", cgroup_container(texts->cgroup));
	if (cgroup_pod(texts->cgroup, pod))
		add_string(fields, "BAILIFF_POD", pod);
}

int journal_event(const struct bailiff_event *event, const struct journal_policy *policy,
		  const struct container *container)
{
	_cleanup_(fields_clear) struct fields fields = {};
	struct event_texts texts;

	event_texts(event, &texts);
	add_what(&fields, event);
	add_policy(&fields, event, &texts, policy);
	add_who(&fields, event, &texts);
	add_credentials(&fields, event);
	add_where(&fields, event, &texts);
	if (container)
		add_container(&fields, container);
	add_story(&fields, event, &texts);
	if (fields.r < 0)
		return fields.r;
	return sinks_event(fields.vectors, fields.n, event->time);
}
