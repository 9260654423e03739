/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to write back, and when not to.  Pure: no clock, no file; the same looks give the same
 * decisions.  control.c has the rules, and where they come from.
 */
#pragma once

#include "decide/model.h"

struct policy {			/* of one cgroup; config.h fills it */
	num enabled;		/* 0: it is left alone */
	num target;		/* refaults, ppm of its memory that swap backs, a minute */
	num min_age, max_age;	/* seconds; the age asked for stays within */
	num pressure_memory, pressure_io; /* ppm of the time in which "some" task stalled */
	num freeze_after;	/* seconds; negative: off */
};

struct control_state {		/* of one cgroup, from tick to tick; times are of the awake clock */
	struct evidence evidence;
	num age;		/* seconds */
	num changed_ms;		/* when the age became what it is */
	num failed_age;		/* nothing below it is tried before retry_ms; 0: none has failed */
	num retry_ms;
	num failures;		/* in a row: the time to the next try doubles */
	num frozen_ms;		/* since when it is frozen; 0: it is not */
	bool thawed_to_read;	/* it was written whole, and is to be read back when it thaws */
	double debt;		/* pages that came back beyond the target */
	double credit;		/* bytes it may write of what was shared out */
	int refused;		/* commands in a row that did nothing; not saved, nor is the next */
	num again_ms;		/* none is given before */
};

struct look {			/* at one cgroup, since the tick before */
	num now_ms;		/* awake */
	struct happened since;	/* seconds 0: no tick before; refaulted negative: not known */
	double paced;		/* its seconds, but not more because the tick was late */
	num page_size;
	bool off;		/* memory.zswap.writeback is 0, here or above */
	bool frozen, rests;	/* now, and since the tick before */
	bool needed;		/* the system wants memory: config's "when" */
	num stalled_memory, stalled_io; /* microseconds (a second: ppm); negative: not known */
};

#define REASON_NOT_NEEDED "memory is not needed"
#define REASON_REFUSED	"nothing could be "	/* and what */

enum action { ACTION_OBSERVE, ACTION_WRITE, ACTION_IDLE, ACTION_HOLD, ACTION_BACKOFF, ACTION_READ };

struct decision {
	enum action action;
	const char *reason;	/* a few words, the same for the same cause */
	num age;		/* seconds */
	num max;		/* bytes of page data, after control_share() */
	num wanted;		/* the same before it */
	bool limited;		/* by the pace: not by what is cold, nor by the budget */
	num cold;		/* bytes of page data in buckets that begin at @age or later */
	double allowed, forecast, measured; /* pages a minute; negative: not known */
	double worth;		/* bytes freed for each byte written, less what comes back */
};

/* The decision about a cgroup, and what came of it. */
struct choice {
	int cgroup;		/* index in the sample, and in the daemon's state */
	struct look look;
	struct control_state *state;
	struct decision decision;
	num was_age;		/* before the decision */
	bool changed;		/* the age or the reason is another one */
	bool carried_out;	/* there is a result */
	struct result result;
};

void policy_defaults(struct policy *policy);
/* The unit of time of its evidence: see model.h. */
double control_unit(const struct policy *policy);
/* A cgroup that is seen for the first time, with what is known of its like (may be NULL). */
void control_begin(const struct policy *policy, struct control_state *state,
		   const struct evidence *family, const struct look *look);
void control_decide(const struct policy *policy, struct control_state *state,
		    const struct look *look, struct decision *decision);
/*
 * Share out @budget bytes of page data: each that wants to write gets a part by its worth, and
 * writes when it has enough for a command.  What they have saved up is of @budget, but not of what
 * is @fresh in this tick.
 */
void control_share(struct choice *choice, int nr, num budget, num fresh, num page_size);
/* What came of its command; what was saved up for one that was not given stays so. */
void control_result(struct choice *choice);
const char *action_name(enum action action);
