/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/convert-internal.h"

#include <errno.h>
#include <string.h>

#include "bpf-lsm/abi.h"
#include "daemon/util.h"

/*
 * KubeArmor's precedence, in bailiff's words. In bailiff what lies inside is an exception, whatever
 * it says; KubeArmor blocks what any Block rule names, and takes rules of a source before others:
 *
 *  - Allow or Audit inside a Block, both of all or of the same source: left out.
 *  - Allow of a source, and a Block of all. Inside it: KubeArmor's two enforcers differ (BPF-LSM
 *    allows, AppArmor blocks), so that it is left out; equal, or around it: both allow, so that it
 *    is said once more for what the Block names.
 *  - Allow inside an Audit: allowed and logged, so that it becomes an Audit.
 *  - Audit beside Allow: it names nothing that is allowed, so that under the posture "block" only
 *    what an Allow names as well may stay.
 *
 * All else comes out right by itself: a deny inside or beside an allow denies.
 */

static const char inside_block[] = "a Block covers it";
static const char beside_allow[] = "what no Allow names is blocked, audited or not";

struct deciding {
	struct convert_object *o;
	enum policy_section section;
	struct relation relation; /* of the section's items; none where they are no patterns */
};

static bool all(const struct convert_rule *rule)
{
	return strcmp(rule->item, "*") == 0;
}

static bool inside(const struct deciding *d, const struct convert_rule *a,
		   const struct convert_rule *b)
{
	if (d->relation.bits)
		return relation_inside(&d->relation, a->index, b->index);
	return all(b) || strcmp(a->item, b->item) == 0;
}

static bool overlaps(const struct deciding *d, const struct convert_rule *a,
		     const struct convert_rule *b)
{
	if (d->relation.bits)
		return relation_overlaps(&d->relation, a->index, b->index);
	return all(a) || all(b) || strcmp(a->item, b->item) == 0;
}

/* The rules of one section and verb that a rule meets; those that are left out are none. */
static bool meets(const struct deciding *d, const struct convert_rule *a,
		  const struct convert_rule *b)
{
	return a != b && b->section == d->section && b->verb == a->verb && !b->dropped;
}

/* Whether @b holds for everyone whom @a holds for. */
static bool holds_for(const struct convert_rule *b, const struct convert_rule *a)
{
	return !b->source || (a->source && strcmp(a->source, b->source) == 0);
}

static void drop(struct convert_rule *rule, const char *why, const struct convert_rule *for_)
{
	rule->dropped = why;
	rule->for_ = for_ ? for_->place : NULL;
}

/* Allow inside a Block. */
static void drop_allow(const struct deciding *d, struct convert_rule *rule)
{
	for (size_t i = 0; i < d->o->n_rules && !rule->dropped; i++) {
		const struct convert_rule *block = &d->o->rules[i];

		if (block->action != CONVERT_BLOCK || block->weak || !meets(d, rule, block) ||
		    !holds_for(block, rule) || !inside(d, rule, block))
			continue;
		/* of a source, and the very same */
		if (!rule->source || block->source || !inside(d, block, rule))
			drop(rule, inside_block, block);
	}
}

/* Whether an Allow takes what an Audit names out of a Block. */
static bool is_exempt(const struct deciding *d, const struct convert_rule *audit,
		      const struct convert_rule *block)
{
	for (size_t i = 0; i < d->o->n_rules; i++) {
		const struct convert_rule *allow = &d->o->rules[i];

		if (allow->action != CONVERT_ALLOW || !meets(d, audit, allow) ||
		    !holds_for(allow, audit) || !inside(d, audit, allow) ||
		    !inside(d, allow, block))
			continue;
		if (!allow->source != !block->source ? !block->source
						     : block->weak && !inside(d, block, allow))
			return true;
	}
	return false;
}

/* Audit inside a Block. */
static void drop_audit(const struct deciding *d, struct convert_rule *rule)
{
	for (size_t i = 0; i < d->o->n_rules && !rule->dropped; i++) {
		const struct convert_rule *block = &d->o->rules[i];

		if (block->action == CONVERT_BLOCK && meets(d, rule, block) &&
		    holds_for(block, rule) && inside(d, rule, block) && !is_exempt(d, rule, block))
			drop(rule, inside_block, block);
	}
}

/* Whether a Block that holds for a rule's source has all of @item, and more than the rule has. */
static bool is_blocked(const struct deciding *d, const struct convert_rule *rule,
		       const struct convert_rule *item)
{
	for (size_t i = 0; i < d->o->n_rules; i++) {
		const struct convert_rule *block = &d->o->rules[i];

		if (block->action != CONVERT_BLOCK || block == item || !meets(d, rule, block) ||
		    !holds_for(block, rule) || !inside(d, item, block))
			continue;
		if (block->source || !inside(d, block, rule))
			return true;
	}
	return false;
}

/* What a source may that all others may not: said once more, as an exception. */
static void add_exceptions(const struct deciding *d, size_t allow, size_t n_before)
{
	for (size_t i = 0; i < n_before; i++) {
		/* adding moves the rules */
		struct convert_rule rule = d->o->rules[allow], block = d->o->rules[i];

		if (block.action != CONVERT_BLOCK || block.source || block.section != d->section ||
		    block.verb != rule.verb || !inside(d, &block, &rule) ||
		    inside(d, &rule, &block) || is_blocked(d, &d->o->rules[allow], &d->o->rules[i]))
			continue;
		rule.index = block.index;
		object_add(d->o, &rule, strdup(block.item));
	}
}

