// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text into numbers.  Any text may come: what the user has typed, and files of a kernel
 * that is older, newer or hostile.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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
	size_t length = strspn(*text, "0123456789.");
	autofree char *digits = xasprintf("%.*s", (int)length, *text);
	const char *point = strchr(digits, '.');

	if (!isdigit((unsigned char)*digits) || (point && !isdigit((unsigned char)point[1])) ||
	    (point && strchr(point + 1, '.')))
		return -EINVAL;
	*value = strtold(digits, NULL);
	*text += length;
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

/* Columns with a name: those of age_counters, and these behind them. */
enum {
	FIELD_BUCKET = NR_AGE_COUNTERS, FIELD_MIN_AGE, FIELD_MAX_AGE,
	FIELD_CGROUP, FIELD_NODE, FIELD_PATH, NR_FIELDS
};

static const char *parse_field_name(int which)
{
	static const char *const name[] = {
		"bucket", "min_age", "max_age", "cgroup", "node", "path",
	};

	return which < NR_AGE_COUNTERS ? age_counters[which].name : name[which - NR_AGE_COUNTERS];
}

static bool parse_is_needed(int which, bool cgroups)
{
	if (which < NR_AGE_COUNTERS)
		return !(age_counters[which].flags & COUNTER_OPTIONAL);
	return which < FIELD_CGROUP || cgroups;
}

/* The word at *@rest, which is moved behind it and a blank; NULL if there is none. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);

	*rest = word + strcspn(word, BLANKS);
	if (**rest)
		*(*rest)++ = '\0';
	return *word ? word : NULL;
}

/* No column is there twice; one too far behind to be remembered is as good as missing. */
static int parse_header(char *line, bool cgroups, struct parse_header *header)
{
	bool seen[NR_FIELDS] = {};
	char *word;

	for (header->nr = 0; (word = next_word(&line)); header->nr++) {
		int which = NR_FIELDS - 1;

		while (which >= 0 && strcmp(word, parse_field_name(which)))
			which--;
		if (which >= 0 && seen[which])
			return -EINVAL;
		if (header->nr >= PARSE_COLUMNS)
			continue;
		header->known[header->nr] = which;
		if (which >= 0)
			seen[which] = true;
	}
	for (int i = 0; i < NR_FIELDS; i++) {
		if (!seen[i] && parse_is_needed(i, cgroups))
			return -EINVAL;
	}
	return 0;
}

/* The first @nr columns of a line, known ones to @fields.  Returns what is behind them, or NULL. */
static char *parse_fields(char *line, const struct parse_header *header, long nr, char **fields)
{
	for (long i = 0; i < nr; i++) {
		char *word = next_word(&line);

		if (!word)
			return NULL;
		if (i < PARSE_COLUMNS && header->known[i] >= 0)
			fields[header->known[i]] = word;
	}
	return line;
}

/* What both tables have in a line. */
static int parse_row(char **fields, int *number, struct age_bucket *row)
{
	num bucket;
	int err = parse_number(fields[FIELD_BUCKET], &bucket);

	if (!err)
		err = parse_number(fields[FIELD_MIN_AGE], &row->min_age);
	row->max_age = AGE_NO_BOUND;
	if (!err && strcmp(fields[FIELD_MAX_AGE], "inf"))
		err = parse_number(fields[FIELD_MAX_AGE], &row->max_age);
	for (int i = 0; !err && i < NR_AGE_COUNTERS; i++) {
		num *value = counter_at(row, &age_counters[i]);

		*value = -ENOENT;
		if (fields[i])
			err = parse_number(fields[i], value);
	}
	if (!err && bucket >= AGE_BUCKETS_MAX)
		err = -ERANGE;
	if (!err && row->min_age >= row->max_age)
		err = -EINVAL;
	if (!err)
		*number = bucket;
	return err;
}

static int parse_age_line(char *line, const struct parse_header *header, struct age_table *table)
{
	struct age_bucket *row = &table->bucket[table->nr];
	char *fields[NR_FIELDS] = {}, *rest = parse_fields(line, header, header->nr, fields);
	int bucket, err;

	if (!rest)
		return -EINVAL;
	if (table->nr == AGE_BUCKETS_MAX)
		return -ERANGE;
	err = parse_row(fields, &bucket, row);
	if (err)
		return err;
	/* Each begins where the one before ends */
	if (rest[strspn(rest, BLANKS)] || bucket != table->nr || (bucket && row[-1].max_age != row->min_age))
		return -EINVAL;
	table->nr++;
	return 0;
}

