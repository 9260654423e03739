// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: how many entries there are on each node, by age.
 *
 * An entry is counted when it goes on an LRU list and counted off when it
 * leaves it, see zswap_lru_add() and zswap_lru_del(); so the amounts are those
 * on the lists, and reading them does not depend on how many there are.
 *
 * A store or a load pays for a note in a log of its CPU, under a lock that no
 * other CPU wants unless a command or a reader of the table adds it up. Notes
 * for the same second are one note. When a log is full it is added to the wheel
 * of the node.
 *
 * Nothing gets lost or counted twice, because
 *
 * 1. an entry is put on a list once and taken off once, and list_lru_del()
 *    tells which of its callers did that; in between it may get another stamp,
 *    which is a note of each;
 *
 * 2. a note is written under the lock of its log, and under the same lock it is
 *    added to the wheel and taken off the log;
 *
 * 3. the wheel is only changed under the lock of the node, and gives each stamp
 *    the same slot for counting and counting off, see wheel.c.
 *
 * So it does not matter that a task moves to another CPU between finding a log
 * and locking it, that the note of a load can reach the wheel before that of
 * the store, in which case a slot is below zero for a while, or that a CPU goes
 * offline: whoever reads adds the logs of all possible CPUs to the wheel first.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#include "internal.h"

#define ZSWAP_WB_NOTES_MAX	10

/**
 * struct zswap_wb_note - entries that were counted or counted off
 * @stamp:		the time of their store
 * @pages:		their number, less than zero if there are fewer now
 * @incompressible:	how many of them are stored at full page size
 * @bytes:		their compressed size
 */
struct zswap_wb_note {
	u32	stamp;
	s32	pages;
	s32	incompressible;
	s64	bytes;
};

/**
 * struct zswap_wb_log - what a CPU has not added to the wheel yet
 * @lock:	protects the notes
 * @nr:		notes in use
 * @note:	the notes, no two for the same second
 */
struct zswap_wb_log {
	spinlock_t		lock;	/* protects the notes */
	unsigned int		nr;
	struct zswap_wb_note	note[ZSWAP_WB_NOTES_MAX];
};

/**
 * struct zswap_wb_census - the entries on the lists of one node
 * @log:	one for each CPU
 * @lock:	protects the wheel
 * @wheel:	what has been added from the logs
 */
struct zswap_wb_census {
	struct zswap_wb_log __percpu	*log;
	spinlock_t			lock;	/* protects the wheel */
	struct zswap_wb_wheel		wheel;
};

/* By node; %NULL before zswap is set up, and if there was no memory for it */
static struct zswap_wb_census **zswap_wb_census_nodes;

/**
 * zswap_wb_census_alloc() - get the means to count entries
 * @nid:	node that they are on
 *
 * Context: process context, may sleep.
 * Return: a census of no entries, or %NULL
 */
struct zswap_wb_census *zswap_wb_census_alloc(int nid)
{
	struct zswap_wb_census *census;
	int cpu;

	census = kvzalloc_node(sizeof(*census), GFP_KERNEL, nid);
	if (!census)
		return NULL;
	spin_lock_init(&census->lock);
	census->wheel.tick = ktime_get_boottime_seconds();
	census->log = alloc_percpu(struct zswap_wb_log);
	if (!census->log) {
		kvfree(census);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(census->log, cpu)->lock);
	return census;
}

/**
 * zswap_wb_census_free() - stop to count
 * @census:	from zswap_wb_census_alloc(), or %NULL; in nobody's use
 */
void zswap_wb_census_free(struct zswap_wb_census *census)
{
	if (!census)
		return;
	free_percpu(census->log);
	kvfree(census);
}

/* Adds the notes of a CPU to the wheel. The log is locked. */
static void zswap_wb_census_flush(struct zswap_wb_census *census,
				  struct zswap_wb_log *log)
{
	unsigned int i;

	spin_lock(&census->lock);
	for (i = 0; i < log->nr; i++) {
		const struct zswap_wb_note *note = &log->note[i];
		struct zswap_wb_count count = {
			.pages		= note->pages,
			.bytes		= note->bytes,
			.incompressible	= note->incompressible,
		};

		zswap_wb_wheel_add(&census->wheel, note->stamp, &count);
	}
	spin_unlock(&census->lock);
	log->nr = 0;
}

/* The note for a second, which may be a new one. The log is locked. */
static struct zswap_wb_note *zswap_wb_log_note(struct zswap_wb_census *census,
					       struct zswap_wb_log *log,
					       u32 stamp)
{
	struct zswap_wb_note *note = log->note;

	for (; note < log->note + log->nr; note++) {
		if (note->stamp == stamp)
			return note;
	}
	if (log->nr == ZSWAP_WB_NOTES_MAX)
		zswap_wb_census_flush(census, log);
	note = &log->note[log->nr++];
	*note = (struct zswap_wb_note) { .stamp = stamp };
	return note;
}

