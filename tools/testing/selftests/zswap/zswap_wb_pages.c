// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the test's own process, and what its disk has in flight.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* from linux/mempolicy.h */
#define PAGES_MPOL_BIND		2
#define PAGES_WORDS_MAX		(65536 / sizeof(uint64_t))
#define PAGES_OUT_MS		60000
#define PAGES_FLIGHT_MS		20000
#define PAGES_SECTOR		512
#define PAGES_SWAPPED_BIT	62

/**
 * zwb_page_fill() - fill a page
 * @page: the page
 * @index: whatever tells it from others
 * @version: of its content
 *
 * A quarter noise, the rest one word; no two pages, and no two versions, are alike.
 */
void zwb_page_fill(void *page, long long index, unsigned int version)
{
	uint64_t state = ((uint64_t)version << 40) + index + 1, *word = page;
	size_t i, words = zwb_page_size / sizeof(*word);

	for (i = 0; i < words; i++) {
		if (i <= words / 4)
			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		word[i] = state;
	}
}

/* Compare a page with what zwb_page_fill() put there. */
bool zwb_page_is(const void *page, long long index, unsigned int version)
{
	static uint64_t want[PAGES_WORDS_MAX];

	zwb_page_fill(want, index, version);
	return !memcmp(want, page, zwb_page_size);
}

/**
 * zwb_pages_map() - get pages, with nothing in them
 * @pages: result; to be unmapped also if this fails
 * @node: node that they lie on, or ZWB_ANY_NODE
 * @nr: how many
 */
bool zwb_pages_map(struct zwb_pages *pages, int node, long long nr)
{
	unsigned long mask = node == ZWB_ANY_NODE ? 0 : 1UL << node;
	void *mem;

	pages->mem = NULL;
	pages->nr = nr;
	mem = mmap(NULL, nr * zwb_page_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return false;
	}
	pages->mem = mem;
	/* fails where there are no huge pages */
	madvise(mem, nr * zwb_page_size, MADV_NOHUGEPAGE);
	/* the process of a command has no part in them */
	if (madvise(mem, nr * zwb_page_size, MADV_DONTFORK)) {
		zwb_fail("MADV_DONTFORK: %s", strerror(errno));
		return false;
	}
	if (mask && syscall(__NR_mbind, mem, nr * zwb_page_size, PAGES_MPOL_BIND, &mask,
			    sizeof(mask) * 8, 0)) {
		zwb_fail("mbind: %s", strerror(errno));
		return false;
	}
	return true;
}

void zwb_pages_unmap(struct zwb_pages *pages)
{
	if (pages->mem)
		munmap(pages->mem, pages->nr * zwb_page_size);
	pages->mem = NULL;
}

void zwb_pages_fill(struct zwb_pages *pages, unsigned int version)
{
	long long i;

	for (i = 0; i < pages->nr; i++)
		zwb_page_fill(pages->mem + i * zwb_page_size, i, version);
}

/* Have all of them in memory. */
void zwb_pages_read(struct zwb_pages *pages)
{
	long long i;

	for (i = 0; i < pages->nr; i++)
		__atomic_load_n(pages->mem + i * zwb_page_size, __ATOMIC_RELAXED);
}

/* How many are in swap, or -1 with a failure recorded. */
static long long pages_swapped(const struct zwb_pages *pages)
{
	FILE *file = fopen("/proc/self/pagemap", "r");
	long long i, swapped = 0;
	uint64_t entry;

	if (!file || fseek(file, (uintptr_t)pages->mem / zwb_page_size * sizeof(entry),
			   SEEK_SET)) {
		zwb_fail("/proc/self/pagemap: %s", strerror(errno));
		swapped = -1;
	}
	for (i = 0; swapped >= 0 && i < pages->nr; i++) {
		if (fread(&entry, sizeof(entry), 1, file) == 1) {
			swapped += entry >> PAGES_SWAPPED_BIT & 1;
		} else {
			zwb_fail("reading /proc/self/pagemap: %s", strerror(errno));
			swapped = -1;
		}
	}
	if (file)
		fclose(file);
	return swapped;
}

/*
 * Pages that were read or filled in while another CPU ran us may be held by that CPU's
 * batch of pages that are to go on the LRU lists: compaction begins with emptying them all.
 */
