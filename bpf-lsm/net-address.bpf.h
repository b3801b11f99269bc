/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "net.bpf.h"

/* An address and a port, as they are on the wire. */
struct endpoint {
	__u8 address[16];
	__u16 port; /* the host's order */
	bool v6;
	bool any_port; /* the kernel has still to choose one: the strictest answer of all stands */
};

static __always_inline bool is_mapped(const __u8 *address)
{
	for (int i = 0; i < 10; i++)
		if (address[i])
			return false;
	return address[10] == 0xff && address[11] == 0xff;
}

/*
 * Writes an endpoint as the end of an act's name into scratch space; returns its number, 0 where
 * there was none. A function of its own to the verifier.
 */
__u32 endpoint_write(struct endpoint *end);

static __always_inline int decide_endpoint(struct subject *subject, char operation, char protocol,
					   struct endpoint *end)
{
	struct scratch *scratch = scratch_of(endpoint_write(end));

	if (!scratch)
		return decide_act_untold(subject, BAILIFF_REASON_NO_SCRATCH);
	return decide_network(subject, scratch, end->any_port ? VERB_BELOW_ACT : VERB(ACT),
			      operation, protocol);
}

/* The beginning of struct sockaddr_in and _in6. */
struct socket_address {
	__u16 family;
	__be16 port;
	union {
		__u8 v4[4];
		struct {
			__u32 flow;
			__u8 v6[16];
		};
		__u8 room[28]; /* so that a mask of 31 bounds what is read */
	};
};

/*
 * Reads an address that the caller gave, of which the kernel has its own copy. It goes by the
 * socket's family as the kernel does, which takes AF_UNSPEC for AF_INET in several places. Returns
 * whether there is one.
 */
static __always_inline bool read_address(struct sock *sk, void *address, int n,
					 struct endpoint *end)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct socket_address from = {};
	__u32 size = n;

	if (size < 8)
		return false;
	if (size > 24)
		size = 24;
	barrier_var(size);
	if (bpf_probe_read_kernel(&from, size & 31, address))
		return false;
	end->port = __builtin_bswap16(from.port);
	end->v6 = family == AF_INET6 && from.family == AF_INET6;
	if (family == AF_INET6 && from.family == AF_UNSPEC)
		return false;
	if (end->v6)
		__builtin_memcpy(end->address, from.v6, sizeof(from.v6));
	else
		__builtin_memcpy(end->address, from.v4, sizeof(from.v4));
	return true;
}

/* No address at all to connect to is this machine. */
static __always_inline void no_address_is_here(struct endpoint *end)
{
	__u8 any = 0;

	/* IPv6's mapped form of it too */
	if (end->v6 && is_mapped(end->address)) {
		for (int i = 0; i < 4; i++)
			end->address[i] = end->address[12 + i];
		end->v6 = false;
	}
	for (int i = 0; i < 16; i++)
		any |= end->v6 || i < 4 ? end->address[i] : 0;
	if (any)
		return;
	end->address[end->v6 ? 15 : 3] = 1;
	if (!end->v6)
		end->address[0] = 127;
}

static __always_inline bool has_addresses(char protocol)
{
	return protocol == BAILIFF_PROTOCOL_TCP || protocol == BAILIFF_PROTOCOL_UDP ||
	       protocol == BAILIFF_PROTOCOL_ICMP || protocol == BAILIFF_PROTOCOL_SCTP ||
	       protocol == BAILIFF_PROTOCOL_RAW;
}

/*
 * A UDP socket that is bound to port 0 listens on what the kernel chooses, and nothing asks again.
 * One of TCP or SCTP may still be a client's; it is asked when it listens.
 */
static __always_inline int decide_address(struct subject *subject, char operation, struct sock *sk,
					  void *address, int n)
{
	struct endpoint end = {};
	char protocol = sock_protocol(sk);

	if (!has_addresses(protocol))
		return decide_plain(subject, operation, protocol);
	if (!read_address(sk, address, n, &end))
		return 0; /* none, or one that the kernel itself refuses */
	if (operation == BAILIFF_NETWORK_CONNECT)
		no_address_is_here(&end);
	end.any_port = operation == BAILIFF_NETWORK_LISTEN && !end.port &&
		       protocol == BAILIFF_PROTOCOL_UDP;
	return decide_endpoint(subject, operation, protocol, &end);
}
