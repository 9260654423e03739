// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: what a command takes from the lists of one node.
 *
 * Pages that were swapped out one after the other have neighbouring swap slots,
 * and can be written together. But their entries are in the lists of their
 * cgroups: whoever writes one list after the other finds every eighth slot in
 * it if eight cgroups were swapping at the time. So entries are drawn from up to
 * ZSWAP_WB_LANES lists in turn, as many from each as befits its length, and only
 * then sorted and written:
 *
 *	list of cgroup 1	0 3 6 9 ...  --lane--.
 *	list of cgroup 2	1 4 7 ...    --lane--+--> window --> 0 1 2 3 4 ...
 *	list of cgroup 3	2 5 8 ...    --lane--'
 *
 * A lane keeps its place in the list with a mark, see glue.c. Only lists of cgroups
 * of the same level of the hierarchy are open at the same time, because a list
 * has to be done before that of the parent is begun, see scope.c.
 *
 * A dry run selects the same entries, but leaves them where they are, and would
 * find them again in the next round of shares. So it remembers how many it has
 * taken from which list, and passes over as many: 4 bytes for each list. Lists are
 * told by the order of the visits, so it is off if cgroups come or go meanwhile.
 * What it has taken from colder buckets still counts for the size of a list.
 *
 * The nodes of a command are independent of each other in a pass, and are worked
 * on at the same time: the node that the caller runs on by the caller, the
 * others by workers on these nodes, where the memory is near.
 */
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "internal.h"

/**
 * struct zswap_wb_lists - a place among the lists of a command on one node
 * @scope:	the cgroups of the command
 * @walk:	the place
 * @ended:	the last list has been found
 */
struct zswap_wb_lists {
	const struct zswap_wb_scope	*scope;
	struct zswap_wb_scope_walk	walk;
	bool				ended;
};

static void zswap_wb_lists_begin(struct zswap_wb_lists *lists,
				 const struct zswap_wb_scope *scope, int nid)
{
	*lists = (struct zswap_wb_lists) { .scope = scope };
	if (scope->root)
		zswap_wb_scope_begin(&lists->walk, scope, nid);
}

/*
 * Goes to the next list, and gets a reference to its cgroup. If lists are not per
 * cgroup there is one list, of no cgroup. Return: false at the end
 */
static bool zswap_wb_lists_next(struct zswap_wb_lists *lists,
				struct mem_cgroup **memcg)
{
	*memcg = NULL;
	if (lists->ended)
		return false;
	if (lists->scope->root)
		*memcg = zswap_wb_scope_next(&lists->walk);
	lists->ended = !*memcg;
	return *memcg || !lists->scope->root;
}

/* Is done with a list. Return: 0, or -EINTR if it should be the last one */
static int zswap_wb_lists_put(const struct zswap_wb_plan *plan,
			      struct mem_cgroup *memcg)
{
	zswap_wb_scope_put(memcg);
	cond_resched();
	return signal_pending(plan->task) ? -EINTR : 0;
}

/**
 * struct zswap_wb_lane - a list that entries are drawn from
 * @memcg:	cgroup of the list, with a reference; %NULL for lists that are
 *		not per cgroup
 * @open:	it is in use
 * @cursor:	how far it has got
 * @share:	what the list may still give
 * @dry:	what a dry run has taken from it before and in this pass; or %NULL
 * @dry_left:	how much of it the walk has not come by yet
 */
struct zswap_wb_lane {
	struct mem_cgroup	*memcg;
	bool			open;
	struct zswap_wb_cursor	cursor;
	struct zswap_wb_budget	share;
	u32			*dry;
	u32			dry_left;
};

