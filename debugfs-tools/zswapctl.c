// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl - see what is in zswap, how old it is, and write the cold part of it to swap.
 */
#include <locale.h>

#include "ui/options.h"

int main(int argc, char **argv)
{
	/* Characters only: numbers and messages are the same everywhere. */
	setlocale(LC_CTYPE, "");
	return options_main(argc, argv);
}
