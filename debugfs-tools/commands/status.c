// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl status: what zswap holds, and what proactive writeback has done since boot; a page
 * for people, or a table.
 *
 * It never fails for want of a file: what cannot be read is "-", and standard error says
 * why, once for each reason.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "system/amount.h"
#include "system/system.h"
#include "ui/format.h"

enum {
	NODE, ZSWAP, COMPRESSOR = ZSWAP + NR_ZSWAP, LIMIT, STORED, COMPRESSED, RATIO, OLDEST, STATS,
	REFAULT_RATE = STATS + NR_STATS, NR_COLUMNS
};

static const struct column columns[NR_COLUMNS] = {
	[NODE] = { "NODE", COLUMN_TEXT, false, "node, or all; shown with --nodes" },
	[COMPRESSOR] = { "COMPRESSOR", COLUMN_TEXT, true, "algorithm for new pages" },
	[LIMIT] = { "LIMIT", COLUMN_SIZE, true, "memory that the pool may take" },
	[STORED] = { "STORED", COLUMN_SIZE, false, "what is in zswap, before compression" },
	[COMPRESSED] = { "COMPRESSED", COLUMN_SIZE, false, "the same, compressed" },
	[RATIO] = { "RATIO", COLUMN_RATIO, true, "STORED / POOL; of a node: STORED / COMPRESSED" },
	[OLDEST] = { "OLDEST", COLUMN_AGE, false, "the oldest pages are at least this old" },
	[REFAULT_RATE] = { "REFAULT-RATE", COLUMN_PPM, true, "REFAULTED in percent of WRITTEN" },
};

static const struct view view = {
	.name = "zswap",
	.columns = columns,
	.nr_columns = NR_COLUMNS,
	.counters = { { zswap_counters, ZSWAP }, { stats_counters, STATS } },
};

struct status {
	bool nodes;
	const struct source *source;
	struct table *table;
	struct system system;
	const char *unknown[NR_COLUMNS]; /* why a column is not known */
};

static const struct option_spec options[] = {
	{ "nodes", 'N', OPTION_FLAG, offsetof(struct status, nodes),
	  "print a table, with a line for each node, too" },
	{ }
};

static const char ages_file[] = SYS_DEBUGFS "/age_buckets";

/* -ENODATA is no lack: there is nothing that could be known. */
static void put(struct status *status, struct libscols_line *line, int column, const char *file,
		num value)
{
	if (value < 0 && value != -ENODATA && !status->unknown[column])
		status->unknown[column] = system_reason_for(status->source, file, value);
	table_number(status->table, line, column, value);
}

static void put_counter(struct status *status, struct libscols_line *line, int column,
			const struct counter *counter, const char *file, const void *base)
{
	num value = counter_value(base, counter);
	bool missing = value == -ENOENT && counter->flags & COUNTER_OPTIONAL;

	/* Why something is missing that old kernels lack is said only if that is all of it */
	if (missing)
		return;
	put(status, line, column, file, counter_is_pages(counter) ? amount_bytes(value) : value);
}

static void put_stats(struct status *status, struct libscols_line *line,
		      const struct counters *counters)
{
	for (int i = 0; i < NR_STATS; i++) {
		char *file = xasprintf(SYS_ZSWAP "/stats/%s", stats_counters[i].name);

		/* What is of the whole system only is no lack of a node. */
		if (counters == &status->system.counters ||
		    !(stats_counters[i].flags & COUNTER_SYSTEM))
			put_counter(status, line, STATS + i, &stats_counters[i], file, counters);
		free(file);
	}
	table_refault_rate(status->table, line, REFAULT_RATE,
			   amount_ratio(counters->refaulted, counters->written, 1000000));
}

static void put_system(struct status *status)
{
	const struct system *system = &status->system;
	struct libscols_line *line = table_line(status->table, NULL);
	num stored = amount_bytes(system->stored_pages);
	struct age_bucket total;

	amount_total(&system->ages, &total);
	table_text(status->table, line, NODE, "all");
	for (int i = 0; i < NR_ZSWAP; i++)
		put_counter(status, line, ZSWAP + i, &zswap_counters[i],
			    system_file(&zswap_counters[i]), system);
	if (system->compressor)
		table_text(status->table, line, COMPRESSOR, system->compressor);
	put(status, line, LIMIT, SYS_PARAMETERS "/max_pool_percent", system_limit(system));
	put(status, line, STORED, SYS_DEBUGFS "/stored_pages", stored);
	put(status, line, COMPRESSED, ages_file,
	    system->ages_error ? system->ages_error : total.bytes);
	put(status, line, RATIO, SYS_DEBUGFS "/pool_total_size",
	    amount_ratio(stored, system->pool_bytes, 1000));
	put(status, line, OLDEST, ages_file,
	    system->ages_error ? system->ages_error : amount_oldest(&system->ages));
	put_stats(status, line, &system->counters);
}

