/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: the age clock, buckets and histogram of age.c.
 */
#ifndef _MM_ZSWAP_WB_AGE_H
#define _MM_ZSWAP_WB_AGE_H

#include <linux/limits.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

#define ZSWAP_WB_BUCKETS_MAX	16

/* More than this, and an age can't be told from a stamp ahead of time */
#define ZSWAP_WB_AGE_MAX	S32_MAX

/* Where age buckets begin */
struct zswap_wb_edges {
	unsigned int	nr;	/* number of buckets */
	/* lowest age of each in seconds, increasing from 0 */
	u32		min[ZSWAP_WB_BUCKETS_MAX];
};

/* An amount of entries */
struct zswap_wb_count {
	u64	pages;	/* their number */
	u64	bytes;	/* their compressed size */
	u64	incompressible;	/* how many of them are stored at full page size */
};

/* Entries by age bucket */
struct zswap_wb_histogram {
	struct zswap_wb_count	bucket[ZSWAP_WB_BUCKETS_MAX];	/* entries in each bucket */
	/* that of the last entry, and its ages: neighbours are often of one age */
	struct zswap_wb_count	*last;
	u64			from;	/* the lowest one */
	u64			until;	/* the first that is too high; 0 before the first entry */
};

extern const struct zswap_wb_edges zswap_wb_age_edges_default;

/* The age clock: seconds since boot, but for those that the machine slept */
static inline u64 zswap_wb_age_now(void)
{
	return ktime_get_seconds();
}

/**
 * zswap_wb_age_stamp() - what an entry that is stored now has to remember
 * @now:	seconds awake since boot
 * Context: any.
 * Return: the tick that the entry's age counts from
 */
static inline u32 zswap_wb_age_stamp(u64 now)
{
	return (u32)(now + 1);
}

u64 zswap_wb_age_of(u32 stamp, u64 now);
bool zswap_wb_age_later(u32 stamp, u64 now);
int zswap_wb_age_edges_parse(char *text, struct zswap_wb_edges *edges);
unsigned int zswap_wb_age_bucket(const struct zswap_wb_edges *edges, u64 age);
u64 zswap_wb_age_bucket_max(const struct zswap_wb_edges *edges,
			    unsigned int bucket);
void zswap_wb_age_histogram_add(struct zswap_wb_histogram *hist,
				const struct zswap_wb_edges *edges, u64 age,
				u32 length);

#endif /* _MM_ZSWAP_WB_AGE_H */
