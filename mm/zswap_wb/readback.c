// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: pages on their way back into zswap.
 *
 * The words of the slots tell which pages commands have written (slots.c). A readback
 * goes over them in the order of the slots, and brings back those in its scope, batch
 * by batch:
 *
 *	recall	slot by slot: it is remembered that the page is being read back
 *	read	neighbours together, into pages of the command
 *	restore	slot by slot: the page becomes an entry of zswap
 *
 * Nobody waits for a readback. A page that somebody comes for meanwhile is read by
 * himself, and its word is wiped as ever: then there is nothing to restore
 * (entry.c). Where the command may run into a limit it begins with the pages that
 * were in the warmest bucket when they were written.
 *
 * It makes nobody give up anything: it takes memory that is free above the high
 * watermarks, of a cgroup's limits what is left, and room in the pool up to where a full
 * one accepts pages again, so that others can go on to store.
 *
 * Lifetimes:
 *
 * 1. Only one command at a time has pages of a swap device recalled. So a word that says
 *    so when its page has been read was not wiped meanwhile, and recalled anew for
 *    another page of the same slot.
 *
 * 2. A batch belongs to the command and, while it is being read, also to its requests.
 *    A command that has to end takes its recalls back at once; what is read then is
 *    thrown away by whoever comes last.
 *
 * 3. Each of the two has a reference to the swap device. swapoff reads the pages itself
 *    and waits for these.
 */
#include <linux/bio.h>
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "../swap.h"
#include "flight.h"
#include "port.h"

#include <trace/events/zswap_wb.h>

/* Most pages of a batch: one full request */
#define ZSWAP_WB_READ_MAX	BIO_MAX_VECS

/* Pages of a command's first batch from a device */
#define ZSWAP_WB_READ_FIRST	16

/* A batch of the next size has this many times as many pages at most */
#define ZSWAP_WB_READ_GROWTH	4

/* A device that needs longer for a batch gets smaller ones, until it needs less */
#define ZSWAP_WB_READ_NS	(100 * NSEC_PER_MSEC)

/* A page that is read */
struct zswap_wb_recall {
	struct zswap_wb_item	item;	/* its slot, and what is known of it */
	struct mem_cgroup	*memcg;	/* the cgroup that it belongs to */
	struct cgroup_subsys_state *css;	/* the one that has its I/O */
	struct zswap_pool	*pool;	/* of an image, or NULL */
	struct page		*page;	/* what has been read; private: that failed */
};

/* Pages that are read together */
struct zswap_wb_read {
	refcount_t		users;	/* the command, and requests */
	atomic_t		pending;	/* requests, and one while more are to come */
	struct completion	done;	/* of all requests */
	struct swap_info_struct	*si;	/* the swap device */
	unsigned int		room;	/* pages that there could be */
	unsigned int		nr_pages;	/* pages that there are, from the first on */
	unsigned int		nr;	/* pages that have been recalled */
	struct zswap_wb_recall	recall[] __counted_by(room);	/* these */
};

/* A readback that is being carried out */
struct zswap_wb_readback {
	const struct zswap_wb_command	*cmd;	/* the command */
	struct zswap_wb_scope		scope;	/* its cgroups */
	struct zswap_wb_budget		budget;	/* what may still be brought back */
	struct zswap_wb_pace		pace;	/* when the next batch is due */
	struct zswap_wb_read		*read;	/* the batch */
	struct page			*scratch;	/* room to compress a page */
	/* the bucket and its generation of this pass, ... */
	struct zswap_wb_kind		kind;
	enum zswap_wb_readback_pass {
		ZSWAP_WB_READ_ALL,	/* ... which is for all pages */
		ZSWAP_WB_READ_BUCKET,	/* ... for those of the bucket */
		ZSWAP_WB_READ_OTHERS,	/* ... for those of another generation */
	} pass;
	/* pages of the next batch for each swap device, 0 for one that fails */
	unsigned int			limit[MAX_SWAPFILES];
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

static void zswap_wb_read_put(struct zswap_wb_read *read)
{
	if (!read || !refcount_dec_and_test(&read->users))
		return;
	while (read->nr_pages)
		__free_page(read->recall[--read->nr_pages].page);
	kfree(read);
}

/* Gets a batch of up to @max pages, as many as are free, but at least one; or NULL */
static struct zswap_wb_read *zswap_wb_read_alloc(unsigned int max)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct zswap_wb_read *read;

