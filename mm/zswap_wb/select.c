// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: who is eligible, and in what order.
 *
 * Without a limit all that is eligible is written in one pass over the lists. With one
 * the coldest bucket has to go first, wherever its entries are, and each list knows only its
 * own order. So a limited command makes a pass for each bucket that has something:
 *
 *	bucket		12   11   10    9    8 ...  0
 *	in zswap	 3   40    0  200  900 ... 50	budget: 100 pages
 *	pass		 1    2         3
 *	written		 3   40        57
 *
 * A pass learns on its way which bucket comes next: an empty one costs nothing.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "internal.h"

/* Judges an entry by its age in seconds and by how it is stored. Context: any */
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

/* Starts with the limits of a command, each of which may be ZSWAP_WB_NO_LIMIT */
void zswap_wb_budget_init(struct zswap_wb_budget *budget, u64 max_pages,
			  u64 max_compressed)
{
	budget->pages = min_t(u64, max_pages, S64_MAX);
	budget->bytes = min_t(u64, max_compressed, S64_MAX);
}
