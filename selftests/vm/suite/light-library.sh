#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ready policies (policy/examples) that need no service manager: each in a cgroup of its own, in what
# is a container to the kernel (an overlay as the root of a mount namespace). Each act is done without
# policy, when it must work, and with: what is stopped must be so with our errno (1: EACCES, 3: EPERM for
# capabilities), by other roads too, and the rest must work as before.

test=library
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacks-lib.sh"

# Once for each kernel, as the attacks.
[ "$(attacks_preemption)" = full ] || exit 0

examples=/usr/share/doc/bailiff/examples
c=/tmp/library
names="container-no-shell container-no-drift container-no-package-manager container-no-escape container-no-miner
	kubernetes-no-token no-cloud-metadata no-raw-sockets sensitive-files keys-and-history no-persistence
	no-kernel-tampering read-only-system service-no-shell service-allow-list"
under=no name=

# What a container is made of. "sh" and the like are files of their own; /enter is our way in.
make_image() {
	local file
	mkdir -p $c/{layers,root}
	mount -t tmpfs tmpfs $c/layers
	mkdir -p $c/layers/{upper,work} $c/layers/lower/{enter,old,proc,sys,dev,tmp,etc,root,boot,opt,home/jo,work} \
		$c/layers/lower/usr/{bin,sbin,lib} $c/layers/lower/var/{tmp,lib,spool}
	cd $c/layers/lower || exit 1
	ln -s usr/bin usr/sbin usr/lib .
	cp "$(command -v busybox)" enter/busybox
	cp "$(command -v busybox)" usr/bin/sh
	cp usr/bin/sh usr/bin/dash
	for file in act call door-proc door-net; do cp "$(command -v $file)" usr/bin/; done
	for file in usr/bin/{wget,apt-get,pip3,python3,xmrig-6,operator} usr/lib/libgood.so opt/helper; do cp usr/bin/act $file; done
	cp usr/bin/call usr/bin/worker
	for file in usr/bin/edited opt/docs/a etc/sudoers.d/one etc/{hostname,passwd,shadow,gshadow,sudoers,crontab,profile} etc/ssh/ssh_host_ed25519_key \
		etc/cron.d/job etc/systemd/system/a.service etc/pam.d/login etc/apps/one/cache/file etc/apps/one/conf \
		root/.ssh/{id_ed25519,id_ed25519.pub,authorized_keys} root/{.bash_history,.bashrc,.netrc,notes} \
		home/jo/.aws/credentials home/jo/.kube/config boot/vmlinuz usr/lib/modules/6/a.ko var/lib/dpkg/status \
		var/lib/worker/data usr/lib/python3/dist-packages/{pip/__main__.py,other.py} \
		run/secrets/kubernetes.io/serviceaccount/..1/token; do
		mkdir -p ${file%/*}
		echo x >$file
	done
	ln -s ..1/token run/secrets/kubernetes.io/serviceaccount/token
	ln -s ../run var/run
	printf '#!/usr/bin/sh\nexit 0\n' >usr/bin/script
	chmod 755 usr/bin/script
	cd /
}

# A process that keeps the namespace, with what was changed in the container before any policy.
start_container() {
	local fs=$c/root
	mount -t overlay -o redirect_dir=on,lowerdir=$c/layers/lower,upperdir=$c/layers/upper,workdir=$c/layers/work overlay $fs
	unshare -m /bin/sh -c "mount --make-rprivate / && mount -t proc proc $fs/proc && mount -t sysfs sysfs $fs/sys &&
		mount -t cgroup2 cgroup2 $fs/sys/fs/cgroup && mount -t devtmpfs dev $fs/dev && mkdir -p $fs/dev/shm &&
		mount -t tmpfs tmpfs $fs/dev/shm && cd $fs && pivot_root . old && umount -l old && exec /enter/busybox sleep 10000" &
	container=$!
	eventually inside test -e /proc/self -a ! -e /mnt/suite || { not_ok "the container is there"; exit 1; }
	inside cp /usr/bin/act /tmp/new
	inside cp /usr/bin/apt-get /tmp/other-name
	inside cp /usr/bin/sh /var/tmp/sh
	inside cp /usr/bin/act /dev/shm/new
	inside ln /tmp/new /usr/bin/hard-new
	inside cp /usr/lib/libgood.so /var/lib/worker/lib.so
	inside mkdir /tmp/link
	inside ln -s /usr/bin/sh /tmp/link/sh
	inside ln -s /etc/shadow /tmp/link-shadow
	inside ln -s /run/secrets/kubernetes.io /tmp/link-token
	inside ln -s /root/.ssh /tmp/link-ssh
	inside ln -s /etc /tmp/link-etc
	for door in proc net; do
		inside mkdir /work/$door
		inside sh -c "cd /work/$door && door-$door prepare"
	done
}
inside() { nsenter -t $container -m -- /enter/busybox "$@"; }

# In the container, in a mount namespace that is thrown away, in the cgroup of the policy.
act_in() {
	nsenter -t $container -m -- /enter/busybox unshare -m /enter/busybox sh -c '
		echo $$ >/sys/fs/cgroup/library-'"$name"'/cgroup.procs && cd '"${folder-/}"' && exec "$@"' sh "$@"
}

# stops WHAT STATUS COMMAND...
stops() {
	local what=$1 expected=$2
	[ $under = yes ] || expected=0
	shift 2
	status "$name: $([ $under = yes ] && echo denied || echo "without policy"): $what" "$expected" act_in "$@"
}

# leaves WHAT COMMAND...
leaves() {
	status "$name: $([ $under = yes ] && echo goes on || echo "without policy"): $1" 0 act_in "${@:2}"
}

# door DOOR STATUS NAME...: techniques of selftests/attacks
door() {
	local door=$1 expected=$2 one
	shift 2
	for one; do
		folder=/work/$door stops "$one" "$expected" door-"$door" "$one"
	done
}

acts_container-no-shell() {
	stops "a shell" 1 act exec /usr/bin/sh -c true
	stops "... by a symbolic link" 1 act exec /tmp/link/sh -c true
	stops "... by a new hard link" 1 call link /usr/bin/dash /usr/bin/hard
	stops "... a copy of it" 1 act exec /var/tmp/sh -c true
	stops "... a copy in memory" 1 act memfd /usr/bin/sh -c true
	stops "... as a script's interpreter" 1 act exec /usr/bin/script
	stops "a downloader" 1 act exec /bin/wget list /
	leaves "another program" act exec /usr/bin/operator list /
	leaves "reading a file" act read /etc/hostname
}
acts_container-no-drift() {
	stops "a new program" 1 act exec /tmp/new list /
	stops "... by a new hard link" 1 act exec /usr/bin/hard-new list /
	stops "... on a tmpfs" 1 act exec /dev/shm/new list /
	stops "... in memory" 1 act memfd /usr/bin/act list /
	stops "... loaded as a library" 1 act load /tmp/new
	stops "... read by an interpreter" 1 python3 read /tmp/new
	leaves "a program of the image" act exec /usr/bin/sh -c true
	leaves "a script of the image" act exec /usr/bin/script
	leaves "a library of the image" act load /usr/lib/libgood.so
	leaves "a new file" act read /tmp/new
	leaves "making a file" call make /tmp/made
}
acts_container-no-package-manager() {
	stops "a package manager" 1 act exec /usr/bin/apt-get list /
	stops "... by a new hard link" 1 call link /usr/bin/apt-get /tmp/hard
	stops "... a copy of it, when it writes down what it did" 1 act exec /tmp/other-name write /var/lib/dpkg/status
	stops "... by its link in /bin" 1 act exec /bin/apt-get list /
	stops "pip" 1 act exec /usr/bin/pip3 list /
	stops "... as a module" 1 python3 read /usr/lib/python3/dist-packages/pip/__main__.py
	leaves "reading what is installed" act read /var/lib/dpkg/status
	leaves "another module" python3 read /usr/lib/python3/dist-packages/other.py
	leaves "another program" act exec /usr/bin/sh -c true
}
acts_container-no-escape() {
	door proc 1 mount mount-bind mount-proc ptrace-child perf-software \
		keyctl-join unshare-userns clone3-userns io-uring core-pattern \
		core-pattern-self-root modprobe
	# The capability is asked for first; before bpf() on 6.1, so that is tried with no-kernel-tampering.
	door proc 3 mount-newns new-mount-attach open-tree-attach finit-module-memfd userfaultfd cap-mknod cap-sys-rawio cap-sys-admin-hostname cap-sys-time
	stops "a setting of the kernel" 1 act write /proc/sys/vm/swappiness
	stops "the kernel's memory" 1 act read /proc/kcore
	stops "the kernel's log" 1 act write /dev/kmsg
	stops "a runtime's socket" 1 call connect /run/docker.sock
	stops "... in another folder" 1 call connect /tmp/podman.sock
	stops "a shim's abstract socket" 1 act connect @/containerd-shim/x
	leaves "another socket" call connect /run/other.sock
	leaves "a folder of the image is replaced" /enter/busybox sh -c "rm -r /opt/docs && mkdir /opt/docs && echo x >/opt/docs/a"
	leaves "a shell" act exec /usr/bin/sh -c true
	leaves "another's file" act read /etc/shadow
	leaves "changing the owner" /enter/busybox chown 1:1 /tmp/new
	leaves "a connection" call tcp 127.0.0.1 80
	leaves "a signal inside" /enter/busybox sh -c 'sleep 9 & kill $!'
}
acts_container-no-miner() {
	stops "a program in /tmp" 1 act exec /tmp/new list /
	stops "... in /dev/shm" 1 act exec /dev/shm/new list /
	stops "... in memory" 1 act memfd /usr/bin/act list /
	stops "... by a new hard link" 1 call link /tmp/new /usr/bin/hard
	stops "a script in /tmp" 1 python3 read /tmp/new
	stops "a known miner" 1 act exec /usr/bin/xmrig-6 list /
	stops "a pool" 1 call tcp 127.0.0.1 3333
	stops "... by IPv4 in IPv6" 1 call tcp ::ffff:127.0.0.1 3333
	stops "large pages" 1 act write /proc/sys/vm/nr_hugepages
	leaves "another port" call tcp 127.0.0.1 80
	leaves "another program" act exec /usr/bin/sh -c true
	leaves "a file in /tmp" act read /tmp/new
}
acts_kubernetes-no-token() {
	local token=/run/secrets/kubernetes.io/serviceaccount/token
	stops "the token" 1 act read $token
	stops "... by /var/run" 1 act read /var/run/secrets/kubernetes.io/serviceaccount/token
	stops "... by a link" 1 act read /tmp/link-token/serviceaccount/token
	stops "... by a new hard link" 1 call link ${token%/*}/..1/token /run/hard
	stops "... in a renamed folder" 1 call rename /run/secrets /run/moved
	stops "... by an interpreter" 1 python3 read $token
	leaves "other files" act read /etc/hostname
	leaves "the list of its folder's parent" act list /run/secrets
}
acts_no-cloud-metadata() {
	stops "the metadata service" 1 call tcp 169.254.169.254 80
	stops "... by IPv4 in IPv6" 1 call tcp ::ffff:169.254.169.254 80
	stops "... by IPv6" 1 call tcp fd00:ec2::254 80
	stops "... at another port" 1 call tcp 169.254.169.254 8080
	stops "the containers' credentials" 1 call tcp 169.254.170.2 80
	door net 1 raw raw6 packet
	leaves "the name server at that address" call tcp 169.254.169.254 53
	leaves "another address" call tcp 127.0.0.1 80
}
acts_no-raw-sockets() {
	door net 1 raw raw6 raw-raw raw-userns packet packet-datagram uring-raw
	door proc 1 cap-net-raw-packet
	leaves "a connection" call tcp 127.0.0.1 80
	leaves "a unix socket" call socket 1
	leaves "a program" act exec /usr/bin/sh -c true
}
acts_sensitive-files() {
	stops "the passwords" 1 act read /etc/shadow
	stops "... by a link" 1 act read /tmp/link-shadow
	stops "... by a new hard link" 1 call link /etc/shadow /tmp/hard
	stops "... by another name" 1 call rename /etc/shadow /etc/moved
	stops "... in a renamed folder" 1 call rename /etc /moved
	stops "... by a shell" 1 /enter/busybox cat /etc/shadow
	stops "the machine's key" 1 act read /etc/ssh/ssh_host_ed25519_key
	stops "a new account" 1 act write /etc/passwd
	stops "a rule of sudo's" 1 call make /etc/sudoers.d/x
	leaves "the accounts" act read /etc/passwd
	leaves "other files of /etc" act write /etc/hostname
}
acts_keys-and-history() {
	stops "a key" 1 act read /root/.ssh/id_ed25519
	stops "... by a link" 1 act read /tmp/link-ssh/id_ed25519
	stops "... by a new hard link" 1 call link /root/.ssh/id_ed25519 /root/hard
	stops "... in a renamed folder" 1 call rename /root/.ssh /root/moved
	stops "a new key" 1 act write /root/.ssh/authorized_keys
	stops "what was typed" 1 act read /root/.bash_history
	stops "... made empty" 1 act truncate /root/.bash_history
	stops "a password" 1 act read /root/.netrc
	stops "a cloud's key" 1 act read /home/jo/.aws/credentials
	stops "a cluster's key" 1 act read /home/jo/.kube/config
	leaves "a public key" act read /root/.ssh/id_ed25519.pub
	leaves "other files" act write /root/notes
}
acts_no-persistence() {
	stops "ld.so.preload" 1 call make /etc/ld.so.preload
	stops "... by a link" 1 call make /tmp/link-etc/ld.so.preload
	stops "... put there by a rename" 1 call rename /root/notes /etc/ld.so.preload
	stops "... by a hard link" 1 call link /root/notes /etc/ld.so.preload
	stops "cron" 1 call make /etc/cron.d/x
	stops "... by a renamed folder" 1 call rename /etc/cron.d /tmp/moved
	stops "... a job that is there" 1 act write /etc/cron.d/job
	stops "a unit" 1 call make /etc/systemd/system/x.service
	stops "a unit that is there" 1 act write /etc/systemd/system/a.service
	stops "a shell's start" 1 act write /root/.bashrc
	stops "PAM" 1 act write /etc/pam.d/login
	stops "a key for SSH" 1 act write /root/.ssh/authorized_keys
	stops "systemd's private socket" 1 call connect /run/systemd/private
	leaves "reading a unit" act read /etc/systemd/system/a.service
	leaves "other files" act write /etc/hostname
	leaves "another socket" call connect /run/other.sock
}
acts_no-kernel-tampering() {
	door proc 1 bpf-map perf-software core-pattern core-pattern-self-root modprobe
	door proc 3 finit-module-memfd init-module cap-sys-rawio
	stops "the kernel's memory" 1 act read /proc/kcore
	stops "the kernel of the next boot" 1 act write /boot/vmlinuz
	stops "a module's file" 1 act write /usr/lib/modules/6/a.ko
	stops "... by its folder" 1 call rename /usr/lib/modules /usr/lib/moved
	leaves "other files of /usr" act write /usr/bin/edited
	leaves "a setting" act write /proc/sys/vm/swappiness
	leaves "a program" act exec /usr/bin/sh -c true
}
acts_read-only-system() {
	stops "a program" 1 act write /usr/bin/edited
	stops "... by its other name" 1 act write /bin/edited
	stops "... put in its place" 1 call rename /root/notes /usr/bin/new
	stops "... its mode" 1 /enter/busybox chmod 700 /usr/bin/edited
	stops "a new file in /etc" 1 call make /etc/x
	stops "... by a hard link" 1 call link /root/notes /etc/x
	stops "the folder itself" 1 call rename /etc /moved
	stops "a configuration" 1 act write /etc/apps/one/conf
	leaves "its cache" act write /etc/apps/one/cache/file
	leaves "reading" act read /etc/apps/one/conf
	leaves "other files" act write /root/notes
}
acts_service-no-shell() {
	stops "a shell" 1 act exec /usr/bin/sh -c true
	stops "... by a link" 1 act exec /tmp/link/sh -c true
	stops "... by a new hard link" 1 call link /usr/bin/dash /usr/bin/hard
	stops "... a copy of it" 1 act exec /var/tmp/sh -c true
	stops "... a copy in memory" 1 act memfd /usr/bin/sh -c true
	stops "... as a script's interpreter" 1 act exec /usr/bin/script
	stops "an interpreter" 1 act exec /usr/bin/python3 list /
	stops "a new program among the system's" 1 call make /usr/bin/x
	leaves "another program" act exec /usr/bin/operator list /
	leaves "one in /opt" act exec /opt/helper list /
	leaves "other files" act write /root/notes
}
acts_service-allow-list() {
	stops "another program" 126 act list /
	stops "a shell" 126 sh -c true
	stops "a change outside of its folder" 1 worker touch /root/notes
	stops "... by a hard link" 1 worker link /var/lib/worker/data /var/tmp/hard
	stops "another address" 1 worker tcp 127.0.0.1 5432
	stops "... by IPv4 in IPv6" 1 worker tcp ::ffff:127.0.0.1 5432
	stops "another port" 1 worker tcp 10.0.0.1 80
	stops "a capability" 3 worker attribute /var/lib/worker/data
	stops "a runtime's socket" 1 worker connect /run/docker.sock
	leaves "its database" worker tcp 10.0.0.1 5432
	leaves "its files" worker touch /var/lib/worker/data
	leaves "making a file there" worker make /var/lib/worker/new
	leaves "systemd's sockets" worker connect /run/systemd/private
}

all_acts() {
	for name in $names; do "acts_$name"; done
}

# What acts ask for, outside of the container.
ip link set lo up
for address in 169.254.169.254/32 169.254.170.2/32 10.0.0.1/32; do ip addr add $address dev lo; done
ip -6 addr add fd00:ec2::254/128 dev lo nodad 2>/dev/null || ip -6 addr add fd00:ec2::254/128 dev lo
mkdir -p $policies $c /sys/fs/cgroup/library
for port in 80 53 8080 3333 5432; do
	busybox httpd -f -p "[::]:$port" -h /tmp &
	helpers+=" $!"
done
make_image
start_container
for socket in /run/docker.sock /tmp/podman.sock /run/other.sock /run/systemd/private; do
	inside mkdir -p ${socket%/*}
	nsenter -t $container -m -- /usr/bin/call serve $socket &
	helpers+=" $!"
done
act serve @/containerd-shim/x &
helpers+=" $!"
for name in $names; do mkdir /sys/fs/cgroup/library-"$name"; done
rmdir /sys/fs/cgroup/library

all_acts
for name in $names; do
	# as it is, but for its mode and whom it is for
	sed 's/^mode\( *\)= audit$/mode\1= enforce/; /^\(unit\|host\) *=/d; s/^\[select\]$/&\ncgroup = \/library-'"$name"'/' \
		$examples/"$name".ini | policy "$name"
done
bailiffd 2>/tmp/bailiffd.log &
daemon=$!
eventually in_force "$(wc -w <<<"$names")" || not_ok "the policies came into force: $(cat /tmp/bailiffd.log)"
under=yes
all_acts

# What a comment says of a program that does ask the API server.
name=kubernetes-no-token
{
	cat $policies/$name.ini
	printf '[file "/usr/bin/operator"]\nallow = read /run/secrets/kubernetes.io/serviceaccount/**\n'
} | policy $name
allowed() { act_in operator read /run/secrets/kubernetes.io/serviceaccount/token; }
eventually allowed || not_ok "$name: the program that is named reads the token"
stops "the token, by others" 1 act read /run/secrets/kubernetes.io/serviceaccount/token
stops "... by changing that program" 1 act write /usr/bin/operator

kill $daemon
wait $daemon
bailiff release >/dev/null 2>&1
rm -f $policies/*.ini
# shellcheck disable=SC2086 # a list of words
kill $helpers $container
wait 2>/dev/null
umount $c/root $c/layers
rm -rf $c
for name in $names; do rmdir /sys/fs/cgroup/library-"$name"; done
for address in 169.254.169.254/32 169.254.170.2/32 10.0.0.1/32 fd00:ec2::254/128; do ip addr del $address dev lo; done
