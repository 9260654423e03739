/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to
 * another for glue.c, which is part of mm/zswap.c.
 */
#ifndef _MM_ZSWAP_WB_PORT_GLUE_H
#define _MM_ZSWAP_WB_PORT_GLUE_H

#include <linux/list_lru.h>
#include <linux/memcontrol.h>
#include <linux/scatterlist.h>

#include "../swap_table.h"
#include "port.h"

/* ---- swap slots ---- */

/* Locks what protects a slot. Return: its cluster */
static inline struct swap_cluster_info *
zswap_wb_port_cluster_lock(struct swap_info_struct *si, swp_entry_t slot)
{
	return swap_cluster_lock(si, swp_offset(slot));
}

static inline void zswap_wb_port_cluster_unlock(struct swap_info_struct *si,
						struct swap_cluster_info *ci)
{
	swap_cluster_unlock(ci);
}

/* Is somebody using the page of a slot? The cluster is locked. */
static inline bool zswap_wb_port_slot_cached(struct swap_info_struct *si,
					     struct swap_cluster_info *ci,
					     swp_entry_t slot)
{
	return ci->table &&
	       swp_tb_is_folio(__swap_table_get(ci, swp_cluster_offset(slot)));
}

/* Is the page of a slot that is in use all zeroes, and so nowhere else? The cluster is locked. */
static inline bool zswap_wb_port_slot_zero(struct swap_info_struct *si,
					   struct swap_cluster_info *ci,
					   swp_entry_t slot)
{
	return __swap_table_test_zero(ci, swp_cluster_offset(slot));
}

/* Is a slot free? The cluster is locked. */
static inline bool zswap_wb_port_slot_unused(struct swap_info_struct *si,
					     struct swap_cluster_info *ci,
					     swp_entry_t slot)
{
	return !ci->table ||
	       swp_tb_is_null(__swap_table_get(ci, swp_cluster_offset(slot)));
}

/* The number of the cgroup that a slot is charged to. The cluster is locked. */
static inline unsigned short zswap_wb_port_slot_memcg(struct swap_cluster_info *ci,
						      swp_entry_t slot)
{
	return __swap_cgroup_get(ci, swp_cluster_offset(slot));
}

/* ---- lists ---- */

/* The index of a cgroup's list; less than 0 for the one that is always there */
static inline int zswap_wb_port_list_index(struct mem_cgroup *memcg)
{
	return memcg_kmem_id(memcg);
}

static inline void zswap_wb_port_list_unlock(int nid, struct list_lru_one *l)
{
	list_lru_unlock(l);
}

/* Is all that disorders the list of a cgroup noted for that cgroup? */
static inline bool zswap_wb_port_order_known(struct mem_cgroup *memcg)
{
	return true;
}

/* ---- pools and what is in them ---- */

static inline void zswap_wb_port_pool_get(struct zswap_pool *pool)
{
	zswap_pool_get(pool);
}

/* Context: a cluster may be locked */
static inline void zswap_wb_port_object_read(struct zswap_pool *pool,
					     unsigned long handle, void *data,
					     unsigned int length)
{
	struct scatterlist sg[2];

	zs_obj_read_sg_begin(pool->zs_pool, handle, sg, length);
	memcpy_from_sglist(data, sg, 0, length);
	zs_obj_read_sg_end(pool->zs_pool, handle);
}

/* Return: 0, -ENOMEM if memory is short, or another error of the allocator */
static inline int zswap_wb_port_object_make(struct zswap_pool *pool, void *data,
					    unsigned int length, gfp_t gfp,
					    int nid, unsigned long *handle)
{
	*handle = zs_malloc(pool->zs_pool, length,
			    gfp | __GFP_HIGHMEM | __GFP_MOVABLE, nid);
	if (IS_ERR_VALUE(*handle))
		return *handle;
	zs_obj_write(pool->zs_pool, *handle, data, length);
	return 0;
}

/* Gets the request of a CPU, that of @ctx or another one, with its mutex held */
static inline struct crypto_acomp_ctx *
zswap_wb_port_ctx_lock(struct zswap_pool *pool, struct crypto_acomp_ctx *ctx)
{
	mutex_lock(&ctx->mutex);
	return ctx;
}

/*
 * Runs a compressor without the request of a CPU. @length: in: of the input; out: of the output.
 * Return: 0 or its error, -EAGAIN if it needs one
 */
static __always_inline int zswap_wb_port_acomp(struct crypto_acomp_ctx *ctx,
					       int (*run)(struct acomp_req *req),
					       struct scatterlist *input,
					       unsigned int *length,
					       struct scatterlist *output)
{
	int err;

	ACOMP_REQUEST_ON_STACK(req, ctx->acomp);

	acomp_request_set_params(req, input, output, *length, PAGE_SIZE);
	err = run(req);
	if (err != -EAGAIN)
		*length = req->dlen;
	return err;
}

/* ---- counters ---- */

/* A page in zswap could not be decompressed */
static inline void zswap_wb_port_count_damaged(void)
{
	/* May miss one, as where zswap itself counts */
	data_race(zswap_decompress_fail++);
}

static inline void zswap_wb_port_count_stored(unsigned int length)
{
	atomic_long_inc(&zswap_stored_pages);
	if (length == PAGE_SIZE)
		atomic_long_inc(&zswap_stored_incompressible_pages);
}

static inline void zswap_wb_port_count_swapout(struct obj_cgroup *objcg)
{
	count_objcg_events(objcg, PSWPOUT, 1);
}

#endif /* _MM_ZSWAP_WB_PORT_GLUE_H */
