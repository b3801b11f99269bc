#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A part of the attacks for "make check", of all programs: every fifth technique, each day from another one
# on, and each day on another file system. "make attacks" runs them all. $DOOR_TURN, a number, is the day.

test=doors
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacks-lib.sh"

# Once for each kernel, where preemption can do more harm.
[ "$(attacks_preemption)" = full ] || exit 0

turn=${DOOR_TURN-$(date +%-j)}
echo "# DOOR_TURN=$turn"
case $((turn % 2)) in 0) file_systems=tmpfs ;; *) file_systems=overlay ;; esac
forms=mixed
DOOR_ONLY=" "
for door in $doors; do
	DOOR_ONLY+=$(door-"$door" list | awk -v turn="$turn" 'NR % 5 == turn % 5 { printf "%s ", $1 }')" "
done
export DOOR_ONLY
attacks_run
