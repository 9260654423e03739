// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: a page that was written on its way back into zswap.
 *
 * What a fault reads comes back as a folio. A readback makes an entry of it again, as
 * a store would, but without a folio, and without making room first:
 *
 * recall	the slot's word says that the page is being read back
 * restore	checks that it still says so, and puts the entry into the tree
 *
 * In between, a copy of the slot is read (readback.c). An image goes into the pool as it
 * is, any other page is compressed. Both steps lock the slot's swap cluster.
 * Why nobody gets old data:
 *
 * 1. A slot that commands have written to, and whose word says so, has its page on the
 *    disk, and nowhere else. Whoever wants it has a folio in the swap cache before he
 *    looks for an entry, and as long as he reads the disk; he who frees it locks the
 *    cluster. Both wipe the word. So if the cluster is locked, there is no folio, and
 *    the word says that the page was recalled, then the copy is right, and nobody
 *    has looked for an entry that was not there yet.
 *
 * 2. Only one command at a time has recalled pages of a device. So it is the same
 *    recall, and not a later one of another page in the same slot.
 *
 * 3. Who comes when the cluster is unlocked finds the entry. The word is cleared with
 *    the entry in the tree: from then on the page is like any other in zswap.
 *
 * 4. Stores and the shrinker hold the folio of a slot locked: see 1. A command that
 *    writes finds a word that is not zero until the entry is complete.
 */
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>

/* Further down in mm/zswap.c */
static void zswap_lru_add(struct zswap_entry *entry);
static struct zswap_entry *zswap_entry_cache_alloc(gfp_t gfp, int nid);
static void zswap_entry_cache_free(struct zswap_entry *entry);

/* Memory that is free, for which nobody is woken up */
#define ZSWAP_WB_RESTORE_GFP	(__GFP_NOWARN | __GFP_NOMEMALLOC)

/* ---- recall ---- */

/**
 * zswap_wb_entry_recall() - a page that a command wrote is about to be read back
 * @item:	its slot, and what is known of it
 * @si:		the swap device, with a reference
 * @scope:	cgroups whose pages are wanted
 * @memcg:	result: the cgroup that it belongs to, with a reference; or %NULL
 * @pool:	result: pool of the image, with a reference; %NULL for an ordinary page
 * Context: process context.
 * Return: false if somebody has come for the page, or it is out of scope
 */
bool zswap_wb_entry_recall(const struct zswap_wb_item *item,
			   struct swap_info_struct *si,
			   const struct zswap_wb_scope *scope,
			   struct mem_cgroup **memcg, struct zswap_pool **pool)
{
	swp_entry_t slot = item->facts.slot;
	struct swap_cluster_info *ci;
	bool recalled;
	int nid;

	*pool = NULL;
	ci = zswap_wb_port_cluster_lock(si, slot);
	*memcg = zswap_wb_scope_owner(zswap_wb_port_slot_memcg(ci, slot));
	recalled = !zswap_wb_port_slot_cached(si, ci, slot) &&
		   zswap_wb_scope_covers(scope, *memcg) &&
		   zswap_wb_slot_recall(slot, &item->kind);
	if (!recalled) {
		mem_cgroup_put(*memcg);
		goto unlock;
	}
	if (item->kind.image) {
		*pool = zswap_wb_slot_image(slot, &nid);
		zswap_wb_port_pool_get(*pool);
	}
unlock:
	zswap_wb_port_cluster_unlock(si, ci);
	return recalled;
}

/* ---- restore ---- */

/* Is there room for more pages? Not up to the limit: others have to store as well */
bool zswap_wb_pool_has_room(void)
{
	return zswap_enabled &&
	       zswap_total_pages() + ZSWAP_WB_ZSPAGE_MAX <= zswap_accept_thr_pages();
}

/* Makes an entry that nobody knows yet, of memory that is free. Return: it, or an error */
static struct zswap_entry *zswap_wb_entry_make(const struct zswap_wb_item *item,
					       void *data, unsigned int length,
					       struct zswap_pool *pool,
					       struct obj_cgroup *objcg, int nid)
{
	struct zswap_entry *entry;
	unsigned long handle;
	unsigned int flags;
	int err;

	entry = zswap_entry_cache_alloc(ZSWAP_WB_RESTORE_GFP, nid);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	err = zswap_wb_port_object_make(pool, data, length, ZSWAP_WB_RESTORE_GFP,
					nid, &handle);
	if (err) {
		zswap_entry_cache_free(entry);
		return ERR_PTR(err);
	}

	/* From here on zswap_entry_free() takes it apart */
	zswap_wb_port_pool_get(pool);
	if (objcg) {
		obj_cgroup_get(objcg);
		/* Must not fail: there was room, but others may have been faster */
		flags = memalloc_noreclaim_save();
		obj_cgroup_charge_zswap(objcg, length);
		memalloc_noreclaim_restore(flags);
	}
	zswap_wb_port_count_stored(length);
	*entry = (struct zswap_entry) {
		.swpentry	= item->facts.slot,
		.length		= length,
		.referenced	= true,
		.pool		= pool,
		.handle		= handle,
		.objcg		= objcg,
		.lru		= LIST_HEAD_INIT(entry->lru),
	};
	return entry;
}

