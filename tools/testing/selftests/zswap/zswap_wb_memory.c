// SPDX-License-Identifier: GPL-2.0
/*
 * Writing back gives memory: what a command wrote is out of memory when it returns,
 * and what it needs meanwhile is charged to nobody.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define GIVE_BACK_PAGES		10000

/* What per-CPU stocks of charges may hide, on either side of a comparison. */
#define SLACK_PAGES		512

static long long swap_cache_pages(void)
{
	zwb_fold_vmstat();
	return zwb_vmstat_key("nr_swapcached");
}

/*
 * After a command the cgroup uses less memory, by what was released, the swap
 * cache has not grown by a single page, and the system has more free memory
 * than before.
 *
 * Turns red when the pages go by way of the swap cache and stay there until reclaim
 * comes by, as with both earlier attempts: then 10,000 pages cost 39 MB instead of
 * giving 11.
 */
static void gives_memory_back(void)
{
	long long current_before, current_after, free_before, free_after, cached_before;
	struct zwb_snap delta;
	const char *cgroup;

	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, GIVE_BACK_PAGES, ZWB_TEXT) ||
	    !zwb_memory_stat_is(cgroup, "swapcached", 0))
		return;
	cached_before = swap_cache_pages();
	free_before = zwb_free_pages();
	current_before = zwb_cgroup_number(cgroup, "memory.current");

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup)));

	current_after = zwb_cgroup_number(cgroup, "memory.current");
	zwb_equal(delta.total.written, GIVE_BACK_PAGES);
	zwb_equal(swap_cache_pages(), cached_before);
	free_after = zwb_free_pages();
	ksft_print_msg("%lld kB released: memory.current %+lld kB, free memory %+lld kB\n",
		       delta.total.released_bytes / 1024, (current_after - current_before) / 1024,
		       (free_after - free_before) * zwb_page_size / 1024);
	zwb_near(current_before - current_after, delta.total.released_bytes,
		 SLACK_PAGES * zwb_page_size);
	/* a part of what is free may be in pages that other objects use too */
	zwb_between((free_after - free_before) * zwb_page_size, delta.total.released_bytes / 2,
		    delta.total.released_bytes * 2);
	zwb_memory_stat_is(cgroup, "swapcached", 0);
}

/*
 * Not one folio is left in the swap cache, however small the command, on
 * whichever node.
 *
 * Turns red when any page goes by way of the swap cache.
 */
static void swap_cache_is_left_as_it_was(void)
{
	static const long long pages[] = { 1, 2, 15, 16, 31, 32, 33, 255, 256, 257, 700 };
	int nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	struct zwb_snap delta;
	long long before;
	size_t i;
	int n;

	for (n = 0; n < nr_nodes; n++) {
		if (!zwb_load(NULL, nodes[n], 2000, ZWB_TEXT))
			return;
		before = swap_cache_pages();
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			zwb_zero(zwb_run(&delta, nodes[n], "max=%lld", pages[i] * zwb_page_size));
			if (!zwb_equal(swap_cache_pages(), before))
				ksft_print_msg("after a command for %lld pages of node %d\n",
					       pages[i], nodes[n]);
		}
	}
}

static const char * const events[] = { "low", "high", "max", "oom", "oom_kill" };

static void read_events(const char *cgroup, long long *counts)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		counts[i] = zwb_cgroup_key(cgroup, "memory.events", events[i]);
}

/*
 * Set memory.max to what the cgroup uses, and run a command for it, which writes
 * @pages.  None of the events of the cgroup has happened.
 */
static void write_at_the_limit(const char *cgroup, const char *command, long long pages)
{
	long long before[ARRAY_SIZE(events)], after[ARRAY_SIZE(events)];
	struct zwb_snap delta;
	char limit[32];
	size_t i;

	snprintf(limit, sizeof(limit), "%lld", zwb_cgroup_number(cgroup, "memory.current"));
	if (!zwb_cgroup_set(cgroup, "memory.max", limit))
		return;
	read_events(cgroup, before);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu %s", zwb_cgroup_id(cgroup), command));
	read_events(cgroup, after);
	zwb_equal(delta.total.written, pages);
	zwb_zero(delta.total.failed);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!zwb_equal(after[i] - before[i], 0))
			ksft_print_msg("the event was %s\n", events[i]);
	}
	zwb_cgroup_set(cgroup, "memory.max", "max");
}

/*
 * A cgroup at its memory.max can be written back: a command writes all that is
 * old, and what it needs for that is not charged to the cgroup.
 *
 * Turns red when the pages that a command needs are charged to the cgroup that
 * it works for: then these run into the limit, and have reclaim store young pages to
 * make room for old ones.
 */
static void cgroup_at_its_limit(void)
{
	struct zwb_load *old;
	const char *cgroup;

	/* to set the limit may push out what has been used meanwhile */
	zwb_allow_other_swapout();
	cgroup = zwb_cgroup(NULL, "cgroup");
	old = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 3000, ZWB_TEXT) : NULL;
	if (!old)
		return;
	zwb_wait_age(old, 2);
	if (zwb_load_resident(cgroup, 2000, false))
		write_at_the_limit(cgroup, "age=2", old->pages);
}

/*
 * The same with memory that cannot be reclaimed.
 *
 * Turns red when pages fail for want of a charge, or when one invokes the OOM killer.
 */
static void cgroup_at_its_limit_with_locked_memory(void)
{
	struct zwb_load *old;
	const char *cgroup;

	zwb_allow_other_swapout();
	cgroup = zwb_cgroup(NULL, "cgroup");
	old = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 2000, ZWB_TEXT) : NULL;
	if (old && zwb_load_resident(cgroup, 2000, true))
		write_at_the_limit(cgroup, "age=0", old->pages);
}

/*
 * Pages that their owner reads while commands write them are right, every time.
 *
 * Turns red when an entry is erased although a folio has been loaded from it
 * meanwhile, or written after its slot was freed and used again.
 */
static void pages_under_concurrent_swapin(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;

	load = zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT);
	if (!load)
		return;
	zwb_allow_other_swapout();
	zwb_snap(&before);
	if (!zwb_load_churn(load, 6))
		return;
	while (zwb_load_busy(load)) {
		int err = zwb_run(NULL, ZWB_GLOBAL, "age=0");

		if (err && err != -EAGAIN) {
			zwb_zero(err);
			break;
		}
	}
	if (!zwb_load_finish(load))
		return;
	zwb_since(&delta, &before);
	if (delta.total.written < load->pages / 4)
		zwb_fail("only %lld pages were written meanwhile: this tested nothing",
			 delta.total.written);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(gives_memory_back),
	ZWB_TEST(swap_cache_is_left_as_it_was),
	ZWB_TEST(cgroup_at_its_limit),
	ZWB_TEST(cgroup_at_its_limit_with_locked_memory),
	ZWB_TEST(pages_under_concurrent_swapin),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
