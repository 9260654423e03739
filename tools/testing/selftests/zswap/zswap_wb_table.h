/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tables of ages below /sys/kernel/debug/zswap, for the tests of proactive
 * zswap writeback.
 *
 * The reader is strict: the header to the letter, one record a line, single
 * blanks, no empty column, plain decimal numbers or `inf`.  Anything else fails
 * the test.
 */
#ifndef ZSWAP_WB_TABLE_H
#define ZSWAP_WB_TABLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "zswap_wb_util.h"

#define ZWB_TABLE_FILE		ZWB_DEBUGFS "/age_buckets"
#define ZWB_CGROUP_TABLE_FILE	ZWB_DEBUGFS "/age_buckets_cgroup"
#define ZWB_EDGES_FILE		ZWB_DEBUGFS "/age_edges"
#define ZWB_MAX_BUCKETS		16

/* the upper bound of the coldest bucket, which has none */
#define ZWB_INF			LLONG_MAX

/**
 * struct zwb_row - a row of a table without cgroups
 * @min_age: seconds
 * @max_age: seconds, or ZWB_INF
 * @pages: in zswap now
 * @bytes: compressed
 * @incompressible: how many of @pages
 * @loaded: from zswap since the edges were set
 * @written: by commands since the edges were set
 * @refaulted: how many of @written came back from disk
 * @dropped: how many of @written were freed on the disk
 */
struct zwb_row {
	long long min_age;
	long long max_age;
	long long pages;
	long long bytes;
	long long incompressible;
	long long loaded;
	long long written;
	long long refaulted;
	long long dropped;
};

/**
 * struct zwb_table - age_buckets, or node<N>/age_buckets
 * @nr: number of rows
 * @row: row N is bucket N, the warmest comes first
 */
struct zwb_table {
	int nr;
	struct zwb_row row[ZWB_MAX_BUCKETS];
};

/**
 * struct zwb_cgroup_row - a row of age_buckets_cgroup
 * @cgroup: id
 * @node: of the list
 * @bucket: number
 * @min_age: seconds
 * @max_age: seconds, or ZWB_INF
 * @pages: in zswap now, at least one if there is no other number
 * @bytes: compressed
 * @incompressible: how many of @pages
 * @loaded: from zswap since the edges were set
 * @path: as in /proc/PID/cgroup
 */
struct zwb_cgroup_row {
	unsigned long long cgroup;
	int node;
	int bucket;
	long long min_age;
	long long max_age;
	long long pages;
	long long bytes;
	long long incompressible;
	long long loaded;
	char path[ZWB_PATH_MAX];
};

/**
 * struct zwb_cgroup_table - age_buckets_cgroup
 * @nr: number of rows
 * @row: in the order of the file
 */
struct zwb_cgroup_table {
	size_t nr;
	struct zwb_cgroup_row *row;
};

/**
 * struct zwb_tables - all tables, as they were within one second of the age clock
 * @total: of the whole system
 * @node: of the nodes that have a directory
 * @nr_nodes: how many
 * @nodes: which ones
 * @cgroups: of all cgroups
 */
struct zwb_tables {
	struct zwb_table total;
	struct zwb_table node[ZWB_MAX_NODES];
	int nr_nodes;
	int nodes[ZWB_MAX_NODES];
	struct zwb_cgroup_table cgroups;
};

/**
 * struct zwb_edges - age_edges
 * @nr: number of buckets
 * @edge: lower bound of each, in seconds
 */
struct zwb_edges {
	int nr;
	long long edge[ZWB_MAX_BUCKETS];
};

/* skips the test where there are no tables */
bool zwb_need_tables(void);

/* node is a node or ZWB_GLOBAL; false with a failure recorded if it is not what it should be */
const char *zwb_table_path(int node, char *path, size_t size);
bool zwb_table_read(int node, struct zwb_table *table);
struct zwb_row zwb_table_sum(const struct zwb_table *table, int first, int last);
bool zwb_table_settled(const struct zwb_table *table);

/* free what was read even after a failure */
bool zwb_cgroup_table_read(struct zwb_cgroup_table *table);
bool zwb_cgroup_table_parse(struct zwb_cgroup_table *table, const char *text, size_t length);
void zwb_cgroup_table_free(struct zwb_cgroup_table *table);
struct zwb_row zwb_cgroup_table_sum(const struct zwb_cgroup_table *table,
				    unsigned long long cgroup, int node, int bucket);
/* entries of a cgroup without its descendants on the lists of one node, or ZWB_GLOBAL; or -1 */
long long zwb_cgroup_pages(const char *cgroup, int node);

/* all tables; what is read replaces what was there, which begins as zeroes */
bool zwb_tables_read_once(struct zwb_tables *tables);
bool zwb_tables_read(struct zwb_tables *tables);
bool zwb_tables_check(struct zwb_tables *tables);
struct zwb_row zwb_tables_own(const struct zwb_tables *tables, const char *cgroup);
bool zwb_tables_own_is(const struct zwb_tables *tables, const char *cgroup, long long pages,
		       long long incompressible);
bool zwb_amounts_are(const struct zwb_row *got, const struct zwb_row *want);
bool zwb_memory_stat_agrees(const char *top, const struct zwb_row *subtree);

/* edges: one open(2), one write(2), 0 or -errno; and the same with a failure recorded */
bool zwb_edges_read(struct zwb_edges *edges);
int zwb_edges_try(const char *text);
bool zwb_edges_write(const char *text);
bool zwb_edges_restore(void);

/* the second of the kernel's age clock that is running now */
long long zwb_second(void);

/* a whole file, read so many bytes at a time, to be freed; NULL with a failure recorded */
char *zwb_read_file(const char *path, size_t chunk, size_t *length);

#endif /* ZSWAP_WB_TABLE_H */
