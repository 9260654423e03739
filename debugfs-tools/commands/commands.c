// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of the subcommands; the first is what runs when none is named.
 */
#include "commands/commands.h"

const struct subcommand *const subcommands[] = {
	&status_subcommand,
	&doctor_subcommand,
	&ages_subcommand,
	&record_subcommand,
	&top_subcommand,
	&writeback_subcommand,
	&readback_subcommand,
	&plan_subcommand,
	&daemon_subcommand,
	&metrics_subcommand,
	NULL
};
