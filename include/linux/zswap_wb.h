/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: the hooks that mm/zswap.c calls.
 *
 * With CONFIG_ZSWAP_WB=n each of them is an empty inline. With it, the two that
 * look into struct zswap_entry are inlines of mm/zswap_wb/glue.c, which is part
 * of the same compilation unit as mm/zswap.c.
 */
#ifndef _LINUX_ZSWAP_WB_H
#define _LINUX_ZSWAP_WB_H

#include <linux/types.h>

struct dentry;
struct zswap_entry;

#ifdef CONFIG_ZSWAP_WB
void zswap_wb_arm(void);
#else
static inline void zswap_wb_arm(void)
{
}

static inline void zswap_wb_entry_stamp(struct zswap_entry *entry)
{
}

static inline bool zswap_wb_entry_is_cursor(const struct zswap_entry *entry)
{
	return false;
}
#endif

#ifdef CONFIG_ZSWAP_WB_DEBUGFS
void zswap_wb_debugfs_init(struct dentry *dir);
#else
static inline void zswap_wb_debugfs_init(struct dentry *dir)
{
}
#endif

#endif /* _LINUX_ZSWAP_WB_H */
