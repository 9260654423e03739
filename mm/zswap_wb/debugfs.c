// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: /sys/kernel/debug/zswap
 *
 * Described in Documentation/admin-guide/mm/zswap_wb.rst. Nothing here is
 * stable, and everything that is needed for work is in sysfs.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/zswap_wb.h>

#include "internal.h"

/* What was written to a file, to be freed. All that is valid fits into a page. */
static char *zswap_wb_text_get(const char __user *buf, size_t count)
{
	if (count >= PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	return memdup_user_nul(buf, count);
}

/* ---- writeback ---- */

/**
 * struct zswap_wb_answer - what an open file knows of its last command
 * @lock:	serialises users of the open file
 * @len:	length of @text, 0 before the first command
 * @text:	the answer
 */
struct zswap_wb_answer {
	struct mutex	lock;	/* users of the open file */
	size_t		len;
	char		text[512];
};

static int zswap_wb_writeback_open(struct inode *inode, struct file *file)
{
	struct zswap_wb_answer *answer = kzalloc_obj(*answer);

	if (!answer)
		return -ENOMEM;
	mutex_init(&answer->lock);
	file->private_data = answer;
	return 0;
}

static int zswap_wb_writeback_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static int zswap_wb_writeback_run(const char __user *buf, size_t count,
				  struct zswap_wb_result *res)
{
	struct zswap_wb_command cmd;
	char *text;
	int err;

	text = zswap_wb_text_get(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = zswap_wb_command_parse(text, count, ZSWAP_WB_KEYS_ALL, &cmd);
	kfree(text);
	if (err)
		return err;
	cmd.report = true;
	return zswap_wb_run(&cmd, res);
}

static void zswap_wb_answer_add(struct zswap_wb_answer *answer,
				const char *key, s64 value)
{
	answer->len += scnprintf(answer->text + answer->len,
				 sizeof(answer->text) - answer->len,
				 "%s %lld\n", key, value);
}

static void zswap_wb_answer_result(struct zswap_wb_answer *answer,
				   const struct zswap_wb_result *res)
{
	zswap_wb_answer_add(answer, "scanned", zswap_wb_result_scanned(res));
	zswap_wb_answer_add(answer, "written", res->outcome[ZSWAP_WB_WRITTEN]);
	zswap_wb_answer_add(answer, "released_bytes", res->released_bytes);
	zswap_wb_answer_add(answer, "skipped_young",
			    res->outcome[ZSWAP_WB_SKIPPED_YOUNG]);
	zswap_wb_answer_add(answer, "skipped_busy",
			    res->outcome[ZSWAP_WB_SKIPPED_BUSY]);
	zswap_wb_answer_add(answer, "skipped_protected",
			    res->outcome[ZSWAP_WB_SKIPPED_PROTECTED]);
	zswap_wb_answer_add(answer, "skipped_gone",
			    res->outcome[ZSWAP_WB_SKIPPED_GONE]);
	zswap_wb_answer_add(answer, "failed", res->outcome[ZSWAP_WB_FAILED]);
	zswap_wb_answer_add(answer, "coldest_left", res->coldest_left);
}

static ssize_t zswap_wb_writeback_write(struct file *file,
					const char __user *buf, size_t count,
					loff_t *ppos)
{
	struct zswap_wb_answer *answer = file->private_data;
	struct zswap_wb_result res = { .coldest_left = -1 };
	ktime_t start;
	int err;

	if (mutex_lock_interruptible(&answer->lock))
		return -EINTR;
	start = ktime_get();
	err = zswap_wb_writeback_run(buf, count, &res);
	answer->len = 0;
	zswap_wb_answer_add(answer, "status", err);
	zswap_wb_answer_result(answer, &res);
	zswap_wb_answer_add(answer, "elapsed_us",
			    ktime_us_delta(ktime_get(), start));
	/* The answer is read from its beginning, also that of a failure */
	*ppos = 0;
	file->f_pos = 0;
	mutex_unlock(&answer->lock);

	return err ? err : count;
}

static ssize_t zswap_wb_writeback_read(struct file *file, char __user *buf,
				       size_t count, loff_t *ppos)
{
	struct zswap_wb_answer *answer = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&answer->lock))
		return -EINTR;
	ret = simple_read_from_buffer(buf, count, ppos, answer->text,
				      answer->len);
	mutex_unlock(&answer->lock);
	return ret;
}

