// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that commands wrote are brought back into zswap: exactly those, each once, as far
 * as there is room; and whoever comes for one of them meanwhile gets the right data.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_short.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define EDGES		"/sys/kernel/debug/zswap/age_edges"
#define BACK_PAGES	600
#define BACK_AGE	2
/* of those, what the shrinker writes, and what is written past zswap beside them */
#define BACK_SHRUNK	100
#define BACK_PAST	100
/* noise that is given a limit again and again, each time with so much room */
#define LIMITED_PAGES	1500
#define LIMITED_ROOM	(256 * zwb_page_size)
/* of the pool, and how exactly: what is on its way to or from CPUs, and other pools */
#define POOL_PERCENT	90
#define POOL_SLACK	64
#define POOL_BEYOND	300
/* of each age, on two devices together: more than two clusters of slots, which are taken in turn */
#define TWO_PAGES		1500
#define SLOW_PAGES	64
/* fewer, because swapoff reads one after the other: so many that there is a batch of some */
#define SWAPOFF_PAGES	20
#define LATENCY_US	700000
/* of a signal that is to end a command before the disk does */
#define SIGNAL_MS	(LATENCY_US / 2000)
#define SIGNAL_TRIES	3
/* with which the disk is not at once given more than a page or two */
#define FIRST_BATCHES	3
/* above the low watermarks */
#define LEAVE_KB	8192
/* what is free for pages that come back; and pages that a CPU may have put aside */
#define ENDS_ROOM		(5 * 1024 * 1024)
#define ENDS_SLACK		64
/* that a request has at least, on the average, where neighbours are to be read */
#define READ_BYTES	(256 * 1024)
/* that pages of text take in zswap which are brought back: several have room in one */
#define COMPRESSED_PAGES	5

static const struct zwb_disk_spec disk = { .pages = 16384 };
static const struct zwb_disk_spec slow = { .pages = 16384, .latency_us = LATENCY_US };

/* --- all of them --- */

static void check_brought_back(struct zwb_pages *pages, unsigned int version)
{
	struct zwb_snap before, delta;

	if (!zwb_pages_store(pages, version) || !zwb_write_all(pages->nr))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, pages->nr);
	zwb_zero(delta.vm.pswpin);
	/* each once */
	zwb_equal(zwb_readback(&delta, "max=1G"), -EAGAIN);
	/* they are in zswap, and come from there */
	zwb_snap(&before);
	zwb_pages_are(pages, version);
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.pswpin);
	zwb_equal(delta.vm.zswpin, pages->nr);
	zwb_zero(delta.total.refaulted);
}

/*
 * Ordinary pages, and images; twice, so that what was brought back is written again.
 *
 * Turns red when a page is left on the disk, brought back wrong, twice, or brought back and
 * read from the disk all the same.
 */
static void what_was_written_comes_back(void)
{
	struct zwb_pages pages = { 0 };
	unsigned int version;

	if (zwb_need_readback() && zwb_setting(ZWB_COMPRESSED, "0") && zwb_disk_on(&disk) &&
	    zwb_pages_map(&pages, ZWB_ANY_NODE, BACK_PAGES)) {
		for (version = 1; version <= 4 && !zwb_failed(); version++) {
			zwb_write_string(ZWB_COMPRESSED, version > 2 ? "1" : "0");
			check_brought_back(&pages, version);
		}
	}
	zwb_pages_unmap(&pages);
}

/* Written, brought back, written: the second time from what was brought back. */
static void what_came_back_is_written_again(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_snap delta;
	int round;

	if (zwb_need_readback() && zwb_setting(ZWB_COMPRESSED, "1") && zwb_disk_on(&disk) &&
	    zwb_pages_map(&pages, ZWB_ANY_NODE, BACK_PAGES) && zwb_pages_store(&pages, 1)) {
		for (round = 0; round < 4 && !zwb_failed(); round++) {
			zwb_write_string(ZWB_COMPRESSED, round % 2 ? "1" : "0");
			if (!zwb_write_all(BACK_PAGES))
				break;
			zwb_readback(&delta, "max=1G");
			zwb_equal(delta.total.readback, BACK_PAGES);
		}
		zwb_write_all(BACK_PAGES);
		zwb_pages_are(&pages, 1);
	}
	zwb_pages_unmap(&pages);
}

/*
 * Pages that were old come back young, and get older from there.
 *
 * Turns red when a page has the age that it was written with, or that of its first store:
 * then the next command writes again at once what somebody wanted back.
 */
