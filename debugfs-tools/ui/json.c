// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers to and from JSON, where what is not known is null.
 */
#include <math.h>

#include "ui/json.h"
#include "ui/format.h"

void json_put(FILE *out, json_t *json, size_t flags)
{
	json_dumpf(xchecked(json), out, JSON_COMPACT | JSON_REAL_PRECISION(6) | flags);
	json_decref(json);
}

json_t *json_known(num value)
{
	return value < 0 ? json_null() : json_integer(value);
}

json_t *json_rate(double value)
{
	char text[32];

	/* JSON has no infinity */
	if (!(value >= 0) || !isfinite(value))
		return json_null();
	/* Six digits are more than what is estimated is worth */
	sprintf(text, "%g", value);
	return strpbrk(text, ".e") ? json_real(atof(text)) : json_integer(atoll(text));
}

json_t *json_text(const char *text)
{
	autofree char *valid = text ? utf8_copy(text) : NULL;

	return valid ? json_string(valid) : json_null();
}

json_t *json_nums(const num *first, size_t stride, int nr)
{
	json_t *array = json_array();

	for (int i = 0; i < nr; i++)
		json_array_append_new(array, json_known(first[i * stride / sizeof(*first)]));
	return array;
}

json_t *json_bounds(const struct age_table *table)
{
	return json_nums(&table->bucket[0].min_age, sizeof(table->bucket[0]), table->nr);
}

int json_to_num(const json_t *json, void *to)
{
	num *value = to;

	if (json)
		*value = json_is_integer(json) ? json_integer_value(json) : -ENODATA;
	return !json || json_is_null(json) || *value >= 0 ? 0 : -EINVAL;
}

int json_to_rate(const json_t *json, void *to)
{
	double *value = to;

	if (json)
		*value = json_is_number(json) ? json_number_value(json) : -1;
	return !json || json_is_null(json) || (*value >= 0 && *value <= JSON_RATE_MAX) ?
	       0 : -EINVAL;
}

int json_to_array(const json_t *array, void *first, size_t stride, int max,
		  int (*each)(const json_t *json, void *to))
{
	int nr = json_array_size(array), error = 0;

	if ((array && !json_is_array(array)) || nr > max)
		return -EINVAL;
	for (int i = 0; i < nr && !error; i++)
		error = each(json_array_get(array, i), (char *)first + i * stride);
	return error ? error : nr;
}

int json_to_bounds(const json_t *array, struct age_table *table)
{
	struct age_bucket *bucket = table->bucket;
	int nr = json_to_array(array, &bucket->min_age, sizeof(*bucket), AGE_BUCKETS_MAX,
			       json_to_num);

	/* Each bucket ends where the next one begins */
	for (int b = 0; b < nr; b++) {
		bucket[b].max_age = b + 1 < nr ? bucket[b + 1].min_age : AGE_NO_BOUND;
		if (bucket[b].min_age < 0 || bucket[b].min_age >= bucket[b].max_age)
			return -EINVAL;
	}
	table->nr = nr < 0 ? 0 : nr;
	return nr < 0 ? nr : 0;
}

num json_version(const json_t *object, const char *what)
{
	const char *said = json_string_value(json_object_get(object, "zswapctl"));
	const json_t *version = json_object_get(object, "version");

	return said && !strcmp(said, what) && json_is_integer(version) ?
	       json_integer_value(version) : -EINVAL;
}
