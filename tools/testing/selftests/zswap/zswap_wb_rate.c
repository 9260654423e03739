// SPDX-License-Identifier: GPL-2.0
/*
 * Commands with a rate, in both directions: how fast they are, and what they do while they
 * wait.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_util.h"

#define WINDOW_NS		(2 * ZWB_NS_PER_SEC)
/* two seconds begin with each look of the first six tenths of one */
#define WATCH_NS		(2600 * ZWB_NS_PER_MS)
#define MAX_SAMPLES		4096
/* a machine that is not there for a tenth of a second has had its say in one of them */
#define RATE_ROUNDS		8

#define END_MS			500
/* for a machine that is busy with something else just then */
#define FAST_SLACK_MS		500

/* so few that they are one after the other */
#define SMOOTH_PAGES_PER_SECOND	16
/* a disk that can do so many megabytes a second, and more than it can */
#define SLOW_MBPS		2
#define BEYOND			"64M"
#define BEYOND_MS		1000
#define BEYOND_PAGES		1500
#define BEYOND_PERCENT		10
/* one whose requests take longer than a batch is for, at a rate that is far from what it can */
#define LATENCY_US		35000
#define LATENCY_PAGES		1500

/* between two looks, and what may be in between two counters */
#define LOOK_NS			(10 * ZWB_NS_PER_MS)

/**
 * struct sample - how far a command had got
 * @before: time before the look
 * @after: time after it
 * @pages: written, or brought back, by then
 */
struct sample {
	long long before;
	long long after;
	long long pages;
};

static struct sample samples[MAX_SAMPLES];

/**
 * struct way - one of the two directions
 * @node: for zwb_start()
 * @counter: of pages
 * @text: of a command for all of them
 */
struct way {
	int node;
	const char *counter;
	const char *text;
};

static const struct way out = { ZWB_GLOBAL, ZWB_SYSFS "/stats/written", "age=0" };
static const struct way back = { ZWB_READBACK, ZWB_SYSFS "/stats/readback", "max=1T" };

static long long pages_moved(const struct way *way)
{
	return zwb_read_number(way->counter);
}

static void sleep_ns(long long ns)
{
	const struct timespec pause = {
		.tv_sec = ns / ZWB_NS_PER_SEC,
		.tv_nsec = ns % ZWB_NS_PER_SEC,
	};

	nanosleep(&pause, NULL);
}

/* Wait until a command has moved a page since @from. */
static bool wait_for_a_page(const struct way *way, long long from)
{
	long long deadline = zwb_now() + 10 * ZWB_NS_PER_SEC;

	while (pages_moved(way) == from) {
		if (zwb_now() > deadline) {
			zwb_late("not one page in ten seconds");
			return false;
		}
		sleep_ns(LOOK_NS);
	}
	return true;
}

/* Pages that a command can move that way. */
static bool load(const struct way *way, long long pages)
{
	return (way == &out || zwb_need_readback()) &&
	       zwb_load(NULL, ZWB_ANY_NODE, pages, ZWB_TEXT) &&
	       (way == &out || zwb_write_all(pages));
}

/* A rate with which a command waits for most of the time. */
static const char *a_page_a_second(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%ld", zwb_page_size);
	return text;
}

static bool start(struct zwb_async *command, const struct way *way, const char *rate)
{
	if (!zwb_start(command, way->node, 0, "%s rate=%s", way->text, rate))
		return false;
	zwb_go(command);
	return true;
}

/* 0 if it was at its end before. */
static int interrupt(struct zwb_async *command)
{
	kill(command->pid, SIGUSR1);
	return zwb_wait(command);
}

static void end(struct zwb_async *command)
{
	zwb_equal(interrupt(command), -EINTR);
}

static int watch(const struct way *way)
{
	long long first = pages_moved(way), until = zwb_now() + WATCH_NS;
	int nr = 0;

	while (zwb_now() < until && nr < MAX_SAMPLES) {
		struct sample *sample = &samples[nr++];

		sample->before = zwb_now();
		sample->pages = pages_moved(way) - first;
		sample->after = zwb_now();
		sleep_ns(LOOK_NS);
	}
	return nr;
}

/*
 * From each look to the first one two seconds later, the command has moved what it
 * was asked for, within 5 % and the page that is just being moved.  If it has not, that is a
 * failure in the last round.
 */
