/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copied into the tree of mutants, see schemata.pl; nothing else includes it. */
#ifndef _LINUX_ZSWAP_WB_MUTANT_H
#define _LINUX_ZSWAP_WB_MUTANT_H

#include <linux/compiler.h>
#include <linux/types.h>

extern int zswap_wb_mutant_number;

bool zswap_wb_mutant_ran(void);

/**
 * zswap_wb_mutant() - is this the mutant that was chosen
 * @number:	of the mutant, from 1 on
 *
 * Return: true if its broken code has to run in place of the original
 */
static inline bool zswap_wb_mutant(int number)
{
	return unlikely(zswap_wb_mutant_number == number) &&
	       zswap_wb_mutant_ran();
}

#endif /* _LINUX_ZSWAP_WB_MUTANT_H */
