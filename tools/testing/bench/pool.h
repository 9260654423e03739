/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages with known content that lie in swap, of one or many cgroups below
 * /sys/fs/cgroup/bench.
 *
 * One process has them all: a page belongs to the cgroup that the process was
 * in when it wrote to the page first.  So the order in which pages of different
 * cgroups are stored can be told exactly.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "common.h"

#define BENCH_CGROUP	"/sys/fs/cgroup/bench"

struct pool {
	char *memory;
	/* Of each cgroup. */
	unsigned long pages;
	unsigned int cgroups;
	/* Number of the first page, which its content goes by. */
	unsigned long base;
	/* Filled with what makes a hundred bytes of a page and takes little time to store. */
	bool small;
};

/* The parent: its children have no block cgroups of their own. */
void make_bench_cgroup(void);
void make_cgroup(unsigned int nr);
void enter_cgroup(unsigned int nr);
void leave_cgroup(void);
unsigned long cgroup_id(const char *path);
/* Path of @file of cgroup @nr, good until the next call. */
const char *cgroup_file(unsigned int nr, const char *file);
/* The sum of @file over the first @cgroups. */
unsigned long cgroup_sum(unsigned int cgroups, const char *file);

void pool_map(struct pool *pool, unsigned int cgroups, unsigned long pages, int node);
/* Pages from @first on of each cgroup get their content, and stay in memory. */
void pool_fill(struct pool *pool, unsigned long first, unsigned long pages);
/* The same, and all go to swap: page by page of one cgroup after another. */
void pool_store(struct pool *pool, unsigned long first, unsigned long pages);
/* Read and compare them, free them, and return how many are wrong. */
unsigned long pool_check(struct pool *pool, unsigned long first, unsigned long pages);
void pool_unmap(struct pool *pool);

#endif
