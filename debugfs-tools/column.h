/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A column of a table, as the table itself, --output, --help, the manual page and the
 * completions have it.
 */
#ifndef COLUMN_H
#define COLUMN_H

#include <stdbool.h>

enum column_type {
	COLUMN_TEXT,
	COLUMN_COUNT,		/* a number, as it is */
	COLUMN_SIZE,		/* bytes: 1.2G, or exact with --bytes and in JSON */
	COLUMN_AGE,		/* seconds: 1h, or exact with --bytes and in JSON */
	COLUMN_PPM,		/* parts per million, shown as percent; a number in JSON */
	COLUMN_RATIO,		/* thousandths, shown with two decimals */
	COLUMN_BOOL,		/* yes, no; JSON true, false */
	COLUMN_BAR,		/* text that is left out by --raw and --json unless asked for */
	COLUMN_TREE,		/* text; draws the tree; cut where the terminal is too narrow */
	COLUMN_PATH,		/* text; cut where the terminal is too narrow */
};

struct column {
	const char *name;	/* as in the heading: upper case, words joined by '-' */
	enum column_type type;
	bool shown;		/* without --output */
	const char *help;
};

#endif
