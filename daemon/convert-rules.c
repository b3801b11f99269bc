/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <string.h>

#include "bpf-lsm/abi.h"
#include "daemon/util.h"
#include "policy/act.h"

#define DESCRIPTION                                                                                \
	{"severity", NULL}, {"tags", NULL}, {"message", NULL},                                     \
	{                                                                                          \
		"action", NULL                                                                     \
	}

#define OWNER_ONLY                                                                                 \
	{                                                                                          \
		"ownerOnly",                                                                       \
			"its rules do not ask who owns a file; take it out, or keep others out "   \
			"by the file's mode"                                                       \
	}

/* What a rule is read with: which list of which section it stands in. */
struct reading {
	struct convert_object *o;
	enum policy_section section;
	const struct node *section_node;
	enum convert_action section_action;
	const char *list; /* matchPaths and the like */
	const struct field *fields;
	/* Adds what the rule names, by add_for_sources(). */
	void (*read)(struct reading *g, const struct node *rule, enum convert_action action);
};

void object_add(struct convert_object *o, const struct convert_rule *rule, char *item)
{
	_cleanup_(freep) char *owned = item, *subject = NULL, *source = NULL;
	struct convert_rule *rules;

	if (!item || o->too_many) {
		o->c->r = item ? o->c->r : -ENOMEM;
		return;
	}
	if (o->n_rules >= CONVERT_RULES_MAX) {
		o->too_many = true;
		convert_error(o->c, rule->place, "more than %u rules in one object; take it apart",
			      CONVERT_RULES_MAX);
		return;
	}
	if ((o->n_rules & (o->n_rules - 1)) == 0) {
		rules = reallocarray(o->rules, o->n_rules ? 2 * o->n_rules : 1, sizeof(*rules));
		if (!rules) {
			o->c->r = -ENOMEM;
			return;
		}
		o->rules = rules;
	}
	subject = rule->subject ? strdup(rule->subject) : NULL;
	source = rule->subject ? pattern_canonical(rule->subject) : NULL;
	if (rule->subject && (!subject || !source)) {
		o->c->r = -ENOMEM;
		return;
	}
	o->rules[o->n_rules] = *rule;
	o->rules[o->n_rules].item = TAKE_PTR(owned);
	o->rules[o->n_rules].source = TAKE_PTR(source);
	o->rules[o->n_rules++].subject = TAKE_PTR(subject);
}

static enum convert_action read_action(struct convert *c, const struct node *map,
				       enum convert_action otherwise)
{
	static const char *const names[] = {
		[CONVERT_ALLOW] = "Allow",
		[CONVERT_AUDIT] = "Audit",
		[CONVERT_BLOCK] = "Block",
		NULL,
	};
	const struct node *text = field_text(c, map, "action");
	int action = text && text->text[0] ? field_name(c, text, "action", names) : -1;

	return action < 0 ? otherwise : (enum convert_action)action;
}

/* Adds an item for everybody, or for each of the rule's sources. */
static void add_for_sources(struct reading *g, const struct node *rule,
			    const struct convert_rule *template, const char *item)
{
	static const struct field fields[] = {{"path", NULL}, {}};
	const struct node *sources = field_list(g->o->c, rule, "fromSource");
	struct convert_rule one = *template;

	one.section = g->section;
	if (!sources || sources->n_items == 0) {
		object_add(g->o, &one, strdup(item));
		return;
	}
	for (size_t i = 0; i < sources->n_items; i++) {
		const struct node *path = NULL;

		if (fields_check(g->o->c, sources->items[i], fields, "fromSource"))
			path = field_text(g->o->c, sources->items[i], "path");
		if (!path) {
			if (sources->items[i]->kind == NODE_MAP)
				convert_error(g->o->c, sources->items[i],
					      "fromSource names no \"path\"");
			continue;
		}
		if (strchr(path->text, '"')) {
			convert_error(g->o->c, path,
				      "a '\"' in the path of a source cannot be written in a "
				      "policy");
			continue;
		}
		one.subject = pattern_of_path(g->o->c, path);
		if (one.subject)
			object_add(g->o, &one, strdup(item));
		free(one.subject);
	}
}