/**
 * struct zswap_wb_gather - one node's part of a command
 * @plan:	what is wanted
 * @nid:	the node
 * @marks:	one for each lane
 * @max:	most entries to select before the first of them is written
 * @window:	entries selected, but not written yet; %NULL for a dry run
 * @res:	what has come of it
 * @lists:	where to find the next list
 * @next:	cgroup of a list that has been found, but not opened yet
 * @has_next:	there is such a list
 * @level:	level of the cgroups whose lists are open
 * @lane:	lists that are being drawn from
 * @nr_open:	how many of them
 * @budget:	what may still be written, less what is in @window
 * @unshared:	the part of it that no list has been given
 * @rest:	weight of the lists that are still to come
 * @later:	highest age seen that is for another pass, or -1
 * @given:	the budget that it was started with
 * @err:	how it ended
 * @elsewhere:	a worker is at it
 * @work:	its work
 * @done:	when it is done
 * @now:	the lane that is being drawn from
 * @protected:	its cgroup must not be written
 * @quota:	entries that it may give in this turn
 * @nr_young:	skipped since the last time that it was accounted
 * @nr_protected: likewise
 * @nr_dry:	selected by a dry run, likewise
 * @dry_bytes:	their compressed size
 * @dry_window:	what would be in @window
 * @dry:	what it has taken from each list in this bucket, in the order in
 *		which they are visited; %NULL if that does not matter
 * @dry_lists:	number of lists that there is room for
 * @visited:	lists visited in this pass
 */
struct zswap_wb_gather {
	const struct zswap_wb_plan	*plan;
	int				nid;
	struct zswap_entry		*marks;
	unsigned int			max;
	struct zswap_wb_window		*window;
	struct zswap_wb_result		res;

	struct zswap_wb_lists		lists;
	struct mem_cgroup		*next;
	bool				has_next;
	int				level;
	struct zswap_wb_lane		lane[ZSWAP_WB_LANES];
	unsigned int			nr_open;

	struct zswap_wb_budget		budget;
	struct zswap_wb_budget		unshared;
	u64				rest;
	s64				later;

	struct zswap_wb_budget		given;
	int				err;
	bool				elsewhere;
	struct work_struct		work;
	struct completion		done;

	struct zswap_wb_lane		*now;
	bool				protected;
	unsigned int			quota;
	u64				nr_young;
	u64				nr_protected;
	u64				nr_dry;
	u64				dry_bytes;
	unsigned int			dry_window;
	u32				*dry;
	unsigned int			dry_lists;
	unsigned int			visited;
};

/* Entries that may be selected before it is time to write */
static unsigned int zswap_wb_gather_room(const struct zswap_wb_gather *gather)
{
	const struct zswap_wb_window *window = gather->window;

	if (!window)
		return gather->max - gather->dry_window;
	return gather->max - window->nr;
}

/* Is it time to write, before anything else is selected? */
static bool zswap_wb_gather_full(const struct zswap_wb_gather *gather)
{
	return zswap_wb_budget_empty(&gather->budget) ||
	       !zswap_wb_gather_room(gather);
}

/* Takes an entry that may be written, unless that is one too many */
static bool zswap_wb_gather_take(struct zswap_wb_gather *gather,
				 const struct zswap_wb_facts *facts, u64 age)
{
	const struct zswap_wb_plan *plan = gather->plan;
	struct zswap_wb_lane *lane = gather->now;
	struct zswap_wb_kind kind;

	if (lane->dry_left) {
		lane->dry_left--;
		return true;
	}
	if (!gather->quota || zswap_wb_gather_full(gather) ||
	    zswap_wb_budget_empty(&lane->share))
		return false;

	gather->quota--;
	zswap_wb_budget_take(&gather->budget, facts->length);
	zswap_wb_budget_take(&lane->share, facts->length);
	if (!gather->window) {
		gather->nr_dry++;
		gather->dry_bytes += facts->length;
		gather->dry_window++;
		if (lane->dry)
			(*lane->dry)++;
		return true;
	}
	kind = (struct zswap_wb_kind) {
		.generation	= plan->generation,
		.nid		= gather->nid,
		.bucket		= zswap_wb_age_bucket(&plan->edges, age),
	};
	zswap_wb_window_add(gather->window, facts, &kind);
	return true;
}

/* Does this pass get to the youngest entries that the command asks for? */
static bool zswap_wb_pass_is_last(const struct zswap_wb_plan *plan)
{
	return plan->filter.floor == plan->filter.min_age;
}

/* Skips entries that are too young, and counts them once in all passes. */
static void zswap_wb_gather_young(struct zswap_wb_gather *gather, u64 nr)
{
	if (!zswap_wb_pass_is_last(gather->plan))
		return;
	if (gather->protected)
		gather->nr_protected += nr;
	else
		gather->nr_young += nr;
}

