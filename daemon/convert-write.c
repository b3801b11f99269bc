/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "bpf-lsm/abi.h"
#include "daemon/util.h"
#include "policy/image.h"

#define LINE_MAX_ 199 /* bytes of a line of a policy: docs/policy.md */

static const char *const section_names[] = {
	[POLICY_EXEC] = "exec",	      [POLICY_FILE] = "file",
	[POLICY_NETWORK] = "network", [POLICY_CAPABILITY] = "capability",
	[POLICY_PROCESS] = "process",
};

/* The text so far, and which place of the YAML each of its lines is from. */
struct writing {
	struct convert_object *o;
	FILE *stream;
	const struct node **places;
	size_t n_lines, capacity;
};

static void put_line(struct writing *w, const struct node *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes a line. One that is too long is an error, or, as a comment, cut. */
static void put_line(struct writing *w, const struct node *place, const char *format, ...)
{
	_cleanup_(freep) char *line = NULL;
	const struct node **places;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (n < 0)
		line = NULL; /* vasprintf leaves it undefined */
	places = reallocarray(w->places, w->n_lines + 1, sizeof(*places));
	if (places)
		w->places = places;
	if (!line || !places) {
		w->o->c->r = -ENOMEM;
		return;
	}
	places[w->n_lines++] = place;
	if (n > LINE_MAX_ && line[0] == ';') {
		n = LINE_MAX_;
		while (n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80)
			n--; /* not within a character */
		line[n] = '\0';
	}
	if (n > LINE_MAX_)
		convert_error(w->o->c, place,
			      "this is %d bytes long as a line of a policy; the longest is %d", n,
			      LINE_MAX_);
	fprintf(w->stream, "%s\n", line);
}

/* The name of the YAML file as a comment may have it. */
static void shown_file(const char *file, char shown[static 64])
{
	const char *slash = strrchr(file, '/');

	snprintf(shown, 64, "%s", slash ? slash + 1 : file);
	for (char *b = shown; *b; b++)
		if (*b < ' ' || *b >= 0x7f)
			*b = '?';
}

static const char *verdict_of(const struct convert_rule *rule)
{
	if (rule->action == CONVERT_BLOCK)
		return "deny";
	return rule->action == CONVERT_AUDIT || rule->logged ? "audit" : "allow";
}

/* A text in one line: white space of any kind is a blank. NULL without memory. */
static char *one_line(const char *text)
{
	char *line = strdup(text), *to = line;

	for (const char *b = text; line && *b; b++) {
		bool blank = strchr(" \t\r\n", *b);

		if (blank && (to == line || to[-1] == ' '))
			continue;
		*to++ = blank ? ' ' : *b;
	}
	while (line && to > line && to[-1] == ' ')
		to--;
	if (line)
		*to = '\0';
	return line;
}

static void write_message(struct writing *w)
{
	const struct node *message = w->o->description.message;
	_cleanup_(freep) char *line = message ? one_line(message->text) : NULL;

	if (!message)
		return;
	if (!line) {
		w->o->c->r = -ENOMEM;
		return;
	}
	if (line[0] == ';' || strstr(line, " ;"))
		convert_error(w->o->c, message,
			      "\" ;\" would begin a comment in the policy; take it out of the "
			      "message");
	else if (line[0])
		put_line(w, message, "message  = %s", line);
}

static void write_tags(struct writing *w)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.:-";
	const struct node *tags = w->o->description.tags;

	for (size_t i = 0; tags && i < tags->n_items; i++) {
		const struct node *tag = tags->items[i];
		size_t n = strspn(tag->text, allowed);

		if (n == 0 || tag->text[n])
			convert_error(
				w->o->c, tag,
				"tag \"%s\" has more than A-Z a-z 0-9 _ . : -, which is all that "
				"a tag of bailiff may hold",
				tag->text);
		else
			put_line(w, tag, "tags     = %s", tag->text);
	}
}

static void write_head(struct writing *w)
{
	struct convert_object *o = w->o;
	char file[64];

	shown_file(o->c->tree->file, file);
	put_line(w, o->node, "; Written by bailiff convert kubearmor from %s, line %u:", file,
		 o->node->line);
	put_line(w, o->node, "; %s %s%s%s", o->kind_name, o->name,
		 o->space ? " of the namespace " : "", o->space ? o->space : "");
	put_line(w, o->node, "%s", "");
	put_line(w, o->node, "[policy]");
	put_line(w, o->node, "severity = %u", o->description.severity);
	write_message(w);
	write_tags(w);
	put_line(w, o->node, "%s", "");
	put_line(w, o->node, "[select]");
	for (size_t i = 0; i < o->c->options->n_selects; i++)
		put_line(w, o->node, "%s", o->c->options->selects[i]);
	if (o->c->options->n_selects == 0) {
		put_line(w, o->node,
			 "; The whole host, with its containers: KubeArmor leaves those "
			 "out. --select narrows it.");
		put_line(w, o->node, "cgroup   = /**");
		put_line(w, o->node, "host     = yes");
	}
}

