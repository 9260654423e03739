// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: lists of entries, and how to walk them.
 *
 * A walk that stops and goes on
 * -----------------------------
 *
 * list_lru_walk_one() always begins at the head of a list. A filter that leaves
 * entries where they are would look at them again and again, and one that
 * rotates them out of its way destroys the order that the shrinker lives by.
 * So a command keeps its place with a mark: a struct zswap_entry that stands
 * for no page, has no length, and is not counted in the list's nr_items.
 *
 * 1. Nobody takes a mark for an entry. Lists are walked by shrink_memcg_cb(),
 *    for which a mark is LRU_MARK and no part of what it may look at, and by other
 *    commands. Reparenting splices a list as a whole. All other accesses start
 *    from an entry in the tree.
 *
 * 2. A mark is only ever linked and unlinked under the lock of the list that it
 *    is in, see zswap_wb_list_lock() for how that is found.
 *
 * 3. When the cgroup goes offline, the mark moves to the head of the parent's list
 *    with the entries, and the walk goes on there. It ends with the first entry
 *    that is the parent's own, and passes over those of other children that are
 *    gone, also over the cgroup's own children's. A walk of that list, whose mark
 *    is behind, does not come to them.
 *
 * 4. The walk ends after as many entries as the list had when it was opened. So it
 *    reaches each entry that stays where it is: unlinked entries only make the way
 *    shorter, new and rotated ones go to the tail, and those of a child that goes
 *    offline, or of a failed write, are in front of the mark. And it can't be led on
 *    forever by a busy shrinker.
 *
 * A walk that need not go to the end
 * ----------------------------------
 *
 * A list is in the order of the stores but for four things, and if they are
 * known, an entry that is too young says that all behind it are:
 *
 * 1. An entry goes to the tail some time after its clock was read: up to a tick,
 *    or as long as its task was kept from running. The former is allowed for by
 *    ZSWAP_WB_ORDER_SLACK; the latter is noticed by whoever adds it, a moment
 *    later, when the store is not complete yet.
 *
 * 2. The shrinker moves entries from the head to the tail.
 *
 * 3. An entry that could not be written goes back to where it belongs if that is
 *    found soon and is in front of all marks, and to near the head if not.
 *
 * 4. The list of a child that goes offline is put in front of the parent's.
 *
 * For the first three, the lruvec of the list remembers when that was last so. What
 * is behind an entry that was stored later than that was stored later still. For
 * the last, an entry knows by its objcg whose it was: only those that were the
 * cgroup's own from the beginning count, and children's stay in front of them.
 * A page that a dead child swaps out later is not the cgroup's own either, but
 * goes to the tail in its turn.
 */
#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/list_lru.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/xarray.h>

#include "buckets.h"

/*
 * Notes the time of a store. The entry is not on the LRU yet; the LRU lock publishes
 * the time together with the rest of the entry. Returns the time in jiffies, for
 * zswap_wb_list_added().
 */
static inline u32 zswap_wb_entry_stamp(struct zswap_entry *entry)
{
	u32 start = jiffies;

	entry->store_time = zswap_wb_age_stamp(zswap_wb_age_now());
	return start;
}

/* A word for each bucket: linux/zswap.h, where our constant is not known, has a number */
static_assert(sizeof_field(struct zswap_lruvec_state, loaded) ==
	      ZSWAP_WB_BUCKETS_MAX * sizeof(atomic64_t) *
	      IS_ENABLED(CONFIG_ZSWAP_WB_DEBUGFS));

#ifdef CONFIG_ZSWAP_WB_DEBUGFS
/* The page of an entry, which is still in the tree, has been loaded. Notes its age */
static inline void zswap_wb_entry_loaded(struct zswap_entry *entry)
{
	int nid = entry_to_nid(entry);
	struct lruvec *lruvec;

	guard(rcu)();
	lruvec = mem_cgroup_lruvec(mem_cgroup_from_entry(entry), NODE_DATA(nid));
	zswap_wb_buckets_loaded(entry->store_time, zswap_wb_age_now(), nid,
				lruvec->zswap_lruvec_state.loaded);
}
#endif

/*
 * Notes that the list of @memcg is not in the order of the stores up to now.
 *
 * A cgroup that is going offline may have given its list to its parent already:
 * objcgs follow later. Note it for both then.
 *
 * Context: RCU read side.
 */
static void zswap_wb_list_disorder(struct mem_cgroup *memcg, int nid)
{
	u32 old, now = zswap_wb_age_stamp(zswap_wb_age_now());

	memcg = zswap_wb_scope_list(memcg);
	for (;; memcg = parent_mem_cgroup(memcg)) {
		struct lruvec *lruvec = mem_cgroup_lruvec(memcg, NODE_DATA(nid));
		u32 *disordered = &lruvec->zswap_lruvec_state.disordered;

		old = READ_ONCE(*disordered);
		/* Whoever comes late, with an older time, must not take back a younger one */
		while ((s32)(now - old) > 0 && !try_cmpxchg(disordered, &old, now))
			;
		if (!memcg_is_dying(memcg))
			break;
	}
}

