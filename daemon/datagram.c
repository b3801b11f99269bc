/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* As libsystemd asks for; the kernel gives as much as net.core.wmem_max allows. */
#define SEND_BUFFER (8 << 20)

int datagram_open(struct datagram *datagram, const char *path)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = SEND_BUFFER;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	*datagram = (struct datagram){.path = path, .fd = fd};
	return 0;
}

void datagram_close(struct datagram *datagram)
{
	close_fd(datagram->fd);
	datagram->fd = -1;
}

/* A socket of datagrams can be connected again and again. */
static int reach(struct datagram *datagram)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(datagram->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, datagram->path, strlen(datagram->path));
	if (connect(datagram->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	datagram->connected = true;
	return 0;
}

int datagram_send(struct datagram *datagram, struct iovec *parts, size_t n)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = n};
	int r = 0;

	/* who read before may be gone, and another be in his place */
	for (int tries = 0; tries < 2; tries++) {
		if (!datagram->connected)
			r = reach(datagram);
		if (r < 0)
			return r;
		if (sendmsg(datagram->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != ECONNREFUSED && errno != ENOTCONN && errno != EPIPE)
			return -errno;
		datagram->connected = false;
	}
	return -ECONNREFUSED;
}
