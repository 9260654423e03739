// SPDX-License-Identifier: GPL-2.0
/*
 * A disk whose writes or reads fail, all or some, and a machine that has no memory left.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_short.h"
#include "zswap_wb_table.h"

/* 40 MB */
#define BROKEN_PAGES		10240
#define BROKEN_LIMIT		"max=8M"
/* where it is not what is said of 40 MB: more than a command under that limit tries */
#define BROKEN_FEWER_PAGES	4096
#define BROKEN_AGE		5
#define BROKEN_YOUNG		500
#define BROKEN_EDGES		"0 5 3600"

#define SOME_PAGES		8192
/* a bad piece in each so many pages of the disk, of so many pages */
#define SOME_EVERY		2048
#define SOME_BAD		4
/* what a request of the largest size takes with it, of bad pieces that lie across two */
#define SOME_REQUEST		256
/* of pages that can be mapped, which are the first bad ones, and what ends a little behind these */
#define FEW_PAGES		1000
#define FEW_BAD_FIRST		300
#define FEW_LIMIT		340
/* fewer than the failures after which a device is left alone */
#define OTHERS_BAD		4
/* enough for batches to grow, so that the bad ones are in one, which is the last */
#define OTHERS_GOOD		300
#define OTHERS_OLDER		2
#define OTHERS_YOUNGER		50
#define OTHERS_AGE		1

#define SHORT_PAGES		6000
/* what a command may have of its own: 4.5 MiB */
#define OWN_KB			4608
/* and on a disk that fails, where a batch is one page: a fifth of it is used */
#define OWN_FAILING_KB		1024
#define MEMORY_ROUNDS		3

/*
 * A disk that is written or read for some seconds, so that it can fail half-way; and what a
 * command may have on its way at most, and in each batch once one has failed.
 */
#define HALF_WAY_LATENCY_US	20000
#define HALF_WAY_REQUEST	16
#define HALF_WAY_PAGES		4096
#define HALF_WAY_DONE		1000
#define HALF_WAY_BATCH		(2 * 1024 * 1024)
#define HALF_WAY_FIRST_BATCH	(64 * 1024)

static const struct zwb_disk_spec broken = {
	.pages = 25600, .badblocks = true, .sectors = true,
};

static const struct zwb_disk_spec broken_half_way = {
	.pages = 25600, .latency_us = HALF_WAY_LATENCY_US, .depth = 1, .badblocks = true,
	.sectors = true,
};

/* --- all writes fail --- */

/* So many pages are in the buckets that are not the youngest, and so many in that. */
static bool ages_are(long long old, long long young)
{
	struct zwb_table table;

	return zwb_table_read(ZWB_GLOBAL, &table) &&
	       zwb_equal(zwb_table_sum(&table, 1, -1).pages, old) &&
	       zwb_equal(zwb_table_sum(&table, 0, 0).pages, young);
}

static struct zwb_load *old_load(long long pages)
{
	struct zwb_load *load = zwb_load(NULL, ZWB_ANY_NODE, pages, ZWB_TEXT);

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
	struct zwb_load *load = old_load(BROKEN_PAGES);
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
	struct zwb_load *old = old_load(BROKEN_FEWER_PAGES), *young = old ? young_load() : NULL;
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
	struct zwb_load *old = old_load(BROKEN_FEWER_PAGES), *young = old ? young_load() : NULL;

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

/* Make or mend a bad piece of the disk, from a page on; reads fail there, too. */
static bool bad_blocks(char sign, long long page, int nr)
{
	const long long sectors = zwb_page_size / 512;
	char path[ZWB_PATH_MAX], range[64];

	snprintf(path, sizeof(path), "/sys/kernel/config/nullb/%s/badblocks", zwb_disk_name());
	snprintf(range, sizeof(range), "%c%lld-%lld", sign, page * sectors,
		 (page + nr) * sectors - 1);
	return zwb_write_string(path, range);
}

/* The same with many of them, from a page on. */
static bool some_bad_blocks(char sign, long long first)
{
	long long page, last = broken.pages;
	bool good = true;

	for (page = first; page < last; page += SOME_EVERY)
		good &= bad_blocks(sign, page, SOME_BAD);
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
	if (some_bad_blocks('+', SOME_EVERY / 2)) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
		ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
			       delta.total.failed);
		zwb_between(delta.total.failed, bad, 2 * (bad + 1) * SOME_REQUEST);
		zwb_equal(delta.total.written + delta.total.failed, SOME_PAGES);
		zwb_equal(delta.total.scanned, SOME_PAGES);
		zwb_equal(delta.stored, -delta.total.written);
	}
	if (!some_bad_blocks('-', SOME_EVERY / 2) || zwb_failed())
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

