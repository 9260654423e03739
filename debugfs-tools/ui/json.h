/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What jansson's pack and unpack do not know of: numbers that are not known, which are null, and
 * the bounds of ages.
 */
#pragma once

#include <jansson.h>

#include "system/parse.h"

#define JSON_RATE_MAX	9.22337e18	/* what is read fits a num */

/* Written behind what is in @out, and dropped; @flags: those of json_dumpf() that differ. */
void json_put(FILE *out, json_t *json, size_t flags);

/* Null if it is negative. */
json_t *json_known(num value);
json_t *json_rate(double value);
/* Null if it is NULL; what is no UTF-8 is replaced. */
json_t *json_text(const char *text);
/* An array of json_known(): @nr numbers, @stride bytes apart. */
json_t *json_nums(const num *first, size_t stride, int nr);
/* Where the buckets of @table begin. */
json_t *json_bounds(const struct age_table *table);

/*
 * The other way; -EINVAL for anything else.  What is null is -ENODATA, or a rate of -1; with a
 * @json that is NULL, which is not there, nothing is changed.
 */
int json_to_num(const json_t *json, void *num);
int json_to_rate(const json_t *json, void *rate);
/* @each is one of these, @stride bytes apart.  Returns how many there are: @max at most. */
int json_to_array(const json_t *array, void *first, size_t stride, int max,
		  int (*each)(const json_t *json, void *to));
/* Into a table of zeros. */
int json_to_bounds(const json_t *array, struct age_table *table);
/* The version of an object that says that it is @what, or -EINVAL. */
num json_version(const json_t *object, const char *what);
