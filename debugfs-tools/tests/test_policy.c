// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's rules, one by one, and whether they find their way: a cgroup that is
 * simulated either wants its pages back, or does not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decide/policy.h"
#include "tap.h"

#define PAGE	4096LL
#define MIB	1048576LL
#define PLENTY	INT64_MAX

static const num edges[] = { 0, 60, 300, 900, 3600, 21600, 86400, 259200 };

#define NR_EDGES	((int)ARRAY_SIZE(edges))

/* A cgroup with 1000 MiB resident: at 0.2 %/min the target is 512 pages a minute. */
struct stage {
	struct policy policy;
	struct policy_state state;
	struct age_table ages;
	struct policy_sample sample;
	struct policy_decision decision;
};

static void stage_begin(struct stage *stage)
{
	*stage = (struct stage){ .ages.nr = NR_EDGES };
	for (int i = 0; i < NR_EDGES; i++) {
		stage->ages.bucket[i].min_age = edges[i];
		stage->ages.bucket[i].max_age = i + 1 < NR_EDGES ? edges[i + 1] : AGE_NO_BOUND;
	}
	stage->sample = (struct policy_sample){
		.elapsed_ms = 60000,
		.page_size = PAGE,
		.ages = &stage->ages,
		.resident = 1000 * MIB,
	};
	policy_defaults(&stage->policy);
	policy_begin(&stage->policy, &stage->state);
}

/* @pages in the bucket that begins at @age. */
static void stage_fill(struct stage *stage, num age, num pages)
{
	for (int i = 0; i < NR_EDGES; i++) {
		if (edges[i] == age)
			stage->ages.bucket[i].pages = pages;
	}
}

static const struct policy_decision *stage_decide(struct stage *stage, num budget)
{
	policy_decide(&stage->policy, &stage->state, &stage->sample, budget, &stage->decision);
	return &stage->decision;
}

static bool is(const struct policy_decision *decision, enum policy_action action,
	       const char *reason)
{
	return decision->action == action && !strcmp(decision->reason, reason);
}

static void test_first(void)
{
	const struct policy_decision *d;
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	CHECK(s.state.age == 86400 && s.state.step == MIB && !s.state.hold && !s.state.quiet,
	      "begins with the oldest age and the smallest step");
	s.sample.elapsed_ms = 0;
	s.sample.refaulted = 1000000;
	s.sample.stalled_memory = 1000000;
	d = stage_decide(&s, PLENTY);
	CHECK(is(d, POLICY_OBSERVE, "first sample") && !d->max, "the first sample: observe");
	CHECK(d->rate < 0 && d->pressure_memory < 0 && d->pressure_io < 0,
	      "nothing is known of a rate or of pressure then");
	CHECK(d->cold == 100000 * PAGE, "what is cold is known");
	CHECK(s.state.age == 86400 && s.state.step == MIB && !s.state.hold,
	      "observing changes nothing");
}

static void test_amount(void)
{
	const struct policy_decision *d;
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 21600, 1000);
	stage_fill(&s, 86400, 10);
	stage_fill(&s, 259200, 20);
	d = stage_decide(&s, PLENTY);
	CHECK(is(d, POLICY_WRITE, "cold pages") && d->age == 86400, "cold pages are written");
	CHECK(d->cold == 30 * PAGE && d->max == 30 * PAGE,
	      "what is old enough limits it, what is younger does not count");

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	d = stage_decide(&s, PLENTY);
	CHECK(d->max == MIB, "the step limits it");
	CHECK(s.state.step == MIB + MIB / 4, "then the step grows by a quarter");

	stage_begin(&s);
	s.policy.min_step = 3 * PAGE + 1;
	s.state.step = 3 * PAGE + 1;
	stage_fill(&s, 86400, 100000);
	CHECK(stage_decide(&s, PLENTY)->max == 3 * PAGE, "whole pages");
	CHECK(s.state.step == 4 * PAGE + 1, "a small step grows by a page");

	stage_begin(&s);
	s.policy.min_step = 1;
	s.policy.max_step = 1;
	stage_fill(&s, 86400, 100000);
	CHECK(stage_decide(&s, PLENTY)->max == PAGE, "a step is a page at least");

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	d = stage_decide(&s, 5 * PAGE + 17);
	CHECK(d->action == POLICY_WRITE && d->max == 5 * PAGE, "the budget limits it");
	d = stage_decide(&s, PAGE - 1);
	CHECK(is(d, POLICY_HOLD, "wear budget") && !d->max, "no page is left in the budget: hold");
	CHECK(s.state.age == 86400 && !s.state.hold, "which changes nothing");

	stage_begin(&s);
	s.ages.nr = 0;
	CHECK(is(stage_decide(&s, PLENTY), POLICY_IDLE, "nothing that old"), "no buckets at all");
}

