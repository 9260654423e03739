// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of ages under many cgroups, under cgroups that come and go, and
 * under processes that do all there is to do with pages in zswap at once.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_table.h"

#define MANY_CGROUPS		300
#define MANY_PAGES		3
#define MANY_TRIES		100
#define MANY_SECONDS		60

#define STORM_SECONDS		8
#define STORM_SECONDS_MAX	120
#define STORM_WORKERS		4
#define STORM_OTHERS		5
#define STORM_PAGES		192
#define STORM_GUEST_PAGES	48
#define STORM_CGROUPS		8
#define STORM_PAUSES		6
/* of each worker; of all workers, more than the last commands with a limit take */
#define STORM_LAST_PAGES	48

/* what was last read; its cgroups are freed when it is read again */
static struct zwb_tables tables;

/*
 * The entries of a cgroup that was removed are its parent's, and no row has its
 * id any more.
 *
 * Turns red when the walk goes by who stored an entry, or when counts leave
 * with the cgroup.
 */
static void removed_cgroup_shows_at_its_parent(void)
{
	unsigned long long child_id, parent_id;
	const char *parent, *child;
	struct zwb_load *load;
	struct zwb_row own;
	long long deadline;

	if (!zwb_need_tables())
		return;
	parent = zwb_cgroup(NULL, "parent");
	load = parent ? zwb_load(parent, ZWB_ANY_NODE, 100, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	child = zwb_cgroup(parent, "child");
	load = child ? zwb_load(child, ZWB_ANY_NODE, 500, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()) || !zwb_tables_check(&tables))
		return;
	zwb_tables_own_is(&tables, parent, 100, 0);
	zwb_tables_own_is(&tables, child, 500, 0);
	child_id = zwb_cgroup_id(child);
	parent_id = zwb_cgroup_id(parent);
	if (!zwb_cgroup_remove(child))
		return;

	/* the kernel moves the entries up in its own time; who reads meanwhile may miss them */
	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	do {
		if (!zwb_tables_read(&tables))
			return;
		own = zwb_cgroup_table_sum(&tables.cgroups, parent_id, ZWB_GLOBAL, -1);
		if (own.pages == 600)
			break;
		zwb_pause();
	} while (!zwb_failed() && zwb_now() < deadline);
	if (!zwb_tables_check(&tables))
		return;
	zwb_zero(zwb_cgroup_table_sum(&tables.cgroups, child_id, ZWB_GLOBAL, -1).pages);
	zwb_tables_own_is(&tables, parent, 600, 0);
	own = zwb_tables_own(&tables, parent);
	zwb_memory_stat_agrees(parent, &own);
}

/* --- many cgroups --- */

static void many_path(char *path, size_t size, const char *top, int i)
{
	snprintf(path, size, "%.400s/number %d", top, i);
}

/* Puts a few pages into zswap, all of them; false if that does not work. */
static bool many_store(int number)
{
	const size_t size = MANY_PAGES * zwb_page_size;
	long long want = zwb_stored() + MANY_PAGES;
	int tries;
	char *mem;
	size_t at;

	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return false;
	for (at = 0; at < size; at += 64)
		snprintf(mem + at, 64, "page %zu of cgroup %d", at / zwb_page_size, number);
	for (tries = 0; zwb_stored() != want && tries < MANY_TRIES; tries++) {
		if (madvise(mem, size, MADV_PAGEOUT))
			return false;
	}
	return zwb_stored() == want;
}

