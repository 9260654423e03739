// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's decisions, one cgroup and one tick at a time.
 *
 * What is held is the refault rate: pages that commands wrote and that were read back, a minute,
 * as a share of the cgroup's anonymous memory.  The age from which on pages are written, and how
 * much is written, come from the forecast of model.h.  When reality disagrees, the brake is:
 *
 *  - What comes back beyond the target is a debt.  It is paid off by time in which less comes
 *    back, all of it, and nothing is written meanwhile: so the target holds over any long time.
 *  - A debt of more than what may come back in DEBT_UNITS means that the age has failed.  It goes to the
 *    next older bucket, and what failed is not tried again before RETRY_AGES times that age, an
 *    hour at least, which doubles with each failure, a week at most.
 *
 * The age goes down at most once in a time as long as the age that it goes to: sooner there is
 * nothing to be learned about it.  It goes up at once.
 *
 * All constants are in seconds, and all times are awake: neither the interval of the ticks, nor
 * a late one, nor sleep changes a rate.
 */
#include <math.h>

#include "decide/control.h"
#include "system/amount.h"

#define MS			1000.0
#define MINUTE			60.0
#define DEBT_UNITS		2	/* of the youngest age: see model.h */
#define RETRY_AGES		4
#define RETRY_MIN_UNITS		12
#define DAY			86400	/* seconds */
#define RETRY_MAX		(7 * DAY)
#define REFUSED_MAX		6	/* doublings of a minute: from 2 minutes to 64 */
#define COMMAND_MIN		(64LL << 10)	/* bytes: less is not worth a command */
#define REFAULT_COST		10	/* bytes: reading one back costs as much as writing that many */

/* A minute; less where the youngest age is less than by default, as in a demo. */
static double minute_of(const struct control_state *state)
{
	return fmin(0.2 * state->evidence.unit, MINUTE);
}

void policy_defaults(struct policy *policy)
{
	*policy = (struct policy){
		.enabled = 1,
		.target = 2000,			/* 0.2 %/min, as Google's far memory has it */
		.min_age = 300,			/* what is younger may just be resting */
		.max_age = 86400,
		.pressure_memory = 1000,	/* 0.1 %, as Meta's Senpai has it */
		.pressure_io = 10000,		/* waiting for a disk is no sign of thrashing yet */
		.freeze_after = -1,
	};
}

double control_unit(const struct policy *policy)
{
	return fmax(policy->min_age, 1);
}

void control_begin(const struct policy *policy, struct control_state *state,
		   const struct evidence *family, const struct look *look)
{
	*state = (struct control_state){
		.age = policy->max_age,
		.changed_ms = look->now_ms,
		.evidence.unit = control_unit(policy),
	};
	if (!family)
		return;
	evidence_inherit(&state->evidence, family, look->since.allowed);
	/* What its like were watched for need not be waited for again */
	state->changed_ms -= (num)(family->watched * MS);
}

/* Bytes of page data that are certainly @age old; as much as is known. */
static num cold_bytes(const struct look *look, num age, num *compressed)
{
	struct age_bucket cold = amount_colder(look->since.ages, age);

	*compressed = cold.bytes > 0 ? cold.bytes : 0;
	return cold.pages < 0 ? 0 : amount_times(cold.pages, look->page_size);
}

/* Returns whether the age has failed. */
static bool count_debt(const struct policy *policy, struct control_state *state,
		       const struct look *look)
{
	double unit = state->evidence.unit, wait;

	state->debt += look->since.refaulted - look->since.allowed * look->since.seconds / MINUTE;
	state->debt = fmax(state->debt, 0);
	/* What comes back while the last failure is being paid off is not another one */
	if (state->debt <= look->since.allowed * DEBT_UNITS * unit / MINUTE ||
	    (state->failed_age && look->now_ms - state->changed_ms < state->age * (num)MS))
		return false;
	state->failed_age = model_older(look->since.ages, state->age, policy->max_age);
	wait = fmax(RETRY_AGES * state->age, RETRY_MIN_UNITS * unit) * exp2(state->failures);
	state->retry_ms = look->now_ms + (num)(fmin(wait, RETRY_MAX) * MS);
	state->failures++;
	state->age = state->failed_age;
	state->changed_ms = look->now_ms;
	return true;
}

