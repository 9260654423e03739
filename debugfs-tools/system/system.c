// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One look at zswap: switches, counters and age tables, of the system and of each node.
 */
#include "system/amount.h"
#include "system/system.h"

/* ---- files ---- */

/*
 * A number of the kernel's.  Where not even the directory is there it is -ENOTDIR: that is not what
 * an older kernel lacks.
 */
static num system_number(const struct source *source, const char *path)
{
	autofree char *directory = xasprintf("%.*s", (int)(strrchr(path, '/') - path), path);
	num value = source_number(source, path);

	return value == -ENOENT && source_exists(source, directory) ? -ENOTDIR : value;
}

/* A switch of a kernel module: "Y" or "N". */
static num system_switch(const struct source *source, const char *path)
{
	autofree char *line = source_line(source, path);
	num value = line && !strcmp(line, "Y") ? 1 : line && !strcmp(line, "N") ? 0 : -EINVAL;

	/* Why it cannot be read */
	return line ? value : system_number(source, path);
}

num system_keyed(const struct source *source, const char *path, const char *key)
{
	autofree char *text = NULL;
	num value = source_read(source, path, &text);

	return value < 0 ? value : parse_keyed(text, key);
}

/* A line of a meminfo file in bytes. */
static num system_meminfo(const struct source *source, const char *path, const char *key)
{
	num value = system_keyed(source, path, key);

	if (value > 0 && __builtin_mul_overflow(value, 1024, &value))
		return -ERANGE;
	return value;
}

const char *system_file(const struct counter *counter)
{
	return *counter->name == '/' ? counter->name : PROC_VMSTAT;
}

static num system_counter(const struct source *source, const struct counter *counter)
{
	if (*counter->name != '/')
		return system_keyed(source, PROC_VMSTAT, counter->name);
	return counter->flags & COUNTER_SWITCH ? system_switch(source, counter->name) :
	       system_number(source, counter->name);
}

/* Each begins where the one before ends. */
static int take_bucket(const struct cgroup_record *record, void *data)
{
	struct age_table *table = data;
	struct age_bucket *bucket = &table->bucket[table->nr];

	if (record->bucket != table->nr ||
	    (table->nr && bucket[-1].max_age != record->row.min_age))
		return -EINVAL;
	*bucket = record->row;
	table->nr++;
	return 0;
}

int system_read_ages(const struct source *source, const char *path, struct age_table *table)
{
	struct table_reader reader = { .each = take_bucket, .data = table };
	int error;

	table->nr = 0;
	error = source_lines(source, path, parse_table_line, &reader);
	/* One that was cut off at the end of a line lacks the bucket without an end */
	if (!error && (!table->nr || table->bucket[table->nr - 1].max_age != AGE_NO_BOUND))
		error = -EINVAL;
	if (error)
		table->nr = 0;
	return error;
}

void system_counters(const struct source *source, const char *directory, struct counters *counters)
{
	for (int i = 0; i < NR_STATS; i++) {
		autofree char *path = xasprintf("%s/stats/%s", directory, stats_counters[i].name);

		*counter_at(counters, &stats_counters[i]) = system_number(source, path);
	}
}

/* ---- nodes ---- */

/* Nodes are those that the feature has a directory for: nothing else tells of one. */
static void system_find_nodes(const struct source *source, struct system *system)
{
	static const char prefix[] = "node";
	struct dirent **list;
	int nr = source_directories(source, SYS_ZSWAP, &list);
	num id;

	system->nodes = xcalloc(nr > 0 ? nr : 0, sizeof(*system->nodes));
	for (int i = 0; i < nr; i++) {
		const char *name = list[i]->d_name;

		if (!strncmp(name, prefix, strlen(prefix)) &&
		    !parse_number(name + strlen(prefix), &id) && id <= INT32_MAX)
			system->nodes[system->nr_nodes++].id = id;
	}
	source_free_list(list, nr);
}

static void system_read_node(const struct source *source, struct node *node)
{
	autofree char *stats = xasprintf(SYS_ZSWAP "/node%d", node->id);
	autofree char *ages = xasprintf(SYS_DEBUGFS "/node%d/age_buckets", node->id);

	system_counters(source, stats, &node->counters);
	node->ages_error = system_read_ages(source, ages, &node->ages);
}

/* ---- the system ---- */

