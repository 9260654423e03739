// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on pages that a command writes: while it does, they take no longer than
 * without it, and when the pages come back from disk the kernel sees that as it sees
 * any other page come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* --- faults --- */

#define FAULT_PAGES		8192
#define FAULT_WITHOUT		400
#define FAULT_LEAST		50
#define FAULT_PAUSE_US		2000
#define FAULT_TRIES		10
/* two of the disk's requests: no fault is that long that does not wait for one */
#define FAULT_FLOOR_NS		(10 * ZWB_NS_PER_MS)

/* from the disk without a command */
#define FAULT_DISK		60
/* it may have a batch of 16 to read first, four at a time: 25 ms, and twice that */
#define FAULT_DISK_FLOOR_NS	(50 * ZWB_NS_PER_MS)

/* of a load's pages, when all of them are in swap */
static unsigned long long fault_slots[FAULT_PAGES];

static const struct zwb_disk_spec slow_disk = {
	.pages = 131072, .latency_us = 5000, .depth = 4, .sectors = true,
};

/**
 * struct faults - the longest faults
 * @minor: of those on pages that were in memory, in nanoseconds
 * @zswap: of those that loaded from zswap
 * @disk: of those that had to wait for the disk
 * @nr_minor: how many
 * @nr_zswap: how many
 * @nr_disk: how many
 */
struct faults {
	long long minor;
	long long zswap;
	long long disk;
	int nr_minor;
	int nr_zswap;
	int nr_disk;
};

/* Have one page of a load's twin mapped, as a fault of the twin itself would. */
static bool fault_in(const struct zwb_load *load, int mem, long long page,
		     struct faults *faults)
{
	long long zswpin = zwb_vmstat_key("zswpin"), start, took;
	struct rusage before, after;
	char byte;

	getrusage(RUSAGE_THREAD, &before);
	start = zwb_now();
	if (pread(mem, &byte, 1, load->address + page * zwb_page_size) != 1) {
		zwb_fail("reading the memory of load %d: %s", load->twin, strerror(errno));
		return false;
	}
	took = zwb_now() - start;
	getrusage(RUSAGE_THREAD, &after);
	if (after.ru_majflt == before.ru_majflt) {
		if (after.ru_minflt == before.ru_minflt)
			return true;
		faults->nr_minor++;
		if (took > faults->minor)
			faults->minor = took;
	} else if (zwb_vmstat_key("zswpin") > zswpin) {
		faults->nr_zswap++;
		if (took > faults->zswap)
			faults->zswap = took;
	} else {
		faults->nr_disk++;
		if (took > faults->disk)
			faults->disk = took;
	}
	return true;
}

/* The even pages in an order that looks random: 4,093 is prime. */
static long long even_page(int nr)
{
	return nr * 1597LL % (FAULT_PAGES / 2 - 3) * 2;
}

/* One that is in zswap, if no command has written it, and its neighbour, which is in memory. */
static bool fault_in_both(const struct zwb_load *load, int mem, int nr, struct faults *faults)
{
	if (!fault_in(load, mem, even_page(nr), faults) ||
	    !fault_in(load, mem, even_page(nr) + 1, faults))
		return false;
	usleep(FAULT_PAUSE_US);
	return true;
}

static bool fault_without(const struct zwb_load *load, int mem, struct faults *faults)
{
	int i;

	for (i = 0; i < FAULT_WITHOUT; i++) {
		if (!fault_in_both(load, mem, i, faults))
			return false;
	}
	return true;
}

static void fault_with(const struct zwb_load *load, int mem, struct faults *faults)
{
	struct zwb_async command;
	struct pollfd poll_fd;
	int i;

	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	poll_fd.fd = command.result;
	poll_fd.events = POLLIN;
	zwb_go(&command);
	for (i = FAULT_WITHOUT; i < FAULT_PAGES / 2 - 3 && !poll(&poll_fd, 1, 0); i++) {
		if (!fault_in_both(load, mem, i, faults))
			break;
	}
	zwb_zero(zwb_wait(&command));
}

/*
 * Every second slot has nothing in zswap, so that each page is a request of its own: what
 * was there the load itself has back, and for its twin it is in the swap cache.
 */
