/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/cli-filter.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/util.h"
#include "policy/glob.h"

int cli_filter_add(struct cli_filter *filter, const char *pattern, bool beneath,
		   const char **ret_reason)
{
	struct glob **globs =
		reallocarray(filter->globs, filter->n_globs + 1, sizeof(struct glob *));
	struct glob_error error = {};
	int r;

	if (!globs)
		return -ENOMEM;
	filter->globs = globs;
	r = glob_parse(pattern, beneath ? GLOB_BENEATH : 0, &globs[filter->n_globs], &error);
	if (r == 0)
		filter->n_globs++;
	*ret_reason = error.reason;
	return r;
}

int cli_filter_compile(struct cli_filter *filter)
{
	_cleanup_(freep) struct automaton_pattern *patterns = NULL;
	size_t culprit;

	if (!filter->n_globs)
		return 0;
	patterns = calloc(filter->n_globs, sizeof(*patterns));
	if (!patterns)
		return -ENOMEM;
	for (size_t i = 0; i < filter->n_globs; i++)
		patterns[i].glob = filter->globs[i];
	return automaton_build(patterns, filter->n_globs, AUTOMATON_ALIASES, NULL, 0,
			       &filter->automaton, &culprit);
}

bool cli_filter_passes(const struct cli_filter *filter, struct text text)
{
	uint32_t state;

	if (!filter->automaton)
		return true;
	state = filter->automaton->starts[0];
	for (size_t i = 0; i < text.n && text.bytes[i]; i++)
		state = automaton_next(filter->automaton, state, (unsigned char)text.bytes[i]);
	return text.n && filter->automaton->labels[state] != 0;
}

void cli_filter_release(struct cli_filter *filter)
{
	for (size_t i = 0; i < filter->n_globs; i++)
		glob_free(filter->globs[i]);
	free(filter->globs);
	automaton_free(filter->automaton);
}
