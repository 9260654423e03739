// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl writeback - have the kernel write pages from zswap to swap, and say what came
 * of it.
 */
#include "commands/commands.h"

#define WHERE(member)	offsetof(struct job_options, member)

static const struct option_spec options[] = {
	{ "age", 'a', OPTION_AGE, WHERE(command.age),
	  "what has been in zswap for at least this long", .excludes = { "bucket" } },
	{ "incompressible", 'i', OPTION_FLAG, WHERE(command.incompressible),
	  "only pages that did not compress, and take a whole page of memory each" },
	{ "bucket", 0, OPTION_BUCKETS, WHERE(command.bucket),
	  "only these age buckets, instead of --age" },
	{ "dry-run", 0, OPTION_FLAG, WHERE(command.dry_run),
	  "count what would be written, write nothing" },
	{ "until-free", 0, OPTION_SIZE, WHERE(until_free),
	  "go on until this much memory is free (on --node)", .excludes = { "dry-run" } },
	{ }
};

static struct job_options given = { .command = COMMAND_NONE, .until_free = -1 };

const struct subcommand writeback_subcommand = {
	.name = "writeback",
	.summary = "write cold pages from zswap to swap",
	.options = options,
	.shared = job_shared_options,
	.views = { &job_view },
	.data = &given,
	.run = job_run,
};
