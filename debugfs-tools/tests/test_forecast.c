// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shares, expected refaults and the ages that follow from them.
 */
#include <errno.h>
#include <string.h>

#include "decide/forecast.h"
#include "tap.h"

static const struct forecast_history unknown = { -ENOENT, -ENOENT };

/* Three buckets: from 0, from 60 and from 3600 seconds. */
static void make_table(struct age_table *table)
{
	static const num min_age[] = { 0, 60, 3600 };

	*table = (struct age_table){ .nr = 3 };
	for (int i = 0; i < 3; i++) {
		table->bucket[i].min_age = min_age[i];
		table->bucket[i].max_age = i < 2 ? min_age[i + 1] : AGE_NO_BOUND;
	}
}

static void test_shares(void)
{
	struct age_table system, own;
	struct forecast forecast;

	make_table(&system);
	make_table(&own);
	system.bucket[1].written = 968;
	system.bucket[1].refaulted = 84;
	system.bucket[2].written = 968;
	CHECK(!forecast_begin(&forecast, &system, &unknown, &own, &unknown), "begins");
	CHECK(forecast.bucket[0].share == FORECAST_ASSUMED, "never written: what is assumed");
	/* (84 + 16) of (968 + 32) */
	CHECK(forecast.bucket[1].share == 100000, "100 of 1000 came back: %lld",
	      forecast.bucket[1].share);
	CHECK(forecast.bucket[2].share == 16000, "none came back: only the assumption: %lld",
	      forecast.bucket[2].share);
	CHECK(!forecast.scaled && forecast.scale == FORECAST_PPM, "no share of its own");
	CHECK(forecast.choice < 0, "nothing is chosen yet");

	/* More came back than were written: a hostile table, or one that was read in between. */
	system.bucket[0].written = 1;
	system.bucket[0].refaulted = INT64_MAX;
	forecast_begin(&forecast, &system, &unknown, &own, &unknown);
	CHECK(forecast.bucket[0].share == FORECAST_PPM, "not more than all");
	system.bucket[0].written = -ENOENT;
	system.bucket[0].refaulted = -ENOENT;
	forecast_begin(&forecast, &system, &unknown, &own, &unknown);
	CHECK(forecast.bucket[0].share == FORECAST_ASSUMED, "unknown is never written");
}

static num share_of_bucket(num refaulted, const struct forecast_history *all,
			   const struct forecast_history *history)
{
	struct age_table system, own;
	struct forecast forecast;

	make_table(&system);
	make_table(&own);
	system.bucket[2].written = 968;
	system.bucket[2].refaulted = refaulted;
	forecast_begin(&forecast, &system, all, &own, history);
	return forecast.bucket[2].share;
}

static num share_with(num system_written, num system_back, num own_written, num own_back)
{
	const struct forecast_history all = { system_written, system_back };
	const struct forecast_history history = { own_written, own_back };

	return share_of_bucket(84, &all, &history);
}

static num share_of_all(num own_written, num own_back)
{
	const struct forecast_history all = { 10000, 1000 };
	const struct forecast_history history = { own_written, own_back };

	return share_of_bucket(96800, &all, &history);
}

static void test_scale(void)
{
	CHECK(share_with(10000, 1000, 1000, 200) == 200000, "twice the system's share");
	CHECK(share_with(10000, 1000, 1000, 50) == 50000, "half of it");
	CHECK(share_with(10000, 1000, 1000, 0) == 12500, "an eighth at least");
	CHECK(share_with(100000, 100, 1000, 1000) == 800000, "eight times at most");
	CHECK(share_with(10000, 1000, FORECAST_ENOUGH - 1, 200) == 100000, "wrote too little");
	CHECK(share_with(10000, 1000, FORECAST_ENOUGH, FORECAST_ENOUGH / 5) > 190000,
	      "wrote just enough");
	CHECK(share_with(10000, 0, 1000, 200) == 100000, "the system has no share");
	CHECK(share_with(FORECAST_ENOUGH - 1, 100, 1000, 200) == 100000,
	      "the system wrote too little");
	CHECK(share_with(1LL << 60, 1, 1000, 1000) == 800000, "a share too small to be seen");
	CHECK(share_of_all(1000, 0) == 125000, "an eighth of all, where more came back than that");
	CHECK(share_with(-ENOENT, -ENOENT, 1000, 1000) == 100000, "the system's is not known");
	CHECK(share_with(10000, 5000, 1000, -EACCES) == 100000, "the cgroup's is not known");
}

