/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What writeback and readback share: giving the kernel commands until what was asked for is
 * done, showing progress, and saying what came of it.
 */
#ifndef JOB_H
#define JOB_H

#include "system/transaction.h"
#include "ui/options.h"

struct job_options {		/* the command line */
	struct command command;
	const char *cgroup;
	num until_free;		/* bytes; negative: not given */
	bool quiet;
};

extern const struct view job_view;

/* As a subcommand runs: @data is a struct job_options. */
int job_run(struct context *context, void *data);

/* The line that shows progress: "12.0M, 24.0M/s, 37 %"; to be freed.  @goal 0: not known. */
char *job_progress(num pages, num elapsed_ms, num goal);

#endif
