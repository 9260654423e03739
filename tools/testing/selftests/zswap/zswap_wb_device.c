// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on a slow disk: they can be interrupted, the system can go to sleep,
 * and others who read from the disk do not wait behind them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* of each node; more than what a command of the first engine had in flight there */
#define SLOW_PAGES		2048
#define SLOW_END_MS		2000
#define SLOW_RUN_MS		1500
#define SLOW_LAND_MS		60000

/* longer than a command may take to end */
#define DEAF_LATENCY_US		3000000
#define DEAF_PAGES		64

#define FREEZE_MS		6000
#define FREEZE_STATE		"/sys/power/state"
#define FREEZE_TEST		"/sys/power/pm_test"
#define FREEZE_DELAY		"/sys/module/suspend/parameters/pm_test_delay"

/* 20 MB in a second, of requests that take some time */
#define READ_LATENCY_US		6000
#define READ_MBPS		20
/* less than what null_blk lets pass in one of its ticks of 20 ms */
#define READ_REQUEST_KB		128
#define READ_PAGES		600
#define READ_COMMAND_PAGES	16000
#define READ_PAUSE_MS		2
#define READ_MIN		150
#define READ_MAX		4096
#define READ_PERCENTILE		99
#define READ_TIMES		3

/* One page at a time, 50 in a second: 200 kB/s. */
static bool slow_disk(void)
{
	static const struct zwb_disk_spec slow = {
		.megabytes = 64,
		.latency_us = 20000,
		.depth = 1,
	};

	return zwb_disk_on(&slow) && zwb_disk_largest_request(zwb_page_size / 1024);
}

static bool slow_loads(void)
{
	int node[2];

	return zwb_need_two_nodes(&node[0], &node[1]) && slow_disk() &&
	       zwb_load(NULL, node[0], SLOW_PAGES, ZWB_TEXT) &&
	       zwb_load(NULL, node[1], SLOW_PAGES, ZWB_TEXT);
}

static void sleep_ms(long long milliseconds)
{
	const struct timespec pause = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * ZWB_NS_PER_MS,
	};

	nanosleep(&pause, NULL);
}

/* Start a command for everything, and return when it has been writing for a while. */
static bool slow_command(struct zwb_async *command)
{
	if (!zwb_start(command, ZWB_GLOBAL, 0, "age=0"))
		return false;
	zwb_go(command);
	if (!zwb_disk_wait_for_flight()) {
		kill(command->pid, SIGKILL);
		zwb_wait(command);
		return false;
	}
	sleep_ms(SLOW_RUN_MS);
	return true;
}

/* What was in flight when the command ended arrives, and is counted then. */
static void check_landed(const struct zwb_snap *before)
{
	long long deadline = zwb_now() + SLOW_LAND_MS * ZWB_NS_PER_MS;
	struct zwb_snap delta;

	if (!zwb_disk_wait_for_landing())
		return;
	do {
		zwb_pause();
		zwb_since(&delta, before);
	} while (delta.total.written != -delta.stored && zwb_now() < deadline);
	ksft_print_msg("%lld pages written\n", delta.total.written);
	zwb_equal(delta.total.written, -delta.stored);
	zwb_between(delta.total.written, 1, 2 * SLOW_PAGES - 1);
	zwb_equal(delta.total.scanned, delta.total.written + zwb_count_skipped(&delta.total));
	zwb_zero(delta.total.failed);
	zwb_equal(delta.vm.zswpwb_proactive, delta.total.written);
	zwb_equal(zwb_disk_written() - delta.total.written, 1);
}

/*
 * A signal ends a command within two seconds, however slow the disk is, and
 * what was written stays written and counted.
 *
 * Turns red when a command has more in flight than the disk can take in that
 * time and waits for all of it (37 s), when it does not look for a signal while it
 * waits, or when what lands after its end is counted twice or never.
 */
