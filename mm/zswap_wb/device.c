// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: what a command has found out about a swap device.
 *
 * A command has one batch of pages on a device, which has work with it for about
 * ZSWAP_WB_BATCH_NS. How many pages that are is measured:
 *
 *	time for a batch = latency + pages * time for a page
 *
 * The time for a page is that of the last batches together: a device that is throttled takes some
 * at once, and then one not for a while. The latency is the shortest time of the first batches, of
 * which the very first is a single page: that may have had to wake the device up. But if a device
 * needs now 10 ms, now 30, as one behind a network does, all that is more than the shortest looks
 * like work, and batches become single pages. From then on it is the mean of these.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/time64.h>

#include "io.h"

/* Most pages of the first batch that is more than one page */
#define ZSWAP_WB_FIRST_BATCH	max(SZ_64K / PAGE_SIZE, 2)

/* A batch of the next size has this many times as many pages at most */
#define ZSWAP_WB_BATCH_GROWTH	4

/* So many batches count, see above: with each, a mean forgets one part of so many */
#define ZSWAP_WB_BATCHES_KNOWN	8

/*
 * Batches of about that, or more, have a multiple of it: full requests. Those of some pages
 * less would need more of them
 */
#define ZSWAP_WB_REQUEST_PAGES	(SZ_512K / PAGE_SIZE)
#define ZSWAP_WB_REQUEST_SLACK	(ZSWAP_WB_REQUEST_PAGES / 8)

/*
 * A device is left alone after so many batches in a row of which it has done nothing. One
 * bad spot may spoil those of both flights, and is passed by in smaller ones
 */
#define ZSWAP_WB_ERRORS_MAX	8

/* Time that the device should need for a batch, not counting its latency; and in all */
#define ZSWAP_WB_BATCH_NS	(10 * NSEC_PER_MSEC)
#define ZSWAP_WB_BATCH_MAX_NS	(250 * NSEC_PER_MSEC)

/*
 * A device that has needed more for a batch gets page after page. The requests of a batch are
 * on the device at once, so any of them may have taken as long as all. Of the next batch, a
 * second one could wait for as long for a place in its queue, where no signal ends that
 */
#define ZSWAP_WB_REQUEST_MAX_NS	NSEC_PER_SEC

/* Most pages of the next batch, at least 1 */
unsigned int zswap_wb_device_room(const struct zswap_wb_device *device)
{
	return max(device->room, 1);
}

/* Is it to be left alone? */
bool zswap_wb_device_broken(const struct zswap_wb_device *device)
{
	return device->errors >= ZSWAP_WB_ERRORS_MAX;
}

static void zswap_wb_mean_add(struct zswap_wb_mean *mean, u64 bytes, u64 ns)
{
	mean->nr = min(mean->nr + 1, ZSWAP_WB_BATCHES_KNOWN);
	mean->bytes += div_s64(bytes - mean->bytes, mean->nr);
	mean->ns += div_s64(ns - mean->ns, mean->nr);
}

static void zswap_wb_device_measure(struct zswap_wb_device *device,
				    unsigned int pages, u64 ns)
{
	u64 fit, most = pages * ZSWAP_WB_BATCH_GROWTH;

	/* A batch that was far from full tells little about a larger one */
	if (most < zswap_wb_device_room(device))
		return;
	if (pages == 1) {
		zswap_wb_mean_add(&device->latency, 0, ns);
		/* It takes two to see whether the device still needs so long for one */
		fit = device->batch.nr ? 2 :
		      clamp(div64_u64(ZSWAP_WB_BATCH_MAX_NS, ns), 2, ZSWAP_WB_FIRST_BATCH);
		most = max(most, fit);
	} else {
		if (device->batch.nr < ZSWAP_WB_BATCHES_KNOWN)
			device->latency.ns = min(device->latency.ns, ns);
		zswap_wb_mean_add(&device->batch, (pages - 1) * PAGE_SIZE, ns);
		device->latency.ns = min(device->latency.ns, device->batch.ns);
		fit = div64_u64(ZSWAP_WB_BATCH_NS * device->batch.bytes,
				(device->batch.ns - device->latency.ns + 1) * PAGE_SIZE);
	}
	fit = clamp(fit, 1, min(most, ZSWAP_WB_BATCH_MAX));
	if (fit + ZSWAP_WB_REQUEST_SLACK >= ZSWAP_WB_REQUEST_PAGES)
		fit = round_down(fit + ZSWAP_WB_REQUEST_SLACK,
				 ZSWAP_WB_REQUEST_PAGES);
	device->room = fit;
}

/**
 * zswap_wb_device_learn() - a device is done with a batch
 * @device:	the device
 * @pages:	pages of the batch, at least 1
 * @errors:	those of them that have failed
 * @ns:		time that it took, in nanoseconds
 */
void zswap_wb_device_learn(struct zswap_wb_device *device, unsigned int pages,
			   unsigned int errors, u64 ns)
{
	/* A page that takes that long tells of something else than of latency */
	if (!errors && (pages > 1 || ns <= ZSWAP_WB_REQUEST_MAX_NS))
		zswap_wb_device_measure(device, pages, max(ns, 1));
	/* At once, whatever older batches tell; a small one and one with errors tell it as well */
	if (ns > ZSWAP_WB_REQUEST_MAX_NS)
		device->room = 1;
	if (errors < pages) {
		device->errors = 0;
	} else {
		device->errors++;
		device->room = min(device->room, ZSWAP_WB_FIRST_BATCH);
	}
}
