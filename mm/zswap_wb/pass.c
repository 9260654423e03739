// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: what a command takes from the lists in one pass.
 *
 * A pass opens all lists that have entries, of all nodes and cgroups, and draws from them in
 * turn, as many from each as befits what it has left; only then are they sorted and written:
 *
 *	list of cgroup 1	0 3 6 9 ...  --lane--.
 *	list of cgroup 2	1 4 7 ...    --lane--+--> window --> 0 1 2 3 4 ...
 *	list of cgroup 3	2 5 8 ...    --lane--'
 *
 * A lane keeps its place in the list with a mark, see lists.c. A list that has
 * nothing for the pass is closed when that shows, as a rule with its first entry.
 * Why in turn, and who gives what another one does not: Documentation/mm/zswap_wb.rst.
 *
 * Without a limit all that is eligible is written in one pass over the lists. With one
 * the coldest bucket has to go first, wherever its entries are, and each list knows only its
 * own order. So a limited command makes a pass for each bucket that has something:
 *
 *	bucket		12   11   10    9    8 ...  0
 *	in zswap	 3   40    0  200  900 ... 50	budget: 100 pages
 *	pass		 1    2         3
 *	written		 3   40        57
 *
 * A pass learns on its way which bucket comes next: an empty one costs nothing.
 */
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "internal.h"

/* A list that entries are drawn from */
struct zswap_wb_lane {
	struct zswap_wb_lane	*next;	/* for another list, or NULL */
	bool			open;	/* it is in use */
	struct zswap_wb_cursor	cursor;	/* how far it has got, with a reference to the cgroup */
	u64			young;	/* entries skipped because they are too young */
	u64			kept;	/* entries skipped because they are protected */
};

/* What is drawn from the lists in a pass */
struct zswap_wb_draw {
	struct zswap_wb_run		*run;	/* the command */
	struct zswap_wb_scope_walk	walk;	/* where to find the next list */
	struct zswap_wb_lane		*lane;	/* the lane that is being drawn from */
	bool				protected;	/* its cgroup must not be written */
	u64				quota;	/* entries that it may give in this turn */
};

/* ---- who is eligible ---- */

/* Judges an entry by its age in seconds and by how it is stored. Context: any */
enum zswap_wb_verdict zswap_wb_select(const struct zswap_wb_filter *filter,
				      u64 age, bool incompressible)
{
	if (filter->type == ZSWAP_WB_TYPE_INCOMPRESSIBLE && !incompressible)
		return ZSWAP_WB_OUTSIDE;
	if (age < filter->min_age)
		return ZSWAP_WB_YOUNG;
	if (age < filter->floor)
		return ZSWAP_WB_LATER;
	if (age >= filter->max_age)
		return ZSWAP_WB_OUTSIDE;
	return ZSWAP_WB_ELIGIBLE;
}

/* Starts with the limits of a command, each of which may be ZSWAP_WB_NO_LIMIT */
void zswap_wb_budget_init(struct zswap_wb_budget *budget, u64 max_pages,
			  u64 max_compressed)
{
	budget->pages = min_t(u64, max_pages, S64_MAX);
	budget->bytes = min_t(u64, max_compressed, S64_MAX);
}

/* ---- lanes ---- */

/* Gets a lane, or NULL */
struct zswap_wb_lane *zswap_wb_lane_alloc(void)
{
	return kzalloc_obj(struct zswap_wb_lane,
			   GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
}

/* Frees a lane and those behind it, none of which is open; may be NULL */
void zswap_wb_lanes_free(struct zswap_wb_lane *lane)
{
	while (lane) {
		struct zswap_wb_lane *next = lane->next;

		kfree(lane);
		lane = next;
	}
}

/* Counts what a list has skipped, unless the budget was used up */
static void zswap_wb_lane_account(struct zswap_wb_run *run,
				  struct zswap_wb_lane *lane)
{
	int nid = lane->cursor.nid;

