// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: what became of the pages that were written.
 *
 * A page that comes back was not as cold as its age made believe; one that is
 * thrown away unread was. To tell how many there are of each, the swap slot of
 * each page that a command writes is marked with the kind of page that it was:
 * node and age bucket. Marks of all slots together have to be small, so slots
 * come in chunks, and each chunk knows up to seven kinds by a number of three
 * bits:
 *
 *	slot	0 1 2 3 4 5 6 7 ...		kind	1: node 0, bucket 9
 *	mark	0 1 1 0 2 1 0 2 ...			2: node 1, bucket 7
 *
 * That is less than four bits a slot with all that belongs to it, and nothing
 * for chunks that no command has come to. Pages with neighbouring slots were
 * swapped out at about the same time, so that seven kinds in 512 slots are
 * plenty. Should they ever not be enough, the two that are nearest to each other
 * become one: some pages are then counted in another bucket, or, if that is not
 * possible either, in no bucket, or on another node; but they are counted.
 *
 * A mark is
 *
 *	set		when the write is submitted
 *	taken back	when it has failed
 *	refaulted	when a read from the swap device begins, for a fault,
 *			for readahead of a neighbour, or for swapoff
 *	dropped		when the slot is freed, or when its page is stored in
 *			zswap or written to it once more, which makes the copy
 *			out of date
 *
 * Lifetimes:
 *
 * 1. The mark of a slot is only touched by who has a folio in the swap cache for
 *    it, locked, or is about to free it. So there is one at a time.
 *
 * 2. Neighbours in a chunk share words and kinds: all of it is looked at and
 *    changed under the lock of the chunk.
 *
 * 3. Chunks are added while somebody has a reference to their device, and only
 *    removed by swapoff after all slots have been freed and all references are
 *    gone: nobody who may touch a mark finds his chunk gone, nor the one that he
 *    has prepared. swapoff, and a swapon that is given the same number later,
 *    are serialised by the caller.
 */
#include <linux/bitmap.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>
#include <linux/zswap_wb.h>
#include <trace/events/zswap_wb.h>

#include "internal.h"

static struct kmem_cache *zswap_wb_chunk_cache;

/* Chunks of each swap device, by the number of the first slot / 512 */
static struct xarray zswap_wb_chunks[MAX_SWAPFILES];

/*
 * Four bits a slot pay for a chunk and for what the xarray takes for it: about
 * 9 bytes, a node of 576 bytes for 64 chunks.
 */
static_assert(sizeof(struct zswap_wb_chunk) + 576 / 64 + 1 <=
	      ZSWAP_WB_CHUNK_SLOTS * 4 / BITS_PER_BYTE ||
	      sizeof(spinlock_t) > sizeof(u32));

/* ---- the marks of one chunk ---- */

static unsigned int zswap_wb_chunk_number(const struct zswap_wb_chunk *chunk,
					  unsigned int slot)
{
	unsigned int bit, number = 0;

	for (bit = 0; bit < ZSWAP_WB_MARK_BITS; bit++)
		number |= test_bit(slot, chunk->plane[bit]) << bit;
	return number;
}

static void zswap_wb_chunk_assign(struct zswap_wb_chunk *chunk,
				  unsigned int slot, unsigned int number)
{
	unsigned int bit;

	for (bit = 0; bit < ZSWAP_WB_MARK_BITS; bit++)
		__assign_bit(slot, chunk->plane[bit], number & BIT(bit));
}

static bool zswap_wb_kind_older(const struct zswap_wb_kind *kind,
				const struct zswap_wb_kind *other)
{
	u32 ahead = kind->generation - other->generation;

	/* Modulo the number of generations */
	return ahead & BIT(ZSWAP_WB_GENERATION_BITS - 1);
}

/*
 * What is lost if two kinds become one. Nothing, if nobody knows their buckets
 * any more. To count a page in another bucket is better than in none, as one of
 * an older generation, and that is better than on another node.
 */
