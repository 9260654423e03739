// SPDX-License-Identifier: GPL-2.0
/*
 * Commands in other states of zswap, of the swap disk and of the swap cache
 * than the usual ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define SHARED_PAGES		1500
#define SHARED_SOME		500
#define FORKED_PAGES		1000
#define FORKED_TOUCHED		100
#define FORKED_READ		200

#define RACE_PAGES		64
#define RACE_ROUND_MS		100
#define RACE_SECONDS		120
#define RACE_OTHER_PAGES	500

/*
 * Disabling zswap stops stores; what was stored before can be written as ever.
 *
 * Turns red when a command refuses to work, or thinks that everything is
 * protected, while zswap is disabled.
 */
static void leftovers_of_disabled_zswap(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;
	int first, second;

	load = zwb_load(NULL, ZWB_ANY_NODE, 2000, ZWB_TEXT);
	if (!load || !zwb_param_set("enabled", "N"))
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 300LL * zwb_page_size));
	zwb_equal(delta.total.written, 300);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, load->pages - 300);
	zwb_zero(delta.total.skipped_protected);
	zwb_zero(zwb_stored());
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_zero(delta.total.scanned);
	if (zwb_need_two_nodes(&first, &second))
		zwb_equal(zwb_run(NULL, second, "age=0"), -EAGAIN);
}

/* Switch to any other compressor that the kernel has. */
static bool change_compressor(void)
{
	static const char * const names[] = { "lzo", "lz4", "zstd", "lzo-rle", "deflate", "842" };
	char old[64], new[64];
	size_t i;

	if (!zwb_param_get("compressor", old, sizeof(old)))
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], old) ||
		    zwb_write(ZWB_PARAMS "/compressor", names[i], strlen(names[i])))
			continue;
		if (zwb_param_get("compressor", new, sizeof(new)) && !strcmp(new, names[i])) {
			ksft_print_msg("changed the compressor from %s to %s\n", old, new);
			return true;
		}
	}
	zwb_skip("needs a second compressor (CONFIG_CRYPTO_LZ4)");
	return false;
}

/*
 * Entries of the pool that was current before the compressor was changed are
 * found, and decompressed with the compressor that they were made with.
 *
 * Turns red when a walk goes over the current pool only, or when data is read
 * with the wrong compressor.
 */
static void compressor_was_changed(void)
{
	struct zwb_load *old, *new;
	struct zwb_snap delta;

	old = zwb_load(NULL, ZWB_ANY_NODE, 1500, ZWB_TEXT);
	if (!old || !change_compressor())
		return;
	new = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!new)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, old->pages + new->pages);
	zwb_zero(zwb_stored());
}

/*
 * Every write fails: the command comes back with -EAGAIN when it has tried enough to
 * know, these pages count as failed, and all are in zswap and can be read.
 *
 * Turns red when a page counts as written before its I/O has ended well, when a
 * failed page is dropped with the only copy of its data, when a page is tried, or
 * counted, twice, or when the command waits for ever.
 */
static void every_write_fails(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;
	int err;

	if (!zwb_need_write_errors())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!load || !zwb_write_errors(-1))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	zwb_equal(err, -EAGAIN);
	zwb_zero(delta.total.written);
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	zwb_equal(delta.total.scanned, delta.total.failed);
	zwb_zero(delta.stored);
	zwb_expect_read(load, 0, load->pages);
}

/*
 * Some requests fail: the pages in them count as failed, the others as written,
 * and the command is a success.
 *
 * Turns red like the test before, and when the first error ends a command.
 */
static void some_writes_fail(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;
	int err;

	if (!zwb_need_write_errors())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 4000, ZWB_TEXT);
	if (!load || !zwb_write_errors(3))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	zwb_zero(err);
	/* in batches of one page, or few */
	zwb_between(delta.total.failed, 3, 3 * ZWB_ERRORS_BATCH);
	zwb_equal(delta.total.written + delta.total.failed, load->pages);
	zwb_equal(delta.disk_sectors, delta.total.written * (zwb_page_size / 512));
	zwb_equal(delta.stored, -delta.total.written);
	zwb_expect_read(load, delta.total.written, delta.total.failed);
}

/*
 * Page out a load that reads its pages all the while, from outside, until some
 * of its pages are both in zswap and in the swap cache.
 *
 * There is no way to bring that about on purpose: a page that is read from
 * zswap leaves it, and reclaim does not store a page that somebody else holds a
 * reference to.  Only a reader that comes while the page is being compressed,
 * and waits for it, makes reclaim keep the folio that it has just stored.  That
 * window is wide enough to be hit within a few rounds.
 */
static bool make_busy_entries(struct zwb_load *load, long long *swapped, long long *busy)
{
	struct iovec range = {
		.iov_base = (void *)load->address,
		.iov_len = load->pages * zwb_page_size,
	};
	long long deadline = zwb_now() + RACE_SECONDS * ZWB_NS_PER_SEC;
	long long others = zwb_stored() - load->pages;
	int pid_fd;

	pid_fd = syscall(__NR_pidfd_open, load->pid, 0);
	if (pid_fd < 0) {
		zwb_fail("pidfd_open: %s", strerror(errno));
		return false;
	}
	*busy = 0;
	do {
		if (!zwb_load_read(load, RACE_ROUND_MS))
			break;
		while (zwb_load_busy(load)) {
			if (syscall(__NR_process_madvise, pid_fd, &range, 1, MADV_PAGEOUT, 0) < 0) {
				zwb_fail("process_madvise: %s", strerror(errno));
				break;
			}
		}
		if (!zwb_load_finish(load) || !zwb_load_swapped(load, swapped))
			break;
		*busy = zwb_stored() - others - *swapped;
	} while (!zwb_failed() && *busy <= 0 && zwb_now() < deadline);
	close(pid_fd);
	return !zwb_failed();
}

