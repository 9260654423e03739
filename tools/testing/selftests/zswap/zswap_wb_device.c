// SPDX-License-Identifier: GPL-2.0
/*
 * Commands on a slow disk: they can be interrupted, the system can go to sleep,
 * a cgroup can be frozen, and others who read from the disk do not wait behind them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
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

/* of each node: 16 MB, more than what a command of the first engine had in flight there */
#define SLOW_PAGES		4096
#define SLOW_END_MS		2000
#define SLOW_RUN_MS		1500
#define SLOW_LAND_MS		60000
#define SLOW_SETTLE_MS		400

/* longer than a command may take to end */
#define DEAF_LATENCY_US		3000000
#define DEAF_PAGES		64
/* long enough to look at a request that is in the air */
#define FLAGS_LATENCY_US	2000000

#define FREEZE_MS		6000

#define FROZEN_PAGES		200
/* others read what was written, and wait for what is in flight, but for no task */
#define FROZEN_OTHERS_MS	8000

/* 5,120 pages in a second: one request of 32 at a time, each of which takes that long */
#define READ_LATENCY_US		6250
#define READ_REQUEST		32
#define READ_PAGES		600
/* READ_MIN reads beside a command even where a machine is half as fast */
#define READ_COMMAND_PAGES	24000
#define READ_PAUSE_MS		2
#define READ_MIN		150
#define READ_MAX		4096
#define READ_PERCENTILE		99
#define READ_ROUNDS		3
#define READ_TIMES		3
/*
 * A read beside a command has one write before it, at best: where reads of the idle disk happen
 * to be no slower than the disk, three times that leaves hardly anything for a busy machine.
 */
#define READ_LEAST_US		(2 * READ_LATENCY_US)

/* a thousand pages in a second, and commands that may take a thirtieth of it */
#define RATE_LATENCY_US		4000
#define RATE_MBPS		4
#define RATE_REQUEST		8
#define RATE_SLOW		32
/* each for reads beside one command: of one direction, with a rate and without, and of the other */
#define RATE_READS		4
#define RATE_PAGES		160
/* more than what the disk does in the time of these reads, and what is then brought back */
#define RATE_COMMAND_PAGES	8000
#define RATE_BACK_PAGES		4000
#define RATE_ROUNDS		6
#define RATE_ROUNDS_LEAST	2
/* what reads take beside a command without a rate, of what they take beside one with it */
#define RATE_PERCENT		150

/* One request at a time, 50 in a second: 200 kB/s, if requests are of a page each. */
static const struct zwb_disk_spec slow_disk = {
	.pages = 16384,
	.latency_us = 20000,
	.depth = 1,
};

static const struct zwb_disk_spec deaf_disk = {
	.pages = 4096,
	.latency_us = DEAF_LATENCY_US,
};

/* One that does one request at a time as well */
static const struct zwb_disk_spec deaf_disk_of_one = {
	.pages = 4096,
	.latency_us = DEAF_LATENCY_US,
	.depth = 1,
};

/* A disk whose requests are of a page each. */
static bool disk_of_pages(const struct zwb_disk_spec *spec)
{
	return zwb_disk_on(spec) && zwb_disk_largest_request(1);
}

