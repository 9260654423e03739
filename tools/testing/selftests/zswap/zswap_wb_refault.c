// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of the pages that a command wrote: read back, freed, or still on
 * the disk.
 *
 * Each such page counts once, in the end, as refaulted or as dropped; no other
 * page ever does.  The runner checks that the two add up after each test.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define MAX_PAGES		4096

#define CHUNKS			"/sys/kernel/slab/zswap_wb_chunk"
#define CHUNKS_MS		15000

/* slots of a small device, the first of which is the header's */
#define CLUSTER_SLOTS		512
#define SMALL_SLOTS		(2 * CLUSTER_SLOTS)
/* more than half of them, so that some are used again */
#define SMALL_PAGES		600
/* more than twice what half as many slots have room for */
#define TWO_PAGES		1200

#define RACE_ROUNDS		24
#define KINDS			10
#define KIND_PAGES		20

/**
 * struct moment - what expect() compares with
 * @snap: counters
 * @columns: sums over the rows of the table of ages
 */
struct moment {
	struct zwb_snap snap;
	struct zwb_row columns;
};

static int own_cpu, other_cpu;

static struct zwb_row sum_columns(void)
{
	struct zwb_row none = { 0 };
	struct zwb_table table;

	if (access(ZWB_TABLE_FILE, F_OK) || !zwb_table_read(ZWB_GLOBAL, &table))
		return none;
	return zwb_table_sum(&table, 0, -1);
}

static void remember(struct moment *moment)
{
	zwb_snap(&moment->snap);
	moment->columns = sum_columns();
}

/* What has refaulted and what was dropped since, wherever it is counted. */
static bool expect_at(int line, const struct moment *from, long long refaulted, long long dropped)
{
	long long node_refaulted = 0, node_dropped = 0;
	struct zwb_row columns;
	struct zwb_snap delta;
	bool good;
	int n;

	zwb_since(&delta, &from->snap);
	good = zwb_equal(delta.total.refaulted, refaulted);
	good &= zwb_equal(delta.total.dropped, dropped);
	good &= zwb_equal(delta.vm.zswpwb_refault, refaulted);
	for (n = 0; n < ZWB_MAX_NODES; n++) {
		node_refaulted += delta.node[n].refaulted;
		node_dropped += delta.node[n].dropped;
	}
	good &= zwb_equal(node_refaulted, refaulted);
	good &= zwb_equal(node_dropped, dropped);
	if (!access(ZWB_TABLE_FILE, F_OK)) {
		columns = sum_columns();
		good &= zwb_equal(columns.written - from->columns.written, delta.total.written);
		good &= zwb_equal(columns.refaulted - from->columns.refaulted, refaulted);
		good &= zwb_equal(columns.dropped - from->columns.dropped, dropped);
	}
	if (!good)
		ksft_print_msg("expected in line %d\n", line);
	return good;
}

#define expect(from, refaulted, dropped)	expect_at(__LINE__, from, refaulted, dropped)

/*
 * Loads stay on the CPU of the runner: pages wait in a list of the CPU on which
 * they were faulted in, which MADV_PAGEOUT from another CPU does not empty.
 * Finds one to be on, and another one if there is.
 */
static void find_cpus(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	own_cpu = -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		other_cpu = cpu;
		if (own_cpu < 0)
			own_cpu = cpu;
	}
}

/* Page out what can be of a load, wherever it goes; -1 after a failure was recorded. */
static long long page_out_some(struct zwb_load *load, int milliseconds)
{
	struct iovec range = {
		.iov_base = (void *)load->address,
		.iov_len = load->pages * zwb_page_size,
	};
	long long deadline = zwb_now() + milliseconds * ZWB_NS_PER_MS;
	long long swapped;
	int pid_fd;

	pid_fd = syscall(__NR_pidfd_open, load->pid, 0);
	if (pid_fd < 0) {
		zwb_fail("pidfd_open: %s", strerror(errno));
		return -1;
	}
	do {
		swapped = -1;
		if (syscall(__NR_process_madvise, pid_fd, &range, 1, MADV_PAGEOUT, 0) < 0) {
			zwb_fail("process_madvise: %s", strerror(errno));
			break;
		}
		if (!zwb_load_swapped(load, &swapped))
			break;
	} while (swapped < load->pages && zwb_now() < deadline);
	close(pid_fd);
	return swapped;
}

/* Page out all of a load; pages that are on the disk already stay there. */
static bool page_out(struct zwb_load *load)
{
	return zwb_equal(page_out_some(load, ZWB_WAIT_MS), load->pages);
}

/*
 * Reclaim and the shrinker leave in the swap cache what they wrote, and nobody
 * would read it from disk: have it mapped, and given up as the clean copy that
 * it is.
 */
static bool leave_swap_cache(struct zwb_load *load)
{
	return zwb_load_verify(load) && page_out(load);
}

