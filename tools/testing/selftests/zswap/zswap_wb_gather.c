// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on many lists at once: those of siblings, of several levels of the
 * hierarchy, and of several nodes.  And on none that has anything for them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define EMPTY_CGROUPS		200
#define EMPTY_PAGES		600
#define EMPTY_BUDGET		100

/* half of the pages are more than fit into a window, see ZSWAP_WB_WINDOW_MAX */
#define TURN_CGROUPS		8
#define TURN_PAGES		1024
/*
 * Pages of a block request, at least: a hundred where the disk is quick, fewer where it is slow.
 * Batches that do not grow are of 64 KiB, or of two pages.
 */
#define TURN_REQUEST		(zwb_page_size < 65536 ? 20 : 4)

/* more than ZSWAP_WB_LANES in the kernel */
#define TREE_SIBLINGS		18
#define TREE_LEAVES		3
#define TREE_LISTS		(1 + TREE_SIBLINGS + 1 + TREE_LEAVES)
#define TREE_BUDGET		700

#define FEW_PAGES		60
#define MANY_PAGES		(100 * FEW_PAGES)
#define KEPT_PAGES		20

#define INTERRUPT_PAGES		4000
#define INTERRUPT_TRIES		3
#define ERROR_PAGES		1500
#define ERROR_TIMES		3

/*
 * What is not looked at is counted all the same.  Each list costs one look, in each
 * of two passes if there is a limit: it is in order, and the first entry is too young.
 */
static void expect_no_look(int lists, int passes, long long young, long long kept,
			   const char *command)
{
	struct zwb_watch watch;

	zwb_equal(zwb_watch(&watch, "%s", command), -EAGAIN);
	zwb_between(watch.looked, lists, lists * passes);
	zwb_equal(watch.answer.skipped_young, young);
	zwb_equal(watch.answer.skipped_protected, kept);
	zwb_equal(watch.answer.scanned, young + kept);
	zwb_equal(watch.answer.coldest_left, -1);
	if (zwb_failed())
		ksft_print_msg("the command was '%s'\n", command);
}

/* Pages are on two nodes, half of them on each; those that are kept are on the first. */
static void expect_no_look_at(long long pages, int second, const char *cgroup)
{
	char by_node[64], by_cgroup[64];

	snprintf(by_node, sizeof(by_node), "age=1h node=%d", second);
	snprintf(by_cgroup, sizeof(by_cgroup), "cgroup=%llu age=1h", zwb_cgroup_id(cgroup));
	expect_no_look(3, 1, pages, KEPT_PAGES, "age=1h");
	expect_no_look(3, 2, pages, KEPT_PAGES, "age=1h max=1M");
	expect_no_look(3, 2, pages, KEPT_PAGES, "max_compressed=1M age=1h");
	expect_no_look(3, 1, pages, KEPT_PAGES, "bucket=5-12");
	expect_no_look(1, 1, pages / 2, 0, by_node);
	expect_no_look(2, 1, pages, 0, by_cgroup);
}

/*
 * A command that asks for an age which nothing has looks at one entry of each list,
 * be there 60 or 6,000; it counts them all the same.
 *
 * Turns red when a list that is in order is walked on (ZSWAP_WB_VISIT_LAST is never
 * said), when a limit costs a pass for each bucket that is empty, when what was not
 * looked at is not counted, or counted as young although it is protected.
 */
static void nothing_old_enough_costs_nothing(void)
{
	const char *cgroup, *kept;
	int first, second;

	if (!zwb_need_watch() || !zwb_need_two_nodes(&first, &second))
		return;
	kept = zwb_cgroup(NULL, "kept");
	cgroup = kept ? zwb_cgroup(NULL, "cgroup") : NULL;
	if (!cgroup || !zwb_cgroup_set(kept, "memory.zswap.writeback", "0") ||
	    !zwb_load(kept, first, KEPT_PAGES, ZWB_TEXT) ||
	    !zwb_load(cgroup, first, FEW_PAGES / 2, ZWB_TEXT) ||
	    !zwb_load(cgroup, second, FEW_PAGES / 2, ZWB_TEXT))
		return;
	expect_no_look_at(FEW_PAGES, second, cgroup);
	if (!zwb_load(cgroup, first, (MANY_PAGES - FEW_PAGES) / 2, ZWB_TEXT) ||
	    !zwb_load(cgroup, second, (MANY_PAGES - FEW_PAGES) / 2, ZWB_TEXT))
		return;
	expect_no_look_at(MANY_PAGES, second, cgroup);
}