static bool check_windows(int nr, long long rate, bool last)
{
	long long low = LLONG_MAX, high = 0;
	int i, k = 0, windows = 0;
	bool good = true;

	for (i = 0; i < nr && good; i++) {
		long long least, most, bytes, want;

		while (k < nr && samples[k].before < samples[i].after + WINDOW_NS)
			k++;
		if (k == nr)
			break;
		bytes = (samples[k].pages - samples[i].pages) * zwb_page_size;
		least = rate * (samples[k].before - samples[i].after) / ZWB_NS_PER_SEC;
		most = rate * (samples[k].after - samples[i].before) / ZWB_NS_PER_SEC;
		want = rate * (samples[k].before - samples[i].before) / ZWB_NS_PER_SEC;
		/* a look that took long tells little */
		if (samples[k].after - samples[k].before > LOOK_NS ||
		    samples[i].after - samples[i].before > LOOK_NS)
			continue;
		windows++;
		if (bytes * 1000 / want < low)
			low = bytes * 1000 / want;
		if (bytes * 1000 / want > high)
			high = bytes * 1000 / want;
		least = least * 95 / 100 - zwb_page_size;
		most = most * 105 / 100 + zwb_page_size;
		good = bytes >= least && bytes <= most;
		if (last)
			zwb_between(bytes, least, most);
	}
	ksft_print_msg("rate %lld: %d windows, %lld.%lld to %lld.%lld %%\n", rate, windows,
		       low / 10, low % 10, high / 10, high % 10);
	if (!windows && last)
		zwb_late("no look was quick enough");
	return good && windows;
}

/* Returns whether there is to be no further round. */
static bool rate_round(const struct way *way, const char *rate, long long bytes, long long pages,
		       bool last)
{
	struct zwb_async command;
	bool good = true;
	long long from;
	int err;

	if (!load(way, pages))
		return true;
	from = pages_moved(way);
	if (!start(&command, way, rate))
		return true;
	if (wait_for_a_page(way, from))
		good = check_windows(watch(way), bytes, last);
	err = interrupt(&command);
	if (!err && !last) {
		/* it was at its end, and there was nothing to see: whoever looked came late */
		good = false;
	} else if (!zwb_failed() && zwb_equal(err, -EINTR)) {
		zwb_between(pages_moved(way) - from, 1, pages - 1);
	}
	zwb_loads_stop();
	return good || zwb_failed();
}

static void check_rate(const struct way *way, const char *rate, long long bytes, long long pages)
{
	int round = 1;

	while (!rate_round(way, rate, bytes, pages, round == RATE_ROUNDS))
		round++;
}

static void check_rates(const struct way *way)
{
	check_rate(way, "64K", 64 << 10, 1000);
	if (!zwb_failed())
		check_rate(way, "300000", 300000, 1000);
	if (!zwb_failed())
		check_rate(way, "4M", 4 << 20, 5600);
}

/*
 * What a command writes in any two seconds is its rate, within 5 %.
 *
 * Turns red when a rate is taken in other units, when time that is lost is lost for
 * good, or all of it is made up for at once, or when batches are as large as
 * without a rate.
 */
static void two_seconds_have_what_was_asked_for(void)
{
	check_rates(&out);
}

/* Turns red when only one of the directions has a rate. */
static void two_seconds_bring_back_what_was_asked_for(void)
{
	check_rates(&back);
}

static void check_smooth(const struct way *way)
{
	struct zwb_async command;
	long long from = pages_moved(way);
	char rate[32];
	int i, nr;

	snprintf(rate, sizeof(rate), "%ld", SMOOTH_PAGES_PER_SECOND * zwb_page_size);
	if (!start(&command, way, rate))
		return;
	if (wait_for_a_page(way, from)) {
		nr = watch(way);
		for (i = 1; i < nr; i++) {
			/* a look may have come late */
			if (samples[i].after - samples[i - 1].before < 50 * ZWB_NS_PER_MS &&
			    !zwb_between(samples[i].pages - samples[i - 1].pages, 0, 2))
				break;
		}
	}
	end(&command);
}

/*
 * Sixteen pages a second are one after the other.
 *
 * Turns red when a slow command writes, or reads, in batches, however right their sum is.
 */
static void a_slow_rate_is_smooth(void)
{
	if (load(&out, 500))
		check_smooth(&out);
	zwb_loads_stop();
	if (!zwb_failed() && load(&back, 500))
		check_smooth(&back);
}

/*
 * A rate beyond what the disk can is no limit, and neither does it keep a command from
 * its other limits.
 *
 * Turns red when a large rate overflows or makes a command wait, or when a batch has more than
 * `max` allows.
 */
