// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: selected entries on their way to the swap device,
 * and out of memory.
 *
 * A window of them is sorted by swap slot, and written in batches. Each goes
 * through three steps:
 *
 * prepare	All that sleeps on memory or can fail: a folio in the swap cache
 *		for each entry, with the page's data, and a place to remember
 *		that it was written. The folios are locked, but none is under
 *		writeback yet, so nobody who reclaims memory, this task
 *		included, can come to wait for a write that is never sent.
 *
 * submit	All that does neither. Folios go in the order of their swap slots
 *		into as few block requests as they fit into.
 *
 * complete	Waits for the writes, and takes the folios out of the swap cache
 *		again. Left there, they would cost a page each until reclaim
 *		comes by, while all that leaving zswap has saved is the
 *		compressed copy.
 *
 * A batch is completed when the next one has been submitted, so the device has
 * work while the next one is decompressed:
 *
 *	CPU	prepare 1, submit 1, prepare 2, submit 2, complete 1, prepare 3 ...
 *	device	                     write 1             , write 2          ...
 *
 * No folio is locked then but those that are being prepared, or the one that is
 * being completed.
 *
 * What a folio in the swap cache goes through, and why no page gets lost:
 *
 * 1. Prepared: the entry is still in zswap. If anything fails, the folio is
 *    thrown away, and all is as before.
 *
 * 2. Committed: the folio is the only copy, and up to date; it is clean, but
 *    under writeback, so nobody drops it. A fault can map it right away.
 *
 * 3. Written: the disk has the copy, and the folio may go. It goes only if it
 *    is clean, not mapped, and nobody but the swap cache has a reference, which
 *    remove_mapping() checks in one step with the removal.
 *
 * 4. Write error: the kernel has marked the folio dirty, so it is not dropped.
 *    It goes back into zswap if that takes it. Or else it stays in the swap
 *    cache, where reclaim can't get at it before it is used again; the command
 *    ends, before it makes more of those.
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/swap_ops.h>
#include <linux/swapops.h>

#include "../internal.h"
#include "../swap.h"
#include "internal.h"

#include <trace/events/zswap_wb.h>

/**
 * zswap_wb_window_alloc() - get an empty window
 * @max:	room for entries to select
 *
 * Context: process context, may sleep.
 * Return: the window, or %NULL
 */
struct zswap_wb_window *zswap_wb_window_alloc(unsigned int max)
{
	struct zswap_wb_window *window;

