// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl plan - propose an age for each cgroup, and show why; forecast.h has the reasoning.
 *
 * Each cgroup is looked at by itself, without those below it: its own entries, and of what the
 * kernel counts for subtrees, what is left without the children's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/amount.h"
#include "decide/forecast.h"
#include "ui/format.h"
#include "commands/commands.h"
#include "system/system.h"

#define DEFAULT_TARGET	2000	/* ppm a minute: 0.2 % */
#define DEFAULT_MIN_AGE	300	/* seconds */

struct plan {			/* the command line */
	num target;		/* ppm a minute; negative: not given */
	num bytes;		/* compressed; negative: not given */
	num min_age;		/* seconds; negative: not given */
	const char *cgroup;
	bool explain;
};

enum {
	COL_CGROUP, COL_ID, COL_AGE, COL_PAGES, COL_SIZE, COL_FREES, COL_REFAULTS,
	COL_OF_RESIDENT, COL_BASIS, COL_COMMAND,
};

static const struct column columns[] = {
	[COL_CGROUP] = { "CGROUP", COLUMN_TEXT, true, "path of the cgroup: without those below" },
	[COL_ID] = { "ID", COLUMN_COUNT, true, "its id" },
	[COL_AGE] = { "AGE", COLUMN_AGE, true, "proposed age; - if none is within the target" },
	[COL_PAGES] = { "PAGES", COLUMN_COUNT, true, "pages that are as old" },
	[COL_SIZE] = { "SIZE", COLUMN_SIZE, true, "the same in bytes: what would be written" },
	[COL_FREES] = { "FREES", COLUMN_SIZE, true,
			"their compressed bytes: what would leave the pool" },
	[COL_REFAULTS] = { "REFAULTS/MIN", COLUMN_RATIO, true,
			   "pages expected to be read back a minute" },
	[COL_OF_RESIDENT] = { "OF-RESIDENT", COLUMN_PPM, true,
			      "the same as a share of the resident pages" },
	[COL_BASIS] = { "BASIS", COLUMN_TEXT, true,
			"measured: as old pages were written before; or assumed" },
	[COL_COMMAND] = { "COMMAND", COLUMN_TEXT, false, "what writes them" },
};

static const struct view view = {
	.name = "plan",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
};

enum {
	EXP_CGROUP, EXP_AGE, EXP_MAX_AGE, EXP_PAGES, EXP_COMPRESSED, EXP_WRITTEN, EXP_CAME_BACK,
	EXP_BASIS, EXP_EXPECTED, EXP_SUM, EXP_VERDICT,
};

static const struct column explain_columns[] = {
	[EXP_CGROUP] = { "CGROUP", COLUMN_TEXT, true, "path of the cgroup" },
	[EXP_AGE] = { "AGE", COLUMN_AGE, true, "where the age bucket begins, coldest first" },
	[EXP_MAX_AGE] = { "MAX-AGE", COLUMN_AGE, false, "where it ends" },
	[EXP_PAGES] = { "PAGES", COLUMN_COUNT, true, "pages of the cgroup in it" },
	[EXP_COMPRESSED] = { "COMPRESSED", COLUMN_SIZE, true, "their compressed bytes" },
	[EXP_WRITTEN] = { "WRITTEN", COLUMN_SIZE, true,
			  "what commands wrote from this bucket before, in the whole system" },
	[EXP_CAME_BACK] = { "CAME-BACK", COLUMN_PPM, true,
			    "share of it that is expected to come back" },
	[EXP_BASIS] = { "BASIS", COLUMN_TEXT, true, "what that share goes by" },
	[EXP_EXPECTED] = { "EXPECTED", COLUMN_RATIO, true,
			   "refaults a minute, if these pages are written" },
	[EXP_SUM] = { "SUM", COLUMN_RATIO, true, "the same with all that are colder" },
	[EXP_VERDICT] = { "VERDICT", COLUMN_TEXT, true, "whether the bucket is taken, or why not" },
};

static const struct view explain_view = {
	.name = "explain",
	.columns = explain_columns,
	.nr_columns = ARRAY_SIZE(explain_columns),
	.when = "--explain",
};

static const struct view *const views[] = { &view, &explain_view, NULL };

#define WHERE(member)	offsetof(struct plan, member)

