// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: pages on their way back into zswap.
 *
 * The words of the slots tell which pages commands have written (slots.c). A readback
 * goes over them in the order of the slots, and brings back those in its scope, batch
 * by batch:
 *
 *	recall	slot by slot: it is remembered that the page is being read back
 *	read	into pages of the command
 *	restore	slot by slot: the page becomes an entry of zswap
 *
 * Why nobody gets old data is in restore.c, and what a readback takes from nobody in
 * Documentation/mm/zswap_wb.rst.
 *
 * Lifetimes:
 *
 * 1. Only one command at a time has pages of a swap device recalled: zswap_wb_read_lock.
 *
 * 2. A batch belongs to the command and, while it is being read, also to its requests.
 *    A command that has to end takes its recalls back at once; what is read then is
 *    thrown away by whoever comes last.
 *
 * 3. Each of the two has a reference to the swap device. swapoff reads the pages itself
 *    and waits for these.
 */
#include <linux/blkdev.h>
#include <linux/cgroup.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/zswap_wb.h>

#include "../swap.h"
#include "flight.h"
#include "port.h"

#include <trace/events/zswap_wb.h>

/* Most pages of a batch: one full request of many a device */
#define ZSWAP_WB_READ_MAX	(SZ_1M / PAGE_SIZE)

/* Most slots with a page of its bucket that a batch looks at: some milliseconds, as on the disk */
#define ZSWAP_WB_LOOKS_MAX	(64 * ZSWAP_WB_READ_MAX)

/* A readback that is being carried out */
struct zswap_wb_readback {
	const struct zswap_wb_command	*cmd;	/* the command */
	struct zswap_wb_scope		scope;	/* its cgroups */
	struct zswap_wb_budget		budget;	/* what may still be brought back */
	struct zswap_wb_pace		pace;	/* when the next batch is due */
	struct zswap_wb_flight		*read;	/* the batch */
	struct page			*scratch;	/* room to compress a page */
	/* this pass is for pages that were in this bucket when they were written */
	unsigned int			bucket;
	struct zswap_wb_device		device[MAX_SWAPFILES];	/* what is known of each */
	nodemask_t			nodes;	/* nodes that are wanted, and have room */
	bool				full;	/* there is no room for more */
	u64				pages;	/* pages that were brought back */
	u64				bytes;	/* their size in zswap */
};

/* Whose pages are recalled, by number of the swap device */
static struct mutex zswap_wb_read_lock[MAX_SWAPFILES];

/* Gets ready, once, before the first readback */
void __init zswap_wb_readback_init(void)
{
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		mutex_init(&zswap_wb_read_lock[type]);
}

/* ---- read ---- */

/* Is memory free that nobody has to be woken up for, also after an entry was made of it? */
static bool zswap_wb_memory_has_room(int nid)
{
	struct zone *zone;

	for (zone = NODE_DATA(nid)->node_zones;
	     zone < NODE_DATA(nid)->node_zones + MAX_NR_ZONES; zone++) {
		/* Its own pages, of which a free one may be taken for an entry */
		if (managed_zone(zone) &&
		    !zone_watermark_ok(zone, 0, high_wmark_pages(zone) + ZSWAP_WB_ZSPAGE_MAX,
				       zone_idx(zone), 0))
			return false;
	}
	return true;
}

/* Is there where pages of a node would go? */
static bool zswap_wb_node_has_room(int nid)
{
	nid = zswap_wb_restore_node(nid);
	return zswap_wb_memory_has_room(nid) &&
	       zswap_wb_memory_has_room(zswap_wb_port_object_node(nid));
}

/* Is there any room? Pages that there is none for need not be read */
static bool zswap_wb_readback_has_room(const struct zswap_wb_readback *back)
{
	int nid;

	for_each_node_mask(nid, back->nodes) {
		if (zswap_wb_node_has_room(nid))
			return zswap_wb_pool_has_room();
	}
	return false;
}

/* The device is done with a batch */
static void zswap_wb_read_done(struct zswap_wb_io *io)
{
	struct zswap_wb_flight *read = container_of(io, struct zswap_wb_flight, io);

	put_swap_device(io->si);
	read->done = ktime_get();
	complete(&read->written);
	zswap_wb_flight_put(read);
}

/* ---- recall ---- */

static void zswap_wb_recall_put(struct zswap_wb_copy *recall)
{
	mem_cgroup_put(recall->memcg);
	if (recall->pool)
		zswap_wb_pool_put(recall->pool);
}

/*
 * Recalls up to @max pages of a device from the slot @*offset on, and sets that behind. It does
 * not look for them without end: other commands wait for their turn at the device
 */
