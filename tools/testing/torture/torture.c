// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The torture test's main program: starts the tasks, watches over them, and says
 * in the end what has happened and whether all of it adds up.
 *
 * usage: torture SECONDS SEED [corrupt] [without=TASK,TASK]
 *
 * Without some tasks, by the beginning of their names, to find out which of them it
 * takes for what was seen.  Without commander it runs on a kernel without the feature.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"

#define WORKERS			4
#define COMMANDERS		4
#define MAX_WORKER_PAGES	2048
/* with fewer seconds, a kind of disturbance may not have had its turn */
#define COMPLETE_SECONDS	120
#define PROGRESS_SECONDS	15
/* large folios that are not huge */
#define LARGE_KB		(16 * PAGE / 1024)
/* what a slow machine gets on top until each kind has happened */
#define LATE_SECONDS		300
#define ROUNDS_PER_SECOND	4
/* worth a line, and no problem */
#define SLOW_SECONDS		20
#define COMMAND_HANG_SECONDS	120
/* swapoff, and memory that goes offline, may take their time: that they don't get on */
#define OTHER_HANG_SECONDS	300

struct shared *shared;
uint64_t torture_seed;
bool torture_corrupt;

/* names with a comma in front, or empty */
static char left_out[256];

static const char * const kind_names[NR_KINDS] = {
	[K_PAGEOUT] = "stores by madvise",
	[K_LARGE] = "large folios stored",
	[K_COLLAPSE] = "huge pages that khugepaged has made",
	[K_RECLAIM] = "stores by memory.reclaim",
	[K_VERIFY] = "pages read and compared",
	[K_REWRITE] = "ranges rewritten",
	[K_DISCARD] = "ranges discarded",
	[K_SHARED] = "shared ranges compared",
	[K_FORK] = "forks",
	[K_EXIT_IN_SWAP] = "exits with pages in swap",
	[K_CGROUP_MAKE] = "cgroups made",
	[K_CGROUP_REMOVE] = "cgroups removed with entries left behind",
	[K_STALE_ID] = "commands for cgroups that are gone",
	[K_MOVE] = "tasks moved",
	[K_SWAPON] = "swapon",
	[K_SWAPOFF] = "swapoff",
	[K_SWAPOFF_BUSY] = "swapoff during a command",
	[K_COMPRESSOR] = "changes of the compressor",
	[K_COMPRESSED] = "changes of compressed_writeback",
	[K_READBACK] = "commands that brought pages back",
	[K_ZSWAP_OFF] = "zswap switched off",
	[K_POOL_LIMIT] = "changes of max_pool_percent",
	[K_MEM_ONLINE] = "memory blocks online",
	[K_MEM_OFFLINE] = "memory blocks offline",
	[K_NODE_CAME] = "node directories that came",
	[K_NODE_WENT] = "node directories that went",
	[K_CPU_OFFLINE] = "cpu offline",
	[K_CPU_ONLINE] = "cpu online",
	[K_NO_WRITEBACK] = "memory.zswap.writeback=0",
	[K_ZSWAP_MAX] = "limits of memory.zswap.max",
	[K_MEMORY_MAX] = "limits of memory.max",
	[K_SIGNAL] = "signals in a command",
	[K_SHRINKER_ON] = "shrinker switched on",
	[K_SHRINKER_SCAN] = "shrinker scans",
	[K_TABLES] = "tables read",
	[K_COUNTERS] = "counters read",
	[K_EDGES] = "age_edges written",
	[K_TRACE] = "tracepoints switched on",
	[K_COMPACT] = "compactions",
	[K_FAULTS_SLAB] = "faults of failslab",
	[K_FAULTS_PAGE] = "faults of fail_page_alloc",
	[K_FAULTS_WRITE] = "faults of fail_make_request",
	[K_FAULTS_DECOMPRESS] = "faults of decompression",
	[K_DAMAGE] = "damaged images that were read",
};

static const char * const counter_names[] = {
	"scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
	"skipped_protected", "skipped_gone", "failed", "refaulted", "dropped", "readback",
	"disk_bytes", "corrupted",
};

enum { C_SCANNED, C_WRITTEN, C_FAILED = 7, C_REFAULTED, C_DROPPED, C_READBACK };

/* ---------------------------------------------------------------- decisions */

uint64_t mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15ULL;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

uint64_t rng_next(struct rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ULL;
	return mix(rng->state);
}

