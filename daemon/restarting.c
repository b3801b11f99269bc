/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/restarting.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "daemon/util.h"

#define SYSTEMD "org.freedesktop.systemd1"

/* The object of the job that stops us: "/" where there is none. */
static int own_job(sd_bus *bus, char **ret_path)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *unit = NULL, *job = NULL;
	const char *path;
	int r;

	r = sd_bus_call_method(bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
			       "GetUnitByPID", NULL, &unit, "u", (uint32_t)getpid());
	if (r >= 0)
		r = sd_bus_message_read(unit, "o", &path);
	if (r >= 0)
		r = sd_bus_get_property(bus, SYSTEMD, path, SYSTEMD ".Unit", "Job", NULL, &job,
					"(uo)");
	if (r >= 0)
		r = sd_bus_message_read(job, "(uo)", NULL, &path);
	if (r < 0)
		return r;
	*ret_path = strdup(path);
	return *ret_path ? 0 : -1;
}

bool restarting(void)
{
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	_cleanup_(freep) char *job = NULL;
	_cleanup_(freep) char *type = NULL;

	if (!getenv("INVOCATION_ID"))
		return false; /* not a service: whoever stops it by hand means it */
	if (sd_bus_open_system(&bus) < 0 || own_job(bus, &job) < 0)
		return true;
	if (strcmp(job, "/") == 0)
		return true; /* nobody asked systemd to stop us: it starts us again */
	if (sd_bus_get_property_string(bus, SYSTEMD, job, SYSTEMD ".Job", "JobType", NULL, &type) <
	    0)
		return true;
	return strcmp(type, "stop") != 0;
}
