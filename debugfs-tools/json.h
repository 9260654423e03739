/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What jansson leaves to its users: numbers that may not be known (null), and lines of JSON.
 */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>

#include "zswapctl.h"

/* json_pack() that ends the program if there is no memory. */
json_t *json_make(const char *format, ...);
/* A negative number is one that is not known. */
json_t *json_num(num value);
/* Any bytes, made into UTF-8. */
json_t *json_text(const char *text);
/* Add @value, whose reference is taken. */
void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *list, json_t *value);
json_t *json_nums(const num *value, int nr);
json_t *json_reals(const double *value, int nr);

/* A number that may be null, and is not below 0 otherwise; 0 or -EINVAL. */
int json_get_num(const json_t *object, const char *key, num *value);
/* One that is not below 0 and may not be null. */
int json_get_real(const json_t *object, const char *key, double *value);
/* Lists; they return how many numbers they have, @max at most, or -EINVAL. */
int json_get_nums(const json_t *object, const char *key, num *value, int max);
int json_get_reals(const json_t *object, const char *key, double *value, int max);

/* What is wrong with a JSON text, to be freed; nothing in it would change a terminal. */
char *json_why(const json_error_t *error);
/*
 * One line of text without the newline, to be freed; keys in the order they were added.
 * @flags are jansson's, too: JSON_REAL_PRECISION(), or 0.
 */
char *json_line(const json_t *json, size_t flags);

#endif
