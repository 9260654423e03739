// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disturbances that go through cgroups, parameters and tables.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

#define TOP		CGROUPS "/torture"
#define TRACING		"/sys/kernel/tracing"
#define SHRINKERS	"/sys/kernel/debug/shrinker"
#define TABLE_SIZE	(1 << 20)
/* where they end more slowly than they come, nobody else would come to anything */
#define MAX_GUESTS	4

/* ----------------------------------------------------------------- cgroups */

/*
 * torture, in it c1 to c4 which stay and g0 to g5 which come and go.  Only c1 and
 * c2 get memory limits, and only the others have their writeback forbidden: both
 * in one place would leave reclaim with nothing to do.
 */
void cgroup_path(int cgroup, char *path, size_t size)
{
	if (!cgroup)
		snprintf(path, size, TOP);
	else if (cgroup < STATIC_CGROUPS)
		snprintf(path, size, TOP "/c%d", cgroup);
	else
		snprintf(path, size, TOP "/g%d", cgroup - STATIC_CGROUPS);
}

static int cgroup_put(int cgroup, const char *file, const char *value)
{
	char path[PATH_SIZE], whole[PATH_SIZE + 32];

	cgroup_path(cgroup, path, sizeof(path));
	snprintf(whole, sizeof(whole), "%s/%s", path, file);
	return put(whole, "%s", value);
}

void cgroups_make(void)
{
	char path[PATH_SIZE];
	int i;

	put(CGROUPS "/cgroup.subtree_control", "+memory");
	for (i = 0; i < STATIC_CGROUPS; i++) {
		cgroup_path(i, path, sizeof(path));
		mkdir(path, 0755);
		if (!i)
			cgroup_put(0, "cgroup.subtree_control", "+memory");
		shared->cgroup[i] = inode(path);
		if (!shared->cgroup[i])
			problem("%s: no cgroup", path);
	}
}

static int guests;

static void start_guest(int id, int cgroup, long pages, long ms)
{
	pid_t pid = fork();

	if (!pid)
		guest(id, cgroup, -1, pages, ms);
	if (pid > 0)
		guests++;
}

static void reap_guests(bool all)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, all ? 0 : WNOHANG)) > 0) {
		guests--;
		if (WIFSIGNALED(status) || WEXITSTATUS(status))
			problem("a guest ended with status %#x", status);
	}
}

/* Entries stay behind, for a removed cgroup's parent to inherit, some for long. */
static void remove_guest_cgroup(int cgroup)
{
	char path[PATH_SIZE], file[PATH_SIZE + 32], text[2048], *line, *save;
	long long stored;

	cgroup_path(cgroup, path, sizeof(path));
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	if (get(file, text, sizeof(text)) > 0) {
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			put(TOP "/c1/cgroup.procs", "%s", line);
	}
	snprintf(file, sizeof(file), "%s/memory.stat", path);
	stored = get_key(file, "zswapped");
	/* the id stays where commands find it */
	if (!rmdir(path) && stored > 0)
		count(K_CGROUP_REMOVE);
}

static void cgroup_task(int task, long arg)
{
	char path[PATH_SIZE];
	long step = 0;
	int i;

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);
		int cgroup = STATIC_CGROUPS + rng_below(&rng, GUEST_CGROUPS);
		long pages = 16 + rng_below(&rng, 600), ms = 500 + rng_below(&rng, 6000);

		shared->tasks[task].step = step++;
		cgroup_path(cgroup, path, sizeof(path));
		begin(task, "%s", path);
		if (!access(path, F_OK)) {
			remove_guest_cgroup(cgroup);
		} else if (!mkdir(path, 0755)) {
			shared->cgroup[cgroup] = inode(path);
			count(K_CGROUP_MAKE);
			if (guests < MAX_GUESTS)
				start_guest(1000 + step, cgroup, pages, ms);
		}
		end(task);
		reap_guests(false);
		rest(rng_below(&rng, 600));
	}
	reap_guests(true);
	for (i = STATIC_CGROUPS; i < NR_CGROUPS; i++)
		remove_guest_cgroup(i);
}

