// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "pool.h"

/* Pages between two lines of progress. */
#define PROGRESS	50000UL

/* ---------------------------------------------------------------- cgroups */

const char *cgroup_file(unsigned int nr, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), BENCH_CGROUP "/%u/%s", nr, file);
	return path;
}

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		die("mkdir %s: %s", path, strerror(errno));
}

void make_bench_cgroup(void)
{
	make_dir(BENCH_CGROUP);
	write_text(BENCH_CGROUP "/cgroup.subtree_control", "+memory");
}

void make_cgroup(unsigned int nr)
{
	make_dir(cgroup_file(nr, ""));
}

void enter_cgroup(unsigned int nr)
{
	write_text(cgroup_file(nr, "cgroup.procs"), "0");
}

void leave_cgroup(void)
{
	write_text("/sys/fs/cgroup/cgroup.procs", "0");
}

unsigned long cgroup_id(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		die("%s: %s", path, strerror(errno));
	return st.st_ino;
}

unsigned long cgroup_sum(unsigned int cgroups, const char *file)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < cgroups; i++)
		sum += read_number(cgroup_file(i, file));
	return sum;
}

/* ------------------------------------------------------------------ pages */

static char *page_at(struct pool *pool, unsigned int cgroup, unsigned long i)
{
	return pool->memory + (cgroup * pool->pages + i) * PAGE;
}

static unsigned long number_of(struct pool *pool, unsigned int cgroup, unsigned long i)
{
	return pool->base + cgroup * pool->pages + i;
}

void pool_map(struct pool *pool, unsigned int cgroups, unsigned long pages, int node)
{
	unsigned int i;

	memset(pool, 0, sizeof(*pool));
	pool->cgroups = cgroups;
	pool->pages = pages;
	pool->memory = map_pages(pages * cgroups, node);
	make_bench_cgroup();
	for (i = 0; i < cgroups; i++)
		make_cgroup(i);
}

void pool_unmap(struct pool *pool)
{
	if (munmap(pool->memory, pool->cgroups * pool->pages * PAGE))
		die("munmap: %s", strerror(errno));
}

void pool_fill(struct pool *pool, unsigned long first, unsigned long pages)
{
	unsigned long i;
	unsigned int c;

	for (c = 0; c < pool->cgroups; c++) {
		enter_cgroup(c);
		for (i = first; i < first + pages; i++) {
			if (pool->small)
				stamp(page_at(pool, c, i), number_of(pool, c, i));
			else
				fill(page_at(pool, c, i), number_of(pool, c, i));
		}
	}
	leave_cgroup();
}

/* Some at a time, because not all would fit into memory. */
void pool_store(struct pool *pool, unsigned long first, unsigned long pages)
{
	unsigned long step = CHUNK / pool->cgroups + 1, next = PROGRESS, done = 0, i, j, n;
	unsigned int c;

	for (i = first; i < first + pages; i += n) {
		n = first + pages - i < step ? first + pages - i : step;
		pool_fill(pool, i, n);
		if (pool->cgroups == 1)
			page_out(page_at(pool, 0, i), n);
		else
			for (j = i; j < i + n; j++)
				for (c = 0; c < pool->cgroups; c++)
					page_out(page_at(pool, c, j), 1);
		done += n * pool->cgroups;
		if (done >= next) {
			progress("stored %lu of %lu", done, pages * pool->cgroups);
			next += PROGRESS;
		}
	}
}

unsigned long pool_check(struct pool *pool, unsigned long first, unsigned long pages)
{
	unsigned long i, wrong = 0;
	char expected[PAGE], *p;
	unsigned int c;

	memset(expected, 0, PAGE);
	for (i = first; i < first + pages; i++) {
		for (c = 0; c < pool->cgroups; c++) {
			p = page_at(pool, c, i);
			if (pool->small)
				stamp(expected, number_of(pool, c, i));
			else
				fill(expected, number_of(pool, c, i));
			wrong += memcmp(expected, p, PAGE) != 0;
			if (madvise(p, PAGE, MADV_DONTNEED))
				die("MADV_DONTNEED: %s", strerror(errno));
		}
	}
	return wrong;
}
