/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The same for a daemon that has another layout of events: it cannot read those of ours. */
#include "bpf-lsm/abi-record.h"

#undef BAILIFF_RECORD_VERSION
#define BAILIFF_RECORD_VERSION 99
