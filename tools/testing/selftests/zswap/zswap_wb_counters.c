// SPDX-License-Identifier: GPL-2.0
/*
 * The counters outside of /sys/kernel/mm/zswap: /proc/vmstat, memory.stat and
 * the swap disk's own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define SECTOR_SIZE		512
/* loads of one page each, so that those of two nodes have slots in turn */
#define TURN_LOADS		8

/*
 * What a command writes is counted in /proc/vmstat and, with every ancestor, in
 * memory.stat, in pages and in compressed bytes; it is a part of zswpwb.
 *
 * Turns red when one of the counters is missing, counts in other units, counts
 * attempts, is charged to the process that issued the command, or does not
 * reach the ancestors.
 */
static void vmstat_and_memory_stat(void)
{
	const char *parent, *text, *noise;
	struct zwb_snap delta;
	long long text_bytes, noise_bytes;

	parent = zwb_cgroup(NULL, "parent");
	text = parent ? zwb_cgroup(parent, "text") : NULL;
	noise = text ? zwb_cgroup(parent, "noise") : NULL;
	if (!noise || !zwb_load(text, ZWB_ANY_NODE, 1500, ZWB_TEXT) ||
	    !zwb_load(noise, ZWB_ANY_NODE, 700, ZWB_NOISE))
		return;
	zwb_memory_stat_is(text, "zswpwb_proactive", 0);
	zwb_memory_stat_is(text, "zswpwb_proactive_b", 0);
	zwb_memory_stat_is(text, "zswpwb_refault", 0);

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(text)));
	zwb_equal(delta.total.written, 1500);
	zwb_equal(delta.vm.zswpwb_proactive, 1500);
	zwb_equal(delta.vm.zswpwb, 1500);
	zwb_equal(delta.vm.pswpout, 1500);
	zwb_zero(delta.vm.zswpwb_refault);
	text_bytes = delta.total.released_bytes;
	zwb_between(text_bytes, 1500 * zwb_page_size / 4, 1500 * zwb_page_size / 2);
	zwb_memory_stat_is(text, "zswpwb_proactive", 1500);
	zwb_memory_stat_is(text, "zswpwb", 1500);
	zwb_memory_stat_is(text, "zswpwb_proactive_b", text_bytes);
	zwb_memory_stat_is(text, "zswpwb_refault", 0);
	zwb_memory_stat_is(text, "zswapped", 0);
	zwb_memory_stat_is(noise, "zswpwb_proactive", 0);

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	noise_bytes = delta.total.released_bytes;
	zwb_between(noise_bytes, 700 * zwb_noise_bytes(), 700 * zwb_page_size);
	zwb_memory_stat_is(noise, "zswpwb_proactive", 700);
	zwb_memory_stat_is(noise, "zswpwb_proactive_b", noise_bytes);
	zwb_memory_stat_is(parent, "zswpwb_proactive", 2200);
	zwb_memory_stat_is(parent, "zswpwb", 2200);
	zwb_memory_stat_is(parent, "zswpwb_proactive_b", text_bytes + noise_bytes);
}

/*
 * released_bytes is what the pool charged to the cgroup: memory.zswap.current
 * falls by just that.
 *
 * Turns red when uncompressed bytes, or the size of the allocator's objects,
 * are counted.
 */
static void released_bytes_is_what_was_charged(void)
{
	long long before, after;
	struct zwb_snap delta;
	const char *cgroup;

	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, 1000, ZWB_TEXT) ||
	    !zwb_memory_stat_is(cgroup, "zswapped", 1000 * zwb_page_size))
		return;
	before = zwb_cgroup_number(cgroup, "memory.zswap.current");
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 600LL * zwb_page_size));
	if (!zwb_memory_stat_is(cgroup, "zswapped", 400 * zwb_page_size))
		return;
	after = zwb_cgroup_number(cgroup, "memory.zswap.current");
	zwb_equal(before - after, delta.total.released_bytes);
}

/*
 * What the shrinker writes back is counted in zswpwb only.
 *
 * Turns red when the proactive counters are in the path that both share.
 */
