// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the entries of one list, by age.
 *
 * The census knows nodes only; whoever wants to know about one cgroup has to
 * look at its entries.
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "internal.h"

/**
 * struct zswap_wb_survey - a list that is being looked at
 * @now:	seconds since boot
 * @edges:	edges of the buckets
 * @hist:	the entries seen so far
 */
struct zswap_wb_survey {
	u64				now;
	const struct zswap_wb_edges	*edges;
	struct zswap_wb_histogram	*hist;
};

/* Counts one entry, see zswap_wb_visit_t */
static enum zswap_wb_visit
zswap_wb_survey_visit(const struct zswap_wb_facts *facts, void *arg)
{
	struct zswap_wb_survey *survey = arg;
	struct zswap_wb_count count = zswap_wb_facts_count(facts);
	u64 age = zswap_wb_age_of(facts->stamp, survey->now);

	zswap_wb_age_histogram_add(survey->hist, survey->edges, age, &count);
	return ZSWAP_WB_VISIT_NEXT;
}

/**
 * zswap_wb_survey() - count the entries of one list
 * @memcg:	cgroup of the list; the caller has a reference
 * @nid:	node of the list
 * @now:	seconds since boot
 * @edges:	edges of the buckets
 * @mark:	keeps the place, see zswap_wb_marks_alloc()
 * @hist:	result
 *
 * Context: process context; zswap_wb_armed().
 * Return: 0, or -EINTR after a signal
 */
int zswap_wb_survey(struct mem_cgroup *memcg, int nid, u64 now,
		    const struct zswap_wb_edges *edges,
		    struct zswap_entry *mark, struct zswap_wb_histogram *hist)
{
	struct zswap_wb_survey survey = {
		.now	= now,
		.edges	= edges,
		.hist	= hist,
	};
	struct zswap_wb_cursor cursor;
	bool more;
	int err = 0;

	zswap_wb_age_histogram_init(hist);
	zswap_wb_cursor_open(&cursor, mark, memcg, nid);
	do {
		more = zswap_wb_cursor_scan(&cursor, zswap_wb_survey_visit,
					    &survey);
		/* Most lists are empty: whoever reads about all comes by here */
		if (signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (more && !err);
	zswap_wb_cursor_close(&cursor);
	return err;
}