static void age_begins_at_0(void)
{
	struct zwb_answer answer;
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!zwb_need_readback() || !zwb_need_answers())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, BACK_PAGES, ZWB_TEXT);
	if (!load)
		return;
	zwb_wait_age(load, BACK_AGE);
	if (!zwb_write_all(BACK_PAGES))
		return;
	/* this is the store that counts */
	load->first_ns = zwb_now();
	zwb_readback(&delta, "max=1G");
	load->last_ns = zwb_now();
	zwb_equal(delta.total.readback, BACK_PAGES);
	zwb_equal(zwb_ask(&answer, "age=%d", BACK_AGE), -EAGAIN);
	if (!zwb_still_younger(load, BACK_AGE))
		return;
	zwb_equal(answer.skipped_young, BACK_PAGES);
	zwb_wait_age(load, BACK_AGE);
	zwb_zero(zwb_ask(&answer, "age=%d", BACK_AGE));
	zwb_equal(answer.written, BACK_PAGES);
}

/* --- scope --- */

/* What was just written is in the swap cache still, until it is read and not wanted again. */
static bool leave_to_the_disk(struct zwb_pages *pages)
{
	zwb_pages_read(pages);
	return zwb_pages_out(pages);
}

static bool write_past_zswap(struct zwb_pages *pages)
{
	bool good;

	if (!zwb_pages_map(pages, ZWB_ANY_NODE, BACK_PAST) || !zwb_param_set("enabled", "N"))
		return false;
	zwb_pages_fill(pages, 1);
	good = zwb_pages_out(pages) && leave_to_the_disk(pages);
	return zwb_param_set("enabled", "Y") && good;
}

/* Have the shrinker write the first of some pages: the first time it rotates all of them. */
static bool shrink(const char *cgroup, int node, struct zwb_pages *pages)
{
	struct zwb_pages shrunk = { .nr = BACK_SHRUNK };
	struct zwb_snap before, delta;

	if (!zwb_pages_map(pages, node, BACK_PAGES) || !zwb_cgroup_enter(cgroup) ||
	    !zwb_pages_store(pages, 1) || !zwb_cgroup_enter(NULL))
		return false;
	zwb_snap(&before);
	if (!zwb_shrinker_scan(cgroup, node, BACK_PAGES) ||
	    !zwb_shrinker_scan(cgroup, node, BACK_SHRUNK))
		return false;
	shrunk.mem = pages->mem;
	if (!leave_to_the_disk(&shrunk))
		return false;
	zwb_since(&delta, &before);
	return zwb_equal(delta.vm.zswpwb, BACK_SHRUNK) && zwb_equal(delta.stored, -BACK_SHRUNK);
}

static void check_what_commands_wrote(struct zwb_pages *pages, struct zwb_pages *past)
{
	struct zwb_pages shrunk = { .mem = pages->mem, .nr = BACK_SHRUNK };
	const long long rest = BACK_PAGES - BACK_SHRUNK;
	struct zwb_snap before, delta;

	if (!zwb_write_all(rest))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, rest);
	zwb_equal(zwb_stored(), rest);
	/* not only as many as the command wrote, but those */
	zwb_snap(&before);
	zwb_pages_are(&shrunk, 1);
	zwb_pages_are(past, 1);
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpin);
	zwb_equal(delta.vm.pswpin, BACK_SHRUNK + BACK_PAST);
	zwb_pages_are(pages, 1);
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpin, rest);
	zwb_equal(delta.vm.pswpin, BACK_SHRUNK + BACK_PAST);
	zwb_zero(delta.total.refaulted);
}

/*
 * Pages that the shrinker wrote, and pages that were written past zswap, are on the same
 * disk, and not in the swap cache, which would keep them from coming back.
 *
 * Turns red when any of them comes back as well, or keeps the others from it.
 */
static void only_what_commands_wrote(void)
{
	struct zwb_pages pages = { 0 }, past = { 0 };
	const char *cgroup;
	int node;

	if (!zwb_need_readback() || !zwb_need_shrinker_debugfs() || !zwb_nodes(&node, 1) ||
	    !zwb_disk_on(&disk))
		return;
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "both");
	if (cgroup && shrink(cgroup, node, &pages) && write_past_zswap(&past))
		check_what_commands_wrote(&pages, &past);
	zwb_cgroup_enter(NULL);
	zwb_pages_unmap(&pages);
	zwb_pages_unmap(&past);
}