/* Returns what the command looked at. */
static long long write_budget(void)
{
	struct zwb_watch watch;

	zwb_zero(zwb_watch(&watch, "max=%lld", EMPTY_BUDGET * (long long)zwb_page_size));
	zwb_equal(watch.answer.written, EMPTY_BUDGET);
	zwb_equal(watch.answer.scanned, EMPTY_BUDGET);
	zwb_between(watch.answer.coldest_left, 0, 60);
	return watch.looked;
}

/*
 * Two hundred empty cgroups around a full one: a command looks at as much as
 * without them, and its whole budget goes to the full one.
 *
 * Turns red when cgroups without entries get a part of the budget, or when a look at
 * the head of a list that was never made is counted or worse.
 */
static void empty_cgroups_cost_nothing(void)
{
	const char *parent, *full, *inner;
	long long alone, among;
	char name[32];
	int i;

	if (!zwb_need_watch())
		return;
	parent = zwb_cgroup(NULL, "parent");
	full = parent ? zwb_cgroup(parent, "full") : NULL;
	if (!full || !zwb_load(full, ZWB_ANY_NODE, EMPTY_PAGES, ZWB_TEXT))
		return;
	alone = write_budget();

	/* half of them beside it, half of them one level below, where a walk begins */
	inner = zwb_cgroup(parent, "inner");
	for (i = 0; inner && i < EMPTY_CGROUPS; i++) {
		snprintf(name, sizeof(name), "empty%d", i);
		if (!zwb_cgroup(i % 2 ? inner : parent, name))
			return;
	}
	if (!inner)
		return;
	among = write_budget();
	zwb_equal(among, alone);
	zwb_between(among, EMPTY_BUDGET, EMPTY_BUDGET + EMPTY_BUDGET / 5);
	zwb_write_all(EMPTY_PAGES - 2 * EMPTY_BUDGET);
}

/* Check that the pages were stored in turn: else there is nothing to put together. */
static bool slots_interleave(const struct zwb_load *load)
{
	static unsigned long long slots[TURN_PAGES];
	int i, neighbours = 0;

	if (!zwb_load_slots(load, slots))
		return false;
	for (i = 1; i < TURN_PAGES; i++)
		neighbours += ZWB_SLOT_OFFSET(slots[i]) == ZWB_SLOT_OFFSET(slots[i - 1]) + 1;
	return zwb_between(neighbours, 0, TURN_PAGES / TURN_CGROUPS);
}

static void expect_large_requests(const struct zwb_snap *delta, long long pages)
{
	zwb_equal(delta->total.written, pages);
	ksft_print_msg("%lld pages in %lld requests\n", delta->total.written, delta->disk_writes);
	zwb_between(delta->disk_writes, 1, pages / TURN_REQUEST);
}

/*
 * Pages of eight cgroups that were stored in turn have their slots in turn. A
 * command writes neighbours together, whosever they are: with a limit, which
 * each cgroup gives its part of, and without.
 *
 * Turns red when one list is written after the other (ZSWAP_WB_LANES is 1), when
 * what was drawn from them is not sorted by slot (no sort() before
 * writeback), or when each lane is drawn from until the window is full: then two or fewer
 * pages are a request.  Also when batches stay as small as the first ones.
 */
static void siblings_that_stored_in_turn_are_written_together(void)
{
	struct zwb_load *loads[TURN_CGROUPS];
	const char *parent, *child;
	struct zwb_snap delta;
	char name[32];
	int i;

	/* it does not hand on the io controller: else no request has pages of two of them */
	parent = zwb_cgroup(NULL, "parent");
	if (!parent)
		return;
	for (i = 0; i < TURN_CGROUPS; i++) {
		snprintf(name, sizeof(name), "child%d", i);
		child = zwb_cgroup(parent, name);
		loads[i] = child ? zwb_load_resident(child, TURN_PAGES, false) : NULL;
		if (!loads[i])
			return;
	}
	if (!zwb_loads_in_turn(loads, TURN_CGROUPS))
		return;
	for (i = 0; i < TURN_CGROUPS; i++) {
		if (!slots_interleave(loads[i]))
			return;
	}
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld",
			 TURN_CGROUPS * TURN_PAGES / 2LL * zwb_page_size));
	expect_large_requests(&delta, TURN_CGROUPS * TURN_PAGES / 2);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	expect_large_requests(&delta, TURN_CGROUPS * TURN_PAGES / 2);
	zwb_zero(zwb_stored());
}