/* Whether two rules would be the same line, but for the verb. */
static bool same_line(const struct convert_rule *a, const struct convert_rule *b)
{
	if (a->section != b->section || a->dropped || b->dropped || !a->source != !b->source)
		return false;
	return (!a->source || strcmp(a->source, b->source) == 0) &&
	       strcmp(verdict_of(a), verdict_of(b)) == 0 && strcmp(a->item, b->item) == 0;
}

static const char *verb_names(const struct convert_rule *rule, unsigned verbs)
{
	bool read = verbs & 1u << BAILIFF_VERB_READ, write = verbs & 1u << BAILIFF_VERB_WRITE;

	if (rule->section != POLICY_FILE)
		return "";
	return read && write ? "read write " : read ? "read " : "write ";
}

/* Writes a rule, and with it what would be the same line. */
static void write_rule(struct writing *w, struct convert_rule *rule)
{
	struct convert_object *o = w->o;
	unsigned verbs = 0;

	for (size_t i = 0; i < o->n_rules; i++)
		if (same_line(rule, &o->rules[i])) {
			verbs |= 1u << o->rules[i].verb;
			o->rules[i].written = true;
		}
	put_line(w, rule->place, "%-8s = %s%s", verdict_of(rule), verb_names(rule, verbs),
		 rule->item);
}

/* Whether a line that is written allows @rule's source this protocol; if not, it is one now. */
static bool take_protocol(struct writing *w, const struct convert_rule *rule, const char *protocol)
{
	bool written = false;

	for (size_t i = 0; i < w->o->n_rules; i++) {
		struct convert_rule *other = &w->o->rules[i];

		if (other->dropped || other->section != rule->section || !other->source ||
		    strcmp(other->source, rule->source) != 0 ||
		    strcmp(verdict_of(other), "allow") != 0 || strcmp(other->item, protocol) != 0)
			continue;
		written |= other->written;
		other->written = true;
	}
	return written;
}

/* All of a section, which no pattern says but its default. */
static void write_all(struct writing *w, struct convert_rule *rule)
{
	static const char *const protocols[] = {"tcp",	"udp",	   "icmp",   "sctp", "raw",
						"unix", "netlink", "packet", "vsock"};
	char list[80] = "";

	rule->written = true;
	if (strcmp(verdict_of(rule), "allow") != 0)
		put_line(w, rule->place, "default  = %s", verdict_of(rule));
	if (strcmp(verdict_of(rule), "allow") != 0 || !rule->source)
		return;
	for (size_t i = 0; i < ELEMENTS(protocols); i++)
		if (!take_protocol(w, rule, protocols[i]))
			snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s",
				 protocols[i]);
	if (list[0])
		put_line(w, rule->place, "allow    =%s", list);
}

/* What was left out, so that nobody misses it; both verbs of a file in one. */
static void write_dropped(struct writing *w, const struct convert_rule *rule)
{
	char because[48] = "";
	unsigned verbs = 0;

	for (size_t i = 0; i < w->o->n_rules; i++) {
		struct convert_rule *other = &w->o->rules[i];

		if (!other->dropped || other->place != rule->place || other->for_ != rule->for_ ||
		    strcmp(other->item, rule->item) != 0 || !other->source != !rule->source ||
		    (rule->source && strcmp(other->source, rule->source) != 0))
			continue;
		verbs |= 1u << other->verb;
		other->written = true;
	}
	if (rule->for_)
		snprintf(because, sizeof(because), " (line %u)", rule->for_->line);
	put_line(w, rule->place, "; Left out of line %u, %s%s:", rule->place->line, rule->dropped,
		 because);
	put_line(w, rule->place, ";   %s = %s%s", verdict_of(rule), verb_names(rule, verbs),
		 rule->item);
}

static bool belongs(const struct convert_rule *rule, enum policy_section section,
		    const char *source)
{
	if (rule->section != section || !rule->source != !source)
		return false;
	return !source || strcmp(rule->source, source) == 0;
}

