// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to a page between the time that a command has recalled it from the disk
 * and the time that it has been read: it is freed, its slot is used for another page, or
 * somebody comes for it.
 *
 * Reads for the cgroup of the pages are held for as long as the test wants, by a limit
 * that they could never keep, and those of faults are not: no luck is needed, and no clock.
 * Only the last test, for both ways at once, takes what comes.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* less than half of the disk's slots, so that a page that is read keeps its slot */
#define RECALL_PAGES		120
/* nearly all: who needs so many gets the same ones */
#define AGAIN_PAGES		250
#define BLOCKED_MS		60000
#define SETTLE_MS		300
/* of a second's sleep, with all that is frozen first and wakes up afterwards */
#define FREEZE_MS		6000
/* of each of two loads, which commands move this often, in this time on any machine */
#define BOTH_PAGES		400
#define BOTH_TIMES		3
#define BOTH_WAIT_MS		60000
/* and which their process has come back, and go, as often */
#define BOTH_TURNS		4

static const struct zwb_disk_spec disk = { .pages = 256, .sectors = true };

/* so slow that commands wait for it, and others run meanwhile */
static const struct zwb_disk_spec shared = {
	.pages = 16384, .latency_us = 500, .sectors = true,
};

/**
 * struct recall - a command that has recalled a page, and waits for the disk
 * @cgroup: of the pages
 * @pages: all that it is to bring back
 * @first: which of them it has recalled; it begins with one page, of the lowest slot
 * @slot: its slot
 * @before: the counters before the command
 * @command: the command
 */
struct recall {
	const char *cgroup;
	struct zwb_pages pages;
	long long first;
	unsigned long long slot;
	struct zwb_snap before;
	struct zwb_async command;
};

static bool limit_reads(const struct recall *recall, const char *rate)
{
	char limit[32];

	snprintf(limit, sizeof(limit), "rbps=%s", rate);
	return zwb_disk_limit(recall->cgroup, limit);
}

/* Which page has the lowest slot. */
static bool find_first(const struct zwb_pages *pages, long long *first, unsigned long long *slot)
{
	unsigned long long slots[AGAIN_PAGES];
	long long i;

	if (!zwb_pages_slots(pages, slots))
		return false;
	*first = 0;
	for (i = 1; i < pages->nr; i++) {
		if (slots[i] < slots[*first])
			*first = i;
	}
	*slot = slots[*first];
	return true;
}

/* Pages of a cgroup are on the disk. */
static bool recall_prepare(struct recall *recall)
{
	recall->cgroup = zwb_cgroup(NULL, "held");
	if (!zwb_need_readback() || !recall->cgroup)
		return false;
	if (access("/sys/fs/cgroup/io.stat", F_OK) && errno == ENOENT) {
		zwb_skip("needs the io controller (CONFIG_BLK_CGROUP, CONFIG_BLK_DEV_THROTTLING)");
		return false;
	}
	return zwb_cgroup_set(zwb_cgroup_root(), "cgroup.subtree_control", "+io") &&
	       zwb_disk_on(&disk) && zwb_pages_map(&recall->pages, ZWB_ANY_NODE, RECALL_PAGES) &&
	       zwb_cgroup_enter(recall->cgroup) && zwb_pages_store(&recall->pages, 1) &&
	       zwb_cgroup_enter(NULL) &&
	       find_first(&recall->pages, &recall->first, &recall->slot) &&
	       zwb_write_all(RECALL_PAGES);
}

/* And one is on its way back, until recall_end(). Some kernels know no limit of less. */
static bool recall_begin(struct recall *recall)
{
	if (!recall_prepare(recall) || !limit_reads(recall, "2") ||
	    !zwb_start(&recall->command, ZWB_READBACK, 0, "max=1G"))
		return false;
	zwb_snap(&recall->before);
	zwb_go(&recall->command);
	if (zwb_wait_until_it_waits(&recall->command, BLOCKED_MS))
		return true;
	limit_reads(recall, "max");
	zwb_wait(&recall->command);
	return false;
}

