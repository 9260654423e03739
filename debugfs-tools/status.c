// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl status: what zswap holds, and what proactive writeback has done since boot.
 *
 * It never fails for want of a file: what cannot be read is "-", and standard error says
 * why, once for each reason.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "options.h"
#include "system.h"

enum {
	NODE, ENABLED, COMPRESSOR, SHRINKER, POOL, LIMIT, STORED, COMPRESSED, RATIO, PAGES,
	INCOMPRESSIBLE, OLDEST, COMMANDS, SCANNED, WRITTEN, RELEASED, REFAULTED, DROPPED,
	REFAULT_RATE, YOUNG, BUSY, PROTECTED, GONE, FAILED, NR_COLUMNS
};

/* Those that are shown without --output fit a terminal with 80 columns. */
static const struct column columns[NR_COLUMNS] = {
	[NODE] = { "NODE", COLUMN_TEXT, false, "node, or all; shown with --nodes" },
	[ENABLED] = { "ENABLED", COLUMN_BOOL, true, "does zswap take pages" },
	[COMPRESSOR] = { "COMPRESSOR", COLUMN_TEXT, true, "algorithm for new pages" },
	[SHRINKER] = { "SHRINKER", COLUMN_BOOL, false, "is the kernel's own shrinker on" },
	[POOL] = { "POOL", COLUMN_SIZE, true, "memory that the pool takes" },
	[LIMIT] = { "LIMIT", COLUMN_SIZE, true, "memory that the pool may take" },
	[STORED] = { "STORED", COLUMN_SIZE, false, "what is in zswap, before compression" },
	[COMPRESSED] = { "COMPRESSED", COLUMN_SIZE, false, "the same, compressed" },
	[RATIO] = { "RATIO", COLUMN_RATIO, true, "STORED / POOL; of a node: STORED / COMPRESSED" },
	[PAGES] = { "PAGES", COLUMN_COUNT, true, "pages in zswap" },
	[INCOMPRESSIBLE] = { "INCOMPRESSIBLE", COLUMN_COUNT, false,
			     "pages of those that are stored as they are" },
	[OLDEST] = { "OLDEST", COLUMN_AGE, false, "the oldest pages are at least this old" },
	[COMMANDS] = { "COMMANDS", COLUMN_COUNT, false, "commands for proactive writeback" },
	[SCANNED] = { "SCANNED", COLUMN_COUNT, false, "pages that commands looked at" },
	[WRITTEN] = { "WRITTEN", COLUMN_SIZE, true, "page data written to swap by commands" },
	[RELEASED] = { "RELEASED", COLUMN_SIZE, false, "compressed memory freed by that" },
	[REFAULTED] = { "REFAULTED", COLUMN_SIZE, true, "of WRITTEN: read back from swap" },
	[DROPPED] = { "DROPPED", COLUMN_SIZE, true, "of WRITTEN: freed without being read" },
	[REFAULT_RATE] = { "REFAULT-RATE", COLUMN_PPM, true, "REFAULTED in percent of WRITTEN" },
	[YOUNG] = { "YOUNG", COLUMN_COUNT, false, "pages not written: too young" },
	[BUSY] = { "BUSY", COLUMN_COUNT, false, "pages not written: in the swap cache" },
	[PROTECTED] = { "PROTECTED", COLUMN_COUNT, false,
			"pages not written: memory.zswap.writeback is 0" },
	[GONE] = { "GONE", COLUMN_COUNT, false, "pages not written: freed meanwhile" },
	[FAILED] = { "FAILED", COLUMN_COUNT, false, "pages not written: no memory or I/O error" },
};

static const struct view view = { "zswap", columns, NR_COLUMNS, NULL };
static const struct view *const views[] = { &view, NULL };

#define STATS	SYS_ZSWAP "/stats/"