static struct zwb_load *fault_load(void)
{
	struct zwb_load *load = zwb_load(NULL, ZWB_ANY_NODE, FAULT_PAGES, ZWB_TEXT);

	if (!load || !zwb_load_slots(load, fault_slots) || !zwb_load_fork(load) ||
	    !zwb_load_touch_every(load, 1, 2))
		return NULL;
	return load;
}

static long long limit_of(long long without)
{
	return without * 4 > FAULT_FLOOR_NS ? without * 4 : FAULT_FLOOR_NS;
}

static long long disk_limit_of(long long without)
{
	return limit_of(without) > FAULT_DISK_FLOOR_NS ? limit_of(without) : FAULT_DISK_FLOOR_NS;
}

static void print_faults(const char *when, const struct faults *faults)
{
	ksft_print_msg("%s: %d in memory, %lld us at most; %d from zswap, %lld; %d disk, %lld\n",
		       when, faults->nr_minor, faults->minor / 1000, faults->nr_zswap,
		       faults->zswap / 1000, faults->nr_disk, faults->disk / 1000);
}

/* The memory of a load's twin, or -1 with a failure recorded. */
static int open_twin(const struct zwb_load *load)
{
	char path[64];
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", load->twin);
	mem = open(path, O_RDONLY);
	if (mem < 0)
		zwb_fail("open %s: %s", path, strerror(errno));
	return mem;
}

static bool fault_round(bool last)
{
	struct faults without = { 0 }, with = { 0 };
	struct zwb_load *load = fault_load();
	int mem = load ? open_twin(load) : -1;

	if (mem < 0)
		return true;
	if (fault_without(load, mem, &without))
		fault_with(load, mem, &with);
	close(mem);
	print_faults("without", &without);
	print_faults("with", &with);
	if ((with.minor > limit_of(without.minor) || with.zswap > limit_of(without.zswap)) &&
	    !last) {
		zwb_load_verify(load);
		zwb_load_stop(load);
		return false;
	}
	zwb_between(with.nr_minor, FAULT_LEAST, FAULT_PAGES);
	zwb_between(with.nr_zswap, FAULT_LEAST, FAULT_PAGES);
	zwb_between(with.minor, 0, limit_of(without.minor));
	zwb_between(with.zswap, 0, limit_of(without.zswap));
	return true;
}

/*
 * A command on a slow disk, and a task that uses the same pages: a fault on a
 * page that is in memory, or in zswap, takes as long as without the command.
 * Some tries, each with pages of its own: an emulated CPU is not always there.
 *
 * Turns red when a page is locked, or out of zswap, while it waits for its
 * turn to be written (632 ms, and 23 of 88 faults more than 10).
 */
static void faults_do_not_wait(void)
{
	int tries = 0;

	if (!zwb_disk_on(&slow_disk))
		return;
	while (!fault_round(++tries == FAULT_TRIES))
		;
}

/* --- faults beside a readback --- */

/**
 * struct on_disk - pages of a load's twin that a command has written
 * @page: the pages, in the order of their slots, in which a readback comes to them
 * @nr: how many
 */
struct on_disk {
	long long page[FAULT_PAGES];
	long long nr;
};

static int compare_slots(const void *a, const void *b)
{
	unsigned long long first = fault_slots[*(const long long *)a];
	unsigned long long second = fault_slots[*(const long long *)b];

	return (first > second) - (first < second);
}

/* Have the even pages written that are in zswap, which those are not that were faulted in. */
static bool write_even_pages(struct on_disk *on_disk)
{
	int i;

	on_disk->nr = 0;
	for (i = FAULT_WITHOUT; i < FAULT_PAGES / 2 - 3; i++)
		on_disk->page[on_disk->nr++] = even_page(i);
	/* the last ones, which even_page() does not name */
	for (i = FAULT_PAGES / 2 - 3; i < FAULT_PAGES / 2; i++)
		on_disk->page[on_disk->nr++] = 2 * i;
	qsort(on_disk->page, on_disk->nr, sizeof(*on_disk->page), compare_slots);
	return zwb_write_all(on_disk->nr);
}

