// SPDX-License-Identifier: GPL-2.0
/*
 * Who may do what, and what a container sees or reaches: the chapter "Security"
 * of Documentation/mm/zswap_wb.rst names these tests.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_table.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP		0x02000000
#endif

#define NOBODY			65534
#define BAIT_PAGES		300
#define LARGE_PAGES		60
#define HUGE_WRITE		1048576
#define MANY_CGROUPS		40
#define MANY_NAME		110
#define MANY_PAGES		2
/* hexadecimal digits that look like an address */
#define POINTER_DIGITS		12

/* A cgroup id that no cgroup has: ids start at 1 and grow by one. */
#define UNKNOWN_ID		0x7fffffff00000000ULL

/* Nothing here is a day old: accepted, and nothing to do. */
#define HARMLESS		"age=1d"

static struct zwb_load *bait(const char *cgroup)
{
	return zwb_load(cgroup, ZWB_ANY_NODE, BAIT_PAGES, ZWB_TEXT);
}

/* --- the files, and their modes --- */

/**
 * struct file - a file of the feature
 * @name: path in its directory, node<N> being any node
 * @mode: its permission bits
 */
struct file {
	const char *name;
	mode_t mode;
};

static const struct file sysfs_files[] = {
	{ "proactive_writeback", 0200 },
	{ "compressed_writeback", 0644 },
	{ "proactive_readback", 0200 },
	{ "stats", S_IFDIR | 0755 },
	{ "stats/commands", 0444 },
	{ "stats/scanned", 0444 },
	{ "stats/written", 0444 },
	{ "stats/released_bytes", 0444 },
	{ "stats/skipped_young", 0444 },
	{ "stats/skipped_busy", 0444 },
	{ "stats/skipped_protected", 0444 },
	{ "stats/skipped_gone", 0444 },
	{ "stats/failed", 0444 },
	{ "stats/refaulted", 0444 },
	{ "stats/dropped", 0444 },
	{ "stats/readback", 0444 },
	{ "stats/corrupted", 0444 },
	{ "stats/disk_bytes", 0444 },
	{ "stats/on_disk", 0444 },
	{ "node<N>", S_IFDIR | 0755 },
	{ "node<N>/proactive_writeback", 0200 },
	{ "node<N>/stats", S_IFDIR | 0755 },
	{ "node<N>/stats/scanned", 0444 },
	{ "node<N>/stats/written", 0444 },
	{ "node<N>/stats/released_bytes", 0444 },
	{ "node<N>/stats/skipped_young", 0444 },
	{ "node<N>/stats/skipped_busy", 0444 },
	{ "node<N>/stats/skipped_protected", 0444 },
	{ "node<N>/stats/skipped_gone", 0444 },
	{ "node<N>/stats/failed", 0444 },
	{ "node<N>/stats/refaulted", 0444 },
	{ "node<N>/stats/dropped", 0444 },
	{ "node<N>/stats/readback", 0444 },
	{ "node<N>/stats/corrupted", 0444 },
	{ "node<N>/stats/disk_bytes", 0444 },
	{ "node<N>/stats/on_disk", 0444 },
};

static const struct file debugfs_files[] = {
	{ "age_buckets", 0444 },
	{ "age_buckets_cgroup", 0400 },
	{ "age_edges", 0600 },
	{ "writeback", 0600 },
	{ "node<N>", S_IFDIR | 0755 },
	{ "node<N>/age_buckets", 0444 },
};

/**
 * struct walk - a look at a directory and all that is in it
 * @root: the directory
 * @files: what has to be in it
 * @nr_files: how many
 * @seen: how many there are of each
 * @strict: nothing else may be there; else only for reading, or for root
 */
struct walk {
	const char *root;
	const struct file *files;
	size_t nr_files;
	int seen[ARRAY_SIZE(sysfs_files)];
	bool strict;
};

static void check_file(struct walk *walk, const char *name)
{
	char path[2 * ZWB_PATH_MAX], general[ZWB_PATH_MAX];
	struct stat status;
	size_t i, digits;
	mode_t mode;

	snprintf(path, sizeof(path), "%s/%s", walk->root, name);
	if (lstat(path, &status)) {
		zwb_fail("lstat %s: %s", path, strerror(errno));
		return;
	}
	mode = status.st_mode & 07777;
	if (S_ISDIR(status.st_mode))
		mode |= S_IFDIR;
	else if (!S_ISREG(status.st_mode))
		zwb_fail("%s is neither a file nor a directory", path);
	if (status.st_uid || status.st_gid)
		zwb_fail("%s belongs to %u:%u", path, status.st_uid, status.st_gid);

	snprintf(general, sizeof(general), "%s", name);
	digits = !strncmp(name, "node", 4) ? strspn(name + 4, "0123456789") : 0;
	if (digits)
		snprintf(general, sizeof(general), "node<N>%s", name + 4 + digits);
	for (i = 0; i < walk->nr_files; i++) {
		if (strcmp(general, walk->files[i].name))
			continue;
		walk->seen[i]++;
		if (mode != walk->files[i].mode)
			zwb_fail("%s: mode %#o, not %#o", path, mode, walk->files[i].mode);
		return;
	}
	if (walk->strict)
		zwb_fail("nobody knows what %s is", path);
	else if (mode & ~(S_IFDIR | 0755) || (S_ISREG(status.st_mode) && mode & 0111))
		zwb_fail("%s: mode %#o", path, mode);
}

