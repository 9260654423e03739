// SPDX-License-Identifier: GPL-2.0
/*
 * Two of the three rules that keep data right while pages are in flight to the disk: a page
 * is launched once, and a swap-out to its slot waits until it has landed. For the third,
 * that the shrinker leaves it alone, see zswap_wb_inject.
 *
 * The disk takes so long that each step happens at a known time: no luck is needed
 * to meet a page in flight.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define RACE_PAGES		64
#define RACE_FLIGHT_US		700000
/* half of it is enough to load all pages, but for a machine that is not there for a while */
#define REWRITE_FLIGHT_US	900000
#define REWRITE_LOADED_NS	(REWRITE_FLIGHT_US * 1000LL / 2)
/* fewer than reclaim collects before it sends them */
#define BESIDE_PAGES		16
/* more than half of the slots that the smallest disk has */
#define RACE_REUSED		150
#define RACE_COMMANDS		4
#define RACE_SHARED_PAGES	1024
#define RACE_ROUNDS		3
/* a swap-out waits for five seconds, by ticks */
#define PUT_OFF_MIN_MS		4900
#define PUT_OFF_MS		7500
/* and for that if it waits for as long as it takes */
#define DEAF_SECONDS		15
#define DEAF_MEGABYTES		64
#define DEAF_PAGES		16
#define DEAF_COMMANDS		3

/* what a command launches first is in flight for most of a second */
static const struct zwb_disk_spec slow = {
	.pages = 16384,
	.latency_us = RACE_FLIGHT_US,
};

static const struct zwb_disk_spec slower = {
	.pages = 16384,
	.latency_us = REWRITE_FLIGHT_US,
};

/* one that is always behind, with requests that nobody waits for very long */
static const struct zwb_disk_spec busy = {
	.pages = 16384,
	.latency_us = 20000,
	.depth = 2,
};

/*
 * one that has no room for all pages of a test and for what these were before; a request for each
 * page does not wait for another one
 */
static const struct zwb_disk_spec small = {
	.pages = 256,
	.latency_us = RACE_FLIGHT_US,
	.depth = 256,
};

static void clean_caches(void)
{
	zwb_write_string("/proc/sys/vm/compact_memory", "1");
	zwb_write_string("/proc/sys/vm/drop_caches", "1");
}

/* All pages out of memory and then back, from wherever they are. */
static bool survived(struct zwb_pages *pages, unsigned int version)
{
	clean_caches();
	return zwb_pages_are(pages, version);
}

/* --- a page is launched once --- */

static void check_launched_once(void)
{
	struct zwb_async command[RACE_COMMANDS];
	struct zwb_snap before, delta;
	long long on_disk;
	int started, good = 0, err, i;

	on_disk = zwb_disk_written();
	for (started = 0; started < RACE_COMMANDS; started++) {
		if (!zwb_start(&command[started], ZWB_GLOBAL, 0, "age=0"))
			break;
	}
	zwb_snap(&before);
	for (i = 0; i < started; i++)
		zwb_go(&command[i]);
	for (i = 0; i < started; i++) {
		err = zwb_wait(&command[i]);
		good += !err;
		if (err != -EAGAIN)
			zwb_zero(err);
	}
	zwb_since(&delta, &before);
	ksft_print_msg("%d of %d commands wrote; %lld pages written, %lld busy, %lld gone\n",
		       good, started, delta.total.written, delta.total.skipped_busy,
		       delta.total.skipped_gone);
	zwb_equal(delta.total.written, RACE_SHARED_PAGES);
	zwb_equal(zwb_disk_written() - on_disk, RACE_SHARED_PAGES);
	zwb_equal(delta.stored, -RACE_SHARED_PAGES);
	zwb_zero(delta.total.failed);
}

