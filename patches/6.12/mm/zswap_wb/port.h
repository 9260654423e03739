/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to
 * another, here for Linux 6.12.
 *
 * What later kernels have under a name that this one does not know is here under that
 * name. What is called the same and means something else has a name of ours.
 */
#ifndef _MM_ZSWAP_WB_PORT_H
#define _MM_ZSWAP_WB_PORT_H

#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>

/*
 * Pages that a compressor needs for one that does not get smaller, as a power of two: here it
 * does not look how many it has
 */
#define ZSWAP_WB_PORT_ROOM_ORDER	1

/* Is what has so many bytes in zswap a page as it is, and not compressed? Not in this series */
static inline bool zswap_wb_port_plain(unsigned int length)
{
	return false;
}

/* The node that memory for a compressed page comes from, whatever node its entry is of */
static inline int zswap_wb_port_object_node(int nid)
{
	return numa_mem_id();
}

#ifdef CONFIG_MEMCG
/*
 * The id that userspace names a cgroup by: the inode of its directory; 0 of none. Not
 * mem_cgroup_id(), which is a number of the memory controller's own here
 */
static inline u64 zswap_wb_port_cgroup_id(struct mem_cgroup *memcg)
{
	return memcg ? cgroup_id(memcg->css.cgroup) : 0;
}

/* What a cgroup's entries are charged to, on all nodes. Context: RCU read side */
static inline struct obj_cgroup *zswap_wb_port_objcg(struct mem_cgroup *memcg, int nid)
{
	return rcu_dereference(memcg->objcg);
}

/* Is @objcg what entries of a cgroup were charged to from the beginning? */
static inline bool zswap_wb_port_is_own(struct mem_cgroup *memcg, int nid,
					const struct obj_cgroup *objcg)
{
	return !memcg || memcg->orig_objcg == objcg;
}

static inline struct mem_cgroup *mem_cgroup_from_private_id(unsigned short id)
{
	return mem_cgroup_from_id(id);
}

/* As mem_cgroup_get_from_ino(), which is for CONFIG_SHRINKER_DEBUG only. Return: it, or NULL */
static inline struct mem_cgroup *mem_cgroup_get_from_id(u64 id)
{
	struct cgroup *cgrp = cgroup_get_from_id(id);
	struct cgroup_subsys_state *css;

	if (IS_ERR(cgrp))
		return NULL;
	css = cgroup_get_e_css(cgrp, &memory_cgrp_subsys);
	cgroup_put(cgrp);
	return css ? mem_cgroup_from_css(css) : NULL;
}

static inline bool memcg_is_dying(struct mem_cgroup *memcg)
{
	return memcg && css_is_dying(&memcg->css);
}
#else
static inline u64 zswap_wb_port_cgroup_id(struct mem_cgroup *memcg)
{
	return 0;
}

static inline struct mem_cgroup *mem_cgroup_from_private_id(unsigned short id)
{
	return NULL;
}

static inline bool memcg_is_dying(struct mem_cgroup *memcg)
{
	return false;
}

static inline void obj_cgroup_get(struct obj_cgroup *objcg)
{
}

static inline bool zswap_wb_port_is_own(struct mem_cgroup *memcg, int nid,
					const struct obj_cgroup *objcg)
{
	return true;
}
#endif

#endif /* _MM_ZSWAP_WB_PORT_H */