static const struct option_spec options[] = {
	{ "target-refault", 'T', OPTION_REFAULTS, WHERE(target),
	  "refaults to accept, of the resident pages (0.2%/min)" },
	{ "target-bytes", 0, OPTION_SIZE, WHERE(bytes),
	  "or: compressed bytes to free, by one age for all", .excludes = "target-refault" },
	{ "cgroup", 'c', OPTION_CGROUP, WHERE(cgroup),
	  "only this cgroup and those below: path, id, unit or pid:NUMBER" },
	{ "min-age", 0, OPTION_AGE, WHERE(min_age),
	  "propose nothing younger (5m; with --target-bytes 0)" },
	{ "explain", 0, OPTION_FLAG, WHERE(explain),
	  "show how each age bucket was judged, in a second table" },
	{ }
};

static const struct plan defaults = { .target = -1, .bytes = -1, .min_age = -1 };

/* A cgroup that has pages in zswap. */
struct item {
	const struct cgroup *cgroup;
	bool leaf;
	const char *obstacle;	/* why nothing can be written, or NULL */
	num resident;		/* pages */
	struct forecast forecast;
	struct forecast_sum sum;
};

struct proposal {
	const struct plan *plan;
	struct system system;
	struct cgroups cgroups;
	int nr;
	struct item *items;
};

/* What is below a cgroup follows it. */
static bool has_children(const struct cgroups *cgroups, int i)
{
	return i + 1 < cgroups->nr && cgroups->cgroup[i + 1].parent == i;
}

static const char *find_obstacle(const struct cgroups *cgroups, int i)
{
	if (cgroups->cgroup[i].removed)
		return "the cgroup was removed";
	return cgroups->cgroup[i].off ? "protected by memory.zswap.writeback" : NULL;
}

static int add_item(struct proposal *proposal, int i)
{
	const struct system *system = &proposal->system;
	const struct forecast_history all = {
		system->counters.written, system->counters.refaulted,
	};
	const struct cgroup *cgroup = &proposal->cgroups.cgroup[i];
	const struct forecast_history history = { cgroup->own.written, cgroup->own.refaulted };
	struct item *item = &proposal->items[proposal->nr];
	int error;

	error = forecast_begin(&item->forecast, &system->ages, &all, &cgroup->ages, &history);
	if (error)
		return error;
	item->cgroup = cgroup;
	item->leaf = !has_children(&proposal->cgroups, i);
	item->obstacle = find_obstacle(&proposal->cgroups, i);
	item->resident = cgroup->own.resident;
	if (item->resident > 0)
		item->resident /= amount_page_size();
	proposal->nr++;
	return 0;
}

/* @top: the path of --cgroup, or "/". */
static int find_items(struct proposal *proposal, const char *top)
{
	int error = 0;

	proposal->items = xcalloc(proposal->cgroups.nr, sizeof(*proposal->items));
	for (int i = 0; i < proposal->cgroups.nr && !error; i++) {
		const struct cgroup *cgroup = &proposal->cgroups.cgroup[i];
		struct age_bucket total;

		amount_total(&cgroup->ages, &total);
		if (total.pages && cgroup_is_within(cgroup->path, top))
			error = add_item(proposal, i);
	}
	return error;
}

static void choose_by_refaults(struct proposal *proposal, num min_age)
{
	num target = proposal->plan->target < 0 ? DEFAULT_TARGET : proposal->plan->target;

	for (int i = 0; i < proposal->nr; i++) {
		struct item *item = &proposal->items[i];

		if (!item->obstacle)
			forecast_choose(&item->forecast, item->resident, target, min_age);
	}
}

/* Returns an exit status: EX_NOTHING if there is not as much. */
static int choose_by_bytes(struct proposal *proposal, num min_age)
{
	struct forecast *able = xcalloc(proposal->nr + 1, sizeof(*able));
	char *wanted, *there, *from;
	num age, found;
	int nr = 0;

	for (int i = 0; i < proposal->nr; i++) {
		if (!proposal->items[i].obstacle)
			able[nr++] = proposal->items[i].forecast;
	}
	age = forecast_common_age(able, nr, proposal->plan->bytes, min_age, &found);
	free(able);
	for (int i = 0; i < proposal->nr; i++) {
		if (!proposal->items[i].obstacle)
			forecast_fix(&proposal->items[i].forecast, age < 0 ? min_age : age);
	}
	if (found >= proposal->plan->bytes)
		return EX_DONE;
	wanted = format_size(proposal->plan->bytes);
	there = format_size(found);
	from = format_age(age < 0 ? min_age : age);
	say_error("%s are not there: all that is at least %s old, and may be written, has %s",
		  wanted, from, there);
	free(wanted);
	free(there);
	free(from);
	return EX_NOTHING;
}

