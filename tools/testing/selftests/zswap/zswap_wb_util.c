// SPDX-License-Identifier: GPL-2.0
/*
 * The runner of the tests of proactive zswap writeback, and their access to
 * counters, commands and cgroups.  Loads have a file of their own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_util.h"

#define UTIL_TEST_SECONDS	800
/* only finds what hangs: a machine may stand still for long */
#define UTIL_COMMAND_MS		300000
/* a command that a signal ends waits longer than that for what it has in the air */
#define UTIL_PATIENCE_MS	400
#define UTIL_MAX_CGROUPS	640
#define UTIL_TEXT_MAX		65536
#define UTIL_MAX_SETTINGS	16
#define UTIL_POOL_PERCENT	"90"
#define UTIL_FAULT_DIR		"/sys/kernel/debug/fail_make_request"
#define UTIL_ALLOC_DIR		"/sys/kernel/debug/fail_page_alloc"
#define UTIL_ALLOC_SWITCH	"/proc/self/make-it-fail"
#define UTIL_SHRINKER_DIR	"/sys/kernel/debug/shrinker"
#define UTIL_TRACE_END		"zswap_wb_end: "
#define UTIL_LOOP_CONTROL	"/dev/loop-control"
#define UTIL_PM_STATE		"/sys/power/state"
#define UTIL_PM_TEST		"/sys/power/pm_test"
#define UTIL_PM_DELAY		"/sys/module/suspend/parameters/pm_test_delay"
#define UTIL_SLOTS_CACHE	"zswap_wb_chunk"
#define UTIL_SLOTS_DIR		"/sys/kernel/slab/" UTIL_SLOTS_CACHE
#define UTIL_SETTLE_PAGES	16
#define UTIL_QUIET_MS		500
#define UTIL_CALM		5
#define UTIL_CALM_MS		100
/* what takes one percent of that is soon written */
#define UTIL_MEMORY_MAX_KB	(8LL << 20)
/* of an entry of /proc/PID/pagemap: it is a swap entry, and below, of which slot */
#define UTIL_PAGEMAP_SWAPPED	62
#define UTIL_PAGEMAP_SLOT_BITS	55
/* of the small swap device, and of one that a test has made: before any other */
#define UTIL_OWN_PRIORITY	100

long zwb_page_size;

static char util_cgroup_root[ZWB_PATH_MAX];
static char util_cgroups[UTIL_MAX_CGROUPS][ZWB_PATH_MAX];
static int util_nr_cgroups;

static char util_swap_path[256];
static char util_swap_disk[64];
static bool util_swap_is_off;
static char util_own_path[ZWB_PATH_MAX];
static char util_loop_path[32];
static int util_loop_fd = -1;
static int util_loop_file = -1;
static bool util_loop_is_on;
static struct {
	char path[ZWB_PATH_MAX];
	char value[64];
} util_settings[UTIL_MAX_SETTINGS];
static int util_nr_settings;
static char util_compressor[64];
static bool util_write_errors_on;
static bool util_alloc_errors_on;
static bool util_watching;

/* the state of the test that runs */
static const char *util_test_name = "the setup";
static bool util_test_failed;
static bool util_test_skipped;
static bool util_test_late;
static bool util_data_wrong;
static bool util_other_swapout;
static bool util_other_writeback;
static bool util_whole_blocks;
static char util_skip_reason[256];
static struct zwb_snap util_test_start;
/* when last there was no load */
static struct zwb_snap util_empty_start;

/* --- results --- */

void zwb_fail(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ksft_print_msg("%s\n", text);
	util_test_failed = true;
}

/* How many pages are not as they were: if any, the test fails, however slow the machine is. */
bool zwb_no_wrong_pages(long long wrong)
{
	util_data_wrong |= wrong != 0;
	return zwb_zero(wrong);
}

bool zwb_failed(void)
{
	return util_test_failed;
}

void zwb_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(util_skip_reason, sizeof(util_skip_reason), fmt, args);
	va_end(args);
	util_test_skipped = true;
}

static void util_late(const char *fmt, va_list args)
{
	vsnprintf(util_skip_reason, sizeof(util_skip_reason), fmt, args);
	util_test_late = true;
	zwb_fail("too slow: %s", util_skip_reason);
}

/*
 * The machine was too slow for what the test is about: it ends as with a failure, and its
 * result is a skip with the reason, unless pages, counters or cgroups turn out to be
 * wrong afterwards. What has failed before stays so.
 */
void zwb_late(const char *fmt, ...)
{
	va_list args;

	if (util_test_failed)
		return;
	va_start(args, fmt);
	util_late(fmt, args);
	va_end(args);
}

/* The same, and what it has found out about ages before says nothing either. */
void zwb_late_for_ages(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	util_late(fmt, args);
	va_end(args);
}

/* The test itself, or reclaim on its behalf, writes to the swap disk past zswap. */
void zwb_allow_other_swapout(void)
{
	util_other_swapout = true;
}

/* The test lets the shrinker write back too. */
void zwb_allow_other_writeback(void)
{
	util_other_writeback = true;
}

/* The device takes no less than a page at a time, also of an image. */
void zwb_allow_whole_blocks(void)
{
	util_whole_blocks = true;
}

bool zwb_compare(const char *func, int line, const char *what, long long got, long long low,
		 long long high)
{
	if (got >= low && got <= high)
		return true;
	if (low == high)
		zwb_fail("%s:%d: %s is %lld, not %lld", func, line, what, got, low);
	else
		zwb_fail("%s:%d: %s is %lld, not %lld to %lld", func, line, what, got, low, high);
	return false;
}

bool zwb_compare_near(const char *func, int line, const char *what, long long got,
		      long long want, long long by)
{
	return zwb_compare(func, line, what, got, want - by, want + by);
}

/* --- time --- */

/* CLOCK_MONOTONIC in nanoseconds: the clock by which entries grow old, sleep left out. */
long long zwb_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * ZWB_NS_PER_SEC + now.tv_nsec;
}

static int util_compare_numbers(const void *left, const void *right)
{
	long long a = *(const long long *)left, b = *(const long long *)right;

	return (a > b) - (a < b);
}

void zwb_sort_numbers(long long *numbers, size_t nr)
{
	qsort(numbers, nr, sizeof(numbers[0]), util_compare_numbers);
}

/* The pause between two looks at something that is polled with a deadline. */
void zwb_pause(void)
{
	const struct timespec pause = { .tv_nsec = 5 * ZWB_NS_PER_MS };

	nanosleep(&pause, NULL);
}

/* The same clock as zwb_now(). */
void zwb_sleep_until(long long when)
{
	const struct timespec deadline = {
		.tv_sec = when / ZWB_NS_PER_SEC,
		.tv_nsec = when % ZWB_NS_PER_SEC,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
		;
}

/* --- small files --- */

/* Read a whole file, however many reads it takes; returns its length or -errno. */
static ssize_t util_read_file(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + length, size - 1 - length);
		if (got > 0)
			length += got;
	} while (got > 0 && length < size - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	text[length] = '\0';
	return got < 0 ? got : (ssize_t)length;
}

/* Find the line "<key> <number>" or "<key>: <number>"; -1 if there is none. */
static long long util_find_key(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text && *text) {
		if (!strncmp(text, key, length) && (text[length] == ' ' || text[length] == ':'))
			return atoll(text + length + 1);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return -1;
}

/* A number in a file of its own; -1 if it cannot be read. */
long long zwb_read_number(const char *path)
{
	char text[64];

	if (util_read_file(path, text, sizeof(text)) <= 0)
		return -1;
	return atoll(text);
}

bool zwb_write_string(const char *path, const char *value)
{
	int err = zwb_write(path, value, strlen(value));

	if (err)
		zwb_fail("writing '%s' to %s: %s", value, path, strerror(-err));
	return !err;
}

/**
 * zwb_setting() - change a setting of the system until the end of the test
 * @path: its file, which says what is set in brackets if it names all choices
 * @value: what to set it to
 */
bool zwb_setting(const char *path, const char *value)
{
	char text[256], *old = text, *bracket;
	int i;

	for (i = 0; i < util_nr_settings; i++) {
		if (!strcmp(util_settings[i].path, path))
			return zwb_write_string(path, value);
	}
	if (i == UTIL_MAX_SETTINGS) {
		zwb_fail("more than %d settings in one test", UTIL_MAX_SETTINGS);
		return false;
	}
	if (util_read_file(path, text, sizeof(text)) <= 0) {
		zwb_fail("reading %s: %s", path, strerror(errno));
		return false;
	}
	bracket = strchr(text, '[');
	if (bracket)
		old = bracket + 1;
	old[strcspn(old, "]\n")] = '\0';
	snprintf(util_settings[i].path, sizeof(util_settings[i].path), "%s", path);
	snprintf(util_settings[i].value, sizeof(util_settings[i].value), "%.63s", old);
	util_nr_settings++;
	return zwb_write_string(path, value);
}

static void util_restore_settings(void)
{
	while (util_nr_settings) {
		util_nr_settings--;
		zwb_write_string(util_settings[util_nr_settings].path,
				 util_settings[util_nr_settings].value);
	}
}

/* Read a parameter of the zswap module, without the newline. */
bool zwb_param_get(const char *name, char *value, size_t size)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), ZWB_PARAMS "/%s", name);
	if (util_read_file(path, value, size) <= 0)
		return false;
	value[strcspn(value, "\n")] = '\0';
	return true;
}

/* Set a parameter of the zswap module, if it is not set to that already. */
bool zwb_param_set(const char *name, const char *value)
{
	char path[ZWB_PATH_MAX], old[64];

	if (zwb_param_get(name, old, sizeof(old)) && !strcmp(old, value))
		return true;
	snprintf(path, sizeof(path), ZWB_PARAMS "/%s", name);
	return zwb_write_string(path, value);
}

/* --- counters --- */

