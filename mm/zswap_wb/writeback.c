// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: a batch of entries on its way to the swap device,
 * and out of memory.
 *
 * prepare	All that sleeps on memory or can fail: a folio in the swap cache
 *		for each entry, with the page's data. The folios are locked, but
 *		none is under writeback yet, so nobody who reclaims memory, this
 *		task included, can come to wait for a write that is never sent.
 *
 * submit	All that does neither. Folios go in the order of their swap slots
 *		into as few block requests as they fit into.
 *
 * complete	Waits for the writes, and takes the folios out of the swap cache
 *		again. Left there, they would cost a page each until reclaim
 *		comes by, while all that leaving zswap has saved is the
 *		compressed copy.
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
 *    It goes back into zswap if that takes it, or else stays in the swap cache.
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/swap_ops.h>
#include <linux/swapops.h>
#include <linux/zswap.h>

#include "../internal.h"
#include "../swap.h"
#include "internal.h"

/**
 * zswap_wb_batch_alloc() - get an empty batch
 *
 * Context: process context, may sleep.
 * Return: the batch, or %NULL
 */
struct zswap_wb_batch *zswap_wb_batch_alloc(void)
{
	struct zswap_wb_batch *batch;

	batch = kvmalloc_obj(*batch);
	if (batch) {
		batch->nr = 0;
		batch->nr_stragglers = 0;
	}
	return batch;
}

/**
 * zswap_wb_batch_free() - free a batch
 * @batch:	a batch that zswap_wb_batch_settle() has been called for; what
 *		it has not written stays in zswap
 */
void zswap_wb_batch_free(struct zswap_wb_batch *batch)
{
	kvfree(batch);
}

/**
 * zswap_wb_batch_full() - is it time to write a batch
 * @batch:	the batch
 *
 * Return: true if no further entry can be added
 */
bool zswap_wb_batch_full(const struct zswap_wb_batch *batch)
{
	return batch->nr == ZSWAP_WB_BATCH_MAX;
}

/**
 * zswap_wb_batch_add() - put an entry into a batch
 * @batch:	a batch that is not full
 * @facts:	the entry
 * @nid:	node of its list
 *
 * Context: the list's LRU lock may be held.
 */
void zswap_wb_batch_add(struct zswap_wb_batch *batch,
			const struct zswap_wb_facts *facts, int nid)
{
	batch->item[batch->nr++] = (struct zswap_wb_item) {
		.facts	= *facts,
		.nid	= nid,
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
	case -ENOENT:
		return ZSWAP_WB_SKIPPED_GONE;
	default:
		return ZSWAP_WB_FAILED;
	}
}

/*
 * Gets the folios. Afterwards the batch has only those entries left that are
 * going to be written. A signal ends it early: entries that it did not come to
 * have no outcome, as if they had never been selected.
 */
static void zswap_wb_batch_prepare(struct zswap_wb_batch *batch,
				   struct zswap_wb_budget *budget,
				   struct zswap_wb_result *res)
{
	unsigned int i, nr = 0;

	sort(batch->item, batch->nr, sizeof(batch->item[0]), zswap_wb_item_cmp,
	     NULL);

	for (i = 0; i < batch->nr; i++) {
		struct zswap_wb_item *item = &batch->item[i];
		struct folio *folio;

		if (signal_pending(current)) {
			zswap_wb_budget_refund(budget, item->facts.length);
			continue;
		}
		folio = zswap_wb_entry_prepare(&item->facts);
		if (IS_ERR(folio)) {
			zswap_wb_budget_refund(budget, item->facts.length);
			zswap_wb_stats_add(res, item->nid,
				zswap_wb_prepare_outcome(PTR_ERR(folio)), 1);
		} else {
			item->folio = folio;
			batch->item[nr++] = *item;
		}
		cond_resched();
	}
	batch->nr = nr;
}

static void zswap_wb_batch_submit(struct zswap_wb_batch *batch)
{
	struct swap_io_ctx ctx = {};
	struct blk_plug plug;
	unsigned int i;

	blk_start_plug(&plug);
	for (i = 0; i < batch->nr; i++) {
		struct zswap_wb_item *item = &batch->item[i];

		zswap_wb_entry_commit(item->facts.entry, item->folio, &ctx);
	}
	swap_write_submit(&ctx);
	blk_finish_plug(&plug);
}

/*
 * Takes a locked, clean folio out of the swap cache, if nobody has come to use
 * it. Consumes the lock, and the reference unless the folio is a straggler.
 *
 * Return: false for a straggler: a folio in the LRU batch of some CPU, whose
 * reference to it can't be told from that of a user
 */