static bool slow_loads(void)
{
	int node[2];

	return zwb_need_two_nodes(&node[0], &node[1]) && disk_of_pages(&slow_disk) &&
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

/*
 * Read the counters once what the disk has done is counted: that is a moment later, and one
 * counter after the other. Until it has begun to be, they agree with one another as well: they
 * have to stay as they are.
 */
static void snap_landed(struct zwb_snap *delta, const struct zwb_snap *before)
{
	long long deadline = zwb_now() + SLOW_LAND_MS * ZWB_NS_PER_MS;
	struct zwb_snap last;

	if (!zwb_disk_wait_for_landing())
		return;
	zwb_since(delta, before);
	do {
		last = *delta;
		sleep_ms(SLOW_SETTLE_MS);
		zwb_since(delta, before);
	} while (zwb_now() < deadline &&
		 (memcmp(&last, delta, sizeof(last)) || !delta->total.written ||
		  delta->total.written != -delta->stored ||
		  delta->vm.zswpwb_proactive != delta->total.written ||
		  delta->total.scanned !=
			  delta->total.written + zwb_count_skipped(&delta->total)));
}

/* What was in flight when the command ended arrives, and is counted then. */
static void check_landed(const struct zwb_snap *before)
{
	struct zwb_snap delta = {};

	snap_landed(&delta, before);
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

/* Start a command for everything, and end it by a signal when it has been writing for @ms. */
static bool deaf_command(long long ms)
{
	struct zwb_async command;
	long long start, took;

	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return false;
	zwb_go(&command);
	if (!zwb_disk_wait_for_flight())
		return false;
	sleep_ms(ms);
	start = zwb_now();
	kill(command.pid, SIGUSR1);
	zwb_equal(zwb_wait(&command), -EINTR);
	took = (zwb_now() - start) / ZWB_NS_PER_MS;
	ksft_print_msg("ended %lld ms after the signal\n", took);
	zwb_between(took, 0, SLOW_END_MS);
	return true;
}

static void check_deaf_disk(const struct zwb_snap *before)
{
	struct zwb_snap delta;

	if (!deaf_command(0))
		return;
	/* it is still in the air: neither written, nor gone */
	zwb_since(&delta, before);
	zwb_zero(delta.total.scanned);
	zwb_zero(delta.stored);

	snap_landed(&delta, before);
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
	struct zwb_snap before;

	if (!zwb_disk_on(&deaf_disk) || !zwb_load(NULL, ZWB_ANY_NODE, DEAF_PAGES, ZWB_TEXT))
		return;
	zwb_snap(&before);
	check_deaf_disk(&before);
}

/*
 * The same when the disk is known to be like that: the third batch is on it, and a second
 * request would wait in the block layer, where no signal ends it.
 *
 * Turns red when there is more than one page in a batch for such a disk.
 */
static void signal_ends_a_command_that_knows_a_deaf_disk(void)
{
	struct zwb_snap before, delta;

	if (!disk_of_pages(&deaf_disk_of_one) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, DEAF_PAGES, ZWB_TEXT))
		return;
	zwb_snap(&before);
	if (!deaf_command(5 * DEAF_LATENCY_US / 2 / 1000))
		return;
	snap_landed(&delta, &before);
	zwb_equal(delta.total.written, 3);
}

/* Is something like that in the flags of a request that is in the air? */
static bool flags_in_flight(const char *flag)
{
	char path[ZWB_PATH_MAX], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/block/%s/hctx0/busy", zwb_disk_name());
	file = fopen(path, "r");
	if (!file) {
		zwb_skip("needs CONFIG_BLK_DEBUG_FS");
		return true;
	}
	while (fgets(line, sizeof(line), file)) {
		ksft_print_msg("%s", line);
		found = found || strstr(line, flag);
	}
	fclose(file);
	return found;
}

/*
 * What a command writes is marked as background: a disk that is told to have something else
 * first can do so.
 *
 * Turns red when requests are those of somebody who waits for them.
 */
static void writes_are_background(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = 4096,
		.latency_us = FLAGS_LATENCY_US,
	};
	struct zwb_async command;

	if (!zwb_disk_on(&disk) || !zwb_load(NULL, ZWB_ANY_NODE, 1, ZWB_TEXT) ||
	    !zwb_start_in_flight(&command))
		return;
	zwb_between(flags_in_flight("BACKGROUND"), true, true);
	zwb_land(&command);
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

	if (!zwb_need_suspend() || !slow_loads())
		return;
	zwb_snap(&before);
	if (!slow_command(&command))
		return;
	zwb_zero(zwb_suspend("freezer", 1, &took));
	ksft_print_msg("freezing, a second's sleep and thawing took %lld ms\n", took);
	zwb_between(took, 0, FREEZE_MS);
	zwb_equal(zwb_wait(&command), -EINTR);
	check_landed(&before);
}

/* Start a command from a cgroup, and return when some of what it writes is in flight. */
static bool command_from(struct zwb_async *command, const char *cgroup)
{
	if (!zwb_start(command, ZWB_GLOBAL, 0, "age=0"))
		return false;
	if (zwb_async_move(command, cgroup))
		return zwb_go_in_flight(command);
	kill(command->pid, SIGKILL);
	zwb_wait(command);
	return false;
}

