// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: what is known of a swap slot.
 *
 * One word for each slot that a command has come to. It says who is at work on
 * the slot, and, once a page has been written there, which page it was: a page
 * that comes back was not as cold as its age made believe, and one that is thrown
 * away unread was. Node and age bucket tell where to count it.
 *
 *	31          18 17     14 13       4  3   2   1   0
 *	.-------------.---------.----------.---.---.---.---.
 *	| generation  | bucket  |   node   | I | W | F | C |	written, in flight, recalled
 *	|-------------'---------'----------|---|---|---|---|
 *	|              ticket              | 0 | 0 | 0 | 1 |	claimed
 *	'----------------------------------'---'---'---'---'
 *
 *	         claim            launch              land
 *	nothing ------> claimed ---------> in flight -----> written, or nothing
 *	   ^               |                                   |
 *	   |  stored anew, |                stored anew, freed | dropped
 *	   '--- or freed --'                       or read back | refaulted
 *	                                       brought to zswap | readback
 *
 * A command that has copied the data of a slot claims it. A claim holds nobody
 * up: whoever changes the data wipes it, and the copy is not written. The ticket
 * says whose claim it is, so that no command takes a later one for its own.
 *
 * A page that was written may be recalled: C is set beside W while it is read back into
 * zswap (restore.c). That holds nobody up either, and is wiped with W.
 *
 * I means that the disk has an image there, or is getting one, see image.c. That is so
 * also of a slot whose page was read back, and whose word says nothing else any more.
 *
 * In flight means that an old copy is on its way to the disk. A slot that is
 * freed meanwhile stays in flight, and so does the next page that gets the slot
 * find it; that page must not be written before the old copy has landed, or the
 * disk might do the two the other way round. See entry.c for who does what.
 *
 * Words of 512 neighbouring slots are a chunk: 4 bytes for a slot, and nothing
 * for chunks that no command has come to, or whose words are all zero again.
 *
 * Lifetimes:
 *
 * 1. A word is read and changed with atomics, and only ever from the state that
 *    the change is for. So nobody has to be kept out.
 *
 * 2. A chunk counts its words that are not zero, and those who hold on to it. A word is counted
 *    before it is set, by somebody for whom the chunk is counted, and no longer counted after it
 *    was cleared. Whoever takes off the last one takes the chunk out of the array, and RCU frees
 *    it. From zero there is no way back: who finds such a chunk puts a new one in its place.
 *
 * 3. Claims and flights have a reference to their swap device, marks and images have a
 *    slot that is in use. So no word is left when swapoff has waited for both.
 */
#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>
#include <linux/wait_bit.h>
#include <linux/xarray.h>
#include <linux/zswap_wb.h>
#include <trace/events/zswap_wb.h>

#include "internal.h"
#include "port.h"
#include "port_swap.h"

#define ZSWAP_WB_CHUNK_SLOTS	512

#define ZSWAP_WB_CLAIM		BIT(0)
#define ZSWAP_WB_FLIGHT		BIT(1)
#define ZSWAP_WB_MARK		BIT(2)
#define ZSWAP_WB_IMAGE		BIT(3)
#define ZSWAP_WB_NODE		GENMASK(13, 4)
#define ZSWAP_WB_BUCKET		GENMASK(17, 14)
#define ZSWAP_WB_GENERATION	GENMASK(31, 18)
#define ZSWAP_WB_TICKET		GENMASK(31, 4)

static_assert(NODES_SHIFT <= 10 && ZSWAP_WB_BUCKETS_MAX <= 16 &&
	      ZSWAP_WB_GENERATION_BITS == 31 - 18 + 1);

/* The words of neighbouring slots */
struct zswap_wb_chunk {
	struct rcu_head	rcu;	/* frees it */
	unsigned int	type;	/* number of the swap device */
	unsigned long	index;	/* number of the first slot / ZSWAP_WB_CHUNK_SLOTS */
	atomic_t	used;	/* words that are not zero, and users of the chunk */
	/* of all images in it, with a reference; or NULL */
	struct zswap_pool *pool;
	atomic_t	word[ZSWAP_WB_CHUNK_SLOTS];	/* one for each slot */
};