	while (!(read = kzalloc_flex(*read, recall, max, gfp))) {
		max /= 2;
		if (!max)
			return NULL;
	}
	read->room = max;
	refcount_set(&read->users, 1);
	init_completion(&read->done);
	while (read->nr_pages < read->room) {
		struct page *page =
			zswap_wb_page_alloc(read->nr_pages ? 0 : GFP_KERNEL);

		if (!page)
			break;
		read->recall[read->nr_pages++].page = page;
	}
	if (read->nr_pages)
		return read;
	zswap_wb_read_put(read);
	return NULL;
}

/* A request is over, or there are no more to come */
static void zswap_wb_read_done(struct zswap_wb_read *read)
{
	if (!atomic_dec_and_test(&read->pending))
		return;
	put_swap_device(read->si);
	complete(&read->done);
	zswap_wb_read_put(read);
}

static void zswap_wb_read_end(struct bio *bio)
{
	struct zswap_wb_read *read = bio->bi_private;
	struct bio_vec *bvec;
	struct bvec_iter_all iter;

	if (bio->bi_status) {
		pr_alert_ratelimited("Read-error on swap-device (%u:%u:%llu)\n",
				     MAJOR(bio_dev(bio)), MINOR(bio_dev(bio)),
				     (unsigned long long)bio->bi_iter.bi_sector);
		bio_for_each_segment_all(bvec, bio, iter)
			set_page_private(bvec->bv_page, true);
	}
	bio_put(bio);
	zswap_wb_read_done(read);
}

static void zswap_wb_read_send(struct zswap_wb_read *read, struct bio *bio)
{
	if (!bio)
		return;
	atomic_inc(&read->pending);
	submit_bio(bio);
}

/*
 * Reads what has been recalled; the device's queue may be full for long. Return: 0, or
 * -EINTR after a signal: then it goes on
 */
static int zswap_wb_read_all(struct zswap_wb_read *read)
{
	struct cgroup_subsys_state *bio_css = NULL;
	struct bio *bio = NULL;
	struct blk_plug plug;
	sector_t next = 0;
	unsigned int i;

	percpu_ref_get(&read->si->users);
	refcount_inc(&read->users);
	reinit_completion(&read->done);
	atomic_set(&read->pending, 1);

	blk_start_plug(&plug);
	for (i = 0; i < read->nr && !signal_pending(current); i++) {
		struct zswap_wb_recall *recall = &read->recall[i];
		sector_t sector = zswap_wb_page_sector(recall->page,
						       recall->item.facts.slot);

		set_page_private(recall->page, false);
		if (!bio || sector != next || recall->css != bio_css ||
		    !bio_add_page(bio, recall->page, PAGE_SIZE, 0)) {
			zswap_wb_read_send(read, bio);
			bio = bio_alloc(read->si->bdev, read->nr - i,
					REQ_OP_READ, GFP_NOIO);
			bio->bi_iter.bi_sector = sector;
			bio->bi_end_io = zswap_wb_read_end;
			bio->bi_private = read;
			bio_associate_blkg_from_css(bio, recall->css);
			bio_css = recall->css;
			__bio_add_page(bio, recall->page, PAGE_SIZE, 0);
		}
		next = sector + PAGE_SECTORS;
	}
	zswap_wb_read_send(read, bio);
	blk_finish_plug(&plug);
	zswap_wb_read_done(read);
	if (wait_for_completion_interruptible(&read->done) || i < read->nr)
		return -EINTR;
	return 0;
}

/* ---- recall ---- */

/* Is a page one of those that the pass is for? */
static bool zswap_wb_readback_wants(const struct zswap_wb_readback *back,
				    const struct zswap_wb_kind *kind)
{
	bool known = kind->generation == back->kind.generation;

	if (!node_isset(kind->nid, back->nodes))
		return false;
	switch (back->pass) {
	case ZSWAP_WB_READ_BUCKET:
		return known && kind->bucket == back->kind.bucket;
	case ZSWAP_WB_READ_OTHERS:
		return !known;
	default:
		return true;
	}
}

static void zswap_wb_recall_put(struct zswap_wb_recall *recall)
{
	mem_cgroup_put(recall->memcg);
	if (recall->css)
		css_put(recall->css);
	if (recall->pool)
		zswap_wb_pool_put(recall->pool);
}

