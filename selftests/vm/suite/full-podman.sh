#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Podman containers under a policy, started by crun and by runc: from the first instruction, with
# rules as the container sees its paths, and never in the way of the runtime itself.

test=podman
. "$(dirname "$0")/lib.sh"

run() { podman run --rm -q -v /mnt/act:/act:ro "$@"; }

start_daemon
for runtime in crun runc; do
	test=podman-$runtime
	status "read works without policy" 0 run --runtime $runtime localhost/tiny /act read /etc/shadow
	status "exec works without policy" 0 run --runtime $runtime localhost/tiny /act exec /bin/wget --help
done

policy containers <<-END
	[policy]
	mode = enforce
	[select]
	cgroup = **/libpod-*.scope
	[exec]
	deny = /bin/wget /bin/nc
	[file]
	deny = read /etc/shadow
END
eventually in_force 1 || { not_ok "the policy came into force"; exit 1; }

for runtime in crun runc; do
	test=podman-$runtime
	mark
	status "read is denied" 1 run --runtime $runtime localhost/tiny /act read /etc/shadow
	status "exec is denied, by the name that is a link" 1 \
		run --runtime $runtime localhost/tiny /act exec /bin/wget --help
	status "... and relative to the working directory" 1 \
		run --runtime $runtime -w /bin localhost/tiny /act exec ./wget --help
	status "what the policy does not name works" 0 run --runtime $runtime localhost/tiny cat /etc/hostname
	status "another applet of the same binary works" 0 \
		run --runtime $runtime localhost/tiny /act exec /bin/true
	run --runtime $runtime -d --name held localhost/tiny sleep 1000 >/dev/null
	status "podman exec works" 0 podman exec held cat /etc/hostname
	status "podman exec is under the policy" 1 podman exec held cat /etc/shadow
	podman rm -f -t 0 held >/dev/null
	entry=$(since_mark 1 BAILIFF_POLICY=containers BAILIFF_ACTION=read BAILIFF_EXE=/act)
	has "the journal has the path as the container sees it" '^BAILIFF_PATH=/etc/shadow$' "$entry"
	has "... and the executable" '^BAILIFF_EXE=/act$' "$entry"
	has "... and the container" '^BAILIFF_CONTAINER=[0-9a-f]{64}$' "$entry"
	has "... and the line" '^BAILIFF_RULE=/etc/bailiff/policies.d/containers.ini:8$' "$entry"
done
test=podman
status "the host's own file is read as before" 0 act read /etc/shadow
entry=$(since_mark 1 BAILIFF_ACTION=exec BAILIFF_POLICY=containers)
has "an exec denied by its name says so" '^BAILIFF_REASON=invoked-name$' "$entry"

# Audit mode.
sed -i 's/enforce/audit/' $policies/containers.ini
audited() { bailiff status --json | grep -q '"mode": *"audit"'; }
eventually audited || not_ok "the policy is in audit mode"
mark
status "read works in audit mode" 0 run localhost/tiny /act read /etc/shadow
status "exec works in audit mode" 0 run localhost/tiny /act exec /bin/wget --help
is "both are told" 2 "$(count_since_mark 2 BAILIFF_VERDICT=would-deny BAILIFF_POLICY=containers)"

# An allow-list must not stop the runtime: systemd, conmon, crun and runc work inside the cgroup.
policy containers <<-END
	[select]
	cgroup = **/libpod-*.scope
	[exec]
	default = deny
	allow = /act
	[file]
	default = deny
	allow = read /act /etc/hostname
END
enforced() { bailiff status --json | grep -q '"mode": *"enforce"'; }
eventually enforced || not_ok "the allow-list is in force"
for runtime in crun runc; do
	test=podman-$runtime
	status "the container starts under an allow-list" 0 \
		run --runtime $runtime localhost/tiny /act read /etc/hostname
	status "what is not on it is denied" 1 run --runtime $runtime localhost/tiny /act read /etc/passwd
	status "exec of what is not on it is denied" 1 \
		run --runtime $runtime localhost/tiny /act exec /bin/true
	mark
	status "the container's first exec fails" 1 run --runtime $runtime localhost/tiny true
	entry=$(since_mark 1 BAILIFF_ACTION=exec BAILIFF_VERDICT=deny BAILIFF_POLICY=containers)
	has "... because it is decided too" '^BAILIFF_PATH=/bin/busybox$' "$entry"
done
test=podman
stop_daemon
