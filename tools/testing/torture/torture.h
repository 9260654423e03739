/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A torture test of proactive zswap writeback: tasks that issue commands, tasks
 * whose pages are checksummed, and tasks that disturb both, for some minutes.
 *
 * Each task is a process that takes steps.  What a step decides is a function of
 * the seed, of the task's number and of the step's, and of nothing else; what the
 * kernel makes of it, and when, is not repeatable.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef PAGE
#define PAGE		4096UL
#endif
#define PATH_SIZE	320
#define NS_PER_SEC	1000000000LL
#define NS_PER_MS	1000000LL
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define SYSFS		"/sys/kernel/mm/zswap"
#define PARAMS		"/sys/module/zswap/parameters"
#define DEBUGFS		"/sys/kernel/debug/zswap"
#define CGROUPS		"/sys/fs/cgroup"
#define NODES		"/sys/devices/system/node"
#define THP		"/sys/kernel/mm/transparent_hugepage"
#define SWAP_DISK	"vda"
/* what a swap device is made of, a loop device */
#define LOOP_DIR	"/run/torture"
#define LOOP_FILE	LOOP_DIR "/swap"

/* the third is the one whose memory comes and goes, the last can't exist */
#define MAX_NODE	64
#define MAX_TASKS	64
#define TEXT_SIZE	160

/**
 * enum kind - what is done to the kernel, each counted, each must happen
 *
 * The names are in torture.c.
 */
enum kind {
	K_PAGEOUT, K_LARGE, K_COLLAPSE, K_RECLAIM, K_VERIFY, K_REWRITE, K_DISCARD, K_SHARED,
	K_FORK, K_EXIT_IN_SWAP,
	K_CGROUP_MAKE, K_CGROUP_REMOVE, K_STALE_ID, K_MOVE,
	K_SWAPON, K_SWAPOFF, K_SWAPOFF_BUSY,
	K_COMPRESSOR, K_COMPRESSED, K_READBACK, K_ZSWAP_OFF, K_POOL_LIMIT,
	K_MEM_ONLINE, K_MEM_OFFLINE, K_NODE_CAME, K_NODE_WENT,
	K_CPU_OFFLINE, K_CPU_ONLINE,
	K_NO_WRITEBACK, K_ZSWAP_MAX, K_MEMORY_MAX,
	K_SIGNAL, K_SHRINKER_ON, K_SHRINKER_SCAN,
	K_TABLES, K_COUNTERS, K_EDGES, K_TRACE, K_COMPACT,
	K_FAULTS_SLAB, K_FAULTS_PAGE, K_FAULTS_WRITE, K_FAULTS_DECOMPRESS, K_DAMAGE,
	NR_KINDS
};

/**
 * enum phase - how far the run is
 * @PHASE_RUN: everybody is at it
 * @PHASE_QUIET: commands and disturbances come to their end
 * @PHASE_VERIFY: and the workers compare all they have
 */
enum phase { PHASE_RUN, PHASE_QUIET, PHASE_VERIFY };

/**
 * struct task - what everybody may know of a task
 * @pid: the process, 0 if there is none
 * @name: its name
 * @step: the step it is at
 * @since: when it began what it does now, 0 for nothing that may last
 * @doing: what that is
 * @command: it is a command
 * @waiting: it has taken its last step, and waits for PHASE_VERIFY
 */
struct task {
	pid_t pid;
	char name[24];
	long step;
	long long since;
	char doing[TEXT_SIZE];
	bool command;
	bool waiting;
};

/* cgroups: the root of all, those that stay, those that come and go */
#define STATIC_CGROUPS	5
#define GUEST_CGROUPS	6
#define NR_CGROUPS	(STATIC_CGROUPS + GUEST_CGROUPS)

/**
 * struct shared - the memory that all tasks share
 */
struct shared {
	enum phase phase;
	long kinds[NR_KINDS];
	char missing[NR_KINDS][TEXT_SIZE];
	long commands;
	long results[256];
	long lost;
	long damaged;
	bool disks_locked;
	long problems;
	long mem_pages;
	bool node_on;
	uint64_t cgroup[NR_CGROUPS];
	struct task tasks[MAX_TASKS];
};

extern struct shared *shared;
extern uint64_t torture_seed;
extern bool torture_corrupt;

/* what a step decides: rng_step(), then draws */
struct rng {
	uint64_t state;
};

uint64_t mix(uint64_t value);
uint64_t rng_next(struct rng *rng);
struct rng rng_step(int task, long step);
/* a number below n */
unsigned long rng_below(struct rng *rng, unsigned long n);
/* true once in n times */
bool rng_one_in(struct rng *rng, unsigned long n);

/* torture.c: tasks and what they report */
long long now(void);
void sleep_ms(long ms);
void add(long *counter, long n);
void count(enum kind kind);
void missing(enum kind kind, const char *why);
void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...);
void __attribute__((format(printf, 1, 2))) problem(const char *fmt, ...);
void __attribute__((format(printf, 2, 3))) begin(int task, const char *fmt, ...);
void end(int task);
bool running(void);
/* sleeps for that long, or until the run is over */
void rest(long ms);
int task_start(const char *name, void (*fn)(int task, long arg), long arg);

/* files.c: small files */
int put(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
ssize_t get(const char *path, char *text, size_t size);
long long get_number(const char *path);
long long get_key(const char *path, const char *key);
uint64_t inode(const char *path);

/*
 * Whoever has it keeps the swap devices from going.  No task ends, or is killed, with it.
 */
bool disks_trylock(void);
void disks_unlock(void);

/* pages.c: checksummed pages */
void worker(int task, long pages);
void guest(int id, int cgroup, int node, long pages, long ms);

/* commands.c */
void commander(int task, long arg);
void command_final(void);

/* disturb.c, system.c */
void cgroup_path(int cgroup, char *path, size_t size);
void cgroups_make(void);
void disturb_start(void);
void disturb_undo(void);
void system_start(void);
void system_undo(void);
void find_node_blocks(void);
void swap_prepare(void);
void swap_off_all(void);

/* damage.c */
void damage_start(void);

/* faults.c */
void faults_prepare(void);
void faults_start(void);
void faults_undo(void);
long faults_injected(void);
/* Faults may happen to the calling task from now on, or no more. */
void faults_arm(bool on);
bool faults_decompress(bool on);
void faults_disk(const char *disk);

#endif
