// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: an entry on its way to the disk.
 *
 * The entry stays where it is, and can be loaded, until the disk has the page. There is no
 * folio for it, so nobody waits for one:
 *
 * fetch	copies the compressed data, and claims the slot
 * launch	takes the entry off the LRU; the slot is in flight
 * land		erases the entry and marks the slot, or puts the entry back
 *
 * In between, the copy is decompressed, or gets a header (image.c), and is written
 * (flight.c). Each step locks the slot's swap cluster. Why no page gets lost:
 *
 * 1. While a cluster is locked and there is no folio for a slot in the swap table,
 *    nobody can get one. Loads, stores and the shrinker change the tree only with
 *    the folio locked, and a slot is freed with its cluster locked. So an entry
 *    that the tree has then is alive and has the data of its slot for as long as
 *    the cluster is locked. The same address can be another entry than the one
 *    that was selected: compare the time, and the length, which a copy goes by.
 *
 * 2. From the fetch to the launch the data may change. Whoever changes it passes
 *    zswap_wb_folio_swapout() or zswap_wb_slots_free(), and wipes the claim; then
 *    there is no launch. A load erases the entry, and whether the page comes back
 *    to zswap or not, the entry that is looked for at the launch is gone or claimed
 *    no longer.
 *
 * 3. Only one command has a slot claimed or in flight. Without that the second
 *    one's old copy could reach the disk after the page had been written, freed
 *    and written anew.
 *
 * 4. While a slot is in flight, nobody else writes it. A swap-out waits in front
 *    of zswap_store(), or is put off; zswap_writeback_entry(), once it has its
 *    folio, backs off. A launch in turn refuses a slot that has a folio. So at
 *    the landing an entry at the same address is the same entry.
 *
 * 5. At the landing, no folio and the entry in the tree say that nobody has come
 *    for the page since the fetch: the disk has the right data, and the next reader
 *    finds either the entry or the disk. Otherwise the disk has what nobody will
 *    read: a folio loaded from zswap is dirty, and a slot that was freed is written
 *    before it is read.
 *
 * 6. An entry in flight is on no list, so the shrinker does not stumble over it.
 *    If it could not be written it is put back, with the tree locked, without which
 *    its owner could be freeing it.
 */
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/cgroup.h>
#include <linux/error-injection.h>
#include <linux/memcontrol.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include "internal.h"

/* Further down in mm/zswap.c */
static void zswap_lru_del(struct zswap_entry *entry);
static void zswap_entry_free(struct zswap_entry *entry);

/* ---- whose page it is ---- */

/*
 * The cgroup that an entry belongs to: the parent's, if the one that swapped it
 * out was removed. If zswap charges nobody, the swap slot knows.
 *
 * Context: RCU read side; the cluster is locked.
 */
static struct mem_cgroup *zswap_wb_entry_memcg(struct zswap_entry *entry,
					       struct swap_cluster_info *ci)
{
	if (entry->objcg)
		return mem_cgroup_from_entry(entry);
	return mem_cgroup_from_private_id(zswap_wb_port_slot_memcg(ci, entry->swpentry));
}

#if defined(CONFIG_MEMCG) && defined(CONFIG_BLK_CGROUP)
/*
 * Exchanges a reference to a css, or NULL, for one to the css that has the I/O for a cgroup,
 * or for its parent's if it was removed. Context: RCU read side
 */
void zswap_wb_memcg_css(struct mem_cgroup *memcg, struct cgroup_subsys_state **css)
{
	struct cgroup_subsys_state *owner = NULL;

	while (memcg && css_is_dying(&memcg->css))
		memcg = parent_mem_cgroup(memcg);
	if (memcg)
		owner = cgroup_e_css(memcg->css.cgroup, &io_cgrp_subsys);
	if (owner == *css)
		return;
	if (*css)
		css_put(*css);
	*css = owner && css_tryget(owner) ? owner : NULL;
}
#else
void zswap_wb_memcg_css(struct mem_cgroup *memcg, struct cgroup_subsys_state **css)
{
}
#endif

/* ---- pools of images ---- */

/* See zswap_wb_chunk_join() */
void zswap_wb_pool_get(struct zswap_pool *pool)
{
	zswap_wb_port_pool_get(pool);
}

/* Context: any in which bottom halves can be disabled */
void zswap_wb_pool_put(struct zswap_pool *pool)
{
	zswap_pool_put(pool);
}

/* ---- fetch ---- */

/*
 * Is an entry still what it was, and nobody has come for it? The cluster is locked. Return: 0
 * or what it counts as
 */
