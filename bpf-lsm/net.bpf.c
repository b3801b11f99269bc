/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "net-address.bpf.h"

SEC("lsm/socket_create")
int BPF_PROG(bailiff_socket_create, int family, int type, int protocol, int kern, int ret)
{
	struct subject subject;

	if (ret)
		return ret;
	if (kern || !network_subject(&subject))
		return 0;
	return decide_plain(&subject, BAILIFF_NETWORK_CREATE,
			    protocol_of(family, type & 15, protocol));
}

SEC("lsm/socket_connect")
int BPF_PROG(bailiff_socket_connect, struct socket *sock, void *address, int n, int ret)
{
	struct sock *sk = BPF_CORE_READ(sock, sk);
	struct subject subject;
	__u16 family = 0;

	if (ret)
		return ret;
	if (!network_subject(&subject))
		return 0;
	bpf_probe_read_kernel(&family, sizeof(family), address);
	/* a disconnect; and what unix sockets connect to is known by their own hooks */
	if (family == AF_UNSPEC || sock_protocol(sk) == BAILIFF_PROTOCOL_UNIX)
		return 0;
	return decide_address(&subject, BAILIFF_NETWORK_CONNECT, sk, address, n);
}

/* What is sent to an address. A stream has one only where it is to be opened by the same call. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(bailiff_socket_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	void *address = BPF_CORE_READ(msg, msg_name);
	struct subject subject;
	struct sock *sk;
	char protocol;

	if (ret)
		return ret;
	if (!address || !network_subject(&subject))
		return 0;
	sk = BPF_CORE_READ(sock, sk);
	protocol = sock_protocol(sk);
	if (protocol == BAILIFF_PROTOCOL_UNIX)
		return 0;
	if (protocol == BAILIFF_PROTOCOL_TCP && !(BPF_CORE_READ(msg, msg_flags) & MSG_FASTOPEN))
		return 0;
	return decide_address(&subject, BAILIFF_NETWORK_CONNECT, sk, address,
			      BPF_CORE_READ(msg, msg_namelen));
}

SEC("lsm/socket_bind")
int BPF_PROG(bailiff_socket_bind, struct socket *sock, void *address, int n, int ret)
{
	struct sock *sk = BPF_CORE_READ(sock, sk);
	struct subject subject;

	if (ret)
		return ret;
	if (!network_subject(&subject))
		return 0;
	if (sock_protocol(sk) == BAILIFF_PROTOCOL_UNIX)
		return decide_abstract(&subject, BAILIFF_NETWORK_LISTEN, address, n);
	return decide_address(&subject, BAILIFF_NETWORK_LISTEN, sk, address, n);
}

static __always_inline int decide_local(char operation, struct socket *sock)
{
	struct sock *sk = BPF_CORE_READ(sock, sk);
	struct subject subject;
	struct endpoint end = {};
	char protocol;
	__be32 v4;

	if (!network_subject(&subject))
		return 0;
	protocol = sock_protocol(sk);
	end.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (!has_addresses(protocol))
		return operation == BAILIFF_NETWORK_LISTEN
			       ? 0 /* decided by bind */
			       : decide_plain(&subject, operation, protocol);
	end.v6 = BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6;
	if (end.v6) {
		BPF_CORE_READ_INTO(&end.address, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	} else {
		v4 = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__builtin_memcpy(end.address, &v4, sizeof(v4));
	}
	end.any_port = !end.port;
	return decide_endpoint(&subject, operation, protocol, &end);
}

/* Asked again: bind() may have left the port to the kernel. One that was never bound gets it here.
 */
SEC("lsm/socket_listen")
int BPF_PROG(bailiff_socket_listen, struct socket *sock, int backlog, int ret)
{
	return ret ? ret : decide_local(BAILIFF_NETWORK_LISTEN, sock);
}

SEC("lsm/socket_accept")
int BPF_PROG(bailiff_socket_accept, struct socket *sock, struct socket *newsock, int ret)
{
	return ret ? ret : decide_local(BAILIFF_NETWORK_ACCEPT, sock);
}
