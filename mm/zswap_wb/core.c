// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback
 *
 * Problem
 *
 *   zswap moves pages on to the swap device when its pool is full or when
 *   memory is short: at the time when memory, CPU and disk are needed most.
 *   Userspace that reclaims proactively knows better moments, and knows which
 *   pages are worth it: those that went into zswap long ago and have not been
 *   asked for since. They are cold twice over, and cost RAM for nothing.
 *
 * Picture
 *
 *	        store                 command by age
 *	 page ---------> zswap (RAM) -----------------> swap device
 *	                  |      ^                           |
 *	      load, frees |      | stamp                     | fault
 *	                  v      |                           v
 *	                 page  age = now - stamp            page
 *
 *   Each (cgroup, node) has a list of its entries. A command names an age, an
 *   amount, nodes and a cgroup. Its life:
 *
 *	parse      command.c   text to struct zswap_wb_command
 *	open       scope.c     id to cgroup; from here on it counts
 *	plan       core.c      which ages, in which order, how much of each
 *	gather     gather.c    from the lists of a node, what is eligible
 *	write      writeback.c in batches: prepare, submit, complete
 *	account    stats.c     one outcome for each entry
 *
 * Derivation
 *
 *   Age is kept per entry, because nothing else tells it: the order of a list
 *   is that of the stores only until the shrinker gives an entry a second
 *   chance, or a child's list is spliced in. It costs no memory, see age.c and
 *   the assertion in glue.c.
 *
 *   A command looks at as few entries as it can. How old the entries of a node
 *   are is counted as they come and go (census.c), so what is too young on the
 *   whole is not looked at; and a list that is in order is left with the first
 *   entry that is too young (glue.c). What it does look at it must leave as it
 *   was: no rotation, no cleared bits, or it would change what the shrinker does
 *   next, and what the next command finds. See glue.c for how a walk keeps its
 *   place. Selection happens under the lock of a list and does no I/O; I/O
 *   happens with no lock held on entries that may have changed since, and are
 *   checked again.
 *
 *   Whether a page is `referenced` plays no role. The bit says that an entry is
 *   new to the shrinker; a command is told what is new by its age.
 *
 * Limits
 *
 *   Where the shrinker has rotated entries, all that was stored before that has
 *   to be looked at, and by a command with a limit once for each bucket that
 *   it gets to, three times if it is more than the budget may be enough for. An
 *   entry may be counted that often as busy, gone or failed then, and twice if its
 *   cgroup is removed meanwhile. Entries are told apart by node as zswap does it:
 *   by where the entry is, which is where the page was, and usually where its data
 *   is. Workers on other nodes run with their own priority, not the caller's, and
 *   their CPU time is nobody's.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <linux/zswap_wb.h>

#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/zswap_wb.h>

/* Most pages of a node that are not worth the way to another CPU */
#define ZSWAP_WB_NEAR_PAGES	ZSWAP_WB_BATCH_MAX

/* How often what lists have left of their shares is given away */
#define ZSWAP_WB_SHARE_ROUNDS	2

/* Set at boot, if there was memory for all that has to be there from then on */
static bool zswap_wb_is_ready;

/* Set once zswap has been set up, which may be long after boot */
static bool zswap_wb_is_armed;

/**
 * zswap_wb_init() - get all that has to be there from boot on
 *
 * Context: once, before zswap and the first swapon.
 * Return: 0 or -ENOMEM
 */
int __init zswap_wb_init(void)
{
	int err = zswap_wb_stats_init();

	if (!err)
		err = zswap_wb_buckets_init();
	if (!err)
		err = zswap_wb_refault_init();
	zswap_wb_is_ready = !err;
	return err;
}

/**
 * zswap_wb_arm() - the lists of zswap have been set up
 *
 * Context: called once, from zswap_setup(), before there is a pool to store to.
 */
void zswap_wb_arm(void)
{
	if (!zswap_wb_is_ready)
		return;
	if (zswap_wb_census_init())
		pr_err("zswap_wb: no memory to count entries by age\n");
	/* Pairs with zswap_wb_armed(): who sees it set sees the lists */
	smp_store_release(&zswap_wb_is_armed, true);
}

/**
 * zswap_wb_armed() - has zswap been set up
 *
 * Return: true if there are lists to look at, also while zswap is disabled
 */