/* Returns an exit status: EX_NOTHING if nothing can be proposed. */
static int choose(struct proposal *proposal)
{
	const struct plan *plan = proposal->plan;
	num min_age = plan->min_age;
	int status = EX_DONE, proposed = 0;

	if (min_age < 0)
		min_age = plan->bytes < 0 ? DEFAULT_MIN_AGE : 0;
	if (plan->bytes >= 0)
		status = choose_by_bytes(proposal, min_age);
	else
		choose_by_refaults(proposal, min_age);
	for (int i = 0; i < proposal->nr; i++) {
		struct item *item = &proposal->items[i];

		forecast_total(&item->forecast, &item->sum);
		proposed += item->sum.age >= 0;
	}
	if (!proposal->nr)
		say_error("there is nothing in zswap");
	else if (!proposed && plan->bytes < 0)
		say_error("no age is within the target; %s",
			  plan->explain ? "the second table tells why" : "--explain tells why");
	return proposed ? status : EX_NOTHING;
}

/* A word for the shell, to be freed. */
static char *quote(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:@%+=,";
	char *quoted, *to;

	if (*text && !text[strspn(text, plain)])
		return xstrdup(text);
	/* A quote takes four characters: '\''. */
	quoted = xcalloc(4 * strlen(text) + 3, 1);
	to = quoted;
	*to++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *text;
	}
	*to = '\'';
	return quoted;
}

static char *command_text(const struct item *item)
{
	char *path = quote(item->cgroup->path);
	char *text = xasprintf("zswapctl writeback --age %lld --cgroup %s%s", item->sum.age, path,
			       item->leaf ? "" : " --no-descend");

	free(path);
	return text;
}

static const char *basis(const struct forecast_sum *sum)
{
	if (sum->age < 0)
		return NULL;
	if (sum->known >= sum->pages)
		return "measured";
	return sum->known ? "partly measured" : "assumed";
}

/* Millionths to the thousandths of a column; what is not zero does not become it. */
static num thousandths(num millionths)
{
	return millionths < 0 ? millionths : millionths / 1000 + (millionths % 1000 != 0);
}

static void add_line(struct table *table, const struct item *item)
{
	struct libscols_line *line = table_line(table, NULL);
	const struct forecast_sum *sum = &item->sum;

	table_text(table, line, COL_CGROUP, item->cgroup->path);
	table_number(table, line, COL_ID, item->cgroup->id);
	table_number(table, line, COL_AGE, sum->age);
	table_number(table, line, COL_PAGES, sum->pages);
	table_number(table, line, COL_SIZE, amount_bytes(sum->pages));
	table_number(table, line, COL_FREES, sum->bytes);
	table_number(table, line, COL_REFAULTS, thousandths(sum->expected));
	table_number(table, line, COL_OF_RESIDENT,
		     forecast_of_resident(sum->expected, item->resident));
	table_text(table, line, COL_BASIS, basis(sum));
	if (sum->age >= 0) {
		char *command = command_text(item);

		table_text(table, line, COL_COMMAND, command);
		free(command);
	}
}

static char *bucket_basis(const struct forecast *forecast, const struct forecast_bucket *bucket)
{
	char *text, *scaled;

	if (bucket->written <= 0)
		text = xstrdup("assumed: never written");
	else if (bucket->written < FORECAST_ENOUGH)
		text = xasprintf("little seen: %lld pages written", bucket->written);
	else
		text = xstrdup("measured");
	if (!forecast->scaled)
		return text;
	scaled = xasprintf("%s; x %lld.%02lld for this cgroup", text,
			   forecast->scale / FORECAST_PPM,
			   forecast->scale % FORECAST_PPM / (FORECAST_PPM / 100));
	free(text);
	return scaled;
}