/* Put pages on the disk, and nowhere else, that zswap never saw. */
static struct zwb_load *load_past_zswap(const char *cgroup, long long pages)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;

	zwb_allow_other_swapout();
	load = zwb_load_resident(cgroup, pages, false);
	zwb_snap(&before);
	if (!load || !zwb_param_set("enabled", "N") || !page_out(load) ||
	    !zwb_param_set("enabled", "Y") || !leave_swap_cache(load))
		return NULL;
	zwb_since(&delta, &before);
	return zwb_equal(delta.vm.pswpout, pages) && zwb_zero(delta.vm.zswpout) ? load : NULL;
}

/* Let the shrinker write so many of a cgroup's entries: visits all, then these once more. */
static bool shrink(const char *cgroup, int node, long long entries, long long pages)
{
	struct zwb_snap before, delta;

	zwb_allow_other_writeback();
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, entries) || !zwb_shrinker_scan(cgroup, node, pages))
		return false;
	zwb_since(&delta, &before);
	return zwb_equal(delta.vm.zswpwb, pages);
}

/* --- what counts --- */

/*
 * Pages that a command wrote count when they are read back, each once, in every
 * place, for the cgroup that they belong to and its ancestors.
 *
 * Turns red when a counter is missing, when it counts what is written rather
 * than what is read, when it counts again each time that a page is read, when it
 * goes to the reader's cgroup, or not up to the ancestors.
 */
static void read_back_counts_once(void)
{
	const char *parent, *first, *second, *reader;
	struct zwb_load *load, *other;
	struct zwb_snap before, delta;
	struct moment start;

	parent = zwb_cgroup(NULL, "parent");
	first = parent ? zwb_cgroup(parent, "first") : NULL;
	second = first ? zwb_cgroup(parent, "second") : NULL;
	reader = second ? zwb_cgroup(NULL, "reader") : NULL;
	load = reader ? zwb_load(first, ZWB_ANY_NODE, 1000, ZWB_TEXT) : NULL;
	other = load ? zwb_load(second, ZWB_ANY_NODE, 300, ZWB_NOISE) : NULL;
	if (!other)
		return;
	remember(&start);
	if (!zwb_write_all(1300))
		return;
	expect(&start, 0, 0);

	/* the process moves, its pages do not */
	if (!zwb_load_move(load, reader) || !zwb_expect_read(load, 1000, 0))
		return;
	expect(&start, 1000, 0);
	zwb_memory_stat_is(first, "zswpwb_refault", 1000);
	zwb_memory_stat_is(parent, "zswpwb_refault", 1000);
	zwb_memory_stat_is(second, "zswpwb_refault", 0);
	zwb_memory_stat_is(reader, "zswpwb_refault", 0);

	/* the copies on the disk are still good, so that nothing is written */
	zwb_snap(&before);
	if (!page_out(load) || !zwb_expect_read(load, 1000, 0))
		return;
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.pswpout);
	zwb_zero(delta.vm.zswpout);
	expect(&start, 1000, 0);
	zwb_load_stop(load);
	expect(&start, 1000, 0);

	if (!zwb_expect_read(other, 300, 0))
		return;
	expect(&start, 1300, 0);
	zwb_memory_stat_is(second, "zswpwb_refault", 300);
	zwb_memory_stat_is(parent, "zswpwb_refault", 1300);
}

/* Pages of the runner's own, which are in zswap now. */
static unsigned char *own_pages(long long pages)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long i, before = zwb_stored();
	unsigned char *memory;

	memory = mmap(NULL, pages * zwb_page_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return NULL;
	}
	/* fails where there are no huge pages */
	madvise(memory, pages * zwb_page_size, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++)
		memset(memory + i * zwb_page_size, 1 + i % 255, zwb_page_size);
	do {
		if (madvise(memory, pages * zwb_page_size, MADV_PAGEOUT)) {
			zwb_fail("madvise: %s", strerror(errno));
			break;
		}
	} while (zwb_stored() < before + pages && zwb_now() < deadline);
	if (zwb_equal(zwb_stored() - before, pages))
		return memory;
	munmap(memory, pages * zwb_page_size);
	return NULL;
}

/*
 * Pages that go without having been read back are dropped, whichever way they
 * go: with their process, or with a part of its memory.
 *
 * Turns red when freeing a slot is not noticed, when it is noticed on one of
 * these ways only, or when a page is read only to be counted.
 */
static void unread_pages_are_dropped(void)
{
	struct zwb_load *load;
	unsigned char *memory;
	struct moment start;

	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	memory = load ? own_pages(600) : NULL;
	if (!memory)
		return;
	remember(&start);
	if (!zwb_write_all(1600)) {
		munmap(memory, 600 * zwb_page_size);
		return;
	}
	zwb_load_stop(load);
	munmap(memory, 250 * zwb_page_size);
	madvise(memory + 250 * zwb_page_size, 150 * zwb_page_size, MADV_DONTNEED);
	expect(&start, 0, 1400);
	munmap(memory + 250 * zwb_page_size, 350 * zwb_page_size);
	expect(&start, 0, 1600);
}

