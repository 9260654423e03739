// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that KSM has merged: many page table entries have one slot, which goes into
 * zswap and to the disk once, and comes back as pages that are alike no longer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_large.h"
#include "zswap_wb_util.h"

#define KSM_DIR			"/sys/kernel/mm/ksm"
#define KSM_CONTENTS		50
#define KSM_COPIES		4
#define KSM_PAGES		(KSM_CONTENTS * KSM_COPIES)
#define KSM_MERGE_MS		60000
#define KSM_SCANS		3
#define KSM_FLIGHT_US		1500000

static struct zwb_texts texts;

/* Bring all pages of the first @contents back to memory. */
static void touch(long long contents)
{
	long long i;

	for (i = 0; i < texts.pages.nr; i++) {
		if (i % KSM_CONTENTS < contents)
			__atomic_load_n(zwb_text_at(&texts, i), __ATOMIC_RELAXED);
	}
}

static bool need_ksm(void)
{
	if (access(KSM_DIR "/run", W_OK)) {
		zwb_skip("needs CONFIG_KSM");
		return false;
	}
	/* forgets what was before */
	return zwb_setting(KSM_DIR "/run", "2") && zwb_setting(KSM_DIR "/run", "0") &&
	       zwb_setting(KSM_DIR "/pages_to_scan", "4000") &&
	       zwb_setting(KSM_DIR "/sleep_millisecs", "20");
}

/*
 * Have what is in memory merged, then stop: @shared pages are there for @sharing more.  What
 * went away since the last time is counted until KSM has looked for it.
 */
static bool merge(long long shared, long long sharing)
{
	long long deadline = zwb_now() + KSM_MERGE_MS * ZWB_NS_PER_MS;
	long long scans = zwb_read_number(KSM_DIR "/full_scans") + KSM_SCANS;
	long long have_shared, have_sharing;

	if (!zwb_setting(KSM_DIR "/run", "1"))
		return false;
	do {
		zwb_pause();
		have_shared = zwb_read_number(KSM_DIR "/pages_shared");
		have_sharing = zwb_read_number(KSM_DIR "/pages_sharing");
		if (zwb_now() > deadline)
			break;
	} while (have_shared != shared || have_sharing != sharing ||
		 zwb_read_number(KSM_DIR "/full_scans") < scans);
	return zwb_setting(KSM_DIR "/run", "0") && zwb_equal(have_shared, shared) &&
	       zwb_equal(have_sharing, sharing);
}

/* Pages of a cgroup, several of each content, which are then one each. */
static bool fill_and_merge(const char *cgroup)
{
	texts.contents = KSM_CONTENTS;
	if (!zwb_pages_map(&texts.pages, ZWB_ANY_NODE, KSM_PAGES))
		return false;
	if (madvise(texts.pages.mem, texts.pages.nr * zwb_page_size, MADV_MERGEABLE)) {
		zwb_fail("MADV_MERGEABLE: %s", strerror(errno));
		return false;
	}
	return zwb_texts_fill(&texts, cgroup) && merge(KSM_CONTENTS, KSM_PAGES - KSM_CONTENTS);
}

/* All pages of one content have one slot, and zswap has each once. */
static bool one_slot_each(void)
{
	static unsigned long long slots[KSM_PAGES];
	long long i, others = 0;

	if (!zwb_pages_slots(&texts.pages, slots))
		return false;
	for (i = 0; i < KSM_PAGES; i++)
		others += slots[i] != slots[i % KSM_CONTENTS];
	return zwb_zero(others) && zwb_equal(zwb_stored(), KSM_CONTENTS);
}

static bool store_merged(const char *cgroup)
{
	return fill_and_merge(cgroup) && zwb_pages_reclaim(&texts.pages, cgroup) && one_slot_each();
}

/* --- there and back --- */

#define BACK_ON_DISK		(KSM_CONTENTS / 2 + 3)

static void check_there_and_back(const char *cgroup)
{
	struct zwb_snap before, delta;
	long long stored;

	if (!store_merged(cgroup) || !zwb_write_pages(BACK_ON_DISK))
		return;
	zwb_snap(&before);
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, BACK_ON_DISK);
	zwb_equal(delta.vm.pswpin, BACK_ON_DISK);
	zwb_equal(delta.vm.zswpin, KSM_CONTENTS - BACK_ON_DISK);
	zwb_equal(delta.stored, BACK_ON_DISK - KSM_CONTENTS);

	/* all anew, but for one copy of each; and each for itself */
	zwb_texts_write(&texts, KSM_CONTENTS, texts.pages.nr, 1, 2);
	if (!zwb_pages_reclaim(&texts.pages, cgroup))
		return;
	stored = zwb_stored();
	zwb_between(stored, KSM_PAGES - KSM_CONTENTS, KSM_PAGES);
	if (zwb_write_all(stored))
		zwb_no_wrong_pages(zwb_texts_wrong(&texts));
}

/*
 * Merged pages go to the disk once for all that have them, come back, and are written to.
 *
 * Turns red when a slot that several entries of a page table have is written, or counted as
 * read back, more than once, or is given up after the first of them.
 */
static void merged_pages_there_and_back(void)
{
	const char *cgroup = zwb_cgroup(NULL, "ksm");

	if (cgroup && need_ksm())
		check_there_and_back(cgroup);
	zwb_pages_unmap(&texts.pages);
}

