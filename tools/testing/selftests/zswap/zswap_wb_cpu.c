// SPDX-License-Identifier: GPL-2.0
/*
 * A command runs in the task that gave it, and nowhere else: it waits for no
 * other CPU, is killed as any task is, and its CPU time is that task's.
 * Who reads what it has written waits for no other CPU, either.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

/* what else the machine does is in one's way once or twice, but not every time */
#define ROUNDS			3

#define HOG_PAGES		2500
#define HOG_SECONDS		15
/* a command that takes longer when it is alone may not get to its end before a hog does */
#define HOG_COMMAND_MS		(HOG_SECONDS * 1000 / 3)
#define HOG_RUNTIME		"/proc/sys/kernel/sched_rt_runtime_us"
/* of nanoseconds, what the scheduler keeps for those who are not real-time */
#define HOG_SERVER		"/sys/kernel/debug/sched/fair_server/cpu%d/runtime"

/* of which such a disk is given one at a time */
#define LATE_PAGES		2
/* long enough for a hog to come meanwhile, and for it to go on for as long after that */
#define LATE_FLIGHT_US		2500000
#define LATE_TRIES		500

#define KILL_PAGES		16000
#define KILL_TRIES		9
#define KILL_MS			50

#define TIME_PAGES		10000
#define TIME_PERCENT		93
#define TIME_IDLE_SECONDS	3

/* each has its page written first, and such a disk is given one at a time */
#define READERS			3
/* one begins after the other, and all before the first has its page */
#define READ_GAP_MS		500
#define READ_FLIGHT_MS		2000
/*
 * For an emulator that has to share its machine.  If readers wait for a CPU that goes, which
 * waits for the last one's page, the first one has its page twice as late as that at least.
 */
#define READ_SLACK_MS		((READERS - 1) * READ_GAP_MS / 2)

/* a disk that never waits */
static const struct zwb_disk_spec fast = { .pages = 65536 };
static const struct zwb_disk_spec fast_sectors = { .pages = 65536, .sectors = true };

/* what a command launches is in flight for seconds */
static const struct zwb_disk_spec slow = {
	.pages = 16384,
	.latency_us = LATE_FLIGHT_US,
};

/* one whose requests end on the CPU that they came from */
static const struct zwb_disk_spec queue_per_cpu = {
	.pages = 16384,
	.latency_us = READ_FLIGHT_MS * 1000,
	.sectors = true,
	.per_cpu = true,
};

static struct zwb_load *load_both_nodes(long long pages)
{
	int node[2];

	if (!zwb_need_two_nodes(&node[0], &node[1]) || !zwb_load(NULL, node[0], pages, ZWB_TEXT))
		return NULL;
	return zwb_load(NULL, node[1], pages, ZWB_TEXT);
}

/* --- a hog --- */

/* A task that leaves nothing of a CPU to others, and how to get it back. */
struct hog {
	pid_t pid;
	char runtime[32];
	char server_path[64];
	char server[32];
};

/* It stops by itself, for nobody may be able to stop it. */
static pid_t fork_hog(int cpu)
{
	struct sched_param param = { .sched_priority = 50 };
	long long end;
	pid_t pid;

	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!zwb_run_on_cpu(0, cpu) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	end = zwb_now() + HOG_SECONDS * ZWB_NS_PER_SEC;
	while (zwb_now() < end)
		;
	_exit(0);
}

/* Whether it has not come to its end. */
static bool hog_goes_on(struct hog *hog)
{
	if (hog->pid > 0 && !waitpid(hog->pid, NULL, WNOHANG))
		return true;
	hog->pid = 0;
	return false;
}

static void stop_hog(const struct hog *hog)
{
	if (hog->pid > 0) {
		kill(hog->pid, SIGKILL);
		waitpid(hog->pid, NULL, 0);
	}
	if (!access(hog->server_path, W_OK))
		zwb_write_string(hog->server_path, hog->server);
	zwb_write_string(HOG_RUNTIME, hog->runtime);
}

