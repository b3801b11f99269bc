#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# That what is protected has no second road: some four hundred techniques, on a tmpfs and on an
# overlay. $DOORS, $FORMS, $FILE_SYSTEMS and $DOOR_ONLY limit them.

test=attacks
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacks-lib.sh"

doors=${DOORS-$doors}
file_systems=${FILE_SYSTEMS-tmpfs overlay}
forms=${FORMS-mixed}
attacks_run