static struct kmem_cache *zswap_wb_chunk_cache;

/* Chunks of each swap device, by their index */
struct xarray zswap_wb_chunks[MAX_SWAPFILES];

static atomic_t zswap_wb_tickets;

/* How long a swap-out waits for what is in flight to the slots of a folio */
#define ZSWAP_WB_STALE_PATIENCE	(5 * HZ)

/* Swap devices that one has waited for longer for, and nothing has landed since: nobody waits */
static DECLARE_BITMAP(zswap_wb_deaf, MAX_SWAPFILES);

static u32 zswap_wb_word_of(const struct zswap_wb_kind *kind, u32 state)
{
	return state | FIELD_PREP(ZSWAP_WB_IMAGE, kind->image) |
	       FIELD_PREP(ZSWAP_WB_NODE, kind->nid) |
	       FIELD_PREP(ZSWAP_WB_BUCKET, kind->bucket) |
	       FIELD_PREP(ZSWAP_WB_GENERATION, kind->generation);
}

static struct zswap_wb_kind zswap_wb_word_kind(u32 word)
{
	return (struct zswap_wb_kind) {
		.generation	= FIELD_GET(ZSWAP_WB_GENERATION, word),
		.image		= FIELD_GET(ZSWAP_WB_IMAGE, word),
		.nid		= FIELD_GET(ZSWAP_WB_NODE, word),
		.bucket		= FIELD_GET(ZSWAP_WB_BUCKET, word),
	};
}

static u32 zswap_wb_word_claim(u32 ticket)
{
	return ZSWAP_WB_CLAIM | FIELD_PREP(ZSWAP_WB_TICKET, ticket);
}

static u32 zswap_wb_word_recalled(const struct zswap_wb_kind *kind)
{
	return zswap_wb_word_of(kind, ZSWAP_WB_MARK | ZSWAP_WB_CLAIM);
}

/* Gets ready, once, before the first swapon */
void __init zswap_wb_slots_init(void)
{
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		xa_init(&zswap_wb_chunks[type]);
	zswap_wb_chunk_cache = KMEM_CACHE(zswap_wb_chunk, SLAB_PANIC);
}

/* ---- chunks ---- */

/* As xa_load(), without RCU's lock once more: swap-outs pay for that. Context: RCU read side */
static __always_inline struct zswap_wb_chunk *zswap_wb_chunk_find(swp_entry_t slot)
{
	XA_STATE(xas, &zswap_wb_chunks[swp_type(slot)],
		 swp_offset(slot) / ZSWAP_WB_CHUNK_SLOTS);
	struct zswap_wb_chunk *chunk;

	do {
		chunk = xas_load(&xas);
	} while (xas_retry(&xas, chunk));
	return chunk;
}

static atomic_t *zswap_wb_chunk_word(struct zswap_wb_chunk *chunk,
				     swp_entry_t slot)
{
	return &chunk->word[swp_offset(slot) % ZSWAP_WB_CHUNK_SLOTS];
}

/* The word of a slot; 0 if nothing is known of it */
static u32 zswap_wb_slot_word(swp_entry_t slot)
{
	struct zswap_wb_chunk *chunk;

	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	return chunk ? atomic_read(zswap_wb_chunk_word(chunk, slot)) : 0;
}

/* Finds a chunk, and counts its caller */
static struct zswap_wb_chunk *zswap_wb_chunk_tryget(swp_entry_t slot)
{
	struct zswap_wb_chunk *chunk;

	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	return chunk && atomic_inc_not_zero(&chunk->used) ? chunk : NULL;
}

/**
 * zswap_wb_chunk_get() - get the chunk of a slot, which may be a new one
 * @slot:	the slot
 * Context: process context, may sleep and reclaim, but does no I/O; the caller has
 * a reference to the swap device.
 * Return: the chunk, to be given to zswap_wb_chunk_put(); or %NULL
 */