/* Let it go on. Since it began so many have come back, and nothing else was counted. */
static bool recall_end(struct recall *recall, long long back)
{
	struct zwb_snap delta;
	int err;

	zwb_since(&delta, &recall->before);
	zwb_zero(delta.total.readback);
	if (!limit_reads(recall, "max"))
		return false;
	err = zwb_wait(&recall->command);
	zwb_since(&delta, &recall->before);
	return zwb_equal(err, back ? 0 : -EAGAIN) && zwb_equal(delta.total.readback, back);
}

static void recall_clean(struct recall *recall)
{
	zwb_cgroup_enter(NULL);
	zwb_pages_unmap(&recall->pages);
}

static unsigned char *first_page(const struct recall *recall)
{
	return recall->pages.mem + recall->first * zwb_page_size;
}

/* What the pages hold, and how many of them come from the disk; all others are in zswap. */
static void check_pages(struct zwb_pages *pages, unsigned int version, long long on_disk)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	zwb_pages_are(pages, version);
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.pswpin, on_disk);
	zwb_equal(delta.total.refaulted, on_disk);
	zwb_equal(delta.vm.zswpin, pages->nr - on_disk);
}

/* --- freed --- */

/*
 * A page is freed while it is being read.
 *
 * Turns red when it comes back all the same, into a slot that is nobody's, when it is counted
 * as anything but dropped, or when its neighbours do not come.
 */
static void freed_while_recalled(void)
{
	struct recall recall = { 0 };
	struct zwb_snap delta;

	if (recall_begin(&recall)) {
		madvise(first_page(&recall), zwb_page_size, MADV_DONTNEED);
		zwb_since(&delta, &recall.before);
		zwb_equal(delta.total.dropped, 1);
		recall_end(&recall, RECALL_PAGES - 1);
		zwb_since(&delta, &recall.before);
		zwb_equal(delta.total.dropped, 1);
		zwb_equal(delta.total.on_disk, -RECALL_PAGES);
		zwb_equal(zwb_stored(), RECALL_PAGES - 1);
		/* it is a new page now */
		zwb_page_fill(first_page(&recall), recall.first, 1);
		zwb_snap(&recall.before);
		zwb_pages_are(&recall.pages, 1);
		zwb_since(&delta, &recall.before);
		zwb_zero(delta.vm.pswpin);
		zwb_equal(delta.vm.zswpin, RECALL_PAGES - 1);
	}
	recall_clean(&recall);
}

/* --- freed, and used again --- */

/* The pages give up their slots to others, which have the recalled one as well. */
static bool use_again(struct recall *recall)
{
	unsigned long long slot;
	struct zwb_snap delta;
	long long first;

	zwb_pages_unmap(&recall->pages);
	zwb_since(&delta, &recall->before);
	zwb_equal(delta.total.dropped, RECALL_PAGES);
	return zwb_pages_map(&recall->pages, ZWB_ANY_NODE, AGAIN_PAGES) &&
	       zwb_pages_store(&recall->pages, 2) && find_first(&recall->pages, &first, &slot) &&
	       zwb_equal(slot, recall->slot);
}

/*
 * All pages are freed, and the slots used for others, which are in zswap.
 *
 * Turns red when an old page takes the place of a new one, or its counts.
 */
static void slot_used_again_while_recalled(void)
{
	struct recall recall = { 0 };

	if (recall_begin(&recall)) {
		use_again(&recall);
		recall_end(&recall, 0);
		zwb_equal(zwb_stored(), AGAIN_PAGES);
		check_pages(&recall.pages, 2, 0);
	}
	recall_clean(&recall);
}

/*
 * And which a command has written: the slot's word says that it was written, as it said
 * before.
 *
 * Turns red when what was recalled is taken for what is there now: it stays where it is, and
 * is the only one, because the command has not come to the others yet.
 */