/* Punch a hole into the memfd of a load, from outside. */
static bool punch_hole(const struct zwb_load *load, long long first, long long pages)
{
	char path[ZWB_PATH_MAX], target[ZWB_PATH_MAX];
	ssize_t length;
	int fd, number;

	for (number = 0; number < 256; number++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", load->pid, number);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (strncmp(target, "/memfd:", 7))
			continue;
		fd = open(path, O_RDWR);
		if (fd < 0)
			break;
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      first * zwb_page_size, pages * zwb_page_size)) {
			close(fd);
			break;
		}
		close(fd);
		return true;
	}
	zwb_fail("no hole in the shared memory of load %d: %s", load->pid, strerror(errno));
	return false;
}

/*
 * The same with shared memory, which has ways of its own to and from swap.
 *
 * Turns red when only anonymous pages count.
 */
static void shared_memory_counts(void)
{
	struct zwb_load *load;
	struct moment start;
	int fd;

	fd = memfd_create("zswap_wb", 0);
	if (fd < 0) {
		zwb_skip("needs CONFIG_MEMFD_CREATE and CONFIG_SHMEM");
		return;
	}
	close(fd);
	load = zwb_load_shared(NULL, 1000);
	if (!load)
		return;
	remember(&start);
	if (!zwb_write_all(1000) || !zwb_load_touch(load, 0, 300))
		return;
	expect(&start, 300, 0);
	if (!punch_hole(load, 100, 400))
		return;
	expect(&start, 300, 200);
	zwb_load_stop(load);
	expect(&start, 300, 700);
}

/*
 * Of the pages of one process some are read back, with a fault that frees the
 * slot at once, and the rest is dropped.
 *
 * Turns red when a slot that is freed after its page was read counts as dropped,
 * or when what is counted goes by the process, or by the extent, and not by the
 * page.
 */
static void some_read_some_dropped(void)
{
	struct zwb_load *load, *unwritten;
	const char *cgroup;
	struct zwb_snap delta;
	struct moment start;

	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 1000, ZWB_NOISE) : NULL;
	unwritten = load ? zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT) : NULL;
	if (!unwritten)
		return;
	remember(&start);
	if (!zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup))) ||
	    !zwb_equal(delta.total.written, 1000))
		return;
	if (!zwb_load_touch(load, 200, 100))
		return;
	expect(&start, 100, 0);
	if (!zwb_load_touch(load, 0, 300))
		return;
	expect(&start, 300, 0);
	zwb_load_stop(unwritten);
	expect(&start, 300, 0);
	zwb_load_stop(load);
	expect(&start, 300, 700);
}

/*
 * Two processes share the pages after a fork: the disk is read once for both,
 * whether they read or write, and once is what counts.
 *
 * Turns red when each fault counts, or when a slot that the second process still
 * needs counts as dropped.
 */
static void shared_after_a_fork(void)
{
	long long deadline;
	struct zwb_load *load;
	struct moment start;
	struct zwb_snap delta;

	load = zwb_load(NULL, ZWB_ANY_NODE, 800, ZWB_TEXT);
	if (!load || !zwb_load_fork(load))
		return;
	remember(&start);
	if (!zwb_write_all(800) || !zwb_load_touch(load, 0, 200))
		return;
	expect(&start, 200, 0);
	/* 600 in both processes, then in the second the 200 that the first has its own copy of */
	if (!zwb_load_verify(load))
		return;
	expect(&start, 800, 0);
	zwb_load_stop(load);

	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load || !zwb_load_fork(load) || !zwb_write_all(500))
		return;
	zwb_load_stop(load);
	/* its twin ends a moment later */
	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	do {
		zwb_since(&delta, &start.snap);
		if (delta.total.dropped == 500)
			break;
		zwb_pause();
	} while (zwb_now() < deadline);
	expect(&start, 800, 500);
}

/*
 * A page that is written back, read, stored and written back again counts each
 * time, be it in a new slot or in its old one.
 *
 * Turns red when the second write does not replace what is known of the first,
 * or when a slot that was read once is never counted again.
 */
static void written_back_twice(void)
{
	static unsigned long long first[MAX_PAGES], second[MAX_PAGES];
	long long i, same = 0;
	struct zwb_load *load;
	struct moment start;
	const char *cgroup;
	int nodes[1];

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, nodes[0], 500, ZWB_TEXT) : NULL;
	if (!load)
		return;
	remember(&start);
	if (!zwb_write_all(500) || !zwb_load_touch(load, 0, 500))
		return;
	expect(&start, 500, 0);
	if (!zwb_load_pageout(load) || !zwb_load_slots(load, first) || !zwb_write_all(500))
		return;
	expect(&start, 500, 0);

	/* a page that is read keeps its slot, and is stored there again once it was written to */
	if (!zwb_expect_read(load, 500, 0) || !zwb_load_touch(load, 0, 500))
		return;
	expect(&start, 1000, 0);
	if (!zwb_load_pageout(load) || !zwb_load_slots(load, second))
		return;
	for (i = 0; i < load->pages; i++)
		same += first[i] == second[i];
	ksft_print_msg("%lld of %lld pages are in the slot where they were\n", same, load->pages);
	if (!zwb_write_all(500))
		return;
	expect(&start, 1000, 0);
	if (!zwb_expect_read(load, 500, 0))
		return;
	expect(&start, 1500, 0);

	/* once more, but not by a command */
	if (!zwb_load_touch(load, 0, 500) || !zwb_load_pageout(load) ||
	    !shrink(cgroup, nodes[0], 500, 500) || !leave_swap_cache(load) ||
	    !zwb_expect_read(load, 500, 0))
		return;
	expect(&start, 1500, 0);
}

