// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's decisions, one cgroup and one tick at a time.
 *
 * What is held is the refault rate: the pages that commands wrote and that were read back, a
 * minute, as parts per million of the resident pages.  That is the promotion rate of Google's
 * far memory (Lagar-Cavilla et al., ASPLOS 2019), with what is resident standing for the
 * working set; the default of 0.2 % a minute is theirs, too.  What is turned is the age from
 * which on pages are written, in steps from one age bucket to the next, and how much of
 * them is written in a tick.
 *
 * The direction of doubt is always the same: back off at once, probe gently, as the
 * Senpai plugin of Meta's oomd does with pressure.  One bad minute costs all the speed that
 * was gained and an age bucket; what is gained back is a quarter of the speed a tick, and
 * a bucket in @patience quiet ticks.
 *
 * The rules, in this order; the first that applies decides:
 *
 *  1. Without an earlier sample there is no rate: OBSERVE.
 *  2. Nothing can be written (memory.zswap.writeback): HOLD.
 *  3. The rate is not known: HOLD.  Nothing is ever written blindly.
 *  4. The rate is over the target: BACKOFF.  The age goes to the next older bucket, by two
 *     if the rate is over twice the target, the step to the smallest; @hold ticks follow
 *     without a write.  It comes before pressure, because pages that are read back are
 *     stalls, too: with the rules the other way round the age that causes them would stay.
 *  5. Tasks stall for memory or I/O for more of the time than they may: HOLD, with the
 *     smallest step and @hold ticks to follow.  The 0.1 % for memory is Senpai's.  Pressure
 *     that is not known is none.
 *  6. Ticks to hold are left, or a debt: HOLD.  A debt is what came back beyond the
 *     target; it is paid off by time in which less than that comes back.  So it is the rate
 *     over a long time that stays at the target, not just that of most ticks: an age
 *     that is tried too early costs more than a tick's share at once.
 *  7. Nothing is that old: IDLE.
 *  8. The wear budget has less than a page: HOLD.
 *  9. WRITE the step, or what there is, or what the budget has.  The step then grows by a
 *     quarter, if the rate is at most half of the target.
 *
 * A tick is quiet if the rate is at most a quarter of the target and nothing of the age
 * asked for was left behind: IDLE, or a WRITE of all there was.  What is left behind says
 * nothing yet about this age, let alone a younger one.  After @patience quiet ticks the age
 * goes to the next younger bucket, and of that the smallest step is tried first.  A WRITE
 * of which the kernel wrote less, or that was not carried out at all, is not quiet, and
 * neither age nor step moves on for it.
 */
#include <errno.h>

#include "system/amount.h"
#include "decide/policy.h"

#define MS_A_MINUTE	60000
#define PPM		1000000

/* No debt takes longer to be paid off than this, or one bad hour would be the end. */
#define DEBT_MS_MAX	(60LL * MS_A_MINUTE)

/* No rate is told apart from a thousand times all that is resident, a minute. */
#define RATE_MAX	(1000LL * PPM)

#define MIB		1048576LL

/* Defaults; zswapctl.conf and the man page have the same. */
static const struct policy defaults = {
	.target = 2000,			/* 0.2 %/min */
	.min_age = 300,			/* what is younger than 5 min may just be resting */
	.max_age = 86400,		/* what is a day old may always be tried */
	.min_step = MIB,
	.max_step = 64 * MIB,
	.pressure_memory = 1000,	/* 0.1 % */
	.pressure_io = 10000,		/* 1 %: waiting for a disk is no sign of thrashing yet */
	.hold = 5,
	.patience = 5,
};

void policy_defaults(struct policy *policy)
{
	*policy = defaults;
}