static const struct file_operations zswap_wb_writeback_fops = {
	.owner		= THIS_MODULE,
	.open		= zswap_wb_writeback_open,
	.read		= zswap_wb_writeback_read,
	.write		= zswap_wb_writeback_write,
	.release	= zswap_wb_writeback_release,
	.llseek		= default_llseek,
};

/* ---- age_buckets ---- */

/*
 * The columns that all tables share. While a node is busy, an entry can be
 * counted off in a log that has been added already, and counted in one that has
 * not, see census.c: that makes less than none of it, for a moment.
 */
static void zswap_wb_table_bucket(struct seq_file *m,
				  const struct zswap_wb_edges *edges,
				  unsigned int bucket,
				  const struct zswap_wb_count *count)
{
	seq_printf(m, "%u %u ", bucket, edges->min[bucket]);
	if (bucket == edges->nr - 1)
		seq_puts(m, "inf");
	else
		seq_printf(m, "%u", edges->min[bucket + 1]);
	seq_printf(m, " %lld %lld %lld", max(count->pages, 0),
		   max(count->bytes, 0), max(count->incompressible, 0));
}

static int zswap_wb_age_buckets_show(struct seq_file *m, void *unused)
{
	int nid = (long)m->private;
	nodemask_t nodes = node_possible_map;
	struct zswap_wb_columns columns;
	struct zswap_wb_histogram hist;
	struct zswap_wb_edges edges;
	unsigned int i;
	int err;

	zswap_wb_buckets_read(nid, &edges, &columns);
	if (nid != NUMA_NO_NODE)
		nodes = nodemask_of_node(nid);
	err = zswap_wb_census_histogram(&nodes, ktime_get_boottime_seconds(),
					&edges, ZSWAP_WB_BOUND_YOUNGEST, &hist);
	if (err)
		return err;

	seq_puts(m, "bucket min_age max_age pages bytes incompressible written refaulted dropped\n");
	for (i = 0; i < edges.nr; i++) {
		const u64 *fate = columns.fate[i];

		zswap_wb_table_bucket(m, &edges, i, &hist.bucket[i]);
		seq_printf(m, " %llu %llu %llu\n", fate[ZSWAP_WB_FATE_WRITTEN],
			   fate[ZSWAP_WB_FATE_REFAULTED],
			   fate[ZSWAP_WB_FATE_DROPPED]);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zswap_wb_age_buckets);

/* ---- age_buckets_cgroup ---- */

/**
 * struct zswap_wb_cgroups - an open table of all cgroups
 * @scope:	all cgroups
 * @walk:	where to find the next one
 * @at:		where to find the one at hand again
 * @pos:	position of the record at hand
 * @nid:	its node
 * @mark:	keeps the place in a list
 * @edges:	edges of the buckets when the file was opened
 * @now:	seconds since boot when the reader was at its beginning
 * @path:	room for the path of a cgroup
 */
struct zswap_wb_cgroups {
	struct zswap_wb_scope		scope;
	struct zswap_wb_scope_walk	walk;
	struct zswap_wb_scope_walk	at;
	loff_t				pos;
	u32				nid;
	struct zswap_entry		*mark;
	struct zswap_wb_edges		edges;
	u64				now;
	char				path[PATH_MAX];
};

static struct mem_cgroup *zswap_wb_cgroups_get(struct zswap_wb_cgroups *cgroups)
{
	cgroups->at = cgroups->walk;
	return zswap_wb_scope_next(&cgroups->walk);
}

static struct mem_cgroup *
zswap_wb_cgroups_rewind(struct zswap_wb_cgroups *cgroups)
{
	zswap_wb_scope_begin(&cgroups->walk, &cgroups->scope, NUMA_NO_NODE);
	cgroups->pos = 1;
	cgroups->nid = 0;
	return zswap_wb_cgroups_get(cgroups);
}

/* Goes to the next record; takes over the reference to @memcg. */
static struct mem_cgroup *
zswap_wb_cgroups_step(struct zswap_wb_cgroups *cgroups,
		      struct mem_cgroup *memcg)
{
	cgroups->pos++;
	if (++cgroups->nid < nr_node_ids)
		return memcg;
	cgroups->nid = 0;
	zswap_wb_scope_put(memcg);
	return zswap_wb_cgroups_get(cgroups);
}

/*
 * Between two reads no cgroup is held on to, which would keep it from going
 * away, but its place is known. A cgroup that goes away while it is at hand can
 * make the reader miss records of the next one.
 *
 * Position 0 is the header; from there on each cgroup has one for each node.
 */
static void *zswap_wb_cgroups_start(struct seq_file *m, loff_t *pos)
{
	struct zswap_wb_cgroups *cgroups = m->private;
	struct mem_cgroup *memcg;

	if (!*pos) {
		cgroups->pos = 0;
		cgroups->now = ktime_get_boottime_seconds();
		return SEQ_START_TOKEN;
	}
	if (cgroups->pos && cgroups->pos <= *pos) {
		cgroups->walk = cgroups->at;
		memcg = zswap_wb_cgroups_get(cgroups);
	} else {
		memcg = zswap_wb_cgroups_rewind(cgroups);
	}
	while (memcg && cgroups->pos < *pos) {
		memcg = zswap_wb_cgroups_step(cgroups, memcg);
		if (signal_pending(current)) {
			zswap_wb_scope_put(memcg);
			return ERR_PTR(-EINTR);
		}
		cond_resched();
	}
	return memcg;
}

static void *zswap_wb_cgroups_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct zswap_wb_cgroups *cgroups = m->private;

	++*pos;
	if (v == SEQ_START_TOKEN)
		return zswap_wb_cgroups_rewind(cgroups);
	return zswap_wb_cgroups_step(cgroups, v);
}

