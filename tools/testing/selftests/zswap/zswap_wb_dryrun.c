// SPDX-License-Identifier: GPL-2.0
/*
 * A dry run counts what a real run then writes, and leaves no trace.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define SAME_SECOND_TRIES	10
#define AGREE_AGE		10
#define SHARE_AGE		4
#define TABLE_CHUNK		65536
#define MAX_TABLES		8

#define MAP_COLD		128
#define MAP_WARM		96
#define MAP_PAGES		(MAP_COLD + MAP_WARM)
#define MAP_EVICTED		40
#define MAP_DRY			30
#define WARM_AGE		4

/* --- agreement --- */

/*
 * Two dry runs in a row, within one second of the age clock: ages are in the
 * answer.
 */
static bool dry_run_twice(struct zwb_answer *first, const char *command)
{
	struct zwb_answer second;
	long long before;
	int tries;

	for (tries = 0; tries < SAME_SECOND_TRIES; tries++) {
		before = zwb_second();
		zwb_zero(zwb_ask(first, "%s dry_run=1", command));
		zwb_zero(zwb_ask(&second, "dry_run=1 %s", command));
		if (zwb_second() != before)
			continue;
		if (zwb_answer_same(&second, first))
			return true;
		ksft_print_msg("the command was '%s'\n", command);
		return false;
	}
	/* what else is wrong is no matter of time */
	if (!zwb_failed())
		zwb_late("no two dry runs within one second");
	return false;
}

/* The real run, which does what the dry run said. */
static bool expect_run(const struct zwb_answer *dry, const char *command)
{
	struct zwb_answer real;
	int err;

	err = zwb_ask(&real, "%s", command);
	zwb_equal(err, dry->written ? 0 : -EAGAIN);
	zwb_equal(real.written, dry->written);
	zwb_equal(real.released_bytes, dry->released_bytes);
	zwb_equal(real.scanned, dry->scanned);
	zwb_equal(real.skipped_young, dry->skipped_young);
	zwb_equal(real.skipped_protected, dry->skipped_protected);
	zwb_zero(dry->skipped_busy + dry->skipped_gone + dry->failed);
	zwb_zero(real.skipped_busy + real.skipped_gone + real.failed);
	if (!zwb_failed())
		return true;
	ksft_print_msg("the command was '%s'\n", command);
	return false;
}

static void agree_on_commands(void)
{
	/* %c, %n and %m are the cgroup and the two nodes; the last ones leave nothing */
	static const char * const commands[] = {
		"max=400K", "max_compressed=100001", "age=10 max=200K",
		"max=256K max_compressed=1G", "type=incompressible max=300K", "node=%n max=100K",
		"node=%n,%m max_compressed=70000", "cgroup=%c max=444K", "bucket=1 max=80K",
		"bucket=0-1 max=80K", "age=1d", "bucket=1", "type=incompressible age=0",
		"cgroup=%c descend=0 age=0", "bucket=0 node=%m", "age=10", "age=0", "age=0",
	};
	const char *parent, *child, *kept;
	struct zwb_load *old, *young;
	struct zwb_answer dry;
	char command[128];
	int first, second;
	size_t i;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	parent = zwb_cgroup(NULL, "parent");
	child = parent ? zwb_cgroup(parent, "child") : NULL;
	kept = child ? zwb_cgroup(NULL, "kept") : NULL;
	if (!kept || !zwb_cgroup_set(kept, "memory.zswap.writeback", "0") ||
	    !zwb_load(kept, first, 150, ZWB_TEXT) || !zwb_load(NULL, first, 700, ZWB_TEXT) ||
	    !zwb_load(child, second, 500, ZWB_TEXT) || !zwb_load(NULL, second, 300, ZWB_NOISE))
		return;
	old = zwb_load(child, first, 400, ZWB_NOISE);
	if (!old)
		return;
	zwb_wait_age(old, AGREE_AGE);
	young = zwb_load(child, first, 333, ZWB_TEXT);
	if (!young || !zwb_load(NULL, second, 444, ZWB_TEXT))
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *from = commands[i];
		char *to = command;

		if (zwb_is_refused(commands[i]))
			continue;
		for (; *from; from++) {
			if (*from != '%')
				*to++ = *from;
			else if (*++from == 'c')
				to += sprintf(to, "%llu", zwb_cgroup_id(parent));
			else
				to += sprintf(to, "%d", *from == 'n' ? first : second);
		}
		*to = '\0';
		if (!dry_run_twice(&dry, command) || !expect_run(&dry, command))
			return;
		/* or it may have been young for the dry run, and old for the other */
		if (!zwb_still_younger(young, AGREE_AGE))
			return;
	}
	zwb_equal(zwb_stored(), 150);
}

