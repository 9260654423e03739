// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: how many entries are how old, without looking at
 * them.
 *
 * Amounts are kept by the time of the store. Each second begins with a slot of
 * its own; as it gets older it shares one with its neighbours, as the buckets
 * of a timer wheel do it the other way round:
 *
 *	level	seconds per slot	age of what is in it	slots
 *	  0		 1		      0 .. 127		 128
 *	  1		 2		    128 .. 255		  64
 *	  2		 4		    256 .. 511		  64
 *	 ...
 *	 24		2^24			.. 2^31		  64
 *
 * Block b of level l stands for the stamps from b * 2^l up to (b + 1) * 2^l. A
 * stamp belongs to the lowest level on which its block is less than 128 blocks
 * behind the one of the tick. This goes by nothing but the stamp and the tick:
 * whoever takes an entry off again finds the slot that it was counted in,
 * however often the slot has moved.
 *
 * When the tick advances, blocks fall behind and are added to the slot of the
 * level which they belong to from then on. Nothing is ever set to zero but
 * what was just added somewhere else, so the sum over all slots is the sum of
 * all that was added, whatever the ticks did.
 *
 * A slot is as old as the youngest stamp that belongs to it, or as the oldest for
 * those who must not underestimate it. What is in a block of level l has fallen
 * behind on level l - 1, so it is older than 127 * 2^(l - 1) s, and no stamp of
 * the block is 2^l s or more away from the youngest: an entry is taken for
 * younger than it is by less than 2 / 127, or 1.6 %, of its age, and never for
 * older; going by the oldest it is the other way round. Up to 125 s its age is
 * exact: the tick is that of the latest stamp, which can be two seconds ahead of
 * the time, see zswap_wb_entry_restore().
 */
#include <linux/minmax.h>

#include "internal.h"

static bool zswap_wb_count_empty(const struct zswap_wb_count *count)
{
	return !(count->pages | count->bytes | count->incompressible);
}

static struct zswap_wb_count *zswap_wb_wheel_slot(struct zswap_wb_wheel *wheel,
						  unsigned int level, u64 block)
{
	if (!level)
		return &wheel->slot[block % ZSWAP_WB_WHEEL_NEAR];
	return &wheel->slot[ZSWAP_WB_WHEEL_NEAR +
			    ZSWAP_WB_WHEEL_FAR * (level - 1) +
			    block % ZSWAP_WB_WHEEL_FAR];
}

/* Where entries belong that were stored at @time, which is not after the tick */
static struct zswap_wb_count *zswap_wb_wheel_find(struct zswap_wb_wheel *wheel,
						  u64 time)
{
	unsigned int level = 0;

	while (level < ZSWAP_WB_WHEEL_LEVELS - 1 &&
	       (wheel->tick >> level) - (time >> level) >= ZSWAP_WB_WHEEL_NEAR)
		level++;
	return zswap_wb_wheel_slot(wheel, level, time >> level);
}

/*
 * Lets time pass. Works from the top level down, so that a block only ever
 * moves to where those before it have made room.
 */
static void zswap_wb_wheel_advance(struct zswap_wb_wheel *wheel, u64 tick)
{
	u64 old = wheel->tick;
	int level;

	wheel->tick = tick;
	for (level = ZSWAP_WB_WHEEL_LEVELS - 2; level >= 0; level--) {
		s64 youngest = level ? ZSWAP_WB_WHEEL_FAR : 0;
		s64 block = (s64)(old >> level) - ZSWAP_WB_WHEEL_NEAR + 1;
		s64 last = min_t(s64, (old >> level) - youngest,
				 (tick >> level) - ZSWAP_WB_WHEEL_NEAR);

		for (block = max_t(s64, block, 0); block <= last; block++) {
			struct zswap_wb_count *from, *to;

			from = zswap_wb_wheel_slot(wheel, level, block);
			if (zswap_wb_count_empty(from))
				continue;
			to = zswap_wb_wheel_find(wheel, (u64)block << level);
			zswap_wb_count_add(to, from);
			*from = (struct zswap_wb_count) {};
		}
	}
}

