// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: all that must see struct zswap_entry.
 *
 * This file is part of the compilation unit of mm/zswap.c, which includes it
 * in front of its LRU functions, as mm/percpu.c does with its backends: what it
 * needs is static there. Everything else of the feature sees
 * an entry as an opaque handle. It holds no policy.
 *
 * A walk that stops and goes on
 * -----------------------------
 *
 * list_lru_walk_one() always begins at the head of a list. A filter that leaves
 * entries where they are would look at them again and again, and one that
 * rotates them out of its way destroys the order that the shrinker lives by.
 * So a command keeps its place with a mark: a struct zswap_entry that stands
 * for no page, has no pool, and is not counted in the list's nr_items.
 *
 * 1. Nobody takes a mark for an entry. Lists are walked by shrink_memcg_cb(),
 *    which skips it, and by other commands, which do, too. Reparenting splices
 *    a list as a whole. All other accesses start from an entry in the tree.
 *    (The walk of the shrinker begins again at the head after each entry that
 *    it writes, and counts what it steps over. A mark at the head so costs it
 *    up to half of what it may look at, for as long as the command runs.)
 *
 * 2. A mark is only ever linked and unlinked under the lock of the list that it
 *    is in, see zswap_wb_list_lock() for how that is found.
 *
 * 3. When the cgroup goes offline, the mark moves to the parent's list with the
 *    entries. The walk notices, because the lock that it gets belongs to
 *    another cgroup, takes its mark out and ends: what is left of the list now
 *    belongs to the parent, whose turn comes later if it is in scope at all.
 *
 * 4. The walk ends after as many entries as the list had when it was first
 *    locked. So it reaches each entry that stays where it is: unlinked entries
 *    only make the way shorter, new and rotated ones go to the tail, and those
 *    of a child that goes offline to the head, which the mark has left. And it
 *    can't be led on forever by a busy shrinker.
 *
 * A walk that need not go to the end
 * ----------------------------------
 *
 * A list is in the order of the stores but for three things, and if they are
 * known, an entry that is too young says that all behind it are:
 *
 * 1. An entry goes to the tail some time after its clock was read: up to a tick,
 *    or as long as its task was kept from running. The former is allowed for by
 *    ZSWAP_WB_ORDER_SLACK, which also covers the second that an entry gets in
 *    zswap_wb_entry_restore(); the latter is noticed by whoever adds it, a moment
 *    later, when the store is not complete yet.
 *
 * 2. The shrinker moves entries from the head to the tail.
 *
 * 3. The list of a child that goes offline is put in front of the parent's.
 *
 * For the first two, the lruvec of the list remembers when that was last so. What
 * is behind an entry that was stored later than that was stored later still. For
 * the third, an entry knows by its objcg whose it was: only those that were the
 * cgroup's own from the beginning count, and children's stay in front of them.
 * A page that a dead child swaps out later is not the cgroup's own either, but
 * goes to the tail in its turn.
 */
#include <linux/atomic.h>
#include <linux/error-injection.h>
#include <linux/memcontrol.h>
#include <linux/mmzone.h>
#include <linux/sched/mm.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "internal.h"

/*
 * The age is free: upstream's struct has an int, a bool and padding where we
 * have a bit field, the bool and the time. A bit field of 24 bits ends at a
 * byte of its own, so a store to @referenced is still no access to @length.
 */
static_assert(sizeof(struct zswap_entry) ==
	      sizeof(swp_entry_t) + 2 * sizeof(u32) +
	      sizeof(struct zswap_pool *) + sizeof(unsigned long) +
	      sizeof(struct obj_cgroup *) + sizeof(struct list_head));
static_assert(BIT(24) > PAGE_SIZE);

/* Further down in mm/zswap.c */
static struct folio *zswap_writeback_prepare(struct zswap_entry *entry,
					     swp_entry_t swpentry, gfp_t gfp);