static void a_fast_rate_is_no_limit(void)
{
	static const char * const rates[] = {
		"", " rate=1T", " rate=18446744073709551615", " rate=18446744073709551614",
	};
	struct zwb_snap delta;
	long long began, took, without = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		if (!zwb_load(NULL, ZWB_ANY_NODE, 3000, ZWB_TEXT))
			return;
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld%s", 1000LL * zwb_page_size,
				 rates[i]));
		zwb_equal(delta.total.written, 1000);
		began = zwb_now();
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0%s", rates[i]));
		took = (zwb_now() - began) / ZWB_NS_PER_MS;
		zwb_equal(delta.total.written, 2000);
		ksft_print_msg("2000 pages%s in %lld ms\n", rates[i], took);
		if (i)
			zwb_between(took, 0, 2 * without + FAST_SLACK_MS);
		else
			without = took;
		zwb_loads_stop();
	}
	/* 20 pages with 40 a second take half a second, but for the first ones; also in KiB */
	if (!zwb_load(NULL, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	began = zwb_now();
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld rate=%lld", 20LL * zwb_page_size,
			 40LL * zwb_page_size));
	zwb_equal(delta.total.written, 20);
	zwb_between((zwb_now() - began) / ZWB_NS_PER_MS, 400, 1500);
	began = zwb_now();
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%ldk rate=%ldk", 20 * zwb_page_size / 1024,
			 40 * zwb_page_size / 1024));
	zwb_equal(delta.total.written, 20);
	zwb_between((zwb_now() - began) / ZWB_NS_PER_MS, 400, 1500);
}

/*
 * So many pages a second the disk is given with a command, 0 if whoever looked came late, or -1
 * with a failure recorded.
 */
static long long speed(const struct way *way, const char *rate)
{
	long long from = pages_moved(way), before, after, first;
	struct zwb_async command;
	int err;

	if (!zwb_start(&command, way->node, 0, "%s%s", way->text, rate))
		return -1;
	zwb_go(&command);
	if (!wait_for_a_page(way, from))
		return -1;
	before = zwb_now();
	first = pages_moved(way);
	sleep_ns(BEYOND_MS * ZWB_NS_PER_MS);
	after = zwb_now();
	first = pages_moved(way) - first;
	err = interrupt(&command);
	if (!err)
		return 0;
	return zwb_equal(err, -EINTR) && !zwb_failed() ?
	       first * ZWB_NS_PER_SEC / (after - before) : -1;
}

/* Some rounds, because a machine is not always there to give a disk what it can do. */
static void check_beyond(const struct way *way)
{
	long long without, with, by;
	int i;

	for (i = 0; i < RATE_ROUNDS; i++) {
		if (!load(way, BEYOND_PAGES))
			return;
		without = speed(way, "");
		with = without > 0 ? speed(way, " rate=" BEYOND) : without;
		zwb_loads_stop();
		if (with < 0)
			return;
		by = without * BEYOND_PERCENT / 100;
		ksft_print_msg("%lld pages a second, with a rate beyond that %lld\n", without,
			       with);
		if (with && with >= without - by && with <= without + by)
			break;
	}
	if (!with) {
		zwb_late("commands were at their end before somebody looked");
		return;
	}
	/* else the disk was not what kept the command from being quicker */
	zwb_between(without, 1, (SLOW_MBPS << 20) / 4096 * 12 / 10);
	zwb_near(with, without, by);
}

/*
 * A disk that cannot do what was asked for does what it can.
 *
 * Turns red when a command that is always late writes less than the disk takes, because it
 * waits all the same.
 */
static void a_rate_beyond_the_disk_is_no_limit(void)
{
	/* what the disk does in a tick of its own is more than a page: else that is never done */
	static const struct zwb_disk_spec slow_disk = {
		.pages = 16384,
		.mbps = SLOW_MBPS,
	};

	if (!zwb_disk_on(&slow_disk))
		return;
	check_beyond(&out);
	if (!zwb_failed())
		check_beyond(&back);
}

/*
 * A disk that takes longer for a request than a batch is for: what was asked for is written, in
 * larger batches.
 *
 * Turns red when the time that a batch takes comes on top of what its pages take at the rate, or
 * when batches get no larger than what is due while one of them is under way.
 */
static void a_far_disk_has_what_was_asked_for(void)
{
	static const struct zwb_disk_spec far_disk = {
		.pages = 16384,
		.latency_us = LATENCY_US,
	};

	if (!zwb_disk_on(&far_disk))
		return;
	check_rate(&out, "1M", 1 << 20, LATENCY_PAGES);
	if (!zwb_failed())
		check_rate(&back, "1M", 1 << 20, LATENCY_PAGES);
}

