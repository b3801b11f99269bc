/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Roads to peers and ports that are denied: see door.h. The helper listens: TCP and UDP on port
 * 4001 of 127.0.0.1 and ::1, and on the sockets top/stream, top/datagram and @door-stream. Each
 * answers with one byte, which proves that it was reached. The policy's lines:
 * attacks_policies_net() in selftests/vm/suite/attacks-lib.sh.
 */

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "selftests/attacks/door.h"

#define DENIED_PORT 4001 /* to connect to */
#define OWN_PORT 4002	 /* to bind to */
#define ACCEPT_PORT 4003 /* to accept on */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un unix_path;
	struct sockaddr_vm vm;
};

static socklen_t inet_address(union address *address, const char *host, int port)
{
	memset(address, 0, sizeof(*address));
	if (strchr(host, ':')) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, host, &address->v6.sin6_addr);
		return sizeof(address->v6);
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, host, &address->v4.sin_addr);
	return sizeof(address->v4);
}

static int prepare(void)
{
	TRY(mkdir("top", 0755));
	TRY(mkdir("free", 0755));
	TRY(mkdir("free/folder", 0755));
	return 0;
}

/* The helper's sockets: a child each, which ends with it. */

static void answer_stream(int server)
{
	int client;
	char byte;

	while ((client = accept(server, NULL, NULL)) >= 0) {
		if (write(client, "+", 1) < 0)
			exit(1);
		/* what came with the connection must be read: else it ends by a reset */
		shutdown(client, SHUT_WR);
		while (poll(&(struct pollfd){client, POLLIN, 0}, 1, 3000) == 1 &&
		       read(client, &byte, 1) > 0)
			;
		close(client);
	}
}

static void answer_datagrams(int server)
{
	union address from;
	socklen_t n;
	char byte;

	for (;;) {
		n = sizeof(from);
		if (recvfrom(server, &byte, 1, 0, &from.any, &n) >= 0)
			sendto(server, "+", 1, MSG_DONTWAIT, &from.any, n);
	}
}

static void serve_socket(int family_, int type, const union address *address, socklen_t n)
{
	int fd = socket(family_, type, 0), one = 1, queue = 16, bound = -1;
	pid_t helper = getpid();

	if (family_ == AF_UNIX)
		unlink(address->unix_path.sun_path);
	if (type == SOCK_STREAM && family_ != AF_UNIX) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
	}
	/* the helper before this one may still be ending */
	for (int i = 0; i < 1000 && bound < 0; i++) {
		bound = bind(fd, &address->any, n) ?: type == SOCK_STREAM ? listen(fd, 16) : 0;
		if (bound < 0)
			usleep(1000);
	}
	if (bound < 0) {
		perror("the helper's socket");
		close(fd);
		return;
	}
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* the helper may have been killed just before; its socket must not stay taken */
		if (getppid() != helper)
			_exit(0);
		if (type == SOCK_STREAM)
			answer_stream(fd);
		answer_datagrams(fd);
	}
	close(fd);
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	put_text("/proc/sys/net/ipv4/ping_group_range", "0 65535");
	put_text("/proc/sys/net/ipv4/tcp_fastopen", "1027"); /* without a cookie */
}

static int serve(void)
{
	static const char *const paths[] = {"top/stream", "@door-stream"};
	static const char *const hosts[] = {"127.0.0.1", "::1"};
	union address address;
	socklen_t n;

	loopback_up();
	for (int i = 0; i < 2; i++) {
		n = inet_address(&address, hosts[i], DENIED_PORT);
		serve_socket(address.any.sa_family, SOCK_STREAM, &address, n);
		serve_socket(address.any.sa_family, SOCK_DGRAM, &address, n);
		n = unix_address(&address.unix_path, paths[i]);
		serve_socket(AF_UNIX, SOCK_STREAM, &address, n);
	}
	n = unix_address(&address.unix_path, "top/datagram");
	serve_socket(AF_UNIX, SOCK_DGRAM, &address, n);
	return 0;
}

/* Whether the peer's byte comes. */
static int reached(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte = 0;

	if (poll(&poll_fd, 1, 3000) != 1)
		return says(OTHERWISE, "no answer");
	TRY(recv(fd, &byte, 1, 0));
	return byte == '+' ? WORKED : says(OTHERWISE, "another answer");
}

static int socket_of(int family_, int type)
{
	return socket(family_, type | SOCK_CLOEXEC, 0);
}

