// SPDX-License-Identifier: GPL-2.0
/*
 * A swap disk of the test's own, made with null_blk through configfs, or with the device
 * mapper over the ordinary one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
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
/* the kernel remembers 512 ranges of bad blocks, of 256 KiB each */
#define DISK_BAD_MAX		(127LL << 20)
/* null_blk hands out its megabytes a second in so many parts */
#define DISK_TICKS_PER_SECOND	50
/* before any other, while it is not yet the only one */
#define DISK_PRIORITY		100

/* of ext4's superblock: where it is, where its list of features is, and one of these */
#define EXT4_SUPERBLOCK		1024
#define EXT4_INCOMPAT		0x60
#define EXT4_EXTENTS		0x40

#define MAPPED_CONTROL		"/dev/mapper/control"
#define MAPPED_NAME		"zswap_wb"

static struct zwb_disk_spec disk_spec;
/* the directory exists, the disk is a swap device, its blocks are bad */
static bool disk_is_made, disk_is_on, disk_is_bad;
static pid_t disk_guard;
/* where it is mounted, or empty */
static char disk_dir[ZWB_PATH_MAX];

static int mapped_control = -1;
static bool mapped_is_made;
static char mapped_path[64];

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

static long long disk_mbps(const struct zwb_disk_spec *spec)
{
	return spec->mbps * zwb_page_size / 4096;
}

/*
 * A request that is larger than what may be written in a tick is never done: at
 * most half of that.
 */
