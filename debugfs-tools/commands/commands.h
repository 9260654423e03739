/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands: a file each.
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

/* What writeback.c does, for readback, too, which is the same the other way. */
struct job {
	/* The command line */
	struct command wanted;
	const char *cgroup;
	num until_free;			/* bytes; negative: not given */
	bool quiet;

	const struct source *source;
	struct command command;		/* the next one, or the last */
	struct transaction last;
	struct result sum;		/* of all of them */
	bool any;			/* the kernel has carried out one */
	bool counted;
	bool progress;			/* is to be shown */
	num goal;			/* pages; 0: not known */
	num began_us;
	num missing;			/* --until-free: bytes, after the last look */
	bool used_up;			/* --until-free: --max or --max-compressed */
};

extern const struct option_spec job_options[];
extern const struct column job_columns[4];
int job_run(struct context *context, void *data);

/* The line that shows progress: "12.0M, 24.0M/s, 37 %"; to be freed.  @goal 0: not known. */
char *job_progress(num pages, num elapsed_ms, num goal);