struct rng rng_step(int task, long step)
{
	return (struct rng){ mix(torture_seed ^ mix(((uint64_t)task << 48) + step)) };
}

unsigned long rng_below(struct rng *rng, unsigned long n)
{
	return n ? rng_next(rng) % n : 0;
}

bool rng_one_in(struct rng *rng, unsigned long n)
{
	return rng_below(rng, n) == 0;
}

/* ---------------------------------------------------------- what tasks report */

long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NS_PER_SEC + time.tv_nsec;
}

void sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS };

	nanosleep(&time, NULL);
}

void add(long *counter, long n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void count(enum kind kind)
{
	add(&shared->kinds[kind], 1);
}

void missing(enum kind kind, const char *why)
{
	snprintf(shared->missing[kind], TEXT_SIZE, "%s", why);
}

/* One write(2) a line, so that lines of several tasks don't mix. */
static void say_args(const char *before, const char *fmt, va_list args)
{
	char text[640];
	int length;

	length = snprintf(text, sizeof(text), "%s", before);
	length += vsnprintf(text + length, sizeof(text) - length - 1, fmt, args);
	if (length > (int)sizeof(text) - 2)
		length = sizeof(text) - 2;
	text[length++] = '\n';
	if (write(STDOUT_FILENO, text, length) < 0)
		_exit(1);
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_args("", fmt, args);
	va_end(args);
}

void problem(const char *fmt, ...)
{
	va_list args;

	add(&shared->problems, 1);
	va_start(args, fmt);
	say_args("problem: ", fmt, args);
	va_end(args);
}

/* What follows may last too long: then this is what hung. */
void begin(int task, const char *fmt, ...)
{
	struct task *t = &shared->tasks[task];
	va_list args;

	va_start(args, fmt);
	vsnprintf(t->doing, sizeof(t->doing), fmt, args);
	va_end(args);
	__atomic_store_n(&t->since, now(), __ATOMIC_RELEASE);
}

void end(int task)
{
	__atomic_store_n(&shared->tasks[task].since, 0, __ATOMIC_RELEASE);
}

bool disks_trylock(void)
{
	return !__atomic_exchange_n(&shared->disks_locked, true, __ATOMIC_ACQUIRE);
}

void disks_unlock(void)
{
	__atomic_store_n(&shared->disks_locked, false, __ATOMIC_RELEASE);
}

bool running(void)
{
	return __atomic_load_n(&shared->phase, __ATOMIC_RELAXED) == PHASE_RUN;
}

void rest(long ms)
{
	long long until = now() + ms * NS_PER_MS;

	while (running() && now() < until)
		sleep_ms(ms < 50 ? ms : 50);
}

/* ------------------------------------------------------------------- tasks */

static int nr_tasks;

static bool is_left_out(const char *name)
{
	const char *part;
	size_t length;

	for (part = left_out; *part == ','; part += 1 + length) {
		length = strcspn(part + 1, ",");
		if (length && !strncmp(name, part + 1, length))
			return true;
	}
	return false;
}

int task_start(const char *name, void (*fn)(int task, long arg), long arg)
{
	int task = nr_tasks++;
	pid_t pid;

	/* those that are left out keep their numbers, on which decisions depend */
	if (task >= MAX_TASKS)
		abort();
	snprintf(shared->tasks[task].name, sizeof(shared->tasks[task].name), "%s", name);
	if (is_left_out(name))
		return task;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(task, arg);
		_exit(0);
	}
	if (pid < 0) {
		problem("%s: fork: %s", name, strerror(errno));
		return task;
	}
	shared->tasks[task].pid = pid;
	return task;
}

static void worker_task(int task, long pages)
{
	worker(task, pages);
}

/* Where a task is, as far as the kernel tells. */
static void say_where(const struct task *t)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/%d/stack", t->pid);
	if (get(path, text, sizeof(text)) > 0)
		say("%.600s", text);
	snprintf(path, sizeof(path), "/proc/%d/wchan", t->pid);
	if (get(path, text, sizeof(text)) > 0)
		say("wchan %.100s", text);
}

static void report_slow(struct task *t, long long ns)
{
	say("slow: %s, for %lld s: %s", t->name, ns / NS_PER_SEC, t->doing);
	say_where(t);
}

static void report_hang(struct task *t, long long ns)
{
	static int hangs;

	problem("%s hangs for %lld s: %s", t->name, ns / NS_PER_SEC, t->doing);
	say_where(t);
	/* what else is blocked, and on what, goes to the console, once */
	if (!hangs++)
		put("/proc/sysrq-trigger", "w");
}

