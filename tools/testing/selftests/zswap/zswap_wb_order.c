// SPDX-License-Identifier: GPL-2.0
/*
 * Coldest first: under a limit nothing from a warmer age bucket is written
 * while something from a colder one is left in the scope, wherever it is.
 *
 * The first edge between buckets is at 30 s.  This program waits that long
 * once, for all its tests: the cold loads are stored in the setup, the warm
 * ones after the wait, and each test goes over a part of them of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define BUCKET_EDGE		30
#define COLD_PAGES		600
#define WARM_PAGES		500

/**
 * struct scope - cold and warm entries that one test looks at
 * @top: the cgroup that is the scope
 * @cold_cgroup: where the cold ones are
 * @warm_cgroup: where the warm ones are
 * @cold_node: node of the cold ones
 * @warm_node: node of the warm ones
 * @content: of both
 * @cold: the cold ones
 * @warm: the warm ones
 */
struct scope {
	const char *top;
	const char *cold_cgroup;
	const char *warm_cgroup;
	int cold_node;
	int warm_node;
	enum zwb_content content;
	struct zwb_load *cold;
	struct zwb_load *warm;
};

static struct scope across_cgroups, across_nodes, behind, by_bytes, with_errors, whole_system;
static struct scope * const scopes[] = {
	&across_cgroups, &across_nodes, &behind, &by_bytes, &with_errors, &whole_system,
};

static int first_node, second_node;

static bool scope_cgroups(struct scope *scope, const char *name, bool two)
{
	scope->top = zwb_cgroup(NULL, name);
	scope->cold_cgroup = scope->top;
	scope->warm_cgroup = scope->top;
	if (scope->top && two) {
		/* the warm one comes first in any walk */
		scope->warm_cgroup = zwb_cgroup(scope->top, "a_warm");
		scope->cold_cgroup = zwb_cgroup(scope->top, "b_cold");
	}
	return scope->cold_cgroup && scope->warm_cgroup;
}

static bool scope_cold(struct scope *scope)
{
	scope->cold = zwb_load(scope->cold_cgroup, scope->cold_node, COLD_PAGES, scope->content);
	return scope->cold;
}

static bool scope_warm(struct scope *scope)
{
	scope->warm = zwb_load(scope->warm_cgroup, scope->warm_node, WARM_PAGES, scope->content);
	return scope->warm;
}

static void setup(void)
{
	size_t i;

	if (!zwb_need_two_nodes(&first_node, &second_node))
		return;
	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		scopes[i]->cold_node = first_node;
		scopes[i]->warm_node = first_node;
	}
	across_nodes.cold_node = second_node;
	by_bytes.content = ZWB_NOISE;
	if (!scope_cgroups(&across_cgroups, "cgroups", true) ||
	    !scope_cgroups(&across_nodes, "nodes", false) ||
	    !scope_cgroups(&behind, "behind", false) ||
	    !scope_cgroups(&by_bytes, "bytes", true) ||
	    !scope_cgroups(&with_errors, "errors", true) ||
	    !scope_cgroups(&whole_system, "system", true))
		return;
	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (!scope_cold(scopes[i]))
			return;
	}
	ksft_print_msg("letting pages grow old for %d s\n", BUCKET_EDGE + 1);
	zwb_wait_age(scopes[ARRAY_SIZE(scopes) - 1]->cold, BUCKET_EDGE);
	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (!scope_warm(scopes[i]))
			return;
	}
}

/* Look where the pages of a scope are; this takes them out of zswap. */
static void expect_written(struct scope *scope, long long want_cold, long long want_warm)
{
	long long disk, zswap;

	if (!zwb_still_younger(scope->warm, BUCKET_EDGE))
		return;
	if (zwb_load_where(scope->cold, &disk, &zswap)) {
		zwb_equal(disk, want_cold);
		zwb_equal(zswap, COLD_PAGES - want_cold);
	}
	if (zwb_load_where(scope->warm, &disk, &zswap)) {
		zwb_equal(disk, want_warm);
		zwb_equal(zswap, WARM_PAGES - want_warm);
	}
}

static void write_pages(struct scope *scope, long long pages, struct zwb_snap *delta)
{
	zwb_zero(zwb_run(delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(scope->top),
			 pages * zwb_page_size));
	zwb_equal(delta->total.written, pages);
}

/*
 * Cold entries in one cgroup, warm ones in another that comes before it in the
 * walk.
 *
 * Turns red when the cgroups are visited one after the other, each with what is
 * left of the budget.
 */
