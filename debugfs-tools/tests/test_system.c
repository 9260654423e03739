// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is read of a whole system: small trees are built, read, broken and read again.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "system/amount.h"
#include "system/system.h"
#include "tap.h"
#include "tree.h"

#define AGES_HEADER	"bucket min_age max_age pages bytes incompressible written refaulted dropped\n"
#define AGES		AGES_HEADER "0 0 30 5 500 1 0 0 0\n1 30 120 7 700 0 60 6 3\n" \
			"2 120 inf 9 900 2 40 1 0\n"
#define NODE_AGES	AGES_HEADER "0 0 30 2 200 0 0 0 0\n1 30 120 0 0 0 0 0 0\n" \
			"2 120 inf 1 100 1 0 0 0\n"
#define CGROUPS_HEADER	"cgroup node bucket min_age max_age pages bytes incompressible path\n"

/* A tree that is being read; the source is opened anew with each. */
struct fixture {
	char *tree;
	struct source source;
};

static void fixture_open(struct fixture *fixture)
{
	fixture->tree = tree_new();
	tree_file(fixture->tree, SYS_CGROUP "/cgroup.controllers", "cpu memory\n");
	if (source_open(&fixture->source, fixture->tree))
		tree_fail("open", fixture->tree);
}

static void fixture_close(struct fixture *fixture)
{
	source_close(&fixture->source);
	tree_remove(fixture->tree);
}

static void fixture_counters(const struct fixture *fixture, const char *directory, int first)
{
	static const char *const names[] = {
		"commands", "scanned", "written", "released_bytes", "skipped_young",
		"skipped_busy", "skipped_protected", "skipped_gone", "failed", "refaulted",
		"dropped",
	};
	char *path, *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		path = xasprintf("%s/stats/%s", directory, names[i]);
		text = xasprintf("%zu\n", first + i);
		tree_file(fixture->tree, path, text);
		free(text);
		free(path);
	}
}

static void fixture_cgroup(const struct fixture *fixture, const char *path, const char *inode)
{
	char *file = xasprintf(SYS_CGROUP "%s/.inode", path);

	tree_file(fixture->tree, file, inode);
	free(file);
}

/* A kernel that has everything, and two nodes. */
static void fixture_whole(struct fixture *fixture)
{
	const char *tree;

	fixture_open(fixture);
	tree = fixture->tree;
	tree_file(tree, SYS_PARAMETERS "/enabled", "Y\n");
	tree_file(tree, SYS_PARAMETERS "/compressor", "zstd\n");
	tree_file(tree, SYS_PARAMETERS "/max_pool_percent", "20\n");
	tree_file(tree, SYS_PARAMETERS "/shrinker_enabled", "N\n");
	tree_file(tree, "/proc/meminfo", "MemTotal:        4000 kB\nMemFree:         1000 kB\n");
	tree_file(tree, SYS_ZSWAP "/proactive_writeback", "");
	fixture_counters(fixture, SYS_ZSWAP, 100);
	fixture_counters(fixture, SYS_ZSWAP "/node10", 200);
	fixture_counters(fixture, SYS_ZSWAP "/node2", 300);
	tree_file(tree, "/sys/devices/system/node/node2/meminfo",
		  "Node 2 MemTotal:  2000 kB\nNode 2 MemFree:   600 kB\n");
	tree_file(tree, SYS_DEBUGFS "/pool_total_size", "8192\n");
	tree_file(tree, SYS_DEBUGFS "/stored_pages", "21\n");
	tree_file(tree, SYS_DEBUGFS "/stored_incompressible_pages", "3\n");
	tree_file(tree, SYS_DEBUGFS "/age_buckets", AGES);
	tree_file(tree, SYS_DEBUGFS "/node2/age_buckets", NODE_AGES);
	tree_file(tree, SYS_DEBUGFS "/writeback", "");
	tree_file(tree, SYS_DEBUGFS "/age_buckets_cgroup", CGROUPS_HEADER
		  "30 0 0 0 30 1 100 0 /a/b\n"
		  "30 1 2 120 inf 2 200 1 /a/b\n"
		  "1 0 1 30 120 4 400 0 /\n"
		  "31 0 1 30 120 8 800 0 /a-b\n"
		  "99 0 2 120 inf 16 1600 0 /a/gone\n"
		  "32 70 0 0 30 32 3200 0 /with blank\n");
	fixture_cgroup(fixture, "", "1\n");
	fixture_cgroup(fixture, "/a", "20\n");
	fixture_cgroup(fixture, "/a/b", "30\n");
	fixture_cgroup(fixture, "/a-b", "31\n");
	fixture_cgroup(fixture, "/a/empty", "33\n");
	fixture_cgroup(fixture, "/with blank", "32\n");
	fixture_cgroup(fixture, "/system.slice", "40\n");
	fixture_cgroup(fixture, "/system.slice/redis.service", "41\n");
	fixture_cgroup(fixture, "/system.slice/system-x.slice/x@1.service", "42\n");
	fixture_cgroup(fixture, "/user.slice/app.service", "43\n");
	fixture_cgroup(fixture, "/user.slice/deep/app.service", "44\n");
}

/* Index of the first cgroup of that path, -1 for none. */
static int find_cgroup(const struct cgroups *cgroups, const char *path)
{
	int i;

	for (i = 0; i < cgroups->nr; i++) {
		if (!strcmp(cgroups->cgroup[i].path, path))
			return i;
	}
	return -1;
}

/* ---- files ---- */