/* by_command: changes with commands only, and not with what the loads do meanwhile */
static const struct {
	const char *name;
	size_t offset;
	bool by_command;
} util_counts[] = {
	{ "scanned", offsetof(struct zwb_counts, scanned), true },
	{ "written", offsetof(struct zwb_counts, written), true },
	{ "released_bytes", offsetof(struct zwb_counts, released_bytes), true },
	{ "skipped_young", offsetof(struct zwb_counts, skipped_young), true },
	{ "skipped_busy", offsetof(struct zwb_counts, skipped_busy), true },
	{ "skipped_protected", offsetof(struct zwb_counts, skipped_protected), true },
	{ "skipped_gone", offsetof(struct zwb_counts, skipped_gone), true },
	{ "failed", offsetof(struct zwb_counts, failed), true },
	{ "refaulted", offsetof(struct zwb_counts, refaulted), false },
	{ "dropped", offsetof(struct zwb_counts, dropped), false },
	{ "readback", offsetof(struct zwb_counts, readback), true },
	{ "disk_bytes", offsetof(struct zwb_counts, disk_bytes), true },
	{ "corrupted", offsetof(struct zwb_counts, corrupted), false },
	{ "on_disk", offsetof(struct zwb_counts, on_disk), false },
};

static long long *util_count(struct zwb_counts *counts, size_t offset)
{
	return (long long *)((char *)counts + offset);
}

static long long util_vmstat_text(struct zwb_vmstat *vm)
{
	static char text[UTIL_TEXT_MAX];

	if (util_read_file("/proc/vmstat", text, sizeof(text)) <= 0)
		return -1;
	vm->pswpin = util_find_key(text, "pswpin");
	vm->pswpout = util_find_key(text, "pswpout");
	vm->zswpin = util_find_key(text, "zswpin");
	vm->zswpout = util_find_key(text, "zswpout");
	vm->zswpwb = util_find_key(text, "zswpwb");
	vm->zswpwb_proactive = util_find_key(text, "zswpwb_proactive");
	vm->zswpwb_proactive_b = util_find_key(text, "zswpwb_proactive_b");
	vm->zswpwb_refault = util_find_key(text, "zswpwb_refault");
	return 0;
}

long long zwb_vmstat_key(const char *key)
{
	static char text[UTIL_TEXT_MAX];

	if (util_read_file("/proc/vmstat", text, sizeof(text)) <= 0)
		return -1;
	return util_find_key(text, key);
}

/* Numbers of pages are kept in per-CPU differences: make the next reader see the exact sums. */
void zwb_fold_vmstat(void)
{
	char text[16];

	util_read_file("/proc/sys/vm/stat_refresh", text, sizeof(text));
}

/* Wait until nobody stores anything in zswap any more, as kswapd does on its own account. */
bool zwb_stores_stop(void)
{
	const struct timespec calm = { .tv_nsec = UTIL_CALM_MS * ZWB_NS_PER_MS };
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long before, now = zwb_vmstat_key("zswpout");
	int i = 0;

	while (i < UTIL_CALM && zwb_now() < deadline) {
		before = now;
		nanosleep(&calm, NULL);
		now = zwb_vmstat_key("zswpout");
		i = now == before ? i + 1 : 0;
	}
	return i == UTIL_CALM;
}

/*
 * Free pages, those in the per-CPU lists included: MemFree leaves these out,
 * and they can hold more than a test gives back.  -1 if it cannot be read.
 */
long long zwb_free_pages(void)
{
	static char text[UTIL_TEXT_MAX];
	char *line, *save;
	long long pages = 0;

	zwb_fold_vmstat();
	if (util_read_file("/proc/zoneinfo", text, sizeof(text)) <= 0)
		return -1;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " ");
		if (!strncmp(line, "pages free", 10))
			pages += atoll(line + 10);
		else if (!strncmp(line, "count:", 6))
			pages += atoll(line + 6);
	}
	return pages;
}

/* Pages that are one percent of memory, or skip the test because that is too much for one. */
bool zwb_need_one_percent(long long *pages)
{
	static char text[UTIL_TEXT_MAX];
	long long kilobytes = -1;

	if (util_read_file("/proc/meminfo", text, sizeof(text)) > 0)
		kilobytes = util_find_key(text, "MemTotal");
	*pages = kilobytes * 1024 / zwb_page_size / 100;
	if (kilobytes > UTIL_MEMORY_MAX_KB)
		zwb_skip("needs a machine with less memory");
	else if (kilobytes < 0)
		zwb_fail("reading /proc/meminfo");
	return kilobytes >= 0 && kilobytes <= UTIL_MEMORY_MAX_KB;
}

/* Entries in zswap; -1 before zswap was set up. */
long long zwb_stored(void)
{
	return zwb_read_number(ZWB_DEBUGFS "/stored_pages");
}

static void util_snap_disk(struct zwb_snap *snap)
{
	char path[ZWB_PATH_MAX], text[512];

	snap->disk_writes = 0;
	snap->disk_sectors = 0;
	if (!util_swap_disk[0])
		return;
	snprintf(path, sizeof(path), "/sys/class/block/%s/stat", util_swap_disk);
	if (util_read_file(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%*u %*u %*u %*u %lld %*u %lld", &snap->disk_writes,
		   &snap->disk_sectors) != 2)
		zwb_fail("reading %s", path);
}

/*
 * A counter of the system or of a node.  Its file stays open: there are dozens, and all of them are
 * read before and after each command.  One that is gone with its node may be back.
 */
static long long util_read_count(int node, int which)
{
	static int fds[1 + ZWB_MAX_NODES][ARRAY_SIZE(util_counts)];
	int *fd = &fds[1 + node][which], tries;
	char path[ZWB_PATH_MAX], text[64];
	ssize_t length;

	if (node == ZWB_GLOBAL)
		snprintf(path, sizeof(path), ZWB_SYSFS "/stats/%s", util_counts[which].name);
	else
		snprintf(path, sizeof(path), ZWB_SYSFS "/node%d/stats/%s", node,
			 util_counts[which].name);
	for (tries = 0; tries < 2; tries++) {
		if (*fd <= 0)
			*fd = open(path, O_RDONLY | O_CLOEXEC);
		length = pread(*fd, text, sizeof(text) - 1, 0);
		if (length > 0) {
			text[length] = '\0';
			return atoll(text);
		}
		if (*fd > 0)
			close(*fd);
		*fd = 0;
	}
	zwb_fail("reading %s", path);
	return -1;
}

/**
 * zwb_snap() - read every counter
 * @snap: where to
 */
void zwb_snap(struct zwb_snap *snap)
{
	int nodes[ZWB_MAX_NODES];
	int i, n, nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);

	memset(snap, 0, sizeof(*snap));
	snap->commands = zwb_read_number(ZWB_SYSFS "/stats/commands");
	if (snap->commands < 0)
		zwb_fail("reading " ZWB_SYSFS "/stats/commands");
	for (i = 0; i < (int)ARRAY_SIZE(util_counts); i++) {
		*util_count(&snap->total, util_counts[i].offset) =
			util_read_count(ZWB_GLOBAL, i);
		for (n = 0; n < nr_nodes; n++)
			*util_count(&snap->node[nodes[n]], util_counts[i].offset) =
				util_read_count(nodes[n], i);
	}
	if (util_vmstat_text(&snap->vm))
		zwb_fail("reading /proc/vmstat");
	util_snap_disk(snap);
	snap->stored = zwb_stored();
}

/**
 * zwb_since() - what every counter grew by
 * @delta: where to
 * @from: the counters before
 */
void zwb_since(struct zwb_snap *delta, const struct zwb_snap *from)
{
	const long long *before = (const long long *)from;
	long long *after = (long long *)delta;
	size_t i;

	zwb_snap(delta);
	for (i = 0; i < sizeof(*delta) / sizeof(*after); i++)
		after[i] -= before[i];
}

long long zwb_count_skipped(const struct zwb_counts *counts)
{
	return counts->skipped_young + counts->skipped_busy + counts->skipped_protected +
	       counts->skipped_gone;
}

/* What was written is on the disk until it is read back or freed. */
static void util_check_on_disk(const struct zwb_counts *counts, const char *when, int node)
{
	long long want = counts->written - counts->refaulted - counts->dropped -
			 counts->readback;

	if (counts->on_disk != want)
		zwb_fail("%s: node %d: on_disk is %lld, not %lld", when, node, counts->on_disk,
			 want);
}

/* @quiet: nobody reads or frees pages at the moment */
static void util_check_sums(struct zwb_snap *snap, const char *when, bool quiet)
{
	long long sum, total;
	size_t i;
	int n;

	sum = snap->total.written + snap->total.failed + zwb_count_skipped(&snap->total);
	if (snap->total.scanned != sum)
		zwb_fail("%s: scanned is %lld, but written, skipped and failed add up to %lld",
			 when, snap->total.scanned, sum);
	for (n = 0; n < ZWB_MAX_NODES; n++) {
		struct zwb_counts *counts = &snap->node[n];

		sum = counts->written + counts->failed + zwb_count_skipped(counts);
		if (counts->scanned != sum)
			zwb_fail("%s: node %d: scanned is %lld, its parts add up to %lld", when, n,
				 counts->scanned, sum);
	}
	for (n = 0; quiet && n < ZWB_MAX_NODES; n++)
		util_check_on_disk(&snap->node[n], when, n);
	if (quiet)
		util_check_on_disk(&snap->total, when, ZWB_GLOBAL);
	for (i = 0; i < ARRAY_SIZE(util_counts); i++) {
		if (!quiet && !util_counts[i].by_command)
			continue;
		total = *util_count(&snap->total, util_counts[i].offset);
		sum = 0;
		for (n = 0; n < ZWB_MAX_NODES; n++)
			sum += *util_count(&snap->node[n], util_counts[i].offset);
		if (total != sum)
			zwb_fail("%s: %s is %lld in total, the nodes add up to %lld", when,
				 util_counts[i].name, total, sum);
	}
}

/* A refused command changes no counter at all. */
bool zwb_check_unchanged(const struct zwb_snap *delta)
{
	static const struct zwb_counts none;
	bool same = true;
	int n;

	same &= zwb_zero(delta->commands);
	if (memcmp(&delta->total, &none, sizeof(none))) {
		zwb_fail("a counter below stats/ changed");
		same = false;
	}
	for (n = 0; n < ZWB_MAX_NODES; n++) {
		if (memcmp(&delta->node[n], &none, sizeof(none))) {
			zwb_fail("a counter below node%d/stats/ changed", n);
			same = false;
		}
	}
	same &= zwb_zero(delta->vm.zswpwb);
	same &= zwb_zero(delta->vm.zswpwb_proactive);
	same &= zwb_zero(delta->vm.zswpwb_refault);
	same &= zwb_zero(delta->vm.pswpout);
	same &= zwb_zero(delta->stored);
	return same;
}

