// SPDX-License-Identifier: GPL-2.0
/*
 * Commands at the same time as other commands, signals, and the end of what
 * they work on.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define INTERRUPT_PAGES		12000
#define INTERRUPT_TRIES		3
#define REMOVED_PAGES		1500
/* more than a command selects at once */
#define REMOVED_FIRST		2100
#define SHRINKER_PAGES		8000
#define SHRINKER_ENTRIES	64
#define SHRINKER_SECONDS	60

/*
 * Two commands at once, each with its own limit, on the same entries: each
 * keeps its limit and reaches it, and no page is written twice.
 *
 * Turns red when the limits are kept in a shared place, when what another
 * command has taken is counted as one's own, or when a command gives up on the
 * first entry that another one has in its hands.
 */
static void two_limits_at_once(void)
{
	const long long pages[] = { 900, 1300 };
	struct zwb_snap before, delta;
	struct zwb_async commands[2];
	long long stored = 6000;
	int round, i;

	if (!zwb_load(NULL, ZWB_ANY_NODE, stored, ZWB_TEXT))
		return;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 2; i++) {
			if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "max=%lld",
				       pages[i] * zwb_page_size))
				return;
		}
		zwb_snap(&before);
		for (i = 0; i < 2; i++)
			zwb_go(&commands[i]);
		for (i = 0; i < 2; i++)
			zwb_zero(zwb_wait(&commands[i]));
		zwb_since(&delta, &before);
		zwb_equal(delta.commands, 2);
		zwb_equal(delta.total.written, pages[0] + pages[1]);
		zwb_equal(delta.vm.zswpwb, pages[0] + pages[1]);
		zwb_equal(delta.stored, -(pages[0] + pages[1]));
	}
}

/*
 * Two unlimited commands at once write every page, and each page once.
 *
 * Turns red when two commands take the same entry for their own, or when both
 * leave to the other what neither writes.
 */
static void two_unlimited_at_once(void)
{
	struct zwb_snap before, delta;
	struct zwb_async commands[2];
	struct zwb_load *load;
	int i, err[2];

	load = zwb_load(NULL, ZWB_ANY_NODE, 6000, ZWB_TEXT);
	if (!load)
		return;
	for (i = 0; i < 2; i++) {
		if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "age=0"))
			return;
	}
	zwb_snap(&before);
	for (i = 0; i < 2; i++)
		zwb_go(&commands[i]);
	for (i = 0; i < 2; i++) {
		err[i] = zwb_wait(&commands[i]);
		if (err[i] != -EAGAIN)
			zwb_zero(err[i]);
	}
	zwb_since(&delta, &before);
	if (err[0] && err[1])
		zwb_fail("neither command wrote anything");
	zwb_equal(delta.commands, 2);
	zwb_equal(delta.total.written, load->pages);
	zwb_zero(zwb_stored());
}

/* Start an unlimited command and send a signal as soon as it writes; all is counted then. */
static int command_with_signal(int signal, int sa_flags)
{
	long long before, signalled;
	struct zwb_async command;
	bool writing;
	int err;

	if (!zwb_start(&command, ZWB_GLOBAL, sa_flags, "age=0"))
		return -ECHILD;
	before = zwb_vmstat_key("zswpwb");
	zwb_go(&command);
	writing = zwb_wait_for_writeback(before);
	signalled = zwb_now();
	kill(command.pid, writing ? signal : SIGKILL);
	err = zwb_wait(&command);
	zwb_wait_for_what_is_left(signalled);
	return err;
}

static void check_interruption(int signal, int sa_flags, int want)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;
	int tries, err;

	load = zwb_load(NULL, ZWB_ANY_NODE, INTERRUPT_PAGES, ZWB_TEXT);
	for (tries = 0; load && tries < INTERRUPT_TRIES; tries++) {
		zwb_snap(&before);
		err = command_with_signal(signal, sa_flags);
		zwb_since(&delta, &before);
		if (zwb_failed())
			return;
		if (err == want)
			break;
		/* a second one would be the first, restarted */
		zwb_equal(delta.commands, 1);
		/* it may have been through already when the signal came */
		if (err || delta.total.written != load->pages ||
		    !zwb_load_touch(load, 0, load->pages) || !zwb_load_pageout(load)) {
			zwb_equal(err, want);
			return;
		}
	}
	if (!load)
		return;
	if (tries == INTERRUPT_TRIES) {
		zwb_fail("%d pages are too few to interrupt a command", INTERRUPT_PAGES);
		return;
	}
	zwb_equal(delta.commands, 1);
	zwb_between(delta.total.written, 1, load->pages - 1);
	zwb_equal(delta.stored, -delta.total.written);
	/* what was written stays written, and nothing keeps the rest from following */
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_zero(zwb_stored());
}

