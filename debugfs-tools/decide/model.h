/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many pages would come back, if those of some age were written: the one model that the
 * daemon and plan go by.  Pure: no clock, no file; the same input gives the same output.
 *
 * Time goes by the policy's youngest age, the unit: 5 minutes, unless who configures it thinks in
 * other times.
 *
 * Evidence.  The kernel counts, for each cgroup, how many pages were asked back from zswap at
 * which age ("loaded"), and how many of those that commands wrote came back from the disk.  Both
 * are come-backs of pages that had been left alone for that long.  back[b] has them by the
 * bucket of their age, forgotten with the time constant M = MODEL_MEMORY units, so that
 *
 *	r(T) = 60 * (sum of back[b] for all buckets from T on) / W,
 *	W = M * (1 - exp(-watched / M))
 *
 * come-backs a minute is what writing everything from the age T on would bring back from the
 * disk: what is loaded from zswap at that age today would be read from the disk, and what was
 * already read from there goes on.  W makes a mean of it that is right from the first minute
 * on.  That is the promotion rate of Google's far memory (Lagar-Cavilla et al., ASPLOS 2019), and
 * the rule is theirs: the lowest age whose rate is within the target.
 *
 * Not having seen anything come back says something only of ages that could have been seen: an
 * age T counts as known when it was watched for twice as long.
 *
 * Pace.  A load that comes back once in a time that is longer than what was watched cannot be
 * told from one that never does.  But what was not written cannot come back: whoever writes no
 * more a minute than may come back a minute holds the target whatever happens.  With the share
 *
 *	s = (returned + P) / (tried + P),	P = what may come back in MODEL_PRIOR units
 *
 * of what was written and had time to come back, target / s a minute may be written.  It begins
 * with the target, and grows with what is known to stay away.  Written pages get to be "tried"
 * exponentially with their age as the time constant: a page that was left alone for that long
 * may be used again after about as long once more.  Only those count that were written while the
 * pace was what limited: a little that goes by itself says nothing of what may come at once later.
 */
#pragma once

#include "system/parse.h"

#define MODEL_MEMORY	144	/* units; 12 hours */
#define MODEL_PRIOR	6	/* units; half an hour */
#define MODEL_FLOOR	(16LL << 20) /* bytes: no smaller working set is reckoned with */

struct evidence {		/* of a cgroup, or of all that have the same parent or section */
	double unit;		/* seconds, 1 at least */
	double watched;		/* seconds */
	double back[AGE_BUCKETS_MAX]; /* pages */
	double out[AGE_BUCKETS_MAX]; /* pages on the disk, by the bucket they were written from */
	double fresh;		/* pages written at the pace that had no time to come back yet */
	double tried, returned;	/* pages, of the pace, of all; forgotten half as fast as back[] */
	double base;		/* what may come back a minute, times the seconds; as back[] */
};

/* What happened since the last look. */
struct happened {
	double seconds;
	const struct age_table *ages; /* the bounds; of a cgroup, with its own pages */
	double loaded[AGE_BUCKETS_MAX]; /* pages */
	num refaulted;		/* pages */
	num age;		/* from which on pages are written */
	double allowed;		/* pages a minute that may come back */
};

void evidence_update(struct evidence *evidence, const struct happened *happened);
/*
 * The same from counters of all of @happened's time, for evidence that is empty but for what came
 * back by bucket, in out[]: a mean instead of what is forgotten little by little.
 */
void evidence_update_mean(struct evidence *evidence, const struct happened *happened);
/*
 * @pages were written, from the coldest buckets of @ages; @limited: by the pace, at another one it
 * would have been more.
 */
void evidence_written(struct evidence *evidence, const struct age_table *ages, num pages,
		      bool limited);
/* Begin @evidence with what is known of @others, for one of which @allowed may come back. */
void evidence_inherit(struct evidence *evidence, const struct evidence *others, double allowed);

/* Come-backs a minute of bucket @b alone: pages. */
double model_rate(const struct evidence *evidence, int b);
/* The same of all buckets that begin at @age or later: the forecast. */
double model_forecast(const struct evidence *evidence, const struct age_table *ages, num age);
/*
 * The lowest age, within @min and @max seconds, with a forecast of at most @allowed pages a minute
 * and that was watched for long enough.  @max if there is none.
 */
num model_age(const struct evidence *evidence, const struct age_table *ages, double allowed,
	      num min, num max);
/* The share of what is written that is expected to come back. */
double model_share(const struct evidence *evidence, double allowed);
/*
 * How often in a day a page comes back that is written: what @forecast is of, the cold pages and
 * those on the disk.
 */
double model_returns(const struct evidence *evidence, double forecast, num cold_pages);
/* Pages a minute that may come back: @target ppm of memory that swap backs, in RAM and in zswap. */
double model_allowed(num target, num anon_bytes, num stored_pages, num page_size);

/* The next bound of a bucket above or below @age, within @min and @max. */
num model_older(const struct age_table *ages, num age, num max);
num model_younger(const struct age_table *ages, num age, num min);
