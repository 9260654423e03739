// SPDX-License-Identifier: GPL-2.0
/*
 * What a command may say, and what becomes of the ones that may not be.
 *
 * Every command that is refused is issued while there are pages in zswap, and
 * the runner compares all counters before and after: a refused command leaves
 * no trace, and above all writes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_util.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP		0x02000000
#endif

#define BAIT_PAGES		300
#define UNPRIVILEGED		65534

/* A cgroup id that no cgroup has: ids start at 1 and grow by one. */
#define UNKNOWN_ID		0x7fffffff00000000ULL

/* Pages that a command which is taken by mistake would write. */
static struct zwb_load *bait(void)
{
	return zwb_load(NULL, ZWB_ANY_NODE, BAIT_PAGES, ZWB_TEXT);
}

static void expect_result(int node, const char *command, int want)
{
	if (!zwb_equal(zwb_run(NULL, node, "%s", command), want))
		ksft_print_msg("the command was '%s'\n", command);
}

/* A good command, which finds nothing; for pages that zswap does not store it is refused. */
static void expect_accepted(int node, const char *command)
{
	expect_result(node, command, zwb_is_refused(command) ? -EOPNOTSUPP : -EAGAIN);
}

static void expect_raw_refusal(const char *what, const void *command, size_t length, int want)
{
	struct zwb_snap before, delta;
	int err;

	zwb_snap(&before);
	err = zwb_write(ZWB_SYSFS "/proactive_writeback", command, length);
	zwb_since(&delta, &before);
	if (!zwb_equal(err, want) || !zwb_check_unchanged(&delta))
		ksft_print_msg("the command was %s\n", what);
}

/*
 * Everything that is no command is -EINVAL.
 *
 * Turns red when a malformed token is skipped or half understood, when a key
 * may be repeated, when a command without any limit or a mere scope is taken
 * for "everything", when keys are taken that are not meant for sysfs.
 */
static void malformed(void)
{
	static const char * const commands[] = {
		/* no command at all */
		"\n", " ", "\t", " \t\n",
		/* unknown keys, and things that are no key */
		"ages=0", "Age=0", "AGE=0", "foo=1", "foo=1 age=0", "age=0 foo", "=0", "=",
		"age=0 =", "foo", "all",
		/* values that are missing, or no number */
		"age=", "age", "max=", "max", "max_compressed=", "cgroup= age=0", "node= age=0",
		"type=", "descend= cgroup=1 age=0", "age=x", "age=-1", "max=-4096", "age=1.5",
		"age=1x", "age=1w", "age=1ss", "age=s", "age=1 s", "age=0,age=0", "max=K", "max=4X",
		"age=0 rate=", "age=0 rate", "age=0 rate=x", "age=0 rate=1M/s", "age=0 rate=-1",
		"max=4KK", "max=4KB", "max=1,000,000", "cgroup=x age=0", "cgroup=/ age=0",
		/* blanks where none may be */
		"age =0", "age= 0",
		/* the same thing twice */
		"age=0 age=0", "0 0", "0 age=0", "age=0 0", "max=4K max=4K", "type=all type=all",
		"max_compressed=4K max_compressed=8K", "node=0 node=0 age=0",
		"age=0 rate=1M rate=1M",
		"cgroup=1 cgroup=1 age=0", "cgroup=1 descend=0 descend=0 age=0",
		/* only a scope: a typo must not flush the pool */
		"node=0", "cgroup=1", "cgroup=1 descend=0", "cgroup=1 node=0", "descend=1",
		"rate=1M", "rate=1M node=0",
		/* less than a page */
		"max=0", "max=1", "max=4095", "max=0K", "max=4095 age=0",
		"max_compressed=0", "max_compressed=0K", "age=0 max_compressed=0",
		"age=0 rate=0", "age=0 rate=1", "age=0 rate=4095", "age=0 rate=3K",
		/* values that a key does not have */
		"type=compressible", "type=ALL", "type=1", "cgroup=1 descend=2 age=0",
		"cgroup=1 descend=-1 age=0", "cgroup=1 descend=yes age=0",
		/* nonsense combinations */
		"descend=0 age=0", "descend=1 age=0",
		/* nodes that cannot exist, lists that are none */
		"node=4095 age=0", "node=0,4095 age=0", "node=0-4095 age=0", "node=0- age=0",
		"node=1-0 age=0", "node=-1 age=0", "node=x age=0",
		/* a list that has a blank in it is a list, and an age */
		"node=0, 1", "node=,0 age=0", "node=0,,0 age=0", "node=0-0:1/2 age=0",
		/* lines, not a line */
		"age=0\nmax=4K", "age=0\nmax=4K\n", "\nage=0",
		/* keys of the debugfs file */
		"dry_run=1 age=0", "dry_run=0 age=0", "dry_run=1", "bucket=0", "bucket=0-3",
	};
	size_t i;

	if (!bait())
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		expect_result(ZWB_GLOBAL, commands[i], -EINVAL);
}