static void test_step(void)
{
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	s.sample.refaulted = 256;
	CHECK(stage_decide(&s, PLENTY)->rate == 1000 && s.state.step == MIB + MIB / 4,
	      "half of the target: the step grows");
	s.sample.refaulted = 257;
	CHECK(stage_decide(&s, PLENTY)->rate == 1003 && s.state.step == MIB + MIB / 4,
	      "more than half: it stays");
	s.sample.refaulted = 0;
	for (int i = 0; i < 100; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.state.step == 64 * MIB, "up to the largest");
	CHECK(s.decision.max == 64 * MIB, "which is then written");
}

static void test_refaults(void)
{
	const struct policy_decision *d;
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 3600, 100000);
	s.state = (struct policy_state){ .age = 3600, .step = 8 * MIB, .quiet = 4 };
	s.sample.refaulted = 512;
	d = stage_decide(&s, PLENTY);
	CHECK(d->rate == 2000 && d->action == POLICY_WRITE, "on the target: it goes on");
	CHECK(!s.state.quiet && s.state.step == 8 * MIB, "but that is not quiet");

	s.state.quiet = 4;
	s.sample.refaulted = 513;
	d = stage_decide(&s, PLENTY);
	CHECK(is(d, POLICY_BACKOFF, "refaults") && !d->max, "over the target: back off");
	CHECK(d->age == 21600 && s.state.age == 21600, "by a bucket");
	CHECK(!d->cold, "what is cold is told for the new age");
	CHECK(s.state.step == MIB && s.state.hold == 5 && !s.state.quiet,
	      "with the smallest step, and ticks to hold");

	s.state.age = 3600;
	s.sample.refaulted = 1024;
	CHECK(stage_decide(&s, PLENTY)->age == 21600, "twice the target: by a bucket");
	s.state.age = 3600;
	s.sample.refaulted = 1025;
	CHECK(stage_decide(&s, PLENTY)->age == 86400, "more: by two");
	CHECK(stage_decide(&s, PLENTY)->age == 86400, "not beyond the oldest age");

	s.policy.max_age = 100000;
	CHECK(stage_decide(&s, PLENTY)->age == 100000, "which need not be where a bucket begins");
	s.sample.elapsed_ms = 120000;
	CHECK(s.decision.rate == 4003 && stage_decide(&s, PLENTY)->rate == 2001,
	      "it is a rate: half, if it took twice as long");

	s.sample.resident = PAGE - 1;
	s.sample.refaulted = 1;
	d = stage_decide(&s, PLENTY);
	CHECK(d->action == POLICY_BACKOFF && d->rate == 1000000000,
	      "nothing resident: any refault is too much");
	s.sample.refaulted = 0;
	CHECK(!stage_decide(&s, PLENTY)->rate, "and none is none");
	s.sample.resident = 1000 * MIB;
	s.sample.refaulted = INT64_MAX;
	CHECK(stage_decide(&s, PLENTY)->rate == 1000000000, "absurd numbers are the largest rate");
	s.policy.target = 0;
	s.sample.refaulted = 1;
	s.sample.resident = 10 * MIB;
	CHECK(stage_decide(&s, PLENTY)->action == POLICY_BACKOFF, "a target of 0 takes none");
}

static void test_unknown(void)
{
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	s.sample.refaulted = -13;
	CHECK(is(stage_decide(&s, PLENTY), POLICY_HOLD, "refaults not known"),
	      "never write blindly: refaults");
	s.sample.refaulted = 0;
	s.sample.resident = -13;
	CHECK(is(stage_decide(&s, PLENTY), POLICY_HOLD, "refaults not known"),
	      "never write blindly: what is resident");
	s.sample.resident = 1000 * MIB;
	s.sample.stalled_memory = -2;
	s.sample.stalled_io = -2;
	CHECK(stage_decide(&s, PLENTY)->action == POLICY_WRITE && s.decision.pressure_io < 0,
	      "pressure that is not known does not count");
	s.sample.off = true;
	CHECK(is(stage_decide(&s, PLENTY), POLICY_HOLD, "writeback is off"),
	      "what must not be written is not asked for");
}