/* How often a task has been switched to: one that is not any more has got stuck. */
static long long switches(const struct task *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", t->pid);
	return get_key(path, "voluntary_ctxt_switches") +
	       get_key(path, "nonvoluntary_ctxt_switches");
}

/*
 * Time is counted in rounds of this: where the whole machine stands still, for its
 * host has other things to do, no task can be blamed for it. A command has to end in time. Of
 * all else it is enough that it gets on: wait_for_end() is for what goes round in circles.
 */
static void watch(void)
{
	static long long last[MAX_TASKS], last_switches[MAX_TASKS];
	static long rounds[MAX_TASKS];
	int task;

	for (task = 0; task < nr_tasks; task++) {
		struct task *t = &shared->tasks[task];
		long long since = __atomic_load_n(&t->since, __ATOMIC_ACQUIRE);
		long limit = t->command ? COMMAND_HANG_SECONDS : OTHER_HANG_SECONDS;

		if (since != last[task])
			rounds[task] = 0;
		last[task] = since;
		if (!t->pid || !since)
			continue;
		rounds[task]++;
		if (!t->command && rounds[task] > SLOW_SECONDS * ROUNDS_PER_SECOND) {
			long long nr = switches(t);

			if (nr != last_switches[task])
				rounds[task] = SLOW_SECONDS * ROUNDS_PER_SECOND + 1;
			last_switches[task] = nr;
		}
		if (rounds[task] == limit * ROUNDS_PER_SECOND)
			report_hang(t, now() - since);
		else if (rounds[task] == SLOW_SECONDS * ROUNDS_PER_SECOND)
			report_slow(t, now() - since);
	}
}

static int live_tasks(void)
{
	int task, live = 0;

	for (task = 0; task < nr_tasks; task++)
		live += shared->tasks[task].pid > 0;
	return live;
}

/* Those that do not wait for the workers' last phase. */
static int busy_tasks(void)
{
	int task, busy = 0;

	for (task = 0; task < nr_tasks; task++) {
		const struct task *t = &shared->tasks[task];

		busy += t->pid > 0 && !__atomic_load_n(&t->waiting, __ATOMIC_ACQUIRE);
	}
	return busy;
}

static void reap(void)
{
	int status, task;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (task = 0; task < nr_tasks; task++) {
			if (shared->tasks[task].pid != pid)
				continue;
			shared->tasks[task].pid = 0;
			if (WIFSIGNALED(status))
				problem("%s was killed by signal %d: %s", shared->tasks[task].name,
					WTERMSIG(status), shared->tasks[task].doing);
			else if (WEXITSTATUS(status))
				problem("%s ended with status %d: %s", shared->tasks[task].name,
					WEXITSTATUS(status), shared->tasks[task].doing);
		}
	}
}

static long long written(void)
{
	return get_number(SYSFS "/stats/written");
}

static void progress(long long start)
{
	say("progress: %lld s, %ld commands, %lld pages written, %ld faults, %ld pages lost, %ld problems",
	    (now() - start) / NS_PER_SEC, shared->commands, written(), faults_injected(),
	    shared->lost, shared->problems);
}

/* Until none of the tasks that @left counts is left, or until then. */
static bool watch_until(long long start, long long deadline, int (*left)(void))
{
	static long long next;

	do {
		sleep_ms(1000 / ROUNDS_PER_SECOND);
		reap();
		watch();
		if (now() >= next) {
			progress(start);
			next = now() + PROGRESS_SECONDS * NS_PER_SEC;
		}
		if (!left())
			return true;
	} while (now() < deadline);
	return false;
}

/* The same, but time that the machine stood still does not count. */
static void wait_for_end(long long start, int (*left)(void))
{
	long round;

	for (round = 0; round < OTHER_HANG_SECONDS * 2 * ROUNDS_PER_SECOND; round++) {
		if (watch_until(start, 0, left))
			return;
	}
	problem("%d tasks do not end", left());
}

/* --------------------------------------------------------- does it add up? */

struct counters {
	long long value[ARRAY_SIZE(counter_names)];
};

static bool read_counters(const char *dir, struct counters *counters)
{
	char path[PATH_SIZE + 32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counter_names); i++) {
		snprintf(path, sizeof(path), "%s/stats/%s", dir, counter_names[i]);
		counters->value[i] = get_number(path);
		if (counters->value[i] < 0)
			return false;
	}
	return true;
}

