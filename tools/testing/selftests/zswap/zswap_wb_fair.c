// SPDX-License-Identifier: GPL-2.0
/*
 * No cgroup and no node pays for another, and no command for the one before it.
 *
 * Two earlier attempts at proactive writeback, posted to linux-mm in May and
 * June 2026, are known to have failed each of these cases in one way or
 * another: these are the regression tests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define EMPTY_CGROUPS		20
#define EQUAL_CGROUPS		40
#define EQUAL_PAGES		200
#define EQUAL_BUDGET		2
/* of what one is to give with all of these, a third to three times */
#define EQUAL_COMMANDS		200
#define EQUAL_AGE		6
#define EQUAL_EDGES		"0 86400"
#define MAP_PAGES		256
#define MAP_EVICTED		64
#define MAP_OTHERS		100
#define MAP_WRITTEN		20

/*
 * A budget reaches the one full cgroup among twenty empty ones with the first
 * command, whether it is given to their parent or to the whole system.
 *
 * Turns red when visits to empty cgroups are counted as failures (one attempt
 * wrote nothing here, twice), or when a budget is divided among all cgroups.
 */
static void full_cgroup_among_empty_ones(void)
{
	const char *parent, *full = NULL;
	struct zwb_snap delta;
	char name[32];
	int i;

	parent = zwb_cgroup(NULL, "parent");
	if (!parent)
		return;
	for (i = 0; i <= EMPTY_CGROUPS; i++) {
		const char *child;

		snprintf(name, sizeof(name), "child%02d", i);
		child = zwb_cgroup(parent, name);
		if (!child)
			return;
		/* the last one but two, so that a walk in either direction meets empty ones */
		if (i == EMPTY_CGROUPS - 2)
			full = child;
	}
	if (!zwb_load(full, ZWB_ANY_NODE, 2000, ZWB_TEXT))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(parent),
			 256LL * zwb_page_size));
	zwb_equal(delta.total.written, 256);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 300LL * zwb_page_size));
	zwb_equal(delta.total.written, 300);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 1LL * zwb_page_size));
	zwb_equal(delta.total.written, 1);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, 2000 - 256 - 300 - 1);
}

/*
 * Fifty small commands in a row take as much from one child as from its equal.
 *
 * Turns red when each command starts at the same place with what it has (one
 * attempt took all 3,200 pages from the first child).
 */
static void equal_children_give_equally(void)
{
	const long long pages = 2000, budget = 16, commands = 50;
	const char *parent, *first, *second;
	struct zwb_load *load_first, *load_second;
	long long disk_first, disk_second, zswap;
	struct zwb_snap delta;
	int i;

	parent = zwb_cgroup(NULL, "parent");
	first = parent ? zwb_cgroup(parent, "first") : NULL;
	second = first ? zwb_cgroup(parent, "second") : NULL;
	load_first = second ? zwb_load(first, ZWB_ANY_NODE, pages, ZWB_TEXT) : NULL;
	load_second = load_first ? zwb_load(second, ZWB_ANY_NODE, pages, ZWB_TEXT) : NULL;
	if (!load_second)
		return;
	for (i = 0; i < commands; i++) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld",
				 zwb_cgroup_id(parent), budget * zwb_page_size));
		if (!zwb_equal(delta.total.written, budget))
			return;
	}
	if (!zwb_load_where(load_first, &disk_first, &zswap) ||
	    !zwb_load_where(load_second, &disk_second, &zswap))
		return;
	zwb_equal(disk_first + disk_second, budget * commands);
	zwb_near(disk_first, budget * commands / 2, budget * commands / 10);
	zwb_near(disk_second, budget * commands / 2, budget * commands / 10);
}

/* Store the pages of every second child, from one on. */
static bool load_every_second(const char **children, struct zwb_load **loads, int node, int i)
{
	for (; i < EQUAL_CGROUPS; i += 2) {
		loads[i] = zwb_load(children[i], node, EQUAL_PAGES, ZWB_TEXT);
		if (!loads[i])
			return false;
	}
	return true;
}

/*
 * Children of which every second one has pages that are old, and the others young ones. @begin:
 * the old ones were EQUAL_AGE seconds old then, and the young ones not there yet.
 */
static bool equal_children(const char *parent, struct zwb_load **loads, long long *begin)
{
	const char *children[EQUAL_CGROUPS];
	char name[32];
	int node, i;

	if (!zwb_nodes(&node, 1))
		return false;
	for (i = 0; i < EQUAL_CGROUPS; i++) {
		snprintf(name, sizeof(name), "child%02d", i);
		children[i] = zwb_cgroup(parent, name);
		if (!children[i])
			return false;
	}
	if (!load_every_second(children, loads, node, 0))
		return false;
	zwb_wait_age(loads[EQUAL_CGROUPS - 2], EQUAL_AGE);
	*begin = zwb_now();
	return load_every_second(children, loads, node, 1);
}