void system_read(const struct source *source, struct system *system)
{
	*system = (struct system) {
		.compressor = source_line(source, SYS_PARAMETERS "/compressor"),
		.mem_total = system_meminfo(source, "/proc/meminfo", "MemTotal"),
		.mem_available = system_meminfo(source, "/proc/meminfo", "MemAvailable"),
	};
	for (int i = 0; i < NR_ZSWAP; i++)
		*counter_at(system, &zswap_counters[i]) =
			system_counter(source, &zswap_counters[i]);
	system_counters(source, SYS_ZSWAP, &system->counters);
	system->ages_error = system_read_ages(source, SYS_DEBUGFS "/age_buckets", &system->ages);

	system_find_nodes(source, system);
	for (int i = 0; i < system->nr_nodes; i++)
		system_read_node(source, &system->nodes[i]);
}

num system_free_memory(const struct source *source, uint64_t nodes)
{
	num bytes = nodes ? 0 : system_meminfo(source, "/proc/meminfo", "MemFree");

	for_each_node(node, nodes) {
		autofree char *path = xasprintf("/sys/devices/system/node/node%d/meminfo", node);
		autofree char *key = xasprintf("Node %d MemFree", node);

		bytes = amount_add(bytes, system_meminfo(source, path, key));
	}
	return bytes;
}

int system_missing_node(const struct source *source, uint64_t nodes)
{
	for_each_node(node, nodes) {
		autofree char *path = xasprintf(SYS_ZSWAP "/node%d", node);

		if (source_exists(source, path) == -ENOENT)
			return node;
	}
	return -ENOENT;
}

num system_limit(const struct system *system)
{
	return amount_ratio(amount_times(system->mem_total, system->max_pool_percent), 100, 1);
}

void system_free(struct system *system)
{
	free(system->compressor);
	free(system->nodes);
	*system = (struct system) {};
}

int system_supported(const struct source *source)
{
	return source_exists(source, SYS_ZSWAP "/proactive_writeback") ? -ENOENT : 0;
}

/* ---- why not ---- */

static const char no_feature[] = "this kernel has no proactive zswap writeback";
static const char no_file[] = "not found: this kernel has no such file";

/* Root that is refused lacks a capability, or has a security module against it. */
static const char *system_reason_denied(void)
{
	return geteuid() ? "permission denied: needs root" : "permission denied";
}

/* Is @path, in zswap's directory of debugfs, one that zswap has by itself? */
static bool system_is_stock(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return strncmp(name, "age_", strlen("age_")) && strcmp(name, "writeback");
}

int system_debugfs_directories(const struct source *source)
{
	struct dirent **list;
	int nr = source_directories(source, "/sys/kernel/debug", &list);

	source_free_list(list, nr);
	return nr;
}

static const char *system_reason_debugfs(const struct source *source, const char *path)
{
	int nr;

	switch (source_exists(source, SYS_DEBUGFS)) {
	case 0:
		if (system_is_stock(path) || !source_exists(source, SYS_DEBUGFS "/age_buckets"))
			return no_file;
		return "this kernel was built without CONFIG_ZSWAP_WB_DEBUGFS";
	case -EACCES:
		return system_reason_denied();
	}
	nr = system_debugfs_directories(source);
	if (nr > 0)
		return "zswap has nothing in debugfs";
	return nr == -EACCES ? system_reason_denied() : "debugfs is not mounted, or switched off";
}

static const char *system_reason_missing(const struct source *source, const char *path)
{
	bool feature = !system_supported(source), debugfs = cgroup_is_within(path, SYS_DEBUGFS);

	if (!feature && source_exists(source, SYS_PARAMETERS))
		return "this kernel has no zswap";
	if (!feature && (debugfs ? !system_is_stock(path) : cgroup_is_within(path, SYS_ZSWAP)))
		return no_feature;
	return debugfs ? system_reason_debugfs(source, path) : no_file;
}

const char *system_reason_for(const struct source *source, const char *path, num error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return system_reason_missing(source, path);
	case -EACCES:
		return system_reason_denied();
	case -EPERM:
		return "permission denied: the kernel is locked down";
	case -EINVAL:
	case -ERANGE:
	case -EFBIG:
	case -EISDIR:
		return "invalid content";
	case -EROFS:
		return source->recorded ?
		       "read-only: a recorded tree, where no command can be carried out" :
		       "read-only file system, as in a container";
	case -EOPNOTSUPP:
		return cgroup_hierarchy_reason(source) ?: strerror(-error);
	case -ENODEV:
		return "zswap has never been set up";
	default:
		return strerror(-error);
	}
}

const char *system_reason(const struct source *source, num error)
{
	return system_reason_for(source, SYS_DEBUGFS "/age_buckets", error);
}
