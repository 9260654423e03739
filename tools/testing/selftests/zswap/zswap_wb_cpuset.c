// SPDX-License-Identifier: GPL-2.0
/*
 * cpusets: a command is for the nodes that it names, whatever nodes and CPUs its giver and
 * the owners of the pages may use, and leaves these as they are.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define SET_TEXT		900
#define SET_NOISE		100
#define SET_ALL			(SET_TEXT + SET_NOISE)
/* of these, by each of two commands */
#define SET_PART		300
/* and when they were brought back */
#define SET_AGAIN		(SET_ALL - 70)

#define MOVE_PAGES		400
#define MOVE_MEGABYTES		64
/* for which nothing gets to the disk, at most */
#define MOVE_SECONDS		10

#define SET_MEMS_ALLOWED	4

/**
 * struct sets - who may use what
 * @here: a node, where the giver of commands is
 * @there: another one, where the pages are
 * @cpu: one of each node
 * @switched_on: there were no cpusets before
 * @giver: the cgroup of who gives commands
 * @owner: the cgroup of the pages
 */
struct sets {
	int here;
	int there;
	int cpu[ZWB_MAX_NODES];
	bool switched_on;
	const char *giver;
	const char *owner;
};

static bool confine_to(const struct sets *sets, const char *cgroup, int node)
{
	return zwb_cgroup_set_number(cgroup, "cpuset.cpus", sets->cpu[node]) &&
	       zwb_cgroup_set_number(cgroup, "cpuset.mems", node);
}

static bool sets_on(struct sets *sets)
{
	if (cg_read_strstr(zwb_cgroup_root(), "cgroup.controllers", "cpuset")) {
		zwb_skip("needs CONFIG_CPUSETS, of cgroup v2");
		return false;
	}
	if (!zwb_need_two_cpus() || !zwb_need_two_nodes(&sets->here, &sets->there))
		return false;
	sets->cpu[sets->here] = zwb_cpu_of_node(sets->here);
	sets->cpu[sets->there] = zwb_cpu_of_node(sets->there);
	if (sets->cpu[sets->here] < 0 || sets->cpu[sets->there] < 0) {
		zwb_skip("needs two NUMA nodes with CPUs");
		return false;
	}
	sets->switched_on = cg_read_strstr(zwb_cgroup_root(), "cgroup.subtree_control", "cpuset");
	if (!zwb_cgroup_set(zwb_cgroup_root(), "cgroup.subtree_control", "+cpuset"))
		return false;
	sets->giver = zwb_cgroup(NULL, "giver");
	sets->owner = sets->giver ? zwb_cgroup(NULL, "owner") : NULL;
	return sets->owner && confine_to(sets, sets->giver, sets->here) &&
	       confine_to(sets, sets->owner, sets->there);
}

static void sets_off(const struct sets *sets)
{
	zwb_cgroup_enter(NULL);
	if (sets->switched_on)
		zwb_cgroup_set(zwb_cgroup_root(), "cgroup.subtree_control", "-cpuset");
}

/* The CPUs, and the nodes, that a task may use are one of each; 0 is this process. */
static void expect_cpu(const struct sets *sets, pid_t pid, int node)
{
	cpu_set_t cpus;

	if (!zwb_zero(sched_getaffinity(pid, sizeof(cpus), &cpus)))
		return;
	zwb_equal(CPU_COUNT(&cpus), 1);
	zwb_between(CPU_ISSET(sets->cpu[node], &cpus), true, true);
}

static void expect_confined(const struct sets *sets, int node)
{
	unsigned long nodes[ZWB_MAX_NODES / (8 * sizeof(unsigned long))] = { 0 };

	expect_cpu(sets, 0, node);
	zwb_equal(sched_getcpu(), sets->cpu[node]);
	/* the kernel counts one bit less than it is told */
	if (zwb_zero(syscall(__NR_get_mempolicy, NULL, nodes, ZWB_MAX_NODES + 1UL, NULL,
			     SET_MEMS_ALLOWED)))
		zwb_equal(nodes[0], 1UL << node);
}

/* --- the giver --- */

/* All of them were found on that node, and written. */
static void wrote(const struct zwb_snap *delta, int node, long long pages)
{
	zwb_equal(delta->total.written, pages);
	zwb_equal(delta->node[node].written, pages);
	zwb_zero(delta->total.failed);
	zwb_equal(delta->stored, -pages);
}