static void test_source(void)
{
	struct fixture fixture;
	struct source *source = &fixture.source;
	struct dirent **list;
	char *text, *line;
	long nr;

	fixture_open(&fixture);
	CHECK(source->recorded, "a tree is recorded");
	tree_file(fixture.tree, "/x/number", "12\n");
	tree_file(fixture.tree, "/x/bare", "13");
	tree_file(fixture.tree, "/x/empty", "");
	tree_file(fixture.tree, "/x/lines", "1\n2\n");
	tree_file(fixture.tree, "/x/negative", "-1\n");
	tree_file(fixture.tree, "/x/large", "18446744073709551615\n");
	tree_bytes(fixture.tree, "/x/nul", "1\0\n", 3);
	tree_directory(fixture.tree, "/x/b");
	tree_directory(fixture.tree, "/x/a");

	CHECK(source_read(source, "/x/lines", &text) == 4 && !strcmp(text, "1\n2\n"), "a text");
	free(text);
	CHECK(!source_read(source, "/x/empty", &text) && text && !*text, "an empty one");
	free(text);
	CHECK(source_read(source, "/x/nul", &text) == -EINVAL && !text, "a NUL inside");
	CHECK(source_read(source, "/x/a", &text) == -EISDIR && !text, "a directory");
	CHECK(source_read(source, "/x/nothing", &text) == -ENOENT && !text, "nothing");
	CHECK(source_read(source, "/x/empty/y", &text) == -ENOTDIR && !text, "no directory");
	CHECK(source_number(source, "/x/number") == 12, "a number");
	CHECK(source_number(source, "/x/bare") == 13, "without a newline");
	CHECK(source_number(source, "/x/lines") == -EINVAL, "two lines are no number");
	CHECK(source_number(source, "/x/empty") == -EINVAL, "nor is nothing");
	CHECK(source_number(source, "/x/negative") == -EINVAL, "nor less than nothing");
	CHECK(source_number(source, "/x/large") == -ERANGE, "a number too large");
	line = source_line(source, "/x/number");
	CHECK(line && !strcmp(line, "12"), "a line");
	free(line);
	CHECK(!source_line(source, "/x/lines"), "two lines are not one");
	CHECK(!source_exists(source, "/x/number") && !source_exists(source, "/x/a"), "exist");
	CHECK(source_exists(source, "/x/c") == -ENOENT, "does not");
	nr = source_directories(source, "/x", &list);
	CHECK(nr == 2 && !strcmp(list[0]->d_name, "a") && !strcmp(list[1]->d_name, "b"),
	      "directories, sorted");
	source_free_list(list, nr);
	CHECK(source_directories(source, "/x/y", &list) == -ENOENT && !list, "of nothing");
	CHECK(source_open_file(source, "/x/number", O_RDWR) == -EROFS, "never written");
	CHECK(source_open_file(source, "/x/c", O_RDWR) == -ENOENT, "what is not there");
	source_close(source);
	CHECK(source_open(source, "/nowhere/at/all") == -ENOENT, "no such tree");
	source_close(source);
	tree_remove(fixture.tree);
}

static void test_running(void)
{
	struct source source;
	struct stat st;
	int fd;

	CHECK(!source_open(&source, "/") && !source.recorded, "the running system");
	CHECK(source_number(&source, "/proc/sys/kernel/pid_max") > 0, "a number of its");
	CHECK(!stat("/proc", &st) && source_inode(&source, "/proc") == (num)st.st_ino, "an inode");
	CHECK(source_inode(&source, "/proc/version") == -ENOTDIR, "of a file there is none");
	fd = source_open_file(&source, "/dev/null", O_RDWR);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1, "a file that is written");
	close(fd);
	CHECK(source_open_file(&source, "/proc/none", O_RDWR) == -ENOENT, "one that is not there");
	source_close(&source);
	CHECK(!source_open(&source, "/proc/..") && !source.recorded, "by another name");
	source_close(&source);
}

static void link_to(const struct fixture *fixture, const char *target, const char *path)
{
	char *full = xasprintf("%s%s", fixture->tree, path);

	if (symlink(target, full))
		tree_fail("link", full);
	free(full);
}

static void test_escape(void)
{
	struct fixture inside, outside;
	struct cgroups cgroups;
	char *target, *up, *text;
	struct dirent **list;
	uint64_t id;

	fixture_whole(&inside);
	fixture_open(&outside);
	tree_file(outside.tree, "/secret", "42\n");
	tree_file(outside.tree, "/.inode", "4242\n");

	target = xasprintf("%s/secret", outside.tree);
	link_to(&inside, target, "/absolute");
	up = xasprintf("../../../../../../../../../../..%s", target);
	link_to(&inside, up, "/relative");
	link_to(&inside, "/proc/meminfo", "/within");
	link_to(&inside, outside.tree, SYS_CGROUP "/evil");
	link_to(&inside, "/proc/self/root", "/magic");
	link_to(&inside, "/loop", "/loop");

	CHECK(source_number(&inside.source, "/absolute") == -ENOENT, "no absolute link leads out");
	CHECK(source_number(&inside.source, "/relative") == -ENOENT, "nor a relative one");
	CHECK(source_number(&inside.source, up) == -ENOENT, "nor a path");
	CHECK(source_exists(&inside.source, "/absolute") == -ENOENT, "nor can it be asked for");
	CHECK(source_exists(&inside.source, "/magic") == -ENOENT, "nor by /proc");
	CHECK(source_exists(&inside.source, "/loop") == -ELOOP, "a link to itself");
	CHECK(source_read(&inside.source, "/within", &text) > 0, "one within is followed");
	free(text);
	CHECK(source_directories(&inside.source, SYS_CGROUP "/evil", &list) == -ENOENT,
	      "no directory outside is listed");
	CHECK(cgroup_resolve(&inside.source, "/evil", &id, &text) == -ENOENT, "nor is it a cgroup");
	CHECK(cgroup_resolve(&inside.source, "/evil\\x", &id, &text) == -ENOENT &&
	      cgroup_resolve(&inside.source, "/\\x00\\x-1\\x4", &id, &text) == -ENOENT &&
	      cgroup_resolve(&inside.source, "/\\x2e\\x2e/a", &id, &text) == -EINVAL,
	      "half of a byte, none, and one that leads out");
	CHECK(!cgroups_read(&inside.source, UINT64_MAX, &cgroups) &&
	      cgroups.nr == 15 && find_cgroup(&cgroups, "/evil") < 0, "nor found");
	cgroups_free(&cgroups);

	free(up);
	free(target);
	fixture_close(&outside);
	fixture_close(&inside);
}

