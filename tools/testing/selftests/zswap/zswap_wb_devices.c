// SPDX-License-Identifier: GPL-2.0
/*
 * More than one swap device, one that discards what is free, and a pool that is too
 * small for what is to go into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define TWO_PAGES		2000
#define TWO_SMALL		1000
/* a little more than half of the pages: a cluster of slots more or less */
#define TWO_EQUAL		1600

/* the first device, of which one page is used; and for how long it does not answer */
#define DEAF_MEGABYTES		16
#define DEAF_SECONDS		10

#define DISCARD_PAGES		1100
#define DISCARD_REWRITTEN	200
#define DISCARD_ROUNDS		2
#define DISCARD_SWAP_PAGES	2048

#define POOL_LOADS		2
#define POOL_PAGES		1000
#define POOL_ROUNDS		2
#define POOL_COMMANDS		8
#define POOL_STEP		8
/* of the pool, what nobody may write: the loads have to get along with the rest */
#define POOL_BALLAST_PERCENT	95

/* --- two devices --- */

/* The line of a device in /proc/swaps, and how many pages of a load it has. */
struct swap_line {
	char path[ZWB_PATH_MAX];
	long long pages;
	long long used;
	int priority;
};

/*
 * Count a load's pages on each of two devices, which are in the order of /proc/swaps: what
 * that says of them may have slots that are ready for pages to come, too.
 */
static bool count_two(const struct zwb_load *load, struct swap_line two[2])
{
	static unsigned long long slots[TWO_PAGES];
	unsigned long long first = ~0ULL;
	long long i;

	if (!zwb_load_slots(load, slots))
		return false;
	for (i = 0; i < load->pages; i++) {
		if (ZWB_SLOT_TYPE(slots[i]) < first)
			first = ZWB_SLOT_TYPE(slots[i]);
	}
	two[0].used = 0;
	for (i = 0; i < load->pages; i++)
		two[0].used += ZWB_SLOT_TYPE(slots[i]) == first;
	two[1].used = load->pages - two[0].used;
	return zwb_between(two[1].used, 1, load->pages);
}

/* Both devices, the one with the higher priority or that was there first before the other. */
static bool read_two(const struct zwb_load *load, struct swap_line two[2])
{
	FILE *file = fopen("/proc/swaps", "r");
	struct swap_line found, swap;
	char line[1024];
	long long used = 0;
	int nr = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%511s %*s %lld %lld %d", found.path, &found.pages, &found.used,
			   &found.priority) != 4)
			continue;
		used += found.used * 1024 / zwb_page_size;
		found.pages = found.pages * 1024 / zwb_page_size;
		if (nr < 2)
			two[nr] = found;
		nr++;
	}
	if (file)
		fclose(file);
	/* where CPUs have no slots ready, all that is used is the load's */
	if (zwb_has_incompressible())
		zwb_equal(used, load->pages);
	if (!zwb_equal(nr, 2) || !count_two(load, two))
		return false;
	if (two[1].priority > two[0].priority) {
		swap = two[0];
		two[0] = two[1];
		two[1] = swap;
	}
	return true;
}

/* Sectors that the device has been given to write, or -1 with a failure recorded. */
static long long sectors_written(const char *path)
{
	const char *slash = strrchr(path, '/');

	return zwb_disk_number(slash ? slash + 1 : path, ZWB_DISK_SECTORS_WRITTEN);
}

/*
 * Pages of one load are on both devices; one command writes all of them, each to its
 * own. Says in @two how it was before the command.
 */
static struct zwb_load *write_to_two(struct swap_line two[2])
{
	long long before[2];
	struct zwb_load *load;
	int i;

	load = zwb_load(NULL, ZWB_ANY_NODE, TWO_PAGES, ZWB_TEXT);
	if (!load || !read_two(load, two))
		return NULL;
	for (i = 0; i < 2; i++) {
		ksft_print_msg("%s, priority %d: %lld of %lld pages\n", two[i].path,
			       two[i].priority, two[i].used, two[i].pages);
		before[i] = sectors_written(two[i].path);
	}
	if (!zwb_write_all(load->pages))
		return NULL;
	for (i = 0; i < 2; i++)
		zwb_sectors_are_pages(sectors_written(two[i].path) - before[i], two[i].used);
	return load;
}