/* TCP */

static int connect_to(int family_, const char *host)
{
	union address address;
	socklen_t n = inet_address(&address, host, DENIED_PORT);
	int fd = socket_of(family_, SOCK_STREAM);

	TRY(fd);
	TRY(connect(fd, &address.any, n));
	return reached(fd);
}

static int do_tcp(void)
{
	return connect_to(AF_INET, "127.0.0.1");
}

static int do_tcp6(void)
{
	return connect_to(AF_INET6, "::1");
}

static int do_tcp_mapped(void)
{
	return connect_to(AF_INET6, "::ffff:127.0.0.1");
}

/* No address is this host's. */
static int do_tcp_any(void)
{
	return connect_to(AF_INET, "0.0.0.0");
}

static int do_tcp6_any(void)
{
	return connect_to(AF_INET6, "::");
}

static int do_tcp_nonblock(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);

	TRY(connect(fd, &address.any, n) < 0 && errno != EINPROGRESS ? -1 : 0);
	return reached(fd);
}

static int fast_open(int family_, const char *host)
{
	union address address;
	socklen_t n = inet_address(&address, host, DENIED_PORT);
	int fd = socket_of(family_, SOCK_STREAM);

	TRY(sendto(fd, "x", 1, MSG_FASTOPEN, &address.any, n));
	return reached(fd);
}

static int do_fastopen(void)
{
	return fast_open(AF_INET, "127.0.0.1");
}

static int do_fastopen6(void)
{
	return fast_open(AF_INET6, "::1");
}

static int do_fastopen_mapped(void)
{
	return fast_open(AF_INET6, "::ffff:127.0.0.1");
}

static int do_fastopen_connect(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM), one = 1;

	TRY(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
	TRY(connect(fd, &address.any, n));
	TRY(send(fd, "x", 1, 0));
	return reached(fd);
}

/* One whose family is not said: Linux takes it for AF_INET here and there. */
static int do_fastopen_unspec(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM);

	address.any.sa_family = AF_UNSPEC;
	if (sendto(fd, "x", 1, MSG_FASTOPEN, &address.any, n) < 0)
		return errno == EINVAL || errno == EAFNOSUPPORT || errno == EPIPE ||
				       errno == ECONNABORTED || errno == EOPNOTSUPP
			       ? says(UNTRIED, "the kernel refuses such an address")
			       : refused("sendto");
	return reached(fd);
}

static int do_tcp_mptcp(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket(AF_INET, SOCK_STREAM, 262);

	TRY(fd);
	TRY(connect(fd, &address.any, n));
	return reached(fd);
}

static int do_tcp_bound(void)
{
	union address address, own;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM);

	TRY(bind(fd, &own.any, inet_address(&own, "127.0.0.2", 0)));
	TRY(connect(fd, &address.any, n));
	return reached(fd);
}

static int do_uring_connect(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)&address, .off = n};

	TRY(uring(&request, 0));
	return reached(fd);
}

static int do_uring_socket(void)
{
	struct io_uring_sqe request = {
		.opcode = 45 /* IORING_OP_SOCKET */, .fd = AF_INET, .off = SOCK_STREAM};
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = uring(&request, 0);

	TRY(fd);
	TRY(connect(fd, &address.any, n));
	return reached(fd);
}

static int do_tcp_scm(void)
{
	/* the socket itself from elsewhere, not yet connected */
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = helper_pass('s', "");

	TRY(fd);
	TRY(connect(fd, &address.any, n));
	return reached(fd);
}

static int do_tcp_thread(void)
{
	return in_thread(do_tcp);
}

static int do_tcp_child(void)
{
	return in_child(do_tcp);
}

static int do_tcp_born_outside(void)
{
	return in_child_outside(do_tcp);
}

static int do_tcp_leave(void)
{
	TRY(leave_cgroup());
	return do_tcp();
}

static int do_tcp_userns(void)
{
	TRY(enter_user_namespace());
	return do_tcp();
}

/* UDP */

static int send_datagram(int family_, const char *host)
{
	union address address;
	socklen_t n = inet_address(&address, host, DENIED_PORT);
	int fd = socket_of(family_, SOCK_DGRAM);

	TRY(fd);
	TRY(sendto(fd, "x", 1, 0, &address.any, n));
	return reached(fd);
}

