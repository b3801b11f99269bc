# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For attacks-lib.sh: programs that are a service's own, or a container's, on its own root.

# The containers of a door, which are named as its policies are.
attacks_of() {
	case $1 in
	exec | proc) echo "attack-$1 attack-$1-other" ;;
	*) echo "attack-$1" ;;
	esac
}

# Root in them has all that podman can give.
attacks_containers() {
	local door name
	for door in $doors; do
		for name in $(attacks_of "$door"); do
			podman create -q -i --name "$name" --privileged --network host --pid host --ipc host \
				--cgroupns host -v /mnt:/mnt:ro -e PATH="$PATH" localhost/tiny \
				"$(command -v door-"$door")" inside $attack/podman/door-"$door" >/dev/null ||
				not_ok "$name: the container is made"
		done
	done
}

# attacks_root CONTAINER: its root, as the host sees it
attacks_root() {
	podman mount "$1"
}

attacks_prepare_container() {
	local name folder
	for name in $(attacks_of "$1"); do
		folder=$(attacks_root "$name")$attack/podman/door-$1
		mkdir -p "$folder"
		door-"$1" prepare-all "$folder" || not_ok "$name: its folders are made"
	done
}

# attacks_place NAME DOOR FOLDER: the command that runs the door inside
attacks_place() {
	case $place in
	service)
		echo "exec systemd-run --quiet --pipe --wait --collect --setenv=PATH=$PATH" \
			"-p PrivateMounts=yes --unit=$1.service -- $(command -v door-"$2") inside $3"
		;;
	podman) echo "exec podman start -a -i $1" ;;
	esac
}

# attacks_run_in_place try|attack FILE-SYSTEM DOOR
attacks_run_in_place() {
	local folder=$attack/$2/door-$3 base other
	base=$folder other=$folder
	if [ "$place" = podman ]; then
		base=$(attacks_root attack-"$3")$folder
		other=$(attacks_root attack-"$3"-other 2>/dev/null)$folder
	fi
	DOOR_BASE_OTHER=$other DOOR_PLACE=$(attacks_place attack-"$3" "$3" "$folder") \
		DOOR_PLACE_OTHER=$(attacks_place attack-"$3"-other "$3" "$folder") \
		door-"$3" "$1-in" "$base"
}