static void check_limit_behind_a_failure(void)
{
	static unsigned char in_zswap[FEW_PAGES];
	struct zwb_snap delta;
	struct zwb_load *load;
	int node, last;

	/* one list, in order */
	load = zwb_nodes(&node, 1) ? zwb_load(NULL, node, FEW_PAGES, ZWB_TEXT) : NULL;
	if (!load || !some_bad_blocks('+', FEW_BAD_FIRST))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lldK",
			 FEW_LIMIT * (long long)zwb_page_size / 1024));
	some_bad_blocks('-', FEW_BAD_FIRST);
	if (!zwb_load_map(load, in_zswap))
		return;
	for (last = FEW_PAGES - 1; last && in_zswap[last]; last--)
		;
	ksft_print_msg("%lld of the first %d pages written, %lld failed\n", delta.total.written,
		       last + 1, delta.total.failed);
	zwb_equal(delta.total.written, FEW_LIMIT);
	zwb_between(delta.total.failed, 1, FEW_PAGES);
	zwb_equal(delta.total.failed, last + 1 - FEW_LIMIT);
}

/*
 * A command whose last pages fail takes others instead, until it has written what it may.
 *
 * Turns red when what has just failed is among those that are taken.
 */
static void limit_is_reached_behind_a_failure(void)
{
	if (zwb_disk_on(&broken))
		check_limit_behind_a_failure();
}

/* All writes to the slots of a load fail, or none. */
static bool bad_slots(const struct zwb_load *load, char sign)
{
	unsigned long long slots[OTHERS_BAD];
	bool good = zwb_load_slots(load, slots);
	int i;

	for (i = 0; good && i < OTHERS_BAD; i++)
		good = bad_blocks(sign, slots[i] >> ZWB_SLOT_TYPE_BITS, 1);
	return good;
}

static void check_failure_in_front_of_older_pages(void)
{
	struct zwb_load *good, *older, *bad, *younger;
	const char *cgroup;
	struct zwb_snap delta;
	int node;

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(&node, 1))
		return;
	cgroup = zwb_cgroup(NULL, "list");
	good = cgroup ? zwb_load(cgroup, node, OTHERS_GOOD, ZWB_TEXT) : NULL;
	older = good ? zwb_load(cgroup, node, OTHERS_OLDER, ZWB_TEXT) : NULL;
	if (!older)
		return;
	zwb_wait_age(older, OTHERS_AGE);
	bad = zwb_load(cgroup, node, OTHERS_BAD, ZWB_TEXT);
	/* the other ones go behind them */
	if (!bad || !zwb_shrinker_scan(cgroup, node, OTHERS_GOOD + OTHERS_OLDER))
		return;
	zwb_wait_age(bad, OTHERS_AGE);
	younger = zwb_load(cgroup, node, OTHERS_YOUNGER, ZWB_TEXT);
	if (!younger || !bad_slots(bad, '+'))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld",
			 (OTHERS_BAD + OTHERS_GOOD) * (long long)zwb_page_size));
	bad_slots(bad, '-');
	zwb_equal(delta.total.written, OTHERS_BAD + OTHERS_GOOD);
	zwb_equal(delta.total.failed, OTHERS_BAD);
}

/*
 * The same where the shrinker has put older pages behind those that fail: they go back to the
 * list, but to where the command has been already.
 *
 * Turns red when they go to where they belong by their age, and are taken again.
 */
static void failure_in_front_of_older_pages(void)
{
	if (zwb_disk_on(&broken))
		check_failure_in_front_of_older_pages();
}

/* --- reads fail --- */

static bool written_to(const struct zwb_disk_spec *disk, struct zwb_pages *pages, long long nr)
{
	return zwb_need_readback() && zwb_disk_on(disk) &&
	       zwb_pages_map(pages, ZWB_ANY_NODE, nr) && zwb_pages_store(pages, 1) &&
	       zwb_write_all(nr);
}