/* All of the CPU, not 95 % of it. */
static bool start_hog(struct hog *hog, int cpu)
{
	struct timespec moment = { .tv_nsec = 300 * ZWB_NS_PER_MS };

	snprintf(hog->runtime, sizeof(hog->runtime), "%lld", zwb_read_number(HOG_RUNTIME));
	/* first: without a limit no sum of times is too much */
	zwb_write_string(HOG_RUNTIME, "-1");
	snprintf(hog->server_path, sizeof(hog->server_path), HOG_SERVER, cpu);
	if (!access(hog->server_path, W_OK)) {
		snprintf(hog->server, sizeof(hog->server), "%lld",
			 zwb_read_number(hog->server_path));
		zwb_write_string(hog->server_path, "0");
	}
	hog->pid = fork_hog(cpu);
	nanosleep(&moment, NULL);
	if (hog_goes_on(hog))
		return true;
	zwb_fail("there is no hog");
	stop_hog(hog);
	return false;
}

/* Milliseconds that a command takes on CPU 0, or -1. */
static long long time_on_first_cpu(void)
{
	struct zwb_async command;
	long long start;
	int err;

	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return -1;
	start = zwb_now();
	zwb_go(&command);
	err = zwb_wait(&command);
	return zwb_zero(err) ? (zwb_now() - start) / ZWB_NS_PER_MS : -1;
}

/*
 * Somebody keeps the other CPU busy at real-time priority: a command, whose
 * pages lie on both nodes, does not notice.
 *
 * Turns red when a command waits for work on another CPU, be it its own or that
 * of lru_add_drain_all(): that is done when the hog has come to its end.
 */
static void hog_on_the_other_cpu(void)
{
	long long alone, beside;
	bool before_hog = false;
	struct hog hog;
	int i;

	if (!zwb_need_two_cpus() || !zwb_disk_on(&fast))
		return;
	for (i = 0; i < ROUNDS && !before_hog && !zwb_failed(); i++) {
		zwb_loads_verify();
		zwb_loads_stop();
		if (!load_both_nodes(HOG_PAGES))
			return;
		alone = time_on_first_cpu();
		if (alone > HOG_COMMAND_MS) {
			zwb_late("a command takes %lld ms alone", alone);
			return;
		}
		if (alone < 0 || !load_both_nodes(HOG_PAGES) || !start_hog(&hog, 1))
			return;
		beside = time_on_first_cpu();
		before_hog = hog_goes_on(&hog);
		stop_hog(&hog);
		ksft_print_msg("%lld ms alone, %lld ms with a hog on the other CPU\n", alone,
			       beside);
		zwb_zero(zwb_stored());
	}
	zwb_between(before_hog, true, true);
}

/* Whether pages leave zswap, while their command can do nothing for it. */
static bool lands_without_its_command(const struct zwb_async *command)
{
	struct timespec moment = { .tv_nsec = 10 * ZWB_NS_PER_MS };
	long long stored = zwb_stored();
	int i;

	if (stored < LATE_PAGES) {
		zwb_late("a page had landed before there was a hog");
		return true;
	}
	for (i = 0; i < LATE_TRIES && zwb_stored() == stored; i++)
		nanosleep(&moment, NULL);
	ksft_print_msg("%lld of %lld pages in zswap after %d ms\n", zwb_stored(), stored, i * 10);
	return i < LATE_TRIES && !zwb_async_done(command, 0);
}

/*
 * A command gets no CPU time any more while its pages are in flight: they land all the
 * same, for others may wait for their slots.
 *
 * Turns red when only the command itself lands what it has launched, or when what does
 * it instead is bound to the command's CPU.
 */
