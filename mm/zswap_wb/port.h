/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to
 * another. This and the other port headers are for the newest one, and a series that
 * differs brings its own: nothing else in mm/zswap_wb/ asks for a version.
 */
#ifndef _MM_ZSWAP_WB_PORT_H
#define _MM_ZSWAP_WB_PORT_H

#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

/* Pages that a compressor needs for one that does not get smaller, as a power of two */
#define ZSWAP_WB_PORT_ROOM_ORDER	0

/* Is what has so many bytes in zswap a page as it is, and not compressed? */
static inline bool zswap_wb_port_plain(unsigned int length)
{
	return length == PAGE_SIZE;
}

/* The node that memory for the compressed page of an entry of node @nid comes from */
static inline int zswap_wb_port_object_node(int nid)
{
	return nid;
}

/* The id that userspace names a cgroup by: the inode of its directory; 0 of none */
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

/*
 * Is @objcg what entries of a cgroup, on the list of node @nid, were charged to from the
 * beginning? It goes by the node of the page; its entry is on another one if that had no room
 */
static inline bool zswap_wb_port_is_own(struct mem_cgroup *memcg, int nid,
					const struct obj_cgroup *objcg)
{
	if (!memcg || memcg->nodeinfo[nid]->orig_objcg == objcg)
		return true;
	for_each_node(nid) {
		if (memcg->nodeinfo[nid]->orig_objcg == objcg)
			return true;
	}
	return false;
}
#else
static inline bool zswap_wb_port_is_own(struct mem_cgroup *memcg, int nid,
					const struct obj_cgroup *objcg)
{
	return true;
}
#endif

#endif /* _MM_ZSWAP_WB_PORT_H */
