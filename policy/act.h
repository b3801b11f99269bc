/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The names that policies have for acts, by the numbers of abi.h; "unknown" for others. */
const char *act_capability_name(unsigned capability);
const char *act_process_name(unsigned process);
