#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The same as light-attacks.sh, on ext4 too, where a block device is there to be mounted once more. $PLACE
# is what is confined: a cgroup, a service, or a podman container.

test=attacks
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacks-lib.sh"
. "$(dirname "$0")/attacks-places.sh"

doors=${DOORS-$doors}
file_systems=${FILE_SYSTEMS-ext4}
place=${PLACE-cgroup}
[ "$place" != podman ] || file_systems=podman
forms=${FORMS-patterns}
attacks_run
