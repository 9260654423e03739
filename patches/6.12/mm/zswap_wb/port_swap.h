/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to another
 * about swap devices; here for Linux 6.12 and 7.2.
 */
#ifndef _MM_ZSWAP_WB_PORT_SWAP_H
#define _MM_ZSWAP_WB_PORT_SWAP_H

#include <linux/swap.h>

#include "../swap.h"

/* Does a swap device take its I/O by the block layer, and not by a filesystem? */
static inline bool zswap_wb_port_has_blocks(const struct swap_info_struct *si)
{
	return !(READ_ONCE(si->flags) & SWP_FS_OPS);
}

/* This series has no counter for requests that are written: no nrswpout in vmstat */
static inline void zswap_wb_port_count_write(void)
{
}

#endif /* _MM_ZSWAP_WB_PORT_SWAP_H */
