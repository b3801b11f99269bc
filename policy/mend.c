// SPDX-License-Identifier: Apache-2.0
#include "policy/mend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diag.h"
#include "policy/mend_line.h"
#include "policy/policy.h"

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Each takes one rule out of the way; more of them stand before hardly any answer. */
#define STEPS_MAX 16

/* Edits of one rule, the narrowest first. */
enum candidate {
	CANDIDATE_ALLOW, /* an exception to it */
	CANDIDATE_WORD,	 /* its word taken out */
	CANDIDATE_LINE,	 /* its whole line */
	N_CANDIDATES,
};

/* A page, parsed and asked. */
struct attempt {
	struct policy *policy;
	struct answer answer;
	enum bailiff_verdict verdicts[BAILIFF_N_VERBS]; /* on the same path */
};

static void attempt_release(struct attempt *attempt)
{
	policy_free(attempt->policy);
}

static void image_freep(struct image **image)
{
	image_free(*image);
}

static void page_freep(struct page **page)
{
	page_free(*page);
}

static void free_charp(char **text)
{
	free(*text);
}

static void parse_page(const struct page *page, const char *file, int *ret_r,
		       struct policy **ret_policy)
{
	_cleanup_(free_charp) char *text = NULL;
	_cleanup_(diag_clear) struct diag diag = {0};
	size_t n;

	text = page_text(page, &n);
	*ret_r = text ? policy_parse_text(file, text, n, &diag, ret_policy) : -ENOMEM;
}

/* Answers 0, 1 where the page is no policy or exceeds a limit, or -ENOMEM. */
static int attempt_page(const struct page *page, const char *file, const struct mend_wish *wish,
			struct attempt *ret)
{
	_cleanup_(image_freep) struct image *image = NULL;
	_cleanup_(diag_clear) struct diag diag = {0};
	const struct policy *policy;
	__u32 start;
	int r;

	parse_page(page, file, &r, &ret->policy);
	if (r != 0)
		return r < 0 ? -ENOMEM : 1;
	policy = ret->policy;
	r = image_compile(&policy, 1, 1, &diag, &image);
	if (r != 0)
		return r;
	image_answer(image, &policy, 1, wish->asker, wish->question, &ret->answer);
	start = try_start(image->cells, wish->asker);
	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		ret->verdicts[verb] = BAILIFF_VERDICT(image_decide_from(
			image->cells, start, verb, wish->question->name, wish->question->n));
	return 0;
}

/* Whether an edit allows more of the same path than what was asked about: what is read and may not
 * be executed (scripts =) can only be allowed both. */
static bool is_laxer(const struct attempt *before, const struct attempt *after,
		     const struct mend_wish *wish)
{
	enum policy_section section =
		mend_line_section(wish->question->kind, before->answer.source);

	for (unsigned verb = 0; verb < BAILIFF_N_VERBS; verb++)
		if (verb != mend_line_verb(wish->question->kind) &&
		    (verb != BAILIFF_VERB_EXEC || section != POLICY_EXEC) &&
		    after->verdicts[verb] < before->verdicts[verb])
			return true;
	return false;
}

/* What stands at a rule's place besides it, and can be said again. Answers 0 or
 * -ENOMEM. */
static int keep_others(struct page *page, const struct attempt *now, const struct mend_wish *wish)
{
	const struct policy_rule *source = now->answer.source;

	for (size_t i = 0; i < now->policy->n_rules; i++) {
		const struct policy_rule *rule = &now->policy->rules[i];
		_cleanup_(free_charp) char *line = NULL;
		int r;

		if (rule->is_implied || rule->line != source->line ||
		    rule->column != source->column)
			continue;
		r = mend_line_rest(rule, rule == source, wish->question->kind, &line);
		if (r == 0 && line)
			r = page_add_behind(page, rule->line, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether all rules of a line stand at one place: then the line says nothing else. */
static bool line_is_one(const struct policy *policy, const struct policy_rule *source)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].line == source->line &&
		    policy->rules[i].column != source->column)
			return false;
	return true;
}

static int add_allow(struct page *page, const struct attempt *now, const struct mend_wish *wish)
{
	_cleanup_(free_charp) char *line = NULL, *header = NULL;
	const struct policy_rule *source = now->answer.source;
	const char *here = page_header(page, now->answer.line);
	enum policy_section section = mend_line_section(wish->question->kind, source);
	int r = mend_line_allow(wish, section, &line);

	if (r == 0)
		r = mend_line_header(section, wish->exe, &header);
	if (r != 0)
		return r < 0 ? r : -ENOENT;
	/* beside the rule, if that is the place: also in the section of an executable
	 */
	if (!wish->exe && here && strncmp(here, header, strlen(header) - 1) == 0 &&
	    !mend_line_is_header(page, now->answer.line))
		return page_add_behind(page, now->answer.line, line);
	return page_add_below(page, header, line);
}

/* Whether @policy has a rule that says what @rule does, or more. */
static bool says(const struct policy *policy, const struct policy_rule *rule,
		 const struct policy_subject *subject)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *one = &policy->rules[i];
		const struct policy_subject *its = policy_rule_subject(policy, one);

		if (one->section == rule->section && one->verdict == rule->verdict &&
		    (rule->verbs & ~one->verbs) == 0 && strcmp(one->pattern, rule->pattern) == 0 &&
		    !its == !subject && (!its || strcmp(its->pattern, subject->pattern) == 0))
			return true;
	}
	return false;
}

/*
 * Whether all that is said was said before: with a word less a line can mean more
 * ("deny = tcp"), or its rules be for others.
 */
