// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of proactive zswap writeback: age buckets, the counts that are
 * kept for them, and the marks of pages that were written.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "../internal.h"

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
	const struct zswap_wb_count one = { 1, 100, 0 };
	const struct zswap_wb_count two = { 2, 2 * PAGE_SIZE, 2 };
	struct zswap_wb_histogram hist;

	zswap_wb_age_histogram_init(&hist);
	KUNIT_EXPECT_EQ(test, hist.coldest, -1);
	zswap_wb_age_histogram_add(&hist, edges, 0, &one);
	zswap_wb_age_histogram_add(&hist, edges, 30, &one);
	zswap_wb_age_histogram_add(&hist, edges, 59, &two);
	KUNIT_EXPECT_EQ(test, hist.bucket[0].pages, 1);
	KUNIT_EXPECT_EQ(test, hist.bucket[0].bytes, 100);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].pages, 3);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].bytes, 100 + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].incompressible, 2);
	KUNIT_EXPECT_EQ(test, hist.bucket[2].pages, 0);
	KUNIT_EXPECT_EQ(test, hist.coldest, 59);
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

/* ---- wheel.c and census.c against a naive model ---- */

#define MODEL_MAX	400

/**
 * struct zswap_wb_model - each entry by itself
 * @rnd:	source of all decisions
 * @now:	seconds since boot
 * @nr:		entries in use
 * @time:	when each was stored, as the stamp but in full
 * @length:	its size
 */
struct zswap_wb_model {
	struct rnd_state	rnd;
	u64			now;
	unsigned int		nr;
	u64			time[MODEL_MAX];
	u32			length[MODEL_MAX];
};

static u32 zswap_wb_model_random(struct zswap_wb_model *model, u32 below)
{
	return prandom_u32_state(&model->rnd) % below;
}

static struct zswap_wb_model *zswap_wb_model_alloc(struct kunit *test, u64 now)
{
	struct zswap_wb_model *model = kunit_kzalloc(test, sizeof(*model),
						     GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&model->rnd, 20261123);
	model->now = now;
	return model;
}

static struct zswap_wb_count zswap_wb_model_one(u32 length, int sign)
{
	return (struct zswap_wb_count) {
		.pages		= sign,
		.bytes		= sign * (s64)length,
		.incompressible	= length == PAGE_SIZE ? sign : 0,
	};
}

/* A new entry; @ahead as zswap_wb_entry_restore() does it */
static unsigned int zswap_wb_model_store(struct zswap_wb_model *model,
					 unsigned int ahead)
{
	unsigned int i = model->nr++;

	model->time[i] = model->now + 1 + ahead;
	model->length[i] = zswap_wb_model_random(model, 5) ?
			   1 + zswap_wb_model_random(model, PAGE_SIZE - 1) :
			   PAGE_SIZE;
	return i;
}

static void zswap_wb_model_free(struct zswap_wb_model *model, unsigned int i)
{
	model->nr--;
	model->time[i] = model->time[model->nr];
	model->length[i] = model->length[model->nr];
}

/* Mostly a second, sometimes a minute or an hour, now and then months */
static void zswap_wb_model_tick(struct zswap_wb_model *model)
{
	static const u32 step[] = { 2, 2, 2, 2, 100, 100, 4000, 10000000 };
	u32 which = zswap_wb_model_random(model, ARRAY_SIZE(step));

	if (step[which] == 10000000 && zswap_wb_model_random(model, 20))
		which = 0;
	model->now += zswap_wb_model_random(model, step[which]);
}

static void zswap_wb_model_edges(struct zswap_wb_model *model,
				 struct zswap_wb_edges *edges)
{
	u32 edge = 0;

	edges->nr = 2 + zswap_wb_model_random(model, ZSWAP_WB_BUCKETS_MAX - 1);
	edges->min[0] = 0;
	for (u32 i = 1; i < edges->nr; i++) {
		edge += 1 + zswap_wb_model_random(model, 1 + edge);
		if (!zswap_wb_model_random(model, 3))
			edge += zswap_wb_model_random(model, 40);
		edges->min[i] = edge;
	}
}

