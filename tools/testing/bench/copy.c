// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenarios in which pages are written: all of them, or a budget of the oldest. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "methods.h"
#include "scenario.h"

/*
 * Seconds between the old and the young: so many that these are in two of the
 * default buckets, whose edges are 0, 30, 60 and 120, and the half of it, an age
 * that is surely between the two.
 */
#define AGE_GAP		62
#define AGE_BETWEEN	31

void wait_seconds(unsigned int seconds)
{
	while (seconds)
		seconds = sleep(seconds);
}

void print_figures(const char *scenario, const struct options *o, const struct figures *f, long asked)
{
	printf("result scenario=%s label=%s compressor=%s method=%s pages=%lu cgroups=%lu ns=%llu ",
	       scenario, o->label, o->compressor, o->method, o->pages, o->cgroups,
	       (unsigned long long)f->ns);
	printf("out=%ld writebacks=%ld requests=%ld sectors=%ld scanned=%ld written=%ld asked=%ld looked=%ld ",
	       f->count[PAGES_OUT], f->count[WRITEBACKS], f->count[REQUESTS], f->count[SECTORS],
	       f->count[SCANNED], f->count[WRITTEN], asked, f->looked);
	printf("reads=%ld read_sectors=%ld readback=%ld", f->count[READS], f->count[READ_SECTORS],
	       f->count[READBACK]);
}

/* kB */
static long swap_cached(void)
{
	return read_key("/proc/meminfo", "SwapCached");
}

void scenario_copy(const struct options *o)
{
	enum method method = method_named(o->method);
	struct measure measure = { };
	struct figures figures;
	unsigned long before, after, wrong = 0;
	long cached, asked, in, out;
	struct pool pool;

	pool_map(&pool, o->cgroups, o->pages / o->cgroups, 0);
	method_prepare(method, &pool);
	if (method != METHOD_RAW) {
		progress("%s: storing %lu pages", o->method, o->pages);
		pool_store(&pool, 0, pool.pages);
		if (method_uses_zswap(method))
			must_store(o->pages);
	}
	/* All are old. */
	wait_seconds(12);
	before = cgroup_sum(o->cgroups, "memory.current");
	cached = swap_cached();
	progress("%s: writing them out", o->method);
	measure_begin(&measure, o->profile, o->locks);
	asked = method_run(method, &pool, "age=5");
	measure_end(&measure, &figures);
	after = cgroup_sum(o->cgroups, "memory.current");
	cached = swap_cached() - cached;
	in = read_key("/proc/vmstat", "pswpin");
	out = 0;
	if (method != METHOD_RAW) {
		progress("%s: reading them back", o->method);
		wrong = pool_check(&pool, 0, pool.pages);
		out = read_key("/proc/vmstat", "pswpin") - in;
	}
	print_figures("copy", o, &figures, asked);
	printf(" lost=%lu read_back=%ld swap_cached_kb=%ld current_before=%lu current_after=%lu\n",
	       wrong, out, cached, before, after);
	fflush(stdout);
}

/* Read some pages back, and tell how many came from the disk. */
static unsigned long check_part(struct pool *pool, unsigned long first, unsigned long pages,
				unsigned long *wrong)
{
	long in = read_key("/proc/vmstat", "pswpin");

	*wrong += pool_check(pool, first, pages);
	return read_key("/proc/vmstat", "pswpin") - in;
}

void scenario_budget(const struct options *o)
{
	enum method method = method_named(o->method);
	struct measure measure = { };
	struct figures figures;
	unsigned long old, expected, young_out, old_out, wrong = 0;
	bool limited = !strcmp(o->limit, "budget");
	char command[64];
	struct pool pool;

	pool_map(&pool, o->cgroups, o->pages / o->cgroups, 0);
	old = pool.pages / 2;
	progress("storing %lu old pages and as many young ones", old * o->cgroups);
	pool_store(&pool, 0, old);
	wait_seconds(AGE_GAP);
	pool_store(&pool, old, pool.pages - old);
	must_store(pool.pages * o->cgroups);
	/* The old ones are before the young ones, and go behind them. */
	if (o->rotate)
		shrinker_scan(&pool, old);
	wait_seconds(2);

	if (limited) {
		expected = o->pages / 10;
		snprintf(command, sizeof(command), "max=%luK", expected * PAGE / 1024);
	} else {
		expected = old * o->cgroups;
		snprintf(command, sizeof(command), "age=%d", AGE_BETWEEN);
	}
	progress("%s", command);
	measure_begin(&measure, o->profile, o->locks);
	method_run(method, &pool, command);
	measure_end(&measure, &figures);
	progress("reading all pages back");
	young_out = check_part(&pool, old, pool.pages - old, &wrong);
	old_out = check_part(&pool, 0, old, &wrong);
	print_figures("budget", o, &figures, -1);
	printf(" limit=%s rotate=%lu expected=%lu old_out=%lu young_out=%lu lost=%lu\n", o->limit,
	       o->rotate, expected, old_out, young_out, wrong);
	fflush(stdout);
}
