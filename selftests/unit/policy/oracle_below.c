// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/image.h"
#include "selftests/unit/policy/oracle.h"

static __u32 step(const struct bailiff_cell *cells, __u32 state, unsigned byte)
{
	const struct bailiff_image *header = image_header(cells);
	const struct bailiff_cell *states = cells + header->states;
	const struct bailiff_cell *cell = &states[state + 1 + header->class_of[byte]];

	return cell->check == state ? cell->next : states[state].next;
}

__u32 oracle_state(const struct bailiff_cell *cells, const char *path, size_t n)
{
	__u32 state = image_header(cells)->start;

	for (size_t i = 0; i < n; i++)
		state = step(cells, state, (unsigned char)path[i]);
	return state;
}

static const __u32 *words_of(const struct bailiff_cell *cells, __u32 state)
{
	const struct bailiff_image *header = image_header(cells);
	__u32 label = cells[header->states + state].check & ~BAILIFF_HEAD;

	return (const __u32 *)(cells + header->labels) + (size_t)label * BAILIFF_LABEL_WORDS;
}

/* The decision whose strictest beneath stands at that place. */
static unsigned verb_at(unsigned place)
{
	return place == BAILIFF_BELOW_ACT   ? BAILIFF_VERB_ACT
	       : place == BAILIFF_BELOW_MAP ? BAILIFF_VERB_MAP
					    : place;
}

static void take(const __u32 *words, __u32 *ret_words, __u32 *least)
{
	for (unsigned verb = 0; verb < BAILIFF_N_BELOW; verb++) {
		__u32 *best = &ret_words[BAILIFF_VERB_BELOW + verb];
		__u32 word = words[verb_at(verb)];

		if (BAILIFF_VERDICT(word) > BAILIFF_VERDICT(*best) || *best == UINT32_MAX ||
		    (BAILIFF_VERDICT(word) == BAILIFF_VERDICT(*best) && word < *best))
			*best = word;
		if (BAILIFF_VERDICT(word) < least[verb])
			least[verb] = BAILIFF_VERDICT(word);
	}
}

void oracle_below(const struct bailiff_cell *cells, const char *path, size_t n, __u32 *ret_words)
{
	const struct bailiff_image *header = image_header(cells);
	__u32 *queue = calloc(header->n_states, sizeof(*queue)),
	      state = oracle_state(cells, path, n);
	bool *seen = calloc(header->n_states, sizeof(*seen));
	__u32 least[BAILIFF_N_BELOW] = {BAILIFF_DENY, BAILIFF_DENY, BAILIFF_DENY, BAILIFF_DENY,
					BAILIFF_DENY};
	size_t n_queue = 0, at = 0;

	if (!queue || !seen)
		abort();
	for (unsigned verb = 0; verb < BAILIFF_N_BELOW; verb++)
		ret_words[BAILIFF_VERB_BELOW + verb] = UINT32_MAX;
	if (n != 1 || path[0] != '/')
		state = step(cells, state, '/');
	/* The first one counts only where something leads back to it. */
	for (;;) {
		for (unsigned byte = 1; byte < 256; byte++) {
			__u32 next = step(cells, state, byte);

			if (seen[next])
				continue;
			seen[next] = true;
			take(words_of(cells, next), ret_words, least);
			queue[n_queue++] = next;
		}
		if (at == n_queue)
			break;
		state = queue[at++];
	}
	ret_words[BAILIFF_WORD_LEAST] = 0;
	for (unsigned verb = 0; verb < BAILIFF_N_BELOW; verb++)
		ret_words[BAILIFF_WORD_LEAST] |= least[verb] << 2 * verb;
	free(queue);
	free(seen);
}
