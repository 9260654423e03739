/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to get pages out of compressed memory onto the disk. */
#ifndef BENCH_METHODS_H
#define BENCH_METHODS_H

#include "pool.h"

enum method {
	METHOD_OURS,		/* a command */
	METHOD_COMPRESSED,	/* the same, of pages as they are in zswap */
	METHOD_SHRINKER,	/* upstream's shrinker through debugfs */
	METHOD_PRESSURE,	/* stores over memory.zswap.max */
	METHOD_ZRAM,		/* zram's idle and writeback */
	METHOD_ZRAM_COMPRESSED,	/* the same, of pages as they are there: whoever calls has set it up */
	METHOD_RAW,		/* no compressed memory at all: what the disk can do */
	METHODS
};

enum method method_named(const char *name);

/* Are the pages in zswap at first? */
bool method_uses_zswap(enum method method);

/* Before pages are stored; whoever calls has set up the swap device. */
void method_prepare(enum method method, struct pool *pool);
/*
 * Write the pages of @pool out.  @command is what ours is told.
 * Return: how many entries were asked for, -1 if the method does not say.
 */
long method_run(enum method method, struct pool *pool, const char *command);

/* Have the shrinker go over @pages entries of each cgroup's list, and return their sum. */
long shrinker_scan(struct pool *pool, unsigned long pages);

#endif
