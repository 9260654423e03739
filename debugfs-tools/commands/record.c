// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl record: add how old what is in zswap is now to a small file; and ages --history, which
 * draws that as a heat map, time from left to right and the oldest pages at the top.
 */
#include <sys/stat.h>

#include "commands/commands.h"
#include "decide/history.h"
#include "system/amount.h"
#include "ui/format.h"

#define KEEP_DEFAULT	1440	/* a day, with one a minute */
#define DATE		sizeof("01-31 23:59")

struct record {
	const char *file;
	num keep;
};

static const struct option_spec options[] = {
	{ "file", 'f', OPTION_FILE, offsetof(struct record, file),
	  "the file (" HISTORY_FILE "); with --root it must be given" },
	{ "keep", 0, OPTION_COUNT, offsetof(struct record, keep),
	  "make a new file for N samples (1440), 1K each: then the oldest one goes" },
	{ }
};

static struct record given = { .keep = KEEP_DEFAULT };

/* Returns the exit status; @message NULL: as @error says. */
static int say_file(const char *file, const char *message, int error)
{
	say_error("%s: %s", file, message ?: strerror(-error));
	return error == -EACCES || error == -EPERM ? EX_DENIED : EX_FAILED;
}

static int run(struct context *context, void *data)
{
	autofree char *message = NULL;
	const struct source *source = &context->source;
	const struct record *record = data;
	const char *file = record->file ? record->file : HISTORY_FILE;
	struct history_sample sample = {
		.time = time(NULL),
		.awake_ms = sample_awake_ms(source),
		.page_size = amount_page_size(),
	};
	int error;

	if ((source->recorded && !record->file) || record->keep > HISTORY_MAX) {
		say_error(record->file ? "--keep: at most %d" : "--root needs --file", HISTORY_MAX);
		return EX_USAGE;
	}
	error = system_read_ages(source, SYS_DEBUGFS "/age_buckets", &sample.ages);
	if (error)
		return options_say_unreadable(source, error);
	if (!record->file)
		mkdir(DAEMON_DIRECTORY, 0700);
	error = history_add(file, record->keep, &sample, &message);
	return error ? say_file(file, message, error) : EX_DONE;
}

const struct subcommand record_subcommand = {
	.name = "record",
	.summary = "add the ages of now to a small file, for ages --history",
	.options = options,
	.data = &given,
	.run = run,
};

/* ---- ages --history ---- */

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

int history_show(const struct table *table, const struct output *output, const char *file)
{
	autofree char *message = NULL;
	struct history history;
	int error = history_read(file, &history, &message), result = EX_DONE;

	if (error) {
		result = say_file(file, message, error);
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