/**
 * zswap_wb_census_note() - count an entry, or count it off
 * @census:	the census
 * @stamp:	the time of its store
 * @pages:	1 to count it, -1 to count it off
 * @length:	its compressed size in bytes
 *
 * Context: not in an interrupt. May be called with a swap cluster locked, and
 * interrupts disabled.
 */
void zswap_wb_census_note(struct zswap_wb_census *census, u32 stamp,
			  int pages, unsigned int length)
{
	struct zswap_wb_log *log = raw_cpu_ptr(census->log);
	struct zswap_wb_note *note;

	spin_lock(&log->lock);
	note = zswap_wb_log_note(census, log, stamp);
	note->pages += pages;
	note->bytes += pages * (s64)length;
	if (length == PAGE_SIZE)
		note->incompressible += pages;
	spin_unlock(&log->lock);
}

/* Adds all notes to the wheel. */
static void zswap_wb_census_collect(struct zswap_wb_census *census)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct zswap_wb_log *log = per_cpu_ptr(census->log, cpu);

		spin_lock(&log->lock);
		if (log->nr)
			zswap_wb_census_flush(census, log);
		spin_unlock(&log->lock);
	}
}

/**
 * zswap_wb_census_read() - add the entries of a census to a histogram
 * @census:	the census
 * @now:	seconds since boot
 * @edges:	edges of the histogram's buckets
 * @bound:	take entries for as young, or for as old, as they can be
 * @hist:	the histogram
 *
 * Context: process context.
 */
void zswap_wb_census_read(struct zswap_wb_census *census, u64 now,
			  const struct zswap_wb_edges *edges,
			  enum zswap_wb_bound bound,
			  struct zswap_wb_histogram *hist)
{
	zswap_wb_census_collect(census);
	spin_lock(&census->lock);
	zswap_wb_wheel_read(&census->wheel, now, edges, bound, hist);
	spin_unlock(&census->lock);
}

/**
 * zswap_wb_census_init() - begin to count the entries of all nodes
 *
 * Context: once, before there are any; may sleep.
 * Return: 0 or -ENOMEM
 */
int zswap_wb_census_init(void)
{
	struct zswap_wb_census **nodes = kzalloc_objs(*nodes, nr_node_ids);
	int nid;

	if (!nodes)
		return -ENOMEM;
	for_each_node(nid) {
		nodes[nid] = zswap_wb_census_alloc(nid);
		if (!nodes[nid])
			goto fail;
	}
	/* Pairs with the READ_ONCE() of its users, who depend on the address */
	smp_store_release(&zswap_wb_census_nodes, nodes);
	return 0;

fail:
	for_each_node(nid)
		zswap_wb_census_free(nodes[nid]);
	kfree(nodes);
	return -ENOMEM;
}

/**
 * zswap_wb_census_count() - count an entry of a node, or count it off
 * @nid:	the node
 * @stamp:	the time of its store
 * @pages:	1 to count it, -1 to count it off
 * @length:	its compressed size in bytes
 *
 * Context: as zswap_wb_census_note()
 */
void zswap_wb_census_count(int nid, u32 stamp, int pages, unsigned int length)
{
	struct zswap_wb_census **nodes = READ_ONCE(zswap_wb_census_nodes);

	if (likely(nodes))
		zswap_wb_census_note(nodes[nid], stamp, pages, length);
}

/**
 * zswap_wb_census_histogram() - the entries that there are, by age
 * @nodes:	nodes that they are on
 * @now:	seconds since boot
 * @edges:	edges of the buckets
 * @bound:	take entries for as young, or for as old, as they can be
 * @hist:	result
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENODEV if entries are not counted
 */
int zswap_wb_census_histogram(const nodemask_t *nodes, u64 now,
			      const struct zswap_wb_edges *edges,
			      enum zswap_wb_bound bound,
			      struct zswap_wb_histogram *hist)
{
	struct zswap_wb_census **census = READ_ONCE(zswap_wb_census_nodes);
	int nid;

	if (!census)
		return -ENODEV;
	zswap_wb_age_histogram_init(hist);
	for_each_node_mask(nid, *nodes) {
		zswap_wb_census_read(census[nid], now, edges, bound, hist);
		cond_resched();
	}
	return 0;
}

/**
 * zswap_wb_census_older() - the entries of a node that are old enough
 * @nid:	the node
 * @now:	seconds since boot
 * @age:	in seconds
 * @count:	result: the amount of entries of that age or more, and no less
 *
 * Context: process context.
 * Return: 0, or -ENODEV if entries are not counted
 */
int zswap_wb_census_older(int nid, u64 now, u64 age,
			  struct zswap_wb_count *count)
{
	struct zswap_wb_census **census = READ_ONCE(zswap_wb_census_nodes);

	if (!census)
		return -ENODEV;
	*count = (struct zswap_wb_count) {};
	zswap_wb_census_collect(census[nid]);
	spin_lock(&census[nid]->lock);
	zswap_wb_wheel_older(&census[nid]->wheel, now, age, count);
	spin_unlock(&census[nid]->lock);
	return 0;
}
