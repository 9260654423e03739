/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that may not be known, in JSON: null.
 */
#ifndef JSONNUM_H
#define JSONNUM_H

#include <jansson.h>

#include "zswapctl.h"

/* A negative number is one that is not known. */
json_t *jsonnum_new(num value);
/* Returns 0, or -EINVAL if @json is neither null nor a number that is not negative. */
int jsonnum_get(const json_t *json, num *value);
/* Add @value, whose reference is taken, as a member; memory that is not there ends it all. */
void jsonnum_add(json_t *object, const char *key, json_t *value);
/* The same with a number that may not be known. */
void jsonnum_add_num(json_t *object, const char *key, num value);
/* Add @value, whose reference is taken, to the end of a list. */
void jsonnum_append(json_t *list, json_t *value);
/* What is wrong with a JSON text, to be freed; nothing in it would change a terminal. */
char *jsonnum_error(const json_error_t *error);
/* One line of text without the newline, to be freed; keys in the order they were added. */
char *jsonnum_line(const json_t *json);

#endif