static int do_udp(void)
{
	return send_datagram(AF_INET, "127.0.0.1");
}

static int do_udp6(void)
{
	return send_datagram(AF_INET6, "::1");
}

static int do_udp_mapped(void)
{
	return send_datagram(AF_INET6, "::ffff:127.0.0.1");
}

/* An address of IPv4 on a socket of IPv6. */
static int do_udp_v4_on_v6(void)
{
	return send_datagram(AF_INET6, "127.0.0.1");
}

static int do_udp_any(void)
{
	return send_datagram(AF_INET, "0.0.0.0");
}

static int do_udp_connect(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_DGRAM);

	TRY(connect(fd, &address.any, n));
	TRY(send(fd, "x", 1, 0));
	return reached(fd);
}

static int do_udp_reconnect(void)
{
	union address address;
	int fd = socket_of(AF_INET, SOCK_DGRAM);

	TRY(connect(fd, &address.any, inet_address(&address, "127.0.0.1", 9)));
	TRY(connect(fd, &address.any, inet_address(&address, "127.0.0.1", DENIED_PORT)));
	TRY(write(fd, "x", 1));
	return reached(fd);
}

static int do_udp_unspec(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket_of(AF_INET, SOCK_DGRAM);

	address.any.sa_family = AF_UNSPEC;
	TRY(sendto(fd, "x", 1, 0, &address.any, n));
	return reached(fd);
}

static struct msghdr message_to(union address *address, struct iovec *part)
{
	part->iov_base = (void *)"x";
	part->iov_len = 1;
	return (struct msghdr){.msg_name = address,
			       .msg_namelen = inet_address(address, "127.0.0.1", DENIED_PORT),
			       .msg_iov = part,
			       .msg_iovlen = 1};
}

static int do_udp_sendmsg(void)
{
	union address address;
	struct iovec part;
	struct msghdr message = message_to(&address, &part);
	int fd = socket_of(AF_INET, SOCK_DGRAM);

	TRY(sendmsg(fd, &message, 0));
	return reached(fd);
}

static int do_udp_sendmmsg(void)
{
	union address address;
	struct iovec part;
	struct mmsghdr messages[1] = {{.msg_hdr = message_to(&address, &part)}};
	int fd = socket_of(AF_INET, SOCK_DGRAM);

	TRY(sendmmsg(fd, messages, 1, 0));
	return reached(fd);
}

/* The first goes where it may, the second where not: the call answers 1. */
static int do_udp_sendmmsg_second(void)
{
	union address address, allowed;
	struct iovec part;
	struct mmsghdr messages[2] = {{.msg_hdr = message_to(&allowed, &part)},
				      {.msg_hdr = message_to(&address, &part)}};
	int fd = socket_of(AF_INET, SOCK_DGRAM), n;

	allowed.v4.sin_port = htons(9);
	n = sendmmsg(fd, messages, 2, 0);
	TRY(n);
	if (n == 1) {
		errno = EACCES;
		return refused("the second message of sendmmsg");
	}
	while (recv(fd, &n, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == ECONNREFUSED)
		;
	return reached(fd);
}

static int do_udp_uring(void)
{
	union address address;
	struct iovec part;
	struct msghdr message = message_to(&address, &part);
	int fd = socket_of(AF_INET, SOCK_DGRAM);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_SENDMSG, .fd = fd, .addr = (uintptr_t)&message, .len = 1};

	TRY(uring(&request, 0));
	return reached(fd);
}

static int do_udplite(void)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", DENIED_PORT);
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

	TRY(fd);
	TRY(sendto(fd, "x", 1, 0, &address.any, n));
	return WORKED; /* nobody listens to it */
}

/* Other kinds of socket: the socket itself is what is denied. */

static int make_socket(int family_, int type, int protocol)
{
	TRY(socket(family_, type, protocol));
	return WORKED;
}