int parse_age_table(char *text, struct age_table *table)
{
	char *end = strrchr(text, '\n'), *line;
	struct age_table parsed = {};
	struct parse_header header;
	int err;

	if (!end || end[1])
		return -EINVAL;
	*end = '\0';
	err = parse_header(strsep(&text, "\n"), false, &header);
	while (!err && (line = strsep(&text, "\n")))
		err = parse_age_line(line, &header, &parsed);
	/* A table that was cut off at the end of a line lacks the bucket without an end */
	if (!err && (!parsed.nr || parsed.bucket[parsed.nr - 1].max_age != AGE_NO_BOUND))
		err = -EINVAL;
	if (!err)
		*table = parsed;
	return err;
}

int parse_cgroup_header(char *line, struct parse_header *header)
{
	int err = parse_header(line, true, header);

	/* A path may have blanks: it can only be the last column */
	if (!err && (header->nr > PARSE_COLUMNS || header->known[header->nr - 1] != FIELD_PATH))
		err = -EINVAL;
	return err;
}

int parse_cgroup_line(char *line, const struct parse_header *header, struct cgroup_record *record)
{
	char *fields[NR_FIELDS] = {}, *rest = parse_fields(line, header, header->nr - 1, fields);
	num node;
	int err;

	/* Behind one blank all that is left is the path, whatever is in it */
	if (!rest)
		return -EINVAL;
	errno = 0;
	record->id = strtoull(fields[FIELD_CGROUP], &record->path, 10);
	if (!isdigit((unsigned char)*fields[FIELD_CGROUP]) || *record->path)
		return -EINVAL;
	err = errno ? -ERANGE : parse_number(fields[FIELD_NODE], &node);
	if (!err)
		err = parse_row(fields, &record->bucket, &record->row);
	if (!err && node > INT_MAX)
		err = -ERANGE;
	record->node = err ? 0 : node;
	record->path = rest;
	return err || *rest ? err : -EINVAL;
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

/* A number that ends at the end of the text may have been cut off */
static bool parse_is_whole(const char *end)
{
	return *end && strchr("\n" BLANKS, *end);
}

num parse_pressure_some(const char *text)
{
	const char *p = parse_find_key(text, "some"), *total = p ? strstr(p - 1, " total=") : NULL;
	num value;
	int err;

	if (!total || total > p + strcspn(p, "\n"))
		return -EINVAL;
	total = strchr(total, '=') + 1;
	err = parse_num(&total, &value);
	return err ? err : parse_is_whole(total) ? value : -EINVAL;
}

static int parse_key(const char *text, const char *key, num *value)
{
	const char *p = parse_find_key(text, key);
	char *end;

	if (!p)
		return -ENOENT;
	if (!isdigit((unsigned char)p[*p == '-']))
		return -EINVAL;
	errno = 0;
	*value = strtoll(p, &end, 10);
	return errno ? -ERANGE : parse_is_whole(end) ? 0 : -EINVAL;
}

num parse_keyed(const char *text, const char *key)
{
	num value;
	int err = parse_key(text, key, &value);

	return err ? err : value < 0 ? -EINVAL : value;
}

int parse_result(const char *text, struct result *result)
{
	struct result parsed = *result;
	int err = parse_key(text, "status", &parsed.status);

	if (!err)
		err = parse_key(text, "coldest_left", &parsed.coldest_left);
	if (!err)
		err = parse_key(text, "elapsed_us", &parsed.elapsed_us);
	for (int i = 0; !err && i < NR_STATS; i++) {
		num *value = counter_at(&parsed.count, &stats_counters[i]);

		if (!(stats_counters[i].flags & COUNTER_ANSWER))
			continue;
		err = parse_key(text, stats_counters[i].name, value);
		if (!err && *value < 0)
			err = -EINVAL;
	}
	if (err)
		return err == -ENOENT ? -EINVAL : err;
	/* No errno is larger than MAX_ERRNO of the kernel; -1 is the age of no page */
	if (parsed.status < -4095 || parsed.status > 0 || parsed.coldest_left < -1 ||
	    parsed.elapsed_us < 0)
		return -EINVAL;
	*result = parsed;
	return 0;
}