/* Looks at one entry, see zswap_wb_visit_t */
static enum zswap_wb_visit
zswap_wb_gather_visit(const struct zswap_wb_facts *facts, void *arg)
{
	struct zswap_wb_gather *gather = arg;
	const struct zswap_wb_filter *filter = &gather->plan->filter;
	u64 age = zswap_wb_age_of(facts->stamp, filter->now);
	enum zswap_wb_visit what = ZSWAP_WB_VISIT_NEXT;
	u64 oldest = age;

	gather->res.looked++;
	if (facts->in_order && age + ZSWAP_WB_ORDER_SLACK < filter->floor) {
		/* So is all behind it */
		oldest += ZSWAP_WB_ORDER_SLACK;
		what = ZSWAP_WB_VISIT_LAST;
		if (oldest >= filter->min_age)
			gather->later = max_t(s64, gather->later, oldest);
	}
	if (zswap_wb_age_later(facts->stamp, filter->now))
		return what;

	switch (zswap_wb_select(filter, age, facts->length == PAGE_SIZE)) {
	case ZSWAP_WB_OUTSIDE:
		break;
	case ZSWAP_WB_LATER:
		gather->later = max_t(s64, gather->later, age);
		break;
	case ZSWAP_WB_YOUNG:
		zswap_wb_gather_young(gather, 1);
		break;
	case ZSWAP_WB_ELIGIBLE:
		if (gather->protected)
			gather->nr_protected++;
		else if (!zswap_wb_gather_take(gather, facts, age))
			return ZSWAP_WB_VISIT_AGAIN;
		break;
	}
	return what;
}

static void zswap_wb_gather_account(struct zswap_wb_gather *gather)
{
	struct zswap_wb_result *res = &gather->res;
	int nid = gather->nid;

	if (!gather->plan->shared) {
		zswap_wb_stats_add(res, nid, ZSWAP_WB_SKIPPED_YOUNG,
				   gather->nr_young);
		zswap_wb_stats_add(res, nid, ZSWAP_WB_SKIPPED_PROTECTED,
				   gather->nr_protected);
	}
	zswap_wb_stats_add(res, nid, ZSWAP_WB_WRITTEN, gather->nr_dry);
	zswap_wb_stats_released(res, nid, gather->dry_bytes);
	gather->nr_young = 0;
	gather->nr_protected = 0;
	gather->nr_dry = 0;
	gather->dry_bytes = 0;
}

/* ---- lists ---- */

/**
 * struct zswap_wb_peek - a look at the head of a list
 * @filter:	what the pass looks for
 * @res:	counts the look
 * @dry_left:	entries that a dry run has taken already
 * @worth:	there may be something for the pass
 */
struct zswap_wb_peek {
	const struct zswap_wb_filter	*filter;
	struct zswap_wb_result		*res;
	u32				dry_left;
	bool				worth;
};

static enum zswap_wb_visit
zswap_wb_peek_visit(const struct zswap_wb_facts *facts, void *arg)
{
	struct zswap_wb_peek *peek = arg;
	u64 age = zswap_wb_age_of(facts->stamp, peek->filter->now);

	peek->res->looked++;
	if (peek->dry_left &&
	    zswap_wb_select(peek->filter, age, facts->length == PAGE_SIZE) ==
	    ZSWAP_WB_ELIGIBLE) {
		peek->dry_left--;
		return ZSWAP_WB_VISIT_NEXT;
	}
	peek->worth = !facts->in_order ||
		      age + ZSWAP_WB_ORDER_SLACK >= peek->filter->floor;
	return ZSWAP_WB_VISIT_LAST;
}

/*
 * Entries in a list that may have something for a pass with shares, or 0. @dry:
 * what a dry run has taken from it
 */
static u64 zswap_wb_list_weight(struct zswap_wb_gather *gather,
				struct mem_cgroup *memcg,
				struct zswap_entry *mark, u32 dry)
{
	struct zswap_wb_peek peek = {
		.filter		= &gather->plan->filter,
		.res		= &gather->res,
		.dry_left	= dry,
	};
	struct zswap_wb_cursor cursor;
	u64 size;

	if (zswap_wb_scope_protected(memcg))
		return 0;
	zswap_wb_cursor_open(&cursor, mark, memcg, gather->nid);
	size = cursor.left;
	while (zswap_wb_cursor_scan(&cursor, zswap_wb_peek_visit, &peek))
		cond_resched();
	zswap_wb_cursor_close(&cursor);
	return peek.worth ? size - min(size, dry) : 0;
}