/* Recalls up to @max pages of a device from the slot @*offset on, and sets that behind */
static void zswap_wb_readback_recall(struct zswap_wb_readback *back,
				     unsigned int type, unsigned long *offset,
				     unsigned int max)
{
	struct zswap_wb_read *read = back->read;

	read->nr = 0;
	while (read->nr < max && *offset < read->si->max &&
	       !signal_pending(current)) {
		struct zswap_wb_recall *recall = &read->recall[read->nr];
		struct zswap_wb_item *item = &recall->item;

		cond_resched();
		if (!zswap_wb_slot_find(type, offset, &item->kind))
			continue;
		item->facts.slot = swp_entry(type, (*offset)++);
		if (swp_offset(item->facts.slot) >= read->si->max ||
		    !zswap_wb_readback_wants(back, &item->kind) ||
		    zswap_wb_entry_recall(item, read->si, &back->scope,
					  &recall->memcg, &recall->css,
					  &recall->pool))
			continue;
		if (zswap_wb_scope_may_zswap(recall->memcg, item->kind.nid)) {
			read->nr++;
			continue;
		}
		zswap_wb_slot_unrecall(item->facts.slot, &item->kind);
		zswap_wb_recall_put(recall);
	}
}

/* ---- restore ---- */

/* Is memory free that nobody has to be woken up for? */
static bool zswap_wb_memory_has_room(int nid)
{
	struct zone *zone;

	for (zone = NODE_DATA(nid)->node_zones;
	     zone < NODE_DATA(nid)->node_zones + MAX_NR_ZONES; zone++) {
		/* Its own pages, of which a free one may be taken for an entry */
		if (managed_zone(zone) &&
		    !zone_watermark_ok(zone, 0, high_wmark_pages(zone) + 1,
				       zone_idx(zone), 0))
			return false;
	}
	return true;
}

/* Makes an entry of a page that has been read, if there is room for it */
static void zswap_wb_readback_restore(struct zswap_wb_readback *back,
				      struct zswap_wb_recall *recall)
{
	struct zswap_wb_item *item = &recall->item;
	int nid = item->kind.nid, err = -EIO;

