// SPDX-License-Identifier: GPL-2.0
/*
 * A disk whose writes fail, all or some, and a machine that has no memory left.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_short.h"
#include "zswap_wb_table.h"

/* 40 MB */
#define BROKEN_PAGES		10240
#define BROKEN_LIMIT		"max=8M"
#define BROKEN_AGE		10
#define BROKEN_YOUNG		500
#define BROKEN_EDGES		"0 10 3600"

#define SOME_PAGES		8192
/* a bad piece in each so many pages of the disk, of so many pages */
#define SOME_EVERY		2048
#define SOME_BAD		4
/* what a request of the largest size takes with it, of bad pieces that lie across two */
#define SOME_REQUEST		256

#define SHORT_PAGES		6000
/* what a command may have of its own: 4.5 MiB */
#define OWN_KB			4608
/* and on a disk that fails, where a batch is one page: a fifth of it is used */
#define OWN_FAILING_KB		1024
#define MEMORY_ROUNDS		3

static const struct zwb_disk_spec broken = { .megabytes = 100, .badblocks = true };

/* --- all writes fail --- */

/* So many pages are in the buckets that are not the youngest, and so many in that. */
static bool ages_are(long long old, long long young)
{
	struct zwb_table table;

	return zwb_table_read(ZWB_GLOBAL, &table) &&
	       zwb_equal(zwb_table_sum(&table, 1, -1).pages, old) &&
	       zwb_equal(zwb_table_sum(&table, 0, 0).pages, young);
}

static struct zwb_load *old_load(void)
{
	struct zwb_load *load = zwb_load(NULL, ZWB_ANY_NODE, BROKEN_PAGES, ZWB_TEXT);

	if (!load)
		return NULL;
	zwb_wait_age(load, BROKEN_AGE);
	return ages_are(load->pages, 0) ? load : NULL;
}

/*
 * A command under a limit tries so much that it knows, and all is as before.  So it
 * is with one for old pages, of which there are enough, if there are young ones.
 */
static bool try_to_write(const struct zwb_load *load, long long young)
{
	struct zwb_snap delta;

	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, BROKEN_LIMIT " age=%d", young ? BROKEN_AGE : 0),
		  -EAGAIN);
	ksft_print_msg("%lld pages failed, %lld written, the disk got %lld\n", delta.total.failed,
		       delta.total.written, zwb_disk_written());
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	zwb_zero(delta.total.written);
	zwb_equal(delta.total.scanned, delta.total.failed + zwb_count_skipped(&delta.total));
	zwb_zero(delta.total.released_bytes);
	zwb_zero(delta.stored);
	return ages_are(load->pages, young);
}

/* On a disk whose writes can be made to fail, with ages that are old and young. */
static void on_broken_disk(void (*check)(void))
{
	if (!zwb_need_tables() || !zwb_edges_write(BROKEN_EDGES))
		return;
	if (zwb_disk_on(&broken))
		check();
	zwb_edges_restore();
}

static void check_disk_that_fails(void)
{
	struct zwb_load *load = old_load();
	int tries;

	if (!load || !zwb_disk_fail_writes(true))
		return;
	for (tries = 0; tries < 2; tries++)
		try_to_write(load, 0);
	/* nothing can be read from the disk either */
	zwb_expect_read(load, 0, load->pages);
}

/*
 * A disk all of whose writes fail is left alone after some batches: each page that was
 * tried is counted once, and all stay in zswap as old as they are, and can be
 * loaded from there.
 *
 * Turns red when what failed is given back to the limit and the whole pool is tried
 * (9,219 pages), or when failed pages are stored anew, and young.
 */
static void disk_that_fails_is_left_alone(void)
{
	on_broken_disk(check_disk_that_fails);
}

static struct zwb_load *young_load(void)
{
	return zwb_load(NULL, ZWB_ANY_NODE, BROKEN_YOUNG, ZWB_TEXT);
}

/* The disk works again, and a command for old pages writes these and no other. */
static void check_works_again(struct zwb_load *old, struct zwb_load *young)
{
	struct zwb_snap delta;

	if (!zwb_disk_fail_writes(false))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=%d", BROKEN_AGE));
	if (!zwb_still_younger(young, BROKEN_AGE))
		return;
	zwb_equal(delta.total.written, old->pages);
	zwb_equal(delta.total.skipped_young, BROKEN_YOUNG);
	zwb_zero(delta.total.failed);
	zwb_expect_read(old, old->pages, 0);
	zwb_expect_read(young, 0, BROKEN_YOUNG);
}

/* Young pages fail, and go back behind old ones; then all that is old enough is written. */
static void check_young_pages_that_fail(void)
{
	struct zwb_load *old = old_load(), *young = old ? young_load() : NULL;
	struct zwb_answer answer;

	if (!young || !zwb_disk_fail_writes(true))
		return;
	zwb_equal(zwb_ask(&answer, "bucket=0"), -EAGAIN);
	if (!zwb_still_younger(young, BROKEN_AGE))
		return;
	zwb_between(answer.failed, 1, ZWB_ERRORS_MAX);
	check_works_again(old, young);
}

/*
 * Pages that failed lie among others that are older, and hide nothing.
 *
 * Turns red when a command for old pages ends at a young one that is in front of them.
 */