/* Turns red when pages of another cgroup or node come back, or when descend is ignored. */
static void only_what_is_in_scope(void)
{
	const char *parent, *child, *other;
	struct zwb_load *up, *down, *beside;
	struct zwb_snap delta;

	if (!zwb_need_readback())
		return;
	parent = zwb_cgroup(NULL, "parent");
	child = parent ? zwb_cgroup(parent, "child") : NULL;
	other = zwb_cgroup(NULL, "other");
	if (!child || !other)
		return;
	/* a cgroup with children has no processes */
	up = zwb_load(zwb_cgroup(parent, "left"), ZWB_ANY_NODE, 100, ZWB_TEXT);
	down = zwb_load(child, ZWB_ANY_NODE, 200, ZWB_NOISE);
	beside = zwb_load(other, ZWB_ANY_NODE, 300, ZWB_TEXT);
	if (!up || !down || !beside || !zwb_write_all(600))
		return;
	zwb_readback(&delta, "cgroup=%llu descend=0", zwb_cgroup_id(parent));
	zwb_zero(delta.total.readback);
	zwb_readback(&delta, "cgroup=%llu", zwb_cgroup_id(child));
	zwb_equal(delta.total.readback, 200);
	zwb_readback(&delta, "cgroup=%llu max=1G", zwb_cgroup_id(parent));
	zwb_equal(delta.total.readback, 100);
	zwb_expect_read(down, 0, 200);
	zwb_expect_read(up, 0, 100);
}

static void only_what_was_on_the_node(void)
{
	struct zwb_load *load[2];
	struct zwb_snap delta;
	int node[2];

	if (!zwb_need_readback() || !zwb_need_two_nodes(&node[0], &node[1]))
		return;
	load[0] = zwb_load(NULL, node[0], 150, ZWB_TEXT);
	load[1] = zwb_load(NULL, node[1], 250, ZWB_TEXT);
	if (!load[0] || !load[1] || !zwb_write_all(400))
		return;
	zwb_readback(&delta, "node=%d", node[1]);
	zwb_equal(delta.node[node[1]].readback, 250);
	zwb_zero(delta.node[node[0]].readback);
	zwb_expect_read(load[1], 0, 250);
	zwb_expect_read(load[0], 150, 0);
}

/*
 * The pages of a removed cgroup, of a process that has left it, are the parent's.
 *
 * Turns red when they stay on the disk for good, when a cgroup can be named that is gone, or
 * when what they take of the pool is charged to nobody.
 */
