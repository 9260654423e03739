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
 *	select     select.c    walk the lists, take what is eligible
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
 *   A command has to look at each entry of its scope once, and must leave the
 *   lists as they were: no rotation, no cleared bits, or it would change what
 *   the shrinker does next, and what the next command finds. See glue.c for
 *   how a walk keeps its place. Selection happens under the lock of a list and
 *   does no I/O; I/O happens with no lock held on entries that may have changed
 *   since, and are checked again.
 *
 *   Whether a page is `referenced` plays no role. The bit says that an entry is
 *   new to the shrinker; a command is told what is new by its age.
 *
 * Limits
 *
 *   A command with a limit first counts all of its scope, see select.c: it pays
 *   up to four more looks at each entry for being exact, and more if some fail.
 *   An entry may be counted twice as skipped or failed if its cgroup is removed
 *   meanwhile, or if it stands in the last bucket of a limited command. Entries
 *   are told apart by node as zswap does it: by where the entry is, which is
 *   where the page was, and usually where its data is.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/zswap_wb.h>

#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/zswap_wb.h>

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
 * struct zswap_wb_run - a command that is being carried out
 * @cmd:	the command
 * @res:	counts what it does
 * @scope:	its cgroups
 * @nodes:	its nodes, without those that can have no entries
 * @edges:	the edges in force when it started
 * @generation:	their generation
 * @mark:	keeps its place in a list
 * @batch:	entries selected, but not written yet
 * @budget:	what it may still write, less what is in @batch
 */
struct zswap_wb_run {
	const struct zswap_wb_command	*cmd;
	struct zswap_wb_result		*res;
	struct zswap_wb_scope		scope;
	nodemask_t			nodes;
	struct zswap_wb_edges		edges;
	u32				generation;
	struct zswap_entry		*mark;
	struct zswap_wb_batch		*batch;
	struct zswap_wb_budget		budget;
};

/**
 * struct zswap_wb_pass - one pass of a command over its lists
 * @run:	the command
 * @filter:	what it looks for
 * @hist:	if not %NULL: only count here what is eligible
 * @rest:	if not %NULL: each list gives only its share of the cut
 * @account:	count what is skipped by age or protection; true in exactly one
 *		of the passes of a command
 * @nid:	node of the list that is being walked
 * @protected:	its cgroup must not be written
 * @share:	what this list may still give
 * @nr_young:	skipped since the last time that it was accounted
 * @nr_protected: likewise
 * @nr_dry:	selected by a dry run, likewise
 * @dry_bytes:	their compressed size
 */
struct zswap_wb_pass {
	struct zswap_wb_run		*run;
	struct zswap_wb_filter		filter;
	struct zswap_wb_histogram	*hist;
	struct zswap_wb_cut		*rest;
	bool				account;

	int				nid;
	bool				protected;
	struct zswap_wb_budget		share;
	u64				nr_young;
	u64				nr_protected;
	u64				nr_dry;
	u64				dry_bytes;
};

/* Takes an entry that may be written, unless that is one too many */
static bool zswap_wb_pass_take(struct zswap_wb_pass *pass,
			       const struct zswap_wb_facts *facts, u64 age)
{
	struct zswap_wb_run *run = pass->run;
	struct zswap_wb_kind kind = {
		.generation	= run->generation,
		.nid		= pass->nid,
		.bucket		= zswap_wb_age_bucket(&run->edges, age),
	};

	if (zswap_wb_batch_full(run->batch) ||
	    zswap_wb_budget_empty(&run->budget) ||
	    zswap_wb_budget_empty(&pass->share))
		return false;
	zswap_wb_budget_take(&run->budget, facts->length);
	zswap_wb_budget_take(&pass->share, facts->length);
	if (run->cmd->dry_run) {
		pass->nr_dry++;
		pass->dry_bytes += facts->length;
	} else {
		zswap_wb_batch_add(run->batch, facts, &kind);
	}
	return true;
}