	window = kvmalloc_flex(*window, item, max,
			       GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (window) {
		window->flight = (struct zswap_wb_batch) {
			.item	= window->landed,
		};
		window->nr_stragglers = 0;
		window->err = 0;
		window->max = max;
		window->nr = 0;
	}
	return window;
}

/**
 * zswap_wb_window_free() - free a window
 * @window:	a window that zswap_wb_window_settle() has been called for, or
 *		%NULL; what it has not written stays in zswap
 */
void zswap_wb_window_free(struct zswap_wb_window *window)
{
	kvfree(window);
}

/**
 * zswap_wb_window_add() - select an entry
 * @window:	a window that has room
 * @facts:	the entry
 * @kind:	its node and bucket
 *
 * Context: the list's LRU lock may be held.
 */
void zswap_wb_window_add(struct zswap_wb_window *window,
			 const struct zswap_wb_facts *facts,
			 const struct zswap_wb_kind *kind)
{
	window->item[window->nr++] = (struct zswap_wb_item) {
		.facts	= *facts,
		.kind	= *kind,
	};
}

static int zswap_wb_item_cmp(const void *a, const void *b)
{
	const struct zswap_wb_item *x = a, *y = b;

	if (x->facts.slot.val != y->facts.slot.val)
		return x->facts.slot.val < y->facts.slot.val ? -1 : 1;
	return 0;
}

/* The outcome of an entry that could not be prepared */
static enum zswap_wb_outcome zswap_wb_prepare_outcome(long err)
{
	switch (err) {
	case -EEXIST:
		return ZSWAP_WB_SKIPPED_BUSY;
	case -EPERM:
		return ZSWAP_WB_SKIPPED_PROTECTED;
	case -ENOENT:
		return ZSWAP_WB_SKIPPED_GONE;
	default:
		return ZSWAP_WB_FAILED;
	}
}

/*
 * Gets the folio of an entry, unless its cgroup forbids to write it. The walk
 * has asked, too, but that may be long ago; and without a list per cgroup it
 * could not tell.
 *
 * Until the folio is there, nothing but the reference keeps swapoff from taking
 * away what the slot is going to be marked in.
 */
static struct folio *zswap_wb_item_prepare(const struct zswap_wb_item *item,
					   bool may_reclaim)
{
	struct swap_info_struct *si = get_swap_device(item->facts.slot);
	struct folio *folio;
	bool protected;
	int err;

	if (!si)
		return ERR_PTR(-EEXIST);
	err = zswap_wb_refault_prepare(item->facts.slot, may_reclaim);
	folio = err ? ERR_PTR(err) :
		zswap_wb_entry_prepare(&item->facts, may_reclaim);
	put_swap_device(si);
	if (IS_ERR(folio))
		return folio;

	rcu_read_lock();
	protected = zswap_wb_scope_protected(zswap_wb_entry_memcg(item->facts.entry,
								  folio));
	rcu_read_unlock();
	if (!protected)
		return folio;
	zswap_wb_entry_abort(folio);
	return ERR_PTR(-EPERM);
}

/*
 * Gets the folios of the entries from @first on, and moves those that are going
 * to be written together, to @first and behind. Stops when the batch is full, at a
 * signal, and when memory runs out while there are folios to write first.
 *
 * Return: the first entry that has not been dealt with
 */
static unsigned int zswap_wb_batch_prepare(struct zswap_wb_window *window,
					   struct zswap_wb_batch *batch,
					   unsigned int first)
{
	unsigned int last = min(window->nr, first + ZSWAP_WB_BATCH_MAX);
	unsigned int i;

	batch->item = &window->item[first];
	for (i = first; i < last && !signal_pending(window->task); i++) {
		struct zswap_wb_item *item = &window->item[i];
		struct folio *folio = zswap_wb_item_prepare(item, false);

		/*
		 * Only the first one may reclaim, when no folio is locked, and
		 * not before we have given back what we have.
		 */
		if (PTR_ERR(folio) == -ENOMEM && !batch->nr) {
			zswap_wb_window_land(window);
			folio = zswap_wb_item_prepare(item, true);
		}
		cond_resched();
		if (!IS_ERR(folio)) {
			item->folio = folio;
			batch->item[batch->nr++] = *item;
			continue;
		}
		if (PTR_ERR(folio) == -ENOMEM && batch->nr)
			break;
		zswap_wb_budget_refund(window->budget, item->facts.length);
		zswap_wb_stats_add(&batch->res, item->kind.nid,
				   zswap_wb_prepare_outcome(PTR_ERR(folio)), 1);
	}
	batch->taken = i - first;
	return i;
}

static void zswap_wb_batch_submit(const struct zswap_wb_batch *batch)
{
	const struct zswap_wb_item *item = batch->item;
	struct swap_io_ctx ctx = {};
	struct blk_plug plug;
	unsigned int noio;

	/* A swap file's file system may allocate, and must not wait for us */
	noio = memalloc_noio_save();
	blk_start_plug(&plug);
	for (; item < batch->item + batch->nr; item++) {
		zswap_wb_refault_mark(item->facts.slot, &item->kind);
		zswap_wb_entry_commit(item->facts.entry, item->folio, &ctx);
	}
	swap_write_submit(&ctx);
	blk_finish_plug(&plug);
	memalloc_noio_restore(noio);
}

/*
 * Takes a locked folio out of the swap cache, if nobody has come to use it.
 * Consumes the lock, and the reference unless the folio is a straggler.
 *
 * Somebody may even have used it, so that it is dirty, or be writing it out
 * again; remove_mapping() leaves it to its callers to look for the latter.
 *
 * Return: false for a straggler: a folio with a reference that can't be told
 * from that of a user, but may be that of an LRU batch of some CPU, or of the
 * completion of this very write, which ends the writeback before it lets go
 */
static bool zswap_wb_folio_drop(struct folio *folio)
{
	if (!folio_test_swapcache(folio) || folio_mapped(folio) ||
	    folio_test_dirty(folio) || folio_test_writeback(folio)) {
		folio_unlock(folio);
		folio_put(folio);
		return true;
	}
	/* remove_mapping() wants it off the LRU, as reclaim has it */
	if (!folio_isolate_lru(folio)) {
		folio_unlock(folio);
		return false;
	}
	/* Our reference; that of the isolation takes its place */
	folio_put(folio);

	if (!remove_mapping(folio_mapping(folio), folio)) {
		folio_get(folio);
		folio_unlock(folio);
		folio_putback_lru(folio);
		return false;
	}
	/* Off the LRU, so freeing it does not do that */
	folio_clear_active(folio);
	folio_clear_unevictable(folio);
	folio_unlock(folio);
	folio_put(folio);
	return true;
}

/*
 * Waits for the write of a folio, and tells what has become of it. Consumes the
 * reference, or makes the folio a straggler.
 *
 * A failed write leaves a trace on the folio only: it is dirty. It was clean
 * when it was submitted, and nobody but a user can have made it dirty since; a
 * folio that had a user is anonymous from the first fault (or UFFDIO_MOVE) on.
 * So one that is not anonymous is dirty for no other reason. One that is may be
 * dirty for its user's reasons: its write is taken to be good, and if it was
 * not, nothing is lost either, because a dirty folio is never dropped.
 *
 * A failed page goes back to where it came from. A device that has begun to
 * fail would otherwise turn each command into a way to use up memory.
 *
 * Return: 0 if it is written; -EAGAIN if that failed, and it is in zswap again;
 * -EIO if that failed, and it is not
 */
static int zswap_wb_folio_finish(struct zswap_wb_window *window,
				 struct folio *folio)
{
	int err = 0;