static void walk_directory(struct walk *walk, const char *name)
{
	char path[2 * ZWB_PATH_MAX], below[ZWB_PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", walk->root, name);
	dir = opendir(path);
	if (!dir) {
		zwb_fail("opendir %s: %s", path, strerror(errno));
		return;
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(below, sizeof(below), "%.128s%s%.255s", name, *name ? "/" : "",
			 entry->d_name);
		check_file(walk, below);
		if (entry->d_type == DT_DIR)
			walk_directory(walk, below);
	}
	closedir(dir);
}

static void check_tree(struct walk *walk)
{
	int nodes[ZWB_MAX_NODES];
	int nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	size_t i;

	walk_directory(walk, "");
	for (i = 0; i < walk->nr_files; i++) {
		bool of_node = !strncmp(walk->files[i].name, "node<N>", 7);

		if (!zwb_equal(walk->seen[i], of_node ? nr_nodes : 1))
			ksft_print_msg("of %s/%s\n", walk->root, walk->files[i].name);
	}
}

/*
 * Both directories have the files that the documentation names and no others,
 * each with its mode, and all are root's.
 *
 * Turns red when a file is more open than documented, or is there without being
 * documented.
 */
static void every_file_has_its_mode(void)
{
	struct walk sysfs = {
		.root = ZWB_SYSFS,
		.files = sysfs_files,
		.nr_files = ARRAY_SIZE(sysfs_files),
		.strict = true,
	};
	/* upstream has files there, too */
	struct walk debugfs = {
		.root = ZWB_DEBUGFS,
		.files = debugfs_files,
		.nr_files = ARRAY_SIZE(debugfs_files),
	};

	zwb_check_mode(ZWB_SYSFS, 0755);
	check_tree(&sysfs);
	if (!zwb_need_tables())
		return;
	zwb_check_mode("/sys/kernel/debug", 0700);
	check_tree(&debugfs);
}

/* --- somebody else --- */

/*
 * Become somebody else in a process of its own, and do what @fn does.
 *
 * @become returns false, with the test marked as skipped or failed, if that is
 * not possible.  What comes after a failure to become somebody is not run.
 */
static void run_as(bool (*become)(void), void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		bool there;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		there = become();
		if (there)
			fn();
		fflush(stdout);
		if (zwb_failed())
			_exit(KSFT_FAIL);
		_exit(there ? KSFT_PASS : KSFT_SKIP);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		zwb_fail("the other process died");
	else if (WEXITSTATUS(status) == KSFT_SKIP)
		zwb_skip("needs CONFIG_MULTIUSER and CONFIG_NAMESPACES of all kinds");
	else if (WEXITSTATUS(status) != KSFT_PASS)
		zwb_fail("in the other process");
}

/* opened by root before, so that the mode of /sys/kernel/debug does not matter */
static int debugfs_dir = -1;

static bool open_debugfs(void)
{
	debugfs_dir = open(ZWB_DEBUGFS, O_PATH | O_DIRECTORY);
	if (debugfs_dir < 0)
		zwb_fail("open " ZWB_DEBUGFS ": %s", strerror(errno));
	return debugfs_dir >= 0;
}

static void close_debugfs(void)
{
	close(debugfs_dir);
	debugfs_dir = -1;
}

static void expect_open(int dir, const char *path, int flags, int want)
{
	int fd = openat(dir, path, flags);
	int err = fd < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (!zwb_equal(err, want))
		ksft_print_msg("that was %s with flags %#o\n", path, flags);
}

/* @want: what opening a file gives that is not for everybody */
static void expect_files(int want)
{
	int n, nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	char path[ZWB_PATH_MAX];

	for (n = -1; n < nr_nodes; n++) {
		zwb_command_path(n < 0 ? ZWB_GLOBAL : nodes[n], path, sizeof(path));
		expect_open(AT_FDCWD, path, O_WRONLY, want);
		/* nobody can read a command */
		expect_open(AT_FDCWD, path, O_RDONLY, -EACCES);
		expect_open(AT_FDCWD, path, O_RDWR, -EACCES);
	}
	expect_open(AT_FDCWD, ZWB_SYSFS "/stats/written", O_RDONLY, 0);
	expect_open(AT_FDCWD, ZWB_SYSFS "/stats/written", O_WRONLY, -EACCES);
	if (debugfs_dir < 0)
		return;
	expect_open(debugfs_dir, "age_buckets", O_RDONLY, 0);
	expect_open(debugfs_dir, "age_buckets_cgroup", O_RDONLY, want);
	expect_open(debugfs_dir, "age_edges", O_RDONLY, want);
	expect_open(debugfs_dir, "age_edges", O_WRONLY, want);
	expect_open(debugfs_dir, "writeback", O_RDONLY, want);
	expect_open(debugfs_dir, "writeback", O_RDWR, want);
	expect_open(debugfs_dir, "writeback", O_WRONLY, want);
}

static void expect_nothing(void)
{
	expect_files(-EACCES);
	/* the way there that is not held open by somebody else */
	expect_open(AT_FDCWD, ZWB_DEBUGFS "/age_buckets", O_RDONLY, -EACCES);
}

static void expect_everything(void)
{
	expect_files(0);
	zwb_equal(zwb_write(ZWB_SYSFS "/proactive_writeback", HARMLESS, strlen(HARMLESS)),
		  -EAGAIN);
}

static bool set_ids(void)
{
	/* files in /proc/self stay the process's own */
	return !setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY) &&
	       !prctl(PR_SET_DUMPABLE, 1);
}

