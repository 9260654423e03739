// SPDX-License-Identifier: GPL-2.0
/*
 * Large folios: they go into zswap as a whole, page by page to the disk, and come
 * back as small ones, from either place, whatever their process does meanwhile.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_large.h"
#include "zswap_wb_util.h"

static struct zwb_texts texts;

/* --- there and back --- */

static void check_there_and_back(int kb, long long nr)
{
	/* so that the last folio that is written is written in part */
	long long part = nr / 2 + 5, dirty;

	if (!zwb_need_folios(kb) || !zwb_folios_map_texts(&texts, NULL, kb, nr) ||
	    !zwb_folios_out(&texts.pages, kb) || !zwb_write_pages(part))
		return;
	zwb_texts_return(&texts, part, part, nr - part);
	/* small ones now; what the disk has, and was not rewritten, need not go there again */
	zwb_texts_write(&texts, 1, nr, 3, 2);
	if (!zwb_pages_out_whole(&texts.pages))
		return;
	dirty = zwb_stored();
	zwb_between(dirty, nr - part, nr - 1);
	if (zwb_write_all(dirty))
		zwb_texts_return(&texts, nr, dirty, 0);
}

/*
 * Folios go into zswap as a whole, to the disk in part, and back in any order; then
 * out again, after some pages were rewritten, and to the disk altogether.
 *
 * Turns red when an entry of a large folio is taken for that of its first page: by its
 * slot, its time or its length.
 */
static void huge_folios_there_and_back(void)
{
	check_there_and_back(zwb_huge_kb(), zwb_folio_pages(zwb_huge_kb()));
	zwb_pages_unmap(&texts.pages);
}

static void small_folios_there_and_back(void)
{
	check_there_and_back(ZWB_SMALL_KB, 6 * zwb_folio_pages(ZWB_SMALL_KB));
	zwb_pages_unmap(&texts.pages);
}

/*
 * The same of folios that nobody has asked for, as they are where THP is "always".
 *
 * Turns red when the pages of a process that knows nothing of large folios are not written, or
 * come back as something else.
 */
static void folios_for_all_there_and_back(void)
{
	zwb_folios_for_all(true);
	huge_folios_there_and_back();
	small_folios_there_and_back();
	zwb_folios_for_all(false);
}

/* --- more than one process --- */

/**
 * struct twin - a fork of this process, with pages and versions as they were then
 * @pid: the process
 * @ask: pipe for what it shall do
 * @answer: pipe for how many of its pages are wrong
 */
struct twin {
	pid_t pid;
	int ask;
	int answer;
};

/* Rewrite every @step-th page from @first on, if @step is not 0, and compare all. */
struct twin_order {
	long long first;
	long long step;
	unsigned int version;
};

static void twin_main(int ask, int answer)
{
	struct twin_order order;
	long long wrong;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(ask, &order, sizeof(order)) == sizeof(order)) {
		if (order.step)
			zwb_texts_write(&texts, order.first, texts.pages.nr, order.step,
					order.version);
		wrong = zwb_texts_wrong(&texts);
		if (write(answer, &wrong, sizeof(wrong)) != sizeof(wrong))
			break;
	}
	_exit(0);
}

static bool twin_start(struct twin *twin)
{
	int ask[2], answer[2];

	twin->pid = -1;
	if (pipe(ask)) {
		zwb_fail("pipe: %s", strerror(errno));
		return false;
	}
	if (pipe(answer)) {
		zwb_fail("pipe: %s", strerror(errno));
		close(ask[0]);
		close(ask[1]);
		return false;
	}
	madvise(texts.pages.mem, texts.pages.nr * zwb_page_size, MADV_DOFORK);
	twin->pid = fork();
	if (!twin->pid) {
		close(ask[1]);
		close(answer[0]);
		twin_main(ask[0], answer[1]);
	}
	madvise(texts.pages.mem, texts.pages.nr * zwb_page_size, MADV_DONTFORK);
	close(ask[0]);
	close(answer[1]);
	twin->ask = ask[1];
	twin->answer = answer[0];
	if (twin->pid < 0)
		zwb_fail("fork: %s", strerror(errno));
	return twin->pid > 0;
}

static bool twin_does(struct twin *twin, long long first, long long step, unsigned int version)
{
	const struct twin_order order = { .first = first, .step = step, .version = version };
	long long wrong = -1;

	if (write(twin->ask, &order, sizeof(order)) != sizeof(order) ||
	    read(twin->answer, &wrong, sizeof(wrong)) != sizeof(wrong))
		zwb_fail("process %d died", twin->pid);
	return zwb_zero(wrong);
}

static void twin_stop(struct twin *twin)
{
	if (twin->pid <= 0)
		return;
	kill(twin->pid, SIGKILL);
	waitpid(twin->pid, NULL, 0);
	close(twin->ask);
	close(twin->answer);
	twin->pid = -1;
}