static void zswap_writeback_commit(struct zswap_entry *entry,
				   struct folio *folio,
				   struct swap_io_ctx *ctx);

#ifdef CONFIG_FUNCTION_ERROR_INJECTION
/*
 * So that a test can make a decompression fail, which nothing else does on
 * purpose. Its failure is false, and that is what the type NULL returns.
 */
static noinline bool zswap_decompress(struct zswap_entry *entry,
				      struct folio *folio);
ALLOW_ERROR_INJECTION(zswap_decompress, NULL);
#endif

/*
 * Notes the time of a store, and counts the entry. It is not on the LRU yet;
 * the LRU lock publishes the time together with the rest of the entry. Returns
 * the time, for zswap_wb_list_added().
 */
static inline u32 zswap_wb_entry_add(struct zswap_entry *entry, int nid)
{
	u32 stamp = zswap_wb_age_stamp(ktime_get_boottime_seconds());

	entry->store_time = stamp;
	zswap_wb_census_count(nid, stamp, 1, entry->length);
	return stamp;
}

/* Counts off an entry that its caller has taken off the LRU */
static inline void zswap_wb_entry_del(struct zswap_entry *entry, int nid)
{
	zswap_wb_census_count(nid, entry->store_time, -1, entry->length);
}

/* Makes an entry on the LRU younger; the caller has its folio locked */
static void zswap_wb_entry_restamp(struct zswap_entry *entry, u32 stamp)
{
	int nid = entry_to_nid(entry);

	zswap_wb_census_count(nid, entry->store_time, -1, entry->length);
	/* A command may be looking at it under the LRU lock */
	WRITE_ONCE(entry->store_time, stamp);
	zswap_wb_census_count(nid, stamp, 1, entry->length);
}

/* Whoever comes late, with an older time, must not take back a younger one. */
static void zswap_wb_lruvec_disorder(struct lruvec *lruvec, u32 now)
{
	u32 *disordered = &lruvec->zswap_lruvec_state.disordered;
	u32 old = READ_ONCE(*disordered);

	while ((s32)(now - old) > 0 && !try_cmpxchg(disordered, &old, now))
		;
}

/*
 * Notes that the list of @memcg is not in the order of the stores up to now.
 *
 * A cgroup that is going offline may have given its list to its parent already:
 * objcgs follow later. Note it for both then.
 *
 * Context: RCU read side.
 */
static void zswap_wb_list_disorder(struct mem_cgroup *memcg, int nid, u32 now)
{
	memcg = zswap_wb_scope_list(memcg);
	zswap_wb_lruvec_disorder(mem_cgroup_lruvec(memcg, NODE_DATA(nid)), now);
	while (zswap_wb_scope_dying(memcg)) {
		memcg = parent_mem_cgroup(memcg);
		zswap_wb_lruvec_disorder(mem_cgroup_lruvec(memcg,
							   NODE_DATA(nid)),
					 now);
	}
}

/*
 * An entry with @stamp has been added to the list of @memcg. It belongs to its
 * owner from then on, and may be gone by now.
 *
 * Context: RCU read side.
 */
static inline void zswap_wb_list_added(struct mem_cgroup *memcg, int nid,
				       u32 stamp)
{
	u32 now = zswap_wb_age_stamp(ktime_get_boottime_seconds());

	if (unlikely(now - stamp > 1))
		zswap_wb_list_disorder(memcg, nid, now);
}

/* An entry is moved to the tail of its list, whose lock is held. */
static void zswap_wb_list_rotated(struct zswap_entry *entry)
{
	u32 now = zswap_wb_age_stamp(ktime_get_boottime_seconds());

	rcu_read_lock();
	zswap_wb_list_disorder(mem_cgroup_from_entry(entry),
			       entry_to_nid(entry), now);
	rcu_read_unlock();
}

