#!/bin/bash
test=h4
. "$(dirname "$0")/lib.sh"
uname -r
mkdir -p $policies; H=/mnt/hx
policy probe <<END
[select]
unit = probe.service
[process]
deny = chroot
END
printf '[daemon]\non-stop = keep\nprotect = yes\n' >/etc/bailiff/bailiff.conf
systemctl enable --quiet bailiffd
start_daemon; sleep 3
P=$(systemctl show -P MainPID bailiffd); echo pid $P
echo "guard works: $(touch /etc/bailiff/bailiff.conf 2>&1; kill -9 $P 2>&1; chmod 0 /usr/sbin/bailiffd 2>&1)"
echo "== ACL on what is guarded (inode_set_acl)"
ls -l /usr/sbin/bailiffd /etc/bailiff/bailiff.conf
echo "conf: $($H acl /etc/bailiff/bailiff.conf 7)"
ls -l /etc/bailiff/bailiff.conf
echo "program: $($H acl /usr/sbin/bailiffd 4)"
ls -l /usr/sbin/bailiffd
/usr/sbin/bailiffd --version 2>&1 | head -2
echo "== remove an xattr"; setfattr -x x /usr/sbin/bailiffd 2>/dev/null
python3 -c 'print(1)' 2>/dev/null
echo "== ioctl: chattr +i on a policy"
chattr +i /etc/bailiff/policies.d/probe.ini; lsattr /etc/bailiff/policies.d/probe.ini; chattr -i /etc/bailiff/policies.d/probe.ini
echo "== ionice"; ionice -c3 -p $P; ionice -p $P
echo "== mount_setattr / remount,bind in the daemon's own namespace"
mark
nsenter -t $P -m mount -o remount,bind,ro /sys/fs/bpf; echo "rc $?"
grep bpf /proc/$P/mounts
sleep 3; entries -u bailiffd -o cat | tail -3
nsenter -t $P -m mount -o remount,bind,rw /sys/fs/bpf
nsenter -t $P -m mount -o remount,bind,noexec,ro /usr; echo "usr rc $?"
echo "== a v1 freezer"
mkdir -p /run/fz; mount -t cgroup -o freezer none /run/fz; echo "mount $?"
mkdir /run/fz/x; echo $P >/run/fz/x/cgroup.procs; echo "attach $?"
cat /proc/$P/cgroup
mark
echo FROZEN >/run/fz/x/freezer.state; cat /run/fz/x/freezer.state
policy new <<END
[select]
unit = new.service
[process]
deny = chroot
END
ls /etc/bailiff/policies.d
t0=$(date +%s)
for i in $(seq 13); do sleep 20; echo "+$(( $(date +%s)-t0 ))s $(systemctl is-active bailiffd) pid $(systemctl show -P MainPID bailiffd) $(awk '/State/{print $2,$3}' /proc/$P/status 2>/dev/null)"; done
entries -u bailiffd -o cat | tail; journalctl -u bailiffd --no-pager | tail -8
timeout 20 systemctl restart bailiffd; systemctl is-active bailiffd
echo "chroot in probe.service: $(service probe.service chroot / /bin/true 2>&1)"
echo THAWED >/run/fz/x/freezer.state; sleep 5; systemctl is-active bailiffd
journalctl -u bailiffd --no-pager | tail -8
