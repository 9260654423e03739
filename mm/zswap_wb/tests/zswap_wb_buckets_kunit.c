// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of proactive zswap writeback: age buckets, the counts that are
 * kept for them, and the marks of pages that were written.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/zswap_wb.h>

#include "../buckets.h"

/* ---- edges ---- */

static int zswap_wb_edges(const char *text, struct zswap_wb_edges *edges)
{
	char copy[256];

	strscpy(copy, text);
	return zswap_wb_age_edges_parse(copy, edges);
}

static void zswap_wb_edges_good(struct kunit *test)
{
	static const struct {
		const char		*text;
		struct zswap_wb_edges	want;
	} good[] = {
		{ "0 1", { 2, { 0, 1 } } },
		{ "0 1\n", { 2, { 0, 1 } } },
		{ " \t0  7\t8 ", { 3, { 0, 7, 8 } } },
		{ "00 010", { 2, { 0, 10 } } },
		{ "0 2147483647", { 2, { 0, S32_MAX } } },
		{ "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
		  { 16, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
			  15 } } },
		/* part of the interface */
		{ "default\n", { 13, { 0, 30, 60, 120, 300, 900, 1800, 3600,
				       10800, 21600, 43200, 86400, 259200 } } },
	};
	struct zswap_wb_edges edges;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_ASSERT_EQ(test, zswap_wb_edges(good[i].text, &edges), 0);
		KUNIT_ASSERT_EQ(test, edges.nr, good[i].want.nr);
		for (k = 0; k < edges.nr; k++)
			KUNIT_EXPECT_EQ(test, edges.min[k],
					good[i].want.min[k]);
	}
}

static void zswap_wb_edges_bad(struct kunit *test)
{
	static const struct {
		const char	*text;
		int		err;
	} bad[] = {
		{ "", -EINVAL }, { "\n", -EINVAL }, { "0", -EINVAL },
		{ "1 2", -EINVAL }, { "0 0", -EINVAL }, { "0 2 2", -EINVAL },
		{ "0 3 2", -EINVAL }, { "0 -1", -EINVAL }, { "0 +1", -EINVAL },
		{ "0 1s", -EINVAL }, { "0,1", -EINVAL }, { "0 0x2", -EINVAL },
		{ "0 1\n2", -EINVAL }, { "0\n1", -EINVAL },
		{ "0 1\n\n", -EINVAL }, { "\n0 1", -EINVAL },
		{ "0 1\r\n", -EINVAL }, { "default ", -EINVAL },
		{ "default 1", -EINVAL }, { "Default", -EINVAL },
		{ "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", -EINVAL },
		{ "0 2147483648", -ERANGE },
		{ "0 18446744073709551616", -ERANGE },
	};
	struct zswap_wb_edges edges;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, zswap_wb_edges(bad[i].text, &edges),
				    bad[i].err, "%s", bad[i].text);
}

static void zswap_wb_edges_bucket(struct kunit *test)
{
	const struct zswap_wb_edges *edges = &zswap_wb_age_edges_default;
	unsigned int bucket, last = edges->nr - 1;

	KUNIT_EXPECT_EQ(test, zswap_wb_age_bucket_max(edges, last), U64_MAX);
	KUNIT_EXPECT_EQ(test, zswap_wb_age_bucket(edges, U64_MAX), last);
	for (bucket = 0; bucket < last; bucket++) {
		u64 max = zswap_wb_age_bucket_max(edges, bucket);

		KUNIT_EXPECT_EQ(test, max, edges->min[bucket + 1]);
		KUNIT_EXPECT_EQ(test, zswap_wb_age_bucket(edges, max - 1),
				bucket);
		KUNIT_EXPECT_EQ(test, zswap_wb_age_bucket(edges, max),
				bucket + 1);
	}
}