/*
 * Several commands have chosen the same pages, and the disk is slow enough for
 * all of them to come to pages that others have in flight: each page is written
 * exactly once, and is right.
 *
 * Turns red when a fetch does not look whether another command has claimed the page: then it
 * lands twice, the second time in a slot that may be somebody else's. That a launch looks as
 * well is for KUnit: between the two somebody has to free the slot.
 */
static void page_is_launched_once(void)
{
	struct zwb_pages pages = { 0 };
	unsigned int round;

	if (zwb_disk_on(&busy) && zwb_disk_largest_request(16) &&
	    zwb_pages_map(&pages, ZWB_ANY_NODE, RACE_SHARED_PAGES)) {
		for (round = 1; round <= RACE_ROUNDS && !zwb_failed(); round++) {
			if (zwb_pages_store(&pages, round)) {
				check_launched_once();
				survived(&pages, round);
			}
		}
	}
	zwb_pages_unmap(&pages);
}

/* --- a swap-out waits --- */

/*
 * Read, rewrite and page out while the old content is in flight to the same slots; the time
 * that it took to read it.
 */
static long long check_rewrite_in_flight(struct zwb_pages *pages)
{
	unsigned long long old[RACE_PAGES], new[RACE_PAGES];
	long long begin, start, loaded, out;
	struct zwb_async command;
	int err, same = 0, i;

	if (!zwb_pages_store(pages, 1) || !zwb_pages_slots(pages, old))
		return -1;
	begin = zwb_now();
	if (!zwb_start_in_flight(&command))
		return -1;
	start = zwb_now();
	/* a page that is read first keeps its slot when it is written to */
	zwb_pages_read(pages);
	zwb_pages_fill(pages, 2);
	loaded = zwb_now() - start;
	/* so that the folios are clean of everybody, and are reclaimed at the first try */
	clean_caches();
	zwb_pages_out(pages);
	out = zwb_now() - begin;
	if (zwb_pages_slots(pages, new)) {
		for (i = 0; i < RACE_PAGES; i++)
			same += old[i] == new[i];
	}
	err = zwb_wait(&command);
	ksft_print_msg("rewritten after %lld ms, paged out after %lld ms, %d to the same slots\n",
		       loaded / ZWB_NS_PER_MS, out / ZWB_NS_PER_MS, same);
	/* who pages it out waits: what was in flight has landed */
	zwb_between(out, REWRITE_FLIGHT_US * 1000LL, LLONG_MAX);
	zwb_equal(same, RACE_PAGES);
	if (err != -EAGAIN)
		zwb_zero(err);
	zwb_disk_wait_for_landing();

	/* the new content is in zswap: from there to the disk, and back from it */
	zwb_run(NULL, ZWB_GLOBAL, "age=0");
	zwb_zero(zwb_stored());
	survived(pages, 2);
	return loaded;
}

/*
 * A page in flight is loaded from zswap, rewritten, and paged out to the same slot:
 * that waits until the old content has landed, and what is read in the end is
 * the new one.
 *
 * Turns red when the swap-out does not wait: the old content lands last, or the
 * new entry is taken for the old one and erased.  And when who loads a page waits for the disk,
 * in each of some rounds.
 */
static void swap_out_waits_for_the_landing(void)
{
	long long loaded = LLONG_MAX;
	struct zwb_pages pages = { 0 };
	int i;

	if (zwb_disk_on(&slower) && zwb_pages_map(&pages, ZWB_ANY_NODE, RACE_PAGES)) {
		for (i = 0; i < RACE_ROUNDS && loaded > REWRITE_LOADED_NS && !zwb_failed(); i++)
			loaded = check_rewrite_in_flight(&pages);
		zwb_between(loaded, 0, REWRITE_LOADED_NS);
	}
	zwb_pages_unmap(&pages);
}

