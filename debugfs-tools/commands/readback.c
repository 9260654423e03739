// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl readback - writeback the other way: bring pages that commands wrote back into zswap,
 * before they are needed.
 */
#include "commands/commands.h"

static struct job given = {
	.wanted = COMMAND_NONE, .wanted.readback = true, .until_free = -1,
};

const struct subcommand readback_subcommand = {
	.name = "readback",
	.summary = "bring written pages back into zswap before they are needed",
	.shared = job_options,
	.views = { { VIEW("outcomes", job_columns) } },
	.data = &given,
	.run = job_run,
};