static void check_small_budgets(const char *parent)
{
	const long long each = EQUAL_BUDGET * EQUAL_COMMANDS / (EQUAL_CGROUPS / 2);
	struct zwb_load *loads[EQUAL_CGROUPS];
	struct zwb_snap delta;
	long long disk, zswap, begin;
	int i;

	if (!equal_children(parent, loads, &begin))
		return;
	for (i = 0; i < EQUAL_COMMANDS; i++) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=%lld max=%lld",
				 zwb_cgroup_id(parent),
				 EQUAL_AGE / 2 + (zwb_now() - begin) / ZWB_NS_PER_SEC,
				 EQUAL_BUDGET * (long long)zwb_page_size));
		if (!zwb_equal(delta.total.written, EQUAL_BUDGET))
			return;
	}
	for (i = 0; i < EQUAL_CGROUPS; i++) {
		if (!zwb_load_where(loads[i], &disk, &zswap) ||
		    !zwb_between(disk, i % 2 ? 0 : each / 3, i % 2 ? 0 : each * 3))
			return;
	}
}

/*
 * Many children, and commands that ask for less than one page of each: all that have old pages
 * give, in the long run as much as each other, also where their neighbours have young ones.
 *
 * Turns red when what is too little for all is always taken from the same ones, or when who
 * has nothing to give hands its part to its neighbour.
 */
static void small_budgets_go_round(void)
{
	const char *parent = zwb_cgroup(NULL, "parent");

	/* so that they don't get into another bucket one after the other */
	if (!parent || !zwb_need_tables() || !zwb_edges_write(EQUAL_EDGES))
		return;
	check_small_budgets(parent);
	zwb_edges_restore();
}

/*
 * Unequal children give in proportion to what they have, with one command.
 *
 * Turns red when each child gives the same, when a budget is rounded down or
 * up to batches for each child, or when the first one gives all.
 */
static void unequal_children_give_in_proportion(void)
{
	static const long long pages[] = { 500, 1000, 2500 };
	struct zwb_load *loads[ARRAY_SIZE(pages)];
	long long disk, zswap, total = 0;
	const long long budget = 800;
	const char *parent, *child;
	struct zwb_snap delta;
	int nodes[1];
	char name[32];
	size_t i;

	if (!zwb_nodes(nodes, 1))
		return;
	parent = zwb_cgroup(NULL, "parent");
	if (!parent)
		return;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		snprintf(name, sizeof(name), "child%zu", i);
		child = zwb_cgroup(parent, name);
		loads[i] = child ? zwb_load(child, nodes[0], pages[i], ZWB_TEXT) : NULL;
		if (!loads[i])
			return;
		total += pages[i];
	}
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(parent),
			 budget * zwb_page_size));
	zwb_equal(delta.total.written, budget);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!zwb_load_where(loads[i], &disk, &zswap))
			return;
		zwb_near(disk, budget * pages[i] / total, 2);
		zwb_equal(disk + zswap, pages[i]);
	}
}

/*
 * With the entries of a cgroup on two nodes, one to three, a budget is taken
 * from both in proportion, be it one large command or many small ones.
 *
 * Turns red when one node is emptied before the other is looked at (both
 * attempts took everything from node 0), or when both give the same although
 * one has three times as much.
 */
static void nodes_give_in_proportion(void)
{
	long long from_first = 0, from_second = 0;
	struct zwb_snap delta;
	const char *cgroup;
	int first, second, i;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, first, 1000, ZWB_TEXT) ||
	    !zwb_load(cgroup, second, 3000, ZWB_TEXT))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 400LL * zwb_page_size));
	zwb_equal(delta.total.written, 400);
	zwb_near(delta.node[first].written, 100, 8);
	zwb_near(delta.node[second].written, 300, 8);
	for (i = 0; i < 25; i++) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(cgroup),
				 16LL * zwb_page_size));
		from_first += delta.node[first].written;
		from_second += delta.node[second].written;
	}
	zwb_equal(from_first + from_second, 400);
	zwb_near(from_first, 100, 30);
	zwb_near(from_second, 300, 30);
}

/*
 * A command that finds nothing old enough changes nothing for the next one:
 * that writes all there is.
 *
 * Turns red when a fruitless walk rotates entries or leaves a cursor behind (in
 * one attempt the next unlimited command wrote 5,632 of 38,400 pages and called
 * it a success).
 */
static void fruitless_command_leaves_no_trace_for_the_next(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;
	int i;

	load = zwb_load(NULL, ZWB_ANY_NODE, 6000, ZWB_TEXT);
	if (!load)
		return;
	for (i = 0; i < 3; i++) {
		zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d max=%lld", 100LL * zwb_page_size),
			  -EAGAIN);
		zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
		zwb_equal(delta.total.skipped_young, load->pages);
	}
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, load->pages);
	zwb_zero(zwb_stored());
}