/*
 * A NUL ends no command, and what does not fit into the buffer is not cut off
 * and taken.
 *
 * Turns red when the parser works on a C string and ignores the length, or
 * takes the first page of a longer write.
 */
static void embedded_nul_and_overlong(void)
{
	static const char nul_in_value[] = "age=0\0max=4K";
	static const char nul_first[] = "\0age=0";
	static const char nul_between[] = "age=0\0 ";
	static char longer[3 * 65536];

	if (!bait())
		return;
	expect_raw_refusal("cut by a NUL", nul_in_value, sizeof(nul_in_value) - 1, -EINVAL);
	expect_raw_refusal("a NUL first", nul_first, sizeof(nul_first) - 1, -EINVAL);
	expect_raw_refusal("a NUL and a blank", nul_between, sizeof(nul_between) - 1, -EINVAL);

	/* sysfs hands on one page at most, which ends in age=1 here */
	memset(longer, ' ', sizeof(longer));
	memcpy(longer + zwb_page_size - 5, "age=10000d", 10);
	expect_raw_refusal("longer than a page", longer, zwb_page_size + 5, -EINVAL);
	memset(longer, ' ', sizeof(longer));
	memcpy(longer, "age=0", 5);
	expect_raw_refusal("three pages long", longer, 3 * zwb_page_size, -EINVAL);
	memset(longer, 'x', sizeof(longer));
	expect_raw_refusal("one long word", longer, 2000, -EINVAL);
}

/*
 * A write(2) of nothing is none: sysfs itself says that all of it was taken, and asks nobody.
 *
 * Turns red when that is taken for a command, or for a setting.
 */
static void nothing(void)
{
	long long compressed = zwb_read_number(ZWB_COMPRESSED);
	struct zwb_snap before, delta;
	char path[ZWB_PATH_MAX];
	int node;

	if (!bait() || !zwb_nodes(&node, 1))
		return;
	zwb_snap(&before);
	zwb_zero(zwb_write(zwb_command_path(ZWB_GLOBAL, path, sizeof(path)), "", 0));
	zwb_zero(zwb_write(zwb_command_path(ZWB_READBACK, path, sizeof(path)), "", 0));
	zwb_zero(zwb_write(zwb_command_path(node, path, sizeof(path)), "", 0));
	zwb_zero(zwb_write(ZWB_COMPRESSED, "", 0));
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
	zwb_equal(zwb_read_number(ZWB_COMPRESSED), compressed);
}

/*
 * A number beyond its type is -ERANGE, also when only its suffix makes it so.
 *
 * Turns red when a number wraps: then 18446744073709551616 is "everything".
 */
static void out_of_range(void)
{
	static const char * const commands[] = {
		"age=18446744073709551616", "18446744073709551616",
		"age=99999999999999999999999999", "age=18446744073709551615m",
		"age=307445734561825861m", "age=213503982334602d",
		"max=18446744073709551616", "max=16777216T", "max=18446744073709551615K",
		"max_compressed=18446744073709551616", "max_compressed=17179869184G",
		"age=0 rate=18446744073709551616", "age=0 rate=16777216T",
		"cgroup=18446744073709551616 age=0", "cgroup=99999999999999999999999 age=0",
	};
	size_t i;

	if (!bait())
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		expect_result(ZWB_GLOBAL, commands[i], -ERANGE);
}

/*
 * A node's file takes the same commands, but no `node`.
 *
 * Turns red when `node` is taken there, whether it is obeyed or not.
 */
