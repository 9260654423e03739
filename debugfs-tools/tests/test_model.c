// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model by itself: what evidence gives which forecast, age, share and pace.  test_sim has
 * what comes of it.
 */
#include <math.h>

#include "decide/model.h"
#include "tap.h"

static struct age_table bounds(void)
{
	static const num edges[] = { 0, 300, 3600, 86400 };
	struct age_table table = { .nr = ARRAY_SIZE(edges) };

	for (int b = 0; b < table.nr; b++) {
		table.bucket[b].min_age = edges[b];
		table.bucket[b].max_age = b + 1 < table.nr ? edges[b + 1] : AGE_NO_BOUND;
	}
	return table;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-3 * fabs(b);
}

/* @minutes, in each of which @loaded pages come back from bucket @b. */
static void watch(struct evidence *evidence, int minutes, int b, double loaded)
{
	const struct age_table ages = bounds();
	struct happened happened = { .seconds = 60, .ages = &ages, .age = 3600, .allowed = 100 };

	happened.loaded[b] = loaded;
	for (int i = 0; i < minutes; i++)
		evidence_update(evidence, &happened);
}

/* From bucket @b. */
static void written(struct evidence *evidence, int b, num pages)
{
	struct age_table ages = { .nr = b + 1 };

	ages.bucket[b].pages = pages;
	evidence_written(evidence, &ages, pages, true);
}

static void test_rate(void)
{
	const struct age_table ages = bounds();
	struct evidence evidence = { .unit = 300 };

	CHECK(model_rate(&evidence, 1) == 0, "nothing watched: no rate");
	watch(&evidence, 1, 1, 7);
	CHECK(near(model_rate(&evidence, 1), 7), "it is right from the first minute on");
	watch(&evidence, 2000, 1, 7);
	CHECK(near(model_rate(&evidence, 1), 7), "and stays so");
	watch(&evidence, 720, 2, 3);
	CHECK(model_rate(&evidence, 1) > 2 && model_rate(&evidence, 1) < 4,
	      "what does not go on is forgotten, to a third in twelve hours");
	CHECK(near(model_forecast(&evidence, &ages, 300),
		   model_rate(&evidence, 1) + model_rate(&evidence, 2)), "ages add up");
	CHECK(near(model_forecast(&evidence, &ages, 3600), model_rate(&evidence, 2)),
	      "from the age on");
	CHECK(near(model_forecast(&evidence, &ages, 1000), model_forecast(&evidence, &ages, 300)),
	      "an age within a bucket has all of it");
	CHECK(model_forecast(&evidence, &ages, 86400) == 0, "nothing came back as old as that");
}

static void test_refaults(void)
{
	const struct age_table ages = bounds();
	struct happened happened = { .seconds = 60, .ages = &ages, .age = 300, .refaulted = 30 };
	struct evidence evidence = { .unit = 300 };

	written(&evidence, 1, 200);
	written(&evidence, 2, 100);
	evidence_update(&evidence, &happened);
	CHECK(near(model_rate(&evidence, 1), 20) && near(model_rate(&evidence, 2), 10),
	      "refaults are of the ages that were written");
	CHECK(near(evidence.out[1], 180) || evidence.out[1] < 180, "and no longer on the disk");
	evidence = (struct evidence){ .unit = 300 };
	evidence_update(&evidence, &happened);
	CHECK(near(model_rate(&evidence, 1), 30), "what is not known to be there: of the age");
}

static void test_age(void)
{
	const struct age_table ages = bounds();
	struct evidence evidence = { .unit = 300 };

	CHECK(model_age(&evidence, &ages, 10, 300, 86400) == 86400, "not watched: the oldest");
	watch(&evidence, 10, 0, 0);
	CHECK(model_age(&evidence, &ages, 10, 300, 86400) == 300, "twice 5 minutes will do for 5");
	CHECK(model_age(&evidence, &ages, 10, 301, 86400) == 86400, "but not for more");
	watch(&evidence, 120, 2, 11);
	CHECK(model_age(&evidence, &ages, 10, 300, 86400) == 86400, "hours: too many come back");
	CHECK(model_age(&evidence, &ages, 12, 300, 86400) == 300, "if they may: the youngest");
	CHECK(model_age(&evidence, &ages, 12, 900, 86400) == 900, "but what is asked for");
	evidence = (struct evidence){ .unit = 300 };
	watch(&evidence, 200, 1, 11);
	CHECK(model_age(&evidence, &ages, 10, 300, 86400) == 3600, "minutes: those that are older");
	CHECK(model_older(&ages, 300, 86400) == 3600 && model_older(&ages, 3600, 4000) == 4000 &&
	      model_older(&ages, 86400, 86400) == 86400, "older ones");
	CHECK(model_younger(&ages, 3600, 0) == 300 && model_younger(&ages, 3600, 600) == 600 &&
	      model_younger(&ages, 300, 300) == 300, "younger ones");
}

