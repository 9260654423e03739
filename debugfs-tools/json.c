// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers to and from JSON, where what is not known is null, and lines of JSON.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "ui/utf8.h"

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

json_t *json_nums(const num *value, int nr)
{
	json_t *list = xchecked(json_array());

	for (int i = 0; i < nr; i++)
		json_add(list, json_num(value[i]));
	return list;
}

json_t *json_reals(const double *value, int nr)
{
	json_t *list = xchecked(json_array());

	for (int i = 0; i < nr; i++)
		json_add(list, json_real(value[i]));
	return list;
}

static int num_of(const json_t *json, num *value)
{
	if (json_is_null(json)) {
		*value = -ENODATA;
		return 0;
	}
	if (!json_is_integer(json) || json_integer_value(json) < 0)
		return -EINVAL;
	*value = json_integer_value(json);
	return 0;
}

static int real_of(const json_t *json, double *value)
{
	if (!json_is_number(json) || !(json_number_value(json) >= 0) ||
	    isinf(json_number_value(json)))
		return -EINVAL;
	*value = json_number_value(json);
	return 0;
}

int json_get_num(const json_t *object, const char *key, num *value)
{
	return num_of(json_object_get(object, key), value);
}

int json_get_real(const json_t *object, const char *key, double *value)
{
	return real_of(json_object_get(object, key), value);
}

int json_get_nums(const json_t *object, const char *key, num *value, int max)
{
	const json_t *list = json_object_get(object, key);
	int nr = json_array_size(list);

	if (!json_is_array(list) || json_array_size(list) > (size_t)max)
		return -EINVAL;
	for (int i = 0; i < nr; i++) {
		if (num_of(json_array_get(list, i), &value[i]))
			return -EINVAL;
	}
	return nr;
}

int json_get_reals(const json_t *object, const char *key, double *value, int max)
{
	const json_t *list = json_object_get(object, key);
	int nr = json_array_size(list);

	if (!json_is_array(list) || json_array_size(list) > (size_t)max)
		return -EINVAL;
	for (int i = 0; i < nr; i++) {
		if (real_of(json_array_get(list, i), &value[i]))
			return -EINVAL;
	}
	return nr;
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

char *json_line(const json_t *json, size_t flags)
{
	return xchecked(json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | flags));
}
