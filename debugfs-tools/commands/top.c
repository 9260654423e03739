// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl top: the cgroups with the most cold data in zswap, live.
 *
 * All columns of a line count the same pages: those of the cgroup without those below it; with those
 * below it in a tree, and at the depth where the list ends.
 */
#include "commands/commands.h"
#include "decide/model.h"
#include "system/amount.h"
#include "ui/format.h"
#include "ui/screen.h"

#define DELAY_DEFAULT	2	/* seconds */
#define FILTER_MAX	128	/* bytes */
#define HEADINGS	2	/* lines */
#define ESCAPE		27

struct row {
	struct age_bucket total;
	const char *path;		/* as it is shown */
	num id, cold, oldest, resident, writeback;
	num refaulted;			/* pages since the last look; -ENODATA at the first */
	num written_s, refaulted_s;	/* bytes */
	num refaults;			/* ppm a minute */
	int depth;
};

#define ROW(member)	offsetof(struct row, member)

static const struct column columns[] = {
	{ "CGROUP", COLUMN_PATH, true, "path", ROW(path) },
	{ "ID", COLUMN_COUNT, false, "the kernel's number for it", ROW(id) },
	{ "COLD", COLUMN_SIZE, true, "of COMPRESSED: at least --cold old", ROW(cold) },
	{ "COMPRESSED", COLUMN_SIZE, true, "its pages' size in zswap", ROW(total.bytes) },
	{ "PAGES", COLUMN_COUNT, false, "its pages in zswap", ROW(total.pages) },
	{ "SIZE", COLUMN_PAGES, false, "their size before compression", ROW(total.pages) },
	{ "INCOMPRESSIBLE", COLUMN_COUNT, false, "pages of those that are stored as they are",
	  ROW(total.incompressible) },
	{ "OLDEST", COLUMN_AGE, true, "the oldest pages are at least this old", ROW(oldest) },
	{ "RESIDENT", COLUMN_SIZE, false, "in memory", ROW(resident) },
	{ "WRITEBACK", COLUMN_BOOL, false,
	  "may it be written: memory.zswap.writeback, here and above", ROW(writeback) },
	{ "WRITTEN/S", COLUMN_SIZE, false, "page data written by commands a second",
	  ROW(written_s) },
	{ "REFAULTED/S", COLUMN_SIZE, true, "of that read back a second", ROW(refaulted_s) },
	{ "REFAULT/MIN", COLUMN_PPM, true,
	  "read back a minute, in percent of what swap backs, as target-refault has it",
	  ROW(refaults) },
};

struct top {
	struct screen_view screen;
	num cold;
	num depth;			/* 0: all; 1: only those below the root */
	const char *sort_name, *filter;
	int sort;			/* index in orders */
	bool tree;
	bool help;			/* is shown instead of the table */
	bool typing;			/* keys go to the filter */
	char typed[FILTER_MAX];
	int first, page;		/* of the lines that are seen */

	const struct source *source;
	const struct output *output;
	struct cgroups cgroups;
	struct row *row;		/* by cgroup */
	int nr_shown;
	int *shown;			/* cgroups, sorted */
	num all_cold, all_compressed;
	struct cgroups before;		/* what was seen at the last look */
	num time_ms, elapsed_ms;
};

#define WHERE(member)	offsetof(struct top, member)

static const struct option_spec options[] = {
	{ "delay", 'd', OPTION_SECONDS, WHERE(screen.seconds), "time from one look to the next (2)" },
	{ "iterations", 0, OPTION_COUNT, WHERE(screen.iterations), "end after N looks" },
	{ "cold", 0, OPTION_AGE, WHERE(cold), "what counts as cold (5m)" },
	{ "sort", 's', OPTION_TEXT, WHERE(sort_name),
	  "the largest first: cold (as usual), compressed, oldest, resident, refaulted; or path" },
	{ "tree", 't', OPTION_FLAG, WHERE(tree), "as a tree: each with those below it" },
	{ "depth", 0, OPTION_COUNT, WHERE(depth),
	  "go N levels down; there, a cgroup counts with those below it" },
	{ "filter", 'f', OPTION_TEXT, WHERE(filter), "only cgroups with this in their paths" },
	{ }
};

/* What to sort by, and the key for it; without a number it is the path. */
static const struct {
	const char *name;
	char key;
	size_t where;			/* in struct row; 0 is none of those */
} orders[] = {
	{ "cold", 'c', ROW(cold) },
	{ "compressed", 'z', ROW(total.bytes) },
	{ "oldest", 'o', ROW(oldest) },
	{ "resident", 'm', ROW(resident) },
	{ "refaulted", 'f', ROW(refaulted) },
	{ "path", 'p', 0 },
};

/* The largest first; those that are equal by path. */
static int compare_values(const struct top *top, int a, int b)
{
	size_t where = orders[top->sort].where;

	if (where) {
		num one = *(const num *)((const char *)&top->row[a] + where);
		num other = *(const num *)((const char *)&top->row[b] + where);

		if (one != other)
			return one > other ? -1 : 1;
	}
	return strcmp(top->cgroups.cgroup[a].path, top->cgroups.cgroup[b].path);
}

