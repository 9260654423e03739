// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: a batch of pages on its way to the disk.
 *
 *	board	the swap device is there to stay
 *	fetch	entry by entry: a copy of the page, and a claim
 *	launch	what is still up to date, in as few requests as it fits into
 *	land	when the last request is over
 *	collect	what has become of them
 *
 * The command lands its own flights, so that the time is its own. But who waits for a
 * slot must not depend on a task that may be stopped, throttled or nice: what has not
 * landed ZSWAP_WB_LAND_MS after the last request lands in a work queue. Entry by
 * entry, whoever comes first does it.
 *
 * Lifetimes and progress:
 *
 * 1. What a flight needs it has before it is launched: pages, items, and a
 *    reference to its one swap device. For requests, and for what a filesystem
 *    allocates, see io.c.
 *
 * 2. A flight belongs to the command, and while it is in the air also to its
 *    requests and then to its work item, which share one reference. The command gives
 *    that back if it can cancel the work, and that to the swap device, of which it has
 *    one more while it lands: the work may just have landed the last. A command that
 *    was told to end need not wait for a device that does not answer: who comes last
 *    frees the flight. What lands then is counted, but not in the result.
 *
 * 3. Nothing is in the air when the system hibernates: see zswap_wb_pm_event().
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/blk-cgroup.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/wait_bit.h>

#include "../swap.h"
#include "flight.h"
#include "port_swap.h"

/* How long the system waits for what is in the air before it does not hibernate */
#define ZSWAP_WB_SLEEP_PATIENCE	(10 * HZ)

/* How long the command has for the landing of a flight */
#define ZSWAP_WB_LAND_MS	10

/* Flights in the air; and none may be launched while one of these bits is set */
static atomic_t zswap_wb_in_the_air;
static unsigned long zswap_wb_grounded;

/* The system is, or may be, about to be suspended; to hibernate, or to resume from that */
#define ZSWAP_WB_GROUNDED_SUSPEND	0
#define ZSWAP_WB_GROUNDED_HIBERNATE	1

/* Pages are written as images, from the next command on */
bool zswap_wb_compressed_writeback = IS_ENABLED(CONFIG_ZSWAP_WB_COMPRESSED);

/* ---- flights ---- */

static void zswap_wb_flight_work(struct work_struct *work);

/* Gets a page for a flight that has room. Return: false if there is none */
bool zswap_wb_flight_add_page(struct zswap_wb_flight *flight, gfp_t gfp)
{
	struct page *page = zswap_wb_pages_alloc(gfp, 0);

	if (!page)
		return false;
	flight->copy[flight->nr_pages++] = (struct zswap_wb_copy) {
		.page = page,
	};
	return true;
}

/*
 * Gets a flight for @room pages at most, or NULL; @compressed: they are written as images.
 * Context: may sleep and reclaim, for one page
 */
struct zswap_wb_flight *zswap_wb_flight_alloc(unsigned int room, bool compressed,
					      struct zswap_wb_budget *budget)
{
	struct zswap_wb_flight *flight;

	flight = kvmalloc_flex(*flight, copy, room,
			       GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (!flight)
		return NULL;
	/* Copies are set up when they get their pages */
	*flight = (struct zswap_wb_flight) {
		.compressed	= compressed,
		.room		= room,
		.budget		= budget,
	};
	if (!zswap_wb_flight_add_page(flight, GFP_KERNEL)) {
		kvfree(flight);
		return NULL;
	}
	refcount_set(&flight->users, 1);
	init_completion(&flight->written);
	INIT_DELAYED_WORK(&flight->work, zswap_wb_flight_work);
	return flight;
}

/* Lets go of a flight, which may be in the air; may be NULL */
void zswap_wb_flight_put(struct zswap_wb_flight *flight)
{
	if (!flight || !refcount_dec_and_test(&flight->users))
		return;
	while (flight->nr_pages)
		__free_page(flight->copy[--flight->nr_pages].page);
	kvfree_rcu(flight, rcu);
}

/* It is known what has become of an entry that was fetched */
static void zswap_wb_copy_settle(struct zswap_wb_copy *copy,
				 enum zswap_wb_outcome outcome)
{
	copy->outcome = outcome;
	zswap_wb_stats_count(copy->item.kind.nid, copy->outcome, 1);
}

static void zswap_wb_copy_land(struct zswap_wb_copy *copy,
			       struct swap_info_struct *si)
{
	const struct zswap_wb_item *item = &copy->item;
	int outcome;

