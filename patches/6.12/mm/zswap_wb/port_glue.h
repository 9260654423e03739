/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to
 * another for glue.c, which is part of mm/zswap.c; here for Linux 6.12.
 */
#ifndef _MM_ZSWAP_WB_PORT_GLUE_H
#define _MM_ZSWAP_WB_PORT_GLUE_H

#include <linux/bvec.h>
#include <linux/crc32.h>
#include <linux/list_lru.h>
#include <linux/memcontrol.h>
#include <linux/swap_cgroup.h>
#include <linux/zpool.h>

#include "port.h"

/* Further down in mm/zswap.c */
static struct crypto_acomp_ctx *acomp_ctx_get_cpu_lock(struct zswap_pool *pool);

/* ---- swap slots ---- */

/*
 * Locks what protects a slot. Return: its cluster, or NULL if that is the device. The slot's
 * place in swap_map says SWAP_HAS_CACHE as long as somebody is using its page, by way of the swap
 * cache or not, and also from when it is not needed any more until it is free:
 * zswap_invalidate() is called in between, without the lock.
 */
static inline struct swap_cluster_info *
zswap_wb_port_cluster_lock(struct swap_info_struct *si, swp_entry_t slot)
{
	return swap_slot_lock(si, swp_offset(slot));
}

static inline void zswap_wb_port_cluster_unlock(struct swap_info_struct *si,
						struct swap_cluster_info *ci)
{
	swap_slot_unlock(si, ci);
}

/* Is somebody using the page of a slot? The cluster is locked. */
static inline bool zswap_wb_port_slot_cached(struct swap_info_struct *si,
					     struct swap_cluster_info *ci,
					     swp_entry_t slot)
{
	return READ_ONCE(si->swap_map[swp_offset(slot)]) & SWAP_HAS_CACHE;
}

/* Is the page of a slot that is in use all zeroes, and so nowhere else? The cluster is locked. */
static inline bool zswap_wb_port_slot_zero(struct swap_info_struct *si,
					   struct swap_cluster_info *ci,
					   swp_entry_t slot)
{
	return test_bit(swp_offset(slot), si->zeromap);
}

/* Is a slot free? The cluster is locked. */
static inline bool zswap_wb_port_slot_unused(struct swap_info_struct *si,
					     struct swap_cluster_info *ci,
					     swp_entry_t slot)
{
	return !READ_ONCE(si->swap_map[swp_offset(slot)]);
}

/* The number of the cgroup that a slot is charged to. The cluster is locked. */
static inline unsigned short zswap_wb_port_slot_memcg(struct swap_cluster_info *ci,
						      swp_entry_t slot)
{
	return lookup_swap_cgroup_id(slot);
}

/* ---- lists ---- */

/* The index of a cgroup's list; less than 0 for the one that is always there */
static inline int zswap_wb_port_list_index(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	if (memcg && !mem_cgroup_is_root(memcg))
		return memcg->id.id;
#endif
	return -1;
}

/* All lists of a node have one lock */
static inline void zswap_wb_port_list_unlock(int nid, struct list_lru_one *l)
{
	list_lru_unlock(&zswap_list_lru, nid);
}

/*
 * Is all that disorders the list of a cgroup noted for that cgroup? A cgroup that goes away
 * gives its objcgs to its parent before its list, so what is noted for them is not
 */
static inline bool zswap_wb_port_order_known(struct mem_cgroup *memcg)
{
	return !memcg_is_dying(memcg);
}

/* ---- pools and what is in them ---- */

/* The caller has a reference, or an entry that has one */
static inline void zswap_wb_port_pool_get(struct zswap_pool *pool)
{
	percpu_ref_get(&pool->ref);
}

/* Context: a cluster may be locked */
static inline void zswap_wb_port_object_read(struct zswap_pool *pool,
					     unsigned long handle, void *data,
					     unsigned int length)
{
	memcpy(data, zpool_map_handle(pool->zpool, handle, ZPOOL_MM_RO), length);
	zpool_unmap_handle(pool->zpool, handle);
}

/*
 * Return: 0, -ENOMEM if memory is short, or another error of the allocator, which may not take an
 * object of that size. It goes by the CPU's node: zswap_wb_port_object_node()
 */
static inline int zswap_wb_port_object_make(struct zswap_pool *pool, void *data,
					    unsigned int length, gfp_t gfp,
					    int nid, unsigned long *handle)
{
	struct zpool *zpool = pool->zpool;
	int err;

	if (zpool_malloc_support_movable(zpool))
		gfp |= __GFP_HIGHMEM | __GFP_MOVABLE;
	err = zpool_malloc(zpool, length, gfp, handle);
	if (err)
		return err;
	memcpy(zpool_map_handle(zpool, *handle, ZPOOL_MM_WO), data, length);
	zpool_unmap_handle(zpool, *handle);
	return 0;
}

/* Gets the request of a CPU, that of @ctx or another one, with its mutex held */
static inline struct crypto_acomp_ctx *
zswap_wb_port_ctx_lock(struct zswap_pool *pool, struct crypto_acomp_ctx *ctx)
{
	return acomp_ctx_get_cpu_lock(pool);
}

/*
 * Runs a compressor without the request of a CPU: none can here, a request has memory of its
 * own. So a fault may wait until a command has decompressed a page.
 */
static __always_inline int zswap_wb_port_acomp(struct crypto_acomp_ctx *ctx,
					       int (*run)(struct acomp_req *req),
					       struct scatterlist *input,
					       unsigned int *length,
					       struct scatterlist *output)
{
	return -EAGAIN;
}

/* ---- counters ---- */

/* No counter for it: zswap itself takes that for a bug */
static inline void zswap_wb_port_count_damaged(void)
{
}

static inline void zswap_wb_port_count_stored(unsigned int length)
{
	atomic_inc(&zswap_stored_pages);
}

/* memory.stat has no pswpout */
static inline void zswap_wb_port_count_swapout(struct obj_cgroup *objcg)
{
}

/* ---- what has another name, or is in another place ---- */

static inline u32 crc32c(u32 crc, const void *data, size_t length)
{
	return __crc32c_le(crc, data, length);
}

static inline struct folio *bvec_folio(const struct bio_vec *bvec)
{
	return page_folio(bvec->bv_page);
}

static inline struct swap_info_struct *__swap_entry_to_info(swp_entry_t slot)
{
	return swp_swap_info(slot);
}

#endif /* _MM_ZSWAP_WB_PORT_GLUE_H */