static long long disk_max_sectors(const struct zwb_disk_spec *spec)
{
	long long bytes = (disk_mbps(spec) << 20) / DISK_TICKS_PER_SECOND / 2;

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
	/* in whole megabytes */
	if (!disk_set_number("size", ((spec->pages * zwb_page_size - 1) >> 20) + 1) ||
	    !disk_set_number("blocksize", spec->sectors ? DISK_SECTOR_BYTES : zwb_page_size) ||
	    !disk_set("memory_backed", "1") ||
	    !disk_set_number("max_sectors", disk_max_sectors(spec)))
		return false;
	if (spec->depth && !disk_set_number("hw_queue_depth", spec->depth))
		return false;
	if (spec->per_cpu && !disk_set_number("submit_queues", sysconf(_SC_NPROCESSORS_CONF)))
		return false;
	if (spec->mbps && !disk_set_number("mbps", disk_mbps(spec)))
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

static long long disk_sectors(void)
{
	return disk_spec.pages * zwb_page_size / DISK_SECTOR_BYTES;
}

/* What is left to do when the program has died, say by the runner's alarm. */
static void disk_guard_acts(const char *other)
{
	char range[64];

	snprintf(range, sizeof(range), "-0-%lld", disk_sectors() - 1);
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

/*
 * Somebody has it open all the time: then what is in the page cache stays there, and the header
 * is not read from a slow disk once more.
 */
static bool disk_swap_on(const struct zwb_disk_spec *spec)
{
	const int flags = SWAP_FLAG_PREFER | DISK_PRIORITY |
			  (spec->discard ? SWAP_FLAG_DISCARD : 0);
	int fd = open(DISK_PATH, O_RDONLY);

	if (zwb_make_swap(DISK_PATH, spec->pages - 1)) {
		disk_is_on = !swapon(DISK_PATH, flags);
		if (!disk_is_on)
			zwb_fail("swapon " DISK_PATH ": %s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return disk_is_on;
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
	if (spec->badblocks && spec->pages * zwb_page_size > DISK_BAD_MAX) {
		zwb_skip("needs bad blocks of more than %lld MB", DISK_BAD_MAX >> 20);
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
	if (!disk_swap_on(spec) || !zwb_swap_disk(false)) {
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

/* What of it a cgroup may use: "rbps=..." and the like, as io.max has them. */
bool zwb_disk_limit(const char *cgroup, const char *limit)
{
	char path[ZWB_PATH_MAX], text[128];
	struct stat status;

	snprintf(path, sizeof(path), "/dev/%s", zwb_disk_name());
	if (stat(path, &status)) {
		zwb_fail("%s: %s", path, strerror(errno));
		return false;
	}
	snprintf(text, sizeof(text), "%u:%u %s", major(status.st_rdev), minor(status.st_rdev),
		 limit);
	return zwb_cgroup_set(cgroup, "io.max", text);
}

/*
 * With extents, as ext4 is made everywhere; busybox's mke2fs knows nothing of them,
 * but all that it takes is to say so, as tune2fs(8) does.
 */
static bool disk_make_ext4(void)
{
	unsigned int features;
	char command[256];
	bool good;
	int fd;

	snprintf(command, sizeof(command),
		 "mke2fs -F -q -b %d -m 0 -O extent " DISK_PATH " >/dev/null 2>&1",
		 (int)zwb_page_size);
	if (system(command)) {
		zwb_skip("needs mke2fs, of e2fsprogs or of busybox");
		return false;
	}
	fd = open(DISK_PATH, O_RDWR);
	good = fd >= 0 && pread(fd, &features, sizeof(features),
				EXT4_SUPERBLOCK + EXT4_INCOMPAT) == sizeof(features);
	features |= EXT4_EXTENTS;
	good = good && pwrite(fd, &features, sizeof(features),
			      EXT4_SUPERBLOCK + EXT4_INCOMPAT) == sizeof(features) && !fsync(fd);
	if (!good)
		zwb_fail(DISK_PATH ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

/**
 * zwb_disk_mount() - make ext4 of a bare disk, and mount it
 * @dir: where; it is made, and must not be there
 */
bool zwb_disk_mount(const char *dir)
{
	if (!disk_make_ext4())
		return false;
	if (mkdir(dir, 0700)) {
		zwb_fail("mkdir %s: %s", dir, strerror(errno));
		return false;
	}
	snprintf(disk_dir, sizeof(disk_dir), "%s", dir);
	if (!mount(DISK_PATH, dir, "ext4", 0, NULL))
		return true;
	if (errno == ENODEV)
		zwb_skip("needs CONFIG_EXT4_FS");
	else
		zwb_fail("mounting " DISK_PATH ": %s", strerror(errno));
	rmdir(dir);
	disk_dir[0] = '\0';
	return false;
}

/* Undo zwb_disk_mount(), if it has done anything. A server lets go of it in its own time. */
void zwb_disk_unmount(void)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	int err;

	if (!disk_dir[0])
		return;
	while ((err = umount(disk_dir)) && errno == EBUSY && zwb_now() < deadline)
		zwb_pause();
	if (err)
		zwb_fail("umount %s: %s", disk_dir, strerror(errno));
	rmdir(disk_dir);
	disk_dir[0] = '\0';
}

/**
 * zwb_disk_number() - what has become of requests to a disk
 * @name: its name below /sys/class/block
 * @which: what is asked for
 *
 * Return: the number, or -1 with a failure recorded.
 */
long long zwb_disk_number(const char *name, enum zwb_disk_number which)
{
	char path[ZWB_PATH_MAX];
	long long value = -1;
	unsigned int left = which;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/block/%.64s/stat", name);
	file = fopen(path, "r");
	while (file && left && fscanf(file, "%lld", &value) == 1)
		left--;
	if (file)
		fclose(file);
	if (!left)
		return value;
	zwb_fail("reading %s", path);
	return -1;
}

/* What a disk has been given and has not completed; -1 of both with a failure recorded. */
static void disk_in_flight(const char *name, long long *reads, long long *writes)
{
	char path[ZWB_PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/block/%.64s/inflight", name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%lld %lld", reads, writes) != 2) {
		zwb_fail("reading %s", path);
		*reads = *writes = -1;
	}
	if (file)
		fclose(file);
}

/* Reads that a disk has been given and has not completed; -1 with a failure recorded. */
long long zwb_disk_reads_in_flight(const char *name)
{
	long long reads, writes;

	disk_in_flight(name, &reads, &writes);
	return reads;
}

/* Writes that a disk has been given and has not completed; -1 with a failure recorded. */
long long zwb_disk_writes_in_flight(const char *name)
{
	long long reads, writes;

	disk_in_flight(name, &reads, &writes);
	return writes;
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
	snprintf(range, sizeof(range), "%c0-%lld", on ? '+' : '-', disk_sectors() - 1);
	if (!disk_set("badblocks", range))
		return false;
	disk_is_bad = on;
	return true;
}

/*
 * Undo zwb_disk_largest_request(), if there is a disk: what it has is read as fast as it can.
 * Neighbours that are read together are one request then.
 */
void zwb_disk_whole_requests(void)
{
	static const char queue[] = "/sys/block/" DISK_NAME "/queue";
	char path[ZWB_PATH_MAX], text[32];

	if (!disk_is_on)
		return;
	snprintf(path, sizeof(path), "%s/max_hw_sectors_kb", queue);
	snprintf(text, sizeof(text), "%lld", zwb_read_number(path));
	snprintf(path, sizeof(path), "%s/max_sectors_kb", queue);
	zwb_write_string(path, text);
}

/* --- a mapped device, as dmsetup(8) makes it --- */

/* One request about our device, with a table of one line or none; returns 0 or -errno. */
static int mapped_table_ioctl(unsigned long request, unsigned int flags, const char *type,
			      long long megabytes, const char *params, dev_t *dev)
{
	struct {
		struct dm_ioctl dm;
		struct dm_target_spec target;
		char params[512];
	} arg = {
		.dm = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(arg),
			.data_start = sizeof(arg.dm),
			.target_count = !!params,
			.flags = flags,
			.name = MAPPED_NAME,
		},
		.target = {
			.length = megabytes * DISK_SECTORS_PER_MB,
		},
	};

	if (params) {
		snprintf(arg.target.target_type, sizeof(arg.target.target_type), "%s", type);
		snprintf(arg.params, sizeof(arg.params), "%s", params);
	}
	if (ioctl(mapped_control, request, &arg))
		return -errno;
	if (dev)
		*dev = arg.dm.dev;
	return 0;
}

static int mapped_ioctl(unsigned long request, unsigned int flags, dev_t *dev)
{
	return mapped_table_ioctl(request, flags, NULL, 0, NULL, dev);
}

/* Make the device over the swap disk, which is off. */
static bool mapped_make(const char *type, const char *options, long long megabytes)
{
	char params[512];
	dev_t dev;
	int err;

	err = mapped_ioctl(DM_DEV_CREATE, 0, &dev);
	if (err) {
		zwb_fail("DM_DEV_CREATE: %s", strerror(-err));
		return false;
	}
	mapped_is_made = true;
	snprintf(params, sizeof(params), "%s%s %d", options, zwb_swap_path(), ZWB_MAPPED_SECTOR);
	err = mapped_table_ioctl(DM_TABLE_LOAD, 0, type, megabytes, params, NULL);
	if (err == -EINVAL || err == -ENOENT) {
		zwb_skip("the kernel has no '%s' for the device mapper, or not what it needs",
			 type);
		return false;
	}
	snprintf(mapped_path, sizeof(mapped_path), "/dev/dm-%u", minor(dev));
	if (err)
		zwb_fail("a table for '%s': %s", type, strerror(-err));
	return !err && zwb_mapped_hold(false);
}

/**
 * zwb_mapped_on() - swap to a device of the device mapper, and to nothing else
 * @type: of its target, say linear
 * @options: of its table, what comes before the device: empty, or with a blank at the end
 * @megabytes: its size
 *
 * It lies on the ordinary swap disk. zwb_mapped_off() must be called before the test is
 * over, also if this fails.
 *
 * Return: false after a failure, or a reason to skip, was recorded.
 */
bool zwb_mapped_on(const char *type, const char *options, long long megabytes)
{
	zwb_allow_whole_blocks();
	mapped_control = open(MAPPED_CONTROL, O_RDWR);
	if (mapped_control < 0) {
		zwb_skip("needs CONFIG_BLK_DEV_DM");
		return false;
	}
	return zwb_swap_disk(false) && mapped_make(type, options, megabytes) &&
	       zwb_make_swap(mapped_path, (megabytes << 20) / zwb_page_size - 1) &&
	       zwb_swap_only_to(mapped_path, 0);
}

/* What the runner does with loads, and then back to the ordinary swap disk. */
void zwb_mapped_off(void)
{
	int err = 0;

	zwb_swap_own_off();
	if (mapped_is_made)
		err = mapped_ioctl(DM_DEV_REMOVE, 0, NULL);
	if (err)
		zwb_fail("DM_DEV_REMOVE: %s", strerror(-err));
	mapped_is_made = false;
	if (mapped_control >= 0)
		close(mapped_control);
	mapped_control = -1;
	zwb_swap_disk_back();
}

const char *zwb_mapped_path(void)
{
	return mapped_path;
}

/* Keep back, in their order, all requests to the mapped device, or let them go. */
bool zwb_mapped_hold(bool on)
{
	int err = mapped_ioctl(DM_DEV_SUSPEND, on ? DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG : 0,
			       NULL);

	if (err)
		zwb_fail("DM_DEV_SUSPEND: %s", strerror(-err));
	return !err;
}

/*
 * Keep them back until zwb_mapped_let_go(), but for so many seconds at most: whoever hangs
 * meanwhile goes on then.  Returns what that needs, or -1 with a failure recorded.
 */
pid_t zwb_mapped_hold_for(int seconds)
{
	pid_t release;

	if (!zwb_mapped_hold(true))
		return -1;
	release = zwb_fork();
	if (!release) {
		zwb_sleep_until(zwb_now() + seconds * ZWB_NS_PER_SEC);
		_exit(zwb_mapped_hold(false) ? KSFT_PASS : KSFT_FAIL);
	}
	if (release < 0)
		zwb_mapped_hold(false);
	return release;
}

void zwb_mapped_let_go(pid_t release)
{
	kill(release, SIGKILL);
	waitpid(release, NULL, 0);
	zwb_mapped_hold(false);
}