/* Where the bounds cross, the careful one counts: the older age, the smaller step. */
static void clamp_state(const struct policy *policy, struct policy_state *state, num page_size)
{
	if (state->age > policy->max_age)
		state->age = policy->max_age;
	if (state->age < policy->min_age)
		state->age = policy->min_age;
	if (state->step < policy->min_step)
		state->step = policy->min_step;
	if (state->step > policy->max_step)
		state->step = policy->max_step;
	if (state->step < page_size)
		state->step = page_size;
	if (state->hold > policy->hold)
		state->hold = policy->hold;
	if (state->quiet > policy->patience)
		state->quiet = policy->patience;
	if (state->debt < 0)
		state->debt = 0;
}

void policy_begin(const struct policy *policy, struct policy_state *state)
{
	*state = (struct policy_state){ .age = policy->max_age, .step = policy->min_step };
	clamp_state(policy, state, 0);
}

/* Where nothing is resident, any refault is too much. */
static num refault_rate(const struct policy_sample *sample)
{
	num pages, rate;

	if (sample->refaulted < 0 || sample->resident < 0)
		return -ENODATA;
	if (!sample->refaulted)
		return 0;
	pages = sample->resident / sample->page_size;
	rate = amount_ratio(sample->refaulted, amount_times(sample->elapsed_ms, pages),
			    (num)MS_A_MINUTE * PPM);
	return rate < 0 || rate > RATE_MAX ? RATE_MAX : rate;
}

/* Microseconds of @elapsed_ms as ppm. */
static num share_of_time(num stalled, num elapsed_ms)
{
	return amount_ratio(stalled, elapsed_ms, PPM / 1000);
}

/* Bytes of page data that are certainly @age old; as much as is known. */
static num cold_bytes(const struct policy_sample *sample, num age)
{
	struct age_bucket cold;

	amount_colder(sample->ages, age, &cold);
	return cold.pages < 0 ? 0 : amount_times(cold.pages, sample->page_size);
}

static num older(const struct policy *policy, const struct age_table *ages, num age)
{
	num next = policy->max_age;

	for (int i = ages->nr - 1; i >= 0; i--) {
		if (ages->bucket[i].min_age > age && ages->bucket[i].min_age < next)
			next = ages->bucket[i].min_age;
	}
	return next > age ? next : age;
}

static num younger(const struct policy *policy, const struct age_table *ages, num age)
{
	num next = policy->min_age;

	for (int i = 0; i < ages->nr; i++) {
		if (ages->bucket[i].min_age < age && ages->bucket[i].min_age > next)
			next = ages->bucket[i].min_age;
	}
	return next < age ? next : age;
}

/* Nothing is written for a while, and little at first afterwards. */
static void slow_down(const struct policy *policy, struct policy_state *state)
{
	state->step = policy->min_step;
	state->hold = policy->hold;
	state->quiet = 0;
}

static void back_off(const struct policy *policy, struct policy_state *state,
		     const struct age_table *ages, num rate)
{
	state->age = older(policy, ages, state->age);
	if (rate > amount_times(policy->target, 2))
		state->age = older(policy, ages, state->age);
	slow_down(policy, state);
}

static void count_quiet(const struct policy *policy, struct policy_state *state,
			const struct age_table *ages, bool quiet)
{
	num next;

	if (!quiet) {
		state->quiet = 0;
		return;
	}
	state->quiet++;
	if (state->quiet < policy->patience)
		return;
	next = younger(policy, ages, state->age);
	if (next < state->age)
		state->step = policy->min_step;
	state->age = next;
	state->quiet = 0;
}

static void grow_step(const struct policy *policy, struct policy_state *state, num page_size)
{
	num more = state->step / 4;

	if (more < page_size)
		more = page_size;
	state->step = amount_add(state->step, more);
	if (state->step > policy->max_step)
		state->step = policy->max_step;
}

static void count_debt(const struct policy *policy, struct policy_state *state, num rate,
		       num elapsed_ms)
{
	num most = amount_times(policy->target, DEBT_MS_MAX);

	if (rate > policy->target)
		state->debt = amount_add(state->debt,
					 amount_times(rate - policy->target, elapsed_ms));
	else
		state->debt -= amount_times(policy->target - rate, elapsed_ms);
	if (state->debt < 0)
		state->debt = 0;
	if (state->debt > most)
		state->debt = most;
}

