#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The EXAMPLES of bailiff(1), one after the other, on a machine where each has something to do: a service
# that can be learnt, a policy, denials. Times are shorter, and no cluster is there: "kubectl" prints
# what one would. And the commands of docs/library.md.

test=examples
. "$(dirname "$0")/lib.sh"

page=/usr/share/man/man1/bailiff.1
work=/tmp/examples
mkdir -p $work/bin
cd $work || exit 1
printf '#!/bin/bash\n"$@"\n' >bin/sudo
cat >bin/kubectl <<'END'
#!/bin/bash
[ "$*" = "get ksp -n shop -o yaml" ] || exit 1
printf '%s\n' 'apiVersion: v1' 'kind: List' 'items:' '- apiVersion: security.kubearmor.com/v1' '  kind: KubeArmorPolicy' \
	'  metadata:' '    name: till' '    namespace: shop' '  spec:' '    selector:' '      matchLabels:' '        app: till' \
	'    file:' '      matchPaths:' '      - path: /etc/shadow' '    action: Block'
END
chmod 755 bin/*
PATH=$work/bin:$PATH

# The policy of the examples, and what it makes of nginx.
web() {
	printf '%s\n' '[policy]' "mode = $1" '[select]' 'unit = nginx.service' '[file]' 'deny = read /srv/secret*'
}
visit() {
	local file
	for file in secret secret2; do
		bash -c "echo \$BASHPID >/sys/fs/cgroup/system.slice/nginx.service/cgroup.procs; read -r line </srv/$file" 2>/dev/null
	done
}
mode_is() { bailiff status --json | grep -q "\"mode\": *\"$1\""; }
told() { [ -n "$(bailiff events --policy=web --verdict="$1")" ]; }

# example PATTERN STATUS OUTPUT: the example of the page that matches, done
n=0
example() {
	local command found=0
	command=$(sed -n 's/^\.Dl \$ //p' $page | sed 's/\\(dq/"/g' | grep -- "$1")
	[ "$(wc -l <<<"$command")" = 1 ] && [ -n "$command" ] || {
		not_ok "$1: it is one example of the page: $command"
		return
	}
	n=$((n + 1))
	timeout "${limit-120}" bash -o pipefail -c "${command/--for 30m/--for 5s}" >out 2>&1 </dev/null || found=$?
	[ -s out ] || echo nothing >out
	if [ $found = "$2" ] && grep -Eq -- "$3" out; then
		ok "$command"
	else
		not_ok "$command: status $found, and not $2 with '$3': $(head -n 20 out)"
	fi
}

echo secret >/srv/secret
cp /srv/secret /srv/secret2
systemctl start nginx
start_daemon
example 'learn nginx' 0 'nginx.ini: .* events'
web audit >web.ini
example 'check web.ini' 0 '0 errors, 0 warnings'
eventually mode_is audit || not_ok "the policy is in force"
visit
eventually told would-deny || not_ok "what would be denied is told"
example 'try web.ini' 0 '^allow read /etc/shadow'
web enforce >web.ini
example 'diff /etc' 1 '/srv/secret'
example 'would-deny' 0 'would-deny.*/srv/secret'
install -m 644 web.ini /etc/bailiff/policies.d/
eventually mode_is enforce || not_ok "the changed policy is in force"
visit
eventually told deny || not_ok "what is denied is told"
example 'jq -r .path' 0 '^ *[0-9]+ /'
example 'why --last$' 0 '^verdict +deny by policy web, .*web.ini:6$'
example 'edits' 0 'patching file'
has "the edit is in the file" 'allow' "$(cat /etc/bailiff/policies.d/web.ini)"
example 'convert kubearmor' 0 '^nothing$'
has "the policy of the pod is there" 'deny += read.* /etc/shadow' "$(cat shop_till.ini)"
{ sleep 3; visit; } &
limit=10 example 'events -f' 124 '/srv/secret' # it ends by being stopped
wait $!
is "these are all examples of the page" "$(grep -c '^\.Dl \$ ' $page)" $n

rm /etc/bailiff/policies.d/web.ini
while IFS= read -r command; do
	found=0 limit=30
	[[ $command != *' -f '* ]] || limit=3 # it ends by being stopped
	timeout $limit bash -c "$command" >out 2>&1 </dev/null || found=$?
	[ $limit/$found != 3/124 ] || found=0
	is "docs/library.md: ${command%%  *}" 0 $found
done < <(sed -n '/^```text$/,/^```$/{/^```/!p}' /mnt/library.md)
eventually mode_is enforce || not_ok "docs/library.md: the ready policy is enforced"

stop_daemon
systemctl stop nginx
rm -rf $work /srv/secret /srv/secret2 /etc/bailiff/policies.d/nginx.ini
