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

# The value of an option, which stands in $2 or behind a "=" there.
_bailiff_value() {
	local word=$2
	case $1 in
	--policy) mapfile -t COMPREPLY < <(compgen -W "$(_bailiff_policies)" -- "$word") ;;
	--verdict) mapfile -t COMPREPLY < <(compgen -W "deny audit would-deny" -- "$word") ;;
	--since) mapfile -t COMPREPLY < <(compgen -W "10m 1h 1d today yesterday" -- "$word") ;;
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
		mapfile -t COMPREPLY < <(compgen -W "check status events learn doctor release --help --version" \
			-- "$word")
		return
	fi
	# bash takes "--policy=web" for three words
	[ "$word" != = ] || word=
	[ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
	case $command:$before in
	events:--policy | events:--verdict | events:--since | events:--unit)
		_bailiff_value "$before" "$word"
		return
		;;
	events:-n | events:--lines) return ;;
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
	check) options="--json --help" ;;
	status) options="--rules --json --help" ;;
	events)
		options="--follow --lines= --since= --policy= --verdict= --unit= --any-sender --json
			--help"
		;;
	learn)
		options="--for= --restart --output= --merge= --force --json --help"
		if [[ $word != -* ]]; then
			_bailiff_value --unit "$word"
			return
		fi
		;;
	doctor) options="--json --help" ;;
	release) options="--help" ;;
	*) return ;;
	esac
	if [ "$command" = check ] && [[ $word != -* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X '!*.ini' -- "$word" && :; compgen -d -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}

complete -F _bailiff bailiff
