/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command to the kernel, and what came of it.
 *
 * debugfs' "writeback" answers for the one command that was written to it.  Where it is not
 * to be had, /sys/kernel/mm/zswap/proactive_writeback takes the same commands, but for
 * buckets and dry runs, and what was done is read off the counters.  So it is for reading
 * back, which has only proactive_readback beside it.
 */
#pragma once

#include <signal.h>

#include "system/parse.h"
#include "system/source.h"

struct command {
	bool readback;		/* the other way: bring back what is on the disk */
	num age;		/* seconds; negative: not given, so are the next three */
	num max;		/* bytes of page data */
	num max_compressed;	/* bytes */
	num rate;		/* bytes of page data a second */
	uint64_t nodes;		/* a mask; 0: all */
	uint64_t cgroup;	/* id; 0: the whole system */
	bool no_descend;	/* with cgroup: without what is below it */
	bool incompressible;	/* nothing but pages stored at full size */
	struct bucket_range bucket;
	bool dry_run;
};

/* A command that asks for nothing yet, in the whole system. */
#define COMMAND_NONE \
	{ .age = -1, .max = -1, .max_compressed = -1, .rate = -1, .bucket = { -1, -1 } }

struct transaction {
	bool asked;		/* the kernel was given the command */
	/*
	 * The result is what the counters grew by meanwhile: what other commands did at that
	 * time is in it, and coldest_left is -ENODATA.
	 */
	bool counted;
	struct result result;	/* each number may be unknown; all 0 unless asked */
};

/* Does it say what to do, as the kernel wants it to? */
bool transaction_says_what(const struct command *command);
/* Has it keys that debugfs alone takes? */
bool transaction_needs_debugfs(const struct command *command);
/* The line for the kernel, without a newline; to be freed. */
char *transaction_text(const struct command *command);

/*
 * Carry out a command.  Returns when the kernel has, which may take long; a signal whose
 * handler was installed without SA_RESTART ends it early with -EINTR, and what was done until
 * then is in the result.  Returns 0 or a negative errno: with @transaction->asked the
 * kernel's own, else why no file would take the command (-EROFS: a recorded tree, or a
 * read-only mount; -EBADMSG: the kernel's answer is invalid).
 */
int transaction_run(const struct source *source, const struct command *command,
		    struct transaction *transaction);

/* Write @text to an open "writeback" and read the answer.  Returns as transaction_run(). */
int transaction_exchange(int fd, const char *text, struct result *result);
/*
 * Write @text to an open "proactive_writeback"; the result is what the counters of @nodes
 * (0: all) grew by.  Returns 0 or the kernel's negative errno.
 */
int transaction_count(const struct source *source, int fd, uint64_t nodes, const char *text,
		      struct result *result);
/* Add up the results of one command after the other; status and coldest_left: the last one's. */
void transaction_add(struct result *sum, const struct result *result);

/*
 * What an error of transaction_run() means, for people: a sentence without a subject for
 * the command; to be freed.
 */
char *transaction_reason(const struct source *source, const struct command *command,
			 const struct transaction *transaction, int error);

/*
 * Signals that end a command early.  The handler has no SA_RESTART, so that write(2) returns.  A
 * signal that comes between the last look at stop_asked and the write would be lost: the handler
 * sets an alarm, which is caught in the same way, and makes up for it a second later.
 */
extern volatile sig_atomic_t stop_asked;

/*
 * Let SIGINT and SIGTERM set it until stop_release(), unless they are ignored: who ignores SIGINT,
 * as jobs in the background do, has a reason.
 */
void stop_catch(void);
void stop_release(void);

/*
 * For the daemon: they, SIGHUP and SIGIO are blocked, and fetched where it suits; but while the kernel
 * is at a command, the first two end it.
 */
void stop_begin(void);
/*
 * A descriptor of inotify(7), from which nothing need be read: what happens to a file that it
 * watches is a SIGIO, which waits to be fetched.
 */
int stop_watch(void);
/* A signal that is pending or comes until @deadline, of clock_us(); 0 if none does. */
int stop_fetch(num deadline);
