// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the age of an entry.
 *
 * The age clock ticks once a second and counts from boot, including the time
 * that the machine was suspended. An entry keeps the low 32 bits of it, which
 * fit into padding that struct zswap_entry has anyway and wrap around after
 * 136 years of uptime.
 *
 * An entry that is stored at the real time t gets the first tick after t. So
 * now - stamp, taken at a whole tick, is never more than its real age: a
 * command for entries of at least N seconds finds none that is younger. The
 * price is that an entry may have to wait up to one tick more.
 */
#include <linux/minmax.h>

#include "internal.h"

/* Lower bounds of the age buckets in seconds: half a minute to three days */
static const u32 zswap_wb_age_edges[ZSWAP_WB_NR_BUCKETS] = {
	0, 30, 60, 120, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 259200
};

/**
 * zswap_wb_age_stamp() - what an entry that is stored now has to remember
 * @now:	seconds since boot
 *
 * Context: any.
 * Return: the tick that the entry's age counts from
 */
u32 zswap_wb_age_stamp(u64 now)
{
	return (u32)(now + 1);
}

/**
 * zswap_wb_age_of() - age of an entry
 * @stamp:	what zswap_wb_age_stamp() said when it was stored
 * @now:	seconds since boot; not before the store by more than a tick
 *
 * Differences are taken modulo 2^32, so that neither the wrap of @stamp nor
 * the upper half of @now matters. A stamp ahead of @now, from a store that
 * happened in the same second or after @now was taken, is age 0; it is told
 * from an old one by the sign, which leaves 68 years for an age.
 *
 * Context: any.
 * Return: seconds
 */
u64 zswap_wb_age_of(u32 stamp, u64 now)
{
	s32 age = (s32)((u32)now - stamp);

	return age > 0 ? age : 0;
}

/**
 * zswap_wb_age_later() - was an entry stored after a point in time
 * @stamp:	what zswap_wb_age_stamp() said when it was stored
 * @now:	seconds since boot
 *
 * Context: any.
 * Return: true if it was stored in a later second than @now
 */
bool zswap_wb_age_later(u32 stamp, u64 now)
{
	return (s32)(stamp - zswap_wb_age_stamp(now)) > 0;
}

/**
 * zswap_wb_age_bucket() - the bucket that an age belongs to
 * @age:	seconds
 *
 * Context: any.
 * Return: a number below ZSWAP_WB_NR_BUCKETS; 0 is the warmest bucket
 */
unsigned int zswap_wb_age_bucket(u64 age)
{
	unsigned int bucket = ZSWAP_WB_NR_BUCKETS - 1;

	while (age < zswap_wb_age_edges[bucket])
		bucket--;
	return bucket;
}

/**
 * zswap_wb_age_bucket_min() - lowest age in a bucket
 * @bucket:	below ZSWAP_WB_NR_BUCKETS
 *
 * Context: any.
 * Return: seconds
 */
u64 zswap_wb_age_bucket_min(unsigned int bucket)
{
	return zswap_wb_age_edges[bucket];
}

/**
 * zswap_wb_age_bucket_max() - first age that is too old for a bucket
 * @bucket:	below ZSWAP_WB_NR_BUCKETS
 *
 * Context: any.
 * Return: seconds, or U64_MAX for the coldest bucket
 */
u64 zswap_wb_age_bucket_max(unsigned int bucket)
{
	if (bucket == ZSWAP_WB_NR_BUCKETS - 1)
		return U64_MAX;
	return zswap_wb_age_edges[bucket + 1];
}

/**
 * zswap_wb_age_histogram_init() - make an empty histogram
 * @hist:	the histogram
 */
void zswap_wb_age_histogram_init(struct zswap_wb_histogram *hist)
{
	*hist = (struct zswap_wb_histogram) { .coldest = -1 };
}

/**
 * zswap_wb_age_histogram_add() - count an entry
 * @hist:	histogram to count it in
 * @age:	its age in seconds
 * @length:	its compressed size in bytes
 *
 * Context: any; the caller serialises.
 */
void zswap_wb_age_histogram_add(struct zswap_wb_histogram *hist, u64 age,
				u32 length)
{
	unsigned int bucket = zswap_wb_age_bucket(age);

	hist->pages[bucket]++;
	hist->bytes[bucket] += length;
	hist->coldest = max_t(s64, hist->coldest, age);
}