static void zswap_wb_cgroups_stop(struct seq_file *m, void *v)
{
	if (v != SEQ_START_TOKEN && !IS_ERR(v))
		zswap_wb_scope_put(v);
}

static int zswap_wb_cgroups_show(struct seq_file *m, void *v)
{
	struct zswap_wb_cgroups *cgroups = m->private;
	struct zswap_wb_histogram hist;
	struct mem_cgroup *memcg = v;
	unsigned int i;
	int err;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "cgroup node bucket min_age max_age pages bytes incompressible path\n");
		return 0;
	}
	if (!node_state(cgroups->nid, N_NORMAL_MEMORY))
		return 0;
	err = zswap_wb_survey(memcg, cgroups->nid, cgroups->now,
			      &cgroups->edges, cgroups->mark, &hist);
	if (err)
		return err;
	zswap_wb_scope_path(memcg, cgroups->path, sizeof(cgroups->path));
	for (i = 0; i < cgroups->edges.nr; i++) {
		if (!hist.bucket[i].pages)
			continue;
		seq_printf(m, "%llu %u ", zswap_wb_scope_id(memcg),
			   cgroups->nid);
		zswap_wb_table_bucket(m, &cgroups->edges, i, &hist.bucket[i]);
		seq_printf(m, " %s\n", cgroups->path);
	}
	return 0;
}

static const struct seq_operations zswap_wb_cgroups_ops = {
	.start	= zswap_wb_cgroups_start,
	.next	= zswap_wb_cgroups_next,
	.stop	= zswap_wb_cgroups_stop,
	.show	= zswap_wb_cgroups_show,
};

static int zswap_wb_cgroups_open(struct inode *inode, struct file *file)
{
	const struct zswap_wb_command everything = { .descend = true };
	struct zswap_wb_cgroups *cgroups;
	int err;

	cgroups = __seq_open_private(file, &zswap_wb_cgroups_ops,
				     sizeof(*cgroups));
	if (!cgroups)
		return -ENOMEM;
	zswap_wb_buckets_get(&cgroups->edges);
	cgroups->mark = zswap_wb_marks_alloc(1);
	err = cgroups->mark ? 0 : -ENOMEM;
	if (!err)
		err = zswap_wb_scope_open(&cgroups->scope, &everything);
	if (!err && !cgroups->scope.root)
		err = -EOPNOTSUPP;
	if (err) {
		zswap_wb_marks_free(cgroups->mark);
		seq_release_private(inode, file);
	}
	return err;
}