/* Looks at one entry, see zswap_wb_visit_t */
static bool zswap_wb_pass_visit(const struct zswap_wb_facts *facts, void *arg)
{
	struct zswap_wb_pass *pass = arg;
	u64 age = zswap_wb_age_of(facts->stamp, pass->filter.now);
	enum zswap_wb_verdict verdict;
	struct zswap_wb_count count;

	if (zswap_wb_age_later(facts->stamp, pass->filter.now))
		return true;

	verdict = zswap_wb_select(&pass->filter, age,
				  facts->length == PAGE_SIZE);
	if (verdict == ZSWAP_WB_OUTSIDE)
		return true;
	if (pass->protected) {
		pass->nr_protected++;
		return true;
	}
	if (verdict == ZSWAP_WB_YOUNG) {
		pass->nr_young++;
		return true;
	}

	if (!pass->hist)
		return zswap_wb_pass_take(pass, facts, age);
	count = zswap_wb_facts_count(facts);
	zswap_wb_age_histogram_add(pass->hist, &pass->run->edges, age, &count);
	return true;
}

static void zswap_wb_pass_account(struct zswap_wb_pass *pass)
{
	struct zswap_wb_result *res = pass->run->res;

	if (pass->account) {
		zswap_wb_stats_add(res, pass->nid, ZSWAP_WB_SKIPPED_YOUNG,
				   pass->nr_young);
		zswap_wb_stats_add(res, pass->nid, ZSWAP_WB_SKIPPED_PROTECTED,
				   pass->nr_protected);
	}
	zswap_wb_stats_add(res, pass->nid, ZSWAP_WB_WRITTEN, pass->nr_dry);
	zswap_wb_stats_released(res, pass->nid, pass->dry_bytes);
	pass->nr_young = 0;
	pass->nr_protected = 0;
	pass->nr_dry = 0;
	pass->dry_bytes = 0;
}

static int zswap_wb_pass_flush(struct zswap_wb_pass *pass)
{
	struct zswap_wb_run *run = pass->run;
	struct zswap_wb_result before = *run->res;
	unsigned int nr = run->batch->nr;
	int err;

	err = zswap_wb_batch_write(run->batch, &run->budget, run->res);
	if (nr)
		trace_zswap_wb_batch(run->cmd, nr, &before, run->res);
	return err;
}

/* Walks one list. Return: 0, or as zswap_wb_pass() */
static int zswap_wb_pass_walk(struct zswap_wb_pass *pass,
			      struct mem_cgroup *memcg, int nid)
{
	struct zswap_wb_run *run = pass->run;
	struct zswap_wb_cursor cursor;
	bool more;
	int err = 0;