static void zswap_wb_readback_recall(struct zswap_wb_readback *back, unsigned long *offset,
				     unsigned int max)
{
	struct zswap_wb_flight *read = back->read;
	struct mem_cgroup *crowded = NULL;	/* has no room, with a reference */
	unsigned int looks = ZSWAP_WB_LOOKS_MAX;

	read->nr = 0;
	while (read->nr < max && looks-- && *offset < read->io.si->max &&
	       !signal_pending(current)) {
		struct zswap_wb_copy *recall = &read->copy[read->nr];
		struct zswap_wb_item *item = &recall->item;

		cond_resched();
		if (!zswap_wb_slot_find(read->type, offset, &back->nodes, back->bucket,
					&item->kind))
			continue;
		item->facts.slot = swp_entry(read->type, (*offset)++);
		if (swp_offset(item->facts.slot) >= read->io.si->max ||
		    !zswap_wb_entry_recall(item, read->io.si, &back->scope,
					   &recall->memcg, &recall->pool))
			continue;
		/*
		 * How long it will be is not known yet. Who asks has counters flushed, where there
		 * is a limit of zswap: for each page that comes back, as for each that is stored.
		 * Of those that don't, neighbours are often of one cgroup, which is asked once.
		 */
		if ((!crowded || recall->memcg != crowded) &&
		    zswap_wb_scope_has_room(recall->memcg, item->kind.nid, 1)) {
			read->nr++;
			continue;
		}
		zswap_wb_slot_unrecall(item->facts.slot, &item->kind);
		/* Puts the one before, if it is another one */
		swap(crowded, recall->memcg);
		zswap_wb_recall_put(recall);
	}
	mem_cgroup_put(crowded);
}

/*
 * Has what was recalled read; the device's queue may be full for long. Return: 0, or -EINTR
 * after a signal: then reading goes on
 */
static int zswap_wb_readback_read(struct zswap_wb_flight *read)
{
	struct cgroup_subsys_state *css = NULL;
	struct blk_plug plug;
	unsigned int i;

	percpu_ref_get(&read->io.si->users);
	refcount_inc(&read->users);
	reinit_completion(&read->written);
	zswap_wb_io_begin(&read->io, read->nr, REQ_OP_READ, zswap_wb_read_done);

	/* Nothing but I/O: others may wait for what a plug keeps back */
	blk_start_plug(&plug);
	for (i = 0; i < read->nr && !signal_pending(current); i++) {
		const struct zswap_wb_copy *recall = &read->copy[i];

		rcu_read_lock();
		zswap_wb_memcg_css(recall->memcg, &css);
		rcu_read_unlock();
		zswap_wb_io_add(&read->io, recall->page, recall->item.facts.slot,
				PAGE_SIZE, css);
	}
	zswap_wb_io_end(&read->io);
	blk_finish_plug(&plug);
	if (css)
		css_put(css);
	if (wait_for_completion_interruptible(&read->written) || i < read->nr)
		return -EINTR;
	return 0;
}

/* ---- restore ---- */

/* Makes an entry of a page that has been read, if there is room for it */
static void zswap_wb_readback_restore(struct zswap_wb_readback *back,
				      struct zswap_wb_copy *recall)
{
	struct zswap_wb_item *item = &recall->item;
	int nid = item->kind.nid, err = -EIO;

	if (!zswap_wb_node_has_room(nid))
		node_clear(nid, back->nodes);
	back->full |= !zswap_wb_pool_has_room() || nodes_empty(back->nodes);
	if (!back->full && node_isset(nid, back->nodes) &&
	    !zswap_wb_budget_empty(&back->budget) &&
	    !zswap_wb_page_failed(recall->page))
		err = zswap_wb_entry_restore(item, back->read->io.si, recall->memcg,
					     recall->pool, recall->page,
					     page_address(back->scratch));
	if (err) {
		zswap_wb_slot_unrecall(item->facts.slot, &item->kind);
		if (err == -ENOMEM)
			node_clear(nid, back->nodes);
		back->full |= err == -ENODEV;
		return;
	}
	zswap_wb_budget_take(&back->budget, item->facts.length);
	back->pages++;
	back->bytes += item->facts.length;
}

/* ---- batches ---- */

/* Gets pages for the next batch, as far as there is room. Return: how many it may have */
static unsigned int zswap_wb_readback_fill(struct zswap_wb_readback *back)
{
	struct zswap_wb_flight *read = back->read;
	unsigned int nr = min3(zswap_wb_device_room(&back->device[read->type]),
			       zswap_wb_pace_batch(&back->pace, ktime_get_ns()),
			       read->room);

	nr = zswap_wb_budget_room(&back->budget, nr);
	while (read->nr_pages < nr && zswap_wb_memory_has_room(numa_mem_id()) &&
	       zswap_wb_flight_add_page(read, __GFP_THISNODE))
		;
	return min(nr, read->nr_pages);
}

/* Reads and restores what has been recalled. Return: 0, or -EINTR after a signal */
static int zswap_wb_readback_move(struct zswap_wb_readback *back)
{
	struct zswap_wb_flight *read = back->read;
	u64 start = ktime_get_ns();
	unsigned int i;
	int err;

	if (!read->nr)
		return 0;
	zswap_wb_pace_take(&back->pace, read->nr, start);
	err = zswap_wb_readback_read(read);
	if (!err)
		zswap_wb_device_learn(&back->device[read->type], read->nr,
				      atomic_read(&read->io.errors),
				      ktime_to_ns(read->done) - start);
	for (i = 0; i < read->nr; i++) {
		struct zswap_wb_copy *recall = &read->copy[i];

		if (!err && signal_pending(current))
			err = -EINTR;
		if (err)
			zswap_wb_slot_unrecall(recall->item.facts.slot,
					       &recall->item.kind);
		else
			zswap_wb_readback_restore(back, recall);
		zswap_wb_recall_put(recall);
		cond_resched();
	}
	return err;
}