static void young_pages_that_fail_hide_nothing(void)
{
	if (zwb_need_answers())
		on_broken_disk(check_young_pages_that_fail);
}

static void check_disk_that_works_again(void)
{
	struct zwb_load *old = old_load(), *young = old ? young_load() : NULL;

	if (!young || !zwb_disk_fail_writes(true))
		return;
	try_to_write(old, BROKEN_YOUNG);
	check_works_again(old, young);
}

/*
 * When the disk works again, the next command writes all that is old enough, and that
 * is what was so before.
 *
 * Turns red when a failure makes a page young, puts it behind younger ones in a list
 * that is said to be in order, so that no command finds it, or leaves a mark on the
 * device.
 */
static void disk_works_again(void)
{
	on_broken_disk(check_disk_that_works_again);
}

/* --- some writes fail --- */

/* Make or mend the bad pieces of the disk; reads fail there, too. */
static bool some_bad_blocks(char sign)
{
	const long long sectors = zwb_page_size / 512;
	long long page, last = broken.megabytes * 1024 * 1024 / zwb_page_size;
	char path[ZWB_PATH_MAX], range[64];
	bool good = true;

	snprintf(path, sizeof(path), "/sys/kernel/config/nullb/%s/badblocks", zwb_disk_name());
	for (page = SOME_EVERY / 2; page < last; page += SOME_EVERY) {
		snprintf(range, sizeof(range), "%c%lld-%lld", sign, page * sectors,
			 (page + SOME_BAD) * sectors - 1);
		good &= zwb_write_string(path, range);
	}
	return good;
}

static void check_some_writes_fail(void)
{
	const long long bad = SOME_PAGES / SOME_EVERY;
	struct zwb_snap delta;
	struct zwb_load *load;

	load = zwb_load(NULL, ZWB_ANY_NODE, SOME_PAGES, ZWB_TEXT);
	if (!load)
		return;
	if (some_bad_blocks('+')) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
		ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
			       delta.total.failed);
		zwb_between(delta.total.failed, bad, 2 * (bad + 1) * SOME_REQUEST);
		zwb_equal(delta.total.written + delta.total.failed, SOME_PAGES);
		zwb_equal(delta.total.scanned, SOME_PAGES);
		zwb_equal(delta.stored, -delta.total.written);
	}
	if (!some_bad_blocks('-') || zwb_failed())
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_zero(delta.total.failed);
	zwb_zero(zwb_stored());
	zwb_expect_read(load, load->pages, 0);
}

/*
 * Where only some writes fail, the others are done, the command goes on to the
 * end, and what has failed can be written by the next one.
 *
 * Turns red when one failure ends a command or has the device left alone, when
 * a page is tried twice, or when a page that failed is counted as written.
 */
static void some_writes_fail(void)
{
	if (zwb_disk_on(&broken))
		check_some_writes_fail();
}

/* --- memory --- */

/*
 * A command needs no more memory than its own pages, on however many nodes it
 * writes.
 *
 * Turns red when it allocates for all that it has in flight, once a node.
 */
static void command_needs_little_memory(void)
{
	struct zwb_async command;
	long long fell = LLONG_MAX;
	int node[2], err, i;

	if (!zwb_need_two_nodes(&node[0], &node[1]))
		return;
	/* others may take memory as well, but not in each round */
	for (i = 0; i < MEMORY_ROUNDS && fell > OWN_KB && !zwb_failed(); i++) {
		zwb_loads_verify();
		zwb_loads_stop();
		if (!zwb_load(NULL, node[0], SHORT_PAGES, ZWB_TEXT) ||
		    !zwb_load(NULL, node[1], SHORT_PAGES, ZWB_TEXT) ||
		    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
			return;
		sleep(1);
		fell = zwb_run_and_watch_memory(&command, &err);
		ksft_print_msg("free memory fell by %lld kB\n", fell);
		zwb_zero(err);
		zwb_zero(zwb_stored());
	}
	zwb_between(fell, 0, OWN_KB);
}

/*
 * When memory is nearly at an end a command works with what it can get, down to
 * one page at a time: it writes all, which is what gives memory, and ends.
 *
 * Turns red when it digs into the reserves, or fails what it has no memory for.
 */
static void command_works_when_memory_is_short(void)
{
	zwb_check_short_of_memory(SHORT_PAGES, OWN_KB);
	zwb_swap_empty();
}

/*
 * And when nothing can be written either, so that no memory comes back: it ends as on any
 * disk that fails, and leaves all pages where they are.
 *
 * Turns red when what has failed keeps memory, or when the whole pool is tried.
 */
static void disk_fails_while_memory_is_short(void)
{
	if (zwb_disk_on(&broken))
		zwb_check_short_of_memory_and_disk(SHORT_PAGES, OWN_FAILING_KB);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(disk_that_fails_is_left_alone),
	ZWB_TEST(disk_works_again),
	ZWB_TEST(young_pages_that_fail_hide_nothing),
	ZWB_TEST(some_writes_fail),
	ZWB_TEST(command_needs_little_memory),
	ZWB_TEST(command_works_when_memory_is_short),
	ZWB_TEST(disk_fails_while_memory_is_short),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