/* --- nodes --- */

bool zwb_node_has_directory(int node)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), ZWB_SYSFS "/node%d", node);
	return !access(path, F_OK);
}

/**
 * zwb_nodes() - list the nodes that have a directory, in ascending order
 * @nodes: where to
 * @max: room
 *
 * Return: how many.
 */
int zwb_nodes(int *nodes, int max)
{
	bool present[ZWB_MAX_NODES] = { false };
	struct dirent *entry;
	int node, nr = 0;
	DIR *dir;

	dir = opendir(ZWB_SYSFS);
	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "node%d", &node) == 1 && node >= 0 &&
		    node < ZWB_MAX_NODES)
			present[node] = true;
	}
	if (dir)
		closedir(dir);
	for (node = 0; node < ZWB_MAX_NODES && nr < max; node++) {
		if (present[node])
			nodes[nr++] = node;
	}
	return nr;
}

/* Find two nodes, or skip the test. */
bool zwb_need_two_nodes(int *first, int *second)
{
	int nodes[2];

	if (zwb_nodes(nodes, 2) < 2) {
		zwb_skip("needs two NUMA nodes with memory");
		return false;
	}
	*first = nodes[0];
	*second = nodes[1];
	return true;
}

/* The first CPU of a node, or -1 */
int zwb_cpu_of_node(int node)
{
	char path[ZWB_PATH_MAX], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	file = fopen(path, "r");
	if (!file)
		return -1;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return text[0] >= '0' && text[0] <= '9' ? atoi(text) : -1;
}

/* --- commands --- */

const char *zwb_command_path(int node, char *path, size_t size)
{
	if (node == ZWB_GLOBAL)
		snprintf(path, size, ZWB_SYSFS "/proactive_writeback");
	else if (node == ZWB_READBACK)
		snprintf(path, size, ZWB_SYSFS "/proactive_readback");
	else
		snprintf(path, size, ZWB_SYSFS "/node%d/proactive_writeback", node);
	return path;
}

/**
 * zwb_write() - one open(2), one write(2)
 * @path: the file
 * @command: what to write
 * @length: length of @command
 *
 * Return: 0 if all was taken, -errno, or -EMSGSIZE if only a part was taken.
 */
int zwb_write(const char *path, const void *command, size_t length)
{
	ssize_t written;
	int fd, err;

	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	written = write(fd, command, length);
	err = -errno;
	close(fd);
	if (written < 0)
		return err;
	return written == (ssize_t)length ? 0 : -EMSGSIZE;
}

/**
 * zwb_run() - issue a command and say what it changed
 * @delta: what every counter grew by, may be NULL
 * @node: node whose file takes the command, or ZWB_GLOBAL
 * @fmt: the command
 *
 * What holds for every command is checked here: a page was written exactly if
 * it succeeded, it was counted exactly if it was accepted, its counters add up.
 *
 * Return: 0 or -errno, as write(2) returned it.
 */
int zwb_run(struct zwb_snap *delta, int node, const char *fmt, ...)
{
	char path[ZWB_PATH_MAX], command[512];
	struct zwb_snap before, changed;
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	zwb_command_path(node, path, sizeof(path));

	zwb_snap(&before);
	err = zwb_write(path, command, strlen(command));
	zwb_since(&changed, &before);

	switch (err) {
	case 0:
	case -EAGAIN:
	case -EINTR:
		if (changed.commands != 1)
			zwb_fail("'%s': commands grew by %lld", command, changed.commands);
		if (!err && changed.total.written < 1)
			zwb_fail("'%s': succeeded, but no page was written", command);
		if (err == -EAGAIN && changed.total.written)
			zwb_fail("'%s': %lld pages were written, but it said -EAGAIN", command,
				 changed.total.written);
		util_check_sums(&changed, command, false);
		break;
	default:
		if (!zwb_check_unchanged(&changed))
			zwb_fail("'%s': was refused (%s), but left traces", command,
				 strerror(-err));
	}
	if (delta)
		*delta = changed;
	return err;
}

static void util_ignore_signal(int signal)
{
	(void)signal;
}

/*
 * Issue a command with allocations failing in this process, and only while it
 * is in write(2): what it needs besides is opened and faulted in before.
 */
static int util_write_without_memory(const char *path, const char *command)
{
	ssize_t length = strlen(command), written;
	int fd, switch_fd, err;

	if (mlockall(MCL_CURRENT))
		return -errno;
	switch_fd = open(UTIL_ALLOC_SWITCH, O_WRONLY);
	if (switch_fd < 0)
		return -errno;
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(switch_fd, "1", 1) != 1)
		return -errno;
	written = write(fd, command, length);
	err = written < 0 ? -errno : 0;
	if (write(switch_fd, "0", 1) != 1)
		return -errno;
	close(fd);
	close(switch_fd);
	return err || written == length ? err : -EMSGSIZE;
}

/**
 * zwb_start() - make a process that will issue a command
 * @async: the process
 * @node: node whose file takes the command, or ZWB_GLOBAL
 * @sa_flags: flags of the process's handler for SIGUSR1, say SA_RESTART
 * @fmt: the command
 *
 * The command is issued at zwb_go(), its result comes from zwb_wait().
 */
bool zwb_start(struct zwb_async *async, int node, int sa_flags, const char *fmt, ...)
{
	struct sigaction action = { .sa_handler = util_ignore_signal, .sa_flags = sa_flags };
	char path[ZWB_PATH_MAX], command[512];
	int go[2], result[2], err;
	va_list args;
	char byte;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	zwb_command_path(node, path, sizeof(path));

	if (pipe(go)) {
		zwb_fail("command: pipe: %s", strerror(errno));
		return false;
	}
	if (pipe(result)) {
		zwb_fail("command: pipe: %s", strerror(errno));
		close(go[0]);
		close(go[1]);
		return false;
	}
	async->pid = fork();
	if (!async->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGUSR1, &action, NULL);
		close(go[1]);
		close(result[0]);
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		if (util_alloc_errors_on)
			err = util_write_without_memory(path, command);
		else
			err = zwb_write(path, command, strlen(command));
		_exit(write(result[1], &err, sizeof(err)) != sizeof(err));
	}
	close(go[0]);
	close(result[1]);
	async->go = go[1];
	async->result = result[0];
	if (async->pid < 0) {
		zwb_fail("command: fork: %s", strerror(errno));
		close(async->go);
		close(async->result);
		return false;
	}
	return true;
}

/* Move the process that will issue a command to another cgroup, which it leaves with its end. */
bool zwb_async_move(const struct zwb_async *async, const char *cgroup)
{
	int err = cg_enter(cgroup, async->pid);

	if (err)
		zwb_fail("moving command %d to %s: %s", async->pid, cgroup, strerror(-err));
	return !err;
}

void zwb_go(const struct zwb_async *async)
{
	if (write(async->go, "", 1) != 1)
		zwb_fail("command: the process that was to issue it died");
}

/* Does a command wait at the moment: for a device, for another command, for its rate? */
bool zwb_async_waits(const struct zwb_async *async)
{
	char path[64], where[128];

	snprintf(path, sizeof(path), "/proc/%d/wchan", async->pid);
	return util_read_file(path, where, sizeof(where)) > 0 &&
	       !strncmp(where, "zswap_wb_", strlen("zswap_wb_"));
}

/* Is a command at its end, or within so many milliseconds? Its result is still zwb_wait()'s. */
bool zwb_async_done(const struct zwb_async *async, int milliseconds)
{
	struct pollfd done = { .fd = async->result, .events = POLLIN };

	return poll(&done, 1, milliseconds) > 0;
}

/* Wait until a command waits: it has nothing to do until somebody else has done something. */
bool zwb_wait_until_it_waits(const struct zwb_async *async, int milliseconds)
{
	long long deadline = zwb_now() + milliseconds * ZWB_NS_PER_MS;

	do {
		zwb_pause();
		if (zwb_async_waits(async))
			return true;
	} while (zwb_now() < deadline);
	zwb_fail("the command does not wait");
	return false;
}

/**
 * zwb_wait() - wait for a command of another process and for that process's end
 * @async: the process
 *
 * Return: 0 or -errno, as write(2) returned it; -ESRCH if the process was
 * killed and -ETIMEDOUT, a failure, if the command did not come back.
 */
int zwb_wait(struct zwb_async *async)
{
	struct pollfd poll_fd = { .fd = async->result, .events = POLLIN };
	int err = -ESRCH;

	if (poll(&poll_fd, 1, UTIL_COMMAND_MS) < 1) {
		zwb_fail("command: did not come back within %d s", UTIL_COMMAND_MS / 1000);
		kill(async->pid, SIGKILL);
		close(async->go);
		close(async->result);
		return -ETIMEDOUT;
	}
	if (read(async->result, &err, sizeof(err)) != sizeof(err))
		err = -ESRCH;
	close(async->go);
	close(async->result);
	waitpid(async->pid, NULL, 0);
	return err;
}

/**
 * zwb_wait_for_writeback() - wait until a command of another process writes
 * @before: zswpwb before the command was issued
 *
 * Return: false, with a failure recorded, if nothing was written for a while.
 */
bool zwb_wait_for_writeback(long long before)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	/* no pause: the command may need only milliseconds */
	while (zwb_vmstat_key("zswpwb") <= before) {
		if (zwb_now() > deadline) {
			zwb_fail("command: wrote nothing for %d s", ZWB_WAIT_MS / 1000);
			return false;
		}
	}
	return true;
}

/**
 * zwb_wait_for_what_is_left() - wait until what a command may have let go of is counted
 * @signalled: when it was sent the signal that has ended it
 *
 * A command that ends earlier than its patience does has let go of nothing: all is counted.
 * Otherwise something may land later.
 */
void zwb_wait_for_what_is_left(long long signalled)
{
	const struct timespec quiet = { .tv_nsec = UTIL_QUIET_MS * ZWB_NS_PER_MS };
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	struct zwb_snap before, now;

	if (zwb_now() - signalled < UTIL_PATIENCE_MS * ZWB_NS_PER_MS)
		return;
	while (zwb_disk_writes_in_flight(util_swap_disk) > 0 && zwb_now() < deadline)
		zwb_pause();
	zwb_snap(&now);
	do {
		before = now;
		nanosleep(&quiet, NULL);
		zwb_snap(&now);
	} while (memcmp(&before, &now, sizeof(now)) && zwb_now() < deadline);
}

