// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disturbances that take parts of the machine away: swap devices, memory, CPUs.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "torture.h"

#define NULLB_DIR	"/sys/kernel/config/nullb/torture"
/* of the second device: before the disk */
#define SWAP_PRIORITY	100
#define OFFLINE_SECONDS	10
/* tries after which a node is taken to stay */
#define MAX_STAYED	1
#define GUEST_PAGES	500

/* ------------------------------------------------------------- swap devices */

/**
 * struct device - a small swap device in memory
 * @name: its name in /dev, empty if this kernel has none
 * @make: makes it, once
 *
 * Three kinds, which differ in who completes a request, and when.
 */
struct device {
	char name[24];
	void (*make)(struct device *device, long pages);
};

static void make_loop(struct device *device, long pages)
{
	int control, file, fd, number;

	mkdir(LOOP_DIR, 0700);
	/* not tmpfs, which would be swapped itself */
	if (mount("ramfs", LOOP_DIR, "ramfs", 0, NULL))
		return;
	file = open(LOOP_FILE, O_RDWR | O_CREAT, 0600);
	control = open("/dev/loop-control", O_RDWR);
	number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (number < 0 || file < 0 || ftruncate(file, pages * PAGE))
		return;
	snprintf(device->name, sizeof(device->name), "loop%d", number);
	{
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "/dev/%s", device->name);
		fd = open(path, O_RDWR);
	}
	/* stays open until the end */
	if (fd < 0 || ioctl(fd, LOOP_SET_FD, file))
		device->name[0] = '\0';
}

static void make_null(struct device *device, long pages)
{
	long long index;

	mount("configfs", "/sys/kernel/config", "configfs", 0, NULL);
	if (mkdir(NULLB_DIR, 0755) || put(NULLB_DIR "/memory_backed", "1") ||
	    put(NULLB_DIR "/size", "%ld", pages * PAGE >> 20) || put(NULLB_DIR "/power", "1"))
		return;
	index = get_number(NULLB_DIR "/index");
	snprintf(device->name, sizeof(device->name), "nullb%lld", index);
	if (index < 0 || access("/sys/class/block", F_OK))
		device->name[0] = '\0';
	/* newer kernels name it after its directory */
	if (!access("/sys/class/block/torture", F_OK))
		snprintf(device->name, sizeof(device->name), "torture");
}

static void make_zram(struct device *device, long pages)
{
	if (!put("/sys/block/zram0/disksize", "%ld", pages * PAGE))
		snprintf(device->name, sizeof(device->name), "zram0");
}

static struct device devices[] = {
	{ "", make_loop },
	{ "", make_null },
	{ "", make_zram },
};

static int device_on = -1;

static void device_path(int device, char *path, size_t size)
{
	snprintf(path, size, "/dev/%s", devices[device].name);
}

/*
 * All memory of a loop device or null_blk, now, when no allocation is made to fail; zram takes
 * none for zeros, and tells when it has none. Later the task that swaps out would allocate it,
 * in null_blk: that leaves out the rest of a bio when it can't, goes on with the next one of
 * the request in its place, and reports success. And loop takes what was written in part for
 * written. Pages that such a device loses say nothing about zswap.
 */
static bool device_fill(int fd, long pages)
{
	static const char zeros[PAGE];
	long i;

	for (i = 0; i < pages; i++) {
		if (pwrite(fd, zeros, PAGE, i * PAGE) != (ssize_t)PAGE)
			return false;
	}
	return true;
}

/* What mkswap(8) writes: the header of version 1, and the signature. */
static bool device_format(int device, long pages)
{
	static const char signature[] = "SWAPSPACE2";
	static char header[PAGE];
	const unsigned int version = 1, last = pages - 1;
	char path[PATH_SIZE];
	bool good;
	int fd;

	memcpy(header + 1024, &version, sizeof(version));
	memcpy(header + 1028, &last, sizeof(last));
	memcpy(header + PAGE - strlen(signature), signature, strlen(signature));
	device_path(device, path, sizeof(path));
	fd = open(path, O_RDWR);
	good = fd >= 0 && device_fill(fd, pages) &&
	       pwrite(fd, header, PAGE, 0) == (ssize_t)PAGE && !fsync(fd);
	close(fd);
	return good;
}

static bool somebody_commands(void)
{
	int i;

	for (i = 0; i < MAX_TASKS; i++) {
		if (shared->tasks[i].command && shared->tasks[i].since)
			return true;
	}
	return false;
}