static enum zswap_wb_outcome
zswap_wb_entry_check(const struct zswap_wb_facts *facts,
		     struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	struct zswap_entry *entry = facts->entry;

	if (zswap_wb_port_slot_cached(si, ci, facts->slot))
		return ZSWAP_WB_SKIPPED_BUSY;
	/*
	 * A page that is changed while it is being reclaimed may keep its slot, and its entry. If
	 * it is all zeroes then, it goes without being stored anew: the entry is of what it was
	 */
	if (entry != xa_load(swap_zswap_tree(facts->slot),
			     swp_offset(facts->slot)) ||
	    entry->store_time != facts->stamp || entry->length != facts->length ||
	    zswap_wb_port_slot_zero(si, ci, facts->slot))
		return ZSWAP_WB_SKIPPED_GONE;
	return 0;
}

/**
 * zswap_wb_entry_fetch() - copy the page of an entry, and claim its slot
 * @item:	the entry, as the list told of it, whose lock is no longer held. In:
 *		it should be written as an image; out: it is one
 * @si:		the swap device, with a reference
 * @chunk:	chunk of the slot
 * @ticket:	for the claim
 * @scratch:	room for a page
 * @page:	result
 *
 * The claim has to be given to zswap_wb_entry_launch() or
 * zswap_wb_slot_unclaim().
 * Context: process context, may sleep.
 * Return:
 * * 0 on success
 * * ZSWAP_WB_SKIPPED_BUSY	the page is in the swap cache, or another command has
 *				claimed it
 * * ZSWAP_WB_SKIPPED_GONE	the entry is gone
 * * ZSWAP_WB_SKIPPED_PROTECTED	its cgroup forbids to write it
 * * ZSWAP_WB_FAILED		the data can't be decompressed
 */
enum zswap_wb_outcome zswap_wb_entry_fetch(struct zswap_wb_item *item,
					   struct swap_info_struct *si,
					   struct zswap_wb_chunk *chunk, u32 ticket,
					   void *scratch, struct page *page)
{
	const struct zswap_wb_facts *facts = &item->facts;
	unsigned int length = facts->length;
	struct zswap_entry *entry = facts->entry;
	struct swap_cluster_info *ci;
	struct zswap_pool *pool;
	enum zswap_wb_outcome outcome;
	void *data = scratch;

	ci = zswap_wb_port_cluster_lock(si, facts->slot);
	outcome = zswap_wb_entry_check(facts, si, ci);
	if (outcome)
		goto unlock;
	/* The walk has asked, too, but without a list per cgroup it can't tell */
	rcu_read_lock();
	if (zswap_wb_scope_protected(zswap_wb_entry_memcg(entry, ci)))
		outcome = ZSWAP_WB_SKIPPED_PROTECTED;
	rcu_read_unlock();
	if (outcome)
		goto unlock;
	if (!zswap_wb_slot_claim(chunk, facts->slot, ticket)) {
		outcome = ZSWAP_WB_SKIPPED_BUSY;
		goto unlock;
	}

	pool = entry->pool;
	/* The header has 16 bits for the length, which not all sizes of a page fit into */
	item->kind.image = item->kind.image &&
			   length + ZSWAP_WB_IMAGE_HEADER <= min(PAGE_SIZE, SZ_64K) &&
			   zswap_wb_chunk_join(chunk, pool);
	if (item->kind.image)
		data = page_address(page) + ZSWAP_WB_IMAGE_HEADER;
	else if (zswap_wb_port_plain(length))
		data = page_address(page);
	zswap_wb_port_object_read(pool, entry->handle, data, length);
	/* The entry, which has a reference, may go as soon as we unlock */
	zswap_wb_port_pool_get(pool);
	zswap_wb_port_cluster_unlock(si, ci);

	if (item->kind.image) {
		zswap_wb_image_make(page_address(page), length, facts->slot,
				    pool);
	} else if (data == scratch &&
		   !zswap_wb_decompress(pool, scratch, length, page)) {
		zswap_wb_slot_unclaim(facts->slot, ticket);
		zswap_wb_port_count_damaged();
		outcome = ZSWAP_WB_FAILED;
	}
	zswap_pool_put(pool);
	return outcome;

unlock:
	zswap_wb_port_cluster_unlock(si, ci);
	return outcome;
}

/* ---- launch ---- */

/*
 * Takes an entry that is launched off its list, so that the shrinker does not come to it. If
 * an error is injected it stays there, as one does that the shrinker has come to already.
 */
static noinline void zswap_wb_entry_unlist(struct zswap_entry *entry)
{
	zswap_lru_del(entry);
}
ALLOW_ERROR_INJECTION(zswap_wb_entry_unlist, NULL);

/**
 * zswap_wb_entry_launch() - the copy of an entry is about to be written
 * @item:	the entry, which has been fetched
 * @si:		the swap device, with a reference that is held until the landing
 * @ticket:	ticket of the claim, which is used up
 * @css:	in: a css, with a reference, or %NULL; out: the one that the I/O has
 *		to be accounted to
 * Context: process context.
 * Return: 0, or busy or gone as zswap_wb_entry_fetch(): then the copy must not be
 * written
 */