/* --- commands through debugfs --- */

/* the lines of an answer, in their order */
static const struct {
	const char *key;
	size_t offset;
} util_answer_lines[] = {
	{ "status", offsetof(struct zwb_answer, status) },
	{ "scanned", offsetof(struct zwb_answer, scanned) },
	{ "written", offsetof(struct zwb_answer, written) },
	{ "released_bytes", offsetof(struct zwb_answer, released_bytes) },
	{ "skipped_young", offsetof(struct zwb_answer, skipped_young) },
	{ "skipped_busy", offsetof(struct zwb_answer, skipped_busy) },
	{ "skipped_protected", offsetof(struct zwb_answer, skipped_protected) },
	{ "skipped_gone", offsetof(struct zwb_answer, skipped_gone) },
	{ "failed", offsetof(struct zwb_answer, failed) },
	{ "coldest_left", offsetof(struct zwb_answer, coldest_left) },
	{ "elapsed_us", offsetof(struct zwb_answer, elapsed_us) },
};

static long long *util_answer_value(const struct zwb_answer *answer, size_t line)
{
	return (long long *)((char *)answer + util_answer_lines[line].offset);
}

/* Does zswap store a page that does not get smaller, instead of leaving it to the disk? */
bool zwb_has_incompressible(void)
{
	return !access(ZWB_DEBUGFS "/stored_incompressible_pages", F_OK);
}

bool zwb_need_incompressible(void)
{
	if (zwb_has_incompressible())
		return true;
	zwb_skip("needs a zswap that stores incompressible pages");
	return false;
}

/* Is a command refused because zswap has no incompressible pages? */
bool zwb_is_refused(const char *command)
{
	return !zwb_has_incompressible() && strstr(command, "type=incompressible");
}

/* How many of so many pages of ZWB_NOISE are incompressible pages in zswap */
long long zwb_incompressible(long long pages)
{
	return zwb_has_incompressible() ? pages : 0;
}

/* What each page of ZWB_NOISE takes in zswap: if it is not a page, then more than this */
long long zwb_noise_bytes(void)
{
	return zwb_has_incompressible() ? zwb_page_size : zwb_page_size * 15 / 16;
}

bool zwb_need_compressed(void)
{
	if (!access(ZWB_COMPRESSED, W_OK))
		return true;
	zwb_skip("needs " ZWB_COMPRESSED);
	return false;
}

bool zwb_need_readback(void)
{
	if (!access(ZWB_SYSFS "/proactive_readback", W_OK))
		return true;
	zwb_skip("needs " ZWB_SYSFS "/proactive_readback");
	return false;
}

/**
 * zwb_readback() - issue a command that brings pages back, and is accepted
 * @delta: what the counters grew by
 * @fmt: the command
 *
 * Return: 0, or -EAGAIN if there was no page to bring back.
 */
int zwb_readback(struct zwb_snap *delta, const char *fmt, ...)
{
	char path[ZWB_PATH_MAX], command[256];
	struct zwb_snap before;
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	zwb_snap(&before);
	err = zwb_write(zwb_command_path(ZWB_READBACK, path, sizeof(path)), command,
			strlen(command));
	zwb_since(delta, &before);
	zwb_equal(delta->commands, 1);
	zwb_equal(delta->stored, delta->total.readback);
	zwb_equal(delta->total.on_disk, -delta->total.readback);
	zwb_zero(delta->total.scanned);
	zwb_zero(delta->total.refaulted);
	zwb_zero(delta->total.dropped);
	zwb_equal(err, delta->total.readback ? 0 : -EAGAIN);
	return err;
}

bool zwb_need_answers(void)
{
	if (!access(ZWB_ANSWER_FILE, F_OK))
		return true;
	zwb_skip("needs CONFIG_ZSWAP_WB_DEBUGFS");
	return false;
}

/**
 * zwb_read_answer() - read the answer of an open file
 * @fd: where the command was written to
 * @answer: result; each key must be there once, in order, and nothing else
 *
 * Return: whether it was such an answer.
 */
bool zwb_read_answer(int fd, struct zwb_answer *answer)
{
	char text[1024], *line = text, *next;
	ssize_t length;
	size_t i;

	length = read(fd, text, sizeof(text) - 1);
	if (length <= 0) {
		zwb_fail("reading the answer gave %zd", length);
		return false;
	}
	text[length] = '\0';
	for (i = 0; i < ARRAY_SIZE(util_answer_lines); i++, line = next + 1) {
		size_t key = strlen(util_answer_lines[i].key);

		next = strchr(line, '\n');
		if (!next || strncmp(line, util_answer_lines[i].key, key) || line[key] != ' ') {
			zwb_fail("line %zu of the answer is not '%s N': %s", i,
				 util_answer_lines[i].key, line);
			return false;
		}
		*util_answer_value(answer, i) = strtoll(line + key, NULL, 10);
	}
	if (*line) {
		zwb_fail("the answer has more than it should: %s", line);
		return false;
	}
	return true;
}

/* As zwb_ask(). */
static int util_ask(struct zwb_answer *answer, const char *command)
{
	ssize_t written;
	int fd, err;

	memset(answer, 0, sizeof(*answer));
	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	if (fd < 0) {
		err = -errno;
		zwb_fail("open " ZWB_ANSWER_FILE ": %s", strerror(errno));
		return err;
	}
	written = write(fd, command, strlen(command));
	err = written < 0 ? -errno : 0;
	if (!zwb_read_answer(fd, answer))
		zwb_fail("no good answer to '%s'", command);
	close(fd);
	if (answer->status != err)
		zwb_fail("'%s': write(2) said %d, the answer %lld", command, err, answer->status);
	zwb_equal(answer->scanned, answer->written + answer->skipped_young + answer->skipped_busy +
		  answer->skipped_protected + answer->skipped_gone + answer->failed);
	return err;
}

/**
 * zwb_ask() - issue a command through debugfs, and read its answer
 * @answer: where to
 * @fmt: the command
 *
 * Return: 0 or -errno, as write(2) returned it.
 */
int zwb_ask(struct zwb_answer *answer, const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return util_ask(answer, command);
}

/* Read a load back; so many of its pages must come from the disk, and so many from zswap. */
bool zwb_expect_read(struct zwb_load *load, long long want_disk, long long want_zswap)
{
	long long disk, zswap;

	return zwb_load_where(load, &disk, &zswap) && zwb_equal(disk, want_disk) &&
	       zwb_equal(zswap, want_zswap);
}

/* A file must have these permission bits, and belong to root. */
void zwb_check_mode(const char *path, mode_t mode)
{
	struct stat status;

	if (stat(path, &status))
		zwb_fail("stat %s: %s", path, strerror(errno));
	else if ((status.st_mode & 07777) != mode || status.st_uid || status.st_gid)
		zwb_fail("%s: mode %04o, owner %u:%u, not %04o, owner 0:0", path,
			 status.st_mode & 07777, status.st_uid, status.st_gid, mode);
}

/* fork(2), with a child that is killed when its parent ends; -1 with a failure recorded. */
pid_t zwb_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		zwb_fail("fork: %s", strerror(errno));
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Keep a process, 0 for this one, on one CPU. */
bool zwb_run_on_cpu(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (!sched_setaffinity(pid, sizeof(set), &set))
		return true;
	zwb_fail("sched_setaffinity to CPU %d: %s", cpu, strerror(errno));
	return false;
}

bool zwb_need_two_cpus(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		return true;
	zwb_skip("needs two CPUs");
	return false;
}

bool zwb_need_cpu_hotplug(void)
{
	if (!access(ZWB_CPU_ONLINE, W_OK))
		return true;
	zwb_skip("needs a CPU that can go offline (CONFIG_HOTPLUG_CPU)");
	return false;
}

bool zwb_need_suspend(void)
{
	if (!access(UTIL_PM_TEST, W_OK) && !access(UTIL_PM_DELAY, W_OK))
		return true;
	zwb_skip("needs CONFIG_SUSPEND and CONFIG_PM_DEBUG");
	return false;
}

/**
 * zwb_suspend() - have the system go to sleep as far as a level, and come back by itself
 * @level: of /sys/power/pm_test, say freezer
 * @seconds: how long it stays there
 * @took_ms: how long that took on the clock that stands still in real sleep
 *
 * Return: 0 or -errno, as the system said.
 */
int zwb_suspend(const char *level, int seconds, long long *took_ms)
{
	long long start = zwb_now();
	char delay[16];
	int err = -EIO;

	snprintf(delay, sizeof(delay), "%d", seconds);
	if (zwb_write_string(UTIL_PM_TEST, level) && zwb_write_string(UTIL_PM_DELAY, delay))
		err = zwb_write(UTIL_PM_STATE, "mem", strlen("mem"));
	*took_ms = (zwb_now() - start) / ZWB_NS_PER_MS;
	zwb_write_string(UTIL_PM_DELAY, "5");
	zwb_write_string(UTIL_PM_TEST, "none");
	return err;
}

/* Objects in use, or -1 if nothing tells; what CPUs keep for themselves is given back first. */
long long zwb_slot_objects(void)
{
	long long active = -1, found;
	char line[512], name[128];
	FILE *file;

	if (!access(UTIL_SLOTS_DIR "/shrink", W_OK))
		zwb_write(UTIL_SLOTS_DIR "/shrink", "1", 1);
	file = fopen("/proc/slabinfo", "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %lld", name, &found) == 2 &&
		    !strcmp(name, UTIL_SLOTS_CACHE))
			active = found;
	}
	if (file)
		fclose(file);
	return active;
}

bool zwb_need_slot_objects(void)
{
	if (zwb_slot_objects() >= 0 && !access(UTIL_SLOTS_DIR, F_OK))
		return true;
	zwb_skip("needs a kernel that was booted with slab_nomerge");
	return false;
}

/* They are freed some time after the last slot. */
bool zwb_slot_objects_come_to(long long want)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	while (zwb_slot_objects() > want && zwb_now() < deadline)
		zwb_pause();
	return zwb_between(zwb_slot_objects(), 0, want);
}

/* Write all that is in zswap, which must be so many pages. */
bool zwb_write_all(long long want)
{
	struct zwb_snap delta;

	return zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0")) &&
	       zwb_equal(delta.total.written, want);
}

