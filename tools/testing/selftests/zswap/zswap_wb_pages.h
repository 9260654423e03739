/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of the test's own process, which it can rewrite: what they hold has a
 * version.  And what the test's own disk is doing with them at the moment.
 *
 * zwb_page_*(): of one page, whose content any index and version may choose.
 */
#ifndef ZSWAP_WB_PAGES_H
#define ZSWAP_WB_PAGES_H

#include <stdbool.h>

#include "zswap_wb_util.h"

/**
 * struct zwb_pages - anonymous pages of this process
 * @mem: where they are, or NULL
 * @nr: how many
 */
struct zwb_pages {
	unsigned char *mem;
	long long nr;
};

void zwb_page_fill(void *page, long long index, unsigned int version);
bool zwb_page_is(const void *page, long long index, unsigned int version);

bool zwb_pages_map(struct zwb_pages *pages, int node, long long nr);
void zwb_pages_unmap(struct zwb_pages *pages);
void zwb_pages_fill(struct zwb_pages *pages, unsigned int version);
void zwb_pages_read(struct zwb_pages *pages);
bool zwb_pages_out(struct zwb_pages *pages);
bool zwb_pages_out_whole(struct zwb_pages *pages);
bool zwb_pages_reclaim(struct zwb_pages *pages, const char *cgroup);
bool zwb_pages_slots(const struct zwb_pages *pages, unsigned long long *slots);
bool zwb_pages_store(struct zwb_pages *pages, unsigned int version);
bool zwb_pages_are(struct zwb_pages *pages, unsigned int version);
int zwb_pages_signal(struct zwb_pages *pages, long long index);

/* the disk of zwb_disk_on() */
bool zwb_disk_largest_request(int pages);
bool zwb_disk_schedule(void);
long long zwb_disk_in_flight(void);
long long zwb_disk_written(void);
bool zwb_disk_wait_for_flight(void);
bool zwb_disk_wait_for_landing(void);
bool zwb_disk_wait_for_reads(void);
bool zwb_go_in_flight(struct zwb_async *command);
bool zwb_start_in_flight(struct zwb_async *command);
void zwb_land(struct zwb_async *command);
void zwb_land_all(struct zwb_async *command);

#endif /* ZSWAP_WB_PAGES_H */