	folio_wait_writeback(folio);
	folio_lock(folio);

	if (folio_test_swapcache(folio) && folio_test_dirty(folio) &&
	    !folio_test_anon(folio)) {
		zswap_wb_refault_unmark(folio->swap);
		if (!zswap_wb_entry_restore(folio)) {
			folio_unlock(folio);
			folio_put(folio);
			return -EIO;
		}
		err = -EAGAIN;
	}
	if (!zswap_wb_folio_drop(folio))
		window->straggler[window->nr_stragglers++] = folio;
	return err;
}

/**
 * zswap_wb_window_land() - wait until what is being written is out of memory
 * @window:	the window
 *
 * Context: process context, may sleep; no locks held.
 * Return: 0, or -EIO if it has found no place for the page of a failed write but
 * memory, so that going on would make things worse
 */
int zswap_wb_window_land(struct zswap_wb_window *window)
{
	struct zswap_wb_batch *flight = &window->flight;
	struct zswap_wb_item *item = flight->item;

	if (!flight->taken)
		return window->err;

	/* New folios wait in a per-CPU batch, which holds a reference */
	lru_add_drain();

	for (; item < flight->item + flight->nr; item++) {
		int folio_err;

		if (window->nr_stragglers == ZSWAP_WB_STRAGGLERS_MAX)
			zswap_wb_window_settle(window);

		folio_err = zswap_wb_folio_finish(window, item->folio);
		if (folio_err) {
			zswap_wb_stats_add(&flight->res, item->kind.nid,
					   ZSWAP_WB_FAILED, 1);
			zswap_wb_budget_refund(window->budget,
					       item->facts.length);
		} else {
			zswap_wb_stats_add(&flight->res, item->kind.nid,
					   ZSWAP_WB_WRITTEN, 1);
			zswap_wb_buckets_count(&item->kind,
					       ZSWAP_WB_FATE_WRITTEN);
			zswap_wb_stats_released(&flight->res, item->kind.nid,
						item->facts.length);
		}
		if (folio_err == -EIO)
			window->err = -EIO;
		cond_resched();
	}

	trace_zswap_wb_batch(window->cmd, flight->taken, &flight->res);
	zswap_wb_result_add(window->res, &flight->res);
	flight->taken = 0;
	return window->err;
}

/**
 * zswap_wb_window_settle() - give back what the batches so far have left behind
 * @window:	the window
 *
 * Stragglers come from a task that moved to another CPU while it prepared a
 * batch, or that was quicker than who completed a write. To empty the LRU batches
 * of all CPUs is expensive, so it is done for many of them together.
 *
 * Context: process context, may sleep.
 */
void zswap_wb_window_settle(struct zswap_wb_window *window)
{
	unsigned int i;

	if (!window->nr_stragglers)
		return;

	lru_add_drain_all();
	for (i = 0; i < window->nr_stragglers; i++) {
		struct folio *folio = window->straggler[i];

		folio_lock(folio);
		/* Somebody still has it, or has it off the LRU: leave it */
		if (!zswap_wb_folio_drop(folio))
			folio_put(folio);
		cond_resched();
	}
	window->nr_stragglers = 0;
}

/* The batch that was submitted takes the place of the one before it. */
static int zswap_wb_window_launch(struct zswap_wb_window *window,
				  const struct zswap_wb_batch *batch)
{
	int err = zswap_wb_window_land(window);

	window->flight = *batch;
	window->flight.item = window->landed;
	memcpy(window->landed, batch->item,
	       batch->nr * sizeof(window->landed[0]));
	return err;
}

/**
 * zswap_wb_window_write() - write the selected entries
 * @window:	the window; nothing is selected afterwards
 *
 * The last batch may still be on its way when it returns. It is dealt with in the
 * next call, or by zswap_wb_window_land().
 *
 * If memory runs out on the way, what has been prepared until then is written
 * first, which gives its memory back. Only what is then still short of memory
 * makes the command reclaim some, and fails if that is in vain.
 *
 * Context: process context, may sleep; no locks held. After a signal nothing
 * new is started. Entries that it does not come to have no outcome, as if they
 * had never been selected.
 * Return:
 * * 0 if it has dealt with all entries
 * * -EINTR if a signal has kept it from that
 * * -EIO see zswap_wb_window_land()
 */
int zswap_wb_window_write(struct zswap_wb_window *window)
{
	unsigned int i = 0;
	int err = 0;

	sort(window->item, window->nr, sizeof(window->item[0]),
	     zswap_wb_item_cmp, NULL);

	while (i < window->nr && !err) {
		struct zswap_wb_batch batch = {};

		i = zswap_wb_batch_prepare(window, &batch, i);
		if (batch.nr)
			zswap_wb_batch_submit(&batch);
		err = zswap_wb_window_launch(window, &batch);
		if (!err && i < window->nr && signal_pending(window->task))
			err = -EINTR;
	}
	for (; i < window->nr; i++)
		zswap_wb_budget_refund(window->budget,
				       window->item[i].facts.length);
	window->nr = 0;
	return err;
}