/* The last ones, from the disk and with no command. */
static bool fault_from_disk(const struct zwb_load *load, int mem, struct on_disk *on_disk,
			    struct faults *faults)
{
	int i;

	for (i = 0; i < FAULT_DISK; i++) {
		if (!fault_in(load, mem, on_disk->page[--on_disk->nr], faults))
			return false;
		usleep(FAULT_PAUSE_US);
	}
	return zwb_equal(faults->nr_disk, FAULT_DISK);
}

/*
 * The pages that have left the disk are the first ones, whether they were brought back or faulted
 * in; so the next one is in flight, if something is. Beside it, one that was brought back, and
 * one that is in memory.
 */
static void fault_beside_readback(const struct zwb_load *load, int mem,
				  const struct on_disk *on_disk, struct faults *faults)
{
	long long first = zwb_read_number(ZWB_SYSFS "/stats/on_disk"), gone, back = 0;
	struct pollfd poll_fd;
	struct zwb_async command;
	bool good = true;

	if (!zwb_start(&command, ZWB_READBACK, 0, "max=1G"))
		return;
	poll_fd.fd = command.result;
	poll_fd.events = POLLIN;
	zwb_go(&command);
	while (good && !poll(&poll_fd, 1, 0)) {
		gone = first - zwb_read_number(ZWB_SYSFS "/stats/on_disk");
		if (gone < on_disk->nr && zwb_disk_reads_in_flight(zwb_disk_name()) > 0) {
			good = fault_in(load, mem, on_disk->page[gone], faults) &&
			       fault_in(load, mem, on_disk->page[gone] + 1, faults);
			if (back < gone - 1)
				good &= fault_in(load, mem, on_disk->page[back++], faults);
		}
		usleep(FAULT_PAUSE_US);
	}
	zwb_zero(zwb_wait(&command));
}

/* Has none of @with taken longer than those of @without allow? */
static bool are_as_fast(const struct faults *with, const struct faults *without)
{
	return with->minor <= limit_of(without->minor) && with->zswap <= limit_of(without->zswap) &&
	       with->disk <= disk_limit_of(without->disk);
}

static bool readback_round(bool last)
{
	static struct on_disk on_disk;
	struct faults without = { 0 }, with = { 0 };
	struct zwb_load *load = fault_load();
	int mem = load ? open_twin(load) : -1;
	struct zwb_snap before, delta;

	if (mem < 0)
		return true;
	zwb_snap(&before);
	if (fault_without(load, mem, &without) && write_even_pages(&on_disk) &&
	    fault_from_disk(load, mem, &on_disk, &without))
		fault_beside_readback(load, mem, &on_disk, &with);
	close(mem);
	zwb_since(&delta, &before);
	print_faults("without", &without);
	print_faults("beside a readback", &with);
	if (zwb_failed())
		return true;
	if (!are_as_fast(&with, &without) && !last) {
		zwb_load_verify(load);
		zwb_load_stop(load);
		return false;
	}
	zwb_between(with.nr_minor, FAULT_LEAST, FAULT_PAGES);
	zwb_between(with.nr_zswap, FAULT_LEAST, FAULT_PAGES);
	zwb_between(with.nr_disk, FAULT_LEAST, FAULT_PAGES);
	zwb_between(with.minor, 0, limit_of(without.minor));
	zwb_between(with.zswap, 0, limit_of(without.zswap));
	zwb_between(with.disk, 0, disk_limit_of(without.disk));
	/* each page that was written either came back or was wanted before */
	zwb_equal(delta.total.refaulted, FAULT_DISK + with.nr_disk);
	zwb_equal(delta.total.written, delta.total.refaulted + delta.total.readback);
	return true;
}

/*
 * A readback from a slow disk, and a task that uses the same pages: as beside a command that
 * writes them. Who comes for a page that is on its way reads it, and waits for no more than that.
 *
 * Turns red when a page that was recalled, or all of its batch, is locked until it is an entry.
 */
static void faults_do_not_wait_for_a_readback(void)
{
	int tries = 0;

	if (!zwb_need_readback() || !zwb_disk_on(&slow_disk))
		return;
	while (!readback_round(++tries == FAULT_TRIES))
		;
}

/* --- refaults --- */

