// SPDX-License-Identifier: GPL-2.0
/*
 * Upstream's own writeback, at memory.zswap.max and by the shrinker, while
 * commands go over the same list on a slow disk: it writes as much as without
 * them, and no store is refused for want of it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* enough for commands to be under way in all of a test */
#define LIST_PAGES		20000
/* enough for RUNS times a few more stores than STORES, with and without a command */
#define LIST_PAGES_FOR_RUNS	24000
#define STORE_PAGES		2000
#define DISK_PAGES		131072
/* reclaim does up to 32 more at a time */
#define STORES			16
/* beside as many commands, which write most of the list meanwhile */
#define STORES_BESIDE_MANY	5
#define STORE_PAGES_AT_ONCE	8
#define STORE_SECONDS		30
/* that many must be done before the list is nearly empty, or the time is over */
#define STORES_LEAST		3
/* more than a scan takes, and all that commands write meanwhile */
#define LIST_LEAST		2500
#define RUNS			5
#define NOISE_PERCENT		20
#define SCAN_PAGES		64
/* fewer tell too little, for any of them may meet many pages that commands have in hand */
#define SCANS			5
/* and these are enough beside commands, if there is still something to scan */
#define SCANS_BESIDE_MANY	10
#define SCAN_PERCENT		80
#define MAX_COMMANDS		32
/* the time that a command needs to fill the disk's queue */
#define UNDER_WAY_MS		500

/* four pages at a time, 4 ms each */
static bool slow_disk_on(void)
{
	static const struct zwb_disk_spec spec = {
		.pages = DISK_PAGES,
		.latency_us = 4000,
		.depth = 4,
	};

	/* not a limit of the disk itself: what is on it is read faster in the end */
	return zwb_disk_on(&spec) && zwb_disk_largest_request(1);
}

/**
 * struct pool - a cgroup with one list of entries
 * @cgroup: the cgroup
 * @node: whose list it is
 * @more: a process that has pages in memory
 */
struct pool {
	const char *cgroup;
	int node;
	struct zwb_load *more;
};

/**
 * struct stores - what became of pages that were reclaimed at memory.zswap.max
 * @kept: stored in zswap
 * @refused: written to the disk past zswap
 * @evicted: pages that zswap wrote to make room, not on behalf of commands
 * @by_commands: pages that commands wrote meanwhile
 * @milliseconds: how long it took
 */
struct stores {
	long long kept;
	long long refused;
	long long evicted;
	long long by_commands;
	long long milliseconds;
};

static void sleep_ms(long long milliseconds)
{
	const struct timespec pause = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * ZWB_NS_PER_MS,
	};

	nanosleep(&pause, NULL);
}

/*
 * Make a pool of some entries, which have had their second chance: each look of
 * the shrinker is a page that it writes.
 */
static bool make_pool(struct pool *pool, int pages)
{
	int nodes[1];

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1) || !slow_disk_on())
		return false;
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	pool->node = nodes[0];
	pool->cgroup = zwb_cgroup(NULL, "pool");
	if (!pool->cgroup || !zwb_load(pool->cgroup, pool->node, pages, ZWB_TEXT) ||
	    !zwb_shrinker_scan(pool->cgroup, pool->node, pages))
		return false;
	pool->more = zwb_load_resident(pool->cgroup, STORE_PAGES, false);
	return pool->more && zwb_equal(zwb_stored(), pages);
}

static int start_commands(const struct pool *pool, struct zwb_async *commands, int nr)
{
	long long before = zwb_vmstat_key("zswpwb");
	int i;

	for (i = 0; i < nr; i++) {
		if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "cgroup=%llu age=0",
			       zwb_cgroup_id(pool->cgroup)))
			return i;
		zwb_go(&commands[i]);
	}
	if (nr && zwb_wait_for_writeback(before))
		sleep_ms(UNDER_WAY_MS);
	return nr;
}

