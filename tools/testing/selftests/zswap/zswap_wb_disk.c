// SPDX-License-Identifier: GPL-2.0
/*
 * A swap disk of the test's own, made with null_blk through configfs.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_util.h"

#define DISK_CONFIGFS		"/sys/kernel/config"
#define DISK_NAME		"nullb_zwb"
#define DISK_DIR		DISK_CONFIGFS "/nullb/" DISK_NAME
#define DISK_PATH		"/dev/" DISK_NAME
#define DISK_SECTORS_PER_MB	2048
#define DISK_SECTOR_BYTES	512
/* of a request: the 128 pages that null_blk takes */
#define DISK_MAX_SECTORS	1024
/* null_blk hands out its megabytes a second in so many parts */
#define DISK_TICKS_PER_SECOND	50
/* before any other, while it is not yet the only one */
#define DISK_PRIORITY		100

static struct zwb_disk_spec disk_spec;
/* the directory exists, the disk is a swap device, its blocks are bad */
static bool disk_is_made, disk_is_on, disk_is_bad;
static pid_t disk_guard;

static bool disk_set(const char *file, const char *value)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), DISK_DIR "/%s", file);
	return zwb_write_string(path, value);
}

static bool disk_set_number(const char *file, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return disk_set(file, text);
}

/*
 * A request that is larger than what may be written in a tick is never done: at
 * most half of that.
 */
static long long disk_max_sectors(const struct zwb_disk_spec *spec)
{
	long long bytes = ((long long)spec->mbps << 20) / DISK_TICKS_PER_SECOND / 2;

	bytes -= bytes % zwb_page_size;
	if (!spec->mbps || bytes > DISK_MAX_SECTORS * DISK_SECTOR_BYTES)
		return DISK_MAX_SECTORS;
	return bytes / DISK_SECTOR_BYTES;
}

static bool disk_need(void)
{
	if (access(DISK_CONFIGFS "/nullb", F_OK))
		mount("configfs", DISK_CONFIGFS, "configfs", 0, NULL);
	if (!access(DISK_CONFIGFS "/nullb", F_OK))
		return true;
	zwb_skip("needs CONFIG_BLK_DEV_NULL_BLK and CONFIG_CONFIGFS_FS");
	return false;
}

static bool disk_make(const struct zwb_disk_spec *spec)
{
	if (mkdir(DISK_DIR, 0755)) {
		zwb_fail("mkdir " DISK_DIR ": %s", strerror(errno));
		return false;
	}
	disk_is_made = true;
	if (!disk_set_number("size", spec->megabytes) ||
	    !disk_set_number("blocksize", zwb_page_size) || !disk_set("memory_backed", "1") ||
	    !disk_set_number("max_sectors", disk_max_sectors(spec)))
		return false;
	if (spec->depth && !disk_set_number("hw_queue_depth", spec->depth))
		return false;
	if (spec->mbps && !disk_set_number("mbps", spec->mbps))
		return false;
	/* 2: completed by a timer; 0: at once */
	if (!disk_set("irqmode", spec->latency_us ? "2" : "0"))
		return false;
	if (spec->latency_us && !disk_set_number("completion_nsec", spec->latency_us * 1000))
		return false;
	if (spec->discard && !disk_set("discard", "1"))
		return false;
	return disk_set("power", "1");
}

/* The path of the swap device that is on; there is one. */
static bool disk_find_other(char *path, size_t size)
{
	char text[512] = "";
	FILE *file = fopen("/proc/swaps", "r");

	if (!file)
		return false;
	if (fgets(text, sizeof(text), file) && fgets(text, sizeof(text), file))
		text[strcspn(text, " \t\n")] = '\0';
	fclose(file);
	snprintf(path, size, "%s", text);
	return text[0] == '/';
}

/* What is left to do when the program has died, say by the runner's alarm. */
static void disk_guard_acts(const char *other)
{
	char range[64];

	snprintf(range, sizeof(range), "-0-%lld", disk_spec.megabytes * DISK_SECTORS_PER_MB - 1);
	if (disk_spec.badblocks)
		zwb_write(DISK_DIR "/badblocks", range, strlen(range));
	swapon(other, 0);
	swapoff(DISK_PATH);
	zwb_write(DISK_DIR "/power", "0", 1);
	rmdir(DISK_DIR);
}