static void landing_does_not_wait_for_the_command(void)
{
	struct zwb_async command;
	struct hog hog;

	if (!zwb_need_two_cpus() || !zwb_disk_on(&slow) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, LATE_PAGES, ZWB_TEXT) ||
	    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	zwb_run_on_cpu(command.pid, 1);
	zwb_go(&command);
	if (zwb_disk_wait_for_flight() && start_hog(&hog, 1)) {
		if (!lands_without_its_command(&command))
			zwb_fail("nothing has landed, or the command was not kept from it");
		stop_hog(&hog);
	}
	zwb_land(&command);
	zwb_zero(zwb_stored());
}

/* --- reads --- */

/* Who reads a page; in memory that is shared with him, for what he has to say about it. */
struct reader {
	pid_t pid;
	bool is_right;
	long long took_ms;
};

/* A process that reads a page at a given time, on CPU 1. */
static void fork_reader(const struct zwb_pages *pages, int index, long long when,
			struct reader *reader)
{
	pid_t pid = fork();
	long long start;

	if (pid) {
		reader->pid = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!zwb_run_on_cpu(0, 1))
		_exit(1);
	zwb_sleep_until(when);
	start = zwb_now();
	reader->is_right = zwb_page_is(pages->mem + index * zwb_page_size, index, 1);
	reader->took_ms = (zwb_now() - start) / ZWB_NS_PER_MS;
	_exit(0);
}

/* They had their pages, as these were written; the milliseconds that it took the last one. */
static long long check_readers(const struct reader *readers, int nr)
{
	long long longest = 0;
	int i, status;

	for (i = 0; i < nr; i++) {
		status = -1;
		if (readers[i].pid > 0)
			waitpid(readers[i].pid, &status, 0);
		zwb_zero(status);
		zwb_equal(readers[i].is_right, true);
		zwb_between(readers[i].took_ms, READ_FLIGHT_MS, LLONG_MAX);
		if (readers[i].took_ms > longest)
			longest = readers[i].took_ms;
	}
	ksft_print_msg("read within %lld ms from a disk that takes %d\n", longest, READ_FLIGHT_MS);
	return longest;
}

/*
 * Have a page for each reader on the disk; in one of some rounds each of them has it when the
 * disk has read it.
 */
static void with_readers(int nr, long long (*check)(const struct zwb_pages *pages,
						    struct reader *readers))
{
	const long long most = READ_FLIGHT_MS + READ_SLACK_MS;
	struct zwb_pages pages = { 0 };
	long long took = LLONG_MAX;
	struct reader *readers;
	int i;