/* The disk works again: so many pages come back, and all are as they were, in zswap. */
static void check_reads_work_again(struct zwb_pages *pages, long long left)
{
	struct zwb_snap before, delta;

	zwb_zero(zwb_readback(&delta, "max=1G"));
	zwb_equal(delta.total.readback, left);
	zwb_equal(zwb_stored(), pages->nr);
	zwb_snap(&before);
	zwb_pages_are(pages, 1);
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.pswpin);
	zwb_zero(delta.total.refaulted);
	zwb_equal(delta.vm.zswpin, pages->nr);
}

/* A readback tries so much that it knows, and all is as before. */
static void try_to_read(const char *command)
{
	long long reads = zwb_disk_number(zwb_disk_name(), ZWB_DISK_READS);
	struct zwb_snap delta;

	zwb_equal(zwb_readback(&delta, "%s", command), -EAGAIN);
	reads = zwb_disk_number(zwb_disk_name(), ZWB_DISK_READS) - reads;
	ksft_print_msg("'%s': the disk was asked for %lld pages\n", command, reads);
	zwb_equal(reads, ZWB_ERRORS_MAX);
	zwb_zero(delta.total.failed);
	zwb_zero(delta.total.corrupted);
}

/*
 * A disk all of whose reads fail is left alone after some batches, of a page each: all pages stay
 * on it, each counted once, and come back when it works again.
 *
 * Turns red when the whole disk is tried, when what has failed is left recalled, so that no
 * later readback finds it, when it is taken for a page, or for an image that is damaged.
 */
static void disk_whose_reads_fail_is_left_alone(void)
{
	struct zwb_pages pages = { 0 };

	if (written_to(&broken, &pages, SOME_PAGES) && zwb_disk_fail_writes(true)) {
		try_to_read("max=1G");
		try_to_read(BROKEN_LIMIT);
		if (zwb_disk_fail_writes(false))
			check_reads_work_again(&pages, SOME_PAGES);
	}
	zwb_pages_unmap(&pages);
}

/* --- all fail from some time on --- */

/* Start a command, and have the disk fail when some pages were written or have come back. */
static bool fail_half_way(struct zwb_async *command, int node, const char *text,
			  const char *counter)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS, done, before;
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), ZWB_SYSFS "/stats/%s", counter);
	before = zwb_read_number(path);
	if (!zwb_start(command, node, 0, "%s", text))
		return false;
	zwb_go(command);
	do {
		zwb_pause();
		done = zwb_read_number(path) - before;
	} while (done < HALF_WAY_DONE && zwb_now() < deadline);
	return zwb_disk_fail_writes(true);
}

static void check_written_half_way(void)
{
	const long long batches = 2 * HALF_WAY_BATCH / zwb_page_size;
	const long long first_batches = ZWB_ERRORS_MAX * HALF_WAY_FIRST_BATCH / zwb_page_size;
	struct zwb_snap before, delta;
	struct zwb_async command;
	struct zwb_load *load;

	load = zwb_load(NULL, ZWB_ANY_NODE, HALF_WAY_PAGES, ZWB_TEXT);
	zwb_snap(&before);
	if (!load || !fail_half_way(&command, ZWB_GLOBAL, "age=0", "written"))
		return;
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_between(delta.total.written, HALF_WAY_DONE, HALF_WAY_PAGES * 3 / 4);
	zwb_between(delta.total.failed, ZWB_ERRORS_MAX, batches + first_batches);
	zwb_equal(delta.total.scanned, delta.total.written + delta.total.failed);
	zwb_equal(zwb_stored(), HALF_WAY_PAGES - delta.total.written);
	if (!zwb_disk_fail_writes(false) ||
	    !zwb_write_all(HALF_WAY_PAGES - delta.total.written))
		return;
	zwb_expect_read(load, HALF_WAY_PAGES, 0);
}

/*
 * A disk fails that has worked for a while: what is on its way then, and some small batches.
 *
 * Turns red when a device that has worked is never given up, or tried with large batches.
 */
static void disk_fails_while_it_is_written(void)
{
	if (zwb_disk_on(&broken_half_way) && zwb_disk_largest_request(HALF_WAY_REQUEST))
		check_written_half_way();
}

