// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl ages: how old what is in zswap is, by bucket of age, or by cgroup as a tree.
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

#define BAR_WIDTH	16
#define UTF8_MAX	4	/* bytes of a character */
#define COLD_DEFAULT	300	/* seconds */
#define WATCH_DEFAULT	2	/* seconds */

enum {
	AGE, MIN_AGE, MAX_AGE, COUNTERS, SIZE = COUNTERS + NR_AGE_COUNTERS, SHARE, COLDER,
	REFAULT_RATE, BAR, NR_BUCKET_COLUMNS
};

static const struct column bucket_columns[NR_BUCKET_COLUMNS] = {
	[AGE] = { "AGE", COLUMN_TEXT, true, "for how long pages have been in zswap" },
	[MIN_AGE] = { "MIN-AGE", COLUMN_AGE, false, "at least this long" },
	[MAX_AGE] = { "MAX-AGE", COLUMN_AGE, false, "and less than this" },
	[SIZE] = { "SIZE", COLUMN_SIZE, false, "size of PAGES before compression" },
	[SHARE] = { "SHARE", COLUMN_PPM, false, "PAGES in percent of all" },
	[COLDER] = { "COLDER", COLUMN_SIZE, true, "what writing this age and older would free" },
	[REFAULT_RATE] = { "REFAULT-RATE", COLUMN_PPM, true, "REFAULTED in percent of WRITTEN" },
	[BAR] = { "BAR", COLUMN_BAR, true, "COMPRESSED, drawn" },
};

enum {
	CGROUP, ID, TREE_PAGES, TREE_COMPRESSED, OWN_PAGES, OWN_COMPRESSED, COLD, OLDEST,
	HISTOGRAM, REMOVED, NR_TREE_COLUMNS
};

static const struct column tree_columns[NR_TREE_COLUMNS] = {
	[CGROUP] = { "CGROUP", COLUMN_TREE, true, "name; the path with --raw and --json" },
	[ID] = { "ID", COLUMN_COUNT, false, "the kernel's number for it" },
	[TREE_PAGES] = { "PAGES", COLUMN_COUNT, true, "pages in zswap, with descendants" },
	[TREE_COMPRESSED] = { "COMPRESSED", COLUMN_SIZE, true, "their size in zswap" },
	[OWN_PAGES] = { "OWN-PAGES", COLUMN_COUNT, false, "pages without those of descendants" },
	[OWN_COMPRESSED] = { "OWN-COMPRESSED", COLUMN_SIZE, false, "their size in zswap" },
	[COLD] = { "COLD", COLUMN_SIZE, true, "of COMPRESSED: at least --cold old" },
	[OLDEST] = { "OLDEST", COLUMN_AGE, true, "the oldest pages are at least this old" },
	[HISTOGRAM] = { "HISTOGRAM", COLUMN_BAR, true,
			"COMPRESSED by bucket of age, the youngest first" },
	[REMOVED] = { "REMOVED", COLUMN_BOOL, false, "the cgroup is gone, its pages are not" },
};

static const struct view bucket_view = {
	"buckets", bucket_columns, NR_BUCKET_COLUMNS, NULL, { { age_counters, COUNTERS } }
};

static const struct view tree_view = {
	.name = "cgroups", .columns = tree_columns, .nr_columns = NR_TREE_COLUMNS,
	.when = "--tree",
};

struct ages {
	/* What is wanted. */
	uint64_t nodes;			/* 0: all, not asked for */
	const char *name;		/* of the cgroup; NULL: the system */
	const char *history;		/* file */
	bool tree, no_descend;
	num cold;			/* seconds */
	num seconds;			/* from look to look; 0: one look */
	num iterations;

	const struct source *source;
	const struct output *output;
	uint64_t id;			/* of the cgroup; 0: the system */

	/* What was found. */
	struct age_table table;
	struct cgroups cgroups;
	struct age_table *sum;		/* by cgroup, with descendants */
};

#define WHERE(member)	offsetof(struct ages, member)

static const struct option_spec options[] = {
	{ "node", 'N', OPTION_NODES, WHERE(nodes), "only pages on these nodes" },
	{ "cgroup", 'c', OPTION_CGROUP, WHERE(name),
	  "only this cgroup and those below: path, id, unit or pid:NUMBER" },
	{ "no-descend", 0, OPTION_FLAG, WHERE(no_descend), "with --cgroup: not those below",
	  .needs = "cgroup", .excludes = "tree" },
	{ "tree", 't', OPTION_FLAG, WHERE(tree), "print the cgroups instead of the buckets" },
	{ "cold", 0, OPTION_AGE, WHERE(cold), "with --tree: what counts as cold (5m)",
	  .needs = "tree" },
	{ "history", 0, OPTION_FILE, WHERE(history), "draw how the ages went, from what record wrote",
	  .excludes = "node cgroup tree watch" },
	{ "watch", 'w', OPTION_WATCH, WHERE(seconds), "look again and again (every 2 s)" },
	{ "iterations", 0, OPTION_COUNT, WHERE(iterations), "with --watch: end after N looks",
	  .needs = "watch" },
	{ }
};

