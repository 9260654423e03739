// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: selected entries on their way to the disk.
 *
 * Entries are selected into a window, sorted by swap slot, and written in batches,
 * each of which is in the air on a flight:
 *
 *	command		fetch 1, launch 1, fetch 2, launch 2, land 1, fetch 3 ...
 *	slow device	                   write 1,           write 2 ...
 *
 * There are two flights, see flight.c; device.c tells how large a batch is. Failures give
 * budget back, so a device that fails would get all there is: it is left alone then.
 */
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "flight.h"

#include <trace/events/zswap_wb.h>

/* How long a command that has to end waits for what it has in the air */
#define ZSWAP_WB_PATIENCE	(HZ / 2)

/* By how much a wait for the rate may be too long */
#define ZSWAP_WB_NAP_SLACK_NS	(NSEC_PER_MSEC / 2)

/* Entries that were selected, and those being written */
struct zswap_wb_window {
	const struct zswap_wb_command	*cmd;	/* the command */
	/* was charged for each entry; gets back what is not written */
	struct zswap_wb_budget		*budget;
	struct zswap_wb_result		*res;	/* counts what becomes of the entries */
	struct page			*scratch;	/* room for a page of compressed data */
	struct zswap_wb_flight		*flight[2];	/* the batches */
	unsigned int			turn;	/* the one that is fetched next */
	struct zswap_wb_pace		pace;	/* when the next batch is due */
	/* what is known of each swap device */
	struct zswap_wb_device		device[MAX_SWAPFILES];
	unsigned int			max;	/* room for selected entries */
	unsigned int			nr;	/* selected entries */
	struct zswap_wb_item		item[] __counted_by(max);	/* these */
};

/* The device is done with a batch. Finds out how that went, once */
static void zswap_wb_window_look(struct zswap_wb_window *window,
				 struct zswap_wb_flight *flight)
{
	if (!flight->aloft)
		return;
	zswap_wb_device_learn(&window->device[flight->type], flight->aloft,
			      atomic_read(&flight->io.errors),
			      ktime_to_ns(ktime_sub(flight->done, flight->launched)));
	flight->aloft = 0;
}

/* Is done with a batch, of which nothing is in the air */
static void zswap_wb_window_collect(struct zswap_wb_window *window,
				    struct zswap_wb_flight *flight)
{
	zswap_wb_window_look(window, flight);
	zswap_wb_flight_collect(flight);
	trace_zswap_wb_batch(window->cmd, flight->taken, &flight->res);
	zswap_wb_result_add(window->res, &flight->res);

	flight->airborne = false;
	flight->res = (struct zswap_wb_result) {};
	flight->taken = 0;
}

/*
 * Waits until a batch has landed, and collects it; the command lets go of one that
 * keeps it from ending. Return: 0, or -EINTR after a signal
 */
static int zswap_wb_window_wait(struct zswap_wb_window *window,
				unsigned int turn)
{
	struct zswap_wb_flight *flight = window->flight[turn];
	int err;

	if (!flight || !flight->airborne)
		return 0;
	err = wait_for_completion_interruptible(&flight->written);
	if (err && !wait_for_completion_timeout(&flight->written,
						ZSWAP_WB_PATIENCE)) {
		window->flight[turn] = NULL;
		zswap_wb_flight_put(flight);
		return -EINTR;
	}
	zswap_wb_flight_land(flight);
	zswap_wb_window_collect(window, flight);
	return err ? -EINTR : 0;
}

/*
 * Copies entries of one device, from @first on, until the batch is full or there
 * is a signal. Return: the first entry that has not been dealt with
 */
static unsigned int zswap_wb_window_fetch(struct zswap_wb_window *window,
					  struct zswap_wb_flight *flight,
					  unsigned int first)
{
	unsigned int type = swp_type(window->item[first].facts.slot);
	struct zswap_wb_device *device = &window->device[type];
	void *scratch = page_address(window->scratch);
	bool boarded = zswap_wb_flight_board(flight, type);
	unsigned int i, max;

	max = zswap_wb_flight_fill(flight,
				   min(zswap_wb_device_room(device),
				       zswap_wb_pace_batch(&window->pace,
							   ktime_get_ns())));
	for (i = first; i < window->nr && flight->nr < max; i++) {
		const struct zswap_wb_item *item = &window->item[i];
		struct zswap_wb_flight *other = window->flight[!window->turn];

		if (swp_type(item->facts.slot) != flight->type ||
		    signal_pending(current))
			break;
		if (!boarded || zswap_wb_device_broken(device)) {
			zswap_wb_budget_refund(window->budget,
					       item->facts.length);
			continue;
		}
		zswap_wb_flight_fetch(flight, item, scratch);
		/* At once when the device is done with it: others may wait for its slots */
		if (other && other->airborne && completion_done(&other->written))
			zswap_wb_window_wait(window, !window->turn);
		cond_resched();
	}
	flight->taken = i - first;
	return i;
}