static void test_odd_files(void)
{
	struct fixture fixture;
	char *full, *text;
	struct system system;

	fixture_open(&fixture);
	tree_file(fixture.tree, "/huge", "1");
	full = xasprintf("%s/huge", fixture.tree);
	if (truncate(full, SOURCE_MAX + 1))
		tree_fail("enlarge", full);
	free(full);
	CHECK(source_read(&fixture.source, "/huge", &text) == -EFBIG && !text, "a huge file");

	tree_directory(fixture.tree, SYS_DEBUGFS);
	full = xasprintf("%s%s", fixture.tree, SYS_DEBUGFS "/age_buckets");
	if (mkfifo(full, 0600))
		tree_fail("make", full);
	free(full);
	/* Nobody ever writes to it: this must come back */
	CHECK(source_read(&fixture.source, SYS_DEBUGFS "/age_buckets", &text) == -EINVAL && !text,
	      "a pipe is no file");
	system_read(&fixture.source, &system);
	CHECK(system.ages_error == -EINVAL && !system.ages.nr, "a pipe is not read");
	system_free(&system);
	fixture_close(&fixture);
}

/* ---- the system ---- */

static void test_counters(const char *whose, const struct counters *counters, num first)
{
	CHECK(counters->scanned == first + 1 && counters->written == first + 2 &&
	      counters->released_bytes == first + 3 && counters->skipped_young == first + 4 &&
	      counters->skipped_busy == first + 5 && counters->skipped_protected == first + 6 &&
	      counters->skipped_gone == first + 7 && counters->failed == first + 8 &&
	      counters->refaulted == first + 9 && counters->dropped == first + 10,
	      "counters of %s", whose);
}

static void test_system(void)
{
	struct fixture fixture;
	struct system system;
	struct age_bucket cold;

	fixture_whole(&fixture);
	system_read(&fixture.source, &system);
	CHECK(!system_supported(&fixture.source), "the feature is there");
	CHECK(system.enabled == 1 && system.shrinker_enabled == 0, "switches");
	CHECK(system.compressor && !strcmp(system.compressor, "zstd"), "the compressor");
	CHECK(system.max_pool_percent == 20, "the limit");
	CHECK(system.pool_bytes == 8192 && system.stored_pages == 21 &&
	      system.incompressible_pages == 3, "the pool");
	CHECK(system.mem_total == 4000 * 1024 &&
	      system_free_memory(&fixture.source, 0) == 1000 * 1024, "the memory");
	CHECK(system.counters.commands == 100, "commands");
	test_counters("the system", &system.counters, 100);
	CHECK(!system.ages_error && system.ages.nr == 3 && system.ages.bucket[1].refaulted == 6,
	      "ages");
	CHECK(system.nr_nodes == 2 && system.nodes[0].id == 2 && system.nodes[1].id == 10,
	      "two nodes, in order of their numbers");
	test_counters("node 2", &system.nodes[0].counters, 300);
	test_counters("node 10", &system.nodes[1].counters, 200);
	CHECK(system_free_memory(&fixture.source, 1 << 2) == 600 * 1024, "free memory of node 2");
	CHECK(system_free_memory(&fixture.source, 3 << 9) == -ENOENT, "of node 10 it is not known");
	CHECK(!system.nodes[0].ages_error && system.nodes[0].ages.bucket[2].pages == 1,
	      "ages of node 2");
	CHECK(system.nodes[1].ages_error == -ENOENT && !system.nodes[1].ages.nr,
	      "of node 10 there are none");

	cold = amount_colder(&system.ages, 30);
	CHECK(cold.pages == 16 && cold.bytes == 1600, "30 s and older");
	cold = amount_colder(&system.ages, 31);
	CHECK(cold.pages == 9 && cold.bytes == 900, "31 s: only buckets that are that old throughout");
	cold = amount_colder(&system.ages, 0);
	CHECK(cold.pages == 21 && cold.bytes == 2100, "all");
	cold = amount_colder(&system.ages, INT64_MAX);
	CHECK(!cold.pages && !cold.bytes, "none");
	system_free(&system);
	fixture_close(&fixture);
}

static void test_broken_system(void)
{
	struct fixture fixture;
	struct system system;

	fixture_whole(&fixture);
	tree_file(fixture.tree, SYS_PARAMETERS "/enabled", "perhaps\n");
	tree_file(fixture.tree, SYS_PARAMETERS "/shrinker_enabled", "");
	tree_file(fixture.tree, SYS_PARAMETERS "/max_pool_percent", "a fifth\n");
	tree_file(fixture.tree, SYS_ZSWAP "/stats/written", "-5\n");
	tree_file(fixture.tree, SYS_ZSWAP "/stats/failed", "99999999999999999999\n");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets", AGES_HEADER);
	tree_file(fixture.tree, "/proc/meminfo",
		  "MemTotal:        9223372036854775807 kB\nMemFree:  x kB\n");
	tree_directory(fixture.tree, SYS_ZSWAP "/nodes");
	tree_directory(fixture.tree, SYS_ZSWAP "/node");
	tree_directory(fixture.tree, SYS_ZSWAP "/node-1");
	tree_directory(fixture.tree, SYS_ZSWAP "/node4294967298");
	system_read(&fixture.source, &system);
	CHECK(system.enabled == -EINVAL && system.shrinker_enabled == -EINVAL, "no switches");
	CHECK(system.max_pool_percent == -EINVAL, "no limit");
	CHECK(system.counters.written == -EINVAL && system.counters.failed == -ERANGE &&
	      system.counters.scanned == 101, "counters break one by one");
	CHECK(system.ages_error == -EINVAL && !system.ages.nr, "no ages");
	CHECK(system.mem_total == -ERANGE &&
	      system_free_memory(&fixture.source, 0) == -EINVAL, "no memory");
	CHECK(system.nr_nodes == 2, "and no more nodes");
	system_free(&system);
	fixture_close(&fixture);
}