static bool become_nobody(void)
{
	return set_ids();
}

/*
 * Nobody may give a command, see what names cgroups, or change the edges; all
 * may read the counters.
 *
 * Turns red when a file that is not for everybody can be opened by somebody
 * else than root.
 */
static void unprivileged_user(void)
{
	if (!zwb_need_tables() || !open_debugfs())
		return;
	run_as(become_nobody, expect_nothing);
	close_debugfs();
}

/* --- user namespaces --- */

static bool unshare_user(uid_t uid, int flags)
{
	char map[64];

	if (unshare(CLONE_NEWUSER | flags))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	return zwb_write_string("/proc/self/setgroups", "deny") &&
	       zwb_write_string("/proc/self/uid_map", map) &&
	       zwb_write_string("/proc/self/gid_map", map) && !getuid();
}

static bool become_root_of_nobody(void)
{
	return set_ids() && unshare_user(NOBODY, 0);
}

static bool become_root_of_root(void)
{
	return unshare_user(0, 0);
}

static void expect_no_mounts(void)
{
	char dir[] = "/tmp/zswap_wb_XXXXXX";

	expect_nothing();
	if (!mkdtemp(dir)) {
		zwb_fail("mkdtemp: %s", strerror(errno));
		return;
	}
	if (!mount("debugfs", dir, "debugfs", 0, NULL))
		zwb_fail("debugfs can be mounted in a user namespace");
	else
		zwb_equal(-errno, -EPERM);
	/* where a sysfs of one's own is allowed, its files are still root's */
	if (!mount("sysfs", dir, "sysfs", 0, NULL)) {
		char path[ZWB_PATH_MAX];

		snprintf(path, sizeof(path), "%s/kernel/mm/zswap/proactive_writeback", dir);
		expect_open(AT_FDCWD, path, O_WRONLY, -EACCES);
		snprintf(path, sizeof(path), "%s/kernel/mm/zswap/stats/written", dir);
		expect_open(AT_FDCWD, path, O_RDONLY, 0);
		ksft_print_msg("sysfs can be mounted in a user namespace\n");
		umount(dir);
	}
	rmdir(dir);
}

static bool become_root_of_nobody_with_mounts(void)
{
	return set_ids() && unshare_user(NOBODY, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWCGROUP);
}

/*
 * Root of a user namespace whose user outside is not root may do what that user
 * may, and cannot mount debugfs.
 *
 * Turns red when a capability in a user namespace counts, instead of the owner
 * of the file.
 */
static void root_of_a_user_namespace(void)
{
	if (!zwb_need_tables() || !open_debugfs())
		return;
	run_as(become_root_of_nobody, expect_nothing);
	run_as(become_root_of_nobody_with_mounts, expect_no_mounts);
	close_debugfs();
}

/*
 * A user namespace that has the real root in it, as itself, has the owner of
 * the files in it.
 *
 * Turns red when that changes, which the documentation then has to say.
 */
static void root_in_a_user_namespace(void)
{
	if (!zwb_need_tables() || !open_debugfs())
		return;
	run_as(become_root_of_root, expect_everything);
	close_debugfs();
}

/* --- capabilities --- */

static bool set_caps(unsigned int caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = caps, .permitted = caps },
	};

	return !syscall(__NR_capset, &header, data);
}

static bool become_root_without_caps(void)
{
	return set_caps(0);
}

static bool become_nobody_with_cap(void)
{
	return !prctl(PR_SET_KEEPCAPS, 1) && set_ids() &&
	       set_caps(1 << CAP_DAC_OVERRIDE);
}

