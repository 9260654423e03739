/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: the counts by age, for buckets.c, which keeps them, and
 * for loads, each of which adds to them and can't afford a call.
 *
 * Loads are counted for each cgroup, too. Those counts are in its lruvecs, come and go
 * with them, and are too many to be replaced when the edges are. So each has its
 * generation in its upper bits, and one of another generation is as good as zero:
 *
 *	63          50 49                                                 0
 *	.-------------.---------------------------------------------------.
 *	| generation  |                      pages                        |
 *	'-------------'---------------------------------------------------'
 */
#ifndef _MM_ZSWAP_WB_BUCKETS_H
#define _MM_ZSWAP_WB_BUCKETS_H

#include <linux/atomic.h>
#include <linux/rcupdate.h>

#include "internal.h"

#define ZSWAP_WB_LOADED_BITS	(64 - ZSWAP_WB_GENERATION_BITS)

/* Columns of one node */
struct zswap_wb_fates {
	atomic64_t	fate[ZSWAP_WB_BUCKETS_MAX][ZSWAP_WB_NR_FATES];	/* pages of each bucket */
	atomic64_t	loaded[ZSWAP_WB_BUCKETS_MAX];	/* pages loaded from each bucket */
};

/* A generation of buckets */
struct zswap_wb_buckets {
	struct rcu_head		rcu;	/* frees it */
	u32			generation;	/* its number */
	struct zswap_wb_edges	edges;	/* edges of the buckets */
	/* the same for loads: the highest age that is too low for each bucket */
	s32			below[ZSWAP_WB_BUCKETS_MAX];
	struct zswap_wb_fates	node[];	/* columns of each node */
};

extern struct zswap_wb_buckets __rcu *zswap_wb_buckets;

/*
 * As zswap_wb_age_bucket() and zswap_wb_age_of(), in four steps of three instructions
 * each. A time ahead of now is an age below zero, and below all edges.
 */
static inline unsigned long
zswap_wb_buckets_find(const struct zswap_wb_buckets *buckets, u32 stamp, u32 now)
{
	const s32 *below = buckets->below;
	unsigned long bucket = 0, step;
	s32 age = now - stamp;

	BUILD_BUG_ON(ZSWAP_WB_BUCKETS_MAX != 16);

	step = bucket + 8;
	bucket = age > below[step] ? step : bucket;
	step = bucket + 4;
	bucket = age > below[step] ? step : bucket;
	step = bucket + 2;
	bucket = age > below[step] ? step : bucket;
	step = bucket + 1;
	return age > below[step] ? step : bucket;
}

/*
 * Counts a page in a word of its cgroup. Who is late, with edges that have been
 * replaced, does not take back a count of a newer generation.
 */
static inline void
zswap_wb_buckets_loaded_inc(const struct zswap_wb_buckets *buckets,
			    atomic64_t *word)
{
	u64 generation = buckets->generation;
	s64 next, old = atomic64_read(word);

	do {
		next = old + 1;
		if (likely((u64)old >> ZSWAP_WB_LOADED_BITS == generation))
			continue;
		/* Who finds a count of newer edges finds these edges as well */
		smp_rmb();
		if (buckets != rcu_access_pointer(zswap_wb_buckets))
			return;
		next = generation << ZSWAP_WB_LOADED_BITS | 1;
	} while (!atomic64_try_cmpxchg(word, &old, next));
}

/**
 * zswap_wb_buckets_loaded() - count a page that is loaded from zswap
 * @stamp:	when it was stored, see zswap_wb_age_stamp()
 * @now:	seconds awake since boot
 * @nid:	node of the list that its entry is on
 * @own:	counts of the cgroup that it belongs to, on that node: a word for each
 *		bucket, zero in the beginning
 * Context: RCU read side.
 */
static inline void zswap_wb_buckets_loaded(u32 stamp, u64 now, int nid,
					   atomic64_t *own)
{
	struct zswap_wb_buckets *buckets = rcu_dereference(zswap_wb_buckets);
	unsigned long bucket = zswap_wb_buckets_find(buckets, stamp, now);

	atomic64_inc(&buckets->node[nid].loaded[bucket]);
	zswap_wb_buckets_loaded_inc(buckets, &own[bucket]);
}

/* Pages that such a word counts under the edges of @generation */
static inline u64 zswap_wb_buckets_loaded_read(const atomic64_t *word,
					       u32 generation)
{
	u64 value = atomic64_read(word);

	if (value >> ZSWAP_WB_LOADED_BITS != generation)
		return 0;
	return value & (BIT_ULL(ZSWAP_WB_LOADED_BITS) - 1);
}

#endif /* _MM_ZSWAP_WB_BUCKETS_H */
