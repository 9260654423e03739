// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of proactive zswap writeback: the parts that need neither a swap
 * device nor cgroups.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "../internal.h"
#include "port.h"

/* ---- command.c ---- */

static int zswap_wb_parse(const char *text, struct zswap_wb_command *cmd)
{
	return zswap_wb_command_parse(text, strlen(text), ZSWAP_WB_KEYS_ALL,
				      cmd);
}

struct zswap_wb_good_command {
	const char	*text;
	unsigned long	keys;
	u64		age;
	u64		max_pages;
	u64		max_compressed;
	u64		cgroup_id;
	bool		descend;
	enum zswap_wb_type type;
	u64		rate;	/* 0: not given */
};

#define K_AGE	ZSWAP_WB_KEY_AGE
#define K_MAX	ZSWAP_WB_KEY_MAX
#define K_MAXC	ZSWAP_WB_KEY_MAX_COMPRESSED
#define K_NODE	ZSWAP_WB_KEY_NODE
#define K_CGROUP	ZSWAP_WB_KEY_CGROUP
#define K_DESCEND	ZSWAP_WB_KEY_DESCEND
#define K_TYPE	ZSWAP_WB_KEY_TYPE
#define K_RATE	ZSWAP_WB_KEY_RATE
#define NONE	ZSWAP_WB_NO_LIMIT
#define ALL	ZSWAP_WB_TYPE_ALL
#define INCOMP	ZSWAP_WB_TYPE_INCOMPRESSIBLE
#define MIB	(1024ULL * 1024)

static const struct zswap_wb_good_command zswap_wb_good_commands[] = {
	{ "age=0", K_AGE, 0, NONE, NONE, 0, true, ALL },
	{ "0", K_AGE, 0, NONE, NONE, 0, true, ALL },
	{ "3600", K_AGE, 3600, NONE, NONE, 0, true, ALL },
	{ "3600\n", K_AGE, 3600, NONE, NONE, 0, true, ALL },
	{ "age=007", K_AGE, 7, NONE, NONE, 0, true, ALL },
	{ "1h", K_AGE, 3600, NONE, NONE, 0, true, ALL },
	{ "age=90s", K_AGE, 90, NONE, NONE, 0, true, ALL },
	{ "age=2m", K_AGE, 120, NONE, NONE, 0, true, ALL },
	{ "age=3d", K_AGE, 3 * 86400, NONE, NONE, 0, true, ALL },
	{ "age=18446744073709551615", K_AGE, U64_MAX, NONE, NONE, 0, true, ALL },
	{ "age=213503982334601d", K_AGE, 213503982334601ULL * 86400, NONE, NONE,
	  0, true, ALL },
	{ "max=10M", K_MAX, 0, 10 * MIB / PAGE_SIZE, NONE, 0, true, ALL },
	{ "max=10m", K_MAX, 0, 10 * MIB / PAGE_SIZE, NONE, 0, true, ALL },
	{ "max=1T", K_MAX, 0, MIB * MIB / PAGE_SIZE, NONE, 0, true, ALL },
	{ "max=1048577", K_MAX, 0, MIB / PAGE_SIZE, NONE, 0, true, ALL },
	{ "max_compressed=1", K_MAXC, 0, NONE, 1, 0, true, ALL },
	{ "max_compressed=3K", K_MAXC, 0, NONE, 3072, 0, true, ALL },
	{ "age=0 rate=4M", K_AGE | K_RATE, 0, NONE, NONE, 0, true, ALL, 4 * MIB },
	{ "rate=65537 max=1M", K_MAX | K_RATE, 0, MIB / PAGE_SIZE, NONE, 0, true, ALL,
	  65537 },
	{ "type=all", K_TYPE, 0, NONE, NONE, 0, true, ALL },
	{ "type=incompressible", K_TYPE, 0, NONE, NONE, 0, true, INCOMP },
	{ "age=1 cgroup=42", K_AGE | K_CGROUP, 1, NONE, NONE, 42, true, ALL },
	{ "cgroup=42 descend=0 age=1", K_AGE | K_CGROUP | K_DESCEND, 1, NONE, NONE,
	  42, false, ALL },
	{ "cgroup=42 descend=1 age=1", K_AGE | K_CGROUP | K_DESCEND, 1, NONE, NONE,
	  42, true, ALL },
	{ "cgroup=18446744073709551615 7", K_AGE | K_CGROUP, 7, NONE, NONE, U64_MAX,
	  true, ALL },
	{ " \t age=5\t \tmax=1M  ", K_AGE | K_MAX, 5, MIB / PAGE_SIZE, NONE, 0,
	  true, ALL },
	{ "node=0 age=5", K_AGE | K_NODE, 5, NONE, NONE, 0, true, ALL },
	{ "5 max=1M max_compressed=1M node=0 cgroup=1 descend=0 type=all",
	  K_AGE | K_MAX | K_MAXC | K_NODE | K_CGROUP | K_DESCEND | K_TYPE, 5,
	  MIB / PAGE_SIZE, MIB, 1, false, ALL },
};

