// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: /sys/kernel/mm/zswap
 *
 * Described in Documentation/ABI/testing/sysfs-kernel-mm-zswap. One directory
 * for the whole system, which is there as long as the kernel runs, and one
 * below it for each node that can have entries. All have the same files.
 */
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/memory.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "internal.h"

/* A directory */
struct zswap_wb_dir {
	struct kobject	kobj;	/* its kobject */
	int		nid;	/* its node, or NUMA_NO_NODE for the whole system */
	struct dentry	*debugfs;	/* the directory of the node there, or NULL */
};

static struct zswap_wb_dir *zswap_wb_root;

/* Serialises memory hotplug events, for debugfs as well; protects zswap_wb_nodes */
static DEFINE_MUTEX(zswap_wb_dirs_lock);
static struct zswap_wb_dir **zswap_wb_nodes;

static struct zswap_wb_dir *to_zswap_wb_dir(struct kobject *kobj)
{
	return container_of(kobj, struct zswap_wb_dir, kobj);
}

/* ---- commands ---- */

static ssize_t proactive_writeback_store(struct kobject *kobj,
					 struct kobj_attribute *attr,
					 const char *buf, size_t count)
{
	int nid = to_zswap_wb_dir(kobj)->nid;
	unsigned long allowed = ZSWAP_WB_KEYS_ALL & ~ZSWAP_WB_KEYS_DEBUGFS;
	struct zswap_wb_command cmd;
	struct zswap_wb_result res;
	int err;

	if (nid != NUMA_NO_NODE)
		allowed &= ~ZSWAP_WB_KEY_NODE;
	err = zswap_wb_command_parse(buf, count, allowed, &cmd);
	if (err)
		return err;
	if (nid != NUMA_NO_NODE)
		cmd.nodes = nodemask_of_node(nid);
	err = zswap_wb_run(&cmd, &res);
	return err ? err : count;
}

static struct kobj_attribute zswap_wb_command_attr =
	__ATTR(proactive_writeback, 0200, NULL, proactive_writeback_store);

static ssize_t proactive_readback_store(struct kobject *kobj,
					struct kobj_attribute *attr,
					const char *buf, size_t count)
{
	struct zswap_wb_command cmd;
	int err;

	err = zswap_wb_command_parse(buf, count, ZSWAP_WB_KEYS_READBACK, &cmd);
	if (!err)
		err = zswap_wb_readback(&cmd);
	return err ? err : count;
}

static struct kobj_attribute zswap_wb_readback_attr =
	__ATTR(proactive_readback, 0200, NULL, proactive_readback_store);

static ssize_t compressed_writeback_show(struct kobject *kobj,
					 struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(zswap_wb_compressed_writeback));
}

static ssize_t compressed_writeback_store(struct kobject *kobj,
					  struct kobj_attribute *attr,
					  const char *buf, size_t count)
{
	if (!sysfs_streq(buf, "0") && !sysfs_streq(buf, "1"))
		return -EINVAL;
	WRITE_ONCE(zswap_wb_compressed_writeback, buf[0] == '1');
	return count;
}

static struct kobj_attribute zswap_wb_compressed_attr =
	__ATTR_RW(compressed_writeback);

static struct attribute *zswap_wb_command_attrs[] = {
	&zswap_wb_command_attr.attr,
	&zswap_wb_compressed_attr.attr,
	&zswap_wb_readback_attr.attr,
	NULL
};

/* ---- counters ---- */

static struct kobj_attribute zswap_wb_files[ZSWAP_WB_NR_STATS];

static ssize_t counter_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  zswap_wb_stats_read(to_zswap_wb_dir(kobj)->nid,
					      attr - zswap_wb_files));
}

#define ZSWAP_WB_FILE(name)	__ATTR(name, 0444, counter_show, NULL)

static struct kobj_attribute zswap_wb_files[ZSWAP_WB_NR_STATS] = {
	[ZSWAP_WB_WRITTEN]		= ZSWAP_WB_FILE(written),
	[ZSWAP_WB_SKIPPED_YOUNG]	= ZSWAP_WB_FILE(skipped_young),
	[ZSWAP_WB_SKIPPED_BUSY]		= ZSWAP_WB_FILE(skipped_busy),
	[ZSWAP_WB_SKIPPED_PROTECTED]	= ZSWAP_WB_FILE(skipped_protected),
	[ZSWAP_WB_SKIPPED_GONE]		= ZSWAP_WB_FILE(skipped_gone),
	[ZSWAP_WB_FAILED]		= ZSWAP_WB_FILE(failed),
	[ZSWAP_WB_RELEASED_BYTES]	= ZSWAP_WB_FILE(released_bytes),
	[ZSWAP_WB_DISK_BYTES]		= ZSWAP_WB_FILE(disk_bytes),
	[ZSWAP_WB_REFAULTED]		= ZSWAP_WB_FILE(refaulted),
	[ZSWAP_WB_DROPPED]		= ZSWAP_WB_FILE(dropped),
	[ZSWAP_WB_READBACK]		= ZSWAP_WB_FILE(readback),
	[ZSWAP_WB_CORRUPTED]		= ZSWAP_WB_FILE(corrupted),
	[ZSWAP_WB_COMMANDS]		= ZSWAP_WB_FILE(commands),
	[ZSWAP_WB_SCANNED]		= ZSWAP_WB_FILE(scanned),
	[ZSWAP_WB_ON_DISK]		= ZSWAP_WB_FILE(on_disk),
};