	if (!zswap_wb_memory_has_room(zswap_wb_restore_node(nid)))
		node_clear(nid, back->nodes);
	back->full |= !zswap_wb_pool_has_room() || nodes_empty(back->nodes);
	if (!back->full && node_isset(nid, back->nodes) &&
	    !zswap_wb_budget_empty(&back->budget) &&
	    !page_private(recall->page))
		err = zswap_wb_entry_restore(item, back->read->si, recall->memcg,
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

/* Most pages of the next batch, at least 1 */
static unsigned int zswap_wb_readback_room(struct zswap_wb_readback *back,
					   unsigned int type)
{
	unsigned int max = min3(back->limit[type], back->read->nr_pages,
				zswap_wb_pace_batch(&back->pace, ktime_get_ns()));

	return zswap_wb_budget_room(&back->budget, max);
}

/*
 * Chooses the size of the next batch. One that takes its time is too large for who else
 * wants the device; a device that has failed for all of it is left alone.
 */
static void zswap_wb_readback_adapt(struct zswap_wb_readback *back,
				    unsigned int type, u64 ns)
{
	const struct zswap_wb_read *read = back->read;
	unsigned int *limit = &back->limit[type];
	unsigned int i, errors = 0;

	for (i = 0; i < read->nr; i++)
		errors += !!page_private(read->recall[i].page);
	if (errors && errors == read->nr)
		*limit = 0;
	else if (ns > ZSWAP_WB_READ_NS)
		*limit = max(*limit / 2, 1);
	else if (ns < ZSWAP_WB_READ_NS / ZSWAP_WB_READ_GROWTH && read->nr == *limit)
		*limit = min(*limit * ZSWAP_WB_READ_GROWTH, ZSWAP_WB_READ_MAX);
}

/* Reads and restores what has been recalled. Return: 0, or -EINTR after a signal */
static int zswap_wb_readback_move(struct zswap_wb_readback *back,
				  unsigned int type)
{
	struct zswap_wb_read *read = back->read;
	u64 start = ktime_get_ns();
	unsigned int i;
	int err = 0;

	zswap_wb_pace_take(&back->pace, read->nr, start);
	if (read->nr)
		err = zswap_wb_read_all(read);
	if (!err)
		zswap_wb_readback_adapt(back, type, ktime_get_ns() - start);
	for (i = 0; i < read->nr; i++) {
		struct zswap_wb_recall *recall = &read->recall[i];

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

/* Is a device, with a reference, one that pages can be brought back from? */
static bool zswap_wb_device_reads(const struct swap_info_struct *si)
{
	/* That has blocks, and is not being taken out of use */
	return zswap_wb_port_has_blocks(si) && READ_ONCE(si->flags) & SWP_WRITEOK;
}

/* Brings back a batch from the slot @*offset on, and sets that behind. Return: as above */
static int zswap_wb_readback_batch(struct zswap_wb_readback *back,
				   unsigned int type, unsigned long *offset)
{
	struct zswap_wb_read *read = back->read;
	int err;

	back->full |= !zswap_wb_pool_has_room();
	err = zswap_wb_pace_wait(&back->pace);
	if (err || mutex_lock_interruptible(&zswap_wb_read_lock[type]))
		return -EINTR;
	/* By its first slot behind the header: what there is a word of may be beyond its end */
	read->si = get_swap_device(swp_entry(type, 1));
	if (!read->si || !zswap_wb_device_reads(read->si) ||
	    *offset >= read->si->max) {
		*offset = ULONG_MAX;
	} else if (!back->full) {
		zswap_wb_readback_recall(back, type, offset,
					 zswap_wb_readback_room(back, type));
		err = zswap_wb_readback_move(back, type);
	}
	if (read->si)
		put_swap_device(read->si);
	mutex_unlock(&zswap_wb_read_lock[type]);
	return err ?: (signal_pending(current) ? -EINTR : 0);
}

/* Brings back what the pass is for, of all devices. Return: 0, or -EINTR after a signal */
static int zswap_wb_readback_pass(struct zswap_wb_readback *back)
{
	unsigned int type;
	int err = 0;

	for (type = 0; type < MAX_SWAPFILES && !err; type++) {
		/* The first slot of a device is its header */
		unsigned long offset = 1;

		while (!err && offset != ULONG_MAX && back->limit[type] &&
		       !zswap_wb_slots_empty(type) && !back->full &&
		       !zswap_wb_budget_empty(&back->budget))
			err = zswap_wb_readback_batch(back, type, &offset);
	}
	return err;
}

/* Where not all may come back, the warmest come first. Return: as above */
static int zswap_wb_readback_passes(struct zswap_wb_readback *back)
{
	struct zswap_wb_edges edges;
	unsigned int bucket;
	int err = 0;

	back->kind.generation = zswap_wb_buckets_get(&edges);
	if (!zswap_wb_budget_limited(&back->budget) &&
	    !zswap_wb_scope_limited(&back->scope) &&
	    zswap_wb_pool_has_room_for(zswap_wb_stats_on_disk(NUMA_NO_NODE)))
		return zswap_wb_readback_pass(back);
	back->pass = ZSWAP_WB_READ_BUCKET;
	for (bucket = 0; bucket < edges.nr && !err; bucket++) {
		back->kind.bucket = bucket;
		err = zswap_wb_readback_pass(back);
	}
	back->pass = ZSWAP_WB_READ_OTHERS;
	return err ?: zswap_wb_readback_pass(back);
}

/* Carries out a readback whose scope is known */
static int zswap_wb_readback_scope(struct zswap_wb_readback *back)
{
	unsigned int noio = memalloc_noio_save();
	int err = -ENOMEM;

	back->scratch = zswap_wb_page_alloc(GFP_KERNEL);
	back->read = zswap_wb_read_alloc(min(back->cmd->max_pages,
					     ZSWAP_WB_READ_MAX));
	if (back->scratch && back->read) {
		zswap_wb_stats_command();
		err = zswap_wb_readback_passes(back);
		if (!err && !back->pages)
			err = -EAGAIN;
		trace_zswap_wb_readback(back->cmd, err, back->pages, back->bytes);
	}
	zswap_wb_read_put(back->read);
	if (back->scratch)
		__free_page(back->scratch);
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
	struct zswap_wb_readback back = {
		.cmd	= cmd,
		.nodes	= cmd->nodes,
		.limit	= { [0 ... MAX_SWAPFILES - 1] = ZSWAP_WB_READ_FIRST },
	};
	int err;

	if (!zswap_wb_armed())
		return -ENODEV;
	err = zswap_wb_scope_open(&back.scope, cmd);
	if (err)
		return err;
	zswap_wb_budget_init(&back.budget, cmd->max_pages, cmd->max_compressed);
	zswap_wb_pace_init(&back.pace, cmd->rate, ktime_get_ns());
	err = zswap_wb_readback_scope(&back);
	zswap_wb_scope_close(&back.scope);
	return err;
}
