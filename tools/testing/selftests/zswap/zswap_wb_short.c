// SPDX-License-Identifier: GPL-2.0
/*
 * A machine that is short of memory.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_short.h"

#define SHORT_STEP		(128 * 1024)
#define SHORT_LEAVE_KB		1024
/* of a zone, for all its CPUs: less than the least that the kernel leaves them */
#define SHORT_PCP_FRACTION	"1000000"

/*
 * Who makes room for huge pages has all free pages meanwhile that others are to be moved to: of
 * 64 KiB, tens of megabytes
 */
static const char * const short_compacts[] = {
	"/sys/kernel/mm/transparent_hugepage/khugepaged/defrag",
	"/proc/sys/vm/compaction_proactiveness",
};

/*
 * Pages that are left above the low watermarks, in all zones that give to anybody: one
 * that keeps all that it has for those who can't use another gives nothing. What a CPU
 * has put aside does not count: a watermark leaves it out, and the other CPU can't have it.
 */
static long long short_pages_left(void)
{
	long long value, other, pages = 0, low = 0, kept = 0, sum = 0;
	char line[256];
	const char *next;
	FILE *file;

	zwb_fold_vmstat();
	file = fopen("/proc/zoneinfo", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " pages free %lld", &value) == 1) {
			pages = value;
		} else if (sscanf(line, " low %lld", &value) == 1) {
			low = value;
		} else if (sscanf(line, " protection: (%lld", &value) == 1) {
			/* the last number is for those with the widest choice */
			next = strrchr(line, ',');
			kept = next && sscanf(next, ", %lld", &other) == 1 ? other : value;
		} else if (strstr(line, "start_pfn:")) {
			if (pages > low + kept)
				sum += pages - low - kept;
			pages = 0;
			low = 0;
			kept = 0;
		}
	}
	if (file)
		fclose(file);
	return sum;
}

/* The largest zone of a node. */
bool zwb_node_zone(int node, struct zwb_zone *zone)
{
	struct zwb_zone now = { 0 };
	bool in_node = false;
	char line[512];
	FILE *file;
	int got;

	*zone = now;
	/* what the CPUs have not told yet may be hundreds of pages */
	zwb_fold_vmstat();
	file = fopen("/proc/zoneinfo", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %d, zone", &got) == 1)
			in_node = got == node;
		else if (sscanf(line, " pages free %lld", &now.free) != 1 &&
			 sscanf(line, " low %lld", &now.low) != 1 &&
			 sscanf(line, " high %lld", &now.high) != 1 &&
			 sscanf(line, " managed %lld", &now.managed) == 1 && in_node &&
			 now.managed > zone->managed)
			*zone = now;
	}
	if (file)
		fclose(file);
	return zone->managed;
}

/* Until the end of the test: watermarks stay where they are, and what is above them can be had. */
bool zwb_fix_watermarks(void)
{
	size_t i;

	if (!zwb_setting("/proc/sys/vm/watermark_boost_factor", "0"))
		return false;
	for (i = 0; i < ARRAY_SIZE(short_compacts); i++) {
		if (!access(short_compacts[i], F_OK) && !zwb_setting(short_compacts[i], "0"))
			return false;
	}
	/* no CPU puts megabytes aside, which a fault on this node, or on another CPU, would lack */
	return zwb_setting("/proc/sys/vm/percpu_pagelist_high_fraction", SHORT_PCP_FRACTION);
}

/**
 * zwb_take_memory() - take memory, in a process that can't be reclaimed from
 * @leave_kb: what is left above the low watermarks
 *
 * Return: the process, for zwb_give_memory_back(), or -1 with a failure recorded.
 */
