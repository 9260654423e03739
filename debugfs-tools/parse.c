// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text into numbers.  Any text may come: what the user has typed, and files of a kernel
 * that is older, newer or hostile.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "parse.h"

/* ---- numbers ---- */

static bool parse_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *parse_skip_blanks(const char *text)
{
	while (parse_is_blank(*text))
		text++;
	return text;
}

/* Digits at *@text, which is moved behind them. */
static int parse_digits(const char **text, uint64_t *value)
{
	const char *p = *text;
	uint64_t sum = 0;

	if (!parse_is_digit(*p))
		return -EINVAL;
	for (; parse_is_digit(*p); p++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *p - '0', &sum))
			return -ERANGE;
	}
	*text = p;
	*value = sum;
	return 0;
}

static int parse_num(const char **text, num *value)
{
	uint64_t digits;
	int err;

	err = parse_digits(text, &digits);
	if (err)
		return err;
	if (digits > INT64_MAX)
		return -ERANGE;
	*value = digits;
	return 0;
}

/* The same, with or without a minus. */
static int parse_signed(const char **text, num *value)
{
	bool negative = **text == '-';
	const char *p = *text + negative;
	num magnitude;
	int err;

	err = parse_num(&p, &magnitude);
	if (err)
		return err;
	*text = p;
	*value = negative ? -magnitude : magnitude;
	return 0;
}

int parse_number(const char *text, num *value)
{
	num parsed;
	int err;

	err = parse_num(&text, &parsed);
	if (err)
		return err;
	if (*text)
		return -EINVAL;
	*value = parsed;
	return 0;
}

/* ---- what the user types ---- */

static char parse_upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

int parse_size(const char *text, num *bytes)
{
	static const char letters[] = "KMGT";
	const char *letter = NULL;
	num size;
	int err;

	err = parse_num(&text, &size);
	if (err)
		return err;
	if (*text)
		letter = strchr(letters, parse_upper(*text));
	if (letter) {
		text++;
		if (parse_upper(text[0]) == 'I' && parse_upper(text[1]) == 'B')
			text++;
	}
	if (parse_upper(*text) == 'B')
		text++;
	if (*text)
		return -EINVAL;
	if (letter && __builtin_mul_overflow(size, 1LL << (10 * (letter - letters + 1)), &size))
		return -ERANGE;
	*bytes = size;
	return 0;
}

/* Seconds in a unit of age, 0 if there is none of that letter. */
static num parse_age_unit(char letter)
{
	switch (letter) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 60 * 60;
	case 'd':
		return 24 * 60 * 60;
	default:
		return 0;
	}
}

int parse_age(const char *text, num *seconds)
{
	num age, unit = 1;
	int err;

	err = parse_num(&text, &age);
	if (err)
		return err;
	if (*text)
		unit = parse_age_unit(*text++);
	if (!unit || *text)
		return -EINVAL;
	if (__builtin_mul_overflow(age, unit, &age))
		return -ERANGE;
	*seconds = age;
	return 0;
}

/* A billionth of a percent: what is typed is kept to nine decimals */
#define PARSE_NANO	1000000000LL

/* "0.25" at *@text, in billionths; *@exact says whether any digit was lost. */
static int parse_decimal(const char **text, num *nano, bool *exact)
{
	num whole, fraction = 0, digit = PARSE_NANO / 10;
	int err;

	*exact = true;
	err = parse_num(text, &whole);
	if (err)
		return err;
	if (**text == '.') {
		++*text;
		if (!parse_is_digit(**text))
			return -EINVAL;
		for (; parse_is_digit(**text); ++*text, digit /= 10) {
			fraction += (**text - '0') * digit;
			if (!digit && **text != '0')
				*exact = false;
		}
	}
	if (__builtin_mul_overflow(whole, PARSE_NANO, &whole) ||
	    __builtin_add_overflow(whole, fraction, nano))
		return -ERANGE;
	return 0;
}

int parse_rate(const char *text, num *ppm_per_min)
{
	static const struct {
		const char *name;
		num times, divisor;
	} units[] = {
		{ "%/s", 60, 1 }, { "%/min", 1, 1 }, { "%/h", 1, 60 }, { "%/d", 1, 24 * 60 },
	};
	num rate, ppm;
	bool exact;
	size_t i;
	int err;

	err = parse_decimal(&text, &rate, &exact);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].name))
			continue;
		if (__builtin_mul_overflow(rate, units[i].times, &ppm))
			return -ERANGE;
		/* A percent is 10000 ppm */
		ppm /= PARSE_NANO / 10000 * units[i].divisor;
		if (!ppm && (rate || !exact))
			ppm = 1;
		*ppm_per_min = ppm;
		return 0;
	}
	return -EINVAL;
}