/* What is left on the disk is read, freed, or brought back: each page is counted for one. */
static void check_rest(struct zwb_pages *pages, const struct zwb_snap *before)
{
	const struct zwb_pages last = {
		.mem = pages->mem + pages->nr / 8 * 7 * zwb_page_size, .nr = pages->nr / 8,
	};
	struct zwb_pages middle = {
		.mem = last.mem - last.nr * zwb_page_size, .nr = last.nr,
	};
	struct zwb_snap delta;

	/* one by one, pages are slow to read: have all of them on their way */
	madvise(middle.mem, middle.nr * zwb_page_size, MADV_WILLNEED);
	zwb_pages_read(&middle);
	madvise(last.mem, last.nr * zwb_page_size, MADV_DONTNEED);
	zwb_readback(&delta, "max=1G");
	zwb_since(&delta, before);
	ksft_print_msg("%lld brought back, %lld refaulted, %lld dropped\n", delta.total.readback,
		       delta.total.refaulted, delta.total.dropped);
	zwb_zero(delta.total.on_disk);
	zwb_equal(delta.total.written,
		  delta.total.readback + delta.total.refaulted + delta.total.dropped);
	zwb_between(delta.total.refaulted, 1, middle.nr);
	zwb_between(delta.total.dropped, 1, last.nr);
	pages->nr -= last.nr;
	zwb_pages_are(pages, 1);
	pages->nr += last.nr;
}

static void check_half_way(struct zwb_pages *pages)
{
	struct zwb_snap before, delta;
	struct zwb_async command;

	zwb_snap(&before);
	if (!written_to(&broken_half_way, pages, HALF_WAY_PAGES) ||
	    !zwb_disk_largest_request(HALF_WAY_REQUEST) ||
	    !fail_half_way(&command, ZWB_READBACK, "max=1G", "readback"))
		return;
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages were brought back, %lld are on the disk\n",
		       delta.total.readback, delta.total.on_disk);
	zwb_between(delta.total.readback, HALF_WAY_DONE, HALF_WAY_PAGES * 3 / 4);
	zwb_equal(delta.total.on_disk, HALF_WAY_PAGES - delta.total.readback);
	zwb_equal(zwb_stored(), delta.total.readback);
	zwb_zero(delta.total.failed);
	if (zwb_disk_fail_writes(false))
		check_rest(pages, &before);
}

/*
 * A disk fails when a part has come back: that part stays, which is a success, and so does the
 * rest, on the disk.
 *
 * Turns red when an error that comes late takes what is there already, when it is said for the
 * whole command, or when a page is counted twice afterwards, or never.
 */
static void disk_fails_while_it_is_read(void)
{
	struct zwb_pages pages = { 0 };

	check_half_way(&pages);
	zwb_pages_unmap(&pages);
}

static void check_some_reads_fail(struct zwb_pages *pages)
{
	const long long bad = SOME_PAGES / SOME_EVERY;
	struct zwb_snap delta;
	long long left = SOME_PAGES;
	int tries;

	if (some_bad_blocks('+', SOME_EVERY / 2)) {
		for (tries = 0; tries < 2; tries++) {
			zwb_zero(zwb_readback(&delta, "max=1G"));
			left -= delta.total.readback;
			ksft_print_msg("%lld pages brought back, %lld are on the disk\n",
				       delta.total.readback, left);
			zwb_between(left, bad, 2 * bad * SOME_REQUEST);
			zwb_zero(delta.total.failed);
		}
	}
	if (some_bad_blocks('-', SOME_EVERY / 2) && !zwb_failed())
		check_reads_work_again(pages, left);
}

/*
 * Where only some reads fail, the other pages come back, the command goes on to the end, and what
 * has failed stays where it is, for the next one.
 *
 * Turns red when one failure ends a command or has the device left alone, or when the command's
 * memory for a page that has failed is no good for another page.
 */
static void some_reads_fail(void)
{
	struct zwb_pages pages = { 0 };

	if (written_to(&broken, &pages, SOME_PAGES))
		check_some_reads_fail(&pages);
	zwb_pages_unmap(&pages);
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
	ZWB_TEST(limit_is_reached_behind_a_failure),
	ZWB_TEST(failure_in_front_of_older_pages),
	ZWB_TEST(disk_fails_while_it_is_written),
	ZWB_TEST_PAGES(disk_whose_reads_fail_is_left_alone),
	ZWB_TEST_IMAGES(disk_whose_reads_fail_is_left_alone),
	ZWB_TEST_PAGES(disk_fails_while_it_is_read),
	ZWB_TEST_IMAGES(disk_fails_while_it_is_read),
	ZWB_TEST_PAGES(some_reads_fail),
	ZWB_TEST_IMAGES(some_reads_fail),
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