/* In the giver's cgroup: by node, by the node's own file, and all that is left. */
static void check_giver(const struct sets *sets)
{
	const long long part = SET_PART * (long long)zwb_page_size;
	struct zwb_snap delta;

	expect_confined(sets, sets->here);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "node=%d max=%lld", sets->there, part));
	wrote(&delta, sets->there, SET_PART);
	zwb_zero(zwb_run(&delta, sets->there, "max=%lld", part));
	wrote(&delta, sets->there, SET_PART);
	/* there is nothing on its own node */
	zwb_equal(zwb_run(&delta, sets->here, "age=0"), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	wrote(&delta, sets->there, SET_ALL - 2 * SET_PART);
	expect_confined(sets, sets->here);

	/* and back: the memory is where the giver may have some */
	zwb_zero(zwb_readback(&delta, "node=%d max=1G", sets->there));
	zwb_equal(delta.total.readback, SET_ALL);
	zwb_equal(delta.node[sets->there].readback, SET_ALL);
	zwb_equal(zwb_cgroup_pages(sets->owner, sets->here), SET_ALL);
	expect_confined(sets, sets->here);
	zwb_equal(zwb_run(&delta, sets->there, "age=0"), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_zero(zwb_run(&delta, sets->here, "cgroup=%llu max=%lld", zwb_cgroup_id(sets->owner),
			 SET_AGAIN * (long long)zwb_page_size));
	wrote(&delta, sets->here, SET_AGAIN);
}

/*
 * The giver of commands may use one node and its CPU, and the pages are on the other one: they
 * are written, and brought back, all the same.
 *
 * Turns red when a command is only for nodes that its giver may use, when it goes to the
 * CPUs of the nodes that it is for and stays there, or when what it brings back takes memory
 * that its giver may not use, or none.
 */
static void giver_may_use_one_node(void)
{
	struct zwb_load *text, *noise;
	long long disk[2], zswap[2];
	struct sets sets = { 0 };

	if (zwb_need_tables() && zwb_need_readback() && sets_on(&sets)) {
		text = zwb_load(sets.owner, sets.there, SET_TEXT, ZWB_TEXT);
		noise = text ? zwb_load(sets.owner, sets.there, SET_NOISE, ZWB_NOISE) : NULL;
		if (noise && zwb_cgroup_enter(sets.giver)) {
			check_giver(&sets);
			zwb_cgroup_enter(NULL);
			if (!zwb_failed() && zwb_load_where(text, &disk[0], &zswap[0]) &&
			    zwb_load_where(noise, &disk[1], &zswap[1])) {
				zwb_equal(disk[0] + disk[1], SET_AGAIN);
				zwb_equal(zswap[0] + zswap[1], SET_ALL - SET_AGAIN);
			}
		}
	}
	sets_off(&sets);
}

/* --- sets that change --- */

/* The command waits for the disk meanwhile, with its first page on the way. */
static void move_both(const struct sets *sets, struct zwb_async *command)
{
	pid_t release = zwb_async_move(command, sets->giver) ?
			zwb_mapped_hold_for(MOVE_SECONDS) : -1;

	zwb_go(command);
	if (release < 0)
		return;
	if (zwb_wait_until_it_waits(command, ZWB_WAIT_MS)) {
		expect_cpu(sets, command->pid, sets->here);
		/* the one goes where the pages are, and the other one where that was */
		confine_to(sets, sets->giver, sets->there);
		confine_to(sets, sets->owner, sets->here);
		if (zwb_async_waits(command))
			expect_cpu(sets, command->pid, sets->there);
		else
			zwb_late("the disk had gone on before the sets had changed");
	}
	zwb_mapped_let_go(release);
}

static void check_moved(const struct sets *sets, struct zwb_load *load)
{
	struct zwb_async command;
	struct zwb_snap before, delta;

	if (!zwb_start(&command, ZWB_GLOBAL, 0, "node=%d age=0", sets->there))
		return;
	zwb_snap(&before);
	move_both(sets, &command);
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	wrote(&delta, sets->there, load->pages);

	/* the pages come back to where they may be now, and go out again from there */
	if (!zwb_expect_read(load, load->pages, 0) || !zwb_load_touch(load, 0, load->pages) ||
	    !zwb_load_pageout(load))
		return;
	zwb_equal(zwb_cgroup_pages(sets->owner, sets->here), load->pages);
	zwb_zero(zwb_run(&delta, sets->here, "age=0"));
	wrote(&delta, sets->here, load->pages);
	zwb_expect_read(load, load->pages, 0);
}

/*
 * While a command is at work, its giver has to move to the other node, and so has the owner of
 * the pages, to the one that it comes from.
 *
 * Turns red when a command keeps its task where that may be no longer, when it ends because it
 * has to move, or when it looks for pages where their owner is, and not where they are.
 */
static void cpusets_change_during_a_command(void)
{
	struct zwb_load *load;
	struct sets sets = { 0 };

	if (zwb_need_tables() && sets_on(&sets) && zwb_mapped_on("linear", "", MOVE_MEGABYTES)) {
		load = zwb_load(sets.owner, sets.there, MOVE_PAGES, ZWB_TEXT);
		if (load)
			check_moved(&sets, load);
	}
	zwb_mapped_off();
	sets_off(&sets);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(giver_may_use_one_node),
	ZWB_TEST_IMAGES(giver_may_use_one_node),
	ZWB_TEST(cpusets_change_during_a_command),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