KUNIT_ARRAY_PARAM_DESC(zswap_wb_good_command, zswap_wb_good_commands, text);

static void zswap_wb_command_good(struct kunit *test)
{
	const struct zswap_wb_good_command *want = test->param_value;
	struct zswap_wb_command cmd;

	KUNIT_ASSERT_EQ(test, zswap_wb_parse(want->text, &cmd), 0);
	KUNIT_EXPECT_EQ(test, cmd.keys, want->keys);
	KUNIT_EXPECT_EQ(test, cmd.age, want->age);
	KUNIT_EXPECT_EQ(test, cmd.max_pages, want->max_pages);
	KUNIT_EXPECT_EQ(test, cmd.max_compressed, want->max_compressed);
	KUNIT_EXPECT_EQ(test, cmd.cgroup_id, want->cgroup_id);
	KUNIT_EXPECT_EQ(test, cmd.descend, want->descend);
	KUNIT_EXPECT_EQ(test, cmd.type, want->type);
	KUNIT_EXPECT_EQ(test, cmd.rate, want->rate ?: NONE);
	if (want->keys & K_NODE) {
		KUNIT_EXPECT_EQ(test, nodes_weight(cmd.nodes), 1);
		KUNIT_EXPECT_TRUE(test, node_isset(0, cmd.nodes));
	} else {
		KUNIT_EXPECT_TRUE(test, nodes_full(cmd.nodes));
	}
}

struct zswap_wb_bad_command {
	const char	*text;
	int		err;
};

