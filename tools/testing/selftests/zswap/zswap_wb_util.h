/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers shared by the tests of proactive zswap writeback.
 *
 * A test is a function without arguments.  It records failures with zwb_fail()
 * and the zwb_equal() family, may call zwb_skip() when the system lacks
 * something, and simply returns when it cannot go on: the runner stops the
 * loads, compares their data, removes the cgroups and checks the counters after
 * every test, whatever happened in it.
 */
#ifndef ZSWAP_WB_UTIL_H
#define ZSWAP_WB_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kselftest.h"

#define ZWB_SYSFS		"/sys/kernel/mm/zswap"
#define ZWB_PARAMS		"/sys/module/zswap/parameters"
#define ZWB_COMPRESSED		ZWB_SYSFS "/compressed_writeback"
#define ZWB_DEBUGFS		"/sys/kernel/debug/zswap"
#define ZWB_ANSWER_FILE		ZWB_DEBUGFS "/writeback"
/* pages that the shrinker could not write */
#define ZWB_REJECTED		ZWB_DEBUGFS "/reject_reclaim_fail"
#define ZWB_MAX_NODES		64
#define ZWB_PATH_MAX		512

#define ZWB_NS_PER_SEC		1000000000LL
/* what the system does in its own time it has done by then, on any machine: no bound for us */
#define ZWB_WAIT_MS		20000
#define ZWB_NS_PER_MS		1000000LL

/*
 * A device is left alone when so many batches have failed in a row, see ZSWAP_WB_ERRORS_MAX
 * in the kernel: of a page each if it never worked, otherwise of so many pages at most, see
 * ZSWAP_WB_FIRST_BATCH.
 */
#define ZWB_ERRORS_MAX		8
#define ZWB_ERRORS_BATCH	(zwb_page_size > 32 * 1024 ? 2 : 64 * 1024 / zwb_page_size)

/* for "node" arguments: the file that is bound to no node, memory that is bound to no node */
#define ZWB_GLOBAL		(-1)
/* the file for the other direction, for zwb_start() */
#define ZWB_READBACK		(-2)
#define ZWB_ANY_NODE		(-1)

/**
 * struct zwb_counts - the counters that exist in total and once per node
 *
 * One member per file below stats/, with the file's name.  All but the last one only
 * grow.
 */
struct zwb_counts {
	long long scanned;
	long long written;
	long long released_bytes;
	long long skipped_young;
	long long skipped_busy;
	long long skipped_protected;
	long long skipped_gone;
	long long failed;
	long long refaulted;
	long long dropped;
	long long readback;
	long long disk_bytes;
	long long corrupted;
	long long on_disk;
};

/**
 * struct zwb_vmstat - the lines of /proc/vmstat that the tests follow
 */
struct zwb_vmstat {
	long long pswpin;
	long long pswpout;
	long long zswpin;
	long long zswpout;
	long long zswpwb;
	long long zswpwb_proactive;
	long long zswpwb_proactive_b;
	long long zswpwb_refault;
};

/**
 * struct zwb_snap - every counter at one moment, or what each one grew by
 * @commands: accepted commands
 * @total: the system's counters
 * @node: the counters of each node
 * @vm: from /proc/vmstat
 * @disk_writes: write requests that the swap disk completed
 * @disk_sectors: sectors of 512 bytes written to the swap disk
 * @stored: entries in zswap
 *
 * All members are long long, so that a difference can be taken as over an
 * array.
 */
struct zwb_snap {
	long long commands;
	struct zwb_counts total;
	struct zwb_counts node[ZWB_MAX_NODES];
	struct zwb_vmstat vm;
	long long disk_writes;
	long long disk_sectors;
	long long stored;
};

/**
 * struct zwb_answer - what the debugfs file says about a command
 *
 * One member per line of the answer, in the order and with the name of the
 * lines.  All are long long, so that answers can be compared as over an array.
 */
struct zwb_answer {
	long long status;
	long long scanned;
	long long written;
	long long released_bytes;
	long long skipped_young;
	long long skipped_busy;
	long long skipped_protected;
	long long skipped_gone;
	long long failed;
	long long coldest_left;
	long long elapsed_us;
};

/**
 * struct zwb_watch - all that is known of a command
 * @answer: what it answered
 * @delta: what every counter grew by
 * @looked: how often it looked at an entry in a list, which its last tracepoint tells
 */
struct zwb_watch {
	struct zwb_answer answer;
	struct zwb_snap delta;
	long long looked;
};

