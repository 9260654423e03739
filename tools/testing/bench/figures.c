// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "kernel.h"

#define BLOCK_STAT	"/sys/block/" DISK "/stat"
#define STATS		"/sys/kernel/mm/zswap/stats/"
#define TRACING		"/sys/kernel/tracing/"
#define END_EVENT	TRACING "events/zswap_wb/zswap_wb_end/enable"
#define TRACE_MAX	65536

/* Columns of a disk's stat. */
enum { STAT_READS = 0, STAT_READ_SECTORS = 2, STAT_WRITES = 4, STAT_SECTORS = 6, STAT_IN_FLIGHT = 8, STAT_COLUMNS = 9 };

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void read_disk(long column[STAT_COLUMNS])
{
	char text[512], *p = text;
	int i;

	read_text(BLOCK_STAT, text, sizeof(text));
	for (i = 0; i < STAT_COLUMNS; i++)
		column[i] = strtol(p, &p, 10);
}

void count_all(long count[COUNTERS])
{
	long disk[STAT_COLUMNS];

	read_disk(disk);
	count[READS] = disk[STAT_READS];
	count[READ_SECTORS] = disk[STAT_READ_SECTORS];
	count[REQUESTS] = disk[STAT_WRITES];
	count[SECTORS] = disk[STAT_SECTORS];
	count[PAGES_OUT] = read_key("/proc/vmstat", "pswpout");
	count[PAGES_IN] = read_key("/proc/vmstat", "pswpin");
	count[WRITEBACKS] = read_key("/proc/vmstat", "zswpwb");
	count[SCANNED] = read_number(STATS "scanned");
	count[WRITTEN] = read_number(STATS "written");
	count[READBACK] = read_number(STATS "readback");
}

static long last_looked(void)
{
	static char text[TRACE_MAX];
	char *p = text, *last = NULL;

	if (access(END_EVENT, F_OK))
		return -1;
	read_text(TRACING "trace", text, sizeof(text));
	while ((p = strstr(p, " looked=")) != NULL)
		last = ++p;
	return last ? atol(last + strlen("looked=")) : -1;
}

void measure_begin(struct measure *measure, bool profile, bool locks)
{
	measure->profile = profile;
	measure->locks = locks;
	if (!access(END_EVENT, F_OK)) {
		write_text(TRACING "trace", "");
		write_text(END_EVENT, "1");
	}
	count_all(measure->start.count);
	if (locks)
		locks_begin();
	if (profile)
		profile_begin();
	measure->start.ns = now_ns();
}

void measure_end(struct measure *measure, struct figures *result)
{
	long disk[STAT_COLUMNS];
	int i;

	for (;;) {
		read_disk(disk);
		if (!disk[STAT_IN_FLIGHT])
			break;
		usleep(100);
	}
	result->ns = now_ns() - measure->start.ns;
	if (measure->profile)
		profile_end();
	if (measure->locks)
		locks_end();
	count_all(result->count);
	for (i = 0; i < COUNTERS; i++)
		result->count[i] -= measure->start.count[i];
	result->looked = last_looked();
}