/*
 * The modes of the files decide, and nothing else: root needs no capability, and
 * who may override modes needs no root.
 *
 * Turns red when a capability is asked for that the documentation does not
 * name, or when modes are not asked.
 */
static void modes_decide(void)
{
	if (!zwb_need_tables() || !open_debugfs())
		return;
	run_as(become_root_without_caps, expect_everything);
	run_as(become_nobody_with_cap, expect_everything);
	close_debugfs();
}

/* --- open files --- */

static int passed_command = -1, passed_answer = -1;

static int write_to(int fd, const char *command)
{
	return write(fd, command, strlen(command)) < 0 ? -errno : 0;
}

static void use_passed_files(void)
{
	struct zwb_answer answer;
	char command[64];

	snprintf(command, sizeof(command), "max=%lld", 10LL * zwb_page_size);
	zwb_zero(write_to(passed_command, command));
	zwb_zero(write_to(passed_answer, command));
	if (zwb_read_answer(passed_answer, &answer))
		zwb_equal(answer.written, 10);
}

static bool open_passed_files(void)
{
	passed_command = open(ZWB_SYSFS "/proactive_writeback", O_WRONLY);
	passed_answer = open(ZWB_ANSWER_FILE, O_RDWR);
	if (passed_command >= 0 && passed_answer >= 0)
		return true;
	zwb_fail("open: %s", strerror(errno));
	return false;
}

static void close_passed_files(void)
{
	close(passed_command);
	close(passed_answer);
}

/*
 * An open file is a permission: who is handed one may use it.
 *
 * Turns red when the writer is asked who it is after all, which the
 * documentation then has to say.
 */
static void open_file_is_a_permission(void)
{
	struct zwb_snap before, delta;

	if (!zwb_need_tables() || !bait(NULL) || !open_passed_files())
		return;
	zwb_snap(&before);
	run_as(become_nobody, use_passed_files);
	run_as(become_root_of_nobody, use_passed_files);
	zwb_since(&delta, &before);
	zwb_equal(delta.commands, 4);
	zwb_equal(delta.total.written, 40);
	close_passed_files();
}

/* --- cgroup namespaces --- */

static struct {
	const char *own_path;
	char beside_name[ZWB_PATH_MAX];
	unsigned long long above;
	unsigned long long own;
	unsigned long long beside;
	unsigned long long protected;
	unsigned long long removed;
} family;

static bool make_family(void)
{
	const char *above, *beside, *protected, *removed, *root = zwb_cgroup_root();

	above = zwb_cgroup(NULL, "above");
	family.own_path = above ? zwb_cgroup(above, "own") : NULL;
	beside = family.own_path ? zwb_cgroup(above, "beside") : NULL;
	protected = beside ? zwb_cgroup(above, "protected") : NULL;
	removed = protected ? zwb_cgroup(above, "removed") : NULL;
	if (!removed || !zwb_cgroup_set(protected, "memory.zswap.writeback", "0"))
		return false;
	snprintf(family.beside_name, sizeof(family.beside_name), "%s", beside + strlen(root));
	family.above = zwb_cgroup_id(above);
	family.own = zwb_cgroup_id(family.own_path);
	family.beside = zwb_cgroup_id(beside);
	family.protected = zwb_cgroup_id(protected);
	family.removed = zwb_cgroup_id(removed);
	return zwb_cgroup_remove(removed) && bait(beside);
}

static bool become_member(void)
{
	if (!cg_enter_current(family.own_path) && !unshare(CLONE_NEWCGROUP))
		return true;
	zwb_fail("entering a cgroup namespace: %s", strerror(errno));
	return false;
}

/* The answer to a command by way of the file that was opened outside. */
static int ask_passed(struct zwb_answer *answer, unsigned long long id, const char *what)
{
	char command[96];
	int err;

	snprintf(command, sizeof(command), "cgroup=%llu %s", id, what);
	err = write_to(passed_answer, command);
	if (!zwb_read_answer(passed_answer, answer))
		return -EIO;
	/* sysfs agrees */
	zwb_equal(write_to(passed_command, command), err);
	return err;
}

static void use_files_from_outside(void)
{
	const unsigned long long outside[] = {
		family.above, family.beside, family.protected, family.removed, 1,
	};
	struct zwb_answer answer, unknown;
	size_t i;

	zwb_equal(ask_passed(&unknown, UNKNOWN_ID, "age=0"), -ENOENT);
	for (i = 0; i < ARRAY_SIZE(outside); i++) {
		zwb_equal(ask_passed(&answer, outside[i], "age=0"), -ENOENT);
		/* what is there and what is not: nothing tells them apart */
		if (!zwb_answer_same(&answer, &unknown))
			ksft_print_msg("that was cgroup number %zu of the family\n", i);
	}
	zwb_equal(ask_passed(&answer, family.own, "age=0"), -EAGAIN);
}