/* Pages on the device, and those in zswap on its behalf, come back to memory. */
static bool device_off(int task)
{
	bool busy = somebody_commands();
	char path[PATH_SIZE];
	int err;

	device_path(device_on, path, sizeof(path));
	begin(task, "swapoff %s", path);
	while (!disks_trylock())
		sleep_ms(10);
	err = swapoff(path) ? errno : 0;
	disks_unlock();
	busy |= somebody_commands();
	end(task);
	/* a cgroup may be at its limit; everything else has to work */
	if (err && err != ENOMEM && err != EINTR)
		problem("swapoff %s: %s", path, strerror(err));
	if (err)
		return false;
	count(K_SWAPOFF);
	if (busy)
		count(K_SWAPOFF_BUSY);
	device_on = -1;
	return true;
}

/*
 * Before there is a task: beside all of them, what is written to the devices takes minutes on a
 * slow machine, and that much later the first one would be swapped to.
 */
void swap_prepare(void)
{
	/* a seventh of what all workers have, and less than the machine can spare */
	long pages = shared->mem_pages / 32 & ~255L;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		devices[i].make(&devices[i], pages);
		if (devices[i].name[0] && !device_format(i, pages)) {
			say("swap: %s can't be formatted", devices[i].name);
			devices[i].name[0] = '\0';
		}
		if (devices[i].name[0])
			faults_disk(devices[i].name);
	}
}

static bool any_device(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		if (devices[i].name[0])
			return true;
	}
	return false;
}

static void swap_task(int task, long arg)
{
	char path[PATH_SIZE];
	long step = 0;

	(void)arg;
	if (!any_device()) {
		missing(K_SWAPON, "no loop, null_blk or zram device");
		missing(K_SWAPOFF, "no loop, null_blk or zram device");
		missing(K_SWAPOFF_BUSY, "no loop, null_blk or zram device");
		return;
	}
	while (running()) {
		struct rng rng = rng_step(task, step);
		int next = rng_below(&rng, ARRAY_SIZE(devices));
		long ms = rng_below(&rng, 3000);

		shared->tasks[task].step = step++;
		if (device_on >= 0) {
			device_off(task);
		} else if (devices[next].name[0]) {
			device_path(next, path, sizeof(path));
			begin(task, "swapon %s", path);
			if (swapon(path, SWAP_FLAG_PREFER | SWAP_PRIORITY)) {
				problem("swapon %s: %s", path, strerror(errno));
			} else {
				device_on = next;
				count(K_SWAPON);
			}
			end(task);
		}
		rest(ms);
	}
	/* it is the main program that switches off what is left */
}

void swap_off_all(void)
{
	char text[4096], *line, *save;

	if (get("/proc/swaps", text, sizeof(text)) <= 0)
		return;
	strtok_r(text, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save))) {
		line[strcspn(line, " \t")] = '\0';
		if (swapoff(line))
			problem("the last swapoff, %s: %s", line, strerror(errno));
	}
	if (!access(NULLB_DIR, F_OK)) {
		put(NULLB_DIR "/power", "0");
		rmdir(NULLB_DIR);
	}
	put("/sys/block/zram0/reset", "1");
}

/* ------------------------------------------------------------------- memory */

static char kernel_block[PATH_SIZE], movable_block[PATH_SIZE];
static int block_node = -1;

static bool block_is_online(const char *path)
{
	char state[32];

	return get(path, state, sizeof(state)) > 0 && !strncmp(state, "online", 6);
}

static void find_blocks_of(int nid)
{
	int low = -1, high = -1, block;
	struct dirent *entry;
	char path[PATH_SIZE];
	DIR *dir;

	snprintf(path, sizeof(path), NODES "/node%d", nid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "memory", 6) || !isdigit(entry->d_name[6]))
			continue;
		block = atoi(entry->d_name + 6);
		snprintf(path, sizeof(path), NODES "/node%d/memory%d/state", nid, block);
		if (block_is_online(path)) {
			high = -1;
			break;
		}
		low = low < 0 || block < low ? block : low;
		high = block > high ? block : high;
	}
	closedir(dir);
	if (high < 0 || low == high)
		return;
	block_node = nid;
	snprintf(kernel_block, sizeof(kernel_block), NODES "/node%d/memory%d/state", nid, low);
	snprintf(movable_block, sizeof(movable_block), NODES "/node%d/memory%d/state", nid, high);
}

/* A node all of whose memory is offline. */
void find_node_blocks(void)
{
	static const char why[] = "no node with two blocks of memory, all offline";
	int nid;

	for (nid = 0; block_node < 0 && nid < MAX_NODE; nid++)
		find_blocks_of(nid);
	if (block_node >= 0)
		return;
	missing(K_MEM_ONLINE, why);
	missing(K_MEM_OFFLINE, why);
	missing(K_NODE_CAME, why);
	missing(K_NODE_WENT, why);
}