	readers = mmap(NULL, nr * sizeof(*readers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (readers == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return;
	}
	if (zwb_disk_on(&queue_per_cpu) && zwb_pages_map(&pages, ZWB_ANY_NODE, nr) &&
	    zwb_zero(madvise(pages.mem, nr * zwb_page_size, MADV_DOFORK))) {
		for (i = 0; i < ROUNDS && took > most && !zwb_failed(); i++) {
			if (zwb_pages_store(&pages, 1) && zwb_write_all(nr))
				took = check(&pages, readers);
		}
		zwb_between(took, READ_FLIGHT_MS, most);
	}
	zwb_pages_unmap(&pages);
	munmap(readers, nr * sizeof(*readers));
}

/* Take the CPU off, and bring it back; milliseconds from @start until it was off. */
static long long cpu_goes(long long start)
{
	long long gone;

	zwb_write_string(ZWB_CPU_ONLINE, "0");
	gone = (zwb_now() - start) / ZWB_NS_PER_MS;
	zwb_write_string(ZWB_CPU_ONLINE, "1");
	ksft_print_msg("the CPU is off after %lld ms\n", gone);
	return gone;
}

static long long check_reads_of_a_cpu_that_goes(const struct zwb_pages *pages,
						struct reader *readers)
{
	long long start = zwb_now();
	int i;

	for (i = 0; i < READERS; i++)
		fork_reader(pages, i, start + (i + 1) * READ_GAP_MS * ZWB_NS_PER_MS, &readers[i]);
	zwb_sleep_until(start + (READERS + 1) * READ_GAP_MS * ZWB_NS_PER_MS);
	if (zwb_disk_reads_in_flight(zwb_disk_name()) != READERS)
		zwb_late("the reads are not all in flight when the CPU is to go");
	else
		/* it goes when its queue is empty; else this tests nothing */
		zwb_between(cpu_goes(start), READERS * READ_GAP_MS + READ_FLIGHT_MS, LLONG_MAX);
	return check_readers(readers, READERS);
}

/*
 * A CPU that goes offline waits for the requests that it has sent.  Who wants their pages has
 * each of them when the disk has read it, and not when the CPU is off at last.
 *
 * Turns red when a read ends in a worker of the CPU that had the interrupt: such workers stop
 * first.
 */
static void reads_end_while_their_cpu_goes(void)
{
	if (zwb_need_cpu_hotplug())
		with_readers(READERS, check_reads_of_a_cpu_that_goes);
}

static long long check_read_beside_a_hog(const struct zwb_pages *pages, struct reader *reader)
{
	struct hog hog;
	long long took;
	bool busy;

	fork_reader(pages, 0, zwb_now(), reader);
	/* the interrupt will be where the request came from, the reader elsewhere */
	busy = zwb_disk_wait_for_reads() && zwb_run_on_cpu(reader->pid, 0) && start_hog(&hog, 1);
	took = check_readers(reader, 1);
	if (busy)
		stop_hog(&hog);
	return took;
}

/*
 * Somebody keeps the CPU busy at real-time priority that has the interrupt of a read: who
 * wants the page is on another one, and does not notice.
 *
 * Turns red when a read ends in a worker of that CPU.
 */
static void read_does_not_wait_for_a_hog(void)
{
	if (zwb_need_two_cpus())
		with_readers(1, check_read_beside_a_hog);
}

/* --- a kill --- */

/* Pages that were moved so far, the way that commands of @node, see zwb_start(), move them. */
static long long moved(int node)
{
	return node == ZWB_READBACK ? zwb_read_number(ZWB_SYSFS "/stats/readback") :
				      zwb_vmstat_key("zswpwb");
}

/* Kill a command that has moved a page; microseconds until it is gone, or -1. */
static long long time_of_death(int node, const char *command)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS, before = moved(node), start;
	struct zwb_async async;
	bool moves;

	if (!zwb_start(&async, node, 0, "%s", command))
		return -1;
	zwb_go(&async);
	/* no pause: it may need only milliseconds for all */
	do {
		moves = moved(node) > before;
	} while (!moves && zwb_now() < deadline);
	start = zwb_now();
	kill(async.pid, SIGKILL);
	if (zwb_wait(&async) != -ESRCH)
		zwb_fail("the command was at its end before it was killed");
	return zwb_between(moves, true, true) ? (zwb_now() - start) / 1000 : -1;
}

static void check_deaths(int node, const char *command)
{
	long long took[KILL_TRIES];
	int i;

	for (i = 0; i < KILL_TRIES; i++) {
		took[i] = time_of_death(node, command);
		if (took[i] < 0 || zwb_failed())
			return;
	}
	zwb_sort_numbers(took, KILL_TRIES);
	ksft_print_msg("gone after %lld us, but for one after %lld\n", took[KILL_TRIES - 2],
		       took[KILL_TRIES - 1]);
	/* an emulated CPU is not always there, but that is no habit */
	zwb_between(took[KILL_TRIES - 2], 0, KILL_MS * 1000);
}

/*
 * On a disk that never waits a killed command is gone at once.
 *
 * Turns red when it finishes more than a batch before it looks.
 */
static void kill_ends_a_command_at_once(void)
{
	if (zwb_disk_on(&fast) && zwb_load(NULL, ZWB_ANY_NODE, KILL_PAGES, ZWB_TEXT))
		check_deaths(ZWB_GLOBAL, "age=0");
}

/*
 * So is one that brings pages back: what it has brought is in zswap, and the rest where it was.
 *
 * Turns red as above, and when a page that was recalled is left neither here nor there.
 */
static void kill_ends_a_readback_at_once(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *load;
	long long killed;

	if (!zwb_need_readback() || !zwb_disk_on(&fast_sectors))
		return;
	zwb_snap(&before);
	load = zwb_load(NULL, ZWB_ANY_NODE, KILL_PAGES, ZWB_TEXT);
	if (!load || !zwb_write_all(KILL_PAGES))
		return;
	check_deaths(ZWB_READBACK, "max=1G");
	zwb_since(&delta, &before);
	killed = delta.total.readback;
	ksft_print_msg("%lld pages were brought back by commands that were killed\n", killed);
	zwb_equal(zwb_stored(), killed);
	zwb_equal(delta.total.on_disk, KILL_PAGES - killed);
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, KILL_PAGES - killed);
	zwb_expect_read(load, 0, KILL_PAGES);
}