static void check_parts(const char *whose, const struct counters *c)
{
	long long sum = 0;
	int i;

	/* written, and from skipped_young to failed */
	sum = c->value[C_WRITTEN];
	for (i = 3; i <= C_FAILED; i++)
		sum += c->value[i];
	if (sum != c->value[C_SCANNED])
		problem("%s: scanned is %lld, its parts add up to %lld", whose,
			c->value[C_SCANNED], sum);
}

/* Nothing that was written is on a disk any more. */
static void check_gone(const char *whose, const struct counters *c)
{
	if (c->value[C_WRITTEN] != c->value[C_REFAULTED] + c->value[C_DROPPED] +
				   c->value[C_READBACK])
		problem("%s: written %lld, but refaulted %lld, dropped %lld and brought back %lld",
			whose, c->value[C_WRITTEN], c->value[C_REFAULTED],
			c->value[C_DROPPED], c->value[C_READBACK]);
}

/*
 * Each damaged image was told of, and none that was not damaged.  One may be read more than
 * once: for itself, and by readahead of the pages beside it.
 */
static void check_damage(void)
{
	long long corrupted = get_number(SYSFS "/stats/corrupted");

	if (corrupted < shared->kinds[K_DAMAGE] || corrupted > 4 * shared->damaged)
		problem("%lld images were damaged and %lld seen to be by who read them, but corrupted is %lld",
			(long long)shared->damaged, (long long)shared->kinds[K_DAMAGE], corrupted);
}

/*
 * A page that a command wrote is read back, or dropped, and counts once: when all
 * have gone, nothing is left.  A node that is offline has no files: its share is
 * what the others do not have, so the nodes can only be compared with the total
 * while all are there.
 */
static void check_counters(bool complete)
{
	struct counters total, node, sum = { { 0 } };
	char dir[PATH_SIZE];
	bool gone = false;
	int nid;
	size_t i;

	if (!read_counters(SYSFS, &total)) {
		problem("the counters can't be read");
		return;
	}
	check_parts("total", &total);
	check_damage();
	for (nid = 0; nid < MAX_NODE; nid++) {
		snprintf(dir, sizeof(dir), SYSFS "/node%d", nid);
		if (!read_counters(dir, &node)) {
			snprintf(dir, sizeof(dir), NODES "/node%d", nid);
			gone |= !access(dir, F_OK);
			continue;
		}
		check_parts(dir, &node);
		if (complete)
			check_gone(dir, &node);
		for (i = 0; i < ARRAY_SIZE(counter_names); i++)
			sum.value[i] += node.value[i];
	}
	for (i = 0; i < ARRAY_SIZE(counter_names); i++) {
		if (gone ? sum.value[i] > total.value[i] : sum.value[i] != total.value[i])
			problem("%s is %lld, the nodes add up to %lld", counter_names[i],
				total.value[i], sum.value[i]);
	}
	if (complete)
		check_gone("total", &total);
}

/* With all tasks gone and all devices off, zswap holds nothing. */
static void check_empty(void)
{
	long long deadline = now() + 30 * NS_PER_SEC, stored;

	do {
		stored = get_number(DEBUGFS "/stored_pages");
		if (!stored)
			return;
		sleep_ms(100);
	} while (now() < deadline);
	problem("after swapoff %lld pages are in zswap", stored);
}

/*
 * khugepaged copies all pages of a huge one within a read-side critical section of RCU, with the
 * lowest priority.  With CPUs as busy as here that takes longer than RCU waits before it complains.
 */
static void hasten_khugepaged(void)
{
	char name[64];
	glob_t names;
	size_t i;

	if (glob("/proc/[0-9]*/comm", 0, NULL, &names))
		return;
	for (i = 0; i < names.gl_pathc; i++) {
		if (get(names.gl_pathv[i], name, sizeof(name)) > 0 &&
		    !strcmp(name, "khugepaged\n") &&
		    setpriority(PRIO_PROCESS, atoi(names.gl_pathv[i] + strlen("/proc/")), 0))
			problem("the priority of khugepaged: %s", strerror(errno));
	}
	globfree(&names);
}

/* With every other seed all workers have huge folios, as where THP is "always" */
static bool large_folios_for_all(void)
{
	return mix(torture_seed) / 2 % 2;
}

/*
 * Every second worker has large folios: huge ones, those of 16 pages where it gives pages up and
 * needs them again, and what khugepaged makes of pages wherever they are, in a hurry.
 */