/*
 * What a command may name goes by the namespace of who writes it, not of who
 * opened the file; and there is no telling a cgroup outside, protected or not,
 * from one that does not exist.
 *
 * Turns red when a file that is handed into a container reaches out of it by
 * id, or when the order of checks or the answer tells what is outside.
 */
static void open_file_names_no_cgroup_outside(void)
{
	struct zwb_snap before, delta;

	if (!zwb_need_tables() || !make_family() || !open_passed_files())
		return;
	zwb_snap(&before);
	run_as(become_member, use_files_from_outside);
	zwb_since(&delta, &before);
	/* the two for its own cgroup */
	zwb_equal(delta.commands, 2);
	zwb_zero(delta.total.scanned);
	zwb_zero(delta.total.written);
	close_passed_files();
}

static void use_file_from_inside(void)
{
	struct zwb_answer answer;
	int outside;

	/* the namespace of the runner, which is its parent */
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/cgroup", getppid());
	outside = open(path, O_RDONLY);
	if (outside < 0 || !open_passed_files()) {
		zwb_fail("open %s: %s", path, strerror(errno));
		return;
	}
	zwb_equal(ask_passed(&answer, family.beside, HARMLESS), -ENOENT);
	if (setns(outside, CLONE_NEWCGROUP))
		zwb_fail("setns: %s", strerror(errno));
	zwb_equal(ask_passed(&answer, family.beside, HARMLESS), -EAGAIN);
	zwb_equal(answer.skipped_young, BAIT_PAGES);
}

/* The other way round: a file from a container, written to outside of it. */
static void open_file_from_inside_names_what_its_writer_may(void)
{
	if (zwb_need_tables() && make_family())
		run_as(become_member, use_file_from_inside);
}

static void command_without_a_cgroup(void)
{
	struct zwb_answer answer;

	zwb_zero(zwb_ask(&answer, "age=0 dry_run=1"));
	zwb_equal(answer.written, BAIT_PAGES);
}

/*
 * A command that names no cgroup is for the whole system, whoever gives it:
 * whoever may write to the file may do so.
 *
 * Turns red when a cgroup namespace changes what such a command means.
 */
static void command_without_a_cgroup_is_for_the_system(void)
{
	if (zwb_need_tables() && make_family())
		run_as(become_member, command_without_a_cgroup);
}

static void table_in_namespace(void)
{
	struct zwb_cgroup_table table = { 0 };
	long long pages = 0;
	size_t i;

	if (zwb_cgroup_table_read(&table)) {
		for (i = 0; i < table.nr; i++) {
			if (table.row[i].cgroup == family.beside &&
			    !strcmp(table.row[i].path, family.beside_name))
				pages += table.row[i].pages;
		}
		zwb_equal(pages, BAIT_PAGES);
	}
	zwb_cgroup_table_free(&table);
}

/*
 * The table of cgroups has all of them, with their paths in the whole system,
 * whoever reads it, as the files of MGLRU and of the shrinkers in debugfs. Its
 * mode is what keeps it from containers.
 *
 * Turns red when that changes, which the documentation then has to say.
 */
static void table_of_cgroups_is_for_the_system(void)
{
	if (zwb_need_tables() && make_family())
		run_as(become_member, table_in_namespace);
}

/* --- a container --- */

/*
 * What container runtimes do: sysfs read-only, no debugfs, and namespaces of its
 * own, of a user who is not root outside.
 */
static bool become_container(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/sys", "/sys", NULL, MS_BIND, NULL) ||
	    mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
		return false;
	return true;
}

static void expect_no_commands(int err)
{
	expect_open(AT_FDCWD, ZWB_SYSFS "/proactive_writeback", O_WRONLY, err);
	expect_open(AT_FDCWD, ZWB_SYSFS "/node0/proactive_writeback", O_WRONLY, err);
	expect_open(AT_FDCWD, ZWB_SYSFS "/stats/written", O_RDONLY, 0);
	expect_open(AT_FDCWD, ZWB_ANSWER_FILE, O_RDWR, -ENOENT);
	expect_open(AT_FDCWD, ZWB_CGROUP_TABLE_FILE, O_RDONLY, -ENOENT);
}

/* With a read-only sysfs not even the real root gets at a command. */
static void expect_read_only(void)
{
	expect_no_commands(-EROFS);
}

static bool become_unprivileged_container(void)
{
	int status;
	pid_t pid;

	if (!become_container() || !set_ids() ||
	    !unshare_user(NOBODY, CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWPID | CLONE_NEWNET |
				  CLONE_NEWUTS))
		return false;
	/* the first child is in the namespace of processes */
	pid = fork();
	if (!pid)
		return getpid() == 1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		_exit(KSFT_FAIL);
	_exit(WEXITSTATUS(status));
}

static void expect_sealed_off(void)
{
	/* the mode comes first, and that the mount is read-only is for good */
	expect_no_commands(-EACCES);
	if (!mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL))
		zwb_fail("/sys can be made writable");
	if (!mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL))
		zwb_fail("debugfs can be mounted");
}