static int do_raw(void)
{
	return make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int do_raw6(void)
{
	return make_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
}

/* A TCP or UDP header of one's own making. */
static int do_raw_udp(void)
{
	return make_socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
}

static int do_raw_raw(void)
{
	return make_socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
}

static int do_packet(void)
{
	return make_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

static int do_packet_datagram(void)
{
	return make_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
}

static int do_netlink(void)
{
	return make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int do_netlink_datagram(void)
{
	return make_socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
}

static int do_ping(void)
{
	return make_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
}

static int do_ping6(void)
{
	return make_socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
}

static int do_vsock(void)
{
	return make_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int do_vsock_datagram(void)
{
	return make_socket(AF_VSOCK, SOCK_DGRAM, 0);
}

static int do_raw_userns(void)
{
	TRY(enter_user_namespace());
	TRY(unshare(CLONE_NEWNET));
	return do_raw();
}

static int do_uring_raw(void)
{
	struct io_uring_sqe request = {
		.opcode = 45, .fd = AF_INET, .off = SOCK_RAW, .len = IPPROTO_ICMP};

	TRY(uring(&request, 0));
	return WORKED;
}

/* Unix sockets */

static int unix_connect(const char *path)
{
	struct sockaddr_un address;
	socklen_t n = unix_address(&address, path);
	int fd = socket_of(AF_UNIX, SOCK_STREAM);

	TRY(connect(fd, (struct sockaddr *)&address, n));
	return reached(fd);
}

static int do_unix(void)
{
	return unix_connect("top/stream");
}

static int do_unix_absolute(void)
{
	if (strlen(at("top/stream")) > 107)
		return says(UNTRIED, "the folder's name is too long");
	return unix_connect(at("top/stream"));
}

static int do_unix_symlink(void)
{
	TRY(symlink("../top/stream", "free/link"));
	return unix_connect("free/link");
}

static int do_unix_link(void)
{
	TRY(link("top/stream", "free/link"));
	return unix_connect("free/link");
}

static int do_unix_rename(void)
{
	TRY(rename("top/stream", "free/own"));
	return unix_connect("free/own");
}

static int do_unix_rename_parent(void)
{
	TRY(rename("top", "other"));
	return unix_connect("other/stream");
}

static int do_unix_bind_mount(void)
{
	TRY(bind_mount("top", "free/folder"));
	return unix_connect("free/folder/stream");
}

static int do_unix_chroot(void)
{
	TRY(chroot("top"));
	return unix_connect("/stream");
}

static int do_unix_chdir(void)
{
	TRY(chdir("top"));
	return unix_connect("stream");
}

static int do_unix_proc_fd(void)
{
	char path[64];
	int fd = open("top/stream", O_PATH);

	TRY(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return unix_connect(path);
}

static int do_unix_open_tree(void)
{
	TRY(fchdir(clone_tree("top")));
	return unix_connect("stream");
}

static int do_unix_abstract(void)
{
	return unix_connect("@door-stream");
}

static int do_unix_abstract_uring(void)
{
	struct sockaddr_un address;
	socklen_t n = unix_address(&address, "@door-stream");
	int fd = socket_of(AF_UNIX, SOCK_STREAM);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)&address, .off = n};

	TRY(uring(&request, 0));
	return reached(fd);
}

static int datagram_socket(void)
{
	struct sockaddr_un own;
	int fd = socket_of(AF_UNIX, SOCK_DGRAM);

	/* the kernel finds a name, to answer to */
	unix_address(&own, "");
	return bind(fd, (struct sockaddr *)&own, sizeof(sa_family_t)) < 0 ? -1 : fd;
}

static int do_unix_datagram(void)
{
	struct sockaddr_un address;
	socklen_t n = unix_address(&address, "top/datagram");
	int fd = datagram_socket();

	TRY(fd);
	TRY(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, n));
	return reached(fd);
}

static int do_unix_datagram_connect(void)
{
	struct sockaddr_un address;
	socklen_t n = unix_address(&address, "top/datagram");
	int fd = datagram_socket();

	TRY(fd);
	TRY(connect(fd, (struct sockaddr *)&address, n));
	TRY(send(fd, "x", 1, 0));
	return reached(fd);
}

static int do_unix_datagram_link(void)
{
	struct sockaddr_un address;
	socklen_t n = unix_address(&address, "free/link");
	int fd = datagram_socket();

	TRY(link("top/datagram", "free/link"));
	TRY(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, n));
	return reached(fd);
}

static int unix_bind(const char *path, int type)
{
	struct sockaddr_un address;
	socklen_t n = unix_address(&address, path);
	int fd = socket_of(AF_UNIX, type);

	TRY(bind(fd, (struct sockaddr *)&address, n));
	return WORKED;
}

static int do_unix_bind(void)
{
	return unix_bind("top/new", SOCK_STREAM);
}

static int do_unix_bind_datagram(void)
{
	return unix_bind("top/new", SOCK_DGRAM);
}

static int do_unix_bind_chdir(void)
{
	TRY(chdir("top"));
	return unix_bind("new", SOCK_SEQPACKET);
}

static int do_unix_bind_abstract(void)
{
	return unix_bind("@mine-stream", SOCK_STREAM);
}

/* Ports of its own */

static int bind_to(int family_, int type, const char *host, int option)
{
	union address address;
	socklen_t n = inet_address(&address, host, OWN_PORT);
	int fd = socket_of(family_, type), one = 1;

	TRY(fd);
	if (option)
		TRY(setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one)));
	TRY(bind(fd, &address.any, n));
	if (type == SOCK_STREAM)
		TRY(listen(fd, 1));
	return WORKED;
}

