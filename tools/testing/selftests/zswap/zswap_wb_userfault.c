// SPDX-License-Identifier: GPL-2.0
/*
 * userfaultfd at work on pages of which half are in zswap and half where a command wrote
 * them: they are moved to other addresses, and protected from being written to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include "kselftest.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define FAULT_PAGES		300
#define FAULT_ON_DISK		170
/* of an entry in /proc/PID/pagemap */
#define FAULT_PAGEMAP_PROTECTED	57

/* A userfaultfd with such features; -1 if there is none, which has been told. */
static int fault_open(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && !ioctl(fd, UFFDIO_API, &api))
		return fd;
	if (fd >= 0)
		close(fd);
	zwb_skip("needs CONFIG_USERFAULTFD, with UFFDIO_MOVE and UFFD_FEATURE_WP_ASYNC");
	return -1;
}

static bool fault_register(int fd, const struct zwb_pages *pages, uint64_t mode)
{
	struct uffdio_register range = {
		.range = { (uintptr_t)pages->mem, pages->nr * zwb_page_size },
		.mode = mode,
	};

	if (!ioctl(fd, UFFDIO_REGISTER, &range))
		return true;
	zwb_fail("UFFDIO_REGISTER: %s", strerror(errno));
	return false;
}

static bool half_on_disk(struct zwb_pages *pages)
{
	return zwb_pages_map(pages, ZWB_ANY_NODE, FAULT_PAGES) && zwb_pages_store(pages, 1) &&
	       zwb_write_pages(FAULT_ON_DISK);
}

/* What the pages hold, and that they come from where they were. */
static void check_come_back(struct zwb_pages *pages, unsigned int version)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	zwb_pages_are(pages, version);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, FAULT_ON_DISK);
	zwb_equal(delta.vm.pswpin, FAULT_ON_DISK);
	zwb_equal(delta.vm.zswpin, FAULT_PAGES - FAULT_ON_DISK);
}

/* --- moved --- */

static bool move(const struct zwb_pages *from, const struct zwb_pages *to)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)to->mem,
		.src = (uintptr_t)from->mem,
		.len = to->nr * zwb_page_size,
	};
	int fd = fault_open(UFFD_FEATURE_MOVE);
	bool good;

	if (fd < 0)
		return false;
	good = fault_register(fd, to, UFFDIO_REGISTER_MODE_MISSING);
	if (good && ioctl(fd, UFFDIO_MOVE, &move)) {
		zwb_fail("UFFDIO_MOVE: %s, at %lld", strerror(errno), (long long)move.move);
		good = false;
	}
	/* from now on nobody waits for a page that is missing */
	close(fd);
	return good;
}

static void check_moved(struct zwb_pages *from, struct zwb_pages *to)
{
	struct zwb_snap before, delta;

	if (!half_on_disk(from) || !zwb_pages_map(to, ZWB_ANY_NODE, FAULT_PAGES))
		return;
	zwb_snap(&before);
	if (!move(from, to))
		return;
	zwb_since(&delta, &before);
	/* slots go with their pages: nobody has come for any */
	zwb_check_unchanged(&delta);
	check_come_back(to, 1);

	/* from there they go out again, and come back */
	if (zwb_pages_store(to, 2) && zwb_write_pages(FAULT_ON_DISK))
		check_come_back(to, 2);
}

/*
 * Pages are given other addresses where they are.
 *
 * Turns red when a slot is lost, or read, on the way, or when what is known of it goes by
 * the page's address.
 */
static void moved_while_on_the_disk(void)
{
	struct zwb_pages from = { 0 }, to = { 0 };

	check_moved(&from, &to);
	zwb_pages_unmap(&from);
	zwb_pages_unmap(&to);
}

/* --- protected --- */

/* How many of every @step-th page from @first on are protected, or -1. */
static long long count_protected(const struct zwb_pages *pages, long long first, long long step)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	long long i, nr = 0;
	uint64_t entry;

	for (i = first; i < pages->nr && nr >= 0; i += step) {
		off_t at = ((uintptr_t)pages->mem / zwb_page_size + i) * sizeof(entry);

		if (pread(fd, &entry, sizeof(entry), at) == sizeof(entry))
			nr += entry >> FAULT_PAGEMAP_PROTECTED & 1;
		else
			nr = -1;
	}
	close(fd);
	return nr;
}

static void check_protected(int fd, struct zwb_pages *pages)
{
	struct uffdio_writeprotect protect;
	long long i;

	if (!half_on_disk(pages) || !fault_register(fd, pages, UFFDIO_REGISTER_MODE_WP))
		return;
	protect = (struct uffdio_writeprotect) {
		.range = { (uintptr_t)pages->mem, pages->nr * zwb_page_size },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	if (ioctl(fd, UFFDIO_WRITEPROTECT, &protect)) {
		zwb_fail("UFFDIO_WRITEPROTECT: %s", strerror(errno));
		return;
	}
	zwb_equal(count_protected(pages, 0, 1), FAULT_PAGES);
	/* half of each kind by who reads, and half by who writes */
	for (i = 0; i < pages->nr; i += 2)
		zwb_page_fill(pages->mem + i * zwb_page_size, i, 2);
	for (i = 0; i < pages->nr; i++) {
		if (!zwb_page_is(pages->mem + i * zwb_page_size, i, i % 2 ? 1 : 2))
			zwb_fail("page %lld is not right", i);
	}
	zwb_zero(count_protected(pages, 0, 2));
	zwb_equal(count_protected(pages, 1, 2), FAULT_PAGES / 2);
}

/*
 * Pages are protected where they are, and come back, some because they are written to:
 * those are not protected any more.
 *
 * Turns red when a page that comes back has lost that, or its data.
 */
static void protected_while_on_the_disk(void)
{
	struct zwb_pages pages = { 0 };
	int fd = fault_open(UFFD_FEATURE_WP_ASYNC);

	if (fd < 0)
		return;
	check_protected(fd, &pages);
	close(fd);
	zwb_pages_unmap(&pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(moved_while_on_the_disk),
	ZWB_TEST_IMAGES(moved_while_on_the_disk),
	ZWB_TEST_PAGES(protected_while_on_the_disk),
	ZWB_TEST_IMAGES(protected_while_on_the_disk),
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