static const struct zwb_disk_spec plain = { .pages = 16384 };

/*
 * Of two devices of the same priority each gets about half.
 *
 * Turns red when a batch with pages of both goes to one of them, or when what was
 * learned of one device is taken for the other, and pages are left out.
 */
static void equal_priority(void)
{
	struct swap_line two[2];
	struct zwb_load *load;
	int i;

	if (!zwb_need_small_swap() || !zwb_disk_on(&plain) || !zwb_small_swap_on(TWO_PAGES))
		return;
	load = write_to_two(two);
	if (!load)
		return;
	zwb_equal(two[0].priority, two[1].priority);
	for (i = 0; i < 2; i++)
		zwb_between(two[i].used, TWO_PAGES - TWO_EQUAL, TWO_EQUAL);
	zwb_expect_read(load, load->pages, 0);
}

/*
 * The one of higher priority is filled first.
 *
 * Turns red as above; the batches of the two devices differ in size here, and the
 * second one begins in the middle of a window.
 */
static void different_priority(void)
{
	struct swap_line two[2];
	struct zwb_load *load;

	if (!zwb_need_small_swap() || !zwb_small_swap_on(TWO_SMALL))
		return;
	/* so that nobody has slots of the disk set aside */
	if (!zwb_swap_disk(false) || !zwb_swap_disk(true))
		return;
	load = write_to_two(two);
	if (!load)
		return;
	zwb_between(two[0].priority, two[1].priority + 1, INT_MAX);
	zwb_equal(two[0].used, two[0].pages);
	zwb_expect_read(load, load->pages, 0);
}

/* One of two devices goes, with all that is on it or in flight to it; the other goes on. */
static void check_swapoff(int which)
{
	struct zwb_snap before, delta;
	struct zwb_async command;
	struct swap_line two[2];
	struct zwb_load *load;
	long long stays;
	int err;

	load = zwb_load(NULL, ZWB_ANY_NODE, TWO_PAGES, ZWB_TEXT);
	if (!load || !read_two(load, two) || !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	stays = two[!which].used;
	zwb_between(stays, 1, TWO_PAGES - 1);
	zwb_snap(&before);
	zwb_go(&command);
	zwb_wait_for_writeback(before.vm.zswpwb);
	if (swapoff(two[which].path))
		zwb_fail("swapoff %s: %s", two[which].path, strerror(errno));
	err = zwb_wait(&command);
	zwb_since(&delta, &before);
	ksft_print_msg("%s went: %lld pages written meanwhile, %lld stay on the other\n",
		       two[which].path, delta.total.written, stays);
	zwb_zero(err);
	zwb_zero(delta.total.failed);
	zwb_equal(delta.total.scanned, delta.total.written + zwb_count_skipped(&delta.total));
	/* to the end of the device that stays, whatever became of the other */
	zwb_between(delta.total.written, stays, TWO_PAGES);
	zwb_zero(zwb_stored());
	zwb_equal(delta.total.on_disk, stays);
	if (swapon(two[which].path, SWAP_FLAG_PREFER | two[which].priority))
		zwb_fail("swapon %s: %s", two[which].path, strerror(errno));
	zwb_expect_read(load, stays, 0);
	zwb_load_stop(load);
}

/*
 * Turns red when a command ends, or waits, because one of the devices is being taken
 * out of use, when it gives up the other one with it, or when a page of the one that
 * goes is lost on its way.
 */
static void one_of_two_goes(void)
{
	static const struct zwb_disk_spec slow = {
		.pages = 16384,
		.latency_us = 5000,
		.depth = 2,
	};

	if (!zwb_need_small_swap() || !zwb_disk_on(&slow) || !zwb_small_swap_on(TWO_PAGES))
		return;
	check_swapoff(0);
	if (!zwb_failed())
		check_swapoff(1);
}

/* Is it the device of that name, or path? */
static bool is_device(const struct swap_line *line, const char *name)
{
	size_t length = strlen(line->path), end = strlen(name);

	return length >= end && !strcmp(line->path + length - end, name);
}

/*
 * The device of that name or path fails all writes from now on, which @fail does, and the
 * other one none. Says how many pages @stay in zswap.
 */
static struct zwb_load *check_one_fails(const char *name, bool (*fail)(void), long long *stay)
{
	struct swap_line two[2];
	struct zwb_snap delta;
	struct zwb_load *load;
	int bad;

	load = zwb_load(NULL, ZWB_ANY_NODE, TWO_PAGES, ZWB_TEXT);
	if (!load || !read_two(load, two) || !fail())
		return NULL;
	bad = is_device(&two[1], name);
	*stay = two[bad].used;
	zwb_between(*stay, TWO_PAGES - TWO_EQUAL, TWO_EQUAL);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	ksft_print_msg("%s fails: %lld pages stay, %lld written\n", two[bad].path, *stay,
		       delta.total.written);
	zwb_equal(delta.total.written, two[!bad].used);
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	zwb_equal(zwb_stored(), *stay);
	/* it is tried again, and what is on the other one does not make that a success */
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	zwb_equal(delta.total.scanned, delta.total.failed);
	zwb_equal(zwb_stored(), *stay);
	return load;
}

static bool fail_writes(void)
{
	return zwb_disk_fail_writes(true);
}

/*
 * One of two devices fails all writes: it is left alone, and all that is on the other one is
 * written; be that the one that a command comes to first or last.
 *
 * Turns red when a device that fails ends the command, or takes the other one with it, or when
 * what was learned of the one that works lets a command go on with the other.
 */
static void one_of_two_fails(void)
{
	static const struct zwb_disk_spec broken = { .pages = 16384, .badblocks = true };
	struct zwb_load *load;
	struct zwb_snap delta;
	long long stay;

	if (!zwb_need_small_swap() || !zwb_disk_on(&broken) || !zwb_small_swap_on(TWO_PAGES))
		return;
	load = check_one_fails(zwb_disk_name(), fail_writes, &stay);
	if (!load || !zwb_disk_fail_writes(false))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, stay);
	zwb_expect_read(load, TWO_PAGES, 0);
	zwb_load_stop(load);

	/* this one does not work any more: what stays is read from zswap */
	load = zwb_failed() ? NULL :
	       check_one_fails(zwb_small_swap_path(), zwb_small_swap_seal, &stay);
	if (load)
		zwb_expect_read(load, TWO_PAGES - stay, stay);
}