bool zswap_wb_armed(void)
{
	/* Pairs with zswap_wb_arm() */
	return smp_load_acquire(&zswap_wb_is_armed);
}

/**
 * struct zswap_wb_part - what a command has on one node
 * @gather:	what works on it
 * @weight:	its weight for a pass with shares
 * @budget:	what it may write in a pass
 */
struct zswap_wb_part {
	struct zswap_wb_gather	*gather;
	u64			weight;
	struct zswap_wb_budget	budget;
};

/**
 * struct zswap_wb_run - a command that is being carried out
 * @plan:	what it wants
 * @res:	counts what it does
 * @nodes:	its nodes, without those where there is nothing for it
 * @part:	its parts, by node
 * @budget:	what it may still write
 * @later:	highest age that the last pass has seen and left for another
 *		one, -1 if there was none, S64_MAX if that is not known
 */
struct zswap_wb_run {
	struct zswap_wb_plan	plan;
	struct zswap_wb_result	*res;
	nodemask_t		nodes;
	struct zswap_wb_part	*part;
	struct zswap_wb_budget	budget;
	s64			later;
};

/* Can there be anything for the command on a node? */
static bool zswap_wb_run_wants(const struct zswap_wb_run *run, int nid)
{
	const struct zswap_wb_filter *filter = &run->plan.filter;
	struct zswap_wb_count count;

	/* What is stored and freed right now may be counted off before it is on */
	if (filter->min_age <= ZSWAP_WB_ORDER_SLACK)
		return true;
	if (zswap_wb_census_older(nid, filter->now, filter->min_age, &count))
		return true;
	if (filter->type == ZSWAP_WB_TYPE_INCOMPRESSIBLE)
		return count.incompressible;
	return count.pages;
}

/* Is a node's part of a pass so large that another CPU should do it? */
static bool zswap_wb_run_elsewhere(const struct zswap_wb_run *run, int nid)
{
	const struct zswap_wb_filter *filter = &run->plan.filter;
	const s64 near = ZSWAP_WB_NEAR_PAGES;
	struct zswap_wb_count count;

	if (run->part[nid].budget.pages <= near)
		return false;
	if (zswap_wb_census_older(nid, filter->now, filter->floor, &count))
		return true;
	return count.pages > near;
}

/*
 * Starts a node's part of a pass, which may be done when it returns. Return: false
 * if it has no budget
 */
static bool zswap_wb_run_start(struct zswap_wb_run *run, int nid, bool elsewhere)
{
	struct zswap_wb_part *part = &run->part[nid];

	if (zswap_wb_budget_empty(&part->budget)) {
		/* Nobody knows what is there */
		run->later = S64_MAX;
		return false;
	}
	zswap_wb_gather_start(part->gather, &part->budget, elsewhere);
	return true;
}

/* Waits for a node's part. Return: 0, or what is the worst so far */
static int zswap_wb_run_wait(struct zswap_wb_run *run, int nid, int err)
{
	int node_err = zswap_wb_gather_wait(run->part[nid].gather, &run->budget,
					    &run->later);

	return node_err && err != -EINTR ? node_err : err;
}

/*
 * One pass over the lists of all nodes at the same time, each with its own budget.
 *
 * A limit of bytes may be exceeded by less than one entry, and not by one on each
 * node: then it is one node after the other.
 *
 * Return: 0, -EINTR after a signal, or -EIO if it is better not to go on
 */
static int zswap_wb_run_parallel(struct zswap_wb_run *run)
{
	bool together = run->plan.cmd->max_compressed == ZSWAP_WB_NO_LIMIT;
	nodemask_t away = NODE_MASK_NONE;
	int here = numa_node_id();
	int nid, err = 0;

	run->later = -1;
	for_each_node_mask(nid, run->nodes) {
		if (together && nid != here &&
		    zswap_wb_run_elsewhere(run, nid) &&
		    zswap_wb_run_start(run, nid, true))
			node_set(nid, away);
	}
	for_each_node_mask(nid, run->nodes) {
		struct zswap_wb_budget *budget = &run->part[nid].budget;

		if (node_isset(nid, away))
			continue;
		if (!together)
			budget->bytes = min(budget->bytes, run->budget.bytes);
		if (!err && zswap_wb_run_start(run, nid, false))
			err = zswap_wb_run_wait(run, nid, err);
	}
	for_each_node_mask(nid, away)
		err = zswap_wb_run_wait(run, nid, err);
	return err;
}