static void pages_drain(void)
{
	zwb_write("/proc/sys/vm/compact_memory", "1", 1);
}

/* Page all out, the last one first; those that somebody holds at the moment are tried again. */
bool zwb_pages_out(struct zwb_pages *pages)
{
	long long deadline = zwb_now() + PAGES_OUT_MS * ZWB_NS_PER_MS;
	long long i, swapped;

	do {
		for (i = pages->nr - 1; i >= 0; i--) {
			if (madvise(pages->mem + i * zwb_page_size, zwb_page_size,
				    MADV_PAGEOUT)) {
				zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
				return false;
			}
		}
		swapped = pages_swapped(pages);
		if (swapped == pages->nr)
			return true;
		pages_drain();
		zwb_pause();
	} while (swapped >= 0 && zwb_now() < deadline);
	zwb_fail("of %lld pages %lld are in swap", pages->nr, swapped);
	return false;
}

/*
 * How many are in memory, or -1 with a failure recorded.  Unlike the page table this
 * knows of shared pages, too.
 */
static long long pages_resident(const struct zwb_pages *pages)
{
	unsigned char *vector = malloc(pages->nr);
	long long i, resident = 0;

	if (!vector || mincore(pages->mem, pages->nr * zwb_page_size, vector)) {
		zwb_fail("mincore: %s", strerror(errno));
		resident = -1;
	}
	for (i = 0; resident >= 0 && i < pages->nr; i++)
		resident += vector[i] & 1;
	free(vector);
	return resident;
}

/* Page all out with @out, which may leave some of them the first time. */
static bool pages_out_with(struct zwb_pages *pages,
			   bool (*out)(struct zwb_pages *pages, const char *cgroup),
			   const char *cgroup)
{
	long long deadline = zwb_now() + PAGES_OUT_MS * ZWB_NS_PER_MS;
	long long resident;

	do {
		if (!out(pages, cgroup))
			return false;
		resident = pages_resident(pages);
		if (!resident)
			return true;
		pages_drain();
		zwb_pause();
	} while (resident > 0 && zwb_now() < deadline);
	zwb_fail("of %lld pages %lld are in memory still", pages->nr, resident);
	return false;
}

static bool pages_advise_out(struct zwb_pages *pages, const char *cgroup)
{
	(void)cgroup;
	if (!madvise(pages->mem, pages->nr * zwb_page_size, MADV_PAGEOUT))
		return true;
	zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
	return false;
}

/* The cgroup may have less than it is asked for, or more that is in use. */
static bool pages_reclaim(struct zwb_pages *pages, const char *cgroup)
{
	zwb_reclaim(cgroup, pages->nr);
	/* what was copied meanwhile may belong to nobody's cgroup */
	return pages_advise_out(pages, NULL);
}

/*
 * Page all out into zswap at once: what is part of a large folio goes as that, which
 * zwb_pages_out() splits.
 */
bool zwb_pages_out_whole(struct zwb_pages *pages)
{
	return pages_out_with(pages, pages_advise_out, NULL);
}

/*
 * Reclaim all from the cgroup that they belong to: MADV_PAGEOUT leaves those alone that
 * are mapped more than once.  Nothing of them stays in the swap cache.
 */
bool zwb_pages_reclaim(struct zwb_pages *pages, const char *cgroup)
{
	return pages_out_with(pages, pages_reclaim, cgroup);
}

/* Their slots; all of them are in swap. */
bool zwb_pages_slots(const struct zwb_pages *pages, unsigned long long *slots)
{
	const struct zwb_load self = {
		.pid = getpid(),
		.pages = pages->nr,
		.address = (unsigned long)pages->mem,
	};

	return zwb_load_slots(&self, slots);
}

/* Fill them and put them into zswap, in the order of their slots. */
bool zwb_pages_store(struct zwb_pages *pages, unsigned int version)
{
	long long before = zwb_stored();

	zwb_pages_fill(pages, version);
	/* at once, so that neighbours get neighbouring slots; then what was held */
	if (madvise(pages->mem, pages->nr * zwb_page_size, MADV_PAGEOUT)) {
		zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
		return false;
	}
	return zwb_pages_out(pages) && zwb_equal(zwb_stored() - before, pages->nr);
}

