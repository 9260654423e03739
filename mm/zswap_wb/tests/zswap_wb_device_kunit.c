// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of proactive zswap writeback: how large a batch a swap device gets.
 */
#include <kunit/test.h>
#include <linux/array_size.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "../io.h"

#define DEVICE_BATCHES	20

/* What it is first given of more than one page: as many bytes with pages of any size */
#define DEVICE_FIRST_BATCH	max(SZ_64K / PAGE_SIZE, 2)

/* A device: what it needs for a batch */
struct zswap_wb_device_case {
	const char	*name;
	u64		latency_ns;	/* for each */
	u64		page_ns;	/* and for each page of it */
	unsigned int	least;	/* pages that a batch comes to, if it may have so many, ... */
	unsigned int	most;	/* ... and of any that it is given */
};

static const struct zswap_wb_device_case zswap_wb_device_cases[] = {
	{ "100 us a page", 0, 100000, 90, 110 },
	{ "100 us a page behind 2 ms", 2000000, 100000, 90, 110 },
	{ "100 us a page behind 0.7 s", 700000000, 100000, 90, 110 },
	{ "79 us a page", 0, 79000, 128, 128 },
	{ "5 ms a page", 0, 5000000, 1, 16 },
	{ "80 ms a page", 0, 80000000, 1, 3 },
	{ "0.8 s a page", 0, 800000000, 1, 2 },
	{ "2 s a page", 0, 2000000000, 1, 1 },
	{ "a fast one", 0, 1000, 512, 512 },
	{ "one that takes no time", 0, 0, 512, 512 },
};

KUNIT_ARRAY_PARAM_DESC(zswap_wb_device_case, zswap_wb_device_cases, name);

static unsigned int zswap_wb_device_flies(struct zswap_wb_device *device,
					  const struct zswap_wb_device_case *c)
{
	unsigned int pages = zswap_wb_device_room(device);

	zswap_wb_device_learn(device, pages, 0, c->latency_ns + pages * c->page_ns);
	return pages;
}

static void zswap_wb_device_fits(struct kunit *test)
{
	const struct zswap_wb_device_case *c = test->param_value;
	struct zswap_wb_device device = {};
	unsigned int i, pages, before = 1;

	/* It begins with one page, which tells the latency */
	KUNIT_EXPECT_EQ(test, zswap_wb_device_flies(&device, c), 1);
	for (i = 0; i < DEVICE_BATCHES; i++) {
		pages = zswap_wb_device_flies(&device, c);
		KUNIT_EXPECT_LE(test, pages, min(max(4 * before, DEVICE_FIRST_BATCH), c->most));
		before = pages;
	}
	KUNIT_EXPECT_GE(test, pages, min(c->least, ZSWAP_WB_BATCH_MAX));
	/* What it comes to is some 10 ms of work, or two pages to measure with */
	KUNIT_EXPECT_LE(test, pages, max(div64_u64(NSEC_PER_SEC / 90, max(c->page_ns, 1)), 2));
}

/* What was hardly a batch says nothing of one that is full */
static void zswap_wb_device_remnant(struct kunit *test)
{
	struct zswap_wb_device device = {
		.room = 128, .latency = { .nr = 1, .ns = 1000 },
		.batch = { .nr = 1, .bytes = 127 * PAGE_SIZE, .ns = 128000 },
	};

	zswap_wb_device_learn(&device, 1, 0, NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 128);
	zswap_wb_device_learn(&device, 31, 0, NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 128);
	zswap_wb_device_learn(&device, 32, 0, NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 1);
}

/* Two batches are fetched at a time: of both of a size the second makes the next no larger */
static void zswap_wb_device_pair(struct kunit *test)
{
	struct zswap_wb_device device = { .room = 4, .latency = { .nr = 1, .ns = 1000 } };

	zswap_wb_device_learn(&device, 4, 0, 1000);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 16);
	zswap_wb_device_learn(&device, 4, 0, 1000);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 16);
}

static const struct zswap_wb_device_case zswap_wb_device_quick = { .page_ns = 1000 };

/* A device that is quick, and what it gets then */
static void zswap_wb_device_runs(struct kunit *test, struct zswap_wb_device *device)
{
	unsigned int i;

	*device = (struct zswap_wb_device) {};
	for (i = 0; i < DEVICE_BATCHES; i++)
		zswap_wb_device_flies(device, &zswap_wb_device_quick);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(device), ZSWAP_WB_BATCH_MAX);
}

