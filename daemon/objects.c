/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/kernel.h"
#include "daemon/util.h"

void objects_clear(struct objects *objects)
{
	free(objects->mounts);
	*objects = (struct objects){};
}

static int add(struct objects *objects, __u64 id, __u32 device)
{
	if (objects->n == objects->room) {
		size_t room = objects->room ? 2 * objects->room : 64;
		struct objects_mount *mounts = reallocarray(objects->mounts, room, sizeof(*mounts));

		if (!mounts)
			return -ENOMEM;
		objects->mounts = mounts;
		objects->room = room;
	}
	objects->mounts[objects->n++] = (struct objects_mount){id, device};
	return 0;
}

/* proc(5): "36 35 98:0 ...", a line for each mount. */
int objects_begin(struct objects *objects)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/1/mountinfo", "re");
	_cleanup_(freep) char *line = NULL;
	unsigned major, minor, id;
	size_t room = 0;
	int r = 0;

	if (!file)
		return -errno;
	while (r == 0 && getline(&line, &room, file) >= 0) {
		if (sscanf(line, "%u %*u %u:%u", &id, &major, &minor) != 3)
			return -EBADMSG;
		r = add(objects, id, kernel_device(makedev(major, minor)));
	}
	return r;
}

int objects_look(const struct objects *objects, const char *path, struct bailiff_inode *ret_object,
		 __u64 *ret_mount)
{
	struct statx st;

	if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_MNT_ID, &st) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	*ret_object = (struct bailiff_inode){
		.inode = st.stx_ino,
		.device = kernel_device(makedev(st.stx_dev_major, st.stx_dev_minor)),
	};
	for (size_t i = 0; i < objects->n; i++)
		if (objects->mounts[i].id == st.stx_mnt_id)
			ret_object->device = objects->mounts[i].device;
	*ret_mount = st.stx_mnt_id;
	return 0;
}
