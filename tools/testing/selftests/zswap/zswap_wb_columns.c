// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of pages, in the tables of ages: of those that a command wrote, and
 * of those that somebody asks back from zswap, by the bucket in which they were, and
 * by the node on which they were.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define MAX_PAGES		1024

static void with_edges(const char *edges, void (*test)(void))
{
	if (!zwb_need_tables() || !zwb_edges_write(edges))
		return;
	test();
	zwb_edges_restore();
}

static bool expect_row(const struct zwb_table *table, int bucket, long long written,
		       long long refaulted, long long dropped)
{
	const struct zwb_row *row = &table->row[bucket];

	if (row->written == written && row->refaulted == refaulted && row->dropped == dropped)
		return true;
	zwb_fail("bucket %d: %lld written, %lld refaulted, %lld dropped, not %lld, %lld, %lld",
		 bucket, row->written, row->refaulted, row->dropped, written, refaulted, dropped);
	return false;
}

/* Four buckets. Who waits for the younger ones to be stored has the longer to be in its own. */
#define FOUR_EDGES	"0 3 7 12"
static const int four_edges[] = { 0, 3, 7, 12 };

/* Stores one load in each of four buckets, the oldest first. */
static bool store_in_four_buckets(const char *cgroup, const long long *pages,
				  struct zwb_load **loads)
{
	int bucket;

	for (bucket = 3; bucket >= 0; bucket--) {
		loads[bucket] = zwb_load(cgroup, ZWB_ANY_NODE, pages[bucket], ZWB_TEXT);
		if (!loads[bucket])
			return false;
		if (bucket)
			zwb_wait_age(loads[bucket], four_edges[bucket] - four_edges[bucket - 1]);
	}
	return true;
}

/* Was the machine so fast that each load was in its bucket until now? */
static bool still_in_four_buckets(struct zwb_load **loads)
{
	int bucket;

	for (bucket = 0; bucket < 3; bucket++) {
		if (!zwb_still_younger(loads[bucket], four_edges[bucket + 1]))
			return false;
	}
	return true;
}

/* Four loads, one in each bucket, written by one command. */
static void columns_of_four_buckets(void)
{
	static const long long pages[] = { 400, 300, 200, 100 };
	struct zwb_load *loads[ARRAY_SIZE(pages)];
	struct zwb_table table;
	int bucket;

	if (!store_in_four_buckets(NULL, pages, loads) || !zwb_write_all(1000) ||
	    !still_in_four_buckets(loads) || !zwb_table_read(ZWB_GLOBAL, &table) ||
	    !zwb_equal(table.nr, 4))
		return;
	for (bucket = 0; bucket < 4; bucket++)
		expect_row(&table, bucket, pages[bucket], 0, 0);

	/* what they have in common is the moment at which they are read */
	if (!zwb_expect_read(loads[3], pages[3], 0) || !zwb_load_touch(loads[1], 0, 100) ||
	    !zwb_load_touch(loads[2], 50, 50) || !zwb_table_read(ZWB_GLOBAL, &table))
		return;
	expect_row(&table, 0, pages[0], 0, 0);
	expect_row(&table, 1, pages[1], 100, 0);
	expect_row(&table, 2, pages[2], 50, 0);
	expect_row(&table, 3, pages[3], pages[3], 0);
	zwb_loads_stop();
	if (!zwb_table_read(ZWB_GLOBAL, &table))
		return;
	expect_row(&table, 0, pages[0], 0, pages[0]);
	expect_row(&table, 1, pages[1], 100, pages[1] - 100);
	expect_row(&table, 2, pages[2], 50, pages[2] - 50);
	expect_row(&table, 3, pages[3], pages[3], 0);
}

/*
 * A page counts in the row of the bucket in which it was when it was written.
 *
 * Turns red when all count in one row, when rows are off by one, or when the age
 * at the time of the read decides.
 */
static void each_bucket_has_its_columns(void)
{
	with_edges(FOUR_EDGES, columns_of_four_buckets);
}

