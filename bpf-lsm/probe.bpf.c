/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */

/*
 * The smallest program that needs all that the real ones need of a kernel. Whether it loads and
 * attaches is the only proof that BPF-LSM works: the list of LSMs proves nothing.
 */

#include "kernel.bpf.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_open")
int BPF_PROG(bailiff_probe, struct file *file, int ret)
{
	return ret;
}
