// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the cgroups that a command covers.
 *
 * Cgroups are visited children first. An entry of a cgroup that goes offline
 * moves to the list of the parent: visiting the parent last finds it there, so
 * a removal in the middle of a command hides nothing from it.
 */
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/memcontrol.h>
#include <linux/rcupdate.h>

#include "internal.h"

#ifdef CONFIG_MEMCG

/* Without per-cgroup lists, all entries are on the lists of the nodes */
static bool zswap_wb_scope_available(void)
{
	return !mem_cgroup_disabled() && !mem_cgroup_kmem_disabled();
}

static struct mem_cgroup *zswap_wb_scope_lookup(u64 id)
{
	struct mem_cgroup *memcg = mem_cgroup_get_from_id(id);

	if (!memcg)
		return ERR_PTR(-ENOENT);
	/*
	 * A cgroup without the memory controller yields the ancestor that its
	 * pages are charged to: more than what was asked for.
	 */
	if (mem_cgroup_id(memcg) != id || !mem_cgroup_online(memcg)) {
		mem_cgroup_put(memcg);
		return ERR_PTR(-ENOENT);
	}
	return memcg;
}

/**
 * zswap_wb_scope_protected() - must a cgroup's entries stay in zswap
 * @memcg:	the cgroup, or %NULL
 *
 * Unlike mem_cgroup_zswap_writeback_enabled() this does not depend on whether
 * zswap is enabled: that helper lets ordinary swapout pass when there is no
 * zswap to swap out to, but what is left in the pool was put there under the
 * promise that it never gets to the disk.
 *
 * Context: any; the caller has a reference to @memcg.
 * Return: true if memory.zswap.writeback is 0 in it or in an ancestor
 */
bool zswap_wb_scope_protected(struct mem_cgroup *memcg)
{
	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		if (!READ_ONCE(memcg->zswap_writeback))
			return true;
	}
	return false;
}

/**
 * zswap_wb_scope_open() - find the cgroups that a command covers
 * @scope:	result, to be closed with zswap_wb_scope_close()
 * @cmd:	the command
 *
 * Context: process context of the task that gave the command: an id is looked
 * up in its cgroup namespace.
 * Return:
 * * 0 on success
 * * -EOPNOTSUPP if @cmd names a cgroup, but memory cgroups are off
 * * -ENOENT if there is no such memory cgroup in this namespace
 * * -EPERM if zswap writeback is disabled for that cgroup
 */
int zswap_wb_scope_open(struct zswap_wb_scope *scope,
			const struct zswap_wb_command *cmd)
{
	struct mem_cgroup *memcg;

	*scope = (struct zswap_wb_scope) { .descend = cmd->descend };

	if (!(cmd->keys & ZSWAP_WB_KEY_CGROUP)) {
		if (zswap_wb_scope_available()) {
			scope->root = root_mem_cgroup;
			css_get(&scope->root->css);
		}
		return 0;
	}

	if (!zswap_wb_scope_available())
		return -EOPNOTSUPP;
	memcg = zswap_wb_scope_lookup(cmd->cgroup_id);
	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	if (zswap_wb_scope_protected(memcg)) {
		mem_cgroup_put(memcg);
		return -EPERM;
	}
	scope->root = memcg;
	return 0;
}

/**
 * zswap_wb_scope_close() - let go of the cgroups of a command
 * @scope:	what zswap_wb_scope_open() has filled in
 */
void zswap_wb_scope_close(struct zswap_wb_scope *scope)
{
	mem_cgroup_put(scope->root);
}

/**
 * zswap_wb_scope_next() - go to the next cgroup, children before parents
 * @scope:	a scope that has a root
 * @prev:	what the previous call returned, or %NULL to begin; the
 *		reference to it is dropped
 *
 * Offline cgroups that still have users are returned as well.
 *
 * Context: process context.
 * Return: a cgroup with a reference, or %NULL at the end
 */
struct mem_cgroup *zswap_wb_scope_next(const struct zswap_wb_scope *scope,
				       struct mem_cgroup *prev)
{
	struct cgroup_subsys_state *root = &scope->root->css;
	struct cgroup_subsys_state *css = prev ? &prev->css : NULL;

	rcu_read_lock();
	if (scope->descend) {
		do {
			css = css_next_descendant_post(css, root);
		} while (css && !css_tryget(css));
	} else if (!prev) {
		css = root;
		css_get(css);
	} else {
		css = NULL;
	}
	rcu_read_unlock();

	mem_cgroup_put(prev);
	return mem_cgroup_from_css(css);
}

/**
 * zswap_wb_scope_break() - end a walk early
 * @memcg:	what the last zswap_wb_scope_next() returned
 */
void zswap_wb_scope_break(struct mem_cgroup *memcg)
{
	mem_cgroup_put(memcg);
}

/**
 * zswap_wb_scope_id() - id of a cgroup
 * @memcg:	the cgroup
 *
 * Return: what a command names it by
 */
u64 zswap_wb_scope_id(struct mem_cgroup *memcg)
{
	return mem_cgroup_id(memcg);
}

/**
 * zswap_wb_scope_path() - path of a cgroup
 * @memcg:	the cgroup
 * @buf:	result; cgroup names contain no newlines
 * @size:	size of @buf, at least PATH_MAX
 */
void zswap_wb_scope_path(struct mem_cgroup *memcg, char *buf, size_t size)
{
	if (cgroup_path(memcg->css.cgroup, buf, size) < 0)
		strscpy(buf, "?", size);
}

#else /* !CONFIG_MEMCG */

u64 zswap_wb_scope_id(struct mem_cgroup *memcg)
{
	return 0;
}

void zswap_wb_scope_path(struct mem_cgroup *memcg, char *buf, size_t size)
{
	buf[0] = '\0';
}

bool zswap_wb_scope_protected(struct mem_cgroup *memcg)
{
	return false;
}

int zswap_wb_scope_open(struct zswap_wb_scope *scope,
			const struct zswap_wb_command *cmd)
{
	*scope = (struct zswap_wb_scope) {};
	return cmd->keys & ZSWAP_WB_KEY_CGROUP ? -EOPNOTSUPP : 0;
}

void zswap_wb_scope_close(struct zswap_wb_scope *scope)
{
}

struct mem_cgroup *zswap_wb_scope_next(const struct zswap_wb_scope *scope,
				       struct mem_cgroup *prev)
{
	return NULL;
}

void zswap_wb_scope_break(struct mem_cgroup *memcg)
{
}

#endif