/* Where the numbers are from, to tell why one is not known. */
static const char *const files[NR_COLUMNS] = {
	[ENABLED] = SYS_PARAMETERS "/enabled",
	[SHRINKER] = SYS_PARAMETERS "/shrinker_enabled",
	[POOL] = SYS_DEBUGFS "/pool_total_size",
	[LIMIT] = SYS_PARAMETERS "/max_pool_percent",
	[STORED] = SYS_DEBUGFS "/stored_pages",
	[COMPRESSED] = SYS_DEBUGFS "/age_buckets",
	[RATIO] = SYS_DEBUGFS "/pool_total_size",
	[PAGES] = SYS_DEBUGFS "/stored_pages",
	[INCOMPRESSIBLE] = SYS_DEBUGFS "/stored_incompressible_pages",
	[OLDEST] = SYS_DEBUGFS "/age_buckets",
	[COMMANDS] = STATS "commands",
	[SCANNED] = STATS "scanned",
	[WRITTEN] = STATS "written",
	[RELEASED] = STATS "released_bytes",
	[REFAULTED] = STATS "refaulted",
	[DROPPED] = STATS "dropped",
	[REFAULT_RATE] = STATS "refaulted",
	[YOUNG] = STATS "skipped_young",
	[BUSY] = STATS "skipped_busy",
	[PROTECTED] = STATS "skipped_protected",
	[GONE] = STATS "skipped_gone",
	[FAILED] = STATS "failed",
};

struct status {
	bool nodes;
	const struct source *source;
	struct table *table;
	const char *unknown[NR_COLUMNS]; /* why a column is not known */
};

static int take_nodes(const char *argument, void *data)
{
	struct status *status = data;

	(void)argument;
	status->nodes = true;
	return 0;
}

static const struct option_spec options[] = {
	{ "nodes", 'N', NULL, "print a line for each node, too", take_nodes },
	{ }
};

static void *new_data(void)
{
	return xcalloc(1, sizeof(struct status));
}

/* @file: where @value is from.  -ENODATA is no lack: there is nothing that could be known. */
static void put_from(struct status *status, struct libscols_line *line, int column,
		     const char *file, num value)
{
	if (value < 0 && value != -ENODATA && !status->unknown[column])
		status->unknown[column] = system_reason_for(status->source, file, value);
	table_number(status->table, line, column, value);
}

static void put(struct status *status, struct libscols_line *line, int column, num value)
{
	put_from(status, line, column, files[column], value);
}

static void put_counters(struct status *status, struct libscols_line *line,
			 const struct counters *counters)
{
	num rate = amount_ratio(counters->refaulted, counters->written, 1000000);

	put(status, line, SCANNED, counters->scanned);
	put(status, line, WRITTEN, amount_bytes(counters->written));
	put(status, line, RELEASED, counters->released_bytes);
	put(status, line, REFAULTED, amount_bytes(counters->refaulted));
	put(status, line, DROPPED, amount_bytes(counters->dropped));
	put(status, line, REFAULT_RATE, rate);
	table_refault_rate(status->table, line, REFAULT_RATE, rate);
	put(status, line, YOUNG, counters->skipped_young);
	put(status, line, BUSY, counters->skipped_busy);
	put(status, line, PROTECTED, counters->skipped_protected);
	put(status, line, GONE, counters->skipped_gone);
	put(status, line, FAILED, counters->failed);
}

static void put_system(struct status *status, const struct system *system)
{
	struct libscols_line *line = table_line(status->table, NULL);
	num stored = amount_bytes(system->stored_pages);
	num limit = amount_ratio(amount_times(system->mem_total, system->max_pool_percent), 100, 1);
	struct age_bucket total;

	amount_total(&system->ages, &total);
	table_text(status->table, line, NODE, "all");
	put(status, line, ENABLED, system->enabled);
	if (system->compressor)
		table_text(status->table, line, COMPRESSOR, system->compressor);
	put(status, line, SHRINKER, system->shrinker_enabled);
	put(status, line, POOL, system->pool_bytes);
	put(status, line, LIMIT, limit);
	put(status, line, STORED, stored);
	put(status, line, COMPRESSED, system->ages_error ? system->ages_error : total.bytes);
	put(status, line, RATIO, amount_ratio(stored, system->pool_bytes, 1000));
	put(status, line, PAGES, system->stored_pages);
	put(status, line, INCOMPRESSIBLE, system->incompressible_pages);
	put(status, line, OLDEST,
	    system->ages_error ? system->ages_error : amount_oldest(&system->ages));
	put(status, line, COMMANDS, system->counters.commands);
	put_counters(status, line, &system->counters);
	if (!system->enabled)
		table_color(status->table, line, ENABLED, "yellow");
	/* At the limit the kernel rejects pages, or writes back on its own. */
	if (limit > 0 && system->pool_bytes >= limit - limit / 10)
		table_color(status->table, line, POOL, "yellow");
}