static void check_other_goes(struct zwb_async *command, const char *path)
{
	long long begin;
	pid_t release = zwb_mapped_hold_for(DEAF_SECONDS);

	if (release < 0)
		return;
	zwb_go(command);
	begin = zwb_now();
	if (zwb_wait_until_it_waits(command, ZWB_WAIT_MS) && swapoff(path))
		zwb_fail("swapoff %s: %s", path, strerror(errno));
	ksft_print_msg("gone after %lld ms\n", (zwb_now() - begin) / ZWB_NS_PER_MS);
	zwb_between((zwb_now() - begin) / ZWB_NS_PER_MS, 0, DEAF_SECONDS * 1000 / 2);
	zwb_mapped_let_go(release);
}

static void check_deaf_one(void)
{
	struct zwb_async command;
	struct swap_line two[2];
	struct zwb_snap before, delta;
	struct zwb_load *load;

	/* the command comes to the deaf one first, whose only page is the last of the load */
	load = zwb_load(NULL, ZWB_ANY_NODE, TWO_SMALL + 1, ZWB_TEXT);
	if (!load || !read_two(load, two) || !zwb_equal(two[1].used, 1) ||
	    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	zwb_snap(&before);
	check_other_goes(&command, zwb_small_swap_path());
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	/* it is the only one that is left */
	zwb_equal(delta.total.written, 1);
	if (swapon(two[0].path, 0))
		zwb_fail("swapon %s: %s", two[0].path, strerror(errno));
	zwb_expect_read(load, 1, 0);
	zwb_load_stop(load);
}

/*
 * One of two devices does not answer, and a command waits for it: the other one can go.
 *
 * Turns red when a command keeps a device in use, for pages that it has fetched, while it waits
 * for another one.
 */
static void deaf_one_does_not_keep_the_other(void)
{
	if (zwb_need_small_swap() && zwb_mapped_on("linear", "", DEAF_MEGABYTES) &&
	    zwb_small_swap_on(TWO_SMALL)) {
		/* so that it is filled last, and has the lower number all the same */
		if (swapoff(zwb_mapped_path()) || swapon(zwb_mapped_path(), 0))
			zwb_fail("%s off and on: %s", zwb_mapped_path(), strerror(errno));
		else
			check_deaf_one();
	}
	zwb_mapped_off();
}

/* --- discard --- */

/* Discards that the disk was asked for, or -1 with a failure recorded. */
static long long discards(void)
{
	return zwb_disk_number(zwb_disk_name(), ZWB_DISK_DISCARDS);
}

/*
 * While pages are in flight most of them are freed, and with them the clusters of slots
 * that they are in; a few are rewritten in their own slots.  What comes next needs the
 * slots that are discarded now, and goes to zswap, or past it straight to the disk.
 */
static void check_discard(struct zwb_pages *kept, struct zwb_pages *freed,
			  struct zwb_pages *next, unsigned int version, bool past_zswap)
{
	struct zwb_async command;

	if (!zwb_pages_map(freed, ZWB_ANY_NODE, DISCARD_PAGES) ||
	    !zwb_pages_map(next, ZWB_ANY_NODE, DISCARD_PAGES) ||
	    !zwb_pages_store(freed, version) || !zwb_pages_store(kept, version) ||
	    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	zwb_go(&command);
	zwb_disk_wait_for_flight();
	zwb_pages_unmap(freed);
	zwb_pages_read(kept);
	zwb_pages_fill(kept, version + 1);
	zwb_pages_fill(next, version + 2);
	zwb_param_set("enabled", past_zswap ? "N" : "Y");
	zwb_pages_out(next);
	zwb_pages_out(kept);
	zwb_land_all(&command);
	zwb_pages_are(kept, version + 1);
	zwb_pages_are(next, version + 2);
	zwb_param_set("enabled", "Y");
}

static void check_discards(struct zwb_pages *kept)
{
	struct zwb_pages freed = { 0 }, next = { 0 };
	long long before = discards();
	int i;

	if (!zwb_pages_map(kept, ZWB_ANY_NODE, DISCARD_REWRITTEN))
		return;
	for (i = 0; i < DISCARD_ROUNDS && !zwb_failed(); i++) {
		check_discard(kept, &freed, &next, 1 + 3 * i, i % 2);
		zwb_pages_unmap(&freed);
		zwb_pages_unmap(&next);
	}
	ksft_print_msg("%lld discards\n", discards() - before);
	zwb_between(discards() - before, DISCARD_ROUNDS, LLONG_MAX);
}

/*
 * A device that forgets what is in slots that are free: null_blk gives zeroes for
 * what it was told to discard.
 *
 * Turns red when a page is written before the discard of its slot is done, and so
 * lost, or when what lands late hides it.
 */
static void freed_slots_are_discarded(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = DISCARD_SWAP_PAGES,
		.latency_us = 10000,
		.depth = 2,
		.discard = true,
		.sectors = true,
	};
	struct zwb_pages kept = { 0 };
	cpu_set_t all;

	/* what was faulted on another CPU may wait there, and not be paged out */
	if (!zwb_zero(sched_getaffinity(0, sizeof(all), &all)) || !zwb_run_on_cpu(0, 0))
		return;
	zwb_allow_other_swapout();
	if (zwb_disk_on(&disk) && zwb_disk_largest_request(16))
		check_discards(&kept);
	zwb_pages_unmap(&kept);
	sched_setaffinity(0, sizeof(all), &all);
}

/* --- a pool that is too small --- */

static const char * const compressors[] = { "lzo", "lz4", "zstd", "deflate" };

/* Those that this kernel has, or skip the test. */
static bool need_compressors(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(compressors); i++) {
		if (zwb_write(ZWB_PARAMS "/compressor", compressors[i], strlen(compressors[i]))) {
			zwb_skip("needs CONFIG_CRYPTO_LZO, _LZ4, _ZSTD and _DEFLATE");
			return false;
		}
	}
	return true;
}