pid_t zwb_take_memory(long long leave_kb)
{
	const long long leave_pages = leave_kb * 1024 / zwb_page_size;
	long long left;
	int pipe_fd[2];
	char byte;
	pid_t pid;

	if (!zwb_fix_watermarks())
		return -1;
	if (pipe(pipe_fd)) {
		zwb_fail("pipe: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((left = short_pages_left()) > leave_pages) {
			size_t size = SHORT_STEP + (left - leave_pages) / 2 * zwb_page_size;
			void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (mem == MAP_FAILED || mlock(mem, size))
				break;
		}
		if (write(pipe_fd[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(pipe_fd[1]);
	if (pid < 0 || read(pipe_fd[0], &byte, 1) != 1)
		zwb_fail("taking memory: %s", strerror(errno));
	close(pipe_fd[0]);
	return pid;
}

void zwb_give_memory_back(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* How often a process had to reclaim memory itself before it got some. */
long long zwb_direct_reclaims(void)
{
	return zwb_vmstat_key("allocstall_dma") + zwb_vmstat_key("allocstall_dma32") +
	       zwb_vmstat_key("allocstall_normal") + zwb_vmstat_key("allocstall_movable");
}

/* Let a command go, wait for it, and say by how many kB free memory fell at most meanwhile. */
long long zwb_run_and_watch_memory(struct zwb_async *command, int *err)
{
	long long before, now, lowest;

	before = zwb_free_pages();
	lowest = before;
	zwb_go(command);
	do {
		now = zwb_free_pages();
		if (now < lowest)
			lowest = now;
	} while (!zwb_async_done(command, 0));
	*err = zwb_wait(command);
	return (before - lowest) * zwb_page_size / 1024;
}

/* @pages: on each of two nodes, all of which are to be written; or 0, if the disk fails */
static void check_with_what_is_left(struct zwb_async *command, long long pages,
				    long long own_kb, long long kills)
{
	long long fell, stalls, free_before;
	struct zwb_snap before, delta;
	int err;

	zwb_snap(&before);
	stalls = zwb_direct_reclaims();
	free_before = zwb_free_pages();
	fell = zwb_run_and_watch_memory(command, &err);
	zwb_since(&delta, &before);
	ksft_print_msg("%lld kB were free and fell by %lld kB, %lld direct reclaims\n",
		       free_before * zwb_page_size / 1024, fell, zwb_direct_reclaims() - stalls);
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_equal(err, pages ? 0 : -EAGAIN);
	zwb_equal(delta.total.failed, pages ? 0 : ZWB_ERRORS_MAX);
	zwb_between(delta.total.written, 2 * pages, pages ? LLONG_MAX : 0);
	zwb_between(fell, 0, own_kb);
	zwb_equal(zwb_vmstat_key("oom_kill"), kills);
}

/* All pages come from zswap, and so does what others had to give up meanwhile. */
static void check_all_stayed(struct zwb_load * const load[2], long long pages)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	zwb_load_verify(load[0]);
	zwb_load_verify(load[1]);
	zwb_since(&delta, &before);
	/* nothing can be read from that disk either */
	zwb_zero(delta.vm.pswpin);
	zwb_between(delta.vm.zswpin, 2 * pages, LLONG_MAX);
}

/* As zwb_check_short_of_memory_and(), with a disk that works, or one that can fail and does. */
static void check_short(const char *cgroup, long long pages, long long own_kb, bool fails,
			void (*then)(struct zwb_load * const load[2]))
{
	struct zwb_async command;
	char scope[64] = "";
	struct zwb_load *load[2];
	long long kills;
	int node[2], i;
	pid_t pid;

	if (!zwb_need_two_nodes(&node[0], &node[1]))
		return;
	for (i = 0; i < 2; i++) {
		load[i] = zwb_load(cgroup, node[i], pages, ZWB_TEXT);
		if (!load[i])
			return;
	}
	zwb_allow_other_swapout();
	if (cgroup)
		snprintf(scope, sizeof(scope), "cgroup=%llu ", zwb_cgroup_id(cgroup));
	/* its process while there is memory for one: this is about the command */
	if (!zwb_start(&command, ZWB_GLOBAL, 0, "%sage=0", scope))
		return;
	if (fails)
		zwb_disk_fail_writes(true);
	kills = zwb_vmstat_key("oom_kill");
	pid = zwb_take_memory(SHORT_LEAVE_KB);
	if (pid > 0 && !zwb_failed()) {
		check_with_what_is_left(&command, fails ? 0 : pages, own_kb, kills);
		if (then && !zwb_failed())
			then(load);
	}
	zwb_give_memory_back(pid);
	if (fails)
		check_all_stayed(load, pages);
}

/**
 * zwb_check_short_of_memory_and() - a command writes all when memory is nearly at an end
 * @cgroup: the command is for this one and its pages, or NULL: for all that is in zswap
 * @pages: pages on each of two nodes
 * @own_kb: memory that the command may take for itself, and for those below it
 * @then: what to do after that with the two loads, or NULL; there is no more memory yet
 */
void zwb_check_short_of_memory_and(const char *cgroup, long long pages, long long own_kb,
				   void (*then)(struct zwb_load * const load[2]))
{
	check_short(cgroup, pages, own_kb, false, then);
}

/**
 * zwb_check_short_of_memory_and_disk() - the same with a disk that fails: nothing is written
 * @pages: pages on each of two nodes
 * @own_kb: memory that the command may take for itself
 *
 * The disk of zwb_disk_on() is one that can fail.
 */
void zwb_check_short_of_memory_and_disk(long long pages, long long own_kb)
{
	check_short(NULL, pages, own_kb, true, NULL);
}

void zwb_check_short_of_memory(long long pages, long long own_kb)
{
	zwb_check_short_of_memory_and(NULL, pages, own_kb, NULL);
}
