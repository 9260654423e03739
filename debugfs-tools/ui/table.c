// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables, on libsmartcols: which columns, and how a number of each type is written for
 * people, for scripts and in JSON.
 */
#include <langinfo.h>
#include <limits.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>

#include "ui/format.h"
#include "system/amount.h"
#include "ui/table.h"

/* A share of refaults that is worth a look, and one that hurts; ppm. */
#define RATE_HIGH	100000
#define RATE_BAD	300000
#define PATH_MIN	16	/* what a narrow terminal leaves of a path */

struct table {
	const struct view *view;
	const struct output *output;
	struct libscols_table *smart;
	int nr_shown;
	int *shown;		/* by place in the output: index in the view */
};

const struct column *view_column(const struct view *view, int i)
{
	int group = view->counters[1].list && i >= view->counters[1].at;

	if (view->columns[i].name)
		return &view->columns[i];
	return &view->counters[group].list[i - view->counters[group].at].column;
}

/* What column @i of @row is in. */
static const void *view_at(const struct view *view, int i, const void *row)
{
	int group = view->counters[1].list && i >= view->counters[1].at;
	size_t where = view->columns[i].where;

	if (!view->columns[i].name)
		where = view->counters[group].base +
			view->counters[group].list[i - view->counters[group].at].where;
	return (const char *)row + where;
}

num view_number(const struct view *view, int i, const void *row)
{
	enum column_type type = view_column(view, i)->type;
	const void *at = view_at(view, i, row);
	double rate;

	if (type < COLUMN_RATE)
		return type == COLUMN_PAGES ? amount_bytes(*(const num *)at) : *(const num *)at;
	if (type > COLUMN_RATE)
		return -ENODATA;
	rate = *(const double *)at;
	return rate < 0 ? -ENODATA : (num)fmin(rate * 1000 + 0.5, 0x1p62);
}

/* What libsmartcols can fail with here is memory. */
static void done(int error)
{
	xchecked(error ? NULL : &error);
}

bool output_is_table(const struct output *output)
{
	return output->json || output->raw || output->bytes || output->noheadings ||
	       output->all || output->list;
}

static bool colors_wanted(const struct output *output)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return !output->json && !output->raw && isatty(STDOUT_FILENO) && term &&
	       strcmp(term, "dumb") && !(no_color && *no_color);
}

static bool locale_is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool table_utf8(const struct output *output)
{
	return !output->json && !output->raw && isatty(STDOUT_FILENO) && locale_is_utf8();
}

static int find_column(const struct view *view, const char *name)
{
	for (int i = 0; i < view->nr_columns; i++) {
		if (!strcasecmp(view_column(view, i)->name, name))
			return i;
	}
	return -ENOENT;
}

static void say_no_column(const struct view *view, const char *name)
{
	autofree char *list = xstrdup("");

	for (int i = 0; i < view->nr_columns; i++)
		xappend(&list, "%s%s", i ? ", " : "", view_column(view, i)->name);

	if (*name)
		say_error("unknown column '%s' (known: %s)", name, list);
	else
		say_error("missing column (known: %s)", list);
}

bool table_shows(const struct table *table, int column)
{
	for (int i = 0; i < table->nr_shown; i++) {
		if (table->shown[i] == column)
			return true;
	}
	return false;
}

static void show(struct table *table, int column)
{
	/* An object in JSON has each key once. */
	if (table->output->json && table_shows(table, column))
		return;
	table->shown = xrealloc(table->shown, (table->nr_shown + 1) * sizeof(*table->shown));
	table->shown[table->nr_shown++] = column;
}

static void show_default(struct table *table)
{
	bool script = table->output->json || table->output->raw;

	for (int i = 0; i < table->view->nr_columns; i++) {
		const struct column *column = view_column(table->view, i);

		if (column->shown && !(script && column->type == COLUMN_BAR))
			show(table, i);
	}
}

static int show_list(struct table *table, const char *list)
{
	autofree char *copy = xstrdup(list);
	char *rest = copy, *name;

	if (*rest == '+') {
		show_default(table);
		rest++;
	}
	while ((name = strsep(&rest, ","))) {
		int column = find_column(table->view, name);

		if (column < 0) {
			say_no_column(table->view, name);
			return column;
		}
		show(table, column);
	}
	return 0;
}