static void removed_cgroup_leaves_pages_to_its_parent(void)
{
	const char *parent, *child;
	struct zwb_load *load;
	struct zwb_snap delta;
	unsigned long long id;

	if (!zwb_need_readback())
		return;
	parent = zwb_cgroup(NULL, "parent");
	child = parent ? zwb_cgroup(parent, "child") : NULL;
	load = child ? zwb_load(child, ZWB_ANY_NODE, BACK_PAGES, ZWB_TEXT) : NULL;
	if (!load || !zwb_write_all(BACK_PAGES) || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	id = zwb_cgroup_id(child);
	if (!zwb_cgroup_remove(child))
		return;
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", id), -ENOENT);
	zwb_zero(zwb_stored());
	zwb_readback(&delta, "cgroup=%llu descend=0", zwb_cgroup_id(parent));
	zwb_equal(delta.total.readback, BACK_PAGES);
	zwb_memory_stat_is(parent, "zswapped", BACK_PAGES * zwb_page_size);
	zwb_expect_read(load, 0, BACK_PAGES);
}

/* --- limits --- */

/* Writes so many pages that are old, and so many that are young. Returns the latter */
static struct zwb_load *write_old_and_young(long long nr_old, long long nr_young)
{
	struct zwb_load *old, *young;

	if (!zwb_need_readback() || !zwb_need_answers() || !zwb_setting(EDGES, "0 3"))
		return NULL;
	old = zwb_load(NULL, ZWB_ANY_NODE, nr_old, ZWB_TEXT);
	if (!old)
		return NULL;
	zwb_wait_age(old, 3);
	young = zwb_load(NULL, ZWB_ANY_NODE, nr_young, ZWB_TEXT);
	return young && zwb_write_all(nr_old + nr_young) && zwb_still_younger(young, 3) ? young :
											  NULL;
}

static long long bytes_in_zswap(void)
{
	struct zwb_table table;

	if (!zwb_table_read(ZWB_GLOBAL, &table))
		return -1;
	return zwb_table_sum(&table, 0, table.nr - 1).bytes;
}

/*
 * Turns red when a page too many comes back, when compressed bytes are exceeded by more
 * than a page, or when a limit does not begin with the warmest.
 */
static void limits_are_exact_and_the_warmest_come_first(void)
{
	struct zwb_load *young = write_old_and_young(200, 100);
	const long long limit = COMPRESSED_PAGES * zwb_page_size;
	struct zwb_snap delta;
	long long bytes;

	if (!young)
		return;
	zwb_readback(&delta, "max=%ldK", 40 * zwb_page_size / 1024);
	zwb_equal(delta.total.readback, 40);
	zwb_readback(&delta, "max=%ldK", 60 * zwb_page_size / 1024);
	zwb_equal(delta.total.readback, 60);
	zwb_expect_read(young, 0, 100);
	zwb_readback(&delta, "max_compressed=1");
	zwb_equal(delta.total.readback, 1);
	bytes = bytes_in_zswap();
	zwb_readback(&delta, "max_compressed=%lld", limit);
	bytes = bytes_in_zswap() - bytes;
	if (!zwb_between(delta.total.readback, 2, 198))
		return;
	/* by no more than the last one, which is not much larger than the others */
	zwb_between(bytes, limit, limit + 2 * bytes / delta.total.readback);
}

/* Turns red when nobody knows any more, after new edges, which pages were the warmest. */
static void warmest_come_first_after_new_edges(void)
{
	struct zwb_load *young = write_old_and_young(200, 100);
	struct zwb_snap delta;

	if (!young || !zwb_write_string(EDGES, "0 3"))
		return;
	zwb_readback(&delta, "max=%ldK", 100 * zwb_page_size / 1024);
	zwb_equal(delta.total.readback, 100);
	zwb_expect_read(young, 0, 100);
}

/*
 * Old and young pages are on each of two devices: the young ones of both come first.
 *
 * Turns red when all of one device comes back before anything of the other one.
 */
static void warmest_come_first_of_two_devices(void)
{
	struct zwb_load *young;
	struct zwb_snap delta;
	long long first;

	if (!zwb_need_small_swap() || !zwb_disk_on(&disk) || !zwb_small_swap_on(2 * TWO_PAGES))
		return;
	young = write_old_and_young(TWO_PAGES, TWO_PAGES);
	if (!young)
		return;
	first = zwb_load_on_first_device(young);
	ksft_print_msg("%lld of %lld young pages are on one device\n", first, young->pages);
	/* then all of one device are all of the young ones, or none of them */
	if (first == TWO_PAGES) {
		zwb_skip("needs clusters of slots that are smaller than a load");
		return;
	}
	zwb_between(first, 1, TWO_PAGES - 1);
	zwb_readback(&delta, "max=%ldK", TWO_PAGES * zwb_page_size / 1024);
	zwb_equal(delta.total.readback, TWO_PAGES);
	zwb_expect_read(young, 0, TWO_PAGES);
}

/* A limit of memory, of the cgroup whose pages come back or of the one above, with some room. */
static void check_limit(const char *cgroup, const char *limited, const char *file)
{
	long long limit = zwb_cgroup_number(limited, "memory.current") + LIMITED_ROOM;
	struct zwb_snap delta;
	char text[32];

	snprintf(text, sizeof(text), "%lld", limit);
	zwb_cgroup_set(limited, file, text);
	zwb_readback(&delta, "cgroup=%llu", zwb_cgroup_id(cgroup));
	ksft_print_msg("%s of %s: %lld pages\n", file, limited, delta.total.readback);
	zwb_between(delta.total.readback, 1, LIMITED_ROOM / zwb_noise_bytes());
	zwb_between(zwb_cgroup_number(limited, "memory.current"), 0, limit);
	zwb_zero(zwb_cgroup_key(limited, "memory.events", "high"));
	zwb_zero(zwb_cgroup_key(limited, "memory.events", "max"));
	zwb_zero(zwb_cgroup_key(limited, "memory.events", "oom"));
	zwb_cgroup_set(limited, file, "max");
}

/*
 * Turns red when pages come back that are more than a cgroup, or one above it, may have: or
 * none, because there is not room for all.
 */
static void cgroup_limits_hold(void)
{
	const char *parent, *cgroup;
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!zwb_need_readback())
		return;
	parent = zwb_cgroup(NULL, "parent");
	cgroup = parent ? zwb_cgroup(parent, "small") : NULL;
	load = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, LIMITED_PAGES, ZWB_NOISE) : NULL;
	if (!load || !zwb_write_all(LIMITED_PAGES))
		return;
	zwb_cgroup_set(cgroup, "memory.zswap.max", "400K");
	zwb_readback(&delta, "cgroup=%llu", zwb_cgroup_id(cgroup));
	zwb_between(delta.total.readback, 1, 400 * 1024 / zwb_noise_bytes());
	zwb_cgroup_set(cgroup, "memory.zswap.max", "max");
	check_limit(cgroup, cgroup, "memory.high");
	check_limit(cgroup, cgroup, "memory.max");
	check_limit(cgroup, parent, "memory.high");
	check_limit(cgroup, parent, "memory.max");
	zwb_readback(&delta, "cgroup=%llu", zwb_cgroup_id(cgroup));
	zwb_expect_read(load, 0, LIMITED_PAGES);
}

