// SPDX-License-Identifier: GPL-2.0
/*
 * The directories of the nodes follow memory hotplug.
 *
 * Needs a node all of whose memory is offline: in QEMU a pc-dimm device on a
 * node of its own, in a kernel that does not bring new memory online by itself.
 *
 * This is the last program to run: the node stays.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_table.h"

#define HOTPLUG_DIR		"/sys/devices/system/node"
#define FLIGHT_PAGES		600
#define FAR_PAGES		1000
/* one for each list, where its first entry is too young, and some for what else is on them */
#define FAR_LOOKS		8
/* a store whose task is not run for a second puts the list out of order */
#define FAR_TRIES		3

static const struct zwb_disk_spec slow = {
	.pages = 16384,
	.latency_us = 500000,
};

static char kernel_block[ZWB_PATH_MAX], movable_block[ZWB_PATH_MAX];
static int block_node = -1;

static void block_path(char *path, size_t size, int node, int block)
{
	snprintf(path, size, HOTPLUG_DIR "/node%d/memory%d/state", node, block);
}

static bool block_online(const char *state_path)
{
	char state[32];
	FILE *file;

	file = fopen(state_path, "r");
	if (!file)
		return false;
	if (!fgets(state, sizeof(state), file))
		state[0] = '\0';
	fclose(file);
	return !strncmp(state, "online", 6);
}

/* Find the lowest and the highest block of a node that has no memory online. */
static bool find_blocks(int node)
{
	int low = INT_MAX, high = -1;
	char path[ZWB_PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), HOTPLUG_DIR "/node%d", node);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		int block;

		/* memory<N>, a link to the block; there are other files */
		if (strncmp(entry->d_name, "memory", 6) || !isdigit(entry->d_name[6]))
			continue;
		block = atoi(entry->d_name + 6);
		block_path(path, sizeof(path), node, block);
		if (block_online(path)) {
			high = -1;
			break;
		}
		low = block < low ? block : low;
		high = block > high ? block : high;
	}
	closedir(dir);
	if (high < 0)
		return false;
	block_node = node;
	block_path(kernel_block, sizeof(kernel_block), node, low);
	block_path(movable_block, sizeof(movable_block), node, high);
	return true;
}

static bool need_blocks(void)
{
	int node;

	for (node = 0; block_node < 0 && node < ZWB_MAX_NODES; node++)
		find_blocks(node);
	if (block_node < 0)
		zwb_skip("needs CONFIG_MEMORY_HOTPLUG and a node with offline memory only");
	return block_node >= 0;
}

static bool wait_for_directory(bool present)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	while (zwb_node_has_directory(block_node) != present) {
		if (zwb_now() > deadline) {
			zwb_fail("node %d: the directory %s", block_node,
				 present ? "did not appear" : "did not go away");
			return false;
		}
		zwb_pause();
	}
	return true;
}

/* Pages may have to move first. */
static int set_offline(const char *state_path)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	int err;

	do {
		err = zwb_write(state_path, "offline", strlen("offline"));
		if (!err)
			return 0;
		zwb_pause();
	} while (zwb_now() < deadline);
	return err;
}

/*
 * A node whose memory is all movable cannot hold entries, and neither can one
 * whose memory is offline.
 *
 * Turns red when directories are made for every node that comes online.
 */
static void movable_memory_makes_no_directory(void)
{
	int err;

	if (!need_blocks())
		return;
	if (zwb_node_has_directory(block_node))
		zwb_fail("node %d has no memory online, but a directory", block_node);
	if (!zwb_write_string(movable_block, "online_movable"))
		return;
	if (zwb_node_has_directory(block_node))
		zwb_fail("node %d has movable memory only, but a directory", block_node);
	err = set_offline(movable_block);
	if (err)
		zwb_fail("taking movable memory offline: %s", strerror(-err));
}

/*
 * The directory comes with the node's first kernel memory, with all its files,
 * and goes with its last, while movable memory stays.
 *
 * Movable memory comes first and kernel memory second, for otherwise the node's
 * kswapd would be in the latter, and that could never go offline again.
 *
 * Turns red when the directories are made once at boot, or when one is left
 * behind.
 */
static void directory_comes_and_goes(void)
{
	char path[ZWB_PATH_MAX];
	struct stat status;
	int err;

	if (!need_blocks())
		return;
	if (!strcmp(kernel_block, movable_block)) {
		zwb_skip("needs two blocks of memory on one node");
		return;
	}
	if (!zwb_write_string(movable_block, "online_movable") ||
	    !zwb_write_string(kernel_block, "online_kernel") || !wait_for_directory(true))
		return;
	zwb_command_path(block_node, path, sizeof(path));
	if (stat(path, &status) || (status.st_mode & 07777) != 0200)
		zwb_fail("%s: missing, or of the wrong mode", path);
	snprintf(path, sizeof(path), ZWB_SYSFS "/node%d/stats/written", block_node);
	zwb_zero(zwb_read_number(path));
	zwb_equal(zwb_run(NULL, block_node, "age=0"), -EAGAIN);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0 node=%d", block_node), -EAGAIN);

	err = set_offline(kernel_block);
	if (err == -EBUSY) {
		zwb_skip("the kernel keeps something in the new memory");
		return;
	}
	zwb_zero(err);
	wait_for_directory(false);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0"), -EAGAIN);
	err = set_offline(movable_block);
	if (err)
		zwb_fail("taking movable memory offline: %s", strerror(-err));
}

