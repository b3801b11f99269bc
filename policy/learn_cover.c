// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "policy/act.h"
#include "policy/image.h"
#include "policy/learn_parts.h"

/* What a compiled policy says about what was seen: acts by the names that abi.h has for them. */

#define NAME_SIZE (BAILIFF_PATH_MAX + 8)

static size_t name_short(char *name, char kind, unsigned number)
{
	name[0] = kind;
	name[1] = (char)(BAILIFF_ACT_BASE + number);
	return 2;
}

static size_t name_network(char name[static NAME_SIZE], const char *what, bool *ret_any_port)
{
	struct endpoint end = learn_endpoint(what);
	size_t n = 0;

	*ret_any_port = false;
	if (!end.operation)
		return 0;
	name[n++] = BAILIFF_ACT_NETWORK;
	name[n++] = end.operation;
	name[n++] = end.protocol;
	if (!end.address)
		return n;
	if (end.protocol == BAILIFF_PROTOCOL_UNIX) {
		if (end.n_address > BAILIFF_PATH_MAX)
			return 0;
		memcpy(name + n, end.address, end.n_address);
		return n + end.n_address;
	}
	name[n++] = end.v6 ? '6' : '4';
	for (size_t i = 0; i < (end.v6 ? 16u : 4u); i++)
		n += (size_t)sprintf(name + n, "%02x", end.bytes[i]);
	*ret_any_port = end.port < 0;
	return end.port < 0 ? n : n + (size_t)sprintf(name + n, "/%04x", (unsigned)end.port);
}

/* The name of an act; 0 bytes where it has none. */
static size_t name_of(char name[static NAME_SIZE], const struct learn_fact *fact,
		      bool *ret_any_port)
{
	*ret_any_port = false;
	if (fact->kind == LEARN_NETWORK)
		return name_network(name, fact->what, ret_any_port);
	if (fact->kind == LEARN_CAPABILITY)
		for (unsigned i = 0; i < BAILIFF_N_CAPABILITIES; i++)
			if (strcmp(act_capability_name(i), fact->what) == 0)
				return name_short(name, BAILIFF_ACT_CAPABILITY, i);
	if (fact->kind == LEARN_PROCESS)
		for (unsigned i = 0; i < BAILIFF_N_PROCESS; i++)
			if (strcmp(act_process_name(i), fact->what) == 0)
				return name_short(name, BAILIFF_ACT_PROCESS, i);
	return 0;
}

struct question {
	const struct bailiff_cell *cells;
	__u32 start;
	const char *path;
	size_t n;
};

static void ask(const struct question *question, unsigned word, __u32 *best)
{
	__u32 answer = image_decide_from(question->cells, question->start, word, question->path,
					 question->n);

	if (BAILIFF_VERDICT(answer) > BAILIFF_VERDICT(*best))
		*best = answer;
}

__u32 learn_decide(const struct bailiff_cell *cells, const struct learn_fact *fact)
{
	struct question question = {cells, 0, fact->what, strlen(fact->what)};
	char name[NAME_SIZE];
	bool any_port;
	__u32 best = 0;

	question.start = image_start(
		cells, image_decide(cells, BAILIFF_WORD_SUBJECTS, fact->exe, strlen(fact->exe)));
	switch (fact->kind) {
	case LEARN_EXEC:
		ask(&question, BAILIFF_VERB_EXEC, &best);
		return best;
	case LEARN_MAP:
		ask(&question, BAILIFF_VERB_MAP, &best);
		return best;
	case LEARN_MOVE:
		ask(&question, BAILIFF_VERB_BELOW + BAILIFF_VERB_READ, &best);
		ask(&question, BAILIFF_VERB_BELOW + BAILIFF_VERB_WRITE, &best);
		/* fall through */
	case LEARN_WRITE:
		/* of an opening for both, the event says the stricter: writing */
		ask(&question, BAILIFF_VERB_WRITE, &best);
		/* fall through */
	case LEARN_READ:
		ask(&question, BAILIFF_VERB_READ, &best);
		return best;
	default:
		question.n = name_of(name, fact, &any_port);
		question.path = name;
		if (!question.n)
			return BAILIFF_DENY; /* no rule can name it */
		ask(&question, BAILIFF_VERB_ACT, &best);
		if (any_port)
			ask(&question, BAILIFF_VERB_BELOW + BAILIFF_BELOW_ACT, &best);
		return best;
	}
}
