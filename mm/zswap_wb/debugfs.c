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
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/zswap_wb.h>

#include "buckets.h"
#include "port.h"

/* What was written to a file, to be freed. All that is valid fits into a page. */
static char *zswap_wb_text_get(const char __user *buf, size_t count)
{
	if (count >= PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	return memdup_user_nul(buf, count);
}

/* ---- writeback ---- */

/* What an open file knows of its last command */
struct zswap_wb_answer {
	struct mutex	lock;	/* users of the open file */
	size_t		len;	/* of the text, 0 before the first command */
	char		text[512];	/* the answer */
};

static int zswap_wb_writeback_open(struct inode *inode, struct file *file)
{
	struct zswap_wb_answer *answer = kzalloc_obj(*answer);

	if (!answer)
		return -ENOMEM;
	mutex_init(&answer->lock);
	file->private_data = answer;
	/* Who shares it waits for our lock, and can be killed there; a command may take hours */
	file->f_mode &= ~FMODE_ATOMIC_POS;
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

static ssize_t zswap_wb_writeback_write(struct file *file,
					const char __user *buf, size_t count,
					loff_t *ppos)
{
	struct zswap_wb_answer *answer = file->private_data;
	struct zswap_wb_result res = { .coldest_left = -1 };
	const u64 *outcome = res.outcome;
	ktime_t start;
	int err;

	if (mutex_lock_interruptible(&answer->lock))
		return -EINTR;
	start = ktime_get();
	err = zswap_wb_writeback_run(buf, count, &res);
	answer->len = scnprintf(answer->text, sizeof(answer->text),
				"status %d\nscanned %llu\nwritten %llu\n"
				"released_bytes %llu\nskipped_young %llu\n"
				"skipped_busy %llu\nskipped_protected %llu\n"
				"skipped_gone %llu\nfailed %llu\n"
				"coldest_left %lld\nelapsed_us %lld\n",
				err, zswap_wb_result_scanned(&res),
				outcome[ZSWAP_WB_WRITTEN], res.released_bytes,
				outcome[ZSWAP_WB_SKIPPED_YOUNG],
				outcome[ZSWAP_WB_SKIPPED_BUSY],
				outcome[ZSWAP_WB_SKIPPED_PROTECTED],
				outcome[ZSWAP_WB_SKIPPED_GONE],
				outcome[ZSWAP_WB_FAILED], res.coldest_left,
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

/* The entries of some lists, by age */
struct zswap_wb_survey {
	u64			now;	/* seconds awake since boot */
	struct zswap_wb_edges	edges;	/* edges of the buckets */
	u32			generation;	/* their generation, for a table of cgroups */
	struct zswap_wb_histogram hist;	/* the entries seen so far */
};

/* Counts one entry, see zswap_wb_visit_t */
static enum zswap_wb_visit
zswap_wb_survey_visit(const struct zswap_wb_facts *facts, bool in_order,
		      void *arg)
{
	struct zswap_wb_survey *survey = arg;

	zswap_wb_age_histogram_add(&survey->hist, &survey->edges,
				   zswap_wb_age_of(facts->stamp, survey->now),
				   facts->length);
	return ZSWAP_WB_VISIT_NEXT;
}

/* Counts the entries of all lists of a node or, for NUMA_NO_NODE, of all. Return: 0 or -EINTR */
static int zswap_wb_survey_nodes(struct zswap_wb_survey *survey, int nid)
{
	nodemask_t nodes = nid == NUMA_NO_NODE ? node_possible_map : nodemask_of_node(nid);
	struct zswap_wb_scope_walk walk;
	struct zswap_wb_scope scope;
	int err = 0;

	nodes_and(nodes, nodes, node_states[N_NORMAL_MEMORY]);
	zswap_wb_scope_all(&scope);
	zswap_wb_scope_begin(&walk, &scope, &nodes);
	while (!err && zswap_wb_scope_next_list(&walk))
		err = zswap_wb_list_visit(walk.memcg, walk.nid, zswap_wb_survey_visit, survey);
	zswap_wb_scope_end(&walk);
	return err;
}

/* The columns that all tables share; @loaded: pages that were loaded from the bucket */
static void zswap_wb_table_bucket(struct seq_file *m,
				  const struct zswap_wb_survey *survey,
				  unsigned int bucket, u64 loaded)
{
	const struct zswap_wb_count *count = &survey->hist.bucket[bucket];
	const struct zswap_wb_edges *edges = &survey->edges;

	seq_printf(m, "%u %u ", bucket, edges->min[bucket]);
	if (bucket == edges->nr - 1)
		seq_puts(m, "inf");
	else
		seq_printf(m, "%u", edges->min[bucket + 1]);
	seq_printf(m, " %llu %llu %llu %llu", count->pages, count->bytes,
		   count->incompressible, loaded);
}

static int zswap_wb_age_buckets_show(struct seq_file *m, void *unused)
{
	struct zswap_wb_survey survey = { .now = zswap_wb_age_now() };
	int nid = (long)m->private;
	struct zswap_wb_columns columns;
	unsigned int i;
	int err;

	zswap_wb_buckets_read(nid, &survey.edges, &columns);
	err = zswap_wb_survey_nodes(&survey, nid);
	if (err)
		return err;

	seq_puts(m, "bucket min_age max_age pages bytes incompressible loaded written refaulted dropped\n");
	for (i = 0; i < survey.edges.nr; i++) {
		const u64 *fate = columns.fate[i];

		zswap_wb_table_bucket(m, &survey, i, columns.loaded[i]);
		seq_printf(m, " %llu %llu %llu\n", fate[ZSWAP_WB_FATE_WRITTEN],
			   fate[ZSWAP_WB_FATE_REFAULTED],
			   fate[ZSWAP_WB_FATE_DROPPED]);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zswap_wb_age_buckets);

/* ---- age_buckets_cgroup ---- */

/*
 * A cgroup gets lists with its first entry, and keeps them until it is removed: so those
 * that have lists are all that can have loaded anything.
 */

/* Position of the topmost cgroup, behind those of all others */
#define ZSWAP_WB_POS_ROOT	(USHRT_MAX + 2)

/* An open table of all cgroups */
struct zswap_wb_cgroups {
	/* with the edges when the file was opened, the time when it was read */
	struct zswap_wb_survey		survey;
	char				path[PATH_MAX];
};

/*
 * Between two reads no cgroup is held on to, which would keep it from going away.
 * Position 0 is the header, and that of a cgroup the one behind its index.
 */
static void *zswap_wb_cgroups_start(struct seq_file *m, loff_t *pos)
{
	struct zswap_wb_cgroups *cgroups = m->private;
	struct zswap_wb_scope_walk walk;
	struct zswap_wb_scope scope;
	struct mem_cgroup *memcg;

	if (!*pos) {
		cgroups->survey.now = zswap_wb_age_now();
		return SEQ_START_TOKEN;
	}
	if (*pos > ZSWAP_WB_POS_ROOT)
		return NULL;
	zswap_wb_scope_all(&scope);
	zswap_wb_scope_begin(&walk, &scope, NULL);
	walk.index = *pos - 1;
	memcg = zswap_wb_scope_next(&walk);
	*pos = walk.ended ? ZSWAP_WB_POS_ROOT : walk.index;
	return memcg;
}

static void zswap_wb_cgroups_stop(struct seq_file *m, void *v)
{
	if (v && v != SEQ_START_TOKEN)
		mem_cgroup_put(v);
}

static void *zswap_wb_cgroups_next(struct seq_file *m, void *v, loff_t *pos)
{
	zswap_wb_cgroups_stop(m, v);
	++*pos;
	return zswap_wb_cgroups_start(m, pos);
}

/* The rows of a cgroup on one node: what it has, and what was loaded. Return: 0 or -EINTR */
static int zswap_wb_cgroups_node(struct seq_file *m, struct mem_cgroup *memcg,
				 int nid)
{
	const struct zswap_lruvec_state *state =
		&mem_cgroup_lruvec(memcg, NODE_DATA(nid))->zswap_lruvec_state;
	struct zswap_wb_cgroups *cgroups = m->private;
	struct zswap_wb_survey *survey = &cgroups->survey;
	unsigned int i;
	int err;

	survey->hist = (struct zswap_wb_histogram) {};
	err = zswap_wb_list_visit(memcg, nid, zswap_wb_survey_visit, survey);
	if (err)
		return err;
	for (i = 0; i < survey->edges.nr; i++) {
		u64 loaded = zswap_wb_buckets_loaded_read(&state->loaded[i],
							  survey->generation);

		if (!survey->hist.bucket[i].pages && !loaded)
			continue;
		seq_printf(m, "%llu %d ", zswap_wb_port_cgroup_id(memcg), nid);
		zswap_wb_table_bucket(m, survey, i, loaded);
		seq_printf(m, " %s\n", cgroups->path);
	}
	return 0;
}

static int zswap_wb_cgroups_show(struct seq_file *m, void *v)
{
	struct zswap_wb_cgroups *cgroups = m->private;
	struct mem_cgroup *memcg = v;
	int nid, err = 0;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "cgroup node bucket min_age max_age pages bytes incompressible loaded path\n");
		return 0;
	}
	zswap_wb_scope_path(memcg, cgroups->path, sizeof(cgroups->path));
	for_each_node_state(nid, N_NORMAL_MEMORY) {
		err = zswap_wb_cgroups_node(m, memcg, nid);
		if (err)
			break;
	}
	return err;
}

static const struct seq_operations zswap_wb_cgroups_ops = {
	.start	= zswap_wb_cgroups_start,
	.next	= zswap_wb_cgroups_next,
	.stop	= zswap_wb_cgroups_stop,
	.show	= zswap_wb_cgroups_show,
};

static int zswap_wb_cgroups_open(struct inode *inode, struct file *file)
{
	struct zswap_wb_cgroups *cgroups;

	if (!zswap_wb_scope_has_ids())
		return -EOPNOTSUPP;
	cgroups = __seq_open_private(file, &zswap_wb_cgroups_ops,
				     sizeof(*cgroups));
	if (!cgroups)
		return -ENOMEM;
	cgroups->survey.generation =
		zswap_wb_buckets_get(&cgroups->survey.edges);
	return 0;
}

static const struct file_operations zswap_wb_cgroups_fops = {
	.owner		= THIS_MODULE,
	.open		= zswap_wb_cgroups_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
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

/* Makes the directory of a node. Return: it, or NULL before zswap_wb_debugfs_init() */
struct dentry *zswap_wb_debugfs_node(int nid)
{
	/* Pairs with zswap_wb_debugfs_init() */
	struct dentry *dir = smp_load_acquire(&zswap_wb_debugfs_dir);
	char name[16];

	if (!dir)
		return NULL;
	snprintf(name, sizeof(name), "node%d", nid);
	dir = debugfs_create_dir(name, dir);
	debugfs_create_file("age_buckets", 0444, dir, (void *)(long)nid,
			    &zswap_wb_age_buckets_fops);
	return dir;
}

/* Creates the files in zswap's directory. Context: once, after zswap_wb_arm() */
void zswap_wb_debugfs_init(struct dentry *dir)
{
	if (!zswap_wb_armed())
		return;
	debugfs_create_file("age_buckets", 0444, dir, (void *)NUMA_NO_NODE,
			    &zswap_wb_age_buckets_fops);
	debugfs_create_file("age_buckets_cgroup", 0400, dir, NULL,
			    &zswap_wb_cgroups_fops);
	debugfs_create_file("age_edges", 0600, dir, NULL,
			    &zswap_wb_age_edges_fops);
	debugfs_create_file("writeback", 0600, dir, NULL,
			    &zswap_wb_writeback_fops);
	/* Pairs with zswap_wb_debugfs_node() */
	smp_store_release(&zswap_wb_debugfs_dir, dir);
	zswap_wb_nodes_update();
}