/* The rules of a section that are for all, or for one source. */
static void write_rules(struct writing *w, enum policy_section section, const char *source)
{
	for (size_t i = 0; i < w->o->n_rules; i++) {
		struct convert_rule *rule = &w->o->rules[i];

		if (!belongs(rule, section, source) || rule->written)
			continue;
		rule->written = true;
		if (rule->dropped && rule->dropped[0])
			write_dropped(w, rule);
		else if (!rule->dropped && strcmp(rule->item, "*") == 0)
			write_all(w, rule);
		else if (!rule->dropped)
			write_rule(w, rule);
	}
}

/* A default that a rule about all of the section says by itself. */
static bool has_default(const struct convert_object *o, enum policy_section section)
{
	for (size_t i = 0; i < o->n_rules; i++)
		if (belongs(&o->rules[i], section, NULL) && !o->rules[i].dropped &&
		    strcmp(o->rules[i].item, "*") == 0)
			return true;
	return false;
}

static void write_default(struct writing *w)
{
	bool block = w->o->c->options->posture == CONVERT_POSTURE_BLOCK;

	put_line(w, w->o->node,
		 "; What no Allow rule names has KubeArmor's default posture: \"%s\" (--posture).",
		 block ? "block" : "audit");
	put_line(w, w->o->node, "default  = %s", block ? "deny" : "audit");
}

static bool any(const struct convert_object *o, enum policy_section section, bool of_all)
{
	for (size_t i = 0; i < o->n_rules; i++)
		if (o->rules[i].section == section && (!of_all || !o->rules[i].source) &&
		    !(o->rules[i].dropped && !o->rules[i].dropped[0]))
			return true;
	return false;
}

static void write_section(struct writing *w, enum policy_section section)
{
	struct convert_object *o = w->o;
	bool posture = o->whitelist[section] && !has_default(o, section);

	if (any(o, section, true) || posture) {
		put_line(w, o->node, "%s", "");
		put_line(w, o->node, "[%s]", section_names[section]);
		if (posture)
			write_default(w);
		write_rules(w, section, NULL);
	}
	for (size_t i = 0; i < o->n_rules; i++) {
		const struct convert_rule *rule = &o->rules[i];

		if (rule->section != section || !rule->source || rule->written ||
		    (rule->dropped && !rule->dropped[0]))
			continue;
		put_line(w, o->node, "%s", "");
		put_line(w, rule->place, "[%s \"%s\"]", section_names[section], rule->subject);
		write_rules(w, section, rule->source);
	}
}

/* What is said about the policy that was written, as if about the YAML. */
static void take_items(struct writing *w, const struct diag *diag)
{
	for (size_t i = 0; i < diag->n_items; i++) {
		const struct diag_item *item = &diag->items[i];
		const struct node *place = item->line && item->line <= w->n_lines
						   ? w->places[item->line - 1]
						   : w->o->node;

		convert_error(w->o->c, place, "as a policy of bailiff: %s", item->message);
	}
}

/* Parses and compiles what was written, as bailiff check does. Returns 0, 1 or -ENOMEM. */
static int check_text(const struct convert_object *o, const char *text, struct diag *diag)
{
	_cleanup_(freep) char *file = NULL;
	struct policy *policy = NULL;
	const struct policy *policies;
	struct selector *selector = NULL;
	struct image *image = NULL;
	int r;

	if (asprintf(&file, "%s.ini", o->policy) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	r = policy_parse_text(file, text, strlen(text), diag, &policy);
	policies = policy;
	if (r == 0)
		r = image_compile(&policies, 1, 1, diag, &image);
	if (r == 0)
		r = selector_compile(&policies, 1, diag, &selector);
	image_free(image);
	selector_free(selector);
	policy_free(policy);
	return r;
}

char *object_write(struct convert_object *o)
{
	size_t n_errors = o->c->diag->n_errors, size;
	_cleanup_(freep) char *text = NULL;
	struct writing w = {.o = o};
	struct diag diag = {};
	int r;

	w.stream = open_memstream(&text, &size);
	if (!w.stream) {
		o->c->r = -ENOMEM;
		return NULL;
	}
	write_head(&w);
	for (enum policy_section section = 0; section < POLICY_N_SECTIONS; section++)
		write_section(&w, section);
	if (fclose(w.stream) != 0)
		o->c->r = -ENOMEM;
	if (o->c->r == 0 && o->c->diag->n_errors == n_errors) {
		r = check_text(o, text, &diag);
		if (r < 0)
			o->c->r = r;
		take_items(&w, &diag);
	}
	diag_clear(&diag);
	free(w.places);
	return o->c->r == 0 && o->c->diag->n_errors == n_errors ? TAKE_PTR(text) : NULL;
}