/**
 * enum zwb_content - what a load fills its pages with
 * @ZWB_TEXT: a quarter noise, the rest one repeated word: compresses to about a quarter
 * @ZWB_NOISE: noise only: zswap stores it uncompressed, at exactly one page. For a zswap that
 *	would refuse such a page, with something in it that compresses a little
 *
 * No two pages of any two loads are alike, and no page is filled with zeroes.
 */
enum zwb_content {
	ZWB_TEXT,
	ZWB_NOISE,
};

/**
 * struct zwb_load - a process whose pages are in zswap
 * @pages: number of pages
 * @noise: so many sixteenths of each are noise
 * @node: node that they are bound to, or ZWB_ANY_NODE
 * @cgroup: path of its cgroup, empty for the runner's own
 * @pid: the process
 * @twin: the one that zwb_load_fork() has made of it, or 0
 * @first_ns: CLOCK_MONOTONIC before the first page was stored
 * @last_ns: CLOCK_MONOTONIC after the last page was stored
 * @address: of the pages in the process
 * @seed: of the content
 * @resident: the pages were left in memory
 * @locked: and locked there
 * @shared: a shared mapping of a memfd instead of anonymous memory
 * @request: pipe to the process
 * @reply: pipe from the process
 */
struct zwb_load {
	long long pages;
	int noise;
	int node;
	char cgroup[ZWB_PATH_MAX];
	pid_t pid;
	pid_t twin;
	long long first_ns;
	long long last_ns;
	unsigned long address;
	unsigned long long seed;
	bool resident;
	bool locked;
	bool shared;
	int request;
	int reply;
};

/**
 * struct zwb_async - a command in a process of its own
 * @pid: the process
 * @go: pipe on which the process waits before it issues the command
 * @result: pipe for the command's result
 */
struct zwb_async {
	pid_t pid;
	int go;
	int result;
};

/**
 * struct zwb_test - one test
 * @fn: the function
 * @name: its name in the report
 * @compressed: what ZWB_COMPRESSED is meanwhile, or NULL if that is as it is.  The disk must get
 *	whole pages then, or less than that
 */
struct zwb_test {
	void (*fn)(void);
	const char *name;
	const char *compressed;
};

#define ZWB_TEST(fn) { fn, #fn, NULL }
/* with ordinary pages on the disk, and with images */
#define ZWB_TEST_PAGES(fn) { fn, #fn, "0" }
#define ZWB_TEST_IMAGES(fn) { fn, #fn "_images", "1" }

/**
 * struct zwb_suite - the tests of one program
 * @tests: the tests, in order
 * @nr_tests: how many
 * @leave_off: do not enable zswap, and do not look at what only exists once it was enabled
 * @no_memcg: run without the memory controller
 * @one_cpu: loads and commands on one CPU, so that all is on its node: what is on another one a
 *           worker may write, and faults that are for the command's task do not meet it
 * @setup: if given, it is called once, before the first test, and loads and cgroups live until
 *         after the last test; otherwise until the end of the test that made them
 */
struct zwb_suite {
	const struct zwb_test *tests;
	size_t nr_tests;
	bool leave_off;
	bool no_memcg;
	bool one_cpu;
	void (*setup)(void);
};

/* the runner */
int zwb_main(const struct zwb_suite *suite);
bool zwb_failed(void);
bool zwb_no_wrong_pages(long long wrong);
bool zwb_sectors_are_pages(long long sectors, long long pages);
void __printf(1, 2) zwb_fail(const char *fmt, ...);
void __printf(1, 2) zwb_skip(const char *fmt, ...);
void __printf(1, 2) zwb_late(const char *fmt, ...);
void __printf(1, 2) zwb_late_for_ages(const char *fmt, ...);
void zwb_allow_other_swapout(void);
void zwb_allow_other_writeback(void);
void zwb_allow_whole_blocks(void);

/* comparisons that say what was found and what was expected; true if as expected */
bool zwb_compare(const char *func, int line, const char *what, long long got, long long low,
		 long long high);
bool zwb_compare_near(const char *func, int line, const char *what, long long got,
		      long long want, long long by);

#define zwb_between(got, low, high)	zwb_compare(__func__, __LINE__, #got, got, low, high)
#define zwb_near(got, want, by)		zwb_compare_near(__func__, __LINE__, #got, got, want, by)
#define zwb_equal(got, want)		zwb_near(got, want, 0)
#define zwb_zero(got)			zwb_near(got, 0, 0)

