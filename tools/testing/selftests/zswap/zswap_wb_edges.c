// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/zswap/age_edges: where one age bucket ends and the next
 * begins, for tables and for commands.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"

#define EDGES_DEFAULT \
	"0 30 60 120 300 900 1800 3600 10800 21600 43200 86400 259200"
#define EDGES_SIXTEEN		"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 2147483647"
#define EDGES_SEVENTEEN		"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"

#define RACE_READS		400
#define RACE_COMMANDS		40

/* what was last read; its cgroups are freed when it is read again */
static struct zwb_tables tables;

/* The file reads as one line, to the letter, and all tables have rows for just these edges. */
static bool expect_edges(const char *text)
{
	struct zwb_edges edges;
	bool good = true;
	size_t length;
	char *read;
	int i;

	read = zwb_read_file(ZWB_EDGES_FILE, 1, &length);
	if (!read)
		return false;
	if (length != strlen(text) + 1 || strncmp(read, text, length - 1) ||
	    read[length - 1] != '\n') {
		zwb_fail("age_edges reads as '%s', not '%s' and a newline", read, text);
		good = false;
	}
	free(read);
	if (!good || !zwb_edges_read(&edges))
		return false;
	zwb_tables_check(&tables);
	good = zwb_equal(tables.total.nr, edges.nr);
	for (i = 0; good && i < edges.nr; i++)
		good = zwb_equal(tables.total.row[i].min_age, edges.edge[i]);
	return good;
}

/* Early returns are many, and the next test finds the usual edges. */
static void with_edges(const char *edges, void (*fn)(void))
{
	if (zwb_need_tables() && zwb_edges_write(edges)) {
		fn();
		zwb_edges_restore();
	}
}

/*
 * Who may do what with the files.
 *
 * Turns red when a table that names cgroups can be read by everybody, or when
 * anybody but root can change something.
 */
static void modes(void)
{
	int i, nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	char path[ZWB_PATH_MAX];

	if (!zwb_need_tables())
		return;
	zwb_check_mode(ZWB_TABLE_FILE, 0444);
	for (i = 0; i < nr_nodes; i++)
		zwb_check_mode(zwb_table_path(nodes[i], path, sizeof(path)), 0444);
	zwb_check_mode(ZWB_CGROUP_TABLE_FILE, 0400);
	zwb_check_mode(ZWB_EDGES_FILE, 0600);
	zwb_check_mode(ZWB_DEBUGFS "/writeback", 0600);
}

/*
 * The list that the documentation names is there from the beginning, and comes
 * back by its name.
 *
 * Turns red when a default edge is another one, or when the word is refused.
 */
static void default_list(void)
{
	if (!zwb_need_tables())
		return;
	/* no other test leaves anything else behind */
	expect_edges(EDGES_DEFAULT);
	if (zwb_edges_write("0 7") && zwb_edges_write("default"))
		expect_edges(EDGES_DEFAULT);
	if (zwb_edges_write("0 8") && zwb_edges_write("default\n"))
		expect_edges(EDGES_DEFAULT);
	zwb_edges_restore();
}

static void write_good_lists(void)
{
	static const struct {
		const char *text;
		const char *reads;
	} lists[] = {
		{ "0 1", "0 1" },
		{ "0 5\n", "0 5" },
		{ "0 2147483647", "0 2147483647" },
		{ "0 30 60 3600 86400", "0 30 60 3600 86400" },
		{ EDGES_SIXTEEN, EDGES_SIXTEEN },
		{ EDGES_SIXTEEN "\n", EDGES_SIXTEEN },
		{ EDGES_DEFAULT "\n", EDGES_DEFAULT },
		/* any number of blanks or tabs, as in commands */
		{ "0  5   10", "0 5 10" },
		{ "0\t5 \t10", "0 5 10" },
		{ "  0 5 10  ", "0 5 10" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		if (!zwb_edges_write(lists[i].text) || !expect_edges(lists[i].reads))
			ksft_print_msg("the list was '%s'\n", lists[i].text);
	}
}

/*
 * Every good list is taken, and reads as one line with single blanks; with 2 and
 * with 16 edges all rows are there, and the entries are in one of them.
 *
 * Turns red when the newline of echo is an error, when the largest list or
 * number is refused, or when a table has another number of rows than edges.
 */
static void good_lists(void)
{
	if (!zwb_need_tables() || !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT))
		return;
	with_edges("0 1000", write_good_lists);
}

