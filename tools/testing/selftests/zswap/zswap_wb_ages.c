// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of ages say what is in zswap, to the page, the byte and the
 * second, whatever came and went; they are read without a trace; and a command
 * for their rows writes what they show.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"

#define READS			100

#define WATCH_EDGES		"0 2 4 6"
#define WATCH_ROWS		4
/* seconds between two batches, and until the second one is in the last row for sure */
#define WATCH_APART		2
#define WATCH_LONGEST		(6 + 1)
#define WATCH_PAGES		300

#define MAP_PAGES		400
#define MAP_TAKEN		150

/* what was last read; its cgroups are freed when it is read again */
static struct zwb_tables tables;

static void add_amounts(struct zwb_row *sum, struct zwb_row more)
{
	sum->pages += more.pages;
	sum->bytes += more.bytes;
	sum->incompressible += more.incompressible;
}

/* Early returns are many, and the next test finds the usual edges. */
static void with_edges(const char *edges, void (*fn)(void))
{
	if (zwb_need_tables() && zwb_edges_write(edges)) {
		fn();
		zwb_edges_restore();
	}
}

static void compare_rows(void)
{
	const char *top, *left, *right, *other;
	struct zwb_row subtree = { 0 };
	struct zwb_load *load, *young;
	int first, second;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	top = zwb_cgroup(NULL, "top");
	other = top ? zwb_cgroup(NULL, "other with blanks") : NULL;
	load = other ? zwb_load(top, first, 300, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	left = zwb_cgroup(top, "left");
	right = left ? zwb_cgroup(top, "right") : NULL;
	if (!right || !zwb_load(left, second, 200, ZWB_NOISE) ||
	    !zwb_load(right, first, 400, ZWB_TEXT))
		return;
	load = zwb_load(other, second, 250, ZWB_TEXT);
	if (!load)
		return;
	zwb_wait_age(load, 3);
	young = zwb_load(other, first, 150, ZWB_NOISE);
	if (!young || !zwb_load(NULL, first, 100, ZWB_TEXT))
		return;

	if (!zwb_tables_check(&tables))
		return;
	zwb_equal(zwb_table_sum(&tables.total, 0, -1).pages, 300 + 200 + 400 + 250 + 150 + 100);
	if (zwb_still_younger(young, 3)) {
		zwb_equal(tables.total.row[0].pages, 150 + 100);
		zwb_equal(tables.total.row[0].incompressible, zwb_incompressible(150));
		zwb_equal(tables.total.row[1].pages, 300 + 200 + 400 + 250);
		zwb_equal(tables.total.row[1].incompressible, zwb_incompressible(200));
	}
	zwb_zero(tables.total.row[2].pages);
	zwb_tables_own_is(&tables, top, 300, 0);
	zwb_tables_own_is(&tables, left, 200, 200);
	zwb_tables_own_is(&tables, right, 400, 0);
	zwb_tables_own_is(&tables, other, 400, 150);
	add_amounts(&subtree, zwb_tables_own(&tables, top));
	add_amounts(&subtree, zwb_tables_own(&tables, left));
	add_amounts(&subtree, zwb_tables_own(&tables, right));
	zwb_memory_stat_agrees(top, &subtree);
	subtree = zwb_tables_own(&tables, other);
	zwb_memory_stat_agrees(other, &subtree);
}

/*
 * Entries of several cgroups, a tree among them, on all nodes, of two ages and
 * both kinds: rows, nodes, cgroups, counters and memory.stat all say the same.
 *
 * Turns red when an entry is counted nowhere or twice, with another length than
 * it has, for another node, or for the cgroup's parent.
 */
static void rows_add_up(void)
{
	with_edges("0 3 600", compare_rows);
}

/*
 * The entries of the root cgroup are those of the path `/`.
 *
 * Turns red when the root is left out because it has no cgroup of its own, or
 * when its path is empty.
 */
static void root_has_a_row(void)
{
	const char *cgroup, *root = zwb_cgroup_root();
	size_t i, rows = 0;

	if (!zwb_need_tables())
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, 70, ZWB_TEXT) ||
	    !zwb_load(root, ZWB_ANY_NODE, 90, ZWB_TEXT) || !zwb_tables_check(&tables))
		return;
	zwb_tables_own_is(&tables, root, 90, 0);
	zwb_tables_own_is(&tables, cgroup, 70, 0);
	for (i = 0; i < tables.cgroups.nr; i++) {
		const struct zwb_cgroup_row *row = &tables.cgroups.row[i];

		if (strcmp(row->path, "/"))
			continue;
		rows++;
		if (row->cgroup != zwb_cgroup_id(root))
			zwb_fail("cgroup %llu has the path of the root", row->cgroup);
	}
	/* those of loads, also from tests before this one, may be in all buckets */
	zwb_between(rows, 1, ZWB_MAX_NODES * ZWB_MAX_BUCKETS);
}

