// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback in a kernel whose memory controller is off: boot
 * with cgroup_disable=memory, or without CONFIG_MEMCG.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

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

static const struct zwb_test tests[] = {
	ZWB_TEST(cgroup_is_eopnotsupp),
	ZWB_TEST(writes_without_memcg),
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
