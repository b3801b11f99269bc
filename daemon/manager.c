/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "daemon/beside.h"
#include "daemon/boot-audit.h"
#include "daemon/conf.h"
#include "daemon/containers.h"
#include "daemon/enforce.h"
#include "daemon/event-container.h"
#include "daemon/events.h"
#include "daemon/folders.h"
#include "daemon/identity.h"
#include "daemon/journal-note.h"
#include "daemon/journal.h"
#include "daemon/kernel.h"
#include "daemon/launchers.h"
#include "daemon/log.h"
#include "daemon/metrics-daemon.h"
#include "daemon/older.h"
#include "daemon/protect.h"
#include "daemon/restarting.h"
#include "daemon/settle.h"
#include "daemon/sinks.h"
#include "daemon/state.h"
#include "daemon/store.h"
#include "daemon/unknown.h"
#include "daemon/unread.h"

#define RUN_FOLDER "/run/bailiff"
#define LOCK_FILE RUN_FOLDER "/lock"

#define TICK_USEC 1000000 /* how often all is looked at that nothing tells of */
#define AGAIN_TICKS 5	  /* after policies could not be put into force */
#define UNREAD_TICKS 60	  /* ... or a folder could not be read: somebody has to mend it */

struct manager {
	struct conf conf;
	int lock;
	sd_event *event;
	struct settle *settle;
	struct events *events;
	struct folders *folders;
	struct kernel *kernel;
	struct enforce *enforce;
	struct beside beside; /* while policies are refused one by one */
	struct store *store;
	struct identity *identity;
	struct unknown *unknown;
	struct state state;	 /* as told last */
	bool audit;		 /* bailiff.audit=1: nothing is blocked */
	struct protect *protect; /* NULL: protect = no */
	bool reported;		 /* that the first policies are in force */
	int pin_error;		 /* as told last */
	unsigned again;		 /* ticks until what failed is tried again; 0: nothing did */
	bool look_back; /* something came into force: are there descriptors that it would deny? */
};

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;
	events_free(manager->events);
	settle_free(manager->settle);
	folders_free(manager->folders);
	unknown_free(manager->unknown);
	sd_event_unref(manager->event);
	beside_clear(&manager->beside);
	enforce_free(manager->enforce);
	kernel_free(manager->kernel);
	store_free(manager->store);
	protect_free(manager->protect);
	identity_free(manager->identity);
	state_clear(&manager->state);
	close_fd(manager->lock);
	free(manager);
	return NULL;
}