/*
 * One pass over the lists of one node after the other, as far as the budget goes.
 * Return: as zswap_wb_run_parallel()
 */
static int zswap_wb_run_serial(struct zswap_wb_run *run)
{
	int nid, err = 0;

	run->later = -1;
	for_each_node_mask(nid, run->nodes) {
		run->part[nid].budget = run->budget;
		if (!err && zswap_wb_run_start(run, nid, false))
			err = zswap_wb_run_wait(run, nid, err);
	}
	return err;
}

/* Writes all that is eligible */
static int zswap_wb_run_unlimited(struct zswap_wb_run *run)
{
	int nid;

	for_each_node_mask(nid, run->nodes)
		run->part[nid].budget = run->budget;
	return zswap_wb_run_parallel(run);
}

/*
 * Writes all that is eligible in a pass that the budget is enough for. Each node
 * gets what it needs, and a part of what nobody needs: entries that are stored in
 * this very second can make it more than was counted.
 */
static int zswap_wb_run_fitting(struct zswap_wb_run *run)
{
	const struct zswap_wb_filter *filter = &run->plan.filter;
	struct zswap_wb_budget spare = run->budget;
	unsigned int nr = nodes_weight(run->nodes);
	int nid;

	for_each_node_mask(nid, run->nodes) {
		struct zswap_wb_budget *budget = &run->part[nid].budget;
		struct zswap_wb_count count;

		if (zswap_wb_census_older(nid, filter->now, filter->floor,
					  &count))
			count = (struct zswap_wb_count) {};
		/* Entries may have come since it was found to fit */
		budget->pages = clamp(count.pages, 0, spare.pages);
		budget->bytes = clamp(count.bytes, 0, spare.bytes);
		zswap_wb_budget_charge(&spare, budget->pages, budget->bytes);
	}
	for_each_node_mask(nid, run->nodes) {
		struct zswap_wb_budget *budget = &run->part[nid].budget;

		budget->pages += div_u64(spare.pages, nr);
		budget->bytes += div_u64(spare.bytes, nr);
	}
	return zswap_wb_run_parallel(run);
}

/* Lets each list write its share. Return: as zswap_wb_run_parallel() */
static int zswap_wb_run_shares(struct zswap_wb_run *run)
{
	struct zswap_wb_budget left = run->budget;
	unsigned int lists = 0;
	u64 rest = 0;
	int nid, err;

	for_each_node_mask(nid, run->nodes) {
		struct zswap_wb_part *part = &run->part[nid];

		err = zswap_wb_gather_weight(part->gather, &part->weight,
					     &lists);
		if (err)
			return err;
		rest += part->weight;
	}
	/* There is nobody to be fair to */
	if (lists < 2)
		return 0;
	for_each_node_mask(nid, run->nodes) {
		struct zswap_wb_part *part = &run->part[nid];

		zswap_wb_select_share(&left, part->weight, &rest,
				      &part->budget);
	}
	run->plan.shared = true;
	err = zswap_wb_run_parallel(run);
	run->plan.shared = false;
	return err;
}

/* Writes as much of a bucket as the budget allows */
static int zswap_wb_run_bucket(struct zswap_wb_run *run)
{
	unsigned int round;
	int err;

	for (round = 0; round < ZSWAP_WB_SHARE_ROUNDS; round++) {
		err = zswap_wb_run_shares(run);
		if (err || zswap_wb_budget_empty(&run->budget))
			return err;
	}
	return zswap_wb_run_serial(run);
}

/* The same for a dry run. Return: as it, or -ENOMEM */
static int zswap_wb_run_bucket_dry(struct zswap_wb_run *run)
{
	int nid, err = 0;

	for_each_node_mask(nid, run->nodes) {
		if (!err)
			err = zswap_wb_gather_dry_begin(run->part[nid].gather);
	}
	if (!err)
		err = zswap_wb_run_bucket(run);
	for_each_node_mask(nid, run->nodes)
		zswap_wb_gather_dry_end(run->part[nid].gather);
	return err;
}

