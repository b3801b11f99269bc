/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/* What the hooks of sockets share: whom they are about, and the names of acts (abi.h). */

#include "act.bpf.h"
#include "class.bpf.h"

/* include/linux/socket.h and uapi/linux/in.h */
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_VSOCK 40
#define AF_SMC 43 /* TCP, where the peer does not have it too */
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define IPPROTO_IP 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP 262
#define MSG_FASTOPEN 0x20000000

/* Its classes are found here: further down the calls' stacks would be more than there may be. */
static __always_inline bool network_subject(struct subject *subject)
{
	if (!subject_current(subject) || !network_used(subject))
		return false;
	class_find_all(subject);
	return true;
}

static __always_inline char inet_protocol(int type, int protocol)
{
	if (type == SOCK_RAW)
		return BAILIFF_PROTOCOL_RAW;
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		return BAILIFF_PROTOCOL_TCP;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return BAILIFF_PROTOCOL_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return BAILIFF_PROTOCOL_ICMP;
	case IPPROTO_SCTP:
		return BAILIFF_PROTOCOL_SCTP;
	case IPPROTO_IP:
		return type == SOCK_STREAM  ? BAILIFF_PROTOCOL_TCP
		       : type == SOCK_DGRAM ? BAILIFF_PROTOCOL_UDP
					    : BAILIFF_PROTOCOL_OTHER;
	default:
		return BAILIFF_PROTOCOL_OTHER;
	}
}

static __always_inline char protocol_of(int family, int type, int protocol)
{
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return inet_protocol(type, protocol);
	case AF_SMC:
		return BAILIFF_PROTOCOL_TCP;
	case AF_UNIX:
		return BAILIFF_PROTOCOL_UNIX;
	case AF_NETLINK:
		return BAILIFF_PROTOCOL_NETLINK;
	case AF_PACKET:
		return BAILIFF_PROTOCOL_PACKET;
	case AF_VSOCK:
		return BAILIFF_PROTOCOL_VSOCK;
	default:
		return BAILIFF_PROTOCOL_OTHER;
	}
}

static __always_inline char sock_protocol(struct sock *sk)
{
	return protocol_of(BPF_CORE_READ(sk, __sk_common.skc_family), BPF_CORE_READ(sk, sk_type),
			   BPF_CORE_READ(sk, sk_protocol));
}

/*
 * Begins the name of an act in front of what is in @scratch already (abi.h), and decides on it:
 * @verbs as for decide_act().
 */
static __always_inline int decide_network(struct subject *subject, struct scratch *scratch,
					  __u32 verbs, char operation, char protocol)
{
	if (path_prepend_byte(scratch, protocol) || path_prepend_byte(scratch, operation) ||
	    path_prepend_byte(scratch, BAILIFF_ACT_NETWORK)) {
		/* a unix socket's path of more than all the buffer */
		scratch_release(scratch);
		return decide_act_untold(subject, BAILIFF_REASON_TOO_LONG);
	}
	return decide_act(subject, scratch, verbs);
}

static __always_inline int decide_plain(struct subject *subject, char operation, char protocol)
{
	struct scratch *scratch = scratch_claim();

	if (!scratch)
		return decide_act_untold(subject, BAILIFF_REASON_NO_SCRATCH);
	scratch->off = PATH_END;
	return decide_network(subject, scratch, VERB(ACT), operation, protocol);
}

/*
 * An abstract name is the caller's, perhaps of no byte (one that the kernel chooses is asked as
 * that); a path has its answer where the socket file is made.
 */
static __always_inline int decide_abstract(struct subject *subject, char operation,
					   const char *address, int n)
{
	struct scratch *scratch;
	__u32 len = n > 3 ? n - 3 : 0;
	char first = 0;

	if (n < 2 || len > 107 || (n > 2 && bpf_probe_read_kernel(&first, 1, address + 2)) || first)
		return 0;
	scratch = scratch_claim();
	if (!scratch)
		return decide_act_untold(subject, BAILIFF_REASON_NO_SCRATCH);
	scratch->off = PATH_END;
	if ((len && path_prepend(scratch, address + 3, len)) || path_prepend_byte(scratch, '@')) {
		scratch_release(scratch);
		return decide_act_untold(subject, BAILIFF_REASON_UNREADABLE);
	}
	return decide_network(subject, scratch, VERB(ACT), operation, BAILIFF_PROTOCOL_UNIX);
}