/* Two daemons would undo each other's work. The lock goes with the process. */
static int take_lock(struct manager *manager)
{
	if (mkdir(RUN_FOLDER, 0755) < 0 && errno != EEXIST)
		return log_errno(-errno, "cannot make " RUN_FOLDER);
	manager->lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (manager->lock < 0)
		return log_errno(-errno, "cannot open " LOCK_FILE);
	/* "bailiff status" holds it for an instant, to see whether we do */
	for (int tries = 0; flock(manager->lock, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return log_errno(-errno, "cannot lock " LOCK_FILE);
		if (tries == 20)
			return log_errno(-EBUSY, "another bailiffd is running");
		usleep(50000);
	}
	return 0;
}

static int on_event(void *userdata, const struct bailiff_event *event, size_t size)
{
	struct manager *manager = userdata;
	const struct store_entry *entry = store_find(manager->store, event->policy);
	struct journal_policy policy = {};
	struct event_texts texts;

	(void)size;
	event_texts(event, &texts);
	if (entry) {
		policy.file = entry->text->policy->file;
		policy.message = entry->text->policy->message;
		policy.tags = entry->text->policy->tags;
		policy.n_tags = entry->text->policy->n_tags;
	}
	return journal_event(event, &policy,
			     event_container(event, cgroup_container(texts.cgroup)));
}

/* Where the host's processes live: the mount namespace of PID 1, not this unit's own. */
static int note_host(void *userdata, struct kernel *kernel)
{
	const struct manager *manager = userdata;
	struct stat st;
	int r;

	if (stat("/proc/1/ns/mnt", &st) < 0)
		return -errno;
	kernel_control(kernel)->mount_ns = (__u32)st.st_ino;
	r = launchers_refresh(kernel);
	return r < 0 || !manager->protect ? r : protect_begin(manager->protect, kernel);
}

static void log_report(const struct enforce_report *report)
{
	journal_note(LOG_INFO, JOURNAL_ID_POLICY,
		     (struct journal_field[]){
			     {.name = "BAILIFF_POLICIES", .number = report->n_policies}, {}},
		     "policies in force: %zu, compiled anew: %zu", report->n_policies,
		     report->n_images_new);
	sd_notifyf(false, "STATUS=policies in force: %zu", report->n_policies);
}

/* The new is pinned: lets go of what it replaces. */
static void replace(struct manager *manager, struct kernel *kernel, struct enforce *enforce)
{
	_cleanup_(kernel_freep) struct kernel *former = manager->kernel;
	int r;

	enforce_free(manager->enforce);
	manager->kernel = kernel;
	manager->enforce = enforce;
	identity_forget(manager->identity);
	if (!former)
		return;
	kernel_let_go(former);
	(void)kernel_wait_for_readers();
	r = unread_tell(kernel, former, enforce);
	if (r < 0)
		log_errno(r, "cannot take over the last of what was counted, or not yet read, "
			     "before; ignoring");
}

/*
 * Puts @store into force with programs and maps of their own, and lets go of the old only then.
 * Those stay for the next call where the policies exceed a limit.
 */
static int renew(struct manager *manager, const struct store *store, struct diag *diag,
		 struct enforce_report *report)
{
	struct beside *beside = &manager->beside;
	int r = beside_apply(beside, manager->kernel, note_host, manager, store, diag, report);

	if (r)
		return r;
	r = kernel_pin(beside->kernel);
	if (r < 0)
		return log_errno(r, "cannot pin what is in force to " KERNEL_PINS);
	/* before the former's descriptors are closed */
	r = unknown_watch(manager->unknown, beside->kernel);
	if (r >= 0)
		r = events_watch(manager->events, beside->kernel, beside->enforce);
	replace(manager, TAKE_PTR(beside->kernel), TAKE_PTR(beside->enforce));
	return r;
}

/* The same, where what is in force has room for it, by that. */
static int apply(struct manager *manager, const struct store *store, struct diag *diag,
		 struct enforce_report *report)
{
	struct beside *beside = &manager->beside;
	int r = -ENOSPC;

	if (beside->enforce)
		return renew(manager, store, diag, report);
	if (manager->enforce)
		r = enforce_apply(manager->enforce, store, diag, report);
	if (r != -ENOSPC && r != -EXFULL)
		return r;
	beside_begin(beside, store);
	return renew(manager, store, diag, report);
}

/*
 * Tells the command what became of each file: as in @state, which is taken, or, where it is NULL,
 * as before; and why the look came to nothing (NULL: it did not).
 */
static void tell(struct manager *manager, struct state *state, const char *failure)
{
	int r;

	if (state) {
		state_clear(&manager->state);
		manager->state = *state;
		*state = (struct state){};
	}
	free(manager->state.failure);
	manager->state.failure = failure ? strdup(failure) : NULL;
	r = state_write(&manager->state, STATE_FILE);
	if (r < 0)
		log_errno(r, "cannot write " STATE_FILE
			     ", ignoring: \"bailiff status\" does not know what waits");
}

/* Reads the folders and puts what they say into force. What has errors changes nothing. */
static int load(struct manager *manager)
{
	_cleanup_(store_freep) struct store *store = NULL;
	_cleanup_(diag_clear) struct diag diag = {};
	_cleanup_(state_clear) struct state state = {};
	struct enforce_report report = {};
	bool refused, same;
	int r = store_load(folders_of_policies, manager->store, STORE_FOLDER_LAST, &diag, &store);

	log_diag(&diag);
	(void)state_note(&state, &diag);
	if (r < 0) {
		tell(manager, NULL, "the policies cannot be read");
		return log_errno(r, "cannot read the policies; what was in force stays so");
	}
	r = unknown_begin(manager->unknown, store, manager->store);
	if (manager->audit)
		store_audit(store);
	if (r >= 0)
		r = containers_begin(store, manager->store);
	if (r < 0) {
		tell(manager, NULL, "what is known of containers cannot be read");
		return r;
	}
	/* containers alone are others: what is in force gives way to none of them */
	same = manager->reported && store_is_same(store, manager->store);
	do {
		/* the last of a few, and not of as many as are kept: it says who is to blame */
		diag_clear(&diag);
		r = apply(manager, store, &diag, &report);
		sd_notify(false, "WATCHDOG=1");
		/* the policy that is to blame is as it was before, or is not; the others hold */
		refused = r > 0 && !same &&
			  store_refuse(store, manager->store, diag.items[diag.n_items - 1].file,
				       &diag);
		log_diag(&diag);
		(void)state_note(&state, &diag);
	} while (refused);
	beside_clear(&manager->beside);
	if (r < 0) {
		tell(manager, NULL, "the kernel did not take the policies; it is tried again");
		return log_errno(r, "cannot put the policies into force");
	}
	if (r > 0) {
		tell(manager, NULL, "the policies exceed a limit");
		log_print(LOG_ERR, "the policies exceed a limit; what was in force stays so");
		return 0;
	}
	store_free(manager->store);
	manager->store = TAKE_PTR(store);
	containers_settle(manager->store);
	if (!same)
		unknown_settle(manager->unknown);
	if (state_take(&state, manager->store) >= 0)
		tell(manager, &state,
		     manager->store->unread ? "a folder of policies could not be read: what was in "
					      "force of it stays so (see: journalctl -u bailiffd)"
					    : NULL);
	if (manager->protect)
		(void)protect_published(manager->protect, manager->kernel);
	identity_look(manager->identity, manager->kernel, manager->enforce, manager->store, true);
	if (report.n_images_new || (report.rebound && !same) || !manager->reported)
		log_report(&report);
	manager->reported = true;
	manager->look_back |= !same && (report.n_images_new || report.rebound);
	store_tell_unused(manager->store);
	r = store_keep(manager->store, STORE_FOLDER_LAST);
	if (r < 0)
		log_errno(r, "cannot keep a copy of the policies in " STORE_FOLDER_LAST
			     ", ignoring: one that has errors at the next start is not in force");
	return 0;
}

static int reload(struct manager *manager)
{
	uint64_t begin = metrics_clock();
	int r = load(manager);

	metrics_published(begin, r >= 0);
	kernel_trim();
	manager->again = r < 0 || manager->store->written ? AGAIN_TICKS
			 : manager->store->unread	  ? UNREAD_TICKS
							  : 0;
	return r;
}

static void on_settled(void *userdata)
{
	(void)reload(userdata);
}

static void on_folders(void *userdata, const char *name)
{
	struct manager *manager = userdata;

	settle_changed(manager->settle, name);
}

static int on_container(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct manager *manager = userdata;

	(void)source;
	/* not what is written before it gets its name, nor what no policy asks about */
	if (manager->store->n_asking && !(event->len && event->name[0] == '.'))
		on_folders(manager, event->len ? event->name : NULL);
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	(void)info;
	sd_notify(false, "RELOADING=1");
	(void)reload(userdata);
	sd_notify(false, "READY=1");
	return 0;
}

/* Without its pins, what is in force would end with the daemon. */
static void look_after_pins(struct manager *manager)
{
	int r = manager->kernel ? kernel_pin_missing(manager->kernel) : 0;

	if (r > 0)
		log_print(LOG_ERR,
			  "%d of bailiff's pins were gone from " KERNEL_PINS
			  ", and are there again",
			  r);
	else if (r < 0 && r != manager->pin_error)
		log_errno(r, "pins are gone from " KERNEL_PINS
			     ", and cannot be made again: what is in "
			     "force ends with bailiffd (mount -t bpf bpf /sys/fs/bpf)");
	manager->pin_error = r < 0 ? r : 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	(void)usec;
	folders_tick(manager->folders);
	if (manager->again && --manager->again == 0)
		on_folders(manager, NULL);
	events_tick(manager->events, manager->enforce);
	metrics_tick(manager->conf.metrics, manager->kernel);
	/* once after a burst of changes, and when they are in force */
	if (manager->look_back) {
		older_report(manager->kernel);
		kernel_trim();
	}
	manager->look_back = false;
	identity_look(manager->identity, manager->kernel, manager->enforce, manager->store, false);
	containers_tick(manager->store);
	unknown_tick(manager->unknown);
	if (!manager->protect)
		look_after_pins(manager);
	else if (protect_tick(manager->protect, manager->kernel) > 0)
		return sd_event_exit(manager->event, 0);
	(void)sd_event_source_set_time_relative(source, TICK_USEC);
	return 0;
}

static int watch_folders(struct manager *manager)
{
	int r = folders_new(manager->event, on_folders, manager, &manager->folders);

	if (r < 0)
		return r;
	launchers_watch(manager->event, &manager->kernel);
	return containers_watch(manager->event, on_container, manager);
}

static int watch_all(struct manager *manager)
{
	sd_event_source *tick = NULL;
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_add_signal(manager->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGHUP, on_hangup, manager);
	if (r >= 0)
		r = settle_new(manager->event, on_settled, manager, &manager->settle);
	if (r >= 0)
		r = sd_event_add_time_relative(manager->event, &tick, CLOCK_MONOTONIC, TICK_USEC, 0,
					       on_tick, manager);
	if (r >= 0)
		r = sd_event_source_set_enabled(tick, SD_EVENT_ON);
	if (r >= 0)
		r = sd_event_source_set_floating(tick, true);
	sd_event_source_unref(tick);
	if (r >= 0)
		r = sd_event_set_watchdog(manager->event, true);
	return r < 0 ? log_errno(r, "cannot set up the event loop") : watch_folders(manager);
}

static int take_over(struct manager *manager)
{
	int r = kernel_take_over(&manager->kernel);

	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = note_host(manager, manager->kernel);
	if (r >= 0)
		r = enforce_new(manager->kernel, &manager->enforce);
	if (r >= 0)
		r = unknown_watch(manager->unknown, manager->kernel);
	if (r >= 0) {
		log_print(LOG_INFO, "took over what was in force");
		return events_watch(manager->events, manager->kernel, manager->enforce);
	}
	if (r == -EACCES)
		return log_errno(r,
				 "cannot take over what is in force: a daemon with protect = yes "
				 "left it, which only systemd may replace (systemctl start "
				 "bailiffd)");
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return log_errno(r, "cannot take over what is in force, which stays so");
	log_print(LOG_NOTICE,
		  "what is in force was loaded by another version, or is damaged (%s); "
		  "replacing it",
		  strerror(-r));
	/* the kernel, if there is one, is for renew() to let go of */
	return 0;
}

/* Where a policy keeps everybody out, neither it nor the daemon may stand in the way. */
static void note_boot_audit(struct manager *manager)
{
	int r = boot_audit();

	if (r < 0)
		log_errno(r, "cannot read the kernel's command line, taking it to be "
			     "without " BOOT_AUDIT);
	manager->audit = r > 0;
	if (!manager->audit)
		return;
	log_print(LOG_CRIT,
		  BOOT_AUDIT " is on the kernel's command line: every policy is in audit "
			     "mode, and NOTHING IS BLOCKED until the next start without "
			     "it%s",
		  manager->conf.protect ? "; protect = yes is off as well" : "");
	manager->conf.protect = false;
}

int manager_new(bool early, struct manager **ret_manager)
{
	_cleanup_(manager_freep) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return -ENOMEM;
	manager->lock = -1;
	r = conf_load(CONF_FILE, &manager->conf);
	if (r)
		return r < 0 ? log_errno(r, "cannot read " CONF_FILE) : -EINVAL;
	note_boot_audit(manager);
	if (manager->conf.protect && !early)
		r = protect_new(&manager->protect);
	if (r >= 0)
		r = take_lock(manager);
	if (r < 0)
		return r;
	r = sd_event_default(&manager->event);
	if (r < 0)
		return log_errno(r, "cannot make the event loop");
	sinks_use(&manager->conf.events);
	r = events_new(manager->event, on_event, manager, &manager->events);
	if (r < 0)
		return r;
	manager->store = calloc(1, sizeof(*manager->store));
	manager->identity = identity_new();
	if (!manager->store || !manager->identity)
		return -ENOMEM;
	r = unknown_new(manager->event, &manager->conf, &manager->unknown);
	if (r >= 0)
		r = watch_all(manager);
	if (r >= 0)
		r = take_over(manager);
	if (r >= 0)
		r = reload(manager);
	if (r < 0)
		return r;
	if (!manager->enforce) {
		log_print(LOG_ERR, "no policy could be put into force");
		return -EINVAL;
	}
	*ret_manager = TAKE_PTR(manager);
	return 0;
}

/* The daemon ends, and what is in force does not. */
static int leave(struct manager *manager, bool stopped)
{
	int r = 0;

	events_end(manager->events, false);
	/* stopped for good, it must be possible to change what it would read */
	if (manager->protect)
		r = protect_end(manager->protect, manager->kernel, !stopped);
	if (r < 0)
		return log_errno(r, "cannot %s",
				 stopped ? "take the protection down"
					 : "tell the next daemon that all is well");
	log_print(LOG_INFO, "what is in force stays so");
	return 0;
}

int manager_run(struct manager *manager)
{
	bool stopped;
	int r;

	sd_notify(false, "READY=1");
	r = sd_event_loop(manager->event);
	if (r < 0)
		return log_errno(r, "the event loop failed; what is in force stays so");
	sd_notify(false, "STOPPING=1");
	stopped = !restarting();
	if (!stopped || manager->conf.keep_on_stop)
		return leave(manager, stopped);
	r = kernel_release();
	(void)unlink(STATE_FILE);
	kernel_let_go(manager->kernel);
	events_end(manager->events, true);
	if (r < 0)
		return log_errno(r, "cannot take down what is in force");
	containers_end();
	log_print(LOG_NOTICE, "nothing is enforced any more (see on-stop in bailiff.conf)");
	return 0;
}