static void check_twins(int kb, long long nr, struct twin *before, struct twin *after)
{
	const char *cgroup = zwb_cgroup(NULL, "thp");
	long long whole = zwb_folio_stat(kb, "zswpout"), part = nr / 2 + 3;
	struct zwb_snap snap, delta;

	if (!cgroup || !zwb_need_folios(kb) || !zwb_folios_map_texts(&texts, cgroup, kb, nr) ||
	    !twin_start(before) || !zwb_pages_reclaim(&texts.pages, cgroup) ||
	    !zwb_equal(zwb_folio_stat(kb, "zswpout") - whole, nr / zwb_folio_pages(kb)) ||
	    !zwb_equal(zwb_stored(), nr) || !zwb_write_pages(part) || !twin_start(after))
		return;
	zwb_snap(&snap);
	/* two of three have a third of the pages anew, each another one */
	zwb_texts_write(&texts, 0, nr, 3, 2);
	twin_does(before, 1, 3, 3);
	twin_does(after, 0, 0, 0);
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));
	zwb_since(&delta, &snap);
	/* each page was brought back once for all of them */
	zwb_equal(delta.total.refaulted, part);
	zwb_equal(delta.vm.zswpin, nr - part);

	/* what they have of their own, and what they share, goes there again, in turn */
	if (!zwb_pages_reclaim(&texts.pages, cgroup))
		return;
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0"));
	twin_stop(after);
	twin_does(before, 2, 3, 4);
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));
}

/*
 * One process forks before its folios are reclaimed, and once more when half of
 * them are on the disk; then they write: nobody sees what another one wrote.
 *
 * Turns red when a slot with several users is taken for free after the first of them
 * came for it, or is counted once for each.
 */
static void huge_folios_of_several(void)
{
	struct twin before = { .pid = -1 }, after = { .pid = -1 };

	check_twins(zwb_huge_kb(), zwb_folio_pages(zwb_huge_kb()), &before, &after);
	twin_stop(&before);
	twin_stop(&after);
	zwb_pages_unmap(&texts.pages);
}

static void small_folios_of_several(void)
{
	struct twin before = { .pid = -1 }, after = { .pid = -1 };

	check_twins(ZWB_SMALL_KB, 6 * zwb_folio_pages(ZWB_SMALL_KB), &before, &after);
	twin_stop(&before);
	twin_stop(&after);
	zwb_pages_unmap(&texts.pages);
}

/* --- collapse --- */

#define COLLAPSE_ON_DISK	40
#define COLLAPSE_IN_MEMORY	5

static long long huge_in_smaps(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	long long kb = -1;

	while (file && kb < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "AnonHugePages: %lld kB", &kb) != 1)
			kb = -1;
	}
	if (file)
		fclose(file);
	return kb;
}

/* Of pages in folios of @kb there is one huge folio. */
static void check_collapse(int kb)
{
	const int huge = zwb_huge_kb();
	const long long nr = zwb_folio_pages(huge);
	struct zwb_snap before, delta;
	long long i;

	if (!zwb_need_folios(kb) || !zwb_folios_map_texts(&texts, NULL, kb, nr) ||
	    !zwb_folios_out(&texts.pages, kb))
		return;
	for (i = 0; i < nr; i += COLLAPSE_IN_MEMORY)
		__atomic_load_n(zwb_text_at(&texts, i), __ATOMIC_RELAXED);
	zwb_texts_write(&texts, 0, nr, COLLAPSE_IN_MEMORY * 2, 2);
	if (!zwb_write_pages(COLLAPSE_ON_DISK))
		return;
	zwb_snap(&before);
	if (!zwb_folios_collapse(&texts.pages))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, COLLAPSE_ON_DISK);
	zwb_zero(zwb_stored());
	zwb_equal(huge_in_smaps(), nr * zwb_page_size / 1024);
	zwb_no_wrong_pages(zwb_texts_wrong(&texts));

	/* and the new folios, as a whole */
	zwb_texts_write(&texts, 1, nr, 2, 3);
	if (zwb_folios_out(&texts.pages, huge) && zwb_write_pages(nr / 2 + 7))
		zwb_texts_return(&texts, nr / 2 + 7, nr / 2 + 7, nr - nr / 2 - 7);
}

/*
 * A range is collapsed of which some pages are in memory, some in zswap and some on the
 * disk; then it goes there again.
 *
 * Turns red when what comes back by a collapse is not counted as read back, or when what
 * was known of the old slots is held against the new folio.
 */
static void collapse_of_what_is_everywhere(void)
{
	check_collapse(zwb_huge_kb());
	zwb_pages_unmap(&texts.pages);
}

/* The same of what was in many large folios, none of which was huge. */
static void collapse_of_small_folios(void)
{
	check_collapse(ZWB_SMALL_KB);
	zwb_pages_unmap(&texts.pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(huge_folios_there_and_back),
	ZWB_TEST_IMAGES(huge_folios_there_and_back),
	ZWB_TEST_PAGES(small_folios_there_and_back),
	ZWB_TEST_IMAGES(small_folios_there_and_back),
	ZWB_TEST_PAGES(folios_for_all_there_and_back),
	ZWB_TEST_IMAGES(folios_for_all_there_and_back),
	ZWB_TEST_PAGES(huge_folios_of_several),
	ZWB_TEST_IMAGES(huge_folios_of_several),
	ZWB_TEST_PAGES(small_folios_of_several),
	ZWB_TEST_IMAGES(small_folios_of_several),
	ZWB_TEST_PAGES(collapse_of_what_is_everywhere),
	ZWB_TEST_IMAGES(collapse_of_what_is_everywhere),
	ZWB_TEST_PAGES(collapse_of_small_folios),
	ZWB_TEST_IMAGES(collapse_of_small_folios),
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