static void columns_of_sixteen_buckets(void)
{
	struct zwb_load *cold, *warm;
	struct zwb_table table;
	struct zwb_row sum;
	int bucket;

	cold = zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT);
	if (!cold)
		return;
	zwb_wait_age(cold, 15);
	warm = zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT);
	if (!warm || !zwb_write_all(500) || !zwb_still_younger(warm, 15) ||
	    !zwb_table_read(ZWB_GLOBAL, &table) || !zwb_equal(table.nr, 16))
		return;
	expect_row(&table, 15, 300, 0, 0);
	sum = zwb_table_sum(&table, 0, 14);
	zwb_equal(sum.written, 200);
	/* the first bucket must not be taken for no mark at all */
	if (zwb_now() - warm->first_ns < ZWB_NS_PER_SEC)
		expect_row(&table, 0, 200, 0, 0);

	if (!zwb_expect_read(cold, 300, 0) || !zwb_table_read(ZWB_GLOBAL, &table))
		return;
	expect_row(&table, 15, 300, 300, 0);
	sum = zwb_table_sum(&table, 0, 14);
	zwb_zero(sum.refaulted);
	zwb_load_stop(warm);
	if (!zwb_table_read(ZWB_GLOBAL, &table))
		return;
	expect_row(&table, 15, 300, 300, 0);
	for (bucket = 0; bucket < 15; bucket++)
		expect_row(&table, bucket, table.row[bucket].written, 0,
			   table.row[bucket].written);
}

/*
 * As many buckets as there can be: the first and the last can be told from each
 * other, and from no mark at all.
 *
 * Turns red when the marks have no room for all of them.
 */
static void sixteen_buckets_have_their_columns(void)
{
	with_edges("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", columns_of_sixteen_buckets);
}

static struct zwb_row sum_columns(int node)
{
	struct zwb_row none = { 0 };
	struct zwb_table table;

	return zwb_table_read(node, &table) ? zwb_table_sum(&table, 0, -1) : none;
}

/* The sums of the columns, in the whole system's table and over the nodes'. */
static void expect_columns(long long written, long long refaulted, long long dropped)
{
	int n, nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	struct zwb_row sum, by_node = { 0 };

	sum = sum_columns(ZWB_GLOBAL);
	zwb_equal(sum.written, written);
	zwb_equal(sum.refaulted, refaulted);
	zwb_equal(sum.dropped, dropped);
	for (n = 0; n < nr_nodes; n++) {
		sum = sum_columns(nodes[n]);
		by_node.written += sum.written;
		by_node.refaulted += sum.refaulted;
		by_node.dropped += sum.dropped;
	}
	zwb_equal(by_node.written, written);
	zwb_equal(by_node.refaulted, refaulted);
	zwb_equal(by_node.dropped, dropped);
}

static void columns_after_new_edges(void)
{
	static const char * const edges[] = { "0 5", "0 5", "default", "0 1 2 3 4 5 6 7 8 9" };
	struct zwb_load *before, *after;
	struct zwb_snap start, delta;
	long long columns = 0;
	size_t i;

	zwb_snap(&start);
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		before = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
		if (!before || !zwb_write_all(500))
			return;
		expect_columns(columns + 500, 0, columns);
		if (!zwb_load_touch(before, 0, 100))
			return;
		expect_columns(columns + 500, 100, columns);
		if (!zwb_edges_write(edges[i]))
			return;
		expect_columns(0, 0, 0);
		after = zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT);
		if (!after || !zwb_write_all(300))
			return;
		expect_columns(300, 0, 0);
		if (!zwb_load_touch(before, 100, 100))
			return;
		zwb_load_stop(before);
		expect_columns(300, 0, 0);
		zwb_load_stop(after);
		expect_columns(300, 0, 300);
		columns = 300;
		zwb_since(&delta, &start);
		zwb_equal(delta.total.refaulted, (i + 1) * 200);
		zwb_equal(delta.total.dropped, (i + 1) * 600);
		if (zwb_failed()) {
			ksft_print_msg("these were the edges '%s'\n", edges[i]);
			return;
		}
	}
}

/*
 * New edges start the columns anew, the same edges again as well; pages written
 * before count in the counters, which have no buckets, and not in the columns.
 *
 * Turns red when the columns, or the counters, go on or start anew although they
 * should not, when a node's table is left out, or when an old page counts in a
 * new bucket that has the number of its own.
 */
static void new_edges_restart_the_columns(void)
{
	with_edges("0 10", columns_after_new_edges);
}

/* --- nodes --- */

/* How many pages of a load are in the memory of a node now. */
static long long count_on_node(const struct zwb_load *load, int node)
{
	static void *pages[MAX_PAGES];
	static int status[MAX_PAGES];
	long long i, count = 0;

	for (i = 0; i < load->pages; i++)
		pages[i] = (void *)(load->address + i * zwb_page_size);
	if (syscall(__NR_move_pages, load->pid, load->pages, pages, NULL, status, 0)) {
		zwb_fail("move_pages: %s", strerror(errno));
		return -1;
	}
	for (i = 0; i < load->pages; i++)
		count += status[i] == node;
	return count;
}

/*
 * A page counts at the node in whose list it was, wherever it is read to.
 *
 * Turns red when the node is that of the reader, or of the memory that the page
 * is read to, or always the first.
 */