/*
 * Memory goes offline, and comes again, while pages that are in it are on their way to the
 * disk: what is compressed moves, the copies of what is in flight are not of the pool.
 *
 * Turns red when a page in flight keeps memory from going, or finds something else where
 * its entry was.
 */
static void memory_comes_and_goes_in_flight(void)
{
	struct zwb_async command;
	struct zwb_load *load;

	if (!need_blocks() || !zwb_write_string(movable_block, "online_movable"))
		return;
	load = zwb_disk_on(&slow) ? zwb_load(NULL, block_node, FLIGHT_PAGES, ZWB_TEXT) : NULL;
	if (load && zwb_start(&command, ZWB_GLOBAL, 0, "age=0")) {
		zwb_go(&command);
		if (zwb_disk_wait_for_flight()) {
			zwb_zero(set_offline(movable_block));
			zwb_disk_wait_for_flight();
			zwb_write_string(movable_block, "online_movable");
		}
		zwb_land(&command);
		zwb_expect_read(load, load->pages, 0);
	}
	zwb_zero(set_offline(movable_block));
}

/*
 * Pages of a node that has movable memory only are stored on another one: they are as much in
 * order there as all others, so a command that has nothing to do looks at one of them.
 *
 * Turns red when an entry counts as inherited because its page was on another node.
 */
static void entries_of_movable_memory_are_in_order(void)
{
	struct zwb_watch watch = { .looked = FAR_PAGES };
	struct zwb_load *load;
	const char *cgroup;
	char name[32];
	int i;

	if (!need_blocks() || !zwb_need_watch() ||
	    !zwb_write_string(movable_block, "online_movable"))
		return;
	for (i = 0; i < FAR_TRIES && watch.looked > FAR_LOOKS; i++) {
		snprintf(name, sizeof(name), "far%d", i);
		cgroup = zwb_cgroup(NULL, name);
		load = cgroup ? zwb_load(cgroup, block_node, FAR_PAGES, ZWB_TEXT) : NULL;
		if (!load)
			break;
		zwb_equal(zwb_watch(&watch, "cgroup=%llu age=1h", zwb_cgroup_id(cgroup)), -EAGAIN);
		zwb_equal(zwb_stored(), FAR_PAGES);
		zwb_load_stop(load);
	}
	zwb_between(watch.looked, 1, FAR_LOOKS);
	zwb_zero(set_offline(movable_block));
}

/*
 * Entries on the new node are reached by its file, by key and by global
 * commands, and its counters are part of the total.
 *
 * Turns red when the walk knows the nodes of boot time only.
 */
static void new_node_is_walked(void)
{
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!need_blocks())
		return;
	if (!block_online(kernel_block) && !zwb_write_string(kernel_block, "online_kernel"))
		return;
	if (!wait_for_directory(true))
		return;
	load = zwb_load(NULL, block_node, 1500, ZWB_TEXT);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, block_node, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(delta.node[block_node].written, 100);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld node=%d", 200LL * zwb_page_size,
			 block_node));
	zwb_equal(delta.node[block_node].written, 200);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.node[block_node].written, load->pages - 300);
	zwb_equal(delta.total.written, load->pages - 300);
}

/* The directory in debugfs comes and goes with the one in sysfs, or soon after. */
static bool wait_for_table(bool present)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	char path[ZWB_PATH_MAX];

	zwb_table_path(block_node, path, sizeof(path));
	while (!access(path, F_OK) != present) {
		if (zwb_now() > deadline) {
			zwb_fail("%s %s", path, present ? "did not appear" : "did not go away");
			return false;
		}
		zwb_pause();
	}
	return true;
}

/*
 * The table of a node is there as long as the node can hold entries, and shows
 * those of the new node, which the total has as well.
 *
 * Turns red when the tables are made once at boot, or when the counts are.
 */
static void table_follows_the_node(void)
{
	struct zwb_table table, total;
	struct zwb_load *load;

	if (!need_blocks() || !zwb_need_tables())
		return;
	/* the node that the test before has brought, if it stayed */
	if (!wait_for_table(zwb_node_has_directory(block_node)))
		return;
	if (!block_online(kernel_block) && !zwb_write_string(kernel_block, "online_kernel"))
		return;
	if (!wait_for_directory(true) || !wait_for_table(true))
		return;
	load = zwb_load(NULL, block_node, 700, ZWB_TEXT);
	if (!load || !zwb_table_read(block_node, &table) || !zwb_table_read(ZWB_GLOBAL, &total))
		return;
	zwb_equal(zwb_table_sum(&table, 0, -1).pages, 700);
	zwb_equal(zwb_table_sum(&total, 0, -1).pages, 700);
	zwb_zero(zwb_run(NULL, block_node, "max=%lld", 200LL * zwb_page_size));
	if (!zwb_table_read(block_node, &table))
		return;
	zwb_equal(zwb_table_sum(&table, 0, -1).pages, 500);
	zwb_load_stop(load);
	if (zwb_table_read(block_node, &table))
		zwb_zero(zwb_table_sum(&table, 0, -1).pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(movable_memory_makes_no_directory),
	ZWB_TEST(directory_comes_and_goes),
	ZWB_TEST(memory_comes_and_goes_in_flight),
	ZWB_TEST(entries_of_movable_memory_are_in_order),
	ZWB_TEST(table_follows_the_node),
	ZWB_TEST(new_node_is_walked),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