/*
 * A container reads the counters of the system and reaches nothing else.
 *
 * Turns red when a file of the feature is to be found where containers have
 * more than a read-only sysfs.
 */
static void container(void)
{
	run_as(become_container, expect_read_only);
	run_as(become_unprivileged_container, expect_sealed_off);
}

/* --- numbers --- */

static void expect_refusal(const char *command, int want)
{
	struct zwb_snap before, delta;
	struct zwb_answer answer;
	int err;

	zwb_snap(&before);
	err = zwb_ask(&answer, "%s", command);
	zwb_since(&delta, &before);
	if (!zwb_equal(err, want) || !zwb_check_unchanged(&delta))
		ksft_print_msg("the command was '%s'\n", command);
}

/*
 * Numbers at and beyond the limits of their types, in the keys that
 * zswap_wb_command has not tried them in.
 *
 * Turns red when a number wraps or is cut off: then a command does something
 * that nobody has asked for.
 */
static void numbers_beyond_their_types(void)
{
	static const struct {
		const char *command;
		int want;
	} commands[] = {
		{ "cgroup=18446744073709551615 age=0", -ENOENT },
		{ "cgroup=9223372036854775807 age=0", -ENOENT },
		{ "cgroup=0 age=0", -ENOENT },
		/* those would be the root or another cgroup if cut to 32 bits */
		{ "cgroup=4294967296 age=0", -ENOENT },
		{ "cgroup=4294967297 age=0", -ENOENT },
		{ "cgroup=18446744073709551617 age=0", -ERANGE },
		{ "cgroup=-1 age=0", -EINVAL },
		{ "cgroup=+1 age=0", -EINVAL },
		{ "cgroup=0x1 age=0", -EINVAL },
		{ "node=0-4294967295 age=0", -EINVAL },
		{ "node=4294967295 age=0", -EINVAL },
		{ "node=4294967296 age=0", -EINVAL },
		{ "node=0-4294967296 age=0", -EINVAL },
		{ "node=18446744073709551615 age=0", -EINVAL },
		{ "node=18446744073709551616 age=0", -EINVAL },
		{ "node=0-18446744073709551616 age=0", -EINVAL },
		{ "node=0-4294967295:1/4294967295 age=0", -EINVAL },
		{ "node=0:0/0 age=0", -EINVAL },
		{ "node=0-0:1/0 age=0", -EINVAL },
		{ "bucket=0-4294967295", -EINVAL },
		{ "bucket=4294967295", -EINVAL },
		{ "bucket=4294967296", -EINVAL },
		{ "bucket=0-4294967296", -EINVAL },
		{ "bucket=18446744073709551615", -EINVAL },
		{ "bucket=0-18446744073709551615", -EINVAL },
		{ "bucket=18446744073709551616", -ERANGE },
		{ "bucket=0-18446744073709551616", -ERANGE },
		{ "bucket=18446744073709551616-", -ERANGE },
		{ "bucket=-1", -EINVAL },
		{ "bucket=0--1", -EINVAL },
		{ "age=18446744073709551615s max=18014398509481984K", -ERANGE },
		{ "max_compressed=18446744073709551615T", -ERANGE },
		{ "max=18446744073709551615K dry_run=1", -ERANGE },
		{ "descend=18446744073709551617 cgroup=1 age=0", -EINVAL },
		{ "dry_run=4294967296 age=0", -EINVAL },
	};
	size_t i;

	if (!zwb_need_answers() || !bait(NULL))
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		expect_refusal(commands[i].command, commands[i].want);
}

/* @want pages are written, and are in zswap again afterwards. */
static void expect_written(struct zwb_load * const *loads, const char *command, long long want)
{
	struct zwb_snap delta;
	int i, err;

	err = zwb_run(&delta, ZWB_GLOBAL, "%s", command);
	if (!zwb_equal(err, want ? 0 : -EAGAIN) || !zwb_equal(delta.total.written, want))
		ksft_print_msg("the command was '%s'\n", command);
	if (!want)
		return;
	for (i = 0; i < 2 && !zwb_failed(); i++) {
		if (!zwb_load_verify(loads[i]) || !zwb_load_touch(loads[i], 0, LARGE_PAGES))
			return;
	}
	for (i = 0; i < 2 && !zwb_failed(); i++)
		zwb_load_pageout(loads[i]);
}

/*
 * The largest numbers are taken for what they are: no age is so high, and no
 * limit is ever reached; shares of such a limit do not overflow either.
 *
 * Turns red when an age or a limit wraps, becomes negative, or is taken for
 * "none" where it is not.
 */
