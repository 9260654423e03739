// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl top: the cgroups with the most cold data in zswap, live.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/amount.h"
#include "ui/format.h"
#include "commands/commands.h"
#include "ui/screen.h"
#include "system/system.h"

#define COLD_DEFAULT	300	/* seconds */
#define DELAY_DEFAULT	2	/* seconds */
#define OTHER_COLUMNS	49	/* width of those that are shown beside the path */
#define PATH_MIN	16	/* what a narrow terminal leaves of a path */

enum {
	CGROUP, ID, COLD, COMPRESSED, PAGES, SIZE, INCOMPRESSIBLE, OLDEST, RESIDENT, WRITEBACK,
	WRITTEN_S, REFAULTED_S, REFAULT_MIN, NR_COLUMNS
};

static const struct column columns[NR_COLUMNS] = {
	[CGROUP] = { "CGROUP", COLUMN_PATH, true, "path" },
	[ID] = { "ID", COLUMN_COUNT, false, "the kernel's number for it" },
	[COLD] = { "COLD", COLUMN_SIZE, true, "of COMPRESSED: at least --cold old" },
	[COMPRESSED] = { "COMPRESSED", COLUMN_SIZE, true, "its pages' size in zswap" },
	[PAGES] = { "PAGES", COLUMN_COUNT, false, "its pages in zswap" },
	[SIZE] = { "SIZE", COLUMN_SIZE, false, "their size before compression" },
	[INCOMPRESSIBLE] = { "INCOMPRESSIBLE", COLUMN_COUNT, false,
			     "pages of those that are stored as they are" },
	[OLDEST] = { "OLDEST", COLUMN_AGE, true, "the oldest pages are at least this old" },
	[RESIDENT] = { "RESIDENT", COLUMN_SIZE, false, "in memory" },
	[WRITEBACK] = { "WRITEBACK", COLUMN_BOOL, false, "may it be written: memory.zswap.writeback, here and above" },
	[WRITTEN_S] = { "WRITTEN/S", COLUMN_SIZE, false,
			"page data written by commands a second" },
	[REFAULTED_S] = { "REFAULTED/S", COLUMN_SIZE, true,
			  "of that read back a second" },
	[REFAULT_MIN] = { "REFAULT/MIN", COLUMN_PPM, true,
			  "read back a minute, in percent of RESIDENT" },
};

static const struct view view = { .name = "cgroups", .columns = columns, .nr_columns = NR_COLUMNS };
static const struct view *const views[] = { &view, NULL };

/* What a cgroup had counted at the last look. */
struct count {
	uint64_t id;
	num written, refaulted;
};

struct row {
	const struct cgroup *cgroup;
	num cold, compressed, oldest, resident;
	num written, refaulted;		/* pages since the last look; -ENODATA at the first */
};

struct top {
	num cold, seconds, iterations;
	num rows;			/* 0: all */
	const char *sort_name, *filter;
	int sort;			/* index in orders */
	bool help;			/* is shown instead of the table */

	const struct source *source;
	const struct output *output;
	bool details;			/* a column wants them */

	struct cgroups cgroups;
	int nr_rows;
	struct row *row;		/* sorted */
	int nr_counts;
	struct count *count;		/* sorted by id */
	num time_ms, elapsed_ms;
};

#define WHERE(member)	offsetof(struct top, member)

static const struct option_spec options[] = {
	{ "delay", 'd', OPTION_SECONDS, WHERE(seconds), "time from one look to the next (2)" },
	{ "iterations", 0, OPTION_COUNT, WHERE(iterations), "end after N looks" },
	{ "cold", 0, OPTION_AGE, WHERE(cold), "what counts as cold (5m)" },
	{ "lines", 0, OPTION_COUNT, WHERE(rows), "print N cgroups at most" },
	{ "sort", 's', OPTION_TEXT, WHERE(sort_name),
	  "the largest first: cold (as usual), compressed, oldest, resident, refaulted; or path" },
	{ "filter", 'f', OPTION_TEXT, WHERE(filter), "only cgroups with this in their paths" },
	{ }
};

static const struct top defaults = { .cold = COLD_DEFAULT, .seconds = DELAY_DEFAULT };