/* Lists that are refused; @length is for those that strlen() does not know. */
static const struct {
	const char *text;
	size_t length;
	int error;
} bad_lists[] = {
	{ "", 0, -EINVAL },
	{ "\n", 0, -EINVAL },
	{ " ", 0, -EINVAL },
	{ "0", 0, -EINVAL },
	{ "0\n", 0, -EINVAL },
	{ "5", 0, -EINVAL },
	{ EDGES_SEVENTEEN, 0, -EINVAL },
	/* not increasing, not from 0 */
	{ "0 0", 0, -EINVAL },
	{ "0 5 5", 0, -EINVAL },
	{ "0 5 4", 0, -EINVAL },
	{ "0 5 10 7", 0, -EINVAL },
	{ "1 2", 0, -EINVAL },
	{ "5 0", 0, -EINVAL },
	/* no plain decimal numbers */
	{ "0 x", 0, -EINVAL },
	{ "0 5x", 0, -EINVAL },
	{ "0 5s", 0, -EINVAL },
	{ "0 1m 1h", 0, -EINVAL },
	{ "0x0 0x10", 0, -EINVAL },
	{ "0 0x10", 0, -EINVAL },
	{ "0 -5", 0, -EINVAL },
	{ "-5 0 5", 0, -EINVAL },
	{ "0 +5", 0, -EINVAL },
	{ "0 1.5", 0, -EINVAL },
	{ "0 inf", 0, -EINVAL },
	/* nothing else may separate them */
	{ "0,5", 0, -EINVAL },
	{ "0, 5", 0, -EINVAL },
	{ "0-5", 0, -EINVAL },
	{ "0\n5", 0, -EINVAL },
	{ "0 5\n10", 0, -EINVAL },
	{ "0 5\n\n", 0, -EINVAL },
	{ "\n0 5", 0, -EINVAL },
	{ "0 5\r\n", 0, -EINVAL },
	{ "0\v5", 0, -EINVAL },
	{ "0 5\0", 4, -EINVAL },
	{ "0 5\0 10", 7, -EINVAL },
	/* the word stands alone */
	{ "defaults", 0, -EINVAL },
	{ "Default", 0, -EINVAL },
	{ "default 0 5", 0, -EINVAL },
	{ "0 default", 0, -EINVAL },
	{ "default default", 0, -EINVAL },
	/* too large for an age */
	{ "0 2147483648", 0, -ERANGE },
	{ "0 5 4294967296", 0, -ERANGE },
	{ "0 4294967301", 0, -ERANGE },
	{ "0 9223372036854775808", 0, -ERANGE },
	{ "0 18446744073709551616", 0, -ERANGE },
	{ "0 18446744073709551621", 0, -ERANGE },
	{ "0 100000000000000000000000000000", 0, -ERANGE },
};

static bool same_columns(const struct zwb_table *before)
{
	bool good = zwb_equal(tables.total.nr, before->nr);
	int i;

	for (i = 0; good && i < before->nr; i++) {
		const struct zwb_row *now = &tables.total.row[i], *was = &before->row[i];

		good &= zwb_equal(now->min_age, was->min_age);
		good &= zwb_equal(now->written, was->written);
		good &= zwb_equal(now->refaulted, was->refaulted);
		good &= zwb_equal(now->dropped, was->dropped);
	}
	return good;
}