static const struct zswap_wb_bad_command zswap_wb_bad_commands[] = {
	/* nothing, or not what to write */
	{ "", -EINVAL }, { "\n", -EINVAL }, { "  \t ", -EINVAL },
	{ "node=0", -EINVAL }, { "cgroup=1", -EINVAL }, { "rate=1M", -EINVAL },
	{ "rate=1M node=0", -EINVAL },
	{ "cgroup=1 descend=0", -EINVAL },
	/* no key, unknown key, repeated key */
	{ "all", -EINVAL }, { "=5", -EINVAL }, { "Age=5", -EINVAL },
	{ "ages=5", -EINVAL }, { "age =5", -EINVAL }, { "age", -EINVAL },
	{ "buckets=1", -EINVAL }, { "dry-run=1 age=1", -EINVAL },
	{ "age=1 age=1", -EINVAL }, { "1 age=1", -EINVAL },
	{ "1 2", -EINVAL }, { "max=1M 1 max=1M", -EINVAL },
	/* ages */
	{ "age=", -EINVAL }, { "age= 5", -EINVAL }, { "age=s", -EINVAL },
	{ "age=-1", -EINVAL }, { "-1", -EINVAL }, { "age=+1", -EINVAL },
	{ "age=1.5", -EINVAL }, { "age=0x10", -EINVAL }, { "age=5S", -EINVAL },
	{ "age=5sm", -EINVAL }, { "age=5w", -EINVAL }, { "age=5M", -EINVAL },
	{ "age=5=5", -EINVAL }, { "age=5,max=1M", -EINVAL },
	{ "age=18446744073709551616", -ERANGE },
	{ "99999999999999999999999", -ERANGE },
	{ "age=213503982334602d", -ERANGE },
	{ "age=18446744073709551615m", -ERANGE },
	/* sizes */
	{ "max=", -EINVAL }, { "max=K", -EINVAL }, { "max=0", -EINVAL },
	{ "max=1", -EINVAL }, { "max=1KB", -EINVAL }, { "max=1P", -EINVAL },
	{ "max=-4096", -EINVAL }, { "max=1 M", -EINVAL },
	{ "max=16777216T", -ERANGE }, { "max=18446744073709551616", -ERANGE },
	{ "max_compressed=0", -EINVAL }, { "max_compressed=0K", -EINVAL },
	{ "max_compressed=16777216T", -ERANGE },
	{ "age=1 rate=0", -EINVAL }, { "age=1 rate=1", -EINVAL },
	{ "age=1 rate=", -EINVAL }, { "age=1 rate=1M/s", -EINVAL },
	{ "age=1 rate=-1M", -EINVAL }, { "age=1 rate=1M rate=1M", -EINVAL },
	{ "age=1 rate=16777216T", -ERANGE },
	/* nodes */
	{ "age=1 node=", -EINVAL }, { "age=1 node=x", -EINVAL },
	{ "age=1 node=-1", -EINVAL }, { "age=1 node=1-0", -EINVAL },
	{ "age=1 node=,0", -EINVAL }, { "age=1 node=0,", -EINVAL },
	{ "age=1 node=0,,0", -EINVAL }, { "node=0, 1", -EINVAL },
	{ "age=1 node=0-0:1/2", -EINVAL }, { "age=1 node=all", -EINVAL },
	{ "age=1 node=0\r\n", -EINVAL }, { "age=1 node=99999", -EINVAL },
	{ "age=1 node=99999999999999999999", -EINVAL },
	/* cgroups */
	{ "age=1 cgroup=", -EINVAL }, { "age=1 cgroup=/", -EINVAL },
	{ "age=1 cgroup=-1", -EINVAL }, { "age=1 cgroup=1K", -EINVAL },
	{ "age=1 cgroup=18446744073709551616", -ERANGE },
	{ "age=1 descend=1", -EINVAL }, { "age=1 descend=0", -EINVAL },
	{ "age=1 cgroup=1 descend=2", -EINVAL },
	{ "age=1 cgroup=1 descend=", -EINVAL },
	{ "age=1 cgroup=1 descend=01", -EINVAL },
	{ "age=1 cgroup=1 descend=yes", -EINVAL },
	/* buckets */
	{ "bucket=", -EINVAL }, { "bucket=-", -EINVAL }, { "bucket=-3", -EINVAL },
	{ "bucket=16", -EINVAL }, { "bucket=0-16", -EINVAL },
	{ "bucket=16-", -EINVAL }, { "bucket=0-4294967295", -EINVAL },
	{ "bucket=5-", -EINVAL }, { "bucket=0- max=1M", -EINVAL },
	{ "bucket=5-4", -EINVAL }, { "bucket=1,2", -EINVAL },
	{ "bucket=1-2-3", -EINVAL }, { "bucket=1s", -EINVAL },
	{ "bucket=1 age=5", -EINVAL }, { "5 bucket=1", -EINVAL },
	{ "bucket=1 bucket=2", -EINVAL },
	{ "bucket=18446744073709551616", -ERANGE },
	{ "bucket=1-18446744073709551616", -ERANGE },
	/* dry runs */
	{ "dry_run=1", -EINVAL }, { "age=1 dry_run=2", -EINVAL },
	{ "age=1 dry_run=", -EINVAL }, { "age=1 dry_run=yes", -EINVAL },
	/* types */
	{ "type=", -EINVAL }, { "type=huge", -EINVAL }, { "type=All", -EINVAL },
	/* lines */
	{ "age=1\nmax=1M", -EINVAL }, { "age=1\n max=1M", -EINVAL },
	{ "age=1\n\n", -EINVAL }, { "\nage=1", -EINVAL },
	{ "age=1\r\n", -EINVAL },
};