/*
 * Neighbours that the kernel reads ahead are read back from disk, too: each page
 * counts once in the end, whoever asked for it, and whether it was used or not.
 *
 * Turns red when a fault counts and not the read, when a neighbour counts once
 * more as it is used, or when one that nobody used counts as dropped.
 */
static void readahead_counts_each_page_once(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;
	struct moment start;
	long long ahead;
	int round;

	for (round = 0; round < 2; round++) {
		load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
		if (!load)
			return;
		remember(&start);
		if (!zwb_write_all(1000) || !zwb_write_string("/proc/sys/vm/page-cluster", "3"))
			return;
		zwb_snap(&before);
		ahead = zwb_vmstat_key("swap_ra");
		if (!zwb_load_touch(load, 1, 100))
			return;
		zwb_since(&delta, &before);
		ahead = zwb_vmstat_key("swap_ra") - ahead;
		ksft_print_msg("%lld pages read, %lld of these ahead\n", delta.vm.pswpin, ahead);
		if (!zwb_between(ahead, 1, 999))
			return;
		zwb_between(delta.vm.pswpin, 100, 999);
		expect(&start, delta.vm.pswpin, 0);

		/* once all is read, once what was read ahead is freed unused */
		if (round == 0) {
			if (!zwb_load_touch(load, 0, 1000))
				return;
			expect(&start, 1000, 0);
			zwb_load_stop(load);
			expect(&start, 1000, 0);
		} else {
			zwb_load_stop(load);
			expect(&start, delta.vm.pswpin, 1000 - delta.vm.pswpin);
		}
		if (!zwb_write_string("/proc/sys/vm/page-cluster", "0"))
			return;
	}
}

/* --- what does not count --- */

/*
 * The shrinker's pages count nowhere, beside a command's on the same disk.
 *
 * Turns red when the mark is set in the path that both share.
 */
static void shrinker_does_not_count(void)
{
	struct zwb_load *load;
	struct moment start;
	const char *cgroup;
	int nodes[1];

	if (!zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, nodes[0], 600, ZWB_TEXT) : NULL;
	if (!load)
		return;
	remember(&start);
	if (!shrink(cgroup, nodes[0], 600, 400) || !zwb_write_all(200) || !leave_swap_cache(load))
		return;
	expect(&start, 200, 0);
	if (!zwb_expect_read(load, 600, 0))
		return;
	expect(&start, 200, 0);
	zwb_memory_stat_is(cgroup, "zswpwb_refault", 200);
	zwb_load_stop(load);
	expect(&start, 200, 0);

	load = zwb_load(cgroup, nodes[0], 500, ZWB_TEXT);
	if (!load || !shrink(cgroup, nodes[0], 500, 300) || !zwb_write_all(200))
		return;
	zwb_load_stop(load);
	expect(&start, 200, 200);
}

/*
 * What leaves zswap because of memory.zswap.max, or finds no room in it, counts
 * nowhere.
 *
 * Turns red when the mark is set in the path that both share, or when any page
 * that is read from disk counts.
 */
static void pressure_does_not_count(void)
{
	struct zwb_load *first, *second;
	struct zwb_snap before, delta;
	struct moment start;
	const char *cgroup;
	char limit[32];
	long long left;

	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	first = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 600, ZWB_NOISE) : NULL;
	/* More than the others: each may have looked at one of these, which gets a second chance */
	second = first ? zwb_load_resident(cgroup, 800, false) : NULL;
	if (!second || !zwb_memory_stat_is(cgroup, "zswapped", 600 * zwb_page_size))
		return;
	snprintf(limit, sizeof(limit), "%lld", 500LL * zwb_page_size);
	if (!zwb_cgroup_set(cgroup, "memory.zswap.max", limit))
		return;
	remember(&start);
	zwb_snap(&before);
	if (!page_out(second))
		return;
	zwb_since(&delta, &before);
	left = zwb_stored();
	ksft_print_msg("%lld pages left zswap, %lld never came there, %lld are there\n",
		       delta.vm.zswpwb, delta.vm.pswpout - delta.vm.zswpwb, left);
	zwb_between(delta.vm.zswpwb, 1, 1399);
	zwb_between(delta.vm.pswpout - delta.vm.zswpwb, 1, 800);
	expect(&start, 0, 0);
	if (!zwb_cgroup_set(cgroup, "memory.zswap.max", "max") || !zwb_write_all(left))
		return;
	expect(&start, 0, 0);
	if (!leave_swap_cache(first) || !leave_swap_cache(second))
		return;
	expect(&start, left, 0);
	if (!zwb_expect_read(first, 600, 0) || !zwb_expect_read(second, 800, 0))
		return;
	expect(&start, left, 0);
	zwb_load_stop(first);
	zwb_load_stop(second);
	expect(&start, left, 0);
}

