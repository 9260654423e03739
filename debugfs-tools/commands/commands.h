/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands, one file each.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "ui/options.h"

extern const struct subcommand status_subcommand, doctor_subcommand, ages_subcommand, top_subcommand,
	writeback_subcommand, readback_subcommand, plan_subcommand, daemon_subcommand,
	metrics_subcommand;

#endif
