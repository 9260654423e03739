// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: one command's life.
 *
 * Each (cgroup, node) has a list of its entries. A command names an age, an amount, nodes
 * and a cgroup: here it gets its cgroups and its memory, and passes over their lists.
 * What that is for, and how the files belong together, is in
 * Documentation/mm/zswap_wb.rst.
 */
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/sched/mm.h>
#include <linux/zswap_wb.h>

#include "internal.h"
#include "port.h"

#define CREATE_TRACE_POINTS
#include <trace/events/zswap_wb.h>

/* Set once zswap has been set up, which may be long after boot */
static bool zswap_wb_is_armed;

/* Gets all that has to be there before zswap and the first swapon: hooks do not ask for it */
void __init zswap_wb_init(void)
{
	zswap_wb_slots_init();
	zswap_wb_readback_init();
	zswap_wb_reads_init();
	/*
	 * Counters and columns, less than 1 KiB for each node. Faults and slots that are freed
	 * count there, and would have to ask each time whether they can. A system that hasn't
	 * even that when it boots gets no further anyway: SLAB_PANIC in slots.c says the same
	 */
	if (zswap_wb_stats_init() ||
	    zswap_wb_buckets_set(&zswap_wb_age_edges_default))
		panic("zswap_wb: out of memory\n");
}

/* The lists of zswap have been set up. Context: once, before there is a pool to store to */
void zswap_wb_arm(void)
{
	if (zswap_wb_flight_init()) {
		pr_err("zswap_wb: out of memory: no commands\n");
		return;
	}
	/* Pairs with zswap_wb_armed(): who sees it set sees the lists */
	smp_store_release(&zswap_wb_is_armed, true);
}

/* Are there lists to look at? There are for good once zswap has been set up */
bool zswap_wb_armed(void)
{
	/* Pairs with zswap_wb_arm() */
	return smp_load_acquire(&zswap_wb_is_armed);
}

/*
 * Writes the coldest that the budget allows, see pass.c: bucket by bucket, as far
 * as there is something in them. The last pass is over what the command asks for at
 * its youngest, and counts what is too young.
 */
static int zswap_wb_run_limited(struct zswap_wb_run *run)
{
	const struct zswap_wb_edges *edges = &run->edges;
	struct zswap_wb_filter *filter = &run->filter;
	int err;

	run->later = S64_MAX;
	do {
		unsigned int bucket =
			min(zswap_wb_age_bucket(edges, filter->max_age - 1),
			    zswap_wb_age_bucket(edges, max(run->later, 0)));

		filter->floor = max(filter->min_age, edges->min[bucket]);
		err = zswap_wb_pass(run);
		filter->max_age = filter->floor;
	} while (!err && filter->floor > filter->min_age &&
		 !zswap_wb_budget_empty(&run->budget));
	return err;
}

/* The ages that a command asks for. Return: 0, or -EINVAL for no such bucket */
static int zswap_wb_run_filter(struct zswap_wb_run *run)
{
	const struct zswap_wb_command *cmd = run->cmd;
	const struct zswap_wb_edges *edges = &run->edges;
	struct zswap_wb_filter *filter = &run->filter;

	*filter = (struct zswap_wb_filter) {
		/* Nothing is that old; higher ones are no number with a sign */
		.min_age	= min(cmd->age, (u64)ZSWAP_WB_AGE_MAX + 1),
		.max_age	= U64_MAX,
		.now		= zswap_wb_age_now(),
		.type		= cmd->type,
	};
	if (cmd->keys & ZSWAP_WB_KEY_BUCKET) {
		if (cmd->bucket_max >= edges->nr)
			return -EINVAL;
		filter->min_age = edges->min[cmd->bucket_min];
		filter->max_age = zswap_wb_age_bucket_max(edges,
							  cmd->bucket_max);
	}
	filter->floor = filter->min_age;
	return 0;
}