static void test_reason(const struct fixture *fixture, const char *path, const char *wanted)
{
	const char *reason = system_reason_for(&fixture->source, path, -ENOENT);

	CHECK(strstr(reason, wanted), "%s: %s", path, reason);
}

static void test_reasons(void)
{
	struct fixture fixture;
	struct cgroups cgroups;
	struct system system;
	num error;

	fixture_open(&fixture);
	system_read(&fixture.source, &system);
	CHECK(system.enabled == -ENOTDIR && !system.compressor && system.pool_bytes == -ENOTDIR &&
	      system.ages_error == -ENOENT && !system.nr_nodes &&
	      system.counters.written == -ENOTDIR && system.mem_total == -ENOENT,
	      "of an empty tree nothing is known");
	system_free(&system);
	CHECK(system_supported(&fixture.source) == -ENOENT, "nothing is there");
	CHECK(cgroups_read(&fixture.source, 1, &cgroups) == -ENOENT && !cgroups.nr,
	      "and no cgroups");
	test_reason(&fixture, SYS_DEBUGFS "/stored_pages", "no zswap");

	tree_file(fixture.tree, SYS_PARAMETERS "/enabled", "Y\n");
	test_reason(&fixture, SYS_ZSWAP "/stats/written", "no proactive");
	test_reason(&fixture, SYS_DEBUGFS "/age_buckets", "no proactive");
	test_reason(&fixture, SYS_DEBUGFS "/stored_pages", "not mounted");
	test_reason(&fixture, SYS_PARAMETERS "/shrinker_enabled", "no such file");

	tree_file(fixture.tree, SYS_ZSWAP "/proactive_writeback", "");
	CHECK(!system_supported(&fixture.source), "the feature, without debugfs");
	test_reason(&fixture, SYS_DEBUGFS "/age_buckets", "not mounted");
	tree_directory(fixture.tree, "/sys/kernel/debug");
	test_reason(&fixture, SYS_DEBUGFS "/writeback", "not mounted");
	tree_directory(fixture.tree, "/sys/kernel/debug/bdi");
	test_reason(&fixture, SYS_DEBUGFS "/age_buckets", "nothing in debugfs");
	tree_file(fixture.tree, SYS_DEBUGFS "/stored_pages", "0\n");
	test_reason(&fixture, SYS_DEBUGFS "/age_buckets_cgroup", "CONFIG_ZSWAP_WB_DEBUGFS");
	test_reason(&fixture, SYS_DEBUGFS "/stored_incompressible_pages", "no such file");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets", AGES);
	test_reason(&fixture, SYS_DEBUGFS "/age_buckets_cgroup", "no such file");
	CHECK(cgroups_read(&fixture.source, 1, &cgroups) == -ENOENT, "edges, but no cgroups");

	CHECK(strstr(system_reason(&fixture.source, -EPERM), "locked down"), "locked down");
	CHECK(strstr(system_reason(&fixture.source, -EINVAL), "invalid"), "invalid");
	CHECK(strstr(system_reason(&fixture.source, -EROFS), "recorded"), "a recorded tree");
	for (error = 0; error > -200; error--) {
		const char *reason = system_reason(&fixture.source, error);

		if (!reason || !*reason)
			break;
	}
	CHECK(error == -200, "a reason for every error");
	fixture_close(&fixture);
}

/* Root may read everything: another user has to try. */
static void test_denied(void)
{
	static const uid_t nobody = 65534;
	uid_t self = geteuid();
	struct fixture fixture;
	struct cgroups cgroups;
	struct system system;
	char *debugfs;

	fixture_whole(&fixture);
	debugfs = xasprintf("%s/sys/kernel/debug", fixture.tree);
	if (chmod(fixture.tree, 0755) || chmod(debugfs, 0) || (!self && seteuid(nobody)))
		tree_fail("lock", debugfs);
	system_read(&fixture.source, &system);
	CHECK(system.enabled == 1 && system.counters.commands == 100, "sysfs is for everyone");
	CHECK(system.pool_bytes == -EACCES && system.ages_error == -EACCES &&
	      system.nodes[0].ages_error == -EACCES, "debugfs is not");
	CHECK(cgroups_read(&fixture.source, UINT64_MAX, &cgroups) == -EACCES, "nor cgroups");
	CHECK(strstr(system_reason(&fixture.source, -EACCES), "root"), "root is needed");
	CHECK(strstr(system_reason(&fixture.source, -ENOENT), "root"),
	      "also to know what is missing");
	system_free(&system);
	if ((!self && seteuid(self)) || chmod(debugfs, 0700))
		tree_fail("unlock", debugfs);
	CHECK(self || strstr(system_reason(&fixture.source, -EACCES), "permission"),
	      "root does not need root");
	free(debugfs);
	fixture_close(&fixture);
}

/* ---- cgroups ---- */

static bool cgroup_has(const struct cgroups *cgroups, const char *path, uint64_t id,
		       const char *parent, bool stored, bool removed)
{
	int i = find_cgroup(cgroups, path);
	const struct cgroup *cgroup = &cgroups->cgroup[i];
	struct age_bucket total;

	if (i < 0)
		return false;
	total = amount_colder(&cgroup->ages, 0);
	return cgroup->id == id && !total.pages == !stored && cgroup->removed == removed &&
	       cgroup->parent == (parent ? find_cgroup(cgroups, parent) : -1) &&
	       cgroup->ages.nr == 3 && cgroup->ages.bucket[1].written == -ENOENT;
}