static void slot_written_again_while_recalled(void)
{
	struct recall recall = { 0 };

	if (recall_begin(&recall)) {
		if (use_again(&recall))
			zwb_write_all(AGAIN_PAGES);
		recall_end(&recall, AGAIN_PAGES - 1);
		check_pages(&recall.pages, 2, 1);
	}
	recall_clean(&recall);
}

/* --- somebody comes --- */

/* Somebody reads the page, and holds it or not. */
static void come_for_page(bool holds)
{
	struct recall recall = { 0 };
	struct zwb_snap delta;

	if (recall_begin(&recall)) {
		struct zwb_pages first = { .mem = first_page(&recall), .nr = 1 };

		zwb_pages_read(&first);
		if (!holds)
			zwb_pages_out(&first);
		zwb_since(&delta, &recall.before);
		zwb_equal(delta.total.refaulted, 1);
		zwb_equal(delta.vm.pswpin, 1);
		recall_end(&recall, RECALL_PAGES - 1);
		zwb_since(&delta, &recall.before);
		zwb_equal(delta.total.refaulted, 1);
		zwb_zero(delta.total.dropped);
		zwb_pages_are(&recall.pages, 1);
	}
	recall_clean(&recall);
}

/*
 * A fault is quicker than the command, and the page is in memory.
 *
 * Turns red when it gets an entry all the same, or is counted as brought back, too.
 */
static void read_while_recalled(void)
{
	come_for_page(true);
}

/*
 * And has gone from there again, unchanged: only the disk, or zswap, has it.
 *
 * Turns red as above.
 */
static void read_and_gone_while_recalled(void)
{
	come_for_page(false);
}

/* --- two commands --- */

/*
 * The system goes to sleep, and the disk is not heard of: the command ends, and what it was
 * about to bring back is on the disk as before.
 *
 * Turns red when the command cannot be frozen (EBUSY after 20 s), goes on afterwards as if
 * nothing had happened, or waits for the disk, or when the page that it had asked for is lost.
 */
static void tasks_freeze_while_a_page_is_recalled(void)
{
	struct recall recall = { 0 };
	struct zwb_snap delta;
	long long took;

	if (zwb_need_suspend() && recall_begin(&recall)) {
		zwb_zero(zwb_suspend("freezer", 1, &took));
		zwb_between(took, 0, FREEZE_MS);
		zwb_equal(zwb_wait(&recall.command), -EINTR);
		zwb_since(&delta, &recall.before);
		zwb_zero(delta.total.readback);
		zwb_zero(delta.total.on_disk);
		limit_reads(&recall, "max");
		zwb_readback(&delta, "max=1G");
		zwb_since(&delta, &recall.before);
		zwb_equal(delta.total.readback, RECALL_PAGES);
		check_pages(&recall.pages, 1, 0);
	}
	recall_clean(&recall);
}

/* Another readback, for as much, which waits. */
static bool start_second(struct zwb_async *command)
{
	if (!zwb_start(command, ZWB_READBACK, 0, "max=2G"))
		return false;
	zwb_go(command);
	if (!zwb_wait_until_it_waits(command, BLOCKED_MS) || zwb_async_done(command, SETTLE_MS)) {
		zwb_fail("the second command does not wait for the first one");
		kill(command->pid, SIGUSR1);
		zwb_wait(command);
		return false;
	}
	return true;
}

/*
 * A second readback comes to a device from which the first one has recalled a page: it waits,
 * and a signal ends that.
 *
 * Turns red when both have pages of one device recalled, so that one would take the other's
 * recall for its own, when a signal has to wait for the first command, or when a page is brought
 * back twice.
 */