/* The field that a rule cannot do without. */
static const struct node *need(struct reading *g, const struct node *rule, const char *name)
{
	const struct node *text = field_text(g->o->c, rule, name);

	if (!text && !node_get(rule, name))
		convert_error(g->o->c, rule, "a rule of %s without \"%s\"", g->list, name);
	return text;
}

/*
 * Adds a pattern of files. "readOnly: reading is allowed, and anything else blocked": so what is
 * blocked read-only may be read, as what is allowed read-only may not be written.
 */
static void add_files(struct reading *g, const struct node *rule, enum convert_action action,
		      const struct node *place, const char *pattern)
{
	bool read_only = field_true(g->o->c, rule, "readOnly");
	struct convert_rule read = {.verb = BAILIFF_VERB_READ, .action = action, .place = place};
	struct convert_rule write = {.verb = BAILIFF_VERB_WRITE, .action = action, .place = place};

	if (read_only && action == CONVERT_ALLOW)
		write.weak = true;
	if (read_only && action != CONVERT_AUDIT) {
		read.action = CONVERT_ALLOW;
		write.action = CONVERT_BLOCK;
	}
	/* where it is audited, reading is no event */
	if (!read_only || action != CONVERT_AUDIT)
		add_for_sources(g, rule, &read, pattern);
	add_for_sources(g, rule, &write, pattern);
}

static void add_paths(struct reading *g, const struct node *rule, enum convert_action action,
		      const struct node *place, char *pattern)
{
	_cleanup_(freep) char *owned = pattern;
	struct convert_rule exec = {.verb = BAILIFF_VERB_EXEC, .action = action, .place = place};

	if (!pattern)
		return;
	if (g->section == POLICY_FILE)
		add_files(g, rule, action, place, pattern);
	else
		add_for_sources(g, rule, &exec, pattern);
}

static void read_path(struct reading *g, const struct node *rule, enum convert_action action)
{
	const struct node *name = field_text(g->o->c, rule, "execname"), *path;

	if (name && g->section == POLICY_EXEC) {
		if (node_get(rule, "path"))
			convert_error(g->o->c, name, "\"execname\" beside \"path\": take one out");
		else
			add_paths(g, rule, action, name, pattern_of_name(g->o->c, name));
		return;
	}
	path = need(g, rule, "path");
	if (path)
		add_paths(g, rule, action, path, pattern_of_path(g->o->c, path));
}

static void read_directory(struct reading *g, const struct node *rule, enum convert_action action)
{
	const struct node *dir = need(g, rule, "dir");
	bool recursive = field_true(g->o->c, rule, "recursive");
	char *inside;

	if (!dir)
		return;
	inside = pattern_of_directory(g->o->c, dir, recursive ? "**" : "*");
	/* the folder itself is listed, and made and removed; "/" is in the patterns already */
	if (inside && g->section == POLICY_FILE && strcmp(dir->text, "/") != 0)
		add_paths(g, rule, action, dir, pattern_of_directory(g->o->c, dir, NULL));
	add_paths(g, rule, action, dir, inside);
}

static void read_pattern(struct reading *g, const struct node *rule, enum convert_action action)
{
	const struct node *pattern = need(g, rule, "pattern");

	if (pattern)
		add_paths(g, rule, action, pattern, pattern_of_glob(g->o->c, pattern));
}

static void read_protocol(struct reading *g, const struct node *rule, enum convert_action action)
{
	static const char *const names[] = {"tcp", "udp", "icmp", "sctp", "all", NULL};
	static const char *const kinds[] = {"raw",	 "stream", "dgram",  "rdm",
					    "seqpacket", "dccp",   "packet", "icmpv6"};
	const struct node *text = need(g, rule, "protocol");
	int protocol;

	if (!text)
		return;
	for (size_t i = 0; i < ELEMENTS(kinds); i++)
		if (strcasecmp(text->text, kinds[i]) == 0) {
			convert_error(g->o->c, text,
				      "protocol \"%s\" has no counterpart of its own in bailiff; "
				      "there are "
				      "tcp, udp, icmp (of IPv6, too), sctp and all",
				      text->text);
			return;
		}
	protocol = field_name(g->o->c, text, "protocol", names);
	if (protocol >= 0)
		add_for_sources(g, rule,
				&(struct convert_rule){
					.verb = BAILIFF_VERB_ACT, .action = action, .place = text},
				protocol == 4 ? "*" : names[protocol]);
}