/*
 * Pages that went to the disk with zswap switched off count nowhere, read or
 * freed.
 *
 * Turns red when any page that is read from disk counts.
 */
static void pages_past_zswap_do_not_count(void)
{
	struct zwb_load *load, *written;
	struct moment start;

	/* so that the device knows of commands */
	written = zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT);
	if (!written)
		return;
	remember(&start);
	if (!zwb_write_all(200))
		return;
	load = load_past_zswap(NULL, 500);
	if (!load || !zwb_expect_read(load, 500, 0))
		return;
	expect(&start, 0, 0);
	zwb_load_stop(load);
	expect(&start, 0, 0);
	load = load_past_zswap(NULL, 500);
	if (!load)
		return;
	zwb_load_stop(load);
	expect(&start, 0, 0);
	zwb_load_stop(written);
	expect(&start, 0, 200);
}

/*
 * A dry run leaves no marks: its pages go to the disk on other ways later.
 *
 * Turns red when what a dry run counts is taken for written.
 */
static void dry_run_does_not_count(void)
{
	struct zwb_answer answer;
	struct zwb_load *load;
	struct moment start;
	const char *cgroup;
	int nodes[1];

	if (!zwb_need_answers() || !zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, nodes[0], 600, ZWB_TEXT) : NULL;
	if (!load)
		return;
	remember(&start);
	zwb_zero(zwb_ask(&answer, "age=0 dry_run=1"));
	zwb_equal(answer.written, 600);
	if (!shrink(cgroup, nodes[0], 600, 400) || !leave_swap_cache(load) ||
	    !zwb_load_touch(load, 0, 300))
		return;
	expect(&start, 0, 0);
	zwb_load_stop(load);
	expect(&start, 0, 0);
}

/*
 * A page whose write failed is in zswap as before, and has no mark, wherever it
 * goes next.
 *
 * Turns red when the mark is set before the write has succeeded and stays, when
 * a failed page counts as dropped, or when a page does not count because another
 * one failed.
 */
static void failed_write_does_not_count(void)
{
	struct zwb_load *load, *rest;
	struct zwb_snap delta;
	struct moment start;
	const char *cgroup;
	int err, nodes[1];

	if (!zwb_need_write_errors() || !zwb_need_shrinker_debugfs() || !zwb_nodes(nodes, 1))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, nodes[0], 200, ZWB_TEXT) : NULL;
	if (!load)
		return;
	remember(&start);
	if (!zwb_write_errors(-1))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	zwb_equal(err, -EAGAIN);
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	expect(&start, 0, 0);
	if (!zwb_equal(zwb_stored(), 200) || !shrink(cgroup, nodes[0], 200, 100) ||
	    !leave_swap_cache(load) || !zwb_expect_read(load, 100, 100))
		return;
	expect(&start, 0, 0);
	zwb_load_stop(load);
	expect(&start, 0, 0);

	rest = zwb_load(cgroup, nodes[0], 3000, ZWB_TEXT);
	if (!rest || !zwb_write_errors(2))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	zwb_zero(err);
	zwb_between(delta.total.failed, 2, 2 * ZWB_ERRORS_BATCH);
	zwb_equal(delta.total.written + delta.total.failed, 3000);
	if (!zwb_expect_read(rest, delta.total.written, delta.total.failed))
		return;
	expect(&start, delta.total.written, 0);
}

/* --- slots and devices --- */

static void with_edges(const char *edges, void (*test)(void))
{
	if (!zwb_need_tables() || !zwb_edges_write(edges))
		return;
	test();
	zwb_edges_restore();
}

/*
 * Do something with a small device that all swapping goes to.  The disk stays, or
 * else swap would be nearly full, and each slot be freed as soon as it was read.
 */
static void with_small_swap(long long slots, void (*test)(void))
{
	if (!zwb_need_small_swap() || !zwb_small_swap_on(slots - 1))
		return;
	test();
	zwb_loads_verify();
	zwb_loads_stop();
	zwb_small_swap_off();
}

/* the slots of the small device that commands wrote to */
static bool small_used[SMALL_SLOTS];

