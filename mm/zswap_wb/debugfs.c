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
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/zswap_wb.h>

#include "internal.h"

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

	if (count >= PAGE_SIZE)
		return -EINVAL;
	text = memdup_user_nul(buf, count);
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
	/* The answer is read from its beginning */
	*ppos = 0;
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

/**
 * zswap_wb_debugfs_init() - create the files
 * @dir:	zswap's directory
 *
 * Context: called once, from zswap_debugfs_init().
 */
void zswap_wb_debugfs_init(struct dentry *dir)
{
	debugfs_create_file("writeback", 0600, dir, NULL,
			    &zswap_wb_writeback_fops);
}