/* Entries of at least @age seconds */
static struct zswap_wb_count zswap_wb_model_cold(struct zswap_wb_model *model,
						 u64 age)
{
	struct zswap_wb_count sum = {};

	for (u32 i = 0; i < model->nr; i++) {
		u64 its = model->now > model->time[i] ?
			  model->now - model->time[i] : 0;
		struct zswap_wb_count one =
			zswap_wb_model_one(model->length[i], 1);

		if (its >= age)
			zswap_wb_count_add(&sum, &one);
	}
	return sum;
}

/*
 * Totals are exact. What is said to be of an age is at least of that age; what
 * is 1/62 (1.6 %) older is never missed; and up to two minutes there is no
 * difference.
 */
static void zswap_wb_model_compare(struct kunit *test,
				   struct zswap_wb_model *model,
				   const struct zswap_wb_edges *edges,
				   const struct zswap_wb_histogram *hist)
{
	struct zswap_wb_count sum = {};

	for (int bucket = edges->nr - 1; bucket >= 0; bucket--) {
		u64 age = edges->min[bucket];
		struct zswap_wb_count most = zswap_wb_model_cold(model, age);
		struct zswap_wb_count least = most;

		if (age > 125)
			least = zswap_wb_model_cold(model, age + 1 +
						    div_u64(age, 62));
		zswap_wb_count_add(&sum, &hist->bucket[bucket]);
		KUNIT_ASSERT_LE(test, sum.pages, most.pages);
		KUNIT_ASSERT_GE(test, sum.pages, least.pages);
		KUNIT_ASSERT_LE(test, sum.bytes, most.bytes);
		KUNIT_ASSERT_GE(test, sum.bytes, least.bytes);
		KUNIT_ASSERT_LE(test, sum.incompressible, most.incompressible);
		KUNIT_ASSERT_GE(test, sum.incompressible, least.incompressible);
	}
	KUNIT_ASSERT_EQ(test, sum.pages, model->nr);
}

/* What is old enough is the same, whether by slots or by age */
static void zswap_wb_wheel_compare_older(struct kunit *test,
					 const struct zswap_wb_wheel *wheel,
					 struct zswap_wb_model *model)
{
	struct zswap_wb_edges edges = { 2, { 0, 1 } };
	struct zswap_wb_count older = {}, *want;
	struct zswap_wb_histogram hist;

	edges.min[1] += zswap_wb_model_random(model, 20000) >>
			zswap_wb_model_random(model, 15);
	zswap_wb_age_histogram_init(&hist);
	zswap_wb_wheel_read(wheel, model->now, &edges, ZSWAP_WB_BOUND_OLDEST,
			    &hist);
	want = &hist.bucket[1];
	zswap_wb_wheel_older(wheel, model->now, edges.min[1], &older);
	KUNIT_ASSERT_EQ(test, older.pages, want->pages);
	KUNIT_ASSERT_EQ(test, older.bytes, want->bytes);

	/* no age: all of them */
	zswap_wb_count_add(want, &hist.bucket[0]);
	older = (struct zswap_wb_count) {};
	zswap_wb_wheel_older(wheel, model->now, 0, &older);
	KUNIT_ASSERT_EQ(test, older.pages, want->pages);
	KUNIT_ASSERT_EQ(test, older.incompressible, want->incompressible);
}

/*
 * Random stores, frees, ticks and edges. With @delay, amounts reach the wheel
 * later, and in another order than they came about.
 */
static void zswap_wb_wheel_random(struct kunit *test, u64 now, bool delay)
{
	struct zswap_wb_model *model = zswap_wb_model_alloc(test, now);
	struct zswap_wb_wheel *wheel;
	struct {
		u32			stamp;
		struct zswap_wb_count	count;
	} late[16];
	unsigned int nr_late = 0, round, i;

	wheel = kunit_kzalloc(test, sizeof(*wheel), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, wheel);
	wheel->tick = now;

	for (round = 0; round < 20000; round++) {
		bool store = model->nr < MODEL_MAX &&
			     zswap_wb_model_random(model, 2);
		struct zswap_wb_histogram hist;
		struct zswap_wb_edges edges;

		if (store)
			i = zswap_wb_model_store(model, !zswap_wb_model_random(model, 50));
		else if (model->nr)
			i = zswap_wb_model_random(model, model->nr);
		else
			continue;
		late[nr_late].stamp = model->time[i];
		late[nr_late++].count =
			zswap_wb_model_one(model->length[i], store ? 1 : -1);
		if (!store)
			zswap_wb_model_free(model, i);
		zswap_wb_model_tick(model);

		if (delay && nr_late < ARRAY_SIZE(late))
			continue;
		while (nr_late) {
			i = zswap_wb_model_random(model, nr_late);
			zswap_wb_wheel_add(wheel, late[i].stamp,
					   &late[i].count);
			late[i] = late[--nr_late];
		}

		zswap_wb_model_edges(model, &edges);
		zswap_wb_age_histogram_init(&hist);
		zswap_wb_wheel_read(wheel, model->now, &edges,
				    ZSWAP_WB_BOUND_YOUNGEST, &hist);
		zswap_wb_model_compare(test, model, &edges, &hist);
		zswap_wb_wheel_compare_older(test, wheel, model);
	}
}

