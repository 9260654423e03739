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

#include "pages.h"
#include "torture.h"

#define DAMAGE_PAGES	64
/* pages that are tried in a step */
#define DAMAGE_TRIES	8
#define HEADER_BYTES	48
#define DAMAGE_CGROUP	CGROUPS "/torture/damage"

/* What Documentation/mm/zswap_wb.rst says of the header, as far as it is of use here. */
struct image {
	uint32_t magic;
	uint32_t checksum;
	uint16_t version;
	uint16_t length;
	uint32_t type;
	uint64_t offset;
};

static bool is_image_of(const struct image *image, uint64_t place)
{
	unsigned int type;
	uint64_t slot = place_slot(place, &type);

	return image->magic == IMAGE_MAGIC && image->type == type && image->offset == slot &&
	       image->length && image->length <= PAGE - HEADER_BYTES;
}

static bool is_on_loop(unsigned int type)
{
	char name[PATH_SIZE];

	return device_name(type, name) && !strncmp(name, "/dev/loop", strlen("/dev/loop"));
}

/* The block of a slot of the loop device. */
static bool block_io(uint64_t place, void *block, bool write)
{
	unsigned int type;
	off_t at = place_slot(place, &type) * PAGE;
	ssize_t done;
	int fd;

	if (!is_on_loop(type))
		return false;
	fd = open(LOOP_FILE, O_RDWR | O_CLOEXEC);
	done = write ? pwrite(fd, block, PAGE, at) : pread(fd, block, PAGE, at);
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
	const struct image *image = (const struct image *)block;
	uint64_t place = page_place(area, page);

	if (!place_is_swap(place) || !block_io(place, block, false) || !is_image_of(image, place))
		return;
	block[HEADER_BYTES + byte % image->length] ^= 1;
	add(&shared->damaged, 1);
	if (!block_io(place, block, true))
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
		/* the disk is the first device, the loop device may be the other one */
		if (is_on_loop(1))
			damage_some(&area, cgroup, &rng);
		end(task);
		disks_unlock();
	}
}

void damage_start(void)
{
	task_start("damage", damage_task, 0);
}