int parse_nodes(const char *text, uint64_t *mask)
{
	uint64_t nodes = 0;
	num first, last;
	int err;

	for (;; text++) {
		err = parse_num(&text, &first);
		if (err)
			return err;
		last = first;
		if (*text == '-') {
			text++;
			err = parse_num(&text, &last);
			if (err)
				return err;
		}
		if (last < first)
			return -EINVAL;
		if (last > 63)
			return -ERANGE;
		nodes |= (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*mask = nodes;
	return 0;
}

/* ---- tables ---- */

/* More columns than any kernel has: those behind them are passed over. */
#define PARSE_COLUMNS	32

/* What a table's header line says. */
struct parse_header {
	long nr;			/* columns in the text */
	signed char known[PARSE_COLUMNS]; /* which one we know it as, or -1 */
};

struct parse_field {
	const char *start;		/* NULL: there is no such column */
	size_t len;
};

/* The next field of the line at *@line, which is moved behind it; false at the end. */
static bool parse_next_field(const char **line, struct parse_field *field)
{
	const char *p = parse_skip_blanks(*line);

	field->start = p;
	while (*p && *p != '\n' && !parse_is_blank(*p))
		p++;
	field->len = p - field->start;
	*line = p;
	return field->len;
}

static int parse_which(const struct parse_field *field, const char *const *names, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (strlen(names[i]) == field->len && !memcmp(names[i], field->start, field->len))
			return i;
	}
	return -1;
}

/*
 * The header line at *@text, which is moved to the line behind it.  The first @nr_needed
 * of @names must be there, and none of @names twice.
 */
static int parse_header(const char **text, const char *const *names, int nr, int nr_needed,
			struct parse_header *header)
{
	unsigned int seen = 0, needed = (1u << nr_needed) - 1;
	struct parse_field field;

	for (header->nr = 0; parse_next_field(text, &field); header->nr++) {
		int which = parse_which(&field, names, nr);

		if (which >= 0) {
			if (seen & 1u << which)
				return -EINVAL;
			/* Too far behind to be remembered is as good as missing */
			if (header->nr < PARSE_COLUMNS)
				seen |= 1u << which;
		}
		if (header->nr < PARSE_COLUMNS)
			header->known[header->nr] = which;
	}
	if (**text != '\n' || (seen & needed) != needed)
		return -EINVAL;
	++*text;
	return 0;
}

/* The next @nr fields of the line at *@line; known ones go to @fields. */
static int parse_fields(const char **line, const struct parse_header *header, long nr,
			struct parse_field *fields)
{
	struct parse_field field;
	long i;

	for (i = 0; i < nr; i++) {
		if (!parse_next_field(line, &field))
			return -EINVAL;
		if (i < PARSE_COLUMNS && header->known[i] >= 0)
			fields[header->known[i]] = field;
	}
	return 0;
}

/* A field that is one number and nothing else; the text behind a field is never a digit. */
static int parse_field_number(const struct parse_field *field, num *value)
{
	const char *p = field->start;
	int err;

	err = parse_num(&p, value);
	if (err)
		return err;
	return p == field->start + field->len ? 0 : -EINVAL;
}

static int parse_field_bound(const struct parse_field *field, num *value)
{
	if (field->len == 3 && !memcmp(field->start, "inf", 3)) {
		*value = AGE_NO_BOUND;
		return 0;
	}
	return parse_field_number(field, value);
}

/* Columns that both tables have, in this order. */
#define PARSE_AGE_COLUMNS	"bucket", "min_age", "max_age", "pages", "bytes", "incompressible"

enum {
	FIELD_BUCKET, FIELD_MIN_AGE, FIELD_MAX_AGE, FIELD_PAGES, FIELD_BYTES,
	FIELD_INCOMPRESSIBLE, FIELD_COMMON
};

static int parse_common(const struct parse_field *fields, num *bucket, struct age_bucket *row)
{
	int err;

	err = parse_field_number(&fields[FIELD_BUCKET], bucket);
	if (!err)
		err = parse_field_number(&fields[FIELD_MIN_AGE], &row->min_age);
	if (!err)
		err = parse_field_bound(&fields[FIELD_MAX_AGE], &row->max_age);
	if (!err)
		err = parse_field_number(&fields[FIELD_PAGES], &row->pages);
	if (!err)
		err = parse_field_number(&fields[FIELD_BYTES], &row->bytes);
	if (!err)
		err = parse_field_number(&fields[FIELD_INCOMPRESSIBLE], &row->incompressible);
	if (err)
		return err;
	if (*bucket >= AGE_BUCKETS_MAX)
		return -ERANGE;
	return row->min_age < row->max_age ? 0 : -EINVAL;
}

/* A column that an older kernel may lack. */
static int parse_optional(const struct parse_field *field, num *value)
{
	*value = -ENOENT;
	return field->start ? parse_field_number(field, value) : 0;
}

enum {
	FIELD_LOADED = FIELD_COMMON, FIELD_WRITTEN, FIELD_REFAULTED, FIELD_DROPPED, FIELDS_AGES
};

static int parse_age_row(const struct parse_field *fields, struct age_table *table)
{
	struct age_bucket *row = &table->bucket[table->nr];
	num bucket;
	int err;

	if (table->nr == AGE_BUCKETS_MAX)
		return -ERANGE;
	err = parse_common(fields, &bucket, row);
	if (!err)
		err = parse_optional(&fields[FIELD_LOADED], &row->loaded);
	if (!err)
		err = parse_optional(&fields[FIELD_WRITTEN], &row->written);
	if (!err)
		err = parse_optional(&fields[FIELD_REFAULTED], &row->refaulted);
	if (!err)
		err = parse_optional(&fields[FIELD_DROPPED], &row->dropped);
	if (err)
		return err;
	/* Each begins where the one before ends */
	if (bucket != table->nr || (bucket && row[-1].max_age != row->min_age))
		return -EINVAL;
	table->nr++;
	return 0;
}

int parse_age_table(const char *text, struct age_table *table)
{
	static const char *const names[FIELDS_AGES] = {
		PARSE_AGE_COLUMNS, "loaded", "written", "refaulted", "dropped",
	};
	struct age_table parsed = {};
	struct parse_header header;
	int err;

	err = parse_header(&text, names, FIELDS_AGES, FIELD_COMMON, &header);
	if (err)
		return err;
	while (*text) {
		struct parse_field fields[FIELDS_AGES] = {};

		err = parse_fields(&text, &header, header.nr, fields);
		if (!err)
			err = parse_age_row(fields, &parsed);
		if (err)
			return err;
		text = parse_skip_blanks(text);
		if (*text++ != '\n')
			return -EINVAL;
	}
	/* A table that was cut off at the end of a line lacks the bucket without an end */
	if (!parsed.nr || parsed.bucket[parsed.nr - 1].max_age != AGE_NO_BOUND)
		return -EINVAL;
	*table = parsed;
	return 0;
}

enum {
	FIELD_CGROUP = FIELD_COMMON, FIELD_NODE, FIELD_PATH, FIELDS_CGROUP_NEEDED,
	FIELD_CGROUP_LOADED = FIELDS_CGROUP_NEEDED, FIELDS_CGROUP
};

static int parse_cgroup_record(const char **text, const struct parse_header *header,
			       struct cgroup_record *record)
{
	struct parse_field fields[FIELDS_CGROUP] = {};
	struct age_bucket row;
	const char *id;
	num bucket, node;
	int err;

	err = parse_fields(text, header, header->nr - 1, fields);
	if (err)
		return err;
	id = fields[FIELD_CGROUP].start;
	err = parse_digits(&id, &record->id);
	if (!err && id != fields[FIELD_CGROUP].start + fields[FIELD_CGROUP].len)
		err = -EINVAL;
	if (!err)
		err = parse_field_number(&fields[FIELD_NODE], &node);
	if (!err)
		err = parse_common(fields, &bucket, &row);
	if (!err)
		err = parse_optional(&fields[FIELD_CGROUP_LOADED], &row.loaded);
	if (!err && node > INT_MAX)
		err = -ERANGE;
	if (err)
		return err;
	/* One blank, and all that is left is the path, whatever is in it */
	if (!parse_is_blank(**text))
		return -EINVAL;
	record->path = ++*text;
	if (!*record->path || *record->path == '\n')
		return -EINVAL;
	record->node = node;
	record->bucket = bucket;
	record->min_age = row.min_age;
	record->max_age = row.max_age;
	record->pages = row.pages;
	record->bytes = row.bytes;
	record->incompressible = row.incompressible;
	record->loaded = row.loaded;
	return 0;
}

int parse_cgroup_table(char *text, int (*each)(const struct cgroup_record *, void *), void *data)
{
	static const char *const names[FIELDS_CGROUP] = {
		PARSE_AGE_COLUMNS, "cgroup", "node", "path", "loaded",
	};
	struct parse_header header;
	const char *line = text;
	int err;

	err = parse_header(&line, names, FIELDS_CGROUP, FIELDS_CGROUP_NEEDED, &header);
	if (err)
		return err;
	if (header.nr > PARSE_COLUMNS || header.known[header.nr - 1] != FIELD_PATH)
		return -EINVAL;
	while (*line) {
		struct cgroup_record record;
		char *end;

		err = parse_cgroup_record(&line, &header, &record);
		if (err)
			return err;
		end = text + (line - text);
		end = strchr(end, '\n');
		if (!end)
			return -EINVAL;
		*end = '\0';
		line = end + 1;
		err = each(&record, data);
		if (err)
			return err;
	}
	return 0;
}

/* ---- keys ---- */

/* What follows @key and a blank or a colon, at the beginning of a line; NULL without. */
static const char *parse_find_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text) {
		if (!strncmp(text, key, len) && (text[len] == ':' || parse_is_blank(text[len])))
			return parse_skip_blanks(text + len + 1);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

/* A number that ends at the end of the text may have been cut off */
static bool parse_is_whole(const char *end)
{
	return *end == '\n' || parse_is_blank(*end);
}

num parse_keyed(const char *text, const char *key)
{
	const char *p = parse_find_key(text, key);
	num value;
	int err;

	if (!p)
		return -ENOENT;
	err = parse_num(&p, &value);
	if (err)
		return err;
	return parse_is_whole(p) ? value : -EINVAL;
}

num parse_pressure_some(const char *text)
{
	static const char total[] = "total=";
	const char *p = parse_find_key(text, "some");
	struct parse_field field;
	num value;
	int err;

	if (!p)
		return -EINVAL;
	while (parse_next_field(&p, &field)) {
		if (strncmp(field.start, total, strlen(total)))
			continue;
		p = field.start + strlen(total);
		err = parse_num(&p, &value);
		if (err)
			return err;
		return parse_is_whole(p) ? value : -EINVAL;
	}
	return -EINVAL;
}

static int parse_key_signed(const char *text, const char *key, num *value)
{
	const char *p = parse_find_key(text, key);
	int err;

	if (!p)
		return -EINVAL;
	err = parse_signed(&p, value);
	if (err)
		return err;
	return parse_is_whole(p) ? 0 : -EINVAL;
}

static const size_t result_offset[RESULT_NUMBERS] = {
	offsetof(struct result, scanned),
	offsetof(struct result, written),
	offsetof(struct result, released_bytes),
	offsetof(struct result, skipped_young),
	offsetof(struct result, skipped_busy),
	offsetof(struct result, skipped_protected),
	offsetof(struct result, skipped_gone),
	offsetof(struct result, failed),
	offsetof(struct result, coldest_left),
	offsetof(struct result, elapsed_us),
};

const char *const result_name[RESULT_NUMBERS] = {
	"scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
	"skipped_protected", "skipped_gone", "failed", "coldest_left", "elapsed_us",
};

num *result_number(struct result *result, int i)
{
	return (num *)((char *)result + result_offset[i]);
}

num result_value(const struct result *result, int i)
{
	return *(const num *)((const char *)result + result_offset[i]);
}

int parse_result(const char *text, struct result *result)
{
	struct result parsed;
	int i, err;

	err = parse_key_signed(text, "status", &parsed.status);
	if (err)
		return err;
	/* No errno is larger than MAX_ERRNO of the kernel */
	if (parsed.status < -4095 || parsed.status > 0)
		return -EINVAL;
	for (i = 0; i < RESULT_NUMBERS; i++) {
		err = parse_key_signed(text, result_name[i], result_number(&parsed, i));
		if (err)
			return err;
	}
	for (i = 0; i < RESULT_NUMBERS; i++) {
		/* -1: nothing eligible was left */
		num min = result_offset[i] == offsetof(struct result, coldest_left) ? -1 : 0;

		if (result_value(&parsed, i) < min)
			return -EINVAL;
	}
	*result = parsed;
	return 0;
}
