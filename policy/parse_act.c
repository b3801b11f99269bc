// SPDX-License-Identifier: Apache-2.0
#include "policy/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/act.h"
#include "policy/glob.h"
#include "policy/nearest.h"

/* Linux 6.12, include/uapi/linux/capability.h, by number; and a word for all of them. */
static const char *const capabilities[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
	"all",
	NULL,
};

_Static_assert(sizeof(capabilities) / sizeof(capabilities[0]) == BAILIFF_N_CAPABILITIES + 2,
	       "every capability has its name");

/* By enum bailiff_process, but for the last three, which are of [exec]; and one more. */
static const char *const acts[] = {
	"ptrace",      "signal-out", "mount",		"chroot", "bpf",
	"perf",	       "module",     "keyctl",		"userns", "io_uring",
	"userfaultfd", "setns",	     "usermode-helper", NULL,
};

#define USERMODE_HELPER BAILIFF_PROCESS_WX

_Static_assert(BAILIFF_PROCESS_WX + 3 == BAILIFF_N_PROCESS &&
		       sizeof(acts) / sizeof(acts[0]) == BAILIFF_PROCESS_WX + 2,
	       "every act has its name");

/* Files that name what the kernel executes as root on the host, wherever /proc and /sys are. */
static const char *const helpers[] = {
	"/**/sys/kernel/core_pattern",
	"/**/sys/kernel/modprobe",
	"/**/sys/kernel/hotplug",
	"/**/sys/kernel/poweroff_cmd",
	"/**/sys/fs/ocfs2/nm/hb_ctl_path",
	"/**/kernel/uevent_helper",
	"/**/module/*/parameters/{usermode_helper,cache_getent,cltrack_prog}",
	"/**/machinecheck/*/trigger",
	"/**/release_agent",
	"/**/binfmt_misc/**",
};

#define N_HELPERS (sizeof(helpers) / sizeof(helpers[0]))

/* Files by which a process writes to memory that it may not write to. */
static const char *const memories[] = {"/**/proc/[0-9]*/{,task/[0-9]*/}mem"};

#define N_MEMORIES (sizeof(memories) / sizeof(memories[0]))

const char *act_capability_name(unsigned capability)
{
	return capability < BAILIFF_N_CAPABILITIES ? capabilities[capability] : "unknown";
}

const char *act_process_name(unsigned process)
{
	if (process == BAILIFF_PROCESS_WX)
		return "wx";
	if (process == BAILIFF_PROCESS_DRIFT || process == BAILIFF_PROCESS_DRIFT_READ)
		return "drift";
	return process < BAILIFF_PROCESS_WX ? acts[process] : "unknown";
}

const char *const *act_capability_names(void)
{
	return capabilities;
}

const char *const *act_process_names(void)
{
	return acts;
}

/* Case and "cap_" are as people write them: CAP_NET_RAW is net_raw. */
static int capability_find(const struct span *word)
{
	size_t skip = word->n > 4 && strncasecmp(word->text, "cap_", 4) == 0 ? 4 : 0;

	for (int i = 0; capabilities[i]; i++)
		if (strlen(capabilities[i]) == word->n - skip &&
		    strncasecmp(word->text + skip, capabilities[i], word->n - skip) == 0)
			return i;
	return -1;
}

int act_capability_find(const char *name)
{
	int i = capability_find(&(struct span){.text = name, .n = strlen(name)});

	return i < BAILIFF_N_CAPABILITIES ? i : -1;
}

int act_process_find(const char *name)
{
	int i = span_find(&(struct span){.text = name, .n = strlen(name)}, acts);

	if (strcmp(name, "wx") == 0)
		return BAILIFF_PROCESS_WX;
	return i < BAILIFF_PROCESS_WX ? i : -1;
}

int parse_act_add(struct parser *p, const struct place *place, enum bailiff_verdict verdict,
		  const char *pattern, const char *text, unsigned flags)
{
	struct policy_rule rule = {
		.section = p->section->rules,
		.verdict = verdict,
		.verbs = 1u << BAILIFF_VERB_ACT,
	};
	struct glob_error error;
	int r;

	if (!parse_rule_room(p, place, &r))
		return r;
	r = glob_parse(text, flags, &rule.glob, &error);
	if (r < 0)
		return r;
	rule.pattern = strdup(pattern);
	return parse_rule_add(p, place, &rule);
}

/* The same for an act that has a number. */
static int act_add(struct parser *p, const struct place *place, enum bailiff_verdict verdict,
		   const char *pattern, char section, unsigned number)
{
	char text[] = {section, '\\', (char)(BAILIFF_ACT_BASE + number), '\0'};

	return parse_act_add(p, place, verdict, pattern, text, GLOB_SLASH_PLAIN);
}

/* Rules over files, at the place of a word that stands for all of them. */
static int files_add(struct parser *p, const struct place *place, enum bailiff_verdict verdict,
		     const char *const *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct policy_rule rule = {
			.section = p->section->rules,
			.verdict = verdict,
			.verbs = 1u << BAILIFF_VERB_WRITE,
		};
		struct glob_error error;
		int r;

		if (!parse_rule_room(p, place, &r))
			return r;
		r = glob_parse(files[i], 0, &rule.glob, &error);
		if (r < 0)
			return r;
		rule.pattern = strdup(files[i]);
		r = parse_rule_add(p, place, &rule);
		if (r < 0)
			return r;
	}
	return 0;
}