static void zswap_wb_bad_command_desc(const struct zswap_wb_bad_command *bad,
				      char *desc)
{
	/* The text may have newlines, which KTAP can't have in a name */
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zd",
		  bad - zswap_wb_bad_commands);
}

KUNIT_ARRAY_PARAM(zswap_wb_bad_command, zswap_wb_bad_commands,
		  zswap_wb_bad_command_desc);

static void zswap_wb_command_bad(struct kunit *test)
{
	const struct zswap_wb_bad_command *bad = test->param_value;
	struct zswap_wb_command cmd;

	KUNIT_EXPECT_EQ_MSG(test, zswap_wb_parse(bad->text, &cmd), bad->err,
			    "command \"%s\"", bad->text);
}

/* A front end that does not take a key refuses it like one that is unknown */
static void zswap_wb_command_allowed(struct kunit *test)
{
	static const char text[] = "age=1 node=0";
	struct zswap_wb_command cmd;

	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse(text, strlen(text),
						     K_AGE | K_NODE, &cmd), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse(text, strlen(text), K_AGE,
						     &cmd), -EINVAL);
}

static void zswap_wb_command_bucket(struct kunit *test)
{
	static const struct {
		const char	*text;
		unsigned int	min, max;
		bool		dry_run;
	} good[] = {
		{ "bucket=0", 0, 0, false },
		{ "bucket=12", 12, 12, false },
		{ "bucket=15", 15, 15, false },
		{ "bucket=0-12 dry_run=0", 0, 12, false },
		{ "bucket=3-4 dry_run=1", 3, 4, true },
		{ "age=5", 0, ZSWAP_WB_BUCKET_COLDEST, false },
	};
	struct zswap_wb_command cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_ASSERT_EQ(test, zswap_wb_parse(good[i].text, &cmd), 0);
		KUNIT_EXPECT_EQ(test, cmd.bucket_min, good[i].min);
		KUNIT_EXPECT_EQ(test, cmd.bucket_max, good[i].max);
		KUNIT_EXPECT_EQ(test, cmd.dry_run, good[i].dry_run);
	}
}

/* The length counts, not a NUL; what follows it is not read */
static void zswap_wb_command_length(struct kunit *test)
{
	struct zswap_wb_command cmd;
	char *text;

	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse("age=12345", 5,
						     ZSWAP_WB_KEYS_ALL, &cmd),
			0);
	KUNIT_EXPECT_EQ(test, cmd.age, 1);
	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse("age=1\0max=1M", 12,
						     ZSWAP_WB_KEYS_ALL, &cmd),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse("age=1\0", 6,
						     ZSWAP_WB_KEYS_ALL, &cmd),
			-EINVAL);

	/* What a sysfs write may have cut off is refused as a whole */
	text = kunit_kmalloc(test, PAGE_SIZE, GFP_KERNEL);
	if (!text)
		kunit_skip(test, "no memory");
	memset(text, ' ', PAGE_SIZE);
	memcpy(text, "age=1", 5);
	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse(text, PAGE_SIZE - 2,
						     ZSWAP_WB_KEYS_ALL, &cmd),
			0);
	KUNIT_EXPECT_EQ(test, zswap_wb_command_parse(text, PAGE_SIZE,
						     ZSWAP_WB_KEYS_ALL, &cmd),
			-EINVAL);
}

/* ---- age.c ---- */

static void zswap_wb_age_clock(struct kunit *test)
{
	u32 stamp = zswap_wb_age_stamp(1000);

	/* Not older than it is, at any fraction of a second */
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(stamp, 1000), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(stamp, 1001), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(stamp, 1002), 1);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(stamp, 4601), 3600);
	/* Stored after the command took the time */
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(stamp, 999), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(stamp, 0), 0);
}