/**
 * struct tree - cgroups on three levels, each with entries of its own
 * @total: entries in all of them
 * @nr: cgroups
 * @cgroup: their paths
 * @pages: their entries
 * @node: of which all are on one node
 * @nodes: the nodes that they are on in turn
 */
struct tree {
	long long total;
	int nr;
	const char *cgroup[TREE_LISTS];
	long long pages[TREE_LISTS];
	int node[TREE_LISTS];
	int nodes[2];
};

/* A cgroup whose children come later must not keep its process. */
static const char *tree_add(struct tree *tree, const char *parent, const char *name,
			    long long pages)
{
	int node = tree->nodes[tree->nr % 2];
	const char *cgroup = zwb_cgroup(parent, name);
	struct zwb_load *load;

	load = cgroup ? zwb_load(cgroup, node, pages, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return NULL;
	tree->cgroup[tree->nr] = cgroup;
	tree->node[tree->nr] = node;
	tree->pages[tree->nr++] = pages;
	tree->total += pages;
	return cgroup;
}

static bool tree_make(struct tree *tree)
{
	const char *top, *middle = NULL;
	char name[32];
	int i;

	memset(tree, 0, sizeof(*tree));
	if (!zwb_need_two_nodes(&tree->nodes[0], &tree->nodes[1]))
		return false;
	top = tree_add(tree, NULL, "top", 90);
	if (!top)
		return false;
	for (i = 0; i < TREE_SIBLINGS; i++) {
		snprintf(name, sizeof(name), "sibling%d", i);
		if (!tree_add(tree, top, name, 30 + 7 * i))
			return false;
		/* amid its siblings */
		if (i == TREE_SIBLINGS / 2) {
			middle = tree_add(tree, top, "middle", 70);
			if (!middle)
				return false;
		}
	}
	for (i = 0; i < TREE_LEAVES; i++) {
		snprintf(name, sizeof(name), "leaf%d", i);
		if (!tree_add(tree, middle, name, 50 * (i + 1)))
			return false;
	}
	return true;
}

/*
 * Twenty-three lists, nineteen of them of siblings, on three levels, on two nodes:
 * a limited command takes from each in proportion to its size, an unlimited one
 * takes all.
 *
 * Turns red when siblings beyond the sixteenth are left out or end a pass (a
 * list is lost that was found while all lanes were open), when a level is missed or
 * visited twice, when the parts go level by level, or when a lane is given its part
 * of what others have been given already (@left is not made less).
 */
static void many_lists_on_several_levels(void)
{
	struct zwb_cgroup_table table = { 0 };
	struct zwb_watch watch;
	struct zwb_snap delta;
	struct tree tree;
	int i;

	if (!zwb_need_watch() || !zwb_need_tables() || !tree_make(&tree))
		return;
	zwb_zero(zwb_watch(&watch, "cgroup=%llu max=%lld", zwb_cgroup_id(tree.cgroup[0]),
			   TREE_BUDGET * (long long)zwb_page_size));
	zwb_equal(watch.answer.written, TREE_BUDGET);
	zwb_equal(watch.answer.scanned, TREE_BUDGET);
	zwb_between(watch.looked, TREE_BUDGET, TREE_BUDGET * 6 / 5);
	zwb_between(watch.answer.coldest_left, 0, 60);
	if (zwb_cgroup_table_read(&table)) {
		for (i = 0; i < tree.nr; i++) {
			struct zwb_row left = zwb_cgroup_table_sum(&table,
					zwb_cgroup_id(tree.cgroup[i]), tree.node[i], -1);

			zwb_near(tree.pages[i] - left.pages,
				 TREE_BUDGET * tree.pages[i] / tree.total, 2);
		}
	}
	zwb_cgroup_table_free(&table);

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, tree.total - TREE_BUDGET);
	zwb_equal(delta.total.scanned, tree.total - TREE_BUDGET);
	zwb_zero(zwb_stored());
}

/* A command in a process on one CPU, and so of one node. */
static int run_on_cpu(struct zwb_snap *delta, int cpu, const char *command)
{
	struct zwb_async async;
	struct zwb_snap before;
	int err;

	if (!zwb_start(&async, ZWB_GLOBAL, 0, "%s", command))
		return -ECHILD;
	zwb_run_on_cpu(async.pid, cpu);
	zwb_snap(&before);
	zwb_go(&async);
	err = zwb_wait(&async);
	zwb_since(delta, &before);
	return err;
}

