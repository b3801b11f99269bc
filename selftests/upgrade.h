/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Included before all else, it makes a daemon of another ABI version: for tests of upgrades. */
#include "bpf-lsm/abi.h"

#undef BAILIFF_ABI_VERSION
#define BAILIFF_ABI_VERSION 1