/* How many have entries. */
static int cgroups_stored(const struct cgroups *cgroups)
{
	int nr = 0;

	for (int i = 0; i < cgroups->nr; i++)
		nr += amount_oldest(&cgroups->cgroup[i].ages) >= 0;
	return nr;
}

static num cgroup_pages(const struct cgroups *cgroups, const struct age_table *tables,
			const char *path, int bucket)
{
	int i = find_cgroup(cgroups, path);

	return (tables ? &tables[i] : &cgroups->cgroup[i].ages)->bucket[bucket].pages;
}

static void test_cgroups(void)
{
	struct fixture fixture;
	struct cgroups cgroups;

	fixture_whole(&fixture);
	CHECK(!cgroups_read(&fixture.source, UINT64_MAX, &cgroups), "cgroups");
	CHECK(cgroups.nr == 15 && cgroups_stored(&cgroups) == 5, "some have entries: %d",
	      cgroups.nr);
	CHECK(cgroup_has(&cgroups, "/", 1, NULL, true, false), "the root");
	CHECK(cgroup_has(&cgroups, "/a", 20, "/", false, false), "an ancestor without entries");
	CHECK(cgroup_has(&cgroups, "/a/b", 30, "/a", true, false), "one on two nodes");
	CHECK(cgroup_has(&cgroups, "/a/gone", 99, "/a", true, true), "a removed one");
	CHECK(cgroup_has(&cgroups, "/a-b", 31, "/", true, false), "one that is not below /a");
	CHECK(cgroup_has(&cgroups, "/with blank", 32, "/", true, false), "one with a blank");
	CHECK(find_cgroup(&cgroups, "/a") + 1 == find_cgroup(&cgroups, "/a/b") &&
	      find_cgroup(&cgroups, "/a/gone") < find_cgroup(&cgroups, "/a-b"),
	      "what is below follows at once");
	CHECK(cgroup_pages(&cgroups, NULL, "/a/b", 0) == 1 &&
	      cgroup_pages(&cgroups, NULL, "/a/b", 1) == 0 &&
	      cgroup_pages(&cgroups, NULL, "/a/b", 2) == 2, "entries by bucket");
	CHECK(cgroups.cgroup[0].ages.bucket[1].bytes == 400, "bytes");
	CHECK(cgroups.cgroup[0].ages.bucket[2].min_age == 120 &&
	      cgroups.cgroup[0].ages.bucket[2].max_age == AGE_NO_BOUND, "also of empty buckets");

	cgroups_sum(&cgroups);
	CHECK(cgroup_pages(&cgroups, cgroups.sum, "/a", 2) == 18 &&
	      cgroup_pages(&cgroups, cgroups.sum, "/a", 0) == 1, "a subtree");
	CHECK(cgroup_pages(&cgroups, cgroups.sum, "/", 0) == 33 &&
	      cgroup_pages(&cgroups, cgroups.sum, "/", 1) == 12 &&
	      cgroup_pages(&cgroups, cgroups.sum, "/", 2) == 18, "everything");
	CHECK(cgroups.sum[0].bucket[2].incompressible == 1 && cgroups.sum[0].bucket[2].bytes == 1800 &&
	      cgroups.sum[0].bucket[2].written == -ENOENT, "of every kind");
	cgroups_free(&cgroups);

	CHECK(!cgroups_read(&fixture.source, 1, &cgroups) && cgroups_stored(&cgroups) == 4,
	      "on node 0: %d", cgroups_stored(&cgroups));
	CHECK(cgroup_has(&cgroups, "/a/b", 30, "/a", true, false) &&
	      cgroup_pages(&cgroups, NULL, "/a/b", 2) == 0, "only what is there");
	CHECK(cgroup_has(&cgroups, "/with blank", 32, "/", false, false),
	      "node 70 is none of these");
	cgroups_free(&cgroups);
	CHECK(!cgroups_read(&fixture.source, 4, &cgroups) && !cgroups_stored(&cgroups),
	      "on node 2");
	CHECK(cgroup_has(&cgroups, "/user.slice", 0, "/", false, false), "one whose id is not known");
	cgroups_free(&cgroups);
	fixture_close(&fixture);
}

