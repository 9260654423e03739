// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl readback - bring pages that commands wrote back into zswap, before they are
 * needed.
 */
#include "commands/commands.h"

#define WHERE(member)	offsetof(struct job_options, member)

static const struct option_spec options[] = {
	{ "max", 'm', OPTION_SIZE, WHERE(command.max),
	  "read back at most this much page data, in whole pages" },
	{ "max-compressed", 0, OPTION_SIZE, WHERE(command.max_compressed),
	  "stop once the pool has grown by this much" },
	{ "node", 'N', OPTION_NODES, WHERE(command.nodes), "only what belongs to these NUMA nodes" },
	{ "cgroup", 'c', OPTION_CGROUP, WHERE(cgroup),
	  "only this cgroup and those below: path, id, unit or pid:NUMBER" },
	{ "no-descend", 0, OPTION_FLAG, WHERE(command.no_descend),
	  "with --cgroup: not those below", .needs = "cgroup" },
	{ "rate", 0, OPTION_SIZE, WHERE(command.rate),
	  "read back at most this much page data a second" },
	{ "quiet", 'q', OPTION_FLAG, WHERE(quiet), "no progress and no summary" },
	{ }
};

static const struct job_options defaults = {
	.command = { .verb = COMMAND_READBACK, .age = -1, .max = -1, .max_compressed = -1,
		     .rate = -1, .bucket = { -1, -1 } },
	.until_free = -1,
};

const struct subcommand readback_subcommand = {
	.name = "readback",
	.summary = "bring written pages back into zswap before they are needed",
	.options = options,
	.views = { &job_view },
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = job_run,
};