/*
 * Writes the coldest of what is left, see select.c. Sets the floor of the filter
 * to the youngest age that has been dealt with.
 */
static int zswap_wb_run_step(struct zswap_wb_run *run)
{
	const struct zswap_wb_edges *edges = &run->plan.edges;
	struct zswap_wb_filter *filter = &run->plan.filter;
	unsigned int fitting = edges->nr;
	struct zswap_wb_histogram hist;
	unsigned int bucket, i;
	bool any = false;

	if (run->later < 0) {
		/* All has been written, but not all has been counted */
		filter->floor = filter->min_age;
		return zswap_wb_run_serial(run);
	}

	bucket = min(zswap_wb_age_bucket(edges, filter->max_age - 1),
		     zswap_wb_age_bucket(edges, run->later));
	if (!zswap_wb_census_histogram(&run->nodes, filter->now, edges,
				       ZSWAP_WB_BOUND_OLDEST, &hist))
		fitting = zswap_wb_select_fitting(&hist, edges->nr,
						  &run->budget);
	for (i = fitting; i < edges->nr; i++)
		any |= hist.bucket[i].pages;

	if (fitting <= bucket) {
		filter->floor = max(filter->min_age, edges->min[fitting]);
		if (any || filter->floor == filter->min_age)
			return zswap_wb_run_fitting(run);
		filter->max_age = filter->floor;
		bucket = fitting - 1;
	}
	filter->floor = max(filter->min_age, edges->min[bucket]);
	if (run->plan.cmd->dry_run)
		return zswap_wb_run_bucket_dry(run);
	return zswap_wb_run_bucket(run);
}

/* Writes the coldest that the budget allows */
static int zswap_wb_run_limited(struct zswap_wb_run *run)
{
	struct zswap_wb_filter *filter = &run->plan.filter;
	int err;

	run->later = S64_MAX;
	do {
		err = zswap_wb_run_step(run);
		filter->max_age = filter->floor;
	} while (!err && filter->floor > filter->min_age &&
		 !zswap_wb_budget_empty(&run->budget));
	return err;
}

/* Finds out how cold the coldest entry is that is still there */
static void zswap_wb_run_report(struct zswap_wb_run *run)
{
	s64 coldest = -1;
	int nid;

	for_each_node_mask(nid, run->nodes) {
		if (zswap_wb_gather_coldest(run->part[nid].gather, &coldest))
			return;
	}
	run->res->coldest_left = coldest;
}

/* The ages that a command asks for. Return: 0, or -EINVAL for no such bucket */
static int zswap_wb_run_filter(struct zswap_wb_run *run)
{
	const struct zswap_wb_command *cmd = run->plan.cmd;
	const struct zswap_wb_edges *edges = &run->plan.edges;
	struct zswap_wb_filter *filter = &run->plan.filter;
	unsigned int coldest = edges->nr - 1;

	*filter = (struct zswap_wb_filter) {
		.min_age	= cmd->age,
		.max_age	= U64_MAX,
		.now		= ktime_get_boottime_seconds(),
		.type		= cmd->type,
	};
	if (cmd->keys & ZSWAP_WB_KEY_BUCKET) {
		if (cmd->bucket_min > coldest ||
		    (cmd->bucket_max > coldest &&
		     cmd->bucket_max != ZSWAP_WB_BUCKET_COLDEST))
			return -EINVAL;
		filter->min_age = edges->min[cmd->bucket_min];
		filter->max_age =
			zswap_wb_age_bucket_max(edges, min(cmd->bucket_max,
							   coldest));
	}
	filter->floor = filter->min_age;
	return 0;
}

static void zswap_wb_run_close(struct zswap_wb_run *run)
{
	int nid;

	if (!run->part)
		return;
	for_each_node_mask(nid, run->nodes) {
		if (run->part[nid].gather)
			zswap_wb_gather_close(run->part[nid].gather, run->res);
	}
	kfree(run->part);
	run->part = NULL;
}