static void zswap_wb_edges_histogram(struct kunit *test)
{
	const struct zswap_wb_edges *edges = &zswap_wb_age_edges_default;
	struct zswap_wb_histogram hist = {};

	zswap_wb_age_histogram_add(&hist, edges, 0, 100);
	zswap_wb_age_histogram_add(&hist, edges, 30, 100);
	zswap_wb_age_histogram_add(&hist, edges, 59, PAGE_SIZE);
	zswap_wb_age_histogram_add(&hist, edges, 45, PAGE_SIZE);
	zswap_wb_age_histogram_add(&hist, edges, 10, 100);
	KUNIT_EXPECT_EQ(test, hist.bucket[0].pages, 2);
	KUNIT_EXPECT_EQ(test, hist.bucket[0].bytes, 200);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].pages, 3);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].bytes, 100 + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].incompressible, 2);
	KUNIT_EXPECT_EQ(test, hist.bucket[2].pages, 0);
}

/* New edges are a new generation: the old one is no longer counted */
static void zswap_wb_buckets_generation(struct kunit *test)
{
	const struct zswap_wb_edges two = { 2, { 0, 5 } };
	struct zswap_wb_columns columns;
	struct zswap_wb_edges edges;
	struct zswap_wb_kind kind = { .nid = 0, .bucket = 1 };
	enum zswap_wb_fate fate = ZSWAP_WB_FATE_REFAULTED;

	KUNIT_ASSERT_EQ(test, zswap_wb_buckets_set(&two), 0);
	kind.generation = zswap_wb_buckets_get(&edges);
	KUNIT_EXPECT_EQ(test, edges.nr, 2);
	KUNIT_EXPECT_TRUE(test, zswap_wb_buckets_count(&kind, fate));
	zswap_wb_buckets_read(NUMA_NO_NODE, &edges, &columns);
	KUNIT_EXPECT_EQ(test, edges.min[1], 5);
	KUNIT_EXPECT_EQ(test, columns.fate[1][fate], 1);
	zswap_wb_buckets_read(0, &edges, &columns);
	KUNIT_EXPECT_EQ(test, columns.fate[1][fate], 1);
	KUNIT_EXPECT_EQ(test, columns.fate[0][fate], 0);
	KUNIT_EXPECT_EQ(test, columns.fate[1][ZSWAP_WB_FATE_DROPPED], 0);

	KUNIT_ASSERT_EQ(test,
			zswap_wb_buckets_set(&zswap_wb_age_edges_default), 0);
	KUNIT_EXPECT_FALSE(test, zswap_wb_buckets_count(&kind, fate));
	zswap_wb_buckets_read(NUMA_NO_NODE, &edges, &columns);
	KUNIT_EXPECT_EQ(test, edges.nr, 13);
	KUNIT_EXPECT_EQ(test, columns.fate[1][fate], 0);
}

/* A load counts in the bucket of its age, for its node and its cgroup */
static void zswap_wb_buckets_loads(struct kunit *test)
{
	static const struct zswap_wb_edges edges[] = {
		{ 2, { 0, 1 } }, { 3, { 0, 7, S32_MAX } },
		{ 13, { 0, 30, 60, 120, 300, 900, 1800, 3600, 10800, 21600,
			43200, 86400, 259200 } },
		{ 16, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } },
	};
	/* the upper half and the sign do not matter */
	static const u64 now = 5ULL << 32 | 0x80000001;
	struct zswap_wb_columns columns;
	struct zswap_wb_edges got;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		atomic64_t own[ZSWAP_WB_BUCKETS_MAX] = {};
		u32 generation;

		KUNIT_ASSERT_EQ(test, zswap_wb_buckets_set(&edges[i]), 0);
		generation = zswap_wb_buckets_get(&got);
		rcu_read_lock();
		for (k = 0; k < edges[i].nr; k++) {
			u64 max = zswap_wb_age_bucket_max(&edges[i], k);
			u64 oldest = min(max - 1, ZSWAP_WB_AGE_MAX);

			/* one for the youngest, one for the oldest */
			zswap_wb_buckets_loaded(now - edges[i].min[k], now, 0,
						own);
			zswap_wb_buckets_loaded(now - oldest, now, 0, own);
		}
		/* stored in this second, and after now was taken */
		zswap_wb_buckets_loaded(zswap_wb_age_stamp(now), now, 0, own);
		zswap_wb_buckets_loaded((u32)now + 9, now, 0, own);
		rcu_read_unlock();
		zswap_wb_buckets_read(0, &got, &columns);
		for (k = 0; k < ZSWAP_WB_BUCKETS_MAX; k++) {
			u64 want = k >= edges[i].nr ? 0 : k ? 2 : 4;

			KUNIT_EXPECT_EQ(test, columns.loaded[k], want);
			KUNIT_EXPECT_EQ(test, zswap_wb_buckets_loaded_read(&own[k], generation),
					want);
		}
	}
	KUNIT_ASSERT_EQ(test,
			zswap_wb_buckets_set(&zswap_wb_age_edges_default), 0);
}