/**
 * struct batch - pages that were stored at a known time
 * @pages: how many
 * @first: the second in which the first of them was stored, or before
 * @last: the second in which the last of them was stored, or after
 */
struct batch {
	long long pages;
	long long first;
	long long last;
};

/* Store pages early in a second of the age clock, so that all have the same age. */
static bool store_batch(struct batch *batch, const char *cgroup)
{
	struct zwb_load *load = zwb_load_resident(cgroup, WATCH_PAGES, false);
	long long early = 200 * ZWB_NS_PER_MS;

	if (!load)
		return false;
	while (zwb_now() % ZWB_NS_PER_SEC > early)
		zwb_pause();
	batch->pages = WATCH_PAGES;
	batch->first = zwb_second();
	if (!zwb_load_pageout(load))
		return false;
	batch->last = zwb_second();
	return true;
}

static int row_of_age(const struct zwb_table *table, long long age)
{
	int row = table->nr - 1;

	while (row && age < table->row[row].min_age)
		row--;
	return row;
}

/*
 * Compare with what follows from the time of the stores and the time of the
 * reading, each of which is known to lie between two seconds; seen[row] tells
 * that the first batch had to be in that row as a whole.
 */
static void check_batches(const struct zwb_table *table, const struct batch *batches, int nr,
			  long long before, long long after, bool *seen)
{
	long long low[ZWB_MAX_BUCKETS] = { 0 }, high[ZWB_MAX_BUCKETS] = { 0 };
	long long pages = 0;
	int i, row;

	for (i = 0; i < nr; i++) {
		const struct batch *batch = &batches[i];
		int warm = row_of_age(table, before - (batch->last + 1));
		int cold = row_of_age(table, after - (batch->first + 1));

		for (row = warm; row <= cold; row++)
			high[row] += batch->pages;
		if (warm == cold)
			low[warm] += batch->pages;
		if (warm == cold && !i)
			seen[warm] = true;
		pages += batch->pages;
	}
	for (row = 0; row < table->nr; row++) {
		if (!zwb_between(table->row[row].pages, low[row], high[row]))
			ksft_print_msg("bucket %d; stored in second %lld, read in %lld to %lld\n",
				       row, batches[0].first, before, after);
	}
	zwb_equal(zwb_table_sum(table, 0, -1).pages, pages);
}

/* The rows of the table of cgroups, as if it were one without. */
static void fold_cgroups(struct zwb_table *table)
{
	int row;

	for (row = 0; row < table->nr; row++) {
		struct zwb_row sum = zwb_cgroup_table_sum(&tables.cgroups, 0, ZWB_GLOBAL, row);

		table->row[row].pages = sum.pages;
	}
}