static bool is_frozen(const char *cgroup)
{
	return zwb_cgroup_key(cgroup, "cgroup.events", "frozen") == 1;
}

/* Freeze a cgroup with a command in it: it is soon frozen, and nobody else waits for it. */
static void check_freeze(const char *cgroup, struct zwb_load *load)
{
	long long start = zwb_now(), took;

	if (!zwb_cgroup_set(cgroup, "cgroup.freeze", "1"))
		return;
	while (!is_frozen(cgroup) && zwb_now() - start < SLOW_LAND_MS * ZWB_NS_PER_MS)
		zwb_pause();
	took = (zwb_now() - start) / ZWB_NS_PER_MS;
	zwb_between(took, 0, SLOW_END_MS);

	/* all pages from wherever they are, and out again, be it to slots in flight */
	start = zwb_now();
	if (!zwb_load_touch(load, 0, load->pages) || !zwb_load_pageout(load))
		return;
	ksft_print_msg("frozen after %lld ms; others in and out of zswap took %lld ms\n", took,
		       (zwb_now() - start) / ZWB_NS_PER_MS);
	zwb_between((zwb_now() - start) / ZWB_NS_PER_MS, 0, FROZEN_OTHERS_MS);
	zwb_disk_wait_for_landing();
	zwb_between(is_frozen(cgroup), true, true);
	/* all of them are entries now, and no landing has taken one away */
	zwb_equal(zwb_stored(), load->pages);
}

/* The command was stopped half-way, and says so once it is let go; what it did was counted. */
static void check_frozen_command(const struct zwb_disk_spec *disk, long long pages)
{
	const char *cgroup = zwb_cgroup(NULL, "frozen"), *other = zwb_cgroup(NULL, "other");
	long long deadline, looked;
	struct zwb_snap before, delta;
	struct zwb_async command;
	struct zwb_load *load;

	if (!cgroup || !other || !disk_of_pages(disk))
		return;
	load = zwb_load(other, ZWB_ANY_NODE, pages, ZWB_TEXT);
	zwb_snap(&before);
	if (!load || !command_from(&command, cgroup))
		return;
	check_freeze(cgroup, load);
	zwb_cgroup_set(cgroup, "cgroup.freeze", "0");
	zwb_equal(zwb_wait(&command), -EINTR);

	deadline = zwb_now() + SLOW_LAND_MS * ZWB_NS_PER_MS;
	do {
		zwb_pause();
		zwb_since(&delta, &before);
		looked = delta.total.written + delta.total.skipped_gone;
	} while ((!looked || delta.total.scanned != looked + delta.total.skipped_busy) &&
		 zwb_now() < deadline);
	ksft_print_msg("%lld pages written, %lld gone\n", delta.total.written,
		       delta.total.skipped_gone);
	zwb_between(looked, 1, pages - 1);
	zwb_equal(delta.total.scanned, looked + delta.total.skipped_busy);
	zwb_zero(delta.total.failed);
	zwb_load_verify(load);
}

/*
 * cgroup.freeze of the cgroup that the command's task is in, on a slow disk: others, whose
 * pages it writes, do not wait for the task.
 *
 * Turns red when the command cannot be stopped while it waits for the disk, when
 * something that others wait for needs its task, or when the command, once it goes on,
 * does not say that it was stopped.
 */
static void command_is_frozen_on_a_slow_disk(void)
{
	check_frozen_command(&slow_disk, FROZEN_PAGES);
}

/*
 * Read a page of the disk every now and then; returns the 99th percentile in microseconds, or
 * LLONG_MAX if too few were read to say so.
 */
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
		if (command && zwb_async_done(command, 0))
			break;
	}
	zwb_sort_numbers(times, nr);
	ksft_print_msg("%s: %lld reads, median %lld us, p99 %lld us, longest %lld us\n", when, nr,
		       times[nr / 2] / 1000, times[nr * READ_PERCENTILE / 100] / 1000,
		       times[nr - 1] / 1000);
	return nr < READ_MIN ? LLONG_MAX : times[nr * READ_PERCENTILE / 100] / 1000;
}