/*
 * An entry whose time was noted at @start has been added to the list of @memcg. It belongs
 * to its owner from then on, and may be gone by now. In less than a second the age clock
 * ticks once at most, which ZSWAP_WB_ORDER_SLACK allows for.
 *
 * Context: RCU read side.
 */
static inline void zswap_wb_list_added(struct mem_cgroup *memcg, int nid,
				       u32 start)
{
	if (unlikely((u32)jiffies - start >= HZ))
		zswap_wb_list_disorder(memcg, nid);
}

/* Tells a mark from an entry, which has a length as long as it is on a list */
static inline bool zswap_wb_entry_is_mark(const struct zswap_entry *entry)
{
	return !entry->length;
}

/*
 * The shrinker has come to an item of a list, whose lock is held. Return: true if it is a mark,
 * which is to be left alone. If not, it is an entry, which the shrinker is going to move to the
 * tail, for a second chance or to be written: notes that the list is out of order then
 */
static bool zswap_wb_is_mark_or_note_rotation(struct zswap_entry *entry)
{
	if (zswap_wb_entry_is_mark(entry))
		return true;
	guard(rcu)();
	zswap_wb_list_disorder(mem_cgroup_from_entry(entry), entry_to_nid(entry));
	return false;
}

static struct list_head *zswap_wb_cursor_mark(struct zswap_wb_cursor *cursor)
{
	static_assert(sizeof(struct zswap_entry) <= sizeof(cursor->mark));

	return &((struct zswap_entry *)&cursor->mark)->lru;
}

/*
 * Is @memcg the cgroup whose list one finds under its index? An index is free
 * for another cgroup as soon as its owner is offline, even while there are
 * references to the owner.
 */
static bool zswap_wb_list_owner(struct mem_cgroup *memcg)
{
	int index = zswap_wb_port_list_index(memcg);

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
		zswap_wb_port_list_unlock(nid, l);
		*memcg = parent_mem_cgroup(*memcg);
	}
}

#ifdef CONFIG_MEMCG
/* Most cgroups without entries to pass over in one go */
#define ZSWAP_WB_EMPTY_MAX	1024

/**
 * zswap_wb_list_next() - find the next cgroup that has entries
 * @index:	where to begin; set to the index of the cgroup
 * @nodes:	nodes of its entries; %NULL: it has lists, which may be empty
 *
 * A cgroup gets lists with its first entry, and loses them when it is removed.
 * The root cgroup, whose lists are there always, has no index. After ZSWAP_WB_EMPTY_MAX
 * cgroups without entries it comes back with the next one in any case.
 * Context: RCU read side.
 * Return: whether there is one
 */
bool zswap_wb_list_next(unsigned long *index, const nodemask_t *nodes)
{
	XA_STATE(xas, &zswap_list_lru.xa, *index);
	unsigned int empty = ZSWAP_WB_EMPTY_MAX;
	struct list_lru_memcg *lists;
	int nid;

	xas_for_each(&xas, lists, ULONG_MAX) {
		if (xas_retry(&xas, lists))
			continue;
		*index = xas.xa_index;
		if (!nodes || !empty--)
			return true;
		for_each_node_mask(nid, *nodes) {
			/* Below zero: they have just been given to the parent */
			if (READ_ONCE(lists->node[nid].nr_items) > 0)
				return true;
		}
	}
	return false;
}
#endif

/**
 * zswap_wb_cursor_open() - begin to walk a list
 * @cursor:	result, to be closed with zswap_wb_cursor_close()
 * @memcg:	cgroup of the list, with a reference that the caller keeps until
 *		it has closed the cursor; %NULL for lists that are not per cgroup
 * @nid:	node of the list
 * Context: zswap has been set up.
 * Return: false if the list is empty
 */
bool zswap_wb_cursor_open(struct zswap_wb_cursor *cursor,
			  struct mem_cgroup *memcg, int nid)
{
	struct mem_cgroup *owner = memcg;
	struct list_lru_one *l;

	*cursor = (struct zswap_wb_cursor) {
		.memcg	= memcg,
		.nid	= nid,
	};
	INIT_LIST_HEAD(zswap_wb_cursor_mark(cursor));
	guard(rcu)();
	/* A cgroup that never stored anything may have no list to lock */
	if (!zswap_wb_list_owner(memcg) || !list_lru_count_one(&zswap_list_lru, nid, memcg))
		return false;
	l = zswap_wb_list_lock(nid, &owner);
	if (owner == memcg && l->nr_items > 0) {
		cursor->left = l->nr_items;
		list_add(zswap_wb_cursor_mark(cursor), &l->list);
	}
	zswap_wb_port_list_unlock(nid, l);
	return cursor->left;
}

/*
 * Puts an entry back into its list, between those of its cgroup that are older and
 * those that are younger. That is near the head, where commands take entries from. If
 * it is further back, the entry goes near the head all the same, and if there is a mark
 * before it, in front of that: then the list is out of order. The caller keeps the entry
 * from going away.
 */