/* In a tree siblings are compared: those that lead to the two. */
static int by_order(const void *left, const void *right, void *data)
{
	const struct top *top = data;
	const struct cgroup *cgroup = top->cgroups.cgroup;
	int a = *(const int *)left, b = *(const int *)right;

	while (top->tree && top->row[a].depth > top->row[b].depth)
		a = cgroup[a].parent;
	while (top->tree && top->row[b].depth > top->row[a].depth)
		b = cgroup[b].parent;
	/* One is above the other */
	if (a == b)
		return top->row[*(const int *)left].depth - top->row[*(const int *)right].depth;
	while (top->tree && cgroup[a].parent != cgroup[b].parent) {
		a = cgroup[a].parent;
		b = cgroup[b].parent;
	}
	return compare_values(top, a, b);
}

static void fill_row(struct top *top, int i)
{
	const struct cgroup *cgroup = &top->cgroups.cgroup[i];
	bool whole = top->tree || (top->depth && top->row[i].depth == top->depth);
	const struct age_table *ages = whole ? &top->cgroups.sum[i] : &cgroup->ages;
	const struct cgroup_usage *usage = whole ? &cgroup->all : &cgroup->own;
	const struct cgroup *before = cgroups_find(&top->before, cgroup->path);
	const struct cgroup_usage *then = NULL;
	struct row *row = &top->row[i];
	num memory, back;

	row->total = amount_colder(ages, 0);
	if (before && before->id == cgroup->id)
		then = whole ? &before->all : &before->own;
	row->id = cgroup->id;
	row->cold = amount_colder(ages, top->cold).bytes;
	row->oldest = amount_oldest(ages);
	row->resident = usage->resident;
	row->writeback = !cgroup->off;
	row->refaulted = then ? amount_since(usage->refaulted, then->refaulted) : -ENODATA;
	back = amount_bytes(row->refaulted);
	row->refaulted_s = amount_ratio(back, top->elapsed_ms, 1000);
	row->written_s = amount_ratio(amount_bytes(then ? amount_since(usage->written,
								       then->written) : -ENODATA),
				      top->elapsed_ms, 1000);
	/* What refaults are a share of; 1000 ms a second, 60 s a minute */
	memory = usage->anon < 0 ? usage->anon :
		 amount_bytes((num)model_allowed(PPM, usage->anon, row->total.pages,
						 amount_page_size()));
	row->refaults = amount_ratio(amount_ratio(back, top->elapsed_ms, 60000), memory, PPM);
}

/* Which of the cgroups have a line. */
static void make_rows(struct top *top)
{
	const struct cgroup *cgroup = top->cgroups.cgroup;

	top->row = xrealloc(top->row, (top->cgroups.nr + 1) * sizeof(*top->row));
	top->shown = xrealloc(top->shown, (top->cgroups.nr + 1) * sizeof(*top->shown));
	top->nr_shown = 0;
	top->all_cold = 0;
	top->all_compressed = 0;
	for (int i = 0; i < top->cgroups.nr; i++) {
		const struct age_table *own = &cgroup[i].ages;
		struct row *row = &top->row[i];

		row->depth = cgroup[i].parent < 0 ? 0 : top->row[cgroup[i].parent].depth + 1;
		fill_row(top, i);
		if (!strstr(cgroup[i].path, top->typed))
			continue;
		top->all_compressed = amount_add(top->all_compressed, amount_colder(own, 0).bytes);
		top->all_cold = amount_add(top->all_cold, amount_colder(own, top->cold).bytes);
		/* All of its pages may be on the disk, and on their way back */
		if ((row->total.pages || row->refaulted > 0) &&
		    (!top->depth || row->depth <= top->depth))
			top->shown[top->nr_shown++] = i;
	}
	qsort_r(top->shown, top->nr_shown, sizeof(*top->shown), by_order, top);
}

static int look(void *data)
{
	struct top *top = data;
	struct cgroups cgroups;
	num now_ms;
	int error;

	/* Of thousands of cgroups they are large, and only rows are made of them */
	free(top->cgroups.sum);
	top->cgroups.sum = NULL;
	error = cgroups_read(top->source, UINT64_MAX, &cgroups);
	if (error)
		return error;
	cgroups_sum(&cgroups);
	cgroups_read_details(top->source, &cgroups);
	now_ms = clock_us() / 1000;
	top->elapsed_ms = now_ms - top->time_ms;
	top->time_ms = now_ms;

	cgroups_free(&top->before);
	top->before = top->cgroups;
	top->cgroups = cgroups;
	make_rows(top);
	return 0;
}