/*
 * Every kind of command, over loads of two ages, sizes, cgroups and nodes: two
 * dry runs in a row say the same, to the line, and the real run does it.
 *
 * Turns red when a dry run does not know of a key or of a limit, divides a limit
 * among the lists in another way, counts protected entries, or changes something
 * that the next one finds.
 */
static void dry_run_and_real_run_agree(void)
{
	if (!zwb_need_answers() || !zwb_need_tables() || !zwb_edges_write("0 10"))
		return;
	agree_on_commands();
	zwb_edges_restore();
}

/*
 * A list that has less than its part leaves the rest to others: they give more in the
 * next turn, in a dry run as well.
 *
 * Turns red when a dry run takes in the next turn what it has taken before, or ends
 * with the first one.
 */
static void dry_run_shares_out_what_is_left(void)
{
	struct zwb_load *few, *many, *young;
	const char *first, *second;
	struct zwb_answer dry;
	char command[64];
	int nodes[1];

	if (!zwb_need_answers() || !zwb_nodes(nodes, 1))
		return;
	first = zwb_cgroup(NULL, "first");
	second = first ? zwb_cgroup(NULL, "second") : NULL;
	few = second ? zwb_load(first, nodes[0], 50, ZWB_NOISE) : NULL;
	many = few ? zwb_load(second, nodes[0], 400, ZWB_TEXT) : NULL;
	if (!many)
		return;
	zwb_wait_age(many, SHARE_AGE);
	young = zwb_load(first, nodes[0], 1000, ZWB_TEXT);
	if (!young)
		return;
	snprintf(command, sizeof(command), "age=%d max=%lld", SHARE_AGE, 300LL * zwb_page_size);
	if (!dry_run_twice(&dry, command))
		return;
	zwb_equal(dry.written, 300);
	expect_run(&dry, command);
	zwb_still_younger(young, SHARE_AGE);
}

/* --- no trace --- */

/* Every table there is, as text. */
static size_t read_tables(char **tables)
{
	int i, nodes[MAX_TABLES], nr_nodes = zwb_nodes(nodes, MAX_TABLES - 2);
	char path[ZWB_PATH_MAX];
	size_t length, nr = 0;

	tables[nr++] = zwb_read_file(ZWB_TABLE_FILE, TABLE_CHUNK, &length);
	tables[nr++] = zwb_read_file(ZWB_CGROUP_TABLE_FILE, TABLE_CHUNK, &length);
	for (i = 0; i < nr_nodes; i++)
		tables[nr++] = zwb_read_file(zwb_table_path(nodes[i], path, sizeof(path)),
					     TABLE_CHUNK, &length);
	return nr;
}

static void expect_same_tables(void (*run)(void))
{
	char *before[MAX_TABLES], *after[MAX_TABLES];
	size_t i, nr;

	nr = read_tables(before);
	run();
	zwb_equal((long long)read_tables(after), (long long)nr);
	for (i = 0; i < nr; i++) {
		if (before[i] && after[i] && strcmp(before[i], after[i]))
			zwb_fail("a table was\n# %s# and is\n# %s", before[i], after[i]);
		free(before[i]);
		free(after[i]);
	}
}

static void run_dry(void)
{
	static const char * const commands[] = {
		"age=0", "age=1d", "max=1M", "max_compressed=1", "type=incompressible",
		"bucket=0", "bucket=1", "bucket=0-1", "node=0 age=0",
	};
	struct zwb_answer answer;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!zwb_is_refused(commands[i]))
			zwb_zero(zwb_ask(&answer, "%s dry_run=1", commands[i]));
	}
}