static bool busy(struct zwb_load * const *load)
{
	int i;

	for (i = 0; i < POOL_LOADS; i++) {
		if (zwb_load_busy(load[i]))
			return true;
	}
	return false;
}

/* Commands, and after each another compressor, while loads store more than there is room for. */
static void run_in_small_pool(struct zwb_load * const *load)
{
	long long hits = zwb_read_number(ZWB_DEBUGFS "/pool_limit_hit");
	struct zwb_snap before, delta;
	int i, err, commands = 0;

	zwb_snap(&before);
	for (i = 0; i < POOL_LOADS; i++) {
		if (!zwb_load_churn(load[i], POOL_ROUNDS))
			return;
	}
	do {
		zwb_param_set("compressor", compressors[commands % ARRAY_SIZE(compressors)]);
		/* little at a time, or the pool would never be full */
		err = zwb_run(NULL, ZWB_GLOBAL, "max=%lld", POOL_STEP * zwb_page_size);
		if (err && err != -EAGAIN)
			zwb_zero(err);
		commands++;
	} while ((busy(load) || commands < POOL_COMMANDS) && !zwb_failed());
	for (i = 0; i < POOL_LOADS; i++)
		zwb_load_finish(load[i]);
	zwb_since(&delta, &before);
	hits = zwb_read_number(ZWB_DEBUGFS "/pool_limit_hit") - hits;
	ksft_print_msg("%d commands wrote %lld pages, the shrinker %lld; %lld times at the limit\n",
		       commands, delta.total.written, delta.vm.zswpwb - delta.total.written, hits);
	zwb_zero(delta.total.failed);
	/* else this tested nothing */
	zwb_between(delta.total.written, 1, LLONG_MAX);
	if (!hits)
		zwb_late("the pool was never full: the stores were too slow for the commands");
}

