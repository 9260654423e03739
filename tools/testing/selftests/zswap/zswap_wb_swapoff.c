// SPDX-License-Identifier: GPL-2.0
/*
 * swapoff that a command comes upon, and one that does not come to its end: the OOM killer has
 * chosen it, because reading everything back took more memory than there was.
 *
 * Needs a kernel that was booted with slab_nomerge, as zswap_wb_slots.
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

#define KILLED_PAGES		2000
/* enough for a command to come before swapoff is done */
#define MANY_PAGES		8000

/* swapoff in a process of a cgroup, whose wait status is the result; -1 after a failure. */
static int swapoff_in(const char *cgroup)
{
	pid_t pid = zwb_fork();
	int status;

	if (pid < 0)
		return -1;
	if (!pid)
		_exit(zwb_cgroup_enter(cgroup) && zwb_swap_disk(false) ? KSFT_PASS : KSFT_FAIL);
	if (waitpid(pid, &status, 0) == pid)
		return status;
	zwb_fail("waitpid: %s", strerror(errno));
	return -1;
}

/* Read back what there is memory for: half of the pages, of which half are on the disk. */
static bool swapoff_half_way(const char *cgroup, struct zwb_load *load)
{
	long long limit = zwb_cgroup_number(cgroup, "memory.current"), swapped;
	char text[32];
	int status;

	snprintf(text, sizeof(text), "%lld", limit + load->pages / 2 * zwb_page_size);
	if (!zwb_cgroup_set(cgroup, "memory.max", text))
		return false;
	status = swapoff_in(cgroup);
	if (!zwb_cgroup_set(cgroup, "memory.max", "max"))
		return false;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		zwb_fail("swapoff was not killed, its status is %x", status);
		/* it is off after all */
		if (!status)
			zwb_swap_disk(true);
		return false;
	}
	ksft_print_msg("oom_kill %lld\n", zwb_cgroup_key(cgroup, "memory.events", "oom_kill"));
	/* it was, and not the load */
	zwb_equal(zwb_cgroup_key(cgroup, "memory.events", "oom_kill"), 1);
	if (!zwb_load_swapped(load, &swapped))
		return false;
	ksft_print_msg("%lld of %lld pages are still in swap, %lld in zswap\n", swapped,
		       load->pages, zwb_stored());
	return zwb_between(swapped, load->pages / 10, load->pages * 9 / 10);
}

/* Have so many pages of the load written. */
static bool write_some(long long pages)
{
	struct zwb_snap delta;

	return zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", pages * zwb_page_size)) &&
	       zwb_equal(delta.total.written, pages);
}

/* A command finds what the killed one has left, and every page is right. */
static bool check_rest(struct zwb_load *load)
{
	long long stored = zwb_stored();
	struct zwb_snap delta;

	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), stored ? 0 : -EAGAIN);
	zwb_equal(delta.total.written, stored);
	zwb_zero(delta.total.failed);
	zwb_zero(zwb_stored());
	return zwb_load_verify(load);
}

/* The device is as good as before: pages go there, and swapoff in peace brings all back. */
static void check_again(struct zwb_load *load, long long objects)
{
	long long swapped;

	if (!zwb_load_pageout(load) || !write_some(load->pages / 2) || !zwb_swap_disk(false))
		return;
	zwb_zero(zwb_stored());
	if (zwb_load_swapped(load, &swapped))
		zwb_zero(swapped);
	zwb_slot_objects_come_to(objects);
	zwb_expect_read(load, 0, 0);
	zwb_swap_disk_back();
}

static void swapoff_is_killed(bool shared)
{
	const char *cgroup = zwb_cgroup(NULL, "small");
	struct zwb_load *load;
	long long objects;

	if (!cgroup || !zwb_need_slot_objects())
		return;
	objects = zwb_slot_objects();
	load = shared ? zwb_load_shared(cgroup, KILLED_PAGES) :
			zwb_load(cgroup, ZWB_ANY_NODE, KILLED_PAGES, ZWB_TEXT);
	if (load && write_some(KILLED_PAGES / 2) && swapoff_half_way(cgroup, load) &&
	    check_rest(load))
		check_again(load, objects);
}

/*
 * swapoff of anonymous pages, some of them in zswap and some where a command wrote
 * them, is killed half-way.
 *
 * Turns red when what is remembered of slots is thrown away before swapoff has succeeded,
 * stays afterwards, or when pages are lost or counted twice.
 */
static void swapoff_is_killed_half_way(void)
{
	swapoff_is_killed(false);
}

/*
 * The same with the pages of a file in memory, which swapoff finds in another way.
 *
 * Turns red as above.
 */
static void swapoff_of_shared_memory_is_killed(void)
{
	swapoff_is_killed(true);
}

/* A command for all, while all is on its way back: what it has written, and what was left. */
static void command_beside_swapoff(struct zwb_snap *delta, long long *left)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	pid_t pid = zwb_fork();
	int err, status;

	if (!pid)
		_exit(zwb_swap_disk(false) ? KSFT_PASS : KSFT_FAIL);
	if (pid < 0)
		return;
	while (zwb_stored() == MANY_PAGES && zwb_now() < deadline)
		zwb_pause();
	err = zwb_run(delta, ZWB_GLOBAL, "age=0");
	*left = zwb_stored();
	ksft_print_msg("written %lld, status %d, left %lld\n", delta->total.written, err, *left);
	if (waitpid(pid, &status, 0) != pid || status)
		zwb_fail("swapoff failed, its status is %x", status);
}

/*
 * A device that swapoff is emptying is left alone: what is written there would be
 * read again at once.
 *
 * Turns red when a device is written to until swapoff is done.
 */
static void device_that_is_emptied_is_left_alone(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;
	long long left = 0;

	load = zwb_load(NULL, ZWB_ANY_NODE, MANY_PAGES, ZWB_TEXT);
	if (!load)
		return;
	command_beside_swapoff(&delta, &left);
	zwb_expect_read(load, 0, 0);
	zwb_swap_disk(true);
	if (zwb_zero(delta.total.written) && !left)
		zwb_late("swapoff was over before the command");
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(swapoff_is_killed_half_way),
	ZWB_TEST_IMAGES(swapoff_is_killed_half_way),
	ZWB_TEST_PAGES(swapoff_of_shared_memory_is_killed),
	ZWB_TEST_IMAGES(swapoff_of_shared_memory_is_killed),
	ZWB_TEST(device_that_is_emptied_is_left_alone),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what swapoff brings back on another CPU may wait there, and not be paged out */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
