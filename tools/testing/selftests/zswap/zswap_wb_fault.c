// SPDX-License-Identifier: GPL-2.0
/*
 * Limits that are kept although some pages cannot be written, pages that cannot be
 * read, and commands that get no memory.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define ERROR_PAGES		4000
#define ERROR_BUDGET		1000
#define ERROR_TIMES		2

#define READ_PAGES		64
/* of those, how many are tried while nothing can be read */
#define READ_TRIED		8

#define ALLOC_PAGES		2000
#define ALLOC_BUDGET		1000
/* may be enough for the pages that a command itself needs, and some to be written */
#define ALLOC_SPACE		64
#define ALLOC_TIMES		5
#define ALLOC_TRIES		4

/* One of the two limits, with some requests failing. */
static void check_limit_with_write_errors(const char *limit)
{
	struct zwb_snap delta;
	struct zwb_load *load;
	int err;

	if (!zwb_need_write_errors())
		return;
	/* noise: as many bytes as there are pages */
	load = zwb_load(NULL, ZWB_ANY_NODE, ERROR_PAGES, ZWB_NOISE);
	if (!load || !zwb_write_errors(ERROR_TIMES))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "%s=%lld", limit,
		      ERROR_BUDGET * (long long)zwb_page_size);
	if (!zwb_write_errors(0))
		return;
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_zero(err);
	zwb_equal(delta.total.written, ERROR_BUDGET);
	/* in batches of one page, or few */
	zwb_between(delta.total.failed, ERROR_TIMES, ERROR_TIMES * ZWB_ERRORS_BATCH);
	zwb_equal(delta.total.scanned, delta.total.written + delta.total.failed);
	zwb_between(delta.total.released_bytes, ERROR_BUDGET * zwb_noise_bytes(),
		    ERROR_BUDGET * zwb_page_size);
	zwb_equal(delta.disk_sectors, ERROR_BUDGET * (zwb_page_size / 512));
	/* it was sent, although the disk has not got it */
	zwb_equal(delta.total.disk_bytes,
		  (delta.total.written + delta.total.failed) * zwb_page_size);
	zwb_equal(delta.stored, -ERROR_BUDGET);

	/* the failed ones are like any other, and in their place */
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, ERROR_PAGES - ERROR_BUDGET);
	zwb_zero(delta.total.failed);
	zwb_zero(zwb_stored());
}

/*
 * A page whose write fails takes nothing from `max`: another one is written in
 * its place.
 *
 * Turns red when the limit is charged for failed pages, when what is given back
 * comes too late to be used, when a failed page is tried over and over by the
 * same command, or when more is written in place of a page than one; when disk_bytes
 * are only those that the disk has got.
 */
static void max_is_reached_in_spite_of_write_errors(void)
{
	check_limit_with_write_errors("max");
}

/*
 * The same with `max_compressed`.
 *
 * Turns red when only pages are given back, or bytes of another page.
 */
static void max_compressed_is_reached_in_spite_of_write_errors(void)
{
	if (zwb_need_incompressible())
		check_limit_with_write_errors("max_compressed");
}

/*
 * A page whose write fails while zswap takes no pages stays in zswap, where it is;
 * the command goes on, and the next one writes the page.
 *
 * Turns red when a page that failed is stored anew, which zswap refuses, when it
 * ends the command, or when a later command does not find it.
 */
static void failed_page_stays_while_zswap_takes_none(void)
{
	struct zwb_snap delta, rest;
	struct zwb_load *load;
	int err;

	if (!zwb_need_write_errors())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, ERROR_PAGES, ZWB_TEXT);
	if (!load || !zwb_param_set("enabled", "N") || !zwb_write_errors(1))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_zero(err);
	/* the first batch is one page */
	zwb_equal(delta.total.failed, 1);
	zwb_equal(delta.total.written, load->pages - 1);
	zwb_equal(delta.stored, -delta.total.written);

	zwb_zero(zwb_run(&rest, ZWB_GLOBAL, "age=0"));
	zwb_equal(rest.total.written, 1);
	zwb_zero(zwb_stored());
	zwb_load_verify(load);
}

/* Each page that a command wrote is accounted for, whatever became of it. */
static bool all_accounted_for(void)
{
	struct zwb_snap snap;

	zwb_snap(&snap);
	return zwb_equal(snap.total.refaulted + snap.total.dropped + snap.total.readback +
			 snap.total.on_disk, snap.total.written);
}

/* What could not be read stays in the swap cache, for all to see, until reclaim comes by. */
static bool reads_again(struct zwb_pages *pages, const char *cgroup, long long index)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	int signal;

	do {
		zwb_reclaim(cgroup, 256);
		signal = zwb_pages_signal(pages, index);
	} while (signal && zwb_now() < deadline);
	return zwb_zero(signal);
}