static void test_odd_cgroups(void)
{
	struct fixture fixture;
	struct cgroups cgroups;

	fixture_whole(&fixture);
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", CGROUPS_HEADER
		  "7 0 0 0 30 3 300 0 /a\n"
		  "20 0 0 0 30 9223372036854775807 9223372036854775807 0 /elsewhere\n"
		  "8 0 1 30 120 2 200 0 /gone/below\n"
		  "9 0 1 30 120 5 500 0 no slash\n"
		  "30 1 0 0 30 1 100 0 /a/b\n"
		  "30 0 2 120 inf 4 400 0 /a/b\n"
		  "1234 0 2 120 inf 6 600 0 /\n"
		  "50 0 2 120 inf 7 700 0 /user.slice\n"
		  "5 0 2 120 inf 8 800 0 /gone\n"
		  "6 0 2 120 inf 8 800 0 /gone\n");
	CHECK(!cgroups_read(&fixture.source, UINT64_MAX, &cgroups) && cgroups_stored(&cgroups) == 8,
	      "odd cgroups: %d", cgroups_stored(&cgroups));
	CHECK(!strcmp(cgroups.cgroup[1].path, "/a") && cgroups.cgroup[1].removed &&
	      cgroups.cgroup[1].id == 7, "one of the same path was removed");
	CHECK(!strcmp(cgroups.cgroup[2].path, "/a") && !cgroups.cgroup[2].removed &&
	      cgroups.cgroup[2].id == 20, "the id says who it is, not the path");
	CHECK(cgroups.cgroup[3].id == 30 && cgroups.cgroup[3].parent == 2, "it has the children");
	CHECK(cgroup_pages(&cgroups, NULL, "/a/b", 0) == 1 && cgroup_pages(&cgroups, NULL, "/a/b", 2) == 4,
	      "its records, in whatever order");
	CHECK(cgroup_has(&cgroups, "/gone", 5, "/", true, true), "two of one path were removed");
	CHECK(cgroups.cgroup[find_cgroup(&cgroups, "/gone/below")].parent ==
	      find_cgroup(&cgroups, "/gone") + 1, "removed below removed");
	CHECK(cgroups.foreign == 1, "not a path at all");
	CHECK(cgroup_has(&cgroups, "/user.slice", 50, "/", true, false), "an id of the kernel's");
	CHECK(cgroups.cgroup[0].id == 1 && cgroups.cgroup[0].ages.bucket[2].pages == 6,
	      "the root above a namespace's");
	cgroups_sum(&cgroups);
	CHECK(cgroups.sum[0].bucket[0].pages == INT64_MAX, "a sum that is too large");
	CHECK(cgroups.sum[0].bucket[2].pages == 33 && cgroups.sum[0].bucket[1].pages == 2, "sums");
	cgroups_read_details(&fixture.source, &cgroups);
	cgroups_free(&cgroups);

	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup",
		  CGROUPS_HEADER "30 0 0 0 60 1 100 0 /a/b\n");
	CHECK(cgroups_read(&fixture.source, 1, &cgroups) == -EINVAL && !cgroups.nr,
	      "other edges than the system's");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup",
		  CGROUPS_HEADER "30 0 3 120 inf 1 100 0 /a/b\n");
	CHECK(cgroups_read(&fixture.source, 1, &cgroups) == -EINVAL, "a bucket more");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup",
		  CGROUPS_HEADER "30 0 1 30 120 1 100 0 /a/b\n30 0");
	CHECK(cgroups_read(&fixture.source, 1, &cgroups) == -EINVAL, "cut off");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets", AGES_HEADER);
	CHECK(cgroups_read(&fixture.source, 1, &cgroups) == -EINVAL, "no edges at all");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets", AGES);
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", CGROUPS_HEADER);
	CHECK(!cgroups_read(&fixture.source, 1, &cgroups) && !cgroups_stored(&cgroups),
	      "no entries");
	cgroups_free(&cgroups);
	fixture_close(&fixture);
}

static void test_details(void)
{
	static const char pressure[] =
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=77\nfull total=1\n";
	struct fixture fixture;
	struct cgroups cgroups;
	const struct cgroup *cgroup;

	fixture_whole(&fixture);
	tree_file(fixture.tree, SYS_CGROUP "/a/b/memory.stat",
		  "anon 1000\nfile 24\nzswpwb_proactive 5\nzswpwb_refault 2\n");
	tree_file(fixture.tree, SYS_CGROUP "/a/b/memory.pressure", pressure);
	tree_file(fixture.tree, SYS_CGROUP "/a/b/io.pressure", pressure + 1);
	tree_file(fixture.tree, SYS_CGROUP "/a/b/memory.zswap.writeback", "0\n");
	tree_file(fixture.tree, SYS_CGROUP "/a/memory.stat", "anon 1000\n");
	tree_file(fixture.tree, SYS_CGROUP "/a-b/memory.stat",
		  "anon 9223372036854775807\nfile 4096\n");
	tree_file(fixture.tree, SYS_CGROUP "/memory.zswap.writeback", "1\n");
	if (cgroups_read(&fixture.source, UINT64_MAX, &cgroups))
		tree_fail("read", "cgroups");
	CHECK(cgroups.cgroup[0].all.resident == -ENOENT, "no details yet");
	cgroups_read_details(&fixture.source, &cgroups);
	cgroup = &cgroups.cgroup[find_cgroup(&cgroups, "/a/b")];
	CHECK(cgroup->all.resident == 1024 && cgroup->all.written == 5 && cgroup->all.refaulted == 2 &&
	      cgroup->writeback == 0, "details");
	CHECK(cgroup->pressure_memory == 77 && cgroup->pressure_io == -EINVAL, "pressure");
	cgroup = &cgroups.cgroup[find_cgroup(&cgroups, "/a")];
	CHECK(cgroup->all.resident == -ENOENT && cgroup->all.written == -ENOENT &&
	      cgroup->pressure_memory == -ENOENT, "half of it is nothing");
	cgroup = &cgroups.cgroup[find_cgroup(&cgroups, "/a-b")];
	CHECK(cgroup->all.resident == INT64_MAX, "more than fits");
	CHECK(cgroups.cgroup[0].writeback == 1, "of the root");
	CHECK(cgroups.cgroup[find_cgroup(&cgroups, "/a/gone")].all.resident == -ENOENT, "of none");
	cgroups_free(&cgroups);
	fixture_close(&fixture);
}

/* The root that is seen is /a of the host, and what is beside it is nobody's business. */
static void test_namespace(void)
{
	struct fixture fixture;
	struct cgroups cgroups;

	fixture_whole(&fixture);
	fixture_cgroup(&fixture, "", "20\n");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", CGROUPS_HEADER
		  "1 0 0 0 30 3 300 0 /\n"
		  "20 0 0 0 30 4 400 0 /host\n"
		  "30 0 1 30 120 2 200 0 /host/a/b\n"
		  "98 0 1 30 120 2 200 0 /host/gone\n"
		  "99 0 1 30 120 2 200 0 /hostess\n");
	CHECK(!cgroups_read(&fixture.source, UINT64_MAX, &cgroups) &&
	      cgroups_stored(&cgroups) == 3, "a namespace: %d", cgroups_stored(&cgroups));
	CHECK(cgroups.foreign == 2, "what lies outside is left out");
	CHECK(cgroup_has(&cgroups, "/", 20, NULL, true, false) &&
	      cgroup_pages(&cgroups, NULL, "/", 0) == 4, "nor is it added to the root");
	CHECK(cgroup_has(&cgroups, "/gone", 98, "/", true, true), "one of ours that was removed");
	cgroups_free(&cgroups);

	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", CGROUPS_HEADER
		  "98 0 1 30 120 2 200 0 /host/gone\n");
	CHECK(!cgroups_read(&fixture.source, UINT64_MAX, &cgroups) && !cgroups_stored(&cgroups) &&
	      cgroups.foreign == 1, "not to know where we are is to leave it alone");
	cgroups_free(&cgroups);
	fixture_close(&fixture);
}