static void second_readback_waits(void)
{
	struct recall recall = { 0 };
	struct zwb_async second;
	struct zwb_snap delta;
	int err;

	if (recall_begin(&recall)) {
		if (start_second(&second)) {
			kill(second.pid, SIGUSR1);
			zwb_equal(zwb_wait(&second), -EINTR);
		}
		if (!zwb_failed() && start_second(&second)) {
			zwb_since(&delta, &recall.before);
			zwb_zero(delta.total.readback);
			limit_reads(&recall, "max");
			err = zwb_wait(&second);
			/* the first may have brought back all meanwhile, or the second */
			if (err != -EAGAIN)
				zwb_zero(err);
			err = zwb_wait(&recall.command);
			if (err != -EAGAIN)
				zwb_zero(err);
		} else {
			limit_reads(&recall, "max");
			zwb_wait(&recall.command);
		}
		zwb_since(&delta, &recall.before);
		zwb_equal(delta.total.readback, RECALL_PAGES);
		check_pages(&recall.pages, 1, 0);
	}
	recall_clean(&recall);
}

/* --- both ways at once --- */

/**
 * struct both - commands that write pages, and others that bring them back
 * @stop: in memory that all share: they end with the command that they are at
 * @writer: the process that writes
 * @reader: the process that brings back
 */
struct both {
	bool *stop;
	pid_t writer;
	pid_t reader;
};

/* A process that gives one command after the other. */
static pid_t start_repeating(const struct both *both, int node, const char *command, int cpu)
{
	char path[ZWB_PATH_MAX];
	pid_t pid = zwb_fork();
	int err = 0;

	if (pid)
		return pid;
	zwb_run_on_cpu(0, cpu);
	zwb_command_path(node, path, sizeof(path));
	while ((!err || err == -EAGAIN) && !__atomic_load_n(both->stop, __ATOMIC_RELAXED))
		err = zwb_write(path, command, strlen(command));
	_exit(err && err != -EAGAIN);
}

/* None of its commands may have failed. */
static void stop_repeating(pid_t pid)
{
	int status = -1;

	if (pid > 0)
		waitpid(pid, &status, 0);
	zwb_zero(status);
}

static int other_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

static void both_start(struct both *both, int writer_cpu)
{
	__atomic_store_n(both->stop, false, __ATOMIC_RELAXED);
	both->writer = start_repeating(both, ZWB_GLOBAL, "age=0", writer_cpu);
	both->reader = start_repeating(both, ZWB_READBACK, "max=1T", other_cpu());
}

/* Nothing is on its way any more: each page that was written has become something. */
static void both_stop(struct both *both, const struct zwb_snap *before, struct zwb_snap *delta)
{
	__atomic_store_n(both->stop, true, __ATOMIC_RELAXED);
	stop_repeating(both->writer);
	stop_repeating(both->reader);
	zwb_since(delta, before);
	ksft_print_msg("%lld written: %lld refaulted, %lld dropped, %lld back, %lld on disk\n",
		       delta->total.written, delta->total.refaulted, delta->total.dropped,
		       delta->total.readback, delta->total.on_disk);
	zwb_equal(delta->total.written, delta->total.refaulted + delta->total.dropped +
					delta->total.readback + delta->total.on_disk);
	zwb_zero(delta->total.failed);
}

/* And as nobody has read any, each of so many pages is in zswap or on the disk. */
static void both_stop_unread(struct both *both, const struct zwb_snap *before, long long pages)
{
	struct zwb_snap delta;

	both_stop(both, before, &delta);
	zwb_equal(zwb_stored() + delta.total.on_disk, pages);
	zwb_zero(delta.total.refaulted);
}

/* Let so many pages be brought back, each some times: then as many were written. */
static void both_work(long long pages)
{
	long long deadline = zwb_now() + BOTH_WAIT_MS * ZWB_NS_PER_MS;
	struct zwb_snap before, delta;

	zwb_snap(&before);
	do {
		zwb_pause();
		zwb_since(&delta, &before);
	} while (delta.total.readback < BOTH_TIMES * pages && zwb_now() < deadline);
	zwb_between(delta.total.readback, BOTH_TIMES * pages, LLONG_MAX);
}