static void test_pressure(void)
{
	const struct policy_decision *d;
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 3600, 100000);
	s.state = (struct policy_state){ .age = 3600, .step = 8 * MIB, .quiet = 4 };
	s.sample.stalled_memory = 60000;
	d = stage_decide(&s, PLENTY);
	CHECK(d->pressure_memory == 1000 && d->action == POLICY_WRITE,
	      "0.1 %% of a minute is allowed");
	s.state.step = 8 * MIB;
	s.state.quiet = 4;
	s.sample.stalled_memory = 60060;
	d = stage_decide(&s, PLENTY);
	CHECK(d->pressure_memory == 1001 && is(d, POLICY_HOLD, "memory pressure"), "more is not");
	CHECK(s.state.age == 3600 && s.state.step == MIB && s.state.hold == 5 && !s.state.quiet,
	      "the age stays, the step is the smallest, ticks to hold follow");

	s.state.hold = 0;
	s.sample.stalled_memory = 0;
	s.sample.stalled_io = 600000;
	CHECK(stage_decide(&s, PLENTY)->action == POLICY_WRITE, "1 %% for I/O is allowed");
	s.sample.stalled_io = 600060;
	CHECK(is(stage_decide(&s, PLENTY), POLICY_HOLD, "io pressure") && s.state.hold == 5,
	      "more is not");
	s.sample.refaulted = 600;
	CHECK(is(stage_decide(&s, PLENTY), POLICY_BACKOFF, "refaults"),
	      "refaults with pressure make the age older");
}

static void test_hold(void)
{
	struct stage s;
	int held = 0;

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	s.sample.refaulted = 600;
	stage_decide(&s, PLENTY);
	s.sample.refaulted = 0;
	while (held < 100 && is(stage_decide(&s, PLENTY), POLICY_HOLD, "cooling"))
		held++;
	CHECK(held == 5, "after a back-off, as many ticks are held as they say: %d", held);
	CHECK(s.decision.action == POLICY_WRITE && s.decision.max == MIB,
	      "then it goes on, with the smallest step");

	s.sample.refaulted = 600;
	stage_decide(&s, PLENTY);
	s.sample.refaulted = 0;
	stage_decide(&s, PLENTY);
	s.sample.refaulted = 600;
	CHECK(stage_decide(&s, PLENTY)->action == POLICY_BACKOFF && s.state.hold == 5,
	      "refaults while holding begin it again");
}

/*
 * Over a long time no more comes back than the target, however large the bursts are:
 * what was too much is waited for, for an hour of the target at most.
 */
static void test_debt(void)
{
	struct stage s;
	int held = 0;

	stage_begin(&s);
	stage_fill(&s, 86400, 100000);
	/* ten minutes' worth of the target comes back in a minute */
	s.sample.refaulted = 5120;
	CHECK(stage_decide(&s, PLENTY)->action == POLICY_BACKOFF, "a burst");
	s.sample.refaulted = 0;
	while (held < 1000 && stage_decide(&s, PLENTY)->action == POLICY_HOLD)
		held++;
	CHECK(held == 8 && !s.state.debt, "nine ticks pay for it, the last one writes: %d", held);

	s.sample.refaulted = 10000000;
	stage_decide(&s, PLENTY);
	s.sample.refaulted = 0;
	for (held = 0; held < 1000 && stage_decide(&s, PLENTY)->action == POLICY_HOLD; held++)
		;
	CHECK(held == 59, "no debt takes longer than an hour: %d", held);
	CHECK(s.decision.action == POLICY_WRITE, "then it goes on");
}