/* --- merged anew while some are away --- */

static void check_merge_again(const char *cgroup)
{
	const long long half = KSM_PAGES / 2;
	long long stored;

	if (!store_merged(cgroup) || !zwb_write_pages(BACK_ON_DISK))
		return;
	/*
	 * Two copies of each come back and are alike again, and two stay where they are.  What
	 * is new belongs to who writes it: it is to be reclaimed from the cgroup, since there
	 * are two of each again.
	 */
	if (!zwb_cgroup_enter(cgroup))
		return;
	zwb_texts_write(&texts, 0, half, 1, 2);
	if (!zwb_cgroup_enter(NULL))
		return;
	if (!merge(KSM_CONTENTS, half - KSM_CONTENTS) || !zwb_pages_reclaim(&texts.pages, cgroup))
		return;
	stored = zwb_stored();
	zwb_between(stored, KSM_CONTENTS, 2 * KSM_CONTENTS);
	if (zwb_write_pages(stored / 2))
		zwb_no_wrong_pages(zwb_texts_wrong(&texts));
}

/*
 * Some copies are merged again while others are in zswap or on the disk, and all go there
 * once more.
 *
 * Turns red when the slots of the first time are taken for those of the second.
 */
static void merged_again_while_some_are_away(void)
{
	const char *cgroup = zwb_cgroup(NULL, "ksm");

	if (cgroup && need_ksm())
		check_merge_again(cgroup);
	zwb_pages_unmap(&texts.pages);
}

/* --- unmerged --- */

#define UNMERGE_CONTENTS	(KSM_CONTENTS / 2)

static void check_unmerge(const char *cgroup)
{
	struct zwb_snap before, delta;

	if (!store_merged(cgroup) || !zwb_write_pages(BACK_ON_DISK))
		return;
	/* half of the contents are in memory, and merged again */
	touch(UNMERGE_CONTENTS);
	if (!merge(UNMERGE_CONTENTS, UNMERGE_CONTENTS * (KSM_COPIES - 1)))
		return;
	zwb_snap(&before);
	if (!zwb_setting(KSM_DIR "/run", "2") || !zwb_setting(KSM_DIR "/run", "0"))
		return;
	zwb_zero(zwb_read_number(KSM_DIR "/pages_shared"));
	zwb_zero(zwb_read_number(KSM_DIR "/pages_sharing"));
	zwb_since(&delta, &before);
	/* who has no page in memory is not asked */
	zwb_zero(delta.total.refaulted);
	zwb_zero(delta.stored);
	zwb_texts_write(&texts, 1, texts.pages.nr, 2, 2);
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));
}

/*
 * KSM gives up all it has merged while most of that is in zswap and on the disk.
 *
 * Turns red when a slot on the disk has lost its page by then.
 */
static void unmerged_while_on_the_disk(void)
{
	const char *cgroup = zwb_cgroup(NULL, "ksm");

	if (cgroup && need_ksm())
		check_unmerge(cgroup);
	zwb_pages_unmap(&texts.pages);
}

/* --- in flight --- */

static void check_in_flight(const char *cgroup)
{
	static const struct zwb_disk_spec slow = {
		.pages = 16384,
		.latency_us = KSM_FLIGHT_US,
		.depth = 1024,
		.sectors = true,
	};
	struct zwb_async command;

	if (!zwb_disk_on(&slow) || !store_merged(cgroup) || !zwb_start_in_flight(&command))
		return;
	/* one copy of each is loaded and written to, and the others stay */
	zwb_texts_write(&texts, 0, KSM_CONTENTS, 1, 2);
	if (madvise(zwb_text_at(&texts, KSM_PAGES / 2), KSM_PAGES / 2 * zwb_page_size,
		    MADV_UNMERGEABLE))
		zwb_fail("MADV_UNMERGEABLE: %s", strerror(errno));
	if (zwb_disk_in_flight() <= 0)
		zwb_late("the page had landed before it was loaded");
	/* what was loaded goes out again: to its slot, and what was written to another one */
	zwb_pages_reclaim(&texts.pages, cgroup);
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	/* one by one, pages are slow to read */
	madvise(texts.pages.mem, texts.pages.nr * zwb_page_size, MADV_WILLNEED);
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));
}

/*
 * Slots of merged pages are in flight when some of their users come for them, write, and
 * are paged out again.
 *
 * Turns red when the landing takes a slot that is read by one user for one that nobody
 * has come for.
 */
static void merged_pages_in_flight(void)
{
	const char *cgroup = zwb_cgroup(NULL, "ksm");

	if (cgroup && need_ksm())
		check_in_flight(cgroup);
	zwb_pages_unmap(&texts.pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(merged_pages_there_and_back),
	ZWB_TEST_IMAGES(merged_pages_there_and_back),
	ZWB_TEST_PAGES(merged_again_while_some_are_away),
	ZWB_TEST_IMAGES(merged_again_while_some_are_away),
	ZWB_TEST_PAGES(unmerged_while_on_the_disk),
	ZWB_TEST_IMAGES(unmerged_while_on_the_disk),
	ZWB_TEST_PAGES(merged_pages_in_flight),
	ZWB_TEST_IMAGES(merged_pages_in_flight),
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