static int by_id(const void *a, const void *b)
{
	const struct count *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

/* What to sort by, and the key for it; without a number it is the path. */
static const struct {
	const char *name;
	char key;
	size_t where;			/* in struct row; 0 is none of those */
} orders[] = {
	{ "cold", 'c', offsetof(struct row, cold) },
	{ "compressed", 'z', offsetof(struct row, compressed) },
	{ "oldest", 'o', offsetof(struct row, oldest) },
	{ "resident", 'm', offsetof(struct row, resident) },
	{ "refaulted", 'f', offsetof(struct row, refaulted) },
	{ "path", 'p', 0 },
};

/* The largest first; those that are equal by path. */
static int by_order(const void *a, const void *b, void *data)
{
	const struct row *left = a, *right = b;
	size_t where = *(const size_t *)data;

	if (where) {
		num one = *(const num *)((const char *)left + where);
		num other = *(const num *)((const char *)right + where);

		if (one != other)
			return one > other ? -1 : 1;
	}
	return strcmp(left->cgroup->path, right->cgroup->path);
}

static void sort_rows(struct top *top)
{
	size_t where = orders[top->sort].where;

	qsort_r(top->row, top->nr_rows, sizeof(*top->row), by_order, &where);
}

/* Which of the cgroups have a line. */
static void make_rows(struct top *top)
{
	top->row = xrealloc(top->row, (top->cgroups.nr + 1) * sizeof(*top->row));
	top->nr_rows = 0;
	for (int i = 0; i < top->cgroups.nr; i++) {
		const struct cgroup *cgroup = &top->cgroups.cgroup[i];
		const struct count *before, key = { .id = cgroup->id };
		struct row *row = &top->row[top->nr_rows];
		struct age_bucket total, cold;

		amount_total(&cgroup->ages, &total);
		if (!total.pages || (top->filter && !strstr(cgroup->path, top->filter)))
			continue;
		top->nr_rows++;
		row->cgroup = cgroup;
		row->compressed = total.bytes;
		row->oldest = amount_oldest(&cgroup->ages);
		row->resident = cgroup->own.resident;
		amount_colder(&cgroup->ages, top->cold, &cold);
		row->cold = cold.bytes;
		row->written = -ENODATA;
		row->refaulted = -ENODATA;
		before = top->nr_counts ? bsearch(&key, top->count, top->nr_counts,
						  sizeof(*top->count), by_id) : NULL;
		if (before) {
			row->written = amount_since(cgroup->own.written, before->written);
			row->refaulted = amount_since(cgroup->own.refaulted, before->refaulted);
		}
	}
	sort_rows(top);
}

static void keep_counts(struct top *top)
{
	top->nr_counts = top->details ? top->cgroups.nr : 0;
	top->count = xrealloc(top->count, (top->nr_counts + 1) * sizeof(*top->count));
	for (int i = 0; i < top->nr_counts; i++) {
		const struct cgroup *cgroup = &top->cgroups.cgroup[i];

		top->count[i] = (struct count){ cgroup->id, cgroup->own.written, cgroup->own.refaulted };
	}
	qsort(top->count, top->nr_counts, sizeof(*top->count), by_id);
}

static int look(void *data)
{
	struct top *top = data;
	struct cgroups cgroups;
	int error = cgroups_read(top->source, UINT64_MAX, false, &cgroups);
	num now_ms;

	if (error)
		return error;
	if (top->details)
		cgroups_read_details(top->source, &cgroups);
	now_ms = clock_us() / 1000;
	top->elapsed_ms = now_ms - top->time_ms;
	top->time_ms = now_ms;

	cgroups_free(&top->cgroups);
	top->cgroups = cgroups;
	make_rows(top);
	keep_counts(top);
	return 0;
}

/* The end of a path says more about it than the beginning; to be freed. */
static char *fit_path(const char *path, int width)
{
	int room = width - OTHER_COLUMNS > PATH_MIN ? width - OTHER_COLUMNS : PATH_MIN;
	size_t length = strlen(path);
	const char *tail;

	if (!width || length <= (size_t)room)
		return xstrdup(path);
	tail = path + length - (room - 2);
	/* Not in the middle of a character. */
	while ((*tail & 0xc0) == 0x80)
		tail++;
	return xasprintf("..%s", tail);
}

static void put_row(struct table *table, const struct top *top, const struct row *row, int width)
{
	const struct cgroup *cgroup = row->cgroup;
	struct libscols_line *line = table_line(table, NULL);
	num refaulted_bytes = amount_bytes(row->refaulted);
	char *path = fit_path(cgroup->path, width);
	struct age_bucket total;

	amount_total(&cgroup->ages, &total);
	table_text(table, line, CGROUP, path);
	free(path);
	table_number(table, line, ID, cgroup->id);
	table_number(table, line, COLD, row->cold);
	table_number(table, line, COMPRESSED, row->compressed);
	table_number(table, line, PAGES, total.pages);
	table_number(table, line, SIZE, amount_bytes(total.pages));
	table_number(table, line, INCOMPRESSIBLE, total.incompressible);
	table_number(table, line, OLDEST, amount_oldest(&cgroup->ages));
	if (!top->details)
		return;
	table_number(table, line, RESIDENT, cgroup->own.resident);
	table_number(table, line, WRITEBACK, !cgroup->off);
	table_number(table, line, WRITTEN_S,
		     amount_ratio(amount_bytes(row->written), top->elapsed_ms, 1000));
	table_number(table, line, REFAULTED_S,
		     amount_ratio(refaulted_bytes, top->elapsed_ms, 1000));
	/* 1000 ms a second, 60 s a minute, 1000000 ppm */
	table_number(table, line, REFAULT_MIN,
		     amount_ratio(amount_ratio(refaulted_bytes, top->elapsed_ms, 60000),
				  cgroup->own.resident, 1000000));
	if (row->refaulted > 0)
		table_color(table, line, REFAULTED_S, "yellow");
}

/* Above the table on a terminal; to be freed. */
static char *heading(const struct top *top)
{
	num cold = 0, compressed = 0;
	char *cold_text, *compressed_text, *age, *text;

	for (int i = 0; i < top->nr_rows; i++) {
		cold = amount_add(cold, top->row[i].cold);
		compressed = amount_add(compressed, top->row[i].compressed);
	}
	cold_text = format_size(cold);
	compressed_text = format_size(compressed);
	age = format_age(top->cold);
	text = xasprintf("%d cgroups, %s in zswap, %s of it %s or older; every %llds; h: help",
			 top->nr_rows, compressed_text, cold_text, age, top->seconds);
	free(cold_text);
	free(compressed_text);
	free(age);
	return text;
}

/* For whoever presses h; to be freed. */
static char *help_text(void)
{
	char *text = xstrdup("q quits, h shows or hides this; sort by:\n");

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		char *longer = xasprintf("%s  %c  %s\n", text, orders[i].key, orders[i].name);

		free(text);
		text = longer;
	}
	return text;
}