static unsigned int zswap_wb_kind_distance(const struct zswap_wb_kind *a,
					   const struct zswap_wb_kind *b,
					   const struct zswap_wb_kind *newest)
{
	unsigned int distance = a->nid == b->nid ? 0 : 2 * ZSWAP_WB_BUCKETS_MAX;

	if (zswap_wb_kind_older(a, newest) && zswap_wb_kind_older(b, newest))
		return distance;
	if (a->generation != b->generation)
		distance += ZSWAP_WB_BUCKETS_MAX;
	return distance + abs(a->bucket - b->bucket);
}

/* Makes two kinds one: no column may count a page of an older generation */
static void zswap_wb_kind_merge(struct zswap_wb_kind *kind,
				const struct zswap_wb_kind *other)
{
	if (zswap_wb_kind_older(other, kind))
		kind->generation = other->generation;
}

/* Gives all slots that have one number another, so that it is free again */
static void zswap_wb_chunk_merge(struct zswap_wb_chunk *chunk,
				 unsigned int from, unsigned int to)
{
	unsigned int slot;

	for (slot = 0; slot < ZSWAP_WB_CHUNK_SLOTS; slot++) {
		if (zswap_wb_chunk_number(chunk, slot) == from)
			zswap_wb_chunk_assign(chunk, slot, to);
	}
	zswap_wb_kind_merge(&chunk->kind[to - 1], &chunk->kind[from - 1]);
	chunk->used[to - 1] += chunk->used[from - 1];
	chunk->used[from - 1] = 0;
}

/*
 * All numbers are in use, and none is for this kind: makes one kind of the two
 * that are nearest to each other. Return: the number for the new one
 */
static unsigned int zswap_wb_chunk_squeeze(struct zswap_wb_chunk *chunk,
					   const struct zswap_wb_kind *kind)
{
	const struct zswap_wb_kind *newest = kind;
	unsigned int nearest = UINT_MAX;
	unsigned int i, k, keep, one = 0, two = 0;

	for (i = 0; i < ZSWAP_WB_MARK_KINDS; i++) {
		if (zswap_wb_kind_older(newest, &chunk->kind[i]))
			newest = &chunk->kind[i];
	}
	for (i = 0; i < ZSWAP_WB_MARK_KINDS; i++) {
		/* With the new one in place of itself */
		for (k = i; k < ZSWAP_WB_MARK_KINDS; k++) {
			const struct zswap_wb_kind *other =
				k == i ? kind : &chunk->kind[k];
			unsigned int distance =
				zswap_wb_kind_distance(&chunk->kind[i], other,
						       newest);

			if (distance < nearest) {
				nearest = distance;
				one = i + 1;
				two = k + 1;
			}
		}
	}
	if (one == two) {
		zswap_wb_kind_merge(&chunk->kind[one - 1], kind);
		return one;
	}
	/* The bucket of the majority */
	keep = chunk->used[two - 1] > chunk->used[one - 1] ? two : one;
	two = one + two - keep;
	zswap_wb_chunk_merge(chunk, two, keep);
	chunk->kind[two - 1] = *kind;
	return two;
}

static bool zswap_wb_kind_equal(const struct zswap_wb_kind *a,
				const struct zswap_wb_kind *b)
{
	return a->generation == b->generation && a->nid == b->nid &&
	       a->bucket == b->bucket;
}

/**
 * zswap_wb_chunk_set() - mark a slot
 * @chunk:	the chunk
 * @slot:	below ZSWAP_WB_CHUNK_SLOTS, not marked
 * @kind:	what to remember
 *
 * Context: any; the caller serialises.
 */
void zswap_wb_chunk_set(struct zswap_wb_chunk *chunk, unsigned int slot,
			const struct zswap_wb_kind *kind)
{
	unsigned int i, number = 0;

	for (i = 1; i <= ZSWAP_WB_MARK_KINDS; i++) {
		if (!chunk->used[i - 1]) {
			number = number ?: i;
		} else if (zswap_wb_kind_equal(&chunk->kind[i - 1], kind)) {
			number = i;
			break;
		}
	}
	if (!number)
		number = zswap_wb_chunk_squeeze(chunk, kind);
	else if (!chunk->used[number - 1])
		chunk->kind[number - 1] = *kind;
	chunk->used[number - 1]++;
	zswap_wb_chunk_assign(chunk, slot, number);
}