static bool is_less(const struct policy *before, const struct policy *after)
{
	for (size_t i = 0; i < after->n_rules; i++)
		if (!says(before, &after->rules[i], policy_rule_subject(after, &after->rules[i])))
			return false;
	return true;
}

/* Applies one candidate to a page. Answers 0, -ENOENT where there is no such edit, or
 * -ENOMEM. */
static int apply(enum candidate candidate, struct page *page, const struct attempt *now,
		 const struct mend_wish *wish)
{
	const struct policy_rule *source = now->answer.source;
	int r;

	if (candidate == CANDIDATE_ALLOW)
		return add_allow(page, now, wish);
	/* a line that is taken out is taken out for everybody; a default is no
	 * exception's affair
	 */
	if (wish->exe || !source || now->answer.is_default ||
	    mend_line_is_header(page, source->line))
		return -ENOENT;
	if (candidate == CANDIDATE_LINE && !line_is_one(now->policy, source))
		return -ENOENT;
	r = keep_others(page, now, wish);
	if (r < 0)
		return r;
	return candidate == CANDIDATE_WORD ? page_remove_word(page, source->line, source->column)
					   : page_remove_line(page, source->line);
}

static bool same_rule(const struct answer *a, const struct answer *b)
{
	if (!a->source || !b->source)
		return a->source == b->source;
	return a->source->verdict == b->source->verdict && a->source->verbs == b->source->verbs &&
	       a->source->subject == b->source->subject &&
	       strcmp(a->source->pattern, b->source->pattern) == 0;
}

/*
 * One step: replaces *@page by one with the narrowest edit that allows, or that takes
 * the rule that decides now out of the way. Answers 0, 1 where there is none, or
 * -ENOMEM.
 */
static int step(struct page **page, const char *file, const struct attempt *now,
		const struct mend_wish *wish, struct mend *mend)
{
	for (enum candidate candidate = 0; candidate < N_CANDIDATES; candidate++) {
		_cleanup_(page_freep) struct page *edited = page_copy(*page);
		_cleanup_(attempt_release) struct attempt then = {0};
		bool wide = candidate != CANDIDATE_ALLOW && mend_line_is_wide(now->answer.source);
		int r = edited ? apply(candidate, edited, now, wish) : -ENOMEM;

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = attempt_page(edited, file, wish, &then);
		if (r < 0)
			return r;
		if (r > 0 || (is_laxer(now, &then, wish) && !wide) ||
		    (candidate != CANDIDATE_ALLOW && !is_less(now->policy, then.policy)))
			continue;
		if (then.answer.verdict != BAILIFF_ALLOW &&
		    (candidate == CANDIDATE_ALLOW || same_rule(&now->answer, &then.answer)))
			continue;
		mend->wide |= wide;
		mend->placeholder |=
			candidate == CANDIDATE_ALLOW && wish->question->kind == QUESTION_SOCKET;
		page_free(*page);
		*page = edited;
		edited = NULL;
		return 0;
	}
	return 1;
}

/* Edits one policy until it allows. Answers as step() does. */
static int mend_policy(struct page **page, const char *file, const struct mend_wish *wish,
		       struct mend *mend)
{
	for (int i = 0; i < STEPS_MAX; i++) {
		_cleanup_(attempt_release) struct attempt now = {0};
		int r = attempt_page(*page, file, wish, &now);

		if (r != 0 || now.answer.verdict == BAILIFF_ALLOW)
			return r;
		r = step(page, file, &now, wish, mend);
		if (r != 0)
			return r;
	}
	return 1;
}

/* Whether all edited policies together allow it, compiled as the kernel has them. */
static int prove(const struct mend_policy *policies, const struct mend *mend,
		 const struct mend_wish *wish)
{
	struct policy **parsed = calloc(mend->n_pages + 1, sizeof(struct policy *));
	const struct policy *const *all = (const struct policy *const *)parsed;
	_cleanup_(image_freep) struct image *image = NULL;
	_cleanup_(diag_clear) struct diag diag = {0};
	struct answer answer = {.verdict = BAILIFF_DENY};
	int r = parsed ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < mend->n_pages; i++)
		parse_page(mend->pages[i], policies[i].policy->file, &r, &parsed[i]);
	if (r == 0)
		r = image_compile(all, mend->n_pages, 1, &diag, &image);
	if (r == 0)
		image_answer(image, all, mend->n_pages, wish->asker, wish->question, &answer);
	for (size_t i = 0; parsed && i < mend->n_pages; i++)
		policy_free(parsed[i]);
	free(parsed);
	return r ? r : answer.verdict != BAILIFF_ALLOW;
}

int mend_find(const struct mend_policy *policies, size_t n_policies, const struct mend_wish *wish,
	      struct mend *ret_mend)
{
	_cleanup_(mend_release) struct mend mend = {.n_pages = n_policies};
	int r = 0;

	mend.pages = calloc(n_policies + 1, sizeof(*mend.pages));
	if (!mend.pages)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n_policies; i++) {
		mend.pages[i] = page_new(policies[i].text, policies[i].n_text);
		r = mend.pages[i]
			    ? mend_policy(&mend.pages[i], policies[i].policy->file, wish, &mend)
			    : -ENOMEM;
	}
	if (r == 0)
		r = prove(policies, &mend, wish);
	if (r != 0)
		return r;
	*ret_mend = mend;
	mend = (struct mend){0};
	return 0;
}

void mend_release(struct mend *mend)
{
	for (size_t i = 0; mend->pages && i < mend->n_pages; i++)
		page_free(mend->pages[i]);
	free(mend->pages);
	*mend = (struct mend){0};
}
