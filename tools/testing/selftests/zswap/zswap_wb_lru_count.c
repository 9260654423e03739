// SPDX-License-Identifier: GPL-2.0
/*
 * The number of entries that the kernel believes a cgroup to have, after
 * proactive writeback.
 *
 * list_lru keeps two counts of its items: one for each list (cgroup and node),
 * one for each node.  The shrinker's own writeback takes an entry off its list
 * and then has list_lru's walk count it a second time, in the node's number
 * only: list_lru_count_node() says less with each page that the shrinker writes
 * back.  That number cannot be seen from userspace, and nothing in zswap reads
 * it.
 *
 * What can be seen is the number of each list: the shrinker's debugfs file
 * prints it, scaled by the ratio of compression, less the cgroup's recent reads
 * from disk, and only while shrinker_enabled is set.  With entries that do not
 * compress, and a cgroup that has read nothing back yet, it is the number
 * itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

/* The shrinker's ratio comes from statistics that may be two seconds old. */
static void expect_count(const char *cgroup, int node, long long want)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long count;

	do {
		count = zwb_shrinker_count(cgroup, node);
		if (count == want)
			return;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_equal(count, want);
}

/*
 * After each command the list's count is what is left, on each node, down to
 * nothing.
 *
 * Turns red when the walk leaves entries off their list, takes them off without
 * counting, or counts them twice.
 */
static void count_is_what_is_left(void)
{
	struct zwb_snap delta;
	const char *cgroup;
	int first, second;

	/* the shrinker's count is scaled by what compression has gained */
	if (!zwb_need_shrinker_debugfs() || !zwb_need_incompressible() ||
	    !zwb_need_two_nodes(&first, &second))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, first, 1200, ZWB_NOISE) ||
	    !zwb_load(cgroup, second, 800, ZWB_NOISE))
		return;
	expect_count(cgroup, first, 1200);
	expect_count(cgroup, second, 800);
	/* a walk that finds nothing changes no count */
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	expect_count(cgroup, first, 1200);
	zwb_zero(zwb_run(&delta, first, "max=%lld", 500LL * zwb_page_size));
	zwb_equal(delta.total.written, 500);
	expect_count(cgroup, first, 700);
	expect_count(cgroup, second, 800);
	zwb_equal(zwb_stored(), 1500);
	zwb_zero(zwb_run(NULL, second, "age=0"));
	expect_count(cgroup, first, 700);
	expect_count(cgroup, second, 0);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0"));
	expect_count(cgroup, first, 0);
	zwb_zero(zwb_stored());
}

/*
 * After the shrinker has written back, and the node's count has drifted,
 * commands still find everything.
 *
 * Turns red when a walk is bounded by list_lru_count_node().
 */
static void commands_do_not_rely_on_the_nodes_count(void)
{
	struct zwb_snap before, delta;
	const char *cgroup;
	int nodes[1];

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, nodes[0], 2000, ZWB_NOISE))
		return;
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, nodes[0], 2000) ||
	    !zwb_shrinker_scan(cgroup, nodes[0], 1500))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpwb, 1500);
	/* the node's count is 1,500 short by now */
	zwb_zero(zwb_run(&delta, nodes[0], "age=0"));
	zwb_equal(delta.total.written, 500);
	zwb_zero(zwb_stored());
}

static const struct zwb_test tests[] = {
	ZWB_TEST(count_is_what_is_left),
	ZWB_TEST(commands_do_not_rely_on_the_nodes_count),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