/* They must have been under way till now.  What they have let go of lands. */
static void stop_commands(struct zwb_async *commands, int nr)
{
	long long signalled = zwb_now();
	int i, ended = 0;

	for (i = 0; i < nr; i++)
		kill(commands[i].pid, SIGKILL);
	for (i = 0; i < nr; i++)
		ended += zwb_wait(&commands[i]) != -ESRCH;
	zwb_disk_wait_for_landing();
	zwb_wait_for_what_is_left(signalled);
	if (nr && ended == nr)
		zwb_late("all commands had ended before the stores had");
}

/* A process that reclaims so many pages at the limit. */
static pid_t start_stores(const struct pool *pool, long long nr)
{
	char path[ZWB_PATH_MAX + 32];
	long long already, swapped;
	char bytes[32];
	pid_t pid;

	snprintf(bytes, sizeof(bytes), "%lld", STORE_PAGES_AT_ONCE * (long long)zwb_page_size);
	snprintf(path, sizeof(path), "%s/memory.reclaim", pool->cgroup);
	if (!zwb_load_swapped(pool->more, &already) ||
	    !zwb_cgroup_set(pool->cgroup, "memory.zswap.max", "4096"))
		return -1;
	pid = zwb_fork();
	if (pid)
		return pid;
	/* what it finds first is what was evicted before, and is in the swap cache still */
	do {
		zwb_write(path, bytes, strlen(bytes));
	} while (zwb_load_swapped(pool->more, &swapped) && swapped < already + nr);
	_exit(0);
}

/*
 * Count what stores have had evicted, until they are done or the list is nearly
 * empty: then there is nothing to evict, and the limit is kept all the same.
 */
static void watch_stores(const struct pool *pool, const struct zwb_snap *before, long long nr,
			 struct stores *stores)
{
	long long start = zwb_now(), deadline = start + STORE_SECONDS * ZWB_NS_PER_SEC;
	pid_t pid = start_stores(pool, nr);
	bool done = pid < 0;
	struct zwb_snap delta;

	while (!done && zwb_stored() > LIST_LEAST && zwb_now() < deadline) {
		zwb_pause();
		done = waitpid(pid, NULL, WNOHANG) == pid;
	}
	zwb_since(&delta, before);
	stores->milliseconds = (zwb_now() - start) / ZWB_NS_PER_MS;
	stores->kept = delta.vm.zswpout;
	stores->evicted = delta.vm.zswpwb - delta.vm.zswpwb_proactive;
	zwb_cgroup_set(pool->cgroup, "memory.zswap.max", "max");
	if (!done)
		waitpid(pid, NULL, 0);
}

/* Nothing is under way at the begin and at the end, so that each page counts everywhere. */
static bool store_with(const struct pool *pool, int nr_commands, long long nr_stores,
		       struct stores *stores)
{
	struct zwb_async commands[MAX_COMMANDS];
	struct zwb_snap before, delta;
	int nr;

	zwb_snap(&before);
	nr = start_commands(pool, commands, nr_commands);
	watch_stores(pool, &before, nr_stores, stores);
	stop_commands(commands, nr);
	zwb_since(&delta, &before);
	stores->refused = delta.vm.pswpout - delta.vm.zswpwb;
	stores->by_commands = delta.vm.zswpwb_proactive;
	ksft_print_msg("%d commands, %lld; %lld stored, %lld evicted, %lld ms, refused %lld\n",
		       nr_commands, stores->by_commands, stores->kept, stores->evicted,
		       stores->milliseconds, stores->refused);
	return nr == nr_commands;
}

/* Pages that were evicted for a hundred stores; one more may have been under way at the end. */
static long long evicted_for_stores(const struct stores *stores)
{
	return stores->evicted * 100 / (stores->kept + !stores->kept);
}

/*
 * Stores at memory.zswap.max, of which each has zswap write some pages: with a
 * command under way no more are refused than without, and as many pages are
 * written for each, in the median of some runs.
 *
 * Turns red when the shrinker stumbles over what a command has in hand (18 to
 * 22 of 35 to 41 stores were refused, and none of 37 without a command).
 */
