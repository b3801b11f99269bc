# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# bash completion for bailiff(1).

# Names of the policies there are files for.
_bailiff_policies() {
	local file
	for file in /etc/bailiff/policies.d/*.ini /run/bailiff/policies.d/*.ini; do
		[ ! -e "$file" ] || { file=${file##*/} && echo "${file%.ini}"; }
	done
}

# The words that a question of "try" takes.
_bailiff_words() {
	case $1 in
	--socket) echo "tcp udp icmp sctp raw unix netlink packet vsock other" ;;
	--process)
		echo "ptrace signal-out mount chroot bpf perf module keyctl userns io_uring userfaultfd
			setns wx"
		;;
	esac
}

# The value of an option, which stands in $2 or behind a "=" there.
_bailiff_value() {
	local word=$2
	case $1 in
	--policy) mapfile -t COMPREPLY < <(compgen -W "$(_bailiff_policies)" -- "$word") ;;
	--verdict) mapfile -t COMPREPLY < <(compgen -W "deny audit would-deny" -- "$word") ;;
	--since | --until) mapfile -t COMPREPLY < <(compgen -W "10m 1h 1d today yesterday" -- "$word") ;;
	--reason)
		mapfile -t COMPREPLY < <(compgen -W "no-namespace other-namespace too-long unreadable \
			no-scratch invoked-name second-name drift spelling other-name unknown-container" -- "$word")
		;;
	--path | --exe)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	--unit)
		mapfile -t COMPREPLY < <(compgen -W "$(systemctl list-units --plain --no-legend \
			--type=service 2>/dev/null | cut -d ' ' -f 1)" -- "$word")
		;;
	esac
}

_bailiff() {
	local word=$2 before=$3 command=${COMP_WORDS[1]} options
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "check try diff apply status metrics events why learn doctor \
			convert container-hook release --help --version" \
			-- "$word")
		return
	fi
	# bash takes "--policy=web" for three words
	[ "$word" != = ] || word=
	[ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
	case $command:$before in
	events:--policy | events:--verdict | events:--since | events:--until | events:--unit | \
		events:--reason | events:--path | events:--exe)
		_bailiff_value "$before" "$word"
		return
		;;
	try:--socket | try:--process)
		mapfile -t COMPREPLY < <(compgen -W "$(_bailiff_words "$before")" -- "$word")
		return
		;;
	try:--exec | try:--read | try:--write | try:--map | try:--as | try:--questions)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	try:--connect | try:--listen | try:--bind | try:--accept | try:--capability | try:--in) return ;;
	events:-n | events:--lines | events:--cgroup) return ;;
	convert:--posture)
		mapfile -t COMPREPLY < <(compgen -W "audit block" -- "$word")
		return
		;;
	convert:--select) return ;;
	convert:-o | convert:--output)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	apply:--confirm | status:--wait)
		mapfile -t COMPREPLY < <(compgen -W "60s 5m 1h" -- "$word")
		return
		;;
	learn:--for)
		mapfile -t COMPREPLY < <(compgen -W "10m 1h 1d" -- "$word")
		return
		;;
	learn:-o | learn:--output | learn:--merge)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X '!*.ini' -- "$word" && :; compgen -d -- "$word")
		return
		;;
	esac
	case $command in
	check) options="--strict --json --help" ;;
	try)
		options="--exec= --read= --write= --map= --connect= --listen= --bind= --accept= --socket=
			--capability= --process= --questions= --as= --in= --drift --no-drift --json --help"
		;;
	diff) options="--all --json --help" ;;
	apply) options="--confirm= --confirmed --cancel --json --help" ;;
	status) options="--rules --wait= --json --help" ;;
	metrics) options="--help" ;;
	events)
		options="--follow --lines= --since= --until= --policy= --verdict= --reason= --unit=
			--cgroup= --path= --exe= --any-sender --json --help"
		;;
	why)
		options="--last --any-sender --json --help"
		[[ $word == -* ]] || options=$(bailiff events --json -n 20 2>/dev/null |
			sed -n 's/.*"id": *"\([0-9a-z]*\)".*/\1/p')
		;;
	learn)
		options="--for= --restart --output= --merge= --force --json --help"
		if [[ $word != -* ]]; then
			_bailiff_value --unit "$word"
			return
		fi
		;;
	doctor) options="--json --help" ;;
	convert) options="--output= --force --select= --posture= --help" ;;
	container-hook) options="--look --help" ;;
	release) options="--help" ;;
	*) return ;;
	esac
	if [[ $command = apply || $command = check || $command = try || $command = diff ]] && [[ $word != -* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X '!*.ini' -- "$word" && :; compgen -d -- "$word")
		return
	fi
	if [ "$command:$COMP_CWORD" = convert:2 ] && [[ $word != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W kubearmor -- "$word")
		return
	fi
	if [ "$command" = convert ] && [[ $word != -* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X "!*.y*ml" -- "$word" && :; compgen -d -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}

complete -F _bailiff bailiff
