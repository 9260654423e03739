// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the age buckets in force, how many pages were loaded
 * from each, and what became of the pages that commands wrote, by the bucket that
 * they were in.
 *
 * Edges and columns live and die together: new edges come with new columns, all
 * zero, and a new generation, and replace the old ones with one pointer. What
 * still has to be said of a page that was written under an older generation
 * finds that its bucket is no more. (Unless the edges have been changed 2^14
 * times since, and the page is still on the disk.)
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "buckets.h"

struct zswap_wb_buckets __rcu *zswap_wb_buckets;

/* Serialises those who change the edges */
static DEFINE_MUTEX(zswap_wb_buckets_lock);

static struct zswap_wb_buckets *
zswap_wb_buckets_alloc(const struct zswap_wb_edges *edges, u32 generation)
{
	struct zswap_wb_buckets *buckets;
	unsigned int i;

	buckets = kzalloc_flex(*buckets, node, nr_node_ids);
	if (!buckets)
		return NULL;
	buckets->edges = *edges;
	buckets->generation = generation & (BIT(ZSWAP_WB_GENERATION_BITS) - 1);
	/* No age is high enough for a bucket that there is not */
	for (i = 0; i < ZSWAP_WB_BUCKETS_MAX; i++)
		buckets->below[i] = i < edges->nr ? (s32)edges->min[i] - 1 :
						    ZSWAP_WB_AGE_MAX;
	return buckets;
}

/* The edges in force. Return: their generation, see struct zswap_wb_kind */
u32 zswap_wb_buckets_get(struct zswap_wb_edges *edges)
{
	const struct zswap_wb_buckets *buckets;

	guard(rcu)();
	buckets = rcu_dereference(zswap_wb_buckets);
	*edges = buckets->edges;
	return buckets->generation;
}

/*
 * Changes the edges, and starts the columns anew. Commands that are under way keep
 * theirs. The first ones are set at boot. Context: may sleep. Return: 0, or -ENOMEM and
 * all is as before
 */
int zswap_wb_buckets_set(const struct zswap_wb_edges *edges)
{
	struct zswap_wb_buckets *old, *new;

	mutex_lock(&zswap_wb_buckets_lock);
	old = rcu_dereference_protected(zswap_wb_buckets,
					lockdep_is_held(&zswap_wb_buckets_lock));
	new = zswap_wb_buckets_alloc(edges, old ? old->generation + 1 : 0);
	if (new)
		rcu_assign_pointer(zswap_wb_buckets, new);
	mutex_unlock(&zswap_wb_buckets_lock);
	if (!new)
		return -ENOMEM;
	kfree_rcu(old, rcu);
	return 0;
}

/* Counts a page in a column. Context: any. Return: false if there have been new edges since */
bool zswap_wb_buckets_count(const struct zswap_wb_kind *kind,
			    enum zswap_wb_fate fate)
{
	struct zswap_wb_buckets *buckets;
	bool current_generation;

	guard(rcu)();
	buckets = rcu_dereference(zswap_wb_buckets);
	current_generation = buckets->generation == kind->generation;
	if (current_generation)
		atomic64_inc(&buckets->node[kind->nid].fate[kind->bucket][fate]);
	return current_generation;
}

static void zswap_wb_columns_add(struct zswap_wb_columns *columns,
				 const struct zswap_wb_fates *fates)
{
	unsigned int bucket, fate;

	for (bucket = 0; bucket < ZSWAP_WB_BUCKETS_MAX; bucket++) {
		columns->loaded[bucket] += atomic64_read(&fates->loaded[bucket]);
		for (fate = 0; fate < ZSWAP_WB_NR_FATES; fate++)
			columns->fate[bucket][fate] +=
				atomic64_read(&fates->fate[bucket][fate]);
	}
}

/* The edges in force, and their columns for a node or, for NUMA_NO_NODE, for all of them */
void zswap_wb_buckets_read(int nid, struct zswap_wb_edges *edges,
			   struct zswap_wb_columns *columns)
{
	const struct zswap_wb_buckets *buckets;

	*columns = (struct zswap_wb_columns) {};
	guard(rcu)();
	buckets = rcu_dereference(zswap_wb_buckets);
	*edges = buckets->edges;
	if (nid != NUMA_NO_NODE) {
		zswap_wb_columns_add(columns, &buckets->node[nid]);
	} else {
		for_each_node(nid)
			zswap_wb_columns_add(columns, &buckets->node[nid]);
	}
}