static void large_folios_on(void)
{
	char path[PATH_SIZE];

	put(THP "/enabled", large_folios_for_all() ? "always" : "madvise");
	snprintf(path, sizeof(path), THP "/hugepages-%lukB/enabled", LARGE_KB);
	put(path, "madvise");
	put(THP "/khugepaged/scan_sleep_millisecs", "100");
	put(THP "/khugepaged/alloc_sleep_millisecs", "100");
	put(THP "/khugepaged/pages_to_scan", "%ld", 4L * MAX_WORKER_PAGES);
	put(THP "/khugepaged/max_ptes_swap", "%lld",
	    get_number(THP "/hpage_pmd_size") / (long long)PAGE - 1);
	hasten_khugepaged();
}

static void count_large_folios(void)
{
	long long huge_kb = get_number(THP "/hpage_pmd_size") / 1024, stored, more;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), THP "/hugepages-%lldkB/stats/zswpout", huge_kb);
	stored = get_number(path);
	snprintf(path, sizeof(path), THP "/hugepages-%lukB/stats/zswpout", LARGE_KB);
	more = get_number(path);
	snprintf(path, sizeof(path), THP "/hugepages-%lukB/stats/swpout", LARGE_KB);
	if (get_number(path) < 0)
		missing(K_LARGE, "no large folios");
	else if (stored < 0 || more < 0)
		missing(K_LARGE, "needs a zswap that stores large folios");
	else if (PAGE > 4096)
		/* without CONFIG_THP_SWAP, as arm64 is then */
		missing(K_LARGE, "large folios are split before they go to swap");
	else
		shared->kinds[K_LARGE] = stored + more;
	if (huge_kb <= 0 || huge_kb / (long long)(PAGE / 1024) > MAX_WORKER_PAGES / 4)
		missing(K_COLLAPSE, "no huge pages of a size for a worker");
	else
		shared->kinds[K_COLLAPSE] = get_number(THP "/khugepaged/pages_collapsed");
}

/* Of what is to happen, the first that has not, or -1. */
static int next_kind(void)
{
	int kind;

	faults_injected();
	count_large_folios();
	for (kind = 0; kind < NR_KINDS; kind++) {
		/* which comes last of all */
		if (kind == K_FAULTS_DECOMPRESS)
			continue;
		if (!shared->kinds[kind] && !shared->missing[kind][0])
			return kind;
	}
	return -1;
}

/* A slow machine gets more time, until each kind has happened. */
static void run_on(long long start, long seconds)
{
	long long late = now() + LATE_SECONDS * NS_PER_SEC;
	int kind;

	if (seconds < COMPLETE_SECONDS || left_out[0])
		return;
	while ((kind = next_kind()) >= 0 && now() < late) {
		say("still to happen: %s", kind_names[kind]);
		watch_until(start, now() + PROGRESS_SECONDS * NS_PER_SEC, live_tasks);
	}
}

static void check_kinds(long seconds)
{
	int kind;

	count_large_folios();
	for (kind = 0; kind < NR_KINDS; kind++) {
		if (shared->kinds[kind] || shared->missing[kind][0])
			continue;
		if (left_out[0])
			missing(kind, "a task was left out");
		else if (seconds >= COMPLETE_SECONDS)
			problem("%s: never happened", kind_names[kind]);
		else
			missing(kind, "did not happen in so short a run");
	}
}

static void summary(long seconds, const char *compressor)
{
	size_t i;

	say("summary: torture: %ld commands, %lld pages written, %ld faults, %ld pages lost",
	    shared->commands, written(), faults_injected(), shared->lost);
	say("summary: seed %llu", (unsigned long long)torture_seed);
	say("summary: seconds %ld", seconds);
	say("summary: compressor %s at the end", compressor);
	say("summary: MGLRU %s", mix(torture_seed) % 2 ? "on, if there is one" : "off");
	say("summary: THP for %s", large_folios_for_all() ? "all" : "who asks");
	for (i = 0; i < NR_KINDS; i++) {
		if (shared->missing[i][0] && !shared->kinds[i])
			say("summary: kind: %s: %ld, not this time: %s", kind_names[i],
			    shared->kinds[i], shared->missing[i]);
		else
			say("summary: kind: %s: %ld", kind_names[i], shared->kinds[i]);
	}
	for (i = 0; i < ARRAY_SIZE(shared->results); i++) {
		if (shared->results[i])
			say("summary: result: %s: %ld", i ? strerrorname_np(i) : "0",
			    shared->results[i]);
	}
	for (i = 0; i < ARRAY_SIZE(counter_names); i++) {
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), SYSFS "/stats/%s", counter_names[i]);
		say("summary: counter: %s %lld", counter_names[i], get_number(path));
	}
	say("summary: counter: commands %lld accepted", get_number(SYSFS "/stats/commands"));
	for (i = 0; i < (size_t)nr_tasks; i++)
		say("summary: steps: task %zu, %s: %ld%s", i, shared->tasks[i].name,
		    shared->tasks[i].step + 1, is_left_out(shared->tasks[i].name) ? ", left out" : "");
	if (left_out[0])
		say("summary: without %s", left_out + 1);
	say("summary: problems %ld", shared->problems);
}