/* A limit on the pool's memory, of the cgroup whose pages come back or of the one above. */
static void check_zswap_max(const char *cgroup, const char *limited)
{
	const long long max = 16 * zwb_page_size;
	struct zwb_load *load = zwb_load(cgroup, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	struct zwb_snap delta;
	char text[32];

	if (!load || !zwb_write_all(1000))
		return;
	snprintf(text, sizeof(text), "%lld", max);
	zwb_cgroup_set(limited, "memory.zswap.max", text);
	zwb_readback(&delta, "cgroup=%llu", zwb_cgroup_id(cgroup));
	zwb_between(delta.total.readback, max / zwb_page_size, 999);
	zwb_between(zwb_cgroup_number(limited, "memory.zswap.current"), max - zwb_page_size, max);
	zwb_cgroup_set(limited, "memory.zswap.max", "max");
	zwb_expect_read(load, 1000 - delta.total.readback, delta.total.readback);
	zwb_load_stop(load);
}

/* Turns red when the last page exceeds memory.zswap.max by a part of it, as a store may. */
static void no_byte_more_than_zswap_max(void)
{
	const char *parent, *cgroup;

	if (!zwb_need_readback())
		return;
	parent = zwb_cgroup(NULL, "parent");
	cgroup = parent ? zwb_cgroup(parent, "small") : NULL;
	if (!cgroup)
		return;
	check_zswap_max(cgroup, cgroup);
	check_zswap_max(cgroup, parent);
}

/* Turns red when a pool that is full, or switched off, gets more pages. */
static void full_pool_gets_nothing(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!zwb_need_readback())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load || !zwb_write_all(500))
		return;
	if (zwb_param_set("max_pool_percent", "0")) {
		zwb_readback(&delta, "max=1G");
		zwb_zero(delta.total.readback);
		zwb_param_set("max_pool_percent", "90");
	}
	if (zwb_param_set("enabled", "N")) {
		zwb_readback(&delta, "max=1G");
		zwb_zero(delta.total.readback);
		zwb_param_set("enabled", "Y");
	}
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, 500);
}

/*
 * More than what the pool takes: what fits comes back, which is a success, and the rest can
 * do so later.
 *
 * Turns red when what does not fit is an error, when others find no room to store, or when
 * nothing comes back because there is not room for all.
 */
static void pool_takes_what_fits(void)
{
	long long limit, pages, room, back;
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!zwb_need_readback() || !zwb_need_one_percent(&limit))
		return;
	room = limit * POOL_PERCENT / 100;
	pages = room + POOL_BEYOND;
	load = zwb_load(NULL, ZWB_ANY_NODE, pages, ZWB_NOISE);
	if (!load || !zwb_write_all(pages) ||
	    !zwb_setting(ZWB_PARAMS "/accept_threshold_percent", "90") ||
	    !zwb_param_set("max_pool_percent", "1"))
		return;
	zwb_zero(zwb_readback(&delta, "max=1T"));
	back = delta.total.readback;
	zwb_near(back, room, POOL_SLACK);
	zwb_equal(zwb_readback(&delta, "max=1T"), -EAGAIN);
	zwb_param_set("max_pool_percent", "90");
	zwb_readback(&delta, "max=1T");
	zwb_equal(delta.total.readback, pages - back);
	zwb_expect_read(load, 0, pages);
}

static long long pages_read(void)
{
	return zwb_disk_number(zwb_disk_name(), ZWB_DISK_SECTORS_READ) * 512 / zwb_page_size;
}

/*
 * Turns red when free memory may fall below the high watermarks, where kswapd has to work
 * until there is more, and when a page is read that there is no room for.
 */
static void little_memory_stays_free(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;
	long long reads;
	pid_t taker;

	/* a tenth of the memory between the low and the high watermarks */
	if (!zwb_need_readback() ||
	    !zwb_setting("/proc/sys/vm/watermark_scale_factor", "1000"))
		return;
	/* what others lose meanwhile is there, and comes back with the end of the disk */
	if (!zwb_disk_on(&disk))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load || !zwb_write_all(500))
		return;
	taker = zwb_take_memory(LEAVE_KB);
	if (taker > 0) {
		/* what others lose goes to zswap for a while, and is nothing that came back */
		zwb_stores_stop();
		reads = pages_read();
		zwb_readback(&delta, "max=1G");
		zwb_zero(delta.total.readback);
		zwb_equal(pages_read(), reads);
		zwb_give_memory_back(taker);
		zwb_readback(&delta, "max=1G");
		zwb_equal(delta.total.readback, 500);
	}
}

/* What there is room for on a node, read on one of its CPUs. */
static void check_memory_ends(int node, long long room, long long pages)
{
	struct zwb_zone before, after;
	struct zwb_snap delta;

	zwb_stores_stop();
	if (!zwb_node_zone(node, &before))
		return;
	zwb_readback(&delta, "max=1G");
	if (!zwb_node_zone(node, &after))
		return;
	ksft_print_msg("%lld pages were free above the high watermark, %lld came back, %lld are\n",
		       before.free - before.high, delta.total.readback, after.free - after.high);
	zwb_between(delta.total.readback, room / 2, pages - 1);
	zwb_between(after.free - after.high, -ENDS_SLACK, before.free - before.high);
}

