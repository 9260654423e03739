// SPDX-License-Identifier: GPL-2.0
/*
 * How long a list is locked: for 32 entries at most, whoever walks it and why. A store, a
 * load or an exit waits that long, however many entries there are.
 *
 * It is not measured, which a busy machine would spoil, but counted: lockdep tells of each
 * lock that is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

/* ZSWAP_WB_SCAN_MAX in the kernel */
#define HOLD_ENTRIES		32
#define HOLD_PAGES		(200 * HOLD_ENTRIES)
/* the beginning and the end of a walk, other lists, and what else has lists of that kind */
#define HOLD_OTHERS		8
#define HOLD_TRACE_CHUNK	65536

#define HOLD_EVENT		"/events/lock/lock_acquire"
/* what spin_lock_init() calls those of struct list_lru_one, or of a node if it has but one */
#define HOLD_LOCK		"&l->lock"
#define HOLD_NODE_LOCK		"&lru->node[i].lock"

static bool need_locks(void)
{
	if (!zwb_need_trace())
		return false;
	if (!access(ZWB_TRACEFS HOLD_EVENT, F_OK))
		return true;
	zwb_skip("needs lockdep, which traces locks (CONFIG_PROVE_LOCKING)");
	return false;
}

/* Those that this process takes, and how commands end. */
static bool watch_locks(void)
{
	char filter[128];

	snprintf(filter, sizeof(filter), "common_pid == %d && (name == \"" HOLD_LOCK
		 "\" || name == \"" HOLD_NODE_LOCK "\")", getpid());
	return zwb_trace_start("zswap_wb/zswap_wb_end") &&
	       zwb_write_string(ZWB_TRACE_DIR HOLD_EVENT "/filter", filter) && zwb_trace_clear();
}

static void read_table(void)
{
	static struct zwb_table table;

	if (zwb_table_read(ZWB_GLOBAL, &table))
		zwb_equal(zwb_table_sum(&table, 0, -1).pages, HOLD_PAGES);
}

static void command_for_nothing(void)
{
	struct zwb_snap delta;

	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, HOLD_PAGES);
}

/* Of so many entries each is looked at once by @what, or more often: as a command tells. */
static void count_locks(const char *name, void (*what)(void))
{
	long long looked = HOLD_PAGES, nr = 0;
	const char *at;
	size_t length;
	char *text;

	if (!zwb_trace_clear() || !zwb_write_string(ZWB_TRACE_DIR HOLD_EVENT "/enable", "1"))
		return;
	what();
	if (!zwb_write_string(ZWB_TRACE_DIR HOLD_EVENT "/enable", "0"))
		return;
	text = zwb_read_file(ZWB_TRACE_DIR "/trace", HOLD_TRACE_CHUNK, &length);
	if (!text)
		return;
	for (at = strstr(text, " lock_acquire: "); at; at = strstr(at + 1, " lock_acquire: "))
		nr++;
	at = strstr(text, " looked=");
	if (at)
		looked = atoll(at + strlen(" looked="));
	ksft_print_msg("%s: %lld entries, %lld times a lock\n", name, looked, nr);
	zwb_between(looked, HOLD_PAGES, 2 * HOLD_PAGES);
	zwb_between(nr, looked / HOLD_ENTRIES, looked / HOLD_ENTRIES + HOLD_OTHERS);
	free(text);
}

static void check_locks(void)
{
	int first, second;
	const char *cgroup;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	cgroup = zwb_cgroup(NULL, "one");
	if (!cgroup || !zwb_load(cgroup, first, HOLD_PAGES, ZWB_TEXT) || !watch_locks())
		return;
	count_locks("age_buckets", read_table);
	/* in order, the first entry says that there is nothing old enough */
	zwb_allow_other_writeback();
	if (zwb_shrinker_scan(cgroup, first, HOLD_PAGES))
		count_locks("age=1d", command_for_nothing);
}

/*
 * Turns red when more entries are looked at while a list is locked, or when it is locked for
 * each of them.
 */
static void list_is_locked_for_a_few_entries(void)
{
	if (zwb_need_tables() && zwb_need_shrinker_debugfs() && need_locks())
		check_locks();
	zwb_trace_stop();
}

static const struct zwb_test tests[] = {
	ZWB_TEST(list_is_locked_for_a_few_entries),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
