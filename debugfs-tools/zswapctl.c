// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl - see what is in zswap, how old it is, and write the cold part of it to swap.
 *
 * The subcommands; the first is what runs when none is named.
 */
#include <locale.h>

#include "options.h"

int main(int argc, char **argv)
{
	static const struct subcommand *const subcommands[] = {
		&status_subcommand,
		&ages_subcommand,
		&top_subcommand,
		&writeback_subcommand,
		&plan_subcommand,
		&daemon_subcommand,
		&metrics_subcommand,
		NULL
	};

	/* Characters only: numbers and messages are the same everywhere. */
	setlocale(LC_CTYPE, "");
	return options_main(argc, argv, subcommands);
}
