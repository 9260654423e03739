// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: who is eligible, and in what order.
 *
 * Without a limit the order does not matter: all that is eligible is written
 * in one pass over the lists. With a limit the coldest bucket has to go first,
 * in whatever cgroup and on whatever node its entries are, while each list
 * knows only its own order, and not even that once the shrinker has given
 * second chances. So a limited command works its way down the buckets:
 *
 *	bucket		12   11   10    9    8 ...  0
 *	in zswap	 3   40    0  200  900 ... 50	budget: 100 pages
 *			 '---------'    '
 *			    all 43      57 of 200
 *
 * The census (census.c) has the numbers of whole nodes. They are no less than
 * those of the command's cgroups, and what fits into the budget together needs
 * no order, so it is written in one pass, here buckets 12 to 10. From there on it
 * is one pass for each bucket that has entries, until the budget is used up. A
 * pass ends in a list that is in order with the first entry that is too warm:
 * most entries that a limited command looks at it writes.
 *
 * In the bucket that is more than what is left of the budget each list gets a
 * share. Who has how many entries of a bucket nobody knows without counting, so
 * a share goes by the size of the list, if the entry at its head says that it
 * has something to give at all. A list with n of the r entries that are in the
 * lists not yet visited gets n / r of what has not been given away yet, rounded
 * up. Such shares add up to the budget exactly: the last list has n = r. They
 * favour nobody by more than one page, and need no memory of what an earlier
 * command has taken from whom. What lists have left of their shares is given
 * away once more, and what is left then goes to whoever has entries.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "internal.h"

/**
 * zswap_wb_select() - judge an entry
 * @filter:		what the pass looks for
 * @age:		age of the entry in seconds
 * @incompressible:	whether it is stored at full page size
 *
 * Context: any.
 * Return: the verdict
 */
enum zswap_wb_verdict zswap_wb_select(const struct zswap_wb_filter *filter,
				      u64 age, bool incompressible)
{
	if (filter->type == ZSWAP_WB_TYPE_INCOMPRESSIBLE && !incompressible)
		return ZSWAP_WB_OUTSIDE;
	if (age < filter->min_age)
		return ZSWAP_WB_YOUNG;
	if (age < filter->floor)
		return ZSWAP_WB_LATER;
	if (age >= filter->max_age)
		return ZSWAP_WB_OUTSIDE;
	return ZSWAP_WB_ELIGIBLE;
}

/**
 * zswap_wb_budget_init() - start with the limits of a command
 * @budget:		the budget
 * @max_pages:		pages, or ZSWAP_WB_NO_LIMIT
 * @max_compressed:	compressed bytes, or ZSWAP_WB_NO_LIMIT
 */
void zswap_wb_budget_init(struct zswap_wb_budget *budget, u64 max_pages,
			  u64 max_compressed)
{
	budget->pages = min_t(u64, max_pages, S64_MAX);
	budget->bytes = min_t(u64, max_compressed, S64_MAX);
}

/**
 * zswap_wb_budget_limited() - is there any limit
 * @budget:	a budget that nothing has been taken from
 *
 * Return: true if the command can end before all that is eligible is written
 */
bool zswap_wb_budget_limited(const struct zswap_wb_budget *budget)
{
	return budget->pages != S64_MAX || budget->bytes != S64_MAX;
}

/**
 * zswap_wb_budget_empty() - is one of the limits reached
 * @budget:	the budget
 *
 * Return: true if not one more entry may be written
 */
bool zswap_wb_budget_empty(const struct zswap_wb_budget *budget)
{
	return budget->pages <= 0 || budget->bytes <= 0;
}

/**
 * zswap_wb_budget_take() - charge an entry that is going to be written
 * @budget:	a budget that is not empty
 * @length:	compressed size of the entry
 *
 * A budget without limits is charged as well: it takes 2^63 bytes to notice.
 */
void zswap_wb_budget_take(struct zswap_wb_budget *budget, u32 length)
{
	budget->pages--;
	budget->bytes -= length;
}

/**
 * zswap_wb_budget_refund() - give back what an entry was charged
 * @budget:	the budget
 * @length:	compressed size of the entry, which was not written after all
 */
void zswap_wb_budget_refund(struct zswap_wb_budget *budget, u32 length)
{
	budget->pages++;
	budget->bytes += length;
}

/**
 * zswap_wb_budget_charge() - take a number of entries off
 * @budget:	the budget
 * @pages:	their number
 * @bytes:	their compressed size
 */
void zswap_wb_budget_charge(struct zswap_wb_budget *budget, u64 pages,
			    u64 bytes)
{
	budget->pages -= pages;
	budget->bytes -= bytes;
}

/**
 * zswap_wb_select_fitting() - find out which buckets a budget is enough for
 * @hist:	entries by bucket, no fewer than there are
 * @nr:		number of buckets
 * @budget:	the budget
 *
 * Return: the warmest bucket which fits into the budget together with all colder
 * ones, or @nr if not even the coldest does
 */
unsigned int zswap_wb_select_fitting(const struct zswap_wb_histogram *hist,
				     unsigned int nr,
				     const struct zswap_wb_budget *budget)
{
	s64 pages = 0, bytes = 0;

	while (nr) {
		const struct zswap_wb_count *count = &hist->bucket[nr - 1];

		pages += count->pages;
		bytes += count->bytes;
		if (pages > budget->pages || bytes > budget->bytes)
			break;
		nr--;
	}
	return nr;
}

/* @part of @whole of what is left of a limit, rounded up */
static s64 zswap_wb_share_of(s64 left, u64 part, u64 whole)
{
	if (left <= 0)
		return 0;
	if (part >= whole)
		return left;
	return mul_u64_u64_div_u64_roundup(left, part, whole);
}

/**
 * zswap_wb_select_share() - give a part of a budget to one of many
 * @left:	what has not been given away yet; the share is taken off
 * @part:	entries of the one
 * @rest:	entries of this one and of those that are still to come; @part is
 *		taken off
 * @share:	result: its own budget
 */
void zswap_wb_select_share(struct zswap_wb_budget *left, u64 part, u64 *rest,
			   struct zswap_wb_budget *share)
{
	share->pages = zswap_wb_share_of(left->pages, part, *rest);
	share->bytes = zswap_wb_share_of(left->bytes, part, *rest);
	left->pages -= share->pages;
	left->bytes -= share->bytes;
	*rest -= min(*rest, part);
}