static void read_capability(struct reading *g, const struct node *rule, enum convert_action action)
{
	const char *names[BAILIFF_N_CAPABILITIES + 1] = {};
	const struct node *text = need(g, rule, "capability");
	struct node bare;
	int capability;

	if (!text)
		return;
	for (unsigned i = 0; i < BAILIFF_N_CAPABILITIES; i++)
		names[i] = act_capability_name(i);
	bare = *text;
	if (strncasecmp(text->text, "cap_", 4) == 0)
		bare.text += 4;
	capability = field_name(g->o->c, &bare, "capability", names);
	if (capability >= 0)
		add_for_sources(g, rule,
				&(struct convert_rule){
					.verb = BAILIFF_VERB_ACT, .action = action, .place = text},
				names[capability]);
}

/* System calls that are what a name of [process] says, no more and no less. */
static const char *syscall_act(const char *name)
{
	static const char *const calls[][2] = {
		{"bpf", "bpf"},	    {"chroot", "chroot"},	    {"perf_event_open", "perf"},
		{"setns", "setns"}, {"userfaultfd", "userfaultfd"},
	};

	for (size_t i = 0; i < ELEMENTS(calls); i++)
		if (strcmp(name, calls[i][0]) == 0)
			return calls[i][1];
	return NULL;
}

/* KubeArmor audits system calls, whatever the action says. */
static void read_syscalls(struct reading *g, const struct node *rule, enum convert_action action)
{
	const struct node *calls = field_list(g->o->c, rule, "syscall");

	(void)action;
	if (!calls)
		return;
	for (size_t i = 0; i < calls->n_items; i++) {
		const struct node *call = calls->items[i];
		const char *act = call->kind == NODE_TEXT ? syscall_act(call->text) : NULL;

		if (!act)
			convert_error(
				g->o->c, call,
				"system call \"%s\" has no counterpart in bailiff; there are bpf, "
				"chroot, perf_event_open, setns and userfaultfd",
				call->kind == NODE_TEXT ? call->text : "");
		else
			add_for_sources(g, rule,
					&(struct convert_rule){.verb = BAILIFF_VERB_ACT,
							       .action = CONVERT_AUDIT,
							       .place = call},
					act);
	}
}

static void read_rule(struct reading *g, const struct node *rule)
{
	struct convert_object *o = g->o;
	enum convert_action action;

	if (!fields_check(o->c, rule, g->fields, g->list))
		return;
	action = read_action(o->c, rule, g->section_action);
	object_describe(o, g->section_node, rule);
	if (action == CONVERT_ALLOW && g->section != POLICY_PROCESS) {
		const struct node *sources = node_get(rule, "fromSource");

		if (o->kind == CONVERT_HOST && (!sources || sources->n_items == 0))
			convert_error(
				o->c, rule,
				"Allow without fromSource in a KubeArmorHostPolicy: KubeArmor "
				"ignores it; take the rule out");
		o->whitelist[g->section] = true;
	}
	g->read(g, rule, action);
}

static void read_list(struct reading *g)
{
	const struct node *list = field_list(g->o->c, g->section_node, g->list);

	for (size_t i = 0; list && i < list->n_items; i++)
		read_rule(g, list->items[i]);
}

static const struct field path_fields[] = {
	{"path", NULL},
	{"execname", NULL},
	{"fromSource", NULL},
	{"allowedArgs", "its rules do not ask about arguments"},
	OWNER_ONLY,
	DESCRIPTION,
	{},
};
static const struct field file_path_fields[] = {
	{"path", NULL}, {"readOnly", NULL}, {"fromSource", NULL}, OWNER_ONLY, DESCRIPTION, {}};
static const struct field directory_fields[] = {
	{"dir", NULL}, {"recursive", NULL}, {"fromSource", NULL}, OWNER_ONLY, DESCRIPTION, {}};