#define REFAULT_PAGES		1000
/* pages that stay in memory: there would have been room for the others */
#define REFAULT_OTHERS		8000
/* MEMCG_CHARGE_BATCH in the kernel: updates that each CPU, and a group for each, may be behind */
#define FOLD_UPDATES		64
/* rounds after which pages have been active, and were found to be idle */
#define REFAULT_ROUNDS		60

static const struct zwb_disk_spec refault_disk = {
	.pages = 32768, .latency_us = 2000, .depth = 4, .sectors = true,
};

/**
 * struct refaults - what the kernel saw when pages came back
 * @refaults: it knew that they had been there
 * @restored: and that these had been active
 * @pswpin: pages that came from the disk, or -1 on a kernel that does not count them by cgroup
 * @memory_us: time that tasks have waited for memory, by PSI
 * @io_us: and for I/O
 */
struct refaults {
	long long refaults;
	long long restored;
	long long pswpin;
	long long memory_us;
	long long io_us;
};

/* The total of the first line of a cgroup's memory.pressure or io.pressure. */
static long long pressure(const char *cgroup, const char *file)
{
	char text[512], *total;

	if (cg_read(cgroup, file, text, sizeof(text)))
		return -1;
	total = strstr(text, "total=");
	return total ? atoll(total + strlen("total=")) : -1;
}

/*
 * memory.stat is some updates behind, of each CPU, but not when there are enough of them: fault in
 * pages for that, and wait until these are in it.
 */
static void fold_memory_stat(const char *cgroup)
{
	const long long nr = FOLD_UPDATES * (sysconf(_SC_NPROCESSORS_CONF) + 2);
	long long before = zwb_cgroup_key(cgroup, "memory.stat", "pgfault"), deadline, seen;
	struct zwb_pages pages;

	if (zwb_pages_map(&pages, ZWB_ANY_NODE, nr) && zwb_cgroup_enter(cgroup)) {
		zwb_pages_fill(&pages, 0);
		zwb_cgroup_enter(NULL);
	}
	zwb_pages_unmap(&pages);
	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	do {
		zwb_pause();
		seen = zwb_cgroup_key(cgroup, "memory.stat", "pgfault") - before;
	} while (seen < nr && !zwb_failed() && zwb_now() < deadline);
	zwb_between(seen, nr, LLONG_MAX);
}

/* Since the cgroup was made. */
static void get_refaults(const char *cgroup, struct refaults *seen)
{
	fold_memory_stat(cgroup);
	seen->refaults = zwb_cgroup_key(cgroup, "memory.stat", "workingset_refault_anon");
	seen->restored = zwb_cgroup_key(cgroup, "memory.stat", "workingset_restore_anon");
	seen->pswpin = zwb_cgroup_key(cgroup, "memory.stat", "pswpin");
	seen->memory_us = pressure(cgroup, "memory.pressure");
	seen->io_us = pressure(cgroup, "io.pressure");
}

/*
 * Have pages active, and found to be idle later, as those are that are in use but
 * not all of the time.  What comes back of them in time was reclaimed too early.  How soon
 * reclaim gets to see it so is its own affair: it says how many came back that had been active.
 */
static bool be_in_use(struct zwb_load *load, struct zwb_load *others, const char *cgroup)
{
	long long restored;
	int i;

	for (i = 0; i < REFAULT_ROUNDS; i++) {
		zwb_reclaim(cgroup, 1024);
		if (!zwb_load_touch(load, 0, load->pages) ||
		    !zwb_load_touch(others, 0, others->pages))
			return false;
		restored = zwb_cgroup_key(cgroup, "memory.stat", "workingset_restore_anon");
		if (restored > 2 * REFAULT_PAGES)
			return true;
	}
	return zwb_between(restored, 2 * REFAULT_PAGES, LLONG_MAX);
}

/*
 * What was written to the disk past zswap stays in the swap cache until reclaim comes by,
 * and is the first that it finds.  Once: each time it looks at what else is there, too.
 */
static void empty_swap_cache(const char *cgroup, long long pages)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	do {
		zwb_pause();
		zwb_fold_vmstat();
	} while (zwb_vmstat_key("nr_writeback") && zwb_now() < deadline);
	zwb_reclaim(cgroup, pages);
}