static char *verdict_text(const struct plan *plan, const struct item *item,
			  const struct forecast_bucket *bucket)
{
	num allowed = item->forecast.allowed / (FORECAST_PPM / 100);

	if (item->obstacle)
		return xstrdup(item->obstacle);
	switch (bucket->verdict) {
	case FORECAST_TAKEN:
		return xstrdup("taken");
	case FORECAST_OVER:
		return xasprintf("over the %lld.%02lld a minute allowed", allowed / 100,
				 allowed % 100);
	case FORECAST_YOUNG:
		return xstrdup(plan->bytes < 0 || bucket->min_age < plan->min_age
				? "younger than --min-age" : "not needed");
	default:
		return xstrdup("unknown: resident memory");
	}
}

static void explain_bucket(struct table *table, const struct plan *plan, const struct item *item,
			   const struct forecast_bucket *bucket)
{
	struct libscols_line *line = table_line(table, NULL);
	char *basis = bucket_basis(&item->forecast, bucket);
	char *verdict = verdict_text(plan, item, bucket);

	table_text(table, line, EXP_CGROUP, item->cgroup->path);
	table_number(table, line, EXP_AGE, bucket->min_age);
	table_number(table, line, EXP_MAX_AGE, bucket->max_age);
	table_number(table, line, EXP_PAGES, bucket->pages);
	table_number(table, line, EXP_COMPRESSED, bucket->bytes);
	table_number(table, line, EXP_WRITTEN, amount_bytes(bucket->written));
	table_number(table, line, EXP_CAME_BACK, bucket->share);
	table_text(table, line, EXP_BASIS, basis);
	table_number(table, line, EXP_EXPECTED, thousandths(bucket->expected));
	table_number(table, line, EXP_SUM, thousandths(bucket->sum));
	table_text(table, line, EXP_VERDICT, verdict);
	if (bucket->verdict == FORECAST_TAKEN && !item->obstacle)
		table_color(table, line, EXP_VERDICT, "green");
	free(basis);
	free(verdict);
}

static void explain(const struct proposal *proposal, struct table *table)
{
	for (int i = 0; i < proposal->nr; i++) {
		const struct item *item = &proposal->items[i];

		for (int b = item->forecast.nr - 1; b >= 0; b--) {
			if (item->forecast.bucket[b].pages)
				explain_bucket(table, proposal->plan, item,
					       &item->forecast.bucket[b]);
		}
	}
}

static const char unreadable[] = "the ages of what is in zswap";

/* Read, choose and print.  @second is the table of --explain, or NULL. */
static int propose(struct proposal *proposal, const struct source *source, const char *top,
		   struct table *first, struct table *second)
{
	int error, status;

	system_read(source, &proposal->system);
	error = proposal->system.ages_error;
	if (!error)
		error = cgroups_read(source, UINT64_MAX, true, &proposal->cgroups);
	if (!error) {
		cgroups_read_details(source, &proposal->cgroups);
		error = find_items(proposal, top);
	}
	if (error)
		return options_say_unreadable(source, unreadable, error);

	status = choose(proposal);
	for (int i = 0; i < proposal->nr; i++)
		add_line(first, &proposal->items[i]);
	if (second) {
		explain(proposal, second);
		table_print_two(first, second);
	} else {
		table_print(first);
	}
	return status;
}

static int run_tables(struct context *context, const struct plan *plan, struct table *first,
		      struct table *second)
{
	struct proposal proposal = { .plan = plan };
	char *path = NULL;
	uint64_t id;
	int error, status = EX_DONE;

	error = system_supported(&context->source);
	if (error)
		return options_say_unreadable(&context->source, unreadable, error);
	if (plan->cgroup)
		status = options_cgroup(&context->source, plan->cgroup, &id, &path);
	if (!status) {
		status = propose(&proposal, &context->source, path ? path : "/", first, second);
		system_free(&proposal.system);
		cgroups_free(&proposal.cgroups);
		free(proposal.items);
	}
	free(path);
	return status;
}

static int run(struct context *context, void *data)
{
	const struct plan *plan = data;
	struct output usual = context->output;
	struct table *first, *second = NULL;
	int status = EX_USAGE;

	/* With two tables --output is for the second one. */
	if (plan->explain) {
		usual.list = NULL;
		usual.all = false;
	}
	first = table_new(&view, &usual);
	if (plan->explain)
		second = table_new(&explain_view, &context->output);
	if (first && (second || !plan->explain))
		status = run_tables(context, plan, first, second);
	table_free(first);
	table_free(second);
	return status;
}

const struct subcommand plan_subcommand = {
	.name = "plan",
	.summary = "propose an age for each cgroup, and show why",
	.options = options,
	.views = views,
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
