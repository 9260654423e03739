// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Structs to and from JSON, where what is not known is null, and lines of JSON.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "ui/format.h"

json_t *json_make(const char *format, ...)
{
	va_list args;
	json_t *json;

	va_start(args, format);
	json = xchecked(json_vpack_ex(NULL, 0, format, args));
	va_end(args);
	return json;
}

json_t *json_num(num value)
{
	return xchecked(value < 0 ? json_null() : json_integer(value));
}

json_t *json_text(const char *text)
{
	char *valid = utf8_copy(text);
	json_t *json = xchecked(json_string(valid));

	free(valid);
	return json;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	xchecked(json_object_set_new(object, key, xchecked(value)) ? NULL : object);
}

void json_add(json_t *list, json_t *value)
{
	xchecked(json_array_append_new(list, xchecked(value)) ? NULL : list);
}

json_t *json_head(const char *what, int version)
{
	return json_make("{s:s, s:i}", "zswapctl", what, "version", version);
}

num json_version(const json_t *object, const char *what)
{
	const char *said = json_string_value(json_object_get(object, "zswapctl"));
	const json_t *version = json_object_get(object, "version");

	return said && !strcmp(said, what) && json_is_integer(version) ?
	       json_integer_value(version) : -EINVAL;
}

static json_t *from_member(const struct json_field *field, const void *at, int nr)
{
	switch (field->kind) {
	case JSON_NUM:
		return json_num(*(const num *)at);
	case JSON_COUNT:
	case JSON_SIGNED:
		return json_integer(*(const num *)at);
	case JSON_POSITIVE:
	case JSON_ANY:
		return json_real(*(const double *)at);
	case JSON_BOOL:
		return json_boolean(*(const bool *)at);
	case JSON_TEXT:
		return *(char *const *)at ? json_text(*(char *const *)at) : json_null();
	case JSON_STRUCT:
		break;
	}
	return json_from_struct(json_object(), field->fields, at, nr);
}

json_t *json_from_struct(json_t *object, const struct json_field *fields, const void *base, int nr)
{
	for (const struct json_field *field = fields; field->key; field++) {
		const char *at = (const char *)base + field->where;
		json_t *list;

		if (!field->stride) {
			json_put(object, field->key, from_member(field, at, nr));
			continue;
		}
		list = json_array();
		for (int i = 0; i < nr; i++, at += field->stride)
			json_add(list, from_member(field, at, nr));
		json_put(object, field->key, list);
	}
	return object;
}

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
	*value = json_number_value(json);
	return json_is_number(json) && isfinite(*value) && (*value >= 0 || kind == JSON_ANY) ?
	       0 : -EINVAL;
}

static int to_member(const json_t *json, const struct json_field *field, void *at, int nr)
{
	switch (field->kind) {
	case JSON_NUM:
	case JSON_COUNT:
	case JSON_SIGNED:
		return to_num(json, field->kind, at);
	case JSON_POSITIVE:
	case JSON_ANY:
		return to_real(json, field->kind, at);
	case JSON_BOOL:
		*(bool *)at = json_is_true(json);
		return json_is_boolean(json) ? 0 : -EINVAL;
	case JSON_TEXT:
		*(char **)at = json_is_string(json) ? xstrdup(json_string_value(json)) : NULL;
		return json_is_string(json) || json_is_null(json) ? 0 : -EINVAL;
	case JSON_STRUCT:
		break;
	}
	return json_to_struct(json, field->fields, at, nr);
}

int json_to_struct(const json_t *object, const struct json_field *fields, void *base, int nr)
{
	int error = 0;

	for (const struct json_field *field = fields; field->key && !error; field++) {
		const json_t *json = json_object_get(object, field->key);
		char *at = (char *)base + field->where;

		if (!field->stride) {
			error = to_member(json, field, at, nr);
			continue;
		}
		if (!json_is_array(json) || json_array_size(json) != (size_t)nr)
			return -EINVAL;
		for (int i = 0; i < nr && !error; i++, at += field->stride)
			error = to_member(json_array_get(json, i), field, at, nr);
	}
	return error;
}

char *json_why(const json_error_t *error)
{
	char *text = xstrdup(error->text);

	/* It quotes the text, which may be anything. */
	for (char *c = text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return text;
}

char *json_line(json_t *json, size_t flags)
{
	char *line = xchecked(json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | flags));

	json_decref(json);
	return line;
}
