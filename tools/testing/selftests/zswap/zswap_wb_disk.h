/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A swap disk of the test's own, as slow, as narrow and as broken as the test
 * wants it: null_blk, which keeps its data in memory.  While it is on it is the
 * only swap device.  It goes away, and the ordinary disk comes back, at the end
 * of the test, and also if the program dies.
 */
#ifndef ZSWAP_WB_DISK_H
#define ZSWAP_WB_DISK_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct zwb_disk_spec - what a disk is like
 * @pages: its size, of which memory is taken for what is written only
 * @latency_us: how long each request takes, 0 if none takes any time
 * @depth: how many requests it takes at a time, 0 for null_blk's default
 * @mbps: megabytes a second where a page has 4 KiB, and as many larger pages; 0 for no limit
 * @badblocks: zwb_disk_fail_writes() will be called: at most some 127 MB
 * @discard: it is told of slots that are free, and forgets what was there
 * @bare: it is there, and nobody swaps to it
 * @sectors: its blocks are sectors, and not pages: images take less than a page
 * @per_cpu: each CPU has a queue of its own for its requests, as with NVMe
 */
struct zwb_disk_spec {
	long long pages;
	long long latency_us;
	int depth;
	int mbps;
	bool badblocks;
	bool discard;
	bool bare;
	bool sectors;
	bool per_cpu;
};

bool zwb_disk_on(const struct zwb_disk_spec *spec);
void zwb_disk_off(void);
const char *zwb_disk_name(void);
bool zwb_disk_limit(const char *cgroup, const char *limit);

/* Numbers of a disk by their place in its stat, see Documentation/block/stat.rst */
enum zwb_disk_number {
	ZWB_DISK_READS = 1,
	ZWB_DISK_SECTORS_READ = 3,
	ZWB_DISK_SECTORS_WRITTEN = 7,
	ZWB_DISK_DISCARDS = 12,
};

long long zwb_disk_number(const char *name, enum zwb_disk_number which);
long long zwb_disk_reads_in_flight(const char *name);
long long zwb_disk_writes_in_flight(const char *name);
bool zwb_disk_fail_writes(bool on);
void zwb_disk_whole_requests(void);

/* A filesystem on a bare one, from zwb_disk_mount() to zwb_disk_unmount(), which the test calls. */
bool zwb_disk_mount(const char *dir);
void zwb_disk_unmount(void);

/* A device of the device mapper over the ordinary swap disk, instead of that. */
/* where it begins on the swap disk, whose own header stays as it is */
#define ZWB_MAPPED_SECTOR	2048
bool zwb_mapped_on(const char *type, const char *options, long long megabytes);
void zwb_mapped_off(void);
const char *zwb_mapped_path(void);
bool zwb_mapped_hold(bool on);
pid_t zwb_mapped_hold_for(int seconds);
void zwb_mapped_let_go(pid_t release);

#endif /* ZSWAP_WB_DISK_H */
