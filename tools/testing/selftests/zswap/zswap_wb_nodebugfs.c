// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback in a kernel without debugfs: boot with
 * debugfs=off, or build without CONFIG_DEBUG_FS.
 *
 * What the other programs build on is there: here /proc/meminfo tells how many
 * pages are in zswap, and the pages are the program's own.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define OWN_PAGES		800
#define OWN_SECONDS		10

/* --- pages of the program's own --- */

static char *own_mem;

/* A number from a file with lines of "key number" or "key: number"; -1 if there is none. */
static long long read_key(const char *path, const char *key)
{
	size_t length = strlen(key);
	long long number = -1;
	char line[512];
	FILE *file;

	file = fopen(path, "r");
	if (!file)
		return -1;
	while (number < 0 && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, length) && (line[length] == ':' || line[length] == ' '))
			sscanf(line + length + 1, "%lld", &number);
	}
	fclose(file);
	return number;
}

/* Pages in zswap. */
static long long zswapped(void)
{
	return read_key("/proc/meminfo", "Zswapped") * 1024 / zwb_page_size;
}

static void own_fill(int page, char *mem)
{
	unsigned long long state = page + 1;
	long i;

	for (i = 0; i < zwb_page_size; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		/* a quarter is noise */
		mem[i] = i < zwb_page_size / 4 ? state >> 56 : page;
	}
}

static void own_verify(int first, int pages)
{
	static char want[65536];
	int i, wrong = 0;

	for (i = first; i < first + pages; i++) {
		own_fill(i, want);
		wrong += !!memcmp(own_mem + i * zwb_page_size, want, zwb_page_size);
	}
	zwb_zero(wrong);
}

/* All of them into zswap, as zwb_load() does it. */
static bool own_store(void)
{
	long long deadline = zwb_now() + OWN_SECONDS * ZWB_NS_PER_SEC;
	const size_t size = OWN_PAGES * zwb_page_size;
	long long before = zswapped();
	cpu_set_t all, one;
	int i;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	own_mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (own_mem == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return false;
	}
	madvise(own_mem, size, MADV_NOHUGEPAGE);
	for (i = 0; i < OWN_PAGES; i++)
		own_fill(i, own_mem + i * zwb_page_size);
	do {
		if (madvise(own_mem, size, MADV_PAGEOUT))
			break;
		if (zswapped() == before + OWN_PAGES)
			break;
		zwb_pause();
	} while (zwb_now() < deadline);
	sched_setaffinity(0, sizeof(all), &all);
	return zwb_equal(zswapped(), before + OWN_PAGES);
}

static void own_free(void)
{
	munmap(own_mem, OWN_PAGES * zwb_page_size);
}

/* --- the tests --- */

static bool debugfs_is_known(void)
{
	char line[64];
	bool known = false;
	FILE *file;

	file = fopen("/proc/filesystems", "r");
	if (!file)
		return true;
	while (!known && fgets(line, sizeof(line), file))
		known = strstr(line, "\tdebugfs\n");
	fclose(file);
	return known;
}

/* The runner leaves to the programs that ask for it what zswap needs. */
static bool need_no_debugfs(void)
{
	char line[256];
	FILE *file;
	int lines = 0;

	if (debugfs_is_known()) {
		zwb_skip("debugfs is there (hint: boot with debugfs=off)");
		return false;
	}
	file = fopen("/proc/swaps", "r");
	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	if (lines < 2) {
		zwb_skip("no swap is on (hint: mkswap and swapon a scratch disk)");
		return false;
	}
	return zwb_param_set("shrinker_enabled", "N") && zwb_param_set("max_pool_percent", "90") &&
	       zwb_param_set("enabled", "Y") &&
	       zwb_write_string("/proc/sys/vm/page-cluster", "0");
}

/*
 * There is nothing where debugfs would be, and all of sysfs.
 *
 * Turns red when sysfs is only set up where debugfs was.
 */
static void only_sysfs(void)
{
	char path[ZWB_PATH_MAX];
	int nodes[1];

	if (!need_no_debugfs())
		return;
	if (!access(ZWB_DEBUGFS, F_OK))
		zwb_fail(ZWB_DEBUGFS " exists");
	if (!zwb_nodes(nodes, 1)) {
		zwb_fail("no node has a directory");
		return;
	}
	zwb_zero(access(zwb_command_path(ZWB_GLOBAL, path, sizeof(path)), W_OK));
	zwb_zero(access(zwb_command_path(nodes[0], path, sizeof(path)), W_OK));
}

/*
 * Commands write what they are asked for, be it by size, node or age, and the
 * counters say so.
 *
 * Turns red when the engine is set up together with debugfs, so that every
 * command is refused, or goes over nothing.
 */
static void commands_work(void)
{
	long long stored, written = 0;
	struct zwb_snap before, delta;
	int i, nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);

	if (!need_no_debugfs())
		return;
	stored = zswapped();
	zwb_snap(&before);
	if (!own_store())
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, stored + OWN_PAGES);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(delta.total.written, 100);
	zwb_equal(zswapped(), stored + OWN_PAGES - 100);
	for (i = 0; i < nr_nodes; i++) {
		int err = zwb_run(&delta, nodes[i], "age=0");

		if (err != -EAGAIN)
			zwb_zero(err);
		zwb_equal(delta.node[nodes[i]].written, delta.total.written);
		written += delta.total.written;
	}
	zwb_equal(written, stored + OWN_PAGES - 100);
	zwb_zero(zswapped());
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "bucket=0"), -EINVAL);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0 dry_run=1"), -EINVAL);
	own_verify(0, OWN_PAGES);
	own_free();
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, stored + OWN_PAGES);
	zwb_equal(delta.vm.zswpwb_proactive, stored + OWN_PAGES);
}

/*
 * What became of the pages is known: read back, or freed on the disk.
 *
 * Turns red when the map of what was written is made by debugfs.
 */
static void fates_are_counted(void)
{
	struct zwb_snap before, delta;

	if (!need_no_debugfs() || !own_store())
		return;
	zwb_snap(&before);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0"));
	own_verify(0, 300);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, OWN_PAGES);
	zwb_equal(delta.total.refaulted, 300);
	zwb_equal(delta.vm.zswpwb_refault, 300);
	zwb_zero(delta.total.dropped);
	own_free();
	zwb_since(&delta, &before);
	zwb_equal(delta.total.refaulted, 300);
	zwb_equal(delta.total.dropped, OWN_PAGES - 300);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(only_sysfs),
	ZWB_TEST(commands_work),
	ZWB_TEST(fates_are_counted),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* the runner looks at zswap through debugfs */
		.leave_off = true,
	};

	return zwb_main(&suite);
}