static void node_of_the_list_counts(void)
{
	int first, second, first_cpu, second_cpu;
	struct zwb_snap before, delta;
	struct zwb_load *load;
	struct zwb_row sum;
	cpu_set_t all;

	if (!zwb_need_tables() || !zwb_need_two_nodes(&first, &second))
		return;
	first_cpu = zwb_cpu_of_node(first);
	second_cpu = zwb_cpu_of_node(second);
	if (first_cpu < 0 || second_cpu < 0) {
		zwb_skip("needs two NUMA nodes with CPUs");
		return;
	}
	/* memory comes from the node of the CPU */
	if (sched_getaffinity(0, sizeof(all), &all) || !zwb_run_on_cpu(0, second_cpu))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 800, ZWB_TEXT);
	sched_setaffinity(0, sizeof(all), &all);
	if (!load || !zwb_edges_restore())
		return;
	zwb_snap(&before);
	if (!zwb_write_all(800))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.node[second].written, 800);
	if (!zwb_run_on_cpu(load->pid, first_cpu) || !zwb_load_touch(load, 0, 500) ||
	    !zwb_between(count_on_node(load, first), 400, 500))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.node[second].refaulted, 500);
	zwb_zero(delta.node[first].refaulted);
	zwb_load_stop(load);
	zwb_since(&delta, &before);
	zwb_equal(delta.node[second].dropped, 300);
	zwb_zero(delta.node[first].dropped);
	sum = sum_columns(second);
	zwb_equal(sum.written, 800);
	zwb_equal(sum.refaulted, 500);
	zwb_equal(sum.dropped, 300);
	sum = sum_columns(first);
	zwb_zero(sum.written);
	zwb_zero(sum.refaulted);
	zwb_zero(sum.dropped);
}

/* --- loads --- */

/* What a cgroup has loaded itself from a bucket, or from all of them for -1. */
static long long loaded_by(const char *cgroup, int node, int bucket)
{
	struct zwb_cgroup_table table = { 0 };
	long long loaded = -1;

	if (zwb_cgroup_table_read(&table))
		loaded = zwb_cgroup_table_sum(&table, zwb_cgroup_id(cgroup), node, bucket).loaded;
	zwb_cgroup_table_free(&table);
	return loaded;
}

/* How many rows the table has for a cgroup. */
static int rows_of(unsigned long long id)
{
	struct zwb_cgroup_table table = { 0 };
	size_t i;
	int rows = 0;

	if (!zwb_cgroup_table_read(&table))
		rows = -1;
	for (i = 0; i < table.nr; i++)
		rows += table.row[i].cgroup == id;
	zwb_cgroup_table_free(&table);
	return rows;
}

/* Half of each of these is loaded, and the other half is not. */
static void loads_of_four_buckets(void)
{
	static const long long pages[] = { 400, 300, 200, 100 };
	struct zwb_load *loads[ARRAY_SIZE(pages)];
	const char *cgroup = zwb_cgroup(NULL, "cgroup");
	struct zwb_snap before, delta;
	struct zwb_table table;
	int bucket;

	if (!store_in_four_buckets(cgroup, pages, loads))
		return;
	zwb_snap(&before);
	for (bucket = 0; bucket < 4; bucket++) {
		if (!zwb_load_touch(loads[bucket], 0, pages[bucket] / 2))
			return;
	}
	if (!still_in_four_buckets(loads))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpin, 500);
	/* what a command writes, what is read from the disk, and what is freed was not loaded */
	if (!zwb_write_all(500) || !zwb_expect_read(loads[3], 50, 0))
		return;
	zwb_load_stop(loads[2]);
	if (!zwb_table_read(ZWB_GLOBAL, &table) || !zwb_equal(table.nr, 4))
		return;
	for (bucket = 0; bucket < 4; bucket++) {
		zwb_equal(table.row[bucket].loaded, pages[bucket] / 2);
		zwb_equal(loaded_by(cgroup, ZWB_GLOBAL, bucket), pages[bucket] / 2);
	}
}

/*
 * A page that is loaded counts in the row of the age that it has then, in the whole
 * system's table and in its cgroup's; what leaves zswap in any other way does not.
 *
 * Turns red when all count in one row, when rows are off by one, when pages that
 * were read from the disk, written, or freed count as well, or the same page twice.
 */
static void each_bucket_has_its_loads(void)
{
	with_edges(FOUR_EDGES, loads_of_four_buckets);
}

/*
 * A cgroup that has loaded all that it had is in the table all the same, by itself and
 * not as part of its parent. When it is removed it is not, but the node goes on
 * counting; one that had nothing has no row, and neither has what commands wrote.
 *
 * Turns red when cgroups without pages are passed by, when the parent or the task
 * that asks for a page is counted, when the system is the sum of the cgroups that
 * there are, or when there are rows with nothing but zeroes.
 */