/* What a dry run has taken from the list that is visited next, or %NULL */
static u32 *zswap_wb_gather_dry(struct zswap_wb_gather *gather)
{
	unsigned int i = gather->visited++;

	return i < gather->dry_lists ? &gather->dry[i] : NULL;
}

static void zswap_wb_lane_close(struct zswap_wb_gather *gather,
				struct zswap_wb_lane *lane)
{
	zswap_wb_cursor_close(&lane->cursor);
	zswap_wb_scope_put(lane->memcg);
	lane->open = false;
	gather->nr_open--;
}

/* Opens the list of the next cgroup, unless there is nothing in it for us */
static void zswap_wb_lane_open(struct zswap_wb_gather *gather)
{
	struct mem_cgroup *memcg = gather->next;
	struct zswap_wb_lane *lane = gather->lane;
	struct zswap_entry *mark;

	gather->has_next = false;
	while (lane->open)
		lane++;
	mark = zswap_wb_marks_get(gather->marks, lane - gather->lane);

	lane->dry = zswap_wb_gather_dry(gather);
	lane->dry_left = lane->dry ? *lane->dry : 0;
	zswap_wb_budget_init(&lane->share, ZSWAP_WB_NO_LIMIT,
			     ZSWAP_WB_NO_LIMIT);
	if (gather->plan->shared)
		zswap_wb_select_share(&gather->unshared,
				      zswap_wb_list_weight(gather, memcg, mark,
							   lane->dry_left),
				      &gather->rest, &lane->share);
	zswap_wb_cursor_open(&lane->cursor, mark, memcg, gather->nid);
	if (!lane->cursor.left || zswap_wb_budget_empty(&lane->share)) {
		zswap_wb_scope_put(memcg);
		return;
	}
	lane->memcg = memcg;
	lane->open = true;
	gather->nr_open++;
}

/* Opens as many lists as there is room for. Return: 0, or -EINTR */
static int zswap_wb_gather_fill(struct zswap_wb_gather *gather)
{
	while (gather->nr_open < ZSWAP_WB_LANES) {
		if (!gather->has_next)
			gather->has_next = zswap_wb_lists_next(&gather->lists,
							       &gather->next);
		if (!gather->has_next)
			break;
		if (gather->nr_open && gather->level != gather->lists.walk.level)
			break;
		gather->level = gather->lists.walk.level;
		zswap_wb_lane_open(gather);
		cond_resched();
		if (signal_pending(gather->plan->task))
			return -EINTR;
	}
	return 0;
}

/* ---- passes ---- */

/* Draws up to @quota entries from a list. Return: 0, or -EINTR */
static int zswap_wb_gather_draw(struct zswap_wb_gather *gather,
				struct zswap_wb_lane *lane, unsigned int quota)
{
	bool more;

	gather->now = lane;
	gather->quota = quota;
	do {
		/* Each time, because it may change while we write */
		gather->protected = zswap_wb_scope_protected(lane->memcg);
		more = zswap_wb_cursor_scan(&lane->cursor,
					    zswap_wb_gather_visit, gather);
		/*
		 * What is behind the end of a walk is too young, also what was
		 * stored since the command began. How it is stored is not known.
		 */
		if (!more && gather->plan->filter.type == ZSWAP_WB_TYPE_ALL)
			zswap_wb_gather_young(gather, lane->cursor.left);
		zswap_wb_gather_account(gather);
		cond_resched();
		if (more && signal_pending(gather->plan->task))
			return -EINTR;
	} while (more && gather->quota && !zswap_wb_gather_full(gather) &&
		 !zswap_wb_budget_empty(&lane->share));

	if (!more || zswap_wb_budget_empty(&lane->share))
		zswap_wb_lane_close(gather, lane);
	return 0;
}

/* Writes what has been selected, and waits for it */
static int zswap_wb_gather_flush(struct zswap_wb_gather *gather)
{
	struct zswap_wb_window *window = gather->window;
	int err, landed;

	if (!window)
		return 0;
	err = zswap_wb_window_write(window);
	landed = zswap_wb_window_land(window);
	return landed ? landed : err;
}