static void look_for_changes(void)
{
	struct zwb_snap before, delta;
	const char *parent, *child;

	parent = zwb_cgroup(NULL, "parent");
	child = parent ? zwb_cgroup(parent, "child") : NULL;
	if (!child || !zwb_load(child, ZWB_ANY_NODE, 700, ZWB_TEXT) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_NOISE) ||
	    !zwb_memory_stat_is(child, "zswapped", 700 * zwb_page_size))
		return;
	/* so that there is something in each column */
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	zwb_snap(&before);
	expect_same_tables(run_dry);
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
	zwb_zero(delta.disk_writes);
	zwb_memory_stat_is(child, "zswpwb", zwb_cgroup_key(child, "memory.stat",
							   "zswpwb_proactive"));
}

/*
 * A dry run changes no counter and no table.
 *
 * Turns red when it counts as a command, as scanned or as written, or when it
 * takes entries off their list.
 */
static void dry_run_changes_no_counter(void)
{
	/* nothing here gets that old: ages do not change the tables */
	if (!zwb_need_answers() || !zwb_need_tables() || !zwb_edges_write("0 1000"))
		return;
	look_for_changes();
	zwb_edges_restore();
}

/**
 * struct eviction - what the shrinker took
 * @in_zswap: one byte for each page that is still there
 * @written: how many it wrote in the end
 * @early: how many it wrote when it had to give second chances only
 */
struct eviction {
	unsigned char in_zswap[MAP_PAGES];
	long long written;
	long long early;
};

/* Dry runs over a cgroup, most of which stop somewhere on their way. */
static void dry_runs(const char *cgroup, int node)
{
	unsigned long long id = zwb_cgroup_id(cgroup);
	struct zwb_answer answer;

	zwb_zero(zwb_ask(&answer, "dry_run=1 cgroup=%llu max=%lld", id,
			 MAP_DRY * (long long)zwb_page_size));
	zwb_equal(answer.written, MAP_DRY);
	zwb_zero(zwb_ask(&answer, "dry_run=1 cgroup=%llu node=%d max_compressed=1", id, node));
	zwb_equal(answer.written, 1);
	zwb_zero(zwb_ask(&answer, "dry_run=1 max=%lld age=%d", 7LL * zwb_page_size, WARM_AGE));
	zwb_zero(zwb_ask(&answer, "dry_run=1 bucket=0 max=%lld", 5LL * zwb_page_size));
	zwb_zero(zwb_ask(&answer, "dry_run=1 bucket=1 max=%lld", 3LL * zwb_page_size));
	zwb_zero(zwb_ask(&answer, "dry_run=1 age=1d"));
	zwb_zero(answer.written);
	zwb_zero(zwb_ask(&answer, "dry_run=1 cgroup=%llu age=0", id));
	zwb_between(answer.written, MAP_DRY, MAP_PAGES);
}

static bool scan(const char *cgroup, int node, long long entries, long long *written)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, entries))
		return false;
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpwb_proactive);
	*written = delta.vm.zswpwb;
	return true;
}

/* All entries fresh; dry runs before the second chances, in the middle of them, and after. */
static bool evict_fresh(const char *cgroup, int node, bool dry, struct eviction *eviction)
{
	struct zwb_load *load = zwb_load(cgroup, node, MAP_PAGES, ZWB_TEXT);
	long long more;
	bool good;

	if (!load)
		return false;
	if (dry)
		dry_runs(cgroup, node);
	if (!scan(cgroup, node, MAP_COLD, &eviction->early))
		return false;
	if (dry)
		dry_runs(cgroup, node);
	if (!scan(cgroup, node, MAP_WARM, &more))
		return false;
	eviction->early += more;
	if (dry)
		dry_runs(cgroup, node);
	good = scan(cgroup, node, MAP_EVICTED, &eviction->written) &&
	       zwb_load_map(load, eviction->in_zswap);
	zwb_load_stop(load);
	return good;
}

/*
 * Cold entries that had their second chance, and in front of them warm ones
 * that have not: the shrinker has to pass all of these to get at the former.  So
 * has a dry run that is content with a few of the cold ones.
 */
