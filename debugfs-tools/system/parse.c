// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text into numbers.  Any text may come: what the user has typed, and files of a kernel
 * that is older, newer or hostile.
 */
#include <ctype.h>

#include "system/parse.h"

/* ---- numbers ---- */

/* Digits at *@text, which is moved behind them. */
static int parse_num(const char **text, num *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	errno = 0;
	*value = strtoll(*text, &end, 10);
	*text = end;
	return errno ? -ERANGE : 0;
}

int parse_number(const char *text, void *value)
{
	num parsed;
	int err = parse_num(&text, &parsed);

	if (err)
		return err;
	if (*text)
		return -EINVAL;
	*(num *)value = parsed;
	return 0;
}

/* ---- what the user types ---- */

#define NUM_END		0x1p63L		/* a num is below */

/* "0.25" at *@text, which is moved behind it; neither a sign nor an exponent. */
static int parse_decimal(const char **text, long double *value)
{
	const char *behind = *text + strspn(*text, "0123456789.");
	char *end;

	*value = strtold(*text, &end);
	if (end != behind || !isdigit((unsigned char)**text) || !isdigit((unsigned char)end[-1]))
		return -EINVAL;
	*text = end;
	return 0;
}

/* 64M, 1.5G; KiB is K, and a fraction needs a letter: there is no half of a byte */
int parse_size(const char *text, void *bytes)
{
	static const char letters[] = "KMGTPE";
	const char *letter;
	long double size;
	int err = parse_decimal(&text, &size);

	if (err)
		return err;
	letter = *text ? strchr(letters, toupper((unsigned char)*text)) : NULL;
	if (letter) {
		size *= 1LL << 10 * (letter - letters + 1);
		text++;
		if (!strcasecmp(text, "iB"))
			text++;
	} else if (size < NUM_END && size != (num)size) {
		return -EINVAL;
	}
	if (*text && strcasecmp(text, "B"))
		return -EINVAL;
	if (size >= NUM_END)
		return -ERANGE;
	*(num *)bytes = size;
	return 0;
}

/* 3600, 90s, 1h30m: each unit is smaller than the one before */
int parse_age(const char *text, void *seconds)
{
	static const char letters[] = "smhd";
	static const num units[] = { 1, 60, 60 * 60, 24 * 60 * 60, 0 };
	num age = 0, last = INT64_MAX, part, unit = 1;
	int err;

	do {
		err = parse_num(&text, &part);
		if (err)
			return err;
		/* A number alone is seconds */
		if (*text)
			unit = units[strcspn(letters, (char []){ *text++, '\0' })];
		else if (last != INT64_MAX)
			return -EINVAL;
		if (!unit || unit >= last)
			return -EINVAL;
		last = unit;
		if (__builtin_mul_overflow(part, unit, &part) ||
		    __builtin_add_overflow(age, part, &age))
			return -ERANGE;
	} while (*text);
	*(num *)seconds = age;
	return 0;
}

int parse_rate(const char *text, void *ppm_per_min)
{
	static const struct {
		const char *name;
		long double minutes;
	} units[] = {
		{ "%/s", 1 / 60.0L }, { "%/min", 1 }, { "%/h", 60 }, { "%/d", 24 * 60 },
	};
	long double rate, ppm;
	int err = parse_decimal(&text, &rate);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].name))
			continue;
		/* A percent is 10000 ppm; 0.29 is a little less than it looks */
		ppm = rate / units[i].minutes * 10000 + 1e-6L;
		if (ppm >= NUM_END)
			return -ERANGE;
		*(num *)ppm_per_min = rate > 0 && ppm < 1 ? 1 : (num)ppm;
		return 0;
	}
	return -EINVAL;
}

int parse_range(const char **text, num *first, num *last)
{
	int err = parse_num(text, first);

	if (err)
		return err;
	*last = *first;
	if (**text == '-') {
		++*text;
		err = parse_num(text, last);
	}
	return !err && *last < *first ? -EINVAL : err;
}