static void watch_batches(void)
{
	const char *cgroup = zwb_cgroup(NULL, "cgroup");
	bool seen[ZWB_MAX_BUCKETS] = { false };
	struct batch batches[2];
	struct zwb_table table;
	long long before, after;
	int row, nr = 1;

	if (!cgroup || !store_batch(&batches[0], cgroup))
		return;
	do {
		before = zwb_second();
		if (!zwb_table_read(ZWB_GLOBAL, &table))
			return;
		after = zwb_second();
		check_batches(&table, batches, nr, before, after, seen);

		/* the same, each entry looked at by itself */
		before = zwb_second();
		zwb_cgroup_table_free(&tables.cgroups);
		if (!zwb_cgroup_table_read(&tables.cgroups))
			return;
		after = zwb_second();
		fold_cgroups(&table);
		check_batches(&table, batches, nr, before, after, seen);

		if (nr == 1 && after >= batches[0].last + WATCH_APART) {
			if (!store_batch(&batches[1], cgroup))
				return;
			nr = 2;
		}
		zwb_pause();
	} while (!zwb_failed() && (nr < 2 || after <= batches[1].last + WATCH_LONGEST));
	for (row = 0; row < WATCH_ROWS && !zwb_failed(); row++) {
		if (!seen[row])
			zwb_late("bucket %d was never seen with all pages in it", row);
	}
}

/*
 * Two loads, stored some seconds apart, move from row to row: at any time each
 * is in the row that its age in seconds belongs to.
 *
 * Turns red when a row begins a second early or late, when a slot of time is
 * wider than a second, when entries move only as others are stored, or when the
 * rows are made at the time of the store.
 */
static void row_to_the_second(void)
{
	with_edges(WATCH_EDGES, watch_batches);
}

/*
 * There is a table for each node that can hold entries and for no other, and it
 * shows that node's entries alone.
 *
 * Turns red when an entry counts for the node of the CPU that stored it, or
 * when the tables of two nodes are the same.
 */
static void node_tables_show_the_node(void)
{
	char path[ZWB_PATH_MAX];
	int node, first, second;

	if (!zwb_need_tables() || !zwb_need_two_nodes(&first, &second))
		return;
	for (node = 0; node < ZWB_MAX_NODES; node++) {
		bool present = !access(zwb_table_path(node, path, sizeof(path)), F_OK);

		if (present != zwb_node_has_directory(node))
			zwb_fail("node %d: %s in debugfs, unlike in sysfs", node,
				 present ? "present" : "missing");
	}
	if (!zwb_load(NULL, first, 300, ZWB_TEXT) || !zwb_tables_check(&tables))
		return;
	zwb_equal(zwb_table_sum(&tables.node[first], 0, -1).pages, 300);
	zwb_zero(zwb_table_sum(&tables.node[second], 0, -1).pages);
	if (!zwb_load(NULL, second, 200, ZWB_NOISE) || !zwb_tables_check(&tables))
		return;
	zwb_equal(zwb_table_sum(&tables.node[first], 0, -1).pages, 300);
	zwb_zero(zwb_table_sum(&tables.node[first], 0, -1).incompressible);
	zwb_equal(zwb_table_sum(&tables.node[second], 0, -1).pages, 200);
	zwb_equal(zwb_table_sum(&tables.node[second], 0, -1).incompressible,
		  zwb_incompressible(200));
	zwb_equal(zwb_table_sum(&tables.total, 0, -1).pages, 500);
}

/*
 * Pages that do not compress count with a whole page, and are gone from their
 * column when a command for just these has written them.
 *
 * Turns red when the column counts all pages or none, or when only pages are
 * taken out again.
 */
static void incompressible_pages(void)
{
	struct zwb_row sum, text;

	if (!zwb_need_tables() || !zwb_need_incompressible() ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT) || !zwb_tables_check(&tables))
		return;
	text = zwb_table_sum(&tables.total, 0, -1);
	zwb_equal(text.pages, 500);
	zwb_zero(text.incompressible);
	/* a quarter is noise */
	zwb_between(text.bytes, 500 * zwb_page_size / 4, 500 * zwb_page_size / 2);

	if (!zwb_load(NULL, ZWB_ANY_NODE, 333, ZWB_NOISE) || !zwb_tables_check(&tables))
		return;
	sum = zwb_table_sum(&tables.total, 0, -1);
	zwb_equal(sum.pages, text.pages + 333);
	zwb_equal(sum.incompressible, 333);
	zwb_equal(sum.bytes, text.bytes + 333 * zwb_page_size);

	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "type=incompressible max=%lld", 33LL * zwb_page_size));
	if (!zwb_tables_check(&tables))
		return;
	sum = zwb_table_sum(&tables.total, 0, -1);
	zwb_equal(sum.incompressible, 300);
	zwb_equal(sum.bytes, text.bytes + 300 * zwb_page_size);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "type=incompressible"));
	if (!zwb_tables_check(&tables))
		return;
	sum = zwb_table_sum(&tables.total, 0, -1);
	zwb_amounts_are(&sum, &text);
}

