/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/event-text.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/event-act.h"
#include "daemon/util.h"
#include "policy/policy.h"

static const char *const verdicts[] = {
	[BAILIFF_ALLOW] = "allow",
	[BAILIFF_AUDIT] = "audit",
	[BAILIFF_WOULD_DENY] = "would-deny",
	[BAILIFF_DENY] = "deny",
};

static const char *const actions[] = {
	[BAILIFF_VERB_EXEC] = "exec",
	[BAILIFF_VERB_READ] = "read",
	[BAILIFF_VERB_WRITE] = "write",
	[BAILIFF_VERB_INVOKED] = "exec",
	[BAILIFF_VERB_MAP] = "map",
	[BAILIFF_VERB_OTHER + BAILIFF_VERB_EXEC] = "unlink",
	[BAILIFF_VERB_OTHER + BAILIFF_VERB_READ] = "unlink",
	[BAILIFF_VERB_OTHER + BAILIFF_VERB_WRITE] = "unlink",
	[BAILIFF_VERB_BELOW + BAILIFF_VERB_EXEC] = "move",
	[BAILIFF_VERB_BELOW + BAILIFF_VERB_READ] = "move",
	[BAILIFF_VERB_BELOW + BAILIFF_VERB_WRITE] = "move",
	[BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT] = "move",
	[BAILIFF_VERB_BELOW + BAILIFF_BELOW_MAP] = "move",
};

static const struct {
	const char *name, *clause;
} reasons[] = {
	[BAILIFF_REASON_NO_NAMESPACE] = {"no-namespace", "the path hangs on no mount namespace"},
	[BAILIFF_REASON_OTHER_NAMESPACE] = {"other-namespace",
					    "the path is of another mount namespace"},
	[BAILIFF_REASON_TOO_LONG] = {"too-long", "the path is too long"},
	[BAILIFF_REASON_UNREADABLE] = {"unreadable", "the path could not be read"},
	[BAILIFF_REASON_NO_SCRATCH] = {"no-scratch", "no memory was free for the path"},
	[BAILIFF_REASON_INVOKED_NAME] = {"invoked-name", "by the name that it was called by"},
	[BAILIFF_REASON_SECOND_NAME] = {"second-name", "what is denied would get another name"},
	[BAILIFF_REASON_DRIFT] = {"drift", "it was not in the image"},
	[BAILIFF_REASON_SPELLING] = {"spelling", "names have several spellings there"},
	[BAILIFF_REASON_OTHER_NAME] = {"other-name", "another name of it is denied"},
};

_Static_assert(ELEMENTS(reasons) == BAILIFF_N_REASONS, "each reason has its name");

bool event_is_whole(const void *record, size_t size)
{
	const struct bailiff_event *event = record;

	return size >= sizeof(*event) &&
	       size >= sizeof(*event) + event->n_path + event->n_exe + event->n_cgroup +
			       event->n_cwd + event->n_parent + event->n_args +
			       event->n_ancestors * sizeof(struct bailiff_ancestor) &&
	       memchr(event->policy, 0, sizeof(event->policy));
}

static struct text take(const char **bytes, size_t n)
{
	struct text text = {*bytes, n};

	*bytes += n;
	return text;
}

void event_texts(const struct bailiff_event *event, struct event_texts *ret_texts)
{
	const char *bytes = (const char *)(event + 1);

	ret_texts->path = take(&bytes, event->n_path);
	ret_texts->exe = take(&bytes, event->n_exe);
	ret_texts->cgroup = take(&bytes, event->n_cgroup);
	ret_texts->cwd = take(&bytes, event->n_cwd);
	ret_texts->parent = take(&bytes, event->n_parent);
	ret_texts->args = take(&bytes, event->n_args);
	ret_texts->ancestors = bytes;
	ret_texts->comm = (struct text){event->comm, strnlen(event->comm, sizeof(event->comm))};
	ret_texts->policy =
		(struct text){event->policy, strnlen(event->policy, sizeof(event->policy))};
	if (event->verb == BAILIFF_VERB_ACT)
		ret_texts->path =
			(struct text){ret_texts->act, event_act(ret_texts->path, ret_texts->act)};
}

const char *event_action(const struct bailiff_event *event)
{
	if (event->verb == BAILIFF_VERB_ACT)
		return event_act_section((struct text){(const char *)(event + 1), event->n_path});
	return event->verb < ELEMENTS(actions) ? actions[event->verb] : "unknown";
}

const char *event_verdict(const struct bailiff_event *event)
{
	return event->verdict < ELEMENTS(verdicts) ? verdicts[event->verdict] : "unknown";
}

/* No file's policy has that name: what it says follows from what is not known. */
static bool is_of_unknown(const struct bailiff_event *event)
{
	return strncmp(event->policy, POLICY_UNKNOWN, sizeof(event->policy)) == 0;
}

const char *event_reason(const struct bailiff_event *event)
{
	if (is_of_unknown(event))
		return EVENT_REASON_UNKNOWN;
	return event->reason < ELEMENTS(reasons) ? reasons[event->reason].name : "unknown";
}