static void put_node(struct status *status, const struct node *node)
{
	struct libscols_line *line = table_line(status->table, NULL);
	char *name = xasprintf("%d", node->id);
	struct age_bucket total;
	num stored;

	table_text(status->table, line, NODE, name);
	free(name);
	put_stats(status, line, &node->counters);
	amount_total(&node->ages, &total);
	if (node->ages_error)
		total.pages = total.bytes = total.incompressible = node->ages_error;
	stored = amount_bytes(total.pages);
	for (int i = 0; i < NR_ZSWAP; i++) {
		const struct counter *counter = &zswap_counters[i];

		if (counter->where == offsetof(struct system, stored_pages))
			put(status, line, ZSWAP + i, ages_file, total.pages);
		else if (counter->where == offsetof(struct system, incompressible_pages))
			put(status, line, ZSWAP + i, ages_file, total.incompressible);
	}
	put(status, line, STORED, ages_file, stored);
	put(status, line, COMPRESSED, ages_file, total.bytes);
	put(status, line, RATIO, ages_file, amount_ratio(stored, total.bytes, 1000));
	put(status, line, OLDEST, ages_file,
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
		list = xstrdup(view_column(&view, i)->name);
		for (int j = i + 1; j < NR_COLUMNS; j++) {
			if (!status->unknown[j] || strcmp(status->unknown[j], why) ||
			    !table_shows(status->table, j))
				continue;
			xappend(&list, ", %s", view_column(&view, j)->name);
			status->unknown[j] = NULL;
		}
		say_error("%s: %s", list, why);
		free(list);
		lines++;
	}
	return lines;
}

/* ---- the page ---- */

/* "label:   text"; @text is freed. */
static void say(const char *label, char *text)
{
	char *name = xasprintf("%s:", label);

	printf("%-15s %s\n", name, text);
	free(name);
	free(text);
}

/* "1.2G (37.0 %)" */
static char *with_share(num bytes, num whole)
{
	char *size = format_size(bytes), *share = format_percent(bytes, whole);
	char *text = bytes >= 0 && whole > 0 ? xasprintf("%s (%s %%)", size, share)
					     : xstrdup(size);

	free(size);
	free(share);
	return text;
}

static void say_pool(const struct system *system)
{
	num limit = system_limit(system), stored = amount_bytes(system->stored_pages);
	char *pool = with_share(system->pool_bytes, limit), *most = format_size(limit);
	char *size = format_size(stored);
	num ratio = amount_ratio(stored, system->pool_bytes, 1000);

	say("Pool", xasprintf("%s of at most %s", pool, most));
	/* To the nearest hundredth */
	if (ratio >= 0)
		ratio = (ratio + 5) / 10;
	if (system->stored_pages >= 0)
		say("Stored", ratio >= 0 ? xasprintf("%s in %lld pages, %lld.%02lld times the pool",
						     size, system->stored_pages, ratio / 100,
						     ratio % 100)
					 : xasprintf("%s in %lld pages", size,
						     system->stored_pages));
	free(pool);
	free(most);
	free(size);
	if (system->incompressible_pages > 0)
		say("Incompressible", format_size(amount_bytes(system->incompressible_pages)));
	if (!system->ages_error && amount_oldest(&system->ages) >= 0)
		say("Oldest", format_age(amount_oldest(&system->ages)));
	if (system->limit_hit > 0)
		say("Pool was full", xasprintf("%lld times", system->limit_hit));
}

static void say_written(const struct counters *counters)
{
	num written = amount_bytes(counters->written);
	char *size = format_size(written), *released = format_size(counters->released_bytes);

	say("Written", xasprintf("%s, %s of the pool freed (commands: %lld)", size, released,
				 counters->commands));
	free(size);
	free(released);
	if (written <= 0)
		return;
	say("  refaulted", with_share(amount_bytes(counters->refaulted), written));
	say("  dropped", with_share(amount_bytes(counters->dropped), written));
	if (counters->readback >= 0)
		say("  read back", with_share(amount_bytes(counters->readback), written));
	if (counters->on_disk >= 0)
		say("  on disk", with_share(amount_bytes(counters->on_disk), written));
	if (counters->failed > 0)
		say("  failed", format_size(amount_bytes(counters->failed)));
	if (counters->corrupted > 0)
		say("  corrupted", xasprintf("%lld pages", counters->corrupted));
}

static void print_page(struct status *status)
{
	const struct system *system = &status->system;

	say("zswap", xasprintf("%s, %s%s", system->enabled < 0 ? "-" :
			       system->enabled ? "enabled" : "disabled",
			       system->compressor ? system->compressor : "-",
			       system->shrinker_enabled > 0 ? ", shrinker on" : ""));
	say_pool(system);
	if (!system_supported(status->source))
		say_written(&system->counters);
}

/* ---- both ---- */

static int run(struct context *context, void *data)
{
	const struct output *output = &context->output;
	bool page = !output_is_table(output);
	struct status *status = data;
	struct column usual[NR_COLUMNS];
	struct view shown = view;
	int lines, result = EX_DONE;

	if (source_exists(&context->source, SYS_PARAMETERS)) {
		say_error("this kernel has no zswap");
		return EX_MISSING;
	}
	status->source = &context->source;
	/* A line for the whole system does not need to be told from others. */
	memcpy(usual, columns, sizeof(usual));
	usual[NODE].shown = status->nodes;
	shown.columns = usual;
	status->table = table_new(&shown, output);
	if (!status->table)
		return EX_USAGE;
	table_heading(status->table, REFAULT_RATE, "REFAULT%");

	system_read(&context->source, &status->system);
	put_system(status);
	for (int i = 0; status->nodes && i < status->system.nr_nodes; i++)
		put_node(status, &status->system.nodes[i]);
	if (page && !status->nodes)
		print_page(status);
	else
		table_print(status->table);

	lines = say_unknown(status);
	if (system_supported(&context->source)) {
		/* Not twice, if it is why a column is empty. */
		if (!lines)
			say_error("this kernel has no proactive zswap writeback");
		result = EX_MISSING;
	}
	system_free(&status->system);
	table_free(status->table);
	return result;
}

const struct subcommand status_subcommand = {
	.name = "status",
	.summary = "what zswap holds, and what proactive writeback has done",
	.options = options,
	.views = { &view },
	.size = sizeof(struct status),
	.run = run,
};