/* Brings back a batch from the slot @*offset on, and sets that behind. Return: as above */
static int zswap_wb_readback_batch(struct zswap_wb_readback *back, unsigned int type,
				   unsigned long *offset)
{
	struct zswap_wb_flight *read = back->read;
	bool boarded;
	int err;

	back->full |= !zswap_wb_readback_has_room(back);
	err = zswap_wb_pace_wait(&back->pace);
	if (err || mutex_lock_interruptible(&zswap_wb_read_lock[type]))
		return -EINTR;
	boarded = zswap_wb_flight_board(read, type);
	/* What there is a word of may be beyond its end */
	if (!boarded || *offset >= read->io.si->max) {
		*offset = ULONG_MAX;
	} else if (!back->full) {
		zswap_wb_readback_recall(back, offset, zswap_wb_readback_fill(back));
		err = zswap_wb_readback_move(back);
	}
	if (boarded)
		put_swap_device(read->io.si);
	mutex_unlock(&zswap_wb_read_lock[type]);
	return err ?: (signal_pending(current) ? -EINTR : 0);
}

/* Brings back what a device has of a bucket. Return: as above */
static int zswap_wb_readback_device(struct zswap_wb_readback *back, unsigned int type)
{
	/* The first slot of a device is its header */
	unsigned long offset = 1;
	int err = 0;

	while (!err && offset != ULONG_MAX &&
	       !zswap_wb_device_broken(&back->device[type]) &&
	       !zswap_wb_slots_empty(type) && !back->full &&
	       !zswap_wb_budget_empty(&back->budget))
		err = zswap_wb_readback_batch(back, type, &offset);
	return err;
}

/*
 * The warmest come first, as there may not be room for all, by the buckets that they were
 * in when they were written: also where the edges have been changed since. Return: as above
 */
static int zswap_wb_readback_passes(struct zswap_wb_readback *back)
{
	unsigned int type;
	int err = 0;

	for (; back->bucket < ZSWAP_WB_BUCKETS_MAX && !err; back->bucket++) {
		for (type = 0; type < MAX_SWAPFILES && !err; type++)
			err = zswap_wb_readback_device(back, type);
	}
	return err;
}

/* Carries out a readback whose scope is known */
static int zswap_wb_readback_scope(struct zswap_wb_readback *back)
{
	unsigned int noio = memalloc_noio_save();
	int err = -ENOMEM;

	back->scratch = zswap_wb_pages_alloc(GFP_KERNEL,
					     ZSWAP_WB_PORT_ROOM_ORDER);
	back->read = zswap_wb_flight_alloc(min(back->cmd->max_pages,
					       ZSWAP_WB_READ_MAX), false, NULL);
	if (back->scratch && back->read) {
		zswap_wb_stats_count(numa_node_id(), ZSWAP_WB_COMMANDS, 1);
		err = zswap_wb_readback_passes(back);
		if (!err && !back->pages)
			err = -EAGAIN;
		trace_zswap_wb_readback(back->cmd, err, back->pages, back->bytes);
	}
	zswap_wb_flight_put(back->read);
	if (back->scratch)
		__free_pages(back->scratch, ZSWAP_WB_PORT_ROOM_ORDER);
	memalloc_noio_restore(noio);
	return err;
}

/**
 * zswap_wb_readback() - bring pages that commands wrote back into zswap
 * @cmd:	the command, of keys ZSWAP_WB_KEYS_READBACK
 *
 * Context: process context of the task that gave the command, may sleep for long; ends
 * early when that has a signal pending, or the system goes to sleep.
 * Return:
 * * 0 if at least one page was brought back
 * * -EAGAIN if none was: there is none, or no room for one
 * * -EINTR if it has ended early; what was brought back stays so
 * * -ENODEV if zswap has never been set up
 * * -EOPNOTSUPP, -ENOENT, -EPERM see zswap_wb_scope_open()
 * * -ENOMEM if there is not even memory for one page at a time
 */
int zswap_wb_readback(const struct zswap_wb_command *cmd)
{
	struct zswap_wb_readback *back;
	int err;

	if (!zswap_wb_armed())
		return -ENODEV;
	back = kzalloc_obj(*back);
	if (!back)
		return -ENOMEM;
	back->cmd = cmd;
	err = zswap_wb_scope_open(&back->scope, cmd);
	if (err)
		goto out;
	nodes_and(back->nodes, cmd->nodes, node_possible_map);
	zswap_wb_budget_init(&back->budget, cmd->max_pages, cmd->max_compressed);
	zswap_wb_pace_init(&back->pace, cmd->rate, ktime_get_ns());
	err = zswap_wb_readback_scope(back);
	zswap_wb_scope_close(&back->scope);
out:
	kfree(back);
	return err;
}