struct zswap_wb_chunk *zswap_wb_chunk_get(swp_entry_t slot)
{
	const gfp_t gfp = GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN |
			  __GFP_NOMEMALLOC;
	struct zswap_wb_chunk *chunk, *new = NULL;
	int err;

	while (!(chunk = zswap_wb_chunk_tryget(slot))) {
		if (!new)
			new = kmem_cache_zalloc(zswap_wb_chunk_cache, gfp);
		if (!new)
			return NULL;
		new->type = swp_type(slot);
		new->index = swp_offset(slot) / ZSWAP_WB_CHUNK_SLOTS;
		atomic_set(&new->used, 1);
		err = xa_insert(&zswap_wb_chunks[new->type], new->index, new,
				gfp);
		if (!err)
			return new;
		/* Somebody was faster, and the chunk may be gone again */
		if (err != -EBUSY)
			break;
	}
	if (new)
		kmem_cache_free(zswap_wb_chunk_cache, new);
	return chunk;
}

static void zswap_wb_chunk_free(struct rcu_head *rcu)
{
	struct zswap_wb_chunk *chunk =
		container_of(rcu, struct zswap_wb_chunk, rcu);

	if (chunk->pool)
		zswap_wb_pool_put(chunk->pool);
	kmem_cache_free(zswap_wb_chunk_cache, chunk);
}

/*
 * An image of @pool, which the caller has a reference to, is to be in a chunk. Return:
 * false if there are those of another pool. Context: a cluster may be locked
 */
bool zswap_wb_chunk_join(struct zswap_wb_chunk *chunk, struct zswap_pool *pool)
{
	struct zswap_pool *old = READ_ONCE(chunk->pool) ?:
				 cmpxchg(&chunk->pool, NULL, pool);

	/* The caller has both: nobody gives this reference back before it is taken */
	if (!old)
		zswap_wb_pool_get(pool);
	return !old || old == pool;
}

/* Lets go of a chunk. Context: not in an interrupt; a cluster may be locked */
void zswap_wb_chunk_put(struct zswap_wb_chunk *chunk)
{
	struct xarray *chunks = &zswap_wb_chunks[chunk->type];

	/* Nobody who has the array locked finds one that is not in use */
	if (!atomic_dec_and_lock(&chunk->used, &chunks->xa_lock))
		return;
	__xa_erase(chunks, chunk->index);
	xa_unlock(chunks);
	call_rcu(&chunk->rcu, zswap_wb_chunk_free);
}

/* ---- what a command does ---- */

/* A number for some claims that no claim has which is still there */
u32 zswap_wb_slot_ticket(void)
{
	return atomic_inc_return(&zswap_wb_tickets) & FIELD_MAX(ZSWAP_WB_TICKET);
}

/*
 * The data of a slot, whose cluster is locked, has been copied. Return: false if
 * another command is at work on it
 */
bool zswap_wb_slot_claim(struct zswap_wb_chunk *chunk, swp_entry_t slot,
			 u32 ticket)
{
	atomic_inc(&chunk->used);
	if (!atomic_cmpxchg(zswap_wb_chunk_word(chunk, slot), 0,
			    zswap_wb_word_claim(ticket)))
		return true;
	atomic_dec(&chunk->used);
	return false;
}

/* Exchanges the word of a slot. Return: false if it is not @old */
static bool zswap_wb_slot_exchange(swp_entry_t slot, u32 old, u32 new)
{
	struct zswap_wb_chunk *chunk;

	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	if (!chunk || (u32)atomic_cmpxchg(zswap_wb_chunk_word(chunk, slot), old,
					  new) != old)
		return false;
	if (!new)
		zswap_wb_chunk_put(chunk);
	return true;
}

/* The copy is not going to be written. The claim may have been wiped */
void zswap_wb_slot_unclaim(swp_entry_t slot, u32 ticket)
{
	zswap_wb_slot_exchange(slot, zswap_wb_word_claim(ticket), 0);
}

