/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What jansson leaves to its users: structs to and from objects, by lists of their members, and
 * numbers that may not be known (null).
 */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>

#include "zswapctl.h"

enum json_kind {
	JSON_NUM,		/* num; not known: null.  Nothing below 0 is read */
	JSON_COUNT,		/* num that is always known */
	JSON_SIGNED,		/* num */
	JSON_POSITIVE,		/* double, not below 0 */
	JSON_ANY,		/* double */
	JSON_BOOL,		/* bool */
	JSON_TEXT,		/* char *, a copy in UTF-8; NULL: null */
	JSON_STRUCT,		/* a struct of its own: @fields */
};

struct json_field {
	const char *key;	/* NULL ends a list */
	enum json_kind kind;
	size_t where;		/* in the struct */
	size_t stride;		/* from one element to the next of a list; 0: it is none */
	const struct json_field *fields;
};

/* json_pack() that ends the program if there is no memory. */
json_t *json_make(const char *format, ...);
/* A negative number is one that is not known. */
json_t *json_num(num value);
/* Any bytes, made into UTF-8. */
json_t *json_text(const char *text);
/* Add @value, whose reference is taken. */
void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *list, json_t *value);

/* An object that says what the text is; and the version that it is of, or -EINVAL. */
json_t *json_head(const char *what, int version);
num json_version(const json_t *object, const char *what);

/* Add the members of the struct at @base to @object; lists have @nr elements.  Returns @object. */
json_t *json_from_struct(json_t *object, const struct json_field *fields, const void *base, int nr);
/*
 * The other way: all have to be there.  Returns 0 or -EINVAL; texts that were copied are the
 * struct's in any case.
 */
int json_to_struct(const json_t *object, const struct json_field *fields, void *base, int nr);

/* What is wrong with a JSON text, to be freed; nothing in it would change a terminal. */
char *json_why(const json_error_t *error);
/*
 * One line of text without the newline, to be freed; keys in the order they were added.
 * @flags are jansson's, too: JSON_REAL_PRECISION(), or 0.  Takes the reference.
 */
char *json_line(json_t *json, size_t flags);

#endif