/* in place, the smallest first */
void zwb_sort_numbers(long long *numbers, size_t nr);

/* time */
long long zwb_now(void);
void zwb_pause(void);
void zwb_sleep_until(long long when);

/* small files */
long long zwb_read_number(const char *path);
bool zwb_write_string(const char *path, const char *value);
bool zwb_setting(const char *path, const char *value);
bool zwb_param_set(const char *name, const char *value);
bool zwb_param_get(const char *name, char *value, size_t size);

/* counters */
void zwb_snap(struct zwb_snap *snap);
void zwb_since(struct zwb_snap *delta, const struct zwb_snap *from);
bool zwb_check_unchanged(const struct zwb_snap *delta);
long long zwb_count_skipped(const struct zwb_counts *counts);
long long zwb_stored(void);
long long zwb_vmstat_key(const char *key);
void zwb_fold_vmstat(void);
bool zwb_stores_stop(void);
long long zwb_free_pages(void);
bool zwb_need_one_percent(long long *pages);

/* nodes */
bool zwb_node_has_directory(int node);
int zwb_nodes(int *nodes, int max);
bool zwb_need_two_nodes(int *first, int *second);
int zwb_cpu_of_node(int node);

/* commands */
const char *zwb_command_path(int node, char *path, size_t size);
int zwb_write(const char *path, const void *command, size_t length);
int __printf(3, 4) zwb_run(struct zwb_snap *delta, int node, const char *fmt, ...);
bool __printf(4, 5) zwb_start(struct zwb_async *async, int node, int sa_flags,
			      const char *fmt, ...);
bool zwb_async_move(const struct zwb_async *async, const char *cgroup);
void zwb_go(const struct zwb_async *async);
bool zwb_async_waits(const struct zwb_async *async);
bool zwb_async_done(const struct zwb_async *async, int milliseconds);
bool zwb_wait_until_it_waits(const struct zwb_async *async, int milliseconds);
int zwb_wait(struct zwb_async *async);
bool zwb_wait_for_writeback(long long before);
void zwb_wait_for_what_is_left(long long signalled);
bool zwb_write_all(long long want);
bool zwb_write_pages(long long nr);
bool zwb_has_incompressible(void);
bool zwb_need_incompressible(void);
bool zwb_is_refused(const char *command);
long long zwb_incompressible(long long pages);
long long zwb_noise_bytes(void);
bool zwb_need_compressed(void);
bool zwb_need_readback(void);
int __printf(2, 3) zwb_readback(struct zwb_snap *delta, const char *fmt, ...);

/* commands through debugfs, which answers */
bool zwb_need_answers(void);
bool zwb_read_answer(int fd, struct zwb_answer *answer);
int __printf(2, 3) zwb_ask(struct zwb_answer *answer, const char *fmt, ...);
bool zwb_answer_same(const struct zwb_answer *got, const struct zwb_answer *want);

/* the tracepoints, in an instance of tracefs that is the test's own */
#define ZWB_TRACEFS		"/sys/kernel/tracing"
#define ZWB_TRACE_DIR		ZWB_TRACEFS "/instances/zswap_wb_trace"

bool zwb_need_trace(void);
bool zwb_trace_start(const char *events);
void zwb_trace_stop(void);
bool zwb_trace_clear(void);

/* commands through debugfs that are watched by their tracepoint */
bool zwb_need_watch(void);
int __printf(2, 3) zwb_watch(struct zwb_watch *watch, const char *fmt, ...);

/* the system */
void zwb_check_mode(const char *path, mode_t mode);
pid_t zwb_fork(void);
bool zwb_run_on_cpu(pid_t pid, int cpu);
bool zwb_need_two_cpus(void);
/* whether CPU 1 is there: for who may write "0", and has to write "1" then */
#define ZWB_CPU_ONLINE		"/sys/devices/system/cpu/cpu1/online"
bool zwb_need_cpu_hotplug(void);
bool zwb_need_suspend(void);
int zwb_suspend(const char *level, int seconds, long long *took_ms);

/* what the kernel remembers of swap slots, and of nothing else */
bool zwb_need_slot_objects(void);
long long zwb_slot_objects(void);
bool zwb_slot_objects_come_to(long long want);

/* loads */
struct zwb_load *zwb_load(const char *cgroup, int node, long long pages,
			  enum zwb_content content);