static void limit_works_beside_a_command(void)
{
	long long without[RUNS], with[RUNS], refused_without = 0, refused_with = 0, kept = 0;
	struct stores stores;
	struct pool pool;
	int i;

	if (!make_pool(&pool, LIST_PAGES_FOR_RUNS))
		return;
	for (i = 0; i < RUNS; i++) {
		if (!store_with(&pool, 0, STORES, &stores))
			return;
		zwb_between(stores.kept, STORES / 2, STORE_PAGES);
		without[i] = evicted_for_stores(&stores);
		refused_without += stores.refused;

		if (!store_with(&pool, 1, STORES, &stores))
			return;
		zwb_between(stores.kept, STORES / 2, STORE_PAGES);
		zwb_between(stores.by_commands, 1, LIST_PAGES);
		with[i] = evicted_for_stores(&stores);
		refused_with += stores.refused;
		kept += stores.kept;
	}
	zwb_sort_numbers(without, RUNS);
	zwb_sort_numbers(with, RUNS);
	ksft_print_msg("pages evicted for a hundred stores: %lld, beside commands %lld\n",
		       without[RUNS / 2], with[RUNS / 2]);
	zwb_between(refused_without, 0, RUNS * STORES / 20);
	/* a store for which one page is looked at (7.2, 6.12) may meet one that a command has */
	zwb_between(refused_with, 0, refused_without + kept / 20);
	zwb_near(with[RUNS / 2], without[RUNS / 2], without[RUNS / 2] * NOISE_PERCENT / 100);
}

/*
 * The same with as many commands as the shrinker looks at entries for a store.
 *
 * Turns red when where commands have got to in a list counts as looks: then
 * nothing is written.
 */
static void limit_works_beside_many_commands(void)
{
	struct stores without, with;
	struct pool pool;

	if (!make_pool(&pool, LIST_PAGES) || !store_with(&pool, 0, STORES, &without) ||
	    !store_with(&pool, MAX_COMMANDS, STORES_BESIDE_MANY, &with))
		return;
	zwb_between(without.kept, STORES / 2, STORE_PAGES);
	zwb_between(without.refused, 0, STORES / 10);
	zwb_between(with.by_commands, 1, LIST_PAGES);
	/* on 7.2 and 6.12 each of them is one look */
	zwb_between(with.refused, 0, without.refused + STORES / 10 +
				     with.kept * (100 - SCAN_PERCENT) / 100);
	/* nothing evicted is no matter of time */
	if (with.kept < STORES_LEAST && with.evicted &&
	    with.milliseconds >= STORE_SECONDS * 1000LL && !zwb_failed()) {
		zwb_late("%lld stores in %d s", with.kept, STORE_SECONDS);
		return;
	}
	/* as many pages for each store, within a factor of two, and some for the next one */
	zwb_between(with.kept, STORES_LEAST, STORE_PAGES);
	zwb_between(with.evicted * without.kept, without.evicted * with.kept / 2,
		    without.evicted * (with.kept + 1) * 2);
}

/*
 * Scan until the list is nearly empty, or @most times.
 *
 * Return: of a hundred entries that the shrinker was to look at, how many it wrote.
 */
static long long scan(const struct pool *pool, int most)
{
	long long start = zwb_now(), rejected = zwb_read_number(ZWB_REJECTED);
	struct zwb_snap before, delta;
	int nr = 0;

	zwb_snap(&before);
	while (nr < most && zwb_stored() > LIST_LEAST) {
		if (!zwb_shrinker_scan(pool->cgroup, pool->node, SCAN_PAGES))
			return -1;
		nr++;
		zwb_pause();
	}
	zwb_since(&delta, &before);
	ksft_print_msg("%d scans of %d in %lld ms: wrote %lld, failed %lld, commands wrote %lld\n",
		       nr, SCAN_PAGES, (zwb_now() - start) / ZWB_NS_PER_MS,
		       delta.vm.zswpwb - delta.vm.zswpwb_proactive,
		       zwb_read_number(ZWB_REJECTED) - rejected, delta.vm.zswpwb_proactive);
	if (nr < SCANS && !zwb_failed())
		zwb_late("there was time for %d scans", nr);
	return (delta.vm.zswpwb - delta.vm.zswpwb_proactive) * 100 / (nr * SCAN_PAGES + !nr);
}