/* Gets what it takes to work on the nodes. Return: 0 or -ENOMEM */
static int zswap_wb_run_open(struct zswap_wb_run *run)
{
	int nid;

	if (nodes_empty(run->nodes))
		return 0;
	run->part = kzalloc_objs(*run->part, nr_node_ids);
	if (!run->part)
		return -ENOMEM;
	for_each_node_mask(nid, run->nodes) {
		struct zswap_wb_part *part = &run->part[nid];

		part->gather = zswap_wb_gather_open(&run->plan, nid,
						    run->plan.cmd->max_pages);
		if (!part->gather) {
			zswap_wb_run_close(run);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Writes what there is to write */
static int zswap_wb_run_nodes(struct zswap_wb_run *run)
{
	const struct zswap_wb_command *cmd = run->plan.cmd;
	const struct zswap_wb_filter filter = run->plan.filter;
	int err;

	zswap_wb_budget_init(&run->budget, cmd->max_pages, cmd->max_compressed);
	if (zswap_wb_budget_limited(&run->budget))
		err = zswap_wb_run_limited(run);
	else
		err = zswap_wb_run_unlimited(run);

	run->plan.filter = filter;
	if (cmd->report && err != -EINTR)
		zswap_wb_run_report(run);
	return err;
}

/* Carries out a command whose scope is known */
static int zswap_wb_run_scope(struct zswap_wb_run *run)
{
	const struct zswap_wb_command *cmd = run->plan.cmd;
	struct zswap_wb_result *res = run->res;
	nodemask_t nothing = NODE_MASK_NONE;
	int nid, err;

	for_each_node_mask(nid, cmd->nodes) {
		/* Only nodes with memory that slab can use have entries */
		if (!node_state(nid, N_NORMAL_MEMORY))
			continue;
		if (zswap_wb_run_wants(run, nid))
			node_set(nid, run->nodes);
		else
			node_set(nid, nothing);
	}
	err = zswap_wb_run_open(run);
	if (err)
		return err;

	if (!cmd->dry_run)
		zswap_wb_stats_command();
	trace_zswap_wb_start(cmd);
	/* How many of the others are of another type, nobody knows */
	for_each_node_mask(nid, nothing) {
		if (!err && cmd->type == ZSWAP_WB_TYPE_ALL)
			err = zswap_wb_gather_skip(&run->plan, nid, res);
	}
	if (!err && !nodes_empty(run->nodes))
		err = zswap_wb_run_nodes(run);
	zswap_wb_run_close(run);

	/* Why it was better to stop shows in the counters */
	if (err == -EIO)
		err = 0;
	if (!err && !cmd->dry_run && !res->outcome[ZSWAP_WB_WRITTEN])
		err = -EAGAIN;
	trace_zswap_wb_end(cmd, err, res);
	return err;
}

/**
 * zswap_wb_run() - carry out a command
 * @cmd:	the command
 * @res:	what it did; all zero unless the command was accepted
 *
 * Returns when all that it has written is on the swap device and out of memory.
 * Any number of commands may run at the same time. None leaves anything behind
 * but what it wrote.
 *
 * Context: process context of the task that gave the command, may sleep for
 * long; ends early when that task has a signal pending.
 * Return:
 * * 0 if at least one page was written, or a dry run has counted
 * * -EAGAIN if none was: nothing was eligible, or all that was got skipped
 * * -EINTR after a signal; what was written stays written, and counted
 * * -ENODEV if zswap has never been set up
 * * -EINVAL if it names a bucket that there is not
 * * -EOPNOTSUPP, -ENOENT, -EPERM see zswap_wb_scope_open()
 * * -ENOMEM if there is no memory to begin with, or for a dry run to go on
 */
int zswap_wb_run(const struct zswap_wb_command *cmd,
		 struct zswap_wb_result *res)
{
	struct zswap_wb_run run = {
		.plan = {
			.cmd	= cmd,
			.task	= current,
		},
		.res	= res,
	};
	int err;

	*res = (struct zswap_wb_result) {
		.coldest_left	= -1,
		.dry_run	= cmd->dry_run,
	};
	if (!zswap_wb_armed())
		return -ENODEV;
	run.plan.generation = zswap_wb_buckets_get(&run.plan.edges);
	err = zswap_wb_run_filter(&run);
	if (err)
		return err;
	err = zswap_wb_scope_open(&run.plan.scope, cmd);
	if (err)
		return err;
	err = zswap_wb_run_scope(&run);
	zswap_wb_scope_close(&run.plan.scope);
	return err;
}