static void put_row(struct table *table, const struct top *top, int i)
{
	const char *path = top->cgroups.cgroup[i].path;
	bool tree = top->tree && !top->output->json && !top->output->raw;
	autofree char *indented = xasprintf("%*s%s", 2 * top->row[i].depth, "",
					    cgroup_name(path));
	struct row row = top->row[i];
	struct libscols_line *line;

	row.path = tree ? indented : path;
	line = table_row(table, NULL, &row);
	if (row.refaulted > 0)
		table_color(table, line, "REFAULTED/S", "yellow");
}

/* Above the table on a terminal; to be freed.  What does not fit would be written over its end. */
static char *heading(const struct top *top, int width)
{
	autofree char *hidden = top->cgroups.foreign ?
		xasprintf(", %d outside of this namespace", top->cgroups.foreign) : xstrdup("");
	autofree char *text = top->typing ? xasprintf("only paths with: %s_", top->typed) :
		xasprintf("%d cgroups%s, %s in zswap, %s of it %s or older; each %llds; h: help%s%s",
			  top->nr_shown, hidden, format_size(top->all_compressed).text,
			  format_size(top->all_cold).text, format_age(top->cold).text,
			  top->screen.seconds, *top->typed ? "; with " : "", top->typed);

	return xasprintf("%.*s\n", width, text);
}

/* For whoever presses h; to be freed. */
static char *help_text(void)
{
	char *text = xstrdup("q quits, h shows or hides this\n"
			     "t shows a tree, or a list again\n"
			     "1 to 9 go as many levels down, 0 goes down to the end\n"
			     "/ shows only paths with what is typed then; Enter ends it\n"
			     "the arrows, Page Up, Page Down, Home and End scroll\n"
			     "sort by:\n");

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		xappend(&text, "  %c  %s\n", orders[i].key, orders[i].name);

	return text;
}

static void type(struct top *top, int key)
{
	size_t length = strlen(top->typed);

	if (key == '\n' || key == '\r')
		top->typing = false;
	else if (key == ESCAPE)
		*top->typed = '\0';
	else if (key == 127 || key == '\b')
		top->typed[length ? length - 1 : 0] = '\0';
	else if (key >= ' ' && key < 256 && length < sizeof(top->typed) - 1)
		memcpy(top->typed + length, (char []){ key, '\0' }, 2);
	make_rows(top);
}

static bool key(void *data, int key)
{
	struct top *top = data;

	if (top->typing) {
		type(top, key);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (orders[i].key != key)
			continue;
		top->sort = i;
		top->help = false;
		qsort_r(top->shown, top->nr_shown, sizeof(*top->shown), by_order, top);
		return true;
	}
	if (key == 'h' || key == '?')
		top->help = !top->help;
	else if (key == 't')
		top->tree = !top->tree;
	else if (key >= '0' && key <= '9')
		top->depth = key - '0';
	else if (key == '/')
		top->typing = true;
	else if (key == SCREEN_UP || key == SCREEN_DOWN)
		top->first += key == SCREEN_UP ? -1 : 1;
	else if (key == SCREEN_PAGE_UP || key == SCREEN_PAGE_DOWN)
		top->first += key == SCREEN_PAGE_UP ? -top->page : top->page;
	else if (key == SCREEN_HOME || key == SCREEN_END)
		top->first = key == SCREEN_HOME ? 0 : top->nr_shown;
	else
		return false;
	make_rows(top);
	return true;
}

/* Returns an exit status. */
static int find_order(struct top *top)
{
	autofree char *list = xstrdup("");

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (!top->sort_name || !strcasecmp(top->sort_name, orders[i].name)) {
			top->sort = i;
			return EX_DONE;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		xappend(&list, "%s%s", i ? ", " : "", orders[i].name);
	say_error("--sort: invalid argument '%s' (one of %s)", top->sort_name, list);
	return EX_USAGE;
}

static char *put(void *data, struct table *table, int lines, int width)
{
	struct top *top = data;
	int end = top->nr_shown;

	if (top->help)
		return help_text();
	if (!lines) {
		top->first = 0;
	} else {
		top->page = lines > HEADINGS ? lines - HEADINGS : 1;
		if (top->first > end - top->page)
			top->first = end - top->page;
		if (top->first < 0)
			top->first = 0;
		if (end > top->first + top->page)
			end = top->first + top->page;
	}
	for (int i = top->first; i < end; i++)
		put_row(table, top, top->shown[i]);
	return lines ? heading(top, width) : NULL;
}

static struct top given = {
	.screen = { &given, look, put, key, .seconds = DELAY_DEFAULT },
	.cold = COLD_DEFAULT,
};

static int run(struct context *context, void *data)
{
	struct top *top = data;
	int result = find_order(top);

	if (result)
		return result;
	top->source = &context->source;
	top->output = &context->output;
	snprintf(top->typed, sizeof(top->typed), "%s", top->filter ? top->filter : "");
	result = screen_run(context, &top->screen);
	options_say_foreign(&top->cgroups);
	return result;
}

const struct subcommand top_subcommand = {
	.name = "top",
	.summary = "the cgroups with the most cold data in zswap, live",
	.options = options,
	.views = { { VIEW("cgroups", columns) } },
	.data = &given,
	.run = run,
};