/* Allow inside an Audit is logged. */
static void audit_inside_audits(const struct deciding *d, struct convert_rule *rule)
{
	for (size_t i = 0; i < d->o->n_rules; i++) {
		const struct convert_rule *audit = &d->o->rules[i];

		if (audit->action == CONVERT_AUDIT && meets(d, rule, audit) &&
		    holds_for(audit, rule) && inside(d, rule, audit)) {
			rule->logged = true;
			return;
		}
	}
}

/* Says @audit for the source of @of and the item of @item, unless that is blocked. */
static void add_audit(const struct deciding *d, size_t audit, const struct convert_rule *of,
		      const struct convert_rule *item)
{
	struct convert_rule rule = d->o->rules[audit];
	size_t n = d->o->n_rules;

	rule.subject = of->subject;
	rule.index = item->index;
	rule.dropped = NULL;
	object_add(d->o, &rule, strdup(item->item));
	if (d->o->n_rules == n)
		return;
	drop_audit(d, &d->o->rules[n]);
	if (d->o->rules[n].dropped)
		d->o->rules[n].dropped = ""; /* it never was one of the object's */
}

/*
 * An Audit that is left out, and an Allow that is not of the same: what both name is logged.
 */
static void audit_allowed(const struct deciding *d, size_t audit)
{
	size_t n = d->o->n_rules;

	for (size_t i = 0; i < n; i++) {
		/* adding moves the rules */
		const struct convert_rule *rule = &d->o->rules[audit], *allow = &d->o->rules[i];

		if (allow->action != CONVERT_ALLOW || allow->section != d->section ||
		    allow->verb != rule->verb || allow->dropped)
			continue;
		if (allow->source && !rule->source && inside(d, rule, allow))
			add_audit(d, audit, allow, rule);
		else if (!allow->source && rule->source && inside(d, allow, rule))
			add_audit(d, audit, rule, allow);
	}
}

/* An Audit under the posture "block": what of it is allowed. */
static void narrow_audit(const struct deciding *d, struct convert_rule *audit)
{
	const struct convert_rule *beside = NULL;

	for (size_t i = 0; i < d->o->n_rules; i++) {
		const struct convert_rule *allow = &d->o->rules[i];

		if (allow->action != CONVERT_ALLOW || !meets(d, audit, allow) ||
		    !overlaps(d, audit, allow))
			continue;
		if (holds_for(allow, audit) && inside(d, audit, allow))
			return;
		if (!inside(d, allow, audit) && !inside(d, audit, allow) &&
		    (holds_for(allow, audit) || !audit->source))
			beside = allow;
	}
	if (beside)
		convert_error(
			d->o->c, audit->place,
			"only a part of this Audit is allowed, by the rule in line %u: under "
			"--posture block the rest is blocked, which cannot be written; name "
			"what is allowed in one rule, and what is audited inside it in another",
			beside->place->line);
	else
		drop(audit, beside_allow, NULL);
}

static bool is_in(const struct deciding *d, const struct convert_rule *rule,
		  enum convert_action action)
{
	return rule->section == d->section && rule->action == action && !rule->dropped;
}

static void decide_section(const struct deciding *d)
{
	struct convert_object *o = d->o;
	size_t n = o->n_rules;

	for (size_t i = 0; i < n; i++) {
		struct convert_rule *rule = &o->rules[i];

		if (!is_in(d, rule, CONVERT_ALLOW))
			continue;
		/* reading what is blocked read-only needs no line where all may be read */
		if (!o->whitelist[d->section] && !rule->source)
			drop(rule, "", NULL);
		else
			drop_allow(d, rule);
	}
	for (size_t i = 0; i < n; i++)
		if (is_in(d, &o->rules[i], CONVERT_ALLOW) && o->rules[i].source)
			add_exceptions(d, i, n);
	for (size_t i = 0; i < o->n_rules; i++)
		if (is_in(d, &o->rules[i], CONVERT_ALLOW))
			audit_inside_audits(d, &o->rules[i]);
	for (size_t i = 0; i < n; i++) {
		if (!is_in(d, &o->rules[i], CONVERT_AUDIT))
			continue;
		drop_audit(d, &o->rules[i]);
		if (!o->rules[i].dropped && o->whitelist[d->section] &&
		    o->c->options->posture == CONVERT_POSTURE_BLOCK)
			narrow_audit(d, &o->rules[i]);
		if (o->rules[i].dropped)
			audit_allowed(d, i);
	}
}

/* Numbers the different items of a section, and works out their relation. Returns as that does. */
static int relate(struct deciding *d)
{
	_cleanup_(freep) const char **items = calloc(d->o->n_rules + 1, sizeof(*items));
	size_t n = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < d->o->n_rules; i++) {
		struct convert_rule *rule = &d->o->rules[i];

		if (rule->section != d->section)
			continue;
		for (rule->index = 0; rule->index < n; rule->index++)
			if (strcmp(items[rule->index], rule->item) == 0)
				break;
		if (rule->index == n)
			items[n++] = rule->item;
	}
	return n && (d->section == POLICY_EXEC || d->section == POLICY_FILE)
		       ? relation_find(items, n, &d->relation)
		       : 0;
}

static void deciding_release(struct deciding *d)
{
	relation_release(&d->relation);
}

void object_decide(struct convert_object *o)
{
	for (enum policy_section section = 0; section < POLICY_N_SECTIONS; section++) {
		_cleanup_(deciding_release) struct deciding d = {.o = o, .section = section};
		int r = relate(&d);

		if (r < 0)
			o->c->r = r;
		else if (r > 0)
			convert_error(
				o->c, o->node,
				"the patterns are too many or have too many wildcards together; "
				"take the object apart");
		else
			decide_section(&d);
	}
}