/* Write so many pages, of more that are in zswap. */
bool zwb_write_pages(long long nr)
{
	struct zwb_snap delta;

	return zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", nr * zwb_page_size)) &&
	       zwb_equal(delta.total.written, nr) && zwb_equal(delta.stored, -nr);
}

/* Whether two answers agree in every line but that of the time it took. */
bool zwb_answer_same(const struct zwb_answer *got, const struct zwb_answer *want)
{
	bool same = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(util_answer_lines); i++) {
		long long got_value = *util_answer_value(got, i);
		long long want_value = *util_answer_value(want, i);

		if (got_value == want_value ||
		    util_answer_lines[i].offset == offsetof(struct zwb_answer, elapsed_us))
			continue;
		zwb_fail("%s is %lld in one answer and %lld in another",
			 util_answer_lines[i].key, want_value, got_value);
		same = false;
	}
	return same;
}

/* --- the tracepoints --- */

bool zwb_need_trace(void)
{
	struct stat status;

	if (access(ZWB_TRACEFS "/instances", F_OK) &&
	    mount("tracefs", ZWB_TRACEFS, "tracefs", 0, NULL)) {
		zwb_skip("needs tracefs (CONFIG_FTRACE, CONFIG_ENABLE_DEFAULT_TRACERS)");
		return false;
	}
	if (stat(ZWB_TRACEFS "/events/zswap_wb", &status)) {
		zwb_fail(ZWB_TRACEFS "/events/zswap_wb: %s", strerror(errno));
		return false;
	}
	return true;
}

void zwb_trace_stop(void)
{
	/* a test that was interrupted leaves its instance */
	if (!access(ZWB_TRACE_DIR, F_OK)) {
		zwb_write_string(ZWB_TRACE_DIR "/events/zswap_wb/enable", "0");
		if (rmdir(ZWB_TRACE_DIR))
			zwb_fail("rmdir " ZWB_TRACE_DIR ": %s", strerror(errno));
	}
}

/**
 * zwb_trace_start() - trace into a buffer of our own, which nobody else's settings touch
 * @events: below events/ in tracefs
 */
bool zwb_trace_start(const char *events)
{
	char path[ZWB_PATH_MAX];

	if (!zwb_need_trace())
		return false;
	zwb_trace_stop();
	if (mkdir(ZWB_TRACE_DIR, 0700)) {
		zwb_fail("mkdir " ZWB_TRACE_DIR ": %s", strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), ZWB_TRACE_DIR "/events/%s/enable", events);
	return zwb_write_string(ZWB_TRACE_DIR "/buffer_size_kb", "4096") &&
	       zwb_write_string(path, "1");
}

/* Forget what was traced so far. */
bool zwb_trace_clear(void)
{
	int fd = open(ZWB_TRACE_DIR "/trace", O_WRONLY | O_TRUNC);

	if (fd < 0) {
		zwb_fail("open " ZWB_TRACE_DIR "/trace: %s", strerror(errno));
		return false;
	}
	close(fd);
	return true;
}

bool zwb_need_watch(void)
{
	return zwb_need_answers() && zwb_need_trace();
}

/* What the command looked at that has ended since zwb_trace_clear(), or -1. */
static long long util_read_looked(void)
{
	const char *end, *field;
	char text[8192];
	int nr = 0;

	if (util_read_file(ZWB_TRACE_DIR "/trace", text, sizeof(text)) < 0) {
		zwb_fail("reading " ZWB_TRACE_DIR "/trace");
		return -1;
	}
	for (end = strstr(text, UTIL_TRACE_END); end; end = strstr(end + 1, UTIL_TRACE_END))
		nr++;
	field = strstr(text, " looked=");
	if (nr == 1 && field)
		return atoll(field + strlen(" looked="));
	zwb_fail("the trace has the end of %d commands", nr);
	return -1;
}

/**
 * zwb_watch() - issue a command as zwb_ask() does, and find out all there is to know of it
 * @watch: where to
 * @fmt: the command, which must not be refused
 *
 * What zwb_run() checks is checked here, too.
 *
 * Return: 0 or -errno, as write(2) returned it.
 */
int zwb_watch(struct zwb_watch *watch, const char *fmt, ...)
{
	struct zwb_snap before;
	char command[512];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);

	memset(watch, 0, sizeof(*watch));
	if (!util_watching)
		util_watching = zwb_trace_start("zswap_wb/zswap_wb_end");
	if (!util_watching || !zwb_trace_clear())
		return -ENODEV;
	zwb_snap(&before);
	err = util_ask(&watch->answer, command);
	zwb_since(&watch->delta, &before);
	watch->looked = util_read_looked();

	if (watch->delta.commands != 1)
		zwb_fail("'%s': commands grew by %lld", command, watch->delta.commands);
	if (err != (watch->answer.written ? 0 : -EAGAIN))
		zwb_fail("'%s': wrote %lld pages and said %d", command, watch->answer.written,
			 err);
	zwb_equal(watch->answer.written, watch->delta.total.written);
	zwb_equal(watch->answer.scanned, watch->delta.total.scanned);
	zwb_equal(watch->answer.skipped_young, watch->delta.total.skipped_young);
	util_check_sums(&watch->delta, command, false);
	return err;
}

/* --- cgroups --- */

const char *zwb_cgroup_root(void)
{
	return util_cgroup_root;
}

/**
 * zwb_cgroup_bare() - create a cgroup, whatever controllers its parent hands on
 * @parent: path of the parent
 * @name: its name
 * @path: its path
 * @size: room for its path
 *
 * It is removed at the end of the test.
 */
bool zwb_cgroup_bare(const char *parent, const char *name, char *path, size_t size)
{
	if (util_nr_cgroups == UTIL_MAX_CGROUPS) {
		zwb_fail("more than %d cgroups in one test", UTIL_MAX_CGROUPS);
		return false;
	}
	snprintf(path, size, "%s/%s", parent, name);
	if (cg_create(path)) {
		zwb_fail("creating cgroup %s: %s", path, strerror(errno));
		return false;
	}
	snprintf(util_cgroups[util_nr_cgroups++], ZWB_PATH_MAX, "%s", path);
	return true;
}

/**
 * zwb_cgroup() - create a cgroup with the memory controller
 * @parent: path of the parent, or NULL for the root
 * @name: its name
 *
 * It is removed at the end of the test.  A parent other than the root hands on
 * the memory controller from now on, and may have no process of its own.
 *
 * Return: its path, or NULL with a failure recorded.
 */
const char *zwb_cgroup(const char *parent, const char *name)
{
	char path[ZWB_PATH_MAX], own[128];

	snprintf(own, sizeof(own), "zwb_%s", name);
	if (parent && !zwb_cgroup_set(parent, "cgroup.subtree_control", "+memory"))
		return NULL;
	if (!zwb_cgroup_bare(parent ? parent : util_cgroup_root, own, path, sizeof(path)))
		return NULL;
	return util_cgroups[util_nr_cgroups - 1];
}

bool zwb_cgroup_set(const char *cgroup, const char *file, const char *value)
{
	char path[ZWB_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	return zwb_write_string(path, value);
}

bool zwb_cgroup_set_number(const char *cgroup, const char *file, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return zwb_cgroup_set(cgroup, file, text);
}

/* Remove a cgroup now rather than at the end of the test; it must have no process. */
bool zwb_cgroup_remove(const char *cgroup)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	while (rmdir(cgroup)) {
		if (errno != EBUSY || zwb_now() > deadline) {
			zwb_fail("removing cgroup %s: %s", cgroup, strerror(errno));
			return false;
		}
		zwb_pause();
	}
	return true;
}

/**
 * zwb_cgroup_inherits() - wait until a cgroup has the entries of children that were removed
 * @cgroup: the cgroup
 * @pages: entries of its own then, and of none of the children that it still has
 *
 * The kernel moves them up in its own time, some of it after the removal.
 */
bool zwb_cgroup_inherits(const char *cgroup, long long pages)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	struct zwb_snap delta;

	do {
		zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu descend=0 age=1d",
				  zwb_cgroup_id(cgroup)), -EAGAIN);
		if (delta.total.skipped_young == pages)
			return true;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_fail("%lld of %lld entries have come to %s", delta.total.skipped_young, pages, cgroup);
	return false;
}

/* Whose memory this process touches from now on: that of a cgroup, or of the root if NULL. */
bool zwb_cgroup_enter(const char *cgroup)
{
	int err = cg_enter_current(cgroup ? cgroup : util_cgroup_root);

	if (err)
		zwb_fail("entering %s: %s", cgroup ? cgroup : util_cgroup_root, strerror(-err));
	return !err;
}

/* The id is the inode number of the directory; 0 with a failure recorded. */
unsigned long long zwb_cgroup_id(const char *cgroup)
{
	struct stat status;

	if (stat(cgroup, &status)) {
		zwb_fail("stat %s: %s", cgroup, strerror(errno));
		return 0;
	}
	return status.st_ino;
}

