/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted while a method is at work, and how.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "common.h"

#define DISK		"bench"

enum counter {
	PAGES_OUT,		/* to any swap device but zswap */
	PAGES_IN,
	WRITEBACKS,		/* by anybody */
	READS,			/* requests, at the disk */
	READ_SECTORS,
	REQUESTS,		/* to write, at the disk */
	SECTORS,
	SCANNED,		/* by commands */
	WRITTEN,
	READBACK,
	COUNTERS
};

struct figures {
	uint64_t ns;
	long count[COUNTERS];
	/* Entries that the last command looked at, -1 if the kernel does not tell. */
	long looked;
};

struct measure {
	struct figures start;
	bool profile;
	bool locks;
};

uint64_t now_ns(void);
void count_all(long count[COUNTERS]);

void measure_begin(struct measure *measure, bool profile, bool locks);
/* Waits until the disk has nothing left to do: that is a part of it. */
void measure_end(struct measure *measure, struct figures *result);

#endif