static void zswap_wb_age_wrap(struct kunit *test)
{
	const u64 wrap = 1ULL << 32;

	/* across the wrap of the stamp, and of both */
	KUNIT_EXPECT_EQ(test, zswap_wb_age_stamp(wrap - 1), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(zswap_wb_age_stamp(wrap - 10),
					      wrap + 10), 19);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(zswap_wb_age_stamp(wrap + 5),
					      wrap + 5), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(zswap_wb_age_stamp(wrap + 5),
					      wrap - 5), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(zswap_wb_age_stamp(3 * wrap),
					      3 * wrap + 101), 100);
	/* the oldest age that can be told */
	KUNIT_EXPECT_EQ(test, zswap_wb_age_of(zswap_wb_age_stamp(0),
					      1ULL << 31), S32_MAX);
}

/* What is stored in the second of @now may have been there before */
static void zswap_wb_age_stored_later(struct kunit *test)
{
	const u64 wrap = 1ULL << 32;

	KUNIT_EXPECT_FALSE(test, zswap_wb_age_later(zswap_wb_age_stamp(10), 20));
	KUNIT_EXPECT_FALSE(test, zswap_wb_age_later(zswap_wb_age_stamp(20), 20));
	KUNIT_EXPECT_TRUE(test, zswap_wb_age_later(zswap_wb_age_stamp(21), 20));
	KUNIT_EXPECT_TRUE(test, zswap_wb_age_later(zswap_wb_age_stamp(wrap + 5),
						   wrap - 5));
	KUNIT_EXPECT_FALSE(test,
			   zswap_wb_age_later(zswap_wb_age_stamp(wrap - 5),
					      wrap + 5));
}

/* ---- pass.c ---- */

static void zswap_wb_select_verdict(struct kunit *test)
{
	struct zswap_wb_filter filter = {
		.min_age	= 60,
		.floor		= 60,
		.max_age	= 120,
		.type		= ZSWAP_WB_TYPE_ALL,
	};

	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 59, false),
			ZSWAP_WB_YOUNG);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 60, false),
			ZSWAP_WB_ELIGIBLE);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 119, true),
			ZSWAP_WB_ELIGIBLE);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 120, false),
			ZSWAP_WB_OUTSIDE);

	filter.type = ZSWAP_WB_TYPE_INCOMPRESSIBLE;
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 59, false),
			ZSWAP_WB_OUTSIDE);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 59, true),
			ZSWAP_WB_YOUNG);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 60, false),
			ZSWAP_WB_OUTSIDE);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 60, true),
			ZSWAP_WB_ELIGIBLE);

	/* old enough for the command, but not for this pass */
	filter.floor = 100;
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 59, true),
			ZSWAP_WB_YOUNG);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 60, false),
			ZSWAP_WB_OUTSIDE);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 60, true),
			ZSWAP_WB_LATER);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 99, true),
			ZSWAP_WB_LATER);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 100, true),
			ZSWAP_WB_ELIGIBLE);
	KUNIT_EXPECT_EQ(test, zswap_wb_select(&filter, 120, true),
			ZSWAP_WB_OUTSIDE);
}

