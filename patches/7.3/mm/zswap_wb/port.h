/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to
 * another, here for Linux 7.3. Each series has its own, and the tree gets the one
 * of KSERIES: nothing else in mm/zswap_wb/ asks for a version.
 */
#ifndef _MM_ZSWAP_WB_PORT_H
#define _MM_ZSWAP_WB_PORT_H

#include <linux/memcontrol.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "../swap.h"

/* Does a swap device take its I/O by the block layer, and not by a filesystem? */
static inline bool zswap_wb_port_has_blocks(const struct swap_info_struct *si)
{
	return si->ops == &swap_bdev_ops;
}

/* A request is written to a swap device */
static inline void zswap_wb_port_count_write(void)
{
	count_vm_event(NRSWPOUT);
}

/* Pages that a compressor needs for one that does not get smaller, as a power of two */
#define ZSWAP_WB_PORT_ROOM_ORDER	0

/* Is what has so many bytes in zswap a page as it is, and not compressed? */
static inline bool zswap_wb_port_plain(unsigned int length)
{
	return length == PAGE_SIZE;
}

/* The id that userspace names a cgroup by: the inode of its directory */
static inline u64 zswap_wb_port_cgroup_id(struct mem_cgroup *memcg)
{
	return mem_cgroup_id(memcg);
}

#ifdef CONFIG_MEMCG
/* What a cgroup's entries on a node are charged to. Context: RCU read side */
static inline struct obj_cgroup *zswap_wb_port_objcg(struct mem_cgroup *memcg, int nid)
{
	return rcu_dereference(memcg->nodeinfo[nid]->objcg);
}

/* The same, also when the cgroup has handed that to its parent */
static inline const struct obj_cgroup *
zswap_wb_port_orig_objcg(struct mem_cgroup *memcg, int nid)
{
	return memcg->nodeinfo[nid]->orig_objcg;
}
#endif

#endif /* _MM_ZSWAP_WB_PORT_H */
