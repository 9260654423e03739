// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers to and from JSON, where what is not known is null, and lines of JSON.
 */
#include <errno.h>
#include <stdlib.h>

#include "ui/jsonnum.h"

json_t *jsonnum_new(num value)
{
	return xchecked(value < 0 ? json_null() : json_integer(value));
}

int jsonnum_get(const json_t *json, num *value)
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

void jsonnum_add(json_t *object, const char *key, json_t *value)
{
	xchecked(json_object_set_new(object, key, xchecked(value)) ? NULL : object);
}

void jsonnum_add_num(json_t *object, const char *key, num value)
{
	jsonnum_add(object, key, jsonnum_new(value));
}

void jsonnum_append(json_t *list, json_t *value)
{
	xchecked(json_array_append_new(list, xchecked(value)) ? NULL : list);
}

char *jsonnum_error(const json_error_t *error)
{
	char *text = xstrdup(error->text);

	/* It quotes the text, which may be anything. */
	for (char *c = text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return text;
}

char *jsonnum_line(const json_t *json)
{
	return xchecked(json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER));
}