static void node_file(void)
{
	static const char * const commands[] = {
		"node=0 age=0", "age=0 node=0", "node=0-1 max=4K", "node=0",
		"\n", "foo=1 age=0", "age=0 age=0", "max=0", "cgroup=1", "dry_run=1 age=0",
		"bucket=0",
	};
	int nodes[ZWB_MAX_NODES];
	int n, nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	size_t i;

	if (!bait())
		return;
	for (n = 0; n < nr_nodes; n++) {
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			expect_result(nodes[n], commands[i], -EINVAL);
		expect_result(nodes[n], "age=18446744073709551616", -ERANGE);
	}
}

/*
 * Everything that is a command is accepted.  The pool is empty: -EAGAIN says
 * that it was carried out, and the runner checks that it was counted.
 *
 * Turns red when the parser is too strict about blanks, suffixes, order or the
 * trailing newline.
 */
static void accepted(void)
{
	static const char * const commands[] = {
		"age=0", "age=0\n", "0", "0\n", "5", "30s", "2m", "3h", "4d",
		"age=1s", "age=1m", "age=1h", "age=1d", "age=007",
		"max=64K", "max=65536", "max=1M", "max=1G", "max=1T",
		"max=64k", "max=1m", "max=1g", "max=1t", "max_compressed=1m",
		"max_compressed=1M", "max_compressed=1",
		"age=0 rate=64K", "age=0 rate=64k", "age=0 rate=65536", "rate=64K 0",
		"age=0 rate=1T",
		"max=1M rate=18446744073709551615",
		"type=all", "type=incompressible",
		"age=0 max=64K max_compressed=1M type=all",
		"type=incompressible max=1G 10",
		"  age=0", "age=0  ", "age=0   max=64K", "age=0\tmax=64K\n", "\tage=0",
		"node=0 age=0", "age=0 node=0-0",
	};
	char node_list[64], page[64];
	int first, second;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		expect_accepted(ZWB_GLOBAL, commands[i]);
	snprintf(page, sizeof(page), "age=0 max=%ld rate=%ld", zwb_page_size, zwb_page_size);
	expect_accepted(ZWB_GLOBAL, page);
	snprintf(page, sizeof(page), "max=%ldK", zwb_page_size / 1024);
	expect_accepted(ZWB_GLOBAL, page);
	snprintf(page, sizeof(page), "age=0 rate=%ldK", zwb_page_size / 1024);
	expect_accepted(ZWB_GLOBAL, page);
	if (!zwb_need_two_nodes(&first, &second))
		return;
	snprintf(node_list, sizeof(node_list), "node=%d,%d age=0", first, second);
	expect_result(ZWB_GLOBAL, node_list, -EAGAIN);
	snprintf(node_list, sizeof(node_list), "node=%d-%d age=0", first, second);
	expect_result(ZWB_GLOBAL, node_list, -EAGAIN);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strstr(commands[i], "node="))
			expect_accepted(second, commands[i]);
	}
}

/*
 * A cgroup that cannot be named is -ENOENT: an id that no cgroup has, one of a
 * removed cgroup, one of a cgroup without the memory controller.
 *
 * Turns red when an id is looked up without a check of what it found: the
 * effective memory controller of a cgroup that has none is its parent's, whose
 * pages would be written.
 */
static void no_such_cgroup(void)
{
	unsigned long long id;
	const char *parent, *removed;
	char bare[ZWB_PATH_MAX];

	parent = zwb_cgroup(NULL, "parent");
	if (!parent || !zwb_load(parent, ZWB_ANY_NODE, BAIT_PAGES, ZWB_TEXT))
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", UNKNOWN_ID), -ENOENT);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0 descend=0", UNKNOWN_ID), -ENOENT);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", UNKNOWN_ID), -ENOENT);

	/* below a parent that does not hand on the memory controller */
	if (!zwb_cgroup_bare(parent, "bare", bare, sizeof(bare)))
		return;
	id = zwb_cgroup_id(bare);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", id), -ENOENT);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0 descend=0", id), -ENOENT);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", id), -ENOENT);

	removed = zwb_cgroup(NULL, "removed");
	if (!removed)
		return;
	id = zwb_cgroup_id(removed);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", id), -EAGAIN);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", id), -EAGAIN);
	if (!zwb_cgroup_remove(removed))
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", id), -ENOENT);
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", id), -ENOENT);
}

/* A cgroup with a process in a namespace of its own, and those around it. */
enum {
	FAMILY_OWN,
	FAMILY_BELOW,
	FAMILY_BESIDE,
	FAMILY_ABOVE,
	FAMILY_NR,
};