long long zwb_cgroup_number(const char *cgroup, const char *file)
{
	char path[ZWB_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	return zwb_read_number(path);
}

/* A line of memory.stat, memory.events and the like; -1 if there is none. */
long long zwb_cgroup_key(const char *cgroup, const char *file, const char *key)
{
	static char text[UTIL_TEXT_MAX];
	char path[ZWB_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	if (util_read_file(path, text, sizeof(text)) <= 0)
		return -1;
	return util_find_key(text, key);
}

/**
 * zwb_memory_stat_is() - compare a line of memory.stat with what it must be
 * @cgroup: the cgroup
 * @key: the line
 * @want: the value
 *
 * memory.stat may be some updates behind for up to two seconds: poll it.
 */
bool zwb_memory_stat_is(const char *cgroup, const char *key, long long want)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long got;

	do {
		got = zwb_cgroup_key(cgroup, "memory.stat", key);
		if (got == want)
			return true;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_fail("%s: %s in memory.stat is %lld, not %lld", cgroup, key, got, want);
	return false;
}

/*
 * Have pages reclaimed, not those of files; reclaim may well find none that is idle. Where
 * swappiness cannot be "max", which spares all pages of files, it is as high as it can be.
 */
void zwb_reclaim(const char *cgroup, long long pages)
{
	const long long bytes = pages * zwb_page_size;
	char path[ZWB_PATH_MAX + 32], text[64];

	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup);
	snprintf(text, sizeof(text), "%lld swappiness=max", bytes);
	if (zwb_write(path, text, strlen(text)) != -EINVAL)
		return;
	snprintf(text, sizeof(text), "%lld swappiness=200", bytes);
	zwb_write(path, text, strlen(text));
}

static void util_remove_cgroups(void)
{
	while (util_nr_cgroups) {
		const char *cgroup = util_cgroups[--util_nr_cgroups];

		if (cg_destroy(cgroup))
			zwb_fail("removing cgroup %s: %s", cgroup, strerror(errno));
	}
}

/* --- the shrinker --- */

static bool util_find_shrinker(char *dir, size_t size)
{
	struct dirent *entry;
	bool found = false;
	DIR *dirs;

	dirs = opendir(UTIL_SHRINKER_DIR);
	if (!dirs)
		return false;
	while (!found && (entry = readdir(dirs))) {
		if (!strncmp(entry->d_name, "mm-zswap-", 9)) {
			snprintf(dir, size, UTIL_SHRINKER_DIR "/%s", entry->d_name);
			found = true;
		}
	}
	closedir(dirs);
	return found;
}

bool zwb_need_shrinker_debugfs(void)
{
	char dir[ZWB_PATH_MAX];

	if (util_find_shrinker(dir, sizeof(dir)))
		return true;
	zwb_skip("needs CONFIG_SHRINKER_DEBUG");
	return false;
}

/**
 * zwb_shrinker_scan() - let the zswap shrinker visit entries
 * @cgroup: whose
 * @node: on which node
 * @entries: how many
 *
 * An entry that was not visited since it was stored gets its second chance: the
 * shrinker moves it to the end of its list.  Other entries are written back.
 */
bool zwb_shrinker_scan(const char *cgroup, int node, long long entries)
{
	char dir[ZWB_PATH_MAX], path[ZWB_PATH_MAX + 8], command[128];
	bool good;

	if (!util_find_shrinker(dir, sizeof(dir))) {
		zwb_fail("the zswap shrinker is gone from debugfs");
		return false;
	}
	snprintf(path, sizeof(path), "%s/scan", dir);
	snprintf(command, sizeof(command), "%llu %d %lld", zwb_cgroup_id(cgroup), node, entries);
	good = zwb_param_set("shrinker_enabled", "Y") && zwb_write_string(path, command);
	return zwb_param_set("shrinker_enabled", "N") && good;
}

/**
 * zwb_shrinker_count() - what the zswap shrinker says it could free
 * @cgroup: of whom
 * @node: on which node
 *
 * Takes note of, and forgets, the cgroup's recent reads from disk, and is
 * scaled by the ratio of compression: it is the number of entries only where
 * nothing was read from disk and nothing compresses.
 *
 * Return: the number, 0 if the shrinker does not mention the cgroup, -1 if it
 * cannot be read.
 */
long long zwb_shrinker_count(const char *cgroup, int node)
{
	static char text[UTIL_TEXT_MAX];
	char dir[ZWB_PATH_MAX], path[ZWB_PATH_MAX + 8], id[32];
	char *line, *number, *save, *save_line;
	long long count = 0;
	ssize_t length;
	int i;

	if (!util_find_shrinker(dir, sizeof(dir)))
		return -1;
	snprintf(path, sizeof(path), "%s/count", dir);
	snprintf(id, sizeof(id), "%llu", zwb_cgroup_id(cgroup));
	if (!zwb_param_set("shrinker_enabled", "Y"))
		return -1;
	length = util_read_file(path, text, sizeof(text));
	if (!zwb_param_set("shrinker_enabled", "N") || length < 0)
		return -1;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		number = strtok_r(line, " ", &save_line);
		if (!number || strcmp(number, id))
			continue;
		for (i = 0; number && i <= node; i++)
			number = strtok_r(NULL, " ", &save_line);
		count = number ? atoll(number) : 0;
	}
	return count;
}

/* --- swap devices --- */

/* The ordinary swap disk, whether it is on or not. */
const char *zwb_swap_path(void)
{
	return util_swap_path;
}

/**
 * zwb_swap_disk() - switch swapping to the swap disk on or off
 * @on: whether to
 *
 * What is on the disk, or in zswap on its behalf, comes back to memory when it
 * is switched off.  It is switched on again at the end of the test.
 */
bool zwb_swap_disk(bool on)
{
	int err = on ? swapon(util_swap_path, 0) : swapoff(util_swap_path);

	if (err) {
		zwb_fail("%s %s: %s", on ? "swapon" : "swapoff", util_swap_path, strerror(errno));
		return false;
	}
	util_swap_is_off = !on;
	return true;
}

/* Switch it on, if it is off. */
bool zwb_swap_disk_back(void)
{
	return !util_swap_is_off || zwb_swap_disk(true);
}

/*
 * What a test calls last that has had pages of others reclaimed: they come back
 * to memory, where the next test expects them to be, after the loads have ended.
 */
void zwb_swap_empty(void)
{
	zwb_loads_verify();
	zwb_loads_stop();
	if (zwb_swap_disk(false))
		zwb_swap_disk(true);
}

bool zwb_need_small_swap(void)
{
	if (!access(UTIL_LOOP_CONTROL, W_OK))
		return true;
	zwb_skip("needs CONFIG_BLK_DEV_LOOP");
	return false;
}

/**
 * zwb_make_swap() - what mkswap(8) writes: the header of version 1, and the signature
 * @path: a device, or a file that is as large as it has to be
 * @pages: its size, the page of the header not counted
 */
