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
 * @value:	one for each outcome and each enum zswap_wb_counter
 */
struct zswap_wb_counters {
	atomic64_t value[ZSWAP_WB_NR_COUNTERS];
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
 * zswap_wb_stats_count() - add to a counter
 * @nid:	node of the list that the entries are or were on
 * @counter:	an enum zswap_wb_outcome or an enum zswap_wb_counter
 * @nr:		how much
 *
 * Context: any.
 */
void zswap_wb_stats_count(int nid, unsigned int counter, u64 nr)
{
	atomic64_add(nr, &zswap_wb_counters[nid].value[counter]);
}

/**
 * zswap_wb_stats_add() - count entries by outcome
 * @res:	result of the command that came to them
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
		zswap_wb_stats_count(nid, outcome, nr);
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
		zswap_wb_stats_count(nid, ZSWAP_WB_RELEASED_BYTES, bytes);
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
 * zswap_wb_stats_read() - a counter since boot
 * @nid:	node, or NUMA_NO_NODE for all of them
 * @counter:	an enum zswap_wb_outcome or an enum zswap_wb_counter
 *
 * Return: its value
 */
u64 zswap_wb_stats_read(int nid, unsigned int counter)
{
	u64 sum = 0;

	if (nid != NUMA_NO_NODE)
		return atomic64_read(&zswap_wb_counters[nid].value[counter]);
	for_each_node(nid)
		sum += atomic64_read(&zswap_wb_counters[nid].value[counter]);
	return sum;
}

/**
 * zswap_wb_stats_scanned() - entries that commands have come to since boot
 * @nid:	node, or NUMA_NO_NODE for all of them
 *
 * Return: their number, the sum of all outcomes
 */
u64 zswap_wb_stats_scanned(int nid)
{
	enum zswap_wb_outcome outcome;
	u64 sum = 0;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum += zswap_wb_stats_read(nid, outcome);
	return sum;
}

/**
 * zswap_wb_result_scanned() - entries that one command has come to
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

/**
 * zswap_wb_result_add() - add a part of a result
 * @sum:	the result
 * @res:	a part, which is in the counters already
 */
void zswap_wb_result_add(struct zswap_wb_result *sum,
			 const struct zswap_wb_result *res)
{
	enum zswap_wb_outcome outcome;

	for (outcome = 0; outcome < ZSWAP_WB_NR_OUTCOMES; outcome++)
		sum->outcome[outcome] += res->outcome[outcome];
	sum->released_bytes += res->released_bytes;
	sum->looked += res->looked;
}
