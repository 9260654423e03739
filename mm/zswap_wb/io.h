/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: pages between memory and a swap device. io.c moves them,
 * device.c tells how many at a time, for who has something to be moved.
 */
#ifndef _MM_ZSWAP_WB_IO_H
#define _MM_ZSWAP_WB_IO_H

#include <linux/atomic.h>
#include <linux/blk_types.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/workqueue.h>

/* Most pages of a batch: 2 MiB of memory */
#define ZSWAP_WB_BATCH_MAX	(SZ_2M / PAGE_SIZE)

struct cgroup_subsys_state;

/* Pages that go to a swap device, or come from one, together */
struct zswap_wb_io {
	struct swap_info_struct		*si;	/* the swap device */
	unsigned int			room;	/* most pages that are still to come */
	blk_opf_t			opf;	/* what is done with them */
	/* requests that are not over, and one while more are to come */
	atomic_t			pending;
	atomic_t			errors;	/* pages that have failed */
	void (*done)(struct zswap_wb_io *io);	/* when none is left */
	struct bio			*bio;	/* the request that is being made, or NULL */
	struct cgroup_subsys_state	*css;	/* has its I/O */
	unsigned int			unneeded;	/* bytes of its last page */
	/* of a device without blocks: the pages, and who has its filesystem move them */
	struct list_head		pages;
	struct work_struct		work;
};

/* What the last batches of a kind have needed, on the average */
struct zswap_wb_mean {
	unsigned int	nr;	/* batches that count, 0: there has been none */
	u64		bytes;
	u64		ns;
};

/* What a command has found out about a swap device, zeros to begin with */
struct zswap_wb_device {
	unsigned int	room;	/* most pages of a batch, 0: not known yet */
	/* batches that have failed as a whole, since one has not */
	unsigned int	errors;
	struct zswap_wb_mean latency;	/* of batches of a single page, and see device.c */
	struct zswap_wb_mean batch;	/* of larger ones, without the bytes of their first pages */
};

/* Has the device not done what it should with a page of ours? */
static inline bool zswap_wb_page_failed(struct page *page)
{
	return page_private(page);
}

static inline void zswap_wb_page_set_failed(struct page *page, bool failed)
{
	set_page_private(page, failed);
}

/* They end what has ended in an interrupt: with a high priority, for others may wait for it */
extern struct workqueue_struct *zswap_wb_workers;

int zswap_wb_io_init(void);
struct page *zswap_wb_pages_alloc(gfp_t reclaim, unsigned int order);
void zswap_wb_io_begin(struct zswap_wb_io *io, unsigned int room, blk_opf_t opf,
		       void (*done)(struct zswap_wb_io *io));
unsigned int zswap_wb_io_add(struct zswap_wb_io *io, struct page *page,
			     swp_entry_t slot, unsigned int bytes,
			     struct cgroup_subsys_state *css);
void zswap_wb_io_end(struct zswap_wb_io *io);

unsigned int zswap_wb_device_room(const struct zswap_wb_device *device);
bool zswap_wb_device_broken(const struct zswap_wb_device *device);
void zswap_wb_device_learn(struct zswap_wb_device *device, unsigned int pages,
			   unsigned int errors, u64 ns);

#endif /* _MM_ZSWAP_WB_IO_H */