/* Writes what there is to write. Return: 0, or -EINTR after a signal */
static int zswap_wb_run_passes(struct zswap_wb_run *run)
{
	const struct zswap_wb_filter filter = run->filter;
	/* Reclaim that does I/O could wait for a slot that is in flight here */
	unsigned int noio = memalloc_noio_save();
	int err;

	if (run->cmd->keys & (ZSWAP_WB_KEY_MAX | ZSWAP_WB_KEY_MAX_COMPRESSED))
		err = zswap_wb_run_limited(run);
	else
		err = zswap_wb_pass(run);
	memalloc_noio_restore(noio);

	run->filter = filter;
	if (run->cmd->report && !err) {
		err = zswap_wb_pass_coldest(run);
		if (!err)
			run->res->coldest_left = run->later;
	}
	return err;
}

/* Carries out a command whose scope is known */
static int zswap_wb_run_scope(struct zswap_wb_run *run)
{
	const struct zswap_wb_command *cmd = run->cmd;
	struct zswap_wb_result *res = run->res;
	int err = -ENOMEM;

	/* Only nodes with memory that slab can use have entries */
	nodes_and(run->nodes, cmd->nodes, node_states[N_NORMAL_MEMORY]);
	zswap_wb_budget_init(&run->budget, cmd->max_pages, cmd->max_compressed);
	run->lanes = zswap_wb_lane_alloc();
	if (!cmd->dry_run)
		run->window = zswap_wb_window_alloc(cmd, &run->budget, res);
	if (run->lanes && (cmd->dry_run || run->window)) {
		if (!cmd->dry_run)
			zswap_wb_stats_count(numa_node_id(), ZSWAP_WB_COMMANDS, 1);
		trace_zswap_wb_start(cmd);
		err = zswap_wb_run_passes(run);
		if (!err && !cmd->dry_run && !res->outcome[ZSWAP_WB_WRITTEN])
			err = -EAGAIN;
		trace_zswap_wb_end(cmd, err, res);
	}
	zswap_wb_window_free(run->window);
	zswap_wb_lanes_free(run->lanes);
	return err;
}

/**
 * zswap_wb_run() - carry out a command
 * @cmd:	the command
 * @res:	what it did; all zero unless the command was accepted
 *
 * Returns when all that it has written is on the swap device and out of memory;
 * after a signal, what a device has not done soon is left to itself. Any number of
 * commands may run at the same time. None leaves anything behind but what it wrote.
 * Context: process context of the task that gave the command, may sleep for
 * long; ends early when that task has a signal pending, or the system goes to
 * sleep.
 * Return:
 * * 0 if at least one page was written, or a dry run has counted
 * * -EAGAIN if none was: nothing was eligible, or all that was got skipped
 * * -EINTR if it has ended early; what was written stays written, and counted
 * * -ENODEV if zswap has never been set up
 * * -EINVAL if it names a bucket that there is not
 * * -EOPNOTSUPP if it is for incompressible pages, and zswap of this series has none
 * * -EOPNOTSUPP, -ENOENT, -EPERM see zswap_wb_scope_open()
 * * -ENOMEM if there is not even memory for one page at a time
 */
int zswap_wb_run(const struct zswap_wb_command *cmd,
		 struct zswap_wb_result *res)
{
	struct zswap_wb_run run = {
		.cmd	= cmd,
		.res	= res,
	};
	int err;

	*res = (struct zswap_wb_result) { .coldest_left = -1 };
	if (!zswap_wb_armed())
		return -ENODEV;
	if (cmd->type == ZSWAP_WB_TYPE_INCOMPRESSIBLE &&
	    !zswap_wb_port_plain(PAGE_SIZE))
		return -EOPNOTSUPP;
	run.generation = zswap_wb_buckets_get(&run.edges);
	err = zswap_wb_run_filter(&run);
	if (err)
		return err;
	err = zswap_wb_scope_open(&run.scope, cmd);
	if (err)
		return err;
	err = zswap_wb_run_scope(&run);
	zswap_wb_scope_close(&run.scope);
	return err;
}
