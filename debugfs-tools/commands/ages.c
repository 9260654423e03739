// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl ages: how old what is in zswap is, by bucket of age, or by cgroup as a tree; and how
 * that went, from the file that record writes.
 */
#include "commands/commands.h"
#include "decide/history.h"
#include "system/amount.h"
#include "ui/format.h"
#include "ui/screen.h"

#define BAR_WIDTH	16
#define DATE		sizeof("01-31 23:59")

struct bucket_row {
	const char *age, *bar;
	num share, colder, refault_rate;
	struct age_bucket bucket;
};

enum { COUNTERS = 3, SIZE = COUNTERS + NR_AGE_COUNTERS };

#define ROW(member)	offsetof(struct bucket_row, member)

static const struct column bucket_columns[] = {
	{ "AGE", COLUMN_TEXT, true, "for how long pages have been in zswap", ROW(age) },
	{ "MIN-AGE", COLUMN_AGE, false, "at least this long", ROW(bucket.min_age) },
	{ "MAX-AGE", COLUMN_AGE, false, "and less than this", ROW(bucket.max_age) },
	[SIZE] = { "SIZE", COLUMN_PAGES, false, "size of PAGES before compression",
		   ROW(bucket.pages) },
	{ "SHARE", COLUMN_PPM, false, "PAGES in percent of all", ROW(share) },
	{ "COLDER", COLUMN_SIZE, true, "what writing this age and older would free", ROW(colder) },
	{ "REFAULT-RATE", COLUMN_REFAULTS, true, "REFAULTED in percent of WRITTEN",
	  ROW(refault_rate) },
	{ "BAR", COLUMN_BAR, true, "COMPRESSED, drawn", ROW(bar) },
};

#undef ROW
#define ROW(member)	offsetof(struct tree_row, member)

struct tree_row {
	const char *name, *histogram;
	num id, cold, oldest, removed;
	struct age_bucket total, own;
};

static const struct column tree_columns[] = {
	{ "CGROUP", COLUMN_TREE, true, "name; the path with --raw and --json", ROW(name) },
	{ "ID", COLUMN_COUNT, false, "the kernel's number for it", ROW(id) },
	{ "PAGES", COLUMN_COUNT, true, "pages in zswap, with descendants", ROW(total.pages) },
	{ "COMPRESSED", COLUMN_SIZE, true, "their size in zswap", ROW(total.bytes) },
	{ "OWN-PAGES", COLUMN_COUNT, false, "pages without those of descendants",
	  ROW(own.pages) },
	{ "OWN-COMPRESSED", COLUMN_SIZE, false, "their size in zswap", ROW(own.bytes) },
	{ "COLD", COLUMN_SIZE, true, "of COMPRESSED: at least --cold old", ROW(cold) },
	{ "OLDEST", COLUMN_AGE, true, "the oldest pages are at least this old", ROW(oldest) },
	{ "HISTOGRAM", COLUMN_BAR, true, "COMPRESSED by bucket of age, the youngest first",
	  ROW(histogram) },
	{ "REMOVED", COLUMN_BOOL, false, "the cgroup is gone, its pages are not", ROW(removed) },
};

struct ages {
	/* What is wanted. */
	uint64_t nodes;			/* 0: all, not asked for */
	const char *name;		/* of the cgroup; NULL: the system */
	const char *file;		/* of --history; NULL: HISTORY_FILE */
	bool tree, no_descend, history;
	num cold;			/* seconds */
	struct screen_view screen;

	const struct source *source;
	const struct output *output;
	uint64_t id;			/* of the cgroup; 0: the system */

	/* What was found. */
	struct age_table table;
	struct cgroups cgroups;
};

#define WHERE(member)	offsetof(struct ages, member)