/* The same with zswap switched off meanwhile: the new content goes to the disk itself. */
static void check_rewrite_past_zswap(struct zwb_pages *pages)
{
	struct zwb_async command;
	long long begin;

	if (!zwb_pages_store(pages, 1))
		return;
	begin = zwb_now();
	if (!zwb_start_in_flight(&command))
		return;
	zwb_pages_read(pages);
	zwb_pages_fill(pages, 2);
	clean_caches();
	if (zwb_param_set("enabled", "N"))
		zwb_pages_out(pages);
	zwb_between(zwb_now() - begin, RACE_FLIGHT_US * 1000LL, LLONG_MAX);
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	zwb_zero(zwb_stored());
	survived(pages, 2);
}

/*
 * Turns red when only swap-outs that zswap takes wait: two writes to one slot are in
 * flight, and the older one may be the last.
 */
static void swap_out_past_zswap_waits_as_well(void)
{
	struct zwb_pages pages = { 0 };

	zwb_allow_other_swapout();
	if (zwb_disk_on(&slow) && zwb_pages_map(&pages, ZWB_ANY_NODE, RACE_PAGES))
		check_rewrite_past_zswap(&pages);
	zwb_pages_unmap(&pages);
}

/* As reclaim does it, and not page by page; some may stay. */
static void page_out_at_once(struct zwb_pages *pages)
{
	if (madvise(pages->mem, pages->nr * zwb_page_size, MADV_PAGEOUT))
		zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
}

/*
 * Pages that have never been swapped out, with some between them whose first one is in flight: so
 * some are before that, whichever end reclaim begins with. Returns how long after the launch
 * they were on their way, or 0 if the machine was too slow.
 */
static long long page_out_beside_others(struct zwb_pages *all)
{
	struct zwb_pages middle = {
		.mem = all->mem + BESIDE_PAGES * zwb_page_size,
		.nr = BESIDE_PAGES,
	};
	struct zwb_async command;
	long long begin, ready, writes, out;

	if (!zwb_pages_store(&middle, 1))
		return -1;
	begin = zwb_now();
	if (!zwb_start_in_flight(&command))
		return -1;
	zwb_pages_read(&middle);
	zwb_pages_fill(all, 2);
	clean_caches();
	zwb_param_set("enabled", "N");
	ready = zwb_now() - begin;
	page_out_at_once(all);
	writes = zwb_disk_in_flight();
	out = zwb_now() - begin;
	ksft_print_msg("sent after %lld ms, with %lld writes in flight\n", out / ZWB_NS_PER_MS,
		       writes);
	if (out < REWRITE_FLIGHT_US * 1000LL)
		zwb_between(writes, 2, LLONG_MAX);
	zwb_param_set("enabled", "Y");
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	survived(all, 2);
	return ready < slower.latency_us * 1000 / 2 ? out : 0;
}

/* Is this what says of a disk that nobody has waited for it? */
static bool is_quick(long long out, const struct zwb_disk_spec *disk)
{
	return out > 0 && out < disk->latency_us * 1000;
}

static void check_quick(long long out, const struct zwb_disk_spec *disk)
{
	if (!out)
		zwb_late("what was in flight had landed before there was a swap-out");
	else
		zwb_between(out, 1, disk->latency_us * 1000 - 1);
}

/*
 * Who has swapped out others, and not yet sent these to the disk, does not wait: they are under
 * writeback, so that somebody may wait for them who has nothing to do with what is in flight.
 *
 * Turns red when reclaim sleeps with writes that the disk has not got.
 */
static void swap_out_with_others_in_hand_is_put_off(void)
{
	const long long nr = 3 * BESIDE_PAGES, table = zwb_page_size * zwb_page_size / 8;
	struct zwb_pages pages = { 0 }, all = { .nr = nr };
	long long out = 0;
	int i;

	/* what counts requests came with what collects pages for them */
	if (zwb_vmstat_key("nrswpout") < 0) {
		zwb_skip("needs a reclaim that collects what it swaps out");
		return;
	}
	zwb_allow_other_swapout();
	/* reclaim has those of one page table, and of one node, in hand together */
	if (!zwb_disk_on(&slower) || !zwb_pages_map(&pages, 0, 2 * nr))
		return;
	all.mem = pages.mem;
	if ((uintptr_t)all.mem / table != (uintptr_t)(all.mem + nr * zwb_page_size - 1) / table)
		all.mem += nr * zwb_page_size;
	for (i = 0; i < RACE_ROUNDS && !is_quick(out, &slower) && !zwb_failed(); i++) {
		out = page_out_beside_others(&all);
		madvise(all.mem, nr * zwb_page_size, MADV_DONTNEED);
	}
	check_quick(out, &slower);
	zwb_pages_unmap(&pages);
}