/*
 * The copy is going to be written, and @kind remembered if it lands; the cluster is
 * locked. Return: false if the claim has been wiped: the copy is out of date
 */
bool zswap_wb_slot_launch(swp_entry_t slot, u32 ticket,
			  const struct zswap_wb_kind *kind)
{
	return zswap_wb_slot_exchange(slot, zswap_wb_word_claim(ticket),
				      zswap_wb_word_of(kind, ZSWAP_WB_FLIGHT));
}

/*
 * The write of a slot in flight, whose word nobody else changes, is over. @written:
 * the disk has the page, and zswap no longer. The cluster is locked.
 */
void zswap_wb_slot_land(swp_entry_t slot, bool written)
{
	struct zswap_wb_chunk *chunk;
	atomic_t *word;
	u32 mark = 0;

	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	word = zswap_wb_chunk_word(chunk, slot);
	if (written)
		mark = atomic_read(word) ^ (ZSWAP_WB_FLIGHT | ZSWAP_WB_MARK);
	/* Fully ordered: a waiter sees this, or is seen by wake_up_var() */
	atomic_xchg(word, mark);
	if (test_bit(swp_type(slot), zswap_wb_deaf))
		clear_bit(swp_type(slot), zswap_wb_deaf);
	wake_up_var(word);
	if (!mark)
		zswap_wb_chunk_put(chunk);
}

/* ---- what a readback does ---- */

/*
 * Looks in one chunk for a page of a bucket that a command wrote from one of some nodes, from
 * the slot @offset on, and sets that to its slot, or behind the chunk. Return: false if there
 * is none
 */
bool zswap_wb_slot_find(unsigned int type, unsigned long *offset,
			const nodemask_t *nodes, unsigned int bucket,
			struct zswap_wb_kind *kind)
{
	unsigned long index = *offset / ZSWAP_WB_CHUNK_SLOTS;
	struct zswap_wb_chunk *chunk;

	guard(rcu)();
	chunk = xa_find(&zswap_wb_chunks[type], &index, ULONG_MAX, XA_PRESENT);
	if (!chunk) {
		*offset = ULONG_MAX;
		return false;
	}
	*offset = max(*offset, index * ZSWAP_WB_CHUNK_SLOTS);
	for (; *offset / ZSWAP_WB_CHUNK_SLOTS == index; ++*offset) {
		u32 word = atomic_read(&chunk->word[*offset % ZSWAP_WB_CHUNK_SLOTS]);

		if ((word & (ZSWAP_WB_MARK | ZSWAP_WB_CLAIM)) != ZSWAP_WB_MARK)
			continue;
		*kind = zswap_wb_word_kind(word);
		if (node_isset(kind->nid, *nodes) && kind->bucket == bucket)
			return true;
	}
	return false;
}

/* A page is going to be read back. Return: false if it is another one, or none */
bool zswap_wb_slot_recall(swp_entry_t slot, const struct zswap_wb_kind *kind)
{
	return zswap_wb_slot_exchange(slot, zswap_wb_word_of(kind, ZSWAP_WB_MARK),
				      zswap_wb_word_recalled(kind));
}

/* It is not brought back after all. Its word may have been wiped */
void zswap_wb_slot_unrecall(swp_entry_t slot, const struct zswap_wb_kind *kind)
{
	zswap_wb_slot_exchange(slot, zswap_wb_word_recalled(kind),
			       zswap_wb_word_of(kind, ZSWAP_WB_MARK));
}

/* Is it still recalled? Right as long as the cluster is locked, if it has no folio */
bool zswap_wb_slot_recalled(swp_entry_t slot, const struct zswap_wb_kind *kind)
{
	return zswap_wb_slot_word(slot) == zswap_wb_word_recalled(kind);
}

/* It is back in zswap, the cluster still locked: nothing is known of the slot any more */
void zswap_wb_slot_restored(swp_entry_t slot, const struct zswap_wb_kind *kind)
{
	zswap_wb_slot_exchange(slot, zswap_wb_word_recalled(kind), 0);
	zswap_wb_stats_count(kind->nid, ZSWAP_WB_READBACK, 1);
}