/*
 * A signal ends a command with -EINTR; what it has written is counted, the rest
 * can be written later.
 *
 * Turns red when signals are not looked at, when the partial count is thrown
 * away, or when entries that the command had in its hands are lost to later
 * ones.
 */
static void signal_interrupts(void)
{
	check_interruption(SIGUSR1, 0, -EINTR);
}

/*
 * The same with a handler that asks for system calls to be restarted: this one
 * is not, for it would begin anew with the whole of its limit.
 *
 * Turns red when the kernel returns -ERESTARTSYS.
 */
static void signal_never_restarts(void)
{
	check_interruption(SIGUSR1, SA_RESTART, -EINTR);
}

/*
 * A command can be killed, soon.
 *
 * Turns red when the command runs on to its end, or waits uninterruptibly for
 * more than its I/O.
 */
static void kill_ends_a_command(void)
{
	check_interruption(SIGKILL, 0, -ESRCH);
}

/*
 * Cgroups are removed while a command walks over them: the command goes on with
 * the others, and in the parent's list with what was in the removed ones.
 *
 * Turns red, or takes the kernel down, when the walk relies on a cgroup that
 * may go, ends with it, or loses its place when the entries go to the parent.
 */
static void cgroups_removed_meanwhile(void)
{
	const char *parent, *children[6];
	struct zwb_load *loads[6];
	struct zwb_snap before, delta;
	struct zwb_async command;
	long long zswpwb;
	char name[32];
	int i;

	parent = zwb_cgroup(NULL, "parent");
	if (!parent)
		return;
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "child%d", i);
		children[i] = zwb_cgroup(parent, name);
		loads[i] = children[i] ? zwb_load(children[i], ZWB_ANY_NODE, 1500, ZWB_TEXT) : NULL;
		if (!loads[i])
			return;
	}
	for (i = 0; i < 6; i++) {
		if (!zwb_load_move(loads[i], zwb_cgroup_root()))
			return;
	}
	zwb_snap(&before);
	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0 cgroup=%llu", zwb_cgroup_id(parent)))
		return;
	zswpwb = zwb_vmstat_key("zswpwb");
	zwb_go(&command);
	if (zwb_wait_for_writeback(zswpwb)) {
		for (i = 0; i < 6; i++)
			zwb_cgroup_remove(children[i]);
	}
	zwb_zero(zwb_wait(&command));
	/* what the kernel has moved to the parent meanwhile is in the scope as well */
	zwb_zero(zwb_stored());
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, 6 * 1500);
	zwb_equal(delta.total.scanned, 6 * 1500);
}

/*
 * A cgroup is removed, and most of its entries are gone, while a command for it sleeps
 * for its rate: what is behind the others in the parent's list is another removed
 * cgroup's, and stays.
 *
 * Turns red when the command goes on with entries that were never the cgroup's.
 */
static void removed_siblings_stay(void)
{
	const char *parent = zwb_cgroup(NULL, "parent"), *child, *sibling;
	struct zwb_load *load, *exits, *stays;
	struct zwb_snap before, delta;
	struct zwb_async command;
	int node;

	child = parent ? zwb_cgroup(parent, "child") : NULL;
	sibling = child ? zwb_cgroup(parent, "sibling") : NULL;
	if (!sibling || zwb_nodes(&node, 1) < 1)
		return;
	stays = zwb_load(sibling, node, REMOVED_PAGES, ZWB_TEXT);
	load = stays ? zwb_load(child, node, REMOVED_FIRST, ZWB_TEXT) : NULL;
	exits = load ? zwb_load(child, node, REMOVED_PAGES, ZWB_TEXT) : NULL;
	if (!exits || !zwb_load_move(stays, zwb_cgroup_root()) ||
	    !zwb_load_move(load, zwb_cgroup_root()) || !zwb_cgroup_remove(sibling) ||
	    !zwb_cgroup_inherits(parent, REMOVED_PAGES))
		return;
	zwb_snap(&before);
	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0 cgroup=%llu rate=%lld",
		       zwb_cgroup_id(child), 1024 * (long long)zwb_page_size))
		return;
	zwb_go(&command);
	zwb_wait_for_writeback(before.vm.zswpwb);
	zwb_load_stop(exits);
	zwb_cgroup_remove(child);
	zwb_since(&delta, &before);
	zwb_zero(zwb_wait(&command));
	if (delta.total.written >= REMOVED_FIRST) {
		zwb_late("the command was through before its cgroup was removed");
		return;
	}
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, REMOVED_FIRST);
	zwb_expect_read(stays, 0, REMOVED_PAGES);
}

