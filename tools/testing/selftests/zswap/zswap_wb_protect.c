// SPDX-License-Identifier: GPL-2.0
/*
 * memory.zswap.writeback=0, on a cgroup or on an ancestor, is honoured by every
 * command, with zswap enabled and disabled; and it costs nobody else anything.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define PROTECTED_PAGES		300
#define FREE_PAGES		400
#define OTHER_PAGES		500
#define ORPHANED_PAGES		800
#define ORPHANED_SOME		100

/*
 * The commands of the four tests below.
 *
 *     top                          other: OTHER_PAGES
 *     |-- middle
 *     |   `-- protected: PROTECTED_PAGES
 *     `-- free: FREE_PAGES
 *
 * 1. A command for the subtree of `top` writes what is in `free` and counts what is in `protected`.
 * 2. The same through a node's file writes what is in `other`.
 * 3. A global command finds nothing left but protected entries, whatever their age.
 * 4. By its id the protected cgroup is refused.
 * 5. With the switch back on, everything is written.
 */
static void check_protection(bool by_ancestor, bool enabled)
{
	const char *top, *middle, *protected, *unprotected, *other, *switched;
	struct zwb_load *load;
	struct zwb_snap delta;
	int nodes[1];

	if (!zwb_nodes(nodes, 1))
		return;
	top = zwb_cgroup(NULL, "top");
	middle = top ? zwb_cgroup(top, "middle") : NULL;
	protected = middle ? zwb_cgroup(middle, "protected") : NULL;
	unprotected = protected ? zwb_cgroup(top, "free") : NULL;
	other = unprotected ? zwb_cgroup(NULL, "other") : NULL;
	load = other ? zwb_load(protected, nodes[0], PROTECTED_PAGES, ZWB_TEXT) : NULL;
	if (!load || !zwb_load(unprotected, nodes[0], FREE_PAGES, ZWB_TEXT) ||
	    !zwb_load(other, nodes[0], OTHER_PAGES, ZWB_TEXT))
		return;
	switched = by_ancestor ? middle : protected;
	if (!zwb_cgroup_set(switched, "memory.zswap.writeback", "0") ||
	    !zwb_param_set("enabled", enabled ? "Y" : "N"))
		return;

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(top)));
	zwb_equal(delta.total.written, FREE_PAGES);
	zwb_equal(delta.total.skipped_protected, PROTECTED_PAGES);
	zwb_equal(delta.total.scanned, FREE_PAGES + PROTECTED_PAGES);

	zwb_zero(zwb_run(&delta, nodes[0], "age=0"));
	zwb_equal(delta.node[nodes[0]].written, OTHER_PAGES);
	zwb_equal(delta.node[nodes[0]].skipped_protected, PROTECTED_PAGES);

	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_equal(delta.total.skipped_protected, PROTECTED_PAGES);
	zwb_equal(delta.total.scanned, PROTECTED_PAGES);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	zwb_equal(delta.total.skipped_protected, PROTECTED_PAGES);
	zwb_zero(delta.total.skipped_young);

	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(protected)), -EPERM);
	zwb_equal(zwb_run(NULL, nodes[0], "cgroup=%llu age=0", zwb_cgroup_id(switched)), -EPERM);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", zwb_cgroup_id(protected)), -EPERM);
	zwb_equal(zwb_stored(), PROTECTED_PAGES);

	if (!zwb_cgroup_set(switched, "memory.zswap.writeback", "1"))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(protected)));
	zwb_equal(delta.total.written, PROTECTED_PAGES);
	zwb_zero(delta.total.skipped_protected);
}

/*
 * The cgroup's own switch.
 *
 * Turns red when global or node commands do not look at it, or when protected
 * entries are not counted as such.
 */
static void own_switch(void)
{
	check_protection(false, true);
}

/*
 * The switch of an ancestor; the cgroup's own is on.
 *
 * Turns red when only the cgroup's own switch is read.
 */
static void ancestors_switch(void)
{
	check_protection(true, true);
}

/*
 * The cgroup's own switch while zswap is disabled, and what it stored earlier
 * is still there.
 *
 * Turns red when the kernel's usual helper is relied on: it allows writeback
 * for everybody as long as zswap is disabled.
 */
static void own_switch_with_zswap_disabled(void)
{
	check_protection(false, false);
}

/*
 * The switch of an ancestor while zswap is disabled.
 *
 * Turns red when either of the two above is missing.
 */
static void ancestors_switch_with_zswap_disabled(void)
{
	check_protection(true, false);
}

/*
 * Under a limit, a protected cgroup with many old entries costs the others
 * nothing: the whole budget is written, from what may be written.
 *
 * Turns red when protected entries take a part of the budget, or end the walk.
 */
static void protected_entries_cost_no_budget(void)
{
	const char *protected, *unprotected;
	struct zwb_load *load, *kept;
	struct zwb_snap delta;
	long long disk, zswap;

	protected = zwb_cgroup(NULL, "a_protected");
	unprotected = protected ? zwb_cgroup(NULL, "b_free") : NULL;
	kept = unprotected ? zwb_load(protected, ZWB_ANY_NODE, 3000, ZWB_TEXT) : NULL;
	if (!kept || !zwb_cgroup_set(protected, "memory.zswap.writeback", "0"))
		return;
	load = zwb_load(unprotected, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 16LL * zwb_page_size));
	zwb_equal(delta.total.written, 16);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 256LL * zwb_page_size));
	zwb_equal(delta.total.written, 256);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max_compressed=1G"));
	zwb_equal(delta.total.written, 500 - 16 - 256);
	if (zwb_load_where(kept, &disk, &zswap)) {
		zwb_zero(disk);
		zwb_equal(zswap, kept->pages);
	}
}