static void zswap_wb_wheel_model(struct kunit *test)
{
	zswap_wb_wheel_random(test, 7, false);
}

static void zswap_wb_wheel_late(struct kunit *test)
{
	zswap_wb_wheel_random(test, 7, true);
}

/* The stamp wraps around on the way */
static void zswap_wb_wheel_wrap(struct kunit *test)
{
	zswap_wb_wheel_random(test, (u64)U32_MAX - 3000, true);
}

/* An entry of each age up to a day and a half, and what becomes of it */
static void zswap_wb_wheel_each_second(struct kunit *test)
{
	const struct zswap_wb_count one = { 1, 3, 0 };
	const struct zswap_wb_count gone = { -1, -3, 0 };
	const struct zswap_wb_edges edges = { 3, { 0, 127, 86400 } };
	const u32 nr = 130000;
	struct zswap_wb_histogram hist;
	struct zswap_wb_wheel *wheel;
	u32 i;

	wheel = kunit_kzalloc(test, sizeof(*wheel), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, wheel);
	for (i = 1; i <= nr; i++)
		zswap_wb_wheel_add(wheel, i, &one);
	zswap_wb_age_histogram_init(&hist);
	zswap_wb_wheel_read(wheel, nr, &edges, ZSWAP_WB_BOUND_YOUNGEST, &hist);
	KUNIT_EXPECT_EQ(test, hist.bucket[0].pages, 127);
	KUNIT_EXPECT_LE(test, hist.bucket[2].pages, nr - 86400);
	KUNIT_EXPECT_GE(test, hist.bucket[2].pages, nr - 86400 - 86400 / 62);
	KUNIT_EXPECT_EQ(test, hist.bucket[1].pages + hist.bucket[2].pages,
			nr - 127);
	KUNIT_EXPECT_LE(test, hist.coldest, nr - 1);
	KUNIT_EXPECT_GE(test, hist.coldest, nr - 1 - nr / 62);

	/* who must not underestimate gets no fewer than there are */
	zswap_wb_age_histogram_init(&hist);
	zswap_wb_wheel_read(wheel, nr, &edges, ZSWAP_WB_BOUND_OLDEST, &hist);
	KUNIT_EXPECT_EQ(test, hist.bucket[0].pages, 127);
	KUNIT_EXPECT_GE(test, hist.bucket[2].pages, nr - 86400);
	KUNIT_EXPECT_LE(test, hist.bucket[2].pages, nr - 86400 + 86400 / 62);
	KUNIT_EXPECT_GE(test, hist.coldest, nr - 1);

	/* all slots are empty again, not only their sum */
	for (i = 1; i <= nr; i++)
		zswap_wb_wheel_add(wheel, i, &gone);
	KUNIT_EXPECT_NULL(test, memchr_inv(wheel->slot, 0,
					   sizeof(wheel->slot)));
}

static void zswap_wb_census_free_action(void *census)
{
	zswap_wb_census_free(census);
}

