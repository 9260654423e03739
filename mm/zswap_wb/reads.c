// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: where reads of images end.
 *
 * A swap-in ends in an interrupt, where nobody can wait for a compressor. That of an
 * image (image.c) ends a second time, in a worker. It has a high priority and is bound
 * to no CPU: a fault waits neither for what else runs where the interrupt was, nor for
 * that CPU to go offline. BIO_COMPLETE_IN_TASK of the block layer is bound to it.
 *
 * Nothing is allocated for that, so a read that memory waits for can end.
 */
#include <linux/bio.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/zswap_wb.h>

#include "internal.h"

/* Requests that have ended on a CPU, and wait for the worker */
struct zswap_wb_reads {
	spinlock_t		lock;	/* of @ended, taken in interrupts */
	struct bio_list		ended;
	struct work_struct	work;
};

static DEFINE_PER_CPU(struct zswap_wb_reads, zswap_wb_reads);
static struct workqueue_struct *zswap_wb_reads_queue;

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
	}
}

static void zswap_wb_read_end(struct bio *bio)
{
	struct zswap_wb_reads *reads = raw_cpu_ptr(&zswap_wb_reads);
	unsigned long flags;

	spin_lock_irqsave(&reads->lock, flags);
	bio_list_add(&reads->ended, bio);
	spin_unlock_irqrestore(&reads->lock, flags);
	queue_work(zswap_wb_reads_queue, &reads->work);
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

/* Gets ready, once. Return: 0 or -ENOMEM */
int zswap_wb_reads_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct zswap_wb_reads *reads = per_cpu_ptr(&zswap_wb_reads, cpu);

		spin_lock_init(&reads->lock);
		bio_list_init(&reads->ended);
		INIT_WORK(&reads->work, zswap_wb_reads_work);
	}
	zswap_wb_reads_queue = alloc_workqueue("zswap_wb_reads", WQ_MEM_RECLAIM |
					       WQ_HIGHPRI | WQ_UNBOUND, 0);
	return zswap_wb_reads_queue ? 0 : -ENOMEM;
}
