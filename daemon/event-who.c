/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/event-who.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "daemon/util.h"
#include "policy/act.h"

/* A text that grows. */
struct grown {
	FILE *file;
	char *text;
	size_t n;
};

/* Ends it. As the functions of the header return. */
static char *finish(struct grown *grown)
{
	bool failed = !grown->file || ferror(grown->file);
	long n = failed ? 0 : ftell(grown->file);

	if (grown->file)
		failed |= fclose(grown->file) != 0;
	errno = failed ? ENOMEM : 0;
	if (failed || n <= 0) {
		free(grown->text);
		return NULL;
	}
	return grown->text;
}

static void begin(struct grown *grown)
{
	grown->file = open_memstream(&grown->text, &grown->n);
}

/* Another word, behind a blank where it is not the first. */
static void add_word(struct grown *grown, struct text word)
{
	_cleanup_(freep) char *shown = text_printable(word);

	if (!grown->file)
		return;
	if (!shown) {
		fclose(grown->file);
		grown->file = NULL;
		return;
	}
	fprintf(grown->file, "%s%s", ftell(grown->file) > 0 ? " " : "", shown);
}

char *event_args(const struct bailiff_event *event, const struct event_texts *texts)
{
	struct grown grown = {};
	struct text rest = texts->args;

	begin(&grown);
	while (rest.n > 0) {
		struct text word = {rest.bytes, strnlen(rest.bytes, rest.n)};
		size_t taken = word.n + (word.n < rest.n);

		add_word(&grown, word);
		rest.bytes += taken;
		rest.n -= taken;
	}
	if (grown.file && event->cut & BAILIFF_CUT_ARGS)
		fprintf(grown.file, "%s...", ftell(grown.file) > 0 ? " " : "");
	return finish(&grown);
}

char *event_ancestors(const struct bailiff_event *event, const struct event_texts *texts)
{
	struct grown grown = {};

	begin(&grown);
	for (size_t i = 0; i < event->n_ancestors; i++) {
		struct bailiff_ancestor one;

		memcpy(&one, texts->ancestors + i * sizeof(one), sizeof(one));
		add_word(&grown, (struct text){one.comm, strnlen(one.comm, sizeof(one.comm))});
		if (grown.file)
			fprintf(grown.file, "[%u]", one.pid);
	}
	return finish(&grown);
}

char *event_capabilities(const struct bailiff_event *event)
{
	const __u64 every = (2ull << CAP_LAST_CAP) - 1;
	__u64 has = event->capabilities & every;
	bool most = __builtin_popcountll(has) > (CAP_LAST_CAP + 1) / 2;
	__u64 named = most ? every & ~has : has;
	struct grown grown = {};

	begin(&grown);
	if (grown.file)
		fputs(!most ? "" : named ? "all but" : "all", grown.file);
	if (grown.file && !has)
		fputs("none", grown.file);
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		const char *name = act_capability_name(i);

		if (named >> i & 1)
			add_word(&grown, (struct text){name, strlen(name)});
	}
	return finish(&grown);
}

char *event_short(struct text path, bool cut)
{
	char *shown = NULL;

	errno = 0;
	if (path.n && asprintf(&shown, "%s%.*s", cut ? "..." : "", (int)path.n, path.bytes) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	return shown;
}