static void largest_numbers(void)
{
	static const char * const nothing[] = {
		"age=18446744073709551615",
		"age=18446744073709551614",
		"age=9223372036854775808",
		"age=4294967296",
		"age=4294967295",
		"age=2147483648",
		"age=307445734561825860m",
		"age=213503982334601d",
		"age=18446744073709551615 max=18446744073709551615",
		"age=18446744073709551614 max=1M max_compressed=18446744073709551615",
		"age=9223372036854775807 max_compressed=1M",
		"age=4294967295 max=1M",
		"age=2147483648 max=1M",
	};
	static const char * const everything[] = {
		"max=18446744073709551615",
		"max=16777215T",
		"max=9223372036854775808 max_compressed=9223372036854775808",
		"max_compressed=18446744073709551615",
		"max_compressed=18446744073709551614",
		"max_compressed=9223372036854775807",
	};
	struct zwb_load *loads[2];
	char command[96];
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *cgroup = zwb_cgroup(NULL, i ? "second" : "first");

		loads[i] = !cgroup ? NULL :
			   zwb_load(cgroup, ZWB_ANY_NODE, LARGE_PAGES, ZWB_TEXT);
		if (!loads[i])
			return;
	}
	for (i = 0; i < ARRAY_SIZE(nothing); i++)
		expect_written(loads, nothing[i], 0);
	for (i = 0; i < ARRAY_SIZE(everything); i++)
		expect_written(loads, everything[i], 2 * LARGE_PAGES);
	/* one limit that counts, one that is shared out and does not */
	snprintf(command, sizeof(command), "max=%lld max_compressed=18446744073709551614",
		 40LL * zwb_page_size);
	expect_written(loads, command, 40);
}

/* --- sizes --- */

/*
 * A write of a mebibyte is refused, whatever it begins with.
 *
 * Turns red when memory is allocated by what the caller says, or when the
 * beginning of a long write is taken for all of it.
 */
static void huge_writes(void)
{
	static const struct {
		const char *path;
		const char *begins;
	} writes[] = {
		{ ZWB_SYSFS "/proactive_writeback", "age=0" },
		{ ZWB_SYSFS "/node0/proactive_writeback", "age=0" },
		{ ZWB_ANSWER_FILE, "age=0" },
		{ ZWB_EDGES_FILE, "0 5 10" },
	};
	struct zwb_edges edges, before_edges;
	struct zwb_snap before, delta;
	size_t i, fill;
	char *text;

	if (!zwb_need_tables() || !bait(NULL) || !zwb_edges_read(&before_edges))
		return;
	text = malloc(HUGE_WRITE);
	if (!text)
		return;
	zwb_snap(&before);
	for (fill = 0; fill < 3; fill++) {
		for (i = 0; i < ARRAY_SIZE(writes); i++) {
			memset(text, " x\0"[fill], HUGE_WRITE);
			memcpy(text, writes[i].begins, strlen(writes[i].begins));
			if (!zwb_equal(zwb_write(writes[i].path, text, HUGE_WRITE), -EINVAL))
				ksft_print_msg("that was %s\n", writes[i].path);
		}
	}
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
	if (zwb_edges_read(&edges) && memcmp(&edges, &before_edges, sizeof(edges)))
		zwb_fail("the edges have changed");
	free(text);
}

/*
 * A table of many cgroups comes in pieces of a page, however much a reader asks
 * for: that is what the kernel holds of it at a time.  zswap_wb_storm has hundreds
 * of cgroups, and compares what small pieces add up to.
 *
 * Turns red when a table is made as a whole before it is read, in memory that
 * grows with the number of cgroups.
 */
static void table_comes_in_pieces(void)
{
	size_t total = 0, rows = 0, pieces = 0;
	char name[MANY_NAME + 16];
	ssize_t got;
	char *text;
	int i, fd;

	if (!zwb_need_tables())
		return;
	if (MANY_CGROUPS * MANY_NAME < zwb_page_size) {
		zwb_skip("a page holds all of a table of %d cgroups", MANY_CGROUPS);
		return;
	}
	for (i = 0; i < MANY_CGROUPS; i++) {
		const char *cgroup;

		snprintf(name, sizeof(name), "%03d_%0*d", i, MANY_NAME, 0);
		cgroup = zwb_cgroup(NULL, name);
		if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, MANY_PAGES, ZWB_TEXT))
			return;
	}
	text = malloc(HUGE_WRITE);
	fd = open(ZWB_CGROUP_TABLE_FILE, O_RDONLY);
	if (!text || fd < 0) {
		zwb_fail("open " ZWB_CGROUP_TABLE_FILE ": %s", strerror(errno));
		return;
	}
	while ((got = read(fd, text, HUGE_WRITE)) > 0) {
		zwb_between(got, 1, zwb_page_size);
		pieces++;
		total += got;
		for (i = 0; i < got; i++)
			rows += text[i] == '\n';
	}
	zwb_zero(got);
	close(fd);
	free(text);
	ksft_print_msg("%zu lines, %zu bytes in %zu pieces\n", rows, total, pieces);
	/* and the header; a cgroup may have pages on two nodes */
	zwb_between(rows, MANY_CGROUPS + 1, MANY_PAGES * MANY_CGROUPS + 1);
	zwb_between(total, zwb_page_size + 1, HUGE_WRITE);
	zwb_between(pieces, 2, rows);
}

