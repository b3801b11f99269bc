/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli.h"
#include "daemon/util.h"

#define SECOND 1000000ull

/* "10m" or "-10m": so long ago. */
static int parse_ago(const char *text, unsigned long long now, unsigned long long *ret_time)
{
	static const struct {
		char letter;
		unsigned long long seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	unsigned long long n, ago;
	char *end;

	text += *text == '-';
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	for (size_t i = 0; i < ELEMENTS(units); i++) {
		if (end[0] != units[i].letter || end[1])
			continue;
		if (__builtin_mul_overflow(n, units[i].seconds * SECOND, &ago))
			return -EINVAL;
		*ret_time = ago < now ? now - ago : 0;
		return 0;
	}
	return -EINVAL;
}

/* Local time, as the journal's own tools take it. */
static int from_local(struct tm *tm, unsigned long long *ret_time)
{
	struct tm asked = *tm;
	time_t seconds;

	tm->tm_isdst = -1;
	seconds = mktime(tm);
	/* mktime() turns the 31st of February into a day of March */
	if (seconds < 0 || tm->tm_mday != asked.tm_mday || tm->tm_mon != asked.tm_mon)
		return -EINVAL;
	*ret_time = (unsigned long long)seconds * SECOND;
	return 0;
}

static int parse_calendar(const char *text, unsigned long long now, unsigned long long *ret_time)
{
	static const char *const formats[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",	     "%H:%M:%S",	  "%H:%M"};
	time_t seconds = (time_t)(now / SECOND);

	for (size_t i = 0; i < ELEMENTS(formats); i++) {
		struct tm tm;
		const char *end;

		if (!localtime_r(&seconds, &tm))
			return -EINVAL;
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		end = strptime(text, formats[i], &tm);
		if (end && !*end)
			return from_local(&tm, ret_time);
	}
	return -EINVAL;
}

static int parse_day(unsigned long long now, int days_ago, unsigned long long *ret_time)
{
	time_t seconds = (time_t)(now / SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return -EINVAL;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days_ago;
	tm.tm_isdst = -1;
	*ret_time = (unsigned long long)mktime(&tm) * SECOND;
	return 0;
}

int cli_time_parse(const char *text, unsigned long long now, unsigned long long *ret_time)
{
	char *end;

	if (strcmp(text, "today") == 0)
		return parse_day(now, 0, ret_time);
	if (strcmp(text, "yesterday") == 0)
		return parse_day(now, 1, ret_time);
	if (text[0] == '@') {
		unsigned long long seconds;

		if (text[1] < '0' || text[1] > '9')
			return -EINVAL;
		errno = 0;
		seconds = strtoull(text + 1, &end, 10);
		return errno || *end || __builtin_mul_overflow(seconds, SECOND, ret_time) ? -EINVAL
											  : 0;
	}
	if (parse_ago(text, now, ret_time) == 0)
		return 0;
	return parse_calendar(text, now, ret_time);
}