static const struct field file_directory_fields[] = {{"dir", NULL},
						     {"recursive", NULL},
						     {"readOnly", NULL},
						     {"fromSource", NULL},
						     OWNER_ONLY,
						     DESCRIPTION,
						     {}};
static const struct field pattern_fields[] = {{"pattern", NULL}, OWNER_ONLY, DESCRIPTION, {}};
static const struct field file_pattern_fields[] = {
	{"pattern", NULL}, {"readOnly", NULL}, OWNER_ONLY, DESCRIPTION, {}};
static const struct field protocol_fields[] = {
	{"protocol", NULL}, {"fromSource", NULL}, DESCRIPTION, {}};
static const struct field capability_fields[] = {
	{"capability", NULL}, {"fromSource", NULL}, DESCRIPTION, {}};
static const struct field syscall_fields[] = {
	{"syscall", NULL}, {"fromSource", NULL}, DESCRIPTION, {}};

/* The lists that a section has. */
static const struct {
	const char *section, *list;
	enum policy_section of;
	const struct field *fields;
	void (*read)(struct reading *g, const struct node *rule, enum convert_action action);
} lists[] = {
	{"process", "matchPaths", POLICY_EXEC, path_fields, read_path},
	{"process", "matchDirectories", POLICY_EXEC, directory_fields, read_directory},
	{"process", "matchPatterns", POLICY_EXEC, pattern_fields, read_pattern},
	{"file", "matchPaths", POLICY_FILE, file_path_fields, read_path},
	{"file", "matchDirectories", POLICY_FILE, file_directory_fields, read_directory},
	{"file", "matchPatterns", POLICY_FILE, file_pattern_fields, read_pattern},
	{"network", "matchProtocols", POLICY_NETWORK, protocol_fields, read_protocol},
	{"capabilities", "matchCapabilities", POLICY_CAPABILITY, capability_fields,
	 read_capability},
	{"syscalls", "matchSyscalls", POLICY_PROCESS, syscall_fields, read_syscalls},
};

static void read_section(struct convert_object *o, const char *name, enum convert_action action)
{
	struct reading g = {.o = o, .section_node = node_get(o->spec, name)};
	struct field fields[10] = {{"matchPaths", NULL}};
	size_t n = 0;

	if (!g.section_node)
		return;
	for (size_t i = 0; i < ELEMENTS(lists); i++)
		if (strcmp(lists[i].section, name) == 0)
			fields[n++] = (struct field){lists[i].list, NULL};
	if (strcmp(name, "syscalls") == 0)
		fields[n++] = (struct field){"matchPaths",
					     "[process] does not ask what a system call is about"};
	memcpy(fields + n, (const struct field[]){DESCRIPTION}, 4 * sizeof(*fields));
	if (!fields_check(o->c, g.section_node, fields, name))
		return;
	g.section_action = read_action(o->c, g.section_node, action);
	for (size_t i = 0; i < ELEMENTS(lists); i++) {
		if (strcmp(lists[i].section, name) != 0)
			continue;
		g.section = lists[i].of;
		g.list = lists[i].list;
		g.fields = lists[i].fields;
		g.read = lists[i].read;
		read_list(&g);
	}
}

void object_read_rules(struct convert_object *o)
{
	static const char *const sections[] = {"process", "file", "network", "capabilities",
					       "syscalls"};
	const struct field fields[] = {
		{o->kind == CONVERT_HOST ? "nodeSelector" : "selector", NULL},
		{"process", NULL},
		{"file", NULL},
		{"network", NULL},
		{"capabilities", NULL},
		{"syscalls", NULL},
		{"status", NULL},
		DESCRIPTION,
		{"apparmor", "it is a text for AppArmor alone"},
		{"selinux", "it is for SELinux alone"},
		{"presets", "write what it stands for in bailiff's own words"},
		{},
	};
	enum convert_action action;

	if (!fields_check(o->c, o->spec, fields, "spec"))
		return;
	action = read_action(o->c, o->spec, CONVERT_BLOCK);
	for (size_t i = 0; i < ELEMENTS(sections); i++)
		read_section(o, sections[i], action);
}