static int zswap_wb_cgroups_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct zswap_wb_cgroups *cgroups = m->private;

	zswap_wb_scope_close(&cgroups->scope);
	zswap_wb_marks_free(cgroups->mark);
	return seq_release_private(inode, file);
}

static const struct file_operations zswap_wb_cgroups_fops = {
	.owner		= THIS_MODULE,
	.open		= zswap_wb_cgroups_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= zswap_wb_cgroups_release,
};

/* ---- age_edges ---- */

static int zswap_wb_age_edges_show(struct seq_file *m, void *unused)
{
	struct zswap_wb_edges edges;
	unsigned int i;

	zswap_wb_buckets_get(&edges);
	for (i = 0; i < edges.nr; i++)
		seq_printf(m, "%s%u", i ? " " : "", edges.min[i]);
	seq_putc(m, '\n');
	return 0;
}

static ssize_t zswap_wb_age_edges_write(struct file *file,
					const char __user *buf, size_t count,
					loff_t *ppos)
{
	struct zswap_wb_edges edges;
	char *text;
	int err;

	text = zswap_wb_text_get(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = -EINVAL;
	if (strlen(text) == count)
		err = zswap_wb_age_edges_parse(text, &edges);
	if (!err)
		err = zswap_wb_buckets_set(&edges);
	kfree(text);
	return err ? err : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(zswap_wb_age_edges);

/* ---- directories ---- */

static struct dentry *zswap_wb_debugfs_dir;

/* Serialises memory hotplug events; protects zswap_wb_debugfs_nodes */
static DEFINE_MUTEX(zswap_wb_debugfs_lock);
static nodemask_t zswap_wb_debugfs_nodes;

static void zswap_wb_debugfs_update(void)
{
	struct dentry *dir;
	char name[16];
	int nid;

	mutex_lock(&zswap_wb_debugfs_lock);
	for_each_node(nid) {
		bool want = node_state(nid, N_NORMAL_MEMORY);

		if (want == node_isset(nid, zswap_wb_debugfs_nodes))
			continue;
		snprintf(name, sizeof(name), "node%d", nid);
		if (want) {
			dir = debugfs_create_dir(name, zswap_wb_debugfs_dir);
			debugfs_create_file("age_buckets", 0444, dir,
					    (void *)(long)nid,
					    &zswap_wb_age_buckets_fops);
			node_set(nid, zswap_wb_debugfs_nodes);
		} else {
			debugfs_lookup_and_remove(name, zswap_wb_debugfs_dir);
			node_clear(nid, zswap_wb_debugfs_nodes);
		}
	}
	mutex_unlock(&zswap_wb_debugfs_lock);
}

/* As zswap_wb_memory_event() in sysfs.c */
static int zswap_wb_debugfs_event(struct notifier_block *nb,
				  unsigned long action, void *arg)
{
	if (action == MEM_ONLINE || action == MEM_OFFLINE)
		zswap_wb_debugfs_update();
	return NOTIFY_OK;
}

/**
 * zswap_wb_debugfs_init() - create the files
 * @dir:	zswap's directory
 *
 * Context: called once, from zswap_debugfs_init(), after zswap_wb_arm().
 */
void zswap_wb_debugfs_init(struct dentry *dir)
{
	if (!zswap_wb_armed())
		return;
	zswap_wb_debugfs_dir = dir;
	debugfs_create_file("age_buckets", 0444, dir, (void *)NUMA_NO_NODE,
			    &zswap_wb_age_buckets_fops);
	debugfs_create_file("age_buckets_cgroup", 0400, dir, NULL,
			    &zswap_wb_cgroups_fops);
	debugfs_create_file("age_edges", 0600, dir, NULL,
			    &zswap_wb_age_edges_fops);
	debugfs_create_file("writeback", 0600, dir, NULL,
			    &zswap_wb_writeback_fops);

	/* First listen, then look: an event in between is not missed */
	hotplug_memory_notifier(zswap_wb_debugfs_event, DEFAULT_CALLBACK_PRI);
	zswap_wb_debugfs_update();
}
