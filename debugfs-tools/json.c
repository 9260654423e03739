// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Structs to and from JSON, where what is not known is null.
 */
#include <math.h>

#include "json.h"
#include "ui/format.h"

/* ---- writing ---- */

static void write_text(FILE *out, const char *text)
{
	autofree char *valid = text ? utf8_copy(text) : NULL;
	json_t *json = xchecked(valid ? json_string(valid) : json_null());

	json_dumpf(json, out, JSON_ENCODE_ANY);
	json_decref(json);
}

static void write_members(FILE *out, const char *comma, const struct json_field *fields,
			  const void *base, int nr);

static void write_struct(FILE *out, const struct json_field *fields, const void *base, int nr)
{
	putc('{', out);
	write_members(out, "", fields, base, nr);
	putc('}', out);
}

static void write_member(FILE *out, const struct json_field *field, const void *at, int nr)
{
	switch (field->kind) {
	case JSON_NUM:
	case JSON_COUNT:
	case JSON_SIGNED:
	case JSON_BOUNDS:
		if (field->kind == JSON_NUM && *(const num *)at < 0)
			fputs("null", out);
		else
			fprintf(out, "%lld", *(const num *)at);
		break;
	case JSON_POSITIVE:
	case JSON_RATE:
		/* Six digits are more than what is estimated is worth; JSON has no infinity */
		if (*(const double *)at < 0 || !isfinite(*(const double *)at))
			fputs("null", out);
		else
			fprintf(out, "%g", *(const double *)at);
		break;
	case JSON_BOOL:
		fputs(*(const bool *)at ? "true" : "false", out);
		break;
	case JSON_TEXT:
		write_text(out, *(char *const *)at);
		break;
	default:
		write_struct(out, field->fields, at, nr);
	}
}

static bool is_zero(enum json_kind kind, const void *at)
{
	static const num zero;
	/* All else that can be left out has the size of a number */
	size_t size = kind == JSON_BOOL ? sizeof(bool) : kind == JSON_TEXT ? sizeof(char *) :
		      sizeof(zero);

	return kind <= JSON_TEXT && !memcmp(at, &zero, size);
}

static void write_members(FILE *out, const char *comma, const struct json_field *fields,
			  const void *base, int nr)
{
	bool sparse = false;

	for (const struct json_field *field = fields; field->key; field++) {
		const char *at = (const char *)base + field->where;
		const void *more = (const char *)base + field->nr;
		int elements = field->stride ? nr : 1;

		if (field->kind == JSON_LIST) {
			at = *(char *const *)at;
			elements = *(const int *)more;
		} else if (field->kind == JSON_BOUNDS) {
			elements = nr = ((const struct age_table *)at)->nr;
			at = (const char *)&((const struct age_table *)at)->bucket[0].min_age;
		}
		/* The zeros that an array ends with */
		while (sparse && elements &&
		       is_zero(field->kind, at + (elements - 1) * field->stride))
			elements--;
		sparse |= field->kind == JSON_SPARSE;
		if (field->kind == JSON_SPARSE || (sparse && !elements) ||
		    (field->kind == JSON_MAYBE && !*(const bool *)more))
			continue;
		if (field->kind == JSON_HEAD) {
			fprintf(out, "%s\"zswapctl\":\"%s\",\"version\":%zu", comma, field->key,
				field->where);
			elements = 0;
		} else {
			fprintf(out, "%s\"%s\":%s", comma, field->key, field->stride ? "[" : "");
		}
		comma = ",";
		for (int i = 0; i < elements; i++, at += field->stride) {
			if (i)
				putc(',', out);
			write_member(out, field, at, nr);
		}
		if (field->stride)
			putc(']', out);
	}
}

void json_members(FILE *out, const char *comma, const struct json_field *fields, const void *base)
{
	write_members(out, comma, fields, base, 0);
}

void json_write(FILE *out, const struct json_field *fields, const void *base)
{
	write_struct(out, fields, base, 0);
}