/* Entries of an open list that the pass may still select; at least 1 */
static u64 zswap_wb_lane_left(const struct zswap_wb_lane *lane)
{
	u64 left = lane->cursor.left;

	return left > lane->dry_left ? left - lane->dry_left : 1;
}

/*
 * Fills the window from all open lists, in proportion to what they have left, and
 * writes it when it is full. Return: 0, -EINTR after a signal, or -EIO if it is
 * better not to go on
 */
static int zswap_wb_gather_turn(struct zswap_wb_gather *gather)
{
	u64 room = min_t(u64, zswap_wb_gather_room(gather),
			 gather->budget.pages);
	struct zswap_wb_lane *lane;
	u64 total = 0;
	int err;

	for (lane = gather->lane; lane < gather->lane + ZSWAP_WB_LANES; lane++) {
		if (lane->open)
			total += zswap_wb_lane_left(lane);
	}

	for (lane = gather->lane; lane < gather->lane + ZSWAP_WB_LANES; lane++) {
		u64 quota;

		if (!lane->open || zswap_wb_gather_full(gather))
			continue;
		quota = div64_u64(room * zswap_wb_lane_left(lane) + total - 1,
				  total);
		err = zswap_wb_gather_draw(gather, lane, quota);
		if (err)
			return err;
	}

	/* Failures give budget back: write before it is found empty */
	if (zswap_wb_budget_empty(&gather->budget))
		return zswap_wb_gather_flush(gather);
	if (!zswap_wb_gather_full(gather))
		return 0;
	if (gather->window)
		return zswap_wb_window_write(gather->window);
	gather->dry_window = 0;
	return 0;
}

/* Goes over all lists once. Return: as zswap_wb_gather_turn() */
static int zswap_wb_gather_pass(struct zswap_wb_gather *gather)
{
	struct zswap_wb_lane *lane;
	int err, flushed;

	gather->visited = 0;
	gather->dry_window = 0;
	zswap_wb_lists_begin(&gather->lists, &gather->plan->scope, gather->nid);
	do {
		err = zswap_wb_gather_fill(gather);
		if (err || !gather->nr_open)
			break;
		err = zswap_wb_gather_turn(gather);
	} while (!err && !zswap_wb_budget_empty(&gather->budget));

	for (lane = gather->lane; lane < gather->lane + ZSWAP_WB_LANES; lane++) {
		if (lane->open)
			zswap_wb_lane_close(gather, lane);
	}
	if (gather->has_next)
		zswap_wb_scope_put(gather->next);
	gather->has_next = false;

	flushed = zswap_wb_gather_flush(gather);
	return err ? err : flushed;
}

static void zswap_wb_gather_work(struct work_struct *work)
{
	struct zswap_wb_gather *gather =
		container_of(work, struct zswap_wb_gather, work);

	gather->err = zswap_wb_gather_pass(gather);
	complete(&gather->done);
}

/**
 * zswap_wb_gather_open() - get what is needed to work on the lists of a node
 * @plan:	the command
 * @nid:	the node
 * @max_pages:	most pages that will be written, or ZSWAP_WB_NO_LIMIT
 *
 * Context: process context, may sleep.
 * Return: to be closed with zswap_wb_gather_close(), or %NULL
 */
struct zswap_wb_gather *zswap_wb_gather_open(const struct zswap_wb_plan *plan,
					     int nid, u64 max_pages)
{
	struct zswap_wb_gather *gather = kzalloc_obj(*gather);

	if (!gather)
		return NULL;
	gather->plan = plan;
	gather->nid = nid;
	gather->max = min(max_pages, ZSWAP_WB_WINDOW_MAX);
	gather->res.dry_run = plan->cmd->dry_run;
	init_completion(&gather->done);
	INIT_WORK(&gather->work, zswap_wb_gather_work);
	gather->marks = zswap_wb_marks_alloc(ZSWAP_WB_LANES);
	if (!gather->marks)
		goto fail;
	if (plan->cmd->dry_run)
		return gather;

	gather->window = zswap_wb_window_alloc(gather->max);
	if (!gather->window)
		goto fail;
	gather->window->cmd = plan->cmd;
	gather->window->task = plan->task;
	gather->window->budget = &gather->budget;
	gather->window->res = &gather->res;
	return gather;

fail:
	zswap_wb_marks_free(gather->marks);
	kfree(gather);
	return NULL;
}

