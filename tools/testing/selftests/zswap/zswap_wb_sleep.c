// SPDX-License-Identifier: GPL-2.0
/*
 * Ages are time awake: what the system sleeps through makes nothing cold, and neither
 * does who sets the date.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"

#define SLEEP_MODE		"/sys/power/mem_sleep"
#define SLEEP_SECONDS		6
/* whole seconds: of the clock that the machine has while it sleeps, and of ages */
#define SLEEP_SLACK		2
#define SLEEP_PAGES		1000
#define CLOCK_YEAR		(366LL * 24 * 60 * 60)
#define SLEEP_EDGES		"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"

/* Seconds that the machine has slept since it was booted. */
static double slept_since_boot(void)
{
	struct timespec boot, awake;

	clock_gettime(CLOCK_MONOTONIC, &awake);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return boot.tv_sec - awake.tv_sec + (boot.tv_nsec - awake.tv_nsec) / 1e9;
}

static bool need_sleep(void)
{
	char modes[128] = "";
	FILE *file;

	file = fopen(SLEEP_MODE, "r");
	if (file && !fgets(modes, sizeof(modes), file))
		modes[0] = '\0';
	if (file)
		fclose(file);
	if (strstr(modes, "deep"))
		return zwb_need_suspend();
	zwb_skip("needs CONFIG_SUSPEND and a platform with suspend to RAM");
	return false;
}

/*
 * Sleep for some seconds: all devices, all CPUs but one and the clocks are stopped,
 * and only the last step, which needs firmware that wakes the machine, is left out.
 */
static bool sleep_for_some_seconds(double *slept)
{
	double before = slept_since_boot();
	long long took;
	bool good;

	good = zwb_write_string(SLEEP_MODE, "deep") &&
	       zwb_zero(zwb_suspend("core", SLEEP_SECONDS, &took));
	*slept = slept_since_boot() - before;
	return good;
}

/* The ages of the youngest and of the oldest page, in seconds. */
static bool read_ages(long long *youngest, long long *oldest)
{
	struct zwb_table table;
	long long pages = 0;
	int i;

	if (!zwb_table_read(ZWB_GLOBAL, &table))
		return false;
	*youngest = -1;
	*oldest = -1;
	for (i = 0; i < table.nr; i++) {
		if (!table.row[i].pages)
			continue;
		pages += table.row[i].pages;
		if (*youngest < 0)
			*youngest = table.row[i].min_age;
		*oldest = table.row[i].min_age;
	}
	return zwb_equal(pages, SLEEP_PAGES);
}

/*
 * Whatever happened meanwhile: no page is older than the time awake since the first was
 * stored, they did grow old, and a command sees the same.
 */
static bool check_grown(const struct zwb_load *load, const char *what, long long young_before,
			long long *old)
{
	long long young, awake, old_before = *old;
	struct zwb_snap delta;

	if (!read_ages(&young, old))
		return false;
	awake = (zwb_now() - load->first_ns) / ZWB_NS_PER_SEC;
	ksft_print_msg("%s: ages %lld to %lld s, then %lld to %lld s, awake %lld s\n", what,
		       young_before, old_before, young, *old, awake);
	zwb_between(*old, old_before, awake);
	zwb_between(young, young_before, awake);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=%lld", awake + SLEEP_SLACK), -EAGAIN);
	if (!zwb_still_younger(load, awake + SLEEP_SLACK))
		return false;
	zwb_equal(delta.total.skipped_young, load->pages);
	return !zwb_failed();
}

/* And they go on to do so. */
static void check_growing(const struct zwb_load *load, long long old)
{
	struct zwb_snap delta;

	zwb_wait_age(load, old + 1);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=%lld", old + 1));
	zwb_equal(delta.total.written, load->pages);
}

static void check_sleep(const struct zwb_load *load)
{
	long long young, old;
	double slept;

	if (!read_ages(&young, &old) || !sleep_for_some_seconds(&slept))
		return;
	ksft_print_msg("slept %.1f s\n", slept);
	if (slept <= SLEEP_SLACK)
		zwb_skip("the machine does not know that it slept");
	else if (check_grown(load, "asleep", young, &old))
		check_growing(load, old);
}

static void with_load(void (*check)(const struct zwb_load *load))
{
	struct zwb_load *load;

	if (!zwb_need_tables() || !zwb_edges_write(SLEEP_EDGES))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, SLEEP_PAGES, ZWB_TEXT);
	if (load)
		check(load);
	zwb_edges_restore();
}

/*
 * The time that the machine slept does not count, in tables and for commands, and
 * ages go on from where they were.
 *
 * Turns red when ages are taken from a clock that runs on: then all that is in
 * zswap is cold in the morning.
 */
static void sleep_makes_nothing_cold(void)
{
	if (need_sleep())
		with_load(check_sleep);
}

/* CLOCK_REALTIME in nanoseconds, but for what has passed on zwb_now() since boot. */
static long long date_of_boot(void)
{
	struct timespec date;

	clock_gettime(CLOCK_REALTIME, &date);
	return date.tv_sec * ZWB_NS_PER_SEC + date.tv_nsec - zwb_now();
}

static bool set_date(long long boot)
{
	long long now = boot + zwb_now();
	const struct timespec date = {
		.tv_sec = now / ZWB_NS_PER_SEC,
		.tv_nsec = now % ZWB_NS_PER_SEC,
	};

	return zwb_zero(clock_settime(CLOCK_REALTIME, &date));
}

static void check_dates(const struct zwb_load *load)
{
	long long young, old, boot = date_of_boot();
	bool good;

	/* it is seen whether they get younger */
	zwb_wait_age(load, SLEEP_SLACK);
	good = read_ages(&young, &old) && set_date(boot + CLOCK_YEAR * ZWB_NS_PER_SEC) &&
	       check_grown(load, "a year later", young, &old) &&
	       set_date(boot - CLOCK_YEAR * ZWB_NS_PER_SEC) &&
	       check_grown(load, "a year earlier", young, &old);
	if (good)
		check_growing(load, old);
	set_date(boot);
}

/*
 * Nor does a date count that somebody sets, be it later or earlier.
 *
 * Turns red when ages are taken from the clock that tells the date.
 */
static void dates_make_nothing_cold(void)
{
	with_load(check_dates);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(sleep_makes_nothing_cold),
	ZWB_TEST(dates_make_nothing_cold),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
