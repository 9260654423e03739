// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What would come back, and the age that follows from it; forecast.h has the formulas.
 */
#include <errno.h>

#include "system/amount.h"
#include "decide/forecast.h"

#define MINUTE	60

static num clamp(__int128 value)
{
	return value > INT64_MAX ? INT64_MAX : value;
}

/* Counts of a table that makes no sense must not turn a share around. */
static num not_negative(num value)
{
	return value > 0 ? value : 0;
}

/* The share of the system's pages that come back, ppm. */
static num share_of(num written, num refaulted)
{
	__int128 whole = (__int128)not_negative(written) + FORECAST_WEIGHT;
	__int128 back = (__int128)not_negative(refaulted) * FORECAST_PPM +
			(__int128)FORECAST_ASSUMED * FORECAST_WEIGHT;
	num share = clamp(back / whole);

	return share > FORECAST_PPM ? FORECAST_PPM : share;
}

static bool enough(num written)
{
	return written >= FORECAST_ENOUGH;
}

static void find_scale(struct forecast *forecast, const struct forecast_history *system,
		       const struct forecast_history *own)
{
	const num low = FORECAST_PPM / FORECAST_SCALE_MAX;
	const num high = FORECAST_PPM * FORECAST_SCALE_MAX;
	num own_share, system_share;

	forecast->scale = FORECAST_PPM;
	forecast->scaled = enough(own->written) && enough(system->written) &&
			   own->refaulted >= 0 && system->refaulted > 0;
	if (!forecast->scaled)
		return;
	own_share = amount_ratio(own->refaulted, own->written, FORECAST_PPM);
	system_share = amount_ratio(system->refaulted, system->written, FORECAST_PPM);
	/* A share too small to be told from none. */
	if (!system_share)
		system_share = 1;
	forecast->scale = amount_ratio(own_share, system_share, FORECAST_PPM);
	if (forecast->scale < low)
		forecast->scale = low;
	if (forecast->scale > high)
		forecast->scale = high;
}

static num expected(num pages, num share, num min_age)
{
	num age = min_age > MINUTE ? min_age : MINUTE;

	return clamp((__int128)pages * share * MINUTE / age);
}

int forecast_begin(struct forecast *forecast, const struct age_table *system,
		   const struct forecast_history *system_history, const struct age_table *own,
		   const struct forecast_history *own_history)
{
	num sum = 0;

	*forecast = (struct forecast){ .nr = system->nr, .allowed = -ENODATA, .choice = -ENOENT };
	find_scale(forecast, system_history, own_history);

	for (int i = 0; i < own->nr; i++) {
		if (i < system->nr && own->bucket[i].min_age == system->bucket[i].min_age)
			continue;
		if (own->bucket[i].pages)
			return -ESTALE;
	}
	for (int i = system->nr - 1; i >= 0; i--) {
		const struct age_bucket *row = &system->bucket[i];
		struct forecast_bucket *bucket = &forecast->bucket[i];
		num share = share_of(row->written, row->refaulted);

		bucket->min_age = row->min_age;
		bucket->max_age = row->max_age;
		bucket->written = row->written;
		if (i < own->nr) {
			bucket->pages = not_negative(own->bucket[i].pages);
			bucket->bytes = not_negative(own->bucket[i].bytes);
		}
		bucket->share = amount_ratio(share, FORECAST_PPM, forecast->scale);
		if (bucket->share > FORECAST_PPM)
			bucket->share = FORECAST_PPM;
		bucket->expected = expected(bucket->pages, bucket->share, bucket->min_age);
		sum = amount_add(sum, bucket->expected);
		bucket->sum = sum;
	}
	return 0;
}

static enum forecast_verdict judge(const struct forecast *forecast,
				   const struct forecast_bucket *bucket, num min_age)
{
	if (!bucket->pages)
		return FORECAST_EMPTY;
	if (bucket->min_age < min_age)
		return FORECAST_YOUNG;
	if (forecast->allowed < 0)
		return FORECAST_UNKNOWN;
	return bucket->sum <= forecast->allowed ? FORECAST_TAKEN : FORECAST_OVER;
}

/* Pages that are empty buckets' change nothing, so the choice is one that has some. */
static void choose(struct forecast *forecast, num min_age)
{
	forecast->choice = -ENOENT;
	for (int i = forecast->nr - 1; i >= 0; i--) {
		struct forecast_bucket *bucket = &forecast->bucket[i];

		bucket->verdict = judge(forecast, bucket, min_age);
		if (bucket->verdict == FORECAST_TAKEN)
			forecast->choice = i;
	}
}

void forecast_choose(struct forecast *forecast, num resident, num target, num min_age)
{
	forecast->allowed = amount_times(resident, target);
	choose(forecast, min_age);
}

void forecast_fix(struct forecast *forecast, num age)
{
	forecast->allowed = INT64_MAX;
	choose(forecast, age);
}

void forecast_total(const struct forecast *forecast, struct forecast_sum *sum)
{
	*sum = (struct forecast_sum){ .age = -ENOENT };
	if (forecast->choice < 0)
		return;
	sum->age = forecast->bucket[forecast->choice].min_age;
	sum->expected = forecast->bucket[forecast->choice].sum;
	for (int i = forecast->choice; i < forecast->nr; i++) {
		const struct forecast_bucket *bucket = &forecast->bucket[i];

		sum->pages = amount_add(sum->pages, bucket->pages);
		sum->bytes = amount_add(sum->bytes, bucket->bytes);
		if (enough(bucket->written))
			sum->known = amount_add(sum->known, bucket->pages);
	}
}

num forecast_common_age(const struct forecast *forecasts, int nr, num bytes, num min_age,
			num *found)
{
	num age = -ENOENT;

	*found = 0;
	for (int i = nr ? forecasts[0].nr - 1 : -1; i >= 0; i--) {
		if (forecasts[0].bucket[i].min_age < min_age)
			break;
		age = forecasts[0].bucket[i].min_age;
		for (int c = 0; c < nr; c++)
			*found = amount_add(*found, forecasts[c].bucket[i].bytes);
		if (*found >= bytes)
			break;
	}
	return age;
}

num forecast_of_resident(num expected, num resident)
{
	if (expected < 0 || resident <= 0)
		return -ENODATA;
	return expected / resident;
}
