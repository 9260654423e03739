// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl status: what zswap holds, and what proactive writeback has done since boot; a page
 * for people, or a table.
 *
 * It never fails for want of a file: what cannot be read is "-", and standard error says
 * why, once for each reason.
 */
#include "commands/commands.h"
#include "system/amount.h"
#include "ui/format.h"

struct row {			/* of the system, or of a node */
	const char *node, *compressor;
	num limit, stored, compressed, ratio, oldest, refault_rate;
	struct system system;
};

enum {
	NODE, ZSWAP, COMPRESSOR = ZSWAP + NR_ZSWAP, LIMIT, STORED, COMPRESSED, RATIO, OLDEST, STATS,
	REFAULT_RATE = STATS + NR_STATS, NR_COLUMNS
};

#define ROW(member)	offsetof(struct row, member)

/* A line for the whole system need not be told from others: run() decides about NODE. */
static struct column columns[NR_COLUMNS] = {
	[NODE] = { "NODE", COLUMN_TEXT, false, "node, or all; shown with --nodes", ROW(node) },
	[COMPRESSOR] = { "COMPRESSOR", COLUMN_TEXT, true, "algorithm for new pages",
			 ROW(compressor) },
	[LIMIT] = { "LIMIT", COLUMN_SIZE, true, "memory that the pool may take", ROW(limit) },
	[STORED] = { "STORED", COLUMN_SIZE, false, "what is in zswap, before compression",
		     ROW(stored) },
	[COMPRESSED] = { "COMPRESSED", COLUMN_SIZE, false, "the same, compressed",
			 ROW(compressed) },
	[RATIO] = { "RATIO", COLUMN_RATIO, true, "STORED / POOL; of a node: STORED / COMPRESSED",
		    ROW(ratio) },
	[OLDEST] = { "OLDEST", COLUMN_AGE, false, "the oldest pages are at least this old",
		     ROW(oldest) },
	[REFAULT_RATE] = { "REFAULT-RATE", COLUMN_REFAULTS, true, "REFAULTED in percent of WRITTEN",
			   ROW(refault_rate) },
};

static struct status {
	bool nodes;
	const struct source *source;
	const struct view *view;
	struct table *table;
	struct system system;
	struct reasons unknown;
} given;

static const struct option_spec options[] = {
	{ "nodes", 'N', OPTION_FLAG, offsetof(struct status, nodes),
	  "print a table, with a line for each node, too" },
	{ }
};

/* Which columns of the system, or of a node, are not known, though somebody could. */
static void add_unknown(struct status *status, const struct row *row, bool node)
{
	static const char *const files[NR_COLUMNS] = {
		[LIMIT] = SYS_PARAMETERS "/max_pool_percent",
		[STORED] = SYS_DEBUGFS "/stored_pages",
		[COMPRESSED] = SYS_DEBUGFS "/age_buckets",
		[RATIO] = SYS_DEBUGFS "/pool_total_size",
		[OLDEST] = SYS_DEBUGFS "/age_buckets",
	};

	for (int i = 0; i < NR_COLUMNS; i++) {
		const char *name = view_column(status->view, i)->name, *file = files[i];
		const struct counter *counter = NULL;
		num value = view_number(status->view, i, row);

		if (i >= ZSWAP && i < COMPRESSOR) {
			counter = &zswap_counters[i - ZSWAP];
			file = system_file(counter);
		} else if (i >= STATS && i < REFAULT_RATE) {
			counter = &stats_counters[i - STATS];
			file = SYS_ZSWAP "/stats";
		}
		/* What old kernels lack is missed only if that is all of it */
		if (!file || !table_shows(status->table, i) || value >= 0 || value == -ENODATA ||
		    (counter && value == -ENOENT && counter->flags & COUNTER_OPTIONAL))
			continue;
		/* All that a node has by itself, but for its counters */
		if (node && i < STATS)
			file = SYS_DEBUGFS "/node/age_buckets";
		reasons_add(&status->unknown, system_reason_for(status->source, file, value), name);
	}
}

/* A line: of the system, or of a node as if it were one. */
static void put(struct status *status, const char *name, const struct system *system, bool node)
{
	num stored = amount_bytes(system->stored_pages);
	num compressed = system->ages_error ?: amount_colder(&system->ages, 0).bytes;
	const struct row row = {
		.node = name,
		.compressor = system->compressor,
		.limit = system_limit(system),
		.stored = stored,
		.compressed = compressed,
		.ratio = amount_ratio(stored, node ? compressed : system->pool_bytes, 1000),
		.oldest = system->ages_error ?: amount_oldest(&system->ages),
		.refault_rate = amount_ratio(system->counters.refaulted,
					     system->counters.written, PPM),
		.system = *system,
	};

	table_row(status->table, NULL, &row);
	add_unknown(status, &row, node);
}

