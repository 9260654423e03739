// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are not where one looks for them: their process has moved and its cgroup
 * is gone, they are unmapped as soon as they are out, or their compressed data lies
 * on another node than their list.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_short.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

/* --- the process moves, the cgroup goes --- */

#define MOVED_PAGES		1200
#define MOVED_FIRST		500
/* so many updates memory.stat may be behind */
#define MOVED_STALE		256

static int command_for(struct zwb_snap *delta, unsigned long long id, const char *what)
{
	return zwb_run(delta, ZWB_GLOBAL, "cgroup=%llu %s", id, what);
}

/* A command that must not find a single entry. */
static void finds_nothing(unsigned long long id, const char *what)
{
	struct zwb_snap delta;

	zwb_equal(command_for(&delta, id, what), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_zero(delta.stored);
}

/* A command that must find and write so many. */
static void writes(unsigned long long id, const char *what, long long pages)
{
	struct zwb_snap delta;

	zwb_zero(command_for(&delta, id, what));
	zwb_equal(delta.total.written, pages);
	zwb_equal(delta.stored, -pages);
}

/* The pages come back from the disk to where the process is now, and are that cgroup's. */
static void check_back_elsewhere(struct zwb_load *load, const char *elsewhere)
{
	long long anon = zwb_cgroup_key(elsewhere, "memory.stat", "anon");
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (!zwb_expect_read(load, load->pages, 0))
		return;
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, load->pages);
	zwb_between(zwb_cgroup_key(elsewhere, "memory.stat", "anon") - anon,
		    (load->pages - MOVED_STALE) * zwb_page_size, LLONG_MAX);
	/* and go out again from there */
	if (!zwb_load_touch(load, 0, load->pages) || !zwb_load_pageout(load))
		return;
	writes(zwb_cgroup_id(elsewhere), "age=0", load->pages);
	zwb_expect_read(load, load->pages, 0);
}

static struct zwb_load *move_out(const char *child, const char *elsewhere)
{
	struct zwb_load *load = zwb_load(child, ZWB_ANY_NODE, MOVED_PAGES, ZWB_TEXT);

	return load && zwb_load_move(load, elsewhere) && zwb_cgroup_remove(child) ? load : NULL;
}

/*
 * A process swaps out, moves, and its cgroup is removed, before there is a
 * command: the pages are the parent's, whatever the process and a new cgroup of
 * the old name are, and come back as the process's where it is now.
 *
 * Turns red when pages go by where their process is, or by the name of a cgroup, when
 * those of a removed cgroup are not found any more, or are found by its old id.
 */
static void moved_before_the_command(void)
{
	const char *parent = zwb_cgroup(NULL, "parent"), *child, *elsewhere;
	unsigned long long old_id;
	struct zwb_load *load;
	char first[32];

	child = parent ? zwb_cgroup(parent, "child") : NULL;
	elsewhere = child ? zwb_cgroup(NULL, "elsewhere") : NULL;
	if (!elsewhere)
		return;
	old_id = zwb_cgroup_id(child);
	load = move_out(child, elsewhere);
	if (!load || !zwb_memory_stat_is(parent, "zswapped", load->pages * zwb_page_size))
		return;
	zwb_equal(command_for(NULL, old_id, "age=0"), -ENOENT);
	finds_nothing(zwb_cgroup_id(elsewhere), "age=0");
	/* it is removed at the end of the test, under either of its entries */
	child = zwb_cgroup(parent, "child");
	if (!child)
		return;
	finds_nothing(zwb_cgroup_id(child), "age=0");

	snprintf(first, sizeof(first), "max=%lld", MOVED_FIRST * (long long)zwb_page_size);
	writes(zwb_cgroup_id(parent), first, MOVED_FIRST);
	if (!zwb_cgroup_inherits(parent, load->pages - MOVED_FIRST))
		return;
	writes(zwb_cgroup_id(parent), "age=0 descend=0", load->pages - MOVED_FIRST);
	zwb_memory_stat_is(parent, "zswapped", 0);
	zwb_memory_stat_is(parent, "zswpwb_proactive", load->pages);
	zwb_memory_stat_is(elsewhere, "zswpwb_proactive", 0);
	check_back_elsewhere(load, elsewhere);
}