int __real_source_lines(const struct source *source, const char *path,
			int (*each)(char *line, void *data), void *data);
static struct fixture *changing;	/* the one whose cgroups are made and removed meanwhile */

/* What goes on while cgroups are read; the linker sends all calls here. */
int __wrap_source_lines(const struct source *source, const char *path,
			int (*each)(char *line, void *data), void *data)
{
	bool changes = changing && !strcmp(path, SYS_DEBUGFS "/age_buckets_cgroup");
	int error;

	if (changes) {
		fixture_cgroup(changing, "/early/child", "78\n");
		fixture_cgroup(changing, "/again", "77\n");
	}
	error = __real_source_lines(source, path, each, data);
	if (changes) {
		autofree char *from = xasprintf("%s" SYS_CGROUP "/a-b", changing->tree);
		autofree char *to = xasprintf("%s/a-b", changing->tree);

		if (rename(from, to))
			tree_fail("rename", from);
	}
	return error;
}

static void test_made_meanwhile(void)
{
	struct fixture fixture;
	struct cgroups cgroups;
	int again;

	fixture_whole(&fixture);
	fixture_cgroup(&fixture, "/again", "76\n");
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", CGROUPS_HEADER
		  "31 0 1 30 120 8 800 0 /a-b\n"
		  "76 0 0 0 30 1 100 0 /again\n"
		  "77 0 0 0 30 2 200 0 /again\n"
		  "78 0 0 0 30 4 400 0 /early/child\n");
	changing = &fixture;
	if (cgroups_read(&fixture.source, UINT64_MAX, &cgroups))
		tree_fail("read", "cgroups");
	changing = NULL;
	CHECK(cgroup_has(&cgroups, "/early/child", 78, "/early", true, false),
	      "one that was made before the table was read is there, and so is its parent");
	CHECK(cgroup_has(&cgroups, "/again", 76, "/", true, true), "one that was made anew: the old one");
	again = find_cgroup(&cgroups, "/again") + 1;
	CHECK(!strcmp(cgroups.cgroup[again].path, "/again") && cgroups.cgroup[again].id == 77 &&
	      !cgroups.cgroup[again].removed, "and the new one, which lives");
	CHECK(cgroup_has(&cgroups, "/a-b", 31, "/", true, true), "one that was removed after it is gone");
	cgroups_free(&cgroups);
	fixture_close(&fixture);
}

/* From the second directory on there are no descriptors left. */
static int run_out(const char *path, num inode, void *data)
{
	struct rlimit limit;

	(void)path;
	(void)inode;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &limit);
	++*(int *)data;
	return 0;
}

static void test_run_out(void)
{
	struct fixture fixture;
	struct rlimit limit;
	int nr = 0, error;

	fixture_whole(&fixture);
	getrlimit(RLIMIT_NOFILE, &limit);
	error = cgroup_walk(&fixture.source, "/", run_out, &nr);
	setrlimit(RLIMIT_NOFILE, &limit);
	CHECK(error == -EMFILE && nr == 1, "a directory that cannot be read now: %d", error);
	fixture_close(&fixture);
}

/* ---- names ---- */

static void test_name(const struct fixture *fixture, const char *name, int err, uint64_t id,
		      const char *path)
{
	uint64_t found = 77;
	char *text;
	int ret = cgroup_resolve(&fixture->source, name, &found, &text);
	bool same = path ? text && !strcmp(text, path) : !text;

	CHECK(ret == err && found == (err ? 77 : id) && same, "'%s' is %llu, status %d", name,
	      (unsigned long long)found, ret);
	free(text);
}