/* Workers are in another cgroup now and then, their pages stay where they were. */
static void move_task(int task, long arg)
{
	char text[16];
	long step = 0;

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);
		int cgroup = rng_below(&rng, STATIC_CGROUPS - 1) + 1;
		int who = rng_below(&rng, 8);

		shared->tasks[task].step = step++;
		/* the workers are the first tasks, commanders follow */
		snprintf(text, sizeof(text), "%d", shared->tasks[who].pid);
		begin(task, "moving %s", shared->tasks[who].name);
		if (!cgroup_put(cgroup, "cgroup.procs", text))
			count(K_MOVE);
		end(task);
		rest(rng_below(&rng, 400));
	}
}

static void limit_task(int task, long arg)
{
	long step = 0;
	char size[32];

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);
		unsigned long limited = rng_below(&rng, 2) + 1, other = rng_below(&rng, 2) + 3;
		unsigned long what = rng_below(&rng, 4), guest = rng_below(&rng, GUEST_CGROUPS);
		long share = rng_below(&rng, 100), ms = rng_below(&rng, 700);

		shared->tasks[task].step = step++;
		begin(task, "limits, step %ld", step);
		switch (what) {
		case 0:
			/* 1/64 of the memory is what one worker has */
			snprintf(size, sizeof(size), "%ld",
				 (2048 + shared->mem_pages / 64 * share / 100) * (long)PAGE);
			if (!cgroup_put(limited, "memory.max", size))
				count(K_MEMORY_MAX);
			end(task);
			rest(ms);
			begin(task, "taking a limit away");
			cgroup_put(limited, "memory.max", "max");
			break;
		case 1:
			snprintf(size, sizeof(size), "%ld", share < 20 ? 0 : share * 65536);
			if (!cgroup_put(limited, "memory.zswap.max", size))
				count(K_ZSWAP_MAX);
			end(task);
			rest(ms);
			begin(task, "taking a limit of zswap away");
			cgroup_put(limited, "memory.zswap.max", "max");
			break;
		case 2:
			if (!cgroup_put(other, "memory.zswap.writeback", "0"))
				count(K_NO_WRITEBACK);
			end(task);
			rest(ms);
			begin(task, "allowing writeback again");
			cgroup_put(other, "memory.zswap.writeback", "1");
			break;
		case 3:
			if (!cgroup_put(STATIC_CGROUPS + guest, "memory.zswap.writeback", "0"))
				count(K_NO_WRITEBACK);
			break;
		}
		end(task);
		rest(ms / 2);
	}
}

static void reclaim_task(int task, long arg)
{
	long step = 0;
	char size[32];

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);
		unsigned long cgroup = rng_below(&rng, NR_CGROUPS);

		shared->tasks[task].step = step++;
		snprintf(size, sizeof(size), "%luK", 64 + rng_below(&rng, 2048));
		begin(task, "memory.reclaim %s", size);
		cgroup_put(cgroup, "memory.reclaim", size);
		count(K_RECLAIM);
		end(task);
		rest(100 + rng_below(&rng, 900));
	}
}

/* --------------------------------------------------------------- parameters */

static void parameter_task(int task, long arg)
{
	static const char * const compressors[] = { "lzo", "lz4", "zstd", "deflate", "lzo-rle" };
	long step = 0;

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);
		unsigned long what = rng_below(&rng, 6);
		const char *name = compressors[rng_below(&rng, ARRAY_SIZE(compressors))];
		unsigned long percent = 1 + rng_below(&rng, 4), ms = rng_below(&rng, 1500);

		shared->tasks[task].step = step++;
		begin(task, "parameters, step %ld", step);
		switch (what) {
		case 0:
		case 1:
			if (!put(PARAMS "/compressor", "%s", name))
				count(K_COMPRESSOR);
			break;
		case 2:
			if (!put(PARAMS "/enabled", "N"))
				count(K_ZSWAP_OFF);
			end(task);
			rest(ms);
			begin(task, "switching zswap on");
			put(PARAMS "/enabled", "Y");
			break;
		case 3:
			/* the pool is over its limit at once, and the kernel's own writeback begins */
			if (!put(PARAMS "/max_pool_percent", "%lu", percent))
				count(K_POOL_LIMIT);
			end(task);
			rest(ms / 2);
			begin(task, "raising the limit of the pool");
			put(PARAMS "/max_pool_percent", "50");
			break;
		default:
			/* what a command writes next: pages of both kinds are on all disks */
			if (!put(SYSFS "/compressed_writeback", "%lu", what - 4))
				count(K_COMPRESSED);
			break;
		}
		end(task);
		rest(ms);
	}
}