static const struct ages defaults = { .cold = COLD_DEFAULT };

static int look_system(struct ages *ages)
{
	struct system system;
	int error = 0;

	system_read(ages->source, &system);
	ages->table.nr = 0;
	if (!ages->nodes) {
		error = system.ages_error;
		ages->table = system.ages;
	}
	for (int i = 0; i < system.nr_nodes && ages->nodes && !error; i++) {
		const struct node *node = &system.nodes[i];

		if (node->id > 63 || !(ages->nodes & 1ULL << node->id))
			continue;
		error = node->ages_error;
		if (!error)
			error = amount_add_table(&ages->table, &node->ages);
	}
	system_free(&system);
	return error;
}

static void forget_cgroups(struct ages *ages)
{
	cgroups_free(&ages->cgroups);
	ages->cgroups = (struct cgroups){ .nr = 0 };
	free(ages->sum);
	ages->sum = NULL;
}

static int look_cgroups(struct ages *ages)
{
	int error;

	forget_cgroups(ages);
	/* The one that was asked for may have loaded all that it had */
	error = cgroups_read(ages->source, ages->nodes ? ages->nodes : UINT64_MAX, !ages->tree,
			     &ages->cgroups);
	if (error)
		return error;
	ages->sum = xcalloc(ages->cgroups.nr + 1, sizeof(*ages->sum));
	cgroups_sum(&ages->cgroups, ages->sum);
	return 0;
}

static int look_cgroup(struct ages *ages)
{
	int error = look_cgroups(ages);

	if (error)
		return error;
	/* One that has just been removed has no buckets */
	ages->table.nr = 0;
	for (int i = 0; i < ages->cgroups.nr; i++) {
		const struct cgroup *cgroup = &ages->cgroups.cgroup[i];

		if (cgroup->id == ages->id)
			ages->table = ages->no_descend ? cgroup->ages : ages->sum[i];
	}
	return 0;
}

static int look(void *data)
{
	struct ages *ages = data;

	return ages->tree ? look_cgroups(ages) : ages->id ? look_cgroup(ages) : look_system(ages);
}

static void put_bucket(struct table *table, const struct ages *ages, int index, num pages,
		       num most)
{
	const struct age_bucket *bucket = &ages->table.bucket[index];
	struct libscols_line *line = table_line(table, NULL);
	char *from = format_age(bucket->min_age), *to, *text;
	struct age_bucket colder;

	if (bucket->max_age == AGE_NO_BOUND) {
		text = xasprintf("%s+", from);
	} else {
		to = format_age(bucket->max_age);
		text = xasprintf("%s-%s", from, to);
		free(to);
	}
	table_text(table, line, AGE, text);
	free(text);
	free(from);

	amount_colder(&ages->table, bucket->min_age, &colder);
	table_number(table, line, MIN_AGE, bucket->min_age);
	table_number(table, line, MAX_AGE, bucket->max_age);
	for (int i = 0; i < NR_AGE_COUNTERS; i++)
		table_counter(table, line, COUNTERS + i, &age_counters[i], bucket);
	table_number(table, line, SIZE, amount_bytes(bucket->pages));
	table_number(table, line, SHARE, amount_ratio(bucket->pages, pages, 1000000));
	table_number(table, line, COLDER, colder.bytes);
	table_refault_rate(table, line, REFAULT_RATE,
			   amount_ratio(bucket->refaulted, bucket->written, 1000000));
	text = format_bar(bucket->bytes, most, BAR_WIDTH, table_utf8(ages->output));
	table_text(table, line, BAR, text);
	free(text);
	if (bucket->pages && bucket->min_age == amount_oldest(&ages->table))
		table_color(table, line, AGE, "bold");
}

static void put_buckets(struct table *table, const struct ages *ages)
{
	struct age_bucket total;
	num most = 0;

	amount_total(&ages->table, &total);
	for (int i = 0; i < ages->table.nr; i++) {
		if (ages->table.bucket[i].bytes > most)
			most = ages->table.bucket[i].bytes;
	}
	for (int i = 0; i < ages->table.nr; i++)
		put_bucket(table, ages, i, total.pages, most);
}