	outcome = zswap_wb_entry_land(item, si, zswap_wb_page_failed(copy->page),
				      &copy->aloft);
	if (outcome == -EALREADY)
		return;
	zswap_wb_copy_settle(copy, outcome);
	if (outcome)
		return;
	zswap_wb_stats_count(item->kind.nid, ZSWAP_WB_RELEASED_BYTES,
			     item->facts.length);
	zswap_wb_buckets_count(&item->kind, ZSWAP_WB_FATE_WRITTEN);
}

static void zswap_wb_flight_land_all(struct zswap_wb_flight *flight)
{
	unsigned int i;

	for (i = 0; i < flight->nr; i++) {
		if (READ_ONCE(flight->copy[i].aloft))
			zswap_wb_copy_land(&flight->copy[i], flight->io.si);
		cond_resched();
	}
}

/* All has landed: gives back what has been held for what was in the air */
static void zswap_wb_flight_end(struct zswap_wb_flight *flight)
{
	put_swap_device(flight->io.si);
	/* The last one may let the system go to sleep */
	if (atomic_dec_and_test(&zswap_wb_in_the_air))
		wake_up_var(&zswap_wb_in_the_air);
	zswap_wb_flight_put(flight);
}

static void zswap_wb_flight_work(struct work_struct *work)
{
	struct zswap_wb_flight *flight =
		container_of(to_delayed_work(work), struct zswap_wb_flight,
			     work);

	zswap_wb_flight_land_all(flight);
	zswap_wb_flight_end(flight);
}

/* Lands a flight that the device is done with. Context: its command, may sleep */
void zswap_wb_flight_land(struct zswap_wb_flight *flight)
{
	/* If not, the work has landed all */
	if (percpu_ref_tryget(&flight->io.si->users)) {
		zswap_wb_flight_land_all(flight);
		put_swap_device(flight->io.si);
	}
	if (cancel_delayed_work_sync(&flight->work))
		zswap_wb_flight_end(flight);
}

/* The device is done with a flight */
static void zswap_wb_flight_done(struct zswap_wb_io *io)
{
	struct zswap_wb_flight *flight =
		container_of(io, struct zswap_wb_flight, io);

	guard(rcu)();
	flight->done = ktime_get();
	/* First: the command cancels it. RCU keeps the flight for us until we are out */
	queue_delayed_work(zswap_wb_workers, &flight->work,
			   msecs_to_jiffies(ZSWAP_WB_LAND_MS));
	complete_all(&flight->written);
}

/* ---- batches ---- */

/*
 * Gets up to @nr pages for a batch, as far as they are free. Return: how many there
 * are, at least 1
 */
unsigned int zswap_wb_flight_fill(struct zswap_wb_flight *flight,
				  unsigned int nr)
{
	nr = min(nr, flight->room);
	while (flight->nr_pages < nr && zswap_wb_flight_add_page(flight, 0))
		;
	return min(nr, flight->nr_pages);
}

/*
 * Begins a batch for a swap device, with a flight that has none. Return: false if the device
 * is being taken out of use: each page that is written then is to be read at once
 */
bool zswap_wb_flight_board(struct zswap_wb_flight *flight, unsigned int type)
{
	/* By its first slot behind the header: one that we know may be beyond its end by now */
	struct swap_info_struct *si = get_swap_device(swp_entry(type, 1));

	if (si && !(READ_ONCE(si->flags) & SWP_WRITEOK)) {
		put_swap_device(si);
		si = NULL;
	}
	flight->type = type;
	flight->ticket = zswap_wb_slot_ticket();
	flight->io.si = si;
	return si;
}

/*
 * Bytes of an image that have to be written if nothing follows: whole blocks of the
 * device. A read is for the whole page. So all of it is written where what was never
 * written may not be readable, to stacked devices and those that check their data.
 */
static unsigned int zswap_wb_image_bytes(struct block_device *bdev,
					 unsigned int length)
{
	if (!queue_is_mq(bdev_get_queue(bdev)) || bdev_get_integrity(bdev))
		return PAGE_SIZE;
	return min_t(u32, PAGE_SIZE, round_up(ZSWAP_WB_IMAGE_HEADER + length,
					      bdev_physical_block_size(bdev)));
}

/* Copies an entry to @copy. Return: as zswap_wb_entry_fetch() */
static enum zswap_wb_outcome
zswap_wb_copy_fetch(struct zswap_wb_copy *copy,
		    const struct zswap_wb_flight *flight, void *scratch)
{
	const struct zswap_wb_facts *facts = &copy->item.facts;
	enum zswap_wb_outcome outcome;
	struct zswap_wb_chunk *chunk;

	/* An image is unpacked where a request ends */
	copy->item.kind.image = flight->compressed &&
				zswap_wb_port_has_blocks(flight->io.si);
	copy->bytes = PAGE_SIZE;
	/* The device may be another one than when the entry was selected */
	if (swp_offset(facts->slot) >= flight->io.si->max)
		return ZSWAP_WB_SKIPPED_GONE;
	chunk = zswap_wb_chunk_get(facts->slot);
	if (!chunk)
		return ZSWAP_WB_FAILED;
	outcome = zswap_wb_entry_fetch(&copy->item, flight->io.si, chunk,
				       flight->ticket, scratch, copy->page);
	zswap_wb_chunk_put(chunk);
	if (copy->item.kind.image)
		copy->bytes = zswap_wb_image_bytes(flight->io.si->bdev,
						   facts->length);
	return outcome;
}

/**
 * zswap_wb_flight_fetch() - copy an entry into a batch that has room
 * @flight:	a flight that has been boarded
 * @item:	the entry, which has its outcome if that fails
 * @scratch:	room for a page
 * Context: process context, may sleep.
 */
void zswap_wb_flight_fetch(struct zswap_wb_flight *flight,
			   const struct zswap_wb_item *item, void *scratch)
{
	struct zswap_wb_copy *copy = &flight->copy[flight->nr];
	enum zswap_wb_outcome outcome;

	copy->item = *item;
	outcome = zswap_wb_copy_fetch(copy, flight, scratch);
	if (!outcome) {
		flight->nr++;
		return;
	}
	zswap_wb_copy_settle(copy, outcome);
	flight->res.outcome[copy->outcome]++;
	zswap_wb_budget_refund(flight->budget, item->facts.length);
}

/* Thinks better of entries from @first on, fetched, not launched: they have no outcome */
void zswap_wb_flight_cancel(struct zswap_wb_flight *flight, unsigned int first)
{
	unsigned int i;

	for (i = first; i < flight->nr; i++) {
		const struct zswap_wb_facts *facts = &flight->copy[i].item.facts;

		zswap_wb_slot_unclaim(facts->slot, flight->ticket);
		zswap_wb_budget_refund(flight->budget, facts->length);
	}
	flight->nr = first;
}

/* Adds to the result of a flight what its entries have come to, and lets go of its device */
void zswap_wb_flight_collect(struct zswap_wb_flight *flight)
{
	unsigned int i;

	for (i = 0; i < flight->nr; i++) {
		const struct zswap_wb_copy *copy = &flight->copy[i];
		u32 length = copy->item.facts.length;

		flight->res.outcome[copy->outcome]++;
		if (copy->outcome == ZSWAP_WB_WRITTEN)
			flight->res.released_bytes += length;
		else
			zswap_wb_budget_refund(flight->budget, length);
	}
	flight->nr = 0;
	/* What was in the air has given it back */
	if (flight->io.si && !flight->airborne)
		put_swap_device(flight->io.si);
	flight->io.si = NULL;
}

/* Launches an entry. Return: 0, or why it is not to be written any more */
static enum zswap_wb_outcome
zswap_wb_copy_launch(struct zswap_wb_flight *flight, unsigned int i,
		     struct cgroup_subsys_state **css)
{
	struct zswap_wb_copy *copy = &flight->copy[i];
	swp_entry_t slot = copy->item.facts.slot;
	enum zswap_wb_outcome outcome;
	unsigned int before;

