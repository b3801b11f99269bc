#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ready policy sshd on Debian's own: logins, commands, terminals, files and whatever people do in a session
# go on, without an entry in the journal; tunnels and what sshd is no good for are stopped.

test=library-sshd
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/library-lib.sh"

options=(-F none -i "$work/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes)
log_in() { timeout 60 ssh "${options[@]}" root@127.0.0.1 "$@" 2>&1; }

sshd_works() {
	status "sshd starts" 0 timeout 60 systemctl restart ssh
	is "sshd runs a command" /root "$(log_in pwd)"
	has "... on a terminal" '^/dev/pts/' "$(log_in -tt tty)"
	status "sshd takes a file" 0 scp -q "${options[@]}" /etc/hostname root@127.0.0.1:$work/copied
	is "a session changes the system, and runs what is in /tmp" "done" "$(log_in '
		echo x >/etc/library && rm /etc/library && echo x >>/root/.ssh/library && rm /root/.ssh/library &&
		cp /bin/true /tmp/library && /tmp/library && rm /tmp/library && echo done')"
	is "a session connects" elsewhere "$(log_in "exec 7<>/dev/tcp/127.0.0.1/8099 && printf 'GET /index.html HTTP/1.0\r\n\r\n' >&7 && tail -n 1 <&7")"
	status "sshd reloads" 0 timeout 60 systemctl reload ssh
	eventually log_in true || not_ok "sshd goes on after that"
}

tunnel() { printf 'GET /index.html HTTP/1.0\r\n\r\n' | log_in -W "$1" | grep -Eo "elsewhere|Permission denied|stdio forwarding failed" | head -n 1; }
as_jo() { timeout 60 ssh "${options[@]}" jo@127.0.0.1 x 2>&1 && echo came in; }
# sftp's server within sshd itself
put() {
	timeout 60 sftp -q "${options[@]}" -b - root@127.0.0.1 <<<"put /etc/hostname $1" >$work/sftp 2>&1 && echo put || cat $work/sftp
}
# sshd as somebody left it
sshd_attacked() {
	rm -f /etc/cron.d/library /root/.ssh/authorized_keys2
	sed -i 's|^Subsystem.*|Subsystem sftp internal-sftp|' /etc/ssh/sshd_config
	timeout 60 systemctl restart ssh
	stops "a tunnel" '^elsewhere$' 'Permission denied|forwarding failed' tunnel 127.0.0.1:8099
	stops "... by IPv4 in IPv6" '^elsewhere$' 'Permission denied|forwarding failed' tunnel '[::ffff:127.0.0.1]:8099'
	stops "listening for others" '^$' 'forwarding failed' log_in -o ExitOnForwardFailure=yes -R 8101:127.0.0.1:8099 true
	for shell in /tmp/library-shell /dev/shm/library-shell /usr/local/bin/library-shell; do
		usermod -s $shell jo
		stops "a login shell at $shell" '^came in$' 'Permission denied' as_jo
	done
	stops "sshd writes a table of cron's" '^put$' 'Permission denied' put /etc/cron.d/library
	stops "... by a link" '^put$' 'Permission denied' put $work/link/library
	stops "... a key" '^put$' 'Permission denied' put /root/.ssh/authorized_keys2
	leaves "sshd writes elsewhere" '^put$' put $work/put
	is "the table is there" $under "$([ -e /etc/cron.d/library ] && echo no || echo yes)"
	cp $work/sshd_config /etc/ssh/
}

mkdir -p $work /root/.ssh /etc/cron.d
ln -s /etc/cron.d $work/link
elsewhere_start
cp /etc/ssh/sshd_config $work/
ssh-keygen -A >/dev/null
ssh-keygen -q -t ed25519 -N '' -f $work/key
[ ! -e /root/.ssh/authorized_keys ] || cp /root/.ssh/authorized_keys $work/
cat $work/key.pub >>/root/.ssh/authorized_keys
useradd -m jo
mkdir -p /home/jo/.ssh
cp $work/key.pub /home/jo/.ssh/authorized_keys
chown -R jo:jo /home/jo/.ssh
chmod 755 /mnt /mnt/act
printf '#!/bin/sh\nexit 0\n' >/tmp/library-shell
chmod 755 /tmp/library-shell
cp /tmp/library-shell /dev/shm/
ln -s /dev/shm/library-shell /usr/local/bin/library-shell

start_daemon
sshd_attacked

enforce sshd
mark
sshd_works
quiet sshd

mark
sshd_attacked
denied sshd BAILIFF_ACTION=network BAILIFF_EXE=/usr/sbin/sshd
denied sshd BAILIFF_ACTION=exec BAILIFF_PATH=/dev/shm/library-shell
denied sshd BAILIFF_ACTION=write BAILIFF_PATH=/etc/cron.d/library

stop_daemon
systemctl stop ssh
elsewhere_stop
userdel -r jo 2>/dev/null
rm -f /root/.ssh/authorized_keys /tmp/library-shell /dev/shm/library-shell /usr/local/bin/library-shell
[ ! -e $work/authorized_keys ] || cp $work/authorized_keys /root/.ssh/
rm -rf $work /etc/cron.d/library