static void zswap_wb_list_return(struct zswap_entry *entry)
{
	unsigned int nr = ZSWAP_WB_SCAN_MAX;
	int nid = entry_to_nid(entry);
	bool own, alike, fits = false, out_of_order = false;
	struct list_head *place, *mark = NULL;
	struct mem_cgroup *memcg;
	struct list_lru_one *l;

	rcu_read_lock();
	memcg = mem_cgroup_from_entry(entry);
	l = list_lru_lock(&zswap_list_lru, nid, &memcg);
	/* Without an objcg it is like others without one, and not like inherited ones */
	own = memcg && zswap_wb_port_is_own(memcg, nid, entry->objcg);
	list_for_each(place, &l->list) {
		const struct zswap_entry *next =
			list_entry(place, struct zswap_entry, lru);

		if (zswap_wb_entry_is_mark(next)) {
			if (!mark)
				mark = place;
			continue;
		}
		alike = next->objcg == entry->objcg ||
			(own && zswap_wb_port_is_own(memcg, nid, next->objcg));
		fits = alike && (s32)(next->store_time - entry->store_time) >= 0;
		if (fits || !alike || !--nr)
			break;
		/* It is older, and may be behind a mark that we go in front of */
		out_of_order = mark;
	}
	if (out_of_order || (!fits && place != &l->list))
		zswap_wb_list_disorder(memcg, nid);
	/* If it is on its list still, by an injected error: see zswap_wb_entry_unlist() */
	if (__list_lru_add(&zswap_list_lru, l, &entry->lru, nid, memcg))
		/* Walks that have been there don't come to it again: it would fail again */
		list_move_tail(&entry->lru, mark ?: place);
	zswap_wb_port_list_unlock(nid, l);
	rcu_read_unlock();
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
 * Context: process context.
 * Return: true if there are entries left to look at
 */
bool zswap_wb_cursor_scan(struct zswap_wb_cursor *cursor,
			  zswap_wb_visit_t visit, void *arg)
{
	enum zswap_wb_visit what = ZSWAP_WB_VISIT_NEXT;
	struct mem_cgroup *memcg = cursor->memcg;
	struct list_head *mark = zswap_wb_cursor_mark(cursor);
	unsigned int nr = ZSWAP_WB_SCAN_MAX;
	struct lruvec *lruvec;
	struct list_head *next;
	struct list_lru_one *l;
	bool ordered, more;
	u32 disordered;

	if (!cursor->left)
		return false;

	rcu_read_lock();
	l = zswap_wb_list_lock(cursor->nid, &memcg);
	next = mark->next;
	list_del_init(mark);
	lruvec = mem_cgroup_lruvec(memcg, NODE_DATA(cursor->nid));
	/* An entry that puts the list out of order later is not stored yet, or waits for us */
	ordered = zswap_wb_port_order_known(memcg);
	disordered = READ_ONCE(lruvec->zswap_lruvec_state.disordered);

	while (nr-- && cursor->left && next != &l->list) {
		struct zswap_entry *entry =
			list_entry(next, struct zswap_entry, lru);

		if (!zswap_wb_entry_is_mark(entry)) {
			struct zswap_wb_facts facts = {
				.entry		= entry,
				.slot		= entry->swpentry,
				.length		= entry->length,
				.stamp		= entry->store_time,
			};
			bool own = zswap_wb_port_is_own(memcg, cursor->nid, entry->objcg);
			/* See the top */
			bool in_order = ordered && own &&
				(s32)(entry->store_time - disordered) > ZSWAP_WB_ORDER_SLACK;

			/* The rest is the parent's; what was never ours is not ours to look at */
			if (memcg != cursor->memcg && own)
				cursor->left = 0;
			else if (memcg == cursor->memcg ||
				 zswap_wb_port_is_own(cursor->memcg, cursor->nid, entry->objcg))
				what = visit(&facts, in_order, arg);
			if (!cursor->left || what == ZSWAP_WB_VISIT_AGAIN)
				break;
			cursor->left--;
			if (what == ZSWAP_WB_VISIT_LAST)
				break;
		}
		next = next->next;
	}

	if (next == &l->list)
		cursor->left = 0;
	/* Those that have gone since are not too young */
	cursor->left = min_t(unsigned long, cursor->left, l->nr_items);
	more = cursor->left && what != ZSWAP_WB_VISIT_LAST;
	if (more)
		list_add_tail(mark, next);
	zswap_wb_port_list_unlock(cursor->nid, l);
	rcu_read_unlock();
	return more;
}

/* Ends a walk, wherever it has got to. The cursor may be opened again */
void zswap_wb_cursor_close(struct zswap_wb_cursor *cursor)
{
	struct mem_cgroup *memcg = cursor->memcg;
	struct list_lru_one *l;

	/* Nobody else links or unlinks the mark: no need to look under a lock */
	if (list_empty(zswap_wb_cursor_mark(cursor)))
		return;

	guard(rcu)();
	l = zswap_wb_list_lock(cursor->nid, &memcg);
	list_del_init(zswap_wb_cursor_mark(cursor));
	zswap_wb_port_list_unlock(cursor->nid, l);
}