static void coldest_first_across_cgroups(void)
{
	struct scope *scope = &across_cgroups;
	struct zwb_snap delta;

	write_pages(scope, 1, &delta);
	write_pages(scope, COLD_PAGES - 101, &delta);
	zwb_memory_stat_is(scope->warm_cgroup, "zswpwb_proactive", 0);
	zwb_memory_stat_is(scope->cold_cgroup, "zswpwb_proactive", COLD_PAGES - 100);
	/* the last cold ones, then warm ones */
	write_pages(scope, 150, &delta);
	expect_written(scope, COLD_PAGES, 50);
}

/*
 * Cold entries on the second node, warm ones on the first, in one cgroup.
 *
 * Turns red when the nodes are visited one after the other.
 */
static void coldest_first_across_nodes(void)
{
	struct scope *scope = &across_nodes;
	struct zwb_snap delta;

	write_pages(scope, COLD_PAGES - 100, &delta);
	zwb_equal(delta.node[second_node].written, COLD_PAGES - 100);
	zwb_zero(delta.node[first_node].written);
	write_pages(scope, 150, &delta);
	zwb_equal(delta.node[second_node].written, 100);
	zwb_equal(delta.node[first_node].written, 50);
	expect_written(scope, COLD_PAGES, 50);
}

/*
 * Cold entries behind warm ones on the same list, where the shrinker has put
 * them when it gave them their second chance.
 *
 * Turns red when the order of the list is taken for the order of age, so that
 * the walk stops at the first young entry or writes what comes first.
 */
static void coldest_first_behind_warm_ones(void)
{
	struct scope *scope = &behind;
	struct zwb_snap delta;

	if (!zwb_need_shrinker_debugfs())
		return;
	zwb_allow_other_writeback();
	if (!zwb_shrinker_scan(scope->top, first_node, COLD_PAGES))
		return;
	write_pages(scope, COLD_PAGES - 50, &delta);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=%d", zwb_cgroup_id(scope->top),
			 BUCKET_EDGE));
	zwb_equal(delta.total.written, 50);
	zwb_equal(delta.total.skipped_young, WARM_PAGES);
	expect_written(scope, COLD_PAGES, 0);
}

/*
 * The same with a limit of compressed bytes.
 *
 * Turns red when only `max` keeps the order.
 */
static void coldest_first_by_compressed_bytes(void)
{
	struct scope *scope = &by_bytes;
	struct zwb_snap delta;

	if (!zwb_need_incompressible())
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max_compressed=%lld type=incompressible",
			 zwb_cgroup_id(scope->top), 400LL * zwb_page_size));
	zwb_equal(delta.total.written, 400);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max_compressed=%lld",
			 zwb_cgroup_id(scope->top), 300LL * zwb_page_size));
	zwb_equal(delta.total.written, 300);
	expect_written(scope, COLD_PAGES, 100);
}

/*
 * Some cold pages cannot be written: others as cold are, in their place.
 *
 * Turns red when what failed pages give back of the limit goes to a warmer
 * bucket while there is something left in theirs.
 */
static void coldest_first_in_spite_of_write_errors(void)
{
	struct scope *scope = &with_errors;
	struct zwb_snap delta;
	int err;

	if (!zwb_need_write_errors() || !zwb_write_errors(1))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(scope->top),
		      COLD_PAGES / 2LL * zwb_page_size);
	if (!zwb_write_errors(0))
		return;
	zwb_zero(err);
	zwb_equal(delta.total.written, COLD_PAGES / 2);
	zwb_between(delta.total.failed, 1, COLD_PAGES / 2);
	expect_written(scope, COLD_PAGES / 2, 0);
}

/*
 * A global command with a limit, and then one by node, over the only loads that
 * are left by now.
 *
 * Turns red when the order is kept within a subtree, but not over the whole
 * system.
 */
static void coldest_first_in_the_whole_system(void)
{
	struct scope *scope = &whole_system;
	struct zwb_snap delta;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (scopes[i] == scope)
			continue;
		zwb_load_stop(scopes[i]->cold);
		zwb_load_stop(scopes[i]->warm);
	}
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", (COLD_PAGES - 100LL) * zwb_page_size));
	zwb_equal(delta.total.written, COLD_PAGES - 100);
	zwb_zero(zwb_run(&delta, first_node, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(delta.total.written, 100);
	expect_written(scope, COLD_PAGES, 0);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(coldest_first_across_cgroups),
	ZWB_TEST(coldest_first_across_nodes),
	ZWB_TEST(coldest_first_behind_warm_ones),
	ZWB_TEST(coldest_first_by_compressed_bytes),
	ZWB_TEST(coldest_first_in_spite_of_write_errors),
	ZWB_TEST(coldest_first_in_the_whole_system),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.setup = setup,
	};

	return zwb_main(&suite);
}