	if (!zswap_wb_budget_empty(&run->budget)) {
		run->res->outcome[ZSWAP_WB_SKIPPED_YOUNG] += lane->young;
		run->res->outcome[ZSWAP_WB_SKIPPED_PROTECTED] += lane->kept;
		if (!run->cmd->dry_run) {
			zswap_wb_stats_count(nid, ZSWAP_WB_SKIPPED_YOUNG, lane->young);
			zswap_wb_stats_count(nid, ZSWAP_WB_SKIPPED_PROTECTED, lane->kept);
		}
	}
	lane->young = 0;
	lane->kept = 0;
}

static void zswap_wb_lane_close(struct zswap_wb_lane *lane)
{
	zswap_wb_cursor_close(&lane->cursor);
	mem_cgroup_put(lane->cursor.memcg);
	lane->open = false;
}

static void zswap_wb_draw_end(struct zswap_wb_draw *draw)
{
	struct zswap_wb_lane *lane;

	for (lane = draw->run->lanes; lane; lane = lane->next) {
		if (lane->open)
			zswap_wb_lane_close(lane);
		zswap_wb_lane_account(draw->run, lane);
	}
	zswap_wb_scope_end(&draw->walk);
}

/* ---- entries ---- */

/* Takes an entry that may be written, unless that is one too many */
static bool zswap_wb_draw_take(struct zswap_wb_draw *draw,
			       const struct zswap_wb_facts *facts, u64 age)
{
	struct zswap_wb_run *run = draw->run;

	if (!draw->quota || zswap_wb_budget_empty(&run->budget))
		return false;
	draw->quota--;
	zswap_wb_budget_take(&run->budget, facts->length);
	if (!run->window) {
		run->res->outcome[ZSWAP_WB_WRITTEN]++;
		run->res->released_bytes += facts->length;
		return true;
	}
	zswap_wb_window_add(run->window, &(struct zswap_wb_item) {
		.facts			= *facts,
		.kind.generation	= run->generation,
		.kind.nid		= draw->lane->cursor.nid,
		.kind.bucket		= zswap_wb_age_bucket(&run->edges, age),
	});
	return true;
}

/* Skips entries that are too young, and counts them once in all passes. */
static void zswap_wb_draw_young(struct zswap_wb_draw *draw, u64 nr)
{
	const struct zswap_wb_filter *filter = &draw->run->filter;

	if (filter->floor > filter->min_age)
		return;
	if (draw->protected)
		draw->lane->kept += nr;
	else
		draw->lane->young += nr;
}

/* Is an entry, and all that is behind it in its list, too young for the pass? */
static bool zswap_wb_draw_rest_is_young(const struct zswap_wb_draw *draw, u64 age,
					bool in_order)
{
	return in_order && age + ZSWAP_WB_ORDER_SLACK < draw->run->filter.floor;
}

/* Looks at one entry, see zswap_wb_visit_t */
static enum zswap_wb_visit zswap_wb_draw_visit(const struct zswap_wb_facts *facts,
					       bool in_order, void *arg)
{
	struct zswap_wb_draw *draw = arg;
	struct zswap_wb_run *run = draw->run;
	const struct zswap_wb_filter *filter = &run->filter;
	u64 age = zswap_wb_age_of(facts->stamp, filter->now);
	enum zswap_wb_visit what = ZSWAP_WB_VISIT_NEXT;

	run->res->looked++;
	if (zswap_wb_draw_rest_is_young(draw, age, in_order)) {
		what = ZSWAP_WB_VISIT_LAST;
		if (age + ZSWAP_WB_ORDER_SLACK >= filter->min_age)
			run->later = max_t(s64, run->later,
					   age + ZSWAP_WB_ORDER_SLACK);
	}
	if (zswap_wb_age_later(facts->stamp, filter->now))
		return what;

	switch (zswap_wb_select(filter, age, facts->length == PAGE_SIZE)) {
	case ZSWAP_WB_OUTSIDE:
		break;
	case ZSWAP_WB_LATER:
		run->later = max_t(s64, run->later, age);
		break;
	case ZSWAP_WB_YOUNG:
		zswap_wb_draw_young(draw, 1);
		break;
	case ZSWAP_WB_ELIGIBLE:
		if (draw->protected)
			draw->lane->kept++;
		else if (!zswap_wb_draw_take(draw, facts, age))
			return ZSWAP_WB_VISIT_AGAIN;
		break;
	}
	return what;
}

/* Looks at the first entry only, and if the list may have something, as if it had not */
static enum zswap_wb_visit zswap_wb_draw_peek(const struct zswap_wb_facts *facts,
					      bool in_order, void *arg)
{
	const struct zswap_wb_draw *draw = arg;
	u64 age = zswap_wb_age_of(facts->stamp, draw->run->filter.now);

	return zswap_wb_draw_rest_is_young(draw, age, in_order) ?
	       zswap_wb_draw_visit(facts, in_order, arg) : ZSWAP_WB_VISIT_AGAIN;
}

/*
 * Draws up to @quota entries from a list, and closes it if it has no more for the pass; 0: only
 * closes it if that shows with the first entry. Return: 0, or -EINTR after a signal
 */
static int zswap_wb_draw_lane(struct zswap_wb_draw *draw,
			      struct zswap_wb_lane *lane, u64 quota)
{
	struct zswap_wb_run *run = draw->run;
	struct zswap_wb_cursor *cursor = &lane->cursor;
	bool more;

