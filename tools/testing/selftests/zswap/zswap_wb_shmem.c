// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a file on a tmpfs, in huge folios.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_large.h"
#include "zswap_wb_util.h"

#define SHMEM_HOLE_FIRST	100
#define SHMEM_HOLE_PAGES	700

static struct zwb_texts texts;

/* Compare what read(2) says of every page but those of the hole. */
static void check_file(int fd)
{
	static uint64_t page[65536 / sizeof(uint64_t)];
	long long i, wrong = 0;

	for (i = 0; i < texts.pages.nr; i++) {
		if (i >= SHMEM_HOLE_FIRST && i < SHMEM_HOLE_FIRST + SHMEM_HOLE_PAGES)
			continue;
		if (pread(fd, page, zwb_page_size, i * zwb_page_size) != zwb_page_size ||
		    !zwb_page_is(page, i, texts.version[i]))
			wrong++;
	}
	zwb_no_wrong_pages(wrong);
}

/* Half of a file is on the disk, and is thrown away in the middle. */
static void check_hole(int fd, long long nr)
{
	struct zwb_snap before, delta;

	if (!zwb_write_pages(nr / 2))
		return;
	zwb_snap(&before);
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      SHMEM_HOLE_FIRST * zwb_page_size, SHMEM_HOLE_PAGES * zwb_page_size)) {
		zwb_fail("punching a hole: %s", strerror(errno));
		return;
	}
	zwb_since(&delta, &before);
	zwb_between(delta.total.dropped, 1, SHMEM_HOLE_PAGES - 1);
	/* Linux 7.2 may read a page at the edge of the hole, and then throw it away */
	zwb_between(delta.total.refaulted, 0, 1);
	zwb_equal(delta.total.dropped + delta.total.refaulted - delta.stored, SHMEM_HOLE_PAGES);
	check_file(fd);
}

/* Fill a file, all of which is in large folios then. */
static bool fill_file(int fd, const char *cgroup, int kb, long long nr)
{
	long long before;
	int i;

	texts.contents = nr;
	for (i = 0; i < ZWB_FOLIO_TRIES; i++) {
		before = zwb_folio_stat(kb, "shmem_alloc");
		if (ftruncate(fd, nr * zwb_page_size)) {
			zwb_fail("making a file: %s", strerror(errno));
			return false;
		}
		if (!zwb_map_aligned(&texts.pages, nr, MAP_SHARED, fd) ||
		    !zwb_texts_fill(&texts, cgroup))
			return false;
		if (zwb_folio_stat(kb, "shmem_alloc") - before >= nr / zwb_folio_pages(kb))
			return true;
		/* nothing is left of the file */
		zwb_pages_unmap(&texts.pages);
		if (ftruncate(fd, 0))
			zwb_fail("emptying a file: %s", strerror(errno));
		zwb_folios_make_room();
	}
	zwb_skip("memory is in pieces: no huge folios for a file");
	return false;
}

static void check_shmem(int fd, int kb, long long nr)
{
	const char *cgroup = zwb_cgroup(NULL, "thp");

	if (!cgroup || !zwb_need_folios(kb) || !fill_file(fd, cgroup, kb, nr))
		return;
	if (!zwb_folios_out(&texts.pages, kb) || !zwb_write_pages(nr / 2 + 9))
		return;
	zwb_texts_return(&texts, nr / 2 + 9, nr / 2 + 9, nr - nr / 2 - 9);

	/* from their cgroup, and back because the device goes */
	zwb_texts_write(&texts, 0, nr, 2, 2);
	if (!zwb_pages_reclaim(&texts.pages, cgroup) || !zwb_equal(zwb_stored(), nr) ||
	    !zwb_write_pages(nr / 3) || !zwb_swap_disk(false) || !zwb_zero(zwb_stored()))
		return;
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));
	if (!zwb_swap_disk(true))
		return;

	zwb_texts_write(&texts, 1, nr, 2, 3);
	if (zwb_pages_out_whole(&texts.pages) && zwb_equal(zwb_stored(), nr))
		check_hole(fd, nr);
}

/*
 * A file on a tmpfs with huge=always goes out and back like anonymous memory, by faults,
 * by read(2), by swapoff, and not at all where a hole was punched.
 *
 * Turns red when a slot is looked for in a page table, or when those of a truncated file
 * are not counted as dropped.
 */
static void shmem_with_huge_always(void)
{
	char dir[] = "/tmp/zswap_wb_XXXXXX", path[sizeof(dir) + 8];
	int fd;

	if (!zwb_huge_kb()) {
		zwb_skip("needs CONFIG_TRANSPARENT_HUGEPAGE");
		return;
	}
	if (!mkdtemp(dir)) {
		zwb_fail("mkdtemp: %s", strerror(errno));
		return;
	}
	if (mount("tmpfs", dir, "tmpfs", 0, "huge=always")) {
		zwb_skip("needs CONFIG_TMPFS");
		rmdir(dir);
		return;
	}
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0) {
		zwb_fail("open %s: %s", path, strerror(errno));
	} else {
		check_shmem(fd, zwb_huge_kb(), 2 * zwb_folio_pages(zwb_huge_kb()));
		zwb_pages_unmap(&texts.pages);
		close(fd);
	}
	if (umount(dir))
		zwb_fail("umount %s: %s", dir, strerror(errno));
	rmdir(dir);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(shmem_with_huge_always),
	ZWB_TEST_IMAGES(shmem_with_huge_always),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what was faulted on another CPU may wait there, and not be reclaimed */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