static void check_failed_reads(struct zwb_pages *pages, const char *cgroup)
{
	struct zwb_snap before, delta;
	long long i;

	zwb_snap(&before);
	if (!zwb_write_all(READ_PAGES) || !zwb_disk_fail_writes(true))
		return;
	for (i = 0; i < READ_TRIED; i++) {
		zwb_equal(zwb_pages_signal(pages, i), SIGBUS);
		if (!all_accounted_for())
			break;
	}
	zwb_since(&delta, &before);
	zwb_between(delta.total.on_disk, READ_PAGES - READ_TRIED, READ_PAGES);
	if (!zwb_disk_fail_writes(false))
		return;
	for (i = 0; i < READ_TRIED; i++) {
		if (!all_accounted_for() || !reads_again(pages, cgroup, i))
			return;
	}
	zwb_pages_are(pages, 1);
	all_accounted_for();
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, READ_PAGES);
	zwb_zero(delta.total.on_disk);
	zwb_zero(delta.total.dropped);
	zwb_zero(delta.total.readback);
	/* nobody has seen what was on the disk: that is not known to be wrong */
	zwb_zero(delta.total.corrupted);
}

/*
 * A disk that cannot be read for a while: who wants a page then gets SIGBUS, and the page, once
 * the disk works again.
 *
 * Turns red when a page that could not be read is given to anybody, is lost, or is counted
 * twice or not at all.
 */
static void failed_read_loses_nothing(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = 4096,
		.badblocks = true,
		.sectors = true,
	};
	const char *cgroup = zwb_cgroup(NULL, "reader");
	struct zwb_pages pages = { 0 };

	if (cgroup && zwb_disk_on(&disk) && zwb_pages_map(&pages, ZWB_ANY_NODE, READ_PAGES) &&
	    zwb_cgroup_enter(cgroup) && zwb_pages_store(&pages, 1))
		check_failed_reads(&pages, cgroup);
	zwb_disk_fail_writes(false);
	zwb_cgroup_enter(NULL);
	zwb_pages_unmap(&pages);
}

/*
 * Run a command that gets some pages of memory, and then as many errors as
 * given.  They may be too few to begin with, or to write a first page: what a
 * command needs itself depends on what the caches of the kernel hold.  Then
 * nothing has left zswap, and another try with twice as many may do better.
 */
static int run_without_memory(struct zwb_snap *delta, long long times, const char *command)
{
	struct zwb_async async;
	struct zwb_snap before;
	int err, tries = 0;

	do {
		zwb_snap(&before);
		if (!zwb_alloc_errors(ALLOC_SPACE << tries, times) ||
		    !zwb_start(&async, ZWB_GLOBAL, 0, "%s", command))
			return -ECHILD;
		zwb_go(&async);
		err = zwb_wait(&async);
		zwb_since(delta, &before);
		if (times > 0 && zwb_alloc_errors_left() == times)
			zwb_fail("no allocation failed: this tested nothing");
		if (!zwb_alloc_errors(0, 0))
			return err;
		if (err == -ENOMEM && !zwb_check_unchanged(delta))
			zwb_fail("'%s': found no memory, but left traces", command);
	} while ((err == -ENOMEM || !delta->total.written) && ++tries < ALLOC_TRIES &&
		 !zwb_failed());
	return err;
}

static struct zwb_load *load_for_allocs(const char **cgroup)
{
	if (!zwb_need_alloc_errors())
		return NULL;
	*cgroup = zwb_cgroup(NULL, "cgroup");
	return *cgroup ? zwb_load(*cgroup, ZWB_ANY_NODE, ALLOC_PAGES, ZWB_TEXT) : NULL;
}

/* Each page was either written or has failed, nobody was killed, and the rest can be written. */
static void check_after_allocs(const char *cgroup, const struct zwb_snap *delta)
{
	struct zwb_snap rest;

	ksft_print_msg("%lld pages written, %lld failed\n", delta->total.written,
		       delta->total.failed);
	zwb_equal(delta->commands, 1);
	zwb_equal(delta->stored, -delta->total.written);
	zwb_zero(zwb_cgroup_key(cgroup, "memory.events", "oom_kill"));
	if (delta->total.written < ALLOC_PAGES)
		zwb_zero(zwb_run(&rest, ZWB_GLOBAL, "age=0"));
	zwb_zero(zwb_stored());
}

/*
 * After the first pages of a command there is no memory at all: the command works
 * with those, page by page if need be.  What it has no memory to remember it counts
 * as failed, and leaves it where it is.
 *
 * Turns red when a command waits for memory for ever, when it gives up, when it does not
 * count what it has no memory for, or when such a page is lost.
 */