int parse_act_default(struct parser *p, const struct span *value)
{
	/* Whatever is not of [process] among its acts stands last, and is left out. */
	static const char process[] = {BAILIFF_ACT_PROCESS,
				       '[',
				       '!',
				       BAILIFF_ACT_BASE + BAILIFF_PROCESS_WX,
				       BAILIFF_ACT_BASE + BAILIFF_PROCESS_DRIFT,
				       BAILIFF_ACT_BASE + BAILIFF_PROCESS_DRIFT_READ,
				       ']',
				       '\0'};
	static const char *const all[POLICY_N_SECTIONS] = {
		[POLICY_NETWORK] = "\x01**",
		[POLICY_CAPABILITY] = "\x02**",
		[POLICY_PROCESS] = process,
	};
	int r, verdict = parse_verdict(p, value, &r);

	_Static_assert(BAILIFF_ACT_NETWORK == 1 && BAILIFF_ACT_CAPABILITY == 2, "as written above");
	if (verdict <= BAILIFF_ALLOW)
		return r;
	if (p->section->rules == POLICY_PROCESS && !p->subject) {
		p->process_default = p->key_place;
		p->process_verdict = (enum bailiff_verdict)verdict;
	}
	return parse_act_add(p, &p->key_place, (enum bailiff_verdict)verdict, "default",
			     all[p->section->rules], GLOB_SLASH_PLAIN);
}

int parse_wx(struct parser *p, const struct span *value)
{
	int r, verdict = parse_verdict(p, value, &r);

	if (verdict <= BAILIFF_ALLOW)
		return r;
	r = act_add(p, &p->key_place, (enum bailiff_verdict)verdict, "wx", BAILIFF_ACT_PROCESS,
		    BAILIFF_PROCESS_WX);
	return r ? r
		 : files_add(p, &p->key_place, (enum bailiff_verdict)verdict, memories, N_MEMORIES);
}

int parse_drift(struct parser *p, const struct span *word)
{
	struct place place = {p->line, word->column};

	if (p->key->value == BAILIFF_ALLOW)
		return parse_error(
			p, word->column,
			"\"drift\" is denied or audited, not allowed: it is not asked about "
			"otherwise");
	return act_add(p, &place, p->key->value, "drift", BAILIFF_ACT_PROCESS,
		       BAILIFF_PROCESS_DRIFT);
}

static int capability_unknown(struct parser *p, const struct span *word)
{
	bool prefix = word->n > 4 && strncasecmp(word->text, "cap_", 4) == 0;
	const char *near =
		nearest(word->text + (prefix ? 4 : 0), word->n - (prefix ? 4 : 0), capabilities);

	if (near)
		return parse_error_near(p, word->column, near,
					"unknown capability \"%.*s\"; did you mean \"%s\"?",
					(int)word->n, word->text, near);
	return parse_error(p, word->column,
			   "unknown capability \"%.*s\"; the names are those of capabilities(7), "
			   "such as net_raw, or all",
			   (int)word->n, word->text);
}

static bool begins_comment(const struct span *word)
{
	return word->text[0] == '#' || word->text[0] == ';';
}

int parse_capability(struct parser *p, const struct span *value)
{
	struct span rest = *value, word;
	bool foreign = false;
	int r = 0;

	while (r == 0 && !foreign && parse_word(&rest, false, &word)) {
		struct place place = {p->line, word.column};
		int i = capability_find(&word);

		p->n_items++;
		if (i >= BAILIFF_N_CAPABILITIES) {
			r = parse_act_add(p, &place, p->key->value, "all", "\x02**",
					  GLOB_SLASH_PLAIN);
			continue;
		}
		if (i >= 0) {
			r = act_add(p, &place, p->key->value, capabilities[i],
				    BAILIFF_ACT_CAPABILITY, (unsigned)i);
			continue;
		}
		if (begins_comment(&word))
			r = parse_foreign(p, &word, &foreign);
		else
			r = capability_unknown(p, &word);
	}
	return r;
}

int parse_process(struct parser *p, const struct span *value)
{
	struct span rest = *value, word;
	bool foreign = false;
	int r = 0;

	while (r == 0 && !foreign && parse_word(&rest, false, &word)) {
		struct place place = {p->line, word.column};
		int i = span_find(&word, acts);

		p->n_items++;
		if (i == USERMODE_HELPER) {
			p->helpers_named = true;
			r = files_add(p, &place, p->key->value, helpers, N_HELPERS);
			continue;
		}
		if (i >= 0) {
			r = act_add(p, &place, p->key->value, acts[i], BAILIFF_ACT_PROCESS,
				    (unsigned)i);
			continue;
		}
		if (begins_comment(&word))
			r = parse_foreign(p, &word, &foreign);
		else
			r = parse_unknown(p, "act", &word, "\"\"", " in [process]", acts);
	}
	return r;
}

int parse_process_end(struct parser *p)
{
	if (!p->process_default.column || p->helpers_named)
		return 0;
	p->section = &parse_sections[SECTION_PROCESS];
	p->subject = 0;
	return files_add(p, &p->process_default, p->process_verdict, helpers, N_HELPERS);
}

int parse_drift_read(struct parser *p, const struct place *place, enum bailiff_verdict verdict)
{
	return act_add(p, place, verdict, "drift", BAILIFF_ACT_PROCESS, BAILIFF_PROCESS_DRIFT_READ);
}