/* Let the shrinker evict some pages; with or without fruitless commands before it. */
static bool evict(const char *cgroup, int node, bool commands, unsigned char *in_zswap)
{
	struct zwb_load *load = zwb_load(cgroup, node, MAP_PAGES, ZWB_TEXT);
	struct zwb_snap before, delta;
	bool good;

	if (!load)
		return false;
	if (commands) {
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1d"), -EAGAIN);
		zwb_equal(zwb_run(NULL, node, "age=1h max=1M"), -EAGAIN);
		if (zwb_has_incompressible())
			zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "type=incompressible"), -EAGAIN);
	}

	/* the first visit takes the second chance away from every entry, and writes nothing */
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, MAP_PAGES))
		return false;
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpwb);
	if (commands)
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=1d max_compressed=1M",
				  zwb_cgroup_id(cgroup)), -EAGAIN);
	/* the next one writes what it visits */
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, MAP_EVICTED))
		return false;
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpwb, MAP_EVICTED);
	zwb_zero(delta.vm.zswpwb_proactive);
	good = zwb_load_map(load, in_zswap);
	zwb_load_verify(load);
	zwb_load_stop(load);
	return good;
}

/* Has the shrinker evict without and with a command before it, and compares what it took. */
static void expect_same_evictions(bool (*evictions)(const char *cgroup, int node, bool commands,
						    unsigned char *in_zswap))
{
	unsigned char without[MAP_PAGES], with[MAP_PAGES];
	int i, nodes[1], differences = 0, evicted = 0;
	const char *cgroup;

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !evictions(cgroup, nodes[0], false, without) ||
	    !evictions(cgroup, nodes[0], true, with))
		return;
	for (i = 0; i < MAP_PAGES; i++) {
		evicted += !without[i];
		differences += without[i] != with[i];
	}
	zwb_equal(evicted, MAP_EVICTED);
	zwb_zero(differences);
}

/*
 * A command that finds nothing changes nothing for the shrinker: it gives every
 * entry its second chance exactly once, and then evicts the very same pages as
 * without the command.
 *
 * Turns red when a walk rotates entries, clears the referenced bit or sets it.
 */
static void fruitless_command_leaves_no_trace_for_the_shrinker(void)
{
	expect_same_evictions(evict);
}

/*
 * Let the shrinker evict the others and some more; with or without commands
 * that write a part of the others before it.
 */
static bool evict_after_others(const char *cgroup, int node, bool commands,
			       unsigned char *in_zswap)
{
	struct zwb_load *others, *load;
	struct zwb_snap before, delta;
	long long written = 0;
	bool good;

	/* they come first in the list, and can be told from the rest by a command */
	others = zwb_load(cgroup, node, MAP_OTHERS, ZWB_NOISE);
	load = others ? zwb_load(cgroup, node, MAP_PAGES, ZWB_TEXT) : NULL;
	if (!load)
		return false;
	if (commands) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "type=incompressible max=%lld",
				 MAP_WRITTEN * (long long)zwb_page_size));
		zwb_equal(delta.total.written, MAP_WRITTEN);
		written += MAP_WRITTEN;
	}

	/* as in evict() */
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, MAP_OTHERS + MAP_PAGES - written))
		return false;
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpwb);
	if (commands) {
		zwb_zero(zwb_run(&delta, node, "type=incompressible max_compressed=%lld",
				 MAP_WRITTEN * (long long)zwb_page_size));
		zwb_equal(delta.total.written, MAP_WRITTEN);
		written += MAP_WRITTEN;
	}
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, MAP_OTHERS - written + MAP_EVICTED))
		return false;
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpwb, MAP_OTHERS - written + MAP_EVICTED);
	good = zwb_load_map(load, in_zswap);
	zwb_load_verify(load);
	zwb_load_verify(others);
	zwb_load_stop(load);
	zwb_load_stop(others);
	return good;
}

/*
 * A command that writes a part of a list changes nothing for the rest: the
 * shrinker still gives each entry its second chance once, and then evicts the
 * same pages as without the command.
 *
 * Turns red when a walk that writes rotates the entries that it passes over,
 * gives them back in another order after it has had them off the list, or
 * changes their referenced bit.
 */
static void partial_command_leaves_the_order_of_the_rest(void)
{
	if (zwb_need_incompressible())
		expect_same_evictions(evict_after_others);
}

/*
 * The referenced bit protects nothing from a command, and a command that writes
 * a part of the entries leaves the bits of the others alone: the shrinker then
 * gives each of them its second chance.
 *
 * Turns red when fresh entries are left out (one attempt's first 75 commands
 * wrote nothing), or when the walk clears the bits of entries that it does not
 * write.
 */