static void shrinker_is_not_proactive(void)
{
	struct zwb_snap before, delta;
	const char *cgroup;
	int nodes[1];

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, nodes[0], 500, ZWB_TEXT))
		return;
	/* a first visit for the second chance, then one that writes */
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, nodes[0], 500) ||
	    !zwb_shrinker_scan(cgroup, nodes[0], 200))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpwb, 200);
	zwb_zero(delta.vm.zswpwb_proactive);
	zwb_zero(delta.total.written);
	zwb_zero(delta.total.scanned);
	zwb_memory_stat_is(cgroup, "zswpwb", 200);

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, 300);
	zwb_equal(delta.vm.zswpwb, 300);
	zwb_memory_stat_is(cgroup, "zswpwb", 500);
	zwb_memory_stat_is(cgroup, "zswpwb_proactive", 300);
}

/*
 * When the write(2) returns, every page that it counts is on the disk: the disk
 * completed that many sectors, no more and no less, in far fewer requests than
 * pages. disk_bytes has them, too.
 *
 * Turns red when `written` counts submitted pages, when each page is a request of
 * its own, or when disk_bytes counts requests, or compressed bytes.
 */
static void disk_has_what_was_written(void)
{
	struct zwb_snap delta;

	if (!zwb_load(NULL, ZWB_ANY_NODE, 4000, ZWB_TEXT))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, 4000);
	zwb_equal(delta.disk_sectors, 4000 * (zwb_page_size / SECTOR_SIZE));
	zwb_equal(delta.total.disk_bytes, delta.disk_sectors * SECTOR_SIZE);
	zwb_between(delta.disk_writes, 1, 1000);
	ksft_print_msg("4000 pages in %lld write requests\n", delta.disk_writes);
}

/*
 * What was sent counts at the node that it is from, and a dry run, or a command that
 * finds nothing old enough, sends nothing.
 *
 * Turns red when all is counted at one node, or when selected pages count.
 */
static void disk_bytes_of_a_node(void)
{
	struct zwb_snap before, delta;
	struct zwb_answer answer;
	int first, second;

	if (!zwb_need_two_nodes(&first, &second) || !zwb_need_answers() ||
	    !zwb_load(NULL, first, 500, ZWB_TEXT) || !zwb_load(NULL, second, 300, ZWB_NOISE))
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1h"), -EAGAIN);
	zwb_zero(delta.total.disk_bytes);
	zwb_snap(&before);
	zwb_zero(zwb_ask(&answer, "age=0 dry_run=1"));
	zwb_since(&delta, &before);
	zwb_zero(delta.total.disk_bytes);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(delta.total.disk_bytes, 100 * zwb_page_size);
	zwb_zero(zwb_run(&delta, second, "age=0"));
	zwb_equal(delta.node[second].disk_bytes, delta.total.written * zwb_page_size);
	zwb_zero(delta.node[first].disk_bytes);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.node[first].disk_bytes, delta.total.written * zwb_page_size);
	zwb_zero(delta.node[second].disk_bytes);
}

/*
 * An image is written to its end where a neighbour follows in the same request: that end
 * is of the image's page, also where the neighbour is another node's. So a node has no more
 * bytes than its pages have.
 *
 * Turns red when the end counts for the neighbour.
 */
static void disk_bytes_of_neighbours(void)
{
	struct zwb_snap delta;
	int node[2], i;

	if (!zwb_need_two_nodes(&node[0], &node[1]) || !zwb_need_compressed() ||
	    !zwb_setting(ZWB_COMPRESSED, "1"))
		return;
	for (i = 0; i < 2 * TURN_LOADS; i++) {
		if (!zwb_load(NULL, node[i % 2], 1, i % 2 ? ZWB_NOISE : ZWB_TEXT))
			return;
	}
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	ksft_print_msg("%lld and %lld bytes in %lld requests\n", delta.node[node[0]].disk_bytes,
		       delta.node[node[1]].disk_bytes, delta.disk_writes);
	zwb_equal(delta.total.disk_bytes, delta.disk_sectors * SECTOR_SIZE);
	for (i = 0; i < 2; i++) {
		zwb_equal(delta.node[node[i]].written, TURN_LOADS);
		zwb_between(delta.node[node[i]].disk_bytes, 1, TURN_LOADS * zwb_page_size);
	}
	if (delta.disk_writes == 2 * TURN_LOADS)
		zwb_late("no page had a neighbour");
}

static const struct zwb_test tests[] = {
	ZWB_TEST(vmstat_and_memory_stat),
	ZWB_TEST(released_bytes_is_what_was_charged),
	ZWB_TEST(shrinker_is_not_proactive),
	ZWB_TEST(disk_has_what_was_written),
	ZWB_TEST(disk_bytes_of_a_node),
	ZWB_TEST(disk_bytes_of_neighbours),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