static void zswap_wb_select_budget(struct kunit *test)
{
	struct zswap_wb_budget budget;

	zswap_wb_budget_init(&budget, NONE, NONE);
	KUNIT_EXPECT_FALSE(test, zswap_wb_budget_empty(&budget));

	zswap_wb_budget_init(&budget, 2, NONE);
	zswap_wb_budget_take(&budget, PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, zswap_wb_budget_empty(&budget));
	zswap_wb_budget_take(&budget, 1);
	KUNIT_EXPECT_TRUE(test, zswap_wb_budget_empty(&budget));
	zswap_wb_budget_refund(&budget, 1);
	KUNIT_EXPECT_FALSE(test, zswap_wb_budget_empty(&budget));

	/* one entry beyond the limit, and never a second one */
	zswap_wb_budget_init(&budget, NONE, 1000);
	zswap_wb_budget_take(&budget, 999);
	KUNIT_EXPECT_FALSE(test, zswap_wb_budget_empty(&budget));
	zswap_wb_budget_take(&budget, 500);
	KUNIT_EXPECT_TRUE(test, zswap_wb_budget_empty(&budget));
	zswap_wb_budget_refund(&budget, 500);
	KUNIT_EXPECT_FALSE(test, zswap_wb_budget_empty(&budget));
	zswap_wb_budget_take(&budget, 1);
	KUNIT_EXPECT_TRUE(test, zswap_wb_budget_empty(&budget));
}

/* ---- list_lru: what lists.c must not rely on, and what it does ---- */

/* Frees an item as zswap's shrinker does: unlocked, and by list_lru_del() */
static enum lru_status zswap_wb_drift_visit(struct list_head *item,
					    spinlock_t *lock, void *lru)
{
	spin_unlock(lock);
	list_lru_del(lru, item, 0, NULL);
	return LRU_REMOVED_RETRY;
}

/*
 * The count of a node is one too low for each entry that a walk has written
 * back: list_lru_del() has taken it off, and LRU_REMOVED_RETRY does so again.
 * The count of a list is right. If this fails, list_lru has been mended.
 */
static void zswap_wb_list_lru_drift(struct kunit *test)
{
	struct list_head item[5];
	unsigned long nr = 3;
	struct list_lru lru = {};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, list_lru_init(&lru), 0);
	for (i = 0; i < ARRAY_SIZE(item); i++) {
		INIT_LIST_HEAD(&item[i]);
		list_lru_add(&lru, &item[i], 0, NULL);
	}
	KUNIT_EXPECT_EQ(test, list_lru_count_node(&lru, 0), 5);

	zswap_wb_port_walk(&lru, zswap_wb_drift_visit, &lru, &nr);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, 0, NULL), 2);
	KUNIT_EXPECT_EQ(test, (long)list_lru_count_node(&lru, 0), 5 - 2 * 3);

	/* without a walk, as a command frees its entries */
	list_lru_del(&lru, &item[3], 0, NULL);
	KUNIT_EXPECT_EQ(test, list_lru_count_one(&lru, 0, NULL), 1);
	KUNIT_EXPECT_EQ(test, (long)list_lru_count_node(&lru, 0), 5 - 2 * 3 - 1);
	list_lru_del(&lru, &item[4], 0, NULL);
	list_lru_destroy(&lru);
}

/* Every other item is a mark */
static enum lru_status zswap_wb_mark_visit(struct list_head *item,
					   spinlock_t *lock, void *arg)
{
	unsigned int *seen = arg;

	return ++*seen % 2 ? LRU_MARK : LRU_SKIP;
}

/* Marks are stepped over, and are no part of what a walk may look at */
static void zswap_wb_list_lru_mark(struct kunit *test)
{
	struct list_head item[8];
	unsigned long nr = 3;
	struct list_lru lru = {};
	unsigned int seen = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, list_lru_init(&lru), 0);
	for (i = 0; i < ARRAY_SIZE(item); i++) {
		INIT_LIST_HEAD(&item[i]);
		list_lru_add(&lru, &item[i], 0, NULL);
	}
	KUNIT_EXPECT_EQ(test, zswap_wb_port_walk(&lru, zswap_wb_mark_visit, &seen,
						 &nr), 0);
	KUNIT_EXPECT_EQ(test, nr, 0);
	KUNIT_EXPECT_EQ(test, seen, 6);
	for (i = 0; i < ARRAY_SIZE(item); i++)
		list_lru_del(&lru, &item[i], 0, NULL);
	list_lru_destroy(&lru);
}

/* ---- pace.c ---- */

#define PACE_END	(20ULL * NSEC_PER_SEC)
#define PACE_WINDOW	(2ULL * NSEC_PER_SEC)
#define PACE_EVENTS	16384