/* What is of the whole system only is no lack of a node. */
static void put_node(struct status *status, const struct node *node)
{
	static const char ages[] = SYS_DEBUGFS "/age_buckets";
	struct libscols_line *line = table_line(status->table, NULL);
	char *name = xasprintf("%d", node->id);
	const struct age_bucket unknown = {
		.pages = node->ages_error,
		.bytes = node->ages_error,
		.incompressible = node->ages_error,
	};
	struct age_bucket total;

	table_text(status->table, line, NODE, name);
	free(name);
	put_counters(status, line, &node->counters);
	amount_total(&node->ages, &total);
	if (node->ages_error)
		total = unknown;
	put_from(status, line, STORED, ages, amount_bytes(total.pages));
	put_from(status, line, COMPRESSED, ages, total.bytes);
	put_from(status, line, RATIO, ages,
		 amount_ratio(amount_bytes(total.pages), total.bytes, 1000));
	put_from(status, line, PAGES, ages, total.pages);
	put_from(status, line, INCOMPRESSIBLE, ages, total.incompressible);
	put_from(status, line, OLDEST, ages,
		 node->ages_error ? node->ages_error : amount_oldest(&node->ages));
}

/* Which of the columns are not known, a line for each reason.  Returns how many lines. */
static int say_unknown(struct status *status)
{
	int lines = 0;

	for (int i = 0; i < NR_COLUMNS; i++) {
		const char *why = status->unknown[i];
		char *list;

		if (!why || !table_shows(status->table, i))
			continue;
		list = xstrdup(columns[i].name);
		for (int j = i + 1; j < NR_COLUMNS; j++) {
			char *longer;

			if (!status->unknown[j] || strcmp(status->unknown[j], why) ||
			    !table_shows(status->table, j))
				continue;
			longer = xasprintf("%s, %s", list, columns[j].name);
			free(list);
			list = longer;
			status->unknown[j] = NULL;
		}
		say_error("%s: %s", list, why);
		free(list);
		lines++;
	}
	return lines;
}

static int run(struct context *context, void *data, int nr, char **argument)
{
	struct status *status = data;
	struct column usual[NR_COLUMNS];
	const struct view shown = { view.name, usual, NR_COLUMNS, NULL };
	struct system system;
	int lines, result = EX_DONE;

	(void)nr;
	(void)argument;
	if (source_exists(&context->source, SYS_PARAMETERS)) {
		say_error("this kernel has no zswap");
		return EX_MISSING;
	}
	status->source = &context->source;
	/* A line for the whole system does not need to be told from others. */
	memcpy(usual, columns, sizeof(usual));
	usual[NODE].shown = status->nodes;
	status->table = table_new(&shown, &context->output);
	if (!status->table)
		return EX_USAGE;
	table_heading(status->table, REFAULT_RATE, "REFAULT%");

	system_read(&context->source, &system);
	put_system(status, &system);
	for (int i = 0; status->nodes && i < system.nr_nodes; i++)
		put_node(status, &system.nodes[i]);
	table_print(status->table);

	lines = say_unknown(status);
	if (system_supported(&context->source)) {
		/* Not twice, if it is why a column is empty. */
		if (!lines)
			say_error("this kernel has no proactive zswap writeback");
		result = EX_MISSING;
	}
	system_free(&system);
	table_free(status->table);
	return result;
}

const struct subcommand status_subcommand = {
	.name = "status",
	.summary = "what zswap holds, and what proactive writeback has done",
	.arguments = "",
	.options = options,
	.views = views,
	.new_data = new_data,
	.run = run,
};