bool zwb_make_swap(const char *path, long long pages)
{
	static char page[65536];
	const unsigned int header[] = { 1, pages, 0 };
	static const char signature[] = "SWAPSPACE2";
	const size_t length = sizeof(signature) - 1;
	int fd = open(path, O_RDWR);
	bool good;

	/* the whole page: what a new device has there need not be zeroes */
	memcpy(page + 1024, header, sizeof(header));
	memcpy(page + zwb_page_size - length, signature, length);
	good = fd >= 0 && pwrite(fd, page, zwb_page_size, 0) == zwb_page_size && !fsync(fd);
	if (!good)
		zwb_fail("making swap of %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

/**
 * zwb_swap_only_to() - swap to what the test has made, and to nothing else
 * @path: a device or file with the header of zwb_make_swap()
 * @flags: further flags of swapon(2)
 *
 * What is in zswap for the swap disk comes back to memory.  zwb_swap_own_off() must be
 * called before the test is over, also if this fails: the runner does not know what
 * is below @path.
 */
bool zwb_swap_only_to(const char *path, int flags)
{
	if (swapon(path, SWAP_FLAG_PREFER | UTIL_OWN_PRIORITY | flags)) {
		zwb_fail("swapon %s: %s", path, strerror(errno));
		return false;
	}
	snprintf(util_own_path, sizeof(util_own_path), "%s", path);
	return util_swap_is_off || zwb_swap_disk(false);
}

/* What the runner does with loads at the end of a test, and then without what they are in. */
bool zwb_swap_own_off(void)
{
	bool good = zwb_loads_verify();

	zwb_loads_stop();
	if (util_own_path[0] && swapoff(util_own_path)) {
		zwb_fail("swapoff %s: %s", util_own_path, strerror(errno));
		good = false;
	}
	util_own_path[0] = '\0';
	return good;
}

/**
 * zwb_loop_attach() - make a loop device over a file: the first that is free
 * @file: the file
 * @path: result: the device
 * @size: room for it
 *
 * Return: the open device, for zwb_loop_detach(), or -1 with errno set.
 */
int zwb_loop_attach(int file, char *path, size_t size)
{
	int control, number, loop, err;

	control = open(UTIL_LOOP_CONTROL, O_RDWR);
	if (control < 0)
		return -1;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	err = errno;
	close(control);
	errno = err;
	if (number < 0)
		return -1;
	snprintf(path, size, "/dev/loop%d", number);
	loop = open(path, O_RDWR);
	if (loop < 0 || !ioctl(loop, LOOP_SET_FD, file))
		return loop;
	err = errno;
	close(loop);
	errno = err;
	return -1;
}

void zwb_loop_detach(int loop)
{
	ioctl(loop, LOOP_CLR_FD);
	close(loop);
}

/* Returns the step that failed with errno set, or NULL. */
static const char *util_make_loop(long long pages)
{
	util_loop_file = memfd_create("zswap_wb_swap", MFD_ALLOW_SEALING);
	if (util_loop_file < 0)
		return "memfd_create";
	if (ftruncate(util_loop_file, (pages + 1) * zwb_page_size))
		return "making a file";
	util_loop_fd = zwb_loop_attach(util_loop_file, util_loop_path, sizeof(util_loop_path));
	if (util_loop_fd < 0)
		return "making a loop device";
	return zwb_make_swap(util_loop_path, pages) ? NULL : "making swap";
}

static bool util_loop_on(void)
{
	util_loop_is_on = !swapon(util_loop_path, SWAP_FLAG_PREFER | UTIL_OWN_PRIORITY);
	return util_loop_is_on;
}

/*
 * Older kernels have slots ready for each CPU, and collect there those that were freed. There
 * is no file that tells; zswap of these kernels has no incompressible pages.
 */
static bool util_cpus_keep_slots(void)
{
	return !zwb_has_incompressible();
}

/**
 * zwb_small_swap_on() - swap to a small device first
 * @pages: its size
 *
 * A loop device over a file in memory.  It goes away at the end of the test.
 */
bool zwb_small_swap_on(long long pages)
{
	const char *failed = util_make_loop(pages);

	if (!failed && !util_loop_on())
		failed = "swapon";
	/* with swapoff the slots of other devices that are ready for each CPU go back */
	if (!failed && util_cpus_keep_slots() && (swapoff(util_loop_path) || !util_loop_on()))
		failed = "swapoff, and swapon again";
	if (failed) {
		zwb_fail("small swap device: %s: %s", failed, strerror(errno));
		zwb_small_swap_off();
		return false;
	}
	return true;
}

/*
 * Where CPUs keep slots, those that were freed keep their charge, and the device has not been
 * told yet: any swapoff ends that. Elsewhere nothing is to be waited for.
 */
bool zwb_swap_settle(void)
{
	if (!util_cpus_keep_slots() || access(UTIL_LOOP_CONTROL, W_OK))
		return true;
	return zwb_small_swap_on(UTIL_SETTLE_PAGES) && zwb_small_swap_off();
}

const char *zwb_small_swap_path(void)
{
	return util_loop_path;
}

/* From now on nothing can be written to the small device, but read from it. */
bool zwb_small_swap_seal(void)
{
	if (!fcntl(util_loop_file, F_ADD_SEALS, F_SEAL_WRITE))
		return true;
	zwb_fail("small swap device: F_ADD_SEALS: %s", strerror(errno));
	return false;
}

/* Read or write what the small device has in a slot, behind the kernel's back. */
bool zwb_small_swap_block(long long slot, void *page, bool write)
{
	off_t offset = slot * zwb_page_size;
	ssize_t done;

	if (write)
		done = pwrite(util_loop_file, page, zwb_page_size, offset);
	else
		done = pread(util_loop_file, page, zwb_page_size, offset);
	if (done == zwb_page_size)
		return true;
	zwb_fail("small swap device: slot %lld: %s", slot, strerror(errno));
	return false;
}

/* What blockdev --setro and --setrw do. */
bool zwb_small_swap_read_only(bool on)
{
	int value = on;

	if (!ioctl(util_loop_fd, BLKROSET, &value))
		return true;
	zwb_fail("small swap device: BLKROSET: %s", strerror(errno));
	return false;
}

/* What is on the small device comes back to memory. */
bool zwb_small_swap_off(void)
{
	bool good = true;

	if (util_loop_is_on && swapoff(util_loop_path)) {
		zwb_fail("swapoff %s: %s", util_loop_path, strerror(errno));
		good = false;
	}
	util_loop_is_on = false;
	if (util_loop_fd >= 0)
		zwb_loop_detach(util_loop_fd);
	util_loop_fd = -1;
	if (util_loop_file >= 0)
		close(util_loop_file);
	util_loop_file = -1;
	return good;
}

/**
 * zwb_load_slots() - find the slots of a load's pages
 * @load: the load, all of whose pages are in swap
 * @slots: one for each page, see ZWB_SLOT()
 */
bool zwb_load_slots(const struct zwb_load *load, unsigned long long *slots)
{
	ssize_t size = load->pages * sizeof(slots[0]), got;
	char path[ZWB_PATH_MAX];
	long long i;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", load->pid);
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		zwb_fail("open %s: %s", path, strerror(errno));
		return false;
	}
	got = pread(fd, slots, size, load->address / zwb_page_size * sizeof(slots[0]));
	close(fd);
	if (got != size) {
		zwb_fail("%s: read %zd of %zd bytes", path, got, size);
		return false;
	}
	for (i = 0; i < load->pages; i++) {
		if (!(slots[i] >> UTIL_PAGEMAP_SWAPPED & 1)) {
			zwb_fail("load %d: page %lld is not in swap", load->pid, i);
			return false;
		}
		slots[i] &= (1ULL << UTIL_PAGEMAP_SLOT_BITS) - 1;
	}
	return true;
}

/* How many pages of a load are on the device that its first one is on, or -1. */
long long zwb_load_on_first_device(const struct zwb_load *load)
{
	unsigned long long *slots = calloc(load->pages, sizeof(*slots));
	long long i, nr = -1;

	if (slots && zwb_load_slots(load, slots)) {
		for (i = nr = 0; i < load->pages; i++)
			nr += ZWB_SLOT_TYPE(slots[i]) == ZWB_SLOT_TYPE(slots[0]);
	}
	free(slots);
	return nr;
}

/* --- write errors --- */

static bool util_fault_set_in(const char *dir, const char *file, long long value)
{
	char path[ZWB_PATH_MAX], text[32];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	snprintf(text, sizeof(text), "%lld", value);
	return zwb_write_string(path, text);
}

static bool util_fault_set(const char *file, long long value)
{
	return util_fault_set_in(UTIL_FAULT_DIR, file, value);
}

static void util_fail_switch(char *path, size_t size)
{
	snprintf(path, size, "/sys/class/block/%s/make-it-fail", util_swap_disk);
}

bool zwb_need_write_errors(void)
{
	char path[ZWB_PATH_MAX];

	util_fail_switch(path, sizeof(path));
	if (!access(path, W_OK) && !access(UTIL_FAULT_DIR "/times", W_OK))
		return true;
	zwb_skip("needs CONFIG_FAIL_MAKE_REQUEST and CONFIG_FAULT_INJECTION_DEBUG_FS");
	return false;
}

/**
 * zwb_write_errors() - make requests to the swap disk fail
 * @times: how many of the next ones, -1 for all, 0 for none any more
 *
 * Reads fail too: switch it off before anything is read.
 */
bool zwb_write_errors(long long times)
{
	char path[ZWB_PATH_MAX];
	bool good;

	util_fail_switch(path, sizeof(path));
	if (!times) {
		util_write_errors_on = false;
		good = zwb_write_string(path, "0");
		return util_fault_set("probability", 0) && good;
	}
	util_write_errors_on = true;
	/* verbose prints call traces, which are no error here */
	return util_fault_set("verbose", 0) && util_fault_set("interval", 1) &&
	       util_fault_set("space", 0) && util_fault_set("times", times) &&
	       util_fault_set("probability", 100) && zwb_write_string(path, "1");
}

/* --- no memory --- */

bool zwb_need_alloc_errors(void)
{
	if (!access(UTIL_ALLOC_DIR "/times", W_OK) && !access(UTIL_ALLOC_SWITCH, W_OK))
		return true;
	zwb_skip("needs CONFIG_FAIL_PAGE_ALLOC and CONFIG_FAULT_INJECTION_DEBUG_FS");
	return false;
}

static bool util_alloc_set(const char *file, long long value)
{
	return util_fault_set_in(UTIL_ALLOC_DIR, file, value);
}

/**
 * zwb_alloc_errors() - make allocations of pages fail in the commands of zwb_start()
 * @space: how many pages they get before
 * @times: how many of the next allocations fail, -1 for all, 0 for none any more
 *
 * Nobody but the processes of zwb_start() is affected, and these only while
 * they are in write(2).
 */
bool zwb_alloc_errors(long long space, long long times)
{
	if (!times) {
		util_alloc_errors_on = false;
		return util_alloc_set("probability", 0);
	}
	/* first of all: nobody but the command */
	if (!zwb_write_string(UTIL_ALLOC_DIR "/task-filter", "Y"))
		return false;
	util_alloc_errors_on = true;
	return util_alloc_set("verbose", 0) && util_alloc_set("interval", 1) &&
	       util_alloc_set("min-order", 0) &&
	       zwb_write_string(UTIL_ALLOC_DIR "/ignore-gfp-wait", "N") &&
	       zwb_write_string(UTIL_ALLOC_DIR "/ignore-gfp-highmem", "N") &&
	       util_alloc_set("space", space) && util_alloc_set("times", times) &&
	       util_alloc_set("probability", 100);
}

/* How many allocations are still going to fail. */
long long zwb_alloc_errors_left(void)
{
	return zwb_read_number(UTIL_ALLOC_DIR "/times");
}

/* --- the runner --- */

static void util_find_swap(void)
{
	char text[4096], name[256], type[64], *line, *slash;

	if (util_read_file("/proc/swaps", text, sizeof(text)) <= 0)
		ksft_exit_skip("no swap in this kernel (needs CONFIG_SWAP)\n");
	line = strchr(text, '\n');
	if (!line || sscanf(line + 1, "%255s %63s", name, type) != 2)
		ksft_exit_skip("no swap is on (hint: mkswap and swapon a scratch disk)\n");
	if (strcmp(type, "partition"))
		ksft_exit_skip("%s is no block device (hint: swapon a scratch disk)\n", name);
	snprintf(util_swap_path, sizeof(util_swap_path), "%s", name);
	slash = strrchr(name, '/');
	snprintf(util_swap_disk, sizeof(util_swap_disk), "%.63s", slash ? slash + 1 : name);
}

static void util_find_memcg(bool optional)
{
	char value[ZWB_PATH_MAX];

	if (cg_find_unified_root(util_cgroup_root, sizeof(util_cgroup_root), NULL)) {
		if (optional)
			return;
		ksft_exit_skip("no cgroup v2 (hint: mount -t cgroup2 none /sys/fs/cgroup)\n");
	}
	if (cg_read(util_cgroup_root, "cgroup.controllers", value, sizeof(value)) ||
	    !strstr(value, "memory")) {
		if (optional)
			return;
		ksft_exit_skip("no memory controller in cgroup v2 (needs CONFIG_MEMCG)\n");
	}
	if (optional)
		return;
	if (cg_write(util_cgroup_root, "cgroup.subtree_control", "+memory"))
		ksft_exit_fail_msg("cannot hand on the memory controller from the root\n");
}

/* What every test relies on; a test may change it, the next one finds it restored. */
static void util_restore_environment(void)
{
	if (util_write_errors_on)
		zwb_write_errors(0);
	if (util_alloc_errors_on)
		zwb_alloc_errors(0, 0);
	zwb_param_set("shrinker_enabled", "N");
	zwb_param_set("max_pool_percent", UTIL_POOL_PERCENT);
	zwb_param_set("enabled", "Y");
	if (util_compressor[0])
		zwb_param_set("compressor", util_compressor);
	/* a page that is read from disk brings no neighbours */
	if (!access("/proc/sys/vm/page-cluster", W_OK))
		zwb_write_string("/proc/sys/vm/page-cluster", "0");
}

/* Faults that a program before this one was killed with. */
static void util_disarm(void)
{
	static const char * const files[] = {
		UTIL_FAULT_DIR "/probability",
		UTIL_ALLOC_DIR "/probability",
		"/sys/kernel/debug/failslab/probability",
		"/sys/kernel/debug/fail_function/probability",
	};
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		/* missing, or locked down whatever its mode says: nobody armed it */
		fd = open(files[i], O_WRONLY);
		if (fd < 0)
			continue;
		if (write(fd, "0", 1) != 1)
			zwb_fail("cannot switch %s off: %s", files[i], strerror(errno));
		close(fd);
	}
}