static void expect_pages(long long pages)
{
	if (zwb_tables_check(&tables))
		zwb_equal(zwb_table_sum(&tables.total, 0, -1).pages, pages);
}

/*
 * What is read back, freed, overwritten, written by a command or evicted by the
 * shrinker leaves the tables, page by page, and in the end nothing is left, not
 * a byte.
 *
 * Turns red when one of the ways out of zswap forgets to count, when the length
 * or the time that is counted off is not that of the store, or when what moves
 * within its list leaves the tables.
 */
static void what_leaves_is_counted_off(void)
{
	struct zwb_load *read, *freed, *written, *evicted, *forked;
	struct zwb_row sum, none = { 0 };
	struct zwb_snap delta;
	const char *cgroup, *other;
	long long pages;
	int nodes[1];

	if (!zwb_need_tables() || !zwb_nodes(nodes, 1))
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	evicted = cgroup ? zwb_load(cgroup, nodes[0], 400, ZWB_TEXT) : NULL;
	other = evicted ? zwb_cgroup(NULL, "other") : NULL;
	written = other ? zwb_load(other, ZWB_ANY_NODE, 350, ZWB_NOISE) : NULL;
	read = written ? zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT) : NULL;
	freed = read ? zwb_load(NULL, ZWB_ANY_NODE, 250, ZWB_NOISE) : NULL;
	forked = freed ? zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT) : NULL;
	if (!forked)
		return;
	/* so that stores and what follows are not of the same second */
	zwb_wait_age(forked, 1);
	pages = 400 + 350 + 300 + 250 + 200;
	expect_pages(pages);

	if (!zwb_load_touch(read, 0, 100))
		return;
	pages -= 100;
	expect_pages(pages);
	if (!zwb_load_verify(read))
		return;
	pages -= 200;
	expect_pages(pages);
	if (!zwb_load_pageout(read))
		return;
	pages += 300;
	expect_pages(pages);

	zwb_load_stop(freed);
	pages -= 250;
	expect_pages(pages);

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(other),
			 150LL * zwb_page_size));
	zwb_equal(delta.total.written, 150);
	pages -= 150;
	expect_pages(pages);

	if (!access("/sys/kernel/debug/shrinker", F_OK)) {
		/* the second chance moves entries within their list */
		if (!zwb_shrinker_scan(cgroup, nodes[0], 400))
			return;
		expect_pages(pages);
		if (!zwb_shrinker_scan(cgroup, nodes[0], 120))
			return;
		pages -= 120;
		expect_pages(pages);
		zwb_tables_own_is(&tables, cgroup, 400 - 120, 0);
	}

	/* shared with a copy, pages leave zswap with the first to read them */
	if (!zwb_load_fork(forked) || !zwb_load_touch(forked, 0, 50))
		return;
	pages -= 50;
	expect_pages(pages);

	/* nothing new comes in, what is there stays in the tables */
	if (!zwb_param_set("enabled", "N"))
		return;
	expect_pages(pages);
	zwb_load_stop(forked);
	zwb_load_stop(read);
	zwb_load_stop(evicted);
	if (!zwb_param_set("enabled", "Y"))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, 200);
	if (zwb_tables_check(&tables)) {
		sum = zwb_table_sum(&tables.total, 0, -1);
		zwb_amounts_are(&sum, &none);
		sum = zwb_cgroup_table_sum(&tables.cgroups, 0, ZWB_GLOBAL, -1);
		zwb_amounts_are(&sum, &none);
	}
}