static void put_node(struct status *status, const struct node *node)
{
	autofree char *name = xasprintf("%d", node->id);
	struct age_bucket total = amount_colder(&node->ages, 0);
	struct system part = {
		.mem_total = -ENODATA,
		.counters = node->counters,
		.ages_error = node->ages_error,
		.ages = node->ages,
	};

	/* What is of the whole system only */
	part.counters.commands = -ENODATA;
	for (int i = 0; i < NR_ZSWAP; i++)
		*counter_at(&part, &zswap_counters[i]) = -ENODATA;
	part.stored_pages = node->ages_error ?: total.pages;
	part.incompressible_pages = node->ages_error ?: total.incompressible;
	put(status, name, &part, true);
}

/* ---- the page ---- */

#define INDENT	16

__attribute__((format(printf, 3, 4)))
static void say(const struct status *status, const char *label, const char *format, ...)
{
	autofree char *text = NULL, *line = NULL;
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	line = xasprintf("%s:%*s%s", label, INDENT - 1 - (int)strlen(label), "", text);
	table_line(status->table, INDENT, line);
}

/* "1.2G (37.0 %)" */
static struct brief with_share(num bytes, num whole)
{
	struct brief text = format_size(bytes);

	if (bytes >= 0 && whole > 0)
		sprintf(text.text + strlen(text.text), " (%.30s %%)",
			format_percent(bytes, whole).text);
	return text;
}

static void say_pool(const struct status *status)
{
	const struct system *system = &status->system;
	num limit = system_limit(system), stored = amount_bytes(system->stored_pages);
	num ratio = amount_ratio(stored, system->pool_bytes, 1000);

	say(status, "Pool", "%s of at most %s", with_share(system->pool_bytes, limit).text,
	    format_size(limit).text);
	if (ratio >= 0)
		say(status, "Stored", "%s in %lld pages, %.2f times the pool",
		    format_size(stored).text, system->stored_pages, ratio / 1e3);
	else if (stored >= 0)
		say(status, "Stored", "%s in %lld pages", format_size(stored).text,
		    system->stored_pages);
	else
		say(status, "Stored", "-");
	if (system->incompressible_pages > 0)
		say(status, "Incompressible", "%s",
		    format_size(amount_bytes(system->incompressible_pages)).text);
	say(status, "Oldest", "%s", format_age(amount_oldest(&system->ages)).text);
	if (system->limit_hit > 0)
		say(status, "Pool was full", "%lld times", system->limit_hit);
}

static void say_written(const struct status *status)
{
	static const struct {
		const char *label;
		size_t where;		/* in struct counters: pages */
		num least;		/* of what is told */
	} parts[] = {
		{ "  refaulted", offsetof(struct counters, refaulted) },
		{ "  dropped", offsetof(struct counters, dropped) },
		{ "  read back", offsetof(struct counters, readback) },
		{ "  on disk", offsetof(struct counters, on_disk) },
		{ "  failed", offsetof(struct counters, failed), 1 },
	};
	const struct counters *counters = &status->system.counters;
	num written = amount_bytes(counters->written);

	say(status, "Written", "%s, %s of the pool freed (commands: %lld)",
	    format_size(written).text, format_size(counters->released_bytes).text,
	    counters->commands);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && written > 0; i++) {
		num pages = *(const num *)((const char *)counters + parts[i].where);

		if (pages >= parts[i].least)
			say(status, parts[i].label, "%s",
			    with_share(amount_bytes(pages), written).text);
	}
	if (counters->corrupted > 0)
		say(status, "  corrupted", "%lld reads", counters->corrupted);
}

static void print_page(const struct status *status)
{
	const struct system *system = &status->system;

	say(status, "zswap", "%s, %s%s",
	    system->enabled < 0 ? "-" : system->enabled ? "enabled" : "disabled",
	    system->compressor ? system->compressor : "-",
	    system->shrinker_enabled > 0 ? ", shrinker on" : "");
	say_pool(status);
	if (!system_supported(status->source))
		say_written(status);
}

/* ---- both ---- */

static int run(struct context *context, void *data)
{
	const struct output *output = &context->output;
	bool page = !output_is_table(output);
	struct status *status = data;
	int result = EX_DONE;
	bool said;

	if (source_exists(&context->source, SYS_PARAMETERS)) {
		say_error("this kernel has no zswap");
		return EX_MISSING;
	}
	status->source = &context->source;
	status->view = context->view;
	columns[NODE].shown = status->nodes;
	status->table = table_new(status->view, output);
	system_read(&context->source, &status->system);
	put(status, "all", &status->system, false);
	for (int i = 0; status->nodes && i < status->system.nr_nodes; i++)
		put_node(status, &status->system.nodes[i]);
	said = reasons_say(&status->unknown, "");
	if (page && !status->nodes)
		print_page(status);
	else
		table_print(status->table);

	if (system_supported(&context->source)) {
		/* Not twice, if it is why a column is empty. */
		if (!said)
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
	.views = { {
		VIEW("zswap", columns),
		.counters = { { zswap_counters, ZSWAP, ROW(system) },
			      { stats_counters, STATS, ROW(system.counters) } },
	} },
	.data = &given,
	.run = run,
};