int parse_nodes(const char *text, void *mask)
{
	uint64_t nodes = 0;
	num first, last;
	int err;

	for (;; text++) {
		err = parse_range(&text, &first, &last);
		if (err)
			return err;
		if (last > 63)
			return -ERANGE;
		nodes |= (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*(uint64_t *)mask = nodes;
	return 0;
}

/* ---- tables ---- */

#define BLANKS	" \t"

#define RECORD(member)	offsetof(struct cgroup_record, member)

/* Columns with a name: those of age_counters, and these behind them. */
enum {
	FIELD_BUCKET = NR_AGE_COUNTERS, FIELD_MIN_AGE, FIELD_MAX_AGE,
	FIELD_CGROUP, FIELD_NODE, FIELD_PATH
};

static const struct counter places[] = {
	{ "bucket", RECORD(bucket) }, { "min_age", RECORD(row.min_age) },
	{ "max_age", RECORD(row.max_age) }, { "cgroup", RECORD(id) }, { "node", RECORD(node) },
	{ "path" },
};

static const struct counter *field_counter(int field)
{
	return field < NR_AGE_COUNTERS ? &age_counters[field] : &places[field - NR_AGE_COUNTERS];
}

/* The first @max words.  Returns how many there are; *@rest: what is behind them and a blank. */
static int split(char *line, char **word, int max, char **rest)
{
	int nr = 0;

	for (line += strspn(line, BLANKS); nr < max && *line; nr++) {
		word[nr] = strsep(&line, BLANKS);
		if (!line)
			line = "";
		else if (nr < max - 1)
			line += strspn(line, BLANKS);
	}
	*rest = line;
	return nr;
}

static int parse_header(char *line, struct table_reader *reader)
{
	char *word[TABLE_COLUMNS], *rest;

	reader->nr = split(line, word, TABLE_COLUMNS, &rest);
	for (int field = 0; field < TABLE_FIELDS; field++) {
		int *column = &reader->column[field];

		*column = -1;
		for (int i = 0; i < reader->nr; i++) {
			if (strcmp(word[i], field_counter(field)->name))
				continue;
			if (*column >= 0)
				return -EINVAL;
			*column = i;
		}
		if (*column < 0 && !(field_counter(field)->flags & COUNTER_OPTIONAL) &&
		    (field < FIELD_CGROUP || reader->cgroups))
			return -EINVAL;
	}
	/* A path may have blanks: it can only be the last column */
	return *rest || (reader->cgroups && reader->column[FIELD_PATH] != reader->nr - 1) ?
	       -EINVAL : 0;
}

static int parse_field(int field, const char *text, num *value)
{
	bool endless = field == FIELD_MAX_AGE && text && !strcmp(text, "inf");

	*value = endless ? AGE_NO_BOUND : -ENOENT;
	return text && !endless ? parse_number(text, value) : 0;
}

int parse_table_line(char *line, void *data)
{
	struct table_reader *reader = data;
	int words = reader->nr - reader->cgroups, err = 0;
	struct cgroup_record record = {};
	char *word[TABLE_COLUMNS];

	if (!reader->nr)
		return parse_header(line, reader);
	if (split(line, word, words, &record.path) < words)
		return -EINVAL;
	for (int field = 0; field < FIELD_PATH && !err; field++) {
		void *base = field < NR_AGE_COUNTERS ? (void *)&record.row : &record;
		int column = reader->column[field];

		err = parse_field(field, column < 0 ? NULL : word[column],
				  counter_at(base, field_counter(field)));
	}
	if (!err && record.bucket >= AGE_BUCKETS_MAX)
		err = -ERANGE;
	if (err)
		return err;
	/* Behind one blank all that is left is the path, whatever is in it */
	if (record.row.min_age >= record.row.max_age ||
	    (reader->cgroups ? !*record.path : record.path[strspn(record.path, BLANKS)]))
		return -EINVAL;
	return reader->each(&record, reader->data);
}

/* ---- keys ---- */

/* What follows @key and a blank or a colon, at the beginning of a line; NULL without. */
static const char *parse_find_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text) {
		if (!strncmp(text, key, len) && text[len] && strchr(": \t", text[len])) {
			text += len + 1;
			return text + strspn(text, BLANKS);
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

/* It may be negative; one that ends at the end of the text may have been cut off. */
static int parse_value(const char *text, num *value)
{
	char *end;

	if (!text)
		return -ENOENT;
	if (!isdigit((unsigned char)text[*text == '-']))
		return -EINVAL;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno ? -ERANGE : *end && strchr("\n" BLANKS, *end) ? 0 : -EINVAL;
}

static num parse_amount(const char *text)
{
	num value;
	int err = parse_value(text, &value);

	return err ? err : value < 0 ? -EINVAL : value;
}

num parse_keyed(const char *text, const char *key)
{
	return parse_amount(parse_find_key(text, key));
}

num parse_pressure_some(const char *text)
{
	const char *p = parse_find_key(text, "some"), *total = p ? strstr(p - 1, " total=") : NULL;

	if (!total || total > p + strcspn(p, "\n"))
		return -EINVAL;
	return parse_amount(total + strlen(" total="));
}

int parse_result(const char *text, struct result *result)
{
	struct result parsed = *result;
	int err = parse_value(parse_find_key(text, "status"), &parsed.status) ?:
		  parse_value(parse_find_key(text, "coldest_left"), &parsed.coldest_left);

	parsed.elapsed_us = parse_keyed(text, "elapsed_us");
	if (!err && parsed.elapsed_us < 0)
		err = parsed.elapsed_us;
	for (int i = 0; !err && i < NR_STATS; i++) {
		num value = parse_keyed(text, stats_counters[i].name);

		if (!(stats_counters[i].flags & COUNTER_ANSWER))
			continue;
		*counter_at(&parsed.count, &stats_counters[i]) = value;
		if (value < 0)
			err = value;
	}
	/* No errno is larger than MAX_ERRNO of the kernel; -1 is the age of no page */
	if (err == -ENOENT || (!err && (parsed.status < -4095 || parsed.status > 0 ||
					parsed.coldest_left < -1)))
		err = -EINVAL;
	if (!err)
		*result = parsed;
	return err;
}
