/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the ages went: a small file of a fixed size, which record adds a sample to, and in which the
 * newest takes the place of the oldest.  Lines of JSON, padded with blanks to the same length:
 *
 *	{"zswapctl":"ages","version":1,"keep":1440}
 *	{"nr":7,"time":1700000000,"awake_ms":5,"page_size":4096,"edges":[...],"pages":[...]}
 */
#pragma once

#include "system/parse.h"

#define HISTORY_VERSION	1
#define HISTORY_MAX	10000	/* samples */
#define HISTORY_KEEP	1440	/* a day, with one a minute */

struct history_sample {
	num nr;			/* the first one's is 0 */
	num time;		/* seconds since 1970 */
	num awake_ms;		/* since boot: the clock of the ages */
	num page_size;		/* bytes */
	struct age_table ages;	/* bounds and pages, of the system */
};

struct history {
	num keep;		/* how many samples it has room for */
	int nr, broken;		/* of those there are; of those that cannot be read */
	struct history_sample *sample; /* the earliest first */
};

/*
 * Each returns 0 or a negative errno; *@message, to be freed, says why where that tells too
 * little, or is NULL.  -EEXIST: it is another file, and stays as it is.
 */
int history_read(const char *path, struct history *history, char **message);
/*
 * A file that is not there gets room for @keep samples, 0: HISTORY_KEEP; one that is keeps what it
 * has, which *@message says if that is another number.
 */
int history_add(const char *path, num keep, struct history_sample *sample, char **message);
void history_free(struct history *history);
