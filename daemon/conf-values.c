/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "daemon/conf.h"
#include "daemon/util.h"

#define SIZE_DEFAULT (64ull << 20)
#define SIZE_LEAST (64ull << 10)
#define KEEP_DEFAULT 4
#define KEEP_MAX 1000

void conf_values_default(struct conf *conf)
{
	conf->events.size = SIZE_DEFAULT;
	conf->events.keep = KEEP_DEFAULT;
}

static bool take_path(const char *value, size_t max, char *to)
{
	size_t n = strlen(value);

	if (value[0] != '/' || n >= max || value[n - 1] == '/')
		return false;
	memcpy(to, value, n + 1);
	return true;
}

/* One word of "events". Each may be there once. */
static bool take_sink(struct conf_events *events, const char *word, bool *journal)
{
	bool again = *journal;

	if (strcmp(word, "journal") == 0) {
		*journal = true;
		return !again;
	}
	if (strncmp(word, "json:", 5) == 0)
		return !events->file[0] && take_path(word + 5, CONF_PATH_MAX, events->file);
	if (strncmp(word, "json-socket:", 12) == 0)
		return !events->socket[0] &&
		       take_path(word + 12, sizeof(((struct sockaddr_un *)0)->sun_path),
				 events->socket);
	return false;
}

static bool take_events(struct conf *conf, const char *value)
{
	struct conf_events events = {.size = conf->events.size, .keep = conf->events.keep};
	char words[CONF_PATH_MAX], *rest = words, *word;
	bool journal = false;

	if (strlen(value) >= sizeof(words))
		return false;
	memcpy(words, value, strlen(value) + 1);
	while ((word = strsep(&rest, " \t")))
		if (*word && !take_sink(&events, word, &journal))
			return false;
	events.no_journal = !journal;
	if (!journal && !events.file[0] && !events.socket[0])
		return false;
	conf->events = events;
	return true;
}

static bool take_number(const char *value, unsigned long long *ret_number, const char **ret_rest)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(value, &end, 10);
	*ret_rest = end;
	return value[0] >= '0' && value[0] <= '9' && !errno;
}

/* A number, or one with K, M or G: times 1024, and so on. */
static bool take_size(struct conf *conf, const char *value)
{
	static const char units[] = "KMG";
	unsigned long long number, unit = 1;
	const char *rest, *at;

	if (!take_number(value, &number, &rest))
		return false;
	at = *rest ? strchr(units, *rest) : NULL;
	if (at) {
		unit <<= 10 * (at - units + 1);
		rest++;
	}
	if (*rest || number > LLONG_MAX / unit || number * unit < SIZE_LEAST)
		return false;
	conf->events.size = number * unit;
	return true;
}

static bool take_keep(struct conf *conf, const char *value)
{
	unsigned long long number;
	const char *rest;

	if (!take_number(value, &number, &rest) || *rest || number > KEEP_MAX)
		return false;
	conf->events.keep = (unsigned)number;
	return true;
}

static bool take_metrics(struct conf *conf, const char *value)
{
	return take_path(value, CONF_PATH_MAX, conf->metrics);
}

static const struct {
	const char *name;
	bool (*take)(struct conf *conf, const char *value);
	const char *right;
} values[] = {
	{"events", take_events,
	 "one or more of journal, json:/PATH and json-socket:/PATH, each once"},
	{"events-size", take_size, "a size of 64K or more, as 64M or 1G"},
	{"events-keep", take_keep, "a number from 0 to 1000"},
	{"metrics", take_metrics, "the absolute path of a file"},
};

int conf_value_take(struct conf *conf, const char *name, const char *value, const char **ret_right)
{
	for (size_t i = 0; i < ELEMENTS(values); i++) {
		if (strcmp(values[i].name, name) != 0)
			continue;
		*ret_right = values[i].right;
		return values[i].take(conf, value) ? 1 : -EINVAL;
	}
	return 0;
}
