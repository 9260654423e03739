// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl - see what is in zswap, how old it is, and write the cold part of it to swap.
 */
#include <locale.h>
#include <malloc.h>

#include "commands/commands.h"

/* The first is what runs if none is named. */
static const struct subcommand *const subcommands[] = {
	&status_subcommand, &doctor_subcommand, &ages_subcommand, &record_subcommand,
	&top_subcommand, &writeback_subcommand, &readback_subcommand, &plan_subcommand,
	&daemon_subcommand, &metrics_subcommand, NULL
};

int main(int argc, char **argv)
{
	/* Characters only: numbers and messages are the same everywhere. */
	setlocale(LC_CTYPE, "");
	/* Large tables go back to the system: malloc() would come to keep them, and to leave gaps */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	return options_main(argc, argv, subcommands);
}