/* What each type of column is to libsmartcols, and how a number in units is written. */
static const struct {
	int flags, json;
	double unit;
	const char *brief, *exact;
} types[] = {
	[COLUMN_BOOL] = { 0, SCOLS_JSON_BOOLEAN_OPTIONAL },
	[COLUMN_COUNT ... COLUMN_AGE] = { SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[COLUMN_PPM ... COLUMN_REFAULTS] = { SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, 1e4, "%.2f%%", "%.4f" },
	[COLUMN_RATIO ... COLUMN_RATE] = { SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, 1e3, "%.2f", "%.3f" },
	[COLUMN_TEXT ... COLUMN_BAR] = { 0, SCOLS_JSON_STRING },
	[COLUMN_TREE] = { SCOLS_FL_TREE | SCOLS_FL_TRUNC, SCOLS_JSON_STRING },
	[COLUMN_PATH] = { SCOLS_FL_TRUNC, SCOLS_JSON_STRING },
};

static void add_column(struct table *table, const struct column *column)
{
	int flags = types[column->type].flags;
	struct libscols_column *new;

	/* libsmartcols draws trees in raw output, too: no script wants to read that. */
	if (table->output->raw)
		flags &= ~SCOLS_FL_TREE;
	new = xchecked(scols_table_new_column(table->smart, column->name, 0, flags));
	done(scols_column_set_json_type(new, types[column->type].json));
}

struct table *table_new(const struct view *view, const struct output *output)
{
	struct table *table = xcalloc(1, sizeof(*table));

	table->view = view;
	table->output = output;
	if (output->all) {
		for (int i = 0; i < view->nr_columns; i++)
			show(table, i);
	} else if (!output->list) {
		show_default(table);
	} else if (show_list(table, output->list)) {
		table_free(table);
		return NULL;
	}

	table->smart = xchecked(scols_new_table());
	done(scols_table_set_name(table->smart, view->name));
	/* These return what was set before. */
	scols_table_enable_json(table->smart, output->json);
	scols_table_enable_raw(table->smart, output->raw);
	scols_table_enable_noheadings(table->smart, output->noheadings);
	scols_table_enable_colors(table->smart, colors_wanted(output));
	scols_table_enable_ascii(table->smart, !table_utf8(output));
	/* It would make "\\x5cx2d" of the "\\x2d" that systemd has in names. */
	scols_table_enable_noencoding(table->smart, !output->json && !output->raw);
	for (int i = 0; i < table->nr_shown; i++)
		add_column(table, view_column(view, table->shown[i]));
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	scols_unref_table(table->smart);
	free(table->shown);
	free(table);
}

/* @value, which is known. */
static struct brief number_text(enum column_type type, bool exact, num value)
{
	double unit = types[type].unit;
	struct brief brief;

	if (type == COLUMN_AGE && (!exact || value == AGE_NO_BOUND))
		return format_age(value);
	if ((type == COLUMN_SIZE || type == COLUMN_PAGES) && !exact)
		return format_size(value);
	if (type == COLUMN_BOOL)
		strcpy(brief.text, value ? "yes" : "no");
	else if (unit && exact)
		sprintf(brief.text, types[type].exact, value / unit);
	else if (unit)
		/* Half of a hundredth is rounded up, though 0.145 is a little less */
		sprintf(brief.text, types[type].brief, round(value / (unit / 100)) / 100);
	else
		sprintf(brief.text, "%lld", value);
	return brief;
}

/* As a text to be freed; NULL: not known. */
static char *cell(const struct table *table, int column, const void *row)
{
	const struct output *output = table->output;
	enum column_type type = view_column(table->view, column)->type;
	const char *text;
	num value;

	if (type >= COLUMN_TEXT) {
		text = *(char *const *)view_at(table->view, column, row);
		/* Nothing at all would move what follows in raw output. */
		if (!text || (output->raw && !*text))
			return NULL;
		if (output->raw)
			return xstrdup(text);
		return output->json ? utf8_copy(text) : utf8_printable(text, locale_is_utf8());
	}
	value = view_number(table->view, column, row);
	/* JSON has no infinity */
	if (value < 0 || (output->json && type == COLUMN_AGE && value == AGE_NO_BOUND))
		return NULL;
	return xstrdup(number_text(type, output->json || output->bytes, value).text);
}

void table_color(struct table *table, struct libscols_line *line, const char *column,
		 const char *color)
{
	for (int i = 0; i < table->nr_shown; i++) {
		if (!strcmp(view_column(table->view, table->shown[i])->name, column))
			done(scols_cell_set_color(xchecked(scols_line_get_cell(line, i)), color));
	}
}

struct libscols_line *table_row(struct table *table, struct libscols_line *parent, const void *row)
{
	struct libscols_line *line = xchecked(scols_table_new_line(table->smart, parent));

	for (int i = 0; i < table->nr_shown; i++) {
		const struct column *column = view_column(table->view, table->shown[i]);
		char *text = cell(table, table->shown[i], row);
		num value = view_number(table->view, table->shown[i], row);

		if (!text && !table->output->json)
			text = xstrdup("-");
		/* It is the line's from now on */
		done(scols_line_refer_data(line, i, text));
		if (column->type == COLUMN_REFAULTS && value >= RATE_HIGH)
			table_color(table, line, column->name,
				    value >= RATE_BAD ? "red" : "yellow");
	}
	return line;
}

/* The end of a path says more about it than the beginning; to be freed. */
static char *fit_path(const char *path, size_t room)
{
	size_t length = strlen(path);
	const char *tail;

	if (length <= room)
		return xstrdup(path);
	tail = path + length - (room - 2);
	/* Not in the middle of a character */
	while ((*tail & 0xc0) == 0x80)
		tail++;
	return xasprintf("..%s", tail);
}

static void cut_paths(struct table *table, int column, char *const *path, int room)
{
	for (size_t i = 0; path[i]; i++)
		done(scols_line_refer_data(scols_table_get_line(table->smart, i), column,
					   fit_path(path[i], room)));
}

/*
 * Hide columns, the last ones first, until the lines fit into @width with what is needed of paths,
 * which have the rest.  Columns that the user has asked for stay, and so does the first.
 */
static void fit(struct table *table, int width)
{
	bool asked_for = table->output->list || table->output->all;
	size_t nr = scols_table_get_nlines(table->smart);
	autofree char **path = xcalloc(nr + 1, sizeof(*path)), *text = NULL;
	int used = -1, at = table->nr_shown - 1;

	if (width <= 0)
		return;
	while (at >= 0 && view_column(table->view, table->shown[at])->type < COLUMN_TREE)
		at--;
	for (size_t i = 0; i < nr && at >= 0; i++) {
		struct libscols_line *line = scols_table_get_line(table->smart, i);

		path[i] = xstrdup(scols_cell_get_data(scols_line_get_cell(line, at)));
	}
	cut_paths(table, at, path, PATH_MIN);
	/* How wide each has to be it finds out when it prints; there is a blank between two */
	scols_table_set_termforce(table->smart, SCOLS_TERMFORCE_NEVER);
	done(scols_print_table_to_string(table->smart, &text));
	for (int i = 0; i < table->nr_shown; i++)
		used += 1 + scols_column_get_width(scols_table_get_column(table->smart, i));
	for (int i = table->nr_shown - 1; i > 0 && used > width && !asked_for; i--) {
		struct libscols_column *column = scols_table_get_column(table->smart, i);

		used -= 1 + scols_column_get_width(column);
		done(scols_column_set_flags(column, scols_column_get_flags(column) |
					    SCOLS_FL_HIDDEN));
	}
	cut_paths(table, at, path, PATH_MIN + (used < width ? width - used : 0));
	for (size_t i = 0; i < nr; i++)
		free(path[i]);
	scols_table_set_termforce(table->smart, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table->smart, width);
}

int table_width(const struct table *table)
{
	return scols_table_get_termwidth(table->smart);
}

/* Bytes of @text that fit into @width: up to a blank behind @indent, where there is one. */
static size_t break_line(const char *text, int indent, int width)
{
	size_t end = 0, blank = 0;

	for (int column = 0; text[end]; end++) {
		if ((text[end] & 0xc0) != 0x80 && ++column > width)
			break;
		if (text[end] == ' ' && column > indent)
			blank = end;
	}
	return text[end] && text[end] != ' ' && blank ? blank : end;
}

void table_line(const struct table *table, int indent, const char *text)
{
	autofree char *printable = utf8_printable(text, locale_is_utf8());
	int width = isatty(STDOUT_FILENO) ? table_width(table) : 0, left = 0;

	if (width <= 0)
		width = INT_MAX;
	if (indent > width / 2)
		indent = width / 2;
	text = printable;
	do {
		size_t length = break_line(text, left ? 0 : indent, width - left);

		printf("%*s%.*s\n", left, "", (int)length, text);
		text += length;
		text += strspn(text, " ");
		left = indent;
	} while (*text);
}

void table_print(struct table *table)
{
	if (!table->output->json && !table->output->raw && isatty(STDOUT_FILENO))
		fit(table, table_width(table));
	scols_print_table(table->smart);
}

char *table_render(struct table *table, int width)
{
	autofree char *text = NULL;

	if (width)
		fit(table, width);
	else
		scols_table_set_termforce(table->smart, SCOLS_TERMFORCE_NEVER);
	/* What is looked at again and again has its headings, even without a line */
	if (!table->output->json && !table->output->raw && !scols_table_get_nlines(table->smart))
		xchecked(scols_table_new_line(table->smart, NULL));
	done(scols_print_table_to_string(table->smart, &text));
	/* Other than JSON, a table has no end of line behind its last one. */
	return xasprintf("%s%s", text ? text : "", table->output->json || !text ? "" : "\n");
}