/* Every counter of the system is the sum of those of the two nodes, and they add up. */
static void expect_sums(const struct zwb_snap *delta, int first, int second)
{
	const struct zwb_counts *one = &delta->node[first], *other = &delta->node[second];
	const struct zwb_counts *total = &delta->total;

	zwb_equal(total->scanned, one->scanned + other->scanned);
	zwb_equal(total->written, one->written + other->written);
	zwb_equal(total->released_bytes, one->released_bytes + other->released_bytes);
	zwb_equal(total->failed, one->failed + other->failed);
	zwb_equal(one->scanned, one->written + one->failed + zwb_count_skipped(one));
	zwb_equal(other->scanned, other->written + other->failed + zwb_count_skipped(other));
	zwb_equal(delta->vm.zswpwb_proactive, total->written);
	zwb_equal(delta->stored, -total->written);
}

/*
 * One command on two nodes that both have more than one batch: whichever of the
 * two its process is on, all is written, and counted where it was.
 *
 * Turns red when a batch with pages of both nodes counts for one of them, or for
 * the node of the caller, or when a batch that is in the air at the end is not added
 * (zswap_wb_window_land() for one of the two only).
 */
static void both_nodes_at_once(void)
{
	static const char * const commands[] = { "age=0", "max=1G", "max_compressed=1G" };
	const long long pages[] = { 800, 600 };
	struct zwb_load *loads[2];
	struct zwb_watch watch;
	struct zwb_snap delta;
	int nodes[2], cpu;
	size_t i;

	if (!zwb_need_watch() || !zwb_need_two_nodes(&nodes[0], &nodes[1]) ||
	    !zwb_need_two_cpus())
		return;
	loads[0] = zwb_load(NULL, nodes[0], pages[0], ZWB_TEXT);
	loads[1] = loads[0] ? zwb_load(NULL, nodes[1], pages[1], ZWB_TEXT) : NULL;
	if (!loads[1])
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (cpu = 0; cpu < 2; cpu++) {
			zwb_zero(run_on_cpu(&delta, cpu, commands[i]));
			zwb_equal(delta.node[nodes[0]].written, pages[0]);
			zwb_equal(delta.node[nodes[1]].written, pages[1]);
			zwb_equal(delta.total.scanned, pages[0] + pages[1]);
			expect_sums(&delta, nodes[0], nodes[1]);
			if (zwb_failed()) {
				ksft_print_msg("'%s' on CPU %d\n", commands[i], cpu);
				return;
			}
			if (!zwb_load_touch(loads[0], 0, pages[0]) ||
			    !zwb_load_touch(loads[1], 0, pages[1]) ||
			    !zwb_load_pageout(loads[0]) || !zwb_load_pageout(loads[1]))
				return;
		}
	}
	zwb_zero(zwb_watch(&watch, "age=0"));
	zwb_equal(watch.answer.written, pages[0] + pages[1]);
	zwb_equal(watch.looked, pages[0] + pages[1]);
	zwb_equal(watch.answer.coldest_left, -1);
}

/* Send a signal to a command that writes on two nodes; -errno, and what it did until then. */
static int interrupt(struct zwb_snap *delta, int signal)
{
	struct zwb_async async;
	struct zwb_snap before;
	long long signalled;
	bool writing;
	int err;

	if (!zwb_start(&async, ZWB_GLOBAL, 0, "age=0"))
		return -ECHILD;
	zwb_snap(&before);
	zwb_go(&async);
	writing = zwb_wait_for_writeback(before.vm.zswpwb);
	signalled = zwb_now();
	kill(async.pid, writing ? signal : SIGKILL);
	err = zwb_wait(&async);
	zwb_wait_for_what_is_left(signalled);
	zwb_since(delta, &before);
	return err;
}