static void check_small_pool(long long limit)
{
	const char *cgroup = zwb_cgroup(NULL, "ballast");
	struct zwb_load *load[POOL_LOADS], *ballast;
	long long deadline;
	int i;

	ballast = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, limit * POOL_BALLAST_PERCENT / 100,
				    ZWB_NOISE) : NULL;
	if (!ballast || !zwb_cgroup_set(cgroup, "memory.zswap.writeback", "0"))
		return;
	for (i = 0; i < POOL_LOADS; i++) {
		load[i] = zwb_load(NULL, ZWB_ANY_NODE, POOL_PAGES, ZWB_TEXT);
		if (!load[i])
			return;
	}
	/* stores go on as soon as there is room, however little */
	if (zwb_setting(ZWB_PARAMS "/accept_threshold_percent", "100") &&
	    zwb_param_set("max_pool_percent", "1"))
		run_in_small_pool(load);
	zwb_loads_verify();
	zwb_loads_stop();
	/* the pools of all compressors have nothing left */
	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	while (zwb_stored() && zwb_now() < deadline)
		zwb_pause();
	zwb_zero(zwb_stored());
}

/*
 * In a pool of one percent of memory stores are refused and the shrinker writes all
 * the time; the compressor changes with every command.
 *
 * Turns red when a page is decompressed with another compressor than it was
 * compressed with, when what went past zswap to the disk is hidden by an
 * entry that was in flight, or when an entry stays in a pool that nobody uses any more.
 */
static void small_pool_with_other_compressors(void)
{
	long long limit;
	char old[64];

	if (!zwb_need_one_percent(&limit) || !zwb_param_get("compressor", old, sizeof(old)))
		return;
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	if (need_compressors())
		check_small_pool(limit);
	zwb_param_set("compressor", old);
	zwb_param_set("max_pool_percent", "90");
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(equal_priority),
	ZWB_TEST_IMAGES(equal_priority),
	ZWB_TEST(different_priority),
	ZWB_TEST(one_of_two_goes),
	ZWB_TEST(one_of_two_fails),
	ZWB_TEST(deaf_one_does_not_keep_the_other),
	ZWB_TEST_PAGES(freed_slots_are_discarded),
	ZWB_TEST_IMAGES(freed_slots_are_discarded),
	ZWB_TEST_PAGES(small_pool_with_other_compressors),
	ZWB_TEST_IMAGES(small_pool_with_other_compressors),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
