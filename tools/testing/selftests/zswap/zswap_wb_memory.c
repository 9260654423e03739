// SPDX-License-Identifier: GPL-2.0
/*
 * Writing back gives memory: what a command wrote is not left behind in the
 * swap cache.
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
#define SLACK_KB		2048

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
 * Turns red when the written folios stay in the swap cache until reclaim comes
 * by, as with both earlier attempts: then 10,000 pages cost 39 MB instead of
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
	zwb_near(current_before - current_after, delta.total.released_bytes, SLACK_KB * 1024);
	/* a part of what is free may be in pages that other objects use too */
	zwb_between((free_after - free_before) * zwb_page_size, delta.total.released_bytes / 2,
		    delta.total.released_bytes * 2);
	zwb_memory_stat_is(cgroup, "swapcached", 0);
}

/*
 * Not one folio is left in the swap cache, however small the command, on
 * whichever node.
 *
 * Turns red when the folios that sit in the LRU batch of this or of another CPU
 * are left out, or the last batch of a command.
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

static long long oom_kills(const char *cgroup)
{
	return zwb_cgroup_key(cgroup, "memory.events", "oom_kill");
}

/* Set memory.max to what the cgroup uses; returns the number of OOM kills so far. */
static bool fill_to_the_limit(const char *cgroup, long long *kills)
{
	char limit[32];

	snprintf(limit, sizeof(limit), "%lld", zwb_cgroup_number(cgroup, "memory.current"));
	*kills = oom_kills(cgroup);
	return zwb_cgroup_set(cgroup, "memory.max", limit);
}

/*
 * A cgroup at its memory.max, with memory that reclaim could push out, can be
 * written back: a command, or a few, writes all that is old, and nobody is
 * killed.
 *
 * Turns red when the folios that a command needs are charged in a way that
 * fails or kills at the limit: a cgroup at its limit is what the command is
 * for.
 */
static void cgroup_at_its_limit(void)
{
	long long kills, written = 0;
	struct zwb_load *old;
	struct zwb_snap delta;
	const char *cgroup;
	int err, tries;

	/* reclaim within the cgroup stores more pages, and may write some past zswap */
	zwb_allow_other_swapout();
	cgroup = zwb_cgroup(NULL, "cgroup");
	old = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 3000, ZWB_TEXT) : NULL;
	if (!old)
		return;
	zwb_wait_age(old, 2);
	if (!zwb_load_resident(cgroup, 2000, false) || !fill_to_the_limit(cgroup, &kills))
		return;
	for (tries = 0; tries < 10 && written < old->pages; tries++) {
		err = zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=2 max=%lld",
			      zwb_cgroup_id(cgroup), (old->pages - written) * zwb_page_size);
		if (err && err != -EAGAIN)
			zwb_zero(err);
		written += delta.total.written;
	}
	zwb_equal(written, old->pages);
	zwb_equal(oom_kills(cgroup), kills);
	zwb_cgroup_set(cgroup, "memory.max", "max");
}

/*
 * The same with memory that cannot be reclaimed: the command may fail for want
 * of memory, page by page, but it comes back, nobody is killed and nothing is
 * lost.
 *
 * Turns red when a charge invokes the OOM killer.
 */
static void cgroup_at_its_limit_with_locked_memory(void)
{
	struct zwb_load *old;
	struct zwb_snap delta;
	const char *cgroup;
	long long kills;
	int err;

	zwb_allow_other_swapout();
	cgroup = zwb_cgroup(NULL, "cgroup");
	old = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 2000, ZWB_TEXT) : NULL;
	if (!old || !zwb_load_resident(cgroup, 2000, true) || !fill_to_the_limit(cgroup, &kills))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup));
	if (err && err != -EAGAIN)
		zwb_zero(err);
	ksft_print_msg("%lld of %lld pages written, %lld failed\n", delta.total.written,
		       old->pages, delta.total.failed);
	zwb_equal(oom_kills(cgroup), kills);
	zwb_cgroup_set(cgroup, "memory.max", "max");
}

/*
 * Pages that their owner reads while commands write them are right, every time.
 *
 * Turns red when a folio is taken out of the swap cache while it is in use,
 * when an entry is written after its slot was freed and used again, when a
 * folio is seen before its data is in it.
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