/*
 * What has been fetched was for a device that was not known yet to be so slow that it gets page
 * after page: all but the first entry are fetched again, from @*first on
 */
static void zswap_wb_window_unfetch(struct zswap_wb_window *window,
				    struct zswap_wb_flight *flight,
				    unsigned int *first)
{
	unsigned int nr = flight->nr;

	if (nr <= 1 || zswap_wb_device_room(&window->device[flight->type]) > 1)
		return;
	zswap_wb_flight_cancel(flight, 1);
	/* In front of @*first are those that the batch was made of, at least as many */
	while (nr > 1) {
		const struct zswap_wb_item *item = &flight->copy[--nr].item;

		window->item[--*first] = *item;
		zswap_wb_budget_take(window->budget, item->facts.length);
		flight->taken--;
	}
}

/*
 * Waits until the rate allows another batch. Return: 0, or -EINTR after a signal, also
 * that of the freezer
 */
int zswap_wb_pace_wait(const struct zswap_wb_pace *pace)
{
	u64 delay;

	while ((delay = zswap_wb_pace_delay(pace, ktime_get_ns()))) {
		ktime_t nap = ns_to_ktime(delay);

		set_current_state(TASK_INTERRUPTIBLE);
		schedule_hrtimeout_range(&nap, ZSWAP_WB_NAP_SLACK_NS,
					 HRTIMER_MODE_REL);
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/*
 * Writes a batch from @*first on, and sets that behind it. Return: 0, or -EINTR
 * after a signal
 */
static int zswap_wb_window_batch(struct zswap_wb_window *window,
				 unsigned int *first)
{
	unsigned int turn = window->turn;
	struct zswap_wb_flight *flight, *other;
	int err = 0;

	/* With nothing in the air: whoever waits for a slot of it would sleep, too */
	if (zswap_wb_pace_delay(&window->pace, ktime_get_ns()))
		err = zswap_wb_window_land(window) ?: zswap_wb_pace_wait(&window->pace);
	if (!err)
		err = zswap_wb_window_wait(window, turn);
	flight = window->flight[turn];
	/* The command may have let go of it */
	if (err || !flight)
		return -EINTR;
	/* What is fetched keeps its device in use, which must not wait for another one */
	other = window->flight[!turn];
	if (other && other->airborne &&
	    other->type != swp_type(window->item[*first].facts.slot) &&
	    zswap_wb_window_wait(window, !turn))
		return -EINTR;
	*first = zswap_wb_window_fetch(window, flight, *first);
	other = window->flight[!turn];
	if (other && other->airborne) {
		err = wait_for_completion_interruptible(&other->written);
		if (!err)
			zswap_wb_window_look(window, other);
	}
	zswap_wb_window_unfetch(window, flight, first);
	if (!err && flight->nr && !signal_pending(current) &&
	    !zswap_wb_device_broken(&window->device[flight->type])) {
		err = zswap_wb_flight_launch(flight);
		zswap_wb_pace_take(&window->pace, flight->aloft,
				   ktime_to_ns(flight->launched));
		window->turn = !turn;
		return err;
	}
	zswap_wb_flight_cancel(flight, 0);
	zswap_wb_window_collect(window, flight);
	return signal_pending(current) ? -EINTR : 0;
}

static int zswap_wb_item_cmp(const void *a, const void *b)
{
	const struct zswap_wb_item *x = a, *y = b;

	if (x->facts.slot.val != y->facts.slot.val)
		return x->facts.slot.val < y->facts.slot.val ? -1 : 1;
	return 0;
}

/**
 * zswap_wb_window_write() - write the selected entries
 * @window:	the window; nothing is selected afterwards
 *
 * Batches may still be in the air when it returns. They are dealt with in the next
 * call, or by zswap_wb_window_land().
 * Context: process context, may sleep; no locks held. After a signal nothing
 * new is started. Entries that it does not come to have no outcome, as if they
 * had never been selected; neither has what is on a device that keeps failing, or
 * that is being taken out of use.
 * Return: 0 if it has dealt with all entries, -EINTR if a signal has kept it from
 * that, or the system goes to sleep
 */
int zswap_wb_window_write(struct zswap_wb_window *window)
{
	unsigned int i = 0;
	int err = 0;

	sort(window->item, window->nr, sizeof(window->item[0]),
	     zswap_wb_item_cmp, NULL);
	while (!err && i < window->nr) {
		err = zswap_wb_window_batch(window, &i);
		if (!err && i < window->nr && signal_pending(current))
			err = -EINTR;
	}
	for (; i < window->nr; i++)
		zswap_wb_budget_refund(window->budget,
				       window->item[i].facts.length);
	window->nr = 0;
	return err;
}

/**
 * zswap_wb_window_land() - wait until what is in the air has landed
 * @window:	the window
 * Context: process context, may sleep; no locks held.
 * Return: 0, or -EINTR after a signal; then something may still be in the air, but
 * the window has nothing to do with it any more
 */
int zswap_wb_window_land(struct zswap_wb_window *window)
{
	/* The one whose turn it is next is the older one */
	int err = zswap_wb_window_wait(window, window->turn);
	int other = zswap_wb_window_wait(window, !window->turn);

	return err ?: other;
}

/* How many more entries can be selected */
unsigned int zswap_wb_window_room(const struct zswap_wb_window *window)
{
	return window->max - window->nr;
}

/* Selects an entry for a window that has room. Context: a list may be locked */
void zswap_wb_window_add(struct zswap_wb_window *window, const struct zswap_wb_item *item)
{
	window->item[window->nr++] = *item;
}

static struct zswap_wb_window *
zswap_wb_window_try(const struct zswap_wb_command *cmd, struct zswap_wb_budget *budget,
		    struct zswap_wb_result *res, unsigned int max)
{
	bool compressed = READ_ONCE(zswap_wb_compressed_writeback);
	unsigned int room = min(max, ZSWAP_WB_BATCH_MAX);
	struct zswap_wb_window *window;

	window = kvmalloc_flex(*window, item, max,
			       GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (!window)
		return NULL;
	/* Not the items: that is much, and most commands find few */
	*window = (struct zswap_wb_window) {
		.cmd	= cmd,
		.budget	= budget,
		.res	= res,
		.max	= max,
	};
	zswap_wb_pace_init(&window->pace, cmd->rate, ktime_get_ns());
	window->scratch = zswap_wb_pages_alloc(GFP_KERNEL, 0);
	window->flight[0] = zswap_wb_flight_alloc(room, compressed, budget);
	window->flight[1] = zswap_wb_flight_alloc(room, compressed, budget);
	if (window->scratch && window->flight[0] && window->flight[1])
		return window;
	zswap_wb_window_free(window);
	return NULL;
}

/**
 * zswap_wb_window_alloc() - get an empty window
 * @cmd:	the command
 * @budget:	is charged for what is selected, and gets back what is not written
 * @res:	counts what becomes of the entries
 *
 * Has room for less if memory is short, down to one page at a time.
 * Context: process context, may sleep and reclaim.
 * Return: the window, or %NULL
 */
struct zswap_wb_window *zswap_wb_window_alloc(const struct zswap_wb_command *cmd,
					      struct zswap_wb_budget *budget,
					      struct zswap_wb_result *res)
{
	unsigned int max = min(cmd->max_pages, ZSWAP_WB_WINDOW_MAX);
	struct zswap_wb_window *window = NULL;

	for (; max && !window; max /= 2)
		window = zswap_wb_window_try(cmd, budget, res, max);
	return window;
}

/* Frees a window that zswap_wb_window_land() has been called for; may be NULL */
void zswap_wb_window_free(struct zswap_wb_window *window)
{
	if (!window)
		return;
	zswap_wb_flight_put(window->flight[0]);
	zswap_wb_flight_put(window->flight[1]);
	if (window->scratch)
		__free_page(window->scratch);
	kvfree(window);
}
