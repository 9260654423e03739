// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback in a kernel whose memory controller is off: boot
 * with cgroup_disable=memory, or without CONFIG_MEMCG.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"

static bool need_no_memcg(void)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), "%.400s/memory.stat", zwb_cgroup_root());
	if (zwb_cgroup_root()[0] && access(path, F_OK))
		return true;
	zwb_skip("the memory controller is on (hint: boot with cgroup_disable=memory)");
	return false;
}

/*
 * `cgroup` cannot mean anything and says so, with or without the other keys.
 *
 * Turns red when the key is ignored, so that the command would go over the
 * whole system.
 */
static void cgroup_is_eopnotsupp(void)
{
	int err;

	if (!need_no_memcg())
		return;
	err = zwb_run(NULL, ZWB_GLOBAL, "cgroup=1 age=0");
	zwb_equal(err, -EOPNOTSUPP);
	err = zwb_run(NULL, ZWB_GLOBAL, "age=0 cgroup=1 descend=0");
	zwb_equal(err, -EOPNOTSUPP);
	err = zwb_run(NULL, ZWB_READBACK, "cgroup=1");
	zwb_equal(err, -EOPNOTSUPP);
}

/*
 * Without `cgroup` everything works.
 *
 * Turns red when the walk over the cgroups leaves out what belongs to none.
 */
static void writes_without_memcg(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	if (!need_no_memcg())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.total.written, load->pages);
	zwb_equal(delta.total.scanned, load->pages);
}

/*
 * And back.
 *
 * Turns red when a page that is charged to no cgroup is taken for one that has no room,
 * or that is out of the scope.
 */
static void reads_back_without_memcg(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	if (!need_no_memcg() || !zwb_need_readback())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!load || !zwb_write_all(load->pages))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, load->pages);
	zwb_expect_read(load, 0, load->pages);
}

/*
 * The tables without cgroups count as ever; the one of cgroups says that there
 * are none, when it is opened and not with an empty table.
 *
 * Turns red when entries are counted by the lists of cgroups.
 */
static void tables_without_memcg(void)
{
	struct zwb_row sum, of_nodes = { 0 };
	struct zwb_table table;
	int i, nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	int fd;

	if (!need_no_memcg() || !zwb_need_tables())
		return;
	fd = open(ZWB_CGROUP_TABLE_FILE, O_RDONLY);
	zwb_equal(fd < 0 ? -errno : 0, -EOPNOTSUPP);
	if (fd >= 0)
		close(fd);
	if (!zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_NOISE) || !zwb_table_read(ZWB_GLOBAL, &table))
		return;
	zwb_table_settled(&table);
	sum = zwb_table_sum(&table, 0, -1);
	zwb_equal(sum.pages, 800);
	zwb_equal(sum.incompressible, zwb_incompressible(300));
	for (i = 0; i < nr_nodes; i++) {
		struct zwb_row node;

		if (!zwb_table_read(nodes[i], &table))
			return;
		node = zwb_table_sum(&table, 0, -1);
		of_nodes.pages += node.pages;
		of_nodes.bytes += node.bytes;
		of_nodes.incompressible += node.incompressible;
	}
	zwb_amounts_are(&of_nodes, &sum);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0"));
	if (zwb_table_read(ZWB_GLOBAL, &table)) {
		zwb_zero(zwb_table_sum(&table, 0, -1).pages);
		zwb_zero(zwb_table_sum(&table, 0, -1).bytes);
		zwb_equal(zwb_table_sum(&table, 0, -1).written, sum.written + 800);
	}
}

static const struct zwb_test tests[] = {
	ZWB_TEST(cgroup_is_eopnotsupp),
	ZWB_TEST(writes_without_memcg),
	ZWB_TEST_PAGES(reads_back_without_memcg),
	ZWB_TEST_IMAGES(reads_back_without_memcg),
	ZWB_TEST(tables_without_memcg),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.no_memcg = true,
	};

	return zwb_main(&suite);
}