char *json_text(const struct json_field *fields, const void *base)
{
	char *text = NULL;
	size_t length;
	FILE *out = xchecked(open_memstream(&text, &length));

	json_write(out, fields, base);
	/* Memory is what it can fail with */
	return xchecked(fclose(out) ? NULL : text);
}

/* ---- reading ---- */

static int to_struct(const json_t *object, const struct json_field *fields, void *base, int nr);

static int to_member(const json_t *json, const struct json_field *field, void *at, int nr)
{
	bool null = json_is_null(json), good;

	switch (field->kind) {
	case JSON_NUM:
	case JSON_COUNT:
	case JSON_SIGNED:
	case JSON_BOUNDS:
		*(num *)at = null ? -ENODATA : json_integer_value(json);
		good = json_is_integer(json) && (*(num *)at >= 0 || field->kind == JSON_SIGNED);
		return good || (null && field->kind == JSON_NUM) ? 0 : -EINVAL;
	case JSON_POSITIVE:
	case JSON_RATE:
		*(double *)at = null ? -1 : json_number_value(json);
		good = json_is_number(json) && isfinite(*(double *)at) && *(double *)at >= 0;
		return good || (null && field->kind == JSON_RATE) ? 0 : -EINVAL;
	case JSON_BOOL:
		*(bool *)at = json_is_true(json);
		return json_is_boolean(json) ? 0 : -EINVAL;
	case JSON_TEXT:
		*(char **)at = json_is_string(json) ? xstrdup(json_string_value(json)) : NULL;
		return json_is_string(json) || null ? 0 : -EINVAL;
	default:
		return to_struct(json, field->fields, at, nr);
	}
}

/* Each bucket ends where the next one begins. */
static int set_bounds(struct age_table *table, int nr)
{
	table->nr = nr;
	for (int b = 0; b < nr; b++) {
		struct age_bucket *bucket = &table->bucket[b];

		bucket->max_age = b + 1 < nr ? bucket[1].min_age : AGE_NO_BOUND;
		if (bucket->min_age >= bucket->max_age)
			return -EINVAL;
	}
	return 0;
}

static int to_struct(const json_t *object, const struct json_field *fields, void *base, int nr)
{
	bool sparse = false;
	int error = 0;

	for (const struct json_field *field = fields; field->key && !error; field++) {
		const json_t *json = json_object_get(object, field->key);
		char *at = (char *)base + field->where;
		void *more = (char *)base + field->nr;
		size_t elements = json_array_size(json);

		if (field->kind == JSON_MAYBE)
			*(bool *)more = json;
		sparse |= field->kind == JSON_SPARSE;
		/* Neither is a member, even if the object has one of that name */
		if (field->kind == JSON_HEAD || field->kind == JSON_SPARSE ||
		    (!json && (sparse || field->kind == JSON_MAYBE)))
			continue;
		if (!field->stride) {
			error = to_member(json, field, at, nr);
			continue;
		}
		if (!json_is_array(json))
			return -EINVAL;
		if (field->kind == JSON_LIST) {
			at = *(char **)at = xcalloc(elements, field->stride);
			*(int *)more = elements;
		} else if (field->kind == JSON_BOUNDS) {
			if (elements > AGE_BUCKETS_MAX)
				return -EINVAL;
			nr = elements;
			at = (char *)&((struct age_table *)at)->bucket[0].min_age;
		} else if (sparse ? elements > (size_t)nr : elements != (size_t)nr) {
			return -EINVAL;
		}
		for (size_t i = 0; i < elements && !error; i++, at += field->stride)
			error = to_member(json_array_get(json, i), field, at, nr);
		if (field->kind == JSON_BOUNDS && !error)
			error = set_bounds((void *)((char *)base + field->where), nr);
	}
	return error;
}

int json_to_struct(const json_t *object, const struct json_field *fields, void *base)
{
	return to_struct(object, fields, base, 0);
}

num json_version(const json_t *object, const char *what)
{
	const char *said = json_string_value(json_object_get(object, "zswapctl"));
	const json_t *version = json_object_get(object, "version");

	return said && !strcmp(said, what) && json_is_integer(version) ?
	       json_integer_value(version) : -EINVAL;
}
