// SPDX-License-Identifier: GPL-2.0
/*
 * Large folios while commands are at work: they wait for each of their slots that is in
 * flight, and make each copy out of date that a command has of them.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_large.h"
#include "zswap_wb_util.h"

static struct zwb_texts texts;

/* --- slots in flight --- */

#define WAIT_FLIGHT_US		1500000
/* pages of the old folios that were rewritten when the command begins: the first ones */
#define WAIT_AHEAD		5
/* but if all are to come back in time, all but so many */
#define WAIT_REST		8
#define WAIT_WRITE_PAGES	2

/*
 * Two clusters of slots, of which one can have large folios, and must have all of them:
 * the other one begins with the header.
 */
static const struct zwb_disk_spec wait_disk = {
	.pages = 1024,
	.latency_us = WAIT_FLIGHT_US,
	.depth = 1024,
};

enum wait_how {
	WAIT_UNMAP,		/* free the pages in flight, and page out others */
	WAIT_COLLAPSE,		/* bring them back, and page out what they were collapsed into */
	WAIT_PAST_ZSWAP,	/* as the first, with zswap off: a folio is written in one piece */
};

static int slot_compare(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Page out large folios to where others are in flight. */
static bool wait_out(struct zwb_pages *new, int kb, enum wait_how how)
{
	long long before = zwb_folio_stat(kb, "swpout");

	if (how != WAIT_PAST_ZSWAP)
		return zwb_folios_out(new, kb);
	/* to the disk they take their time, too */
	if (!zwb_param_set("enabled", "N"))
		return false;
	madvise(new->mem, new->nr * zwb_page_size, MADV_PAGEOUT);
	return zwb_pages_out(new) &&
	       zwb_equal(zwb_folio_stat(kb, "swpout") - before, new->nr / zwb_folio_pages(kb));
}

/* What is going to be in flight, and what is going to wait for it. */
static bool wait_prepare(struct zwb_pages *new, const char *cgroup, int kb, enum wait_how how)
{
	bool good;

	if (!zwb_folios_map_texts(&texts, cgroup, kb, zwb_folio_pages(zwb_huge_kb())))
		return false;
	if (how == WAIT_COLLAPSE)
		return true;
	good = zwb_cgroup_enter(cgroup) && zwb_folios_map(new, kb, texts.pages.nr, 2);
	return zwb_cgroup_enter(NULL) && good;
}

/* What was in flight was this process's own until now. */
static bool wait_let_go(struct zwb_pages *new, enum wait_how how)
{
	if (how == WAIT_COLLAPSE) {
		if (!zwb_folios_collapse(&texts.pages))
			return false;
		zwb_texts_write(&texts, texts.pages.nr - WAIT_REST, texts.pages.nr, 1, 2);
		*new = texts.pages;
		texts.pages.mem = NULL;
	} else {
		zwb_pages_unmap(&texts.pages);
	}
	if (zwb_disk_in_flight() > 0)
		return true;
	zwb_late("the pages had landed before their slots were free");
	return false;
}

/* All is in swap, and nothing in memory: is it where it should be, and right? */
static void check_waited(struct zwb_pages *new, unsigned long long *old_slots,
			 enum wait_how how, const char *cgroup)
{
	static unsigned long long new_slots[ZWB_TEXTS_MAX];

	if (!zwb_pages_slots(new, new_slots))
		return;
	/* there were no others */
	qsort(old_slots, new->nr, sizeof(old_slots[0]), slot_compare);
	qsort(new_slots, new->nr, sizeof(new_slots[0]), slot_compare);
	zwb_zero(memcmp(old_slots, new_slots, new->nr * sizeof(old_slots[0])));
	if (how == WAIT_PAST_ZSWAP)
		zwb_zero(zwb_stored());
	else
		zwb_write_pages(WAIT_WRITE_PAGES);
	if (zwb_pages_reclaim(new, cgroup))
		zwb_pages_are(new, 2);
}

static void check_wait(struct zwb_pages *new, int kb, enum wait_how how)
{
	static unsigned long long slots[ZWB_TEXTS_MAX];
	const char *cgroup = zwb_cgroup(NULL, "thp");
	struct zwb_async command;
	long long begin, ahead;

	if (!cgroup || !zwb_need_folios(kb) || !zwb_disk_on(&wait_disk) ||
	    !wait_prepare(new, cgroup, kb, how) || !zwb_folios_out(&texts.pages, kb) ||
	    !zwb_pages_slots(&texts.pages, slots))
		return;
	ahead = how == WAIT_COLLAPSE ? texts.pages.nr - WAIT_REST : WAIT_AHEAD;
	zwb_texts_write(&texts, 0, ahead, 1, 2);
	begin = zwb_now();
	if (!zwb_start_in_flight(&command))
		return;
	if (wait_let_go(new, how) && wait_out(new, kb, how)) {
		begin = zwb_now() - begin;
		ksft_print_msg("paged out after %lld ms\n", begin / ZWB_NS_PER_MS);
		zwb_between(begin, WAIT_FLIGHT_US * 1000LL, LLONG_MAX);
	}
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	if (!zwb_failed())
		check_waited(new, slots, how, cgroup);
}

static void large_folio_waits(int kb, enum wait_how how)
{
	struct zwb_pages new = { 0 };

	check_wait(&new, kb, how);
	zwb_pages_unmap(&texts.pages);
	zwb_pages_unmap(&new);
}

/*
 * A huge folio gets slots of which some in its middle are in flight for somebody
 * who is gone: it is swapped out when they have landed.
 *
 * Turns red when a swap-out looks at the first slot of a folio only: the old pages land
 * last, on top of the new ones.
 */
static void huge_folio_waits_for_slots_in_its_middle(void)
{
	large_folio_waits(zwb_huge_kb(), WAIT_UNMAP);
}

/* The same with folios of 64 KiB, which get all slots that there are for them. */
static void small_folios_wait_for_slots_in_their_middle(void)
{
	large_folio_waits(ZWB_SMALL_KB, WAIT_UNMAP);
}

/* The same with zswap switched off: one request has the whole folio. */
static void huge_folio_past_zswap_waits_as_well(void)
{
	zwb_allow_other_swapout();
	large_folio_waits(zwb_huge_kb(), WAIT_PAST_ZSWAP);
}

/* The same with what was in flight itself, brought back by a collapse. */
static void collapsed_folio_waits_for_its_own_pages(void)
{
	large_folio_waits(zwb_huge_kb(), WAIT_COLLAPSE);
}

/* --- commands beside all of that --- */

#define BESIDE_ROUNDS		2
#define BESIDE_TRIES		5

static void check_beside(int kb, long long nr)
{
	struct zwb_async command;
	unsigned int round;

	if (!zwb_need_folios(kb) || !zwb_folios_map_texts(&texts, NULL, kb, nr))
		return;
	for (round = 2; round < 2 + BESIDE_ROUNDS && !zwb_failed(); round++) {
		if (!zwb_pages_out_whole(&texts.pages) ||
		    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
			return;
		/* beside, and not in turn; there may be one CPU only */
		zwb_run_on_cpu(command.pid, sysconf(_SC_NPROCESSORS_ONLN) - 1);
		zwb_go(&command);
		zwb_texts_write(&texts, round % 5, nr, 5, round);
		if (kb != ZWB_SMALL_KB)
			zwb_folios_try_to_collapse(&texts.pages, BESIDE_TRIES);
		zwb_no_wrong_pages(zwb_texts_wrong(&texts));
		if (kb != ZWB_SMALL_KB)
			zwb_folios_try_to_collapse(&texts.pages, BESIDE_TRIES);
		zwb_pages_out_whole(&texts.pages);
		zwb_texts_write(&texts, round % 7, nr, 7, round);
		zwb_land(&command);
		zwb_no_wrong_pages(zwb_texts_wrong(&texts));
	}
}

/*
 * While a command writes all it can, its pages are rewritten, collapsed, paged out again
 * and compared.
 *
 * Turns red when a store of a large folio does not make each copy out of date that a
 * command has of its slots.
 */
static void commands_beside_huge_folios(void)
{
	check_beside(zwb_huge_kb(), zwb_folio_pages(zwb_huge_kb()));
	zwb_pages_unmap(&texts.pages);
}

static void commands_beside_small_folios(void)
{
	check_beside(ZWB_SMALL_KB, 6 * zwb_folio_pages(ZWB_SMALL_KB));
	zwb_pages_unmap(&texts.pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(huge_folio_waits_for_slots_in_its_middle),
	ZWB_TEST(small_folios_wait_for_slots_in_their_middle),
	ZWB_TEST(huge_folio_past_zswap_waits_as_well),
	ZWB_TEST(collapsed_folio_waits_for_its_own_pages),
	ZWB_TEST(commands_beside_huge_folios),
	ZWB_TEST(commands_beside_small_folios),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what was faulted on another CPU may wait there, and not be reclaimed */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