/* Tells a mark from an entry, which has a pool as long as it is on a list */
static inline bool zswap_wb_entry_is_cursor(const struct zswap_entry *entry)
{
	return !entry->pool;
}

/**
 * zswap_wb_marks_alloc() - get what a command needs to keep its place in lists
 * @nr:		number of lists at a time
 *
 * Context: process context, may sleep.
 * Return: marks that are in no list, or %NULL
 */
struct zswap_entry *zswap_wb_marks_alloc(unsigned int nr)
{
	struct zswap_entry *marks = kzalloc_objs(*marks, nr);
	unsigned int i;

	for (i = 0; marks && i < nr; i++)
		INIT_LIST_HEAD(&marks[i].lru);
	return marks;
}

/**
 * zswap_wb_marks_get() - one of them
 * @marks:	from zswap_wb_marks_alloc()
 * @i:		less than their number
 *
 * Return: the mark
 */
struct zswap_entry *zswap_wb_marks_get(struct zswap_entry *marks,
				       unsigned int i)
{
	return &marks[i];
}

/**
 * zswap_wb_marks_free() - free marks
 * @marks:	from zswap_wb_marks_alloc(), in no list; may be %NULL
 */
void zswap_wb_marks_free(struct zswap_entry *marks)
{
	kfree(marks);
}

/*
 * Is @memcg the cgroup whose list one finds under its index? An index is free
 * for another cgroup as soon as its owner is offline, even while there are
 * references to the owner.
 */
static bool zswap_wb_list_owner(struct mem_cgroup *memcg)
{
	int index = memcg_kmem_id(memcg);

	return index < 0 || mem_cgroup_from_private_id(index) == memcg;
}

/*
 * Locks the list that has the entries of @memcg, and any mark left in it, on
 * node @nid. If @memcg has gone offline that is the list of an ancestor, which
 * @memcg is changed to.
 *
 * list_lru_lock() climbs up by itself, but goes by the index alone. An offline
 * cgroup's index may have been given to a new cgroup, whose list it then
 * locks. To find out, ask whose index it is after the list was looked up:
 *
 * 1. A cgroup that loses its index never gets it back. If the index is still
 *    that of the cgroup now, it was so at the time of the lookup, and the list
 *    is its own.
 *
 * 2. If it is not, the cgroup has given up its index at the very end of going
 *    offline. Its entries had been moved to the parent before: go on there.
 *
 * Context: RCU read side, the caller has a reference to @memcg.
 */
static struct list_lru_one *zswap_wb_list_lock(int nid,
					       struct mem_cgroup **memcg)
	__must_hold(RCU)
{
	struct list_lru_one *l;

	for (;;) {
		l = list_lru_lock(&zswap_list_lru, nid, memcg);
		if (zswap_wb_list_owner(*memcg))
			return l;
		list_lru_unlock(l);
		*memcg = parent_mem_cgroup(*memcg);
	}
}

/**
 * zswap_wb_list_size() - number of entries in a list
 * @memcg:	cgroup of the list, with a reference; %NULL for lists that are not
 *		per cgroup
 * @nid:	node of the list
 *
 * Context: zswap has been set up.
 * Return: their number, 0 also if the cgroup has no list any more
 */
unsigned long zswap_wb_list_size(struct mem_cgroup *memcg, int nid)
{
	unsigned long nr = 0;

	rcu_read_lock();
	/* A cgroup that never stored anything may have no list to look at */
	if (zswap_wb_list_owner(memcg))
		nr = list_lru_count_one(&zswap_list_lru, nid, memcg);
	rcu_read_unlock();
	return nr;
}

#ifdef CONFIG_MEMCG
/**
 * zswap_wb_list_next() - find the next cgroup that has lists
 * @index:	memcg_kmem_id() to begin with; set to that of the cgroup
 * @nid:	node of a list, or NUMA_NO_NODE
 * @empty:	set if there are no entries in its list on @nid
 *
 * A cgroup gets lists with its first entry, and loses them when it is removed.
 * The root cgroup, whose lists are there always, has no index.
 *
 * Context: RCU read side.
 * Return: false if there is none from @index on
 */