/* All that the first node has is taken, and then what the second one has but for so much. */
static void leave_for_pages(const int node[2], const int cpu[2], struct zwb_load *load)
{
	const long long room = ENDS_ROOM / zwb_page_size;
	struct zwb_zone zone;
	struct zwb_snap delta;
	cpu_set_t all;
	pid_t taker;

	if (!zwb_node_zone(node[1], &zone) || !zwb_zero(sched_getaffinity(0, sizeof(all), &all)) ||
	    !zwb_run_on_cpu(0, cpu[0]))
		return;
	/* of what is above the high watermark, a hundredth of all may be for interrupts only */
	taker = zwb_take_memory((zone.high - zone.low + zone.managed / 100 + room) *
				zwb_page_size / 1024);
	if (taker > 0 && zwb_run_on_cpu(0, cpu[1]))
		check_memory_ends(node[1], room, load->pages);
	sched_setaffinity(0, sizeof(all), &all);
	zwb_give_memory_back(taker);
	zwb_readback(&delta, "max=1G");
	zwb_expect_read(load, 0, load->pages);
}

/*
 * Memory is free when a readback begins, and not as much as it would take.
 *
 * Turns red when nobody looks how much is free once it has begun.
 */
static void memory_ends_while_it_reads(void)
{
	struct zwb_disk_spec large = disk;
	struct zwb_zone zone;
	struct zwb_load *load;
	int node[2], cpu[2];
	long long pages;

	if (!zwb_need_readback() || !zwb_need_two_nodes(&node[0], &node[1]))
		return;
	cpu[0] = zwb_cpu_of_node(node[0]);
	cpu[1] = zwb_cpu_of_node(node[1]);
	if (cpu[0] < 0 || cpu[1] < 0) {
		zwb_skip("needs two NUMA nodes with CPUs");
		return;
	}
	if (!zwb_setting("/proc/sys/vm/watermark_scale_factor", "100") ||
	    !zwb_node_zone(node[1], &zone))
		return;
	/* twice what there is going to be room for */
	pages = 2 * (zone.managed / 100 + ENDS_ROOM / zwb_page_size);
	large.pages = 2 * pages;
	if (!zwb_disk_on(&large))
		return;
	load = zwb_load(NULL, node[1], pages, ZWB_NOISE);
	if (load && zwb_write_all(pages))
		leave_for_pages(node, cpu, load);
}

/*
 * A pool that was full, and that commands have emptied since.
 *
 * Turns red when it has to be stored to before it is taken for empty.
 */
static void pool_that_was_full_is_empty(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!zwb_need_readback())
		return;
	/* what does not fit goes to the disk, and so does some of what does */
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	load = zwb_load(NULL, ZWB_ANY_NODE, 100, ZWB_TEXT);
	if (!load || !zwb_write_all(100) || !zwb_param_set("max_pool_percent", "0"))
		return;
	if (zwb_pages_map(&pages, ZWB_ANY_NODE, 50)) {
		zwb_pages_fill(&pages, 1);
		zwb_pages_out(&pages);
		zwb_pages_unmap(&pages);
	}
	zwb_param_set("max_pool_percent", "90");
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, 100);
}

/* --- meanwhile --- */

static bool written_to_slow_disk(struct zwb_pages *pages, long long nr, const char *compressed)
{
	return zwb_need_readback() && zwb_setting(ZWB_COMPRESSED, compressed) &&
	       zwb_disk_on(&slow) && zwb_pages_map(pages, ZWB_ANY_NODE, nr) &&
	       zwb_pages_store(pages, 1) && zwb_write_all(nr);
}

/* A command has begun, and the disk is at a batch of some pages. Sets those that are back */
static bool start_reading(struct zwb_async *command, long long *back)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (!zwb_start(command, ZWB_READBACK, 0, "max=1G"))
		return false;
	zwb_go(command);
	do {
		zwb_pause();
		zwb_since(&delta, &before);
	} while (delta.total.readback < FIRST_BATCHES && zwb_now() < deadline);
	*back = delta.total.readback;
	return zwb_disk_wait_for_reads();
}

