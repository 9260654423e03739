/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A view that is looked at again and again: on a terminal it is redrawn in place, in the
 * alternate screen; otherwise one output follows the other, with a blank line between.
 * The terminal is put back as it was at exit and on SIGINT, SIGTERM, SIGHUP, SIGQUIT and
 * SIGTSTP; q, SIGINT and the other signals end it.
 */
#pragma once

#include "ui/options.h"

/* Keys that are no character; every other one is a byte. */
enum {
	SCREEN_UP = 256, SCREEN_DOWN, SCREEN_PAGE_UP, SCREEN_PAGE_DOWN, SCREEN_HOME, SCREEN_END,
	SCREEN_OTHER,
};

struct screen_view {
	void *data;
	/* Take a new look at the ages.  Returns 0, or a negative errno that ends it all, and is said. */
	int (*look)(void *data);
	/*
	 * Put what was found into a @table.  @lines, @width: of the terminal; 0 where there is
	 * none, or one that cannot be redrawn has no end.  It may be called several times for
	 * one look.  Returns what is to stand above, to be freed, or NULL.
	 */
	char *(*put)(void *data, struct table *table, int lines, int width);
	/* A key; returns whether it is one of its.  May be NULL; q quits. */
	bool (*key)(void *data, int key);
	num seconds;		/* from one look to the next; 0: there is one, and no screen */
	num iterations;		/* how many looks; 0: no end */
};

/* Returns an exit status; what is said then is not on the screen that was redrawn. */
int screen_run(const struct context *context, const struct screen_view *view);