	draw->lane = lane;
	draw->quota = quota;
	do {
		/* Each time, because it may change while we write */
		draw->protected = zswap_wb_scope_protected(cursor->memcg);
		more = zswap_wb_cursor_scan(cursor, quota ? zswap_wb_draw_visit :
							    zswap_wb_draw_peek, draw);
		/*
		 * What is behind the end of a walk is too young, also what was
		 * stored since the command began. How it is stored is not known.
		 */
		if (!more && run->filter.type == ZSWAP_WB_TYPE_ALL)
			zswap_wb_draw_young(draw, cursor->left);
		cond_resched();
		if (more && signal_pending(current))
			return -EINTR;
	} while (more && draw->quota && !zswap_wb_budget_empty(&run->budget));

	if (!more)
		zswap_wb_lane_close(lane);
	return 0;
}

/*
 * Opens lists, all that there are unless memory for lanes is short. Return: how
 * many, or -EINTR after a signal
 */
static int zswap_wb_draw_open(struct zswap_wb_draw *draw)
{
	struct zswap_wb_scope_walk *walk = &draw->walk;
	struct zswap_wb_lane *lane = draw->run->lanes;
	int err, nr = 0;

	while (lane && zswap_wb_scope_next_list(walk)) {
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
		zswap_wb_lane_account(draw->run, lane);
		if (!zswap_wb_cursor_open(&lane->cursor, walk->memcg, walk->nid))
			continue;
		/* One more reference, which can't fail */
		mem_cgroup_tryget(walk->memcg);
		lane->open = true;
		nr++;
		/* Most have nothing for this pass, and then no part of what others give */
		err = zswap_wb_draw_lane(draw, lane, 0);
		if (err)
			return err;
		if (!lane->next)
			lane->next = zswap_wb_lane_alloc();
		lane = lane->next;
	}
	return nr;
}

/* ---- passes ---- */

/*
 * Writes what has been selected if there is no room for more, or no budget: then
 * waits for it, because failures give budget back. Return: 0 or -EINTR
 */
static int zswap_wb_draw_flush(struct zswap_wb_draw *draw, bool all)
{
	struct zswap_wb_run *run = draw->run;
	int err = 0;

	if (!run->window)
		return 0;
	all |= zswap_wb_budget_empty(&run->budget);
	if (all || !zswap_wb_window_room(run->window))
		err = zswap_wb_window_write(run->window);
	if (!all)
		return err;
	return zswap_wb_window_land(run->window) ?: err;
}

/* Entries that can be drawn now */
static u64 zswap_wb_draw_room(const struct zswap_wb_run *run)
{
	s64 room = run->window ? zswap_wb_window_room(run->window) :
				 ZSWAP_WB_WINDOW_MAX;

	return zswap_wb_budget_room(&run->budget, room);
}

/* Entries that all open lists have left. Return: 0 if none is open */
static u64 zswap_wb_draw_left(const struct zswap_wb_draw *draw)
{
	struct zswap_wb_lane *lane;
	u64 left = 0;

	for (lane = draw->run->lanes; lane; lane = lane->next) {
		if (lane->open)
			left += lane->cursor.left;
	}
	return left;
}

/*
 * Draws from each open list in proportion to what it has left, as much as there is
 * room for, and writes it. Return: 0 or -EINTR
 */
static int zswap_wb_draw_turn(struct zswap_wb_draw *draw, u64 left)
{
	struct zswap_wb_run *run = draw->run;
	const u64 room = zswap_wb_draw_room(run);
	struct zswap_wb_lane *lane;
	u64 part;
	int err;

	/*
	 * Where there are more lists than room, each command begins with another one, but
	 * with the same as a dry run before it
	 */
	div64_u64_rem(hash_64(left, 32), left, &part);
	for (lane = draw->run->lanes; lane; lane = lane->next) {
		u64 quota;

		if (!lane->open)
			continue;
		/* Rounded down, and what is lost by that is the next one's */
		quota = div64_u64_rem(room * lane->cursor.left + part, left, &part);
		quota = min(quota, zswap_wb_draw_room(run));
		if (!quota)
			continue;
		err = zswap_wb_draw_lane(draw, lane, quota);
		if (!err)
			err = zswap_wb_draw_flush(draw, false);
		if (err || zswap_wb_budget_empty(&run->budget))
			return err;
	}
	return 0;
}

/* Draws until lists or budget are used up. Return: 0 or -EINTR */
static int zswap_wb_draw_all(struct zswap_wb_draw *draw)
{
	struct zswap_wb_run *run = draw->run;
	int nr, err = 0;
	u64 left;

	do {
		nr = zswap_wb_draw_open(draw);
		if (nr < 0)
			return nr;
		while (!err && !zswap_wb_budget_empty(&run->budget)) {
			left = zswap_wb_draw_left(draw);
			if (!left)
				break;
			err = zswap_wb_draw_turn(draw, left);
		}
	} while (nr && !err && !zswap_wb_budget_empty(&run->budget));
	return err;
}

/**
 * zswap_wb_pass() - write what the filter looks for, as far as the budget goes
 * @run:	the command
 * Context: process context, may sleep; nothing of the command is in the air, before
 * and after.
 * Return: 0 if it has gone over all lists, or used the budget up; -EINTR after a
 * signal
 */
int zswap_wb_pass(struct zswap_wb_run *run)
{
	struct zswap_wb_draw draw = { .run = run };
	int err, flushed;

	run->later = -1;
	zswap_wb_scope_begin(&draw.walk, &run->scope, &run->nodes);
	err = zswap_wb_draw_all(&draw);
	zswap_wb_draw_end(&draw);
	flushed = zswap_wb_draw_flush(&draw, true);
	return err ?: flushed;
}

/* ---- what is left ---- */

static enum zswap_wb_visit
zswap_wb_coldest_visit(const struct zswap_wb_facts *facts, bool in_order,
		       void *arg)
{
	struct zswap_wb_run *run = arg;
	const struct zswap_wb_filter *filter = &run->filter;
	s64 age = zswap_wb_age_of(facts->stamp, filter->now);

	if (!zswap_wb_age_later(facts->stamp, filter->now) &&
	    zswap_wb_select(filter, age, facts->length == PAGE_SIZE) ==
	    ZSWAP_WB_ELIGIBLE)
		run->later = max(run->later, age);
	if (in_order &&
	    age + ZSWAP_WB_ORDER_SLACK < max_t(s64, run->later, filter->floor))
		return ZSWAP_WB_VISIT_LAST;
	return ZSWAP_WB_VISIT_NEXT;
}

/*
 * Looks at all entries of a list, whose cgroup the caller has. Context: may sleep. Return: 0,
 * or -EINTR after a signal
 */
int zswap_wb_list_visit(struct mem_cgroup *memcg, int nid, zswap_wb_visit_t visit, void *arg)
{
	struct zswap_wb_cursor cursor;
	bool more;
	int err = 0;

	zswap_wb_cursor_open(&cursor, memcg, nid);
	do {
		more = zswap_wb_cursor_scan(&cursor, visit, arg);
		/* Most lists are empty: whoever looks at all comes by here */
		if (signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (more && !err);
	zswap_wb_cursor_close(&cursor);
	return err;
}

/*
 * Sets @run->later to the age of the coldest entry that the command has left, -1 if there is
 * none. Return: 0, or -EINTR after a signal
 */
int zswap_wb_pass_coldest(struct zswap_wb_run *run)
{
	struct zswap_wb_scope_walk walk;
	int err = 0;

	run->later = -1;
	zswap_wb_scope_begin(&walk, &run->scope, &run->nodes);
	while (!err && zswap_wb_scope_next_list(&walk)) {
		cond_resched();
		if (signal_pending(current))
			err = -EINTR;
		else if (!zswap_wb_scope_protected(walk.memcg))
			err = zswap_wb_list_visit(walk.memcg, walk.nid,
						  zswap_wb_coldest_visit, run);
	}
	zswap_wb_scope_end(&walk);
	return err;
}