/* A count of older edges is no count, and who has older edges does not count */
static void zswap_wb_buckets_loads_restart(struct kunit *test)
{
	const struct zswap_wb_edges two = { 2, { 0, 5 } };
	struct zswap_wb_buckets *late;
	atomic64_t own[ZSWAP_WB_BUCKETS_MAX] = {};
	struct zswap_wb_columns columns;
	struct zswap_wb_edges edges;
	u32 old, new;

	KUNIT_ASSERT_EQ(test, zswap_wb_buckets_set(&two), 0);
	old = zswap_wb_buckets_get(&edges);
	rcu_read_lock();
	zswap_wb_buckets_loaded(0, 0, 0, own);
	zswap_wb_buckets_loaded(0, 0, 0, own);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, zswap_wb_buckets_loaded_read(own, old), 2);

	KUNIT_ASSERT_EQ(test,
			zswap_wb_buckets_set(&zswap_wb_age_edges_default), 0);
	new = zswap_wb_buckets_get(&edges);
	zswap_wb_buckets_read(NUMA_NO_NODE, &edges, &columns);
	KUNIT_EXPECT_EQ(test, columns.loaded[0], 0);
	KUNIT_EXPECT_EQ(test, zswap_wb_buckets_loaded_read(own, new), 0);
	rcu_read_lock();
	zswap_wb_buckets_loaded(0, 0, 0, own);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, zswap_wb_buckets_loaded_read(own, new), 1);
	KUNIT_EXPECT_EQ(test, zswap_wb_buckets_loaded_read(own, old), 0);

	late = kunit_kzalloc(test, sizeof(*late), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, late);
	late->generation = old;
	rcu_read_lock();
	zswap_wb_buckets_loaded_inc(late, own);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, zswap_wb_buckets_loaded_read(own, new), 1);
}

/* ---- slots.c, on a swap device that is not there ---- */

#define TEST_TYPE	(MAX_SWAPFILES - 1)

static swp_entry_t zswap_wb_test_slot(pgoff_t offset)
{
	return swp_entry(TEST_TYPE, offset);
}

static bool zswap_wb_test_claim(struct kunit *test, swp_entry_t slot, u32 ticket)
{
	struct zswap_wb_chunk *chunk = zswap_wb_chunk_get(slot);
	bool claimed;

	KUNIT_ASSERT_NOT_NULL(test, chunk);
	claimed = zswap_wb_slot_claim(chunk, slot, ticket);
	zswap_wb_chunk_put(chunk);
	return claimed;
}

static u64 zswap_wb_test_dropped(void)
{
	return zswap_wb_stats_read(0, ZSWAP_WB_DROPPED);
}

/* One command after the other, and one at a time */
static void zswap_wb_slots_claim(struct kunit *test)
{
	const swp_entry_t slot = zswap_wb_test_slot(700);
	const struct zswap_wb_kind kind = {};
	u32 mine = zswap_wb_slot_ticket(), other = zswap_wb_slot_ticket();

	KUNIT_EXPECT_NE(test, mine, other);
	KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, mine));
	KUNIT_EXPECT_FALSE(test, zswap_wb_test_claim(test, slot, other));
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_launch(slot, other, &kind));
	zswap_wb_slot_unclaim(slot, other);
	KUNIT_EXPECT_FALSE(test, zswap_wb_test_claim(test, slot, other));
	zswap_wb_slot_unclaim(slot, mine);
	KUNIT_EXPECT_TRUE(test, zswap_wb_test_claim(test, slot, other));
	zswap_wb_slot_unclaim(slot, other);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));
}

