// SPDX-License-Identifier: GPL-2.0
/*
 * zram as the swap device: it writes before it returns, keeps in memory what it
 * is given, may refuse more, and has to hear of each slot that was freed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define ZRAM_DIR		"/sys/block/zram0"
#define ZRAM_PATH		"/dev/zram0"
/* room for more than any test has on it */
#define ZRAM_SIZE		(32768LL * zwb_page_size)

#define ZRAM_PAGES		3000
#define FREE_ROUNDS		12
#define FREE_PAGES		1600
#define LIMIT_PAGES		10240
/* much less than what is asked for takes */
#define LIMIT_MEMORY		(256LL * zwb_page_size)
#define LIMIT_MAX		(2048LL * zwb_page_size)
/* three batches: two of which it takes some pages, and what is fetched behind them */
#define LIMIT_BATCHES		1536

#define RANDOM_PAGES		3000
#define RANDOM_LIMIT		1024
#define RANDOM_MEMORY		(RANDOM_LIMIT * (long long)zwb_page_size)
#define RANDOM_COMMANDS		2

static bool zram_set_number(const char *file, long long number)
{
	char path[ZWB_PATH_MAX], value[32];

	snprintf(path, sizeof(path), ZRAM_DIR "/%s", file);
	snprintf(value, sizeof(value), "%lld", number);
	return zwb_write_string(path, value);
}

/* Swap to zram and to nothing else; limit: bytes that it may use, 0 for no limit. */
static bool zram_on(long long limit)
{
	if (access(ZRAM_DIR, F_OK)) {
		zwb_skip("needs CONFIG_ZRAM");
		return false;
	}
	zwb_allow_whole_blocks();
	if (!zram_set_number("reset", 1) || !zram_set_number("disksize", ZRAM_SIZE) ||
	    !zram_set_number("mem_limit", limit))
		return false;
	return zwb_make_swap(ZRAM_PATH, ZRAM_SIZE / zwb_page_size - 1) &&
	       zwb_swap_only_to(ZRAM_PATH, 0);
}

static void zram_off(void)
{
	zwb_swap_own_off();
	zwb_swap_disk_back();
	if (!access(ZRAM_DIR, F_OK))
		zram_set_number("reset", 1);
}

/* Pages that zram holds now, or -1 with a failure recorded. */
static long long zram_pages(void)
{
	long long bytes = zwb_read_number(ZRAM_DIR "/mm_stat");

	if (bytes < 0)
		zwb_fail("reading " ZRAM_DIR "/mm_stat");
	return bytes < 0 ? -1 : bytes / zwb_page_size;
}

/* Slots are freed a moment after the pages. */
static bool zram_comes_to(long long want)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	zwb_swap_settle();
	while (zram_pages() != want && zwb_now() < deadline)
		zwb_pause();
	return zwb_equal(zram_pages(), want);
}

static void check_zram(void)
{
	long long before = zram_pages();
	struct zwb_load *load;

	load = zwb_load(NULL, ZWB_ANY_NODE, ZRAM_PAGES, ZWB_TEXT);
	if (!load || !zwb_write_all(load->pages))
		return;
	zwb_equal(zram_pages() - before, load->pages);
	if (!zwb_expect_read(load, load->pages, 0))
		return;
	/* a write frees the slot, and the other half goes with the process */
	if (!zwb_load_touch(load, 0, load->pages / 2))
		return;
	zwb_load_stop(load);
	zram_comes_to(before);
}

/*
 * Turns red when a page does not come back as it was, is not written, or stays
 * in zram after it was freed.
 */
static void zram_is_a_swap_device(void)
{
	if (zram_on(0))
		check_zram();
	zram_off();
}

