/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/folders.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/log.h"
#include "daemon/store.h"
#include "daemon/trial.h"

#define RUN_FOLDER "/run/bailiff"

const char *const folders_of_policies[] = {TRIAL_FOLDER, STORE_FOLDER_ETC, STORE_FOLDER_RUN, NULL};

/* Those that are there all the time. */
static const char *const *const lasting = folders_of_policies + 1;

struct folders {
	sd_event *event;
	void (*changed)(void *userdata, const char *name);
	void *userdata;
	struct watch {
		sd_event_source *source;
		dev_t device;
		ino_t inode;
		bool missed; /* it cannot be watched: it is looked at in each tick */
	} watches[2];	     /* of those that last */
	__u64 glance;	     /* at them, where one is missed */
	sd_event_source *trial_watch, *trial_timer;
	__u64 deadline; /* of the trial that there is; 0: none */
};

struct folders *folders_free(struct folders *folders)
{
	if (!folders)
		return NULL;
	for (size_t i = 0; i < ELEMENTS(folders->watches); i++)
		sd_event_source_disable_unref(folders->watches[i].source);
	sd_event_source_disable_unref(folders->trial_watch);
	sd_event_source_disable_unref(folders->trial_timer);
	sd_event_unref(folders->event);
	free(folders);
	return NULL;
}

static int on_folder(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct folders *folders = userdata;

	/* it is gone: one in its place can have its number, and is another all the same */
	for (size_t i = 0; event->mask & IN_IGNORED && i < ELEMENTS(folders->watches); i++)
		if (folders->watches[i].source == source)
			folders->watches[i].inode = 0;
	/* what is written under another name first is none yet */
	if (!event->len || store_is_policy(event->name))
		folders->changed(folders->userdata, event->len ? event->name : NULL);
	return 0;
}

/*
 * Watches a folder of policies, whatever has its name now. Returns whether that was another before,
 * or one that is not there any more; not where it cannot be watched. (Anybody with the same user id
 * can use up the watches that a user may have.)
 */
static bool watch_policies(struct folders *folders, size_t index)
{
	const uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVED_FROM | IN_DELETE |
			      IN_ATTRIB | IN_ONLYDIR;
	struct watch *watch = &folders->watches[index];
	struct stat st;
	int r;

	if (stat(lasting[index], &st) < 0) {
		/* inotify has told of one that was removed; of one that was moved it does not */
		bool was = (watch->source && watch->inode) || watch->missed;

		watch->source = sd_event_source_disable_unref(watch->source);
		watch->missed = false;
		return was;
	}
	if (watch->source && watch->device == st.st_dev && watch->inode == st.st_ino)
		return false;
	watch->source = sd_event_source_disable_unref(watch->source);
	r = sd_event_add_inotify(folders->event, &watch->source, lasting[index], mask, on_folder,
				 folders);
	if (r < 0) {
		if (!watch->missed)
			log_errno(r, "cannot watch %s, looking at it each second instead",
				  lasting[index]);
		watch->missed = true;
		return false;
	}
	watch->missed = false;
	watch->device = st.st_dev;
	watch->inode = st.st_ino;
	return true;
}

static void end_trial(void)
{
	int r = trial_end();

	if (r < 0)
		log_errno(r, "cannot end the trial of policies in " TRIAL_FOLDER
			     ", which nobody confirmed: remove that folder");
	else
		log_print(LOG_NOTICE,
			  "nobody confirmed the policies on trial in time: what was before is in "
			  "force again");
}

/* Looks whether there is a trial, and how long it lasts. Returns whether that is another now. */
static bool look_at_trial(struct folders *folders)
{
	__u64 deadline = 0;

	if (trial_deadline(&deadline) >= 0 && deadline <= trial_now()) {
		end_trial();
		deadline = 0;
	}
	if (deadline == folders->deadline)
		return false;
	folders->deadline = deadline;
	if (deadline)
		(void)sd_event_source_set_time(folders->trial_timer, deadline);
	(void)sd_event_source_set_enabled(folders->trial_timer,
					  deadline ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
	return true;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct folders *folders = userdata;

	(void)source;
	(void)usec;
	if (look_at_trial(folders))
		folders->changed(folders->userdata, NULL);
	return 0;
}

static int on_run_folder(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct folders *folders = userdata;

	(void)source;
	if (event->len && strcmp(event->name, TRIAL_NAME) == 0) {
		(void)look_at_trial(folders);
		folders->changed(folders->userdata, NULL);
	}
	return 0;
}

void folders_tick(struct folders *folders)
{
	bool missed = false, changed = look_at_trial(folders);
	__u64 glance;

	for (size_t i = 0; lasting[i]; i++) {
		changed |= watch_policies(folders, i);
		missed |= folders->watches[i].missed;
	}
	if (missed) {
		glance = store_glance(lasting);
		changed |= glance != folders->glance;
		folders->glance = glance;
	}
	if (changed)
		folders->changed(folders->userdata, NULL);
}

static int watch_trial(struct folders *folders)
{
	int r = sd_event_add_time(folders->event, &folders->trial_timer, CLOCK_BOOTTIME, 0, 1000,
				  on_deadline, folders);

	if (r >= 0)
		r = sd_event_source_set_enabled(folders->trial_timer, SD_EVENT_OFF);
	if (r < 0)
		return log_errno(r, "cannot set up the event loop");
	r = sd_event_add_inotify(folders->event, &folders->trial_watch, RUN_FOLDER,
				 IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR,
				 on_run_folder, folders);
	if (r < 0)
		log_errno(r, "cannot watch " RUN_FOLDER ", looking at it each second instead");
	(void)look_at_trial(folders);
	return 0;
}

int folders_new(sd_event *event, void (*changed)(void *userdata, const char *name), void *userdata,
		struct folders **ret_folders)
{
	_cleanup_(folders_freep) struct folders *folders = calloc(1, sizeof(*folders));
	int r;

	if (!folders)
		return -ENOMEM;
	folders->event = sd_event_ref(event);
	folders->changed = changed;
	folders->userdata = userdata;
	/* the administrator's is his: without it, what was in force stays so */
	if (mkdir(STORE_FOLDER_RUN, 0755) < 0 && errno != EEXIST)
		log_errno(-errno, "cannot make " STORE_FOLDER_RUN ", ignoring");
	for (size_t i = 0; lasting[i]; i++)
		(void)watch_policies(folders, i);
	r = watch_trial(folders);
	if (r < 0)
		return r;
	*ret_folders = TAKE_PTR(folders);
	return 0;
}
