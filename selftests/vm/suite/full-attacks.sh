#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The same as light-attacks.sh, on ext4: where a block device is there to be mounted once more.

test=attacks
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacks-lib.sh"

doors=${DOORS-$doors}
file_systems=ext4
forms=${FORMS-patterns}
attacks_run