/* Page out a load once, to zswap or past it. */
static bool page_out(struct zwb_load *load, const char *cgroup, bool past_zswap)
{
	long long swapped;

	if (!zwb_load_churn(load, 1) || !zwb_load_finish(load) ||
	    !zwb_load_swapped(load, &swapped) ||
	    !zwb_between(swapped, load->pages * 9 / 10, load->pages))
		return false;
	if (past_zswap)
		empty_swap_cache(cgroup, swapped);
	return true;
}

/* Have a load's pages written, by a command or by reclaim, and read them back. */
static bool refault(const char *name, bool command)
{
	const char *cgroup = zwb_cgroup(NULL, name);
	struct refaults stored, written, read;
	struct zwb_load *load, *others;
	struct zwb_snap before, delta;

	load = cgroup ? zwb_load_resident(cgroup, REFAULT_PAGES, false) : NULL;
	others = load ? zwb_load_resident(cgroup, REFAULT_OTHERS, false) : NULL;
	if (!others || !be_in_use(load, others, cgroup) ||
	    (!command && !zwb_cgroup_set(cgroup, "memory.zswap.max", "0")) ||
	    !page_out(load, cgroup, !command))
		return false;
	get_refaults(cgroup, &stored);
	if (stored.memory_us < 0) {
		zwb_skip("needs CONFIG_PSI");
		return false;
	}
	if (command && !zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0",
					 zwb_cgroup_id(cgroup))))
		return false;
	get_refaults(cgroup, &written);
	zwb_snap(&before);
	if (!zwb_load_touch(load, 0, load->pages))
		return false;
	zwb_since(&delta, &before);
	get_refaults(cgroup, &read);
	read.refaults -= written.refaults;
	read.restored -= written.restored;
	read.memory_us -= written.memory_us;
	read.io_us -= written.io_us;
	ksft_print_msg("%s: %lld pages, refaults %lld, restored %lld, PSI %lld us, io %lld\n",
		       name, delta.vm.pswpin, read.refaults, read.restored, read.memory_us,
		       read.io_us);
	zwb_equal(written.refaults, stored.refaults);
	zwb_between(delta.vm.pswpin, REFAULT_PAGES * 8 / 10, REFAULT_PAGES);
	if (written.pswpin >= 0)
		zwb_equal(read.pswpin - written.pswpin, delta.vm.pswpin);
	zwb_near(read.refaults, delta.vm.pswpin, REFAULT_PAGES / 20);
	zwb_between(read.restored, REFAULT_PAGES / 10, read.refaults);
	/* who waits for a page that had been active waits for memory: within a factor of two */
	zwb_between(read.memory_us * delta.vm.pswpin, read.io_us * read.restored / 2,
		    read.io_us * read.restored * 2);
	return zwb_load_verify(load);
}

static bool mglru_is_on(void)
{
	FILE *file = fopen("/sys/kernel/mm/lru_gen/enabled", "r");
	unsigned int caps;
	bool on = file && fscanf(file, "%x", &caps) == 1 && (caps & 1);

	if (file)
		fclose(file);
	return on;
}

/*
 * Pages that reclaim wrote past zswap come back, and so do pages that a command
 * wrote: both are refaults, and both are waiting for memory.  With MGLRU only the
 * command's: MGLRU leaves what reclaim wrote in the swap cache, and calls next to nothing
 * of it restored.
 *
 * Turns red when the command loses the shadow of a slot: then the kernel does
 * not know that the page was there (memory.pressure + 0, however many), or
 * when it counts pages as read back that it has in hand itself.
 */
static void refaults_are_seen(void)
{
	if (!zwb_disk_on(&refault_disk))
		return;
	zwb_allow_other_swapout();
	if (mglru_is_on() || refault("direct", false))
		refault("command", true);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(faults_do_not_wait),
	ZWB_TEST_PAGES(faults_do_not_wait_for_a_readback),
	ZWB_TEST_IMAGES(faults_do_not_wait_for_a_readback),
	ZWB_TEST_PAGES(refaults_are_seen),
	ZWB_TEST_IMAGES(refaults_are_seen),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
