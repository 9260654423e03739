/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text into numbers.  Pure: no file is read, nothing is printed.  Every function takes
 * any text, however broken, and returns -EINVAL or -ERANGE for what is invalid; what
 * a newer kernel adds (columns, keys, lines) is passed over.
 */
#pragma once

#include "system/counters.h"

/*
 * What the user types.  Whole text; results go to *@value, which an error leaves alone.  It is a num, or
 * what is said; a void, so that lists of typed options and keys can name these functions.
 */

/* Decimal, without a sign. */
int parse_number(const char *text, void *value);
/* 64M, 1.5G: K M G T P E, in either case, are powers of 1024; B or iB may follow. */
int parse_size(const char *text, void *bytes);
/* 3600 90s 60m 1h 2d, and 1h30m. */
int parse_age(const char *text, void *seconds);
/*
 * 0.2%/min, or a %/s, %/h, %/d: parts per million a minute, rounded down, but never to 0
 * unless it is 0.
 */
int parse_rate(const char *text, void *ppm_per_min);
/* 3 or 3-5 at *@text, which is moved behind it. */
int parse_range(const char **text, num *first, num *last);
/* 0,2-3: a uint64_t, with a bit for each of the nodes 0 to 63; others are -ERANGE. */
int parse_nodes(const char *text, void *mask);
/* Goes through such a mask. */
#define for_each_node(node, mask) \
	for (int node = 0; node < 64; node++) \
		if (!((mask) >> node & 1)) {} else

/*
 * The kernel's tables: a header line with names, then records of as many fields; columns are found
 * by name.  A table that was cut off anywhere is -EINVAL.
 */
#define AGE_BUCKETS_MAX	16
#define AGE_NO_BOUND	INT64_MAX	/* "inf" */

struct bucket_range {
	int min;			/* negative: none */
	int max;
};

struct age_table {
	int nr;
	struct age_bucket bucket[AGE_BUCKETS_MAX];
};

struct cgroup_record {
	num id, node;			/* of age_buckets_cgroup; so is @path */
	num bucket;			/* below AGE_BUCKETS_MAX */
	struct age_bucket row;
	char *path;			/* rest of the line; it is in the text, and valid as long */
};

#define TABLE_COLUMNS	32		/* more than any kernel has */
#define TABLE_FIELDS	13		/* those that are known */

struct table_reader {
	bool cgroups;			/* it is age_buckets_cgroup */
	int (*each)(const struct cgroup_record *record, void *data);
	void *data;
	int nr;				/* columns; 0: the header comes next */
	int column[TABLE_FIELDS];	/* where each field is, or -1 */
};

/* The next line, without its newline, for source_lines(): as @each says, or a negative errno. */
int parse_table_line(char *line, void *reader);

/*
 * "key value" lines, as in memory.stat, vmstat, meminfo ("Key: 123 kB" gives 123).
 * -ENOENT: there is no such line.
 */
num parse_keyed(const char *text, const char *key);

/* "some" line of a pressure file: its total in microseconds; -EINVAL. */
num parse_pressure_some(const char *text);

/* What a command did; the answer of debugfs' writeback file. */
struct result {
	num status;			/* 0 or a negative errno */
	struct counters count;		/* those with COUNTER_ANSWER; readback by the counters */
	num coldest_left;		/* seconds, -1 for none */
	num elapsed_us;
};

/* -EINVAL: something is missing, or out of range; @result is left alone then. */
int parse_result(const char *text, struct result *result);
