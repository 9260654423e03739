/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "figures.h"

struct options {
	const char *label;	/* printed along with the results */
	const char *method;
	const char *compressor;	/* the same */
	const char *limit;	/* of the command: "budget" or "age" */
	unsigned long pages;	/* of all cgroups */
	unsigned long cgroups;
	unsigned long more;	/* pages, or empty cgroups, to be added later on */
	unsigned long rotate;	/* put the lists out of order */
	unsigned long rounds;
	unsigned long random;	/* read back in an order of no sense */
	unsigned long readahead;	/* pages that a fault reads, as a power of two */
	unsigned long profile;
	unsigned long locks;
};

void scenario_copy(const struct options *options);
void scenario_back(const struct options *options);
void scenario_budget(const struct options *options);
void scenario_idle(const struct options *options);
void scenario_empty(const struct options *options);
void scenario_nodes(const struct options *options);
void scenario_signal(const struct options *options);

/* The beginning of a line of results. */
void print_figures(const char *scenario, const struct options *options,
		   const struct figures *figures, long asked);

/* The program sleeps; the clock of an idle guest jumps there. */
void wait_seconds(unsigned int seconds);

#endif