static bool zswap_wb_folio_drop(struct folio *folio)
{
	if (!folio_test_swapcache(folio) || folio_mapped(folio)) {
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

	if (remove_mapping(folio_mapping(folio), folio)) {
		folio_unlock(folio);
		folio_put(folio);
	} else {
		folio_unlock(folio);
		folio_putback_lru(folio);
	}
	return true;
}

/*
 * Puts the page of a failed write back into zswap, where it came from; it
 * starts there with a new age. A device that has begun to fail would otherwise
 * turn each command into a way to use up memory.
 *
 * Return: true if the folio is clean now
 */
static bool zswap_wb_folio_restore(struct folio *folio)
{
	unsigned int noreclaim;
	bool stored;

	folio_clear_dirty_for_io(folio);
	/* zswap_store() charges as reclaim does: past the limits */
	noreclaim = memalloc_noreclaim_save();
	stored = zswap_store(folio);
	memalloc_noreclaim_restore(noreclaim);
	if (!stored)
		folio_mark_dirty(folio);
	return stored;
}

/*
 * Waits for the write of a folio, and tells what has become of it. Consumes the
 * reference, or makes the folio a straggler.
 */
static enum zswap_wb_outcome zswap_wb_folio_finish(struct zswap_wb_batch *batch,
						   struct folio *folio)
{
	enum zswap_wb_outcome outcome = ZSWAP_WB_WRITTEN;

	folio_wait_writeback(folio);
	folio_lock(folio);

	/*
	 * A failed write leaves a mark on the folio only: it is dirty. A folio
	 * that was faulted in meanwhile can be dirty for its user's reasons;
	 * its write is taken to be good, and if it was not, nothing is lost
	 * either, because a dirty folio is never dropped.
	 */
	if (folio_test_swapcache(folio) && folio_test_dirty(folio) &&
	    !folio_mapped(folio)) {
		outcome = ZSWAP_WB_FAILED;
		if (!zswap_wb_folio_restore(folio)) {
			folio_unlock(folio);
			folio_put(folio);
			return outcome;
		}
	}
	if (!zswap_wb_folio_drop(folio))
		batch->straggler[batch->nr_stragglers++] = folio;
	return outcome;
}

static void zswap_wb_batch_complete(struct zswap_wb_batch *batch,
				    struct zswap_wb_budget *budget,
				    struct zswap_wb_result *res)
{
	unsigned int i;

	/* New folios wait in a per-CPU batch, which holds a reference */
	lru_add_drain();

	for (i = 0; i < batch->nr; i++) {
		struct zswap_wb_item *item = &batch->item[i];
		enum zswap_wb_outcome outcome;

		if (batch->nr_stragglers == ZSWAP_WB_BATCH_MAX)
			zswap_wb_batch_settle(batch);

		outcome = zswap_wb_folio_finish(batch, item->folio);
		zswap_wb_stats_add(res, item->nid, outcome, 1);
		if (outcome == ZSWAP_WB_WRITTEN)
			zswap_wb_stats_released(res, item->nid,
						item->facts.length);
		else
			zswap_wb_budget_refund(budget, item->facts.length);
		cond_resched();
	}
	batch->nr = 0;
}

/**
 * zswap_wb_batch_settle() - give back what the batches so far have left behind
 * @batch:	the batch
 *
 * Stragglers come from a task that moved to another CPU while it prepared a
 * batch. To empty the LRU batches of all CPUs is expensive, so it is done for
 * many of them together.
 *
 * Context: process context, may sleep.
 */
void zswap_wb_batch_settle(struct zswap_wb_batch *batch)
{
	unsigned int i;

	if (!batch->nr_stragglers)
		return;

	lru_add_drain_all();
	for (i = 0; i < batch->nr_stragglers; i++) {
		struct folio *folio = batch->straggler[i];

		folio_lock(folio);
		/* Somebody else has it off the LRU: it is in use, leave it */
		if (!zswap_wb_folio_drop(folio))
			folio_put(folio);
		cond_resched();
	}
	batch->nr_stragglers = 0;
}

/**
 * zswap_wb_batch_write() - write a batch, and wait until it is out of memory
 * @batch:	the batch; empty afterwards
 * @budget:	was charged for each entry; gets back what was not written
 * @res:	counts what became of the entries
 *
 * Context: process context, may sleep; no locks held. After a signal nothing
 * new is started, but what has been submitted is waited for.
 */
void zswap_wb_batch_write(struct zswap_wb_batch *batch,
			  struct zswap_wb_budget *budget,
			  struct zswap_wb_result *res)
{
	zswap_wb_batch_prepare(batch, budget, res);
	zswap_wb_batch_submit(batch);
	zswap_wb_batch_complete(batch, budget, res);
}