	outcome = zswap_wb_entry_launch(&copy->item, flight->io.si, flight->ticket, css);
	if (outcome)
		return outcome;
	copy->aloft = true;
	flight->aloft++;
	before = zswap_wb_io_add(&flight->io, copy->page, slot, copy->bytes, *css);
	/* The end of the page in front of it, which was launched last */
	if (before)
		zswap_wb_stats_count(flight->nid, ZSWAP_WB_DISK_BYTES, before);
	flight->nid = copy->item.kind.nid;
	zswap_wb_stats_count(flight->nid, ZSWAP_WB_DISK_BYTES, copy->bytes);
	return 0;
}

/**
 * zswap_wb_flight_launch() - write what has been fetched and is still up to date
 * @flight:	a flight that something has been fetched into
 *
 * Neighbours are written together.
 * Context: process context, may sleep, for a place in the device's queue.
 * Return: 0, or -EINTR if the system is going to sleep; it has to land in either case
 */
int zswap_wb_flight_launch(struct zswap_wb_flight *flight)
{
	struct cgroup_subsys_state *css = NULL;
	enum zswap_wb_outcome outcome;
	struct blk_plug plug;
	unsigned int i;
	bool grounded;

	/* Fully ordered: either we see that we must not, or are seen */
	atomic_inc_return(&zswap_wb_in_the_air);
	grounded = READ_ONCE(zswap_wb_grounded);
	reinit_completion(&flight->written);
	refcount_inc(&flight->users);
	flight->airborne = true;
	flight->launched = ktime_get();
	zswap_wb_io_begin(&flight->io, flight->nr,
			  REQ_OP_WRITE | REQ_SWAP | REQ_BACKGROUND,
			  zswap_wb_flight_done);

	blk_start_plug(&plug);
	/* The device's queue may be full for long */
	for (i = 0; i < flight->nr && !grounded && !signal_pending(current); i++) {
		outcome = zswap_wb_copy_launch(flight, i, &css);
		if (outcome)
			zswap_wb_copy_settle(&flight->copy[i], outcome);
	}
	zswap_wb_flight_cancel(flight, i);
	zswap_wb_io_end(&flight->io);
	blk_finish_plug(&plug);
	if (css)
		css_put(css);
	return grounded ? -EINTR : 0;
}

/* ---- sleep ---- */

/*
 * When the system goes to sleep, nothing is launched until it is back. Hibernation
 * writes to free slots without asking, and one of them may just be getting an old
 * copy: before that, nothing may be in the air.
 */
static int zswap_wb_pm_event(struct notifier_block *nb, unsigned long action,
			     void *unused)
{
	bool down = action == PM_SUSPEND_PREPARE ||
		    action == PM_HIBERNATION_PREPARE ||
		    action == PM_RESTORE_PREPARE;
	/* Who has /dev/snapshot open may be suspended in between */
	int why = action == PM_SUSPEND_PREPARE || action == PM_POST_SUSPEND ?
		  ZSWAP_WB_GROUNDED_SUSPEND : ZSWAP_WB_GROUNDED_HIBERNATE;

	assign_bit(why, &zswap_wb_grounded, down);
	/* Pairs with zswap_wb_flight_launch() */
	smp_mb__after_atomic();
	if (!down || action == PM_SUSPEND_PREPARE ||
	    wait_var_event_timeout(&zswap_wb_in_the_air,
				   !atomic_read(&zswap_wb_in_the_air),
				   ZSWAP_WB_SLEEP_PATIENCE))
		return NOTIFY_OK;
	clear_bit(why, &zswap_wb_grounded);
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block zswap_wb_pm_notifier = {
	.notifier_call	= zswap_wb_pm_event,
};

/* Gets ready, once, after the block layer. Return: 0 or -ENOMEM */
int zswap_wb_flight_init(void)
{
	return zswap_wb_io_init() ?: register_pm_notifier(&zswap_wb_pm_notifier);
}
