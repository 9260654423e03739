// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive zswap writeback before zswap was ever enabled.
 *
 * Must be the first program to run after boot, with zswap off.  The last test
 * enables zswap for all programs that follow.  Once zswap was set up there is
 * no way back: then only the tests of what stands below /sys/kernel/mm/zswap
 * say something, and the others are skipped.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

static const char * const counters[] = {
	"scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
	"skipped_protected", "skipped_gone", "failed", "refaulted", "dropped",
	"readback", "disk_bytes", "corrupted", "on_disk",
};

static bool need_never_set_up(void)
{
	char enabled[8];

	if (zwb_stored() < 0 && zwb_param_get("enabled", enabled, sizeof(enabled)) &&
	    enabled[0] == 'N')
		return true;
	zwb_skip("zswap was set up before (hint: boot with zswap.enabled=0, run this first)");
	return false;
}

static void check_directory(const char *dir)
{
	char path[ZWB_PATH_MAX];
	size_t i;

	snprintf(path, sizeof(path), "%s/proactive_writeback", dir);
	zwb_check_mode(path, 0200);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		snprintf(path, sizeof(path), "%s/stats/%s", dir, counters[i]);
		zwb_check_mode(path, 0444);
	}
}

static bool node_can_hold_entries(int node)
{
	static char text[1024];
	char *range, *save;
	FILE *file;

	file = fopen("/sys/devices/system/node/has_normal_memory", "r");
	if (!file || !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	for (range = strtok_r(text, ",\n", &save); range; range = strtok_r(NULL, ",\n", &save)) {
		char *dash = strchr(range, '-');

		if (node >= atoi(range) && node <= atoi(dash ? dash + 1 : range))
			return true;
	}
	return false;
}

/*
 * Every file of the interface is there, with its mode, whether or not zswap was
 * ever enabled, and there is a directory for each node with normal memory and
 * for no other.
 *
 * Turns red when the directory is created by zswap_setup() only, when a file is
 * missing or readable or writable by the wrong ones, when there is a directory
 * for a node that cannot hold entries.
 */
static void tree(void)
{
	char dir[ZWB_PATH_MAX];
	int node, nr = 0;

	zwb_check_mode(ZWB_SYSFS, 0755);
	check_directory(ZWB_SYSFS);
	zwb_check_mode(ZWB_SYSFS "/stats/commands", 0444);
	for (node = 0; node < ZWB_MAX_NODES; node++) {
		bool present = zwb_node_has_directory(node);

		if (present != node_can_hold_entries(node))
			zwb_fail("node %d: %s normal memory, but %s directory", node,
				 present ? "no" : "has", present ? "a" : "no");
		if (!present)
			continue;
		nr++;
		snprintf(dir, sizeof(dir), ZWB_SYSFS "/node%d", node);
		check_directory(dir);
		snprintf(dir, sizeof(dir), ZWB_SYSFS "/node%d/stats/commands", node);
		if (!access(dir, F_OK))
			zwb_fail("%s exists: commands are counted for the whole system only", dir);
	}
	if (!nr)
		zwb_fail("no node has a directory");
}

/*
 * Each counter file holds one decimal number and a newline, zero after boot.
 *
 * Turns red when a counter starts elsewhere, or is printed in another way.
 */
static void counters_start_at_zero(void)
{
	char path[ZWB_PATH_MAX], text[64];
	ssize_t length;
	size_t i;
	int fd;

	if (!need_never_set_up())
		return;
	for (i = 0; i <= ARRAY_SIZE(counters); i++) {
		snprintf(path, sizeof(path), ZWB_SYSFS "/stats/%s",
			 i < ARRAY_SIZE(counters) ? counters[i] : "commands");
		fd = open(path, O_RDONLY);
		length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		if (length < 0) {
			zwb_fail("reading %s: %s", path, strerror(errno));
			continue;
		}
		text[length] = '\0';
		if (strcmp(text, "0\n"))
			zwb_fail("%s holds '%s', not 0 and a newline", path, text);
	}
}

/* Looks for a line in the configuration of the kernel; false, and a skip, if that is not known. */
static bool config_has(const char *wanted, bool *found)
{
	FILE *config = popen("zcat /proc/config.gz 2>/dev/null", "r");
	bool known = false;
	char line[256];

	*found = false;
	while (config && fgets(line, sizeof(line), config)) {
		line[strcspn(line, "\n")] = '\0';
		known |= !strcmp(line, "CONFIG_ZSWAP_WB=y");
		*found |= !strcmp(line, wanted);
	}
	if (config)
		pclose(config);
	if (!known)
		zwb_skip("needs CONFIG_IKCONFIG_PROC, and zcat");
	return known;
}

/*
 * What is chosen before anybody has chosen is what the kernel was built with.
 *
 * Turns red when pages are images by default, or not where that was asked for.
 */
static void compressed_writeback_is_as_built(void)
{
	bool compressed;

	if (need_never_set_up() && config_has("CONFIG_ZSWAP_WB_COMPRESSED=y", &compressed))
		zwb_equal(zwb_read_number(ZWB_COMPRESSED), compressed);
}

/*
 * A good command is refused with -ENODEV, by the global and by each node's
 * file.
 *
 * Turns red, or takes the kernel down, when a command walks the lists that
 * zswap_setup() initialises.
 */
static void good_command_is_enodev(void)
{
	static const char * const good[] = { "age=0", "0", "max=1M\n", "type=all age=1h" };
	int nodes[ZWB_MAX_NODES];
	int n, nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	size_t i;

	if (!need_never_set_up())
		return;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "%s", good[i]), -ENODEV);
		for (n = 0; n < nr_nodes; n++)
			zwb_equal(zwb_run(NULL, nodes[n], "%s", good[i]), -ENODEV);
	}
	zwb_equal(zwb_run(NULL, ZWB_READBACK, "max=1M"), -ENODEV);
}

/*
 * A bad command is refused as such: a typo is a typo whether zswap was set up
 * or not.
 *
 * Turns red when the state of zswap is looked at before the command's syntax.
 */
static void bad_command_is_einval(void)
{
	static const char * const bad[] = { "agee=0", "age=x", "\n", "max=0", "age=0 age=0",
					    "node=0" };
	size_t i;

	if (!need_never_set_up())
		return;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "%s", bad[i]), -EINVAL))
			ksft_print_msg("the command was '%s'\n", bad[i]);
	}
}

/*
 * Enabling zswap for the first time makes the files work: nothing is eligible
 * yet, and the command that found nothing is the first that counts.
 *
 * Turns red when the engine is not armed by zswap_setup(), or when refused
 * commands were counted.
 */
static void works_once_enabled(void)
{
	struct zwb_snap delta, now;

	if (!need_never_set_up() || !zwb_param_set("enabled", "Y"))
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_snap(&now);
	zwb_equal(now.commands, 1);
	/* by that file tests know what to expect: it has to be there if zswap has such pages */
	if (zwb_cgroup_key(zwb_cgroup_root(), "memory.stat", "zswap") >= 0 &&
	    !access(ZWB_DEBUGFS, F_OK))
		zwb_equal(zwb_has_incompressible(),
			  zwb_cgroup_key(zwb_cgroup_root(), "memory.stat", "zswap_incomp") >= 0);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(tree),
	ZWB_TEST(counters_start_at_zero),
	ZWB_TEST(compressed_writeback_is_as_built),
	ZWB_TEST(good_command_is_enodev),
	ZWB_TEST(bad_command_is_einval),
	ZWB_TEST(works_once_enabled),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.leave_off = true,
	};

	return zwb_main(&suite);
}
