/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine that is short of memory, and what a command needs of it.
 */
#ifndef ZSWAP_WB_SHORT_H
#define ZSWAP_WB_SHORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "zswap_wb_util.h"

/**
 * struct zwb_zone - what /proc/zoneinfo says of a zone, in pages
 * @free: that nobody has
 * @low: the watermark where kswapd begins
 * @high: and where it ends
 * @managed: that there are
 */
struct zwb_zone {
	long long free;
	long long low;
	long long high;
	long long managed;
};

bool zwb_fix_watermarks(void);
bool zwb_node_zone(int node, struct zwb_zone *zone);
pid_t zwb_take_memory(long long leave_kb);
void zwb_give_memory_back(pid_t pid);
long long zwb_direct_reclaims(void);
long long zwb_run_and_watch_memory(struct zwb_async *command, int *err);
void zwb_check_short_of_memory(long long pages, long long own_kb);
void zwb_check_short_of_memory_and(const char *cgroup, long long pages, long long own_kb,
				   void (*then)(struct zwb_load * const load[2]));
void zwb_check_short_of_memory_and_disk(long long pages, long long own_kb);

#endif /* ZSWAP_WB_SHORT_H */