static void check_meanwhile(struct zwb_pages *pages)
{
	struct zwb_pages half = { .mem = pages->mem, .nr = SLOW_PAGES / 2 };
	struct zwb_snap before, delta;
	struct zwb_async command;
	long long back;
	bool in_time;

	zwb_snap(&before);
	if (!start_reading(&command, &back))
		return;
	/* one half is wanted now, and an eighth of the rest never again */
	madvise(half.mem, half.nr * zwb_page_size, MADV_WILLNEED);
	madvise(pages->mem + (SLOW_PAGES - SLOW_PAGES / 16) * zwb_page_size,
		SLOW_PAGES / 16 * zwb_page_size, MADV_DONTNEED);
	/* and that was before the batch is back that the disk was at */
	zwb_since(&delta, &before);
	in_time = delta.total.readback == back;
	zwb_pages_fill(&half, 2);
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	if (in_time) {
		zwb_equal(delta.total.refaulted, SLOW_PAGES / 2 - back);
		zwb_equal(delta.total.dropped, SLOW_PAGES / 16);
		zwb_equal(delta.total.readback, SLOW_PAGES / 2 - SLOW_PAGES / 16 + back);
	}
	zwb_equal(delta.total.refaulted + delta.total.dropped + delta.total.readback, SLOW_PAGES);
	zwb_equal(delta.total.on_disk, -SLOW_PAGES);

	pages->nr = SLOW_PAGES - SLOW_PAGES / 16;
	zwb_pages_out(&half);
	zwb_pages_are(&half, 2);
	for (long long i = SLOW_PAGES / 2; i < pages->nr; i++) {
		if (!zwb_page_is(pages->mem + i * zwb_page_size, i, 1)) {
			zwb_fail("page %lld is not right", i);
			break;
		}
	}
	pages->nr = SLOW_PAGES;
	if (!in_time && !zwb_failed())
		zwb_late("pages were back before anybody else had come for them");
}

/*
 * Turns red when a page that was read, changed or freed while it was brought back gets
 * its old data, or is counted twice.
 */
static void who_comes_meanwhile_is_first(void)
{
	static const char * const compressed[] = { "0", "1" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(compressed) && !zwb_failed(); i++) {
		struct zwb_pages pages = { 0 };

		if (written_to_slow_disk(&pages, SLOW_PAGES, compressed[i]))
			check_meanwhile(&pages);
		zwb_pages_unmap(&pages);
		zwb_disk_off();
	}
}

/*
 * Of some signals the quickest one: whoever waits for the disk does so each time, and
 * a machine that is not there for a while makes no signal quicker.
 */
static void check_signals(struct zwb_pages *pages)
{
	long long start, back, all = 0, took = LLONG_MAX;
	struct zwb_async command;
	struct zwb_snap delta;
	int i;

	for (i = 0; i < SIGNAL_TRIES && took > SIGNAL_MS; i++) {
		if (!start_reading(&command, &back))
			return;
		all += back;
		start = zwb_now();
		kill(command.pid, SIGUSR1);
		zwb_equal(zwb_wait(&command), -EINTR);
		took = (zwb_now() - start) / ZWB_NS_PER_MS;
	}
	zwb_between(took, 0, SIGNAL_MS);
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, SLOW_PAGES - all);
	zwb_pages_are(pages, 1);
}

/* Turns red when a signal has to wait for the disk, or leaves pages that stay on it. */
static void signal_ends_it(void)
{
	struct zwb_pages pages = { 0 };

	if (written_to_slow_disk(&pages, SLOW_PAGES, "0"))
		check_signals(&pages);
	zwb_pages_unmap(&pages);
}

/* Turns red when the two do not agree on who has a page. */
static void swapoff_meanwhile(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_snap before, delta;
	struct zwb_async command;
	long long back;

	if (written_to_slow_disk(&pages, SWAPOFF_PAGES, "1")) {
		zwb_snap(&before);
		if (start_reading(&command, &back)) {
			zwb_disk_off();
			zwb_zero(zwb_wait(&command));
			zwb_since(&delta, &before);
			ksft_print_msg("%lld pages came back by the command, %lld by swapoff\n",
				       delta.total.readback, delta.total.refaulted);
			zwb_equal(delta.total.on_disk, -SWAPOFF_PAGES);
			zwb_equal(delta.total.refaulted + delta.total.readback +
				  delta.total.dropped, SWAPOFF_PAGES);
			zwb_pages_are(&pages, 1);
		}
	}
	zwb_pages_unmap(&pages);
}

/* --- requests --- */

/*
 * Images as well: each has the place of a page, and is read with what is behind it.
 *
 * Turns red when neighbours are read one by one.
 */