static void test_share(void)
{
	const struct age_table ages = bounds();
	struct happened happened = { .seconds = 60, .ages = &ages, .age = 300 };
	struct evidence evidence = { .unit = 300 };

	CHECK(model_share(&evidence, 10) == 1, "nothing known: all comes back");
	CHECK(model_share(&evidence, 0) == 1, "nothing may: no division by it");
	written(&evidence, 1, 600);
	CHECK(model_share(&evidence, 10) == 1, "what has just been written says nothing");
	for (int i = 0; i < 5; i++)
		evidence_update(&evidence, &happened);
	CHECK(model_share(&evidence, 10) < 0.5 && model_share(&evidence, 10) > 0.4,
	      "after its age most of it does: %f", model_share(&evidence, 10));
	for (int i = 0; i < 60; i++)
		evidence_update(&evidence, &happened);
	CHECK(model_share(&evidence, 10) < 0.36, "later all of it");
	happened.refaulted = 600;
	evidence_update(&evidence, &happened);
	CHECK(model_share(&evidence, 10) > 0.95, "and when it comes back, that");
	happened.refaulted = 6000;
	evidence_update(&evidence, &happened);
	CHECK(model_share(&evidence, 10) <= 1, "never more than was written");
}

static void test_inherit(void)
{
	struct evidence family = { .unit = 300 }, own;

	watch(&family, 100, 1, 40);
	evidence_inherit(&own, &family, 25);
	CHECK(near(model_rate(&own, 1), 10) && own.watched == family.watched,
	      "a quarter of the family has a quarter of its come-backs");
	evidence_inherit(&own, &family, 1000);
	CHECK(near(model_rate(&own, 1), 40), "none has more than all");
	family = (struct evidence){ .unit = 300 };
	evidence_inherit(&own, &family, 25);
	CHECK(model_rate(&own, 1) == 0, "nothing of nobody");
}

static void test_mean(void)
{
	const struct age_table ages = bounds();
	struct happened happened = { .seconds = 864000, .ages = &ages, .age = 300 };
	struct evidence evidence = { .unit = 300 };

	happened.loaded[1] = 14400 * 5;
	evidence_update_mean(&evidence, &happened);
	CHECK(near(model_rate(&evidence, 1), 5), "counts of ten days: their mean");
}

static void test_allowed(void)
{
	CHECK(near(model_allowed(2000, 1LL << 30, 0, 4096), 524.288), "0.2 %% of a GiB");
	CHECK(near(model_allowed(2000, 1LL << 29, 131072, 4096), 524.288), "in RAM and in zswap");
	CHECK(near(model_allowed(2000, 0, 0, 4096), 8.192), "16 MiB at least");
	CHECK(near(model_allowed(2000, -13, -13, 65536), 0.512), "also if nothing is known");
}

static void test_written(void)
{
	struct age_table ages = { .nr = 4, .bucket[1].pages = 10, .bucket[2].pages = 3 };
	struct evidence evidence = { .unit = 300 };

	evidence_written(&evidence, &ages, 5, true);
	CHECK(evidence.out[2] == 3 && evidence.out[1] == 2 && evidence.fresh == 5,
	      "the coldest first, and no more than was written");
	evidence_written(&evidence, &ages, 100, true);
	CHECK(evidence.out[2] == 6 && evidence.out[1] == 12 && evidence.fresh == 18,
	      "nor more than there is");
	evidence_written(&evidence, &ages, 3, false);
	CHECK(evidence.out[2] == 9 && evidence.fresh == 18,
	      "it is on the disk, but no proof, if the pace did not limit it");
}

int main(void)
{
	test_written();
	test_rate();
	test_refaults();
	test_age();
	test_share();
	test_inherit();
	test_mean();
	test_allowed();
	return tap_done();
}