static bool small_slots(const struct zwb_load *load, unsigned long long *offsets)
{
	unsigned long long type;
	long long i;

	if (!zwb_load_slots(load, offsets))
		return false;
	type = ZWB_SLOT_TYPE(offsets[0]);
	for (i = 0; i < load->pages; i++) {
		if (ZWB_SLOT_TYPE(offsets[i]) != type ||
		    ZWB_SLOT_OFFSET(offsets[i]) >= SMALL_SLOTS) {
			zwb_fail("a page is not on the small device");
			return false;
		}
		offsets[i] = ZWB_SLOT_OFFSET(offsets[i]);
	}
	return true;
}

static bool expect_reuse(const struct zwb_load *load, const char *what)
{
	static unsigned long long offsets[MAX_PAGES];
	long long i, reused = 0;

	if (!small_slots(load, offsets))
		return false;
	for (i = 0; i < load->pages; i++)
		reused += small_used[offsets[i]];
	ksft_print_msg("%lld of %lld slots used again by pages %s\n", reused, load->pages, what);
	return zwb_between(reused, 1, load->pages);
}

static bool write_small(const struct zwb_load *load)
{
	static unsigned long long offsets[MAX_PAGES];
	long long i;

	if (!small_slots(load, offsets))
		return false;
	for (i = 0; i < load->pages; i++)
		small_used[offsets[i]] = true;
	return zwb_write_all(load->pages);
}

static void reuse_slots(void)
{
	struct zwb_load *load;
	struct moment start;
	const char *cgroup;
	int nodes[1];

	if (!zwb_nodes(nodes, 1))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, nodes[0], SMALL_PAGES, ZWB_TEXT) : NULL;
	if (!load)
		return;
	memset(small_used, 0, sizeof(small_used));
	remember(&start);
	if (!write_small(load))
		return;
	zwb_load_stop(load);
	expect(&start, 0, SMALL_PAGES);

	load = zwb_load(cgroup, nodes[0], SMALL_PAGES, ZWB_TEXT);
	if (!load || !expect_reuse(load, "in zswap") || !zwb_expect_read(load, 0, SMALL_PAGES))
		return;
	expect(&start, 0, SMALL_PAGES);
	zwb_load_stop(load);
	expect(&start, 0, SMALL_PAGES);

	load = load_past_zswap(cgroup, SMALL_PAGES);
	if (!load || !expect_reuse(load, "past zswap") || !zwb_expect_read(load, SMALL_PAGES, 0))
		return;
	expect(&start, 0, SMALL_PAGES);
	zwb_load_stop(load);
	expect(&start, 0, SMALL_PAGES);

	load = zwb_load(cgroup, nodes[0], SMALL_PAGES, ZWB_TEXT);
	if (!load || !expect_reuse(load, "of a command") || !write_small(load) ||
	    !zwb_load_touch(load, 0, SMALL_PAGES))
		return;
	expect(&start, SMALL_PAGES, SMALL_PAGES);
	zwb_load_stop(load);
	expect(&start, SMALL_PAGES, SMALL_PAGES);

	load = zwb_load(cgroup, nodes[0], SMALL_PAGES, ZWB_TEXT);
	if (!load || !expect_reuse(load, "of the shrinker") ||
	    !shrink(cgroup, nodes[0], SMALL_PAGES, SMALL_PAGES) || !leave_swap_cache(load) ||
	    !zwb_expect_read(load, SMALL_PAGES, 0))
		return;
	expect(&start, SMALL_PAGES, SMALL_PAGES);
	zwb_load_stop(load);
	expect(&start, SMALL_PAGES, SMALL_PAGES);

	load = zwb_load(cgroup, nodes[0], SMALL_PAGES, ZWB_TEXT);
	if (!load || !expect_reuse(load, "of a command") || !write_small(load) ||
	    !zwb_expect_read(load, SMALL_PAGES, 0))
		return;
	expect(&start, 2 * SMALL_PAGES, SMALL_PAGES);
}

/*
 * A slot forgets its page: one that takes its place counts only if a command
 * wrote it as well.
 *
 * Turns red when a mark outlives its page, read back or dropped, or when a slot
 * counts but once.
 */
static void reused_slot_starts_anew(void)
{
	if (!zwb_need_shrinker_debugfs())
		return;
	with_small_swap(SMALL_SLOTS, reuse_slots);
}

/*
 * swapoff reads everything back, which counts as such; what was in zswap still,
 * and what comes to the device after swapon, does not.
 *
 * Turns red when what swapoff reads counts as dropped or not at all, when pages
 * in zswap count, or when marks outlive the device.
 */