static void no_memory_at_all(void)
{
	const char *cgroup;
	struct zwb_load *load;
	struct zwb_snap delta;

	load = load_for_allocs(&cgroup);
	if (!load)
		return;
	zwb_zero(run_without_memory(&delta, -1, "age=0"));
	zwb_between(delta.total.written, 1, load->pages);
	zwb_equal(delta.total.written + delta.total.failed, load->pages);
	zwb_equal(delta.total.scanned, load->pages);
	check_after_allocs(cgroup, &delta);
}

/*
 * The same under a limit: it is reached if there is memory for so many, and no page
 * is tried twice.
 *
 * Turns red when a command goes on as long as something is left of its limit.
 */
static void no_memory_at_all_under_a_limit(void)
{
	const char *cgroup;
	struct zwb_load *load;
	struct zwb_snap delta;
	char command[64];

	load = load_for_allocs(&cgroup);
	if (!load)
		return;
	snprintf(command, sizeof(command), "max=%lld", ALLOC_BUDGET * (long long)zwb_page_size);
	zwb_zero(run_without_memory(&delta, -1, command));
	zwb_between(delta.total.written, 1, ALLOC_BUDGET);
	if (delta.total.written < ALLOC_BUDGET)
		zwb_equal(delta.total.failed, load->pages - delta.total.written);
	zwb_equal(delta.total.scanned, delta.total.written + delta.total.failed);
	check_after_allocs(cgroup, &delta);
}

/*
 * Some allocations fail: no more pages than that have failed, all others are
 * written.
 *
 * Turns red when the first failure ends a command or takes a batch with it.
 */
static void some_allocations_fail(void)
{
	const char *cgroup;
	struct zwb_load *load;
	struct zwb_snap delta;

	load = load_for_allocs(&cgroup);
	if (!load)
		return;
	zwb_zero(run_without_memory(&delta, ALLOC_TIMES, "age=0"));
	zwb_between(delta.total.failed, 0, ALLOC_TIMES);
	zwb_equal(delta.total.written + delta.total.failed, load->pages);
	zwb_equal(delta.total.scanned, load->pages);
	check_after_allocs(cgroup, &delta);
}

/*
 * Some allocations fail under a limit: the limit is reached all the same.
 *
 * Turns red when the limit is charged for pages that got no memory.
 */
static void max_is_reached_in_spite_of_failed_allocations(void)
{
	const char *cgroup;
	struct zwb_snap delta;
	char command[64];

	if (!load_for_allocs(&cgroup))
		return;
	snprintf(command, sizeof(command), "max=%lld", ALLOC_BUDGET * (long long)zwb_page_size);
	zwb_zero(run_without_memory(&delta, ALLOC_TIMES, command));
	zwb_equal(delta.total.written, ALLOC_BUDGET);
	zwb_between(delta.total.failed, 0, ALLOC_TIMES);
	zwb_equal(delta.total.scanned, delta.total.written + delta.total.failed);
	check_after_allocs(cgroup, &delta);
}

/*
 * No memory for the command itself: it is refused, and has changed nothing.
 *
 * Turns red when a counter changes, when something is left behind that the next
 * command stumbles over, or when the kernel complains about it: a command that
 * userspace can repeat is no reason to.
 */
static void no_memory_to_begin_with(void)
{
	struct zwb_async async;
	struct zwb_snap before, delta;
	struct zwb_load *load;
	const char *cgroup;

	load = load_for_allocs(&cgroup);
	if (!load)
		return;
	zwb_snap(&before);
	if (!zwb_alloc_errors(0, -1) || !zwb_start(&async, ZWB_GLOBAL, 0, "age=0"))
		return;
	zwb_go(&async);
	zwb_equal(zwb_wait(&async), -ENOMEM);
	zwb_since(&delta, &before);
	if (!zwb_alloc_errors(0, 0))
		return;
	zwb_check_unchanged(&delta);
	zwb_zero(zwb_cgroup_key(cgroup, "memory.events", "oom_kill"));
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, load->pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(max_is_reached_in_spite_of_write_errors),
	ZWB_TEST(max_compressed_is_reached_in_spite_of_write_errors),
	ZWB_TEST(failed_page_stays_while_zswap_takes_none),
	ZWB_TEST_PAGES(failed_read_loses_nothing),
	ZWB_TEST_IMAGES(failed_read_loses_nothing),
	ZWB_TEST(no_memory_to_begin_with),
	ZWB_TEST(no_memory_at_all),
	ZWB_TEST(no_memory_at_all_under_a_limit),
	ZWB_TEST(some_allocations_fail),
	ZWB_TEST(max_is_reached_in_spite_of_failed_allocations),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