static void test_patience(void)
{
	struct stage s;

	stage_begin(&s);
	for (int i = 0; i < 4; i++)
		stage_decide(&s, PLENTY);
	CHECK(is(&s.decision, POLICY_IDLE, "nothing that old") && s.state.age == 86400,
	      "idle, and patient");
	CHECK(stage_decide(&s, PLENTY)->age == 86400 && s.state.age == 21600,
	      "then the next younger bucket, from the next tick on");
	for (int i = 0; i < 100; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.state.age == 300, "down to the youngest age");

	s.state = (struct policy_state){ .age = 3600, .step = MIB };
	s.policy.min_age = 1000;
	for (int i = 0; i < 5; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.state.age == 1000, "which need not be where a bucket begins");

	stage_begin(&s);
	s.sample.refaulted = 128;
	for (int i = 0; i < 5; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.decision.rate == 500 && s.state.age == 21600, "a quarter of the target is quiet");
	s.sample.refaulted = 129;
	for (int i = 0; i < 5; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.state.age == 21600 && !s.state.quiet, "more is not");

	stage_begin(&s);
	stage_fill(&s, 86400, 100);
	for (int i = 0; i < 5; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.decision.action == POLICY_WRITE && s.state.age == 21600,
	      "all of that age written is quiet, too");
	CHECK(s.state.step == MIB, "a new age begins with the smallest step");
	s.state = (struct policy_state){ .age = 300, .step = 8 * MIB, .quiet = 4 };
	s.sample.refaulted = 128;
	stage_fill(&s, 86400, 0);
	stage_decide(&s, PLENTY);
	CHECK(s.state.age == 300 && s.state.step == 8 * MIB, "the youngest keeps its step");

	stage_begin(&s);
	stage_fill(&s, 86400, 10000000);
	for (int i = 0; i < 20; i++)
		stage_decide(&s, PLENTY);
	CHECK(s.state.age == 86400, "while some is left, nobody asks for younger pages");
}

static void test_result(void)
{
	struct policy_state before;
	struct stage s;

	stage_begin(&s);
	stage_fill(&s, 3600, 100);
	s.state = (struct policy_state){ .age = 3600, .step = MIB, .quiet = 4, .debt = 0 };
	before = s.state;
	stage_decide(&s, PLENTY);
	CHECK(s.decision.max == 100 * PAGE && s.state.age == 900, "asked for all, then younger");
	policy_result(&before, &s.state, &s.decision, 100 * PAGE);
	CHECK(s.state.age == 900, "and got it: it stays so");
	policy_result(&before, &s.state, &s.decision, 99 * PAGE);
	CHECK(s.state.age == 3600 && s.state.step == MIB && !s.state.quiet,
	      "a page less: the same age again, and that was not quiet");

	stage_fill(&s, 3600, 100000);
	before = s.state;
	stage_decide(&s, PLENTY);
	CHECK(s.state.step == MIB + MIB / 4, "the step grows");
	policy_result(&before, &s.state, &s.decision, 0);
	CHECK(s.state.step == MIB, "not if nothing was written");
	stage_decide(&s, PLENTY);
	policy_result(&before, &s.state, &s.decision, -5);
	CHECK(s.state.step == MIB, "nor if nobody knows");
}

static void test_bounds(void)
{
	struct stage s;

	stage_begin(&s);
	s.state = (struct policy_state){ .age = 5, .step = 1, .hold = 1000, .quiet = INT32_MAX };
	stage_decide(&s, PLENTY);
	CHECK(s.decision.age == 300 && s.state.step == MIB && s.state.hold == 4 &&
	      s.state.quiet == 5, "a state from another configuration is brought into bounds");
	s.state = (struct policy_state){ .age = INT64_MAX, .step = INT64_MAX };
	stage_fill(&s, 86400, INT64_MAX);
	stage_decide(&s, PLENTY);
	CHECK(s.decision.age == 86400 && s.decision.max == 64 * MIB, "from above, too");
	s.policy.min_age = 259200;
	s.policy.max_step = PAGE;
	stage_fill(&s, 259200, 1000);
	stage_decide(&s, PLENTY);
	CHECK(s.decision.age == 259200 && s.decision.max == PAGE,
	      "where bounds cross, the careful one counts");
}

/*
 * A cgroup whose pages grow older by a bucket a tick, and of which some @share (percent)
 * of what is written below @hot seconds comes back in the tick after.
 */
struct world {
	num hot, share, inflow;
	num back;
};

static void world_turn(struct world *world, struct stage *stage)
{
	num left = stage->decision.action == POLICY_WRITE ? stage->decision.max / PAGE : 0;

	stage->sample.refaulted = world->back;
	world->back = 0;
	for (int i = NR_EDGES - 1; i >= 0 && left; i--) {
		struct age_bucket *bucket = &stage->ages.bucket[i];
		num written = bucket->pages < left ? bucket->pages : left;

		if (bucket->min_age < stage->decision.age)
			break;
		bucket->pages -= written;
		left -= written;
		if (bucket->min_age < world->hot)
			world->back += written * world->share / 100;
	}
	/* What comes back is young again. */
	for (int i = NR_EDGES - 1; i > 0; i--) {
		num older = stage->ages.bucket[i - 1].pages / 2;

		stage->ages.bucket[i].pages += older;
		stage->ages.bucket[i - 1].pages -= older;
	}
	stage->ages.bucket[0].pages += world->inflow + stage->sample.refaulted;
}

