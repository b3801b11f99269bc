/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/metrics-daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/cli-look.h"
#include "daemon/journal-socket.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/sinks.h"
#include "daemon/util.h"

#define TICKS 15 /* between two writings of the configured file */

static struct {
	unsigned long long n[2]; /* failed, ok */
	uint64_t usec, usec_last;
	time_t last; /* since 1970 */
} published;

uint64_t metrics_clock(void)
{
	struct timespec now = {};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void metrics_published(uint64_t begin, bool ok)
{
	uint64_t usec = metrics_clock() - begin;

	published.n[ok]++;
	published.usec += usec;
	published.usec_last = usec;
	published.last = time(NULL);
}

static void put_seconds(FILE *out, const char *name, uint64_t usec)
{
	fprintf(out, "%s %" PRIu64 ".%06u\n", name, usec / 1000000, (unsigned)(usec % 1000000));
}

static void write_publications(FILE *out)
{
	metric_begin(out, "bailiff_publications_total", "counter",
		     "How often policies were read and put into force.");
	fprintf(out, "bailiff_publications_total{result=\"ok\"} %llu\n", published.n[true]);
	fprintf(out, "bailiff_publications_total{result=\"failed\"} %llu\n", published.n[false]);
	metric_begin(out, "bailiff_publication_seconds", "summary",
		     "How long it took to read policies and to put them into force.");
	put_seconds(out, "bailiff_publication_seconds_sum", published.usec);
	fprintf(out, "bailiff_publication_seconds_count %llu\n",
		published.n[false] + published.n[true]);
	metric_begin(out, "bailiff_publication_last_seconds", "gauge",
		     "How long it took the last time.");
	put_seconds(out, "bailiff_publication_last_seconds", published.usec_last);
	metric_gauge(out, "bailiff_publication_last_timestamp_seconds",
		     "When the last time was, since 1970.", (unsigned long long)published.last);
}

static void write_own(FILE *out)
{
	struct sink_count counts[2];
	size_t n = sinks_counts(counts);

	write_publications(out);
	metric_begin(out, "bailiff_journal_entries_total", "counter",
		     "Entries that the journal took, and that found no room to wait for it.");
	fprintf(out, "bailiff_journal_entries_total{result=\"written\"} %llu\n", journal_sent());
	fprintf(out, "bailiff_journal_entries_total{result=\"lost\"} %llu\n", journal_lost());
	metric_gauge(out, "bailiff_journal_entries_held",
		     "Entries that wait for the journal; events wait in the kernel meanwhile.",
		     journal_held());
	if (n)
		metric_begin(out, "bailiff_json_events_total", "counter",
			     "Events written as JSON, and those that were not.");
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "bailiff_json_events_total{sink=\"%s\",result=\"written\"} %llu\n",
			counts[i].name, counts[i].written);
		fprintf(out, "bailiff_json_events_total{sink=\"%s\",result=\"lost\"} %llu\n",
			counts[i].name, counts[i].lost);
	}
}

/* Readers see the file whole, as it was or as it is. Everybody may read it. */
static int put_in_place(const char *file, const char *text, size_t n)
{
	char beside[PATH_MAX];
	int fd, r = 0;

	/* the collector takes *.prom alone */
	snprintf(beside, sizeof(beside), "%s.new", file);
	if (unlink(beside) < 0 && errno != ENOENT)
		return -errno;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0644) < 0)
		r = -errno;
	if (r == 0)
		r = write_full(fd, text, n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, file) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(beside);
	return r;
}

/* Its own part, where it has changed. */
static int write_daemon_file(void)
{
	static char *before;
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r;

	if (!out)
		return -ENOMEM;
	write_own(out);
	if (fclose(out) != 0)
		return -ENOMEM;
	if (before && strcmp(before, text) == 0)
		return 0;
	r = put_in_place(METRICS_DAEMON_FILE, text, n);
	if (r < 0)
		return r;
	free(before);
	before = TAKE_PTR(text);
	return 0;
}

static int write_all(const char *file, struct kernel *kernel)
{
	_cleanup_(look_freep) struct look *look = NULL;
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	FILE *out;
	int r = look_at(kernel, false, &look);

	if (r < 0)
		return r;
	out = open_memstream(&text, &n);
	if (!out)
		return -ENOMEM;
	metrics_of_kernel(out, look);
	write_own(out);
	return fclose(out) != 0 ? -ENOMEM : put_in_place(file, text, n);
}

/* Says it when it is another error than before. */
static void tell(const char *file, int r, int *before)
{
	if (r < 0 && r != *before)
		log_errno(r, "cannot write metrics to %s, trying again", file);
	*before = r;
}

void metrics_tick(const char *file, struct kernel *kernel)
{
	static int own_error, error;
	static unsigned ticks;

	tell(METRICS_DAEMON_FILE, write_daemon_file(), &own_error);
	if (*file && kernel && ticks++ % TICKS == 0)
		tell(file, write_all(file, kernel), &error);
}