static bool find_shrinker(char *dir, size_t size)
{
	struct dirent *entry;
	bool found = false;
	DIR *dirs;

	dirs = opendir(SHRINKERS);
	while (dirs && !found && (entry = readdir(dirs))) {
		found = !strncmp(entry->d_name, "mm-zswap-", 9);
		if (found)
			snprintf(dir, size, SHRINKERS "/%.200s/scan", entry->d_name);
	}
	if (dirs)
		closedir(dirs);
	return found;
}

static void shrinker_task(int task, long arg)
{
	char scan[PATH_SIZE];
	long step = 0, i;

	(void)arg;
	if (!find_shrinker(scan, sizeof(scan))) {
		missing(K_SHRINKER_SCAN, "zswap's shrinker is not in debugfs");
		scan[0] = '\0';
	}
	while (running()) {
		struct rng rng = rng_step(task, step);
		unsigned long scans = rng_below(&rng, 12);

		shared->tasks[task].step = step++;
		begin(task, "shrinker");
		if (!put(PARAMS "/shrinker_enabled", "Y"))
			count(K_SHRINKER_ON);
		for (i = 0; i < (long)scans; i++) {
			unsigned long cgroup = rng_below(&rng, NR_CGROUPS), node = rng_below(&rng, 2);
			unsigned long entries = 1 + rng_below(&rng, 512), ms = rng_below(&rng, 100);

			if (scan[0] && !put(scan, "%llu %lu %lu",
					    (unsigned long long)shared->cgroup[cgroup], node, entries))
				count(K_SHRINKER_SCAN);
			sleep_ms(ms);
		}
		if (!rng_one_in(&rng, 4))
			put(PARAMS "/shrinker_enabled", "N");
		end(task);
		rest(rng_below(&rng, 1500));
	}
}

/* ------------------------------------------------------------------- signals */

static void signal_task(int task, long arg)
{
	long step = 0;

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);
		const struct task *who = &shared->tasks[4 + rng_below(&rng, 4)];

		shared->tasks[task].step = step++;
		/* before that it has no handler */
		if (who->pid && who->command && !kill(who->pid, SIGUSR1) && who->since)
			count(K_SIGNAL);
		rest(rng_below(&rng, 300));
	}
}

/* -------------------------------------------------------------------- tables */

/* Counters that go back would be wrong for whoever takes differences. */
static void read_counters(void)
{
	static const char * const names[] = {
		"scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
		"skipped_protected", "skipped_gone", "failed", "refaulted", "dropped", "readback",
		"disk_bytes",
	};
	static long long last[4][ARRAY_SIZE(names)];
	char path[PATH_SIZE];
	long long value;
	size_t i;
	int nid;

	for (nid = -1; nid < 3; nid++) {
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (nid < 0)
				snprintf(path, sizeof(path), SYSFS "/stats/%s", names[i]);
			else
				snprintf(path, sizeof(path), SYSFS "/node%d/stats/%s", nid, names[i]);
			value = get_number(path);
			/* that of a node may not be there now */
			if (value < 0)
				continue;
			if (value < last[nid + 1][i])
				problem("%s went from %lld to %lld", path, last[nid + 1][i], value);
			last[nid + 1][i] = value;
		}
	}
	count(K_COUNTERS);
}

