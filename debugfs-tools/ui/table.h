/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables, on libsmartcols.  A view lists its columns once, and where in the struct of a row each
 * is: --output's names, the help text and the output all come from that list.
 */
#pragma once

#include "system/counters.h"

struct view {
	const char *name;	/* of the JSON array */
	const struct column *columns;
	int nr_columns;
	const char *when;	/* the option that chooses this view; NULL: it is the usual */
	struct {
		const struct counter *list; /* columns[at], without a name, is where theirs begin */
		int at;
		size_t base;	/* in a row: the struct that they are in */
	} counters[2];
};

#define VIEW(of, list)	.name = (of), .columns = (list), .nr_columns = ARRAY_SIZE(list)

const struct column *view_column(const struct view *view, int i);
/* The number of column @i in @row. */
num view_number(const struct view *view, int i, const void *row);

/* What the user wants: filled by options.h's common output options. */
struct output {
	bool json, raw, bytes, noheadings, all;
	const char *list;	/* --output's, or NULL */
};

/* Does any option ask for a table, where there is a page for people, too? */
bool output_is_table(const struct output *output);

struct table;
struct libscols_line;

/* Returns NULL after saying why, if --output names a column that is not there (EX_USAGE). */
struct table *table_new(const struct view *view, const struct output *output);
void table_free(struct table *table);
/*
 * A line with what is in the struct @row; @parent NULL or a line of the same table (only in views
 * with a COLUMN_TREE).  A negative number is unknown and shows as "-" (JSON null), so does a
 * text that is NULL; AGE_NO_BOUND in a COLUMN_AGE is "inf" (JSON null).
 */
struct libscols_line *table_row(struct table *table, struct libscols_line *parent,
				const void *row);
/* "red", "yellow", "bold", ... for the cell of a column; only where colours are wanted. */
void table_color(struct table *table, struct libscols_line *line, const char *column,
		 const char *color);
/* Is this column of the view going to be shown? */
bool table_shows(const struct table *table, int column);
/* Whether it could be written, main() says. */
void table_print(struct table *table);
/* A table as a text, to be freed, for a terminal with @width columns; 0: as wide as it is. */
char *table_render(struct table *table, int width);
/*
 * A line for people, where there is a page instead of a table: on a terminal, what does not fit
 * goes on below, @indent characters further in.
 */
void table_line(const struct table *table, int indent, const char *text);
/* Of the terminal, or as wide as one usually is. */
int table_width(const struct table *table);
/* UTF-8 on a terminal that shows it? For bars and trees. */
bool table_utf8(const struct output *output);