static bool key(void *data, char key)
{
	struct top *top = data;

	if (key == 'h' || key == '?')
		top->help = !top->help;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (orders[i].key != key)
			continue;
		top->sort = i;
		top->help = false;
		sort_rows(top);
	}
	return true;
}

/* Returns an exit status. */
static int find_order(struct top *top)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (!top->sort_name || !strcmp(top->sort_name, orders[i].name)) {
			top->sort = i;
			return EX_DONE;
		}
	}
	say_error("--sort: invalid argument '%s'", top->sort_name);
	return EX_USAGE;
}

static char *draw(void *data, int lines, int width)
{
	struct top *top = data;
	struct table *table = table_new(&view, top->output);
	char *head, *body, *text;

	if (top->help) {
		table_free(table);
		return help_text();
	}
	for (int i = 0; i < top->nr_rows; i++) {
		if ((top->rows && i >= top->rows) || (lines && i >= lines))
			break;
		put_row(table, top, &top->row[i], width);
	}
	body = table_render(table, width);
	table_free(table);
	if (!lines)
		return body;

	/* What does not fit would be written over the last column. */
	head = heading(top);
	text = xasprintf("%.*s\n%s", width, head, body);
	free(head);
	free(body);
	return text;
}

static bool wants_details(const struct table *table)
{
	return table_shows(table, RESIDENT) || table_shows(table, WRITEBACK) ||
	       table_shows(table, WRITTEN_S) || table_shows(table, REFAULTED_S) ||
	       table_shows(table, REFAULT_MIN);
}

static int run(struct context *context, void *data)
{
	struct top *top = data;
	const struct screen_view screen = {
		.data = top,
		.look = look,
		.draw = draw,
		.key = key,
		.seconds = top->seconds,
		.iterations = top->iterations,
	};
	struct table *table;
	int result;

	result = find_order(top);
	if (result)
		return result;
	top->source = &context->source;
	top->output = &context->output;
	table = table_new(&view, top->output);
	if (!table)
		return EX_USAGE;
	top->details = wants_details(table) || top->sort_name;
	table_free(table);
	result = screen_run(context, &screen);
	if (result < 0)
		result = options_say_unreadable(top->source, "the cgroups in zswap", result);
	cgroups_free(&top->cgroups);
	free(top->row);
	free(top->count);
	return result;
}

const struct subcommand top_subcommand = {
	.name = "top",
	.summary = "the cgroups with the most cold data in zswap, live",
	.options = options,
	.views = views,
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