/*
 * And while its process reads all of the pages, and has them paged out again.  It compares each
 * of them, each time.
 */
static void check_all_three(struct both *both, struct zwb_load *load)
{
	long long deadline = zwb_now() + BOTH_WAIT_MS * ZWB_NS_PER_MS;
	struct zwb_snap before, delta;

	if (!zwb_load_pageout(load))
		return;
	zwb_snap(&before);
	both_start(both, other_cpu());
	/* until each of the three has done something: a busy machine may leave one out */
	do {
		if (!zwb_load_churn(load, BOTH_TURNS) || !zwb_load_finish(load))
			break;
		zwb_since(&delta, &before);
	} while ((!delta.total.readback || !delta.total.refaulted) && zwb_now() < deadline);
	both_stop(both, &before, &delta);
	zwb_between(delta.total.readback, 1, LLONG_MAX);
	zwb_between(delta.total.refaulted, 1, delta.vm.pswpin);
	zwb_load_verify(load);
}

static void check_both(struct both *both)
{
	struct zwb_load *stays, *ends;
	struct zwb_snap before;

	stays = zwb_load(NULL, ZWB_ANY_NODE, BOTH_PAGES, ZWB_TEXT);
	ends = stays ? zwb_load(NULL, ZWB_ANY_NODE, BOTH_PAGES, ZWB_TEXT) : NULL;
	if (!ends)
		return;
	zwb_snap(&before);
	both_start(both, 0);
	both_work(2 * BOTH_PAGES);
	both_stop_unread(both, &before, 2 * BOTH_PAGES);
	zwb_load_verify(stays);
	zwb_load_verify(ends);
	/* and once more, while one of them comes to its end, which takes no command's CPU */
	if (!zwb_load_pageout(stays) || !zwb_load_pageout(ends))
		return;
	zwb_snap(&before);
	both_start(both, other_cpu());
	both_work(BOTH_PAGES);
	zwb_load_stop(ends);
	both_work(BOTH_PAGES);
	both_stop_unread(both, &before, BOTH_PAGES);
	zwb_load_verify(stays);
	if (!zwb_failed())
		check_all_three(both, stays);
}

/*
 * The same pages are written and brought back all the time, by two processes; then one of
 * those whose pages they are comes to its end, and the other one uses them meanwhile.
 *
 * Turns red when a page is lost on the way, comes back as it was before, or is counted
 * by two of the three: what was written was read, is gone, back or on the disk.
 */
static void written_and_brought_back_at_once(void)
{
	struct both both = {
		.stop = mmap(NULL, zwb_page_size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	};

	if (!zwb_need_readback())
		return;
	if (both.stop == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return;
	}
	if (zwb_disk_on(&shared))
		check_both(&both);
	munmap(both.stop, zwb_page_size);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(freed_while_recalled),
	ZWB_TEST_IMAGES(freed_while_recalled),
	ZWB_TEST_PAGES(slot_used_again_while_recalled),
	ZWB_TEST_IMAGES(slot_used_again_while_recalled),
	ZWB_TEST_PAGES(slot_written_again_while_recalled),
	ZWB_TEST_IMAGES(slot_written_again_while_recalled),
	ZWB_TEST_PAGES(read_while_recalled),
	ZWB_TEST_IMAGES(read_while_recalled),
	ZWB_TEST_PAGES(read_and_gone_while_recalled),
	ZWB_TEST_IMAGES(read_and_gone_while_recalled),
	ZWB_TEST(tasks_freeze_while_a_page_is_recalled),
	ZWB_TEST(second_readback_waits),
	ZWB_TEST_PAGES(written_and_brought_back_at_once),
	ZWB_TEST_IMAGES(written_and_brought_back_at_once),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what was faulted on another CPU may wait there, and not be paged out */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
