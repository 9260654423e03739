// SPDX-License-Identifier: GPL-2.0-or-later
/* Cgroups, and pages in zswap */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

struct cgroup cgroups[NR_CGROUPS] = {
	{ CGROUPS, false, 0 },
	{ CGROUPS "/fuzz", false, 0 },
	{ CGROUPS "/fuzz/self", false, 0 },
	{ CGROUPS "/fuzz/other", false, 0 },
	{ CGROUPS "/fuzz/empty", false, 0 },
	{ CGROUPS "/fuzz/forbidden", true, 0 },
};

void cgroups_make(void)
{
	struct stat st;
	unsigned int i;

	for (i = 0; i < NR_CGROUPS; i++) {
		if (i && mkdir(cgroups[i].path, 0755) && errno != EEXIST)
			die("mkdir %s: %s", cgroups[i].path, strerror(errno));
		if (i < 2) {
			char path[100];

			snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cgroups[i].path);
			put(path, "+memory");
		}
		if (stat(cgroups[i].path, &st))
			die("stat %s: %s", cgroups[i].path, strerror(errno));
		cgroups[i].id = st.st_ino;
	}
	put(CGROUPS "/fuzz/forbidden/memory.zswap.writeback", "0");
}

/* of each of the two processes */
#define POOL_PAGES	384

static char *pool;
static uint64_t pool_seed;
static int pool_request, pool_reply;
unsigned long pages_checked, pages_lost;

/* Every other page is noise, which zswap keeps as it is; the others compress well. */
static uint64_t pool_word(unsigned int page, unsigned int word)
{
	uint64_t x = pool_seed + page * 512 + (page % 2 ? word : word / 64);

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static void pool_fill(uint64_t which)
{
	unsigned int page, word;

	pool_seed = (seed * 2 + which) << 32;
	pool = mmap(NULL, POOL_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (pool == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (page = 0; page < POOL_PAGES; page++) {
		for (word = 0; word < PAGE / 8; word++)
			((uint64_t *)pool)[page * 512 + word] = pool_word(page, word);
	}
	madvise(pool, POOL_PAGES * PAGE, MADV_PAGEOUT);
}

/* Compare one page in @step, and put those into zswap again. Return: pages that are wrong */
static unsigned long pool_check(unsigned int step, bool flip)
{
	unsigned int page, word;
	unsigned long lost = 0;

	for (page = below(step); page < POOL_PAGES; page += step) {
		volatile uint64_t *words = (uint64_t *)(pool + page * PAGE);

		if (flip)
			words[77] ^= 1ULL << 7;
		for (word = 0; word < PAGE / 8 && words[word] == pool_word(page, word); word++)
			;
		lost += word < PAGE / 8;
		/* A page that has not changed would only be dropped. */
		words[0] = pool_word(page, 0);
		flip = false;
		pages_checked++;
	}
	madvise(pool, POOL_PAGES * PAGE, MADV_PAGEOUT);
	return lost;
}

void pool_check_both(unsigned int step)
{
	uint32_t lost;

	pages_lost += pool_check(step, falsify("data"));
	if (write(pool_request, &step, sizeof(step)) != sizeof(step) ||
	    read(pool_reply, &lost, sizeof(lost)) != sizeof(lost))
		die("the other process is gone");
	pages_checked += POOL_PAGES / step;
	pages_lost += lost;
	if (lost || pages_lost)
		wrong(NULL, "%lu pages do not hold what was written to them", pages_lost);
}

/* A process in a cgroup of its own that compares its pages when asked to */
static void other_start(void)
{
	int request[2], reply[2];
	uint32_t step, lost;

	if (pipe(request) || pipe(reply))
		die("pipe: %s", strerror(errno));
	fflush(stdout);
	switch (fork()) {
	case -1:
		die("fork: %s", strerror(errno));
	case 0:
		close(request[1]);
		close(reply[0]);
		put(CGROUPS "/fuzz/other/cgroup.procs", "0");
		pool_fill(1);
		lost = 0;
		while (write(reply[1], &lost, sizeof(lost)) == sizeof(lost) &&
		       read(request[0], &step, sizeof(step)) == sizeof(step))
			lost = pool_check(step, false);
		_exit(0);
	}
	close(request[0]);
	close(reply[1]);
	pool_request = request[1];
	pool_reply = reply[0];
	if (read(pool_reply, &lost, sizeof(lost)) != sizeof(lost))
		die("the other process did not start");
}

void pool_start(void)
{
	other_start();
	put(CGROUPS "/fuzz/self/cgroup.procs", "0");
	pool_fill(0);
}
