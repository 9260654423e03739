// SPDX-License-Identifier: GPL-2.0
/*
 * A swap file on ext4 in many fragments: neighbouring slots lie anywhere on the disk,
 * and what is between them belongs to other files.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define FILE_DIR		"/tmp/zswap_wb_ext4"
#define FILE_SWAP		FILE_DIR "/swap"
#define FILE_OTHER		FILE_DIR "/other"
#define FILE_DISK_PAGES		5120
#define FILE_PAGES		2000
/* the pieces of the other file, of which every second one is given up, in pages */
#define FILE_PIECE		4
#define FILE_PIECE_MAX		(FILE_PIECE * 65536)
#define FILE_PATTERN		0xa5

#define FILE_LOAD_PAGES		1300
#define FILE_SLOW_PAGES		400
#define FILE_ROUNDS		2

/* of the other file */
static int file_pieces;

/* --- the file system --- */

/* Fill the disk with another file, and give up every second piece of that. */
static bool file_make_holes(int fd)
{
	static unsigned char piece[FILE_PIECE_MAX];
	const ssize_t length = FILE_PIECE * zwb_page_size;
	int i;

	memset(piece, FILE_PATTERN, length);
	file_pieces = 0;
	while (write(fd, piece, length) == length)
		file_pieces++;
	if (!fsync(fd)) {
		for (i = 0; i < file_pieces; i += 2) {
			if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				      i * length, length))
				break;
		}
		if (i >= file_pieces && !fsync(fd))
			return true;
	}
	zwb_fail(FILE_OTHER ", of %d pieces: %s", file_pieces, strerror(errno));
	return false;
}

/* See that all the pieces that the other file has left are what they were. */
static void file_check_other(int fd)
{
	static unsigned char piece[FILE_PIECE_MAX], want[FILE_PIECE_MAX];
	const ssize_t length = FILE_PIECE * zwb_page_size;
	int i, wrong = 0;

	memset(want, FILE_PATTERN, length);
	/* from the disk, and not from memory */
	if (!zwb_write_string("/proc/sys/vm/drop_caches", "1"))
		return;
	for (i = 1; i < file_pieces; i += 2) {
		if (pread(fd, piece, length, i * length) != length) {
			zwb_fail(FILE_OTHER ": %s", strerror(errno));
			return;
		}
		wrong += !!memcmp(piece, want, length);
	}
	zwb_zero(wrong);
}

/* How many pieces the swap file lies in, or -1 with a failure recorded. */
static int file_extents(int fd)
{
	struct fiemap map = { .fm_length = FIEMAP_MAX_OFFSET, .fm_flags = FIEMAP_FLAG_SYNC };

	/* without room for extents, it counts them */
	if (!ioctl(fd, FS_IOC_FIEMAP, &map))
		return map.fm_mapped_extents;
	zwb_fail("FS_IOC_FIEMAP: %s", strerror(errno));
	return -1;
}

/* A swap file of nothing but fragments, and swap to it and to nothing else. */
static bool file_swap_on(void)
{
	int fd = open(FILE_SWAP, O_RDWR | O_CREAT | O_TRUNC, 0600), extents;

	if (fd < 0 || fallocate(fd, 0, 0, (FILE_PAGES + 1) * zwb_page_size)) {
		zwb_fail(FILE_SWAP ": %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	extents = file_extents(fd);
	close(fd);
	ksft_print_msg("%d pages in %d extents\n", FILE_PAGES, extents);
	return zwb_between(extents, FILE_PAGES / FILE_PIECE / 2, INT_MAX) &&
	       zwb_make_swap(FILE_SWAP, FILE_PAGES) && zwb_swap_only_to(FILE_SWAP, 0);
}

/* --- pages in fragments --- */

static void check_fragments(void)
{
	struct zwb_load *load;
	long long sectors;

	/* what the file system still has to write is not ours */
	sync();
	sectors = zwb_disk_number(zwb_disk_name(), ZWB_DISK_SECTORS_WRITTEN);
	load = zwb_load(NULL, ZWB_ANY_NODE, FILE_LOAD_PAGES, ZWB_TEXT);
	if (!load || !zwb_write_all(load->pages))
		return;
	sectors = zwb_disk_number(zwb_disk_name(), ZWB_DISK_SECTORS_WRITTEN) - sectors;
	zwb_sectors_are_pages(sectors, load->pages);
	zwb_expect_read(load, load->pages, 0);
	/* once more, to whatever slots are free then */
	if (!zwb_load_touch(load, 0, load->pages) || !zwb_load_pageout(load) ||
	    !zwb_write_all(load->pages))
		return;
	zwb_expect_read(load, load->pages, 0);
}

static void check_rewrite(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_async command;
	unsigned int version;

	if (!zwb_pages_map(&pages, ZWB_ANY_NODE, FILE_SLOW_PAGES))
		return;
	for (version = 1; version <= FILE_ROUNDS && !zwb_failed(); version++) {
		if (!zwb_pages_store(&pages, 2 * version) ||
		    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
			break;
		zwb_go(&command);
		zwb_disk_wait_for_flight();
		zwb_pages_are(&pages, 2 * version);
		zwb_pages_fill(&pages, 2 * version + 1);
		zwb_pages_out(&pages);
		zwb_land_all(&command);
		zwb_pages_are(&pages, 2 * version + 1);
	}
	zwb_pages_unmap(&pages);
}

/*
 * Swap to the file and to nothing else, and see that nobody has written to what lies
 * between its fragments.
 */
static void file_check(void)
{
	int other = open(FILE_OTHER, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (other < 0) {
		zwb_fail("open " FILE_OTHER ": %s", strerror(errno));
		return;
	}
	if (file_make_holes(other) && file_swap_on()) {
		check_fragments();
		if (!zwb_failed())
			check_rewrite();
	}
	zwb_swap_own_off();
	zwb_swap_disk_back();
	if (!zwb_failed())
		file_check_other(other);
	close(other);
}

/*
 * Each page lies where the file system has put that page of the file, also if it is
 * read, rewritten and paged out while it is in flight.
 *
 * Turns red when slots that are neighbours are taken for sectors that are, in a request or
 * in where it begins: then pages come back as others, or land in the other file.  And when
 * an old copy lands after the new one: the two are in requests of different lengths.
 */
static void pages_go_to_fragments(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = FILE_DISK_PAGES,
		.bare = true,
		.latency_us = 5000,
		.depth = 4,
		.sectors = true,
	};

	if (!zwb_disk_on(&disk))
		return;
	if (zwb_disk_mount(FILE_DIR))
		file_check();
	zwb_disk_unmount();
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(pages_go_to_fragments),
	ZWB_TEST_IMAGES(pages_go_to_fragments),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what was faulted on another CPU may wait there, and not be paged out */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
