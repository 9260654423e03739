/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to
 * another for the KUnit tests.
 */
#ifndef _MM_ZSWAP_WB_TESTS_PORT_H
#define _MM_ZSWAP_WB_TESTS_PORT_H

#include <linux/list_lru.h>
#include <linux/spinlock.h>

/* Returns without the lock if it has freed the item */
typedef enum lru_status (*zswap_wb_port_visit_t)(struct list_head *item,
						 spinlock_t *lock, void *arg);

/* A walk */
struct zswap_wb_port_walk {
	zswap_wb_port_visit_t	visit;	/* called for each item */
	void			*arg;	/* for it */
};

static enum lru_status zswap_wb_port_visit(struct list_head *item,
					   struct list_lru_one *l, void *arg)
{
	const struct zswap_wb_port_walk *walk = arg;

	return walk->visit(item, &l->lock, walk->arg);
}

/* Walks over a list that is not of a cgroup, on the first node */
static inline unsigned long zswap_wb_port_walk(struct list_lru *lru,
					       zswap_wb_port_visit_t visit,
					       void *arg, unsigned long *nr)
{
	struct zswap_wb_port_walk walk = { .visit = visit, .arg = arg };

	return list_lru_walk_one(lru, 0, NULL, zswap_wb_port_visit, &walk, nr);
}

#endif /* _MM_ZSWAP_WB_TESTS_PORT_H */
