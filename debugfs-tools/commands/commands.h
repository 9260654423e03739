/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands: a file each, but for readback, which is writeback the other way.
 */
#pragma once

#include "decide/state.h"
#include "system/transaction.h"
#include "ui/options.h"

extern const struct subcommand status_subcommand, doctor_subcommand, ages_subcommand,
	record_subcommand, top_subcommand, writeback_subcommand, readback_subcommand,
	plan_subcommand, daemon_subcommand, metrics_subcommand;

#define COLD_DEFAULT	300	/* seconds: without --cold */

/* Where record writes to if nobody says. */
#define HISTORY_FILE	DAEMON_DIRECTORY "/ages"

/* How it is with a daemon, as state_overdue_ms() and its state say: "running, but ..."; to be freed. */
char *daemon_health(num overdue_ms, const struct state *state);

/* The line that shows progress: "12.0M, 24.0M/s, 37 %"; to be freed.  @goal 0: not known. */
char *job_progress(num pages, num elapsed_ms, num goal);
