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
 * It takes nothing from anybody: memory only above the high watermarks, of a cgroup's
 * limits what is left, and room in the pool up to where a full one accepts pages again,
 * so that others can go on to store.
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
#include <linux/swap_ops.h>
#include <linux/swapops.h>

#include "../swap.h"
#include "flight.h"

#include <trace/events/zswap_wb.h>

/* Most pages of a batch: one full request */
#define ZSWAP_WB_READ_MAX	BIO_MAX_VECS

/* Pages of a command's first batch */
#define ZSWAP_WB_READ_FIRST	64

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
	unsigned int		room;	/* pages that there are */
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
	unsigned int			limit;	/* pages of the next batch */
	bool				full;	/* there is no room for more */
	/* the last cgroup that had no room: to be compared with */
	const struct mem_cgroup		*crowded;
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
	while (read->room)
		__free_page(read->recall[--read->room].page);
	kfree(read);
}

/* Gets room for @max pages, or for as many as are free, but for one; or NULL */
static struct zswap_wb_read *zswap_wb_read_alloc(unsigned int max)
{
	struct zswap_wb_read *read;

	read = kzalloc_flex(*read, recall, max,
			    GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (!read)
		return NULL;
	refcount_set(&read->users, 1);
	init_completion(&read->done);
	while (read->room < max) {
		struct page *page = zswap_wb_page_alloc(read->room ? 0 : GFP_KERNEL);

		if (!page)
			break;
		read->room++;
		read->recall[read->room - 1].page = page;
	}
	if (read->room)
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

/* Reads what has been recalled. Return: 0, or -EINTR after a signal: then it goes on */
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
	for (i = 0; i < read->nr; i++) {
		struct zswap_wb_recall *recall = &read->recall[i];
		sector_t sector = zswap_wb_page_sector(recall->page,
						       recall->item.facts.slot);

		set_page_private(recall->page, false);
		if (!bio || sector != next || recall->css != bio_css ||
		    !bio_add_page(bio, recall->page, PAGE_SIZE, 0)) {
			zswap_wb_read_send(read, bio);
			bio = bio_alloc(read->si->bdev, read->nr - i,
					REQ_OP_READ | REQ_BACKGROUND, GFP_NOIO);
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
	return wait_for_completion_interruptible(&read->done) ? -EINTR : 0;
}

/* ---- recall ---- */

/* Is a page one of those that the pass is for? */
static bool zswap_wb_readback_wants(const struct zswap_wb_readback *back,
				    const struct zswap_wb_kind *kind)
{
	bool known = kind->generation == back->kind.generation;

	if (!node_isset(kind->nid, back->cmd->nodes))
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
		if (recall->memcg && recall->memcg == back->crowded) {
			zswap_wb_slot_unrecall(item->facts.slot, &item->kind);
			zswap_wb_recall_put(recall);
			continue;
		}
		read->nr++;
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
	int err = -EIO;

	back->full |= !zswap_wb_pool_has_room() ||
		      !zswap_wb_memory_has_room(zswap_wb_restore_node(item->kind.nid));
	if (!back->full && !zswap_wb_budget_empty(&back->budget) &&
	    !page_private(recall->page))
		err = zswap_wb_entry_restore(item, back->read->si, recall->memcg,
					     recall->pool, recall->page,
					     page_address(back->scratch));
	if (err) {
		zswap_wb_slot_unrecall(item->facts.slot, &item->kind);
		back->full |= err == -ENOMEM || err == -ENODEV;
		if (err == -ENOSPC)
			back->crowded = recall->memcg;
		return;
	}
	zswap_wb_budget_take(&back->budget, item->facts.length);
	back->pages++;
	back->bytes += item->facts.length;
}

/* ---- batches ---- */

/* Most pages of the next batch, at least 1 */
static unsigned int zswap_wb_readback_room(struct zswap_wb_readback *back)
{
	unsigned int max = min3(back->limit, back->read->room,
				zswap_wb_pace_batch(&back->pace, ktime_get_ns()));
	s64 room = min_t(s64, max, back->budget.pages);

	/* So many are not more than the bytes are enough for, or one is */
	return min(room, (back->budget.bytes >> PAGE_SHIFT) + 1);
}

/* A batch that takes its time is too large for who else wants the device */
static void zswap_wb_readback_adapt(struct zswap_wb_readback *back, u64 ns)
{
	if (ns > ZSWAP_WB_READ_NS)
		back->limit = max(back->limit / 2, 1);
	else if (ns < ZSWAP_WB_READ_NS / 4)
		back->limit = min(back->limit * 2, ZSWAP_WB_READ_MAX);
}

/* Reads and restores what has been recalled. Return: 0, or -EINTR after a signal */
static int zswap_wb_readback_move(struct zswap_wb_readback *back)
{
	struct zswap_wb_read *read = back->read;
	u64 start = ktime_get_ns();
	unsigned int i;
	int err = 0;

	zswap_wb_pace_take(&back->pace, read->nr, start);
	if (read->nr)
		err = zswap_wb_read_all(read);
	if (!err)
		zswap_wb_readback_adapt(back, ktime_get_ns() - start);
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

/* Brings back a batch from the slot @*offset on, and sets that behind. Return: as above */
static int zswap_wb_readback_batch(struct zswap_wb_readback *back,
				   unsigned int type, unsigned long *offset)
{
	struct zswap_wb_read *read = back->read;
	int err;

	err = zswap_wb_pace_wait(&back->pace);
	if (err || mutex_lock_interruptible(&zswap_wb_read_lock[type]))
		return -EINTR;
	read->si = get_swap_device(swp_entry(type, *offset));
	/* No device, or none that has blocks, or one that is being taken out of use */
	if (!read->si || read->si->ops != &swap_bdev_ops ||
	    !(READ_ONCE(read->si->flags) & SWP_WRITEOK)) {
		*offset = ULONG_MAX;
	} else {
		zswap_wb_readback_recall(back, type, offset,
					 zswap_wb_readback_room(back));
		err = zswap_wb_readback_move(back);
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

		back->limit = ZSWAP_WB_READ_FIRST;
		while (!err && offset != ULONG_MAX && !zswap_wb_slots_empty(type) &&
		       !back->full && !zswap_wb_budget_empty(&back->budget))
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
	struct zswap_wb_readback back = { .cmd = cmd };
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
