// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which mutant is alive: zswap_wb_mutant=N on the kernel's command line. Copied
 * into the tree of mutants, see schemata.pl.
 */
#include <linux/cache.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/zswap_wb_mutant.h>

int zswap_wb_mutant_number __ro_after_init;
core_param(zswap_wb_mutant, zswap_wb_mutant_number, int, 0444);

static bool zswap_wb_mutant_told;

/**
 * zswap_wb_mutant_ran() - the broken code of the chosen mutant is about to run
 *
 * Says so once: a test that turns red although it did not run is not stable,
 * and one that stays green although it did looks at the wrong thing.
 *
 * Context: any; locks may be held that printing takes, so it is deferred.
 * Return: true
 */
bool zswap_wb_mutant_ran(void)
{
	if (!READ_ONCE(zswap_wb_mutant_told)) {
		WRITE_ONCE(zswap_wb_mutant_told, true);
		printk_deferred("zswap_wb: mutant %d runs\n",
				zswap_wb_mutant_number);
	}
	return true;
}