/*
 * The shrinker itself writes what it is told to, with 32 commands under way
 * as without: it has all that it looks at written, but for what it meets in
 * the hands of a command.
 *
 * Turns red when it gives up, or uses up its looks, at what commands have in
 * hand.
 */
static void shrinker_writes_beside_many_commands(void)
{
	struct zwb_async commands[MAX_COMMANDS];
	long long without, with;
	struct pool pool;
	int nr;

	if (!make_pool(&pool, LIST_PAGES))
		return;
	without = scan(&pool, SCANS);
	nr = start_commands(&pool, commands, MAX_COMMANDS);
	with = scan(&pool, SCANS_BESIDE_MANY);
	stop_commands(commands, nr);
	zwb_equal(without, 100);
	zwb_between(with, SCAN_PERCENT, 100);
}

#define OLD_AGE			6
#define OLD_PAGES		1500
#define YOUNG_PAGES		1000
#define ORDER_COMMANDS		4
#define ORDER_PAGES		150
/* looks that do not end with a page that is written: at the first one that is too young */
#define ORDER_LOOKS		64

/*
 * Several commands at once write a part of the old entries, one of them is
 * killed: the list is in order as before, so that the next one looks at the old
 * ones that are left and not at all the young ones.
 *
 * Turns red when what a command gives back goes to another place in the list.
 */
static void commands_leave_the_order(void)
{
	struct zwb_async commands[ORDER_COMMANDS];
	struct zwb_load *old, *young;
	struct zwb_watch watch;
	const char *cgroup;
	int i;

	if (!zwb_need_watch() || !slow_disk_on())
		return;
	cgroup = zwb_cgroup(NULL, "order");
	old = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, OLD_PAGES, ZWB_TEXT) : NULL;
	if (!old)
		return;
	zwb_wait_age(old, OLD_AGE);
	young = zwb_load(cgroup, ZWB_ANY_NODE, YOUNG_PAGES, ZWB_TEXT);
	if (!young)
		return;
	for (i = 0; i < ORDER_COMMANDS; i++) {
		if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "cgroup=%llu age=%d max=%lld",
			       zwb_cgroup_id(cgroup), OLD_AGE,
			       ORDER_PAGES * (long long)zwb_page_size))
			return;
	}
	for (i = 0; i < ORDER_COMMANDS; i++)
		zwb_go(&commands[i]);
	kill(commands[0].pid, SIGKILL);
	for (i = 0; i < ORDER_COMMANDS; i++)
		zwb_equal(zwb_wait(&commands[i]), i ? 0 : -ESRCH);
	/* only those were to be at it for a while */
	zwb_disk_whole_requests();
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d", zwb_cgroup_id(cgroup), OLD_AGE));
	if (!zwb_still_younger(young, OLD_AGE - 1))
		return;
	ksft_print_msg("%lld looks for %lld pages\n", watch.looked, watch.answer.written);
	zwb_between(watch.answer.written, OLD_PAGES - ORDER_COMMANDS * ORDER_PAGES,
		    OLD_PAGES - (ORDER_COMMANDS - 1) * ORDER_PAGES);
	zwb_between(watch.looked, watch.answer.written, watch.answer.written + ORDER_LOOKS);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(limit_works_beside_a_command),
	ZWB_TEST(limit_works_beside_many_commands),
	ZWB_TEST(shrinker_writes_beside_many_commands),
	ZWB_TEST(commands_leave_the_order),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