/**
 * zswap_wb_gather_close() - be done with a node
 * @gather:	from zswap_wb_gather_open(); nothing is under way
 * @res:	what has come of it is added to this
 *
 * Context: process context, may sleep.
 */
void zswap_wb_gather_close(struct zswap_wb_gather *gather,
			   struct zswap_wb_result *res)
{
	if (gather->window)
		zswap_wb_window_settle(gather->window);
	zswap_wb_result_add(res, &gather->res);
	zswap_wb_window_free(gather->window);
	zswap_wb_marks_free(gather->marks);
	kfree(gather);
}

/**
 * zswap_wb_gather_weight() - how much a node has for a pass with shares
 * @gather:	the node
 * @weight:	result: number of entries in lists that may have something for
 *		the pass
 * @nr_lists:	the number of these lists is added to this
 *
 * Context: process context, may sleep.
 * Return: 0, or -EINTR after a signal
 */
int zswap_wb_gather_weight(struct zswap_wb_gather *gather, u64 *weight,
			   unsigned int *nr_lists)
{
	struct zswap_entry *mark = zswap_wb_marks_get(gather->marks, 0);
	struct zswap_wb_lists lists;
	struct mem_cgroup *memcg;
	int err = 0;

	gather->rest = 0;
	gather->visited = 0;
	zswap_wb_lists_begin(&lists, &gather->plan->scope, gather->nid);
	while (!err && zswap_wb_lists_next(&lists, &memcg)) {
		const u32 *dry = zswap_wb_gather_dry(gather);
		u64 one = zswap_wb_list_weight(gather, memcg, mark,
					       dry ? *dry : 0);

		gather->rest += one;
		*nr_lists += !!one;
		err = zswap_wb_lists_put(gather->plan, memcg);
	}
	*weight = gather->rest;
	return err;
}

/**
 * zswap_wb_gather_dry_begin() - a dry run comes to a bucket
 * @gather:	the node
 *
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM, or -EINTR after a signal
 */
int zswap_wb_gather_dry_begin(struct zswap_wb_gather *gather)
{
	struct zswap_wb_lists lists;
	struct mem_cgroup *memcg;
	unsigned int nr = 0;
	int err = 0;

	zswap_wb_lists_begin(&lists, &gather->plan->scope, gather->nid);
	while (!err && zswap_wb_lists_next(&lists, &memcg)) {
		nr++;
		err = zswap_wb_lists_put(gather->plan, memcg);
	}
	if (err)
		return err;
	gather->dry = kvzalloc_objs(*gather->dry, nr);
	gather->dry_lists = gather->dry ? nr : 0;
	return gather->dry ? 0 : -ENOMEM;
}

/**
 * zswap_wb_gather_dry_end() - a dry run leaves a bucket
 * @gather:	the node
 */
void zswap_wb_gather_dry_end(struct zswap_wb_gather *gather)
{
	kvfree(gather->dry);
	gather->dry = NULL;
	gather->dry_lists = 0;
}

/**
 * zswap_wb_gather_start() - write what the plan looks for
 * @gather:	the node; if the plan is a shared one, zswap_wb_gather_weight()
 *		comes first
 * @budget:	how much of it
 * @elsewhere:	have it done by a worker, and return at once
 *
 * Context: process context, may sleep.
 */
void zswap_wb_gather_start(struct zswap_wb_gather *gather,
			   const struct zswap_wb_budget *budget, bool elsewhere)
{
	gather->given = *budget;
	gather->budget = *budget;
	gather->unshared = *budget;
	gather->later = -1;
	gather->elsewhere = elsewhere;
	if (!elsewhere) {
		gather->err = zswap_wb_gather_pass(gather);
		return;
	}
	reinit_completion(&gather->done);
	queue_work_node(gather->nid, system_dfl_long_wq, &gather->work);
}

/**
 * zswap_wb_gather_wait() - wait until that is done
 * @gather:	the node
 * @budget:	is charged with what has been written
 * @later:	set to the highest age seen that is for another pass, if that is
 *		higher; to S64_MAX if not all has been seen
 *
 * Context: process context of the task that gave the command. A signal ends the
 * work, too; so there is nothing left to do then but to wait for that.
 * Return:
 * * 0 if it has gone over all lists, or used the budget up
 * * -EINTR after a signal
 * * -EIO if it is better not to go on
 */