/* -------------------------------------------------------------------- main */

static void prepare(void)
{
	long long total = get_key("/proc/meminfo", "MemTotal");

	shared->mem_pages = total / (long long)(PAGE / 1024);
	if (total <= 0)
		exit(2);
	/* a page that is not to be lost must not be taken with its task */
	put("/proc/self/oom_score_adj", "-1000");
	if (put(PARAMS "/max_pool_percent", "50") || put(PARAMS "/enabled", "Y") ||
	    swapon("/dev/" SWAP_DISK, 0)) {
		say("cannot set swap and zswap up: %s", strerror(errno));
		exit(2);
	}
	/* a seed repeats it */
	put("/sys/kernel/mm/lru_gen/enabled", mix(torture_seed) % 2 ? "y" : "n");
	large_folios_on();
	cgroups_make();
	find_node_blocks();
	faults_prepare();
	faults_disk(SWAP_DISK);
	if (!is_left_out("swap"))
		swap_prepare();
}

static void start_tasks(void)
{
	long pages = shared->mem_pages / 16 / WORKERS, i;
	char name[24], procs[PATH_SIZE];

	if (pages > MAX_WORKER_PAGES)
		pages = MAX_WORKER_PAGES;
	say("%d tasks with %ld pages each, %d with commands", WORKERS, pages * 5 / 4, COMMANDERS);
	for (i = 0; i < WORKERS; i++) {
		snprintf(name, sizeof(name), "worker %ld", i);
		task_start(name, worker_task, pages);
		snprintf(procs, sizeof(procs), CGROUPS "/torture/c%ld/cgroup.procs", 1 + i);
		put(procs, "%d", shared->tasks[i].pid);
	}
	for (i = 0; i < COMMANDERS; i++) {
		snprintf(name, sizeof(name), "commander %ld", i);
		task_start(name, commander, i);
	}
	disturb_start();
	system_start();
	faults_start();
	damage_start();
}

int main(int argc, char **argv)
{
	char compressor[64] = "";
	long long start;
	long seconds, taken;
	int i;

	for (i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "corrupt"))
			torture_corrupt = true;
		else if (!strncmp(argv[i], "without=", 8))
			snprintf(left_out, sizeof(left_out), ",%s", argv[i] + 8);
		else
			argc = 0;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: torture SECONDS SEED [corrupt] [without=TASK,TASK]\n");
		return 2;
	}
	seconds = atol(argv[1]);
	torture_seed = strtoull(argv[2], NULL, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	mlockall(MCL_CURRENT | MCL_FUTURE);
	prepare();
	start_tasks();
	start = now();
	watch_until(start, start + seconds * NS_PER_SEC, live_tasks);
	run_on(start, seconds);
	taken = (now() - start) / NS_PER_SEC;

	/* Commands and disturbances end; the workers wait, and no counter moves. */
	shared->phase = PHASE_QUIET;
	wait_for_end(start, busy_tasks);
	faults_undo();
	system_undo();
	disturb_undo();
	if (!is_left_out("commander")) {
		check_counters(false);
		/* for which the workers have stored all they have */
		command_final();
		faults_injected();
	}
	shared->phase = PHASE_VERIFY;
	wait_for_end(start, live_tasks);
	swap_off_all();
	check_empty();
	if (!is_left_out("commander"))
		check_counters(true);
	check_kinds(seconds);
	if (shared->lost)
		problem("%ld pages were lost", shared->lost);
	if (get(PARAMS "/compressor", compressor, sizeof(compressor)) > 0)
		compressor[strcspn(compressor, "\n")] = '\0';
	summary(taken, compressor);
	return shared->problems > 0;
}
