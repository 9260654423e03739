/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel counts: each number once, with its name there, where it is kept here, and
 * what it is called in tables and metrics.  Reading, parsing, status, ages, metrics and
 * the daemon all go by these lists.  Older kernels lack some: those are -ENOENT.
 */
#pragma once

#include "zswapctl.h"

/* A column of a table, as it, --output, --help, the manual page and the completions have it. */
enum column_type {
	COLUMN_BOOL,		/* num; yes, no; JSON true, false */
	COLUMN_COUNT,		/* num, as it is; so are the next ones, with a unit */
	COLUMN_SIZE,		/* bytes: 1.2G, or exact with --bytes and in JSON */
	COLUMN_PAGES,		/* pages, shown in bytes */
	COLUMN_AGE,		/* seconds: 1h, or exact with --bytes and in JSON */
	COLUMN_PPM,		/* parts per million, shown as percent; a number in JSON */
	COLUMN_REFAULTS,	/* the same, coloured where it is high */
	COLUMN_RATIO,		/* thousandths, shown with two decimals */
	COLUMN_RATE,		/* double, as COLUMN_RATIO shows it */
	COLUMN_TEXT,		/* const char *; so are the next ones */
	COLUMN_BAR,		/* left out by --raw and --json unless asked for */
	COLUMN_TREE,		/* draws the tree; cut where the terminal is too narrow */
	COLUMN_PATH,		/* cut where the terminal is too narrow */
};

struct column {
	const char *name;	/* as in the heading: upper case, words joined by '-' */
	enum column_type type;
	bool shown;		/* without --output */
	const char *help;
	size_t where;		/* offset in the struct that is a row; of a counter, see there */
};

enum {
	COUNTER_OPTIONAL = 1,	/* an older kernel lacks it, and nothing is amiss */
	COUNTER_LEVEL = 2,	/* it goes down, too */
	COUNTER_ANSWER = 4,	/* a command's answer tells it */
	COUNTER_SYSTEM = 8,	/* there is none for a node */
	COUNTER_SWITCH = 16,	/* Y or N */
};

struct counter {
	const char *name;	/* the file, the line of an answer, or the column in a table */
	size_t where;		/* offset in the struct that is named at the list */
	unsigned int flags;
	struct column column;	/* without its own @where */
	const char *metric;	/* without the "_total" of a counter; NULL: there is none */
	const char *label;	/* a label that tells several of one metric apart, or NULL */
	const char *help;	/* of the metric, where that of the column would not be true */
};

/* In /sys/kernel/mm/zswap/stats/ and nodeN/stats/: a struct counters. */
struct counters {
	num commands;
	num scanned, written, released_bytes;
	num skipped_young, skipped_busy, skipped_protected, skipped_gone, failed;
	num refaulted, dropped, readback, on_disk, disk_bytes, corrupted;
};

#define NR_STATS	15
extern const struct counter stats_counters[NR_STATS];

/* Columns of the age tables behind the bounds: a struct age_bucket. */
struct age_bucket {
	num min_age, max_age;		/* seconds */
	num pages, bytes, incompressible;
	num loaded;
	num written, refaulted, dropped; /* -ENOENT in a cgroup's table */
};

#define NR_AGE_COUNTERS	7
extern const struct counter age_counters[NR_AGE_COUNTERS];

/* zswap's own: paths of its parameters and in debugfs, names in vmstat.  A struct system. */
#define NR_ZSWAP	19
extern const struct counter zswap_counters[NR_ZSWAP];

/* The number in the struct at @base. */
static inline num *counter_at(void *base, const struct counter *counter)
{
	return (num *)((char *)base + counter->where);
}

static inline num counter_value(const void *base, const struct counter *counter)
{
	return *(const num *)((const char *)base + counter->where);
}