static const struct option_spec options[] = {
	{ "node", 'N', OPTION_NODES, WHERE(nodes), "only pages on these nodes" },
	{ "cgroup", 'c', OPTION_CGROUP, WHERE(name),
	  "only this cgroup and those below: path, id, unit or pid:NUMBER" },
	{ "no-descend", 0, OPTION_FLAG, WHERE(no_descend), "with --cgroup: not those below",
	  .needs = "cgroup", .excludes = { "tree" } },
	{ "tree", 't', OPTION_FLAG, WHERE(tree), "print the cgroups instead of the buckets" },
	{ "cold", 0, OPTION_AGE, WHERE(cold), "with --tree: what counts as cold (5m)",
	  .needs = "tree" },
	{ "history", 0, OPTION_FLAG, WHERE(history),
	  "draw how the ages went, from what record wrote",
	  .excludes = { "node", "cgroup", "tree", "watch", "json", "raw", "bytes",
			"noheadings", "output", "output-all" } },
	{ "file", 'f', OPTION_FILE, WHERE(file), "with --history: the file (" HISTORY_FILE ")",
	  .needs = "history" },
	{ "watch", 'w', OPTION_WATCH, WHERE(screen.seconds), "look again and again (every 2 s)" },
	{ "iterations", 0, OPTION_COUNT, WHERE(screen.iterations), "with --watch: end after N looks",
	  .needs = "watch" },
	{ }
};

static int look_system(struct ages *ages)
{
	int error = 0;

	if (!ages->nodes)
		return system_read_ages(ages->source, SYS_DEBUGFS "/age_buckets", &ages->table);
	ages->table.nr = 0;
	for_each_node(node, ages->nodes) {
		autofree char *path = xasprintf(SYS_DEBUGFS "/node%d/age_buckets", node);
		struct age_table table;

		error = error ?: system_read_ages(ages->source, path, &table) ?:
			amount_add_table(&ages->table, &table);
	}
	return error;
}

static int look(void *data)
{
	struct ages *ages = data;
	int error;

	if (!ages->tree && !ages->id)
		return look_system(ages);
	cgroups_free(&ages->cgroups);
	error = cgroups_read(ages->source, ages->nodes ? ages->nodes : UINT64_MAX,
			     &ages->cgroups);
	if (error)
		return error;
	cgroups_sum(&ages->cgroups);
	/* One that has just been removed has no buckets */
	ages->table.nr = 0;
	for (int i = 0; i < ages->cgroups.nr; i++) {
		const struct cgroup *cgroup = &ages->cgroups.cgroup[i];

		if (cgroup->id == ages->id)
			ages->table = ages->no_descend ? cgroup->ages : ages->cgroups.sum[i];
	}
	return 0;
}

/* The largest of the buckets, compressed. */
static num most_bytes(const struct age_table *table)
{
	num most = 0;

	for (int i = 0; i < table->nr; i++) {
		if (table->bucket[i].bytes > most)
			most = table->bucket[i].bytes;
	}
	return most;
}

static void put_buckets(struct table *table, const struct ages *ages)
{
	num most = most_bytes(&ages->table), oldest = amount_oldest(&ages->table);
	num pages = amount_colder(&ages->table, 0).pages;

	for (int i = 0; i < ages->table.nr; i++) {
		const struct age_bucket *bucket = &ages->table.bucket[i];
		bool last = bucket->max_age == AGE_NO_BOUND;
		autofree char *age = xasprintf("%s%s%s", format_age(bucket->min_age).text,
					       last ? "+" : "-",
					       last ? "" : format_age(bucket->max_age).text);
		autofree char *bar = format_bar(bucket->bytes, most, BAR_WIDTH,
						table_utf8(ages->output));
		struct libscols_line *line;

		line = table_row(table, NULL, &(struct bucket_row){
			.age = age,
			.bar = bar,
			.share = amount_ratio(bucket->pages, pages, PPM),
			.colder = amount_colder(&ages->table, bucket->min_age).bytes,
			.refault_rate = amount_ratio(bucket->refaulted, bucket->written, PPM),
			.bucket = *bucket,
		});
		if (bucket->pages && bucket->min_age == oldest)
			table_color(table, line, "AGE", "bold");
	}
}

/* A character for each bucket; to be freed. */
static char *histogram(const struct age_table *table, bool utf8)
{
	char *text = xcalloc(table->nr + 1, UTF8_MAX);
	num most = most_bytes(table);

	for (int i = 0; i < table->nr; i++)
		strcat(text, format_level(table->bucket[i].bytes, most, utf8));
	return text;
}