/* The logs in between neither lose anything nor change its time */
static void zswap_wb_census_model(struct kunit *test)
{
	struct zswap_wb_model *model =
		zswap_wb_model_alloc(test, ktime_get_boottime_seconds());
	struct zswap_wb_census *census = zswap_wb_census_alloc(0);
	unsigned int round, i;

	KUNIT_ASSERT_NOT_NULL(test, census);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test,
						  zswap_wb_census_free_action,
						  census), 0);
	for (round = 0; round < 20000; round++) {
		struct zswap_wb_histogram hist;
		struct zswap_wb_edges edges;

		if (model->nr < MODEL_MAX && zswap_wb_model_random(model, 2)) {
			i = zswap_wb_model_store(model, 0);
			zswap_wb_census_note(census, model->time[i], 1,
					     model->length[i]);
		} else if (model->nr) {
			i = zswap_wb_model_random(model, model->nr);
			zswap_wb_census_note(census, model->time[i], -1,
					     model->length[i]);
			zswap_wb_model_free(model, i);
		}
		zswap_wb_model_tick(model);
		if (zswap_wb_model_random(model, 20))
			continue;

		zswap_wb_model_edges(model, &edges);
		zswap_wb_age_histogram_init(&hist);
		zswap_wb_census_read(census, model->now, &edges,
				     ZSWAP_WB_BOUND_YOUNGEST, &hist);
		zswap_wb_model_compare(test, model, &edges, &hist);
	}
}

/* ---- refault.c: the marks of a chunk ---- */

static bool zswap_wb_kind_same(const struct zswap_wb_kind *a,
			       const struct zswap_wb_kind *b)
{
	return a->generation == b->generation && a->nid == b->nid &&
	       a->bucket == b->bucket;
}

