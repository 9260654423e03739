/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: a batch of pages on its way, for flight.c, which flies it,
 * writeback.c, which fills it, and readback.c, which has one read.
 */
#ifndef _MM_ZSWAP_WB_FLIGHT_H
#define _MM_ZSWAP_WB_FLIGHT_H

#include <linux/completion.h>
#include <linux/ktime.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "internal.h"
#include "io.h"

/* A page that is written, or read back */
struct zswap_wb_copy {
	struct zswap_wb_item	item;	/* the entry that it is a copy of, or its slot */
	struct page		*page;	/* the copy */
	union {
		struct {
			/* of it that are written if nothing follows */
			unsigned int		bytes;
			bool			aloft;	/* has been launched, and has not landed */
			enum zswap_wb_outcome	outcome;	/* once that is known */
		};
		struct {
			struct mem_cgroup	*memcg;	/* whose page is read back */
			struct zswap_pool	*pool;	/* of an image, or NULL */
		};
	};
};

/* A batch of pages */
struct zswap_wb_flight {
	struct rcu_head			rcu;	/* frees it */
	refcount_t			users;	/* the command, and what is in the air */
	/* number of the swap device that all of it is for */
	unsigned int			type;
	/* its pages; their swap device has a reference from boarding to landing */
	struct zswap_wb_io		io;
	u32				ticket;	/* of the claims */
	/* has been launched, and not been collected */
	bool				airborne;
	struct completion		written;	/* the device is done */
	struct delayed_work		work;	/* lands it, if the command has not */
	ktime_t				launched;	/* when it was launched */
	ktime_t				done;	/* when the device was done */
	struct zswap_wb_result		res;	/* what has become of the entries */
	struct zswap_wb_budget		*budget;	/* gets back what is not written */
	bool				compressed;	/* pages may be written as images */
	unsigned int			room;	/* pages that there could be */
	/* pages that there are, in @copy from the first on */
	unsigned int			nr_pages;
	unsigned int			taken;	/* entries that the batch was made of */
	/* entries that have been launched, until it is known how that went */
	unsigned int			aloft;
	int				nid;	/* node of the one that was launched last */
	unsigned int			nr;	/* entries that have been fetched */
	struct zswap_wb_copy		copy[] __counted_by(room);	/* these */
};

struct zswap_wb_flight *zswap_wb_flight_alloc(unsigned int room, bool compressed,
					      struct zswap_wb_budget *budget);
bool zswap_wb_flight_add_page(struct zswap_wb_flight *flight, gfp_t gfp);
void zswap_wb_flight_put(struct zswap_wb_flight *flight);
unsigned int zswap_wb_flight_fill(struct zswap_wb_flight *flight,
				  unsigned int nr);
bool zswap_wb_flight_board(struct zswap_wb_flight *flight, unsigned int type);
void zswap_wb_flight_fetch(struct zswap_wb_flight *flight,
			   const struct zswap_wb_item *item, void *scratch);
int zswap_wb_flight_launch(struct zswap_wb_flight *flight);
void zswap_wb_flight_land(struct zswap_wb_flight *flight);
void zswap_wb_flight_collect(struct zswap_wb_flight *flight);
void zswap_wb_flight_cancel(struct zswap_wb_flight *flight, unsigned int first);

#endif /* _MM_ZSWAP_WB_FLIGHT_H */
