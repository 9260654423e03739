/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many pages would come back, if a cgroup's pages of some age were written.  Pure:
 * integers in, integers out.
 *
 * Share.  The kernel counts, by the age bucket in which a page was when a command wrote it,
 * how many were written and how many of these were read back.  With the share
 * FORECAST_ASSUMED for FORECAST_WEIGHT pages that nobody has seen added to both (the mean of
 * a beta distribution after as many observations), the share of the pages of bucket b that
 * come back is
 *
 *	p(b) = (refaulted(b) + ASSUMED * WEIGHT) / (written(b) + WEIGHT)
 *
 * so that a bucket that was never tried is taken for neither harmless nor hopeless, and a few
 * hundred pages outweigh the assumption.  These counts are the system's.  A cgroup that has
 * written enough has a share of its own, over all ages, in memory.stat; p(b) is multiplied by
 * that share over the system's, by FORECAST_SCALE_MAX at most, and divided by it at most.  The
 * factor does not know which ages the cgroup has written: one that has written warmer pages
 * than the others is taken for worse than it is.
 *
 * Time.  A page that was left alone for the time a, and that is used again, is used again
 * after about as long once more: intervals between uses have no scale of their own, and
 * the chance of an end within the next minute falls as 1/a.  The pages of bucket b make
 *
 *	r(b) = pages(b) * p(b) / minutes(b)
 *
 * refaults a minute at first, with the lower bound of the bucket for minutes(b), at least one
 * minute; it is less later on.  What was written so lately that it had no time to come back
 * counts as if it stayed away: p(b) is too low then.
 *
 * Target.  Refaults a minute as parts per million of the resident pages, Google's promotion rate
 * (Lagar-Cavilla et al., ASPLOS 2019: at most 0.2 % of the working set a minute), with anon
 * and file pages standing for the working set.  r(b) is added up from the coldest bucket on; the
 * age is the lower bound of the warmest one with which the sum is still within the target.
 */
#ifndef FORECAST_H
#define FORECAST_H

#include "system/parse.h"

#define FORECAST_PPM		1000000
#define FORECAST_ASSUMED	500000	/* ppm that come back, where nothing is known */
#define FORECAST_WEIGHT		32	/* pages */
#define FORECAST_ENOUGH		256	/* pages written that make a share */
#define FORECAST_SCALE_MAX	8

enum forecast_verdict {
	FORECAST_EMPTY,		/* nothing there: changes nothing */
	FORECAST_TAKEN,		/* is written: the sum up to here is within the target */
	FORECAST_OVER,		/* it is not, or was not before */
	FORECAST_YOUNG,		/* younger than what is wanted */
	FORECAST_UNKNOWN,	/* there is no target: nobody knows what is resident */
};

struct forecast_bucket {
	num min_age, max_age;	/* seconds */
	num pages, bytes;	/* the cgroup's */
	num written;		/* pages, by the system */
	num share;		/* p(b), ppm */
	num expected;		/* r(b), millionths of a refault a minute */
	num sum;		/* the same, of this bucket and all that are colder */
	enum forecast_verdict verdict;
};

struct forecast {
	int nr;
	struct forecast_bucket bucket[AGE_BUCKETS_MAX]; /* the system's buckets */
	bool scaled;		/* the cgroup has a share of its own */
	num scale;		/* of it to the system's, ppm; FORECAST_PPM if not */
	num allowed;		/* millionths of a refault a minute; negative: not known */
	int choice;		/* the warmest bucket that is written; -ENOENT: none */
};

/* Pages that commands wrote, and how many were read back; negative: not known. */
struct forecast_history {
	num written, refaulted;
};

/* What is to be written by a forecast's choice. */
struct forecast_sum {
	num age;		/* seconds to ask for; -ENOENT: nothing is to be written */
	num pages, bytes;
	num expected;		/* millionths of a refault a minute */
	num known;		/* pages in buckets of which FORECAST_ENOUGH were written before */
};

/*
 * @system: the system's table; @own: the cgroup's, with the same bounds.  -ESTALE: they are
 * not the same, because somebody has just changed them.  Nothing is chosen yet.
 */
int forecast_begin(struct forecast *forecast, const struct age_table *system,
		   const struct forecast_history *system_history, const struct age_table *own,
		   const struct forecast_history *own_history);
/*
 * Choose the lowest age within the target, which is ppm of @resident pages (negative: not
 * known) a minute.  Buckets that begin below @min_age seconds are left alone.
 */
void forecast_choose(struct forecast *forecast, num resident, num target, num min_age);
/* Choose @age, whatever comes back: all buckets that begin there or later. */
void forecast_fix(struct forecast *forecast, num age);
void forecast_total(const struct forecast *forecast, struct forecast_sum *sum);

/*
 * The highest age, not below @min_age, from which on all cgroups together have at least
 * @bytes compressed.  *@found is what they have; with less than @bytes it is all there is,
 * and the lowest age is returned.  -ENOENT: no bucket begins at @min_age or later.
 */
num forecast_common_age(const struct forecast *forecasts, int nr, num bytes, num min_age,
			num *found);

/* Millionths of a refault a minute as ppm of @resident pages a minute; negative: not known. */
num forecast_of_resident(num expected, num resident);

#endif