static void signal_ends_a_command_on_a_slow_disk(void)
{
	struct zwb_async command;
	struct zwb_snap before;
	long long start, took;

	if (!slow_loads())
		return;
	zwb_snap(&before);
	if (!slow_command(&command))
		return;
	start = zwb_now();
	kill(command.pid, SIGUSR1);
	zwb_equal(zwb_wait(&command), -EINTR);
	took = (zwb_now() - start) / ZWB_NS_PER_MS;
	ksft_print_msg("ended %lld ms after the signal\n", took);
	zwb_between(took, 0, SLOW_END_MS);
	check_landed(&before);
}

/*
 * So does a signal that kills, and that nobody can handle.
 *
 * Turns red as above, and when the process stays until everything has landed.
 */
static void kill_ends_a_command_on_a_slow_disk(void)
{
	struct zwb_async command;
	struct zwb_snap before;
	long long start, took;

	if (!slow_loads())
		return;
	zwb_snap(&before);
	if (!slow_command(&command))
		return;
	start = zwb_now();
	kill(command.pid, SIGKILL);
	zwb_equal(zwb_wait(&command), -ESRCH);
	took = (zwb_now() - start) / ZWB_NS_PER_MS;
	ksft_print_msg("gone %lld ms after the signal\n", took);
	zwb_between(took, 0, SLOW_END_MS);
	check_landed(&before);
}

static void check_deaf_disk(const struct zwb_snap *before)
{
	long long start, took, deadline;
	struct zwb_async command;
	struct zwb_snap delta;

	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	zwb_go(&command);
	if (!zwb_disk_wait_for_flight())
		return;
	start = zwb_now();
	kill(command.pid, SIGUSR1);
	zwb_equal(zwb_wait(&command), -EINTR);
	took = (zwb_now() - start) / ZWB_NS_PER_MS;
	ksft_print_msg("ended %lld ms after the signal\n", took);
	zwb_between(took, 0, SLOW_END_MS);
	/* it is still in the air: neither written, nor gone */
	zwb_since(&delta, before);
	zwb_zero(delta.total.scanned);
	zwb_zero(delta.stored);

	zwb_disk_wait_for_landing();
	deadline = zwb_now() + SLOW_LAND_MS * ZWB_NS_PER_MS;
	do {
		zwb_pause();
		zwb_since(&delta, before);
	} while (!delta.total.written && zwb_now() < deadline);
	/* the first batch is one page */
	zwb_equal(delta.total.written, 1);
	zwb_equal(delta.total.scanned, 1);
	zwb_equal(delta.stored, -1);
	zwb_equal(delta.vm.zswpwb_proactive, 1);
}

/*
 * A disk that takes longer for a single request than a command may to end: the command
 * ends all the same, and what lands later is counted then.
 *
 * Turns red when a command waits for what it has in the air whatever happens, or when
 * what it has let go of is not counted, or lands in memory that it has freed.
 */
static void signal_ends_a_command_on_a_deaf_disk(void)
{
	static const struct zwb_disk_spec deaf = {
		.megabytes = 16,
		.latency_us = DEAF_LATENCY_US,
	};
	struct zwb_snap before;

	if (!zwb_disk_on(&deaf) || !zwb_load(NULL, ZWB_ANY_NODE, DEAF_PAGES, ZWB_TEXT))
		return;
	zwb_snap(&before);
	check_deaf_disk(&before);
}

/* Have the system freeze all tasks and go no further. */
static int freeze_tasks(long long *took)
{
	long long start;
	int err;

	*took = -1;
	if (!zwb_write_string(FREEZE_TEST, "freezer") || !zwb_write_string(FREEZE_DELAY, "1"))
		return -EIO;
	start = zwb_now();
	err = zwb_write(FREEZE_STATE, "mem", strlen("mem"));
	*took = (zwb_now() - start) / ZWB_NS_PER_MS;
	zwb_write_string(FREEZE_DELAY, "5");
	zwb_write_string(FREEZE_TEST, "none");
	return err;
}

/*
 * The system can go to sleep while a command waits for a slow disk.
 *
 * Turns red when the command cannot be frozen (then there is no sleep, but EBUSY
 * after 20 s), or when it goes on afterwards as if nothing had happened.
 */