static bool disk_guard_start(void)
{
	pid_t parent = getpid();
	char other[256];
	sigset_t set;
	int signal;

	if (!disk_find_other(other, sizeof(other))) {
		zwb_fail("no swap device in /proc/swaps");
		return false;
	}
	disk_guard = fork();
	if (!disk_guard) {
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigprocmask(SIG_BLOCK, &set, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			sigwait(&set, &signal);
		disk_guard_acts(other);
		_exit(0);
	}
	if (disk_guard > 0)
		return true;
	disk_guard = 0;
	zwb_fail("fork: %s", strerror(errno));
	return false;
}

/**
 * zwb_disk_on() - swap to a disk of the test's own, and to no other, unless it is bare
 * @spec: what it is like
 *
 * What is in zswap for the ordinary disk comes back to memory.
 *
 * Return: false after a failure, or a reason to skip, was recorded.
 */
bool zwb_disk_on(const struct zwb_disk_spec *spec)
{
	if (disk_is_made) {
		zwb_fail("there is a disk already");
		return false;
	}
	if (spec->badblocks && spec->megabytes > ZWB_DISK_BAD_MAX) {
		zwb_fail("a disk that fails has at most %d MB", ZWB_DISK_BAD_MAX);
		return false;
	}
	if (!disk_need())
		return false;
	disk_spec = *spec;
	if (!disk_guard_start() || !disk_make(spec)) {
		zwb_disk_off();
		return false;
	}
	if (spec->bare)
		return true;
	if (!zwb_make_swap(DISK_PATH, (spec->megabytes << 20) / zwb_page_size - 1)) {
		zwb_disk_off();
		return false;
	}
	if (swapon(DISK_PATH, SWAP_FLAG_PREFER | DISK_PRIORITY |
			      (spec->discard ? SWAP_FLAG_DISCARD : 0))) {
		zwb_fail("swapon " DISK_PATH ": %s", strerror(errno));
		zwb_disk_off();
		return false;
	}
	disk_is_on = true;
	if (!zwb_swap_disk(false)) {
		zwb_disk_off();
		return false;
	}
	/* a page that is read from disk brings no neighbours */
	return zwb_write_string("/proc/sys/vm/page-cluster", "0");
}

/**
 * zwb_disk_off() - back to the ordinary swap disk, if it is not on
 *
 * What is on the test's disk, or in zswap for it, comes back to memory.
 */
void zwb_disk_off(void)
{
	zwb_disk_fail_writes(false);
	if (disk_is_made)
		zwb_swap_disk_back();
	if (disk_is_on && swapoff(DISK_PATH))
		zwb_fail("swapoff " DISK_PATH ": %s", strerror(errno));
	disk_is_on = false;
	if (disk_is_made) {
		disk_set("power", "0");
		if (rmdir(DISK_DIR))
			zwb_fail("rmdir " DISK_DIR ": %s", strerror(errno));
	}
	disk_is_made = false;
	if (disk_guard) {
		kill(disk_guard, SIGKILL);
		waitpid(disk_guard, NULL, 0);
	}
	disk_guard = 0;
}

/* Its name below /sys/block, /dev, and nullb/ in configfs. */
const char *zwb_disk_name(void)
{
	return DISK_NAME;
}

/**
 * zwb_disk_fail_writes() - make all requests to the test's disk fail
 * @on: whether to
 *
 * Reads fail, too: switch it off before anything is read.
 */
bool zwb_disk_fail_writes(bool on)
{
	char range[64];

	if (on == disk_is_bad)
		return true;
	if (!disk_is_made || !disk_spec.badblocks) {
		zwb_fail("there is no disk that can fail");
		return false;
	}
	snprintf(range, sizeof(range), "%c0-%lld", on ? '+' : '-',
		 disk_spec.megabytes * DISK_SECTORS_PER_MB - 1);
	if (!disk_set("badblocks", range))
		return false;
	disk_is_bad = on;
	return true;
}
