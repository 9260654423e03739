// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: counters.
 *
 * There is one set per possible node, and none for the whole: sums are made
 * when somebody reads, so that neither the nodes and their total nor `scanned`
 * and its parts can disagree. A node that goes offline keeps its counters,
 * because they only grow.
 */
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/slab.h>

#include "internal.h"

/* For each node: one for each outcome and each enum zswap_wb_counter */
static atomic64_t (*zswap_wb_counters)[ZSWAP_WB_NR_COUNTERS];

/* Gets the counters, once, before the first command. Return: 0 or -ENOMEM */
int __init zswap_wb_stats_init(void)
{
	zswap_wb_counters = kzalloc_objs(*zswap_wb_counters, nr_node_ids);
	return zswap_wb_counters ? 0 : -ENOMEM;
}

/* Adds @nr to an enum zswap_wb_outcome or zswap_wb_counter of a node. Context: any */
void zswap_wb_stats_count(int nid, unsigned int counter, u64 nr)
{
	atomic64_add(nr, &zswap_wb_counters[nid][counter]);
}

static u64 zswap_wb_counter_read(int nid, unsigned int counter)
{
	u64 sum = 0;

	if (nid != NUMA_NO_NODE)
		return atomic64_read(&zswap_wb_counters[nid][counter]);
	for_each_node(nid)
		sum += atomic64_read(&zswap_wb_counters[nid][counter]);
	return sum;
}

static u64 zswap_wb_stats_scanned(int nid)
{
	enum zswap_wb_outcome outcome;
	u64 sum = 0;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum += zswap_wb_counter_read(nid, outcome);
	return sum;
}

/*
 * A page is marked before it counts as written, and each mark ends as one of these:
 * who reads meanwhile may see one too few
 */
static u64 zswap_wb_stats_on_disk(int nid)
{
	s64 gone = zswap_wb_counter_read(nid, ZSWAP_WB_REFAULTED) +
		   zswap_wb_counter_read(nid, ZSWAP_WB_DROPPED) +
		   zswap_wb_counter_read(nid, ZSWAP_WB_READBACK);

	return max((s64)zswap_wb_counter_read(nid, ZSWAP_WB_WRITTEN) - gone, 0);
}

/* What has been counted since boot, for a node or, for NUMA_NO_NODE, for all of them */
u64 zswap_wb_stats_read(int nid, unsigned int counter)
{
	if (counter == ZSWAP_WB_SCANNED)
		return zswap_wb_stats_scanned(nid);
	if (counter == ZSWAP_WB_ON_DISK)
		return zswap_wb_stats_on_disk(nid);
	return zswap_wb_counter_read(nid, counter);
}

/* Entries that one command has come to: the sum of all outcomes */
u64 zswap_wb_result_scanned(const struct zswap_wb_result *res)
{
	enum zswap_wb_outcome outcome;
	u64 sum = 0;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum += res->outcome[outcome];
	return sum;
}

/* Adds a part of a result, which is in the counters already */
void zswap_wb_result_add(struct zswap_wb_result *sum,
			 const struct zswap_wb_result *res)
{
	enum zswap_wb_outcome outcome;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum->outcome[outcome] += res->outcome[outcome];
	sum->released_bytes += res->released_bytes;
}