/* 1000 pages in each bucket, of which a tenth comes back. */
static void make_forecast(struct forecast *forecast)
{
	struct age_table system, own;

	make_table(&system);
	make_table(&own);
	for (int i = 0; i < 3; i++) {
		system.bucket[i].written = 968;
		system.bucket[i].refaulted = 84;
		own.bucket[i].pages = 1000;
		own.bucket[i].bytes = 100000 * (i + 1);
	}
	forecast_begin(forecast, &system, &unknown, &own, &unknown);
}

static void test_expected(void)
{
	struct forecast f;

	make_forecast(&f);
	CHECK(f.bucket[2].expected == 1666666, "100 pages in 60 minutes: %lld",
	      f.bucket[2].expected);
	CHECK(f.bucket[1].expected == 100000000, "100 pages in one minute: %lld",
	      f.bucket[1].expected);
	CHECK(f.bucket[0].expected == 100000000, "no bucket counts as younger than a minute");
	CHECK(f.bucket[2].sum == f.bucket[2].expected, "the coldest is the first of the sum");
	CHECK(f.bucket[1].sum == 101666666, "with the next one");
	CHECK(f.bucket[0].sum == 201666666, "with all");
}

static void test_choose(void)
{
	struct forecast_sum sum;
	struct forecast f;

	make_forecast(&f);
	/* 1.67 refaults a minute: 0.2 % of 834 pages */
	forecast_choose(&f, 834, 2000, 0);
	forecast_total(&f, &sum);
	CHECK(sum.age == 3600, "the coldest is within: %lld", sum.age);
	CHECK(sum.pages == 1000 && sum.bytes == 300000, "what is as old");
	CHECK(sum.expected == 1666666, "what is expected of it");
	CHECK(sum.known == 1000, "it was measured");
	CHECK(f.bucket[2].verdict == FORECAST_TAKEN && f.bucket[1].verdict == FORECAST_OVER &&
	      f.bucket[0].verdict == FORECAST_OVER, "verdicts");
	CHECK(f.allowed == 1668000, "as much is allowed");

	forecast_choose(&f, 833, 2000, 0);
	forecast_total(&f, &sum);
	CHECK(sum.age == -ENOENT && !sum.pages && !sum.expected, "one page less: nothing is");

	forecast_choose(&f, 50834, 2000, 0);
	forecast_total(&f, &sum);
	CHECK(sum.age == 60 && sum.pages == 2000 && sum.bytes == 500000,
	      "two are: the sum decides");

	forecast_choose(&f, INT64_MAX, 2000, 0);
	forecast_total(&f, &sum);
	CHECK(sum.age == 0 && sum.pages == 3000, "a huge cgroup: all");
	forecast_choose(&f, INT64_MAX, 2000, 60);
	forecast_total(&f, &sum);
	CHECK(sum.age == 60 && f.bucket[0].verdict == FORECAST_YOUNG, "but for what is too young");
	forecast_choose(&f, INT64_MAX, 2000, 61);
	forecast_total(&f, &sum);
	CHECK(sum.age == 3600, "a bucket that begins below is left alone");
	forecast_choose(&f, INT64_MAX, 2000, 3601);
	forecast_total(&f, &sum);
	CHECK(sum.age == -ENOENT, "so is the coldest");
	forecast_choose(&f, 50834, 0, 0);
	CHECK(f.choice == -ENOENT, "a target of nothing");
	forecast_choose(&f, -EACCES, 2000, 0);
	CHECK(f.choice == -ENOENT && f.bucket[2].verdict == FORECAST_UNKNOWN,
	      "nobody knows what is resident");
	f.bucket[1].pages = 0;
	forecast_choose(&f, INT64_MAX, 2000, 60);
	forecast_total(&f, &sum);
	CHECK(sum.age == 3600 && f.bucket[1].verdict == FORECAST_EMPTY,
	      "an empty bucket is no reason for a lower age");
	forecast_fix(&f, 60);
	forecast_total(&f, &sum);
	CHECK(sum.age == 3600 && sum.pages == 1000, "an age for all takes what is as old");
	CHECK(f.bucket[0].verdict == FORECAST_YOUNG, "and nothing else");
}