/*
 * Pages whose write failed are in no column of written ones, and in the table as old
 * as they are.
 *
 * Turns red when what was tried counts as written, or when a page that failed is
 * not in its list any more, or is young.
 */
static void failed_writes(void)
{
	struct zwb_snap delta;
	struct zwb_row sum;
	long long end;
	int err;

	if (!zwb_need_tables() || !zwb_need_write_errors() ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT))
		return;
	/* starts the columns anew, and shows each second */
	if (!zwb_edges_write("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15") || !zwb_write_errors(2))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 400LL * zwb_page_size);
	end = zwb_now() + 4 * ZWB_NS_PER_SEC;
	if (!zwb_write_errors(0))
		return;
	zwb_zero(err);
	zwb_between(delta.total.failed, 2, 2 * ZWB_ERRORS_BATCH);
	if (!zwb_tables_check(&tables))
		return;
	sum = zwb_table_sum(&tables.total, 0, -1);
	zwb_equal(sum.written, delta.total.written);
	zwb_zero(sum.refaulted + sum.dropped);
	zwb_equal(sum.pages, 600 - delta.total.written);
	/* from second to second, the tables agree on each */
	while (zwb_now() < end && zwb_tables_check(&tables))
		zwb_pause();
	zwb_edges_restore();
}

/* --- reading leaves no trace --- */

static bool read_everything(int times)
{
	struct zwb_edges edges;
	int i;

	for (i = 0; i < times; i++) {
		if (!zwb_tables_read_once(&tables) || !zwb_edges_read(&edges))
			return false;
	}
	return true;
}

/*
 * No counter changes by reading, be it of commands, of events or of entries.
 *
 * Turns red when the walk for the cgroups counts as a command or as scanned.
 */
static void reading_changes_no_counter(void)
{
	struct zwb_snap before, delta;
	const char *cgroup;

	if (!zwb_need_tables())
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, 400, ZWB_TEXT) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_NOISE))
		return;
	/* a part is on the disk */
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 200LL * zwb_page_size));
	if (!zwb_tables_check(&tables))
		return;
	zwb_snap(&before);
	if (!read_everything(READS))
		return;
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
	zwb_zero(delta.vm.zswpin);
	zwb_zero(delta.vm.zswpout);
	zwb_zero(delta.vm.pswpin);
	zwb_zero(delta.disk_writes);
	expect_pages(500);
}

static bool take_by_command(const char *cgroup, int node, bool reads)
{
	struct zwb_snap delta;

	if (reads && !read_everything(READS))
		return false;
	zwb_zero(zwb_run(&delta, node, "cgroup=%llu max=%lld", zwb_cgroup_id(cgroup),
			 MAP_TAKEN * (long long)zwb_page_size));
	return zwb_equal(delta.total.written, MAP_TAKEN);
}

/* Every entry has its second chance first: with the bit set the shrinker writes nothing. */
static bool take_by_shrinker(const char *cgroup, int node, bool reads)
{
	struct zwb_snap before, delta;

	if (reads && !read_everything(READS))
		return false;
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, MAP_PAGES))
		return false;
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpwb);
	/* with the bit gone it writes what it visits */
	if (reads && !read_everything(READS))
		return false;
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, MAP_TAKEN))
		return false;
	zwb_since(&delta, &before);
	return zwb_equal(delta.vm.zswpwb, MAP_TAKEN);
}

static bool what_is_left(bool (*take)(const char *cgroup, int node, bool reads),
			 const char *cgroup, int node, bool reads, unsigned char *in_zswap)
{
	struct zwb_load *load;
	bool good;

	load = zwb_load(cgroup, node, MAP_PAGES, ZWB_TEXT);
	good = load && take(cgroup, node, reads) && zwb_load_map(load, in_zswap);
	if (load)
		zwb_load_stop(load);
	return good;
}

