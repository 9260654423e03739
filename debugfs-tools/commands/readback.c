// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl readback - bring pages that commands wrote back into zswap, before they are
 * needed.
 */
#include "commands/commands.h"

static struct job_options given = {
	.command = COMMAND_NONE, .command.verb = COMMAND_READBACK,
	.until_free = -1,
};

const struct subcommand readback_subcommand = {
	.name = "readback",
	.summary = "bring written pages back into zswap before they are needed",
	.shared = job_shared_options,
	.views = { &job_view },
	.data = &given,
	.run = job_run,
};