/* --- CPU time --- */

/* What all CPUs did since boot besides nothing, in milliseconds. */
static long long busy_ms(void)
{
	long long user, nice, kernel, irq, softirq;
	FILE *file = fopen("/proc/stat", "r");
	bool good;

	good = file && fscanf(file, "cpu %lld %lld %lld %*d %*d %lld %lld", &user, &nice, &kernel,
			      &irq, &softirq) == 5;
	if (file)
		fclose(file);
	if (!good) {
		zwb_fail("reading /proc/stat");
		return 0;
	}
	return (user + nice + kernel + irq + softirq) * 1000 / sysconf(_SC_CLK_TCK);
}

/* CPU time of the children that are gone, in milliseconds. */
static long long children_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* How many per cent of what the machine did beside a command the command was charged for; or -1. */
static long long charged_percent(void)
{
	long long busy, idle, own, took;
	struct zwb_async command;

	if (!load_both_nodes(TIME_PAGES))
		return -1;
	busy = busy_ms();
	sleep(TIME_IDLE_SECONDS);
	idle = busy_ms() - busy;

	if (!zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return -1;
	own = children_ms();
	took = zwb_now();
	busy = busy_ms();
	zwb_go(&command);
	zwb_zero(zwb_wait(&command));
	busy = busy_ms() - busy;
	took = (zwb_now() - took) / ZWB_NS_PER_MS;
	own = children_ms() - own;

	busy -= idle * took / (TIME_IDLE_SECONDS * 1000);
	ksft_print_msg("in %lld ms CPUs were busy for %lld ms, %lld of it the command's\n", took,
		       busy, own);
	ksft_print_msg("with nothing to do for %lld ms in %d s\n", idle, TIME_IDLE_SECONDS);
	zwb_zero(zwb_stored());
	return busy > 0 ? own * 100 / busy : 100;
}

/*
 * What a command costs the machine is what its task is charged for.
 *
 * Turns red when workers do a part of it, whom no cgroup, priority or limit of
 * the task reaches.
 */
static void cpu_time_is_the_givers(void)
{
	long long percent = -1;
	int i;

	if (!zwb_disk_on(&fast))
		return;
	for (i = 0; i < ROUNDS && percent < TIME_PERCENT && !zwb_failed(); i++) {
		zwb_loads_verify();
		zwb_loads_stop();
		percent = charged_percent();
	}
	if (percent >= 0)
		zwb_between(percent, TIME_PERCENT, LLONG_MAX);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(hog_on_the_other_cpu),
	ZWB_TEST(landing_does_not_wait_for_the_command),
	ZWB_TEST_IMAGES(reads_end_while_their_cpu_goes),
	ZWB_TEST_IMAGES(read_does_not_wait_for_a_hog),
	ZWB_TEST(kill_ends_a_command_at_once),
	ZWB_TEST_PAGES(kill_ends_a_readback_at_once),
	ZWB_TEST_IMAGES(kill_ends_a_readback_at_once),
	ZWB_TEST(cpu_time_is_the_givers),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