bool zswap_wb_list_next(unsigned long *index, int nid, bool *empty)
{
	struct list_lru_memcg *lists = xa_find(&zswap_list_lru.xa, index,
					       ULONG_MAX, XA_PRESENT);

	/* Below zero: they have just been given to the parent */
	*empty = lists && nid != NUMA_NO_NODE &&
		 READ_ONCE(lists->node[nid].nr_items) <= 0;
	return lists;
}
#endif

/**
 * zswap_wb_cursor_open() - begin to walk a list
 * @cursor:	result, to be closed with zswap_wb_cursor_close()
 * @mark:	the command's mark, in no list
 * @memcg:	cgroup of the list, with a reference that the caller keeps until
 *		it has closed the cursor; %NULL for lists that are not per cgroup
 * @nid:	node of the list
 *
 * Context: zswap has been set up.
 */
void zswap_wb_cursor_open(struct zswap_wb_cursor *cursor,
			  struct zswap_entry *mark, struct mem_cgroup *memcg,
			  int nid)
{
	*cursor = (struct zswap_wb_cursor) {
		.mark	= mark,
		.memcg	= memcg,
		.nid	= nid,
		.left	= zswap_wb_list_size(memcg, nid),
	};
}

/**
 * struct zswap_wb_order - what is known of the order of a list
 * @disordered:	when an entry was last put out of order, as a stamp
 * @inherits:	it has entries of other cgroups in front of its own
 * @objcg:	whose entries are its own, if @inherits
 */
struct zswap_wb_order {
	u32			disordered;
	bool			inherits;
	const struct obj_cgroup	*objcg;
};

/* The list is locked. */
static void zswap_wb_order_read(struct zswap_wb_order *order,
				struct mem_cgroup *memcg, int nid)
{
	struct lruvec *lruvec = mem_cgroup_lruvec(memcg, NODE_DATA(nid));

	order->disordered = READ_ONCE(lruvec->zswap_lruvec_state.disordered);
	order->inherits = memcg;
	order->objcg = zswap_wb_scope_objcg(memcg, nid);
}

/*
 * Are all entries of a list that are behind @entry no older than it, by more
 * than ZSWAP_WB_ORDER_SLACK? See the top.
 */
static bool zswap_wb_order_holds(const struct zswap_wb_order *order,
				 const struct zswap_entry *entry, u32 stamp)
{
	if (order->inherits && entry->objcg != order->objcg)
		return false;
	return (s32)(stamp - order->disordered) > ZSWAP_WB_ORDER_SLACK;
}

/**
 * zswap_wb_cursor_scan() - look at the next entries of a list
 * @cursor:	where to go on
 * @visit:	called for each entry, with the list's lock held
 * @arg:	handed to @visit
 *
 * Looks at ZSWAP_WB_SCAN_MAX entries at most. Changes neither the order of the
 * list nor any entry. Afterwards, @cursor->left is the number of entries that
 * were not looked at.
 *
 * Context: process context.
 * Return: true if there are entries left to look at
 */
