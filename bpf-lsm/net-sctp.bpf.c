/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "net-address.bpf.h"

/*
 * What sctp_bindx() and sctp_connectx() name, and a message that opens an association: addresses
 * that no other hook sees, one behind the other (include/uapi/linux/sctp.h). The hook is called for
 * a peer's packets too; those come at any time, and are no act of the task that they interrupt.
 */
#define SCTP_SOCKOPT_BINDX_ADD 100
#define SCTP_SOCKOPT_CONNECTX 110
#define SCTP_SENDMSG_CONNECT 126
#define SCTP_ADDRESSES_MAX 32 /* beyond: the strictest answer */

struct list {
	struct sock *sk;
	void *addresses;
	__u32 at, n; /* bytes */
	__u32 operation;
	__u32 pad;
};

/* What the verifier goes through once: the next of a list, whose families the kernel has checked.
 */
int judge_listed(struct subject *subject, struct list *list)
{
	struct endpoint end = {};
	__u16 family = 0;
	void *address;

	if (!subject || !list)
		return -EACCES;
	address = list->addresses + list->at;
	bpf_probe_read_kernel(&family, sizeof(family), address);
	list->at += family == AF_INET6 ? 28 : 16;
	if (!read_address(list->sk, address, 28, &end))
		return 0;
	if (list->operation == BAILIFF_NETWORK_CONNECT)
		no_address_is_here(&end);
	return decide_endpoint(subject, list->operation, BAILIFF_PROTOCOL_SCTP, &end);
}

SEC("lsm/sctp_bind_connect")
int BPF_PROG(bailiff_sctp_addresses, struct sock *sk, int what, void *addresses, int n, int ret)
{
	struct list list = {.sk = sk, .addresses = addresses, .n = n};
	struct subject subject;

	if (ret)
		return ret;
	if (what == SCTP_SOCKOPT_BINDX_ADD)
		list.operation = BAILIFF_NETWORK_LISTEN;
	else if (what == SCTP_SOCKOPT_CONNECTX || what == SCTP_SENDMSG_CONNECT)
		list.operation = BAILIFF_NETWORK_CONNECT;
	else
		return 0;
	if (!network_subject(&subject))
		return 0;
	for (int i = 0; i < SCTP_ADDRESSES_MAX; i++) {
		if (list.at + 16 > list.n)
			return 0;
		if (judge_listed(&subject, &list))
			return -EACCES;
	}
	return decide_act_untold(&subject, BAILIFF_REASON_TOO_LONG);
}
