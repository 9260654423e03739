// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the cgroups that a command covers.
 *
 * Only cgroups that have entries are visited. A cgroup that never had an entry costs nothing,
 * and one that had costs as much as to see that its lists are empty. The topmost cgroup comes
 * last: an entry of a cgroup that goes offline moves to the list of the parent. Those of
 * a cgroup further down are missed if that is before the walk has come to it, and its parent's
 * list was opened before.
 */
#include <linux/cgroup.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "internal.h"
#include "port.h"

/* Without per-cgroup lists, all entries are on the lists of the nodes */
static bool zswap_wb_scope_available(void)
{
	return !mem_cgroup_disabled() && !mem_cgroup_kmem_disabled();
}

#ifdef CONFIG_MEMCG

/*
 * Do cgroups have ids that name them? On cgroup v1 the memory controller's are of
 * another hierarchy than those that userspace sees, and there is no
 * memory.zswap.writeback to protect anybody
 */
bool zswap_wb_scope_has_ids(void)
{
	return zswap_wb_scope_available() &&
	       cgroup_subsys_on_dfl(memory_cgrp_subsys);
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
	if (zswap_wb_port_cgroup_id(memcg) != id || !mem_cgroup_online(memcg)) {
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
 * Context: any; the caller has a reference to @memcg, or the RCU read lock.
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

/* The scope of all cgroups: the topmost one is always there, and need not be let go of */
void zswap_wb_scope_all(struct zswap_wb_scope *scope)
{
	*scope = (struct zswap_wb_scope) {
		.root		= zswap_wb_scope_available() ? root_mem_cgroup : NULL,
		.descend	= true,
	};
}

/**
 * zswap_wb_scope_open() - find the cgroups that a command covers
 * @scope:	result, to be closed with zswap_wb_scope_close()
 * @cmd:	the command
 * Context: process context of the task that gave the command: an id is looked
 * up in its cgroup namespace.
 * Return:
 * * 0 on success
 * * -EOPNOTSUPP if @cmd names a cgroup, but see zswap_wb_scope_has_ids()
 * * -ENOENT if there is no such memory cgroup in this namespace
 * * -EPERM if zswap writeback is disabled for that cgroup
 */
int zswap_wb_scope_open(struct zswap_wb_scope *scope,
			const struct zswap_wb_command *cmd)
{
	struct mem_cgroup *memcg;

	zswap_wb_scope_all(scope);
	if (!(cmd->keys & ZSWAP_WB_KEY_CGROUP))
		return 0;
	if (!zswap_wb_scope_has_ids())
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
	scope->descend = cmd->descend && !list_empty(&memcg->css.children);
	return 0;
}

/*
 * Goes to the next cgroup. Context: may sleep. Return: it, with a reference, or NULL
 * at the end
 */
struct mem_cgroup *zswap_wb_scope_next(struct zswap_wb_scope_walk *walk)
{
	struct mem_cgroup *memcg, *root = walk->scope->root;

	for (; walk->below; cond_resched()) {
		guard(rcu)();
		walk->below = zswap_wb_list_next(&walk->index, walk->nodes);
		memcg = NULL;
		if (walk->below)
			memcg = mem_cgroup_from_private_id(walk->index++);
		if (memcg && memcg != root &&
		    mem_cgroup_is_descendant(memcg, root) &&
		    css_tryget(&memcg->css))
			return memcg;
	}
	if (walk->ended)
		return NULL;
	walk->ended = true;
	css_get(&root->css);
	return root;
}

/* ---- whose pages come back ---- */

/*
 * The cgroup that a page on the disk belongs to, by the number that its slot has: the
 * parent's, if that was removed. Return: it, with a reference; NULL without cgroups
 */
struct mem_cgroup *zswap_wb_scope_owner(unsigned short private_id)
{
	struct mem_cgroup *memcg;

	/* Pages are charged to them also where there are no lists for each */
	if (mem_cgroup_disabled())
		return NULL;
	guard(rcu)();
	memcg = mem_cgroup_from_private_id(private_id);
	while (memcg && (css_is_dying(&memcg->css) || !css_tryget(&memcg->css)))
		memcg = parent_mem_cgroup(memcg);
	if (!memcg) {
		memcg = root_mem_cgroup;
		css_get(&memcg->css);
	}
	return memcg;
}

/* Is a cgroup, which was not removed, one of those that a command covers? */
bool zswap_wb_scope_covers(const struct zswap_wb_scope *scope,
			   struct mem_cgroup *memcg)
{
	if (!scope->root || !memcg)
		return !scope->root;
	return memcg == scope->root ||
	       (scope->descend && mem_cgroup_is_descendant(memcg, scope->root));
}

/* What a cgroup's entries on a node are charged to, with a reference; or NULL */
struct obj_cgroup *zswap_wb_scope_objcg_get(struct mem_cgroup *memcg, int nid)
{
	guard(rcu)();
	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		struct obj_cgroup *objcg = zswap_wb_port_objcg(memcg, nid);

		if (objcg && obj_cgroup_tryget(objcg))
			return objcg;
	}
	return NULL;
}

/*
 * Can a cgroup have an entry of so many bytes more, without reclaim? Charges are made for so
 * many pages at once that it needs room for those. Context: may sleep
 */
bool zswap_wb_scope_has_room(struct mem_cgroup *memcg, int nid, unsigned int length)
{
	struct mem_cgroup *payer;
	struct obj_cgroup *objcg;
	bool room;

	for (payer = memcg; payer && !mem_cgroup_is_root(payer);
	     payer = parent_mem_cgroup(payer)) {
		unsigned long limit = min(READ_ONCE(payer->memory.high),
					  READ_ONCE(payer->memory.max));

		if (page_counter_read(&payer->memory) + MEMCG_CHARGE_BATCH > limit)
			return false;
	}
	objcg = zswap_wb_scope_objcg_get(memcg, nid);
	room = !objcg || obj_cgroup_may_zswap(objcg);
	obj_cgroup_put(objcg);
	/* A store may exceed the limit by its entry. The counts are up to date now */
	for (; room && memcg; memcg = parent_mem_cgroup(memcg))
		room = memcg_page_state(memcg, MEMCG_ZSWAP_B) + length <=
		       (u64)READ_ONCE(memcg->zswap_max) * PAGE_SIZE;
	return room;
}

/* Path of a cgroup; @size is at least PATH_MAX. Names contain no newlines */
void zswap_wb_scope_path(struct mem_cgroup *memcg, char *buf, size_t size)
{
	if (cgroup_path(memcg->css.cgroup, buf, size) < 0)
		strscpy(buf, "?", size);
}

#else /* !CONFIG_MEMCG */

bool zswap_wb_scope_has_ids(void)
{
	return false;
}

void zswap_wb_scope_path(struct mem_cgroup *memcg, char *buf, size_t size)
{
	buf[0] = '\0';
}

bool zswap_wb_scope_protected(struct mem_cgroup *memcg)
{
	return false;
}

void zswap_wb_scope_all(struct zswap_wb_scope *scope)
{
	*scope = (struct zswap_wb_scope) {};
}

int zswap_wb_scope_open(struct zswap_wb_scope *scope,
			const struct zswap_wb_command *cmd)
{
	zswap_wb_scope_all(scope);
	return cmd->keys & ZSWAP_WB_KEY_CGROUP ? -EOPNOTSUPP : 0;
}

struct mem_cgroup *zswap_wb_scope_next(struct zswap_wb_scope_walk *walk)
{
	return NULL;
}

struct mem_cgroup *zswap_wb_scope_owner(unsigned short private_id)
{
	return NULL;
}

bool zswap_wb_scope_covers(const struct zswap_wb_scope *scope,
			   struct mem_cgroup *memcg)
{
	return true;
}

bool zswap_wb_scope_has_room(struct mem_cgroup *memcg, int nid, unsigned int length)
{
	return true;
}

struct obj_cgroup *zswap_wb_scope_objcg_get(struct mem_cgroup *memcg, int nid)
{
	return NULL;
}

#endif

/* Lets go of what zswap_wb_scope_open() has found */
void zswap_wb_scope_close(struct zswap_wb_scope *scope)
{
	mem_cgroup_put(scope->root);
}

/* Whose list has a cgroup's entries: NULL if lists are not per cgroup */
struct mem_cgroup *zswap_wb_scope_list(struct mem_cgroup *memcg)
{
	return zswap_wb_scope_available() ? memcg : NULL;
}

/* ---- walks ---- */

/*
 * Begins to visit the cgroups of a scope, or their lists: those with entries on @nodes
 * or, for NULL, all cgroups that have lists
 */
void zswap_wb_scope_begin(struct zswap_wb_scope_walk *walk,
			  const struct zswap_wb_scope *scope,
			  const nodemask_t *nodes)
{
	*walk = (struct zswap_wb_scope_walk) {
		.scope	= scope,
		.nodes	= nodes,
		.below	= scope->root && scope->descend,
		.ended	= !scope->root,
		/* With cgroups, none of no cgroup: let it begin with the first one */
		.nid	= scope->root ? MAX_NUMNODES : NUMA_NO_NODE,
	};
}

/*
 * Goes to the next list: @walk->memcg and @walk->nid. If lists are not per cgroup
 * there is one for each node, of no cgroup. Context: may sleep. Return: false at the end
 */
bool zswap_wb_scope_next_list(struct zswap_wb_scope_walk *walk)
{
	if (walk->nid < MAX_NUMNODES)
		walk->nid = next_node(walk->nid, *walk->nodes);
	if (walk->nid < MAX_NUMNODES)
		return true;
	mem_cgroup_put(walk->memcg);
	walk->memcg = zswap_wb_scope_next(walk);
	if (walk->memcg)
		walk->nid = first_node(*walk->nodes);
	return walk->nid < MAX_NUMNODES;
}

/* Ends a visit to lists, wherever it has got to */
void zswap_wb_scope_end(struct zswap_wb_scope_walk *walk)
{
	mem_cgroup_put(walk->memcg);
}