static void choose_age(const struct policy *policy, struct control_state *state,
		       const struct look *look)
{
	num min = policy->min_age, age;

	if (state->failed_age && look->now_ms < state->retry_ms && min < state->failed_age)
		min = state->failed_age;
	if (min > policy->max_age)
		min = policy->max_age;
	age = model_age(&state->evidence, look->since.ages, look->since.allowed, min, policy->max_age);
	if (age < state->age && look->now_ms - state->changed_ms < age * (num)MS)
		return;
	if (age != state->age)
		state->changed_ms = look->now_ms;
	state->age = age;
	/* A try that lasted for a day has not failed */
	if (state->failures && look->now_ms - state->retry_ms > DAY * (num)MS) {
		state->failures = 0;
		state->failed_age = 0;
	}
}

static void set(struct decision *decision, enum action action, const char *reason)
{
	decision->action = action;
	decision->reason = reason;
}

static const char *refused(enum action action)
{
	return action == ACTION_READ ? REASON_REFUSED "read back" : REASON_REFUSED "written";
}

/* A cgroup that stays frozen is written whole, and read back first when it thaws. */
static bool decide_frozen(const struct policy *policy, struct control_state *state,
			  const struct look *look, struct decision *decision)
{
	num compressed;

	/* That the one failed says nothing of the other */
	if (look->frozen != !!state->frozen_ms) {
		state->refused = 0;
		state->again_ms = 0;
	}
	if (!look->frozen) {
		state->frozen_ms = 0;
		if (!state->thawed_to_read)
			return false;
		set(decision, ACTION_READ, "thawed");
		return true;
	}
	if (!state->frozen_ms)
		state->frozen_ms = look->now_ms;
	if (policy->freeze_after < 0 || look->off ||
	    look->now_ms - state->frozen_ms < policy->freeze_after * (num)MS)
		return false;
	decision->age = 0;
	decision->cold = cold_bytes(look, 0, &compressed);
	decision->wanted = decision->cold;
	decision->worth = 1;
	if (decision->cold)
		set(decision, ACTION_WRITE, "frozen");
	else
		set(decision, ACTION_IDLE, "frozen, all is written");
	return true;
}

static void decide_amount(struct control_state *state, const struct look *look,
			  struct decision *decision)
{
	double share = model_share(&state->evidence, decision->allowed), bytes, returns;
	num compressed;

	decision->cold = cold_bytes(look, state->age, &compressed);
	if (!decision->cold) {
		set(decision, ACTION_IDLE, "nothing that old");
		return;
	}
	bytes = decision->allowed / share / MINUTE * look->page_size;
	/* Also with short ticks: what gets cold in a minute and goes in the next is not limited */
	decision->limited = decision->cold > bytes * fmax(look->paced, minute_of(state));
	bytes *= look->paced;
	decision->wanted = bytes < decision->cold ? (num)bytes : decision->cold;
	returns = model_returns(&state->evidence, decision->forecast,
				decision->cold / look->page_size);
	decision->worth = (double)compressed / decision->cold / (1 + REFAULT_COST * returns);
	set(decision, ACTION_WRITE, "cold pages");
}

void control_decide(const struct policy *policy, struct control_state *state,
		    const struct look *look, struct decision *decision)
{
	bool failed;

	*decision = (struct decision){
		.action = ACTION_OBSERVE,
		.reason = "first look",
		.allowed = look->since.allowed,
		.forecast = -1,
		.measured = -1,
		.age = state->age,
	};
	if (!look->since.seconds)
		return;
	if (look->since.refaulted < 0) {
		set(decision, ACTION_HOLD, "refaults not known");
		return;
	}
	state->evidence.unit = control_unit(policy);
	/* Nobody can use what is frozen: that it stays away proves nothing */
	if (!look->rests)
		evidence_update(&state->evidence, &look->since);
	failed = count_debt(policy, state, look);
	if (!failed)
		choose_age(policy, state, look);
	decision->age = state->age;
	decision->forecast = model_forecast(&state->evidence, look->since.ages, state->age);
	decision->measured = look->since.refaulted * MINUTE / look->since.seconds;

	if (decide_frozen(policy, state, look, decision)) {
		/* whatever else holds */
	} else if (look->off) {
		set(decision, ACTION_HOLD, "writeback is off");
	} else if (failed) {
		set(decision, ACTION_BACKOFF, "refaults");
	} else if (state->debt > 0) {
		set(decision, ACTION_HOLD, "paying off refaults");
	} else if (decision->forecast > decision->allowed) {
		set(decision, ACTION_HOLD, "forecast over the target");
	} else if (!look->needed) {
		set(decision, ACTION_HOLD, REASON_NOT_NEEDED);
	} else if (look->stalled_memory / look->since.seconds > policy->pressure_memory) {
		set(decision, ACTION_HOLD, "memory pressure");
	} else if (look->stalled_io / look->since.seconds > policy->pressure_io) {
		set(decision, ACTION_HOLD, "io pressure");
	} else {
		decide_amount(state, look, decision);
	}
	if ((decision->action == ACTION_WRITE || decision->action == ACTION_READ) &&
	    look->now_ms < state->again_ms)
		set(decision, ACTION_HOLD, refused(decision->action));
}

