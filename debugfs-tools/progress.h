/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a command is, on the terminal, while the kernel is at it.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "source.h"

/* What there is to be done; 0 or less: not known. */
struct progress_goal {
	num pages;		/* written */
	num compressed;		/* bytes released */
};

/* What has been done since the beginning. */
struct progress_done {
	num pages, compressed;	/* negative: not known */
	num elapsed_ms;
};

/*
 * The line: "12.0M (3072 pages), 24.0M/s, 37 %"; to be freed.  The share is that of the
 * goal that is nearer.
 */
char *progress_line(const struct progress_goal *goal, const struct progress_done *done);

struct progress;

/*
 * Draw the line on stderr until progress_end(), every 200 ms, by a thread that gets no
 * signal.  What else is written back at that time counts, too.  Without a thread there is
 * no line, and NULL is returned.
 */
struct progress *progress_begin(const struct source *source, const struct progress_goal *goal);
/* Takes the line away. @progress may be NULL. */
void progress_end(struct progress *progress);

#endif
