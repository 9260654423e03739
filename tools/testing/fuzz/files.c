// SPDX-License-Identifier: GPL-2.0-or-later
/* The files */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

const char *const kind_names[NR_KINDS] = {
	"command", "counter", "compressed", "table", "cgroup_table", "edges", "writeback",
};

struct file files[MAX_FILES];
unsigned int nr_files;
unsigned int of_kind[NR_KINDS][MAX_FILES], nr_of_kind[NR_KINDS];
bool has_incompressible;

static void add_file(const char *path, enum kind kind, bool sysfs, int node)
{
	static const int modes[NR_KINDS] = {
		[COMMAND] = O_WRONLY, [WRITEBACK] = O_RDWR, [EDGES] = O_RDWR,
		[COMPRESSED] = O_RDWR,
		[COUNTER] = O_RDONLY, [TABLE] = O_RDONLY, [CGROUP_TABLE] = O_RDONLY,
	};
	struct file *f = &files[nr_files];

	if (nr_files == MAX_FILES)
		die("too many files");
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->kind = kind;
	f->sysfs = sysfs;
	f->node = node;
	f->allowed = KEYS_ALL;
	if (kind == COMMAND)
		f->allowed &= ~KEYS_DEBUGFS;
	if (kind == COMMAND && node >= 0)
		f->allowed &= ~(1U << KEY_NODE);
	f->fd = open(path, modes[kind]);
	f->edges = edges;
	if (kind == COMMAND && strstr(path, "readback"))
		f->allowed = KEYS_READBACK;
	if (f->fd < 0)
		die("open %s: %s", path, strerror(errno));
	of_kind[kind][nr_of_kind[kind]++] = nr_files++;
}

/* Everything that sysfs has is ours, so what is not known is a mistake. */
static void found_in_sysfs(const char *path, const char *name, int node, bool stats)
{
	unsigned int i;

	if (!stats && (!strcmp(name, "proactive_writeback") ||
		       !strcmp(name, "proactive_readback"))) {
		add_file(path, COMMAND, true, node);
		return;
	}
	if (!stats && !strcmp(name, "compressed_writeback")) {
		add_file(path, COMPRESSED, true, node);
		return;
	}
	for (i = 0; i < NR_COUNTERS && strcmp(counter_names[i], name); i++)
		;
	if (!stats || i == NR_COUNTERS)
		die("%s is a file that nothing is known of", path);
	add_file(path, COUNTER, true, node);
	counter_files[node < 0 ? MAX_NODES : node][i] = &files[nr_files - 1];
}

/* The other files of debugfs are upstream's. */
static void found_in_debugfs(const char *path, const char *name, int node)
{
	if (!strcmp(name, "age_buckets"))
		add_file(path, TABLE, false, node);
	else if (!strcmp(name, "age_buckets_cgroup"))
		add_file(path, CGROUP_TABLE, false, node);
	else if (!strcmp(name, "age_edges"))
		add_file(path, EDGES, false, node);
	else if (!strcmp(name, "writeback"))
		add_file(path, WRITEBACK, false, node);
}

static void find_files(const char *dir, bool sysfs, int node, bool stats)
{
	struct dirent **entries;
	int nr = scandir(dir, &entries, NULL, alphasort), i;

	if (nr < 0)
		die("%s: %s", dir, strerror(errno));
	for (i = 0; i < nr; i++) {
		const char *name = entries[i]->d_name;
		char path[200];
		struct stat st;

		snprintf(path, sizeof(path), "%.120s/%.60s", dir, name);
		if (name[0] == '.' || stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && !strncmp(name, "node", 4)) {
			if (atoi(name + 4) >= MAX_NODES)
				die("node %s is one too many", name);
			find_files(path, sysfs, atoi(name + 4), false);
		} else if (S_ISDIR(st.st_mode) && sysfs && !strcmp(name, "stats")) {
			find_files(path, sysfs, node, true);
		} else if (sysfs) {
			found_in_sysfs(path, name, node, stats);
		} else {
			found_in_debugfs(path, name, node);
		}
	}
}

void files_find(void)
{
	unsigned int kind;

	find_files(SYSFS, true, -1, false);
	find_files(DEBUGFS, false, -1, false);
	has_incompressible = !access(DEBUGFS "/stored_incompressible_pages", F_OK);
	for (kind = 0; kind < NR_KINDS; kind++) {
		if (!nr_of_kind[kind])
			die("a kind of files is missing (CONFIG_ZSWAP_WB_DEBUGFS?)");
	}
}

/* The highest node that can exist: the file has "0-2", or "0". */
void find_nodes(void)
{
	char text[64] = "";
	int fd = open("/sys/devices/system/node/possible", O_RDONLY);
	char *dash;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		die("possible nodes: %s", strerror(errno));
	dash = strrchr(text, '-');
	last_node = atoi(dash ? dash + 1 : text);
	if (last_node >= MAX_NODES)
		die("more than %d nodes", MAX_NODES);
}