bool zswap_wb_cursor_scan(struct zswap_wb_cursor *cursor,
			  zswap_wb_visit_t visit, void *arg)
{
	enum zswap_wb_visit what = ZSWAP_WB_VISIT_NEXT;
	struct mem_cgroup *memcg = cursor->memcg;
	struct list_head *mark = &cursor->mark->lru;
	unsigned int nr = ZSWAP_WB_SCAN_MAX;
	struct zswap_wb_order order;
	struct list_head *next;
	struct list_lru_one *l;
	bool more = false;

	if (!cursor->left)
		return false;

	rcu_read_lock();
	l = zswap_wb_list_lock(cursor->nid, &memcg);
	next = mark->next;
	if (list_empty(mark)) {
		/* The first scan: from the head, and to where the tail is now */
		next = l->list.next;
		cursor->left = l->nr_items;
	}
	list_del_init(mark);
	if (memcg != cursor->memcg) {
		cursor->left = 0;
		goto unlock;
	}
	zswap_wb_order_read(&order, memcg, cursor->nid);

	while (nr-- && cursor->left && next != &l->list) {
		struct zswap_entry *entry =
			list_entry(next, struct zswap_entry, lru);

		if (!zswap_wb_entry_is_cursor(entry)) {
			/* zswap_wb_entry_restore() may change it */
			u32 stamp = READ_ONCE(entry->store_time);
			struct zswap_wb_facts facts = {
				.entry		= entry,
				.slot		= entry->swpentry,
				.length		= entry->length,
				.stamp		= stamp,
				.in_order	= zswap_wb_order_holds(&order,
								entry, stamp),
			};

			what = visit(&facts, arg);
			if (what == ZSWAP_WB_VISIT_AGAIN)
				break;
			cursor->left--;
			if (what == ZSWAP_WB_VISIT_LAST)
				goto unlock;
		}
		next = next->next;
	}

	if (next == &l->list)
		cursor->left = 0;
	more = cursor->left;
	if (more)
		list_add_tail(mark, next);
unlock:
	list_lru_unlock(l);
	rcu_read_unlock();
	return more;
}

/**
 * zswap_wb_cursor_close() - end a walk, wherever it has got to
 * @cursor:	the cursor; its mark may be used for another walk
 *
 * Context: process context.
 */
void zswap_wb_cursor_close(struct zswap_wb_cursor *cursor)
{
	struct mem_cgroup *memcg = cursor->memcg;
	struct list_lru_one *l;

	/* Nobody else links or unlinks the mark: no need to look under a lock */
	if (list_empty(&cursor->mark->lru))
		return;

	rcu_read_lock();
	l = zswap_wb_list_lock(cursor->nid, &memcg);
	list_del_init(&cursor->mark->lru);
	list_lru_unlock(l);
	rcu_read_unlock();
}

/**
 * zswap_wb_entry_prepare() - bring an entry's page into the swap cache
 * @facts:	what the list told of the entry, whose lock is no longer held
 * @may_reclaim: the caller has no other folio prepared
 *
 * The entry may have been freed since. It is only looked at when the folio is
 * locked and the tree still has it in that slot:
 *
 * 1. With a locked folio in the swap cache nobody else stores, loads or frees
 *    the slot, so what the tree has there stays.
 *
 * 2. The same address in the same slot can still be another entry, if the first
 *    was freed and the memory used again for the same slot. It has the
 *    right data of its slot, but may be younger than selected: compare the time.
 *
 * Whoever holds folios that others may wait for must not reclaim. Without
 * @may_reclaim, the folio comes from free memory above the watermarks, and the
 * cgroup is charged past its limit, as reclaim does it; it is for as long as
 * the batch takes. With it, memory may be reclaimed, but a proactive command
 * has no right to have anybody killed for it: there are no retries.
 *
 * The folio has to be given to zswap_wb_entry_commit() or zswap_wb_entry_abort().
 *
 * Context: process context, may sleep and reclaim memory.
 * Return: the locked folio with the page's data and a reference, or an ERR_PTR():
 * * -EEXIST	the page is in the swap cache already
 * * -ENOENT	the entry is gone
 * * -ENOMEM	no memory for the folio
 * * -EIO	the data can't be decompressed
 */