static void swapoff_reads_back(void)
{
	struct zwb_load *load, *shared;
	struct zwb_snap delta;
	struct moment start;
	const char *cgroup;

	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 1000, ZWB_NOISE) : NULL;
	shared = load ? zwb_load_shared(NULL, 400) : NULL;
	if (!shared)
		return;
	remember(&start);
	if (!zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(cgroup),
			      700LL * zwb_page_size)) ||
	    !zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 500LL * zwb_page_size)))
		return;
	zwb_equal(zwb_stored(), 200);
	expect(&start, 0, 0);
	if (!zwb_swap_disk(false))
		return;
	zwb_zero(zwb_stored());
	expect(&start, 1200, 0);
	if (!zwb_load_verify(load) || !zwb_load_verify(shared))
		return;
	zwb_load_stop(shared);
	expect(&start, 1200, 0);

	if (!zwb_swap_disk(true) || !zwb_load_pageout(load) || !zwb_expect_read(load, 0, 1000))
		return;
	zwb_load_stop(load);
	load = load_past_zswap(NULL, 1500);
	if (!load || !zwb_expect_read(load, 1500, 0))
		return;
	zwb_load_stop(load);
	expect(&start, 1200, 0);

	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!load || !zwb_write_all(1000) || !zwb_load_touch(load, 0, 600))
		return;
	expect(&start, 1800, 0);
	zwb_load_stop(load);
	expect(&start, 1800, 400);
}

/* Chunks that the map consists of; what was freed is given back before it is counted. */
static long long count_chunks(void)
{
	return zwb_write_string(CHUNKS "/shrink", "1") ? zwb_read_number(CHUNKS "/objects") : -1;
}

/* They are freed by RCU, which takes its time. */
static long long wait_for_no_chunks(void)
{
	long long deadline = zwb_now() + CHUNKS_MS * ZWB_NS_PER_MS;
	long long chunks;

	do {
		chunks = count_chunks();
		if (chunks <= 0)
			break;
		zwb_pause();
	} while (zwb_now() < deadline);
	return chunks;
}

/*
 * swapoff gives the memory of the map back.
 *
 * Turns red when the map of a device stays when the device is gone, or when it is
 * forgotten without having been freed: nothing else would show it.
 */
static void swapoff_frees_the_map(void)
{
	struct zwb_load *load;

	if (access(CHUNKS "/objects", R_OK) || zwb_read_number(CHUNKS "/aliases") > 0) {
		zwb_skip("the map cannot be told from other memory: boot with slab_nomerge");
		return;
	}
	load = zwb_load(NULL, ZWB_ANY_NODE, 3000, ZWB_TEXT);
	if (!load || !zwb_write_all(3000))
		return;
	zwb_between(count_chunks(), 3000 / CLUSTER_SLOTS, LLONG_MAX);
	if (!zwb_swap_disk(false))
		return;
	zwb_zero(wait_for_no_chunks());
	zwb_swap_disk(true);
}

/* How many pages of a load are on the small device, the other ones being on the disk. */
static long long count_on_small(const struct zwb_load *load)
{
	long long first = zwb_load_on_first_device(load);

	/* it has no room for half of them */
	return first < load->pages / 2 ? first : load->pages - first;
}

/*
 * Two swap devices at once: each has its own marks, and takes only its own with
 * it.
 *
 * Turns red when marks are found by the offset alone, when swapoff forgets
 * another device's, or when a device that comes after it inherits its marks.
 */
static void two_devices(void)
{
	struct zwb_load *load;
	long long small, on_disk;
	struct moment start;

	if (!zwb_need_small_swap() || !zwb_small_swap_on(SMALL_SLOTS / 2 - 1))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, TWO_PAGES, ZWB_TEXT);
	if (!load)
		return;
	small = count_on_small(load);
	ksft_print_msg("%lld of %lld pages are on the small device\n", small, load->pages);
	if (!zwb_between(small, 256, SMALL_SLOTS / 2 - 1))
		return;
	remember(&start);
	if (!zwb_write_all(TWO_PAGES))
		return;
	expect(&start, 0, 0);
	if (!zwb_small_swap_off())
		return;
	expect(&start, small, 0);
	if (!zwb_load_swapped(load, &on_disk))
		return;
	zwb_equal(on_disk, TWO_PAGES - small);
	if (!zwb_load_touch(load, 0, TWO_PAGES))
		return;
	expect(&start, TWO_PAGES, 0);

	if (!zwb_small_swap_on(SMALL_SLOTS / 2 - 1) || !zwb_load_pageout(load))
		return;
	zwb_between(count_on_small(load), 256, SMALL_SLOTS / 2 - 1);
	zwb_load_stop(load);
	load = load_past_zswap(NULL, TWO_PAGES);
	if (!load)
		return;
	zwb_between(count_on_small(load), 256, SMALL_SLOTS / 2 - 1);
	if (!zwb_expect_read(load, TWO_PAGES, 0))
		return;
	zwb_load_stop(load);
	expect(&start, TWO_PAGES, 0);
}

/*
 * Pages that are read and paged out again while commands write them: what
 * comes back without having been on the disk does not count as read from it,
 * and in the end the sum is right.
 *
 * Turns red when a page counts that a fault found in the swap cache, or when a
 * slot that is freed, or stored to, while its page is being written keeps its
 * mark or loses it without having been counted.
 */