/* A claim that was wiped is not launched, not even if there is another one */
static void zswap_wb_slots_wiped(struct kunit *test)
{
	const swp_entry_t slot = zswap_wb_test_slot(0);
	const struct zswap_wb_kind kind = {};
	u32 mine = zswap_wb_slot_ticket(), other = zswap_wb_slot_ticket();
	u64 dropped = zswap_wb_test_dropped();

	KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, mine));
	zswap_wb_slots_free(slot, 1);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_launch(slot, mine, &kind));
	KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, other));
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_launch(slot, mine, &kind));
	KUNIT_EXPECT_TRUE(test, zswap_wb_slot_launch(slot, other, &kind));
	zswap_wb_slot_land(slot, false);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped);
}

static void zswap_wb_test_flight(struct kunit *test, const struct zswap_wb_kind *kind)
{
	const swp_entry_t slot = zswap_wb_test_slot(511);
	u32 ticket = zswap_wb_slot_ticket();
	u64 dropped = zswap_wb_test_dropped();

	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_in_flight(slot));
	KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, ticket));
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_in_flight(slot));
	KUNIT_ASSERT_TRUE(test, zswap_wb_slot_launch(slot, ticket, kind));
	KUNIT_EXPECT_TRUE(test, zswap_wb_slot_in_flight(slot));
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_in_flight(zswap_wb_test_slot(510)));
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_in_flight(zswap_wb_test_slot(1023)));
	KUNIT_EXPECT_FALSE(test, zswap_wb_test_claim(test, slot, ticket + 1));
	zswap_wb_slots_free(slot, 1);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slot_in_flight(slot));
	zswap_wb_slot_land(slot, true);
	KUNIT_EXPECT_FALSE(test, zswap_wb_slot_in_flight(slot));
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped);
	zswap_wb_slots_free(slot, 1);
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped + 1);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));
}

/* What is in flight stays so until it lands, whatever happens to the slot */
static void zswap_wb_slots_flight(struct kunit *test)
{
	zswap_wb_test_flight(test, &(struct zswap_wb_kind) {});
	zswap_wb_test_flight(test, &(struct zswap_wb_kind) { .image = true });
}

/* A mark says node, bucket and generation, to the last bit */
static void zswap_wb_slots_kind(struct kunit *test)
{
	const swp_entry_t slot = zswap_wb_test_slot(1000);
	const struct zswap_wb_edges edges = { 2, { 0, 5 } };
	struct zswap_wb_kind kind = { .bucket = 1 };
	struct zswap_wb_columns columns;
	struct zswap_wb_edges now;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, zswap_wb_buckets_set(&edges), 0);
	kind.generation = zswap_wb_buckets_get(&now);
	for (i = 0; i < 2; i++) {
		u32 ticket = zswap_wb_slot_ticket();

		KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, ticket));
		KUNIT_ASSERT_TRUE(test, zswap_wb_slot_launch(slot, ticket, &kind));
		zswap_wb_slot_land(slot, true);
		zswap_wb_slots_free(slot, 1);
		zswap_wb_buckets_read(0, &now, &columns);
		KUNIT_EXPECT_EQ(test, columns.fate[1][ZSWAP_WB_FATE_DROPPED], 1);
		/* of another generation than the edges in force */
		kind.generation ^= BIT(ZSWAP_WB_GENERATION_BITS - 1);
	}
	KUNIT_EXPECT_EQ(test, columns.fate[0][ZSWAP_WB_FATE_DROPPED], 0);
	KUNIT_ASSERT_EQ(test,
			zswap_wb_buckets_set(&zswap_wb_age_edges_default), 0);
}

