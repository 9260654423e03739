/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to another
 * about swap devices.
 */
#ifndef _MM_ZSWAP_WB_PORT_SWAP_H
#define _MM_ZSWAP_WB_PORT_SWAP_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/swap_ops.h>
#include <linux/vmstat.h>
#include <linux/zswap_wb.h>

#include "../swap.h"
#include "io.h"

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

/*
 * Has a filesystem write pages of ours to its swap file, or read them, and waits for that. As
 * folios, they know their slots and get back whether that failed: zswap_wb_page_failed().
 *
 * Nobody else has these folios. What the kernel does with those of the swap cache is all that
 * it offers here, and so is how it tells that it is done. A worker gets no signal: who waits
 * killably is in no report of hung tasks.
 */
static inline void zswap_wb_port_file_move(struct swap_info_struct *si,
					   struct list_head *folios, bool write)
{
	struct swap_io_ctx ctx = {};
	struct folio *folio;
	bool done;

	list_for_each_entry(folio, folios, lru) {
		folio_lock(folio);
		if (write) {
			folio_start_writeback(folio);
			folio_unlock(folio);
		}
		swap_add_folio(&ctx, folio, write ? WRITE : READ);
	}
	if (write)
		swap_write_submit(&ctx);
	else
		swap_read_submit(&ctx);
	list_for_each_entry(folio, folios, lru) {
		if (write) {
			while (folio_wait_writeback_killable(folio))
				;
			done = !folio_test_clear_dirty(folio);
		} else {
			while (folio_wait_locked_killable(folio))
				;
			done = folio_test_uptodate(folio);
			folio_clear_uptodate(folio);
		}
		zswap_wb_page_set_failed(&folio->page, !done);
	}
}

#endif /* _MM_ZSWAP_WB_PORT_SWAP_H */