static struct libscols_line *put_cgroup(struct table *table, const struct ages *ages, int index,
					struct libscols_line *parent)
{
	autofree char *levels = histogram(&ages->cgroups.sum[index], table_utf8(ages->output));
	const struct cgroup *cgroup = &ages->cgroups.cgroup[index];
	bool whole_path = !parent || ages->output->raw || ages->output->json;
	const struct age_table *sum = &ages->cgroups.sum[index];
	struct tree_row row = {
		.name = whole_path ? cgroup->path : cgroup_name(cgroup->path),
		.histogram = levels,
		.id = cgroup->id,
		.cold = amount_colder(sum, ages->cold).bytes,
		.oldest = amount_oldest(sum),
		.removed = cgroup->removed,
		.total = amount_colder(sum, 0),
		.own = amount_colder(&cgroup->ages, 0),
	};
	struct libscols_line *line = table_row(table, parent, &row);

	if (cgroup->removed)
		table_color(table, line, "CGROUP", "yellow");
	return line;
}

static void put_tree(struct table *table, const struct ages *ages)
{
	const struct cgroups *cgroups = &ages->cgroups;
	struct libscols_line **line = xcalloc(cgroups->nr + 1, sizeof(struct libscols_line *));

	/* Parents come first; what is not below the cgroup that was asked for has no line. */
	for (int i = 0; i < cgroups->nr; i++) {
		int parent = cgroups->cgroup[i].parent;
		bool top = ages->id ? cgroups->cgroup[i].id == ages->id : parent < 0;

		if ((!top && (parent < 0 || !line[parent])) ||
		    (i && amount_oldest(&ages->cgroups.sum[i]) < 0))
			continue;
		line[i] = put_cgroup(table, ages, i, top ? NULL : line[parent]);
	}
	free(line);
}

static char *put(void *data, struct table *table, int lines, int width)
{
	const struct ages *ages = data;

	(void)lines;
	(void)width;
	if (ages->tree)
		put_tree(table, ages);
	else
		put_buckets(table, ages);
	return NULL;
}

/* ---- --history: a heat map, time from left to right and the oldest pages at the top ---- */

struct map {
	const struct age_table *rows;	/* the bounds of the newest sample */
	int width;			/* columns of time */
	num begin, step;		/* seconds */
	struct map_column {
		int samples;
		num bytes[AGE_BUCKETS_MAX]; /* their mean, by row */
	} *column;
	num most;			/* of the bytes */
};

static int compare_nums(const void *a, const void *b)
{
	num left = *(const num *)a, right = *(const num *)b;

	return (left > right) - (left < right);
}

/* From one sample to the next, as it is mostly. */
static num usual_distance(const struct history *history)
{
	autofree num *distance = xcalloc(history->nr, sizeof(*distance));
	num usual;

	for (int i = 1; i < history->nr; i++)
		distance[i - 1] = history->sample[i].time - history->sample[i - 1].time;
	qsort(distance, history->nr - 1, sizeof(*distance), compare_nums);
	usual = history->nr > 1 ? distance[(history->nr - 1) / 2] : 1;
	return usual > 0 ? usual : 1;
}

static void add_sample(const struct map *map, struct map_column *column,
		       const struct history_sample *sample)
{
	column->samples++;
	for (int b = 0; b < sample->ages.nr; b++) {
		const struct age_bucket *bucket = &sample->ages.bucket[b];
		num bytes = amount_times(bucket->pages, sample->page_size);
		/* Bounds may have been others then: a bucket counts where it begins */
		num *sum = &column->bytes[amount_bucket(map->rows, bucket->min_age)];

		*sum = amount_add(*sum, bytes > 0 ? bytes : 0);
	}
}