/* Filled in at boot */
static struct attribute *zswap_wb_stats_attrs[ZSWAP_WB_NR_STATS + 1];

/*
 * Nodes have all but three files: a command may cover many nodes, so only the whole system
 * counts commands; what is on the disk is for the whole system to choose; and there is
 * one readback, which takes a node as well.
 */
static umode_t zswap_wb_visible(struct kobject *kobj, struct attribute *attr,
				int n)
{
	if (to_zswap_wb_dir(kobj)->nid != NUMA_NO_NODE &&
	    (attr == &zswap_wb_files[ZSWAP_WB_COMMANDS].attr ||
	     attr == &zswap_wb_compressed_attr.attr ||
	     attr == &zswap_wb_readback_attr.attr))
		return 0;
	return attr->mode;
}

static const struct attribute_group zswap_wb_command_group = {
	.attrs		= zswap_wb_command_attrs,
	.is_visible	= zswap_wb_visible,
};

static const struct attribute_group zswap_wb_stats_group = {
	.name		= "stats",
	.attrs		= zswap_wb_stats_attrs,
	.is_visible	= zswap_wb_visible,
};

/* ---- directories ---- */

static void zswap_wb_dir_release(struct kobject *kobj)
{
	kfree(to_zswap_wb_dir(kobj));
}

static const struct attribute_group *zswap_wb_dir_groups[] = {
	&zswap_wb_command_group,
	&zswap_wb_stats_group,
	NULL
};

static const struct kobj_type zswap_wb_dir_ktype = {
	.release	= zswap_wb_dir_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= zswap_wb_dir_groups,
};

/* Makes a directory, whose name @fmt may have @nid in it. Return: it, or NULL */
static struct zswap_wb_dir *zswap_wb_dir_add(struct kobject *parent,
					     const char *fmt, int nid)
{
	struct zswap_wb_dir *dir = kzalloc_obj(*dir);

	if (!dir)
		return NULL;
	dir->nid = nid;
	if (!kobject_init_and_add(&dir->kobj, &zswap_wb_dir_ktype, parent, fmt, nid))
		return dir;
	kobject_put(&dir->kobj);
	return NULL;
}

/*
 * Makes the directories, also those of debugfs, match the nodes that have memory for
 * entries.
 *
 * Removal waits for a command that is being written to the directory. A node
 * without memory has no entries, so the command runs out of lists: it waits for as
 * long as the disk takes for what the command has in the air.
 */
void zswap_wb_nodes_update(void)
{
	int nid;

	guard(mutex)(&zswap_wb_dirs_lock);
	if (!zswap_wb_root)
		return;
	for_each_node(nid) {
		struct zswap_wb_dir **dir = &zswap_wb_nodes[nid];

		if (node_state(nid, N_NORMAL_MEMORY) && !*dir) {
			*dir = zswap_wb_dir_add(&zswap_wb_root->kobj, "node%d", nid);
			if (!*dir)
				pr_err("zswap_wb: no directory for node %d\n",
				       nid);
		} else if (!node_state(nid, N_NORMAL_MEMORY) && *dir) {
			debugfs_remove((*dir)->debugfs);
			kobject_del(&(*dir)->kobj);
			kobject_put(&(*dir)->kobj);
			*dir = NULL;
		}
		if (*dir && !(*dir)->debugfs)
			(*dir)->debugfs = zswap_wb_debugfs_node(nid);
	}
}

/*
 * Node events tell of the first and the last memory of any kind; a node that
 * has movable memory only can get normal memory later. So listen to all.
 */
static int zswap_wb_memory_event(struct notifier_block *nb,
				 unsigned long action, void *arg)
{
	if (action == MEM_ONLINE || action == MEM_OFFLINE)
		zswap_wb_nodes_update();
	return NOTIFY_OK;
}

static int __init zswap_wb_sysfs_init(void)
{
	unsigned int i;

	zswap_wb_init();
	for (i = 0; i < ZSWAP_WB_NR_STATS; i++)
		zswap_wb_stats_attrs[i] = &zswap_wb_files[i].attr;
	/* Without memory at this point of the boot nothing else matters */
	zswap_wb_nodes = kzalloc_objs(*zswap_wb_nodes, nr_node_ids);
	if (zswap_wb_nodes)
		zswap_wb_root = zswap_wb_dir_add(mm_kobj, "zswap", NUMA_NO_NODE);
	if (!zswap_wb_root)
		return -ENOMEM;

	/* First listen, then look: an event in between is not missed */
	hotplug_memory_notifier(zswap_wb_memory_event, DEFAULT_CALLBACK_PRI);
	zswap_wb_nodes_update();
	return 0;
}
subsys_initcall(zswap_wb_sysfs_init);