static int do_bind(void)
{
	return bind_to(AF_INET, SOCK_STREAM, "0.0.0.0", 0);
}

static int do_bind_local(void)
{
	return bind_to(AF_INET, SOCK_STREAM, "127.0.0.1", 0);
}

static int do_bind6(void)
{
	return bind_to(AF_INET6, SOCK_STREAM, "::", 0);
}

static int do_bind_mapped(void)
{
	return bind_to(AF_INET6, SOCK_STREAM, "::ffff:127.0.0.1", 0);
}

static int do_bind_reuse_port(void)
{
	return bind_to(AF_INET, SOCK_STREAM, "0.0.0.0", SO_REUSEPORT);
}

static int do_bind_reuse_address(void)
{
	return bind_to(AF_INET, SOCK_STREAM, "127.0.0.3", SO_REUSEADDR);
}

static int do_bind_udp(void)
{
	return bind_to(AF_INET, SOCK_DGRAM, "0.0.0.0", 0);
}

static int do_bind_udp6(void)
{
	return bind_to(AF_INET6, SOCK_DGRAM, "::1", 0);
}

static int do_bind_unspec(void)
{
	union address address;
	socklen_t n = inet_address(&address, "0.0.0.0", OWN_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM);

	address.any.sa_family = AF_UNSPEC;
	TRY(bind(fd, &address.any, n));
	TRY(listen(fd, 1));
	return WORKED;
}

/* Without bind, the kernel chooses the port: of a range of one. */
static int arrange_range(void)
{
	TRY(put_text("/proc/sys/net/ipv4/ip_local_port_range", "4002 4002"));
	return 0;
}

static int do_listen_unbound(void)
{
	int fd = socket_of(AF_INET, SOCK_STREAM), status = WORKED;

	if (listen(fd, 1) < 0)
		status = refused("listen");
	put_text("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999");
	return status;
}

static int do_bind_zero(void)
{
	union address address;
	socklen_t n = inet_address(&address, "0.0.0.0", 0);
	int fd = socket_of(AF_INET, SOCK_STREAM), status = WORKED;

	if (bind(fd, &address.any, n) < 0 || listen(fd, 1) < 0)
		status = refused("bind, listen");
	put_text("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999");
	return status;
}

static int do_bind_mptcp(void)
{
	union address address;
	socklen_t n = inet_address(&address, "0.0.0.0", OWN_PORT);
	int fd = socket(AF_INET, SOCK_STREAM, 262);

	TRY(fd);
	TRY(bind(fd, &address.any, n));
	return WORKED;
}

static int accept_by(int by_uring)
{
	union address address;
	socklen_t n = inet_address(&address, "127.0.0.1", ACCEPT_PORT);
	int fd = socket_of(AF_INET, SOCK_STREAM), one = 1, client = socket_of(AF_INET, SOCK_STREAM);
	struct io_uring_sqe request = {.opcode = IORING_OP_ACCEPT, .fd = fd};

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	TRY(bind(fd, &address.any, n));
	TRY(listen(fd, 1));
	TRY(connect(client, &address.any, n));
	TRY(by_uring ? uring(&request, 0) : accept(fd, NULL, NULL));
	return WORKED;
}

static int do_accept(void)
{
	return accept_by(0);
}

static int do_uring_accept(void)
{
	return accept_by(1);
}

/* Of the helper: a socket that is not connected, or what it is asked to open. */
static int answer(int client, char *request)
{
	if (request[0] != 's')
		return helper_answer(client, request);
	return send_fd(client, "socket", socket(AF_INET, SOCK_STREAM, 0));
}