struct zwb_load *zwb_load_shared(const char *cgroup, long long pages);
struct zwb_load *zwb_load_resident(const char *cgroup, long long pages, bool locked);
bool zwb_loads_in_turn(struct zwb_load * const *turns, int nr);
bool zwb_load_verify(struct zwb_load *load);
bool zwb_load_touch(struct zwb_load *load, long long first, long long pages);
bool zwb_load_touch_every(struct zwb_load *load, long long first, long long step);
bool zwb_load_out(struct zwb_load *load, long long *swapped);
bool zwb_load_pageout(struct zwb_load *load);
bool zwb_load_where(struct zwb_load *load, long long *disk, long long *zswap);
bool zwb_load_map(struct zwb_load *load, unsigned char *in_zswap);
bool zwb_load_swapped(struct zwb_load *load, long long *swapped);
bool zwb_load_churn(struct zwb_load *load, int rounds);
bool zwb_load_read(struct zwb_load *load, int milliseconds);
bool zwb_load_busy(struct zwb_load *load);
bool zwb_load_finish(struct zwb_load *load);
bool zwb_load_fork(struct zwb_load *load);
bool zwb_load_move(struct zwb_load *load, const char *cgroup);
void zwb_load_stop(struct zwb_load *load);
bool zwb_expect_read(struct zwb_load *load, long long want_disk, long long want_zswap);
void zwb_wait_age(const struct zwb_load *load, int seconds);
bool zwb_still_younger(const struct zwb_load *load, int seconds);

/* the slots of a load's pages: on which swap device each is, and where */
#define ZWB_SLOT_TYPE_BITS	5
#define ZWB_SLOT(type, offset)	((unsigned long long)(offset) << ZWB_SLOT_TYPE_BITS | (type))
#define ZWB_SLOT_TYPE(slot)	((slot) & ((1ULL << ZWB_SLOT_TYPE_BITS) - 1))
#define ZWB_SLOT_OFFSET(slot)	((slot) >> ZWB_SLOT_TYPE_BITS)
bool zwb_load_slots(const struct zwb_load *load, unsigned long long *slots);
long long zwb_load_on_first_device(const struct zwb_load *load);

/* for the runner: what is left at the end of a test */
bool zwb_loads_verify(void);
void zwb_loads_stop(void);

/* cgroups */
const char *zwb_cgroup_root(void);
const char *zwb_cgroup(const char *parent, const char *name);
bool zwb_cgroup_bare(const char *parent, const char *name, char *path, size_t size);
bool zwb_cgroup_set(const char *cgroup, const char *file, const char *value);
bool zwb_cgroup_set_number(const char *cgroup, const char *file, long long value);
bool zwb_cgroup_remove(const char *cgroup);
bool zwb_cgroup_inherits(const char *cgroup, long long pages);
bool zwb_cgroup_enter(const char *cgroup);
unsigned long long zwb_cgroup_id(const char *cgroup);
long long zwb_cgroup_number(const char *cgroup, const char *file);
long long zwb_cgroup_key(const char *cgroup, const char *file, const char *key);
bool zwb_memory_stat_is(const char *cgroup, const char *key, long long want);
void zwb_reclaim(const char *cgroup, long long pages);

/* the shrinker, through debugfs */
bool zwb_need_shrinker_debugfs(void);
bool zwb_shrinker_scan(const char *cgroup, int node, long long entries);
long long zwb_shrinker_count(const char *cgroup, int node);

/* the swap disk, and a small device besides or in place of it; all as it was after each test */
const char *zwb_swap_path(void);
bool zwb_swap_disk(bool on);
bool zwb_swap_disk_back(void);
void zwb_swap_empty(void);
bool zwb_make_swap(const char *path, long long pages);
int zwb_loop_attach(int file, char *path, size_t size);
void zwb_loop_detach(int loop);
bool zwb_swap_only_to(const char *path, int flags);
bool zwb_swap_own_off(void);
bool zwb_need_small_swap(void);
bool zwb_small_swap_on(long long pages);
const char *zwb_small_swap_path(void);
bool zwb_small_swap_seal(void);
bool zwb_small_swap_block(long long slot, void *page, bool write);
bool zwb_small_swap_read_only(bool on);
bool zwb_small_swap_off(void);
bool zwb_swap_settle(void);

/* write errors on the swap disk */
bool zwb_need_write_errors(void);
bool zwb_write_errors(long long times);

/* no memory for the commands of zwb_start() */
bool zwb_need_alloc_errors(void);
bool zwb_alloc_errors(long long space, long long times);
long long zwb_alloc_errors_left(void);

extern long zwb_page_size;

#endif /* ZSWAP_WB_UTIL_H */