/*
 * The whole branch is removed: then the pages are the root's.
 *
 * Turns red when only one level of removed cgroups is looked through.
 */
static void branch_is_removed(void)
{
	const char *top, *middle, *child, *elsewhere;
	struct zwb_load *load;

	top = zwb_cgroup(NULL, "top");
	middle = top ? zwb_cgroup(top, "middle") : NULL;
	child = middle ? zwb_cgroup(middle, "child") : NULL;
	elsewhere = child ? zwb_cgroup(NULL, "elsewhere") : NULL;
	load = elsewhere ? move_out(child, elsewhere) : NULL;
	if (!load || !zwb_cgroup_remove(middle) || !zwb_cgroup_remove(top))
		return;
	finds_nothing(zwb_cgroup_id(elsewhere), "age=0");
	if (!zwb_cgroup_inherits(zwb_cgroup_root(), load->pages))
		return;
	writes(zwb_cgroup_id(zwb_cgroup_root()), "age=0 descend=0", load->pages);
	check_back_elsewhere(load, elsewhere);
}

/* --- out and away --- */

#define LOOP_PAGES		300
#define LOOP_ROUNDS		40

/**
 * struct levels - what has to be as it was
 * @cached: kB of swapped pages that are in memory, too
 * @free: kB of swap that nobody uses
 * @stored: pages in zswap
 */
struct levels {
	long long cached;
	long long free;
	long long stored;
};

static void read_levels(struct levels *levels)
{
	zwb_fold_vmstat();
	levels->cached = zwb_cgroup_key("/proc", "meminfo", "SwapCached");
	levels->free = zwb_cgroup_key("/proc", "meminfo", "SwapFree");
	levels->stored = zwb_stored();
}

/* What was in flight when its page was freed lets go of the slot a moment later. */
static void levels_return_to(const struct levels *want)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	struct levels now;

	do {
		zwb_swap_settle();
		read_levels(&now);
		if (!memcmp(&now, want, sizeof(now)))
			return;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_equal(now.cached, want->cached);
	zwb_equal(now.free, want->free);
	zwb_equal(now.stored, want->stored);
}

/* A process that writes whatever it finds, over and over. */
static pid_t start_commands(void)
{
	char path[ZWB_PATH_MAX];
	pid_t pid = zwb_fork();

	if (pid)
		return pid;
	zwb_command_path(ZWB_GLOBAL, path, sizeof(path));
	for (;;)
		zwb_write(path, "age=0", strlen("age=0"));
}

/* Out they go, and away, some of them after they were read, or in two parts. */
static void loop_round(unsigned int round)
{
	struct zwb_pages pages = { 0 };
	long long size;

	if (!zwb_pages_map(&pages, ZWB_ANY_NODE, LOOP_PAGES))
		return;
	size = pages.nr * zwb_page_size;
	zwb_pages_fill(&pages, round);
	if (madvise(pages.mem, size, MADV_PAGEOUT))
		zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
	if (round % 4 == 1)
		munmap(pages.mem, size / 2);
	if (round % 4 == 3) {
		zwb_pages_are(&pages, round);
		if (madvise(pages.mem, size, MADV_PAGEOUT))
			zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
	}
	zwb_pages_unmap(&pages);
}

static void loop_rounds(struct zwb_snap *delta)
{
	struct zwb_snap before;
	unsigned int round;

	zwb_snap(&before);
	for (round = 1; round <= LOOP_ROUNDS && !zwb_failed(); round++)
		loop_round(round);
	zwb_since(delta, &before);
	ksft_print_msg("%lld pages stored, %lld written, %lld gone, %lld dropped\n",
		       delta->vm.zswpout, delta->total.written, delta->total.skipped_gone,
		       delta->total.dropped);
	zwb_between(delta->vm.zswpout, LOOP_ROUNDS * LOOP_PAGES / 2, LLONG_MAX);
}

/*
 * Page-out and munmap in a loop, alone and with a command that writes what it finds:
 * swap cache, pool and free slots are as they were before.
 *
 * Turns red when a slot, an entry or a folio is left behind, whether it was
 * freed before, while or after it was in flight, or when a page is wrong.
 */