const char *event_reason_clause(const struct bailiff_event *event)
{
	if (is_of_unknown(event))
		return "it is not known which container this is";
	return event->reason < ELEMENTS(reasons) ? reasons[event->reason].clause : "unknown reason";
}

/* The machine's table of 32-bit calls, as libseccomp names it. */
static uint32_t arch_32bit(void)
{
	uint32_t native = seccomp_arch_native();

	return native == SCMP_ARCH_X86_64    ? SCMP_ARCH_X86
	       : native == SCMP_ARCH_AARCH64 ? SCMP_ARCH_ARM
					     : native;
}

int event_syscall(const struct bailiff_event *event, char **ret_name)
{
	uint32_t arch = event->is_32bit ? arch_32bit() : seccomp_arch_native();
	char *name = NULL;

	if (event->syscall >= 0) {
		name = seccomp_syscall_resolve_num_arch(arch, event->syscall);
		/* a call that is younger than the library */
		if (!name && asprintf(&name, "%d", event->syscall) < 0)
			return -ENOMEM;
	}
	*ret_name = name;
	return 0;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t text_character(struct text text, unsigned *ret_point)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)text.bytes;
	size_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	unsigned point = n == 1 ? b[0] : b[0] & (0xffu >> (n + 1));

	if (n == 0 || n > text.n || b[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (b[i] & 0x3f);
	}
	if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret_point = point;
	return n;
}

bool text_is_utf8(struct text text)
{
	unsigned point;

	while (text.n > 0) {
		size_t n = text_character(text, &point);

		if (!n)
			return false;
		text.bytes += n;
		text.n -= n;
	}
	return true;
}

bool text_deceives(unsigned point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
	       (point >= 0xfff9 && point <= 0xfffb) || (point >= 0xe0000 && point < 0xe1000);
}

static bool is_wide_blank(unsigned point)
{
	return point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
	       point == 0x205f || point == 0x3000;
}

/* What a name may hold without being taken for a part of the sentence around it. */
static bool is_plain(unsigned point)
{
	if (point >= 0x80)
		return !is_wide_blank(point);
	return (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') ||
	       (point >= 'a' && point <= 'z') ||
	       (point && strchr("/._-+@%=:~#&^!$*?<>{}[]|\\", (int)point));
}

static bool needs_quotes(struct text text)
{
	unsigned point;

	if (text.n == 0)
		return true;
	for (size_t i = 0; i < text.n;) {
		struct text rest = {text.bytes + i, text.n - i};
		size_t n = text_character(rest, &point);

		if (n && !is_plain(point) && !text_deceives(point))
			return true;
		i += n ? n : 1;
	}
	return false;
}

char *text_printable(struct text text)
{
	bool quotes = needs_quotes(text);
	char *shown = malloc(4 * text.n + 3), *to = shown;
	unsigned point = 0;

	if (!shown)
		return NULL;
	if (quotes)
		*to++ = '"';
	for (size_t i = 0; i < text.n;) {
		struct text rest = {text.bytes + i, text.n - i};
		size_t n = text_character(rest, &point);

		if (n && !text_deceives(point) && point != '\\' && point != '"') {
			to = mempcpy(to, rest.bytes, n);
			i += n;
			continue;
		}
		for (size_t end = i + (n ? n : 1); i < end; i++)
			to += sprintf(to, "\\x%02x", (unsigned char)text.bytes[i]);
	}
	if (quotes)
		*to++ = '"';
	*to = '\0';
	return shown;
}

char *event_sentence(const struct bailiff_event *event)
{
	static const char *const begins[] = {
		[BAILIFF_ALLOW] = "allowed",
		[BAILIFF_AUDIT] = "audited",
		[BAILIFF_WOULD_DENY] = "would be denied",
		[BAILIFF_DENY] = "denied",
	};
	_cleanup_(freep) char *comm = NULL, *exe = NULL, *path = NULL, *policy = NULL;
	const char *begin = event->verdict < ELEMENTS(begins) ? begins[event->verdict] : "unknown";
	const char *clause = event_reason_clause(event);
	struct event_texts texts;
	char *sentence, line[32] = "", times[48] = "";

	event_texts(event, &texts);
	comm = text_printable(texts.comm);
	exe = text_printable(texts.exe);
	path = text_printable(texts.path);
	policy = text_printable(texts.policy);
	if (!comm || !exe || !path || !policy)
		return NULL;
	if (event->line)
		snprintf(line, sizeof(line), " line %u", event->line);
	if (event->repeats)
		snprintf(times, sizeof(times), "; %u times, told together", event->repeats);
	if (asprintf(&sentence, "%s: %s (%s, pid %u) %s %s, by policy %s%s%s%s%s%s", begin, comm,
		     exe, event->tgid, event_action(event),
		     texts.path.n ? path : "a path not known", policy, line, clause ? " (" : "",
		     clause ? clause : "", clause ? ")" : "", times) < 0)
		return NULL;
	return sentence;
}