static void loads_of_a_cgroup(void)
{
	const char *parent = zwb_cgroup(NULL, "parent"), *child, *idle;
	unsigned long long id;
	struct zwb_load *load;
	long long deadline;

	if (!zwb_need_tables() || !parent || !zwb_edges_restore())
		return;
	child = zwb_cgroup(parent, "child");
	idle = zwb_cgroup(parent, "idle");
	load = child && idle ? zwb_load(child, ZWB_ANY_NODE, 300, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	id = zwb_cgroup_id(child);
	if (!zwb_load_touch(load, 0, 300))
		return;
	zwb_zero(zwb_cgroup_pages(child, ZWB_GLOBAL));
	zwb_equal(loaded_by(child, ZWB_GLOBAL, -1), 300);
	zwb_zero(rows_of(zwb_cgroup_id(parent)));
	zwb_zero(rows_of(zwb_cgroup_id(idle)));
	zwb_equal(sum_columns(ZWB_GLOBAL).loaded, 300);

	zwb_load_stop(load);
	if (!zwb_cgroup_remove(child))
		return;
	/* the kernel takes it apart in its own time */
	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	while (rows_of(id) && zwb_now() < deadline)
		zwb_pause();
	zwb_zero(rows_of(id));
	zwb_equal(sum_columns(ZWB_GLOBAL).loaded, 300);

	load = zwb_load(idle, ZWB_ANY_NODE, 100, ZWB_TEXT);
	if (!load || !zwb_write_all(100) || !zwb_expect_read(load, 100, 0))
		return;
	zwb_zero(rows_of(zwb_cgroup_id(idle)));
}

static void loads_after_new_edges(void)
{
	static const char * const edges[] = { "0 5", "0 5", "default", "0 1 2 3 4 5 6 7 8 9" };
	const char *cgroup = zwb_cgroup(NULL, "cgroup");
	struct zwb_load *load;
	long long loaded;
	size_t i;

	load = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 700, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_touch(load, 0, 200))
		return;
	loaded = 200;
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		zwb_equal(sum_columns(ZWB_GLOBAL).loaded, loaded);
		zwb_equal(loaded_by(cgroup, ZWB_GLOBAL, -1), loaded);
		if (!zwb_edges_write(edges[i]))
			return;
		zwb_zero(sum_columns(ZWB_GLOBAL).loaded);
		zwb_zero(loaded_by(cgroup, ZWB_GLOBAL, -1));
		if (!zwb_load_touch(load, 200 + 100 * i, 100))
			return;
		loaded = 100;
		if (zwb_failed()) {
			ksft_print_msg("these were the edges '%s'\n", edges[i]);
			return;
		}
	}
	zwb_equal(loaded_by(cgroup, ZWB_GLOBAL, -1), loaded);
}

/*
 * New edges start the counts of loads anew, the same edges again as well, for
 * nodes and for cgroups.
 *
 * Turns red when a cgroup's counts go on, or a count of before is added to.
 */
static void new_edges_restart_the_loads(void)
{
	with_edges("0 10", loads_after_new_edges);
}

/*
 * A page that is loaded counts at the node on whose list it was, wherever it is
 * loaded to.
 *
 * Turns red when the node is that of the task, or always the first.
 */
static void node_of_the_list_counts_loads(void)
{
	struct zwb_load *on_first, *on_second;
	const char *cgroup;
	int first, second;

	if (!zwb_need_tables() || !zwb_need_two_nodes(&first, &second) || !zwb_edges_restore())
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	on_first = cgroup ? zwb_load(cgroup, first, 300, ZWB_TEXT) : NULL;
	on_second = on_first ? zwb_load(cgroup, second, 200, ZWB_TEXT) : NULL;
	if (!on_second || !zwb_load_touch(on_first, 0, 100) ||
	    !zwb_load_touch(on_second, 0, 170))
		return;
	zwb_equal(sum_columns(first).loaded, 100);
	zwb_equal(sum_columns(second).loaded, 170);
	zwb_equal(loaded_by(cgroup, first, -1), 100);
	zwb_equal(loaded_by(cgroup, second, -1), 170);
	zwb_equal(sum_columns(ZWB_GLOBAL).loaded, 270);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(each_bucket_has_its_columns),
	ZWB_TEST(sixteen_buckets_have_their_columns),
	ZWB_TEST(new_edges_restart_the_columns),
	ZWB_TEST(node_of_the_list_counts),
	ZWB_TEST(each_bucket_has_its_loads),
	ZWB_TEST(loads_of_a_cgroup),
	ZWB_TEST(new_edges_restart_the_loads),
	ZWB_TEST(node_of_the_list_counts_loads),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