static void util_check_system(const struct zwb_suite *suite)
{
	zwb_page_size = sysconf(_SC_PAGE_SIZE);
	if (geteuid())
		ksft_exit_skip("must be root\n");
	util_disarm();
	if (access(ZWB_PARAMS, F_OK))
		ksft_exit_skip("no zswap in this kernel (needs CONFIG_ZSWAP)\n");
	if (access(ZWB_SYSFS, F_OK)) {
		/* counters without the directory are no kernel without the feature */
		if (zwb_vmstat_key("zswpwb_proactive") >= 0)
			ksft_exit_fail_msg(ZWB_SYSFS " is missing\n");
		ksft_exit_skip("no proactive writeback in this kernel (needs CONFIG_ZSWAP_WB)\n");
	}
	util_find_memcg(suite->no_memcg || suite->leave_off);
	if (suite->leave_off)
		return;
	util_find_swap();
	util_restore_environment();
	if (util_test_failed)
		ksft_exit_fail_msg("cannot set zswap up\n");
	zwb_param_get("compressor", util_compressor, sizeof(util_compressor));
	if (zwb_stored() < 0)
		ksft_exit_skip("no debugfs (hint: mount -t debugfs none /sys/kernel/debug)\n");
}

/* Exact counts need an empty pool to start with. */
static bool util_wait_for_empty_pool(void)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long stored;

	do {
		stored = zwb_stored();
		if (!stored)
			return true;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_fail("%lld pages of others are in zswap (hint: run on an idle machine)", stored);
	return false;
}

static void util_begin(void)
{
	util_test_failed = false;
	util_test_skipped = false;
	util_test_late = false;
	util_data_wrong = false;
	util_other_swapout = false;
	util_other_writeback = false;
	util_whole_blocks = false;
}

/* Says what pages are to be on the disk while a test runs; false if that cannot be. */
static bool util_choose_pages(const struct zwb_test *test)
{
	return !test->compressed || (zwb_need_compressed() &&
				     zwb_setting(ZWB_COMPRESSED, test->compressed));
}

/* Has a device been given so many pages? Fewer sectors of them, where they are compressed there. */
bool zwb_sectors_are_pages(long long sectors, long long pages)
{
	long long most = pages * zwb_page_size / 512;
	bool images = !access(ZWB_COMPRESSED, R_OK) && zwb_read_number(ZWB_COMPRESSED);

	return zwb_between(sectors, images ? pages : most, most);
}

/*
 * And that they were.  A request ends where the image of its last page does; those before
 * that are as long as the page.
 */
static void util_check_pages(const struct zwb_test *test)
{
	long long most, least;
	struct zwb_snap delta;

	if (!test->compressed || util_test_failed || util_test_skipped || util_test_late)
		return;
	zwb_since(&delta, &util_test_start);
	least = delta.total.written * zwb_page_size;
	/* what was not written in the end may have been sent all the same */
	most = least + (delta.total.failed + delta.total.skipped_busy +
			delta.total.skipped_gone) * zwb_page_size;
	if (test->compressed[0] == '0')
		zwb_between(delta.total.disk_bytes, least, most);
	else
		zwb_between(delta.total.disk_bytes, 1, most - !util_whole_blocks);
}

/* Pages that commands have written and that nobody has read or freed yet; true if none. */
static bool util_on_disk(long long *left)
{
	struct zwb_snap delta;
	bool nothing = true;
	int n;

	zwb_since(&delta, &util_empty_start);
	for (n = 0; n < ZWB_MAX_NODES; n++) {
		const struct zwb_counts *counts = &delta.node[n];

		left[n] = counts->written - counts->refaulted - counts->dropped -
			  counts->readback;
		nothing &= !left[n];
	}
	return nothing;
}

/*
 * A page that a command wrote is on the disk until it is read back or freed,
 * and counts once: with all loads gone nothing is left.  Their end may be a
 * moment ago.
 *
 * A process that ends while somebody else has the folio of one of its slots leaves
 * both to reclaim, as any swapped page; swapoff frees them at once.  A page that
 * was not counted is missing after that as well.
 */
static void util_check_nothing_on_disk(void)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	long long left[ZWB_MAX_NODES];
	int n;

	do {
		if (util_on_disk(left))
			return;
		zwb_pause();
	} while (zwb_now() < deadline);
	if (!zwb_swap_disk(false) || !zwb_swap_disk(true))
		return;
	if (util_on_disk(left)) {
		ksft_print_msg("slots that nobody used any more had stayed in the swap cache\n");
		return;
	}
	for (n = 0; n < ZWB_MAX_NODES; n++) {
		if (left[n])
			zwb_fail("node %d: of the pages written, %lld are not accounted for",
				 n, left[n]);
	}
}

/* What must hold between the counters at the end of any test. */
static void util_check_counters(bool loads_gone)
{
	struct zwb_snap now, delta;

	if (loads_gone)
		util_check_nothing_on_disk();
	zwb_snap(&now);
	util_check_sums(&now, "since boot", true);
	zwb_since(&delta, &util_test_start);
	if (delta.vm.zswpwb_refault != delta.total.refaulted)
		zwb_fail("zswpwb_refault grew by %lld, refaulted by %lld",
			 delta.vm.zswpwb_refault, delta.total.refaulted);
	/* what failed, or came too late, may have been sent as well; a page is never sent twice */
	if (delta.total.disk_bytes > (delta.total.written + delta.total.failed +
				      delta.total.skipped_busy + delta.total.skipped_gone) *
				     zwb_page_size)
		zwb_fail("disk_bytes grew by %lld with %lld pages written", delta.total.disk_bytes,
			 delta.total.written);
	if (delta.vm.zswpwb_proactive != delta.total.written)
		zwb_fail("zswpwb_proactive grew by %lld, written by %lld",
			 delta.vm.zswpwb_proactive, delta.total.written);
	if (delta.vm.zswpwb_proactive_b != delta.total.released_bytes)
		zwb_fail("zswpwb_proactive_b grew by %lld, released_bytes by %lld",
			 delta.vm.zswpwb_proactive_b, delta.total.released_bytes);
	/* there is more of each only where others may write */
	if (delta.vm.zswpwb < delta.total.written ||
	    (!util_other_writeback && delta.vm.zswpwb > delta.total.written))
		zwb_fail("zswpwb grew by %lld, written by %lld", delta.vm.zswpwb,
			 delta.total.written);
	if (delta.vm.pswpout < delta.vm.zswpwb ||
	    (!util_other_writeback && !util_other_swapout && delta.vm.pswpout > delta.vm.zswpwb))
		zwb_fail("pswpout grew by %lld, zswpwb by %lld", delta.vm.pswpout,
			 delta.vm.zswpwb);
}

static void util_drop_everything(void)
{
	if (util_write_errors_on)
		zwb_write_errors(0);
	if (util_alloc_errors_on)
		zwb_alloc_errors(0, 0);
	zwb_disk_fail_writes(false);
	zwb_disk_whole_requests();
	zwb_loads_verify();
	zwb_loads_stop();
	util_restore_settings();
	zwb_disk_off();
	zwb_swap_disk_back();
	zwb_small_swap_off();
	util_remove_cgroups();
}

static void util_timeout(int signal)
{
	static const char text[] = "Bail out! took too long: ";

	(void)signal;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDOUT_FILENO, util_test_name, strlen(util_test_name)) < 0 ||
	    write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(KSFT_FAIL);
	_exit(KSFT_FAIL);
}

static void util_run_test(const struct zwb_suite *suite, const struct zwb_test *test, bool last)
{
	bool keep = suite->setup && !last;
	long long start = zwb_now();

	util_test_name = test->name;
	util_begin();
	alarm(UTIL_TEST_SECONDS);
	if (!suite->leave_off) {
		util_restore_environment();
		if (suite->setup || util_wait_for_empty_pool()) {
			zwb_snap(&util_test_start);
			if (!suite->setup)
				util_empty_start = util_test_start;
			if (util_choose_pages(test))
				test->fn();
			util_check_pages(test);
			if (util_test_late)
				util_test_failed = util_data_wrong;
		}
		if (!keep)
			util_drop_everything();
		util_check_counters(!keep);
	} else {
		test->fn();
		if (util_test_late)
			util_test_failed = util_data_wrong;
		util_drop_everything();
	}
	if (util_watching)
		zwb_trace_stop();
	util_watching = false;
	alarm(0);

	ksft_print_msg("%s took %lld ms\n", test->name, (zwb_now() - start) / ZWB_NS_PER_MS);
	if (util_test_failed)
		ksft_test_result_fail("%s\n", test->name);
	else if (util_test_late)
		ksft_test_result_skip("%s: too slow: %s\n", test->name, util_skip_reason);
	else if (util_test_skipped)
		ksft_test_result_skip("%s: %s\n", test->name, util_skip_reason);
	else
		ksft_test_result_pass("%s\n", test->name);
}

/**
 * zwb_main() - run the tests of a program
 * @suite: the tests
 *
 * Return: does not, but ends the program with the exit status that kselftest
 * expects.
 */
int zwb_main(const struct zwb_suite *suite)
{
	struct sigaction action = { .sa_handler = util_timeout };
	bool setup_failed = false, setup_skipped = false, setup_late = false;
	size_t i;

	ksft_print_header();
	util_check_system(suite);
	if (suite->one_cpu && !zwb_run_on_cpu(0, 0))
		ksft_exit_fail_msg("cannot stay on one CPU\n");
	ksft_set_plan(suite->nr_tests);
	sigaction(SIGALRM, &action, NULL);

	if (suite->setup) {
		util_begin();
		alarm(UTIL_TEST_SECONDS);
		if (util_wait_for_empty_pool()) {
			zwb_snap(&util_empty_start);
			suite->setup();
		}
		alarm(0);
		setup_failed = util_test_late ? util_data_wrong : util_test_failed;
		setup_late = util_test_late;
		setup_skipped = util_test_skipped || setup_late;
	}
	for (i = 0; i < suite->nr_tests; i++) {
		const struct zwb_test *test = &suite->tests[i];

		if (setup_failed)
			ksft_test_result_fail("%s: the setup failed\n", test->name);
		else if (setup_skipped)
			ksft_test_result_skip("%s: %s%s\n", test->name,
					      setup_late ? "too slow: " : "", util_skip_reason);
		else
			util_run_test(suite, test, i + 1 == suite->nr_tests);
	}
	if (setup_failed || setup_skipped)
		util_drop_everything();
	ksft_finished();
}
