// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: where reads of images end.
 *
 * A request that reads an image (image.c) ends where it may not wait for a compressor, so
 * it ends a second time, in a worker. That has a high priority and is bound to no CPU:
 * the fault waits neither for what runs where the interrupt was, nor for that CPU to go
 * offline. BIO_COMPLETE_IN_TASK of the block layer is bound to it.
 *
 * Nothing is allocated for that, so a read that memory waits for can end: the request
 * itself is in a list. There are several, each with work of its own, and requests take
 * turns, so a fault does not wait for all that ended on the same CPU before.
 */
#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/zswap_wb.h>

#include "internal.h"
#include "io.h"

/* Most requests whose images are decompressed at a time */
#define ZSWAP_WB_READS		16

/* Requests that have ended, and wait for a worker */
static struct zswap_wb_reads {
	spinlock_t		lock;	/* of @ended, taken in interrupts */
	struct bio_list		ended;
	struct work_struct	work;
} zswap_wb_reads[ZSWAP_WB_READS];

static void zswap_wb_reads_work(struct work_struct *work)
{
	struct zswap_wb_reads *reads =
		container_of(work, struct zswap_wb_reads, work);
	struct bio_list ended;
	struct bio *bio;

	spin_lock_irq(&reads->lock);
	ended = reads->ended;
	bio_list_init(&reads->ended);
	spin_unlock_irq(&reads->lock);

	while ((bio = bio_list_pop(&ended))) {
		bio->bi_end_io = bio->bi_private;
		bio->bi_end_io(bio);
		cond_resched();
	}
}

static void zswap_wb_read_end(struct bio *bio)
{
	static atomic_t turn;
	struct zswap_wb_reads *reads =
		&zswap_wb_reads[(u32)atomic_inc_return(&turn) % ZSWAP_WB_READS];
	unsigned long flags;

	spin_lock_irqsave(&reads->lock, flags);
	bio_list_add(&reads->ended, bio);
	spin_unlock_irqrestore(&reads->lock, flags);
	queue_work(zswap_wb_workers, &reads->work);
}

/**
 * zswap_wb_read_submit() - a request that reads from the swap device is about to be sent
 * @bio:	complete, and its bi_private is free. Its folios are locked, and in
 *		the swap cache
 *
 * If one of them is an image, bi_end_io() is called in process context.
 * Context: any
 */
void zswap_wb_read_submit(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bvec;
	int nid;

	bio_for_each_bvec(bvec, bio, iter) {
		if (zswap_wb_slot_image(page_folio(bvec.bv_page)->swap, &nid)) {
			bio->bi_private = bio->bi_end_io;
			bio->bi_end_io = zswap_wb_read_end;
			return;
		}
	}
}

/* Gets ready, once */
void __init zswap_wb_reads_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zswap_wb_reads); i++) {
		spin_lock_init(&zswap_wb_reads[i].lock);
		bio_list_init(&zswap_wb_reads[i].ended);
		INIT_WORK(&zswap_wb_reads[i].work, zswap_wb_reads_work);
	}
}