static void neighbours_are_read_together(void)
{
	static const struct zwb_disk_spec of_sectors = { .pages = 16384, .sectors = true };
	struct zwb_pages pages = { 0 };
	struct zwb_snap delta;
	long long reads;

	if (zwb_need_readback() && zwb_disk_on(&of_sectors) &&
	    zwb_pages_map(&pages, ZWB_ANY_NODE, 2048) && zwb_pages_store(&pages, 1) &&
	    zwb_write_all(2048)) {
		reads = zwb_disk_number(zwb_disk_name(), ZWB_DISK_READS);
		zwb_readback(&delta, "max=1G");
		zwb_equal(delta.total.readback, 2048);
		reads = zwb_disk_number(zwb_disk_name(), ZWB_DISK_READS) - reads;
		ksft_print_msg("%lld requests for 2048 pages\n", reads);
		zwb_between(reads, 1, 2048 * zwb_page_size / READ_BYTES);
	}
	zwb_pages_unmap(&pages);
}

/* Turns red when pages are read that are then thrown away: of other nodes, or over a limit. */
static void reads_no_more_than_it_brings_back(void)
{
	struct zwb_load *load[2];
	struct zwb_snap delta;
	long long reads;
	int node[2];

	if (!zwb_need_readback() || !zwb_need_two_nodes(&node[0], &node[1]) ||
	    !zwb_setting(ZWB_COMPRESSED, "0") || !zwb_disk_on(&disk))
		return;
	load[0] = zwb_load(NULL, node[0], 300, ZWB_TEXT);
	load[1] = zwb_load(NULL, node[1], 300, ZWB_TEXT);
	if (!load[0] || !load[1] || !zwb_write_all(600))
		return;
	reads = pages_read();
	zwb_readback(&delta, "max=%ldK", 50 * zwb_page_size / 1024);
	zwb_readback(&delta, "node=%d", node[1]);
	zwb_between(delta.total.readback, 250, 300);
	zwb_equal(pages_read() - reads, 50 + delta.total.readback);
}

/* --- text --- */

static void bad_text_changes_nothing(void)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "", 0 }, { "\n", -EINVAL }, { "descend=1", -EINVAL }, { "age=0", -EINVAL },
		{ "0", -EINVAL }, { "dry_run=0 max=1M", -EINVAL }, { "bucket=0", -EINVAL },
		{ "type=all", -EINVAL }, { "max=1M max=1M", -EINVAL }, { "max=1", -EINVAL },
		{ "max_compressed=0", -EINVAL }, { "rate=1", -EINVAL },
		{ "node=99999", -EINVAL }, { "max=99999999999T", -ERANGE },
		{ "cgroup=18446744073709551615", -ENOENT }, { "max=1M cgroup=x", -EINVAL },
	};
	char path[ZWB_PATH_MAX];
	struct zwb_snap before, delta;
	size_t i;

	if (!zwb_need_readback())
		return;
	zwb_command_path(ZWB_READBACK, path, sizeof(path));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		zwb_snap(&before);
		if (zwb_write(path, bad[i].text, strlen(bad[i].text)) != bad[i].err)
			zwb_fail("'%s' is not refused with %d", bad[i].text, bad[i].err);
		zwb_since(&delta, &before);
		zwb_check_unchanged(&delta);
	}
	/* each key by itself says what to bring back; there is nothing */
	zwb_readback(&delta, "max=1M");
	zwb_readback(&delta, "max_compressed=1M\n");
	zwb_readback(&delta, "rate=1M");
	zwb_readback(&delta, "node=0");
}

static const struct zwb_test tests[] = {
	ZWB_TEST(bad_text_changes_nothing),
	ZWB_TEST(what_was_written_comes_back),
	ZWB_TEST(what_came_back_is_written_again),
	ZWB_TEST_PAGES(age_begins_at_0),
	ZWB_TEST_IMAGES(age_begins_at_0),
	ZWB_TEST(only_what_commands_wrote),
	ZWB_TEST(only_what_is_in_scope),
	ZWB_TEST(only_what_was_on_the_node),
	ZWB_TEST(removed_cgroup_leaves_pages_to_its_parent),
	ZWB_TEST(limits_are_exact_and_the_warmest_come_first),
	ZWB_TEST(warmest_come_first_after_new_edges),
	ZWB_TEST(warmest_come_first_of_two_devices),
	ZWB_TEST(cgroup_limits_hold),
	ZWB_TEST(no_byte_more_than_zswap_max),
	ZWB_TEST(full_pool_gets_nothing),
	ZWB_TEST(pool_takes_what_fits),
	ZWB_TEST(pool_that_was_full_is_empty),
	ZWB_TEST(little_memory_stays_free),
	ZWB_TEST(memory_ends_while_it_reads),
	ZWB_TEST(who_comes_meanwhile_is_first),
	ZWB_TEST(signal_ends_it),
	ZWB_TEST(swapoff_meanwhile),
	ZWB_TEST_PAGES(neighbours_are_read_together),
	ZWB_TEST_IMAGES(neighbours_are_read_together),
	ZWB_TEST(reads_no_more_than_it_brings_back),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* pages that wait to be added to a list wait on the CPU that has filled them */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
