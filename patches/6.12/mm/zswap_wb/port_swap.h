/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what is different from one series of kernels to another
 * about swap devices; here for Linux 6.12 and 7.2.
 */
#ifndef _MM_ZSWAP_WB_PORT_SWAP_H
#define _MM_ZSWAP_WB_PORT_SWAP_H

#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/uio.h>

#include "../swap.h"
#include "io.h"

/* Does a swap device take its I/O by the block layer, and not by a filesystem? */
static inline bool zswap_wb_port_has_blocks(const struct swap_info_struct *si)
{
	return !(READ_ONCE(si->flags) & SWP_FS_OPS);
}

/* This series has no counter for requests that are written: no nrswpout in vmstat */
static inline void zswap_wb_port_count_write(void)
{
}

/* Pages of neighbouring slots, for a filesystem */
struct zswap_wb_port_request {
	struct kiocb		iocb;
	struct completion	over;
	long			moved;	/* bytes, or an error */
	unsigned int		nr;	/* pages */
	struct bio_vec		bvec[SWAP_CLUSTER_MAX];	/* these */
};

static inline void zswap_wb_port_request_over(struct kiocb *iocb, long ret)
{
	struct zswap_wb_port_request *request =
		container_of(iocb, struct zswap_wb_port_request, iocb);

	request->moved = ret;
	complete(&request->over);
}

/* Moves the pages of a request, and tells them whether that failed */
static inline void zswap_wb_port_request_move(struct zswap_wb_port_request *request,
					      struct file *file, bool write)
{
	struct iov_iter iter;
	unsigned int i;
	bool failed;
	loff_t pos;
	long err;

	if (!request->nr)
		return;
	pos = swap_dev_pos(page_folio(request->bvec[0].bv_page)->swap);
	init_sync_kiocb(&request->iocb, file);
	request->iocb.ki_pos = pos;
	/* The result of a request that is not one of these has no length */
	request->iocb.ki_complete = zswap_wb_port_request_over;
	init_completion(&request->over);
	iov_iter_bvec(&iter, write ? ITER_SOURCE : ITER_DEST, request->bvec,
		      request->nr, request->nr * PAGE_SIZE);
	err = file->f_mapping->a_ops->swap_rw(&request->iocb, &iter);
	if (err == -EIOCBQUEUED)
		wait_for_completion_state(&request->over, TASK_IDLE);
	else
		request->moved = err;
	failed = request->moved != request->nr * PAGE_SIZE;
	if (failed)
		pr_alert_ratelimited("%s-error %ld on swap-file (%lld)\n",
				     write ? "Write" : "Read", request->moved, pos);
	for (i = 0; i < request->nr; i++)
		zswap_wb_page_set_failed(request->bvec[i].bv_page, failed);
	request->nr = 0;
}

/*
 * Has a filesystem write pages of ours to its swap file, or read them, and waits for that. As
 * folios, they know their slots and get back whether that failed: zswap_wb_page_failed().
 */
static inline void zswap_wb_port_file_move(struct swap_info_struct *si,
					   struct list_head *folios, bool write)
{
	struct zswap_wb_port_request request = {};
	swp_entry_t next = {};
	struct folio *folio;

	list_for_each_entry(folio, folios, lru) {
		if (request.nr == ARRAY_SIZE(request.bvec) ||
		    folio->swap.val != next.val)
			zswap_wb_port_request_move(&request, si->swap_file, write);
		next.val = folio->swap.val + 1;
		bvec_set_folio(&request.bvec[request.nr++], folio, PAGE_SIZE, 0);
	}
	zswap_wb_port_request_move(&request, si->swap_file, write);
}

#endif /* _MM_ZSWAP_WB_PORT_SWAP_H */
