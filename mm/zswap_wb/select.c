// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: who is eligible, and in what order.
 *
 * Without a limit the order does not matter: all that is eligible is written
 * in one pass over the lists. With a limit the coldest bucket has to go first,
 * in whatever cgroup and on whatever node its entries are, while each list
 * knows only its own order, and not even that once the shrinker has given
 * second chances. So a limited command counts first:
 *
 *	bucket		12   11   10    9    8 ...  0
 *	eligible	 3   40    0  200  900 ... 50	budget: 100 pages
 *			 '---------'    '
 *			    all 43      57 of 200
 *
 * The cut is the warmest bucket that the budget reaches, here 9. A pass writes
 * all that is colder, a second one gives each list its share of the cut. A list
 * with n of the r eligible entries that are in the lists not yet visited gets
 * n / r of what is left of the budget, rounded up. Such shares add up to the
 * budget exactly: the last list has n = r. They favour nobody by more than one
 * page, and need no memory of what an earlier command has taken from whom.
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
 * zswap_wb_select_cut() - find out how far down the buckets a budget reaches
 * @hist:	eligible entries by bucket
 * @top:	coldest bucket to look at; colder ones have been dealt with
 * @budget:	the budget
 * @cut:	result: the first bucket, from @top on down to warmer ones, whose
 *		entries would use the budget up, and how many there are
 */
void zswap_wb_select_cut(const struct zswap_wb_histogram *hist, int top,
			 const struct zswap_wb_budget *budget,
			 struct zswap_wb_cut *cut)
{
	u64 pages = 0, bytes = 0;
	int bucket;

	for (bucket = top; bucket >= 0; bucket--) {
		const struct zswap_wb_count *count = &hist->bucket[bucket];

		pages += count->pages;
		bytes += count->bytes;
		if (pages >= budget->pages || bytes >= budget->bytes) {
			cut->bucket = bucket;
			cut->pages = count->pages;
			cut->bytes = count->bytes;
			return;
		}
	}
	*cut = (struct zswap_wb_cut) { .bucket = -1 };
}

/* @part of @whole of what is left of a limit, rounded up */
static s64 zswap_wb_share_of(s64 left, u64 part, u64 whole)
{
	if (part >= whole)
		return left;
	return mul_u64_u64_div_u64_roundup(left, part, whole);
}

/**
 * zswap_wb_select_share() - what one list may give of the bucket at the cut
 * @budget:	what is left of the budget; not empty
 * @list_pages:	eligible pages in the list
 * @list_bytes:	their compressed size
 * @rest:	eligible pages and bytes in this list and those that are still
 *		to come; this list is taken off
 * @share:	result: the list's own budget
 */
void zswap_wb_select_share(const struct zswap_wb_budget *budget,
			   u64 list_pages, u64 list_bytes,
			   struct zswap_wb_cut *rest,
			   struct zswap_wb_budget *share)
{
	share->pages = zswap_wb_share_of(budget->pages, list_pages,
					 rest->pages);
	share->bytes = zswap_wb_share_of(budget->bytes, list_bytes,
					 rest->bytes);
	rest->pages -= min(rest->pages, list_pages);
	rest->bytes -= min(rest->bytes, list_bytes);
}