/* ---- hooks ---- */

/*
 * Clears a word in one of some states, if it is not in flight, but for an image that is to be
 * kept. Context: RCU read side. Return: what the word was
 */
static u32 zswap_wb_word_wipe(struct zswap_wb_chunk *chunk, atomic_t *word,
			      u32 states, bool keep_image)
{
	int new, old = atomic_read(word);

	do {
		if (!(old & states) || (old & ZSWAP_WB_FLIGHT))
			return old;
		new = keep_image && old & ZSWAP_WB_IMAGE ?
		      old & ~(ZSWAP_WB_MARK | ZSWAP_WB_CLAIM) : 0;
	} while (!atomic_try_cmpxchg(word, &old, new));
	if (!new)
		zswap_wb_chunk_put(chunk);
	return old;
}

/*
 * What the swap device has in the slot of a word, nobody is going to read any more. Context:
 * RCU read side. Return: false if the slot is in flight: then it is left alone
 */
static bool zswap_wb_word_stale(struct zswap_wb_chunk *chunk, atomic_t *word)
{
	u32 old = zswap_wb_word_wipe(chunk, word, ZSWAP_WB_CLAIM | ZSWAP_WB_MARK |
						  ZSWAP_WB_IMAGE, false);
	struct zswap_wb_kind kind;

	if (old & ZSWAP_WB_MARK) {
		kind = zswap_wb_word_kind(old);
		zswap_wb_stats_count(kind.nid, ZSWAP_WB_DROPPED, 1);
		zswap_wb_buckets_count(&kind, ZSWAP_WB_FATE_DROPPED);
	}
	return !(old & ZSWAP_WB_FLIGHT);
}

/*
 * Slots side by side are being freed: nobody is going to read what the swap device has there. One
 * look for their chunk, not one for each: most that go, go with all of a process's. None of their
 * words is set meanwhile, so a chunk that was given back, or is not there, has nothing to say.
 */
void zswap_wb_slots_stale(swp_entry_t slot, unsigned int nr)
{
	const unsigned long end = slot.val + nr;
	struct zswap_wb_chunk *chunk;

	guard(rcu)();
	while (slot.val < end) {
		chunk = zswap_wb_chunk_find(slot);
		do {
			if (chunk)
				zswap_wb_word_stale(chunk, zswap_wb_chunk_word(chunk, slot));
		} while (++slot.val < end && swp_offset(slot) % ZSWAP_WB_CHUNK_SLOTS);
	}
}

static void zswap_wb_slot_refaulted(swp_entry_t slot, struct folio *folio)
{
	struct zswap_wb_chunk *chunk;
	struct zswap_wb_kind kind;
	bool current_generation;
	u32 word;

	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	if (!chunk)
		return;
	word = zswap_wb_word_wipe(chunk, zswap_wb_chunk_word(chunk, slot),
				  ZSWAP_WB_MARK, true);
	if (!(word & ZSWAP_WB_MARK))
		return;
	kind = zswap_wb_word_kind(word);
	zswap_wb_stats_count(kind.nid, ZSWAP_WB_REFAULTED, 1);
	current_generation = zswap_wb_buckets_count(&kind,
						    ZSWAP_WB_FATE_REFAULTED);
	count_vm_event(ZSWPWB_REFAULT);
	count_memcg_folio_events(folio, ZSWPWB_REFAULT, 1);
	trace_zswap_wb_refault(zswap_wb_port_cgroup_id(folio_memcg(folio)), slot,
			       kind.nid, current_generation ? kind.bucket : -1);
}

/* A locked folio in the swap cache is about to be read from the swap device */
void zswap_wb_folio_swapin(struct folio *folio)
{
	swp_entry_t slot = folio->swap;
	long i, nr = folio_nr_pages(folio);

	if (zswap_wb_slots_empty(swp_type(slot)))
		return;
	for (i = 0; i < nr; i++, slot.val++)
		zswap_wb_slot_refaulted(slot, folio);
}