static void write_bad_lists(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;
	struct zwb_table columns;
	char *long_list;
	size_t i;

	load = zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT);
	if (!load)
		return;
	/* something in each of the columns */
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 200LL * zwb_page_size));
	if (!zwb_load_verify(load) || !zwb_load_pageout(load))
		return;
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	if (!zwb_tables_check(&tables))
		return;
	columns = tables.total;
	zwb_equal(zwb_table_sum(&columns, 0, -1).written, 300);

	zwb_snap(&before);
	for (i = 0; i < ARRAY_SIZE(bad_lists); i++) {
		const char *text = bad_lists[i].text;
		size_t length = bad_lists[i].length ? : strlen(text);
		int err = zwb_write(ZWB_EDGES_FILE, text, length);

		if (zwb_equal(err, bad_lists[i].error) && expect_edges("0 3 2000") &&
		    same_columns(&columns))
			continue;
		ksft_print_msg("the list was '%s'\n", text);
		/* one that was taken must not spoil those that follow */
		if (!zwb_edges_write("0 3 2000") || !zwb_table_read(ZWB_GLOBAL, &columns))
			return;
	}
	/* longer than any good one */
	long_list = malloc(2 * zwb_page_size);
	if (long_list) {
		memset(long_list, ' ', 2 * zwb_page_size);
		memcpy(long_list, "0 5 10", 6);
		memcpy(long_list + 2 * zwb_page_size - 2, "99", 2);
		zwb_equal(zwb_write(ZWB_EDGES_FILE, long_list, 2 * zwb_page_size), -EINVAL);
		expect_edges("0 3 2000");
		same_columns(&columns);
		free(long_list);
	}
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
}

/*
 * A list with anything wrong about it is refused as a whole: edges, rows and
 * columns stay, and so do the counters.
 *
 * Turns red when a number is parsed by a function that forgives, when a list is
 * stored while it is being read, or when the columns start anew before it is
 * known to be good.
 */
static void refused_list_changes_nothing(void)
{
	with_edges("0 3 2000", write_bad_lists);
}

static void expect_rows(long long first, long long second, long long third)
{
	if (!zwb_tables_check(&tables))
		return;
	zwb_equal(tables.total.row[0].pages, first);
	zwb_equal(tables.total.row[1].pages, second);
	if (tables.total.nr > 2)
		zwb_equal(tables.total.row[2].pages, third);
}

static void expect_no_columns(void)
{
	int n;

	if (!zwb_tables_check(&tables))
		return;
	for (n = 0; n <= tables.nr_nodes; n++) {
		struct zwb_row sum = zwb_table_sum(n ? &tables.node[tables.nodes[n - 1]] :
						       &tables.total, 0, -1);

		zwb_zero(sum.written);
		zwb_zero(sum.refaulted);
		zwb_zero(sum.dropped);
	}
}

static void change_edges(void)
{
	struct zwb_load *cold, *warm;
	struct zwb_snap before, delta;

	cold = zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT);
	if (!cold)
		return;
	zwb_wait_age(cold, 5);
	warm = zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_NOISE);
	if (!warm)
		return;
	expect_rows(500, 0, 0);
	if (!zwb_edges_write("0 5"))
		return;
	expect_rows(200, 300, 0);
	if (!zwb_edges_write("0 5 1000"))
		return;
	expect_rows(200, 300, 0);
	if (!zwb_edges_write("0 4 5"))
		return;
	expect_rows(200, 0, 300);
	if (!zwb_still_younger(warm, 4) || zwb_failed() || !zwb_edges_write("0 1000"))
		return;

	/* the columns begin with the edges, also with the same edges */
	zwb_snap(&before);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 120LL * zwb_page_size));
	if (!zwb_tables_check(&tables))
		return;
	zwb_equal(tables.total.row[0].written, 120);
	zwb_zero(tables.total.row[1].written);
	if (!zwb_edges_write("0 1000"))
		return;
	expect_no_columns();
	/* the pages of before are beyond the columns, and not beyond the counters */
	zwb_load_verify(cold);
	zwb_load_verify(warm);
	expect_no_columns();
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, 120);
	zwb_equal(delta.total.refaulted + delta.total.dropped, 120);
}

