// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replay RECORDING: what "zswapctl daemon --record" wrote down, decided again.
 */
#include "replay.h"

int main(int argc, char **argv)
{
	if (argc == 2)
		return replay_run(argv[1]);
	say_error("replay takes a recording");
	return EX_USAGE;
}
