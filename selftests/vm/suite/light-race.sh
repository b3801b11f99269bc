#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Races for a denied file (selftests/attacks/race.c): some thousands of acts a game here; "make soak"
# does a million in all: $RACE_ACTS a game. $RACE_GAMES are the games to play, else all.

test=race
. "$(dirname "$0")/lib.sh"

acts=${RACE_ACTS-1500}
games=${RACE_GAMES-symlink exchange folder names mount kept chroot cgroup born reload}
here=/sys/fs/cgroup/race free=/sys/fs/cgroup/race-free
name=a-name-that-has-no-room-in-the-entry-itself-and-lies-elsewhere

mkdir -p $policies $here $free
race lay || not_ok "the tree is laid"
# shellcheck disable=SC2086 # several games
said=$(race 400 $free $free ${games/reload/})
for game in $games; do
	[ "$game" = reload ] || has "$game: without policy the file is reached" \
		"^$game: .* [1-9][0-9]* REACHED" "$said"
done
race clear && race lay || not_ok "the tree is laid anew"
cat >$policies/race.ini <<-END
	[select]
	cgroup = /race
	[file]
	deny = read /race/denied/secret /race/moving/**/secret
	deny = read /race/names/{shadow,gshadow} /race/names/{p,q/rest}/secret
	deny = read /race/names/{short,a-longer-name}/secret
	deny = read /race/names/{shadow,gshadow}-$name
	deny = read /race/kept/shut/**
	[exec]
	deny = /race/denied/tool /race/moving/**/tool /race/names/{p,q/rest}/tool
	deny = /race/kept/shut/**
END
bailiffd 2>/tmp/bailiffd.log &
eventually in_force 1 || not_ok "the policy came into force: $(cat /tmp/bailiffd.log)"
for game in $games; do
	start=$SECONDS
	said=$(race "$acts" $here $free "$game" 2>&1)
	result=$?
	echo "# $said ($((SECONDS - start)) s)"
	is "$game: nothing is reached in $acts acts" 0 $result
	hasnt "... and the acts were denied" ' 0 denied' "$said"
	refused=${said% refused*}
	flips=${said% flips*}
	[ "${flips##* }" = 0 ] || is "... while the partner did what it may" 1 \
		$((${refused##* } * 2 < ${flips##* }))
done
kill %1
wait
bailiff release >/dev/null 2>&1
rm -f $policies/race.ini $policies/race-also.ini
race clear
rmdir $here $free