/* Random marks of seven kinds, each slot against a copy of what it was given */
static void zswap_wb_chunk_random(struct kunit *test)
{
	static const struct zswap_wb_kind kinds[ZSWAP_WB_MARK_KINDS] = {
		{ 0, 0, 0 }, { 0, 0, 15 }, { 0, 1, 15 }, { 0, 1023, 7 },
		{ 1, 0, 0 }, { 262143, 0, 0 }, { 262143, 1023, 15 },
	};
	s8 want[ZSWAP_WB_CHUNK_SLOTS];
	struct zswap_wb_chunk *chunk;
	struct zswap_wb_kind kind;
	struct rnd_state rnd;
	unsigned int round, slot;

	chunk = kunit_kzalloc(test, sizeof(*chunk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	memset(want, -1, sizeof(want));
	prandom_seed_state(&rnd, 20261123);
	for (round = 0; round < 100000; round++) {
		slot = prandom_u32_state(&rnd) % ZSWAP_WB_CHUNK_SLOTS;
		if (want[slot] < 0) {
			KUNIT_ASSERT_FALSE(test, zswap_wb_chunk_clear(chunk, slot,
								      &kind));
			want[slot] = prandom_u32_state(&rnd) %
				     ZSWAP_WB_MARK_KINDS;
			zswap_wb_chunk_set(chunk, slot, &kinds[want[slot]]);
		} else {
			const struct zswap_wb_kind *given = &kinds[want[slot]];

			KUNIT_ASSERT_TRUE(test, zswap_wb_chunk_clear(chunk, slot,
								     &kind));
			KUNIT_ASSERT_TRUE(test,
					  zswap_wb_kind_same(&kind, given));
			want[slot] = -1;
		}
	}
}

/* What becomes of an eighth kind, and of those that make room for it */
static void zswap_wb_chunk_full(struct kunit *test)
{
	static const struct {
		unsigned int		slot;
		struct zswap_wb_kind	set, get;
	} marks[] = {
		{ 0, { 5, 1, 0 }, { 5, 1, 0 } },
		{ 1, { 5, 1, 6 }, { 5, 1, 0 } },
		{ 2, { 5, 1, 12 }, { 5, 1, 12 } },
		{ 3, { 4, 2, 3 }, { 4, 2, 3 } },
		{ 4, { 4, 2, 9 }, { 4, 2, 3 } },
		{ 5, { 5, 3, 3 }, { 5, 3, 3 } },
		{ 6, { 4, 3, 8 }, { 4, 3, 8 } },
		/* 3 and 4 make room: both are out of date */
		{ 100, { 5, 9, 7 }, { 5, 9, 7 } },
		/* counted with 2 */
		{ 101, { 5, 1, 13 }, { 5, 1, 12 } },
		{ 102, { 5, 1, 12 }, { 5, 1, 12 } },
		/* 0 and 1 make room: the least that can be lost */
		{ 511, { 5, 4, 0 }, { 5, 4, 0 } },
	};
	struct zswap_wb_chunk *chunk;
	struct zswap_wb_kind kind;
	unsigned int i;

	chunk = kunit_kzalloc(test, sizeof(*chunk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		zswap_wb_chunk_set(chunk, marks[i].slot, &marks[i].set);
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		KUNIT_ASSERT_TRUE(test, zswap_wb_chunk_clear(chunk,
							     marks[i].slot,
							     &kind));
		KUNIT_EXPECT_TRUE_MSG(test,
				      zswap_wb_kind_same(&kind, &marks[i].get),
				      "mark %u: %u %u %u", i, kind.generation,
				      kind.nid, kind.bucket);
	}
	KUNIT_EXPECT_NULL(test, memchr_inv(chunk->plane, 0,
					   sizeof(chunk->plane)));
	KUNIT_EXPECT_NULL(test, memchr_inv(chunk->used, 0,
					   sizeof(chunk->used)));
}

/* Of two kinds that become one, the bucket of the majority stays */
static void zswap_wb_chunk_majority(struct kunit *test)
{
	static const struct zswap_wb_kind kinds[] = {
		{ 5, 1, 0 }, { 5, 1, 1 }, { 5, 1, 1 }, { 5, 2, 0 }, { 5, 2, 12 },
		{ 5, 3, 0 }, { 5, 3, 12 }, { 5, 4, 0 }, { 5, 5, 0 },
	};
	struct zswap_wb_chunk *chunk;
	struct zswap_wb_kind kind;
	unsigned int i;

	chunk = kunit_kzalloc(test, sizeof(*chunk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		zswap_wb_chunk_set(chunk, i, &kinds[i]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct zswap_wb_kind *want = &kinds[i ? i : 1];

		KUNIT_ASSERT_TRUE(test, zswap_wb_chunk_clear(chunk, i, &kind));
		KUNIT_EXPECT_TRUE_MSG(test, zswap_wb_kind_same(&kind, want),
				      "mark %u: %u %u %u", i, kind.generation,
				      kind.nid, kind.bucket);
	}
}

/* The generation wraps around, and nothing out of date gets into a column */
static void zswap_wb_chunk_generations(struct kunit *test)
{
	struct zswap_wb_kind kind = { .bucket = 3 };
	const u32 newest = 9;
	struct zswap_wb_chunk *chunk;
	unsigned int i;

	chunk = kunit_kzalloc(test, sizeof(*chunk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chunk);
	for (i = 0; i < 20; i++) {
		kind.generation = newest - 19 + i;
		zswap_wb_chunk_set(chunk, i, &kind);
	}
	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_TRUE(test, zswap_wb_chunk_clear(chunk, i, &kind));
		KUNIT_EXPECT_EQ(test, kind.generation == newest, i == 19);
	}
}

static struct kunit_case zswap_wb_buckets_test_cases[] = {
	KUNIT_CASE(zswap_wb_edges_good),
	KUNIT_CASE(zswap_wb_edges_bad),
	KUNIT_CASE(zswap_wb_edges_bucket),
	KUNIT_CASE(zswap_wb_edges_histogram),
	KUNIT_CASE(zswap_wb_buckets_generation),
	KUNIT_CASE(zswap_wb_wheel_model),
	KUNIT_CASE(zswap_wb_wheel_late),
	KUNIT_CASE(zswap_wb_wheel_wrap),
	KUNIT_CASE(zswap_wb_wheel_each_second),
	KUNIT_CASE(zswap_wb_census_model),
	KUNIT_CASE(zswap_wb_chunk_random),
	KUNIT_CASE(zswap_wb_chunk_full),
	KUNIT_CASE(zswap_wb_chunk_majority),
	KUNIT_CASE(zswap_wb_chunk_generations),
	{}
};

static struct kunit_suite zswap_wb_buckets_test_suite = {
	.name = "zswap_wb_buckets",
	.test_cases = zswap_wb_buckets_test_cases,
};

kunit_test_suite(zswap_wb_buckets_test_suite);

MODULE_DESCRIPTION("KUnit tests of the age buckets of proactive zswap writeback");
MODULE_LICENSE("GPL");
