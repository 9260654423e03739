// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback without lists per cgroup: cgroup.memory=nokmem on the
 * kernel's command line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define NOKMEM_ARGUMENT		"cgroup.memory=nokmem"
#define NOKMEM_PAGES		500

static bool need_nokmem(void)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/cmdline", "r");

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	if (strstr(line, NOKMEM_ARGUMENT))
		return true;
	zwb_skip("cgroups have lists (hint: boot with " NOKMEM_ARGUMENT ")");
	return false;
}

static const char *cgroup_with_pages(void)
{
	const char *cgroup = zwb_cgroup(NULL, "some");

	return cgroup && zwb_load(cgroup, ZWB_ANY_NODE, NOKMEM_PAGES, ZWB_TEXT) ? cgroup : NULL;
}

/*
 * A cgroup can be named, has pages, and no list: `cgroup` says that it can mean nothing.
 *
 * Turns red when the command goes over an empty list, or over the one of all.
 */
static void cgroup_is_eopnotsupp(void)
{
	unsigned long long id;
	const char *cgroup;
	int fd;

	if (!need_nokmem())
		return;
	cgroup = cgroup_with_pages();
	if (!cgroup)
		return;
	id = zwb_cgroup_id(cgroup);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", id), -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0 cgroup=%llu descend=0", id), -EOPNOTSUPP);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", id), -EOPNOTSUPP);
	zwb_equal(zwb_stored(), NOKMEM_PAGES);
	if (zwb_need_tables()) {
		fd = open(ZWB_CGROUP_TABLE_FILE, O_RDONLY);
		zwb_equal(fd < 0 ? -errno : 0, -EOPNOTSUPP);
		if (fd >= 0)
			close(fd);
	}
}

/*
 * Commands for all that there is go both ways, and tables count the pages.
 *
 * Turns red when pages of cgroups are looked for on lists of cgroups.
 */
static void works_without_cgroup(void)
{
	struct zwb_table table;
	struct zwb_snap delta;

	if (!need_nokmem() || !cgroup_with_pages())
		return;
	if (zwb_need_tables() && zwb_table_read(ZWB_GLOBAL, &table))
		zwb_equal(zwb_table_sum(&table, 0, -1).pages, NOKMEM_PAGES);
	if (!zwb_write_all(NOKMEM_PAGES) || !zwb_need_readback())
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, NOKMEM_PAGES);
}

/*
 * Pages of a cgroup that wants none of them written stay in zswap, although a dry run does not
 * know whose they are.
 *
 * Turns red when a page is written because its list is not its cgroup's.
 */
static void protected_pages_stay(void)
{
	const char *cgroup = need_nokmem() ? cgroup_with_pages() : NULL;
	struct zwb_answer answer;
	struct zwb_snap delta;

	if (!cgroup || !zwb_cgroup_set(cgroup, "memory.zswap.writeback", "0"))
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_equal(delta.total.skipped_protected, NOKMEM_PAGES);
	if (!zwb_need_answers())
		return;
	zwb_zero(zwb_ask(&answer, "age=0 dry_run=1"));
	zwb_equal(answer.written, NOKMEM_PAGES);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(cgroup_is_eopnotsupp),
	ZWB_TEST_PAGES(works_without_cgroup),
	ZWB_TEST_IMAGES(works_without_cgroup),
	ZWB_TEST(protected_pages_stay),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
