/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: the hooks that mm/zswap.c, mm/swapfile.c and mm/page_io.c call.
 *
 * With CONFIG_ZSWAP_WB=n each of them is an empty inline. With it, those that
 * look into struct zswap_entry are inlines of mm/zswap_wb/glue.c, which is part
 * of the same compilation unit as mm/zswap.c, and a few are inlines here: a system
 * that never wrote anything pays no call.
 */
#ifndef _LINUX_ZSWAP_WB_H
#define _LINUX_ZSWAP_WB_H

#include <linux/mm_types.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct bio;
struct dentry;
struct folio;
struct mem_cgroup;
struct swap_io_ctx;
struct zswap_entry;

/* Of mm/page_io.c, where it has struct swap_io_ctx: one folio more to be read or written */
void swap_add_folio(struct swap_io_ctx *ctx, struct folio *folio, int rw);

#ifdef CONFIG_ZSWAP_WB
extern struct xarray zswap_wb_chunks[MAX_SWAPFILES];

void zswap_wb_arm(void);
void zswap_wb_folio_swapin(struct folio *folio);
bool zswap_wb_folio_stale(struct folio *folio, bool pending);
bool zswap_wb_slot_in_flight(swp_entry_t slot);
void zswap_wb_slots_stale(swp_entry_t slot, unsigned int nr);
bool zswap_wb_folio_unpack(struct folio *folio);
void zswap_wb_read_submit(struct bio *bio);

/* Is nothing known of any slot of a swap device? On most systems, nothing ever is */
static inline bool zswap_wb_slots_empty(unsigned int type)
{
	return xa_empty(&zswap_wb_chunks[type]);
}

/*
 * Slots side by side are being freed. Context: what protects them is locked, or none of them can be
 * claimed; interrupts may be disabled
 */
static inline void zswap_wb_slots_free(swp_entry_t slot, unsigned int nr)
{
	if (!zswap_wb_slots_empty(swp_type(slot)))
		zswap_wb_slots_stale(slot, nr);
}

/*
 * A folio, locked and in the swap cache, is about to be swapped out; @pending: others were, and
 * are not yet sent. Context: may sleep. Return: false if that can't be now, and it is dirty
 */
static inline bool zswap_wb_folio_swapout(struct folio *folio, bool pending)
{
	return zswap_wb_slots_empty(swp_type(folio->swap)) ||
	       zswap_wb_folio_stale(folio, pending);
}
#else
static inline void zswap_wb_arm(void)
{
}

static inline void zswap_wb_folio_swapin(struct folio *folio)
{
}

static inline bool zswap_wb_folio_swapout(struct folio *folio, bool pending)
{
	return true;
}

static inline void zswap_wb_slots_free(swp_entry_t slot, unsigned int nr)
{
}

static inline bool zswap_wb_slot_in_flight(swp_entry_t slot)
{
	return false;
}

static inline bool zswap_wb_folio_unpack(struct folio *folio)
{
	return true;
}

static inline void zswap_wb_read_submit(struct bio *bio)
{
}

static inline u32 zswap_wb_entry_stamp(struct zswap_entry *entry)
{
	return 0;
}

static inline void zswap_wb_list_added(struct mem_cgroup *memcg, int nid,
				       u32 start)
{
}

static inline bool zswap_wb_is_mark_or_note_rotation(struct zswap_entry *entry)
{
	return false;
}
#endif

#ifdef CONFIG_ZSWAP_WB_DEBUGFS
void zswap_wb_debugfs_init(struct dentry *dir);
#else
static inline void zswap_wb_debugfs_init(struct dentry *dir)
{
}

static inline void zswap_wb_entry_loaded(struct zswap_entry *entry)
{
}
#endif

#endif /* _LINUX_ZSWAP_WB_H */