/* One that is deaf all at once, so that each request takes 3 s, gets page after page at once */
static void zswap_wb_device_deaf(struct kunit *test)
{
	/* A full batch, whose requests the device has at the same time; a small one; errors */
	static const struct {
		unsigned int	pages;
		unsigned int	errors;
	} deaf[] = {
		{ ZSWAP_WB_BATCH_MAX, 0 },
		{ 1, 0 },
		{ ZSWAP_WB_BATCH_MAX, 1 },
		{ ZSWAP_WB_BATCH_MAX, ZSWAP_WB_BATCH_MAX },
	};
	struct zswap_wb_device device;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(deaf); i++) {
		zswap_wb_device_runs(test, &device);
		zswap_wb_device_learn(&device, deaf[i].pages, deaf[i].errors,
				      3ULL * NSEC_PER_SEC);
		KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 1);
		for (k = 0; k < DEVICE_BATCHES; k++) {
			zswap_wb_device_learn(&device, 1, 0, 3ULL * NSEC_PER_SEC);
			KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 1);
		}
		/* It hears again */
		zswap_wb_device_learn(&device, 1, 0, 1000);
		KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 2);
	}
}

/* One that is only slow all at once, 2 MB in a second, soon gets more than that again */
static void zswap_wb_device_slows(struct kunit *test)
{
	static const struct zswap_wb_device_case slow = {
		.page_ns = 1200 * NSEC_PER_MSEC / ZSWAP_WB_BATCH_MAX,
	};
	struct zswap_wb_device device;
	unsigned int i, pages;

	zswap_wb_device_runs(test, &device);
	/* The first batch is one for the quick device that it was: it takes more than a second */
	KUNIT_EXPECT_EQ(test, zswap_wb_device_flies(&device, &slow), ZSWAP_WB_BATCH_MAX);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_flies(&device, &slow), 1);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_flies(&device, &slow), 2);
	for (i = 0; i < DEVICE_BATCHES; i++) {
		pages = zswap_wb_device_flies(&device, &slow);
		KUNIT_EXPECT_GE(test, pages, max(SZ_16K / PAGE_SIZE, 1));
		KUNIT_EXPECT_LE(test, pages, max(SZ_128K / PAGE_SIZE, 2));
	}
}

/* A device that is throttled: it does so many pages at once, and then none until the next tick */
#define DEVICE_TICK_NS		(20 * NSEC_PER_MSEC)
#define DEVICE_TICK_PAGES	20
#define DEVICE_TICK_LATENCY_NS	(4 * NSEC_PER_MSEC)

/* When it is done with a batch of @pages that it gets at @now; @left: pages of this tick */
static u64 zswap_wb_device_ticks_until(u64 now, unsigned int pages, unsigned int *left)
{
	u64 tick = div64_u64(now, DEVICE_TICK_NS);

	for (; pages > *left; *left = DEVICE_TICK_PAGES) {
		pages -= *left;
		now = ++tick * DEVICE_TICK_NS;
	}
	*left -= pages;
	now += DEVICE_TICK_LATENCY_NS;
	if (div64_u64(now, DEVICE_TICK_NS) != tick)
		*left = DEVICE_TICK_PAGES;
	return now;
}

/* Batches come to what it does in 10 ms on the average, and not to what it sometimes does */
static void zswap_wb_device_ticks(struct kunit *test)
{
	unsigned int i, pages, left = DEVICE_TICK_PAGES;
	struct zswap_wb_device device = {};
	u64 now = 0, end;

	for (i = 0; i < 10 * DEVICE_BATCHES; i++) {
		pages = zswap_wb_device_room(&device);
		/* It has to find that out first */
		if (i > DEVICE_BATCHES) {
			KUNIT_EXPECT_GE(test, pages, DEVICE_TICK_PAGES / 4);
			KUNIT_EXPECT_LE(test, pages, DEVICE_TICK_PAGES);
		}
		end = zswap_wb_device_ticks_until(now, pages, &left);
		zswap_wb_device_learn(&device, pages, 0, end - now);
		now = end;
	}
}

/* A device behind a network: 20 us a page, and for each batch 10 ms, 30, or what is between */
#define DEVICE_JITTER_NS	(20 * NSEC_PER_MSEC)