static void check_freed_in_flight(void)
{
	long long before = zram_pages(), written;
	struct zwb_async command;
	struct zwb_load *load;
	struct zwb_snap snap;
	int i;

	for (i = 0; i < FREE_ROUNDS && !zwb_failed(); i++) {
		struct timespec moment = { .tv_nsec = i * 10 * ZWB_NS_PER_MS };

		load = zwb_load(NULL, ZWB_ANY_NODE, FREE_PAGES, ZWB_TEXT);
		if (!load || !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
			return;
		zwb_snap(&snap);
		written = zwb_vmstat_key("zswpwb");
		zwb_go(&command);
		zwb_wait_for_writeback(written);
		nanosleep(&moment, NULL);
		zwb_load_stop(load);
		if (zwb_wait(&command))
			ksft_print_msg("round %d: nothing was written\n", i);
		zram_comes_to(before);
	}
}

/*
 * Pages are freed while a command writes them: zram forgets all of them.
 *
 * Turns red when a page lands in a slot that zram was told to be free, which
 * then stays for as long as nobody uses the slot.
 */
static void pages_are_freed_while_they_are_written(void)
{
	if (zram_on(0))
		check_freed_in_flight();
	zram_off();
}

static void check_limit(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;
	int err;

	load = zwb_load(NULL, ZWB_ANY_NODE, LIMIT_PAGES, ZWB_TEXT);
	if (!load)
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "max=%lld", LIMIT_MAX);
	ksft_print_msg("first command: %lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	if (err != -EAGAIN)
		zwb_zero(err);
	zwb_between(delta.total.failed, 1, LIMIT_BATCHES);
	zwb_equal(delta.stored, -delta.total.written);

	/* zram is full */
	err = zwb_run(&delta, ZWB_GLOBAL, "max=%lld", LIMIT_MAX);
	ksft_print_msg("second command: %lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	if (err != -EAGAIN)
		zwb_zero(err);
	zwb_between(delta.total.failed, 1, LIMIT_BATCHES);
	zwb_equal(delta.stored, -delta.total.written);
	zwb_load_verify(load);
}

/*
 * zram with a limit fails what is beyond it: a command writes what finds room,
 * and gives up on the device when nothing does.
 *
 * Turns red when the whole pool is tried by each command, or when a page that found
 * no room is lost.
 */
static void zram_is_full(void)
{
	if (zram_on(LIMIT_MEMORY))
		check_limit();
	zram_off();
}

/* Pages that zram can take are written, the others stay: none is in both places or in neither. */
static void check_random_data(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;
	int i, err;

	load = zwb_load(NULL, ZWB_ANY_NODE, RANDOM_PAGES, ZWB_NOISE);
	if (!load)
		return;
	zwb_snap(&before);
	for (i = 0; i < RANDOM_COMMANDS; i++) {
		err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
		if (err != -EAGAIN)
			zwb_zero(err);
		zwb_between(delta.total.failed, 1, LIMIT_BATCHES);
		zwb_equal(delta.stored, -delta.total.written);
	}
	zwb_since(&delta, &before);
	ksft_print_msg("%lld of %lld pages written, %lld failed\n", delta.total.written,
		       load->pages, delta.total.failed);
	zwb_between(delta.total.written, 1, RANDOM_LIMIT);
	if (!zwb_expect_read(load, delta.total.written, load->pages - delta.total.written))
		return;

	/* what failed, and what has come back, is written as soon as there is room */
	if (!zram_set_number("mem_limit", 0) || !zwb_load_touch(load, 0, load->pages) ||
	    !zwb_load_pageout(load) || !zwb_write_all(load->pages))
		return;
	zwb_expect_read(load, load->pages, 0);
}

/*
 * Data that zram can't compress, and a limit for it that is a third of what it takes.
 *
 * Turns red when a page that found no room is taken for written, or is not tried again
 * when there is some.
 */
static void zram_has_no_room_for_random_data(void)
{
	if (zram_on(RANDOM_MEMORY))
		check_random_data();
	zram_off();
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(zram_is_a_swap_device),
	ZWB_TEST_IMAGES(zram_is_a_swap_device),
	ZWB_TEST_PAGES(pages_are_freed_while_they_are_written),
	ZWB_TEST_IMAGES(pages_are_freed_while_they_are_written),
	ZWB_TEST(zram_is_full),
	ZWB_TEST(zram_has_no_room_for_random_data),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