static bool node_has_files(void)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), SYSFS "/node%d", block_node);
	return !access(path, F_OK);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static bool block_online(int task, const char *block, const char *how)
{
	bool good;

	if (block_is_online(block))
		return true;
	begin(task, "%s > %s", how, block);
	good = !put(block, "%s", how);
	end(task);
	if (good)
		count(K_MEM_ONLINE);
	return good;
}

/* The kernel tries for as long as nobody interrupts it. */
static bool block_offline(int task, const char *block)
{
	int err = 0, tries;

	begin(task, "offline > %s", block);
	for (tries = 0; tries < 2 && block_is_online(block); tries++) {
		alarm(OFFLINE_SECONDS);
		err = put(block, "offline");
		alarm(0);
		if (err)
			sleep_ms(200);
	}
	end(task);
	if (block_is_online(block))
		return false;
	if (tries)
		count(K_MEM_OFFLINE);
	return true;
}

/*
 * Movable memory comes first, for otherwise the node's kswapd would be in kernel
 * memory, and that could never go again.  Then a guest fills the node, whose
 * entries are where commands, tables and counters find them, and leaves.
 */
static void memory_task(int task, long arg)
{
	struct sigaction action = { .sa_handler = on_alarm };
	long step = 0, stayed = 0;
	bool was;

	(void)arg;
	sigaction(SIGALRM, &action, NULL);
	if (block_node < 0)
		return;
	while (running()) {
		struct rng rng = rng_step(task, step);
		long pages = 1 + rng_below(&rng, GUEST_PAGES), ms = 500 + rng_below(&rng, 4000);
		bool kernel = !rng_one_in(&rng, 4);
		pid_t pid = 0;

		shared->tasks[task].step = step++;
		was = node_has_files();
		if (block_online(task, movable_block, "online_movable") && kernel &&
		    block_online(task, kernel_block, "online_kernel") && !was && node_has_files())
			count(K_NODE_CAME);
		if (block_is_online(kernel_block)) {
			pid = fork();
			if (!pid)
				guest(100000 + step, -1, block_node, pages, ms);
		}
		rest(ms);
		if (pid > 0) {
			int status;

			begin(task, "waiting for a guest");
			waitpid(pid, &status, 0);
			end(task);
			if (WIFSIGNALED(status) || WEXITSTATUS(status))
				problem("a guest on a node ended with status %#x", status);
		}
		was = node_has_files();
		if (!block_offline(task, kernel_block))
			stayed++;
		else if (was && !node_has_files())
			count(K_NODE_WENT);
		/* what else is in the new memory may stay: then there is nothing to wait for */
		if (stayed == MAX_STAYED && !shared->kinds[K_NODE_WENT])
			missing(K_NODE_WENT, "the kernel keeps something in the node's memory");
		block_offline(task, movable_block);
		rest(rng_below(&rng, 1000));
	}
}

/* --------------------------------------------------------------------- CPUs */

#define MAX_CPUS	8
#define CPU_FILE	"/sys/devices/system/cpu/cpu1/online"

static void cpu_task(int task, long arg)
{
	long step = 0;

	(void)arg;
	if (access(CPU_FILE, W_OK)) {
		missing(K_CPU_OFFLINE, "no second CPU that can be taken offline");
		missing(K_CPU_ONLINE, "no second CPU that can be taken offline");
		return;
	}
	while (running()) {
		struct rng rng = rng_step(task, step);

		shared->tasks[task].step = step++;
		begin(task, "cpu1 offline");
		if (!put(CPU_FILE, "0"))
			count(K_CPU_OFFLINE);
		end(task);
		rest(rng_below(&rng, 700));
		begin(task, "cpu1 online");
		if (!put(CPU_FILE, "1"))
			count(K_CPU_ONLINE);
		end(task);
		rest(500 + rng_below(&rng, 4000));
	}
}

/*
 * On virtual CPUs that hardly got to run, the kernel warned in dl_task_timer() that
 * it moves a timer which is queued.  The scheduler was all there was in the trace,
 * and one of the two times no CPU had been offline.  Not what is looked for here.
 */
static void stop_servers(void)
{
	static const char * const servers[] = { "fair_server", "ext_server" };
	char path[PATH_SIZE];
	size_t i;
	int cpu;

	for (i = 0; i < ARRAY_SIZE(servers); i++) {
		for (cpu = 0; cpu < MAX_CPUS; cpu++) {
			snprintf(path, sizeof(path), "/sys/kernel/debug/sched/%s/cpu%d/runtime",
				 servers[i], cpu);
			put(path, "0");
		}
	}
}

void system_start(void)
{
	stop_servers();
	task_start("swap", swap_task, 0);
	task_start("memory", memory_task, 0);
	task_start("cpu", cpu_task, 0);
}

void system_undo(void)
{
	put(CPU_FILE, "1");
}