/*
 * An entry whose page is in the swap cache is left alone and counted as busy,
 * and does not end the walk: everything else is written.
 *
 * Turns red when such an entry is written or counted as failed, or when it ends
 * the walk of its list, as with the shrinker and with both earlier attempts.
 */
static void entry_in_the_swap_cache_is_busy(void)
{
	struct zwb_load *load, *other;
	long long swapped, busy;
	struct zwb_snap delta;
	const char *cgroup;

	zwb_allow_other_swapout();
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, RACE_PAGES, ZWB_NOISE) : NULL;
	if (!load || !make_busy_entries(load, &swapped, &busy))
		return;
	if (busy <= 0) {
		zwb_late("no page was caught in zswap and swap cache within %d s", RACE_SECONDS);
		return;
	}
	ksft_print_msg("%lld of %lld pages are in zswap and swap cache\n", busy, load->pages);
	other = zwb_load(cgroup, ZWB_ANY_NODE, RACE_OTHER_PAGES, ZWB_TEXT);
	if (!other)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup)));
	zwb_equal(delta.total.skipped_busy, busy);
	zwb_equal(delta.total.written, swapped + other->pages);
	zwb_equal(delta.total.scanned, swapped + other->pages + busy);
	zwb_zero(delta.total.failed);
	zwb_equal(zwb_stored(), busy);
}

/* All pages of a file are written, come back, and are read from zswap then. */
static void bring_back(struct zwb_load *load)
{
	struct zwb_snap delta;
	long long disk, zswap;

	if (!zwb_need_readback() || !zwb_load_touch(load, 0, load->pages) ||
	    !zwb_load_pageout(load) || !zwb_write_all(load->pages))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, load->pages);
	if (zwb_load_where(load, &disk, &zswap)) {
		zwb_zero(disk);
		zwb_equal(zswap, load->pages);
	}
}

/*
 * Pages of a shared mapping of a file in memory, first a part of them, then
 * all; and back into zswap.
 *
 * Turns red when only anonymous pages are written, or brought back, or when data is lost on the
 * way.
 */
static void shared_memory(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;
	long long disk, zswap;
	int fd;

	fd = memfd_create("zswap_wb", 0);
	if (fd < 0) {
		zwb_skip("needs CONFIG_MEMFD_CREATE and CONFIG_SHMEM");
		return;
	}
	close(fd);
	load = zwb_load_shared(NULL, SHARED_PAGES);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", SHARED_SOME * (long long)zwb_page_size));
	zwb_equal(delta.total.written, SHARED_SOME);
	zwb_equal(delta.stored, -SHARED_SOME);
	if (zwb_load_where(load, &disk, &zswap)) {
		zwb_equal(disk, SHARED_SOME);
		zwb_equal(zswap, SHARED_PAGES - SHARED_SOME);
	}
	zwb_zero(zwb_stored());

	if (!zwb_load_touch(load, 0, load->pages) || !zwb_load_pageout(load))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, SHARED_PAGES);
	zwb_equal(delta.total.scanned, SHARED_PAGES);
	zwb_zero(zwb_stored());
	if (zwb_load_where(load, &disk, &zswap)) {
		zwb_equal(disk, SHARED_PAGES);
		zwb_zero(zswap);
	}
	bring_back(load);
}

/*
 * Pages that two processes share after a fork count once, and are right in
 * both, be they written back, brought back, or written to by one of the two before.
 *
 * Turns red when a slot is freed although there is another user, when an entry is written
 * once for each, or when the second one finds an image in its page, because the slot was taken
 * for one until the first had come.
 */
static void pages_shared_after_a_fork(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;

	if (!zwb_need_readback())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, FORKED_PAGES, ZWB_TEXT);
	if (!load || !zwb_load_fork(load))
		return;
	/* these leave zswap, and stay in swap for the other process */
	if (!zwb_load_touch(load, 0, FORKED_TOUCHED))
		return;
	zwb_equal(zwb_stored(), FORKED_PAGES - FORKED_TOUCHED);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 300LL * zwb_page_size));
	zwb_equal(delta.total.written, 300);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, FORKED_PAGES - FORKED_TOUCHED - 300);
	zwb_equal(delta.total.scanned, FORKED_PAGES - FORKED_TOUCHED - 300);
	zwb_zero(zwb_stored());
	/* some from the disk, be it in one process and then in the other; all others from zswap */
	zwb_snap(&before);
	if (!zwb_load_touch(load, FORKED_TOUCHED, FORKED_READ))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, FORKED_PAGES - FORKED_TOUCHED - FORKED_READ);
	zwb_load_verify(load);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, FORKED_READ);
	zwb_equal(delta.vm.zswpin, FORKED_PAGES - FORKED_TOUCHED - FORKED_READ);
	zwb_zero(delta.total.dropped);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(leftovers_of_disabled_zswap),
	ZWB_TEST(compressor_was_changed),
	ZWB_TEST(every_write_fails),
	ZWB_TEST(some_writes_fail),
	ZWB_TEST(entry_in_the_swap_cache_is_busy),
	ZWB_TEST_PAGES(shared_memory),
	ZWB_TEST_IMAGES(shared_memory),
	ZWB_TEST_PAGES(pages_shared_after_a_fork),
	ZWB_TEST_IMAGES(pages_shared_after_a_fork),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