/* Issue a command from inside a cgroup. */
static int __printf(3, 4) run_in(const char *cgroup, struct zwb_snap *delta, const char *fmt, ...)
{
	struct zwb_async command;
	struct zwb_snap before;
	char text[256];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	zwb_snap(&before);
	if (!zwb_start(&command, ZWB_GLOBAL, 0, "%s", text))
		return -ECHILD;
	zwb_async_move(&command, cgroup);
	zwb_go(&command);
	err = zwb_wait(&command);
	zwb_since(delta, &before);
	return err;
}

/*
 * Make a parent whose entries were those of a child that was removed; until
 * then the child's own switch was as given.  The load's process lives on in the
 * root.
 */
static struct zwb_load *orphaned_load(const char **parent, bool child_protected)
{
	struct zwb_load *load;
	const char *child;

	*parent = zwb_cgroup(NULL, "parent");
	child = *parent ? zwb_cgroup(*parent, "child") : NULL;
	load = child ? zwb_load(child, ZWB_ANY_NODE, ORPHANED_PAGES, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()) ||
	    !zwb_cgroup_set(child, "memory.zswap.writeback", child_protected ? "0" : "1") ||
	    !zwb_cgroup_remove(child))
		return NULL;
	return zwb_cgroup_inherits(*parent, ORPHANED_PAGES) ? load : NULL;
}

/* The parent's entries are all written, whoever asks for it. */
static void check_orphaned_are_written(const char *parent, const char *writer)
{
	struct zwb_snap delta;

	zwb_zero(run_in(writer, &delta, "cgroup=%llu max=%lld", zwb_cgroup_id(parent),
			ORPHANED_SOME * (long long)zwb_page_size));
	zwb_equal(delta.total.written, ORPHANED_SOME);
	zwb_zero(delta.total.skipped_protected);
	zwb_zero(run_in(writer, &delta, "age=0"));
	zwb_equal(delta.total.written, ORPHANED_PAGES - ORPHANED_SOME);
	zwb_zero(delta.total.skipped_protected);
	zwb_zero(delta.total.failed);
	zwb_zero(zwb_stored());
}

/*
 * The entries of a removed cgroup are written on behalf of their parent, and
 * not of the process that gives the command: that one's cgroup is protected.
 *
 * Turns red when the switch of an entry whose cgroup is gone is read in the cgroup of
 * the writer.
 */
static void removed_cgroup_and_protected_writer(void)
{
	const char *parent, *writer;

	writer = zwb_cgroup(NULL, "writer");
	if (!writer || !orphaned_load(&parent, false) ||
	    !zwb_cgroup_set(writer, "memory.zswap.writeback", "0"))
		return;
	check_orphaned_are_written(parent, writer);
}

/*
 * A removed cgroup takes its own switch with it: the parent's decides.
 *
 * Turns red when the switch of the cgroup that stored a page is read although
 * the page belongs to another one by now.
 */
static void removed_protected_cgroup(void)
{
	const char *parent, *writer;

	writer = zwb_cgroup(NULL, "writer");
	if (!writer || !orphaned_load(&parent, true))
		return;
	check_orphaned_are_written(parent, writer);
}

/*
 * The parent is protected, the cgroup that was removed was not, and neither is
 * the writer: nothing is written.
 *
 * Turns red when the switch is read of the cgroup that stored the pages, or of
 * the writer's.
 */
static void removed_cgroup_and_protected_parent(void)
{
	const char *parent, *writer;
	struct zwb_load *load;
	struct zwb_snap delta;

	writer = zwb_cgroup(NULL, "writer");
	load = writer ? orphaned_load(&parent, false) : NULL;
	if (!load || !zwb_cgroup_set(parent, "memory.zswap.writeback", "0"))
		return;
	zwb_equal(run_in(writer, &delta, "age=0"), -EAGAIN);
	zwb_zero(delta.total.written);
	zwb_equal(delta.total.skipped_protected, load->pages);
	zwb_equal(delta.total.scanned, load->pages);
	zwb_equal(run_in(writer, &delta, "max=1G"), -EAGAIN);
	zwb_equal(delta.total.skipped_protected, load->pages);
	zwb_equal(run_in(writer, &delta, "cgroup=%llu age=0", zwb_cgroup_id(parent)), -EPERM);
	zwb_equal(zwb_stored(), load->pages);
	zwb_zero(delta.total.scanned);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(own_switch),
	ZWB_TEST(ancestors_switch),
	ZWB_TEST(own_switch_with_zswap_disabled),
	ZWB_TEST(ancestors_switch_with_zswap_disabled),
	ZWB_TEST(protected_entries_cost_no_budget),
	ZWB_TEST(removed_cgroup_and_protected_writer),
	ZWB_TEST(removed_protected_cgroup),
	ZWB_TEST(removed_cgroup_and_protected_parent),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