static void test_no_refaults(void)
{
	struct world world = { .inflow = 5000 };
	struct stage s;
	int tick;

	stage_begin(&s);
	for (tick = 0; tick < 200 && (s.state.age > 300 || s.state.step < 64 * MIB); tick++) {
		stage_decide(&s, PLENTY);
		world_turn(&world, &s);
		if (s.decision.action == POLICY_BACKOFF)
			break;
	}
	CHECK(s.state.age == 300 && s.state.step == 64 * MIB,
	      "without refaults, age and step reach their bounds: after %d ticks", tick);
	CHECK(tick < 120, "and do so soon");
}

static void test_refaults_stop(void)
{
	struct world world = { .hot = INT64_MAX, .share = 100, .inflow = 5000 };
	num age = 0, written = 0;
	struct stage s;
	int tick;

	stage_begin(&s);
	stage_fill(&s, 300, 100000);
	s.state = (struct policy_state){ .age = 300, .step = 64 * MIB };
	for (tick = 0; tick < 10 && s.decision.action != POLICY_BACKOFF; tick++) {
		stage_decide(&s, PLENTY);
		world_turn(&world, &s);
	}
	CHECK(s.decision.action == POLICY_BACKOFF && tick <= 3,
	      "pages that come back stop it: after %d ticks", tick);
	age = s.state.age;
	CHECK(age > 300, "with an older age: %lld", age);
	for (tick = 0; tick < 5; tick++) {
		stage_decide(&s, PLENTY);
		world_turn(&world, &s);
		written += s.decision.max;
	}
	CHECK(!written, "and for a while nothing is written at all");
	for (tick = 0; tick < 500; tick++) {
		stage_decide(&s, PLENTY);
		world_turn(&world, &s);
		written += s.decision.max;
		if (s.state.step > 4 * MIB)
			break;
	}
	CHECK(tick == 500, "the step stays small as long as everything comes back");
	CHECK(s.state.age == 86400, "the age goes to its bound");
}

/* What is younger than 6 h comes back: the age must settle above, and the rate below. */
static void test_settles(void)
{
	struct world world = { .hot = 21600, .share = 100, .inflow = 5000 };
	num written = 0, refaulted = 0;
	struct stage s;
	int over = 0;

	stage_begin(&s);
	for (int tick = 0; tick < 2000; tick++) {
		stage_decide(&s, PLENTY);
		world_turn(&world, &s);
		written += s.decision.max / PAGE;
		refaulted += s.sample.refaulted;
		if (s.decision.rate > s.policy.target)
			over++;
	}
	CHECK(written > 1000000, "with cold and warm pages, the cold ones leave: %lld", written);
	CHECK(refaulted < 2000 * 512, "the mean rate is below the target: %lld of 512 a minute",
	      refaulted / 2000);
	CHECK(over < 200, "and few ticks are above it: %d of 2000", over);
}

static void test_again(void)
{
	struct world world[2] = { { .hot = 3600, .share = 30, .inflow = 7777 } };
	struct stage s[2];
	bool same = true;

	world[1] = world[0];
	stage_begin(&s[0]);
	stage_begin(&s[1]);
	for (int tick = 0; tick < 1000; tick++) {
		for (int i = 0; i < 2; i++) {
			stage_decide(&s[i], 100 * MIB);
			world_turn(&world[i], &s[i]);
		}
		same &= !memcmp(&s[0].state, &s[1].state, sizeof(s[0].state)) &&
			s[0].decision.max == s[1].decision.max;
	}
	CHECK(same, "the same samples give the same decisions");
}

int main(void)
{
	test_first();
	test_amount();
	test_step();
	test_refaults();
	test_unknown();
	test_pressure();
	test_hold();
	test_debt();
	test_patience();
	test_result();
	test_bounds();
	test_no_refaults();
	test_refaults_stop();
	test_settles();
	test_again();
	return tap_done();
}