/* Free pages in flight, so that their slots may be given to others, who write at once. */
static void check_reuse_in_flight(struct zwb_pages *old, struct zwb_pages *new)
{
	unsigned long long old_slots[RACE_REUSED], new_slots[RACE_REUSED], first = ~0ULL;
	struct zwb_async command;
	int reused = 0, i;
	long long begin;

	if (!zwb_pages_store(old, 1) || !zwb_pages_slots(old, old_slots))
		return;
	begin = zwb_now();
	if (!zwb_start_in_flight(&command))
		return;
	zwb_pages_unmap(old);
	if (!zwb_param_set("enabled", "N"))
		return;
	zwb_pages_fill(new, 2);
	zwb_pages_out(new);
	zwb_between(zwb_now() - begin, small.latency_us * 1000, LLONG_MAX);
	/* what is in flight at first is the page with the first slot */
	for (i = 0; i < RACE_REUSED; i++)
		first = old_slots[i] < first ? old_slots[i] : first;
	if (zwb_pages_slots(new, new_slots)) {
		for (i = 0; i < RACE_REUSED; i++)
			reused += new_slots[i] == first;
	}
	zwb_equal(reused, 1);
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	survived(new, 2);
}

/*
 * The slot of a page in flight is freed and given to another page: what lands
 * late does not harm it.
 *
 * Turns red when a free slot is forgotten to be in flight.  The device has room for little
 * more than one of the two, so that slots must be used again.
 */
static void freed_slot_is_used_again(void)
{
	struct zwb_pages old = { 0 }, new = { 0 };

	zwb_allow_other_swapout();
	if (zwb_disk_on(&small) && zwb_pages_map(&old, ZWB_ANY_NODE, RACE_REUSED) &&
	    zwb_pages_map(&new, ZWB_ANY_NODE, RACE_REUSED))
		check_reuse_in_flight(&old, &new);
	zwb_pages_unmap(&old);
	zwb_pages_unmap(&new);
}

/* The same with shared memory. Returns what page_out_beside_others() does. */
static long long page_out_shared_to_a_slot_in_flight(struct zwb_pages *old, struct zwb_pages *new)
{
	struct zwb_async command;
	long long begin, ready, out, i;

	if (!zwb_pages_store(old, 1))
		return -1;
	begin = zwb_now();
	if (!zwb_start_in_flight(&command))
		return -1;
	zwb_pages_unmap(old);
	zwb_param_set("enabled", "N");
	zwb_pages_fill(new, 2);
	clean_caches();
	ready = zwb_now() - begin;
	/* one by one: reclaim has no others in hand */
	for (i = 0; i < new->nr; i++)
		madvise(new->mem + i * zwb_page_size, zwb_page_size, MADV_PAGEOUT);
	out = zwb_now() - begin;
	zwb_param_set("enabled", "Y");
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	survived(new, 2);
	return ready < small.latency_us * 1000 / 2 ? out : 0;
}

/*
 * A page of shared memory that gets such a slot stays in memory at once: while it is on its way to
 * swap nothing keeps its file, which may go, and then it has nowhere to come back to.
 *
 * Turns red when it waits, as others do.
 */
