// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk that does not keep what was written: images of pages are damaged on it.  Whoever
 * wants such a page gets a SIGBUS, and nobody else notices anything.  The disk is the loop
 * device, whose file can be written to: the kernel lets nobody write to a swap device.
 *
 * A block may only be damaged while it is known whose it is: no device goes meanwhile, and
 * the page is written to before it can go out again, so that nobody takes what is on the
 * disk for its clean copy.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../selftests/zswap/zswap_wb_image.h"
#include "pages.h"
#include "torture.h"

#define DAMAGE_PAGES	64
/* pages that are tried in a step */
#define DAMAGE_TRIES	8
/* the disk is the first swap device, the loop device may be the other one */
#define LOOP_TYPE	1
#define DAMAGE_CGROUP	CGROUPS "/torture/damage"

static bool loop_is_on(void)
{
	char name[PATH_SIZE];

	return device_name(LOOP_TYPE, name) && !strncmp(name, "/dev/loop", strlen("/dev/loop"));
}

static bool block_io(uint64_t slot, void *block, bool write)
{
	int fd = open(LOOP_FILE, O_RDWR | O_CLOEXEC);
	ssize_t done = write ? pwrite(fd, block, PAGE, slot * PAGE) :
			       pread(fd, block, PAGE, slot * PAGE);

	close(fd);
	return done == PAGE;
}

/*
 * The page may be in zswap all the same, and what is in the block be left from earlier.  Or
 * it is being written right now, and this comes in last: then the block is what is read.
 */
static void damage_page(struct area *area, long page, unsigned long byte)
{
	static unsigned char block[PAGE] __attribute__((aligned(sizeof(uint64_t))));
	static uint64_t got[WORDS];
	uint64_t place = page_place(area, page), slot;
	unsigned int type;
	size_t length;

	slot = place_slot(place, &type);
	if (!place_is_swap(place) || type != LOOP_TYPE || !block_io(slot, block, false))
		return;
	length = zwb_image_length((const struct zwb_image *)block, type, slot, PAGE);
	if (!length)
		return;
	block[ZWB_IMAGE_HEADER + byte % length] ^= 1;
	add(&shared->damaged, 1);
	if (!block_io(slot, block, true))
		problem("a block of " LOOP_FILE " cannot be written");
	if (!read_page(area, page, got))
		count(K_DAMAGE);
	else if (memcmp(got, block, PAGE))
		judge_page(area, area->id, page, place, got);
	madvise(area->mem + page * PAGE, PAGE, MADV_DONTNEED);
	rewrite_page(area, page);
}

/* In a cgroup of its own, so that a command for it writes these pages and no other. */
static uint64_t join_cgroup(void)
{
	if (mkdir(DAMAGE_CGROUP, 0755) || put(DAMAGE_CGROUP "/cgroup.procs", "%d", getpid()))
		problem("damage: no cgroup");
	return inode(DAMAGE_CGROUP);
}

/*
 * What is new goes to the device that is preferred now, and from there to its disk, as images
 * but where somebody has changed his mind meanwhile.
 */
static void damage_some(struct area *area, uint64_t cgroup, struct rng *rng)
{
	long i;

	for (i = 0; i < area->pages; i++)
		rewrite_page(area, i);
	pageout(area, 0, area->pages, false);
	put(SYSFS "/compressed_writeback", "1");
	put(SYSFS "/proactive_writeback", "cgroup=%llu age=0", (unsigned long long)cgroup);
	for (i = 0; i < DAMAGE_TRIES; i++) {
		long page = rng_below(rng, area->pages);

		damage_page(area, page, rng_next(rng));
	}
	/* and the neighbours are fine */
	verify(area, 0, area->pages);
}

static void damage_task(int task, long arg)
{
	uint64_t cgroup = join_cgroup();
	struct area area;
	long step = 0;

	(void)arg;
	catch_bus_errors();
	mlockall(MCL_CURRENT);
	if (!area_make(&area, task, 2 * task + 1, DAMAGE_PAGES, false, -1)) {
		problem("damage: no memory");
		return;
	}
	while (running()) {
		struct rng rng = rng_step(task, step);
		unsigned long ms = rng_below(&rng, 500);

		rest(ms);
		if (!disks_trylock())
			continue;
		shared->tasks[task].step = step++;
		begin(task, "damaging images, step %ld", step);
		if (loop_is_on())
			damage_some(&area, cgroup, &rng);
		end(task);
		disks_unlock();
	}
}

void damage_start(void)
{
	task_start("damage", damage_task, 0);
}