/**
 * zswap_wb_wheel_add() - count entries, or count them off
 * @wheel:	the wheel
 * @stamp:	the time of their store, see zswap_wb_age_stamp()
 * @count:	how many there are more, or less if it is negative
 *
 * The order in which amounts arrive does not matter.
 *
 * Context: any; the caller serialises.
 */
void zswap_wb_wheel_add(struct zswap_wb_wheel *wheel, u32 stamp,
			const struct zswap_wb_count *count)
{
	s32 ahead = (s32)(stamp - (u32)wheel->tick);

	if (ahead > 0) {
		zswap_wb_wheel_advance(wheel, wheel->tick + ahead);
		ahead = 0;
	}
	zswap_wb_count_add(zswap_wb_wheel_find(wheel, wheel->tick + ahead),
			   count);
}

/*
 * Sets the number of slots of a level, and returns the last block that is there;
 * on level 0 the block of the tick is, on others those that have fallen behind.
 */
static u64 zswap_wb_wheel_last(const struct zswap_wb_wheel *wheel,
			       unsigned int level, unsigned int *nr)
{
	*nr = level ? ZSWAP_WB_WHEEL_FAR : ZSWAP_WB_WHEEL_NEAR;
	return (wheel->tick >> level) - (level ? ZSWAP_WB_WHEEL_FAR : 0);
}

/* Has enough time passed since boot for entries on a level? */
static bool zswap_wb_wheel_reaches(const struct zswap_wb_wheel *wheel,
				   unsigned int level)
{
	return level < ZSWAP_WB_WHEEL_LEVELS &&
	       (!level || wheel->tick >> level >= ZSWAP_WB_WHEEL_FAR);
}

/**
 * zswap_wb_wheel_read() - add what a wheel has counted to a histogram
 * @wheel:	the wheel
 * @now:	seconds since boot
 * @edges:	edges of the histogram's buckets
 * @bound:	take entries for as young, or for as old, as they can be
 * @hist:	the histogram
 *
 * Looks at the slots of those levels that an entry can be on since boot.
 *
 * Context: any; the caller serialises.
 */
void zswap_wb_wheel_read(const struct zswap_wb_wheel *wheel, u64 now,
			 const struct zswap_wb_edges *edges,
			 enum zswap_wb_bound bound,
			 struct zswap_wb_histogram *hist)
{
	const struct zswap_wb_count *slot = wheel->slot;
	unsigned int level, nr, i;

	for (level = 0; zswap_wb_wheel_reaches(wheel, level); level++) {
		u64 last = zswap_wb_wheel_last(wheel, level, &nr);

		for (i = 0; i < nr; i++, slot++) {
			/* No division of 64 bits: both sizes are powers of two */
			u64 block = last - ((last - i) & (nr - 1));
			u64 stamp = block << level;

			if (zswap_wb_count_empty(slot))
				continue;
			if (bound == ZSWAP_WB_BOUND_YOUNGEST)
				stamp += BIT_ULL(level) - 1;
			zswap_wb_age_histogram_add(hist, edges,
						   zswap_wb_age_of(stamp, now),
						   slot);
		}
	}
}

/**
 * zswap_wb_wheel_older() - add up what is old enough
 * @wheel:	the wheel
 * @now:	seconds since boot
 * @age:	in seconds
 * @sum:	the amount of entries of that age or more, and no less, is added to
 *		this
 *
 * Goes over the slots that are old enough, and no others.
 *
 * Context: any; the caller serialises.
 */
void zswap_wb_wheel_older(const struct zswap_wb_wheel *wheel, u64 now, u64 age,
			  struct zswap_wb_count *sum)
{
	const struct zswap_wb_count *slot = wheel->slot;
	unsigned int level, nr;

	if (age > now)
		return;
	for (level = 0; zswap_wb_wheel_reaches(wheel, level); level++) {
		u64 last = zswap_wb_wheel_last(wheel, level, &nr);
		s64 block = max_t(s64, last - nr + 1, 0);

		/* Stamps ahead of the time are of age 0, as those of now */
		if (age)
			last = min(last, (now - age) >> level);
		for (; block <= (s64)last; block++)
			zswap_wb_count_add(sum, &slot[block & (nr - 1)]);
		slot += nr;
	}
}
