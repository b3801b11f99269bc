// SPDX-License-Identifier: Apache-2.0
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "daemon/event-text.h"
#include "daemon/journal.h"
#include "selftests/fuzz/fuzz.h"

/*
 * A record of the ring: any bytes. One that is whole becomes an entry of the journal, whose fields
 * are well formed whatever the names in the record are.
 */

int sd_journal_sendv(const struct iovec *vectors, int n);

static bool is_name_byte(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* What people read: one line of UTF-8 that steers no terminal. */
static void sentence_check(const char *bytes, size_t n)
{
	struct text rest = {bytes, n};
	unsigned point;

	while (rest.n) {
		size_t length = text_character(rest, &point);

		must(length && !text_deceives(point), "byte %zu of \"%.*s\"", n - rest.n, (int)n,
		     bytes);
		rest.bytes += length;
		rest.n -= length;
	}
}

/* In the place of libsystemd's own: what the journal would be given. */
int sd_journal_sendv(const struct iovec *vectors, int n)
{
	static const char message[] = "MESSAGE=";

	must(n >= 18, "%d fields", n);
	for (int i = 0; i < n; i++) {
		const char *field = vectors[i].iov_base;
		const char *end = memchr(field, '=', vectors[i].iov_len);

		must(end && end > field && end + 1 < field + vectors[i].iov_len, "field %d", i);
		for (const char *c = field; c < end; c++)
			must(is_name_byte(*c), "field %d", i);
		/* No name is there twice: one of two could be forged. */
		for (int k = 0; k < i; k++)
			must(vectors[k].iov_len <= (size_t)(end - field) ||
				     memcmp(vectors[k].iov_base, field, end + 1 - field) != 0,
			     "\"%.*s\" twice", (int)(end - field), field);
		if (vectors[i].iov_len > strlen(message) &&
		    memcmp(field, message, strlen(message)) == 0)
			sentence_check(end + 1, vectors[i].iov_len - strlen(message));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const tags[] = {"PCI", "MITRE_T1059"};
	const struct journal_policy policy = {
		.file = "/etc/bailiff/policies.d/web.ini",
		.message = "left its lane",
		.tags = (char **)tags,
		.n_tags = 2,
	};
	const struct bailiff_event *event = (const struct bailiff_event *)data;

	if (!event_is_whole(data, size))
		return 0;
	must(journal_event(event, NULL) == 0, "without a policy");
	must(journal_event(event, &policy) == 0, "with a policy");
	return 0;
}