static void readers_and_commands_at_once(void)
{
	struct zwb_snap before, delta;
	struct zwb_async command;
	struct zwb_load *load;
	int round, err;

	zwb_allow_other_swapout();
	load = zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT);
	if (!load)
		return;
	zwb_snap(&before);
	for (round = 0; round < RACE_ROUNDS; round++) {
		if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0") ||
		    !zwb_run_on_cpu(command.pid, other_cpu))
			return;
		zwb_go(&command);
		/* one faults in what it reads, and the other frees what it writes to */
		if (round & 1)
			zwb_load_verify(load);
		else
			zwb_load_touch(load, round % 3 * 200, 200);
		err = zwb_wait(&command);
		if (err && err != -EAGAIN) {
			zwb_zero(err);
			return;
		}
		/* what was found in the swap cache has its slot and its mark still */
		if ((round & 3) == 1)
			zwb_load_touch(load, 0, load->pages);
		/* what the command allocated may wait in a list of its CPU */
		if (zwb_failed() || page_out_some(load, 0) < 0)
			return;
	}
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages written, %lld read from disk, %lld refaulted, %lld dropped\n",
		       delta.total.written, delta.vm.pswpin, delta.total.refaulted,
		       delta.total.dropped);
	zwb_between(delta.total.written, load->pages / 4, RACE_ROUNDS * load->pages);
	zwb_between(delta.total.refaulted, 1, delta.vm.pswpin);
	zwb_between(delta.total.written - delta.total.refaulted - delta.total.dropped, 0,
		    load->pages);
	/* the runner looks at what is left when the load is gone */
}

/* More kinds of pages than a part of the map may have been made for: ages, nodes and edges. */
static void mark_many_kinds(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *loads[KINDS], *other, *load;
	int i, first, second, rows = 0;
	struct zwb_table table;
	struct moment start;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	for (i = 0; i < KINDS; i++) {
		loads[i] = zwb_load(NULL, first, KIND_PAGES, ZWB_TEXT);
		if (!loads[i])
			return;
		/* each a second older than the next one */
		zwb_wait_age(loads[i], 0);
	}
	remember(&start);
	if (!zwb_write_all(KINDS * KIND_PAGES))
		return;
	other = zwb_load(NULL, second, KIND_PAGES, ZWB_TEXT);
	if (!other || !zwb_write_all(KIND_PAGES) || !zwb_table_read(ZWB_GLOBAL, &table))
		return;
	for (i = 0; i < table.nr; i++)
		rows += table.row[i].written > 0;
	/* a load that took long has pages of two ages */
	zwb_between(rows, KINDS - 2, table.nr);
	for (i = 0; i < KINDS; i += 2)
		zwb_load_touch(loads[i], 0, KIND_PAGES);
	expect(&start, KINDS / 2 * KIND_PAGES, 0);
	zwb_load_stop(other);
	expect(&start, KINDS / 2 * KIND_PAGES, KIND_PAGES);
	for (i = 1; i < KINDS; i += 2)
		zwb_load_stop(loads[i]);
	expect(&start, KINDS / 2 * KIND_PAGES, (KINDS / 2 + 1) * KIND_PAGES);

	zwb_snap(&before);
	for (i = 0; i < KINDS; i++) {
		load = zwb_load(NULL, first, KIND_PAGES, ZWB_TEXT);
		if (!load || !zwb_edges_write("0 100") || !zwb_write_all(KIND_PAGES))
			return;
		loads[i] = load;
	}
	for (i = 0; i < KINDS; i++)
		zwb_load_touch(loads[i], 0, KIND_PAGES);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, KINDS * KIND_PAGES);
	zwb_zero(delta.total.dropped);
}

static void mark_many_kinds_in_one_cluster(void)
{
	with_small_swap(CLUSTER_SLOTS, mark_many_kinds);
}

/*
 * Every page counts in the end, however many ages, nodes and old edges there are
 * among its neighbours.
 *
 * Turns red when a page gets no mark because others have taken all there are.
 */
static void no_page_is_forgotten(void)
{
	with_edges("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", mark_many_kinds_in_one_cluster);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(read_back_counts_once),
	ZWB_TEST(unread_pages_are_dropped),
	ZWB_TEST(shared_memory_counts),
	ZWB_TEST(some_read_some_dropped),
	ZWB_TEST(shared_after_a_fork),
	ZWB_TEST(written_back_twice),
	ZWB_TEST(readahead_counts_each_page_once),
	ZWB_TEST(shrinker_does_not_count),
	ZWB_TEST(pressure_does_not_count),
	ZWB_TEST(pages_past_zswap_do_not_count),
	ZWB_TEST(dry_run_does_not_count),
	ZWB_TEST(failed_write_does_not_count),
	ZWB_TEST(reused_slot_starts_anew),
	ZWB_TEST(swapoff_reads_back),
	ZWB_TEST(swapoff_frees_the_map),
	ZWB_TEST(two_devices),
	ZWB_TEST(readers_and_commands_at_once),
	ZWB_TEST(no_page_is_forgotten),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	find_cpus();
	zwb_run_on_cpu(0, own_cpu);
	return zwb_main(&suite);
}
