// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback with the memory controller on a cgroup v1 hierarchy,
 * which this program mounts.  That is possible where no cgroup but the root has the
 * controller yet: run it first after boot, or alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define V1_ROOT			"/tmp/zswap_wb_v1"
#define MEMSW			"memory.memsw.usage_in_bytes"
#define PAGES			8000
#define MANY_COMMANDS		16
#define BUSY_COMMANDS		4
#define BUSY_PAGES		3000
#define BUSY_ROUNDS		5
/* what two CPUs keep of a cgroup's charges for the next one, 64 pages each, and some more */
#define KEPT_PAGES		160
/* of the process, page tables say, which come and go */
#define SLACK_PAGES		16
#define USAGE_LOOKS		50

static bool need_v1(void)
{
	if (!access(V1_ROOT "/memory.usage_in_bytes", F_OK))
		return true;
	zwb_skip("the memory controller is not on cgroup v1 (hint: CONFIG_MEMCG_V1, run alone)");
	return false;
}

/* Gives the controller back to cgroup v2, once no cgroup of v1 is left. */
static void umount_v1(void)
{
	umount(V1_ROOT);
	rmdir(V1_ROOT);
}

static void mount_v1(void)
{
	mkdir(V1_ROOT, 0755);
	if (mount("cgroup", V1_ROOT, "cgroup", 0, "memory"))
		ksft_print_msg("mounting the memory controller of cgroup v1: %s\n",
			       strerror(errno));
	atexit(umount_v1);
}

/*
 * `cgroup` is refused, with an id of either hierarchy and of none, with or without
 * other keys, and nothing happens.
 *
 * Turns red when an id is looked up in the other hierarchy: there cgroup=1 is the
 * root, and the command goes over the whole system.
 */
static void cgroup_is_eopnotsupp(void)
{
	char cgroup[ZWB_PATH_MAX];

	if (!need_v1() || !zwb_cgroup_bare(V1_ROOT, "zwb_some", cgroup, sizeof(cgroup)) ||
	    !zwb_load(cgroup, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=1 age=0"), -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup)),
		  -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu max=1M descend=0",
			  zwb_cgroup_id(zwb_cgroup_root())), -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0 cgroup=987654321"), -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, 0, "age=0 cgroup=1"), -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=1"), -EOPNOTSUPP);
	zwb_equal(zwb_stored(), 100);
}

/*
 * The table of cgroups says that there is none, when it is opened or read.  The
 * others count as ever.
 *
 * Turns red when it lists ids that `cgroup` refuses.
 */
static void table_of_cgroups_is_eopnotsupp(void)
{
	char cgroup[ZWB_PATH_MAX], text[64];
	struct zwb_table table;
	int fd, err;

	if (!need_v1() || !zwb_need_tables() ||
	    !zwb_cgroup_bare(V1_ROOT, "zwb_some", cgroup, sizeof(cgroup)) ||
	    !zwb_load(cgroup, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	fd = open(ZWB_CGROUP_TABLE_FILE, O_RDONLY);
	err = fd < 0 ? -errno : 0;
	if (!err && read(fd, text, sizeof(text)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	zwb_equal(err, -EOPNOTSUPP);
	if (zwb_table_read(ZWB_GLOBAL, &table))
		zwb_equal(zwb_table_sum(&table, 0, -1).pages, 100);
}

/*
 * Without `cgroup` commands go over the cgroups of v1, each with its limits.
 *
 * Turns red when the walk leaves out what is in cgroups of v1.
 */
static void writes_all_cgroups(void)
{
	char first[ZWB_PATH_MAX], second[ZWB_PATH_MAX];
	struct zwb_snap delta;

	if (!need_v1() || !zwb_cgroup_bare(V1_ROOT, "zwb_first", first, sizeof(first)) ||
	    !zwb_cgroup_bare(first, "zwb_second", second, sizeof(second)) ||
	    !zwb_load(first, ZWB_ANY_NODE, 700, ZWB_TEXT) ||
	    !zwb_load(second, ZWB_ANY_NODE, 300, ZWB_NOISE) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "%smax=%lld",
			 zwb_has_incompressible() ? "type=incompressible " : "",
			 100LL * zwb_page_size));
	zwb_equal(delta.total.written, 100);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, 1100);
	zwb_equal(delta.total.scanned, 1100);
}

/*
 * Memory and swap of a cgroup, in pages; zswap itself is nobody's here.  What CPUs keep
 * is given back before, and what else is in memory goes to swap, with its charge; what has
 * just been done may take another look, until nothing changes.
 */
static long long usage_of(const char *cgroup)
{
	long long last, usage = -1;
	int i;

	for (i = 0; i < USAGE_LOOKS; i++) {
		last = usage;
		zwb_cgroup_set(cgroup, "memory.force_empty", "0");
		zwb_swap_settle();
		usage = zwb_cgroup_number(cgroup, MEMSW) / zwb_page_size;
		if (usage == last)
			break;
		zwb_pause();
	}
	return usage;
}

/* With all of its pages gone a cgroup has no charge; their end may be a moment ago. */
static void expect_unused(const char *cgroup)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS, usage;

	do {
		zwb_pause();
		usage = usage_of(cgroup);
	} while (usage > SLACK_PAGES && zwb_now() < deadline);
	zwb_between(usage, 0, SLACK_PAGES);
}

static bool need_memsw(void)
{
	if (!need_v1())
		return false;
	if (!access(V1_ROOT "/" MEMSW, F_OK))
		return true;
	zwb_skip("no memory.memsw files (needs CONFIG_SWAP)");
	return false;
}

/* Issue commands, all at once; each page must have been written in the end. */
static void write_with(int nr)
{
	struct zwb_async commands[MANY_COMMANDS];
	long long stored = zwb_stored();
	struct zwb_snap before, delta;
	int i, err;

	for (i = 0; i < nr; i++) {
		if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "age=0"))
			return;
	}
	zwb_snap(&before);
	for (i = 0; i < nr; i++)
		zwb_go(&commands[i]);
	for (i = 0; i < nr; i++) {
		err = zwb_wait(&commands[i]);
		if (err)
			zwb_equal(err, -EAGAIN);
	}
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, stored);
	ksft_print_msg("%d commands: %lld busy, %lld gone\n", nr, delta.total.skipped_busy,
		       delta.total.skipped_gone);
}