static void fill(struct map *map, const struct history *history, int room)
{
	num usual = usual_distance(history), last = 0, span;

	map->begin = history->sample[0].time;
	span = history->sample[history->nr - 1].time - map->begin;
	map->step = span / room + 1 > usual ? span / room + 1 : usual;
	map->width = span / map->step + 1;
	map->column = xcalloc(map->width, sizeof(*map->column));
	for (int i = 0; i < history->nr; i++) {
		const struct history_sample *sample = &history->sample[i];
		num column = (sample->time - map->begin) / map->step;

		/* One that came a little late leaves no hole */
		if (i && column > last + 1 && sample->time - sample[-1].time < 2 * usual)
			map->column[last + 1] = map->column[last];
		last = column;
		add_sample(map, &map->column[column], sample);
	}
	for (int i = 0; i < map->width * map->rows->nr; i++) {
		struct map_column *column = &map->column[i % map->width];
		num *bytes = &column->bytes[i / map->width];

		if (column->samples)
			*bytes /= column->samples;
		if (*bytes > map->most)
			map->most = *bytes;
	}
}

static void print_date(num seconds, int width)
{
	time_t moment = seconds;
	char text[DATE] = "";
	struct tm tm;

	if (localtime_r(&moment, &tm))
		strftime(text, sizeof(text), "%m-%d %H:%M", &tm);
	printf("%*s", width, text);
}

static void print_map(const struct map *map, int label, bool utf8)
{
	for (int row = map->rows->nr - 1; row >= 0; row--) {
		printf("%*s+ ", label, format_age(map->rows->bucket[row].min_age).text);
		for (const struct map_column *c = map->column; c < map->column + map->width; c++)
			fputs(c->samples ? format_level(c->bytes[row], map->most, utf8) : " ",
			      stdout);
		putchar('\n');
	}
	printf("%*s", label + 2, "");
	if (map->width >= 2 * (int)DATE)
		print_date(map->begin, -(map->width - (int)DATE + 1));
	print_date(map->begin + (map->width - 1) * map->step, 0);
	printf("\n%s: %s, .: none; a column: %s\n", format_level(1, 1, utf8),
	       format_size(map->most).text, format_age(map->step).text);
}

static void draw(const struct history *history, int width, bool utf8)
{
	struct map map = { .rows = &history->sample[history->nr - 1].ages };
	int label = 0;

	for (int row = 0; row < map.rows->nr; row++) {
		int length = strlen(format_age(map.rows->bucket[row].min_age).text);

		if (length > label)
			label = length;
	}
	fill(&map, history, width - label - 2 > 1 ? width - label - 2 : 1);
	print_map(&map, label, utf8);
	free(map.column);
}

/* Returns an exit status. */
static int show_history(const struct table *table, const struct output *output, const char *file)
{
	autofree char *message = NULL;
	struct history history;
	int error = history_read(file, &history, &message), result = EX_DONE;

	if (error) {
		result = options_say_file(file, message, error);
	} else if (!history.nr) {
		say_error("%s: no sample in it", file);
		result = EX_NOTHING;
	} else {
		draw(&history, table_width(table), table_utf8(output));
	}
	if (history.broken)
		say_error("%s: %d invalid samples are left out", file, history.broken);
	history_free(&history);
	return result;
}

/* ---- from the command line on ---- */

static struct ages given = {
	.cold = COLD_DEFAULT,
	.screen = { &given, look, put },
};

static int run(struct context *context, void *data)
{
	struct ages *ages = data;
	int result;

	ages->source = &context->source;
	ages->output = &context->output;
	result = options_nodes(ages->source, ages->nodes);
	if (result != EX_DONE)
		return result;
	if (ages->history && ages->source->recorded && !ages->file) {
		say_error("--root needs --file");
		return EX_USAGE;
	}
	if (ages->history)
		return show_history(context->table, ages->output, ages->file ?: HISTORY_FILE);
	if (ages->name)
		result = options_cgroup(ages->source, ages->name, &ages->id, NULL);
	if (result != EX_DONE)
		return result;
	result = screen_run(context, &ages->screen);
	/* Of a screen that is redrawn, it stands where that was */
	options_say_foreign(&ages->cgroups);
	return result;
}

const struct subcommand ages_subcommand = {
	.name = "ages",
	.summary = "how old what is in zswap is",
	.options = options,
	.views = {
		{ VIEW("buckets", bucket_columns),
		  .counters = { { age_counters, COUNTERS, offsetof(struct bucket_row, bucket) } } },
		{ VIEW("cgroups", tree_columns), .when = "--tree" },
	},
	.data = &given,
	.run = run,
};