static void referenced_bit_neither_protects_nor_changes(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;
	const char *cgroup;
	int nodes[1];

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, nodes[0], 1000, ZWB_TEXT) : NULL;
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(delta.total.written, 100);
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, nodes[0], load->pages - 100))
		return;
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpwb);
	zwb_zero(delta.stored);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, load->pages - 100);
}

/*
 * The first command on a pool that was just filled writes what it was asked
 * for, all of it.
 *
 * Turns red when the second chance delays a command, or when the length of a
 * walk is bounded.
 */
static void first_command_on_a_fresh_pool_writes(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	load = zwb_load(NULL, ZWB_ANY_NODE, 10000, ZWB_TEXT);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 1000LL * zwb_page_size));
	zwb_equal(delta.total.written, 1000);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, load->pages - 1000);
	zwb_equal(delta.total.scanned, load->pages - 1000);
}

/*
 * One unlimited command writes everything of several cgroups on several nodes.
 *
 * Turns red when a walk ends early: after a number of entries, at the first
 * list that it could not empty, at the end of the first cgroup.
 */
static void age_zero_writes_everything(void)
{
	static const long long pages[] = { 1, 33, 129, 600, 1500, 2500 };
	int nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	const char *parent, *cgroup;
	struct zwb_snap delta;
	long long total = 0;
	char name[32];
	size_t i;

	parent = zwb_cgroup(NULL, "parent");
	if (!parent)
		return;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		snprintf(name, sizeof(name), "child%zu", i);
		cgroup = zwb_cgroup(parent, name);
		if (!cgroup || !zwb_load(cgroup, nodes[i % nr_nodes], pages[i], ZWB_TEXT))
			return;
		total += pages[i];
	}
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, total);
	zwb_equal(delta.total.scanned, total);
	zwb_zero(zwb_stored());
}

/*
 * The smallest budgets are kept: one page is one page, sixteen are sixteen.
 *
 * Turns red when a budget is rounded up to a batch (one attempt wrote 16 and
 * 128).
 */
static void smallest_budgets_are_kept(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;
	int i;

	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!load)
		return;
	for (i = 0; i < 5; i++) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%ld", zwb_page_size));
		zwb_equal(delta.total.written, 1);
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%ld", 16 * zwb_page_size));
		zwb_equal(delta.total.written, 16);
	}
	if (zwb_page_size == 4096) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=4K"));
		zwb_equal(delta.total.written, 1);
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=64K"));
		zwb_equal(delta.total.written, 16);
	}
}

/*
 * No entry is older than the machine is up: such an age is -EAGAIN like any
 * other that nothing has reached, however large it is.
 *
 * Turns red when it is a success (in one attempt), when now - age wraps to a
 * time in the future, or when an age is cut to 32 bits.
 */
static void age_beyond_uptime(void)
{
	struct timespec up;
	struct zwb_snap delta;
	struct zwb_load *load;

	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load)
		return;
	clock_gettime(CLOCK_BOOTTIME, &up);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=%lld", (long long)up.tv_sec + 3600), -EAGAIN);
	zwb_equal(delta.total.skipped_young, load->pages);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=10000d"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, load->pages);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=2147483648"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, load->pages);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=4294967296"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, load->pages);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=18446744073709551615"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, load->pages);
	zwb_zero(delta.stored);
}

/*
 * A command that wrote all there was is a success, although its limit was not
 * reached.
 *
 * Turns red when a limit is taken for a target (one attempt said -EAGAIN after
 * 38,336 pages).
 */
static void limit_not_reached_is_a_success(void)
{
	struct zwb_snap delta;

	if (!zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=1G"));
	zwb_equal(delta.total.written, 500);
	if (!zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max_compressed=1G"));
	zwb_equal(delta.total.written, 300);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(full_cgroup_among_empty_ones),
	ZWB_TEST(equal_children_give_equally),
	ZWB_TEST(small_budgets_go_round),
	ZWB_TEST(unequal_children_give_in_proportion),
	ZWB_TEST(nodes_give_in_proportion),
	ZWB_TEST(fruitless_command_leaves_no_trace_for_the_next),
	ZWB_TEST(fruitless_command_leaves_no_trace_for_the_shrinker),
	ZWB_TEST(partial_command_leaves_the_order_of_the_rest),
	ZWB_TEST(referenced_bit_neither_protects_nor_changes),
	ZWB_TEST(first_command_on_a_fresh_pool_writes),
	ZWB_TEST(age_zero_writes_everything),
	ZWB_TEST(smallest_budgets_are_kept),
	ZWB_TEST(age_beyond_uptime),
	ZWB_TEST(limit_not_reached_is_a_success),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
