// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What comes back, and the age and pace that follow from it; model.h has the formulas.
 */
#include <math.h>

#include "decide/model.h"
#include "system/amount.h"

#define MINUTE		60.0
#define MINUTES_A_DAY	1440
#define WATCHED_TIMES	2	/* an age is known when it was watched for that many times it */

static double sum_out(const struct evidence *evidence)
{
	double sum = 0;

	for (int b = 0; b < AGE_BUCKETS_MAX; b++)
		sum += evidence->out[b];
	return sum;
}

void evidence_update(struct evidence *evidence, const struct happened *happened)
{
	double memory = MODEL_MEMORY * evidence->unit;
	double keep = exp(-happened->seconds / memory);
	double keep_long = exp(-happened->seconds / (2 * memory));
	double slow = fmax(happened->age, evidence->unit);
	double tried = evidence->fresh * (1 - exp(-happened->seconds / slow));
	double out = sum_out(evidence);

	for (int b = 0; b < happened->ages->nr; b++) {
		double share = out > 0 ? evidence->out[b] / out :
			       b == amount_bucket(happened->ages, happened->age);
		double refaulted = happened->refaulted * share;

		evidence->back[b] = evidence->back[b] * keep + happened->loaded[b] + refaulted;
		/* What was dropped is not known by cgroup: it is forgotten */
		evidence->out[b] = fmax(evidence->out[b] * keep_long - refaulted, 0);
	}
	evidence->watched += happened->seconds;
	evidence->base = evidence->base * keep + happened->allowed * happened->seconds;
	evidence->fresh -= tried;
	evidence->tried = evidence->tried * keep_long + tried;
	evidence->returned = evidence->returned * keep_long + happened->refaulted;
	/* What came back had its time */
	if (evidence->tried < evidence->returned) {
		evidence->fresh -= evidence->returned - evidence->tried;
		evidence->tried = evidence->returned;
	}
	evidence->fresh = fmax(evidence->fresh, 0);
}

/* Seconds that back[] and base tell of. */
static double window_of(const struct evidence *evidence)
{
	double memory = MODEL_MEMORY * evidence->unit;

	return memory * (1 - exp(-evidence->watched / memory));
}

void evidence_update_mean(struct evidence *evidence, const struct happened *happened)
{
	double share;

	evidence_update(evidence, happened);
	share = evidence->watched > 0 ? window_of(evidence) / evidence->watched : 0;
	for (int b = 0; b < AGE_BUCKETS_MAX; b++)
		evidence->back[b] *= share;
	evidence->base *= share;
}

void evidence_written(struct evidence *evidence, const struct age_table *ages, num pages,
		      bool limited)
{
	for (int b = ages->nr - 1; b >= 0 && pages > 0; b--) {
		num there = ages->bucket[b].pages, part = there < pages ? there : pages;

		if (part <= 0)
			continue;
		evidence->out[b] += part;
		evidence->fresh += limited ? part : 0;
		pages -= part;
	}
}

void evidence_inherit(struct evidence *evidence, const struct evidence *others, double allowed)
{
	double share = others->base > 0 ? fmin(allowed * window_of(others) / others->base, 1) : 0;

	*evidence = (struct evidence){
		.unit = others->unit,
		.watched = others->watched,
		.tried = others->tried * share,
		.returned = others->returned * share,
		.base = others->base * share,
	};
	for (int b = 0; b < AGE_BUCKETS_MAX; b++)
		evidence->back[b] = others->back[b] * share;
}

double model_rate(const struct evidence *evidence, int b)
{
	double window = window_of(evidence);

	return window > 0 ? MINUTE * evidence->back[b] / window : 0;
}

double model_forecast(const struct evidence *evidence, const struct age_table *ages, num age)
{
	double sum = 0;

	for (int b = amount_bucket(ages, age); b < ages->nr; b++)
		sum += model_rate(evidence, b);
	return sum;
}

num model_age(const struct evidence *evidence, const struct age_table *ages, double allowed,
	      num min, num max)
{
	num age = max, best = max;

	for (;;) {
		num next = model_younger(ages, age, min);

		if (next >= age || model_forecast(evidence, ages, next) > allowed)
			return best;
		/* One that is not known yet may hide a younger one that is */
		if (evidence->watched >= (double)WATCHED_TIMES * next)
			best = next;
		age = next;
	}
}

double model_share(const struct evidence *evidence, double allowed)
{
	double prior = allowed * MODEL_PRIOR * evidence->unit / MINUTE;

	return prior > 0 ? (evidence->returned + prior) / (evidence->tried + prior) : 1;
}

double model_returns(const struct evidence *evidence, double forecast, num cold_pages)
{
	double pages = cold_pages + sum_out(evidence);

	return pages > 0 ? forecast * MINUTES_A_DAY / pages : 0;
}

double model_allowed(num target, num anon_bytes, num stored_pages, num page_size)
{
	double bytes = fmax(anon_bytes, 0) + fmax(stored_pages, 0) * page_size;

	return fmax(bytes, MODEL_FLOOR) / page_size * target / PPM;
}

num model_older(const struct age_table *ages, num age, num max)
{
	int b = amount_bucket(ages, age) + 1;
	num next = b < ages->nr && ages->bucket[b].min_age < max ? ages->bucket[b].min_age : max;

	return next > age ? next : age;
}

num model_younger(const struct age_table *ages, num age, num min)
{
	num bound = ages->bucket[amount_bucket(ages, age - 1)].min_age;
	num next = bound > min ? bound : min;

	return next < age ? next : age;
}