static void memsw_with(int nr)
{
	char cgroup[ZWB_PATH_MAX];
	long long before, after;
	struct zwb_load *load;

	if (!need_memsw() || !zwb_cgroup_bare(V1_ROOT, "zwb_memsw", cgroup, sizeof(cgroup)))
		return;
	load = zwb_load(cgroup, ZWB_ANY_NODE, PAGES, ZWB_TEXT);
	if (!load)
		return;
	before = usage_of(cgroup);
	zwb_between(before, PAGES, PAGES * 2);
	write_with(nr);
	after = usage_of(cgroup);
	ksft_print_msg("memsw is %lld pages before, %lld after\n", before, after);
	zwb_near(after, before, SLACK_PAGES);
	/* each page has its charge still, to be moved to memory */
	if (zwb_load_verify(load))
		zwb_near(zwb_cgroup_number(cgroup, MEMSW) / zwb_page_size, before, KEPT_PAGES);
	zwb_load_stop(load);
	expect_unused(cgroup);
}

/*
 * A page on the disk is charged to memory.memsw as a page in zswap is: the usage
 * is the same before and after a command, and after the pages were read back, and
 * nothing when they are gone.
 *
 * Turns red when the charge of a slot is dropped or doubled.
 */
static void memsw_stays_with_one_command(void)
{
	memsw_with(1);
}

/*
 * The same with 16 commands, which meet pages that others have in hand.
 *
 * Turns red when giving up on a page uncharges its slot, which is alive.
 */
static void memsw_stays_with_many_commands(void)
{
	memsw_with(MANY_COMMANDS);
}

/* Commands go over the pages of a load while it writes to them, and has them in memory. */
static bool write_busy(struct zwb_load *load)
{
	struct zwb_async commands[BUSY_COMMANDS];
	bool good;
	int i, err;

	for (i = 0; i < BUSY_COMMANDS; i++) {
		if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "age=0"))
			return false;
		zwb_go(&commands[i]);
	}
	good = zwb_load_touch(load, 0, load->pages);
	for (i = 0; i < BUSY_COMMANDS; i++) {
		err = zwb_wait(&commands[i]);
		if (err)
			zwb_equal(err, -EAGAIN);
	}
	return good && zwb_load_churn(load, 1) && zwb_load_finish(load);
}

/*
 * The same while the pages are in use.
 *
 * Turns red as above: a page that was read meanwhile is another one to give up on.
 */
static void memsw_stays_with_busy_pages(void)
{
	char cgroup[ZWB_PATH_MAX];
	struct zwb_snap before, delta;
	struct zwb_load *load;
	long long usage;
	int i;

	if (!need_memsw() || !zwb_cgroup_bare(V1_ROOT, "zwb_memsw", cgroup, sizeof(cgroup)))
		return;
	load = zwb_load(cgroup, ZWB_ANY_NODE, BUSY_PAGES, ZWB_TEXT);
	if (!load)
		return;
	usage = usage_of(cgroup);
	zwb_snap(&before);
	for (i = 0; i < BUSY_ROUNDS; i++) {
		if (!write_busy(load))
			return;
	}
	zwb_since(&delta, &before);
	ksft_print_msg("%lld written, %lld busy, %lld gone; usage is %lld before, %lld after\n",
		       delta.total.written, delta.total.skipped_busy, delta.total.skipped_gone,
		       usage, usage_of(cgroup));
	zwb_near(usage_of(cgroup), usage, SLACK_PAGES);
	zwb_load_stop(load);
	expect_unused(cgroup);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(cgroup_is_eopnotsupp),
	ZWB_TEST(table_of_cgroups_is_eopnotsupp),
	ZWB_TEST(writes_all_cgroups),
	ZWB_TEST(memsw_stays_with_one_command),
	ZWB_TEST(memsw_stays_with_many_commands),
	ZWB_TEST(memsw_stays_with_busy_pages),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.no_memcg = true,
	};

	mount_v1();
	return zwb_main(&suite);
}