/*
 * New edges sort what is in zswap anew at once, and start the columns at 0;
 * what was written before counts in them no more, whatever becomes of it, while
 * the counters in sysfs go on.
 *
 * Turns red when rows are made at the time of the store, when old pages show in
 * a bucket that they were never in, or when counters are reset.
 */
static void new_edges_count_at_once(void)
{
	with_edges("0 1000", change_edges);
}

static long long own_pages(const char *cgroup)
{
	return zwb_tables_check(&tables) ? zwb_tables_own(&tables, cgroup).pages : -1;
}

static void limit_by_edges(void)
{
	const char *cold_cgroup, *warm_cgroup;
	struct zwb_load *cold, *warm;
	long long left;
	int nodes[1];

	if (!zwb_nodes(nodes, 1))
		return;
	cold_cgroup = zwb_cgroup(NULL, "cold");
	warm_cgroup = cold_cgroup ? zwb_cgroup(NULL, "warm") : NULL;
	cold = warm_cgroup ? zwb_load(cold_cgroup, nodes[0], 400, ZWB_TEXT) : NULL;
	if (!cold)
		return;
	zwb_wait_age(cold, 5);
	warm = zwb_load(warm_cgroup, nodes[0], 400, ZWB_TEXT);
	if (!warm)
		return;

	/* all in one bucket: both give */
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	left = own_pages(cold_cgroup);
	zwb_between(left, 320, 380);
	zwb_equal(own_pages(warm_cgroup), 700 - left);

	/* in two buckets: the colder one first, all of it */
	if (!zwb_edges_write("0 5"))
		return;
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", (left - 10) * zwb_page_size));
	zwb_equal(own_pages(cold_cgroup), 10);
	zwb_equal(own_pages(warm_cgroup), 700 - left);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 30LL * zwb_page_size));
	zwb_zero(own_pages(cold_cgroup));
	zwb_equal(own_pages(warm_cgroup), 700 - left - 20);
	zwb_still_younger(warm, 5);
}

/*
 * Under a limit a command goes from bucket to bucket as the edges are now.
 *
 * Turns red when commands have edges of their own, or those of the time when
 * the pages were stored.
 */
static void limited_command_goes_by_the_edges(void)
{
	with_edges("0 1000", limit_by_edges);
}

/* A refused bucket leaves no trace. */
static void expect_bucket(const char *bucket, int want)
{
	struct zwb_snap before, delta;
	struct zwb_answer answer;

	zwb_snap(&before);
	if (!zwb_equal(zwb_ask(&answer, "bucket=%s", bucket), want))
		ksft_print_msg("the bucket was '%s'\n", bucket);
	zwb_since(&delta, &before);
	if (want == -EINVAL)
		zwb_check_unchanged(&delta);
	zwb_zero(delta.total.written);
	zwb_zero(zwb_ask(&answer, "bucket=0 dry_run=1"));
	zwb_equal(answer.written, 100);
}

static void try_buckets(void)
{
	expect_bucket("1", -EAGAIN);
	expect_bucket("1-1", -EAGAIN);
	expect_bucket("2", -EINVAL);
	expect_bucket("2-2", -EINVAL);
	expect_bucket("0-2", -EINVAL);
	expect_bucket("1-2", -EINVAL);
	expect_bucket("1-0", -EINVAL);
	expect_bucket("15", -EINVAL);
	expect_bucket("16", -EINVAL);
	expect_bucket("4294967296", -EINVAL);

	/* 16 of them, and nothing here is that old */
	if (!zwb_edges_write("0 110 120 130 140 150 160 170 180 190 200 210 220 230 240 250"))
		return;
	expect_bucket("15", -EAGAIN);
	expect_bucket("15-15", -EAGAIN);
	expect_bucket("1-15", -EAGAIN);
	expect_bucket("16", -EINVAL);
	expect_bucket("16-16", -EINVAL);
	expect_bucket("1-16", -EINVAL);

	if (!zwb_edges_write("default"))
		return;
	expect_bucket("12", -EAGAIN);
	expect_bucket("13", -EINVAL);
	expect_bucket("12-13", -EINVAL);
	expect_bucket("13-13", -EINVAL);
}