/* The same beside a command of that file, -1 if there is none. */
static long long read_p99_beside(struct zwb_pages *pages, int node, const char *text)
{
	long long p99 = -1, signalled;
	struct zwb_async command;
	bool flies;

	if (!zwb_start(&command, node, 0, "%s", text))
		return -1;
	zwb_go(&command);
	flies = node == ZWB_READBACK ? zwb_disk_wait_for_reads() : zwb_disk_wait_for_flight();
	if (flies)
		p99 = read_p99(pages, text, &command);
	signalled = zwb_now();
	kill(command.pid, SIGUSR1);
	zwb_wait(&command);
	zwb_wait_for_what_is_left(signalled);
	return p99;
}

/* Have pages on the disk, for reads of one round, when nothing is left of the round before. */
static bool pages_on_disk(struct zwb_pages *pages, long long nr, unsigned int version)
{
	long long deadline = zwb_now() + SLOW_LAND_MS * ZWB_NS_PER_MS;

	while (zwb_stored() && zwb_now() < deadline)
		zwb_pause();
	return zwb_pages_map(pages, ZWB_ANY_NODE, nr) && zwb_pages_store(pages, version) &&
	       zwb_write_all(nr);
}

/* Of some rounds the best one: what else the machine does makes no read faster. */
static void check_reads(struct zwb_pages *idle, struct zwb_pages *busy)
{
	long long p99, limit, best = LLONG_MAX;
	struct zwb_load *load;
	int i, rounds;

	if (!pages_on_disk(idle, READ_PAGES, 0))
		return;
	limit = read_p99(idle, "without a command", NULL);
	if (limit < READ_LEAST_US)
		limit = READ_LEAST_US;
	limit *= READ_TIMES;
	for (rounds = 0; rounds < READ_ROUNDS && best > limit; rounds++) {
		if (!pages_on_disk(&busy[rounds], READ_PAGES, rounds + 1))
			return;
		load = zwb_load(NULL, ZWB_ANY_NODE, READ_COMMAND_PAGES, ZWB_TEXT);
		if (!load)
			return;
		p99 = read_p99_beside(&busy[rounds], ZWB_GLOBAL, "age=0");
		if (p99 < best)
			best = p99;
		zwb_load_stop(load);
	}
	zwb_between(best, 0, limit);
	zwb_disk_whole_requests();
	zwb_pages_are(idle, 0);
	for (i = 0; i < rounds; i++)
		zwb_pages_are(&busy[i], i + 1);
}

/*
 * Who reads from the disk does not wait behind a command: of a hundred reads one takes three
 * times as long as without, at most.
 *
 * Turns red when the queue of the disk is full of what a command writes: one in a hundred took
 * 47 ms with the first engine, and 6.3 without a command.
 */
static void readers_do_not_wait_behind_a_command(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = 32768,
		.latency_us = READ_LATENCY_US,
		.depth = 1,
	};
	struct zwb_pages idle = { 0 }, busy[READ_ROUNDS] = { { 0 } };
	int i;

	if (zwb_disk_on(&disk) && zwb_disk_largest_request(READ_REQUEST) && zwb_disk_schedule())
		check_reads(&idle, busy);
	zwb_pages_unmap(&idle);
	for (i = 0; i < READ_ROUNDS; i++)
		zwb_pages_unmap(&busy[i]);
}

/**
 * struct spared - what reads took at best, 99 of 100, beside commands of one direction
 * @with: in microseconds, beside one with a rate
 * @without: and beside one without
 */
struct spared {
	long long with;
	long long without;
};

static bool are_spared(const struct spared *spared)
{
	/* of too few reads nothing is known */
	return spared->without < LLONG_MAX &&
	       spared->with <= spared->without / RATE_PERCENT * 100;
}

static void read_beside(struct spared *spared, struct zwb_pages *pages, int node,
			const char *text)
{
	char slow[128];
	long long p99;

	snprintf(slow, sizeof(slow), "%s rate=%lld", text, RATE_SLOW * (long long)zwb_page_size);
	p99 = read_p99_beside(&pages[0], node, slow);
	if (p99 < spared->with)
		spared->with = p99;
	p99 = read_p99_beside(&pages[1], node, text);
	if (p99 < spared->without)
		spared->without = p99;
}

