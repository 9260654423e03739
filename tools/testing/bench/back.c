// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that commands have written come back: by a command, and to who needs them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "methods.h"
#include "scenario.h"

#define READBACK_COMMAND	"/sys/kernel/mm/zswap/proactive_readback"
#define PAGE_CLUSTER		"/proc/sys/vm/page-cluster"

/* What a profile is made of. */
enum { PROFILE_COMMAND = 1, PROFILE_FAULTS };

static void write_all(void)
{
	write_text(COMMAND, "age=0");
	must_store(0);
}

/* By a command, into zswap. */
static void read_by_command(const struct options *o)
{
	struct measure measure = { };
	struct figures figures;
	char command[64];

	progress("%s: reading them back by a command", o->method);
	snprintf(command, sizeof(command), "cgroup=%lu", cgroup_id(BENCH_CGROUP));
	measure_begin(&measure, o->profile == PROFILE_COMMAND, false);
	write_text(READBACK_COMMAND, command);
	measure_end(&measure, &figures);
	print_figures("readback", o, &figures, -1);
	printf(" stored=%ld\n", read_stored());
	fflush(stdout);
}

/* Numbers of all pages, each of them once. */
static unsigned long *make_order(unsigned long pages, bool random)
{
	unsigned long *order = calloc(pages, sizeof(*order)), i, other, nr;
	uint32_t state = 17;

	if (!order)
		die("no memory");
	for (i = 0; i < pages; i++)
		order[i] = i;
	for (i = pages; random && i > 1; i--) {
		other = next_random(&state) % i;
		nr = order[i - 1];
		order[i - 1] = order[other];
		order[other] = nr;
	}
	return order;
}

/* By faults, which are what is measured: one after the other. */
static void read_by_faults(const struct options *o, struct pool *pool)
{
	unsigned long pages = pool->pages, *order = make_order(pages, o->random), i, wrong;
	uint64_t *took = calloc(pages, sizeof(*took)), start, sum = 0;
	struct measure measure = { };
	struct figures figures;
	char cluster[16];

	if (!took)
		die("no memory");
	progress("%s: reading them back%s", o->method, o->random ? " at random" : "");
	snprintf(cluster, sizeof(cluster), "%lu", o->readahead);
	write_text(PAGE_CLUSTER, cluster);
	measure_begin(&measure, o->profile == PROFILE_FAULTS, false);
	for (i = 0; i < pages; i++) {
		start = ticks();
		load_page(pool->memory + order[i] * PAGE);
		took[i] = ticks() - start;
		sum += took[i];
	}
	measure_end(&measure, &figures);
	write_text(PAGE_CLUSTER, "0");
	wrong = pool_check(pool, 0, pages);
	sort_numbers(took, pages);
	/* A tick is a nanosecond. */
	print_figures("faults", o, &figures, -1);
	printf(" random=%lu readahead=%lu instructions=%llu p50_ns=%llu p99_ns=%llu in=%ld lost=%lu\n",
	       o->random, o->readahead, (unsigned long long)(sum / TICKS_PER_INSN / pages),
	       (unsigned long long)took[pages / 2], (unsigned long long)took[pages * 99 / 100],
	       figures.count[PAGES_IN], wrong);
	fflush(stdout);
	free(took);
	free(order);
}

void scenario_back(const struct options *o)
{
	struct pool pool;

	pool_map(&pool, 1, o->pages, 0);
	method_prepare(method_named(o->method), &pool);
	progress("%s: storing and writing %lu pages", o->method, o->pages);
	pool_store(&pool, 0, pool.pages);
	must_store(o->pages);
	write_all();
	/* Once: it does not go by the order in which they are needed. */
	if (!o->random) {
		read_by_command(o);
		write_all();
	}
	read_by_faults(o, &pool);
}
