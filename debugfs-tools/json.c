// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Structs to and from JSON, where what is not known is null.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

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

static void write_num(FILE *out, num value, bool known)
{
	if (known)
		fprintf(out, "%lld", value);
	else
		fputs("null", out);
}

/* Six digits are more than what is estimated is worth; JSON has no infinity. */
static void write_real(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%g", value);
	else
		fputs("null", out);
}

static void write_member(FILE *out, const struct json_field *field, const void *at, int nr)
{
	switch (field->kind) {
	case JSON_NUM:
		write_num(out, *(const num *)at, *(const num *)at >= 0);
		break;
	case JSON_COUNT:
	case JSON_SIGNED:
		write_num(out, *(const num *)at, true);
		break;
	case JSON_POSITIVE:
	case JSON_RATE:
		write_real(out, *(const double *)at < 0 ? NAN : *(const double *)at);
		break;
	case JSON_BOOL:
		fputs(*(const bool *)at ? "true" : "false", out);
		break;
	case JSON_TEXT:
		write_text(out, *(char *const *)at);
		break;
	default:
		json_write(out, field->fields, at, nr);
	}
}

static bool is_zero(enum json_kind kind, const void *at)
{
	switch (kind) {
	case JSON_NUM:
	case JSON_COUNT:
	case JSON_SIGNED:
		return !*(const num *)at;
	case JSON_POSITIVE:
	case JSON_RATE:
		return *(const double *)at == 0;
	case JSON_BOOL:
		return !*(const bool *)at;
	default:
		return false;
	}
}

void json_members(FILE *out, const char *comma, const struct json_field *fields,
		  const void *base, int nr)
{
	bool sparse = false;

	for (const struct json_field *field = fields; field->key; field++) {
		const char *at = (const char *)base + field->where;
		const void *more = (const char *)base + field->nr;
		int elements = nr;

		if (field->kind == JSON_LIST) {
			at = *(char *const *)at;
			elements = *(const int *)more;
		}
		if (!field->stride)
			elements = 1;
		/* The zeros that an array ends with */
		while (sparse && elements &&
		       is_zero(field->kind, at + (elements - 1) * field->stride))
			elements--;
		sparse |= field->kind == JSON_SPARSE;
		if (field->kind == JSON_SPARSE || (sparse && !elements) ||
		    (field->kind == JSON_MAYBE && !*(const bool *)more))
			continue;
		fprintf(out, "%s\"%s\":", comma, field->key);
		comma = ",";
		if (!field->stride) {
			write_member(out, field, at, nr);
			continue;
		}
		for (int i = 0; i < elements; i++, at += field->stride) {
			putc(i ? ',' : '[', out);
			write_member(out, field, at, nr);
		}
		fputs(elements ? "]" : "[]", out);
	}
}

void json_write(FILE *out, const struct json_field *fields, const void *base, int nr)
{
	putc('{', out);
	json_members(out, "", fields, base, nr);
	putc('}', out);
}

void json_head(FILE *out, const char *what, int version)
{
	fprintf(out, "{\"zswapctl\":\"%s\",\"version\":%d", what, version);
}

/* ---- reading ---- */

static int to_num(const json_t *json, enum json_kind kind, num *value)
{
	if (kind == JSON_NUM && json_is_null(json)) {
		*value = -ENODATA;
		return 0;
	}
	*value = json_integer_value(json);
	return json_is_integer(json) && (*value >= 0 || kind == JSON_SIGNED) ? 0 : -EINVAL;
}

static int to_real(const json_t *json, enum json_kind kind, double *value)
{
	if (kind == JSON_RATE && json_is_null(json)) {
		*value = -1;
		return 0;
	}
	*value = json_number_value(json);
	return json_is_number(json) && isfinite(*value) && *value >= 0 ? 0 : -EINVAL;
}

static int to_member(const json_t *json, const struct json_field *field, void *at, int nr)
{
	switch (field->kind) {
	case JSON_NUM:
	case JSON_COUNT:
	case JSON_SIGNED:
		return to_num(json, field->kind, at);
	case JSON_POSITIVE:
	case JSON_RATE:
		return to_real(json, field->kind, at);
	case JSON_BOOL:
		*(bool *)at = json_is_true(json);
		return json_is_boolean(json) ? 0 : -EINVAL;
	case JSON_TEXT:
		*(char **)at = json_is_string(json) ? xstrdup(json_string_value(json)) : NULL;
		return json_is_string(json) || json_is_null(json) ? 0 : -EINVAL;
	default:
		return json_to_struct(json, field->fields, at, nr);
	}
}

int json_to_struct(const json_t *object, const struct json_field *fields, void *base, int nr)
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
		if (!json && (sparse || field->kind == JSON_MAYBE))
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
		} else if (sparse ? elements > (size_t)nr : elements != (size_t)nr) {
			return -EINVAL;
		}
		for (size_t i = 0; i < elements && !error; i++, at += field->stride)
			error = to_member(json_array_get(json, i), field, at, nr);
	}
	return error;
}

num json_version(const json_t *object, const char *what)
{
	const char *said = json_string_value(json_object_get(object, "zswapctl"));
	const json_t *version = json_object_get(object, "version");

	return said && !strcmp(said, what) && json_is_integer(version) ?
	       json_integer_value(version) : -EINVAL;
}

char *json_reason(const json_error_t *error)
{
	char *text = xstrdup(error->text);

	for (char *c = text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return text;
}