static void check_interrupt(int signal, int want)
{
	struct zwb_load *loads[2];
	struct zwb_snap delta, rest;
	int nodes[2], tries, err = 0;

	if (!zwb_need_two_nodes(&nodes[0], &nodes[1]))
		return;
	loads[0] = zwb_load(NULL, nodes[0], INTERRUPT_PAGES, ZWB_TEXT);
	loads[1] = loads[0] ? zwb_load(NULL, nodes[1], INTERRUPT_PAGES, ZWB_TEXT) : NULL;
	if (!loads[1])
		return;
	for (tries = 0; tries < INTERRUPT_TRIES; tries++) {
		err = interrupt(&delta, signal);
		if (zwb_failed() || (err && err != want))
			break;
		if (err == want && delta.node[nodes[0]].written < INTERRUPT_PAGES &&
		    delta.node[nodes[1]].written < INTERRUPT_PAGES)
			break;
		/* one node, or all, may have been through already when the signal came */
		if (!zwb_load_touch(loads[0], 0, INTERRUPT_PAGES) ||
		    !zwb_load_touch(loads[1], 0, INTERRUPT_PAGES) ||
		    !zwb_load_pageout(loads[0]) || !zwb_load_pageout(loads[1]))
			break;
	}
	if (!zwb_equal(err, want))
		return;
	ksft_print_msg("%lld and %lld of %d pages written\n", delta.node[nodes[0]].written,
		       delta.node[nodes[1]].written, INTERRUPT_PAGES);
	zwb_equal(delta.commands, 1);
	zwb_between(delta.node[nodes[0]].written, 0, INTERRUPT_PAGES - 1);
	zwb_between(delta.node[nodes[1]].written, 0, INTERRUPT_PAGES - 1);
	expect_sums(&delta, nodes[0], nodes[1]);

	zwb_zero(zwb_run(&rest, ZWB_GLOBAL, "age=0"));
	zwb_equal(rest.node[nodes[0]].written, INTERRUPT_PAGES - delta.node[nodes[0]].written);
	zwb_equal(rest.node[nodes[1]].written, INTERRUPT_PAGES - delta.node[nodes[1]].written);
	zwb_zero(zwb_stored());
}

/*
 * A signal ends a command on both of its nodes; what was written of each is counted
 * when the write(2) returns, and the rest can be written later.
 *
 * Turns red when signals are not looked at between two batches or two lists, or
 * when nobody waits for what is in the air.
 */
static void signal_ends_it_on_both_nodes(void)
{
	check_interrupt(SIGUSR1, -EINTR);
}

/*
 * The same when the process is killed.
 *
 * Turns red, or takes the kernel down, when a fatal signal ends the wait for a batch
 * that then lands in what was freed with the command.
 */
static void kill_ends_it_on_both_nodes(void)
{
	check_interrupt(SIGKILL, -ESRCH);
}

/*
 * No page of either node can be written, then all but a few can: what failed is
 * counted where it was, stays in zswap, and can be written in the end.
 *
 * Turns red when failures are lost or counted for another node, when a device that
 * takes nothing is tried to the end, or one that fails a few times is left alone, or
 * when a page that failed is not found any more.
 */
static void write_errors_on_both_nodes(void)
{
	struct zwb_snap delta;
	int nodes[2], err;

	if (!zwb_need_two_nodes(&nodes[0], &nodes[1]) || !zwb_need_write_errors() ||
	    !zwb_load(NULL, nodes[0], ERROR_PAGES, ZWB_TEXT) ||
	    !zwb_load(NULL, nodes[1], ERROR_PAGES, ZWB_TEXT) || !zwb_write_errors(-1))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	zwb_equal(err, -EAGAIN);
	/* then the device is left alone, and what has not been tried has no outcome */
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	zwb_equal(delta.total.scanned, delta.total.failed);
	expect_sums(&delta, nodes[0], nodes[1]);
	zwb_zero(delta.stored);

	if (!zwb_write_errors(ERROR_TIMES))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_zero(err);
	zwb_between(delta.total.failed, ERROR_TIMES, ERROR_TIMES * ZWB_ERRORS_BATCH);
	zwb_equal(delta.node[nodes[0]].scanned, ERROR_PAGES);
	zwb_equal(delta.node[nodes[1]].scanned, ERROR_PAGES);
	expect_sums(&delta, nodes[0], nodes[1]);
	zwb_write_all(2 * ERROR_PAGES - delta.total.written);
	zwb_zero(zwb_stored());
}

static const struct zwb_test tests[] = {
	ZWB_TEST(nothing_old_enough_costs_nothing),
	ZWB_TEST(empty_cgroups_cost_nothing),
	ZWB_TEST(siblings_that_stored_in_turn_are_written_together),
	ZWB_TEST(many_lists_on_several_levels),
	ZWB_TEST(both_nodes_at_once),
	ZWB_TEST(signal_ends_it_on_both_nodes),
	ZWB_TEST(kill_ends_it_on_both_nodes),
	ZWB_TEST(write_errors_on_both_nodes),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
