/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Large folios for the tests of proactive zswap writeback, and pages of the test's own
 * process of which each has a version of its own.
 *
 * A test that uses them sees to it that there were large folios indeed, and that they
 * went out as such.  khugepaged, which would bring pages back at any time, does not
 * touch them.
 */
#ifndef ZSWAP_WB_LARGE_H
#define ZSWAP_WB_LARGE_H

#include <stdbool.h>

#include "zswap_wb_pages.h"

#define ZWB_TEXTS_MAX		4096
/* how often memory may be in pieces before there are no folios to be had */
#define ZWB_FOLIO_TRIES		5
/* the size of folios, in KiB, that are large and no more than that */
#define ZWB_SMALL_KB		64

/**
 * struct zwb_texts - pages of this process, and what is in each
 * @pages: the pages, ZWB_TEXTS_MAX of them at most
 * @contents: page i has the index i % @contents, so that several may be alike
 * @version: of each page
 */
struct zwb_texts {
	struct zwb_pages pages;
	long long contents;
	unsigned int version[ZWB_TEXTS_MAX];
};

unsigned char *zwb_text_at(const struct zwb_texts *texts, long long i);
void zwb_texts_write(struct zwb_texts *texts, long long first, long long end, long long step,
		     unsigned int version);
bool zwb_texts_fill(struct zwb_texts *texts, const char *cgroup);
long long zwb_texts_wrong(const struct zwb_texts *texts);
void zwb_texts_return(const struct zwb_texts *texts, long long disk, long long refaulted,
		      long long zswap);

/* large folios; sizes are in KiB */
int zwb_huge_kb(void);
long long zwb_folio_pages(int kb);
long long zwb_folio_stat(int kb, const char *name);
void zwb_folios_for_all(bool all);
bool zwb_need_folios(int kb);
void zwb_folios_make_room(void);
bool zwb_map_aligned(struct zwb_pages *pages, long long nr, int flags, int fd);
bool zwb_folios_map(struct zwb_pages *pages, int kb, long long nr, unsigned int version);
bool zwb_folios_map_texts(struct zwb_texts *texts, const char *cgroup, int kb, long long nr);
bool zwb_folios_out(struct zwb_pages *pages, int kb);
int zwb_folios_try_to_collapse(struct zwb_pages *pages, int tries);
bool zwb_folios_collapse(struct zwb_pages *pages);

#endif /* ZSWAP_WB_LARGE_H */