/*
 * A bucket that there is not with the present edges is an error, and not an
 * empty one.
 *
 * Turns red when the number of the default buckets or the largest possible one
 * is taken for the number of buckets, or when a refused command counts.
 */
static void bucket_beyond_the_edges(void)
{
	if (!zwb_need_tables() || !zwb_load(NULL, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	with_edges("0 1000", try_buckets);
}

static const char * const race_lists[] = { "0 1000", EDGES_SIXTEEN };

static pid_t start_changing(void)
{
	pid_t pid = zwb_fork();
	int i;

	if (pid)
		return pid;
	for (i = 0; !zwb_edges_try(race_lists[i % 2]); i++)
		;
	_exit(1);
}

static void stop_changing(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		zwb_fail("changing the edges failed");
}

/* Whatever the moment, a table has the rows of one of the lists. */
static void read_while_changing(void)
{
	int i, seen[2] = { 0 };
	struct zwb_edges edges;

	for (i = 0; i < RACE_READS && !zwb_failed(); i++) {
		const struct zwb_table *total = &tables.total;

		if (!zwb_tables_read_once(&tables) || !zwb_edges_read(&edges))
			return;
		if (edges.nr != 2 && edges.nr != 16)
			zwb_fail("there are %d edges", edges.nr);
		if (total->nr == 2 && total->row[1].min_age == 1000)
			seen[0]++;
		else if (total->nr == 16 && total->row[15].min_age == INT_MAX)
			seen[1]++;
		else
			zwb_fail("the table has %d rows, the last one from %lld", total->nr,
				 total->row[total->nr - 1].min_age);
		zwb_equal(zwb_table_sum(total, 0, -1).pages, 600);
	}
	zwb_between(seen[0], 1, RACE_READS);
	zwb_between(seen[1], 1, RACE_READS);
}

static void command_while_changing(void)
{
	struct zwb_snap delta;
	int i;

	for (i = 0; i < RACE_COMMANDS && !zwb_failed(); i++) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 10LL * zwb_page_size));
		zwb_equal(delta.total.written, 10);
	}
}

static void race_edges(void)
{
	pid_t pid;

	if (!zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT))
		return;
	pid = start_changing();
	if (pid < 0)
		return;
	read_while_changing();
	command_while_changing();
	stop_changing(pid);
	if (!zwb_edges_write("0 1000"))
		return;
	expect_rows(600 - 10 * RACE_COMMANDS, 0, 0);
	expect_no_columns();
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0"));
	if (zwb_tables_check(&tables))
		zwb_equal(tables.total.row[0].written, 600 - 10 * RACE_COMMANDS);
}

/*
 * Edges that change all the while: every table that is read is of one list,
 * with every entry in it, and every command does what it was asked for.
 *
 * Turns red when rows and bounds come from two lists, or when a command counts
 * in columns that are gone.
 */
static void edges_change_meanwhile(void)
{
	with_edges("0 1000", race_edges);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(modes),
	ZWB_TEST(default_list),
	ZWB_TEST(good_lists),
	ZWB_TEST(refused_list_changes_nothing),
	ZWB_TEST(new_edges_count_at_once),
	ZWB_TEST(limited_command_goes_by_the_edges),
	ZWB_TEST(bucket_beyond_the_edges),
	ZWB_TEST(edges_change_meanwhile),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
