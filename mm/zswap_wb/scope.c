// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the cgroups that a command covers.
 *
 * Only cgroups that have entries are visited, and those that may inherit some
 * from their children. A cgroup that never had an entry costs nothing, and one
 * that had costs as much as to see that its list is empty.
 *
 * They are visited from the bottom of the hierarchy to the top, level by level.
 * An entry of a cgroup that goes offline moves to the list of the parent:
 * visiting the parent later finds it there, so a removal in the middle of a
 * command hides nothing from it. All cgroups of one level can be visited at the
 * same time.
 */
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "internal.h"

#ifdef CONFIG_MEMCG

/* Most cgroups to look at in one go */
#define ZSWAP_WB_SEARCH_MAX	256

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
	/* No need to look for descendants where there are none */
	if (list_empty(&memcg->css.children))
		scope->descend = false;
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
 * zswap_wb_scope_begin() - begin to visit the cgroups of a scope
 * @walk:	the walk; holds no reference, so it can be given up at any time
 * @scope:	a scope that has a root
 * @nid:	node of the entries; NUMA_NO_NODE to visit all cgroups that have
 *		lists, empty or not
 */
void zswap_wb_scope_begin(struct zswap_wb_scope_walk *walk,
			  const struct zswap_wb_scope *scope, int nid)
{
	*walk = (struct zswap_wb_scope_walk) {
		.scope	= scope,
		.nid	= nid,
		.level	= INT_MAX,
		.below	= scope->root->css.cgroup->level,
	};
}

/*
 * Looks for the next cgroup below the scope's root, from @walk->index on, and sets
 * that behind it. Return: false at the end of the index
 */
static bool zswap_wb_scope_search(struct zswap_wb_scope_walk *walk,
				  struct mem_cgroup **found)
{
	struct mem_cgroup *root = walk->scope->root;
	unsigned int left = ZSWAP_WB_SEARCH_MAX;
	bool more = true, empty;

	*found = NULL;
	rcu_read_lock();
	while (!*found && left--) {
		struct mem_cgroup *memcg;

		more = zswap_wb_list_next(&walk->index, walk->nid, &empty);
		if (!more)
			break;
		memcg = mem_cgroup_from_private_id(walk->index++);
		if (!memcg || memcg == root)
			continue;
		/*
		 * By the time of the visit it may have a child's entries. A
		 * removed child stays among the children for as long as a swap
		 * slot is charged to it.
		 */
		if (empty && list_empty(&memcg->css.children))
			continue;
		if (mem_cgroup_is_descendant(memcg, root) &&
		    css_tryget(&memcg->css))
			*found = memcg;
	}
	rcu_read_unlock();
	return more;
}

/* As zswap_wb_scope_search(), but goes on until it has found one. */
static struct mem_cgroup *zswap_wb_scope_find(struct zswap_wb_scope_walk *walk)
{
	struct mem_cgroup *memcg;

	while (zswap_wb_scope_search(walk, &memcg)) {
		if (memcg)
			return memcg;
		cond_resched();
	}
	return NULL;
}

/**
 * zswap_wb_scope_next() - go to the next cgroup
 * @walk:	the walk; its @level is that of the cgroup
 *
 * Goes over the index once for each level that has cgroups, and finds out the
 * next one on the way.
 *
 * Context: process context.
 * Return: a cgroup with a reference, or %NULL at the end
 */
struct mem_cgroup *zswap_wb_scope_next(struct zswap_wb_scope_walk *walk)
{
	struct mem_cgroup *root = walk->scope->root;
	int top = root->css.cgroup->level;
	struct mem_cgroup *memcg;

	while (walk->level > top) {
		while (walk->scope->descend &&
		       (memcg = zswap_wb_scope_find(walk))) {
			int level = memcg->css.cgroup->level;

			if (level == walk->level)
				return memcg;
			if (level < walk->level)
				walk->below = max(walk->below, level);
			mem_cgroup_put(memcg);
			cond_resched();
		}
		walk->level = walk->below;
		walk->below = top;
		walk->index = 0;
	}
	if (walk->level < top)
		return NULL;
	walk->level = top - 1;
	css_get(&root->css);
	return root;
}

/**
 * zswap_wb_scope_put() - let go of a cgroup
 * @memcg:	what zswap_wb_scope_next() has returned; may be %NULL
 */
void zswap_wb_scope_put(struct mem_cgroup *memcg)
{
	mem_cgroup_put(memcg);
}

/**
 * zswap_wb_scope_list() - whose list has the entries of a cgroup
 * @memcg:	the cgroup
 *
 * Return: @memcg, or %NULL if lists are not per cgroup
 */
struct mem_cgroup *zswap_wb_scope_list(struct mem_cgroup *memcg)
{
	return zswap_wb_scope_available() ? memcg : NULL;
}

/**
 * zswap_wb_scope_dying() - can it be that the parent has a cgroup's list now
 * @memcg:	the cgroup, or %NULL
 *
 * Context: RCU read side: it is known for a grace period before that is so.
 * Return: true if that may be
 */
bool zswap_wb_scope_dying(struct mem_cgroup *memcg)
{
	return memcg && css_is_dying(&memcg->css);
}

/**
 * zswap_wb_scope_objcg() - what the entries of a cgroup are charged to
 * @memcg:	the cgroup, with a reference; or %NULL
 * @nid:	node of the pages
 *
 * Return: the objcg, which no other cgroup had before; %NULL if there is none
 */
const struct obj_cgroup *zswap_wb_scope_objcg(struct mem_cgroup *memcg, int nid)
{
	return memcg ? memcg->nodeinfo[nid]->orig_objcg : NULL;
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

void zswap_wb_scope_begin(struct zswap_wb_scope_walk *walk,
			  const struct zswap_wb_scope *scope, int nid)
{
}

struct mem_cgroup *zswap_wb_scope_next(struct zswap_wb_scope_walk *walk)
{
	return NULL;
}

void zswap_wb_scope_put(struct mem_cgroup *memcg)
{
}

struct mem_cgroup *zswap_wb_scope_list(struct mem_cgroup *memcg)
{
	return NULL;
}

bool zswap_wb_scope_dying(struct mem_cgroup *memcg)
{
	return false;
}

const struct obj_cgroup *zswap_wb_scope_objcg(struct mem_cgroup *memcg, int nid)
{
	return NULL;
}

#endif
