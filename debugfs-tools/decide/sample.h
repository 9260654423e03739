/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One look at all cgroups: what the daemon's decisions are made from, and nothing else.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "system/parse.h"
#include "system/source.h"

struct sample_cgroup {
	char *path;		/* UTF-8 */
	uint64_t id;		/* 1 to INT64_MAX */
	int parent;		/* index in the array, -1; see sample_link() */
	num writeback;		/* memory.zswap.writeback of this one */
	bool off;		/* it is 0 here or above; see sample_link() */
	/* Of the whole subtree, as the kernel counts; the last three from when it was made. */
	num resident;		/* bytes */
	num refaulted;		/* pages */
	num stalled_memory, stalled_io; /* microseconds */
	num pages[AGE_BUCKETS_MAX]; /* of its own, by bucket */
};

struct sample {
	num uptime_ms;
	char *boot_id;		/* UTF-8 */
	num page_size;		/* bytes */
	int nr_edges;
	num edge[AGE_BUCKETS_MAX]; /* seconds; where the buckets begin, rising */
	int nr;
	struct sample_cgroup *cgroup; /* sorted by path, each path once */
};

/*
 * Look at the system.  Returns 0 or a negative errno; then *@path is the file that is to
 * blame, and @sample is empty.  Cgroups that vanish meanwhile are left out.
 */
int sample_read(const struct source *source, struct sample *sample, const char **path);
/*
 * Put a sample in order whose cgroups were filled in somehow: sort them, keep one of a path,
 * find parents and what they switch off.
 */
void sample_link(struct sample *sample);
/* The ages of cgroup @i as policies take them. */
void sample_ages(const struct sample *sample, int i, struct age_table *ages);
/* The oldest bucket in which cgroup @i has pages; -1 if it has none. */
int sample_oldest(const struct sample *sample, int i);
void sample_free(struct sample *sample);

#endif