/* What is said to a command for each of them. */
struct family_results {
	int writeback[FAMILY_NR];
	int readback[FAMILY_NR];
	const char *failed;
};

static void commands_for(const unsigned long long id[FAMILY_NR], struct family_results *results)
{
	char path[ZWB_PATH_MAX], command[64];
	int i, length;

	for (i = 0; i < FAMILY_NR; i++) {
		length = snprintf(command, sizeof(command), "cgroup=%llu", id[i]);
		results->readback[i] = zwb_write(zwb_command_path(ZWB_READBACK, path, sizeof(path)),
						 command, length);
		length = snprintf(command, sizeof(command), "cgroup=%llu age=1d", id[i]);
		results->writeback[i] = zwb_write(zwb_command_path(ZWB_GLOBAL, path, sizeof(path)),
						  command, length);
	}
}

static void check_family(const struct family_results *results, const int want[FAMILY_NR])
{
	int i;

	for (i = 0; i < FAMILY_NR; i++) {
		if (!zwb_equal(results->writeback[i], want[i]) ||
		    !zwb_equal(results->readback[i], want[i]))
			ksft_print_msg("that was cgroup number %d of the family\n", i);
	}
}

/*
 * A process in a cgroup namespace can name the cgroups in it, and no other, to write their
 * pages or to bring them back.
 *
 * Turns red when ids are looked up in the whole system, so that a container
 * reaches its neighbours.
 */
static void outside_cgroup_namespace(void)
{
	/* from outside all four have a name, there is nothing a day old, and nothing on the disk */
	static const int outside[FAMILY_NR] = { -EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN };
	/* one is in the namespace, but then without the memory controller */
	static const int inside[FAMILY_NR] = { -EAGAIN, -ENOENT, -ENOENT, -ENOENT };
	const char *above, *own, *below, *beside;
	struct family_results results = { 0 };
	unsigned long long id[FAMILY_NR];
	int pipe_fd[2];
	bool good;
	pid_t pid;

	above = zwb_cgroup(NULL, "above");
	own = above ? zwb_cgroup(above, "own") : NULL;
	beside = own ? zwb_cgroup(above, "beside") : NULL;
	below = beside ? zwb_cgroup(own, "below") : NULL;
	if (!below || !zwb_load(beside, ZWB_ANY_NODE, BAIT_PAGES, ZWB_TEXT))
		return;
	id[FAMILY_OWN] = zwb_cgroup_id(own);
	id[FAMILY_BELOW] = zwb_cgroup_id(below);
	id[FAMILY_BESIDE] = zwb_cgroup_id(beside);
	id[FAMILY_ABOVE] = zwb_cgroup_id(above);
	commands_for(id, &results);
	check_family(&results, outside);

	/* a process may be in a cgroup only while that hands on no controller */
	if (!zwb_cgroup_set(own, "cgroup.subtree_control", "-memory"))
		return;
	if (pipe(pipe_fd)) {
		zwb_fail("pipe: %s", strerror(errno));
		return;
	}
	pid = fork();
	if (!pid) {
		if (cg_enter_current(own))
			results.failed = "entering the cgroup";
		else if (unshare(CLONE_NEWCGROUP))
			results.failed = "unshare(CLONE_NEWCGROUP)";
		commands_for(id, &results);
		_exit(write(pipe_fd[1], &results, sizeof(results)) != sizeof(results));
	}
	close(pipe_fd[1]);
	good = pid > 0 && read(pipe_fd[0], &results, sizeof(results)) == sizeof(results);
	close(pipe_fd[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (!good)
		zwb_fail("the process in the namespace died");
	else if (results.failed)
		zwb_fail("%s", results.failed);
	else
		check_family(&results, inside);
}

/*
 * Naming a cgroup whose zswap writeback is disabled, by itself or by an
 * ancestor, is -EPERM, with zswap on and off; naming an ancestor of it is not.
 *
 * Turns red when only the cgroup's own switch is read, or when upstream's
 * helper is asked, which says "enabled" for every cgroup while zswap is off.
 */
static void writeback_disabled(void)
{
	const char *parent, *child, *grandchild;
	int on;

	parent = zwb_cgroup(NULL, "parent");
	child = parent ? zwb_cgroup(parent, "child") : NULL;
	grandchild = child ? zwb_cgroup(child, "grandchild") : NULL;
	if (!grandchild || !zwb_load(grandchild, ZWB_ANY_NODE, BAIT_PAGES, ZWB_TEXT))
		return;
	if (!zwb_cgroup_set(child, "memory.zswap.writeback", "0"))
		return;
	for (on = 1; on >= 0; on--) {
		if (!zwb_param_set("enabled", on ? "Y" : "N"))
			return;
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(child)),
			  -EPERM);
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0 descend=0",
				  zwb_cgroup_id(child)), -EPERM);
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0",
				  zwb_cgroup_id(grandchild)), -EPERM);
		zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", zwb_cgroup_id(child)),
			  -EPERM);
		zwb_equal(zwb_run(NULL, ZWB_READBACK, "cgroup=%llu", zwb_cgroup_id(grandchild)),
			  -EPERM);
		/* all there is below is protected: carried out, and nothing to do */
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(parent)),
			  -EAGAIN);
	}
}

