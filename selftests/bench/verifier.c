// SPDX-License-Identifier: Apache-2.0

/*
 * What the running kernel's verifier makes of each program: lines of "program, its instructions,
 * instructions that the verifier went through, states that it kept, states at once". A program
 * that this kernel has no hook for has "-".
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bailiff.skel.h"

#define CELLS (1u << 20)
#define LOG_SIZE (1u << 20)
#define LOG_STATISTICS 4

static char log_text[LOG_SIZE];

/* Opens all, to load one; the maps are as bailiffd makes them. */
static struct bailiff_bpf *open_for(const char *name)
{
	struct bailiff_bpf *skeleton = bailiff_bpf__open();
	struct bpf_program *program;

	if (!skeleton)
		return NULL;
	skeleton->rodata->arena_mask = CELLS - 1;
	(void)bpf_map__set_value_size(skeleton->maps.arena, CELLS * 8);
	(void)bpf_map__set_max_entries(skeleton->maps.scratches, 5);
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bool wanted = strcmp(bpf_program__name(program), name) == 0;

		bpf_program__set_autoload(program, wanted);
		if (!wanted)
			continue;
		(void)bpf_program__set_log_buf(program, log_text, sizeof(log_text));
		(void)bpf_program__set_log_level(program, LOG_STATISTICS);
	}
	return skeleton;
}

static void look_at(const char *name)
{
	unsigned processed = 0, limit, max_states, states = 0, peak = 0;
	struct bailiff_bpf *skeleton = open_for(name);
	const char *line;

	if (!skeleton)
		return;
	log_text[0] = '\0';
	if (bailiff_bpf__load(skeleton) < 0) {
		printf("%s\t-\t-\t-\t-\n", name);
	} else {
		line = strstr(log_text, "processed ");
		if (!line || sscanf(line,
				    "processed %u insns (limit %u) max_states_per_insn %u "
				    "total_states %u peak_states %u",
				    &processed, &limit, &max_states, &states, &peak) != 5)
			printf("%s\t?\t?\t?\t?\n", name);
		else
			printf("%s\t%zu\t%u\t%u\t%u\n", name,
			       bpf_program__insn_cnt(
				       bpf_object__find_program_by_name(skeleton->obj, name)),
			       processed, states, peak);
	}
	bailiff_bpf__destroy(skeleton);
}

int main(void)
{
	struct bailiff_bpf *skeleton = bailiff_bpf__open();
	struct bpf_program *program;

	libbpf_set_print(NULL);
	if (!skeleton)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	bpf_object__for_each_program(program, skeleton->obj) look_at(bpf_program__name(program));
	bailiff_bpf__destroy(skeleton);
	return 0;
}