static void shared_page_is_put_off_at_once(void)
{
	struct zwb_pages old = { 0 }, new = { .nr = RACE_REUSED };
	const size_t size = RACE_REUSED * zwb_page_size;
	long long out = 0;
	int i;

	zwb_allow_other_swapout();
	for (i = 0; i < RACE_ROUNDS && !is_quick(out, &small) && !zwb_failed(); i++) {
		/* one whose slots are handed out from the first one on */
		if (!zwb_disk_on(&small) || !zwb_pages_map(&old, ZWB_ANY_NODE, RACE_REUSED))
			break;
		new.mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			       0);
		if (new.mem == MAP_FAILED) {
			zwb_fail("mmap: %s", strerror(errno));
			break;
		}
		out = page_out_shared_to_a_slot_in_flight(&old, &new);
		zwb_pages_unmap(&new);
		zwb_pages_unmap(&old);
		zwb_disk_off();
	}
	check_quick(out, &small);
	zwb_pages_unmap(&old);
}

/* Page out what is in flight in another version, and what is not; how long that takes. */
static void page_out_in_flight(struct zwb_pages *pages)
{
	long long begin, out;

	zwb_pages_read(pages);
	zwb_pages_fill(pages, 2);
	clean_caches();
	begin = zwb_now();
	page_out_at_once(pages);
	out = (zwb_now() - begin) / ZWB_NS_PER_MS;
	ksft_print_msg("put off after %lld ms\n", out);
	zwb_between(out, PUT_OFF_MIN_MS, PUT_OFF_MS);
}

static void check_put_off(struct zwb_pages *pages, const char *cgroup)
{
	struct zwb_async command[DEAF_COMMANDS];
	pid_t release;
	int i;

	if (!zwb_pages_store(pages, 1))
		return;
	for (i = 0; i < DEAF_COMMANDS; i++) {
		if (!zwb_start(&command[i], ZWB_GLOBAL, 0, "age=0"))
			return;
	}
	release = zwb_mapped_hold_for(DEAF_SECONDS);
	if (release < 0)
		return;
	/* each has another page in flight, since the device has not answered to any of them */
	for (i = 0; i < DEAF_COMMANDS; i++) {
		zwb_go(&command[i]);
		zwb_wait_until_it_waits(&command[i], ZWB_WAIT_MS);
	}
	if (!zwb_failed())
		page_out_in_flight(pages);
	zwb_mapped_let_go(release);
	for (i = 0; i < DEAF_COMMANDS; i++)
		zwb_land(&command[i]);
	/* what was put off goes out now, to where the old copies have landed */
	if (zwb_pages_reclaim(pages, cgroup) && zwb_write_pages(DEAF_PAGES))
		survived(pages, 2);
}

/*
 * A disk that does not answer: a swap-out does not wait for ever, as what it waits for may wait
 * for it in turn. The page stays in memory, with what it has, and goes out once the old copy
 * has landed.
 *
 * Turns red when the swap-out waits for as long as it takes, or for each page anew, or not at all,
 * or goes on all the same.
 */
static void swap_out_is_put_off(void)
{
	const char *cgroup = zwb_cgroup(NULL, "deaf");
	struct zwb_pages pages = { 0 };

	/* its pages can be reclaimed when they are mapped no longer */
	if (cgroup && zwb_mapped_on("linear", "", DEAF_MEGABYTES) && zwb_cgroup_enter(cgroup) &&
	    zwb_pages_map(&pages, ZWB_ANY_NODE, DEAF_PAGES))
		check_put_off(&pages, cgroup);
	zwb_cgroup_enter(NULL);
	zwb_pages_unmap(&pages);
	zwb_mapped_off();
}

static const struct zwb_test tests[] = {
	ZWB_TEST(page_is_launched_once),
	ZWB_TEST(swap_out_waits_for_the_landing),
	ZWB_TEST(swap_out_past_zswap_waits_as_well),
	ZWB_TEST(swap_out_with_others_in_hand_is_put_off),
	ZWB_TEST(freed_slot_is_used_again),
	ZWB_TEST(shared_page_is_put_off_at_once),
	ZWB_TEST(swap_out_is_put_off),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
