/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/conf.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/util.h"

struct reading {
	FILE *stream;
	const char *file;
	unsigned line;
	bool wrong;
	struct conf conf;
};

static char *read_line(char *buffer, int size, void *stream)
{
	struct reading *reading = stream;
	char *line = fgets(buffer, size, reading->stream);

	if (line && !strchr(line, '\n') && !feof(reading->stream)) {
		log_print(LOG_ERR, "%s:%u:1: error: the line is longer than %d bytes",
			  reading->file, reading->line + 1, size - 1);
		reading->wrong = true;
		return NULL;
	}
	reading->line++;
	return line;
}

/* What each key may say; the first answer is the flag's "true". */
static const struct key {
	const char *name, *yes, *no;
	size_t offset; /* of its bool in struct conf */
} keys[] = {
	{"on-stop", "keep", "release", offsetof(struct conf, keep_on_stop)},
	{"protect", "yes", "no", offsetof(struct conf, protect)},
	{"unknown", "deny", "allow", offsetof(struct conf, unknown)},
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < ELEMENTS(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int take_key(void *userdata, const char *section, const char *name, const char *value)
{
	const struct key *key = find_key(name);
	struct reading *reading = userdata;
	const char *right = NULL;
	int r = 0;

	if (strcmp(section, "daemon") == 0)
		r = conf_value_take(&reading->conf, name, value, &right);
	if (r > 0)
		return 1;
	if (strcmp(section, "daemon") != 0)
		log_print(LOG_ERR,
			  "%s:%u:1: error: unknown section [%s]; the one there is: [daemon]",
			  reading->file, reading->line, section);
	else if (r < 0)
		log_print(LOG_ERR, "%s:%u:1: error: %s is %s, not \"%s\"", reading->file,
			  reading->line, name, right, value);
	else if (!key)
		log_print(LOG_ERR,
			  "%s:%u:1: error: unknown key \"%s\"; those there are: on-stop "
			  "protect unknown " CONF_VALUES,
			  reading->file, reading->line, name);
	else if (strcmp(value, key->yes) != 0 && strcmp(value, key->no) != 0)
		log_print(LOG_ERR, "%s:%u:1: error: %s is \"%s\" or \"%s\", not \"%s\"",
			  reading->file, reading->line, name, key->yes, key->no, value);
	else {
		*(bool *)((char *)&reading->conf + key->offset) = strcmp(value, key->yes) == 0;
		if (key->offset == offsetof(struct conf, unknown))
			reading->conf.unknown_line = reading->line;
		return 1;
	}
	reading->wrong = true;
	return 1;
}

int conf_load(const char *file, struct conf *ret_conf)
{
	_cleanup_(fclosep) FILE *stream = fopen(file, "re");
	struct reading reading = {.stream = stream, .file = file};
	int r;

	conf_values_default(&reading.conf);
	if (!stream && errno != ENOENT)
		return -errno;
	r = stream ? ini_parse_stream(read_line, &reading, take_key, &reading) : 0;
	if (r < 0)
		return -ENOMEM;
	if (r > 0 && !reading.wrong)
		log_print(LOG_ERR, "%s:%d:1: error: neither a [section] nor key = value", file, r);
	if (r > 0 || reading.wrong)
		return 1;
	*ret_conf = reading.conf;
	return 0;
}