/**
 * zswap_wb_chunk_clear() - take the mark off a slot
 * @chunk:	the chunk
 * @slot:	below ZSWAP_WB_CHUNK_SLOTS
 * @kind:	result: what it was marked with
 *
 * Context: any; the caller serialises.
 * Return: false if it was not marked
 */
bool zswap_wb_chunk_clear(struct zswap_wb_chunk *chunk, unsigned int slot,
			  struct zswap_wb_kind *kind)
{
	unsigned int number = zswap_wb_chunk_number(chunk, slot);

	if (!number)
		return false;
	*kind = chunk->kind[number - 1];
	chunk->used[number - 1]--;
	zswap_wb_chunk_assign(chunk, slot, 0);
	return true;
}

/* ---- the marks of all slots ---- */

static struct zswap_wb_chunk *zswap_wb_chunk_find(swp_entry_t slot)
{
	return xa_load(&zswap_wb_chunks[swp_type(slot)],
		       swp_offset(slot) / ZSWAP_WB_CHUNK_SLOTS);
}

/**
 * zswap_wb_refault_init() - get ready to remember what is written
 *
 * Context: once, before the first command and the first swapon; may sleep.
 * Return: 0 or -ENOMEM
 */
int __init zswap_wb_refault_init(void)
{
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		xa_init(&zswap_wb_chunks[type]);
	zswap_wb_chunk_cache = KMEM_CACHE(zswap_wb_chunk, 0);
	return zswap_wb_chunk_cache ? 0 : -ENOMEM;
}

/**
 * zswap_wb_refault_prepare() - make sure that a slot can be marked
 * @slot:	the slot
 * @may_reclaim: the caller has no folio that others may wait for
 *
 * No page is written that could not be marked: what commands have written is
 * then what has been read back, or dropped, or is still on the swap device, to
 * the page.
 *
 * Context: process context, may sleep and reclaim memory with @may_reclaim. The
 * caller has a reference to the swap device, and keeps it until he has the
 * slot's folio in the swap cache, locked.
 * Return: 0 or -ENOMEM
 */
int zswap_wb_refault_prepare(swp_entry_t slot, bool may_reclaim)
{
	gfp_t gfp = may_reclaim ? GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN :
				  GFP_NOWAIT | __GFP_NOMEMALLOC;
	struct zswap_wb_chunk *chunk;
	int err;

	if (zswap_wb_chunk_find(slot))
		return 0;
	chunk = kmem_cache_zalloc(zswap_wb_chunk_cache, gfp);
	if (!chunk)
		return -ENOMEM;
	spin_lock_init(&chunk->lock);
	err = xa_insert(&zswap_wb_chunks[swp_type(slot)],
			swp_offset(slot) / ZSWAP_WB_CHUNK_SLOTS, chunk, gfp);
	if (err)
		kmem_cache_free(zswap_wb_chunk_cache, chunk);
	/* Another command may have been first */
	return err == -EBUSY ? 0 : err;
}

/**
 * zswap_wb_refault_mark() - remember a page that is being written
 * @slot:	its slot, which zswap_wb_refault_prepare() has been called for; its
 *		folio is in the swap cache and locked
 * @kind:	what to remember
 *
 * Context: any but an interrupt.
 */
void zswap_wb_refault_mark(swp_entry_t slot, const struct zswap_wb_kind *kind)
{
	struct zswap_wb_chunk *chunk = zswap_wb_chunk_find(slot);

	spin_lock(&chunk->lock);
	zswap_wb_chunk_set(chunk,
			   swp_offset(slot) % ZSWAP_WB_CHUNK_SLOTS, kind);
	spin_unlock(&chunk->lock);
}

/* Takes the mark off a slot. Return: false if there is none */
static bool zswap_wb_refault_clear(swp_entry_t slot, struct zswap_wb_kind *kind)
{
	unsigned int nr = swp_offset(slot) % ZSWAP_WB_CHUNK_SLOTS;
	struct zswap_wb_chunk *chunk = zswap_wb_chunk_find(slot);
	bool marked;

	if (!chunk)
		return false;
	spin_lock(&chunk->lock);
	marked = zswap_wb_chunk_clear(chunk, nr, kind);
	spin_unlock(&chunk->lock);
	return marked;
}