int zswap_wb_gather_wait(struct zswap_wb_gather *gather,
			 struct zswap_wb_budget *budget, s64 *later)
{
	if (gather->elsewhere &&
	    wait_for_completion_interruptible(&gather->done))
		wait_for_completion(&gather->done);

	zswap_wb_budget_charge(budget,
			       gather->given.pages - gather->budget.pages,
			       gather->given.bytes - gather->budget.bytes);
	*later = max(*later, zswap_wb_budget_empty(&gather->budget) ?
			     S64_MAX : gather->later);
	return gather->err;
}

/**
 * struct zswap_wb_coldest - a search for the coldest entry
 * @filter:	what the command looks for
 * @age:	highest age found, or -1
 */
struct zswap_wb_coldest {
	const struct zswap_wb_filter	*filter;
	s64				age;
};

static enum zswap_wb_visit
zswap_wb_coldest_visit(const struct zswap_wb_facts *facts, void *arg)
{
	struct zswap_wb_coldest *coldest = arg;
	const struct zswap_wb_filter *filter = coldest->filter;
	s64 age = zswap_wb_age_of(facts->stamp, filter->now);

	if (!zswap_wb_age_later(facts->stamp, filter->now) &&
	    zswap_wb_select(filter, age, facts->length == PAGE_SIZE) ==
	    ZSWAP_WB_ELIGIBLE)
		coldest->age = max(coldest->age, age);
	if (facts->in_order &&
	    age + ZSWAP_WB_ORDER_SLACK < max_t(s64, coldest->age,
					       filter->floor))
		return ZSWAP_WB_VISIT_LAST;
	return ZSWAP_WB_VISIT_NEXT;
}

/**
 * zswap_wb_gather_coldest() - find the coldest entry that is left
 * @gather:	the node
 * @coldest:	set to its age in seconds, if that is higher
 *
 * Context: process context, may sleep.
 * Return: 0, or -EINTR after a signal
 */
int zswap_wb_gather_coldest(struct zswap_wb_gather *gather, s64 *coldest)
{
	struct zswap_entry *mark = zswap_wb_marks_get(gather->marks, 0);
	struct zswap_wb_coldest find = {
		.filter	= &gather->plan->filter,
		.age	= *coldest,
	};
	struct zswap_wb_lists lists;
	struct mem_cgroup *memcg;
	int err = 0;

	zswap_wb_lists_begin(&lists, &gather->plan->scope, gather->nid);
	while (!err && zswap_wb_lists_next(&lists, &memcg)) {
		struct zswap_wb_cursor cursor;

		zswap_wb_cursor_open(&cursor, mark, memcg, gather->nid);
		while (!err && !zswap_wb_scope_protected(memcg) &&
		       zswap_wb_cursor_scan(&cursor, zswap_wb_coldest_visit,
					    &find)) {
			cond_resched();
			if (signal_pending(gather->plan->task))
				err = -EINTR;
		}
		zswap_wb_cursor_close(&cursor);
		zswap_wb_scope_put(memcg);
		cond_resched();
	}
	*coldest = find.age;
	return err;
}

/**
 * zswap_wb_gather_skip() - count what is too young where all is too young
 * @plan:	the command
 * @nid:	the node
 * @res:	result
 *
 * Looks at no entry.
 *
 * Context: process context, may sleep.
 * Return: 0, or -EINTR after a signal
 */
int zswap_wb_gather_skip(const struct zswap_wb_plan *plan, int nid,
			 struct zswap_wb_result *res)
{
	struct zswap_wb_lists lists;
	struct mem_cgroup *memcg;
	int err = 0;

	zswap_wb_lists_begin(&lists, &plan->scope, nid);
	while (!err && zswap_wb_lists_next(&lists, &memcg)) {
		zswap_wb_stats_add(res, nid, zswap_wb_scope_protected(memcg) ?
				   ZSWAP_WB_SKIPPED_PROTECTED :
				   ZSWAP_WB_SKIPPED_YOUNG,
				   zswap_wb_list_size(memcg, nid));
		err = zswap_wb_lists_put(plan, memcg);
	}
	return err;
}