static void expect_same_left(bool (*take)(const char *cgroup, int node, bool reads))
{
	unsigned char without[MAP_PAGES], with[MAP_PAGES];
	int i, nodes[1], differences = 0, taken = 0;
	const char *cgroup;

	if (!zwb_need_tables() || !zwb_nodes(nodes, 1))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !what_is_left(take, cgroup, nodes[0], false, without) ||
	    !what_is_left(take, cgroup, nodes[0], true, with))
		return;
	for (i = 0; i < MAP_PAGES; i++) {
		taken += !without[i];
		differences += without[i] != with[i];
	}
	zwb_equal(taken, MAP_TAKEN);
	zwb_zero(differences);
}

/*
 * A command with a limit takes the very same pages whether or not the tables
 * were read before.
 *
 * Turns red when the walk for the cgroups rotates what it looks at, or puts it
 * back in another order.
 */
static void reading_keeps_the_order_for_commands(void)
{
	expect_same_left(take_by_command);
}

/*
 * So does the shrinker, and neither is an entry's second chance spent by a
 * reader, nor is it given anew.
 *
 * Turns red when the walk clears the referenced bit, sets it, or rotates.
 */
static void reading_keeps_bits_and_order_for_the_shrinker(void)
{
	if (!zwb_need_shrinker_debugfs())
		return;
	zwb_allow_other_writeback();
	expect_same_left(take_by_shrinker);
}

/* --- writing what a table shows --- */

/* Dry runs for one row or more of them find what the table shows there. */
static void check_dry_runs(void)
{
	static const struct {
		const char *bucket;
		int first;
		int last;
	} runs[] = {
		{ "0", 0, 0 }, { "1", 1, 1 }, { "2", 2, 2 }, { "0-0", 0, 0 }, { "0-1", 0, 1 },
		{ "1-2", 1, 2 }, { "0-2", 0, 2 }, { "2-2", 2, 2 },
	};
	struct zwb_answer answer;
	struct zwb_row sum;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		bool good;

		sum = zwb_table_sum(&tables.total, runs[i].first, runs[i].last);
		good = zwb_zero(zwb_ask(&answer, "bucket=%s dry_run=1", runs[i].bucket));
		good &= zwb_equal(answer.written, sum.pages);
		good &= zwb_equal(answer.released_bytes, sum.bytes);
		if (!good)
			ksft_print_msg("the bucket was '%s'\n", runs[i].bucket);
	}
}

