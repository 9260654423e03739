// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: how fast a command with a rate may write.
 *
 * The command has a time at which the next page is due. Each page that it writes
 * moves that on by what a page takes at the rate; before it is due, the command waits:
 *
 *	written		1 1 1    1 1 1    1 1 1 1 1 1   1 1 1    1 1 1
 *	time		'-----'--'-----'--:--------'----'-----'--'-----
 *	due		      ^        ^  late          ^        ^
 *
 * A batch is what is due within the next ZSWAP_WB_PACE_BATCH_NS, and one page at least.
 * Who is late, because others had the CPU or the device, makes up for it in the next
 * batch, but only so much that in no two seconds there is more than 4 % too much: what
 * is written before it is due, and what is made up for, are ZSWAP_WB_PACE_SPREAD_NS
 * together. So a device that has a latency of some batches gets larger ones, and one
 * that can't do more does what it can.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/time64.h>

#include "internal.h"

/* Time that a batch is for, if that is more than a page */
#define ZSWAP_WB_PACE_BATCH_NS	(20ULL * NSEC_PER_MSEC)

/* Time by which a page may be too early or too late, taken together: 4 % of 2 s */
#define ZSWAP_WB_PACE_SPREAD_NS	(80ULL * NSEC_PER_MSEC)

/* Most of that for a batch: something can always be made up for */
#define ZSWAP_WB_PACE_EARLY_NS	(70ULL * NSEC_PER_MSEC)

/* It is not worth to wait for less */
#define ZSWAP_WB_PACE_NAP_NS	(1ULL * NSEC_PER_MSEC)

static bool zswap_wb_pace_unlimited(const struct zswap_wb_pace *pace)
{
	return pace->rate == ZSWAP_WB_NO_LIMIT;
}

/* Time that pages take at the rate */
static u64 zswap_wb_pace_time(const struct zswap_wb_pace *pace, unsigned int pages)
{
	return mul_u64_u64_div_u64((u64)pages * PAGE_SIZE, NSEC_PER_SEC,
				   pace->rate);
}

/*
 * Begins at @now, on a clock in nanoseconds. @rate: bytes a second, a page at least, or
 * ZSWAP_WB_NO_LIMIT
 */
void zswap_wb_pace_init(struct zswap_wb_pace *pace, u64 rate, u64 now)
{
	*pace = (struct zswap_wb_pace) {
		.rate	= rate,
		.due	= now,
	};
}

/* How long to wait before the next batch, in nanoseconds; at most for a page's time */
u64 zswap_wb_pace_delay(const struct zswap_wb_pace *pace, u64 now)
{
	if (zswap_wb_pace_unlimited(pace) ||
	    pace->due <= now + ZSWAP_WB_PACE_NAP_NS)
		return 0;
	return pace->due - now;
}

/* Who is late makes up for so much, and for no more. Return: when due at the latest */
static u64 zswap_wb_pace_catch_up(struct zswap_wb_pace *pace, u64 now)
{
	u64 early = clamp(zswap_wb_pace_time(pace, 1), ZSWAP_WB_PACE_BATCH_NS,
			  ZSWAP_WB_PACE_EARLY_NS);
	u64 late = ZSWAP_WB_PACE_SPREAD_NS - early;

	if (pace->due + late < now)
		pace->due = now - late;
	return now + ZSWAP_WB_PACE_BATCH_NS;
}

/* Most pages of a batch that begins now */
unsigned int zswap_wb_pace_batch(struct zswap_wb_pace *pace, u64 now)
{
	u64 pages, until;

	if (zswap_wb_pace_unlimited(pace))
		return UINT_MAX;
	until = zswap_wb_pace_catch_up(pace, now);
	if (pace->due >= until)
		return 1;
	pages = mul_u64_u64_div_u64(pace->rate, until - pace->due,
				    (u64)NSEC_PER_SEC * PAGE_SIZE);
	return clamp(pages, 1, UINT_MAX);
}

/* So many pages are written now; the batch may have waited since it was begun */
void zswap_wb_pace_take(struct zswap_wb_pace *pace, unsigned int pages, u64 now)
{
	if (zswap_wb_pace_unlimited(pace))
		return;
	zswap_wb_pace_catch_up(pace, now);
	pace->due += zswap_wb_pace_time(pace, pages);
}
