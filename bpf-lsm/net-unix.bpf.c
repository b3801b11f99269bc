/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

#include "net.bpf.h"

/* The peer of a unix socket, as the kernel found it: by its file, or by its abstract name. */
static __always_inline int decide_peer(struct unix_sock *peer)
{
	struct dentry *dentry = BPF_CORE_READ(peer, path.dentry);
	struct unix_address *address;
	struct subject subject;

	if (!network_subject(&subject))
		return 0;
	address = BPF_CORE_READ(peer, addr);
	/* one that is bound to neither has an address of no name */
	if (!dentry && address)
		return decide_abstract(&subject, BAILIFF_NETWORK_CONNECT, (void *)address->name,
				       BPF_CORE_READ(address, len));
	if (!dentry)
		return decide_plain(&subject, BAILIFF_NETWORK_CONNECT, BAILIFF_PROTOCOL_UNIX);
	/* its mount is that of the process that made it: what names it has here is what counts */
	return decide_socket(&subject, dentry, BAILIFF_NETWORK_CONNECT);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(bailiff_unix_connect, void *sock, void *other, void *newsk, int ret)
{
	return ret ? ret : decide_peer(other);
}

SEC("lsm/unix_may_send")
int BPF_PROG(bailiff_unix_send, void *sock, struct socket *other, int ret)
{
	return ret ? ret : decide_peer((struct unix_sock *)BPF_CORE_READ(other, sk));
}

/* bind() of a unix socket to a path; beside the hook of the same name that asks [file]. */
SEC("?lsm/path_mknod")
int BPF_PROG(bailiff_unix_bind, const struct path *dir, struct dentry *dentry, __u16 mode,
	     unsigned int dev, int ret)
{
	struct object object = {.mnt = dir->mnt, .dentry = dentry};
	struct scratch *scratch;
	struct subject subject;
	int reason;

	if (ret)
		return ret;
	if ((mode & S_IFMT) != S_IFSOCK || !network_subject(&subject))
		return 0;
	scratch = scratch_claim();
	if (!scratch)
		return decide_act_untold(&subject, BAILIFF_REASON_NO_SCRATCH);
	reason = path_build(scratch_number(scratch), &object, false);
	if (!reason)
		return decide_network(&subject, scratch, VERB(ACT), BAILIFF_NETWORK_LISTEN,
				      BAILIFF_PROTOCOL_UNIX);
	scratch_release(scratch);
	return decide_act_untold(&subject,
				 reason < BAILIFF_N_REASONS ? reason : BAILIFF_REASON_UNREADABLE);
}