/**
 * zswap_wb_refault_unmark() - forget a page whose write has failed
 * @slot:	its slot; its folio is in the swap cache and locked
 *
 * Context: any but an interrupt.
 */
void zswap_wb_refault_unmark(swp_entry_t slot)
{
	struct zswap_wb_kind kind;

	zswap_wb_refault_clear(slot, &kind);
}

/* ---- hooks ---- */

/* Most systems never write anything proactively, or nothing to this device */
static bool zswap_wb_refault_none(swp_entry_t slot)
{
	return xa_empty(&zswap_wb_chunks[swp_type(slot)]);
}

static void zswap_wb_slot_dropped(swp_entry_t slot)
{
	struct zswap_wb_kind kind;

	if (!zswap_wb_refault_clear(slot, &kind))
		return;
	zswap_wb_stats_count(kind.nid, ZSWAP_WB_DROPPED, 1);
	zswap_wb_buckets_count(&kind, ZSWAP_WB_FATE_DROPPED);
}

static u64 zswap_wb_folio_cgroup(struct folio *folio)
{
	struct mem_cgroup *memcg;
	u64 id;

	rcu_read_lock();
	memcg = folio_memcg(folio);
	id = memcg ? mem_cgroup_id(memcg) : 0;
	rcu_read_unlock();
	return id;
}

static void zswap_wb_slot_refaulted(swp_entry_t slot, struct folio *folio)
{
	struct zswap_wb_kind kind;
	bool current_generation;

	if (!zswap_wb_refault_clear(slot, &kind))
		return;
	zswap_wb_stats_count(kind.nid, ZSWAP_WB_REFAULTED, 1);
	current_generation = zswap_wb_buckets_count(&kind,
						    ZSWAP_WB_FATE_REFAULTED);
	count_vm_event(ZSWPWB_REFAULT);
	count_memcg_folio_events(folio, ZSWPWB_REFAULT, 1);
	if (trace_zswap_wb_refault_enabled())
		trace_zswap_wb_refault(zswap_wb_folio_cgroup(folio), slot,
				       kind.nid,
				       current_generation ? kind.bucket : -1);
}

/**
 * zswap_wb_folio_swapin() - a folio is about to be read from the swap device
 * @folio:	locked, and in the swap cache
 *
 * Context: process context.
 */
void zswap_wb_folio_swapin(struct folio *folio)
{
	swp_entry_t slot = folio->swap;
	long i, nr = folio_nr_pages(folio);

	if (zswap_wb_refault_none(slot))
		return;
	for (i = 0; i < nr; i++, slot.val++)
		zswap_wb_slot_refaulted(slot, folio);
}

/**
 * zswap_wb_folio_swapout() - a folio is about to be swapped out
 * @folio:	locked, and in the swap cache
 *
 * What the swap device has in its slots, it has no longer.
 *
 * Context: process context.
 */
void zswap_wb_folio_swapout(struct folio *folio)
{
	swp_entry_t slot = folio->swap;
	long i, nr = folio_nr_pages(folio);

	if (zswap_wb_refault_none(slot))
		return;
	for (i = 0; i < nr; i++, slot.val++)
		zswap_wb_slot_dropped(slot);
}

/**
 * zswap_wb_slot_free() - a slot is being freed
 * @slot:	the slot
 *
 * Context: not in an interrupt; the swap cluster may be locked, and interrupts
 * disabled.
 */
void zswap_wb_slot_free(swp_entry_t slot)
{
	if (!zswap_wb_refault_none(slot))
		zswap_wb_slot_dropped(slot);
}

/**
 * zswap_wb_swapoff() - a swap device is gone
 * @type:	its number
 *
 * Context: process context; no slot of it is in use.
 */
void zswap_wb_swapoff(int type)
{
	struct zswap_wb_chunk *chunk;
	unsigned long index;

	xa_for_each(&zswap_wb_chunks[type], index, chunk) {
		kmem_cache_free(zswap_wb_chunk_cache, chunk);
		cond_resched();
	}
	xa_destroy(&zswap_wb_chunks[type]);
}
