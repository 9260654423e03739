// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback in a kernel that is locked down: boot with
 * lockdown=integrity.
 *
 * Of debugfs such a kernel opens only what nobody can write to, and only for
 * reading.  Commands and counters in sysfs are not concerned.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"

#define LOCKDOWN_DIR		"/sys/kernel/security"
#define LOCKDOWN_FILE		LOCKDOWN_DIR "/lockdown"

/* what was last read; its cgroups are freed when it is read again */
static struct zwb_tables tables;

/* The level in force stands in brackets; an empty text if it cannot be read. */
static void read_level(char *text, int size)
{
	FILE *file = fopen(LOCKDOWN_FILE, "r");

	if (!file || !fgets(text, size, file))
		text[0] = '\0';
	if (file)
		fclose(file);
}

static bool need_lockdown(void)
{
	char level[128];

	read_level(level, sizeof(level));
	/* not every system has it mounted */
	if (!level[0] && !mount("securityfs", LOCKDOWN_DIR, "securityfs", 0, NULL)) {
		read_level(level, sizeof(level));
		umount(LOCKDOWN_DIR);
	}
	if (strstr(level, "[integrity]") || strstr(level, "[confidentiality]"))
		return true;
	zwb_skip("not locked down (hint: boot with lockdown=integrity)");
	return false;
}

static void expect_eperm(const char *path)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		fd = open(path, flags[i]);
		if (fd >= 0) {
			zwb_fail("%s can be opened with flags %#x", path, flags[i]);
			close(fd);
		} else if (errno != EPERM) {
			zwb_fail("open %s with flags %#x: %s", path, flags[i], strerror(errno));
		}
	}
}

/*
 * Commands and edges in debugfs are out of reach, for root as well.
 *
 * Turns red when a file that changes something has a mode that lockdown takes
 * for harmless.
 */
static void debugfs_changes_nothing(void)
{
	if (!need_lockdown() || !zwb_need_tables() || !zwb_load(NULL, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	expect_eperm(ZWB_DEBUGFS "/writeback");
	expect_eperm(ZWB_EDGES_FILE);
	zwb_equal(zwb_stored(), 100);
}

/*
 * The tables can be read as ever.
 *
 * Turns red when one of them can be written to, or has an ioctl or mmap, which
 * makes lockdown refuse it.
 */
static void tables_can_be_read(void)
{
	const char *cgroup;

	if (!need_lockdown() || !zwb_need_tables())
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, 300, ZWB_TEXT) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_NOISE) || !zwb_tables_check(&tables))
		return;
	zwb_equal(tables.total.nr, 13);
	zwb_equal(tables.total.row[0].pages, 500);
	zwb_equal(tables.total.row[0].incompressible, zwb_incompressible(200));
	zwb_tables_own_is(&tables, cgroup, 300, 0);
}

/*
 * Commands in sysfs work, by size, age, cgroup and node, and all counters tell.
 *
 * Turns red when sysfs relies on something in debugfs.
 */
static void sysfs_goes_on_working(void)
{
	struct zwb_load *load, *other;
	struct zwb_snap before, delta;
	const char *cgroup;
	int first, second;

	if (!need_lockdown() || !zwb_need_two_nodes(&first, &second))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, first, 500, ZWB_TEXT) : NULL;
	other = load ? zwb_load(NULL, second, 400, ZWB_TEXT) : NULL;
	if (!other)
		return;
	zwb_snap(&before);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, 900);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld cgroup=%llu", 200LL * zwb_page_size,
			 zwb_cgroup_id(cgroup)));
	zwb_equal(delta.node[first].written, 200);
	zwb_zero(zwb_run(&delta, second, "age=0"));
	zwb_equal(delta.node[second].written, 400);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "bucket=0"), -EINVAL);

	/* what becomes of the pages is counted, too */
	if (!zwb_load_verify(load))
		return;
	zwb_load_stop(other);
	zwb_since(&delta, &before);
	zwb_equal(delta.commands, 3);
	zwb_equal(delta.total.written, 600);
	zwb_equal(delta.node[first].refaulted, 200);
	zwb_equal(delta.node[second].dropped, 400);
	zwb_equal(delta.vm.zswpwb_refault, 200);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(debugfs_changes_nothing),
	ZWB_TEST(tables_can_be_read),
	ZWB_TEST(sysfs_goes_on_working),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