static void write_buckets(void)
{
	const char *cold_cgroup, *mild_cgroup;
	struct zwb_load *cold, *mild, *warm;
	struct zwb_answer answer;
	struct zwb_row row[3];
	struct zwb_snap before, delta;
	int first, second, i;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	cold_cgroup = zwb_cgroup(NULL, "cold");
	mild_cgroup = cold_cgroup ? zwb_cgroup(NULL, "mild") : NULL;
	cold = mild_cgroup ? zwb_load(cold_cgroup, first, 300, ZWB_TEXT) : NULL;
	if (!cold || !zwb_load(cold_cgroup, second, 100, ZWB_NOISE))
		return;
	zwb_wait_age(cold, 3);
	mild = zwb_load(mild_cgroup, first, 250, ZWB_TEXT);
	if (!mild)
		return;
	zwb_wait_age(mild, 3);
	warm = zwb_load(NULL, second, 200, ZWB_TEXT);
	/* the ages are 0, 4 and 8 s, or more: nothing changes its row in nearly three seconds */
	if (!warm || !zwb_tables_check(&tables))
		return;
	zwb_equal(tables.total.row[0].pages, 200);
	zwb_equal(tables.total.row[1].pages, 250);
	zwb_equal(tables.total.row[2].pages, 400);
	for (i = 0; i < 3; i++)
		row[i] = tables.total.row[i];
	check_dry_runs();
	zwb_snap(&before);
	zwb_zero(zwb_ask(&answer, "bucket=1"));
	zwb_since(&delta, &before);
	if (!zwb_still_younger(warm, 3) || !zwb_still_younger(mild, 7) || zwb_failed())
		return;

	/* the answer, the counters, and what is left */
	zwb_equal(answer.written, row[1].pages);
	zwb_equal(answer.released_bytes, row[1].bytes);
	zwb_equal(answer.skipped_young, row[0].pages);
	zwb_equal(delta.total.written, row[1].pages);
	zwb_equal(delta.total.released_bytes, row[1].bytes);
	zwb_equal(delta.node[first].written, row[1].pages);
	if (!zwb_tables_check(&tables))
		return;
	zwb_tables_own_is(&tables, mild_cgroup, 0, 0);
	zwb_tables_own_is(&tables, cold_cgroup, 400, 100);
	zwb_zero(tables.total.row[0].written);
	zwb_equal(tables.total.row[1].written, 250);
	zwb_zero(tables.total.row[2].written);

	/* all that is left, from more than one row */
	row[0] = zwb_table_sum(&tables.total, 0, -1);
	zwb_zero(zwb_ask(&answer, "bucket=0-2"));
	zwb_equal(answer.written, row[0].pages);
	zwb_equal(answer.released_bytes, row[0].bytes);
	zwb_equal(answer.coldest_left, -1);
	if (!zwb_tables_check(&tables))
		return;
	zwb_zero(zwb_table_sum(&tables.total, 0, -1).pages);
	zwb_equal(tables.total.row[2].written, 400);
	zwb_equal(tables.node[first].row[2].written, 300);
	zwb_equal(tables.node[second].row[2].written, 100);
	zwb_equal(zwb_table_sum(&tables.node[second], 0, 1).written, 200);
	zwb_equal(zwb_table_sum(&tables.total, 0, -1).written, 850);
	zwb_equal(zwb_ask(&answer, "bucket=0-2"), -EAGAIN);
	zwb_zero(answer.written);
}

/*
 * bucket=N and N-M write exactly what the table shows in these rows, by
 * page and byte; the answer says so, and the column of written pages, too.
 *
 * Turns red when a bound of a row is not that of the command, when N-M is N or
 * M, or when pages are counted for another row than they were in.
 */
static void bucket_writes_what_the_table_shows(void)
{
	with_edges("0 3 7", write_buckets);
}

/*
 * Protected entries are in the tables as others are: they are in zswap.  A
 * command for their row tells them from what it writes.
 *
 * Turns red when the table shows only what a command would write.
 */
static void protected_entries_are_shown(void)
{
	struct zwb_answer answer;
	const char *protected;
	struct zwb_row own;

	if (!zwb_need_tables())
		return;
	protected = zwb_cgroup(NULL, "protected");
	if (!protected || !zwb_load(protected, ZWB_ANY_NODE, 150, ZWB_TEXT) ||
	    !zwb_cgroup_set(protected, "memory.zswap.writeback", "0") ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT) || !zwb_tables_check(&tables))
		return;
	zwb_equal(tables.total.row[0].pages, 350);
	zwb_tables_own_is(&tables, protected, 150, 0);
	zwb_zero(zwb_ask(&answer, "bucket=0"));
	zwb_equal(answer.written, 200);
	zwb_equal(answer.skipped_protected, 150);
	if (!zwb_tables_check(&tables))
		return;
	own = zwb_table_sum(&tables.total, 0, -1);
	zwb_equal(own.pages, 150);
	zwb_tables_own_is(&tables, protected, 150, 0);
	zwb_memory_stat_agrees(protected, &own);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(rows_add_up),
	ZWB_TEST(root_has_a_row),
	ZWB_TEST(row_to_the_second),
	ZWB_TEST(node_tables_show_the_node),
	ZWB_TEST(incompressible_pages),
	ZWB_TEST(what_leaves_is_counted_off),
	ZWB_TEST(failed_writes),
	ZWB_TEST(reading_changes_no_counter),
	ZWB_TEST(reading_keeps_the_order_for_commands),
	ZWB_TEST(reading_keeps_bits_and_order_for_the_shrinker),
	ZWB_TEST(bucket_writes_what_the_table_shows),
	ZWB_TEST(protected_entries_are_shown),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