struct folio *zswap_wb_entry_prepare(const struct zswap_wb_facts *facts,
				     bool may_reclaim)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	unsigned int noreclaim;
	struct folio *folio;

	if (may_reclaim) {
		folio = zswap_writeback_prepare(facts->entry, facts->slot, gfp);
	} else {
		noreclaim = memalloc_noreclaim_save();
		folio = zswap_writeback_prepare(facts->entry, facts->slot,
						gfp | __GFP_NOMEMALLOC);
		memalloc_noreclaim_restore(noreclaim);
	}
	if (IS_ERR(folio) || facts->entry->store_time == facts->stamp)
		return folio;

	zswap_wb_entry_abort(folio);
	return ERR_PTR(-ENOENT);
}

/**
 * zswap_wb_entry_memcg() - whose page is it
 * @entry:	the entry
 * @folio:	what zswap_wb_entry_prepare() has returned for it
 *
 * The folio is charged to the cgroup that has swapped the page out. If that one
 * has been removed it is charged to the cgroup of the current task, or to the
 * root if that is a worker, which have nothing to do with it; the entry then
 * knows the parent that has inherited the page. If zswap does not charge anybody,
 * only the folio knows.
 *
 * Context: RCU read side.
 * Return: the cgroup, or %NULL without memory cgroups
 */
struct mem_cgroup *zswap_wb_entry_memcg(struct zswap_entry *entry,
					struct folio *folio)
{
	return entry->objcg ? mem_cgroup_from_entry(entry) : folio_memcg(folio);
}

/**
 * zswap_wb_entry_abort() - think better of it
 * @folio:	what zswap_wb_entry_prepare() has returned; the reference is
 *		dropped, and the entry stays in zswap
 *
 * Context: process context.
 */
void zswap_wb_entry_abort(struct folio *folio)
{
	swap_cache_del_folio(folio);
	folio_unlock(folio);
	folio_put(folio);
}

/**
 * zswap_wb_entry_restore() - put the page of a failed write back into zswap
 * @folio:	a locked, dirty folio in the swap cache that is in nobody's use
 *
 * The page gets a new entry. Its time is that of the next second, so that no
 * command that is under way takes it for one it has not tried yet.
 *
 * Context: process context, may sleep.
 * Return: true if the page is in zswap and the folio is clean now, false if
 * zswap does not take it and all is as before
 */
bool zswap_wb_entry_restore(struct folio *folio)
{
	unsigned int noreclaim;
	struct zswap_entry *entry;
	bool stored;

	folio_clear_dirty_for_io(folio);
	/* zswap_store() charges as reclaim does: past the limits */
	noreclaim = memalloc_noreclaim_save();
	stored = zswap_store(folio);
	memalloc_noreclaim_restore(noreclaim);
	if (!stored) {
		folio_mark_dirty(folio);
		return false;
	}

	/* The folio's lock keeps the entry where it is */
	entry = xa_load(swap_zswap_tree(folio->swap), swp_offset(folio->swap));
	zswap_wb_entry_restamp(entry, entry->store_time + 1);
	return true;
}

/**
 * zswap_wb_entry_commit() - start to write a page, and free its entry
 * @entry:	the entry
 * @folio:	what zswap_wb_entry_prepare() has returned for it; unlocked and
 *		under writeback afterwards, the reference stays the caller's
 * @ctx:	where the write is queued; the caller submits it
 *
 * Context: process context.
 */
void zswap_wb_entry_commit(struct zswap_entry *entry, struct folio *folio,
			   struct swap_io_ctx *ctx)
{
	/* After the commit, nobody knows the entry's cgroup and size */
	count_vm_event(ZSWPWB_PROACTIVE);
	count_vm_events(ZSWPWB_PROACTIVE_B, entry->length);
	if (entry->objcg) {
		count_objcg_events(entry->objcg, ZSWPWB_PROACTIVE, 1);
		count_objcg_events(entry->objcg, ZSWPWB_PROACTIVE_B,
				   entry->length);
	}
	/* Like the rest of zswap's own counters: may miss one, and nothing goes by it */
	data_race(zswap_written_back_pages++);

	zswap_writeback_commit(entry, folio, ctx);
}