enum zswap_wb_outcome zswap_wb_entry_launch(const struct zswap_wb_item *item,
					    struct swap_info_struct *si, u32 ticket,
					    struct cgroup_subsys_state **css)
{
	const struct zswap_wb_facts *facts = &item->facts;
	struct swap_cluster_info *ci;
	enum zswap_wb_outcome outcome;

	ci = zswap_wb_port_cluster_lock(si, facts->slot);
	outcome = zswap_wb_entry_check(facts, si, ci);
	if (!outcome && !zswap_wb_slot_launch(facts->slot, ticket, &item->kind))
		outcome = ZSWAP_WB_SKIPPED_GONE;
	if (!outcome) {
		zswap_wb_entry_unlist(facts->entry);
		rcu_read_lock();
		zswap_wb_memcg_css(zswap_wb_entry_memcg(facts->entry, ci), css);
		rcu_read_unlock();
	}
	zswap_wb_port_cluster_unlock(si, ci);
	if (outcome)
		zswap_wb_slot_unclaim(facts->slot, ticket);
	return outcome;
}

/* ---- land ---- */

static void zswap_wb_entry_account(struct zswap_entry *entry)
{
	count_vm_event(ZSWPWB);
	count_vm_event(ZSWPWB_PROACTIVE);
	count_vm_events(ZSWPWB_PROACTIVE_B, entry->length);
	count_vm_event(PSWPOUT);
	if (entry->objcg) {
		count_objcg_events(entry->objcg, ZSWPWB, 1);
		count_objcg_events(entry->objcg, ZSWPWB_PROACTIVE, 1);
		count_objcg_events(entry->objcg, ZSWPWB_PROACTIVE_B,
				   entry->length);
		zswap_wb_port_count_swapout(entry->objcg);
	}
	/* Like the rest of zswap's own counters: may miss one, and nothing goes by it */
	data_race(zswap_written_back_pages++);
}

/* Puts an entry back where it was, unless it is gone: see the top */
static void zswap_wb_entry_putback(const struct zswap_wb_facts *facts)
{
	struct xarray *tree = swap_zswap_tree(facts->slot);
	struct zswap_entry *entry = facts->entry;

	xa_lock(tree);
	if (entry == xa_load(tree, swp_offset(facts->slot)))
		zswap_wb_list_return(entry);
	xa_unlock(tree);
}

/*
 * A slot has been freed while an old copy was on its way to the device: the device
 * has heard of that before it got the copy, and has to hear of it again, or it would
 * keep the copy for good. The cluster is locked.
 */
static void zswap_wb_slot_freed(struct swap_info_struct *si,
				struct swap_cluster_info *ci, swp_entry_t slot)
{
	void (*notify)(struct block_device *bdev, unsigned long offset);

	if (!(si->flags & SWP_BLKDEV) ||
	    !zswap_wb_port_slot_unused(si, ci, slot))
		return;
	notify = si->bdev->bd_disk->fops->swap_slot_free_notify;
	if (notify)
		notify(si->bdev, swp_offset(slot));
}

/**
 * zswap_wb_entry_land() - the write of an entry is over
 * @item:	the entry, which has been launched
 * @si:		the swap device
 * @failed:	the device has not got it
 * @aloft:	until it has landed, which happens once, whoever comes first
 * Context: process context.
 * Return:
 * * -EALREADY	it has landed
 * * ZSWAP_WB_WRITTEN		it is on the disk, and out of memory
 * * ZSWAP_WB_SKIPPED_BUSY	somebody has come for the page
 * * ZSWAP_WB_SKIPPED_GONE	the same, or it was freed, and the entry is gone
 * * ZSWAP_WB_FAILED		@failed, and the entry is back where it was, if it is
 *				still there
 */
int zswap_wb_entry_land(const struct zswap_wb_item *item,
			struct swap_info_struct *si, bool failed, bool *aloft)
{
	const struct zswap_wb_facts *facts = &item->facts;
	struct zswap_entry *entry = facts->entry;
	struct swap_cluster_info *ci;
	int outcome;

	ci = zswap_wb_port_cluster_lock(si, facts->slot);
	if (!*aloft) {
		zswap_wb_port_cluster_unlock(si, ci);
		return -EALREADY;
	}
	WRITE_ONCE(*aloft, false);
	outcome = zswap_wb_entry_check(facts, si, ci);
	if (failed)
		outcome = ZSWAP_WB_FAILED;
	if (outcome) {
		zswap_wb_entry_putback(facts);
		zswap_wb_slot_freed(si, ci, facts->slot);
	} else {
		xa_erase(swap_zswap_tree(facts->slot), swp_offset(facts->slot));
	}
	zswap_wb_slot_land(facts->slot, !outcome);
	zswap_wb_port_cluster_unlock(si, ci);
	if (outcome)
		return outcome;

	zswap_wb_entry_account(entry);
	zswap_entry_free(entry);
	return 0;
}