/* A process that leaves pages in each cgroup, and lives on outside of them. */
static void many_child(const char *top, int reply)
{
	char path[ZWB_PATH_MAX];
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < MANY_CGROUPS; i++) {
		many_path(path, sizeof(path), top, i);
		if (cg_enter_current(path) || !many_store(i))
			_exit(1);
	}
	if (cg_enter_current(zwb_cgroup_root()) || write(reply, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Freshly faulted pages wait on the CPU where they were faulted: stay there, as loads do. */
static pid_t many_fork(const char *top, int reply)
{
	cpu_set_t all, one;
	pid_t pid;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid = fork();
	if (!pid)
		many_child(top, reply);
	sched_setaffinity(0, sizeof(all), &all);
	return pid;
}

static void many_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static pid_t many_start(const char *top)
{
	struct pollfd poll_fd = { .events = POLLIN };
	int reply[2];
	pid_t pid;
	char byte;

	if (pipe(reply)) {
		zwb_fail("pipe: %s", strerror(errno));
		return -1;
	}
	pid = many_fork(top, reply[1]);
	close(reply[1]);
	poll_fd.fd = reply[0];
	if (pid < 0 || poll(&poll_fd, 1, MANY_SECONDS * 1000) != 1 ||
	    read(reply[0], &byte, 1) != 1) {
		zwb_fail("putting pages of %d cgroups into zswap did not work", MANY_CGROUPS);
		if (pid > 0)
			many_stop(pid);
		pid = -1;
	}
	close(reply[0]);
	return pid;
}

static bool many_make(const char *top)
{
	char path[ZWB_PATH_MAX];
	int i;

	if (!zwb_cgroup_set(top, "cgroup.subtree_control", "+memory"))
		return false;
	for (i = 0; i < MANY_CGROUPS; i++) {
		many_path(path, sizeof(path), top, i);
		if (mkdir(path, 0755)) {
			zwb_fail("mkdir %s: %s", path, strerror(errno));
			return false;
		}
	}
	return true;
}

static void many_remove(const char *top)
{
	char path[ZWB_PATH_MAX];
	int i;

	for (i = 0; i < MANY_CGROUPS; i++) {
		many_path(path, sizeof(path), top, i);
		if (!access(path, F_OK))
			zwb_cgroup_remove(path);
	}
}

/* By one byte at a time, and by more: the same text. */
static void many_read(void)
{
	static const size_t chunks[] = { 7, 4096, 65536 };
	size_t length, other_length, i;
	char *text, *other;

	text = zwb_read_file(ZWB_CGROUP_TABLE_FILE, 1, &length);
	if (!text)
		return;
	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		other = zwb_read_file(ZWB_CGROUP_TABLE_FILE, chunks[i], &other_length);
		if (!other)
			break;
		if (other_length != length || strcmp(other, text))
			zwb_fail("by %zu bytes the table is another one than by one byte",
				 chunks[i]);
		free(other);
	}
	free(text);
}

static void many_check(const char *top)
{
	char path[ZWB_PATH_MAX];
	struct zwb_row subtree;
	int i;

	if (!zwb_tables_check(&tables))
		return;
	subtree = zwb_cgroup_table_sum(&tables.cgroups, 0, ZWB_GLOBAL, -1);
	zwb_equal(subtree.pages, MANY_CGROUPS * MANY_PAGES);
	for (i = 0; i < MANY_CGROUPS && !zwb_failed(); i++) {
		many_path(path, sizeof(path), top, i);
		zwb_tables_own_is(&tables, path, MANY_PAGES, 0);
	}
	zwb_memory_stat_agrees(top, &subtree);
	many_read();
}

/*
 * A table of hundreds of cgroups has every one of them, and is the same however
 * it is read.
 *
 * Turns red when a record is lost, cut or repeated where one read ends and the
 * next begins, or when the table ends with a buffer.
 */
static void many_cgroups(void)
{
	const char *top;
	pid_t pid;

	if (!zwb_need_tables())
		return;
	top = zwb_cgroup(NULL, "top");
	if (!top)
		return;
	/* nothing changes its row here */
	if (zwb_edges_write("0 1000000") && many_make(top)) {
		pid = many_start(top);
		if (pid > 0) {
			many_check(top);
			many_stop(pid);
		}
	}
	many_remove(top);
	zwb_edges_restore();
}

/* --- storm --- */

static const char *storm_cgroup, *storm_tree;
/* shared with all processes of the storm: they end their round, and what they began in it */
static int *storm_over;

static bool storm_is_over(void)
{
	return __atomic_load_n(storm_over, __ATOMIC_RELAXED);
}

static unsigned long long storm_random(unsigned long long *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 16;
}

/* What a process of the storm must not meet; the message is all that is left of it. */
static void storm_die(const char *why)
{
	ksft_print_msg("storm: %d: %s: %s\n", getpid(), why, strerror(errno));
	_exit(1);
}

/* Every other seed compresses; no two give the same page. */
static void storm_fill(void *page, unsigned long long seed)
{
	size_t words = zwb_page_size / sizeof(seed);
	size_t noise = seed & 1 ? words : words / 8, i;
	unsigned long long *word = page;

	for (i = 0; i < noise; i++)
		word[i] = storm_random(&seed) << 32 ^ storm_random(&seed);
	for (; i < words; i++)
		word[i] = 0x5a5a5a5a5a5a5a5aULL;
}

static char *storm_map(size_t pages)
{
	char *mem = mmap(NULL, pages * zwb_page_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		storm_die("mmap");
	madvise(mem, pages * zwb_page_size, MADV_NOHUGEPAGE);
	return mem;
}

/* A short life: its pages go when it does, wherever they are by then. */
static void storm_guest(const char *cgroup, unsigned long long seed)
{
	char *mem;
	size_t i;

	/* the cgroup may be gone, or not be there yet */
	if (cg_enter_current(cgroup))
		_exit(0);
	mem = storm_map(STORM_GUEST_PAGES);
	for (i = 0; i < STORM_GUEST_PAGES; i++)
		storm_fill(mem + i * zwb_page_size, seed + i);
	madvise(mem, STORM_GUEST_PAGES * zwb_page_size, MADV_PAGEOUT);
	_exit(0);
}

static void storm_run_guest(const char *cgroup, unsigned long long seed)
{
	pid_t pid = fork();

	if (!pid)
		storm_guest(cgroup, seed);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Compares pages with what was written to them last, which may have been nothing. */
static void storm_verify(const char *mem, const unsigned long long *seeds, size_t first,
			 size_t count)
{
	static char want[65536];
	size_t i;

	for (i = first; i < first + count; i++) {
		if (seeds[i])
			storm_fill(want, seeds[i]);
		else
			memset(want, 0, zwb_page_size);
		errno = 0;
		if (memcmp(mem + i * zwb_page_size, want, zwb_page_size))
			storm_die("a page holds wrong data");
	}
}

/* Does at random what can be done to pages, and stops with some of them in zswap. */
static void storm_worker(int number)
{
	unsigned long long seeds[STORM_PAGES] = { 0 }, random = number + 1;
	char *mem = storm_map(STORM_PAGES), guests[ZWB_PATH_MAX];
	size_t first, count, i;

	snprintf(guests, sizeof(guests), "%.400s/guests", storm_tree);
	while (!storm_is_over()) {
		first = storm_random(&random) % STORM_PAGES;
		count = storm_random(&random) % (STORM_PAGES - first) + 1;
		switch (storm_random(&random) % 16) {
		case 0 ... 4:
			for (i = first; i < first + count; i++) {
				seeds[i] = storm_random(&random) + 1;
				storm_fill(mem + i * zwb_page_size, seeds[i]);
			}
			break;
		case 5 ... 10:
			madvise(mem + first * zwb_page_size, count * zwb_page_size, MADV_PAGEOUT);
			break;
		case 11 ... 13:
			storm_verify(mem, seeds, first, count);
			break;
		case 14:
			madvise(mem + first * zwb_page_size, count * zwb_page_size, MADV_DONTNEED);
			memset(seeds + first, 0, count * sizeof(seeds[0]));
			break;
		default:
			/* shares the pages for a while, and has its own besides */
			storm_run_guest(guests, random);
		}
	}
	/* on a slow machine, commands may have caught up with us */
	for (i = 0; i < STORM_LAST_PAGES; i++) {
		seeds[i] = storm_random(&random) + 1;
		storm_fill(mem + i * zwb_page_size, seeds[i]);
	}
	madvise(mem, STORM_LAST_PAGES * zwb_page_size, MADV_PAGEOUT);
	raise(SIGSTOP);
}

/* Commands of all kinds, and a pause, so that not everything is on the disk. */
static void storm_commander(int number)
{
	static const char * const commands[] = {
		"max=64K", "type=incompressible max=128K", "age=1 max=128K", "max=256K", "age=2",
	};
	int i, pause, err, nodes[2], nr_nodes = zwb_nodes(nodes, 2);
	char path[ZWB_PATH_MAX];

	for (i = number; !storm_is_over(); i++) {
		int node = i % 3 < nr_nodes ? nodes[i % 3] : ZWB_GLOBAL;
		const char *command = commands[i % ARRAY_SIZE(commands)];

		err = zwb_write(zwb_command_path(node, path, sizeof(path)), command,
				strlen(command));
		errno = -err;
		if (err && err != -EAGAIN && !zwb_is_refused(command))
			storm_die(command);
		for (pause = 0; pause < STORM_PAUSES; pause++)
			zwb_pause();
	}
}

static void storm_edges(int number)
{
	static const char * const edges[] = {
		"0 1", "default", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "0 2 1000000",
	};
	int i, err;

	for (i = number; !storm_is_over(); i++) {
		err = zwb_edges_try(edges[i % ARRAY_SIZE(edges)]);
		errno = -err;
		if (err)
			storm_die("age_edges");
		zwb_pause();
	}
}

/* Cgroups that come with a process, and go after it. */
static void storm_cgroups(int number)
{
	char path[ZWB_PATH_MAX];
	int i;

	for (i = number; !storm_is_over(); i++) {
		snprintf(path, sizeof(path), "%.400s/churn%d", storm_tree, i % STORM_CGROUPS);
		if (mkdir(path, 0755) && errno != EEXIST)
			storm_die(path);
		storm_run_guest(path, i);
		/* may be busy for a moment yet: another time */
		rmdir(path);
	}
}

static void storm_reader(int number)
{
	int i, nodes[2], nr_nodes = zwb_nodes(nodes, 2);
	struct zwb_cgroup_table cgroups;
	struct zwb_table table;

	for (i = number; !zwb_failed() && !storm_is_over(); i++) {
		zwb_table_read(i % 3 < nr_nodes ? nodes[i % 3] : ZWB_GLOBAL, &table);
		zwb_cgroup_table_read(&cgroups);
		zwb_cgroup_table_free(&cgroups);
	}
	if (zwb_failed())
		storm_die("a bad table");
}

/* Make a process of the storm. */
static pid_t storm_start(void (*fn)(int number), int number, const char *cgroup)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;
	pid_t pid;

	pid = zwb_fork();
	if (pid)
		return pid;
	CPU_ZERO(&set);
	CPU_SET(number % nr_cpus, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		storm_die("sched_setaffinity");
	if (cgroup && cg_enter_current(cgroup))
		storm_die("entering a cgroup");
	fn(number);
	_exit(0);
}

static void storm_join(pid_t pid)
{
	int status;

	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
		zwb_fail("storm: a process ended before its time");
}

/* Workers stop by themselves. */
static void storm_wait_for_stop(pid_t *pid)
{
	int status;

	if (*pid > 0 && (waitpid(*pid, &status, WUNTRACED) != *pid || !WIFSTOPPED(status))) {
		zwb_fail("storm: a worker ended before its time");
		*pid = -1;
	}
}

static void storm_kill(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool storm_prepare(void)
{
	char guests[ZWB_PATH_MAX];

	storm_over = mmap(NULL, sizeof(*storm_over), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (storm_over == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return false;
	}
	storm_cgroup = zwb_cgroup(NULL, "storm");
	storm_tree = storm_cgroup ? zwb_cgroup(NULL, "tree") : NULL;
	return storm_tree && zwb_cgroup_set(storm_tree, "cgroup.subtree_control", "+memory") &&
	       zwb_cgroup_bare(storm_tree, "guests", guests, sizeof(guests));
}

static void storm_remove_cgroups(void)
{
	char path[ZWB_PATH_MAX];
	int i;

	for (i = 0; i < STORM_CGROUPS; i++) {
		snprintf(path, sizeof(path), "%.400s/churn%d", storm_tree, i);
		if (!access(path, F_OK))
			zwb_cgroup_remove(path);
	}
}

/* Was it a storm? */
static bool storm_is_enough(const struct zwb_snap *delta)
{
	return delta->vm.zswpout >= 1000 && delta->vm.zswpin >= 100 && delta->total.written >= 100;
}

/* Let it rage, and read all the while.  A slow machine takes longer. */
static int storm_rage(const struct zwb_snap *before)
{
	long long start = zwb_now();
	struct zwb_snap delta;
	int reads = 0;

	do {
		if (zwb_failed() || !zwb_tables_read_once(&tables))
			break;
		reads++;
		zwb_since(&delta, before);
	} while (zwb_now() - start < (storm_is_enough(&delta) ? STORM_SECONDS : STORM_SECONDS_MAX) *
		 ZWB_NS_PER_SEC);
	__atomic_store_n(storm_over, 1, __ATOMIC_RELAXED);
	return reads;
}

/* Check with the pages of the stopped workers in zswap, and with those gone. */
static void storm_check(const pid_t *workers)
{
	struct zwb_row sum, none = { 0 };
	int i;

	if (!zwb_failed() && zwb_tables_check(&tables)) {
		zwb_between(zwb_table_sum(&tables.total, 0, -1).pages, 1,
			    STORM_WORKERS * STORM_PAGES);
		sum = zwb_tables_own(&tables, storm_cgroup);
		zwb_memory_stat_agrees(storm_cgroup, &sum);
	}
	for (i = 0; i < STORM_WORKERS; i++)
		storm_kill(workers[i]);
	if (zwb_failed() || !zwb_tables_check(&tables))
		return;
	zwb_zero(zwb_stored());
	sum = zwb_table_sum(&tables.total, 0, -1);
	zwb_amounts_are(&sum, &none);
}

/*
 * Processes on all CPUs store, read, overwrite and free pages, fork and exit,
 * while commands write them, edges change, cgroups come and go, and everybody
 * reads the tables.  Each table that is read meanwhile has the form of one.
 * Afterwards they are exact to the page and byte, first with what the stopped
 * processes have left in zswap, and then with nothing.
 *
 * Turns red when a race loses an entry or counts it twice, when a number gets
 * below zero in sight of a reader, when the walk loses its place, or when an
 * entry that is counted off on another CPU leaves a rest.
 */
static void storm(void)
{
	pid_t workers[STORM_WORKERS], others[STORM_OTHERS];
	struct zwb_snap before, delta;
	int i, reads;

	if (!zwb_need_tables() || !storm_prepare())
		return;
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	zwb_snap(&before);
	for (i = 0; i < STORM_WORKERS; i++)
		workers[i] = storm_start(storm_worker, i, i < 2 ? storm_cgroup : NULL);
	others[0] = storm_start(storm_commander, 0, NULL);
	others[1] = storm_start(storm_commander, 1, NULL);
	others[2] = storm_start(storm_edges, 0, NULL);
	others[3] = storm_start(storm_cgroups, 1, NULL);
	others[4] = storm_start(storm_reader, 0, NULL);
	reads = storm_rage(&before);
	for (i = 0; i < STORM_OTHERS; i++)
		storm_join(others[i]);
	for (i = 0; i < STORM_WORKERS; i++)
		storm_wait_for_stop(&workers[i]);
	zwb_since(&delta, &before);
	zwb_edges_restore();
	ksft_print_msg("%d reads; %lld pages stored, %lld loaded, %lld written by %lld commands\n",
		       reads, delta.vm.zswpout, delta.vm.zswpin, delta.total.written,
		       delta.commands);
	zwb_between(reads, 1, INT_MAX);
	if (!storm_is_enough(&delta))
		zwb_fail("nothing much happened: this tested nothing");
	storm_check(workers);
	storm_remove_cgroups();
	munmap(storm_over, sizeof(*storm_over));
}

static const struct zwb_test tests[] = {
	ZWB_TEST(removed_cgroup_shows_at_its_parent),
	ZWB_TEST(many_cgroups),
	ZWB_TEST(storm),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