static bool evict_behind_warm(const char *cgroup, int node, bool dry, struct eviction *eviction)
{
	struct zwb_load *cold, *warm;
	bool good;

	cold = zwb_load(cgroup, node, MAP_COLD, ZWB_TEXT);
	if (!cold)
		return false;
	zwb_wait_age(cold, WARM_AGE);
	warm = zwb_load(cgroup, node, MAP_WARM, ZWB_NOISE);
	if (!warm || !scan(cgroup, node, MAP_COLD, &eviction->early))
		return false;
	if (dry) {
		dry_runs(cgroup, node);
		if (!zwb_still_younger(warm, WARM_AGE))
			return false;
	}
	good = scan(cgroup, node, MAP_WARM + MAP_EVICTED, &eviction->written) &&
	       zwb_load_map(cold, eviction->in_zswap) &&
	       zwb_load_map(warm, eviction->in_zswap + MAP_COLD);
	zwb_load_stop(cold);
	zwb_load_stop(warm);
	return good;
}

/* What a command takes under a limit, of entries that are all as cold. */
static bool evict_by_command(const char *cgroup, int node, bool dry, struct eviction *eviction)
{
	struct zwb_load *load = zwb_load(cgroup, node, MAP_PAGES, ZWB_TEXT);
	struct zwb_snap delta;
	bool good;

	if (!load || !scan(cgroup, node, MAP_WARM, &eviction->early))
		return false;
	if (dry)
		dry_runs(cgroup, node);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(cgroup),
			 MAP_EVICTED * (long long)zwb_page_size));
	eviction->written = delta.total.written;
	good = zwb_load_map(load, eviction->in_zswap);
	zwb_load_stop(load);
	return good;
}

static void compare_evictions(bool (*evict)(const char *cgroup, int node, bool dry,
					    struct eviction *eviction))
{
	static struct eviction without, with;
	int i, nodes[1], differences = 0, evicted = 0;
	const char *cgroup;

	if (!zwb_nodes(nodes, 1))
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !evict(cgroup, nodes[0], false, &without) ||
	    !evict(cgroup, nodes[0], true, &with))
		return;
	zwb_zero(without.early);
	zwb_equal(without.written, MAP_EVICTED);
	zwb_zero(with.early);
	zwb_equal(with.written, MAP_EVICTED);
	for (i = 0; i < MAP_PAGES; i++) {
		evicted += !without.in_zswap[i];
		differences += without.in_zswap[i] != with.in_zswap[i];
	}
	zwb_equal(evicted, MAP_EVICTED);
	zwb_zero(differences);
}

/* Has entries evicted without and with dry runs before, and compares which were. */
static void expect_same_evictions(bool (*evict)(const char *cgroup, int node, bool dry,
						struct eviction *eviction))
{
	char edges[32];

	snprintf(edges, sizeof(edges), "0 %d", WARM_AGE);
	if (!zwb_need_answers() || !zwb_need_tables() || !zwb_need_shrinker_debugfs() ||
	    !zwb_edges_write(edges))
		return;
	compare_evictions(evict);
	zwb_edges_restore();
}

/*
 * Dry runs leave the second chances of all entries as they are, and their order:
 * the shrinker takes the same pages.
 *
 * Turns red when a dry run clears or sets the referenced bit, or rotates entries.
 */
static void dry_run_leaves_no_trace_for_the_shrinker(void)
{
	expect_same_evictions(evict_fresh);
}

/*
 * The same with warm entries in front of the cold ones.
 *
 * Turns red when a dry run rotates the entries that it has to pass, or those
 * that it selects, or clears their referenced bit: to rotate all of a list would
 * not show.
 */
static void partial_dry_run_leaves_no_trace_for_the_shrinker(void)
{
	expect_same_evictions(evict_behind_warm);
}

/*
 * A command under a limit takes the same pages with and without dry runs before
 * it.
 *
 * Turns red when a dry run rotates entries, or leaves its place in the list to
 * the next command.
 */
static void dry_run_leaves_no_trace_for_the_next_command(void)
{
	expect_same_evictions(evict_by_command);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(dry_run_and_real_run_agree),
	ZWB_TEST(dry_run_shares_out_what_is_left),
	ZWB_TEST(dry_run_changes_no_counter),
	ZWB_TEST(dry_run_leaves_no_trace_for_the_shrinker),
	ZWB_TEST(partial_dry_run_leaves_no_trace_for_the_shrinker),
	ZWB_TEST(dry_run_leaves_no_trace_for_the_next_command),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