static void page_out_and_unmap(void)
{
	struct levels levels;
	struct zwb_snap delta;
	pid_t pid;

	/* slots that others have left in the swap cache would be used up meanwhile */
	zwb_swap_empty();
	read_levels(&levels);
	zwb_zero(levels.stored);
	loop_rounds(&delta);
	zwb_zero(delta.total.written);
	levels_return_to(&levels);
	pid = start_commands();
	if (pid < 0)
		return;
	loop_rounds(&delta);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	zwb_between(delta.total.written, LOOP_PAGES, LLONG_MAX);
	levels_return_to(&levels);
}

/* --- data on another node than the list --- */

#define CROSS_PAGES		700
/* pages that go back to the full node, and some more */
#define CROSS_ROOM		(2 * CROSS_PAGES + 600)
#define CROSS_ROUNDS		5
#define CROSS_FIRST		200
#define CROSS_SCALE		"/proc/sys/vm/watermark_scale_factor"
/*
 * Four per cent: from one watermark to the next there is more than twice CROSS_ROOM.  Who fills
 * a node that far below its low watermark stays clear of the lowest one, where he is killed.
 */
#define CROSS_SCALE_VALUE	"400"
#define CROSS_CHUNK_MIN		32
#define CROSS_CHUNK_MAX		8192
#define CROSS_CALM		5
#define CROSS_CALM_MS		100
#define CROSS_FILL_MS		90000
#define CROSS_MPOL_BIND		2
/* pages of data that one page of others adds at most: CONFIG_ZSMALLOC_CHAIN_SIZE */
#define CROSS_CHAIN		8