/* Pages that a command writes, and those that another one brings back then; with their reads. */
static bool rate_round(struct zwb_pages *pages, const char *cgroup, struct spared *out,
		       struct spared *back)
{
	long long on_disk = zwb_read_number(ZWB_SYSFS "/stats/on_disk"), left;
	struct zwb_load *load;
	char text[64];

	load = zwb_load(cgroup, ZWB_ANY_NODE, RATE_COMMAND_PAGES, ZWB_TEXT);
	if (!load)
		return false;
	read_beside(out, pages, ZWB_GLOBAL, "age=0");
	/* of what was on the disk before, all that was read is gone */
	on_disk -= 2 * RATE_PAGES;
	left = RATE_BACK_PAGES + on_disk - zwb_read_number(ZWB_SYSFS "/stats/on_disk");
	if (left > 0 && !zwb_write_pages(left))
		return false;
	snprintf(text, sizeof(text), "cgroup=%llu", zwb_cgroup_id(cgroup));
	read_beside(back, pages + 2, ZWB_READBACK, text);
	zwb_load_stop(load);
	return !zwb_failed();
}

/*
 * Of some rounds the best one of each: what else the machine does makes no read faster.  Nor is
 * one round enough, in which it may have been in the way of the reads without a rate only.
 */
static void check_rate(struct zwb_pages *pages)
{
	struct spared out = { LLONG_MAX, LLONG_MAX }, back = { LLONG_MAX, LLONG_MAX };
	const char *cgroup = zwb_cgroup(NULL, "rate");
	int i, rounds;

	for (rounds = 0; cgroup && rounds < RATE_ROUNDS; rounds++) {
		if (rounds >= RATE_ROUNDS_LEAST && are_spared(&out) && are_spared(&back))
			break;
		for (i = RATE_READS * rounds; i < RATE_READS * (rounds + 1); i++) {
			if (!pages_on_disk(&pages[i], RATE_PAGES, i))
				return;
		}
		if (!rate_round(&pages[RATE_READS * rounds], cgroup, &out, &back))
			return;
	}
	if (out.without == LLONG_MAX || back.without == LLONG_MAX)
		zwb_late("too few reads beside a command without a rate");
	zwb_between(out.with, 0, out.without / RATE_PERCENT * 100);
	zwb_between(back.with, 0, back.without / RATE_PERCENT * 100);
	zwb_disk_whole_requests();
	for (i = 0; i < RATE_READS * rounds; i++)
		zwb_pages_are(&pages[i], i);
}

/*
 * Who reads from a disk that has enough to do with a command's pages waits less beside
 * one with a rate: what it is for, in both directions.
 *
 * Turns red when a rate is an average only, and pages are written, or brought back, as fast as
 * the disk can while they are: then both have the same 99th percentile, where the one with a
 * rate has two thirds of the other's at most.
 */
static void rate_spares_who_reads(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = 32768,
		.latency_us = RATE_LATENCY_US,
		.mbps = RATE_MBPS,
	};
	struct zwb_pages pages[RATE_READS * RATE_ROUNDS] = { { 0 } };
	cpu_set_t all;
	int i;

	/*
	 * One CPU, for the commands as well: two that find the timer of null_blk's limit idle at
	 * the same time start it twice, and the kernel warns.
	 */
	if (zwb_need_readback() && zwb_disk_on(&disk) &&
	    zwb_disk_largest_request(RATE_REQUEST) &&
	    zwb_zero(sched_getaffinity(0, sizeof(all), &all))) {
		if (zwb_run_on_cpu(0, 0))
			check_rate(pages);
		sched_setaffinity(0, sizeof(all), &all);
	}
	for (i = 0; i < RATE_READS * RATE_ROUNDS; i++)
		zwb_pages_unmap(&pages[i]);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(signal_ends_a_command_on_a_slow_disk),
	ZWB_TEST(kill_ends_a_command_on_a_slow_disk),
	ZWB_TEST(signal_ends_a_command_on_a_deaf_disk),
	ZWB_TEST(signal_ends_a_command_that_knows_a_deaf_disk),
	ZWB_TEST(writes_are_background),
	ZWB_TEST(tasks_freeze_while_a_command_waits),
	ZWB_TEST(command_is_frozen_on_a_slow_disk),
	ZWB_TEST(readers_do_not_wait_behind_a_command),
	ZWB_TEST(rate_spares_who_reads),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
