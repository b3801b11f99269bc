/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "policy/glob.h"

/* What stands behind the node that is gone through. */
struct rest {
	struct glob *const *parts;
	size_t n_parts;
	const struct rest *behind;
};

struct spelling {
	int (*name)(void *userdata, const char *path, bool tree);
	void *userdata;
	size_t n_names, n;
	char path[GLOB_NAME_MAX + 1];
};

static int spell(struct spelling *s, const struct rest *rest);

static int tell(struct spelling *s, bool tree)
{
	if (s->n_names == GLOB_NAMES_MAX)
		return -E2BIG;
	s->n_names++;
	s->path[s->n] = '\0';
	return s->name(s->userdata, s->path, tree);
}

static int spell_text(struct spelling *s, const struct glob *glob, const struct rest *rest)
{
	int r;

	if (s->n + glob->n_bytes > GLOB_NAME_MAX)
		return -E2BIG;
	memcpy(s->path + s->n, glob->bytes, glob->n_bytes);
	s->n += glob->n_bytes;
	r = spell(s, rest);
	s->n -= glob->n_bytes;
	return r;
}

/* Whether nothing but open ends stand there. */
static bool is_end(const struct rest *rest)
{
	for (; rest; rest = rest->behind)
		for (size_t i = 0; i < rest->n_parts; i++)
			if (rest->parts[i]->kind != GLOB_OPEN)
				return false;
	return true;
}

/* All that is beneath the folder spelt so far. */
static int tell_tree(struct spelling *s)
{
	int r;

	if (s->n < 2 || s->path[s->n - 1] != '/')
		return 0;
	s->n--;
	r = tell(s, true);
	s->path[s->n++] = '/';
	return r;
}

static int spell_one(struct spelling *s, const struct glob *glob, const struct rest *rest)
{
	struct rest inner = {.behind = rest};
	int r = 0;

	switch (glob->kind) {
	case GLOB_TEXT:
		return spell_text(s, glob, rest);
	case GLOB_EITHER:
		for (size_t i = 0; i < glob->n_parts && r == 0; i++)
			r = spell_one(s, glob->parts[i], rest);
		return r;
	case GLOB_SEQUENCE:
		inner.parts = glob->parts;
		inner.n_parts = glob->n_parts;
		return spell(s, &inner);
	case GLOB_OPEN:
		return spell(s, rest);
	case GLOB_ANY:
		/* "**" has '/' among its bytes */
		return glob->set.bits['/' / 64] >> '/' % 64 & 1 && is_end(rest) ? tell_tree(s) : 0;
	case GLOB_ONE:
	case GLOB_REPEAT:
		return 0;
	}
	return 0;
}

static int spell(struct spelling *s, const struct rest *rest)
{
	while (rest && !rest->n_parts)
		rest = rest->behind;
	if (!rest)
		return s->n && s->path[s->n - 1] == '/' ? tell_tree(s) : tell(s, false);
	return spell_one(s, rest->parts[0],
			 &(struct rest){rest->parts + 1, rest->n_parts - 1, rest->behind});
}

int glob_names(const struct glob *glob, int (*name)(void *userdata, const char *path, bool tree),
	       void *userdata)
{
	struct spelling spelling = {.name = name, .userdata = userdata};

	return spell_one(&spelling, glob, NULL);
}
