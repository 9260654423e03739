// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: pages between memory and a swap device.
 *
 * A command's pages are its own: in no cache, on no list, charged to nobody. Those of
 * neighbouring slots share a request, if the same cgroup has their I/O. Requests come from
 * a pool of their own, and who waits for one has sent those that it has.
 *
 * A swap file whose filesystem does the I/O (NFS) has a way of its own in the kernel, made
 * for folios of the swap cache. Pages take it as folios that are in no cache.
 */
#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/workqueue.h>

#include "../swap.h"
#include "io.h"
#include "port_swap.h"

struct workqueue_struct *zswap_wb_workers;
/* They wait for a filesystem, so nobody else's work may be behind theirs */
static struct workqueue_struct *zswap_wb_file_workers;
static struct bio_set zswap_wb_requests;

/* Gets ready, once, after the block layer. Return: 0 or -ENOMEM */
int zswap_wb_io_init(void)
{
	zswap_wb_workers = alloc_workqueue("zswap_wb", WQ_MEM_RECLAIM |
					   WQ_HIGHPRI | WQ_UNBOUND, 0);
	zswap_wb_file_workers = alloc_workqueue("zswap_wb_file", WQ_MEM_RECLAIM |
						WQ_UNBOUND, 0);
	return !zswap_wb_workers || !zswap_wb_file_workers ? -ENOMEM :
	       bioset_init(&zswap_wb_requests, BIO_POOL_SIZE, 0, BIOSET_NEED_BVECS);
}

/*
 * Gets pages that are charged to nobody, or NULL. @reclaim: GFP_KERNEL, or 0 for what is
 * free right now, so that nobody has to give one up for it
 */
struct page *zswap_wb_pages_alloc(gfp_t reclaim, unsigned int order)
{
	return alloc_pages(reclaim | __GFP_NORETRY | __GFP_NOMEMALLOC |
			   __GFP_NOWARN, order);
}

/* Where a slot is on its device. A page of ours lends itself as a folio of that slot */
static sector_t zswap_wb_page_sector(struct page *page, swp_entry_t slot)
{
	struct folio *folio = page_folio(page);
	sector_t sector;

	folio->swap = slot;
	sector = swap_folio_sector(folio);
	/* Where it is marked as failed, too */
	folio->private = NULL;
	return sector;
}

/* A request is over, or there are no more to come */
static void zswap_wb_io_put(struct zswap_wb_io *io)
{
	if (atomic_dec_and_test(&io->pending))
		io->done(io);
}

static void zswap_wb_request_end(struct bio *bio)
{
	struct zswap_wb_io *io = bio->bi_private;
	struct bvec_iter_all iter;
	struct bio_vec *bvec;

	if (bio->bi_status) {
		pr_alert_ratelimited("%s-error on swap-device (%u:%u:%llu)\n",
				     op_is_write(bio_op(bio)) ? "Write" : "Read",
				     MAJOR(bio_dev(bio)), MINOR(bio_dev(bio)),
				     (unsigned long long)bio->bi_iter.bi_sector);
		bio_for_each_segment_all(bvec, bio, iter) {
			zswap_wb_page_set_failed(bvec->bv_page, true);
			atomic_inc(&io->errors);
		}
	}
	bio_put(bio);
	zswap_wb_io_put(io);
}

/* Sends the request that is being made, if there is one */
static void zswap_wb_request_send(struct zswap_wb_io *io)
{
	struct bio *bio = io->bio;

	if (!bio)
		return;
	io->bio = NULL;
	bio->bi_iter.bi_size -= io->unneeded;
	atomic_inc(&io->pending);
	if (op_is_write(io->opf))
		zswap_wb_port_count_write();
	submit_bio(bio);
}

/* Begins a request with a page */
static void zswap_wb_request_start(struct zswap_wb_io *io, struct page *page,
				   sector_t sector,
				   struct cgroup_subsys_state *css)
{
	struct bio *bio;

	bio = bio_alloc_bioset(io->si->bdev, min(io->room, BIO_MAX_VECS),
			       io->opf, GFP_NOIO, &zswap_wb_requests);
	bio->bi_iter.bi_sector = sector;
	bio->bi_end_io = zswap_wb_request_end;
	bio->bi_private = io;
	bio_associate_blkg_from_css(bio, css);
	__bio_add_page(bio, page, PAGE_SIZE, 0);
	io->bio = bio;
	io->css = css;
	io->unneeded = 0;
}

/*
 * Has a filesystem move all pages. It may wait for long, where no signal ends that. And it
 * allocates: what reclaims memory could wait for one of these slots
 */
static void zswap_wb_file_work(struct work_struct *work)
{
	struct zswap_wb_io *io = container_of(work, struct zswap_wb_io, work);
	unsigned int noio = memalloc_noio_save();
	struct page *page;

	zswap_wb_port_file_move(io->si, &io->pages, op_is_write(io->opf));
	list_for_each_entry(page, &io->pages, lru)
		atomic_add(zswap_wb_page_failed(page), &io->errors);
	memalloc_noio_restore(noio);
	zswap_wb_io_put(io);
}

/**
 * zswap_wb_io_begin() - pages are going to be sent to a swap device, or read from it
 * @io:		the pages; its device has a reference until @done
 * @room:	most pages that there will be
 * @opf:	what is to be done with them
 * @done:	called once the device is done with all, in any context
 */
void zswap_wb_io_begin(struct zswap_wb_io *io, unsigned int room, blk_opf_t opf,
		       void (*done)(struct zswap_wb_io *io))
{
	io->room = room;
	io->opf = opf;
	io->done = done;
	io->bio = NULL;
	INIT_LIST_HEAD(&io->pages);
	INIT_WORK(&io->work, zswap_wb_file_work);
	atomic_set(&io->errors, 0);
	/* Until zswap_wb_io_end() */
	atomic_set(&io->pending, 1);
}

/**
 * zswap_wb_io_add() - one page more
 * @io:		the pages
 * @page:	the page, which is marked if that fails: zswap_wb_page_failed()
 * @slot:	its slot; neighbours share a request
 * @bytes:	of it, if the next one is no neighbour of it
 * @css:	who has the I/O, or %NULL
 * Context: process context, may sleep for a place in the device's queue.
 * Return: bytes of the page before it that are needed after all, as it is a neighbour
 */
unsigned int zswap_wb_io_add(struct zswap_wb_io *io, struct page *page,
			     swp_entry_t slot, unsigned int bytes,
			     struct cgroup_subsys_state *css)
{
	unsigned int before = 0;
	sector_t sector;

	if (!zswap_wb_port_has_blocks(io->si)) {
		page_folio(page)->swap = slot;
		list_add_tail(&page->lru, &io->pages);
		return 0;
	}
	sector = zswap_wb_page_sector(page, slot);
	if (io->bio && bio_end_sector(io->bio) == sector && io->css == css &&
	    bio_add_page(io->bio, page, PAGE_SIZE, 0)) {
		before = io->unneeded;
	} else {
		zswap_wb_request_send(io);
		zswap_wb_request_start(io, page, sector, css);
	}
	io->unneeded = PAGE_SIZE - bytes;
	io->room--;
	return before;
}

/* There are no more pages. Context: process context, may sleep as above */
void zswap_wb_io_end(struct zswap_wb_io *io)
{
	zswap_wb_request_send(io);
	if (list_empty(&io->pages))
		zswap_wb_io_put(io);
	else
		queue_work(zswap_wb_file_workers, &io->work);
}
