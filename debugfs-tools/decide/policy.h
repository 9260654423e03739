/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to write back, and when not to.  Pure: integers in, integers out, no clock, no
 * file; the same samples give the same decisions, byte for byte.
 *
 * policy.c has the rules, and where they come from.
 */
#ifndef POLICY_H
#define POLICY_H

#include "system/parse.h"

struct policy {			/* of one cgroup; config.h fills it */
	num target;		/* refaults, ppm of the resident pages a minute */
	num min_age, max_age;	/* seconds; the age asked for stays within */
	num min_step, max_step;	/* bytes of page data a tick */
	num pressure_memory, pressure_io; /* ppm of the time in which "some" task stalled */
	int hold;		/* ticks without writing after a back-off */
	int patience;		/* quiet ticks before a younger age is tried */
};

struct policy_state {		/* of one cgroup, from tick to tick */
	num age, step;
	int hold, quiet;
	num debt;		/* refaults over the target: ppm of the resident, times ms / min */
};

struct policy_sample {		/* of one cgroup: since the tick before */
	num elapsed_ms;		/* 0: there was none */
	num page_size;		/* bytes, not 0 */
	const struct age_table *ages; /* all buckets there are, also those without pages */
	bool off;		/* memory.zswap.writeback is 0, here or above */
	num resident;		/* bytes */
	num refaulted;		/* pages; negative: not known */
	num stalled_memory, stalled_io; /* microseconds; negative: not known */
};

enum policy_action { POLICY_OBSERVE, POLICY_WRITE, POLICY_IDLE, POLICY_HOLD, POLICY_BACKOFF };

struct policy_decision {
	enum policy_action action;
	const char *reason;	/* a few words, the same for the same cause */
	num age;		/* seconds */
	num max;		/* bytes of page data; 0 unless POLICY_WRITE */
	num cold;		/* bytes of page data in buckets that begin at @age or later */
	num rate;		/* refaults, ppm of the resident a minute; negative: not known */
	num pressure_memory, pressure_io; /* ppm of the time; negative: not known */
};

void policy_defaults(struct policy *policy);
/* A cgroup that is seen for the first time: the coldest age, the smallest step. */
void policy_begin(const struct policy *policy, struct policy_state *state);
/*
 * One tick of one cgroup.  @budget: bytes of page data that may still be written by
 * anybody.  What was decided to be written is taken to be written, until policy_result() says
 * otherwise.
 */
void policy_decide(const struct policy *policy, struct policy_state *state,
		   const struct policy_sample *sample, num budget,
		   struct policy_decision *decision);
/*
 * What came of a POLICY_WRITE: bytes of page data, negative if that is not known.  Less than was
 * asked for says nothing about the age and earns nothing: @state gets back the age and the
 * step of @before, what it was when policy_decide() was called, and the quiet ticks begin
 * anew.
 */
void policy_result(const struct policy_state *before, struct policy_state *state,
		   const struct policy_decision *decision, num written);
const char *policy_action_name(enum policy_action action);

#endif
