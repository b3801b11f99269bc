/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The names that policies have for acts, by the numbers of abi.h; "unknown" for others. */
const char *act_capability_name(unsigned capability);
const char *act_process_name(unsigned process);

/*
 * The other way round: the number of abi.h, or -1 where @name names none. Capabilities are taken in
 * either case, and with "cap_" before them; "wx" is an act of processes here, too.
 */
int act_capability_find(const char *name);
int act_process_find(const char *name);

/* All of these names, as nearest() takes them. */
const char *const *act_capability_names(void);
const char *const *act_process_names(void);

/* What a protocol's addresses are. */
enum act_address {
	ACT_ADDRESS_NONE,
	ACT_ADDRESS_PLAIN, /* no ports */
	ACT_ADDRESS_PORTS,
	ACT_ADDRESS_SOCKET, /* a path, or '@' and an abstract name */
};

/* The protocol of that name of @n bytes: its letter of abi.h, and what its addresses are. */
bool act_protocol_find(const char *name, size_t n, char *ret_letter, enum act_address *ret_address);
const char *const *act_protocol_names(void);