/*
 * Processes exit while a command writes their pages: pages that are gone are
 * counted as gone, or not at all, and nothing else goes wrong.
 *
 * Turns red, or takes the kernel down, when an entry is touched after it was
 * freed, and when an entry that vanished is lost from the sums.
 */
static void processes_exit_meanwhile(void)
{
	struct zwb_load *loads[4];
	struct zwb_snap before, delta;
	struct zwb_async command;
	long long zswpwb;
	int i;

	for (i = 0; i < 4; i++) {
		loads[i] = zwb_load(NULL, ZWB_ANY_NODE, 2500, ZWB_TEXT);
		if (!loads[i])
			return;
	}
	zwb_snap(&before);
	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	zswpwb = zwb_vmstat_key("zswpwb");
	zwb_go(&command);
	if (zwb_wait_for_writeback(zswpwb)) {
		/* the first one stays, and is compared in the end */
		for (i = 3; i > 0; i--)
			zwb_load_stop(loads[i]);
	}
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	zwb_zero(zwb_stored());
	zwb_between(delta.total.written, 1, 4 * 2500);
	zwb_between(delta.total.scanned, delta.total.written, 4 * 2500);
	ksft_print_msg("%lld pages written, %lld gone\n", delta.total.written,
		       delta.total.skipped_gone);
}

/* Let the shrinker go over a cgroup, until the process is killed. */
static pid_t start_shrinker(const char *cgroup, const int *nodes, int nr_nodes)
{
	pid_t pid = zwb_fork();
	int i;

	if (pid)
		return pid;
	for (i = 0; zwb_shrinker_scan(cgroup, nodes[i], SHRINKER_ENTRIES); i = (i + 1) % nr_nodes)
		;
	_exit(1);
}

static void stop_shrinker(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		zwb_fail("shrinker: ended before it was stopped");
	zwb_param_set("shrinker_enabled", "N");
}

/*
 * The shrinker writes from the head of the very lists that unlimited commands
 * walk over: between them they write every page, and each page once.
 *
 * Turns red, or takes the kernel down, when the shrinker takes what keeps a
 * command's place in a list for an entry, when it frees that or moves it, when
 * a command loses its place because of what the shrinker takes out, or when
 * both write the same entry.
 */
static void shrinker_during_commands(void)
{
	int nodes[2], nr_nodes = zwb_nodes(nodes, 2);
	struct zwb_snap before, delta;
	long long deadline, left;
	const char *cgroup;
	int i, err;
	pid_t pid;

	if (!zwb_need_shrinker_debugfs() || !nr_nodes)
		return;
	zwb_allow_other_writeback();
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup)
		return;
	zwb_snap(&before);
	for (i = 0; i < nr_nodes; i++) {
		long long pages = SHRINKER_PAGES / nr_nodes;

		/* with the second chance spent, the shrinker writes what it visits */
		if (!zwb_load(cgroup, nodes[i], pages, ZWB_TEXT) ||
		    !zwb_shrinker_scan(cgroup, nodes[i], pages))
			return;
	}
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.zswpwb);
	zwb_equal(delta.stored, SHRINKER_PAGES);

	pid = start_shrinker(cgroup, nodes, nr_nodes);
	if (pid < 0)
		return;
	zwb_wait_for_writeback(before.vm.zswpwb);
	deadline = zwb_now() + SHRINKER_SECONDS * ZWB_NS_PER_SEC;
	do {
		err = zwb_run(NULL, ZWB_GLOBAL, "age=0");
		/* each comes to the end of its lists, but for what the shrinker is writing */
		left = zwb_stored();
		zwb_between(left, 0, SHRINKER_ENTRIES);
		if (err && err != -EAGAIN)
			zwb_zero(err);
	} while (!zwb_failed() && zwb_stored() && zwb_now() < deadline);
	stop_shrinker(pid);
	zwb_zero(zwb_stored());
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.zswpwb, SHRINKER_PAGES);
	zwb_between(delta.total.written, 1, delta.vm.zswpwb - 1);
	zwb_zero(delta.total.failed);
	zwb_between(delta.total.scanned, delta.total.written, SHRINKER_PAGES * delta.commands);
	ksft_print_msg("%lld pages written by %lld commands, %lld by the shrinker\n",
		       delta.total.written, delta.commands,
		       delta.vm.zswpwb - delta.vm.zswpwb_proactive);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(two_limits_at_once),
	ZWB_TEST(two_unlimited_at_once),
	ZWB_TEST(signal_interrupts),
	ZWB_TEST(signal_never_restarts),
	ZWB_TEST(kill_ends_a_command),
	ZWB_TEST(cgroups_removed_meanwhile),
	ZWB_TEST(removed_siblings_stay),
	ZWB_TEST(processes_exit_meanwhile),
	ZWB_TEST(shrinker_during_commands),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