/* A chunk is there as long as one of its words is in use, or somebody has it */
static void zswap_wb_slots_chunk(struct kunit *test)
{
	const struct zswap_wb_kind kind = {};
	struct zswap_wb_chunk *chunk;
	u32 ticket = zswap_wb_slot_ticket();
	unsigned int i;

	for (i = 0; i < 1024; i++) {
		const swp_entry_t slot = zswap_wb_test_slot(i);

		KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, ticket));
		KUNIT_ASSERT_TRUE(test, zswap_wb_slot_launch(slot, ticket, &kind));
		zswap_wb_slot_land(slot, true);
	}
	for (i = 0; i < 1024; i++) {
		KUNIT_ASSERT_FALSE(test, zswap_wb_slots_empty(TEST_TYPE));
		zswap_wb_slots_free(zswap_wb_test_slot(1023 - i), 1);
	}
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));

	chunk = zswap_wb_chunk_get(zswap_wb_test_slot(3));
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_FALSE(test, zswap_wb_slots_empty(TEST_TYPE));
	KUNIT_EXPECT_PTR_EQ(test, zswap_wb_chunk_get(zswap_wb_test_slot(511)),
			    chunk);
	zswap_wb_chunk_put(chunk);
	zswap_wb_chunk_put(chunk);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));
}

/* Slots that go together: all of them, in each chunk, and none beside them */
static void zswap_wb_slots_range(struct kunit *test)
{
	static const unsigned int used[] = { 510, 511, 512, 600, 1022, 1536 };
	const swp_entry_t flight = zswap_wb_test_slot(600);
	const struct zswap_wb_kind kind = {};
	u32 ticket = zswap_wb_slot_ticket();
	u64 dropped = zswap_wb_test_dropped();
	unsigned int i;

	zswap_wb_slots_free(zswap_wb_test_slot(0), 2048);
	for (i = 0; i < ARRAY_SIZE(used); i++) {
		const swp_entry_t slot = zswap_wb_test_slot(used[i]);

		KUNIT_ASSERT_TRUE(test, zswap_wb_test_claim(test, slot, ticket));
		KUNIT_ASSERT_TRUE(test, zswap_wb_slot_launch(slot, ticket, &kind));
		if (used[i] != 600)
			zswap_wb_slot_land(slot, true);
	}
	/* the last slot of a chunk, all of the next, and one that nothing is known of */
	zswap_wb_slots_free(zswap_wb_test_slot(511), 514);
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped + 3);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slot_in_flight(flight));
	zswap_wb_slot_land(flight, true);
	/* and a chunk that goes while the rest of it is freed */
	zswap_wb_slots_free(zswap_wb_test_slot(513), 511);
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped + 4);

	zswap_wb_slots_free(zswap_wb_test_slot(0), 510);
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped + 4);
	zswap_wb_slots_free(zswap_wb_test_slot(510), 1);
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped + 5);
	zswap_wb_slots_free(zswap_wb_test_slot(1024), 513);
	KUNIT_EXPECT_EQ(test, zswap_wb_test_dropped(), dropped + 6);
	KUNIT_EXPECT_TRUE(test, zswap_wb_slots_empty(TEST_TYPE));
}

static struct kunit_case zswap_wb_buckets_test_cases[] = {
	KUNIT_CASE(zswap_wb_edges_good),
	KUNIT_CASE(zswap_wb_edges_bad),
	KUNIT_CASE(zswap_wb_edges_bucket),
	KUNIT_CASE(zswap_wb_edges_histogram),
	KUNIT_CASE(zswap_wb_buckets_generation),
	KUNIT_CASE(zswap_wb_buckets_loads),
	KUNIT_CASE(zswap_wb_buckets_loads_restart),
	KUNIT_CASE(zswap_wb_slots_claim),
	KUNIT_CASE(zswap_wb_slots_wiped),
	KUNIT_CASE(zswap_wb_slots_flight),
	KUNIT_CASE(zswap_wb_slots_kind),
	KUNIT_CASE(zswap_wb_slots_chunk),
	KUNIT_CASE(zswap_wb_slots_range),
	{}
};

static struct kunit_suite zswap_wb_buckets_test_suite = {
	.name = "zswap_wb_buckets",
	.test_cases = zswap_wb_buckets_test_cases,
};

kunit_test_suite(zswap_wb_buckets_test_suite);

MODULE_DESCRIPTION("KUnit tests of the age buckets of proactive zswap writeback");
MODULE_LICENSE("GPL");