static void check_signal(const struct way *way)
{
	long long from, first, began, took, count;
	struct zwb_async command;

	if (!load(way, 300))
		return;
	from = pages_moved(way);
	first = zwb_now();
	if (!start(&command, way, a_page_a_second()) || !wait_for_a_page(way, from))
		return;
	sleep_ns(200 * ZWB_NS_PER_MS);
	count = pages_moved(way);
	began = zwb_now();
	end(&command);
	took = (zwb_now() - began) / ZWB_NS_PER_MS;
	ksft_print_msg("ended %lld ms after the signal\n", took);
	zwb_between(took, 0, END_MS);
	/* no more; but a machine that was not there for a second has let the next one become due */
	zwb_between(pages_moved(way), count, count + (zwb_now() - first) / ZWB_NS_PER_SEC);
}

/* Turns red when a large rate overflows on the way back. */
static void a_fast_rate_brings_all_back(void)
{
	struct zwb_snap delta;

	if (!load(&back, 3000))
		return;
	zwb_readback(&delta, "max=%lld rate=1T", 1000LL * zwb_page_size);
	zwb_equal(delta.total.readback, 1000);
	zwb_readback(&delta, "max=1T rate=18446744073709551614");
	zwb_equal(delta.total.readback, 2000);
}

/*
 * A signal ends a command that waits, at once.
 *
 * Turns red when a wait can't be interrupted, or when the command moves one more
 * page after it.
 */
static void signal_ends_a_wait(void)
{
	check_signal(&out);
	zwb_loads_stop();
	if (!zwb_failed())
		check_signal(&back);
}

static void check_freezing(const struct way *way)
{
	struct zwb_async command;
	long long from, took;

	if (!load(way, 300))
		return;
	from = pages_moved(way);
	if (!start(&command, way, a_page_a_second()) || !wait_for_a_page(way, from))
		return;
	zwb_zero(zwb_suspend("freezer", 1, &took));
	zwb_between(took, 0, 6000);
	zwb_equal(zwb_wait(&command), -EINTR);
}

/*
 * The system can go to sleep while a command waits, which ends it.
 *
 * Turns red when the wait can't be frozen (EBUSY after 20 s), or when the command goes
 * on afterwards.
 */
static void tasks_freeze_while_a_command_waits(void)
{
	if (!zwb_need_suspend())
		return;
	check_freezing(&out);
	zwb_loads_stop();
	if (!zwb_failed())
		check_freezing(&back);
}

/*
 * A command that waits has nothing in hand: another one finds all pages free, and the
 * first one finds that they are gone, soon and without a wait for each.
 *
 * Turns red when pages are fetched before the wait, when the wait is in the order of the
 * selection and not of what is written, or when pages that are gone are waited for.
 */
static void a_wait_holds_nothing(void)
{
	struct zwb_async command;
	struct zwb_snap before, delta;
	long long first, began;
	int err;

	if (!zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT))
		return;
	zwb_snap(&before);
	if (!start(&command, &out, a_page_a_second()) ||
	    !wait_for_a_page(&out, before.total.written))
		return;
	sleep_ns(50 * ZWB_NS_PER_MS);
	zwb_since(&delta, &before);
	first = delta.total.written;
	zwb_zero(delta.total.skipped_gone);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	/* the first command may come to a page meanwhile */
	zwb_between(delta.total.written + first, 999, 1001);
	zwb_between(delta.total.skipped_busy, 0, 1);
	began = zwb_now();
	err = zwb_wait(&command);
	zwb_zero(err);
	zwb_between((zwb_now() - began) / ZWB_NS_PER_MS, 0, 2500);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, 1000);
	zwb_equal(delta.total.failed, 0);
}

/*
 * A dry run writes nothing, and so does not wait.
 *
 * Turns red when it takes its time, or refuses the key.
 */
static void a_dry_run_does_not_wait(void)
{
	struct zwb_answer answer;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT))
		return;
	zwb_zero(zwb_ask(&answer, "age=0 dry_run=1 rate=%s", a_page_a_second()));
	zwb_equal(answer.written, 1000);
	zwb_between(answer.elapsed_us, 0, 2000000);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(two_seconds_have_what_was_asked_for),
	ZWB_TEST(two_seconds_bring_back_what_was_asked_for),
	ZWB_TEST(a_slow_rate_is_smooth),
	ZWB_TEST(a_fast_rate_is_no_limit),
	ZWB_TEST(a_fast_rate_brings_all_back),
	ZWB_TEST(a_rate_beyond_the_disk_is_no_limit),
	ZWB_TEST(a_far_disk_has_what_was_asked_for),
	ZWB_TEST(signal_ends_a_wait),
	ZWB_TEST(tasks_freeze_while_a_command_waits),
	ZWB_TEST(a_wait_holds_nothing),
	ZWB_TEST(a_dry_run_does_not_wait),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