/* A device, and what else there is that takes time */
struct zswap_wb_pace_case {
	const char	*name;
	u64		rate;	/* bytes a second */
	u64		latency_ns;	/* for a batch */
	u64		page_ns;	/* and for each page of it */
	u32		late_ns;	/* most time that a wait is too long */
};

static const struct zswap_wb_pace_case zswap_wb_pace_cases[] = {
	{ "16 pages", 16 * PAGE_SIZE, 0, 0, 0 },
	{ "16 pages, late", 16 * PAGE_SIZE, 3000000, 100000, 8000000 },
	{ "17.07 pages", 17 * PAGE_SIZE + 290, 100000, 10000, 5000000 },
	{ "100 pages", 100 * PAGE_SIZE + 1, 100000, 10000, 5000000 },
	{ "1,000 pages", 1000 * PAGE_SIZE - 1, 100000, 10000, 5000000 },
	{ "1,000 pages, slow seeks", 1000 * PAGE_SIZE, 25000000, 10000, 5000000 },
	{ "half of what the disk can", 12500 * PAGE_SIZE, 100000, 40000, 2000000 },
	{ "nearly what the disk can", 24000 * PAGE_SIZE, 100000, 40000, 1000000 },
	{ "a fast disk", 250000ULL * PAGE_SIZE, 0, 1000, 100000 },
};

KUNIT_ARRAY_PARAM_DESC(zswap_wb_pace_case, zswap_wb_pace_cases, name);

/* When how many pages were begun to be written */
struct zswap_wb_pace_event {
	u64		ns;
	unsigned int	pages;
};

/* In any two seconds, it is what was asked for, within 5 % */
static void zswap_wb_pace_two_seconds(struct kunit *test)
{
	const struct zswap_wb_pace_case *c = test->param_value;
	const u64 want = c->rate * 2 / PAGE_SIZE;
	unsigned int i, nr = 0, last = 0;
	struct zswap_wb_pace_event *event;
	struct zswap_wb_pace pace;
	u64 now = 7, sum = 0;
	u32 random = 1;

	event = kunit_kcalloc(test, PACE_EVENTS, sizeof(*event), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, event);
	zswap_wb_pace_init(&pace, c->rate, now);
	while (now < PACE_END) {
		u64 delay = zswap_wb_pace_delay(&pace, now);

		/* as a generator, it need not be good */
		random = random * 1103515245 + 12345;
		if (delay)
			now += delay + (c->late_ns ? random % c->late_ns : 0);
		KUNIT_ASSERT_LT(test, nr, PACE_EVENTS);
		event[nr].ns = now;
		event[nr].pages = min(zswap_wb_pace_batch(&pace, now), 512);
		KUNIT_ASSERT_GE(test, event[nr].pages, 1);
		zswap_wb_pace_take(&pace, event[nr].pages, now);
		now += c->latency_ns + c->page_ns * event[nr].pages;
		nr++;
	}
	/* from each batch on, with it and without it */
	for (i = 0; i < nr; i++) {
		while (last < nr && event[last].ns < event[i].ns + PACE_WINDOW)
			sum += event[last++].pages;
		if (last == nr)
			break;
		KUNIT_EXPECT_LE_MSG(test, sum * 100, want * 105,
				    "at %llu ns", event[i].ns);
		sum -= event[i].pages;
		KUNIT_EXPECT_GE_MSG(test, (sum + (event[last].ns <= event[i].ns + PACE_WINDOW ?
						  event[last].pages : 0)) * 100,
				    want * 95, "at %llu ns", event[i].ns);
	}
	KUNIT_EXPECT_GT(test, i, 100);
}