static void tasks_freeze_while_a_command_waits(void)
{
	struct zwb_async command;
	struct zwb_snap before;
	long long took;

	if (access(FREEZE_TEST, W_OK) || access(FREEZE_DELAY, W_OK)) {
		zwb_skip("needs CONFIG_SUSPEND and CONFIG_PM_DEBUG");
		return;
	}
	if (!slow_loads())
		return;
	zwb_snap(&before);
	if (!slow_command(&command))
		return;
	zwb_zero(freeze_tasks(&took));
	ksft_print_msg("freezing, a second's sleep and thawing took %lld ms\n", took);
	zwb_between(took, 0, FREEZE_MS);
	zwb_equal(zwb_wait(&command), -EINTR);
	check_landed(&before);
}

static int compare_times(const void *left, const void *right)
{
	long long a = *(const long long *)left, b = *(const long long *)right;

	return (a > b) - (a < b);
}

/* Read a page of the disk every now and then; returns the 99th percentile in microseconds. */
static long long read_p99(struct zwb_pages *pages, const char *when, struct zwb_async *command)
{
	static long long times[READ_MAX];
	long long i, nr = 0;

	for (i = 0; i < pages->nr && nr < READ_MAX; i++) {
		long long start = zwb_now();

		__atomic_load_n(pages->mem + i * zwb_page_size, __ATOMIC_RELAXED);
		times[nr++] = zwb_now() - start;
		sleep_ms(READ_PAUSE_MS);
		/* the rest would be read without a command */
		if (command && zwb_stored() < READ_COMMAND_PAGES / 20)
			break;
	}
	qsort(times, nr, sizeof(times[0]), compare_times);
	ksft_print_msg("%s: %lld reads, median %lld us, p99 %lld us, longest %lld us\n", when, nr,
		       times[nr / 2] / 1000, times[nr * READ_PERCENTILE / 100] / 1000,
		       times[nr - 1] / 1000);
	zwb_between(nr, READ_MIN, READ_MAX);
	return times[nr * READ_PERCENTILE / 100] / 1000;
}

static void check_reads(struct zwb_pages *idle, struct zwb_pages *busy)
{
	long long idle_p99, busy_p99;
	struct zwb_async command;
	struct zwb_load *load;

	if (!zwb_pages_map(idle, ZWB_ANY_NODE, READ_PAGES) ||
	    !zwb_pages_map(busy, ZWB_ANY_NODE, READ_PAGES) ||
	    !zwb_pages_store(idle, 1) || !zwb_pages_store(busy, 2) ||
	    !zwb_write_all(2 * READ_PAGES))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, READ_COMMAND_PAGES, ZWB_TEXT);
	if (!load || !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	idle_p99 = read_p99(idle, "without a command", NULL);
	zwb_go(&command);
	if (zwb_disk_wait_for_flight()) {
		busy_p99 = read_p99(busy, "beside a command", &command);
		zwb_between(busy_p99, 0, READ_TIMES * idle_p99);
	}
	kill(command.pid, SIGUSR1);
	zwb_wait(&command);
	zwb_pages_are(idle, 1);
	zwb_pages_are(busy, 2);
}

/*
 * Who reads from the disk does not wait behind a command.
 *
 * Turns red when the queue of the disk is full of what a command writes: then
 * one read in a hundred takes 47 ms instead of 6.
 */
static void readers_do_not_wait_behind_a_command(void)
{
	static const struct zwb_disk_spec disk = {
		.megabytes = 128,
		.latency_us = READ_LATENCY_US,
		.mbps = READ_MBPS,
	};
	struct zwb_pages idle = { 0 }, busy = { 0 };

	if (zwb_disk_on(&disk) && zwb_disk_largest_request(READ_REQUEST_KB))
		check_reads(&idle, &busy);
	zwb_pages_unmap(&idle);
	zwb_pages_unmap(&busy);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(signal_ends_a_command_on_a_slow_disk),
	ZWB_TEST(kill_ends_a_command_on_a_slow_disk),
	ZWB_TEST(signal_ends_a_command_on_a_deaf_disk),
	ZWB_TEST(tasks_freeze_while_a_command_waits),
	ZWB_TEST(readers_do_not_wait_behind_a_command),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