static num whole_pages(num bytes, num page_size)
{
	return bytes > 0 ? bytes - bytes % page_size : 0;
}

static void decide_amount(const struct policy *policy, struct policy_state *state,
			  const struct policy_sample *sample, num budget,
			  struct policy_decision *decision)
{
	bool quiet = decision->rate <= policy->target / 4;
	num max = decision->cold;

	if (!decision->cold) {
		decision->action = POLICY_IDLE;
		decision->reason = "nothing that old";
		count_quiet(policy, state, sample->ages, quiet);
		return;
	}
	if (max > state->step)
		max = state->step;
	if (max > budget)
		max = budget;
	max = whole_pages(max, sample->page_size);
	if (!max) {
		decision->action = POLICY_HOLD;
		decision->reason = "wear budget";
		return;
	}
	decision->action = POLICY_WRITE;
	decision->reason = "cold pages";
	decision->max = max;
	if (decision->rate <= policy->target / 2)
		grow_step(policy, state, sample->page_size);
	if (!quiet || max == decision->cold)
		count_quiet(policy, state, sample->ages, quiet);
}

static void decide(const struct policy *policy, struct policy_state *state,
		   const struct policy_sample *sample, num budget,
		   struct policy_decision *decision)
{
	decision->action = POLICY_HOLD;
	if (sample->elapsed_ms <= 0) {
		decision->action = POLICY_OBSERVE;
		decision->reason = "first sample";
	} else if (sample->off) {
		decision->reason = "writeback is off";
	} else if (decision->rate < 0) {
		decision->reason = "refaults not known";
	} else if (decision->rate > policy->target) {
		back_off(policy, state, sample->ages, decision->rate);
		decision->action = POLICY_BACKOFF;
		decision->reason = "refaults";
		decision->age = state->age;
		decision->cold = cold_bytes(sample, state->age);
	} else if (decision->pressure_memory > policy->pressure_memory) {
		slow_down(policy, state);
		decision->reason = "memory pressure";
	} else if (decision->pressure_io > policy->pressure_io) {
		slow_down(policy, state);
		decision->reason = "io pressure";
	} else if (state->hold > 0) {
		state->hold--;
		decision->reason = "cooling";
	} else if (state->debt) {
		decision->reason = "paying off refaults";
	} else {
		decide_amount(policy, state, sample, budget, decision);
	}
}

void policy_decide(const struct policy *policy, struct policy_state *state,
		   const struct policy_sample *sample, num budget,
		   struct policy_decision *decision)
{
	bool first = sample->elapsed_ms <= 0;

	clamp_state(policy, state, sample->page_size);
	*decision = (struct policy_decision){
		.age = state->age,
		.cold = cold_bytes(sample, state->age),
		.rate = first ? -ENODATA : refault_rate(sample),
		.pressure_memory = first ? -ENODATA :
				   share_of_time(sample->stalled_memory, sample->elapsed_ms),
		.pressure_io = first ? -ENODATA :
			       share_of_time(sample->stalled_io, sample->elapsed_ms),
	};
	if (decision->rate >= 0)
		count_debt(policy, state, decision->rate, sample->elapsed_ms);
	decide(policy, state, sample, budget, decision);
}

void policy_result(const struct policy_state *before, struct policy_state *state,
		   const struct policy_decision *decision, num written)
{
	if (written >= decision->max)
		return;
	state->age = before->age;
	state->step = before->step;
	state->quiet = 0;
}

const char *policy_action_name(enum policy_action action)
{
	static const char *const name[] = {
		[POLICY_OBSERVE] = "observe",
		[POLICY_WRITE] = "write",
		[POLICY_IDLE] = "idle",
		[POLICY_HOLD] = "hold",
		[POLICY_BACKOFF] = "backoff",
	};

	return name[action];
}