/* What was missed for long is not made up for, and a slow disk is not waited for */
static void zswap_wb_pace_late(struct kunit *test)
{
	const u64 second = NSEC_PER_SEC;
	struct zswap_wb_pace pace;
	u64 pages = 0, now;

	zswap_wb_pace_init(&pace, 1000 * PAGE_SIZE, 0);
	now = 10 * second;
	while (!zswap_wb_pace_delay(&pace, now)) {
		unsigned int batch = zswap_wb_pace_batch(&pace, now);

		/* 80 ms, and what is not worth a wait */
		KUNIT_ASSERT_LE(test, batch, 80);
		pages += batch;
		KUNIT_ASSERT_LE(test, pages, 100);
		zswap_wb_pace_take(&pace, batch, now);
	}
	KUNIT_EXPECT_GE(test, pages, 79);
	KUNIT_EXPECT_LE(test, pages, 82);

	/* a batch that has waited for the device is as late as one that is begun then */
	now += 10 * second;
	zswap_wb_pace_batch(&pace, now);
	now += 10 * second;
	zswap_wb_pace_take(&pace, 80, now);
	KUNIT_EXPECT_LE(test, zswap_wb_pace_batch(&pace, now), 20);
	KUNIT_EXPECT_LE(test, zswap_wb_pace_delay(&pace, now), second / 10);
}

/* A page a second, the fastest there is, and no rate at all */
static void zswap_wb_pace_extremes(struct kunit *test)
{
	static const u64 rates[] = { U64_MAX - 1, U64_MAX / 2, ZSWAP_WB_NO_LIMIT };
	const u64 second = NSEC_PER_SEC;
	struct zswap_wb_pace pace;
	unsigned int i;

	zswap_wb_pace_init(&pace, PAGE_SIZE, second);
	KUNIT_EXPECT_EQ(test, zswap_wb_pace_delay(&pace, second), 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_pace_batch(&pace, second), 1);
	zswap_wb_pace_take(&pace, 1, second);
	KUNIT_EXPECT_EQ(test, zswap_wb_pace_delay(&pace, second), second);
	KUNIT_EXPECT_EQ(test, zswap_wb_pace_delay(&pace, 2 * second), 0);

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		zswap_wb_pace_init(&pace, rates[i], second);
		zswap_wb_pace_take(&pace, 512, second);
		KUNIT_EXPECT_EQ(test, zswap_wb_pace_delay(&pace, second), 0);
		KUNIT_EXPECT_GT(test, zswap_wb_pace_batch(&pace, second), 100000);
		zswap_wb_pace_take(&pace, UINT_MAX, second);
		KUNIT_EXPECT_EQ(test, zswap_wb_pace_delay(&pace, second), 0);
	}
}

static struct kunit_case zswap_wb_test_cases[] = {
	KUNIT_CASE_PARAM(zswap_wb_command_good,
			 zswap_wb_good_command_gen_params),
	KUNIT_CASE_PARAM(zswap_wb_command_bad, zswap_wb_bad_command_gen_params),
	KUNIT_CASE(zswap_wb_command_allowed),
	KUNIT_CASE(zswap_wb_command_bucket),
	KUNIT_CASE(zswap_wb_command_length),
	KUNIT_CASE(zswap_wb_age_clock),
	KUNIT_CASE(zswap_wb_age_wrap),
	KUNIT_CASE(zswap_wb_age_stored_later),
	KUNIT_CASE(zswap_wb_select_verdict),
	KUNIT_CASE(zswap_wb_select_budget),
	KUNIT_CASE_PARAM(zswap_wb_pace_two_seconds, zswap_wb_pace_case_gen_params),
	KUNIT_CASE(zswap_wb_pace_late),
	KUNIT_CASE(zswap_wb_pace_extremes),
	KUNIT_CASE(zswap_wb_list_lru_drift),
	KUNIT_CASE(zswap_wb_list_lru_mark),
	{}
};

static struct kunit_suite zswap_wb_test_suite = {
	.name = "zswap_wb",
	.test_cases = zswap_wb_test_cases,
};

kunit_test_suite(zswap_wb_test_suite);

MODULE_DESCRIPTION("KUnit tests of proactive zswap writeback");
MODULE_LICENSE("GPL");