static void read_table(const char *path, char *text)
{
	if (get(path, text, TABLE_SIZE) > 0)
		count(K_TABLES);
}

static void table_task(int task, long arg)
{
	char *text = malloc(TABLE_SIZE), path[PATH_SIZE], file[PATH_SIZE + 16];
	long step = 0;

	(void)arg;
	while (text && running()) {
		struct rng rng = rng_step(task, step);
		unsigned long cgroup = rng_below(&rng, NR_CGROUPS), node = rng_below(&rng, 3);

		shared->tasks[task].step = step++;
		begin(task, "reading tables, step %ld", step);
		switch (rng_below(&rng, 6)) {
		case 0:
			read_table(DEBUGFS "/age_buckets", text);
			break;
		case 1:
			read_table(DEBUGFS "/age_buckets_cgroup", text);
			break;
		case 2:
			snprintf(path, sizeof(path), DEBUGFS "/node%lu/age_buckets", node);
			read_table(path, text);
			break;
		case 3:
			read_table(DEBUGFS "/age_edges", text);
			break;
		case 4:
			cgroup_path(cgroup, path, sizeof(path));
			snprintf(file, sizeof(file), "%s/memory.stat", path);
			read_table(file, text);
			read_table("/proc/vmstat", text);
			break;
		case 5:
			read_counters();
			break;
		}
		end(task);
		rest(rng_below(&rng, 150));
	}
}

static void edges_task(int task, long arg)
{
	static const char * const edges[] = {
		"default", "0 1", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "0 2 4 8 16 32 64",
		"0 1000000", "0 1 3 9 27 81", "0 5 10 20 40", "0 3",
	};
	long step = 0;

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);

		shared->tasks[task].step = step++;
		begin(task, "age_edges");
		if (!put(DEBUGFS "/age_edges", "%s", edges[rng_below(&rng, ARRAY_SIZE(edges))]))
			count(K_EDGES);
		end(task);
		rest(rng_below(&rng, 1200));
	}
}

/* Tracepoints, and pages of zsmalloc that move. */
static void misc_task(int task, long arg)
{
	long step = 0;

	(void)arg;
	mkdir(TRACING, 0755);
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "/events/zswap_wb/enable", W_OK))
		missing(K_TRACE, "no tracepoints");
	if (access("/proc/sys/vm/compact_memory", W_OK))
		missing(K_COMPACT, "no compaction");
	while (running()) {
		struct rng rng = rng_step(task, step);

		shared->tasks[task].step = step++;
		begin(task, "tracepoints and compaction");
		if (rng_one_in(&rng, 2)) {
			if (!put(TRACING "/events/zswap_wb/enable", "1"))
				count(K_TRACE);
			rest(rng_below(&rng, 1500));
			put(TRACING "/events/zswap_wb/enable", "0");
		} else if (!put("/proc/sys/vm/compact_memory", "1")) {
			count(K_COMPACT);
		}
		end(task);
		rest(1000 + rng_below(&rng, 3000));
	}
}

void disturb_start(void)
{
	task_start("cgroups", cgroup_task, 0);
	task_start("moves", move_task, 0);
	task_start("limits", limit_task, 0);
	task_start("reclaim", reclaim_task, 0);
	task_start("parameters", parameter_task, 0);
	task_start("shrinker", shrinker_task, 0);
	task_start("signals", signal_task, 0);
	task_start("tables", table_task, 0);
	task_start("edges", edges_task, 0);
	task_start("misc", misc_task, 0);
}

/* As it was, also after a task that did not get to its end. */
void disturb_undo(void)
{
	int i;

	for (i = 1; i < STATIC_CGROUPS; i++) {
		cgroup_put(i, "memory.max", "max");
		cgroup_put(i, "memory.zswap.max", "max");
		cgroup_put(i, "memory.zswap.writeback", "1");
	}
	put(PARAMS "/shrinker_enabled", "N");
	put(PARAMS "/max_pool_percent", "50");
	put(PARAMS "/enabled", "Y");
	put(DEBUGFS "/age_edges", "default");
}