/* Puts an entry into its slot, if that still waits for it. Return: 0, -EEXIST, -EBUSY or -ENOMEM */
static int zswap_wb_entry_publish(const struct zswap_wb_item *item,
				  struct swap_info_struct *si,
				  struct zswap_entry *entry)
{
	swp_entry_t slot = item->facts.slot;
	struct xarray *tree = swap_zswap_tree(slot);
	struct swap_cluster_info *ci;
	int err = -EEXIST;

	ci = zswap_wb_port_cluster_lock(si, slot);
	if (!zswap_wb_port_slot_cached(si, ci, slot) &&
	    zswap_wb_slot_recalled(slot, &item->kind))
		err = xa_insert(tree, swp_offset(slot), entry,
				ZSWAP_WB_RESTORE_GFP);
	if (!err) {
		zswap_lru_add(entry);
		zswap_wb_slot_restored(slot, &item->kind);
	}
	zswap_wb_port_cluster_unlock(si, ci);
	return err;
}

/*
 * What a page is in the pool: data and length. Of an ordinary page in @scratch, but for
 * one that does not get smaller. Return: 0, -EIO for a damaged image, -E2BIG for a page that
 * this series of kernels does not store
 */
static int zswap_wb_restore_data(const struct zswap_wb_item *item,
				 struct zswap_pool *pool, struct page *page,
				 void *scratch, void **data, unsigned int *length)
{
	void *from = page_address(page);

	if (item->kind.image) {
		*length = zswap_wb_image_check(from, item->facts.slot, pool);
		*data = from + ZSWAP_WB_IMAGE_HEADER;
		if (*length)
			return 0;
		/* Counted by who needs it: it stays where it is, if it is still there */
		if (zswap_wb_slot_recalled(item->facts.slot, &item->kind))
			zswap_wb_image_tell(item->facts.slot);
		return -EIO;
	}
	*length = zswap_wb_compress(pool, page, scratch);
	*data = scratch;
	if (!*length || *length >= PAGE_SIZE) {
		*length = PAGE_SIZE;
		*data = from;
		return zswap_wb_port_plain(PAGE_SIZE) ? 0 : -E2BIG;
	}
	return 0;
}

/* With a list of the cgroup, which has room. Return: as zswap_wb_entry_restore() */
static int zswap_wb_restore_charged(const struct zswap_wb_item *item,
				    struct swap_info_struct *si,
				    struct obj_cgroup *objcg, int nid,
				    struct zswap_pool *pool, void *data,
				    unsigned int length)
{
	struct zswap_entry *entry;
	struct mem_cgroup *memcg;
	int err;

	if (IS_ENABLED(CONFIG_MEMCG) && objcg) {
		memcg = get_mem_cgroup_from_objcg(objcg);
		err = memcg_list_lru_alloc(memcg, &zswap_list_lru,
					   ZSWAP_WB_RESTORE_GFP);
		mem_cgroup_put(memcg);
		if (err)
			return -ENOMEM;
	}
	entry = zswap_wb_entry_make(item, data, length, pool, objcg, nid);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	err = zswap_wb_entry_publish(item, si, entry);
	if (err)
		zswap_entry_free(entry);
	return err;
}

/**
 * zswap_wb_entry_restore() - a page that was recalled has been read
 * @item:	its slot, and what is known of it; gets the length in zswap
 * @si:		the swap device, with a reference
 * @memcg:	the cgroup that it belongs to, or %NULL
 * @image:	pool of the image, %NULL for an ordinary page
 * @page:	what has been read
 * @scratch:	room for a page
 *
 * If that fails, the recall is to be taken back.
 * Context: process context, may sleep.
 * Return:
 * * 0		the page is in zswap, and its slot like any other
 * * -EEXIST	somebody has come for the page, or freed it
 * * -EIO	the image is damaged
 * * -E2BIG	it does not get smaller, and is nothing that this series of kernels stores
 * * -ENOSPC	its cgroup has no room for it, or its pool takes none of that length
 * * -ENOMEM	not enough memory is free
 * * -ENODEV	there is no pool
 */
int zswap_wb_entry_restore(struct zswap_wb_item *item, struct swap_info_struct *si,
			   struct mem_cgroup *memcg, struct zswap_pool *image,
			   struct page *page, void *scratch)
{
	struct zswap_pool *pool = image ?: zswap_pool_current_get();
	struct obj_cgroup *objcg;
	unsigned int length;
	int nid, err;
	void *data;

	if (!pool)
		return -ENODEV;
	nid = zswap_wb_restore_node(item->kind.nid);
	err = zswap_wb_restore_data(item, pool, page, scratch, &data, &length);
	if (!err && !zswap_wb_scope_has_room(memcg, nid, length))
		err = -ENOSPC;
	if (!err) {
		objcg = zswap_wb_scope_objcg_get(memcg, nid);
		err = zswap_wb_restore_charged(item, si, objcg, nid, pool, data,
					       length);
		obj_cgroup_put(objcg);
		item->facts.length = length;
	}
	if (!image)
		zswap_pool_put(pool);
	return err;
}