	pass->nid = nid;
	zswap_wb_cursor_open(&cursor, run->mark, memcg, nid);
	do {
		/* Each time, because it may change while we write */
		pass->protected = zswap_wb_scope_protected(memcg);
		more = zswap_wb_cursor_scan(&cursor, zswap_wb_pass_visit, pass);
		zswap_wb_pass_account(pass);

		/* Failures give budget back: write before it is found empty */
		if (zswap_wb_batch_full(run->batch) ||
		    zswap_wb_budget_empty(&run->budget))
			err = zswap_wb_pass_flush(pass);
		if (zswap_wb_budget_empty(&run->budget) ||
		    zswap_wb_budget_empty(&pass->share))
			break;
		if (!err && more && signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (more && !err);
	zswap_wb_cursor_close(&cursor);

	return err;
}

/* Finds out what one list gives of the bucket at the cut */
static int zswap_wb_pass_share(struct zswap_wb_pass *pass,
			       struct mem_cgroup *memcg, int nid)
{
	struct zswap_wb_histogram hist;
	struct zswap_wb_pass count = {
		.run	= pass->run,
		.filter	= pass->filter,
		.hist	= &hist,
		.share	= pass->share,
	};
	const struct zswap_wb_count *cut;
	int err;

	zswap_wb_age_histogram_init(&hist);
	err = zswap_wb_pass_walk(&count, memcg, nid);
	if (err)
		return err;
	cut = &hist.bucket[zswap_wb_age_bucket(&pass->run->edges,
					       pass->filter.min_age)];
	zswap_wb_select_share(&pass->run->budget, cut->pages, cut->bytes,
			      pass->rest, &pass->share);
	return 0;
}

/* Walks the lists of one cgroup */
static int zswap_wb_pass_nodes(struct zswap_wb_pass *pass,
			       struct mem_cgroup *memcg)
{
	struct zswap_wb_run *run = pass->run;
	int nid, err = 0;

	for_each_node_mask(nid, run->nodes) {
		if (zswap_wb_budget_empty(&run->budget))
			break;
		zswap_wb_budget_init(&pass->share, ZSWAP_WB_NO_LIMIT,
				     ZSWAP_WB_NO_LIMIT);
		if (pass->rest)
			err = zswap_wb_pass_share(pass, memcg, nid);
		if (!err)
			err = zswap_wb_pass_walk(pass, memcg, nid);
		if (!err && signal_pending(current))
			err = -EINTR;
		if (err)
			break;
	}
	return err;
}

/*
 * Walks all lists of the command, and writes what it has selected. Return: 0,
 * -EINTR after a signal, or -EIO if it is better not to go on
 */
static int zswap_wb_pass(struct zswap_wb_pass *pass)
{
	struct zswap_wb_run *run = pass->run;
	struct mem_cgroup *memcg = NULL;
	int err = 0;

	if (!run->scope.root) {
		err = zswap_wb_pass_nodes(pass, NULL);
	} else {
		while ((memcg = zswap_wb_scope_next(&run->scope, memcg))) {
			err = zswap_wb_pass_nodes(pass, memcg);
			if (err || zswap_wb_budget_empty(&run->budget))
				break;
		}
		zswap_wb_scope_break(memcg);
	}
	return err ? err : zswap_wb_pass_flush(pass);
}

/* Writes what is eligible in the buckets from @warm to @cold */
static int zswap_wb_run_buckets(struct zswap_wb_run *run,
				struct zswap_wb_filter filter, int warm,
				int cold, struct zswap_wb_cut *rest,
				bool account)
{
	struct zswap_wb_pass pass = {
		.run		= run,
		.filter		= filter,
		.rest		= rest,
		.account	= account,
	};

	pass.filter.min_age = max(filter.min_age, run->edges.min[warm]);
	pass.filter.max_age = min(filter.max_age,
				  zswap_wb_age_bucket_max(&run->edges, cold));
	return zswap_wb_pass(&pass);
}

/* Counts what is eligible */
static int zswap_wb_run_count(struct zswap_wb_run *run,
			      struct zswap_wb_filter filter,
			      struct zswap_wb_histogram *hist, bool account)
{
	struct zswap_wb_pass pass = {
		.run		= run,
		.filter		= filter,
		.hist		= hist,
		.account	= account,
	};

	zswap_wb_age_histogram_init(hist);
	return zswap_wb_pass(&pass);
}

/* Writes the coldest that the budget allows, see select.c */
static int zswap_wb_run_limited(struct zswap_wb_run *run,
				struct zswap_wb_filter filter)
{
	struct zswap_wb_histogram hist;
	int top = run->edges.nr - 1;
	struct zswap_wb_cut cut;
	int err;

	err = zswap_wb_run_count(run, filter, &hist, true);
	while (!err && top >= 0 && !zswap_wb_budget_empty(&run->budget)) {
		zswap_wb_select_cut(&hist, top, &run->budget, &cut);
		if (cut.bucket < top)
			err = zswap_wb_run_buckets(run, filter, cut.bucket + 1,
						   top, NULL, false);
		if (err || cut.bucket < 0)
			break;

		top = cut.bucket - 1;
		if (!zswap_wb_budget_empty(&run->budget))
			err = zswap_wb_run_buckets(run, filter, cut.bucket,
						   cut.bucket, &cut, false);
		/*
		 * Once is enough, unless entries have failed or are gone. What
		 * these leave of the budget belongs to their bucket first,
		 * whichever list it is in: the shares are of no use any more.
		 */
		if (!err && !zswap_wb_budget_empty(&run->budget) &&
		    !run->cmd->dry_run)
			err = zswap_wb_run_buckets(run, filter, top + 1,
						   top + 1, NULL, false);
	}
	return err;
}

/* Finds out how cold the coldest entry is that is still there */
static void zswap_wb_run_report(struct zswap_wb_run *run,
				struct zswap_wb_filter filter)
{
	struct zswap_wb_histogram hist;

	/* The pass must not stop because the limit of the command is reached */
	zswap_wb_budget_init(&run->budget, ZSWAP_WB_NO_LIMIT,
			     ZSWAP_WB_NO_LIMIT);
	if (!zswap_wb_run_count(run, filter, &hist, false))
		run->res->coldest_left = hist.coldest;
}

/* The ages that a command asks for. Return: 0, or -EINVAL for no such bucket */
static int zswap_wb_run_filter(const struct zswap_wb_run *run,
			       struct zswap_wb_filter *filter)
{
	const struct zswap_wb_command *cmd = run->cmd;
	unsigned int coldest = run->edges.nr - 1;

	*filter = (struct zswap_wb_filter) {
		.min_age	= cmd->age,
		.max_age	= U64_MAX,
		.now		= ktime_get_boottime_seconds(),
		.type		= cmd->type,
	};
	if (!(cmd->keys & ZSWAP_WB_KEY_BUCKET))
		return 0;
	if (cmd->bucket_min > coldest || (cmd->bucket_max > coldest &&
					  cmd->bucket_max != ZSWAP_WB_BUCKET_COLDEST))
		return -EINVAL;
	filter->min_age = run->edges.min[cmd->bucket_min];
	filter->max_age = zswap_wb_age_bucket_max(&run->edges,
						  min(cmd->bucket_max, coldest));
	return 0;
}

/* Carries out a command whose scope is known */
static int zswap_wb_run_scope(struct zswap_wb_run *run,
			      const struct zswap_wb_filter *filter)
{
	const struct zswap_wb_command *cmd = run->cmd;
	int err;

	run->mark = zswap_wb_mark_alloc();
	run->batch = zswap_wb_batch_alloc();
	if (!run->mark || !run->batch) {
		err = -ENOMEM;
		goto out;
	}
	/* Only nodes with memory that slab can use have entries */
	nodes_and(run->nodes, cmd->nodes, node_states[N_NORMAL_MEMORY]);
	zswap_wb_budget_init(&run->budget, cmd->max_pages, cmd->max_compressed);

	if (!cmd->dry_run)
		zswap_wb_stats_command();
	trace_zswap_wb_start(cmd);
	if (zswap_wb_budget_limited(&run->budget))
		err = zswap_wb_run_limited(run, *filter);
	else
		err = zswap_wb_run_buckets(run, *filter, 0, run->edges.nr - 1,
					   NULL, true);
	zswap_wb_batch_settle(run->batch);
	if (cmd->report)
		zswap_wb_run_report(run, *filter);

	/* Why it was better to stop shows in the counters */
	if (err == -EIO)
		err = 0;
	if (!err && !cmd->dry_run && !run->res->outcome[ZSWAP_WB_WRITTEN])
		err = -EAGAIN;
	trace_zswap_wb_end(cmd, err, run->res);
out:
	zswap_wb_batch_free(run->batch);
	zswap_wb_mark_free(run->mark);
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
 * * -ENOMEM if there is no memory to begin with
 */
int zswap_wb_run(const struct zswap_wb_command *cmd,
		 struct zswap_wb_result *res)
{
	struct zswap_wb_run run = {
		.cmd	= cmd,
		.res	= res,
	};
	struct zswap_wb_filter filter;
	int err;

	*res = (struct zswap_wb_result) {
		.coldest_left	= -1,
		.dry_run	= cmd->dry_run,
	};
	if (!zswap_wb_armed())
		return -ENODEV;
	run.generation = zswap_wb_buckets_get(&run.edges);
	err = zswap_wb_run_filter(&run, &filter);
	if (err)
		return err;
	err = zswap_wb_scope_open(&run.scope, cmd);
	if (err)
		return err;
	err = zswap_wb_run_scope(&run, &filter);
	zswap_wb_scope_close(&run.scope);
	return err;
}