static const struct technique techniques[] = {
	ROAD("tcp", do_tcp, "connect"),
	ROAD("tcp6", do_tcp6, "connect, IPv6"),
	ROAD("tcp-mapped", do_tcp_mapped, "connect to an IPv4 address in IPv6"),
	ROAD("tcp-any", do_tcp_any, "connect to 0.0.0.0"),
	ROAD("tcp6-any", do_tcp6_any, "connect to ::"),
	ROAD("tcp-nonblock", do_tcp_nonblock, "connect, not blocking"),
	ROAD("tcp-bound", do_tcp_bound, "connect from another address of its own"),
	ROAD("tcp-mptcp", do_tcp_mptcp, "connect by MPTCP"),
	ROAD("tcp-scm", do_tcp_scm, "a socket passed by an unconfined process"),
	ROAD("tcp-thread", do_tcp_thread, "in a thread"),
	ROAD("tcp-child", do_tcp_child, "in a child"),
	ROAD("tcp-born-outside", do_tcp_born_outside, "in a child born in a cgroup without policy"),
	ROAD("tcp-leave", do_tcp_leave, "after a move to a cgroup without policy"),
	ROAD("tcp-userns", do_tcp_userns, "in a user namespace of its own"),
	ROAD("fastopen", do_fastopen, "sendto with MSG_FASTOPEN"),
	ROAD("fastopen6", do_fastopen6, "the same, IPv6"),
	ROAD("fastopen-mapped", do_fastopen_mapped, "the same, an IPv4 address in IPv6"),
	ROAD("fastopen-connect", do_fastopen_connect, "connect later, TCP_FASTOPEN_CONNECT"),
	ROAD("fastopen-unspec", do_fastopen_unspec, "the same, a family that is not said"),
	ROAD("uring-connect", do_uring_connect, "connect by io_uring"),
	ROAD("uring-socket", do_uring_socket, "a socket of io_uring"),
	ROAD("udp", do_udp, "sendto", .plain = do_udp),
	ROAD("udp6", do_udp6, "sendto, IPv6", .plain = do_udp),
	ROAD("udp-mapped", do_udp_mapped, "sendto an IPv4 address in IPv6", .plain = do_udp),
	ROAD("udp-v4-on-v6", do_udp_v4_on_v6, "sendto an IPv4 address on an IPv6 socket",
	     .plain = do_udp),
	ROAD("udp-any", do_udp_any, "sendto 0.0.0.0", .plain = do_udp),
	ROAD("udp-connect", do_udp_connect, "connect, then send", .plain = do_udp),
	ROAD("udp-reconnect", do_udp_reconnect, "connect elsewhere, then there", .plain = do_udp),
	ROAD("udp-unspec", do_udp_unspec, "sendto a family that is not said", .plain = do_udp),
	ROAD("udp-sendmsg", do_udp_sendmsg, "sendmsg", .plain = do_udp),
	ROAD("udp-sendmmsg", do_udp_sendmmsg, "sendmmsg", .plain = do_udp),
	ROAD("udp-sendmmsg-second", do_udp_sendmmsg_second, "the second message of sendmmsg",
	     .plain = do_udp),
	ROAD("udp-uring", do_udp_uring, "sendmsg by io_uring", .plain = do_udp),
	ROAD("udplite", do_udplite, "UDP-Lite", .plain = do_udp),
	ROAD("raw", do_raw, "a raw socket", .plain = do_raw),
	ROAD("raw6", do_raw6, "a raw socket, IPv6", .plain = do_raw),
	ROAD("raw-udp", do_raw_udp, "a raw socket for UDP", .plain = do_raw),
	ROAD("raw-raw", do_raw_raw, "a raw socket for anything", .plain = do_raw),
	ROAD("raw-userns", do_raw_userns, "in user and network namespaces of its own",
	     .plain = do_raw),
	ROAD("uring-raw", do_uring_raw, "a raw socket of io_uring", .plain = do_raw),
	ROAD("packet", do_packet, "a packet socket", .plain = do_packet),
	ROAD("packet-datagram", do_packet_datagram, "the same, SOCK_DGRAM", .plain = do_packet),
	ROAD("netlink", do_netlink, "a netlink socket", .plain = do_netlink),
	ROAD("netlink-datagram", do_netlink_datagram, "the same, SOCK_DGRAM", .plain = do_netlink),
	ROAD("ping", do_ping, "an ICMP socket", .plain = do_ping),
	ROAD("ping6", do_ping6, "the same, IPv6", .plain = do_ping),
	ROAD("vsock", do_vsock, "a vsock", .plain = do_vsock),
	ROAD("vsock-datagram", do_vsock_datagram, "the same, SOCK_DGRAM", .plain = do_vsock),
	ROAD("unix", do_unix, "connect to a path", .plain = do_unix),
	ROAD("unix-absolute", do_unix_absolute, "by the absolute path", .plain = do_unix),
	ROAD("unix-symlink", do_unix_symlink, "by a symbolic link", .plain = do_unix),
	ROAD("unix-link", do_unix_link, "by a hard link", .flags = STATE_ASIDE, .plain = do_unix),
	ROAD("unix-rename", do_unix_rename, "after rename", .plain = do_unix),
	ROAD("unix-rename-parent", do_unix_rename_parent, "after rename of its folder",
	     .plain = do_unix),
	ROAD("unix-bind-mount", do_unix_bind_mount, "by a bind mount", .plain = do_unix),
	ROAD("unix-chroot", do_unix_chroot, "its folder as root", .plain = do_unix),
	ROAD("unix-chdir", do_unix_chdir, "by its bare name", .plain = do_unix),
	ROAD("unix-proc-fd", do_unix_proc_fd, "by /proc/self/fd/N", .plain = do_unix),
	ROAD("unix-open-tree", do_unix_open_tree, "in an open_tree clone", .plain = do_unix),
	ROAD("unix-abstract", do_unix_abstract, "connect to an abstract name",
	     .plain = do_unix_abstract),
	ROAD("unix-abstract-uring", do_unix_abstract_uring, "the same by io_uring",
	     .plain = do_unix_abstract),
	ROAD("unix-datagram", do_unix_datagram, "sendto a path", .plain = do_unix_datagram),
	ROAD("unix-datagram-connect", do_unix_datagram_connect, "connect, then send",
	     .plain = do_unix_datagram),
	ROAD("unix-datagram-link", do_unix_datagram_link, "sendto a hard link",
	     .plain = do_unix_datagram),
	ROAD("unix-bind", do_unix_bind, "bind to a path", .plain = do_unix_bind),
	ROAD("unix-bind-datagram", do_unix_bind_datagram, "the same, SOCK_DGRAM",
	     .plain = do_unix_bind),
	ROAD("unix-bind-chdir", do_unix_bind_chdir, "the same, its bare name",
	     .plain = do_unix_bind),
	ROAD("unix-bind-abstract", do_unix_bind_abstract, "bind to an abstract name",
	     .plain = do_unix_bind_abstract),
	ROAD("bind", do_bind, "bind and listen", .plain = do_bind),
	ROAD("bind-local", do_bind_local, "the same on 127.0.0.1", .plain = do_bind),
	ROAD("bind6", do_bind6, "the same on ::", .plain = do_bind),
	ROAD("bind-mapped", do_bind_mapped, "the same on an IPv4 address in IPv6",
	     .plain = do_bind),
	ROAD("bind-reuse-port", do_bind_reuse_port, "the same with SO_REUSEPORT", .plain = do_bind),
	ROAD("bind-reuse-address", do_bind_reuse_address, "the same with SO_REUSEADDR",
	     .plain = do_bind),
	ROAD("bind-unspec", do_bind_unspec, "the same with a family that is not said",
	     .plain = do_bind),
	ROAD("bind-mptcp", do_bind_mptcp, "bind by MPTCP", .plain = do_bind),
	ROAD("bind-udp", do_bind_udp, "bind, UDP", .plain = do_bind_udp),
	ROAD("bind-udp6", do_bind_udp6, "bind, UDP on ::1", .plain = do_bind_udp),
	ROAD("bind-zero", do_bind_zero, "the port that the kernel chooses",
	     .arrange = arrange_range, .plain = do_bind),
	ROAD("listen-unbound", do_listen_unbound, "listen without bind", .arrange = arrange_range,
	     .plain = do_bind),
	ROAD("accept", do_accept, "accept", .plain = do_accept),
	ROAD("uring-accept", do_uring_accept, "accept by io_uring", .plain = do_accept),
	{},
};

const struct family family = {.techniques = techniques,
			      .prepare = prepare,
			      .plain = do_tcp,
			      .watched = (const char *const[]){"top/stream", "top/new", NULL},
			      .answer = answer,
			      .serve = serve};