static void test_names(void)
{
	struct fixture fixture;

	fixture_whole(&fixture);
	tree_file(fixture.tree, "/proc/12/cgroup", "3:cpu:/x\n0::/a/b\n");
	tree_file(fixture.tree, "/proc/13/cgroup", "0::/a/gone (deleted)\n");
	tree_file(fixture.tree, "/proc/14/cgroup", "0::/../outside\n");
	tree_file(fixture.tree, "/proc/15/cgroup", "1:name=systemd:/a\n");
	tree_file(fixture.tree, "/proc/16/cgroup", "0::/");
	tree_file(fixture.tree, "/proc/17/cgroup", "0::\n");
	tree_file(fixture.tree, "/proc/18/cgroup", "");
	fixture_cgroup(&fixture, "/..x", "60\n");
	fixture_cgroup(&fixture, "/bad", "six\n");
	tree_file(fixture.tree, SYS_CGROUP "/a/memory.stat", "");

	test_name(&fixture, "/a/b", 0, 30, "/a/b");
	test_name(&fixture, "/", 0, 1, "/");
	test_name(&fixture, "//a//./b/", 0, 30, "/a/b");
	test_name(&fixture, "/with blank", 0, 32, "/with blank");
	test_name(&fixture, "/..x", 0, 60, "/..x");
	test_name(&fixture, "/sys/fs/cgroup/a/b", 0, 30, "/a/b");
	test_name(&fixture, "/sys/fs/cgroup/a/b/", 0, 30, "/a/b");
	test_name(&fixture, "/sys/fs/cgroup", 0, 1, "/");
	test_name(&fixture, "/sys/fs/cgroup/", 0, 1, "/");
	test_name(&fixture, "/sys/fs/cgroups", -ENOENT, 0, NULL);
	test_name(&fixture, "/a/c", -ENOENT, 0, NULL);
	test_name(&fixture, "/a/memory.stat", -ENOENT, 0, NULL);
	test_name(&fixture, "/user.slice", -ENOENT, 0, NULL);
	test_name(&fixture, "/bad", -EINVAL, 0, NULL);
	test_name(&fixture, "/a/..", -EINVAL, 0, NULL);
	test_name(&fixture, "/../a", -EINVAL, 0, NULL);
	test_name(&fixture, "/sys/fs/cgroup/../cgroup/a", -EINVAL, 0, NULL);
	test_name(&fixture, "..", -EINVAL, 0, NULL);
	test_name(&fixture, ".", -EINVAL, 0, NULL);
	test_name(&fixture, "", -EINVAL, 0, NULL);
	test_name(&fixture, "a/b", -EINVAL, 0, NULL);

	test_name(&fixture, "30", 0, 30, "/a/b");
	test_name(&fixture, "99", 0, 99, "/a/gone");
	test_name(&fixture, "12345", -ENOENT, 0, NULL);
	test_name(&fixture, "0", -ENOENT, 0, NULL);
	test_name(&fixture, "18446744073709551616", -ERANGE, 0, NULL);

	test_name(&fixture, "redis.service", 0, 41, "/system.slice/redis.service");
	test_name(&fixture, "x@1.service", 0, 42, "/system.slice/system-x.slice/x@1.service");
	test_name(&fixture, "system.slice", 0, 40, "/system.slice");
	test_name(&fixture, "app.service", -ENOTUNIQ, 0,
		  "/user.slice/app.service\n/user.slice/deep/app.service");
	test_name(&fixture, "redis", 0, 41, "/system.slice/redis.service");
	test_name(&fixture, "user.slice", -ENOENT, 0, NULL);
	test_name(&fixture, "-1", -ENOENT, 0, NULL);

	test_name(&fixture, "pid:12", 0, 30, "/a/b");
	test_name(&fixture, "pid:13", -ENOENT, 0, NULL);
	test_name(&fixture, "pid:14", -ENOENT, 0, NULL);
	test_name(&fixture, "pid:15", -ENOENT, 0, NULL);
	test_name(&fixture, "pid:16", 0, 1, "/");
	test_name(&fixture, "pid:17", -ENOENT, 0, NULL);
	test_name(&fixture, "pid:18", -ENOENT, 0, NULL);
	test_name(&fixture, "pid:19", -ENOENT, 0, NULL);
	test_name(&fixture, "pid:", -EINVAL, 0, NULL);
	test_name(&fixture, "pid:self", -EINVAL, 0, NULL);
	test_name(&fixture, "pid:-1", -EINVAL, 0, NULL);
	test_name(&fixture, "pid:../12", -EINVAL, 0, NULL);
	fixture_close(&fixture);
}

/* ---- size ---- */

/* As deep as a path can be, and wide enough for anything quadratic to be felt. */
static void test_large(void)
{
	enum { DEPTH = 1500, WIDTH = 2000 };
	struct fixture fixture;
	struct cgroups cgroups;
	char *path, *text, *end;
	uint64_t id;
	int i;

	fixture_open(&fixture);
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets", AGES);
	path = xcalloc(DEPTH, 2);
	for (i = 0, end = path; i < DEPTH - 1; i++)
		end = stpcpy(end, "/d");
	fixture_cgroup(&fixture, path, "7\n");
	text = xcalloc(WIDTH + 2, 64 + 2 * DEPTH);
	end = stpcpy(text, CGROUPS_HEADER);
	end += sprintf(end, "7 0 0 0 30 1 2 0 %s\n", path);
	for (i = WIDTH; i > 0; i--) {
		char *name = xasprintf("/wide/n%d", i), *inode = xasprintf("%d\n", 1000 + i);

		fixture_cgroup(&fixture, name, inode);
		end += sprintf(end, "%d 0 1 30 120 1 3 0 %s\n", 1000 + i, name);
		free(inode);
		free(name);
	}
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", text);
	CHECK(!cgroups_read(&fixture.source, UINT64_MAX, &cgroups), "a large hierarchy");
	CHECK(cgroups.nr == 1 + DEPTH - 1 + 1 + WIDTH, "%d cgroups", cgroups.nr);
	cgroups_sum(&cgroups);
	CHECK(cgroups.sum[0].bucket[0].pages == 1 && cgroups.sum[0].bucket[1].pages == WIDTH, "its sum");
	cgroups_free(&cgroups);
	CHECK(!cgroup_resolve(&fixture.source, "2345", &id, &end) && !strcmp(end, "/wide/n1345"),
	      "one of many");
	free(end);
	free(text);
	free(path);
	fixture_close(&fixture);
}

/* 15,000 cgroups have a longer table than any other file may be. */
static void test_long_table(void)
{
	enum { NR = 15000, NAME = 4600 };
	struct fixture fixture;
	struct cgroups cgroups;
	char *text, *end;
	int error;

	fixture_whole(&fixture);
	text = xcalloc(NR, NAME + 64);
	end = stpcpy(text, CGROUPS_HEADER);
	for (int i = 0; i < NR; i++)
		end += sprintf(end, "%d 0 1 30 120 1 3 0 /%0*d\n", 1000 + i, NAME, i);
	tree_file(fixture.tree, SYS_DEBUGFS "/age_buckets_cgroup", text);
	error = cgroups_read(&fixture.source, UINT64_MAX, &cgroups);
	CHECK(end - text > SOURCE_MAX && !error && cgroups_stored(&cgroups) == NR,
	      "%d cgroups in %td bytes: %d", cgroups.nr, end - text, error);
	cgroups_free(&cgroups);
	free(text);
	fixture_close(&fixture);
}

int main(void)
{
	test_source();
	test_running();
	test_escape();
	test_odd_files();
	test_system();
	test_broken_system();
	test_reasons();
	test_denied();
	test_cgroups();
	test_odd_cgroups();
	test_namespace();
	test_made_meanwhile();
	test_details();
	test_run_out();
	test_names();
	test_large();
	test_long_table();
	return tap_done();
}