/* A character for each bucket; to be freed. */
static char *histogram(const struct age_table *table, bool utf8)
{
	char *text = xcalloc(table->nr + 1, UTF8_MAX);
	num most = 0;

	for (int i = 0; i < table->nr; i++) {
		if (table->bucket[i].bytes > most)
			most = table->bucket[i].bytes;
	}
	for (int i = 0; i < table->nr; i++)
		strcat(text, format_level(table->bucket[i].bytes, most, utf8));
	return text;
}

static void put_cgroup(struct table *table, const struct ages *ages, int index,
		       struct libscols_line *line, bool whole_path)
{
	const struct cgroup *cgroup = &ages->cgroups.cgroup[index];
	const struct age_table *sum = &ages->sum[index];
	struct age_bucket total, own, cold;
	char *text;

	amount_total(sum, &total);
	amount_total(&cgroup->ages, &own);
	amount_colder(sum, ages->cold, &cold);
	table_text(table, line, CGROUP, whole_path ? cgroup->path : cgroup_name(cgroup->path));
	table_number(table, line, ID, cgroup->id);
	table_number(table, line, TREE_PAGES, total.pages);
	table_number(table, line, TREE_COMPRESSED, total.bytes);
	table_number(table, line, OWN_PAGES, own.pages);
	table_number(table, line, OWN_COMPRESSED, own.bytes);
	table_number(table, line, COLD, cold.bytes);
	table_number(table, line, OLDEST, amount_oldest(sum));
	text = histogram(sum, table_utf8(ages->output));
	table_text(table, line, HISTOGRAM, text);
	free(text);
	table_number(table, line, REMOVED, cgroup->removed);
	if (cgroup->removed)
		table_color(table, line, CGROUP, "yellow");
}

static void put_tree(struct table *table, const struct ages *ages)
{
	const struct cgroups *cgroups = &ages->cgroups;
	struct libscols_line **line = xcalloc(cgroups->nr + 1, sizeof(struct libscols_line *));

	/* Parents come first; what is not below the cgroup that was asked for has no line. */
	for (int i = 0; i < cgroups->nr; i++) {
		int parent = cgroups->cgroup[i].parent;
		bool top = ages->id ? cgroups->cgroup[i].id == ages->id : parent < 0;

		if (!top && (parent < 0 || !line[parent]))
			continue;
		line[i] = table_line(table, top ? NULL : line[parent]);
		put_cgroup(table, ages, i, line[i],
			   top || ages->output->raw || ages->output->json);
	}
	free(line);
}

static struct table *new_table(const struct ages *ages)
{
	return table_new(ages->tree ? &tree_view : &bucket_view, ages->output);
}

static struct table *full_table(const struct ages *ages)
{
	struct table *table = new_table(ages);

	if (ages->tree)
		put_tree(table, ages);
	else
		put_buckets(table, ages);
	return table;
}

static char *draw(void *data, int lines, int width)
{
	struct table *table = full_table(data);
	char *text = table_render(table, width);

	(void)lines;
	table_free(table);
	return text;
}

/* Whoever mistypes a node is not to take "nothing there" for an answer. */
static int check_nodes(const struct ages *ages)
{
	int node = source_exists(ages->source, SYS_ZSWAP) ? -ENOENT :
		   system_missing_node(ages->source, ages->nodes);

	if (node < 0)
		return EX_DONE;
	say_error("node %d not found, or without memory", node);
	return EX_USAGE;
}

static int print(struct ages *ages)
{
	struct table *table;
	int error = look(ages);

	if (error)
		return error;
	table = full_table(ages);
	table_print(table);
	options_say_foreign(&ages->cgroups);
	table_free(table);
	return EX_DONE;
}

static int run(struct context *context, void *data)
{
	struct ages *ages = data;
	const struct screen_view view = {
		.data = ages,
		.look = look,
		.draw = draw,
		.seconds = ages->seconds,
		.iterations = ages->iterations,
	};
	struct table *table;
	char *path = NULL;
	int result;

	if (ages->history)
		return history_show(&context->output, ages->history);
	ages->source = &context->source;
	ages->output = &context->output;
	result = check_nodes(ages);
	if (result != EX_DONE)
		return result;
	table = new_table(ages);
	if (!table)
		return EX_USAGE;
	table_free(table);
	if (ages->name) {
		result = options_cgroup(ages->source, ages->name, &ages->id, &path);
		if (result != EX_DONE)
			return result;
		free(path);
	}
	result = ages->seconds ? screen_run(context, &view) : print(ages);
	if (result < 0)
		result = options_say_unreadable(ages->source, "the ages of what is in zswap",
						result);
	forget_cgroups(ages);
	return result;
}

const struct subcommand ages_subcommand = {
	.name = "ages",
	.summary = "how old what is in zswap is",
	.options = options,
	.views = { &bucket_view, &tree_view, &history_view },
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