/* Return: false if the slot is in flight: then it is left alone */
static bool zswap_wb_slot_stale(swp_entry_t slot)
{
	struct zswap_wb_chunk *chunk;

	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	return !chunk || zswap_wb_word_stale(chunk, zswap_wb_chunk_word(chunk, slot));
}

/*
 * Waits until a slot is not in flight, for @patience jiffies; it can't get there while it has a
 * folio. Return: what is left of @patience
 */
static long zswap_wb_slot_wait(swp_entry_t slot, long patience)
{
	struct zswap_wb_chunk *chunk = zswap_wb_chunk_tryget(slot);
	atomic_t *word;

	if (!chunk)
		return patience;
	word = zswap_wb_chunk_word(chunk, slot);
	patience = wait_var_event_timeout(word, !(atomic_read(word) & ZSWAP_WB_FLIGHT), patience);
	/* If it lands just now, the next one to land clears that */
	if (!patience)
		set_bit(swp_type(slot), zswap_wb_deaf);
	zswap_wb_chunk_put(chunk);
	return patience;
}

/**
 * zswap_wb_folio_stale() - a folio is about to be swapped out
 * @folio:	locked, and in the swap cache
 * @pending:	others were swapped out before it, and not yet sent to the device
 *
 * What the swap device has in its slots, it has no longer. If it is just about to get an old
 * copy, waits for that: as a rule for as long as the device takes for what a command has in
 * flight, and 10 ms more if that does not run. But some devices are never done (a server, a path
 * that is queued for), or wait for who waits here (a loop device, whose filesystem waits for
 * reclaim). So after ZSWAP_WB_STALE_PATIENCE the folio stays in memory instead; and at once
 *
 * - with others pending: they are under writeback, and who waits for them would wait for a
 *   command. To send them here, with the folio locked, may take as long as the device likes;
 * - if it is shared memory: nothing keeps its file, to which it then comes back;
 * - for a device that another one has waited for in vain.
 *
 * Context: process context, may sleep.
 * Return: false if it has to stay, and is dirty
 */
bool zswap_wb_folio_stale(struct folio *folio, bool pending)
{
	swp_entry_t slot = folio->swap;
	long i, nr = folio_nr_pages(folio), patience = ZSWAP_WB_STALE_PATIENCE;

	if (pending || !folio_test_anon(folio) || test_bit(swp_type(slot), zswap_wb_deaf))
		patience = 0;
	for (i = 0; i < nr; i++, slot.val++) {
		while (!zswap_wb_slot_stale(slot)) {
			if (!patience) {
				folio_mark_dirty(folio);
				return false;
			}
			patience = zswap_wb_slot_wait(slot, patience);
		}
	}
	return true;
}

/*
 * Is an old copy of a slot on its way to the disk? The answer stays right only while the slot has
 * a locked folio in the swap cache; true may become false.
 */
bool zswap_wb_slot_in_flight(swp_entry_t slot)
{
	return zswap_wb_slot_word(slot) & ZSWAP_WB_FLIGHT;
}

/*
 * Does the disk have an image in a slot, whose folio is locked, and in the swap cache; or
 * whose cluster is locked, and that has no folio?
 * Return: its pool, and the node of its list in @nid; or NULL. Context: any
 */
struct zswap_pool *zswap_wb_slot_image(swp_entry_t slot, int *nid)
{
	struct zswap_wb_chunk *chunk;
	u32 word;

	if (zswap_wb_slots_empty(swp_type(slot)))
		return NULL;
	guard(rcu)();
	chunk = zswap_wb_chunk_find(slot);
	if (!chunk)
		return NULL;
	word = atomic_read(zswap_wb_chunk_word(chunk, slot));
	if ((word & (ZSWAP_WB_IMAGE | ZSWAP_WB_FLIGHT)) != ZSWAP_WB_IMAGE)
		return NULL;
	*nid = FIELD_GET(ZSWAP_WB_NODE, word);
	return READ_ONCE(chunk->pool);
}