/* --- what numbers tell --- */

/* A word that may be an address in the kernel */
static bool is_pointer(const char *word, size_t length)
{
	size_t i, digits = 0, letters = 0;

	if (length > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
		return true;
	for (i = 0; i < length; i++) {
		if (!isxdigit(word[i]))
			return false;
		digits++;
		letters += !isdigit(word[i]);
	}
	if (letters)
		return digits >= POINTER_DIGITS;
	/* in decimal, those of the upper half */
	errno = 0;
	return strtoull(word, NULL, 10) >> 63 || errno;
}

static void check_words(const char *path, const char *text)
{
	size_t length;

	while (*text) {
		while (*text && !isalnum(*text) && *text != '_')
			text++;
		for (length = 0; isalnum(text[length]) || text[length] == '_'; length++)
			;
		if (length && is_pointer(text, length))
			zwb_fail("%s: '%.*s' looks like an address", path, (int)length, text);
		text += length;
	}
}

static void check_words_of(const char *dir, const struct file *files, size_t nr_files)
{
	int nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES), n;
	char path[ZWB_PATH_MAX];
	size_t i, length;
	char *text;

	for (i = 0; i < nr_files; i++) {
		bool of_node = !strncmp(files[i].name, "node<N>", 7);

		if (files[i].mode & S_IFDIR || !(files[i].mode & 0400))
			continue;
		for (n = 0; n < (of_node ? nr_nodes : 1); n++) {
			if (of_node)
				snprintf(path, sizeof(path), "%s/node%d%s", dir, nodes[n],
					 files[i].name + 7);
			else
				snprintf(path, sizeof(path), "%s/%s", dir, files[i].name);
			text = zwb_read_file(path, 4096, &length);
			if (text)
				check_words(path, text);
			free(text);
		}
	}
}

/*
 * No file tells where anything is in the kernel's memory.
 *
 * Turns red when something is printed as a pointer or as a number that is one.
 */
static void no_file_shows_an_address(void)
{
	static const char * const events[] = {
		"zswap_wb_start", "zswap_wb_batch", "zswap_wb_end", "zswap_wb_refault",
	};
	struct zwb_load *load;
	char path[ZWB_PATH_MAX];
	char answer[1024];
	const char *cgroup;
	ssize_t got;
	size_t i;
	int fd;

	if (!zwb_need_tables())
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? bait(cgroup) : NULL;
	if (!load)
		return;
	/* numbers in all counters and columns */
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	zwb_load_verify(load);
	check_words_of(ZWB_SYSFS, sysfs_files, ARRAY_SIZE(sysfs_files));
	check_words_of(ZWB_DEBUGFS, debugfs_files, ARRAY_SIZE(debugfs_files));

	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	if (fd < 0 || write_to(fd, HARMLESS) != -EAGAIN) {
		zwb_fail("no answer");
		return;
	}
	got = read(fd, answer, sizeof(answer) - 1);
	close(fd);
	answer[got > 0 ? got : 0] = '\0';
	zwb_between(got, 100, sizeof(answer) - 1);
	check_words(ZWB_ANSWER_FILE, answer);

	for (i = 0; zwb_need_trace() && i < ARRAY_SIZE(events); i++) {
		size_t length;
		char *text;

		snprintf(path, sizeof(path), ZWB_TRACEFS "/events/zswap_wb/%s/format", events[i]);
		text = zwb_read_file(path, 4096, &length);
		if (text && (strstr(text, "%p") || strstr(text, "0x%")))
			zwb_fail("%s prints an address", path);
		free(text);
	}
}

static const struct zwb_test tests[] = {
	ZWB_TEST(every_file_has_its_mode),
	ZWB_TEST(unprivileged_user),
	ZWB_TEST(root_of_a_user_namespace),
	ZWB_TEST(root_in_a_user_namespace),
	ZWB_TEST(modes_decide),
	ZWB_TEST(open_file_is_a_permission),
	ZWB_TEST(open_file_names_no_cgroup_outside),
	ZWB_TEST(open_file_from_inside_names_what_its_writer_may),
	ZWB_TEST(command_without_a_cgroup_is_for_the_system),
	ZWB_TEST(table_of_cgroups_is_for_the_system),
	ZWB_TEST(container),
	ZWB_TEST(numbers_beyond_their_types),
	ZWB_TEST(largest_numbers),
	ZWB_TEST(huge_writes),
	ZWB_TEST(table_comes_in_pieces),
	ZWB_TEST(no_file_shows_an_address),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
