// SPDX-License-Identifier: GPL-2.0
/*
 * The system changes while pages are in flight to a slow disk: each is compared
 * afterwards, and the runner adds the counters up.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* on a machine that has little to do, clocks may be late enough for page after page */
#define FLIGHT_PAGES		60
/* fewer, because swapoff reads one after the other */
#define SWAPOFF_PAGES		40

static const struct zwb_disk_spec slow = {
	.pages = 16384,
	.latency_us = 500000,
	.sectors = true,
};

/* What has just changed did so before all had landed: else this tested nothing. */
static void was_in_flight(const struct zwb_async *command)
{
	if (zwb_async_done(command, 0) && zwb_disk_in_flight() <= 0)
		zwb_late("all had landed before something changed");
}

/* All that is still in zswap goes to the disk, too, and all is read from there. */
static void check_rest(struct zwb_load *load)
{
	struct zwb_snap delta;
	long long disk, zswap;

	if (!zwb_disk_wait_for_landing())
		return;
	if (zwb_stored()) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
		zwb_zero(delta.total.failed);
	}
	zwb_zero(zwb_stored());
	if (zwb_load_where(load, &disk, &zswap))
		zwb_zero(zswap);
}

/*
 * swapoff reads everything back while a command writes.
 *
 * Turns red when swapoff frees what is in flight, does not wait for it, or never
 * comes to its end.
 */
static void swapoff_in_flight(void)
{
	struct zwb_async command;
	struct zwb_load *load;
	int err;

	if (!zwb_disk_on(&slow))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, SWAPOFF_PAGES, ZWB_TEXT);
	if (!load || !zwb_start_in_flight(&command))
		return;
	zwb_disk_off();
	err = zwb_wait(&command);
	if (err != -EAGAIN)
		zwb_zero(err);
	zwb_zero(zwb_stored());
	zwb_expect_read(load, 0, 0);
}

/*
 * Another compressor, while pages that the old one has compressed are in flight.
 *
 * Turns red when the old pool goes before what was taken from it has landed.
 */
static void compressor_changes_in_flight(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_async command;
	struct zwb_load *load;
	char old[64];

	if (!zwb_disk_on(&slow) || !zwb_param_get("compressor", old, sizeof(old)))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	if (!load || !zwb_pages_map(&pages, ZWB_ANY_NODE, FLIGHT_PAGES) ||
	    !zwb_start_in_flight(&command))
		goto unmap;
	zwb_param_set("compressor", strcmp(old, "lz4") ? "lz4" : "lzo");
	was_in_flight(&command);
	/* the new pool has pages, too; what lands meanwhile makes it no use to count them */
	zwb_pages_fill(&pages, 1);
	zwb_pages_out(&pages);
	zwb_land(&command);
	check_rest(load);
	zwb_pages_are(&pages, 1);
unmap:
	zwb_pages_unmap(&pages);
}

/*
 * zswap is switched off while pages are in flight; what it holds is written all
 * the same.
 *
 * Turns red when a command or a landing looks at whether zswap is on.
 */
static void zswap_is_disabled_in_flight(void)
{
	struct zwb_async command;
	struct zwb_load *load;

	if (!zwb_disk_on(&slow))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	if (!load || !zwb_start_in_flight(&command))
		return;
	zwb_param_set("enabled", "N");
	was_in_flight(&command);
	zwb_land(&command);
	check_rest(load);
}

/*
 * A CPU goes and comes back, be it the command's.
 *
 * Turns red when what lands is bound to a CPU, or the compressor's buffers of one.
 */
static void cpu_goes_offline_in_flight(void)
{
	struct zwb_async command;
	struct zwb_load *load;

	if (!zwb_need_cpu_hotplug() || !zwb_disk_on(&slow))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	if (!load || !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	zwb_run_on_cpu(command.pid, 1);
	zwb_go(&command);
	if (zwb_disk_wait_for_flight()) {
		zwb_write_string(ZWB_CPU_ONLINE, "0");
		was_in_flight(&command);
		zwb_disk_wait_for_flight();
		zwb_write_string(ZWB_CPU_ONLINE, "1");
	}
	zwb_land(&command);
	check_rest(load);
}

/*
 * The cgroup of pages in flight is removed: they become its parent's, whose count
 * is right in the end.
 *
 * Turns red when a landing goes to the list or the counters of a cgroup that is
 * gone, or holds on to it for ever.
 */
static void cgroup_goes_in_flight(void)
{
	const char *parent = zwb_cgroup(NULL, "parent"), *child;
	struct zwb_async command;
	struct zwb_load *load;
	char id[32];

	child = parent ? zwb_cgroup(parent, "child") : NULL;
	if (!child || !zwb_disk_on(&slow))
		return;
	load = zwb_load(child, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	if (!load)
		return;
	snprintf(id, sizeof(id), "%llu", zwb_cgroup_id(parent));
	if (!zwb_start_in_flight(&command))
		return;
	/* the process leaves, its pages stay behind */
	if (zwb_load_move(load, zwb_cgroup_root()))
		zwb_cgroup_remove(child);
	was_in_flight(&command);
	zwb_land(&command);
	if (!zwb_disk_wait_for_landing())
		return;
	if (zwb_stored())
		zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0 cgroup=%s", id));
	zwb_zero(zwb_stored());
	zwb_memory_stat_is(parent, "zswapped", 0);
	zwb_memory_stat_is(parent, "zswpwb_proactive", FLIGHT_PAGES);
	zwb_expect_read(load, FLIGHT_PAGES, 0);
}

/*
 * The process goes while its pages are in flight.
 *
 * Turns red when a slot is used again before its old page has landed, or when
 * a page that nobody has any more is counted as on the disk.
 */
static void process_goes_in_flight(void)
{
	struct zwb_load *load, *next;
	struct zwb_async command;

	if (!zwb_disk_on(&slow))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	if (!load || !zwb_start_in_flight(&command))
		return;
	zwb_load_stop(load);
	next = zwb_load(NULL, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	zwb_land(&command);
	if (next)
		check_rest(next);
}

/*
 * Pages in flight are read, which takes them from zswap, and are then shared
 * with a copy of the process.
 *
 * Turns red when a landing erases what is no longer its own, or when a page is lost that
 * is in nobody's swap cache.
 */
static void pages_are_read_in_flight(void)
{
	struct zwb_async command;
	struct zwb_load *load;

	if (!zwb_disk_on(&slow))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, FLIGHT_PAGES, ZWB_TEXT);
	if (!load || !zwb_start_in_flight(&command))
		return;
	zwb_load_touch(load, 0, FLIGHT_PAGES / 2);
	was_in_flight(&command);
	zwb_load_fork(load);
	zwb_load_verify(load);
	zwb_land(&command);
	zwb_disk_wait_for_landing();
	zwb_load_verify(load);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(swapoff_in_flight),
	ZWB_TEST_IMAGES(swapoff_in_flight),
	ZWB_TEST_PAGES(compressor_changes_in_flight),
	ZWB_TEST_IMAGES(compressor_changes_in_flight),
	ZWB_TEST(zswap_is_disabled_in_flight),
	ZWB_TEST(cpu_goes_offline_in_flight),
	ZWB_TEST_PAGES(cgroup_goes_in_flight),
	ZWB_TEST_IMAGES(cgroup_goes_in_flight),
	ZWB_TEST(process_goes_in_flight),
	ZWB_TEST(pages_are_read_in_flight),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