/* Take pages of a node for good. */
static bool take(int node, long long pages)
{
	size_t size = pages * zwb_page_size;
	unsigned long mask = 1UL << node;
	void *mem;

	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return false;
	/* it is some hundred megabytes */
	madvise(mem, size, pages == CROSS_CHUNK_MAX ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return !syscall(__NR_mbind, mem, size, CROSS_MPOL_BIND, &mask, sizeof(mask) * 8, 0) &&
	       !mlock(mem, size);
}

/*
 * Fill a node until so many pages may be given back without anybody getting them who is
 * not bound to it, and until kswapd, which makes room then, has no more that it can free.
 * All who are not bound go elsewhere when none of its zones is above the low watermark.
 */
static void fill(int node, long long room, int ready)
{
	const struct timespec calm = { .tv_nsec = CROSS_CALM_MS * ZWB_NS_PER_MS };
	struct zwb_zone zone;
	long long above, chunk;
	int i = 0;

	while (i < CROSS_CALM && zwb_node_zone(node, &zone)) {
		above = zone.free - zone.low + room;
		if (above <= 0) {
			nanosleep(&calm, NULL);
			i++;
			continue;
		}
		i = 0;
		chunk = above / 2;
		if (chunk > CROSS_CHUNK_MAX)
			chunk = CROSS_CHUNK_MAX;
		if (chunk < CROSS_CHUNK_MIN)
			chunk = CROSS_CHUNK_MIN;
		if (!take(node, chunk))
			_exit(1);
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void stop_filler(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A process that fills a node, and has done so; or -1. */
static pid_t start_filler(int node, long long room)
{
	struct pollfd filled = { .events = POLLIN };
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready)) {
		zwb_fail("pipe: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		fill(node, room, ready[1]);
	}
	close(ready[1]);
	filled.fd = ready[0];
	if (pid < 0) {
		zwb_fail("fork: %s", strerror(errno));
	} else if (poll(&filled, 1, CROSS_FILL_MS) < 1 || read(ready[0], &byte, 1) != 1) {
		stop_filler(pid);
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

/* Pages that hold compressed data on a node. */
static long long data_pages(int node)
{
	char dir[64];

	zwb_fold_vmstat();
	snprintf(dir, sizeof(dir), "/sys/devices/system/node/node%d", node);
	return zwb_cgroup_key(dir, "vmstat", "nr_zspages");
}

/**
 * struct cross - pages, and where they are
 * @cgroup: theirs
 * @near: the node that they lay on
 * @far: the other one
 * @loads: the pages, those that do not compress first
 * @crossed: pages of data that the first of them have on @far, whatever others have there
 * @missing: the condition that did not come about
 */
struct cross {
	const char *cgroup;
	int near;
	int far;
	struct zwb_load *loads[2];
	long long crossed;
	const char *missing;
};

/* What else the system does may come in between: then all of it is tried again. */
static bool came_about(struct cross *cross, bool good, const char *condition)
{
	if (!good)
		cross->missing = condition;
	return good;
}

/*
 * Page a load out; what it has on the other node then, and -1 if it went anywhere else.
 * Others may free data there meanwhile, and what they add is taken for as much as it can be.
 */
static long long cross_out(struct cross *cross, struct zwb_load *load, long long least)
{
	long long out = zwb_vmstat_key("zswpout"), swapped;
	long long near = data_pages(cross->near), far = data_pages(cross->far);
	long long lists = zwb_cgroup_pages(cross->cgroup, cross->near);
	bool good;

	if (!zwb_load_out(load, &swapped))
		return -1;
	near = data_pages(cross->near) - near;
	far = data_pages(cross->far) - far;
	out = zwb_vmstat_key("zswpout") - out;
	lists = zwb_cgroup_pages(cross->cgroup, cross->near) - lists;
	ksft_print_msg("%lld of %lld out on lists of node %d; data: %lld and on node %d %lld\n",
		       lists, out, cross->near, near, cross->far, far);
	far -= (out - lists) * CROSS_CHAIN;
	good = came_about(cross, lists == load->pages, "all is in zswap, for the full node") &&
	       came_about(cross, far >= least, "its data is on the other node") &&
	       came_about(cross, near <= far / 4, "hardly any data is on the full node");
	return good ? far : -1;
}

/* Each of the first pages takes one page of data; compressed, there are a few for all. */
static bool cross_all_out(struct cross *cross)
{
	cross->crossed = cross_out(cross, cross->loads[0], CROSS_PAGES / 2);
	return cross->crossed >= 0 && cross_out(cross, cross->loads[1], CROSS_PAGES / 10) >= 0;
}

/* What was written takes no memory on the other node any more, a moment later at the latest. */
static void check_data_is_gone(const struct cross *cross, long long data, long long zswpout)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long freed, others;

	do {
		freed = data - data_pages(cross->far);
		others = zwb_vmstat_key("zswpout") - zswpout;
		freed += others * CROSS_CHAIN;
		if (freed >= cross->crossed)
			return;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_between(freed, cross->crossed, LLONG_MAX);
}

/* Commands by node, and what becomes of the data. */
static void check_cross(struct cross *cross)
{
	unsigned long long id = zwb_cgroup_id(cross->cgroup);
	long long near = zwb_cgroup_pages(cross->cgroup, cross->near);
	long long far = zwb_cgroup_pages(cross->cgroup, cross->far);
	struct zwb_snap start, delta;
	long long data;

	zwb_snap(&start);
	data = data_pages(cross->far);
	zwb_equal(near + far, 2 * CROSS_PAGES);
	/* the node of the data has what is on its own lists */
	zwb_equal(zwb_run(&delta, cross->far, "cgroup=%llu age=0", id), far ? 0 : -EAGAIN);
	zwb_equal(delta.total.written, far);
	zwb_equal(delta.node[cross->far].scanned, far);
	zwb_zero(delta.node[cross->near].scanned);
	/* the node of the list has the rest */
	zwb_zero(zwb_run(&delta, cross->near, "cgroup=%llu max=%lld", id,
			 CROSS_FIRST * (long long)zwb_page_size));
	zwb_equal(delta.node[cross->near].written, CROSS_FIRST);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0 node=%d", id, cross->near));
	zwb_equal(delta.node[cross->near].scanned, near - CROSS_FIRST);
	zwb_equal(delta.node[cross->near].written, near - CROSS_FIRST);
	zwb_zero(delta.node[cross->far].scanned);
	zwb_zero(zwb_cgroup_pages(cross->cgroup, ZWB_GLOBAL));
	zwb_memory_stat_is(cross->cgroup, "zswapped", 0);
	check_data_is_gone(cross, data, start.vm.zswpout);

	zwb_since(&delta, &start);
	zwb_equal(delta.node[cross->near].written, near);
	zwb_equal(delta.node[cross->far].written, far);
	zwb_equal(delta.node[cross->near].released_bytes + delta.node[cross->far].released_bytes,
		  delta.total.released_bytes);
	zwb_between(delta.total.released_bytes, CROSS_PAGES * zwb_page_size, LLONG_MAX);
	zwb_equal(delta.node[cross->near].on_disk, near);
}

/* From the disk, all of them, and counted for the node whose list they were on. */
static void check_cross_back(struct cross *cross)
{
	struct zwb_snap before, delta;
	int i;

	zwb_snap(&before);
	for (i = 0; i < 2; i++)
		zwb_load_verify(cross->loads[i]);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, 2 * CROSS_PAGES);
	for (i = 0; i < ZWB_MAX_NODES; i++)
		zwb_equal(delta.node[i].refaulted, -delta.node[i].on_disk);
}

/* Loads whose data lies on the other node, and a system that has come to rest. */
static bool set_cross_up(struct cross *cross)
{
	pid_t filler;
	bool good;
	int i;

	/* they have been in zswap once: that binds their memory to the node */
	for (i = 0; i < 2; i++) {
		cross->loads[i] = zwb_load(cross->cgroup, cross->near, CROSS_PAGES,
					   i ? ZWB_TEXT : ZWB_NOISE);
		if (!cross->loads[i] || !zwb_load_touch(cross->loads[i], 0, CROSS_PAGES))
			return false;
	}
	filler = start_filler(cross->near, CROSS_ROOM);
	if (!came_about(cross, filler > 0, "a node is full"))
		return false;
	good = cross_all_out(cross);
	/* data stays where it is; kswapd has no more to put beside it */
	stop_filler(filler);
	/* until then the data is not only ours */
	return good && came_about(cross, zwb_stores_stop(), "nobody else is swapped out");
}

static void run_cross(struct cross *cross)
{
	bool good = false;
	int round;

	/* kswapd is to leave them to us */
	cross->cgroup = zwb_cgroup(NULL, "cross");
	if (!cross->cgroup || !zwb_cgroup_set(cross->cgroup, "memory.min", "max"))
		return;
	for (round = 0; round < CROSS_ROUNDS && !good && !zwb_failed(); round++) {
		/* the loads of the round before end, and what kswapd took comes back */
		if (round) {
			ksft_print_msg("once more: not so that %s\n", cross->missing);
			zwb_swap_empty();
		}
		good = set_cross_up(cross);
	}
	if (good) {
		check_cross(cross);
		check_cross_back(cross);
	} else if (!zwb_failed()) {
		zwb_fail("in %d rounds it was never so that %s", CROSS_ROUNDS, cross->missing);
	}
}

/*
 * A node is full to its watermark.  What is swapped out there has its entries on
 * the lists of that node, and its compressed data on the other one: commands go by
 * the lists, and so do the counters.
 *
 * Turns red when a command for a node goes by where the data lies, when a counter
 * takes the data's node for the list's, or when a page does not come back.
 */
static void data_on_another_node(void)
{
	struct cross cross;
	char scale[32];

	if (!zwb_need_tables() || !zwb_need_two_nodes(&cross.near, &cross.far) ||
	    !zwb_fix_watermarks())
		return;
	/* kswapd has others' pages to take */
	zwb_allow_other_swapout();
	snprintf(scale, sizeof(scale), "%lld", zwb_read_number(CROSS_SCALE));
	if (zwb_write_string(CROSS_SCALE, CROSS_SCALE_VALUE))
		run_cross(&cross);
	zwb_write_string(CROSS_SCALE, scale);
	zwb_swap_empty();
}

static const struct zwb_test tests[] = {
	ZWB_TEST(moved_before_the_command),
	ZWB_TEST(branch_is_removed),
	ZWB_TEST(page_out_and_unmap),
	ZWB_TEST(data_on_another_node),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
