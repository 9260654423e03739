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
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * struct zswap_wb_counters - counters of one node
 * @outcome:		entries by outcome
 * @released_bytes:	compressed bytes that left the pool
 * @fate:		pages by their fate; what was written is in @outcome
 */
struct zswap_wb_counters {
	atomic64_t outcome[ZSWAP_WB_NR_OUTCOMES];
	atomic64_t released_bytes;
	atomic64_t fate[ZSWAP_WB_NR_FATES];
};

static struct zswap_wb_counters *zswap_wb_counters;
static atomic64_t zswap_wb_commands;

/**
 * zswap_wb_stats_init() - get the counters
 *
 * Context: once, before the first command.
 * Return: 0 or -ENOMEM
 */
int __init zswap_wb_stats_init(void)
{
	zswap_wb_counters = kzalloc_objs(*zswap_wb_counters, nr_node_ids);
	return zswap_wb_counters ? 0 : -ENOMEM;
}

/**
 * zswap_wb_stats_command() - count a command that was accepted
 */
void zswap_wb_stats_command(void)
{
	atomic64_inc(&zswap_wb_commands);
}

/**
 * zswap_wb_stats_add() - count entries by outcome
 * @res:	result of the command that looked at them
 * @nid:	node of their list
 * @outcome:	what became of them
 * @nr:		how many
 */
void zswap_wb_stats_add(struct zswap_wb_result *res, int nid,
			enum zswap_wb_outcome outcome, u64 nr)
{
	if (!nr)
		return;
	res->outcome[outcome] += nr;
	if (!res->dry_run)
		atomic64_add(nr, &zswap_wb_counters[nid].outcome[outcome]);
}

/**
 * zswap_wb_stats_released() - count what left the pool
 * @res:	result of the command that wrote it
 * @nid:	node of the list
 * @bytes:	compressed bytes
 */
void zswap_wb_stats_released(struct zswap_wb_result *res, int nid, u64 bytes)
{
	res->released_bytes += bytes;
	if (!res->dry_run)
		atomic64_add(bytes, &zswap_wb_counters[nid].released_bytes);
}

/**
 * zswap_wb_stats_fate_add() - count a page that was written by its fate
 * @nid:	node of the list that its entry was on
 * @fate:	what has become of it
 *
 * Context: any.
 */
void zswap_wb_stats_fate_add(int nid, enum zswap_wb_fate fate)
{
	atomic64_inc(&zswap_wb_counters[nid].fate[fate]);
}

/**
 * zswap_wb_stats_commands() - commands accepted since boot
 *
 * Return: their number
 */
u64 zswap_wb_stats_commands(void)
{
	return atomic64_read(&zswap_wb_commands);
}

/**
 * zswap_wb_stats_outcome() - entries with an outcome since boot
 * @nid:	node, or NUMA_NO_NODE for all of them
 * @outcome:	the outcome
 *
 * Return: their number
 */
u64 zswap_wb_stats_outcome(int nid, enum zswap_wb_outcome outcome)
{
	u64 sum = 0;

	if (nid != NUMA_NO_NODE)
		return atomic64_read(&zswap_wb_counters[nid].outcome[outcome]);
	for_each_node(nid)
		sum += atomic64_read(&zswap_wb_counters[nid].outcome[outcome]);
	return sum;
}

/**
 * zswap_wb_stats_scanned() - entries looked at since boot
 * @nid:	node, or NUMA_NO_NODE for all of them
 *
 * Return: their number, the sum of all outcomes
 */
u64 zswap_wb_stats_scanned(int nid)
{
	enum zswap_wb_outcome outcome;
	u64 sum = 0;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum += zswap_wb_stats_outcome(nid, outcome);
	return sum;
}

/**
 * zswap_wb_stats_released_bytes() - compressed bytes written back since boot
 * @nid:	node, or NUMA_NO_NODE for all of them
 *
 * Return: bytes
 */
u64 zswap_wb_stats_released_bytes(int nid)
{
	u64 sum = 0;

	if (nid != NUMA_NO_NODE)
		return atomic64_read(&zswap_wb_counters[nid].released_bytes);
	for_each_node(nid)
		sum += atomic64_read(&zswap_wb_counters[nid].released_bytes);
	return sum;
}

/**
 * zswap_wb_stats_fate() - pages written since boot by their fate
 * @nid:	node, or NUMA_NO_NODE for all of them
 * @fate:	the fate, other than ZSWAP_WB_FATE_WRITTEN
 *
 * Return: their number
 */
u64 zswap_wb_stats_fate(int nid, enum zswap_wb_fate fate)
{
	u64 sum = 0;

	if (nid != NUMA_NO_NODE)
		return atomic64_read(&zswap_wb_counters[nid].fate[fate]);
	for_each_node(nid)
		sum += atomic64_read(&zswap_wb_counters[nid].fate[fate]);
	return sum;
}

/**
 * zswap_wb_result_scanned() - entries that one command has looked at
 * @res:	its result
 *
 * Return: their number, the sum of all outcomes
 */
u64 zswap_wb_result_scanned(const struct zswap_wb_result *res)
{
	enum zswap_wb_outcome outcome;
	u64 sum = 0;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum += res->outcome[outcome];
	return sum;
}