/* Compare all of them with one version. */
bool zwb_pages_are(struct zwb_pages *pages, unsigned int version)
{
	long long i, wrong = 0;

	/* one by one, pages are slow to read: have all of them on their way */
	madvise(pages->mem, pages->nr * zwb_page_size, MADV_WILLNEED);
	for (i = 0; i < pages->nr; i++) {
		if (zwb_page_is(pages->mem + i * zwb_page_size, i, version))
			continue;
		if (!wrong)
			ksft_print_msg("page %lld does not hold version %u\n", i, version);
		wrong++;
	}
	return zwb_no_wrong_pages(wrong);
}

/* What a process that reads a page gets: 0, or the number of a signal. */
int zwb_pages_signal(struct zwb_pages *pages, long long index)
{
	int status = -1;
	pid_t pid;

	madvise(pages->mem, pages->nr * zwb_page_size, MADV_DOFORK);
	pid = fork();
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(!zwb_page_is(pages->mem + index * zwb_page_size, index, 1));
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		zwb_fail("page %lld has come back wrong", index);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* --- the disk --- */

static bool disk_queue(const char *file, const char *value)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), "/sys/block/%s/queue/%s", zwb_disk_name(), file);
	return zwb_write_string(path, value);
}

/* No request of the disk has more pages than that. */
bool zwb_disk_largest_request(int pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pages * zwb_page_size / 1024);
	return disk_queue("max_sectors_kb", text);
}

/*
 * Requests wait in a scheduler, as those for a disk that does one at a time usually do: without
 * one, who is to wait there is whoever is late.
 */
bool zwb_disk_schedule(void)
{
	return disk_queue("scheduler", "mq-deadline") && disk_queue("nr_requests", "64");
}

/* Writes that the disk has been given and has not completed; -1 with a failure recorded. */
long long zwb_disk_in_flight(void)
{
	return zwb_disk_writes_in_flight(zwb_disk_name());
}

/* Pages that the disk has written since it is there; -1 with a failure recorded. */
long long zwb_disk_written(void)
{
	long long sectors = zwb_disk_number(zwb_disk_name(), ZWB_DISK_SECTORS_WRITTEN);

	return sectors < 0 ? -1 : sectors / (zwb_page_size / PAGES_SECTOR);
}

static bool disk_wait(bool for_flight)
{
	long long deadline = zwb_now() + PAGES_FLIGHT_MS * ZWB_NS_PER_MS;
	long long writes;

	do {
		writes = zwb_disk_in_flight();
		if (writes < 0)
			return false;
		if (for_flight ? writes > 0 : !writes)
			return true;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_fail("%lld writes in flight for %d s", writes, PAGES_FLIGHT_MS / 1000);
	return false;
}

/* Wait until a write is in flight. */
bool zwb_disk_wait_for_flight(void)
{
	return disk_wait(true);
}

/* Wait until none is. */
bool zwb_disk_wait_for_landing(void)
{
	return disk_wait(false);
}

/* Wait until a read is in flight. */
bool zwb_disk_wait_for_reads(void)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS, reads = 0;

	while (!reads && zwb_now() < deadline) {
		reads = zwb_disk_reads_in_flight(zwb_disk_name());
		zwb_pause();
	}
	if (reads <= 0)
		zwb_fail("nothing is read from the disk");
	return reads > 0;
}

/* Let a command go that was started, and return when some of what it writes is in flight. */
bool zwb_go_in_flight(struct zwb_async *command)
{
	zwb_go(command);
	if (zwb_disk_wait_for_flight())
		return true;
	kill(command->pid, SIGKILL);
	zwb_wait(command);
	return false;
}

/* The same with one for all pages. */
bool zwb_start_in_flight(struct zwb_async *command)
{
	return zwb_start(command, ZWB_GLOBAL, 0, "age=0") && zwb_go_in_flight(command);
}

/* Wait for a command, which may have found nothing left to write. */
void zwb_land(struct zwb_async *command)
{
	int err = zwb_wait(command);

	if (err != -EAGAIN)
		zwb_zero(err);
}

/* The same, and have what it has left written, too: nothing is in zswap, or on its way. */
void zwb_land_all(struct zwb_async *command)
{
	int err;

	zwb_land(command);
	err = zwb_run(NULL, ZWB_GLOBAL, "age=0");
	if (err != -EAGAIN)
		zwb_zero(err);
	zwb_disk_wait_for_landing();
	zwb_zero(zwb_stored());
}