/* Its jitter is as much as a batch should be in work, and yet batches come to be large */
static void zswap_wb_device_jitters(struct kunit *test)
{
	struct zswap_wb_device_case c = { .page_ns = 20000 };
	unsigned int i, pages, sum = 0, jitter = 0;
	struct zswap_wb_device device = {};

	for (i = 0; i < 20 * DEVICE_BATCHES; i++) {
		c.latency_ns = 10 * NSEC_PER_MSEC + jitter;
		pages = zswap_wb_device_flies(&device, &c);
		/* It has to find that out first */
		if (i >= 10 * DEVICE_BATCHES)
			sum += pages;
		/* Without a cycle that is as short as what is known of it */
		jitter = (jitter + 7919 * NSEC_PER_USEC) % DEVICE_JITTER_NS;
	}
	KUNIT_EXPECT_GE(test, sum, 10 * DEVICE_BATCHES * min(64, ZSWAP_WB_BATCH_MAX / 2));
}

/* One that is late with its first pages, or all at once, is not taken for one with a latency */
static void zswap_wb_device_wakes(struct kunit *test)
{
	static const struct {
		unsigned int	quick;	/* full batches before that */
		unsigned int	late_ms[5];	/* and then of each batch of any size, until 0 */
	} wakes[] = {
		{ 0, { 5000 } },
		{ 0, { 700 } },
		{ 0, { 700, 400 } },
		{ DEVICE_BATCHES, { 3000, 3000, 3000, 3000 } },
	};
	static const struct zswap_wb_device_case awake = { .page_ns = 5000000 };
	struct zswap_wb_device device;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(wakes); i++) {
		device = (struct zswap_wb_device) {};
		for (k = 0; k < wakes[i].quick; k++)
			zswap_wb_device_flies(&device, &zswap_wb_device_quick);
		for (k = 0; wakes[i].late_ms[k]; k++)
			zswap_wb_device_learn(&device, zswap_wb_device_room(&device), 0,
					      wakes[i].late_ms[k] * (u64)NSEC_PER_MSEC);
		for (k = 0; k < 2 * DEVICE_BATCHES; k++)
			KUNIT_EXPECT_LE(test, zswap_wb_device_flies(&device, &awake), 16);
		KUNIT_EXPECT_LE(test, zswap_wb_device_room(&device), 3);
	}
}

static void zswap_wb_device_fails(struct kunit *test)
{
	struct zswap_wb_device device = {};
	unsigned int i;

	/* One that never worked gets page after page, and is broken then */
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_FALSE(test, zswap_wb_device_broken(&device));
		KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 1);
		zswap_wb_device_learn(&device, 1, 1, NSEC_PER_MSEC);
	}
	KUNIT_EXPECT_TRUE(test, zswap_wb_device_broken(&device));

	/* A batch that fails makes the next one no larger, but smaller */
	device = (struct zswap_wb_device) { .room = ZSWAP_WB_BATCH_MAX };
	zswap_wb_device_learn(&device, ZSWAP_WB_BATCH_MAX, ZSWAP_WB_BATCH_MAX, NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), DEVICE_FIRST_BATCH);
	device.room = 2;
	zswap_wb_device_learn(&device, 2, 2, NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, zswap_wb_device_room(&device), 2);

	/* Some pages are enough to go on */
	for (i = 0; i < 100; i++) {
		zswap_wb_device_learn(&device, 3, i % 8 ? 3 : 2, NSEC_PER_MSEC);
		KUNIT_EXPECT_FALSE(test, zswap_wb_device_broken(&device));
	}
}

static struct kunit_case zswap_wb_device_test_cases[] = {
	KUNIT_CASE_PARAM(zswap_wb_device_fits, zswap_wb_device_case_gen_params),
	KUNIT_CASE(zswap_wb_device_remnant),
	KUNIT_CASE(zswap_wb_device_pair),
	KUNIT_CASE(zswap_wb_device_deaf),
	KUNIT_CASE(zswap_wb_device_slows),
	KUNIT_CASE(zswap_wb_device_ticks),
	KUNIT_CASE(zswap_wb_device_jitters),
	KUNIT_CASE(zswap_wb_device_wakes),
	KUNIT_CASE(zswap_wb_device_fails),
	{}
};

static struct kunit_suite zswap_wb_device_test_suite = {
	.name = "zswap_wb_device",
	.test_cases = zswap_wb_device_test_cases,
};

kunit_test_suite(zswap_wb_device_test_suite);

MODULE_DESCRIPTION("KUnit tests of the batches of proactive zswap writeback");
MODULE_LICENSE("GPL");