static void test_extremes(void)
{
	struct forecast_sum sum;
	struct age_table system, own;
	struct forecast f;

	make_table(&system);
	make_table(&own);
	for (int i = 0; i < 3; i++) {
		own.bucket[i].pages = INT64_MAX;
		own.bucket[i].bytes = INT64_MAX;
	}
	CHECK(!forecast_begin(&f, &system, &unknown, &own, &unknown), "pages without end");
	CHECK(f.bucket[0].sum == INT64_MAX, "the sum stays what it can be");
	forecast_choose(&f, INT64_MAX, INT64_MAX, 0);
	forecast_total(&f, &sum);
	CHECK(sum.pages == INT64_MAX && sum.bytes == INT64_MAX, "so do the totals");

	own.bucket[1].min_age = 61;
	CHECK(forecast_begin(&f, &system, &unknown, &own, &unknown) == -ESTALE,
	      "pages in a bucket with other bounds");
	own.bucket[1].pages = 0;
	CHECK(!forecast_begin(&f, &system, &unknown, &own, &unknown),
	      "an empty bucket may have any");
	own.bucket[1].min_age = 60;
	system.nr = 2;
	CHECK(forecast_begin(&f, &system, &unknown, &own, &unknown) == -ESTALE,
	      "pages in a bucket that is not there");
	make_table(&own);
	own.nr = 0;
	system.nr = 3;
	forecast_begin(&f, &system, &unknown, &own, &unknown);
	forecast_choose(&f, 1, 1, 0);
	CHECK(f.choice == -ENOENT && f.nr == 3, "a cgroup without a table");
	CHECK(forecast_of_resident(1668000, 834) == 2000, "0.2 %% of 834 pages");
	CHECK(forecast_of_resident(1668000, 0) < 0 && forecast_of_resident(1668000, -EACCES) < 0,
	      "of nothing, or of nobody knows what");
}

static void test_common_age(void)
{
	struct forecast two[2];
	num found;

	make_forecast(&two[0]);
	make_forecast(&two[1]);
	two[1].bucket[1].bytes = 0;
	CHECK(forecast_common_age(two, 2, 600000, 0, &found) == 3600 && found == 600000,
	      "the coldest of both suffice");
	CHECK(forecast_common_age(two, 2, 600001, 0, &found) == 60 && found == 800000,
	      "they do not");
	CHECK(forecast_common_age(two, 2, 1000000, 0, &found) == 0 && found == 1000000,
	      "it takes all");
	CHECK(forecast_common_age(two, 2, 1000001, 0, &found) == 0 && found == 1000000,
	      "all does not suffice");
	CHECK(forecast_common_age(two, 2, 1000000, 60, &found) == 60 && found == 800000,
	      "what is too young is not counted");
	CHECK(forecast_common_age(two, 2, 1, 7200, &found) == -ENOENT && !found,
	      "no bucket begins as late");
	CHECK(forecast_common_age(two, 0, 1, 0, &found) == -ENOENT && !found, "no cgroup");
}

int main(void)
{
	test_shares();
	test_scale();
	test_expected();
	test_choose();
	test_extremes();
	test_common_age();
	return tap_done();
}