/*
 * Carried out and not one page written is -EAGAIN, whatever the reason: an
 * empty pool, cgroup or node, nothing old enough, nothing of the type.  It is
 * counted as a command.
 *
 * Turns red when such a command is a success, or an error that a typo gives
 * too.
 */
static void nothing_eligible(void)
{
	const char *full, *empty;
	struct zwb_snap delta;
	struct zwb_load *load;
	int first, second;

	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_zero(delta.total.scanned);

	full = zwb_cgroup(NULL, "full");
	empty = zwb_cgroup(NULL, "empty");
	load = full && empty ? zwb_load(full, ZWB_ANY_NODE, BAIT_PAGES, ZWB_TEXT) : NULL;
	if (!load)
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0 cgroup=%llu", zwb_cgroup_id(empty)), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	zwb_equal(delta.total.skipped_young, load->pages);
	zwb_equal(delta.total.scanned, load->pages);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "type=incompressible"),
		  zwb_has_incompressible() ? -EAGAIN : -EOPNOTSUPP);
	zwb_zero(delta.total.scanned);
	zwb_load_stop(load);

	if (!zwb_need_two_nodes(&first, &second) || !zwb_load(full, first, BAIT_PAGES, ZWB_TEXT))
		return;
	zwb_equal(zwb_run(&delta, second, "age=0"), -EAGAIN);
	zwb_zero(delta.total.scanned);
}

/*
 * The files are root's, for writing only.
 *
 * Turns red when anybody can make the system write, or when reading a command
 * file gives something.
 */
static void permissions(void)
{
	char path[ZWB_PATH_MAX];
	int nodes[ZWB_MAX_NODES];
	int n, nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	int status;
	pid_t pid;

	for (n = -1; n < nr_nodes; n++) {
		zwb_command_path(n < 0 ? ZWB_GLOBAL : nodes[n], path, sizeof(path));
		if (open(path, O_RDONLY) >= 0 || errno != EACCES)
			zwb_fail("%s: opened for reading, or refused with %s", path,
				 strerror(errno));
	}
	pid = fork();
	if (!pid) {
		if (setuid(UNPRIVILEGED))
			_exit(KSFT_SKIP);
		for (n = -1; n < nr_nodes; n++) {
			zwb_command_path(n < 0 ? ZWB_GLOBAL : nodes[n], path, sizeof(path));
			if (open(path, O_WRONLY) >= 0 || errno != EACCES)
				_exit(KSFT_FAIL);
			if (access(ZWB_SYSFS "/stats/written", R_OK))
				_exit(KSFT_FAIL);
		}
		_exit(KSFT_PASS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		zwb_fail("the unprivileged process died");
		return;
	}
	switch (WEXITSTATUS(status)) {
	case KSFT_PASS:
		break;
	case KSFT_SKIP:
		zwb_skip("needs CONFIG_MULTIUSER");
		break;
	default:
		zwb_fail("an unprivileged process opened a command file or read no counter");
	}
}

static const struct zwb_test tests[] = {
	ZWB_TEST(malformed),
	ZWB_TEST(embedded_nul_and_overlong),
	ZWB_TEST(nothing),
	ZWB_TEST(out_of_range),
	ZWB_TEST(node_file),
	ZWB_TEST(accepted),
	ZWB_TEST(no_such_cgroup),
	ZWB_TEST(outside_cgroup_namespace),
	ZWB_TEST(writeback_disabled),
	ZWB_TEST(nothing_eligible),
	ZWB_TEST(permissions),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