/* Whoever wants the least of what its worth would give it comes first. */
static int compare_wants(const void *a, const void *b)
{
	const struct decision *left = &(*(struct choice *const *)a)->decision;
	const struct decision *right = &(*(struct choice *const *)b)->decision;
	double one = left->wanted * right->worth, other = right->wanted * left->worth;

	/* One that wants nothing and is worth nothing would be equal to all, and the order none */
	if (one == other)
		return (left->worth < right->worth) - (left->worth > right->worth);
	return one > other ? 1 : -1;
}

/* A small command only for all there is; otherwise it saves up for a larger one. */
static void take_part(struct choice *choice, double part, num page_size)
{
	struct decision *d = &choice->decision;
	double credit = choice->state->credit += part < d->wanted ? part : d->wanted + 1.0;

	d->max = d->cold < credit ? d->cold : (num)credit;
	d->max -= d->max % page_size;
	d->limited &= d->max < d->cold && part >= d->wanted;
	if (d->max && (d->max >= COMMAND_MIN || d->max >= d->cold))
		return;
	d->max = 0;
	set(d, ACTION_HOLD, part < d->wanted ? "budget" : "pace");
}

void control_share(struct choice *choice, int nr, num budget, num fresh, num page_size)
{
	autofree struct choice **wants = xcalloc(nr, sizeof(*wants));
	double left = budget, worth = 0;
	int nr_wants = 0;

	for (int i = 0; i < nr; i++) {
		double *credit = &choice[i].state->credit;

		if (choice[i].decision.action != ACTION_WRITE) {
			*credit = 0;
			continue;
		}
		*credit = fmin(*credit, COMMAND_MIN);
		left -= *credit;
		worth += choice[i].decision.worth;
		wants[nr_wants++] = &choice[i];
	}
	left = fmax(fmin(left, fresh), 0);
	/* Parts by worth; whoever wants less than its part leaves the rest to the others */
	qsort(wants, nr_wants, sizeof(*wants), compare_wants);
	for (int i = 0; i < nr_wants; i++) {
		const struct decision *d = &wants[i]->decision;
		double part = worth > 0 ? left * d->worth / worth : 0;

		left -= part < d->wanted ? part : d->wanted;
		worth -= d->worth;
		take_part(wants[i], part, page_size);
	}
}

void control_result(struct choice *choice)
{
	struct control_state *state = choice->state;
	num status = choice->result.status;
	bool reads = choice->decision.action == ACTION_READ;
	bool done = !status || (reads && (status == -EAGAIN || status == -ENOENT));

	state->credit -= choice->decision.max;
	if (reads)
		state->thawed_to_read = !done;
	if (done || status == -EINTR || (!reads && choice->result.count.written > 0)) {
		state->refused = 0;
	} else {
		if (state->refused < REFUSED_MAX)
			state->refused++;
		state->again_ms = choice->look.now_ms +
			(num)(minute_of(state) * exp2(state->refused) * MS);
		choice->decision.reason = refused(choice->decision.action);
	}
}

const char *action_name(enum action action)
{
	static const char *const name[] = {
		[ACTION_OBSERVE] = "observe",
		[ACTION_WRITE] = "write",
		[ACTION_IDLE] = "idle",
		[ACTION_HOLD] = "hold",
		[ACTION_BACKOFF] = "backoff",
		[ACTION_READ] = "readback",
	};

	return name[action];
}
